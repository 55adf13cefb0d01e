"""The pages that lead from film to film: two films side by side, the paths between them, and what to watch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import pyoxigraph as ox

from filmgraph.errors import NotFoundError, QueryError
from filmgraph.lookup import labels_of
from filmgraph.paths import KIND_WEIGHTS
from filmgraph.recommend import METHODS
from filmgraph.rows import is_iri
from filmgraph.web.negotiation import RDF_FORMS
from filmgraph.web.picks import NOTHING, Pick, meant_links, pick, picks
from filmgraph.web.site import Ask, Page, Site, View

if TYPE_CHECKING:
    from filmgraph.paths import Path
    from filmgraph.recommend import Recommendation

__all__ = ["METHOD_LABELS", "PATH_KINDS", "Taste", "compare", "pages", "path", "recommend", "recommendation_view"]

PATH_KINDS = (*KIND_WEIGHTS, "via")
"""The kinds of path that may be kept to."""
METHOD_LABELS = dict(
    zip(METHODS, ("The craft they share", "The whole graph: craft, people, critics, genre"), strict=True)
)
"""Method of recommendation to what it is called."""

_ANSWERS, _MOST_ANSWERS = 10, 50
_PATHS, _MOST_PATHS = 8, 30
_REASONS = 3


def pages() -> list[Page]:
    """Return the pages that lead from film to film."""
    return [
        Page("/compare", compare, ("html", "json"), in_static=False),
        Page("/path", path, ("html", *RDF_FORMS, "json"), in_static=False),
        Page("/recommend", recommend, ("html", "json"), kept=False, in_static=False),
    ]


def compare(site: Site, ask: Ask) -> View:
    """Two films side by side."""
    chosen = _ends(site, ask, ask.query.getlist("film"), "film=her-2013&film=playtime-1967")
    values: dict[str, Any] = {"picks": chosen, "comparison": None, "same": _are_same(chosen)} | _links(site)
    title, summary = "Compare two films", "Which craft two films share, how each uses it, and what sets them apart."
    first, second = (each.film for each in chosen)
    if not first or not second or values["same"]:
        return View("compare.html", title, values, summary=summary)
    comparison = site.graph.compare(first.iri, second.iri)
    return View(
        "compare.html",
        f"{first.title} and {second.title}",
        {**values, "comparison": comparison},
        summary=f"How {first.title} and {second.title} use the craft they share, and what sets them apart.",
        data=comparison,
    )


def path(site: Site, ask: Ask) -> View:
    """The paths between two films, every step with its triples."""
    ends = [ask.query.get("from", ""), ask.query.get("to", "")]
    chosen = _ends(site, ask, ends, "from=her-2013&to=lost-in-translation-2003")
    kinds = list(dict.fromkeys(filter(None, ask.query.getlist("kind"))))
    unknown = [kind for kind in kinds if kind not in PATH_KINDS]
    if unknown:
        raise QueryError(f"there is no kind of path {unknown[0][:40]!r}: they are {', '.join(PATH_KINDS)}")
    values: dict[str, Any] = {"picks": chosen, "kinds": kinds, "all_kinds": PATH_KINDS, "same": _are_same(chosen)}
    values |= _links(site)
    title, summary = "The path between two films", "Why two films belong together, step by step, with the triples."
    first, second = (each.film for each in chosen)
    if not first or not second or values["same"]:
        return View("path.html", title, {**values, "paths": None, "names": {}}, summary=summary)
    limit = _number(ask, "limit", _PATHS, _MOST_PATHS)
    found = site.graph.path(first.iri, second.iri, limit=limit, kinds=kinds or None)
    names = labels_of(site.graph.store, {end for path in found for edge in path.edges for end in _nodes(edge)})
    return View(
        "path.html",
        f"From {first.title} to {second.title}",
        {**values, "paths": found, "names": names},
        summary=found[0].reason if found else f"Nothing joins {first.title} and {second.title}.",
        data=found,
        triples=lambda: _triples(found),
    )


def _nodes(edge: Any) -> tuple[str, str]:
    return edge.source, edge.target


def _triples(paths: Sequence[Path]) -> list[ox.Triple]:
    """Return the triples that paths stand on, each once, but for those of what has no IRI."""
    found = dict.fromkeys(triple for path in paths for triple in path.triples if all(map(is_iri, triple)))
    return [ox.Triple(*(ox.NamedNode(part) for part in triple)) for triple in found]


@dataclass(frozen=True)
class Taste:
    """What somebody likes, dislikes and has seen, and how many answers they want by which method."""

    likes: tuple[Pick, ...] = ()
    dislikes: tuple[Pick, ...] = ()
    seen: tuple[str, ...] = ()
    method: str = METHODS[0]
    limit: int = _ANSWERS

    @property
    def liked(self) -> list[str]:
        """The films that are liked, by IRI."""
        return [each.film.iri for each in self.likes if each.film]

    @property
    def disliked(self) -> list[str]:
        """The films that are disliked, by IRI, but for those that are liked as well."""
        liked = set(self.liked)
        return [each.film.iri for each in self.dislikes if each.film and each.film.iri not in liked]

    @property
    def both(self) -> list[str]:
        """The titles of films that are liked and disliked."""
        liked = set(self.liked)
        return [each.film.title for each in self.dislikes if each.film and each.film.iri in liked]


def recommend(site: Site, ask: Ask) -> View:
    """What to watch, for what is liked and disliked."""
    method = ask.query.get("method") or METHODS[0]
    if method not in METHODS:
        raise QueryError(f"the methods are {', '.join(METHODS)}", parameter="method")
    taste = Taste(
        tuple(picks(site, ask.query.getlist("like"))),
        tuple(picks(site, ask.query.getlist("dislike"))),
        method=method,
        limit=_number(ask, "limit", _ANSWERS, _MOST_ANSWERS),
    )
    if ask.form != "html":
        _refuse_wrong((*taste.likes, *taste.dislikes))
        if not taste.liked:
            raise QueryError("name what you like: ?like=her-2013&like=playtime-1967&dislike=jaws-1975")
        if taste.both:
            raise QueryError(f"{taste.both[0]!r} is both liked and disliked: name it once")
    return recommendation_view(site, taste)


def recommendation_view(site: Site, taste: Taste, **values: Any) -> View:
    """Return the page of what to watch for a taste; ``values`` tell of an upload."""
    answers: list[Recommendation] = []
    if taste.liked:
        answers = site.graph.recommender.recommend(
            taste.liked,
            disliked=taste.disliked,
            seen=taste.seen,
            method=taste.method,
            limit=taste.limit,
            reasons=_REASONS,
        )
    upload = values.get("upload")
    return View(
        "recommend.html",
        "What to watch",
        {
            "taste": taste,
            "answers": [(answer, _against(site, answer)) for answer in answers],
            "methods": list(METHOD_LABELS.items()),
            "upload": None,
            "error": "",
            "empty_pick": NOTHING,
            **_links(site),
            **values,
        },
        summary="Films to watch next, for those that you like and dislike, each with its reasons.",
        data={
            "method": taste.method,
            "liked": taste.liked,
            "disliked": taste.disliked,
            "answers": answers,
            **({"upload": upload} if upload else {}),
        },
    )


def _against(site: Site, answer: Recommendation) -> list[str]:
    """Return what stands against an answer, in words: a technique once, with the films that have it."""
    by_technique: dict[str, list[str]] = {}
    for objection in answer.against:
        by_technique.setdefault(objection.technique, []).append(objection.film)
    names = labels_of(site.graph.store, {*by_technique, *(film for films in by_technique.values() for film in films)})
    return [
        f"Against it: {names[technique].lower()}, as in {' and '.join(names[film] for film in films)}."
        for technique, films in by_technique.items()
    ]


def _ends(site: Site, ask: Ask, typed: Sequence[str], example: str) -> tuple[Pick, Pick]:
    """Return the two films that are picked; data is refused where they are none, the page asks for them."""
    given = list(filter(None, map(str.strip, typed)))
    if len(given) > 2:
        raise QueryError("name two films")
    texts = list(typed)[:2] if len(typed) >= 2 else [*typed, "", ""][:2]
    first, second = (pick(site, text) if text.strip() else Pick("") for text in texts)
    if ask.form != "html":
        if len(given) < 2:
            raise QueryError(f"name two films: ?{example}")
        _refuse_wrong((first, second))
        if _are_same((first, second)):
            raise QueryError("name two different films")
    return first, second


def _links(site: Site) -> dict[str, Any]:
    """Return the function that templates call for links to what was perhaps meant."""
    return {"meant": partial(meant_links, site)}


def _are_same(chosen: Sequence[Pick]) -> bool:
    first, second = chosen
    return bool(first.film and first.film == second.film)


def _refuse_wrong(chosen: Sequence[Pick]) -> None:
    for each in chosen:
        if each.error:
            raise NotFoundError(each.error, suggestions=[near.iri.rsplit("/", 1)[-1] for near in each.meant])


def _number(ask: Ask, name: str, usual: int, most: int) -> int:
    text = ask.query.get(name) or str(usual)
    if not (text.isascii() and text.isdecimal() and len(text) <= 4 and 1 <= int(text) <= most):
        raise QueryError(f"is no whole number from 1 to {most}", parameter=name)
    return int(text)
