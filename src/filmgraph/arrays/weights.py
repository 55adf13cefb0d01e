"""Films × techniques as sparse arrays: what similarity and paths compute on.

The weight of technique *t* in film *f* is

    v(f, t) = ln(1 + N / df(t)) · max over the film's uses of 2^(−steps)

where *steps* counts the ``skos:broader`` links up from the used technique to *t* (0 for the technique itself), N is
the number of films with a use, and df(t) counts the films in which the second factor is above 0. Categories are
left out. The first factor is the smoothed inverse document frequency of Salton and Buckley (1988); the second lets
siblings meet in what they are both narrower than.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from scipy import sparse

from filmgraph.namespaces import FG, SKOS

if TYPE_CHECKING:
    from filmgraph.stores import Store

__all__ = ["STEP_WEIGHT", "FilmTechniqueArrays", "steps_up"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

STEP_WEIGHT = 0.5
MAX_STEPS = 32


@dataclass(frozen=True, eq=False)
class FilmTechniqueArrays:
    """Films, techniques and the arrays between them.

    ``films`` and ``techniques`` are IRIs in sorted order, the order of rows and columns. ``used`` is the 0/1 matrix
    of uses and ``closeness`` the matrix of 2^(−steps), both CSR of shape (films, techniques).
    """

    films: tuple[str, ...]
    techniques: tuple[str, ...]
    used: Any
    closeness: Any

    @classmethod
    def of_store(cls, store: Store) -> FilmTechniqueArrays:
        """Read the arrays from a store, in three queries."""
        categories = {category for (category,) in store.select(f"SELECT ?c WHERE {{ ?c a <{FG}Category> }}")}
        uses = store.select(
            f"SELECT ?film ?technique WHERE {{ ?use <{FG}film> ?film ; <{FG}technique> ?technique "
            "FILTER(isIRI(?film) && isIRI(?technique)) }"
        )
        broader = store.select(
            f"SELECT ?narrow ?broad WHERE {{ ?narrow a <{FG}Technique> ; <{SKOS}broader> ?broad . "
            f"?broad a <{FG}Technique> }}"
        )
        pairs = ((str(film), str(technique)) for film, technique in uses if technique not in categories)
        return cls.of_pairs(pairs, [(str(narrow), str(broad)) for narrow, broad in broader])

    @classmethod
    def of_pairs(cls, uses: Iterable[tuple[str, str]], broader: Iterable[tuple[str, str]]) -> FilmTechniqueArrays:
        """Build the arrays from (film, technique) and (narrower, broader technique) pairs.

        >>> arrays = FilmTechniqueArrays.of_pairs([("f", "t"), ("g", "u")], [("t", "p"), ("u", "p")])
        >>> arrays.df.tolist()
        [2, 1, 1]
        >>> arrays.closeness.toarray().tolist()
        [[0.5, 1.0, 0.0], [0.5, 0.0, 1.0]]
        """
        used_films: list[str] = []
        used_techniques: list[str] = []
        for film, technique in uses:
            used_films.append(film)
            used_techniques.append(technique)
        links = list(broader)
        films = sorted(set(used_films))
        techniques = sorted(set(used_techniques).union(*links))
        film_at = {film: place for place, film in enumerate(films)}
        technique_at = {technique: place for place, technique in enumerate(techniques)}
        shape = (len(films), len(techniques))
        rows = np.fromiter((film_at[film] for film in used_films), np.int64, len(used_films))
        columns = np.fromiter((technique_at[name] for name in used_techniques), np.int64, len(used_techniques))
        used = sparse.csr_matrix((np.ones(len(rows)), (rows, columns)), shape=shape)
        used.data[:] = 1.0
        up = steps_up([(technique_at[narrow], technique_at[broad]) for narrow, broad in links])
        return cls(tuple(films), tuple(techniques), used, _closeness(used, up))

    @cached_property
    def film_at(self) -> Mapping[str, int]:
        """IRI of a film to its row."""
        return {film: place for place, film in enumerate(self.films)}

    @cached_property
    def technique_at(self) -> Mapping[str, int]:
        """IRI of a technique to its column."""
        return {technique: place for place, technique in enumerate(self.techniques)}

    @cached_property
    def df(self) -> Ints:
        """For each technique the number of films in which it, or a narrower one, is used."""
        return np.bincount(self.closeness.indices, minlength=len(self.techniques))

    @cached_property
    def idf(self) -> Floats:
        """ln(1 + N / df) of each technique, 0 where no film has it."""
        counts = np.maximum(self.df, 1)
        return np.where(self.df > 0, np.log1p(len(self.films) / counts), 0.0)

    def idf_of(self, technique: str) -> float:
        """Return ln(1 + N / df) of a technique by IRI, 0 where no film has it."""
        place = self.technique_at.get(technique)
        return 0.0 if place is None else float(self.idf[place])

    @cached_property
    def weights(self) -> Any:
        """v(f, t) as a CSR matrix of shape (films, techniques)."""
        return (self.closeness @ sparse.diags(self.idf)).tocsr()

    @cached_property
    def unit(self) -> Any:
        """The weights with each film's row scaled to length 1, so that a product of rows is their cosine."""
        norms = np.sqrt(np.asarray(self.weights.multiply(self.weights).sum(axis=1)).ravel())
        unit = (sparse.diags(1.0 / np.where(norms > 0, norms, 1.0)) @ self.weights).tocsr()
        unit.sort_indices()
        return unit


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


def _closeness(used: Any, up: Mapping[int, Mapping[int, int]]) -> Any:
    """Return max over uses of 2^(−steps) as CSR, from the 0/1 matrix of uses and the steps up."""
    coordinates = used.tocoo()
    films, techniques = coordinates.row.astype(np.int64), coordinates.col.astype(np.int64)
    from_, to, weight = [], [], []
    for narrow in np.unique(techniques).tolist():
        for broad, steps in {narrow: 0, **up.get(narrow, {})}.items():
            from_.append(narrow)
            to.append(broad)
            weight.append(STEP_WEIGHT**steps)
    closure = sparse.csr_matrix((weight, (from_, to)), shape=(used.shape[1], used.shape[1]))
    counts = np.diff(closure.indptr)[techniques]
    offsets = np.repeat(np.cumsum(counts) - counts, counts)
    place = np.arange(counts.sum()) - offsets + np.repeat(closure.indptr[techniques], counts)
    key = np.repeat(films, counts) * used.shape[1] + closure.indices[place]
    order = np.argsort(key, kind="stable")
    key, values = key[order], closure.data[place][order]
    first = np.flatnonzero(np.concatenate(([True], key[1:] != key[:-1]))) if len(key) else np.zeros(0, np.int64)
    best = np.maximum.reduceat(values, first) if len(first) else np.zeros(0)
    rows, columns = np.divmod(key[first], max(used.shape[1], 1))
    matrix = sparse.csr_matrix((best, (rows, columns)), shape=used.shape)
    matrix.sort_indices()
    return matrix
