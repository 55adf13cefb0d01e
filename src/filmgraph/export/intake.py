"""What a store says, as lines of N-Triples that pass by once, those about blank nodes under canonical names."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import IO, TYPE_CHECKING, Any, cast

import pyoxigraph as ox

from filmgraph.errors import DataError, FilmgraphError, StoreError
from filmgraph.export.order import in_order, without_rdf_1_2
from filmgraph.stores import LocalStore, RemoteStore

if TYPE_CHECKING:
    from filmgraph.stores import Store

__all__ = ["Take", "everything", "read_everything", "triples_of"]

Take = Callable[[list[bytes]], None]
"""What is called with some lines at a time, without their line breaks."""

_EVERYTHING = "{ ?s ?p ?o }"
_AT_ONCE = 256 * 1024
_SOME = 5_000
_DIRECTED = (b"--ltr .", b"--rtl .")
_UNUSUAL = (b"_:", b"<<(", *_DIRECTED)


def read_everything(store: Store, take: Take) -> None:
    """Hand over every statement of a store as a line of N-Triples, in any order, blank nodes under canonical names.

    Only what is said of blank nodes is held in memory: they cannot be named before all of it is known.

    Raises :class:`~filmgraph.errors.DataError` for RDF 1.2, and where too many blank nodes cannot be told apart.
    """
    blank: list[bytes] = []

    def part(lines: list[bytes]) -> None:
        usual: list[bytes] = []
        for line in lines:
            (blank if _is_blank(line) else usual).append(line)
        take(usual)

    _pour(store, _Lines(take, part))
    if blank:
        triples = in_order(triples_of(blank))
        take([f"{triple} .".encode() for triple in triples])


def triples_of(lines: Iterable[bytes]) -> Iterator[ox.Triple]:
    """Yield the triples that lines of N-Triples say."""
    waiting = iter(lines)
    while some := list(islice(waiting, _SOME)):
        for quad in ox.parse(b"\n".join(some), format=ox.RdfFormat.N_TRIPLES):
            yield quad.triple


def _pour(store: Store, into: _Lines) -> None:
    """Write all of a store into a stream as N-Triples."""
    if isinstance(store, LocalStore):
        try:
            store.oxigraph.dump(cast(IO[bytes], into), ox.RdfFormat.N_TRIPLES, from_graph=ox.DefaultGraph())
        except FilmgraphError:
            raise
        except (OSError, RuntimeError) as error:
            raise StoreError(f"{store.name}: {error}") from error
    else:
        triples = iter(everything(store))
        while some := list(islice(triples, _SOME)):
            without_rdf_1_2(some)
            into.write(cast(bytes, ox.serialize(some, format=ox.RdfFormat.N_TRIPLES)))
    into.finish()


def everything(store: Store) -> Iterator[ox.Triple]:
    """Yield all triples of a store that is elsewhere, as they come."""
    if isinstance(store, RemoteStore):
        yield from store.everything()
    else:
        yield from store.construct(f"CONSTRUCT {_EVERYTHING} WHERE {_EVERYTHING}")


class _Lines(io.RawIOBase):
    """A stream that hands over what is written into it as whole lines, many at a time.

    ``part`` gets those among which one may be unusual: about a blank node or of RDF 1.2.
    """

    def __init__(self, take: Take, part: Take) -> None:
        self._take, self._part = take, part
        self._pieces: list[bytes] = []
        self._size = 0

    def writable(self) -> bool:
        """Say that this can be written to."""
        return True

    def write(self, data: Any) -> int:
        """Take in some bytes."""
        self._pieces.append(bytes(data))
        self._size += len(data)
        if self._size >= _AT_ONCE:
            self._hand_over()
        return len(data)

    def finish(self) -> None:
        """Hand over what is left."""
        self._hand_over()
        assert not self._pieces, "the last line ends"

    def _hand_over(self) -> None:
        whole, end, rest = b"".join(self._pieces).rpartition(b"\n")
        self._pieces, self._size = [rest] if rest else [], len(rest)
        if end:
            is_unusual = any(mark in whole for mark in _UNUSUAL)
            (self._part if is_unusual else self._take)(whole.split(b"\n"))


def _is_blank(line: bytes) -> bool:
    """Whether a line is about a blank node; raises DataError where it is RDF 1.2."""
    subject, _predicate, value = line.split(b" ", 2)
    if value.startswith(b"<<(") or (value.startswith(b'"') and value.endswith(_DIRECTED)):
        raise DataError(
            f"{line.removesuffix(b' .').decode()} is RDF 1.2, which not every format can carry: take it out"
        )
    return subject.startswith(b"_:") or value.startswith(b"_:")
