"""What joins films, as the search for paths asks for it: a protocol, so that arrays and endpoints answer alike."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from itertools import islice, product
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from filmgraph.paths.critics import Compared, Praise

__all__ = ["Links", "middles_of"]


class Links(Protocol):
    """What joins the films of a graph; all by IRI, and empty for a film or a node that the graph does not know.

    Only what is an IRI counts as a film, a use, a person or a genre here. Categories that a film "uses" are among its
    techniques, but lead no way up.
    """

    @property
    def film_count(self) -> int:
        """How many films the graph has: the N of rarity."""
        ...

    @property
    def parents(self) -> Mapping[str, Sequence[str]]:
        """Technique to the broader techniques right above it, sorted; categories are left out."""
        ...

    def look_at(self, films: Collection[str], others: Collection[str]) -> None:
        """Be told that paths from some films to others will be looked for: what is far away is asked for at once."""
        ...

    def uses(self, film: str) -> Mapping[str, str]:
        """Return the techniques of a film, each with its use (of several the first), in the order of the uses."""
        ...

    def credits(self, film: str) -> Mapping[str, Sequence[str]]:
        """Return the people of a film, each with the predicates of their roles, sorted; by predicate and person."""
        ...

    def genres(self, film: str) -> AbstractSet[str]:
        """Return the genres of a film."""
        ...

    def praise(self, film: str) -> Mapping[str, Praise]:
        """Return the techniques that at least one critic praises a film for, by IRI."""
        ...

    def compared(self, film: str, other: str) -> Compared | None:
        """Return the critics who compare two films, None where nobody does; the same in both directions."""
        ...

    def compared_with(self, film: str) -> AbstractSet[str]:
        """Return the films that critics compare with a film."""
        ...

    def films_of(self, node: str) -> AbstractSet[str]:
        """Return the films that use a technique itself, credit a person or are of a genre."""
        ...

    def count_of(self, node: str) -> int:
        """Return how many films :meth:`films_of` has."""
        ...

    def df(self, technique: str) -> int:
        """Return how many films use a technique or a narrower one."""
        ...

    def praised(self, technique: str) -> int:
        """Return how many films are praised for a technique."""
        ...

    def ways_up(self, technique: str) -> Mapping[str, int]:
        """Return the fewest steps up from a technique to itself (0) and to every broader one."""
        ...

    def middles(self, film: str, other: str, most: int) -> list[str]:
        """Return films that a technique, a person or a comparison joins to both, as :func:`middles_of` does."""
        ...


def middles_of(links: Links, film: str, other: str, most: int) -> list[str]:
    """Return at most so many films that something else than genre joins to two films, the rarest such pair first.

    What joins is a technique, a person or a comparison; what one film has is paired with what the other has, and a
    pair is as rare as the product of how many films have each. Of one pair the films come in the order of their IRIs.
    """
    pairs = sorted(
        product(_joined(links, film), _joined(links, other)),
        key=lambda pair: (len(pair[0][1]) * len(pair[1][1]), sorted((pair[0][0], pair[1][0]))),
    )
    found: dict[str, None] = {}
    for (_here, mine), (_there, theirs) in pairs:
        # Two more than are wanted, for both ends, and those that were found before may be found again.
        common = islice(_in_order(mine & theirs), most + len(found) + 2)
        found.update((name, None) for name in common if name not in (film, other))
        if len(found) >= most:
            break
    return list(found)[:most]


def _joined(links: Links, film: str) -> Iterator[tuple[str, AbstractSet[str]]]:
    """Yield what a film has with the films that have it; for comparisons the film itself stands for it."""
    for node in (*links.uses(film), *links.credits(film)):
        yield node, links.films_of(node)
    compared = links.compared_with(film)
    if compared:
        yield film, compared


def _in_order(films: AbstractSet[str]) -> Iterator[str]:
    """Yield films by IRI; a set that is kept in order says so, and is not read to its end."""
    return iter(films) if getattr(films, "in_order", False) else iter(sorted(films))
