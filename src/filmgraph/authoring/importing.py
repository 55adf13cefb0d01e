"""A spreadsheet of films, one row a technique use, turned into canonical Turtle files that keep every rule."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pyoxigraph as ox

from filmgraph.authoring.draft import FACTS, film_triples
from filmgraph.authoring.names import Names
from filmgraph.authoring.reading import ALIASES, OPTIONAL, REQUIRED, Bad, BadRow, FilmRows, leave_out, read_films
from filmgraph.authoring.skeleton import PEOPLE_FILE, check_writable, people_with
from filmgraph.errors import DataError
from filmgraph.namespaces import FG, FGS, SCHEMA, shorten, slug_of
from filmgraph.readers import read_text, triples_of
from filmgraph.stores import MemoryStore
from filmgraph.tables import read_table
from filmgraph.turtle import format_turtle, write_turtle
from filmgraph.validation import Violation, validate_texts
from filmgraph.writing import write_files

if TYPE_CHECKING:
    from filmgraph.workspace import Workspace

__all__ = ["BadRow", "Imported", "import_table"]

_DRAFT = ox.NamedNode(FG + "draft")
_COLUMN_OF = {shorten(fact.property): column for column, fact in FACTS.items()} | {
    shorten(SCHEMA + "name"): "title",
    shorten(FG + "releaseYear"): "year",
}
_COLUMN_OF_RULE = {"Film-imdbIdOnce": "imdb_id", "Film-sameAsOnce": "wikidata_id", "Film-iri": "title"}
_NEEDED = ("abstract", "directors", "genres", "countries")


@dataclass(frozen=True)
class Imported:
    """What an import did, or without ``written`` would have done.

    ``uses`` counts the new uses by film file; ``people`` are the names of people who are new, ``notes`` what to look
    at; ``bad`` are the rows that were not taken, in their order.
    """

    written: bool
    uses: dict[Path, int]
    people: tuple[str, ...]
    notes: tuple[str, ...]
    bad: tuple[BadRow, ...]


@dataclass
class _Plan:
    """The texts of files as they would be, and as they are."""

    texts: dict[Path, str]
    before: dict[Path, str]
    people: dict[str, str]


def import_table(
    workspace: Workspace,
    file: str | os.PathLike[str],
    *,
    skip_bad: bool = False,
    dry_run: bool = False,
    progress: Callable[[str], None] | None = None,
) -> Imported:
    """Turn a CSV file into film files: new ones, and new uses in those that are there.

    A film's facts may stand on any of its rows. They are added to a file that lacks them; where the file says
    otherwise the row is bad, and so is a use that the film has already. People whom the graph does not know are added
    to ``data/people.ttl``. The graph as it would be is judged by the workspace's shapes before anything is written,
    and a breach is a bad row. Nothing is written if a row is bad; with ``skip_bad`` the good rows are, and a film
    whose facts are bad takes all its rows with it. Nor is anything written with ``dry_run``.

    Raises :class:`~filmgraph.errors.DataError` for a file that is no such table.
    """
    check_writable(workspace)
    table = read_table(file, required=REQUIRED, optional=OPTIONAL, aliases=ALIASES)
    if not table.rows:
        raise DataError("has no rows below the header", file=table.file)
    tell = progress or _say_nothing
    tell("reading the graph")
    names = Names(MemoryStore.of_files(workspace.graph_files))
    films, bad = read_films(table, names)
    for film in films.values():
        _compare(workspace, film, bad)
    while True:
        plan = _plan(workspace, films, names, bad)
        if not plan.texts or not _judge(workspace, plan, films, bad, tell):
            break
    taken = {film.film: sum(1 for row in film.uses if row not in bad) for film in films.values()}
    uses = {_file_of(workspace, film): taken[film.film] for film in films.values() if taken[film.film]}
    written = bool(plan.texts) and not dry_run and (skip_bad or not bad)
    if written:
        tell("writing")
        write_files(plan.texts, before=plan.before)
    notes = [f"{name} is new: is it {near}?" for name in plan.people.values() if (near := names.near(name))]
    ordered = tuple(problem for row in sorted(bad) for problem in bad[row])
    return Imported(written, uses, tuple(plan.people.values()), tuple(notes), ordered)


def _say_nothing(_text: str) -> None:
    return None


def _file_of(workspace: Workspace, film: FilmRows) -> Path:
    return workspace.data / "films" / f"{slug_of(film.film)}.ttl"


def _compare(workspace: Workspace, film: FilmRows, bad: Bad) -> None:
    """Find the rows of a film that its file contradicts or has already."""
    file = _file_of(workspace, film)
    if not file.exists():
        if film.known:
            bad.add(film.rows[0], "title", film.title, f"{slug_of(film.film)} is in the graph, but not in {file.name}")
            leave_out(film, film.rows[0], bad)
        return
    triples, node = triples_of([file]), ox.NamedNode(film.film)
    there = {(triple.predicate.value, triple.object) for triple in triples if triple.subject == node}
    subjects = {triple.subject.value for triple in triples if isinstance(triple.subject, ox.NamedNode)}
    for column, facts in film.facts.items():
        has = {statement for statement in there if statement[0] == FACTS[column].property}
        if has and not set(facts) <= has:
            row, value = film.cells[column]
            bad.add(row, column, value, f"{file.name} says otherwise: leave the cell empty, or change it there")
            leave_out(film, row, bad)
    for row, use in film.uses.items():
        if use.iri in subjects:
            reason = f"{file.name} has this use already: change it there, and take the row out"
            bad.add(row, "technique", slug_of(use.technique), reason)


def _plan(workspace: Workspace, films: dict[str, FilmRows], names: Names, bad: Bad) -> _Plan:
    """Return the files that the good rows make."""
    texts: dict[Path, str] = {}
    before: dict[Path, str] = {}
    credited: set[str] = set()
    for film in films.values():
        uses = [use for row, use in film.uses.items() if row not in bad]
        if not uses:
            continue
        file = _file_of(workspace, film)
        facts = [statement for column in film.facts.values() for statement in column]
        credited |= {value.value for _, value in facts}
        if file.exists():
            before[file] = read_text(file)
            format_turtle(before[file], file=str(file))
            triples = triples_of([file])
            node = ox.NamedNode(film.film)
            triples += [ox.Triple(node, ox.NamedNode(predicate), value) for predicate, value in facts]
            if _is_whole(triples, node):
                triples = [triple for triple in triples if (triple.subject, triple.predicate) != (node, _DRAFT)]
        else:
            triples = list(film_triples(film.film, film.title, film.year, facts, draft=False))
        for use in uses:
            triples += use.triples()
        texts[file] = write_turtle(triples)
    people = {person: name for person, name in names.new_people.items() if person in credited}
    if people:
        file = workspace.data / PEOPLE_FILE
        was, text = people_with(file, people)
        before |= was
        # People first: if the machine stops between two files, somebody whom no film names does less harm than a film
        # by somebody who is not there.
        texts = {file: text, **texts}
    return _Plan(texts, before, people)


def _is_whole(triples: list[ox.Triple], film: ox.NamedNode) -> bool:
    """Whether a film has all that only a draft may lack."""
    has = {triple.predicate.value for triple in triples if triple.subject == film}
    return all(FACTS[column].property in has for column in _NEEDED)


def _judge(
    workspace: Workspace, plan: _Plan, films: dict[str, FilmRows], bad: Bad, tell: Callable[[str], None]
) -> bool:
    """Judge the planned files by the rules, and return whether that found bad rows.

    Raises :class:`~filmgraph.errors.DataError` for a breach that no row of the table made.
    """
    report = validate_texts(plan.texts, workspace=workspace, progress=tell)
    found = False
    for violation in report.violations:
        if violation.severity != "violation":
            continue
        if not _blame(violation, films, bad):
            raise DataError(f"a rule is broken already; mend it first: {violation.to_text()}")
        found = True
    return found


def _blame(violation: Violation, films: dict[str, FilmRows], bad: Bad) -> bool:
    """Mark the rows that made a breach, and return whether there are any."""
    reason = violation.message.partition(": write ")[0]
    rule = violation.shape.removeprefix(FGS)
    for film in films.values():
        if violation.focus == film.film:
            column = _COLUMN_OF_RULE.get(rule) or _COLUMN_OF.get(violation.path or "")
            row = film.row_of(column)
            bad.add(row, column or "", film.cells.get(column or "", (0, ""))[1], reason)
            leave_out(film, row, bad)
            return True
        # Of two rows with one use the bad one is not in the plan; else a row may be bad already, and is told more of.
        for row, use in sorted(film.uses.items(), key=lambda item: item[0] in bad):
            if violation.focus == use.iri:
                named = {"fg:explanation": "explanation", "fg:scene": "scenes", "fg:technique": "technique"}
                column = named.get(violation.path or "", "")
                bad.add(row, column, use.explanation if column == "explanation" else "", reason)
                return True
            for number, scene in enumerate(use.scenes, start=1):
                if violation.focus == use.scene_iri(number):
                    bad.add(row, "scenes", scene, reason)
                    return True
    rows = [
        (film, column)
        for film in films.values()
        for column, facts in film.facts.items()
        if any(value.value == violation.focus for _, value in facts)
    ]
    for film, column in rows:
        row, value = film.cells[column]
        bad.add(row, column, value, reason)
        leave_out(film, row, bad)
    return bool(rows)
