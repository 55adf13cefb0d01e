"""The remote store while an answer comes: rows in turn, limits that hang up, what is sent again and what is not."""

from __future__ import annotations

import json
import os
import re
import socket
import threading
import time
from collections.abc import Iterable
from pathlib import Path

import pyoxigraph as ox
import pytest
from hypothesis import given
from hypothesis import strategies as st
from servers import ANSWER, Endpoint, Exchange

from filmgraph.errors import (
    EndpointAnswerError,
    EndpointDownError,
    EndpointStatusError,
    EndpointTimeoutError,
    PartialLoadError,
    StoreError,
)
from filmgraph.readers import DEEPEST
from filmgraph.stores import RemoteStore
from filmgraph.stores.answers import Depth, InnerTriples, Replaced
from filmgraph.stores.batches import packed, sent_all
from filmgraph.stores.logins import Login

SELECT = "SELECT ?n WHERE { ?s ?p ?n }"
HEAD = b'{"head":{"vars":["n"]},"results":{"bindings":['
ROW = b'{"n":{"type":"literal","value":"x"}}'
UPDATE = "INSERT DATA { <urn:a> <urn:b> 1 }"


def is_probe(exchange: Exchange) -> bool:
    return len(exchange.server.bodies) == 1


def endless(exchange: Exchange) -> None:
    if is_probe(exchange):
        exchange.reply(b'{"head":{},"boolean":true}')
        return
    exchange.begin()
    exchange.wfile.write(HEAD + ROW)
    while not exchange.server.ended.is_set():
        exchange.wfile.write((b"," + ROW) * 1_000)


def test_a_limit_stops_the_reading() -> None:
    with Endpoint(endless) as endpoint:
        store = RemoteStore(endpoint.url, largest_answer=10**6)
        assert len(store.select(SELECT, most=5_000)) == 5_000
        assert len(store.select(SELECT, most=0)) == 0
        with store.stream(SELECT) as rows:
            assert rows.columns == ("n",)
            assert next(iter(rows)) == (ox.Literal("x"),)
        with pytest.raises(EndpointAnswerError, match="larger than 1,000,000 bytes"):
            store.select(SELECT)


def test_the_other_end_is_hung_up_on() -> None:
    gone = threading.Event()

    def play(exchange: Exchange) -> None:
        try:
            endless(exchange)
        except OSError:
            gone.set()

    with Endpoint(play) as endpoint:
        RemoteStore(endpoint.url).select(SELECT, most=1)
        assert gone.wait(20)


def test_rows_are_there_before_the_answer_is_whole() -> None:
    read = threading.Event()

    def play(exchange: Exchange) -> None:
        if is_probe(exchange):
            exchange.reply()
            return
        exchange.begin()
        exchange.wfile.write(HEAD + ROW + b"," + ROW + b",")
        assert read.wait(20)
        exchange.wfile.write(ROW + b"]}}")

    with Endpoint(play) as endpoint, RemoteStore(endpoint.url, deadline=25).stream(SELECT) as rows:
        coming = iter(rows)
        assert next(coming) == (ox.Literal("x"),)
        read.set()
        assert len(list(coming)) == 2
        assert rows.read == 3


def test_the_deadline_holds_for_all_rows_together() -> None:
    def play(exchange: Exchange) -> None:
        exchange.begin()
        exchange.wfile.write(HEAD + ROW)
        while not exchange.server.ended.wait(0.1):
            exchange.wfile.write(b"," + ROW)

    with Endpoint(play) as endpoint:
        store = RemoteStore(endpoint.url, deadline=1.0)
        started = time.monotonic()
        with pytest.raises(EndpointTimeoutError), store.stream(SELECT) as rows:
            for _ in rows:
                pass
        assert time.monotonic() - started < 11


@pytest.mark.parametrize("form", ["rows", "triples"])
def test_an_answer_that_breaks_off_is_none(form: str) -> None:
    body, kind = (
        (HEAD + ROW + b"]}}", "application/sparql-results+json")
        if form == "rows"
        else (b"<urn:a> <urn:b> <urn:c> .\n", "application/n-triples")
    )

    def play(exchange: Exchange) -> None:
        exchange.send_response(200)
        exchange.send_header("Content-Type", kind)
        exchange.send_header("Content-Length", str(len(body) + 1_000))
        exchange.end_headers()
        exchange.wfile.write(body)

    with Endpoint(play) as endpoint:
        store = RemoteStore(endpoint.url)
        with pytest.raises(EndpointDownError, match="ends 1,000 bytes before its end"):
            store.select(SELECT) if form == "rows" else store.construct("CONSTRUCT WHERE { ?s ?p ?o }")


def test_nobody_there_yet_is_tried_again() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    made: list[Endpoint] = []

    def open_late() -> None:
        time.sleep(0.15)
        endpoint = Endpoint.__new__(Endpoint)
        endpoint.allow_reuse_address = True
        _begin(endpoint, port)
        made.append(endpoint)

    thread = threading.Thread(target=open_late)
    thread.start()
    try:
        assert len(RemoteStore(f"http://127.0.0.1:{port}/query", retries=6).select(SELECT)) == 1
    finally:
        thread.join()
        made[0].__exit__(None, None, None)


def _begin(endpoint: Endpoint, port: int) -> None:
    from http.server import ThreadingHTTPServer

    ThreadingHTTPServer.__init__(endpoint, ("127.0.0.1", port), Exchange)
    endpoint.play, endpoint.bodies, endpoint.ended = Exchange.reply, [], threading.Event()
    endpoint._thread = threading.Thread(target=endpoint.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    endpoint._thread.start()


def updates_sent(status: int, *, hang_up: bool = False, **headers: str) -> int:
    """Return how many times an update is sent to an endpoint that answers it in one way."""

    def play(exchange: Exchange) -> None:
        if b"INSERT" not in exchange.server.bodies[-1]:
            exchange.reply()
        elif hang_up:
            exchange.connection.close()
        else:
            exchange.reply(b"", status=status, **headers)

    with Endpoint(play) as endpoint:
        store = RemoteStore(endpoint.url, update_url=endpoint.url, retries=2)
        with pytest.raises((EndpointStatusError, EndpointDownError)):
            store.update(UPDATE)
        return sum(b"INSERT" in body for body in endpoint.bodies)


def test_an_update_that_may_be_done_is_not_sent_again() -> None:
    assert updates_sent(503) == 1, "whatever stands between may have lost the answer"
    assert updates_sent(500) == updates_sent(502) == updates_sent(504) == 1
    assert updates_sent(0, hang_up=True) == 1


def test_an_update_that_was_not_taken_is_sent_again() -> None:
    assert updates_sent(503, Retry_After="0") == 3
    assert updates_sent(429, Retry_After="0") == 3


TEXTS = st.text('a"\\[]{},', max_size=8)
VALUES = st.recursive(
    st.none() | TEXTS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3)
)


@given(VALUES, st.lists(st.integers(1, 9), min_size=1))
def test_depth_is_seen_across_pieces(value: object, sizes: list[int]) -> None:
    text = json.dumps(value).encode()
    watch = Depth("")
    for piece in _cut(text, sizes):
        assert watch(piece) == piece
    assert watch._depth == 0


@given(st.integers(1, 30), st.integers(1, 7))
def test_what_is_too_deep_is_refused(strings: int, size: int) -> None:
    deep = b'["\\"[[",' * strings + b"[" * (DEEPEST + 1 - strings)
    with pytest.raises(EndpointAnswerError, match="nests deeper"):
        list(map(Depth(""), _cut(deep, [size])))


@given(st.text("ab<", max_size=60), st.lists(st.integers(1, 5), min_size=1))
def test_bytes_are_replaced_across_pieces(text: str, sizes: list[int]) -> None:
    replaced, whole = Replaced(b"aab", b"-"), text.encode()
    assert b"".join(map(replaced, [*_cut(whole, sizes), b""])) == whole.replace(b"aab", b"-")


def test_triples_within_triples_are_counted_across_pieces() -> None:
    with pytest.raises(EndpointAnswerError, match="<<"):
        list(map(InnerTriples(""), [b"<"] * 2_100))


def _cut(text: bytes, sizes: list[int]) -> Iterable[bytes]:
    at, turn = 0, 0
    while at < len(text):
        size = sizes[turn % len(sizes)]
        yield text[at : at + size]
        at, turn = at + size, turn + 1


def node(name: str) -> ox.NamedNode:
    return ox.NamedNode(f"urn:{name}")


def test_what_shares_blank_nodes_stays_together() -> None:
    a, b, c, p = ox.BlankNode("a"), ox.BlankNode("b"), ox.BlankNode("c"), node("p")
    triples = [ox.Triple(a, p, node("1")), ox.Triple(node("x"), p, node("y")), ox.Triple(c, p, node("2")),
               ox.Triple(b, p, a), ox.Triple(node("3"), p, b), ox.Triple(node("x"), p, node("z"))]  # fmt: skip
    packs = list(packed(triples, triples_each=1, size=10**6))
    assert [len(pack) for pack in packs] == [1, 1, 3, 1]
    assert sorted(line for pack in packs for line in pack) == sorted(f"{triple} .\n" for triple in triples)
    assert all(sum(map(len, pack)) <= 70 or len(pack) == 3 for pack in packed(triples, triples_each=100, size=60))


def test_a_load_that_breaks_off_says_what_is_in() -> None:
    sent: list[list[str]] = []

    def send(lines: list[str]) -> None:
        if len(sent) == 2:
            raise EndpointTimeoutError("no whole answer within 1 s", url="http://e.org/")
        sent.append(lines)

    with pytest.raises(PartialLoadError) as caught:
        sent_all([["1"] * 10, ["2"] * 10, ["3"] * 7], send, file="films.nt", url="http://e.org/")
    assert (caught.value.loaded, caught.value.unsure) == (20, 7)
    assert "films.nt: the first 20 triples are in, the next 7 may be, the rest is not" in str(caught.value)
    with pytest.raises(EndpointTimeoutError):
        sent_all([["3"] * 7], send, file="films.nt", url="http://e.org/")


def test_a_file_larger_than_an_update_is_sent_in_parts(tmp_path: Path) -> None:
    file = tmp_path / "large.nt"
    file.write_text("".join(f'<urn:s{n}> <urn:p> "{n}" .\n' for n in range(25_000)), "utf-8")
    statuses = [200, 500]

    def play(exchange: Exchange) -> None:
        if b"INSERT" in exchange.server.bodies[-1]:
            exchange.reply(b"no room", status=statuses.pop(0))
        else:
            exchange.reply(ANSWER)

    with Endpoint(play) as endpoint:
        store = RemoteStore(endpoint.url, update_url=endpoint.url)
        with pytest.raises(PartialLoadError, match=r"the first 20,000 triples are in, the rest is not: .*no room"):
            store.load(file)


def test_a_login_goes_to_whom_it_is_for(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    seen: list[str | None] = []

    def play(exchange: Exchange) -> None:
        told = exchange.headers.get("Authorization")
        seen.append(told)
        if told:
            exchange.reply()
        else:
            exchange.reply(b"", status=401, WWW_Authenticate='Basic realm="films"')

    with Endpoint(play) as endpoint:
        with pytest.raises(EndpointStatusError, match="FILMGRAPH_LOGIN"):
            RemoteStore(endpoint.url).select(SELECT)
        monkeypatch.setenv("FILMGRAPH_LOGIN", "ada:secret")
        assert len(RemoteStore(endpoint.url).select(SELECT)) == 1
        assert seen[0] is None, "it is not told before it is asked for"
        assert seen[-1] == "Basic YWRhOnNlY3JldA=="
        monkeypatch.delenv("FILMGRAPH_LOGIN")
        file = tmp_path / "login"
        file.write_text("ada:secret\nmore\n", "utf-8")
        monkeypatch.setenv("FILMGRAPH_LOGIN_FILE", os.fspath(file))
        assert len(RemoteStore(endpoint.url).select(SELECT)) == 1
        del seen[:]
        other = Login("ada", "secret", ("http://127.0.0.1:9/",))
        with pytest.raises(EndpointStatusError, match="does not take this login"):
            RemoteStore(endpoint.url, login=other).select(SELECT)
        assert set(seen) == {None}, "it is for another address"


def test_a_password_is_shown_nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "secret" not in repr(Login("ada", "secret", ("http://films.example/",)))
    for told in ("secret", ":secret", "ada:sec\tret"):
        monkeypatch.setenv("FILMGRAPH_LOGIN", told)
        with pytest.raises(StoreError, match="NAME:PASSWORD") as caught:
            Login.of_environment("http://films.example/")
        assert not re.search("sec", str(caught.value))
    monkeypatch.delenv("FILMGRAPH_LOGIN")
    monkeypatch.setenv("FILMGRAPH_LOGIN_FILE", "/nowhere/login")
    with pytest.raises(StoreError, match="cannot be read"):
        Login.of_environment("http://films.example/")


def test_a_bare_password_goes_over_no_open_line() -> None:
    def answers(*urls: str) -> list[str]:
        return [type(handler).__name__ for handler in Login("ada", "secret", urls).handlers()]

    private = ("https://films.example/sparql", "http://localhost:1/", "http://[::1]:1/", "http://127.0.0.7:1/")
    assert answers(*private) == ["HTTPDigestAuthHandler", "HTTPBasicAuthHandler"]
    assert answers(*private, "http://films.example/update") == ["HTTPDigestAuthHandler"]
