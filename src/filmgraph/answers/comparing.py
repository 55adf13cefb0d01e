"""Which films critics compare, and how many critics do."""

from __future__ import annotations

from functools import cache
from itertools import product
from typing import Any

import numpy as np
import pyoxigraph as ox

from filmgraph.answers.asked import Asked, Found, Shorter
from filmgraph.answers.assembling import Told, are_voices_named, named, put_together, signed_by, texts_of
from filmgraph.answers.lists import first_of
from filmgraph.answers.rewriting import values_of

__all__ = ["compared_films", "compared_pairs"]


def compared_films(asked: Asked) -> Found:
    """Return the question of compared films over the claims that compare one; with a limit over the first by title."""
    arrays, rank = asked.arrays, asked.arrays.listing.rank
    if asked.value("film"):
        return _of_film(asked)
    compared, titled = arrays.comparisons, arrays.titled
    film = np.concatenate([compared.film, titled.film])
    claim = np.concatenate([compared.claim, titled.claim])
    if asked.limit is None:
        return _all_compared(asked) if are_voices_named(asked) else None
    films = np.unique(film)
    first = first_of(films[rank[films] >= 0], [rank], asked.limit)
    return Shorter(_claimed(asked, claim[np.isin(film, first)]), first=True)


def _all_compared(asked: Asked) -> Shorter | None:
    """Return all comparisons, put together from what is read of all claims and reviews at once."""
    arrays, listing, compared = asked.arrays, asked.arrays.listing, asked.arrays.comparisons
    plain = (listing.is_plain[compared.film] & listing.is_plain[compared.other]) & compared.named
    columns = [each[plain] for each in (compared.film, compared.other, compared.claim, compared.review)]
    films, others, claims, reviews = columns
    told = Told(asked, np.concatenate([films, others]))
    claim_of, review_of = named(claims, arrays.claims), named(reviews, arrays.reviews)
    iris = [claim.value for claim in claim_of.values()]
    stances, stated = (texts_of(asked, name, iris, len(arrays.claims)) for name in ("stance", "statement"))
    by = signed_by(asked, review_of)
    rows: list[Any] = []
    for film, other, claim, review in zip(*(each.tolist() for each in columns), strict=True):
        spoken, where = claim_of[claim], review_of[review]
        two = told.film[film], told.title[film], told.film[other], told.title[other]
        rows += [
            (*two, stance, statement, spoken, where, critic, name)
            for stance, statement, (critic, name) in product(
                stances.get(spoken.value, ()), stated.get(spoken.value, ()), by[review]
            )
        ]
    odd = np.concatenate([compared.claim[~plain], arrays.titled.claim])
    return put_together(asked, rows, _odd(asked, odd))


def _odd(asked: Asked, claims: Any) -> str | None:
    return _claimed(asked, claims) if len(claims) else None


def compared_pairs(asked: Asked) -> Found:
    """Return which films are compared, with the critics of each pair counted; of odd films as the text counts them."""
    arrays, listing, compared = asked.arrays, asked.arrays.listing, asked.arrays.comparisons
    if asked.value("film"):
        return _of_film(asked)
    plain = (listing.is_plain[compared.film] & listing.is_plain[compared.other]) & compared.named
    voices, reviews = arrays.review_voices, compared.review[plain]
    counts = voices.counts[reviews]
    one = np.repeat(np.minimum(compared.film, compared.other)[plain].astype(np.int64), counts)
    other = np.repeat(np.maximum(compared.film, compared.other)[plain].astype(np.int64), counts)
    spoken = np.unique(np.stack([one, other, voices.taken(reviews).indices], axis=1), axis=0)
    pairs, critics = np.unique(spoken[:, :2], axis=0, return_counts=True)
    one, other = pairs[:, 0], pairs[:, 1]
    order = np.lexsort((other, listing.rank[other], one, listing.rank[one], -critics))[: asked.limit]
    one, other, number = one[order], other[order], cache(ox.Literal)
    told = Told(asked, np.concatenate([one, other]))
    rows: list[Any] = [
        (told.film[low], told.title[low], told.film[high], told.title[high], number(count))
        for low, high, count in zip(one.tolist(), other.tolist(), critics[order].tolist(), strict=True)
    ]
    odd = np.concatenate([compared.claim[~plain], arrays.titled.claim])
    return put_together(asked, rows, _odd(asked, odd), is_ordered=True)


def _of_film(asked: Asked) -> str:
    """Return a text over the claims that compare the one film that is asked for."""
    arrays = asked.arrays
    place, claims = arrays.films.at.get(asked.value("film")), np.zeros(0, np.int64)
    if place is not None:
        compared, titled = arrays.comparisons, arrays.titled
        claims = np.concatenate([compared.claim[compared.of(place)], titled.claim[titled.film == place]])
    return _claimed(asked, claims)


def _claimed(asked: Asked, claims: Any) -> str:
    listed = values_of(["claim"], [(iri,) for iri in asked.arrays.claims.many(np.unique(claims).tolist())])
    return asked.text.replace("VALUES ?film", f"{listed} VALUES ?film", 1)
