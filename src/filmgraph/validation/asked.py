"""What the SPARQL rules of a shapes file ask: read by rdflib, taken apart here."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from filmgraph.namespaces import SH
from filmgraph.validation.suspects import inside, is_agreed

if TYPE_CHECKING:
    from rdflib import Graph

__all__ = ["Asked", "is_alike", "patterns_of", "query_of"]

_WHOLE = frozenset(("SelectQuery", "Project", "Distinct"))
_MOST_BRANCHES = 64


@dataclass(frozen=True)
class Asked:
    """A triple pattern of a query; ``denied`` says that the query asks for its absence, and for nothing else of it."""

    subject: Any
    predicate: Any
    object: Any
    denied: bool = False


def query_of(rules: Graph, constraint: Any) -> Any:
    """Return the algebra of a SPARQL rule's query, None where it cannot be read."""
    from rdflib import URIRef

    declared = sorted(
        (str(prefix), str(namespace))
        for owner in rules.objects(constraint, URIRef(SH + "prefixes"))
        for one in rules.objects(owner, URIRef(SH + "declare"))
        for prefix in rules.objects(one, URIRef(SH + "prefix"))
        for namespace in rules.objects(one, URIRef(SH + "namespace"))
    )
    text = rules.value(constraint, URIRef(SH + "select"))
    if text is None:
        return None
    return _read("".join(f"PREFIX {prefix}: <{namespace}>\n" for prefix, namespace in declared) + str(text))


@cache
def _read(text: str) -> Any:
    from rdflib.plugins.sparql import prepareQuery

    try:
        return prepareQuery(text).algebra
    except Exception:  # pySHACL is to say what is wrong with it.
        return None


def is_alike(algebra: Any) -> bool:
    """Whether both engines find the same by a query: by patterns, paths and functions on which all engines agree.

    It must report a value that it found in the graph, not one that it computed: shacl leaves that out.
    """
    from rdflib import Variable

    this, value = Variable("this"), Variable("value")
    if algebra is None or this not in algebra.PV or not set(algebra.PV) <= {this, value}:
        return False
    return _is_part_alike(algebra, frozenset())


def _is_part_alike(part: Any, tagged: frozenset[Any]) -> bool:
    """Whether both engines find the same by a part of a query; ``tagged`` are variables known to have a language."""
    from rdflib import Variable

    if part.name in _WHOLE:
        return _is_part_alike(part.p, tagged)
    if part.name == "BGP":
        return True
    if part.name in ("Join", "Union"):
        return _is_part_alike(part.p1, tagged) and _is_part_alike(part.p2, tagged)
    if part.name not in ("Filter", "Extend"):
        return False
    said = list(inside(part.expr))
    if not all(map(is_agreed, said)) or (part.name == "Extend" and part.var == Variable("value")):
        return False
    tagged |= _tagged(part)
    languages = [node["arg2"] for node in said if getattr(node, "name", "") == "Builtin_STRLANG"]
    if not all(getattr(one, "name", "") == "Builtin_LANG" and one["arg"] in tagged for one in languages):
        return False
    return _is_part_alike(part.p, tagged)


def _tagged(part: Any) -> frozenset[Any]:
    """Return the variables that have a language in each solution of a part, by its own conditions."""
    if part.name == "Join":
        return _tagged(part.p1) | _tagged(part.p2)
    if part.name not in ("Filter", "Extend"):
        return frozenset()
    only = part.name == "Filter" and getattr(part.expr, "name", "") == "ConditionalAndExpression"
    conditions = [part.expr.expr, *part.expr.other] if only else [part.expr] if part.name == "Filter" else []
    return _tagged(part.p) | {one for one in map(_tagged_by, conditions) if one is not None}


def _tagged_by(node: Any) -> Any:
    """Return the variable that a condition ``LANG(?variable) != ""`` speaks of."""
    if getattr(node, "name", "") != "RelationalExpression" or node.get("op") != "!=":
        return None
    one, other = node["expr"], node["other"]
    return one["arg"] if getattr(one, "name", "") == "Builtin_LANG" and str(other) == "" else None


def patterns_of(algebra: Any) -> list[list[Asked]] | None:
    """Return the triple patterns of each alternative of a query, None where the query is not understood.

    What stands in EXISTS joins the patterns beside it.
    """
    try:
        branches = list(_branches(algebra))
    except (AttributeError, ValueError):
        return None
    return branches if len(branches) <= _MOST_BRANCHES else None


def _branches(part: Any) -> Iterator[list[Asked]]:
    if part.name in _WHOLE:
        yield from _branches(part.p)
    elif part.name == "BGP":
        yield [Asked(*triple) for triple in part.triples]
    elif part.name == "Union":
        yield from _branches(part.p1)
        yield from _branches(part.p2)
    elif part.name == "Join":
        others = list(_branches(part.p2))
        for one in _branches(part.p1):
            yield from (one + other for other in others)
    elif part.name in ("Filter", "Extend"):
        more = list(_conditions(part.expr))
        yield from (one + more for one in _branches(part.p))
    else:
        raise ValueError(f"{part.name} is not taken apart")


def _conditions(expression: Any) -> Iterator[Asked]:
    """Yield the patterns within the conditions of a filter."""
    only = getattr(expression, "name", "") == "ConditionalAndExpression"
    joined = [expression.expr, *expression.other] if only else [expression]
    for one in joined:
        for node in inside(one):
            if getattr(node, "name", "") not in ("Builtin_EXISTS", "Builtin_NOTEXISTS"):
                continue
            branches = list(_branches(node.graph))
            if len(branches) > 1:
                raise ValueError("alternatives within EXISTS are not taken apart")
            denied = node is one and node.name == "Builtin_NOTEXISTS"
            if any(pattern.denied for pattern in branches[0]):
                raise ValueError("EXISTS within EXISTS is not taken apart")
            yield from (Asked(p.subject, p.predicate, p.object, denied) for p in branches[0])
