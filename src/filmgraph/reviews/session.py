"""A walk through candidates: what is decided, what is undone, and what comes next."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from filmgraph.namespaces import slug_of
from filmgraph.reviews.curation import Curated, curate
from filmgraph.reviews.desk import Decision, Desk
from filmgraph.reviews.journal import Journal
from filmgraph.reviews.proposals import Proposal

__all__ = ["Session", "Step", "apply_journal"]


@dataclass(frozen=True)
class Step:
    """A candidate that was walked past, and what was decided on it; None where it was skipped."""

    proposal: Proposal
    decision: Decision | None


class Session:
    """A walk through candidates, in their order; every decision is in the journal before the next comes up.

    Decisions that an interrupted session left in the journal stand at the beginning, and can be undone.
    """

    def __init__(self, desk: Desk, journal: Journal, queue: Iterable[Proposal]) -> None:
        self.desk, self.journal = desk, journal
        self.history: list[Step] = []
        for decision in journal.pending:
            proposal = desk.proposals.get(decision.claim)
            if proposal is not None:
                self.history.append(Step(proposal, decision))
        self.resumed = len(self.history)
        decided = {step.proposal.claim for step in self.history}
        self.ahead = deque(proposal for proposal in queue if proposal.claim not in decided)
        self.passed_over: list[tuple[int, Proposal]] = []
        self._pass_over()

    @property
    def current(self) -> Proposal | None:
        """The candidate to decide on, None at the end."""
        return self.ahead[0] if self.ahead else None

    @property
    def decided(self) -> int:
        """How many decisions stand."""
        return sum(1 for step in self.history if step.decision is not None)

    def taken(self) -> dict[tuple[str, str, str], str]:
        """Return who claims what, in the graph and by the decisions that stand."""
        taken = dict(self.desk.taken)
        for step in self.history:
            if step.decision is not None and step.decision.accepts:
                concept = step.decision.concept or step.proposal.concept
                taken.update(dict.fromkeys(step.proposal.keys(concept), step.proposal.claim))
        return taken

    def check_topic(self, decision: Decision) -> None:
        """Raise :class:`~filmgraph.errors.FilmgraphError` where what would be accepted is claimed already."""
        self.desk.check_topic(decision, self.taken())

    def decide(self, decision: Decision) -> None:
        """Decide on the current candidate and go to the next.

        Raises :class:`~filmgraph.errors.FilmgraphError`, and stays, where the decision breaks a rule.
        """
        ruling = self.desk.rule(decision, self.taken())
        if self.current is None or ruling.proposal.claim != self.current.claim:
            raise ValueError(f"{decision.claim} is not the candidate to decide on")
        # The IRI of the concept: what a person wrote for it may mean something else in the vocabulary of tomorrow.
        concept = ruling.concept if decision.concept else None
        kept = replace(decision, claim=ruling.proposal.claim, statement=ruling.statement, concept=concept)
        self.journal.add(kept)
        self.history.append(Step(self.ahead.popleft(), replace(kept, checked=True)))
        self._pass_over()

    def skip(self) -> None:
        """Go to the next candidate without a decision."""
        self.history.append(Step(self.ahead.popleft(), None))
        self._pass_over()

    def undo(self) -> Step | None:
        """Take back the last step and return it, None at the beginning."""
        if not self.history:
            return None
        step = self.history[-1]
        if step.decision is not None:
            self.journal.undo()
        while self.passed_over and self.passed_over[-1][0] == len(self.history):
            self.ahead.appendleft(self.passed_over.pop()[1])
        self.history.pop()
        self.ahead.appendleft(step.proposal)
        return step

    def _pass_over(self) -> None:
        """Leave out candidates whose critic was just found to claim the same, in another sentence or review."""
        taken = self.taken()
        while self.ahead and any(key in taken for key in self.ahead[0].keys(self.ahead[0].concept)):
            self.passed_over.append((len(self.history), self.ahead.popleft()))

    def apply(self, *, progress: Callable[[str], None] | None = None) -> Curated:
        """Carry out the decisions that stand, and note it in the journal.

        One that is refused although it was not when it was made (the files have changed since) is told of in what is
        returned, and kept in the journal.
        """
        return apply_journal(self.desk, self.journal, progress=progress)


def apply_journal(desk: Desk, journal: Journal, *, progress: Callable[[str], None] | None = None) -> Curated:
    """Carry out the decisions of a journal that were not yet, and note it there."""
    done = curate(desk, journal.pending, partly=True, progress=progress)
    journal.applied(refused={slug_of(refusal.decision.claim): refusal.reason for refusal in done.refused})
    return done
