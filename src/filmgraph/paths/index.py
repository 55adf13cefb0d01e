"""The index of what joins films, and the search for the best paths in it."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

from filmgraph.arrays import STEP_WEIGHT, open_arrays
from filmgraph.errors import NotFoundError
from filmgraph.lookup import labels_of
from filmgraph.namespaces import FG, ROLES, SCHEMA, SKOS
from filmgraph.paths.arraylinks import ArrayLinks
from filmgraph.paths.links import Links
from filmgraph.paths.model import KIND_WEIGHTS, Edge, Path, Triple
from filmgraph.paths.words import tell

if TYPE_CHECKING:
    from filmgraph.stores import Store

__all__ = ["PathIndex"]

REPEAT = 0.5
VIA = 0.5
MIDDLES = 32
"""How many films between two others are looked at: those that the rarest things join to both."""

_GENRE = SCHEMA + "genre"


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
            found += self._through(film, other)
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
                direct += self._through(film, other)
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
            ways = [path for film in starts for path in self._strong(film, other)]
            ways = ways or [path for film in starts for path in self._by_siblings(film, other)]
            if not ways:
                ways = [path for film in starts for path in self._by_genre(film, other)]
                ways += [path for film in starts[:MIDDLES] for path in self._through(film, other)]
            found[other] = _by_what_joins(ways)[: max(limit, 0)]
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
        total = max(self.links.film_count, 2)
        rarity = math.log1p(total / max(films, 1)) / math.log1p(total)
        return round(KIND_WEIGHTS[kind] * closeness * rarity, 9)

    def _direct(self, film: str, other: str) -> list[Path]:
        return [*self._strong(film, other), *self._by_siblings(film, other), *self._by_genre(film, other)]

    def _strong(self, film: str, other: str) -> list[Path]:
        return [
            *self._by_technique(film, other),
            *self._by_person(film, other),
            *self._by_comparison(film, other),
            *self._by_praise(film, other),
        ]

    def _by_technique(self, film: str, other: str) -> list[Path]:
        mine, theirs = self.links.uses(film), self.links.uses(other)
        paths = []
        for technique in mine.keys() & theirs.keys():
            edges = (
                Edge(film, technique, "uses", _use_triples(mine[technique], film, technique)),
                Edge(technique, other, "is used by", _use_triples(theirs[technique], other, technique)),
            )
            films = self.links.df(technique)
            paths.append(Path("technique", (film, other), edges, self._score("technique", films), films))
        return paths

    def _by_siblings(self, film: str, other: str) -> list[Path]:
        mine, theirs = self.links.uses(film), self.links.uses(other)
        best: dict[str, tuple[int, str, str]] = {}
        for technique in mine.keys() - theirs.keys():
            ups = self.links.ways_up(technique)
            for sibling in theirs.keys() - mine.keys():
                downs = self.links.ways_up(sibling)
                low, high = sorted((technique, sibling))
                for parent in ups.keys() & downs.keys():
                    candidate = (ups[parent] + downs[parent], low, high)
                    best[parent] = min(best.get(parent, candidate), candidate)
        scored = sorted(
            (-self._score("sibling techniques", self.links.df(parent), STEP_WEIGHT ** (steps - 1)), parent, low, high)
            for parent, (steps, low, high) in best.items()
        )
        paths = []
        seen: set[tuple[str, str]] = set()
        for minus_score, parent, low, high in scored:
            if (low, high) in seen:
                continue
            seen.add((low, high))
            technique, sibling = (low, high) if low in mine else (high, low)
            edges = [Edge(film, technique, "uses", _use_triples(mine[technique], film, technique))]
            up_here, up_there = self._climb(technique, parent), self._climb(sibling, parent)
            edges += [
                Edge(low, high, "is a kind of", ((low, SKOS + "broader", high),)) for low, high in pairwise(up_here)
            ]
            edges += [
                Edge(high, low, "has the kind", ((low, SKOS + "broader", high),))
                for high, low in pairwise(reversed(up_there))
            ]
            edges.append(Edge(sibling, other, "is used by", _use_triples(theirs[sibling], other, sibling)))
            paths.append(Path("sibling techniques", (film, other), tuple(edges), -minus_score, self.links.df(parent)))
        return paths

    def _climb(self, technique: str, parent: str) -> list[str]:
        """Return the shortest way up from a technique to a broader one, both included."""
        way = [technique]
        while way[-1] != parent:
            way.append(min(self.links.parents[way[-1]], key=lambda up: (self._distance(up, parent), up)))
        return way

    def _distance(self, technique: str, parent: str) -> float:
        return self.links.ways_up(technique).get(parent, math.inf)

    def _by_person(self, film: str, other: str) -> list[Path]:
        mine, theirs = self.links.credits(film), self.links.credits(other)
        paths = []
        for person in mine.keys() & theirs.keys():
            common = [role for role in ROLES if role in mine[person] and role in theirs[person]]
            here, there = (common or mine[person])[0], (common or theirs[person])[0]
            kind = ROLES[here] if common else "crew"
            edges = (
                Edge(film, person, f"has the {ROLES[here]}", ((film, here, person),)),
                Edge(person, other, f"is the {ROLES[there]} of", ((other, there, person),)),
            )
            films = self.links.count_of(person)
            paths.append(Path(kind, (film, other), edges, self._score(kind, films), films))
        return paths

    def _by_comparison(self, film: str, other: str) -> list[Path]:
        found = self.links.compared(film, other)
        if found is None:
            return []
        there = other if found.about == film else film
        edges = (
            Edge(found.about, found.review, "is reviewed in", found.claimed),
            Edge(found.review, there, "compares it to", found.comparing),
        )
        if found.about != film:
            edges = (_turned(edges[1]), _turned(edges[0]))
        score = self._score("comparison", 2, found.weight)
        return [Path("comparison", (film, other), edges, score, 2, critics=((found.critics, found.critics),))]

    def _by_praise(self, film: str, other: str) -> list[Path]:
        mine, theirs = self.links.praise(film), self.links.praise(other)
        paths = []
        for technique in mine.keys() & theirs.keys():
            here, there = mine[technique], theirs[technique]
            edges = (
                Edge(film, technique, "is praised for", here.triples),
                Edge(technique, other, "is praised in", there.triples),
            )
            films = self._films_praised(technique)
            score = self._score("praise", films, math.sqrt(here.weight * there.weight))
            critics = tuple((each.tally.praise, each.tally.judges) for each in (here, there))
            paths.append(Path("praise", (film, other), edges, score, films, critics=critics))
        return paths

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

    def _through(self, film: str, other: str) -> list[Path]:
        """Return paths through one film that is joined to both by more than genre."""
        paths = []
        for middle in self.links.middles(film, other, MIDDLES):
            first = [path for path in self._direct(film, middle) if path.kind != "genre"]
            second = [path for path in self._direct(middle, other) if path.kind != "genre"]
            if not first or not second:
                continue
            here, there = min(first, key=_rank), min(second, key=_rank)
            score = round(VIA * math.sqrt(here.score * there.score), 9)
            films = max(here.shared_by, there.shared_by)
            paths.append(Path("via", (film, middle, other), here.edges + there.edges, score, films))
        return paths


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
