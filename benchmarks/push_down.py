"""Time likeness and paths on a SPARQL endpoint, worked out by the engine there.

    python benchmarks/push_down.py http://127.0.0.1:8890/sparql
    python benchmarks/push_down.py URL --films 20

The engine should be warm: run it twice. For each question it prints the median and the best over some films, for a
client that has just started (it asks for the vocabulary and its counts first) and for one that goes on asking, with
how many requests that took and how many bytes of queries went up.
"""

from __future__ import annotations

import argparse
import random
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from filmgraph.arrays.remote import RemoteCraft
from filmgraph.errors import FilmgraphError
from filmgraph.namespaces import FG
from filmgraph.paths import PathIndex
from filmgraph.paths.remote import RemoteLinks
from filmgraph.similarity.remote import RemoteSimilarity
from filmgraph.stores import RemoteStore

SEED = 2013


@dataclass(frozen=True)
class PushedDown:
    """A question on an endpoint: milliseconds of each time it was asked, requests, and bytes of queries (the most)."""

    question: str
    milliseconds: tuple[float, ...]
    requests: int
    bytes: int

    @property
    def median(self) -> float:
        """The median of the times, in milliseconds."""
        return statistics.median(self.milliseconds)

    def __str__(self) -> str:
        best = min(self.milliseconds)
        return f"{self.question:32} {self.median:8.1f} {best:8.1f} {self.requests:5} {self.bytes:9,}"


class _Counted:
    """An endpoint whose requests are counted."""

    def __init__(self, store: RemoteStore) -> None:
        self.name, self._store = store.name, store
        self.requests = self.bytes = 0

    def select(self, query: str) -> Any:
        self.requests += 1
        self.bytes += len(query.encode())
        return self._store.select(query)


def push_down(url: str, *, films: int = 12, deadline: float = 120.0) -> list[PushedDown]:
    """Ask an endpoint for likeness and paths of some films, drawn at random but always the same."""
    store = RemoteStore(url, deadline=deadline)
    rows = store.select(f"SELECT ?f WHERE {{ ?f a <{FG}Film> }} ORDER BY ?f LIMIT 5000")
    drawn = sorted(str(film) for (film,) in rows)
    random.Random(SEED).shuffle(drawn)
    some, pairs = drawn[:films], list(pairwise(drawn[films : 2 * films + 1]))
    far = _Counted(store)
    alike, paths = RemoteSimilarity(far), PathIndex(RemoteLinks(far), far)
    alike.similar(drawn[-1])
    paths.best(*drawn[-3:-1])
    return [
        _timed("similar, new client", far, some[:5], lambda film: RemoteSimilarity(far).similar(film)),
        _timed("similar", far, some, alike.similar),
        _timed("similar by jaccard", far, some, lambda film: alike.similar(film, measure="jaccard")),
        _timed("similar by shared", far, some, lambda film: alike.similar(film, measure="shared")),
        _timed("similar, with reasons", far, some, _with_reasons(far)),
        _timed("path, new client", far, pairs[:5], lambda pair: PathIndex(RemoteLinks(far), far).best(*pair)),
        _timed("path", far, pairs, lambda pair: paths.best(*pair)),
        _timed("path through a third film", far, pairs, lambda pair: paths.best(*pair, kinds=["via"])),
    ]


def _with_reasons(far: _Counted) -> Callable[[str], object]:
    craft = RemoteCraft(far)
    alike, paths = RemoteSimilarity(far, craft=craft), PathIndex(RemoteLinks(far, craft=craft), far)
    craft.prepare(())
    _ = craft.counts(list(craft.used)), paths.links.film_count
    return lambda film: paths.from_any([film], [other.film for other in alike.similar(film)])


def _timed(question: str, far: _Counted, each: Sequence[Any], ask: Callable[[Any], object]) -> PushedDown:
    times, requests, size = [], 0, 0
    for one in each:
        before, sent = far.requests, far.bytes
        start = time.perf_counter()
        ask(one)
        times.append((time.perf_counter() - start) * 1000)
        requests, size = max(requests, far.requests - before), max(size, far.bytes - sent)
    return PushedDown(question, tuple(times), requests, size)


def main() -> None:
    """Time an endpoint, as the arguments say."""
    parser = argparse.ArgumentParser(description="Time likeness and paths on a SPARQL endpoint.")
    parser.add_argument("url", help="the address of the endpoint, with ?default-graph-uri=… where it needs one")
    parser.add_argument("--films", type=int, default=12, help="how many films to ask for")
    given = parser.parse_args()
    print(f"{'question':32} {'median':>8} {'best ms':>8} {'reqs':>5} {'bytes up':>9}")
    try:
        for line in push_down(given.url, films=given.films):
            print(line)
    except FilmgraphError as error:
        parser.error(str(error))


if __name__ == "__main__":
    main()
