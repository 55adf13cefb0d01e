"""The site and the command line over a store that counts as large: nothing without bound, and nothing left out."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from scripts import generate
from servers import OxigraphServer
from starlette.testclient import TestClient

from filmgraph import stores
from filmgraph.cli import cli
from filmgraph.errors import QueryTimeoutError, ResultTooLargeError
from filmgraph.export import neighbourhood
from filmgraph.graph import FilmGraph, load_into, open_graph
from filmgraph.namespaces import KINDS
from filmgraph.pages import counts, neighbourhood_of, technique_page
from filmgraph.pages import person as person_pages
from filmgraph.sandbox import Bounds, Question, Sandbox
from filmgraph.stores import DiskStore
from filmgraph.web import Settings, asking, create_app
from filmgraph.web import site as sites
from filmgraph.web.feeds import sitemaps
from filmgraph.web.site import Site

BASE = "https://w3id.org/filmgraph/"
FILMS = 2_500
HTML = {"accept": "text/html"}
LONGEST_PAGE = 1_500_000
ODD = """
@prefix fg: <https://w3id.org/filmgraph/ontology#> .
@prefix film: <https://w3id.org/filmgraph/film/> .
@prefix schema: <https://schema.org/> .
@prefix technique: <https://w3id.org/filmgraph/technique/> .
@prefix use: <https://w3id.org/filmgraph/use/> .

film:odd-1999 a fg:Film ; schema:name "Odd"@en , "Seltsam"@de , "42"^^<http://www.w3.org/2001/XMLSchema#token> ;
  schema:alternateName "Strange \\"thing\\""@en ; fg:releaseYear 1999 , 1998 ; schema:director "nobody" .
film:bare-2000 a fg:Film .
[] a fg:Film ; schema:name "Nameless" .
film:untyped-2001 schema:name "Untyped" .
use:odd-one fg:film film:odd-1999 ; fg:technique technique:made-technique-3 ; fg:explanation "So."@en .
use:odd-two fg:film film:odd-1999 ; fg:technique technique:made-technique-3 ; fg:explanation "And so."@en .
use:odd-three fg:film film:odd-1999 , film:bare-2000 ; fg:technique technique:made-technique-1 .
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("large")
    generate.write_graph(made / "films.nt", FILMS, seed=3)
    (made / "odd.ttl").write_text(ODD, encoding="utf-8")
    load_into(made / "store", [made / "films.nt", made / "odd.ttl"])
    return made / "store"


@pytest.fixture(scope="module")
def small(folder: Path) -> Iterator[FilmGraph]:
    """The graph as a small one is read: asked for everything; it is prepared before any store counts as large."""
    with open_graph(folder) as graph:
        graph.prepare()
        yield graph


@pytest.fixture(scope="module")
def large(folder: Path, small: FilmGraph) -> Iterator[FilmGraph]:
    """The same graph, in a store that counts as large."""
    with pytest.MonkeyPatch.context() as patch, open_graph(folder) as graph:
        patch.setattr(stores, "LARGE", 0)
        yield graph


@pytest.fixture(scope="module")
def client(large: FilmGraph) -> Iterator[TestClient]:
    with TestClient(create_app(large)) as made:
        yield made


@pytest.fixture(scope="module")
def technique(small: FilmGraph) -> str:
    """The technique that most films use."""
    return max(small.vocabulary.techniques, key=lambda term: term.films).iri


def rows_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def followed(client: TestClient, path: str) -> Iterator[Any]:
    """Yield an answer and all that it goes on with."""
    seen = 0
    while path:
        answer = client.get(path)
        assert answer.status_code == 200
        yield answer
        found = re.search(r'<([^>]*)>; rel="next"', answer.headers.get("link", ""))
        path = found[1] if found else ""
        seen += 1
        assert seen < 100


def test_what_is_kept_is_what_is_read(small: FilmGraph, large: FilmGraph) -> None:
    one, two = small.catalogue._columns, large.catalogue._columns
    assert tuple(one.films) == tuple(two.films)
    assert (tuple(one.names), tuple(one.years)) == (tuple(two.names), tuple(two.years))
    assert one.titles._bytes.tolist() == two.titles._bytes.tolist()
    assert {name: order.tolist() for name, order in one.orders.items()} == {
        name: order.tolist() for name, order in two.orders.items()
    }
    for name, facet in one.facets.items():
        other = two.facets[name]
        assert (facet.keys, facet.names, facet.iris) == (other.keys, other.names, other.iris)
        assert (facet.films.tolist(), facet.values.tolist()) == (other.films.tolist(), other.values.tolist())
    assert small.vocabulary.terms == large.vocabulary.terms
    assert small.search_index.labels.of == large.search_index.labels.of
    assert small.search_index.names == large.search_index.names


def test_a_use_of_two_films_counts_twice_in_both(small: FilmGraph, large: FilmGraph) -> None:
    iri = BASE + "technique/made-technique-1"
    direct = small.query("SELECT (COUNT(?u) AS ?n) { ?u fg:film ?f ; fg:technique technique:made-technique-1 }")
    assert large.vocabulary.terms[iri].uses >= direct[0]["n"]
    assert large.vocabulary.terms[iri].uses == small.vocabulary.terms[iri].uses


def test_counts_are_kept_beside_the_store(
    folder: Path, small: FilmGraph, large: FilmGraph, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(stores, "LARGE", 10**12)
        asked = counts(small.store)
    assert counts(large.store) == asked
    assert asked["films"] == FILMS + 3
    monkeypatch.setattr(DiskStore, "select", lambda *_, **__: pytest.fail("they are counted again"))
    assert counts(large.store) == asked


def test_home_shows_the_richest_film_of_each_decade(small: FilmGraph) -> None:
    best: dict[int, Any] = {}
    for film in small.catalogue.select(sort="techniques", size=None).films:
        if film.year is not None:
            best.setdefault(film.year // 10, film)
    assert small.catalogue.richest_of_decades(5) == [best[decade] for decade in sorted(best)[-5:]]


def test_no_page_is_endless(client: TestClient, large: FilmGraph, technique: str) -> None:
    slug = technique.rpartition("/")[2]
    genre = large.catalogue.shares("genre")[0]
    country = large.catalogue.shares("country")[0]
    paths = [
        *("/", "/films", "/films.json", "/films.csv", "/films?all=director", "/about", "/map", "/techniques"),
        *(f"/technique/{slug}", f"/technique/{slug}.json", f"/technique/{slug}.csv"),
        *(f"/genre/{genre.key}", f"/country/{country.key}", "/organization/made-review", "/sitemap.xml"),
        *(f"/neighbourhood/technique/{slug}", f"/neighbourhood/genre/{genre.key}"),
        *("/queries/technique-pairs", "/queries/films-by-decade", "/queries/unnoticed-uses"),
    ]
    for path in paths:
        answer = client.get(path, headers={} if "." in path else HTML)
        assert answer.status_code == 200, path
        most = 2.5 if path.endswith(".json") else 1.0
        assert len(answer.content) < most * LONGEST_PAGE, (path, len(answer.content))


@pytest.mark.parametrize("query", ["", "?sort=newest&decade=1990s"])
def test_films_as_data_go_on_until_there_are_no_more(client: TestClient, large: FilmGraph, query: str) -> None:
    chosen = {"decade": ["1990s"]} if query else {}
    wanted = large.catalogue.select(chosen, sort="newest" if query else "title", size=None).films
    parts = list(followed(client, f"/films.json{query}"))
    assert [film["iri"] for part in parts for film in part.json()["films"]] == [film.iri for film in wanted]
    assert all(part.headers.get("x-total-count", str(len(wanted))) == str(len(wanted)) for part in parts)
    assert len(parts) == (1 if query else 2)
    tables = [rows_of(part.text) for part in followed(client, f"/films.csv{query}{'&' if query else '?'}size=700")]
    assert [row["film"] for row in chain(*tables)] == [film.iri for film in wanted]
    assert max(map(len, tables)) == min(700, len(wanted))


def test_a_small_index_of_films_is_one_answer(client: TestClient) -> None:
    answer = client.get("/films.json?q=iron&decade=1990s")
    found = answer.json()
    assert (found["size"], found["pages"]) == (None, 1)
    assert len(found["films"]) == found["total"] > 0
    assert "x-total-count" not in answer.headers
    assert client.get("/films.csv?size=x").status_code == 400


def test_a_group_goes_on_in_the_index(client: TestClient, large: FilmGraph, monkeypatch: pytest.MonkeyPatch) -> None:
    from filmgraph.pages import group

    monkeypatch.setattr(group, "MOST_FILMS", 40)
    genre = large.catalogue.shares("genre")[1]
    assert genre.films > 100
    wanted = [film.iri for film in large.catalogue.films_with("genre", str(genre.iri))]
    tables = [rows_of(part.text) for part in followed(client, f"/genre/{genre.key}.csv")]
    assert [row["film"] for row in chain(*tables)] == wanted
    page = client.get(f"/genre/{genre.key}", headers=HTML).text
    assert f"The first 40 of {genre.films:,} films" in page
    document = client.get(f"/genre/{genre.key}.json").json()
    assert (len(document["films"]), document["of"]) == (40, genre.films)


def test_the_pages_of_a_technique_hold_all_its_uses(small: FilmGraph, large: FilmGraph, technique: str) -> None:
    whole = technique_page(small.store, technique)
    assert whole.portion is None
    first = large.technique(technique)
    assert first.portion is not None
    assert first.portion.films == 100
    assert first.portion.of == len({use.film.iri for use in whole.uses}) > 200
    pages = [large.technique(technique, page=number) for number in range(1, first.portion.pages + 1)]
    found = [use for page in pages for use in page.uses]
    assert sorted(use.iri for use in found) == sorted(use.iri for use in whole.uses)
    assert [str(use.year) for use in found] == sorted(str(use.year) for use in found)
    known = {use.iri: use for use in whole.uses}
    assert all(use == known[use.iri] for use in found)
    beyond = large.technique(technique, page=10_000)
    assert beyond == pages[-1]
    said = {claim.iri for claim in whole.claims}
    assert {claim.iri for page in pages for claim in page.claims} <= said


def test_a_technique_of_few_films_is_whole(small: FilmGraph, large: FilmGraph) -> None:
    few = min((term for term in small.vocabulary.techniques if term.films), key=lambda term: (term.films, term.iri))
    assert few.films <= 100
    assert large.technique(few.iri) == technique_page(small.store, few.iri)


def test_the_page_of_a_technique_turns_over(client: TestClient, technique: str) -> None:
    slug = technique.rpartition("/")[2]
    text = client.get(f"/technique/{slug}", headers=HTML).text
    assert 'aria-label="Pages"' in text
    assert f'href="/technique/{slug}?page=2"' in text
    second = client.get(f"/technique/{slug}?page=2", headers=HTML).text
    assert "101 to 200" in second
    assert client.get(f"/technique/{slug}?page=two", headers=HTML).status_code == 400
    parts = list(followed(client, f"/technique/{slug}.json"))
    assert len({use["iri"] for part in parts for use in part.json()["uses"]}) == sum(
        len(part.json()["uses"]) for part in parts
    )


def test_the_command_says_which_films_it_shows(folder: Path, large: FilmGraph, technique: str) -> None:
    answer = CliRunner().invoke(cli, ["technique", technique, "--page", "2", "--store", str(folder)])
    assert answer.exit_code == 0
    assert "page 2 of" in answer.output
    assert len(answer.output) < 200_000


def test_signatures_are_the_same_however_they_are_counted(
    folder: Path, small: FilmGraph, large: FilmGraph, monkeypatch: pytest.MonkeyPatch
) -> None:
    director = str(small.catalogue.shares("director")[0].iri)
    with open_graph(folder) as graph:
        looked_up = graph.person(director)
        monkeypatch.setattr(stores, "LARGE", 10**12)
        with open_graph(folder) as other:
            counted = other.person(director)
    assert looked_up == counted
    assert len(looked_up.signatures) > 2
    # A film without an IRI is none of the catalogue's.
    both = [{each.technique.iri: each.films for each in page.signatures} for page in (large.person(director), counted)]
    assert both[0] == both[1]


def test_a_publication_shows_its_first_reviews(large: FilmGraph, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(person_pages, "MOST_REVIEWS", 5)
    page = large.person(BASE + "organization/made-review")
    assert page.is_cut
    assert page.reviews > 100
    assert 0 < len({claim.review for claim in page.claims}) <= 5
    with TestClient(create_app(large)) as client:
        assert f"of {page.reviews:,} in all" in client.get("/organization/made-review", headers=HTML).text


def test_a_document_of_everything_is_refused(
    client: TestClient, large: FilmGraph, monkeypatch: pytest.MonkeyPatch
) -> None:
    genre = str(large.catalogue.shares("genre")[0].iri)
    for iri in (genre, BASE + "technique/made-technique-3", BASE + "organization/made-review"):
        with pytest.raises(ResultTooLargeError, match="more than 60 other resources"):
            neighbourhood(large.store, iri, most=60)
    film = large.catalogue.select(sort="year", size=1).films[0].iri
    assert neighbourhood(large.store, film, most=5_000) == neighbourhood(large.store, film)
    monkeypatch.setattr(sites, "MOST_IN_A_DOCUMENT", 60)
    refused = client.get("/technique/made-technique-3.ttl")
    assert refused.status_code == 422
    assert "SPARQL" in refused.json()["detail"]


def test_the_document_of_a_person_holds_its_films(small: FilmGraph) -> None:
    director = small.catalogue.shares("director")[0]
    found = neighbourhood(small.store, str(director.iri))
    credited = {triple.subject.value for triple in found if getattr(triple.object, "value", "") == director.iri}
    assert {film.iri for film in small.catalogue.films_with("director", str(director.iri))} <= credited


def test_the_sitemap_is_the_same(small: FilmGraph, large: FilmGraph, monkeypatch: pytest.MonkeyPatch) -> None:
    found = sitemaps(Site(large), "http://testserver", [])
    with monkeypatch.context() as patch:
        patch.setattr(stores, "LARGE", 10**12)
        asked = sitemaps(Site(small), "http://testserver", [])
    # What has a name but no class is found by a look at everything alone.
    lost = "<url><loc>http://testserver/film/untyped-2001</loc></url>\n"
    assert found == {name: text.replace(lost, "") for name, text in asked.items()}


def test_the_neighbours_of_a_film_are_the_same(
    small: FilmGraph, large: FilmGraph, monkeypatch: pytest.MonkeyPatch
) -> None:
    for film in large.catalogue.select(sort="techniques", size=3).films:
        found = neighbourhood_of(large.store, film.iri)
        with monkeypatch.context() as patch:
            patch.setattr(stores, "LARGE", 10**12)
            asked = neighbourhood_of(small.store, film.iri)
        told = {ring.link: {each.resource.iri for each in ring.neighbours} for ring in found.rings}
        assert told.keys() == {ring.link for ring in asked.rings}
        assert told["genre"] == {
            each.resource.iri for ring in asked.rings if ring.link == "genre" for each in ring.neighbours
        }
        assert all(each.links <= 1_000 for ring in found.rings for each in ring.neighbours)


# --- questions of the library ---


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The texts that go into the sandbox."""
    texts: list[str] = []
    ask = Sandbox.ask

    def noted(self: Sandbox, question: Question, **options: Any) -> Any:
        texts.append(question.text)
        return ask(self, question, **options)

    monkeypatch.setattr(Sandbox, "ask", noted)
    return texts


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("technique-pairs", {"least": "40"}),
        ("films-by-country", {}),
        ("technique-page", {"technique": "made-technique-3"}),
        ("director-signature", {}),
        ("films-sharing-techniques", {"film": "odd-1999"}),
    ],
)
def test_a_question_has_the_rows_that_the_graph_has(
    client: TestClient, small: FilmGraph, asked: list[str], name: str, values: dict[str, str]
) -> None:
    if name == "director-signature":
        values = {"person": small.catalogue.shares("director")[0].key}
    answer = client.get(f"/queries/{name}.csv", params={**values, "exact": "1", "spoilers": "1"})
    assert answer.status_code == 200, answer.text
    text = small.bound(small.library[name], values)
    assert answer.text == small.store.select(text).to_csv()
    assert text not in asked
    assert not any("SERVICE" in each for each in asked)


def test_a_page_of_a_question_shows_the_first_rows_and_says_so(client: TestClient) -> None:
    whole = client.get("/queries/technique-pairs?least=1", headers=HTML).text
    assert "more than 500 rows" in whole
    assert "limit=" in whole
    assert whole.count("<tr>") == 501
    few = client.get("/queries/films-by-country", headers=HTML).text
    assert re.search(r'Answer <span class="note">\d+ rows', few)


def test_data_beyond_a_number_of_rows_are_refused_whole(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = rows_of(client.get("/queries/technique-pairs.csv?least=1&limit=400").text)
    assert len(whole) == 400
    monkeypatch.setattr(asking, "MOST_AS_DATA", 300)
    refused = client.get("/queries/technique-pairs.csv?least=1")
    assert refused.status_code == 422
    assert "limit=" in refused.json()["detail"]
    assert client.get("/queries/technique-pairs.csv?least=1&limit=399").status_code == 422
    few = client.get("/queries/technique-pairs.csv?least=1&limit=300")
    assert rows_of(few.text) == whole[:300]
    for wrong in ("0", "-1", "x", "9999999", "²"):
        assert client.get("/queries/technique-pairs.csv", params={"least": "1", "limit": wrong}).status_code == 400


class Slow:
    """A sandbox that takes all the time there is for its first question."""

    def __init__(self, sandbox: Sandbox, clock: list[float]) -> None:
        self._sandbox, self._clock = sandbox, clock
        self.given: list[float] = []

    def ask(self, question: Question, *, client: str = "", seconds: float | None = None) -> Any:
        self.given.append(seconds or 0.0)
        self._clock[0] += 6.0
        return self._sandbox.ask(question, client=client)


def test_all_texts_of_a_question_share_its_time(large: FilmGraph, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [0.0]
    monkeypatch.setattr(asking.time, "monotonic", lambda: clock[0])
    with Sandbox(large.store) as sandbox:
        slow = Slow(sandbox, clock)
        site = Site(large, Settings(query_seconds=10.0))
        site.sandbox = lambda: slow  # type: ignore[assignment, return-value]
        select = asking._selecting(site, "", None)
        select("SELECT ?s { ?s a ?c } LIMIT 1")
        select("SELECT ?s { ?s a ?c } LIMIT 1")
        with pytest.raises(QueryTimeoutError, match="within 10 s"):
            select("SELECT ?s { ?s a ?c } LIMIT 1")
    assert slow.given == [10.0, 4.0]


# --- the sandbox, and the number of rows ---


def test_a_question_may_have_less_time_than_the_bounds_allow(large: FilmGraph) -> None:
    endless = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }"
    with Sandbox(large.store, bounds=Bounds(seconds=60.0)) as sandbox:
        with pytest.raises(QueryTimeoutError):
            sandbox.ask(Question(endless), seconds=0.3).result()
        assert sandbox.ask(Question("ASK { ?s ?p ?o }"), seconds=600.0).result().form == "boolean"


def test_no_more_rows_are_made_than_are_wanted(large: FilmGraph, oxigraph_server: OxigraphServer) -> None:
    everything = "SELECT ?s ?p ?o { ?s ?p ?o }"
    assert len(large.store.select(everything, most=7)) == 7
    assert len(large.query(everything, limit=3)) == 3
    for store in (large.store, oxigraph_server.store()):
        with Sandbox(store) as sandbox:
            for form, count in (("csv", 6), ("tsv", 6)):
                body = sandbox.ask(Question(everything, solutions=form, rows=5)).result().body
                assert len(body.splitlines()) == count
            assert b"true" in sandbox.ask(Question("ASK { ?s ?p ?o }", rows=1)).result().body


def test_kinds_in_the_search_index_are_known(large: FilmGraph) -> None:
    assert {hit.kind for hit in large.search("made")} <= set(KINDS)
