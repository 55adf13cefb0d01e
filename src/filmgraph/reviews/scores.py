"""Scores of reviews, whatever their scale, as a figure from 0 to 1.

A score is not stored: it says nothing about the craft of a film. It is read because it tells a table that is out of
order, where it contradicts the verdict beside it, and because it says how the critic leans.
"""

from __future__ import annotations

import re
from functools import lru_cache
from math import inf

__all__ = ["contradicts", "lean_of", "read_score"]

_GRADES = ("A+", "A", "A-", "B+", "B", "B-", "C+", "C", "C-", "D+", "D", "D-", "F")
_LETTERS = {grade: 1 - place / 12 for place, grade in enumerate(_GRADES)}
_GRADE = re.compile(r"(?P<letter>[A-DF])\s*(?P<sign>[+−-]|-?\s*plus|-?\s*minus)?", re.IGNORECASE)
_NUMBER = r"(?:[0-9]+(?:[.,][0-9]+)?|[.,][0-9]+)"
_SHARE = re.compile(
    rf"(?P<got>{_NUMBER})\s*(?:stars?)?\s*(?:/|of|out of)\s*(?P<most>{_NUMBER})\s*(?:stars?)?", re.IGNORECASE
)
_PERCENT = re.compile(rf"(?P<got>{_NUMBER})\s*%")
_POSITIVE = frozenset(("positive", "fresh"))
_NEGATIVE = frozenset(("negative", "rotten"))


@lru_cache(maxsize=65_536)
def read_score(text: str) -> float | None:
    """Return a score as a figure from 0 to 1, None where its scale is not known or it is off it.

    >>> [read_score(text) for text in ("3.5/5", "7 out of 10", "86/100", "A+", "C-plus", "F", "3", "6/5", "short")]
    [0.7, 0.7, 0.86, 1.0, 0.5, 0.0, None, None, None]
    """
    text = " ".join(text.split())
    if found := _GRADE.fullmatch(text):
        sign = (found["sign"] or "").lower().lstrip("- ") or found["sign"] or ""
        sign = {"plus": "+", "minus": "-", "−": "-"}.get(sign, sign)
        figure = _LETTERS.get(found["letter"].upper() + sign)
        return None if figure is None else round(figure, 4)
    if found := _SHARE.fullmatch(text) or _PERCENT.fullmatch(text):
        got = float(found["got"].replace(",", "."))
        most = float(found.groupdict().get("most", "100").replace(",", "."))
        return round(got / most, 4) if 0 < most < inf and got <= most else None
    return None


def contradicts(score: float, verdict: str) -> bool:
    """Whether a score says the opposite of the verdict beside it.

    >>> contradicts(0.2, "positive"), contradicts(0.5, "positive"), contradicts(0.8, "rotten"), contradicts(0.8, "")
    (True, False, True, False)
    """
    verdict = verdict.strip().lower()
    return (verdict in _POSITIVE and score < 0.4) or (verdict in _NEGATIVE and score > 0.7)


def lean_of(score: float | None, verdict: str) -> float:
    """Return how a review leans, from its verdict or else its score: 1 for it, -1 against it, 0 where that is open.

    >>> [lean_of(0.2, "positive"), lean_of(None, "rotten"), lean_of(0.9, ""), lean_of(0.5, ""), lean_of(None, "")]
    [1.0, -1.0, 1.0, 0.0, 0.0]
    """
    verdict = verdict.strip().lower()
    if verdict in _POSITIVE or verdict in _NEGATIVE:
        return 1.0 if verdict in _POSITIVE else -1.0
    if score is None or 0.4 < score < 0.6:
        return 0.0
    return 1.0 if score >= 0.6 else -1.0
