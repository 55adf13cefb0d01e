"""What stance a sentence takes towards the crafts that it names.

Opinion words are taken from a lexicon of film criticism, where "haunting" praises and "slick" blames. Each is tied to
the crafts it can be said of, the more loosely the farther it stands and the more lies between: an adjective before a
noun holds of that noun alone, a predicate of the nouns before it, and little passes a "but". Negation, absence,
excess and comparison turn what they reach.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from math import exp

from filmgraph.claims.lexicon import Lexicon
from filmgraph.claims.matching import Mention
from filmgraph.claims.text import Sentence, Word

__all__ = ["Cue", "Judgement", "StanceReader"]

_STRONG_MARKS = (";", ":", "—", "–", "--", " - ", "...", "…", "(", ")", "?", "!")
_TIGHT = 0.7
_QUANTIFIERS = frozenset({"no", "little", "few", "less", "fewer", "zero"})


@dataclass(frozen=True)
class Cue:
    """A word or phrase that speaks for a stance: its words, and how much it says (praise is positive)."""

    first: int
    after: int
    value: float


@dataclass(frozen=True)
class Judgement:
    """What a sentence says about one craft: ``score`` is positive for praise, ``cues`` are the words that decided.

    ``tight`` says that a cue stands in a grammatical tie with the craft, not just near it; ``mixed`` that cues of
    about the same weight speak for both sides. ``tenor`` sums up the cues of the clause, or else of the sentence.
    """

    mention: Mention
    score: float
    cues: tuple[Cue, ...]
    tight: bool
    mixed: bool
    tenor: float


@dataclass
class _Clauses:
    """The boundaries between the words of a sentence: ``strong[i]`` stands before word ``i``."""

    strong: list[bool] = field(default_factory=list)
    comma: list[bool] = field(default_factory=list)
    hyphen: list[bool] = field(default_factory=list)

    def parted(self, first: int, after: int) -> bool:
        """Whether a strong boundary lies between two words, the one before ``first`` and that at ``after``."""
        return any(self.strong[first : after + 1])


class StanceReader:
    """Reads the stance of sentences."""

    def __init__(self, lexicon: Lexicon) -> None:
        self._lexicon = lexicon

    def judge(
        self, text: str, sentence: Sentence, mentions: Sequence[Mention], masked: frozenset[int]
    ) -> list[Judgement]:
        """Return a judgement of each mention, in their order; its score is 0 where no cue was found."""
        words = sentence.words
        clauses = _clauses(text, words, self._lexicon)
        cues = self._cues(words, mentions, masked, clauses)
        kept_safe = self._kept_safe(words)
        chains = self._chains(words, mentions, cues)
        links = [self._links(words, clauses, mentions, cue, chains) for cue in cues]
        judgements = []
        for number, mention in enumerate(mentions):
            found = [(cue, weights[number]) for cue, weights in zip(cues, links, strict=True) if weights[number]]
            absence = self._absence(words, clauses, mention, kept_safe) or self._outdone(words, clauses, mention)
            if absence:
                found = [(cue, weight) for cue, weight in found if not absence.first <= cue.first < mention.first]
                found.append((absence, 1.2))
            if not found or abs(sum(cue.value * weight for cue, weight in found)) < 0.25:
                found += [(cue, 1.0) for cue in self._mainstay(words, clauses, mention)]
            judgements.append(_judgement(mention, found, _tenor(clauses, cues, mention)))
        return judgements

    def _cues(
        self, words: Sequence[Word], mentions: Sequence[Mention], masked: frozenset[int], clauses: _Clauses
    ) -> list[Cue]:
        """Return the opinions of a sentence, with negation, comparison and excess taken into account."""
        cues: list[Cue] = []
        kept_safe = self._kept_safe(words)
        found = self._lexicon.opinions.find(words)
        for number, (first, after, value) in enumerate(found):
            if not value or masked.intersection(range(first, after)):
                continue
            if (
                after == first + 1
                and words[first].normal in self._lexicon.intensifiers
                and number + 1 < len(found)
                and found[number + 1][0] == after
            ):
                continue
            turned = self._turned(words, clauses, first, kept_safe)
            if turned is None:
                cues.append(Cue(first, after, value))
            else:
                cues.append(Cue(turned, after, 0.8 * value if _is_denied(words, turned) else -0.8 * value))
        taken = {at for cue in cues for at in range(cue.first, cue.after)}
        for first, after, _ in self._lexicon.excess.find(words):
            if first in taken or after >= len(words) or clauses.strong[after]:
                continue
            flipped = self._turned(words, clauses, first, kept_safe) is not None
            cues = [cue for cue in cues if not after <= cue.first <= after + 1]
            cues.append(Cue(first, min(after + 1, len(words)), 0.6 if flipped else -1.0))
        return sorted(cues, key=lambda cue: cue.first)

    def _turned(
        self, words: Sequence[Word], clauses: _Clauses, first: int, kept_safe: frozenset[int] = frozenset()
    ) -> int | None:
        """Return where the negation of an opinion begins, None where there is none.

        ``kept_safe`` are the words of phrases that turn nothing, such as "not only".
        """
        low = max(0, first - 5)
        ends = {low + after - 1: low + begin for begin, after, _ in self._lexicon.negators.find(words[low:first])}
        for at in range(first - 1, max(-1, first - 5), -1):
            word = words[at].normal
            if clauses.strong[at + 1] or (word in {"that", "which", "who", "because"} and at - 1 not in ends):
                return None
            if at in ends and at not in kept_safe and not clauses.hyphen[at + 1]:
                return ends[at]
            if clauses.comma[at + 1] and first - at > 1:
                return None
        return None

    def _kept_safe(self, words: Sequence[Word]) -> frozenset[int]:
        """Return the words of phrases that turn nothing, such as "not only" and "a little"."""
        return frozenset(at for first, after, _ in self._lexicon.keeps.find(words) for at in range(first, after))

    def _absence(
        self, words: Sequence[Word], clauses: _Clauses, mention: Mention, kept_safe: frozenset[int]
    ) -> Cue | None:
        """Return the words that say that a craft is missing: "lacks humor", "not enough wit"."""
        start = max(0, mention.first - 10)
        for first, after, _ in reversed(self._lexicon.absence.find(words[start : mention.first])):
            first, after = first + start, after + start
            if first in kept_safe:
                continue
            between = [word.normal for word in words[after : mention.first]]
            if between and between[0].endswith("ing") and words[after - 1].normal == "without":
                continue
            if (
                len(between) <= (2 if after == first + 1 and words[first].normal in _QUANTIFIERS else 7)
                and not clauses.parted(after, mention.first)
                and not (set(between) - self._lexicon.determiners - {"of", "in", "for", "and", "or"})
                & self._lexicon.function
            ):
                if self._turned(words, clauses, first) is not None:
                    return Cue(first, after, 0.5)
                return Cue(first, after, -1.2)
        return None

    def _loosens(self, between: Iterable[str], allowed: Iterable[str] = ()) -> bool:
        """Whether one of some words loosens the tie across them."""
        return bool((set(between) - self._lexicon.determiners - set(allowed)) & self._lexicon.function)

    def _outdone(self, words: Sequence[Word], clauses: _Clauses, mention: Mention) -> Cue | None:
        """Return the words that say that a craft has to be saved by another, or is outdone: "can't save the script"."""
        start = max(0, mention.first - 6)
        for first, after, _ in reversed(self._lexicon.outdone.find(words[start : mention.first])):
            first, after = first + start, after + start
            between = [word.normal for word in words[after : mention.first]]
            if not clauses.parted(after + 1, mention.first) and not self._loosens(between):
                return Cue(first, after, -0.6)
        return None

    def _mainstay(self, words: Sequence[Word], clauses: _Clauses, mention: Mention) -> list[Cue]:
        """Return the words that say that a craft would save another: "the colors can't disguise …"."""
        for first, after, _ in self._lexicon.rescue.find(words[mention.after : mention.after + 8]):
            first, after = first + mention.after, after + mention.after
            if not clauses.parted(mention.after, first):
                return [Cue(first, after, 0.6)]
        return []

    def _links(
        self,
        words: Sequence[Word],
        clauses: _Clauses,
        mentions: Sequence[Mention],
        cue: Cue,
        chains: list[int],
    ) -> list[float]:
        """Return how firmly a cue holds of each mention, from 0 to 1.2."""
        weights = [self._tie(words, clauses, cue, mention) for mention in mentions]
        places = [mention.first for mention in mentions]
        for number, mention in enumerate(mentions):
            low, high = sorted((cue.first, mention.first))
            # Mentions stand in text order, and so do the numbers of their chains.
            between = chains[bisect_right(places, low) : bisect_left(places, high)]
            if between:
                weights[number] *= 0.3 ** (between[-1] - between[0] + 1 - (chains[number] in (between[0], between[-1])))
        best = max(range(len(mentions)), key=lambda number: weights[number], default=None)
        if best is not None and weights[best] >= _TIGHT:
            attributive = cue.first < mentions[best].after
            for number in range(len(mentions)):
                if number == best:
                    continue
                if chains[number] == chains[best] and (not attributive or number > best):
                    weights[number] = max(weights[number], 0.75 * weights[best] * 0.8 ** abs(number - best))
                else:
                    weights[number] *= 0.25
        elif best is not None:
            for number in range(len(mentions)):
                if number != best and chains[number] == chains[best]:
                    weights[number] = max(weights[number], 0.8 * weights[best])
        return weights

    def _chains(self, words: Sequence[Word], mentions: Sequence[Mention], cues: Iterable[Cue]) -> list[int]:
        """Return for each mention the number of its chain: "the animation, score and script" are one."""
        opinions = {at for cue in cues for at in range(cue.first, cue.after)}
        joining = self._lexicon.determiners | {
            "and",
            "or",
            "nor",
            "plus",
            "also",
            "as",
            "well",
            "film's",
            "movie's",
            "film",
            "movie",
        }
        chains: list[int] = []
        for number, mention in enumerate(mentions):
            if number:
                between = range(mentions[number - 1].after, mention.first)
                plain = [at for at in between if at not in opinions and words[at].normal not in joining]
                if len(between) <= 5 and not plain and not any(at in opinions for at in between):
                    chains.append(chains[-1])
                    continue
            chains.append(chains[-1] + 1 if chains else 0)
        return chains

    def _tie(self, words: Sequence[Word], clauses: _Clauses, cue: Cue, mention: Mention) -> float:
        """Return how firmly a cue holds of a mention by where they stand, other mentions left aside."""
        lexicon = self._lexicon
        if cue.first < mention.after and mention.first < cue.after:
            # "Wit" names the craft; "visual feast" names it and praises.
            alone = cue.after - cue.first == mention.after - mention.first == 1
            return 0.0 if alone else 1.2
        before = cue.after <= mention.first
        first, after = (cue.after, mention.first) if before else (mention.after, cue.first)
        between = [word.normal for word in words[first:after]]
        if clauses.parted(first, after):
            return 0.12 * exp(-len(between) / 10)
        if before:
            function = [word for word in between if word in lexicon.function]
            if not function and len(between) <= 4:
                return 1.1 - 0.08 * len(between)
            if (
                len(between) <= 5
                and between[0] in {"of", "in", "with", "by", "from", "for"}
                and not set(between[1:]) & (lexicon.function - lexicon.determiners)
            ):
                return 0.9
            if set(function) <= {"and"} and len(between) <= 5:
                return 0.8
            return 0.6 * exp(-len(between) / 6)
        return 0.95 * exp(-len(between) / 9)


def _is_denied(words: Sequence[Word], negation: int) -> bool:
    """Whether a negation is itself denied: "it's not that the jokes aren't funny"."""
    return any(
        words[at].normal == "not" and words[at + 1].normal == "that" for at in range(min(negation, len(words) - 1))
    )


def _tenor(clauses: _Clauses, cues: Iterable[Cue], mention: Mention) -> float:
    near = far = 0.0
    for cue in cues:
        first, after = sorted((cue.first, mention.first))
        if clauses.parted(first + 1, after):
            far += cue.value
        else:
            near += cue.value
    return near or far


def _judgement(mention: Mention, found: list[tuple[Cue, float]], tenor: float) -> Judgement:
    parts = sorted(((cue.value * weight, weight, cue) for cue, weight in found), key=lambda part: -abs(part[0]))
    score = sum(part[0] for part in parts)
    praise = sum(part[0] for part in parts if part[0] > 0)
    blame = -sum(part[0] for part in parts if part[0] < 0)
    mixed = min(praise, blame) > 0.6 and min(praise, blame) > 0.7 * max(praise, blame)
    deciding = [cue for part, weight, cue in parts if abs(part) >= 0.2 and (part > 0) == (score > 0)]
    tight = any(weight >= _TIGHT for _, weight, cue in parts if (cue.value > 0) == (score > 0))
    return Judgement(mention, score, tuple(sorted(deciding[:3], key=lambda cue: cue.first)), tight, mixed, tenor)


def _clauses(text: str, words: Sequence[Word], lexicon: Lexicon) -> _Clauses:
    """Find where clauses part: at marks, at contrast, and at the comma that ends what "while" began."""
    clauses = _Clauses(*([False] * (len(words) + 1) for _ in range(3)))
    joining = {first for first, _, _ in lexicon.joining.find(words)}
    opening = {first for first, _, _ in lexicon.opening.find(words)}
    inside = {at for first, after, _ in lexicon.opinions.find(words) for at in range(first, after)}
    turning = {after for _, after, _ in lexicon.rescue.find(words)}
    conceding = 0 in opening or (len(words) > 1 and 1 in opening)
    for at in range(1, len(words)):
        gap = text[words[at - 1].end : words[at].start]
        clauses.comma[at] = "," in gap
        clauses.hyphen[at] = gap == "-"
        strong = (
            any(mark in gap for mark in _STRONG_MARKS)
            or at in joining
            or (words[at].normal in {"than", "unlike"} and at not in inside)
            or at in turning
        )
        if at in opening:
            strong = True
            conceding = False
        if conceding and clauses.comma[at]:
            strong, conceding = True, False
        clauses.strong[at] = strong
    return clauses
