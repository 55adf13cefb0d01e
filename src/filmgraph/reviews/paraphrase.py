"""What a paraphrase must be: short, and in words that are not the critic's."""

from __future__ import annotations

import html
import re
import unicodedata
from dataclasses import dataclass
from functools import cached_property

__all__ = ["LONGEST_RUN", "MOST_WORDS", "SHORTEST", "ReadText", "count_words", "fault_of", "tidy"]

MOST_WORDS = 15
"""How many words a paraphrase has at the most."""

LONGEST_RUN = 5
"""How many words in a row a paraphrase may share with the text at the most."""

SHORTEST = 15
"""How many characters a statement has at the least: the shape fgs:ReviewClaim-statement says so."""

LONGEST_WORD = 40
"""How many characters a word of a statement has at the most: longer is no word."""

FEWEST_WORDS = 3
"""How many words with letters a statement has at the least."""

_FORMULA = ("=", "+", "-", "@")
_APOSTROPHES = re.compile(r"(?<=\w)['’ʼ‘`´](?=\w)")
_WORD = re.compile(r"[^\W_]+")
_MARKUP = re.compile(r"</?[A-Za-z][^<>]{0,200}>")
_BETWEEN_WORDS = re.compile(r"[\s/–—]+|--+|\.\.+|…")


def tidy(text: str) -> str:
    """Return a text composed (NFC), without space around it, and with single spaces inside.

    >>> tidy("  The score   soars. ")
    'The score soars.'
    """
    # Line breaks and tabs stay: a statement stands in one line, and whoever pasted several is told.
    return re.sub(r" {2,}", " ", unicodedata.normalize("NFC", text.replace("\u00a0", " ")).strip())


def count_words(text: str) -> int:
    """Return how many words a text has; what a hyphen joins is one word, what a dash or a slash parts is several.

    >>> count_words("A well-made, computer-animated film—and a funny one.")
    8
    """
    return sum(1 for part in _BETWEEN_WORDS.split(text) if any(map(str.isalnum, part)))


@dataclass(frozen=True)
class ReadText:
    """A text that a review was read from, and its words as they are compared."""

    text: str

    @cached_property
    def folded(self) -> tuple[str, ...]:
        """The words, folded, between single spaces; a second time without its tags where it has some."""
        bare = _MARKUP.sub(" ", self.text)
        return tuple(f" {' '.join(_folded(each))} " for each in dict.fromkeys((self.text, bare)))


def fault_of(statement: str, text: ReadText | None) -> str | None:
    """Return why a statement is no paraphrase of what a text says, None where it is one.

    Letter case, accents, punctuation and HTML entities do not count; the words of "computer-animated" are two. Without
    a text it is only judged by itself.

    >>> fault_of("The score sounds like a parade", ReadText("Well, the SCORE sounds, like a &quot;parade&quot;."))
    'shares the six words “the score sounds like a parade” with the text: say it in other words'
    >>> fault_of("Its music marches along happily.", ReadText("The score sounds like a parade."))
    """
    for character in statement:
        if unicodedata.category(character)[0] == "C":
            return f"holds the control character U+{ord(character):04X}: take it out"
        if unicodedata.category(character) in ("Zl", "Zp"):
            return "stands in several lines: write it in one"
    if not statement:
        return "is empty: say in your own words what the critic claims"
    words = count_words(statement)
    if words > MOST_WORDS:
        return f"has {words} words, and may have {MOST_WORDS}"
    if len(statement) < SHORTEST:
        return f"has {len(statement)} characters, and needs {SHORTEST} or more"
    fault = _fault_of_words(statement)
    if fault:
        return fault
    shared = _shared_run(statement, text) if text else None
    if shared:
        return f"shares the six words “{shared}” with the text: say it in other words"
    return None


def _fault_of_words(statement: str) -> str | None:
    """Return why a statement is no sentence that may stand on a page or in a table, None where it is one."""
    plain = html.unescape(statement)
    if "<" in plain or ">" in plain:
        return "holds < or >: write it without tags and signs"
    if plain.startswith(_FORMULA):
        return f"begins with {plain[0]}, as a formula does: begin with a word"
    words = [part for part in _BETWEEN_WORDS.split(plain) if any(map(str.isalpha, part))]
    if len(words) < FEWEST_WORDS:
        return f"has fewer than {FEWEST_WORDS} words with letters: write a sentence"
    if max(map(len, words)) > LONGEST_WORD:
        return f"has a word of {max(map(len, words))} characters, and {LONGEST_WORD} are the most"
    return None


def _shared_run(statement: str, text: ReadText) -> str | None:
    """Return the first run of words, one longer than may be shared, that stands in both."""
    words = _folded(statement)
    for start in range(len(words) - LONGEST_RUN):
        run = " ".join(words[start : start + LONGEST_RUN + 1])
        if any(f" {run} " in folded for folded in text.folded):
            return run
    return None


def _folded(text: str) -> list[str]:
    """Return the words of a text without letter case, accents and apostrophes."""
    plain = _APOSTROPHES.sub("", html.unescape(text))
    decomposed = unicodedata.normalize("NFKD", plain.casefold())
    return _WORD.findall("".join(character for character in decomposed if not unicodedata.combining(character)))
