"""The page of a genre and of a country: its films by year, and the craft that is typical of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from filmgraph.namespaces import SCHEMA, SKOS, slug_of
from filmgraph.pages.catalogue import Catalogue, ListedFilm, by_decade
from filmgraph.pages.parts import properties_of, text_of
from filmgraph.pages.person import Signature
from filmgraph.voices import wilson

if TYPE_CHECKING:
    from filmgraph.stores import Store

__all__ = ["GroupPage", "country_page", "genre_page"]


MOST_FILMS = 1_000
"""How many films a page shows: of more there is an index, in which they are narrowed down and turned over."""


@dataclass(frozen=True)
class GroupPage:
    """The page of a genre or country. ``kind`` says which; a country has no definition.

    ``films`` stand by year, then title: the first of all ``of`` them, where those are too many. ``typical`` holds the
    techniques that are commoner here than among all films, the most telling first: by how far the lower bound of
    Wilson's interval of their share lies from their share in all films.
    """

    iri: str
    kind: str
    label: str
    also_known_as: tuple[str, ...]
    definition: str
    films: tuple[ListedFilm, ...]
    typical: tuple[Signature, ...]
    of: int = 0

    @property
    def by_decade(self) -> tuple[tuple[str, tuple[ListedFilm, ...]], ...]:
        """The films in decades ("1990s"; "" for those without a year, which come last)."""
        return by_decade(self.films)


def genre_page(store: Store, genre: str, *, catalogue: Catalogue | None = None, most: int = 24) -> GroupPage:
    """Return the page of a genre, by IRI, with ``most`` typical techniques at the most."""
    return _page(store, genre, "genre", catalogue, most)


def country_page(store: Store, country: str, *, catalogue: Catalogue | None = None, most: int = 24) -> GroupPage:
    """Return the page of a country, by IRI, with ``most`` typical techniques at the most."""
    return _page(store, country, "country", catalogue, most)


def _page(store: Store, iri: str, kind: str, catalogue: Catalogue | None, most: int) -> GroupPage:
    catalogue = catalogue or Catalogue.of_store(store)
    own = properties_of(store, iri)
    films = catalogue.films_with(kind, iri, most=MOST_FILMS)
    every = catalogue.iris_with(kind, iri)
    label = text_of(own, SCHEMA + "name") or text_of(own, SKOS + "prefLabel") or slug_of(iri)
    return GroupPage(
        iri=iri,
        kind=kind,
        label=label,
        also_known_as=tuple(sorted(own.get(SKOS + "altLabel", []), key=str.casefold)),
        definition=text_of(own, SKOS + "definition") or "",
        films=films,
        typical=_typical(catalogue, every)[:most],
        of=len(every),
    )


def _typical(catalogue: Catalogue, films: Sequence[str]) -> tuple[Signature, ...]:
    found = [each for each in catalogue.signatures(films) if each.share > each.share_of_all]
    return tuple(
        sorted(found, key=lambda each: (each.share_of_all - wilson(each.films, each.of)[0], each.technique.iri))
    )
