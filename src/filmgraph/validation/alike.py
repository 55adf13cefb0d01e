"""Which rules and which values the engines judge alike: the one place that says what the quick engine is trusted with.

pySHACL is the reference. What follows was found by giving the same shapes and values to both (pySHACL 0.40 and shacl
0.3.4). A rule that is not of the kinds below is judged by pySHACL; so is a subject that one of the values below could
be seen from. Everything else is judged by shacl.

Rules that are left to pySHACL:

- anything but the components of ``_ALIKE``: constraint components of one's own (results are named otherwise), rules
  switched off, severities of one's own, closed shapes, disjoint qualified shapes
- rules without a message (the engines word theirs differently), and parts without a name
- ``sh:pattern`` with flags (in shacl ``.`` never stands for a line break) or beyond the syntax of ``_PLAIN_PATTERN``
- comparisons that are not of numbers, or along a path (the engines order dates, truth values and IRIs differently)
- literals in a rule that are not in their usual form
- SPARQL rules beyond the patterns and functions on which all engines agree, that compute the value they report (shacl
  leaves it out), or call STRLANG on what may have no language (an error in one engine, not in the other)

Values for which a subject is left to pySHACL:

- literals with a datatype that are not in its usual form, such as 02013, 1.0, "1e3"^^xsd:decimal and
  "2014-02-30"^^xsd:date: the engines disagree on which are well formed, and compare or print them differently
- texts with control characters: ``$`` matches before a last line break in pySHACL only, and only there do the
  characters U+001C to U+001F count as white space
- values that are no plain number where a rule compares numbers
- blank nodes, which shacl gives other names, and of which STR() is an error in shacl and a text in pySHACL
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from filmgraph.namespaces import RDF, RDFS, SH, XSD
from filmgraph.validation.asked import is_alike, query_of

if TYPE_CHECKING:
    from rdflib import Graph

__all__ = ["OddLines", "compared_predicates", "odd_rules"]

_SAID = frozenset(("name", "description", "order", "group", "message", "severity", "defaultValue"))
_TARGETS = frozenset(("targetClass", "targetNode", "targetSubjectsOf", "targetObjectsOf"))
_RANGES = frozenset(("minInclusive", "maxInclusive", "minExclusive", "maxExclusive"))
_PAIRS = frozenset(("lessThan", "lessThanOrEquals"))
_INNER = frozenset(("node", "not", "qualifiedValueShape"))
_INNER_LISTS = frozenset(("and", "or", "xone"))
_PLAIN = frozenset(
    (
        *("class", "datatype", "nodeKind", "minCount", "maxCount", "minLength", "maxLength", "uniqueLang"),
        *("disjoint", "hasValue", "qualifiedMinCount", "qualifiedMaxCount", "languageIn", "in"),
    )
)
_ALIKE = _PLAIN | _RANGES | _PAIRS | _INNER | _INNER_LISTS | {"path", "property", "pattern", "sparql"}
_SEVERITIES = frozenset(SH + name for name in ("Violation", "Warning", "Info"))
_WHOLE_NUMBER = "0|-?[1-9][0-9]{0,17}"
_DAY = (
    r"(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)"
    r"|02-(?:0[1-9]|1[0-9]|2[0-8]))"
)
_USUAL = {
    "integer": _WHOLE_NUMBER,
    "decimal": rf"{_WHOLE_NUMBER}|-?(?:0|[1-9][0-9]{{0,11}})\.[0-9]{{0,11}}[1-9]",
    "boolean": "true|false",
    "date": f"[1-9][0-9]{{3}}-{_DAY}",
    "gYear": "[1-9][0-9]{3}",
    "gYearMonth": "[1-9][0-9]{3}-(?:0[1-9]|1[0-2])",
    "anyURI": r"[!#-\[\]-~]*",
}
"""The usual form of literals, by datatype; another datatype has none."""


def _literals(*names: str) -> re.Pattern[bytes]:
    """Return what matches such literals in their usual form, as they end a line of N-Triples."""
    forms = (f'"(?:{_USUAL[name]})"\\^\\^<{re.escape(XSD + name)}>' for name in names)
    return re.compile(rf"(?:{'|'.join(forms)}) \.".encode())


_USUAL_LITERAL = _literals(*_USUAL)
_PLAIN_NUMBER = _literals("integer", "decimal")
_CONTROL = re.compile(rb'\\n"|\\[bfr]|\\u00|[\x00-\x08\x0b-\x1f\x7f]|\xc2[\x80-\x9f]')
_PLAIN_PATTERN = re.compile(
    r"(?:[^\\\[(]|\\[.sS/+*?()\[\]{}|^$-]|\((?!\?)|\[\^?\]?(?:[^\\\[\]&~]|\\[.sS/+*?()\[\]{}|^$-])+\])*"
)


class OddLines:
    """Lines of N-Triples that the engines may read differently, gathered as the lines go by.

    ``found`` are those with an odd value or a blank node; ``nested`` tells of triples in triples.
    """

    def __init__(self, compared: Iterable[str]) -> None:
        self._compared = frozenset(f"<{predicate}>".encode() for predicate in compared)
        self._rest = b""
        self.found: list[bytes] = []
        self.nested = False

    def see(self, piece: bytes) -> None:
        """Look through what comes next; a piece may end anywhere."""
        text, _, self._rest = (self._rest + piece).rpartition(b"\n")
        with_control = _CONTROL.search(text) is not None
        compared = self._compared
        for line in text.split(b"\n") if text else ():
            subject, predicate, value = line.split(b" ", 2)
            first = value[:1]
            if value[:3] == b"<<(":
                self.nested = True
            if (
                subject[:1] == b"_"
                or first == b"_"
                or (first == b'"' and value.endswith(b"> .") and not _USUAL_LITERAL.fullmatch(value))
                or (predicate in compared and not _PLAIN_NUMBER.fullmatch(value))
                or (with_control and _CONTROL.search(value))
            ):
                self.found.append(line)


def compared_predicates(rules: Graph) -> frozenset[str]:
    """Return the predicates whose values some rule compares."""
    from rdflib import URIRef

    names = _RANGES | _PAIRS
    pairs = {str(value) for name in _PAIRS for value in rules.objects(None, URIRef(SH + name))}
    shapes = {shape for name in names for shape in rules.subjects(URIRef(SH + name))}
    return frozenset(pairs | {str(path) for shape in shapes for path in rules.objects(shape, URIRef(SH + "path"))})


def odd_rules(rules: Graph) -> dict[Any, frozenset[Any] | None]:
    """Return the shapes with targets that are not judged alike: which of their parts, None for the shape itself.

    A rule that a shape has by name and that nothing else needs is a part; everything else is the shape itself.
    """
    from rdflib import URIRef

    targets = [URIRef(SH + name) for name in sorted(_TARGETS)]
    named = URIRef(SH + "property")
    odd: dict[Any, frozenset[Any] | None] = {}
    for shape in {shape for target in targets for shape in rules.subjects(target)}:
        parts = list(rules.objects(shape, named))
        others = set().union(*({one} | _inner_shapes(rules, one) for one in _used_by(rules, shape)))
        if not _is_shape_alike(rules, shape, own=True) or not all(_is_shape_alike(rules, one) for one in others):
            odd[shape] = None
            continue
        strange = frozenset(part for part in parts if not _is_part_alike(rules, part))
        if strange:
            odd[shape] = strange
    return odd


def _is_part_alike(rules: Graph, part: Any) -> bool:
    from rdflib import URIRef

    if not isinstance(part, URIRef) or (part, URIRef(SH + "path"), None) not in rules:
        return False
    return _is_shape_alike(rules, part, own=True) and all(
        _is_shape_alike(rules, inner) for inner in _inner_shapes(rules, part)
    )


def _inner_shapes(rules: Graph, shape: Any) -> set[Any]:
    """Return all shapes that a shape refers to, and those that these refer to, but for the shape itself."""
    from rdflib import URIRef

    found: set[Any] = set()
    waiting = [shape]
    while waiting:
        one = waiting.pop()
        inner = _used_by(rules, one) | set(rules.objects(one, URIRef(SH + "property")))
        waiting += inner - found - {shape}
        found |= inner
    return found


def _used_by(rules: Graph, shape: Any) -> set[Any]:
    """Return the shapes that a shape refers to itself, its parts left aside."""
    from rdflib import URIRef

    used = {value for name in _INNER for value in rules.objects(shape, URIRef(SH + name))}
    for name in _INNER_LISTS:
        for items in rules.objects(shape, URIRef(SH + name)):
            used.update(rules.items(items))
    return used


def _is_shape_alike(rules: Graph, shape: Any, *, own: bool = False) -> bool:
    """Whether both engines make the same of a shape, the shapes that it refers to left aside.

    ``own`` says that it reports for itself, so that its message matters.
    """
    from rdflib import Literal

    found: dict[str, list[Any]] = {}
    for predicate, value in rules.predicate_objects(shape):
        if not str(predicate).startswith(SH):
            if str(predicate) not in (RDF + "type",) and not str(predicate).startswith(RDFS):
                return False
            continue
        found.setdefault(str(predicate).removeprefix(SH), []).append(value)
    if not found.keys() <= _ALIKE | _SAID | _TARGETS or len(found.get("path", ())) > 1:
        return False
    reports = own and bool(found.keys() & (_ALIKE - {"path", "property"}))
    if (reports and "message" not in found) or not {str(value) for value in found.get("severity", ())} <= _SEVERITIES:
        return False
    values = [value for name, said in found.items() if name not in _SAID | _RANGES for value in said]
    for name in ("in", "languageIn"):
        for items in found.get(name, ()):
            values += rules.items(items)
    if any(isinstance(value, Literal) and not _is_usual(value) for value in values):
        return False
    return (
        all(_PLAIN_PATTERN.fullmatch(str(pattern)) for pattern in found.get("pattern", ()))
        and _compares_alike(found)
        and len(found.get("sparql", ())) <= 1
        and all(_asks_alike(rules, query) for query in found.get("sparql", ()))
    )


def _compares_alike(found: dict[str, list[Any]]) -> bool:
    """Whether a shape compares nothing, or the values of one predicate with numbers."""
    from rdflib import URIRef

    compared = found.keys() & (_RANGES | _PAIRS)
    bounds = [str(value.datatype) for name in compared & _RANGES for value in found[name] if hasattr(value, "datatype")]
    return not compared or (
        all(isinstance(path, URIRef) for path in found.get("path", [None]))
        and all(bound in (XSD + "integer", XSD + "decimal") for bound in bounds)
    )


def _asks_alike(rules: Graph, constraint: Any) -> bool:
    from rdflib import URIRef

    texts = list(rules.objects(constraint, URIRef(SH + "select")))
    allowed = {SH + name for name in ("select", "prefixes")} | {RDF + "type"}
    said = {str(predicate) for predicate in rules.predicates(constraint)}
    return len(texts) == 1 and said <= allowed and is_alike(query_of(rules, constraint))


def _is_usual(literal: Any) -> bool:
    """Whether a literal of a rule is in its usual form."""
    if literal.language or literal.datatype is None or str(literal.datatype) == XSD + "string":
        return not _CONTROL.search(str(literal).encode())
    return bool(_USUAL_LITERAL.fullmatch(f'"{literal}"^^<{literal.datatype}> .'.encode()))
