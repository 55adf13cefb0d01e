"""Whether the passages that claims stand on are still where the graph says, in a text that the graph does not hold.

A review carries the SHA-256 of the text it was read from, and a passage its place in that text, in Unicode code
points, with the SHA-256 of the UTF-8 of its words (``fg:exactSha256``). So whoever has the text can check every
passage, and nobody has to publish it. A table of texts is checked cell by cell: there the hash says whose text a cell
is.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import file_digest, sha256
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING

from filmgraph.claims.passages import (
    Passage,
    bytes_of,
    check_known,
    passages_of,
    reviews_by_hash,
    reviews_of_text,
)
from filmgraph.errors import NotFoundError
from filmgraph.namespaces import shorten
from filmgraph.readers import LARGEST_TEXT, read_text
from filmgraph.rows import printable
from filmgraph.tables import StreamedTable, has_column

if TYPE_CHECKING:
    from filmgraph.stores import Store

__all__ = [
    "CheckedPassage",
    "PassageReport",
    "TableReport",
    "verify_passages",
    "verify_source",
    "verify_table",
]

WIDEST_SEARCH = 200_000
"""How many places a passage is looked for at: a whole text of that many characters, the surroundings in a longer."""

MOST_HASHED = 1_000_000_000
"""How many bytes may be hashed, about, to find one passage, or to find whose text a file is: some seconds' work."""

_COST_OF_A_HASH = 256

SHORTEST_TELLING = 8
"""The shortest passage, in characters, by which a text is recognised: fewer stand in any text."""

TEXT_COLUMN = "text"
"""The column of a table that holds the texts."""

_STANDS, _MOVED, _ORPHAN = "stands", "moved", "orphan"


@dataclass(frozen=True)
class CheckedPassage:
    """What became of a passage: it ``stands``, it ``moved`` to ``start``–``end``, or it is an ``orphan``."""

    passage: Passage
    state: str
    start: int | None = None
    end: int | None = None
    reason: str = ""

    def to_text(self) -> str:
        """Return one line: the state, the passage, where it was and is, and the claims that stand on it."""
        passage = self.passage
        place = f"{passage.start}–{passage.end}"
        if self.state == _MOVED:
            place += f" is now {self.start}–{self.end}"
        claims = " ".join(
            [", ".join(map(shorten, passage.claims)) or "no claim", *(f'"{text}"' for text in passage.statements)]
        )
        reason = f": {self.reason}" if self.reason else ""
        return printable(f"{self.state} {shorten(passage.iri)} at {place}{reason} ({claims})")


class _Report:
    """What reports of a text and of a table have in common: the passages by what became of them."""

    checked: tuple[CheckedPassage, ...]

    @property
    def standing(self) -> tuple[CheckedPassage, ...]:
        """The passages that are where the graph says."""
        return self._in_state(_STANDS)

    @property
    def moved(self) -> tuple[CheckedPassage, ...]:
        """The passages whose words are elsewhere in the text."""
        return self._in_state(_MOVED)

    @property
    def orphaned(self) -> tuple[CheckedPassage, ...]:
        """The passages whose words were not found."""
        return self._in_state(_ORPHAN)

    @property
    def ok(self) -> bool:
        """Whether every passage stands."""
        return len(self.standing) == len(self.checked)

    def _in_state(self, state: str) -> tuple[CheckedPassage, ...]:
        return tuple(checked for checked in self.checked if checked.state == state)

    def _told(self, head: str, tail: str = "") -> str:
        counts = f"{len(self.standing):,} of {len(self.checked):,} passages stand"
        if not self.ok:
            counts += f", {len(self.moved):,} moved, {len(self.orphaned):,} orphaned"
        first = printable(f"{head}: {counts}{tail}.")
        return "\n".join([first, *(checked.to_text() for checked in (*self.moved, *self.orphaned))])


@dataclass(frozen=True)
class PassageReport(_Report):
    """What a text proves about the passages of a review, or of several that were read from the same text.

    ``hash_matches`` says whether the file is, byte for byte, the text that the reviews were read from.
    """

    file: str
    sha256: str
    reviews: tuple[str, ...]
    hash_matches: bool
    checked: tuple[CheckedPassage, ...] = field(repr=False)

    @property
    def ok(self) -> bool:
        """Whether the file is the text that was read, and every passage stands in it."""
        return self.hash_matches and super().ok

    def to_text(self) -> str:
        """Return the outcome in one line, then one line for each passage that does not stand."""
        reviews = ", ".join(map(shorten, self.reviews))
        text = "is the text" if self.hash_matches else "is not, byte for byte, the text"
        return self._told(f"{self.file} {text} that {reviews} was read from")


@dataclass(frozen=True)
class TableReport(_Report):
    """What a table of texts proves about the passages of all reviews that were read from one of its cells.

    ``texts`` counts the cells that hold a text, and ``unknown`` those of them that are no review of the graph.
    """

    file: str
    reviews: tuple[str, ...]
    texts: int
    unknown: int
    checked: tuple[CheckedPassage, ...] = field(repr=False)

    def to_text(self) -> str:
        """Return the outcome in one line, then one line for each passage that does not stand."""
        whose = f"{len(self.reviews):,} review{'' if len(self.reviews) == 1 else 's'}"
        unknown = f"{self.unknown:,} of its {self.texts:,} texts {'is' if self.unknown == 1 else 'are'}"
        return self._told(f"{self.file} is a table with the text of {whose}", f"; {unknown} of no review of this graph")


def verify_source(
    store: Store, file: str | os.PathLike[str], *, review: str | None = None
) -> PassageReport | TableReport:
    """Check passages against a file: a table of texts, or the text of a review.

    A table is a CSV file whose first row names a column ``text``, whatever the file is called, unless it is as a
    whole the text that a review was read from. See :func:`verify_table` and :func:`verify_passages`.
    """
    if has_column(file, TEXT_COLUMN) and not _is_text_of_a_review(store, file):
        return verify_table(store, file, review=review)
    return verify_passages(store, file, review=review)


def verify_table(store: Store, file: str | os.PathLike[str], *, review: str | None = None) -> TableReport:
    """Check the passages of every review that was read from a cell of a table, in its column ``text``.

    A cell is the text of the reviews that have its hash; with ``review``, an IRI, only that one is checked. The
    table is read row by row: in memory are what the graph says, and one row.

    Raises :class:`~filmgraph.errors.DataError` for a file that cannot be read or is no such table, and
    :class:`~filmgraph.errors.NotFoundError` for a table without a text of a review, or of the one that is wanted,
    for an unknown review, and where those that were found have no passages.
    """
    table = StreamedTable(file, columns=[TEXT_COLUMN])
    if review is not None:
        check_known(store, review)
    by_hash = reviews_by_hash(store)
    passages: dict[str, list[Passage]] = {}
    for passage in passages_of(store, None if review is None else [review]):
        passages.setdefault(passage.review, []).append(passage)
    checked: dict[str, list[CheckedPassage]] = {}
    texts = unknown = 0
    for text in _cells(table):
        texts += 1
        reviews = by_hash.get(sha256(text.encode()).digest())
        if reviews is None:
            unknown += 1
            continue
        for found in reviews:
            if found not in checked and review in (None, found):
                checked[found] = list(_checked(_Text(text), passages.get(found, ()), hash_matches=True))
    if not checked:
        whose = "a review of this graph" if review is None else shorten(review)
        raise NotFoundError(
            f"{printable(table.file)}: is a table, and no text in its column {TEXT_COLUMN} ({texts:,} looked at) is, "
            f"character by character, what {whose} was read from."
        )
    if not any(checked.values()):
        whose = "The reviews that were found have" if review is None else f"{shorten(review)} has"
        raise NotFoundError(f"{whose} no passages to verify.")
    in_order = sorted(checked)
    return TableReport(
        table.file, tuple(in_order), texts, unknown, tuple(passage for iri in in_order for passage in checked[iri])
    )


def verify_passages(store: Store, file: str | os.PathLike[str], *, review: str | None = None) -> PassageReport:
    """Check the passages of a review against a text file.

    The review is the one whose hash the file has; else the one named by its IRI, ``review``; else each of which at
    least one passage is found in the text. Passages are in the order of review, place and IRI.

    Raises :class:`~filmgraph.errors.DataError` for a file that cannot be read or is no UTF-8, and
    :class:`~filmgraph.errors.NotFoundError` for a text of no review, an unknown review, or one without passages.
    """
    text = _Text(read_text(file))
    if review is not None:
        check_known(store, review)
    same_text = reviews_of_text(store, text.sha256)
    reviews = [review] if review is not None else same_text or _recognised(store, text, os.fspath(file))
    passages = passages_of(store, reviews)
    if not passages:
        raise NotFoundError(f"{', '.join(map(shorten, reviews))} has no passages to verify.")
    matching = set(reviews) <= set(same_text)
    checked = tuple(_checked(text, passages, hash_matches=matching))
    return PassageReport(os.fspath(file), text.sha256, tuple(reviews), matching, checked)


class _Text:
    """A text, and its UTF-8 with the place of each character in it, so that a span is hashed without being copied."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._bytes = memoryview(text.encode())
        self.sha256 = sha256(self._bytes).hexdigest()
        self._offsets: Sequence[int] = range(len(text) + 1)
        if len(self._bytes) != len(text):
            self._offsets = [0, *accumulate(map(_utf8_length, text))]

    def __len__(self) -> int:
        return len(self.text)

    def digest(self, start: int, length: int) -> bytes:
        """Return the SHA-256 of the UTF-8 of a span."""
        return sha256(self._bytes[self._offsets[start] : self._offsets[start + length]]).digest()

    def holds(self, passage: Passage, start: int) -> bool:
        """Whether the words of a passage stand at a place; True for a passage of which the graph gives no words."""
        length = passage.length
        if length <= 0 or start < 0 or start + length > len(self.text):
            return False
        if passage.exact is not None and not self.text.startswith(passage.exact, start):
            return False
        return passage.sha256 is None or self.digest(start, length).hex() == passage.sha256


def _utf8_length(character: str) -> int:
    code = ord(character)
    return 1 if code < 0x80 else 2 if code < 0x800 else 3 if code < 0x10000 else 4


def _checked(text: _Text, passages: Sequence[Passage], *, hash_matches: bool) -> Iterator[CheckedPassage]:
    """Yield each passage with what became of it.

    An insertion moves all that follows by the same distance, so a passage is looked for first where the one before
    it leads one to expect it.
    """
    shift = 0
    for passage in passages:
        if passage.length <= 0 or passage.start < 0:
            yield CheckedPassage(passage, _ORPHAN, reason="its start and end are no span")
        elif passage.exact is not None and passage.end - passage.start != passage.length:
            yield CheckedPassage(passage, _ORPHAN, reason="its words are not as long as its span")
        elif not passage.provable and not hash_matches:
            yield CheckedPassage(passage, _ORPHAN, reason="the graph has no hash of its words")
        elif text.holds(passage, passage.start):
            yield CheckedPassage(passage, _STANDS, passage.start, passage.end)
        else:
            found = _search(text, passage, passage.start + shift) if passage.provable else None
            if found is None:
                outside = passage.end > len(text)
                reason = "it ends outside the text" if outside else "its words are not found in the text"
                yield CheckedPassage(passage, _ORPHAN, reason=reason)
            else:
                shift = found - passage.start
                yield CheckedPassage(passage, _MOVED, found, found + passage.length)


def _search(text: _Text, passage: Passage, expected: int) -> int | None:
    """Return the place nearest to the expected one at which the words of a passage stand, None if there is none."""
    last = len(text) - passage.length
    if last < 0:
        return None
    expected = min(max(expected, 0), last)
    budget = min(WIDEST_SEARCH, MOST_HASHED // (passage.length + _COST_OF_A_HASH))
    for distance in range(last + 1):
        for start in (expected - distance, expected + distance):
            if 0 <= start <= last:
                budget -= 1
                if text.holds(passage, start):
                    return start
        if budget <= 0:
            return None
    return None


def _recognised(store: Store, text: _Text, file: str) -> list[str]:
    """Return the reviews of which a passage is found in a text: at its place, or else anywhere."""
    telling = [p for p in passages_of(store, None) if p.provable and p.length >= SHORTEST_TELLING and p.start >= 0]
    reviews = {passage.review for passage in telling if text.holds(passage, passage.start)}
    if not reviews:
        reviews = {passage.review for passage in telling if passage.exact and passage.exact in text.text}
        reviews |= _found_by_hash(text, [passage for passage in telling if passage.exact is None])
    if not reviews:
        raise NotFoundError(
            f"{printable(file)}: the graph knows no review of this text, neither by its SHA-256 nor by a passage; "
            "name the review with --review."
        )
    return sorted(reviews)


def _found_by_hash(text: _Text, passages: Sequence[Passage]) -> set[str]:
    """Return the reviews of which a passage stands somewhere in a text; one walk for all passages of a length."""
    by_length: dict[int, dict[bytes, str]] = {}
    for passage in passages:
        digest = bytes_of(passage.sha256 or "")
        if passage.length <= len(text) and digest:
            by_length.setdefault(passage.length, {}).setdefault(digest, passage.review)
    reviews: set[str] = set()
    budget = MOST_HASHED
    for length, wanted in sorted(by_length.items()):
        places = min(len(text) - length + 1, WIDEST_SEARCH)
        budget -= places * (length + _COST_OF_A_HASH)
        if budget < 0:
            break
        for start in range(places):
            found = wanted.get(text.digest(start, length))
            if found:
                reviews.add(found)
    return reviews


def _cells(table: StreamedTable) -> Iterator[str]:
    """Yield the texts of a table as they were read, blank ones left out."""
    place = table.places[TEXT_COLUMN]
    for _, cells in table.rows():
        if place < len(cells) and cells[place].strip():
            yield cells[place]


def _is_text_of_a_review(store: Store, file: str | os.PathLike[str]) -> bool:
    """Whether a file is, as a whole, what a review was read from, although it begins as a table does."""
    try:
        with Path(file).open("rb") as stream:
            if os.fstat(stream.fileno()).st_size > LARGEST_TEXT:
                return False
            digest = file_digest(stream, "sha256").hexdigest()
    except OSError:
        return False
    return bool(reviews_of_text(store, digest))
