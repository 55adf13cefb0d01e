"""How many rows a query must visit, told before it runs.

The engine on disk neither tells its plan nor can be stopped, so the forecast follows the rules by which oxigraph
orders joins (constants first, then what is joined to what is there) and counts with what the store is known to hold.
It is a forecast and no promise: it tells a look-up from a walk over everything, by orders of magnitude.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from filmgraph.namespaces import RDF
from filmgraph.queries.patterns import Asked, Group, Path, Pattern, UnreadableError, read_query

__all__ = ["SLOW", "Forecast", "Predicate", "Statistics", "forecast_of", "is_look_up"]

SLOW = 250_000
"""Rows from which on a query is called slow: a disk store of 10 million triples reads so many in about 3 s."""

_MOST = 1e15
_NARROWED = 100.0
"""What share of rows a filter before a LIMIT lets through, at a guess: one in so many."""
_CLOSURE = 8.0
"""How many nodes a path of any length leads to from one node, at a guess: vocabularies are shallow."""


_CROSSING = 100
"""From how many rows on each side on a join without a common variable is taken for a mistake."""


@dataclass(frozen=True)
class Predicate:
    """How many triples have a predicate, and how many different subjects and objects they have."""

    triples: float
    subjects: float
    objects: float

    @property
    def of_subject(self) -> float:
        """How many values one subject has."""
        return self.triples / max(self.subjects, 1.0)

    @property
    def of_object(self) -> float:
        """How many subjects one value has."""
        return self.triples / max(self.objects, 1.0)


@dataclass(frozen=True)
class Statistics:
    """What is known of a store: how many triples, and of which predicates and classes, by IRI; estimates will do."""

    triples: float
    predicates: Mapping[str, Predicate] = field(default_factory=dict)
    classes: Mapping[str, float] = field(default_factory=dict)

    def of(self, predicate: str) -> Predicate:
        """Return what is known of a predicate; one that was never met counts as rare."""
        rare = max(self.triples / 1e5, 1.0)
        unknown = Predicate(rare, rare, rare) if self.predicates else Predicate(*[self.triples / 15] * 3)
        return self.predicates.get(predicate, unknown)

    def instances(self, class_: str) -> float:
        """Return how many instances a class has."""
        return self.classes.get(class_, self.triples / (1e5 if self.classes else 100))


@dataclass(frozen=True)
class Forecast:
    """How many rows a query will visit and give, at a guess, and what to do where that is slow."""

    visited: float
    rows: float
    hint: str = ""

    @property
    def is_slow(self) -> bool:
        """Whether whoever asked should be told before."""
        return self.visited >= SLOW


def is_look_up(text: str) -> bool:
    """Whether a query evidently reads little: every pattern hangs, by others or itself, on a constant.

    >>> is_look_up("SELECT ?n { <urn:her> <urn:director> ?p . ?p <urn:name> ?n }")
    True
    >>> is_look_up("SELECT ?n { ?f a <urn:Film> ; <urn:name> ?n }")
    False
    """
    try:
        asked = read_query(text)
    except UnreadableError:
        return False
    where = asked.where
    if where.unions or where.optionals or where.apart or where.minus or where.exists:
        return False
    anchored: set[str] = {name for names, _ in where.values for name in names}
    left = list(where.patterns)
    while left:
        met = [
            each
            for each in left
            if isinstance(each.predicate, Path) and (not each.subject.startswith("?") or each.subject in anchored)
        ]
        if not met:
            return False
        anchored.update(each.object for each in met)
        left = [each for each in left if each not in met]
    return True


def forecast_of(text: str, statistics: Statistics) -> Forecast | None:
    """Return what a query will cost, None where it cannot be told.

    >>> films = Predicate(triples=1e6, subjects=1e5, objects=100)
    >>> known = Statistics(1e7, {"urn:genre": films})
    >>> forecast_of("SELECT * { ?f <urn:genre> ?g . ?o <urn:genre> ?g }", known).is_slow
    True
    >>> forecast_of("SELECT * { <urn:her> <urn:genre> ?g }", known).is_slow
    False
    """
    try:
        asked = read_query(text)
    except UnreadableError:
        return None
    walk = _Walk(statistics)
    rows, visited = walk.asked(asked)
    return Forecast(round(visited), round(rows), walk.hint(asked))


class _Walk:
    """One walk over a query: rows that are there, and rows that were visited on the way."""

    def __init__(self, statistics: Statistics) -> None:
        self.statistics = statistics
        self.crossed = self.far = False

    def asked(self, asked: Asked) -> tuple[float, float]:
        """Return how many rows come out of a query, and how many it visits."""
        rows, visited = self.group(asked.where, frozenset(), 1.0)
        if asked.form == "DESCRIBE" and not asked.where.patterns:
            return 15.0, 15.0 * asked.resources
        wanted = 1.0 if asked.form == "ASK" else _MOST if asked.limit is None else float(asked.limit + asked.offset)
        if not asked.needs_all and rows > 0:
            if asked.where.filters:
                wanted *= _NARROWED
            # What is built before the first row comes is not spared by a limit.
            built = sum(self.asked(inner)[1] for inner in asked.where.apart)
            visited = built + (visited - built) * min(1.0, wanted / rows)
        return min(rows, wanted), min(visited, _MOST)

    def group(self, group: Group, bound: frozenset[str], rows: float) -> tuple[float, float]:
        """Return how many rows a group makes of some, and how many are visited; ``bound`` are their variables."""
        visited = 0.0
        here = set(bound)
        for names, count in group.values:
            here.update(names)
            rows *= max(count, 1)
        for inner in group.apart:
            inner_rows, inner_visited = self.asked(inner)
            visited += inner_visited
            shared = set(inner.columns) & here if inner.columns else here
            rows = max(rows, inner_rows) if shared or rows <= 1 else rows * inner_rows
            here.update(inner.columns)
        for pattern in self.ordered(group.patterns, frozenset(here)):
            fan, cost = self.fan(pattern, here)
            self.crossed |= rows > _CROSSING and fan > _CROSSING and not _variables(pattern) & here
            visited += rows * cost
            rows = min(rows * fan, _MOST)
            here.update(_variables(pattern))
        for branches in group.unions:
            found = [self.group(branch, frozenset(here), rows) for branch in branches]
            visited += sum(each[1] for each in found)
            rows = min(sum(each[0] for each in found), _MOST)
            here.update(*(_all_variables(branch) for branch in branches))
        for inner_group in group.optionals:
            inner_rows, inner_visited = self._optional(inner_group, here, rows)
            visited += inner_visited
            rows = max(rows, min(inner_rows, _MOST))
            here.update(_all_variables(inner_group))
        for inner_group in group.minus:
            visited += self.group(inner_group, frozenset(), 1.0)[1]
        for inner_group in group.exists:
            visited += min(self.group(inner_group, frozenset(here), rows)[1], _MOST)
        return rows, min(visited, _MOST)

    def _optional(self, group: Group, here: set[str], rows: float) -> tuple[float, float]:
        """Return rows and visits of an OPTIONAL, whose own joins are ordered without a look at what is there."""
        visited, found, bound = 0.0, rows, set(here)
        for pattern in self.ordered(group.patterns, frozenset()):
            fan, cost = self.fan(pattern, bound)
            visited += found * cost
            found = min(found * fan, _MOST)
            bound.update(_variables(pattern))
        rest = Group(**{**vars(group), "patterns": []})
        rest_rows, rest_visited = self.group(rest, frozenset(bound), found)
        apart = self.group(group, frozenset(), 1.0)[1] + rows
        return rest_rows, min(visited + rest_visited, apart)

    def ordered(self, patterns: Iterable[Pattern], bound: frozenset[str]) -> list[Pattern]:
        """Return patterns in the order in which oxigraph joins them: by what is bound, not by what is there."""
        left, here = list(patterns), set(bound)
        order: list[Pattern] = []
        while left:
            joined = [each for each in left if order and _variables(each) & here] or left
            best = min(joined, key=lambda each: _guessed(each, here))
            left.remove(best)
            order.append(best)
            here.update(_variables(best))
        return order

    def fan(self, pattern: Pattern, here: set[str]) -> tuple[float, float]:
        """Return how many rows a pattern makes of one, and how many it visits for that."""
        subject, object_ = (not end.startswith("?") or end in here for end in (pattern.subject, pattern.object))
        everything = self.statistics.triples
        if not isinstance(pattern.predicate, Path):
            found = 1.0 if subject and object_ else 15.0 if subject else 50.0 if object_ else everything
        elif pattern.predicate == _TYPE and not pattern.object.startswith("?"):
            found = 1.0 if subject else self.statistics.instances(pattern.object)
        else:
            ahead, back, whole = self.path(pattern.predicate)
            found = min(ahead, 1.0) if subject and object_ else ahead if subject else back if object_ else whole
            self.far |= pattern.predicate.kind == "closure" and not (subject or object_)
        return found, max(found, 1.0)

    def path(self, path: Path) -> tuple[float, float, float]:
        """Return how far a path fans out ahead and back from one node, and how many pairs of nodes it joins in all."""
        everything = self.statistics.triples
        if path.kind == "link":
            known = self.statistics.of(path.iri)
            return known.of_subject, known.of_object, known.triples
        if path.kind == "any":
            return 15.0, 15.0, everything
        parts = [self.path(part) for part in path.parts]
        if path.kind == "inverse":
            ahead, back, whole = parts[0]
            return back, ahead, whole
        if path.kind == "alternatives":
            ahead, back, whole = (sum(part[place] for part in parts) for place in range(3))
            return ahead, back, whole
        if path.kind == "sequence":
            ahead = math.prod(part[0] for part in parts)
            return ahead, math.prod(part[1] for part in parts), parts[0][2] * max(ahead / max(parts[0][0], 1.0), 1.0)
        if path.kind == "maybe":
            return parts[0][0] + 1, parts[0][1] + 1, everything
        ahead, back, whole = parts[0]
        return min(ahead, 1.0) * _CLOSURE, min(back * _CLOSURE, whole + 1), everything

    def hint(self, asked: Asked) -> str:
        """Return what whoever wrote the query could do."""
        if self.far:
            return "give the path a start or an end"
        if self.crossed:
            return "join the patterns by a variable that they share"
        if asked.limit is None and not asked.needs_all:
            return "start from one film or technique, or add a LIMIT"
        return "start from one film or technique, or count less"


_TYPE = Path("link", RDF + "type")


def _variables(pattern: Pattern) -> set[str]:
    ends = (pattern.subject, pattern.predicate, pattern.object)
    return {end for end in ends if isinstance(end, str) and end.startswith("?")}


def _all_variables(group: Group) -> set[str]:
    found = {name for pattern in group.patterns for name in _variables(pattern)}
    for inner in [*group.optionals, *(branch for branches in group.unions for branch in branches)]:
        found |= _all_variables(inner)
    return found | {name for names, _ in group.values for name in names}


def _guessed(pattern: Pattern, here: set[str]) -> tuple[int, float]:
    """Return how large oxigraph takes a pattern to be, which counts what is bound and nothing else."""
    subject, predicate, object_ = (
        not isinstance(end, str) or not end.startswith("?") or end in here
        for end in (pattern.subject, pattern.predicate, pattern.object)
    )
    far = isinstance(pattern.predicate, Path) and pattern.predicate.kind != "link"
    return _GUESSES[subject, predicate, object_] * (10 if far else 1), 0


_GUESSES = {
    (True, True, True): 1,
    (True, False, True): 2,
    (True, True, False): 10,
    (True, False, False): 100,
    (False, True, True): 10_000,
    (False, False, True): 100_000,
    (False, True, False): 1_000_000,
    (False, False, False): 1_000_000_000,
}
