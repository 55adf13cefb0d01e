"""Texts that people typed or pasted, made clean or refused with the reason."""

from __future__ import annotations

import re
import unicodedata

from filmgraph.errors import DataError
from filmgraph.namespaces import slugify
from filmgraph.titles import article_first

__all__ = ["clean", "film_slug", "parts_of", "title_of"]

LONGEST_TITLE = 200
_JOINERS = "\u200c\u200d"
_NUMBER = re.compile(r"[0-9]{4}")
FIRST_YEAR, LAST_YEAR = 1888, 2100


def clean(text: str, *, longest: int) -> str:
    """Return a text in one line, composed (NFC), without space around it.

    Raises :class:`~filmgraph.errors.DataError` for characters that are not seen, such as those that turn the
    direction of writing, and for a text that is too long.

    >>> clean("  two\\n lines ", longest=20)
    'two lines'
    """
    line = " ".join(unicodedata.normalize("NFC", text).split())
    for character in line:
        if unicodedata.category(character)[0] == "C" and character not in _JOINERS:
            raise DataError(f"holds the invisible character U+{ord(character):04X}: take it out")
    if len(line) > longest:
        raise DataError(f"is {len(line):,} characters long, and may have {longest:,}")
    return line


def parts_of(text: str) -> list[str]:
    """Return the values of a text that ``|`` separates, each once.

    >>> parts_of("USA | France||USA")
    ['USA', 'France']
    """
    return list(dict.fromkeys(part for part in map(str.strip, text.split("|")) if part))


def title_of(text: str) -> str:
    """Return a film's display title, its article in front, once it is clean and an address can be made of it.

    Raises :class:`~filmgraph.errors.DataError` where not.
    """
    if "\n" in text.strip() or "\r" in text.strip():
        raise DataError("a title stands in one line")
    title = article_first(clean(text, longest=LONGEST_TITLE))
    if "\\" in title or "../" in title:
        raise DataError("is a path, not a title")
    if not slugify(title) or any(letter.isalpha() and not slugify(letter) for letter in title if not letter.isascii()):
        raise DataError(
            "no address can be made of it: write the title by which the film is known in English, in Latin letters, "
            "and the original one as an alternate title"
        )
    return title


def film_slug(title: str, year: str | int) -> str:
    """Return the slug of a film from its title and year of first release.

    Raises :class:`~filmgraph.errors.DataError` for a year in which no film was released.

    >>> film_slug("Amélie", 2001)
    'amelie-2001'
    """
    if not _NUMBER.fullmatch(str(year)) or not FIRST_YEAR <= int(year) <= LAST_YEAR:
        raise DataError(f"{str(year)[:20]!r} is no year from {FIRST_YEAR} to {LAST_YEAR}, as in 1985")
    return f"{slugify(title)}-{year}"
