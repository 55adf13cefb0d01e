"""The page about the data: how much there is of everything, and where."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from filmgraph import stores
from filmgraph.lookup import labels_of
from filmgraph.pages.parts import Named
from filmgraph.queries import with_prefixes

if TYPE_CHECKING:
    from filmgraph.pages.catalogue import Catalogue
    from filmgraph.pages.vocabulary import Vocabulary
    from filmgraph.stores import Store

__all__ = ["AboutPage", "CategoryCoverage", "Share", "about_page", "counts"]


MOST_DECADES = 40
"""How many decades are shown without a gap: where a year is a mistake there would be no end of empty ones."""


@dataclass(frozen=True)
class Share:
    """How many films a decade, country or genre has, and their share of all films. ``key`` stands in addresses."""

    key: str
    name: str
    films: int
    share: float
    iri: str | None = None


@dataclass(frozen=True)
class CategoryCoverage:
    """How many techniques, uses and films a category has, and the films' share of all."""

    category: Named
    techniques: int
    uses: int
    films: int
    share: float


@dataclass(frozen=True)
class AboutPage:
    """Counts, coverage by decade, country, genre and category, and the critics whose claims are most.

    ``decades`` go on from the first to the last, those without a film included. ``critics`` and ``publications`` hold
    name and number of accepted claims, most first.
    """

    counts: tuple[tuple[str, int], ...]
    decades: tuple[Share, ...]
    countries: tuple[Share, ...]
    genres: tuple[Share, ...]
    categories: tuple[CategoryCoverage, ...]
    critics: tuple[tuple[Named, int], ...]
    publications: tuple[tuple[Named, int], ...]
    films_with_claims: int


def counts(store: Store) -> dict[str, int]:
    """Return how many of each thing a store holds; what was counted of a large disk store is kept beside it."""
    from filmgraph.arrays import once_counted

    found: dict[str, int] = once_counted(store, "counts-1", lambda: _counts(store))
    return found


def _counts(store: Store) -> dict[str, int]:
    # A store of this machine never gives the same twice for one pattern; to see to that takes room and time.
    each = "?x" if isinstance(store, stores.LocalStore) else "DISTINCT ?x"
    found = {
        label: _count(store, f"(COUNT({'DISTINCT ?x' if '?film' in things else each}) AS ?n) WHERE {{ {things} }}")
        for label, things in _COUNTED.items()
    }
    return {**found, "triples": _count(store, "(COUNT(*) AS ?n) WHERE { ?x ?p ?o }")}


def _count(store: Store, what: str) -> int:
    return int(str(next(iter(store.select(with_prefixes(f"SELECT {what}"))))[0]))


_COUNTED = {
    "films": "?x a fg:Film",
    "techniques": "?x a fg:Technique",
    "categories": "?x a fg:Category",
    "technique uses": "?x a fg:TechniqueUse",
    "scenes": "?x a fg:SceneExample",
    "people": "?x a schema:Person",
    "critics": "?x a fg:Critic",
    "reviews": "?x a fg:Review",
    "accepted claims": "?x a fg:ReviewClaim ; fg:status fg:Accepted",
    "genres": "?x a fg:Genre",
    "countries": "?film schema:countryOfOrigin ?x",
}


def about_page(
    store: Store, *, catalogue: Catalogue | None = None, vocabulary: Vocabulary | None = None, most: int = 24
) -> AboutPage:
    """Return the page about the data, with ``most`` critics and publications at the most."""
    from filmgraph.arrays import once_counted
    from filmgraph.pages.catalogue import Catalogue
    from filmgraph.pages.vocabulary import Vocabulary

    catalogue = catalogue or Catalogue.of_store(store)
    vocabulary = vocabulary or Vocabulary.of_store(store, arrays=catalogue.arrays)
    of = max(len(catalogue), 1)
    techniques = Counter(term.category.iri for term in vocabulary.techniques)
    heard = once_counted(store, f"heard-{most}-1", lambda: _heard(store, most))
    return AboutPage(
        counts=tuple(counts(store).items()),
        decades=_every_decade(_shares(catalogue, "decade")),
        countries=_shares(catalogue, "country"),
        genres=_shares(catalogue, "genre"),
        categories=tuple(
            CategoryCoverage(term.category, techniques[term.iri], term.uses, term.films, term.films / of)
            for term in vocabulary.categories
        ),
        critics=_named(store, heard["critics"]),
        publications=_named(store, heard["publications"]),
        films_with_claims=heard["films"],
    )


def _heard(store: Store, most: int) -> dict[str, Any]:
    told = "?c fg:status fg:Accepted ; fg:aboutFilm ?f"
    return {
        "critics": _with_most_claims(store, "schema:author", most),
        "publications": _with_most_claims(store, "schema:publisher", most),
        "films": _count(store, f"(COUNT(DISTINCT ?f) AS ?n) WHERE {{ {told} }}"),
    }


def _shares(catalogue: Catalogue, facet: str) -> tuple[Share, ...]:
    of = max(len(catalogue), 1)
    return tuple(
        Share(value.key, value.name, value.films, value.films / of, value.iri) for value in catalogue.shares(facet)
    )


def _every_decade(decades: tuple[Share, ...]) -> tuple[Share, ...]:
    """Return decades with those between them in which there is no film."""
    if not decades:
        return ()
    there = {int(each.key.removesuffix("s")): each for each in decades}
    between = range(min(there), max(there) + 1, 10)
    if len(between) > MOST_DECADES:
        return decades
    return tuple(there.get(year) or Share(f"{year}s", f"{year}s", 0, 0.0) for year in between)


def _with_most_claims(store: Store, role: str, most: int) -> list[tuple[str, int]]:
    rows = store.select(
        with_prefixes(
            f"SELECT ?who (COUNT(DISTINCT ?c) AS ?n) WHERE {{ ?c fg:status fg:Accepted ; fg:claimedIn ?r . "
            f"?r {role} ?who FILTER(isIRI(?who)) }} GROUP BY ?who ORDER BY DESC(?n) STR(?who) LIMIT {most}"
        )
    )
    return [(str(who), int(str(number))) for who, number in rows if who is not None]


def _named(store: Store, found: Sequence[tuple[str, int]]) -> tuple[tuple[Named, int], ...]:
    names = labels_of(store, (who for who, _ in found))
    return tuple((Named(who, names[who]), number) for who, number in found)
