"""Canonical Turtle of more subjects than fit in memory: what is said of each is sorted, its block written aside.

In memory are, for each subject, only where its block lies and whom it belongs to: numbers, some forty bytes.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from itertools import groupby
from types import TracebackType
from typing import IO, Self

from filmgraph.export.sorting import SortedLines, aside, nameless
from filmgraph.turtle import NOBODY, OUT_OF_REACH, PART, Blocks, Ownership, bonds_of, natural_bytes, rank_of

__all__ = ["TurtleStream"]

_END_OF_KEY = b"\0\0"
_WRITTEN_AT_ONCE = 500


class TurtleStream:
    """Takes lines of N-Triples in any order, and writes them as Turtle in the canonical form."""

    def __init__(self, lines: SortedLines, *, folder: str | None = None, chunk: int) -> None:
        self._lines = lines
        self._blocks = Blocks()
        self._files = ExitStack()
        self._bonds = self._files.enter_context(SortedLines(folder=folder, chunk=chunk // 4))
        self._folder = folder
        self._ranks = bytearray()
        self._unreachable: list[tuple[int, int]] = []
        self._start, self._key = b"\0", b""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._files.close()

    def take(self, lines: list[bytes]) -> None:
        """Take in lines of N-Triples; what is said of blank nodes stays in memory, for it stands in their places."""
        keyed: list[bytes] = []
        for line in lines:
            if not line.startswith(self._start):
                if line.startswith(b"_:"):
                    self._take_blank(line)
                    continue
                self._start = line[: line.index(b"> ") + 2]
                self._key = natural_bytes(self._start[1:-2].decode())
            keyed.append(self._key + line)
            if b" _:" in line and (value := line.split(b" ", 2)[2]).startswith(b"_:"):
                self._blocks.refer(value[:-2].decode())
        self._lines.add(keyed)

    def _take_blank(self, line: bytes) -> None:
        subject, predicate, value = line[:-2].decode().split(" ", 2)
        self._blocks.add(subject, predicate[1:-1], value)

    def write(self, stream: IO[bytes], told: Callable[[int], None]) -> None:
        """Write all that was taken in; ``told`` is called with how many subjects are done.

        Raises :class:`~filmgraph.errors.DataError` as :func:`~filmgraph.turtle.write_turtle` does.
        """
        self._blocks.check_blank()
        with aside(self._folder):
            texts = self._files.enter_context(nameless(self._folder))
            keys = self._files.enter_context(nameless(self._folder))
            starts = self._put_aside(texts, keys, told)
        self._blocks.check_written()
        owned = self._ownership(keys, len(starts) - 1)
        head = self._blocks.head().encode()
        stream.write(head)
        first = not head
        for number in owned.order(self._ranks):
            texts.seek(starts[number])
            block = texts.read(starts[number + 1] - starts[number])
            stream.write(block if first else b"\n" + block)
            first = False

    def _put_aside(self, texts: IO[bytes], keys: IO[bytes], told: Callable[[int], None]) -> array[int]:
        """Write the blocks in the natural order of their subjects; return where each starts, and the end."""
        starts = array("q", [0])
        of = self._blocks.of
        for number, (key, lines) in enumerate(_subjects(self._lines.merged())):
            subject, said = _read(lines)
            self._ranks.append(rank_of(said))
            self._note_bonds(number, subject, said)
            of[subject] = said
            block = self._blocks.block(subject).encode()
            del of[subject]
            texts.write(block)
            keys.write(key + b"\n")
            starts.append(starts[-1] + len(block))
            if number % _WRITTEN_AT_ONCE == 0:
                told(number)
        texts.flush()
        keys.seek(0)
        return starts

    def _note_bonds(self, number: int, subject: str, said: dict[str, list[str]]) -> None:
        bonds = []
        for bond, other in bonds_of(subject, said):
            if other.startswith("<") and not other.startswith("<<"):
                bonds.append(natural_bytes(other[1:-1]) + b"%d %d" % (bond, number))
            elif bond != PART and other in self._blocks.of:
                self._unreachable.append((bond, number))
        self._bonds.add(bonds)

    def _ownership(self, keys: IO[bytes], count: int) -> Ownership:
        """Return who belongs to whom: the bonds, sorted by the subject they name, beside all subjects in that order."""
        owned = Ownership(count)
        for bond, child in self._unreachable:
            owned.add(bond, child, OUT_OF_REACH)
        known = enumerate(line[:-1] for line in keys)
        number, key = next(known, (NOBODY, b""))
        for lines in self._bonds.merged():
            for line in lines:
                named, _, rest = line.partition(_END_OF_KEY)
                named += _END_OF_KEY
                while key < named and number != NOBODY:
                    number, key = next(known, (NOBODY, b""))
                if key == named:
                    bond, other = map(int, rest.split())
                    owned.add(bond, *((number, other) if bond == PART else (other, number)))
        return owned


def _subjects(parts: Iterable[list[bytes]]) -> Iterator[tuple[bytes, list[bytes]]]:
    """Yield the keys of subjects, each with its lines."""
    pairs = (line.partition(_END_OF_KEY)[::2] for lines in parts for line in lines)
    for key, group in groupby(pairs, key=lambda pair: pair[0]):
        yield key + _END_OF_KEY, [line for _, line in group]


def _read(lines: Iterable[bytes]) -> tuple[str, dict[str, list[str]]]:
    """Return the subject of some lines, and what they say of it."""
    subject = ""
    said: dict[str, list[str]] = {}
    for line in lines:
        subject, predicate, value = line[:-2].decode().split(" ", 2)
        said.setdefault(predicate[1:-1], []).append(value)
    return subject, said
