"""Search over all names of a graph, forgiving of typing errors, and suggestions while somebody types."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import numpy.typing as npt

from filmgraph.lookup.labels import Label, Labels
from filmgraph.lookup.names import folded_text
from filmgraph.lookup.scoring import (
    LEAST,
    LONGEST_NAME,
    MOST_ERRORS,
    WITH_YEAR,
    WITHOUT_ERRORS,
    YEAR_OF_SLUG,
    Wanted,
    errors_between,
)
from filmgraph.namespaces import KINDS, kind_of, slug_of

if TYPE_CHECKING:
    from filmgraph.stores import Store

__all__ = ["Hit", "SearchIndex", "search"]

Ints: TypeAlias = npt.NDArray[np.int64]
_LAST = "\U0010ffff"
_SUGGESTED = (100.0, 95.0, 90.0, 85.0, 80.0)
"""The score of a label that is the text, a name that begins with it, one with such words, and so other labels."""


@dataclass(frozen=True)
class Hit:
    """A resource that a search found: its IRI, its name, the label that matched, and how well (0 to 100)."""

    iri: str
    name: str
    matched: str
    score: float

    @property
    def kind(self) -> str:
        """The kind of the resource."""
        return kind_of(self.iri) or ""


def search(store: Store, text: str, *, kinds: Collection[str] = KINDS, limit: int = 10) -> list[Hit]:
    """Return the resources that a text names, as :meth:`SearchIndex.search` does, with an index made for this once."""
    if not isinstance(text, str) or limit <= 0:
        return []
    return SearchIndex(store, kinds).search(text, kinds=kinds, limit=limit)


class SearchIndex:
    """All names of a graph in the order in which they are looked for, read once from a store.

    >>> import filmgraph
    >>> with filmgraph.open() as graph:
    ...     index = graph.search_index
    >>> [hit.name for hit in index.search("hitchcok")], [hit.name for hit in index.suggest("off screen sp", limit=1)]
    (['Alfred Hitchcock'], ['Off-screen space'])
    """

    def __init__(self, store: Store, kinds: Collection[str] = KINDS) -> None:
        self.labels = Labels(store, kinds)
        self._iris = tuple(self.labels.of)

    @property
    def names(self) -> dict[str, str]:
        """IRI of each resource to its display name."""
        return self.labels.names

    def search(self, text: str, *, kinds: Collection[str] = KINDS, limit: int = 10) -> list[Hit]:
        """Return the resources that a text names, wholly or in part, best first.

        Titles, labels, alternative labels, names and slugs are compared without regard to letter case and accents.
        ``score`` is 100 where all of one is the text, and from 80 to 99 where every word of the text is in one, the
        more the less else is in it. A film is also found by its title with another year, 20 points below.

        Only where that finds nothing from 80 up are typing errors forgiven: one in 3 to 6 letters, two in 7 to 13,
        three in more; ``score`` is then from 60 to 79. Nothing below 60 is returned. Ties stand in the order of IRIs.
        """
        if not isinstance(text, str) or limit <= 0:
            return []
        wanted = Wanted.of(text)
        title = Wanted.of(with_year["title"]) if (with_year := WITH_YEAR.fullmatch(text.strip())) else None
        best = self._scored(self._without_errors(wanted, title), wanted, title, kinds, WITHOUT_ERRORS)
        if not best:
            best = self._scored(self._with_errors(wanted, title), wanted, title, kinds, LEAST)
        nearest = sorted(best, key=lambda iri: (best[iri][0], iri))[:limit]
        return [Hit(iri, self.names[iri], best[iri][2], -best[iri][0]) for iri in nearest]

    def suggest(self, text: str, *, kinds: Collection[str] = KINDS, limit: int = 8) -> list[Hit]:
        """Return what somebody may be about to type: each word of the text begins a word of a label.

        First a label that is the text; then names that begin with it, and names in which it begins words; then other
        labels, and names of reviews, likewise; among equals short ones before long ones.
        """
        if not isinstance(text, str) or limit <= 0:
            return []
        folded = folded_text(text[:LONGEST_NAME])
        hits: dict[str, Hit] = {}
        for score, rows in zip(_SUGGESTED, self._suggested(folded), strict=False):
            for row in rows.tolist():
                iri, label = self._rows[row]
                if kind_of(iri) not in kinds:
                    continue
                hits.setdefault(iri, Hit(iri, self.names[iri], label.text, score))
                if len(hits) >= limit:
                    return list(hits.values())
        return list(hits.values())

    # Which resources may answer at all: none that would is left out, and few that would not are in.

    def _without_errors(self, wanted: Wanted, title: Wanted | None) -> set[int]:
        found = set(self._with_letters(wanted.letters))
        if title:
            found.update(self._with_letters(title.letters))
        return found | self._with_all(wanted, lambda word: (word,))

    def _with_errors(self, wanted: Wanted, title: Wanted | None) -> set[int]:
        found = self._with_all(wanted, self._near_words)
        for letters in _near(wanted.letters, self._letters):
            found.update(self._with_letters(letters))
        if title:
            found.update(self._with_letters(title.letters))
            found |= self._with_all(title, lambda word: (word,))
        return found

    def _with_all(self, wanted: Wanted, forms_of: Callable[[str], Iterable[str]]) -> set[int]:
        """Return the resources that have for each word of a text one of the forms of that word."""
        if not wanted.telling:
            return set()
        left: set[int] | None = None
        # The longest word is had by fewest.
        for word in sorted(wanted.words, key=len, reverse=True):
            having = {place for form in forms_of(word) for place in self._with_word(form)}
            left = having if left is None else left & having
            if not left:
                break
        return left or set()

    def _near_words(self, word: str) -> list[str]:
        return [word, *_near(word, self._words)]

    def _with_word(self, word: str) -> list[int]:
        at = bisect_left(self._words, word)
        if at == len(self._words) or self._words[at] != word:
            return []
        places: list[int] = self._places[self._postings[self._bounds[at] : self._bounds[at + 1]]].tolist()
        return places

    def _scored(
        self, places: Iterable[int], wanted: Wanted, title: Wanted | None, kinds: Collection[str], least: float
    ) -> dict[str, tuple[float, int, str]]:
        """Return the score, negative, of each resource that has enough, with the rank and text of its best label."""
        best: dict[str, tuple[float, int, str]] = {}
        for iri in (self._iris[place] for place in places):
            if kind_of(iri) not in kinds:
                continue
            labels = self.labels.of[iri]
            found = [(-round(wanted.score_of(iri, each.folded, title), 3), each.rank, each.text) for each in labels]
            # The words of a text may also stand in several labels: "closeup shot" in "closeup" and "close shot".
            together = wanted.score_of_words({word for each in labels for word in each.folded.split()}, share=0.0)
            found.append((-round(together, 3), *min((each.rank, each.text) for each in labels)))
            if -min(found)[0] >= least:
                best[iri] = min(found)
        return best

    def _suggested(self, folded: str) -> Iterator[Ints]:
        """Yield the rows of labels that go on from a folded text, the best first."""
        words = dict.fromkeys(folded.split())
        if not words:
            return
        start, end = (bisect_left(self._folded, bound) for bound in (folded, folded + _LAST))
        same = bisect_left(self._folded, folded + "\x00")
        yield np.sort(self._by_folded[start:same])
        begin = np.sort(self._by_folded[same:end])
        yield begin[begin < self._names_end]
        with_words: Ints = np.arange(len(self._rows))
        for word in words:
            first, last = (bisect_left(self._words, bound) for bound in (word, word + _LAST))
            rows = np.unique(self._postings[self._bounds[first] : self._bounds[last]])
            with_words = np.intersect1d(with_words, rows, assume_unique=True)
        yield with_words[with_words < self._names_end]
        yield begin[begin >= self._names_end]
        yield with_words[with_words >= self._names_end]

    # What is made when it is first needed.

    @cached_property
    def _rows(self) -> list[tuple[str, Label]]:
        """All labels, each with its resource, in the order in which they are suggested."""
        rows = [(iri, label) for iri, labels in self.labels.of.items() for label in labels if label.folded]
        rows.sort(key=lambda row: (not _is_name(*row), row[1].rank, len(row[1].folded), row[1].folded, row[0]))
        return rows

    @cached_property
    def _names_end(self) -> int:
        """Where in the rows the names end, and other labels and the names of reviews begin."""
        return sum(_is_name(iri, label) for iri, label in self._rows)

    @cached_property
    def _by_folded(self) -> Ints:
        return np.array(sorted(range(len(self._rows)), key=lambda row: (self._rows[row][1].folded, row)), np.int64)

    @cached_property
    def _folded(self) -> list[str]:
        return [self._rows[row][1].folded for row in self._by_folded.tolist()]

    @cached_property
    def _posted(self) -> tuple[list[str], Ints, Ints, Ints]:
        """All words, sorted; where the rows of each begin; the rows, sorted for each word; the resource of each row.

        Behind the rows of labels stands one for each resource's slug, the words of which are found but not suggested.
        """
        place_of = {iri: place for place, iri in enumerate(self._iris)}
        rows_of: dict[str, list[int]] = {}
        texts = [label.folded for _, label in self._rows] + [slug_of(iri).replace("-", " ") for iri in self._iris]
        for row, text in enumerate(texts):
            for word in set(text.split()):
                rows_of.setdefault(word, []).append(row)
        words = sorted(rows_of)
        bounds = np.cumsum([0, *(len(rows_of[word]) for word in words)], dtype=np.int64)
        postings = np.fromiter((row for word in words for row in rows_of[word]), np.int64, int(bounds[-1]))
        places = np.array([*(place_of[iri] for iri, _ in self._rows), *range(len(self._iris))], np.int64)
        return words, bounds, postings, places

    @property
    def _words(self) -> list[str]:
        return self._posted[0]

    @property
    def _bounds(self) -> Ints:
        return self._posted[1]

    @property
    def _postings(self) -> Ints:
        return self._posted[2]

    @property
    def _places(self) -> Ints:
        return self._posted[3]

    @cached_property
    def _places_of_letters(self) -> dict[str, int | list[int]]:
        """The letters of labels, of slugs and of titles with their year to the resource, or to several.

        Most letters are of one resource: to keep a list for each would take as much room as all else.
        """
        found: dict[str, int | list[int]] = {}
        for place, (iri, labels) in enumerate(self.labels.of.items()):
            slug = slug_of(iri).replace("-", " ")
            texts = {slug, *(label.folded for label in labels)}
            if kind_of(iri) == "film" and (year := YEAR_OF_SLUG.search(slug)):
                texts.update(label.folded + year[0] for label in labels)
            for letters in {text.replace(" ", "") for text in texts}:
                known = found.setdefault(letters, place)
                if isinstance(known, list):
                    known.append(place)
                elif known != place:
                    found[letters] = [known, place]
        return found

    def _with_letters(self, letters: str) -> Sequence[int]:
        places = self._places_of_letters.get(letters, ())
        return (places,) if isinstance(places, int) else places

    @cached_property
    def _letters(self) -> list[str]:
        return sorted(self._places_of_letters)

    def __len__(self) -> int:
        return len(self._iris)

    def __repr__(self) -> str:
        return f"SearchIndex({len(self)} resources)"


def _is_name(iri: str, label: Label) -> bool:
    return label.rank == 0 and kind_of(iri) != "review"


def _near(text: str, among: Sequence[str]) -> list[str]:
    """Return which of some sorted texts lie a few typing errors from one, those with its first letter only."""
    if not text:
        return []
    from rapidfuzz import process
    from rapidfuzz.distance import OSA

    start, end = (bisect_left(among, bound) for bound in (text[0], text[0] + _LAST))
    found = process.extract(text, among[start:end], scorer=OSA.distance, score_cutoff=MOST_ERRORS, limit=None)
    return [other for other, _, _ in found if errors_between(text, other)]
