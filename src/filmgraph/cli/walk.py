"""The walk through candidates on a terminal: a card for each, single keys, and prompts where words are needed."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click
from prompt_toolkit import PromptSession
from prompt_toolkit.application import Application, create_app_session
from prompt_toolkit.completion import Completer, Completion, FuzzyCompleter
from prompt_toolkit.document import Document
from prompt_toolkit.formatted_text import StyleAndTextTuples
from prompt_toolkit.input import create_input
from prompt_toolkit.key_binding import KeyBindings
from prompt_toolkit.key_binding.key_processor import KeyPressEvent
from prompt_toolkit.keys import Keys
from prompt_toolkit.layout import Layout, Window
from prompt_toolkit.output import ColorDepth, DummyOutput, create_output
from prompt_toolkit.validation import ValidationError, Validator
from rich.console import Console
from rich.text import Text

from filmgraph.cli.output import bullet, paragraph, width
from filmgraph.errors import FilmgraphError
from filmgraph.reviews.desk import Decision
from filmgraph.reviews.paraphrase import MOST_WORDS, count_words
from filmgraph.reviews.vocabulary import STANCES, Vocabulary
from filmgraph.rows import printable

if TYPE_CHECKING:
    from filmgraph.reviews.proposals import Proposal
    from filmgraph.reviews.session import Session

__all__ = ["walk"]

_STANCE_COLORS = {"praise": "green", "criticism": "red", "mixed": "yellow", "observation": "cyan"}
_STANCE_KEYS = {stance[0]: stance for stance in STANCES}
_KEYS = (
    ("a", "accept", "write the paraphrase, and the claim is accepted as it stands on the card"),
    ("s", "stance", "correct the stance"),
    ("t", "technique", "correct the technique, category or aspect"),
    ("c", "compared", "correct the films that the critic compares with"),
    ("r", "reject", "the critic makes no such claim: it does not come back"),
    ("u", "undo", "take back the last step, and the one before, as often as you like"),
    ("k", "skip", "leave it for another time"),
    ("q", "quit", "end the walk: what was accepted is written to data/reviews"),
    ("?", "help", "show this"),
)
_BEFORE, _BEHIND = 700, 500
"""How much of a long text is shown around a passage, in characters."""


@dataclass
class _Draft:
    """What stands on a card: the proposal, as the person has corrected it so far."""

    stance: str | None = None
    concept: str | None = None
    compares: tuple[str, ...] | None = None
    statement: str = ""

    def decision(self, proposal: Proposal, statement: str) -> Decision:
        return Decision(proposal.claim, True, statement, self.concept, self.stance, self.compares)


def walk(session: Session) -> bool:
    """Walk until no candidate is left or the person quits; False where the person broke off.

    A key is read, without echo, from the same terminal as the words of a prompt, so what is typed ahead is not lost.
    """
    terminal = create_input()
    # Raw from beginning to end: what is typed between two questions is neither shown nor lost.
    with create_app_session(input=terminal, output=create_output()), terminal.raw_mode():
        return _Walk(session).run()


class _Walk:
    def __init__(self, session: Session) -> None:
        self.session = session
        self.desk = session.desk
        self.console = Console(width=width(), highlight=False, markup=False, emoji=False, soft_wrap=False)
        self.draft = _Draft()
        self.total = len(session.ahead) + len(session.history)
        self.prompts = 0

    def run(self) -> bool:
        if self.session.resumed:
            count = self.session.resumed
            paragraph(f"{count} decision{'' if count == 1 else 's'} of an interrupted walk kept; u takes them back.")
        handlers: dict[str, Callable[[Proposal], None]] = {
            "a": self._accept,
            "s": self._stance,
            "t": self._technique,
            "c": self._compared,
            "r": self._reject,
            "k": self._skip,
        }
        shown = None
        while True:
            proposal = self.session.current
            if proposal is None:
                if not self._at_the_end():
                    return True
                shown = None
                continue
            state = (proposal, self.draft.stance, self.draft.concept, self.draft.compares)
            if state != shown:
                self._card(proposal)
                shown = state
            self._hint()
            key = _read_key().lower()
            if key == "q":
                return True
            if key == "u":
                self._undo()
                shown = None
            elif key in ("?", "h"):
                self._help()
            elif key in handlers:
                handlers[key](proposal)
            elif key.strip():
                click.echo(f"{printable(key[:1])!r} is no key here: ? shows them.")

    def _at_the_end(self) -> bool:
        """Ask at the end whether something is to be taken back, and return whether the walk goes on."""
        paragraph(f"That was the last candidate. {self.session.decided} decided; u takes back the last step, q ends.")
        while True:
            key = _read_key().lower()
            if key == "u" and self.session.history:
                self._undo()
                return True
            if key in ("q", "\r", "\n"):
                return False

    # What a person may do.

    def _accept(self, proposal: Proposal) -> None:
        try:
            self.session.check_topic(self.draft.decision(proposal, ""))
        except FilmgraphError as error:
            self._refused(error)
            return
        validator = _Paraphrase(lambda text: self.desk.statement_fault(proposal, text))
        paragraph(f"In your own words, {MOST_WORDS} at most (Ctrl-C goes back):", dim=True)
        statement = self._ask(
            "paraphrase> ", default=self.draft.statement, validator=validator, bottom_toolbar=validator.toolbar
        )
        if statement is not None and statement.strip():
            self.draft.statement = statement
            self._decide(self.draft.decision(proposal, statement))

    def _reject(self, proposal: Proposal) -> None:
        self._decide(Decision(proposal.claim, False))

    def _skip(self, _proposal: Proposal) -> None:
        self.session.skip()
        self.draft = _Draft()

    def _decide(self, decision: Decision) -> None:
        try:
            self.session.decide(decision)
        except FilmgraphError as error:
            self._refused(error)
            return
        self.draft = _Draft()
        click.echo(click.style("  accepted" if decision.accepts else "  rejected", dim=True))

    def _undo(self) -> None:
        step = self.session.undo()
        if step is None:
            click.echo("There is nothing to take back.")
            return
        decision = step.decision
        self.draft = _Draft()
        if decision is not None and decision.accepts:
            self.draft = _Draft(decision.stance, decision.concept, decision.compares, decision.statement)
        what = "skipped" if decision is None else "accepted" if decision.accepts else "rejected"
        click.echo(click.style(f"  taken back: it was {what}", dim=True))

    def _stance(self, _proposal: Proposal) -> None:
        click.echo("stance: " + "  ".join(f"[{key}]{stance[1:]}" for key, stance in _STANCE_KEYS.items()))
        stance = _STANCE_KEYS.get(_read_key().lower())
        if stance:
            self.draft.stance = stance
        else:
            click.echo("The stance stays.")

    def _technique(self, _proposal: Proposal) -> None:
        vocabulary = self.desk.vocabulary
        answer = self._ask(
            "technique, category or aspect> ",
            completer=FuzzyCompleter(_Concepts(vocabulary)),
            complete_while_typing=True,
        )
        if answer is None or not answer.strip():
            return
        try:
            self.draft.concept = vocabulary.concept(answer.strip())
        except FilmgraphError as error:
            self._refused(error)

    def _compared(self, proposal: Proposal) -> None:
        answer = self._ask("films compared with, parted by |, - for none> ")
        if answer is None or not answer.strip():
            return
        names = tuple(name for name in map(str.strip, answer.split("|")) if name and name != "-")
        try:
            self.desk.vocabulary.comparisons(names, film=proposal.film)
            self.draft.compares = names
        except FilmgraphError as error:
            self._refused(error)

    def _ask(self, message: str, *, default: str = "", **options: Any) -> str | None:
        """Return a line that the person writes, None where they go back."""
        depth = ColorDepth.DEPTH_1_BIT if os.environ.get("NO_COLOR") else None
        asking: PromptSession[str] = PromptSession(message, color_depth=depth, validate_while_typing=False, **options)
        try:
            return asking.prompt(default=default)
        except KeyboardInterrupt:
            return None

    def _refused(self, error: FilmgraphError) -> None:
        paragraph(str(error), fg="yellow")

    # What a person sees.

    def _card(self, proposal: Proposal) -> None:
        desk, draft = self.desk, self.draft
        done = len(self.session.history)
        self._print()
        head = Text(f"{done + 1} of {done + len(self.session.ahead)}  ", style="dim")
        head.append(printable(desk.name(proposal.film)), style="bold")
        who = ", ".join(desk.name(each) for each in proposal.authors) or "unsigned"
        where = ", ".join(desk.name(each) for each in proposal.publishers)
        parts = [who, *([where] if where else []), *([proposal.date] if proposal.date else [])]
        head.append(printable(f"  {' · '.join(parts)}"))
        self._print(head)
        self._print()
        self._print(self._excerpt(proposal))
        self._print()
        stance = draft.stance or proposal.stance
        concept = draft.concept or proposal.concept
        line = Text("  ")
        line.append(printable(desk.vocabulary.told(concept)), style="bold")
        line.append("  ")
        line.append(stance, style=f"bold {_STANCE_COLORS[stance]}")
        if draft.stance or draft.concept or draft.compares is not None:
            line.append("  (corrected)", style="dim")
        if proposal.confidence is not None:
            line.append(f"  confidence {proposal.confidence:.2f}", style="dim")
        self._print(line)
        why = [f"label “{proposal.matched_label}”"] if proposal.matched_label else []
        why += [f"cues {', '.join(f'“{cue}”' for cue in proposal.cues)}"] if proposal.cues else []
        if why:
            self._print(Text(printable(f"  {' · '.join(why)}"), style="dim"))
        compared = draft.compares
        if compared is None:
            compared = (*map(desk.name, proposal.compares_to), *proposal.compares_to_titles)
        if compared:
            self._print(Text(printable(f"  compared with {', '.join(compared)}"), style="dim"))
        self._print(Text(printable(f"  {proposal.claim.rpartition('/')[2]}"), style="dim"))

    def _print(self, text: Text | str = "") -> None:
        # A dumb terminal is 80 wide to rich, whatever it is.
        self.console.print(text, width=width())

    def _excerpt(self, proposal: Proposal) -> Text:
        """Return the text with the passages between » and «, label and cues marked; of a long one what is near."""
        read = self.desk.text_of(proposal)
        text = printable(read.text) if read else ""
        spans = [(max(span.start, 0), min(span.end, len(text))) for span in proposal.spans]
        spans = [(start, end) for start, end in spans if start < end]
        first = max(0, min((start for start, _ in spans), default=0) - _BEFORE)
        last = min(len(text), max((end for _, end in spans), default=len(text)) + _BEHIND)
        excerpt = Text("… " if first else "")
        at = first
        for start, end in spans:
            if start >= at:
                excerpt.append(text[at:start], style="dim")
                excerpt.append("»", style="bold")
                excerpt.append_text(self._passage(text[start:end], proposal))
                excerpt.append("«", style="bold")
                at = end
        excerpt.append(text[at:last], style="dim")
        excerpt.append(" …" if last < len(text) else "")
        return excerpt

    def _passage(self, words: str, proposal: Proposal) -> Text:
        passage = Text(words, style="bold")
        for start, end in _places(words, proposal.cues):
            passage.stylize(f"underline {_STANCE_COLORS[proposal.stance]}", start, end)
        for start, end in _places(words, (proposal.matched_label,)):
            passage.stylize("reverse", start, end)
        return passage

    def _hint(self) -> None:
        click.echo(click.style("[a]ccept [s]tance [t]echnique [c]ompared [r]eject [u]ndo s[k]ip [q]uit [?]", dim=True))

    def _help(self) -> None:
        for key, name, text in _KEYS:
            bullet(f"{name}: {text}", mark=key)
        paragraph(
            "A statement is in your own words: not six words in a row as the text has them. Ctrl-C stops at once; what "
            "was decided is kept, and the same command goes on from there."
        )


def _places(text: str, phrases: tuple[str, ...]) -> Iterator[tuple[int, int]]:
    """Yield where phrases stand in a text as whole words, letter case aside."""
    for phrase in filter(None, phrases):
        for match in re.finditer(rf"(?<!\w){re.escape(printable(phrase))}(?!\w)", text, re.IGNORECASE):
            yield match.span()


def _read_key() -> str:
    """Return one key that is pressed; raises KeyboardInterrupt for Ctrl-C, EOFError for Ctrl-D and a closed terminal.

    What is pasted, and keys without a character such as the arrows, are passed over.
    """
    bindings = KeyBindings()

    @bindings.add(Keys.Any)
    def _any(event: KeyPressEvent) -> None:
        if not isinstance(event.key_sequence[0].key, Keys):
            event.app.exit(result=event.data)

    @bindings.add("enter")
    def _enter(event: KeyPressEvent) -> None:
        event.app.exit(result="\r")

    @bindings.add("c-c")
    @bindings.add("<sigint>")
    def _stop(event: KeyPressEvent) -> None:
        event.app.exit(exception=KeyboardInterrupt)

    @bindings.add("c-d")
    def _end(event: KeyPressEvent) -> None:
        event.app.exit(exception=EOFError)

    application: Application[str] = Application(Layout(Window()), key_bindings=bindings, output=DummyOutput())
    return application.run() or ""


class _Paraphrase(Validator):
    """The rules of a paraphrase, at the end and while it is written."""

    def __init__(self, fault: Callable[[str], str | None]) -> None:
        self._fault = fault

    def validate(self, document: Document) -> None:
        fault = self._fault(document.text) if document.text.strip() else None
        if fault:
            raise ValidationError(message=f"It {fault}.", cursor_position=len(document.text))

    def toolbar(self) -> StyleAndTextTuples:
        from prompt_toolkit.application import get_app

        text = get_app().current_buffer.text
        fault = self._fault(text) if text.strip() else None
        return [("", f" {count_words(text)} of {MOST_WORDS} words{f': it {fault}' if fault else ''}")]


class _Concepts(Completer):
    """Concepts by slug, with their labels beside them."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._concepts = sorted((vocabulary.written(iri), label) for iri, label in vocabulary.concepts.items())

    def get_completions(self, document: Document, complete_event: object) -> Iterator[Completion]:
        for written, label in self._concepts:
            yield Completion(written, start_position=-len(document.text_before_cursor), display_meta=label)
