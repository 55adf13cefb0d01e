"""What is new in a store, judged with what it touches, and with nothing else."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyoxigraph as ox

from filmgraph.readers.files import is_packed
from filmgraph.rows import printable
from filmgraph.validation.engines import chosen, judge
from filmgraph.validation.graphs import StoreGraph
from filmgraph.validation.judging import read_rules
from filmgraph.validation.reach import Reach
from filmgraph.validation.report import Report
from filmgraph.validation.sources import Source, read_all
from filmgraph.validation.validate import SHAPES_FILE, TERMS_FILE, report_of, validate_store

if TYPE_CHECKING:
    from filmgraph.stores.local import LocalStore
    from filmgraph.workspace import Workspace

__all__ = ["validate_additions"]

_MANY = 2_000
"""The number of subjects from which on shacl is quicker than pySHACL, which takes a millisecond or two for each."""
_LARGE = 64_000_000
"""The size of files, in bytes, from which on they are not read into memory: then all of the store is judged."""
_UNPACKED = 16
"""How many times its size a gzipped file of RDF has unpacked, about."""


def validate_additions(
    store: LocalStore,
    files: Collection[str | os.PathLike[str]],
    *,
    workspace: Workspace,
    engine: str | None = "auto",
    progress: Callable[[str], None] | None = None,
) -> Report:
    """Judge what some files have brought into a store, and what of it they touch.

    The store holds their triples already. Judged are the subjects of the files, and all nodes whose judgement the
    files can have changed for the worse, as far as the shapes look: a film that has a second title now, or shares its
    identifier with a new one. Of these the report says what :func:`validate_store` would; each is placed in the file
    that speaks of it, or else in the store. By ``auto``, shacl judges where it is installed and there is much to do.
    Of files of more than 64 MB in all, and of such as change the hierarchy of classes, the whole store is judged.
    ``files`` may be a mapping to the names by which the report calls them.

    Raises :class:`~filmgraph.errors.DataError` for a file that cannot be read, and where no rule applies to anything
    that the files describe.
    """
    tell = progress or (lambda _text: None)
    if sum(map(_size, files)) > _LARGE:
        return validate_store(store, workspace=workspace, engine=chosen(engine), progress=progress)
    tell("reading the files")
    new = read_all(files)
    if isinstance(files, Mapping):
        names = {os.fspath(file): name for file, name in files.items()}
        new = [replace(source, name=names[source.name]) for source in new]
    terms = read_all([workspace.ontology / TERMS_FILE])[0]
    shapes = workspace.ontology / SHAPES_FILE
    graph = StoreGraph(store, terms.triples)
    reach = Reach(read_rules(shapes))
    tell("looking for what they touch")
    brought = _as_stored(new, graph)
    nodes = None if brought is None else reach.concerned(brought, graph)
    needed = None if nodes is None else reach.needed(nodes, graph)
    if nodes is None or needed is None:
        return validate_store(store, workspace=workspace, engine=chosen(engine), progress=progress)
    notes: list[str] = []
    if engine in (None, "auto") and len(nodes) < _MANY:
        engine = "pyshacl"
    judged = Source(store.name, Path(), None, [triple for triple in needed if triple.subject in nodes])
    rest = Source("", Path(), None, [triple for triple in needed if triple.subject not in nodes])
    judgement = judge([judged], [rest], shapes=shapes, tell=tell, engine=engine, note=notes.append)
    unjudged = [source.name for source in new if judgement.focus_nodes.isdisjoint(source.subjects)]
    if unjudged:
        notes.append(f"no rule applies to what is described in {printable(', '.join(unjudged))}")
    return report_of([*_elsewhere(judged, new), *new], [judgement], notes, count=len(judgement.focus_nodes))


def _size(file: str | os.PathLike[str]) -> int:
    """Return about how many bytes of text a file has."""
    size = Path(file).stat().st_size
    return size * _UNPACKED if is_packed(os.fspath(file)) else size


def _elsewhere(judged: Source, new: Sequence[Source]) -> list[Source]:
    """Return the part of what is judged that no new file speaks of, for its subjects to be placed in the store."""
    known = {subject for source in new for subject in source.subjects}
    # Who has a blank node is to be found beside it.
    old = [t for t in judged.triples if t.subject not in known or isinstance(t.object, ox.BlankNode)]
    return [replace(judged, triples=old)] if old else []


def _as_stored(sources: Iterable[Source], graph: StoreGraph) -> list[ox.Triple] | None:
    """Return the triples of some files as the store has them; None where that cannot be told.

    A store writes numbers in their usual form and gives blank nodes other names: those are found by who has them.
    """
    kept = ox.Store()
    for source in sources:
        kept.bulk_extend(ox.Quad(triple.subject, triple.predicate, triple.object) for triple in source.triples)
    found: dict[ox.Triple, None] = {}
    below: dict[Any, list[Any]] = {}
    ways_in: list[Any] = []
    waiting: list[Any] = []
    for triple in (quad.triple for quad in kept):
        if isinstance(triple.subject, ox.BlankNode):
            below.setdefault(triple.subject, []).append(triple.object)
        elif not isinstance(triple.object, ox.BlankNode):
            found[triple] = None
        else:
            ways_in.append(triple.object)
            for other in graph.triples(triple.subject, triple.predicate, None):
                if isinstance(other.object, ox.BlankNode):
                    found[other] = None
                    waiting.append(other.object)
    # Those to whom nothing with an IRI leads, such as two that name each other, cannot be found.
    while ways_in:
        ways_in += below.pop(ways_in.pop(), ())
    if below:
        return None
    seen: set[Any] = set()
    while waiting:
        node = waiting.pop()
        if node not in seen:
            seen.add(node)
            for triple in graph.triples(node, None, None):
                found[triple] = None
                if isinstance(triple.object, ox.BlankNode):
                    waiting.append(triple.object)
    return list(found)
