"""The folder of a disk store: which generation counts, who writes, who reads, and what may be swept away.

::

    DIR/                        what the user names
      filmgraph-store.json      the pointer: layout, current generation, how many triples it has
      filmgraph-store.lock      the writer's lock
      generation-000001/
        files                   digest, size and name of each file that was loaded
        store/                  the engine's files
        derived/                what is made of them and may be made anew

A load builds the next generation aside and replaces the pointer, which is one step of the file system. Whoever reads
holds a shared lock on the generation that was opened; a later writer sweeps what nobody holds. Generation 0 is the
folder itself: a bare store, as older versions made them, or none yet.
"""

from __future__ import annotations

import errno
import os
import re
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

from filmgraph.errors import StoreError, StoreLockedError

__all__ = [
    "LAYOUT",
    "LOCK",
    "POINTER",
    "Hold",
    "Note",
    "Place",
    "WriterLock",
    "check_is_there",
    "check_takes_a_store",
    "current_place",
    "fingerprint",
    "is_store",
    "new_generation",
    "place_of",
    "read_note",
    "sole",
    "sweep",
    "sweep_if_left",
    "sync_folder",
    "write_note",
]

LAYOUT = 1
"""The layout of the folder that this version writes, and the highest that it reads."""

POINTER = "filmgraph-store.json"
LOCK = "filmgraph-store.lock"
LARGEST_POINTER = 64 * 1024
_NEW_POINTER = POINTER + ".new"
_MARK_OF_A_STORE = "CURRENT"
_LAST_GENERATION = 10**9
_GENERATION = re.compile(r"generation-[0-9]{6,}")
_ENGINE_FILE = re.compile(r"CURRENT|IDENTITY|LOCK|LOG(\.old\.[0-9]+)?|(MANIFEST|OPTIONS)-[0-9]+(\.dbtmp)?|[0-9]+\.\w+")
_TELLING_FILE = re.compile(r"[0-9]+\.(sst|log)|MANIFEST-[0-9]+")
_DERIVED = "derived"
_NO_LOCKS = (errno.ENOLCK, errno.ENOTSUP, errno.ENOSYS)
"""What a file system without locks says."""


@dataclass(frozen=True)
class Note:
    """What the pointer of a folder says.

    ``triples``, and what is noted of files, hold while the store's stamp is still ``stamp``: until it is changed in
    place.
    """

    generation: int = 0
    triples: int | None = None
    stamp: str = ""


@dataclass(frozen=True)
class Place:
    """Where a generation lies: its own folder, the engine's files, and what is made of them."""

    root: Path
    store: Path
    derived: Path
    generation: int

    @property
    def stamp(self) -> str:
        """What changes whenever the triples may have changed."""
        return f"{self.generation}-{fingerprint(self.store)}"


class Hold:
    """A shared lock on a generation, which keeps it from being swept away; let go of when closed or forgotten."""

    def __init__(self, root: Path) -> None:
        self._file: int | None = None
        if sys.platform == "win32":  # There nothing that is open can be taken away.
            return
        self._file = os.open(root, os.O_RDONLY)
        try:
            _flock(self._file, shared=True)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Let go of the generation."""
        file, self._file = self._file, None
        if file is not None:
            os.close(file)

    def __del__(self) -> None:
        self.close()


class WriterLock:
    """The lock of who writes into a folder, one at a time; the folder is made where there is none.

    Raises :class:`~filmgraph.errors.StoreLockedError` where another has it, and OSError where it cannot be made.
    """

    def __init__(self, folder: Path, *, patience: float = 1.0) -> None:
        self._path = folder.absolute() / LOCK
        self._file: int | None = None
        self._end = time.monotonic() + patience  # A reader may be sweeping, which takes a moment.
        self._made = [parent for parent in self._path.parents if not parent.exists()]
        self._path.parent.mkdir(parents=True, exist_ok=True)
        try:
            self._file = self._taken(folder)
        except BaseException as error:
            if self._made and isinstance(error, OSError):  # Nobody else has it where it could not be locked.
                self._path.unlink(missing_ok=True)
            self._unmake()
            raise

    def _taken(self, folder: Path) -> int:
        while True:
            file = os.open(self._path, os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o666)
            try:
                _flock(file, shared=False)
                # Who made a folder in vain takes its lock away again: ours must be the one that is still there.
                with suppress(FileNotFoundError):
                    if os.path.samestat(os.fstat(file), self._path.stat()):
                        return file
            except BlockingIOError as error:
                os.close(file)
                if time.monotonic() < self._end:
                    time.sleep(0.02)
                    continue
                told = f"{folder}: another process is writing to this store; try again when it ends"
                raise StoreLockedError(told) from error
            except BaseException:
                os.close(file)
                raise
            os.close(file)

    def close(self, *, undo: bool = False) -> None:
        """Let go of the lock; with ``undo`` take away what taking it made, where nothing else came."""
        file, self._file = self._file, None
        if file is None:
            return
        if undo:
            with suppress(OSError):
                self._path.unlink()
        os.close(file)
        if undo:
            self._unmake()

    def _unmake(self) -> None:
        with suppress(OSError):
            for made in self._made:
                made.rmdir()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __del__(self) -> None:
        if hasattr(self, "_file"):
            self.close()


def is_store(folder: Path) -> bool:
    """Whether a folder holds a disk store, be it one that this version cannot read."""
    try:
        note = read_note(folder)
    except StoreError:
        return True
    return note is not None and (note.generation > 0 or _is_bare(folder))


def read_note(folder: Path) -> Note | None:
    """Return what the pointer of a folder says, generation 0 for a bare store, None where there is nothing.

    Raises :class:`~filmgraph.errors.StoreError` for a pointer of a newer version, and one that cannot be read.
    """
    import json

    path = folder / POINTER
    try:
        if path.exists() and not path.is_file():
            raise ValueError("it is no plain file")
        with path.open("rb") as stream:
            told = json.loads(stream.read(LARGEST_POINTER))
        match told:
            case {"layout": int(layout)} if layout > LAYOUT:
                newer = f"layout {layout}, this one reads up to {LAYOUT}"
                raise StoreError(f"{folder}: was made by a newer version of filmgraph ({newer}): update filmgraph")
            case {"layout": int(), "generation": int(number), "triples": int() | None as triples, "stamp": str(stamp)}:
                if type(number) is int and 0 <= number <= _LAST_GENERATION:
                    return Note(number, triples, stamp)
        raise ValueError("it is not what filmgraph writes into it")
    except (FileNotFoundError, NotADirectoryError):
        if _is_bare(folder):
            return Note()
        if folder.is_dir() and any(_GENERATION.fullmatch(entry.name) for entry in folder.iterdir()):
            lost = f"{folder}: the store lost its {POINTER}: restore it from a backup, or name another folder"
            raise StoreError(lost) from None
        return None
    except (OSError, ValueError, RecursionError) as error:
        said = "it is no JSON" if isinstance(error, ValueError) and type(error) is not ValueError else str(error)
        raise StoreError(f"{path}: cannot be read ({said[:100]}): restore the store from a backup") from error


def write_note(folder: Path, note: Note) -> None:
    """Replace the pointer, so that after whatever failure there is the old one or the new one."""
    import json

    aside = folder / _NEW_POINTER
    with aside.open("w", encoding="utf-8") as stream:
        json.dump({"layout": LAYOUT, **asdict(note)}, stream, indent=1)
        stream.flush()
        os.fsync(stream.fileno())
    aside.replace(folder / POINTER)
    sync_folder(folder)


def current_place(folder: Path) -> Place | None:
    """Return where the current generation of a folder lies, None where there is no store."""
    note = read_note(folder)
    if note is None or (note.generation == 0 and not _is_bare(folder)):
        return None
    return place_of(folder, note.generation)


def place_of(folder: Path, generation: int) -> Place:
    """Return where a generation of a folder lies, for a process that works elsewhere later, too."""
    folder = folder.absolute()
    if generation == 0:
        return Place(folder, folder, folder / _DERIVED, 0)
    root = folder / f"generation-{generation:06}"
    return Place(root, root / "store", root / _DERIVED, generation)


def new_generation(folder: Path) -> Place:
    """Make the folders of a generation after all that are there; the writer's lock must be held.

    From here on the folder has a pointer: a generation without one is no leftover, but a store that lost it.
    """
    if not (folder / POINTER).exists():
        write_note(folder, Note())
        sync_folder(folder.resolve().parent)
    numbers = [int(entry.name.partition("-")[2]) for entry in folder.iterdir() if _GENERATION.fullmatch(entry.name)]
    place = place_of(folder, max(numbers, default=0) + 1)
    place.store.mkdir(parents=True)
    return place


def check_takes_a_store(folder: Path) -> None:
    """Raise StoreError where a folder holds something else than a store."""
    if not folder.exists() or is_store(folder):
        return
    if not folder.is_dir():
        raise StoreError(f"{folder}: is no store and not an empty folder, so nothing is written into it")
    ours = {LOCK, POINTER, _NEW_POINTER}
    if any(entry.name not in ours and not _GENERATION.fullmatch(entry.name) for entry in folder.iterdir()):
        raise StoreError(f"{folder}: is no store and not an empty folder, so nothing is written into it")


def check_is_there(folder: Path) -> None:
    """Raise StoreError where the pointer of a folder names a generation that is not there."""
    place = current_place(folder)
    # Another process may have swapped in a newer one between the two looks.
    if place is not None and not place.store.is_dir() and current_place(folder) == place:
        raise StoreError(f"{folder}: the store lost its {place.root.name}: restore it from a backup")


def sweep(folder: Path) -> None:
    """Take away all generations but the current one that nobody reads, and what a killed load left.

    The writer's lock must be held. What cannot be taken away now is left to the next writer.
    """
    import shutil

    with suppress(FileNotFoundError):
        (folder / _NEW_POINTER).unlink()
    note = read_note(folder)
    if note is None:
        return
    check_is_there(folder)  # What a wrong pointer does not name is no leftover.
    kept = place_of(folder, note.generation).root
    for entry in sorted(folder.absolute().iterdir()):
        if _GENERATION.fullmatch(entry.name) and entry != kept:
            with sole(entry) as is_ours:
                if is_ours:
                    shutil.rmtree(entry, ignore_errors=True)
    if note.generation > 0 and _is_bare(folder):
        with sole(folder) as is_ours:
            if is_ours:
                _remove_bare(folder)


def sweep_if_left(folder: Path, current: Place) -> None:
    """Take away what a killed load left, where a reader can and nobody writes; never fails."""
    with suppress(OSError, StoreError):
        names = {entry.name for entry in folder.iterdir()} - {current.root.name}
        if _NEW_POINTER in names or any(_GENERATION.fullmatch(name) for name in names):
            with WriterLock(folder, patience=0):
                sweep(folder)


def fingerprint(store: Path) -> str:
    """Return what tells the engine's files in a folder from what they were before a change."""
    import hashlib

    found: list[str] = []
    with suppress(OSError):
        found.append((store / "IDENTITY").read_text(encoding="ascii", errors="replace"))
        with os.scandir(store) as entries:
            found += sorted(f"{e.name} {e.stat().st_size}" for e in entries if _TELLING_FILE.fullmatch(e.name))
    return hashlib.blake2b("\n".join(found).encode(), digest_size=16).hexdigest()


def sync_folder(folder: Path) -> None:
    """Have the system write the names in a folder to the disk, where it can."""
    with suppress(OSError):
        file = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(file)
        finally:
            os.close(file)


def _is_bare(folder: Path) -> bool:
    return (folder / _MARK_OF_A_STORE).is_file()


def _remove_bare(folder: Path) -> None:
    """Take away a bare store, whose triples are in a generation now; its mark goes first, so that none takes a half."""
    import shutil

    with suppress(OSError):
        (folder / _MARK_OF_A_STORE).unlink()
        for entry in sorted(folder.iterdir()):
            if _ENGINE_FILE.fullmatch(entry.name):
                entry.unlink()
        shutil.rmtree(folder / _DERIVED, ignore_errors=True)


@contextmanager
def sole(folder: Path) -> Iterator[bool]:
    """Lock a folder for its removal; yield whether nobody reads what is in it."""
    file = None
    try:
        if sys.platform != "win32":
            file = os.open(folder, os.O_RDONLY)
            _flock(file, shared=False)
        is_ours = True
    except OSError:
        is_ours = False
    try:
        yield is_ours
    finally:
        if file is not None:
            os.close(file)


def _flock(file: int, *, shared: bool) -> None:
    """Lock an open file without waiting; raises BlockingIOError where another has it."""
    fcntl: Any
    try:
        import fcntl
    except ImportError:  # A system without such locks: there the engine's own lock must do.
        return
    try:
        fcntl.flock(file, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno not in _NO_LOCKS:
            raise
