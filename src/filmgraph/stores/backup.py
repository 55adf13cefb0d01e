"""A disk store as one file, for another disk or another machine, and back.

A backup is a tar file: the engine's tables as they are, the list of files that were loaded, and last a manifest with
the size and the checksum of each. Restoring looks at every byte before the store is swapped in.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
import stat
import tarfile
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from filmgraph.errors import DataError, OutputError, StoreError, StoreLockedError
from filmgraph.stores.building import FILES, KEPT_FILE, Building, next_generation, read_known
from filmgraph.stores.folder import (
    LAYOUT,
    Hold,
    Place,
    check_is_there,
    current_place,
    is_store,
    sole,
    sync_folder,
)
from filmgraph.stores.local import LocalStore, check_no_writer, check_not_ours, open_read_only

__all__ = ["Backup", "back_up", "restore"]

Progress = Callable[[str, int, int], None]

_MANIFEST = "filmgraph-backup.json"
_LARGEST_MANIFEST = 64 * 1024**2
_CHUNK = 1024**2
_BROKEN = ("Corruption", "IO error: No such file")
"""How the engine begins to say that a store is not whole."""
_MEMBER = re.compile(rf"store/(?:{KEPT_FILE.pattern})|{FILES}")


@dataclass(frozen=True)
class Backup:
    """What was written or restored."""

    file: str
    triples: int
    size: int


def back_up(
    folder: str | os.PathLike[str],
    target: str | os.PathLike[str],
    *,
    overwrite: bool = False,
    progress: Progress | None = None,
) -> Backup:
    """Write the store in a folder into one file, which another machine can restore.

    Whoever reads the store, or loads into it, is not disturbed. Raises :class:`~filmgraph.errors.StoreError` for what
    is wrong with the store, and :class:`~filmgraph.errors.OutputError` where the file is there already or cannot be
    written.
    """
    path, file = Path(folder), Path(target)
    _check_target(file, path, os.fspath(target), overwrite)
    place, hold = _held(path)
    aside = file.with_name(f".{file.name}.{os.getpid()}.partial")
    try:
        stamp, triples = place.stamp, _count(path, place)
        _sweep_beside(file)
        with aside.open("xb") as stream, closing(Hold(aside)):
            _write(place, triples, stream, progress)
            stream.flush()
            os.fsync(stream.fileno())
        check_no_writer(path, place.store)
        if place.stamp != stamp:
            raise StoreLockedError(f"{path}: was changed while it was copied; try again")
        size = aside.stat().st_size
        _move(aside, file, overwrite)
        sync_folder(file.parent)
    except (OSError, RuntimeError) as error:
        raise OutputError(f"{file}: cannot be written: {getattr(error, 'strerror', None) or error}") from error
    finally:
        hold.close()
        with suppress(OSError):
            aside.unlink()
    return Backup(str(file), triples, size)


def restore(
    backup: str | os.PathLike[str],
    folder: str | os.PathLike[str],
    *,
    overwrite: bool = False,
    progress: Progress | None = None,
) -> Backup:
    """Make the store in a folder what a backup holds; nothing changes unless every byte of it is as it was written.

    Raises :class:`~filmgraph.errors.DataError` for a file that is no whole backup,
    :class:`~filmgraph.errors.OutputError` where there is a store already, and
    :class:`~filmgraph.errors.StoreError` where the folder cannot be written.
    """
    path, name = Path(folder), os.fspath(backup)
    if not os.fspath(folder):
        raise OutputError("an empty path names no folder to restore into")
    try:
        size = _size(Path(name), name)
        _check_free(path, overwrite)
        with tarfile.open(backup, "r:") as archive, next_generation(path, replaced=True) as building:
            _check_free(path, overwrite)  # Another process may have made one meanwhile.
            triples = _restore(archive, building, name, lambda done: progress and progress(name, done, size))
    except tarfile.TarError as error:
        raise DataError(f"is no whole backup: {error}", file=name) from error
    except OSError as error:
        raise DataError(f"cannot be read: {error.strerror or error}", file=name) from error
    return Backup(name, triples, size)


def _check_free(folder: Path, overwrite: bool) -> None:
    """Raise OutputError where a folder has a store that is not to be replaced."""
    if is_store(folder) and not overwrite:
        raise OutputError(f"{folder}: holds a store already; name another folder, or say --force to replace it")


def _check_target(file: Path, folder: Path, name: str, overwrite: bool) -> None:
    """Raise OutputError where no backup of the store in a folder is to be written to a file."""
    if not name:
        raise OutputError("an empty path names no file to write the backup into")
    if file.is_dir() or (file.exists() and not overwrite):
        raise OutputError(f"{file}: is there already; name another file, or say --force to replace it")
    if file.exists() and not file.is_file():
        raise OutputError(f"{file}: is no plain file, so nothing is written over it")
    if folder.resolve() in file.resolve().parents:
        raise OutputError(f"{file}: lies in the store itself, with which it would be lost; name a file elsewhere")


def _move(aside: Path, file: Path, overwrite: bool) -> None:
    """Move a backup into place, unless another has come there meanwhile."""
    if not overwrite:
        try:
            os.link(aside, file)
            return
        except OSError as error:
            # On a disk without hard links the look before has to do.
            if isinstance(error, FileExistsError) or file.exists():
                raise OutputError(
                    f"{file}: is there already; name another file, or say --force to replace it"
                ) from error
    aside.replace(file)


def _sweep_beside(file: Path) -> None:
    """Take away what a killed backup into the same file left."""
    partial = re.compile(rf"\.{re.escape(file.name)}\.[0-9]+\.partial")
    for entry in sorted(file.parent.iterdir()):
        if partial.fullmatch(entry.name) and entry.is_file():
            with sole(entry) as is_left:
                if is_left:
                    entry.unlink()


def _size(file: Path, name: str) -> int:
    """Return the size of a backup; raises DataError for what is none, such as a pipe without end."""
    if not name or file.is_dir():
        raise DataError("is a folder, not a backup" if name else "an empty path names no backup", file=name or None)
    status = file.stat()
    if not stat.S_ISREG(status.st_mode):
        raise DataError("is no regular file", file=name)
    return status.st_size


def _held(path: Path) -> tuple[Place, Hold]:
    """Return where the current generation of a folder lies, held, and written to by nobody."""
    place = current_place(path)
    if place is None:
        raise StoreError(f"{path}: there is no store here")
    check_not_ours(path)
    check_no_writer(path, place.store)
    try:
        return place, Hold(place.root)
    except OSError as error:
        check_is_there(path)
        raise StoreLockedError(f"{path}: is being written just now; try again") from error


def _count(path: Path, place: Place) -> int:
    """Return how many triples a store has, which shows that it can be read."""
    try:
        return len(open_read_only(place.store))
    except (OSError, RuntimeError) as error:
        raise StoreError(f"{path}: cannot be opened: {error}") from error


def _write(place: Place, triples: int, stream: IO[bytes], progress: Progress | None) -> None:
    kept = [(f"store/{entry.name}", entry) for entry in place.store.iterdir() if KEPT_FILE.fullmatch(entry.name)]
    if place.generation and (place.root / FILES).is_file():
        kept.append((FILES, place.root / FILES))
    total = sum(entry.stat().st_size for _, entry in kept)
    done, sums = 0, {}
    with tarfile.open(fileobj=stream, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for name, entry in sorted(kept):
            with entry.open("rb") as file:
                info = tarfile.TarInfo(name)
                info.size = os.fstat(file.fileno()).st_size
                summed = _Summed(file)
                archive.addfile(info, summed)  # type: ignore[arg-type]
            sums[name] = [info.size, summed.digest]
            done += info.size
            if progress is not None:
                progress(name, done, total)
        manifest = json.dumps({"layout": LAYOUT, "triples": triples, "files": sums}, indent=1).encode()
        info = tarfile.TarInfo(_MANIFEST)
        info.size = len(manifest)
        archive.addfile(info, io.BytesIO(manifest))


def _restore(archive: tarfile.TarFile, building: Building, name: str, moved: Callable[[int], Any]) -> int:
    """Fill a generation from a backup and commit it; return how many triples it has."""
    place = building.begin()
    sums: dict[str, list[Any]] = {}
    manifest: dict[str, Any] | None = None
    for member in archive:
        # A sparse file could be a thousand times as large as the backup that it is in.
        content = archive.extractfile(member) if member.isreg() and not member.issparse() else None
        if content is not None and member.name == _MANIFEST:
            manifest = _manifest(content.read(_LARGEST_MANIFEST), name)
        elif content is not None and _MEMBER.fullmatch(member.name) and member.name not in sums:
            summed = _Summed(content)
            with (place.root / member.name).open("xb") as file:
                while data := summed.read(_CHUNK):
                    file.write(data)
                    moved(member.offset_data + file.tell())
            sums[member.name] = [member.size, summed.digest]
        else:
            raise DataError(f"is no backup of a store: it holds {member.name[:80]!r}", file=name)
    if manifest is None:
        raise DataError("is no whole backup: its end is missing", file=name)
    if manifest["files"] != sums:
        noted = manifest["files"]
        wrong = min(each for each in {*noted, *sums} if noted.get(each) != sums.get(each, ""))
        raise DataError(f"is damaged: {wrong} is not what was backed up; use another backup", file=name)
    building.known = read_known(place.root)
    triples = int(manifest["triples"])

    def check(aside: LocalStore) -> None:
        if len(aside) != triples:
            raise DataError(f"is damaged: {len(aside):,} triples came out of it, not {triples:,}", file=name)

    try:
        building.commit(check)
    except (OSError, RuntimeError) as error:
        if str(error).startswith(_BROKEN):
            raise DataError(
                f"is damaged: the engine cannot open what is in it: {str(error)[:200]}", file=name
            ) from error
        raise
    return triples


def _manifest(text: bytes, name: str) -> dict[str, Any]:
    with suppress(ValueError, RecursionError):
        match json.loads(text):
            case {"layout": int(layout)} if layout > LAYOUT:
                raise StoreError(f"{name}: was made by a newer version of filmgraph: update filmgraph")
            case {"layout": int(), "triples": int(), "files": dict()} as told:
                return dict(told)
    raise DataError(f"is no whole backup: its {_MANIFEST} is not what filmgraph writes", file=name)


class _Summed:
    """A file that is summed up as it is read."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file, self._sum = file, hashlib.sha256()

    @property
    def digest(self) -> str:
        """The checksum of what was read."""
        return self._sum.hexdigest()

    def read(self, size: int) -> bytes:
        """Read so many bytes."""
        data = self._file.read(size)
        self._sum.update(data)
        return data
