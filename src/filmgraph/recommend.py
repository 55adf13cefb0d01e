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

from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from filmgraph.arrays import Csr, GraphArrays, Table
from filmgraph.errors import NotFoundError, QueryError
from filmgraph.namespaces import SCHEMA
from filmgraph.paths import Path, PathIndex
from filmgraph.similarity import Similarity, SimilarityIndex, best_places
from filmgraph.voices import verdict_counts, wilson

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
    """Answers "what next, and why?", from the similarity and the path index of a graph.

    ``arrays`` gives the arrays of the graph: what :meth:`recommend` computes on, and :meth:`similar` never asks for.
    """

    def __init__(self, similarity: Similarity, paths: PathIndex, arrays: Callable[[], GraphArrays]) -> None:
        self._similarity = similarity
        self._paths = paths
        self._arrays = arrays

    @cached_property
    def _craft(self) -> SimilarityIndex:
        return SimilarityIndex(self._arrays().craft)

    @cached_property
    def _walk(self) -> _Walk:
        return _Walk(self._arrays())

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
        known = [films.at.get(film) for film in (*liked, *disliked, *seen)]
        scores[[place for place in known if place is not None]] = 0.0
        if method == "pagerank":
            best = scores.max(initial=0.0)
            scores = np.round(scores / best if best > 0 else scores, _SHARE_DIGITS)
        found = self._few_per_director(films, scores, limit)
        return self._explained(found, liked, disliked, reasons)

    def _scores(
        self, method: str, liked: Sequence[str], disliked: Sequence[str]
    ) -> tuple[Table, npt.NDArray[np.float64]]:
        if method == "craft":
            return self._craft.arrays.films, self._craft_scores(liked, disliked)
        scores = self._walk.rank(liked)
        if disliked:
            scores = scores - DISLIKE * self._walk.rank(disliked)
        return self._walk.films, scores

    def _craft_scores(self, liked: Sequence[str], disliked: Sequence[str]) -> npt.NDArray[np.float64]:
        scores = self._mean_scores(liked)
        if disliked:
            scores = scores - DISLIKE * self._mean_scores(disliked)
        return np.round(scores, _DIGITS)

    def _mean_scores(self, films: Sequence[str]) -> npt.NDArray[np.float64]:
        total = np.zeros(len(self._craft.arrays.films))
        for film in films:
            total += self._craft.scores(film)
        return total / max(len(films), 1)

    def _few_per_director(self, films: Table, scores: npt.NDArray[np.float64], limit: int) -> list[tuple[str, float]]:
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
        if not disliked:
            return ()
        idf = self._craft.arrays.idf_of
        shared = [Objection(craft, other) for other in disliked for craft in self._craft.shared_uses(film, other)]
        shared.sort(key=lambda objection: (-idf(objection.technique), objection.technique, objection.film))
        return tuple(sorted(shared[:OBJECTIONS], key=lambda objection: (objection.technique, objection.film)))


class _Walk:
    """The typed graph as a column-stochastic sparse matrix: films first, then concepts, people and genres."""

    def __init__(self, arrays: GraphArrays) -> None:
        from scipy import sparse

        self.films: Table = arrays.films
        self._is_film = arrays.is_film
        films, concepts, people = len(arrays.films), len(arrays.concepts), len(arrays.people)
        size = films + concepts + people + len(arrays.genres)
        here, there, weights = _weighed(arrays)
        rows, columns = np.concatenate([here, there]), np.concatenate([there, here])
        matrix = sparse.csr_matrix((np.concatenate([weights, weights]), (rows, columns)), shape=(size, size))
        degree = np.asarray(matrix.sum(axis=0)).ravel()
        self._dangling = degree == 0
        self._step = (matrix @ sparse.diags(1.0 / np.where(self._dangling, 1.0, degree))).tocsr()

    def rank(
        self, starts: Sequence[str], *, most_steps: int = 200, tolerance: float = 1e-12
    ) -> npt.NDArray[np.float64]:
        """Return each film's personalised PageRank from some films: of all nodes the shares add up to 1."""
        films = len(self.films)
        start = np.zeros(len(self._dangling))
        # What is only judged or compared is a film here where something leads to it.
        places = [place for film in starts if (place := self.films.at.get(film)) is not None and self._walked[place]]
        if not places:
            return start[:films]
        start[places] = 1.0 / len(places)
        rank = start.copy()
        for _ in range(most_steps):
            after = DAMPING * (self._step @ rank + rank[self._dangling].sum() * start) + (1 - DAMPING) * start
            change = np.abs(after - rank).sum()
            rank = after
            if change < tolerance:
                break
        return np.where(self._is_film, rank[:films], 0.0)

    @property
    def _walked(self) -> npt.NDArray[np.bool_]:
        walked: npt.NDArray[np.bool_] = self._is_film | ~self._dangling[: len(self.films)]
        return walked


_Links = tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.float64]]
"""Films, the nodes that they are linked to, and the weights of these links."""


def _weighed(arrays: GraphArrays) -> _Links:
    """Return the links of the typed graph with their weights, those by critics scaled down to what they may weigh."""
    facts = [
        _facts(arrays, "technique", arrays.uses, arrays.named_uses, _rarity(arrays)),
        _facts(arrays, "crew", arrays.credits, None, None),
        _facts(arrays, "genre", arrays.genre_rows, None, None),
    ]
    offsets = np.cumsum([len(arrays.films), len(arrays.concepts), len(arrays.people)]).tolist()
    links: list[_Links] = [
        (film, node + offset, weight) for (film, node, weight), offset in zip(facts, offsets, strict=True)
    ]
    films, praised, fond = _praise(arrays)
    one, two, agreed = _comparisons(arrays)
    size = len(arrays.films)
    known = sum((_added(film, weight, size) for film, _, weight in links), np.zeros(size))
    heard = _added(films, fond, size) + _added(one, agreed, size) + _added(two, agreed, size)
    # A film of which nothing else is known has only its critics to go by.
    most = np.where(known > 0, CRITICS * known / np.where(heard > 0, heard, 1.0), 1.0)
    links.append((films, praised + offsets[0], fond * np.minimum(most[films], 1.0)))
    links.append((one, two, agreed * np.minimum(np.minimum(most[one], most[two]), 1.0)))
    here, there, weights = (np.concatenate(column) for column in zip(*links, strict=True))
    return here, there, weights


def _added(films: npt.NDArray[np.int64], weights: npt.NDArray[np.float64], size: int) -> npt.NDArray[np.float64]:
    return np.bincount(films, weights=weights, minlength=size).astype(np.float64)


def _rarity(arrays: GraphArrays) -> npt.NDArray[np.float64]:
    """Return ln(1 + N / df) by concept, 0 of what is no technique."""
    craft, rarity = arrays.craft, np.zeros(len(arrays.concepts))
    rarity[[arrays.concepts.at[technique] for technique in craft.techniques]] = craft.idf
    return rarity


def _facts(arrays: GraphArrays, kind: str, rows: Csr, kept: Any, rarity: Any) -> _Links:
    """Return the links of a kind from each film that is typed as one."""
    film, node = rows.rows(), rows.indices.astype(np.int64)
    wanted = arrays.is_film[film] if kept is None else arrays.is_film[film] & kept
    film, node = film[wanted], node[wanted]
    weights = np.full(len(film), LINK_WEIGHTS[kind])
    return film, node, weights if rarity is None else weights * rarity[node]


def _praise(arrays: GraphArrays) -> _Links:
    """Return films and what they are praised for, weighing as critics agree and as it is rare."""
    spoken = arrays.spoken(np.flatnonzero(~arrays.said.aspect))
    width = max(len(arrays.concepts), 1)
    crafts, counts = verdict_counts(spoken.film.astype(np.int64) * width + spoken.about, spoken.voice, spoken.stance)
    praised = counts[:, 0] > 0
    film, concept = np.divmod(crafts[praised], width)
    agreement = np.array([wilson(*pair)[0] for pair in _shares(counts[praised])], np.float64)
    rarity = np.maximum(arrays.df, np.bincount(concept, minlength=width)[: len(arrays.df)])
    weights = LINK_WEIGHTS["praise"] * agreement * np.log1p(max(arrays.film_count, 2) / np.maximum(rarity, 1))[concept]
    typed = arrays.is_film[film]
    return film[typed], concept[typed], weights[typed]


def _shares(counts: npt.NDArray[np.int64]) -> list[tuple[int, int]]:
    """Return how many praise of how many who judge."""
    return list(zip(counts[:, 0].tolist(), counts[:, :3].sum(axis=1).tolist(), strict=True))


def _comparisons(arrays: GraphArrays) -> _Links:
    """Return pairs of films that critics compare, weighing k / (k + 1) for k of them."""
    table, width = arrays.comparisons, max(len(arrays.films), 1)
    rows = np.flatnonzero(table.named & (table.film != table.other))
    ends = np.sort(np.column_stack([table.film[rows], table.other[rows]]).astype(np.int64), axis=1)
    reviews = table.review[rows]
    pair = np.repeat(ends[:, 0] * width + ends[:, 1], arrays.review_voices.counts[reviews])
    voices = arrays.review_voices.taken(reviews).indices.astype(np.int64)
    once = np.unique(np.column_stack([pair, voices]), axis=0)[:, 0]
    pairs, critics = np.unique(once, return_counts=True)
    one, two = np.divmod(pairs, width)
    return one, two, LINK_WEIGHTS["comparison"] * (critics / (critics + 1))
