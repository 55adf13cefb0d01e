"""A file for a new film with all that is known of it, to be written further by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pyoxigraph as ox

from filmgraph.authoring.cells import film_slug, parts_of, title_of
from filmgraph.authoring.draft import FACTS, Statement, film_triples, person_triples, statements
from filmgraph.authoring.facts import Fact, FactsTable
from filmgraph.authoring.names import Names
from filmgraph.errors import DataError, NotFoundError, OutputError
from filmgraph.namespaces import FG, iri, slug_of
from filmgraph.readers import read_text, triples_of
from filmgraph.stores import MemoryStore
from filmgraph.turtle import format_turtle, write_turtle
from filmgraph.writing import write_files

if TYPE_CHECKING:
    from filmgraph.workspace import Workspace

__all__ = ["PEOPLE_FILE", "Skeleton", "check_writable", "new_film", "people_with"]

PEOPLE_FILE = "people.ttl"
_FROM_FACTS = ("imdb_id", "wikidata_id", "runtime_minutes", "directors", "genres", "countries")
_TO_WRITE = {"abstract": "an abstract", "directors": "directors", "genres": "genres", "countries": "countries"}


@dataclass(frozen=True)
class Skeleton:
    """A film file that was written: its path, the film's slug, people who are new, what to know, what to write yet."""

    file: Path
    film: str
    people: tuple[str, ...]
    notes: tuple[str, ...]
    missing: tuple[str, ...]


def new_film(
    workspace: Workspace,
    title: str,
    year: int,
    *,
    facts: FactsTable | None = None,
    imdb: str | None = None,
    given: Mapping[str, Sequence[str]] | None = None,
) -> Skeleton:
    """Write a skeleton of a film's file, ``data/films/SLUG.ttl``, with the facts that a table has of it.

    ``imdb`` says which film of the table is meant; ``given`` are facts by column (directors, genres, countries,
    runtime_minutes), which go before those of the table. A director whom the graph does not know is added to
    ``data/people.ttl``. The film is marked as a draft (``fg:draft``), so that what it lacks breaks no rule yet.

    Raises :class:`~filmgraph.errors.DataError` for a title or fact that cannot be, and
    :class:`~filmgraph.errors.OutputError` where the film is there already; then nothing is written.
    """
    check_writable(workspace)
    try:
        shown = title_of(title)
    except DataError as error:
        raise DataError(f"the title {title[:40]!r}: {error}") from error
    film = iri("film", film_slug(shown, year))
    file = workspace.data / "films" / f"{slug_of(film)}.ttl"
    if file.exists() or file.is_symlink():
        raise OutputError(f"{file}: exists already, and is never written over")
    if imdb is not None and facts is None:
        raise DataError("an IMDb identifier is taken from a table of checked facts: name one with --facts FILE")
    store = MemoryStore.of_files(workspace.graph_files)
    names = Names(store)
    there = names.film(shown, year)
    if there is not None:
        raise OutputError(f"{shown} ({year}) is here already, as {slug_of(there)}: write further there")
    fact = facts.find(shown, year, imdb=imdb) if facts is not None else None
    notes = [_told(facts, fact, shown, year)]
    found: dict[str, list[Statement]] = {}
    for column, values in (given or {}).items():
        found[column] = [each for value in values for each in _of_option(column, value, names)]
    for column in _FROM_FACTS:
        if fact is not None and not found.get(column):
            found[column] = _of_table(column, getattr(fact, column), names, notes)
    _check_free(store, found)
    facts_found = [statement for values in found.values() for statement in values]
    texts = {file: write_turtle(film_triples(film, shown, year, facts_found, draft=True))}
    before: dict[Path, str] = {}
    if names.new_people:
        people = workspace.data / PEOPLE_FILE
        before, text = people_with(people, names.new_people)
        texts = {people: text, **texts}
        notes += [_near(names, name) for name in names.new_people.values()]
    write_files(texts, before=before)
    missing = [what for column, what in _TO_WRITE.items() if not found.get(column)]
    return Skeleton(file, slug_of(film), tuple(names.new_people.values()), tuple(filter(None, notes)), tuple(missing))


def check_writable(workspace: Workspace) -> None:
    """Refuse the copy that an installed package holds: what is written there is lost with the next version.

    Raises :class:`~filmgraph.errors.OutputError`, also where there is no folder of films.
    """
    if workspace.is_installed:
        raise OutputError("films are not added to an installed copy: name a clone of the repository with --root DIR")
    if not (workspace.data / "films").is_dir():
        raise OutputError(f"{workspace.data / 'films'}: there is no such folder to write films in")


def people_with(file: Path, people: Mapping[str, str]) -> tuple[dict[Path, str], str]:
    """Return the file of people as it is, and its text with some more people.

    Raises :class:`~filmgraph.errors.DataError` where the file cannot be rewritten without a loss.
    """
    before: dict[Path, str] = {}
    triples: list[ox.Triple] = []
    if file.exists():
        before[file] = read_text(file)
        format_turtle(before[file], file=str(file))
        triples = triples_of([file])
    for person, name in people.items():
        triples += person_triples(person, name)
    return before, write_turtle(triples)


def _told(facts: FactsTable | None, fact: Fact | None, title: str, year: int) -> str:
    if facts is None:
        return "no table of facts was given, so the film carries no identifiers"
    if fact is not None:
        return f"facts from row {fact.row} of {facts.file}: {fact.to_text()}"
    others = facts.in_other_years(title, year)
    hint = f"; it has {', '.join(other.to_text() for other in others[:3])}" if others else ""
    return f"{facts.file} has no {title} of {year}, so the film carries no identifiers{hint}"


def _of_option(column: str, value: str, names: Names) -> list[Statement]:
    try:
        return statements(column, value, names) if parts_of(value) else []
    except (DataError, NotFoundError) as error:
        raise DataError(f"{column} {value[:60]!r}: {error}") from error


def _of_table(column: str, cell: str, names: Names, notes: list[str]) -> list[Statement]:
    """Return what a cell of the facts says; what the graph does not know is left out, and told."""
    found: list[Statement] = []
    for value in parts_of(cell) if FACTS[column].many else filter(None, [cell.strip()]):
        try:
            found += statements(column, value, names)
        except (DataError, NotFoundError) as error:
            notes.append(f"left out of {column}: {value[:60]!r}: {error}")
    return found


def _check_free(store: MemoryStore, found: Mapping[str, Sequence[Statement]]) -> None:
    """Refuse identifiers that another film has."""
    for column in ("imdb_id", "wikidata_id"):
        for predicate, value in found.get(column, ()):
            for (film,) in store.select(f"SELECT ?f WHERE {{ ?f <{predicate}> {value} ; a <{FG}Film> }}"):
                raise OutputError(
                    f"{slug_of(value.value)} is {slug_of(str(film))}, which is here already: write further there, or "
                    "find out which of the two is right"
                )


def _near(names: Names, name: str) -> str:
    near = names.near(name)
    return (
        f"{name} is new here; if this is {near}, write that person in the film's file and take the new one out"
        if near
        else ""
    )
