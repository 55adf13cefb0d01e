"""Loading files into a disk store: built aside, looked at, and swapped in whole or not at all.

What is loaded goes into the next generation of the store (:mod:`filmgraph.stores.building`). Killed at any moment, a
load leaves the store as it was, and its leavings are swept away by the next writer. A file whose content is in already
is passed over: its digest was noted.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from filmgraph.errors import DataError, FormatError
from filmgraph.readers import RDF_SUFFIXES, has_rdf_ending
from filmgraph.readers.looking import CHUNK, Stream, moment_of
from filmgraph.stores.building import Building, Known, next_generation
from filmgraph.stores.feeding import feed
from filmgraph.stores.local import LocalStore

__all__ = ["STANDARD_INPUT", "Check", "Loaded", "LoadedFile", "Progress", "load_files", "rdf_files_in"]

STANDARD_INPUT = "-"
"""The name that stands for the standard input among files."""

Progress = Callable[[str, int, int], None]
"""Called with what is being done, how many bytes of all files are through, and how many there are."""

Check = Callable[[LocalStore, Mapping[Path, str]], None]
"""Called with a store that is to be swapped in and the files that are new in it, each with the name that its user
knows it by; raises to call it off."""

_INCOMING = "incoming"
_SHOWN = "standard input"
_GZIP = b"\x1f\x8b"


@dataclass(frozen=True)
class LoadedFile:
    """A file of a load: its size in bytes, and under which name its content was in already, or nothing."""

    name: str
    size: int
    known_as: str = ""


@dataclass(frozen=True)
class Loaded:
    """What a load did: how many triples the store has now, and how many of them are new."""

    folder: str
    files: tuple[LoadedFile, ...]
    triples: int
    new: int
    seconds: float


def load_files(
    folder: str | os.PathLike[str],
    files: Iterable[str | os.PathLike[str]],
    *,
    form: str | None = None,
    progress: Progress | None = None,
    check: Check | None = None,
) -> Loaded:
    """Load RDF files into the disk store in a folder, made where there is none: all of them or none.

    A folder among the files stands for all RDF files below it, and ``-`` for the standard input, which is in the
    format ``form`` (such as ``ttl``). A file whose content is in already is passed over. ``check`` is called with the
    store as it would be and the files that are new, and may raise, which calls the load off.

    Raises :class:`~filmgraph.errors.DataError` for a file that is not let in,
    :class:`~filmgraph.errors.StoreLockedError` where another process writes to the store, and
    :class:`~filmgraph.errors.StoreError` where the store cannot be read or written. Nothing has changed then.
    """
    path, started = Path(folder), time.monotonic()
    sources = _expanded(files, form)
    with next_generation(path) as building:
        load = _Load(building, sources, form or "", progress)
        load.run()
        if load.fresh:
            load.tell("writing to the disk")
            load.commit(check)
    return Loaded(str(path), tuple(load.done), building.triples, building.new, time.monotonic() - started)


def rdf_files_in(folder: Path) -> list[Path]:
    """Return the RDF files below a folder, sorted.

    Raises :class:`~filmgraph.errors.DataError` where a folder in it cannot be read.
    """

    def unreadable(error: OSError) -> NoReturn:
        raise DataError(f"cannot be read: {error.strerror or error}", file=str(error.filename)) from error

    below = (Path(base, name) for base, _, names in os.walk(folder, onerror=unreadable) for name in names)
    return sorted(file for file in below if has_rdf_ending(file.name) and file.is_file())


class _Load:
    """One load under way: what is done, and what of it is new."""

    def __init__(
        self, building: Building, sources: Sequence[Stream | None], form: str, progress: Progress | None
    ) -> None:
        self.done: list[LoadedFile] = []
        self.fresh: dict[Path, str] = {}
        self._moments: dict[Path, tuple[int, ...]] = {}
        self._building, self._sources, self._form, self._progress = building, sources, form, progress
        self._sizes = {known.size for known in building.known.values()}
        self._through = 0
        self._spool: Path | None = None
        self._total = sum(source.size for source in sources if source is not None)

    def run(self) -> None:
        """Put every file that is new into the store."""
        for source in self._sources:
            stream = self._spooled() if source is None else source
            self.tell(stream.name)
            digest = self._digest(stream)
            known = self._building.known.get(digest)
            if known is None:
                feed(lambda: self._building.store, stream, self.tell)
                self._building.known[stream.digest] = Known(stream.read, stream.name)
                self._sizes.add(stream.read)
                self.fresh[stream.path] = stream.name
                self._moments[stream.path] = stream.moment
            self.done.append(LoadedFile(stream.name, stream.size, "" if known is None else known.name))
            self._through += stream.size

    def commit(self, check: Check | None) -> None:
        """Make what was loaded the store's, once the check has nothing against it."""
        if check is None:
            self._clear()
            self._building.commit()
            return

        def judged(aside: LocalStore) -> None:
            check(aside, self.fresh)
            self._check_unchanged()
            self._clear()

        self._building.commit(judged)

    def _check_unchanged(self) -> None:
        """See that what a check read of the files is what was loaded."""
        for path, moment in self._moments.items():
            with suppress(OSError):
                if moment_of(path.stat()) == moment:
                    continue
            raise DataError("was changed between its loading and its check: load it again", file=self.fresh[path])

    def _clear(self) -> None:
        if self._spool is not None:
            self._spool.unlink()

    def tell(self, name: str, moved: int = 0) -> None:
        """Say how far it is."""
        if self._progress is not None:
            self._progress(name, self._through + moved, self._total)

    def _digest(self, stream: Stream) -> str:
        """Return the digest of a file if one of its size is in, since else it is none of those."""
        if stream.size not in self._sizes:
            return ""
        told = hashlib.sha256()
        try:
            with stream.path.open("rb") as file:
                while data := file.read(CHUNK):
                    told.update(data)
        except OSError as error:
            raise DataError(f"cannot be read: {error.strerror or error}", file=stream.name) from error
        return told.hexdigest()

    def _spooled(self) -> Stream:
        """Write the standard input into a file beside the store, since it may have to be read twice."""
        if sys.stdin is None:
            raise DataError("is closed, so nothing can be read", file=_SHOWN)
        aside = self._building.begin().root / _INCOMING
        with aside.open("wb") as file:
            shutil.copyfileobj(sys.stdin.buffer, file, CHUNK)
        with aside.open("rb") as file:
            packed = file.read(2) == _GZIP
        self._spool = aside.rename(aside.with_name(f"{_INCOMING}.{self._form}{'.gz' if packed else ''}"))
        stream = Stream(self._spool, name=_SHOWN)
        self._total += stream.size
        return stream


def _expanded(files: Iterable[str | os.PathLike[str]], form: str | None) -> list[Stream | None]:
    """Return the files to read, with those below folders; None stands for the standard input."""
    if form is not None and f".{form}" not in RDF_SUFFIXES:
        raise FormatError(f"format {form!r} is not known; there are {', '.join(s[1:] for s in RDF_SUFFIXES)}")
    found: list[Stream | None] = []
    for file in files:
        name = os.fspath(file)
        if not name:
            raise DataError("an empty path names no file")
        if name == STANDARD_INPUT:
            if form is None:
                raise FormatError("standard input has no ending: say with --format what comes, such as ttl")
            if None in found:
                raise DataError("standard input can be read once only")
            found.append(None)
        elif Path(name).is_dir():
            below = rdf_files_in(Path(name))
            if not below:
                raise DataError(f"has no RDF file in it, by its ending: {', '.join(RDF_SUFFIXES)}", file=name)
            found += [Stream(each) for each in below]
        else:
            found.append(Stream(file))
    return found
