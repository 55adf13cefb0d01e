"""Where a text names a concept of the vocabulary.

Labels are matched word by word, longest first, with an Aho-Corasick automaton over words, so that hyphens, case,
accents and typographic quotes make no difference and a text is read once, however many labels there are.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Generic, TypeVar

from filmgraph.claims.text import Word, words_of
from filmgraph.namespaces import FG, RDF, SKOS

if TYPE_CHECKING:
    import inflect

    from filmgraph.stores import Store

__all__ = ["ConceptMatcher", "Mention", "PhraseMatcher", "labels_of_concepts"]

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class Mention:
    """A place where a concept is named: from the word ``first`` up to, not including, ``after``."""

    concept: str
    first: int
    after: int


class PhraseMatcher(Generic[Value]):
    """Finds phrases, each with a value, in a row of words.

    >>> matcher = PhraseMatcher({"long take": "technique:long-take", "take": "?"})
    >>> [(first, after, value) for first, after, value in matcher.find(words_of("A long take."))]
    [(1, 3, 'technique:long-take')]
    """

    def __init__(self, phrases: Mapping[str, Value]) -> None:
        import ahocorasick

        self._numbers: dict[str, int] = {}
        self._automaton = ahocorasick.Automaton(ahocorasick.STORE_ANY, ahocorasick.KEY_SEQUENCE)
        for phrase, value in phrases.items():
            key = tuple(self._numbers.setdefault(word.normal, len(self._numbers) + 1) for word in words_of(phrase))
            if key:
                self._automaton.add_word(key, (len(key), value))
        self._empty = not len(self._automaton)
        if not self._empty:
            self._automaton.make_automaton()

    def find(self, words: Sequence[Word]) -> list[tuple[int, int, Value]]:
        """Return first word, word after, and value of each phrase: the longest of those that overlap, in text order."""
        if self._empty:
            return []
        key = tuple(self._numbers.get(word.normal, 0) for word in words)
        found = [(last + 1 - size, last + 1, value) for last, (size, value) in self._automaton.iter(key)]
        found.sort(key=lambda match: (match[0] - match[1], match[0]))
        taken = [False] * len(words)
        kept = []
        for first, after, value in found:
            if not any(taken[first:after]):
                taken[first:after] = [True] * (after - first)
                kept.append((first, after, value))
        return sorted(kept, key=lambda match: match[:2])


class ConceptMatcher:
    """Finds where a text names concepts, by their preferred, alternative and hidden labels and their plurals."""

    def __init__(self, labels: Mapping[str, str]) -> None:
        """Make a matcher of labels, each with the concept that it names."""
        phrases: dict[str, str] = {}
        for label, concept in sorted(labels.items()):
            for form in (label, *_plural(label)):
                known = " ".join(word.normal for word in words_of(form))
                phrases.setdefault(known, concept)
        # What somebody wrote as a label goes before what is only derived from another.
        for label, concept in sorted(labels.items(), reverse=True):
            phrases[" ".join(word.normal for word in words_of(label))] = concept
        self._matcher = PhraseMatcher(phrases)

    def mentions(self, words: Sequence[Word]) -> list[Mention]:
        """Return the mentions in a row of words, the longest of those that overlap, in text order."""
        return [Mention(concept, first, after) for first, after, concept in self._matcher.find(words)]


def labels_of_concepts(store: Store, *, aspects: Iterable[str]) -> dict[str, str]:
    """Return each English label of a technique, a category or one of some aspects (IRIs), with its concept."""
    rows = store.select(
        f"SELECT ?label ?concept ?type WHERE {{ VALUES ?type {{ <{FG}Technique> <{FG}Category> <{FG}Aspect> }} "
        f"?concept <{RDF}type> ?type ; "
        f"<{SKOS}prefLabel>|<{SKOS}altLabel>|<{SKOS}hiddenLabel> ?label "
        f'FILTER (LANGMATCHES(LANG(?label), "en")) }} ORDER BY STR(?label) DESC(STR(?concept))'
    )
    kept = set(aspects)
    return {
        str(label): str(concept) for label, concept, kind in rows if str(kind) != FG + "Aspect" or str(concept) in kept
    }


def _plural(label: str) -> Iterable[str]:
    """Yield the plural of a label whose last word may be a noun in the singular."""
    head, _, last = label.rpartition(" ")
    if last.isalpha() and last.isascii():
        plural = _inflector().plural_noun(last)
        if plural and not _inflector().singular_noun(last):
            yield f"{head} {plural}".strip()


@cache
def _inflector() -> inflect.engine:
    import inflect

    return inflect.engine()
