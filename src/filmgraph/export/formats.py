"""The forms in which triples go out."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import TYPE_CHECKING, Any

import pyoxigraph as ox

from filmgraph.errors import DataError, NotFoundError
from filmgraph.export.jsonld import compacted, framed
from filmgraph.export.order import in_order, iris_of, is_iri, triple_key, without_rdf_1_2
from filmgraph.namespaces import JSONLD, PREFIXES, RDF, XSD, shorten
from filmgraph.turtle import write_turtle

if TYPE_CHECKING:
    import rdflib

    from filmgraph.workspace import Workspace

__all__ = ["FORMATS", "Format", "format_of", "serialize", "to_rdflib"]


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
    try:
        return write_turtle(triples)
    except DataError as error:
        raise DataError(f"{error}, or export it as trig or ntriples, which can carry it") from error


def _n_triples(triples: Sequence[ox.Triple], _workspace: Workspace, _root: str | None) -> str:
    lines = _by_oxigraph(triples, ox.RdfFormat.N_TRIPLES).split("\n")
    return "".join(f"{line}\n" for line in sorted(lines) if line)


def _tri_g(triples: Sequence[ox.Triple], _workspace: Workspace, _root: str | None) -> str:
    text = _by_oxigraph(triples, ox.RdfFormat.TRIG, prefixes=_prefixes_used(iris_of(triples)))
    lines = text.split("\n")
    # The writer's prefixes come in the order of a hash that differs from run to run.
    head = list(takewhile(lambda line: line.startswith("@prefix "), lines))
    return "\n".join([*sorted(head), *lines[len(head) :]])


def _rdf_xml(triples: Sequence[ox.Triple], _workspace: Workspace, _root: str | None) -> str:
    """Return RDF/XML, looked at by an XML parser, for there are graphs that XML cannot carry.

    pyoxigraph writes it, not rdflib: rdflib numbers unknown namespaces in the order of string hashes, which differs
    from run to run, and leaves carriage returns to be swallowed by the reader.
    """
    from xml.parsers import expat

    for triple in triples:
        if not _XML_NAME.search(triple.predicate.value):
            raise DataError(f"the predicate {triple.predicate} does not end in an XML name: export as ntriples")
    elements = {triple.predicate.value for triple in triples} | {
        triple.object.value for triple in triples if triple.predicate.value == RDF + "type" and is_iri(triple.object)
    }
    prefixes = {name: iri for name, iri in _prefixes_used(elements).items() if name != "rdf"}
    try:
        text = _by_oxigraph(triples, ox.RdfFormat.RDF_XML, prefixes=prefixes).replace("\r", "&#13;")
    except OSError as error:
        raise DataError(f"RDF/XML cannot carry this graph: {error}; export as ntriples") from error
    try:
        expat.ParserCreate(namespace_separator=" ").Parse(text.encode(), True)
    except expat.ExpatError as error:
        line = text.split("\n")[error.lineno - 1].strip()[:80]
        raise DataError(f"XML cannot carry {line!a} (a control character?): export as ntriples") from error
    return text + "\n"


_XML_NAME = re.compile(r"[^\W\d][\w.-]*$")


def _by_oxigraph(triples: Sequence[ox.Triple], form: Any, *, prefixes: Mapping[str, str] | None = None) -> str:
    content = ox.serialize(triples, format=form, prefixes=dict(prefixes) if prefixes else None)
    assert content is not None  # it is None only where a file to write to was given
    return content.decode()


def _prefixes_used(iris: Iterable[str]) -> dict[str, str]:
    """Return the prefixes with which some of the IRIs can be written shorter, sorted."""
    curies = {short.partition(":")[0] for iri in iris if (short := shorten(iri)) != iri}
    return {prefix: PREFIXES[prefix] for prefix in sorted(curies)}


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

    >>> format_of("her.jsonld"), format_of("her.framed.jsonld"), format_of("her.txt")
    ('jsonld', 'jsonld-framed', None)
    """
    endings = {**{its.suffix: form for form, its in FORMATS.items()}, ".json": "jsonld", ".xml": "rdfxml"}
    fitting = [ending for ending in endings if name.lower().endswith(ending)]
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
