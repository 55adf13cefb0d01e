"""From what people write to the resource they mean: slug, CURIE, IRI or label, with "did you mean"."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import pyoxigraph as ox

from filmgraph.errors import AmbiguousNameError, NotFoundError
from filmgraph.lookup.names import values_of
from filmgraph.lookup.scoring import LONGEST_NAME
from filmgraph.namespaces import DCTERMS, KINDS, expand, iri, kind_of, shorten, slug_of
from filmgraph.rows import is_iri, plain, printable

if TYPE_CHECKING:
    from filmgraph.lookup.searching import Hit, SearchIndex
    from filmgraph.stores import Store

__all__ = ["BearingOf", "kinds_meant", "resolve"]

BearingOf = Callable[[str, Sequence[str]], Sequence[tuple[int, str]]]
"""Returns who of some kinds bears a folded label: the rank of the label, and the resource."""

_KINDS_OF_TYPE: dict[str, tuple[str, ...]] = {
    "concept": ("technique", "aspect", "category"),
    "person": ("person", "organization"),
    "iri": KINDS,
}


def kinds_meant(kind: str) -> tuple[str, ...]:
    """Return the kinds of resource that a name may be of, where one of some kind or type of parameter is wanted.

    >>> kinds_meant("person"), kinds_meant("film")
    (('person', 'organization'), ('film',))
    """
    return _KINDS_OF_TYPE.get(kind, (kind,))


def resolve(
    store: Store,
    text: str,
    *,
    kind: str | None = None,
    index: SearchIndex | None = None,
    bearing: BearingOf | None = None,
) -> str:
    """Return the IRI of the resource that a text means: a slug, CURIE or label in any letter case, or an IRI.

    ``kind`` is a kind of resource, ``concept`` for a technique, an aspect or a category, or None for any kind. A
    person may also be an organization, such as a band that wrote a score. A resource that was replaced
    (``dcterms:isReplacedBy``) leads to the one that took its place. ``index`` spares reading the labels again; without
    one ``bearing`` says who of some kinds bears a folded label, where that is known without reading them all.

    Raises :class:`~filmgraph.errors.NotFoundError`, with the nearest names, where nothing bears the name, and
    :class:`~filmgraph.errors.AmbiguousNameError` where several resources do.
    """
    wanted = text.strip() if isinstance(text, str) else ""
    kinds = kinds_meant(kind or "iri")
    if not wanted or len(wanted) > LONGEST_NAME:
        raise NotFoundError(
            f"A {kind or 'name'} needs a slug, CURIE, IRI or label of at most {LONGEST_NAME} characters."
        )
    found = _found(store, wanted, kinds, index, bearing)
    if len(found) == 1 and _is_one_of(found[0], kinds):
        return found[0]
    shown = printable(wanted)
    if len(found) > 1:
        names = [slug_of(resource) if len(kinds) == 1 else shorten(resource) for resource in found[:6]]
        raise AmbiguousNameError(f"{shown!r} is the name of {len(found)} resources.", suggestions=names)
    iri_of = expand(wanted.lower()) or wanted
    hits = _nearest(store, slug_of(iri_of) if kind_of(iri_of) else wanted, kinds, index)
    near = [printable(f"{slug_of(hit.iri)} ({hit.name})") for hit in hits]
    other = found or _found(store, wanted, [each for each in KINDS if each not in kinds], index, bearing)
    if other and kind:
        message = f"{shown!r} is {_of_another_kind(other[0], kind)}."
    else:
        message = f"There is no {kind or 'resource'} {shown!r} in this graph."
    raise NotFoundError(message, suggestions=near)


def _found(
    store: Store, text: str, kinds: Sequence[str], index: SearchIndex | None, bearing: BearingOf | None
) -> list[str]:
    """Return the resources that a text means, each one that was replaced by what took its place, sorted."""
    found = _by_identifier(store, text, kinds) or _by_label(store, text, kinds, index, bearing)
    if not found:
        return []
    current = _current(store, found)
    return sorted({new for resource in found for new in current[resource] or [resource]})


def _current(store: Store, resources: Sequence[str]) -> dict[str, list[str]]:
    """Return for each resource what took its place in the end, as a rule nothing.

    Where replacements go round in a circle there is no end, and the resource stands for itself. They are followed step
    by step: to follow a path of a predicate that a graph does not have is an error to Virtuoso.
    """
    steps: dict[str, set[str]] = {}
    ahead = set(resources)
    while named := values_of(ahead):
        rows = store.select(f"SELECT ?old ?new WHERE {{ VALUES ?old {{ {named} }} ?old <{DCTERMS}isReplacedBy> ?new }}")
        found: dict[str, set[str]] = {resource: set() for resource in ahead}
        ends = set(ahead)
        for old, new in rows.terms:
            ends.discard(str(plain(old)))
            found[str(plain(old))].update([new.value] if isinstance(new, ox.NamedNode) else [])
        # Nothing took the place of an end: what leads to it leads no further.
        steps.update((resource, {resource} if resource in ends else news) for resource, news in found.items())
        ahead = {new for news in found.values() for new in news} - steps.keys()
    current = {}
    for resource in resources:
        reached, left = {resource}, {resource}
        while left:
            left = {new for name in left for new in steps.get(name, ())} - reached
            reached |= left
        current[resource] = sorted(name for name in reached - {resource} if steps.get(name) == {name})
    return current


def _is_one_of(resource: str, kinds: Sequence[str]) -> bool:
    return kind_of(resource) in kinds or tuple(kinds) == KINDS


def _of_another_kind(resource: str, wanted: str) -> str:
    """Return what a resource is that was taken for another kind: "a category, not a technique; …"."""
    kind = kind_of(resource) or "resource"
    told = f"{_with_article(kind)}, not {_with_article(_WANTED.get(wanted, wanted))}; its name is {shorten(resource)}"
    if kind == "category" and "technique" in kinds_meant(wanted):
        told += f", and the query techniques-of-category category={slug_of(resource)} lists its techniques"
    return told


def _with_article(noun: str) -> str:
    return f"{'an' if noun[0] in 'aeio' else 'a'} {noun}"


_WANTED = {"concept": "technique, aspect or category"}


def _by_identifier(store: Store, text: str, kinds: Sequence[str]) -> list[str]:
    slug = text.lower()
    candidates = [iri(kind, slug) for kind in kinds if re.fullmatch(r"[a-z0-9]+(-{1,2}[a-z0-9]+)*", slug)]
    expanded = expand(text) or expand(slug) or (text if _is_iri(text) else None)
    if expanded and _is_one_of(expanded, kinds):
        candidates += [expanded, expanded.lower()] if kind_of(expanded) else [expanded]
    found = [candidate for candidate in dict.fromkeys(candidates) if store.ask(_known(candidate))]
    # An IRI that is written as it stands means itself, although another may differ from it by letter case alone.
    return [expanded] if expanded in found else found


def _is_iri(text: str) -> bool:
    return "://" in text and is_iri(text)


def _known(candidate: str) -> str:
    """Return the ASK for an IRI: one of the graph's own must be described, another one only be named."""
    named = "" if kind_of(candidate) else f" UNION {{ ?s ?p <{candidate}> }}"
    return f"ASK {{ {{ <{candidate}> ?p ?o }}{named} }}"


def _by_label(
    store: Store, text: str, kinds: Sequence[str], index: SearchIndex | None, bearing: BearingOf | None
) -> list[str]:
    from filmgraph.lookup.labels import Labels, called

    if bearing is not None and index is None:
        of_kinds = bearing
        return called(lambda folded: of_kinds(folded, kinds), text, kinds)
    labels = index.labels if index else Labels(store, kinds)
    return labels.called(text, kinds)


def _nearest(store: Store, text: str, kinds: Sequence[str], index: SearchIndex | None) -> list[Hit]:
    # What searching needs is imported where something was not found.
    from filmgraph.lookup.searching import SearchIndex

    return (index or SearchIndex(store, kinds)).search(text, kinds=kinds, limit=3)
