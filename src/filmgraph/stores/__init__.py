"""Where triples live: in memory, on disk, behind an endpoint, and compiled in the user's cache."""

from filmgraph.stores.compiled import cache_folder, open_compiled
from filmgraph.stores.local import DiskStore, LocalStore, MemoryStore
from filmgraph.stores.protocol import Store
from filmgraph.stores.remote import RemoteStore

__all__ = [
    "DiskStore",
    "LocalStore",
    "MemoryStore",
    "RemoteStore",
    "Store",
    "cache_folder",
    "open_compiled",
]
