"""Films alike on an endpoint: the engine ranks them all by bounds, and a few are scored here, exactly.

SPARQL has neither logarithm nor root, so the weights go up in VALUES and films are ranked by the square of their
cosine with the film asked for. One sum a film bounds it from above: for each technique *u* that the film uses, VALUES
hold D(u), its product with the film asked for if no other use of the film met it in a broader technique, and L(u), the
square of its own weight. Then

    cosine² ≤ (Σ D(u))² / (Σ L(u) · |f|²)

since a broader technique counts once in a product, and D counts it with each use below it, and since the length of a
film's weights is at least that of its own uses. D is rounded up and L down, to integers: sums of integers are the same
in every order, so that films with the same craft tie to the last bit. The best by that bound are then fetched with
their uses and scored as :class:`~filmgraph.similarity.index.SimilarityIndex` scores them; where the last bound read is
below the last score that is wanted, no film was missed. Else more are read; where many films tie, the engine is asked
for their exact cosines, in the order of their IRIs. ``jaccard`` and ``shared`` are exact at once.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import TYPE_CHECKING

from filmgraph.arrays import STEP_WEIGHT, FilmTechniqueArrays
from filmgraph.arrays.remote import MOST_ROWS, RemoteCraft
from filmgraph.errors import NotFoundError
from filmgraph.namespaces import FG, XSD
from filmgraph.rows import is_iri
from filmgraph.similarity.index import MEASURES, Alike, SharedCraft, SimilarityIndex

if TYPE_CHECKING:
    from filmgraph.stores import Store

__all__ = ["RemoteSimilarity"]

_MARGIN = 40
"""How many films more than are wanted are ranked at first: enough for most films, few enough to travel."""

_FIRST = 10
"""Of how many films more than are wanted the uses are read at first."""

_MOST_FILMS = 1000
"""The longest answer that is pushed down; for a longer one the arrays are read."""

_MOST_CLOSURE = 2500
"""The most rows of techniques and broader ones with which exact cosines are asked for."""

_SCALE = 10**6
_EXACT_SCALE = 10**9
_NEARLY = 1e-6


@dataclass(frozen=True)
class _Ranked:
    """Films that an engine ranks first, with the keys that it sorts them by.

    ``unit`` is what a key is divided by to make it the square of a cosine, 0 where it is a score itself. ``whole`` says
    that no film is left, and ``exact`` that keys are no bounds from above but scores, and ties in the order of IRIs.
    """

    films: Sequence[str]
    keys: Sequence[float]
    unit: float
    whole: bool
    exact: bool

    def bound(self, place: int) -> float:
        """Return the bound of a film's score: the key that the engine sorts by, or for a cosine its root."""
        return math.sqrt(self.keys[place] / self.unit) if self.unit else self.keys[place]


class RemoteSimilarity:
    """Answers which films of an endpoint are alike, with the answers that a SimilarityIndex of its arrays would give.

    What is small is read once and kept: the vocabulary, and how many films use each technique. ``arrays`` gives the
    arrays of all films; they are read only where an answer is too long, or a vocabulary too large, to be pushed down.
    """

    def __init__(
        self,
        store: Store,
        *,
        craft: RemoteCraft | None = None,
        arrays: Callable[[], FilmTechniqueArrays] | None = None,
    ) -> None:
        self._store = store
        self._craft = craft or RemoteCraft(store)
        self._arrays = arrays or (lambda: FilmTechniqueArrays.of_store(store))

    def similar(
        self, film: str, *, limit: int = 10, measure: str = "cosine", without: Collection[str] = ()
    ) -> list[Alike]:
        """Return the films most like a film, best first, ties in the order of their IRIs.

        Films with no likeness at all are left out, and those that ``without`` names. A film without a use has no
        answer: an empty list.

        Raises :class:`~filmgraph.errors.NotFoundError` for an unknown measure.
        """
        if measure not in MEASURES:
            raise NotFoundError(f"There is no measure {measure!r}.", suggestions=MEASURES)
        if limit <= 0:
            return []
        self._craft.begin()
        mine = self._craft.pairs([film])
        if not mine:
            return []
        hidden = {film, *without}
        wanted = limit + len(hidden)
        if wanted > _MOST_FILMS:
            return self._whole.similar(film, limit=limit, measure=measure, without=without)
        for rank in self._rankings(mine, measure, wanted):
            answer = self._answer(rank, mine, measure, limit, hidden)
            if answer is not None:
                return answer
        return self._whole.similar(film, limit=limit, measure=measure, without=without)

    def score(self, film: str, other: str, *, measure: str = "cosine") -> float:
        """Return the likeness of two films; 0 where one has no use."""
        return self._among([film, other]).score(film, other, measure=measure)

    def shared_craft(self, film: str, other: str) -> list[SharedCraft]:
        """Return the techniques that make two films alike with their parts of the cosine, greatest part first."""
        return self._among([film, other]).shared_craft(film, other)

    def shared_uses(self, film: str, other: str) -> list[str]:
        """Return the techniques that two films both use, by IRI, sorted."""
        return self._among([film, other]).shared_uses(film, other)

    @cached_property
    def _whole(self) -> SimilarityIndex:
        return SimilarityIndex(self._arrays())

    def _among(self, films: Iterable[str]) -> SimilarityIndex:
        return SimilarityIndex(self._craft.few(self._craft.pairs(films)))

    def _rankings(self, mine: Sequence[tuple[str, str]], measure: str, wanted: int) -> Iterable[_Ranked]:
        """Yield rankings that cost more and more, until one proves the answer."""
        used = [technique for _, technique in mine]
        if measure != "cosine":
            yield from self._counted(used, measure, wanted)
            return
        weights = self._weights(mine)
        bounds = self._bounds(weights)
        if bounds is not None:
            yield self._ranked(_summed(bounds, self._craft.is_repeated), wanted + _MARGIN, _square, unit=_SCALE)
        exact = self._closure(weights)
        if exact is not None:
            yield self._ranked(_exactly(exact), wanted + _MARGIN, _square, unit=_EXACT_SCALE, exact=True)

    def _counted(self, used: Sequence[str], measure: str, wanted: int) -> Iterable[_Ranked]:
        """Yield the ranking by how many techniques films share, of all that both use for ``jaccard``."""
        names = used if measure == "shared" else list(self._craft.used)
        if len(names) > MOST_ROWS:
            return
        rows = {name: (int(name in used), 1) for name in names}
        own = len(used)
        score, key = (_JACCARD % own, partial(_jaccard, own)) if measure == "jaccard" else (_D, _count)
        # Those that share half of a film's techniques are few, and enough for most: to sort all by IRI takes longer.
        half = (own + 1) // 2
        for least in (half, 1) if half > 1 else (1,):
            text = f"{_summed(rows, self._craft.is_repeated, least=least, score=score)} STR(?g)"
            rank = self._ranked(text, wanted, key, exact=True)
            if least == 1 or (len(rank.films) == wanted and rank.keys[-1] > key(least - 1, least - 1)):
                yield rank

    def _weights(self, mine: Sequence[tuple[str, str]]) -> dict[str, float]:
        """Return a film's weights, scaled to a row of length 1."""
        self._craft.prepare(technique for _, technique in mine)
        few = self._craft.few(mine)
        columns, values = few.unit_row(0)
        return {few.techniques[column]: value for column, value in zip(columns.tolist(), values.tolist(), strict=True)}

    def _idf_of(self, films: int) -> float:
        return math.log1p(self._craft.film_count / films) if films else 0.0

    def _bounds(self, weights: Mapping[str, float]) -> dict[str, tuple[int, int]] | None:
        """Return D and L of each technique, None where a text does not hold those that D is not 0 of."""
        found: dict[str, tuple[int, int]] = {}
        weighed = dict(zip(weights, map(self._idf_of, self._craft.counts(list(weights))), strict=True))
        for technique in self._craft.used:
            product = sum(
                weights[up] * weighed[up] * STEP_WEIGHT**steps
                for up, steps in self._craft.ways_up(technique).items()
                if up in weights
            )
            # From below, since what is not counted yet is counted while the engine ranks.
            length = self._idf_of(self._craft.most_films_with(technique)) ** 2
            found[technique] = (_up(product * _SCALE), math.floor(length * (1 - _NEARLY) * _SCALE))
        if len(found) <= MOST_ROWS:
            return found
        # Without the rest a length is bounded from below as well, by less.
        order = sorted(found, key=lambda name: (found[name][0] == 0, -self._craft.used[name], name))
        if found[order[MOST_ROWS]][0]:
            return None
        return {name: found[name] for name in order[:MOST_ROWS]}

    def _closure(self, weights: Mapping[str, float]) -> list[tuple[str, str, int, int]] | None:
        """Return each technique and broader one with their part of a product and of a length, None for too many."""
        rows = []
        ups = list({up for technique in self._craft.used for up in self._craft.ways_up(technique)})
        weighed = dict(zip(ups, map(self._idf_of, self._craft.counts(ups)), strict=True))
        for technique in self._craft.used:
            for up, steps in self._craft.ways_up(technique).items():
                weight = weighed[up] * STEP_WEIGHT**steps
                product = round(weights.get(up, 0.0) * weight * _EXACT_SCALE)
                rows.append((technique, up, product, round(weight**2 * _EXACT_SCALE)))
        return rows if len(rows) <= _MOST_CLOSURE else None

    def _ranked(
        self, text: str, most: int, key: Callable[[int, int], float], *, unit: float = 0.0, exact: bool = False
    ) -> _Ranked:
        films, keys = [], []
        for film, product, length in self._store.select(f"{text} LIMIT {most}"):
            films.append(str(film))
            keys.append(key(int(str(product)), int(str(length))))
        return _Ranked(films, keys, unit, len(films) < most, exact)

    def _answer(
        self, rank: _Ranked, mine: Sequence[tuple[str, str]], measure: str, limit: int, hidden: Collection[str]
    ) -> list[Alike] | None:
        """Return the answer out of a ranking, None where it does not prove that no film is missing."""
        if rank.exact and not _in_order(rank):
            return None
        film, others, read = mine[0][0], [name for name in hidden if name != mine[0][0]], 0
        pairs = set(mine)
        # Most answers are proved by the first few films; the rows of all would take longer than all else here.
        for most in (limit + len(hidden) + _FIRST, len(rank.films)):
            pairs.update(self._craft.pairs(rank.films[read:most]))
            read = min(most, len(rank.films))
            among = SimilarityIndex(self._craft.few(pairs))
            found = among.similar(film, limit=limit, measure=measure, without=others)
            least = found[-1].score if len(found) == limit else 0.0
            if (read < len(rank.films) or not rank.whole) and _is_below(rank.bound(read - 1), least):
                return found
        return found if rank.whole or _ties(rank, found, limit) else None

    def __repr__(self) -> str:
        return f"RemoteSimilarity({self._store.name!r})"


# The cast changes nothing, but that Virtuoso adds up numbers of one type, more than twice as quickly.
_D, _L = f"SUM(<{XSD}integer>(?d))", f"SUM(<{XSD}integer>(?l))"
_JACCARD = f"1.0e0 * {_D} / (%d + {_L} - {_D})"
_SQUARED = f"1.0e0 * {_D} * {_D} / {_L}"


def _summed(rows: Mapping[str, tuple[int, int]], is_repeated: bool, *, least: int = 1, score: str = _SQUARED) -> str:
    """Return the query for the films with the greatest score, made of one sum of D and one of L."""
    values = " ".join(f"(<{name}> {d} {n})" for name, (d, n) in rows.items() if is_iri(name))
    each = f"VALUES (?t ?d ?l) {{ {values} }} ?u <{FG}technique> ?t ; <{FG}film> ?g FILTER(isIRI(?g))"
    if is_repeated:
        each = f"{{ SELECT DISTINCT ?g ?t ?d ?l WHERE {{ {each} }} }}"
    return (
        f"SELECT ?g ({_D} AS ?product) ({_L} AS ?length) WHERE {{ {each} }} GROUP BY ?g "
        f"HAVING ({_D} >= {least}) ORDER BY DESC({score})"
    )


def _exactly(rows: Iterable[tuple[str, str, int, int]]) -> str:
    """Return the query for the films with the greatest cosines, each broader technique counted once a film."""
    values = " ".join(f"(<{low}> <{up}> {d} {n})" for low, up, d, n in rows if is_iri(low) and is_iri(up))
    return (
        "SELECT ?g (SUM(?m) AS ?product) (SUM(?q) AS ?length) WHERE { { SELECT ?g ?a (MAX(?d) AS ?m) (MAX(?l) AS ?q) "
        f"WHERE {{ VALUES (?t ?a ?d ?l) {{ {values} }} ?u <{FG}technique> ?t ; <{FG}film> ?g FILTER(isIRI(?g)) }} "
        f"GROUP BY ?g ?a }} }} GROUP BY ?g HAVING (SUM(?m) > 0) "
        "ORDER BY DESC(1.0e0 * SUM(?m) * SUM(?m) / SUM(?q)) STR(?g)"
    )


def _square(product: int, length: int) -> float:
    # In the steps in which the engine computes it, so that what ties there ties here.
    return 1.0 * product * product / length


def _jaccard(own: int, shared: int, uses: int) -> float:
    return 1.0 * shared / (own + uses - shared)


def _count(shared: int, _uses: int) -> float:
    return float(shared)


def _up(value: float) -> int:
    # More than a rounding error above the value, so that it bounds from above.
    return math.ceil(value * (1 + _NEARLY)) if value > 0 else 0


def _is_below(bound: float, score: float) -> bool:
    return bound * (1 + _NEARLY) + 1e-12 < score


def _ties(rank: _Ranked, found: Sequence[Alike], limit: int) -> bool:
    """Whether an exact ranking proves an answer although more films tie with its last: those come later by IRI."""
    if not rank.exact or len(found) < limit:
        return False
    places = {film: place for place, film in enumerate(rank.films)}
    last = len(rank.films) - 1
    return all(
        rank.keys[places[alike.film]] == rank.keys[last] or _is_below(rank.bound(last), alike.score) for alike in found
    )


def _in_order(rank: _Ranked) -> bool:
    """Whether an engine's order is ours: by key, and ties by the code points of IRIs."""
    order = [(-key, film) for key, film in zip(rank.keys, rank.films, strict=True)]
    return order == sorted(order)
