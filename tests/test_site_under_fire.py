"""Runaway queries from several clients, while a plain one reads film pages: it must not notice.

The pages are asked one after another over one connection, some for the first time, some again. What is slow on a busy
machine may have been somebody else's doing, so that the best of three rounds counts; what is wrong counts at once.
"""

from __future__ import annotations

import http.client
import json
import math
import socket
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import cycle
from pathlib import Path

import pytest
from sites import Served
from test_sandbox import children, resident, until

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc, and asks from 127.0.0.2 and others")

SECONDS = 2.0
"""How long a query may run here; all but one test would else wait five times as long."""
ROUNDS = 3
MOST_MILLISECONDS = 250
MARGIN = 64 * 1024**2
"""How much more memory server and fork server may hold afterwards: the pages that are kept now, and what the allocator
has not given back."""

LETTERS = dict(zip("abcdefgh", "bcdefghi", strict=True))
RUNAWAYS = {
    "product with order": "SELECT * { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i } ORDER BY ?c ?f ?i",
    "product of products": "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l }",
    "nested concat": 'SELECT (STRLEN(?i) AS ?n) { BIND("aaaaaaaaaaaaaaaa" AS ?a) '
    + " ".join(f"BIND(CONCAT({', '.join([f'?{one}'] * 30)}) AS ?{next_})" for one, next_ in LETTERS.items())
    + " }",
    "paths over everything": "SELECT (COUNT(*) AS ?n) { ?s (!<x:a>)* ?m . ?m (!<x:b>|^<x:c>)+ ?o }",
    "regular expressions": 'SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f FILTER(REGEX(CONCAT(STR(?c), STR(?f)), "'
    + "(a|b|ab)*(.*)*[^x]{1,40}$"
    + '", "si")) }',
    "distinct product": "SELECT (COUNT(DISTINCT CONCAT(STR(?a), STR(?f))) AS ?n) { ?a ?b ?c . ?d ?e ?f }",
    "group concat": "SELECT (GROUP_CONCAT(CONCAT(STR(?a), STR(?f))) AS ?n) { ?a ?b ?c . ?d ?e ?f }",
    "construct": "CONSTRUCT { ?a ?b ?f } { ?a ?b ?c . ?d ?e ?f }",
    "20,000 braces": "SELECT * " + "{" * 20_000 + "}" * 20_000,
    "600 patterns": "SELECT * { " + " ".join(f"?a{each} ?b{each} ?c{each} ." for each in range(600)) + " }",
}
ENDS = (400, 422, 429, 503)


@dataclass
class Round:
    """What a round saw: seconds of each page, what was wrong with pages, and how each runaway ended."""

    pages: list[float] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    runaways: list[tuple[str, int, float, bytes]] = field(default_factory=list)

    @property
    def milliseconds(self) -> float:
        """The 99th percentile of the pages."""
        return sorted(self.pages)[math.ceil(0.99 * len(self.pages)) - 1] * 1_000

    @property
    def slowest(self) -> float:
        return max(seconds for _, _, seconds, _ in self.runaways)


def connection_from(client: int, server: Served, *, seconds: float = 30) -> http.client.HTTPConnection:
    """Return a connection of another client, by its address."""
    return http.client.HTTPConnection("127.0.0.1", server.port, seconds, source_address=(f"127.0.0.{client}", 0))


def send(client: int, server: Served, query: str) -> tuple[int, bytes]:
    connection = connection_from(client, server)
    try:
        connection.request("POST", "/sparql", query, {"Content-Type": "application/sparql-query", "Accept": "*/*"})
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def fire(client: int, server: Served, seen: Round) -> None:
    """Send every runaway once, each client beginning with another."""
    names = list(RUNAWAYS)
    for name in names[2 * client :] + names[: 2 * client]:
        begun = time.monotonic()
        status, body = send(client + 2, server, RUNAWAYS[name])
        seen.runaways.append((name, status, time.monotonic() - begun, body))


def leave(server: Served, ended: threading.Event) -> None:
    """Send runaways, and hang up in their midst."""
    for query in cycle(RUNAWAYS.values()):
        if ended.wait(0.1):
            return
        connection = connection_from(9, server)
        with suppress(OSError):
            connection.request("POST", "/sparql", query, {"Content-Type": "application/sparql-query"})
            ended.wait(0.3)
        connection.close()


def read(server: Served, new: Sequence[str], old: Sequence[str], ended: threading.Event, seen: Round) -> None:
    """Ask for pages until it ends, every third one for the first time as long as there are such."""
    connection = connection_from(1, server)
    firsts, again = iter(new), cycle(old)
    place = 0
    while not ended.is_set():
        slug = (next(firsts, None) if place % 3 == 0 else None) or next(again)
        place += 1
        begun = time.monotonic()
        connection.request("GET", f"/film/{slug}", headers={"Accept": "text/html"})
        answer = connection.getresponse()
        body = answer.read()
        seen.pages.append(time.monotonic() - begun)
        if answer.status != 200 or not body.rstrip().endswith(b"</html>") or f"/film/{slug}.ttl".encode() not in body:
            seen.wrong.append(f"{slug}: {answer.status}")
        time.sleep(0.005)
    connection.close()


def fire_and_read(server: Served, new: Sequence[str], old: Sequence[str]) -> Round:
    seen, ended = Round(), threading.Event()
    attackers = [threading.Thread(target=fire, args=(client, server, seen)) for client in range(4)]
    beside = [
        threading.Thread(target=read, args=(server, new, old, ended, seen)),
        threading.Thread(target=leave, args=(server, ended)),
    ]
    for thread in (*attackers, *beside):
        thread.start()
    for thread in attackers:
        thread.join()
    ended.set()
    for thread in beside:
        thread.join()
    return seen


@pytest.fixture(scope="module")
def server() -> Iterator[Served]:
    with Served.site("--query-seconds", str(SECONDS)) as served:
        yield served


def slugs_of(server: Served) -> list[str]:
    films = json.loads(server.get("/films.json").partition(b"\r\n\r\n")[2])["films"]
    return [film["iri"].rpartition("/")[2] for film in films]


def processes(server: Served) -> tuple[int, int]:
    """Return the process ids of the server and of its fork server."""
    assert server.process is not None
    started = [
        int(process)
        for thread in Path(f"/proc/{server.process.pid}/task").iterdir()
        for process in (thread / "children").read_text().split()
    ]
    (forker,) = started
    return server.process.pid, forker


def test_pages_do_not_notice_the_runaways_of_others(server: Served) -> None:
    slugs = slugs_of(server)
    old, new = slugs[::2], slugs[1::2]
    for slug in old:
        server.get(f"/film/{slug}", "Accept: text/html")
    before = processes(server)
    memory = sum(map(resident, before))

    rounds: list[Round] = []
    for number in range(ROUNDS):
        rounds.append(fire_and_read(server, new[number::ROUNDS], old))
        seen = rounds[-1]
        assert seen.wrong == []
        assert len(seen.pages) > 100
        assert len(seen.runaways) == 4 * len(RUNAWAYS)
        for name, status, _, body in seen.runaways:
            assert status in ENDS, f"{name}: {status}"
            assert len(json.loads(body)["detail"]) > 20, name
        if seen.milliseconds < MOST_MILLISECONDS and seen.slowest < SECONDS + 1:
            break
    print("\n".join(f"p99 {seen.milliseconds:.0f} ms of {len(seen.pages)} pages" for seen in rounds))
    assert min(seen.milliseconds for seen in rounds) < MOST_MILLISECONDS
    assert min(seen.slowest for seen in rounds) < SECONDS + 1

    until(lambda: children(before[1]) == [])
    assert processes(server) == before, "the very same processes live"
    assert send(2, server, "ASK { ?s ?p ?o }")[0] == 200
    until(lambda: sum(map(resident, before)) - memory < MARGIN)


def test_every_runaway_is_one(server: Served) -> None:
    """Alone, and with nobody else in the way, each still ends at a bound: none is merely slow under fire."""
    for name in ("20,000 braces", "600 patterns"):
        status, body = send(3, server, RUNAWAYS[name])
        assert status == 400
        assert "too wide" in json.loads(body)["detail"] or "nests deeper" in json.loads(body)["detail"]
    for name in ("paths over everything", "product with order", "nested concat", "regular expressions"):
        status, body = send(3, server, RUNAWAYS[name])
        assert status == 503, name
        assert "found no end" in json.loads(body)["detail"] or "memory" in json.loads(body)["detail"]


def test_two_hundred_at_once_are_refused_but_for_a_few(server: Served) -> None:
    asked = RUNAWAYS["product of products"].encode()
    head = "POST /sparql HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/sparql-query\r\nConnection: close\r\n"
    request = f"{head}Content-Length: {len(asked)}\r\n\r\n".encode() + asked
    connections: list[socket.socket] = []
    try:
        for place in range(200):
            connection = socket.create_connection(
                ("127.0.0.1", server.port), 30, source_address=(f"127.0.0.{2 + place % 40}", 0)
            )
            connections.append(connection)
            connection.sendall(request)
        statuses = [int(connection.recv(65_536).split(b" ", 2)[1]) for connection in connections]
    finally:
        for connection in connections:
            connection.close()
    assert set(statuses) <= {429, 503}
    assert server.get("/film/her-2013").startswith(b"HTTP/1.1 200")
    until(lambda: children(processes(server)[1]) == [])


def test_without_a_word_a_query_may_run_for_ten_seconds() -> None:
    with Served.site("--store", "tests/data/tiny.ttl") as served:
        begun = time.monotonic()
        status, body = send(2, served, RUNAWAYS["product of products"].replace("?l }", "?l . ?m ?n ?o . ?p ?q ?r }"))
        took = time.monotonic() - begun
        assert status == 503
        assert "within 10 s" in json.loads(body)["detail"]
        assert 9 < took < 11
