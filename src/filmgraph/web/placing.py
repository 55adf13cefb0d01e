"""A folder of files that is built aside and then put in the place of an earlier one, all of it or nothing.

A list of what was written stands in the folder, in the file :data:`MARKER`. By it an earlier build is known, and what
in it is somebody else's: a ``CNAME``, a ``.git`` folder. That is carried over, and a file of ours that somebody has
changed is not written over. Whatever ends a build before its last step leaves the earlier one as it was.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import IO

from filmgraph.errors import OutputError

__all__ = ["MARKER", "Placement", "placement"]

MARKER = ".filmgraph-site"
"""The file that lists what a build wrote."""

_HEAD = (
    "# Built by filmgraph site build. The files below are replaced when it builds here again; all others stay.\n"
    "# Digest (SHA-256, cut) and path:\n"
)
_LOCK = ".filmgraph-lock"


class Placement:
    """The folder to build in, ``aside``, and what is written to it."""

    def __init__(self, aside: Path) -> None:
        self.aside = aside
        self.digests: dict[str, str] = {}

    @property
    def folds_case(self) -> bool:
        """Whether the file system takes names for one that differ by letter case alone."""
        return (self.aside / _LOCK.upper()).exists()

    def write(self, path: str, content: bytes) -> tuple[str, str]:
        """Write a file, by its path below the folder; return path and digest, for :meth:`note`."""
        file = self.aside / path
        try:
            file.write_bytes(content)
        except FileNotFoundError:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
        return path, _digest(content)

    def note(self, path: str, digest: str) -> None:
        """Note what was written, in this process or another."""
        if path in self.digests:
            raise OutputError(f"{path}: two pages have this one place")
        self.digests[path] = digest


@contextmanager
def placement(folder: Path) -> Iterator[Placement]:
    """Yield a placement that takes the place of a folder when what is done with it has come to a good end.

    Raises :class:`~filmgraph.errors.OutputError` where the folder holds something else than an earlier build, where a
    file of that was changed, where another build is at work there, and where something cannot be written.
    """
    try:
        target = folder.resolve()
        if not target.name or not target.parent.is_dir():
            raise OutputError(f"{folder}: there is no folder {target.parent} to put it in")
        aside, old = (target.with_name(f".{target.name}.filmgraph-{what}") for what in ("new", "old"))
        with closing(_locked(aside)):
            try:
                _recover(target, old)
                before = _earlier(folder, target)
                made = Placement(aside)
                yield made
                _finish(made, target, before)
                _swap(aside, target, old)
            except BaseException:
                shutil.rmtree(aside, ignore_errors=True)
                raise
            _settle(old, target)
    except OSError as error:
        raise OutputError(f"{error.filename or folder}: cannot be written: {error.strerror or error}") from error


def _locked(aside: Path) -> IO[bytes]:
    """Make the folder to build in, and return the lock that holds it; what a killed build left in it is taken away."""
    while True:
        aside.mkdir(exist_ok=True)
        try:
            lock = (aside / _LOCK).open("ab")
        except FileNotFoundError:  # Another build has just moved its folder into place.
            continue
        if not _takes(lock):
            lock.close()
            raise OutputError(f"{aside}: another build is at work here")
        if _is_same(lock, aside / _LOCK):
            for left in aside.iterdir():
                if left.name != _LOCK:
                    shutil.rmtree(left) if left.is_dir() and not left.is_symlink() else left.unlink()
            return lock
        lock.close()


def _takes(lock: IO[bytes]) -> bool:
    try:
        import fcntl
    except ImportError:
        return True
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _is_same(lock: IO[bytes], path: Path) -> bool:
    """Whether a lock that was taken is still the file of that name: another build may have moved it away."""
    try:
        return os.path.samestat(os.fstat(lock.fileno()), path.stat())
    except FileNotFoundError:
        return False


def _recover(target: Path, old: Path) -> None:
    """Finish what a build left undone that was killed while it changed the folders."""
    if not old.exists():
        return
    if target.exists():
        _settle(old, target)
    else:
        old.rename(target)


def _earlier(folder: Path, target: Path) -> dict[str, str]:
    """Return what an earlier build wrote, empty where there is none; nothing else may be there."""
    if not target.exists() or (target.is_dir() and not any(target.iterdir())):
        return {}
    if not target.is_dir():
        raise OutputError(f"{folder}: is no folder")
    if not (target / MARKER).is_file():
        raise OutputError(f"{folder}: is not empty, and no earlier build; name a new folder")
    before = _listed(target / MARKER)
    for path, digest in before.items():
        file = target / path
        if file.is_symlink() or (file.is_file() and _digest(file.read_bytes()) != digest):
            raise OutputError(f"{file}: was changed since it was built, and would be lost: move it away")
    return before


def _listed(marker: Path) -> dict[str, str]:
    lines = marker.read_text(encoding="utf-8", errors="replace").splitlines()
    pairs = (line.partition(" ") for line in lines if line and not line.startswith("#"))
    inside = ((path, digest) for digest, _, path in pairs if path and not path.startswith("/"))
    return {path: digest for path, digest in inside if ".." not in path.split("/")}


def _finish(made: Placement, target: Path, before: Mapping[str, str]) -> None:
    """Write the list of what was written, and see to it that nothing of others is in the way."""
    for path in made.digests:
        if path not in before and os.path.lexists(target / path):
            raise OutputError(f"{target / path}: is not of an earlier build, and in the way: move it away")
    lines = "".join(f"{digest} {path}\n" for path, digest in sorted(made.digests.items()))
    (made.aside / MARKER).write_text(_HEAD + lines, encoding="utf-8")


def _swap(aside: Path, target: Path, old: Path) -> None:
    aside.chmod(_mode_of(target))
    if target.exists():
        target.rename(old)
    try:
        aside.rename(target)
    except BaseException:
        if old.exists():
            old.rename(target)
        raise
    (target / _LOCK).unlink()


def _mode_of(target: Path) -> int:
    if target.exists():
        return target.stat().st_mode & 0o7777
    mask = os.umask(0)
    os.umask(mask)
    return 0o777 & ~mask


def _settle(old: Path, target: Path) -> None:
    """Carry over what is not of the earlier build, and take away what is."""
    if not old.exists():
        return
    ours = {*_listed(old / MARKER), MARKER, _LOCK} if (old / MARKER).is_file() else set()
    folders = {str(parent) for path in ours for parent in Path(path).parents}
    for path in sorted(old.rglob("*"), key=lambda found: len(found.parts)):
        name = path.relative_to(old).as_posix()
        if name in ours or not os.path.lexists(path) or (name in folders and not path.is_symlink()):
            continue
        there = target / name
        if path.is_dir() and not path.is_symlink() and there.is_dir():
            continue
        if os.path.lexists(there):
            raise OutputError(f"{path}: {there} is in its way, so it stays here: move it by hand")
        there.parent.mkdir(parents=True, exist_ok=True)
        path.rename(there)
    for name in ours - {MARKER}:
        with suppress(FileNotFoundError):
            (old / name).unlink()
    (old / MARKER).unlink(missing_ok=True)
    for folder, _, _ in os.walk(old, topdown=False):
        with suppress(OSError):
            Path(folder).rmdir()


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:16]
