"""A graph with texts and nameless nodes where resources belong: all pages are shown, and nothing in it is a query."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import suppress
from threading import Thread

import pytest
from starlette.testclient import TestClient

from filmgraph.graph import FilmGraph
from filmgraph.lookup import labels_of
from filmgraph.namespaces import BASE
from filmgraph.queries import with_prefixes
from filmgraph.stores import MemoryStore
from filmgraph.web import create_app

SOUND = """
    film:a-2001 a fg:Film ; schema:name "A" . film:b-2002 a fg:Film ; schema:name "B" .
    technique:t a fg:Technique ; skos:prefLabel "T"@en .
    use:u fg:film film:a-2001, film:b-2002 ; fg:technique technique:t ; fg:explanation "e" ; fg:scene scene:s .
    scene:s schema:description "d" .
    review:r a fg:Review ; schema:itemReviewed film:a-2001 .
    claim:c a fg:ReviewClaim ; fg:status fg:Accepted ; fg:stance fg:Praise ; fg:statement "s" ; fg:claimedIn review:r ;
        fg:aboutFilm film:a-2001 ; fg:aboutTechnique technique:t .
"""
MIXED_UP = """
    film:a-2001 schema:director X ; schema:genre X ; schema:countryOfOrigin X ; schema:musicBy X ; schema:sameAs X .
    technique:t skos:broader X ; skos:related X . X_SUBJECT skos:broader technique:t ; a fg:Technique, fg:Film .
    use:u fg:film X ; fg:technique X ; fg:scene X .
    review:r schema:itemReviewed X ; schema:author X ; schema:publisher X .
    claim:c fg:claimedIn X ; fg:aboutFilm X ; fg:aboutTechnique X ; fg:comparesTo X ; fg:evidence X .
"""
NUMBERS = (
    '"--5"',
    "99999999999999999999999",
    "-50",
    '"x"^^xsd:integer',
    f'"{"9" * 5_000}"^^xsd:integer',
    "2001.5, true, []",
)
PATHS = (
    *("/", "/films", "/films.csv", "/techniques", "/techniques.csv", "/map.json", "/about", "/data", "/ontology"),
    *("/.well-known/void", "/sitemap.xml", "/search?q=a", "/data/filmgraph.nt", "/queries/critic-values"),
    *(f"/film/a-2001{ending}" for ending in ("", ".json", ".csv", ".ttl", ".jsonld", ".nt")),
    *(f"/technique/t{ending}" for ending in ("", ".json", ".csv", ".ttl")),
    *(
        "/review/r",
        "/review/r.json",
        "/claim/c",
        "/use/u",
        "/scene/s",
        "/film/b-2002",
        f"/resource?iri={BASE}film/a-2001",
    ),
    *("/neighbourhood/film/a-2001", "/neighbourhood/technique/t", "/compare?film=a-2001&film=b-2002"),
    *("/path?from=a-2001&to=b-2002", "/path.ttl?from=a-2001&to=b-2002", "/recommend?like=a-2001"),
)


@pytest.fixture
def listener() -> Iterator[tuple[str, list[object]]]:
    """The address of a listener, and who has called it."""
    calls: list[object] = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer() -> None:
            with suppress(OSError):
                while True:
                    connection, caller = server.accept()
                    calls.append(caller)
                    connection.close()

        Thread(target=answer, daemon=True).start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}/", calls
        server.shutdown(socket.SHUT_RDWR)


def assert_all_shown(statements: str) -> None:
    with MemoryStore() as store:
        store.update(with_prefixes(f"INSERT DATA {{ {SOUND} {statements} }}"))
        with TestClient(create_app(FilmGraph(store))) as client:
            shown = {path: client.get(path, headers={"Accept": "text/html, */*"}).status_code for path in PATHS}
    # Turtle of the project's own making has no nameless nodes; N-Triples has them.
    assert {
        path: status for path, status in shown.items() if status != 200 and (status, path[-4:]) != (406, ".ttl")
    } == {}


def test_the_sound_graph_is_shown() -> None:
    assert_all_shown("")


@pytest.mark.parametrize("term", ['"a text"', "_:nobody", "5", '"urn:x"', "<urn:x>", "<javascript:alert(1)>"])
def test_what_stands_in_the_place_of_a_resource_keeps_no_page_from_being_shown(term: str) -> None:
    subject = term if term.startswith(("<", "_")) else "<urn:y>"
    assert_all_shown(MIXED_UP.replace("X_SUBJECT", subject).replace(" X", f" {term}"))


@pytest.mark.parametrize("number", NUMBERS)
def test_what_stands_in_the_place_of_a_number_keeps_no_page_from_being_shown(number: str) -> None:
    assert_all_shown(
        f"film:a-2001 fg:releaseYear {number} ; fg:runtimeMinutes {number} . "
        f"scene:s fg:startOffset {number} ; fg:endOffset {number} ; fg:spoiler {number} ."
    )


def test_a_text_in_the_place_of_a_resource_becomes_no_part_of_a_query(listener: tuple[str, list[object]]) -> None:
    address, calls = listener
    text = f"urn:x> }} SERVICE <{address}> {{ ?s ?b ?c }} VALUES ?q {{ <urn:y"
    known = '<urn:x> schema:name "n" . '
    assert_all_shown(known + MIXED_UP.replace("X_SUBJECT", "<urn:x>").replace(" X", f' "{text}"'))
    with MemoryStore() as store:
        store.update(with_prefixes(f"INSERT DATA {{ {known} }}"))
        assert labels_of(store, [text, "urn:x"])["urn:x"] == "n"
    assert calls == []
