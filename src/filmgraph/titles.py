"""Titles of films as people write them: the article in front or behind."""

from __future__ import annotations

import re

__all__ = ["ARTICLES", "article_first"]

_APOSTROPHES = "'’"
ARTICLES = (
    *("a", "an", "the", "le", "la", "les", "l", "un", "une", "der", "die", "das", "ein", "eine"),
    *("el", "los", "las", "il", "lo", "gli", "o", "os", "as", "den", "det", "de", "het"),
)
"""The articles that a title may begin with, as slugs."""
_ARTICLE_BEHIND = re.compile(rf"(?P<title>.+),\s*(?P<article>(?:{'|'.join(ARTICLES)})['’]?)", re.IGNORECASE)


def article_first(title: str) -> str:
    """Return a title with its article in front.

    >>> article_first("Piano, The"), article_first("Avventura, L'"), article_first("Yes, Madam")
    ('The Piano', "L'Avventura", 'Yes, Madam')
    """
    behind = _ARTICLE_BEHIND.fullmatch(title)
    if behind is None:
        return title
    article = behind["article"]
    return f"{article}{'' if article[-1] in _APOSTROPHES else ' '}{behind['title']}"
