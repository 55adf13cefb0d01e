"""Who says what of which craft: accepted claims, counted by critic and never by review.

A *voice* is a critic; a review that names no critic speaks for its publication, and one that names neither for
itself. All that a voice says of one concept in one film makes one verdict: praise and criticism together are
``mixed``, as is a mixed claim beside any other; an observation decides only where nothing else is said.

An agreement is the share of praise among the voices that judge (an observation does not), with the score interval of
E. B. Wilson ("Probable inference, the law of succession, and statistical inference", Journal of the American
Statistical Association 22, 1927): for *k* of *n* and z = 1.96

    (k + z²/2 ± z · sqrt(k · (n − k) / n + z²/4)) / (n + z²)

which stays within 0 and 1 and is wide where voices are few: 1 of 1 gives 21–100%, 41 of 44 gives 82–98%.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from filmgraph.namespaces import FG, SCHEMA, slug_of

if TYPE_CHECKING:
    from filmgraph.stores import Store

__all__ = [
    "QUANTILE",
    "Naming",
    "Said",
    "Tally",
    "Triple",
    "Voices",
    "read_said",
    "verdict_counts",
    "verdict_of",
    "verdict_rows",
    "verdicts_of",
    "wilson",
]

Triple = tuple[str, str, str]
"""Subject, predicate and object, all IRIs."""

QUANTILE = 1.96
"""The quantile of the normal distribution for an interval of 95%."""


def wilson(part: float, whole: float, *, z: float = QUANTILE) -> tuple[float, float]:
    """Return the score interval of Wilson (1927) of a share, part of whole; (0, 1) where the whole is 0.

    Raises :class:`ValueError` where the part is not between 0 and the whole.

    >>> [round(bound, 3) for bound in wilson(41, 44)]
    [0.818, 0.977]
    >>> wilson(0, 0)
    (0.0, 1.0)
    """
    if not 0 <= part <= whole:
        raise ValueError(f"{part} of {whole} is no share")
    if whole == 0:
        return 0.0, 1.0
    share, square = part / whole, z * z
    middle = (part + square / 2) / (whole + square)
    half = z * math.sqrt(part * (whole - part) / whole + square / 4) / (whole + square)
    # At both ends the formula gives the share itself, up to a rounding error.
    low = 0.0 if part == 0 else min(middle - half, share)
    high = 1.0 if part == whole else max(middle + half, share)
    return max(low, 0.0), min(high, 1.0)


def verdict_of(stances: Iterable[str]) -> str:
    """Return the one verdict of what a critic says: praise, criticism, mixed or observation.

    >>> verdict_of(["praise", "observation"]), verdict_of(["praise", "criticism"])
    ('praise', 'mixed')
    """
    said = set(stances)
    if "mixed" in said or {"praise", "criticism"} <= said:
        return "mixed"
    return "praise" if "praise" in said else "criticism" if "criticism" in said else "observation"


def verdicts_of(said: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return the verdict of each voice, from pairs of a voice and a stance."""
    stances: dict[str, set[str]] = {}
    for voice, stance in said:
        stances.setdefault(voice, set()).add(stance)
    return {voice: verdict_of(found) for voice, found in stances.items()}


def verdict_counts(subjects: Any, voices: Any, stances: Any) -> tuple[Any, Any]:
    """Count verdicts over arrays: of each subject, how many voices praise, criticise, do both, or only observe.

    The arrays hold a number each for what is spoken of, who speaks, and the stance (0 praise, 1 criticism, 2 mixed,
    anything else an observation). Returns the subjects, sorted, and an array of four counts for each.

    >>> subjects, counts = verdict_counts([7, 7, 7, 9], [1, 1, 2, 1], [0, 1, 0, 3])
    >>> subjects.tolist(), counts.tolist()
    ([7, 9], [[1, 0, 1, 0], [0, 0, 0, 1]])
    """
    import numpy as np

    subjects, _, verdicts = verdict_rows(subjects, voices, stances)
    found, at = np.unique(subjects, return_inverse=True)
    return found, np.bincount(at * 4 + verdicts, minlength=len(found) * 4).reshape(-1, 4)


def verdict_rows(subjects: Any, voices: Any, stances: Any) -> tuple[Any, Any, Any]:
    """Return the verdict of each voice on each subject, over arrays as :func:`verdict_counts` takes them.

    The answer is sorted by subject and voice; verdicts are numbered as stances are.
    """
    import numpy as np

    subjects, voices, stances = (np.asarray(column, np.int64) for column in (subjects, voices, stances))
    order = np.lexsort((voices, subjects))
    subjects, voices = subjects[order], voices[order]
    first = np.flatnonzero((np.diff(subjects, prepend=-1) != 0) | (np.diff(voices, prepend=-1) != 0))
    bits = np.left_shift(1, np.minimum(stances[order], 3))
    # By bits: 1 praise, 2 criticism, 4 mixed, 8 an observation.
    said = np.bitwise_or.reduceat(bits, first) if len(first) else bits
    verdicts = np.where((said & 4 > 0) | (said & 3 == 3), 2, np.where(said & 1 > 0, 0, np.where(said & 2 > 0, 1, 3)))
    return subjects[first], voices[first], verdicts


@dataclass(frozen=True)
class Tally:
    """How many voices praise, criticise, do both, or only observe.

    >>> tally = Tally(praise=41, criticism=3)
    >>> tally.in_words
    'praised by 41 of 44 critics (93%, 82–98%)'
    """

    praise: int = 0
    criticism: int = 0
    mixed: int = 0
    observation: int = 0

    @classmethod
    def of(cls, said: Iterable[tuple[str, str]]) -> Tally:
        """Count voices from pairs of a voice and a stance."""
        return cls.of_verdicts(verdicts_of(said))

    @classmethod
    def of_verdicts(cls, verdicts: Mapping[str, str]) -> Tally:
        """Count voices, each with its verdict."""
        counts = Counter(verdicts.values())
        return cls(counts["praise"], counts["criticism"], counts["mixed"], counts["observation"])

    @property
    def critics(self) -> int:
        """How many voices speak of it at all."""
        return self.judges + self.observation

    @property
    def judges(self) -> int:
        """How many of them judge: praise, criticise or do both."""
        return self.praise + self.criticism + self.mixed

    @property
    def share(self) -> float | None:
        """The share of praise among those who judge, None where nobody does."""
        return self.praise / self.judges if self.judges else None

    @property
    def interval(self) -> tuple[float, float]:
        """Wilson's interval of the share; (0, 1) where nobody judges."""
        return wilson(self.praise, self.judges)

    @property
    def in_words(self) -> str:
        """The tally in English, without a full stop; "" where nobody speaks."""
        parts = [self._judged()] if self.judges else []
        if self.observation:
            more = f"{self.observation} more" if parts else _people(self.observation)
            parts.append(f"{more} {'speaks' if self.observation == 1 else 'speak'} of it without judging")
        return "; ".join(parts)

    def _judged(self) -> str:
        if self.judges == 1:
            return f"{'praised' if self.praise else 'faulted' if self.criticism else 'judged both ways'} by 1 critic"
        low, high = self.interval
        if self.praise:
            bounds = f"{low * 100:.0f}–{high:.0%}"
            return f"praised by {self.praise} of {_people(self.judges)} ({self.share:.0%}, {bounds})"
        if self.criticism:
            return f"faulted by {self.criticism} of {_people(self.judges)}, praised by none"
        return f"judged both ways by {_people(self.mixed)}"


def _people(count: int) -> str:
    return f"{count} critic{'' if count == 1 else 's'}"


Naming = Mapping[str, "Triple | None"]
"""The voices of a review, each with the triple that names it, None where the review speaks for itself."""


@dataclass(frozen=True)
class Said:
    """One accepted claim: of which film, about which concept (by which property), with which stance, and by whom."""

    claim: str
    review: str
    film: str
    predicate: str
    about: str
    stance: str
    voices: Naming


class Voices:
    """The voices of all reviews with accepted claims, read once from a store."""

    def __init__(self, store: Store) -> None:
        self._signed: dict[str, dict[str, set[str]]] = {}
        for review, by, who in store.select(
            f"SELECT DISTINCT ?r ?p ?who WHERE {{ VALUES ?p {{ <{SCHEMA}author> <{SCHEMA}publisher> }} "
            f"?c <{FG}status> <{FG}Accepted> ; <{FG}claimedIn> ?r . ?r ?p ?who }}"
        ):
            self._signed.setdefault(str(review), {}).setdefault(str(by), set()).add(str(who))

    def of(self, review: str) -> Naming:
        """Return the voices of a review: its critics, else its publication, else itself."""
        signed = self._signed.get(review, {})
        for predicate in (SCHEMA + "author", SCHEMA + "publisher"):
            if predicate in signed:
                return {who: (review, predicate, who) for who in sorted(signed[predicate])}
        return {review: None}


def read_said(store: Store, voices: Voices) -> tuple[Said, ...]:
    """Read the accepted claims of a store, in the order of their IRIs."""
    rows = store.select(
        f"SELECT ?c ?r ?f ?p ?a ?s WHERE {{ VALUES ?p {{ <{FG}aboutTechnique> <{FG}aboutAspect> }} "
        f"?c <{FG}status> <{FG}Accepted> ; <{FG}claimedIn> ?r ; <{FG}aboutFilm> ?f ; ?p ?a ; <{FG}stance> ?s }}"
    )
    return tuple(
        Said(claim, review, film, predicate, about, slug_of(stance).lower(), voices.of(review))
        for claim, review, film, predicate, about, stance in sorted(tuple(map(str, row)) for row in rows)
    )
