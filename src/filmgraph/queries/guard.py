"""The guard that stands before every query that a user wrote.

A SPARQL engine reaches out to other machines with ``SERVICE``, ``LOAD`` and ``FROM``, and deep or wide queries
exhaust or crash it. The guard reads the query as tokens (strings, IRIs and comments are not mistaken for keywords, nor
keywords hidden by letter case or ``\\u`` escapes) and refuses what reaches out or is out of bounds.

Engines do not all cut a text into the same tokens, so what any of them might read is refused:

- the text is read as it stands and with its escapes undone, because engines differ on when they undo them;
- a keyword need not end where a word ends: oxigraph reads ``SERVICEex:a {`` and ``5.e3SERVICE<…>`` as calls;
- inside brackets ``?a<?b)SERVICE:x#>`` is an IRI to one engine, a comparison and a call to another.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from filmgraph.errors import QueryError, RefusedQueryError
from filmgraph.queries.tokens import Token, tokens_of

__all__ = ["Limits", "check_query", "check_update"]


@dataclass(frozen=True)
class Limits:
    """How large a query may be before it is refused; each number is far below where oxigraph slows or crashes.

    ``length`` counts characters; ``depth`` nested brackets; ``patterns`` whatever becomes a triple pattern or a group
    (its planner takes time with their third power: 1 s for 100, 10 s for 200); ``operators`` those of expressions and
    paths; ``named`` the values that AS names; ``outside`` the tokens outside of all brackets, such as the columns;
    ``tokens`` all tokens. What stands in VALUES, in the list of IN and in INSERT DATA counts as ``length`` and
    ``depth`` only.
    """

    length: int = 200_000
    depth: int = 64
    patterns: int = 120
    operators: int = 500
    named: int = 500
    outside: int = 500
    tokens: int = 10_000


_ESCAPE = re.compile(r"\\u([0-9A-Fa-f]{4})|\\U([0-9A-Fa-f]{8})")
_HOST = re.compile(r"https?://(?P<host>[a-z0-9.-]+)(?::[0-9]+)?(?:[/?][!-~]*)?", re.IGNORECASE)
_REACHING = re.compile(r"SERVICE|LOAD|FROM", re.IGNORECASE)
_OPERATORS = frozenset("/|^!+-*=<>&")
_CLOSE = {"}": "{", ")": "(", "]": "["}
_TERMS = frozenset(("iri", "name", "variable", "string", "number", "language"))
_DATA = frozenset(("VALUES", "INSERT DATA"))
"""The brackets in which no expression and no pattern stands."""


def check_query(
    text: str,
    *,
    allow_services: Collection[str] = (),
    has_graph: Callable[[str], bool] | None = None,
    limits: Limits | None = None,
) -> None:
    """Refuse a query that reaches out of the store or is out of bounds.

    ``allow_services`` names the hosts that ``SERVICE`` may reach; a service must be named by an IRI in full, and a
    variable service is always refused. ``has_graph`` says whether an IRI names a graph of the store, which ``FROM``
    may then name.

    Raises :class:`~filmgraph.errors.RefusedQueryError`, and :class:`~filmgraph.errors.QueryError` for a string that
    is never closed.
    """
    _check(text, allow_services, has_graph, limits or Limits())


def check_update(text: str, *, limits: Limits | None = None) -> None:
    """Refuse an update that reaches out of the store or is out of bounds; SERVICE is never let through.

    The bounds hold for each of its operations; what INSERT DATA holds is bounded by the length alone.
    """
    _check(text, (), None, limits or Limits(length=64 * 1024**2))


def _check(text: str, allow_services: Collection[str], has_graph: Callable[[str], bool] | None, limits: Limits) -> None:
    if len(text) > limits.length:
        raise RefusedQueryError(f"the query is longer than {limits.length:,} characters: shorten it")
    if any("\ud800" <= character <= "\udfff" for character in text):
        raise QueryError("the query is no Unicode text")
    for reading in dict.fromkeys((text, _unescaped(text))):
        tokens = list(tokens_of(reading))
        if reading is text and tokens and tokens[-1][0] == "unclosed":
            raise QueryError(f"a string is never closed: {tokens[-1][1][:40]!r}")
        _Measure(limits).take(tokens)
        _check_reach(tokens, allow_services, has_graph)


def _unescaped(text: str) -> str:
    def character(match: re.Match[str]) -> str:
        code = int(match[1] or match[2], 16)
        if code > 0x10FFFF or 0xD800 <= code <= 0xDFFF:
            raise RefusedQueryError(f"the escape {match[0]} is no Unicode character")
        return chr(code)

    return _ESCAPE.sub(character, text)


class _Measure:
    """How large a query is, counted token by token and held against the limits."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.open: list[str] = []
        self.before: Token = ("", "")
        self.awaits_values = self.describes = False
        self.patterns = self.operators = self.named = self.outside = self.tokens = 0

    def take(self, tokens: Sequence[Token]) -> None:
        for token in tokens:
            self._take(*token)
            self.before = token

    def _take(self, kind: str, text: str) -> None:
        if self.inside not in _DATA:
            if kind == "iri" and self.inside in ("(", "IN") and self._after_operand():
                self._look_into(text[1:-1])
            if self.inside != "IN":
                self.tokens += 1
                self._count(kind, text)
            if not self.open:
                self.outside += 1
                self.patterns += self.describes and kind in _TERMS
        self._follow_brackets(kind, text)
        for what in ("patterns", "operators", "named", "outside", "tokens"):
            if getattr(self, what) > getattr(self.limits, what):
                raise RefusedQueryError(
                    f"the query is too wide: {_TOO_MANY[what].format(getattr(self.limits, what))}: cut it into several"
                )
        if len(self.open) > self.limits.depth:
            raise RefusedQueryError(f"the query nests deeper than {self.limits.depth} brackets: flatten it")

    @property
    def inside(self) -> str:
        """The innermost open bracket; VALUES, IN or INSERT DATA where it is one of theirs."""
        return self.open[-1] if self.open else ""

    def _after_operand(self) -> bool:
        return self._after_term() or self.before == ("other", "}")

    def _after_term(self) -> bool:
        kind, text = self.before
        return kind in _TERMS or (kind, text) in (("other", ")"), ("other", "]")) or text.lower() in ("true", "false")

    def _look_into(self, iri: str) -> None:
        """Count what an engine finds that reads the ``<`` before this text as "less than"."""
        if any(character in "#()[]" for character in iri):
            raise RefusedQueryError(f"<{iri[:40]}… can be read in two ways: put a space after each less-than sign")
        for kind, text in tokens_of(iri):
            self.operators += kind == "other" and text in _OPERATORS
            self.tokens += 1

    def _count(self, kind: str, text: str) -> None:
        # An item of a list becomes two triples; where brackets without a function's name before them could open a
        # list, they count as one.
        list_item = 2 * (self.inside == "(" and self._after_term())
        if kind == "other":
            self.operators += text in _OPERATORS
            comma = text == "," and self.inside != "("
            self.patterns += 2 if text == "(" and self.before[0] != "word" else comma or text in ".;{[/~"
        elif kind == "word":
            word = text.upper()
            self.named += word == "AS"
            self.patterns += list_item if word in ("TRUE", "FALSE") else word in ("FILTER", "BIND")
        elif kind == "name":
            # A dot inside a prefix ends a statement for an engine that does not know the prefix.
            self.patterns += list_item + text.partition(":")[0].count(".")
        else:
            self.patterns += list_item if kind in _TERMS and kind != "language" else kind == "triple"

    def _follow_brackets(self, kind: str, text: str) -> None:
        word = text.upper() if kind == "word" else ""
        if kind == "other" and text in "{([":
            self.open.append(self._name_of_bracket(text))
        elif kind == "other" and text in _CLOSE and self.open:
            self.open.pop()
        elif kind == "other" and text == ";" and not self.open:
            self.patterns = self.operators = self.named = self.outside = self.tokens = 0
        if word:
            self.describes = word == "DESCRIBE"
        if word == "VALUES":
            self.awaits_values = True
        elif kind != "variable" and text not in ("(", ")"):
            self.awaits_values = False

    def _name_of_bracket(self, text: str) -> str:
        before = self.before[1].upper() if self.before[0] == "word" else ""
        if self.inside in _DATA:
            return self.inside
        if text == "{" and self.awaits_values:
            return "VALUES"
        if text == "{" and before == "DATA":
            return "INSERT DATA"
        return "IN" if text == "(" and before == "IN" else text


_TOO_MANY = {
    "patterns": "more than {:,} triple patterns and groups",
    "operators": "more than {:,} operators",
    "named": "more than {:,} values named by AS",
    "outside": "more than {:,} columns or names outside of brackets",
    "tokens": "more than {:,} words and signs",
}


def _check_reach(
    tokens: Sequence[Token], allow_services: Collection[str], has_graph: Callable[[str], bool] | None
) -> None:
    depth = 0
    for place, (kind, text) in enumerate(tokens):
        depth += (kind == "other" and text in "{([") - (kind == "other" and text in _CLOSE)
        before = tokens[place - 1] if place else ("", "")
        after = tokens[place + 1] if place + 1 < len(tokens) else ("", "")
        if kind == "word":
            found = _REACHING.search(text)
            keyword = found.group().upper() if found else ""
        elif kind == "name":
            keyword = _hidden_keyword(text, before, after, depth)
        else:
            continue
        if keyword == "LOAD":
            raise RefusedQueryError("LOAD reads from outside the store and is never run: load the file instead")
        if keyword == "SERVICE":
            _check_service(_target(tokens, place, "SERVICE", "SILENT"), allow_services)
        elif keyword == "FROM":
            graph = _target(tokens, place, "FROM", "NAMED")
            if graph is None or has_graph is None or not has_graph(graph):
                raise RefusedQueryError(
                    f"FROM <{graph or '…'}> is no graph of this store, and none is fetched: leave FROM out"
                )


def _hidden_keyword(name: str, before: Token, after: Token, depth: int) -> str:
    """Return the keyword that an engine may find at the start of a prefixed name, "" where it cannot."""
    prefix = name.partition(":")[0].upper()
    is_bare = before[0] != "word" or before[1].upper() not in ("PREFIX", "GRAPH")
    if "SERVICE" in prefix and after == ("other", "{") and is_bare:
        return "SERVICE"
    if depth == 0 and is_bare:
        return next((keyword for keyword in ("FROM", "LOAD") if keyword in prefix), "")
    return ""


def _target(tokens: Sequence[Token], place: int, keyword: str, skip: str) -> str | None:
    """Return the IRI that a keyword names, past a word such as SILENT; None where it is not certain."""
    if tokens[place][1].upper() != keyword:
        return None
    place += 1
    if place < len(tokens) and tokens[place][0] == "word" and tokens[place][1].upper() == skip:
        place += 1
    return tokens[place][1][1:-1] if place < len(tokens) and tokens[place][0] == "iri" else None


def _check_service(target: str | None, allow_services: Collection[str]) -> None:
    if target is None:
        raise RefusedQueryError(
            "SERVICE must name its endpoint by an IRI in full: a variable or prefixed one is never called"
        )
    address = _HOST.fullmatch(target)
    host = address["host"].lower() if address else ""
    if host and host in {name.lower() for name in allow_services}:
        return
    raise RefusedQueryError(
        f"SERVICE would reach out to {host or target!r}: allow it with --allow-service {host or 'HOST'}"
    )
