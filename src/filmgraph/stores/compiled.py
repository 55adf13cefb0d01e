"""The compiled store: the bundled graph as a read-only disk store in the user's cache.

Parsing the Turtle files at each start would cost more than everything else a short command does. So they are
loaded once into a disk store whose folder bears the digest of their content: a changed byte is another digest,
and nothing has to be told to rebuild. A store is built aside and renamed into place, so two processes that start
at once both end with a whole one. Where the cache cannot be written the graph is read into memory instead.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pyoxigraph as ox

from filmgraph.stores.local import LocalStore, MemoryStore

if TYPE_CHECKING:
    from filmgraph.workspace import Workspace

__all__ = ["cache_folder", "open_compiled"]

KEPT_DAYS = 14
_DONE = "filmgraph-complete"
_LAYOUT = "2"


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
    folder = cache_folder() / f"{workspace.digest()}-{_LAYOUT}-{ox.__version__}"
    name = str(workspace.root)
    try:
        if not (folder / _DONE).exists():
            _build(workspace, folder)
        return LocalStore(ox.Store.read_only(str(folder)), name=name, writable=False)
    except OSError:
        store = MemoryStore.of_files(workspace.graph_files, name=name)
        store.writable = False
        return store


def _build(workspace: Workspace, folder: Path) -> None:
    """Build the store aside and rename it into place; raises OSError where the cache cannot be written."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    aside = Path(tempfile.mkdtemp(prefix="building-", dir=folder.parent))
    try:
        memory = MemoryStore.of_files(workspace.graph_files)
        store = ox.Store(str(aside))
        store.bulk_extend(memory.oxigraph)
        store.flush()
        store.optimize()
        del store
        (aside / _DONE).touch()
        try:
            aside.rename(folder)
        except OSError:
            if not (folder / _DONE).exists():
                raise
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    _drop_old(folder)


def _drop_old(current: Path) -> None:
    """Remove compiled stores that were built long ago; a store that is still wanted is simply built again."""
    oldest = time.time() - KEPT_DAYS * 86_400
    for folder in current.parent.iterdir():
        try:
            if folder != current and folder.is_dir() and folder.stat().st_mtime < oldest:
                shutil.rmtree(folder, ignore_errors=True)
        except OSError:
            continue
