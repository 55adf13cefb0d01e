"""Which nodes a SPARQL rule could find anything about: asked once, of a quicker engine, for all nodes together.

pySHACL asks each SPARQL rule of each node, and rdflib takes half a millisecond to find nothing. Here pyoxigraph is
asked with ``$this`` left open; only the nodes that it names need be asked about by pySHACL, whose answer stands. So no
breach is made up, and none may be passed over: where the two engines could differ, or where a query with ``$this`` left
open could mean something else, there is no answer, and pySHACL asks about every node.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from typing import Any

import pyoxigraph as ox

from filmgraph.namespaces import XSD

__all__ = ["Suspects", "inside", "is_agreed"]

_THIS = "this"
_KEEPING = frozenset(("SelectQuery", "Project", "Distinct"))
_FUNCTIONS = (
    *("BOUND", "CONCAT", "CONTAINS", "EXISTS", "LANG", "LCASE", "NOTEXISTS", "STR", "STRAFTER", "STRBEFORE", "STRENDS"),
    *("STRLANG", "STRSTARTS", "SUBSTR", "UCASE"),
)
"""The functions on which rdflib and pyoxigraph agree whatever the text: not REGEX, nor what reads numbers and dates."""
_IN_EXPRESSIONS = frozenset(
    (
        *(f"Builtin_{name}" for name in _FUNCTIONS),
        *("ConditionalAndExpression", "ConditionalOrExpression", "UnaryNot", "RelationalExpression"),
        *("BGP", "Filter", "Join"),
    )
)


class Suspects:
    """The nodes of a graph that SPARQL rules could find something about."""

    def __init__(self, triples: Iterable[ox.Triple]) -> None:
        self._triples = set(triples)

    def of(self, text: str, algebra: Any) -> frozenset[Any] | None:
        """Return all values that ``$this`` may take in answers to a query, None where it cannot be told.

        ``algebra`` is the query as rdflib has read it.
        """
        if not _is_open(algebra) or not self.can_be_told:
            return None
        try:
            rows = self._store.query(text)
        except (SyntaxError, ValueError, OSError):
            return None
        return frozenset(row[_THIS] for row in rows) if isinstance(rows, ox.QuerySolutions) else None

    @cached_property
    def can_be_told(self) -> bool:
        """Whether both engines read each value in the same way.

        pyoxigraph takes "02013" for the number 2013: what a rule says of the text would then be about another text.
        """
        kept = {quad.triple for quad in self._store}
        return kept == self._triples and not any(_is_ill_typed(triple.object) for triple in kept)

    @cached_property
    def _store(self) -> ox.Store:
        store = ox.Store()
        store.bulk_extend(ox.Quad(triple.subject, triple.predicate, triple.object) for triple in self._triples)
        return store


def _is_ill_typed(term: Any) -> bool:
    if not isinstance(term, ox.Literal) or term.language or term.datatype.value == XSD + "string":
        return False
    from rdflib import Literal, URIRef

    return Literal(term.value, datatype=URIRef(term.datatype.value), normalize=False).ill_typed is True


def _is_open(algebra: Any) -> bool:
    """Whether a query with ``$this`` left open answers for each node what it answers with ``$this`` set to it."""
    from rdflib import Variable

    this = Variable(_THIS)
    return this in algebra.PV and this in (_bound(algebra, this) or ())


def _bound(part: Any, this: Any) -> set[Any] | None:
    """Return the variables that a pattern always binds, None if it speaks of ``$this`` where that is not bound."""
    from rdflib import Variable

    if part.name in _KEEPING:
        return _bound(part.p, this)
    if part.name == "BGP":
        return {term for triple in part.triples for term in triple if isinstance(term, Variable)}
    if part.name in ("Filter", "Extend"):
        bound = _bound(part.p, this)
        said = list(inside(part.expr))
        if bound is None or (this in said and this not in bound) or not all(map(is_agreed, said)):
            return None
        return bound
    if part.name in ("Join", "Union"):
        one, other = _bound(part.p1, this), _bound(part.p2, this)
        if one is None or other is None:
            return None
        return one | other if part.name == "Join" else one & other
    return None


def inside(expression: Any) -> Iterator[Any]:
    """Yield an expression and everything in it."""
    from rdflib.plugins.sparql.parserutils import CompValue

    yield expression
    if isinstance(expression, CompValue) and expression.name in ("Builtin_EXISTS", "Builtin_NOTEXISTS"):
        # The attribute is the pattern; the item is what rdflib made it from, its filters gone.
        yield from inside(expression.graph)
    elif isinstance(expression, CompValue):
        for name, value in expression.items():
            if name != "_vars":
                yield from inside(value)
    elif isinstance(expression, Sequence) and not isinstance(expression, str):
        for value in expression:
            yield from inside(value)


def is_agreed(node: Any) -> bool:
    """Whether rdflib and pyoxigraph make the same of a part of an expression."""
    from rdflib.plugins.sparql.parserutils import CompValue

    if not isinstance(node, CompValue):
        return True
    return node.name in _IN_EXPRESSIONS and ("op" not in node or node["op"] in ("=", "!="))
