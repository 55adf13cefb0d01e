"""Lists of all films: by decade, by depth, and those that share techniques with one."""

from __future__ import annotations

from functools import cache
from itertools import groupby, product
from typing import Any

import numpy as np
import pyoxigraph as ox

from filmgraph.answers.asked import Asked, Shorter
from filmgraph.answers.assembling import Told, put_together, texts_of
from filmgraph.answers.counting import above, below, used_films
from filmgraph.answers.rewriting import counted, inserted, values_of, with_numbers
from filmgraph.namespaces import FG, SCHEMA

__all__ = [
    "chosen_films",
    "claims_on_technique",
    "films_by_decade",
    "films_by_depth",
    "films_combining",
    "films_linked",
    "films_of_genre",
    "films_sharing",
    "first_of",
    "scenes_to_screen",
    "used_entries",
]

_MOST_CATEGORIES = 62

_ABOUT = "?claim fg:aboutTechnique|fg:aboutAspect ?about ;"

_NEXT_TO = 5
"""To read what a use says, found by its technique, takes as long as to read so many on the way."""


def first_of(films: Any, keys: list[Any], limit: int | None) -> Any:
    """Return films by keys, the weightiest first, and by their IRIs; with a limit so many of them."""
    order = np.lexsort([films, *(key[films] for key in reversed(keys))])
    return films[order[:limit]]


def _first_by_year(asked: Asked, films: Any) -> Any:
    """Return the films of a list by year and title that its first rows are of: the first, and all that are odd."""
    plain = asked.arrays.listing.is_plain[films]
    first = first_of(films[plain], [asked.arrays.years, asked.arrays.listing.rank], asked.limit)
    return np.union1d(first, films[~plain])


def chosen_films(asked: Asked, films: Any) -> Any:
    """Return those of some films with one year that are of the genre and the decade that were given."""
    arrays = asked.arrays
    if asked.value("genre"):
        genre = arrays.genres.at.get(asked.value("genre"))
        films = np.intersect1d(films, arrays.of_genre.row(genre) if genre is not None else ())
    if asked.value("decade"):
        decade, years = int(asked.value("decade")), arrays.years
        films = films[(years[films] >= decade) & (years[films] < decade + 10)]
    return films.astype(np.int64)


def used_entries(asked: Asked) -> Any:
    """Return the entries of uses that are of the technique that was given, or of a narrower one."""
    arrays, place = asked.arrays, asked.concept("technique")
    chosen = np.zeros(max(arrays.uses.shape[1], 1), bool)
    if place is not None and arrays.is_technique[place]:
        chosen[list(below(arrays, place))] = True
    return np.flatnonzero(chosen[arrays.uses.indices])


def scenes_to_screen(asked: Asked) -> Shorter | None:
    """Return the question of scenes to screen over the uses that genre, decade and limit leave."""
    arrays, listing = asked.arrays, asked.arrays.listing
    if not (asked.limit or asked.value("genre") or asked.value("decade")):
        return None
    entries = used_entries(asked)
    films = np.unique(arrays.uses.rows()[entries])
    plain = listing.is_plain[films]
    films = np.union1d(chosen_films(asked, films[plain]), films[~plain]).astype(np.int64)
    first = _first_by_year(asked, films)
    under = set(arrays.concepts.many(np.unique(arrays.uses.indices[entries]).tolist()))
    named = [(use, film, used) for use, film, used in asked.uses_of(first.tolist()) if used in under]
    text = inserted(asked.text, values_of(["use", "film", "used"], named), "?use fg:technique ?used")
    return Shorter(text, first=len(first) < len(films))


def films_of_genre(asked: Asked) -> Shorter | None:
    """Return the films of a genre with their numbers of techniques."""
    arrays, listing, place = asked.arrays, asked.arrays.listing, asked.arrays.genres.at.get(asked.value("genre"))
    films = arrays.of_genre.row(place).astype(np.int64) if place is not None else np.zeros(0, np.int64)
    films = films[listing.listed[films]]
    plain = listing.is_plain[films]
    first = first_of(films[plain], [arrays.years, listing.rank], asked.limit)
    odd = arrays.films.many(films[~plain].tolist())
    text = inserted(asked.text, values_of(["film"], [(film,) for film in odd]), "?film schema:genre") if odd else None
    return put_together(asked, _counted(asked, first, arrays.uses.counts), text, is_ordered=True)


def films_combining(asked: Asked) -> Shorter | None:
    """Return the films that use several techniques, by how many of them."""
    arrays, listing = asked.arrays, asked.arrays.listing
    places = {arrays.concepts.at.get(str(technique)) for technique in asked.values.get("technique", ())}
    matched = np.zeros(arrays.uses.shape[0], np.int64)
    for place in places:
        if place is not None and arrays.is_technique[place]:
            matched += used_films(arrays, below(arrays, place))
    taken = (matched > 0) & listing.listed
    films = np.flatnonzero(taken & listing.is_plain)
    first = first_of(films, [-matched, arrays.years, listing.rank], asked.limit)
    odd = [(film,) for film in arrays.films.many(np.flatnonzero(taken & ~listing.is_plain).tolist())]
    text = inserted(asked.text, values_of(["film"], odd), "?use fg:technique ?used") if odd else None
    return put_together(asked, _counted(asked, first, matched), text, is_ordered=True)


def _counted(asked: Asked, films: Any, counts: Any) -> list[Any]:
    """Return a row for each film with a number of its own."""
    told, number = Told(asked, films), cache(ox.Literal)
    return [
        (told.film[film], told.title[film], told.year[film], number(count))
        for film, count in zip(films.tolist(), counts[films].tolist(), strict=True)
    ]


def films_linked(asked: Asked) -> Shorter | None:
    """Return the question of links to Wikidata over the films with one that come first by year."""
    if asked.limit is None:
        return None
    arrays = asked.arrays
    linked = {
        getattr(film, "value", "") for (film, _) in asked.select(f"SELECT ?s ?o {{ ?s <{SCHEMA}sameAs> ?o }}").terms
    }
    places = [place for place in map(arrays.films.at.get, sorted(linked)) if place is not None]
    films = np.array(places, np.int64)
    first = _first_by_year(asked, films[(arrays.is_film & arrays.listing.listed)[films]])
    named = values_of(["linked"], [(film,) for film in arrays.films.many(first.tolist())])
    # What is linked need not be of Wikidata.
    return Shorter(inserted(asked.text, named, "?linked a fg:Film"), first=len(first) < len(films))


def claims_on_technique(asked: Asked) -> Shorter | None:
    """Return the question of claims on a concept over those on the films that come first by year."""
    arrays, said, place = asked.arrays, asked.arrays.said, asked.concept("concept")
    if asked.limit is None or place is None:
        return None
    chosen = np.zeros(len(arrays.concepts), bool)
    chosen[list(below(arrays, place))] = True
    rows = np.flatnonzero(chosen[said.about])
    films = np.unique(said.film[rows])
    first = _first_by_year(asked, films[arrays.listing.listed[films]])
    rows = rows[np.isin(said.film[rows], first)]
    claims, abouts = arrays.claims.many(said.claim[rows].tolist()), arrays.concepts.many(said.about[rows].tolist())
    named = values_of(["claim", "about"], zip(claims, abouts, strict=True))
    # The alternative of two properties is gone: the engine reads all claims for it, whatever is known.
    return Shorter(asked.text.replace(_ABOUT, f"{named} ?claim", 1), first=len(first) < len(films))


def films_by_decade(asked: Asked) -> Shorter | None:
    """Return the films of a decade, or all, with their numbers of techniques."""
    arrays, listing, narrow = asked.arrays, asked.arrays.listing, ""
    years, plain = arrays.years, listing.is_plain
    taken = arrays.is_film & listing.listed
    if asked.value("decade"):
        decade = int(asked.value("decade"))
        # Of a film with several years another than the first may be in the decade.
        taken = taken & (years < decade + 10) & ((years >= decade) | ~plain)
        narrow = f"FILTER(?year >= {decade} && ?year < {decade + 10})"
    exact = taken & plain
    first = first_of(np.flatnonzero(exact), [years, listing.rank], asked.limit)
    told, number = Told(asked, first), cache(ox.Literal)
    counts, decades = arrays.uses.counts[first].tolist(), (years[first] // 10 * 10).tolist()
    rows: list[Any] = [
        (number(decade), told.film[film], told.title[film], told.year[film], number(count))
        for film, decade, count in zip(first.tolist(), decades, counts, strict=True)
    ]
    odd = np.flatnonzero(taken & ~plain).tolist()
    named = values_of(["film", "n"], zip(arrays.films.many(odd), arrays.uses.counts[odd].tolist(), strict=True))
    bound = "BIND(xsd:integer(FLOOR(?year / 10.0)) * 10 AS ?from_year)"
    where = f"{named} ?film schema:name ?title ; fg:releaseYear ?year . {narrow} {bound}"
    text = counted(asked.text, {"COUNT(DISTINCT ?technique)": "n"}, where) if odd else None
    return put_together(asked, rows, text, is_ordered=True)


def films_by_depth(asked: Asked) -> Shorter | None:
    """Return all films with their numbers of uses, categories and scenes, or the first ones."""
    arrays, listing = asked.arrays, asked.arrays.listing
    categories = _categories(asked)
    if categories is None:
        return None
    taken = arrays.is_film & listing.listed
    keys = [listing.uses, listing.scenes, listing.rank, arrays.years]
    first = first_of(np.flatnonzero(taken & listing.is_plain), keys, asked.limit)
    told, number = Told(asked, first), cache(ox.Literal)
    rows: list[Any] = [
        (told.film[film], told.title[film], told.year[film], number(uses), number(of), number(scenes))
        for film, uses, of, scenes in zip(
            first.tolist(), *(each[first].tolist() for each in (listing.uses, categories, listing.scenes)), strict=True
        )
    ]
    odd = arrays.films.many(np.flatnonzero(taken & ~listing.is_plain).tolist())
    text = inserted(asked.text, values_of(["film"], [(film,) for film in odd]), "?film a fg:Film") if odd else None
    return put_together(asked, rows, text, is_ordered=True)


def _categories(asked: Asked) -> Any:
    """Return from how many categories the techniques of each film come, None where there are too many for this."""
    arrays, uses = asked.arrays, asked.arrays.uses
    places = np.flatnonzero(arrays.is_category).tolist()
    if len(places) > _MOST_CATEGORIES:
        return None
    bit_of = {place: 1 << at for at, place in enumerate(places)}
    higher: dict[int, list[int]] = {}
    for narrow, broad in arrays.broader.tolist():
        higher.setdefault(narrow, []).append(broad)
    bits = np.zeros(max(len(arrays.concepts), 1), np.int64)
    for place in np.unique(uses.indices).tolist():
        bits[place] = sum(bit_of.get(each, 0) for each in above(arrays, higher.get(place, ())))
    found = np.zeros(uses.shape[0], np.int64)
    has = np.flatnonzero(uses.counts)
    if len(has):
        found[has] = np.bitwise_or.reduceat(bits[uses.indices], uses.indptr[:-1][has])
    return np.array([value.bit_count() for value in found.tolist()], np.int64)


def films_sharing(asked: Asked) -> Shorter | None:
    """Return the films that share techniques with one; few rows are sought by year."""
    arrays, film = asked.arrays, asked.arrays.films.at.get(asked.value("film"))
    used = set() if film is None else set(arrays.uses.row(film).tolist())
    counts = sorted((int(arrays.df[place]), place) for place in used if arrays.is_technique[place])
    if film is None or asked.limit is None:
        return _all_sharing(asked, film, counts)
    # Rows come by the number of films and then by year: those that are wanted are of the rarest techniques.
    count_of: dict[str, int] = {}
    chosen: dict[str, set[str]] = {}
    met: set[int] = set()
    found, is_cut = 0, False
    for count, tied in groupby(counts, key=lambda each: each[0]):
        left = asked.limit - found
        if left <= 0:
            is_cut = True
            break
        for _, place in tied:
            others = arrays.used_by.row(place)
            others = others[others != film]
            first = asked.earliest(others, left)
            is_cut |= len(first) < len(others)
            met.update(first.tolist())
            found += len(first)
            count_of[arrays.concepts[place]] = count
            chosen[arrays.concepts[place]] = set(arrays.films.many(first.tolist()))
    rows = [
        (technique, count_of[technique], other, use)
        for use, other, technique in asked.uses_of(sorted(met))
        if other in chosen.get(technique, ())
    ]
    return Shorter(
        with_numbers(asked.text, values_of(["technique", "films", "other", "other_use"], rows)), first=is_cut
    )


def _all_sharing(asked: Asked, film: int | None, counts: list[tuple[int, int]]) -> Shorter | None:
    """Return all films that share techniques with one: for each technique its uses are read once."""
    arrays, listing = asked.arrays, asked.arrays.listing
    values = asked.numbered(["technique", "films"], [(place, count) for count, place in counts])
    text = with_numbers(asked.text, values)
    if film is None:
        return Shorter(text)
    iris = arrays.concepts.many(place for _, place in counts)
    labels = asked.labels_of(iris)
    own: dict[str, list[tuple[Any, Any]]] = {}
    start = ox.NamedNode(asked.value("film"))
    said = f"?use <{FG}film> {start} ; <{FG}technique> ?t ; <{FG}explanation> ?e"
    for technique_, use, how in asked.select(f"SELECT ?t ?use ?e {{ {said} }}").terms:
        own.setdefault(getattr(technique_, "value", ""), []).append((use, how))
    uses, of_film = arrays.uses, arrays.uses.rows()
    sharing = [np.flatnonzero(uses.indices == place) for _, place in counts]
    entries = np.concatenate([*sharing, np.zeros(0, np.int64)])
    known = (listing.is_plain & listing.is_plainly_used)[of_film[entries]]
    films, told = np.unique(of_film[entries]), Told(asked, of_film[entries[known]])
    all_ = texts_of(asked, "explanation", None) if len(entries) * _NEXT_TO > len(of_film) else None
    rows: list[Any] = []
    for (count, _), iri, found in zip(counts, iris, sharing, strict=True):
        technique, number, mine = ox.NamedNode(iri), ox.Literal(count), list(product(labels[iri], own.get(iri, ())))
        plain = found[(listing.is_plain & listing.is_plainly_used)[of_film[found]] & (of_film[found] != film)]
        explained = texts_of(asked, "explanation", f"?s <{FG}technique> {technique} .") if all_ is None else all_
        for other, name in zip(of_film[plain].tolist(), arrays.entry_names.many(plain.tolist()), strict=True):
            other_use, start_ = ox.NamedNode(name), (told.film[other], told.title[other], told.year[other])
            rows += [
                (technique, label, number, *start_, use, how, other_use, explanation)
                for explanation in explained.get(name, ())
                for label, (use, how) in mine
            ]
    known = (listing.is_plain & listing.is_plainly_used)[films]
    odd = arrays.films.many(films[~known].tolist())
    named = values_of(["other"], [(other,) for other in odd])
    return put_together(asked, rows, inserted(text, named, "?other_use fg:technique") if odd else None)
