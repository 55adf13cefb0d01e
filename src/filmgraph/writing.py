"""Several files written together: all of them or none."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from filmgraph.errors import OutputError

__all__ = ["write_files"]


def write_files(texts: Mapping[Path, str], *, before: Mapping[Path, str]) -> None:
    """Write texts to files as UTF-8, all of them or none.

    ``before`` holds the texts of the files that are replaced, as they were when the new ones were made: if one has
    changed since, nothing is written. A file that is not in it is new, and none that exists is written over. All texts
    are first written aside, in the folders of their files, and then moved into place; if that fails or is
    interrupted, what was moved is put back.

    Raises :class:`~filmgraph.errors.OutputError`.
    """
    moves: list[_Move] = []
    try:
        with _alone_in({file.resolve().parent for file in texts}):
            try:
                for file, text in texts.items():
                    moves.append(_Move(file, before.get(file)))
                    moves[-1].prepare(text)
                for move in moves:
                    move.into_place()
            except BaseException:
                for move in reversed(moves):
                    move.put_back()
                raise
            finally:
                for move in moves:
                    move.clear()
    except OSError as error:
        name = next((str(move.file) for move in moves if not move.done), "the files")
        raise OutputError(f"{name}: cannot be written: {error.strerror or error}; nothing was changed") from error


@contextmanager
def _alone_in(folders: Iterable[Path]) -> Iterator[None]:
    """Keep other runs from writing in these folders meanwhile, where the system can lock folders.

    Folders are locked in a fixed order, so that two runs cannot wait for each other.
    """
    try:
        import fcntl
    except ImportError:
        yield
        return
    with ExitStack() as stack:
        for folder in sorted(folders):
            held = os.open(folder, os.O_RDONLY)
            stack.callback(os.close, held)
            fcntl.flock(held, fcntl.LOCK_EX)
        yield


@dataclass
class _Move:
    """One file on its way: the text aside, and what stood in its place."""

    file: Path
    before: str | None
    aside: Path = field(init=False)
    kept: Path = field(init=False)
    done: bool = False

    def __post_init__(self) -> None:
        if self.before is not None:
            self.file = self.file.resolve()
        mark = secrets.token_hex(8)
        self.aside = self.file.with_name(f".filmgraph-{mark}-new")
        self.kept = self.file.with_name(f".filmgraph-{mark}-old")

    def prepare(self, text: str) -> None:
        """Write the text aside, and keep a copy of what is there."""
        if self.before is None and (self.file.exists() or self.file.is_symlink()):
            raise OutputError(f"{self.file}: exists already, and is not written over; nothing was changed")
        if self.before is not None and not os.access(self.file, os.W_OK):
            raise OutputError(f"{self.file}: may not be written; nothing was changed")
        self._write(self.aside, text.encode())
        if self.before is not None:
            content = self.file.read_bytes()
            if content != self.before.encode():
                raise OutputError(
                    f"{self.file}: was changed by somebody else meanwhile; nothing was changed, try again"
                )
            self._write(self.kept, content)
            mode = self.file.stat().st_mode & 0o777
            self.aside.chmod(mode)
            self.kept.chmod(mode)

    def into_place(self) -> None:
        """Move the text into place; a new file never takes the place of one that somebody was faster to write."""
        if self.before is None:
            try:
                os.link(self.aside, self.file)
            except FileExistsError:
                raise OutputError(
                    f"{self.file}: exists already, and is not written over; nothing was changed"
                ) from None
            except OSError:
                if self.file.exists():
                    raise
                self.aside.rename(self.file)
        else:
            self.aside.replace(self.file)
        self.done = True

    def put_back(self) -> None:
        """Undo the move, also one that was interrupted before it could be noted."""
        if self.before is not None:
            if self.kept.exists() and not self.aside.exists():
                self.kept.replace(self.file)
        elif self.done or (self.aside.exists() and self.file.exists() and self.aside.samefile(self.file)):
            self.file.unlink()
        self.done = False

    def clear(self) -> None:
        """Remove what stands aside."""
        for file in (self.aside, self.kept):
            with suppress(OSError):
                file.unlink()

    @staticmethod
    def _write(file: Path, content: bytes) -> None:
        with file.open("xb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
