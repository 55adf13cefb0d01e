"""In what order subjects stand: numbers counted as numbers, and what belongs to a film or a review right after it."""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterator, Sequence

__all__ = ["BY_CLAIM", "BY_FILM", "NOBODY", "OUT_OF_REACH", "PART", "Ownership", "natural_bytes", "natural_key"]

BY_FILM, BY_CLAIM, PART = 0, 1, 2
"""How one subject belongs to another: a use to its film, a claim to its review, and a scene or passage to them."""

NOBODY, OUT_OF_REACH = -1, -2
"""No owner; and one that is no subject with an IRI, so that nothing is written after it."""

_DIGITS = re.compile(r"([0-9]+)")


def natural_key(text: str) -> tuple[tuple[int, int, str], ...]:
    """Return a key that sorts numbers inside a text as numbers, so that ``--2`` stands before ``--10``."""
    parts = _DIGITS.split(text)
    return tuple(
        (1, len(part.lstrip("0")), f"{part.lstrip('0')} {part}") if place % 2 else (0, 0, part)
        for place, part in enumerate(parts)
        if part
    )


def natural_bytes(text: str) -> bytes:
    r"""Return a key in bytes that sorts texts without NUL as :func:`natural_key` does; none is the start of another.

    That of any text but the empty one ends with two NUL bytes, and has them nowhere else; a line break is in it only
    where one is in the text.

    >>> natural_bytes("x-2") < natural_bytes("x-10") < natural_bytes("x-10-a") < natural_bytes("x-a")
    True
    """
    written = []
    for place, part in enumerate(_DIGITS.split(text)):
        if place % 2:
            bare = part.lstrip("0")
            written.append(f"\x03{len(bare):010d}{bare} {part}\0")
        elif part:
            written.append(f"\x02{part}\0")
    return "".join([*written, "\0"]).encode()


class Ownership:
    """Who is written after whom, of subjects that are numbered in their natural order.

    It takes some twenty bytes for each subject, so that millions of them can be put in order.
    """

    def __init__(self, count: int) -> None:
        self.count = count
        self._code = "i" if count < 2**31 else "q"
        self._owners = array(self._code, [NOBODY]) * count
        self._bonds = bytearray(count)
        # Hardly any subject belongs to others in two ways.
        self._more: dict[int, dict[int, int]] = {}

    def add(self, bond: int, child: int, owner: int) -> None:
        """Note that a subject belongs to another; as a part it goes to the first that has it."""
        if self._owners[child] == NOBODY:
            self._owners[child], self._bonds[child] = owner, bond
        elif self._bonds[child] != bond:
            held = self._more.setdefault(child, {})
            held[bond] = min(held.get(bond, owner), owner) if bond == PART else owner
        elif bond != PART or owner < self._owners[child]:
            self._owners[child] = owner

    def order(self, ranks: Sequence[int]) -> Iterator[int]:
        """Yield all subjects, once: by rank, lowest first, then by number, each followed by what belongs to it."""
        owned = bytearray(self.count)
        below = self._below(owned)
        placed = bytearray(self.count)
        for rank in sorted(set(ranks)):
            for root in range(self.count):
                if ranks[root] == rank and not owned[root]:
                    yield from below.all_of(root, placed)
        # Those that own each other in a circle have no first one.
        yield from (node for node in range(self.count) if not placed[node])

    def _below(self, owned: bytearray) -> _Below:
        """Return what belongs to whom, and mark who is owned; the place of each owner is used for it."""
        below = _Below(array(self._code, [NOBODY]) * self.count, self._owners)
        for child in range(self.count):
            owners = self._owners_of(child)
            self._owners[child] = NOBODY
            for number, owner in enumerate(owners):
                owned[child] = 1
                if owner >= 0 and number == 0:
                    self._owners[child], below.last[owner] = below.last[owner], child
                elif owner >= 0:
                    below.more.setdefault(owner, []).append(child)
        return below

    def _owners_of(self, child: int) -> Sequence[int]:
        owner = self._owners[child]
        if child not in self._more:
            return () if owner == NOBODY else (owner,)
        owners = {self._bonds[child]: owner, **self._more[child]}
        # What belongs to a film or a review is no part of what comes after it.
        return [owner for bond, owner in owners.items() if bond != PART or owner < child]


class _Below:
    """What belongs to each subject: the last of it, before each the one before it, and more for a few."""

    def __init__(self, last: array[int], before: array[int]) -> None:
        self.last, self.before = last, before
        self.more: dict[int, list[int]] = {}

    def all_of(self, root: int, placed: bytearray) -> Iterator[int]:
        """Yield a subject and all that belongs to it and was not placed yet, and mark them as placed."""
        stack = [root]
        while stack:
            node = stack.pop()
            if placed[node]:
                continue
            placed[node] = 1
            yield node
            if node in self.more:
                stack.extend(sorted({*self._linked(node), *self.more[node]}, reverse=True))
            else:
                stack.extend(self._linked(node))

    def _linked(self, node: int) -> Iterator[int]:
        child = self.last[node]
        while child != NOBODY:
            yield child
            child = self.before[child]
