"""Putting rows in the order of their question here: the engine looks texts up anew for each comparison.

On disk that makes most of what a long answer costs. A text of the library orders by columns that it selects, in a few
forms, so that its rows tell their order; where they hold what only the engine should compare, it is left to the engine.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from heapq import nsmallest
from typing import Any

import pyoxigraph as ox

from filmgraph.namespaces import XSD
from filmgraph.queries import placed_tokens_of
from filmgraph.rows import Rows

__all__ = ["Order", "in_order", "order_of"]

_KEY = re.compile(
    r"\s*(?:(?P<down>DESC)\(\?(?P<number>\w+)\)|STR\(\?(?P<text>\w+)\)"
    r'|COALESCE\(STR\(\?(?P<empty>\w+)\), ""\)|\?(?P<term>\w+))'
)
_LAST_LINES = re.compile(
    rf"^[ ]*(?P<order>ORDER BY(?:{re.sub('[?]P<[a-z]+>', '?:', _KEY.pattern)})+)\s*\Z", re.MULTILINE
)
_INTEGER = re.compile(r"-?[0-9]{1,18}")
_DECIMAL = re.compile(r"-?[0-9]{1,15}\.[0-9]{1,15}")
_FEW = 8


@dataclass(frozen=True)
class Order:
    """What rows are ordered by: for each key its form and its column."""

    keys: tuple[tuple[str, str], ...]

    def put(self, rows: Rows, limit: int | None = None) -> Rows | None:
        """Return rows in their order, the first ones with a ``limit``; None where the engine alone knows it."""
        columns = []
        for form, name in self.keys:
            if name not in rows.columns:
                return None
            at = rows.columns.index(name)
            column = _comparable(form, [row[at] for row in rows.terms])
            if column is None:
                return None
            columns.append(column)
        keys = list(zip(*columns, strict=True))
        places = range(len(keys))
        if limit is not None and limit * _FEW < len(keys):
            chosen = nsmallest(limit, places, key=keys.__getitem__)
        else:
            chosen = sorted(places, key=keys.__getitem__)[:limit]
        return Rows(rows.columns, [rows.terms[place] for place in chosen])


def order_of(text: str) -> tuple[str, Order] | None:
    """Return a text without its order, and the order; None where the text has none that is known here.

    >>> order_of('SELECT ?f ?t { ?f ?p ?t } ORDER BY STR(?t) ?f')
    ('SELECT ?f ?t { ?f ?p ?t } ', Order(keys=(('text', 't'), ('term', 'f'))))
    """
    start = _start_of_order(text)
    tail = text[start:].removeprefix("ORDER BY") if start >= 0 else ""
    keys: list[tuple[str, str]] = []
    while match := _KEY.match(tail):
        form = "down" if match["down"] else str(match.lastgroup)
        keys.append((form, match["number"] or match["text"] or match["empty"] or match["term"]))
        tail = tail[match.end() :]
    return (text[:start], Order(tuple(keys))) if keys and not tail.strip() else None


def _start_of_order(text: str) -> int:
    """Return where the order of a text starts, -1 where it has none."""
    # A line that begins with it, and nothing but keys behind it: no need to read all tokens, which takes longer than
    # many a question.
    last = _LAST_LINES.search(text)
    if last is not None:
        return last.start("order")
    depth, start = 0, -1
    for (_, token), place in placed_tokens_of(text):
        depth += (token == "{") - (token == "}")
        if depth == 0 and token.upper() == "ORDER":
            start = place
    return start


def in_order(text: str, select: Callable[[str], Rows], limit: int | None = None) -> Rows:
    """Return the rows of a text, the first ones with a ``limit``, put in order here where that can be."""
    found = order_of(text)
    rows = found[1].put(select(found[0]), limit) if found else None
    if rows is not None:
        return rows
    rows = select(text)
    return rows if limit is None else rows.head(limit)


def _comparable(form: str, terms: Sequence[Any]) -> list[Any] | None:
    """Return what stands for terms in comparisons; what is unbound comes first."""
    kinds = set(map(type, terms))
    has_none = type(None) in kinds
    kinds.discard(type(None))
    if form == "empty":
        return ["" if term is None else term.value for term in terms] if kinds <= _TEXTS else None
    values: list[Any] | None = None
    if form == "down":
        values = None if has_none else _numbers(terms)
        return values and [-value for value in values]
    if kinds <= {ox.NamedNode} or (form == "text" and kinds <= _TEXTS):
        values = [None if term is None else term.value for term in terms]
    elif kinds == {ox.Literal}:
        values = _numbers(terms)
    if values is None:
        return None
    return [(value is not None, value) for value in values] if has_none else values


def _numbers(terms: Sequence[Any]) -> list[Any] | None:
    numbers: list[Any] = []
    for term in terms:
        if term is None:
            numbers.append(None)
            continue
        if not isinstance(term, ox.Literal):
            return None
        text, kind = term.value, term.datatype.value
        if kind == _INTEGERS and _INTEGER.fullmatch(text):
            numbers.append(int(text))
        elif kind == _DECIMALS and (_DECIMAL.fullmatch(text) or _INTEGER.fullmatch(text)):
            numbers.append(Decimal(text))
        else:
            return None
    return numbers


_TEXTS = {ox.Literal, ox.NamedNode}
_INTEGERS, _DECIMALS = XSD + "integer", XSD + "decimal"
