"""What joins films, asked of an endpoint: all about some films in one question, and counts of what joins them.

Who is about to look for paths says so (:meth:`RemoteLinks.look_at`), so that a path between two films costs a handful
of questions, not one for each thing that they share. Films in between are found by the engine.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from functools import cached_property
from itertools import product
from typing import TYPE_CHECKING, TypeVar

from filmgraph.arrays.remote import RemoteCraft
from filmgraph.lookup import values_of
from filmgraph.namespaces import FG, slug_of
from filmgraph.paths.critics import Compared, Praise, comparison_of, praise_of
from filmgraph.paths.questions import GENRE, HAS, SIGNED_BY, all_about, praised_of, shared, those_with
from filmgraph.voices import Naming, Said

if TYPE_CHECKING:
    from filmgraph.stores import Store

__all__ = ["RemoteLinks"]

T = TypeVar("T")


_MOST_KEPT = 4096
"""Of how many films what they have is kept at hand."""

_MOST_NOTED = 50_000
"""Of how many things what was counted, and of how many reviews who speaks in them, is kept at hand."""

_FILMS_AT_ONCE = 50
_NODES_AT_ONCE = 200
_PAIRS_AT_ONCE = 100
_MOST_COMMON = 20_000
"""The most films that may be the answer where films in between are asked for."""

_ENOUGH = 2
_FEW = 100
"""What at most so many films have is looked up film by film; of the rest the engine joins pairs."""

_End = tuple[str, AbstractSet[str] | None]
_Pair = tuple[_End, _End]


@dataclass
class _Film:
    """What is known of a film; ``said`` is what is said of techniques in it, ``compared`` comparisons either way."""

    uses: dict[str, str] = field(default_factory=dict)
    credits: dict[str, list[str]] = field(default_factory=dict)
    genres: set[str] = field(default_factory=set)
    said: set[tuple[str, str, str, str]] = field(default_factory=set)
    compared: set[tuple[str, str, str, str]] = field(default_factory=set)

    def take(self, row: tuple[str, ...]) -> None:
        """Take in one row of what is asked: what is empty in it tells what it says."""
        name, use, technique, predicate, value, claim, review, about, stance, other, here = row
        if use:
            self.uses.setdefault(technique, use)
        elif predicate == GENRE:
            self.genres.add(value)
        elif predicate:
            self.credits.setdefault(value, []).append(predicate)
        elif about:
            self.said.add((claim, review, about, slug_of(stance).lower()))
        elif other:
            self.compared.add((claim, review, name, other))
        elif here:
            self.compared.add((claim, review, here, name))


class RemoteLinks:
    """The :class:`~filmgraph.paths.links.Links` of an endpoint; what was asked for once is kept."""

    def __init__(self, store: Store, *, craft: RemoteCraft | None = None) -> None:
        self._store = store
        self._craft = craft or RemoteCraft(store)
        self._films: dict[str, _Film] = {}
        self._voices: dict[str, Naming] = {}
        self._counts: dict[str, int] = {}
        self._praised: dict[str, int] = {}

    @cached_property
    def film_count(self) -> int:
        """How many films the graph has."""
        rows = self._store.select(
            f"SELECT (COUNT(*) AS ?n) WHERE {{ {{ SELECT DISTINCT ?f WHERE {{ ?f a <{FG}Film> }} }} }}"
        )
        return int(str(next(iter(rows))[0]))

    @property
    def parents(self) -> Mapping[str, Sequence[str]]:
        """Technique to the broader techniques right above it, sorted; categories are left out."""
        return self._craft.parents

    def look_at(self, films: Collection[str], others: Collection[str]) -> None:
        """Ask for all that paths from some films to others may need, in a handful of questions."""
        known = self._read({*films, *others})
        pairs = [(film, other) for film in films for other in others if film != other]
        nodes: set[str] = set()
        praised: set[str] = set()
        crafts: set[str] = set()
        for film, other in pairs:
            mine, theirs = known[film], known[other]
            nodes |= (mine.credits.keys() & theirs.credits.keys()) | (mine.genres & theirs.genres)
            praised |= self.praise(film).keys() & self.praise(other).keys()
            crafts |= mine.uses.keys() & theirs.uses.keys()
            crafts |= self._above(mine.uses.keys() - theirs.uses.keys()) & self._above(
                theirs.uses.keys() - mine.uses.keys()
            )
        self._craft.counts(sorted(crafts | praised))
        self._count(nodes)
        self._count_praised(praised)

    def uses(self, film: str) -> Mapping[str, str]:
        """Return the techniques of a film, each with its use (of several the first), in the order of the uses."""
        return self._of(film).uses

    def credits(self, film: str) -> Mapping[str, Sequence[str]]:
        """Return the people of a film, each with the predicates of their roles, sorted; by predicate and person."""
        return self._of(film).credits

    def genres(self, film: str) -> AbstractSet[str]:
        """Return the genres of a film."""
        return self._of(film).genres

    def praise(self, film: str) -> Mapping[str, Praise]:
        """Return the techniques that at least one critic praises a film for, by IRI."""
        return praise_of(
            Said(claim, review, film, FG + "aboutTechnique", about, stance, self._naming(review))
            for claim, review, about, stance in sorted(self._of(film).said)
        )

    def compared(self, film: str, other: str) -> Compared | None:
        """Return the critics who compare two films, None where nobody does; the same in both directions."""
        rows = sorted(row for row in self._of(film).compared if film != other and {row[2], row[3]} == {film, other})
        return comparison_of((*row, self._naming(row[1])) for row in rows) if rows else None

    def compared_with(self, film: str) -> AbstractSet[str]:
        """Return the films that critics compare with a film."""
        return {end for row in self._of(film).compared for end in row[2:]} - {film}

    def films_of(self, node: str) -> AbstractSet[str]:
        """Return the films that use a technique itself, credit a person or are of a genre."""
        return {str(film) for _, film in self._store.select(those_with("?n ?f", [node]))}

    def count_of(self, node: str) -> int:
        """Return how many films :meth:`films_of` has."""
        known = self._counts
        return known[node] if node in known else self._count((node,))[node]

    def df(self, technique: str) -> int:
        """Return how many films use a technique or a narrower one."""
        return self._craft.df(technique)

    def praised(self, technique: str) -> int:
        """Return how many films are praised for a technique."""
        known = self._praised
        return known[technique] if technique in known else self._count_praised((technique,))[technique]

    def ways_up(self, technique: str) -> Mapping[str, int]:
        """Return the fewest steps up from a technique to itself (0) and to every broader one."""
        return self._craft.ways_up(technique)

    def middles(self, film: str, other: str, most: int) -> list[str]:
        """Return films that a technique, a person or a comparison joins to both, the rarest such pair first."""
        self._read((film, other))
        mine, theirs = self._joined(film), self._joined(other)
        self._count({name for name, among in (*mine, *theirs) if among is None})
        pairs = sorted(
            product(mine, theirs),
            key=lambda pair: (self._size(*pair[0]) * self._size(*pair[1]), sorted((pair[0][0], pair[1][0]))),
        )
        found: dict[str, None] = {}
        for some in self._batches(pairs, most):
            for common in self._common(some, 2 * most + 2):
                found.update((name, None) for name in sorted(common) if name not in (film, other))
                if len(found) >= most:
                    break
            if len(found) >= most:
                break
        middles = list(found)[:most]
        self.look_at((film, other), middles)
        return middles

    def _of(self, film: str) -> _Film:
        return self._read((film,))[film]

    def _above(self, techniques: Iterable[str]) -> set[str]:
        return {up for technique in techniques for up in self._craft.ways_up(technique)}

    def _read(self, films: Collection[str]) -> Mapping[str, _Film]:
        """Return films that are known, these among them: what is not known yet is asked for, some at once."""
        known = self._films
        unknown = sorted(set(films) - known.keys())
        if not unknown:
            return known
        # Made aside: another thread must not meet a film of which half is known, nor miss one that it has read.
        found = {film: _Film() for film in unknown}
        for start in range(0, len(unknown), _FILMS_AT_ONCE):
            named = values_of(unknown[start : start + _FILMS_AT_ONCE])
            if named:
                rows = self._store.select(all_about(named))
                for row in sorted(tuple("" if value is None else str(value) for value in row) for row in rows):
                    found[row[0]].take(row)
        self._hear({row[1] for film in found.values() for row in (*film.said, *film.compared)})
        if len(known) > _MOST_KEPT:
            known = {film: known[film] for film in films if film in known}
        self._films = known = {**known, **found}
        return known

    def _hear(self, reviews: Collection[str]) -> Mapping[str, Naming]:
        """Return the voices of reviews: their critics, else their publication, else they speak for themselves."""
        known = self._voices
        unknown = sorted(set(reviews) - known.keys())
        found: dict[str, Naming] = {}
        signed: dict[tuple[str, str], set[str]] = defaultdict(set)
        for start in range(0, len(unknown), _NODES_AT_ONCE):
            named = values_of(unknown[start : start + _NODES_AT_ONCE])
            for review, predicate, who in self._store.select(
                f"SELECT ?r ?p ?w WHERE {{ VALUES ?r {{ {named} }} "
                f"VALUES ?p {{ <{SIGNED_BY[0]}> <{SIGNED_BY[1]}> }} ?r ?p ?w }}"
            ):
                signed[str(review), str(predicate)].add(str(who))
        for review in unknown:
            by = next((predicate for predicate in SIGNED_BY if (review, predicate) in signed), None)
            who_signed = sorted(signed[review, by]) if by else []
            found[review] = {voice: (review, by, voice) for voice in who_signed} if by else {review: None}
        self._voices = known = _noted(known, found, reviews)
        return known

    def _naming(self, review: str) -> Naming:
        known = self._voices
        return known[review] if review in known else self._hear((review,))[review]

    def _count(self, nodes: Collection[str]) -> Mapping[str, int]:
        known = self._counts
        unknown = sorted(set(nodes) - known.keys())
        counts = dict.fromkeys(unknown, 0)
        for start in range(0, len(unknown), _NODES_AT_ONCE):
            each = those_with("DISTINCT ?n ?f", unknown[start : start + _NODES_AT_ONCE])
            rows = self._store.select(f"SELECT ?n (COUNT(*) AS ?k) WHERE {{ {{ {each} }} }} GROUP BY ?n")
            counts.update((str(node), int(str(count))) for node, count in rows)
        self._counts = known = _noted(known, counts, nodes)
        return known

    def _count_praised(self, techniques: Collection[str]) -> Mapping[str, int]:
        known = self._praised
        unknown = sorted(set(techniques) - known.keys())
        counts = dict.fromkeys(unknown, 0)
        for start in range(0, len(unknown), _NODES_AT_ONCE):
            rows = self._store.select(praised_of(values_of(unknown[start : start + _NODES_AT_ONCE])))
            counts.update((str(technique), int(str(films))) for technique, films in rows)
        self._praised = known = _noted(known, counts, techniques)
        return known

    def _joined(self, film: str) -> list[_End]:
        """Return what joins a film to others; for comparisons the film itself, with those it is compared with."""
        compared = self.compared_with(film)
        nodes: list[_End] = [(name, None) for name in (*self.uses(film), *self.credits(film))]
        return [*nodes, (film, compared)] if compared else nodes

    def _size(self, name: str, among: AbstractSet[str] | None) -> int:
        return self.count_of(name) if among is None else len(among)

    def _batches(self, pairs: Sequence[_Pair], most: int) -> Iterator[Sequence[_Pair]]:
        """Yield pairs to ask for at once: as many as will do if chance decides, and no more than an answer may hold."""
        some: list[_Pair] = []
        rows, likely = 0, 0.0
        for pair in pairs:
            sizes = [self._size(*end) for end in pair]
            if some and (likely > _ENOUGH * most or rows + min(sizes) > _MOST_COMMON or len(some) == _PAIRS_AT_ONCE):
                yield some
                some, rows, likely = [], 0, 0.0
            some.append(pair)
            rows += min(sizes)
            likely += sizes[0] * sizes[1] / max(self.film_count, 1)
        if some:
            yield some

    def _common(self, pairs: Sequence[_Pair], most: int) -> Iterator[AbstractSet[str]]:
        """Yield for each pair the films that both have: all of them, or the first by IRI where they may be many."""
        names = {name for pair in pairs for name, among in pair if among is None}
        at_hand = self._films_with({name for name in names if self.count_of(name) <= _FEW})
        ends = [[at_hand.get(name) if among is None else among for name, among in pair] for pair in pairs]
        having: dict[str, set[str]] = defaultdict(set)
        for pair, films in zip(pairs, ends, strict=True):
            for (name, _), here, there in zip(pair, films, reversed(films), strict=True):
                if here is None and there is not None:
                    having[name].update(there)
        found = self._having(having)
        far = [pair for pair, films in zip(pairs, ends, strict=True) if films == [None, None]]
        joined = self._joined_to_both(far, most)
        for pair, films in zip(pairs, ends, strict=True):
            if films == [None, None]:
                yield joined[pair[0][0], pair[1][0]]
                continue
            sets = [found[name] if here is None else here for (name, _), here in zip(pair, films, strict=True)]
            yield {*sets[0]} & {*sets[1]}

    def _films_with(self, nodes: Collection[str]) -> dict[str, set[str]]:
        """Return the films that have each of some things, which few have."""
        found: dict[str, set[str]] = {node: set() for node in nodes}
        if nodes:
            for node, film in self._store.select(those_with("DISTINCT ?n ?f", nodes)):
                found[str(node)].add(str(film))
        return found

    def _having(self, wanted: Mapping[str, Collection[str]]) -> Mapping[str, AbstractSet[str]]:
        """Return for each of some things those of some films that have it."""
        found: dict[str, set[str]] = {node: set() for node in wanted}
        films = sorted({film for among in wanted.values() for film in among})
        nodes = ", ".join(values_of(wanted).split())
        for start in range(0, len(films), _NODES_AT_ONCE):
            named = f"VALUES ?f {{ {values_of(films[start : start + _NODES_AT_ONCE])} }}"
            for node, film in self._store.select(
                f"SELECT DISTINCT ?n ?f WHERE {{ {{ {named} ?u <{FG}film> ?f ; <{FG}technique> ?n "
                f"FILTER(?n IN ({nodes})) }} UNION {{ {named} VALUES ?p {{ {HAS} }} ?f a <{FG}Film> ; ?p ?n "
                f"FILTER(?n IN ({nodes})) }} }}"
            ):
                found[str(node)].add(str(film))
        return found

    def _joined_to_both(self, pairs: Sequence[_Pair], most: int) -> Mapping[tuple[str, str], AbstractSet[str]]:
        """Return the films that have both of two things which many have, the first by IRI for a single pair."""
        asked: dict[tuple[str, str], list[str]] = defaultdict(list)
        for place, ((here, _), (there, _)) in enumerate(pairs):
            # The engine begins with what fewer films have.
            one, two = sorted((here, there), key=lambda name: (self.count_of(name), name))
            asked[self._kind(one), self._kind(two)].append(f"({place} <{one}> <{two}>)")
        found: list[set[str]] = [set() for _ in pairs]
        if asked:
            parts = " } UNION { ".join(shared(*kinds, " ".join(rows)) for kinds, rows in sorted(asked.items()))
            only = f" ORDER BY STR(?f) LIMIT {most}" if len(pairs) == 1 else ""
            for number, film in self._store.select(f"SELECT DISTINCT ?i ?f WHERE {{ {{ {parts} }} }}{only}"):
                found[int(str(number))].add(str(film))
        return {(here, there): found[place] for place, ((here, _), (there, _)) in enumerate(pairs)}

    def _kind(self, node: str) -> str:
        return "technique" if any(node in film.uses for film in self._films.values()) else "person"


def _noted(known: dict[str, T], found: Mapping[str, T], wanted: Iterable[str]) -> dict[str, T]:
    """Return what is known with what was found, in a dictionary that no other thread holds; the old goes for room."""
    if not found:
        return known
    if len(known) > _MOST_NOTED:
        known = {name: known[name] for name in wanted if name in known}
    return {**known, **found}
