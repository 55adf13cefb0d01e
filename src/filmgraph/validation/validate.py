"""Validation of files, and of a whole workspace."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyoxigraph as ox

from filmgraph.errors import DataError
from filmgraph.namespaces import RDF
from filmgraph.rows import printable
from filmgraph.stores import LocalStore
from filmgraph.validation.engines import Engine, chosen, judge, judge_graph
from filmgraph.validation.findings import Judgement, violations_of
from filmgraph.validation.graphs import StoreGraph
from filmgraph.validation.judging import read_rules
from filmgraph.validation.reach import Reach
from filmgraph.validation.report import Report
from filmgraph.validation.sources import Source, of_text, read_all
from filmgraph.workspace import GRAPH_CROSSWALK_FILES

if TYPE_CHECKING:
    from filmgraph.stores import Store
    from filmgraph.workspace import Workspace

__all__ = ["report_of", "validate_files", "validate_store", "validate_texts", "validate_workspace"]

SHAPES_FILE = "shapes.ttl"
HOUSE_STYLE_FILE = "house-style.ttl"
TERMS_FILE = "filmgraph.ttl"
_ALL_TRIPLES = "CONSTRUCT { ?s ?p ?o } WHERE { ?s ?p ?o }"


def validate_files(
    files: Iterable[str | os.PathLike[str]],
    *,
    workspace: Workspace,
    store: Store | None = None,
    house_style: bool | None = None,
    engine: Engine = "pyshacl",
    progress: Callable[[str], None] | None = None,
) -> Report:
    """Judge RDF files together with the graph that they join, and report on the subjects that they describe.

    That graph is the workspace's, or the triples of ``store``. A file of the workspace replaces what the graph holds
    of it, in a store by its subjects; any other file joins. Files of the workspace's ontology are judged by the house
    style too; ``house_style`` says so, or the contrary, of any files. ``engine`` is ``pyshacl``, ``shacl`` or ``auto``.

    Raises :class:`~filmgraph.errors.DataError` for a file that cannot be read or parsed, for one that describes
    nothing that a rule applies to, and for shapes that pySHACL cannot work with.
    """
    tell = progress or _say_nothing
    tell("reading the files")
    sources = read_all(files)
    if not sources:
        raise DataError("no file was given to validate")
    given = {source.path for source in sources}
    tell("reading the graph that they join")
    own_files = {file.resolve() for file in workspace.graph_files}
    if store is None:
        rest = read_all(file for file in workspace.graph_files if file.resolve() not in given)
    else:
        # A crosswalk adds to techniques that another file describes: it replaces nothing.
        described = own_files - {(workspace.ontology / name).resolve() for name in GRAPH_CROSSWALK_FILES}
        replaced = {subject for source in sources if source.path in described for subject in source.subjects}
        kept = [triple for triple in store.construct(_ALL_TRIPLES) if triple.subject not in replaced]
        # Without the classes' superclasses, which a store of bare data lacks, no critic would be a person.
        terms = workspace.ontology / TERMS_FILE
        rest = [Source(store.name, Path(), None, kept), *([] if terms.resolve() in given else read_all([terms]))]
    notes: list[str] = []
    shapes = workspace.ontology / SHAPES_FILE
    judgements = [judge(sources, rest, shapes=shapes, tell=tell, engine=engine, note=notes.append)]
    styled = _styled(sources, workspace, house_style)
    if styled:
        others = read_all(file for file in _ontology_files(workspace) if file.resolve() not in given)
        style = workspace.ontology / HOUSE_STYLE_FILE
        judgements.append(judge(styled, others, shapes=style, tell=tell, engine=engine, note=notes.append))
    return report_of(sources, judgements, notes)


def validate_texts(
    texts: Mapping[Path, str], *, workspace: Workspace, progress: Callable[[str], None] | None = None
) -> Report:
    """Judge Turtle texts as if each stood in its file of the workspace, with the rest of the workspace's graph.

    So what would be written can be judged before it is. Raises as :func:`validate_files` does.
    """
    sources = [of_text(text, file, below=workspace.root) for file, text in texts.items()]
    given = {source.path for source in sources}
    rest = read_all(file for file in workspace.graph_files if file.resolve() not in given)
    shapes = workspace.ontology / SHAPES_FILE
    return report_of(sources, [judge(sources, rest, shapes=shapes, tell=progress or _say_nothing)])


def validate_store(
    store: Store, *, workspace: Workspace, engine: Engine = "pyshacl", progress: Callable[[str], None] | None = None
) -> Report:
    """Judge everything in a store by the workspace's shapes.

    By ``shacl`` a store of this machine is read as it goes, and not copied. Raises as :func:`validate_files` does; the
    store's name stands where a file's would.
    """
    tell = progress or _say_nothing
    terms = read_all([workspace.ontology / TERMS_FILE])
    shapes = workspace.ontology / SHAPES_FILE
    notes: list[str] = []
    if chosen(engine) == "shacl" and isinstance(store, LocalStore):
        report = _stream(store, terms[0], shapes, tell, notes)
        if report is not None:
            return report
        engine = "pyshacl"
    source = Source(store.name, Path(), None, store.construct(_ALL_TRIPLES))
    judgement = judge([source], terms, shapes=shapes, tell=tell, engine=engine, note=notes.append)
    return report_of([source], [judgement], notes)


def _stream(
    store: LocalStore, terms: Source, shapes: Path, tell: Callable[[str], None], notes: list[str]
) -> Report | None:
    """Judge everything in a store of this machine by shacl; None where that cannot be done."""
    graph = StoreGraph(store, terms.triples)
    foreign = {subject for subject in terms.subjects if not graph.describes(subject)}
    count = graph.count(Reach(read_rules(shapes)).target_patterns(graph))
    tell(f"judging by {shapes.name}: {count:,} subject{'' if count == 1 else 's'}")
    found = judge_graph(graph, shapes=shapes, leaving_out=foreign, note=notes.append) if count else ()
    if found is None:
        return None
    # By pySHACL, too, only what the store describes is judged: no literal, and nothing that is merely named.
    found = tuple(one for one in found if not isinstance(one.focus, ox.Literal) and graph.describes(one.focus))
    # Only what was found is to be placed, at itself or at what has it: everything stands in the store.
    type_ = ox.NamedNode(RDF + "type")
    described: dict[ox.Triple, None] = {}
    waiting = [finding.focus for finding in found]
    while waiting:
        focus = waiting.pop()
        itself = ox.Triple(focus, type_, type_)
        if itself not in described:
            described[itself] = None
            owners = graph.triples(None, None, focus) if isinstance(focus, ox.BlankNode) else []
            described.update(dict.fromkeys(owners))
            waiting += [triple.subject for triple in owners]
    source = Source(store.name, Path(), None, list(described))
    judgement = Judgement(frozenset(finding.focus for finding in found), found)
    return report_of([source], [judgement], notes, count=count)


def validate_workspace(
    workspace: Workspace, *, engine: Engine = "pyshacl", progress: Callable[[str], None] | None = None
) -> Report:
    """Judge everything in a workspace: the graph by the shapes, and ``ontology/*.ttl`` by the house style.

    Files are named by their path below the workspace. Raises as :func:`validate_files` does.
    """
    tell = progress or _say_nothing
    tell("reading the graph")
    paths = [*workspace.graph_files, *_ontology_files(workspace)]
    sources = read_all(paths, below=workspace.root)
    graph_files = {file.resolve() for file in workspace.graph_files}
    ontology_files = {file.resolve() for file in _ontology_files(workspace)}
    graph = [source for source in sources if source.path in graph_files]
    ontology = [source for source in sources if source.path in ontology_files]
    notes: list[str] = []
    shapes, style = workspace.ontology / SHAPES_FILE, workspace.ontology / HOUSE_STYLE_FILE
    judgements = [
        judge(graph, [], shapes=shapes, tell=tell, engine=engine, note=notes.append),
        judge(ontology, [], shapes=style, tell=tell, engine=engine, note=notes.append),
    ]
    return report_of(sources, judgements, notes)


def _say_nothing(_text: str) -> None:
    return None


def _ontology_files(workspace: Workspace) -> list[Path]:
    return sorted(workspace.ontology.glob("*.ttl"))


def _styled(sources: Sequence[Source], workspace: Workspace, house_style: bool | None) -> list[Source]:
    """Return the files that the house style judges as well."""
    if house_style is not None:
        return list(sources) if house_style else []
    ontology_files = {file.resolve() for file in _ontology_files(workspace)}
    return [source for source in sources if source.path in ontology_files]


def report_of(
    sources: Sequence[Source], judgements: Sequence[Judgement], notes: Sequence[str] = (), *, count: int | None = None
) -> Report:
    """Return what was found as a report, in order.

    ``count`` says how many subjects were judged, where the judgements do not name them all.

    Raises :class:`~filmgraph.errors.DataError` where nothing of a source was judged.
    """
    judged: frozenset[Any] = frozenset().union(*(judgement.focus_nodes for judgement in judgements))
    unjudged = [printable(source.name) for source in sources if judged.isdisjoint(source.subjects)]
    if unjudged if count is None else not count:
        raise DataError(
            "nothing was checked, for no rule applies to what is described here: each subject needs its class, "
            "as in film:her-2013 a fg:Film, and the prefixes of filmgraph's own files",
            file=", ".join(unjudged),
        )
    found = violations_of(judgements, sources)
    # A wrong value and a wrong number of values are one breach of a rule whose message speaks of both.
    named = {(violation.focus, violation.shape) for violation in found if violation.value is not None}
    violations = [v for v in found if v.value is not None or (v.focus, v.shape) not in named]
    ordered = sorted(
        violations,
        key=lambda v: (v.file, v.line or 0, v.focus, v.shape, v.path or "", v.value or "", v.message, v.severity),
    )
    checked = len(judged) if count is None else count
    return Report(tuple(ordered), checked, tuple(source.name for source in sources), notes=tuple(notes))
