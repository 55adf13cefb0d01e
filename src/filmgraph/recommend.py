"""Several films in, films with reasons out.

Two methods. ``craft`` is Rocchio's (1971) on the weights of :mod:`filmgraph.arrays`: the mean cosine with the liked
films less :data:`DISLIKE` times the mean cosine with the disliked ones. ``pagerank`` is personalised PageRank (Page,
Brin, Motwani and Winograd, 1999) over films, techniques, people, comparisons and genres, started at the liked films,
less :data:`DISLIKE` times the same started at the disliked ones; it reaches films that share no technique. A link
weighs as :data:`LINK_WEIGHTS` say, one to a technique (used or praised) times the ln(1 + N / n) of that technique,
and one by critics times how far they agree (:mod:`filmgraph.paths`). All links by critics of a film weigh at most
:data:`CRITICS` times its other links and are scaled down to that, so that films on which many critics are read do not
draw the walk to one another. Links between the same two nodes add up, each is walked both ways, and the damping factor
is 0.85.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse

from filmgraph.errors import NotFoundError, QueryError
from filmgraph.namespaces import SCHEMA
from filmgraph.paths import Path, PathIndex
from filmgraph.similarity import SimilarityIndex, best_places

__all__ = ["CRITICS", "LINK_WEIGHTS", "METHODS", "OBJECTIONS", "Objection", "Recommendation", "Recommender"]

METHODS = ("craft", "pagerank")
"""The methods of recommendation."""

DISLIKE = 0.5
DAMPING = 0.85
SAME_DIRECTOR = 2

LINK_WEIGHTS: dict[str, float] = {"technique": 1.0, "comparison": 1.0, "crew": 0.7, "praise": 0.5, "genre": 0.05}
"""Kind of link to its weight in the typed graph; genre least, so that its hubs do not swallow the walk."""

CRITICS = 0.25
"""The most that what critics say of a film weighs in its links, beside what it is."""

OBJECTIONS = 6
"""The most objections to an answer: those by the rarest craft."""

_DIGITS = 12
_SHARE_DIGITS = 9


@dataclass(frozen=True)
class Objection:
    """A technique, by IRI, that an answer shares with a film that was disliked."""

    technique: str
    film: str


@dataclass(frozen=True)
class Recommendation:
    """A film, its score, and why: paths from the films that were liked, and craft it has of those that were not.

    ``paths`` is empty only where nothing joins the film to a liked one. Siblings in the vocabulary and genre are
    reasons only where there is no better one.
    """

    film: str
    title: str
    score: float
    paths: tuple[Path, ...]
    against: tuple[Objection, ...] = ()

    @property
    def reason(self) -> str:
        """The best reason, one sentence."""
        return self.paths[0].reason if self.paths else ""


class Recommender:
    """Answers "what next, and why?", from the similarity and the path index of a graph."""

    def __init__(self, similarity: SimilarityIndex, paths: PathIndex) -> None:
        self._similarity = similarity
        self._paths = paths
        self._walk: _Walk | None = None

    def similar(self, film: str, *, limit: int = 10, measure: str = "cosine", reasons: int = 2) -> list[Recommendation]:
        """Return the films most like one film, each with its reasons; no two-per-director rule holds here."""
        found = [(alike.film, alike.score) for alike in self._similarity.similar(film, limit=limit, measure=measure)]
        return self._explained(found, [film], [], reasons)

    def recommend(
        self,
        liked: Sequence[str],
        *,
        disliked: Sequence[str] = (),
        seen: Collection[str] = (),
        limit: int = 10,
        method: str = "craft",
        reasons: int = 2,
    ) -> list[Recommendation]:
        """Return films to watch for someone who likes some films and dislikes others, best first.

        The craft of a disliked film counts against an answer. What was ``seen`` is left out of the answers, as are the
        films that are liked or disliked. At most two answers share a director. Films with a
        score of 0 or less are left out. Scores of ``craft`` are mean cosines; scores of ``pagerank`` are shares of
        the best film's.

        Raises :class:`~filmgraph.errors.NotFoundError` for an unknown method, and
        :class:`~filmgraph.errors.QueryError` where no film is liked, or one is both liked and disliked.
        """
        if method not in METHODS:
            raise NotFoundError(f"There is no method {method!r}.", suggestions=METHODS)
        liked, disliked = list(dict.fromkeys(liked)), list(dict.fromkeys(disliked))
        if not liked:
            raise QueryError("a recommendation starts from at least one film that you like")
        both = sorted(set(liked) & set(disliked))
        if both:
            title = self._paths.titles(both)[both[0]]
            raise QueryError(f"{title!r} is both liked and disliked: name it once")
        films, scores = self._scores(method, liked, disliked)
        known = {*liked, *disliked, *seen}
        scores[[place for place, film in enumerate(films) if film in known]] = 0.0
        if method == "pagerank":
            best = scores.max(initial=0.0)
            scores = np.round(scores / best if best > 0 else scores, _SHARE_DIGITS)
        found = self._few_per_director(films, scores, limit)
        return self._explained(found, liked, disliked, reasons)

    def _scores(
        self, method: str, liked: Sequence[str], disliked: Sequence[str]
    ) -> tuple[Sequence[str], npt.NDArray[np.float64]]:
        if method == "craft":
            return self._similarity.arrays.films, self._craft_scores(liked, disliked)
        walk = self._walk = self._walk or _Walk(self._paths, self._similarity.arrays.idf_of)
        scores = walk.rank(liked)
        if disliked:
            scores = scores - DISLIKE * walk.rank(disliked)
        return walk.films, scores[: len(walk.films)]

    def _craft_scores(self, liked: Sequence[str], disliked: Sequence[str]) -> npt.NDArray[np.float64]:
        scores = self._mean_scores(liked)
        if disliked:
            scores = scores - DISLIKE * self._mean_scores(disliked)
        return np.round(scores, _DIGITS)

    def _mean_scores(self, films: Sequence[str]) -> npt.NDArray[np.float64]:
        total = np.zeros(len(self._similarity.arrays.films))
        for film in films:
            total += self._similarity.scores(film)
        return total / max(len(films), 1)

    def _few_per_director(
        self, films: Sequence[str], scores: npt.NDArray[np.float64], limit: int
    ) -> list[tuple[str, float]]:
        taken: list[tuple[str, float]] = []
        directed: Counter[str] = Counter()
        for place in best_places(scores, len(scores)):
            if len(taken) >= limit:
                break
            directors = self._paths.people(films[place], SCHEMA + "director")
            if all(directed[director] < SAME_DIRECTOR for director in directors):
                directed.update(directors)
                taken.append((films[place], float(scores[place])))
        return taken

    def _explained(
        self, found: Sequence[tuple[str, float]], liked: Sequence[str], disliked: Collection[str], reasons: int
    ) -> list[Recommendation]:
        films = [film for film, _ in found]
        paths = self._paths.from_any(liked, films, limit=reasons)
        titles = self._paths.titles(films)
        return [
            Recommendation(film, titles[film], score, tuple(paths[film]), self._objections(film, disliked))
            for film, score in found
        ]

    def _objections(self, film: str, disliked: Collection[str]) -> tuple[Objection, ...]:
        """Return the rarest craft that a film shares with disliked ones, in the order of IRIs."""
        idf = self._similarity.arrays.idf_of
        shared = [Objection(craft, other) for other in disliked for craft in self._similarity.shared_uses(film, other)]
        shared.sort(key=lambda objection: (-idf(objection.technique), objection.technique, objection.film))
        return tuple(sorted(shared[:OBJECTIONS], key=lambda objection: (objection.technique, objection.film)))


class _Walk:
    """The typed graph as a column-stochastic sparse matrix, films first."""

    def __init__(self, paths: PathIndex, rarity: Any) -> None:
        self.films = paths.films
        self.node_at = {film: place for place, film in enumerate(self.films)}
        rows, columns, weights = [], [], []
        for film, node, weight in _weighed(paths, rarity):
            here = self.node_at.setdefault(film, len(self.node_at))
            there = self.node_at.setdefault(node, len(self.node_at))
            rows += [here, there]
            columns += [there, here]
            weights += [weight, weight]
        size = len(self.node_at)
        matrix = sparse.csr_matrix((weights, (rows, columns)), shape=(size, size))
        degree = np.asarray(matrix.sum(axis=0)).ravel()
        self._dangling = degree == 0
        self._step = (matrix @ sparse.diags(1.0 / np.where(self._dangling, 1.0, degree))).tocsr()

    def rank(
        self, starts: Sequence[str], *, most_steps: int = 200, tolerance: float = 1e-12
    ) -> npt.NDArray[np.float64]:
        """Return each node's personalised PageRank from some films: shares that add up to 1."""
        start = np.zeros(len(self.node_at))
        places = [self.node_at[film] for film in starts if film in self.node_at]
        if not places:
            return start
        start[places] = 1.0 / len(places)
        rank = start.copy()
        for _ in range(most_steps):
            after = DAMPING * (self._step @ rank + rank[self._dangling].sum() * start) + (1 - DAMPING) * start
            change = np.abs(after - rank).sum()
            rank = after
            if change < tolerance:
                break
        ranks: npt.NDArray[np.float64] = rank
        return ranks


def _weighed(paths: PathIndex, rarity: Callable[[str], float]) -> Iterator[tuple[str, str, float]]:
    """Yield the links of the typed graph with their weights, those by critics scaled down to what they may weigh."""
    facts: dict[str, float] = defaultdict(float)
    heard: dict[str, float] = defaultdict(float)
    by_critics: list[tuple[str, str, float, tuple[str, ...]]] = []
    for film, node, kind in paths.links():
        weight = LINK_WEIGHTS[kind] * paths.agreement(film, node, kind)
        if kind not in ("praise", "comparison"):
            weight *= rarity(node) if kind == "technique" else 1.0
            facts[film] += weight
            yield film, node, weight
            continue
        weight *= paths.rarity_of_praise(node) if kind == "praise" else 1.0
        films: tuple[str, ...] = (film,) if kind == "praise" else (film, node)
        for each in films:
            heard[each] += weight
        by_critics.append((film, node, weight, films))
    for film, node, weight, films in by_critics:
        # A film of which nothing else is known has only its critics to go by.
        most = min(CRITICS * facts[each] / heard[each] if facts[each] else 1.0 for each in films)
        yield film, node, weight * min(most, 1.0)
