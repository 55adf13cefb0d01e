"""The pages that lead from film to film: comparison, paths, what to watch, uploads, the map and neighbourhoods."""

from __future__ import annotations

import csv
import io
import json
import re
import tempfile
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from xml.etree import ElementTree

import pyoxigraph as ox
import pytest
from starlette.testclient import TestClient

from filmgraph.graph import FilmGraph
from filmgraph.letterboxd import LARGEST_EXPORT
from filmgraph.namespaces import iri
from filmgraph.queries import with_prefixes
from filmgraph.recommend import METHODS
from filmgraph.stores import MemoryStore
from filmgraph.web import Settings, create_app
from filmgraph.web.discover import PATH_KINDS
from filmgraph.web.picks import MOST_PICKS

HTML = {"accept": "text/html"}
RATINGS = "Date,Name,Year,Letterboxd URI,Rating\n"
HOSTILE = (
    "x" * 5_000,
    "'\"><script>alert(1)</script>",
    "javascript:alert(1)",
    "{{ 7 * 7 }}",
    "\u202e\u200b",
    "../../etc/passwd",
    "} UNION { ?s ?p ?o } #",
    "%00",
)


@pytest.fixture(scope="module")
def tiny(tiny_files: tuple[Path, ...]) -> Iterator[TestClient]:
    with (
        MemoryStore.of_files(tiny_files) as store,
        TestClient(create_app(FilmGraph(store)), base_url="http://localhost", follow_redirects=False) as made,
    ):
        yield made


def page(client: TestClient, path: str, *, status: int = 200) -> str:
    response = client.get(path, headers=HTML)
    assert response.status_code == status, response.text[:500]
    assert response.headers["content-type"].startswith("text/html")
    return response.text


def links(text: str) -> list[str]:
    return [unescape(link) for link in re.findall(r'<a [^>]*?href="([^"]*)"', text)]


def upload(
    client: TestClient, content: bytes, *, name: str = "ratings.csv", accept: str = "text/html", **fields: str
) -> tuple[int, str]:
    response = client.post("/recommend", files={"file": (name, content)}, data=fields, headers={"accept": accept})
    assert response.headers["cache-control"] == "no-store"
    return response.status_code, response.text


# Two films side by side


def test_two_films_are_compared_by_what_they_share(client: TestClient) -> None:
    text = page(client, "/compare?film=her-2013&film=Playtime")
    assert "Her and Playtime" in text
    assert "Color palette as worldbuilding" in text
    shared = text[text.index('id="shared"') : text.index('id="apart"')]
    assert "Theodore" in shared
    assert "Buildings, suits and cars" in shared
    assert "/path?from=her-2013&to=playtime-1967" in links(text)
    found = client.get("/compare.json?film=her-2013&film=playtime-1967").json()
    assert (found["first"]["title"], found["second"]["title"]) == ("Her", "Playtime")
    assert 0 < found["likeness"] < 1


@pytest.mark.parametrize("path", ["/compare", "/path", "/recommend", "/compare?film=her-2013", "/path?from=her-2013"])
def test_without_films_a_page_asks_for_them(client: TestClient, path: str) -> None:
    text = page(client, path)
    assert '<form class="' in text
    assert re.search(r'<input id="[a-z]+-\d" name="(film|from|to|like|dislike)" type="text"', text)
    problem = client.get(path.replace("?", ".json?") if "?" in path else f"{path}.json")
    assert problem.status_code == 400
    assert problem.headers["content-type"] == "application/problem+json"
    assert "name " in problem.json()["detail"]


def test_what_was_perhaps_meant_is_a_choice_that_leads_on(client: TestClient) -> None:
    text = page(client, "/compare?film=Herr&film=playtime-1967")
    assert "There is no film “Herr” in this graph." in text
    assert "/compare?film=her-2013&film=playtime-1967" in links(text)
    text = page(client, "/path?from=playtime-1967&to=Herr&kind=technique")
    assert "/path?kind=technique&from=playtime-1967&to=her-2013" in links(text) or any(
        set(link.partition("?")[2].split("&")) == {"from=playtime-1967", "to=her-2013", "kind=technique"}
        for link in links(text)
    )
    text = page(client, "/recommend?like=Herr&like=playtime-1967&dislike=jaws-1975&method=pagerank")
    wanted = {"like=her-2013", "like=playtime-1967", "dislike=jaws-1975", "method=pagerank"}
    assert any(set(link.partition("?")[2].split("&")) == wanted for link in links(text))


def test_data_of_films_that_there_are_not_is_refused_with_suggestions(client: TestClient) -> None:
    for path in ("/compare.json?film=Herr&film=playtime-1967", "/path.ttl?from=Herr&to=x", "/recommend.json?like=Herr"):
        response = client.get(path)
        assert response.status_code == 404
        assert "her-2013" in response.json()["detail"]


@pytest.mark.parametrize(
    ("path", "complaint"),
    [
        ("/compare?film=a&film=b&film=c", "name two films"),
        ("/path?from=her-2013&to=playtime-1967&kind=spell", "no kind of path"),
        ("/path?from=her-2013&to=playtime-1967&limit=0", "whole number from 1 to"),
        ("/path?from=her-2013&to=playtime-1967&limit=9999999999", "whole number from 1 to"),
        ("/recommend?like=her-2013&method=horoscope", "the methods are craft, pagerank"),
        ("/recommend?like=her-2013&limit=51", "whole number from 1 to 50"),
        ("/recommend?" + "&".join(f"like=x{n}" for n in range(MOST_PICKS + 1)), "at the most"),
        ("/compare.json?film=her-2013&film=Her", "two different films"),
        ("/recommend.json?like=her-2013&dislike=Her", "both liked and disliked"),
    ],
)
def test_what_makes_no_sense_is_refused_in_one_line(client: TestClient, path: str, complaint: str) -> None:
    response = client.get(path, headers={"accept": "application/json"})
    assert response.status_code == 400
    assert complaint in response.json()["detail"]


def test_a_film_and_itself_are_told_apart(client: TestClient) -> None:
    for path in ("/compare?film=her-2013&film=Her", "/path?from=her-2013&to=Her+(2013)"):
        assert "Both are Her: pick another film." in page(client, path)


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("path", ["/compare?film={}&film=her-2013", "/path?from={}&to={}", "/recommend?like={}"])
def test_hostile_titles_are_told_back_as_text(client: TestClient, path: str, text: str) -> None:
    from urllib.parse import quote

    shown = page(client, path.format(*[quote(text)] * path.count("{}")))
    assert "<script>alert" not in shown
    assert "49" not in re.findall(r'value="([^"]*)"', shown)
    assert not [link for link in links(shown) if link.startswith("javascript:")]
    assert len(shown) < 60_000


def test_several_films_of_one_title_are_offered(tiny_files: tuple[Path, ...]) -> None:
    with MemoryStore.of_files(tiny_files) as store:
        store.update(
            with_prefixes(
                'INSERT DATA { film:twin-2000 a fg:Film ; schema:name "Twin" ; fg:releaseYear 2000 . '
                'film:twin-2010 a fg:Film ; schema:name "Twin" ; fg:releaseYear 2010 }'
            )
        )
        with TestClient(create_app(FilmGraph(store)), base_url="http://localhost") as made:
            text = page(made, "/compare?film=Twin&film=alpha-2001")
            assert "There are several films “Twin”." in text
            assert {"/compare?film=twin-2000&film=alpha-2001", "/compare?film=twin-2010&film=alpha-2001"} <= {
                *links(text)
            }
            assert "Twin (2010)" in page(made, "/compare?film=Twin+(2010)&film=alpha-2001")


# Paths


def test_every_step_of_a_path_has_its_triples(client: TestClient, bundled: MemoryStore) -> None:
    path = "/path?from=her-2013&to=lost-in-translation-2003"
    text = page(client, path)
    assert "K. K. Barrett is the production designer of both" in text
    assert text.count('<ol class="edges">') == text.count('<section class="part way">') > 2
    found = client.get(path.replace("?", ".json?")).json()
    triples = {tuple(triple) for each in found for edge in each["edges"] for triple in edge["triples"]}
    turtle = client.get(path.replace("?", ".ttl?"))
    assert turtle.headers["content-type"].startswith("text/turtle")
    parsed = {
        tuple(term.value for term in (quad.subject, quad.predicate, quad.object))
        for quad in ox.parse(turtle.content, format=ox.RdfFormat.TURTLE)
    }
    assert parsed == triples
    for subject, predicate, value in parsed:
        assert bundled.ask(f"ASK {{ <{subject}> <{predicate}> <{value}> }}")
    assert f"{path.replace('?', '.ttl?')}" in links(text)


@pytest.mark.parametrize("kind", PATH_KINDS)
def test_a_path_keeps_to_the_kinds_that_are_chosen(client: TestClient, kind: str) -> None:
    path = f"/path.json?from=her-2013&to=lost-in-translation-2003&kind={kind.replace(' ', '+')}"
    assert {each["kind"] for each in client.get(path).json()} <= {kind}
    assert re.search(rf'name="kind" value="{kind}" checked', page(client, path.replace(".json", "")))


def test_films_that_nothing_joins_are_told_so(tiny: TestClient) -> None:
    text = page(tiny, "/path?from=alpha-2001&to=epsilon-2015&kind=director")
    assert "Nothing of these kinds joins them." in text


# What to watch


@pytest.mark.parametrize("method", METHODS)
def test_what_to_watch_comes_with_reasons_and_what_is_against_it(
    client: TestClient, graph: FilmGraph, method: str
) -> None:
    text = page(client, f"/recommend?like=Her&like=Playtime&dislike=Jaws&method={method}")
    expected = graph.recommend("her-2013", "playtime-1967", disliked="jaws-1975", method=method, reasons=3)
    assert re.findall(r'<li class="answer">\s*<h3><a href="([^"]+)"', text) == [
        "/film/" + answer.film.rpartition("/")[2] for answer in expected
    ]
    assert expected[0].reason in unescape(text)
    assert any(answer.against for answer in expected) == ("Against it: " in text)
    for slug in ("her-2013", "playtime-1967", "jaws-1975"):
        assert re.search(rf'type="checkbox" name="(dis)?like" value="{slug}" checked', text)
    data = client.get(f"/recommend.json?like=Her&like=Playtime&dislike=Jaws&method={method}").json()
    assert [answer["film"] for answer in data["answers"]] == [answer.film for answer in expected]
    assert data["disliked"] == [iri("film", "jaws-1975")]


def test_fifty_likes_and_dislikes_fit_an_address(client: TestClient, graph: FilmGraph) -> None:
    films = [film.iri.rpartition("/")[2] for film in graph.catalogue.select(size=None).films][:100]
    query = "&".join([f"like={slug}" for slug in films[:50]] + [f"dislike={slug}" for slug in films[50:]])
    found = client.get(f"/recommend.json?{query}&limit=20").json()
    assert (len(found["liked"]), len(found["disliked"])) == (50, 50)
    answers = {answer["film"] for answer in found["answers"]}
    assert answers
    assert not answers & {*found["liked"], *found["disliked"]}


def test_a_film_that_is_liked_and_disliked_counts_as_liked(client: TestClient) -> None:
    text = page(client, "/recommend?like=her-2013&dislike=Her")
    assert "Her: liked and disliked; it counts as liked." in text
    assert 'class="answer"' in text


# Uploads


def test_an_upload_is_answered_and_forgotten(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object, **__: object) -> None:
        raise AssertionError("an upload touched the disk")

    monkeypatch.setattr(tempfile, "TemporaryFile", refused)
    monkeypatch.setattr(tempfile.SpooledTemporaryFile, "rollover", refused)
    padding = "".join(f"2024-01-01,Nobody's Film {number},1999,,3\n" for number in range(40_000))
    rows = "2024-01-05,Her,2013,u,4.5\n2024-01-05,Playtime,1967,u,5\n2024-01-05,Jaws,1975,u,2\n"
    status, text = upload(client, (RATINGS + rows + padding).encode())
    assert status == 200
    assert "3 of 40,003 films are in this graph: you like 2 of them and dislike 1." in " ".join(text.split())
    assert (
        text.index("Nobody&#39;s Film 0 <")
        < text.index("Nobody&#39;s Film 1 <")
        < text.index("Nobody&#39;s Film 999 <")
    )
    assert "Nobody&#39;s Film 1000 <" not in text
    assert "and 39,000 more" in text
    assert "Her</a>" in text
    assert 'class="answer"' in text
    assert "/recommend?like=her-2013&like=playtime-1967&dislike=jaws-1975&method=craft" in links(text)
    assert "Nobody" not in page(client, "/recommend")


def test_what_was_seen_is_no_answer(client: TestClient) -> None:
    liked = RATINGS + "2024-01-05,Her,2013,u,5\n"
    first = json.loads(upload(client, liked.encode(), accept="application/json")[1])
    best = first["answers"][0]
    title, year = best["title"], best["film"][-4:]
    seen = liked + f'2024-01-05,"{title}",{year},u,3\n'
    second = json.loads(upload(client, seen.encode(), accept="application/json")[1])
    assert best["film"] not in {answer["film"] for answer in second["answers"]}
    assert second["upload"]["matched"] == 2
    assert second["upload"]["unmatched"] == []


def test_films_that_were_only_watched_need_a_word(client: TestClient) -> None:
    content = b"Date,Name,Year,Letterboxd URI\n2024-01-05,Her,2013,u\n"
    status, text = upload(client, content, name="watched.csv")
    assert status == 200
    assert "This file holds no ratings." in text
    assert 'class="answer"' not in text
    status, text = upload(client, content, name="watched.csv", liked_all="1")
    assert 'class="answer"' in text


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"PK\x03\x04zip", "is an archive"),
        (b"\xff\xfeD\x00", "is UTF-16"),
        (b"Name\x00,Year\n", "null characters"),
        (b"Title;Stars\nHer;5\n", "must name the columns Name and Year"),
        (b"", "is empty"),
        (RATINGS.encode() + b'2024-01-01,"' + b"x" * 1_000_000 + b'",2013,u,5\n', "is no CSV"),
        (RATINGS.encode() + b"2024-01-01,Her,2013,u,=1+1\n", "the rating"),
    ],
)
def test_what_is_no_file_of_letterboxds_gets_one_line(client: TestClient, content: bytes, complaint: str) -> None:
    status, text = upload(client, content, name="<b>x</b>.csv")
    assert status == 200
    assert complaint in unescape(text)
    assert "<b>x</b>" not in text
    assert 'role="alert"' in text
    status, text = upload(client, content, accept="application/json")
    assert status == 400
    assert complaint in json.loads(text)["detail"]


def test_formulae_and_markup_in_titles_are_text(client: TestClient) -> None:
    titles = ("=HYPERLINK(1)", "<img src=x onerror=alert(1)>", "javascript:alert(1)")
    rows = "".join(f'2024-01-01,"{title}",2013,u,5\n' for title in titles)
    text = upload(client, (RATINGS + rows + "2024-01-01,Her,2013,u,5\n").encode())[1]
    assert "<img src=x" not in text
    assert "=HYPERLINK(1) <span" in text
    assert not [link for link in links(text) if "alert" in link]


def test_an_upload_without_a_file_asks_for_one(client: TestClient) -> None:
    response = client.post("/recommend", files={"file": ("", b"")}, headers=HTML)
    assert "Choose a file: ratings.csv" in response.text
    response = client.post("/recommend", files={"other": ("x", b"x")}, headers={"accept": "application/json"})
    assert response.status_code == 400
    assert "Choose a file" in response.json()["detail"]


@pytest.mark.parametrize(
    ("headers", "content", "status"),
    [
        ({"content-type": "text/csv"}, b"x", 415),
        ({"content-type": "application/x-www-form-urlencoded"}, b"file=x", 415),
        ({}, b"x", 415),
        ({"content-type": "multipart/form-data"}, b"x", 400),
        ({"content-type": "multipart/form-data; boundary=b"}, b"x" * (5 * 1024**2), 413),
        ({"content-type": "multipart/form-data; boundary=b", "accept": "image/png"}, b"--b--", 406),
    ],
)
def test_what_is_no_upload_is_refused(client: TestClient, headers: dict[str, str], content: bytes, status: int) -> None:
    response = client.post("/recommend", content=content, headers=headers)
    assert response.status_code == status
    assert response.headers["content-type"] == "application/problem+json"


def test_too_many_parts_are_refused(client: TestClient) -> None:
    many = [("file", (f"{number}.csv", b"Name,Year\n")) for number in range(3)]
    assert client.post("/recommend", files=many).status_code == 400
    fields = {f"field-{number}": "x" for number in range(50)}
    assert client.post("/recommend", files={"file": ("a.csv", b"x")}, data=fields).status_code == 400
    long = {"method": "x" * 100_000}
    assert client.post("/recommend", files={"file": ("a.csv", b"x")}, data=long).status_code == 400
    assert client.post("/recommend", files={"file": ("a.csv", b"x")}, data={"method": "no"}).status_code == 400
    assert LARGEST_EXPORT == 4 * 1024**2


# The map


def svg_of(text: str) -> ElementTree.Element:
    """The first drawing of a page: it is read as XML, so that what does not close is found."""
    start = text.index('<svg class="chart"')
    return ElementTree.fromstring(text[start : text.index("</svg>", start) + 6])


def test_every_film_on_the_map_is_a_link_with_a_name(client: TestClient, graph: FilmGraph) -> None:
    text = page(client, "/map")
    chart = svg_of(text)
    dots = [link for link in chart.iter("a") if link.find("circle") is not None]
    names = {f"{dot.film.name} ({dot.year})" for dot in graph.atlas.dots}
    assert {dot.get("aria-label") for dot in dots} == names == {dot.findtext("title") for dot in dots}
    assert {dot.get("href") for dot in dots} == {"/film/" + dot.film.iri.rpartition("/")[2] for dot in graph.atlas.dots}
    listed = text[text.index('id="islands"') :]
    assert all(f'href="{dot.get("href")}"' in listed for dot in dots)
    for island in graph.atlas.islands:
        assert f'id="island-{island.number}"' in listed
    assert "style=" not in text
    assert len(text) < 250_000


def test_the_map_is_data(client: TestClient, graph: FilmGraph) -> None:
    found = client.get("/map.json").json()
    assert len(found["dots"]) == len(graph.atlas.dots)
    assert found["islands"][0]["marks"][0]["name"]
    rows = list(csv.DictReader(io.StringIO(client.get("/map.csv").text)))
    assert len(rows) == len(graph.atlas.links)
    assert {"film", "other", "likeness", "technique"} <= rows[0].keys()


def test_dots_can_be_hit_with_a_finger(client: TestClient, graph: FilmGraph) -> None:
    size = int(svg_of(page(client, "/map")).get("width", "0"))
    assert 2 * graph.atlas.radius * size / 0.68 >= 24


def test_an_empty_graph_has_an_empty_map() -> None:
    with MemoryStore() as store, TestClient(create_app(FilmGraph(store)), base_url="http://localhost") as made:
        assert "No film uses a technique yet." in page(made, "/map")


# Neighbourhoods


def test_neighbours_are_links_in_the_drawing_and_in_the_list(client: TestClient) -> None:
    text = page(client, "/neighbourhood/technique/close-up")
    chart = svg_of(text)
    hrefs = [link.get("href") or "" for link in chart.iter("a")]
    assert "/neighbourhood/technique/shot-scale" in hrefs
    listed = text[text.index('id="list"') :]
    assert all(f'href="{href.removeprefix("/neighbourhood")}"' in listed for href in hrefs)
    assert any(re.match(r"/neighbourhood/film/", href) for href in hrefs)
    assert "style=" not in text
    assert all(client.get(href, headers=HTML).status_code == 200 for href in hrefs[:6])


def test_a_neighbourhood_is_elements_of_cytoscape(client: TestClient) -> None:
    found = client.get("/neighbourhood/film/her-2013.json").json()
    nodes = {each["data"]["id"]: each for each in found["elements"] if "source" not in each["data"]}
    edges = [each["data"] for each in found["elements"] if "source" in each["data"]]
    assert len(nodes) == len(edges) + 1
    assert {edge["source"] for edge in edges} == {iri("film", "her-2013")}
    assert all(edge["target"] in nodes for edge in edges)
    assert all({"x", "y"} == each["position"].keys() for each in nodes.values())


def test_names_lead_to_the_neighbourhood_they_mean(client: TestClient) -> None:
    response = client.get("/neighbourhood/film/Her", headers=HTML)
    assert (response.status_code, response.headers["location"]) == (302, "/neighbourhood/film/her-2013")
    for path in ("/neighbourhood/film/nothing-like-this-1900", "/neighbourhood/planet/mars"):
        assert client.get(path, headers=HTML).status_code == 404


def test_hostile_names_are_text_in_a_drawing(tiny_files: tuple[Path, ...]) -> None:
    with MemoryStore.of_files(tiny_files) as store:
        store.update(
            with_prefixes(
                'INSERT DATA { film:bad-2000 a fg:Film ; schema:name "</text><script>alert(1)</script>" ; '
                "fg:releaseYear 2000 ; schema:director person:director-one . use:bad fg:film film:bad-2000 ; "
                "fg:technique technique:jump-cut }"
            )
        )
        with TestClient(create_app(FilmGraph(store)), base_url="http://localhost") as made:
            for path in ("/map", "/neighbourhood/person/director-one", "/neighbourhood/film/bad-2000"):
                text = page(made, path)
                assert "<script>alert" not in text
                assert svg_of(text) is not None


def test_under_a_prefix_every_link_stays_below_it(graph: FilmGraph) -> None:
    settings = Settings(base_url="https://example.org/kg")
    with TestClient(create_app(graph, settings), base_url="http://localhost") as made:
        for path in (
            "/map",
            "/neighbourhood/film/her-2013",
            "/compare?film=Herr&film=playtime-1967",
            "/path?from=her-2013&to=playtime-1967",
            "/recommend?like=her-2013",
        ):
            own = [link for link in links(page(made, path)) if link.startswith("/")]
            assert own
            assert [link for link in own if not link.startswith("/kg/")] == []
