"""Opening a film graph, and loading files into a store."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from filmgraph import stores
from filmgraph.errors import BreachError, StoreError
from filmgraph.graph.film_graph import FilmGraph
from filmgraph.workspace import Workspace

__all__ = ["load_into", "open_graph"]


def open_graph(
    target: str | os.PathLike[str] | None = None,
    *,
    root: str | os.PathLike[str] | None = None,
    writable: bool = False,
    update_url: str | None = None,
    graph_store_url: str | None = None,
    deadline: float = 30.0,
    in_memory: bool = False,
) -> FilmGraph:
    """Open a film graph: the bundled one, a disk store, RDF files or a SPARQL endpoint.

    Without ``target`` the graph of the workspace is opened (the bundled one, or the one in ``root``). A folder is a
    disk store, or else RDF files in it are read into memory, as a single file is. An address that starts with
    ``http://`` or ``https://`` is an endpoint; ``update_url`` is where it takes updates, ``graph_store_url`` where it
    speaks the Graph Store Protocol, and ``deadline`` the longest that a call to it may take, in seconds.
    ``in_memory`` reads the graph of the workspace into memory: that takes a moment longer than opening its compiled
    store, and then pages take half as long.

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
        remote = stores.RemoteStore(name, update_url=update_url, graph_store_url=graph_store_url, deadline=deadline)
        return FilmGraph(remote, workspace=workspace)
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
    form: str | None = None,
    validate: bool = False,
    engine: str | None = None,
    root: str | os.PathLike[str] | None = None,
    progress: Callable[[str, int, int], None] | None = None,
) -> stores.Loaded:
    """Load RDF files into a disk store, made where there is none: all of them or none; return what was done.

    A folder among the files stands for all RDF files below it, and ``-`` for the standard input, in the format
    ``form`` (such as ``ttl``). A file whose content is in already is passed over. With ``validate`` what is new is
    judged together with what it touches, by the rules of the workspace and with a validation engine by name;
    ``progress`` is called with what is being done, how many bytes are through, and how many there are.

    Raises :class:`~filmgraph.errors.BreachError`, with the report, where a rule is broken, and else as
    :func:`filmgraph.stores.load_files` does. Nothing has changed then.
    """
    total = 0

    def check(aside: stores.LocalStore, new: Mapping[Path, str]) -> None:
        from filmgraph.validation import validate_additions

        def step(name: str) -> None:
            if progress is not None:
                progress(f"validating {name}", total, total)

        report = validate_additions(aside, new, workspace=Workspace.find(root), engine=engine, progress=step)
        if not report.conforms:
            raise BreachError("what is to be loaded breaks a rule, so nothing was changed", report=report)

    def move(name: str, done: int, of: int) -> None:
        nonlocal total
        total = of
        if progress is not None:
            progress(name, done, of)

    return stores.load_files(folder, files, form=form, progress=move, check=check if validate else None)


def _rdf_files_in(folder: Path) -> list[Path]:
    """Return the RDF files below a folder, sorted; none where it is a disk store or not there."""
    if not folder.is_dir() or stores.DiskStore.is_store(folder):
        return []
    return stores.rdf_files_in(folder)
