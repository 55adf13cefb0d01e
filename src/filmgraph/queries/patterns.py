"""What a query asks for, read from its tokens: patterns, paths and groups, as far as a forecast needs them.

This is no parser of SPARQL: it takes for granted that the guard has seen the text, skips what says nothing of how much
is read, and gives up with :class:`UnreadableError` where it loses its way.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from filmgraph.namespaces import RDF
from filmgraph.queries.tokens import Token, tokens_of

__all__ = ["Asked", "Group", "Path", "Pattern", "UnreadableError", "read_query"]

_AGGREGATES = frozenset(("COUNT", "SUM", "AVG", "MIN", "MAX", "SAMPLE", "GROUP_CONCAT"))
_TERMS = frozenset(("iri", "name", "blank", "variable", "string", "number"))
_DEEPEST = 80


class UnreadableError(Exception):
    """A query that this reading does not follow."""


@dataclass(frozen=True)
class Path:
    """A property path: one property (``kind`` is ``link``, ``iri`` its IRI), or a way to put paths together.

    Kinds: ``link``, ``inverse``, ``alternatives``, ``sequence``, ``closure`` (``*`` and ``+``), ``maybe`` (``?``),
    ``any`` (a negated set).
    """

    kind: str
    iri: str = ""
    parts: tuple[Path, ...] = ()


@dataclass(frozen=True)
class Pattern:
    """A triple pattern; variables, blank nodes among them, start with ``?``. A predicate is a path or a variable."""

    subject: str
    predicate: Path | str
    object: str


@dataclass
class Group:
    """What stands between two braces, by what becomes of it."""

    patterns: list[Pattern] = field(default_factory=list)
    values: list[tuple[tuple[str, ...], int]] = field(default_factory=list)
    unions: list[list[Group]] = field(default_factory=list)
    optionals: list[Group] = field(default_factory=list)
    apart: list[Asked] = field(default_factory=list)
    minus: list[Group] = field(default_factory=list)
    exists: list[Group] = field(default_factory=list)
    filters: int = 0


@dataclass
class Asked:
    """A whole SELECT, ASK, CONSTRUCT or DESCRIBE, or one within another."""

    form: str = "SELECT"
    where: Group = field(default_factory=Group)
    columns: tuple[str, ...] = ()
    """The variables that a SELECT names; none for all of them."""
    resources: int = 0
    """How many resources a DESCRIBE names."""
    needs_all: bool = False
    """Whether no row comes out before the last one is found: groups, aggregates, ORDER BY."""
    limit: int | None = None
    offset: int = 0


def read_query(text: str) -> Asked:
    """Read a query; raises :class:`UnreadableError`.

    >>> asked = read_query("SELECT ?f { ?f <urn:year> 1999 ; <urn:genre>/<urn:label> ?g } LIMIT 5")
    >>> [(pattern.subject, pattern.predicate.kind, pattern.object) for pattern in asked.where.patterns], asked.limit
    ([('?f', 'link', '1999'), ('?f', 'sequence', '?g')], 5)
    """
    return _Reading(text).query()


class _Reading:
    def __init__(self, text: str) -> None:
        self._tokens: Iterator[Token] = tokens_of(text)
        self._prefixes: dict[str, str] = {}
        self._made, self._depth = 0, 0
        self._now: Token = ("", "")
        self._next()

    def query(self) -> Asked:
        while self._word in ("PREFIX", "BASE"):
            if self._take()[1].upper() == "PREFIX":
                prefix = self._take()[1].partition(":")[0]
                self._prefixes[prefix] = self._now[1][1:-1]
            self._next()
        return self._asked()

    def _asked(self) -> Asked:
        asked = Asked(form=self._take()[1].upper())
        if asked.form not in ("SELECT", "ASK", "CONSTRUCT", "DESCRIBE"):
            raise UnreadableError
        if asked.form == "CONSTRUCT" and self._now[1] == "{":
            self._skip()
        columns = []
        while self._now[1] != "{" and self._now[0]:
            # An aggregate stands in brackets among the columns: (COUNT(*) AS ?n).
            if self._word in _AGGREGATES:
                asked.needs_all = True
            if asked.form == "DESCRIBE" and self._now[0] in ("iri", "name"):
                asked.resources += 1
            if self._now[0] == "variable":
                columns.append(self._term())
            else:
                self._next()
        asked.columns = tuple(columns) if asked.form == "SELECT" else ()
        if self._now[1] == "{":
            asked.where = self._group()
        elif asked.form != "DESCRIBE":
            raise UnreadableError
        self._modifiers(asked)
        return asked

    def _modifiers(self, asked: Asked) -> None:
        while self._now[0] and self._now[1] != "}":
            word = self._word
            self._next()
            if word in ("GROUP", "ORDER", "HAVING"):
                asked.needs_all = True
            elif word in ("LIMIT", "OFFSET") and self._now[1].isdecimal():
                count = int(self._now[1][:15])
                asked.limit, asked.offset = (count, asked.offset) if word == "LIMIT" else (asked.limit, count)
            elif word == "VALUES":
                self._values(asked.where)

    def _group(self) -> Group:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise UnreadableError
        self._expect("{")
        group = Group()
        if self._word == "SELECT":
            group.apart.append(self._asked())
        while self._now[1] != "}":
            if not self._now[0]:
                raise UnreadableError
            self._part(group)
        self._next()
        self._depth -= 1
        return group

    def _part(self, group: Group) -> None:
        word = self._word
        if self._now[1] == "{":
            branches = [self._group()]
            while self._word == "UNION":
                self._next()
                branches.append(self._group())
            group.unions.append(branches)
        elif word in ("OPTIONAL", "MINUS", "GRAPH", "SERVICE"):
            self._next()
            if word == "SERVICE":
                raise UnreadableError
            if word == "GRAPH":
                self._next()
            inner = self._group()
            if word == "GRAPH":
                group.unions.append([inner])
            else:
                (group.optionals if word == "OPTIONAL" else group.minus).append(inner)
        elif word == "FILTER":
            self._next()
            group.filters += 1
            self._expression(group)
        elif word == "BIND":
            self._next()
            self._expression(group)
        elif word == "VALUES":
            self._next()
            self._values(group)
        elif self._now[1] == ".":
            self._next()
        else:
            self._triples(group)

    def _expression(self, group: Group) -> None:
        """Step over an expression, and take up the patterns of EXISTS in it."""
        depth = 0
        while self._now[0]:
            if self._word == "EXISTS":
                self._next()
                group.exists.append(self._group())
            else:
                text = self._take()[1]
                depth += (text == "(") - (text == ")")
                if text == ")" and depth == 0:
                    return
            if depth == 0 and (group.exists and self._now[1] != "("):
                return

    def _values(self, group: Group) -> None:
        names = []
        while self._now[1] != "{":
            kind, text = self._take()
            if kind == "variable":
                names.append("?" + text[1:])
            elif not kind:
                raise UnreadableError
        self._next()
        items = brackets = 0
        while self._now[1] != "}":
            kind, text = self._take()
            if not kind:
                raise UnreadableError
            brackets += text == "("
            # A typed literal is three tokens, of which two would count: more rows than there are do no harm.
            items += kind in _TERMS or kind == "word"
        self._next()
        group.values.append((tuple(names), brackets or items))

    def _triples(self, group: Group) -> None:
        subject = self._node(group)
        if self._now[1] in (".", "}"):
            return
        self._properties(group, subject)

    def _properties(self, group: Group, subject: str) -> None:
        while True:
            predicate = self._term() if self._now[0] == "variable" else self._path()
            while True:
                group.patterns.append(Pattern(subject, predicate, self._node(group)))
                if self._now[1] != ",":
                    break
                self._next()
            if self._now[1] != ";":
                return
            while self._now[1] == ";":
                self._next()
            if self._now[1] in (".", "}", "]"):
                return

    def _node(self, group: Group) -> str:
        if self._now[1] == "[":
            self._next()
            made = self._new()
            if self._now[1] != "]":
                self._properties(group, made)
            self._expect("]")
            return made
        if self._now[1] == "(":
            raise UnreadableError
        return self._term()

    def _term(self) -> str:
        kind, text = self._take()
        if kind == "variable":
            return "?" + text[1:]
        if kind == "blank":
            return "?" + text
        if kind == "name":
            prefix, _, local = text.partition(":")
            return self._prefixes.get(prefix, prefix + ":") + local
        if kind == "iri":
            return text[1:-1]
        if text in ("+", "-"):
            return text + self._term()
        if kind in ("string", "number") or (kind == "word" and text.upper() in ("TRUE", "FALSE", "UNDEF")):
            if self._now[0] == "language":
                self._next()
            elif self._now[1] == "^":
                self._expect("^")
                self._expect("^")
                self._next()
            return text
        raise UnreadableError

    def _path(self) -> Path:
        parts = [self._sequence()]
        while self._now[1] == "|":
            self._next()
            parts.append(self._sequence())
        return parts[0] if len(parts) == 1 else Path("alternatives", parts=tuple(parts))

    def _sequence(self) -> Path:
        parts = [self._step()]
        while self._now[1] == "/":
            self._next()
            parts.append(self._step())
        return parts[0] if len(parts) == 1 else Path("sequence", parts=tuple(parts))

    def _step(self) -> Path:
        if self._now[1] == "^":
            self._next()
            return Path("inverse", parts=(self._step(),))
        if self._now[1] == "!":
            self._next()
            if self._now[1] == "(":
                self._skip()
            else:
                self._step()
            return Path("any")
        if self._now[1] == "(":
            self._depth += 1
            if self._depth > _DEEPEST:
                raise UnreadableError
            self._next()
            path = self._path()
            self._expect(")")
            self._depth -= 1
        elif self._now == ("word", "a"):
            self._next()
            path = Path("link", RDF + "type")
        elif self._now[0] in ("iri", "name"):
            path = Path("link", self._term())
        else:
            raise UnreadableError
        if self._now[1] in ("*", "+"):
            self._next()
            return Path("closure", parts=(path,))
        if self._now[1] == "?":
            self._next()
            return Path("maybe", parts=(path,))
        return path

    @property
    def _word(self) -> str:
        return self._now[1].upper() if self._now[0] == "word" else ""

    def _next(self) -> None:
        self._now = next(self._tokens, ("", ""))

    def _take(self) -> Token:
        token = self._now
        self._next()
        return token

    def _expect(self, text: str) -> None:
        if self._take()[1] != text:
            raise UnreadableError

    def _new(self) -> str:
        self._made += 1
        return f"?[{self._made}"

    def _skip(self) -> None:
        """Step over brackets and what they hold."""
        depth = 0
        while self._now[0]:
            text = self._take()[1]
            depth += (text in ("{", "(", "[")) - (text in ("}", ")", "]"))
            if depth == 0:
                return
        raise UnreadableError
