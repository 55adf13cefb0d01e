"""The page of a film."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyoxigraph as ox

from filmgraph.lookup import label_among
from filmgraph.namespaces import FG, ROLES, SCHEMA, WD, kind_of, slug_of
from filmgraph.pages.known import NOTHING_KNOWN, Kin, Known
from filmgraph.pages.parts import (
    Claim,
    Heard,
    Named,
    Use,
    claims_with,
    named,
    number_of,
    properties_in,
    tally_of,
    text_of,
    uses_of_film,
    with_claims,
)
from filmgraph.rows import Value, plain

if TYPE_CHECKING:
    from filmgraph.stores import Store

__all__ = ["FilmPage", "film_page"]


@dataclass(frozen=True)
class FilmPage:
    """The page of a film. ``heard`` counts the critics behind the claims, concept by concept."""

    iri: str
    title: str
    other_titles: tuple[tuple[str, str], ...]
    year: Value
    runtime_minutes: Value
    abstract: str
    credits: tuple[tuple[str, tuple[Named, ...]], ...]
    genres: tuple[Named, ...]
    countries: tuple[Named, ...]
    wikidata: str | None
    imdb: str | None
    tally: tuple[tuple[Named, int], ...]
    uses: tuple[Use, ...]
    claims: tuple[Claim, ...]
    heard: tuple[Heard, ...] = ()

    @property
    def tally_line(self) -> str:
        """The tally as one line: "2 Cinematography · 1 Editing · 1 Sound"."""
        return " · ".join(f"{count} {category.name}" for category, count in self.tally)


def film_page(store: Store, film: str, *, known: Known = NOTHING_KNOWN) -> FilmPage:
    """Return the page of a film, by IRI; ``known`` spares reading the same names and terms for each page."""
    triples = store.describe(film)
    own = properties_in(triples)
    year = min(
        (plain(each.object) for each in triples if each.predicate.value == FG + "releaseYear"), key=str, default=None
    )
    uses = uses_of_film(store, Named(film, known.names.get(film) or label_among(triples) or slug_of(film)), year, known)
    claims = claims_with(store, "film", [film], known)
    kin = known.kin(store, {use.technique.iri for use in uses}) if claims else {}
    uses = tuple(with_claims(use, claims, kin) for use in uses)
    people = {role: own.get(role, []) for role in ROLES}
    named_iris = [*(iri for iris in people.values() for iri in iris)]
    named_iris += [*own.get(SCHEMA + "genre", []), *own.get(SCHEMA + "countryOfOrigin", [])]
    names = known.labels(store, named_iris)
    counts: dict[Named, int] = {}
    for use in uses:
        counts[use.category] = counts.get(use.category, 0) + 1
    imdb = text_of(own, FG + "imdbId")
    return FilmPage(
        iri=film,
        title=text_of(own, SCHEMA + "name") or slug_of(film),
        other_titles=tuple(_literals_with_language(triples, SCHEMA + "alternateName")),
        year=number_of(own, FG + "releaseYear"),
        runtime_minutes=number_of(own, FG + "runtimeMinutes"),
        abstract=text_of(own, SCHEMA + "abstract") or "",
        credits=tuple(
            (label.capitalize(), named(people[role], names)) for role, label in ROLES.items() if people[role]
        ),
        genres=named(own.get(SCHEMA + "genre", []), names),
        countries=named(own.get(SCHEMA + "countryOfOrigin", []), names),
        wikidata=next((same for same in own.get(SCHEMA + "sameAs", ()) if same.startswith(WD)), None),
        imdb=f"https://www.imdb.com/title/{imdb}/" if imdb else None,
        tally=tuple(sorted(counts.items(), key=lambda item: (-item[1], item[0].name))),
        uses=uses,
        claims=claims,
        heard=_heard(claims, uses, kin),
    )


def _literals_with_language(triples: Iterable[ox.Triple], predicate: str) -> list[tuple[str, str]]:
    return sorted(
        (triple.object.value, triple.object.language or "")
        for triple in triples
        if triple.predicate.value == predicate and isinstance(triple.object, ox.Literal)
    )


def _heard(claims: Iterable[Claim], uses: Iterable[Use], kin: dict[str, Kin]) -> tuple[Heard, ...]:
    """Return how many critics speak of each concept, those of which most speak first."""
    by_concept: dict[Named, list[Claim]] = {}
    for claim in claims:
        by_concept.setdefault(claim.about, []).append(claim)
    shown = {use.category.iri for use in uses}.union(*(own.all for own in kin.values()))
    found = (
        Heard(
            film=said[0].film,
            about=about,
            critics=tally_of(said),
            lacks_use=kind_of(about.iri) in ("technique", "category") and about.iri not in shown,
        )
        for about, said in by_concept.items()
    )
    return tuple(sorted(found, key=lambda each: (-each.critics.critics, each.about.name, each.about.iri)))
