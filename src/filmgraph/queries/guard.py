"""The guard that stands before every query that a user wrote.

A SPARQL engine reaches out to other machines with ``SERVICE``, ``LOAD`` and ``FROM``, and deep or wide queries
exhaust or crash it. The guard reads the query as tokens (strings, IRIs and comments are not mistaken for keywords, nor
keywords hidden by letter case or ``\\u`` escapes) and refuses what reaches out or is out of bounds.

Engines do not all cut a text into the same tokens, so the guard does not rely on cutting it as they do:

- a call is looked for in the bare text: wherever the letters of SERVICE are followed by an endpoint and a brace, be it
  in a string or a comment, the endpoint must be one that is allowed. So oxigraph's ``SERVICEex:a {``,
  ``5.e3SERVICE<…>`` and ``ex:a.b.SERVICE<…>`` are found whatever stands before them;
- what engines might read differently is refused: characters and words that the grammar does not know, tokens that
  touch, escapes of ASCII characters, names with two dots, prefixes that are not declared, triple terms;
- inside brackets ``?a<?b)SERVICE:x#>`` is an IRI to one engine, a comparison and a call to another: refused;
- the text is read as it stands and with its escapes undone, because engines differ on when they undo them.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from filmgraph.errors import OversizeQueryError, QueryError, RefusedQueryError, UnclearQueryError
from filmgraph.queries.tokens import WORDS, Token, line_and_column, placed_tokens_of, tokens_of

__all__ = ["Limits", "check_query", "check_update"]


@dataclass(frozen=True)
class Limits:
    """How large a query may be before it is refused: at most two thirds of what crashes oxigraph on a stack of 1 MB.

    ``length`` counts characters; ``depth`` nested brackets; ``patterns`` whatever becomes a triple pattern or a group
    (its planner takes time with their third power: 1 s for 100, 10 s for 200); ``operators`` those of expressions and
    paths; ``named`` the values that AS names; ``outside`` the tokens outside of all brackets, such as the columns;
    ``listed`` the terms in lists of IN; ``tokens`` all other tokens. What stands in VALUES and in INSERT DATA counts as
    ``length`` and ``depth`` only.
    """

    length: int = 200_000
    depth: int = 64
    patterns: int = 80
    operators: int = 500
    named: int = 500
    outside: int = 250
    listed: int = 2_000
    tokens: int = 10_000


_ESCAPE = re.compile(r"\\u([0-9A-Fa-f]{4})|\\U([0-9A-Fa-f]{8})")
_ADDRESS = re.compile(r"(?P<scheme>https?)://(?P<host>[a-z0-9._-]+)(?::(?P<port>[0-9]{1,5}))?(?:[/?][!-~]*)?", re.I)
_ALLOWED = re.compile(r"(?:(?P<scheme>https?)://)?(?P<host>[a-z0-9._-]+)(?::(?P<port>[0-9]{1,5}))?(?:/[!-~]*)?", re.I)
_PORTS = {"http": "80", "https": "443"}
_IN_PREFIX = re.compile(r"SERVICE|LOAD|FROM|DESCRIBE", re.IGNORECASE)
_SERVICE = re.compile(r"(?<![?$])SERVICE", re.IGNORECASE)
_LOAD = re.compile(r"LOAD", re.IGNORECASE)
_SILENT = re.compile(r"SILENT", re.IGNORECASE)
_LINE_END = re.compile(r"[\r\n]")
_BLANKS = re.compile(r"[\x00-\x09\x0b\x0c\x0e-\x20]*+")
_IRI_OR_VARIABLE = re.compile(r'<(?P<iri>[^\x00-\x20<>"{}|^`]*+)>|[?$][^\x00-,./:-@\[-^`{-~]++')
_NAME = re.compile(r"""(?:[^\x00-\x20"#'()*+,/;<=>?!&@\[\\\]^`{|}~]|\\[!-~])*+""")
_OPERATORS = frozenset("/|^!+-*=<>&")
_CLOSE = {"}": "{", ")": "(", "]": "["}
_TERMS = frozenset(("iri", "name", "blank", "variable", "string", "number", "language"))
_BEFORE_IRI = frozenset("(,;{[/|^!&=+-*<>")
"""The signs in brackets after which ``<`` starts an IRI for every engine, because no operand ends with them."""
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

    ``allow_services`` names the hosts that ``SERVICE`` may reach: ``example.org`` on any port, ``example.org:8000`` on
    that one; of an address in full, its host and port count. A service must be named by an IRI in full, and a variable
    service is always refused. ``has_graph`` says whether an IRI names a graph of the store, which ``FROM`` may then
    name.

    Raises :class:`~filmgraph.errors.RefusedQueryError`, and :class:`~filmgraph.errors.QueryError` for a string that
    is never closed or a prefix that is not declared.
    """
    _check(text, _places_of(allow_services), has_graph, limits or Limits())


def check_update(text: str, *, limits: Limits | None = None) -> None:
    """Refuse an update that reaches out of the store or is out of bounds; SERVICE is never let through.

    The bounds hold for each of its operations; what INSERT DATA holds is bounded by the length alone.
    """
    _check(text, frozenset(), None, limits or Limits(length=64 * 1024**2), is_update=True)


def _places_of(allow_services: Collection[str]) -> frozenset[str]:
    places = set()
    for given in allow_services:
        allowed = _ALLOWED.fullmatch(given.strip())
        if not allowed:
            raise RefusedQueryError(
                f"{given!r} is no host that SERVICE could reach: write --allow-service HOST or --allow-service "
                "HOST:PORT, such as --allow-service query.wikidata.org"
            )
        port = allowed["port"] or (_PORTS[allowed["scheme"].lower()] if allowed["scheme"] else "")
        places.add(allowed["host"].lower() + (f":{int(port)}" if port else ""))
    return frozenset(places)


def _check(
    text: str,
    places: Collection[str],
    has_graph: Callable[[str], bool] | None,
    limits: Limits,
    *,
    is_update: bool = False,
) -> None:
    if len(text) > limits.length:
        raise OversizeQueryError(f"the query is longer than {limits.length:,} characters: shorten it")
    if any("\ud800" <= character <= "\udfff" for character in text):
        raise QueryError("the query is no Unicode text")
    for reading in dict.fromkeys((text, _unescaped(text))):
        placed = list(placed_tokens_of(reading))
        tokens = [token for token, _ in placed]
        _Calls(reading).check(places, is_update=is_update)
        _check_reach(tokens, has_graph)
        _check_tokens(placed, reading)
        _Measure(limits).take(tokens)


def _unescaped(text: str) -> str:
    def character(match: re.Match[str]) -> str:
        code = int(match[1] or match[2], 16)
        if code > 0x10FFFF or 0xD800 <= code <= 0xDFFF:
            raise UnclearQueryError(f"the escape {match[0]} is no Unicode character")
        if code < 0x80:
            raise UnclearQueryError(f"the escape {match[0]} is read differently by engines: write the character itself")
        return chr(code)

    return _ESCAPE.sub(character, text)


def _check_tokens(placed: Sequence[tuple[Token, int]], reading: str) -> None:
    """Refuse what the grammar does not know, and what engines might cut differently."""
    declared: set[str] = set()
    before = ""
    for (kind, text), place in placed:
        shown = repr(text[:40])
        if kind == "unclosed":
            raise QueryError(f"a string is never closed: {shown}", place=line_and_column(reading, place))
        if kind in _ODD:
            raise UnclearQueryError(_ODD[kind].format(shown), place=line_and_column(reading, place))
        if kind == "word" and text.upper() not in WORDS:
            told = f"{shown} is not understood: put spaces around the words of SPARQL, and quotes around text"
            raise QueryError(told, place=line_and_column(reading, place))
        if kind == "name":
            prefix = text.partition(":")[0]
            if found := _IN_PREFIX.search(prefix):
                raise UnclearQueryError(
                    f"the prefix {prefix[:40]}: could be read as {found.group().upper()}: choose another prefix"
                )
            if before == "PREFIX":
                declared.add(prefix)
            elif prefix not in declared:
                told = f"the prefix {prefix[:40]}: is not declared: add PREFIX {prefix[:40]}: <…>"
                raise QueryError(told, place=line_and_column(reading, place))
        before = text.upper() if kind == "word" else ""


_ODD = {
    "escape": "a string has the escape {}, which SPARQL does not know: double its backslash",
    "triple": "{} starts a triple term, which this graph does not have: put a space between the signs, or leave it out",
    "glued": "{} touches what stands before it, and engines cut that differently: put a space between them",
    "stray": "{} cannot be read in one way only: leave it out, or write a name as an IRI in full",
}


class _Calls:
    """Where the bare text could call another machine, whatever an engine takes for strings and comments.

    All that is used of the grammar: after SERVICE and perhaps SILENT comes an endpoint, then a brace, and between them
    nothing but space and comments.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self.ends: list[int] = []
        self.after: dict[int, int] = {}
        self.skipped: dict[int, int] = {}
        self.targets: dict[int, tuple[str | None, int] | None] = {}
        self.name = (0, 0, -1)

    def check(self, places: Collection[str], *, is_update: bool) -> None:
        for match in _SERVICE.finditer(self.text):
            for target, end in self._targets(match.end()):
                if self.text.startswith("{", end):
                    _check_service(target, places)
        for match in _LOAD.finditer(self.text) if is_update else ():
            if self._starts_operation(match.start()) and any(
                end == len(self.text) or self.text[end] == ";" or self.text[end : end + 4].upper() == "INTO"
                for _, end in self._targets(match.end())
            ):
                raise RefusedQueryError("LOAD reads from outside the store and is never run: load the file instead")

    def _targets(self, place: int) -> list[tuple[str | None, int]]:
        """Return what could be the endpoint after a keyword, and where the text goes on after it."""
        starts = [self._skip(place)]
        if silent := _SILENT.match(self.text, starts[0]):
            starts.append(self._skip(silent.end()))
        for start in starts:
            if start not in self.targets:
                self.targets[start] = self._target(start)
        return [target for start in starts if (target := self.targets[start])]

    def _target(self, start: int) -> tuple[str | None, int] | None:
        if found := _IRI_OR_VARIABLE.match(self.text, start):
            return found["iri"], self._skip(found.end())
        first, end, colon = self.name
        if not first <= start < end:
            name = _NAME.match(self.text, start)
            end = name.end() if name else start
            colon = self.text.rfind(":", start, end)
            self.name = (start, end, colon)
        return (None, self._skip(end)) if colon >= start else None

    def _starts_operation(self, place: int) -> bool:
        while place and self.text[place - 1].isspace():
            place -= 1
            if self.text[place] in "\r\n":
                return True
        return not place or self.text[place - 1] in ";>"

    def _skip(self, place: int) -> int:
        """Return where the space and the comments end that start here, without reading any of them twice."""
        if not self.ends:
            self.ends = [match.start() for match in _LINE_END.finditer(self.text)]
            self.ends.append(len(self.text))
            self.after[len(self.text)] = len(self.text)
            for end in reversed(self.ends[:-1]):
                self.after[end] = self._skip_from(end + 1)
        if place not in self.skipped:
            self.skipped[place] = self._skip_from(place)
        return self.skipped[place]

    def _skip_from(self, place: int) -> int:
        blanks = _BLANKS.match(self.text, place)
        place = blanks.end() if blanks else place
        if place == len(self.text) or self.text[place] not in "#\r\n":
            return place
        return self.after[self.ends[bisect_left(self.ends, place)]]


class _Measure:
    """How large a query is, counted token by token and held against the limits."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.open: list[str] = []
        self.before: Token = ("", "")
        self.awaits_values = self.describes = False
        self.patterns = self.operators = self.named = self.outside = self.listed = self.tokens = 0

    def take(self, tokens: Sequence[Token]) -> None:
        for token in tokens:
            self._take(*token)
            self.before = token

    def _take(self, kind: str, text: str) -> None:
        if self.inside not in _DATA:
            if kind == "iri" and self.inside in ("(", "IN") and self._after_operand():
                self._look_into(text[1:-1])
            if self.inside == "IN" and (kind in _TERMS or text == ","):
                self.listed += kind in _TERMS
            else:
                self.tokens += 1
                self._count(kind, text)
            if not self.open:
                self.outside += 1
                self.patterns += self.describes and kind in _TERMS
        self._follow_brackets(kind, text)
        for what in _TOO_MANY:
            if getattr(self, what) > getattr(self.limits, what):
                raise OversizeQueryError(
                    f"the query is too wide: {_TOO_MANY[what].format(getattr(self.limits, what))}: cut it into several"
                )
        if len(self.open) > self.limits.depth:
            raise OversizeQueryError(f"the query nests deeper than {self.limits.depth} brackets: flatten it")

    @property
    def inside(self) -> str:
        """The innermost open bracket; VALUES, IN or INSERT DATA where it is one of theirs."""
        return self.open[-1] if self.open else ""

    def _after_operand(self) -> bool:
        """Whether an operand could have ended here, for an engine that cuts words differently too."""
        return not (self.before[0] == "other" and self.before[1] in _BEFORE_IRI)

    def _after_term(self) -> bool:
        kind, text = self.before
        return kind in _TERMS or (kind, text) in (("other", ")"), ("other", "]")) or text.lower() in ("true", "false")

    def _look_into(self, iri: str) -> None:
        """Count what an engine finds that reads the ``<`` before this text as "less than"."""
        if any(character in "#()[]" for character in iri):
            raise UnclearQueryError(
                f"<{iri[:40]}… can be read in two ways: put a space after each less-than sign, "
                "or a prefixed name in place of an IRI"
            )
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
            self.patterns += list_item if kind in _TERMS and kind != "language" else 0

    def _follow_brackets(self, kind: str, text: str) -> None:
        word = text.upper() if kind == "word" else ""
        if kind == "other" and text in "{([":
            self.open.append(self._name_of_bracket(text))
        elif kind == "other" and text in _CLOSE and self.open:
            self.open.pop()
        elif kind == "other" and text == ";" and not self.open:
            self.patterns = self.operators = self.named = self.outside = self.listed = self.tokens = 0
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
    "listed": "more than {:,} terms in lists of IN (VALUES takes any number)",
    "tokens": "more than {:,} words and signs",
}


def _check_reach(tokens: Sequence[Token], has_graph: Callable[[str], bool] | None) -> None:
    for place, (kind, text) in enumerate(tokens):
        word = text.upper() if kind == "word" else ""
        if word == "LOAD":
            raise RefusedQueryError("LOAD reads from outside the store and is never run: load the file instead")
        if word == "FROM":
            after = [token for token in tokens[place + 1 : place + 3] if token[1].upper() != "NAMED"]
            graph = after[0][1][1:-1] if after and after[0][0] == "iri" else ""
            if not graph or has_graph is None or not has_graph(graph):
                raise RefusedQueryError(
                    f"FROM <{graph or '…'}> is no graph of this store, and none is fetched: leave FROM out"
                )


def _check_service(target: str | None, places: Collection[str]) -> None:
    if target is None:
        raise RefusedQueryError(
            "SERVICE must name its endpoint by an IRI in full: a variable or prefixed one is never called, and no text "
            "or comment may look like such a call"
        )
    address = _ADDRESS.fullmatch(target)
    if not address:
        raise RefusedQueryError(f"SERVICE would reach out to {target[:80]!r}, which is no plain http or https address")
    host, port = address["host"].lower(), address["port"]
    if host in places or f"{host}:{int(port or _PORTS[address['scheme'].lower()])}" in places:
        return
    place = f"{host}:{int(port)}" if port else host
    raise RefusedQueryError(f"SERVICE would reach out to {place}: allow it with --allow-service {place}")
