"""How far the rules of a shapes file look from the node they judge: what they read, and whom a new triple concerns.

Of each shape with targets it is told by which paths it reads, and each of these can be gone both ways: forward, to
gather all that the judgement of some nodes can depend on, and back, to find the nodes whose judgement some triples can
change.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Protocol

import pyoxigraph as ox

from filmgraph.namespaces import RDF, RDFS, SH
from filmgraph.validation.asked import Asked, patterns_of, query_of
from filmgraph.validation.pathways import (
    HERE,
    Path,
    asked_path,
    inverse,
    leaves,
    ox_term,
    path_of,
    predicates_of,
    seq,
    step,
)

if TYPE_CHECKING:
    from rdflib import Graph

__all__ = ["Lookup", "Reach", "Reading"]

_TYPE, _SUBCLASS = ox.NamedNode(RDF + "type"), ox.NamedNode(RDFS + "subClassOf")
_PAIRS = ("disjoint", "equals", "lessThan", "lessThanOrEquals")
_READ_NOTHING = frozenset(
    (
        *("datatype", "nodeKind", "minCount", "maxCount", "minLength", "maxLength", "uniqueLang", "pattern", "flags"),
        *("minInclusive", "maxInclusive", "minExclusive", "maxExclusive", "hasValue", "in", "languageIn", "severity"),
        *("name", "description", "order", "group", "message", "defaultValue", "deactivated", "path"),
        *("qualifiedMinCount", "qualifiedMaxCount", "qualifiedValueShapesDisjoint", "ignoredProperties"),
        *("targetClass", "targetNode", "targetSubjectsOf", "targetObjectsOf"),
    )
)


class Lookup(Protocol):
    """A graph whose triples can be looked up by what is known of them."""

    def triples(self, subject: Any, predicate: Any, object: Any) -> Iterable[ox.Triple]:
        """Return the triples that fit, None standing for anything."""
        ...


@dataclass(frozen=True)
class Reading:
    """Triples that a shape reads: those along a path from the node that it judges.

    Where ``anywhere`` names predicates, it reads all triples with these wherever they are (None: all triples), and the
    path begins at their subjects, or at their objects where ``at_objects``. ``harmful`` says whether one more triple at
    the end can break a rule that was kept.
    """

    path: Path = HERE
    harmful: bool = True
    anywhere: tuple[Any, ...] = ()
    at_objects: bool = False


class Reach:
    """What the shapes of a shapes file read, and of which nodes; each is asked about one graph only."""

    def __init__(self, rules: Graph) -> None:
        from rdflib import URIRef

        self._rules = rules
        self._classes: dict[Any, tuple[Any, ...]] = {}
        self._targets: dict[Any, list[tuple[str, Any]]] = {}
        for kind in ("targetClass", "targetNode", "targetSubjectsOf", "targetObjectsOf"):
            for shape, target in rules.subject_objects(URIRef(SH + kind)):
                self._targets.setdefault(shape, []).append((kind, ox_term(target)))
        self._readings = {shape: tuple(dict.fromkeys(self._read(shape, HERE, False, ()))) for shape in self._targets}

    def targets(self, shape: Any, graph: Lookup) -> set[Any]:
        """Return all nodes that a shape targets."""
        found: set[Any] = set()
        for kind, target in self._targets[shape]:
            if kind == "targetClass":
                found |= _follow(("seq", step(_TYPE, back=True)), _below(target, graph), graph)
            elif kind == "targetNode":
                found.add(target)
            else:
                triples = graph.triples(None, target, None)
                found.update(t.subject if kind == "targetSubjectsOf" else t.object for t in triples)
        return found

    def focus_nodes(self, graph: Lookup) -> set[Any]:
        """Return all nodes that some shape targets."""
        return set().union(*(self.targets(shape, graph) for shape in self._targets))

    def target_patterns(self, graph: Lookup) -> list[str]:
        """Return SPARQL patterns that bind ``?node`` to all nodes that some shape targets and a graph describes."""
        patterns: set[str] = set()
        for kind, target in {one for targets in self._targets.values() for one in targets}:
            if kind == "targetClass":
                patterns |= {f"?node {_TYPE} {class_}" for class_ in _below(target, graph)}
            elif kind == "targetSubjectsOf":
                patterns.add(f"?node {target} ?value")
            elif kind == "targetObjectsOf":
                patterns.add(f"?subject {target} ?node FILTER EXISTS {{ ?node ?predicate ?value }}")
            else:
                patterns.add(f"VALUES ?node {{ {target} }} FILTER EXISTS {{ ?node ?predicate ?value }}")
        return sorted(patterns)

    def targeted(self, nodes: Collection[Any], graph: Lookup, *, by: Any = None) -> dict[Any, set[Any]]:
        """Return, by shape, which of some nodes it targets; of one shape alone where ``by`` names it."""
        below: dict[Any, set[Any]] = {}
        found: dict[Any, set[Any]] = {}
        for shape, targets in self._targets.items() if by is None else [(by, self._targets[by])]:
            mine: set[Any] = set()
            for kind, target in targets:
                if kind == "targetClass":
                    if target not in below:
                        below[target] = _below(target, graph)
                    mine |= {node for node in nodes if not below[target].isdisjoint(self._classes_of(node, graph))}
                elif kind == "targetNode":
                    mine |= {target} & set(nodes)
                elif kind == "targetSubjectsOf":
                    mine |= {n for n in nodes if not isinstance(n, ox.Literal) and any(graph.triples(n, target, None))}
                else:
                    mine |= {node for node in nodes if any(graph.triples(None, target, node))}
            found[shape] = mine
        return found

    def _classes_of(self, node: Any, graph: Lookup) -> Collection[Any]:
        if isinstance(node, ox.Literal):
            return ()
        classes = self._classes.get(node)
        if classes is None:
            classes = self._classes[node] = tuple({triple.object for triple in graph.triples(node, _TYPE, None)})
        return classes

    def concerned(self, new: Iterable[ox.Triple], graph: Lookup, *, harmful: bool = True) -> set[Any] | None:
        """Return the nodes whose judgement some triples of a graph can change, None where it may be that of any.

        With ``harmful`` only changes for the worse count; without, the question is who can see these triples at all.
        """
        by_predicate: dict[Any, list[Any]] = {}
        for triple in new:
            by_predicate.setdefault(triple.predicate, []).append(triple)
        if harmful and _SUBCLASS in by_predicate:
            return None
        candidates: set[Any] = {triple.subject for triples in by_predicate.values() for triple in triples}
        for targets in self._targets.values():
            for kind, target in targets:
                if kind == "targetObjectsOf":
                    candidates |= {triple.object for triple in by_predicate.get(target, ())}
        found: set[Any] = set().union(*self.targeted(candidates, graph).values())
        for shape, readings in self._readings.items():
            reached: set[Any] = set()
            for reading in readings:
                if harmful and not reading.harmful:
                    continue
                some = _back(reading, by_predicate, graph)
                if some is None:
                    reached = self.targets(shape, graph)
                    break
                reached |= some
            found |= self.targeted(reached - found, graph, by=shape)[shape]
        return found

    def needed(self, nodes: Collection[Any], graph: Lookup) -> set[ox.Triple] | None:
        """Return all triples of a graph that the judgement of some nodes can depend on, None for the whole graph."""
        read: set[ox.Triple] = set(graph.triples(None, _SUBCLASS, None))
        for node in nodes:
            if not isinstance(node, ox.Literal):
                read.update(graph.triples(node, None, None))
        for targets in self._targets.values():
            for kind, target in targets:
                if kind == "targetObjectsOf":
                    read.update(triple for node in nodes for triple in graph.triples(None, target, node))
        for shape, mine in self.targeted(nodes, graph).items():
            for reading in self._readings[shape] if mine else ():
                if None in reading.anywhere:
                    return None
                some = [triple for predicate in reading.anywhere for triple in graph.triples(None, predicate, None)]
                read.update(some)
                starts = {triple.object if reading.at_objects else triple.subject for triple in some}
                _follow(reading.path, starts if reading.anywhere else mine, graph, read)
        return read

    def _read(self, shape: Any, base: Path, denied: bool, above: tuple[Any, ...]) -> Iterator[Reading]:
        """Yield what a shape reads that is applied to the nodes at the end of a path."""
        from rdflib import URIRef

        if shape in above:
            yield Reading(anywhere=(None,))
            return
        rules, above = self._rules, (*above, shape)
        path = next((path_of(one, rules) for one in rules.objects(shape, URIRef(SH + "path"))), None)
        values = base if path is None else seq(base, path)
        if path is not None:
            yield Reading(values)
        # More that fits can be too much, or fit another shape as well.
        most = any(
            (shape, URIRef(SH + "qualified" + name), None) in rules for name in ("MaxCount", "ValueShapesDisjoint")
        )
        for predicate, value in rules.predicate_objects(shape):
            name = str(predicate).removeprefix(SH)
            if name == "class":
                yield Reading(seq(values, step(_TYPE)), harmful=denied)
            elif name in _PAIRS:
                yield Reading(seq(base, step(ox_term(value))))
            elif name == "closed":
                yield Reading(seq(values, step(None)))
            elif name in ("node", "property"):
                yield from self._read(value, values, denied, above)
            elif name in ("not", "qualifiedValueShape"):
                yield from self._read(value, values, denied or name == "not" or most, above)
            elif name in ("and", "or", "xone"):
                for one in rules.items(value):
                    yield from self._read(one, values, denied or name == "xone", above)
            elif name == "sparql":
                yield from self._asked(value, base, path)
            elif name not in _READ_NOTHING and str(predicate).startswith(SH):
                yield Reading(anywhere=(None,))

    def _asked(self, constraint: Any, base: Path, path: Path | None) -> Iterator[Reading]:
        """Yield what a SPARQL rule reads."""
        algebra = query_of(self._rules, constraint)
        branches = None if algebra is None else patterns_of(algebra)
        if branches is None:
            yield Reading(anywhere=(None,))
            return
        for branch in branches:
            yield from _joined(branch, base, path)


def _joined(patterns: list[Asked], base: Path, path: Path | None) -> Iterator[Reading]:
    """Yield what is read by patterns that must all fit: by paths from ``$this``, as far as they hang together."""
    from rdflib import Variable

    known = {Variable("this"): Reading(base)}
    waiting = list(patterns)
    while waiting:
        pattern = next((one for one in waiting if one.subject in known or one.object in known), waiting[0])
        waiting.remove(pattern)
        asked, harmful = pattern.predicate, not pattern.denied
        way_on = path if asked == Variable("PATH") and path is not None else asked_path(asked)
        if pattern.subject in known:
            start, end, way = known[pattern.subject], pattern.object, way_on
        elif pattern.object in known:
            start, end, way = known[pattern.object], pattern.subject, inverse(way_on)
        else:
            start = Reading(harmful=harmful, anywhere=tuple(dict.fromkeys(predicates_of(way_on))))
            yield start
            parts = way_on[1:] if way_on[0] == "alt" else (way_on,)
            if len({part[-1] for part in parts if part[0] == "step"}) != 1 or any(p[0] != "step" for p in parts):
                start = Reading(anywhere=(None,))  # Where such a path begins cannot be looked up.
                yield start
            known[pattern.subject] = replace(start, at_objects=parts[0][-1] is True)
            known[pattern.object] = replace(start, at_objects=parts[0][-1] is not True)
            continue
        read = replace(start, path=seq(start.path, way), harmful=harmful)
        yield read
        if isinstance(end, Variable):
            known.setdefault(end, read)
        if isinstance(asked, Variable) and way_on == step(None) and pattern.subject in known:
            start = known[pattern.subject]
            known.setdefault(asked, replace(start, path=seq(start.path, ("pred",))))


def _back(reading: Reading, new: dict[Any, list[ox.Triple]], graph: Lookup) -> set[Any] | None:
    """Return the nodes from which a reading comes upon one of some triples, None where it may be any."""
    if any(predicate is None or predicate in new for predicate in reading.anywhere):
        return None
    found: set[Any] = set()
    for before, predicate, back in leaves(reading.path):
        triples = new.get(predicate, ()) if predicate is not None else [t for some in new.values() for t in some]
        starts = {triple.object if back else triple.subject for triple in triples}
        reached = _follow(inverse(before), starts, graph)
        if not reading.anywhere:
            found |= reached
        elif any(_begins(node, reading, graph) for node in reached):
            return None
    return found


def _begins(node: Any, reading: Reading, graph: Lookup) -> bool:
    """Whether a node is one of those at which a reading that begins anywhere does."""
    if reading.at_objects:
        return any(any(graph.triples(None, predicate, node)) for predicate in reading.anywhere)
    return not isinstance(node, ox.Literal) and any(any(graph.triples(node, p, None)) for p in reading.anywhere)


def _follow(path: Path, nodes: set[Any], graph: Lookup, read: set[ox.Triple] | None = None) -> set[Any]:
    """Return the nodes at the end of a path from some nodes, and put the triples on the way into ``read``."""
    kind = path[0]
    if kind == "seq":
        for one in path[1:]:
            nodes = _follow(one, nodes, graph, read) if nodes else nodes
        return nodes
    if kind == "alt":
        return set().union(*(_follow(one, nodes, graph, read) for one in path[1:]))
    if kind == "star":
        found, fresh = set(nodes), set(nodes)
        while fresh:
            fresh = _follow(path[1], fresh, graph, read) - found
            found |= fresh
        return found
    if kind == "users":
        used = (graph.triples(None, node, None) for node in nodes if isinstance(node, ox.NamedNode))
        return {triple.subject for triples in used for triple in triples}
    ends: set[Any] = set()
    predicate, back = (None, False) if kind == "pred" else path[1:]
    for node in nodes:
        if not back and isinstance(node, ox.Literal):
            continue
        for triple in graph.triples(None, predicate, node) if back else graph.triples(node, predicate, None):
            ends.add(triple.predicate if kind == "pred" else triple.subject if back else triple.object)
            if read is not None:
                read.add(triple)
    return ends


def _below(target: Any, graph: Lookup) -> set[Any]:
    """Return a class and all below it."""
    return _follow(("star", step(_SUBCLASS, back=True)), {target}, graph)
