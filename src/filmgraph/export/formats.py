"""The forms in which triples go out."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any, cast

import pyoxigraph as ox

from filmgraph.errors import DataError, NotFoundError
from filmgraph.export.jsonld import compacted, framed
from filmgraph.export.order import in_order, iris_of, is_iri, triple_key, without_rdf_1_2
from filmgraph.export.sieves import CheckedXml, SortedHead
from filmgraph.namespaces import JSONLD, PREFIXES, RDF, XSD, shorten
from filmgraph.turtle import write_turtle

if TYPE_CHECKING:
    import rdflib

    from filmgraph.workspace import Workspace

__all__ = [
    "FORMATS",
    "Format",
    "check_xml_element",
    "check_xml_name",
    "format_of",
    "hinting_at_others",
    "prefix_of",
    "serialize",
    "to_rdflib",
    "write_rdf_xml",
    "write_trig",
]


@dataclass(frozen=True)
class Format:
    """A form in which triples go out: its media type, the ending of its files, and what it is, in a few words."""

    media_type: str
    suffix: str
    about: str
    write: Callable[[Sequence[ox.Triple], Workspace, str | None], str]


def serialize(triples: Iterable[ox.Triple], form: str, *, workspace: Workspace, root: str | None = None) -> str:
    """Return triples in one of :data:`FORMATS`, the same bytes for the same triples.

    ``workspace`` holds the JSON-LD context. ``root`` is the resource, by IRI, from which ``jsonld-framed`` looks at
    the graph: all films where it is None; other formats do without it.

    Raises :class:`~filmgraph.errors.NotFoundError` for an unknown format, and
    :class:`~filmgraph.errors.DataError` for what a format cannot carry, with the name of one that can.
    """
    if form not in FORMATS:
        raise NotFoundError(f"There is no format {form!r}.", suggestions=tuple(FORMATS))
    try:
        return FORMATS[form].write(in_order(triples), workspace, root)
    except RecursionError as error:
        raise DataError(f"lists or blank nodes are nested too deeply for {form}: export as ntriples") from error


def _turtle(triples: Sequence[ox.Triple], _workspace: Workspace, _root: str | None) -> str:
    with hinting_at_others():
        return write_turtle(triples)


@contextmanager
def hinting_at_others() -> Iterator[None]:
    """Name the formats that can carry what canonical Turtle cannot."""
    try:
        yield
    except DataError as error:
        raise DataError(f"{error}, or export it as trig or ntriples, which can carry it") from error


def _n_triples(triples: Sequence[ox.Triple], _workspace: Workspace, _root: str | None) -> str:
    content = ox.serialize(triples, format=ox.RdfFormat.N_TRIPLES)
    assert content is not None  # it is None only where a file to write to was given
    return "".join(f"{line}\n" for line in sorted(content.decode().split("\n")) if line)


def _tri_g(triples: Sequence[ox.Triple], _workspace: Workspace, _root: str | None) -> str:
    stream = io.BytesIO()
    write_trig(stream, triples, filter(None, map(prefix_of, iris_of(triples))))
    return stream.getvalue().decode()


def write_trig(stream: IO[bytes], triples: Iterable[ox.Triple], prefixes: Iterable[str]) -> None:
    """Write sorted triples as TriG, with the prefixes that they need, by name."""
    head = SortedHead(stream)
    ox.serialize(triples, cast(IO[bytes], head), ox.RdfFormat.TRIG, prefixes=_namespaces(prefixes))
    head.finish()


def _rdf_xml(triples: Sequence[ox.Triple], _workspace: Workspace, _root: str | None) -> str:
    elements = {triple.predicate.value for triple in triples} | {
        triple.object.value for triple in triples if triple.predicate.value == RDF + "type" and is_iri(triple.object)
    }
    for triple in triples:
        check_xml_name(triple.predicate.value)
    for element in elements:
        check_xml_element(element)
    stream = io.BytesIO()
    write_rdf_xml(stream, triples, filter(None, map(prefix_of, elements)))
    return stream.getvalue().decode()


def write_rdf_xml(stream: IO[bytes], triples: Iterable[ox.Triple], prefixes: Iterable[str]) -> None:
    """Write sorted triples as RDF/XML, looked at by an XML parser, for there are graphs that XML cannot carry.

    pyoxigraph writes it, not rdflib: rdflib numbers unknown namespaces in the order of string hashes, which differs
    from run to run, and leaves carriage returns to be swallowed by the reader.
    """
    checked = CheckedXml(stream)
    needed = {name: iri for name, iri in _namespaces(prefixes).items() if name != "rdf"}
    try:
        ox.serialize(triples, cast(IO[bytes], checked), ox.RdfFormat.RDF_XML, prefixes=needed)
    except OSError as error:
        if error.errno is not None:  # It is the stream that fails.
            raise
        raise DataError(f"RDF/XML cannot carry this graph: {error}; export as ntriples") from error
    checked.finish()


def check_xml_name(predicate: str) -> None:
    """Raise :class:`~filmgraph.errors.DataError` where RDF/XML has no way to write a predicate."""
    if not _XML_NAME.search(predicate):
        raise DataError(f"the predicate <{predicate}> does not end in an XML name: export as ntriples")
    check_xml_element(predicate)


def check_xml_element(iri: str) -> None:
    """Raise :class:`~filmgraph.errors.DataError` where no element of RDF/XML may have the name of a predicate or type.

    pyoxigraph sees to the other names that RDF/XML keeps for itself.
    """
    if iri in _WITHDRAWN:
        raise DataError(f"<{iri}> was withdrawn from RDF/XML, so it cannot stand in it: export as ntriples")


_XML_NAME = re.compile(r"[^\W\d][\w.-]*$")
_WITHDRAWN = frozenset(RDF + name for name in ("aboutEach", "aboutEachPrefix", "bagID"))


def prefix_of(iri: str) -> str | None:
    """Return the name of the prefix with which an IRI can be written shorter, None where there is none."""
    short = shorten(iri)
    return None if short == iri else short.partition(":")[0]


def _namespaces(prefixes: Iterable[str]) -> dict[str, str]:
    return {prefix: PREFIXES[prefix] for prefix in sorted(set(prefixes))}


def _compacted(triples: Sequence[ox.Triple], workspace: Workspace, _root: str | None) -> str:
    return compacted(triples, workspace)


FORMATS: dict[str, Format] = {
    "turtle": Format("text/turtle", ".ttl", "Turtle in the canonical form", _turtle),
    "ntriples": Format("application/n-triples", ".nt", "N-Triples, sorted", _n_triples),
    "nquads": Format("application/n-quads", ".nq", "N-Quads, all in the default graph, sorted", _n_triples),
    "trig": Format("application/trig", ".trig", "TriG, all in the default graph", _tri_g),
    "rdfxml": Format("application/rdf+xml", ".rdf", "RDF/XML", _rdf_xml),
    "jsonld": Format("application/ld+json", ".jsonld", "JSON-LD, compacted", _compacted),
    "jsonld-framed": Format(
        f'application/ld+json;profile="{JSONLD}framed"',
        ".framed.jsonld",
        "JSON-LD, framed: a view from one resource, or of all films; what these do not reach is not in it",
        framed,
    ),
}
"""Name of a format to its media type, ending and writer."""


def format_of(name: str) -> str | None:
    """Return the format that a file's ending stands for, None where it stands for none.

    >>> format_of("her.jsonld"), format_of("her.framed.jsonld"), format_of("her.nt.gz"), format_of("her.txt")
    ('jsonld', 'jsonld-framed', 'ntriples', None)
    """
    name = name.lower().removesuffix(".gz")
    endings = {**{its.suffix: form for form, its in FORMATS.items()}, ".json": "jsonld", ".xml": "rdfxml"}
    fitting = [ending for ending in endings if name.endswith(ending)]
    return endings[max(fitting, key=len)] if fitting else None


def to_rdflib(triples: Iterable[ox.Triple]) -> rdflib.Graph:
    """Return triples as an rdflib graph, the project's prefixes bound.

    Literals keep their digits (``"02013"^^xsd:integer`` stays as it is); rdflib writes language tags in lower case.

    >>> film, name = ox.NamedNode("http://example.org/her"), ox.NamedNode("https://schema.org/name")
    >>> [str(value) for value in to_rdflib([ox.Triple(film, name, ox.Literal("Her"))]).objects()]
    ['Her']
    """
    import rdflib

    graph = rdflib.Graph(bind_namespaces="none")
    for prefix, namespace in sorted(PREFIXES.items()):
        graph.bind(prefix, namespace)
    iris: dict[str, rdflib.URIRef] = {}

    def term(value: Any) -> rdflib.term.Node:
        if isinstance(value, ox.NamedNode):
            known = iris.get(value.value)
            return iris.setdefault(value.value, rdflib.URIRef(value.value)) if known is None else known
        if isinstance(value, ox.BlankNode):
            return rdflib.BNode(value.value)
        if value.language:
            return rdflib.Literal(value.value, lang=value.language)
        datatype = None if value.datatype.value == XSD + "string" else str(term(value.datatype))
        return rdflib.Literal(value.value, datatype=datatype, normalize=False)

    # A copy in memory keeps the names of its blank nodes, whatever they are like.
    for triple in sorted(without_rdf_1_2(triples), key=triple_key):
        graph.add((term(triple.subject), term(triple.predicate), term(triple.object)))
    return graph
