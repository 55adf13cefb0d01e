"""The neighbourhood of anything in the graph: what it is linked to, by kind of link, drawn in rings around it.

Of each kind the most telling neighbours are shown: those that are linked in this way to the fewest others, so that the
technique which two films use comes before the one that a hundred do. The others are counted.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from filmgraph import stores
from filmgraph.lookup import labels_of
from filmgraph.namespaces import BASE, FG, OA, ROLES, SCHEMA, SKOS, kind_of, slug_of
from filmgraph.pages.known import NO_CATEGORY, categories_of
from filmgraph.pages.parts import Named

if TYPE_CHECKING:
    from filmgraph.stores import Store

__all__ = ["MOST_OF_A_KIND", "MOST_SHOWN", "Neighbour", "Neighbourhood", "Ring", "neighbourhood_of"]

MOST_OF_A_KIND = 8
"""The most neighbours of one kind that are shown."""
MOST_SHOWN = 40
"""The most neighbours that are shown in all."""
MOST_COUNTED = 2_000
"""How many neighbours of a kind are looked at: a genre may have tens of thousands of films."""

MOST_LINKED, MOST_LINKS_COUNTED = 24, 1_000
"""In a large store: of how many neighbours of a kind the links are counted, and how far."""

_RADII = (0.20, 0.155, 0.11)
_DIGITS = 4

_SAID = f"?claim <{FG}status> <{FG}Accepted> ; <{FG}aboutTechnique>|<{FG}aboutAspect>"
_BY = f"<{SCHEMA}author>|<{SCHEMA}publisher>"
_COMPARES = f"?claim <{FG}status> <{FG}Accepted> ; <{FG}aboutFilm>"
_SPOKEN_OF = (
    ("spoken of in", f"{_SAID} ?node ; <{FG}aboutFilm> ?other"),
    ("spoken of by", f"{_SAID} ?node ; <{FG}claimedIn> ?review . ?review {_BY} ?other"),
)
_CREDITED = (
    *((f"{name} of", f"?other <{role}> ?node") for role, name in ROLES.items()),
    ("reviews", f"?review {_BY} ?node ; <{SCHEMA}itemReviewed> ?other"),
    ("speaks of", f"{_SAID} ?other ; <{FG}claimedIn> ?review . ?review {_BY} ?node"),
    ("writes for", f"?review <{SCHEMA}author> ?node ; <{SCHEMA}publisher> ?other"),
    ("publishes", f"?review <{SCHEMA}publisher> ?node ; <{SCHEMA}author> ?other"),
)
_LINKS: dict[str, tuple[tuple[str, str], ...]] = {
    "film": (
        ("uses", f"?use <{FG}film> ?node ; <{FG}technique> ?other"),
        *((name, f"?node <{role}> ?other") for role, name in ROLES.items()),
        ("critics compare it to", f"{_COMPARES} ?node ; <{FG}comparesTo> ?other"),
        ("critics compare to it", f"{_COMPARES} ?other ; <{FG}comparesTo> ?node"),
        ("reviewed by", f"?review <{SCHEMA}itemReviewed> ?node ; {_BY} ?other"),
        ("genre", f"?node <{SCHEMA}genre> ?other"),
        ("country", f"?node <{SCHEMA}countryOfOrigin> ?other"),
    ),
    "technique": (
        ("a kind of", f"?node <{SKOS}broader> ?other"),
        ("has the kinds", f"?other <{SKOS}broader> ?node"),
        ("related to", f"?node <{SKOS}related>|^<{SKOS}related> ?other"),
        ("used in", f"?use <{FG}technique> ?node ; <{FG}film> ?other"),
        *_SPOKEN_OF,
    ),
    "category": (("holds", f"?other <{SKOS}broader> ?node"), *_SPOKEN_OF),
    "aspect": _SPOKEN_OF,
    "person": _CREDITED,
    "organization": _CREDITED,
    "genre": (("genre of", f"?other <{SCHEMA}genre> ?node"),),
    "country": (("country of", f"?other <{SCHEMA}countryOfOrigin> ?node"),),
    "review": (
        ("reviews", f"?node <{SCHEMA}itemReviewed> ?other"),
        ("written by", f"?node <{SCHEMA}author> ?other"),
        ("published by", f"?node <{SCHEMA}publisher> ?other"),
        ("speaks of", f"{_SAID} ?other ; <{FG}claimedIn> ?node"),
        ("compares to", f"?claim <{FG}status> <{FG}Accepted> ; <{FG}claimedIn> ?node ; <{FG}comparesTo> ?other"),
    ),
    "use": (
        ("in the film", f"?node <{FG}film> ?other"),
        ("of the technique", f"?node <{FG}technique> ?other"),
        ("in the scene", f"?node <{FG}scene> ?other"),
    ),
    "scene": (("shows", f"?other <{FG}scene> ?node"),),
    "claim": (
        ("about the film", f"?node <{FG}aboutFilm> ?other"),
        ("about", f"?node <{FG}aboutTechnique>|<{FG}aboutAspect> ?other"),
        ("made in", f"?node <{FG}claimedIn> ?other"),
        ("compares to", f"?node <{FG}comparesTo> ?other"),
        ("stands on", f"?node <{FG}evidence> ?other"),
    ),
    "passage": (("of the review", f"?node <{OA}hasSource> ?other"), ("bears out", f"?other <{FG}evidence> ?node")),
}
"""Kind of resource to its links: what each says, and the pattern between ?node and ?other."""

_ANY = (("linked to", "?node ?property ?other"), ("linked from", "?other ?property ?node"))


@dataclass(frozen=True)
class Neighbour:
    """A neighbour, to how many it is linked in this way, and its place in the unit square, y downward.

    ``category`` is that of a technique. ``links`` is 0 where that was not counted; where ``at_least``, counting was
    ended.
    """

    resource: Named
    links: int
    category: Named = NO_CATEGORY
    at_least: bool = False
    x: float = 0.5
    y: float = 0.5


@dataclass(frozen=True)
class Ring:
    """The neighbours by one kind of link, the most telling first, and how many ``more`` there are.

    Where ``at_least``, counting was ended, and there are more than that. ``x`` and ``y`` are where its name stands.
    """

    link: str
    neighbours: tuple[Neighbour, ...]
    more: int
    at_least: bool = False
    x: float = 0.5
    y: float = 0.5


@dataclass(frozen=True)
class Neighbourhood:
    """A resource in the middle of its neighbours; ``rows`` is how many lines of text the drawing is high."""

    centre: Named
    kind: str
    rings: tuple[Ring, ...]
    rows: int

    @property
    def total(self) -> int:
        """How many neighbours there are, shown or not; one that is linked in two ways counts twice."""
        return sum(len(ring.neighbours) + ring.more for ring in self.rings)


def neighbourhood_of(store: Store, resource: str, *, most: int = MOST_OF_A_KIND) -> Neighbourhood:
    """Return the neighbourhood of a resource, by IRI, with ``most`` neighbours of a kind at the most.

    Where all of them would be more than :data:`MOST_SHOWN`, fewer of the most frequent kinds are shown.
    """
    kind = kind_of(resource) or ""
    found = _found(store, resource, _LINKS.get(kind, ())) or _found(store, resource, _ANY)
    is_large = _is_large(store)
    shown = _shared_out([len(others) for _, others in found], most)
    kept = {other for (_, others), count in zip(found, shown, strict=True) for other, _ in others[:count]}
    names = {iri: _readable(iri, name) for iri, name in labels_of(store, {resource, *kept}).items()}
    categories = categories_of(store, {other for other in kept if kind_of(other) == "technique"})
    rings = [
        Ring(
            link,
            tuple(
                Neighbour(
                    Named(other, names[other]),
                    links,
                    categories.get(other, NO_CATEGORY),
                    is_large and links >= MOST_LINKS_COUNTED,
                )
                for other, links in others[:count]
            ),
            more=len(others) - count,
            at_least=len(others) >= MOST_COUNTED,
        )
        for (link, others), count in zip(found, shown, strict=True)
    ]
    placed, rows = _placed(rings)
    return Neighbourhood(Named(resource, names[resource]), kind, placed, rows)


def _found(store: Store, resource: str, links: Iterable[tuple[str, str]]) -> list[tuple[str, list[tuple[str, int]]]]:
    return [(link, others) for link, pattern in links if (others := _others(store, resource, pattern))]


def _others(store: Store, resource: str, pattern: str) -> list[tuple[str, int]]:
    """Return what a pattern leads to from a resource, with the number of its links, rarest first."""
    rows = store.select(
        f"SELECT DISTINCT ?other WHERE {{ VALUES ?node {{ <{resource}> }} {pattern} FILTER(isIRI(?other) && "
        f'?other != ?node && STRSTARTS(STR(?other), "{BASE}")) }} LIMIT {MOST_COUNTED}'
    )
    others = sorted(str(other) for (other,) in rows if kind_of(str(other)))
    if _is_large(store):
        return _counted_few(store, pattern, others)
    links: dict[str, int] = {}
    for start in range(0, len(others), 500):
        values = " ".join(f"<{other}>" for other in others[start : start + 500])
        counted = store.select(
            f"SELECT ?other (COUNT(DISTINCT ?node) AS ?links) WHERE {{ VALUES ?other {{ {values} }} {pattern} }} "
            "GROUP BY ?other"
        )
        links.update((str(other), int(str(count))) for other, count in counted)
    return sorted(((other, links.get(other, 1)) for other in others), key=lambda each: (each[1], each[0]))


def _counted_few(store: Store, pattern: str, others: Sequence[str]) -> list[tuple[str, int]]:
    """Return neighbours in a large store with the number of their links, rarest first.

    Where they are many, none is counted, and none further than to a number: a publication may have a hundred thousand
    reviews.
    """
    if len(others) > MOST_LINKED:
        return [(other, 0) for other in others]
    found = [(other, f"SELECT DISTINCT ?node WHERE {{ VALUES ?other {{ <{other}> }} {pattern} }}") for other in others]
    counted = [(other, len(store.select(query, most=MOST_LINKS_COUNTED))) for other, query in found]
    return sorted(counted, key=lambda each: (each[1], each[0]))


def _is_large(store: Store) -> bool:
    return isinstance(store, stores.LocalStore) and stores.size_of(store) >= stores.LARGE


def _readable(resource: str, name: str) -> str:
    """Return a name; of what has none, such as a scene, its slug in words.

    >>> _readable(BASE + "scene/her-2013--off-screen-space--1", "her-2013--off-screen-space--1")
    'her 2013 · off screen space · 1'
    """
    return name.replace("--", " · ").replace("-", " ") if name == slug_of(resource) else name


def _shared_out(counts: Sequence[int], most: int) -> list[int]:
    """Return how many of each kind are shown: as many of each as there is room for, one of each at the least.

    >>> _shared_out([3, 100], 8), _shared_out([30] * 10, 8)
    ([3, 8], [4, 4, 4, 4, 4, 4, 4, 4, 4, 4])
    """
    for each in range(max(most, 1), 0, -1):
        shown = [min(count, each) for count in counts]
        if sum(shown) <= MOST_SHOWN:
            return shown
    return [min(count, 1) for count in counts]


def _placed(rings: Sequence[Ring]) -> tuple[tuple[Ring, ...], int]:
    """Return rings with the places of their names and neighbours, and the number of lines on the longer side.

    They go round the centre clockwise, from the top right to the top left. Each takes a line for its name, one for each
    neighbour, and one for how many more there are, on a side of its own, so that no two texts meet; a ring is a little
    nearer to the centre than the one before it.
    """
    heights = [1 + len(ring.neighbours) + (ring.more > 0) for ring in rings]
    split = min(range(len(rings) + 1), key=lambda at: max(sum(heights[:at]), sum(heights[at:])))
    rows = max(sum(heights[:split]), sum(heights[split:]), 1)
    placed: list[Ring] = []
    for side, start, end in ((1, 0, split), (-1, split, len(rings))):
        # Down on the right, up on the left, where the lines of a ring still read from top to bottom.
        order = list(range(start, end))[::side]
        free = (rows - sum(heights[start:end])) / 2
        of_side: list[tuple[int, Ring]] = []
        for number in order:
            places = _places(side, free, heights[number], rows, _RADII[number % len(_RADII)])
            of_side.append((number, _on(rings[number], places)))
            free += heights[number]
        placed += [ring for _, ring in sorted(of_side, key=lambda each: each[0])]
    return tuple(placed), rows


def _places(side: int, first: float, count: int, rows: int, radius: float) -> Iterator[tuple[float, float]]:
    """Yield places on one side of an ellipse, one for each line."""
    for row in range(count):
        height = (first + row + 0.5) / rows
        width = math.sqrt(max(1 - (2 * height - 1) ** 2, 0.0))
        yield round(0.5 + side * radius * (0.4 + 0.6 * width), _DIGITS), round(height, _DIGITS)


def _on(ring: Ring, places: Iterator[tuple[float, float]]) -> Ring:
    x, y = next(places)
    neighbours = [replace(each, x=place[0], y=place[1]) for each, place in zip(ring.neighbours, places, strict=False)]
    return replace(ring, x=x, y=y, neighbours=tuple(neighbours))
