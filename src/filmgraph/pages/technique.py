"""The page of a technique."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from filmgraph.lookup import labels_of, values_of
from filmgraph.namespaces import ADA, FG, SKOS, slug_of
from filmgraph.pages.known import NO_CATEGORY, NOTHING_KNOWN, Known, categories_of
from filmgraph.pages.parts import (
    Claim,
    Heard,
    Named,
    Use,
    claims_with,
    named,
    properties_of,
    tally_of,
    text_of,
    uses_where,
    with_claims,
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

    ``ada`` holds its counterparts in the AdA Filmontology. ``claims`` speak of it or of a narrower technique, and
    ``heard`` counts the critics who make them, film by film.
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
    heard: tuple[Heard, ...] = ()


def technique_page(store: Store, technique: str, *, known: Known = NOTHING_KNOWN) -> TechniquePage:
    """Return the page of a technique, by IRI: its films include those that use a narrower technique."""
    own = properties_of(store, technique)
    narrower = store.select(f"SELECT ?n WHERE {{ ?n <{SKOS}broader> <{technique}> }} ORDER BY ?n")
    narrower_iris = [str(row[0]) for row in narrower]
    broader_iris = own.get(SKOS + "broader", [])
    related_iris = own.get(SKOS + "related", [])
    names = labels_of(store, [*narrower_iris, *broader_iris, *related_iris], known=known.names)
    below = f"{{ ?technique <{SKOS}broader>* <{technique}> }}"
    uses = uses_where(store, below, known)
    kin = known.kin(store, {technique, *(use.technique.iri for use in uses)})
    said = claims_with(store, "about", frozenset().union(*(own.all for own in kin.values())), known)
    uses = tuple(with_claims(use, said, kin) for use in uses)
    narrower_or_same = {str(row[0]) for row in store.select(f"SELECT ?technique WHERE {below}")}
    claims = tuple(claim for claim in said if claim.about.iri in narrower_or_same)
    related = values_of(kin[technique].all)
    using = store.select(
        f"SELECT DISTINCT ?f WHERE {{ VALUES ?t {{ {related} }} ?u <{FG}technique> ?t ; <{FG}film> ?f }}"
    )
    label = text_of(own, SKOS + "prefLabel") or slug_of(technique)
    return TechniquePage(
        iri=technique,
        label=label,
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
        heard=_heard(Named(technique, label), claims, {str(row[0]) for row in using}),
    )


def _heard(technique: Named, claims: Iterable[Claim], using: Collection[str]) -> tuple[Heard, ...]:
    """Return how many critics speak of a technique in each film, those in which most do first."""
    by_film: dict[Named, list[Claim]] = {}
    for claim in claims:
        by_film.setdefault(claim.film, []).append(claim)
    found = (Heard(film, technique, tally_of(said), film.iri not in using) for film, said in by_film.items())
    return tuple(sorted(found, key=lambda each: (-each.critics.critics, each.film.name, each.film.iri)))
