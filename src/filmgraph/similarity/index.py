"""Films alike by the techniques they use, computed on sparse arrays.

Three measures: ``cosine`` of the weights of :mod:`filmgraph.arrays` (rare shared craft counts most, siblings count
something), ``jaccard`` of the sets of used techniques, and ``shared``, the plain count of techniques both use.
"""

from __future__ import annotations

import os
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from filmgraph.arrays import Csr, FilmTechniqueArrays
from filmgraph.errors import NotFoundError

__all__ = ["MEASURES", "Alike", "SharedCraft", "Similarity", "SimilarityIndex", "best_places"]

MEASURES = ("cosine", "jaccard", "shared")
"""The measures of likeness."""

_DIGITS = 12
"""Scores are rounded to this many digits, so that a tie is a tie on every machine."""


@dataclass(frozen=True)
class Alike:
    """A film and how much it is like another one."""

    film: str
    score: float


@dataclass(frozen=True)
class SharedCraft:
    """A technique through which two films are alike, and its part of their cosine.

    ``direct`` says that both films use the technique itself; otherwise at least one uses a narrower one.
    ``films`` is the technique's df: in how many films it, or a narrower one, is used.
    """

    technique: str
    part: float
    direct: bool
    films: int


class Similarity(Protocol):
    """What answers which films are alike: arrays on a store of this machine, queries on an endpoint."""

    def similar(
        self, film: str, *, limit: int = 10, measure: str = "cosine", without: Collection[str] = ()
    ) -> list[Alike]:
        """Return the films most like a film, best first, ties in the order of their IRIs."""
        ...

    def score(self, film: str, other: str, *, measure: str = "cosine") -> float:
        """Return the likeness of two films; 0 where one has no use."""
        ...

    def shared_craft(self, film: str, other: str) -> list[SharedCraft]:
        """Return the techniques that make two films alike with their parts of the cosine, greatest part first."""
        ...

    def shared_uses(self, film: str, other: str) -> list[str]:
        """Return the techniques that two films both use, by IRI, sorted."""
        ...


class SimilarityIndex:
    """Answers which films are alike, from arrays that are prepared once.

    >>> arrays = FilmTechniqueArrays.of_pairs([("a", "t"), ("b", "t"), ("b", "u"), ("c", "u")], [])
    >>> index = SimilarityIndex(arrays)
    >>> [(alike.film, alike.score) for alike in index.similar("a", measure="jaccard")]
    [('b', 0.5)]
    """

    def __init__(self, arrays: FilmTechniqueArrays) -> None:
        self.arrays = arrays

    def similar(
        self, film: str, *, limit: int = 10, measure: str = "cosine", without: Collection[str] = ()
    ) -> list[Alike]:
        """Return the films most like a film, best first, ties in the order of their IRIs.

        Films with no likeness at all are left out, so that the answer may be shorter than ``limit``; ``without``
        names more films to leave out. A film without a use has no answer: an empty list.
        """
        scores = self._raw_scores(film, measure)
        hidden = [self.arrays.film_at.get(name) for name in (film, *without)]
        scores[[place for place in hidden if place is not None]] = 0.0
        near = _near_the_best(scores, limit)
        scores = _rounded(scores[near])
        ranks = best_places(scores, limit)
        best = near[ranks].tolist()
        names = self.arrays.films.many(best)
        return [Alike(name, float(scores[rank])) for name, rank in zip(names, ranks, strict=True)]

    def scores(self, film: str, *, measure: str = "cosine") -> npt.NDArray[np.float64]:
        """Return the likeness of a film to every film, an array in the order of ``arrays.films``.

        Raises :class:`~filmgraph.errors.NotFoundError` for an unknown measure.
        """
        return _rounded(self._raw_scores(film, measure))

    def _raw_scores(self, film: str, measure: str) -> npt.NDArray[np.float64]:
        if measure not in MEASURES:
            raise NotFoundError(f"There is no measure {measure!r}.", suggestions=MEASURES)
        place = self.arrays.film_at.get(film)
        if place is None:
            return np.zeros(len(self.arrays.films))
        if measure == "cosine":
            return self.arrays.cosines(place)
        used = self.arrays.used_rows
        shared = _products(used.row(place), used.values(place), self.arrays.used_by_technique)
        if measure == "shared":
            return shared
        union = used.counts + used.counts[place] - shared
        parts: npt.NDArray[np.float64] = np.divide(shared, union, out=np.zeros_like(shared), where=union > 0)
        return parts

    def score(self, film: str, other: str, *, measure: str = "cosine") -> float:
        """Return the likeness of two films; 0 where one has no use."""
        scores = self.scores(film, measure=measure)
        place = self.arrays.film_at.get(other)
        return 0.0 if place is None else float(scores[place])

    def shared_craft(self, film: str, other: str) -> list[SharedCraft]:
        """Return the techniques that make two films alike with their parts of the cosine, greatest part first.

        The parts add up to the cosine.
        """
        here, there = (self.arrays.film_at.get(name) for name in (film, other))
        if here is None or there is None:
            return []
        (mine, weights), (theirs, others) = (self.arrays.unit_row(row) for row in (here, there))
        columns, at, there_at = np.intersect1d(mine, theirs, assume_unique=True, return_indices=True)
        parts = weights[at] * others[there_at]
        direct = set(self._both_use(here, there))
        shared = [
            SharedCraft(self.arrays.techniques[column], part, column in direct, int(self.arrays.df[column]))
            for column, part in zip(columns.tolist(), parts.tolist(), strict=True)
        ]
        return sorted(shared, key=lambda craft: (-craft.part, craft.technique))

    def shared_uses(self, film: str, other: str) -> list[str]:
        """Return the techniques that two films both use, by IRI, sorted."""
        here, there = (self.arrays.film_at.get(name) for name in (film, other))
        if here is None or there is None:
            return []
        return self.arrays.techniques.many(self._both_use(here, there))

    def _both_use(self, here: int, there: int) -> list[int]:
        """Return the columns of the techniques that two rows have."""
        used = self.arrays.used_rows
        both: list[int] = np.intersect1d(used.row(here), used.row(there), assume_unique=True).tolist()
        return both

    def all_similar(self, *, limit: int = 10) -> dict[str, list[Alike]]:
        """Return for every film the films most like it by cosine, as :meth:`similar` would, all at once."""
        from sparse_dot_topn import sp_matmul_topn

        limit, margin = max(limit, 0), 16
        unit, turned = self.arrays.unit, self.arrays.unit_by_technique.scipy()
        top = sp_matmul_topn(unit, turned, top_n=limit + 1 + margin, sort=True, n_threads=os.cpu_count() or 1).tocsr()
        films = self.arrays.films
        answer: dict[str, list[Alike]] = {}
        bounds, columns, values = top.indptr.tolist(), top.indices, np.round(top.data, _DIGITS)
        for row, film in enumerate(films):
            start, end = bounds[row], bounds[row + 1]
            row_columns, row_values = columns[start:end], values[start:end]
            others = row_columns != row
            row_columns, row_values = row_columns[others], row_values[others]
            full = end - start == limit + 1 + margin
            if full and len(row_values) > limit and row_values[limit - 1] <= row_values[-1]:
                answer[film] = self.similar(film, limit=limit)
                continue
            order = np.lexsort((row_columns, -row_values))[:limit]
            pairs = zip(row_columns[order].tolist(), row_values[order].tolist(), strict=True)
            answer[film] = [Alike(films[column], value) for column, value in pairs if value > 0]
        return answer

    def __repr__(self) -> str:
        return f"SimilarityIndex({len(self.arrays.films)} films, {len(self.arrays.techniques)} techniques)"


def best_places(scores: npt.NDArray[np.float64], limit: int) -> list[int]:
    """Return the places of the greatest scores above 0, greatest first, ties in order of place."""
    if limit <= 0:
        return []
    candidates = np.flatnonzero(scores > 0)
    if len(candidates) > 4 * limit:
        values = scores[candidates]
        threshold = np.partition(values, len(values) - limit)[len(values) - limit]
        candidates = candidates[values >= threshold]
    order = np.lexsort((candidates, -scores[candidates]))
    places: list[int] = candidates[order][:limit].tolist()
    return places


def _near_the_best(scores: npt.NDArray[np.float64], limit: int) -> npt.NDArray[np.intp]:
    """Return the places of the greatest scores and of those that rounding could make as great, ascending."""
    if not 0 < limit < len(scores):
        return np.flatnonzero(scores > 0)
    least = np.partition(scores, len(scores) - limit)[len(scores) - limit]
    return np.flatnonzero((scores > 0) & (scores >= least - 10.0 ** (1 - _DIGITS)))


def _products(columns: npt.NDArray[Any], values: npt.NDArray[Any], turned: Csr) -> npt.NDArray[np.float64]:
    """Return the products of one row with every row."""
    scores = np.zeros(turned.shape[1])
    for column, value in zip(columns.tolist(), values.tolist(), strict=True):
        scores[turned.row(column)] += turned.values(column) * value
    return scores


def _rounded(scores: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    rounded: npt.NDArray[np.float64] = np.round(scores, _DIGITS)
    return rounded
