"""Commands that check: validate, format, claims."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from filmgraph.cli.curate import decide_command, review_command
from filmgraph.cli.options import with_graph, with_workspace
from filmgraph.cli.output import paragraph
from filmgraph.cli.progress import steps
from filmgraph.cli.reviews import extract_command

if TYPE_CHECKING:
    from filmgraph.graph import FilmGraph
    from filmgraph.validation import Engine
    from filmgraph.workspace import Workspace

__all__ = ["claims_command", "format_command", "validate_command", "verify_command"]


_LARGE = 500_000


@click.command("validate")
@click.argument("files", nargs=-1, type=click.Path())
@click.option("--prose", is_flag=True, help="Look for near-duplicates, formula sentences and worn openings, too.")
@click.option(
    "--engine",
    type=click.Choice(["auto", "pyshacl", "shacl"]),
    default="pyshacl",
    show_default=True,
    help="What judges by the shapes; shacl is quicker and needs the extra fast, auto takes it where it is installed.",
)
@with_graph
def validate_command(graph: FilmGraph, files: tuple[str, ...], prose: bool, engine: Engine) -> None:
    """Judge files together with the graph that they join, or the whole graph where none are named.

    With --prose, texts are also compared with one another, in the whole workspace.

    Ends with status 0 where all is well, 1 where a rule is broken, 2 where a file cannot be read.
    """
    if engine == "pyshacl" and not files and _is_large(graph):
        click.echo("pySHACL will take minutes with a graph of this size; --engine shacl is much quicker", err=True)
    with steps("Validating") as progress:
        reports = [graph.validate(files, engine=engine, progress=progress)]
        if prose:
            reports.append(graph.check_prose(files, progress=progress))
    for report in reports:
        for note in report.notes:
            click.echo(note, err=True)
        for line in report.to_text().splitlines():
            click.echo(line)
    if not all(report.conforms for report in reports):
        sys.exit(1)


def _is_large(graph: FilmGraph) -> bool:
    """Whether the graph is a store of this machine with more triples than pySHACL judges in a minute or two."""
    from filmgraph.stores import LocalStore

    return isinstance(graph.store, LocalStore) and len(graph.store) > _LARGE


@click.command("format")
@click.argument("files", nargs=-1, type=click.Path(path_type=Path))
@click.option("--check", is_flag=True, help="Write nothing; end with status 1 where a file is not in the form.")
@with_workspace
def format_command(workspace: Workspace, files: tuple[Path, ...], check: bool) -> None:
    """Write Turtle files in the canonical form, so that a diff shows what changed and nothing else.

    Without FILES all Turtle files of ontology/ and data/ are meant. A file is rewritten only when all could be read.
    """
    from filmgraph.export import write_output
    from filmgraph.readers import read_text
    from filmgraph.turtle import format_turtle

    wanted = files or tuple(sorted([*workspace.ontology.rglob("*.ttl"), *workspace.data.rglob("*.ttl")]))
    changed: dict[Path, str] = {}
    for file in wanted:
        text = read_text(file)
        formatted = format_turtle(text, file=str(file))
        if formatted != text:
            changed[file] = formatted
    for file, formatted in changed.items():
        if check:
            click.echo(f"{file}: not in the canonical form; filmgraph format {file} writes it")
        else:
            write_output(formatted, file, overwrite=True)
            click.echo(f"{file}: rewritten")
    if check and changed:
        sys.exit(1)
    click.echo(f"{len(wanted)} files, {len(changed)} {'not in the form' if check else 'rewritten'}", err=True)


@click.group("claims")
def claims_command() -> None:
    """Work with the claims of critics."""


claims_command.add_command(extract_command)
claims_command.add_command(review_command)
claims_command.add_command(decide_command)


@claims_command.command("verify", short_help="Prove that passages still stand in a text.")
@click.option("--source", required=True, metavar="FILE", help="The text, or a CSV table with a column text.")
@click.option(
    "--review", metavar="REVIEW", help="The review: where the text has changed too much to tell, or one of a table."
)
@with_graph
def verify_command(graph: FilmGraph, source: str, review: str | None) -> None:
    """Prove that the passages of claims still stand in the text that they were read from.

    Of a table, a CSV file whose first row names a column text, each cell of it is a text: the reviews that were read
    from one, known by its hash, are checked, and the other cells are counted.

    Ends with status 0 where the text is unchanged and every passage stands, 1 where it is not so.
    """
    report = graph.verify(source, review=review)
    for line in report.to_text().splitlines():
        paragraph(line)
    if not report.ok:
        sys.exit(1)
