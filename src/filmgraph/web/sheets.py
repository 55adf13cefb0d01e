"""The tables that pages can be downloaded as: what a teacher screens, a person's credits, the films of a country."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import pyoxigraph as ox

from filmgraph.rows import Rows, Term, Value, is_iri

if TYPE_CHECKING:
    from filmgraph.pages import Branch, CategoryPage, FilmPage, ListedFilm, Named, PersonPage, TechniquePage, Use
    from filmgraph.pages import Term as VocabularyTerm

__all__ = ["credits_sheet", "films_sheet", "screening_sheet", "techniques_sheet", "terms_sheet", "uses_sheet"]

_SCENE = ("use", "explanation", "scene", "description", "start", "end", "spoiler")
_AND = "; "


def uses_sheet(page: FilmPage) -> Rows:
    """Return the uses of a film, one row for each scene."""
    columns = ("category", "category_label", "technique", "label", "definition", *_SCENE)
    return Rows(
        columns,
        [
            (
                _iri(use.category.iri),
                _text(use.category.name or None),
                _iri(use.technique.iri),
                _text(use.technique.name),
                _text(use.definition),
                *scene,
            )
            for use in page.uses
            for scene in _scenes(use)
        ],
    )


def screening_sheet(page: TechniquePage) -> Rows:
    """Return the scenes that show a technique or a narrower one, film by film: a screening list."""
    columns = ("film", "title", "year", "technique", "label", *_SCENE)
    return Rows(
        columns,
        [
            (
                _iri(use.film.iri),
                _text(use.film.name),
                _text(use.year),
                _iri(use.technique.iri),
                _text(use.technique.name),
                *scene,
            )
            for use in page.uses
            for scene in _scenes(use)
        ],
    )


def credits_sheet(page: PersonPage) -> Rows:
    """Return the credits of a person, one row for each role in a film."""
    rows = [
        (_text(credit.role), _iri(credit.film.iri), _text(credit.film.name), _text(credit.year))
        for credit in page.credits
    ]
    return Rows(("role", "film", "title", "year"), rows)


def films_sheet(films: Iterable[ListedFilm]) -> Rows:
    """Return films as they stand in lists, one row for each."""
    columns = ("film", "title", "year", "directors", "genres", "countries", "techniques")
    return Rows(
        columns,
        [
            (
                _iri(film.iri),
                _text(film.title),
                _text(film.year),
                _names(film.directors),
                _names(film.genres),
                _names(film.countries),
                _text(film.techniques),
            )
            for film in films
        ],
    )


def terms_sheet(terms: Iterable[VocabularyTerm]) -> Rows:
    """Return techniques as they stand in the encyclopedia, one row for each."""
    columns = ("technique", "name", "category", "also_known_as", "broader", "narrower", "films", "uses", "definition")
    return Rows(
        columns,
        [
            (
                _iri(term.iri),
                _text(term.name),
                _text(term.category.name),
                _text(_AND.join(term.also_known_as)),
                _names(term.broader),
                _names(term.narrower),
                _text(term.films),
                _text(term.uses),
                _text(term.definition),
            )
            for term in terms
        ],
    )


def techniques_sheet(page: CategoryPage) -> Rows:
    """Return the techniques of a category, one row for each place in its tree."""
    columns = ("technique", "label", "definition", "broader", "broader_label", "films", "uses")
    return Rows(columns, [row for branch in page.tree for row in _below(branch, page.iri, page.label)])


def _below(branch: Branch, broader: str, broader_label: str) -> Iterator[tuple[Term | None, ...]]:
    term = branch.term
    counts = (_text(term.films), _text(term.uses))
    yield _iri(term.iri), _text(term.name), _text(term.definition), _iri(broader), _text(broader_label), *counts
    for narrower in branch.narrower:
        yield from _below(narrower, term.iri, term.name)


def _scenes(use: Use) -> Iterator[tuple[Term | None, ...]]:
    for scene in use.scenes:
        yield (
            _iri(use.iri),
            _text(use.explanation),
            _iri(scene.iri),
            _text(scene.description),
            _text(scene.start),
            _text(scene.end),
            _text(scene.spoiler or use.spoiler),
        )


def _names(resources: Iterable[Named]) -> Term:
    return ox.Literal(_AND.join(resource.name for resource in resources))


def _iri(resource: str) -> Term | None:
    return ox.NamedNode(resource) if is_iri(resource) else None


def _text(value: Value) -> Term | None:
    return None if value is None else ox.Literal(value)
