"""The file of a film's reviews and the claims that are proposed of them, as it is and as it will be."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

import pyoxigraph as ox

from filmgraph.namespaces import FG, OA, PROV, RDF, SCHEMA, XSD, iri, kind_of, slug_of
from filmgraph.reviews.known import Decided, KnownReview
from filmgraph.reviews.proposals import Turtle, span_of
from filmgraph.turtle import natural_key, write_turtle

if TYPE_CHECKING:
    from filmgraph.claims import Candidate

__all__ = ["FilmFile", "ReadReview", "Tally"]

_TYPE = ox.NamedNode(RDF + "type")
_INTEGER, _DECIMAL = ox.NamedNode(XSD + "integer"), ox.NamedNode(XSD + "decimal")


@dataclass(frozen=True)
class ReadReview:
    """A review that was read: who speaks in it, where and when it appeared, and the hash and text it was read from.

    ``author`` and ``house`` are IRIs, empty for none.
    """

    film: str
    digest: str
    author: str
    house: str
    published: str
    datatype: str
    address: str
    text: str

    @property
    def who(self) -> str:
        """Who speaks: the critic, or else the publication."""
        return self.author or self.house


@dataclass
class Tally:
    """What became of the reviews of a film, and of the claims proposed of them, by stance."""

    new_reviews: int = 0
    known_reviews: int = 0
    repeated: int = 0
    proposed: dict[str, int] = field(default_factory=dict)
    new_claims: int = 0
    decided: int = 0


class FilmFile:
    """The reviews of one film in a folder of candidates.

    A review that the graph or the file has, told by the hash of its text and by who speaks, keeps its address; a new
    one gets the next free number. What a person has decided on is not proposed again.
    """

    def __init__(
        self, folder: Path, film: str, in_graph: Iterable[KnownReview], decided: Decided, *, quote: bool = False
    ) -> None:
        self.film, self.quote = film, quote
        self.turtle = Turtle.read(folder / f"{slug_of(film)}.ttl")
        self.turtle.check_comments()
        self.decided = decided
        self.tally = Tally()
        self._graph = {review.iri for review in in_graph}
        self._known = {(review.digest, review.who): review.iri for review in reversed(list(in_graph))}
        self._used = set(self._graph)
        self._blocks: dict[str, str] = {}
        self._claims: dict[str, list[str]] = {}
        self._kept: set[str] = set()
        self._quoted: set[tuple[str, int, int]] = set()
        self._read_file()

    def _read_file(self) -> None:
        """Note what the file has: its reviews, the claims of each, and what was rejected."""
        turtle = self.turtle
        for subject in sorted(turtle.subjects):
            if turtle.is_a(subject, FG + "Review"):
                self._used.add(subject)
                who = [
                    value.value for name in ("author", "publisher") for value in turtle.values(subject, SCHEMA + name)
                ]
                for digest in turtle.values(subject, FG + "textSha256"):
                    self._known.setdefault((digest.value.lower(), who[0] if who else ""), subject)
            for review in turtle.values(subject, FG + "claimedIn"):
                self._claims.setdefault(review.value, []).append(subject)
                rejected = any(value.value == FG + "Rejected" for value in turtle.values(subject, FG + "status"))
                if rejected:
                    self._note_rejected(subject, review.value)
                if rejected or not turtle.values(subject, PROV + "wasGeneratedBy"):
                    self._kept.add(subject)
            span = span_of(turtle, subject) if turtle.values(subject, OA + "exact") else None
            if span is not None:
                for source in turtle.values(subject, OA + "hasSource"):
                    self._quoted.add((source.value, span.start, span.end))

    def _note_rejected(self, claim: str, review: str) -> None:
        turtle = self.turtle
        self.decided.claims.add(claim)
        for about in (*turtle.values(claim, FG + "aboutTechnique"), *turtle.values(claim, FG + "aboutAspect")):
            self.decided.concepts.add((review, about.value))

    def address(self, review: ReadReview) -> str:
        """Return the IRI of a review: the one it has, or the next that is free."""
        found = self._known.get((review.digest, review.who))
        if found is None:
            base = f"{slug_of(self.film)}--{slug_of(review.who) if review.who else 'unsigned'}"
            found, number = iri("review", base), 1
            while found in self._used:
                number += 1
                found = iri("review", f"{base}--{number}")
            self._used.add(found)
            self._known[(review.digest, review.who)] = found
            self.tally.new_reviews += 1
        else:
            self.tally.known_reviews += 1
        return found

    def add(self, review: ReadReview, candidates: Iterable[Candidate], generated_by: str) -> str:
        """Add a review and what is proposed of it, in the place of what was proposed before; return its IRI."""
        where = self.address(review)
        if where in self._blocks:
            self.tally.known_reviews -= 1
            self.tally.repeated += 1
            return where
        claims: list[ox.Triple] = []
        before = set(self._claims.get(where, ()))
        for candidate in candidates:
            claim = iri("claim", f"{slug_of(where)}--{slug_of(candidate.concept)}")
            if claim in self._kept or self.decided.has(
                claim, where, candidate.concept, candidate.matched_label, candidate.passages
            ):
                self.tally.decided += 1
                continue
            self.tally.proposed[candidate.stance] = self.tally.proposed.get(candidate.stance, 0) + 1
            self.tally.new_claims += claim not in before
            claims += self._proposal(review, where, claim, candidate, generated_by)
        for claim in sorted(before & self._kept):
            claims += self._with_passages(claim)
        if where in self._graph and not claims and where not in self.turtle.subjects:
            self._blocks[where] = ""
            return where
        node = self.turtle.subjects.get(where, [])
        self._blocks[where] = write_turtle([*node, *_missing(node, _node_of(review, where)), *claims])
        return where

    def _with_passages(self, claim: str) -> Iterator[ox.Triple]:
        yield from self.turtle.subjects[claim]
        for passage in self.turtle.values(claim, FG + "evidence"):
            yield from self.turtle.subjects.get(passage.value, ())

    def _proposal(
        self, review: ReadReview, where: str, claim: str, candidate: Candidate, generated_by: str
    ) -> Iterator[ox.Triple]:
        """Yield the triples of a claim that is proposed, and of its passages."""
        node = ox.NamedNode(claim)
        about = "aboutTechnique" if kind_of(candidate.concept) == "technique" else "aboutAspect"
        confidence = ox.Literal(str(round(float(candidate.confidence), 2)), datatype=_DECIMAL)
        said: list[tuple[str, ox.NamedNode | ox.Literal]] = [
            (RDF + "type", ox.NamedNode(FG + "ReviewClaim")),
            (FG + "claimedIn", ox.NamedNode(where)),
            (FG + "aboutFilm", ox.NamedNode(self.film)),
            (FG + about, ox.NamedNode(candidate.concept)),
            (FG + "stance", ox.NamedNode(FG + candidate.stance.capitalize())),
            (FG + "status", ox.NamedNode(FG + "Candidate")),
            (FG + "confidence", confidence),
            (FG + "matchedLabel", ox.Literal(candidate.matched_label)),
            (PROV + "wasGeneratedBy", ox.NamedNode(generated_by)),
            *((FG + "cue", ox.Literal(cue)) for cue in candidate.cues),
            *((FG + "comparesTo", ox.NamedNode(film)) for film in candidate.compares_to),
            *((FG + "comparesToTitle", ox.Literal(title)) for title in candidate.compares_to_titles),
        ]
        for number, (start, end) in enumerate(candidate.passages, start=1):
            passage = ox.NamedNode(iri("passage", f"{slug_of(claim)}--{number}"))
            words = review.text[start:end]
            said.append((FG + "evidence", passage))
            yield ox.Triple(passage, _TYPE, ox.NamedNode(FG + "Passage"))
            yield ox.Triple(passage, ox.NamedNode(OA + "hasSource"), ox.NamedNode(where))
            yield ox.Triple(passage, ox.NamedNode(OA + "start"), ox.Literal(str(start), datatype=_INTEGER))
            yield ox.Triple(passage, ox.NamedNode(OA + "end"), ox.Literal(str(end), datatype=_INTEGER))
            digest = sha256(words.encode()).hexdigest()
            yield ox.Triple(passage, ox.NamedNode(FG + "exactSha256"), ox.Literal(digest))
            if self.quote or (where, start, end) in self._quoted:
                yield ox.Triple(passage, ox.NamedNode(OA + "exact"), ox.Literal(words))
        for predicate, value in said:
            yield ox.Triple(node, ox.NamedNode(predicate), value)

    def text(self) -> str:
        """Return the file as it will be: reviews that were added, and those that it had besides.

        Each review is written by itself and the parts are joined, so that memory holds text and not triples.
        """
        turtle = self.turtle
        left = set(turtle.subjects)
        blocks = dict(self._blocks)
        for subject in turtle.subjects:
            if turtle.is_a(subject, FG + "Review"):
                own = [subject, *self._claims.get(subject, ())]
                own += [passage.value for claim in own[1:] for passage in turtle.values(claim, FG + "evidence")]
                left.difference_update(own)
                if subject not in blocks:
                    blocks[subject] = write_turtle(t for each in own for t in turtle.subjects.get(each, ()))
        # What is left belongs to reviews that are written anew, or is none of ours and stays.
        rest = [s for s in sorted(left) if not self._is_part(s)]
        parts = [blocks[review] for review in sorted(blocks, key=natural_key) if blocks[review]]
        if rest:
            parts.append(write_turtle(t for subject in rest for t in turtle.subjects[subject]))
        return _joined(parts)

    def _is_part(self, subject: str) -> bool:
        """Whether a subject of the file is a claim or passage of a review that is written anew."""
        sources = (*self.turtle.values(subject, FG + "claimedIn"), *self.turtle.values(subject, OA + "hasSource"))
        return any(source.value in self._blocks for source in sources)


def _node_of(review: ReadReview, where: str) -> Iterator[ox.Triple]:
    """Yield the triples of a review itself."""
    said: list[tuple[str, ox.NamedNode | ox.Literal]] = [
        (RDF + "type", ox.NamedNode(FG + "Review")),
        (SCHEMA + "itemReviewed", ox.NamedNode(review.film)),
        (FG + "textSha256", ox.Literal(review.digest)),
    ]
    if review.author:
        said.append((SCHEMA + "author", ox.NamedNode(review.author)))
    if review.house:
        said.append((SCHEMA + "publisher", ox.NamedNode(review.house)))
    if not review.who:
        said.append((FG + "unsigned", ox.Literal("true", datatype=ox.NamedNode(XSD + "boolean"))))
    if review.published:
        said.append((SCHEMA + "datePublished", ox.Literal(review.published, datatype=ox.NamedNode(review.datatype))))
    if review.address:
        said.append((SCHEMA + "url", ox.Literal(review.address, datatype=ox.NamedNode(XSD + "anyURI"))))
    for predicate, value in said:
        yield ox.Triple(ox.NamedNode(where), ox.NamedNode(predicate), value)


def _missing(has: Iterable[ox.Triple], made: Iterable[ox.Triple]) -> Iterator[ox.Triple]:
    """Yield the triples whose property a review has not: what is there stays."""
    there = {triple.predicate for triple in has}
    return (triple for triple in made if triple.predicate not in there)


def _joined(parts: Iterable[str]) -> str:
    """Return several texts in the canonical form as one: their prefixes once and in order, then all else."""
    prefixes: set[str] = set()
    bodies: list[str] = []
    for part in parts:
        head, _, body = part.partition("\n\n")
        prefixes.update(head.split("\n"))
        bodies.append(body)
    return "\n".join(["\n".join(sorted(prefixes)) + "\n", *bodies]) if bodies else ""
