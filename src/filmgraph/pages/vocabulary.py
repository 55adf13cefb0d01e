"""The encyclopedia of techniques: the tree below the categories, and A to Z with alternative labels."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from filmgraph.errors import NotFoundError
from filmgraph.lookup import folded_text, labels_of, texts_of, values_of
from filmgraph.namespaces import FG, SKOS, shorten
from filmgraph.pages.known import NO_CATEGORY, Kin
from filmgraph.pages.parts import Named, named

if TYPE_CHECKING:
    from filmgraph.arrays import FilmTechniqueArrays, GraphArrays
    from filmgraph.stores import Store

__all__ = ["Branch", "Entry", "Letter", "Term", "Vocabulary"]

DEEPEST = 12
"""How many levels the tree has below the categories at the most: what is deeper stands beside one another there."""
_MOST_ODD = 2_000
"""How many films with a use that is not plain are looked at one by one."""
FARTHEST = 64
"""How many links up or down are followed: far more than a vocabulary has, and an end to a hostile one."""


@dataclass(frozen=True)
class Term:
    """A technique or category in the encyclopedia.

    ``films`` and ``uses`` count those of narrower techniques too. ``broader`` and ``narrower`` are direct; of a
    category ``category`` is itself.
    """

    iri: str
    name: str
    definition: str
    category: Named
    also_known_as: tuple[str, ...]
    broader: tuple[Named, ...]
    narrower: tuple[Named, ...]
    films: int
    uses: int

    @property
    def is_category(self) -> bool:
        """Whether it is a category."""
        return self.category.iri == self.iri


@dataclass(frozen=True)
class Branch:
    """A term with what is narrower, by name.

    ``again`` says that the term was shown further up with what is narrower, and stands here without it: a technique
    may have two broader ones.
    """

    term: Term
    narrower: tuple[Branch, ...] = ()
    again: bool = False


@dataclass(frozen=True)
class Entry:
    """A line of the A–Z: a technique under its name, or, as a cross reference, under another label of it."""

    label: str
    term: Term

    @property
    def is_reference(self) -> bool:
        """Whether the label is another one than the technique's name: "canted angle → Dutch angle"."""
        return self.label != self.term.name


@dataclass(frozen=True)
class Letter:
    """The entries that begin with a letter; those that begin with none stand under "#"."""

    letter: str
    entries: tuple[Entry, ...]


class Vocabulary:
    """Categories and techniques with their labels, definitions, numbers and relations, read once from a store.

    >>> import filmgraph
    >>> with filmgraph.open() as graph:
    ...     dutch = graph.vocabulary.terms[graph.resolve("canted angle", kind="technique")]
    ...     [branch.term.name for branch in graph.vocabulary.tree][:2]
    ['Animation & effects', 'Cinematography']
    >>> dutch.name, dutch.category.name, "canted angle" in dutch.also_known_as
    ('Dutch angle', 'Cinematography', True)
    """

    def __init__(self, terms: Mapping[str, Term], narrower: Mapping[str, Sequence[str]]) -> None:
        self.terms = terms
        self._narrower = narrower
        broader: dict[str, list[str]] = defaultdict(list)
        for high, lows in narrower.items():
            for low in lows:
                broader[low].append(high)
        self._broader: Mapping[str, Sequence[str]] = broader
        self._kin: dict[str, Kin] = {}

    @classmethod
    def of_store(
        cls, store: Store, *, arrays: FilmTechniqueArrays | None = None, kept: GraphArrays | None = None
    ) -> Vocabulary:
        """Read the vocabulary from a store; ``arrays`` spares reading the uses again, ``kept`` counting them."""
        from filmgraph.arrays import FilmTechniqueArrays

        return _Reading(store, arrays or FilmTechniqueArrays.of_store(store), kept).vocabulary()

    @cached_property
    def categories(self) -> tuple[Term, ...]:
        """The categories, by name."""
        return tuple(sorted((term for term in self.terms.values() if term.is_category), key=_by_name))

    @cached_property
    def techniques(self) -> tuple[Term, ...]:
        """The techniques, by name."""
        return tuple(sorted((term for term in self.terms.values() if not term.is_category), key=_by_name))

    @cached_property
    def tree(self) -> tuple[Branch, ...]:
        """The categories with all below them, then techniques that reach no category."""
        seen: set[str] = set()
        branches = [self._branch(term, seen) for term in self.categories]
        above = {term.iri for term in self.techniques if any(high in self.terms for high in self._broader[term.iri])}
        # In a circle each has a broader one: what is left over after the roots begins with the first by name.
        for term in sorted(self.techniques, key=lambda term: term.iri in above):
            if term.iri not in seen:
                branches.append(self._branch(term, seen))
        return tuple(branches)

    @cached_property
    def letters(self) -> tuple[Letter, ...]:
        """The techniques from A to Z."""
        lines: list[tuple[str, Entry]] = []
        for term in self.techniques:
            labels = dict.fromkeys((term.name, *term.also_known_as))
            folded = {folded_text(label): label for label in reversed(labels)}
            lines += [(key, Entry(label, term)) for key, label in folded.items()]
        lines.sort(key=lambda line: (line[0], line[1].label, line[1].term.name, line[1].term.iri))
        letters: dict[str, list[Entry]] = {}
        for key, entry in lines:
            first = key[:1].upper()
            letters.setdefault(first if first.isalpha() else "#", []).append(entry)
        return tuple(
            Letter(letter, tuple(entries)) for letter, entries in sorted(letters.items(), key=lambda item: item[0])
        )

    def branch(self, iri: str) -> Branch:
        """Return a term with all below it; raises :class:`~filmgraph.errors.NotFoundError`."""
        if iri not in self.terms:
            raise NotFoundError(f"There is no technique or category {shorten(iri)} in this graph.")
        return self._branch(self.terms[iri], set())

    def kin(self, technique: str) -> Kin:
        """Return a technique's kin: itself with all narrower ones, and all broader ones, categories left out."""
        if technique not in self._kin:
            near = {technique, *self._techniques_among(_reached(technique, self._narrower))}
            self._kin[technique] = Kin(
                frozenset(near), frozenset(self._techniques_among(_reached(technique, self._broader)))
            )
        return self._kin[technique]

    def _techniques_among(self, iris: Iterable[str]) -> list[str]:
        return [iri for iri in iris if iri in self.terms and not self.terms[iri].is_category]

    def _branch(self, term: Term, seen: set[str], level: int = 0) -> Branch:
        seen.add(term.iri)
        if level == DEEPEST:
            below = sorted(
                (self.terms[iri] for iri in _reached(term.iri, self._narrower) if iri in self.terms), key=_by_name
            )
            deep = [each for each in below if each.iri not in seen]
            seen.update(each.iri for each in deep)
            return Branch(term, tuple(Branch(each) for each in deep))
        branches = []
        for narrower in term.narrower:
            below_it = self.terms[narrower.iri]
            if narrower.iri in seen:
                branches.append(Branch(below_it, again=bool(below_it.narrower)))
            else:
                branches.append(self._branch(below_it, seen, level + 1))
        return Branch(term, tuple(branches))

    def __repr__(self) -> str:
        return f"Vocabulary({len(self.categories)} categories, {len(self.techniques)} techniques)"


def _reached(start: str, links: Mapping[str, Sequence[str]]) -> set[str]:
    """Return what can be reached from a node in one step or more, :data:`FARTHEST` at the most; circles end.

    >>> sorted(_reached("a", {"a": ["b"], "b": ["c", "a"]}))
    ['a', 'b', 'c']
    """
    found: set[str] = set()
    frontier: Collection[str] = (start,)
    for _ in range(FARTHEST):
        frontier = {there for here in frontier for there in links.get(here, ())} - found
        if not frontier:
            break
        found |= frontier
    return found


class _Reading:
    """What is read of a store to make a vocabulary."""

    def __init__(self, store: Store, arrays: FilmTechniqueArrays, kept: GraphArrays | None) -> None:
        self._arrays = arrays
        categories = {str(row[0]) for row in store.select(f"SELECT ?c WHERE {{ ?c a <{FG}Category> }}")}
        techniques = {str(row[0]) for row in store.select(f"SELECT ?t WHERE {{ ?t a <{FG}Technique> }}")}
        self.categories, self.techniques = categories, techniques - categories
        every = categories | techniques
        self.names = labels_of(store, every)
        self.definitions = texts_of(store, every, [f"<{SKOS}definition>"])
        self.also: dict[str, set[str]] = defaultdict(set)
        concepts = f"VALUES ?class {{ <{FG}Technique> <{FG}Category> }} ?s a ?class"
        for iri, label in store.select(f"SELECT DISTINCT ?s ?l WHERE {{ {concepts} ; <{SKOS}altLabel> ?l }}"):
            self.also[str(iri)].add(str(label))
        self.narrower: dict[str, list[str]] = defaultdict(list)
        self.broader: dict[str, list[str]] = defaultdict(list)
        for low, high in store.select(f"SELECT DISTINCT ?n ?b WHERE {{ ?n <{SKOS}broader> ?b }}"):
            self.narrower[str(high)].append(str(low))
            self.broader[str(low)].append(str(high))
        self.uses = _uses_by_technique(store) if kept is None else _counted_uses(store, kept)
        self._films_by_technique = arrays.used.tocsc()

    def vocabulary(self) -> Vocabulary:
        return Vocabulary({iri: self._term(iri) for iri in sorted(self.names)}, self.narrower)

    def _term(self, iri: str) -> Term:
        below = {iri} | (_reached(iri, self.narrower) & self.techniques)
        above = _reached(iri, self.broader) & self.categories
        category = iri if iri in self.categories else min(above, default=None)
        return Term(
            iri=iri,
            name=self.names[iri],
            definition=self.definitions.get(iri, ""),
            category=Named(category, self.names[category]) if category else NO_CATEGORY,
            also_known_as=tuple(
                sorted(self.also[iri] - {self.names[iri]}, key=lambda label: (label.casefold(), label))
            ),
            broader=self._named(self.broader[iri]),
            narrower=self._named(self.narrower[iri]),
            films=self._films(below),
            uses=sum(self.uses.get(technique, 0) for technique in below if technique in self.techniques),
        )

    def _named(self, iris: Iterable[str]) -> tuple[Named, ...]:
        return named((iri for iri in iris if iri in self.names), self.names)

    def _films(self, techniques: Iterable[str]) -> int:
        """Return how many films use any of some techniques."""
        columns = [self._arrays.technique_at[name] for name in techniques if name in self._arrays.technique_at]
        matrix = self._films_by_technique
        parts = [matrix.indices[matrix.indptr[column] : matrix.indptr[column + 1]] for column in columns]
        return len(parts[0]) if len(parts) == 1 else len(set().union(*(part.tolist() for part in parts)))


def _uses_by_technique(store: Store, films: str = "") -> dict[str, int]:
    """Return how many uses each technique has, in all films or in those that VALUES name."""
    counted = f"SELECT ?t (COUNT(?u) AS ?n) WHERE {{ {films} ?u <{FG}film> ?f ; <{FG}technique> ?t }} GROUP BY ?t"
    return {str(technique): int(str(number)) for technique, number in store.select(counted)}


def _counted_uses(store: Store, kept: GraphArrays) -> dict[str, int]:
    """Return how many uses each technique has: those of plain films are counted on arrays, the others' asked for."""
    plain = kept.listing.is_plainly_used
    odd = kept.films.many(np.flatnonzero(~plain & (kept.uses.counts > 0)).tolist())
    if len(odd) > _MOST_ODD or any(film.startswith("_:") for film in odd):
        return _uses_by_technique(store)
    uses = kept.uses
    numbers = np.bincount(uses.indices[plain[uses.rows()]], minlength=uses.shape[1])
    found = Counter({kept.concepts[place]: int(numbers[place]) for place in np.flatnonzero(numbers).tolist()})
    if odd:
        found.update(_uses_by_technique(store, f"VALUES ?f {{ {values_of(odd)} }}"))
    return dict(found)


def _by_name(term: Term) -> tuple[str, str]:
    return term.name.casefold(), term.iri
