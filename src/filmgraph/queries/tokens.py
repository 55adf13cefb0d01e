"""SPARQL as tokens: what the guard reads, and the little that is told from a query's first words.

The reading takes time in proportion to the text, however hostile: no token is tried twice over the same characters.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TypeAlias

from filmgraph.namespaces import PREFIXES

__all__ = ["WORDS", "Token", "line_and_column", "placed_tokens_of", "query_form", "tokens_of", "with_prefixes"]

Token: TypeAlias = tuple[str, str]
"""The kind of a token and its text.

Kinds: ``iri``, ``string``, ``variable``, ``language``, ``name`` (prefixed), ``blank`` (``_:b``), ``word``, ``number``,
``other`` (one character), and what no grammar knows or what engines read differently: ``unclosed`` (a string that does
not end; nothing follows), ``escape`` (one that strings do not know; nothing follows), ``triple`` (the start of a triple
term or an annotation), ``glued`` (a token that touches the one before it) and ``stray`` (a character or a name).
"""

_WORDS = """
    A ABS ADD ADJUST ALL AS ASC ASK AVG BASE BIND BNODE BOUND BY CEIL CLEAR COALESCE CONCAT CONSTRUCT CONTAINS COPY
    COUNT CREATE DATA DATATYPE DAY DEFAULT DELETE DESC DESCRIBE DISTINCT DROP ENCODE_FOR_URI EXISTS FALSE FILTER
    FLOOR FROM GRAPH GROUP GROUP_CONCAT HASLANG HASLANGDIR HAVING HOURS IF IN INSERT INTO IRI ISBLANK ISIRI
    ISLITERAL ISNUMERIC ISTRIPLE ISURI LANG LANGDIR LANGMATCHES LATERAL LCASE LIMIT LOAD MAX MD5 MIN MINUS MINUTES
    MONTH MOVE NAMED NOT NOW OBJECT OFFSET OPTIONAL ORDER PREDICATE PREFIX RAND REDUCED REGEX REPLACE ROUND SAMETERM
    SAMPLE SECONDS SELECT SEPARATOR SERVICE SHA1 SHA256 SHA384 SHA512 SILENT STR STRAFTER STRBEFORE STRDT STRENDS
    STRLANG STRLANGDIR STRLEN STRSTARTS STRUUID SUBJECT SUBSTR SUM TIMEZONE TO TRIPLE TRUE TZ UCASE UNDEF UNION URI
    USING UUID VALUES WHERE WITH YEAR
"""
WORDS = frozenset(_WORDS.split())
"""The words of the language, in capitals."""

# The classes of the SPARQL grammar, which are not those of a regular expression's \w. Characters beyond U+FFFF are left
# out, because oxigraph does not take them in names.
_BASE = (
    "A-Za-z\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u02ff\u0370-\u037d\u037f-\u1fff\u200c-\u200d\u2070-\u218f"
    "\u2c00-\u2fef\u3001-\ud7ff\uf900-\ufdcf\ufdf0-\ufffd"
)
_IN_VARIABLE = _BASE + "_0-9\u00b7\u0300-\u036f\u203f-\u2040"
_CHARS = _IN_VARIABLE + "-"
_UCHAR = r"\\u[0-9A-Fa-f]{4}|\\U[0-9A-Fa-f]{8}"
_ECHAR = rf"\\[tbnrf\"'\\]|{_UCHAR}"
_PLX = r"""%[0-9A-Fa-f]{2}|\\[_~.!$&'()*+,;=/?\#@%-]"""
_RUN = rf"[{_BASE}](?:[{_CHARS}]|\.++(?=[{_CHARS}]))*+"
_LOCAL = rf"(?:[{_BASE}_:0-9]|{_PLX})(?:[{_CHARS}:]|{_PLX}|\.++(?=[{_CHARS}:]|{_PLX}))*+"
_PIECES = r"""
    (?P<word>[A-Za-z][A-Za-z0-9_]*+)
  | (?P<number>(?:[0-9]++(?:\.[0-9]*+)?+|\.[0-9]++)[eE][+-]?[0-9]++|[0-9]*+\.[0-9]++|[0-9]++)
  | (?P<triple><<|\{\||~)
  | (?P<other>[]{}()[;,.=<>!|&+*/^?-])
  | (?P<stray>.)
"""
_TOKEN = re.compile(
    rf"""
    (?P<space>[ \t\r\n]++)
  | (?P<comment>\#[^\r\n]*+)
  | (?P<iri><(?:[^\x00-\x20<>"{{}}|^`\\]|{_UCHAR})*+>)
  | (?P<quote>\"\"\"|'''|"|')
  | (?P<variable>[?$][{_IN_VARIABLE}]++)
  | (?P<language>@[A-Za-z]++(?:-[A-Za-z0-9]++)*+)
  | (?P<blank>_:[{_BASE}_0-9](?:[{_CHARS}]|\.++(?=[{_CHARS}]))*+)
  | (?P<name>(?:{_RUN})?:(?:{_LOCAL})?+)
  | (?P<run>{_RUN})
  | {_PIECES}
    """,
    re.VERBOSE | re.DOTALL,
)
_PIECE = re.compile(_PIECES, re.VERBOSE | re.DOTALL)
_INSIDE_STRING = {
    '"""': re.compile(rf'(?:[^"\\]|{_ECHAR}|"(?!""))*+'),
    "'''": re.compile(rf"(?:[^'\\]|{_ECHAR}|'(?!''))*+"),
    '"': re.compile(rf'(?:[^"\\\r\n]|{_ECHAR})*+'),
    "'": re.compile(rf"(?:[^'\\\r\n]|{_ECHAR})*+"),
}
# oxigraph ends a name before its second dot; where \# or \' ended one, a comment or a string would seem to start.
_UNCLEAR_LOCAL = re.compile(r"[^.]\.++[^.]++\.|\\[#']")
_TOUCHING = frozenset(("string", "variable", "language", "name", "blank", "word", "number"))
_TOUCHED = frozenset(("name", "blank", "word", "number"))


def tokens_of(text: str) -> Iterator[Token]:
    """Yield the tokens of a query, spaces and comments left out."""
    return (token for token, _ in placed_tokens_of(text))


def placed_tokens_of(text: str) -> Iterator[tuple[Token, int]]:
    """Yield the tokens of a query with the places where they start, spaces and comments left out."""
    place = 0
    before = ""
    while match := _TOKEN.match(text, place):
        kind = match.lastgroup or "stray"
        start, place = match.span()
        if kind == "quote":
            quote = match.group()
            inside = _INSIDE_STRING[quote].match(text, place)
            place = inside.end() if inside else place
            if not text.startswith(quote, place):
                bad = text[place : place + 2]
                yield (("escape", bad) if bad.startswith("\\") else ("unclosed", text[start:])), start
                return
            place += len(quote)
            kind = "string"
            yield (kind, text[start:place]), start
        elif kind == "run":
            # No colon follows, so no prefixed name starts anywhere in it: words, numbers, dots and hyphens.
            for piece in _PIECE.finditer(match.group()):
                kind = piece.lastgroup or "stray"
                yield _checked(kind, piece.group(), before), start + piece.start()
                before = kind
        elif kind not in ("space", "comment"):
            yield _checked(kind, match.group(), before), start
        before = kind


def _checked(kind: str, text: str, before: str) -> Token:
    if kind in _TOUCHED and before in _TOUCHING:
        return "glued", text
    return ("stray", text) if kind == "name" and _UNCLEAR_LOCAL.search(text.partition(":")[2]) else (kind, text)


def line_and_column(text: str, place: int) -> tuple[int, int]:
    """Return the line and the column, both counted from 1, of a place in a text.

    >>> line_and_column("ASK {\\n ?s", 7)
    (2, 2)
    """
    return text.count("\n", 0, place) + 1, place - text.rfind("\n", 0, place)


def query_form(text: str) -> str:
    """Return the form of a query: SELECT, ASK, CONSTRUCT, DESCRIBE, or "" for anything else, an update among it.

    >>> query_form("PREFIX select: <http://example.org/> # ask\\n ASK { ?s ?p ?o }")
    'ASK'
    """
    tokens = tokens_of(text)
    for kind, token in tokens:
        word = token.upper()
        if kind != "word":
            return ""
        if word in ("PREFIX", "BASE"):
            next(tokens, None)
            if word == "PREFIX":
                next(tokens, None)
        else:
            return word if word in ("SELECT", "ASK", "CONSTRUCT", "DESCRIBE") else ""
    return ""


def with_prefixes(text: str) -> str:
    """Return a query with the PREFIX declarations of the project that it uses and does not declare.

    They are put before the first line, so that line numbers in error messages stay true.

    >>> with_prefixes("ASK { ?f a fg:Film }")
    'PREFIX fg: <https://w3id.org/filmgraph/ontology#> ASK { ?f a fg:Film }'
    """
    declared: set[str] = set()
    used: set[str] = set()
    before = ""
    for kind, token in tokens_of(text):
        if kind == "name":
            (declared if before == "PREFIX" else used).add(token.partition(":")[0])
        before = token.upper() if kind == "word" else ""
    missing = sorted((used - declared) & PREFIXES.keys())
    return "".join(f"PREFIX {prefix}: <{PREFIXES[prefix]}> " for prefix in missing) + text
