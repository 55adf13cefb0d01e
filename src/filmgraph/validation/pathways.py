"""Paths through a graph, as SHACL and SPARQL have them, in one form that can be gone both ways."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pyoxigraph as ox

from filmgraph.namespaces import SH

if TYPE_CHECKING:
    from rdflib import Graph

__all__ = ["HERE", "Path", "asked_path", "inverse", "leaves", "ox_term", "path_of", "predicates_of", "seq", "step"]

Path = tuple[Any, ...]
"""A path as SPARQL has them: ("step", predicate or None for any, whether backward), ("seq", path, …), ("alt", path, …),
("star", path); and ("pred",) from a node to its predicates, ("users",) from a predicate to the nodes that have it."""

HERE: Path = ("seq",)


def step(predicate: Any, *, back: bool = False) -> Path:
    """Return the path of one predicate, or of any where it is None."""
    return ("step", predicate, back)


def seq(*paths: Path) -> Path:
    """Return one path after another."""
    parts = [part for path in paths for part in (path[1:] if path[0] == "seq" else (path,))]
    return parts[0] if len(parts) == 1 else ("seq", *parts)


def inverse(path: Path) -> Path:
    """Return a path gone the other way."""
    kind = path[0]
    if kind == "step":
        return step(path[1], back=not path[2])
    if kind == "seq":
        return ("seq", *(inverse(one) for one in reversed(path[1:])))
    if kind in ("pred", "users"):
        return ("users",) if kind == "pred" else ("pred",)
    return (kind, *(inverse(one) for one in path[1:]))


def leaves(path: Path) -> Iterator[tuple[Path, Any, bool]]:
    """Yield each step of a path with the path before it."""
    kind = path[0]
    if kind == "step":
        yield HERE, path[1], path[2]
    elif kind == "pred":
        yield HERE, None, False
    elif kind == "alt":
        for one in path[1:]:
            yield from leaves(one)
    elif kind == "star":
        for before, predicate, back in leaves(path[1]):
            yield seq(path, before), predicate, back
    else:
        for place, one in enumerate(path[1:]):
            for before, predicate, back in leaves(one):
                yield seq(*path[1 : place + 1], before), predicate, back


def predicates_of(path: Path) -> Iterator[Any]:
    """Yield the predicates of a path, None where it may be any."""
    for _, predicate, _back in leaves(path):
        yield predicate


def path_of(node: Any, rules: Graph) -> Path:
    """Return a SHACL path."""
    from rdflib import RDF as RDFLIB_RDF
    from rdflib import BNode, URIRef

    if not isinstance(node, BNode):
        return step(ox_term(node))
    for inner in rules.objects(node, URIRef(SH + "inversePath")):
        return inverse(path_of(inner, rules))
    for inner in rules.objects(node, URIRef(SH + "alternativePath")):
        return ("alt", *(path_of(one, rules) for one in rules.items(inner)))
    for name in ("zeroOrMorePath", "oneOrMorePath", "zeroOrOnePath"):
        for inner in rules.objects(node, URIRef(SH + name)):
            return _repeated(path_of(inner, rules), {"oneOrMorePath": "+", "zeroOrOnePath": "?"}.get(name, "*"))
    if (node, RDFLIB_RDF.first, None) in rules:
        return seq(*(path_of(one, rules) for one in rules.items(node)))
    return step(None)


def asked_path(predicate: Any) -> Path:
    """Return the predicate of a SPARQL pattern as a path."""
    from rdflib import URIRef, Variable
    from rdflib.paths import AlternativePath, InvPath, MulPath, SequencePath

    if isinstance(predicate, URIRef):
        return step(ox_term(predicate))
    if isinstance(predicate, Variable):
        return step(None)
    if isinstance(predicate, InvPath):
        return inverse(asked_path(predicate.arg))
    if isinstance(predicate, SequencePath):
        return seq(*map(asked_path, predicate.args))
    if isinstance(predicate, AlternativePath):
        return ("alt", *map(asked_path, predicate.args))
    if isinstance(predicate, MulPath):
        return _repeated(asked_path(predicate.path), str(predicate.mod))
    return step(None)


def _repeated(path: Path, how: str) -> Path:
    if how == "?":
        return ("alt", HERE, path)
    return ("star", path) if how == "*" else seq(path, ("star", path))


def ox_term(term: Any) -> Any:
    """Return an rdflib term as pyoxigraph has it."""
    from rdflib import BNode, Literal

    if isinstance(term, BNode):
        return ox.BlankNode(str(term))
    if not isinstance(term, Literal):
        return ox.NamedNode(str(term))
    if term.language:
        return ox.Literal(str(term), language=term.language)
    return ox.Literal(str(term), datatype=ox.NamedNode(str(term.datatype))) if term.datatype else ox.Literal(str(term))
