"""Films alike: one among 100,000 and all of 10,000, against NetworkX and scipy on the same films."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from itertools import cycle

import generate
import networkx as nx
import numpy as np
import pyoxigraph as ox
from measure import Task, print_table, take_turns

from filmgraph.arrays import FilmTechniqueArrays
from filmgraph.namespaces import FG, RDF, SKOS
from filmgraph.similarity import SimilarityIndex
from filmgraph.stores import MemoryStore

LIMIT = 10
BLOCK = 500

Pairs = list[tuple[str, str]]


def run(*, tiny: bool = False) -> None:
    """Measure building the index, one film's likes, and those of all films."""
    films, rounds, samples = (40, 1, 5) if tiny else (100_000, 3, 200)
    uses, links = generate.use_pairs(films), generate.technique_links()
    store = store_of(uses, links)
    building = [
        Task("index from pairs", lambda: SimilarityIndex(FilmTechniqueArrays.of_pairs(uses, links)), within=5),
        Task("index from a store", lambda: SimilarityIndex(FilmTechniqueArrays.of_store(store)), within=5),
        Task("NetworkX graph from pairs", lambda: bipartite(uses), "index from pairs"),
    ]
    print_table(f"Similarity: index of {films:,} films", take_turns(building, rounds=rounds))
    index, graph = SimilarityIndex(FilmTechniqueArrays.of_pairs(uses, links)), bipartite(uses)
    print_table(f"Similarity: top ten of one film of {films:,}", take_turns(one_film(index, graph), rounds=samples))
    few = 40 if tiny else 10_000
    index = SimilarityIndex(FilmTechniqueArrays.of_pairs(generate.use_pairs(few), links))
    every = [
        Task("all films, cosine", lambda: index.all_similar(limit=LIMIT), within=1),
        Task("scipy, the whole product in blocks", lambda: all_by_scipy(index), "all films, cosine"),
    ]
    print_table(f"Similarity: top ten of each of {few:,} films", take_turns(every, rounds=rounds))


def store_of(uses: Pairs, links: Pairs) -> MemoryStore:
    """Return a store with the triples that the index reads."""
    type_, broader = ox.NamedNode(RDF + "type"), ox.NamedNode(SKOS + "broader")
    film_of, technique_of = ox.NamedNode(FG + "film"), ox.NamedNode(FG + "technique")
    class_ = ox.NamedNode(FG + "Technique")
    node: Callable[[str], ox.NamedNode] = lambda slug: ox.NamedNode(f"http://example.org/{slug}")  # noqa: E731
    store = MemoryStore()
    store.oxigraph.bulk_extend(
        quad
        for film, technique in uses
        for use in [node(f"{film}--{technique}")]
        for quad in (ox.Quad(use, film_of, node(film)), ox.Quad(use, technique_of, node(technique)))
    )
    store.oxigraph.extend(ox.Quad(node(narrow), broader, node(broad)) for narrow, broad in links)
    store.oxigraph.extend(ox.Quad(node(name), type_, class_) for link in links for name in link)
    return store


def bipartite(uses: Pairs) -> nx.Graph[str]:
    """Return the graph of films and techniques."""
    graph: nx.Graph[str] = nx.Graph()
    graph.add_edges_from(uses)
    return graph


def one_film(index: SimilarityIndex, graph: nx.Graph[str]) -> list[Task]:
    """Return the tasks that find the top ten of one film, another one at each call."""
    films = random.Random(generate.SEED).sample(index.arrays.films, min(200, len(index.arrays.films)))
    unit, at = index.arrays.unit, index.arrays.film_at

    def each(answer: Callable[[str], object]) -> Callable[[], object]:
        turn = cycle(films)
        return lambda: answer(next(turn))

    def by_scipy(film: str) -> object:
        scores = (unit @ unit[at[film]].T).toarray().ravel()
        scores[at[film]] = 0
        best = np.argpartition(-scores, min(LIMIT, len(scores) - 1))[:LIMIT]
        return best[np.argsort(-scores[best])]

    def by_networkx(film: str) -> object:
        shared = Counter(other for technique in graph[film] for other in graph[technique])
        del shared[film]
        return shared.most_common(LIMIT)

    return [
        Task("one film, cosine", each(lambda film: index.similar(film, limit=LIMIT)), within=0.002),
        Task("scipy, row product and argpartition", each(by_scipy), "one film, cosine"),
        Task("one film, shared", each(lambda film: index.similar(film, limit=LIMIT, measure="shared")), within=0.002),
        Task("NetworkX, shared neighbours", each(by_networkx), "one film, shared"),
        Task("one film, jaccard", each(lambda film: index.similar(film, limit=LIMIT, measure="jaccard")), within=0.002),
    ]


def all_by_scipy(index: SimilarityIndex) -> list[object]:
    """Return the places of the top ten of every film, from the product of all films with all."""
    unit = index.arrays.unit
    columns = unit.T.tocsr()
    best: list[object] = []
    for start in range(0, unit.shape[0], BLOCK):
        scores = (unit[start : start + BLOCK] @ columns).toarray()
        scores[np.arange(len(scores)), np.arange(start, start + len(scores))] = 0
        best.append(np.argpartition(-scores, min(LIMIT, scores.shape[1] - 1), axis=1)[:, :LIMIT])
    return best
