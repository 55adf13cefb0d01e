"""What a validation found."""

from __future__ import annotations

from dataclasses import dataclass, field

from filmgraph.namespaces import shorten
from filmgraph.rows import printable

__all__ = ["Report", "Violation", "cut", "short_iri"]

_LONGEST_IRI = 200


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
        return f"{place}: {short_iri(self.focus)}: {grade}{self.message} ({short_iri(self.shape)}{value})"


@dataclass(frozen=True)
class Report:
    """What a validation found.

    ``violations`` are in the order of file, line, subject and rule; ``focus_nodes`` counts the subjects of the files
    that some rule judged, or whatever else was judged and ``judged`` names; ``files`` are the names of the files;
    ``notes`` say what a reader should know of how it was judged.
    """

    violations: tuple[Violation, ...]
    focus_nodes: int
    files: tuple[str, ...]
    judged: str = "subject"
    notes: tuple[str, ...] = field(default=(), compare=False)

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
        subjects = f"{self.focus_nodes:,} {self.judged}{'' if self.focus_nodes == 1 else 's'}"
        return f"{found}: {subjects} in {len(self.files)} file{'' if len(self.files) == 1 else 's'} checked."

    def to_text(self) -> str:
        """Return one line for each violation, and the outcome as the last."""
        return "\n".join([*(violation.to_text() for violation in self.violations), self.summary()])


def short_iri(iri: str) -> str:
    """Return an IRI as people read it in a report: a CURIE where there is one, printable, cut where it is long."""
    return cut(printable(shorten(iri)), _LONGEST_IRI)


def cut(text: str, length: int) -> str:
    """Return the first characters of a text, an ellipsis in place of the rest."""
    return text if len(text) <= length else text[: length - 1] + "…"
