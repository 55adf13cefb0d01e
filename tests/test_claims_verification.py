"""Passages of reviews: whether they stand in a text, have moved, or are lost."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

import pytest

from filmgraph.claims import PassageReport, verification, verify_passages
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


def _states(report: PassageReport) -> dict[str, list[int]]:
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
