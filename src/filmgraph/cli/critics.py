"""Commands that ask about critics: what they agree on, over what they part, what they value and miss."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import click

from filmgraph.cli.options import completes, with_graph
from filmgraph.cli.output import bullet, heading, paragraph, print_rows, title, valued_line

if TYPE_CHECKING:
    from filmgraph.graph import FilmGraph

__all__ = [
    "agreement_command",
    "alike_command",
    "compared_command",
    "contested_command",
    "critics_command",
    "todo_command",
    "uses_command",
    "values_command",
]

_FORMS = ("text", "table", "csv", "tsv", "json", "sparql-json", "markdown")
_form = click.option(
    "--format", "form", type=click.Choice(_FORMS), default="text", show_default=True, help="How the answer is written."
)
_limit = click.option("--limit", "-n", type=click.IntRange(1), default=20, show_default=True, help="How many at most.")
_film = click.argument("film", required=False, shell_complete=completes("film"))
_critic = click.argument("critic", shell_complete=completes("person"))


@click.group("critics")
def critics_command() -> None:
    """Ask what critics agree on, over what they part, what each of them values, and what the graph still lacks.

    Critics are counted, not reviews; who praises and faults the same thing counts as mixed. A share of praise stands
    beside the range in which it would lie, at 95%, had all critics been asked.
    """


@critics_command.command("agreement", short_help="What critics agree on in a film.")
@click.argument("film", shell_complete=completes("film"))
@click.argument("technique", required=False, shell_complete=completes("technique"))
@_limit
@_form
@with_graph
def agreement_command(graph: FilmGraph, film: str, technique: str | None, limit: int, form: str) -> None:
    """Show for each craft of FILM how many critics praise it, or for one TECHNIQUE.

    With TECHNIQUE, those who speak of a narrower one are counted with it. An aspect (story) or a category
    (editing) can be asked for in the same way.
    """
    from filmgraph.reception import Agreement

    found = graph.reception.agreement(film, technique)

    def tell(shown: Sequence[Agreement]) -> None:
        title(f"What critics say of {graph.film(film).title}")
        for each in shown:
            bullet(f"{each.about.name}: {each.critics.in_words or 'no critic speaks of it'}")
            if each.through:
                paragraph(f"Counted with it: {_list(each.through)}.", indent=4, dim=True)

    _print(found, Agreement, limit, form, tell)


@critics_command.command("contested", short_help="The craft that critics judge differently.")
@_film
@click.option("--overall", is_flag=True, help="Add up the films for each craft.")
@_limit
@_form
@with_graph
def contested_command(graph: FilmGraph, film: str | None, overall: bool, limit: int, form: str) -> None:
    """Show the craft that some critics praise and others fault, the most contested first; in FILM, or anywhere.

    Ranked by the share of the smaller side that is certain at 95%: ten against ten come before one against one.
    """
    from filmgraph.reception import Contested

    found = graph.reception.contested(film, overall=overall)

    def tell(shown: Sequence[Contested]) -> None:
        title("The most contested craft" if overall else "Where critics part ways")
        for each in shown:
            where = f" in {each.film.name}" if each.film else f", in {_count(each.films, 'film')}"
            against = f"{each.critics.praise} praise, {each.critics.criticism} fault"
            mixed = f", {each.critics.mixed} both" if each.critics.mixed else ""
            low, high = each.interval
            share = f"smaller side {each.share:.0%}, {low * 100:.0f}–{high:.0%}"
            bullet(f"{each.about.name}{where}: {against}{mixed} ({share})")

    _print(found, Contested, limit, form, tell)


@critics_command.command("values", short_help="What a critic values.")
@_critic
@_form
@with_graph
def values_command(graph: FilmGraph, critic: str, form: str) -> None:
    """Show how CRITIC's praise of craft falls upon the categories, beside that of all critics."""
    from filmgraph.reception import Valued

    found = graph.reception.values(critic)

    def tell(shown: Sequence[Valued]) -> None:
        title(f"What {graph.person(critic).name} values")
        for each in shown:
            bullet(valued_line(each))
        if not any(each.leaning for each in shown):
            paragraph("Too few to tell from what all critics praise.", indent=2, dim=True)

    _print(found, Valued, None, form, tell)


@critics_command.command("alike", short_help="Critics who value the same craft.")
@_critic
@_limit
@_form
@with_graph
def alike_command(graph: FilmGraph, critic: str, limit: int, form: str) -> None:
    """Show the critics who value the same craft as CRITIC; only those of whom enough praise is known are compared."""
    from filmgraph.reception import AlikeCritic

    found = graph.reception.alike(critic, limit=limit)

    def tell(shown: Sequence[AlikeCritic]) -> None:
        title(f"Critics who value what {graph.person(critic).name} values")
        for each in shown:
            bullet(f"{each.critic.name} ({each.score:.2f}): both praise {_list(each.shared).lower()}")

    _print(found, AlikeCritic, limit, form, tell)


@critics_command.command("uses", short_help="Uses that critics bear out, dispute or pass over.")
@_film
@_limit
@_form
@with_graph
def uses_command(graph: FilmGraph, film: str | None, limit: int, form: str) -> None:
    """Show the uses of techniques in FILM, or in every film with claims, and what critics make of each."""
    from filmgraph.reception import NoticedUse

    found = graph.reception.uses(film)

    def tell(shown: Sequence[NoticedUse]) -> None:
        at = ""
        for each in shown:
            if each.film.iri != at:
                heading(each.film.name)
                at = each.film.iri
            at_large = f"; its kind at large {each.at_large.in_words}" if each.at_large.critics else ""
            bullet(f"{each.technique.name}: {each.critics.in_words or 'no critic speaks of it by name'}{at_large}")

    _print(found, NoticedUse, limit, form, tell)


@critics_command.command("todo", short_help="Craft that critics praise and that is no use yet.")
@_film
@_limit
@_form
@with_graph
def todo_command(graph: FilmGraph, film: str | None, limit: int, form: str) -> None:
    """Show what critics praise in FILM, or in any, that the graph has no use of: what editors could look at next."""
    from filmgraph.reception import MissingUse

    found = graph.reception.todo(film)

    def tell(shown: Sequence[MissingUse]) -> None:
        title("Praised, and no use of it in the graph yet")
        for each in shown:
            bullet(f"{each.about.name} in {each.film.name}: {each.critics.in_words}")

    _print(found, MissingUse, limit, form, tell)


@critics_command.command("compared", short_help="Films that critics compare.")
@_film
@_limit
@_form
@with_graph
def compared_command(graph: FilmGraph, film: str | None, limit: int, form: str) -> None:
    """Show the films that critics compare, with FILM or with one another, and who does."""
    from filmgraph.reception import Comparison

    found = graph.reception.compared(film)

    def tell(shown: Sequence[Comparison]) -> None:
        title("Films that critics compare")
        for each in shown:
            who = _list(each.critics[:3]) + (f" and {len(each.critics) - 3} more" if len(each.critics) > 3 else "")
            lacking = "" if each.other.iri else " (not in the graph)"
            critics = _count(len(each.critics), "critic")
            bullet(f"{each.film.name} and {each.other.name}{lacking}: {critics} ({who})")

    _print(found, Comparison, limit, form, tell)


def _print(
    found: Sequence[Any], kind: type[Any], limit: int | None, form: str, tell: Callable[[Sequence[Any]], None]
) -> None:
    """Print answers as rows, or tell them in English and say how many are left."""
    from filmgraph.reception import as_rows

    shown = found if limit is None else found[:limit]
    if form != "text":
        print_rows(as_rows(shown, kind), form)
    elif not shown:
        click.echo("The critics in this graph say nothing of the kind.")
    else:
        tell(shown)
        if len(found) > len(shown):
            paragraph(f"{len(found) - len(shown)} more: --limit {len(found)} shows them.", indent=2, dim=True)


def _list(named: Sequence[Any]) -> str:
    return ", ".join(each.name for each in named)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
