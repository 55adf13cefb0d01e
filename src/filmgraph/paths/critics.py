"""What critics lend to paths: praise of a craft, and comparisons, with the weight of how many agree."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from filmgraph.namespaces import FG
from filmgraph.paths.model import Triple
from filmgraph.voices import Naming, Said, Tally, verdict_of

__all__ = ["Compared", "Praise", "comparison_of", "praise_of"]

_STANCES = {"praise": "Praise", "criticism": "Criticism", "mixed": "Mixed"}


@dataclass(frozen=True)
class Praise:
    """How critics judge a technique in a film that at least one of them praises for it.

    ``triples`` prove the count: a claim of each critic who judges, and who makes it; those who praise come first.
    """

    tally: Tally
    triples: tuple[Triple, ...]

    @property
    def weight(self) -> float:
        """The share of praise that is certain: the lower bound of Wilson's interval, below 1."""
        return self.tally.interval[0]


@dataclass(frozen=True)
class Compared:
    """The critics who compare two films: the first one's review, the film it is of, and the triples of them all.

    ``claimed`` tie claims to reviews, critics and films under review, ``comparing`` to the films they compare them to.
    """

    review: str
    about: str
    critics: int
    claimed: tuple[Triple, ...]
    comparing: tuple[Triple, ...]

    @property
    def weight(self) -> float:
        """k / (k + 1) for k critics: nobody contradicts a comparison, so there is no share, but one voice is half."""
        return self.critics / (self.critics + 1)


def praise_of(spoken: Iterable[Said]) -> dict[str, Praise]:
    """Return the techniques that a film is praised for, from what is said of techniques in it, by claim."""
    by_craft: dict[str, dict[str, list[Said]]] = defaultdict(lambda: defaultdict(list))
    for said in spoken:
        for voice in said.voices:
            by_craft[said.about][voice].append(said)
    found: dict[str, Praise] = {}
    for technique, said_by in sorted(by_craft.items()):
        verdicts = {voice: verdict_of(said.stance for said in spoken) for voice, spoken in said_by.items()}
        tally = Tally.of_verdicts(verdicts)
        if tally.praise:
            order = sorted((verdict != "praise", voice) for voice, verdict in verdicts.items() if verdict in _STANCES)
            triples = (
                triple
                for _, voice in order
                for said in _deciding(said_by[voice], verdicts[voice])
                for triple in _triples_of(said, voice)
            )
            found[technique] = Praise(tally, tuple(dict.fromkeys(triples)))
    return found


def _deciding(spoken: Iterable[Said], verdict: str) -> list[Said]:
    """Return the claims that a critic's verdict stands on: one, or praise and criticism where they make it mixed."""
    first: dict[str, Said] = {}
    for said in spoken:
        first.setdefault(said.stance, said)
    return [first[verdict]] if verdict in first else [first["praise"], first["criticism"]]


def _triples_of(said: Said, voice: str) -> list[Triple]:
    triples = [
        (said.claim, FG + "aboutFilm", said.film),
        (said.claim, FG + "aboutTechnique", said.about),
        (said.claim, FG + "stance", FG + _STANCES[said.stance]),
        (said.claim, FG + "claimedIn", said.review),
    ]
    return triples + _signed(said.voices, voice)


def _signed(voices: Naming, voice: str) -> list[Triple]:
    signed = voices[voice]
    return [signed] if signed else []


def comparison_of(rows: Iterable[tuple[str, str, str, str, Naming]]) -> Compared:
    """Return who compares two films, from claims: claim, review, its film, the other one, and the review's voices.

    The rows come by claim, review and films; of each voice the first counts.
    """
    by_voice: dict[str, tuple[str, str, str, str]] = {}
    signed: dict[str, list[Triple]] = {}
    for claim, review, film, other, voices in rows:
        for voice in voices:
            if voice not in by_voice:
                by_voice[voice] = (claim, review, film, other)
                signed[voice] = _signed(voices, voice)
    claimed: list[Triple] = []
    comparing: list[Triple] = []
    for voice, (claim, review, film, other) in sorted(by_voice.items(), key=lambda item: (item[1], item[0])):
        claimed += [(claim, FG + "claimedIn", review), (claim, FG + "aboutFilm", film), *signed[voice]]
        comparing.append((claim, FG + "comparesTo", other))
    _, review, about, _ = min(by_voice.values())
    return Compared(review, about, len(by_voice), tuple(dict.fromkeys(claimed)), tuple(dict.fromkeys(comparing)))
