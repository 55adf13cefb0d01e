"""The files that are judged: read once, and the place of each subject in them."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pyoxigraph as ox

from filmgraph.namespaces import RDF
from filmgraph.readers import RdfText, read_rdf
from filmgraph.turtle import subject_lines

__all__ = ["Places", "Source", "of_text", "read_all"]


@dataclass(frozen=True)
class Source:
    """A file that was read: its name as people know it, its real path, its text and its triples."""

    name: str
    path: Path
    text: RdfText | None
    triples: list[ox.Triple]

    @cached_property
    def subjects(self) -> frozenset[Any]:
        """All that the file says something about."""
        return frozenset(triple.subject for triple in self.triples)

    @cached_property
    def typed(self) -> frozenset[Any]:
        """All that the file gives a class."""
        return frozenset(triple.subject for triple in self.triples if triple.predicate.value == RDF + "type")

    @cached_property
    def lines(self) -> dict[str, int]:
        """The line of each subject, where the format has subjects that begin a line."""
        if self.text is None or self.text.format not in (ox.RdfFormat.TURTLE, ox.RdfFormat.N_TRIPLES):
            return {}
        return subject_lines(self.text.content.decode())


def read_all(files: Iterable[str | os.PathLike[str]], *, below: Path | None = None) -> list[Source]:
    """Read files, each once even if it is named twice."""
    sources: dict[Path, Source] = {}
    for file in files:
        path = Path(file).resolve()
        if path not in sources:
            text = read_rdf(file)
            name = Path(file).relative_to(below).as_posix() if below else text.name
            sources[path] = Source(name, path, text, [quad.triple for quad in text.quads()])
    return list(sources.values())


def of_text(text: str, file: Path, *, below: Path) -> Source:
    """Return a Turtle text as if it had been read from a file of a workspace."""
    name = file.relative_to(below).as_posix()
    rdf = RdfText(text.encode(), ox.RdfFormat.TURTLE, name, trusted=False)
    return Source(name, file.resolve(), rdf, [quad.triple for quad in rdf.quads()])


class Places:
    """Where subjects are described: the file, and the name under which the subject is found there."""

    def __init__(self, sources: Sequence[Source]) -> None:
        self._source: dict[Any, Source] = {}
        in_order = sorted(sources, key=lambda source: source.name, reverse=True)
        # A person may be spoken of in several files; the one that gives a class is where the person is described.
        for source in in_order:
            self._source.update(dict.fromkeys(source.subjects, source))
        for source in in_order:
            self._source.update(dict.fromkeys(source.typed, source))

    def of(self, subject: Any) -> tuple[Source, str]:
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
