"""What several test modules share: the tiny graph, the stores that hold it, and the bundled graph."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

import pytest

from filmgraph.stores import DiskStore, MemoryStore, RemoteStore, Store
from filmgraph.workspace import Workspace

DATA = Path(__file__).parent / "data"
TINY = DATA / "tiny.ttl"


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


@pytest.fixture(scope="session", autouse=True)
def cache_of_the_tests(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Keep compiled stores out of the user's own cache."""
    folder = tmp_path_factory.mktemp("cache")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FILMGRAPH_CACHE", str(folder))
        yield folder


@pytest.fixture(scope="session")
def tiny_files() -> tuple[Path, ...]:
    """The files of the tiny graph, whose numbers can be counted by hand."""
    return (TINY,)


@pytest.fixture(scope="session")
def oxigraph_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OxigraphServer]:
    """A server that holds the tiny graph; tests only read it."""
    with OxigraphServer(tmp_path_factory.mktemp("oxigraph") / "store") as server:
        server.store().load(TINY)
        yield server


@pytest.fixture(scope="session")
def scratch_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OxigraphServer]:
    """A server that tests may write to; each clears it first."""
    with OxigraphServer(tmp_path_factory.mktemp("scratch") / "store") as server:
        yield server


@pytest.fixture(scope="session", params=["memory", "disk", "remote"])
def store(
    request: pytest.FixtureRequest, tiny_files: tuple[Path, ...], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Store]:
    """The tiny graph in each kind of store; tests only read it."""
    if request.param == "memory":
        with MemoryStore.of_files(tiny_files) as memory:
            yield memory
    elif request.param == "disk":
        folder = tmp_path_factory.mktemp("disk") / "store"
        with DiskStore(folder, writable=True) as writer:
            for file in tiny_files:
                writer.load(file)
        with DiskStore(folder) as disk:
            yield disk
    else:
        server: OxigraphServer = request.getfixturevalue("oxigraph_server")
        with RemoteStore(server.query_url) as remote:
            yield remote


@pytest.fixture(params=["memory", "disk", "remote"])
def empty_store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """An empty store of each kind that a test may write to."""
    if request.param == "memory":
        with MemoryStore() as memory:
            yield memory
    elif request.param == "disk":
        with DiskStore(tmp_path / "store", writable=True) as disk:
            yield disk
    else:
        server: OxigraphServer = request.getfixturevalue("scratch_server")
        with server.store() as remote:
            remote.update("CLEAR ALL")
            yield remote


@pytest.fixture(scope="session")
def workspace() -> Workspace:
    """The ontology, data and queries that filmgraph comes with."""
    return Workspace.find()


@pytest.fixture(scope="session")
def bundled(workspace: Workspace) -> Iterator[MemoryStore]:
    """The graph that filmgraph comes with, in memory; tests only read it."""
    with MemoryStore.of_files(workspace.graph_files) as graph:
        yield graph


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Name the skipped tests where none may be: continuous integration has all that they need."""
    skipped = terminalreporter.stats.get("skipped", [])
    if skipped and os.environ.get("CI"):
        terminalreporter.write_line(f"{len(skipped)} skipped, which continuous integration does not allow:", red=True)
        for report in skipped:
            terminalreporter.write_line(f"  {report.nodeid}: {report.longrepr[2]}")


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Fail a run in continuous integration that skipped anything."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if exitstatus == 0 and os.environ.get("CI") and reporter is not None and reporter.stats.get("skipped"):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
