"""Questions of films and techniques: who uses what, and what goes together."""

from __future__ import annotations

from functools import cache
from itertools import product
from typing import Any

import numpy as np
import pyoxigraph as ox

from filmgraph.answers.asked import Asked, Shorter
from filmgraph.answers.counting import above, below, decades_of, pairs_of, used_films
from filmgraph.answers.rewriting import counted, label_lines, values_of, with_numbers, without
from filmgraph.arrays import NO_YEAR, ROLE_ORDER
from filmgraph.rows import Rows, Term, plain

__all__ = [
    "films_by_country",
    "rare_techniques",
    "signature",
    "technique_page",
    "technique_pairs",
    "techniques_by_decade",
    "techniques_by_films",
    "techniques_of_category",
    "techniques_together",
]


def _direct(asked: Asked) -> Any:
    """Return for each concept how many films use just it."""
    return np.bincount(asked.arrays.uses.indices, minlength=len(asked.arrays.concepts))


def _used_techniques(asked: Asked) -> list[int]:
    arrays = asked.arrays
    return np.flatnonzero((arrays.df > 0) & arrays.is_technique).tolist()


def technique_pairs(asked: Asked) -> Shorter:
    """Return the rows themselves: tens of thousands of them, of a few hundred names."""
    one, other, counts = pairs_of(asked.arrays.uses)
    many = counts >= int(asked.value("least"))
    met = np.unique(np.concatenate([one[many], other[many]])).tolist()
    names = dict(zip(met, asked.arrays.concepts.many(met), strict=True))
    labels = asked.labels_of(list(names.values()))
    found = [
        (-count, _text(one_label), names[low], _text(other_label), names[high], one_label, other_label)
        for low, high, count in zip(one[many].tolist(), other[many].tolist(), counts[many].tolist(), strict=True)
        for one_label, other_label in product(labels[names[low]], labels[names[high]])
    ]
    found.sort(key=lambda row: row[:5])
    node, number = cache(ox.NamedNode), cache(ox.Literal)
    terms = [(node(row[2]), row[5], node(row[4]), row[6], number(-row[0])) for row in found]
    return Shorter("", rows=Rows(("one", "one_label", "other", "other_label", "films"), terms))


def _text(label: Term | None) -> str:
    return str(plain(label) or "")


def techniques_together(asked: Asked) -> str:
    """Return the question of techniques that go together with one, counted."""
    arrays, place, text = asked.arrays, asked.concept("technique"), asked.text
    rows: list[tuple[str, int, int]] = []
    if place is not None and arrays.is_technique[place]:
        under, uses, alone = below(arrays, place), arrays.uses, _direct(asked)
        films = used_films(arrays, under)
        together = np.bincount(uses.indices[films[uses.rows()]], minlength=len(alone))
        kin = under | above(arrays, [place])
        others = [each for each in np.flatnonzero((together > 0) & arrays.is_technique).tolist() if each not in kin]
        rows = [
            (iri, int(together[each]), int(alone[each]))
            for each, iri in zip(others, arrays.concepts.many(others), strict=True)
        ]
    where = f"{values_of(['other', 'n', 'films'], rows)}\n{label_lines(text)}"
    return counted(text, {"COUNT(DISTINCT ?film)": "n"}, where)


def rare_techniques(asked: Asked) -> str:
    """Return the question of rare techniques over those that are."""
    counts, most = _direct(asked), int(asked.value("most"))
    rare = [(place, counts[place]) for place in np.flatnonzero((counts > 0) & (counts <= most)).tolist()]
    return with_numbers(asked.text, asked.numbered(["technique", "films"], rare))


def technique_page(asked: Asked) -> str:
    """Return the page of a technique with its number of films."""
    place = asked.concept("technique")
    count = 0 if place is None else len(np.flatnonzero(used_films(asked.arrays, below(asked.arrays, place))))
    text = without(asked.text, "OPTIONAL", "?use fg:technique")
    named = values_of(["concept", "n"], [(asked.value("technique"), count)])
    return counted(text, {"COUNT(DISTINCT ?film)": "n"}, adding=named)


def techniques_of_category(asked: Asked) -> str:
    """Return the question of a category's techniques with the number of films of each."""
    arrays = asked.arrays
    counts = [(place, arrays.df[place]) for place in np.flatnonzero(arrays.is_technique).tolist()]
    text = without(asked.text, "OPTIONAL", "?use fg:technique")
    return counted(text, {"COUNT(DISTINCT ?film)": "n"}, adding=asked.numbered(["technique", "n"], counts))


def techniques_by_films(asked: Asked) -> str:
    """Return the question of all techniques with their numbers of films and of narrower ones."""
    arrays, alone = asked.arrays, _direct(asked)
    narrower = np.bincount(arrays.broader[:, 1], minlength=len(alone))
    techniques = np.flatnonzero(arrays.is_technique).tolist()
    rows = [
        (iri, int(narrower[place]), int(alone[place]))
        for place, iri in zip(techniques, arrays.concepts.many(techniques), strict=True)
    ]
    text = without(without(asked.text, "OPTIONAL", "?below"), "OPTIONAL", "?use fg:technique")
    aggregates = {"COUNT(DISTINCT ?below)": "below", "COUNT(DISTINCT ?film)": "n"}
    return counted(text, aggregates, adding=values_of(["technique", "below", "n"], rows))


def techniques_by_decade(asked: Asked) -> str:
    """Return the question of techniques by decade, counted."""
    arrays, text, place = asked.arrays, asked.text, asked.concept("technique")
    uses, decades = arrays.uses, decades_of(arrays)
    chosen = arrays.is_technique.copy()
    if asked.value("technique"):
        under = np.zeros(len(chosen), bool)
        under[list(below(arrays, place)) if place is not None else []] = True
        chosen &= under
    known = decades != NO_YEAR
    of = dict(zip(*map(np.ndarray.tolist, np.unique(decades[known & arrays.is_film], return_counts=True)), strict=True))
    rows_ = uses.rows()
    taken = known[rows_] & chosen[uses.indices]
    pairs = np.stack([decades[rows_[taken]], uses.indices[taken].astype(np.int64)], axis=1)
    found, counts = np.unique(pairs, axis=0, return_counts=True)
    iris = arrays.concepts.many(found[:, 1].tolist())
    rows = [
        (int(decade), iri, int(count), of[int(decade)])
        for (decade, _), iri, count in zip(found.tolist(), iris, counts.tolist(), strict=True)
    ]
    share = "BIND(ROUND(1000.0 * ?films / ?of) / 1000.0 AS ?share)"
    return counted(text, {}, f"{values_of(['decade', 'used', 'films', 'of'], rows)}\n{label_lines(text)}\n{share}")


def films_by_country(asked: Asked) -> str:
    """Return the question of countries, counted."""
    arrays = asked.arrays
    rows = []
    for place, country in enumerate(arrays.countries):
        films = arrays.of_country.row(place)
        years = arrays.years[films][arrays.years[films] != NO_YEAR]
        if len(years):
            rows.append((country, len(years), int(years.min()), int(years.max())))
    where = f"{values_of(['country', 'n', 'first', 'last'], rows)} ?country schema:name ?name ."
    aggregates = {"COUNT(DISTINCT ?film)": "n", "MIN(?year)": "first", "MAX(?year)": "last"}
    return counted(asked.text, aggregates, where)


def signature(asked: Asked, role: str) -> str:
    """Return the signature of who has a role, named by its property: films by technique beside those of all."""
    arrays, text = asked.arrays, asked.text
    person = arrays.people.at.get(asked.value("person"))
    rows: list[tuple[str | int, ...]] = []
    if person is not None:
        bit = 1 << ROLE_ORDER.index(role)
        films = [
            film
            for film in arrays.credited.row(person).tolist()
            if arrays.credits.values(film)[arrays.credits.row(film) == person][0] & bit
        ]
        counts: dict[int, int] = {}
        for film in films:
            for place in above(arrays, arrays.uses.row(film).tolist()):
                counts[place] = counts.get(place, 0) + 1
        known = [place for place in _used_techniques(asked) if place in counts]
        rows = [
            (iri, counts[place], len(films), int(arrays.df[place]), arrays.film_count)
            for place, iri in zip(known, arrays.concepts.many(known), strict=True)
        ]
    where = f"{values_of(['technique', 'n', 'm', 'films_all', 'all'], rows)}\n{label_lines(text)}"
    return counted(text, {"COUNT(DISTINCT ?film)": "n", "COUNT(DISTINCT ?any_of_theirs)": "m"}, where)
