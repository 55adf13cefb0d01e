"""Commands that move graphs out: export, graph."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from filmgraph.cli.options import with_graph
from filmgraph.cli.progress import steps

if TYPE_CHECKING:
    from filmgraph.graph import FilmGraph

__all__ = ["export_command", "graph_command"]

_output = click.option(
    "--output", "-o", type=click.Path(path_type=Path), help="A file to write; default: standard output."
)
_force = click.option("--force", is_flag=True, help="Overwrite the file if it exists.")


_NEAREST = 10


@contextmanager
def _counting(title: str, output: Path | None) -> Iterator[Callable[[str, int], None] | None]:
    """Yield what shows how many statements are done, None where that would get between them on a terminal."""
    if output is None and sys.stdout.isatty():
        yield None
        return
    with steps(title) as step:
        yield lambda what, done: step(f"· {what} · {done:,}")


@click.command("export")
@click.argument("name", required=False)
@click.option(
    "--format",
    "form",
    type=click.Choice(["turtle", "ntriples", "nquads", "trig", "rdfxml", "jsonld", "jsonld-framed", "parquet"]),
    help="The form of RDF; default: by the ending of --output (.ttl, .nt.gz, .jsonld …), else turtle.",
)
@click.option("--kind", help="The kind of NAME, where several resources bear it: film, technique, person …")
@_output
@_force
@with_graph
def export_command(
    graph: FilmGraph, name: str | None, form: str | None, kind: str | None, output: Path | None, force: bool
) -> None:
    """Write one film, technique or person with all that belongs to it, or everything, as RDF.

    What goes out in one form comes back the same, but for jsonld-framed: that is a view, nested for reading, of the
    resource, or where everything is exported of the films; what no film reaches is not in it. Everything is written
    in bounded memory, however large the graph; JSON-LD is the exception, and refused where it would not fit.

    parquet is for Spark, DuckDB and pandas: a folder with a table of nodes and one of edges, of everything.
    """
    if form == "parquet":
        _write_parquet(graph, name, output, force)
        return
    _check_output(output, force)
    with _counting("Exporting", output) as progress:
        if output is None:
            graph.export_to(sys.stdout.buffer, name, form=form, kind=kind, progress=progress)
            sys.stdout.buffer.flush()
        else:
            graph.export_to(output, name, form=form, kind=kind, overwrite=force, progress=progress)
    if output is not None:
        click.echo(f"{output}: written", err=True)


def _write_parquet(graph: FilmGraph, name: str | None, output: Path | None, force: bool) -> None:
    from filmgraph.batch import write_parquet

    if name is not None or output is None:
        raise click.UsageError("--format parquet is for everything, and for a folder: name it with --output.")
    with steps("Exporting") as progress:
        counts = write_parquet(graph.store, output, overwrite=force, progress=progress)
    nodes = sum(count for kind, count in counts.items() if kind.endswith(" nodes"))
    click.echo(f"{output}: {nodes:,} nodes and {sum(counts.values()) - nodes:,} edges written", err=True)


@click.command("graph")
@click.argument("kind", type=click.Choice(["film-technique", "film-film", "critics", "whole"]))
@click.option(
    "--format",
    "form",
    type=click.Choice(["graphml", "gexf", "cytoscape", "node-link"]),
    help="The form of the network; default: by the ending of --output (.gexf, .cyjs, .json), else graphml.",
)
@click.option(
    "--measure",
    type=click.Choice(["cosine", "jaccard", "shared"]),
    help="film-film: how likeness is measured; default: cosine.",
)
@click.option("--minimum", type=click.FloatRange(0), help="film-film: the least likeness that joins; default: any.")
@click.option(
    "--nearest",
    type=click.IntRange(0),
    help=f"film-film: join each film to so many films most like it, 0 for all; default: {_NEAREST}.",
)
@click.option("--broader", is_flag=True, help="film-film: also join films that meet only in a broader technique.")
@_output
@_force
@with_graph
def graph_command(
    graph: FilmGraph,
    kind: str,
    form: str | None,
    measure: str | None,
    minimum: float | None,
    nearest: int | None,
    broader: bool,
    output: Path | None,
    force: bool,
) -> None:
    """Write a network that Gephi, Cytoscape and NetworkX read.

    NetworkX reads the JSON of node-link with networkx.node_link_graph(data, edges="links"), and that of cytoscape
    with networkx.cytoscape_graph(data).

    In film-film almost any two films would be joined, for most meet in something broad such as camera movement. So
    films are joined that use one and the same technique, each to those most like it.
    """
    from filmgraph.projections import graph_format_of, write_graph

    options = {"measure": measure, "minimum": minimum, "nearest": nearest, "broader": broader or None}
    given: dict[str, Any] = {name: value for name, value in options.items() if value is not None}
    if kind == "film-film":
        given |= {"broader": broader, "nearest": _NEAREST if nearest is None else nearest or None}
    elif given:
        raise click.UsageError(f"--{next(iter(given))} is for film-film, not for {kind}.", click.get_current_context())
    _check_output(output, force)
    with steps("Projecting") as progress:
        progress(kind)
        network = graph.projection(kind, **given)
        text = write_graph(network, form or graph_format_of(str(output)) or "graphml")
    _write(text, output, force)


def _check_output(output: Path | None, force: bool) -> None:
    """Say before the work is done that a file is there already, and what overwrites it."""
    from filmgraph.errors import OutputError

    if output is not None and not force and output.is_file():
        raise OutputError(f"{output}: exists already; name another file, or overwrite it with --force")


def _write(text: str, output: Path | None, force: bool) -> None:
    from filmgraph.export import write_output

    if output is None:
        click.echo(text, nl=False)
    else:
        write_output(text, output, overwrite=force)
        click.echo(f"{output}: written", err=True)
