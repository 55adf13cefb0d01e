"""Claims about craft, found in the text of a review."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from filmgraph.claims.lexicon import Lexicon, film_criticism
from filmgraph.claims.masking import Masked, NameMasker
from filmgraph.claims.naming import CraftNamer, label_of
from filmgraph.claims.stance import Judgement, StanceReader
from filmgraph.claims.text import ReviewText, Sentence, Word
from filmgraph.namespaces import BASE, SCHEMA

if TYPE_CHECKING:
    from filmgraph.stores import Store

__all__ = ["VERSION", "Candidate", "Extractor", "SentenceClaim"]

VERSION = "1.0.0"
"""The version of the extractor: it changes whenever the same text may give other candidates."""

_LEAST_SCORE = 0.25
_PLAIN_SCORE = 0.6
_TRACE = 0.1
_UNCUED = 0.5
_LEAST_TENOR = 0.5
_COPULAS = frozenset({"is", "are", "was", "were", "feels", "feel", "seems", "remains", "proves"})
_TELLING = frozenset({"story", "stories", "tale", "narrative"})


@dataclass(frozen=True)
class SentenceClaim:
    """What one sentence says about one craft: ``place`` is where it names it; all places are of the source."""

    concept: str
    stance: str
    place: int
    passage: tuple[int, int]
    matched_label: str
    cues: tuple[str, ...]
    confidence: float
    films: tuple[str, ...] = ()
    titles: tuple[str, ...] = ()


@dataclass(frozen=True)
class Candidate:
    """What a text says about one craft, as far as the extractor can tell.

    ``passages`` are the sentences that say so, in Unicode code points of the source; ``matched_label`` the words that
    named the craft, ``cues`` those that decided the stance (``praise``, ``criticism``, ``mixed``, ``observation``).
    ``confidence`` is the share of proposals like it that readers found right, from 0 to 1.
    """

    concept: str
    stance: str
    passages: tuple[tuple[int, int], ...]
    matched_label: str
    cues: tuple[str, ...]
    confidence: float
    compares_to: tuple[str, ...] = ()
    compares_to_titles: tuple[str, ...] = ()


@dataclass(frozen=True)
class Extractor:
    """Finds candidate claims in review texts. Made once of a graph, it reads any number of texts."""

    _crafts: CraftNamer = field(repr=False)
    _names: NameMasker = field(repr=False)
    _lexicon: Lexicon = field(repr=False)
    _stances: StanceReader = field(repr=False)
    _animated: frozenset[str] = field(repr=False)

    @classmethod
    def of_store(cls, store: Store) -> Extractor:
        """Make an extractor that knows the vocabulary, the films and the people of a graph."""
        lexicon = film_criticism()
        animated = store.select(f"SELECT ?film WHERE {{ ?film <{SCHEMA}genre> <{BASE}genre/animation> }}")
        return cls(
            CraftNamer.of_store(store),
            NameMasker.of_store(store),
            lexicon,
            StanceReader(lexicon),
            frozenset(str(film) for (film,) in animated),
        )

    def candidates(
        self, text: str, *, film: str | None = None, names: Iterable[str] = (), lean: float = 0.0
    ) -> list[Candidate]:
        """Return the candidate claims of a text, one a craft, in the order in which the text names the crafts.

        ``film`` is the IRI of the film under review: its title is no opinion, and another film that is named is
        compared with it. ``names`` are further names to leave aside, such as the critic's and the publication's.
        ``lean`` is the review's own verdict where it is known, 1 for a positive and -1 for a negative one: it decides
        where a craft is named and nothing near says how it is judged.
        """
        by_concept: dict[str, list[SentenceClaim]] = {}
        for claim in self.sentence_claims(text, film=film, names=names, lean=lean):
            by_concept.setdefault(claim.concept, []).append(claim)
        return [_merged(concept, claims) for concept, claims in by_concept.items()]

    def sentence_claims(
        self, text: str, *, film: str | None = None, names: Iterable[str] = (), lean: float = 0.0
    ) -> list[SentenceClaim]:
        """Return what each sentence of a text says about each craft, in text order."""
        review = ReviewText.read(text)
        own = self._names.own_names(film, names)
        claims: list[SentenceClaim] = []
        for sentence in review.sentences():
            masked = self._names.mask(review.text, sentence, film=film, own=own)
            claims += self._claims_of(review, sentence, masked, animated=film in self._animated, lean=lean)
        return claims

    def _claims_of(
        self, review: ReviewText, sentence: Sentence, masked: Masked, *, animated: bool, lean: float
    ) -> list[SentenceClaim]:
        words = sentence.words
        mentions = [
            mention
            for mention in self._crafts.mentions(words, animated=animated)
            if not masked.words.intersection(range(mention.first, mention.after))
            # "Monsters, Inc. 3D" is a title.
            and not (words[mention.after - 1].normal in {"3d", "d"} and mention.first - 1 in masked.words)
        ]
        if not mentions:
            return []
        by_concept: dict[str, list[Judgement]] = {}
        for judgement in self._stances.judge(review.text, sentence, mentions, masked.words):
            by_concept.setdefault(judgement.mention.concept, []).append(judgement)
        claims = []
        for concept, judgements in by_concept.items():
            best = max(judgements, key=lambda judgement: abs(judgement.score))
            stance = self._stance(words, judgements, best, lean)
            if stance:
                claims.append(_claim(review, sentence, masked, best, concept, *stance))
        return claims

    def _stance(
        self, words: Sequence[Word], judgements: list[Judgement], best: Judgement, lean: float
    ) -> tuple[str, float] | None:
        """Return the stance towards a craft and how sure it is, None where there is no claim."""
        score = sum(judgement.score for judgement in judgements)
        label = label_of(words, best.mention)
        everyday = label in self._crafts.everyday
        if abs(score) < _LEAST_SCORE:
            # The craft is named and no cue is near: the tenor of the sentence is the best guess.
            if everyday:
                return None
            if label == "voiced by":
                return "observation", _UNCUED
            tenor = score if abs(score) >= _TRACE else best.tenor
            if abs(tenor) < _LEAST_TENOR:
                tenor += lean
            if tenor >= -_TRACE and label in _TELLING and not self._crafts.tells_how(words, best.mention):
                return None
            return "criticism" if tenor < -_TRACE else "praise", _UNCUED
        if everyday and not best.tight and abs(score) < _PLAIN_SCORE:
            return None
        if label in _TELLING:
            said = {words[at].normal for cue in best.cues for at in range(best.mention.after, cue.first)}
            cues = {" ".join(word.normal for word in words[cue.first : cue.after]) for cue in best.cues}
            if cues <= self._crafts.of_content and not said & _COPULAS:
                return None
        sides = {judgement.score > 0 for judgement in judgements if abs(judgement.score) >= 0.6 and judgement.tight}
        sure = _confidence(best, abs(score))
        if best.mixed or len(sides) == 2:
            return "mixed", sure
        return "praise" if score > 0 else "criticism", sure


def _confidence(best: Judgement, score: float) -> float:
    """Return how sure a stance is: the share of proposals of such a score that readers found right, about."""
    return round(0.55 + 0.25 * min(score, 1.4) + (0.05 if best.tight else 0.0), 2)


def _claim(
    review: ReviewText,
    sentence: Sentence,
    masked: Masked,
    judgement: Judgement,
    concept: str,
    stance: str,
    confidence: float,
) -> SentenceClaim:
    words, text, mention = sentence.words, review.text, judgement.mention
    first, last = words[mention.first], words[mention.after - 1]
    start, end = review.in_source(sentence.start, sentence.end)
    return SentenceClaim(
        concept,
        stance,
        review.in_source(first.start, last.end)[0],
        (start, end),
        text[first.start : last.end],
        tuple(dict.fromkeys(text[words[cue.first].start : words[cue.after - 1].end] for cue in judgement.cues)),
        confidence,
        tuple(dict.fromkeys(film for _, film in masked.films)),
        tuple(dict.fromkeys(title for _, title in masked.titles)),
    )


def _merged(concept: str, claims: list[SentenceClaim]) -> Candidate:
    """Return what sentences together say about a craft; those that only mention it change nothing."""
    judging = [claim for claim in claims if claim.stance != "observation"] or claims
    stances = {claim.stance for claim in judging}
    best = max(judging, key=lambda claim: claim.confidence)
    return Candidate(
        concept,
        stances.pop() if len(stances) == 1 else "mixed",
        tuple(dict.fromkeys(claim.passage for claim in judging)),
        best.matched_label,
        tuple(dict.fromkeys(cue for claim in judging for cue in claim.cues)),
        best.confidence,
        tuple(dict.fromkeys(film for claim in judging for film in claim.films)),
        tuple(dict.fromkeys(title for claim in judging for title in claim.titles)),
    )
