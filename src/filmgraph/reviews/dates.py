"""Dates of reviews as people write them, read as exactly as they are known."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from filmgraph.namespaces import XSD

__all__ = ["Published", "read_date"]

_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            *("january jan", "february feb", "march mar", "april apr", "may", "june jun", "july jul", "august aug"),
            *("september sept sep", "october oct", "november nov", "december dec"),
        ),
        start=1,
    )
    for name in names.split()
}
_ISO = re.compile(r"(?P<y>[0-9]{4})(?:[-/.](?P<m>[0-9]{1,2})(?:[-/.](?P<d>[0-9]{1,2})(?:[T ][0-9:.+Zz-]+)?)?)?")
_DAY_FIRST = re.compile(r"(?P<d>[0-9]{1,2})(?:st|nd|rd|th)?\s+(?P<m>[A-Za-z]+)\.?,?\s+(?P<y>[0-9]{4})")
_MONTH_FIRST = re.compile(r"(?P<m>[A-Za-z]+)\.?\s+(?:(?P<d>[0-9]{1,2})(?:st|nd|rd|th)?,?\s+)?(?P<y>[0-9]{4})")
_BY_NUMBERS = re.compile(r"(?P<a>[0-9]{1,2})[/.-](?P<b>[0-9]{1,2})[/.-](?P<y>[0-9]{4})")
_FILLERS = re.compile(r"n/?a|none|null|nan|unknown|tba|tbd|undated|-+|\?+|0000-00-00", re.IGNORECASE)
_PLACEHOLDERS = {(1, 1, 1), (1900, 1, 1), (1970, 1, 1), (9999, 12, 31)}
"""Days that programs write where they know none."""


@dataclass(frozen=True, slots=True)
class Published:
    """When a review appeared: a text and its datatype, both empty where it is not known; ``problem`` says why."""

    text: str = ""
    datatype: str = ""
    problem: str = ""


@lru_cache(maxsize=65_536)
def read_date(text: str, *, released: int, today: date) -> Published:
    """Return the date in a cell: a day, a month or a year.

    What is impossible, in the future or before the year ``released`` is left out, and so is what may mean two days.

    >>> read_date("June 12, 2024", released=2024, today=date(2025, 1, 1)).text
    '2024-06-12'
    >>> read_date("2024-02-30", released=2024, today=date(2025, 1, 1)).problem
    'date impossible'
    """
    text = " ".join(text.split())
    if not text:
        return Published(problem="date missing")
    if _FILLERS.fullmatch(text):
        return Published(problem="date a placeholder")
    parts = _parts(text)
    if isinstance(parts, str):
        return Published(problem=parts)
    year, month, day = parts
    if (year, month, day) in _PLACEHOLDERS or year == 0:
        return Published(problem="date a placeholder")
    try:
        first = date(year, month or 1, day or 1)
    except ValueError:
        return Published(problem="date impossible")
    if first > today:
        return Published(problem="date in the future")
    if year < released:
        return Published(problem="date before the film's release")
    if day:
        return Published(first.isoformat(), XSD + "date")
    return Published(f"{year:04}-{month:02}", XSD + "gYearMonth") if month else Published(f"{year:04}", XSD + "gYear")


def _parts(text: str) -> tuple[int, int, int] | str:
    """Return year, month and day, 0 for what is not said, or what is wrong."""
    if found := _ISO.fullmatch(text):
        if found["m"] and not int(found["m"]) and not (found["d"] and int(found["d"])):
            return int(found["y"]), 0, 0  # 2014-00-00 is how tables write a year
        if found["m"] and not int(found["m"]):
            return "date impossible"
        return int(found["y"]), int(found["m"] or 0), int(found["d"] or 0)
    if found := _DAY_FIRST.fullmatch(text) or _MONTH_FIRST.fullmatch(text):
        month = _MONTHS.get(found["m"].lower())
        return (int(found["y"]), month, int(found["d"] or 0)) if month else "date not understood"
    if found := _BY_NUMBERS.fullmatch(text):
        one, other, year = int(found["a"]), int(found["b"]), int(found["y"])
        if one > 12 >= other:
            return year, other, one
        if other > 12 >= one or one == other:
            return year, one, other
        return "date of two meanings" if max(one, other) <= 12 else "date impossible"
    return "date not understood"
