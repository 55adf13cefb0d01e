"""From what people write to the resource they mean: slug, CURIE, IRI or label; and search, with "did you mean"."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from filmgraph.errors import AmbiguousNameError, NotFoundError
from filmgraph.namespaces import FG, KINDS, SCHEMA, SKOS, expand, iri, kind_of, shorten, slug_of, slugify
from filmgraph.rows import printable

if TYPE_CHECKING:
    from filmgraph.stores import Store

__all__ = ["Hit", "labels_of", "resolve", "search"]

_LABELS = (
    f"<{SCHEMA}name>",
    f"<{SKOS}prefLabel>",
    f"<{SCHEMA}alternateName>",
    f"<{SKOS}altLabel>",
    f"<{SKOS}hiddenLabel>",
)
_NAMES = " ".join(_LABELS[:2])
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
    candidates = [iri(kind, text) for kind in kinds if re.fullmatch(r"[a-z0-9]+(-{1,2}[a-z0-9]+)*", text)]
    expanded = expand(text) or (text if "://" in text and not _NOT_IN_IRI.search(text) else None)
    if expanded and (kind_of(expanded) in kinds or tuple(kinds) == KINDS):
        candidates.append(expanded)
    return [candidate for candidate in candidates if store.ask(f"ASK {{ <{candidate}> ?p ?o }}")]


def _by_label(store: Store, text: str, kinds: Sequence[str]) -> list[str]:
    """Return the resources that bear a label; a name counts before an alternative one."""
    folded = _folded(text)
    matches = [(rank, resource) for resource, label, rank in _labelled(store, kinds) if _folded(label) == folded]
    if not matches:
        with_year = re.fullmatch(r"(?P<title>.+?)\s*\(?(?P<year>[0-9]{4})\)?", text)
        if with_year and "film" in kinds:
            slug = iri("film", f"{slugify(with_year['title'])}-{with_year['year']}")
            return [slug] if store.ask(f"ASK {{ <{slug}> ?p ?o }}") else []
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
    names = {resource: label for resource, label, rank in labelled if rank == 0}
    wanted = _folded(text)
    scored = process.extract(
        wanted, [_folded(label) for _, label, _ in labelled], scorer=fuzz.WRatio, limit=limit * 8, score_cutoff=60
    )
    best: dict[str, Hit] = {}
    for _folded_label, score, place in scored:
        resource, label, _rank = labelled[place]
        length_penalty = min(abs(len(label) - len(wanted)), 20) / 100
        hit = Hit(resource, names.get(resource, label), label, round(score - length_penalty, 3))
        if resource not in best or best[resource].score < hit.score:
            best[resource] = hit
    return sorted(best.values(), key=lambda hit: (-hit.score, hit.iri))[:limit]


def labels_of(store: Store, resources: Iterable[str]) -> dict[str, str]:
    """Return the display label of each resource: its name or preferred label, else its slug."""
    wanted = sorted(set(resources))
    labels = {resource: slug_of(resource) for resource in wanted}
    for start in range(0, len(wanted), 500):
        values = " ".join(f"<{resource}>" for resource in wanted[start : start + 500])
        query = (
            f"SELECT ?s ?l WHERE {{ VALUES ?s {{ {values} }} VALUES ?p {{ {_NAMES} }} ?s ?p ?l }} "
            f"ORDER BY DESC(STR(?l)) DESC(LANG(?l))"
        )
        labels.update((str(resource), str(label)) for resource, label in store.select(query))
    return labels


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
