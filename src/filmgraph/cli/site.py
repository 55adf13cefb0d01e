"""The command that writes the site as static files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from filmgraph.cli.options import needing_web, with_graph
from filmgraph.cli.progress import meter

if TYPE_CHECKING:
    from filmgraph.graph import FilmGraph

__all__ = ["build_command", "site_command"]

_MOST_NAMED = 5


@click.group("site")
def site_command() -> None:
    """Work with the site as files."""


@site_command.command("build", short_help="Write the whole site as static files.")
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option("--base-url", metavar="URL", required=True, help="Where the site will be: https://example.org/filmgraph")
@click.option(
    "--workers",
    type=click.IntRange(1, 32),
    help="How many processes work at it; default: one for each processor, up to four.",
)
@with_graph
def build_command(graph: FilmGraph, folder: Path, base_url: str, workers: int | None) -> None:
    """Write the whole site as static files, for any host: pages, and data beside each.

    DIR is made, or holds an earlier build, which is replaced when the new one is whole; files in it that are not of the
    build stay. SPARQL, recommendations and comparisons need a server and are left out.
    """
    with needing_web():
        from filmgraph.web.builder import build_site
    with meter("Building") as progress:
        built = build_site(graph, folder, base_url, progress=progress, workers=workers)
    click.echo(f"{built.folder}: {built.pages:,} pages, {built.files:,} files, {built.size / 1e6:,.1f} MB")
    if built.left_out:
        named = ", ".join(built.left_out[:_MOST_NAMED])
        more = f" and {len(built.left_out) - _MOST_NAMED} more" if len(built.left_out) > _MOST_NAMED else ""
        click.echo(f"No place in a file system for {named}{more}: left out.", err=True)
