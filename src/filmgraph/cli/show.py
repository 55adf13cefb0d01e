"""Commands that show a page: film, technique, person, review, search."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import click

from filmgraph.cli.options import as_json, completes, limit, show_spoilers, with_graph
from filmgraph.cli.output import (
    bullet,
    claim_line,
    heading,
    paragraph,
    print_json,
    scene_lines,
    styled,
    title,
    valued_line,
)

if TYPE_CHECKING:
    from filmgraph.graph import FilmGraph
    from filmgraph.pages import FilmPage, TechniquePage, Use

__all__ = ["film_command", "person_command", "review_command", "search_command", "technique_command"]

_TOLD_OF_A_USE = 3
_TOLD_OF_A_CONCEPT = 2
_CONCEPTS_TOLD = 6
_TOLD_OF_A_PERSON = 25
_FILMS_TOLD = 10

_all_claims = click.option("--claims", "all_claims", is_flag=True, help="List every claim of the critics.")


@click.command("film")
@click.argument("name", metavar="FILM", shell_complete=completes("film"))
@show_spoilers
@_all_claims
@as_json
@with_graph
def film_command(graph: FilmGraph, name: str, spoilers: bool, all_claims: bool, as_json: bool) -> None:
    """Show the page of a film: its craft, how it does it, in which scenes, and what critics say."""
    page = graph.film(name)
    if as_json:
        print_json(page, spoilers=spoilers)
        return
    title(f"{page.title} ({page.year})")
    if page.other_titles:
        paragraph(", ".join(text for text, _language in page.other_titles), label="Also known as", dim=True)
    facts = [", ".join(named.name for named in group) for group in (page.genres, page.countries) if group]
    paragraph(" · ".join([*facts, *([f"{page.runtime_minutes} min"] if page.runtime_minutes else [])]))
    for role, people in page.credits:
        paragraph(f"{role}{'s' if len(people) > 1 else ''}: {', '.join(person.name for person in people)}")
    if page.abstract:
        click.echo()
        paragraph(page.abstract)
    if page.uses:
        click.echo()
        click.echo(styled(page.tally_line, bold=True))
    for use in page.uses:
        _print_use(use, all_claims=all_claims, spoilers=spoilers)
    _print_claims(page, all_claims=all_claims, spoilers=spoilers)
    links = [("Wikidata", page.wikidata), ("IMDb", page.imdb), ("This film", page.iri)]
    click.echo()
    for label, address in links:
        if address:
            click.echo(f"{label}: {styled(address, underline=True)}")


@click.command("technique")
@click.argument("name", metavar="TECHNIQUE", shell_complete=completes("technique"))
@click.option(
    "--page",
    "number",
    type=click.IntRange(1),
    default=1,
    help="Which hundred films to show, by year, where a large store has more.",
)
@show_spoilers
@_all_claims
@as_json
@with_graph
def technique_command(
    graph: FilmGraph, name: str, number: int, spoilers: bool, all_claims: bool, as_json: bool
) -> None:
    """Show the page of a technique: what it is, and every film that uses it or a narrower one."""
    page = graph.technique(name, page=number)
    if as_json:
        print_json(page, spoilers=spoilers)
        return
    title(page.label, note=page.category.name)
    paragraph(page.definition)
    if page.scope_note:
        paragraph(page.scope_note, dim=True)
    relations = (
        ("Also known as", page.also_known_as),
        ("Broader", tuple(named.name for named in page.broader)),
        ("Narrower", tuple(named.name for named in page.narrower)),
        ("Related", tuple(named.name for named in page.related)),
    )
    for label, names in relations:
        if names:
            paragraph(", ".join(names), label=f"{label}:")
    for match in page.ada:
        click.echo(f"AdA Filmontology: {match.relation} {styled(match.iri, underline=True)}")
    part = page.portion
    films = part.of if part else len({use.film.iri for use in page.uses})
    shown = f"page {part.page:,} of {part.pages:,}: --page shows another" if part else ""
    heading(f"{films:,} film{'' if films == 1 else 's'}", note=shown)
    for use in page.uses:
        note = "" if use.technique.iri == page.iri else use.technique.name.lower()
        heading(f"{use.film.name} ({use.year})", note=note)
        _print_how(use, spoilers=spoilers)
        _print_critics(use)
    _print_films_heard(page, all_claims=all_claims, spoilers=spoilers)


@click.command("person")
@click.argument("name", metavar="PERSON", shell_complete=completes("person"))
@show_spoilers
@_all_claims
@as_json
@with_graph
def person_command(graph: FilmGraph, name: str, spoilers: bool, all_claims: bool, as_json: bool) -> None:
    """Show the page of a person, band or publication: films, signature techniques, claims."""
    page = graph.person(name)
    if as_json:
        print_json(page, spoilers=spoilers)
        return
    title(page.name)
    for credit in page.credits:
        bullet(f"{credit.film.name} ({credit.year}), {credit.role.lower()}")
    if page.signatures:
        heading("Signature techniques")
        for signature in page.signatures:
            bullet(
                f"{signature.technique.name}: {signature.films} of {signature.of} films here "
                f"({signature.share:.0%}, against {signature.share_of_all:.0%} of all films)"
            )
    if page.values:
        heading("What the critic values")
        for valued in page.values:
            bullet(valued_line(valued))
    if page.claims:
        heading("Claims")
        shown = page.claims if all_claims else page.claims[:_TOLD_OF_A_PERSON]
        for claim in shown:
            bullet(claim_line(claim, with_film=True, spoilers=spoilers))
        _print_more(len(page.claims) - len(shown))
    if page.is_cut:
        paragraph(f"These are claims of the first reviews; there are {page.reviews:,} in all.", dim=True)


@click.command("review")
@click.argument("name", metavar="REVIEW", shell_complete=completes("review"))
@show_spoilers
@as_json
@with_graph
def review_command(graph: FilmGraph, name: str, spoilers: bool, as_json: bool) -> None:
    """Show the page of a review: who wrote it, and every claim in it with its place in the text."""
    page = graph.review(name)
    if as_json:
        print_json(page, spoilers=spoilers)
        return
    author = ", ".join(named.name for named in (page.critic, page.publication) if named) or "unsigned"
    title(f"{page.title or 'Review'} — {author}")
    paragraph(f"A review of {page.film.name}." + (f" {page.date}." if page.date else ""))
    if page.url:
        click.echo(styled(page.url, underline=True))
    click.echo()
    for claim in page.claims:
        places = ", ".join(f"{start}–{end}" for start, end in claim.passages)
        compared = f" Compared with {', '.join(claim.compares_to)}." if claim.compares_to else ""
        bullet(f"{claim_line(claim, spoilers=spoilers)}{compared} [characters {places}]")


@click.command("search")
@click.argument("text", nargs=-1, required=True)
@limit
@with_graph
def search_command(graph: FilmGraph, text: tuple[str, ...], limit: int) -> None:
    """Search titles, labels, alternative labels and names, forgiving of typing errors and accents."""
    from filmgraph.namespaces import shorten

    hits = graph.search(" ".join(text), limit=limit)
    if not hits:
        click.echo("Nothing found.", err=True)
    for hit in hits:
        also = "" if hit.matched == hit.name else f" (as {hit.matched!r})"
        click.echo(f"{styled(shorten(hit.iri))}  {styled(hit.name, bold=True)}{styled(also)}")


def _print_use(use: Use, *, all_claims: bool, spoilers: bool) -> None:
    from filmgraph.pages import telling

    heading(use.technique.name, note=use.category.name)
    paragraph(use.definition, indent=2, dim=True)
    _print_how(use, spoilers=spoilers)
    _print_critics(use)
    told = use.noticed if all_claims else telling(use.noticed, _TOLD_OF_A_USE)
    for claim in told:
        bullet(claim_line(claim, spoilers=spoilers), mark="✓" if claim.stance == "praise" else "·", indent=4)
    _print_more(len(use.noticed) - len(told), indent=4)
    source = f"Source: {use.source}" if use.source else "Editors' reading, no source cited."
    paragraph(source, indent=2, dim=True)


def _print_critics(use: Use) -> None:
    """Print how many critics noticed a use, by which narrower techniques too, and what they say at large."""
    others = sorted({claim.about.name.lower() for claim in use.noticed} - {use.technique.name.lower()})
    counted = f" Counted with it: {', '.join(others)}." if others else ""
    parts = [f"{_capitalized(use.critics.in_words)}.{counted}"] if use.noticed else []
    parts += [f"{about.name} at large: {tally.in_words}." for about, tally in use.at_large]
    if parts:
        paragraph(" ".join(parts), indent=2)


def _capitalized(words: str) -> str:
    return f"{words[:1].upper()}{words[1:]}"


def _print_more(count: int, *, indent: int = 2) -> None:
    if count > 0:
        paragraph(f"{count} more: --claims lists {'it' if count == 1 else 'them'}.", indent=indent, dim=True)


def _print_how(use: Use, *, spoilers: bool) -> None:
    if use.spoiler and not spoilers:
        paragraph("[How it is used gives away the ending: --spoilers shows it]", indent=2)
        return
    paragraph(use.explanation, indent=2)
    for line in scene_lines(use.scenes, folded=use.spoiler, spoilers=spoilers):
        bullet(line, mark="▸")


def _print_claims(page: FilmPage, *, all_claims: bool, spoilers: bool) -> None:
    """Print what critics say, concept by concept: how many agree, and of what no use tells already, a few claims."""
    from filmgraph.pages import STANCES, telling

    claims = page.claims
    if not claims:
        return
    reviews = len({claim.review for claim in claims})
    by_stance = Counter(claim.stance for claim in claims)
    counted = ", ".join(f"{by_stance[stance]} {stance}" for stance in STANCES if by_stance[stance])
    heading(
        "What critics say", note=f"{len(claims)} claims in {reviews} review{'' if reviews == 1 else 's'}: {counted}"
    )
    of_uses = {claim.iri for use in page.uses for claim in use.noticed}
    left = _CONCEPTS_TOLD
    for heard in page.heard:
        lacking = "; no use of it here" if heard.lacks_use else ""
        bullet(f"{heard.about.name}: {heard.critics.in_words}{lacking}")
        said = [claim for claim in claims if claim.about == heard.about]
        told = [] if said[0].iri in of_uses or not left else telling(said, _TOLD_OF_A_CONCEPT)
        left -= bool(told)
        for claim in said if all_claims else told:
            bullet(claim_line(claim, spoilers=spoilers), indent=4, mark="·")
    if not all_claims:
        paragraph(f"--claims lists all {len(claims)}, each with its critic.", indent=2, dim=True)


def _print_films_heard(page: TechniquePage, *, all_claims: bool, spoilers: bool) -> None:
    """Print what critics say of a technique, film by film: how many agree, and a few claims."""
    from filmgraph.pages import telling

    if not page.heard:
        return
    heading("What critics say")
    films = page.heard if all_claims else page.heard[:_FILMS_TOLD]
    for heard in films:
        lacking = "; no use of it there" if heard.lacks_use else ""
        bullet(f"{heard.film.name}: {heard.critics.in_words}{lacking}")
        said = [claim for claim in page.claims if claim.film == heard.film]
        for claim in said if all_claims else telling(said, _TOLD_OF_A_CONCEPT):
            bullet(claim_line(claim, with_film=True, spoilers=spoilers), indent=4, mark="·")
    if not all_claims:
        rest = len(page.heard) - len(films)
        more = f"{rest} more film{'' if rest == 1 else 's'}; " if rest > 0 else ""
        paragraph(f"{more}--claims lists all {len(page.claims)} claims.", indent=2, dim=True)
