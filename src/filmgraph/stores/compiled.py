"""The compiled store: the bundled graph as a read-only disk store in the user's cache.

Parsing the Turtle files at each start would cost more than everything else a short command does. So they are
loaded once into a disk store whose folder bears the digest of their content: a changed byte is another digest,
and nothing has to be told to rebuild. A store is built aside and renamed into place, so two processes that start
at once both end with a whole one; one that lost bytes since is built anew. Where the cache cannot be written the graph
is read into memory instead.

Reading a thousand files for their digest takes longer than the rest of a short command. So the digest is noted with
the stamp of the files (names, sizes, times), and holds until the stamp changes. As in git's index, a stamp is not
noted within seconds of the newest change, when a further one might not show in it.
"""

from __future__ import annotations

import os
import re
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING
from zlib import crc32

import pyoxigraph as ox

from filmgraph.stores.local import LocalStore, MemoryStore, open_read_only

if TYPE_CHECKING:
    from filmgraph.workspace import Workspace

__all__ = ["cache_folder", "open_compiled"]

KEPT_DAYS = 14
SETTLED_NS = 3_000_000_000
_DONE = "filmgraph-complete"
_BUILDING = "filmgraph-building-"
_STAMP = "filmgraph-stamp-"
_LAYOUT = "3"
_OURS = re.compile(rf"[0-9a-f]{{32}}-[0-9]+-[0-9.]+\w*|{_BUILDING}\w+")
_UNREADABLE = (OSError, RuntimeError, ValueError)


def cache_folder() -> Path:
    """Return the folder of compiled stores: ``FILMGRAPH_CACHE`` or the platform's cache folder for users."""
    named = os.environ.get("FILMGRAPH_CACHE")
    if named:
        return Path(named)
    if sys.platform.startswith("linux"):
        home = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")  # noqa: PTH111
        return Path(home) / "filmgraph"
    from platformdirs import user_cache_path

    return user_cache_path("filmgraph", appauthor=False)


def open_compiled(workspace: Workspace) -> LocalStore:
    """Return the graph of a workspace, compiled if the cache allows it, else read into memory."""
    cache = cache_folder()
    folder = cache / f"{_digest(workspace, cache)}-{_LAYOUT}-{ox.__version__}"
    name = str(workspace.root)
    try:
        if not _is_whole(folder):
            _build(workspace, folder)
        try:
            store = open_read_only(folder)
        except _UNREADABLE:
            _build(workspace, folder, even_if_whole=True)
            store = open_read_only(folder)
        return LocalStore(store, name=name, writable=False)
    except _UNREADABLE:
        memory = MemoryStore.of_files(workspace.graph_files, name=name)
        memory.writable = False
        return memory


def _digest(workspace: Workspace, cache: Path) -> str:
    """Return the digest of a workspace's content: the one noted for its stamp, else read from the files."""
    stamp, newest = workspace.stamp()
    settled = time.time_ns() - newest > SETTLED_NS
    note = cache / f"{_STAMP}{crc32(os.fsencode(workspace.root)):08x}"
    try:
        noted, _, digest = note.read_text(encoding="ascii").partition(" ")
        if noted == stamp:
            return digest
    except (OSError, ValueError):
        pass
    digest = workspace.digest()
    if settled:
        with suppress(OSError):
            cache.mkdir(parents=True, exist_ok=True)
            aside = note.with_name(f"{note.name}-{os.getpid()}")
            aside.write_text(f"{stamp} {digest}", encoding="ascii")
            aside.replace(note)
    return digest


def _build(workspace: Workspace, folder: Path, *, even_if_whole: bool = False) -> None:
    """Build the store aside and rename it into place; raises OSError where the cache cannot be written."""
    import shutil
    import tempfile

    folder.parent.mkdir(parents=True, exist_ok=True)
    aside = Path(tempfile.mkdtemp(prefix=_BUILDING, dir=folder.parent))
    try:
        memory = MemoryStore.of_files(workspace.graph_files)
        built = aside / "store"
        store = ox.Store(str(built))
        store.bulk_extend(memory.oxigraph)
        store.flush()
        store.optimize()
        del store
        (built / _DONE).write_text(_contents(built), encoding="utf-8")
        if even_if_whole or not _is_whole(folder):
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


def _is_whole(folder: Path) -> bool:
    """Whether a store was built to its end and lost nothing since: half a manifest opens as an empty store."""
    try:
        return (folder / _DONE).read_text(encoding="utf-8") == _contents(folder)
    except (OSError, ValueError):
        return False


def _contents(folder: Path) -> str:
    """Return the names and sizes of the files that hold a store's triples."""
    with os.scandir(folder) as entries:
        sizes = sorted(
            (entry.name, entry.stat().st_size)
            for entry in entries
            if entry.name.endswith(".sst") or entry.name.startswith(("CURRENT", "MANIFEST"))
        )
    return "".join(f"{name} {size}\n" for name, size in sizes)


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
