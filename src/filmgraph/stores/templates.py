"""Triples made here of the rows that an endpoint gave, as CONSTRUCT makes them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TYPE_CHECKING, Any

import pyoxigraph as ox

if TYPE_CHECKING:
    from filmgraph.stores.answers import RowStream

__all__ = ["PLACE", "constructed"]

PLACE = "\x00rows\x00"
"""Stands in a template where rows go."""
_AT_ONCE = 2_000
_BLANK = "blank-node-of-the-answer:"


def constructed(template: str, rows: RowStream) -> Iterator[ox.Triple]:
    """Yield what a CONSTRUCT query, with a place for rows for its WHERE, makes of rows.

    The engine on this machine puts them together, so that names, lists and blank nodes of the template mean what the
    standard says. A blank node of a row goes through it as an IRI of a scheme that nobody else has.
    """
    store = ox.Store()
    columns = " ".join(f"?{name}" for name in rows.columns)
    remaining: Iterable[tuple[ox.NamedNode | ox.BlankNode | ox.Literal | ox.Triple | None, ...]] = iter(rows)
    while part := list(islice(remaining, _AT_ONCE)):
        values = "\n".join(f"({' '.join('UNDEF' if term is None else _written(term) for term in row)})" for row in part)
        made = store.query(template.replace(PLACE, f"VALUES ({columns}) {{ {values} }}"))
        assert isinstance(made, ox.QueryTriples), "a template is a CONSTRUCT query"
        for triple in made:
            yield ox.Triple(_read(triple.subject), triple.predicate, _read(triple.object))


def _written(term: ox.NamedNode | ox.BlankNode | ox.Literal | ox.Triple) -> str:
    return f"<{_BLANK}{term.value}>" if isinstance(term, ox.BlankNode) else str(term)


def _read(term: Any) -> Any:
    if isinstance(term, ox.NamedNode) and term.value.startswith(_BLANK):
        return ox.BlankNode(term.value.removeprefix(_BLANK))
    return term
