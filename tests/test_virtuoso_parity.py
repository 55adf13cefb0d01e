"""Virtuoso, a real server, answers as the store in memory does: every question of the library, pages and exports."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from virtuoso import VirtuosoServer

from filmgraph.export.order import in_order
from filmgraph.graph import FilmGraph
from filmgraph.queries import QueryLibrary
from filmgraph.stores import MemoryStore
from filmgraph.workspace import Workspace

LIBRARY = QueryLibrary(Workspace.find().queries)
LOCAL = [query.name for query in LIBRARY if not query.network]
ARGUMENTS = json.loads((Path(__file__).parent / "data" / "queries" / "arguments.json").read_text("utf-8"))
"""Values for the parameters, among them techniques with narrower ones, which are harder to ask for."""


@pytest.fixture(scope="module")
def remote(virtuoso: VirtuosoServer) -> Iterator[FilmGraph]:
    with FilmGraph(virtuoso.store(deadline=60)) as graph:
        yield graph


@pytest.mark.parametrize("name", LOCAL)
def test_every_question_of_the_library(name: str, bundled: MemoryStore, remote: FilmGraph) -> None:
    here, there = bundled.select(LIBRARY[name].text), remote.store.select(LIBRARY[name].text)
    assert there.columns == here.columns
    assert there.terms == here.terms


@pytest.mark.parametrize("name", [name for name in LOCAL if ARGUMENTS.get(name)])
def test_every_question_with_other_values(name: str, bundled: MemoryStore, remote: FilmGraph) -> None:
    text = LIBRARY[name].bind(ARGUMENTS[name])
    assert remote.store.select(text) == bundled.select(text)


OWN = (
    "SELECT ?film (?film = film:her-2013 AS ?same) (EXISTS { ?film a fg:Film } AS ?known) "
    "{ VALUES ?film { film:her-2013 film:none } } ORDER BY ?film",
    "ASK { film:her-2013 a fg:Film }",
    "DESCRIBE film:her-2013",
    "CONSTRUCT { ?film fg:credit [ schema:name ?name ] } WHERE { ?film schema:director [ schema:name ?name ] }",
)


@pytest.mark.parametrize("text", OWN)
def test_questions_of_one_s_own(text: str, graph: FilmGraph, remote: FilmGraph) -> None:
    here, there = graph.query(text), remote.query(text)
    if isinstance(here, list):
        here, there = (in_order(set(triples)) for triples in (here, there))
    assert there == here


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
