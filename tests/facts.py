"""Write tests/data/facts.csv: what is known, from outside the project, of the films in data/.

``python tests/facts.py --reference DIR`` takes DIR/facts/films.csv and the films of the workspace. A film with an IMDb
identifier that the reference has gets a row with the reference's year, identifiers and run-time. Names are as data/ has
them where they are those of the reference in another order or spelling; a director whom only the reference names stays
in the row, so that the tests fail until it is settled. A row that says otherwise than "reference" how its facts were
checked was written by hand, and is kept.
"""

from __future__ import annotations

import argparse
import csv
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from filmgraph.namespaces import FG, SCHEMA, slug_of, slugify
from filmgraph.stores import MemoryStore, Store
from filmgraph.workspace import Workspace

TABLE = Path(__file__).parent / "data" / "facts.csv"
REFERENCE = "reference"
ALIASES = {"Chia-Liang Liu": "Lau Kar-leung"}
"""Names that are one person's in two languages."""
COUNTRIES = {"usa": "united-states", "uk": "united-kingdom"}


@dataclass(frozen=True, order=True)
class Row:
    """A row of the table; ``|`` separates several values, and what nobody has checked is empty."""

    film: str
    imdb_id: str
    wikidata_id: str
    title: str
    year: str
    directors: str
    runtime_minutes: str
    countries: str
    checked: str


def rows_of(table: Path) -> list[Row]:
    """Return the rows of a facts table."""
    with table.open(encoding="utf-8", newline="") as stream:
        return [Row(**row) for row in csv.DictReader(stream)]


def films_of(graph: Store) -> dict[str, Row]:
    """Return what a graph says of each film, by slug."""
    return {
        film: Row(film, *values, checked="")
        for film, *values in zip(
            *_columns(
                graph,
                f"<{FG}imdbId>",
                f"<{SCHEMA}sameAs>",
                f"<{SCHEMA}name>",
                f"<{FG}releaseYear>",
                f"<{SCHEMA}director>/<{SCHEMA}name>",
                f"<{FG}runtimeMinutes>",
                f"<{SCHEMA}countryOfOrigin>/<{SCHEMA}name>",
            ),
            strict=True,
        )
    }


def _columns(graph: Store, *paths: str) -> list[list[str]]:
    films = sorted(str(row[0]) for row in graph.select(f"SELECT ?f WHERE {{ ?f a <{FG}Film> }}"))
    columns = [[slug_of(film) for film in films]]
    for path in paths:
        values: dict[str, list[str]] = {film: [] for film in films}
        for film, value in graph.select(f"SELECT ?f ?v WHERE {{ ?f a <{FG}Film> ; {path} ?v }}"):
            values[str(film)].append(slug_of(str(value)) if path == f"<{SCHEMA}sameAs>" else str(value))
        columns.append(["|".join(sorted(values[film])) for film in films])
    return columns


def same_person(name: str, other: str) -> bool:
    """Whether two names may be of one person: they share their last part, or one holds the last of the other.

    >>> same_person("Sergei M. Eisenstein", "Sergei Eisenstein"), same_person("Wong Kar Wai", "Kar-Wai Wong")
    (True, True)
    >>> same_person("Lee Unkrich", "Andrew Stanton")
    False
    """
    one, two = (slugify(ALIASES.get(person, person)).split("-") for person in (name, other))
    return one[-1] in two or two[-1] in one


def agreed(film: Row, fact: Mapping[str, str]) -> Row:
    """Return the row of a film from what the data and the reference say."""
    directors = [name for name in film.directors.split("|") if name]
    left = [name for name in fact["directors"].split("|") if name and not any(same_person(name, d) for d in directors)]
    named = {slugify(country) for country in film.countries.split("|")}
    countries = {COUNTRIES.get(slugify(country), slugify(country)) for country in fact["countries"].split("|")}
    return Row(
        film=film.film,
        imdb_id=fact["imdb_id"],
        wikidata_id=fact["wikidata_id"],
        title=film.title,
        year=fact["year"],
        directors="|".join(sorted([*directors, *left])),
        runtime_minutes=fact["runtime_minutes"],
        countries=film.countries if countries & named else "",
        checked=REFERENCE,
    )


def reference_of(folder: Path) -> dict[str, dict[str, str]]:
    """Return the reference's films by IMDb identifier."""
    with (folder / "facts" / "films.csv").open(encoding="utf-8", newline="") as stream:
        return {row["imdb_id"]: row for row in csv.DictReader(stream)}


def main() -> int:
    """Write the table, and tell what it does not settle."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--reference", type=Path, required=True, help="a folder with facts/films.csv")
    reference = reference_of(parser.parse_args().reference)
    kept = {row.film: row for row in rows_of(TABLE) if row.checked != REFERENCE} if TABLE.exists() else {}
    rows = dict(kept)
    with MemoryStore.of_files(Workspace.find().graph_files) as graph:
        for slug, film in films_of(graph).items():
            if slug in kept or not (film.imdb_id or film.wikidata_id):
                continue
            fact = reference.get(film.imdb_id)
            if fact is None:
                print(f"{slug}: the reference has no {film.imdb_id or 'film without an IMDb identifier'}")
                continue
            rows[slug] = row = agreed(film, fact)
            for name in ("wikidata_id", "year", "directors", "runtime_minutes", "countries"):
                says, has = getattr(row, name), getattr(film, name)
                if says != has and (says or name == "countries"):
                    print(f"{slug}: {name} is {has or 'empty'} in data, {says or fact[name]} in the reference")
    with TABLE.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, [field.name for field in fields(Row)], lineterminator="\n")
        writer.writeheader()
        writer.writerows(asdict(row) for row in sorted(rows.values()))
    print(f"{TABLE.name}: {len(rows)} films")
    return 0


if __name__ == "__main__":
    sys.exit(main())
