"""What critics noticed of the uses of techniques, and what they did not: claims and uses are joined as numbers."""

from __future__ import annotations

from collections.abc import Collection
from itertools import product
from typing import Any

import numpy as np
import pyoxigraph as ox

from filmgraph.answers.asked import Asked, Shorter
from filmgraph.answers.assembling import Told, are_voices_named, named, put_together, signed_by, simple_labels, texts_of
from filmgraph.answers.counting import above, below
from filmgraph.answers.lists import chosen_films, first_of, used_entries
from filmgraph.answers.rewriting import inserted, values_of
from filmgraph.arrays import STANCES, GraphArrays
from filmgraph.namespaces import FG
from filmgraph.rows import plain as plain_value

__all__ = ["corroborated_uses", "disputed_uses", "unnoticed_uses", "uses_of_technique"]

_CLAIM = "?claim fg:status fg:Accepted"


def corroborated_uses(asked: Asked) -> Shorter | None:
    """Return the uses that critics bear out."""
    return _heard(asked, ("praise", "observation", "mixed"))


def disputed_uses(asked: Asked) -> Shorter | None:
    """Return the uses that critics dispute."""
    return _heard(asked, ("criticism",))


def _heard(asked: Asked, stances: Collection[str]) -> Shorter | None:
    """Return the uses of which critics speak, with what they say; with a limit those of the first films by title."""
    arrays, listing = asked.arrays, asked.arrays.listing
    rows, entries = _joined(arrays, np.isin(arrays.said.stance, [STANCES.index(each) for each in stances]))
    film = arrays.said.film[rows]
    if asked.limit is not None:
        films = np.unique(film)
        first = first_of(films[listing.rank[films] >= 0], [listing.rank], asked.limit)
        listed = values_of(["reviewed"], [(each,) for each in arrays.films.many(first.tolist())])
        return Shorter(inserted(asked.text, listed, _CLAIM), first=True)
    if not are_voices_named(asked):
        return None
    plain = (listing.is_plain & listing.is_plainly_used)[film]
    odd = arrays.films.many(np.unique(film[~plain]).tolist())
    listed = values_of(["reviewed"], [(each,) for each in odd])
    text = inserted(asked.text, listed, _CLAIM) if odd else None
    return put_together(asked, _spoken(asked, rows[plain], entries[plain]), text)


def _spoken(asked: Asked, rows: Any, entries: Any) -> list[Any]:
    """Return rows of claims and uses, given by their places, with all that is read of them."""
    arrays, said = asked.arrays, asked.arrays.said
    films, claims, reviews, abouts = (each[rows] for each in (said.film, said.claim, said.review, said.about))
    techniques = arrays.uses.indices[entries]
    met = np.unique(np.concatenate([techniques, abouts])).tolist()
    iri_of = dict(zip(met, arrays.concepts.many(met), strict=True))
    labels, concept = asked.labels_of(list(iri_of.values())), {at: ox.NamedNode(iri) for at, iri in iri_of.items()}
    told = Told(asked, films)
    uses, claim_of, review_of = (
        named(places, table)
        for places, table in ((entries, arrays.entry_names), (claims, arrays.claims), (reviews, arrays.reviews))
    )
    explained = texts_of(asked, "explanation", [use.value for use in uses.values()], len(arrays.uses.indices))
    stated = texts_of(asked, "statement", [claim.value for claim in claim_of.values()], len(arrays.claims))
    by = signed_by(asked, review_of)
    stance_of = [ox.NamedNode(f"{FG}{name.capitalize()}") for name in STANCES]
    found: list[Any] = []
    columns = (films, techniques, entries, abouts, said.stance[rows], claims, reviews)
    for film, technique, entry, about, stance, claim, review in zip(*(each.tolist() for each in columns), strict=True):
        use, spoken, where = uses[entry], claim_of[claim], review_of[review]
        start = told.film[film], told.title[film], concept[technique]
        found += [
            (*start, label, use, how, concept[about], of, stance_of[stance], statement, spoken, where, critic, name)
            for label, how, of, statement, (critic, name) in product(
                labels[iri_of[technique]],
                explained.get(use.value, ()),
                labels[iri_of[about]],
                stated.get(spoken.value, ()),
                by[review],
            )
        ]
    return found


def _joined(arrays: GraphArrays, chosen: Any) -> tuple[Any, Any]:
    """Return pairs of a claim and a use that it speaks of, by their places among claims and among entries of uses."""
    said, uses = arrays.said, arrays.uses
    rows = np.flatnonzero(chosen & ~said.aspect)
    counts = uses.counts[said.film[rows]]
    starts = np.repeat(uses.indptr[:-1][said.film[rows]] - (np.cumsum(counts) - counts), counts)
    entries = np.arange(int(counts.sum())) + starts
    rows = np.repeat(rows, counts)
    size = max(len(arrays.concepts), 1)
    key = said.about[rows].astype(np.int64) * size + uses.indices[entries]
    met, place = np.unique(key, return_inverse=True)
    kin: dict[int, set[int]] = {}
    near = np.zeros(len(met), "?")
    for at, (about, technique) in enumerate(zip((met // size).tolist(), (met % size).tolist(), strict=True)):
        if about not in kin:
            kin[about] = below(arrays, about) | above(arrays, [about])
        near[at] = technique in kin[about]
    return rows[near[place]], entries[near[place]]


def unnoticed_uses(asked: Asked) -> Shorter | None:
    """Return the uses of which no critic speaks; with a limit those of the films that come first by year."""
    arrays, listing, uses = asked.arrays, asked.arrays.listing, asked.arrays.uses
    _, noticed = _joined(arrays, np.ones(len(arrays.said), "?"))
    left = np.ones(len(uses.indices), "?")
    left[noticed] = False
    film = uses.rows()
    plain = (listing.is_plain & listing.is_plainly_used)[film]
    # Of a film that is odd another use of the same technique may be left.
    odd = np.unique(film[~plain & listing.listed[film]])
    entries = np.flatnonzero(left & plain)
    films = np.unique(film[entries])
    is_first = False
    if asked.limit is not None:
        first = first_of(films, [arrays.years, listing.rank], asked.limit)
        is_first = len(first) < len(films)
        films = first
        entries = entries[np.isin(film[entries], films)]
    listed = values_of(["used_in"], [(each,) for each in arrays.films.many(odd.tolist())])
    text = inserted(asked.text, listed, "?use fg:film") if len(odd) else None
    rows, is_ordered = _uses_told(asked, entries, film[entries])
    found = put_together(asked, rows, text, is_ordered=is_ordered)
    return None if found is None else Shorter(found.text, first=is_first, rows=found.rows)


def uses_of_technique(asked: Asked) -> Shorter | None:
    """Return the uses of a technique and of narrower ones, of a genre and a decade where these are given."""
    arrays, listing, uses = asked.arrays, asked.arrays.listing, asked.arrays.uses
    plain, entries = listing.is_plain & listing.is_plainly_used & (arrays.genre_rows.counts > 0), used_entries(asked)
    films = np.unique(uses.rows()[entries])
    odd = [(film,) for film in arrays.films.many(films[~plain[films]].tolist())]
    films = first_of(chosen_films(asked, films[plain[films]]), [arrays.years, listing.rank], asked.limit)
    taken = np.zeros(uses.shape[0], "?")
    taken[films] = True
    entries = entries[taken[uses.rows()[entries]]]
    text = inserted(asked.text, values_of(["film"], odd), "?use fg:technique ?used") if odd else None
    rows, is_ordered = _uses_told(asked, entries, uses.rows()[entries])
    return put_together(asked, rows, text, is_ordered=is_ordered)


def _uses_told(asked: Asked, entries: Any, films: Any) -> tuple[list[Any], bool]:
    """Return a row for each of some uses, and whether they are in order: by year, title, film, label and technique."""
    arrays, techniques = asked.arrays, asked.arrays.uses.indices[entries]
    iris = arrays.concepts.many(range(len(arrays.concepts)))
    labels = asked.labels_of([iris[place] for place in np.unique(techniques).tolist()])
    name_of = {iri: str(plain_value(found[0]) or "") for iri, found in labels.items()}
    rank = {name: place for place, name in enumerate(sorted(set(name_of.values())))}
    label_rank = np.zeros(max(len(iris), 1), np.int64)
    concept: dict[int, Any] = {}
    for place in np.unique(techniques).tolist():
        label_rank[place] = rank[name_of[iris[place]]]
        concept[place] = ox.NamedNode(iris[place]), labels[iris[place]]
    listing = arrays.listing
    order = np.lexsort((techniques, label_rank[techniques], films, listing.rank[films], arrays.years[films]))
    entries, films, techniques = entries[order], films[order], techniques[order]
    told = Told(asked, films)
    uses = arrays.entry_names.many(entries.tolist())
    explained = texts_of(asked, "explanation", uses, len(arrays.uses.indices))
    rows: list[Any] = []
    for film, technique, use in zip(films.tolist(), techniques.tolist(), uses, strict=True):
        term, labelled = concept[technique]
        use_term, start = ox.NamedNode(use), (told.film[film], told.title[film], told.year[film], term)
        rows += [(*start, label, use_term, how) for how in explained.get(use, ()) for label in labelled]
    return rows, simple_labels(labels)
