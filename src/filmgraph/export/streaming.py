"""The whole graph written in bounded memory: what a store says is sorted on disk, and written as it comes.

The bytes are those that :func:`~filmgraph.export.formats.serialize` gives for the same triples.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from itertools import chain
from typing import IO, TYPE_CHECKING

from filmgraph.errors import DataError, NotFoundError
from filmgraph.export.formats import (
    FORMATS,
    check_xml_element,
    check_xml_name,
    hinting_at_others,
    prefix_of,
    serialize,
    write_rdf_xml,
    write_trig,
)
from filmgraph.export.intake import Take, read_everything, triples_of
from filmgraph.export.sorting import SortedLines
from filmgraph.export.turtle_stream import TurtleStream
from filmgraph.namespaces import RDF, XSD

if TYPE_CHECKING:
    from filmgraph.stores import Store
    from filmgraph.workspace import Workspace

__all__ = ["LARGEST_DOCUMENT", "Progress", "write_whole"]

LARGEST_DOCUMENT = 500_000
"""Triples that may go into a format that is one document, made in memory: JSON-LD."""

_CHUNK = 8 * 1024**2

Progress = Callable[[str, int], None]
"""What is called with what is being done, and how many statements are done."""

_TYPE, _LANG_STRING = f"<{RDF}type>".encode(), f"<{RDF}langString>".encode()
_STRING = f"<{XSD}string>".encode()


def write_whole(
    store: Store,
    form: str,
    stream: IO[bytes],
    *,
    workspace: Workspace,
    folder: str | None = None,
    progress: Progress | None = None,
    chunk: int | None = None,
) -> None:
    """Write all triples of a store into a stream of bytes, in one of :data:`~filmgraph.export.formats.FORMATS`.

    ``folder`` is where parts lie until they are merged, by default the system's folder for temporary files: about as
    much as the export as N-Triples, for Turtle twice that. ``chunk`` is how many bytes are sorted in memory at once.

    Raises as :func:`~filmgraph.export.formats.serialize` does, :class:`~filmgraph.errors.DataError` for more than
    :data:`LARGEST_DOCUMENT` triples as JSON-LD, and :class:`~filmgraph.errors.OutputError` where there is no room.
    """
    told = progress or (lambda what, done: None)
    chunk = chunk or _CHUNK
    if form not in FORMATS:
        raise NotFoundError(f"There is no format {form!r}.", suggestions=tuple(FORMATS))
    if form in ("jsonld", "jsonld-framed"):
        stream.write(_document(store, form, workspace, told).encode())
        return
    with SortedLines(folder=folder, chunk=chunk) as lines:
        if form == "turtle":
            with TurtleStream(lines, folder=folder, chunk=chunk) as turtle:
                read_everything(store, _counted(turtle.take, told))
                with hinting_at_others():
                    turtle.write(stream, lambda done: told("writing", done))
            return
        prefixes: set[str] = set()
        read_everything(store, _counted(_noting(form, prefixes, lines.add), told))
        ordered = _told_of(lines.merged(), told)
        if form in ("ntriples", "nquads"):
            for some in ordered:
                stream.write(b"\n".join([*some, b""]))
        else:
            write = write_trig if form == "trig" else write_rdf_xml
            write(stream, triples_of(chain.from_iterable(ordered)), prefixes)


def _counted(take: Take, told: Progress) -> Take:
    done = 0

    def counted(lines: list[bytes]) -> None:
        nonlocal done
        take(lines)
        done += len(lines)
        told("reading", done)

    return counted


def _told_of(parts: Iterable[list[bytes]], told: Progress) -> Iterator[list[bytes]]:
    done = 0
    for lines in parts:
        yield lines
        done += len(lines)
        told("writing", done)


def _document(store: Store, form: str, workspace: Workspace, told: Progress) -> str:
    held: list[bytes] = []

    def hold(lines: list[bytes]) -> None:
        held.extend(lines)
        if len(held) > LARGEST_DOCUMENT:
            raise DataError(
                f"JSON-LD is one document and is made in memory, so {LARGEST_DOCUMENT:,} triples are the most: "
                "export everything as turtle or ntriples, or one resource as JSON-LD"
            )

    read_everything(store, _counted(hold, told))
    return serialize(triples_of(held), form, workspace=workspace)


def _noting(form: str, prefixes: set[str], take: Take) -> Take:
    """Return ``take`` with the prefixes that lines need noted before; RDF/XML has them for elements alone."""
    if form in ("ntriples", "nquads"):
        return take
    known = lru_cache(maxsize=16_384)(lambda token: prefix_of(token[1:-1].decode()))
    check = lru_cache(maxsize=16_384)(check_xml_name)
    check_type = lru_cache(maxsize=16_384)(check_xml_element)

    def note(lines: list[bytes]) -> None:
        for line in lines:
            subject, predicate, value = line.split(b" ", 2)
            named = [predicate]
            if form == "rdfxml":
                check(predicate[1:-1].decode())
                if predicate == _TYPE and value.startswith(b"<"):
                    named.append(value[:-2])
                    check_type(value[1:-3].decode())
            else:
                named += _iris(subject, value[:-2])
            prefixes.update(filter(None, map(known, named)))
        take(lines)

    return note


def _iris(subject: bytes, value: bytes) -> Iterator[bytes]:
    """Yield the IRIs of a line but for its predicate, as tokens; a string's datatype has no mark in N-Triples."""
    if subject.startswith(b"<"):
        yield subject
    if value.startswith(b"<"):
        yield value
    elif value.startswith(b'"'):
        kind = value[value.rindex(b'"') + 1 :]
        yield kind[2:] if kind.startswith(b"^^") else _STRING if not kind else _LANG_STRING
