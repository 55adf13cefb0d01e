"""What stands before the application: headers on every answer, and refusals of what is not worth its time."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import httpx2 as httpx
import pytest
from sites import Served, status_of
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import Message

from filmgraph.web.security import CONTENT_SECURITY_POLICY, HEADERS, Security, is_loopback


async def home(request: Request) -> Response:
    return PlainTextResponse("home")


async def data(request: Request) -> Response:
    return PlainTextResponse("data", headers={"Access-Control-Allow-Origin": "*", "Referrer-Policy": "no-referrer"})


async def echo(request: Request) -> Response:
    return Response(await request.body())


async def broken(request: Request) -> Response:
    raise ValueError("a mistake")


ROUTES = [
    Route("/", home),
    Route("/data", data),
    Route("/echo", echo, methods=["POST"]),
    Route("/broken", broken),
    Route("/{rest:path}", home),
]


def ask(method: str, path: str, *, secured: Security | None = None, **options: object) -> httpx.Response:
    app = secured or Security(Starlette(routes=ROUTES))

    async def asked() -> httpx.Response:
        transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://site.example") as client:
            return await client.request(method, path, **options)  # type: ignore[arg-type]

    return asyncio.run(asked())


def secured(**options: object) -> Security:
    return Security(Starlette(routes=ROUTES), **options)  # type: ignore[arg-type]


@pytest.mark.parametrize(("path", "status"), [("/", 200), ("/broken", 500), ("/a//b", 404), ("/a%00", 400)])
def test_every_answer_carries_the_headers(path: str, status: int) -> None:
    answer = ask("GET", path)
    assert answer.status_code == status
    assert {name: answer.headers.get(name) for name in HEADERS} == HEADERS


def test_the_policy_lets_nothing_inline_run() -> None:
    assert "unsafe" not in CONTENT_SECURITY_POLICY
    assert "http" not in CONTENT_SECURITY_POLICY
    assert CONTENT_SECURITY_POLICY.startswith("default-src 'none'; script-src 'self'; style-src 'self';")


def test_what_an_answer_says_itself_stands() -> None:
    answer = ask("GET", "/data")
    assert answer.headers.get_list("referrer-policy") == ["no-referrer"]


def test_only_what_may_be_read_elsewhere_may_be_embedded_elsewhere() -> None:
    assert ask("GET", "/data").headers["cross-origin-resource-policy"] == "cross-origin"
    assert ask("GET", "/").headers["cross-origin-resource-policy"] == "same-origin"


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/film/her-2013", 200),
        ("/film/her-2013/", 200),
        ("/film/am%C3%A9lie", 200),
        ("/a..b", 200),
        ("/../etc/passwd", 404),
        ("/static/../../etc/passwd", 404),
        ("/static/%2e%2e/%2e%2e/etc/passwd", 404),
        ("/static/%2E./secret", 404),
        ("/static/..%2f..%2fetc/passwd", 404),
        ("/static/%2fetc/passwd", 404),
        ("/static//etc/passwd", 404),
        ("//evil.example/", 404),
        ("/./film", 404),
        ("/film/%00", 400),
        ("/film/a%0d%0aSet-Cookie:%20x", 400),
        ("/film/%7f", 400),
        ("/film/a%5cb", 400),
        ("/static/..%5c..%5cboot.ini", 400),
        ("/film/%ff%fe", 400),
        ("/film/%C0%AE%C0%AE", 400),
    ],
)
def test_paths_that_no_page_has_are_refused(path: str, status: int) -> None:
    async def asked() -> int:
        raw, sent = path.encode(), list[Message]()
        from urllib.parse import unquote

        scope = {"type": "http", "method": "GET", "path": unquote(path), "raw_path": raw, "headers": []}

        async def send(message: Message) -> None:
            sent.append(message)

        async def receive() -> Message:
            return {"type": "http.disconnect"}

        await Security(_home)({**scope, "query_string": b""}, receive, send)
        return int(sent[0]["status"])

    assert asyncio.run(asked()) == status


async def _home(scope: object, receive: object, send: object) -> None:
    await PlainTextResponse("home")(scope, receive, send)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("localhost", 200),
        ("localhost:8000", 200),
        ("LOCALHOST:8000", 200),
        ("localhost.", 200),
        ("127.0.0.1:1234", 200),
        ("[::1]:8000", 200),
        ("evil.example", 421),
        ("localhost.evil.example", 421),
        ("127.0.0.1.evil.example:8000", 421),
        ("evil.example@localhost", 421),
        ("", 421),
        ("local host", 421),
    ],
)
def test_only_the_names_of_the_site_are_answered_to(host: str, status: int) -> None:
    hosts = ("localhost", "127.0.0.1", "::1")
    assert ask("GET", "/", secured=secured(hosts=hosts), headers={"Host": host}).status_code == status


def test_two_hosts_are_one_too_many() -> None:
    headers = [("Host", "localhost"), ("Host", "evil.example")]
    assert ask("GET", "/", secured=secured(hosts=("localhost",)), headers=headers).status_code == 400


def test_without_names_every_name_is_answered_to() -> None:
    assert ask("GET", "/", headers={"Host": "any.example"}).status_code == 200


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"Origin": "http://site.example"}, 200),
        ({"Sec-Fetch-Site": "same-origin", "Origin": "http://site.example"}, 200),
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "http://[bad"}, 403),
        ({"Origin": "http://site.example:81"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
    ],
)
def test_pages_of_other_sites_may_not_change_anything(headers: dict[str, str], status: int) -> None:
    guarded = secured(same_origin_only=True)
    assert ask("POST", "/echo", secured=guarded, headers=headers, content=b"x").status_code == status
    assert ask("GET", "/", secured=guarded, headers=headers).status_code == 200
    assert ask("POST", "/echo", headers=headers, content=b"x").status_code == 200


def test_a_body_arrives_as_it_was_sent() -> None:
    body = bytes(range(256)) * 100
    assert ask("POST", "/echo", content=body).content == body


def test_a_body_is_bounded_path_by_path() -> None:
    guarded = secured(bodies={"/echo": 10}, body_bytes=5)
    assert ask("POST", "/echo", secured=guarded, content=b"x" * 10).status_code == 200
    assert ask("POST", "/echo", secured=guarded, content=b"x" * 11).status_code == 413
    assert ask("POST", "/echo/", secured=guarded, content=b"x" * 11).status_code == 413
    assert ask("POST", "/other", secured=guarded, content=b"x" * 6).status_code == 413


def test_a_client_that_goes_away_in_its_body_is_not_answered() -> None:
    called, sent = [], list[Message]()

    async def app(scope: object, receive: object, send: object) -> None:
        called.append(scope)

    async def asked() -> None:
        messages = iter([{"type": "http.request", "body": b"x", "more_body": True}, {"type": "http.disconnect"}])

        async def receive() -> Message:
            return next(messages)

        async def send(message: Message) -> None:
            sent.append(message)

        scope = {"type": "http", "method": "POST", "path": "/", "headers": [(b"content-length", b"9")]}
        await Security(app)(scope, receive, send)

    asyncio.run(asked())
    assert (called, sent) == ([], [])


def test_bodies_are_bounded_in_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("filmgraph.web.security.BODIES_IN_ALL", 100)
    guarded = secured(body_bytes=80)

    async def asked() -> list[int]:
        transport = httpx.ASGITransport(app=guarded)
        async with httpx.AsyncClient(transport=transport, base_url="http://site.example") as client:

            async def slow_body(ready: asyncio.Event) -> object:
                yield b"x" * 60
                await ready.wait()

            ready = asyncio.Event()
            first = asyncio.create_task(client.post("/echo", content=slow_body(ready)))  # type: ignore[arg-type]
            await asyncio.sleep(0.05)
            second = await client.post("/echo", content=b"x" * 60)
            ready.set()
            third = await first
            return [second.status_code, third.status_code, (await client.post("/echo", content=b"x")).status_code]

    assert asyncio.run(asked()) == [503, 200, 200]


def test_loopback_is_told_from_others() -> None:
    assert [is_loopback(name) for name in ("127.1.2.3", "LocalHost", "::1", "10.0.0.1", "example.org", "")] == [
        True,
        True,
        True,
        False,
        False,
        False,
    ]


@pytest.fixture(scope="module")
def site() -> Iterator[Served]:
    with Served.site("--store", "tests/data/tiny.ttl") as served:
        yield served


@pytest.mark.parametrize(
    "path",
    [
        "/static/../server.py",
        "/static/%2e%2e/server.py",
        "/static/..%2fserver.py",
        "/static/..%5cserver.py",
        "/static/css/../../server.py",
        "/static/....//server.py",
        "/static//etc/passwd",
        "/static/%2fetc%2fpasswd",
        "/static/%00/etc/passwd",
        "/static/css/%252e%252e/%252e%252e/server.py",
        "/static/",
        "/static",
        "//etc/passwd",
        "/../../../../etc/passwd",
        "/static/../package.json",
    ],
)
def test_no_file_outside_is_served(site: Served, path: str) -> None:
    answer = site.get(path)
    assert status_of(answer) in (307, 400, 404)
    assert b"root:" not in answer
    assert b"BoundedProtocol" not in answer
    assert b"devDependencies" not in answer


def test_a_page_elsewhere_cannot_rebind_its_name_to_this_machine(site: Served) -> None:
    own = site.raw(b"GET /film/heart-2020 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
    assert status_of(own) != 421
    assert status_of(site.raw(b"GET / HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n")) == 421


def test_a_name_can_be_allowed() -> None:
    with Served.site("--store", "tests/data/tiny.ttl", "--allow-host", "films.example") as served:
        answer = served.raw(b"GET /robots.txt HTTP/1.1\r\nHost: films.example\r\nConnection: close\r\n\r\n")
        assert status_of(answer) != 421
        assert status_of(served.raw(b"GET / HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n")) == 421
