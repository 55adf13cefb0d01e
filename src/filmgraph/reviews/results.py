"""What an import of reviews did, and what was found in one text."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from filmgraph.namespaces import shorten
from filmgraph.rows import printable

__all__ = ["SHOWN", "ExtractedClaims", "FoundClaim", "ImportedReviews"]

SHOWN = 8
"""How many films, or notes of a sort, are listed; the rest is counted."""


@dataclass(frozen=True)
class ImportedReviews:
    """What an import did, or with ``dry_run`` would have done.

    ``skipped`` counts rows that were not taken and ``odd`` what else there is to tell, both by reason. ``unknown``
    are the films of most rows that the graph lacks, each with a hint and the number of rows. ``claims`` counts the
    claims that wait, by stance; ``new_claims`` are those of them that did not wait before, and ``decided`` those that
    were found but not proposed, as a person has decided on them. ``respelled``, ``apart``, ``unclear`` and
    ``perhaps_one`` tell who was taken for whom.
    """

    file: str
    folder: Path
    dry_run: bool
    rows: int
    skipped: dict[str, int]
    odd: dict[str, int]
    scores: int
    unknown: tuple[tuple[str, str, int], ...]
    unknown_films: int
    films: int
    new_reviews: int
    known_reviews: int
    critics: int
    new_critics: int
    publications: int
    new_publications: int
    claims: dict[str, int]
    new_claims: int
    decided: int
    respelled: tuple[tuple[str, ...], ...]
    apart: tuple[str, ...]
    unclear: tuple[str, ...]
    perhaps_one: tuple[tuple[str, str], ...]
    passed_over: tuple[str, ...]
    written: tuple[Path, ...]

    @property
    def adds_nothing(self) -> bool:
        """Whether nothing is new: all of it was there before, or was left out."""
        return not self.written

    def why_nothing(self) -> str:
        """Return in one line why nothing is new."""
        if not self.new_reviews + self.known_reviews:
            return "Nothing was read: every row was left out."
        if self.skipped:
            return "Nothing new: what was not left out was there already."
        return "Nothing new: everything was there already."

    def to_lines(self) -> list[tuple[str, str]]:
        """Return the summary as pairs of what is counted and the count; notes have an empty second."""
        lines = [
            ("rows", f"{self.rows:,}"),
            ("reviews new", f"{self.new_reviews:,}"),
            ("reviews known", f"{self.known_reviews:,}"),
            ("rows left out", f"{sum(self.skipped.values()):,}"),
            *((f"  {reason}", f"{count:,}") for reason, count in sorted(self.skipped.items())),
            ("films", f"{self.films:,}"),
            ("films unknown", f"{self.unknown_films:,}"),
            *((f"  {title}{f': {hint}' if hint else ''}", f"{count:,}") for title, hint, count in self.unknown),
            ("critics", f"{self.critics:,} ({self.new_critics:,} new)"),
            ("  spelled in several ways", f"{len(self.respelled):,}"),
            ("  of one name with somebody who is no critic", f"{len(self.apart):,}"),
            ("  of a name that several known critics bear", f"{len(self.unclear):,}"),
            ("  pairs that are perhaps one critic", f"{len(self.perhaps_one):,}"),
            ("publications", f"{self.publications:,} ({self.new_publications:,} new)"),
            ("claims proposed", f"{sum(self.claims.values()):,} ({self.new_claims:,} new)"),
            *((f"  {stance}", f"{count:,}") for stance, count in sorted(self.claims.items())),
            ("claims found that were decided on before", f"{self.decided:,}"),
            ("scores understood", f"{self.scores:,}"),
            *((reason, f"{count:,}") for reason, count in sorted(self.odd.items())),
        ]
        return lines

    def notes(self) -> list[str]:
        """Return what a person may want to look at, each in a line."""
        notes = [f"one critic: {', '.join(spellings)}" for spellings in self.respelled[:SHOWN]]
        notes += _more(self.respelled, "critics spelled in several ways")
        notes += [f"kept apart from somebody of this name who is no critic: {name}" for name in self.apart[:SHOWN]]
        notes += _more(self.apart, "kept apart")
        notes += [f"of a name that several critics bear, the first was taken: {name}" for name in self.unclear[:SHOWN]]
        notes += _more(self.unclear, "names that several critics bear")
        notes += [f"perhaps one critic: {one}, {other}" for one, other in self.perhaps_one[:SHOWN]]
        notes += _more(self.perhaps_one, "pairs that are perhaps one critic")
        if self.passed_over:
            notes.append(f"columns that are not read: {', '.join(self.passed_over)}")
        return notes


def _more(of: tuple[object, ...], what: str) -> list[str]:
    return [f"and {len(of) - SHOWN} more {what}"] if len(of) > SHOWN else []


@dataclass(frozen=True)
class FoundClaim:
    """A claim that was found in a text: as :class:`filmgraph.claims.Candidate`, with the words of its passages."""

    concept: str
    stance: str
    confidence: float
    matched_label: str
    cues: tuple[str, ...]
    passages: tuple[tuple[int, int], ...]
    words: tuple[str, ...]

    def to_text(self) -> str:
        """Return stance, concept, how sure and why, and where it stands."""
        why = ", ".join(f'"{word}"' for word in (self.matched_label, *self.cues))
        places = "; ".join(
            f"{start}–{end}: {' '.join(words.split())}"
            for (start, end), words in zip(self.passages, self.words, strict=True)
        )
        return printable(f"{self.stance} {shorten(self.concept)} {self.confidence:.2f} ({why}) {places}")


@dataclass(frozen=True)
class ExtractedClaims:
    """What was found in one text: the review's CURIE, the claims, and what the import did."""

    review: str
    claims: tuple[FoundClaim, ...]
    foreign: bool
    imported: ImportedReviews
