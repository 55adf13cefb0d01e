"""Loading and querying, against bare pyoxigraph and against rdflib: the same files, the same text, every term read."""

from __future__ import annotations

import itertools
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import generate
import pyoxigraph as ox
import rdflib
from measure import Task, print_table, take_turns, timed

from filmgraph.namespaces import iri
from filmgraph.queries import QueryLibrary
from filmgraph.stores import DiskStore, MemoryStore
from filmgraph.workspace import Workspace

OVERHEAD = 1.2
RDFLIB_QUERIES = ("tally-by-category", "film-page", "films-using-technique")
"""The queries that rdflib answers within seconds at 1,000 films."""


def run(*, tiny: bool = False) -> None:
    """Measure loading and querying at two sizes."""
    for films, rounds, query_rounds, rdflib_too in (
        [(5, 1, 1, True)] if tiny else [(1_000, 7, 15, True), (10_000, 3, 5, False)]
    ):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            for ending in ("nt", "ttl"):
                triples = generate.write_graph(folder / f"graph.{ending}", films)
            size = f"{films:,} films, {triples:,} triples"
            print_table(f"Load, {size}", take_turns(load_tasks(folder, rdflib_too=rdflib_too), rounds=rounds))
            print_table(f"Query, {size}", take_turns(query_tasks(folder, films), rounds=query_rounds))
            if rdflib_too:
                print_table(f"Query against rdflib, {size}", take_turns(rdflib_tasks(folder, films), rounds=1))


def load_tasks(folder: Path, *, rdflib_too: bool) -> list[Task]:
    """Return the tasks that load the graph in a folder into new stores."""
    fresh = (folder / f"store-{number}" for number in itertools.count())
    tasks: list[Task] = []
    for ending, form in (("nt", ox.RdfFormat.N_TRIPLES), ("ttl", ox.RdfFormat.TURTLE)):
        file = folder / f"graph.{ending}"
        tasks += [
            Task(f"pyoxigraph, memory, .{ending}", _bare_load(file, form)),
            Task(f"MemoryStore, .{ending}", _load(MemoryStore, file), f"pyoxigraph, memory, .{ending}", OVERHEAD),
        ]
    file = folder / "graph.ttl"
    tasks += [
        Task("pyoxigraph, disk, .ttl", _bare_load(file, ox.RdfFormat.TURTLE, fresh)),
        Task(
            "DiskStore, .ttl",
            _load(lambda: DiskStore(next(fresh), writable=True), file),
            "pyoxigraph, disk, .ttl",
            OVERHEAD,
        ),
    ]
    if rdflib_too:
        tasks.append(Task("rdflib, .ttl", lambda: rdflib.Graph().parse(file), "MemoryStore, .ttl"))
    return tasks


def query_tasks(folder: Path, films: int) -> list[Task]:
    """Return the tasks that ask questions of the library, of a store and of the bare engine beneath it."""
    store = MemoryStore.of_files([folder / "graph.nt"])
    tasks: list[Task] = []
    for name, text in bound_queries(films):
        tasks += [
            Task(f"pyoxigraph, {name}", _bare_select(store.oxigraph, text)),
            Task(f"MemoryStore, {name}", _select(store, text), f"pyoxigraph, {name}", OVERHEAD),
        ]
    for task in tasks:
        timed(task.run)
    return tasks


def rdflib_tasks(folder: Path, films: int) -> list[Task]:
    """Return the tasks that ask some of the questions of rdflib too."""
    store = MemoryStore.of_files([folder / "graph.nt"])
    graph = rdflib.Graph().parse(folder / "graph.nt")
    tasks: list[Task] = []
    for name, text in bound_queries(films):
        if name in RDFLIB_QUERIES:
            tasks += [
                Task(f"MemoryStore, {name}", _select(store, text)),
                Task(f"rdflib, {name}", _rdflib_select(graph, text), f"MemoryStore, {name}"),
            ]
    return tasks


def bound_queries(films: int) -> Iterator[tuple[str, str]]:
    """Yield library queries by name, with their text bound to a film, technique or person of the made graph."""
    library = QueryLibrary(Workspace.find().queries)
    film = iri("film", generate.film_slugs(films)[0])
    technique = iri("technique", "made-technique-7")
    values = {
        "tally-by-category": {"film": [film]},
        "film-page": {"film": [film]},
        "films-using-technique": {"technique": [technique]},
        "films-sharing-techniques": {"film": [film]},
        "techniques-together": {"technique": [technique]},
        "director-signature": {"person": [iri("person", generate.person_slug("director", 0))]},
        "rare-techniques": {"most": [3]},
    }
    for name, bound in values.items():
        yield name, library[name].bind(bound)


def _load(make: Callable[[], MemoryStore | DiskStore], file: Path) -> Callable[[], object]:
    def load() -> object:
        store = make()
        store.load(file)
        return store

    return load


def _bare_load(file: Path, form: ox.RdfFormat, folders: Iterator[Path] | None = None) -> Callable[[], object]:
    def load() -> object:
        store = ox.Store() if folders is None else ox.Store(str(next(folders)))
        store.load(path=file, format=form)
        return store

    return load


def _select(store: MemoryStore, text: str) -> Callable[[], object]:
    return lambda: store.select(text)


def _bare_select(store: ox.Store, text: str) -> Callable[[], object]:
    return lambda: [tuple(solution) for solution in store.query(text)]


def _rdflib_select(graph: rdflib.Graph, text: str) -> Callable[[], object]:
    return lambda: [tuple(row) for row in graph.query(text)]
