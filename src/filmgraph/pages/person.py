"""The page of a person, band or publication."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from filmgraph.lookup import labels_of
from filmgraph.namespaces import FG, ROLES, SCHEMA, SKOS, slug_of
from filmgraph.pages.parts import Claim, Named, claims_where, properties_of, text_of
from filmgraph.rows import Value

if TYPE_CHECKING:
    from filmgraph.reception import Valued
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


@dataclass(frozen=True)
class PersonPage:
    """The page of a person, band or publication: roles, signature techniques, and claims where they review.

    ``values`` tells how a critic's praise of craft falls upon the categories, beside that of all critics.
    """

    iri: str
    name: str
    credits: tuple[Credit, ...]
    signatures: tuple[Signature, ...]
    claims: tuple[Claim, ...]
    values: tuple[Valued, ...] = ()


def person_page(store: Store, person: str) -> PersonPage:
    """Return the page of a person, band or publication, by IRI."""
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
    claims = claims_where(store, f"?review <{SCHEMA}author>|<{SCHEMA}publisher> <{person}> .")
    return PersonPage(
        iri=person,
        name=text_of(own, SCHEMA + "name") or slug_of(person),
        credits=credits,
        signatures=_signatures(store, {credit.film.iri for credit in credits}),
        claims=claims,
        values=_values(store, person) if claims else (),
    )


def _values(store: Store, critic: str) -> tuple[Valued, ...]:
    # What all critics praise is read for this alone: the page of a director does not pay for it.
    from filmgraph.reception import Reception

    return tuple(Reception(store).values(critic))


def _signatures(store: Store, films: Iterable[str], *, least: int = 2) -> tuple[Signature, ...]:
    """Return the techniques in at least two of some films, by how far their share exceeds that of all films."""
    wanted = set(films)
    if len(wanted) < least:
        return ()
    rows = store.select(
        f"SELECT DISTINCT ?film ?t WHERE {{ ?u <{FG}film> ?film ; <{FG}technique> ?used . ?used <{SKOS}broader>* ?t . "
        f"?t a <{FG}Technique> }}"
    )
    all_films = {str(row[0]) for row in store.select(f"SELECT ?film WHERE {{ ?film a <{FG}Film> }}")}
    by_technique: dict[str, set[str]] = {}
    for film, technique in rows:
        by_technique.setdefault(str(technique), set()).add(str(film))
    common = {technique: used for technique, used in by_technique.items() if len(used & wanted) >= least}
    labels = labels_of(store, common)
    signatures = [
        Signature(
            technique=Named(technique, labels[technique]),
            films=len(used & wanted),
            of=len(wanted),
            share=len(used & wanted) / len(wanted),
            share_of_all=len(used) / len(all_films),
        )
        for technique, used in common.items()
    ]
    return tuple(sorted(signatures, key=lambda found: (found.share_of_all - found.share, found.technique.iri)))
