"""Plain schema.org about what a page shows, for search engines: embedded in the page as JSON-LD.

It names no class or property of filmgraph's own, and its context is not fetched by who reads it. What the graph does
not say (actors, ratings) is not in it, and neither is a text that gives away an ending.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from filmgraph.namespaces import SCHEMA, kind_of, slug_of
from filmgraph.web.links import outside

if TYPE_CHECKING:
    from filmgraph.pages import FilmPage, Named, PersonPage, TechniquePage
    from filmgraph.web.site import Ask, Site

__all__ = ["movie", "person", "term"]

_CONTEXT = SCHEMA.rstrip("/")
_DIRECTOR, _COMPOSER = "Director", "Composer"


def movie(site: Site, ask: Ask, page: FilmPage) -> dict[str, Any]:
    """Return a film as a schema.org Movie, with the way to its page."""
    credits = dict(page.credits)
    about = {
        "@type": "Movie",
        "@id": page.iri,
        "url": _url(site, ask, page.iri),
        "name": page.title,
        "alternateName": [title for title, _language in page.other_titles],
        "datePublished": f"{page.year:04d}" if isinstance(page.year, int) and 0 < page.year < 10_000 else None,
        "duration": f"PT{page.runtime_minutes}M" if _is_length(page.runtime_minutes) else None,
        "abstract": page.abstract,
        "director": _agents(site, ask, credits.get(_DIRECTOR, ())),
        "musicBy": _agents(site, ask, credits.get(_COMPOSER, ())),
        "genre": [genre.name for genre in page.genres],
        "countryOfOrigin": [{"@type": "Country", "name": country.name} for country in page.countries],
        "keywords": [_term(site, ask, name) for name in dict.fromkeys(use.technique for use in page.uses)],
        "sameAs": [link for link in map(outside, (page.wikidata, page.imdb)) if link],
    }
    return _linked(about, _crumbs(site, ask, ("Films", "/films"), page.title))


def term(site: Site, ask: Ask, page: TechniquePage) -> dict[str, Any]:
    """Return a technique as a schema.org DefinedTerm in the set of all techniques."""
    about = {
        **_term(site, ask, page),
        "@id": page.iri,
        "alternateName": list(page.also_known_as),
        "description": page.definition,
        "termCode": slug_of(page.iri),
        "inDefinedTermSet": {
            "@type": "DefinedTermSet",
            "name": "Techniques of film craft",
            "url": _absolute(site, ask, site.links.href("/techniques")),
        },
    }
    return _linked(about, _crumbs(site, ask, ("Techniques", "/techniques"), page.label))


def person(site: Site, ask: Ask, page: PersonPage) -> dict[str, Any]:
    """Return a person, or a band or publication, as a schema.org Person or Organization."""
    is_person = kind_of(page.iri) == "person"
    about = {
        "@type": "Person" if is_person else "Organization",
        "@id": page.iri,
        "url": _url(site, ask, page.iri),
        "name": page.name,
        "hasOccupation": [
            {"@type": "Occupation", "name": role} for role in dict.fromkeys(credit.role for credit in page.credits)
        ]
        if is_person
        else [],
    }
    return _linked(about)


def _linked(*described: Mapping[str, Any]) -> dict[str, Any]:
    """Return descriptions as one document, without what is empty."""
    return {
        "@context": _CONTEXT,
        "@graph": [{name: value for name, value in each.items() if value not in (None, "", [])} for each in described],
    }


def _crumbs(site: Site, ask: Ask, above: tuple[str, str], name: str) -> dict[str, Any]:
    steps = [("filmgraph", "/"), above]
    items: list[dict[str, Any]] = [
        {
            "@type": "ListItem",
            "position": place,
            "name": label,
            "item": _absolute(site, ask, site.links.href(path)),
        }
        for place, (label, path) in enumerate(steps, start=1)
    ]
    items.append({"@type": "ListItem", "position": len(items) + 1, "name": name})
    return {"@type": "BreadcrumbList", "itemListElement": items}


def _term(site: Site, ask: Ask, named: Named | TechniquePage) -> dict[str, Any]:
    name = named.name if hasattr(named, "name") else named.label
    found = {"@type": "DefinedTerm", "name": name, "url": _url(site, ask, named.iri)}
    return {key: value for key, value in found.items() if value}


def _agents(site: Site, ask: Ask, people: Iterable[Named]) -> list[dict[str, Any]]:
    found = []
    for each in people:
        kind = "Organization" if kind_of(each.iri) == "organization" else "Person"
        url = _url(site, ask, each.iri)
        found.append({"@type": kind, "name": each.name, **({"url": url} if url else {})})
    return found


def _is_length(minutes: object) -> bool:
    return isinstance(minutes, int) and minutes > 0


def _url(site: Site, ask: Ask, iri: str) -> str | None:
    """Return the address of the page of a resource, in full."""
    path = site.links.path(iri)
    return _absolute(site, ask, path) if path else None


def _absolute(site: Site, ask: Ask, link: str) -> str:
    return ask.origin + link[len(site.links.prefix) :]
