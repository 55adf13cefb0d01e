"""A question as it was asked, and what is to be asked in its place."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeAlias

import numpy as np

from filmgraph.answers.rewriting import inserted, values_of
from filmgraph.arrays import NO_YEAR, GraphArrays
from filmgraph.namespaces import FG, SKOS
from filmgraph.rows import Rows, Term, plain

__all__ = ["Asked", "Found", "Given", "Shorter", "narrowed"]

Given: TypeAlias = str | int | float


@dataclass(frozen=True)
class Shorter:
    """A text to ask in the place of a question's own.

    ``first`` says that it gives the first rows alone: if there are fewer than were wanted, the question's own text is
    to be asked.
    """

    text: str
    first: bool = False
    rows: Rows | None = None
    """The rows themselves, where nothing is left to be asked."""


@dataclass(frozen=True)
class Asked:
    """A question with its values, names resolved to IRIs, its text with them bound, and how many rows are wanted."""

    text: str
    values: Mapping[str, Sequence[Given]]
    open: Callable[[], GraphArrays]
    select: Callable[[str], Rows]
    limit: int | None = None

    @cached_property
    def arrays(self) -> GraphArrays:
        """The arrays of the graph, opened when they are first needed."""
        return self.open()

    def value(self, name: str) -> str:
        """Return the one value of a parameter; "" where it stays open."""
        return str(next(iter(self.values.get(name, ())), ""))

    def concept(self, name: str) -> int | None:
        """Return the place of a concept that was given, None where the arrays have none such."""
        found: int | None = self.arrays.concepts.at.get(self.value(name))
        return found

    def numbered(self, names: Sequence[str], counts: Mapping[int, Any] | Iterable[tuple[int, Any]]) -> str:
        """Return VALUES of concepts with a number each."""
        pairs = list(counts.items() if isinstance(counts, Mapping) else counts)
        iris = self.arrays.concepts.many(place for place, _ in pairs)
        return values_of(names, [(iri, int(count)) for iri, (_, count) in zip(iris, pairs, strict=True)])

    def uses_of(self, films: Iterable[int]) -> list[tuple[str, str, str]]:
        """Return all uses of some films, each with its film and technique.

        Where a query names them, the engine, which joins by what is bound, has no way to walk over those of others.
        """
        names = values_of(["film"], [(film,) for film in self.arrays.films.many(films)])
        rows = self.select(f"SELECT DISTINCT ?use ?film ?t {{ {names} ?use <{FG}film> ?film ; <{FG}technique> ?t }}")
        return [(str(use), str(film), str(technique)) for use, film, technique in rows]

    def labels_of(self, concepts: Sequence[str]) -> dict[str, list[Term | None]]:
        """Return the English labels of concepts as the library reads them: none is one that is empty."""
        names = values_of(["concept"], [(concept,) for concept in concepts])
        found: dict[str, list[Term | None]] = {}
        for concept, label in self.select(
            f"SELECT ?concept ?label {{ {names} ?concept <{SKOS}prefLabel> ?label "
            'FILTER(LANGMATCHES(LANG(?label), "en")) }'
        ).terms:
            found.setdefault(str(plain(concept)), []).append(label)
        return {concept: found.get(concept, [None]) for concept in concepts}

    def earliest(self, films: Any, limit: int) -> Any:
        """Return the films that come first by year, so many of them and all that are of the last one's year."""
        years = self.arrays.years[films]
        films, years = films[years != NO_YEAR], years[years != NO_YEAR]
        return films if len(films) <= limit else films[years <= np.partition(years, limit - 1)[limit - 1]]


Found: TypeAlias = str | Shorter | None
"""What a question comes to: a text, or one that may give the first rows alone, or None to ask it as it stands."""


def narrowed(*places: tuple[str, str], whole: Callable[[Asked], Found] = lambda _: None) -> Callable[[Asked], Found]:
    """Return what tells the engine the one film where it does not see it, or asks of the whole graph.

    Each place is a variable that stands for the film, and the pattern before which it is named.
    """

    def shorten(asked: Asked) -> Found:
        film, text = asked.value("film"), asked.text
        if not film:
            return whole(asked)
        for variable, pattern in places:
            text = inserted(text, values_of([variable], [(film,)]), pattern)
        return text

    return shorten
