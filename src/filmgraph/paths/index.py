"""The index of what joins films, and the search for the best paths in it."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from functools import lru_cache, partial
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from filmgraph.arrays import STEP_WEIGHT, open_arrays
from filmgraph.errors import NotFoundError
from filmgraph.lookup import labels_of
from filmgraph.namespaces import FG, ROLES, SCHEMA, SKOS
from filmgraph.paths.arraylinks import ArrayLinks
from filmgraph.paths.links import Links
from filmgraph.paths.model import KIND_WEIGHTS, Edge, Path, Triple
from filmgraph.paths.words import tell

if TYPE_CHECKING:
    from filmgraph.paths.critics import Compared, Praise
    from filmgraph.stores import Store

__all__ = ["PathIndex"]

REPEAT = 0.5
VIA = 0.5
MIDDLES = 32
"""How many films between two others are looked at: those that the rarest things join to both."""

_GENRE = SCHEMA + "genre"


class _Way(NamedTuple):
    """What a path would be worth, and what makes it: most of those between a film and its neighbours are not told."""

    score: float
    path: Callable[[], Path]


class PathIndex:
    """Finds paths between films from what joins them, and tells them in words from a store.

    ``links`` says what joins films: arrays on a store of this machine, queries on an endpoint.
    """

    def __init__(self, links: Links, store: Store) -> None:
        self.links = links
        self._store = store

    @classmethod
    def of_store(cls, store: Store) -> PathIndex:
        """Return the index of a store, over its arrays."""
        return cls(ArrayLinks(open_arrays(store)), store)

    def best(self, film: str, other: str, *, limit: int = 5, kinds: Collection[str] | None = None) -> list[Path]:
        """Return the best paths between two films, by IRI, varied in kind, told in words.

        ``kinds`` keeps to some of :data:`KIND_WEIGHTS`, or to ``via``: paths through one film between them. Those
        are looked for where they are asked for, or where the films are joined by nothing but genre.

        Raises :class:`~filmgraph.errors.NotFoundError` for an unknown kind.
        """
        wanted = None if kinds is None else {kinds} if isinstance(kinds, str) else set(kinds)
        unknown = sorted((wanted or set()) - {*KIND_WEIGHTS, "via"})
        if unknown:
            known = ", ".join((*KIND_WEIGHTS, "via"))
            raise NotFoundError(f"There is no kind of path {unknown[0]!r}; the kinds are {known}.")
        if film == other:
            return []
        self.links.look_at([film], [other])
        found = self._direct(film, other)
        if all(path.kind == "genre" for path in found) or (wanted and "via" in wanted):
            found += self._through(film, other, limit)
        if wanted is not None:
            found = [path for path in found if path.kind in wanted]
        return tell(self._store, _varied(found, limit))

    def between(self, film: str, others: Iterable[str], *, limit: int = 1) -> dict[str, list[Path]]:
        """Return the best paths from a film to each of several others, told with one look at the store."""
        found: dict[str, list[Path]] = {}
        others = list(others)
        self.links.look_at([film], others)
        for other in others:
            direct = self._direct(film, other)
            if all(path.kind == "genre" for path in direct):
                direct += self._through(film, other, limit)
            found[other] = _varied(direct, limit)
        told = iter(tell(self._store, [path for paths in found.values() for path in paths]))
        return {other: [next(told) for _ in paths] for other, paths in found.items()}

    def from_any(self, films: Sequence[str], others: Iterable[str], *, limit: int = 1) -> dict[str, list[Path]]:
        """Return the best paths to each of several films from any of some, told with one look at the store.

        No two of them lead through the same technique, person or genre; where it joins several films alike, the path
        starts at the one that more joins. Siblings in the vocabulary, and then genre and ways through a third film,
        are looked for only where nothing better leads there from any of the films.
        """
        found: dict[str, list[Path]] = {}
        others = list(others)
        self.links.look_at(films, others)
        for other in others:
            starts = [film for film in films if film != other]
            ways = [way for film in starts for way in self._strong(film, other)]
            ways = ways or [way for film in starts for way in self._by_siblings(film, other)]
            paths = [way.path() for way in ways]
            if not paths:
                paths = [path for film in starts for path in self._by_genre(film, other)]
                paths += [path for film in starts[:MIDDLES] for path in self._through(film, other)]
            found[other] = _by_what_joins(paths)[: max(limit, 0)]
        told = iter(tell(self._store, [path for paths in found.values() for path in paths]))
        return {other: [next(told) for _ in paths] for other, paths in found.items()}

    def titles(self, films: Iterable[str]) -> dict[str, str]:
        """Return the titles of films."""
        return labels_of(self._store, films)

    def people(self, film: str, role: str) -> list[str]:
        """Return those who have a role, one of :data:`ROLES`, in a film."""
        return sorted(person for person, roles in self.links.credits(film).items() if role in roles)

    def _films_praised(self, technique: str) -> int:
        return max(self.links.df(technique), self.links.praised(technique), 1)

    def _score(self, kind: str, films: int, closeness: float = 1.0) -> float:
        return round(KIND_WEIGHTS[kind] * closeness * _rarity(max(films, 1), max(self.links.film_count, 2)), 9)

    def _direct(self, film: str, other: str) -> list[Path]:
        ways = [*self._strong(film, other), *self._by_siblings(film, other)]
        return [*(way.path() for way in ways), *self._by_genre(film, other)]

    def _strong(self, film: str, other: str) -> list[_Way]:
        return [
            *self._by_technique(film, other),
            *self._by_person(film, other),
            *self._by_comparison(film, other),
            *self._by_praise(film, other),
        ]

    def _by_technique(self, film: str, other: str) -> list[_Way]:
        mine, theirs = self.links.uses(film), self.links.uses(other)
        ways = []
        for technique in mine.keys() & theirs.keys():
            films = self.links.df(technique)
            score = self._score("technique", films)
            ways.append(_Way(score, partial(self._technique_path, film, other, technique, score, films)))
        return ways

    def _technique_path(self, film: str, other: str, technique: str, score: float, films: int) -> Path:
        mine, theirs = self.links.uses(film), self.links.uses(other)
        edges = (
            Edge(film, technique, "uses", _use_triples(mine[technique], film, technique)),
            Edge(technique, other, "is used by", _use_triples(theirs[technique], other, technique)),
        )
        return Path("technique", (film, other), edges, score, films)

    def _by_siblings(self, film: str, other: str, *, least: float = 0.0) -> list[_Way]:
        """Return the ways through siblings in the vocabulary; none where it is plain that all are worth less."""
        mine, theirs = self.links.uses(film), self.links.uses(other)
        here = {technique: self.links.ways_up(technique) for technique in mine.keys() - theirs.keys()}
        there = {technique: self.links.ways_up(technique) for technique in theirs.keys() - mine.keys()}
        shared = set().union(*here.values()) & set().union(*there.values())
        worth = {parent: self._score("sibling techniques", self.links.df(parent)) for parent in shared}
        if max(worth.values(), default=-1.0) < least:
            return []
        best: dict[str, tuple[int, str, str]] = {}
        for technique, ups in here.items():
            for sibling, downs in there.items():
                low, high = sorted((technique, sibling))
                for parent in ups.keys() & downs.keys():
                    candidate = (ups[parent] + downs[parent], low, high)
                    best[parent] = min(best.get(parent, candidate), candidate)
        scored = sorted(
            (-self._score("sibling techniques", self.links.df(parent), STEP_WEIGHT ** (steps - 1)), parent, low, high)
            for parent, (steps, low, high) in best.items()
        )
        ways: dict[tuple[str, str], _Way] = {}
        for minus_score, parent, low, high in scored:
            ends = (low, high) if low in mine else (high, low)
            path = partial(self._sibling_path, film, other, ends, parent, -minus_score)
            ways.setdefault((low, high), _Way(-minus_score, path))
        return list(ways.values())

    def _sibling_path(self, film: str, other: str, ends: tuple[str, str], parent: str, score: float) -> Path:
        mine, theirs = self.links.uses(film), self.links.uses(other)
        technique, sibling = ends
        edges = [Edge(film, technique, "uses", _use_triples(mine[technique], film, technique))]
        up_here, up_there = self._climb(technique, parent), self._climb(sibling, parent)
        edges += [Edge(low, high, "is a kind of", ((low, SKOS + "broader", high),)) for low, high in pairwise(up_here)]
        edges += [
            Edge(high, low, "has the kind", ((low, SKOS + "broader", high),))
            for high, low in pairwise(reversed(up_there))
        ]
        edges.append(Edge(sibling, other, "is used by", _use_triples(theirs[sibling], other, sibling)))
        return Path("sibling techniques", (film, other), tuple(edges), score, self.links.df(parent))

    def _climb(self, technique: str, parent: str) -> list[str]:
        """Return the shortest way up from a technique to a broader one, both included."""
        way = [technique]
        while way[-1] != parent:
            way.append(min(self.links.parents[way[-1]], key=lambda up: (self._distance(up, parent), up)))
        return way

    def _distance(self, technique: str, parent: str) -> float:
        return self.links.ways_up(technique).get(parent, math.inf)

    def _by_person(self, film: str, other: str) -> list[_Way]:
        mine, theirs = self.links.credits(film), self.links.credits(other)
        ways = []
        for person in mine.keys() & theirs.keys():
            common = [role for role in ROLES if role in mine[person] and role in theirs[person]]
            roles = (common or mine[person])[0], (common or theirs[person])[0]
            kind = ROLES[roles[0]] if common else "crew"
            films = self.links.count_of(person)
            score = self._score(kind, films)
            ways.append(_Way(score, partial(_person_path, kind, film, other, person, roles, score, films)))
        return ways

    def _by_comparison(self, film: str, other: str) -> list[_Way]:
        found = self.links.compared(film, other)
        if found is None:
            return []
        score = self._score("comparison", 2, found.weight)
        return [_Way(score, partial(_comparison_path, film, other, found, score))]

    def _by_praise(self, film: str, other: str) -> list[_Way]:
        mine, theirs = self.links.praise(film), self.links.praise(other)
        ways = []
        for technique in mine.keys() & theirs.keys():
            here, there = mine[technique], theirs[technique]
            films = self._films_praised(technique)
            score = self._score("praise", films, math.sqrt(here.weight * there.weight))
            ways.append(_Way(score, partial(_praise_path, film, other, technique, (here, there), score, films)))
        return ways

    def _by_genre(self, film: str, other: str) -> list[Path]:
        paths = []
        for genre in self.links.genres(film) & self.links.genres(other):
            edges = (
                Edge(film, genre, "has the genre", ((film, _GENRE, genre),)),
                Edge(genre, other, "is a genre of", ((other, _GENRE, genre),)),
            )
            films = self.links.count_of(genre)
            paths.append(Path("genre", (film, other), edges, self._score("genre", films), films))
        return paths

    def _through(self, film: str, other: str, limit: int | None = None) -> list[Path]:
        """Return paths through one film that is joined to both by more than genre, the best ones with a limit."""
        ways = []
        for middle in self.links.middles(film, other, MIDDLES):
            first, second = self._joining(film, middle), self._joining(middle, other)
            if first and second:
                score = round(VIA * math.sqrt(_most(first) * _most(second)), 9)
                ways.append((-score, middle, first, second))
        return [
            _via_path((film, middle, other), _best_of(first), _best_of(second), -minus_score)
            for minus_score, middle, first, second in sorted(ways, key=lambda way: way[:2])[:limit]
        ]

    def _joining(self, film: str, other: str) -> list[_Way]:
        """Return what joins two films by more than genre, without siblings that are worth less than the best of it."""
        strong = self._strong(film, other)
        return [*strong, *self._by_siblings(film, other, least=_most(strong))]


def _most(ways: Iterable[_Way]) -> float:
    return max((way.score for way in ways), default=0.0)


def _best_of(ways: Sequence[_Way]) -> Path:
    most = _most(ways)
    return min((way.path() for way in ways if way.score == most), key=_rank)


def _via_path(films: tuple[str, str, str], here: Path, there: Path, score: float) -> Path:
    return Path("via", films, here.edges + there.edges, score, max(here.shared_by, there.shared_by))


def _person_path(
    kind: str, film: str, other: str, person: str, roles: tuple[str, str], score: float, films: int
) -> Path:
    here, there = roles
    edges = (
        Edge(film, person, f"has the {ROLES[here]}", ((film, here, person),)),
        Edge(person, other, f"is the {ROLES[there]} of", ((other, there, person),)),
    )
    return Path(kind, (film, other), edges, score, films)


def _comparison_path(film: str, other: str, found: Compared, score: float) -> Path:
    there = other if found.about == film else film
    edges = (
        Edge(found.about, found.review, "is reviewed in", found.claimed),
        Edge(found.review, there, "compares it to", found.comparing),
    )
    if found.about != film:
        edges = (_turned(edges[1]), _turned(edges[0]))
    return Path("comparison", (film, other), edges, score, 2, critics=((found.critics, found.critics),))


def _praise_path(
    film: str, other: str, technique: str, praise: tuple[Praise, Praise], score: float, films: int
) -> Path:
    here, there = praise
    edges = (
        Edge(film, technique, "is praised for", here.triples),
        Edge(technique, other, "is praised in", there.triples),
    )
    critics = tuple((each.tally.praise, each.tally.judges) for each in praise)
    return Path("praise", (film, other), edges, score, films, critics=critics)


@lru_cache(4096)
def _rarity(films: int, total: int) -> float:
    return math.log1p(total / films) / math.log1p(total)


def _rank(path: Path) -> tuple[float, str, tuple[str, ...], tuple[str, ...]]:
    """Return the key that sorts paths: a tie between kinds falls alike in both directions."""
    return -path.score, path.kind, path.films, tuple(edge.target for edge in path.edges)


def _varied(paths: Iterable[Path], limit: int) -> list[Path]:
    """Return the best paths, each further one of a kind at half its score; ties in the order of IRIs."""
    left = sorted(paths, key=_rank)
    taken: list[Path] = []
    times: Counter[str] = Counter()
    while left and len(taken) < limit:
        best = min(left, key=lambda path: (-path.score * REPEAT ** times[path.kind], _rank(path)))
        left.remove(best)
        taken.append(best)
        times[best.kind] += 1
    return taken


def _by_what_joins(paths: Sequence[Path]) -> list[Path]:
    """Return the best path through each thing that joins, best first; of equals one from the film with more to it."""
    ties: Counter[str] = Counter()
    for path in paths:
        ties[path.films[0]] += round(path.score * 1e6)
    best: dict[str, Path] = {}
    for path in sorted(paths, key=lambda path: (-path.score, -ties[path.films[0]], _rank(path))):
        best.setdefault(path.edges[0].target, path)
    return list(best.values())


def _use_triples(use: str, film: str, technique: str) -> tuple[Triple, ...]:
    return (use, FG + "film", film), (use, FG + "technique", technique)


def _turned(edge: Edge) -> Edge:
    labels = {"is reviewed in": "reviews", "compares it to": "is compared in"}
    return Edge(edge.target, edge.source, labels[edge.label], edge.triples)
