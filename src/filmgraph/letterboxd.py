"""What a person has seen and how they liked it, read from a file that Letterboxd exports.

``ratings.csv`` and ``diary.csv`` say how a film was liked: a rating of :data:`LIKED` or more is a like, one of
:data:`DISLIKED` or less a dislike, and what lies between is neither. The bounds are the same for everybody, and not
set around a person's own mean: whoever rates only what they love would else dislike half of it, and a bound that moves
with each rating cannot be checked by looking at a film. ``watched.csv`` only says what was seen, and ``watchlist.csv``
what was not; what they name is liked only where the person says so.

Films are told apart by title and year, as :class:`TitleIndex` does. A file is hostile until it is read: it is bounded,
its cells are plain text whatever they begin with, and nothing of it is kept.
"""

from __future__ import annotations

import os
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from filmgraph.errors import DataError
from filmgraph.lookup import folded_text
from filmgraph.namespaces import FG, SCHEMA
from filmgraph.tables import Row, Table, table_of
from filmgraph.titles import ARTICLES, article_first

if TYPE_CHECKING:
    from filmgraph.stores import Store

__all__ = [
    "DISLIKED",
    "LARGEST_EXPORT",
    "LIKED",
    "Listed",
    "TitleIndex",
    "Watched",
    "read_letterboxd",
    "read_letterboxd_file",
]

LIKED = 3.5
"""Ratings from here up are likes; Letterboxd's go from 0.5 to 5."""
DISLIKED = 2.0
"""Ratings from here down are dislikes."""
LARGEST_EXPORT = 4 * 1024**2
"""The most bytes of a file: some 40,000 films."""

_LONGEST_TITLE = 300
_YEAR = re.compile(r"[12][0-9]{3}")
_DAY = re.compile(r"\s*[0-9]{4}-[0-9]{2}-[0-9]{2}\s*")
_RATING = re.compile(r"[0-5](?:[.,][0-9]{1,2})?")
_PREAMBLE = b"Letterboxd list export"
_HEADER_OF_LIST = re.compile(rb"^Position,Name,Year", re.MULTILINE)


@dataclass(frozen=True)
class Listed:
    """A film as a file names it: its row as a spreadsheet shows it, title and year."""

    row: int
    title: str
    year: int | None


@dataclass(frozen=True)
class Watched:
    """What a file says, films by IRI in the order in which it first names them.

    ``seen`` holds the films of the graph that the person has seen, ``liked`` and ``disliked`` some of them; films on a
    watchlist are not seen. ``matched`` holds all films of the graph that the file names and ``unmatched`` what it names
    besides, in its order. ``rated`` says that it holds ratings, and ``rows`` counts its films, each once.
    """

    liked: tuple[str, ...]
    disliked: tuple[str, ...]
    seen: tuple[str, ...]
    matched: tuple[str, ...]
    unmatched: tuple[Listed, ...]
    rows: int
    rated: bool


class TitleIndex:
    """Films by their titles: as people write them, without regard to letter case, accents, signs and spaces.

    A film answers to its title with its year; to another of its titles; to these with no article in front, or one
    behind; and to its exact title, or another of its titles, with a year that is off by one (festivals and cinemas part
    years), in this order, and only where it is the only one that does.
    """

    def __init__(self, films: Iterable[tuple[str, str, int | None, bool]]) -> None:
        """Take films as (IRI, title, year, whether it is the title that is shown)."""
        self._names: dict[str, dict[str, int | None]] = defaultdict(dict)
        self._others: dict[str, dict[str, int | None]] = defaultdict(dict)
        self._bare: dict[str, dict[str, int | None]] = defaultdict(dict)
        for film, title, year, shown in films:
            key, bare = _keys(title)
            (self._names if shown else self._others)[key][film] = year
            self._bare[bare][film] = year

    @classmethod
    def of_store(cls, store: Store) -> TitleIndex:
        """Read all titles of all films from a store."""
        rows = store.select(
            f"SELECT ?film ?title ?year ?shown WHERE {{ ?film a <{FG}Film> . "
            f"VALUES (?p ?shown) {{ (<{SCHEMA}name> 1) (<{SCHEMA}alternateName> 0) }} ?film ?p ?title "
            f"OPTIONAL {{ ?film <{FG}releaseYear> ?year }} }}"
        )
        return cls(
            (str(film), str(title), year if isinstance(year, int) else None, bool(shown))
            for film, title, year, shown in rows
        )

    def find(self, title: str, year: int | None = None) -> str | None:
        """Return the one film, by IRI, that bears a title in a year; None where none does, or several do.

        >>> index = TitleIndex([("a", "Amélie", 2001, True), ("b", "The Piano", 1993, True)])
        >>> index.find("Amelie", 2001), index.find("Piano, The", 1992), index.find("Piano", 1992)
        ('a', 'b', None)
        """
        key, bare = _keys(title)
        for films in (self._names.get(key, {}), self._others.get(key, {}), self._bare.get(bare, {})):
            found = [film for film, made in films.items() if year is None or made == year]
            if found:
                return found[0] if len(found) == 1 else None
        near = {
            film
            for films in (self._names.get(key, {}), self._others.get(key, {}))
            for film, made in films.items()
            if year is not None and made is not None and abs(made - year) == 1
        }
        return near.pop() if len(near) == 1 else None


def read_letterboxd(content: bytes, index: TitleIndex, *, name: str = "the file", likes_all: bool = False) -> Watched:
    """Read the bytes of a file that Letterboxd exported: ratings, diary, watched, watchlist, likes or a list.

    Of several ratings of a film the latest counts, by the day it was watched or rated, and the later row of one day.
    With ``likes_all`` each film of a file that holds no ratings is liked. ``name`` is what errors call the file, and
    what tells a watchlist, whose films are not seen, from a file of the same columns.

    Raises :class:`~filmgraph.errors.DataError`, one line, for what is no such file.
    """
    films = [*_latest(_films(_table(content, name), index))]
    rated = any(film.rating is not None for film in films)
    matched = [film for film in films if film.iri]
    return Watched(
        liked=_iris(film for film in matched if film.is_liked or (likes_all and not rated)),
        disliked=_iris(film for film in matched if film.is_disliked),
        seen=() if _is_watchlist(name) else _iris(matched),
        matched=_iris(matched),
        unmatched=tuple(film.listed for film in films if not film.iri),
        rows=len(films),
        rated=rated,
    )


def read_letterboxd_file(file: str | os.PathLike[str], index: TitleIndex, *, likes_all: bool = False) -> Watched:
    """Read a file that Letterboxd exported, as :func:`read_letterboxd` does."""
    name = os.fspath(file)
    try:
        with Path(name).open("rb") as stream:
            content = stream.read(LARGEST_EXPORT + 1)
    except OSError as error:
        raise DataError(f"cannot be read: {error.strerror}", file=name) from error
    return read_letterboxd(content, index, name=name, likes_all=likes_all)


@dataclass(frozen=True)
class _Film:
    """A row: which film it names, empty for none of the graph's, how it is rated, and on which day."""

    listed: Listed
    iri: str
    rating: float | None
    day: str

    @property
    def is_liked(self) -> bool:
        return self.rating is not None and self.rating >= LIKED

    @property
    def is_disliked(self) -> bool:
        return self.rating is not None and self.rating <= DISLIKED


def _table(content: bytes, name: str) -> Table:
    if len(content) > LARGEST_EXPORT:
        raise DataError(f"is larger than {LARGEST_EXPORT // 1024**2} MiB: is it a file of Letterboxd's?", file=name)
    if content.startswith(b"PK\x03\x04"):
        raise DataError(
            "is an archive, as Letterboxd exports it: unpack it and choose ratings.csv or watched.csv", file=name
        )
    if not content.strip():
        raise DataError("is empty", file=name)
    if content.removeprefix(b"\xef\xbb\xbf").startswith(_PREAMBLE) and (header := _HEADER_OF_LIST.search(content)):
        content = content[header.start() :]
    try:
        return table_of(content, name, required=("name", "year"), optional=("rating", "date", "watched_date"))
    except DataError as error:
        if "missing" in str(error):
            raise DataError(
                "is no file of Letterboxd's: its first row must name the columns Name and Year, and Rating where "
                "films are rated",
                file=name,
            ) from error
        raise


def _films(table: Table, index: TitleIndex) -> Iterator[_Film]:
    for row in table.rows:
        title = row["name"].strip()[:_LONGEST_TITLE]
        if not title:
            continue
        years = _YEAR.fullmatch(row["year"].strip())
        listed = Listed(row.number, title, int(years[0]) if years else None)
        day = next((text for text in (row["watched_date"], row["date"]) if _DAY.fullmatch(text.strip())), "")
        yield _Film(listed, index.find(title, listed.year) or "", _rating(row, table.file), day.strip())


def _rating(row: Row, file: str) -> float | None:
    """Return the rating of a row, None where there is none."""
    text = row["rating"].strip()
    if not text:
        return None
    rating = float(text.replace(",", ".")) if _RATING.fullmatch(text) else 0.0
    if not 0.5 <= rating <= 5:
        raise DataError(f"row {row.number}: the rating {text[:20]!r} is no number from 0.5 to 5", file=file)
    return rating


def _latest(films: Iterable[_Film]) -> Iterator[_Film]:
    """Yield each film once, where it is first named, with its latest rating: seen again unrated, it keeps the last."""
    by_film: dict[tuple[object, ...], list[_Film]] = defaultdict(list)
    for film in films:
        key = (film.iri,) if film.iri else (_keys(film.listed.title)[0], film.listed.year)
        by_film[key].append(film)
    for same in by_film.values():
        rated = [film for film in same if film.rating is not None]
        # Of one day the later row: max() would take the first.
        last = sorted(rated, key=lambda film: film.day)[-1:]
        yield replace(same[0], rating=last[0].rating if last else None)


def _iris(films: Iterable[_Film]) -> tuple[str, ...]:
    return tuple(film.iri for film in films)


def _is_watchlist(name: str) -> bool:
    return re.split(r"[/\\]", name)[-1].lower().startswith("watchlist")


def _keys(title: str) -> tuple[str, str]:
    """Return the letters of a title by which it is found, and those without the article in front.

    >>> _keys("Piano, The"), _keys("Bonnie & Clyde"), _keys("WALL·E"), _keys("A")
    (('thepiano', 'piano'), ('bonnieandclyde', 'bonnieandclyde'), ('walle', 'walle'), ('a', 'a'))
    """
    words = folded_text(article_first(title[:_LONGEST_TITLE].strip()).replace("&", " and ")).split()
    bare = words[1:] if len(words) > 1 and words[0] in ARTICLES else words
    return "".join(words), "".join(bare)
