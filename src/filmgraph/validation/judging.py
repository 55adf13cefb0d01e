"""How pySHACL judges the subjects of some files, on rdflib graphs.

pySHACL is not given the shapes as they stand: each target is first resolved against the whole graph and replaced by
those of its nodes that the judged files describe. So only subjects of these files are judged, and how many is known.
pySHACL's own ``focus_nodes`` cannot do that: it also passes over the values that ``sh:or`` and the like look at, so
that some breaches go unseen.

What pySHACL would do node by node is spared where it comes to the same: property shapes get the targets of the shape
that has them, and where the nodes are many, SPARQL rules are asked only about the suspects among them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyoxigraph as ox

from filmgraph.errors import DataError
from filmgraph.namespaces import RDF, RDFS, SH
from filmgraph.readers import triples_of
from filmgraph.rows import printable
from filmgraph.validation.comparing import report_incomparable
from filmgraph.validation.findings import (
    Finding,
    Judgement,
    named_owner,
    path_text,
    quiet,
    rdflib_term,
    take_messages,
    value_text,
)
from filmgraph.validation.sources import Source
from filmgraph.validation.suspects import Suspects

if TYPE_CHECKING:
    from rdflib import Graph

__all__ = ["judge", "read_rules"]

_MANY = 500
"""The number of nodes from which on it pays to ask which of them the SPARQL rules suspect."""
_TARGETS = ("targetNode", "targetClass", "targetSubjectsOf", "targetObjectsOf")


def judge(
    sources: Sequence[Source],
    rest: Sequence[Source],
    *,
    shapes: Path,
    tell: Callable[[str], None],
    rules: Graph | None = None,
) -> Judgement:
    """Judge the subjects of some files, in the graph of these and the rest, by the rules of a shapes file.

    ``rules`` are those of its rules that are meant, where not all are; they are changed.
    """
    with quiet():
        graph = _graph(triple for source in (*sources, *rest) for triple in source.triples)
        rules = read_rules(shapes) if rules is None else rules
        subjects = {rdflib_term(subject): subject for source in sources for subject in source.subjects}
        messages = take_messages(rules)
        focus_nodes = _narrow(rules, graph, set(subjects))
        tell(f"judging by {shapes.name}: {len(focus_nodes):,} subject{'' if len(focus_nodes) == 1 else 's'}")
        if len(focus_nodes) >= _MANY:
            graph.suspects = Suspects(triple for source in (*sources, *rest) for triple in source.triples)
        results = _run_pyshacl(graph, rules, shapes) if focus_nodes else None
    findings: list[Finding] = []
    if results is not None:
        from rdflib import URIRef

        for result in results.objects(None, URIRef(SH + "result")):
            found = {str(predicate): value for predicate, value in results.predicate_objects(result)}
            focus = subjects.get(found[SH + "focusNode"])
            if focus is not None:
                findings.append(_finding(found, focus, results, rules, messages))
    return Judgement(frozenset(subjects[node] for node in focus_nodes), tuple(findings))


def read_rules(shapes: Path) -> Graph:
    """Return the rules of a shapes file as an rdflib graph; a shape that is a class says there that it targets it."""
    from rdflib import URIRef

    rules: Graph = _graph(triples_of([shapes]))
    kinds = set(rules.transitive_subjects(URIRef(RDFS + "subClassOf"), URIRef(RDFS + "Class")))
    for class_ in {one for kind in kinds for one in rules.subjects(URIRef(RDF + "type"), kind)}:
        said = (*rules.predicates(class_), *rules.objects(class_, URIRef(RDF + "type")))
        if any(str(one).startswith(SH) for one in said):
            rules.add((class_, URIRef(SH + "targetClass"), class_))
    return rules


def _finding(found: dict[str, Any], focus: Any, results: Graph, rules: Graph, messages: dict[Any, str]) -> Finding:
    """Return a result of pySHACL's report as a Finding."""
    message = (
        messages.get(found.get(SH + "sourceConstraint"))
        or messages.get(found[SH + "sourceShape"])
        or str(found.get(SH + "resultMessage", "breaks this rule"))
    )
    path = found.get(SH + "resultPath")
    value = found.get(SH + "value")
    return Finding(
        focus=focus,
        shape=named_owner(found[SH + "sourceShape"], rules),
        constraint=str(found.get(SH + "sourceConstraintComponent", "")).removeprefix(SH),
        path=None if path is None else path_text(path, results),
        value=None if value is None else value_text(value),
        message=printable(" ".join(message.split())),
        severity=str(found[SH + "resultSeverity"]).removeprefix(SH).lower(),
    )


def _narrow(rules: Graph, graph: Graph, subjects: set[Any]) -> set[Any]:
    """Replace the targets of all shapes by those of their nodes that are among ``subjects``; return these nodes."""
    from rdflib import URIRef

    focus_nodes: set[Any] = set()
    predicates = [URIRef(SH + name) for name in _TARGETS]
    for shape in {shape for predicate in predicates for shape in rules.subjects(predicate)}:
        nodes: set[Any] = set()
        for predicate in predicates:
            for target in list(rules.objects(shape, predicate)):
                nodes |= _targeted(graph, str(predicate).removeprefix(SH), target)
                rules.remove((shape, predicate, target))
        nodes &= subjects
        focus_nodes |= nodes
        for node in nodes:
            rules.add((shape, predicates[0], node))
        _hand_down(rules, shape, nodes)
    return focus_nodes


def _hand_down(rules: Graph, shape: Any, nodes: set[Any]) -> None:
    """Make the targets of a node shape those of its property shapes, which find in them the same as by way of it.

    pySHACL judges all targets of a property shape at one go, but those of the shape that has it one by one, and reads
    the property shape anew for each. A shape that others name keeps its parts, for they judge other nodes by it.
    """
    from rdflib import URIRef

    target, has, path = (URIRef(SH + name) for name in (_TARGETS[0], "property", "path"))
    disjoint = URIRef(SH + "qualifiedValueShapesDisjoint")
    if any(
        triple in rules
        for triple in ((None, None, shape), (shape, path, None), (shape, URIRef(SH + "deactivated"), None))
    ):
        return
    for part in list(rules.objects(shape, has)):
        # Where a part is broken pySHACL is to say so, and of one without a name only its owner can be told. One that
        # is to be disjoint from the others is nothing without them.
        if isinstance(part, URIRef) and (part, path, None) in rules and (part, disjoint, None) not in rules:
            rules.remove((shape, has, part))
            for node in nodes:
                rules.add((part, target, node))


def _targeted(graph: Graph, kind: str, target: Any) -> set[Any]:
    """Return the nodes that one target declaration selects."""
    from rdflib import URIRef

    if kind == "targetNode":
        return {target}
    if kind == "targetSubjectsOf":
        return set(graph.subjects(target))
    if kind == "targetObjectsOf":
        return set(graph.objects(None, target))
    classes = {target, *graph.transitive_subjects(URIRef(RDFS + "subClassOf"), target)}
    return {node for class_ in classes for node in graph.subjects(URIRef(RDF + "type"), class_)}


def _run_pyshacl(graph: Graph, rules: Graph, shapes: Path) -> Graph:
    """Run pySHACL and return its report; what it cannot work with becomes a DataError."""
    import pyshacl

    report_incomparable()
    try:
        _conforms, results, text = pyshacl.validate(graph, shacl_graph=rules, inference="none")
    except Exception as error:
        raise DataError(
            f"pySHACL cannot judge by these shapes: {printable(str(error))[:300]}", file=str(shapes)
        ) from error
    if not hasattr(results, "predicate_objects"):
        raise DataError(f"pySHACL cannot judge by these shapes: {printable(str(text))[:300]}", file=str(shapes))
    judged: Graph = results
    return judged


@cache
def _graph_class() -> type[Any]:
    """Return an rdflib graph that reads each query once, and answers it only for nodes that are suspect.

    pySHACL runs a SPARQL rule anew for each focus node, and rdflib takes ten times as long to parse the query as to
    answer it.
    """
    from rdflib import Graph
    from rdflib.plugins.sparql import prepareQuery
    from rdflib.query import Result

    class JudgedGraph(Graph):
        suspects: Suspects | None = None

        def __init__(self) -> None:
            super().__init__()
            self._suspected: dict[str, frozenset[Any] | None] = {}

        def query(
            self,
            query_object: Any,
            processor: Any = "sparql",
            result: Any = "sparql",
            initNs: Any = None,
            initBindings: Any = None,
            *arguments: Any,
            **options: Any,
        ) -> Any:
            prepared = read(query_object) if isinstance(query_object, str) else query_object
            this = (initBindings or {}).get("this")
            if this is not None and self.suspects is not None and prepared is not query_object:
                if query_object not in self._suspected:
                    found = self.suspects.of(query_object, prepared.algebra)
                    self._suspected[query_object] = found and frozenset(map(rdflib_term, found))
                suspected = self._suspected[query_object]
                if suspected is not None and this not in suspected:
                    nothing = Result("SELECT")
                    nothing.vars, nothing.bindings = [], []
                    return nothing
            return super().query(prepared, processor, result, initNs, initBindings, *arguments, **options)

    @cache
    def read(text: str) -> Any:
        return prepareQuery(text)

    return JudgedGraph


def _graph(triples: Iterable[ox.Triple]) -> Any:
    """Return triples as an rdflib graph."""
    terms: dict[Any, Any] = {}

    def known(term: Any) -> Any:
        made = terms.get(term)
        if made is None:
            made = terms[term] = rdflib_term(term)
        return made

    graph = _graph_class()()
    for triple in triples:
        graph.add((known(triple.subject), known(triple.predicate), known(triple.object)))
    return graph
