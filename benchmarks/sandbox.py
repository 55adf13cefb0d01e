"""What a process of its own costs a query: in the process itself, forked over memory and over a disk, over HTTP.

The query is the library's page of a film. ``oxigraph serve`` runs it in its own process, without bounds on memory.
"""

from __future__ import annotations

import http.client
import tempfile
import urllib.parse
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path

import generate
from measure import Task, print_table, take_turns
from serving import oxigraph

from filmgraph.namespaces import iri
from filmgraph.queries import QueryLibrary
from filmgraph.sandbox import Question, Sandbox
from filmgraph.stores import DiskStore, LocalStore, MemoryStore
from filmgraph.workspace import Workspace

MEMORY_SECONDS, DISK_SECONDS = 0.012, 0.070


def run(*, tiny: bool = False) -> None:
    """Measure one small query over the bundled graph and over 1,000,000 triples."""
    library = QueryLibrary(Workspace.find().queries)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        files: dict[str, tuple[Sequence[Path], str]] = {"bundled": (Workspace.find().graph_files, "her-2013")}
        for films in [3] if tiny else [14_600]:
            generate.write_graph(folder / "made.nt", films)
            files["made"] = [folder / "made.nt"], generate.film_slugs(films)[0]
        for size, (graph, film) in files.items():
            text = library["film-page"].bind({"film": [iri("film", film)]})
            measure(folder / size, graph, text, rounds=3 if tiny else 100)


def measure(folder: Path, files: Sequence[Path], text: str, *, rounds: int) -> None:
    """Print how long a query takes over a graph, asked in four ways."""
    with ExitStack() as open_now:
        memory = open_now.enter_context(MemoryStore.of_files(files))
        address = open_now.enter_context(oxigraph(folder, files))
        disk = open_now.enter_context(DiskStore(folder))
        boxes = {store: open_now.enter_context(Sandbox(store)) for store in (memory, disk)}
        connection = http.client.HTTPConnection(address)
        open_now.callback(connection.close)
        here = "in process"
        tasks = [
            Task(here, _asked(memory, text)),
            Task("Sandbox, memory", _boxed(boxes[memory], text), here, within=MEMORY_SECONDS),
            Task("Sandbox, disk", _boxed(boxes[disk], text), here, within=DISK_SECONDS),
            Task("oxigraph serve", _fetched(connection, text), here),
        ]
        for task in tasks:
            task.run()
        print_table(f"One film page's query, {len(memory):,} triples", take_turns(tasks, rounds=rounds))


def _asked(store: LocalStore, text: str) -> Callable[[], object]:
    return lambda: store.select(text).to_sparql_json()


def _boxed(sandbox: Sandbox, text: str) -> Callable[[], object]:
    return lambda: sandbox.ask(Question(text)).result()


def _fetched(connection: http.client.HTTPConnection, text: str) -> Callable[[], object]:
    def fetch() -> bytes:
        connection.request("GET", "/query?" + urllib.parse.urlencode({"query": text}))
        answer = connection.getresponse()
        body = answer.read()
        assert answer.status == 200, body
        return body

    return fetch
