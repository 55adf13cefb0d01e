"""What critics say, as edges: the praise of films and the films that they compare, counted by critic.

The counts are those of :mod:`filmgraph.voices`. A claim is kept as a row of whole numbers, and a review or critic as
the hash of its name, since only whether two are the same is asked: as names and sets a large graph's would take a
gigabyte. The store is asked a second time for the names of the pairs that come out.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyoxigraph as ox

from filmgraph.namespaces import FG, SCHEMA
from filmgraph.voices import verdict_counts, wilson

__all__ = ["Signers", "comparisons", "praise"]

Asked = Callable[[str], Iterable[tuple[Any, ...]]]
"""What answers a query with rows of terms, one by one."""
Ints = npt.NDArray[np.int64]
Edge = tuple[str, str, float, None]

_CLAIM = f"?c <{FG}status> <{FG}Accepted> ; <{FG}claimedIn> ?r"
_STANCES = {FG + name: number for number, name in enumerate(("Praise", "Criticism", "Mixed", "Observation"))}


class Signers:
    """Who speaks in a review with accepted claims: its critics, else its publication."""

    def __init__(self, ask: Asked) -> None:
        authors, publishers = (_signed(ask, SCHEMA + role) for role in ("author", "publisher"))
        unsigned = ~np.isin(publishers[:, 0], authors[:, 0])
        rows = np.concatenate([authors, publishers[unsigned]])
        rows = rows[np.argsort(rows[:, 0], kind="stable")]
        self._reviews, self._voices = rows[:, 0].copy(), rows[:, 1].copy()

    def of(self, reviews: Ints) -> tuple[Ints, Ints]:
        """Return the voices of reviews, those of each together, and for each the place of its review.

        A review that nobody signed speaks for itself.
        """
        first = np.searchsorted(self._reviews, reviews, side="left")
        counts = np.searchsorted(self._reviews, reviews, side="right") - first
        each = np.maximum(counts, 1)
        places = np.repeat(np.arange(len(reviews)), each)
        within = np.arange(len(places)) - np.repeat(np.cumsum(each) - each, each)
        voices = reviews[places].copy()
        signed = counts[places] > 0
        voices[signed] = self._voices[(first[places] + within)[signed]]
        return voices, places


def praise(ask: Asked, signers: Signers) -> Iterator[Edge]:
    """Yield film and technique that critics praise it for, each pair once, and the share of praise that is certain."""
    claims = ((hash((film, about)), hash(review), _stance(stance)) for film, about, review, stance in _judged(ask))
    said = _rows(claims, width=3)
    voices, places = signers.of(said[:, 1])
    pairs, counts = verdict_counts(said[places, 0], voices, said[places, 2])
    good, judges = counts[:, 0], counts[:, :3].sum(axis=1)
    shares = [wilson(part, whole)[0] for part, whole in zip(good.tolist(), judges.tolist(), strict=True)]
    yield from _weighed(((film, about) for film, about, _, _ in _judged(ask)), pairs, shares)


def comparisons(ask: Asked, signers: Signers) -> Iterator[Edge]:
    """Yield the pairs of films that critics compare, each once; k critics weigh k / (k + 1)."""
    said = _rows(((hash((one, two)), hash(review)) for one, two, review in _compared(ask)), width=2)
    voices, places = signers.of(said[:, 1])
    spoken = np.unique(np.column_stack([said[places, 0], voices]), axis=0)
    pairs, critics = np.unique(spoken[:, 0], return_counts=True)
    yield from _weighed(((one, two) for one, two, _ in _compared(ask)), pairs, (critics / (critics + 1)).tolist())


def _weighed(pairs: Iterable[tuple[str, str]], known: Ints, weights: Sequence[float]) -> Iterator[Edge]:
    """Yield each pair once with its weight, unless that is 0; ``known`` are the hashes of pairs, sorted."""
    hashes, left = array("q", known.tobytes()), array("d", weights)
    for one, two in pairs:
        place = bisect_left(hashes, hash((one, two)))
        if weight := left[place]:
            left[place] = 0.0
            yield one, two, weight, None


def _judged(ask: Asked) -> Iterator[tuple[str, ...]]:
    """Yield film, technique, review and stance of each claim."""
    claim = f"{_CLAIM} ; <{FG}aboutFilm> ?f ; <{FG}aboutTechnique> ?t ; <{FG}stance> ?s"
    for row in ask(f"SELECT ?f ?t ?r ?s WHERE {{ {claim} }}"):
        if all(isinstance(term, ox.NamedNode) for term in row):
            yield tuple(term.value for term in row)


def _compared(ask: Asked) -> Iterator[tuple[str, str, str]]:
    """Yield the films of each comparison, the first in order first, and the review that it is made in."""
    for row in ask(f"SELECT ?f ?g ?r WHERE {{ {_CLAIM} ; <{FG}aboutFilm> ?f ; <{FG}comparesTo> ?g }}"):
        if all(isinstance(term, ox.NamedNode) for term in row) and row[0] != row[1]:
            one, two = sorted((row[0].value, row[1].value))
            yield one, two, row[2].value


def _stance(name: str) -> int:
    """Return the number of a stance; one that is not known judges nothing."""
    return _STANCES.get(name, _STANCES[FG + "Observation"])


def _signed(ask: Asked, role: str) -> Ints:
    """Return the hashes of reviews and of those who signed them in a role, each pair once."""
    rows = ask(f"SELECT ?r ?who WHERE {{ {_CLAIM} . ?r <{role}> ?who }}")
    named = ((hash(review.value), hash(who.value)) for review, who in rows if isinstance(review, ox.NamedNode))
    return np.unique(_rows(named, width=2), axis=0)


def _rows(rows: Iterable[Sequence[int]], width: int) -> Ints:
    """Return rows of whole numbers as an array."""
    held = array("q")
    for row in rows:
        held.extend(row)
    return np.frombuffer(held, np.int64).reshape(-1, width) if held else np.zeros((0, width), np.int64)
