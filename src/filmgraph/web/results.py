"""The answer of a query as a table that a page can show: its first rows, whatever stands in them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any

import pyoxigraph as ox

from filmgraph.namespaces import XSD, shorten

if TYPE_CHECKING:
    from filmgraph.sandbox import Answer

__all__ = ["MOST_CELLS", "MOST_ROWS", "MOST_TEXT", "Cell", "Table", "table_of"]

MOST_ROWS = 1_000
"""The most rows that a page shows; where there are many columns, or long texts, it shows fewer."""

MOST_CELLS, MOST_TEXT = 10_000, 1_000_000
_MOST_CHARACTERS = 2_000


@dataclass(frozen=True)
class Cell:
    """A term in a table: its ``text``, the ``iri`` where it is one, and what kind of literal it is where it is one."""

    text: str
    iri: str = ""
    language: str = ""
    datatype: str = ""
    is_cut: bool = False


@dataclass(frozen=True)
class Table:
    """The first rows of an answer and how many there are in all; None stands for a value that a row lacks.

    ``truth`` is the answer of an ASK, None for all others.
    """

    columns: tuple[str, ...] = ()
    rows: tuple[tuple[Cell | None, ...], ...] = ()
    total: int = 0
    truth: bool | None = None


def table_of(answer: Answer) -> Table:
    """Return a table of an answer in TSV, in N-Triples, or of yes and no in JSON.

    Only the rows that are shown are parsed: an answer of a million rows costs little more than one of a thousand.
    """
    if answer.form == "boolean":
        return Table(truth=b"true" in answer.body)
    if answer.form == "triples":
        triples = ox.parse(_first_lines(answer.body, MOST_ROWS), format=ox.RdfFormat.N_TRIPLES)
        rows = ((quad.subject, quad.predicate, quad.object) for quad in triples)
        return Table(("subject", "predicate", "object"), _cells(rows), answer.body.count(b"\n"))
    total = answer.body.count(b"\n") - 1
    parsed = ox.parse_query_results(_first_lines(answer.body, MOST_ROWS + 1), format=ox.QueryResultsFormat.TSV)
    assert isinstance(parsed, ox.QuerySolutions)  # TSV holds nothing else
    columns = tuple(variable.value for variable in parsed.variables)
    return Table(columns, _cells(tuple(row) for row in parsed) if columns else ((),) * min(total, MOST_ROWS), total)


def _first_lines(body: bytes, most: int) -> bytes:
    end = 0
    for _ in range(most):
        found = body.find(b"\n", end)
        if found < 0:
            return body
        end = found + 1
    return body[:end]


def _cells(rows: Iterable[tuple[Any, ...]]) -> tuple[tuple[Cell | None, ...], ...]:
    shown: list[tuple[Cell | None, ...]] = []
    cells = text = 0
    for row in islice(rows, MOST_ROWS):
        shown.append(tuple(_row(row)))
        cells += len(shown[-1])
        text += sum(len(cell.text) + len(cell.iri) for cell in shown[-1] if cell)
        if cells > MOST_CELLS or text > MOST_TEXT:
            break
    return tuple(shown)


def _row(row: tuple[Any, ...]) -> Iterator[Cell | None]:
    for term in row:
        if term is None:
            yield None
        elif isinstance(term, ox.NamedNode):
            if len(term.value) > _MOST_CHARACTERS:
                # Cut, it would lead to another resource: then it is only text.
                yield Cell(term.value[:_MOST_CHARACTERS], is_cut=True)
            else:
                yield Cell(shorten(term.value), term.value)
        elif isinstance(term, ox.Literal):
            datatype = "" if term.language or term.datatype.value == XSD + "string" else shorten(term.datatype.value)
            text = term.value
            is_cut = len(text) > _MOST_CHARACTERS
            yield Cell(text[:_MOST_CHARACTERS], "", term.language or "", datatype, is_cut)
        else:
            yield Cell(str(term)[:_MOST_CHARACTERS])
