"""From what people write to the resource they mean: slug, CURIE, IRI or label; and search, with "did you mean"."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyoxigraph as ox

from filmgraph.errors import AmbiguousNameError, NotFoundError
from filmgraph.namespaces import FG, KINDS, SCHEMA, SKOS, expand, iri, kind_of, shorten, slug_of, slugify
from filmgraph.rows import printable

if TYPE_CHECKING:
    from filmgraph.stores import Store

__all__ = ["Hit", "labels_of", "language_rank", "resolve", "search", "texts_of"]

_LABELS = (
    f"<{SCHEMA}name>",
    f"<{SKOS}prefLabel>",
    f"<{SCHEMA}alternateName>",
    f"<{SKOS}altLabel>",
    f"<{SKOS}hiddenLabel>",
)
_KINDS_OF_TYPE: dict[str, tuple[str, ...]] = {
    "concept": ("technique", "aspect"),
    "person": ("person", "organization"),
    "iri": KINDS,
}
_LONGEST_NAME = 300
_NOT_IN_IRI = re.compile(r'[\x00-\x20<>"{}|^`\\]')


@dataclass(frozen=True)
class Hit:
    """A resource that a search found: its IRI, its name, the label that matched, and how well (0 to 100)."""

    iri: str
    name: str
    matched: str
    score: float

    @property
    def kind(self) -> str:
        """The kind of the resource."""
        return kind_of(self.iri) or ""


def resolve(store: Store, text: str, *, kind: str | None = None) -> str:
    """Return the IRI of the resource that a text means: a slug, CURIE, IRI or label, in any letter case.

    ``kind`` is a kind of resource, ``concept`` for a technique or an aspect, or None for any kind. A person may
    also be an organization, such as a band that wrote a score.

    Raises :class:`~filmgraph.errors.NotFoundError`, with the nearest names, where nothing bears the name, and
    :class:`~filmgraph.errors.AmbiguousNameError` where several resources do.
    """
    wanted = text.strip()
    kinds = _KINDS_OF_TYPE.get(kind or "iri", (kind or "iri",))
    if not wanted or len(wanted) > _LONGEST_NAME:
        raise NotFoundError(
            f"A {kind or 'name'} needs a slug, CURIE, IRI or label of at most {_LONGEST_NAME} characters."
        )
    found = _by_identifier(store, wanted, kinds) or _by_label(store, wanted, kinds)
    if len(found) == 1:
        return found[0]
    shown = printable(wanted)
    if found:
        names = [slug_of(resource) if len(kinds) == 1 else shorten(resource) for resource in found[:6]]
        raise AmbiguousNameError(f"{shown!r} is the name of {len(found)} resources.", suggestions=names)
    near = [printable(f"{slug_of(hit.iri)} ({hit.name})") for hit in search(store, wanted, kinds=kinds, limit=3)]
    raise NotFoundError(f"There is no {kind or 'resource'} {shown!r} in this graph.", suggestions=near)


def _by_identifier(store: Store, text: str, kinds: Sequence[str]) -> list[str]:
    slug = text.lower()
    candidates = [iri(kind, slug) for kind in kinds if re.fullmatch(r"[a-z0-9]+(-{1,2}[a-z0-9]+)*", slug)]
    expanded = expand(text) or expand(slug) or (text if _is_iri(text) else None)
    if expanded and (kind_of(expanded) in kinds or tuple(kinds) == KINDS):
        candidates += [expanded, expanded.lower()] if kind_of(expanded) else [expanded]
    return [candidate for candidate in dict.fromkeys(candidates) if store.ask(_known(candidate))]


def _is_iri(text: str) -> bool:
    if "://" not in text or _NOT_IN_IRI.search(text):
        return False
    try:
        ox.NamedNode(text)
    except ValueError:
        return False
    return True


def _known(candidate: str) -> str:
    """Return the ASK for an IRI: one of the graph's own must be described, another one only be named."""
    named = "" if kind_of(candidate) else f" UNION {{ ?s ?p <{candidate}> }}"
    return f"ASK {{ {{ <{candidate}> ?p ?o }}{named} }}"


def _by_label(store: Store, text: str, kinds: Sequence[str]) -> list[str]:
    """Return the resources that bear a label; a name counts before an alternative one."""
    folded = _folded(text)
    labelled = [(rank, resource, _folded(label)) for resource, label, rank in _labelled(store, kinds)]
    matches = [(rank, resource) for rank, resource, label in labelled if label == folded]
    with_year = re.fullmatch(r"(?P<title>.+?)[\s,]*\(?(?P<year>[0-9]{4})\)?", text)
    if not matches and with_year:
        title, ending = _folded(with_year["title"]), re.compile(rf"-{with_year['year']}(--[0-9]+)?$")
        matches = [
            (rank, resource)
            for rank, resource, label in labelled
            if label == title and kind_of(resource) == "film" and ending.search(slug_of(resource))
        ]
    if not matches:
        return []
    best = min(rank for rank, _ in matches)
    return sorted({resource for rank, resource in matches if rank == best})


def search(store: Store, text: str, *, kinds: Collection[str] = KINDS, limit: int = 10) -> list[Hit]:
    """Return the resources whose labels are nearest to a text, best first.

    Titles, labels, alternative labels and names are compared without regard to letter case and accents, by
    rapidfuzz's weighted ratio. ``score`` is from 0 to 100; below 60 nothing is returned.
    """
    from rapidfuzz import fuzz, process

    labelled = _labelled(store, kinds)
    wanted = _folded(text)
    scored = process.extract(
        wanted, [_folded(label) for _, label, _ in labelled], scorer=fuzz.WRatio, limit=limit * 8, score_cutoff=60
    )
    best: dict[str, tuple[float, str]] = {}
    for _folded_label, score, place in scored:
        resource, label, _rank = labelled[place]
        length_penalty = min(abs(len(label) - len(wanted)), 20) / 100
        found = (-round(score - length_penalty, 3), label)
        best[resource] = min(best.get(resource, found), found)
    nearest = sorted(best, key=lambda resource: (best[resource][0], resource))[: max(limit, 0)]
    names = labels_of(store, nearest)
    return [Hit(resource, names[resource], best[resource][1], -best[resource][0]) for resource in nearest]


def labels_of(store: Store, resources: Iterable[str]) -> dict[str, str]:
    """Return the display label of each resource: its name or preferred label, English first, else its slug."""
    wanted = sorted(set(resources))
    return {**{resource: slug_of(resource) for resource in wanted}, **texts_of(store, wanted, _LABELS[:2])}


def texts_of(store: Store, resources: Iterable[str], predicates: Sequence[str]) -> dict[str, str]:
    """Return the text that each resource has in one of some properties, given as ``<IRI>``, English first.

    A resource without one is left out. Of several texts in one language the first in the alphabet is taken, so that
    the answer is the same on every engine.
    """
    wanted = sorted(set(resources))
    best: dict[str, tuple[int, str]] = {}
    for start in range(0, len(wanted), 500):
        values = " ".join(f"<{resource}>" for resource in wanted[start : start + 500])
        # A path of alternatives: two VALUES would have the engine read every label there is.
        query = f"SELECT ?s ?l WHERE {{ VALUES ?s {{ {values} }} ?s {'|'.join(predicates)} ?l }}"
        for resource, text in store.select(query).terms:
            if isinstance(resource, ox.NamedNode) and isinstance(text, ox.Literal):
                found = (language_rank(text.language), text.value)
                best[resource.value] = min(best.get(resource.value, found), found)
    return {resource: text for resource, (_rank, text) in best.items()}


def language_rank(language: str | None) -> int:
    """Return the place of a language where one text is to be shown: English, then none, then any other.

    >>> [language_rank(language) for language in ("en", "en-GB", None, "", "de")]
    [0, 0, 1, 1, 2]
    """
    if not language:
        return 1
    return 0 if language.partition("-")[0].lower() == "en" else 2


def _labelled(store: Store, kinds: Collection[str]) -> list[tuple[str, str, int]]:
    """Return (resource, label, rank) of all labels of resources of some kinds; rank 0 is the name."""
    classes = sorted({name for kind in kinds for name in _CLASSES.get(kind, ())})
    if not classes:
        return []
    types = " ".join(f"<{name}>" for name in classes)
    predicates = " ".join(f"({predicate} {max(0, place - 1)})" for place, predicate in enumerate(_LABELS))
    query = (
        f"SELECT DISTINCT ?s ?l ?rank WHERE {{ VALUES ?type {{ {types} }} ?s a ?type . "
        f"VALUES (?p ?rank) {{ {predicates} }} ?s ?p ?l }}"
    )
    rows = [(str(resource), str(label), int(str(rank))) for resource, label, rank in store.select(query)]
    return sorted(row for row in rows if kind_of(row[0]) in kinds)


_CLASSES: dict[str, tuple[str, ...]] = {
    "film": (FG + "Film",),
    "technique": (FG + "Technique",),
    "category": (FG + "Category",),
    "person": (SCHEMA + "Person", FG + "Critic"),
    "organization": (SCHEMA + "Organization", FG + "Publication"),
    "genre": (FG + "Genre",),
    "country": (SCHEMA + "Country",),
    "aspect": (FG + "Aspect",),
    "review": (FG + "Review",),
}


def _folded(text: str) -> str:
    return slugify(text).replace("-", " ") or text.casefold()
