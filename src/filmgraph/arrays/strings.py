"""Sorted tables of strings: one block of UTF-8 and where each string ends, decoded on demand."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from itertools import pairwise
from typing import Any, overload

import numpy as np
import numpy.typing as npt

__all__ = ["Listed", "Picked", "Places", "Strings", "Table", "Text", "ends_of"]

_OFTEN = 16
"""One look-up costs so many strings' worth of reading the whole table, roughly."""

_SMALL = 4096
"""A table of no more strings is read whole, once: the vocabulary, the genres."""

Text = Callable[[int, int], bytes]
"""Returns the bytes of a block from a place to a place."""


class Table(Sequence[str]):
    """A sorted table of strings, each once: a sequence that also says at which place a string stands.

    >>> table = Listed(["alien-1979", "her-2013"])
    >>> table.at["her-2013"], table.at.get("jaws-1975"), table[0], table == ("alien-1979", "her-2013")
    (1, None, 'alien-1979', True)
    """

    @abstractmethod
    def many(self, places: Iterable[int]) -> list[str]:
        """Return the strings at some places."""

    @abstractmethod
    def find(self, text: str) -> int | None:
        """Return the place of a string, None where the table has none such."""

    @cached_property
    def at(self) -> Places:
        """String to place."""
        return Places(self)

    @overload
    def __getitem__(self, place: int) -> str: ...

    @overload
    def __getitem__(self, place: slice) -> list[str]: ...

    def __getitem__(self, place: int | slice) -> str | list[str]:
        if isinstance(place, slice):
            return self.many(range(*place.indices(len(self))))
        at = place + len(self) if place < 0 else place
        if not 0 <= at < len(self):
            raise IndexError(f"there is no string {place} among {len(self)}")
        return self.many((at,))[0]

    def __iter__(self) -> Iterator[str]:
        return iter(self.many(range(len(self))))

    def __contains__(self, text: object) -> bool:
        return isinstance(text, str) and self.find(text) is not None

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Sequence) or isinstance(other, str):
            return NotImplemented
        return len(self) == len(other) and list(self) == list(other)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"{type(self).__name__}({len(self)} strings)"


class Places(Mapping[str, int]):
    """A table the other way round: string to place. Asked often, it becomes a dictionary."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self._asked = 0
        self._all: dict[str, int] | None = None

    def __getitem__(self, text: str) -> int:
        place: int | None = self.get(text)
        if place is None:
            raise KeyError(text)
        return place

    def get(self, text: str, default: Any = None) -> Any:
        """Return the place of a string, else the default."""
        if self._all is None:
            self._asked += 1
            if self._asked * _OFTEN <= len(self._table):
                place = self._table.find(text)
                return default if place is None else place
            self._all = {name: place for place, name in enumerate(self._table)}
        return self._all.get(text, default)

    def __contains__(self, text: object) -> bool:
        return isinstance(text, str) and self.get(text) is not None

    def __iter__(self) -> Iterator[str]:
        return iter(self._table)

    def __len__(self) -> int:
        return len(self._table)


class Strings(Table):
    """A table over a block of UTF-8: ``ends`` holds one place more than there are strings, beginning with 0."""

    def __init__(self, text: Text, ends: npt.NDArray[np.int64]) -> None:
        self._text = text
        self._ends = ends

    @classmethod
    def of(cls, texts: Iterable[str]) -> Strings:
        """Return the table of some strings, sorted, each once."""
        parts = sorted({text.encode() for text in texts})
        block = b"".join(parts)
        return cls(lambda start, end: block[start:end], ends_of(parts))

    def __len__(self) -> int:
        return len(self._ends) - 1

    def many(self, places: Iterable[int]) -> list[str]:
        """Return the strings at some places."""
        if len(self) <= _SMALL:
            return [self._all[place] for place in places]
        if isinstance(places, range) and places.step == 1 and len(places) > 1:
            return self._run(places.start, places.stop)
        ends, text = self._ends, self._text
        return [text(int(ends[place]), int(ends[place + 1])).decode() for place in places]

    @cached_property
    def _all(self) -> list[str]:
        return self._run(0, len(self))

    def _run(self, start: int, stop: int) -> list[str]:
        ends = self._ends[start : stop + 1].tolist()
        base = ends[0]
        block = self._text(base, ends[-1])
        return [block[low - base : high - base].decode() for low, high in pairwise(ends)]

    def find(self, text: str) -> int | None:
        """Return the place of a string, None where the table has none such."""
        try:
            wanted = text.encode()
        except UnicodeEncodeError:
            return None
        ends, read = self._ends, self._text
        low, high = 0, len(ends) - 1
        while low < high:
            middle = (low + high) // 2
            found = read(int(ends[middle]), int(ends[middle + 1]))
            if found == wanted:
                return middle
            if found < wanted:
                low = middle + 1
            else:
                high = middle
        return None


class Picked(Table):
    """Some strings of a table, by their places there, which ascend."""

    def __init__(self, table: Table, places: npt.NDArray[Any]) -> None:
        self._of = table
        self._places = places

    def __len__(self) -> int:
        return len(self._places)

    def many(self, places: Iterable[int]) -> list[str]:
        """Return the strings at some places."""
        chosen = self._places[np.fromiter(places, np.int64)]
        if len(chosen) > 1 and bool((np.diff(chosen) == 1).all()):
            return self._of.many(range(int(chosen[0]), int(chosen[-1]) + 1))
        return self._of.many(chosen.tolist())

    def find(self, text: str) -> int | None:
        """Return the place of a string, None where the table has none such."""
        there = self._of.find(text)
        if there is None:
            return None
        place = int(np.searchsorted(self._places, there))
        return place if place < len(self._places) and int(self._places[place]) == there else None


class Listed(Table):
    """A table over a sequence of sorted strings."""

    def __init__(self, texts: Iterable[str]) -> None:
        self._texts = tuple(texts)

    def __len__(self) -> int:
        return len(self._texts)

    def many(self, places: Iterable[int]) -> list[str]:
        """Return the strings at some places."""
        return [self._texts[place] for place in places]

    def find(self, text: str) -> int | None:
        """Return the place of a string, None where the table has none such."""
        return self._found.get(text)

    @cached_property
    def _found(self) -> dict[str, int]:
        return {text: place for place, text in enumerate(self._texts)}


def ends_of(parts: Sequence[bytes]) -> npt.NDArray[np.int64]:
    """Return where each of some texts ends when they stand in one block, beginning with 0."""
    ends = np.zeros(len(parts) + 1, "<i8")
    np.cumsum(np.fromiter((len(part) for part in parts), "<i8", len(parts)), out=ends[1:])
    return ends
