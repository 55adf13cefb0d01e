"""Films that somebody picks: from what they typed to the film, or to the films that they may have meant."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from filmgraph.errors import AmbiguousNameError, NotFoundError, QueryError
from filmgraph.namespaces import iri, slug_of

if TYPE_CHECKING:
    from filmgraph.pages import ListedFilm
    from filmgraph.web.site import Site

__all__ = ["LONGEST_TITLE", "MOST_PICKS", "NOTHING", "Pick", "meant_links", "pick", "picks", "picks_of", "title_of"]

MOST_PICKS = 50
"""The most films of one sort in an address."""
LONGEST_TITLE = 200
"""The longest text that is looked for as a title."""

_NEAR = 5


@dataclass(frozen=True)
class Pick:
    """What was typed, the film that it means, or what is wrong with it and the films that were perhaps meant."""

    typed: str
    film: ListedFilm | None = None
    error: str = ""
    meant: tuple[ListedFilm, ...] = ()

    @property
    def shown(self) -> str:
        """What stands in the field: title and year of the film, or what was typed."""
        return title_of(self.film) if self.film else self.typed

    @property
    def slug(self) -> str:
        """The slug of the film, for addresses; what was typed where it means none."""
        return slug_of(self.film.iri) if self.film else self.typed


def title_of(film: ListedFilm) -> str:
    """Return the title and year of a film."""
    return film.title if film.year is None else f"{film.title} ({film.year})"


def pick(site: Site, text: str) -> Pick:
    """Return the film that a slug, title, or title with year means."""
    typed = " ".join(text.split())
    if len(typed) > LONGEST_TITLE:
        return Pick(f"{typed[:LONGEST_TITLE]}…", error=f"A title has {LONGEST_TITLE} characters at the most.")
    catalogue = site.graph.catalogue
    known = catalogue.film(iri("film", typed))
    if known:
        return Pick(typed, known)
    try:
        film = catalogue.film(site.graph.resolve(typed, kind="film"))
    except AmbiguousNameError as error:
        meant = (catalogue.film(iri("film", slug)) for slug in error.suggestions)
        return Pick(typed, error=f"There are several films “{typed}”.", meant=tuple(filter(None, meant)))
    except NotFoundError:
        film = None
    if film:
        return Pick(typed, film)
    hits = site.graph.search_index.search(typed, kinds=("film",), limit=_NEAR)
    meant = (catalogue.film(hit.iri) for hit in hits)
    return Pick(typed, error=f"There is no film “{typed}” in this graph.", meant=tuple(filter(None, meant)))


def picks(site: Site, texts: Iterable[str]) -> list[Pick]:
    """Return the films that texts mean, each once, the empty ones left out.

    Raises :class:`~filmgraph.errors.QueryError` where there are more than :data:`MOST_PICKS`.
    """
    typed = list(dict.fromkeys(filter(None, map(str.strip, texts))))
    if len(typed) > MOST_PICKS:
        raise QueryError(f"pick {MOST_PICKS} films at the most")
    found: dict[str, Pick] = {}
    for text in typed:
        picked = pick(site, text)
        found.setdefault(picked.slug, picked)
    return list(found.values())


def picks_of(site: Site, films: Iterable[str]) -> list[Pick]:
    """Return films, by IRI, as picks."""
    catalogue = site.graph.catalogue
    return [Pick(slug_of(film.iri), film) for film in map(catalogue.film, films) if film]


NOTHING = Pick("")
"""An empty field."""


def meant_links(
    site: Site, path: str, name: str, wrong: Pick, among: Sequence[str | None] | None = None, /, **query: object
) -> list[tuple[ListedFilm, str]]:
    """Return the films that were perhaps meant, each with the link that puts it in the place of what was typed.

    ``among`` holds all values of a parameter that is repeated, with None where the film goes; where there is no None it
    takes the place of what was typed.
    """
    links = []
    for film in wrong.meant:
        slug = slug_of(film.iri)
        typed = None if among is None or None in among else wrong.slug
        values: object = slug if among is None else [slug if value == typed else value for value in among]
        links.append((film, site.links.href(path, **{**query, name: values})))
    return links
