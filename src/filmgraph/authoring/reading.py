"""From the rows of a spreadsheet to films and their uses, and to what is wrong with each bad row."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from filmgraph.authoring.cells import clean, film_slug, parts_of, title_of
from filmgraph.authoring.draft import FACTS, LONGEST_TEXT, Statement, Use, statements
from filmgraph.authoring.names import Names
from filmgraph.errors import FilmgraphError
from filmgraph.namespaces import iri
from filmgraph.rows import printable
from filmgraph.tables import Row, Table

__all__ = ["ALIASES", "OPTIONAL", "REQUIRED", "Bad", "BadRow", "FilmRows", "leave_out", "read_films"]

REQUIRED = ("title", "year", "technique", "explanation", "scenes")
OPTIONAL = ("spoiler", *FACTS)
ALIASES = {
    "film": "title",
    "scene": "scenes",
    "spoilers": "spoiler",
    "runtime": "runtime_minutes",
    **{column.removesuffix("s"): column for column in FACTS if column.endswith("s") and column != "runtime_minutes"},
    "genre": "genres",
    "country": "countries",
}
"""Names that columns may have beside their own."""

_LONGEST_CELL = 20_000
_LONGEST_SHOWN = 60
_ERROR_VALUES = {"#NAME?", "#REF!", "#VALUE!", "#N/A", "#DIV/0!", "#NUM!", "#NULL!"}
_MAY_START_WITH_A_SIGN = ("title", "alternate_titles")
_YES, _NO = {"yes", "y", "true", "x"}, {"", "no", "n", "false"}


@dataclass(frozen=True)
class BadRow:
    """A row that cannot be taken: its number as the spreadsheet shows it, the column and its value, and what to do."""

    row: int
    column: str
    value: str
    reason: str

    def to_text(self) -> str:
        """Return it as one line."""
        value = f" {_short(self.value)!r}" if self.value else ""
        return printable(f"row {self.row}{', ' + self.column if self.column else ''}{value}: {self.reason}")


@dataclass
class FilmRows:
    """A film of the table: where its facts stand, the facts by column, and its uses by row."""

    film: str
    title: str
    year: int
    rows: list[int] = field(default_factory=list)
    known: bool = False
    cells: dict[str, tuple[int, str]] = field(default_factory=dict)
    facts: dict[str, list[Statement]] = field(default_factory=dict)
    uses: dict[int, Use] = field(default_factory=dict)

    def row_of(self, column: str | None) -> int:
        """Return the row in which a fact stands, else the first of the film."""
        return self.cells[column][0] if column in self.cells else self.rows[0]


class Bad(dict[int, list[BadRow]]):
    """What is wrong, by the number of the row."""

    def add(self, row: int, column: str, value: str, reason: str) -> None:
        """Take note of something that is wrong with a row."""
        found = BadRow(row, column, value, reason)
        if found not in self.setdefault(row, []):
            self[row].append(found)

    @contextmanager
    def of(self, row: int, column: str, value: str) -> Iterator[None]:
        """Take note of an error with what it says."""
        try:
            yield
        except FilmgraphError as error:
            self.add(row, column, value, str(error))


def read_films(table: Table, names: Names) -> tuple[dict[str, FilmRows], Bad]:
    """Return the films of a table by IRI, and its bad rows; a film whose facts are bad has all its rows bad."""
    bad = Bad()
    films: dict[str, FilmRows] = {}
    for row in table.rows:
        _check_cells(row, bad)
        film = _film_of(row, names, films, bad)
        if film is None:
            continue
        film.rows.append(row.number)
        _take_facts(row, film, bad)
        use = _use_of(row, film.film, names, bad)
        if use is not None:
            first = next((number for number, other in film.uses.items() if other.technique == use.technique), None)
            if first is None:
                film.uses[row.number] = use
            else:
                bad.add(
                    row.number, "technique", row["technique"], f"row {first} has it already: join the two in one row"
                )
    for film in films.values():
        wrong = [number for number in film.rows if any(item.column in FACTS for item in bad.get(number, ()))]
        for column, (number, value) in film.cells.items():
            with bad.of(number, column, value):
                film.facts[column] = statements(column, value, names)
            if column not in film.facts:
                wrong.append(number)
        if wrong:
            leave_out(film, min(wrong), bad)
    return films, bad


def leave_out(film: FilmRows, cause: int, bad: Bad) -> None:
    """Mark all rows of a film whose facts are bad."""
    for number in film.rows:
        if number not in bad:
            bad.add(number, "", "", f"left out with row {cause}, where the facts of {film.title} are bad")


def _check_cells(row: Row, bad: Bad) -> None:
    if row.surplus:
        reason = "has more cells than the header has columns: put a text with a comma in quotation marks"
        bad.add(row.number, "", "", reason)
    for column, cell in row.cells.items():
        text = cell.strip()
        if text in _ERROR_VALUES:
            bad.add(row.number, column, text, "is the spreadsheet's error, not a value: write it anew")
        elif text.startswith(("=", "@")) or (text.startswith(("+", "-")) and column not in _MAY_START_WITH_A_SIGN):
            reason = f"looks like a formula: write it so that it does not begin with {text[0]}"
            bad.add(row.number, column, text, reason)
        else:
            with bad.of(row.number, column, text):
                clean(text, longest=_LONGEST_CELL)


def _film_of(row: Row, names: Names, films: dict[str, FilmRows], bad: Bad) -> FilmRows | None:
    title, year = row["title"].strip(), row["year"].strip()
    for column, value in (("title", title), ("year", year)):
        if not value:
            bad.add(row.number, column, "", "is empty: each row names its film and year")
    if not title or not year or any(item.column in ("title", "year") for item in bad.get(row.number, ())):
        return None
    slug = shown = known = None
    with bad.of(row.number, "title", title):
        shown = title_of(title)
    if shown is not None:
        with bad.of(row.number, "year", year):
            slug = film_slug(shown, year)
        with bad.of(row.number, "title", title):
            known = names.film(shown, year) if slug else None
    if shown is None or slug is None or (row.number in bad and any(i.column == "title" for i in bad[row.number])):
        return None
    film = known or iri("film", slug)
    return films.setdefault(film, FilmRows(film, shown, int(year), known=known is not None))


def _take_facts(row: Row, film: FilmRows, bad: Bad) -> None:
    """Take the facts of a film from whichever of its rows has them; two that differ are told."""
    wrong = {item.column for item in bad.get(row.number, ())}
    for column in FACTS:
        text = " ".join(row[column].split())
        if not text or column in wrong:
            continue
        number, first = film.cells.setdefault(column, (row.number, text))
        if first != text:
            reason = f"row {number} says {_short(first)!r} of the same film: write it in one row, or the same in both"
            bad.add(row.number, column, text, reason)


def _use_of(row: Row, film: str, names: Names, bad: Bad) -> Use | None:
    texts = {column: " ".join(row[column].split()) for column in ("technique", "explanation", "scenes", "spoiler")}
    for column in ("technique", "explanation", "scenes"):
        if not texts[column]:
            bad.add(row.number, column, "", _EMPTY[column])
    technique = None
    if texts["technique"]:
        with bad.of(row.number, "technique", texts["technique"]):
            technique = names.find(texts["technique"], "technique")
    scenes = tuple(parts_of(texts["scenes"]))
    for text in (texts["explanation"], *scenes):
        with bad.of(row.number, "explanation" if text == texts["explanation"] else "scenes", text):
            clean(text, longest=LONGEST_TEXT)
    whole, numbers = _spoilers(row.number, texts["spoiler"], len(scenes), bad)
    if technique is None or row.number in bad:
        return None
    return Use(film, technique, clean(texts["explanation"], longest=LONGEST_TEXT), _clean_all(scenes), whole, numbers)


_EMPTY = {
    "technique": "is empty: each row is about one technique, by its name or slug",
    "explanation": "is empty: say how this film does it, and to what effect",
    "scenes": "is empty: name at least one scene by what happens in it, and part several by |",
}


def _clean_all(texts: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(clean(text, longest=LONGEST_TEXT) for text in texts)


def _spoilers(row: int, text: str, scenes: int, bad: Bad) -> tuple[bool, frozenset[int]]:
    """Return whether the use gives an ending away, and the numbers of the scenes that do."""
    words = [word.lower() for word in parts_of(text)]
    numbers = frozenset(int(word) for word in words if re.fullmatch("[1-9][0-9]?", word))
    others = {word for word in words if not re.fullmatch("[1-9][0-9]?", word)}
    if others - _YES - _NO or (others & _NO and len(words) > 1):
        bad.add(
            row, "spoiler", text, "write yes if the explanation gives an ending away, or the numbers of scenes: 1|3"
        )
    elif numbers and max(numbers) > scenes:
        bad.add(row, "spoiler", text, f"there is no scene {max(numbers)}: the row has {scenes}")
    return bool(others & _YES), numbers


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST_SHOWN else text[: _LONGEST_SHOWN - 1] + "…"
