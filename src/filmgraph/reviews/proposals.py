"""The candidates that wait for a person: folders of Turtle files, and the claims that they propose."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyoxigraph as ox

from filmgraph.errors import DataError, OutputError
from filmgraph.namespaces import FG, OA, RDF, SCHEMA, slug_of
from filmgraph.readers import read_rdf
from filmgraph.rows import plain
from filmgraph.turtle import format_turtle, write_turtle

if TYPE_CHECKING:
    from filmgraph.workspace import Workspace

__all__ = [
    "ACTIVITIES_FILE",
    "CRITICS_FILE",
    "PUBLICATIONS_FILE",
    "Proposal",
    "Span",
    "Turtle",
    "proposals_of",
    "span_of",
    "turtle_files",
    "waiting_folder",
]

CRITICS_FILE, PUBLICATIONS_FILE, ACTIVITIES_FILE = "critics.ttl", "publications.ttl", "activities.ttl"

_TYPE = RDF + "type"
_COMPARES = (FG + "comparesTo", FG + "comparesToTitle")


@dataclass
class Turtle:
    """A Turtle file that may be rewritten: its text as it was read (None for a new one), and its triples by subject."""

    file: Path
    before: str | None = None
    subjects: dict[str, list[ox.Triple]] = field(default_factory=dict)

    @classmethod
    def read(cls, file: Path) -> Turtle:
        """Read a file, or begin one that is not there.

        Raises :class:`~filmgraph.errors.DataError` for what cannot be read, and for a blank node.
        """
        if not file.exists():
            return cls(file)
        text = read_rdf(file)
        turtle = cls(file, text.content.decode())
        for quad in text.quads():
            if not isinstance(quad.subject, ox.NamedNode):
                raise DataError("has a blank node: give it an address", file=str(file))
            turtle.add(quad.triple)
        return turtle

    def check_comments(self) -> None:
        """Raise :class:`~filmgraph.errors.DataError` where rewriting the file would lose a comment."""
        if self.before is not None:
            format_turtle(self.before, file=str(self.file))

    def add(self, triple: ox.Triple) -> None:
        """Add a triple, once."""
        triples = self.subjects.setdefault(_subject(triple), [])
        if triple not in triples:
            triples.append(triple)

    def values(self, subject: str, predicate: str) -> list[Any]:
        """Return the objects of a subject's property."""
        return [t.object for t in self.subjects.get(subject, ()) if t.predicate.value == predicate]

    def is_a(self, subject: str, type_: str) -> bool:
        """Whether the file gives a subject a class."""
        return any(value.value == type_ for value in self.values(subject, _TYPE))

    def replace(self, subject: str, predicate: str, values: Iterable[Any]) -> None:
        """Put values in the place of those that a subject's property has."""
        kept = [t for t in self.subjects.get(subject, ()) if t.predicate.value != predicate]
        node, name = ox.NamedNode(subject), ox.NamedNode(predicate)
        self.subjects[subject] = [*kept, *(ox.Triple(node, name, value) for value in values)]

    def text(self) -> str:
        """Return the file's text in the canonical form."""
        return write_turtle(triple for triples in self.subjects.values() for triple in triples)


def _subject(triple: ox.Triple) -> str:
    subject = triple.subject
    assert isinstance(subject, ox.NamedNode)
    return subject.value


def turtle_files(folder: Path) -> list[Path]:
    """Return the Turtle files of a folder, in order."""
    return sorted(file for file in folder.glob("*.ttl") if file.is_file()) if folder.is_dir() else []


def waiting_folder(workspace: Workspace, given: str | os.PathLike[str] | None = None) -> Path:
    """Return the folder of candidates: the one that is given, that of a checkout, or one where the user stands."""
    if given is not None:
        if not os.fspath(given).strip():
            raise OutputError("the folder of candidates has no name: give it one, or leave it out")
        return Path(given)
    return Path("candidates") if workspace.is_installed else workspace.root / "candidates"


@dataclass(frozen=True)
class Span:
    """A passage: its IRI, its place in code points, and the SHA-256 of its words, where it has one."""

    iri: str
    start: int
    end: int
    sha256: str | None


@dataclass(frozen=True)
class Proposal:
    """A claim that is proposed: all IRIs in full, ``stance`` in small letters.

    ``status`` is Candidate, Rejected or Accepted; ``confidence``, ``matched_label`` and ``cues`` say how sure the
    extractor was and why.
    """

    claim: str
    review: str
    film: str
    concept: str
    stance: str
    status: str
    authors: tuple[str, ...]
    publishers: tuple[str, ...]
    date: str
    text_sha256: str
    spans: tuple[Span, ...]
    confidence: float | None = None
    matched_label: str = ""
    cues: tuple[str, ...] = ()
    compares_to: tuple[str, ...] = ()
    compares_to_titles: tuple[str, ...] = ()

    def keys(self, concept: str) -> list[tuple[str, str, str]]:
        """Return what may be claimed once: by each who speaks in the review, of this film, about a concept."""
        return [(who, self.film, concept) for who in self.authors or self.publishers or (self.review,)]


def proposals_of(turtle: Turtle) -> Iterator[Proposal]:
    """Yield the claims of a file whose reviews are described in it, in the order of the file."""
    for claim, triples in turtle.subjects.items():
        if turtle.is_a(claim, FG + "ReviewClaim"):
            proposal = _proposal(turtle, claim, triples)
            if proposal is not None:
                yield proposal


def _proposal(turtle: Turtle, claim: str, triples: list[ox.Triple]) -> Proposal | None:
    told: dict[str, list[str]] = {}
    confidence = None
    for triple in triples:
        value: Any = triple.object
        told.setdefault(triple.predicate.value, []).append(value.value)
        if triple.predicate.value == FG + "confidence":
            confidence = plain(triple.object)
    review, film = told.get(FG + "claimedIn", [""])[0], told.get(FG + "aboutFilm", [""])[0]
    concepts = [*told.get(FG + "aboutTechnique", ()), *told.get(FG + "aboutAspect", ())]
    if review not in turtle.subjects or not film or not concepts:
        return None
    spans = (span_of(turtle, passage) for passage in told.get(FG + "evidence", ()))
    return Proposal(
        claim=claim,
        review=review,
        film=film,
        concept=concepts[0],
        stance=slug_of(told.get(FG + "stance", ["#observation"])[0]).lower(),
        status=slug_of(told.get(FG + "status", ["#Candidate"])[0]),
        authors=_texts(turtle, review, SCHEMA + "author"),
        publishers=_texts(turtle, review, SCHEMA + "publisher"),
        date=next(iter(_texts(turtle, review, SCHEMA + "datePublished")), ""),
        text_sha256=next(iter(_texts(turtle, review, FG + "textSha256")), "").lower(),
        spans=tuple(sorted(filter(None, spans), key=lambda span: (span.start, span.end, span.iri))),
        confidence=float(confidence) if isinstance(confidence, int | float) else None,
        matched_label=told.get(FG + "matchedLabel", [""])[0],
        cues=tuple(sorted(told.get(FG + "cue", ()))),
        compares_to=tuple(sorted(told.get(_COMPARES[0], ()))),
        compares_to_titles=tuple(sorted(told.get(_COMPARES[1], ()))),
    )


def _texts(turtle: Turtle, subject: str, predicate: str) -> tuple[str, ...]:
    return tuple(sorted(value.value for value in turtle.values(subject, predicate)))


def span_of(turtle: Turtle, passage: str) -> Span | None:
    """Return where a passage of a file stands, None where the file does not say so in whole numbers."""
    places = [plain(value) for name in ("start", "end") for value in turtle.values(passage, OA + name)]
    if len(places) != 2 or not all(type(place) is int for place in places):
        return None
    start, end = (int(str(place)) for place in places)
    return Span(passage, start, end, next(iter(_texts(turtle, passage, FG + "exactSha256")), None))
