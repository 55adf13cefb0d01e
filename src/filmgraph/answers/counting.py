"""What is counted on arrays: films by technique, pairs of techniques, decades, and critics by what they say."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from filmgraph.arrays import NO_YEAR, Csr, GraphArrays

__all__ = ["Verdicts", "above", "below", "decades_of", "pairs_of", "used_films", "verdicts_of"]

Array = npt.NDArray[Any]

_PRAISE, _CRITICISM, _MIXED = 1, 2, 4


def below(arrays: GraphArrays, place: int) -> set[int]:
    """Return a concept and all that are narrower."""
    return _reached(arrays.broader[:, ::-1], [place])


def above(arrays: GraphArrays, places: Iterable[int]) -> set[int]:
    """Return some concepts and all that are broader."""
    return _reached(arrays.broader, places)


def _reached(links: Array, places: Iterable[int]) -> set[int]:
    onward: dict[int, list[int]] = {}
    for start, end in links.tolist():
        onward.setdefault(start, []).append(end)
    found = set(places)
    left = list(found)
    while left:
        new = [end for end in onward.get(left.pop(), ()) if end not in found]
        found.update(new)
        left += new
    return found


def used_films(arrays: GraphArrays, concepts: Iterable[int]) -> Array:
    """Return for each film whether it uses one of some concepts."""
    uses = arrays.uses
    chosen = np.zeros(uses.shape[1], bool)
    chosen[list(concepts)] = True
    found = np.zeros(uses.shape[0], bool)
    found[uses.rows()[chosen[uses.indices]]] = True
    return found


def pairs_of(uses: Csr) -> tuple[Array, Array, Array]:
    """Return pairs of columns, the lower first, that stand together in rows, and in how many rows each pair does.

    Rows of one length are taken together: of *k* columns each there are k · (k − 1) / 2 pairs.
    """
    keys, size = [], uses.shape[1]
    for length in np.unique(uses.counts).tolist():
        if length > 1:
            starts = uses.indptr[:-1][uses.counts == length]
            columns = uses.indices[starts[:, None] + np.arange(length)].astype(np.int64)
            one, other = np.triu_indices(length, 1)
            keys.append((columns[:, one] * size + columns[:, other]).ravel())
    found, counts = np.unique(np.concatenate(keys or [np.zeros(0, np.int64)]), return_counts=True)
    return found // max(size, 1), found % max(size, 1), counts


def decades_of(arrays: GraphArrays) -> Array:
    """Return the first year of each film's decade; of a film without a year what is no year."""
    years = arrays.years.astype(np.int64)
    return np.where(years == NO_YEAR, NO_YEAR, years // 10 * 10)


@dataclass(frozen=True)
class Verdicts:
    """Critics counted by film and concept: how many speak of it, praise, criticise, do both."""

    film: Array
    about: Array
    critics: Array
    praise: Array
    criticism: Array
    mixed: Array
    said: Array
    """Of each voice on each film and concept what it says: a row of film, concept, voice and flags."""

    def where(self, chosen: Array) -> list[tuple[int, ...]]:
        """Return chosen rows as film, concept, critics, praise, criticism and mixed."""
        columns = (self.film, self.about, self.critics, self.praise, self.criticism, self.mixed)
        return list(zip(*(column[chosen].tolist() for column in columns), strict=True))

    @property
    def only_praised(self) -> Array:
        """The rows of ``said`` in which a voice praises and does nothing else."""
        rows: Array = self.said[self.said[:, 3] == _PRAISE]
        return rows


def verdicts_of(arrays: GraphArrays) -> Verdicts:
    """Count who says what of which concept in which film, each voice once."""
    spoken = arrays.spoken()
    concepts, voices = max(len(arrays.concepts), 1), max(len(arrays.voices), 1)
    key = (spoken.film.astype(np.int64) * concepts + spoken.about) * voices + spoken.voice
    found, place = np.unique(key, return_inverse=True)
    flags = np.zeros(len(found), np.int64)
    for stance, flag in enumerate((_PRAISE, _CRITICISM, _MIXED)):
        flags[place[spoken.stance == stance]] |= flag
    both = _PRAISE | _CRITICISM
    mixed = (flags & _MIXED > 0) | (flags & both == both)
    pairs, of = np.unique(found // voices, return_inverse=True)

    def count(chosen: Array) -> Array:
        return np.bincount(of[chosen], minlength=len(pairs))

    return Verdicts(
        pairs // concepts,
        pairs % concepts,
        np.bincount(of, minlength=len(pairs)),
        count(~mixed & (flags & _PRAISE > 0)),
        count(~mixed & (flags & _CRITICISM > 0)),
        count(mixed),
        np.stack([found // voices // concepts, found // voices % concepts, found % voices, flags], axis=1),
    )
