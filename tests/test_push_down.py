"""Likeness and paths on an endpoint: the same answers as from arrays, out of few questions that stay small."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path
from typing import Any

import pyoxigraph as ox
import pytest
from click.testing import CliRunner
from scripts import generate
from servers import OxigraphServer
from virtuoso import VirtuosoServer

from filmgraph.arrays import FilmTechniqueArrays
from filmgraph.arrays.remote import MOST_ROWS
from filmgraph.cli import cli
from filmgraph.errors import EndpointDownError, NotFoundError
from filmgraph.graph import FilmGraph, engines
from filmgraph.namespaces import FG, SCHEMA, SKOS
from filmgraph.paths import PathIndex
from filmgraph.paths.remote import RemoteLinks
from filmgraph.rows import Rows
from filmgraph.similarity import MEASURES, SimilarityIndex
from filmgraph.similarity.remote import RemoteSimilarity
from filmgraph.stores import MemoryStore, RemoteStore, Store
from filmgraph.workspace import Workspace

MADE_FILMS = 90
LIMITS = (1, 7, 60)


class Asked:
    """A store that counts what is asked of it; ``replaced`` may stand in for an answer."""

    name = "asked"

    def __init__(self, store: Any, replaced: Callable[[str, Rows], Rows] | None = None) -> None:
        self.store = store
        self.texts: list[str] = []
        self.rows = 0
        self._replaced = replaced

    def select(self, query: str) -> Rows:
        """Run a SELECT query."""
        rows: Rows = self.store.select(query)
        if self._replaced:
            rows = self._replaced(query, rows)
        self.texts.append(query)
        self.rows += len(rows)
        return rows


def no_arrays() -> FilmTechniqueArrays:
    """Stand where the arrays would be read."""
    raise AssertionError("the arrays were read")


def film_iris(store: Store) -> list[str]:
    """Return all films of a store, shuffled, always in the same way."""
    films = sorted(str(film) for (film,) in store.select(f"SELECT ?f WHERE {{ ?f a <{FG}Film> }}"))
    random.Random(6).shuffle(films)
    return films


def check_likeness(memory: Store, far: Any, films: list[str], *, limits: tuple[int, ...] = LIMITS) -> None:
    """Check that an endpoint finds the films that arrays find, with the same scores, without reading arrays."""
    index = SimilarityIndex(FilmTechniqueArrays.of_store(memory))
    remote = RemoteSimilarity(far, arrays=no_arrays)
    for film in films:
        for measure in MEASURES:
            for limit in limits:
                mine = index.similar(film, limit=limit, measure=measure)
                assert remote.similar(film, limit=limit, measure=measure) == mine, (film, measure, limit)
    for film, other in pairwise(films):
        assert remote.score(film, other) == index.score(film, other)
        assert remote.score(film, other, measure="jaccard") == index.score(film, other, measure="jaccard")
        assert remote.shared_craft(film, other) == index.shared_craft(film, other)
        assert remote.shared_uses(film, other) == index.shared_uses(film, other)


def check_paths(memory: Store, far: Any, films: list[str]) -> None:
    """Check that an endpoint finds the paths that arrays find, told in the same words."""
    local, remote = PathIndex.of_store(memory), PathIndex(RemoteLinks(far), far)
    for film, other in pairwise(films):
        for kinds in (None, ["via"]):
            mine = local.best(film, other, limit=8, kinds=kinds)
            theirs = remote.best(film, other, limit=8, kinds=kinds)
            assert theirs == mine, (film, other, kinds)
            assert [path.sentence for path in theirs] == [path.sentence for path in mine]
    assert remote.between(films[0], films[1:9]) == local.between(films[0], films[1:9])
    assert remote.from_any(films[:3], films[3:9], limit=2) == local.from_any(films[:3], films[3:9], limit=2)


@pytest.fixture(scope="module")
def made_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("made") / "made.nt"
    assert generate.write_graph(file, MADE_FILMS) > 5000
    return file


@pytest.fixture(scope="module")
def made(made_file: Path) -> Iterator[MemoryStore]:
    with MemoryStore.of_files([made_file]) as memory:
        yield memory


@pytest.fixture(scope="module")
def oxigraph(tmp_path_factory: pytest.TempPathFactory, bundled: MemoryStore) -> Iterator[RemoteStore]:
    """An oxigraph server that holds the graph that filmgraph comes with."""
    folder = tmp_path_factory.mktemp("oxigraph") / "store"
    store = ox.Store(str(folder))
    store.bulk_extend(triple_quads(bundled))
    store.flush()
    del store
    with OxigraphServer(folder) as server:
        yield server.store()


@pytest.fixture(scope="module")
def ties(tmp_path_factory: pytest.TempPathFactory) -> MemoryStore:
    """A graph in which many films have the same craft: 250 use one technique, each of 30 one of two kinds of it."""
    uses = [(f"f{number:03}", ["one"]) for number in range(250)]
    uses += [(f"g{number:02}", ["one", "left" if number % 2 else "right"]) for number in range(30)]
    uses += [("alone", ["other"]), ("none", []), ("é", ["left"]), ("zz(1)'", ["left", "right"])]
    return written(uses, [("left", "up"), ("right", "up"), ("up", "top"), ("top", "up"), ("one", "one")])


def triple_quads(store: Store) -> Iterator[ox.Quad]:
    for triple in store.construct("CONSTRUCT { ?s ?p ?o } WHERE { ?s ?p ?o }"):
        yield ox.Quad(triple.subject, triple.predicate, triple.object)


def written(
    uses: list[tuple[str, list[str]]], broader: list[tuple[str, str]], *, times: int = 1, categories: str = ""
) -> MemoryStore:
    """Return a store of films, each with its techniques, ``times`` uses each, and of a vocabulary."""
    lines = []
    for film, techniques in uses:
        lines.append(f'<urn:film:{film}> a fg:Film ; schema:name "{film[0].upper()}{film[1:]}" .')
        lines += [
            f"<urn:use:{film}-{technique}-{number}> fg:film <urn:film:{film}> ; fg:technique <urn:{technique}> ."
            for technique in techniques
            for number in range(times)
        ]
    lines += [f"<urn:{low}> a fg:Technique ; skos:broader <urn:{high}> ." for low, high in broader]
    lines += [f"<urn:{high}> a fg:Technique ." for _, high in broader]
    lines += [f"<urn:{name}> a fg:Category ." for name in categories.split()]
    prefixes = f"PREFIX fg: <{FG}> PREFIX schema: <{SCHEMA}> PREFIX skos: <{SKOS}> "
    store = MemoryStore()
    store.update(f"{prefixes} INSERT DATA {{ {' '.join(lines)} }}")
    return store


def test_the_bundled_graph_answers_alike_far_away(bundled: MemoryStore) -> None:
    films = film_iris(bundled)
    assert len(films) > 100
    check_likeness(bundled, Asked(bundled), films[::25])
    check_paths(bundled, Asked(bundled), films[::16])


def test_a_made_graph_answers_alike_far_away(made: MemoryStore) -> None:
    films = film_iris(made)
    check_likeness(made, Asked(made), films[::8])
    check_paths(made, Asked(made), films[::5])


def test_an_oxigraph_server_answers_as_memory_does(bundled: MemoryStore, oxigraph: RemoteStore) -> None:
    films = film_iris(bundled)
    check_likeness(bundled, oxigraph, films[:4], limits=(10,))
    check_paths(bundled, oxigraph, films[:10])


def test_virtuoso_answers_as_memory_does(bundled: MemoryStore, virtuoso: VirtuosoServer) -> None:
    films = film_iris(bundled)
    check_likeness(bundled, virtuoso.store(), films[:8], limits=(1, 10))
    check_paths(bundled, virtuoso.store(), films[:12])


def test_virtuoso_breaks_ties_as_memory_does(ties: MemoryStore, virtuoso: VirtuosoServer) -> None:
    # In a graph of its own: the server's others are named in no request here.
    graph = "urn:of-ties"
    triples = " ".join(f"{triple} ." for triple in ties.construct("CONSTRUCT { ?s ?p ?o } WHERE { ?s ?p ?o }"))
    writer = virtuoso.store()
    writer.update(f"INSERT DATA {{ GRAPH <{graph}> {{ {triples} }} }}")
    try:
        far = RemoteStore(f"{virtuoso.query_url}?default-graph-uri={graph}")
        check_likeness(ties, far, TIED, limits=(1, 10))
    finally:
        writer.update(f"CLEAR GRAPH <{graph}>")


TIED = [f"urn:film:{name}" for name in ("f007", "g01", "g02", "alone", "none", "é", "zz(1)'", "unknown")]


def test_ties_fall_in_the_order_of_iris(ties: MemoryStore) -> None:
    asked = Asked(ties)
    check_likeness(ties, asked, TIED)
    # 250 films tie, and not one by one are they fetched.
    assert asked.rows < 100 * len(TIED) * len(MEASURES) * len(LIMITS)


def test_where_an_engine_sorts_otherwise_the_arrays_are_read(ties: MemoryStore) -> None:
    def reversed_ties(query: str, rows: Rows) -> Rows:
        return Rows(rows.columns, list(reversed(rows.terms))) if "STR(?g)" in query else rows

    index = SimilarityIndex(FilmTechniqueArrays.of_store(ties))
    with pytest.raises(AssertionError, match="the arrays were read"):
        RemoteSimilarity(Asked(ties, reversed_ties), arrays=no_arrays).similar("urn:film:f007")
    remote = RemoteSimilarity(Asked(ties, reversed_ties), arrays=lambda: FilmTechniqueArrays.of_store(ties))
    assert remote.similar("urn:film:f007") == index.similar("urn:film:f007")


def test_a_technique_that_is_used_twice_counts_once() -> None:
    uses = [("a", ["x", "y"]), ("b", ["x", "y"]), ("c", ["x"]), ("d", ["y", "z"]), ("e", ["sound", "x"])]
    twice = written(uses, [("x", "p"), ("y", "p"), ("p", "q")], times=2, categories="sound")
    check_likeness(twice, Asked(twice), [f"urn:film:{name}" for name, _ in uses])
    once = written(uses, [("x", "p"), ("y", "p"), ("p", "q")], categories="sound")
    similar = [RemoteSimilarity(store).similar("urn:film:a") for store in (once, twice)]
    assert similar[0] == similar[1] != []


def test_a_large_vocabulary_stays_out_of_the_texts() -> None:
    chance = random.Random(1)
    names = [f"t{number}" for number in range(1400)]
    uses = [(f"f{number}", chance.sample(names, 8)) for number in range(400)]
    store = written(uses, [(name, f"p{number % 60}") for number, name in enumerate(names)])
    asked = Asked(store)
    index = SimilarityIndex(FilmTechniqueArrays.of_store(store))
    remote = RemoteSimilarity(asked, arrays=lambda: index.arrays)
    for film in ("urn:film:f0", "urn:film:f1"):
        for measure in MEASURES:
            assert remote.similar(film, measure=measure) == index.similar(film, measure=measure)
    assert max(text.count("(<urn:") for text in asked.texts) == MOST_ROWS


def test_questions_are_few_and_small(bundled: MemoryStore) -> None:
    films = film_iris(bundled)
    asked = Asked(bundled)
    remote = RemoteSimilarity(asked, arrays=no_arrays)
    remote.similar(films[0])
    assert len(asked.texts) <= 10
    assert max(map(len, asked.texts)) < 64_000
    asked.texts.clear()
    asked.rows = 0
    remote.similar(films[1])
    assert len(asked.texts) <= 4
    assert asked.rows < 400

    asked = Asked(bundled)
    paths = PathIndex(RemoteLinks(asked), asked)
    asked.texts.clear()
    for film, other in zip(films[2:12:2], films[3:13:2], strict=True):
        paths.best(film, other)
        assert len(asked.texts) <= 12
        asked.texts.clear()
    paths.best(films[12], films[13], kinds=["via"])
    assert len(asked.texts) <= 16
    assert max(map(len, asked.texts)) < 64_000


def test_what_is_no_film_has_no_answer(ties: MemoryStore) -> None:
    asked = Asked(ties)
    remote = RemoteSimilarity(asked, arrays=no_arrays)
    paths = PathIndex(RemoteLinks(asked), asked)
    for film in ("urn:film:none", "urn:none", "no iri", "urn:x> } SERVICE <urn:y> { ?s ?p ?o } VALUES ?q { <urn:z"):
        assert remote.similar(film) == remote.shared_craft(film, "urn:film:f000") == []
        assert remote.shared_uses("urn:film:f000", film) == []
        assert remote.score(film, "urn:film:f000") == 0.0
        assert paths.best(film, "urn:film:alone", kinds=["via"]) == paths.best("urn:film:alone", film) == []
    assert not [text for text in asked.texts if "SERVICE" in text]
    assert remote.similar("urn:film:f000", limit=0) == []
    with pytest.raises(NotFoundError):
        remote.similar("urn:film:f000", measure="vibes")


def test_films_may_be_left_out(ties: MemoryStore) -> None:
    index = SimilarityIndex(FilmTechniqueArrays.of_store(ties))
    remote = RemoteSimilarity(Asked(ties), arrays=no_arrays)
    without = [f"urn:film:f{number:03}" for number in range(0, 250, 3)]
    for measure in MEASURES:
        mine = index.similar("urn:film:f001", without=without, measure=measure)
        assert remote.similar("urn:film:f001", without=without, measure=measure) == mine


def test_a_long_answer_is_read_from_the_arrays(ties: MemoryStore) -> None:
    index = SimilarityIndex(FilmTechniqueArrays.of_store(ties))
    remote = RemoteSimilarity(Asked(ties), arrays=lambda: index.arrays)
    assert remote.similar("urn:film:f001", limit=5000) == index.similar("urn:film:f001", limit=5000)


@pytest.mark.parametrize("question", ["SELECT ?b (COUNT", "AS ?films", "GROUP BY ?t", "#broader", "#Category"])
def test_what_failed_beside_is_told_and_asked_anew(bundled: MemoryStore, question: str) -> None:
    film = film_iris(bundled)[0]
    failures = ["once"]

    def failing(query: str, rows: Rows) -> Rows:
        if question in query and failures:
            raise EndpointDownError(failures.pop(), url="urn:far")
        return rows

    remote = RemoteSimilarity(Asked(bundled, failing), arrays=no_arrays)
    with pytest.raises(EndpointDownError, match="once"):
        remote.similar(film)
    assert remote.similar(film) == SimilarityIndex(FilmTechniqueArrays.of_store(bundled)).similar(film)


def test_a_new_client_counts_beside_what_it_asks(bundled: MemoryStore) -> None:
    film = film_iris(bundled)[0]
    is_ranked, held = threading.Event(), []

    def slow(query: str, rows: Rows) -> Rows:
        if "SELECT ?b (COUNT" in query and query.count("(<") > 100:
            held.append(is_ranked.wait(30))
        if "DESC(" in query:
            is_ranked.set()
        return rows

    # The ranking is asked for while the rest is counted, and the answer waits for that.
    remote = RemoteSimilarity(Asked(bundled, slow), arrays=no_arrays)
    assert remote.similar(film) == SimilarityIndex(FilmTechniqueArrays.of_store(bundled)).similar(film)
    assert held
    assert all(held)


def test_threads_may_ask_at_once(bundled: MemoryStore) -> None:
    films = film_iris(bundled)[:20]
    local, far = PathIndex.of_store(bundled), Asked(bundled)
    paths, alike = PathIndex(RemoteLinks(far), far), RemoteSimilarity(far, arrays=no_arrays)
    index = SimilarityIndex(FilmTechniqueArrays.of_store(bundled))
    with ThreadPoolExecutor(6) as pool:
        told = pool.map(lambda pair: paths.best(*pair), pairwise(films))
        found = pool.map(alike.similar, films)
        assert list(told) == [local.best(*pair) for pair in pairwise(films)]
        assert list(found) == [index.similar(film) for film in films]


def test_a_graph_on_an_endpoint_pushes_down(
    graph: FilmGraph, oxigraph: RemoteStore, monkeypatch: pytest.MonkeyPatch, workspace: Workspace
) -> None:
    similar = graph.similar("Her", limit=5, reasons=2)
    paths = graph.path("Her", "Playtime")
    compared = graph.compare("Her", "Playtime")
    with FilmGraph(oxigraph, workspace=workspace) as far:
        assert far.compare("Her", "Playtime") == compared
    monkeypatch.setattr(engines, "arrays_of", lambda _store: no_arrays())
    with FilmGraph(oxigraph, workspace=workspace) as far:
        assert far.similar("Her", limit=5, reasons=2) == similar
        assert far.path("Her", "Playtime") == paths
        with pytest.raises(AssertionError, match="the arrays were read"):
            far.recommend("Her")


def test_what_is_kept_of_films_is_bounded(made: MemoryStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("filmgraph.paths.remote._MOST_KEPT", 3)
    monkeypatch.setattr("filmgraph.paths.remote._MOST_NOTED", 3)
    films = film_iris(made)[:8]
    check_paths(made, Asked(made), films)
    links = RemoteLinks(Asked(made))
    for film in films:
        links.uses(film)
        links.count_of(film)
        links.praised(film)
        links._hear((film,))
    assert len(links._films) <= 3 + 1
    assert max(map(len, (links._counts, links._praised, links._voices))) <= 3 + 1


def test_commands_push_down(oxigraph: RemoteStore) -> None:
    for command in (["similar", "Her"], ["path", "Her", "Playtime"]):
        here, far = (CliRunner().invoke(cli, [*command, *where]) for where in ([], ["--store", oxigraph.name]))
        assert (far.exit_code, far.output) == (here.exit_code, here.output)
        assert here.exit_code == 0
