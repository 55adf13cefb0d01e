"""What joins films, read from the arrays of a graph."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from filmgraph.arrays import ROLE_ORDER, SIGNED_BY, GraphArrays, Table, steps_up
from filmgraph.namespaces import FG
from filmgraph.paths.critics import Compared, Praise, comparison_of, praise_of
from filmgraph.paths.links import middles_of
from filmgraph.voices import Naming, Said

__all__ = ["ArrayLinks", "FilmSet", "Met"]

_KEPT = 4096
"""Of how many films what they have is kept at hand."""

_MET = 1 << 14
"""Of how many names the places are kept at hand."""


class Met:
    """A table of which the names that were met last are kept with their places: to look for one reads a dozen others.

    The names of a search for paths come out of the table, and go back into it at once.
    """

    def __init__(self, table: Table) -> None:
        self._table = table
        self._places: dict[str, int | None] = {}

    def place(self, name: str) -> int | None:
        """Return the place of a name, None where the table has none such."""
        try:
            return self._places[name]
        except KeyError:
            place: int | None = self._table.at.get(name)
            self._keep({name: place})
            return place

    def many(self, places: Sequence[int]) -> list[str]:
        """Return the names at some places."""
        names = self._table.many(places)
        self._keep(dict(zip(names, places, strict=True)))
        return names

    def _keep(self, places: Mapping[str, int | None]) -> None:
        if len(self._places) > _MET:
            self._places = {}
        self._places.update(places)


class FilmSet(AbstractSet[str]):
    """Films by their places in a table, read in order and no further than they are asked for."""

    in_order = True

    def __init__(self, table: Met, places: npt.NDArray[Any]) -> None:
        self._table = table
        self._places = places

    def __len__(self) -> int:
        return len(self._places)

    def __contains__(self, film: object) -> bool:
        place = self._table.place(film) if isinstance(film, str) else None
        if place is None:
            return False
        at = int(np.searchsorted(self._places, place))
        return at < len(self._places) and int(self._places[at]) == place

    def __iter__(self) -> Iterator[str]:
        for start in range(0, len(self._places), 64):
            yield from self._table.many(self._places[start : start + 64].tolist())

    def __and__(self, other: AbstractSet[Any]) -> AbstractSet[str]:
        if isinstance(other, FilmSet) and other._table is self._table:
            few, many = sorted((self._places, other._places), key=len)
            # Looked up, not merged: what few films have is met with what many have.
            at = np.minimum(np.searchsorted(many, few), max(len(many) - 1, 0))
            return FilmSet(self._table, few[many[at] == few] if len(many) else few)
        return {film for film in other if film in self}

    @classmethod
    def _from_iterable(cls, films: Iterable[Any]) -> Any:
        return set(films)


class ArrayLinks:
    """The :class:`~filmgraph.paths.links.Links` of a graph, over its arrays; only what is asked for is read."""

    def __init__(self, arrays: GraphArrays) -> None:
        self.arrays = arrays
        self._films, self._people = Met(arrays.films), Met(arrays.people)
        self.uses = lru_cache(_KEPT)(self._uses)
        self.credits = lru_cache(_KEPT)(self._credits)
        self.genres = lru_cache(_KEPT)(self._genres)
        self.praise = lru_cache(_KEPT)(self._praise)

    @property
    def film_count(self) -> int:
        """How many films the graph has."""
        return self.arrays.film_count

    @cached_property
    def films(self) -> tuple[str, ...]:
        """The films of the graph, sorted."""
        return tuple(self.arrays.films.many(np.flatnonzero(self.arrays.is_film).tolist()))

    @cached_property
    def parents(self) -> Mapping[str, Sequence[str]]:
        """Technique to the broader techniques right above it, sorted; categories are left out."""
        found: dict[str, list[str]] = defaultdict(list)
        concepts = self.arrays.concepts
        for narrow, broad in self._links:
            found[concepts[narrow]].append(concepts[broad])
        return found

    def look_at(self, films: Collection[str], others: Collection[str]) -> None:
        """Do nothing: all is at hand."""

    def _uses(self, film: str) -> Mapping[str, str]:
        place = self._films.place(film)
        if place is None:
            return {}
        uses = self.arrays.uses
        start, end = int(uses.indptr[place]), int(uses.indptr[place + 1])
        named = self.arrays.named_uses[start:end].tolist()
        techniques = self.arrays.concepts.many(uses.row(place).tolist())
        rows = zip(self.arrays.use_names(place), techniques, named, strict=True)
        return {technique: use for use, technique, is_named in sorted(rows) if is_named}

    def _credits(self, film: str) -> Mapping[str, Sequence[str]]:
        place = self._films.place(film)
        if place is None:
            return {}
        people = self._people.many(self.arrays.credits.row(place).tolist())
        bits = self.arrays.credits.values(place).tolist()
        roles = {person: _roles(bit) for person, bit in zip(people, bits, strict=True)}
        return dict(sorted(roles.items(), key=lambda item: (item[1][0], item[0])))

    def _genres(self, film: str) -> AbstractSet[str]:
        place = self._films.place(film)
        return set() if place is None else set(self.arrays.genres.many(self.arrays.genre_rows.row(place).tolist()))

    def _praise(self, film: str) -> Mapping[str, Praise]:
        place = self._films.place(film)
        return {} if place is None else praise_of(self._said(place))

    def compared(self, film: str, other: str) -> Compared | None:
        """Return the critics who compare two films, None where nobody does."""
        here, there = self._films.place(film), self._films.place(other)
        if here is None or there is None or here == there:
            return None
        table = self.arrays.comparisons
        rows = table.of(here)
        if not len(rows):
            return None
        both = rows[((table.film[rows] == there) | (table.other[rows] == there)) & table.named[rows]]
        return self._comparison(both) if len(both) else None

    def compared_with(self, film: str) -> AbstractSet[str]:
        """Return the films that critics compare with a film."""
        place = self._films.place(film)
        if place is None:
            return set()
        table = self.arrays.comparisons
        rows = table.of(place)
        rows = rows[table.named[rows]]
        ends = np.unique(np.concatenate([table.film[rows], table.other[rows]]))
        return FilmSet(self._films, ends[ends != place])

    def films_of(self, node: str) -> AbstractSet[str]:
        """Return the films that use a technique itself, credit a person or are of a genre."""
        rows = self._rows_of(node)
        if not rows:
            return set()
        return FilmSet(self._films, rows[0] if len(rows) == 1 else np.unique(np.concatenate(rows)))

    def count_of(self, node: str) -> int:
        """Return how many films :meth:`films_of` has."""
        rows = self._rows_of(node)
        return len(rows[0]) if len(rows) == 1 else len(np.unique(np.concatenate(rows))) if rows else 0

    def df(self, technique: str) -> int:
        """Return how many films use a technique or a narrower one."""
        place = self.arrays.concepts.at.get(technique)
        return 0 if place is None else int(self.arrays.df[place])

    def praised(self, technique: str) -> int:
        """Return how many films are praised for a technique."""
        return self._praised.get(technique, 0)

    def ways_up(self, technique: str) -> Mapping[str, int]:
        """Return the fewest steps up from a technique to itself (0) and to every broader one."""
        return self._up.get(technique) or {technique: 0}

    def middles(self, film: str, other: str, most: int) -> list[str]:
        """Return films that a technique, a person or a comparison joins to both."""
        return middles_of(self, film, other, most)

    def all(self) -> Iterator[tuple[str, str, str]]:
        """Yield what joins films as (film, node, kind), each once, in a fixed order.

        Kinds are ``technique``, ``crew``, ``praise`` and ``genre`` for a film and what it has, and ``comparison``
        for two films that critics compared.
        """
        for film in self.films:
            yield from ((film, technique, "technique") for technique in sorted(self._uses(film)))
            yield from ((film, person, "crew") for person in sorted(self._credits(film)))
            yield from ((film, technique, "praise") for technique in sorted(self.praise(film)))
            yield from ((film, genre, "genre") for genre in sorted(self._genres(film)))
        table = self.arrays.comparisons
        pairs = np.sort(np.column_stack([table.film[table.named], table.other[table.named]]), axis=1)
        for one, two in np.unique(pairs[pairs[:, 0] != pairs[:, 1]], axis=0).tolist():
            yield self.arrays.films[one], self.arrays.films[two], "comparison"

    def agreement(self, film: str, node: str, kind: str) -> float:
        """Return how far critics agree on a link of :meth:`all`, from 0 to 1; 1 where it is not theirs to judge."""
        if kind == "praise":
            return self.praise(film)[node].weight
        if kind == "comparison" and (found := self.compared(film, node)):
            return found.weight
        return 1.0

    @cached_property
    def _links(self) -> list[tuple[int, int]]:
        """Pairs of a technique and a broader technique, by place."""
        broader = self.arrays.broader
        return [(narrow, broad) for narrow, broad in broader[self.arrays.is_technique[broader[:, 1]]].tolist()]

    @cached_property
    def _up(self) -> dict[str, dict[str, int]]:
        name = self.arrays.concepts.many
        found = {}
        for low, highs in steps_up(self._links).items():
            names = name((low, *highs))
            found[names[0]] = dict(zip(names, (0, *highs.values()), strict=True))
        return found

    @cached_property
    def _praised(self) -> dict[str, int]:
        """Technique to the number of films that at least one critic praises for it."""
        said = self.arrays.spoken(np.flatnonzero(~self.arrays.said.aspect))
        size = max(len(self.arrays.concepts), 1)
        voices = max(len(self.arrays.voices), 1)
        key = (said.film.astype(np.int64) * size + said.about) * voices + said.voice
        praise, criticism, mixed = (np.unique(key[said.stance == code]) for code in range(3))
        only = np.setdiff1d(praise, np.concatenate([criticism, mixed]), assume_unique=False)
        crafts, counts = np.unique(np.unique(only // voices) % size, return_counts=True)
        return dict(zip(self.arrays.concepts.many(crafts.tolist()), counts.tolist(), strict=True))

    def _rows_of(self, node: str) -> list[npt.NDArray[Any]]:
        arrays = self.arrays
        rows = []
        for place, of in (
            (arrays.concepts.at.get(node), "used_by"),
            (self._people.place(node), "credited"),
            (arrays.genres.at.get(node), "of_genre"),
        ):
            if place is not None and len(row := getattr(arrays, of).row(place)):
                rows.append(row)
        return rows

    def _said(self, film: int) -> list[Said]:
        """Return what is said of techniques in a film, by claim."""
        said, arrays = self.arrays.said, self.arrays
        own = said.of(film)
        rows = np.arange(own.start, own.stop)
        rows = rows[~said.aspect[rows]]
        name = arrays.films[film]
        columns = (said.claim, said.review, said.about, said.stance)
        return [
            Said(
                claim=arrays.claims[claim],
                review=arrays.reviews[review],
                film=name,
                predicate=FG + "aboutTechnique",
                about=arrays.concepts[about],
                stance=arrays.stances[stance],
                voices=self._naming(review),
            )
            for claim, review, about, stance in zip(*(column[rows].tolist() for column in columns), strict=True)
        ]

    def _naming(self, review: int) -> Naming:
        name, predicate = self.arrays.reviews[review], SIGNED_BY[int(self.arrays.signed[review])]
        voices = self.arrays.voices.many(self.arrays.review_voices.row(review).tolist())
        return {voice: (name, predicate, voice) if predicate else None for voice in voices}

    def _comparison(self, rows: npt.NDArray[Any]) -> Compared:
        table, arrays = self.arrays.comparisons, self.arrays
        columns = (table.claim, table.review, table.film, table.other)
        return comparison_of(
            (arrays.claims[claim], arrays.reviews[review], arrays.films[film], arrays.films[other], voices)
            for claim, review, film, other in zip(*(column[rows].tolist() for column in columns), strict=True)
            for voices in (self._naming(review),)
        )


def _roles(bits: int) -> list[str]:
    return [predicate for bit, predicate in enumerate(ROLE_ORDER) if bits >> bit & 1]
