"""The reviews of a file on their way, put aside on disk, so that memory holds those of one film at a time."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from filmgraph.errors import OutputError

__all__ = ["Spool", "Spooled", "spooling"]

_TABLES = """
PRAGMA journal_mode = OFF;
PRAGMA synchronous = OFF;
PRAGMA cache_size = -16384;
CREATE TABLE review (
    row INTEGER PRIMARY KEY, film TEXT, hash BLOB, critic TEXT, critic_name TEXT, house TEXT, house_name TEXT,
    published TEXT, datatype TEXT, address TEXT, lean REAL, text TEXT);
CREATE TABLE seen (film TEXT, hash BLOB, critic TEXT, house TEXT, row INTEGER,
    PRIMARY KEY (film, hash, critic, house)) WITHOUT ROWID;
CREATE INDEX review_film ON review (film);
CREATE TABLE odd (row INTEGER, field TEXT, value TEXT, reason TEXT);
CREATE TABLE unknown (title TEXT, hint TEXT, rows INTEGER, PRIMARY KEY (title, hint)) WITHOUT ROWID;
BEGIN;
"""
_FIELDS = "row, film, hash, critic, critic_name, house, house_name, published, datatype, address, lean, text"


@dataclass(frozen=True, slots=True)
class Spooled:
    """A review that was read: its row, its film's IRI, the hash of its text, who, where and when, and the text.

    ``lean`` says how its verdict leans, see :func:`filmgraph.reviews.scores.lean_of`.
    ``critic`` and ``house`` (the publication) are keys, the same for two spellings of one name, empty for none.
    """

    row: int
    film: str
    digest: bytes
    critic: str
    critic_name: str
    house: str
    house_name: str
    published: str
    datatype: str
    address: str
    lean: float
    text: str


class Spool:
    """A nameless database on disk, which is gone with the process, however that ends."""

    def __init__(self) -> None:
        self._db = sqlite3.connect("", isolation_level=None)
        self._db.executescript(_TABLES)

    def add(self, review: Spooled) -> bool:
        """Add a review, and return whether it is new: the same text by the same critic is so once."""
        seen = "INSERT OR IGNORE INTO seen VALUES (?, ?, ?, ?, ?)"
        # Without a critic it is the publication that speaks.
        who = (review.critic, "" if review.critic else review.house)
        if not self._db.execute(seen, (review.film, review.digest, *who, review.row)).rowcount:
            return False
        self._db.execute(
            f"INSERT INTO review ({_FIELDS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                *(review.row, review.film, review.digest, review.critic, review.critic_name, review.house),
                *(review.house_name, review.published, review.datatype, review.address, review.lean),
                review.text,
            ),
        )
        return True

    def note(self, row: int, field: str, value: str, reason: str) -> None:
        """Keep what is odd about a row."""
        self._db.execute("INSERT INTO odd VALUES (?, ?, ?, ?)", (row, field, value, reason))

    def note_unknown(self, title: str, hint: str) -> None:
        """Count a row of a film that the graph lacks; ``hint`` names the one that may be meant."""
        self._db.execute(
            "INSERT INTO unknown VALUES (?, ?, 1) ON CONFLICT DO UPDATE SET rows = rows + 1", (title, hint)
        )

    def odd(self) -> Iterator[tuple[int, str, str, str]]:
        """Yield what is odd, in the order of the rows."""
        yield from self._db.execute("SELECT row, field, value, reason FROM odd ORDER BY row, field, reason")

    def unknown(self, limit: int) -> list[tuple[str, str, int]]:
        """Return the films that the graph lacks, those of most rows first, with a hint and the number of rows."""
        query = "SELECT title, hint, rows FROM unknown ORDER BY rows DESC, title, hint LIMIT ?"
        return list(self._db.execute(query, (limit,)))

    def count_unknown(self) -> int:
        """Return how many films the graph lacks."""
        return int(self._db.execute("SELECT COUNT(DISTINCT title) FROM unknown").fetchone()[0])

    def films(self) -> list[tuple[str, int]]:
        """Return the films with the number of their reviews, by IRI."""
        return list(self._db.execute("SELECT film, COUNT(*) FROM review GROUP BY film ORDER BY film"))

    def spellings(self, what: str) -> Iterator[tuple[str, str, int]]:
        """Yield key, spelling and number of reviews for each name of a ``critic`` or ``house``.

        Keys stand in order, and the spellings of each by number and alphabet: the first is the name.
        """
        assert what in ("critic", "house")
        yield from self._db.execute(
            f"SELECT {what}, {what}_name, COUNT(*) AS many FROM review WHERE {what} <> '' "
            f"GROUP BY {what}, {what}_name ORDER BY {what}, many DESC, {what}_name"
        )

    def houses(self) -> Iterator[tuple[str, str]]:
        """Yield each pair of publication and critic, by their keys, in order."""
        yield from self._db.execute(
            "SELECT DISTINCT house, critic FROM review WHERE house <> '' AND critic <> '' ORDER BY house, critic"
        )

    def reviews(self, film: str) -> Iterator[Spooled]:
        """Yield the reviews of a film by critic, publication, date, address and hash: the order of their numbers."""
        found = self._db.execute(
            f"SELECT {_FIELDS} FROM review WHERE film = ? ORDER BY critic, house, published, address, hash, row",
            (film,),
        )
        for fields in found:
            yield Spooled(*fields)

    def close(self) -> None:
        """Let go of the database."""
        self._db.close()


@contextmanager
def spooling() -> Iterator[Spool]:
    """Yield a spool; where the disk is full, that is told in one line."""
    spool = Spool()
    try:
        yield spool
    except sqlite3.Error as error:
        raise OutputError(f"the reviews cannot be put aside in the system's temporary folder: {error}") from error
    finally:
        spool.close()
