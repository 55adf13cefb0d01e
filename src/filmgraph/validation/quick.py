"""How the engine ``shacl`` judges, which is written in Rust: much quicker than pySHACL, on a fraction of the memory.

It is given the rules as they stand and the graph as a stream of N-Triples, through a named pipe where the system has
them. It is trusted only with what both engines judge alike (filmgraph.validation.alike): rules that are not are taken
out first, and subjects that see an odd value are looked up; both are left to pySHACL. So a report is the same
whichever engine was asked for. Where shacl fails, pySHACL judges everything.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any, Protocol

import pyoxigraph as ox

from filmgraph.errors import FilmgraphError
from filmgraph.namespaces import RDF, SH
from filmgraph.rows import printable
from filmgraph.validation.alike import OddLines, compared_predicates, odd_rules
from filmgraph.validation.asked import query_of
from filmgraph.validation.findings import Finding, path_text, quiet, rdflib_term, take_messages, value_text
from filmgraph.validation.reach import Lookup, Reach

if TYPE_CHECKING:
    from rdflib import Graph

__all__ = ["MOST", "NotJudgedError", "Quick", "Written", "check_installed", "copy_of", "is_installed", "judge_quickly"]

_TARGETS = ("targetClass", "targetNode", "targetSubjectsOf", "targetObjectsOf")
_SPARQL = "SPARQLConstraintComponent"
_PIPE = "graph.nt"
_A_MOMENT = 0.05
MOST = 100_000
"""How much shacl may find: each result takes it ten kilobytes."""


class NotJudgedError(Exception):
    """That shacl could not judge, and why; pySHACL is to."""


class Written(Lookup, Protocol):
    """A graph that can be looked up, and written out as N-Triples."""

    def write(self, write: Callable[[bytes], Any]) -> None:
        """Write all triples as N-Triples."""
        ...


@dataclass(frozen=True)
class Quick:
    """What shacl found, and what it is not trusted with.

    ``left`` are the nodes that pySHACL is to judge by all rules, and ``left_rules`` the rules by which it is to judge
    all nodes, None where there are none; the findings are about other nodes and by other rules. ``cut`` says that
    there are more of them than these.
    """

    findings: tuple[Finding, ...]
    left: frozenset[Any]
    left_rules: Graph | None
    cut: bool = False


def is_installed() -> bool:
    """Whether the engine can be imported."""
    from importlib.util import find_spec

    return find_spec("shacl") is not None


def check_installed() -> None:
    """Raise an error that says how to install the engine where it is missing."""
    if not is_installed():
        raise FilmgraphError("the engine shacl is not installed: pip install 'filmgraph-kg[fast]'")


def judge_quickly(graph: Written, rules: Graph, reach: Reach) -> Quick:
    """Judge a graph by some rules, which are changed.

    Raises :class:`NotJudgedError` where the engine cannot.
    """
    left_rules = _split(rules)
    compared = compared_predicates(rules)
    odd = OddLines(compared)
    results = _run(graph, rules, odd)
    left = _that_see(odd, graph, reach)
    messages = take_messages(rules)
    with quiet():
        findings = tuple(_findings(results[:MOST], rules, messages, left))
        return Quick(findings, left, left_rules, cut=len(results) > MOST)


def copy_of(rules: Graph) -> Graph:
    """Return some rules once more, for one that changes them."""
    copied = type(rules)()
    for triple in rules:
        copied.add(triple)
    return copied


def _split(rules: Graph) -> Graph | None:
    """Take out of the rules those that are not judged alike; return them, None where there are none."""
    from rdflib import URIRef

    odd = odd_rules(rules)
    if not odd:
        return None
    left = copy_of(rules)
    has = URIRef(SH + "property")
    for shape in {shape for name in _TARGETS for shape in rules.subjects(URIRef(SH + name))}:
        parts = odd.get(shape, frozenset())
        if parts is None:
            _remove_targets(rules, shape)
        elif not parts:
            _remove_targets(left, shape)
        else:
            for part in list(rules.objects(shape, has)):
                (rules if part in parts else left).remove((shape, has, part))
            for predicate, value in list(left.predicate_objects(shape)):
                if predicate not in (has, URIRef(RDF + "type")) and not _is_target(predicate):
                    left.remove((shape, predicate, value))
    _prune(rules)
    return left


def _prune(rules: Graph) -> None:
    """Keep only what shapes with targets lead to: shacl refuses all rules for one that it cannot read."""
    from rdflib import URIRef

    kept = {shape for name in _TARGETS for shape in rules.subjects(URIRef(SH + name))}
    waiting = list(kept)
    while waiting:
        for value in rules.objects(waiting.pop(), None):
            if value not in kept:
                kept.add(value)
                waiting.append(value)
    for subject in set(rules.subjects()) - kept:
        rules.remove((subject, None, None))


def _is_target(predicate: Any) -> bool:
    return str(predicate).removeprefix(SH) in _TARGETS


def _remove_targets(rules: Graph, shape: Any) -> None:
    from rdflib import URIRef

    for name in _TARGETS:
        rules.remove((shape, URIRef(SH + name), None))


def _run(graph: Written, rules: Graph, odd: OddLines) -> list[Any]:
    """Return what shacl says of a graph."""
    import shacl

    try:
        compiled = shacl.Shapes.from_text(rules.serialize(format="nt"), format="ntriples")
        with _streamed(graph, odd) as (file, failed):
            report = compiled.validate_file(str(file), max_results=MOST + 1)
        if failed:
            raise failed[0]
    except FilmgraphError:
        raise
    except Exception as error:
        raise NotJudgedError(printable(str(error))[:200]) from error
    except BaseException as error:
        if type(error).__name__ != "PanicException":  # What is raised where the engine itself breaks.
            raise
        raise NotJudgedError(printable(str(error))[:200]) from error
    return list(report.results)


@contextmanager
def _streamed(graph: Written, odd: OddLines) -> Iterator[tuple[Path, list[BaseException]]]:
    """Give the name of a file from which a graph can be read once, and a list of what went wrong in writing it."""
    failed: list[BaseException] = []

    def write(file: Path) -> None:
        try:
            with file.open("wb", buffering=1 << 18) as stream:

                def both(piece: bytes) -> None:
                    odd.see(piece)
                    stream.write(piece)

                graph.write(both)
        except BaseException as error:
            failed.append(error)

    with tempfile.TemporaryDirectory(prefix="filmgraph-") as folder:
        file = Path(folder) / _PIPE
        if not hasattr(os, "mkfifo"):
            write(file)
            yield file, failed
            return
        os.mkfifo(file)
        writer = Thread(target=write, args=(file,), name="filmgraph-validation", daemon=True)
        writer.start()
        try:
            yield file, failed
        finally:
            # Where nothing has opened the pipe to read, or nothing reads on, the writer would wait for ever; and it may
            # come to open the pipe only now.
            while writer.is_alive():
                with suppress(OSError):
                    os.close(os.open(file, os.O_RDONLY | os.O_NONBLOCK))
                writer.join(_A_MOMENT)


def _that_see(odd: OddLines, graph: Written, reach: Reach) -> frozenset[Any]:
    """Return the nodes whose judgement can depend on an odd value, and the blank ones."""
    if odd.nested:
        raise NotJudgedError("a triple stands inside a triple")
    if not odd.found:
        return frozenset()
    seeing = reach.concerned(_parsed(odd.found), graph, harmful=False)
    return frozenset(reach.focus_nodes(graph) if seeing is None else seeing)


def _parsed(lines: list[bytes]) -> list[ox.Triple]:
    return [quad.triple for quad in ox.parse(b"\n".join(lines), format=ox.RdfFormat.N_TRIPLES)]


def _findings(results: list[Any], rules: Graph, messages: dict[Any, str], left: frozenset[Any]) -> list[Finding]:
    """Return the results of shacl as findings, but for those of nodes that are left to pySHACL.

    Blank nodes are, whose names it changes.
    """
    from rdflib import URIRef

    shapes: dict[str, tuple[Any, str | None, bool]] = {}
    findings: list[Finding] = []
    told: set[tuple[str, str, str | None]] = set()
    for result in results:
        if result.focus_node.startswith("_:"):
            continue
        focus = _term(result.focus_node)
        if focus in left:
            continue
        name = result.source_shape[1:-1]
        if name not in shapes:
            node = URIRef(name)
            path = rules.value(node, URIRef(SH + "path"))
            shapes[name] = (node, None if path is None else path_text(path, rules), _reports_values(node, rules))
        node, way, with_values = shapes[name]
        value = result.value
        if result.component == _SPARQL:
            if not with_values and way is not None:
                value = None
            if (result.focus_node, name, value) in told:
                continue  # shacl tells of each solution, pySHACL once of each value.
            told.add((result.focus_node, name, value))
        findings.append(
            Finding(
                focus=focus,
                shape=name,
                constraint=result.component,
                path=way,
                value=None if value is None else value_text(rdflib_term(_term(value))),
                message=printable(" ".join(messages[node].split())),
                severity=result.severity.lower(),
            )
        )
    return findings


def _reports_values(shape: Any, rules: Graph) -> bool:
    """Whether the SPARQL rule of a shape, if it has one, names the values that it finds."""
    from rdflib import URIRef, Variable

    queries = [query_of(rules, constraint) for constraint in rules.objects(shape, URIRef(SH + "sparql"))]
    return any(query is not None and Variable("value") in query.PV for query in queries)


def _term(text: str) -> Any:
    """Return a term that is written as in N-Triples."""
    if text.startswith("<"):
        return ox.NamedNode(text[1:-1])
    if text.startswith("_:"):
        return ox.BlankNode("b")  # Its name is shacl's own, and never shown.
    line = f"<{SH}this> <{SH}value> {text} ."
    return next(iter(ox.parse(line, format=ox.RdfFormat.N_TRIPLES))).object
