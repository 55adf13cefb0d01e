"""Display names of resources, and texts without letter case, accents and signs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyoxigraph as ox

from filmgraph.namespaces import SCHEMA, SKOS, slug_of, slugify
from filmgraph.rows import is_iri

if TYPE_CHECKING:
    from filmgraph.stores import Store

__all__ = [
    "LABELS",
    "Named",
    "folded_text",
    "label_among",
    "labels_of",
    "language_rank",
    "texts_of",
    "values_of",
]

LABELS = (
    f"<{SCHEMA}name>",
    f"<{SKOS}prefLabel>",
    f"<{SCHEMA}alternateName>",
    f"<{SKOS}altLabel>",
    f"<{SKOS}hiddenLabel>",
)
"""The properties that name a resource, its own name first."""


@dataclass(frozen=True)
class Named:
    """A resource and its display name."""

    iri: str
    name: str


def labels_of(store: Store, resources: Iterable[str], *, known: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return the display label of each resource: its name or preferred label, English first, else its slug.

    ``known`` holds labels that need not be read again.
    """
    known = known or {}
    wanted = sorted(set(resources))
    unknown = [resource for resource in wanted if resource not in known]
    read = texts_of(store, unknown, LABELS[:2])
    return {resource: known.get(resource) or read.get(resource) or slug_of(resource) for resource in wanted}


def label_among(triples: Iterable[ox.Triple]) -> str | None:
    """Return the display label that the triples of one resource give it, as :func:`labels_of` reads it."""
    texts = (
        (language_rank(triple.object.language), triple.object.value)
        for triple in triples
        if isinstance(triple.object, ox.Literal) and f"<{triple.predicate.value}>" in LABELS[:2]
    )
    return min(texts, default=(0, None))[1]


def texts_of(store: Store, resources: Iterable[str], predicates: Sequence[str]) -> dict[str, str]:
    """Return the text that each resource has in one of some properties, given as ``<IRI>``, English first.

    A resource without one is left out. Of several texts in one language the first in the alphabet is taken, so that
    the answer is the same on every engine.
    """
    wanted = sorted(set(resources))
    best: dict[str, tuple[int, str]] = {}
    for start in range(0, len(wanted), 500):
        values = values_of(wanted[start : start + 500])
        # A path of alternatives: two VALUES would have the engine read every label there is.
        query = f"SELECT ?s ?l WHERE {{ VALUES ?s {{ {values} }} ?s {'|'.join(predicates)} ?l }}"
        for resource, text in store.select(query).terms:
            if isinstance(resource, ox.NamedNode) and isinstance(text, ox.Literal):
                found = (language_rank(text.language), text.value)
                best[resource.value] = min(best.get(resource.value, found), found)
    return {resource: text for resource, (_rank, text) in best.items()}


def values_of(resources: Iterable[str]) -> str:
    """Return resources as they stand in VALUES, sorted.

    What is no IRI is left out: where a graph has a text in the place of a resource, it must not become a part of the
    query.

    >>> values_of(["urn:b", "urn:a", "a text", "urn:x> } SERVICE <urn:y> { ?s ?p ?o } VALUES ?q { <urn:z"])
    '<urn:a> <urn:b>'
    """
    return " ".join(f"<{resource}>" for resource in sorted(resources) if is_iri(resource))


def language_rank(language: str | None) -> int:
    """Return the place of a language where one text is to be shown: English, then none, then any other.

    >>> [language_rank(language) for language in ("en", "en-GB", None, "", "de")]
    [0, 0, 1, 1, 2]
    """
    if not language:
        return 1
    return 0 if language.partition("-")[0].lower() == "en" else 2


def folded_text(text: str) -> str:
    """Return a text without letter case, accents and signs; words of other scripts than Latin keep their letters.

    >>> folded_text("Amélie!"), folded_text("Он 2"), folded_text("?")
    ('amelie', 'он 2', '?')
    """
    if text.isascii():
        return slugify(text).replace("-", " ") or text.strip().lower()
    words = (slugify(word).replace("-", " ") if _is_latin(word) else _letters(word) for word in text.split())
    return " ".join(filter(None, words)) or text.strip().casefold()


def _is_latin(word: str) -> bool:
    return all(character.isascii() or slugify(character) for character in word if character.isalpha())


def _letters(word: str) -> str:
    return "".join(character for character in word.casefold() if character.isalnum() or not character.isascii())
