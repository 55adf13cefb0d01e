"""Commands that read reviews: import reviews, claims extract."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from filmgraph.cli.options import completes, with_graph
from filmgraph.cli.output import bullet, paragraph, styled
from filmgraph.cli.progress import meter
from filmgraph.rows import printable

if TYPE_CHECKING:
    from filmgraph.graph import FilmGraph
    from filmgraph.reviews.results import ImportedReviews

__all__ = ["extract_command", "import_reviews_command"]

_out = click.option("--out", metavar="DIR", help="The folder of candidates; default: candidates/ of the workspace.")
_quote = click.option("--quote", is_flag=True, help="Keep the words of passages, for data of your own.")
_dry_run = click.option("--dry-run", is_flag=True, help="Say what would be written, and write nothing.")


@click.command("reviews", short_help="Read a CSV file of reviews into candidate claims.")
@click.argument("file", type=click.Path())
@_out
@click.option("--critics", metavar="FILE", help="A CSV table of name, publication and the critic that is meant.")
@click.option("--report", metavar="FILE", help="Write each row that was left out or is odd to a CSV file.")
@_quote
@_dry_run
@with_graph
def import_reviews_command(
    graph: FilmGraph,
    file: str,
    out: str | None,
    critics: str | None,
    report: str | None,
    quote: bool,
    dry_run: bool,
) -> None:
    """Read a CSV file of reviews, one a row, into the folder of candidates: reviews, critics, publications, and the
    claims that are found in the texts.

    Columns: film_title, film_year, critic, text; and where there are any publication, date, url, score, verdict.
    docs/reviews.md tells more. The texts are not kept. What is there already is known by its hash: the same file once
    more adds nothing, and an import that was stopped is finished by running it again.
    """
    with meter("Importing") as progress:
        done = graph.import_reviews(
            file, out=out, critics=critics, report=report, quote=quote, dry_run=dry_run, progress=progress
        )
    _print_summary(done)
    if report is not None:
        click.echo(f"{printable(report)}: rows that were left out or are odd", err=True)


def _print_summary(done: ImportedReviews) -> None:
    """Print every count, then what to look at, then what was written."""
    lines = done.to_lines()
    width = min(max(len(name) for name, _count in lines), 60)
    for name, count in lines:
        lead = " " * (len(name) - len(name.lstrip()))
        dim = count in ("0", "0 (0 new)")
        if len(name) > width:
            paragraph(f"{name.strip()}: {count}", indent=len(lead))
        else:
            click.echo(styled(f"{name:<{width}}  {count}", dim=dim))
    for note in done.notes():
        bullet(note)
    if done.adds_nothing:
        click.echo(done.why_nothing(), err=True)
    else:
        files = f"{len(done.written)} file{'' if len(done.written) == 1 else 's'}"
        told = "would be written" if done.dry_run else "written"
        click.echo(f"{printable(str(done.folder))}: {files} {told}", err=True)


@click.command("extract", short_help="Find the claims in the text of one review.")
@click.argument("file", metavar="TEXT", type=click.Path())
@click.option("--film", required=True, metavar="FILM", help="The film under review.", shell_complete=completes("film"))
@click.option("--critic", default="", metavar="NAME", help="Who wrote it.")
@click.option("--publication", default="", metavar="NAME", help="Where it appeared.")
@click.option("--url", default="", metavar="ADDRESS", help="Its address, which begins with http or https.")
@click.option("--date", default="", metavar="DATE", help="When it appeared: 2014-02-13, 2014-02 or 2014.")
@_out
@_quote
@_dry_run
@with_graph
def extract_command(
    graph: FilmGraph,
    file: str,
    film: str,
    critic: str,
    publication: str,
    url: str,
    date: str,
    out: str | None,
    quote: bool,
    dry_run: bool,
) -> None:
    """Find the claims in the text of one review, a file in UTF-8, and write them to the folder of candidates, where
    filmgraph claims review shows them.

    The text is not kept: passages are places in it, and filmgraph claims verify proves them.
    """
    found = graph.extract_claims(
        file,
        film=film,
        critic=critic,
        publication=publication,
        url=url,
        date=date,
        out=out,
        quote=quote,
        dry_run=dry_run,
    )
    for candidate in found.claims:
        click.echo(candidate.to_text())
    if found.foreign:
        click.echo("The text is not in English: no claims are looked for.", err=True)
    done = found.imported
    new = f"{len(found.claims)} claim{'' if len(found.claims) == 1 else 's'} found, {done.new_claims} new"
    decided = f", {done.decided} decided on before" if done.decided else ""
    click.echo(f"{printable(found.review)}: {new}{decided}", err=True)
    if done.adds_nothing:
        click.echo(done.why_nothing(), err=True)
    else:
        told = "would be written" if dry_run else "written"
        click.echo(f"{', '.join(printable(str(path)) for path in done.written)}: {told}", err=True)
