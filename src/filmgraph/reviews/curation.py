"""Decisions carried out: accepted claims join the files of the graph, rejected ones are marked, all or none."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pyoxigraph as ox

from filmgraph.errors import DataError, FilmgraphError, OutputError
from filmgraph.namespaces import FG, OA, PROV, RDF, XSD, iri, kind_of, slug_of
from filmgraph.reviews.desk import Decision, Desk, Ruling
from filmgraph.reviews.proposals import ACTIVITIES_FILE, CRITICS_FILE, PUBLICATIONS_FILE, Turtle
from filmgraph.validation import validate_texts
from filmgraph.writing import write_files

__all__ = ["Curated", "Refusal", "curate"]


_TYPE = RDF + "type"
_INTEGER = ox.NamedNode(XSD + "integer")


@dataclass(frozen=True)
class Refusal:
    """A decision that breaks a rule: its place among the decisions, from 0, and the reason."""

    place: int
    decision: Decision
    reason: str


@dataclass(frozen=True)
class Curated:
    """What decisions did, or without ``written`` would have done.

    ``accepted`` counts the claims by file of the graph; ``rejected`` counts candidates, ``done`` what had been carried
    out before; ``people`` are the names of critics and publications that are new in the graph.
    """

    written: bool
    accepted: dict[Path, int]
    rejected: int
    done: int
    people: tuple[str, ...]
    refused: tuple[Refusal, ...]


@dataclass
class _Plan:
    """Files as they would be, and what is new in them."""

    desk: Desk
    files: dict[Path, Turtle] = field(default_factory=dict)
    accepted: dict[Path, int] = field(default_factory=dict)
    people: dict[str, str] = field(default_factory=dict)
    made: dict[str, list[int]] = field(default_factory=dict)
    """Each subject to the places of the decisions that wrote or needed it."""

    def file(self, path: Path) -> Turtle:
        """Return a file that is being changed."""
        if path not in self.files:
            turtle = self.desk.graph.get(path) or self.desk.waiting.get(path) or Turtle.read(path)
            if path not in self.desk.waiting:
                turtle.check_comments()
            self.files[path] = Turtle(path, turtle.before, {s: list(ts) for s, ts in turtle.subjects.items()})
        return self.files[path]

    def carry_out(self, place: int, ruling: Ruling) -> None:
        """Change the files as a ruling says."""
        if ruling.decision.accepts and not ruling.done:
            self._accept(place, ruling)
        there = ruling.decision.span is None and ruling.proposal.claim in self.desk.proposals
        if there and not (ruling.done and ruling.proposal.status == "Rejected"):
            self._take_from_candidates(ruling)

    def _take_from_candidates(self, ruling: Ruling) -> None:
        claim = ruling.proposal.claim
        turtle = self.file(next(file for file, t in self.desk.waiting.items() if claim in t.subjects))
        if ruling.decision.accepts and ruling.claim == claim:
            for passage in turtle.values(claim, FG + "evidence"):
                turtle.subjects.pop(passage.value, None)
            turtle.subjects.pop(claim, None)
        else:
            # A proposal that was corrected is remembered as one that was rejected: the critic does not say so.
            turtle.replace(claim, FG + "status", [ox.NamedNode(FG + "Rejected")])

    def _accept(self, place: int, ruling: Ruling) -> None:
        proposal, desk = ruling.proposal, self.desk
        path = desk.home.get(proposal.review) or desk.workspace.data / "reviews" / f"{slug_of(proposal.film)}.ttl"
        home = self.file(path)
        source = next((t for t in desk.waiting.values() if proposal.claim in t.subjects), None)
        reviewed = next((t for t in desk.waiting.values() if t.is_a(proposal.review, FG + "Review")), None)
        if proposal.review not in home.subjects and reviewed is not None:
            for triple in reviewed.subjects[proposal.review]:
                home.add(triple)
        for triple in _claim_triples(ruling, source):
            home.add(triple)
            if isinstance(triple.subject, ox.NamedNode):
                self._made(triple.subject.value, place)
        self._made(proposal.review, place)
        self.accepted[path] = self.accepted.get(path, 0) + 1
        for person in proposal.authors:
            self._describe(person, "Critic", CRITICS_FILE, place)
        for publication in proposal.publishers:
            self._describe(publication, "Publication", PUBLICATIONS_FILE, place)
        for value in home.values(ruling.claim, PROV + "wasGeneratedBy"):
            self._describe_work(value.value)

    def _made(self, subject: str, place: int) -> None:
        places = self.made.setdefault(subject, [])
        if place not in places:
            places.append(place)

    def _describe(self, who: str, class_: str, file: str, place: int) -> None:
        """See to it that the graph describes a critic or publication, in the file where it is or in its own."""
        self._made(who, place)
        home = self.desk.home.get(who)
        if home is not None:
            if not self.desk.graph[home].is_a(who, FG + class_):
                self.file(home).add(ox.Triple(ox.NamedNode(who), ox.NamedNode(_TYPE), ox.NamedNode(FG + class_)))
            return
        target = self.file(self.desk.workspace.data / file)
        if who in target.subjects:
            return
        described = [t.subjects[who] for t in self.desk.waiting.values() if t.values(who, _TYPE)]
        for triple in described[0] if described else ():
            target.add(triple)
        if described:
            self.people[who] = self.desk.name(who)

    def _describe_work(self, work: str) -> None:
        """See to it that the graph describes what proposed a claim, and whom it belongs to."""
        described = [t for t in self.desk.waiting.values() if t.values(work, _TYPE)]
        if not described or self.desk.describes(work):
            return
        target = self.file(self.desk.workspace.data / ACTIVITIES_FILE)
        for triple in described[0].subjects[work]:
            target.add(triple)
            if isinstance(triple.object, ox.NamedNode) and triple.predicate.value == PROV + "wasAssociatedWith":
                self._describe_work(triple.object.value)

    def texts(self) -> tuple[dict[Path, str], dict[Path, str]]:
        """Return the texts of the files to write, those of the graph first, and as they are."""
        # Whoever is named first: if the machine stops between two files, a critic without a review does less harm than
        # a review by nobody; and a candidate that stays too long less than one that left too early.
        order = sorted(self.files, key=lambda file: (file in self.desk.waiting, file.parent.name == "reviews", file))
        texts = {path: self.files[path].text() for path in order}
        before = {path: turtle.before for path, turtle in self.files.items() if turtle.before is not None}
        return {path: text for path, text in texts.items() if text != before.get(path)}, before


def _claim_triples(ruling: Ruling, source: Turtle | None) -> Iterable[ox.Triple]:
    """Yield the triples of an accepted claim and its passages; what tells of the proposal stays."""
    claim, proposal = ox.NamedNode(ruling.claim), ruling.proposal
    told: dict[str, list[Any]] = {
        _TYPE: [ox.NamedNode(FG + "ReviewClaim")],
        FG + "claimedIn": [ox.NamedNode(proposal.review)],
        FG + "aboutFilm": [ox.NamedNode(proposal.film)],
        FG + "aboutTechnique": [],
        FG + "aboutAspect": [],
        FG + "stance": [ox.NamedNode(FG + ruling.stance.capitalize())],
        FG + "statement": [ox.Literal(ruling.statement, language="en")],
        FG + "status": [ox.NamedNode(FG + "Accepted")],
        FG + "comparesTo": list(map(ox.NamedNode, ruling.compares_to)),
        FG + "comparesToTitle": list(map(ox.Literal, ruling.compares_to_titles)),
    }
    about = "aboutTechnique" if kind_of(ruling.concept) == "technique" else "aboutAspect"
    told[FG + about] = [ox.NamedNode(ruling.concept)]
    evidence = {
        span.iri: span.iri if ruling.claim == proposal.claim else iri("passage", f"{slug_of(ruling.claim)}--{number}")
        for number, span in enumerate(proposal.spans, start=1)
    }
    told[FG + "evidence"] = list(map(ox.NamedNode, evidence.values()))
    for predicate, values in told.items():
        yield from (ox.Triple(claim, ox.NamedNode(predicate), value) for value in values)
    for triple in source.subjects[proposal.claim] if source else ():
        if triple.predicate.value not in told:
            yield ox.Triple(claim, triple.predicate, triple.object)
    for span in proposal.spans:
        passage = ox.NamedNode(evidence[span.iri])
        yield ox.Triple(passage, ox.NamedNode(_TYPE), ox.NamedNode(FG + "Passage"))
        yield ox.Triple(passage, ox.NamedNode(OA + "hasSource"), ox.NamedNode(proposal.review))
        # The words themselves, which a user may keep with his own candidates, stay there.
        for name, place in (("start", span.start), ("end", span.end)):
            yield ox.Triple(passage, ox.NamedNode(OA + name), ox.Literal(str(place), datatype=_INTEGER))
        if span.sha256:
            yield ox.Triple(passage, ox.NamedNode(FG + "exactSha256"), ox.Literal(span.sha256))


def curate(
    desk: Desk,
    decisions: Sequence[Decision],
    *,
    partly: bool = False,
    dry_run: bool = False,
    progress: Callable[[str], None] | None = None,
) -> Curated:
    """Carry out decisions: accepted claims join the graph's files, rejected ones are marked, all or none.

    The graph as it would be is judged by the workspace's shapes before a byte is written. A decision that breaks a rule
    is refused, and then nothing is written; with ``partly`` the others are. Nor is anything with ``dry_run``.

    Raises :class:`~filmgraph.errors.OutputError` for an installed copy and for files that cannot be written, and
    :class:`~filmgraph.errors.DataError` for a breach that no decision made.
    """
    if desk.workspace.is_installed:
        raise OutputError("claims are not added to an installed copy: name a clone of the repository with --root DIR")
    tell = progress or _say_nothing
    tell("judging the decisions")
    rulings, reasons = _rule_all(desk, decisions)
    while True:
        plan = _Plan(desk)
        for place, ruling in rulings.items():
            if place not in reasons:
                plan.carry_out(place, ruling)
        texts, before = plan.texts()
        judged = {file: text for file, text in texts.items() if file not in desk.waiting}
        if not judged or not _judge(plan, judged, reasons, tell):
            break
    kept = {place: ruling for place, ruling in rulings.items() if place not in reasons}
    written = bool(texts) and not dry_run and (partly or not reasons)
    if written:
        tell("writing")
        for file in texts:
            file.parent.mkdir(parents=True, exist_ok=True)
        write_files(texts, before=before)
    return Curated(
        written,
        dict(sorted(plan.accepted.items())),
        sum(1 for ruling in kept.values() if not ruling.decision.accepts and not ruling.done),
        sum(1 for ruling in kept.values() if ruling.done),
        tuple(sorted(plan.people.values())),
        tuple(Refusal(place, decisions[place], reasons[place]) for place in sorted(reasons)),
    )


def _say_nothing(_text: str) -> None:
    return None


def _rule_all(desk: Desk, decisions: Sequence[Decision]) -> tuple[dict[int, Ruling], dict[int, str]]:
    """Return the rulings by place, and the reasons of those that are refused; what is decided again counts once."""
    rulings: dict[int, Ruling] = {}
    reasons: dict[int, str] = {}
    taken = dict(desk.taken)
    decided: dict[str, int] = {}
    for place, decision in enumerate(decisions):
        same = decided.get(_about(decision))
        if same is not None:
            if replace(decisions[same], checked=decision.checked) != decision:
                reasons[place] = f"{_about(decision)} is decided on twice, and not in the same way"
            continue
        try:
            rulings[place] = desk.rule(decision, taken)
        except FilmgraphError as error:
            reasons[place] = str(error)
            continue
        decided[_about(decision)] = place
        taken.update(dict.fromkeys(rulings[place].keys, rulings[place].claim))
    return rulings, reasons


def _about(decision: Decision) -> str:
    """Return what a decision is on, in short."""
    if decision.span is None:
        return slug_of(decision.claim).removeprefix("claim:")
    return f"{slug_of(decision.review)} {decision.span[0]}–{decision.span[1]} {decision.concept}"


def _judge(plan: _Plan, texts: dict[Path, str], reasons: dict[int, str], tell: Callable[[str], None]) -> bool:
    """Judge the planned files by the rules, and return whether decisions had to be refused."""
    report = validate_texts(texts, workspace=plan.desk.workspace, progress=tell)
    found = False
    for violation in report.violations:
        if violation.severity == "violation":
            places = plan.made.get(violation.focus)
            if not places:
                raise DataError(f"a rule is broken already; mend it first: {violation.to_text()}")
            for place in places:
                found = reasons.setdefault(place, violation.message.partition(": write ")[0]) is not None
    return found
