"""Commands with which a person decides on candidate claims: review, decide."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from filmgraph.cli.options import with_workspace
from filmgraph.cli.output import bullet, paragraph
from filmgraph.cli.progress import steps

if TYPE_CHECKING:
    from filmgraph.reviews.curation import Curated
    from filmgraph.reviews.desk import Desk
    from filmgraph.reviews.proposals import Proposal
    from filmgraph.workspace import Workspace

__all__ = ["decide_command", "review_command"]

_candidates = click.option(
    "--candidates", metavar="DIR", help="The folder of candidates; default: candidates/ of the workspace."
)


@click.command("decide", short_help="Carry out decisions that a file holds.")
@click.argument("file", type=click.Path())
@click.option(
    "--source", "sources", multiple=True, required=True, metavar="FILE", help="What the candidates came from."
)
@_candidates
@click.option("--skip-bad", is_flag=True, help="Carry out the good rows although others are bad.")
@click.option("--dry-run", is_flag=True, help="Say what would be done, and write nothing.")
@with_workspace
def decide_command(
    workspace: Workspace, file: str, sources: tuple[str, ...], candidates: str | None, skip_bad: bool, dry_run: bool
) -> None:
    """Carry out the decisions of a CSV file, one row a candidate: accepted claims join data/reviews, rejected ones are
    marked and do not come back.

    Columns: claim (slug or IRI of the candidate), decision (accept or reject), statement (the paraphrase of what is
    accepted); stance, technique and comparisons (films parted by |, - for none) where they are not as proposed. A row
    without claim is a claim of your own, with review, start and end. docs/curating.md tells more.

    Each bad row is told by its number (the header is row 1), and nothing is written, unless --skip-bad is given. A row
    that was carried out before does nothing. Ends with status 0 where something was done, or would be, and 1 where
    rows are bad.
    """
    from filmgraph.reviews.decisions import decide
    from filmgraph.reviews.journal import Journal
    from filmgraph.reviews.session import apply_journal

    with steps("Deciding") as progress:
        desk = _desk(workspace, candidates, sources)
        with Journal(desk.folder) as journal:
            if journal.pending and not dry_run:
                before = apply_journal(desk, journal, progress=progress)
                desk = _desk(workspace, candidates, sources)
                click.echo(f"First the decisions of an interrupted session: {_counts(before)}.", err=True)
            done = decide(desk, file, skip_bad=skip_bad, dry_run=dry_run, progress=progress)
    for bad in done.bad:
        click.echo(bad.to_text())
    rows = len({bad.row for bad in done.bad})
    told = f"{rows} bad row{'' if rows == 1 else 's'}"
    if done.bad and not skip_bad:
        click.echo(f"{told} of {done.rows}: nothing was written. The others are carried out with --skip-bad.", err=True)
        sys.exit(1)
    _tell(workspace, done.curated, dry_run=dry_run)
    if done.bad:
        click.echo(f"{told} of {done.rows} left out.", err=True)


@click.command("review", short_help="Walk through candidate claims and decide on each.")
@click.argument("files", nargs=-1, required=True, type=click.Path())
@_candidates
@click.option("--film", metavar="FILM", help="Only of this film.")
@click.option("--critic", metavar="NAME", help="Only by critics or publications whose name holds these words.")
@click.option("--technique", metavar="CONCEPT", help="Only about this technique, category or aspect.")
@click.option("--stance", metavar="STANCE", help="Only of this stance: praise, criticism, mixed or observation.")
@click.option("--min-confidence", type=click.FloatRange(0, 1), default=0.0, help="Only from this confidence on.")
@click.option("--limit", "-n", type=click.IntRange(1), help="How many at most.")
@with_workspace
def review_command(workspace: Workspace, files: tuple[str, ...], candidates: str | None, **chosen: Any) -> None:
    """Walk through candidate claims and decide on each with one key. FILES are what the candidates came from: the CSV
    file, or the text.

    Every decision is kept at once, so the walk may be stopped at any time, and can be undone until the walk ends; then
    accepted claims are written to data/reviews.
    """
    if not _has_terminal():
        raise click.UsageError("this walk needs a terminal; filmgraph claims decide carries out decisions from a file")
    from filmgraph.cli.walk import walk
    from filmgraph.reviews.journal import Journal
    from filmgraph.reviews.session import Session, apply_journal

    with steps("Reading") as progress:
        progress("the candidates")
        desk = _desk(workspace, candidates, files)
    with Journal(desk.folder) as journal:
        if any(decision.claim not in desk.proposals for decision in journal.pending):
            before = apply_journal(desk, journal)
            click.echo(f"First the decisions of an interrupted session: {_counts(before)}.")
            desk = _desk(workspace, candidates, files)
        session = Session(desk, journal, _chosen(desk, **chosen))
        if session.current is None and not journal.pending:
            click.echo("No candidate is left to decide on.")
            return
        try:
            finished = walk(session)
        except (KeyboardInterrupt, EOFError):
            finished = False
        if not finished:
            click.echo()
            kept = len(journal.pending)
            paragraph(
                f"Stopped. {kept} decision{' is' if kept == 1 else 's are'} kept: the same command goes on from here."
                if kept
                else "Stopped; nothing was decided."
            )
            sys.exit(130)
        if not journal.pending:
            click.echo("Nothing was decided.")
            return
        with steps("Applying") as progress:
            done = session.apply(progress=progress)
    _tell(workspace, done, dry_run=False)
    for refusal in done.refused:
        bullet(f"not carried out: {refusal.decision.claim.rpartition('/')[2]}: {refusal.reason}")


def _has_terminal() -> bool:
    return sys.stdin.isatty() and sys.stdout.isatty()


def _desk(workspace: Workspace, candidates: str | None, files: tuple[str, ...]) -> Desk:
    """Return the candidates of a folder with the texts that they came from."""
    from filmgraph.errors import DataError
    from filmgraph.reviews.desk import Desk
    from filmgraph.reviews.proposals import turtle_files, waiting_folder
    from filmgraph.reviews.texts import texts_in

    folder = waiting_folder(workspace, candidates)
    if not turtle_files(folder):
        raise DataError("holds no candidates: filmgraph import reviews makes them", file=str(folder))
    desk = Desk(workspace, folder)
    return desk.with_texts(texts_in(files, wanted=desk.hashes))


def _chosen(
    desk: Desk,
    *,
    film: str | None,
    critic: str | None,
    technique: str | None,
    stance: str | None,
    min_confidence: float,
    limit: int | None,
) -> list[Proposal]:
    """Return the candidates to walk through, and say how many of them have no text at hand."""
    from filmgraph.lookup import resolve
    from filmgraph.namespaces import slugify

    wanted_film = resolve(desk.store, film, kind="film") if film else None
    concept = desk.vocabulary.concept(technique) if technique else None
    wanted_stance = desk.vocabulary.stance(stance) if stance else None
    words = set(slugify(critic or "").split("-")) - {""}
    found = [
        proposal
        for proposal in desk.open_proposals()
        if wanted_film in (None, proposal.film)
        and concept in (None, proposal.concept)
        and wanted_stance in (None, proposal.stance)
        and (proposal.confidence if proposal.confidence is not None else 1.0) >= min_confidence
        and words
        <= {w for who in (*proposal.authors, *proposal.publishers) for w in slugify(desk.name(who)).split("-")}
    ]
    readable = [proposal for proposal in found if desk.text_of(proposal) is not None]
    if len(readable) < len(found):
        click.echo(f"{len(found) - len(readable)} candidates left out: their texts are not in this source.", err=True)
    return readable[:limit]


def _counts(done: Curated) -> str:
    accepted = sum(done.accepted.values())
    parts = [f"{accepted} accepted", f"{done.rejected} rejected"]
    parts += [f"{done.done} carried out before"] if done.done else []
    parts += [f"{len(done.refused)} refused"] if done.refused else []
    return ", ".join(parts)


def _tell(workspace: Workspace, done: Curated, *, dry_run: bool) -> None:
    """Say what decisions did, file by file."""
    for path, count in done.accepted.items():
        claims = f"{count} claim{'' if count == 1 else 's'}"
        name = path.relative_to(workspace.root).as_posix() if path.is_relative_to(workspace.root) else str(path)
        click.echo(f"{Path(name).as_posix()}: {claims} {'not written yet' if dry_run else 'written'}")
    if done.people:
        new = ", ".join(done.people[:12]) + (f" and {len(done.people) - 12} more" if len(done.people) > 12 else "")
        bullet(f"new critics and publications: {new}")
    click.echo(f"{_counts(done)}.")
