"""The pages of resources: each answers at the path of its IRI, as a page and as data."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pyoxigraph as ox

from filmgraph.errors import QueryError
from filmgraph.namespaces import BASE, slug_of
from filmgraph.pages import FILMS_A_PAGE, resource_page, telling, topics
from filmgraph.web import linked, sheets
from filmgraph.web.kinds import FORMS_OF_KIND, STATIC_FORMS_OF_KIND
from filmgraph.web.links import place_of
from filmgraph.web.negotiation import RDF_FORMS
from filmgraph.web.partial import Part, number_in
from filmgraph.web.site import DATA_READS, Ask, MovedError, Page, Site, View

if TYPE_CHECKING:
    from filmgraph.pages import FilmPage, GroupPage, PersonPage

__all__ = ["any_resource", "category", "country", "film", "genre", "pages", "person", "resource", "review", "technique"]

_SIMILAR = 6
_TOLD_OF_A_USE = 3
_FILMS_AS_DATA = 1_000
"""How many films of a technique are in one answer with data, where there are more."""
_FORMS_OF_ANY = ("html", *RDF_FORMS, "json")


def pages() -> list[Page]:
    """Return the pages of resources, and the page of any IRI."""
    own: dict[str, Callable[[Site, Ask], View]] = {
        "film": film,
        "technique": technique,
        "category": category,
        "person": person,
        "organization": person,
        "genre": genre,
        "country": country,
        "review": review,
    }
    found = [
        Page(
            f"/{kind}/{{slug}}",
            own.get(kind, resource),
            forms,
            kind=kind,
            static_forms=STATIC_FORMS_OF_KIND[kind],
            reads=(*DATA_READS, "page") if kind == "technique" else DATA_READS,
        )
        for kind, forms in FORMS_OF_KIND.items()
    ]
    return [*found, Page("/resource", any_resource, _FORMS_OF_ANY, in_static=False)]


def film(site: Site, ask: Ask) -> View:
    """The page of a film."""
    iri = site.resource("film", ask.slug)
    page = site.graph.film(iri)
    similar = site.graph.similar(iri, limit=_SIMILAR) if ask.form == "html" else ()
    return View(
        "film.html",
        f"{page.title} ({page.year})" if page.year else page.title,
        {"film": page, "similar": similar, **_told_of_film(page)} if ask.form == "html" else {},
        summary=page.abstract,
        data=page,
        rows=lambda: sheets.uses_sheet(page),
        iri=iri,
        linked=linked.movie(site, ask, page) if ask.form == "html" else None,
    )


def _told_of_film(page: FilmPage) -> dict[str, object]:
    """Return the claims to tell first beside each use, by its IRI, and what critics say, topic by topic."""
    elsewhere = {claim.iri for use in page.uses for claim in use.noticed}
    return {
        "told": {use.iri: telling(use.noticed, _TOLD_OF_A_USE) for use in page.uses if use.noticed},
        "topics": topics(page.heard, page.claims, elsewhere=elsewhere),
    }


def technique(site: Site, ask: Ask) -> View:
    """The page of a technique."""
    iri = site.resource("technique", ask.slug)
    size = FILMS_A_PAGE if ask.form == "html" else _FILMS_AS_DATA
    page = site.graph.technique(iri, page=number_in(ask.query, "page"), size=size)

    def link(number: int) -> str:
        return site.links.href(ask.path, page=number if number > 1 else None, spoilers=1 if ask.spoilers else None)

    shown = {
        "technique": page,
        "topics": topics(page.heard, page.claims, by="film"),
        "page_link": link,
        "films_a_page": size,
    }
    return View(
        "technique.html",
        page.label,
        shown if ask.form == "html" else {},
        summary=page.definition,
        data=page,
        rows=lambda: sheets.screening_sheet(page),
        iri=iri,
        linked=linked.term(site, ask, page) if ask.form == "html" else None,
        part=Part(page.portion.page, page.portion.pages, page.portion.of) if page.portion else None,
    )


def category(site: Site, ask: Ask) -> View:
    """The page of a category."""
    iri = site.resource("category", ask.slug)
    page = site.graph.category(iri)
    return View(
        "category.html",
        page.label,
        {"category": page},
        summary=page.definition,
        data=page,
        rows=lambda: sheets.techniques_sheet(page),
        iri=iri,
    )


def person(site: Site, ask: Ask) -> View:
    """The page of a person, band or publication."""
    iri = site.resource(ask.path.strip("/").split("/")[0], ask.slug)
    page = site.graph.person(iri)
    return View(
        "person.html",
        page.name,
        {"person": page},
        summary=_about_person(page),
        data=page,
        rows=lambda: sheets.credits_sheet(page),
        iri=iri,
        linked=linked.person(site, ask, page) if ask.form == "html" else None,
    )


def _about_person(page: PersonPage) -> str:
    roles = list(dict.fromkeys(credit.role.lower() for credit in page.credits))
    films = len({credit.film.iri for credit in page.credits})
    parts = [f"{', '.join(roles)} of {_counted(films, 'film')} here"] if films else []
    if page.claims:
        parts.append(f"critic with {_counted(len(page.claims), 'claim')} about craft")
    return f"{page.name}: {'; '.join(parts)}." if parts else page.name


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def genre(site: Site, ask: Ask) -> View:
    """The page of a genre."""
    return _group(site, ask, "genre")


def country(site: Site, ask: Ask) -> View:
    """The page of a country."""
    return _group(site, ask, "country")


def _group(site: Site, ask: Ask, kind: str) -> View:
    iri = site.resource(kind, ask.slug)
    page = site.graph.genre(iri) if kind == "genre" else site.graph.country(iri)
    return View(
        f"{kind}.html",
        page.label,
        {kind: page, "group": page},
        summary=page.definition
        or f"{_counted(page.of, 'film')} from {page.label}, and the craft that is typical of them.",
        data=page,
        rows=lambda: sheets.films_sheet(page.films),
        iri=iri,
        part=_index_of(page),
    )


def _index_of(page: GroupPage) -> Part:
    """Return where the films of a group go on: in the index of films, which has them in the same order."""
    size = max(len(page.films), 1)
    query = {page.kind: slug_of(page.iri), "sort": "year", "size": size}
    return Part(1, -(-page.of // size), page.of, query, "/films")


def review(site: Site, ask: Ask) -> View:
    """The page of a review."""
    iri = site.resource("review", ask.slug)
    page = site.graph.review(iri)
    by = " in ".join(named.name for named in (page.critic, page.publication) if named) or "an unsigned review"
    return View(
        "review.html",
        f"{page.film.name}: {by}",
        {"review": page},
        summary=f"What {by} says of the craft of {page.film.name}.",
        data=page,
        iri=iri,
    )


def resource(site: Site, ask: Ask) -> View:
    """The page of a use, scene, claim, passage, aspect, activity or agent."""
    return _any(site, site.resource(ask.path.strip("/").split("/")[0], ask.slug))


def any_resource(site: Site, ask: Ask) -> View:
    """The page of any IRI that the graph says something about, named in the query: ``/resource?iri=…``.

    What has a path of its own is there.
    """
    iri = ask.query.get("iri", "").strip()
    if not iri:
        raise QueryError("say with iri= which resource is meant, by its IRI")
    try:
        ox.NamedNode(iri)
    except ValueError:
        raise QueryError(f"{iri[:80]!r} is no IRI") from None
    place = place_of(iri.partition("#")[0]) if iri.startswith(BASE) else None
    if place and (path := site.links.path(iri)):
        raise MovedError(path, status=302, iri=iri, with_query=False)
    return _any(site, iri)


def _any(site: Site, iri: str) -> View:
    page = resource_page(site.graph.store, iri)
    kind = page.kind or "resource"
    of = f" of {page.film.name}" if page.film else ""
    return View("resource.html", page.label, {"resource": page}, summary=f"A {kind}{of}.", data=page, iri=iri)
