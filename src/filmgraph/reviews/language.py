"""Whether a text is in English, told by the small words that no sentence does without."""

from __future__ import annotations

import re

__all__ = ["is_foreign"]

_WORD = re.compile(r"[^\W\d_]+")
_ENGLISH = frozenset(
    _WORD.findall(
        "the a an and of to in is it that this with for as its but on you are was by be at from not have has all more "
        "than one film movie so he his their they we i what there will if who or up about into which no like just"
    )
)
_OTHER = (
    frozenset(
        _WORD.findall(
            "el la los las un una unos unas de del que y en es por con para su sus lo al como más pero muy esta este "
            "le les des du et est une dans qui pour pas sur avec ce cette au aux plus nous mais "
            "der die das und ist ein eine nicht mit den dem zu von auch sich für auf im "
            "il gli di che è e nel della sono non alla o os um uma da dos das em não na ao com filme é mas"
        )
    )
    - _ENGLISH
)
_FEWEST_WORDS = 6
_MOST_WORDS = 2_000


def is_foreign(text: str) -> bool:
    """Whether a text is hardly in English; False where it is too short to tell.

    >>> is_foreign("El montaje de la película es una maravilla que no se olvida.")
    True
    >>> is_foreign("The editing of El Mariachi is a marvel."), is_foreign("Una maravilla.")
    (False, False)
    """
    words = [match[0].lower() for match, _ in zip(_WORD.finditer(text), range(_MOST_WORDS), strict=False)]
    letters = sum(map(len, words))
    if letters and sum(len(word) for word in words if word.isascii()) * 2 < letters and letters > 20:
        return True  # hardly a Latin letter in it
    if len(words) < _FEWEST_WORDS:
        return False
    english = sum(word in _ENGLISH for word in words) / len(words)
    other = sum(word in _OTHER for word in words) / len(words)
    return english < 0.2 and other > 0.15 and other > 2 * english
