"""Letterboxd's files: likes and dislikes counted by hand, films told apart by title and year, and hostile uploads."""

from __future__ import annotations

import io
import json
import tracemalloc
import zipfile
from contextlib import suppress
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from hypothesis import example, given
from hypothesis import strategies as st

from filmgraph.cli import cli
from filmgraph.errors import DataError
from filmgraph.letterboxd import LARGEST_EXPORT, Listed, TitleIndex, Watched, read_letterboxd
from filmgraph.namespaces import FG, SCHEMA, iri
from filmgraph.stores import MemoryStore, Store

RATINGS = "Date,Name,Year,Letterboxd URI,Rating\n"
WATCHED = "Date,Name,Year,Letterboxd URI\n"

INDEX = TitleIndex(
    [
        ("her", "Her", 2013, True),
        ("piano", "The Piano", 1993, True),
        ("amelie", "Amélie", 2001, True),
        ("amelie", "Le Fabuleux Destin d’Amélie Poulain", 2001, False),
        ("adventure", "L’Avventura", 1960, True),
        ("bonnie", "Bonnie and Clyde", 1967, True),
        ("walle", "WALL·E", 2008, True),
        ("ikiru", "Ikiru", 1952, True),
        ("ikiru", "生きる", 1952, False),
        ("nosferatu-1922", "Nosferatu", 1922, True),
        ("nosferatu-1979", "Nosferatu", 1979, True),
        ("nosferatu-2024", "Nosferatu", 2024, True),
        ("twin-2000", "Twins", 2000, True),
        ("twin-2002", "Twins", 2002, True),
        ("double-1", "Double", 1990, True),
        ("double-2", "Double", 1990, True),
        ("undated", "Undated", None, True),
    ]
)


def read(rows: str, *, header: str = RATINGS, name: str = "ratings.csv", likes_all: bool = False) -> Watched:
    return read_letterboxd((header + rows).encode(), INDEX, name=name, likes_all=likes_all)


@pytest.mark.parametrize(
    ("title", "year", "film"),
    [
        ("Her", 2013, "her"),
        ("HER ", 2013, "her"),
        ("Piano, The", 1993, "piano"),
        ("the piano", 1993, "piano"),
        ("Piano", 1993, "piano"),
        ("Piano", 1994, None),
        ("Amelie", 2001, "amelie"),
        ("Le fabuleux destin d'Amelie Poulain", 2001, "amelie"),
        ("L'avventura", 1960, "adventure"),
        ("Avventura, L'", 1960, "adventure"),
        ("Bonnie & Clyde", 1967, "bonnie"),
        ("WALL-E", 2008, "walle"),
        ("WALLE", 2008, "walle"),
        ("生きる", 1952, "ikiru"),
        ("Her", 2012, "her"),
        ("Her", 2014, "her"),
        ("Her", 2015, None),
        ("Her", None, "her"),
        ("Nosferatu", 1979, "nosferatu-1979"),
        ("Nosferatu", 1978, "nosferatu-1979"),
        ("Nosferatu", 1950, None),
        ("Nosferatu", None, None),
        ("Twins", 2001, None),
        ("Twins", 2003, "twin-2002"),
        ("Double", 1990, None),
        ("Double", 1991, None),
        ("Undated", None, "undated"),
        ("Undated", 2000, None),
        ("The Her", 2013, "her"),
        ("", 2013, None),
        ("?", 2013, None),
        ("=SUM(A1:A9)", 2013, None),
    ],
)
def test_a_film_is_found_by_title_and_year(title: str, year: int | None, film: str | None) -> None:
    assert INDEX.find(title, year) == film


def test_every_film_of_the_graph_is_found_by_its_own_titles(bundled: MemoryStore) -> None:
    index = TitleIndex.of_store(bundled)
    rows = list(
        bundled.select(
            f"SELECT ?f ?title ?year WHERE {{ ?f a <{FG}Film> ; <{SCHEMA}name>|<{SCHEMA}alternateName> ?title ; "
            f"<{FG}releaseYear> ?year }}"
        )
    )
    assert len(rows) > 400
    lost = [(title, year) for film, title, year in rows if index.find(str(title), int(str(year))) != str(film)]
    assert lost == []


def test_the_index_reads_any_store(store: Store) -> None:
    assert TitleIndex.of_store(store).find("ALPHA", 2001) == iri("film", "alpha-2001")


def test_likes_dislikes_and_what_lies_between() -> None:
    found = read(
        "2024-01-01,Her,2013,https://boxd.it/a,3.5\n2024-01-01,The Piano,1993,https://boxd.it/b,2\n"
        "2024-01-01,Amélie,2001,https://boxd.it/c,2.5\n2024-01-01,Ikiru,1952,https://boxd.it/d,5\n"
        "2024-01-01,WALL·E,2008,https://boxd.it/d,3\n2024-01-01,Bonnie and Clyde,1967,https://boxd.it/d,0.5\n"
    )
    assert found.liked == ("her", "ikiru")
    assert found.disliked == ("piano", "bonnie")
    assert found.seen == found.matched == ("her", "piano", "amelie", "ikiru", "walle", "bonnie")
    assert (found.rated, found.rows, found.unmatched) == (True, 6, ())


def test_of_several_ratings_the_latest_counts() -> None:
    first = "2020-01-01,Her,2013,,1\n"
    then = "2021-01-01,Her,2013,,4\n"
    for rows in (first + then, then + first):
        assert read(rows).liked == ("her",)
        assert (read(rows).disliked, read(rows).rows) == ((), 1)
    assert read("2020-01-01,Her,2013,,5\n2020-01-01,Her,2013,,1\n").disliked == ("her",)
    assert read("2020-01-01,Her,2013,,5\n2023-01-01,Her,2013,,\n").liked == ("her",)


def test_a_diary_counts_by_the_day_of_watching() -> None:
    header = "Date,Name,Year,Letterboxd URI,Rating,Rewatch,Tags,Watched Date\n"
    rows = "2024-05-01,Her,2013,,5,Yes,,2013-01-01\n2024-04-01,Her,2013,,1,Yes,a b,2024-03-01\n"
    assert read(rows, header=header, name="diary.csv").disliked == ("her",)


def test_what_was_only_watched_is_liked_only_where_the_person_says_so() -> None:
    rows = "2024-01-01,Her,2013,https://boxd.it/a\n2024-01-01,Nobody's Film,1999,https://boxd.it/b\n"
    plain = read(rows, header=WATCHED, name="watched.csv")
    assert (plain.liked, plain.disliked, plain.seen, plain.rated) == ((), (), ("her",), False)
    assert plain.unmatched == (Listed(3, "Nobody's Film", 1999),)
    assert read(rows, header=WATCHED, name="watched.csv", likes_all=True).liked == ("her",)
    assert read("2024-01-01,Her,2013,,1\n", likes_all=True).liked == ()


@pytest.mark.parametrize("name", ["watchlist.csv", "Watchlist (1).csv", "C:\\files\\watchlist.csv"])
def test_what_is_on_a_watchlist_was_not_seen(name: str) -> None:
    found = read("2024-01-01,Her,2013,\n", header=WATCHED, name=name, likes_all=True)
    assert (found.seen, found.liked, found.matched) == ((), ("her",), ("her",))


def test_a_list_is_read_below_its_preamble() -> None:
    content = (
        "Letterboxd list export v7\nDate,Name,Tags,URL,Description\n2024-01-01,Mine,,https://boxd.it/x,\n\n"
        "Position,Name,Year,URL,Description\n1,Her,2013,https://boxd.it/a,\n"
    )
    assert read_letterboxd(content.encode(), INDEX, name="mine.csv", likes_all=True).liked == ("her",)


def test_what_the_graph_lacks_is_listed_in_the_order_of_the_file_once() -> None:
    found = read(
        "2024-01-01,Zebra,2013,,1\n2024-01-01,Her,2013,,5\n2024-01-01,=1+1,2001,,4\n2024-01-01,Ape,,,4\n"
        "2024-01-02,zebra,2013,,5\n,,,,\n2024-01-02,Ape,1999,,5\n"
    )
    assert found.unmatched == (
        Listed(2, "Zebra", 2013),
        Listed(4, "=1+1", 2001),
        Listed(5, "Ape", None),
        Listed(8, "Ape", 1999),
    )
    assert found.rows == 5


@pytest.mark.parametrize("mark", [",", ";", "\t"])
@pytest.mark.parametrize("start", ["", "\ufeff"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_what_a_spreadsheet_makes_of_the_file_is_read_too(mark: str, start: str, end: str) -> None:
    lines = [["date", "NAME", "Year", "Letterboxd URI", "Rating"], ["2024-01-01", "Her", "2013", "", "4.5"]]
    content = start + end.join(mark.join(line) for line in lines) + end
    assert read_letterboxd(content.encode(), INDEX).liked == ("her",)
    assert read('2024-01-01,Her,2013,,"4,5"\n').liked == ("her",)


def archive() -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as files:
        files.writestr("ratings.csv", RATINGS)
    return packed.getvalue()


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"", "is empty"),
        (b" \n\n", "is empty"),
        (archive(), "is an archive.*choose ratings.csv"),
        (b"%PDF-1.7", "is PDF"),
        ((RATINGS + "2024-01-01,Amélie,2001,,5\n").encode("latin-1"), "is not UTF-8"),
        ((RATINGS + "2024-01-01,Her,2013,,5\n").encode("utf-16"), "is UTF-16"),
        (RATINGS.encode() + b"2024-01-01,He\0r,2013,,5\n", "null characters"),
        (b"Const,Your Rating,Title\ntt0,5,Her\n", "is no file of Letterboxd's: its first row must name.*Name and Year"),
        (b"<!doctype html><title>Sign in</title>", "is no file of Letterboxd's"),
        (b"Name,Year,Name\nHer,2013,Him\n", "the column name stands twice"),
        ((RATINGS + "2024-01-01,Her,2013,,7\n").encode(), "row 2: the rating '7' is no number from 0.5 to 5"),
        ((RATINGS + "2024-01-01,Her,2013,,nan\n").encode(), "row 2: the rating 'nan'"),
        ((RATINGS + "2024-01-01,Her,2013,,=5\n").encode(), "row 2: the rating '=5'"),
        ((RATINGS + "2024-01-01,Her,2013,,0\n").encode(), "row 2: the rating '0'"),
        ((RATINGS + "2024-01-01,Her,2013,,٥\n").encode(), "row 2: the rating"),
        ((RATINGS + '2024-01-01,"Her,2013,,5\n').encode(), "row 2: is no CSV"),
        ((RATINGS + '"' + "x" * 200_000 + '",Her,2013,,5\n').encode(), "row 2: is no CSV.*field larger"),
        (b'"' * 300_001, "is no file of Letterboxd's"),
        (RATINGS.encode() + b"2024-01-01,Her,2013,,5\n" * 1_000_000, "is larger than 4 MiB"),
        (b"Name,Year\n" + b"H,1\n" * 1_000_000, "has more than 50,000 rows"),
        (b"x" * (LARGEST_EXPORT + 1), "is larger than 4 MiB"),
        (b"Name," * 100_000 + b"Year\n", "stands twice"),
        (b"\x80\x81\x82", "is not UTF-8"),
    ],
)
def test_what_is_no_such_file_gets_one_clear_line(content: bytes, complaint: str) -> None:
    with pytest.raises(DataError, match=f"^upload.csv: .*{complaint}") as caught:
        read_letterboxd(content, INDEX, name="upload.csv")
    assert len(str(caught.value)) < 250
    assert str(caught.value).isprintable()


def test_the_longest_file_is_read_within_bounds() -> None:
    rows = "".join(f"2024-01-01,{chr(0x4E00 + place % 9000) * 20}{place},2013,,5\n" for place in range(45_000))
    content = (RATINGS + rows + "2024-01-01,Her,2013,,5\n").encode()
    assert LARGEST_EXPORT * 0.8 < len(content) < LARGEST_EXPORT
    tracemalloc.start()
    found = read_letterboxd(content, INDEX)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(found.unmatched) == 45_000
    assert found.liked == ("her",)
    assert peak < 40 * len(content)


def test_a_title_without_end_is_cut() -> None:
    (listed,) = read(f"2024-01-01,{'x' * 100_000},2013,,5\n").unmatched
    assert len(listed.title) == 300


def test_asking_leaves_nothing_behind() -> None:
    index = TitleIndex([("her", "Her", 2013, True)])
    before = {name: dict(value) for name, value in vars(index).items()}
    read_letterboxd((RATINGS + "2024-01-01,Nobody,2013,,5\n").encode(), index)
    assert vars(index) == before


def recommended(file: Path, *arguments: str) -> Result:
    return CliRunner().invoke(cli, ["recommend", "--letterboxd", str(file), *arguments])


def test_the_command_recommends_from_a_file_and_tells_what_it_lacks(tmp_path: Path) -> None:
    file = tmp_path / "ratings.csv"
    file.write_text(
        RATINGS + "2024-01-01,Her,2013,,4.5\n2024-01-01,Jaws,1975,,2\n2024-01-01,Nobody\x1b[2J,1999,,3\n",
        encoding="utf-8",
    )
    result = recommended(file, "--limit", "3")
    assert result.exit_code == 0
    assert result.stdout.startswith("What to watch")
    assert result.stderr.splitlines()[0] == "2 of 3 films are in the graph; 1 liked, 1 disliked."
    assert result.stderr.splitlines()[1].startswith("Not in the graph: Nobody")
    assert "\x1b" not in result.stderr
    found = json.loads(recommended(file, "--json").stdout)
    assert found
    assert not {answer["title"] for answer in found} & {"Her", "Jaws"}


def test_what_is_named_counts_before_what_the_file_says(tmp_path: Path) -> None:
    file = tmp_path / "ratings.csv"
    file.write_text(RATINGS + "2024-01-01,Jaws,1975,,5\n2024-01-01,Her,2013,,5\n", encoding="utf-8")
    assert recommended(file, "--not", "Jaws").exit_code == 0
    assert recommended(file, "Playtime", "--not", "Jaws", "--json").stdout != recommended(file, "--json").stdout


@pytest.mark.parametrize(
    ("text", "arguments", "complaint"),
    [
        (WATCHED + "2024-01-01,Her,2013,\n", (), "add --liked-all"),
        (RATINGS + "2024-01-01,Her,2013,,1\n", (), "no film of the graph has 3.5 or more"),
        ("x\n", ("Her",), "is no file of Letterboxd's"),
    ],
)
def test_the_command_says_what_is_wrong(tmp_path: Path, text: str, arguments: tuple[str, ...], complaint: str) -> None:
    file = tmp_path / "ratings.csv"
    file.write_text(text, encoding="utf-8")
    result = recommended(file, *arguments)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert complaint in result.stderr
    assert CliRunner().invoke(cli, ["recommend"]).exit_code == 2


def test_a_file_without_ratings_is_liked_as_a_whole_where_that_is_said(tmp_path: Path) -> None:
    file = tmp_path / "watched.csv"
    file.write_text(WATCHED + "2024-01-01,Her,2013,\n", encoding="utf-8")
    assert recommended(file, "--liked-all", "--limit", "1").exit_code == 0


@given(st.binary(max_size=200))
@example(b"Name,Year\n\x00")
@example(b"Name,Year,Rating\nHer,2013,5\n")
def test_any_bytes_are_read_or_refused(content: bytes) -> None:
    for start in (b"", RATINGS.encode()):
        with suppress(DataError):
            found = read_letterboxd(start + content, INDEX)
            assert found.rows == len(found.matched) + len(found.unmatched)
            assert {*found.liked, *found.disliked} <= {*found.matched}
