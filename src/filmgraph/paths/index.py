"""The index of what joins films, and the search for the best paths in it."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

from filmgraph.arrays import STEP_WEIGHT, steps_up
from filmgraph.errors import NotFoundError
from filmgraph.lookup import labels_of
from filmgraph.namespaces import FG, ROLES, SCHEMA, SKOS
from filmgraph.paths.critics import Compared, Praise, read_comparisons, read_praise
from filmgraph.paths.model import KIND_WEIGHTS, Edge, Path, Triple
from filmgraph.paths.words import tell
from filmgraph.voices import Voices

if TYPE_CHECKING:
    from filmgraph.stores import Store

__all__ = ["PathIndex"]

REPEAT = 0.5
VIA = 0.5
MIDDLES = 32
"""How many films between two others are looked at: those that the rarest things join to both."""

_GENRE = SCHEMA + "genre"


class PathIndex:
    """Finds paths between films, from an index of who and what joins them that is read once from a store."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._uses: dict[str, dict[str, str]] = defaultdict(dict)
        self._credits: dict[str, dict[str, list[str]]] = defaultdict(dict)
        self._genres: dict[str, set[str]] = defaultdict(set)
        self._praise: dict[str, dict[str, Praise]] = {}
        self._praised: Counter[str] = Counter()
        self._compared: dict[frozenset[str], Compared] = {}
        self._compared_with: dict[str, set[str]] = defaultdict(set)
        self._films_of: dict[str, set[str]] = defaultdict(set)
        self._films: set[str] = set()
        self._parents: dict[str, list[str]] = defaultdict(list)
        self._read()
        names = sorted({*self._parents, *(up for ups in self._parents.values() for up in ups)})
        nodes = {name: place for place, name in enumerate(names)}
        up = steps_up((nodes[low], nodes[high]) for low, highs in self._parents.items() for high in highs)
        self._up: dict[str, dict[str, int]] = {
            names[low]: {names[low]: 0, **{names[high]: steps for high, steps in highs.items()}}
            for low, highs in up.items()
        }
        self._df = self._count_techniques()

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
        found = self._direct(film, other)
        if all(path.kind == "genre" for path in found) or (wanted and "via" in wanted):
            found += self._through(film, other)
        if wanted is not None:
            found = [path for path in found if path.kind in wanted]
        return tell(self._store, _varied(found, limit))

    def between(self, film: str, others: Iterable[str], *, limit: int = 1) -> dict[str, list[Path]]:
        """Return the best paths from a film to each of several others, told with one look at the store."""
        found: dict[str, list[Path]] = {}
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

    @property
    def films(self) -> tuple[str, ...]:
        """The films of the graph, by IRI, sorted."""
        return tuple(sorted(self._films))

    def titles(self, films: Iterable[str]) -> dict[str, str]:
        """Return the titles of films."""
        return labels_of(self._store, films)

    def people(self, film: str, role: str) -> list[str]:
        """Return those who have a role, one of :data:`ROLES`, in a film."""
        return sorted(person for person, roles in self._credits.get(film, {}).items() if role in roles)

    def links(self) -> Iterator[tuple[str, str, str]]:
        """Yield what joins films as (film, node, kind), each once, in a fixed order.

        Kinds are ``technique``, ``crew``, ``praise`` and ``genre`` for a film and what it has, and ``comparison``
        for two films that critics compared.
        """
        for film in self.films:
            yield from ((film, technique, "technique") for technique in sorted(self._uses.get(film, ())))
            yield from ((film, person, "crew") for person in sorted(self._credits.get(film, ())))
            yield from ((film, technique, "praise") for technique in sorted(self._praise.get(film, ())))
            yield from ((film, genre, "genre") for genre in sorted(self._genres.get(film, ())))
        for one, two in sorted(map(sorted, self._compared)):
            yield one, two, "comparison"

    def agreement(self, film: str, node: str, kind: str) -> float:
        """Return how far critics agree on a link of :meth:`links`, from 0 to 1; 1 where it is not theirs to judge."""
        if kind == "praise":
            return self._praise[film][node].weight
        return self._compared[frozenset((film, node))].weight if kind == "comparison" else 1.0

    def rarity_of_praise(self, technique: str) -> float:
        """Return ln(1 + N / n) of a technique, n counting the films that have it or those that are praised for it."""
        return math.log1p(max(len(self._films), 2) / self._films_praised(technique))

    def _read(self) -> None:
        select = self._store.select
        for use, film, technique in _sorted(
            select(
                f"SELECT ?u ?f ?t WHERE {{ ?u <{FG}film> ?f ; <{FG}technique> ?t "
                "FILTER(isIRI(?u) && isIRI(?f) && isIRI(?t)) }"
            )
        ):
            self._uses[film].setdefault(technique, use)
            self._films_of[technique].add(film)
        predicates = " ".join(f"<{predicate}>" for predicate in (*ROLES, _GENRE))
        for film, predicate, value in _sorted(
            select(
                f"SELECT ?f ?p ?o WHERE {{ VALUES ?p {{ {predicates} }} ?f ?p ?o . ?f a <{FG}Film> "
                "FILTER(isIRI(?f) && isIRI(?o)) }"
            )
        ):
            if predicate == _GENRE:
                self._genres[film].add(value)
            else:
                self._credits[film].setdefault(value, []).append(predicate)
            self._films_of[value].add(film)
        voices = Voices(self._store)
        self._praise = read_praise(self._store, voices)
        self._praised.update(technique for praised in self._praise.values() for technique in praised)
        self._compared = read_comparisons(self._store, voices)
        for pair in self._compared:
            for film in pair:
                self._compared_with[film] |= pair - {film}
        self._films.update(film for (film,) in _sorted(select(f"SELECT ?f WHERE {{ ?f a <{FG}Film> }}")))
        for narrow, broad in _sorted(
            select(f"SELECT ?n ?b WHERE {{ ?n <{SKOS}broader> ?b . ?n a <{FG}Technique> . ?b a <{FG}Technique> }}")
        ):
            self._parents[narrow].append(broad)

    def _count_techniques(self) -> Counter[str]:
        """Count for each technique the films that use it or a narrower one."""
        counts: Counter[str] = Counter()
        for used in self._uses.values():
            counts.update({up for technique in used for up in self._ways_up(technique)})
        return counts

    def _films_praised(self, technique: str) -> int:
        return max(self._df[technique], self._praised[technique], 1)

    def _score(self, kind: str, films: int, closeness: float = 1.0) -> float:
        total = max(len(self._films), 2)
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
        mine, theirs = self._uses.get(film, {}), self._uses.get(other, {})
        paths = []
        for technique in mine.keys() & theirs.keys():
            edges = (
                Edge(film, technique, "uses", _use_triples(mine[technique], film, technique)),
                Edge(technique, other, "is used by", _use_triples(theirs[technique], other, technique)),
            )
            films = self._df[technique]
            paths.append(Path("technique", (film, other), edges, self._score("technique", films), films))
        return paths

    def _by_siblings(self, film: str, other: str) -> list[Path]:
        mine, theirs = self._uses.get(film, {}), self._uses.get(other, {})
        best: dict[str, tuple[int, str, str]] = {}
        for technique in mine.keys() - theirs.keys():
            ups = self._ways_up(technique)
            for sibling in theirs.keys() - mine.keys():
                downs = self._ways_up(sibling)
                low, high = sorted((technique, sibling))
                for parent in ups.keys() & downs.keys():
                    candidate = (ups[parent] + downs[parent], low, high)
                    best[parent] = min(best.get(parent, candidate), candidate)
        scored = sorted(
            (-self._score("sibling techniques", self._df[parent], STEP_WEIGHT ** (steps - 1)), parent, low, high)
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
            paths.append(Path("sibling techniques", (film, other), tuple(edges), -minus_score, self._df[parent]))
        return paths

    def _climb(self, technique: str, parent: str) -> list[str]:
        """Return the shortest way up from a technique to a broader one, both included."""
        way = [technique]
        while way[-1] != parent:
            way.append(min(self._parents[way[-1]], key=lambda up: (self._distance(up, parent), up)))
        return way

    def _distance(self, technique: str, parent: str) -> float:
        return self._ways_up(technique).get(parent, math.inf)

    def _ways_up(self, technique: str) -> dict[str, int]:
        """Return the fewest steps up from a technique to itself and to every broader one."""
        return self._up.get(technique) or {technique: 0}

    def _by_person(self, film: str, other: str) -> list[Path]:
        mine, theirs = self._credits.get(film, {}), self._credits.get(other, {})
        paths = []
        for person in mine.keys() & theirs.keys():
            common = [role for role in ROLES if role in mine[person] and role in theirs[person]]
            here, there = (common or mine[person])[0], (common or theirs[person])[0]
            kind = ROLES[here] if common else "crew"
            edges = (
                Edge(film, person, f"has the {ROLES[here]}", ((film, here, person),)),
                Edge(person, other, f"is the {ROLES[there]} of", ((other, there, person),)),
            )
            films = len(self._films_of[person])
            paths.append(Path(kind, (film, other), edges, self._score(kind, films), films))
        return paths

    def _by_comparison(self, film: str, other: str) -> list[Path]:
        found = self._compared.get(frozenset((film, other)))
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
        mine, theirs = self._praise.get(film, {}), self._praise.get(other, {})
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
        for genre in self._genres.get(film, set()) & self._genres.get(other, set()):
            edges = (
                Edge(film, genre, "has the genre", ((film, _GENRE, genre),)),
                Edge(genre, other, "is a genre of", ((other, _GENRE, genre),)),
            )
            films = len(self._films_of[genre])
            paths.append(Path("genre", (film, other), edges, self._score("genre", films), films))
        return paths

    def _through(self, film: str, other: str) -> list[Path]:
        """Return paths through one film that is joined to both by more than genre."""
        paths = []
        for middle in self._middles(film, other):
            first = [path for path in self._direct(film, middle) if path.kind != "genre"]
            second = [path for path in self._direct(middle, other) if path.kind != "genre"]
            if not first or not second:
                continue
            here, there = min(first, key=_rank), min(second, key=_rank)
            score = round(VIA * math.sqrt(here.score * there.score), 9)
            films = max(here.shared_by, there.shared_by)
            paths.append(Path("via", (film, middle, other), here.edges + there.edges, score, films))
        return paths

    def _middles(self, film: str, other: str) -> list[str]:
        """Return films that a technique, a person or a comparison joins to both, the rarest such pair first."""
        pairs = sorted(
            ((one, two) for one in self._joined(film) for two in self._joined(other)),
            key=lambda pair: (len(pair[0][1]) * len(pair[1][1]), sorted((pair[0][0], pair[1][0]))),
        )
        found: dict[str, None] = {}
        for (_here, mine), (_there, theirs) in pairs:
            found.update(dict.fromkeys(sorted((mine & theirs) - {film, other})))
            if len(found) >= MIDDLES:
                break
        return list(found)[:MIDDLES]

    def _joined(self, film: str) -> Iterator[tuple[str, set[str]]]:
        """Yield what a film has with the films that have it; for comparisons the film itself stands for it."""
        for node in (*self._uses.get(film, ()), *self._credits.get(film, ())):
            yield node, self._films_of[node]
        if film in self._compared_with:
            yield film, self._compared_with[film]


def _sorted(rows: Iterable[Sequence[object]]) -> list[tuple[str, ...]]:
    return sorted(tuple(str(value) for value in row) for row in rows)


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
