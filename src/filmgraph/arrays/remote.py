"""The craft of an endpoint's films: what weights are made of, asked for in sums, and the rows of a few films.

Only sums travel: how many films use each technique, and each with the narrower ones counted in, where a film counts
once. The engine is given the pairs of a technique and a broader one in VALUES, so that it need not climb. A text
holds at most :data:`MOST_ROWS` such rows: Virtuoso 7 compiles some thousand and no more.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from filmgraph.arrays.later import Later
from filmgraph.arrays.weights import FilmTechniqueArrays, steps_up
from filmgraph.namespaces import FG, SKOS
from filmgraph.rows import is_iri

if TYPE_CHECKING:
    from filmgraph.stores import Store

__all__ = ["MOST_ROWS", "FewFilms", "RemoteCraft"]

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
        few = FilmTechniqueArrays.of_pairs(pairs, craft.links_above({technique for _, technique in pairs}))
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
    """The vocabulary of an endpoint with its counts, each read once and when it is needed.

    Who weighs craft says so (:meth:`begin`, :meth:`prepare`), so that what can be asked at once is: an engine has
    more than one core.
    """

    def __init__(self, store: Store) -> None:
        self.store = store
        self._films_with: dict[str, int] = {}
        self._categories = Later(self._ask_categories)
        self._links = Later(self._ask_links)
        self._used = Later(self._ask_used)
        self._totals = Later(self._ask_totals)
        self._film_count = Later(self._ask_film_count)
        self._rest = Later(self._ask_rest)
        self._first: frozenset[str] = frozenset()
        self._is_whole = False

    @property
    def categories(self) -> frozenset[str]:
        """The categories, by IRI."""
        return self._categories()

    @property
    def links(self) -> tuple[tuple[str, str], ...]:
        """The ``skos:broader`` links between techniques as (narrower, broader), sorted."""
        return self._links()

    @cached_property
    def parents(self) -> Mapping[str, Sequence[str]]:
        """Technique to the broader techniques right above it, sorted."""
        parents: dict[str, list[str]] = {}
        for narrow, broad in self.links:
            parents.setdefault(narrow, []).append(broad)
        return parents

    def links_above(self, techniques: Iterable[str]) -> list[tuple[str, str]]:
        """Return the links over which one comes from some techniques to all that are broader."""
        above = {up for technique in techniques for up in self.ways_up(technique)}
        return [(narrow, broad) for narrow in sorted(above) for broad in self.parents.get(narrow, ())]

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
        categories = self.categories
        return {technique: films for technique, films in self._used().items() if technique not in categories}

    @property
    def film_count(self) -> int:
        """How many films have a use: the N of weights."""
        # Only where a category is used must the engine look at what each technique is.
        return self._totals()[0] if len(self.used) == len(self._used()) else self._film_count()

    @property
    def is_repeated(self) -> bool:
        """Whether some film uses a technique more than once, so that sums must look at each pair once."""
        return self._totals()[1] != sum(self._used().values())

    def begin(self) -> None:
        """Have asked for, beside whatever follows, what any likeness needs."""
        for each in (self._links, self._categories, self._used, self._totals):
            each.begin()

    def prepare(self, techniques: Iterable[str]) -> None:
        """Have all counted: what weighs some techniques before this returns, the rest beside whatever follows."""
        if self._is_whole:
            return
        self.begin()
        first = {high for technique in techniques for high in self.ways_up(technique)}
        if not self._rest.is_begun:
            self._first = frozenset(first)
            self._rest.begin()
        self._count(first & self._rolled_up)
        self._count(first)
        _ = self.film_count, self.is_repeated

    def df(self, technique: str) -> int:
        """Return how many films use a technique or a narrower one."""
        return self.counts((technique,))[0]

    def counts(self, techniques: Sequence[str]) -> list[int]:
        """Return the df of techniques, in their order."""
        if any(technique not in self._films_with for technique in techniques):
            if self._rest.is_begun:
                self._rest()
            self._count(techniques)
        return [self._films_with[technique] for technique in techniques]

    def most_films_with(self, technique: str) -> int:
        """Return a bound of the df of a technique from above: itself, where it was asked for."""
        known = self._films_with.get(technique)
        if known is not None:
            return known
        used = self._used()
        return min(self.film_count, sum(used.get(name, 0) for name in self._narrower.get(technique, (technique,))))

    def _count(self, techniques: Iterable[str]) -> None:
        """Ask for the df of techniques that were not asked for before, in as few questions as texts may be long."""
        unknown = {technique for technique in techniques if technique not in self._films_with}
        found = dict.fromkeys(unknown, 0)
        below = {high: self._narrower.get(high, (high,)) for high in sorted(unknown)}
        if self._used.is_begun and (self._used.is_told or min(map(len, below.values()), default=2) == 1):
            used = self._used()
            below = {high: [low for low in lows if low in used] for high, lows in below.items()}
            for high in [high for high, lows in below.items() if lows in ([], [high])]:
                found[high] = used.get(high, 0)
                del below[high]
        for rows in _packed([(low, high) for low in lows] for high, lows in below.items()):
            pairs = " ".join(f"(<{low}> <{high}>)" for low, high in rows if is_iri(low) and is_iri(high))
            counted = self.store.select(
                f"SELECT ?b (COUNT(*) AS ?n) WHERE {{ {{ SELECT DISTINCT ?b ?f WHERE {{ VALUES (?t ?b) {{ {pairs} }} "
                f"?u <{FG}technique> ?t ; <{FG}film> ?f FILTER(isIRI(?f)) }} }} }} GROUP BY ?b"
            )
            found.update(_counts(counted))
        # Told when all is known: another thread must not meet a count that is not there yet.
        self._films_with.update(found)

    @cached_property
    def _rolled_up(self) -> frozenset[str]:
        """The techniques with narrower ones."""
        return frozenset(high for high, lows in self._narrower.items() if len(lows) > 1)

    def _ask_rest(self) -> None:
        self._count(self._rolled_up - self._first)
        self._count({high for technique in self.used for high in self.ways_up(technique)} - self._first)
        self._is_whole = True

    def _ask_categories(self) -> frozenset[str]:
        return frozenset(str(row[0]) for row in self.store.select(f"SELECT ?c WHERE {{ ?c a <{FG}Category> }}"))

    def _ask_links(self) -> tuple[tuple[str, str], ...]:
        is_technique = f"a <{FG}Technique>"
        rows = self.store.select(f"SELECT ?n ?b WHERE {{ ?n <{SKOS}broader> ?b ; {is_technique} . ?b {is_technique} }}")
        return tuple(sorted(set(map(_texts, rows))))

    def _ask_used(self) -> dict[str, int]:
        """Return how many films use each technique itself, categories among them."""
        return _counts(
            self.store.select(
                f"SELECT ?t (COUNT(*) AS ?n) WHERE {{ {{ SELECT DISTINCT ?f ?t WHERE {{ {_USES} }} }} }} GROUP BY ?t"
            )
        )

    def _ask_totals(self) -> tuple[int, int]:
        """Return how many films have a use, be it of a category, and how many uses there are."""
        (row,) = self.store.select(
            "SELECT (COUNT(*) AS ?films) (SUM(?k) AS ?uses) WHERE { { "
            f"SELECT ?f (COUNT(*) AS ?k) WHERE {{ {_USES} }} GROUP BY ?f }} }}"
        )
        films = int(str(row[0]))
        return films, int(str(row[1])) if films else 0

    def _ask_film_count(self) -> int:
        rows = self.store.select(
            "SELECT (COUNT(*) AS ?n) WHERE { { "
            f"SELECT DISTINCT ?f WHERE {{ {_USES} FILTER NOT EXISTS {{ ?t a <{FG}Category> }} }} }} }}"
        )
        return int(str(next(iter(rows))[0]))

    def pairs(self, films: Iterable[str]) -> list[tuple[str, str]]:
        """Return the (film, technique) pairs of some films, sorted; categories are left out."""
        found: set[tuple[str, str]] = set()
        wanted = sorted({film for film in films if is_iri(film)})
        for start in range(0, len(wanted), _MOST_FILMS):
            named = " ".join(f"<{film}>" for film in wanted[start : start + _MOST_FILMS])
            rows = self.store.select(
                f"SELECT DISTINCT ?f ?t WHERE {{ VALUES ?f {{ {named} }} ?u <{FG}film> ?f ; <{FG}technique> ?t "
                "FILTER(isIRI(?t)) }"
            )
            found.update((film, technique) for film, technique in map(_texts, rows))
        categories = self.categories
        return sorted(pair for pair in found if pair[1] not in categories)

    def few(self, pairs: Collection[tuple[str, str]]) -> FewFilms:
        """Return the arrays of a few films from all of their pairs, weighed as among all films."""
        return FewFilms(self, pairs)


def _texts(row: Sequence[Any]) -> tuple[str, str]:
    return str(row[0]), str(row[1])


def _counts(rows: Iterable[Sequence[Any]]) -> dict[str, int]:
    return {str(name): int(str(count)) for name, count in rows}


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
