"""A CSV file of reviews, read row by row, so that a file of any length costs the memory of one row."""

from __future__ import annotations

import csv
import os
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from filmgraph.errors import DataError

__all__ = ["COLUMNS", "LONGEST_CELL", "ReviewTable"]

REQUIRED = ("film_title", "film_year", "critic", "text")
OPTIONAL = ("publication", "date", "url", "score", "verdict")
COLUMNS = ("film_title", "film_year", "critic", "publication", "date", "url", "score", "verdict", "text")
LONGEST_CELL = 4_000_000
"""The longest cell that is read, in characters: longer is hardly a text, rather a quotation mark that is not closed."""

_LONGEST_LINE = 16 * 1024**2
_DELIMITERS = (",", ";", "\t")
_ENCODINGS = {
    b"\xff\xfe": "UTF-16",
    b"\xfe\xff": "UTF-16",
    b"PK\x03\x04": "a spreadsheet or an archive",
    b"%PDF": "PDF",
}


class ReviewTable:
    """A CSV file with the columns of :data:`COLUMNS`, in any order; others are passed over.

    Raises :class:`~filmgraph.errors.DataError` for a file that cannot be read, and for a header that lacks a column
    that is needed or has one twice.
    """

    def __init__(self, file: str | os.PathLike[str]) -> None:
        self.file = os.fspath(file)
        try:
            status = Path(self.file).stat()
            if stat.S_ISDIR(status.st_mode):
                raise DataError("is a folder, not a file", file=self.file)
            if not stat.S_ISREG(status.st_mode):
                raise DataError("is no regular file", file=self.file)
            self.size = status.st_size
            with Path(self.file).open("rb") as stream:
                start = stream.read(4)
                stream.seek(0)
                for mark, what in _ENCODINGS.items():
                    if start.startswith(mark):
                        raise DataError(f"is {what}: save it as CSV in UTF-8", file=self.file)
                header_line = next(self._lines(stream), "")
        except OSError as error:
            raise DataError(f"cannot be read: {error.strerror}", file=self.file) from error
        except ValueError as error:  # a null byte in the name
            raise DataError(f"cannot be read: {error}", file=self.file) from error
        if not header_line.strip():
            raise DataError("is empty" if not self.size else "has no header in its first row", file=self.file)
        self.bytes_read = 0
        headers = {mark: _header(header_line, mark) for mark in _DELIMITERS}
        self.delimiter = max(_DELIMITERS, key=lambda mark: len(set(COLUMNS) & set(headers[mark])))
        self.header = headers[self.delimiter]
        self._check_header()
        self.places = {column: self.header.index(column) for column in COLUMNS if column in self.header}

    @property
    def passed_over(self) -> tuple[str, ...]:
        """The columns that are not read."""
        return tuple(name for name in self.header if name and name not in COLUMNS)

    def rows(self) -> Iterator[tuple[int, Sequence[str]]]:
        """Yield each row below the header with its number as a spreadsheet shows it (the header is row 1).

        Raises :class:`~filmgraph.errors.DataError` where the file stops being CSV or UTF-8.
        """
        number = 1
        reader = None
        try:
            with Path(self.file).open("rb") as stream, _cells_up_to(LONGEST_CELL):
                reader = csv.reader(self._lines(stream), delimiter=self.delimiter, strict=True)
                next(reader)
                for number, cells in enumerate(reader, start=2):
                    yield number, cells
        except csv.Error as error:
            line = reader.line_num if reader is not None else None
            raise DataError(f"row {number + 1}: {_plain(error)}", file=self.file, line=line) from error
        except OSError as error:
            raise DataError(f"cannot be read: {error.strerror}", file=self.file) from error

    def _lines(self, stream: BinaryIO) -> Iterator[str]:
        """Yield the lines of a file as text, and refuse what is none."""
        number = 0
        while line := stream.readline(_LONGEST_LINE):
            number += 1
            self.bytes_read = stream.tell()
            if number == 1:
                line = line.removeprefix(b"\xef\xbb\xbf")
            if b"\0" in line:
                raise DataError("holds null characters: it is no CSV file in UTF-8", file=self.file, line=number)
            if len(line) >= _LONGEST_LINE:
                raise DataError(
                    f"a line is longer than {_LONGEST_LINE // 1024**2} MiB: it is no CSV file of reviews",
                    file=self.file,
                    line=number,
                )
            try:
                yield line.decode()
            except UnicodeDecodeError as error:
                raise DataError(
                    f"is not UTF-8 (byte 0x{line[error.start]:02x}): in Excel save as “CSV UTF-8 (comma delimited)”",
                    file=self.file,
                    line=number,
                    column=len(line[: error.start].decode()) + 1,
                ) from error

    def _check_header(self) -> None:
        for name in COLUMNS:
            if self.header.count(name) > 1:
                raise DataError(f"the column {name} stands twice: keep one", file=self.file, line=1)
        missing = [name for name in REQUIRED if name not in self.header]
        if missing:
            some = "columns" if len(missing) > 1 else "column"
            raise DataError(
                f"the {some} {', '.join(missing)} {'are' if len(missing) > 1 else 'is'} missing: the first row names "
                f"the columns, {', '.join(COLUMNS)}{self._near(missing[0])}",
                file=self.file,
                line=1,
            )

    def _near(self, missing: str) -> str:
        from rapidfuzz import fuzz, process

        others = [name for name in self.header if name and name not in COLUMNS]
        near = process.extractOne(missing, others, scorer=fuzz.WRatio, score_cutoff=70)
        return f"; did you mean {missing} by {near[0][:40]}?" if near else ""


def _header(line: str, delimiter: str) -> list[str]:
    try:
        cells = next(csv.reader([line], delimiter=delimiter, strict=True), [])
    except csv.Error:
        return []
    names = ["_".join(cell.replace("-", " ").lower().split()) for cell in cells]
    while names and not names[-1]:
        names.pop()
    return names


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
