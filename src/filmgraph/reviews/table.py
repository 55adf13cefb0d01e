"""A CSV file of reviews, read row by row."""

from __future__ import annotations

import os

from filmgraph.errors import DataError
from filmgraph.tables import StreamedTable

__all__ = ["COLUMNS", "ReviewTable"]

REQUIRED = ("film_title", "film_year", "critic", "text")
OPTIONAL = ("publication", "date", "url", "score", "verdict")
COLUMNS = ("film_title", "film_year", "critic", "publication", "date", "url", "score", "verdict", "text")


class ReviewTable(StreamedTable):
    """A CSV file with the columns of :data:`COLUMNS`, in any order; others are passed over.

    Raises :class:`~filmgraph.errors.DataError` for a file that cannot be read, and for a header that lacks a column
    that is needed or has one twice.
    """

    def __init__(self, file: str | os.PathLike[str]) -> None:
        if not isinstance(file, str | os.PathLike):
            raise DataError(f"the file of reviews is named by a path, and not by {type(file).__name__}")
        super().__init__(file, columns=COLUMNS, required=REQUIRED)
