"""Names in a text: titles of films, people, studios. What they say is no opinion, and a film named may be compared.

"Evil" in *Touch of Evil* blames nobody, "Brave" praises nobody, and "Pixar Animation Studios" is no statement about
animation. So words of names are masked before concepts and opinions are looked for.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from filmgraph.claims.matching import PhraseMatcher
from filmgraph.claims.text import Sentence, Word, words_of
from filmgraph.namespaces import FG, RDF, SCHEMA

if TYPE_CHECKING:
    from filmgraph.stores import Store

__all__ = ["Masked", "NameMasker"]

_OPENING, _CLOSING = "\"“‘'_*«", "\"”’'_*»"
_SMALL = frozenset(
    [
        "a",
        "an",
        "and",
        "at",
        "but",
        "by",
        "de",
        "for",
        "from",
        "in",
        "into",
        "la",
        "le",
        "of",
        "on",
        "or",
        "the",
        "to",
        "vs",
        "with",
        "del",
    ]
)
_LONGEST_TITLE = 8
_QUOTED = re.compile(r"[\"“_*«]([A-Z0-9][^\"”_*»\n]{1,60}?),?[\"”_*»]")


@dataclass(frozen=True)
class Masked:
    """The words of a sentence that belong to names, by number, and the other films that it names.

    ``films`` are IRIs of films in the graph with the word that they begin at, ``titles`` those that the graph lacks.
    """

    words: frozenset[int]
    films: tuple[tuple[int, str], ...] = ()
    titles: tuple[tuple[int, str], ...] = ()


@dataclass(frozen=True)
class NameMasker:
    """Finds the names in sentences of reviews."""

    _titles: PhraseMatcher[str]
    _people: PhraseMatcher[str]
    _own: dict[str, tuple[str, ...]] = field(repr=False)

    @classmethod
    def of_store(cls, store: Store) -> NameMasker:
        """Make a masker of the titles and people that a graph knows."""
        own: dict[str, list[str]] = {}
        for film, title in store.select(
            f"SELECT ?film ?title WHERE {{ ?film <{RDF}type> <{FG}Film> ; "
            f"<{SCHEMA}name>|<{SCHEMA}alternateName> ?title }} ORDER BY STR(?film) STR(?title)"
        ):
            own.setdefault(str(film), []).append(str(title))
        people = [
            str(name)
            for (name,) in store.select(
                f"SELECT DISTINCT ?name WHERE {{ ?person <{RDF}type> <{SCHEMA}Person> ; <{SCHEMA}name> ?name }}"
            )
        ]
        titles = {title: film for film, titles in sorted(own.items(), reverse=True) for title in titles}
        return cls(
            PhraseMatcher(titles),
            PhraseMatcher({name: name for name in people if " " in name}),
            {film: tuple(titles) for film, titles in own.items()},
        )

    def mask(
        self, text: str, sentence: Sentence, *, film: str | None = None, own: PhraseMatcher[str] | None = None
    ) -> Masked:
        """Return the names in a sentence of a text.

        ``film`` is the film under review, ``own`` finds its titles and further names (see :meth:`own_names`).
        """
        words = sentence.words
        masked: set[int] = set()
        others: list[tuple[int, str]] = []
        for first, after, found in self._titles.find(words):
            if not _is_title(text, words, first, after):
                continue
            masked.update(range(first, after))
            if found != film and not _CREDITING.intersection(word.normal for word in words[max(0, first - 3) : first]):
                others.append((first, found))
        if own:
            for first, after, _ in own.find(words):
                if after - first > 1 or text[words[first].start].isupper():
                    masked.update(range(first, after))
                    others = [(at, other) for at, other in others if not first <= at < after]
        for first, after, _ in self._people.find(words):
            masked.update(range(first, after))
        titles = []
        for match in _QUOTED.finditer(text, sentence.start, sentence.end):
            quoted = [number for number, word in enumerate(words) if match.start() < word.start < match.end()]
            if quoted and len(quoted) <= _LONGEST_TITLE and _is_in_title_case(text, [words[at] for at in quoted]):
                if not masked.intersection(quoted) and _may_be_a_film(words, quoted):
                    titles.append((quoted[0], _in_one_line(match.group(1)).strip(" .,;:!?")))
                if len(quoted) > 1 or _may_be_a_film(words, quoted):
                    masked.update(quoted)
        masked.update(_studios(text, words))
        return Masked(frozenset(masked), tuple(others), tuple(titles))

    def own_names(self, film: str | None, names: Iterable[str] = ()) -> PhraseMatcher[str]:
        """Return a matcher of the titles of the film under review and of further names."""
        titles = self._own.get(film or "", ())
        # "Toy Story 4" is "Toy Story" in half of its reviews.
        shorter = [re.sub(r"\s+\d+$|:.*$", "", title) for title in titles]
        return PhraseMatcher({name: name for name in (*titles, *shorter, *names) if words_of(name)})


def _is_title(text: str, words: Sequence[Word], first: int, after: int) -> bool:
    """Whether words that are a title are meant as one: they are written as names are, and not just by chance."""
    told = words[first:after]
    capital = [text[word.start].isupper() or text[word.start].isdigit() for word in told]
    if not all(up or word.normal in _SMALL for up, word in zip(capital, told, strict=True)) or not capital[0]:
        return False
    if text[told[0].start : told[-1].end].isupper() and len(told) == 1 and len(told[0].normal) > 1:
        return _is_quoted(text, told)
    if len(told) > 1 and any(word.normal not in _SMALL for word in told[1:]):
        return True
    return _is_quoted(text, told) or (
        first > 0 and len(told[0].normal) > 2 and not told[0].possessive and words[first - 1].normal in _COMPARING
    )


_COMPARING = frozenset({"than", "like", "unlike", "since", "as", "and", "to", "of", "or", "versus", "vs"})


def _is_quoted(text: str, words: Sequence[Word]) -> bool:
    start, end = words[0].start, words[-1].end
    return start > 0 and text[start - 1] in _OPENING and any(mark in _CLOSING for mark in text[end : end + 2])


def _in_one_line(text: str) -> str:
    """Return a text with single spaces, and without what is not seen."""
    return "".join(character for character in " ".join(text.split()) if character.isprintable())


def _may_be_a_film(words: Sequence[Word], quoted: Sequence[int]) -> bool:
    """Whether words in quotation marks may be a film: a single one only beside a word that compares, no song."""
    before = words[quoted[0] - 1] if quoted[0] else None
    if before is not None and (before.normal in _NO_FILMS or before.possessive):
        return False
    return len(quoted) > 1 or (before is not None and before.normal in _COMPARING)


def _is_in_title_case(text: str, words: Sequence[Word]) -> bool:
    return text[words[0].start].isupper() and all(
        text[word.start].isupper() or text[word.start].isdigit() or word.normal in _SMALL for word in words
    )


_CREDITING = frozenset(["director", "directors", "made", "makers", "creators", "behind", "wrote", "debut", "brought"])
_NO_FILMS = frozenset(["song", "songs", "number", "tune", "sings", "singing", "titled", "called", "an", "the"])
_STUDIO = frozenset(
    [
        "studio",
        "studios",
        "company",
        "inc",
        "corporation",
        "magazine",
        "festival",
        "awards",
        "award",
        "academy",
        "feature",
    ]
)


def _studios(text: str, words: Sequence[Word]) -> set[int]:
    """Return the words of names such as "Walt Disney Animation Studios": capitals in a row that end in such a word."""
    masked: set[int] = set()
    for number, word in enumerate(words):
        if word.normal in _STUDIO and text[word.start].isupper():
            at = number
            while at >= 0 and (text[words[at].start].isupper() or words[at].normal in {"of", "and"}):
                masked.add(at)
                at -= 1
        elif (
            word.normal == "animation"
            and number
            and text[word.start].isupper()
            and text[words[number - 1].start].isupper()
        ):
            masked.add(number)
    return masked
