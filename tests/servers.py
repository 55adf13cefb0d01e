"""A small web server on the loopback that plays endpoints, the good and the hostile, for the tests."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self

ANSWER = b'{"head":{"vars":["n"]},"results":{"bindings":[{"n":{"type":"literal","value":"1"}}]}}'
RESULTS_TYPE = "application/sparql-results+json"


class Exchange(BaseHTTPRequestHandler):
    """One request and its answer; the server's ``play`` is called with it."""

    protocol_version = "HTTP/1.1"
    server: Endpoint

    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        self.server.bodies.append(self.rfile.read(length))
        self._play()

    def do_GET(self) -> None:
        self.server.bodies.append(b"")
        self._play()

    def _play(self) -> None:
        self.close_connection = True
        with suppress(OSError):  # The caller may have had enough and be gone.
            self.server.play(self)

    def reply(
        self, body: bytes = ANSWER, *, status: int = 200, content_type: str | None = RESULTS_TYPE, **headers: str
    ) -> None:
        """Send a whole answer; underscores in the names of headers become hyphens."""
        self.send_response(status)
        if content_type is not None:
            self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def begin(self, content_type: str = RESULTS_TYPE) -> None:
        """Send the head of an answer that ends when the connection does."""
        self.send_response(200)
        self.send_header("Content-Type", content_type)
        self.send_header("Connection", "close")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


class Endpoint(ThreadingHTTPServer):
    """A server on a free loopback port whose answers are played by a function, from ``with`` until its end.

    ``bodies`` holds the bodies of the requests; ``ended`` is set when the server is to stop, so that a slow player
    can stop too.
    """

    daemon_threads = True

    def __init__(self, play: Callable[[Exchange], None]) -> None:
        super().__init__(("127.0.0.1", 0), Exchange)
        self.play = play
        self.bodies: list[bytes] = []
        self.ended = threading.Event()
        self.url = f"http://127.0.0.1:{self.server_address[1]}/query"
        self._thread = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: callers hang up on purpose."""

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.ended.set()
        self.shutdown()
        self.server_close()
        self._thread.join(5)
