"""SHACL validation: files judged together with the graph that they join, and a report that a film person can act on.

pySHACL does the judging, on rdflib graphs. It is not given the shapes as they stand: each target is first resolved
against the whole graph and replaced by those of its nodes that the judged files describe. So only subjects of these
files are judged, and how many is known. pySHACL's own ``focus_nodes`` cannot do that: it also passes over the values
that ``sh:or`` and the like look at, so that some breaches go unseen.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyoxigraph as ox

from filmgraph.errors import DataError
from filmgraph.namespaces import RDF, RDFS, SH, XSD, shorten
from filmgraph.readers import RdfText, read_rdf
from filmgraph.rows import printable
from filmgraph.turtle import subject_lines

if TYPE_CHECKING:
    from rdflib import Graph

    from filmgraph.stores import Store
    from filmgraph.workspace import Workspace

__all__ = ["Report", "Violation", "validate_files", "validate_workspace"]

SHAPES_FILE = "shapes.ttl"
HOUSE_STYLE_FILE = "house-style.ttl"
TERMS_FILE = "filmgraph.ttl"

_LONGEST_VALUE = 80
_LONGEST_IRI = 200
_TARGETS = ("targetNode", "targetClass", "targetSubjectsOf", "targetObjectsOf")
_BARE_TYPES = frozenset(XSD + name for name in ("integer", "decimal", "boolean"))
_ALL_TRIPLES = "CONSTRUCT { ?s ?p ?o } WHERE { ?s ?p ?o }"


@dataclass(frozen=True)
class Violation:
    """One breach of a rule.

    ``focus`` and ``shape`` are IRIs; ``path`` and ``value`` are written for reading, None where the rule has none;
    ``severity`` is violation, warning or info; ``line`` (from 1) is where the subject first stands in a Turtle or
    N-Triples file, None in others.
    """

    focus: str
    shape: str
    path: str | None
    value: str | None
    message: str
    severity: str
    file: str
    line: int | None

    def to_text(self) -> str:
        """Return the violation as one line: place, subject, what to do, and in brackets rule and value."""
        place = printable(self.file) + (f":{self.line}" if self.line is not None else "")
        grade = "" if self.severity == "violation" else f"{self.severity}: "
        value = "" if self.value is None else f", value {self.value}"
        return f"{place}: {_short_iri(self.focus)}: {grade}{self.message} ({_short_iri(self.shape)}{value})"


@dataclass(frozen=True)
class Report:
    """What a validation found.

    ``violations`` are in the order of file, line, subject and rule; ``focus_nodes`` counts the subjects of the files
    that some rule judged; ``files`` are the names of the files.
    """

    violations: tuple[Violation, ...]
    focus_nodes: int
    files: tuple[str, ...]

    @property
    def conforms(self) -> bool:
        """Whether nothing was found that is graver than a warning."""
        return not any(violation.severity == "violation" for violation in self.violations)

    def summary(self) -> str:
        """Return the outcome in one line.

        >>> Report((), 12, ("a.ttl",)).summary()
        'No violations: 12 subjects in 1 file checked.'
        """
        count = len(self.violations)
        found = f"{count or 'No'} {'finding' if self.conforms and count else 'violation'}{'' if count == 1 else 's'}"
        subjects = f"{self.focus_nodes:,} subject{'' if self.focus_nodes == 1 else 's'}"
        return f"{found}: {subjects} in {len(self.files)} file{'' if len(self.files) == 1 else 's'} checked."

    def to_text(self) -> str:
        """Return one line for each violation, and the outcome as the last."""
        return "\n".join([*(violation.to_text() for violation in self.violations), self.summary()])


def validate_files(
    files: Iterable[str | os.PathLike[str]],
    *,
    workspace: Workspace,
    store: Store | None = None,
    house_style: bool | None = None,
    progress: Callable[[str], None] | None = None,
) -> Report:
    """Judge RDF files together with the graph that they join, and report on the subjects that they describe.

    That graph is the workspace's, or the triples of ``store``. A file of the workspace replaces what the graph holds
    of it, in a store by its subjects; any other file joins. Files of the workspace's ontology are judged by the house
    style too; ``house_style`` says so, or the contrary, of any files.

    Raises :class:`~filmgraph.errors.DataError` for a file that cannot be read or parsed, for one that describes
    nothing that a rule applies to, and for shapes that pySHACL cannot work with.
    """
    tell = progress or _say_nothing
    tell("reading the files")
    sources = _read_all(files)
    if not sources:
        raise DataError("no file was given to validate")
    given = {source.path for source in sources}
    tell("reading the graph that they join")
    own_files = {file.resolve() for file in workspace.graph_files}
    if store is None:
        rest = _read_all(file for file in workspace.graph_files if file.resolve() not in given)
    else:
        replaced = {subject for source in sources if source.path in own_files for subject in source.subjects}
        kept = [triple for triple in store.construct(_ALL_TRIPLES) if triple.subject not in replaced]
        # Without the classes' superclasses, which a store of bare data lacks, no critic would be a person.
        terms = workspace.ontology / TERMS_FILE
        rest = [_Source(store.name, Path(), None, kept), *([] if terms.resolve() in given else _read_all([terms]))]
    judgements = [_judge(sources, rest, shapes=workspace.ontology / SHAPES_FILE, tell=tell)]
    styled = _styled(sources, workspace, house_style)
    if styled:
        others = _read_all(file for file in _ontology_files(workspace) if file.resolve() not in given)
        judgements.append(_judge(styled, others, shapes=workspace.ontology / HOUSE_STYLE_FILE, tell=tell))
    return _report(sources, judgements)


def validate_workspace(workspace: Workspace, *, progress: Callable[[str], None] | None = None) -> Report:
    """Judge everything in a workspace: the graph by the shapes, and ``ontology/*.ttl`` by the house style.

    Files are named by their path below the workspace. Raises as :func:`validate_files` does.
    """
    tell = progress or _say_nothing
    tell("reading the graph")
    paths = [*workspace.graph_files, *_ontology_files(workspace)]
    sources = _read_all(paths, below=workspace.root)
    graph_files = {file.resolve() for file in workspace.graph_files}
    ontology_files = {file.resolve() for file in _ontology_files(workspace)}
    graph = [source for source in sources if source.path in graph_files]
    ontology = [source for source in sources if source.path in ontology_files]
    return _report(
        sources,
        [
            _judge(graph, [], shapes=workspace.ontology / SHAPES_FILE, tell=tell),
            _judge(ontology, [], shapes=workspace.ontology / HOUSE_STYLE_FILE, tell=tell),
        ],
    )


def _say_nothing(_text: str) -> None:
    return None


def _ontology_files(workspace: Workspace) -> list[Path]:
    return sorted(workspace.ontology.glob("*.ttl"))


def _styled(sources: Sequence[_Source], workspace: Workspace, house_style: bool | None) -> list[_Source]:
    """Return the files that the house style judges as well."""
    if house_style is not None:
        return list(sources) if house_style else []
    ontology_files = {file.resolve() for file in _ontology_files(workspace)}
    return [source for source in sources if source.path in ontology_files]


@dataclass(frozen=True)
class _Source:
    """A file that was read: its name as people know it, its real path, its text and its triples."""

    name: str
    path: Path
    text: RdfText | None
    triples: list[ox.Triple]

    @cached_property
    def subjects(self) -> frozenset[Any]:
        return frozenset(triple.subject for triple in self.triples)

    @cached_property
    def typed(self) -> frozenset[Any]:
        return frozenset(triple.subject for triple in self.triples if triple.predicate.value == RDF + "type")

    @cached_property
    def lines(self) -> dict[str, int]:
        """The line of each subject, where the format has subjects that begin a line."""
        if self.text is None or self.text.format not in (ox.RdfFormat.TURTLE, ox.RdfFormat.N_TRIPLES):
            return {}
        return subject_lines(self.text.content.decode())


def _read_all(files: Iterable[str | os.PathLike[str]], *, below: Path | None = None) -> list[_Source]:
    """Read files, each once even if it is named twice."""
    sources: dict[Path, _Source] = {}
    for file in files:
        path = Path(file).resolve()
        if path not in sources:
            text = read_rdf(file)
            name = Path(file).relative_to(below).as_posix() if below else text.name
            sources[path] = _Source(name, path, text, _with_own_blank_nodes(text.quads()))
    return list(sources.values())


def _with_own_blank_nodes(quads: Iterable[ox.Quad]) -> list[ox.Triple]:
    """Return the triples of quads, blank nodes renamed: ``_:a`` of one file is not ``_:a`` of another."""
    renamed: dict[Any, ox.BlankNode] = {}

    def own(term: Any) -> Any:
        return renamed.setdefault(term, ox.BlankNode()) if isinstance(term, ox.BlankNode) else term

    return [ox.Triple(own(quad.subject), quad.predicate, own(quad.object)) for quad in quads]


@dataclass(frozen=True)
class _Judgement:
    """The nodes that the rules of one shapes file judged, and what was found."""

    focus_nodes: frozenset[Any]
    violations: list[Violation]


def _report(sources: Sequence[_Source], judgements: Sequence[_Judgement]) -> Report:
    judged: frozenset[Any] = frozenset().union(*(judgement.focus_nodes for judgement in judgements))
    unjudged = [printable(source.name) for source in sources if judged.isdisjoint(source.subjects)]
    if unjudged:
        raise DataError(
            "nothing was checked, for no rule applies to what is described here: each subject needs its class, "
            "as in film:her-2013 a fg:Film, and the prefixes of filmgraph's own files",
            file=", ".join(unjudged),
        )
    found = {violation for judgement in judgements for violation in judgement.violations}
    # A wrong value and a wrong number of values are one breach of a rule whose message speaks of both.
    named = {(violation.focus, violation.shape) for violation in found if violation.value is not None}
    violations = [v for v in found if v.value is not None or (v.focus, v.shape) not in named]
    ordered = sorted(
        violations,
        key=lambda v: (v.file, v.line or 0, v.focus, v.shape, v.path or "", v.value or "", v.message, v.severity),
    )
    return Report(tuple(ordered), len(judged), tuple(source.name for source in sources))


def _judge(
    sources: Sequence[_Source], rest: Sequence[_Source], *, shapes: Path, tell: Callable[[str], None]
) -> _Judgement:
    """Judge the subjects of some files, in the graph of these and the rest, by the rules of a shapes file."""
    with _quiet():
        graph = _graph(triple for source in (*sources, *rest) for triple in source.triples)
        rules = _graph(_with_own_blank_nodes(read_rdf(shapes).quads()))
        subjects = {_rdflib_term(subject): subject for source in sources for subject in source.subjects}
        messages = _take_messages(rules)
        focus_nodes = _narrow(rules, graph, set(subjects))
        tell(f"judging {len(focus_nodes):,} subjects by {shapes.name}")
        results = _run_pyshacl(graph, rules, shapes) if focus_nodes else None
    violations: list[Violation] = []
    if results is not None:
        from rdflib import URIRef

        places = _Places(sources)
        for result in results.objects(None, URIRef(SH + "result")):
            found = {str(predicate): value for predicate, value in results.predicate_objects(result)}
            focus = subjects.get(found[SH + "focusNode"])
            if focus is not None:
                violations.append(_violation(found, focus, places, results, rules, messages))
    return _Judgement(frozenset(subjects[node] for node in focus_nodes), violations)


def _violation(
    found: dict[str, Any], focus: Any, places: _Places, results: Graph, rules: Graph, messages: dict[Any, str]
) -> Violation:
    """Return a result of pySHACL's report as a Violation."""
    source, named = places.of(focus)
    shape = _named_owner(found[SH + "sourceShape"], rules)
    message = (
        messages.get(found.get(SH + "sourceConstraint"))
        or messages.get(found[SH + "sourceShape"])
        or str(found.get(SH + "resultMessage", "breaks this rule"))
    )
    path = found.get(SH + "resultPath")
    value = found.get(SH + "value")
    return Violation(
        focus=named,
        shape=shape,
        path=None if path is None else _path_text(path, results),
        value=None if value is None else _value_text(value),
        message=printable(" ".join(message.split())),
        severity=str(found[SH + "resultSeverity"]).removeprefix(SH).lower(),
        file=source.name,
        line=source.lines.get(named),
    )


class _Places:
    """Where subjects are described: the file, and the name under which the subject is found there."""

    def __init__(self, sources: Sequence[_Source]) -> None:
        self._source: dict[Any, _Source] = {}
        for source in reversed(sources):
            self._source.update(dict.fromkeys(source.subjects, source))
        # A person may be spoken of in several files; the one that gives a class is where the person is described.
        for source in reversed(sources):
            self._source.update(dict.fromkeys(source.typed, source))

    def of(self, subject: Any) -> tuple[_Source, str]:
        """Return the file that describes a subject and the subject's IRI, for a blank node that of its owner."""
        source = self._source[subject]
        seen = {subject}
        while isinstance(subject, ox.BlankNode):
            owners = [triple.subject for triple in source.triples if triple.object == subject]
            if not owners or owners[0] in seen:
                return source, "a blank node"
            subject = owners[0]
            seen.add(subject)
        return source, subject.value


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
    return focus_nodes


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


def _take_messages(rules: Graph) -> dict[Any, str]:
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


def _run_pyshacl(graph: Graph, rules: Graph, shapes: Path) -> Graph:
    """Run pySHACL and return its report; what it cannot work with becomes a DataError."""
    import pyshacl

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


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep rdflib from logging a traceback for each literal that its datatype does not allow: a rule reports it."""
    logger = logging.getLogger("rdflib.term")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(level)


@cache
def _graph_class() -> type[Graph]:
    """Return an rdflib graph that parses each query once.

    pySHACL runs a SPARQL rule anew for each focus node, and rdflib takes ten times as long to parse the query as to
    answer it.
    """
    from rdflib import Graph
    from rdflib.plugins.sparql import prepareQuery

    class ParsingOnceGraph(Graph):
        def query(self, query_object: Any, *arguments: Any, **options: Any) -> Any:
            if isinstance(query_object, str):
                query_object = prepared(query_object)
            return super().query(query_object, *arguments, **options)

    @cache
    def prepared(text: str) -> Any:
        return prepareQuery(text)

    return ParsingOnceGraph


def _graph(triples: Iterable[ox.Triple]) -> Graph:
    """Return triples as an rdflib graph."""
    terms: dict[Any, Any] = {}

    def known(term: Any) -> Any:
        made = terms.get(term)
        if made is None:
            made = terms[term] = _rdflib_term(term)
        return made

    graph = _graph_class()()
    for triple in triples:
        graph.add((known(triple.subject), known(triple.predicate), known(triple.object)))
    return graph


def _rdflib_term(term: Any) -> Any:
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


def _named_owner(node: Any, graph: Graph) -> str:
    """Return the IRI of a node, for a blank node that of the nearest node with an IRI that leads to it."""
    from rdflib import BNode

    seen: set[Any] = set()
    while isinstance(node, BNode) and node not in seen:
        seen.add(node)
        node = min(graph.subjects(None, node), key=str, default=node)
    return "a rule without a name" if isinstance(node, BNode) else str(node)


def _path_text(path: Any, graph: Graph) -> str:
    """Return a SHACL path as it would stand in SPARQL."""
    from rdflib import BNode, URIRef

    if not isinstance(path, BNode):
        return _short_iri(str(path))
    for name, before, after in (
        ("inversePath", "^", ""),
        ("zeroOrMorePath", "", "*"),
        ("oneOrMorePath", "", "+"),
        ("zeroOrOnePath", "", "?"),
    ):
        for inner in graph.objects(path, URIRef(SH + name)):
            return before + _bracketed(_path_text(inner, graph)) + after
    for inner in graph.objects(path, URIRef(SH + "alternativePath")):
        return "|".join(_path_text(item, graph) for item in graph.items(inner))
    return "/".join(_bracketed(_path_text(item, graph)) for item in graph.items(path))


def _bracketed(path: str) -> str:
    return f"({path})" if "|" in path or "/" in path.partition("://")[0] else path


def _value_text(value: Any) -> str:
    """Return a value as people would write it in Turtle, printable and short."""
    from rdflib import BNode, Literal

    if isinstance(value, BNode):
        return "a blank node"
    if not isinstance(value, Literal):
        return _short_iri(str(value))
    text = _cut(printable(str(value)), _LONGEST_VALUE)
    if value.language:
        return f'"{text}"@{value.language}'
    if value.datatype is None:
        return f'"{text}"'
    if str(value.datatype) in _BARE_TYPES and not value.ill_typed:
        return text
    return f'"{text}"^^{_short_iri(str(value.datatype))}'


def _short_iri(iri: str) -> str:
    return _cut(printable(shorten(iri)), _LONGEST_IRI)


def _cut(text: str, length: int) -> str:
    return text if len(text) <= length else text[: length - 1] + "…"
