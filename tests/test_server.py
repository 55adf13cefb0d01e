"""The server keeps its bounds: slow, greedy and endless clients are cut off, and others do not notice."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress

import pytest
from sites import Served, closed_after, received, status_of

from filmgraph.web.server import Limits

MEGABYTE = 1024**2
PROGRAM = """
import asyncio, sys
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route
from filmgraph.web.security import Security
from filmgraph.web.server import Limits, bind, serve

async def home(request):
    return PlainTextResponse("home")

async def length(request):
    return PlainTextResponse(str(len(await request.body())))

async def big(request):
    return Response(b"x" * (24 * 1024**2), media_type="text/plain")

async def stream(request):
    async def parts():
        for _ in range(384):
            yield b"x" * 65_536
    return StreamingResponse(parts(), media_type="text/plain")

async def who(request):
    return PlainTextResponse(f"{request.client.host} {request.url.scheme}")

async def slow(request):
    await asyncio.sleep(float(request.query_params["seconds"]))
    return PlainTextResponse("at last")

app = Security(
    Starlette(routes=[
        Route("/", home), Route("/length", length, methods=["POST"]), Route("/upload", length, methods=["POST"]),
        Route("/big", big), Route("/stream", stream), Route("/slow", slow), Route("/who", who),
    ]),
    bodies={"/upload": 1024**2},
)
listener = bind("127.0.0.1", 0)
say = lambda: print(f"http://127.0.0.1:{listener.getsockname()[1]}", flush=True)
serve(app, listener, limits=Limits(**eval(sys.argv[1])), ready=say, proxies=sys.argv[2:])
"""


def server(*proxies: str, **limits: float) -> Served:
    return Served([sys.executable, "-c", PROGRAM, repr(limits), *proxies])


@pytest.fixture(scope="module")
def impatient() -> Iterator[Served]:
    """A server whose patience is short."""
    limits = {"head_seconds": 0.8, "stall_seconds": 0.8, "body_seconds": 2.0, "idle_seconds": 1, "unread_seconds": 1.0}
    with server(**limits) as served:
        yield served


def head(*lines: str) -> bytes:
    return "\r\n".join([*lines, "Host: x", "", ""]).encode()


def trickle(connection: socket.socket, data: bytes, *, every: float) -> bytes:
    """Send byte after byte until the other side has had enough; return its answer."""
    with suppress(OSError):
        for place in range(len(data)):
            connection.sendall(data[place : place + 1])
            time.sleep(every)
    return received(connection)


def test_the_bounds_are_those_that_are_promised() -> None:
    limits = Limits()
    assert (limits.head_seconds, limits.stall_seconds) == (10, 10)
    assert limits.connections > 200
    assert limits.head_bytes <= 65_536


def test_a_head_that_trickles_in_is_refused(impatient: Served) -> None:
    with impatient.connect() as connection:
        answer = trickle(connection, head("GET / HTTP/1.1", "X-Slow: " + "a" * 200), every=0.05)
    assert status_of(answer) == 408


def test_empty_lines_that_trickle_in_are_no_request(impatient: Served) -> None:
    with impatient.connect() as connection:
        assert trickle(connection, b"\r\n" * 100, every=0.05) == b""


def test_a_connection_that_says_nothing_is_closed(impatient: Served) -> None:
    with impatient.connect() as connection:
        assert received(connection) == b""


def test_a_connection_is_closed_some_time_after_its_last_request(impatient: Served) -> None:
    with impatient.connect() as connection:
        connection.sendall(head("GET / HTTP/1.1"))
        assert received(connection).endswith(b"home")


def test_a_second_request_that_trickles_in_is_refused(impatient: Served) -> None:
    with impatient.connect() as connection:
        connection.sendall(head("GET / HTTP/1.1"))
        assert connection.recv(65_536).startswith(b"HTTP/1.1 200")
        assert b"HTTP/1.1 408" in trickle(connection, head("GET / HTTP/1.1", "X: " + "a" * 100), every=0.05)


def test_a_body_that_stalls_is_refused(impatient: Served) -> None:
    with impatient.connect() as connection:
        connection.sendall(head("POST /length HTTP/1.1", "Content-Length: 10") + b"12345")
        assert status_of(received(connection)) == 408


def test_a_body_that_trickles_in_for_too_long_is_refused(impatient: Served) -> None:
    with impatient.connect() as connection:
        connection.sendall(head("POST /length HTTP/1.1", "Content-Length: 100"))
        assert status_of(trickle(connection, b"x" * 100, every=0.1)) == 408


def test_a_slow_but_steady_client_is_served(impatient: Served) -> None:
    with impatient.connect() as connection:
        request = head("POST /length HTTP/1.1", "Content-Length: 4", "Connection: close") + b"1234"
        for place in range(0, len(request), 12):
            connection.sendall(request[place : place + 12])
            time.sleep(0.06)
        answer = received(connection)
    assert (status_of(answer), answer[-1:]) == (200, b"4")


def test_many_slow_clients_keep_nobody_out() -> None:
    with server() as served, ExitStack() as stack:
        for _ in range(200):
            connection = stack.enter_context(served.connect())
            connection.sendall(b"GET / HTTP/1.1\r\nX-Slow: a")
        for _ in range(20):
            assert status_of(served.get("/")) == 200


def test_who_was_silent_for_longest_makes_room() -> None:
    with server(connections=20) as served, ExitStack() as stack:
        silent = [stack.enter_context(served.connect())]
        time.sleep(0.2)
        silent += [stack.enter_context(served.connect()) for _ in range(19)]
        time.sleep(0.2)
        assert status_of(served.get("/")) == 200
        assert closed_after(silent[0], 2)
        silent[-1].sendall(head("GET / HTTP/1.1"))
        assert silent[-1].recv(65_536).startswith(b"HTTP/1.1 200")


def test_where_all_are_at_work_the_newcomer_is_refused() -> None:
    with server(connections=5) as served, ExitStack() as stack:
        busy = [stack.enter_context(served.connect()) for _ in range(5)]
        for connection in busy:
            connection.sendall(head("GET /slow?seconds=1.5 HTTP/1.1", "Connection: close"))
        time.sleep(0.5)
        assert status_of(served.get("/")) == 503
        assert all(received(connection).endswith(b"at last") for connection in busy)


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (b"GET /" + b"a" * 20_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", 414),
        (b"GET /" + b"a" * (3 * MEGABYTE), 414),
        (head("GET / HTTP/1.1", "X: " + "a" * 40_000), 431),
        (b"GET / HTTP/1.1\r\nX: " + b"a" * (3 * MEGABYTE), 431),
        (b"GET / HTTP/1.1\r\nX" + b"a" * (3 * MEGABYTE), 431),
        (head("GET / HTTP/1.1", *(f"X-{place}: a" for place in range(150))), 431),
        (b"GET / HTTP/1.1\r\n" + b"X: aaaa\r\n" * 100_000, 431),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400),
        (b"GET / HTTP/1.1\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nContent-Length: -1\r\n\r\n", 400),
        (b"CONNECT example.org:443 HTTP/1.1\r\nHost: x\r\n\r\n", 400),
        (b"GET http:// HTTP/1.1\r\nHost: x\r\n\r\n", 400),
        ("GET /é HTTP/1.1\r\nHost: x\r\n\r\n".encode(), 400),
    ],
)
def test_what_is_too_long_or_unreadable_is_refused(impatient: Served, request_: bytes, status: int) -> None:
    answer = impatient.raw(request_)
    assert status_of(answer) == status
    assert b"connection: close" in answer
    assert status_of(impatient.get("/")) == 200


@pytest.mark.parametrize(
    ("path", "length", "status"),
    [("/length", 65_536, 200), ("/length", 65_537, 413), ("/upload", MEGABYTE, 200), ("/upload", MEGABYTE + 1, 413)],
)
@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_is_taken_up_to_the_bound_of_its_path(
    impatient: Served, path: str, length: int, status: int, chunked: bool
) -> None:
    how = "Transfer-Encoding: chunked" if chunked else f"Content-Length: {length}"
    body = b"x" * length
    if chunked:
        body = b"".join(b"8000\r\n" + b"x" * 0x8000 + b"\r\n" for _ in range(length // 0x8000))
        rest = length % 0x8000
        body += (b"%x\r\n" % rest + b"x" * rest + b"\r\n" if rest else b"") + b"0\r\n\r\n"
    answer = impatient.raw(head(f"POST {path} HTTP/1.1", how, "Connection: close") + body)
    assert status_of(answer) == status
    if status == 200:
        assert answer.endswith(str(length).encode())


def test_a_body_that_is_refused_is_not_asked_for(impatient: Served) -> None:
    request = head("POST /length HTTP/1.1", "Content-Length: 9000000000", "Expect: 100-continue")
    assert impatient.raw(request).startswith(b"HTTP/1.1 413")


def test_a_refused_body_without_end_is_not_read_without_end(impatient: Served) -> None:
    with impatient.connect() as connection:
        connection.sendall(head("POST /length HTTP/1.1", "Content-Length: 9000000000"))
        sent = 0
        with suppress(OSError):
            while sent < 9_000_000_000:
                connection.sendall(b"x" * 65_536)
                sent += 65_536
                time.sleep(0.01)
        assert sent < 9_000_000_000
    assert status_of(impatient.get("/")) == 200


def test_requests_in_one_breath_are_answered_in_order(impatient: Served) -> None:
    two = head("POST /length HTTP/1.1", "Content-Length: 3") + b"abc"
    last = head("GET / HTTP/1.1", "Connection: close")
    answer = impatient.raw(two + two + last)
    assert answer.count(b"HTTP/1.1 200 OK") == 3
    assert answer.index(b"3HTTP/1.1") < answer.index(b"home")


def test_an_answer_that_nobody_takes_is_dropped(impatient: Served) -> None:
    before = impatient.memory()
    with impatient.connect(receive_buffer=4_096) as connection:
        connection.sendall(head("GET /big HTTP/1.1"))
        time.sleep(3)
        assert impatient.memory() < before + 20 * MEGABYTE
        assert len(received(connection)) < 24 * MEGABYTE


def test_an_answer_that_is_taken_byte_by_byte_is_dropped(impatient: Served) -> None:
    with impatient.connect(receive_buffer=4_096) as connection:
        connection.sendall(head("GET /big HTTP/1.1"))
        taken = sum(len(connection.recv(64)) for _ in range(100) if not time.sleep(0.03))
        # What the system had taken from the server already still comes.
        assert taken + len(received(connection)) < 24 * MEGABYTE


def test_answers_that_nobody_takes_are_bounded_in_all() -> None:
    with server(unread_bytes=60 * MEGABYTE, unread_seconds=60) as served, ExitStack() as stack:
        before = served.memory()
        greedy = [stack.enter_context(served.connect(receive_buffer=4_096)) for _ in range(12)]
        for connection in greedy:
            connection.sendall(head("GET /big HTTP/1.1"))
            time.sleep(0.1)
        time.sleep(0.5)
        assert served.memory() < before + 150 * MEGABYTE
        assert status_of(served.get("/")) == 200


@pytest.mark.parametrize(("proxies", "seen"), [((), b"127.0.0.1 http"), (("127.0.0.1",), b"203.0.113.7 https")])
def test_only_a_proxy_that_was_named_is_believed(proxies: tuple[str, ...], seen: bytes) -> None:
    with server(*proxies) as served:
        answer = served.get("/who", "X-Forwarded-For: 203.0.113.7", "X-Forwarded-Proto: https")
    assert answer.endswith(seen)


def test_a_large_answer_arrives_whole(impatient: Served) -> None:
    assert len(impatient.get("/big")) > 24 * MEGABYTE


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_told_to_stop_it_finishes_what_it_answers(number: signal.Signals) -> None:
    with server() as served, served.connect() as connection, served.connect() as idle:
        connection.sendall(head("GET /slow?seconds=1 HTTP/1.1"))
        time.sleep(0.3)
        assert served.process is not None
        served.process.send_signal(number)
        assert received(connection).endswith(b"at last")
        assert received(idle) == b""
        assert served.process.wait(timeout=5) == 0


def test_told_to_stop_it_does_not_wait_for_ever() -> None:
    with server(stop_seconds=1) as served, served.connect() as connection:
        connection.sendall(head("GET /slow?seconds=60 HTTP/1.1"))
        time.sleep(0.3)
        assert served.process is not None
        served.process.terminate()
        assert served.process.wait(timeout=10) == 0


def filmgraph(*arguments: str, before: str = "") -> subprocess.CompletedProcess[str]:
    code = f"{before}\nfrom filmgraph.cli import main; main()"
    return subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, encoding="utf-8", check=False, timeout=60
    )


def test_a_port_that_is_taken_is_said_in_one_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = filmgraph("serve", "--port", str(port))
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert f"port {port}" in done.stderr
    assert "--port" in done.stderr
    assert done.stdout == ""


@pytest.mark.parametrize("package", ["uvicorn", "starlette", "jinja2"])
def test_without_the_extra_the_line_says_how_to_get_it(package: str) -> None:
    done = filmgraph("serve", "--port", "0", before=f"import sys; sys.modules[{package!r}] = None")
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "pip install '.[web]'" in done.stderr


def test_where_no_process_can_be_forked_the_pages_are_shown_and_queries_refused() -> None:
    program = "import os; del os.fork; from filmgraph.cli import main; main()"
    with Served([sys.executable, "-c", program, "serve", "--port", "0"]) as site:
        assert status_of(site.get("/film/her-2013")) == 200
        for path in ("/sparql?query=ASK%7B%7D", "/queries/tally-by-category.csv"):
            answer = site.get(path)
            assert status_of(answer) == 503
            assert b"which this system does not have" in answer


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--host", "no.such.host.invalid"), "no address"),
        (("--writable", "--host", "0.0.0.0"), "--writable"),
        (("--writable",), "--store"),
        (("--base-url", "javascript:alert(1)"), "base address"),
        (("--store", "no/such/store"), "no/such/store"),
        (("--store", "http://127.0.0.1:1/query"), "does not answer"),
        (("--port", "70000"), "--port"),
    ],
)
def test_what_cannot_be_served_is_said_in_one_line(options: tuple[str, ...], said: str) -> None:
    done = filmgraph("serve", "--port", "0", *options)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.count("\n") == 1
    assert said in done.stderr
