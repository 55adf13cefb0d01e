"""The next generation of a disk store: begun from the tables of the one before, committed whole or not at all.

The engine's tables never change once they are written, so the new generation begins with hard links of them, and what
comes into it goes into new ones. Only when all of it is on the disk is the pointer of the folder replaced.
"""

from __future__ import annotations

import errno
import json
import os
import re
import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pyoxigraph as ox

from filmgraph.errors import StoreError
from filmgraph.stores.folder import (
    POINTER,
    Note,
    Place,
    WriterLock,
    check_takes_a_store,
    current_place,
    is_store,
    new_generation,
    read_note,
    sweep,
    sync_folder,
    write_note,
)
from filmgraph.stores.local import LocalStore, check_no_writer, check_not_ours, open_read_only

__all__ = ["FILES", "KEPT_FILE", "Building", "Known", "next_generation", "read_known"]

FILES = "files"
"""The name of the list of files that were loaded, in a generation."""

KEPT_FILE = re.compile(r"CURRENT|IDENTITY|(?:MANIFEST|OPTIONS)-[0-9]+|[0-9]+\.(?:sst|log|blob)")
"""The files of an engine that make a store, in another folder too."""

_TABLE = re.compile(r"[0-9]+\.sst")
_MANY_TABLES = 16
"""More new tables than so many are merged: a bulk load writes four for each million triples, or fewer at the end.

They overlap, and whatever is looked up is looked up in all of them: from four such layers on the engine itself merges
them, given the time. At ten million triples a film's page reads three times as fast then.
"""
_SHARE = 4
"""What is new is to be one part in so many of the store at least: merging writes all of it anew."""
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_FULL_WORDS = ("No space left", "quota exceeded", "File too large")
_CLOSED = (errno.EACCES, errno.EPERM, errno.EROFS)


@dataclass(frozen=True)
class Known:
    """A file that was loaded: its size in bytes and its name then."""

    size: int
    name: str


class _Aside(LocalStore):
    """A generation that nobody else sees yet, opened for reading."""

    def __init__(self, place: Place, name: str) -> None:
        self._place = place
        super().__init__(open_read_only(place.store), name=name, writable=False)

    @property
    def derived(self) -> Path:
        """The folder for what is made of this store; it stays beside it when the generation is swapped in."""
        return self._place.derived

    @property
    def stamp(self) -> str:
        """What the stamp of the store will be."""
        return self._place.stamp


class Building:
    """The next generation of a folder's store, while it is made; the writer's lock is held."""

    def __init__(self, folder: Path, *, replaced: bool = False) -> None:
        self.folder, self.name = folder.absolute(), str(folder)
        self.known: dict[str, Known] = {}
        self.triples = self.new = 0
        self.place: Place | None = None
        self._store: ox.Store | None = None
        self._is_committing = False
        self._before: int | None = None
        self._linked: frozenset[str] = frozenset()
        self._old = None if replaced else current_place(folder)
        if self._old is not None:
            note = read_note(folder) or Note()
            check_no_writer(folder, self._old.store)
            if note.stamp and note.stamp == self._old.stamp:
                self._before = self.triples = note.triples or 0
                self.known = read_known(self._old.root)

    def begin(self) -> Place:
        """Make the folders of the generation, with all that the store has so far; does nothing the second time."""
        if self.place is None:
            self.place = new_generation(self.folder)
            if self._old is not None:
                _link_all(self._old.store, self.place.store)
                self._linked = frozenset(entry.name for entry in self._old.store.iterdir())
        return self.place

    @property
    def store(self) -> ox.Store:
        """The engine's store of the generation, open for writing."""
        if self._store is None:
            self._store = ox.Store(str(self.begin().store))
            if self._before is None:
                self._before = len(self._store) if self._old is not None else 0
        return self._store

    def commit(self, check: Callable[[LocalStore], None] | None = None) -> None:
        """Make the generation the one that counts, once ``check`` has nothing against it."""
        place = self.begin()
        self.store.flush()
        self.triples = self._merged_and_counted() if self._is_layered(place) else len(self.store)
        self.new = self.triples - (self._before or 0)
        self._store = None
        if check is not None:
            with _Aside(place, self.name) as aside:
                check(aside)
        lines = (json.dumps([digest, file.size, file.name]) + "\n" for digest, file in self.known.items())
        with (place.root / FILES).open("w", encoding="utf-8") as stream:
            stream.writelines(lines)
        _sync(place)
        self._is_committing = True
        write_note(self.folder, Note(place.generation, self.triples, place.stamp))
        with suppress(OSError):  # What is left over the next writer sweeps: the store is as it was to be.
            sweep(self.folder)

    def _is_layered(self, place: Place) -> bool:
        """Whether what came in lies in many tables on top of one another, and is much of the store."""
        sizes: dict[str, int] = {}
        for entry in place.store.iterdir():
            if _TABLE.fullmatch(entry.name):
                with suppress(FileNotFoundError):  # The engine took away just now what it had merged itself.
                    sizes[entry.name] = entry.stat().st_size
        new = [size for name, size in sizes.items() if name not in self._linked]
        return len(new) > _MANY_TABLES and sum(new) * _SHARE >= sum(sizes.values())

    def _merged_and_counted(self) -> int:
        """Have the engine merge its tables, and count the triples meanwhile, which takes another core."""
        with ThreadPoolExecutor(1, "filmgraph-merge") as beside:
            merging = beside.submit(lambda: self.store.optimize())
            count = len(self.store)
            merging.result()
        return count

    def abandon(self) -> None:
        """Take away what was made, so that nothing tells of it, unless it counts already."""
        self._store = None
        counts = self._is_committing and self._may_count()
        if self.place is not None and not counts:
            shutil.rmtree(self.place.root, ignore_errors=True)
        with suppress(OSError, StoreError):
            sweep(self.folder)
            note = read_note(self.folder)
            if note is not None and note.generation == 0 and not any(self.folder.glob("generation-*")):
                (self.folder / POINTER).unlink()

    def _may_count(self) -> bool:
        """Whether the pointer names this generation: an interrupt can come right after it was replaced."""
        try:
            note = read_note(self.folder)
        except (OSError, StoreError):  # What cannot be told is left to the next writer.
            return True
        return self.place is not None and note is not None and note.generation == self.place.generation


@contextmanager
def next_generation(folder: Path, *, replaced: bool = False) -> Iterator[Building]:
    """Yield the next generation of a folder's store; unless it is committed, all is as before at the end.

    It begins with what the store has, or with nothing where it is to be ``replaced``.

    Raises :class:`~filmgraph.errors.StoreError` in one line for whatever the system or the engine could not do.
    """
    check_takes_a_store(folder)
    if folder.exists():
        check_not_ours(folder)
    place = folder.absolute()  # Whoever fills it may go to work elsewhere.
    with _failures_told(folder):
        lock = WriterLock(folder)
        building: Building | None = None
        try:
            with suppress(*([StoreError] if replaced else [])):  # A store that lost its pointer can be replaced, too.
                sweep(folder)
            building = Building(folder, replaced=replaced)
            yield building
        finally:
            if building is not None:
                building.abandon()
            lock.close(undo=not is_store(place))


def read_known(root: Path) -> dict[str, Known]:
    """Return the files that were loaded into a generation, by digest; none where that is not noted."""
    known: dict[str, Known] = {}
    with suppress(OSError, ValueError, RecursionError), (root / FILES).open(encoding="utf-8") as stream:
        for line in stream:
            match json.loads(line):
                case [str(digest), int(size), str(name)]:
                    known[digest] = Known(size, name)
    return known


@contextmanager
def _failures_told(folder: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, RuntimeError) as error:
        number = getattr(error, "errno", None)
        said = getattr(error, "strerror", None) or str(error)
        if number in _FULL or any(words in str(error) for words in _FULL_WORDS):
            raise StoreError(
                f"{folder}: there is no room left ({said}); nothing was changed: make room on this disk, or name a "
                "folder on another"
            ) from error
        if number in _CLOSED:
            raise StoreError(
                f"{folder}: cannot be written ({said}); nothing was changed: name a folder that you may write to"
            ) from error
        raise StoreError(f"{folder}: cannot be written: {error}; nothing was changed") from error


def _link_all(old: Path, new: Path) -> None:
    """Put an engine's files into another folder: its tables as links, where that can be, the rest as copies."""
    for entry in sorted(old.iterdir()):
        if _TABLE.fullmatch(entry.name):
            try:
                os.link(entry, new / entry.name)
            except OSError as error:
                if error.errno in _FULL:
                    raise
                shutil.copy2(entry, new / entry.name)
        elif KEPT_FILE.fullmatch(entry.name):
            shutil.copy2(entry, new / entry.name)


def _sync(place: Place) -> None:
    """Have the system write a generation to the disk; what is linked from another one is there."""
    for folder in (place.store, place.root):
        for entry in folder.iterdir():
            if entry.is_file() and entry.stat().st_nlink == 1:
                with entry.open("rb") as file:
                    os.fsync(file.fileno())
        sync_folder(folder)
    # Its name must be on the disk before the pointer names it.
    sync_folder(place.root.parent)
