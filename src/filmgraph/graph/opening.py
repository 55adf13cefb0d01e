"""Opening a film graph, and loading files into a store."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from pathlib import Path

from filmgraph import stores
from filmgraph.errors import StoreError
from filmgraph.graph.film_graph import FilmGraph
from filmgraph.workspace import Workspace

__all__ = ["load_into", "open_graph"]


def open_graph(
    target: str | os.PathLike[str] | None = None,
    *,
    root: str | os.PathLike[str] | None = None,
    writable: bool = False,
    update_url: str | None = None,
    deadline: float = 30.0,
    in_memory: bool = False,
) -> FilmGraph:
    """Open a film graph: the bundled one, a disk store, RDF files or a SPARQL endpoint.

    Without ``target`` the graph of the workspace is opened (the bundled one, or the one in ``root``). A folder is a
    disk store, or else RDF files in it are read into memory, as a single file is. An address that starts with
    ``http://`` or ``https://`` is an endpoint; ``update_url`` is where it takes updates and ``deadline`` the longest
    that a call to it may take, in seconds. ``in_memory`` reads the graph of the workspace into memory: that takes a
    moment longer than opening its compiled store, and then pages take half as long.

    Raises :class:`~filmgraph.errors.StoreError` where there is nothing to open.
    """
    workspace = Workspace.find(root)
    if target is None and in_memory:
        memory = stores.MemoryStore.of_files(workspace.graph_files, name=str(workspace.root))
        memory.writable = False
        return FilmGraph(memory, workspace=workspace)
    if target is None:
        return FilmGraph(stores.open_compiled(workspace), workspace=workspace)
    name = os.fspath(target)
    if "://" in name:
        return FilmGraph(stores.RemoteStore(name, update_url=update_url, deadline=deadline), workspace=workspace)
    if not name:
        raise StoreError("an empty path names no store: leave it out for the bundled graph")
    path = Path(name)
    if writable and path.is_file():
        raise StoreError(f"{name}: is a file, which is only read; name a folder for a store that can be written")
    files = [path] if path.is_file() else [] if writable else _rdf_files_in(path)
    if files:
        return FilmGraph(stores.MemoryStore.of_files(files, name=name), workspace=workspace)
    return FilmGraph(stores.DiskStore(name, writable=writable), workspace=workspace)


def load_into(
    folder: str | os.PathLike[str],
    files: Iterable[str | os.PathLike[str]],
    *,
    progress: Callable[[str], None] | None = None,
) -> dict[str, int]:
    """Load RDF files into a disk store, made where there is none; return how many triples each file added.

    Each file is one transaction. Where one fails, those before it stay in a store that was there, and a store that
    this call made is taken away again. Raises as :meth:`FilmGraph.load` does.
    """
    path = Path(folder)
    made, kept = not stores.DiskStore.is_store(path), path.exists()
    try:
        with open_graph(path, writable=True) as graph:
            return graph.load(files, progress=progress)
    except BaseException:
        if made and stores.DiskStore.is_store(path):
            import shutil

            shutil.rmtree(path, ignore_errors=True)
            if kept:
                path.mkdir(exist_ok=True)
        raise


def _rdf_files_in(folder: Path) -> list[Path]:
    """Return the RDF files below a folder, sorted; none where it is a disk store or not there."""
    if not folder.is_dir() or stores.DiskStore.is_store(folder):
        return []
    from filmgraph.readers import RDF_SUFFIXES

    endings = (*RDF_SUFFIXES, *(suffix + ".gz" for suffix in RDF_SUFFIXES))
    return sorted(file for file in folder.rglob("*") if file.is_file() and file.name.lower().endswith(endings))
