"""The W3C's tests of the SPARQL protocol and of the service description, against a server of ours.

They lie in the folder that ``FILMGRAPH_REFERENCE`` names, under ``w3c``. Each test says in RDF which requests to send,
in order, and what to expect of their answers; nothing of it is written here again.
"""

from __future__ import annotations

import http.client
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote
from xml.etree import ElementTree

import pyoxigraph as ox
import pytest
import rdflib
from rdflib import RDF, RDFS, Graph, Namespace, URIRef
from rdflib.collection import Collection
from reference import FOLDER, with_reference
from sites import Served

from filmgraph.namespaces import FILE_FORMATS, SD

MF = Namespace("http://www.w3.org/2001/sw/DataAccess/tests/test-manifest#")
HT = Namespace("http://www.w3.org/2011/http#")
CNT = Namespace("http://www.w3.org/2011/content#")
UT = Namespace("http://www.w3.org/2009/sparql/tests/test-update#")

PROTOCOL = FOLDER / "w3c" / "protocol" / "manifest.ttl"
DESCRIPTION = FOLDER / "w3c" / "service-description" / "manifest.ttl"
TESTS = 34

SOLUTIONS = {
    "application/sparql-results+json": ox.QueryResultsFormat.JSON,
    "application/sparql-results+xml": ox.QueryResultsFormat.XML,
    "text/csv": ox.QueryResultsFormat.CSV,
    "text/tab-separated-values": ox.QueryResultsFormat.TSV,
}
TRIPLES = {
    "text/turtle": ox.RdfFormat.TURTLE,
    "application/n-triples": ox.RdfFormat.N_TRIPLES,
    "application/rdf+xml": ox.RdfFormat.RDF_XML,
}


def manifest(path: Path) -> Graph:
    """Return a manifest, empty where there is none."""
    return Graph().parse(path, format="turtle", publicID=path.as_uri()) if path.is_file() else Graph()


def entries(graph: Graph) -> list[URIRef]:
    """Return the tests of a manifest in their order."""
    return [URIRef(str(test)) for head in graph.objects(None, MF.entries) for test in Collection(graph, head)]


MANIFEST = manifest(PROTOCOL)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A site that takes updates, over an empty store."""
    with Served.site("--store", str(tmp_path_factory.mktemp("w3c") / "store"), "--writable") as server:
        yield server


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    media_type: str
    body: bytes


def send(server: Served, method: str, path: str, headers: dict[str, str], body: bytes | None) -> Answer:
    """Send one request with the headers that are given and no other that matters."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    try:
        connection.request(method, path, body=body, headers=headers)
        answer = connection.getresponse()
        media_type = (answer.getheader("content-type") or "").partition(";")[0]
        return Answer(answer.status, media_type, answer.read())
    finally:
        connection.close()


def load(server: Served, test: URIRef) -> None:
    """Empty the store, and put the graphs of a test into it."""
    update = "DROP ALL"
    for data in MANIFEST.objects(test, UT.graphData):
        name = str(MANIFEST.value(data, RDFS.label))
        file = PROTOCOL.parent / str(MANIFEST.value(data, UT.graph)).rpartition("/")[2]
        update += f" ; INSERT DATA {{ GRAPH <{name}> {{ {file.read_text(encoding='utf-8')} }} }}"
    answer = send(server, "POST", "/sparql", {"Content-Type": "application/sparql-update"}, update.encode())
    assert answer.status == 204, answer.body


def expect(request: rdflib.term.Node, answer: Answer) -> None:
    """Hold an answer against what a request of the manifest expects."""
    response = MANIFEST.value(request, HT.resp)
    statuses = {str(status)[-3:] for status in MANIFEST.objects(response, MF.expectedStatus)}
    assert statuses, "nothing is expected of the answer"
    assert any(re.fullmatch(status.replace("x", "."), str(answer.status)) for status in statuses), answer
    form = str(MANIFEST.value(response, MF.expectedFormat) or "")
    expected = MANIFEST.value(response, MF.expectedBoolean)
    if form == "boolean":
        assert truth_of(answer) in (True, False)
    elif form == "tabular":
        assert ox.parse_query_results(answer.body, format=SOLUTIONS[answer.media_type]) is not None
    elif form == "RDF":
        list(ox.parse(answer.body, format=TRIPLES[answer.media_type], base_iri="http://example.org/"))
    else:
        assert not form, f"the form {form!r} is not known here"
    if expected is not None:
        assert truth_of(answer) == expected.toPython()  # type: ignore[attr-defined]


def truth_of(answer: Answer) -> bool:
    """Return the answer to an ASK query."""
    if answer.media_type == "application/sparql-results+json":
        found = json.loads(answer.body)["boolean"]
        assert isinstance(found, bool)
        return found
    assert answer.media_type == "application/sparql-results+xml", answer
    return ElementTree.fromstring(answer.body).findtext("{*}boolean") == "true"


@with_reference
def test_all_of_them_were_found() -> None:
    assert len(entries(MANIFEST)) == TESTS
    assert all((test, RDF.type, MF.ProtocolTest) in MANIFEST for test in entries(MANIFEST))


@with_reference
@pytest.mark.parametrize("test", entries(MANIFEST), ids=lambda test: test.rpartition("#")[2])
def test_of_the_protocol(server: Served, test: URIRef) -> None:
    load(server, test)
    action = MANIFEST.value(test, MF.action)
    head = MANIFEST.value(action, HT.requests)
    assert head is not None
    sent = 0
    for request in Collection(MANIFEST, head):
        path = str(MANIFEST.value(request, HT.absolutePath))
        assert path.startswith("/sparql/")
        headers: dict[str, str] = {}
        if fields := MANIFEST.value(request, HT.headers):
            for field in Collection(MANIFEST, fields):
                headers[str(MANIFEST.value(field, HT.fieldName))] = str(MANIFEST.value(field, HT.fieldValue))
        body = None
        if content := MANIFEST.value(request, HT.body):
            encoding = str(MANIFEST.value(content, CNT.characterEncoding))
            body = str(MANIFEST.value(content, CNT.chars)).encode(encoding)
        method = str(MANIFEST.value(request, HT.methodName))
        expect(request, send(server, method, path.replace("/sparql/", "/sparql", 1), headers, body))
        sent += 1
    assert sent > 0


def described(server: Served) -> Graph:
    """Return the description that the endpoint gives when it is asked nothing."""
    answer = send(server, "GET", "/sparql", {}, None)
    assert answer.status == 200
    assert answer.media_type in TRIPLES
    return Graph().parse(data=answer.body, format="turtle")


OBJECTS = {
    "supportedLanguage": {SD + "SPARQL10Query", SD + "SPARQL11Query", SD + "SPARQL11Update"},
    "resultFormat": FILE_FORMATS,
    "defaultDataset": SD + "Dataset",
    "defaultGraph": SD + "Graph",
    "namedGraph": SD + "NamedGraph",
    "graph": SD + "Graph",
    "name": "",
    "endpoint": "",
}
"""Property of the vocabulary to what its objects are: some IRIs, the start of one, or a class of the vocabulary."""
ONE_OF_EACH = {"Service": ("endpoint", "defaultDataset"), "Dataset": ("defaultGraph",), "NamedGraph": ("name", "graph")}


def check_returns_rdf(server: Served) -> None:
    assert len(described(server)) > 10


def check_has_endpoint_triple(server: Served) -> None:
    endpoint = URIRef(f"http://127.0.0.1:{server.port}/sparql")
    services = set(described(server).subjects(URIRef(SD + "endpoint"), endpoint))
    assert len(services) == 1
    assert (services.pop(), RDF.type, URIRef(SD + "Service")) in described(server)


def check_conforms_to_schema(server: Served) -> None:
    graph = described(server)
    used = {str(predicate)[len(SD) :] for predicate in graph.predicates() if str(predicate).startswith(SD)}
    assert used == OBJECTS.keys(), "the store has a named graph, so every property is there"
    for name, expected in OBJECTS.items():
        for value in graph.objects(None, URIRef(SD + name)):
            assert isinstance(value, URIRef)
            if isinstance(expected, set):
                assert str(value) in expected
            elif expected.startswith(SD):
                assert (value, RDF.type, URIRef(expected)) in graph
            else:
                assert str(value).startswith(expected)
    for kind, properties in ONE_OF_EACH.items():
        for subject in graph.subjects(RDF.type, URIRef(SD + kind)):
            for name in properties:
                assert len(list(graph.objects(subject, URIRef(SD + name)))) == 1


@with_reference
def test_of_the_service_description(server: Served) -> None:
    checks = {
        "returns-rdf": check_returns_rdf,
        "has-endpoint-triple": check_has_endpoint_triple,
        "conforms-to-schema": check_conforms_to_schema,
    }
    graph = "http://example.org/a-graph"
    update = f"DROP ALL ; INSERT DATA {{ GRAPH <{graph}> {{ <{graph}> a <{graph}> }} }}"
    assert send(
        server, "POST", f"/sparql?x={quote(graph)}", {"Content-Type": "application/sparql-update"}, update.encode()
    )
    names = [str(test).rpartition("#")[2] for test in entries(manifest(DESCRIPTION))]
    assert sorted(names) == sorted(checks)
    for name in names:
        checks[name](server)
