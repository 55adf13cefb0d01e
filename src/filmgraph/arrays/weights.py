"""Films × techniques as sparse arrays: what similarity and paths compute on.

The weight of technique *t* in film *f* is

    v(f, t) = ln(1 + N / df(t)) · max over the film's uses of 2^(−steps)

where *steps* counts the ``skos:broader`` links up from the used technique to *t* (0 for the technique itself), N is
the number of films with a use, and df(t) counts the films in which the second factor is above 0. Categories are
left out. The first factor is the smoothed inverse document frequency of Salton and Buckley (1988); the second lets
siblings meet in what they are both narrower than.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from filmgraph.arrays.csr import Csr, bounds_of
from filmgraph.arrays.strings import Listed, Table

if TYPE_CHECKING:
    from filmgraph.stores import Store

__all__ = ["STEP_WEIGHT", "FilmTechniqueArrays", "closeness_of", "steps_up"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

STEP_WEIGHT = 0.5
MAX_STEPS = 32
COMMON = 8
"""A technique is common that more than one film in so many has: then it is quicker to go through all films."""


class FilmTechniqueArrays:
    """Films, techniques and the arrays between them.

    ``films`` and ``techniques`` are IRIs in sorted order, the order of rows and columns. ``used_rows`` holds the uses
    and ``close_rows`` 2^(−steps), both of shape (films, techniques); ``used`` and ``closeness`` are the same as
    ``scipy.sparse`` matrices, for whoever computes on all films at once: only they import scipy.
    """

    def __init__(
        self,
        films: Sequence[str],
        techniques: Sequence[str],
        used_rows: Csr,
        close_rows: Csr,
        *,
        kept: Mapping[str, Callable[[], Any]] | None = None,
    ) -> None:
        self.films = films if isinstance(films, Table) else Listed(films)
        self.techniques = techniques if isinstance(techniques, Table) else Listed(techniques)
        self.used_rows = used_rows
        self.close_rows = close_rows
        self._kept = kept or {}

    @classmethod
    def of_store(cls, store: Store) -> FilmTechniqueArrays:
        """Return the arrays of a store, those that are kept beside it where there are some."""
        from filmgraph.arrays.kept import open_arrays

        return open_arrays(store).craft

    @classmethod
    def of_pairs(cls, uses: Iterable[tuple[str, str]], broader: Iterable[tuple[str, str]]) -> FilmTechniqueArrays:
        """Build the arrays from (film, technique) and (narrower, broader technique) pairs.

        >>> arrays = FilmTechniqueArrays.of_pairs([("f", "t"), ("g", "u")], [("t", "p"), ("u", "p")])
        >>> arrays.df.tolist()
        [2, 1, 1]
        >>> arrays.closeness.toarray().tolist()
        [[0.5, 1.0, 0.0], [0.5, 0.0, 1.0]]
        """
        pairs = set(uses)
        links = list(broader)
        films = Listed(sorted({film for film, _ in pairs}))
        techniques = Listed(sorted({technique for _, technique in pairs}.union(*links)))
        rows = [films.at[film] for film, _ in pairs]
        columns = [techniques.at[technique] for _, technique in pairs]
        used = Csr.of_pairs(rows, columns, (len(films), len(techniques)))
        up = steps_up([(techniques.at[narrow], techniques.at[broad]) for narrow, broad in links])
        return cls(films, techniques, used, closeness_of(used, up))

    @property
    def film_at(self) -> Mapping[str, int]:
        """IRI of a film to its row."""
        return self.films.at

    @property
    def technique_at(self) -> Mapping[str, int]:
        """IRI of a technique to its column."""
        return self.techniques.at

    @cached_property
    def used(self) -> Any:
        """The 0/1 matrix of uses, CSR."""
        return self.used_rows.scipy()

    @cached_property
    def closeness(self) -> Any:
        """The matrix of 2^(−steps), CSR."""
        return self.close_rows.scipy()

    @cached_property
    def used_by_technique(self) -> Csr:
        """The uses turned round: techniques × films."""
        return self.used_rows.transposed()

    @cached_property
    def df(self) -> Ints:
        """For each technique the number of films in which it, or a narrower one, is used."""
        df: Ints = self._read("df", lambda: np.bincount(self.close_rows.indices, minlength=self.close_rows.shape[1]))
        return df

    @cached_property
    def idf(self) -> Floats:
        """ln(1 + N / df) of each technique, 0 where no film has it."""
        counts = np.maximum(self.df, 1)
        return np.where(self.df > 0, np.log1p(self.close_rows.shape[0] / counts), 0.0)

    def idf_of(self, technique: str) -> float:
        """Return ln(1 + N / df) of a technique by IRI, 0 where no film has it."""
        place = self.technique_at.get(technique)
        return 0.0 if place is None else float(self.idf[place])

    @cached_property
    def weights(self) -> Any:
        """v(f, t) as a CSR matrix of shape (films, techniques)."""
        return self._with(self._weight_data()).scipy()

    @cached_property
    def scale(self) -> Floats:
        """What each film's weights are multiplied by to make a row of length 1."""
        scale: Floats = self._read("scale", self._lengths)
        return scale

    @cached_property
    def unit(self) -> Any:
        """The weights with each film's row scaled to length 1, so that a product of rows is their cosine."""
        return self._with(self._unit_data()).scipy()

    @cached_property
    def unit_by_technique(self) -> Csr:
        """The rows of length 1 turned round: techniques × films."""
        return self._with(self._unit_data()).transposed()

    @cached_property
    def rare(self) -> Csr:
        """The rows of length 1 turned round, of techniques that few films have; the others are empty here."""
        rare: Csr = self._read("rare", lambda: self._parted[0])
        return rare

    @cached_property
    def common(self) -> dict[int, Floats]:
        """Technique that many films have to its weight in the row of length 1 of every film."""
        at, weights = self._read("common", lambda: self._parted[1:])
        return {technique: weights[row] for row, technique in enumerate(at.tolist())}

    @cached_property
    def _parted(self) -> tuple[Csr, Ints, Floats]:
        turned = self.unit_by_technique
        assert turned.data is not None
        many = turned.counts * COMMON > turned.shape[1]
        at = np.flatnonzero(many)
        weights = np.zeros((len(at), turned.shape[1]))
        for row, technique in enumerate(at.tolist()):
            weights[row, turned.row(technique)] = turned.values(technique)
        kept = ~many[turned.rows()]
        bounds = np.concatenate(([0], np.cumsum(np.where(many, 0, turned.counts)))).astype("<i8")
        return Csr(bounds, turned.indices[kept], turned.data[kept], turned.shape), at, weights

    def cosines(self, row: int) -> Floats:
        """Return the products of a film's row of length 1 with every film's.

        They are added up in the order of techniques, so that the likeness of two films is the same both ways round.
        """
        scores = np.zeros(self.close_rows.shape[0])
        common, rare = self.common, self.rare
        for technique, weight in zip(*(column.tolist() for column in self.unit_row(row)), strict=True):
            if technique in common:
                scores += common[technique] * weight
            else:
                scores[rare.row(technique)] += rare.values(technique) * weight
        return scores

    def unit_row(self, row: int) -> tuple[npt.NDArray[Any], Floats]:
        """Return the techniques of a film and their weights in the row of length 1."""
        columns = self.close_rows.row(row)
        return columns, self.scale[row] * (self.close_rows.values(row).astype(np.float64) * self.idf[columns])

    def _read(self, name: str, make: Callable[[], Any]) -> Any:
        return self._kept.get(name, make)()

    def _with(self, data: Floats) -> Csr:
        close = self.close_rows
        return Csr(close.indptr, close.indices, data, close.shape)

    def _weight_data(self) -> Floats:
        close = self.close_rows
        data = np.ones(len(close.indices)) if close.data is None else close.data.astype(np.float64)
        return data * self.idf[close.indices]

    def _lengths(self) -> Floats:
        data = self._weight_data()
        squares = np.zeros(self.close_rows.shape[0])
        filled = np.flatnonzero(self.close_rows.counts)
        if len(filled):
            squares[filled] = np.add.reduceat(data * data, self.close_rows.indptr[filled])
        norms = np.sqrt(squares)
        scale: Floats = 1.0 / np.where(norms > 0, norms, 1.0)
        return scale

    def _unit_data(self) -> Floats:
        return np.repeat(self.scale, self.close_rows.counts) * self._weight_data()


def steps_up(links: Iterable[tuple[int, int]]) -> dict[int, dict[int, int]]:
    """Return for each narrower node the fewest steps up to every broader one, breadth first; cycles end.

    >>> steps_up([(1, 2), (2, 3), (1, 3)])[1]
    {2: 1, 3: 1}
    """
    parents: dict[int, list[int]] = {}
    for narrow, broad in links:
        parents.setdefault(narrow, []).append(broad)
    result: dict[int, dict[int, int]] = {}
    for start in parents:
        steps: dict[int, int] = {}
        frontier, distance = [start], 0
        while frontier and distance < MAX_STEPS:
            distance += 1
            frontier = [up for node in frontier for up in sorted(parents.get(node, ())) if up != start]
            frontier = [node for node in dict.fromkeys(frontier) if node not in steps]
            steps.update(dict.fromkeys(frontier, distance))
        result[start] = steps
    return result


def closeness_of(used: Csr, up: Mapping[int, Mapping[int, int]]) -> Csr:
    """Return max over uses of 2^(−steps), from the uses and the steps up from each technique."""
    ways = {narrow: {narrow: 0, **up.get(narrow, {})} for narrow in np.unique(used.indices).tolist()}
    counts = np.zeros(used.shape[1], np.int64)
    counts[list(ways)] = [len(way) for way in ways.values()]
    starts = bounds_of(np.repeat(np.arange(used.shape[1]), counts), used.shape[1])
    to = np.fromiter((broad for way in ways.values() for broad in way), np.int64, int(starts[-1]))
    steps = np.fromiter((step for way in ways.values() for step in way.values()), np.int64, int(starts[-1]))
    techniques = used.indices.astype(np.int64)
    spread = counts[techniques]
    place = np.arange(int(spread.sum())) - np.repeat(np.cumsum(spread) - spread, spread)
    place += np.repeat(starts[techniques], spread)
    # Sorted by film, technique and steps at once, the first of each film and technique has the fewest steps.
    width, most = max(used.shape[1], 1), MAX_STEPS + 1
    key = (np.repeat(used.rows(), spread) * width + to[place]) * most + steps[place]
    key.sort()
    pair = key // most
    first = np.flatnonzero(np.concatenate(([True], pair[1:] != pair[:-1]))) if len(key) else np.zeros(0, np.int64)
    rows, columns = np.divmod(pair[first], width)
    # A power of 2 is the same in 32 bits as in 64.
    data = (STEP_WEIGHT ** (key[first] % most)).astype("<f4")
    narrow = used.indices.dtype
    return Csr(bounds_of(rows, used.shape[0]), columns.astype(narrow), data, used.shape)
