"""Rows of a table of reviews, each judged, counted and put aside: nothing is left out without being told."""

from __future__ import annotations

import html
import re
from collections import Counter
from collections.abc import Sequence
from datetime import date
from hashlib import sha256

from filmgraph.reviews.dates import read_date
from filmgraph.reviews.known import Films
from filmgraph.reviews.people import Authority
from filmgraph.reviews.scores import contradicts, lean_of, read_score
from filmgraph.reviews.signatures import (
    LONGEST_NAME,
    clean_name,
    critic_key,
    is_no_name,
    is_nobody,
    publication_key,
    read_address,
    signs_for_several,
)
from filmgraph.reviews.spool import Spool, Spooled

__all__ = ["LONGEST_TEXT", "MISSING", "RowReader"]

LONGEST_TEXT = 500_000
"""The longest text that claims are looked for in, in characters: some 80,000 words."""

MISSING = frozenset(("address missing", "date missing", "publication missing", "score missing", "no critic named"))
"""What is counted but is no row to look at: a cell that is empty."""

_YEAR = re.compile(r"(?P<year>[0-9]{4})(?:\.0)?")
_MOST_FILMS_KEPT = 10_000
_LONGEST_VALUE = 200


class RowReader:
    """Reads rows into a spool.

    ``rows`` counts the rows, ``skipped`` those that are not taken and ``odd`` what else there is to tell, both by
    reason; ``scores`` counts the scores that were understood.
    """

    def __init__(self, spool: Spool, films: Films, authority: Authority, *, today: date, detailed: bool) -> None:
        self.spool, self.films, self.authority, self.today = spool, films, authority, today
        self.detailed = detailed
        self.rows = self.scores = 0
        self.skipped: Counter[str] = Counter()
        self.odd: Counter[str] = Counter()
        self._found: dict[tuple[str, str], tuple[str, str, str]] = {}

    def take(self, row: int, cells: Sequence[str], places: dict[str, int], width: int) -> None:
        """Take a row of ``width`` columns, of which each that is known is at its place."""
        self.rows += 1
        if not any(map(str.strip, cells)):
            self.skip(row, "", "", "row empty")
        elif len(cells) < width:
            self.skip(row, "", f"{len(cells)} cells", f"row with fewer cells than the header's {width}")
        elif any(map(str.strip, cells[width:])):
            self.skip(row, "", f"{len(cells)} cells", f"row with more cells than the header's {width}")
        else:
            self._take({column: cells[place] for column, place in places.items()}, row)

    def take_of_film(self, film: str, row: int, cells: Sequence[str], places: dict[str, int]) -> None:
        """Take a row whose film is known by its IRI, whatever its title says."""
        self.rows += 1
        named = {column: cells[place] for column, place in places.items()}
        self._found[named["film_title"], named["film_year"]] = (film, "", "")
        self._take(named, row)

    def skip(self, row: int, column: str, value: str, reason: str) -> None:
        """Count a row that is not taken."""
        self.skipped[reason] += 1
        if self.detailed:
            self.spool.note(row, column, value[:_LONGEST_VALUE], f"left out: {reason}")

    def note(self, row: int, column: str, value: str, reason: str) -> None:
        """Count what is odd about a row that is taken."""
        self.odd[reason] += 1
        if self.detailed and reason not in MISSING:
            self.spool.note(row, column, value[:_LONGEST_VALUE], reason)

    def _take(self, cells: dict[str, str], row: int) -> None:
        title, year, text = cells["film_title"], cells["film_year"], cells["text"]
        film, reason, hint = self._film(title, year)
        if reason:
            column = "film_year" if reason == "film's year is no year" else "film_title"
            self.skip(row, column, f"{title} ({year}) {hint}".strip(), reason)
            if reason == "film unknown":
                self.spool.note_unknown(f"{clean_name(title)} ({year.strip()})"[:_LONGEST_VALUE], hint)
            return
        if not text.strip():
            self.skip(row, "text", "", "text empty")
            return
        if len(text) > LONGEST_TEXT:
            self.skip(row, "text", f"{len(text):,} characters", f"text longer than {LONGEST_TEXT:,} characters")
            return
        critic, critic_name = self._critic(cells["critic"], cells.get("publication", ""), row)
        house, house_name = self._house(cells.get("publication", ""), row)
        published = read_date(cells.get("date", ""), released=self.films.year(film), today=self.today)
        if published.problem:
            self.note(row, "date", cells.get("date", ""), published.problem)
        address, problem = read_address(cells.get("url", ""))
        if problem:
            self.note(row, "url", cells.get("url", ""), problem)
        lean = self._lean(cells.get("score", ""), cells.get("verdict", ""), row)
        review = Spooled(
            *(row, film, sha256(text.encode()).digest(), critic, critic_name, house, house_name),
            *(published.text, published.datatype, address, lean, text),
        )
        if not self.spool.add(review):
            self.skip(row, "text", "", "same text by the same critic once more")

    def _film(self, title: str, year: str) -> tuple[str, str, str]:
        """Return the film of a title and year; else why there is none, and a hint."""
        key = (title, year)
        if key not in self._found:
            if len(self._found) >= _MOST_FILMS_KEPT:
                self._found.clear()
            self._found[key] = self._look_up(title, year)
        return self._found[key]

    def _look_up(self, title: str, year: str) -> tuple[str, str, str]:
        shown, number = html.unescape(title).strip(), _YEAR.fullmatch(year.strip())
        if not shown:
            return "", "film's title empty", ""
        if number is None:
            return "", "film's year is no year", ""
        film = self.films.find(shown, int(number["year"]))
        return (film, "", "") if film else ("", "film unknown", self.films.hint(shown, int(number["year"])))

    def _critic(self, cell: str, house: str, row: int) -> tuple[str, str]:
        name = clean_name(cell)
        if is_nobody(name):
            self.note(row, "critic", cell, "no critic named" if not name else "no person named as critic")
            return "", ""
        key = critic_key(name)
        house_key = publication_key(clean_name(house)) if house else ""
        if key == house_key and "-" not in key:
            self.note(row, "critic", cell, "no person named as critic")
            return "", ""
        if len(name) > LONGEST_NAME:
            self.note(row, "critic", cell, f"name of critic longer than {LONGEST_NAME} characters")
            return "", ""
        if signs_for_several(name):
            self.note(row, "critic", cell, "signed by several, kept as one")
        return self.authority.key(key, house_key), name

    def _house(self, cell: str, row: int) -> tuple[str, str]:
        name = clean_name(cell)
        key = publication_key(name)
        if is_no_name(name):
            self.note(row, "publication", cell, "publication missing")
            return "", ""
        if not key or len(name) > LONGEST_NAME:
            self.note(row, "publication", cell, "publication unusable")
            return "", ""
        return key, name

    def _lean(self, score: str, verdict: str, row: int) -> float:
        """Count what the score is like, and return how the review leans."""
        if not score.strip():
            self.odd["score missing"] += 1
            return lean_of(None, verdict)
        figure = read_score(score)
        if figure is None:
            self.note(row, "score", score, "score not understood")
            return lean_of(None, verdict)
        self.scores += 1
        if contradicts(figure, verdict):
            self.note(row, "score", f"{score} ({verdict})", "score contradicts the verdict")
        return lean_of(figure, verdict)
