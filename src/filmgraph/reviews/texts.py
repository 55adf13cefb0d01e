"""The texts that reviews were read from, found again by their hash in files that the graph does not hold."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable
from hashlib import sha256
from pathlib import Path

from filmgraph.errors import DataError
from filmgraph.readers import LARGEST_TEXT
from filmgraph.reviews.paraphrase import ReadText
from filmgraph.reviews.table import ReviewTable

__all__ = ["texts_in"]


def texts_in(files: Iterable[str | os.PathLike[str]], *, wanted: Collection[str]) -> dict[str, ReadText]:
    """Return the texts of some files whose SHA-256 is wanted: a file as a whole, or a cell of a CSV file of reviews.

    Only these are kept in memory. Raises :class:`~filmgraph.errors.DataError` for a file that cannot be read, and for
    one that is neither such a text nor such a table.
    """
    found: dict[str, ReadText] = {}
    for file in files:
        whole = _whole(file, wanted)
        if whole is not None:
            found[whole[0]] = ReadText(whole[1])
            continue
        table = ReviewTable(file)
        place = table.places["text"]
        for _number, cells in table.rows():
            if place < len(cells):
                digest = sha256(cells[place].encode()).hexdigest()
                if digest in wanted and digest not in found:
                    found[digest] = ReadText(cells[place])
    return found


def _whole(file: str | os.PathLike[str], wanted: Collection[str]) -> tuple[str, str] | None:
    """Return hash and text of a file that is a text as a whole, None where it is not."""
    path = Path(file)
    try:
        if not path.is_file() or path.stat().st_size > LARGEST_TEXT:
            return None
        content = path.read_bytes()
        digest = sha256(content).hexdigest()
        return (digest, content.decode()) if digest in wanted else None
    except (OSError, ValueError) as error:
        raise DataError(f"cannot be read: {error}", file=os.fspath(file)) from error
