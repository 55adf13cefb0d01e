"""The guard that stands before every query that a user wrote.

A SPARQL engine reaches out to other machines with ``SERVICE``, ``LOAD`` and ``FROM``, and deep or wide queries
exhaust it. The guard reads the query as tokens (strings, IRIs and comments are not mistaken for keywords, nor
keywords hidden by letter case or ``\\u`` escapes) and refuses what reaches out or is out of bounds. It reads the
text twice, as it stands and with its escapes undone, because engines differ on when they undo them: what either
reading finds is refused.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

from filmgraph.errors import RefusedQueryError
from filmgraph.namespaces import PREFIXES

__all__ = ["Limits", "check_query", "check_update", "query_form", "with_prefixes"]


@dataclass(frozen=True)
class Limits:
    """How large a query may be before it is refused.

    ``length`` counts characters, ``depth`` nested brackets, ``patterns`` the separators of triple patterns,
    ``groups`` the braces, ``path`` the operators in a row of property paths and expressions.
    """

    length: int = 200_000
    depth: int = 64
    patterns: int = 400
    groups: int = 400
    operators: int = 2_000
    run: int = 32
    path: int = 64


_TOKEN = re.compile(
    r"""
    (?P<space>[\x00-\x20]+)
  | (?P<comment>\#[^\r\n]*)
  | (?P<iri><[^\x00-\x20<>"{}|^`]*>)
  | (?P<string>\"\"\"(?:\\.|[^\\])*?\"\"\" | \'\'\'(?:\\.|[^\\])*?\'\'\'
             | "(?:\\.|[^"\\\r\n])*" | '(?:\\.|[^'\\\r\n])*')
  | (?P<variable>[?$]\w+)
  | (?P<language>@[A-Za-z][A-Za-z0-9-]*)
  | (?P<name>(?:[^\W\d_](?:[\w.·-]*[\w·-])?)?:(?:(?:[\w:·-]|%[0-9A-Fa-f]{2}|\\[_~.!$&'()*+,;=/?\#@%-])
             (?:(?:[\w.:·-]|%[0-9A-Fa-f]{2}|\\[_~.!$&'()*+,;=/?\#@%-])*
             (?:[\w:·-]|%[0-9A-Fa-f]{2}|\\[_~.!$&'()*+,;=/?\#@%-]))?)?)
  | (?P<word>[^\W\d]\w*)
  | (?P<number>\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)
  | (?P<other>.)
    """,
    re.VERBOSE | re.DOTALL,
)
_ESCAPE = re.compile(r"\\u([0-9A-Fa-f]{4})|\\U([0-9A-Fa-f]{8})")
_OPEN, _CLOSE = "([{", ")]}"
_OPERATORS = frozenset("/|^!+-*=<>&")

Token = tuple[str, str]


def check_query(
    text: str,
    *,
    allow_services: Collection[str] = (),
    has_graph: Callable[[str], bool] | None = None,
    limits: Limits | None = None,
) -> None:
    """Refuse a query that reaches out of the store or is out of bounds.

    ``allow_services`` names the hosts that ``SERVICE`` may reach; a variable service is always refused.
    ``has_graph`` says whether an IRI names a graph of the store, which ``FROM`` may then name.

    Raises :class:`~filmgraph.errors.RefusedQueryError`.
    """
    _check(text, ("LOAD",), allow_services, has_graph, limits or Limits())


def check_update(text: str, *, limits: Limits | None = None) -> None:
    """Refuse an update that reaches out of the store or is out of bounds; SERVICE is never let through."""
    _check(text, ("LOAD",), (), None, limits or Limits(length=64 * 1024**2, patterns=10**7, groups=10**4))


def query_form(text: str) -> str:
    """Return the form of a query: SELECT, ASK, CONSTRUCT, DESCRIBE, or "" for anything else, an update among it.

    >>> query_form("PREFIX select: <http://example.org/> # ask\\n ASK { ?s ?p ?o }")
    'ASK'
    """
    tokens = _tokens(text)
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
    for kind, token in _tokens(text):
        if kind == "name":
            (declared if before == "PREFIX" else used).add(token.partition(":")[0])
        before = token.upper() if kind == "word" else ""
    missing = sorted((used - declared) & PREFIXES.keys())
    return "".join(f"PREFIX {prefix}: <{PREFIXES[prefix]}> " for prefix in missing) + text


def _check(
    text: str,
    forbidden: tuple[str, ...],
    allow_services: Collection[str],
    has_graph: Callable[[str], bool] | None,
    limits: Limits,
) -> None:
    if len(text) > limits.length:
        raise RefusedQueryError(f"the query is longer than {limits.length:,} characters: shorten it")
    readings = {text, _unescaped(text)}
    for reading in readings:
        tokens = list(_tokens(reading))
        _check_size(tokens, limits)
        _check_reach(tokens, forbidden, allow_services, has_graph)


def _unescaped(text: str) -> str:
    def character(match: re.Match[str]) -> str:
        code = int(match[1] or match[2], 16)
        if code > 0x10FFFF or 0xD800 <= code <= 0xDFFF:
            raise RefusedQueryError(f"the escape {match[0]} is no Unicode character")
        return chr(code)

    return _ESCAPE.sub(character, text)


def _tokens(text: str) -> Iterator[Token]:
    for match in _TOKEN.finditer(text):
        kind = match.lastgroup or "other"
        if kind not in ("space", "comment"):
            yield kind, match.group()


def _check_size(tokens: list[Token], limits: Limits) -> None:
    depth = patterns = groups = operators = run = path = 0
    for kind, text in tokens:
        if kind == "other" and text in _OPEN:
            depth += 1
            groups += text == "{"
            if depth > limits.depth:
                raise RefusedQueryError(f"the query nests deeper than {limits.depth} brackets: flatten it")
        elif kind == "other" and text in _CLOSE:
            depth -= 1
        elif kind == "other" and text in ".;":
            patterns += 1
            path = 0
        if kind == "other" and text in _OPERATORS:
            operators += 1
            run += 1
            path += text in "/^|"
        else:
            run = 0
        if run > limits.run or path > limits.path:
            raise RefusedQueryError("the query has too many path or expression operators in a row: shorten it")
    if patterns > limits.patterns or groups > limits.groups or operators > limits.operators:
        raise RefusedQueryError(
            f"the query is too wide: at most {limits.patterns} triple patterns, {limits.groups} groups and "
            f"{limits.operators} operators"
        )


def _check_reach(
    tokens: list[Token],
    forbidden: tuple[str, ...],
    allow_services: Collection[str],
    has_graph: Callable[[str], bool] | None,
) -> None:
    prefixes = dict(PREFIXES)
    for place, (kind, text) in enumerate(tokens):
        if kind != "word":
            continue
        keyword = text.upper()
        if keyword == "PREFIX" and place + 2 < len(tokens):
            prefixes[tokens[place + 1][1].rstrip(":")] = tokens[place + 2][1][1:-1]
        elif keyword in forbidden:
            raise RefusedQueryError(f"{keyword} reads from outside the store and is never run: load the file instead")
        elif keyword == "SERVICE":
            _check_service(_target(tokens, place + 1, ("SILENT",), prefixes), allow_services)
        elif keyword == "FROM":
            graph = _target(tokens, place + 1, ("NAMED",), prefixes)
            if graph is None or has_graph is None or not has_graph(graph):
                raise RefusedQueryError(
                    f"FROM <{graph or '…'}> is no graph of this store, and none is fetched: leave FROM out"
                )


def _target(tokens: list[Token], place: int, skip: tuple[str, ...], prefixes: dict[str, str]) -> str | None:
    """Return the IRI that stands at a place, past a word such as SILENT; None where it is not certain."""
    if place < len(tokens) and tokens[place][0] == "word" and tokens[place][1].upper() in skip:
        place += 1
    if place >= len(tokens):
        return None
    kind, text = tokens[place]
    if kind == "iri":
        return text[1:-1]
    if kind == "name":
        prefix, _, local = text.partition(":")
        return prefixes[prefix] + local if prefix in prefixes and "\\" not in local else None
    return None


def _check_service(target: str | None, allow_services: Collection[str]) -> None:
    if target is None:
        raise RefusedQueryError("SERVICE must name its endpoint: a variable or unknown one is never called")
    try:
        parts = urlsplit(target)
        host = (parts.hostname or "").lower()
    except ValueError:
        parts, host = urlsplit(""), ""
    if parts.scheme in ("http", "https") and host and host in {name.lower() for name in allow_services}:
        return
    raise RefusedQueryError(
        f"SERVICE would reach out to {host or target!r}: allow it with --allow-service {host or 'HOST'}"
    )
