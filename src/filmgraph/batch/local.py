"""The same jobs on one machine, in arrays: for graphs that fit in memory, and to check the cluster's answers by."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from filmgraph.arrays import FilmTechniqueArrays
from filmgraph.batch.layout import EDGE_COLUMNS, MANIFEST, NODE_COLUMNS, check_columns, check_layout, no_table
from filmgraph.batch.links import (
    CREW,
    CRITICS,
    DAMPING,
    LIKENESS_UNIT,
    LINK_UNIT,
    LINK_WEIGHTS,
    NEAREST,
    RANK_UNIT,
    ROUNDS,
    accelerations,
)
from filmgraph.errors import BatchError, DataError, NotFoundError
from filmgraph.similarity import SimilarityIndex

__all__ = ["communities", "pagerank", "read_tables", "similar"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Columns = dict[str, list[Any]]


def read_tables(folder: Path) -> tuple[Any, Any]:
    """Return the tables of nodes and edges of a graph that was written as Parquet, as pyarrow tables."""
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ModuleNotFoundError as error:
        raise BatchError.missing("pyarrow") from error
    manifest = folder / MANIFEST
    if manifest.is_file():
        check_layout(manifest.read_text(encoding="utf-8", errors="replace"), str(manifest))
    tables = []
    for name, wanted in (("nodes", NODE_COLUMNS), ("edges", EDGE_COLUMNS)):
        part = folder / name
        if not part.is_dir():
            raise no_table(str(part))
        try:
            found = {field.name: str(field.type).removeprefix("large_") for field in pq.ParquetDataset(part).schema}
            check_columns(found, wanted, str(part))
            tables.append(pq.read_table(part, columns=list(wanted)))
        except (pa.ArrowException, OSError) as error:
            raise DataError(f"cannot be read as Parquet: {str(error).splitlines()[0]}", file=str(part)) from error
    return tables[0], tables[1]


def similar(nodes: Any, edges: Any, *, limit: int = 10) -> Columns:
    """Return film, rank, similar and score, as the job on Spark does."""
    alike = SimilarityIndex(_arrays(nodes, edges)).all_similar(limit=limit)
    rows = [
        (film, rank, each.film, each.score) for film in sorted(alike) for rank, each in enumerate(alike[film], start=1)
    ]
    return _columns(("film", "rank", "similar", "score"), rows)


def communities(nodes: Any, edges: Any, *, limit: int = NEAREST) -> Columns:
    """Return film, community and size, as the job on Spark does."""
    arrays = _arrays(nodes, edges)
    at = arrays.film_at
    weights: dict[tuple[int, int], int] = {}
    for film, others in SimilarityIndex(arrays).all_similar(limit=limit).items():
        for other in others:
            likeness = int(np.rint(other.score * LIKENESS_UNIT))
            weights[at[film], at[other.film]] = weights[at[other.film], at[film]] = likeness
    count = len(arrays.films)
    ends = np.array(list(weights), dtype=np.int64).reshape(-1, 2)
    weight = np.fromiter(weights.values(), np.int64, len(weights))
    own = np.zeros(count, np.int64)
    np.maximum.at(own, ends[:, 1], weight)
    places = np.arange(count)
    source, target = np.concatenate([ends[:, 0], places]), np.concatenate([ends[:, 1], places])
    labels = _labels(source, target, np.concatenate([weight, own]), count)
    sizes = np.bincount(labels, minlength=count)
    first: dict[int, str] = {}
    for film, label in zip(arrays.films, labels.tolist(), strict=True):
        first.setdefault(label, film)
    rows = sorted(
        (first[label], film, int(sizes[label])) for film, label in zip(arrays.films, labels.tolist(), strict=True)
    )
    return _columns(("film", "community", "size"), [(film, community, size) for community, film, size in rows])


def _labels(source: Ints, target: Ints, weight: Ints, count: int) -> Ints:
    """Return the label of each film when all rounds are over."""
    labels = np.arange(count)
    for _ in range(ROUNDS if count else 0):
        heard = labels[source]
        order = np.lexsort((heard, target))
        there, label = target[order], heard[order]
        first = np.flatnonzero(np.concatenate(([True], (there[1:] != there[:-1]) | (label[1:] != label[:-1]))))
        sums = np.add.reduceat(weight[order], first)
        there, label = there[first], label[first]
        best = np.lexsort((label, -sums, there))
        leading = best[np.concatenate(([True], there[best][1:] != there[best][:-1]))]
        labels = label[leading]
    return labels


def pagerank(nodes: Any, edges: Any, *, starts: Sequence[str] = ()) -> Columns:
    """Return node, kind and score, as the job on Spark does."""
    kinds = dict(zip(*_lists(nodes, "id", "kind"), strict=True))
    films = {node for node, kind in kinds.items() if kind == "film"}
    for start in starts:
        if start not in films:
            raise NotFoundError(f"There is no film {start} in this graph.")
    links = _links(films, nodes, edges)
    names = sorted(films.union(*((one, two) for one, two in links)))
    at = {name: place for place, name in enumerate(names)}
    ways: dict[tuple[int, int], int] = {}
    for (one, two), weight in links.items():
        for way in ((at[one], at[two]), (at[two], at[one])):
            ways[way] = ways.get(way, 0) + weight
    begins = np.array([not starts or name in set(starts) for name in names], dtype=np.float64)
    ranks = _walked(ways, begins / max(begins.sum(), 1.0))
    total = float(np.rint(ranks * RANK_UNIT).astype(np.int64).sum()) / RANK_UNIT
    scores = ranks / total if total > 0 else np.zeros_like(ranks)
    order = np.lexsort((np.arange(len(names)), -scores))
    rows = [(names[place], kinds.get(names[place], "other"), float(scores[place])) for place in order.tolist()]
    return _columns(("node", "kind", "score"), rows)


def _walked(ways: dict[tuple[int, int], int], start: Floats) -> Floats:
    """Return the rank of each node after all steps of the semi-iteration."""
    held = sorted((target, source, weight) for (source, target), weight in ways.items() if weight > 0)
    target, source, weight = (
        (np.array(each, dtype=np.int64) for each in zip(*held, strict=True)) if held else (np.zeros(0, np.int64),) * 3
    )
    degree = np.zeros(len(start), np.int64)
    np.add.at(degree, source, weight)
    share = weight.astype(np.float64) / degree[source].astype(np.float64)
    first = np.flatnonzero(np.concatenate(([True], target[1:] != target[:-1]))) if held else target
    rank, before = start.copy(), np.zeros_like(start)
    for factor in accelerations():
        flow = np.zeros(len(start), np.int64)
        passed = np.rint(rank[source] * share * RANK_UNIT).astype(np.int64)
        if held:
            flow[target[first]] = np.add.reduceat(passed, first)
        walked = DAMPING * (flow / RANK_UNIT) + start
        rank, before = factor * (walked - before) + before, rank
    return rank


def _links(films: set[str], nodes: Any, edges: Any) -> dict[tuple[str, str], int]:
    """Return the links of the typed graph with their weights in whole numbers."""
    arrays = _arrays(nodes, edges)
    links: dict[tuple[str, str], int] = {}
    known: dict[str, int] = {}
    crew = {pair for role in CREW for pair in _pairs(edges, role)}
    for kind, pairs in (("technique", _pairs(edges, "uses")), ("crew", crew), ("genre", _pairs(edges, "genre"))):
        for film, node in pairs:
            if film in films:
                weight = _whole(LINK_WEIGHTS[kind] * (arrays.idf_of(node) if kind == "technique" else 1.0))
                known[film] = known.get(film, 0) + weight
                links[film, node] = links.get((film, node), 0) + weight
    told = _told(films, nodes, edges)
    heard: dict[str, int] = {}
    for (one, two), (kind, weight) in told.items():
        for film in (one, two) if kind == "comparison" else (one,):
            heard[film] = heard.get(film, 0) + weight
    for (one, two), (kind, weight) in told.items():
        both = (one, two) if kind == "comparison" else (one,)
        most = min(CRITICS * known[each] / heard[each] if known.get(each) and heard[each] else 1.0 for each in both)
        links[one, two] = links.get((one, two), 0) + int(np.rint(weight * min(most, 1.0)))
    return links


def _told(films: set[str], nodes: Any, edges: Any) -> dict[tuple[str, str], tuple[str, int]]:
    """Return what critics say: the praise of films, and comparisons, before they are scaled down."""
    kinds = dict(zip(*_lists(nodes, "id", "kind"), strict=True))
    broader = [pair for pair in _pairs(edges, "broader") if all(kinds.get(end) == "technique" for end in pair)]
    df = FilmTechniqueArrays.of_pairs(_pairs(edges, "uses"), broader)
    praise, compared = _weighed(edges, "praise"), _weighed(edges, "comparison")
    praised: dict[str, int] = {}
    for _, technique in praise:
        praised[technique] = praised.get(technique, 0) + 1
    told: dict[tuple[str, str], tuple[str, int]] = {}
    for (film, technique), weight in praise.items():
        place = df.technique_at.get(technique)
        having = max(0 if place is None else int(df.df[place]), praised[technique])
        if film in films:
            rarity = float(np.log1p(max(len(films), 2) / having))
            told[film, technique] = "praise", _whole(LINK_WEIGHTS["praise"] * weight * rarity)
    for pair, weight in compared.items():
        told[pair] = "comparison", _whole(LINK_WEIGHTS["comparison"] * weight)
    return told


def _arrays(nodes: Any, edges: Any) -> FilmTechniqueArrays:
    kinds = dict(zip(*_lists(nodes, "id", "kind"), strict=True))
    uses = [pair for pair in _pairs(edges, "uses") if kinds.get(pair[1]) != "category"]
    broader = [pair for pair in _pairs(edges, "broader") if all(kinds.get(end) == "technique" for end in pair)]
    return FilmTechniqueArrays.of_pairs(uses, broader)


def _pairs(edges: Any, kind: str) -> set[tuple[str, str]]:
    return set(_weighed(edges, kind))


def _weighed(edges: Any, kind: str) -> dict[tuple[str, str], float]:
    import pyarrow.compute as pc

    sources, targets, weights = _lists(edges.filter(pc.equal(edges["kind"], kind)), "source", "target", "weight")
    return dict(zip(zip(sources, targets, strict=True), weights, strict=True))


def _lists(table: Any, *columns: str) -> list[list[Any]]:
    return [table[column].to_pylist() for column in columns]


def _columns(names: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> Columns:
    return {name: [row[place] for row in rows] for place, name in enumerate(names)}


def _whole(weight: float) -> int:
    return int(np.rint(weight * LINK_UNIT))
