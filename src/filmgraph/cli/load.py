"""Commands that move graphs in: load."""

from __future__ import annotations

import click

from filmgraph.cli.progress import steps

__all__ = ["load_command"]


@click.command("load")
@click.argument("files", nargs=-1, required=True, type=click.Path())
@click.option("--into", metavar="DIR", help="The disk store to load into; made where there is none.")
@click.option("--store", metavar="DIR|URL", help="The same for a disk store; or a SPARQL endpoint, with --update-url.")
@click.option("--update-url", metavar="URL", help="Where the endpoint takes updates.")
def load_command(files: tuple[str, ...], into: str | None, store: str | None, update_url: str | None) -> None:
    """Load RDF files into a store, each file as one transaction: all of it or none.

    All statements go into one graph: the names of graphs in N-Quads, TriG and JSON-LD are dropped.
    """
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
