"""The rows of an answer as a table that people read: names that are links, numbers in line, spoilers folded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import pyoxigraph as ox

from filmgraph.lookup import labels_of
from filmgraph.namespaces import kind_of, shorten
from filmgraph.rows import plain, printable

if TYPE_CHECKING:
    from filmgraph.queries import Column, Query
    from filmgraph.rows import Rows, Term
    from filmgraph.web.site import Site

__all__ = ["Cell", "Grid", "Head", "grid_of"]

_NAMES = ("label", "title", "name", "by")
_NUMBERS = ("integer", "decimal")
_NAMED_BY_KIND = ("use", "scene", "claim", "passage")


@dataclass(frozen=True)
class Cell:
    """A cell: its text, where it leads (None for nowhere), and whether it is folded for giving away an ending."""

    text: str
    link: str | None = None
    folded: bool = False
    iri: str | None = None


@dataclass(frozen=True)
class Head:
    """A column as it is shown: its name, what it holds, and whether that is numbers or long texts."""

    name: str
    description: str
    is_number: bool = False
    is_long: bool = False


@dataclass(frozen=True)
class Grid:
    """A table: its columns, the rows that are shown, and how many there are in all.

    Where ``at_least``, counting was ended, and there are more than that.
    """

    heads: tuple[Head, ...]
    rows: tuple[tuple[Cell, ...], ...]
    total: int
    at_least: bool = False

    @property
    def is_cut(self) -> bool:
        """Whether there are more rows than are shown."""
        return self.at_least or self.total > len(self.rows)


def grid_of(site: Site, query: Query, rows: Rows, *, most: int, is_cut: bool = False) -> Grid:
    """Return the first ``most`` rows of a query as a table; ``is_cut`` says that there are more than are given.

    A name that stands beside the resource it names is shown with it, as a link. A column without a value is left out.
    """
    shown = rows.head(most)
    folded = site.graph.folded(shown)
    columns = {column.name: column for column in query.columns}
    places = [(place, columns[name]) for place, name in enumerate(rows.columns) if name in columns]
    paired = _pairs([column for _, column in places])
    labels = _labels(site, shown, [place for place, column in places if column.name not in paired])
    names = set(paired.values())
    filled = {place for row in shown.terms for place, term in enumerate(row) if term is not None}
    kept = [
        (place, column) for place, column in places if column.name not in names and (place in filled or not shown.terms)
    ]
    place_of = {column.name: place for place, column in places}
    heads = tuple(_head(column) for _, column in kept)
    cells = []
    for row, told in zip(shown.terms, folded.terms, strict=True):
        line = []
        for place, column in kept:
            named = row[place_of[paired[column.name]]] if column.name in paired else None
            line.append(_cell(site, column, row[place], named, labels, folded=row[place] != told[place]))
        cells.append(tuple(line))
    return Grid(heads, tuple(cells), len(rows), is_cut)


def _pairs(columns: Sequence[Column]) -> dict[str, str]:
    """Return the column of a resource to the column of its name, which stands right behind it."""
    found = {}
    for column, other in pairwise(columns):
        is_resource = column.type not in ("string", "boolean", "date", *_NUMBERS)
        own = {f"{column.name}_{name}" for name in _NAMES}
        if is_resource and other.type == "string" and other.name in own.union(_NAMES):
            found[column.name] = other.name
    return found


def _head(column: Column) -> Head:
    long = ("explanation", "description", "statement", "definition", "note")
    return Head(
        column.name.replace("_", " "),
        column.description,
        column.type in _NUMBERS,
        column.name.rpartition("_")[2] in long,
    )


def _labels(site: Site, rows: Rows, places: Sequence[int]) -> dict[str, str]:
    """Return the names of the resources that no column of names stands beside."""
    found = {term.value for row in rows.terms for place in places if isinstance(term := row[place], ox.NamedNode)}
    wanted = {iri for iri in found if (kind := kind_of(iri)) and kind not in _NAMED_BY_KIND}
    return labels_of(site.graph.store, wanted) if wanted else {}


def _cell(
    site: Site, column: Column, term: Term | None, named: Term | None, labels: dict[str, str], *, folded: bool
) -> Cell:
    if isinstance(term, ox.NamedNode):
        link = site.links.any(term.value)
        name = named.value if isinstance(named, ox.Literal) else labels.get(term.value) or _short(term.value)
        return Cell(printable(name), link, folded, term.value)
    if term is None:
        return Cell(printable(named.value) if isinstance(named, ox.Literal) else "")
    return Cell(_text(term, column), site.links.any(_value(term)) if column.name == "url" else None, folded)


def _short(iri: str) -> str:
    """Return what stands for a resource without a name: its kind where the IRI is long, else its CURIE."""
    kind = kind_of(iri)
    return kind if kind in _NAMED_BY_KIND else shorten(iri).removeprefix("fg:")


def _text(term: Term, column: Column) -> str:
    value = plain(term)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int) and not _is_year(column):
        return f"{value:,}"
    return printable(_value(term))


def _is_year(column: Column) -> bool:
    return any(part in ("year", "decade", "start", "end") for part in column.name.split("_"))


def _value(term: Term) -> str:
    return term.value if isinstance(term, ox.Literal) else str(term)
