"""Rows of a query with the texts that give away an ending folded, as pages fold them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyoxigraph as ox

from filmgraph.namespaces import FG
from filmgraph.rows import Rows

if TYPE_CHECKING:
    from filmgraph.rows import Term
    from filmgraph.stores import Store

__all__ = ["TOLD_BY", "folded_rows"]

TOLD_BY: dict[str, tuple[str, ...]] = {
    "explanation": ("use",),
    "description": ("scene", "use"),
    "statement": ("claim",),
}
"""Column of a text to the columns of the resources that may be marked as spoilers; a prefix such as ``other_`` is
kept, and a claim's column may bear the prefix alone (``praise_statement`` is told by ``praise``)."""

FOLDED = ox.Literal("[a spoiler: --spoilers shows it]")
_CHUNK = 500


def folded_rows(store: Store, rows: Rows) -> Rows:
    """Return rows in which each text that gives away an ending is folded."""
    tellers = {place: _tellers(column, rows.columns) for place, column in enumerate(rows.columns)}
    tellers = {place: found for place, found in tellers.items() if found}
    marked = _marked(store, {row[teller] for row in rows.terms for found in tellers.values() for teller in found})
    if not marked:
        return rows
    return Rows(
        rows.columns,
        [
            tuple(
                FOLDED if any(row[teller] in marked for teller in tellers.get(place, ())) else term
                for place, term in enumerate(row)
            )
            for row in rows.terms
        ],
    )


def _tellers(column: str, columns: tuple[str, ...]) -> list[int]:
    """Return the places of the columns whose resources a text column tells of."""
    prefix, _, text = column.rpartition("_")
    wanted = {f"{prefix}_{name}" if prefix else name for name in TOLD_BY.get(text, ())}
    if text == "statement" and prefix:
        wanted.add(prefix)
    return [place for place, name in enumerate(columns) if name in wanted]


def _marked(store: Store, resources: set[Term | None]) -> set[Term]:
    """Return those of some resources that are marked as spoilers."""
    named = sorted(resource.value for resource in resources if isinstance(resource, ox.NamedNode))
    marked: set[Term] = set()
    for start in range(0, len(named), _CHUNK):
        values = " ".join(f"<{resource}>" for resource in named[start : start + _CHUNK])
        rows = store.select(f"SELECT ?x WHERE {{ VALUES ?x {{ {values} }} ?x <{FG}spoiler> true }}")
        marked.update(row[0] for row in rows.terms if row[0] is not None)
    return marked
