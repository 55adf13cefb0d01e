"""Films alike by the techniques they use, computed on sparse arrays.

Three measures: ``cosine`` of the weights of :mod:`filmgraph.arrays` (rare shared craft counts most, siblings count
something), ``jaccard`` of the sets of used techniques, and ``shared``, the plain count of techniques both use.
"""

from __future__ import annotations

import os
from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from filmgraph.arrays import FilmTechniqueArrays
from filmgraph.errors import NotFoundError

__all__ = ["MEASURES", "Alike", "SharedCraft", "SimilarityIndex", "best_places"]

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


class SimilarityIndex:
    """Answers which films are alike, from arrays that are prepared once.

    >>> arrays = FilmTechniqueArrays.of_pairs([("a", "t"), ("b", "t"), ("b", "u"), ("c", "u")], [])
    >>> index = SimilarityIndex(arrays)
    >>> [(alike.film, alike.score) for alike in index.similar("a", measure="jaccard")]
    [('b', 0.5)]
    """

    def __init__(self, arrays: FilmTechniqueArrays) -> None:
        self.arrays = arrays
        self._by_technique = arrays.unit.T.tocsr()
        self._used_by_technique = arrays.used.T.tocsr()
        self._uses = np.asarray(arrays.used.sum(axis=1)).ravel()

    def similar(
        self, film: str, *, limit: int = 10, measure: str = "cosine", without: Collection[str] = ()
    ) -> list[Alike]:
        """Return the films most like a film, best first, ties in the order of their IRIs.

        Films with no likeness at all are left out, so that the answer may be shorter than ``limit``; ``without``
        names more films to leave out. A film without a use has no answer: an empty list.
        """
        scores = self.scores(film, measure=measure)
        hidden = [self.arrays.film_at[name] for name in (film, *without) if name in self.arrays.film_at]
        scores[hidden] = 0.0
        return [Alike(self.arrays.films[place], float(scores[place])) for place in best_places(scores, limit)]

    def scores(self, film: str, *, measure: str = "cosine") -> npt.NDArray[np.float64]:
        """Return the likeness of a film to every film, an array in the order of ``arrays.films``.

        Raises :class:`~filmgraph.errors.NotFoundError` for an unknown measure.
        """
        if measure not in MEASURES:
            raise NotFoundError(f"There is no measure {measure!r}.", suggestions=MEASURES)
        place = self.arrays.film_at.get(film)
        if place is None:
            return np.zeros(len(self.arrays.films))
        if measure == "cosine":
            return _products(self.arrays.unit, place, self._by_technique)
        shared = _products(self.arrays.used, place, self._used_by_technique)
        if measure == "shared":
            return shared
        union = self._uses + self._uses[place] - shared
        return _rounded(np.divide(shared, union, out=np.zeros_like(shared), where=union > 0))

    def score(self, film: str, other: str, *, measure: str = "cosine") -> float:
        """Return the likeness of two films; 0 where one has no use."""
        scores = self.scores(film, measure=measure)
        place = self.arrays.film_at.get(other)
        return 0.0 if place is None else float(scores[place])

    def shared_craft(self, film: str, other: str) -> list[SharedCraft]:
        """Return the techniques that make two films alike with their parts of the cosine, greatest part first.

        The parts add up to the cosine.
        """
        rows = [self.arrays.film_at.get(name) for name in (film, other)]
        if None in rows:
            return []
        unit, used = self.arrays.unit, self.arrays.used
        parts = unit[rows[0]].multiply(unit[rows[1]]).tocoo()
        direct = used[rows[0]].multiply(used[rows[1]]).tocoo()
        direct_columns = set(direct.col.tolist())
        shared = [
            SharedCraft(
                self.arrays.techniques[column], float(part), column in direct_columns, int(self.arrays.df[column])
            )
            for column, part in zip(parts.col.tolist(), parts.data.tolist(), strict=True)
        ]
        return sorted(shared, key=lambda craft: (-craft.part, craft.technique))

    def shared_uses(self, film: str, other: str) -> list[str]:
        """Return the techniques that two films both use, by IRI, sorted."""
        rows = [self._used_in.get(name, frozenset()) for name in (film, other)]
        return [self.arrays.techniques[column] for column in sorted(rows[0] & rows[1])]

    @cached_property
    def _used_in(self) -> dict[str, frozenset[int]]:
        bounds, columns = self.arrays.used.indptr.tolist(), self.arrays.used.indices.tolist()
        return {
            film: frozenset(columns[bounds[place] : bounds[place + 1]]) for place, film in enumerate(self.arrays.films)
        }

    def all_similar(self, *, limit: int = 10) -> dict[str, list[Alike]]:
        """Return for every film the films most like it by cosine, as :meth:`similar` would, all at once."""
        from sparse_dot_topn import sp_matmul_topn

        limit, margin = max(limit, 0), 16
        unit = self.arrays.unit
        top = sp_matmul_topn(
            unit, self._by_technique, top_n=limit + 1 + margin, sort=True, n_threads=os.cpu_count() or 1
        ).tocsr()
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


def _products(matrix: Any, place: int, transposed: Any) -> npt.NDArray[np.float64]:
    """Return the products of one row with every row, in the order of techniques, so that they are symmetric."""
    scores = np.zeros(matrix.shape[0])
    bounds = transposed.indptr
    for at in range(matrix.indptr[place], matrix.indptr[place + 1]):
        start, end = bounds[matrix.indices[at]], bounds[matrix.indices[at] + 1]
        scores[transposed.indices[start:end]] += transposed.data[start:end] * matrix.data[at]
    return _rounded(scores)


def _rounded(scores: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    rounded: npt.NDArray[np.float64] = np.round(scores, _DIGITS)
    return rounded
