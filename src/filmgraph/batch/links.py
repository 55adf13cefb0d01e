"""What the engines share: the names of kinds of edges, and the numbers that define an answer.

Sums that decide about an order are sums of whole numbers, so that an answer does not depend on which machine of a
cluster finishes first: weights of links in units of 2⁻⁴⁰, ranks in units of 2⁻⁵⁶, likeness in billionths.
"""

from __future__ import annotations

from collections.abc import Iterator

from filmgraph.namespaces import ROLES

__all__ = [
    "CREW",
    "CRITICS",
    "DAMPING",
    "LIKENESS_UNIT",
    "LINK_UNIT",
    "LINK_WEIGHTS",
    "NEAREST",
    "RANK_UNIT",
    "ROUNDS",
    "SCORE_UNIT",
    "STEPS",
    "accelerations",
]

CREW: tuple[str, ...] = tuple(dict.fromkeys(ROLES.values()))
"""The kinds of edges that say who has a role in a film."""

LINK_WEIGHTS: dict[str, float] = {"technique": 1.0, "comparison": 1.0, "crew": 0.7, "praise": 0.5, "genre": 0.05}
CRITICS = 0.25
DAMPING = 0.85
"""The typed graph of :mod:`filmgraph.recommend`: a test holds them equal."""

STEPS = 45
"""Steps of PageRank: each leaves 0.557 of the error, so that less than 10⁻¹⁰ of it is left."""
NEAREST = 6
"""To how many films, those most like it, a film is joined where communities are looked for."""
ROUNDS = 12
"""Rounds in which labels are passed on."""

SCORE_UNIT = 1e12
"""Likeness is rounded to the twelfth digit, as :mod:`filmgraph.similarity` does."""
LIKENESS_UNIT = 1e9
LINK_UNIT = float(2**40)
RANK_UNIT = float(2**56)


def accelerations(steps: int = STEPS) -> Iterator[float]:
    """Yield the factors of Chebyshev's semi-iteration (Golub and Varga, 1961), one for each step of PageRank.

    The graph is walked both ways, so that the eigenvalues of the walk are real and lie within ±:data:`DAMPING`.
    """
    factor = 1.0
    for step in range(steps):
        yield factor
        factor = 1.0 / (1.0 - DAMPING**2 / 2.0) if step == 0 else 1.0 / (1.0 - DAMPING**2 * factor / 4.0)
