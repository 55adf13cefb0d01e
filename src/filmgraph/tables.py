"""A CSV file that people made with a spreadsheet, read with suspicion."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from filmgraph.errors import DataError
from filmgraph.readers import read_text

__all__ = ["Row", "Table", "read_table"]

LARGEST_TABLE = 32 * 1024**2
MOST_ROWS = 50_000
LONGEST_CELL = 20_000
_DELIMITERS = (",", ";", "\t")


@dataclass(frozen=True)
class Row:
    """A row of a table: its number as a spreadsheet shows it (the header is row 1), its cells by column.

    ``surplus`` counts the cells for which the header has no column.
    """

    number: int
    cells: Mapping[str, str]
    surplus: int = 0

    def __getitem__(self, column: str) -> str:
        return self.cells.get(column, "")


@dataclass(frozen=True)
class Table:
    """A CSV file that was read: its columns and the rows that are not empty."""

    file: str
    columns: tuple[str, ...]
    rows: tuple[Row, ...]


def read_table(
    file: str | os.PathLike[str],
    *,
    required: Collection[str],
    optional: Collection[str],
    aliases: Mapping[str, str] | None = None,
    strict: bool = True,
) -> Table:
    """Read a CSV file: UTF-8, with or without byte order mark, with commas, semicolons or tabs between cells.

    Names of columns are read without regard to letter case; spaces and hyphens count as underscores; ``aliases``
    leads from other names of columns to theirs. With ``strict`` a column that is not known is refused, else passed
    over.

    Raises :class:`~filmgraph.errors.DataError` for a file that cannot be read or is no CSV, and for a header that
    lacks a required column or has one twice.
    """
    name = os.fspath(file)
    try:
        text = read_text(file, limit=LARGEST_TABLE)
    except DataError as error:
        if "is not UTF-8" in str(error):
            raise DataError("is not UTF-8: in Excel save as “CSV UTF-8 (comma delimited)”", file=name) from error
        raise
    text = text.removeprefix("\ufeff")
    if "\0" in text:
        raise DataError("holds null characters: it is no CSV file, or not in UTF-8", file=name)
    known = {*required, *optional}
    headers = {mark: _header(text, mark, aliases or {}, name) for mark in _DELIMITERS}
    delimiter = max(_DELIMITERS, key=lambda mark: len(known & set(headers[mark])))
    header = headers[delimiter]
    _check_header(header, required, known, strict=strict, file=name)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    rows: list[Row] = []
    number = 0
    try:
        for number, cells in enumerate(reader, start=1):
            if number == 1 or not any(map(str.strip, cells)):
                continue
            if len(rows) >= MOST_ROWS:
                raise DataError(f"has more than {MOST_ROWS:,} rows: split it", file=name)
            surplus = sum(1 for cell in cells[len(header) :] if cell.strip())
            rows.append(Row(number, dict(zip(header, cells, strict=False)), surplus))
    except csv.Error as error:
        raise DataError(
            f"row {number + 1}: is no CSV ({error}): a cell with a quotation mark stands in quotation marks, and its "
            "own are doubled",
            file=name,
        ) from error
    return Table(name, tuple(header), tuple(rows))


def _header(text: str, delimiter: str, aliases: Mapping[str, str], file: str) -> list[str]:
    try:
        cells = next(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True), [])
    except csv.Error:
        return []
    names = ["_".join(cell.replace("-", " ").lower().split()) for cell in cells]
    while names and not names[-1]:
        names.pop()
    return [aliases.get(name, name) for name in names]


def _check_header(
    header: list[str], required: Collection[str], known: Collection[str], *, strict: bool, file: str
) -> None:
    from rapidfuzz import fuzz, process

    twice = sorted(
        {name for name in header if name and header.count(name) > 1} & (set(header) if strict else set(known))
    )
    if twice:
        raise DataError(f"row 1: the column {twice[0]} stands twice: keep one", file=file)
    for name in header if strict else ():
        if name not in known:
            near = process.extractOne(name, sorted(known), scorer=fuzz.ratio, score_cutoff=70)
            hint = f"did you mean {near[0]}?" if near else f"leave it out; the columns are {', '.join(sorted(known))}"
            raise DataError(f"row 1: the column {name[:40]!r} is not known: {hint}", file=file)
    missing = [name for name in required if name not in header]
    if missing:
        raise DataError(
            f"row 1: the column{'s' if len(missing) > 1 else ''} {', '.join(missing)} "
            f"{'are' if len(missing) > 1 else 'is'} missing: the first row names the columns",
            file=file,
        )
