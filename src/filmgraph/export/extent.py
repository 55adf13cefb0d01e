"""What one resource means as a document, and the whole graph."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, TypeGuard

import pyoxigraph as ox

from filmgraph.errors import NotFoundError, ResultTooLargeError
from filmgraph.export.order import is_iri, triple_key
from filmgraph.namespaces import FG, SCHEMA, SKOS, kind_of, shorten

if TYPE_CHECKING:
    from filmgraph.stores import Store

__all__ = ["neighbourhood", "whole"]

_BATCH = 500
_ACCEPTED = f"<{FG}status> <{FG}Accepted>"
_LABELS = f"<{SCHEMA}name>, <{SKOS}prefLabel>"


def _claims(pattern: str) -> tuple[str, str]:
    """Return the patterns of accepted claims, ``?s`` in a pattern, and of the passages they stand on."""
    claim = pattern.replace("?s", "?claim")
    return f"{pattern} ; {_ACCEPTED}", f"{claim} ; {_ACCEPTED} ; <{FG}evidence> ?s"


_BY_CRITIC = f"VALUES ?by {{ <{SCHEMA}author> <{SCHEMA}publisher> }} ?review ?by $this"
_OF_CRITIC = (
    f"VALUES ?by {{ <{SCHEMA}author> <{SCHEMA}publisher> }} ?s ?by $this",
    *(f"{_BY_CRITIC} . {pattern}" for pattern in _claims(f"?s <{FG}claimedIn> ?review")),
)
_PARTS: dict[str, tuple[str, ...]] = {
    "film": (
        f"?s <{FG}film> $this",
        f"?use <{FG}film> $this ; <{FG}scene> ?s",
        f"?s <{SCHEMA}itemReviewed> $this",
        *_claims(f"?s <{FG}aboutFilm> $this"),
    ),
    "technique": (f"?s <{FG}technique> $this", f"?use <{FG}technique> $this ; <{FG}scene> ?s"),
    "person": _OF_CRITIC,
    "organization": _OF_CRITIC,
    "review": _claims(f"?s <{FG}claimedIn> $this"),
    "aspect": _claims(f"?s <{FG}aboutAspect> $this"),
    "category": _claims(f"?s <{FG}aboutAspect> $this"),
    "use": (f"$this <{FG}scene> ?s",),
    "scene": (f"?s <{FG}scene> $this",),
    "claim": (f"$this <{FG}evidence> ?s",),
    "passage": (f"?s <{FG}evidence> $this ; {_ACCEPTED}",),
}
"""Kind of resource to the patterns of what is described whole together with it."""

_POINTERS: dict[str, str] = {
    "technique": f"VALUES ?p {{ <{SKOS}broader> <{SKOS}related> }} ?s ?p $this",
    "category": f"VALUES ?p {{ <{SKOS}broader> }} ?s ?p $this",
    # What the class is asked of comes last: an engine that began with all films would be long at it.
    "person": f"?s ?p $this . ?s a ?class FILTER(?class = <{FG}Film>)",
    "organization": f"?s ?p $this . ?s a ?class FILTER(?class = <{FG}Film>)",
    "genre": f"VALUES ?p {{ <{SCHEMA}genre> }} ?s ?p $this",
    "country": f"VALUES ?p {{ <{SCHEMA}countryOfOrigin> }} ?s ?p $this",
}
"""Kind of resource to the pattern of the triples that point at it from what is only named with it."""


def neighbourhood(store: Store, iri: str, *, most: int | None = None) -> list[ox.Triple]:
    """Return what one resource means as a document, sorted.

    A film comes with its uses, scenes, reviews, accepted claims and their passages; a technique with its uses and
    scenes, and the links to what is narrower; a person or an organization with credits, reviews and accepted claims;
    a genre or country with its films. Whatever else these name comes with its type and label alone.

    Raises :class:`~filmgraph.errors.NotFoundError` where the graph says nothing about the resource, and
    :class:`~filmgraph.errors.ResultTooLargeError` where the document takes in more than ``most`` other resources.

    >>> from filmgraph.stores import MemoryStore
    >>> store = MemoryStore()
    >>> store.update('''
    ...     PREFIX fg: <https://w3id.org/filmgraph/ontology#> PREFIX schema: <https://schema.org/>
    ...     BASE <https://w3id.org/filmgraph/>
    ...     INSERT DATA { <film/her-2013> a fg:Film ; schema:name "Her" ; schema:genre <genre/drama> .
    ...                   <genre/drama> <http://www.w3.org/2004/02/skos/core#prefLabel> "Drama"@en ; fg:other 1 }''')
    >>> len(neighbourhood(store, "https://w3id.org/filmgraph/film/her-2013"))
    4
    """
    try:
        this = str(ox.NamedNode(iri))
    except ValueError as error:
        raise NotFoundError(f"{iri!r} is no IRI.") from error
    kind = kind_of(iri) or ""
    found = set(store.describe(iri))
    if not found:
        raise NotFoundError(f"There is nothing about {shorten(iri)} in this graph.")
    described = {iri}
    if parts := " } UNION { ".join(_PARTS.get(kind, ())).replace("$this", this):
        rows = store.select(f"SELECT DISTINCT ?s WHERE {{ {{ {parts} }} }}", most=_beyond(most))
        _check(len(rows), most)
        described.update(term.value for (term,) in rows.terms if is_iri(term))
    for values in _batches(described - {iri}):
        found.update(store.construct(f"CONSTRUCT {{ ?s ?p ?o }} WHERE {{ VALUES ?s {{ {values} }} ?s ?p ?o }}"))
    if kind in _POINTERS:
        pattern = _POINTERS[kind].replace("$this", this)
        if most is not None:
            _check(len(store.select(f"SELECT ?s WHERE {{ {pattern} }}", most=_beyond(most))), most)
        found.update(store.construct(f"CONSTRUCT {{ ?s ?p {this} }} WHERE {{ {pattern} }}"))
    named = {term.value for triple in found for term in (triple.subject, triple.object) if _is_resource(term)}
    for values in _batches(named - described):
        found.update(
            store.construct(
                # With a second VALUES the engine would join these with every label there is.
                f"CONSTRUCT {{ ?s ?p ?label ; a ?type }} WHERE {{ VALUES ?s {{ {values} }} ?s ?p ?label "
                f"FILTER(?p IN ({_LABELS})) OPTIONAL {{ ?s a ?type }} }}"
            )
        )
    return sorted(found, key=triple_key)


def _beyond(most: int | None) -> int | None:
    """Return how many resources are enough to know that there are too many."""
    return None if most is None else most + 1


def _check(found: int, most: int | None) -> None:
    if most is not None and found > most:
        raise ResultTooLargeError(
            f"this document would take in more than {most:,} other resources: ask for parts of it with SPARQL, or take "
            "the whole graph"
        )


def whole(store: Store) -> list[ox.Triple]:
    """Return all triples of a store, sorted."""
    return sorted(store.construct("CONSTRUCT { ?s ?p ?o } WHERE { ?s ?p ?o }"), key=triple_key)


def _is_resource(term: Any) -> TypeGuard[ox.NamedNode]:
    """Whether a term is an IRI of the graph; others, such as Wikidata's, have no label here to look for."""
    return is_iri(term) and kind_of(term.value) is not None


def _batches(resources: Iterable[str]) -> list[str]:
    wanted = sorted(resources)
    return [
        " ".join(f"<{resource}>" for resource in wanted[start : start + _BATCH])
        for start in range(0, len(wanted), _BATCH)
    ]
