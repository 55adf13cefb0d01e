"""The page of a technique."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from filmgraph.lookup import labels_of
from filmgraph.namespaces import ADA, SKOS, slug_of
from filmgraph.pages.parts import (
    NO_CATEGORY,
    Claim,
    Named,
    Use,
    categories_of,
    claims_where,
    named,
    properties_of,
    text_of,
    uses_where,
)

if TYPE_CHECKING:
    from filmgraph.stores import Store

__all__ = ["Match", "TechniquePage", "technique_page"]

_RELATIONS = {
    "exactMatch": "exact match",
    "closeMatch": "close match",
    "broadMatch": "broad match",
    "narrowMatch": "narrow match",
}
"""SKOS mapping property to how it reads, nearest first."""


@dataclass(frozen=True)
class Match:
    """A counterpart in another vocabulary, and how near it is: "broad match" says that theirs takes in more."""

    relation: str
    iri: str


@dataclass(frozen=True)
class TechniquePage:
    """The page of a technique: what it is, where it stands in the vocabulary, and every film that uses it.

    ``ada`` holds its counterparts in the AdA Filmontology.
    """

    iri: str
    label: str
    also_known_as: tuple[str, ...]
    definition: str
    scope_note: str | None
    category: Named
    broader: tuple[Named, ...]
    narrower: tuple[Named, ...]
    related: tuple[Named, ...]
    uses: tuple[Use, ...]
    claims: tuple[Claim, ...]
    ada: tuple[Match, ...] = ()


def technique_page(store: Store, technique: str) -> TechniquePage:
    """Return the page of a technique, by IRI: its films include those that use a narrower technique."""
    own = properties_of(store, technique)
    narrower = store.select(f"SELECT ?n WHERE {{ ?n <{SKOS}broader> <{technique}> }} ORDER BY ?n")
    narrower_iris = [str(row[0]) for row in narrower]
    broader_iris = own.get(SKOS + "broader", [])
    related_iris = own.get(SKOS + "related", [])
    names = labels_of(store, [*narrower_iris, *broader_iris, *related_iris])
    below = f"{{ ?technique <{SKOS}broader>* <{technique}> }}"
    uses = uses_where(store, below)
    claims = claims_where(store, below.replace("?technique", "?about"))
    return TechniquePage(
        iri=technique,
        label=text_of(own, SKOS + "prefLabel") or slug_of(technique),
        also_known_as=tuple(sorted(own.get(SKOS + "altLabel", []), key=str.casefold)),
        definition=text_of(own, SKOS + "definition") or "",
        scope_note=text_of(own, SKOS + "scopeNote"),
        category=categories_of(store, [technique]).get(technique, NO_CATEGORY),
        broader=named(broader_iris, names),
        narrower=named(narrower_iris, names),
        related=named(related_iris, names),
        uses=tuple(sorted(uses, key=lambda use: (str(use.year), use.film.name, use.iri))),
        claims=claims,
        ada=tuple(
            Match(relation, match)
            for name, relation in _RELATIONS.items()
            for match in own.get(SKOS + name, [])
            if match.startswith(ADA)
        ),
    )
