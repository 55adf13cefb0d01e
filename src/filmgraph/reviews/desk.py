"""A person's desk: the candidates, the graph that they would join, their texts, and what may be decided on them."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from filmgraph.errors import DataError, NotFoundError
from filmgraph.namespaces import FG, RDF, SCHEMA, iri, kind_of, slug_of
from filmgraph.reviews.paraphrase import ReadText, fault_of, tidy
from filmgraph.reviews.proposals import Proposal, Span, Turtle, proposals_of, turtle_files
from filmgraph.reviews.vocabulary import Vocabulary
from filmgraph.stores import MemoryStore

if TYPE_CHECKING:
    from filmgraph.workspace import Workspace

__all__ = ["Decision", "Desk", "Ruling", "Taken", "accept", "correct", "reject"]

_CANDIDATE, _ACCEPTED, _REJECTED = "Candidate", "Accepted", "Rejected"
_TYPE = RDF + "type"
_NEAR = 75.0
Taken = Mapping[tuple[str, str, str], str]
"""Who claims something of which film about which concept, to the claim."""


@dataclass(frozen=True)
class Decision:
    """What a person decides on a candidate, by its IRI or slug; or on what the extractor missed, by review and span.

    ``concept``, ``stance`` and ``compares`` (films by IRI, slug or title) are None where they stay as proposed.
    ``checked`` says that the statement was held against the text when the decision was made, so that it can be carried
    out without the text.
    """

    claim: str
    accepts: bool
    statement: str = ""
    concept: str | None = None
    stance: str | None = None
    compares: tuple[str, ...] | None = None
    review: str = ""
    span: tuple[int, int] | None = None
    checked: bool = False


def accept(claim: str, statement: str) -> Decision:
    """Return the decision to accept a candidate as it is proposed, with a paraphrase."""
    return Decision(claim, True, statement)


def correct(
    claim: str,
    statement: str,
    *,
    concept: str | None = None,
    stance: str | None = None,
    compares: Sequence[str] | None = None,
) -> Decision:
    """Return the decision to accept a candidate with another concept, stance or other films that it compares with."""
    return Decision(claim, True, statement, concept, stance, None if compares is None else tuple(compares))


def reject(claim: str) -> Decision:
    """Return the decision to reject a candidate."""
    return Decision(claim, False)


@dataclass(frozen=True)
class Ruling:
    """A decision that keeps the rules, and what it makes: the claim by its new IRI, with all that it says.

    ``done`` says that it was carried out before.
    """

    decision: Decision
    proposal: Proposal
    claim: str
    concept: str
    stance: str
    statement: str
    compares_to: tuple[str, ...] = ()
    compares_to_titles: tuple[str, ...] = ()
    done: bool = False

    @property
    def keys(self) -> list[tuple[str, str, str]]:
        """What the claim takes: nobody may claim the same a second time."""
        return self.proposal.keys(self.concept) if self.decision.accepts else []


@dataclass(frozen=True)
class _Accepted:
    """A claim that the graph holds."""

    proposal: Proposal
    statement: str
    file: Path


class Desk:
    """The candidates of a folder, the graph that they would join, and the texts that they were read from.

    It reads everything once; after decisions were carried out, a new one is made.
    """

    def __init__(self, workspace: Workspace, folder: Path, *, texts: Mapping[str, ReadText] | None = None) -> None:
        self.workspace = workspace
        self.folder = folder
        self.texts: Mapping[str, ReadText] = texts or {}
        self.store = MemoryStore.of_files(workspace.graph_files)
        self.vocabulary = Vocabulary(self.store)
        self.waiting = {file: Turtle.read(file) for file in turtle_files(folder)}
        self.proposals = {p.claim: p for turtle in self.waiting.values() for p in proposals_of(turtle)}
        self.graph = {file: Turtle.read(file) for file in turtle_files(workspace.data)}
        self.graph |= {file: Turtle.read(file) for file in turtle_files(workspace.data / "reviews")}
        self.home: dict[str, Path] = {}
        self.accepted: dict[str, _Accepted] = {}
        self.taken: dict[tuple[str, str, str], str] = {}
        self._seen: set[tuple[str, str, int, int]] = set()
        for file, turtle in self.graph.items():
            self.home.update((subject, file) for subject in turtle.subjects if turtle.values(subject, _TYPE))
            for proposal in proposals_of(turtle):
                if proposal.status == _ACCEPTED:
                    self._note(proposal, turtle)

    def _note(self, proposal: Proposal, turtle: Turtle) -> None:
        statement = next((value.value for value in turtle.values(proposal.claim, FG + "statement")), "")
        self.accepted[proposal.claim] = _Accepted(proposal, statement, turtle.file)
        self.taken.update(dict.fromkeys(proposal.keys(proposal.concept), proposal.claim))
        for span in proposal.spans:
            self._seen.add((proposal.review, proposal.matched_label, span.start, span.end))

    def with_texts(self, texts: Mapping[str, ReadText]) -> Desk:
        """Return the same desk with texts."""
        other = copy.copy(self)
        other.texts = texts
        return other

    @property
    def hashes(self) -> frozenset[str]:
        """The hashes of the texts that something could be decided about."""
        reviews = (p.text_sha256 for p in self.proposals.values())
        known = (
            value.value.lower()
            for turtle in (*self.waiting.values(), *self.graph.values())
            for review in turtle.subjects
            if turtle.is_a(review, FG + "Review")
            for value in turtle.values(review, FG + "textSha256")
        )
        return frozenset((*reviews, *known))

    def is_settled(self, proposal: Proposal) -> bool:
        """Whether nothing is left to decide on a candidate, for the graph holds what it proposes.

        Either the critic's claim about the concept is there, or the same words of the text stand behind one about
        another concept, by which somebody corrected this.
        """
        return any(key in self.taken for key in proposal.keys(proposal.concept)) or any(
            (proposal.review, proposal.matched_label, span.start, span.end) in self._seen
            for span in proposal.spans
            if proposal.matched_label
        )

    def open_proposals(self) -> list[Proposal]:
        """Return the candidates that wait for a decision, by film, review and place in the text."""
        found = [p for p in self.proposals.values() if p.status == _CANDIDATE and not self.is_settled(p)]
        return sorted(found, key=lambda p: (p.film, p.review, p.spans[0].start if p.spans else 0, p.claim))

    def name(self, resource: str) -> str:
        """Return the name of a film, critic, publication or concept."""
        for turtle in (*self.graph.values(), *self.waiting.values()):
            for value in turtle.values(resource, SCHEMA + "name"):
                return str(value.value)
        known = self.vocabulary.films if kind_of(resource) == "film" else self.vocabulary.concepts
        return known.get(resource, slug_of(resource))

    def describes(self, resource: str) -> bool:
        """Whether the graph says what kind of thing a resource is."""
        return self.store.ask(f"ASK {{ <{resource}> a ?kind }}")

    def text_of(self, proposal: Proposal) -> ReadText | None:
        """Return the text that a claim was read from, None where it is not at hand."""
        return self.texts.get(proposal.text_sha256)

    def rule(self, decision: Decision, taken: Taken | None = None) -> Ruling:
        """Return what a decision makes, once it keeps the rules.

        ``taken`` says what is claimed already; without it what the graph holds counts.

        Raises :class:`~filmgraph.errors.FilmgraphError` with the reason where it breaks one.
        """
        claim = _iri_of(decision.claim, "claim")
        if decision.span is not None:
            return self._rule_own(decision, self.taken if taken is None else taken)
        if not decision.accepts:
            return self._rule_rejection(decision, claim)
        if claim not in self.proposals:
            return self._rule_done(decision, claim)
        proposal = self.proposals[claim]
        ruling = self._ruling(decision, proposal)
        known = self.accepted.get(ruling.claim)
        if known is not None and _same(known, ruling):
            return replace(ruling, done=True)
        self._check_free(ruling, self.taken if taken is None else taken)
        self._check_text(ruling)
        return ruling

    def check_topic(self, decision: Decision, taken: Taken) -> None:
        """Raise where what a decision accepts is taken, whatever its statement will be."""
        self._check_free(self._ruling(decision, self.proposals[decision.claim]), taken)

    def statement_fault(self, proposal: Proposal, statement: str) -> str | None:
        """Return why a statement is no paraphrase for a claim, None where it is one."""
        return fault_of(tidy(statement), self.text_of(proposal))

    def _ruling(self, decision: Decision, proposal: Proposal) -> Ruling:
        concept = self.vocabulary.concept(decision.concept) if decision.concept else proposal.concept
        stance = self.vocabulary.stance(decision.stance or proposal.stance)
        films, titles = proposal.compares_to, proposal.compares_to_titles
        if decision.compares is not None:
            films, titles = self.vocabulary.comparisons(decision.compares, film=proposal.film)
        claim = proposal.claim
        if concept != proposal.concept:
            claim = self._claim_iri(proposal.review, concept)
        statement = tidy(decision.statement)
        return Ruling(decision, proposal, claim, concept, stance, statement, films, titles)

    def _claim_iri(self, review: str, concept: str) -> str:
        """Return the IRI of a review's claim about a concept; a number parts two concepts that share a slug."""
        slug, number = f"{slug_of(review)}--{slug_of(concept)}", 1
        while True:
            claim = iri("claim", slug if number == 1 else f"{slug}--{number}")
            there = self.accepted.get(claim)
            if there is None or there.proposal.concept == concept:
                return claim
            number += 1

    def _check_free(self, ruling: Ruling, taken: Taken) -> None:
        for who, film, concept in ruling.keys:
            claim = taken.get((who, film, concept))
            if claim is not None:
                raise DataError(
                    f"{self.name(who)} has a claim about {self.vocabulary.told(concept)} in {self.name(film)} already, "
                    f"{slug_of(claim)}: one is enough"
                )
        if ruling.claim in self.accepted:
            raise DataError(f"{slug_of(ruling.claim)} is in the graph already: {self._change_it(ruling.claim)}")

    def _change_it(self, claim: str) -> str:
        return f"change it in {self.accepted[claim].file.relative_to(self.workspace.root).as_posix()}"

    def _check_text(self, ruling: Ruling) -> None:
        """Hold the statement and the passages of a claim against the text."""
        proposal = ruling.proposal
        text = self.text_of(proposal)
        if proposal.film not in self.vocabulary.films:
            raise DataError(f"the graph lacks the film {slug_of(proposal.film)}")
        if not proposal.spans:
            raise DataError("the candidate has no passage to stand on")
        if text is None and not ruling.decision.checked:
            raise DataError(f"the text of {slug_of(proposal.review)} is not in the source: name the file that has it")
        fault = fault_of(ruling.statement, text)
        if fault:
            raise DataError(f"the statement {fault}")
        for span in proposal.spans if text else ():
            words = text.text[span.start : span.end] if text else ""
            if not 0 <= span.start < span.end <= len(text.text if text else ""):
                raise DataError(f"the passage {span.start}–{span.end} is not in the text")
            if span.sha256 and sha256(words.encode()).hexdigest() != span.sha256:
                raise DataError(f"the passage {span.start}–{span.end} holds other words than the candidate says")

    def _rule_rejection(self, decision: Decision, claim: str) -> Ruling:
        if claim in self.accepted:
            raise DataError(f"is accepted already: {self._change_it(claim)}")
        if claim not in self.proposals:
            raise self._unknown(claim)
        proposal = self.proposals[claim]
        done = proposal.status == _REJECTED
        return Ruling(decision, proposal, claim, proposal.concept, proposal.stance, "", done=done)

    def _rule_done(self, decision: Decision, claim: str) -> Ruling:
        """Return the ruling on a candidate that has left: it was accepted, as it is decided now."""
        target = claim
        if decision.concept:
            target = self._claim_iri(claim.rpartition("--")[0], self.vocabulary.concept(decision.concept))
        known = self.accepted.get(target) or self.accepted.get(claim)
        if known is None:
            raise self._unknown(claim)
        ruling = self._ruling(replace(decision, concept=decision.concept and known.proposal.concept), known.proposal)
        if not _same(known, ruling):
            raise DataError(f"is accepted already, otherwise: {self._change_it(known.proposal.claim)}")
        return replace(ruling, done=True)

    def _rule_own(self, decision: Decision, taken: Taken) -> Ruling:
        """Return the ruling on a claim that no extractor proposed."""
        review = _iri_of(decision.review, "review")
        turtle = next(
            (t for t in (*self.graph.values(), *self.waiting.values()) if t.is_a(review, FG + "Review")), None
        )
        if turtle is None:
            known = (s for t in (*self.graph.values(), *self.waiting.values()) for s in t.subjects)
            raise _not_found("review", review, (s for s in known if kind_of(s) == "review"))
        if not decision.accepts or not decision.concept or not decision.stance:
            raise DataError("a claim of your own is accepted, and has a technique and a stance")
        concept = self.vocabulary.concept(decision.concept)
        claim = self._claim_iri(review, concept)
        told = [
            tuple(sorted(value.value for value in turtle.values(review, SCHEMA + name)))
            for name in ("itemReviewed", "author", "publisher", "datePublished")
        ]
        digest = next((value.value.lower() for value in turtle.values(review, FG + "textSha256")), "")
        text, (start, end) = self.texts.get(digest), decision.span or (0, 0)
        words = text.text[start:end] if text and 0 <= start < end else ""
        span = Span(iri("passage", f"{slug_of(claim)}--1"), start, end, sha256(words.encode()).hexdigest())
        proposal = Proposal(
            claim=claim,
            review=review,
            film=told[0][0] if told[0] else "",
            concept=concept,
            stance=self.vocabulary.stance(decision.stance),
            status=_CANDIDATE,
            authors=told[1],
            publishers=told[2],
            date=next(iter(told[3]), ""),
            text_sha256=digest,
            spans=(span,),
        )
        ruling = self._ruling(decision, proposal)
        known_claim = self.accepted.get(claim)
        if known_claim is not None and _same(known_claim, ruling):
            return replace(ruling, done=True)
        self._check_free(ruling, taken)
        self._check_text(ruling)
        return ruling

    def _unknown(self, claim: str) -> NotFoundError:
        return _not_found("candidate", claim, self.proposals)


def _not_found(what: str, resource: str, known: Iterable[str]) -> NotFoundError:
    from rapidfuzz import fuzz, process

    slugs = sorted({slug_of(each) for each in known})
    near = process.extract(slug_of(resource), slugs, scorer=fuzz.ratio, score_cutoff=_NEAR, limit=2)
    return NotFoundError(f"There is no {what} {slug_of(resource)[:120]!r}.", suggestions=[found[0] for found in near])


def _iri_of(text: str, kind: str) -> str:
    """Return the IRI of a claim or review that a slug, CURIE or IRI names."""
    slug = text.strip().removeprefix(f"{kind}:")
    slug = slug_of(slug) if kind_of(slug) == kind else slug
    return iri(kind, slug)


def _same(known: _Accepted, ruling: Ruling) -> bool:
    """Whether the graph holds a claim exactly as a decision makes it."""
    there = known.proposal
    return (there.concept, there.stance, known.statement) == (ruling.concept, ruling.stance, ruling.statement) and (
        ruling.decision.compares is None
        or (there.compares_to, there.compares_to_titles) == (ruling.compares_to, ruling.compares_to_titles)
    )
