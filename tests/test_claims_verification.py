"""Passages of reviews: whether they stand in a text, have moved, or are lost."""

from __future__ import annotations

import csv
import io
import tracemalloc
from collections.abc import Iterable, Iterator
from hashlib import sha256
from pathlib import Path

import pytest

from filmgraph.claims import (
    PassageReport,
    TableReport,
    verification,
    verify_passages,
    verify_source,
    verify_table,
)
from filmgraph.errors import DataError, NotFoundError
from filmgraph.namespaces import SPARQL_PREFIXES, iri, shorten
from filmgraph.stores import MemoryStore

CUTTING = "The cutting is brisk, and a scene ends a beat before one expects it."
LIGHT = "Light falls through the blinds in stripes — 𝔸 café’s neon, écru and e\u0301cru."
SOUND = "What is off screen is heard 🎬 long before it is seen."
TEXT = f"An invented review 🎥 of an invented film.\r\n\r\n{CUTTING}\r\n{LIGHT}\n\n{SOUND}\rThe end.\n"

REVIEW = iri("review", "test-film-2001--test-critic")
OTHER = iri("review", "other-film-2002--test-critic")


def _hash(text: str) -> str:
    return sha256(text.encode()).hexdigest()


def _span(words: str, text: str = TEXT) -> tuple[int, int]:
    start = text.index(words)
    return start, start + len(words)


def _review(review: str, text: str, *passages: str) -> str:
    return (
        f"<{review}> a fg:Review ; fg:textSha256 '{_hash(text)}' .\n" if text else f"<{review}> a fg:Review .\n"
    ) + "".join(passages)


def _passage(
    number: int,
    words: str,
    *,
    at: tuple[int, int] | None = None,
    review: str = REVIEW,
    hashed: bool = True,
    exact: bool = False,
) -> str:
    start, end = at or _span(words)
    name = f"{review.rpartition('/')[2]}--{number}"
    return (
        f"claim:{name} a fg:ReviewClaim ; fg:statement 'Statement {number}.'@en ; fg:evidence passage:{name} .\n"
        f"passage:{name} a fg:Passage ; oa:hasSource <{review}> ; oa:start {start} ; oa:end {end} .\n"
        + (f"passage:{name} fg:exactSha256 '{_hash(words)}' .\n" if hashed else "")
        + (f"passage:{name} oa:exact '''{words}''' .\n" if exact else "")
    )


def _store(*parts: str) -> MemoryStore:
    store = MemoryStore()
    store.update(f"{SPARQL_PREFIXES} INSERT DATA {{ {''.join(parts)} }}")
    return store


def _file(folder: Path, text: str) -> Path:
    file = folder / "review.txt"
    file.write_bytes(text.encode())
    return file


def _states(report: PassageReport | TableReport) -> dict[str, list[int]]:
    return {
        name: [int(checked.passage.iri.rpartition("--")[2]) for checked in group]
        for name, group in (("stands", report.standing), ("moved", report.moved), ("orphan", report.orphaned))
    }


@pytest.fixture
def store() -> MemoryStore:
    return _store(_review(REVIEW, TEXT, _passage(1, CUTTING), _passage(2, LIGHT), _passage(3, SOUND)))


def test_every_passage_of_the_text_stands(store: MemoryStore, tmp_path: Path) -> None:
    report = verify_passages(store, _file(tmp_path, TEXT))
    assert report.ok
    assert report.hash_matches
    assert report.reviews == (REVIEW,)
    assert report.sha256 == _hash(TEXT)
    assert _states(report) == {"stands": [1, 2, 3], "moved": [], "orphan": []}
    assert report.to_text() == (
        f"{tmp_path}/review.txt is the text that review:test-film-2001--test-critic was read from: "
        "3 of 3 passages stand."
    )


def test_places_count_code_points_and_line_ends_are_kept(store: MemoryStore, tmp_path: Path) -> None:
    assert len(TEXT) != len(TEXT.encode())
    assert "\r\n" in TEXT
    assert verify_passages(store, _file(tmp_path, TEXT)).ok
    unix = verify_passages(store, _file(tmp_path, TEXT.replace("\r\n", "\n")))
    assert not unix.ok
    assert [(checked.passage.start - (checked.start or 0)) for checked in unix.moved] == [2, 3, 3]


def test_a_text_in_another_normal_form_is_another_text(store: MemoryStore, tmp_path: Path) -> None:
    report = verify_passages(store, _file(tmp_path, TEXT.replace("e\u0301", "é")))
    assert _states(report) == {"stands": [1], "moved": [3], "orphan": [2]}


def test_an_insertion_moves_what_follows(store: MemoryStore, tmp_path: Path) -> None:
    report = verify_passages(store, _file(tmp_path, TEXT.replace(LIGHT, "Inserted 🎞. " + LIGHT)))
    assert not report.ok
    assert not report.hash_matches
    assert report.reviews == (REVIEW,)
    assert _states(report) == {"stands": [1], "moved": [2, 3], "orphan": []}
    assert [(moved.start, moved.end) for moved in report.moved] == [
        (start + 12, end + 12) for start, end in (_span(LIGHT), _span(SOUND))
    ]
    start, end = _span(SOUND)
    assert (
        f"moved passage:test-film-2001--test-critic--3 at {start}–{end} is now {start + 12}–{end + 12} "
        '(claim:test-film-2001--test-critic--3 "Statement 3.")'
    ) in report.to_text()


def test_a_changed_word_orphans_its_passage(store: MemoryStore, tmp_path: Path) -> None:
    report = verify_passages(store, _file(tmp_path, TEXT.replace("brisk", "brusk")))
    assert _states(report) == {"stands": [2, 3], "moved": [], "orphan": [1]}
    assert not report.ok
    assert report.to_text().split("\n")[0].endswith("2 of 3 passages stand, 0 moved, 1 orphaned.")
    assert 'not found in the text (claim:test-film-2001--test-critic--1 "Statement 1.")' in report.to_text()


def test_a_text_cut_short(store: MemoryStore, tmp_path: Path) -> None:
    report = verify_passages(store, _file(tmp_path, TEXT[: _span(SOUND)[0] + 3]))
    assert _states(report) == {"stands": [1, 2], "moved": [], "orphan": [3]}
    assert report.orphaned[0].reason == "it ends outside the text"


def test_the_same_hash_does_not_excuse_wrong_places(tmp_path: Path) -> None:
    start, end = _span(CUTTING)
    store = _store(
        _review(
            REVIEW,
            TEXT,
            _passage(1, CUTTING, at=(start + 2, end + 2)),
            _passage(2, LIGHT, at=(40, 40)),
            _passage(3, SOUND, at=(9000, 9000 + len(SOUND))),
            _passage(4, "Words that nobody wrote.", at=(5, 29)),
        )
    )
    report = verify_passages(store, _file(tmp_path, TEXT))
    assert report.hash_matches
    assert not report.ok
    assert _states(report) == {"stands": [], "moved": [1, 3], "orphan": [4, 2]}
    assert report.orphaned[1].reason == "its start and end are no span"


def test_a_place_that_is_no_number_is_no_span(tmp_path: Path) -> None:
    store = _store(
        _review(REVIEW, TEXT),
        f"passage:p--1 oa:hasSource <{REVIEW}> ; oa:start 'four' ; oa:end 9 ; fg:exactSha256 '{_hash(CUTTING)}' .",
        f"passage:p--2 oa:hasSource <{REVIEW}> .",
    )
    report = verify_passages(store, _file(tmp_path, TEXT))
    assert _states(report) == {"stands": [], "moved": [], "orphan": [2, 1]}
    assert "(no claim)" in report.to_text()


def test_without_words_a_passage_stands_in_its_own_text_only(tmp_path: Path) -> None:
    store = _store(_review(REVIEW, TEXT, _passage(1, CUTTING, hashed=False), _passage(2, LIGHT)))
    assert verify_passages(store, _file(tmp_path, TEXT)).ok
    report = verify_passages(store, _file(tmp_path, TEXT + "A line more.\n"))
    assert _states(report) == {"stands": [2], "moved": [], "orphan": [1]}
    assert report.orphaned[0].reason == "the graph has no hash of its words"


def test_the_words_themselves_are_used_where_they_are_given(tmp_path: Path) -> None:
    store = _store(
        _review(
            REVIEW,
            TEXT,
            _passage(1, CUTTING, hashed=False, exact=True),
            _passage(2, LIGHT, exact=True),
            _passage(3, SOUND, at=(10, 12), exact=True),
        )
    )
    report = verify_passages(store, _file(tmp_path, TEXT))
    assert _states(report) == {"stands": [1, 2], "moved": [], "orphan": [3]}
    assert report.orphaned[0].reason == "its words are not as long as its span"
    assert _states(verify_passages(store, _file(tmp_path, "X" + TEXT)))["moved"] == [1, 2]


def test_of_several_places_the_expected_one_is_taken(tmp_path: Path) -> None:
    text = f"{SOUND}{'.' * 60}{CUTTING}{'.' * 5}{SOUND}{'.' * 90}{SOUND}"
    start = text.index(SOUND, len(SOUND))
    store = _store(
        _review(
            REVIEW,
            text,
            _passage(1, CUTTING, at=_span(CUTTING, text)),
            _passage(2, SOUND, at=(start, start + len(SOUND))),
        )
    )
    report = verify_passages(store, _file(tmp_path, text.replace(CUTTING, "!" * 100 + CUTTING)))
    assert [moved.start for moved in report.moved] == [text.index(CUTTING) + 100, start + 100]


# Whose text it is.


def test_a_text_of_no_review_is_not_found(store: MemoryStore, tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match=r"review\.txt: the graph knows no review.*--review"):
        verify_passages(store, _file(tmp_path, "Quite another text, of which the graph has no word at all. " * 9))
    with pytest.raises(NotFoundError, match="--review"):
        verify_passages(store, _file(tmp_path, ""))


def test_a_named_review_is_checked_against_any_text(store: MemoryStore, tmp_path: Path) -> None:
    report = verify_passages(store, _file(tmp_path, "Quite another text."), review=REVIEW)
    assert _states(report) == {"stands": [], "moved": [], "orphan": [1, 2, 3]}
    assert not report.ok


def test_a_review_that_is_not_in_the_graph(store: MemoryStore, tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match=r"Did you mean review:test-film-2001--test-critic\?") as caught:
        verify_passages(store, _file(tmp_path, TEXT), review=iri("review", "test-film-2001--a-critic"))
    assert caught.value.suggestions == (shorten(REVIEW),)


def test_a_review_without_passages(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="review:test-film-2001--test-critic has no passages to verify"):
        verify_passages(_store(_review(REVIEW, TEXT)), _file(tmp_path, TEXT))


def test_reviews_of_one_text_are_checked_together(tmp_path: Path) -> None:
    store = _store(
        _review(REVIEW, TEXT, _passage(1, CUTTING), _passage(2, LIGHT)),
        _review(OTHER, TEXT, _passage(3, SOUND, review=OTHER)),
    )
    report = verify_passages(store, _file(tmp_path, TEXT))
    assert report.ok
    assert report.reviews == (OTHER, REVIEW)
    assert _states(report)["stands"] == [3, 1, 2]
    alone = verify_passages(store, _file(tmp_path, TEXT), review=OTHER)
    assert alone.ok
    assert alone.reviews == (OTHER,)
    assert verify_passages(store, _file(tmp_path, TEXT + "!")).reviews == (OTHER, REVIEW)


def test_a_changed_text_is_recognised_by_what_moved(tmp_path: Path) -> None:
    store = _store(
        _review(REVIEW, TEXT, _passage(1, CUTTING), _passage(2, LIGHT)),
        _review(OTHER, "Another text", _passage(3, "Words of another review.", at=(0, 24), review=OTHER)),
    )
    report = verify_passages(store, _file(tmp_path, "A new head. " + TEXT.replace(LIGHT, "")))
    assert report.reviews == (REVIEW,)
    assert _states(report) == {"stands": [], "moved": [1], "orphan": [2]}


def test_a_short_word_does_not_tell_whose_text_it_is(tmp_path: Path) -> None:
    store = _store(_review(REVIEW, TEXT, _passage(1, "scene")))
    with pytest.raises(NotFoundError):
        verify_passages(store, _file(tmp_path, "A scene of another text."))


def test_the_search_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verification, "WIDEST_SEARCH", 100)
    store = _store(_review(REVIEW, TEXT, _passage(1, CUTTING)))
    near, far = ("." * distance + TEXT for distance in (40, 400))
    assert _states(verify_passages(store, _file(tmp_path, near), review=REVIEW))["moved"] == [1]
    assert _states(verify_passages(store, _file(tmp_path, far), review=REVIEW))["orphan"] == [1]


def test_a_long_text_takes_no_long_time(tmp_path: Path) -> None:
    store = _store(_review(REVIEW, TEXT, _passage(1, CUTTING)))
    report = verify_passages(store, _file(tmp_path, "é" * 1_000_000 + TEXT), review=REVIEW)
    assert _states(report)["orphan"] == [1]


# What is no text.


@pytest.mark.parametrize("content", [b"\xff\xfeA\x00", b"caf\xe9"])
def test_a_text_that_is_no_utf8(content: bytes, store: MemoryStore, tmp_path: Path) -> None:
    file = tmp_path / "review.txt"
    file.write_bytes(content)
    with pytest.raises(DataError, match=r"review\.txt:1:[14]: is not UTF-8"):
        verify_passages(store, file)


def test_a_text_that_is_not_there(store: MemoryStore, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="cannot be read"):
        verify_passages(store, tmp_path / "missing.txt")


def test_what_is_printed_is_printable(tmp_path: Path) -> None:
    passage = _passage(1, CUTTING).replace("Statement 1.", "Red \\u001B[31m text")
    report = verify_passages(_store(_review(REVIEW, TEXT, passage)), _file(tmp_path, "x"), review=REVIEW)
    assert all(line.isprintable() for line in report.to_text().split("\n"))


# A table of texts.

CELLS = ("Quite another text.", f'A cell: "{CUTTING}"\n{LIGHT}', SOUND, "", "One, more; text.")


def _table(folder: Path, texts: Iterable[str] = CELLS, *, delimiter: str = ",", name: str = "excerpts.data") -> Path:
    lines = io.StringIO(newline="")
    writer = csv.writer(lines, delimiter=delimiter)
    writer.writerow(["id", "Text", "note"])
    writer.writerows([number, text, "a note"] for number, text in enumerate(texts))
    file = folder / name
    file.write_bytes(lines.getvalue().encode())
    return file


def _cell_passage(number: int, words: str, text: str, *, review: str, shift: int = 0) -> str:
    start, end = _span(words, text)
    return _passage(number, words, at=(start + shift, end + shift), review=review)


@pytest.fixture
def excerpts() -> MemoryStore:
    """Return a graph of two reviews that are cells, and of one that is none."""
    return _store(
        _review(
            REVIEW, CELLS[1], *(_cell_passage(n, w, CELLS[1], review=REVIEW) for n, w in ((1, CUTTING), (2, LIGHT)))
        ),
        _review(OTHER, CELLS[2], _cell_passage(3, SOUND, CELLS[2], review=OTHER)),
        _review(iri("review", "third"), TEXT, _passage(4, CUTTING, review=iri("review", "third"))),
    )


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_every_review_of_a_table_is_checked(excerpts: MemoryStore, tmp_path: Path, delimiter: str, mark: str) -> None:
    file = _table(tmp_path, delimiter=delimiter)
    file.write_bytes(mark.encode() + file.read_bytes())
    report = verify_source(excerpts, file)
    assert isinstance(report, TableReport)
    assert report.ok
    assert report == verify_table(excerpts, file)
    assert report.reviews == (OTHER, REVIEW)
    assert (report.texts, report.unknown) == (4, 2)
    assert _states(report) == {"stands": [3, 1, 2], "moved": [], "orphan": []}
    assert report.to_text() == (
        f"{file} is a table with the text of 2 reviews: 3 of 3 passages stand; "
        "2 of its 4 texts are of no review of this graph."
    )


def test_what_does_not_stand_in_a_table_is_listed(tmp_path: Path) -> None:
    lost = _passage(2, "Words of nobody.", at=(0, 16), review=OTHER)
    moved = _cell_passage(1, CUTTING, CELLS[1], review=REVIEW, shift=2)
    store = _store(_review(REVIEW, CELLS[1], moved), _review(OTHER, CELLS[2], lost))
    report = verify_table(store, _table(tmp_path, CELLS[:3]))
    assert not report.ok
    assert _states(report) == {"stands": [], "moved": [1], "orphan": [2]}
    head, first, second = report.to_text().split("\n")
    assert "0 of 2 passages stand, 1 moved, 1 orphaned; 1 of its 3 texts is of no review of this graph." in head
    start, end = _span(CUTTING, CELLS[1])
    assert first.startswith(
        f"moved passage:test-film-2001--test-critic--1 at {start + 2}–{end + 2} is now {start}–{end} "
    )
    assert second.startswith("orphan passage:other-film-2002--test-critic--2 at 0–16: its words are not found")


def test_a_changed_cell_is_no_text_of_the_review(excerpts: MemoryStore, tmp_path: Path) -> None:
    report = verify_table(excerpts, _table(tmp_path, [CELLS[1].replace("\n", "\r\n"), CELLS[2]]))
    assert report.reviews == (OTHER,)
    assert report.unknown == 1


def test_reviews_of_one_cell_and_cells_of_one_review(tmp_path: Path) -> None:
    store = _store(
        *(
            _review(review, SOUND, _cell_passage(n, SOUND, SOUND, review=review))
            for n, review in ((1, REVIEW), (2, OTHER))
        )
    )
    report = verify_table(store, _table(tmp_path, [SOUND, SOUND]))
    assert report.reviews == (OTHER, REVIEW)
    assert _states(report)["stands"] == [2, 1]
    assert (report.texts, report.unknown) == (2, 0)


def test_one_review_of_a_table(excerpts: MemoryStore, tmp_path: Path) -> None:
    file = _table(tmp_path)
    report = verify_source(excerpts, file, review=OTHER)
    assert isinstance(report, TableReport)
    assert report.reviews == (OTHER,)
    assert report.unknown == 2
    assert "with the text of 1 review:" in report.to_text()
    with pytest.raises(NotFoundError, match=r"no text .* \(4 looked at\) is, .* what review:third was read"):
        verify_table(excerpts, file, review=iri("review", "third"))
    with pytest.raises(NotFoundError, match="There is no review review:forth"):
        verify_table(excerpts, file, review=iri("review", "forth"))


def test_a_table_without_a_text_of_the_graph(excerpts: MemoryStore, tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match=r"excerpts\.data: is a table, and no text .* \(2 looked at\)"):
        verify_source(excerpts, _table(tmp_path, ["One.", "Two."]))
    with pytest.raises(NotFoundError, match="have no passages to verify"):
        verify_source(_store(_review(REVIEW, SOUND)), _table(tmp_path))


def test_a_text_is_no_table_whatever_its_name(store: MemoryStore, tmp_path: Path) -> None:
    file = tmp_path / "review.csv"
    file.write_bytes(TEXT.encode())
    report = verify_source(store, file)
    assert isinstance(report, PassageReport)
    assert report.ok


def test_a_text_that_begins_as_a_table_does_is_a_text(tmp_path: Path) -> None:
    text = f"Text, light\n{CUTTING}\n"
    store = _store(_review(REVIEW, text, _passage(1, CUTTING, at=_span(CUTTING, text))))
    assert isinstance(verify_source(store, _file(tmp_path, text)), PassageReport)
    with pytest.raises(NotFoundError, match="is a table"):
        verify_source(store, _file(tmp_path, text + "\n"))


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"text,text\na,b\n", "the column text stands twice"),
        (b"id,text\n1,fine\n2,caf\xe9\n", r":3:6: is not UTF-8"),
        (b"id,text\n1,a\x00b\n", ":2: holds null characters"),
        (b'id,text\n1,"open\n', "row 2: the file ends within a cell"),
        (b'id,text\n1,fine\n2,"a"b\n', "row 3: is no CSV"),
    ],
)
def test_a_bad_table(content: bytes, told: str, excerpts: MemoryStore, tmp_path: Path) -> None:
    file = tmp_path / "bad.csv"
    file.write_bytes(content)
    with pytest.raises(DataError, match=told) as caught:
        verify_source(excerpts, file)
    assert "\n" not in str(caught.value)


def test_a_table_needs_its_column(excerpts: MemoryStore, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"the column text is missing.*did you mean text by texts"):
        verify_table(excerpts, _file(tmp_path, "id,texts\n1,one\n"))
    with pytest.raises(DataError, match="is a folder"):
        verify_source(excerpts, tmp_path)


def test_memory_does_not_grow_with_the_table(excerpts: MemoryStore, tmp_path: Path) -> None:
    def texts() -> Iterator[str]:
        yield from CELLS
        yield from (f"{number} " + "x" * 20_000 for number in range(400))

    file = _table(tmp_path, texts())
    assert file.stat().st_size > 8_000_000
    verify_table(excerpts, file)
    tracemalloc.start()
    try:
        report = verify_table(excerpts, file)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert report.texts == 404
    assert peak < 2_000_000
