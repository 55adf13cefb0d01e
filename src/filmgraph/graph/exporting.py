"""Writing what a graph holds: one resource, or all of it in bounded memory."""

from __future__ import annotations

import os
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import IO, TYPE_CHECKING

from filmgraph.export import format_of, neighbourhood, open_output, serialize, write_whole

if TYPE_CHECKING:
    from filmgraph.graph.film_graph import FilmGraph

__all__ = ["export_text", "export_to"]

Told = Callable[[str, int], None]


def export_text(graph: FilmGraph, iri: str | None, form: str) -> str:
    """Return one resource with all that belongs to it, or the whole graph, in a form of RDF."""
    if iri is not None:
        return serialize(neighbourhood(graph.store, iri), form, workspace=graph.workspace, root=iri)
    stream = BytesIO()
    write_whole(graph.store, form, stream, workspace=graph.workspace)
    return stream.getvalue().decode()


def export_to(
    graph: FilmGraph,
    target: str | os.PathLike[str] | IO[bytes],
    iri: str | None,
    *,
    form: str | None,
    overwrite: bool,
    progress: Told | None,
) -> None:
    """Write one resource, or the whole graph, to a file or into a stream of bytes."""
    if not isinstance(target, (str, os.PathLike)):
        _write(graph, target, iri, form or "turtle", None, progress)
        return
    name = os.fspath(target)
    with open_output(name, overwrite=overwrite) as stream:
        # What is sorted lies where the export will: there has to be room, and /tmp may be memory.
        folder = str(Path(name).resolve().parent)
        _write(graph, stream, iri, form or format_of(name) or "turtle", folder, progress)


def _write(
    graph: FilmGraph, stream: IO[bytes], iri: str | None, form: str, folder: str | None, progress: Told | None
) -> None:
    if iri is None:
        write_whole(graph.store, form, stream, workspace=graph.workspace, folder=folder, progress=progress)
    else:
        stream.write(export_text(graph, iri, form).encode())
