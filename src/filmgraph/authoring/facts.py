"""A table of checked facts of films, and the film in it that somebody means."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass

from filmgraph.errors import DataError
from filmgraph.namespaces import slugify
from filmgraph.tables import read_table
from filmgraph.titles import ARTICLES, article_first

__all__ = ["Fact", "FactsTable"]

_REQUIRED = ("imdb_id", "title", "year")
_OPTIONAL = ("wikidata_id", "directors", "genres", "runtime_minutes", "countries")
_FURTHER_TITLE = re.compile(r"\(([^()]*[^()\s][^()]*)\)")


@dataclass(frozen=True)
class Fact:
    """A film of a facts table: the number of its row, and what the table says of it, empty where it is silent."""

    row: int
    imdb_id: str
    wikidata_id: str
    title: str
    year: str
    directors: str
    genres: str
    runtime_minutes: str
    countries: str

    def to_text(self) -> str:
        """Return the film in a few words, by which it is told from others."""
        who = f", {self.directors.replace('|', ' and ')}" if self.directors else ""
        return f"{self.imdb_id or 'row ' + str(self.row)} ({self.title}, {self.year}{who})"


class FactsTable:
    """A CSV file with the columns imdb_id, title and year, and where it has them wikidata_id, directors, genres,
    runtime_minutes and countries; ``|`` separates several values. Other columns are passed over.
    """

    def __init__(self, file: str | os.PathLike[str]) -> None:
        table = read_table(file, required=_REQUIRED, optional=_OPTIONAL, strict=False)
        self.file = table.file
        self.facts = tuple(
            Fact(row.number, **{column: row[column].strip() for column in (*_REQUIRED, *_OPTIONAL)})
            for row in table.rows
        )

    def find(self, title: str, year: int, *, imdb: str | None = None) -> Fact | None:
        """Return the film of this title and year, None where the table has none.

        Letter case, accents and a leading article do not count, nor whether it stands behind: "Piano, The". A title in
        brackets behind another counts as well. ``imdb`` says which film is meant, whatever its title.

        Raises :class:`~filmgraph.errors.DataError` where several films may be meant, with their identifiers, and where
        the one of the identifier is not there or of another year.
        """
        if imdb is not None:
            return self._of_identifier(imdb, year)
        of_year = [fact for fact in self.facts if fact.year == str(year)]
        wanted = slugify(title)
        whole = [fact for fact in of_year if wanted in {slugify(name) for name in _names(fact.title)}]
        found = whole or [fact for fact in of_year if _keys(title) & _keys(fact.title)]
        if len(found) > 1:
            several = "; ".join(fact.to_text() for fact in found[:6])
            raise DataError(
                f"{len(found)} films of {year} may be meant: {several}: say which with --imdb", file=self.file
            )
        return found[0] if found else None

    def in_other_years(self, title: str, year: int) -> list[Fact]:
        """Return the films of a title that are of another year, the nearest first."""
        found = [fact for fact in self.facts if fact.year.isdecimal() and _keys(title) & _keys(fact.title)]
        return sorted((f for f in found if f.year != str(year)), key=lambda f: (abs(int(f.year) - year), f.row))

    def _of_identifier(self, imdb: str, year: int) -> Fact:
        found = [fact for fact in self.facts if fact.imdb_id == imdb]
        if not found:
            raise DataError(f"there is no film {imdb} in this table, so nothing is known of it", file=self.file)
        if {fact.year for fact in found} != {str(year)}:
            raise DataError(f"{found[0].to_text()} is not of {year}: give the year that it has", file=self.file)
        return found[0]


def _names(title: str) -> list[str]:
    """Return the titles that a cell holds: the whole, without brackets, and each in brackets; articles in front."""
    names = [title, _FURTHER_TITLE.sub(" ", title), *_FURTHER_TITLE.findall(title)]
    return [article_first(name.strip()) for name in names if slugify(name)]


def _keys(title: str) -> set[str]:
    """Return what titles are compared by: slugs without a leading article."""
    return {_without_article(slugify(name)) for name in _names(title)}


def _without_article(slug: str) -> str:
    article, _, rest = slug.partition("-")
    return rest if rest and article in ARTICLES else slug
