"""A CSV file that people made with a spreadsheet, read with suspicion: whole, or row by row where it may be long."""

from __future__ import annotations

import csv
import io
import os
import stat
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from filmgraph.errors import DataError
from filmgraph.readers import read_text

__all__ = ["LONGEST_CELL", "Row", "StreamedTable", "Table", "has_column", "read_table", "table_of"]

LARGEST_TABLE = 32 * 1024**2
MOST_ROWS = 50_000
MOST_COLUMNS = 1_000
LONGEST_CELL = 4_000_000
"""The longest cell of a streamed table, in characters: longer is hardly a text, rather a quotation mark left open."""

_LONGEST_LINE = 16 * 1024**2
_DELIMITERS = (",", ";", "\t")
_ENCODINGS = {
    b"\xff\xfe": "UTF-16",
    b"\xfe\xff": "UTF-16",
    b"PK\x03\x04": "a spreadsheet or an archive",
    b"%PDF": "PDF",
}


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


class StreamedTable:
    """A CSV file that is read row by row, so that a file of any length costs the memory of one row.

    ``columns`` are those that are read, in any order, and ``required`` those of them without which it is no such
    table; others are passed over.

    Raises :class:`~filmgraph.errors.DataError` for a file that cannot be read, and for a header that lacks a column
    that is required or has one twice.
    """

    def __init__(
        self, file: str | os.PathLike[str], *, columns: Sequence[str], required: Collection[str] | None = None
    ) -> None:
        self.file = os.fspath(file)
        self.columns = tuple(columns)
        self.bytes_read = 0
        self.size, line = _first_line(self.file)
        if not line.strip():
            raise DataError("is empty" if not self.size else "has no header in its first row", file=self.file)
        headers = {mark: _header(line, mark) for mark in _DELIMITERS}
        self.delimiter = max(_DELIMITERS, key=lambda mark: len(set(columns) & set(headers[mark])))
        self.header = headers[self.delimiter]
        self._check_header(columns if required is None else required)
        self.places = {column: self.header.index(column) for column in columns if column in self.header}

    @property
    def passed_over(self) -> tuple[str, ...]:
        """The columns that are not read."""
        return tuple(name for name in self.header if name and name not in self.columns)

    def rows(self) -> Iterator[tuple[int, Sequence[str]]]:
        """Yield each row below the header with its number as a spreadsheet shows it (the header is row 1).

        Raises :class:`~filmgraph.errors.DataError` where the file stops being CSV or UTF-8.
        """
        number = 1
        reader = None
        try:
            with Path(self.file).open("rb") as stream, _cells_up_to(LONGEST_CELL):
                reader = csv.reader(_lines(stream, self.file), delimiter=self.delimiter, strict=True)
                next(reader)
                for number, cells in enumerate(reader, start=2):
                    self.bytes_read = stream.tell()
                    yield number, cells
        except csv.Error as error:
            line = reader.line_num if reader is not None else None
            raise DataError(f"row {number + 1}: {_plain(error)}", file=self.file, line=line) from error
        except OSError as error:
            raise DataError(f"cannot be read: {error.strerror}", file=self.file) from error

    def _check_header(self, required: Collection[str]) -> None:
        for name in self.columns:
            if self.header.count(name) > 1:
                raise DataError(f"the column {name} stands twice: keep one", file=self.file, line=1)
        missing = [name for name in required if name not in self.header]
        if missing:
            some = "columns" if len(missing) > 1 else "column"
            raise DataError(
                f"the {some} {', '.join(missing)} {'are' if len(missing) > 1 else 'is'} missing: the first row names "
                f"the columns, {', '.join(self.columns)}{self._near(missing[0])}",
                file=self.file,
                line=1,
            )

    def _near(self, missing: str) -> str:
        from rapidfuzz import fuzz, process

        near = process.extractOne(missing, self.passed_over, scorer=fuzz.WRatio, score_cutoff=70)
        return f"; did you mean {missing} by {near[0][:40]}?" if near else ""


def has_column(file: str | os.PathLike[str], column: str) -> bool:
    """Whether the first row of a file names a column, whatever the file is called; False for one that is no CSV."""
    try:
        _, line = _first_line(os.fspath(file))
    except DataError:
        return False
    return any(column in _header(line, mark) for mark in _DELIMITERS)


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
            raise DataError(_NOT_UTF8, file=name) from error
        raise
    return _table_of(text, name, required, optional, aliases or {}, strict)


def table_of(
    content: bytes,
    name: str,
    *,
    required: Collection[str],
    optional: Collection[str],
    aliases: Mapping[str, str] | None = None,
) -> Table:
    """Read the bytes of a CSV file, such as one that was uploaded, as :func:`read_table` does without ``strict``.

    ``name`` is what errors call it.
    """
    if len(content) > LARGEST_TABLE:
        raise DataError(f"is larger than {LARGEST_TABLE // 1024**2} MiB", file=name)
    for mark, what in _ENCODINGS.items():
        if content.startswith(mark):
            raise DataError(f"is {what}: save it as CSV in UTF-8", file=name)
    try:
        text = content.decode()
    except UnicodeDecodeError as error:
        raise DataError(_NOT_UTF8, file=name) from error
    return _table_of(text, name, required, optional, aliases or {}, strict=False)


_NOT_UTF8 = "is not UTF-8: in Excel save as “CSV UTF-8 (comma delimited)”"


def _table_of(
    text: str, name: str, required: Collection[str], optional: Collection[str], aliases: Mapping[str, str], strict: bool
) -> Table:
    text = text.removeprefix("\ufeff")
    if "\0" in text:
        raise DataError("holds null characters: it is no CSV file, or not in UTF-8", file=name)
    known = {*required, *optional}
    headers = {mark: _header(text, mark, aliases) for mark in _DELIMITERS}
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


def _header(text: str, delimiter: str, aliases: Mapping[str, str] | None = None) -> list[str]:
    try:
        cells = next(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True), [])
    except csv.Error:
        return []
    names = ["_".join(cell.replace("-", " ").lower().split()) for cell in cells]
    while names and not names[-1]:
        names.pop()
    return [(aliases or {}).get(name, name) for name in names]


def _check_header(
    header: list[str], required: Collection[str], known: Collection[str], *, strict: bool, file: str
) -> None:
    from rapidfuzz import fuzz, process

    counted = Counter(filter(None, header))
    twice = sorted(name for name, times in counted.items() if times > 1 and (strict or name in known))
    if twice:
        raise DataError(f"row 1: the column {twice[0]} stands twice: keep one", file=file)
    if len(header) > MOST_COLUMNS:
        raise DataError(f"row 1: has more than {MOST_COLUMNS:,} columns: it is no such table", file=file)
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


def _first_line(file: str) -> tuple[int, str]:
    """Return the size of a file in bytes and its first line, empty where there is none."""
    path = Path(file)
    try:
        status = path.stat()
        if stat.S_ISDIR(status.st_mode):
            raise DataError("is a folder, not a file", file=file)
        if not stat.S_ISREG(status.st_mode):
            raise DataError("is no regular file", file=file)
        with path.open("rb") as stream:
            start = stream.read(4)
            stream.seek(0)
            for mark, what in _ENCODINGS.items():
                if start.startswith(mark):
                    raise DataError(f"is {what}: save it as CSV in UTF-8", file=file)
            return status.st_size, next(_lines(stream, file), "")
    except OSError as error:
        raise DataError(f"cannot be read: {error.strerror}", file=file) from error
    except ValueError as error:  # a null byte in the name
        raise DataError(f"cannot be read: {error}", file=file) from error


def _lines(stream: BinaryIO, file: str) -> Iterator[str]:
    """Yield the lines of a file as text, and refuse what is none."""
    number = 0
    while line := stream.readline(_LONGEST_LINE):
        number += 1
        if number == 1:
            line = line.removeprefix(b"\xef\xbb\xbf")
        if b"\0" in line:
            raise DataError("holds null characters: it is no CSV file in UTF-8", file=file, line=number)
        if len(line) >= _LONGEST_LINE:
            raise DataError(
                f"a line is longer than {_LONGEST_LINE // 1024**2} MiB: it is no CSV file", file=file, line=number
            )
        try:
            yield line.decode()
        except UnicodeDecodeError as error:
            raise DataError(
                f"is not UTF-8 (byte 0x{line[error.start]:02x}): in Excel save as “CSV UTF-8 (comma delimited)”",
                file=file,
                line=number,
                column=len(line[: error.start].decode()) + 1,
            ) from error


@contextmanager
def _cells_up_to(length: int) -> Iterator[None]:
    """Have the csv module read cells of this length, which is a setting of the whole process."""
    before = csv.field_size_limit(length)
    try:
        yield
    finally:
        csv.field_size_limit(before)


def _plain(error: csv.Error) -> str:
    if "field larger" in str(error):
        return f"a cell is longer than {LONGEST_CELL:,} characters: is a quotation mark not closed?"
    if "unexpected end of data" in str(error):
        return "the file ends within a cell: a quotation mark is not closed"
    return f"is no CSV ({error}): a cell with a quotation mark stands in quotation marks, and its own are doubled"
