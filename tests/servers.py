"""Servers on the loopback for the tests: one that plays endpoints, the good and the hostile, and a real one."""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Self

from filmgraph.stores import RemoteStore

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


class OxigraphServer:
    """An ``oxigraph serve`` of its own on a free loopback port, from ``with`` until its end.

    ``query_url`` and ``update_url`` are its SPARQL addresses; ``location`` is the folder it keeps its triples in.
    """

    START_SECONDS = 30.0

    def __init__(self, location: Path) -> None:
        self.location = location
        self.url = ""
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def query_url(self) -> str:
        return f"{self.url}/query"

    @property
    def update_url(self) -> str:
        return f"{self.url}/update"

    def store(self) -> RemoteStore:
        """Return a store on this server that can be read and written."""
        return RemoteStore(self.query_url, update_url=self.update_url)

    def start(self) -> None:
        """Start the server and wait until it answers."""
        binary = shutil.which("oxigraph", path=str(Path(sys.executable).parent)) or shutil.which("oxigraph")
        if binary is None:
            raise RuntimeError("there is no oxigraph server: install the extra filmgraph-kg[dev]")
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            address = f"127.0.0.1:{probe.getsockname()[1]}"
        self.url = f"http://{address}"
        self.location.mkdir(parents=True, exist_ok=True)
        self._process = subprocess.Popen(
            [binary, "serve", "--location", str(self.location), "--bind", address],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        end = time.monotonic() + self.START_SECONDS
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > end:
                self.stop()
                raise RuntimeError(f"oxigraph did not start on {address}")
            time.sleep(0.05)

    def stop(self) -> None:
        """End the server; does nothing when it has ended."""
        process, self._process = self._process, None
        if process is None:
            return
        process.terminate()
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.query_url}?query=ASK%7B%7D", timeout=2) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
