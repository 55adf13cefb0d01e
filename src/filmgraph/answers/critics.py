"""Questions of what critics say: verdicts are counted on arrays, a critic once for each film and craft."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from filmgraph.answers.asked import Asked
from filmgraph.answers.counting import above, below, verdicts_of
from filmgraph.answers.rewriting import counted, inserted, label_lines, values_of

__all__ = [
    "claims_by_technique",
    "contested_claims",
    "contested_craft",
    "critic_values",
    "missing_uses",
    "most_contested_craft",
]


_CRITICS = {"COUNT(?voice)": "n", "SUM(?is_praise)": "p", "SUM(?is_criticism)": "c", "SUM(?is_mixed)": "m"}


def _judged(asked: Asked, rows: Sequence[tuple[int, ...]], titled: str) -> str:
    """Return the text of a list of films and concepts with how many critics do what."""
    films = asked.arrays.films.many(row[0] for row in rows)
    concepts = asked.arrays.concepts.many(row[1] for row in rows)
    told: Iterable[list[str | int]] = (
        [film, about, *row[2:]] for film, about, row in zip(films, concepts, rows, strict=True)
    )
    values = values_of(["reviewed", "about", *_CRITICS.values()], told)
    return counted(asked.text, _CRITICS, f"{values} {titled}\n{label_lines(asked.text)}")


def _wanted(asked: Asked, films: Any) -> Any:
    """Return which films are the one that is asked for; all, where none is."""
    return films == asked.arrays.films.at.get(asked.value("film"), -1) if asked.value("film") else films >= 0


def contested_craft(asked: Asked) -> str:
    """Return the question of contested craft over what critics praise and criticise."""
    found = verdicts_of(asked.arrays)
    rows = found.where((found.praise > 0) & (found.criticism > 0) & _wanted(asked, found.film))
    return _judged(asked, rows, "?reviewed a fg:Film ; schema:name ?title .")


def missing_uses(asked: Asked) -> str:
    """Return the question of craft that is praised and no use yet, over films and concepts of which that is true."""
    arrays, found = asked.arrays, verdicts_of(asked.arrays)
    kin: dict[int, set[int]] = {}

    def is_missing(film: int, about: int) -> bool:
        if about not in kin:
            kin[about] = below(arrays, about) | above(arrays, [about])
        return kin[about].isdisjoint(arrays.uses.row(film).tolist())

    craft = arrays.is_technique | arrays.is_category
    rows = [
        row
        for row in found.where((found.praise > 0) & craft[found.about] & _wanted(asked, found.film))
        if is_missing(row[0], row[1])
    ]
    return _judged(asked, rows, "?reviewed schema:name ?title ; fg:releaseYear ?year .")


def most_contested_craft(asked: Asked) -> str:
    """Return the question of the most contested craft, counted."""
    arrays, found = asked.arrays, verdicts_of(asked.arrays)
    judged = found.praise + found.criticism
    size = len(arrays.concepts)
    taken = judged > 0
    films = np.bincount(found.about[taken], minlength=size)
    judgements = np.bincount(found.about, judged, size).astype(np.int64)
    minority = np.bincount(found.about, np.minimum(found.praise, found.criticism), size).astype(np.int64)
    places = np.flatnonzero(minority).tolist()
    rows = [
        (iri, int(films[place]), int(judgements[place]), int(minority[place]))
        for place, iri in zip(places, arrays.concepts.many(places), strict=True)
    ]
    aggregates = {
        "SUM(IF(?praise < ?criticism, ?praise, ?criticism))": "c",
        "SUM(?praise + ?criticism)": "j",
        "COUNT(?reviewed)": "n",
    }
    where = f"{values_of(['about', 'n', 'j', 'c'], rows)}\n{label_lines(asked.text)}"
    return counted(asked.text, aggregates, where)


def contested_claims(asked: Asked) -> str:
    """Return the question of contested claims over films and concepts that have both sides."""
    arrays, said = asked.arrays, asked.arrays.said
    key = said.film.astype(np.int64) * max(len(arrays.concepts), 1) + said.about
    both = np.intersect1d(key[said.stance == 0], key[said.stance == 1])
    films = arrays.films.many((both // max(len(arrays.concepts), 1)).tolist())
    abouts = arrays.concepts.many((both % max(len(arrays.concepts), 1)).tolist())
    values = values_of(["reviewed", "about"], zip(films, abouts, strict=True))
    return inserted(asked.text, values, "?criticism fg:stance")


def claims_by_technique(asked: Asked) -> str:
    """Return the question of claims by technique, counted."""
    arrays, said = asked.arrays, asked.arrays.said
    techniques = ~said.aspect
    about, stance, film = said.about[techniques], said.stance[techniques], said.film[techniques]
    size = len(arrays.concepts)
    kinds = [np.bincount(about[stance == code], minlength=size) for code in range(4)]
    pairs = np.unique(np.stack([about, film], axis=1), axis=0) if len(about) else np.zeros((0, 2), np.int64)
    films, claims = np.bincount(pairs[:, 0], minlength=size), np.bincount(about, minlength=size)
    places = np.flatnonzero(claims).tolist()
    rows: list[Sequence[str | int]] = [
        (iri, int(claims[place]), *(int(kind[place]) for kind in kinds), int(films[place]))
        for place, iri in zip(places, arrays.concepts.many(places), strict=True)
    ]
    names = ("Praise", "Criticism", "Mixed", "Observation")
    aggregates = {f"SUM(IF(?stance = fg:{name}, 1, 0))": f"s{code}" for code, name in enumerate(names)}
    aggregates |= {"COUNT(?claim)": "n", "COUNT(DISTINCT ?film)": "f"}
    values = values_of(["technique", "n", "s0", "s1", "s2", "s3", "f"], rows)
    return counted(asked.text, aggregates, f"{values}\n{label_lines(asked.text)}")


def critic_values(asked: Asked) -> str:
    """Return the question of a critic's values, counted over what each critic only praises."""
    arrays, things = asked.arrays, verdicts_of(asked.arrays).only_praised
    categories = {
        about: [place for place in above(arrays, [about]) if arrays.is_category[place]]
        for about in np.unique(things[:, 1]).tolist()
    }
    critic = arrays.voices.at.get(asked.value("critic"))
    praised: dict[int, list[int]] = {}
    for about, voice in things[:, 1:3].tolist():
        for category in categories[about]:
            counts = praised.setdefault(category, [0, 0])
            counts[0] += voice == critic
            counts[1] += 1
    own, all_ = (sum(counts[at] for counts in praised.values()) for at in (0, 1))
    places = sorted(praised) if own else []
    rows = [
        (iri, praised[place][0], own, praised[place][1], all_)
        for place, iri in zip(places, arrays.concepts.many(places), strict=True)
    ]
    aggregates = {
        "SUM(IF(?voice = ?critic && ?own = ?category, ?praise, 0))": "p",
        "SUM(IF(?voice = ?critic, ?praise, 0))": "o",
        "SUM(IF(?own = ?category, ?praise, 0))": "a",
        "SUM(?praise)": "n",
    }
    where = f"{values_of(['category', 'p', 'o', 'a', 'n'], rows)}\n{label_lines(asked.text)}"
    return counted(asked.text, aggregates, where)
