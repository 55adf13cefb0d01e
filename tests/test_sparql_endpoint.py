"""The endpoint as the world meets it: the clients that people use, and those who mean it harm."""

from __future__ import annotations

import http.client
import json
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import pyoxigraph as ox
import pytest
import rdflib
from rdflib.plugins.stores.sparqlstore import SPARQLStore, SPARQLUpdateStore
from sites import Served
from SPARQLWrapper import (
    CSV,
    GET,
    JSON,
    JSONLD,
    POST,
    POSTDIRECTLY,
    RDFXML,
    TSV,
    TURTLE,
    URLENCODED,
    XML,
    SPARQLWrapper,
)
from starlette.testclient import TestClient
from test_guard import NOT_QUITE, REACHING_OUT, UPDATES_REACHING_OUT, Listener

from filmgraph.graph import FilmGraph
from filmgraph.stores import MemoryStore, RemoteStore
from filmgraph.web import create_app
from filmgraph.workspace import Workspace

TINY = Path(__file__).parent / "data" / "tiny.ttl"
FILMS = "SELECT ?s ?name { ?s a fg:Film ; schema:name ?name } ORDER BY ?s"
ENDLESS = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }"
LARGE = "SELECT * { ?a a fg:Film . ?b a fg:Film . ?c a fg:Film }"


@pytest.fixture(scope="module")
def server() -> Iterator[Served]:
    """The site over the bundled graph; a query may run as long as a test may."""
    with Served.site("--query-seconds", "120") as server:
        yield server


@pytest.fixture(scope="module")
def hasty() -> Iterator[Served]:
    """A site on which a query may run for a second."""
    with Served.site("--store", str(TINY), "--query-seconds", "1") as server:
        yield server


@pytest.fixture(scope="module")
def writable(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A site that takes updates."""
    with Served.site("--store", str(tmp_path_factory.mktemp("writable") / "store"), "--writable") as server:
        yield server


@pytest.fixture(scope="module")
def listener() -> Iterator[Listener]:
    """What is called when a query reaches out."""
    listener = Listener()
    yield listener
    listener.close()


@pytest.fixture(scope="module")
def client() -> Iterator[TestClient]:
    """The endpoint over a graph with something hostile in every place."""
    with MemoryStore() as store:
        store.update(HOSTILE)
        with TestClient(create_app(FilmGraph(store))) as client:
            yield client


def ask(
    server: Served, query: str, *, accept: str = "*/*", update: bool = False, **parameters: str
) -> tuple[int, bytes]:
    """Send a query or an update by POST of its text, and return status and body."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    try:
        headers = {"Content-Type": f"application/sparql-{'update' if update else 'query'}", "Accept": accept}
        connection.request("POST", f"/sparql?{urlencode(parameters)}", query.encode(), headers)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


# Clients


@pytest.mark.parametrize("method", [GET, POST])
@pytest.mark.parametrize("how", [URLENCODED, POSTDIRECTLY])
def test_sparqlwrapper_selects_and_asks(server: Served, method: str, how: str) -> None:
    wrapper = SPARQLWrapper(f"{server.url}/sparql")
    wrapper.setMethod(method)
    wrapper.setRequestMethod(how)
    wrapper.setReturnFormat(JSON)
    wrapper.setQuery(FILMS)
    rows: Any = wrapper.queryAndConvert()
    names = [row["name"]["value"] for row in rows["results"]["bindings"]]
    assert "Her" in names
    wrapper.setReturnFormat(XML)
    found: Any = wrapper.queryAndConvert()
    assert len(found.getElementsByTagName("result")) == len(names)
    for form, separator in ((CSV, b","), (TSV, b"\t")):
        wrapper.setReturnFormat(form)
        text: Any = wrapper.queryAndConvert()
        assert text.splitlines()[0].replace(b"?", b"") == separator.join((b"s", b"name"))
        assert len(text.splitlines()) == len(names) + 1
    wrapper.setReturnFormat(JSON)
    wrapper.setQuery("ASK { film:her-2013 a fg:Film }")
    answer: Any = wrapper.queryAndConvert()
    assert answer["boolean"] is True


@pytest.mark.parametrize("method", [GET, POST])
@pytest.mark.parametrize("form", [TURTLE, RDFXML, XML, JSONLD])
def test_sparqlwrapper_constructs_and_describes(server: Served, method: str, form: str) -> None:
    wrapper = SPARQLWrapper(f"{server.url}/sparql")
    wrapper.setMethod(method)
    wrapper.setReturnFormat(form)
    for query in ("CONSTRUCT WHERE { film:her-2013 a ?class }", "DESCRIBE film:her-2013"):
        wrapper.setQuery(query)
        graph: Any = wrapper.queryAndConvert()
        graph = graph if isinstance(graph, rdflib.Graph) else rdflib.Graph().parse(data=graph, format="turtle")
        assert {str(subject) for subject in graph.subjects()} == {"https://w3id.org/filmgraph/film/her-2013"}


def test_rdflib_s_store_reads(server: Served) -> None:
    for method in ("GET", "POST", "POST_FORM"):
        graph = rdflib.Graph(SPARQLStore(f"{server.url}/sparql", method=method, returnFormat="json"))
        film = rdflib.URIRef("https://w3id.org/filmgraph/film/her-2013")
        assert [str(name) for name in graph.objects(film, rdflib.URIRef("https://schema.org/name"))] == ["Her"]
        assert bool(graph.query("ASK { ?s ?p ?o }").askAnswer) is True
        assert len(list(graph.query("SELECT ?s { ?s ?p ?o } LIMIT 7"))) == 7


def test_rdflib_s_store_writes(writable: Served) -> None:
    address = f"{writable.url}/sparql"
    store = SPARQLUpdateStore(address, address, returnFormat="json", autocommit=True)
    name = rdflib.URIRef("http://example.org/graph")
    graph = rdflib.Graph(store, identifier=name)
    thing = (rdflib.URIRef("http://example.org/s"), rdflib.RDFS.label, rdflib.Literal('An "é"\n'))
    graph.add(thing)
    assert list(graph) == [thing]
    other = rdflib.Graph(store, identifier=rdflib.URIRef("http://example.org/other"))
    assert list(other) == []
    graph.remove((None, None, None))
    assert list(graph) == []


def test_sparqlwrapper_writes(writable: Served) -> None:
    wrapper = SPARQLWrapper(f"{writable.url}/sparql")
    wrapper.setMethod(POST)
    for how, value in ((URLENCODED, 1), (POSTDIRECTLY, 2)):
        wrapper.setRequestMethod(how)
        wrapper.setQuery(f"CLEAR ALL ; INSERT DATA {{ <http://e.org/s> <http://e.org/p> {value} }}")
        assert wrapper.query().response.status == 204
        assert f">{value}<".encode() in ask(writable, "SELECT ?o { ?s ?p ?o }", accept="application/xml")[1]


def test_our_own_remote_store_has_the_same_answers_as_memory(server: Served, bundled: MemoryStore) -> None:
    here = FilmGraph(bundled, workspace=Workspace.find())
    with RemoteStore(f"{server.url}/sparql") as remote:
        there = FilmGraph(remote, workspace=Workspace.find())
        texts = {query.name: query.text for query in here.library if not query.network}
        assert len(texts) > 25
        for name, text in texts.items():
            assert there.query(text).to_csv() == here.query(text).to_csv(), name
        query = "CONSTRUCT { ?s ?p ?o } WHERE { ?s schema:itemReviewed film:her-2013 ; ?p ?o }"
        assert set(there.query(query)) == set(here.query(query)) != set()
        assert there.film("her-2013") == here.film("her-2013")


# Whoever means it harm


def test_no_query_leaves_the_machine(server: Served, listener: Listener) -> None:
    assert len(REACHING_OUT) >= 40
    let_through = []
    for number, template in enumerate(REACHING_OUT):
        text = listener.fill(template)
        if number % 2:
            status, body = ask(server, text)
        else:
            connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
            connection.request("GET", f"/sparql?query={quote(text)}")
            answer = connection.getresponse()
            status, body = answer.status, answer.read()
            connection.close()
        if status not in (400, 403):
            let_through.append((template, status))
        assert json.loads(body)["status"] == status
    assert let_through == []
    for template in NOT_QUITE:
        assert ask(server, listener.fill(template).replace("{ ?s ?p ?o }", "{ ?s ?p 1 }") + " LIMIT 1")[0] == 200
    assert listener.calls == 0


def test_no_graph_that_a_request_names_is_fetched(server: Served, writable: Served, listener: Listener) -> None:
    places = (f"http://{listener.address}/data.ttl", "file:///etc/passwd", "file:///proc/self/environ")
    for place in places:
        for name in ("default-graph-uri", "named-graph-uri"):
            status, body = ask(server, "SELECT * { { ?s ?p ?o } UNION { GRAPH ?g { ?s ?p ?o } } }", **{name: place})
            assert (status, json.loads(body)["results"]["bindings"]) == (200, [])
        for name in ("using-graph-uri", "using-named-graph-uri"):
            update = "INSERT { ?s ?p 'fetched' } WHERE { { ?s ?p ?o } UNION { GRAPH ?g { ?s ?p ?o } } }"
            assert ask(writable, update, update=True, **{name: place})[0] == 204
        for query in (
            f"SELECT * FROM <{place}> {{ ?s ?p ?o }}",
            f"ASK FROM NAMED <{place}> {{ GRAPH ?g {{ ?s ?p ?o }} }}",
        ):
            assert ask(server, query)[0] == 403
    assert json.loads(ask(writable, "ASK { ?s ?p 'fetched' }")[1])["boolean"] is False
    assert listener.calls == 0


def test_no_update_leaves_the_machine(writable: Served, listener: Listener) -> None:
    assert ask(writable, "CLEAR ALL ; INSERT DATA { <http://e.org/s> <http://e.org/p> 1 }", update=True)[0] == 204
    for template in UPDATES_REACHING_OUT:
        text = listener.fill(template)
        for parameters in ({}, {"using-graph-uri": f"http://{listener.address}/"}):
            status, body = ask(writable, text, update=True, **parameters)
            assert status in (400, 403), template
            assert json.loads(body)["status"] == status
    rows = json.loads(ask(writable, "SELECT * { ?s ?p ?o }")[1])["results"]["bindings"]
    assert len(rows) == 1
    assert listener.calls == 0


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("SELECT * " + "{" * 20_000 + "}" * 20_000, "nests deeper"),
        ("ASK {" + "(" * 20_000 + ")" * 20_000 + "}", "too wide"),
        ("ASK { FILTER(" + "!" * 20_000 + "true) }", "too wide"),
        ("SELECT * {" + " ".join(f"?a{n} ?b{n} ?c{n} ." for n in range(600)) + "}", "too wide"),
        ("SELECT * {" + "{} UNION " * 600 + "{}}", "too wide"),
        ("SELECT * { ?s " + "/".join(["fg:film"] * 600) + " ?o }", "too wide"),
        ("SELECT (" + "CONCAT(" * 20_000 + "'x'" + ")" * 20_000 + " AS ?x) {}", "nests deeper"),
        ("ASK { ?s ?p '" + "x" * 250_000 + "' }", "longer than"),
        ("ASK { ?s ?p '" + "\\u00e9" * 30_000, "never closed"),
    ],
)
def test_what_is_too_large_is_refused_before_it_runs(server: Served, query: str, told: str) -> None:
    status, body = ask(server, query)
    assert status == 400
    assert told in json.loads(body)["detail"]
    assert ask(server, "ASK {}")[0] == 200


def test_a_query_without_end_is_ended(hasty: Served) -> None:
    status, body = ask(hasty, ENDLESS.replace("?i }", "?i . ?j ?k ?l . ?m ?n ?o }"))
    assert (status, json.loads(body)["title"]) == (503, "Service Unavailable")
    status, page = ask(hasty, ENDLESS.replace("?i }", "?i . ?j ?k ?l . ?m ?n ?o }"), accept="text/html")
    assert status == 503
    assert b"found no end within 1 s" in page
    assert b"?j ?k ?l" in page, "what was asked can be corrected"
    assert ask(hasty, "ASK {}")[0] == 200


@pytest.mark.parametrize("accept", ["application/json", "text/csv", "application/sparql-results+xml"])
def test_an_answer_that_is_too_large_is_none(server: Served, accept: str) -> None:
    status, body = ask(server, LARGE, accept=accept)
    assert status == 422
    assert json.loads(body)["status"] == 422
    status, page = ask(server, LARGE, accept="text/html")
    assert status == 422
    assert b"</html>" in page


def begin(server: Served, query: str) -> Any:
    """Send a query and return the connection, without waiting for the answer."""
    connection = server.connect(seconds=60)
    connection.sendall(f"GET /sparql?query={quote(query)} HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\n\r\n".encode())
    return connection


def test_a_client_has_its_share(server: Served) -> None:
    busy = [begin(server, ENDLESS) for _ in range(2)]
    try:
        time.sleep(0.3)
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
        connection.request("GET", f"/sparql?query={quote('ASK {}')}")
        answer = connection.getresponse()
        assert (answer.status, answer.getheader("content-type")) == (429, "application/problem+json")
        assert int(answer.getheader("retry-after") or 0) > 0
        connection.close()
    finally:
        for each in busy:
            each.close()


def test_a_query_is_called_off_when_its_client_is_gone(server: Served) -> None:
    for _ in range(3):
        gone = [begin(server, ENDLESS) for _ in range(2)]
        time.sleep(0.2)
        for each in gone:
            each.close()
        # Were they still running, this client would have no share left.
        assert ask(server, "ASK {}")[0] == 200


def test_a_client_that_leaves_early_does_no_harm(server: Served) -> None:
    for length in (10, 40, 120):
        connection = server.connect()
        head = f"POST /sparql HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\nContent-Type: application/sparql-query\r\n"
        connection.sendall((head + "Content-Length: 1000\r\n\r\nASK {").encode()[:length])
        connection.close()
    assert ask(server, "ASK {}")[0] == 200


# The page

SCRIPT = "<script>alert(1)</script>"
HOSTILE = f"""
    PREFIX x: <http://example.org/{quote('"><script>')}>
    INSERT DATA {{
        <javascript:alert(1)> <http://example.org/p> '''{SCRIPT}" onload="alert(1)''' .
        <data:text/html,x> <javascript:alert(2)> "{SCRIPT}"@en-x-a .
        <http://example.org/'onclick='alert(3)> <http://example.org/p> "x"^^<http://example.org/&quot;&lt;script&gt;> .
        x:s <http://example.org/p> "</textarea>{SCRIPT}", "{{{{ 7 * 7 }}}}", "\\u0000\\u202e\\uFFFE" .
    }}"""


def test_terms_that_are_hostile_do_nothing(client: TestClient) -> None:
    for query in ("SELECT * { ?s ?p ?o }", "CONSTRUCT WHERE { ?s ?p ?o }", f"SELECT ('''{SCRIPT}''' AS ?x) {{}}"):
        page = client.get("/sparql", params={"query": query}, headers={"Accept": "text/html"})
        assert page.status_code == 200
        assert "alert(1)" in page.text
        assert SCRIPT not in page.text
        assert not re.search(r"<[^>]*\son\w+\s*=", page.text)
        assert not re.search(r"(?:href|src|action)\s*=\s*[\"']?\s*(?:javascript|data):", page.text, re.IGNORECASE)
        assert " style=" not in page.text
        assert "49" not in re.findall(r"<td>(.*?)</td>", page.text)


@pytest.mark.parametrize("query", [f"</textarea>{SCRIPT}", f"SELECT {SCRIPT}", f"ASK {{ ?s ?p '{SCRIPT}' "])
def test_a_query_that_is_hostile_does_nothing(client: TestClient, query: str) -> None:
    page = client.get("/sparql", params={"query": query}, headers={"Accept": "text/html"})
    assert page.status_code == 400
    assert SCRIPT not in page.text
    assert page.text.count("</textarea>") == 1


def test_the_page_shows_rows_links_and_downloads(server: Served) -> None:
    status, page = ask(server, FILMS, accept="text/html")
    text = page.decode()
    rows = json.loads(ask(server, FILMS)[1])["results"]["bindings"]
    assert status == 200
    assert f"{len(rows):,} rows" in text
    assert text.count("<tr>") == len(rows) + 1
    assert 'href="/film/her-2013"' in text
    for form in ("json", "xml", "csv", "tsv"):
        assert f"format={form}" in text
    assert "CSV" in text
    assert '<a href="/sparql?query=' in text


def test_the_page_shows_a_thousand_rows_at_the_most(server: Served) -> None:
    query = "SELECT ?s ?p ?o { ?s ?p ?o } LIMIT 30000"
    _, page = ask(server, query, accept="text/html")
    assert page.count(b"<tr>") == 1_001
    assert b"30,000 rows; the first 1,000 are shown" in page
    long = query + " #" + "x" * 9_000
    _, page = ask(server, long, accept="text/html")
    assert b"format=csv" not in page, "an address would be too long"
    assert b'name="format" value="csv"' in page


def test_the_page_tells_the_truth(client: TestClient) -> None:
    for query, told in (("ASK {}", "Yes."), ("ASK { ?s ?p 'no' }", "No."), ("SELECT * { ?s ?p 'no' }", "0 rows")):
        assert told in client.get("/sparql", params={"query": query}, headers={"Accept": "text/html"}).text
    page = client.get("/sparql", params={"query": "SELECT * {} "}, headers={"Accept": "text/html"})
    assert "1 row" in page.text


def test_the_editor_takes_an_example_of_the_library(client: TestClient) -> None:
    page = client.get("/sparql", params={"example": "films-by-decade"}, headers={"Accept": "text/html"})
    library = FilmGraph(MemoryStore(), workspace=Workspace.find()).library
    assert page.status_code == 200
    assert library["films-by-decade"].text.splitlines()[0].split("# ")[1] in page.text
    missing = client.get("/sparql", params={"example": "no-such"}, headers={"Accept": "text/html"})
    assert missing.status_code == 404


def test_a_download_of_the_page_is_what_it_says(client: TestClient) -> None:
    page = client.get("/sparql", params={"query": "CONSTRUCT WHERE { ?s ?p ?o }"}, headers={"Accept": "text/html"}).text
    links = dict(re.findall(r'<a href="(/sparql\?[^"]*format=(\w+))"', page))
    assert set(links.values()) == {"turtle", "ntriples", "rdfxml", "jsonld"}
    link = next(link for link, form in links.items() if form == "ntriples").replace("&amp;", "&")
    found = list(ox.parse(client.get(link).content, format=ox.RdfFormat.N_TRIPLES))
    assert len(found) == 6
