"""The engines: pySHACL, the reference, and shacl, which is quicker; one report, whichever judges."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from filmgraph.errors import FilmgraphError
from filmgraph.rows import printable
from filmgraph.validation import judging
from filmgraph.validation.findings import Finding, Judgement
from filmgraph.validation.graphs import Triples
from filmgraph.validation.quick import (
    MOST,
    NotJudgedError,
    Quick,
    Written,
    check_installed,
    copy_of,
    is_installed,
    judge_quickly,
)
from filmgraph.validation.reach import Reach
from filmgraph.validation.sources import Source

if TYPE_CHECKING:
    from rdflib import Graph

__all__ = ["ENGINES", "Engine", "chosen", "judge", "judge_graph"]

Engine = Literal["auto", "pyshacl", "shacl"]
ENGINES: tuple[Engine, ...] = ("auto", "pyshacl", "shacl")


def chosen(engine: str | None) -> Engine:
    """Return the engine that is meant by a name: of ``auto``, or none, shacl where it is installed.

    Raises :class:`~filmgraph.errors.FilmgraphError` where there is no such engine, or it is not installed.
    """
    if engine is None or engine == "auto":
        return "shacl" if is_installed() else "pyshacl"
    if engine == "shacl":
        check_installed()
    for known in ENGINES:
        if engine == known:
            return known
    raise FilmgraphError(f"there is no validation engine {printable(engine)[:40]}: say {', '.join(ENGINES)}")


def judge(
    sources: Sequence[Source],
    rest: Sequence[Source],
    *,
    shapes: Path,
    tell: Callable[[str], None],
    engine: str | None = "pyshacl",
    note: Callable[[str], None] = lambda _text: None,
) -> Judgement:
    """Judge the subjects of some files, in the graph of these and the rest, by the rules of a shapes file.

    ``note`` is told where shacl could not judge and pySHACL did.
    """
    if chosen(engine) == "pyshacl":
        return judging.judge(sources, rest, shapes=shapes, tell=tell)
    rules = judging.read_rules(shapes)
    reach = Reach(rules)
    graph = Triples(triple for source in (*sources, *rest) for triple in source.triples)
    subjects = frozenset(subject for source in sources for subject in source.subjects)
    focus_nodes = frozenset[Any]().union(*reach.targeted(subjects, graph).values())
    tell(f"judging by {shapes.name}: {len(focus_nodes):,} subject{'' if len(focus_nodes) == 1 else 's'}")
    if not focus_nodes:
        return Judgement(focus_nodes, ())
    try:
        quick = judge_quickly(graph, copy_of(rules), reach)
        if quick.cut:  # What was left out could be about the subjects of these files, and what was found about others.
            raise NotJudgedError(f"it finds more than {MOST:,} breaches")
    except NotJudgedError as error:
        note(_fallen_back(shapes, error))
        return judging.judge(sources, rest, shapes=shapes, tell=tell)
    findings = [one for one in quick.findings if one.focus in focus_nodes]
    findings += _left(quick, focus_nodes, graph, reach, shapes)
    return Judgement(focus_nodes, tuple(findings))


def judge_graph(
    graph: Written, *, shapes: Path, leaving_out: Collection[Any], note: Callable[[str], None]
) -> tuple[Finding, ...] | None:
    """Judge everything in a graph by shacl but some nodes; None where that cannot be done."""
    rules = judging.read_rules(shapes)
    reach = Reach(rules)
    try:
        quick = judge_quickly(graph, copy_of(rules), reach)
    except NotJudgedError as error:
        note(_fallen_back(shapes, error))
        return None
    findings = [*quick.findings]
    if quick.cut:
        note(f"there are more than {MOST:,} breaches, of which only the first are told")
    if quick.left_rules is not None or quick.left:
        wanted = reach.focus_nodes(graph) if quick.left_rules is not None else quick.left
        findings += _left(quick, frozenset(wanted) - frozenset(leaving_out), graph, reach, shapes)
    return tuple(one for one in findings if one.focus not in leaving_out)


def _left(quick: Quick, focus_nodes: frozenset[Any], graph: Written, reach: Reach, shapes: Path) -> list[Finding]:
    """Return what pySHACL finds where shacl is not trusted, of some nodes."""
    findings = list(_by_pyshacl(quick.left & focus_nodes, graph, reach, shapes, None))
    if quick.left_rules is not None:
        findings += _by_pyshacl(focus_nodes - quick.left, graph, reach, shapes, quick.left_rules)
    return findings


def _by_pyshacl(
    nodes: frozenset[Any], graph: Written, reach: Reach, shapes: Path, rules: Graph | None
) -> Sequence[Finding]:
    """Return what pySHACL finds of some nodes, given only what their judgement can depend on."""
    if not nodes:
        return ()
    needed = reach.needed(nodes, graph)
    if needed is None:
        needed = set(graph.triples(None, None, None))
    source = Source("", Path(), None, [triple for triple in needed if triple.subject in nodes])
    rest = Source("", Path(), None, [triple for triple in needed if triple.subject not in nodes])
    return judging.judge([source], [rest], shapes=shapes, tell=lambda _text: None, rules=rules).findings


def _fallen_back(shapes: Path, error: Exception) -> str:
    return f"the engine shacl cannot judge by {shapes.name} here ({error}): pySHACL judges instead, and takes longer"
