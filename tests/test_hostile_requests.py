"""Cheap requests that would cost the site dear: each stays within its bound, in bytes and in steps, not in seconds."""

from __future__ import annotations

import gzip
import socket
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any
from urllib.parse import quote

import pyoxigraph as ox
import pytest
from sites import Served, received, status_of
from starlette.requests import Request
from starlette.testclient import TestClient
from test_server import head, server

from filmgraph.errors import DataError
from filmgraph.graph import FilmGraph
from filmgraph.letterboxd import TitleIndex, read_letterboxd
from filmgraph.sandbox import Answer as Result
from filmgraph.stores import MemoryStore
from filmgraph.web import Settings, create_app
from filmgraph.web.answers import takes_gzip
from filmgraph.web.results import MOST_ROWS, table_of
from filmgraph.web.site import Site

HTML = {"Accept": "text/html"}
ENDLESS = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }"


@pytest.fixture(scope="module")
def graph(bundled: MemoryStore) -> FilmGraph:
    return FilmGraph(bundled)


@pytest.fixture(scope="module")
def client(graph: FilmGraph) -> Iterator[TestClient]:
    with TestClient(create_app(graph), base_url="http://localhost", follow_redirects=False) as made:
        yield made


def site_of(client: TestClient) -> Site:
    site: Site = client.app.state.site  # type: ignore[attr-defined]
    return site


# Addresses


def test_an_address_has_so_many_parameters_at_the_most(client: TestClient) -> None:
    answer = client.get("/films?" + "&".join(f"a{place}" for place in range(257)))
    assert answer.status_code == 400
    assert "256" in answer.json()["detail"]
    assert client.get("/films?" + "&".join(f"a{place}" for place in range(256))).status_code == 200


def test_what_a_page_does_not_read_makes_no_other_page_of_it(client: TestClient, graph: FilmGraph) -> None:
    site = site_of(client)
    usual = client.get("/film/her-2013", headers=HTML)
    before = len(site.kept._answers)
    for place in range(5):
        answer = client.get(f"/film/her-2013?from=elsewhere&visit={place}", headers=HTML)
        assert (answer.content, answer.headers["etag"]) == (usual.content, usual.headers["etag"])
        assert "visit" not in answer.headers["link"]
    assert len(site.kept._answers) == before
    told = client.get("/film/her-2013.json").text, client.get("/film/her-2013.json?spoilers=1").text
    assert told[0] != told[1], "what it reads counts"


def test_a_kept_page_is_not_smaller_than_what_it_is_kept_by(client: TestClient) -> None:
    site = site_of(client)
    site.kept.clear()
    assert client.get("/films?" + "q=" + "+" * 15_000).status_code == 200
    (key,) = site.kept._answers
    assert len(repr(key)) < 200


def test_a_long_query_makes_no_long_head(client: TestClient) -> None:
    long = "&".join(f"genre={'x' * 30}{place}" for place in range(50))
    answer = client.get(f"/films?{long}", headers=HTML)
    assert answer.status_code == 200
    assert sum(len(name) + len(value) for name, value in answer.headers.items()) < 4_000
    assert "link" in client.get("/films?genre=drama", headers=HTML).headers


@pytest.mark.parametrize("part", ["9" * 6_000, "0", "-1", "x", "1.5", "%D9%A1"])
def test_a_part_of_the_sitemap_that_there_is_not(client: TestClient, part: str) -> None:
    assert client.get(f"/sitemap-{part}.xml").status_code == 404


def test_the_sitemap_is_made_once(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    first = client.get("/sitemap-1.xml")
    monkeypatch.setattr("filmgraph.web.feeds.sitemaps", lambda *_: pytest.fail("it is made again"))
    assert client.get("/sitemap-1.xml").content == first.content
    assert client.get("/sitemap-99999.xml").status_code == 404


def test_a_slash_at_the_end_leads_nowhere_else(graph: FilmGraph) -> None:
    settings = Settings(base_url="https://films.example/kg")
    with TestClient(create_app(graph, settings), follow_redirects=False) as client:
        answer = client.get("/film/her-2013/?a=b", headers={"Host": "evil.example"})
        assert (answer.status_code, answer.headers["location"]) == (307, "/kg/film/her-2013?a=b")
        for path in ("//evil.example/", "/%2F%2Fevil.example/", "/\\evil.example/", "/%5Cevil.example/"):
            assert "evil" not in client.get(path).headers.get("location", "")


@pytest.mark.parametrize("accept", ["text/html", "application/json"])
def test_a_mistake_of_ours_shows_nothing_of_the_inside(
    graph: FilmGraph, monkeypatch: pytest.MonkeyPatch, accept: str
) -> None:
    def mistaken(*_: object) -> None:
        raise ValueError("a secret in /etc/passwd")

    monkeypatch.setattr(FilmGraph, "technique", mistaken)
    client = TestClient(create_app(graph), base_url="http://localhost", raise_server_exceptions=False)
    answer = client.get("/technique/montage", headers={"Accept": accept})
    assert answer.status_code == 500
    assert "should not have" in answer.text
    assert not any(word in answer.text for word in ("secret", "passwd", "Traceback", "ValueError"))


# Headers


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("gzip", True),
        ("GZIP;q=0.5, br", True),
        ("br, *", True),
        ("gzip;q=0", False),
        ("gzip; q = 0.000", False),
        ("*, gzip;q=0", False),
        ("*;q=0", False),
        ("br", False),
        ("xgzip", False),
        ("gzip x", False),
        ("", False),
        ("gzip" + " " * 30_000 + "x", False),
        ("gzip ," * 5_000 + "x", True),
        (";" * 30_000 + ",gzip", True),
    ],
)
def test_what_is_said_of_compression_is_read_in_one_way(header: str, expected: bool) -> None:
    scope = {"type": "http", "headers": [(b"accept-encoding", header.encode())]}
    assert takes_gzip(Request(scope)) is expected


def test_a_header_that_follows_the_body_is_none() -> None:
    with server("127.0.0.1") as served:
        trailing = head("GET /who HTTP/1.1", "Transfer-Encoding: chunked", "Connection: close")
        answer = served.raw(trailing + b"0\r\nX-Forwarded-For: 203.0.113.9\r\nHost: y\r\n\r\n")
        assert answer.endswith(b"127.0.0.1 http")


# Connections


def test_too_many_requests_in_one_breath_end_their_connection() -> None:
    with server() as served:
        assert served.raw(head("GET /slow?seconds=0.5 HTTP/1.1") + head("GET / HTTP/1.1") * 1_000) == b""
        sixteen = head("GET / HTTP/1.1") * 15 + head("GET / HTTP/1.1", "Connection: close")
        assert served.raw(sixteen).count(b"HTTP/1.1 200") == 16


def test_no_refusal_stands_in_the_midst_of_other_answers() -> None:
    with server() as served:
        asked = head("GET /slow?seconds=0.5 HTTP/1.1")
        assert served.raw(asked + head("GET / HTTP/1.1") + b"\x00\x01\x02\r\n\r\n") == b""
        assert served.raw(asked + b"\x00\x01\x02\r\n\r\n").count(b"HTTP/1.1 ") == 1


def test_who_sends_a_body_slowly_makes_room() -> None:
    with server(connections=10) as served, ExitStack() as stack:
        slow = [stack.enter_context(served.connect()) for _ in range(10)]
        for connection in slow:
            connection.sendall(head("POST /length HTTP/1.1", "Content-Length: 100") + b"x")
        time.sleep(0.3)
        assert all(status_of(served.get("/")) == 200 for _ in range(3))


@pytest.mark.parametrize("path", ["/big", "/stream"])
def test_who_takes_an_answer_slowly_makes_room(path: str) -> None:
    with server(connections=5) as served, ExitStack() as stack:
        slow = [stack.enter_context(served.connect(receive_buffer=4_096)) for _ in range(5)]
        for connection in slow:
            connection.sendall(head(f"GET {path} HTTP/1.1"))
        time.sleep(0.5)
        assert all(status_of(served.get("/")) == 200 for _ in range(3))


@pytest.fixture(scope="module")
def site() -> Iterator[Served]:
    with Served.site("--query-seconds", "120") as served:
        yield served


def test_a_query_is_called_off_though_more_was_asked_after_it(site: Served) -> None:
    for _ in range(3):
        with ExitStack() as stack:
            for _ in range(2):
                connection = stack.enter_context(site.connect())
                asked = head(f"GET /sparql?query={quote(ENDLESS)} HTTP/1.1").replace(b"Host: x", b"Host: localhost")
                connection.sendall(asked + head("GET / HTTP/1.1") * 3)
            time.sleep(0.3)
        time.sleep(0.3)
        # Were they still running, this client would have no share left.
        assert status_of(site.get("/sparql?query=ASK%7B%7D")) == 200


def test_a_client_that_breaks_off_is_no_mistake_of_the_server() -> None:
    code = "import sys; sys.stderr = sys.stdout\nfrom filmgraph.cli import main\nmain()"
    served = Served.site("--store", "tests/data/tiny.ttl")
    served.command[2] = code
    with served:
        assert served.process is not None
        stream = served.process.stdout
        for _ in range(10):
            connection = served.connect()
            # Closed so, unread answers are answered with a reset.
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            connection.sendall(head("GET /films HTTP/1.1").replace(b"Host: x", b"Host: localhost") * 10)
            connection.close()
        time.sleep(0.5)
        assert status_of(served.get("/")) == 200
        served.process.terminate()
        said = stream.read() if stream else b""
        assert b"Traceback" not in said, said.decode()


# Tables


def test_a_table_of_many_columns_is_refused() -> None:
    index = TitleIndex([])
    wide = b"Name,Year" + b",a" * 200_000 + b"\n"
    with pytest.raises(DataError, match="columns"):
        read_letterboxd(wide, index)
    with pytest.raises(DataError, match="columns"):
        read_letterboxd(wide.replace(b",", b";"), index)
    assert read_letterboxd(b"Name,Year" + b",a" * 900 + b"\nHer,2013\n", index).rows == 1


def test_a_wide_answer_is_shown_in_fewer_rows() -> None:
    head_line = "\t".join(f"?v{place}" for place in range(100)) + "\n"
    body = head_line + ("\t".join(['"x"'] * 100) + "\n") * 5_000
    table = table_of(Result("solutions", "text/tab-separated-values", body.encode()))
    assert (len(table.columns), table.total) == (100, 5_000)
    assert 90 <= len(table.rows) <= 110
    narrow = table_of(Result("solutions", "text/tab-separated-values", ("?v\n" + '"x"\n' * 5_000).encode()))
    assert len(narrow.rows) == MOST_ROWS


def test_an_answer_of_long_texts_is_shown_in_fewer_rows() -> None:
    body = "?v\n" + ('"' + "x" * 1_900 + '"\n') * 2_000
    table = table_of(Result("solutions", "text/tab-separated-values", body.encode()))
    assert 500 < len(table.rows) < 600
    one = table_of(Result("solutions", "text/tab-separated-values", ("?v\n" + '"' + "x" * 5_000_000 + '"\n').encode()))
    assert [len(cell.text) for row in one.rows for cell in row if cell] == [2_000]


def test_a_long_iri_is_text() -> None:
    long = "http://example.org/" + "x" * 50_000
    table = table_of(Result("solutions", "text/tab-separated-values", f"?v\n<{long}>\n<http://e/>\n".encode()))
    ((cut,), (whole,)) = table.rows
    assert cut is not None
    assert whole is not None
    assert (len(cut.text), cut.iri, cut.is_cut) == (2_000, "", True)
    assert (whole.iri, whole.is_cut) == ("http://e/", False)


def test_long_texts_of_strangers_are_not_remembered(graph: FilmGraph) -> None:
    site = Site(graph)
    for name in ("path", "curie", "slug"):
        recall: Any = site.templates.filters[name]
        long = "https://w3id.org/filmgraph/film/" + "x" * 1_000
        recall(long)
        (remembered,) = [cell.cell_contents for cell in recall.__closure__ if hasattr(cell.cell_contents, "cache_info")]
        assert remembered.cache_info().currsize == 0
        assert recall("https://w3id.org/filmgraph/film/her-2013")
        assert remembered.cache_info().currsize == 1


# Threads


def test_who_waits_for_the_whole_graph_keeps_nobody_from_the_pages(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, waits, waited_in_vain = threading.Event(), threading.Event(), threading.Event()

    def slow(*_: object) -> None:
        waits.set()
        if not waited_in_vain.is_set() and not made.wait(20):
            waited_in_vain.set()
        raise DataError("was only a test")

    monkeypatch.setattr("filmgraph.web.downloads._dump", slow)
    waiting = [threading.Thread(target=client.get, args=("/data/filmgraph.rdf",)) for _ in range(60)]
    try:
        for thread in waiting:
            thread.start()
        assert waits.wait(60)
        assert client.get("/film/jaws-1975", headers=HTML).status_code == 200
        assert not waited_in_vain.is_set()
    finally:
        made.set()
        for thread in waiting:
            thread.join(60)


def test_slow_questions_of_the_library_leave_threads_to_the_pages(graph: FilmGraph) -> None:
    app = create_app(graph)
    with TestClient(app, base_url="http://localhost") as client:
        bounds = site_of(client).sandbox().bounds  # type: ignore[misc]
        # Each waits in a thread of those that make the pages, of which there are forty.
        assert bounds.at_once + bounds.waiting <= 20


def test_the_whole_graph_is_unpacked_in_small_pieces(site: Served) -> None:
    """However many take it slowly, what waits for them is small."""
    with ExitStack() as stack:
        status_of(site.get("/data/filmgraph.nt", "Accept-Encoding: gzip"))
        before = site.memory()
        for _ in range(100):
            connection = stack.enter_context(site.connect(receive_buffer=4_096))
            connection.sendall(head("GET /data/filmgraph.nt HTTP/1.1").replace(b"Host: x", b"Host: localhost"))
        time.sleep(1.0)
        assert site.memory() - before < 100 * 1024**2
        assert status_of(site.get("/film/her-2013")) == 200
    whole = site.get("/data/filmgraph.nt", "Accept-Encoding: gzip").partition(b"\r\n\r\n")[2]
    assert len(list(ox.parse(gzip.decompress(whole), format=ox.RdfFormat.N_TRIPLES))) > 1_000


# Smuggling


@pytest.mark.parametrize(
    "lines",
    [
        ["Content-Length: 6", "Transfer-Encoding: chunked"],
        ["Transfer-Encoding: chunked", "Content-Length: 6"],
        ["Content-Length: 5", "Content-Length: 6"],
        ["Content-Length: 5, 5"],
        ["Content-Length: +5"],
        ["Content-Length : 5"],
        ["Content-Length: 99999999999999999999"],
        ["Transfer-Encoding: xchunked"],
        ["Transfer-Encoding: chunked, identity"],
        ["Transfer-Encoding: \x0bchunked"],
        ["X: a\rTransfer-Encoding: chunked"],
        ["X: a\nTransfer-Encoding: chunked", "Content-Length: 5"],
    ],
)
def test_a_body_has_one_length(site: Served, lines: list[str]) -> None:
    hidden = b"0\r\n\r\nGET /robots.txt HTTP/1.1\r\nHost: localhost\r\n\r\n"
    start = ["POST /sparql HTTP/1.1", "Host: localhost", "Content-Type: application/sparql-query"]
    with site.connect() as connection:
        connection.sendall("\r\n".join([*start, *lines, "", ""]).encode() + hidden)
        answer = received(connection)
    assert status_of(answer) == 400
    assert b"Sitemap" not in answer


@pytest.mark.parametrize("size", [b"xyz", b"-1", b"f" * 17, b"", b"0x3", b"3 ;"])
def test_a_piece_has_a_length(site: Served, size: bytes) -> None:
    asked = head("POST /sparql HTTP/1.1", "Transfer-Encoding: chunked", "Connection: close")
    answer = site.raw(asked.replace(b"Host: x", b"Host: localhost") + size + b"\r\nabc\r\n0\r\n\r\n")
    assert status_of(answer) == 400
