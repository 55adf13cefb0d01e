"""The map of films by the craft they share: islands of films that are alike, and what marks each.

Each film is joined to those most like it (:mod:`filmgraph.similarity`), and films that are joined much to one another
form an island (Louvain communities: Blondel, Guillaume, Lambiotte and Lefebvre, 2008). Islands that share much lie
near each other, laid out by forces; on its island a film lies towards the islands that it leans to. Where it leans is
the mean of its own island and of the films it is joined to, weighted by likeness, which is one sparse linear system
(a drawing by barycentres: Tutte, 1963); it then takes the nearest place of a sunflower's lattice (Vogel, 1979), so
that no two dots touch. The same graph gives the same map. Time grows little faster than the number of films, of which
:data:`MOST_FILMS` are drawn at the most.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from filmgraph.arrays import FilmTechniqueArrays
from filmgraph.lookup import labels_of, values_of
from filmgraph.namespaces import FG
from filmgraph.pages.known import NO_CATEGORY, categories_of
from filmgraph.pages.parts import Named
from filmgraph.rows import Value
from filmgraph.similarity import SimilarityIndex

if TYPE_CHECKING:
    import networkx
    import numpy as np
    import numpy.typing as npt

    from filmgraph.stores import Store

    Points = npt.NDArray[np.float64]

__all__ = ["MOST_FILMS", "NEAREST", "Atlas", "Dot", "Island", "Link"]

Pair = tuple[int, int]

NEAREST = 6
"""To how many films, those most like it, a film is joined."""
MOST_FILMS = 2_000
"""The most films on a map: of a larger graph those with the most techniques."""

_SEED = 7
_LEAST_ISLAND = 3
_MARKS = 3
_GOLDEN_ANGLE = math.pi * (3 - math.sqrt(5))
_STRAIT = 2.4
"""The least water between two islands, in units in which a lattice has one dot to an area of π; names stand in it."""
_SHORE = 0.3
_LEAST_SPACING = 1.6
"""The least distance of two dots of the lattice."""
_DOT = 0.34
_OWN = 0.5
_DIGITS = 4


@dataclass(frozen=True)
class Dot:
    """A film on the map, in the unit square with y downward, and the number of its island."""

    film: Named
    year: Value
    x: float
    y: float
    island: int


@dataclass(frozen=True)
class Link:
    """Two films that are alike, as places in the list of dots, how much, and the technique that says most of why."""

    source: int
    target: int
    weight: float
    technique: Named


@dataclass(frozen=True)
class Island:
    """Films that are much alike: what marks them, most telling first, and the disc on which they lie.

    ``category`` is that of the technique that marks it most. An island that nothing marks gathers films that are like
    no others.
    """

    number: int
    marks: tuple[Named, ...]
    category: Named
    x: float
    y: float
    radius: float
    films: int

    @property
    def name(self) -> str:
        """What marks it, in words."""
        return ", ".join(mark.name for mark in self.marks[:2]) or "like no others"


@dataclass(frozen=True)
class Atlas:
    """The map: dots by island and title, links, islands from large to small, the radius of a dot.

    ``left_out`` counts the films with techniques that the map has no room for.
    """

    dots: tuple[Dot, ...]
    links: tuple[Link, ...]
    islands: tuple[Island, ...]
    radius: float
    left_out: int = 0

    @classmethod
    def of_store(cls, store: Store, similarity: SimilarityIndex, *, most: int = MOST_FILMS) -> Atlas:
        """Draw the map of a store's films; one that uses no technique is not on it."""
        all_films = len(similarity.arrays.films)
        if all_films > most:
            similarity = SimilarityIndex(_richest(similarity.arrays, most))
        weights = _joined(similarity)
        return _told(store, similarity.arrays, weights, all_films - len(similarity.arrays.films))

    @cached_property
    def nearest(self) -> tuple[tuple[Link, ...], ...]:
        """For each dot its links, the strongest first."""
        found: list[list[Link]] = [[] for _ in self.dots]
        for link in self.links:
            found[link.source].append(link)
            found[link.target].append(link)
        return tuple(tuple(sorted(links, key=lambda link: -link.weight)) for links in found)


def _told(store: Store, arrays: FilmTechniqueArrays, weights: Mapping[Pair, float], left_out: int) -> Atlas:
    """Return the map of films that are joined with some weights, laid out and named."""
    films = arrays.films
    if not films:
        return Atlas((), (), (), 0.0, left_out)
    islands = _islands(weights, len(films))
    places, discs, spacing = _laid_out(weights, islands)
    why = _why(arrays, weights)
    marks = [_marks(arrays, group) for group in islands]
    techniques = {arrays.techniques[column] for column in [*why.values(), *(c for mark in marks for c in mark)]}
    names = labels_of(store, {*films, *techniques})
    categories = categories_of(store, techniques)
    years = dict(_years(store, films))

    def named(column: int) -> Named:
        technique = arrays.techniques[column]
        return Named(technique, names[technique])

    home = {place: number for number, island in enumerate(islands) for place in island}
    order = sorted(home, key=lambda place: (home[place], names[films[place]].casefold(), films[place]))
    at = {place: number for number, place in enumerate(order)}

    def dot(place: int) -> Dot:
        x, y = (round(float(value), _DIGITS) for value in places[place])
        film = films[place]
        return Dot(Named(film, names[film]), years.get(film), x, y, home[place])

    def link(one: int, two: int) -> Link:
        source, target = sorted((at[one], at[two]))
        return Link(source, target, round(weights[one, two], _DIGITS), named(why[one, two]))

    def island(number: int) -> Island:
        told = tuple(map(named, marks[number]))
        category = categories.get(told[0].iri, NO_CATEGORY) if told else NO_CATEGORY
        x, y, radius = (round(value, _DIGITS) for value in discs[number])
        return Island(number, told, category, x, y, radius, len(islands[number]))

    return Atlas(
        dots=tuple(map(dot, order)),
        links=tuple(sorted((link(*pair) for pair in weights), key=lambda link: (link.source, link.target))),
        islands=tuple(map(island, range(len(islands)))),
        radius=round(_DOT * spacing, _DIGITS + 1),
        left_out=left_out,
    )


def _richest(arrays: FilmTechniqueArrays, most: int) -> FilmTechniqueArrays:
    """Return the arrays of the films with the most techniques."""
    uses = arrays.used_rows.counts.tolist()
    rows = sorted(sorted(range(len(uses)), key=lambda row: -uses[row])[: max(most, 0)])
    return FilmTechniqueArrays(
        arrays.films.many(rows), arrays.techniques, arrays.used_rows.taken(rows), arrays.close_rows.taken(rows)
    )


def _joined(similarity: SimilarityIndex) -> dict[Pair, float]:
    """Return how much the films are alike that are joined, as pairs of rows."""
    at = similarity.arrays.film_at
    joined: dict[Pair, float] = {}
    for film, alike in similarity.all_similar(limit=NEAREST).items():
        for other in alike:
            one, two = sorted((at[film], at[other.film]))
            joined[one, two] = other.score
    return dict(sorted(joined.items()))


def _islands(weights: Mapping[Pair, float], size: int) -> list[list[int]]:
    """Return the islands as sorted places, from large to small; films that stand alone are put on one together."""
    import networkx as nx

    graph: networkx.Graph[int] = nx.Graph()
    graph.add_nodes_from(range(size))
    graph.add_weighted_edges_from((one, two, weight) for (one, two), weight in weights.items())
    found = [sorted(each) for each in nx.community.louvain_communities(graph, weight="weight", seed=_SEED)]
    large = sorted((each for each in found if len(each) >= _LEAST_ISLAND), key=lambda each: (-len(each), each))
    alone = sorted(place for each in found if len(each) < _LEAST_ISLAND for place in each)
    return [*large, alone] if alone else large


def _laid_out(
    weights: Mapping[Pair, float], islands: Sequence[Sequence[int]]
) -> tuple[Points, list[tuple[float, float, float]], float]:
    """Return the place of each film, the disc (x, y, radius) of each island, and the spacing, in the unit square."""
    import numpy as np

    radii = np.array([math.sqrt(len(island)) + _SHORE for island in islands])
    centres = _pushed_apart(_between(weights, islands, radii), radii + _STRAIT / 2)
    leanings = _leanings(weights, islands, centres)
    places = np.zeros_like(leanings)
    for island, centre in zip(islands, centres, strict=True):
        places[island] = centre + _on_lattice(leanings[island] - centre)
    low = (centres - radii[:, None] - _STRAIT).min(axis=0)
    high = (centres + radii[:, None] + _STRAIT).max(axis=0)
    scale = 1.0 / float((high - low).max())
    shift = (1.0 - (high - low) * scale) / 2 - low * scale
    discs = [(x, y, r * scale) for (x, y), r in zip((centres * scale + shift).tolist(), radii.tolist(), strict=True)]
    return places * scale + shift, discs, scale * _LEAST_SPACING


def _between(weights: Mapping[Pair, float], islands: Sequence[Sequence[int]], radii: Points) -> Points:
    """Return the centres of islands: those that share much near each other, by forces."""
    import networkx as nx
    import numpy as np

    home = {place: number for number, island in enumerate(islands) for place in island}
    graph: networkx.Graph[int] = nx.Graph()
    graph.add_nodes_from(range(len(islands)))
    for (one, two), weight in weights.items():
        here, there = sorted((home[one], home[two]))
        if here != there:
            before = graph.get_edge_data(here, there, {"weight": 0.0})["weight"]
            graph.add_edge(here, there, weight=before + weight / math.sqrt(len(islands[here]) * len(islands[there])))
    found = nx.spring_layout(graph, weight="weight", seed=_SEED, iterations=200, method="force")
    centres = np.array([found[number] for number in range(len(islands))], dtype=np.float64).reshape(-1, 2)
    return centres * float(radii.sum()) * 0.35


def _pushed_apart(centres: Points, radii: Points, *, rounds: int = 2_000) -> Points:
    """Return centres of discs of some radii drawn together as far as they go, and pushed apart until none overlap."""
    import numpy as np

    centres = centres - centres.mean(axis=0)
    least = radii[:, None] + radii[None, :]
    upper = np.triu(np.ones_like(least, dtype=bool), 1)
    for step in range(rounds):
        pull = 0.02 * (1 - 2 * step / rounds)
        centres = centres * (1 - max(pull, 0.0))
        apart = centres[:, None, :] - centres[None, :, :]
        distance = np.sqrt((apart**2).sum(axis=2))
        overlap = np.where(upper, least - distance, 0.0).clip(min=0.0)
        if pull <= 0 and not overlap.any():
            break
        overlap = overlap + overlap.T
        centres = centres + (apart / np.maximum(distance, 1e-9)[:, :, None] * (overlap * 0.51)[:, :, None]).sum(axis=1)
    return centres


def _leanings(weights: Mapping[Pair, float], islands: Sequence[Sequence[int]], centres: Points) -> Points:
    """Return where each film leans: the mean of its island's centre and of the films that it is joined to."""
    import numpy as np
    from scipy import sparse
    from scipy.sparse.linalg import spsolve

    size = sum(map(len, islands))
    own = np.zeros((size, 2))
    for island, centre in zip(islands, centres, strict=True):
        own[island] = centre
    if not weights:
        return own
    ends = np.array(list(weights), dtype=np.int64)
    matrix = sparse.coo_matrix((list(weights.values()), (ends[:, 0], ends[:, 1])), shape=(size, size))
    matrix = (matrix + matrix.T).tocsr()
    degree = np.asarray(matrix.sum(axis=1)).ravel()
    anchor = np.where(degree > 0, _OWN * degree, 1.0)
    system = sparse.csc_matrix(sparse.diags(degree + anchor) - matrix)
    return np.column_stack([spsolve(system, anchor * own[:, axis]) for axis in (0, 1)])


def _on_lattice(wished: Points) -> Points:
    """Return a place of a sunflower's lattice around 0 for each wished one, so that all together move least."""
    import numpy as np
    from scipy.optimize import linear_sum_assignment

    count = len(wished)
    numbers = np.arange(count)
    radius, angle = np.sqrt(numbers + 0.5) * 0.93, numbers * _GOLDEN_ANGLE
    lattice = np.column_stack([radius * np.cos(angle), radius * np.sin(angle)])
    lattice -= lattice.mean(axis=0)
    centred = wished - wished.mean(axis=0)
    spread = np.sqrt((centred**2).sum(axis=1).mean())
    centred = centred / spread * math.sqrt(count / 2) if spread > 1e-9 else centred
    distances = ((centred[:, None, :] - lattice[None, :, :]) ** 2).sum(axis=2)
    _, taken = linear_sum_assignment(np.round(distances, 6))
    return np.asarray(lattice[taken])


def _why(arrays: FilmTechniqueArrays, pairs: Iterable[Pair]) -> dict[Pair, int]:
    """Return for each pair the technique that is the greatest part of their likeness, one that both use first."""
    parts, used = _rows(arrays.unit), _rows(arrays.used)
    why = {}
    for one, two in pairs:
        here, there = parts[one], parts[two]
        both = used[one].keys() & used[two].keys() or here.keys() & there.keys()
        why[one, two] = min(both, key=lambda column: (-round(here[column] * there[column], 9), column))
    return why


def _marks(arrays: FilmTechniqueArrays, films: Sequence[int]) -> list[int]:
    """Return the techniques that mark films: common among them and rare elsewhere; none a kind of another."""
    import numpy as np

    inside = np.bincount(arrays.closeness[films].indices, minlength=len(arrays.techniques))
    share, overall = inside / len(films), arrays.df / len(arrays.films)
    telling = np.where(inside > 1, share * np.log(np.maximum(share, 1e-9) / np.maximum(overall, 1e-9)), 0.0)
    columns = arrays.closeness.tocsc()
    marks: list[int] = []
    for column in np.lexsort((np.arange(len(telling)), -np.round(telling, 9))).tolist():
        if telling[column] <= 0 or len(marks) >= _MARKS:
            break
        if not any(_nested(columns, column, mark) for mark in marks):
            marks.append(column)
    return marks


def _nested(columns: Any, one: int, two: int) -> bool:
    """Whether all films with one of two techniques have the other: mostly that one is a kind of the other."""
    here, there = (set(columns.indices[columns.indptr[c] : columns.indptr[c + 1]].tolist()) for c in (one, two))
    return here <= there or there <= here


def _rows(matrix: Any) -> list[dict[int, float]]:
    bounds, columns, values = matrix.indptr.tolist(), matrix.indices.tolist(), matrix.data.tolist()
    return [dict(zip(columns[start:end], values[start:end], strict=True)) for start, end in pairwise(bounds)]


def _years(store: Store, films: Iterable[str]) -> Iterable[tuple[str, Value]]:
    rows = store.select(
        f"SELECT ?film ?year WHERE {{ VALUES ?film {{ {values_of(films)} }} ?film <{FG}releaseYear> ?year }} "
        "ORDER BY ?film ?year"
    )
    return ((str(film), year) for film, year in rows)
