"""Every fact in the data that can be looked up is that of tests/data/facts.csv, which tests/facts.py writes.

That the table is right is another test, against the reference material: tests/test_truth.py.
"""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import facts
import pytest

from filmgraph.stores import MemoryStore
from filmgraph.workspace import Workspace

WORKSPACE = Workspace.find()
SLUGS = sorted(file.stem for file in (WORKSPACE.data / "films").glob("*.ttl"))
TABLE = {row.film: row for row in facts.rows_of(facts.TABLE)}
WAY_OUT = "look the film up and add its row to tests/data/facts.csv, or take its identifiers out (CONTRIBUTING.md)"


@pytest.fixture(scope="module")
def films() -> dict[str, facts.Row]:
    with MemoryStore.of_files(WORKSPACE.graph_files) as graph:
        return facts.films_of(graph)


def differences(film: facts.Row, row: facts.Row | None) -> list[str]:
    """Return where a film's facts are not those of its row; an empty field of the row says nothing."""
    if row is None:
        identified = film.imdb_id or film.wikidata_id
        return [f"{film.film} has the identifier {identified}, and no row: {WAY_OUT}"] if identified else []
    found = [
        f"{name} of {film.film} is {getattr(film, name)!r} in data, {getattr(row, name)!r} in the table"
        for name in ("imdb_id", "wikidata_id", "title", "year")
        if getattr(film, name) != getattr(row, name)
    ]
    for name in ("directors", "countries"):
        says = sorted(getattr(row, name).split("|")) if getattr(row, name) else []
        if says and sorted(getattr(film, name).split("|")) != says:
            found.append(
                f"{name} of {film.film} are {getattr(film, name)!r} in data, {getattr(row, name)!r} in the table"
            )
    # A run-time that depends on the print is better left out than wrong, so data/ may be silent.
    if film.runtime_minutes and row.runtime_minutes not in ("", film.runtime_minutes):
        found.append(f"{film.film} runs {film.runtime_minutes} in data, {row.runtime_minutes} minutes in the table")
    return found


@pytest.mark.parametrize("slug", SLUGS)
def test_facts_of_film_are_those_of_the_table(slug: str, films: dict[str, facts.Row]) -> None:
    assert differences(films[slug], TABLE.get(slug)) == []


def test_every_row_is_of_a_film_here(films: dict[str, facts.Row]) -> None:
    assert len(TABLE) >= 50
    assert [slug for slug in TABLE if slug not in films] == []


def test_rows_are_well_formed() -> None:
    rows = facts.rows_of(facts.TABLE)
    assert {film: count for film, count in Counter(row.film for row in rows).items() if count > 1} == {}
    for row in rows:
        assert all(value == value.strip() for value in vars(row).values()), row
        assert re.fullmatch(r"tt[0-9]{7,8}", row.imdb_id), row
        assert re.fullmatch(r"(Q[1-9][0-9]*)?", row.wikidata_id), row
        assert row.year == row.film[-4:], row
        assert row.title, row
        assert row.directors, row
        assert row.checked, row


HER = facts.Row("her-2013", "tt1798709", "Q788822", "Her", "2013", "Spike Jonze", "126", "United States", "")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"imdb_id": "tt1798708"}, "imdb_id of her-2013"),
        ({"wikidata_id": ""}, "wikidata_id of her-2013"),
        ({"year": "2014"}, "year of her-2013"),
        ({"directors": "Spike Jonze|Spike Lee"}, "directors of her-2013"),
        ({"runtime_minutes": "127"}, "runs 126"),
        ({"countries": "France"}, "countries of her-2013"),
    ],
)
def test_a_wrong_fact_is_told(change: dict[str, str], said: str) -> None:
    (told,) = differences(HER, facts.Row(**{**vars(HER), **change}))
    assert said in told


def test_what_the_table_does_not_say_is_not_compared() -> None:
    assert differences(HER, facts.Row(**{**vars(HER), "runtime_minutes": "", "countries": ""})) == []
    assert differences(facts.Row(**{**vars(HER), "imdb_id": "", "wikidata_id": ""}), None) == []


def test_an_identifier_without_a_row_says_what_to_do() -> None:
    (told,) = differences(HER, None)
    assert "add its row to tests/data/facts.csv" in told


def test_the_row_takes_names_from_the_data_and_facts_from_the_reference() -> None:
    fact = {
        "imdb_id": "tt1798709",
        "wikidata_id": "Q788822",
        "title": "Her",
        "year": "2013",
        "directors": "Jonze Spike|Somebody Else",
        "runtime_minutes": "",
        "countries": "USA",
    }
    row = facts.agreed(HER, fact)
    assert (row.directors, row.runtime_minutes, row.countries) == ("Somebody Else|Spike Jonze", "", "United States")
    assert facts.agreed(HER, {**fact, "countries": "France"}).countries == ""
    assert row.checked == facts.REFERENCE


def test_the_table_serves_for_new_films() -> None:
    from filmgraph.authoring import FactsTable

    found = FactsTable(Path(facts.TABLE)).find("HER", 2013)
    assert found is not None
    assert found.imdb_id == "tt1798709"
