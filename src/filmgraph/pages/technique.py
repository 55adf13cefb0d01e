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
from filmgraph.pages.portion import FILMS_A_PAGE, Portion, uses_on_page

if TYPE_CHECKING:
    from filmgraph.arrays import GraphArrays
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
    ``heard`` counts the critics who make them, film by film. Where all
    films would be too many, ``portion`` says which part of them is here, with what is said of these.
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
    portion: Portion | None = None


def technique_page(
    store: Store,
    technique: str,
    *,
    known: Known = NOTHING_KNOWN,
    arrays: GraphArrays | None = None,
    page: int = 1,
    size: int = FILMS_A_PAGE,
) -> TechniquePage:
    """Return the page of a technique, by IRI: its films include those that use a narrower technique.

    With the ``arrays`` of a large store no more than ``size`` films are shown, as one ``page`` of several.
    """
    own = properties_of(store, technique)
    narrower = store.select(f"SELECT ?n WHERE {{ ?n <{SKOS}broader> <{technique}> }} ORDER BY ?n")
    narrower_iris = [str(row[0]) for row in narrower]
    broader_iris = own.get(SKOS + "broader", [])
    related_iris = own.get(SKOS + "related", [])
    names = labels_of(store, [*narrower_iris, *broader_iris, *related_iris], known=known.names)
    below = f"{{ ?technique <{SKOS}broader>* <{technique}> }}"
    narrower_or_same = {str(row[0]) for row in store.select(f"SELECT ?technique WHERE {below}")}
    part = None if arrays is None else uses_on_page(store, arrays, narrower_or_same, page=page, size=size)
    shown = below if part is None else f"VALUES ?use {{ {values_of(part.uses)} }}"
    uses = uses_where(store, shown, known)
    kin = known.kin(store, {technique, *(use.technique.iri for use in uses)})
    heard = frozenset().union(*(own.all for own in kin.values()))
    if part is None:
        said = claims_with(store, "about", heard, known)
        related = values_of(kin[technique].all)
        rows = store.select(
            f"SELECT DISTINCT ?f WHERE {{ VALUES ?t {{ {related} }} ?u <{FG}technique> ?t ; <{FG}film> ?f }}"
        )
        using = {str(row[0]) for row in rows}
    else:
        said = tuple(claim for claim in claims_with(store, "film", part.films, known) if claim.about.iri in heard)
        using = set(part.films)
    uses = tuple(with_claims(use, said, kin) for use in uses)
    claims = tuple(claim for claim in said if claim.about.iri in narrower_or_same)
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
        heard=_heard(Named(technique, label), claims, using),
        portion=part.portion if part else None,
    )


def _heard(technique: Named, claims: Iterable[Claim], using: Collection[str]) -> tuple[Heard, ...]:
    """Return how many critics speak of a technique in each film, those in which most do first."""
    by_film: dict[Named, list[Claim]] = {}
    for claim in claims:
        by_film.setdefault(claim.film, []).append(claim)
    found = (Heard(film, technique, tally_of(said), film.iri not in using) for film, said in by_film.items())
    return tuple(sorted(found, key=lambda each: (-each.critics.critics, each.film.name, each.film.iri)))
