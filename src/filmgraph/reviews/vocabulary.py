"""What a person may write for a concept, a stance or a film, and what is meant by it."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING

from filmgraph.errors import AmbiguousNameError, DataError, FilmgraphError, NotFoundError
from filmgraph.lookup import labels_of, resolve
from filmgraph.namespaces import FG, SKOS, kind_of, shorten, slug_of
from filmgraph.rows import printable

if TYPE_CHECKING:
    from filmgraph.stores import Store

__all__ = ["STANCES", "Vocabulary"]

STANCES = ("praise", "criticism", "mixed", "observation")
"""The stances as people write them; in the graph each begins with a capital letter."""

_LIKE_A_SLUG = re.compile(r"film:.*|[a-z0-9]+(?:-[a-z0-9]+)*-[0-9]{4}")
_LONGEST_TITLE = 200


class Vocabulary:
    """The concepts, stances and films that a claim may name, each text looked up once."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._found: dict[tuple[str, str], str | FilmgraphError] = {}

    @cached_property
    def concepts(self) -> dict[str, str]:
        """The concepts that a claim may be about (techniques, categories, aspects), IRI to label."""
        classes = " ".join(f"<{FG}{name}>" for name in ("Technique", "Category", "Aspect"))
        rows = self._store.select(f"SELECT DISTINCT ?s WHERE {{ VALUES ?class {{ {classes} }} ?s a ?class }}")
        return labels_of(self._store, sorted(str(row[0]) for row in rows))

    @cached_property
    def films(self) -> dict[str, str]:
        """The films, IRI to title."""
        rows = self._store.select(f"SELECT DISTINCT ?s WHERE {{ ?s a <{FG}Film> }}")
        return labels_of(self._store, sorted(str(row[0]) for row in rows))

    def definition(self, concept: str) -> str:
        """Return what a concept is, empty where the vocabulary does not say."""
        rows = self._store.select(f"SELECT ?d WHERE {{ <{concept}> <{SKOS}definition> ?d }}")
        return min((str(row[0]) for row in rows), default="")

    def concept(self, text: str) -> str:
        """Return the IRI of the concept that a text names: by slug, with or without its kind, label or IRI.

        Raises :class:`~filmgraph.errors.NotFoundError`, with the nearest names.
        """
        return self._once("concept", text, self._concept)

    def _concept(self, text: str) -> str:
        if text in self.concepts:
            return text
        try:
            return resolve(self._store, text, kind="concept")
        except AmbiguousNameError:
            raise
        except NotFoundError as error:
            # A claim about "the editing" is about the category.
            try:
                return resolve(self._store, text, kind="category")
            except NotFoundError:
                raise error from None

    def stance(self, text: str) -> str:
        """Return the stance that a text names, one of :data:`STANCES`.

        Raises :class:`~filmgraph.errors.NotFoundError`, with the nearest one.
        """
        from rapidfuzz import fuzz, process

        stance = text.strip().removeprefix("fg:").lower()
        if stance in STANCES:
            return stance
        near = process.extractOne(stance, STANCES, scorer=fuzz.ratio, score_cutoff=60)
        shown = printable(text.strip()[:40])
        raise NotFoundError(
            f"There is no stance {shown!r}; the stances are {', '.join(STANCES)}.", suggestions=near[:1] if near else ()
        )

    def comparisons(self, names: tuple[str, ...], *, film: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Return the films that names mean, and the titles of those that the graph lacks, each once and sorted.

        Raises :class:`~filmgraph.errors.FilmgraphError` for the reviewed film itself, for a slug of no film, and for
        what is no title.
        """
        films: set[str] = set()
        titles: set[str] = set()
        for name in names:
            found = self._film(name)
            if found == film:
                raise DataError(f"{name!r} is the reviewed film itself")
            if found:
                films.add(found)
            elif not name.isprintable() or len(name) > _LONGEST_TITLE or not any(map(str.isalnum, name)):
                raise DataError(f"{name[:40]!r} is no title of a film")
            else:
                titles.add(name)
        return tuple(sorted(films)), tuple(sorted(titles))

    def _film(self, name: str) -> str | None:
        try:
            return self._once("film", name, lambda text: resolve(self._store, text, kind="film"))
        except AmbiguousNameError:
            raise
        except NotFoundError:
            if _LIKE_A_SLUG.fullmatch(name) or kind_of(name):
                raise
            return None

    def told(self, concept: str) -> str:
        """Return a concept in words: its label, and its kind where it is no technique."""
        label, kind = self.concepts.get(concept, slug_of(concept)), kind_of(concept)
        return label if kind == "technique" else f"{label} ({kind})"

    def written(self, concept: str) -> str:
        """Return how a concept is written: its slug, with its kind where it is no technique."""
        return slug_of(concept) if kind_of(concept) == "technique" else shorten(concept)

    def _once(self, kind: str, text: str, find: Callable[[str], str]) -> str:
        key = (kind, text)
        if key not in self._found:
            try:
                self._found[key] = find(text)
            except FilmgraphError as error:
                self._found[key] = error
        found = self._found[key]
        if isinstance(found, FilmgraphError):
            raise found
        return found
