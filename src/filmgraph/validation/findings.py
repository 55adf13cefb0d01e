"""What an engine found, before it is known in which file: the same form whichever engine found it."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pyoxigraph as ox

from filmgraph.errors import DataError
from filmgraph.namespaces import SH, XSD
from filmgraph.rows import printable
from filmgraph.validation.report import Violation, cut, short_iri
from filmgraph.validation.sources import Places, Source

if TYPE_CHECKING:
    from rdflib import Graph

__all__ = [
    "Finding",
    "Judgement",
    "named_owner",
    "path_text",
    "quiet",
    "rdflib_term",
    "take_messages",
    "value_text",
    "violations_of",
]

_LONGEST_VALUE = 80
_BARE_TYPES = frozenset(XSD + name for name in ("integer", "decimal", "boolean"))


@dataclass(frozen=True)
class Finding:
    """One result of an engine.

    ``focus`` is a pyoxigraph term, ``shape`` an IRI, ``constraint`` the local name of SHACL's constraint component;
    ``path`` and ``value`` are written for reading, None where the rule has none.
    """

    focus: Any
    shape: str
    constraint: str
    path: str | None
    value: str | None
    message: str
    severity: str


@dataclass(frozen=True)
class Judgement:
    """The nodes that the rules of one shapes file judged, and what was found, each finding as often as it was."""

    focus_nodes: frozenset[Any]
    findings: tuple[Finding, ...]


def violations_of(judgements: Iterable[Judgement], sources: Sequence[Source]) -> set[Violation]:
    """Return findings with the file and the line where their subjects stand."""
    places = Places(sources)
    violations: set[Violation] = set()
    for judgement in judgements:
        for finding in judgement.findings:
            source, named = places.of(finding.focus)
            violations.add(
                Violation(
                    focus=named,
                    shape=finding.shape,
                    path=finding.path,
                    value=finding.value,
                    message=finding.message,
                    severity=finding.severity,
                    file=source.name,
                    line=source.lines.get(named),
                )
            )
    return violations


def take_messages(rules: Graph) -> dict[Any, str]:
    """Take the messages out of a shapes graph, English ones first, and return them by shape or constraint.

    pySHACL substitutes variables in a SPARQL rule's message by way of a regular expression that a backslash in the
    data breaks, so it is given none.
    """
    from rdflib import URIRef

    predicate = URIRef(SH + "message")
    messages: dict[Any, str] = {}
    for shape in set(rules.subjects(predicate)):
        texts = sorted(rules.objects(shape, predicate), key=lambda text: (text.language != "en", str(text)))  # type: ignore[attr-defined]
        messages[shape] = str(texts[0])
        rules.remove((shape, predicate, None))
    return messages


def named_owner(node: Any, graph: Graph) -> str:
    """Return the IRI of a node, for a blank node that of the nearest node with an IRI that leads to it."""
    from rdflib import BNode

    seen: set[Any] = set()
    while isinstance(node, BNode) and node not in seen:
        seen.add(node)
        node = min(graph.subjects(None, node), key=str, default=node)
    return "a rule without a name" if isinstance(node, BNode) else str(node)


def path_text(path: Any, graph: Graph) -> str:
    """Return a SHACL path as it would stand in SPARQL."""
    from rdflib import BNode, URIRef

    if not isinstance(path, BNode):
        return short_iri(str(path))
    for name, before, after in (
        ("inversePath", "^", ""),
        ("zeroOrMorePath", "", "*"),
        ("oneOrMorePath", "", "+"),
        ("zeroOrOnePath", "", "?"),
    ):
        for inner in graph.objects(path, URIRef(SH + name)):
            return before + _bracketed(path_text(inner, graph)) + after
    for inner in graph.objects(path, URIRef(SH + "alternativePath")):
        return "|".join(path_text(item, graph) for item in graph.items(inner))
    return "/".join(_bracketed(path_text(item, graph)) for item in graph.items(path))


def _bracketed(path: str) -> str:
    return f"({path})" if "|" in path or "/" in path.partition("://")[0] else path


def value_text(value: Any) -> str:
    """Return a value as people would write it in Turtle, printable and short."""
    from rdflib import BNode, Literal

    if isinstance(value, BNode):
        return "a blank node"
    if not isinstance(value, Literal):
        return short_iri(str(value))
    text = cut(printable(str(value)), _LONGEST_VALUE)
    if value.language:
        return f'"{text}"@{value.language}'
    if value.datatype is None:
        return f'"{text}"'
    if str(value.datatype) in _BARE_TYPES and not value.ill_typed:
        return text
    return f'"{text}"^^{short_iri(str(value.datatype))}'


def rdflib_term(term: Any) -> Any:
    """Return a pyoxigraph term as rdflib's own parsers would have made it, literals as they are written."""
    from rdflib import BNode, Literal, URIRef

    if isinstance(term, ox.NamedNode):
        return URIRef(term.value)
    if isinstance(term, ox.BlankNode):
        return BNode(term.value)
    if not isinstance(term, ox.Literal):
        raise DataError(f"a triple inside a triple cannot be judged: {printable(str(term))[:_LONGEST_VALUE]}")
    if term.language:
        return Literal(term.value, lang=term.language)
    if term.datatype.value == XSD + "string":
        return Literal(term.value)
    return Literal(term.value, datatype=URIRef(term.datatype.value), normalize=False)


@contextmanager
def quiet() -> Iterator[None]:
    """Keep rdflib from logging a traceback for each literal that its datatype does not allow: a rule reports it."""
    logger = logging.getLogger("rdflib.term")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(level)
