"""What the endpoint and the data say of themselves: SPARQL service description, VoID and DCAT.

All of it is counted in the graph that is served, and every address is absolute: it starts with the origin of the site.
The description of the service stands at ``/sparql`` itself, that of the data at ``/.well-known/void``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import pyoxigraph as ox

from filmgraph import queries
from filmgraph.arrays import once_counted
from filmgraph.namespaces import (
    BASE,
    DCAT,
    DCTERMS,
    FG,
    FILE_FORMATS,
    FOAF,
    MEDIA_TYPES,
    RDF,
    RDFS,
    SD,
    SPARQL_PROTOCOL,
    VOID,
    WD,
    XSD,
)
from filmgraph.sandbox import SOLUTION_FORMS, TRIPLE_FORMS
from filmgraph.web.negotiation import FORMS, RDF_FORMS
from filmgraph.web.site import Ask, Page, Site, View

if TYPE_CHECKING:
    from filmgraph.graph import FilmGraph
    from filmgraph.stores import Store

__all__ = ["Distribution", "Statistics", "dataset_triples", "distributions", "pages", "service_triples", "statistics"]

VOID_PATH = "/.well-known/void"

_TITLE = "filmgraph"
_ABOUT = (
    "An open knowledge graph of film craft: which films use which techniques, how, in which scene, and what critics "
    "claim about it."
)
_FORMATS = {
    "json": "SPARQL_Results_JSON",
    "xml": "SPARQL_Results_XML",
    "csv": "SPARQL_Results_CSV",
    "tsv": "SPARQL_Results_TSV",
    "turtle": "Turtle",
    "ntriples": "N-Triples",
    "rdfxml": "RDF_XML",
    "jsonld": "JSON-LD",
}
"""Name of a form to its local name in the W3C's list of file formats."""

_KEYWORDS = ("film", "film craft", "cinematography", "editing", "sound", "criticism", "linked data")
_MOST_GRAPHS = 100
_NAMESPACE = re.compile(r"(.*[/#])[^/#]+")


@dataclass(frozen=True)
class Distribution:
    """The whole graph as a file: the form, what it is called, its media type, and where it is."""

    form: str
    label: str
    media_type: str
    path: str
    url: str


@dataclass(frozen=True)
class Statistics:
    """What is counted in a graph; ``classes`` and ``properties`` hold IRI and number, in the order of the IRIs.

    ``links`` are the properties that lead to Wikidata, with how often; ``examples`` a resource of each main kind.
    """

    triples: int
    subjects: int
    objects: int
    classes: tuple[tuple[str, int], ...]
    properties: tuple[tuple[str, int], ...]
    links: tuple[tuple[str, int], ...]
    examples: tuple[str, ...]
    licences: tuple[str, ...]
    graphs: tuple[tuple[str, int], ...]


_COUNTING = Lock()
_KNOWN: WeakKeyDictionary[FilmGraph, Statistics] = WeakKeyDictionary()


def statistics(graph: FilmGraph) -> Statistics:
    """Return what is counted in a graph; it is counted once."""
    with _COUNTING:
        known = _KNOWN.get(graph)
        if known is None:
            store = graph.store
            found = once_counted(store, "description-1", lambda: vars(_counted(store)))
            known = _KNOWN[graph] = Statistics(**{name: _tuples(each) for name, each in found.items()})
    return known


def _tuples(value: Any) -> Any:
    return tuple(map(_tuples, value)) if isinstance(value, list) else value


def _counted(store: Store) -> Statistics:
    properties = _pairs(store, "SELECT ?x (COUNT(*) AS ?n) { ?s ?x ?o } GROUP BY ?x")
    return Statistics(
        triples=sum(number for _, number in properties),
        subjects=_number(store, "SELECT (COUNT(DISTINCT ?s) AS ?n) { ?s ?p ?o }"),
        objects=_number(store, "SELECT (COUNT(DISTINCT ?o) AS ?n) { ?s ?p ?o }"),
        classes=_pairs(store, "SELECT ?x (COUNT(*) AS ?n) { ?s a ?x FILTER(ISIRI(?x)) } GROUP BY ?x"),
        properties=properties,
        links=_pairs(
            store,
            f"SELECT ?x (COUNT(*) AS ?n) {{ ?s ?x ?o FILTER(ISIRI(?o) && STRSTARTS(STR(?o), '{WD}')) }} GROUP BY ?x",
        ),
        examples=tuple(_examples(store)),
        licences=tuple(
            iri
            for iri, _ in _pairs(
                store,
                "SELECT ?x (COUNT(*) AS ?n) { ?o a owl:Ontology ; dcterms:license ?x FILTER(ISIRI(?x)) } GROUP BY ?x",
            )
        ),
        graphs=_pairs(
            store,
            "SELECT ?x (COUNT(?s) AS ?n) { GRAPH ?x { ?s ?p ?o } FILTER(ISIRI(?x)) } GROUP BY ?x "
            f"ORDER BY ?x LIMIT {_MOST_GRAPHS}",
        ),
    )


def _pairs(store: Store, query: str) -> tuple[tuple[str, int], ...]:
    rows = store.select(queries.with_prefixes(query))
    return tuple(sorted((str(iri), int(str(number))) for iri, number in rows if iri is not None and "://" in str(iri)))


def _number(store: Store, query: str) -> int:
    return next((int(str(number)) for (number,) in store.select(query)), 0)


def _examples(store: Store) -> Iterator[str]:
    for kind in ("Film", "Technique", "Review"):
        text = f"SELECT ?s {{ ?s a <{FG}{kind}> FILTER(STRSTARTS(STR(?s), '{BASE}')) }} ORDER BY ?s LIMIT 1"
        yield from (str(iri) for (iri,) in store.select(text))


def distributions(site: Site, origin: str = "") -> tuple[Distribution, ...]:
    """Return the files in which the whole graph can be had."""
    prefix = len(site.links.prefix)
    found = []
    for form in RDF_FORMS:
        path = site.links.href(f"/data/filmgraph.{FORMS[form].ending}")
        found.append(Distribution(form, FORMS[form].label, FORMS[form].media_type, path, origin + path[prefix:]))
    return tuple(found)


class _Writer:
    """Collects triples, terms given as they are or as IRIs in text."""

    def __init__(self) -> None:
        self.triples: list[ox.Triple] = []

    def add(self, subject: str, *pairs: tuple[str, Any]) -> None:
        """Add what is said of a subject: property and value, an IRI in text or a literal."""
        for predicate, value in pairs:
            term = ox.NamedNode(value) if isinstance(value, str) else value
            self.triples.append(ox.Triple(ox.NamedNode(subject), ox.NamedNode(predicate), term))


def _text(text: str) -> ox.Literal:
    return ox.Literal(text, language="en")


def _count(number: int) -> ox.Literal:
    return ox.Literal(str(number), datatype=ox.NamedNode(XSD + "integer"))


def service_triples(site: Site, origin: str) -> list[ox.Triple]:
    """Return the description of the endpoint: what it speaks, what it answers in, and its dataset."""
    counted = statistics(site.graph)
    endpoint = f"{origin}/sparql"
    service, dataset, default = (f"{endpoint}#{name}" for name in ("service", "dataset", "default-graph"))
    writer = _Writer()
    languages = ("SPARQL11Query", "SPARQL11Update") if site.settings.writable else ("SPARQL11Query",)
    writer.add(
        service,
        (RDF + "type", SD + "Service"),
        (RDFS + "label", _text(f"SPARQL endpoint of {_TITLE}")),
        (SD + "endpoint", endpoint),
        *((SD + "supportedLanguage", SD + language) for language in languages),
        *((SD + "resultFormat", FILE_FORMATS + _FORMATS[form]) for form in (*SOLUTION_FORMS, *TRIPLE_FORMS)),
        (SD + "defaultDataset", dataset),
    )
    writer.add(
        dataset,
        (RDF + "type", SD + "Dataset"),
        (SD + "defaultGraph", default),
        (DCTERMS + "source", _dataset(origin)),
    )
    writer.add(default, (RDF + "type", SD + "Graph"), *_sizes(counted))
    for number, (graph, triples) in enumerate(counted.graphs, start=1):
        named, itself = f"{endpoint}#named-graph-{number}", f"{endpoint}#graph-{number}"
        writer.add(dataset, (SD + "namedGraph", named))
        writer.add(named, (RDF + "type", SD + "NamedGraph"), (SD + "name", graph), (SD + "graph", itself))
        writer.add(itself, (RDF + "type", SD + "Graph"), (VOID + "triples", _count(triples)))
    return writer.triples


def _dataset(origin: str) -> str:
    return f"{origin}{VOID_PATH}#dataset"


def _sizes(counted: Statistics) -> Iterator[tuple[str, Any]]:
    yield VOID + "triples", _count(counted.triples)
    yield VOID + "distinctSubjects", _count(counted.subjects)
    yield VOID + "distinctObjects", _count(counted.objects)
    yield VOID + "classes", _count(len(counted.classes))
    yield VOID + "properties", _count(len(counted.properties))


def dataset_triples(site: Site, origin: str) -> list[ox.Triple]:
    """Return the description of the data in VoID and DCAT: counts, parts, vocabularies, files, endpoint and licence."""
    counted = statistics(site.graph)
    dataset = _dataset(origin)
    writer = _Writer()
    writer.add(
        f"{origin}{VOID_PATH}",
        (RDF + "type", VOID + "DatasetDescription"),
        (DCTERMS + "title", _text(f"Description of {_TITLE}")),
        (FOAF + "primaryTopic", dataset),
    )
    writer.add(
        dataset,
        *((RDF + "type", kind) for kind in (VOID + "Dataset", DCAT + "Dataset")),
        (DCTERMS + "title", _text(_TITLE)),
        (DCTERMS + "description", _text(_ABOUT)),
        *((DCTERMS + "license", licence) for licence in counted.licences),
        *((DCAT + "keyword", _text(keyword)) for keyword in _KEYWORDS),
        (FOAF + "homepage", f"{origin}/"),
        (DCAT + "landingPage", f"{origin}/about"),
        (VOID + "uriSpace", ox.Literal(BASE)),
        *_sizes(counted),
        (VOID + "entities", _count(sum(number for iri, number in counted.classes if iri.startswith(FG)))),
        *((VOID + "vocabulary", vocabulary) for vocabulary in _vocabularies(counted)),
        *((VOID + "exampleResource", example) for example in counted.examples),
        *((VOID + "feature", FILE_FORMATS + _FORMATS[form]) for form in RDF_FORMS),
    )
    _add_parts(writer, dataset, counted)
    _add_links(writer, dataset, counted)
    _add_files(writer, site, origin, counted)
    if not site.settings.is_static:
        _add_endpoint(writer, dataset, origin)
    return writer.triples


def _vocabularies(counted: Statistics) -> list[str]:
    """Return the namespaces of the classes and properties in use."""
    names = (_NAMESPACE.fullmatch(iri) for iri, _ in (*counted.classes, *counted.properties))
    return sorted({found[1] for found in names if found})


def _add_parts(writer: _Writer, dataset: str, counted: Statistics) -> None:
    for number, (iri, entities) in enumerate(counted.classes, start=1):
        part = f"{dataset}-class-{number}"
        writer.add(dataset, (VOID + "classPartition", part))
        writer.add(part, (VOID + "class", iri), (VOID + "entities", _count(entities)))
    for number, (iri, triples) in enumerate(counted.properties, start=1):
        part = f"{dataset}-property-{number}"
        writer.add(dataset, (VOID + "propertyPartition", part))
        writer.add(part, (VOID + "property", iri), (VOID + "triples", _count(triples)))


def _add_links(writer: _Writer, dataset: str, counted: Statistics) -> None:
    """Say which properties lead to Wikidata, and how often."""
    if not counted.links:
        return
    wikidata = dataset.replace("#dataset", "#wikidata")
    writer.add(
        wikidata,
        (RDF + "type", VOID + "Dataset"),
        (DCTERMS + "title", _text("Wikidata")),
        (VOID + "uriSpace", ox.Literal(WD)),
    )
    for number, (iri, triples) in enumerate(counted.links, start=1):
        links = f"{dataset}-links-{number}"
        writer.add(dataset, (VOID + "subset", links))
        writer.add(
            links,
            (RDF + "type", VOID + "Linkset"),
            (VOID + "linkPredicate", iri),
            (VOID + "subjectsTarget", dataset),
            (VOID + "objectsTarget", wikidata),
            (VOID + "triples", _count(triples)),
        )


def _add_files(writer: _Writer, site: Site, origin: str, counted: Statistics) -> None:
    dataset = _dataset(origin)
    for file in distributions(site, origin):
        itself = dataset.replace("#dataset", f"#{file.form}")
        writer.add(dataset, (DCAT + "distribution", itself), (VOID + "dataDump", file.url))
        writer.add(
            itself,
            (RDF + "type", DCAT + "Distribution"),
            (DCTERMS + "title", _text(f"The whole graph as {file.label}")),
            (DCAT + "downloadURL", file.url),
            (DCAT + "mediaType", MEDIA_TYPES + file.media_type),
            (DCTERMS + "format", FILE_FORMATS + _FORMATS[file.form]),
            *((DCTERMS + "license", licence) for licence in counted.licences),
        )


def _add_endpoint(writer: _Writer, dataset: str, origin: str) -> None:
    endpoint = f"{origin}/sparql"
    service = dataset.replace("#dataset", "#sparql")
    writer.add(dataset, (VOID + "sparqlEndpoint", endpoint))
    writer.add(
        service,
        (RDF + "type", DCAT + "DataService"),
        (DCTERMS + "title", _text(f"SPARQL endpoint of {_TITLE}")),
        (DCAT + "endpointURL", endpoint),
        (DCAT + "endpointDescription", endpoint),
        (DCAT + "servesDataset", dataset),
        (DCTERMS + "conformsTo", SPARQL_PROTOCOL),
    )


def pages() -> list[Page]:
    """Return the page at which the data describes itself, in the forms of RDF alone."""
    return [Page(VOID_PATH, _void, RDF_FORMS, reads=())]


def _void(site: Site, ask: Ask) -> View:
    """The description of the data."""
    return View("error.html", "Description of the data", triples=lambda: dataset_triples(site, ask.origin))
