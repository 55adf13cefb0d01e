"""What critics say, in short: a few claims that tell the most, and behind them the rest."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from filmgraph.pages.parts import Claim, Heard

__all__ = ["STANCES", "Topic", "telling", "topics"]

STANCES = ("praise", "criticism", "mixed", "observation")
"""The stances, those that judge first."""

_RANK = {stance: place for place, stance in enumerate(STANCES)}


@dataclass(frozen=True)
class Topic:
    """What critics say of one thing: how many (``heard``), the claims to tell first, and all others."""

    heard: Heard
    told: tuple[Claim, ...]
    rest: tuple[Claim, ...]


def telling(claims: Sequence[Claim], most: int) -> list[Claim]:
    """Return a few claims that tell the most: no critic and no stance twice if it can be helped, spoilers last."""
    told: list[Claim] = []
    left = list(claims)
    while left and len(told) < most:
        best = min(
            left,
            key=lambda claim: (
                claim.spoiler,
                sum(claim.voices == other.voices for other in told),
                sum(claim.stance == other.stance for other in told),
                _RANK.get(claim.stance, len(_RANK)),
            ),
        )
        left.remove(best)
        told.append(best)
    return told


def topics(
    heard: Iterable[Heard],
    claims: Iterable[Claim],
    *,
    by: str = "about",
    most: int = 2,
    first: int = 6,
    elsewhere: Collection[str] = (),
) -> tuple[Topic, ...]:
    """Return what critics say, topic by topic, in the order of ``heard``.

    A topic is what claims are ``by``: "about" (a technique or aspect) or "film". The ``first`` topics tell ``most``
    claims each; those with a claim that is told ``elsewhere``, by IRI, tell none.
    """
    said: dict[str, list[Claim]] = {}
    for claim in claims:
        said.setdefault(getattr(claim, by).iri, []).append(claim)
    found = []
    for each in heard:
        own = said.get(getattr(each, by).iri, [])
        told = telling(own, most) if first > 0 and not any(claim.iri in elsewhere for claim in own) else []
        first -= bool(told)
        shown = {claim.iri for claim in told}
        found.append(Topic(each, tuple(told), tuple(claim for claim in own if claim.iri not in shown)))
    return tuple(found)
