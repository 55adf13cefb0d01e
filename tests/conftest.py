"""What several test modules share: the tiny graph, the stores that hold it, and the bundled graph."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from servers import OxigraphServer
from virtuoso import MISSING as NO_VIRTUOSO
from virtuoso import VirtuosoServer

from filmgraph.graph import FilmGraph
from filmgraph.stores import DiskStore, MemoryStore, RemoteStore, Store
from filmgraph.workspace import Workspace

if TYPE_CHECKING:
    from starlette.testclient import TestClient

DATA = Path(__file__).parent / "data"
TINY = DATA / "tiny.ttl"


def pytest_configure() -> None:
    """Hear interrupts, which a shell turns off for what it starts in the background, and so for all below it."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


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


@pytest.fixture(scope="session")
def with_virtuoso() -> None:
    """What starts a Virtuoso stands on this, and is skipped where none is installed."""
    if NO_VIRTUOSO:
        pytest.skip(NO_VIRTUOSO)


@pytest.fixture(scope="session")
def virtuoso(
    with_virtuoso: None, tmp_path_factory: pytest.TempPathFactory, workspace: Workspace
) -> Iterator[VirtuosoServer]:
    """A Virtuoso that holds the graph that filmgraph comes with; tests only read it."""
    with VirtuosoServer(tmp_path_factory.mktemp("virtuoso") / "base", allowed=[workspace.root]) as server:
        server.bulk_load(workspace.graph_files)
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


@pytest.fixture(scope="module")
def graph(bundled: MemoryStore) -> FilmGraph:
    """The graph that filmgraph comes with, with all that a FilmGraph keeps; a module's own."""
    return FilmGraph(bundled)


@pytest.fixture(scope="module")
def client(graph: FilmGraph) -> Iterator[TestClient]:
    """A client of the site over ``graph``; it does not follow redirects."""
    from starlette.testclient import TestClient

    from filmgraph.web import create_app

    with TestClient(create_app(graph), base_url="http://localhost", follow_redirects=False) as made:
        yield made


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
