"""What stands in the cells of critic, publication and address, made clean, and when two spellings are one name."""

from __future__ import annotations

import html
import re
import unicodedata
from functools import lru_cache
from hashlib import sha256

from filmgraph.namespaces import slugify

__all__ = [
    "LONGEST_NAME",
    "bare_name",
    "clean_name",
    "critic_key",
    "flipped",
    "is_no_name",
    "is_nobody",
    "name_slug",
    "publication_key",
    "read_address",
    "signs_for_several",
]

LONGEST_NAME = 120
_LONGEST_ADDRESS = 2_000
_NO_NAME = re.compile(r"unknown|n/?a|none|null|nan|\W*", re.IGNORECASE)
_NOBODY = re.compile(
    r"(?:.*\b)?(?:staff|staff writer|editors?|editorial(?: team)?)|anonymous|unsigned|uncredited", re.IGNORECASE
)
_BY = re.compile(r"by (?=[A-ZÀ-Þ])", re.IGNORECASE)
_HOUSE_BEHIND = re.compile(r"(?<!\s)\s*+[(\[][^()\[\]]*[)\]]$")
_LAST_FIRST = re.compile(r"(?P<last>[^,]+), (?P<first>[^,]+)")
_SUFFIX = re.compile(r"(?:jr|sr|ii|iii|iv|ph\.?\s?d|m\.?d|esq)\.?", re.IGNORECASE)
_SEVERAL = re.compile(r"\s(?:and|&|with)\s", re.IGNORECASE)
_ADDRESS = re.compile(
    r"https?://(?:[^\s<>\"{}|\\^`/?#@:]+\.)[^\s<>\"{}|\\^`/?#@:.]+(?::(?P<port>[0-9]{1,5}))?"
    r"(?:[/?#][^\s<>\"{}|\\^`]*)?",
    re.IGNORECASE,
)
_HIGHEST_PORT = 65_535


_ESCAPED = {ord(character): f"%{ord(character):02X}" for character in "|^{}`\\"}


@lru_cache(maxsize=65_536)
def clean_name(text: str) -> str:
    """Return a name in one line: entities undone, composed (NFC), without what is not seen.

    >>> clean_name(" Zo&euml;  Example&nbsp;")
    'Zoë Example'
    """
    for _ in range(2):  # what went through two programs is escaped twice
        text = html.unescape(text)
    line = " ".join(unicodedata.normalize("NFC", text).split())
    return "".join(c for c in line if unicodedata.category(c)[0] != "C").strip().removesuffix(",").strip()


@lru_cache(maxsize=65_536)
def critic_key(name: str) -> str:
    """Return what is the same for two spellings of one person's name.

    Letter case, accents, points, spaces and a house in brackets behind the name do not count.

    >>> critic_key("A. O. Scott") == critic_key("AO SCOTT") == critic_key("A.O. Scott (NYT)")
    True
    >>> critic_key("José Example") == critic_key("Jose Example"), critic_key("Joe Example") == critic_key("Jo Example")
    (True, False)
    """
    return _key(bare_name(name))


@lru_cache(maxsize=65_536)
def publication_key(name: str) -> str:
    """Return what is the same for two spellings of a publication's name, with or without "The".

    >>> publication_key("The Daily Example"), publication_key("daily  example")
    ('daily-example', 'daily-example')
    """
    return _key(name).removeprefix("the-")


def bare_name(name: str) -> str:
    """Return a critic's name without "By" in front and a house in brackets behind.

    >>> bare_name("By Jane Example (example.com)")
    'Jane Example'
    """
    name = _BY.sub("", name, count=1) if _BY.match(name) else name
    bare = _HOUSE_BEHIND.sub("", name)
    return bare if " " in bare else name


def flipped(name: str) -> str | None:
    """Return the name that "Last, First" may stand for, None where it is not written so.

    >>> flipped("Example, Jane"), flipped("John Example, Jr."), flipped("Jane Example")
    ('Jane Example', None, None)
    """
    found = _LAST_FIRST.fullmatch(name)
    return None if found is None or _SUFFIX.fullmatch(found["first"]) else f"{found['first']} {found['last']}"


def is_nobody(name: str) -> bool:
    """Whether a critic's cell names no person: empty, a placeholder, or the staff of a house.

    >>> is_nobody("Example Staff"), is_nobody("N/A"), is_nobody("Jane Example")
    (True, True, False)
    """
    return is_no_name(name) or _NOBODY.fullmatch(name) is not None


def is_no_name(name: str) -> bool:
    """Whether a cell is empty or holds what programs write in its place.

    >>> is_no_name("N/A"), is_no_name("-"), is_no_name("None"), is_no_name("Nonesuch")
    (True, True, True, False)
    """
    return _NO_NAME.fullmatch(name) is not None


def signs_for_several(name: str) -> bool:
    """Whether a signature is that of several people: it stays one, as nobody knows who wrote what."""
    return _SEVERAL.search(name) is not None


def name_slug(name: str) -> str:
    """Return the slug of a name; one that is not in Latin letters gets a number that follows from it.

    >>> name_slug("A. O. Scott"), name_slug("Пётр")
    ('a-o-scott', 'name-04856b4f')
    """
    return slugify(name) if _is_latin(name) else f"name-{sha256(_folded(name).encode()).hexdigest()[:8]}"


def read_address(text: str) -> tuple[str, str]:
    """Return the address in a cell, or an empty text and what is wrong.

    >>> read_address(" https://example.com/a?b=1&amp;c=2 ")
    ('https://example.com/a?b=1&c=2', '')
    >>> read_address("www.example.com"), read_address("https://user:word@example.com/")
    (('', 'address unusable'), ('', 'address unusable'))
    """
    address = html.unescape(text.strip()).translate(_ESCAPED)
    if not address:
        return "", "address missing"
    found = _ADDRESS.fullmatch(address) if len(address) <= _LONGEST_ADDRESS and address.isprintable() else None
    if found is None or not 1 <= int(found["port"] or 1) <= _HIGHEST_PORT:
        return "", "address unusable"
    return address, ""


def _key(name: str) -> str:
    if not _is_latin(name):
        return _folded(name)
    words: list[str] = []
    initials = False
    for word in slugify(name).split("-"):
        initials, joins = len(word) == 1, initials and len(word) == 1
        if joins:
            words[-1] += word
        else:
            words.append(word)
    return "-".join(words)


def _is_latin(name: str) -> bool:
    return name.isascii() or all(c.isascii() or slugify(c) for c in name if c.isalpha())


def _folded(name: str) -> str:
    letters = unicodedata.normalize("NFKD", name.casefold())
    return " ".join("".join(c if c.isalnum() else " " for c in letters if unicodedata.category(c) != "Mn").split())
