"""How well a label answers a text that people look for."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property

from filmgraph.lookup.names import folded_text
from filmgraph.namespaces import kind_of, slug_of

__all__ = [
    "LEAST",
    "LONGEST_NAME",
    "MOST_ERRORS",
    "WITHOUT_ERRORS",
    "WITH_YEAR",
    "YEAR_OF_SLUG",
    "Wanted",
    "errors_between",
]

LONGEST_NAME = 300
"""How many letters of a text are looked for."""
_EXACT, _SAME_LETTERS, WITHOUT_ERRORS, LEAST, _OTHER_YEAR = 100.0, 99.0, 80.0, 60.0, 20.0
WITH_YEAR = re.compile(r"(?P<title>.+?)[\s,]*\(?(?P<year>[0-9]{4})\)?")
_LITTLE_WORDS = {
    *("a", "an", "and", "at", "by", "for", "from", "in", "of", "on", "or", "the", "to", "up", "with"),
    *("le", "la", "les", "l", "de", "du", "des", "der", "die", "das", "el"),
}
"""Words that name nothing by themselves: there would be no end of titles with them."""


@dataclass(frozen=True)
class Wanted:
    """A text that is looked for: folded, in words, and in letters alone."""

    text: str
    words: tuple[str, ...]
    letters: str

    @classmethod
    def of(cls, text: str) -> Wanted:
        """Take a text as it was written; of one that is too long, its beginning."""
        folded = folded_text(text[:LONGEST_NAME])
        words = tuple(dict.fromkeys(folded.split()))
        if len(words) > 1 and words[0] in ("a", "an", "the"):
            words = words[1:]
        return cls(folded, words, folded.replace(" ", ""))

    @cached_property
    def telling(self) -> tuple[str, ...]:
        """The words that name something: not a letter, not a little word."""
        return tuple(word for word in self.words if len(word) > 1 and word not in _LITTLE_WORDS)

    def score_of(self, resource: str, label: str, title: Wanted | None) -> float:
        """Return how well a resource with a folded label answers; ``title`` is the text without the year it ends in."""
        slug = slug_of(resource).replace("-", " ")
        score = max(self.score(label), self.score(slug, years=False))
        if score < _EXACT and kind_of(resource) == "film":
            if year := YEAR_OF_SLUG.search(slug):
                score = max(score, self.score(label + year[0], years=False))
            if title:
                score = max(score, title.score(label) - _OTHER_YEAR)
        return score

    def score(self, label: str, *, years: bool = True) -> float:
        """Return how well a folded label answers, 0 where it does not.

        Without ``years`` a year alone is not enough, so that 2001 does not find all films of that year.
        """
        if not self.text or not label:
            return 0.0
        if label == self.text:
            return _EXACT
        letters = label.replace(" ", "")
        if letters == self.letters:
            return _SAME_LETTERS
        share = min(1.0, len(self.letters) / len(letters))
        if score := self.score_of_words(label.split(), share=share, years=years):
            return score
        errors = errors_between(self.letters, letters)
        return LEAST + 19 * (1 - errors / len(self.letters)) if errors else 0.0

    def score_of_words(self, words: Collection[str], *, share: float, years: bool = True) -> float:
        """Return how well words answer of which the text is a share, 0 where they do not hold all words of it."""
        if not self.telling or (not years and all(_YEAR.fullmatch(word) for word in self.telling)):
            return 0.0
        errors = self._errors_in_words(words)
        if errors is None:
            return 0.0
        if errors == 0:
            return WITHOUT_ERRORS + 18 * share
        return LEAST + 19 * (1 - errors / len(self.letters)) * (0.5 + share / 2)

    def _errors_in_words(self, words: Collection[str]) -> int | None:
        """Return how many typing errors away each word of the text is one of some words, None where one is not."""
        total, least = 0, _SHORT if len(self.words) > 1 else _SHORT + 1
        for word in self.words:
            if word in words:
                continue
            # In a short word that stands alone an error makes another word, and a label has many words.
            near = (errors_between(word, other) for other in words if len(word) >= least and len(other) >= _SHORT)
            errors = min((count for count in near if count is not None), default=None)
            if errors is None:
                return None
            total += errors
        return total if total <= _forgiven(len(self.letters)) else None


MOST_ERRORS = 3
"""How many typing errors are forgiven at the most."""
_SHORT = 4
_YEAR = re.compile(r"[0-9]{4}")
YEAR_OF_SLUG = re.compile(r" [0-9]{4}(?= [0-9]+$|$)")


def _forgiven(length: int) -> int:
    """Return how many typing errors are forgiven in so many letters.

    >>> [_forgiven(length) for length in (2, 3, 6, 7, 13, 14)]
    [0, 1, 1, 2, 2, 3]
    """
    return 0 if length < 3 else 1 if length < 7 else 2 if length < 14 else 3


def errors_between(one: str, other: str) -> int | None:
    """Return how many typing errors (letters left out, added, mistaken, two swapped) lie between two texts.

    None where they are more than are forgiven in the letters of the shorter, digits not counted, or where the first
    letter is another one: that is the letter which people get right.

    >>> errors_between("hre2013", "her2013"), errors_between("mafia", "maria"), errors_between("him", "her")
    (1, 1, None)
    """
    from rapidfuzz.distance import OSA

    if one[:1] != other[:1]:
        return None
    letters = min(sum(not character.isdigit() for character in text) for text in (one, other))
    most = _forgiven(letters)
    errors = OSA.distance(one, other, score_cutoff=most) if most else most + 1
    return errors if errors <= most else None
