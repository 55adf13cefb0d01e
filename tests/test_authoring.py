"""Skeletons of new films, and spreadsheets turned into film files: what is written, and what is refused."""

from __future__ import annotations

import csv
import io
import os
import shutil
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pyoxigraph as ox
import pytest
from click.testing import CliRunner, Result
from spaces import small_workspace

from filmgraph.authoring import BadRow, FactsTable, Imported, import_table, new_film
from filmgraph.authoring.cells import clean
from filmgraph.authoring.reading import OPTIONAL
from filmgraph.cli import cli
from filmgraph.errors import DataError, FilmgraphError, OutputError
from filmgraph.namespaces import FG, iri, shorten, slug_of
from filmgraph.readers import triples_of
from filmgraph.turtle import format_turtle
from filmgraph.validation import validate_files, validate_workspace
from filmgraph.workspace import Workspace
from filmgraph.writing import write_files

BUNDLED = Workspace.find()
EXPLANATION = (
    "The camera keeps to one place while everybody hurries past it, so that we look for what the hurry leaves behind, "
    "and find it in the face of the one who waits."
)
SCENE = "A woman waits on a platform while three trains leave, and does not move."
ABSTRACT = "A woman waits for a train that does not come, and a town begins to wonder whom she expects to be on it."
GOOD = {
    "title": "The Platform Test",
    "year": "2001",
    "technique": "Long take",
    "explanation": EXPLANATION,
    "scenes": SCENE,
}
FACTS = {
    "abstract": ABSTRACT,
    "directors": "Spike Jonze|New Person",
    "genres": "Sci-Fi|drama",
    "countries": "USA|France",
}
WRITTEN_BY_HAND = f"""@prefix country: <https://w3id.org/filmgraph/country/> .
@prefix fg: <https://w3id.org/filmgraph/ontology#> .
@prefix film: <https://w3id.org/filmgraph/film/> .
@prefix genre: <https://w3id.org/filmgraph/genre/> .
@prefix organization: <https://w3id.org/filmgraph/organization/> .
@prefix person: <https://w3id.org/filmgraph/person/> .
@prefix prov: <http://www.w3.org/ns/prov#> .
@prefix scene: <https://w3id.org/filmgraph/scene/> .
@prefix schema: <https://schema.org/> .
@prefix technique: <https://w3id.org/filmgraph/technique/> .
@prefix use: <https://w3id.org/filmgraph/use/> .
@prefix wd: <http://www.wikidata.org/entity/> .

film:the-platform-test-2001 a fg:Film ;
    schema:name "The Platform Test" ;
    schema:alternateName "Le Quai"@fr ;
    fg:releaseYear 2001 ;
    fg:runtimeMinutes 90 ;
    schema:abstract "{ABSTRACT}"@en ;
    schema:director person:new-person , person:spike-jonze ;
    schema:musicBy organization:arcade-fire ;
    schema:genre genre:drama , genre:science-fiction ;
    schema:countryOfOrigin country:france , country:united-states ;
    fg:imdbId "tt99999999" ;
    schema:sameAs wd:Q999999999 .

use:the-platform-test-2001--close-up a fg:TechniqueUse ;
    fg:film film:the-platform-test-2001 ;
    fg:technique technique:close-up ;
    fg:explanation "{EXPLANATION}"@en ;
    fg:scene scene:the-platform-test-2001--close-up--1 ;
    fg:spoiler true ;
    prov:wasAttributedTo organization:filmgraph-editors .

scene:the-platform-test-2001--close-up--1 a fg:SceneExample ;
    schema:description "{SCENE}"@en .

use:the-platform-test-2001--long-take a fg:TechniqueUse ;
    fg:film film:the-platform-test-2001 ;
    fg:technique technique:long-take ;
    fg:explanation "{EXPLANATION}"@en ;
    fg:scene scene:the-platform-test-2001--long-take--1 , scene:the-platform-test-2001--long-take--2 ;
    prov:wasAttributedTo organization:filmgraph-editors .

scene:the-platform-test-2001--long-take--1 a fg:SceneExample ;
    schema:description "{SCENE}"@en .

scene:the-platform-test-2001--long-take--2 a fg:SceneExample ;
    schema:description "The last train leaves; she says “not yet” to nobody."@en ;
    fg:spoiler true .
"""


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small workspace: two films with their techniques and people, countries."""
    films = [BUNDLED.data / "films" / f"{name}.ttl" for name in ("her-2013", "breathless-1960")]
    also = [iri("technique", name) for name in (*TECHNIQUES[: len(BAD)], "close-up", "long-take", "dutch-angle")]
    space = small_workspace(tmp_path_factory.mktemp("template") / "space", named_in=films, also=also)
    (space.data / "films").mkdir()
    for film in films:
        shutil.copy(film, space.data / "films")
    return space.root


@pytest.fixture
def space(template: Path, tmp_path: Path) -> Workspace:
    shutil.copytree(template, tmp_path / "space")
    return Workspace.find(tmp_path / "space")


def run(space: Workspace, *arguments: str) -> Result:
    return CliRunner().invoke(cli, [*arguments, "--root", str(space.root)])


def contents(space: Workspace) -> dict[str, bytes]:
    return {
        str(file.relative_to(space.root)): file.read_bytes() for file in sorted(space.data.rglob("*")) if file.is_file()
    }


def table(space: Workspace, rows: Sequence[Mapping[str, str]], *, delimiter: str = ",", start: str = "") -> Path:
    columns = list(dict.fromkeys(column for row in rows for column in row))
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, delimiter=delimiter)
    writer.writeheader()
    writer.writerows(rows)
    file = space.root / "table.csv"
    file.write_bytes((start + text.getvalue()).encode())
    return file


def told(done: Imported) -> list[str]:
    return [bad.to_text() for bad in done.bad]


FACTS_TABLE = """imdb_id,wikidata_id,title,year,directors,genres,runtime_minutes,countries,sources
tt0000001,Q1000001,Wanderer,1950,Ana Test,Drama|Sci-Fi|IMAX,90,USA|Atlantis,2
tt0000002,,"Wanderer, The",1951,Ana Test,Drama,,,2
tt0000003,,Twin,1960,Ana Test,Drama,,,2
tt0000004,,TWÎN,1960,Ben Test,Drama,,,2
tt0000005,,"City of Test (Cité d'essai, La)",1970,Spike Jonze,Drama,0,France,2
nonsense,Qx,Broken,1980,"Test, Ana",Drama,none,France,2
"""


@pytest.fixture
def facts(tmp_path: Path) -> FactsTable:
    (tmp_path / "facts.csv").write_text(FACTS_TABLE, encoding="utf-8")
    return FactsTable(tmp_path / "facts.csv")


# A new film.


def test_a_skeleton_is_valid_and_canonical_and_has_the_facts(space: Workspace, facts: FactsTable) -> None:
    made = new_film(space, "The Wanderer", 1950, facts=facts)
    assert made.file == space.data / "films" / "the-wanderer-1950.ttl"
    text = made.file.read_text(encoding="utf-8")
    assert format_turtle(text, file="film") == text
    assert text.partition("\n\n")[2] == (
        "film:the-wanderer-1950 a fg:Film ;\n"
        '    schema:name "The Wanderer" ;\n'
        "    fg:releaseYear 1950 ;\n"
        "    fg:runtimeMinutes 90 ;\n"
        "    schema:director person:ana-test ;\n"
        "    schema:genre genre:drama , genre:science-fiction ;\n"
        "    schema:countryOfOrigin country:united-states ;\n"
        '    fg:imdbId "tt0000001" ;\n'
        "    schema:sameAs wd:Q1000001 ;\n"
        "    fg:draft true .\n"
    )
    assert made.people == ("Ana Test",)
    assert any("IMAX" in note for note in made.notes)
    assert any("Atlantis" in note for note in made.notes)
    people = (space.data / "people.ttl").read_text(encoding="utf-8")
    assert 'person:ana-test a schema:Person ;\n    schema:name "Ana Test" .\n' in people
    assert format_turtle(people, file="people") == people
    report = validate_workspace(Workspace.find(space.root))
    assert report.conforms
    assert [(shorten(v.focus), v.severity) for v in report.violations] == [("film:the-wanderer-1950", "warning")]


def test_a_skeleton_without_facts_is_valid_too(space: Workspace) -> None:
    done = run(space, "new", "film", '"Quoted" Film', "1999")
    assert done.exit_code == 0
    assert "so the film carries no identifiers" in done.output
    assert "an abstract, directors, genres, countries, four to eight uses" in " ".join(done.output.split())
    file = space.data / "films" / "quoted-film-1999.ttl"
    assert '    schema:name "\\"Quoted\\" Film" ;' in file.read_text(encoding="utf-8")
    assert validate_files([file], workspace=space).conforms
    assert run(space, "format", "--check").exit_code == 0


def test_without_the_mark_of_a_draft_the_rules_ask_for_what_is_missing(space: Workspace) -> None:
    file = new_film(space, "Unfinished", 1999).file
    text = file.read_text(encoding="utf-8").replace(
        "fg:releaseYear 1999 ;\n    fg:draft true .", "fg:releaseYear 1999 ."
    )
    file.write_text(text, encoding="utf-8")
    report = validate_files([file], workspace=space)
    assert {v.shape.partition("#")[2] for v in report.violations if v.severity == "violation"} == {
        f"Film-{name}" for name in ("abstract", "countryOfOrigin", "director", "genre")
    }


def test_facts_that_are_given_go_before_those_of_the_table(space: Workspace, facts: FactsTable) -> None:
    given = {"directors": ("Spike Jonze",), "countries": ("UK",), "runtime_minutes": ("91",), "genres": ()}
    made = new_film(space, "Wanderer", 1950, facts=facts, given=given)
    text = made.file.read_text(encoding="utf-8")
    assert "person:spike-jonze" in text
    assert "country:united-kingdom" in text
    assert "fg:runtimeMinutes 91" in text
    assert "genre:drama , genre:science-fiction" in text
    assert (made.people, made.missing) == ((), ("an abstract",))


def test_a_film_of_another_year_gets_no_identifier_and_is_told(space: Workspace, facts: FactsTable) -> None:
    made = new_film(space, "Wanderer", 1952, facts=facts)
    assert "tt" not in made.file.read_text(encoding="utf-8").partition("a fg:Film")[2].replace("https", "")
    assert "it has tt0000002 (Wanderer, The, 1951, Ana Test), tt0000001" in made.notes[0]


@pytest.mark.parametrize(
    ("title", "year", "imdb"),
    [
        ("the wanderer", 1951, "tt0000002"),
        ("Wanderer", 1951, "tt0000002"),
        ("Wanderer, The", 1951, "tt0000002"),
        ("La cite d’essai", 1970, "tt0000005"),
        ("City of Test", 1970, "tt0000005"),
        ("Test", 1970, None),
    ],
)
def test_a_film_is_found_by_what_people_write(facts: FactsTable, title: str, year: int, imdb: str | None) -> None:
    found = facts.find(title, year)
    assert (found.imdb_id if found else None) == imdb


def test_two_films_of_one_title_and_year_are_told_apart_by_identifier(space: Workspace, facts: FactsTable) -> None:
    before = contents(space)
    with pytest.raises(DataError, match=r"tt0000003.*Ana Test.*; tt0000004.*Ben Test.*--imdb"):
        new_film(space, "Twin", 1960, facts=facts)
    assert contents(space) == before
    assert "tt0000004" in new_film(space, "Twin", 1960, facts=facts, imdb="tt0000004").file.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("imdb", "reason"), [("tt0000001", "is not of 1960"), ("tt7777777", "no film tt7777777"), ("x", "no film x")]
)
def test_an_identifier_must_be_that_of_the_film(space: Workspace, facts: FactsTable, imdb: str, reason: str) -> None:
    with pytest.raises(DataError, match=reason):
        new_film(space, "Twin", 1960, facts=facts, imdb=imdb)


def test_facts_that_cannot_be_are_left_out_and_told(space: Workspace, facts: FactsTable) -> None:
    made = new_film(space, "Broken", 1980, facts=facts)
    text = made.file.read_text(encoding="utf-8")
    assert "imdbId" not in text
    assert "sameAs" not in text
    assert len([note for note in made.notes if note.startswith("left out")]) == 4
    assert made.people == ()


def test_an_identifier_needs_a_table(space: Workspace) -> None:
    assert "--facts FILE" in run(space, "new", "film", "Twin", "1960", "--imdb", "tt0000001").output


@pytest.mark.parametrize(
    ("title", "reason"),
    [
        ("two\nlines", "one line"),
        ("../../etc/passwd", "path"),
        ("a\\b", "path"),
        ("x" * 5000, "5,000 characters"),
        ("…", "no address"),
        ("", "no address"),
        ("שלום", "no address"),
        ("Он 2", "no address"),
        ("turned \u202e round", "U+202E"),
        ("bell \x07", "U+0007"),
        ("\ud800", "U+D800"),
    ],
)
def test_a_hostile_title_gets_one_line_and_no_file(space: Workspace, title: str, reason: str) -> None:
    before = contents(space)
    with pytest.raises(DataError) as caught:
        new_film(space, title, 1999)
    assert reason in str(caught.value)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 300
    assert contents(space) == before


def test_an_odd_year_is_wrong_usage(space: Workspace) -> None:
    done = run(space, "new", "film", "Title", "20O1")
    assert (done.exit_code, len(done.output.splitlines())) == (2, 1)


@pytest.mark.parametrize("title", ["Her", "À bout de souffle", "HER"])
def test_a_film_that_is_here_is_not_written_over(space: Workspace, title: str) -> None:
    before = contents(space)
    with pytest.raises(OutputError, match=r"here already|exists already"):
        new_film(space, title, 2013 if title.lower() == "her" else 1960)
    assert contents(space) == before


def test_an_identifier_that_another_film_has_is_refused(space: Workspace, tmp_path: Path) -> None:
    (tmp_path / "facts.csv").write_text("imdb_id,title,year\ntt1798709,Him,2013\n", encoding="utf-8")
    with pytest.raises(OutputError, match="tt1798709 is her-2013"):
        new_film(space, "Him", 2013, facts=FactsTable(tmp_path / "facts.csv"))


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({"directors": ("spike-jonz",)}, "the nearest is spike-jonze"),
        ({"directors": ("Jonze, Spike",)}, "first name first"),
        ({"directors": ("黒澤明",)}, "Latin letters"),
        ({"genres": ("Dramma",)}, "Did you mean drama"),
        ({"countries": ("Frannce",)}, "Did you mean france"),
        ({"runtime_minutes": ("2h",)}, "whole minutes"),
    ],
)
def test_a_fact_that_is_given_wrong_is_told(space: Workspace, given: dict[str, Sequence[str]], reason: str) -> None:
    before = contents(space)
    with pytest.raises(FilmgraphError, match=reason):
        new_film(space, "New", 1999, given=given)
    assert contents(space) == before


def test_somebody_of_nearly_the_same_name_is_told(space: Workspace) -> None:
    made = new_film(space, "New", 1999, given={"directors": ("Spike Jonzee",)})
    assert any("spike-jonze" in note for note in made.notes)


def test_an_installed_copy_is_not_written_to(monkeypatch: pytest.MonkeyPatch, space: Workspace) -> None:
    monkeypatch.setattr(Workspace, "is_installed", True)
    with pytest.raises(OutputError, match="--root DIR"):
        new_film(space, "New", 1999)
    with pytest.raises(OutputError, match="--root DIR"):
        import_table(space, "none.csv")


# A spreadsheet.


def test_a_spreadsheet_becomes_what_one_would_write_by_hand(space: Workspace) -> None:
    first = GOOD | FACTS | {"alternate_titles": "Le Quai@fr", "runtime_minutes": "90", "composers": "Arcade Fire"}
    first |= {"imdb_id": "tt99999999", "wikidata_id": "Q999999999", "spoiler": "2"}
    first |= {"scenes": f"{SCENE} | The last train leaves;\n she says “not yet” to nobody."}
    file = table(space, [first, GOOD | {"technique": "closeup", "spoiler": "yes", "title": "Platform Test, The"}])
    done = import_table(space, file)
    film = space.data / "films" / "the-platform-test-2001.ttl"
    assert (done.written, done.bad, done.people, done.uses) == (True, (), ("New Person",), {film: 2})
    assert film.read_text(encoding="utf-8") == WRITTEN_BY_HAND
    assert validate_workspace(Workspace.find(space.root)).to_text().startswith("No violations")
    assert run(space, "format", "--check").exit_code == 0
    assert not list(space.data.rglob(".filmgraph-*"))


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_what_spreadsheets_save_is_read(space: Workspace, delimiter: str) -> None:
    done = import_table(space, table(space, [GOOD | FACTS], delimiter=delimiter, start="\ufeff"))
    assert (done.written, told(done)) == (True, [])


def test_the_headings_may_be_written_otherwise(space: Workspace) -> None:
    row = {"Film": "New", "YEAR": "1999", "technique": "long-take", "Explanation": EXPLANATION, "Scene": SCENE}
    row |= {"Director": "Spike Jonze", "genre": "drama", "Country": "France", "abstract": ABSTRACT, "Run-time ": ""}
    row["runtime minutes"] = row.pop("Run-time ") or "80"
    assert import_table(space, table(space, [row])).written


def test_the_number_of_a_row_is_that_of_the_spreadsheet(space: Workspace) -> None:
    file = table(space, [GOOD | FACTS | {"scenes": f"{SCENE}\n|\n{SCENE[:-1]} again."}, GOOD | {"technique": ""}])
    text = file.read_text(encoding="utf-8").splitlines(keepends=True)
    file.write_text("".join([text[0], ",,,\n", *text[1:]]), encoding="utf-8", newline="")
    assert [bad.row for bad in import_table(space, file).bad] == [4]


TECHNIQUES = sorted(
    slug_of(triple.subject.value)
    for triple in triples_of([BUNDLED.ontology / "techniques.ttl"])
    if triple.object == ox.NamedNode(FG + "Technique") and not triple.subject.value.endswith("/close-up")
)
FACTS_COLUMNS = tuple(column for column in OPTIONAL if column != "spoiler")
BAD = [
    ({"title": ""}, "title", "is empty"),
    ({"title": "…"}, "title", "no address"),
    ({"title": "../../x"}, "title", "path"),
    ({"title": "x" * 5000}, "title", "5,000 characters"),
    ({"title": "=1+1"}, "title", "formula"),
    ({"title": "ab\u202ec"}, "title", "U+202E"),
    ({"year": ""}, "year", "is empty"),
    ({"year": "20O1"}, "year", "is no year"),
    ({"year": "1700"}, "year", "is no year"),
    ({"year": "2001.0"}, "year", "is no year"),
    ({"technique": ""}, "technique", "is empty"),
    ({"technique": "Long tak"}, "technique", "Did you mean long-take"),
    ({"technique": "Editing"}, "technique", "a category, not a technique"),
    ({"technique": "Close-up"}, "technique", "row 2 has it already"),
    ({"explanation": ""}, "explanation", "is empty"),
    ({"explanation": "Too short."}, "explanation", "A use needs one explanation of"),
    ({"explanation": "long " * 300}, "explanation", "A use needs one explanation of"),
    ({"explanation": "-" + EXPLANATION}, "explanation", "formula"),
    ({"explanation": "#NAME?"}, "explanation", "spreadsheet's error"),
    ({"explanation": EXPLANATION + "\x1b[31m"}, "explanation", "U+001B"),
    ({"scenes": ""}, "scenes", "at least one scene"),
    ({"scenes": " | "}, "scenes", "at least one scene"),
    ({"scenes": "Short."}, "scenes", "A scene needs one description of"),
    ({"spoiler": "perhaps"}, "spoiler", "write yes"),
    ({"spoiler": "2"}, "spoiler", "there is no scene 2"),
    ({"spoiler": "no|1"}, "spoiler", "write yes"),
]
BAD_FACTS = [
    ({"abstract": ""}, "abstract", "A film needs one abstract of"),
    ({"abstract": "Short."}, "abstract", "A film needs one abstract of"),
    ({"directors": ""}, "directors", "at least one director"),
    ({"directors": "Jonze, Spike"}, "directors", "first name first"),
    ({"directors": "arcade-fire"}, "directors", "described as a person"),
    ({"directors": "nobody-here"}, "directors", "write the name in full"),
    ({"directors": "person:nobody"}, "directors", "write the name in full"),
    ({"directors": "<script>"}, "directors", "write the name in full"),
    ({"genres": "Dramma"}, "genres", "Did you mean drama"),
    ({"countries": "Atlantis"}, "countries", "no country 'Atlantis'"),
    ({"runtime_minutes": "2 h"}, "runtime_minutes", "whole minutes"),
    ({"imdb_id": "1798709"}, "imdb_id", "tt and seven or eight digits"),
    ({"imdb_id": "tt1798709"}, "imdb_id", "Another film has this IMDb identifier"),
    ({"wikidata_id": "788822"}, "wikidata_id", "Q and a number"),
    ({"wikidata_id": "Q788822"}, "wikidata_id", "the same Wikidata item"),
    ({"alternate_titles": "Le Quai"}, "alternate_titles", "ends in its language"),
    ({"composers": "Somebody; Else"}, "composers", "without a comma"),
]


def test_every_bad_row_is_told_and_nothing_written(space: Workspace) -> None:
    before = contents(space)
    good = GOOD | FACTS | {"technique": "close-up", "spoiler": ""}
    rows = [
        GOOD | {"technique": technique} | change for technique, (change, _, _) in zip(TECHNIQUES, BAD, strict=False)
    ]
    file = table(space, [good, *rows])
    done = import_table(space, file)
    assert (done.written, contents(space)) == (False, before)
    assert {bad.row for bad in done.bad} == set(range(3, 3 + len(BAD)))
    for row, (_, column, reason) in enumerate(BAD, start=3):
        assert any(bad.row == row and bad.column == column and reason in bad.reason for bad in done.bad), (row, reason)
    assert all("\n" not in line and line.isprintable() and len(line) < 500 for line in told(done))
    done = import_table(space, file, skip_bad=True)
    assert (done.written, list(done.uses.values())) == (True, [1])
    assert set(contents(space)) - set(before) == {"data/films/the-platform-test-2001.ttl"}
    assert validate_workspace(Workspace.find(space.root)).conforms


def test_a_film_whose_facts_are_bad_takes_all_its_rows_with_it(space: Workspace) -> None:
    rows = [GOOD | dict.fromkeys(FACTS_COLUMNS, "") | FACTS | {"title": "Other", "directors": "Spike Jonze"}]
    for number, (change, _, _) in enumerate(BAD_FACTS):
        title = {"title": f"Film {number}"}
        rows += [GOOD | FACTS | title | change, GOOD | title | {"technique": "close-up"}]
    file = table(space, rows)
    before = contents(space)
    done = import_table(space, file)
    assert (done.written, contents(space)) == (False, before)
    assert {bad.row for bad in done.bad} == set(range(3, 3 + 2 * len(BAD_FACTS)))
    for number, (_, column, reason) in enumerate(BAD_FACTS):
        row = 3 + 2 * number
        assert any(bad.row == row and bad.column == column and reason in bad.reason for bad in done.bad), (row, reason)
        assert any(bad.row == row + 1 and f"left out with row {row}" in bad.reason for bad in done.bad)
    done = import_table(space, file, skip_bad=True)
    assert set(contents(space)) - set(before) == {"data/films/other-2001.ttl"}
    assert contents(space)["data/people.ttl"] == before["data/people.ttl"]
    assert done.uses == {space.data / "films" / "other-2001.ttl": 1}


def test_facts_that_contradict_each_other_are_told(space: Workspace) -> None:
    rows = [GOOD | FACTS, GOOD | {"technique": "close-up", "countries": "Japan"}]
    done = import_table(space, table(space, rows))
    assert any("row 2 says 'USA|France' of the same film" in line for line in told(done))
    assert {bad.row for bad in done.bad} == {2, 3}


@pytest.mark.parametrize("name", ["=cmd|calc", "$(id)", "`id`", "-x", "Ada <b>", "@ada"])
def test_what_is_no_name_becomes_nobody(name: str, space: Workspace) -> None:
    before = contents(space)
    with pytest.raises(DataError):
        new_film(space, "The Platform Test", 2001, given={"directors": [name.replace("|", "+")]})
    assert contents(space) == before


def test_a_row_may_be_bad_in_its_facts_and_in_its_use(space: Workspace) -> None:
    before = contents(space)
    rows = [GOOD | FACTS | {"abstract": "short", "explanation": "too short"}, GOOD | {"title": "HER", "year": "2013"}]
    done = import_table(space, table(space, rows))
    assert {(bad.row, bad.column) for bad in done.bad} >= {(2, "abstract"), (2, "explanation")}
    assert contents(space) == before
    assert import_table(space, table(space, rows), skip_bad=True).uses == {space.data / "films" / "her-2013.ttl": 1}


def test_facts_on_a_row_whose_use_is_bad_still_count(space: Workspace) -> None:
    rows = [GOOD | FACTS | {"technique": "long tak"}, GOOD | {"technique": "close-up"}]
    assert import_table(space, table(space, rows), skip_bad=True).uses == {
        space.data / "films" / "the-platform-test-2001.ttl": 1
    }


def test_a_film_that_is_here_gets_new_uses_and_loses_nothing(space: Workspace) -> None:
    her = space.data / "films" / "her-2013.ttl"
    before = her.read_text(encoding="utf-8")
    row = GOOD | {"title": "HER", "year": "2013", "directors": "Spike Jonze"}
    done = import_table(space, table(space, [row]))
    assert done.uses == {her: 1}
    after = her.read_text(encoding="utf-8")
    assert set(before.split("\n\n")) < set(after.split("\n\n"))
    again = import_table(space, table(space, [row]), skip_bad=True)
    assert (again.written, her.read_text(encoding="utf-8")) == (False, after)
    assert told(again) == [
        "row 2, technique 'long-take': her-2013.ttl has this use already: change it there, and take the row out"
    ]


def test_a_film_that_is_here_is_found_by_another_title(space: Workspace) -> None:
    row = GOOD | {"title": "À bout de souffle", "year": "1960", "technique": "dutch-angle"}
    assert list(import_table(space, table(space, [row])).uses) == [space.data / "films" / "breathless-1960.ttl"]


def test_a_fact_that_the_file_has_otherwise_is_bad(space: Workspace) -> None:
    row = GOOD | {"title": "Her", "year": "2013", "directors": "New Person"}
    done = import_table(space, table(space, [row]), skip_bad=True)
    assert not done.written
    assert "her-2013.ttl says otherwise" in told(done)[0]


def test_a_draft_that_is_whole_is_no_draft_any_more(space: Workspace) -> None:
    made = new_film(space, "The Platform Test", 2001, given={"directors": ("Spike Jonze",)})
    half = {column: FACTS[column] for column in ("genres", "countries")}
    assert import_table(space, table(space, [GOOD | half])).written
    assert "fg:draft true" in made.file.read_text(encoding="utf-8")
    rest = GOOD | {"technique": "close-up", "abstract": ABSTRACT}
    assert import_table(space, table(space, [rest])).written
    assert "fg:draft" not in made.file.read_text(encoding="utf-8")
    assert validate_workspace(Workspace.find(space.root)).to_text().startswith("No violations")


def test_two_people_of_one_name_are_told_apart_by_slug(space: Workspace) -> None:
    people = space.data / "people.ttl"
    text = people.read_text(encoding="utf-8")
    text += '\nperson:spike-jonze--2 a schema:Person ;\n    schema:name "Spike Jonze" .\n'
    people.write_text(format_turtle(text, file="people"), encoding="utf-8")
    done = import_table(space, table(space, [GOOD | FACTS]))
    assert "2 people bear this name" in told(done)[0]
    done = import_table(space, table(space, [GOOD | FACTS | {"directors": "spike-jonze--2"}]))
    assert done.written


def test_what_was_broken_before_is_not_blamed_on_a_row(space: Workspace) -> None:
    her = space.data / "films" / "her-2013.ttl"
    her.write_text(
        her.read_text(encoding="utf-8").replace("    fg:spoiler true .", '    fg:spoiler "true" .'), encoding="utf-8"
    )
    with pytest.raises(DataError, match="a rule is broken already"):
        import_table(space, table(space, [GOOD | {"title": "Her", "year": "2013"}]), skip_bad=True)


def test_a_file_with_comments_is_not_rewritten(space: Workspace) -> None:
    her = space.data / "films" / "her-2013.ttl"
    her.write_text("# mine\n" + her.read_text(encoding="utf-8"), encoding="utf-8")
    with pytest.raises(DataError, match="comments are not kept"):
        import_table(space, table(space, [GOOD | {"title": "Her", "year": "2013"}]))


HEADER = "title,year,technique,explanation,scenes"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "title, year, technique, explanation, scenes are missing"),
        (HEADER.encode(), "no rows"),
        (b"title,year,technique,scenes\na,1,b,c\n", "the column explanation is missing"),
        (HEADER.encode() + b",genre,genres\n1,2,3,4,5,6,7\n", "genres stands twice"),
        (HEADER.encode() + b",abstrct\n1,2,3,4,5,6\n", "did you mean abstract"),
        (HEADER.encode() + b",notes\n1,2,3,4,5,6\n", "leave it out"),
        (HEADER.encode() + b'\nHer,2013,long-take,"never closed,x\n', "row 2: is no CSV"),
        (HEADER.encode() + b'\na,1,b,c,d\nHer,2013,long-take,"one" two,x\n', "row 3: is no CSV"),
        (HEADER.encode() + b"\nAm\xe9lie,2001,x,y,z\n", "CSV UTF-8"),
        (HEADER.encode("utf-16"), "CSV UTF-8"),
        (HEADER.encode() + b"\nA\0B,2001,x,y,z\n", "null characters"),
        (HEADER.encode() + b"\n" + b"x" * 200_000 + b",2001,x,y,z\n", "row 2: is no CSV"),
    ],
)
def test_what_is_no_such_table_ends_with_one_line(space: Workspace, content: bytes, reason: str) -> None:
    file = space.root / "table.csv"
    file.write_bytes(content)
    before = contents(space)
    with pytest.raises(DataError) as caught:
        import_table(space, file, skip_bad=True)
    assert reason in str(caught.value)
    assert contents(space) == before


def test_too_many_rows_are_refused(space: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("filmgraph.tables.MOST_ROWS", 2)
    with pytest.raises(DataError, match="more than 2 rows"):
        import_table(space, table(space, [GOOD, GOOD, GOOD]))


def test_a_row_with_too_many_cells_is_bad(space: Workspace) -> None:
    file = table(space, [GOOD | FACTS])
    file.write_text(file.read_text(encoding="utf-8").rstrip() + ",surplus\n", encoding="utf-8")
    assert "more cells than the header" in told(import_table(space, file))[0]


def test_a_film_may_be_named_by_a_number_with_a_sign(space: Workspace) -> None:
    assert import_table(space, table(space, [GOOD | FACTS | {"title": "-30-"}])).written


def test_a_person_whom_only_a_bad_row_names_is_not_added(space: Workspace) -> None:
    rows = [GOOD | FACTS | {"explanation": "Short."}]
    done = import_table(space, table(space, rows), skip_bad=True)
    assert (done.written, done.people) == (False, ())


# The command.


def test_the_command_tells_what_it_wrote(space: Workspace) -> None:
    file = table(space, [GOOD | FACTS, GOOD | {"technique": "close-up"}])
    dry = run(space, "import", "csv", str(file), "--dry-run")
    assert (dry.exit_code, "not written yet" in dry.output) == (0, True)
    assert not (space.data / "films" / "the-platform-test-2001.ttl").exists()
    done = run(space, "import", "csv", str(file))
    assert done.exit_code == 0
    assert "data/films/the-platform-test-2001.ttl: 2 uses written" in done.output
    assert "data/people.ttl: added New Person" in done.output


def test_the_command_ends_with_1_where_rows_are_bad(space: Workspace) -> None:
    file = table(space, [GOOD | FACTS, GOOD | {"technique": "close-up", "scenes": ""}])
    done = run(space, "import", "csv", str(file))
    assert done.exit_code == 1
    assert "row 3, scenes: is empty" in done.output
    assert "1 bad row: nothing was written. The others are written with --skip-bad." in done.output
    done = run(space, "import", "csv", str(file), "--skip-bad")
    assert (done.exit_code, "1 bad row left out." in done.output) == (0, True)
    done = run(space, "import", "csv", str(space.root / "none.csv"))
    assert (done.exit_code, len(done.output.splitlines())) == (2, 1)


# All files or none.


def test_all_files_are_written_or_none(space: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [GOOD | FACTS | {"title": title, "technique": "long-take"} for title in ("One", "Two", "Three")]
    rows.append(GOOD | {"title": "Her", "year": "2013"})
    file = table(space, rows)
    before = contents(space)
    moves: list[str] = []
    calls = {"link": os.link, "replace": Path.replace}
    for failing in range(5):
        for error in (OSError(28, "No space left on device"), KeyboardInterrupt()):
            moves.clear()

            def step(name: str, error: BaseException = error, failing: int = failing) -> None:
                moves.append(name)
                if len(moves) == failing + 1:
                    raise error

            def link(source: Path, target: Path) -> None:
                step("link")
                calls["link"](source, target)

            def replace(source: Path, target: Path) -> Path:
                if source.name.endswith("-new"):
                    step("replace")
                return calls["replace"](source, target)  # type: ignore[no-any-return]

            with monkeypatch.context() as patch:
                patch.setattr(os, "link", link)
                patch.setattr(Path, "replace", replace)
                # A file system without hard links falls back on renaming, which must not save the day here.
                patch.setattr(Path, "rename", lambda source, target, error=error: (_ for _ in ()).throw(error))
                with pytest.raises((OutputError, KeyboardInterrupt)):
                    import_table(space, file)
            assert contents(space) == before, (failing, error)
    assert import_table(space, file).written


def test_an_interruption_after_a_move_is_undone_too(space: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    before = contents(space)
    for name, owner in (("link", os), ("replace", Path)):
        original = getattr(owner, name)

        def interrupted(source: Path, target: Path, original: object = original) -> None:
            original(source, target)  # type: ignore[operator]
            if Path(source).name.endswith("-new"):
                raise KeyboardInterrupt

        with monkeypatch.context() as patch:
            patch.setattr(owner, name, interrupted)
            with pytest.raises(KeyboardInterrupt):
                import_table(space, table(space, [GOOD | FACTS]))
        assert contents(space) == before, name


def test_a_file_that_changed_meanwhile_is_not_written_over(tmp_path: Path) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    old.write_text("changed", encoding="utf-8")
    with pytest.raises(OutputError, match="changed by somebody else"):
        write_files({new: "x", old: "y"}, before={old: "as it was"})
    assert sorted(file.name for file in tmp_path.iterdir()) == ["old"]
    assert old.read_text(encoding="utf-8") == "changed"


def test_of_several_runs_at_once_none_loses_what_another_wrote(tmp_path: Path) -> None:
    (tmp_path / "films").mkdir()
    people = tmp_path / "people"
    people.write_text("", encoding="utf-8")

    def add(number: int) -> None:
        while True:
            before = people.read_text(encoding="utf-8")
            texts = {tmp_path / "films" / f"{number}": "x", people: f"{before}{number}\n"}
            try:
                return write_files(texts, before={people: before})
            except OutputError as error:
                if "changed by somebody else" not in str(error):
                    raise

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(add, range(24)))
    assert sorted(map(int, people.read_text(encoding="utf-8").split())) == list(range(24))
    assert len(list((tmp_path / "films").iterdir())) == 24


def test_a_file_that_may_not_be_written_is_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old = tmp_path / "old"
    old.write_text("a", encoding="utf-8")
    monkeypatch.setattr(os, "access", lambda file, mode: False)
    with pytest.raises(OutputError, match="may not be written; nothing was changed"):
        write_files({old: "b"}, before={old: "a"})
    assert [file.read_text(encoding="utf-8") for file in tmp_path.iterdir()] == ["a"]


def test_a_new_file_never_takes_the_place_of_another(tmp_path: Path) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    old.write_text("here", encoding="utf-8")
    with pytest.raises(OutputError, match="exists already"):
        write_files({new: "x", old: "y"}, before={})
    assert sorted(file.name for file in tmp_path.iterdir()) == ["old"]


def test_a_replaced_file_keeps_its_permissions_and_its_link(tmp_path: Path) -> None:
    (tmp_path / "real").write_text("a", encoding="utf-8")
    (tmp_path / "real").chmod(0o640)
    (tmp_path / "link").symlink_to(tmp_path / "real")
    write_files({tmp_path / "link": "b"}, before={tmp_path / "link": "a"})
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_text(encoding="utf-8") == "b"
    assert (tmp_path / "real").stat().st_mode & 0o777 == 0o640


def test_text_is_composed_and_joiners_are_kept() -> None:
    assert clean("Ame\u0301lie\u200d", longest=20) == "Amélie\u200d"


def test_a_bad_row_is_one_short_line() -> None:
    line = BadRow(7, "scenes", "x" * 500, "is too long").to_text()
    assert line.startswith("row 7, scenes 'xxx")
    assert len(line) < 120
