"""Rows of a query, and pages as plain values, with the texts that give away an ending folded."""

from __future__ import annotations

from dataclasses import asdict, is_dataclass
from typing import TYPE_CHECKING, Any

import pyoxigraph as ox

from filmgraph.namespaces import FG
from filmgraph.rows import Rows
from filmgraph.stores import LocalStore

if TYPE_CHECKING:
    from filmgraph.rows import Term
    from filmgraph.stores import Store

__all__ = ["TOLD_BY", "folded_rows", "plain_of"]

TOLD_BY: dict[str, tuple[str, ...]] = {
    "explanation": ("use",),
    "description": ("scene", "use"),
    "statement": ("claim",),
}
"""Column of a text to the columns of the resources that may be marked as spoilers; a prefix such as ``other_`` is
kept, and a claim's column may bear the prefix alone (``praise_statement`` is told by ``praise``)."""

_CHUNK = 500
_MANY = 20_000


def folded_rows(store: Store, rows: Rows, *, hint: str = "--spoilers shows it") -> Rows:
    """Return rows in which each text that gives away an ending is folded; ``hint`` says what unfolds it."""
    folded = ox.Literal(f"[a spoiler: {hint}]")
    tellers = {place: _tellers(column, rows.columns) for place, column in enumerate(rows.columns)}
    tellers = {place: found for place, found in tellers.items() if found}
    marked = _marked(store, {row[teller] for row in rows.terms for found in tellers.values() for teller in found})
    if not marked:
        return rows
    return Rows(
        rows.columns,
        [
            tuple(
                folded if any(row[teller] in marked for teller in tellers.get(place, ())) else term
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
    if len(named) > _MANY and isinstance(store, LocalStore):
        # To ask for each takes longer than to read them all.
        rows = store.select(f"SELECT ?x WHERE {{ ?x <{FG}spoiler> true }}")
        return {row[0] for row in rows.terms if row[0] in resources and row[0] is not None}
    for start in range(0, len(named), _CHUNK):
        values = " ".join(f"<{resource}>" for resource in named[start : start + _CHUNK])
        rows = store.select(f"SELECT ?x WHERE {{ VALUES ?x {{ {values} }} ?x <{FG}spoiler> true }}")
        marked.update(row[0] for row in rows.terms if row[0] is not None)
    return marked


def plain_of(value: Any, *, spoilers: bool = False) -> Any:
    """Return dataclasses as plain values for JSON; a text that gives away an ending is None unless ``spoilers``."""
    plain = _plain(value)
    return plain if spoilers else _folded(plain)


def _plain(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        return {str(name): _plain(item) for name, item in value.items()}
    return value


def _folded(value: Any, *, inside: bool = False) -> Any:
    """Return a copy with None for each text that gives away an ending: of a use with its scenes, a scene, a claim."""
    if isinstance(value, list | tuple):
        return [_folded(item, inside=inside) for item in value]
    if not isinstance(value, dict):
        return value
    spoiler = value.get("spoiler") is True
    # In a path the flag is that of the scene, and the use has one of its own.
    whole = inside or value.get("spoiler_in_use", spoiler) is True
    hidden = {"explanation", "description", "statement"} if whole else set()
    if spoiler:
        hidden.add("scene")
    if value.get("gives_away") is True:
        hidden.add("values")
    return {
        name: None if name in hidden else _folded(item, inside=whole and name == "scenes")
        for name, item in value.items()
    }
