"""What a page need not read: names, the vocabulary, and what an earlier page has read."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from filmgraph.lookup import Named, labels_of, texts_of, values_of
from filmgraph.namespaces import FG, SKOS

if TYPE_CHECKING:
    from filmgraph.pages.vocabulary import Vocabulary
    from filmgraph.stores import Store

__all__ = ["NOTHING_KNOWN", "NO_CATEGORY", "Kin", "Known", "Memory", "categories_of", "kin_of"]

NO_CATEGORY = Named("", "")
MOST_KEPT = 20_000
"""How many names, and how many techniques, are remembered: the vocabulary and those who are often met."""

_Found = TypeVar("_Found")


class Kin(NamedTuple):
    """A technique with every narrower one (``near``), and every broader one (``wider``), categories left out."""

    near: frozenset[str]
    wider: frozenset[str]

    @property
    def all(self) -> frozenset[str]:
        """Both."""
        return self.near | self.wider


class Memory:
    """What pages of one graph that nobody changes have read, for the next page: a few thousand short texts.

    Only what many pages share is kept: names of what is met, techniques, and who their kin are.
    """

    def __init__(self) -> None:
        self.names: dict[str, str] = {}
        self.techniques: dict[str, tuple[Named, Named, str]] = {}
        self.kin: dict[str, Kin] = {}

    @staticmethod
    def recall(
        kept: dict[str, _Found], wanted: Iterable[str], read: Callable[[set[str]], dict[str, _Found]]
    ) -> dict[str, _Found]:
        """Return what is wanted of what is kept, and have the rest read, and kept while there is room."""
        found = {iri: kept[iri] for iri in set(wanted) if iri in kept}
        if missing := set(wanted) - found.keys():
            new = read(missing)
            if len(kept) + len(new) <= MOST_KEPT:
                kept.update(new)
            found.update(new)
        return found


@dataclass(frozen=True)
class Known:
    """What a caller has already, so that a page need not read it: names by IRI, and the vocabulary.

    ``memory`` is kept from page to page, where the graph does not change between them.

    >>> Known().names
    {}
    """

    names: Mapping[str, str] = field(default_factory=dict)
    vocabulary: Vocabulary | None = None
    memory: Memory | None = None

    def labels(self, store: Store, resources: Iterable[str]) -> dict[str, str]:
        """Return the display label of each resource, as :func:`~filmgraph.lookup.labels_of` does."""
        wanted = set(resources)
        unknown = wanted - self.names.keys()
        if self.memory is None or not unknown:
            return labels_of(store, wanted, known=self.names)
        read = Memory.recall(self.memory.names, unknown, lambda missing: labels_of(store, missing))
        return {iri: read[iri] if iri in read else self.names[iri] for iri in sorted(wanted)}

    def kin(self, store: Store, techniques: Iterable[str]) -> dict[str, Kin]:
        """Return the kin of each technique."""
        if self.vocabulary is not None:
            return {technique: self.vocabulary.kin(technique) for technique in techniques}
        if self.memory is None:
            return kin_of(store, techniques)
        return Memory.recall(self.memory.kin, techniques, lambda missing: kin_of(store, missing))

    def described(self, store: Store, techniques: Iterable[str]) -> dict[str, tuple[Named, Named, str]]:
        """Return name, category and definition of each technique."""
        terms = self.vocabulary.terms if self.vocabulary else {}
        wanted = set(techniques)
        found = {
            iri: (Named(iri, terms[iri].name), terms[iri].category, terms[iri].definition)
            for iri in wanted
            if iri in terms
        }
        kept = self.memory.techniques if self.memory else {}
        return found | Memory.recall(kept, wanted - found.keys(), lambda missing: _described(store, missing))


NOTHING_KNOWN = Known()


def _described(store: Store, techniques: set[str]) -> dict[str, tuple[Named, Named, str]]:
    categories, labels = categories_of(store, techniques), labels_of(store, techniques)
    definitions = texts_of(store, techniques, [f"<{SKOS}definition>"])
    return {
        iri: (Named(iri, labels[iri]), categories.get(iri, NO_CATEGORY), definitions.get(iri, "")) for iri in techniques
    }


def categories_of(store: Store, techniques: Iterable[str]) -> dict[str, Named]:
    """Return the category of each technique that reaches one."""
    values = values_of(techniques)
    if not values:
        return {}
    rows = store.select(
        # Not as broader+: with a single value of ?t Virtuoso starts at the other end, and forgets the value.
        f"SELECT ?t ?c WHERE {{ VALUES ?t {{ {values} }} ?t <{SKOS}broader> ?up . ?up <{SKOS}broader>* ?c . "
        f"?c a ?kind FILTER(?kind = <{FG}Category>) }} ORDER BY DESC(STR(?c))"
    )
    names = labels_of(store, {str(category) for _technique, category in rows})
    return {str(technique): Named(str(category), names[str(category)]) for technique, category in rows}


def kin_of(store: Store, techniques: Iterable[str]) -> dict[str, Kin]:
    """Return the kin of each technique."""
    near = {technique: {technique} for technique in techniques}
    wider: dict[str, set[str]] = {technique: set() for technique in near}
    values = values_of(near)
    if values:
        for found, path in (
            (near, f"?step <{SKOS}broader> ?t . ?o <{SKOS}broader>* ?step"),
            (wider, f"?t <{SKOS}broader> ?step . ?step <{SKOS}broader>* ?o"),
        ):
            for technique, other in store.select(
                f"SELECT ?t ?o WHERE {{ VALUES ?t {{ {values} }} {path} . ?o a ?kind FILTER(?kind = <{FG}Technique>) }}"
            ):
                found[str(technique)].add(str(other))
    return {technique: Kin(frozenset(near[technique]), frozenset(wider[technique])) for technique in near}
