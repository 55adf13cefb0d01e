"""A review as it is read: entities and markup undone, sentences and words found, every place still that of the source.

Passages are kept as places in the source, code point by code point. So whatever is undone for reading (``&#46;``,
``<br>``) keeps a note of where it stood.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

__all__ = ["ReviewText", "Sentence", "Word", "words_of"]

_ENTITY = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
_TAG = re.compile(r"</?[A-Za-z][^<>]{0,400}>|<!--.{0,2000}?-->", re.DOTALL)
_ADDRESS = re.compile(r"\b(?:https?://|www\.)\S+")
# Blanks are only looked at from where they begin, lest a page of them be read once for each.
_REFERRAL = re.compile(
    r"(?:[(\[]|(?<!\s))\s*+(?:read (?:the |my |our )?)?"
    r"(?:full|complete|original|whole|entire)\s+(?:review|text|article|essay)\b"
    r"[^.\n]{0,60}(?:[\])]|$)|\((?:in )?(?:spanish|french|german|portuguese|italian)\)",
    re.IGNORECASE,
)
_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
_SURROGATE = re.compile(r"[\ud800-\udfff]")
_MOST_WORDS = 250
"""How many words a sentence has at the most: what is longer, a list or a text without a full stop, is cut."""
_LONGEST_BLOCK = 20_000
"""How many characters the splitter gets at once: quotes that stay open cost it the square of their number."""
_ASCII_QUOTE = str.maketrans("’‘", "''")


@dataclass(frozen=True, slots=True)
class Word:
    """A word of a text: its normal form, and where it stands in the text that is read.

    The normal form is in lower case, without accents and without the ``'s`` of a possessive.
    """

    normal: str
    start: int
    end: int
    possessive: bool = False


@dataclass(frozen=True)
class Sentence:
    """A sentence: where it stands in the text that is read, and its words."""

    start: int
    end: int
    words: tuple[Word, ...]


@dataclass(frozen=True)
class ReviewText:
    """A source text, the text that is read for it, and for each place of that the place in the source."""

    source: str
    text: str
    _places: Sequence[int] = field(repr=False)

    @classmethod
    def read(cls, source: str) -> ReviewText:
        """Return a source with its entities undone; tags, addresses and "full review in …" become blanks."""
        characters: list[str] = []
        places: list[int] = []
        at = 0
        for match in _ENTITY.finditer(source):
            undone = html.unescape(match.group())
            if undone == match.group():
                continue
            characters.append(source[at : match.start()])
            places.extend(range(at, match.start()))
            characters.append(undone)
            places.extend([match.start()] * len(undone))
            at = match.end()
        characters.append(source[at:])
        places.extend(range(at, len(source) + 1))
        text = "".join(characters)
        for pattern in (_SURROGATE, _TAG, _ADDRESS, _REFERRAL):
            text = pattern.sub(_blank, text)
        return cls(source, text, places)

    def in_source(self, start: int, end: int) -> tuple[int, int]:
        """Return where a span of the text that is read stands in the source."""
        return self._places[start], self._places[end - 1] + 1 if self._is_plain(end) else self._places[end]

    def _is_plain(self, end: int) -> bool:
        return end > 0 and self._places[end] == self._places[end - 1] + 1

    def sentences(self) -> list[Sentence]:
        """Return the sentences, without the blanks around them.

        Those without a word are left out, and one of very many is cut, so that reading takes no longer than its length.
        """
        import sentencex

        found: list[Sentence] = []
        at = 0
        for piece in (piece for block in _blocks(self.text) for piece in sentencex.segment("en", block)):
            begin = self.text.find(piece, at)
            if begin < 0:
                continue
            at = begin + len(piece)
            start = begin + len(piece) - len(piece.lstrip())
            end = begin + len(piece.rstrip())
            found += _cut(start, end, words_of(self.text, start, end))
        return found


def _blocks(text: str) -> Iterator[str]:
    """Yield a text as it is, or in parts where it is long, which end where a line ends, or else a word."""
    at = 0
    while len(text) - at > _LONGEST_BLOCK:
        after = at + _LONGEST_BLOCK
        end = text.rfind("\n", at, after) + 1 or text.rfind(" ", at, after) + 1 or after
        yield text[at:end]
        at = end
    yield text[at:]


def _cut(start: int, end: int, words: tuple[Word, ...]) -> Iterator[Sentence]:
    """Yield a sentence as it is, or in parts where it has too many words; nothing where it has none."""
    if len(words) <= _MOST_WORDS:
        if words:
            yield Sentence(start, end, words)
        return
    for first in range(0, len(words), _MOST_WORDS):
        part = words[first : first + _MOST_WORDS]
        yield Sentence(part[0].start, part[-1].end, part)


def words_of(text: str, start: int = 0, end: int | None = None) -> tuple[Word, ...]:
    """Return the words of a span of a text.

    >>> [word.normal for word in words_of("Pixar’s hand-drawn décor")]
    ['pixar', 'hand', 'drawn', 'decor']
    """
    words = []
    for match in _WORD.finditer(text, start, len(text) if end is None else end):
        normal = _normal(match.group())
        possessive = normal.endswith("'s") and normal not in _CONTRACTED
        words.append(Word(normal[:-2] if possessive else normal, match.start(), match.end(), possessive))
    return tuple(words)


_CONTRACTED = frozenset({"it's", "that's", "there's", "he's", "she's", "what's", "who's", "here's", "let's", "where's"})


@lru_cache(maxsize=65_536)
def _normal(word: str) -> str:
    plain = unicodedata.normalize("NFKD", word.translate(_ASCII_QUOTE))
    return "".join(character for character in plain if not unicodedata.combining(character)).casefold()


def _blank(match: re.Match[str]) -> str:
    return " " * len(match.group())
