"""Answers as bytes: what a query found, in the form that was asked for, whole or not at all."""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Iterator
from typing import IO, TYPE_CHECKING, Any, cast
from xml.parsers import expat

import pyoxigraph as ox

from filmgraph.errors import DataError, ResultTooLargeError
from filmgraph.namespaces import PREFIXES
from filmgraph.sandbox.model import SOLUTION_FORMS, TRIPLE_FORMS, Answer

if TYPE_CHECKING:
    from filmgraph.rows import Rows

__all__ = ["answer_of", "answer_of_rows", "answer_of_triples", "too_large"]

_RESULTS = {
    "json": ox.QueryResultsFormat.JSON,
    "xml": ox.QueryResultsFormat.XML,
    "csv": ox.QueryResultsFormat.CSV,
    "tsv": ox.QueryResultsFormat.TSV,
}
_GRAPHS = {
    "turtle": ox.RdfFormat.TURTLE,
    "ntriples": ox.RdfFormat.N_TRIPLES,
    "rdfxml": ox.RdfFormat.RDF_XML,
    "jsonld": ox.RdfFormat.JSON_LD,
}
_XML_NAME = re.compile(r"[^\W\d][\w.-]*$")
_NO_XML = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f]|\xef\xbf[\xbe\xbf]")
_TURTLE_PREFIX = re.compile(rb"@prefix ([^:\s]*): <[^>]*> \.\n")


def answer_of(found: Any, *, solutions: str, triples: str, most: int) -> Answer:
    """Return what pyoxigraph found for a query as an answer of at most so many bytes.

    Raises :class:`~filmgraph.errors.ResultTooLargeError`, :class:`~filmgraph.errors.DataError` for what the form
    cannot carry, with the name of one that can, and what pyoxigraph raises while it goes on searching.
    """
    if isinstance(found, ox.QueryTriples):
        return answer_of_triples(found, triples, most=most)
    is_boolean = isinstance(found, ox.QueryBoolean)
    form = "json" if is_boolean and solutions != "xml" else solutions
    buffer = _Buffer(most)
    found.serialize(cast(IO[bytes], buffer), _RESULTS[form])
    body = buffer.content()
    if form == "xml":
        if _NO_XML.search(body):
            raise DataError("XML cannot carry a control character that is in the answer: ask for json")
        # One that stands bare becomes a line feed when it is read.
        body = body.replace(b"\r", b"&#13;")
    return _checked(Answer("boolean" if is_boolean else "solutions", SOLUTION_FORMS[form], body), most)


def answer_of_triples(triples: Iterable[ox.Triple], form: str, *, most: int) -> Answer:
    """Return triples as an answer of at most so many bytes; raises as :func:`answer_of` does."""
    buffer = _Buffer(most)
    if form == "rdfxml":
        body = _rdf_xml(triples, buffer)
    else:
        prefixes = dict(sorted(PREFIXES.items())) if form == "turtle" else None
        ox.serialize(triples, cast(IO[bytes], buffer), _GRAPHS[form], prefixes=prefixes)
        body = _without_idle_prefixes(buffer.content()) if form == "turtle" else buffer.content()
    return _checked(Answer("triples", TRIPLE_FORMS[form], body), most)


def answer_of_rows(rows: Rows | bool, form: str, *, most: int) -> Answer:
    """Return what another endpoint found as an answer of at most so many bytes; raises as :func:`answer_of` does."""
    truth = f'{{"head":{{}},"boolean":{str(rows).lower()}}}'
    text = truth if isinstance(rows, bool) else rows.to_sparql_json()
    found = ox.parse_query_results(text, ox.QueryResultsFormat.JSON)
    return answer_of(found, solutions=form, triples="turtle", most=most)


def too_large(most: int) -> ResultTooLargeError:
    """Return the error that says how large an answer may be."""
    return ResultTooLargeError(f"the answer is larger than {most:,} bytes: ask for less, or in parts with LIMIT")


class _Buffer(io.RawIOBase):
    """Bytes in memory, up to a bound."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._bytes = io.BytesIO()

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        if self._bytes.tell() + len(data) > self._most:
            raise too_large(self._most)
        return self._bytes.write(data)

    def content(self) -> bytes:
        return self._bytes.getvalue()


def _checked(answer: Answer, most: int) -> Answer:
    if len(answer.body) > most:
        raise too_large(most)
    return answer


def _without_idle_prefixes(turtle: bytes) -> bytes:
    """Return Turtle with the prefixes alone that its text may use, sorted.

    The writer's own order differs from run to run.
    """
    place, head = 0, []
    while declared := _TURTLE_PREFIX.match(turtle, place):
        place = declared.end()
        head.append((declared[1], declared[0]))
    body = turtle[place:]
    used = [line for prefix, line in sorted(head) if prefix + b":" in body]
    return b"".join(used) + body


def _rdf_xml(triples: Iterable[ox.Triple], buffer: _Buffer) -> bytes:
    """Return RDF/XML, looked at by an XML parser, for there are graphs that XML cannot carry."""
    try:
        ox.serialize(_with_xml_names(triples), cast(IO[bytes], buffer), ox.RdfFormat.RDF_XML)
    except OSError as error:
        if "RDF/XML" not in str(error):  # It is the search that failed, not the writing.
            raise
        raise DataError(f"RDF/XML cannot carry this graph: {error}; ask for turtle or ntriples") from error
    body = buffer.content().replace(b"\r", b"&#13;")
    try:
        if _NO_XML.search(body):
            raise DataError("XML cannot carry a control character that is in the answer: ask for turtle or ntriples")
        expat.ParserCreate(namespace_separator=" ").Parse(body, True)
    except expat.ExpatError as error:
        line = body.split(b"\n")[error.lineno - 1].decode("utf-8", "replace").strip()[:80]
        raise DataError(f"XML cannot carry {line!a}: ask for turtle or ntriples") from error
    return body + b"\n"


def _with_xml_names(triples: Iterable[ox.Triple]) -> Iterator[ox.Triple]:
    for triple in triples:
        if not _XML_NAME.search(triple.predicate.value):
            raise DataError(f"the predicate {triple.predicate} does not end in an XML name: ask for turtle or ntriples")
        yield triple
