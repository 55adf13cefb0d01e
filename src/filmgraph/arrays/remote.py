"""The craft of an endpoint's films: what weights are made of, asked for in sums, and the rows of a few films.

Only sums travel: how many films use each technique, and each with the narrower ones counted in, where a film counts
once. The engine is given the pairs of a technique and a broader one in VALUES, so that it need not climb. A text
holds at most :data:`MOST_ROWS` such rows: Virtuoso 7 compiles some thousand and no more.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pyoxigraph as ox

from filmgraph.arrays.weights import FilmTechniqueArrays, steps_up
from filmgraph.namespaces import FG, SKOS

if TYPE_CHECKING:
    from filmgraph.stores import Store

__all__ = ["MOST_ROWS", "FewFilms", "RemoteCraft", "is_safe"]

MOST_ROWS = 1000
"""The most rows of VALUES in a query."""

_MOST_FILMS = 200
"""The most films whose rows are asked for at once."""

_USES = f"?u <{FG}film> ?f ; <{FG}technique> ?t FILTER(isIRI(?f) && isIRI(?t))"


class FewFilms(FilmTechniqueArrays):
    """The arrays of a few films out of many: their weights are those that they have among all.

    Made of all (film, technique) pairs of these films, categories left out. What is counted over all films is asked
    for when weights are.
    """

    def __init__(self, craft: RemoteCraft, pairs: Collection[tuple[str, str]]) -> None:
        few = FilmTechniqueArrays.of_pairs(pairs, craft.links)
        super().__init__(few.films, few.techniques, few.used_rows, few.close_rows)
        self._craft = craft

    @cached_property
    def df(self) -> npt.NDArray[np.int64]:
        """For each technique of these films the number of films, of all, in which it or a narrower one is used."""
        found = np.zeros(len(self.techniques), np.int64)
        columns = np.unique(self.close_rows.indices).tolist()
        found[columns] = self._craft.counts([self.techniques[column] for column in columns])
        return found

    @cached_property
    def idf(self) -> npt.NDArray[np.float64]:
        """ln(1 + N / df) of each technique of these films, 0 for the others."""
        # As the arrays of all films compute it, to the last bit.
        return np.where(self.df > 0, np.log1p(self._craft.film_count / np.maximum(self.df, 1)), 0.0)


class RemoteCraft:
    """The vocabulary of an endpoint with its counts, each read once and when it is needed."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self._films_with: dict[str, int] = {}

    @cached_property
    def _classes(self) -> tuple[frozenset[str], frozenset[str]]:
        """The techniques and the categories."""
        rows = list(
            self.store.select(f"SELECT ?t ?c WHERE {{ {{ ?t a <{FG}Technique> }} UNION {{ ?c a <{FG}Category> }} }}")
        )
        return frozenset(str(row[0]) for row in rows if row[0]), frozenset(str(row[1]) for row in rows if row[1])

    @property
    def categories(self) -> frozenset[str]:
        """The categories, by IRI."""
        return self._classes[1]

    @cached_property
    def links(self) -> tuple[tuple[str, str], ...]:
        """The ``skos:broader`` links between techniques as (narrower, broader), sorted."""
        techniques = self._classes[0]
        rows = self.store.select(f"SELECT ?n ?b WHERE {{ ?n <{SKOS}broader> ?b }}")
        return tuple(sorted({(low, high) for low, high in map(_texts, rows) if {low, high} <= techniques}))

    @cached_property
    def parents(self) -> Mapping[str, Sequence[str]]:
        """Technique to the broader techniques right above it, sorted."""
        parents: dict[str, list[str]] = {}
        for narrow, broad in self.links:
            parents.setdefault(narrow, []).append(broad)
        return parents

    def ways_up(self, technique: str) -> Mapping[str, int]:
        """Return the fewest steps up from a technique to itself (0) and to every broader one."""
        return self._ways.get(technique) or {technique: 0}

    @cached_property
    def _ways(self) -> Mapping[str, Mapping[str, int]]:
        names = sorted({name for link in self.links for name in link})
        at = {name: place for place, name in enumerate(names)}
        up = steps_up((at[low], at[high]) for low, high in self.links)
        return {
            names[low]: {names[low]: 0, **{names[high]: steps for high, steps in highs.items()}}
            for low, highs in up.items()
        }

    @cached_property
    def _narrower(self) -> Mapping[str, Sequence[str]]:
        """Broader technique to those below it, itself included."""
        below: dict[str, list[str]] = {}
        for narrow, highs in self._ways.items():
            for high in highs:
                below.setdefault(high, []).append(narrow)
        return {high: list(dict.fromkeys((high, *narrow))) for high, narrow in below.items()}

    @cached_property
    def used(self) -> Mapping[str, int]:
        """Each technique that a film uses itself, with how many do; categories are left out."""
        counted = dict(self._used_at_all)
        for category in self.categories:
            counted.pop(category, None)
        return counted

    @cached_property
    def _used_at_all(self) -> Mapping[str, int]:
        return _counts(
            self.store.select(
                f"SELECT ?t (COUNT(*) AS ?n) WHERE {{ {{ SELECT DISTINCT ?f ?t WHERE {{ {_USES} }} }} }} GROUP BY ?t"
            )
        )

    @cached_property
    def film_count(self) -> int:
        """How many films have a use: the N of weights."""
        # Only where a category is used must the engine look at what each technique is.
        only = f" FILTER NOT EXISTS {{ ?t a <{FG}Category> }}" if len(self.used) < len(self._used_at_all) else ""
        return _number(
            self.store.select(f"SELECT (COUNT(*) AS ?n) WHERE {{ {{ SELECT DISTINCT ?f WHERE {{ {_USES}{only} }} }} }}")
        )

    @cached_property
    def is_repeated(self) -> bool:
        """Whether some film uses a technique more than once, so that sums must look at each pair once."""
        total = _number(self.store.select(f"SELECT (COUNT(*) AS ?n) WHERE {{ {_USES} }}"))
        return total != sum(self._used_at_all.values())

    @cached_property
    def films_with(self) -> Mapping[str, int]:
        """Technique to its df: in how many films it, or a narrower one, is used; of all that are used at all."""
        self._count({high for technique in self.used for high in self.ways_up(technique)})
        return self._films_with

    def prepare(self) -> None:
        """Ask for all counts, some of them beside the others: an engine has more than one core."""
        if "films_with" in self.__dict__:
            return
        _ = self._classes
        with ThreadPoolExecutor(1) as beside:
            rest = beside.submit(lambda: (self.film_count, self.is_repeated))
            self._count([high for high, below in self._narrower.items() if len(below) > 1])
            rest.result()
        _ = self.films_with

    def df(self, technique: str) -> int:
        """Return how many films use a technique or a narrower one."""
        return self.counts((technique,))[0]

    def counts(self, techniques: Sequence[str]) -> list[int]:
        """Return the df of techniques, in their order."""
        self._count(techniques)
        return [self._films_with[technique] for technique in techniques]

    def _count(self, techniques: Iterable[str]) -> None:
        """Ask for the df of techniques that were not asked for before, in as few questions as texts may be long."""
        unknown = {technique for technique in techniques if technique not in self._films_with}
        found = dict.fromkeys(unknown, 0)
        if "_used_at_all" in self.__dict__:
            alone = [name for name in unknown if len(self._narrower.get(name, ())) <= 1]
            found.update((name, self._used_at_all.get(name, 0)) for name in alone)
            unknown.difference_update(alone)
        for rows in _packed([[(low, high) for low in self._narrower.get(high, (high,))] for high in sorted(unknown)]):
            pairs = " ".join(f"(<{low}> <{high}>)" for low, high in rows if is_safe(low) and is_safe(high))
            counted = self.store.select(
                f"SELECT ?b (COUNT(*) AS ?n) WHERE {{ {{ SELECT DISTINCT ?b ?f WHERE {{ VALUES (?t ?b) {{ {pairs} }} "
                f"?u <{FG}technique> ?t ; <{FG}film> ?f FILTER(isIRI(?f)) }} }} }} GROUP BY ?b"
            )
            found.update(_counts(counted))
        # Told when all is known: another thread must not meet a count that is not there yet.
        self._films_with.update(found)

    def pairs(self, films: Iterable[str]) -> list[tuple[str, str]]:
        """Return the (film, technique) pairs of some films, sorted; categories are left out."""
        found: set[tuple[str, str]] = set()
        wanted = sorted({film for film in films if is_safe(film)})
        for start in range(0, len(wanted), _MOST_FILMS):
            named = " ".join(f"<{film}>" for film in wanted[start : start + _MOST_FILMS])
            rows = self.store.select(
                f"SELECT DISTINCT ?f ?t WHERE {{ VALUES ?f {{ {named} }} ?u <{FG}film> ?f ; <{FG}technique> ?t "
                "FILTER(isIRI(?t)) }"
            )
            found.update((film, technique) for film, technique in map(_texts, rows))
        return sorted(pair for pair in found if pair[1] not in self.categories)

    def few(self, pairs: Collection[tuple[str, str]]) -> FewFilms:
        """Return the arrays of a few films from all of their pairs, weighed as among all films."""
        return FewFilms(self, pairs)


def is_safe(text: str) -> bool:
    """Whether a text is an absolute IRI, which may stand in a query.

    >>> is_safe("urn:a"), is_safe("urn:a> } SERVICE <urn:b"), is_safe("_:b")
    (True, False, False)
    """
    try:
        ox.NamedNode(text)
    except ValueError:
        return False
    return True


def _texts(row: Sequence[Any]) -> tuple[str, str]:
    return str(row[0]), str(row[1])


def _counts(rows: Iterable[Sequence[Any]]) -> dict[str, int]:
    return {str(name): int(str(count)) for name, count in rows}


def _number(rows: Iterable[Sequence[Any]]) -> int:
    return int(str(next(iter(rows))[0]))


def _packed(groups: Iterable[list[tuple[str, str]]]) -> Iterator[list[tuple[str, str]]]:
    """Yield groups of rows put together, as long as a text may hold them; none is torn."""
    together: list[tuple[str, str]] = []
    for group in groups:
        if together and len(together) + len(group) > MOST_ROWS:
            yield together
            together = []
        together += group
    if together:
        yield together
