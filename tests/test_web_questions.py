"""The query library on the site: each form gives what the library gives, and what is typed wrongly comes back."""

from __future__ import annotations

import csv
import io
import json
import re
import shlex
from html import unescape
from typing import Any
from urllib.parse import urlsplit

import pytest
from starlette.testclient import TestClient

from filmgraph.errors import BusyError, QueryTimeoutError, WorkerError
from filmgraph.graph import FilmGraph
from filmgraph.pages import folded_rows
from filmgraph.queries import QueryLibrary, command_line, example_values, python_lines
from filmgraph.web import Settings, create_app
from filmgraph.web.questions import GROUPS, MOST_ROWS, pages
from filmgraph.web.site import Ask, Site
from filmgraph.workspace import Workspace

HTML = {"accept": "text/html"}
LIBRARY = QueryLibrary(Workspace.find().queries)
LOCAL = [query.name for query in LIBRARY if not query.network]
PAGES = {page.path: page for page in pages()}
HOSTILE = (
    "x" * 5_000,
    "\x00\x1f\x7f",
    "'\"><script>alert(1)</script>",
    "javascript:alert(1)",
    "her-2013> } SELECT ?x { <",
    "} UNION { SERVICE <http://127.0.0.1:1/> { ?s ?p ?o } } #",
    "UNDEF",
    "\\u0022",
    "9" * 400,
    "%00",
)


def examples(name: str) -> dict[str, list[str]]:
    query = LIBRARY[name]
    values = {parameter.name: example_values(query, parameter) for parameter in query.parameters}
    return {parameter: given for parameter, given in values.items() if given}


def page(client: TestClient, path: str, status: int = 200) -> str:
    answer = client.get(path, headers=HTML)
    assert answer.status_code == status, answer.text[:400]
    return answer.text


def test_every_query_stands_in_one_group() -> None:
    grouped = [name for names in GROUPS.values() for name in names]
    assert sorted(grouped) == sorted(LIBRARY.names)


def test_the_library_lists_every_query(client: TestClient) -> None:
    text = page(client, "/queries")
    for query in LIBRARY:
        assert f'href="/queries/{query.name}">' in text
        assert query.title in unescape(text)
    listed = client.get("/queries.json").json()
    assert sorted(each["name"] for each in listed) == sorted(LIBRARY.names)
    assert "More questions" not in text


@pytest.mark.parametrize("name", LOCAL)
def test_a_query_gives_by_its_form_what_the_library_gives(client: TestClient, graph: FilmGraph, name: str) -> None:
    rows = graph.query(name, examples(name))
    answer = client.get(f"/queries/{name}.csv", params={**examples(name), "exact": "1", "spoilers": "1"})
    assert answer.status_code == 200, answer.text[:300]
    assert answer.text == rows.to_csv()
    shown = page(client, f"/queries/{name}")
    assert re.search(rf'Answer <span class="note">{len(rows):,} rows?\b', shown)
    table = re.search(r'<table class="answer-rows">.*?</table>', shown, re.S)
    assert (table[0].count("<tr>") - 1 if table else 0) == min(len(rows), MOST_ROWS)


@pytest.mark.parametrize("name", ["film-page", "rare-techniques", "credits"])
def test_rows_are_there_in_every_form(client: TestClient, graph: FilmGraph, name: str) -> None:
    rows = folded_rows(graph.store, graph.query(name, examples(name)), hint="?spoilers=1 shows it")
    assert client.get(f"/queries/{name}.json").json() == json.loads(rows.to_json())
    results = client.get(f"/queries/{name}", headers={"accept": "application/sparql-results+json"})
    assert results.headers["content-type"] == "application/sparql-results+json"
    assert results.json() == json.loads(rows.to_sparql_json())
    assert client.get(f"/queries/{name}", headers={"accept": "text/turtle"}).status_code == 406


def test_names_are_enough(client: TestClient, graph: FilmGraph) -> None:
    answer = client.get("/queries/film-credits.csv", params={"film": "Her (2013)", "exact": "1"})
    assert answer.text == graph.query("film-credits", film="her-2013").to_csv()
    text = page(client, "/queries/film-credits?film=amelie")
    assert 'value="amelie"' in text


def test_a_resource_is_linked_by_its_name_and_numbers_stand_in_line(client: TestClient) -> None:
    text = page(client, "/queries/director-signature")
    assert re.search(r'<td><a href="/technique/[a-z-]+">[A-Z][^<:]*</a></td>', text)
    assert re.search(r'<td class="number">\d+</td>', text)
    assert ">technique:" not in text


def test_what_means_nothing_comes_back_with_what_was_perhaps_meant(client: TestClient) -> None:
    text = page(client, "/queries/films-using-technique?technique=lonng+take&genre=drama&decade=1990", 400)
    assert 'value="lonng take"' in text
    assert 'value="drama"' in text
    assert 'aria-invalid="true"' in text
    assert "There is no technique" in text
    link = re.search(r'Did you mean <a href="([^"]*)">Long take</a>', text)
    assert link is not None
    assert "rows" in page(client, unescape(link[1]))
    assert unescape(link[1]) == "/queries/films-using-technique?technique=long-take&genre=drama&decade=1990"


def test_only_the_wrong_one_of_several_values_is_put_right(client: TestClient) -> None:
    text = page(client, "/queries/films-combining-techniques?technique=close-up&technique=jmp+cut", 400)
    assert "technique=close-up&amp;technique=jump-cut" in text


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("film-page?film=", "Fill this in, please."),
        ("film-page?film=her&film=jaws", "Give one value only."),
        ("rare-techniques?most=few", "a whole number"),
        ("films-by-decade?decade=19.5", "a whole number"),
        ("claims-on-film?film=her-2013&stance=not+an+iri", "There is no"),
        ("techniques-of-category?category=close-up", "not a category"),
    ],
)
def test_what_is_wrong_is_told_beside_the_field(client: TestClient, query: str, told: str) -> None:
    text = page(client, f"/queries/{query}", 400)
    wrong = re.search(r'<div class="field[^"]* wrong".*?</div>', text, re.S)
    assert wrong is not None
    assert told in unescape(wrong[0])
    assert "answer-rows" not in text
    assert client.get(f"/queries/{query.replace('?', '.csv?')}").status_code == 400


def test_an_optional_field_may_stay_open(client: TestClient, graph: FilmGraph) -> None:
    path = "/queries/films-using-technique.csv?exact=1&spoilers=1&technique=close-up&genre=&decade="
    assert client.get(path).text == graph.query("films-using-technique", technique="close-up").to_csv()


def test_an_unknown_parameter_is_refused(client: TestClient) -> None:
    answer = client.get("/queries/film-page.csv?fim=her-2013")
    assert answer.status_code == 400
    assert "has no parameter 'fim'; it has film" in answer.json()["detail"]
    assert client.get("/queries/no-such-query", headers=HTML).status_code == 404


@pytest.mark.parametrize("value", HOSTILE)
def test_hostile_values_do_no_harm(client: TestClient, value: str) -> None:
    for query in LIBRARY:
        for parameter in query.parameters[:1]:
            if parameter.type == "string":
                continue
            answer = client.get(f"/queries/{query.name}", params={parameter.name: value}, headers=HTML)
            assert answer.status_code in (200, 400) if query.network else answer.status_code == 400, query.name
            assert "<script>alert" not in answer.text
            assert 'href="javascript' not in answer.text


def test_many_values_are_refused(client: TestClient) -> None:
    many = [("technique", f"t{number}") for number in range(1_000)]
    assert client.get("/queries/films-combining-techniques", params=many, headers=HTML).status_code == 400
    some = [("technique", "close-up"), *(("technique", f"t{number}") for number in range(30))]
    text = client.get("/queries/films-combining-techniques", params=some, headers=HTML)
    assert text.status_code == 400
    assert "20 values at the most" in text.text


def test_a_long_answer_is_cut_and_says_so(client: TestClient, graph: FilmGraph) -> None:
    rows = graph.query("unnoticed-uses")
    assert len(rows) > MOST_ROWS
    assert f"The first {MOST_ROWS} of {len(rows):,} rows" in page(client, "/queries/unnoticed-uses")
    whole = list(csv.reader(io.StringIO(client.get("/queries/unnoticed-uses.csv").text)))
    assert len(whole) == len(rows) + 1


def test_what_gives_away_an_ending_is_folded(client: TestClient, graph: FilmGraph) -> None:
    row = graph.query(
        "SELECT ?film ?text { ?use fg:spoiler true ; fg:film ?film ; fg:explanation ?text } ORDER BY ?use LIMIT 1"
    )[0]
    slug, text = str(row["film"]).rpartition("/")[2], str(row["text"])
    shown = unescape(page(client, f"/queries/film-page?film={slug}"))
    assert f"<summary>gives away the ending</summary>{text}</details>" in shown
    assert text not in client.get(f"/queries/film-page.csv?film={slug}").text
    assert text not in str(client.get(f"/queries/film-page.json?film={slug}").json())
    told = client.get(f"/queries/film-page.csv?film={slug}&spoilers=1").text
    assert any(text == each["explanation"] for each in csv.DictReader(io.StringIO(told)))


def test_the_first_view_shows_the_example_by_name(client: TestClient) -> None:
    text = page(client, "/queries/film-page")
    assert 'name="film" value="Her"' in text
    assert "for the example" in text


# --- how to run it elsewhere ---


def lines_of(text: str) -> dict[str, str]:
    found = re.findall(r'<pre tabindex="0" aria-label="([^"]*)"><code>(.*?)</code>', text, re.S)
    return {unescape(name): unescape(line) for name, line in found}


def test_the_lines_to_run_it_elsewhere_run(client: TestClient, graph: FilmGraph) -> None:
    path = "/queries/films-combining-techniques?technique=Jump cut&technique=close-up"
    lines = lines_of(page(client, path))
    expected = graph.query("films-combining-techniques", technique=["jump-cut", "close-up"])
    words = shlex.split(lines["Command line"])
    assert words == ["filmgraph", "query", "films-combining-techniques", "technique=jump-cut", "technique=close-up"]
    called: dict[str, Any] = {}
    exec(lines["Python"].replace("import filmgraph", "").replace("print(", "keep("), _namespace(graph, called))
    assert called["rows"].terms == expected.terms
    curl = shlex.split(lines["Over HTTP"])
    address = urlsplit(curl[-1])
    assert (address.scheme, address.netloc) == ("http", "localhost")
    assert client.get(f"{address.path}?{address.query}&exact=1").text == expected.to_csv()
    assert graph.query(lines["SPARQL"]).terms == expected.terms


def _namespace(graph: FilmGraph, called: dict[str, Any]) -> dict[str, Any]:
    class Opened:
        @staticmethod
        def open() -> Opened:
            return Opened()

        def __enter__(self) -> FilmGraph:
            return graph

        def __exit__(self, *_: object) -> None:
            """Leave the graph of the tests open."""

    return {"filmgraph": Opened, "keep": lambda rows: called.update(rows=rows)}


def test_the_editor_gets_the_text_as_it_is_bound(client: TestClient) -> None:
    text = page(client, "/queries/film-page?film=jaws-1975")
    link = re.search(r'<a href="(/sparql\?query=[^"]*)"', text)
    assert link is not None
    assert "film%2Fjaws-1975" in link[1]
    assert client.get(unescape(link[1]), headers={"accept": "text/csv"}).status_code == 200


def test_lines_are_quoted_for_their_shell() -> None:
    query = LIBRARY["film-page"]
    hostile = 'it\'s $(touch x) `y` "z"'
    assert shlex.split(command_line(query, {"film": [hostile]}))[-1] == f"film={hostile}"
    assert json.loads(re.findall(r"film=(\".*\")\)", python_lines(query, {"film": [hostile]}))[0]) == hostile
    assert "most=2" in python_lines(LIBRARY["rare-techniques"])


# --- where queries run ---


def test_a_query_of_the_network_is_shown_and_never_run(graph: FilmGraph) -> None:
    app = create_app(graph)

    def refuse() -> Any:
        raise AssertionError("nothing runs")

    app.state.site.sandbox = refuse
    client = TestClient(app, base_url="http://localhost")
    text = page(client, "/queries/wikidata-federated?item=wd:Q788822")
    assert "which this site does not do" in text
    assert "--allow-service query.wikidata.org" in text
    assert "answer-rows" not in text
    assert client.get("/queries/wikidata-federated.csv").status_code == 400


class Failing:
    """A sandbox whose every query ends in an error."""

    def __init__(self, error: Exception) -> None:
        self.error = error
        self.clients: list[str] = []

    def ask(self, question: object, *, client: str = "", seconds: float | None = None) -> Failing:
        self.clients.append(client)
        return self

    def result(self) -> Any:
        raise self.error


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (QueryTimeoutError("The query found no end within 10 seconds."), 503),
        (BusyError("Too many queries are running.", by_client=False), 503),
        (BusyError("You have too many queries running.", by_client=True), 429),
        (WorkerError("The process died."), 503),
    ],
)
def test_a_query_that_meets_a_bound_keeps_its_form(graph: FilmGraph, error: Exception, status: int) -> None:
    app = create_app(graph)
    failing = Failing(error)
    app.state.site.sandbox = lambda: failing
    client = TestClient(app, base_url="http://localhost", client=("203.0.113.7", 1))
    text = page(client, "/queries/film-page?film=her-2013", status)
    assert str(error) in text
    assert 'value="her-2013"' in text
    assert failing.clients == ["203.0.113.7"]
    assert client.get("/queries/film-page.csv?film=her-2013").status_code == status


def test_a_static_site_shows_the_example_and_no_form(graph: FilmGraph) -> None:
    site = Site(graph, Settings(is_static=True, base_url="https://example.org"))
    each = PAGES["/queries/{name}"].each
    assert each is not None
    names = [parts["name"] for parts in each(site)]
    assert sorted(names) == sorted(LIBRARY.names)
    ask = Ask({"name": "film-page"}, path="/queries/film-page", origin="https://example.org")
    text = site.answer(PAGES["/queries/{name}"], ask).body.decode()
    assert "<form" not in text
    assert "Off-screen space" in text
    assert 'href="/queries/film-page.csv"' in text
    assert "/sparql?" not in text
