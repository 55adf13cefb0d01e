"""The pages to browse: the way in, the index of films with its facets, and the encyclopedia of techniques."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from filmgraph.errors import QueryError
from filmgraph.lookup import folded_text
from filmgraph.namespaces import iri
from filmgraph.pages import FACETS, SORTS, Branch, Letter, by_decade, counts
from filmgraph.web.partial import Part, number_in
from filmgraph.web.sheets import films_sheet, terms_sheet
from filmgraph.web.site import Ask, Page, Site, View

if TYPE_CHECKING:
    from filmgraph.pages import CatalogueView, Facet, FacetValue, ListedFilm, Term
    from filmgraph.recommend import Recommendation

__all__ = ["MOST_AS_DATA", "Example", "FilmLinks", "films", "home", "pages", "techniques", "techniques_by_letter"]

SORT_LABELS = dict(zip(SORTS, ("Title", "Oldest first", "Newest first", "Most techniques"), strict=True))
"""Order of films to what it is called."""

_DECADE = re.compile(r"[0-9]{3}0")
MOST_AS_DATA = 2_000
"""How many films one answer with data holds; of more it says where it goes on."""
_SIZE = 48
_SHOWN, _ALL_SHOWN = 24, 2_000
_MOST_VALUES = 60
_LONGEST_TEXT = 200
_FEATURED = 12
_OPENING = iri("film", "her-2013")
_QUESTIONS = ("films-combining-techniques", "scenes-to-screen", "contested-craft", "director-signature")


def pages() -> list[Page]:
    """Return the pages to browse."""
    return [
        Page("/", home, reads=()),
        Page("/films", films, ("html", "json", "csv"), reads=(*FACETS, "q", "sort", "page", "size", "all", "exact")),
        Page("/techniques", techniques, ("html", "json", "csv"), reads=("q", "exact")),
        Page("/techniques/a-z", techniques_by_letter, reads=("q",)),
    ]


@dataclass(frozen=True)
class Example:
    """A worked reason: a film, another that is like it, and why."""

    film: ListedFilm
    other: ListedFilm
    recommendation: Recommendation


def home(site: Site, ask: Ask) -> View:
    """The way in: what there is, by category; a film of each of the last decades; and one reason, worked out."""
    graph = site.graph
    vocabulary = graph.vocabulary
    of_category = [term.category.iri for term in vocabulary.techniques]
    featured = graph.catalogue.richest_of_decades(_FEATURED)
    return View(
        "home.html",
        "Film craft, with reasons",
        {
            "counts": counts(graph.store),
            "categories": [(term, of_category.count(term.iri)) for term in vocabulary.categories],
            "films": featured,
            "example": _example(site, featured),
            "questions": [graph.library[name] for name in _QUESTIONS if name in graph.library.names],
        },
        summary="Which films use which techniques, how, in which scene, and what critics claim about it. "
        "Every answer can be checked.",
    )


def _example(site: Site, featured: Sequence[ListedFilm]) -> Example | None:
    """Return the first reason that a film gives for another."""
    catalogue = site.graph.catalogue
    opening = catalogue.film(_OPENING)
    for film in ([opening] if opening else []) + list(featured):
        for found in site.graph.similar(film.iri, limit=1):
            other = catalogue.film(found.film)
            if found.paths and other:
                return Example(film, other, found)
    return None


@dataclass(frozen=True)
class FilmLinks:
    """The links of the index of films: each keeps what is chosen, and changes one thing."""

    site: Site
    view: CatalogueView
    opened: str = ""

    def without(self, facet: Facet, value: FacetValue) -> str:
        """Return the link that takes a value away."""
        return self._link(facet.name, [key for key in self._keys(facet.name) if key != value.key])

    def toggled(self, facet: Facet, value: FacetValue) -> str:
        """Return the link that adds a value, or takes it away where it is chosen."""
        if value.chosen:
            return self.without(facet, value)
        if self.site.settings.is_static:
            return self.site.links.path(value.iri) or ("#main" if value.iri else f"#{value.key}")
        return self._link(facet.name, [*self._keys(facet.name), value.key])

    def opening(self, facet: Facet) -> str:
        """Return the link that shows all values of a facet."""
        return self._link(all=facet.name) + f"#facet-{facet.name}"

    def page(self, number: int) -> str:
        """Return the link to another page."""
        return self._link(page=number if number > 1 else None)

    def sorted(self, order: str) -> str:
        """Return the link to another order."""
        return self._link(sort=order)

    def without_text(self) -> str:
        """Return the link that takes the text away."""
        return self._link(q=None)

    def kept(self, *names: str) -> list[tuple[str, str]]:
        """Return what a form has to send along, but for what it asks itself: (name, value) of hidden fields."""
        found = [(name, key) for name in FACETS for key in self._keys(name)]
        found += [("q", self.view.text), ("sort", self._sort())]
        return [(name, value) for name, value in found if value and name not in names]

    def _link(self, facet: str = "", keys: Sequence[str] = (), **changes: object) -> str:
        query: dict[str, object] = {name: list(keys) if name == facet else self._keys(name) for name in FACETS}
        query |= {"q": self.view.text, "sort": self._sort(), "all": self.opened} | changes
        if query["sort"] == SORTS[0]:
            query["sort"] = None
        return self.site.links.href("/films", **query)

    def _keys(self, facet: str) -> list[str]:
        return [value.key for each, value in self.view.chosen if each.name == facet]

    def _sort(self) -> str:
        return self.view.sort if self.view.sort != SORTS[0] else ""


def films(site: Site, ask: Ask) -> View:
    """The index of films, narrowed by facets and a text."""
    chosen = {name: list(dict.fromkeys(filter(None, ask.query.getlist(name)))) for name in FACETS}
    chosen["decade"] = [f"{key}s" if _DECADE.fullmatch(key) else key for key in chosen["decade"]]
    if sum(map(len, chosen.values())) > _MOST_VALUES:
        raise QueryError(f"choose {_MOST_VALUES} values at the most")
    text = _text(ask)
    is_static = site.settings.is_static
    sort = ask.query.get("sort") or ("year" if is_static and ask.form == "html" else SORTS[0])
    if sort not in SORTS:
        raise QueryError(f"films are sorted by {', '.join(SORTS)}", parameter="sort")
    opened = ask.query.get("all", "")
    if opened and opened not in FACETS:
        raise QueryError(f"the facets are {', '.join(FACETS)}", parameter="all")
    size, page = _part(ask)
    view = site.graph.catalogue.select(
        chosen,
        text=text,
        sort=sort,
        page=page,
        size=None if is_static else size,
        most=_ALL_SHOWN if opened or is_static else _SHOWN,
    )
    if size == MOST_AS_DATA and view.pages == 1:
        view = replace(view, size=None)
    facets = [(facet, _shown(facet, opened == facet.name or is_static)) for facet in view.facets]
    links = FilmLinks(site, view, opened)
    return View(
        "films.html",
        _films_title(view),
        {
            "films": view,
            "by_decade": by_decade(view.films),
            "facets": facets,
            "links": links,
            "opened": opened,
            "sorts": SORT_LABELS,
        },
        summary=f"{view.of:,} films, to be chosen by decade, country, genre, category, technique and director.",
        data=view,
        rows=lambda: films_sheet(view.films),
        part=Part(view.page, view.pages, view.total, {"size": size}),
    )


def _part(ask: Ask) -> tuple[int, int]:
    """Return how many films are on a page, and which page is wanted; as data all of them are, up to a number."""
    if ask.form == "html" or (ask.form == "json" and "page" in ask.query and "size" not in ask.query):
        return _SIZE, number_in(ask.query, "page")
    if "size" not in ask.query:
        return MOST_AS_DATA, 1
    return min(max(number_in(ask.query, "size"), 1), MOST_AS_DATA), number_in(ask.query, "page")


def _shown(facet: Facet, is_open: bool) -> tuple[list[FacetValue], int]:
    """Return the values of a facet that are shown, and how many are not."""
    if is_open:
        return list(facet.values), facet.more
    shown = [value for place, value in enumerate(facet.values) if place < _SHOWN or value.chosen]
    return shown, facet.more + len(facet.values) - len(shown)


def _films_title(view: CatalogueView) -> str:
    chosen = ", ".join(value.name for _, value in view.chosen)
    return f"Films: {chosen}" if chosen else "Films"


def techniques(site: Site, ask: Ask) -> View:
    """The encyclopedia of techniques as a tree by category."""
    vocabulary = site.graph.vocabulary
    text = _text(ask)
    found = [term for term in vocabulary.techniques if _is_met(term, text)]
    kept = {term.iri for term in found}
    tree = [pruned for branch in vocabulary.tree if (pruned := _pruned(branch, kept if text else None))]
    return View(
        "techniques.html",
        "Techniques",
        {"tree": tree, "text": text, "found": len(found), "of": len(vocabulary.techniques), "by_letter": False},
        summary=f"{len(vocabulary.techniques)} techniques of film craft, with definitions, and films that use them.",
        data={"text": text, "categories": vocabulary.categories, "techniques": found},
        rows=lambda: terms_sheet(found),
    )


def techniques_by_letter(site: Site, ask: Ask) -> View:
    """The encyclopedia of techniques from A to Z, with cross references from their other names."""
    vocabulary = site.graph.vocabulary
    text = _text(ask)
    letters = []
    for letter in vocabulary.letters:
        entries = tuple(entry for entry in letter.entries if not text or _holds(entry.label, text))
        if entries:
            letters.append(Letter(letter.letter, entries))
    found = sum(len(letter.entries) for letter in letters)
    of = sum(len(letter.entries) for letter in vocabulary.letters)
    return View(
        "techniques.html",
        "Techniques from A to Z",
        {"letters": letters, "text": text, "found": found, "of": of, "by_letter": True},
        summary="All names of techniques, from A to Z, those that critics use among them.",
    )


def _pruned(branch: Branch, kept: set[str] | None) -> Branch | None:
    """Return a branch with what is kept and what leads there, None where nothing is."""
    if kept is None:
        return branch
    narrower = tuple(pruned for each in branch.narrower if (pruned := _pruned(each, kept)))
    return Branch(branch.term, narrower, branch.again) if narrower or branch.term.iri in kept else None


def _is_met(term: Term, text: str) -> bool:
    return not text or any(_holds(label, text) for label in (term.name, *term.also_known_as))


def _holds(label: str, text: str) -> bool:
    """Whether each word of a text begins a word of a label."""
    words = folded_text(label).split()
    return all(any(word.startswith(wanted) for word in words) for wanted in folded_text(text).split())


def _text(ask: Ask) -> str:
    """Return the text that is looked for; raises :class:`~filmgraph.errors.QueryError` where it is too long."""
    text = " ".join(ask.query.get("q", "").split())
    if len(text) > _LONGEST_TEXT:
        raise QueryError(f"a text to look for has {_LONGEST_TEXT} characters at the most", parameter="q")
    return text
