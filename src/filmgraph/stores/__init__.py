"""Where triples live: in memory, on disk, behind an endpoint, and compiled in the user's cache."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from filmgraph.stores.compiled import cache_folder, open_compiled
from filmgraph.stores.local import DiskStore, LocalStore, MemoryStore

if TYPE_CHECKING:
    from filmgraph.stores.backup import Backup, back_up, restore
    from filmgraph.stores.loading import Loaded, LoadedFile, load_files, rdf_files_in
    from filmgraph.stores.protocol import Store
    from filmgraph.stores.remote import RemoteStore
    from filmgraph.stores.statistics import LARGE, size_of, statistics_of

__all__ = [
    "LARGE",
    "Backup",
    "DiskStore",
    "Loaded",
    "LoadedFile",
    "LocalStore",
    "MemoryStore",
    "RemoteStore",
    "Store",
    "back_up",
    "cache_folder",
    "load_files",
    "open_compiled",
    "rdf_files_in",
    "restore",
    "size_of",
    "statistics_of",
]

_MODULE_OF = {
    "RemoteStore": "remote",
    "Store": "protocol",
    **dict.fromkeys(("Backup", "back_up", "restore"), "backup"),
    **dict.fromkeys(("Loaded", "LoadedFile", "load_files", "rdf_files_in"), "loading"),
    **dict.fromkeys(("LARGE", "size_of", "statistics_of"), "statistics"),
}


def __getattr__(name: str) -> Any:
    # The remote store brings half of the standard library's network modules: only who calls an endpoint pays.
    if name not in _MODULE_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_MODULE_OF[name]}"), name)
