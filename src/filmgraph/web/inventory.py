"""Which resources of a graph have a page of their own, by kind."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from filmgraph.namespaces import BASE, DCTERMS, KINDS, kind_of
from filmgraph.web.links import place_of

if TYPE_CHECKING:
    from filmgraph.stores import Store

__all__ = ["Inventory", "inventory_of"]


@dataclass(frozen=True)
class Inventory:
    """The resources of a graph by IRI, sorted.

    ``placed`` holds those with a path of their own, by kind; ``moved`` those of them that were replaced; ``unplaced``
    those of the graph's kinds whose slug makes no path.
    """

    placed: Mapping[str, tuple[str, ...]]
    moved: frozenset[str]
    unplaced: tuple[str, ...]


def inventory_of(store: Store) -> Inventory:
    """Read which resources a store describes.

    >>> from filmgraph.stores import MemoryStore
    >>> store = MemoryStore()
    >>> store.update("INSERT DATA { <https://w3id.org/filmgraph/film/her-2013> <https://schema.org/name> 'Her' }")
    >>> inventory_of(store).placed["film"]
    ('https://w3id.org/filmgraph/film/her-2013',)
    """
    rows = store.select(f'SELECT DISTINCT ?s WHERE {{ ?s ?p ?o FILTER(isIRI(?s) && STRSTARTS(STR(?s), "{BASE}")) }}')
    placed: dict[str, list[str]] = {kind: [] for kind in KINDS}
    unplaced = []
    for iri in sorted(str(row[0]) for row in rows):
        kind = kind_of(iri)
        if kind is None:
            continue
        if "#" not in iri and place_of(iri):
            placed[kind].append(iri)
        else:
            unplaced.append(iri)
    replaced = store.select(f"SELECT DISTINCT ?s WHERE {{ ?s <{DCTERMS}isReplacedBy> ?o FILTER(isIRI(?s)) }}")
    return Inventory(
        {kind: tuple(found) for kind, found in placed.items()},
        frozenset(str(row[0]) for row in replaced),
        tuple(unplaced),
    )
