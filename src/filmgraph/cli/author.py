"""Commands that add films: new, import."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from filmgraph.cli.options import with_workspace
from filmgraph.cli.output import bullet, paragraph
from filmgraph.cli.progress import steps
from filmgraph.cli.reviews import import_reviews_command

if TYPE_CHECKING:
    from filmgraph.workspace import Workspace

__all__ = ["import_command", "new_command"]


@click.group("new")
def new_command() -> None:
    """Begin something new."""


@new_command.command("film", short_help="Write a skeleton of a film's file.")
@click.argument("title")
@click.argument("year", type=click.IntRange(1888, 2100))
@click.option("--facts", metavar="FILE", help="A CSV table of checked facts: identifiers, directors, genres …")
@click.option("--imdb", metavar="ID", help="Which film of the table is meant, where several bear the title.")
@click.option("--director", "directors", multiple=True, metavar="NAME", help="A director; may be repeated.")
@click.option("--genre", "genres", multiple=True, metavar="GENRE", help="A genre; may be repeated.")
@click.option("--country", "countries", multiple=True, metavar="COUNTRY", help="A country of origin; may be repeated.")
@click.option("--runtime", metavar="MINUTES", help="The run-time in minutes.")
@with_workspace
def _new_film_command(
    workspace: Workspace,
    title: str,
    year: int,
    facts: str | None,
    imdb: str | None,
    directors: tuple[str, ...],
    genres: tuple[str, ...],
    countries: tuple[str, ...],
    runtime: str | None,
) -> None:
    """Write a skeleton of a film's file, data/films/SLUG.ttl, with the facts that are given and those that the table of
    --facts has of it. Nothing that exists is written over.

    The skeleton is marked as a draft, so it is valid as it stands: what it lacks is a finding, no breach of a rule,
    until fg:draft is taken out. The table has the columns imdb_id, title and year, and may have wikidata_id, directors,
    genres, runtime_minutes and countries.
    """
    from filmgraph.authoring import FactsTable, new_film

    given = {"directors": directors, "genres": genres, "countries": countries}
    made = new_film(
        workspace,
        title,
        year,
        facts=FactsTable(facts) if facts else None,
        imdb=imdb,
        given={**given, "runtime_minutes": (runtime,) if runtime else ()},
    )
    click.echo(f"{made.file.relative_to(workspace.root)}: written")
    for note in made.notes:
        bullet(note)
    if made.people:
        bullet(f"new in data/people.ttl, check the spelling: {', '.join(made.people)}")
    missing = ", ".join((*made.missing, "four to eight uses with their scenes"))
    paragraph(f"Still to write: {missing}; then take out fg:draft true and run filmgraph validate.")


@click.group("import")
def import_command() -> None:
    """Add films from a spreadsheet, or read reviews."""


import_command.add_command(import_reviews_command)


@import_command.command("csv", short_help="Turn a spreadsheet, one row a technique use, into film files.")
@click.argument("file", type=click.Path())
@click.option("--skip-bad", is_flag=True, help="Write the good rows although others are bad.")
@click.option("--dry-run", is_flag=True, help="Say what would be written, and write nothing.")
@with_workspace
def _import_csv_command(workspace: Workspace, file: str, skip_bad: bool, dry_run: bool) -> None:
    """Turn a spreadsheet saved as CSV, one row a technique use, into Turtle files in data/films and data/people.ttl.

    Columns: title, year, technique, explanation, scenes; spoiler; and on one row of each film abstract, directors,
    genres, countries, runtime_minutes, imdb_id, wikidata_id, cinematographers, editors, composers,
    production_designers, alternate_titles. Several values are parted by |. docs/importing.md tells more.

    Each bad row is told by its number (the header is row 1), and nothing is written, unless --skip-bad is given. All
    files are written or none. Ends with status 0 where something was written, or would be, and 1 where rows are bad.
    """
    from filmgraph.authoring import import_table

    with steps("Importing") as progress:
        done = import_table(workspace, file, skip_bad=skip_bad, dry_run=dry_run, progress=progress)
    for bad in done.bad:
        click.echo(bad.to_text())
    for path, count in done.uses.items() if done.written or (dry_run and (skip_bad or not done.bad)) else ():
        uses = f"{count} use{'' if count == 1 else 's'}"
        click.echo(f"{path.relative_to(workspace.root)}: {uses}{' written' if done.written else ', not written yet'}")
    if done.written and done.people:
        click.echo(f"data/people.ttl: added {', '.join(done.people)}")
    for note in done.notes:
        bullet(note)
    rows = len({bad.row for bad in done.bad})
    told = f"{rows} bad row{'' if rows == 1 else 's'}"
    if done.bad and done.written:
        click.echo(f"{told} left out.", err=True)
    elif done.bad and not (dry_run and skip_bad and done.uses):
        more = " The others are written with --skip-bad." if done.uses and not skip_bad else ""
        click.echo(f"{told}: nothing was written.{more}", err=True)
        sys.exit(1)
