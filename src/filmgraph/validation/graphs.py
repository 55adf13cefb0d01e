"""Graphs as the engines are given them: looked up triple by triple, and written out as N-Triples."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import cached_property
from itertools import islice
from typing import IO, TYPE_CHECKING, Any, cast

import pyoxigraph as ox

if TYPE_CHECKING:
    from filmgraph.stores.local import LocalStore

__all__ = ["StoreGraph", "Triples"]

_AT_ONCE = 20_000


class Triples:
    """Triples in memory."""

    def __init__(self, triples: Iterable[ox.Triple]) -> None:
        self._all = list(dict.fromkeys(triples))

    def triples(self, subject: Any, predicate: Any, object: Any) -> Sequence[ox.Triple]:
        """Return the triples that fit, None standing for anything."""
        if subject is not None:
            some = self._by_subject.get(subject, ())
        elif object is not None:
            some = self._by_object.get(object, ())
        else:
            return self._all if predicate is None else self._by_predicate.get(predicate, ())
        return [t for t in some if predicate in (None, t.predicate) and object in (None, t.object)]

    def write(self, write: Callable[[bytes], Any]) -> None:
        """Write all triples as N-Triples."""
        rest = iter(self._all)
        while some := list(islice(rest, _AT_ONCE)):
            write(ox.serialize(some, format=ox.RdfFormat.N_TRIPLES) or b"")

    @cached_property
    def _by_subject(self) -> dict[Any, list[ox.Triple]]:
        return _grouped(self._all, "subject")

    @cached_property
    def _by_predicate(self) -> dict[Any, list[ox.Triple]]:
        return _grouped(self._all, "predicate")

    @cached_property
    def _by_object(self) -> dict[Any, list[ox.Triple]]:
        return _grouped(self._all, "object")


class StoreGraph:
    """The default graph of a store of this machine, and a few triples that join it; nothing of it is copied."""

    def __init__(self, store: LocalStore, joining: Iterable[ox.Triple] = ()) -> None:
        self._store = store
        self._joining = Triples(joining)

    def triples(self, subject: Any, predicate: Any, object: Any) -> list[ox.Triple]:
        """Return the triples that fit, None standing for anything; one that is in both stands twice."""
        found = self._store.oxigraph.quads_for_pattern(subject, predicate, object, ox.DefaultGraph())
        return [quad.triple for quad in found] + list(self._joining.triples(subject, predicate, object))

    def describes(self, subject: Any) -> bool:
        """Whether the store says something about a subject, what joins it left aside."""
        return next(self._store.oxigraph.quads_for_pattern(subject, None, None, ox.DefaultGraph()), None) is not None

    def count(self, patterns: Iterable[str]) -> int:
        """Return how many nodes ``?node`` stands for in any of some SPARQL patterns, in the store alone."""
        union = " UNION ".join(f"{{ {pattern} }}" for pattern in patterns)
        rows = self._store.select(f"SELECT (COUNT(DISTINCT ?node) AS ?count) WHERE {{ {union} }}")
        return int(str(rows[0]["count"]))

    def write(self, write: Callable[[bytes], Any]) -> None:
        """Write all triples as N-Triples."""
        self._joining.write(write)
        self._store.oxigraph.dump(
            cast("IO[bytes]", _Output(write)), ox.RdfFormat.N_TRIPLES, from_graph=ox.DefaultGraph()
        )


class _Output:
    """What pyoxigraph can write to."""

    def __init__(self, write: Callable[[bytes], Any]) -> None:
        self._write = write

    def write(self, piece: bytes) -> int:
        self._write(piece)
        return len(piece)

    def flush(self) -> None:
        return None


def _grouped(triples: Iterable[ox.Triple], part: str) -> dict[Any, list[ox.Triple]]:
    groups: dict[Any, list[ox.Triple]] = {}
    for triple in triples:
        groups.setdefault(getattr(triple, part), []).append(triple)
    return groups
