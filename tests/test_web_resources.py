"""Every resource at its path, as a page and as data: each kind, in each form, by Accept and by ending."""

from __future__ import annotations

import csv
import dataclasses
import io
import json
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import pyoxigraph as ox
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

from filmgraph import pages
from filmgraph.export import neighbourhood
from filmgraph.graph import FilmGraph
from filmgraph.namespaces import BASE, FG, KINDS, OA, SCHEMA, SKOS, XSD
from filmgraph.reception import Valued
from filmgraph.rows import Rows
from filmgraph.stores import MemoryStore
from filmgraph.voices import Tally
from filmgraph.web import Settings, create_app
from filmgraph.web.kinds import FORMS_OF_KIND, TABLES
from filmgraph.web.links import Links, iris_at, place_of
from filmgraph.web.negotiation import FORMS, RDF_FORMS

DATA = Path(__file__).parent / "data"
DOCS = Path(__file__).resolve().parents[1] / "docs"

EXAMPLES = {
    "film": "alpha-2001",
    "technique": "close-up",
    "category": "editing",
    "use": "alpha-2001--close-up",
    "scene": "delta-2014--jump-cut--1",
    "person": "director-one",
    "organization": "test-journal",
    "genre": "drama",
    "country": "france",
    "review": "alpha-2001--critic-two",
    "claim": "alpha-2001--critic-two--2",
    "passage": "alpha-2001--critic-one--1",
    "aspect": "ending",
    "activity": "tiny-reading",
    "agent": "reader",
}
"""Kind to the slug of a resource of the graph of these tests."""

MORE = """
    PREFIX film: <https://w3id.org/filmgraph/film/> PREFIX technique: <https://w3id.org/filmgraph/technique/>
    PREFIX fg: <https://w3id.org/filmgraph/ontology#> PREFIX prov: <http://www.w3.org/ns/prov#>
    PREFIX dcterms: <http://purl.org/dc/terms/> PREFIX skos: <http://www.w3.org/2004/02/skos/core#>
    PREFIX schema: <https://schema.org/> PREFIX aspect: <https://w3id.org/filmgraph/aspect/>
    PREFIX agent: <https://w3id.org/filmgraph/agent/> PREFIX scene: <https://w3id.org/filmgraph/scene/>
    PREFIX genre: <https://w3id.org/filmgraph/genre/> PREFIX person: <https://w3id.org/filmgraph/person/>
    INSERT DATA {
        aspect:ending a fg:Aspect ; skos:prefLabel "Ending"@en ; skos:definition "How a film ends."@en .
        agent:reader a prov:SoftwareAgent ; schema:name "A reader" .
        film:old-2001 dcterms:isReplacedBy film:older-2001 . film:older-2001 dcterms:isReplacedBy film:alpha-2001 .
        film:round-2001 dcterms:isReplacedBy film:about-2001 ; schema:name "Round" .
        film:about-2001 dcterms:isReplacedBy film:round-2001 ; schema:name "About" .
        film:split-2001 dcterms:isReplacedBy film:alpha-2001 , film:beta-2002 .
        film:away-2001 dcterms:isReplacedBy <http://example.org/away> .
        technique:cutting dcterms:isReplacedBy <https://w3id.org/filmgraph/category/editing> .
        technique:finale dcterms:isReplacedBy aspect:ending .
        <https://w3id.org/filmgraph/film/am\\u00e9lie-2001> a fg:Film ;
            schema:name "Am\\u00e9lie" ; fg:releaseYear 2001 ; schema:genre genre:comedy .
        <https://w3id.org/filmgraph/film/a%20b-2001> a fg:Film ; schema:name "A b" ; fg:releaseYear 2001 .
        <https://w3id.org/filmgraph/film/it's-2001> a fg:Film ; schema:name "It's" ; fg:releaseYear 2001 .
        <https://w3id.org/filmgraph/film/x.ttl> a fg:Film ; schema:name "Ends as data" ; fg:releaseYear 2001 .
        <https://w3id.org/filmgraph/film/a%2Fb> a fg:Film ; schema:name "With a slash" ; fg:releaseYear 2001 .
        <http://example.org/elsewhere> a fg:Film ; schema:name "Elsewhere" ; fg:releaseYear 2001 ;
            schema:director person:director-one .
    }
"""


@pytest.fixture(scope="module")
def graph() -> Iterator[FilmGraph]:
    with MemoryStore.of_files([DATA / "tiny.ttl"]) as store:
        store.update(MORE)
        yield FilmGraph(store)


@pytest.fixture(scope="module")
def client(graph: FilmGraph) -> Iterator[TestClient]:
    with TestClient(create_app(graph), follow_redirects=False, raise_server_exceptions=True) as client:
        yield client


def parsed(body: bytes, form: str) -> set[ox.Triple]:
    formats = {
        "turtle": ox.RdfFormat.TURTLE,
        "jsonld": ox.RdfFormat.JSON_LD,
        "ntriples": ox.RdfFormat.N_TRIPLES,
        "rdfxml": ox.RdfFormat.RDF_XML,
    }
    return {quad.triple for quad in ox.parse(body, format=formats[form])}


COMBINATIONS = [(kind, form) for kind in KINDS for form in FORMS_OF_KIND[kind]]


def test_every_kind_has_an_example_and_every_form() -> None:
    assert EXAMPLES.keys() == set(KINDS)
    assert len(COMBINATIONS) == 15 * 6 + len(TABLES)


@pytest.mark.parametrize(("kind", "form"), COMBINATIONS)
def test_resource_answers_in_each_form_by_accept_and_by_ending(
    client: TestClient, graph: FilmGraph, kind: str, form: str
) -> None:
    path, ending = f"/{kind}/{EXAMPLES[kind]}", FORMS[form].ending
    negotiated = client.get(path, headers={"accept": FORMS[form].media_type})
    assert negotiated.status_code == 200
    assert negotiated.headers["content-type"].split(";")[0] == FORMS[form].media_type
    assert "Accept" in negotiated.headers["vary"].split(", ")
    assert negotiated.headers["etag"]
    assert f'<{path}.ttl>; rel="alternate"; type="text/turtle"' in negotiated.headers["link"]
    if form != "html":
        assert negotiated.headers["content-location"] == f"{path}.{ending}"
        named = client.get(f"{path}.{ending}", headers={"accept": "text/html"})
        assert (named.status_code, named.content) == (200, negotiated.content)
        assert "Accept" not in named.headers["vary"].split(", ")
    if form in RDF_FORMS:
        expected = set(neighbourhood(graph.store, BASE + path[1:]))
        assert len(expected) >= 2
        assert parsed(negotiated.content, form) == expected
    if form == "json":
        assert json.loads(negotiated.content)["iri"] == BASE + path[1:]
    if form == "html":
        assert negotiated.text.count("<h1") == 1


@pytest.mark.parametrize("kind", KINDS)
def test_unchanged_page_is_not_sent_again_and_head_has_no_body(client: TestClient, kind: str) -> None:
    path = f"/{kind}/{EXAMPLES[kind]}"
    first = client.get(path, headers={"accept": "text/turtle"})
    again = client.get(path, headers={"accept": "text/turtle", "if-none-match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["vary"] == first.headers["vary"]
    other = client.get(path, headers={"accept": "text/html", "if-none-match": first.headers["etag"]})
    assert other.status_code == 200
    head = client.head(path, headers={"accept": "text/turtle"})
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-type"] == first.headers["content-type"]
    assert head.headers["etag"] == first.headers["etag"]


@pytest.mark.parametrize(
    ("accept", "status", "media_type"),
    [
        ("image/png", 406, "application/problem+json"),
        ("text/turtle;q=0.5, application/rdf+xml", 200, "application/rdf+xml"),
        ("*/*", 200, "text/html"),
        ("text/html;q=0, */*", 200, "text/turtle"),
        ("text/csv", 200, "text/csv"),
        ("text/*;q=0.9, application/json;q=0.1", 200, "text/html"),
        ("", 200, "text/html"),
        (";;;,,,", 406, "application/problem+json"),
    ],
)
def test_accept_is_weighed(client: TestClient, accept: str, status: int, media_type: str) -> None:
    answer = client.get("/film/alpha-2001", headers={"accept": accept})
    assert (answer.status_code, answer.headers["content-type"].split(";")[0]) == (status, media_type)
    assert "Accept" in answer.headers["vary"]


def test_form_that_a_kind_lacks_is_no_page(client: TestClient) -> None:
    assert client.get("/review/alpha-2001--critic-two.csv").status_code == 404
    assert client.get("/review/alpha-2001--critic-two", headers={"accept": "text/csv"}).status_code == 406
    assert client.get("/film/alpha-2001.exe").status_code == 404


@pytest.mark.parametrize("ending", ["", ".ttl", ".jsonld", ".nt", ".rdf", ".json", ".csv"])
@pytest.mark.parametrize("slug", ["old-2001", "older-2001"])
def test_renamed_resource_leads_to_the_last_of_its_names_in_the_same_form(
    client: TestClient, slug: str, ending: str
) -> None:
    answer = client.get(f"/film/{slug}{ending}?spoilers=1")
    assert (answer.status_code, answer.headers["location"]) == (301, f"/film/alpha-2001{ending}?spoilers=1")


def test_renamed_resource_of_another_kind_keeps_only_a_form_that_this_has(client: TestClient) -> None:
    assert client.get("/technique/cutting.csv").headers["location"] == "/category/editing.csv"
    assert client.get("/technique/finale.ttl").headers["location"] == "/aspect/ending.ttl"
    assert client.get("/technique/finale.csv").headers["location"] == "/aspect/ending"


@pytest.mark.parametrize("slug", ["round-2001", "about-2001", "split-2001", "away-2001"])
def test_replacements_without_one_end_here_lead_nowhere(client: TestClient, slug: str) -> None:
    page = client.get(f"/film/{slug}")
    assert page.status_code in (200, 404)
    data = client.get(f"/film/{slug}.nt")
    assert data.status_code == 200
    assert b"isReplacedBy" in data.content


@pytest.mark.parametrize(
    ("path", "location"),
    [
        ("/film/ALPHA-2001", "/film/alpha-2001"),
        ("/film/Alpha.ttl", "/film/alpha-2001.ttl"),
        ("/technique/Tight%20shot.csv?exact=1", "/technique/close-up.csv?exact=1"),
        ("/person/test-journal", "/organization/test-journal"),
        ("/organization/director-one.json", "/person/director-one.json"),
        ("/technique/editing", "/category/editing"),
        ("/category/close-up.ttl", "/technique/close-up.ttl"),
        ("/film/film:alpha-2001", "/film/alpha-2001"),
    ],
)
def test_label_slug_in_another_case_and_neighbouring_kind_lead_to_the_resource(
    client: TestClient, path: str, location: str
) -> None:
    answer = client.get(path)
    assert (answer.status_code, answer.headers["location"]) == (302, location)


def test_what_is_not_there_is_told_with_what_is_near(client: TestClient) -> None:
    program = client.get("/film/alpah-2001.json")
    assert (program.status_code, program.headers["content-type"]) == (404, "application/problem+json")
    assert "alpha-2001" in program.json()["detail"]
    person = client.get("/film/alpah-2001", headers={"accept": "text/html"})
    assert person.status_code == 404
    assert 'href="/film/alpha-2001"' in person.text
    assert person.text.count("Did you mean") == 1


@pytest.mark.parametrize("path", ["/nothing", "/nothing/at/all", "/nothing/"])
def test_an_address_with_nothing_there_is_not_sent_to_and_fro(client: TestClient, path: str) -> None:
    answer = client.get(path, headers={"accept": "text/html"}, follow_redirects=True)
    assert answer.status_code == 404
    assert len(answer.history) == path.endswith("/")


UNUSUAL = [
    ("film/amélie-2001", "/film/am%C3%A9lie-2001"),
    ("film/a%20b-2001", "/film/a%20b-2001"),
    ("film/it's-2001", "/film/it%27s-2001"),
]


@pytest.mark.parametrize(("local", "path"), UNUSUAL)
def test_unusual_slug_has_a_path_of_its_own(client: TestClient, graph: FilmGraph, local: str, path: str) -> None:
    assert Links().path(BASE + local) == path
    assert client.get(path).status_code == 200
    data = client.get(f"{path}.nt")
    assert parsed(data.content, "ntriples") == set(neighbourhood(graph.store, BASE + local))
    assert all(ord(character) < 128 for character in data.headers["link"])


@pytest.mark.parametrize("iri", [BASE + "film/x.ttl", BASE + "film/a%2Fb", "http://example.org/elsewhere"])
def test_iri_without_a_path_of_its_own_has_a_page_all_the_same(client: TestClient, graph: FilmGraph, iri: str) -> None:
    path = f"/resource?iri={quote(iri, safe='')}"
    if iri.startswith(BASE):
        assert Links().path(iri) == path
        assert Links(is_static=True).path(iri) is None
    page = client.get(path)
    assert page.status_code == 200
    data = client.get(path.replace("/resource", "/resource.ttl"))
    assert parsed(data.content, "turtle") == set(neighbourhood(graph.store, iri))


def test_page_of_any_iri_leads_to_the_own_page_where_there_is_one(client: TestClient) -> None:
    answer = client.get("/resource.ttl", params={"iri": BASE + "film/alpha-2001"})
    assert (answer.status_code, answer.headers["location"]) == (302, "/film/alpha-2001.ttl")
    assert client.get("/resource", params={"iri": "no iri"}).status_code == 400
    assert client.get("/resource").status_code == 400
    assert client.get("/resource", params={"iri": "http://example.org/nothing"}).status_code == 404


@given(st.text(max_size=60))
@settings(max_examples=150, deadline=None)
def test_path_and_iri_are_one_to_one(slug: str) -> None:
    for address in iris_at("film", slug):
        place = place_of(address)
        if place is not None:
            assert address in iris_at("film", place.removeprefix("/film/"))
    assert all(not re.search(r"[\s<>\"{}|^`\\]", address, re.ASCII) for address in iris_at("film", slug))


SLUGS = st.one_of(
    st.sampled_from([*EXAMPLES.values(), "..", ".", "%", "a/b", "x.ttl.ttl", "ALPHA-2001", "Alpha", "<script>", "é"]),
    st.text(max_size=30),
)
ACCEPTS = st.one_of(st.sampled_from([form.media_type for form in FORMS.values()]), st.text(max_size=40))


@given(
    kind=st.sampled_from([*KINDS, "resource", "nothing"]),
    slug=SLUGS,
    ending=st.sampled_from(["", *(f".{form.ending}" for form in FORMS.values() if form.ending), ".x"]),
    accept=ACCEPTS,
    query=st.one_of(st.just(""), st.sampled_from(["?spoilers=1", "?exact=1", "?iri=x", "?%FF=%FE", "?a=1&a=2"])),
)
@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_combination_is_an_error_of_the_server(
    client: TestClient, kind: str, slug: str, ending: str, accept: str, query: str
) -> None:
    path = f"/{kind}/{quote(slug, safe='', errors='replace')}{ending}{query}"
    answer = client.get(path, headers={"accept": accept.encode(errors="replace")})
    assert answer.status_code < 500


# --- tables ---


def table(client: TestClient, path: str, **query: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(client.get(path, params=query).text)))


def test_tables_hold_what_their_pages_show(client: TestClient) -> None:
    uses = table(client, "/film/alpha-2001.csv")
    assert [row["label"] for row in uses] == ["Close-up", "Jump cut"]
    assert uses[0]["scene"] == BASE + "scene/alpha-2001--close-up--1"
    screening = table(client, "/technique/framing.csv")
    assert [(row["year"], row["label"]) for row in screening] == [
        ("2001", "Close-up"),
        ("2002", "Close-up"),
        ("2003", "Wide shot"),
    ]
    assert [row["title"] for row in table(client, "/person/director-one.csv")] == ["Alpha", "Elsewhere", "Delta"]
    assert [row["title"] for row in table(client, "/country/japan.csv")] == ["Gamma", "Epsilon"]
    assert [row["title"] for row in table(client, "/genre/drama.csv")] == ["Alpha", "Beta", "Gamma"]
    assert {row["label"] for row in table(client, "/category/editing.csv")} == {"Montage", "Jump cut", "Match cut"}


def test_spoilers_are_folded_in_tables_and_json_unless_they_are_asked_for(client: TestClient) -> None:
    secret = "so is the prize"
    for path in ("/film/delta-2014", "/technique/jump-cut", "/scene/delta-2014--jump-cut--1"):
        for ending in (".json", ".csv")[: 1 if "/scene/" in path else 2]:
            assert secret not in client.get(path + ending).text, path + ending
            assert secret in client.get(path + ending, params={"spoilers": "1"}).text, path + ending
        page = client.get(path, headers={"accept": "text/html"}).text
        assert secret in "".join(re.findall(r'<details class="spoiler">.*?</details>', page, re.S)), path
        assert secret not in re.sub(r"<details.*?</details>", "", page, flags=re.S), path
    assert "?spoilers=1 shows it" in client.get("/film/delta-2014.csv").text


FORMULAS = ("=1+1", "+1+cmd", "-2+3", "@SUM(A1)", "\t=1", "\r=1", "＝1", "=1,2", "a;=1")


def test_no_cell_of_a_download_is_a_formula() -> None:
    texts = [ox.Literal(text) for text in FORMULAS]
    numbers = [ox.Literal(-1), ox.Literal(-1.5), ox.Literal("-1", datatype=ox.NamedNode("http://example.org/n"))]
    rows = Rows(("x",), [(term,) for term in [*texts, *numbers]])
    cells = [row[0] for row in list(csv.reader(io.StringIO(rows.to_csv(for_spreadsheets=True), newline="")))[1:]]
    assert cells == [*(f"'{text}" for text in FORMULAS[:-1]), "a;=1", "-1", "-1.5", "-1"]
    assert '"a;=1"' in rows.to_csv(for_spreadsheets=True)
    exact = [row[0] for row in list(csv.reader(io.StringIO(rows.to_csv(), newline="")))[1:]]
    assert exact == [*FORMULAS, "-1", "-1.5", "-1"]


# --- linked data within the page ---


class Elements(HTMLParser):
    """The elements of a page, their attributes, and the text of scripts."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[tuple[str, dict[str, str]]] = []
        self.scripts: list[str] = []
        self._in_script = False
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, {name: value or "" for name, value in attrs}))
        self._in_script = tag == "script"
        if self._in_script:
            self.scripts.append("")

    def handle_endtag(self, tag: str) -> None:
        self._in_script = False

    def handle_data(self, data: str) -> None:
        if self._in_script:
            self.scripts[-1] += data

    def links(self) -> list[str]:
        return [attrs[name] for _, attrs in self.found for name in ("href", "src", "action") if name in attrs]


def embedded(client: TestClient, path: str) -> dict[str, Any]:
    page = Elements(client.get(path, headers={"accept": "text/html"}).text)
    (text,) = [
        script
        for script, attrs in zip(page.scripts, [a for tag, a in page.found if tag == "script"], strict=True)
        if attrs.get("type") == "application/ld+json"
    ]
    document: dict[str, Any] = json.loads(text)
    return document


def expanded(document: dict[str, Any]) -> list[Any]:
    """Expand JSON-LD as who knows schema.org's context would; nothing is fetched."""
    from pyld import jsonld

    def load(url: str, _options: object) -> dict[str, Any]:
        assert url == SCHEMA.rstrip("/")
        context = {"@vocab": SCHEMA, "url": {"@type": "@id"}, "sameAs": {"@type": "@id"}, "item": {"@type": "@id"}}
        return {"contextUrl": None, "documentUrl": url, "document": {"@context": context}}

    found: list[Any] = jsonld.expand(document, {"documentLoader": load})
    return found


@pytest.mark.parametrize(
    ("path", "type_"),
    [
        ("/film/alpha-2001", "Movie"),
        ("/technique/close-up", "DefinedTerm"),
        ("/person/director-one", "Person"),
        ("/organization/test-journal", "Organization"),
    ],
)
def test_page_embeds_plain_schema_org(client: TestClient, path: str, type_: str) -> None:
    about = expanded(embedded(client, path))[0]
    assert about["@id"] == BASE + path[1:]
    assert about["@type"] == [SCHEMA + type_]
    assert about[SCHEMA + "url"] == [{"@id": f"http://testserver{path}"}]
    assert all(name.startswith(("@", SCHEMA)) for name in about)


def test_film_is_embedded_as_a_movie_with_what_the_graph_knows(client: TestClient) -> None:
    movie = embedded(client, "/film/alpha-2001")["@graph"][0]
    assert movie["name"] == "Alpha"
    assert movie["datePublished"] == "2001"
    assert movie["duration"] == "PT90M"
    assert [each["name"] for each in movie["director"]] == ["Director One"]
    assert movie["genre"] == ["Drama"]
    assert [each["name"] for each in movie["keywords"]] == ["Close-up", "Jump cut"]
    assert len(movie["sameAs"]) == 1
    assert "review" not in movie
    term = embedded(client, "/technique/close-up")["@graph"][0]
    assert term["inDefinedTermSet"]["@type"] == "DefinedTermSet"


# --- what crawlers ask for ---


def test_sitemap_lists_every_page_once_and_in_parts(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    index = client.get("/sitemap.xml")
    assert index.headers["content-type"].startswith("application/xml")
    (part,) = re.findall(r"<loc>(.*?)</loc>", index.text)
    urls = re.findall(r"<loc>(.*?)</loc>", client.get(urlsplit(part).path).text)
    assert "http://testserver/film/alpha-2001" in urls
    assert "http://testserver/film/am%C3%A9lie-2001" in urls
    assert not [url for url in urls if "old-2001" in url or "/use/" in url or "?" in url]
    assert len(urls) == len(set(urls))
    assert all(client.get(urlsplit(url).path).status_code == 200 for url in urls)


def test_sitemap_of_many_pages_has_several_parts(graph: FilmGraph, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("filmgraph.web.feeds.MOST_URLS", 10)
    with TestClient(create_app(graph)) as client:
        parts = re.findall(r"<loc>(.*?)</loc>", client.get("/sitemap.xml").text)
        found = [re.findall(r"<loc>(.*?)</loc>", client.get(urlsplit(part).path).text) for part in parts]
        assert {len(urls) for urls in found[:-1]} == {10}
        assert len({url for urls in found for url in urls}) == sum(map(len, found)) > 30
        assert client.get(f"/sitemap-{len(parts) + 1}.xml").status_code == 404


def test_robots_search_description_and_icon(client: TestClient, graph: FilmGraph) -> None:
    robots = client.get("/robots.txt").text
    assert "Disallow: /sparql" in robots
    assert "Disallow: /*?" in robots
    assert "Sitemap: http://testserver/sitemap.xml" in robots
    assert 'template="http://testserver/search?q={searchTerms}"' in client.get("/opensearch.xml").text
    icon = client.get("/favicon.ico", follow_redirects=True)
    assert icon.headers["content-type"] == "image/svg+xml"
    with TestClient(create_app(graph, Settings(base_url="https://example.org/kg"))) as prefixed:
        assert "Disallow: /kg/sparql" in prefixed.get("/robots.txt").text
        assert "<loc>https://example.org/kg/sitemap-1.xml</loc>" in prefixed.get("/sitemap.xml").text


def test_page_has_open_graph_and_canonical_address(client: TestClient) -> None:
    page = Elements(client.get("/film/alpha-2001", headers={"accept": "text/html"}).text)
    meta = {attrs.get("property"): attrs.get("content") for tag, attrs in page.found if tag == "meta"}
    assert meta["og:title"] == "Alpha (2001)"
    assert meta["og:url"] == "http://testserver/film/alpha-2001"
    assert meta["og:description"]
    canonical = [attrs["href"] for tag, attrs in page.found if tag == "link" and attrs.get("rel") == "canonical"]
    assert canonical == ["http://testserver/film/alpha-2001"]


# --- hostile graphs ---

ATTACK = "\"'><script>alert(1)</script><img src=x onerror=alert(1)></script><!--{{7*7}}"
HOSTILE_IRIS = ("javascript:alert(1)", "data:text/html,<b>", "vbscript:x", "http://example.org/'onmouseover='x")


def hostile(store: MemoryStore) -> None:
    """Put an injection into every text of a store, and hostile addresses beside every IRI that leads outside."""
    found = list(store.construct("CONSTRUCT { ?s ?p ?o } WHERE { ?s ?p ?o }"))
    added = []
    for triple in found:
        if isinstance(triple.object, ox.Literal) and triple.object.datatype.value.endswith(("#string", "#langString")):
            attack = ox.Literal(f"{triple.object.value} {ATTACK}", language=triple.object.language)
            store.oxigraph.remove(ox.Quad(*triple))
            added.append(ox.Quad(triple.subject, triple.predicate, attack))
        elif isinstance(triple.object, ox.Literal):
            wild = ox.Literal(ATTACK, datatype=ox.NamedNode("http://example.org/x"))
            added.append(ox.Quad(triple.subject, triple.predicate, wild))
    for subject in {triple.subject for triple in found}:
        for number, address in enumerate(HOSTILE_IRIS):
            if "<" in address:
                continue
            for predicate in (SCHEMA + "sameAs", SCHEMA + "url", SKOS + "exactMatch", f"http://example.org/p{number}"):
                added.append(ox.Quad(subject, ox.NamedNode(predicate), ox.NamedNode(address)))
    for quad in added:
        store.oxigraph.add(quad)


@pytest.fixture(scope="module")
def hostile_client() -> Iterator[TestClient]:
    with MemoryStore.of_files([DATA / "tiny.ttl"]) as store:
        hostile(store)
        with TestClient(create_app(FilmGraph(store)), follow_redirects=True) as client:
            yield client


HARMLESS = ("http://", "https://", "/", "#", "?")


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind not in ("aspect", "agent")])
def test_injection_in_every_field_makes_no_element_and_no_link(hostile_client: TestClient, kind: str) -> None:
    answer = hostile_client.get(f"/{kind}/{EXAMPLES[kind]}", headers={"accept": "text/html"})
    assert answer.status_code == 200
    assert "alert(1)" in answer.text
    page = Elements(answer.text)
    assert not [tag for tag, _ in page.found if tag in ("img", "iframe", "object", "embed", "base", "style")]
    scripts = [attrs for tag, attrs in page.found if tag == "script"]
    assert all("src" in attrs or attrs.get("type") == "application/ld+json" for attrs in scripts)
    assert not [name for _, attrs in page.found for name in attrs if name.startswith("on") or name == "style"]
    assert all(link.startswith(HARMLESS) for link in page.links()), page.links()
    assert "{{7*7}}" in answer.text
    for script in page.scripts:
        assert "<" not in script
        if script.strip():
            json.loads(script)


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind not in ("aspect", "agent")])
def test_data_of_a_hostile_graph_parses(hostile_client: TestClient, kind: str) -> None:
    for form in FORMS_OF_KIND[kind]:
        if form == "html":
            continue
        answer = hostile_client.get(f"/{kind}/{EXAMPLES[kind]}.{FORMS[form].ending}")
        assert answer.status_code == 200, form
        if form in RDF_FORMS:
            assert len(parsed(answer.content, form)) > 3
        elif form == "json":
            json.loads(answer.content)


EXTREMES = [("INF", "double"), ("NaN", "double"), ("9" * 400, "integer"), ("-5", "integer"), ("soon", "integer")]


@pytest.mark.parametrize(("text", "datatype"), EXTREMES)
def test_numbers_that_are_none_are_shown_or_left_out(text: str, datatype: str) -> None:
    value = ox.Literal(text, datatype=ox.NamedNode(XSD + datatype))
    with MemoryStore.of_files([DATA / "tiny.ttl"]) as store:
        for name in (FG + "releaseYear", FG + "runtimeMinutes", OA + "start", OA + "end"):
            for quad in list(store.oxigraph.quads_for_pattern(None, ox.NamedNode(name), None)):
                store.oxigraph.remove(quad)
                store.oxigraph.add(ox.Quad(quad.subject, quad.predicate, value))
        scene = ox.NamedNode(BASE + "scene/alpha-2001--close-up--1")
        store.oxigraph.add(ox.Quad(scene, ox.NamedNode(FG + "startOffset"), value))
        with TestClient(create_app(FilmGraph(store))) as client:
            for kind in (*TABLES, "review", "passage", "scene"):
                for form in FORMS_OF_KIND[kind]:
                    answer = client.get(f"/{kind}/{EXAMPLES[kind]}", headers={"accept": FORMS[form].media_type})
                    assert answer.status_code == 200, (kind, form)
                    if form == "json":
                        json.loads(answer.content, parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))


def test_form_that_cannot_carry_the_graph_is_not_acceptable() -> None:
    with MemoryStore.of_files([DATA / "tiny.ttl"]) as store:
        bell = f'<{BASE}film/alpha-2001> <{SCHEMA}abstract> "\\u0007"'
        store.update(f"INSERT DATA {{ {bell} }}")
        with TestClient(create_app(FilmGraph(store))) as client:
            refused = client.get("/film/alpha-2001.rdf")
            assert (refused.status_code, "ntriples" in refused.json()["detail"]) == (406, True)
            assert client.get("/film/alpha-2001.nt").status_code == 200


# --- what the documents say ---


def keys_of(value: object) -> set[str]:
    if isinstance(value, dict):
        return {*value, *(key for each in value.values() for key in keys_of(each))}
    return {key for each in value for key in keys_of(each)} if isinstance(value, list) else set()


def test_each_kind_has_the_keys_that_the_document_says(client: TestClient) -> None:
    text = (DOCS / "site.md").read_text(encoding="utf-8")
    table = text.partition("\n### JSON\n")[2].partition("\n| within these |")[0]
    rows = re.findall(r"^\| ([a-z, ]+) \| (`.*) \|$", table, re.MULTILINE)
    keys = {
        kind: set(re.findall(r"`(\w+)`", re.sub(r"\([^)]*\)", "", cells)))
        for names, cells in rows
        for kind in names.split(", ")
    }
    for kind in KINDS:
        document = client.get(f"/{kind}/{EXAMPLES[kind]}.json").json()
        assert document.keys() == keys.get(kind, keys["all others"]), kind


def test_every_key_and_column_of_data_is_documented(client: TestClient) -> None:
    text = (DOCS / "site.md").read_text(encoding="utf-8")
    data = text.partition("\n## Data\n")[2].partition("\n## ")[0]
    documented = set(re.findall(r"`([a-z_]+)`", data))
    for kind in KINDS:
        document = client.get(f"/{kind}/{EXAMPLES[kind]}.json", params={"spoilers": "1"}).json()
        assert keys_of(document) <= documented, kind
    for described in (pages.FilmPage, pages.TechniquePage, pages.PersonPage, pages.ListedFilm, Valued, Tally):
        assert {field.name for field in dataclasses.fields(described)} <= documented, described
    for kind in TABLES:
        columns = client.get(f"/{kind}/{EXAMPLES[kind]}.csv").text.splitlines()[0].split(",")
        assert set(columns) <= documented, kind
