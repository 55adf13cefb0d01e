"""The lexicon of opinions in film criticism (``lexicon.toml``), ready to be matched."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from filmgraph.claims.matching import PhraseMatcher

__all__ = ["Lexicon", "film_criticism", "read_table"]

_VALUES = {"strong": 1.5, "plain": 1.0, "weak": 0.6}


@dataclass(frozen=True)
class Lexicon:
    """Words and phrases that praise or blame a craft, and those that turn, part or tie them.

    ``opinions`` has a value for each: 1.5 strong, 1 plain, 0.6 weak, negative for blame; 0 for what general lexicons
    take for an opinion and critics do not. ``negators`` turn what follows, except in ``keeps`` ("not only");
    ``absence`` says that a craft is missing, ``excess`` that there is too much. ``opening`` and ``joining`` part
    clauses that are set against each other; so does ``rescue`` ("can't save"), and what is ``outdone`` is blamed.
    """

    opinions: PhraseMatcher[float] = field(repr=False)
    negators: PhraseMatcher[str] = field(repr=False)
    keeps: PhraseMatcher[str] = field(repr=False)
    absence: PhraseMatcher[str] = field(repr=False)
    excess: PhraseMatcher[str] = field(repr=False)
    intensifiers: frozenset[str] = field(repr=False)
    opening: PhraseMatcher[str] = field(repr=False)
    joining: PhraseMatcher[str] = field(repr=False)
    rescue: PhraseMatcher[str] = field(repr=False)
    outdone: PhraseMatcher[str] = field(repr=False)
    function: frozenset[str] = field(repr=False)
    determiners: frozenset[str] = field(repr=False)


@cache
def film_criticism() -> Lexicon:
    """Return the lexicon that filmgraph comes with."""
    table = read_table("lexicon.toml")
    opinions = {
        phrase: sign * _VALUES[strength]
        for side, sign in (("praise", 1), ("blame", -1))
        for strength, phrases in table[side].items()
        for phrase in phrases
    }
    negators, contrast, ties = table["negators"], table["contrast"], table["ties"]
    return Lexicon(
        opinions=PhraseMatcher({**dict.fromkeys(table["neutral_traps"], 0.0), **opinions}),
        negators=_matcher(negators["direct"]),
        keeps=_matcher(negators["keeps"]),
        absence=_matcher(negators["absence"]),
        excess=_matcher(table["excess"]["words"]),
        intensifiers=frozenset(table["intensifiers"]["words"]),
        opening=_matcher(contrast["opening"]),
        joining=_matcher(contrast["joining"]),
        rescue=_matcher(contrast["rescue"]),
        outdone=_matcher(contrast["outdone"]),
        function=frozenset(ties["function"]),
        determiners=frozenset(ties["determiners"]),
    )


def read_table(name: str) -> dict[str, Any]:
    """Return one of the tables that lie beside this module."""
    with Path(__file__).with_name(name).open("rb") as stream:
        return tomllib.load(stream)


def _matcher(phrases: Iterable[str]) -> PhraseMatcher[str]:
    return PhraseMatcher({phrase: phrase for phrase in phrases})
