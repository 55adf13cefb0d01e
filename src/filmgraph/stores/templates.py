"""Triples made here of the rows that an endpoint gave, as CONSTRUCT makes them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, TypeAlias

import pyoxigraph as ox

if TYPE_CHECKING:
    from filmgraph.stores.answers import Row, RowStream

__all__ = ["PLACE", "constructed"]

PLACE = "\x00rows\x00"
"""Stands in a template where rows go."""
_VARIABLE = "variable-of-the-template:"

_Part: TypeAlias = "Callable[[Row, dict[ox.BlankNode, ox.BlankNode]], Any]"


def constructed(template: str, rows: RowStream) -> Iterator[ox.Triple]:
    """Yield what a CONSTRUCT query, with a place for rows for its WHERE, makes of rows.

    What is no triple, since a variable is unbound or a text stands for a subject, is left out, as the standard has it;
    each row has its own blank nodes.
    """
    pattern = _pattern(template, rows.columns)
    for row in rows:
        fresh: dict[ox.BlankNode, ox.BlankNode] = {}
        for parts in pattern:
            subject, predicate, value = (part(row, fresh) for part in parts)
            if isinstance(subject, ox.NamedNode | ox.BlankNode) and isinstance(predicate, ox.NamedNode) and value:
                yield ox.Triple(subject, predicate, value)


def _pattern(template: str, columns: tuple[str, ...]) -> list[tuple[_Part, _Part, _Part]]:
    """Return the triples of a template, each part as what finds it in a row.

    The engine on this machine reads the template, with an IRI of a scheme that nobody else has for each variable.
    """
    names = " ".join(f"?{name}" for name in columns)
    marks = " ".join(f"<{_VARIABLE}{at}>" for at in range(len(columns)))
    made = ox.Store().query(template.replace(PLACE, f"VALUES ({names}) {{ ({marks}) }}"))
    assert isinstance(made, ox.QueryTriples), "a template is a CONSTRUCT query"
    return [(_part(triple.subject), _part(triple.predicate), _part(triple.object)) for triple in made]


def _part(term: Any) -> _Part:
    if isinstance(term, ox.BlankNode):
        return lambda _, fresh: fresh.setdefault(term, ox.BlankNode())
    if isinstance(term, ox.NamedNode) and term.value.startswith(_VARIABLE):
        at = int(term.value.removeprefix(_VARIABLE))
        return lambda row, _: row[at]
    return lambda _row, _fresh: term
