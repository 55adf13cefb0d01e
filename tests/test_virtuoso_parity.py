"""Virtuoso, a real server, answers as the store in memory does: every question of the library, pages and exports."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from virtuoso import VirtuosoServer

from filmgraph.errors import RemoteError
from filmgraph.graph import FilmGraph
from filmgraph.queries import QueryLibrary
from filmgraph.stores import MemoryStore
from filmgraph.workspace import Workspace

LIBRARY = QueryLibrary(Workspace.find().queries)
TOO_SLOW = {"missing-uses"}
"""Questions that Virtuoso 7.2.5 does not finish: it says so when the time is up, which is no answer and no wrong one."""
LOCAL = [query.name for query in LIBRARY if not query.network and query.name not in TOO_SLOW]


@pytest.fixture(scope="module")
def remote(virtuoso: VirtuosoServer) -> Iterator[FilmGraph]:
    with FilmGraph(virtuoso.store(deadline=60)) as graph:
        yield graph


@pytest.mark.parametrize("name", LOCAL)
def test_every_question_of_the_library(name: str, bundled: MemoryStore, remote: FilmGraph) -> None:
    here, there = bundled.select(LIBRARY[name].text), remote.store.select(LIBRARY[name].text)
    assert there.columns == here.columns
    assert there.terms == here.terms


def test_what_is_not_finished_is_an_error(virtuoso: VirtuosoServer) -> None:
    with virtuoso.store(deadline=2) as store, pytest.raises(RemoteError, match=r"within|time was up"):
        store.select(LIBRARY["missing-uses"].text)


PAGES: dict[str, Callable[[FilmGraph], Any]] = {
    "film": lambda graph: graph.film("Her"),
    "technique": lambda graph: graph.technique("off-screen-space"),
    "broad technique": lambda graph: graph.technique("framing"),
    "person": lambda graph: graph.person("spike-jonze"),
    "review": lambda graph: graph.review("brave-2012--abbie-bernstein"),
    "category": lambda graph: graph.category("editing"),
    "country": lambda graph: graph.country("france"),
    "resource": lambda graph: graph.resource("use:her-2013--off-screen-space"),
    "neighbourhood": lambda graph: graph.neighbourhood("her-2013"),
    "search": lambda graph: graph.search("off screen"),
    "counts": lambda graph: graph.stats(),
    "one film as Turtle": lambda graph: graph.export("her-2013"),
    "one film as framed JSON-LD": lambda graph: graph.export("her-2013", form="jsonld-framed"),
    "one technique as N-Triples": lambda graph: graph.export("off-screen-space", form="ntriples"),
}


@pytest.mark.parametrize("page", PAGES)
def test_pages_and_exports_of_one_thing(page: str, graph: FilmGraph, remote: FilmGraph) -> None:
    assert PAGES[page](remote) == PAGES[page](graph)


def test_export_of_everything(graph: FilmGraph, remote: FilmGraph) -> None:
    assert remote.export(form="ntriples") == graph.export(form="ntriples")
