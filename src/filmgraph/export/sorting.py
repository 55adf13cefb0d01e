"""Lines sorted in bounded memory: in chunks on disk, which are then merged.

The files have no names, so whatever ends the program leaves nothing behind.
"""

from __future__ import annotations

import tempfile
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from types import TracebackType
from typing import IO, Self

from filmgraph.errors import OutputError

__all__ = ["SortedLines", "aside", "nameless"]

_CHUNK = 8 * 1024**2
_BLOCK = 32 * 1024
_AT_ONCE = 200
_WRITTEN_AT_ONCE = 1_000


class SortedLines:
    """Takes lines in any order and gives them back sorted by their bytes, each once.

    Lines are ``bytes`` without line breaks. ``chunk`` is how many bytes of them are held in memory, ``block`` how many
    are read at once from each chunk, and ``at_once`` how many chunks are merged at once; ``folder`` is where they lie
    meanwhile.

    >>> with SortedLines(chunk=4) as lines:
    ...     lines.add([b"b", b"c", b"a"])
    ...     lines.add([b"c", b"aa"])
    ...     [line for some in lines.merged() for line in some]
    [b'a', b'aa', b'b', b'c']
    """

    def __init__(
        self, *, folder: str | None = None, chunk: int = _CHUNK, block: int = _BLOCK, at_once: int = _AT_ONCE
    ) -> None:
        self.folder = folder
        self._chunk, self._block, self._at_once = chunk, block, at_once
        self._held: list[bytes] = []
        self._size = 0
        self._levels: list[list[IO[bytes]]] = [[]]
        self._files = ExitStack()

    def add(self, lines: Sequence[bytes]) -> None:
        """Take in lines."""
        self._held += lines
        self._size += sum(map(len, lines))
        if self._size >= self._chunk:
            self._put_aside(_unique_sorted(self._held))
            self._held, self._size = [], 0

    def merged(self) -> Iterator[list[bytes]]:
        """Yield all lines sorted, some at a time; each line is given once, and only once can they be asked for."""
        held = _unique_sorted(self._held)
        self._held = []
        runs = [self._blocks(run) for level in self._levels for run in level]
        return _merged([iter([held]), *runs])

    def close(self) -> None:
        """Let go of the files."""
        self._held = []
        self._files.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _put_aside(self, lines: list[bytes]) -> None:
        self._levels[0].append(self._written(iter([lines])))
        level = 0
        while len(self._levels[level]) >= self._at_once:
            full, self._levels[level] = self._levels[level], []
            if level + 1 == len(self._levels):
                self._levels.append([])
            self._levels[level + 1].append(self._written(_merged([self._blocks(run) for run in full])))
            for run in full:
                run.close()
            level += 1

    def _written(self, parts: Iterator[list[bytes]]) -> IO[bytes]:
        with aside(self.folder):
            run = self._files.enter_context(nameless(self.folder))
            for lines in parts:
                for start in range(0, len(lines), _WRITTEN_AT_ONCE):
                    run.write(b"\n".join([*lines[start : start + _WRITTEN_AT_ONCE], b""]))
            run.seek(0)
        return run

    def _blocks(self, run: IO[bytes]) -> Iterator[list[bytes]]:
        while lines := run.readlines(self._block):
            yield b"".join(lines).split(b"\n")[:-1]
        run.close()


@contextmanager
def aside(folder: str | None) -> Iterator[None]:
    """Say in a line where there is no room for what is written aside."""
    try:
        yield
    except OSError as error:
        where = folder or tempfile.gettempdir()
        raise OutputError(
            f"{where}: what is written aside while it is sorted, a little more than the export, finds no room: "
            f"{error.strerror or error}; TMPDIR names another folder"
        ) from error


def nameless(folder: str | None) -> IO[bytes]:
    """Return a file to write and read that is gone when it is closed, or the program ends in whatever way."""
    return tempfile.TemporaryFile(dir=folder)


def _unique_sorted(lines: list[bytes]) -> list[bytes]:
    lines.sort()
    return list(dict.fromkeys(lines))


def _merged(runs: list[Iterator[list[bytes]]]) -> Iterator[list[bytes]]:
    """Yield the lines of sorted runs, in order, once each.

    Of all that is at hand, what does not come after the end of any run's block comes before all that is not at hand.
    Sorting it is quick, for it consists of sorted pieces.
    """
    waiting: list[tuple[list[bytes], Iterator[list[bytes]]]] = []
    fresh = runs
    while True:
        for run in fresh:
            block = next((block for block in run if block), None)
            if block is not None:
                waiting.append((block, run))
        if not waiting:
            return
        bound = min(block[-1] for block, _ in waiting)
        taken: list[bytes] = []
        left: list[tuple[list[bytes], Iterator[list[bytes]]]] = []
        fresh = []
        for block, run in waiting:
            cut = bisect_right(block, bound)
            taken += block[:cut] if cut < len(block) else block
            if cut < len(block):
                left.append((block[cut:] if cut else block, run))
            else:
                fresh.append(run)
        waiting = left
        yield _unique_sorted(taken)
