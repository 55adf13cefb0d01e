"""The page of a person, band or publication."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from filmgraph.lookup import labels_of, values_of
from filmgraph.namespaces import FG, ROLES, SCHEMA, SKOS, slug_of
from filmgraph.pages.known import NOTHING_KNOWN, Known
from filmgraph.pages.parts import Claim, Named, claims_with, properties_of, text_of
from filmgraph.rows import Value

if TYPE_CHECKING:
    from filmgraph.arrays import GraphArrays
    from filmgraph.pages.catalogue import Catalogue
    from filmgraph.reception import Reception, Valued
    from filmgraph.stores import Store

__all__ = ["Credit", "PersonPage", "Signature", "person_page"]


@dataclass(frozen=True)
class Credit:
    """A role that someone has in a film."""

    role: str
    film: Named
    year: Value


@dataclass(frozen=True)
class Signature:
    """A technique of the films that someone worked on, in any role: in how many of them, against its share of all.

    A film has a technique where it uses it or a narrower one.
    """

    technique: Named
    films: int
    of: int
    share: float
    share_of_all: float


MOST_REVIEWS = 500
"""Of how many reviews a page shows the claims: few critics write as many, but a publication may have more."""


@dataclass(frozen=True)
class PersonPage:
    """The page of a person, band or publication: roles, signature techniques, and claims where they review.

    ``claims`` are those of the first reviews, :data:`MOST_REVIEWS` at the most, of all ``reviews`` that there are.
    ``values`` tells how a critic's praise of craft falls upon the categories, beside that of all critics.
    """

    iri: str
    name: str
    credits: tuple[Credit, ...]
    signatures: tuple[Signature, ...]
    claims: tuple[Claim, ...]
    values: tuple[Valued, ...] = ()
    reviews: int = 0

    @property
    def is_cut(self) -> bool:
        """Whether there are more reviews than those whose claims are here."""
        return self.reviews > MOST_REVIEWS

    @property
    def films(self) -> tuple[tuple[Named, Value, tuple[str, ...]], ...]:
        """The films, each with its year and all roles in it, by year."""
        roles: dict[Named, list[str]] = {}
        years: dict[Named, Value] = {}
        for credit in self.credits:
            roles.setdefault(credit.film, []).append(credit.role)
            years.setdefault(credit.film, credit.year)
        order = sorted(roles, key=lambda film: (str(years[film] or "~"), film.name.casefold(), film.iri))
        return tuple((film, years[film], tuple(roles[film])) for film in order)


def person_page(
    store: Store,
    person: str,
    *,
    known: Known = NOTHING_KNOWN,
    catalogue: Catalogue | None = None,
    reception: Reception | None = None,
    arrays: GraphArrays | None = None,
) -> PersonPage:
    """Return the page of a person, band or publication, by IRI.

    ``catalogue`` and ``reception`` spare counting all films and reading all claims for this page alone, as the
    ``arrays`` of a large store do.
    """
    roles = " ".join(
        f'(<{predicate}> "{label.capitalize()}" {place})' for place, (predicate, label) in enumerate(ROLES.items())
    )
    rows = store.select(
        f"SELECT ?role ?film ?name ?year ?place WHERE {{ VALUES (?p ?role ?place) {{ {roles} }} "
        f"?film ?p <{person}> ; <{SCHEMA}name> ?name . OPTIONAL {{ ?film <{FG}releaseYear> ?year }} }} "
        f"ORDER BY ?place ?year STR(?name) ?film"
    )
    credits = tuple(Credit(str(role), Named(str(film), str(name)), year) for role, film, name, year, _ in rows)
    own = properties_of(store, person)
    written = store.select(f"SELECT DISTINCT ?r WHERE {{ ?r <{SCHEMA}author>|<{SCHEMA}publisher> <{person}> }}")
    reviews = sorted(str(row[0]) for row in written)
    claims = claims_with(store, "review", reviews[:MOST_REVIEWS], known)
    return PersonPage(
        iri=person,
        name=text_of(own, SCHEMA + "name") or slug_of(person),
        credits=credits,
        signatures=_signatures(store, {credit.film.iri for credit in credits}, catalogue, arrays),
        claims=claims,
        values=_values(store, person, reception) if claims else (),
        reviews=len(reviews),
    )


def _values(store: Store, critic: str, reception: Reception | None) -> tuple[Valued, ...]:
    # What all critics praise is read for this alone: the page of a director does not pay for it.
    from filmgraph.reception import Reception

    return tuple((reception or Reception(store)).values(critic))


def _signatures(
    store: Store,
    films: Collection[str],
    catalogue: Catalogue | None,
    arrays: GraphArrays | None,
    *,
    least: int = 2,
) -> tuple[Signature, ...]:
    """Return the techniques in at least two of some films, by how far their share exceeds that of all films."""
    if len(films) < least:
        return ()
    if catalogue:
        found = catalogue.signatures(films, least=least)
    else:
        found = _counted(store, films, least) if arrays is None else _looked_up(store, arrays, films, least)
    return tuple(sorted(found, key=lambda each: (each.share_of_all - each.share, each.technique.iri)))


def _looked_up(store: Store, arrays: GraphArrays, films: Collection[str], least: int) -> list[Signature]:
    """Return what :func:`_counted` does, from the arrays of a store."""
    craft = arrays.craft
    rows = [row for film in films if (row := craft.films.at.get(film)) is not None]
    found = np.concatenate([craft.close_rows.row(row) for row in rows]) if rows else np.zeros(0, np.int64)
    counts = np.bincount(found, minlength=len(craft.techniques))
    places = np.flatnonzero(counts >= least).tolist()
    techniques = craft.techniques.many(places)
    labels = labels_of(store, techniques)
    return [
        Signature(
            technique=Named(technique, labels[technique]),
            films=int(counts[at]),
            of=len(films),
            share=int(counts[at]) / len(films),
            share_of_all=int(craft.df[at]) / arrays.film_count,
        )
        for at, technique in zip(places, techniques, strict=True)
    ]


def _counted(store: Store, films: Collection[str], least: int) -> list[Signature]:
    """Count the techniques of some films, and then those of them that count among all films."""
    having = f"?u <{FG}film> ?film ; <{FG}technique> ?used . ?used <{SKOS}broader>* ?t"
    by_technique: dict[str, set[str]] = {}
    for film, technique in store.select(
        f"SELECT DISTINCT ?film ?t WHERE {{ VALUES ?film {{ {values_of(films)} }} {having} . ?t a <{FG}Technique> }}"
    ):
        by_technique.setdefault(str(technique), set()).add(str(film))
    common = {technique: used for technique, used in by_technique.items() if len(used) >= least}
    all_films: Counter[str] = Counter()
    for _film, technique in store.select(
        f"SELECT DISTINCT ?film ?t WHERE {{ VALUES ?t {{ {values_of(common)} }} "
        f"?used <{SKOS}broader>* ?t . ?u <{FG}technique> ?used ; <{FG}film> ?film }}"
    ):
        all_films[str(technique)] += 1
    (count,) = (int(str(row[0])) for row in store.select(f"SELECT (COUNT(?f) AS ?n) WHERE {{ ?f a <{FG}Film> }}"))
    labels = labels_of(store, common)
    return [
        Signature(
            technique=Named(technique, labels[technique]),
            films=len(used),
            of=len(films),
            share=len(used) / len(films),
            share_of_all=all_films[technique] / count,
        )
        for technique, used in common.items()
    ]
