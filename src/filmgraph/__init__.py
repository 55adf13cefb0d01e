"""filmgraph: the open knowledge graph of film craft.

>>> import filmgraph
>>> with filmgraph.open() as graph:
...     graph.film("her-2013").title
'Her'
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from filmgraph.errors import (
        DataError,
        FilmgraphError,
        NotFoundError,
        OutputError,
        QueryError,
        RefusedQueryError,
        StoreError,
    )
    from filmgraph.graph import FilmGraph
    from filmgraph.graph import open_graph as open
    from filmgraph.rows import Rows
    from filmgraph.stores import DiskStore, MemoryStore, RemoteStore, Store

__all__ = [
    "DataError",
    "DiskStore",
    "FilmGraph",
    "FilmgraphError",
    "MemoryStore",
    "NotFoundError",
    "OutputError",
    "QueryError",
    "RefusedQueryError",
    "RemoteStore",
    "Rows",
    "Store",
    "StoreError",
    "open",
]

_HOMES = {
    "FilmGraph": "graph",
    "Rows": "rows",
    **dict.fromkeys(("DiskStore", "MemoryStore", "RemoteStore", "Store"), "stores"),
}


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from importlib.metadata import version

        return version("filmgraph-kg")
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    if name == "open":
        return importlib.import_module("filmgraph.graph").open_graph
    return getattr(importlib.import_module(f"filmgraph.{_HOMES.get(name, 'errors')}"), name)


def __dir__() -> list[str]:
    return sorted((*__all__, "__version__"))
