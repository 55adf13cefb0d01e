"""The compiled store: the bundled graph as a read-only disk store in the user's cache.

Parsing the Turtle files at each start would cost more than everything else a short command does. So they are
loaded once into a disk store whose folder bears the digest of their content: a changed byte is another digest,
and nothing has to be told to rebuild. A store is built aside and renamed into place, so two processes that start
at once both end with a whole one, and only if the files did not change meanwhile. One that lost bytes since is built
anew, even when that shows only while it is asked. Where the cache cannot be written the graph is read into memory
instead; and likewise where others could write into it, who might have put a graph of theirs there.

Reading a thousand files for their digest takes longer than the rest of a short command. So the digest is noted with
the stamp of the files (names, sizes, times), and holds until the stamp changes. As in git's index, a stamp is not
noted within seconds of the newest change, when a further one might not show in it.
"""

from __future__ import annotations

import os
import re
import stat
import sys
import time
from contextlib import suppress
from functools import partial
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, ParamSpec, TypeVar
from zlib import crc32

import pyoxigraph as ox

from filmgraph.errors import StoreError
from filmgraph.readers import read_rdf
from filmgraph.stores.local import LocalStore, MemoryStore, open_read_only

if TYPE_CHECKING:
    from collections.abc import Callable

    from filmgraph.rows import Rows
    from filmgraph.workspace import Workspace

__all__ = ["CompiledStore", "cache_folder", "open_compiled"]

KEPT_DAYS = 14
SETTLED_NS = 3_000_000_000
_DONE = "filmgraph-complete"
_DERIVED = "derived"
_BUILDING = "filmgraph-building-"
_STAMP = "filmgraph-stamp-"
_LAYOUT = "4"
_ATTEMPTS = 3
_OURS = re.compile(rf"[0-9a-f]{{32}}-[0-9]+-[0-9.]+\w*|{_BUILDING}\w+")
_UNREADABLE = (OSError, RuntimeError, ValueError)
_WRITABLE_BY_OTHERS = stat.S_IWGRP | stat.S_IWOTH

_Asked = ParamSpec("_Asked")
_Answer = TypeVar("_Answer")


def cache_folder() -> Path:
    """Return the folder of compiled stores: ``FILMGRAPH_CACHE`` or the platform's cache folder for users."""
    named = os.environ.get("FILMGRAPH_CACHE")
    if named:
        return Path(named)
    if sys.platform.startswith("linux"):
        home = os.environ.get("XDG_CACHE_HOME", "")
        if not home.startswith("/"):  # A relative one is invalid, and would be whatever folder one stands in.
            home = os.path.expanduser("~/.cache")  # noqa: PTH111
        return Path(home) / "filmgraph"
    from platformdirs import user_cache_path

    return user_cache_path("filmgraph", appauthor=False)


class CompiledStore(LocalStore):
    """The compiled graph: a store that only reads, and is built anew where it turns out to have lost bytes."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._folder: Path | None
        self._folder, store = _opened(workspace)
        self._mending = Lock()
        super().__init__(store, name=str(workspace.root), writable=False)

    @property
    def derived(self) -> Path | None:
        """The folder for what is made of the graph, which goes when the store goes."""
        return self._folder / _DERIVED if self._folder is not None else None

    @property
    def stamp(self) -> str:
        """The digest of the graph's files, with the versions of this layout and of the engine."""
        return self._folder.name if self._folder is not None else ""

    def select(self, query: str, *, most: int | None = None) -> Rows:
        """Run a SELECT query; look for no more than ``most`` rows, where that is given."""
        return self._mended(partial(super().select, most=most), query)

    def ask(self, query: str) -> bool:
        """Run an ASK query."""
        return self._mended(super().ask, query)

    def construct(self, query: str) -> list[ox.Triple]:
        """Run a CONSTRUCT or DESCRIBE query."""
        return self._mended(super().construct, query)

    def describe(self, resource: str) -> list[ox.Triple]:
        """Return the triples whose subject is a resource, given by its IRI."""
        return self._mended(super().describe, resource)

    def has_graph(self, graph: str) -> bool:
        """Whether the store holds a named graph of this IRI."""
        return self._mended(super().has_graph, graph)

    def __len__(self) -> int:
        return self._mended(super().__len__)

    def _mended(self, ask: Callable[_Asked, _Answer], *asked: _Asked.args, **named: _Asked.kwargs) -> _Answer:
        """Return an answer, from a store that is built anew if the one that was asked lost bytes."""
        before = self._store
        try:
            return ask(*asked, **named)
        except StoreError:
            with self._mending:
                if self._store is before and not self._mend():
                    raise
        return ask(*asked, **named)

    def _mend(self) -> bool:
        """Build the store anew if it is to blame; return whether it was."""
        # A SERVICE that fails is an error of the engine, too, so the bytes are looked at and not the message.
        if self._store is None or self._folder is None or _is_intact(self._folder):
            return False
        try:
            self._folder, self._store = _opened(self._workspace, broken=self._folder)
        except _UNREADABLE:
            self._folder, self._store = None, MemoryStore.of_files(self._workspace.graph_files).oxigraph
        return True


def open_compiled(workspace: Workspace) -> LocalStore:
    """Return the graph of a workspace, compiled if the cache allows it, else read into memory."""
    try:
        return CompiledStore(workspace)
    except _UNREADABLE:
        memory = MemoryStore.of_files(workspace.graph_files, name=str(workspace.root))
        memory.writable = False
        return memory


def _opened(workspace: Workspace, *, broken: Path | None = None) -> tuple[Path, ox.Store]:
    """Return the folder of a workspace's compiled store and the store, built where there is none or it is broken.

    Raises OSError, RuntimeError or ValueError where the cache cannot be used.
    """
    cache = cache_folder()
    for _ in range(_ATTEMPTS):
        digest = _digest(workspace, cache)
        folder = cache / f"{digest}-{_LAYOUT}-{ox.__version__}"
        is_broken = folder == broken and not _is_intact(folder)
        if not is_broken and _is_whole(folder):
            try:
                return folder, open_read_only(folder)
            except _UNREADABLE:
                is_broken = True
        if _build(workspace, folder, digest, is_broken=is_broken):
            return folder, open_read_only(folder)
        with suppress(OSError):
            _note(workspace, cache).unlink()
    raise OSError("the files do not stop changing")


def _digest(workspace: Workspace, cache: Path) -> str:
    """Return the digest of a workspace's content: the one noted for its stamp, else read from the files."""
    stamp, newest = workspace.stamp()
    settled = time.time_ns() - newest > SETTLED_NS
    note = _note(workspace, cache)
    noted, _, digest = _read_note(note).partition(" ")
    if noted == stamp:
        return digest
    digest = workspace.digest()
    if settled:
        with suppress(OSError):
            _write_note(note, f"{stamp} {digest}")
    return digest


def _note(workspace: Workspace, cache: Path) -> Path:
    return cache / f"{_STAMP}{crc32(os.fsencode(workspace.root)):08x}"


def _read_note(note: Path) -> str:
    """Return what is noted in a file that only we can have written, or nothing."""
    try:
        # Not blocking: a pipe of that name would be waited for.
        file = os.open(note, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
        try:
            status = os.fstat(file)
            if not stat.S_ISREG(status.st_mode) or not _is_private(status):
                return ""
            return os.read(file, 200).decode("ascii")
        finally:
            os.close(file)
    except (OSError, ValueError):
        return ""


def _write_note(note: Path, text: str) -> None:
    import tempfile

    _make_cache(note.parent)
    file, aside = tempfile.mkstemp(prefix=_STAMP, dir=note.parent)
    try:
        with open(file, "w", encoding="ascii") as stream:  # noqa: PTH123
            stream.write(text)
        os.replace(aside, note)  # noqa: PTH105
    except BaseException:
        os.unlink(aside)  # noqa: PTH108
        raise


def _make_cache(cache: Path) -> None:
    """Make the cache folder, for its user alone; raises OSError where it is there and others may write into it."""
    cache.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not _is_private(cache.stat()):
        raise PermissionError(f"{cache}: others may write into it")


def _is_private(status: os.stat_result) -> bool:
    """Whether a file or folder is this user's own, and no one else may write to it; true where no one can tell."""
    if not hasattr(os, "geteuid"):
        return True
    return status.st_uid == os.geteuid() and not status.st_mode & _WRITABLE_BY_OTHERS


def _build(workspace: Workspace, folder: Path, digest: str, *, is_broken: bool) -> bool:
    """Build the store aside and rename it into place; return whether the files are still those of the digest.

    Raises OSError where the cache cannot be written.
    """
    import shutil
    import tempfile

    _make_cache(folder.parent)
    aside = Path(tempfile.mkdtemp(prefix=_BUILDING, dir=folder.parent))
    try:
        built = aside / "store"
        built.mkdir(mode=0o700)
        store = ox.Store(str(built))
        # Straight to the disk: by way of a store in memory it would take half as long again.
        store.bulk_extend(quad for file in workspace.graph_files for quad in read_rdf(file).quads())
        if workspace.digest() != digest:
            return False
        store.flush()
        store.optimize()
        del store
        (built / _DONE).write_text(_contents(built, with_sums=True), encoding="utf-8")
        if is_broken or not _is_whole(folder):
            with suppress(FileNotFoundError):
                folder.rename(aside / "broken")
        try:
            built.rename(folder)
        except OSError:
            if not _is_whole(folder):
                raise
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    _drop_old(folder)
    return True


def _is_whole(folder: Path) -> bool:
    """Whether a store is ours, was built to its end and kept its size: half a manifest opens as an empty store."""
    try:
        # Who may write into the cache could exchange the store after this look.
        if not _is_private(folder.parent.stat()) or not _is_private(folder.lstat()):
            return False
        noted = (folder / _DONE).read_text(encoding="utf-8")
        return re.sub(r" \w+$", "", noted, flags=re.MULTILINE) == _contents(folder)
    except (OSError, ValueError):
        return False


def _is_intact(folder: Path) -> bool:
    """Whether a store has every byte that it was built with."""
    try:
        return (folder / _DONE).read_text(encoding="utf-8") == _contents(folder, with_sums=True)
    except (OSError, ValueError):
        return False


def _contents(folder: Path, *, with_sums: bool = False) -> str:
    """Return the names and sizes of the files that hold a store's triples, on demand with their checksums."""
    with os.scandir(folder) as entries:
        files = sorted(
            (entry.name, entry.stat().st_size)
            for entry in entries
            if entry.name.endswith(".sst") or entry.name.startswith(("CURRENT", "MANIFEST"))
        )
    if not with_sums:
        return "".join(f"{name} {size}\n" for name, size in files)
    return "".join(f"{name} {size} {crc32((folder / name).read_bytes()):08x}\n" for name, size in files)


def _drop_old(current: Path) -> None:
    """Remove compiled stores and stamps that were made long ago; one that is still wanted is simply made again.

    Only what bears a name of ours is touched: the cache may be a folder in which other things lie, too.
    """
    import shutil

    oldest = time.time() - KEPT_DAYS * 86_400
    for entry in current.parent.iterdir():
        with suppress(OSError):
            if entry == current or entry.stat().st_mtime >= oldest:
                continue
            if entry.is_dir() and _OURS.fullmatch(entry.name):
                shutil.rmtree(entry, ignore_errors=True)
            elif entry.is_file() and entry.name.startswith(_STAMP):
                entry.unlink()
