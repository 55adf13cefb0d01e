"""The best paths between two films, against ``networkx.shortest_simple_paths`` on the same typed graph."""

from __future__ import annotations

import random
import tempfile
from collections.abc import Callable
from itertools import cycle, islice
from pathlib import Path

import generate
import networkx as nx
from measure import Task, print_table, take_turns

from filmgraph.arrays import open_arrays
from filmgraph.paths import ArrayLinks, PathIndex
from filmgraph.stores import MemoryStore

PATHS = 5


def run(*, tiny: bool = False) -> None:
    """Measure building the index, and finding paths between films taken at random."""
    films, samples, slow_samples = (40, 5, 2) if tiny else (14_600, 400, 20)
    with tempfile.TemporaryDirectory() as name:
        file = Path(name) / "graph.ttl"
        generate.write_graph(file, films)
        store = MemoryStore.of_files([file])
    building = take_turns([Task("index of paths", lambda: PathIndex.of_store(store))], rounds=1)
    print_table(f"Paths: index of {films:,} films", building)
    links = ArrayLinks(open_arrays(store))
    index = PathIndex(links, store)
    graph: nx.Graph[str] = nx.Graph()
    graph.add_edges_from((node, other, {"kind": kind}) for node, other, kind in links.all())
    pairs = [random.Random(seed).sample(links.films, 2) for seed in range(samples)]

    def each(answer: Callable[[str, str], object]) -> Callable[[], object]:
        turn = cycle(pairs)
        return lambda: answer(*next(turn))

    best = Task(f"best {PATHS} paths", each(lambda film, other: index.best(film, other, limit=PATHS)), within=0.005)
    by_networkx = Task(
        f"NetworkX, {PATHS} shortest paths",
        each(lambda film, other: list(islice(nx.shortest_simple_paths(graph, film, other), PATHS))),
        best.label,
    )
    print_table(f"Paths between two films of {films:,}", take_turns([best], rounds=samples))
    print_table("The same against NetworkX", take_turns([best, by_networkx], rounds=slow_samples))
