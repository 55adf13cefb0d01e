"""What critics say, read from the arrays of a graph: of one film when it is asked for, of all of them in numpy."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from filmgraph.arrays import GraphArrays, open_arrays
from filmgraph.voices import Tally, verdict_counts, verdict_rows

if TYPE_CHECKING:
    from filmgraph.stores import Store

__all__ = ["Hearing", "Pairs"]

Pairs = list[tuple[str, str]]
"""Voices, each with a stance."""

Ints = npt.NDArray[np.int64]


class Hearing:
    """The accepted claims of a graph, its uses and its vocabulary, as questions about critics need them."""

    def __init__(self, store: Store, arrays: GraphArrays | None = None) -> None:
        self._store = store
        self._given = arrays

    @cached_property
    def arrays(self) -> GraphArrays:
        """The arrays of the graph."""
        return self._given or open_arrays(self._store)

    # Of one film.

    def said(self, film: str) -> dict[str, Pairs]:
        """Return what is said of a film, by concept."""
        place = self.arrays.films.at.get(film)
        if place is None:
            return {}
        spoken = self.arrays.spoken(self.arrays.said.of(place))
        concepts = self.arrays.concepts.many(spoken.about.tolist())
        voices = self.arrays.voices.many(spoken.voice.tolist())
        stances = self.arrays.stances
        found: dict[str, Pairs] = defaultdict(list)
        for about, voice, stance in zip(concepts, voices, spoken.stance.tolist(), strict=True):
            found[about].append((voice, stances[stance]))
        return found

    def uses(self, film: str) -> dict[str, str]:
        """Return the techniques of a film, each with the use."""
        place = self.arrays.films.at.get(film)
        if place is None:
            return {}
        techniques = self.arrays.concepts.many(self.arrays.uses.row(place).tolist())
        return dict(zip(techniques, self.arrays.use_names(place), strict=True))

    def films(self) -> list[str]:
        """Return the films that anything is said of, sorted."""
        return self.arrays.films.many(np.unique(self.arrays.said.film).tolist())

    # Of all films.

    def tallies(self, film: str | None = None) -> Iterator[tuple[int, int, Tally]]:
        """Yield film, concept and tally, the former by place, of what critics take sides in: of one film or all."""
        place = None if film is None else self.arrays.films.at.get(film)
        if film is not None and place is None:
            return
        spoken = self.arrays.spoken(slice(None) if place is None else self.arrays.said.of(place))
        keys, counts = verdict_counts(self._key(spoken), spoken.voice, spoken.stance)
        sided = counts[:, 0] + counts[:, 1] > 0
        for key, tally in zip(keys[sided].tolist(), counts[sided].tolist(), strict=True):
            yield (*divmod(key, self._width), Tally(*tally))

    @cached_property
    def praised(self) -> tuple[Ints, Ints]:
        """Voices and the craft that they praise, by place: a row for each craft of each film."""
        spoken = self.arrays.spoken()
        keys, voices, verdicts = verdict_rows(self._key(spoken), spoken.voice, spoken.stance)
        concepts = keys % self._width
        wanted = (verdicts == 0) & self._is_craft[concepts]
        return voices[wanted], concepts[wanted]

    def praised_by(self, voice: str) -> Counter[str]:
        """Return the craft that a voice praises, each with the number of films."""
        place = self.arrays.voices.at.get(voice)
        voices, concepts = self.praised
        crafts, counts = np.unique(concepts[voices == (-1 if place is None else place)], return_counts=True)
        return Counter(dict(zip(self.arrays.concepts.many(crafts.tolist()), counts.tolist(), strict=True)))

    @property
    def _width(self) -> int:
        return max(len(self.arrays.concepts), 1)

    def _key(self, spoken: Any) -> Ints:
        key: Ints = spoken.film.astype(np.int64) * self._width + spoken.about
        return key

    # The vocabulary.

    @cached_property
    def up(self) -> Mapping[str, Mapping[str, int]]:
        """Technique to the fewest steps up to each broader technique and category."""
        names = self.arrays.concepts
        parents: dict[str, set[str]] = defaultdict(set)
        for narrow, broad in self.arrays.broader.tolist():
            parents[names[narrow]].add(names[broad])
        found: dict[str, dict[str, int]] = {}
        for technique in parents:
            steps, frontier, distance = {technique: 0}, {technique}, 0
            while frontier:
                distance += 1
                frontier = {up for low in frontier for up in parents.get(low, ())} - steps.keys()
                steps |= dict.fromkeys(frontier, distance)
            del steps[technique]
            found[technique] = steps
        return found

    @cached_property
    def categories(self) -> frozenset[str]:
        """The categories of techniques."""
        return frozenset(self.arrays.concepts.many(np.flatnonzero(self.arrays.is_category).tolist()))

    def is_craft(self, concept: str) -> bool:
        """Whether a concept is a category, or a technique that has a place among them."""
        return concept in self.categories or concept in self.up

    @cached_property
    def _is_craft(self) -> npt.NDArray[np.bool_]:
        craft = self.arrays.is_category.copy()
        craft[self.arrays.broader[:, 0]] = True
        return craft

    def category_of(self, concept: str) -> str | None:
        """Return the category of a technique, or a category itself; None of anything else."""
        if concept in self.categories:
            return concept
        return min((up for up in self.up.get(concept, ()) if up in self.categories), default=None)

    def by_category(self) -> Counter[str]:
        """Return how much craft all critics praise in each category: a thing is a craft of a film, for one critic."""
        crafts, counts = np.unique(self.praised[1], return_counts=True)
        found: Counter[str] = Counter()
        for concept, count in zip(self.arrays.concepts.many(crafts.tolist()), counts.tolist(), strict=True):
            category = self.category_of(concept)
            if category:
                found[category] += count
        return found
