"""The engines that speak SPARQL in their own way: what is asked of them otherwise, and what their answers mean.

An engine is known by what it says about itself in its first answer. Nothing about one engine stands anywhere else, but
for its own way of loading files (:mod:`filmgraph.stores.virtuoso`).

Virtuoso (7.2.5)
    keeps no triples outside of named graphs, so one graph is named with each request; writes booleans as 1 and 0, and
    those that it works out as integers; names blank nodes as no standard does; cuts answers to ``ResultSetMaxRows``
    rows, which it admits for SELECT alone, so that CONSTRUCT is asked as SELECT and made here; and answers with what it
    has when its time is up, which is an error here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import pyoxigraph as ox

from filmgraph.namespaces import BASE, XSD
from filmgraph.queries import placed_tokens_of
from filmgraph.stores.templates import PLACE

if TYPE_CHECKING:
    from filmgraph.stores.answers import Row

__all__ = ["STANDARD", "VIRTUOSO", "Asked", "Dialect", "Virtuoso", "dialect_of"]

Mend: TypeAlias = "Callable[[tuple[str, ...]], Callable[[Row], Row] | None]"
Placed: TypeAlias = tuple[str, str, int]
"""The kind of a token, its text, and where it starts."""


@dataclass(frozen=True)
class Asked:
    """A query as it is put to an engine, and what its answer needs.

    ``parameters`` go beside it. ``mend`` gives what turns a row of certain columns into what the standard has it be.
    ``template`` is a CONSTRUCT query with a place for rows, where ``text`` asks for rows to make triples of. ``limit``
    is the LIMIT that the query itself sets.
    """

    text: str
    parameters: tuple[tuple[str, str], ...] = ()
    mend: Mend | None = None
    template: str | None = None
    limit: int | None = None


class Dialect:
    """SPARQL 1.1 as the standard has it; others say where they differ."""

    name = "SPARQL 1.1"
    largest_update = 4 * 1024**2
    """How many bytes one update may have."""
    most_triples = 20_000
    """How many triples one update may insert."""
    bare_blank = (b"", b"")
    """How answers in JSON name blank nodes, and how they are to."""
    bare_blank_in_xml = (b"", b"")
    """The same in XML."""
    holds_back = False
    """Whether an answer is put together as a whole before the first of it is sent."""
    size = "SELECT (COUNT(*) AS ?n) WHERE { { ?s ?p ?o } UNION { GRAPH ?g { ?s ?p ?o } } }"
    """The query for the number of triples."""

    def graph_of(self, graph: str | None) -> str | None:
        """Return the graph to name with each request, where the address names ``graph`` or none."""
        return graph

    def asked(self, text: str, *, seconds: float) -> Asked:
        """Return a query as this engine is to be asked it, who may take so many seconds."""
        return Asked(text)

    def changed(self, text: str) -> str:
        """Return an update as this engine is to be given it."""
        return text

    def insertion(self, lines: Sequence[str]) -> str:
        """Return the update that inserts triples, given as lines of N-Triples."""
        return "INSERT DATA {\n" + "".join(lines) + "}"

    def partial(self, header: Callable[[str], str | None], asked: Asked, read: int) -> str | None:
        """Return why an answer, of which so many rows were read, is not the whole answer; None where it is."""
        return None


class Virtuoso(Dialect):
    """Virtuoso, as 7.2.5 has it."""

    name = "Virtuoso"
    largest_update = 256 * 1024
    most_triples = 500
    bare_blank = (b'"bnode", "value": "nodeID://', b'"bnode", "value": "')
    bare_blank_in_xml = (b"<bnode>nodeID://", b"<bnode>")
    holds_back = True
    size = "SELECT (COUNT(*) AS ?n) WHERE { ?s ?p ?o }"

    def graph_of(self, graph: str | None) -> str | None:
        """Return the graph to name with each request: that of the resources, where the address names none."""
        return graph or BASE

    def asked(self, text: str, *, seconds: float) -> Asked:
        """Return a query with the time it may take, CONSTRUCT as SELECT, and what mends the truths of its answer."""
        # Times below a second are not minded; the engine stops a second or so late, when nobody waits any more.
        parameters = (("timeout", str(max(1_000, round(seconds * 1_000)))),)
        # What a CONSTRUCT query is parted by are places in its text; else long lists of data need no look.
        seen = text if "CONSTRUCT" in text.upper() else _DATA.sub("", text)
        tokens = [(kind, token, place) for (kind, token), place in placed_tokens_of(seen)]
        limit = _limit(tokens)
        if found := _construct(text, tokens):
            return Asked(found[0], parameters, mend=_truths(()), template=found[1], limit=limit)
        if sum(kind == "word" and token.upper() == "SELECT" for kind, token, _ in tokens) > 1:
            text = _IN_ORDER + text
        if any(kind == "word" and token.upper() == "DESCRIBE" for kind, token, _ in tokens):
            text = _OUTGOING + text
        return Asked(text, parameters, mend=_truths(_conditions(tokens)), limit=limit)

    def insertion(self, lines: Sequence[str]) -> str:
        """Return the update that inserts triples, given as lines of N-Triples."""
        # INSERT DATA takes no blank nodes here; the template of an INSERT makes new ones, as it should.
        if any("_:" in line for line in lines):
            return "INSERT {\n" + "".join(lines) + "} WHERE { }"
        return super().insertion(lines)

    def partial(self, header: Callable[[str], str | None], asked: Asked, read: int) -> str | None:
        """Return why an answer is not the whole answer: the time was up, or it was cut to the most rows."""
        if header("X-SQL-State") == "S1TAT":
            return "the time was up before the answer was whole"
        most = header("X-SPARQL-MaxRows") or ""
        if most.isdecimal() and read >= int(most) and (asked.limit is None or asked.limit > int(most)):
            return f"the endpoint cuts answers to {int(most):,} rows (ResultSetMaxRows): raise that, or ask for less"
        return None


def _limit(tokens: Sequence[Placed]) -> int | None:
    """Return the LIMIT at the end of a query, which is not that of a group in it."""
    for at in range(len(tokens) - 1, 0, -1):
        kind, token, _ = tokens[at]
        if kind == "other" and token in "{}":
            return None
        if kind == "number" and tokens[at - 1][1].upper() == "LIMIT":
            return int(token)
    return None


def _construct(text: str, tokens: Sequence[Placed]) -> tuple[str, str] | None:
    """Return a CONSTRUCT query as a SELECT query, and as a template for its rows; None for another query."""
    start = next((at for at, (kind, token, _) in enumerate(tokens) if kind == "word" and token.upper() in _FORMS), None)
    if start is None or tokens[start][1].upper() != "CONSTRUCT":
        return None
    opening = next((at for at in range(start, len(tokens)) if tokens[at][1] == "{"), None)
    closing = _closing(tokens, opening) if opening is not None else None
    if opening is None or closing is None:
        return None
    prologue, pattern = text[: tokens[start][2]], text[tokens[closing][2] + 1 :]
    template = text[tokens[opening][2] : tokens[closing][2] + 1]
    if opening > start + 1:  # CONSTRUCT WHERE { … }: the pattern is the template.
        pattern = text[tokens[start][2] + len("CONSTRUCT") :]
    names = dict.fromkeys(token[1:] for kind, token, _ in tokens[opening:closing] if kind == "variable")
    chosen = " ".join(f"?{name}" for name in names) or "(1 AS ?one)"
    return f"{prologue} SELECT {chosen} {pattern}", f"{prologue} CONSTRUCT {template} WHERE {{ {PLACE} }}"


def _closing(tokens: Sequence[Placed], opening: int) -> int | None:
    """Return where the bracket closes that opens at a place; None where it does not."""
    depth = 0
    for at in range(opening, len(tokens)):
        kind, token, _ = tokens[at]
        if kind == "other":
            depth += (token in "({[") - (token in ")}]")
            if depth == 0:
                return at
    return None


def _conditions(tokens: Sequence[Placed]) -> frozenset[str]:
    """Return the variables that are given the truth of a condition, as in ``(?a = ?b AS ?same)``."""
    found: set[str] = set()
    opened: list[int] = []
    for at, (kind, token, _) in enumerate(tokens):
        if kind == "other" and token == "(":
            opened.append(at)
        elif kind == "other" and token == ")" and opened:
            inside = tokens[opened.pop() + 1 : at]
            if len(inside) > 2 and inside[-2][1].upper() == "AS" and _is_condition(inside[:-2]):
                found.add(inside[-1][1][1:])
    return frozenset(found)


def _is_condition(tokens: Sequence[Placed]) -> bool:
    """Whether an expression can be nothing but true or false."""
    depth = 0
    for at, (kind, token, _) in enumerate(tokens):
        if kind != "other":
            continue
        depth += (token == "(") - (token == ")")
        # Of && and || the tokens are single signs; a "!" may also begin "!=".
        if depth == 0 and (token in "=<>!&" or (token == "|" and tokens[at - 1][1] == "|")):
            return True
    words = [token.upper() for kind, token, _ in tokens if kind == "word"]
    if not words:
        return False
    if words[0] in ("COALESCE", "IF"):
        return words[-1] in ("TRUE", "FALSE") and tokens[-2][1].upper() == words[-1]
    return words[0] in _TRUTH_WORDS


def _truths(conditions: frozenset[str] | tuple[()]) -> Mend:
    """Return what writes truths as the standard does: all booleans, and the integers of some columns."""

    def of_columns(columns: tuple[str, ...]) -> Callable[[Row], Row]:
        types = [(_BOOLEAN, _INTEGER) if name in conditions else (_BOOLEAN,) for name in columns]

        def mended(row: Row) -> Row:
            return tuple(
                _TRUTHS.get(term.value, term) if isinstance(term, ox.Literal) and term.datatype in kinds else term
                for term, kinds in zip(row, types, strict=True)
            )

        return mended

    return of_columns


_DATA = re.compile(r"(?:\((?:(?:<[^\x00-\x20<>\"{}|^`\\]*+>|[0-9]++)[ )])++ ?){2,}+")
"""Rows of IRIs and numbers one after the other, as they stand in VALUES: nothing else that is SPARQL reads so."""

_IN_ORDER = 'define sql:select-option "order" '
"""Has joins made in the order of the text. Left to itself Virtuoso picks, by samples that differ from load to load,
plans for groups within groups that answer wrong, or that hang and take the whole server with them."""

_OUTGOING = 'define sql:describe-mode "SPO" '
"""Has DESCRIBE tell what a resource says, and not what others say of it."""

STANDARD = Dialect()
VIRTUOSO = Virtuoso()
_FORMS = frozenset(("SELECT", "ASK", "CONSTRUCT", "DESCRIBE"))
_TRUTH_WORDS = frozenset(
    (
        "TRUE",
        "FALSE",
        "NOT",
        "EXISTS",
        "BOUND",
        "ISIRI",
        "ISURI",
        "ISBLANK",
        "ISLITERAL",
        "ISNUMERIC",
        "SAMETERM",
        "REGEX",
        "CONTAINS",
        "STRSTARTS",
        "STRENDS",
        "LANGMATCHES",
    )
)
_BOOLEAN, _INTEGER = ox.NamedNode(XSD + "boolean"), ox.NamedNode(XSD + "integer")
_TRUTHS = {"1": ox.Literal("true", datatype=_BOOLEAN), "0": ox.Literal("false", datatype=_BOOLEAN)}


def dialect_of(server: str, body: bytes) -> Dialect:
    """Return the dialect of an engine from the Server header and the body of its answer to ``ASK {}``.

    A proxy may put its own name into the header; the body, spaces and all, is Virtuoso's alone.
    """
    is_virtuoso = "virtuoso" in server.lower() or body == b'{  "head": { "link": [] }, "boolean": true}'
    return VIRTUOSO if is_virtuoso else STANDARD
