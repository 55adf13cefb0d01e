"""The search over titles, labels, alternative labels and names: as a page, and as suggestions while somebody types."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from filmgraph.errors import QueryError
from filmgraph.namespaces import KINDS, kind_of, slug_of
from filmgraph.web.site import Ask, Page, Site, View

if TYPE_CHECKING:
    from filmgraph.lookup import Hit

__all__ = ["Found", "pages", "search"]

KINDS_SHOWN = ("film", "technique", "category", "person", "organization", "genre", "country", "aspect")
"""The kinds that are searched, in the order in which they are shown."""

_HEADINGS = dict(
    zip(
        KINDS_SHOWN,
        (
            "Films",
            "Techniques",
            "Categories",
            "People",
            "Bands, publications and groups",
            "Genres",
            "Countries",
            "Aspects of criticism",
        ),
        strict=True,
    )
)
_MOST, _MOST_SUGGESTED, _SUGGESTED = 100, 50, 10
_LONGEST = 200
_EXACT = 99.0


def pages() -> list[Page]:
    """Return the page of the search."""
    return [Page("/search", search, ("html", "json"), reads=("q", "kind", "limit"))]


@dataclass(frozen=True)
class Found:
    """A resource that was found: its name, what tells it from others, and the label that matched, if another one."""

    iri: str
    kind: str
    slug: str
    name: str
    detail: str
    matched: str
    score: float
    path: str | None


def search(site: Site, ask: Ask) -> View:
    """What a text finds, by kind, an exact hit first; without a text, what to look for."""
    text = " ".join(ask.query.get("q", "").split())
    if len(text) > _LONGEST:
        raise QueryError(f"a text to look for has {_LONGEST} characters at the most", parameter="q")
    kinds = _kinds(ask)
    if ask.form == "json":
        return View("search.html", "Search", data=_suggestions(site, ask, text, kinds))
    hits = site.graph.search_index.search(text, kinds=kinds, limit=_MOST) if text else []
    found = [_found(site, hit) for hit in hits]
    exact = found[0] if found and _is_exact(found) else None
    rest = [each for each in found if each is not exact]
    groups = [(_HEADINGS[kind], [each for each in rest if each.kind == kind]) for kind in KINDS_SHOWN]
    return View(
        "search.html",
        f"Search: {text}" if text else "Search",
        {
            "text": text,
            "exact": exact,
            "groups": [(title, members) for title, members in groups if members],
            "total": len(found),
            "is_cut": len(found) == _MOST,
            "near": [] if found or not text else _near(site, text, kinds),
            "starts": _starts(site),
        },
        summary="Search films, techniques and people, forgiving of accents and typing errors.",
    )


def _is_exact(found: Sequence[Found]) -> bool:
    """Whether the first is what the text names, and no other is."""
    return found[0].score >= _EXACT and (len(found) == 1 or found[1].score < found[0].score)


def _kinds(ask: Ask) -> tuple[str, ...]:
    kinds = tuple(dict.fromkeys(filter(None, ask.query.getlist("kind"))))
    for kind in kinds:
        if kind not in KINDS:
            raise QueryError(f"there is no kind {kind[:40]!r}; the kinds are {', '.join(KINDS)}", parameter="kind")
    return kinds or KINDS_SHOWN


def _suggestions(site: Site, ask: Ask, text: str, kinds: Sequence[str]) -> dict[str, Any]:
    """Return what a text finds for a program, or in a static build all that can be found."""
    if site.settings.is_static:
        return {"names": _all_names(site, kinds)}
    limit = ask.query.get("limit") or str(_SUGGESTED)
    if not (limit.isascii() and limit.isdecimal() and len(limit) <= 4 and 1 <= int(limit) <= _MOST_SUGGESTED):
        raise QueryError(f"is a whole number from 1 to {_MOST_SUGGESTED}", parameter="limit")
    most = int(limit)
    hits = site.graph.search_index.suggest(text, kinds=kinds, limit=most) if text else []
    if text and len(hits) < most:
        # Who mistypes is helped, too; but first comes what begins as the text does.
        there = {hit.iri for hit in hits}
        more = site.graph.search_index.search(text, kinds=kinds, limit=most)
        hits = [*hits, *(hit for hit in more if hit.iri not in there)][:most]
    return {"text": text, "total": len(hits), "hits": [_found(site, hit) for hit in hits]}


def _found(site: Site, hit: Hit) -> Found:
    return Found(
        iri=hit.iri,
        kind=hit.kind,
        slug=slug_of(hit.iri),
        name=hit.name,
        detail=_detail(site, hit.iri, hit.kind),
        matched="" if hit.matched == hit.name else hit.matched,
        score=hit.score,
        path=site.links.path(hit.iri),
    )


def _detail(site: Site, iri: str, kind: str) -> str:
    """Return what tells a resource from others of its name."""
    if kind == "film" and (film := site.graph.catalogue.film(iri)):
        parts = [str(film.year or ""), ", ".join(director.name for director in film.directors)]
        return " · ".join(filter(None, parts))
    if kind == "technique" and (term := site.graph.vocabulary.terms.get(iri)):
        return term.category.name
    return {"organization": "band, publication or group", "aspect": "aspect of criticism"}.get(kind, kind)


def _near(site: Site, text: str, kinds: Sequence[str]) -> list[Found]:
    """Return what a part of a text finds, where the whole of it finds nothing: the longest word that does."""
    for word in sorted(set(text.split()), key=lambda word: (-len(word), word)):
        if hits := site.graph.search_index.search(word, kinds=kinds, limit=5):
            return [_found(site, hit) for hit in hits]
    return []


def _starts(site: Site) -> list[tuple[str, str, str]]:
    """Return (name, link, what is there) of places to begin at."""
    films, techniques = len(site.graph.catalogue), len(site.graph.vocabulary.techniques)
    starts = [
        ("All films", "/films", f"{films:,}, by decade, country, genre, craft and director"),
        ("All techniques", "/techniques", f"{techniques:,}, by category, with definitions"),
        ("A to Z", "/techniques/a-z", "every name of a technique, those that critics use among them"),
        ("Queries", "/queries", "questions that the graph answers"),
    ]
    return [(name, site.links.href(path), what) for name, path, what in starts]


def _all_names(site: Site, kinds: Sequence[str]) -> list[dict[str, Any]]:
    """Return all that can be found, with the other labels of each, for a browser to search in by itself."""
    index = site.graph.search_index
    return [
        {
            "kind": kind,
            "name": index.names[iri],
            "detail": _detail(site, iri, kind),
            "also": [label.text for label in index.labels.of[iri] if label.text != index.names[iri]],
            "path": site.links.path(iri),
        }
        for iri in sorted(index.labels.of)
        if (kind := kind_of(iri) or "") in kinds
    ]
