"""SPARQL as tokens: what the guard reads, and the little that is told from a query's first words.

The reading takes time in proportion to the text, however hostile: no token is tried twice over the same characters.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TypeAlias

from filmgraph.namespaces import PREFIXES

__all__ = ["Token", "query_form", "tokens_of", "with_prefixes"]

Token: TypeAlias = tuple[str, str]
"""The kind of a token and its text.

Kinds: ``iri``, ``string``, ``variable``, ``language``, ``name`` (prefixed), ``word``, ``number``, ``triple`` (the first
half of ``<<``), ``unclosed`` (a string that does not end; nothing follows) and ``other`` (one character).
"""

_PLX = r"""%[0-9A-Fa-f]{2}|\\[_~.!$&'()*+,;=/?\#@%-]"""
_RUN = r"[^\W\d_](?:[\w·-]|\.++(?=[\w·-]))*+"
_PIECES = r"""
    (?P<word>[^\W\d]\w*+)
  | (?P<number>[0-9]+\.?[0-9]*[eE][+-]?[0-9]++|[0-9]+\.[0-9]++|[0-9]++)
  | (?P<triple><(?=<))
  | (?P<other>.)
"""
_TOKEN = re.compile(
    rf"""
    (?P<space>[\x00-\x20]++)
  | (?P<comment>\#[^\r\n]*+)
  | (?P<iri><[^\x00-\x20<>"{{}}|^`]*+>)
  | (?P<quote>\"\"\"|'''|"|')
  | (?P<variable>[?$]\w++)
  | (?P<language>@[A-Za-z][A-Za-z0-9-]*+)
  | (?P<name>(?:{_RUN})?:(?:(?:[\w:·-]|{_PLX})(?:[\w:·-]|{_PLX}|\.++(?=[\w:·-]|{_PLX}))*+)?+)
  | (?P<run>{_RUN})
  | {_PIECES}
    """,
    re.VERBOSE | re.DOTALL,
)
_PIECE = re.compile(_PIECES, re.VERBOSE | re.DOTALL)
_REST_OF_STRING = {
    '"""': re.compile(r'(?:[^"\\]|\\.|"(?!""))*+"""', re.DOTALL),
    "'''": re.compile(r"(?:[^'\\]|\\.|'(?!''))*+'''", re.DOTALL),
    '"': re.compile(r'(?:[^"\\\r\n]|\\.)*+"', re.DOTALL),
    "'": re.compile(r"(?:[^'\\\r\n]|\\.)*+'", re.DOTALL),
}


def tokens_of(text: str) -> Iterator[Token]:
    """Yield the tokens of a query, spaces and comments left out."""
    place = 0
    while match := _TOKEN.match(text, place):
        kind = match.lastgroup or "other"
        place = match.end()
        if kind == "quote":
            rest = _REST_OF_STRING[match.group()].match(text, place)
            if rest is None:
                yield "unclosed", text[match.start() :]
                return
            place = rest.end()
            yield "string", text[match.start() : place]
        elif kind == "run":
            # No colon follows, so no prefixed name starts anywhere in it: words, numbers, dots and hyphens.
            for piece in _PIECE.finditer(match.group()):
                yield piece.lastgroup or "other", piece.group()
        elif kind not in ("space", "comment"):
            yield kind, match.group()


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
