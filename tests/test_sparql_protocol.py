"""The endpoint, line by line of the SPARQL 1.1 Protocol: operations, dataset, forms of the answer, and errors."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote, urlencode

import pyoxigraph as ox
import pytest
from starlette.exceptions import HTTPException
from starlette.testclient import TestClient

from filmgraph.graph import FilmGraph
from filmgraph.queries import tokens_of
from filmgraph.sandbox import SOLUTION_FORMS, TRIPLE_FORMS
from filmgraph.stores import DiskStore, MemoryStore
from filmgraph.web import Settings, create_app
from filmgraph.web.protocol import read_operation, result_form, with_dataset

TINY = Path(__file__).parent / "data" / "tiny.ttl"
ONE, TWO, NONE = "http://example.org/one", "http://example.org/two", "http://example.org/none"
FORM = "application/x-www-form-urlencoded"
GRAPHS = f"""
    INSERT DATA {{ GRAPH <{ONE}> {{ <{ONE}> a <http://example.org/Thing> }}
                   GRAPH <{TWO}> {{ <{TWO}> a <http://example.org/Thing> }} }}"""
FORMATS = {
    "turtle": ox.RdfFormat.TURTLE,
    "ntriples": ox.RdfFormat.N_TRIPLES,
    "rdfxml": ox.RdfFormat.RDF_XML,
    "jsonld": ox.RdfFormat.JSON_LD,
}
THINGS = "SELECT ?s { ?s a <http://example.org/Thing> } ORDER BY ?s"
NAMED_THINGS = "SELECT ?s { GRAPH ?g { ?s a <http://example.org/Thing> } } ORDER BY ?s"
RESULTS = "application/sparql-results+json"


@pytest.fixture(scope="module")
def client() -> Iterator[TestClient]:
    """An endpoint that only reads, over the tiny graph and two named graphs."""
    with MemoryStore.of_files([TINY]) as store:
        store.update(GRAPHS)
        with TestClient(create_app(FilmGraph(store))) as client:
            yield client


@pytest.fixture(scope="module")
def writable(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """An endpoint that takes updates; each test clears it first."""
    folder = tmp_path_factory.mktemp("written") / "store"
    DiskStore(folder, writable=True).close()
    with DiskStore(folder) as store, TestClient(create_app(FilmGraph(store), Settings(writable=True))) as client:
        yield client


def subjects(answer: object) -> list[str]:
    """Return the values of the first column of an answer in JSON."""
    assert answer.status_code == 200, answer.text  # type: ignore[attr-defined]
    found = answer.json()  # type: ignore[attr-defined]
    return [row[found["head"]["vars"][0]]["value"] for row in found["results"]["bindings"]]


def updated(client: TestClient, text: str, **parameters: object) -> int:
    """Send an update and return the status."""
    query = f"?{urlencode(parameters, doseq=True)}" if parameters else ""
    sent = client.post(f"/sparql{query}", content=text, headers={"Content-Type": "application/sparql-update"})
    return int(sent.status_code)


# 2.1 Query


def test_a_query_by_get(client: TestClient) -> None:
    answer = client.get("/sparql", params={"query": "ASK {}"})
    assert (answer.status_code, answer.json()["boolean"]) == (200, True)
    assert answer.headers["content-type"] == RESULTS


def test_a_query_by_post_of_a_form(client: TestClient) -> None:
    answer = client.post("/sparql", content="query=ASK%20%7B%7D", headers={"Content-Type": FORM})
    assert answer.json()["boolean"] is True
    answer = client.post(
        "/sparql", content="query=ASK+%7B%7D", headers={"Content-Type": f"{FORM.upper()}; charset=UTF-8"}
    )
    assert answer.json()["boolean"] is True


def test_a_query_by_post_of_its_text(client: TestClient) -> None:
    for content_type in ("application/sparql-query", "application/sparql-query; charset=utf-8"):
        answer = client.post("/sparql", content="ASK {}", headers={"Content-Type": content_type})
        assert answer.json()["boolean"] is True


def test_a_query_is_utf_8_by_every_way(client: TestClient) -> None:
    text = 'SELECT ("Amélie 😀" AS ?x) {}'
    ways = (
        client.get("/sparql", params={"query": text}),
        client.post("/sparql", data={"query": text}),
        client.post("/sparql", content=text.encode(), headers={"Content-Type": "application/sparql-query"}),
    )
    assert [subjects(answer) for answer in ways] == [["Amélie 😀"]] * 3


def test_the_answer_to_head_is_the_head_of_that_to_get(client: TestClient) -> None:
    got, told = (getattr(client, method)("/sparql", params={"query": THINGS}) for method in ("get", "head"))
    assert told.status_code == 200
    assert told.headers["content-type"] == got.headers["content-type"]


@pytest.mark.parametrize(
    ("parameters", "query", "expected"),
    [
        ({}, THINGS, []),
        ({}, NAMED_THINGS, [ONE, TWO]),
        ({"default-graph-uri": ONE}, THINGS, [ONE]),
        ({"default-graph-uri": [ONE, TWO]}, THINGS, [ONE, TWO]),
        ({"default-graph-uri": ONE}, NAMED_THINGS, []),
        ({"named-graph-uri": TWO}, NAMED_THINGS, [TWO]),
        ({"named-graph-uri": TWO}, THINGS, []),
        ({"default-graph-uri": ONE, "named-graph-uri": TWO}, THINGS, [ONE]),
        ({"default-graph-uri": ONE, "named-graph-uri": TWO}, NAMED_THINGS, [TWO]),
        ({"default-graph-uri": NONE}, THINGS, []),
        ({"default-graph-uri": NONE}, "SELECT * { ?s ?p ?o }", []),
        ({"named-graph-uri": NONE}, NAMED_THINGS, []),
        ({}, THINGS.replace("{", f"FROM <{TWO}> {{", 1), [TWO]),
        ({}, NAMED_THINGS.replace("{", f"FROM NAMED <{TWO}> {{", 1), [TWO]),
        ({"default-graph-uri": ONE}, THINGS.replace("{", f"FROM <{TWO}> {{", 1), [ONE]),
        ({"named-graph-uri": ONE}, NAMED_THINGS.replace("{", f"FROM NAMED <{TWO}> {{", 1), [ONE]),
    ],
)
def test_the_dataset_of_a_query(
    client: TestClient, parameters: dict[str, object], query: str, expected: list[str]
) -> None:
    address = f"/sparql?{urlencode(parameters, doseq=True)}"
    ways = (
        client.get("/sparql", params={**parameters, "query": query}),
        client.post("/sparql", data={**parameters, "query": query}),
        client.post(address, content=query, headers={"Content-Type": "application/sparql-query"}),
        client.post(address, content=urlencode({"query": query}), headers={"Content-Type": FORM}),
    )
    assert [subjects(answer) for answer in ways] == [expected] * 4


FORMS_WANTED = [
    ("SELECT (1 AS ?x) {}", None, RESULTS),
    ("SELECT (1 AS ?x) {}", "*/*", RESULTS),
    ("SELECT (1 AS ?x) {}", "application/json", RESULTS),
    ("SELECT (1 AS ?x) {}", "application/sparql-results+xml", "application/sparql-results+xml"),
    ("SELECT (1 AS ?x) {}", "application/xml", "application/sparql-results+xml"),
    ("SELECT (1 AS ?x) {}", "text/csv", "text/csv; charset=utf-8"),
    ("SELECT (1 AS ?x) {}", "text/tab-separated-values", "text/tab-separated-values; charset=utf-8"),
    ("SELECT (1 AS ?x) {}", "text/turtle, text/csv;q=0.5", "text/csv; charset=utf-8"),
    ("SELECT (1 AS ?x) {}", f"{RESULTS};q=0.1, text/csv;q=0.2", "text/csv; charset=utf-8"),
    ("SELECT (1 AS ?x) {}", f"text/csv;q=0, {RESULTS};q=0.1", RESULTS),
    ("SELECT (1 AS ?x) {}", "text/html;q=0.5, application/sparql-results+xml", "application/sparql-results+xml"),
    ("SELECT (1 AS ?x) {}", "text/html,application/xhtml+xml,*/*;q=0.8", "text/html; charset=utf-8"),
    ("ASK {}", None, RESULTS),
    ("ASK {}", "application/sparql-results+xml", "application/sparql-results+xml"),
    ("DESCRIBE <http://example.org/>", None, "text/turtle; charset=utf-8"),
    ("CONSTRUCT { <http://e.org/s> <http://e.org/p> 1 } {}", "*/*", "text/turtle; charset=utf-8"),
    ("CONSTRUCT { <http://e.org/s> <http://e.org/p> 1 } {}", "application/n-triples", "application/n-triples"),
    ("CONSTRUCT { <http://e.org/s> <http://e.org/p> 1 } {}", "application/rdf+xml", "application/rdf+xml"),
    ("CONSTRUCT { <http://e.org/s> <http://e.org/p> 1 } {}", "application/ld+json", "application/ld+json"),
    ("CONSTRUCT { <http://e.org/s> <http://e.org/p> 1 } {}", "application/json;q=0.9, text/csv", "application/ld+json"),
]  # fmt: skip


@pytest.mark.parametrize(("query", "accept", "media_type"), FORMS_WANTED)
def test_the_form_of_an_answer_by_accept(client: TestClient, query: str, accept: str | None, media_type: str) -> None:
    headers = {"Accept": accept} if accept else {}
    if accept is None:
        client.headers.pop("accept", None)
    answer = client.get("/sparql", params={"query": query}, headers=headers)
    assert (answer.status_code, answer.headers["content-type"]) == (200, media_type)
    assert "Accept" in answer.headers["vary"]


@pytest.mark.parametrize(
    ("query", "accept"),
    [
        ("SELECT * {}", "text/turtle"),
        ("SELECT * {}", "image/png"),
        ("SELECT * {}", "application/sparql-results+json;q=0"),
        ("ASK {}", "text/csv"),
        ("CONSTRUCT WHERE { ?s ?p ?o }", "text/csv, application/sparql-results+json"),
    ],
)
def test_what_cannot_be_had_in_the_form_that_is_wanted(client: TestClient, query: str, accept: str) -> None:
    answer = client.get("/sparql", params={"query": query}, headers={"Accept": accept})
    assert (answer.status_code, answer.headers["content-type"]) == (406, "application/problem+json")
    assert "can be had as" in answer.json()["detail"]


def test_all_forms_say_the_same(client: TestClient) -> None:
    query = "SELECT ?s ?name { ?s a fg:Film ; schema:name ?name OPTIONAL { ?s fg:nothing ?none } } ORDER BY ?s"
    texts = {form: client.get("/sparql", params={"query": query, "format": form}).text for form in SOLUTION_FORMS}
    expected = [(row["s"]["value"], row["name"]["value"]) for row in json.loads(texts["json"])["results"]["bindings"]]
    assert len(expected) > 2
    assert [tuple(row) for row in list(csv.reader(io.StringIO(texts["csv"])))[1:]] == expected
    for form in (ox.QueryResultsFormat.XML, ox.QueryResultsFormat.TSV):
        text = texts["xml" if form == ox.QueryResultsFormat.XML else "tsv"]
        parsed = ox.parse_query_results(text, format=form)
        assert [(row["s"].value, row["name"].value) for row in parsed] == expected  # type: ignore[union-attr]
    graphs = []
    for form, parser in FORMATS.items():
        text = client.get("/sparql", params={"query": "CONSTRUCT WHERE { ?s a fg:Film }", "format": form}).text
        graphs.append({quad.triple for quad in ox.parse(text, format=parser)})
    assert len(graphs[0]) == len(expected)
    assert graphs[1:] == graphs[:1] * 3


@pytest.mark.parametrize(
    ("query", "asked", "media_type"),
    [
        ("SELECT * {}", "json", RESULTS),
        ("SELECT * {}", "CSV", "text/csv; charset=utf-8"),
        ("SELECT * {}", "text/csv", "text/csv; charset=utf-8"),
        ("SELECT * {}", "html", "text/html; charset=utf-8"),
        ("CONSTRUCT WHERE { ?s ?p ?o }", "xml", "application/rdf+xml"),
        ("CONSTRUCT WHERE { ?s ?p ?o }", "application/rdf+xml", "application/rdf+xml"),
        ("CONSTRUCT WHERE { ?s ?p ?o }", "json", "application/ld+json"),
        ("CONSTRUCT WHERE { ?s ?p ?o }", "nt", "application/n-triples"),
    ],
)
def test_the_form_of_an_answer_by_name(client: TestClient, query: str, asked: str, media_type: str) -> None:
    for name in ("format", "output"):
        answer = client.get("/sparql", params={"query": query, name: asked}, headers={"Accept": "image/png"})
        assert (answer.status_code, answer.headers["content-type"]) == (200, media_type)
    assert client.get("/sparql", params={"query": query, "format": "docx"}).status_code == 406


def test_relative_iris_are_read_against_the_address_of_the_endpoint(client: TestClient) -> None:
    answer = client.get("/sparql", params={"query": "SELECT (IRI('x') AS ?i) (<y> AS ?j) {}"})
    assert [each["value"] for each in answer.json()["results"]["bindings"][0].values()] == [
        "http://testserver/x",
        "http://testserver/y",
    ]


def test_a_host_that_is_none_does_no_harm(client: TestClient) -> None:
    answer = client.get("/sparql", params={"query": "SELECT (<x> AS ?i) {}"}, headers={"Host": 'evil"><script>'})
    assert subjects(answer) == ["http://localhost/x"]


# 2.1.7 and the refusals of the protocol


@pytest.mark.parametrize(
    ("method", "address", "content_type", "body", "status"),
    [
        ("GET", "query=ASK%20%7B%7D&query=SELECT%20%2A%20%7B%7D", None, "", 400),
        ("GET", "query=ASK%20%7B%7D&update=CLEAR%20ALL", None, "", 400),
        ("GET", "update=CLEAR%20ALL", None, "", 400),
        ("HEAD", "update=CLEAR%20ALL", None, "", 400),
        ("GET", "query=ASK%20%7B%7D&using-graph-uri=http%3A%2F%2Fe.org%2F", None, "", 400),
        ("GET", "query=ASK%20%7B%7D&default-graph-uri=relative", None, "", 400),
        ("GET", "query=ASK%20%7B%7D&default-graph-uri=http%3A%2F%2Fe.org%2F%3E%20x", None, "", 400),
        ("GET", "query=%FF", None, "", 400),
        ("GET", "query=ASK%20%7B%7D" + "&x=1" * 1_000, None, "", 400),
        ("GET", "query=", None, "", 400),
        ("GET", "query=ASK%20%7B", None, "", 400),
        ("POST", "", FORM, "query=ASK%20%7B%7D&query=ASK%20%7B%7D", 400),
        ("POST", "", FORM, "query=ASK%20%7B%7D&update=CLEAR%20ALL", 400),
        ("POST", "", FORM, "update=CLEAR%20NAMED&update=CLEAR%20DEFAULT", 400),
        ("POST", "query=ASK%20%7B%7D", FORM, "query=ASK%20%7B%7D", 400),
        ("POST", "query=ASK%20%7B%7D", FORM, "", 400),
        ("POST", "query=ASK%20%7B%7D", "application/sparql-query", "ASK {}", 400),
        ("POST", "", FORM, "q=ASK%20%7B%7D", 400),
        ("POST", "", FORM, "query=%FF", 400),
        ("POST", "using-graph-uri=http%3A%2F%2Fe.org%2F", "application/sparql-query", "ASK {}", 400),
        ("POST", "default-graph-uri=http%3A%2F%2Fe.org%2F", "application/sparql-update", "CLEAR ALL", 400),
        ("POST", "", "application/sparql-query", b"ASK { ?s ?p '\xff' }", 400),
        ("POST", "", "application/sparql-query", "SELECT", 400),
        ("POST", "", "application/sparql-query", "CLEAR ALL", 400),
        ("POST", "", None, "query=ASK%20%7B%7D", 415),
        ("POST", "", None, "ASK {}", 415),
        ("POST", "", "text/plain", "ASK {}", 415),
        ("POST", "", "multipart/form-data; boundary=x", "--x--", 415),
        ("POST", "", "application/json", '{"query": "ASK {}"}', 415),
        ("POST", "", "application/sparql-query; charset=UTF-16", "ASK {}".encode("utf-16"), 415),
        ("POST", "", f"{FORM}; charset=ISO-8859-1", "query=ASK%20%7B%7D", 415),
        ("POST", "", "application/sparql-update; charset=UTF-16", "CLEAR NAMED".encode("utf-16"), 415),
        ("PUT", "query=ASK%20%7B%7D", FORM, "", 405),
        ("DELETE", "query=ASK%20%7B%7D", None, "", 405),
        ("PATCH", "", "application/sparql-query", "ASK {}", 405),
        ("POST", "", FORM, "update=CLEAR%20ALL", 403),
        ("POST", "", "application/sparql-update", "CLEAR ALL", 403),
        ("POST", "", "application/sparql-query", "#" * 1_100_000, 413),
    ],
)  # fmt: skip
def test_what_the_protocol_does_not_allow(
    client: TestClient, method: str, address: str, content_type: str | None, body: str | bytes, status: int
) -> None:
    headers = {"Content-Type": content_type} if content_type else {}
    answer = client.request(method, f"/sparql?{address}", content=body, headers=headers)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["access-control-allow-origin"] == "*"
    if method != "HEAD":
        told = answer.json()
        assert told["status"] == status
        assert len(told["detail"]) > 10
    if status == 405:
        assert answer.headers["allow"] == "GET, HEAD, POST, OPTIONS"


@pytest.mark.parametrize(
    ("query", "line", "column"),
    [
        ("SELECT * { ?s a fg:Film ", 1, 25),
        ("SELECT *\n{ ?s a fg:Film ; }}", 2, 20),
        ("SELECT *\n{ ?s a 'open }", 2, 8),
        ("ASK {\n  ?s e:x ?o }", 2, 6),
        ("ASK {\n  FILTERBOUND(?s) }", 2, 3),
    ],
)
def test_a_slip_is_told_with_its_place(client: TestClient, query: str, line: int, column: int) -> None:
    told = client.get("/sparql", params={"query": query})
    assert told.status_code == 400
    assert (told.json()["line"], told.json()["column"]) == (line, column), told.text


# 2.2 Update


def test_an_update_by_post_of_a_form_and_of_its_text(writable: TestClient) -> None:
    assert writable.post("/sparql", data={"update": "CLEAR ALL"}).status_code == 204
    assert updated(writable, f"INSERT DATA {{ <{ONE}> a fg:Film }}") == 204
    assert subjects(writable.get("/sparql", params={"query": "SELECT ?s { ?s a fg:Film }"})) == [ONE]


@pytest.mark.parametrize(
    ("where", "parameters", "expected"),
    [
        ("INSERT { ?s a <http://e.org/X> } WHERE { ?s a <http://example.org/Thing> }", {"using-graph-uri": ONE}, [ONE]),
        ("INSERT { ?s a <http://e.org/X> } WHERE { ?s a <http://example.org/Thing> }", {}, []),
        (
            "INSERT { ?s a <http://e.org/X> } WHERE { ?s a <http://example.org/Thing> }",
            {"using-graph-uri": [ONE, TWO]},
            [ONE, TWO],
        ),
        (
            "INSERT { ?s a <http://e.org/X> } WHERE { GRAPH ?g { ?s a <http://example.org/Thing> } }",
            {"using-named-graph-uri": TWO},
            [TWO],
        ),
        (
            "INSERT { ?s a <http://e.org/X> } WHERE { GRAPH ?g { ?s a <http://example.org/Thing> } }",
            {"using-graph-uri": TWO},
            [],
        ),
        (
            "PREFIX where: <http://e.org/> INSERT # WHERE {\n { ?s a where:X } WHERE { ?s a ?c "
            "FILTER(STR(?c) != 'WHERE {') { SELECT ?s WHERE { ?s ?p ?o } } } ; "
            "INSERT { ?s a <http://e.org/X> } WHERE { GRAPH ?g { ?s a <http://example.org/Thing> } }",
            {"using-graph-uri": ONE, "using-named-graph-uri": TWO},
            [ONE, TWO],
        ),
    ],
)  # fmt: skip
def test_the_dataset_of_an_update(
    writable: TestClient, where: str, parameters: dict[str, object], expected: list[str]
) -> None:
    assert updated(writable, f"CLEAR ALL ; {GRAPHS}") == 204
    assert updated(writable, where, **parameters) == 204
    query = "SELECT ?s { ?s a <http://e.org/X> } ORDER BY ?s"
    assert subjects(writable.get("/sparql", params={"query": query})) == expected


def test_a_dataset_and_a_clause_contradict_each_other(writable: TestClient) -> None:
    parameters = {"using-graph-uri": ONE}
    for update in (
        f"WITH <{TWO}> DELETE {{ ?s ?p ?o }} WHERE {{ ?s ?p ?o }}",
        f"DELETE {{ ?s ?p ?o }} USING <{TWO}> WHERE {{ ?s ?p ?o }}",
        f"CLEAR ALL ; INSERT {{ ?s ?p 1 }} using named <{TWO}> WHERE {{ ?s ?p ?o }}",
    ):
        assert updated(writable, GRAPHS) == 204
        assert updated(writable, update, **parameters) == 400
        assert len(subjects(writable.get("/sparql", params={"query": NAMED_THINGS}))) == 2
        assert updated(writable, update) == 204


def test_deleting_where_sees_the_dataset_of_the_request() -> None:
    store = ox.Store()
    store.update(GRAPHS)
    store.update(f"INSERT DATA {{ <{ONE}> a <http://example.org/Thing> }}")
    text = with_dataset("DELETE WHERE { # }\n ?s a ?c } ; INSERT { ?s ?s 1 } WHERE { ?s a ?c }", [TWO], [])
    assert text.count(f"USING <{TWO}>") == 2
    assert list(tokens_of(text)).count(("word", "WHERE")) == 2
    store.update(text)
    # What stands in TWO is not in the default graph, from which DELETE takes.
    left = store.quads_for_pattern(None, None, None, ox.DefaultGraph())
    assert {str(quad.subject) for quad in left} == {f"<{ONE}>", f"<{TWO}>"}


def test_relative_iris_in_an_update(writable: TestClient) -> None:
    assert updated(writable, "CLEAR ALL ; INSERT DATA { <x> <y> <z> }") == 204
    assert subjects(writable.get("/sparql", params={"query": "SELECT ?s { ?s ?p ?o }"})) == ["http://testserver/x"]


@pytest.mark.parametrize("update", ["CLEAR XYZ", "INSERT DATA { ?x a ?y }", "SELECT * {}", "INSERT DATA { <a> a 'x }"])
def test_an_update_that_is_none(writable: TestClient, update: str) -> None:
    assert updated(writable, update) == 400
    assert writable.post("/sparql", data={"update": update}).status_code == 400


def test_an_update_is_whole_or_not_at_all(writable: TestClient) -> None:
    assert updated(writable, f"CLEAR ALL ; {GRAPHS}") == 204
    assert updated(writable, f"CLEAR ALL ; CREATE GRAPH <{NONE}> ; CREATE GRAPH <{NONE}>") >= 400
    assert len(subjects(writable.get("/sparql", params={"query": NAMED_THINGS}))) == 2


def test_the_site_shows_what_an_update_changed(writable: TestClient) -> None:
    assert updated(writable, "CLEAR ALL") == 204
    assert updated(writable, tiny_as_update()) == 204
    assert "Alpha" not in writable.get("/film/new-film-2020.nt").text
    film = '<https://w3id.org/filmgraph/film/new-film-2020> a fg:Film ; schema:name "{}" ; fg:releaseYear 2020'
    assert updated(writable, f"INSERT DATA {{ {film.format('Alpha')} }}") == 204
    assert "Alpha" in writable.get("/film/new-film-2020.nt").text
    assert (
        updated(writable, f"DELETE DATA {{ {film.format('Alpha')} }} ; INSERT DATA {{ {film.format('Beta')} }}") == 204
    )
    shown = writable.get("/film/new-film-2020.nt")
    assert "Beta" in shown.text
    assert "Alpha" not in shown.text
    described = writable.get("/sparql", headers={"Accept": "application/n-triples"}).text
    assert "SPARQL11Update" in described


def tiny_as_update() -> str:
    quads = ox.parse(TINY.read_bytes(), format=ox.RdfFormat.TURTLE)
    lines = ox.serialize((quad.triple for quad in quads), format=ox.RdfFormat.N_TRIPLES)
    assert lines is not None
    return f"INSERT DATA {{ {lines.decode()} }}"


def test_a_page_of_another_site_changes_nothing(writable: TestClient) -> None:
    assert updated(writable, f"CLEAR ALL ; {GRAPHS}") == 204
    for headers in ({"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}, {"Origin": "null"}):
        assert writable.post("/sparql", data={"update": "CLEAR ALL"}, headers=headers).status_code == 403
    assert len(subjects(writable.get("/sparql", params={"query": NAMED_THINGS}))) == 2
    assert (
        writable.post("/sparql", data={"update": "CLEAR ALL"}, headers={"Origin": "http://testserver"}).status_code
        == 204
    )


# What the protocol leaves open


def test_another_page_may_ask(client: TestClient) -> None:
    asked = {"Origin": "https://example.org", "Access-Control-Request-Headers": "content-type"}
    allowed = client.options("/sparql", headers={**asked, "Access-Control-Request-Method": "POST"})
    assert allowed.status_code == 204
    assert allowed.headers["access-control-allow-origin"] == "*"
    assert "POST" in allowed.headers["access-control-allow-methods"]
    assert "content-type" in allowed.headers["access-control-allow-headers"].lower()
    answer = client.post("/sparql", data={"query": "ASK {}"}, headers={"Origin": "https://example.org"})
    assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (200, "*")


def test_an_answer_is_not_sent_twice(client: TestClient) -> None:
    first = client.get("/sparql", params={"query": THINGS})
    again = client.get("/sparql", params={"query": THINGS}, headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    other = client.get("/sparql", params={"query": NAMED_THINGS}, headers={"If-None-Match": first.headers["etag"]})
    assert other.status_code == 200


def test_the_prefixes_of_the_project_need_no_declaration(client: TestClient) -> None:
    declared = "PREFIX fg: <http://example.org/other#> ASK { ?s a fg:Film }"
    assert client.get("/sparql", params={"query": "ASK { ?s a fg:Film }"}).json()["boolean"] is True
    assert client.get("/sparql", params={"query": declared}).json()["boolean"] is False


def test_the_slash_at_the_end_does_not_matter(client: TestClient) -> None:
    assert client.get("/sparql/", params={"query": "ASK {}"}).json()["boolean"] is True
    sent = client.post("/sparql/", content="ASK {}", headers={"Content-Type": "application/sparql-query"})
    assert sent.json()["boolean"] is True


# The functions beneath


def test_the_forms_are_those_of_the_sandbox() -> None:
    for query_form, forms in (("SELECT", SOLUTION_FORMS), ("CONSTRUCT", TRIPLE_FORMS), ("DESCRIBE", TRIPLE_FORMS)):
        for form in forms:
            assert result_form(query_form, None, form) == form
    assert {result_form("ASK", None, form) for form in ("json", "xml")} == {"json", "xml"}
    with pytest.raises(HTTPException):
        result_form("ASK", None, "csv")


def test_a_graph_that_is_given_twice_counts_once() -> None:
    address = f"query=ASK&default-graph-uri={quote(ONE)}&default-graph-uri={quote(ONE)}".encode()
    assert read_operation("GET", address, None, b"").default_graphs == (ONE,)


@pytest.mark.parametrize("graph", ["", "x", "//e.org/", "http://e.org/ x", "http://e.org/>", "a:\\u003e", "a:{", "1:x"])
def test_what_is_no_iri_of_a_graph(graph: str) -> None:
    with pytest.raises(HTTPException) as caught:
        read_operation("GET", urlencode({"query": "ASK {}", "named-graph-uri": graph}).encode(), None, b"")
    assert caught.value.status_code == 400


def test_only_where_clauses_get_a_dataset() -> None:
    untouched = (
        "INSERT DATA { <http://e.org/s> <http://e.org/p> 'WHERE { USING WITH DELETE' } ; CLEAR ALL ; "
        "COPY <http://e.org/a> TO <http://e.org/b> # WHERE USING\n"
    )
    assert with_dataset(untouched, [ONE], [TWO]) == untouched
    assert with_dataset("anything WITH", [], []) == "anything WITH"
