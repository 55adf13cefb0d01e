"""Rows put together here: what films, uses and reviews are called is read once each, not once a row.

What arrays tell of plain films is put into rows; of the others, which have a second title or none, the question's own
text gives the rows. Both are put in order together.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any

import numpy as np
import pyoxigraph as ox

from filmgraph.answers.asked import Asked, Shorter
from filmgraph.answers.ordering import order_of
from filmgraph.answers.rewriting import values_of
from filmgraph.arrays import Table
from filmgraph.namespaces import FG, SCHEMA
from filmgraph.rows import Rows, Term, is_iri

__all__ = ["Told", "are_voices_named", "named", "put_together", "signed_by", "simple_labels", "texts_of"]

Row = tuple[Any, ...]

_LOOK_UP = 16
"""To look one thing up on disk takes about as long as to read so many in the order in which they lie there."""


class Told:
    """Titles and years of plain films as terms, by place; each is made once."""

    def __init__(self, asked: Asked, films: Any) -> None:
        places = np.unique(films).tolist()
        arrays = asked.arrays
        year = cache(ox.Literal)
        self.film = dict(zip(places, map(ox.NamedNode, arrays.films.many(places)), strict=True))
        self.title = dict(zip(places, map(ox.Literal, arrays.listing.titles.many(places)), strict=True))
        self.year = dict(zip(places, map(year, arrays.years[places].tolist()), strict=True)) if places else {}


def put_together(asked: Asked, rows: list[Row], odd: str | None, *, is_ordered: bool = False) -> Shorter | None:
    """Return rows and those of a text, in the order of the question; None where the engine alone knows it."""
    found = order_of(asked.text)
    select = asked.text[asked.text.index("SELECT") : asked.text.index("WHERE")]
    if odd is None and is_ordered:
        return Shorter("", rows=Rows(_columns(select), rows))
    more = order_of(odd) if odd is not None else None
    if found is None or (odd is not None and more is None):
        return None
    if more is not None:
        rows = rows + list(asked.select(more[0]).terms)
    ordered = found[1].put(Rows(_columns(select), rows), asked.limit)
    return None if ordered is None else Shorter("", rows=ordered)


def _columns(select: str) -> tuple[str, ...]:
    """Return the columns that a library's text selects.

    >>> _columns("SELECT DISTINCT ?film (COUNT(DISTINCT ?use) AS ?uses) ?year")
    ('film', 'uses', 'year')
    """
    names, depth = [], 0
    words = select.replace("(", " ( ").replace(")", " ) ").split()
    for at, word in enumerate(words):
        depth += (word == "(") - (word == ")")
        if word.startswith("?") and (depth == 0 or (depth == 1 and words[at - 1] == "AS")):
            names.append(word[1:])
    return tuple(names)


_AUTHOR, _PUBLISHER = 1, 2
"""The places of SIGNED_BY: by what a review names its voices."""


def named(places: Any, table: Table) -> dict[int, ox.NamedNode]:
    """Return the terms of some IRIs of a table by their places."""
    at = np.unique(places).tolist()
    return dict(zip(at, map(ox.NamedNode, table.many(at)), strict=True))


def texts_of(asked: Asked, name: str, of: Sequence[str] | str | None, whole: int = 0) -> dict[str, list[Term]]:
    """Return what a property of the ontology says: of all, of those that a pattern finds, or of some subjects.

    These are looked up one by one where they are few among about ``whole`` that have it.
    """
    if isinstance(of, str):
        pattern = of
    elif of is None or len(of) * _LOOK_UP > whole:
        pattern = ""
    else:
        pattern = values_of(["s"], [(subject,) for subject in of])
    found: dict[str, list[Term]] = {}
    for subject, text in asked.select(f"SELECT ?s ?o {{ {pattern} ?s <{FG}{name}> ?o }}").terms:
        if isinstance(subject, ox.NamedNode) and text is not None:
            found.setdefault(subject.value, []).append(text)
    return found


def simple_labels(labels: dict[str, list[Term | None]]) -> bool:
    """Whether each concept has one label or none, so that labels tell no rows apart."""
    return all(len(each) == 1 for each in labels.values())


def signed_by(asked: Asked, reviews: dict[int, ox.NamedNode]) -> dict[int, list[tuple[Term | None, Term]]]:
    """Return of each review, by its place, its critic and by whom it is said to be, as the library words it."""
    arrays, unsigned = asked.arrays, ox.Literal("unsigned")
    by_property = {at: (int(arrays.signed[at]), arrays.voices.many(arrays.review_voices.row(at))) for at in reviews}
    critics = {at: [ox.NamedNode(who) for who in voices] for at, (how, voices) in by_property.items() if how == _AUTHOR}
    names = _names(asked, (who for _, voices in by_property.values() for who in voices))
    publications: dict[str, list[Any]] = {}
    # A publication's name is said where no critic's is.
    if any(who.value not in names for found in critics.values() for who in found):
        publications = _pairs(asked, "publisher")
        names |= _names(asked, (who.value for found in publications.values() for who in found if _is_named(who)))
    found: dict[int, list[tuple[Term | None, Term]]] = {}
    for at, (how, voices) in by_property.items():
        by: dict[tuple[Term | None, Term], None] = {}
        of = [ox.NamedNode(who) for who in voices] if how == _PUBLISHER else publications.get(reviews[at].value, [None])
        for critic in critics.get(at, [None]):
            for critic_name in names.get(getattr(critic, "value", ""), [None]):
                for publication in of:
                    for name in names.get(getattr(publication, "value", ""), [None]):
                        by[critic, critic_name or name or unsigned] = None
        found[at] = list(by)
    return found


def are_voices_named(asked: Asked) -> bool:
    """Whether whoever signed a review is an IRI, so that the arrays tell which."""
    return all(map(is_iri, asked.arrays.voices))


def _names(asked: Asked, people: Iterable[str]) -> dict[str, list[Any]]:
    listed = values_of(["s"], [(who,) for who in sorted(set(people))])
    names: dict[str, list[Any]] = {}
    for who, name in asked.select(f"SELECT ?s ?o {{ {listed} ?s <{SCHEMA}name> ?o }}").terms:
        names.setdefault(getattr(who, "value", ""), []).append(name)
    return names


def _pairs(asked: Asked, name: str) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    for review, who in asked.select(f"SELECT ?r ?w {{ ?r <{SCHEMA}{name}> ?w }}").terms:
        if isinstance(review, ox.NamedNode):
            found.setdefault(review.value, []).append(who)
    return found


def _is_named(term: Any) -> bool:
    return isinstance(term, ox.NamedNode)
