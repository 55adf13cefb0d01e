"""Commands that move graphs in and out: export, graph, load."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from filmgraph.cli.options import with_graph
from filmgraph.cli.progress import steps

if TYPE_CHECKING:
    from filmgraph.graph import FilmGraph

__all__ = ["export_command", "graph_command", "load_command"]

_output = click.option(
    "--output", "-o", type=click.Path(path_type=Path), help="A file to write; default: standard output."
)
_force = click.option("--force", is_flag=True, help="Overwrite the file if it exists.")


@click.command("export")
@click.argument("name", required=False)
@click.option(
    "--format",
    "form",
    type=click.Choice(["turtle", "ntriples", "nquads", "trig", "rdfxml", "jsonld", "jsonld-framed"]),
    default="turtle",
    show_default=True,
    help="The form of RDF.",
)
@click.option("--kind", help="The kind of NAME, where several resources bear it: film, technique, person …")
@_output
@_force
@with_graph
def export_command(
    graph: FilmGraph, name: str | None, form: str, kind: str | None, output: Path | None, force: bool
) -> None:
    """Write one film, technique or person with all that belongs to it, or everything, as RDF."""
    with steps("Exporting") as progress:
        progress(name or "everything")
        text = graph.export(name, form=form, kind=kind)
    _write(text, output, force)


@click.command("graph")
@click.argument("kind", type=click.Choice(["film-technique", "film-film", "critics", "whole"]))
@click.option(
    "--format",
    "form",
    type=click.Choice(["graphml", "gexf", "cytoscape", "node-link"]),
    default="graphml",
    show_default=True,
    help="The form of the network.",
)
@_output
@_force
@with_graph
def graph_command(graph: FilmGraph, kind: str, form: str, output: Path | None, force: bool) -> None:
    """Write a network that Gephi, Cytoscape and NetworkX read."""
    from filmgraph.projections import write_graph

    with steps("Projecting") as progress:
        progress(kind)
        text = write_graph(graph.projection(kind), form)
    _write(text, output, force)


@click.command("load")
@click.argument("files", nargs=-1, required=True, type=click.Path())
@click.option("--into", metavar="DIR", help="The disk store to load into; made where there is none.")
@click.option("--store", metavar="DIR|URL", help="The same for a disk store; or a SPARQL endpoint, with --update-url.")
@click.option("--update-url", metavar="URL", help="Where the endpoint takes updates.")
def load_command(files: tuple[str, ...], into: str | None, store: str | None, update_url: str | None) -> None:
    """Load RDF files into a store, each file as one transaction: all of it or none."""
    from filmgraph.errors import StoreError
    from filmgraph.graph import load_into, open_graph

    if store and "://" not in store and not into:
        into, store = store, None
    if into and (store or update_url):
        raise StoreError("--into is for a disk store, --store with --update-url for an endpoint: say one of them")
    if not into and not store:
        raise StoreError("say where to load: --into DIR, or --store URL with --update-url URL")
    if store and not update_url:
        raise StoreError(f"{store}: say with --update-url where this endpoint takes updates")
    with steps("Loading", total=len(files)) as progress:
        if into:
            added = load_into(into, files, progress=progress)
        else:
            with open_graph(store, update_url=update_url) as graph:
                added = graph.load(files, progress=progress)
    for file, count in added.items():
        click.echo(f"{file}: {count:,} new triple{'' if count == 1 else 's'}")


def _write(text: str, output: Path | None, force: bool) -> None:
    from filmgraph.export import write_output

    if output is None:
        click.echo(text, nl=False)
    else:
        write_output(text, output, overwrite=force)
        click.echo(f"{output}: written", err=True)
