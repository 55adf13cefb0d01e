"""The pages to browse: what a facet counts is what a click shows, names are found however they are typed."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urlencode

import pytest
from starlette.datastructures import QueryParams
from starlette.testclient import TestClient

from filmgraph.errors import QueryError
from filmgraph.graph import FilmGraph
from filmgraph.lookup import folded_text
from filmgraph.pages import FACETS, NARROWING
from filmgraph.stores import MemoryStore
from filmgraph.web import Settings, create_app
from filmgraph.web.browse import SORT_LABELS, films
from filmgraph.web.site import Ask, Site

HTML = {"accept": "text/html"}
HOSTILE = (
    "x" * 5_000,
    "\x00\x1f\x7f",
    "'\"><script>alert(1)</script>",
    "javascript:alert(1)",
    "\ud83d\ude00" * 40,
    "%",
    "\u202e\u200b",
    "} UNION { ?s ?p ?o } #",
    "../../etc/passwd",
    "-1",
    "1e9",
    "999999999999999999999",
)


@pytest.fixture(scope="module")
def tiny(tiny_files: tuple[Path, ...]) -> Iterator[TestClient]:
    with (
        MemoryStore.of_files(tiny_files) as store,
        TestClient(create_app(FilmGraph(store)), base_url="http://localhost") as made,
    ):
        yield made


class Elements(HTMLParser):
    """The elements of a page: tag and attributes; and what stands in them, without tags."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for found, attributes in self.found if found == tag]


def page(client: TestClient, path: str, status: int = 200) -> str:
    answer = client.get(path, headers=HTML)
    assert answer.status_code == status, answer.text[:400]
    return answer.text


def counted(text: str) -> int:
    found = re.search(r'data-filter-count="film">([\d,]+) films?', text)
    assert found is not None
    return int(found[1].replace(",", ""))


def facet_links(text: str, facet: str) -> list[tuple[str, str, int, bool]]:
    """Return link, name, number and whether it is chosen of each value of a facet."""
    part = re.search(rf'id="facet-{facet}".*?</details>', text, re.S)
    if part is None:
        return []
    links = re.findall(
        r'<a rel="nofollow" href="([^"]*)"( aria-current="true")?><span class="name[^"]*">(.*?)</span> '
        r'<span class="number">([\d,]+)',
        part[0],
    )
    return [
        (unescape(link), unescape(name), int(number.replace(",", "")), bool(chosen))
        for link, chosen, name, number in links
    ]


# --- films and their facets ---


@pytest.mark.parametrize("facet", FACETS)
@pytest.mark.parametrize("start", ["/films", "/films?genre=drama", "/films?decade=1990s&q=the"])
def test_the_number_beside_a_value_is_what_a_click_shows(client: TestClient, start: str, facet: str) -> None:
    links = facet_links(page(client, start), facet)
    assert links, "there is something to click at"
    has_chosen = any(chosen for *_, chosen in links)
    for link, name, number, chosen in [*links[:3], links[-1]]:
        shown = page(client, link)
        if not chosen and (facet in NARROWING or not has_chosen):
            assert counted(shown) == number, (link, name)
        elif not chosen:
            assert counted(shown) >= number, "values of one facet add up"
        else:
            assert name not in re.findall(r'class="hidden">Without </span>(.*?)<', shown)


def test_decades_add_up_techniques_and_facets_narrow(client: TestClient) -> None:
    two = counted(page(client, "/films?decade=1990s&decade=2000s"))
    assert two == counted(page(client, "/films?decade=1990s")) + counted(page(client, "/films?decade=2000s"))
    both = counted(page(client, "/films?decade=1990s&genre=comedy"))
    assert 0 < both < counted(page(client, "/films?decade=1990s"))
    crafts = counted(page(client, "/films?technique=off-screen-space&technique=long-take"))
    assert 0 < crafts < counted(page(client, "/films?technique=off-screen-space"))


def test_what_is_chosen_is_shown_and_can_be_dropped(client: TestClient) -> None:
    text = page(client, "/films?decade=1990s&genre=drama&q=the&sort=year")
    chosen = re.search(r'<ul class="chosen".*?</ul>', text, re.S)
    assert chosen is not None
    links = [unescape(link) for link in re.findall(r'href="([^"]*)"', chosen[0])]
    assert links == [
        "/films?genre=drama&q=the&sort=year",
        "/films?decade=1990s&q=the&sort=year",
        "/films?decade=1990s&genre=drama&sort=year",
        "/films",
    ]


def test_a_facet_shows_its_rest_when_asked(client: TestClient) -> None:
    some, rest = page(client, "/films"), page(client, "/films?all=director")
    assert len(facet_links(some, "director")) < 30 < len(facet_links(rest, "director"))
    more = re.search(r'id="facet-director".*?href="([^"]*all=director#facet-director)">([\d,]+) more', some, re.S)
    assert more is not None
    hidden = int(more[2].replace(",", ""))
    assert len(facet_links(rest, "director")) == len(facet_links(some, "director")) + hidden


def test_pages_of_films_hold_each_film_once(client: TestClient, graph: FilmGraph) -> None:
    seen: list[str] = []
    text, number = page(client, "/films"), 1
    while True:
        seen += re.findall(r'<a class="title" href="(/film/[^"]+)"', text)
        following = re.search(r'<a rel="next" href="([^"]*)"', text)
        if following is None:
            break
        number += 1
        assert following[1] == f"/films?page={number}"
        text = page(client, following[1])
    assert len(seen) == len(set(seen)) == len(graph.catalogue)


@pytest.mark.parametrize("sort", SORT_LABELS)
def test_films_are_sorted(client: TestClient, sort: str) -> None:
    listed = client.get(f"/films.json?sort={sort}").json()["films"]
    values = {
        "title": [None],
        "year": [film["year"] for film in listed],
        "newest": [-film["year"] for film in listed],
        "techniques": [-film["techniques"] for film in listed],
    }[sort]
    assert values == sorted(values)
    assert len(listed) > 100


def test_films_are_data_in_whole(client: TestClient, graph: FilmGraph) -> None:
    data = client.get("/films.json?genre=drama").json()
    rows = list(csv.DictReader(io.StringIO(client.get("/films.csv?genre=drama").text)))
    assert len(data["films"]) == len(rows) == data["total"] == len(graph.genre("drama").films)
    assert rows[0]["film"] == data["films"][0]["iri"]
    assert rows[0]["title"] == data["films"][0]["title"]


def test_an_unknown_value_says_so_and_suggests(client: TestClient) -> None:
    text = page(client, "/films?genre=dramma")
    assert counted(text) == 0
    assert "No film has the genre “dramma”" in text
    assert 'href="/films?genre=drama"' in text


def test_every_film_of_the_tiny_graph_is_listed(tiny: TestClient) -> None:
    data = tiny.get("/films.json").json()
    assert data["total"] == data["of"] == len(re.findall(r'class="title"', page(tiny, "/films")))


@pytest.mark.parametrize("value", HOSTILE)
def test_hostile_values_do_no_harm(client: TestClient, value: str) -> None:
    for name in (*FACETS, "q", "sort", "page", "all"):
        answer = client.get("/films", params={name: value.encode(errors="surrogatepass")}, headers=HTML)
        assert answer.status_code in (200, 400), (name, value[:40])
        assert "<script>alert" not in answer.text
        assert not [link for link in Elements(answer.text).all("a") if str(link.get("href")).startswith("javascript:")]


def test_ten_thousand_values_are_refused(client: TestClient, graph: FilmGraph) -> None:
    values = [("genre", f"g{number}") for number in range(10_000)]
    with pytest.raises(QueryError):
        films(Site(graph), Ask(query=QueryParams(values)))
    assert client.get(f"/films?{urlencode(values[:4_000])}", headers=HTML).status_code == 400
    same = client.get(f"/films?{'&'.join(['genre=drama'] * 5_000)}", headers=HTML)
    assert same.status_code == 400 or counted(same.text) == len(graph.genre("drama").films)


# --- the way in ---


def test_the_way_in_counts_and_reasons(client: TestClient, graph: FilmGraph) -> None:
    text = page(client, "/")
    for term in graph.vocabulary.categories:
        assert term.name in unescape(text)
    assert f"{len(graph.catalogue):,}" in text
    assert "/film/her-2013" in text
    assert client.get("/", headers=HTML).content == client.get("/", headers=HTML).content


def test_the_way_in_of_an_empty_graph_is_a_page() -> None:
    with MemoryStore() as store, TestClient(create_app(FilmGraph(store)), base_url="http://localhost") as made:
        for path in ("/", "/films", "/techniques", "/techniques/a-z", "/search", "/search?q=x", "/about", "/data"):
            assert page(made, path)


# --- the encyclopedia ---


def test_every_technique_stands_in_the_tree_and_from_a_to_z(client: TestClient, graph: FilmGraph) -> None:
    tree, letters = page(client, "/techniques"), page(client, "/techniques/a-z")
    references = {folded_text(label) for label in re.findall(r"<i>(.*?)</i>", unescape(letters))}
    for term in graph.vocabulary.techniques:
        link = f'href="/technique/{term.iri.rpartition("/")[2]}"'
        assert link in tree
        assert link in letters
        for label in term.also_known_as:
            assert folded_text(label) in references | {folded_text(term.name)}, label


def test_the_server_filters_techniques_too(client: TestClient) -> None:
    text = page(client, "/techniques?q=jump+cut")
    assert "/technique/jump-cut" in text
    assert "/technique/long-take" not in text
    by_letter = page(client, "/techniques/a-z?q=canted")
    assert re.search(r'<i>canted [a-z]+</i> → <a href="/technique/dutch-angle">Dutch angle</a>', by_letter)
    assert "No technique is called that." in page(client, "/techniques?q=zzzz")
    assert client.get("/techniques", params={"q": "x" * 201}, headers=HTML).status_code == 400


def test_techniques_are_data(client: TestClient, graph: FilmGraph) -> None:
    rows = list(csv.DictReader(io.StringIO(client.get("/techniques.csv").text)))
    assert len(rows) == len(graph.vocabulary.techniques)
    data = client.get("/techniques.json?q=close").json()
    assert "Close-up" in [term["name"] for term in data["techniques"]]
    assert len(data["categories"]) == 7


# --- the search ---


def test_an_exact_hit_comes_first(client: TestClient) -> None:
    text = page(client, "/search?q=her")
    assert re.search(r'class="exact".*?href="/film/her-2013">Her</a>', text, re.S)


@pytest.mark.parametrize(
    ("typed", "link"),
    [
        ("hitchcok", "/person/alfred-hitchcock"),
        ("amelie", "/film/amelie-2001"),
        ("Amélie", "/film/amelie-2001"),
        ("canted angle", "/technique/dutch-angle"),
        ("JUMP  CUT", "/technique/jump-cut"),
    ],
)
def test_the_search_forgives(client: TestClient, typed: str, link: str) -> None:
    assert f'href="{link}"' in page(client, f"/search?q={typed}")


def test_what_is_not_there_is_said_with_a_way_on(client: TestClient) -> None:
    text = page(client, "/search?q=qqqzzz+hitchcock")
    assert "Nothing here is called" in text
    assert "/person/alfred-hitchcock" in text, "a part of it finds something"
    assert 'href="/techniques/a-z"' in page(client, "/search?q=")


@pytest.mark.parametrize("value", HOSTILE)
def test_hostile_searches_do_no_harm(client: TestClient, value: str) -> None:
    answer = client.get("/search", params={"q": value.encode(errors="surrogatepass")}, headers=HTML)
    assert answer.status_code in (200, 400)
    assert "<script>alert" not in answer.text
    for name in ("limit", "kind"):
        params = {"q": b"her", name: value.encode(errors="surrogatepass")}
        assert client.get("/search.json", params=params).status_code == 400


def test_suggestions_are_of_the_kinds_and_number_asked_for(client: TestClient) -> None:
    hits = client.get("/search.json?q=a&kind=film&kind=genre&limit=7").json()["hits"]
    assert len(hits) == 7
    assert {hit["kind"] for hit in hits} <= {"film", "genre"}
    assert set(hits[0]) == {"iri", "kind", "slug", "name", "detail", "matched", "score", "path"}
    assert client.get("/search.json?q=hitchcok").json()["hits"][0]["name"] == "Alfred Hitchcock"
    assert client.get("/search.json").json() == {"text": "", "total": 0, "hits": []}


def test_films_and_search_of_a_static_site_need_no_server(graph: FilmGraph) -> None:
    from filmgraph.web.app import pages

    site = Site(graph, Settings(is_static=True, base_url="https://example.org/kg"))
    by_path = {each.path: each for each in pages()}
    films = site.answer(by_path["/films"], Ask(path="/films")).body.decode()
    assert len(re.findall(r'class="title"', films)) == len(graph.catalogue), "all films are on one page"
    assert 'data-filter="films"' in films
    assert "?" not in "".join(re.findall(r'class="facet".*?</details>', films, re.S)), "facets lead to pages"
    names = site.answer(by_path["/search"], Ask(path="/search", form="json")).body.decode()
    assert '"/kg/film/her-2013/"' in names
    assert 'data-index="/kg/search.json"' in site.answer(by_path["/search"], Ask(path="/search")).body.decode()


# --- everything works without scripts ---


@pytest.mark.parametrize(
    "path",
    [
        *("/", "/films", "/techniques", "/techniques/a-z", "/search?q=her"),
        *("/category/editing", "/genre/drama", "/country/france"),
    ],
)
def test_forms_are_plain_and_labelled(client: TestClient, path: str) -> None:
    elements = Elements(page(client, path))
    for form in elements.all("form"):
        assert form.get("method", "get") == "get"
    labels = {each.get("for") for each in elements.all("label")}
    for control in elements.all("input") + elements.all("select"):
        assert control.get("type") == "hidden" or control.get("id") in labels, control
    ids = [attributes["id"] for _, attributes in elements.found if attributes.get("id")]
    assert len(ids) == len(set(ids)), sorted(each for each in ids if ids.count(each) > 1)[:5]
    for _, attributes in elements.found:
        assert "style" not in attributes
        assert not [name for name in attributes if name.startswith("on")]
