"""The page of a category."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from filmgraph.namespaces import SKOS
from filmgraph.pages.catalogue import Catalogue, ListedFilm
from filmgraph.pages.parts import Named, properties_of, text_of
from filmgraph.pages.vocabulary import Branch, Vocabulary

if TYPE_CHECKING:
    from filmgraph.stores import Store

__all__ = ["CategoryPage", "FilmOfCategory", "category_page"]


@dataclass(frozen=True)
class FilmOfCategory:
    """A film with the techniques of a category that it uses."""

    film: ListedFilm
    techniques: tuple[Named, ...]


@dataclass(frozen=True)
class CategoryPage:
    """The page of a category: what it is, its techniques as a tree, and the films that use most of them.

    ``films`` counts all films with a use in it, ``top`` holds those that use most of its techniques.
    """

    iri: str
    label: str
    also_known_as: tuple[str, ...]
    definition: str
    scope_note: str | None
    tree: tuple[Branch, ...]
    techniques: int
    uses: int
    films: int
    top: tuple[FilmOfCategory, ...]


def category_page(
    store: Store,
    category: str,
    *,
    vocabulary: Vocabulary | None = None,
    catalogue: Catalogue | None = None,
    most: int = 24,
) -> CategoryPage:
    """Return the page of a category, by IRI, with ``most`` films at the most; what is not given is read."""
    catalogue = catalogue or Catalogue.of_store(store)
    vocabulary = vocabulary or Vocabulary.of_store(store, arrays=catalogue.arrays)
    branch = vocabulary.branch(category)
    own = [term for term in vocabulary.techniques if term.category.iri == category]
    names = {term.iri: Named(term.iri, term.name) for term in own}
    return CategoryPage(
        iri=category,
        label=branch.term.name,
        also_known_as=branch.term.also_known_as,
        definition=branch.term.definition,
        scope_note=text_of(properties_of(store, category), SKOS + "scopeNote"),
        tree=branch.narrower,
        techniques=len(own),
        uses=branch.term.uses,
        films=branch.term.films,
        top=tuple(
            FilmOfCategory(film, tuple(sorted((names[iri] for iri in used), key=_by_name)))
            for film, used in catalogue.films_using(names, most=most)
        ),
    )


def _by_name(named: Named) -> tuple[str, str]:
    return named.name.casefold(), named.iri
