"""Commands that lead from film to film: similar, recommend, path."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from filmgraph.cli.options import as_json, completes, limit, show_spoilers, with_graph
from filmgraph.cli.output import bullet, heading, paragraph, print_json, styled, title
from filmgraph.rows import printable

if TYPE_CHECKING:
    from filmgraph.graph import FilmGraph
    from filmgraph.letterboxd import Watched
    from filmgraph.recommend import Recommendation

__all__ = ["PATH_KINDS", "path_command", "recommend_command", "similar_command"]

PATH_KINDS = (
    "technique",
    "sibling techniques",
    "comparison",
    "praise",
    "director",
    "cinematographer",
    "editor",
    "composer",
    "production designer",
    "crew",
    "genre",
    "via",
)
"""The kinds of path, written out here so that help does not wait for the index of paths."""

UNMATCHED_SHOWN = 20

_reasons = click.option(
    "--reasons", type=click.IntRange(1, 10), default=2, show_default=True, help="Reasons for each answer."
)
_how = click.option("--how", is_flag=True, help="Tell how each film does it, and in which scene.")


@click.command("similar")
@click.argument("name", metavar="FILM", shell_complete=completes("film"))
@click.option(
    "--measure",
    type=click.Choice(["cosine", "jaccard", "shared"]),
    default="cosine",
    show_default=True,
    help="How likeness is measured.",
)
@limit
@_reasons
@_how
@show_spoilers
@as_json
@with_graph
def similar_command(
    graph: FilmGraph, name: str, measure: str, limit: int, reasons: int, how: bool, spoilers: bool, as_json: bool
) -> None:
    """List the films most like a film by the techniques they use, rare ones counting most, each with its reasons."""
    answers = graph.similar(name, limit=limit, measure=measure, reasons=reasons)
    if as_json:
        print_json(answers, spoilers=spoilers)
        return
    title(f"Films most like {_title_of(graph, name)}")
    _print_answers(graph, answers, how=how, spoilers=spoilers)


@click.command("recommend")
@click.argument("liked", metavar="[FILM...]", nargs=-1, shell_complete=completes("film"))
@click.option(
    "--not",
    "disliked",
    metavar="FILM",
    multiple=True,
    shell_complete=completes("film"),
    help="A film that you dislike; its craft counts against an answer.",
)
@click.option(
    "--letterboxd",
    "export",
    metavar="FILE",
    type=click.Path(exists=True, dir_okay=False),
    help="A file that Letterboxd exports, such as ratings.csv or watched.csv: from 3.5 up you like a film, from 2 down "
    "you dislike it, and what you have seen is no answer.",
)
@click.option("--liked-all", is_flag=True, help="You like all films of a file without ratings.")
@click.option(
    "--method",
    type=click.Choice(["craft", "pagerank"]),
    default="craft",
    show_default=True,
    help="By shared craft, or by walking the whole graph.",
)
@limit
@_reasons
@_how
@show_spoilers
@as_json
@with_graph
def recommend_command(
    graph: FilmGraph,
    liked: tuple[str, ...],
    disliked: tuple[str, ...],
    export: str | None,
    liked_all: bool,
    method: str,
    limit: int,
    reasons: int,
    how: bool,
    spoilers: bool,
    as_json: bool,
) -> None:
    """Recommend films for someone who likes some films and dislikes others, each with its reasons.

    Films are named, or come from a file that Letterboxd exports.
    """
    seen: tuple[str, ...] = ()
    if export is not None:
        watched = _watched(graph, export, liked_all)
        seen = watched.seen
        # What is named counts before what the file says of it.
        named = {graph.resolve(name, kind="film") for name in (*liked, *disliked)}
        liked = (*liked, *(film for film in watched.liked if film not in named))
        disliked = (*disliked, *(film for film in watched.disliked if film not in named))
        if not liked:
            why = (
                "no film of the graph has 3.5 or more in it"
                if watched.rated
                else "add --liked-all if you like them all"
            )
            raise click.UsageError(f"{export} does not say what you like: {why}")
    elif not liked:
        raise click.UsageError("name a film that you like, or a file of Letterboxd's with --letterboxd")
    answers = graph.recommend(*liked, disliked=disliked, seen=seen, limit=limit, method=method, reasons=reasons)
    if as_json:
        print_json(answers, spoilers=spoilers)
        return
    title("What to watch")
    _print_answers(graph, answers, how=how, spoilers=spoilers)


@click.command("path")
@click.argument("film", shell_complete=completes("film"))
@click.argument("other", shell_complete=completes("film"))
@click.option("--limit", "-n", type=click.IntRange(1), default=5, show_default=True, help="How many at most.")
@click.option(
    "--kind", "kinds", multiple=True, type=click.Choice(PATH_KINDS), help="Keep to this kind of path; may be repeated."
)
@click.option("--turtle", is_flag=True, help="Print the triples that the paths stand on, as Turtle.")
@show_spoilers
@as_json
@with_graph
def path_command(
    graph: FilmGraph,
    film: str,
    other: str,
    limit: int,
    kinds: tuple[str, ...],
    turtle: bool,
    spoilers: bool,
    as_json: bool,
) -> None:
    """Show why two films belong together: the best paths between them, every edge of which is in the graph."""
    paths = graph.path(film, other, limit=limit, kinds=kinds or None)
    if as_json:
        print_json(paths, spoilers=spoilers)
        return
    if turtle:
        for path in paths:
            click.echo(path.to_turtle())
        return
    title(f"{_title_of(graph, film)} → {_title_of(graph, other)}")
    for path in paths:
        confirmed = "confirmed in the graph" if path.confirm(graph.store) else "NOT in the graph"
        count = len(path.triples)
        heading(path.reason, note=path.kind)
        for line in path.details(spoilers=spoilers):
            bullet(line, mark="▸")
        paragraph(f"{count} triple{'' if count == 1 else 's'}, {confirmed}; score {path.score:.3f}", indent=2, dim=True)
    if not paths:
        click.echo("Nothing of this kind joins them." if kinds else "Nothing joins them.")


def _title_of(graph: FilmGraph, film: str) -> str:
    """Return a film's title, without reading its page."""
    iri = graph.resolve(film, kind="film")
    return graph.path_index.titles([iri])[iri]


def _watched(graph: FilmGraph, export: str, likes_all: bool) -> Watched:
    """Read a file of Letterboxd's, and tell on standard error what was found in it."""
    from filmgraph.letterboxd import TitleIndex, read_letterboxd_file

    watched = read_letterboxd_file(export, TitleIndex.of_store(graph.store), likes_all=likes_all)
    parts = [f"{len(watched.matched):,} of {watched.rows:,} films are in the graph"]
    if watched.rated or likes_all:
        parts.append(f"{len(watched.liked):,} liked, {len(watched.disliked):,} disliked")
    click.echo(f"{'; '.join(parts)}.", err=True)
    if watched.unmatched:
        names = [f"{listed.title} ({listed.year})" if listed.year else listed.title for listed in watched.unmatched]
        more = f" and {len(names) - UNMATCHED_SHOWN:,} more" if len(names) > UNMATCHED_SHOWN else ""
        told = printable(f"Not in the graph: {', '.join(names[:UNMATCHED_SHOWN])}{more}.")
        click.echo(told, err=True)
    return watched


def _print_answers(graph: FilmGraph, answers: Sequence[Recommendation], *, how: bool, spoilers: bool) -> None:
    from filmgraph.lookup import labels_of

    objections = [objection for answer in answers for objection in answer.against]
    labels = labels_of(graph.store, {iri for objection in objections for iri in (objection.technique, objection.film)})
    for place, answer in enumerate(answers, start=1):
        click.echo()
        click.echo(f"{place:>2}. {styled(answer.title, bold=True)}  {styled(f'{answer.score:.3f}', dim=True)}")
        for path in answer.paths:
            bullet(path.reason, indent=4)
            if how:
                for line in path.details(spoilers=spoilers):
                    bullet(line, indent=6, mark="▸")
        for objection in answer.against:
            bullet(f"against it: {labels[objection.technique].lower()}, as in {labels[objection.film]}", indent=4)
    if not answers:
        click.echo("Nothing like it is in the graph.")
