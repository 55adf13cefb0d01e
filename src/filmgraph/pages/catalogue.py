"""The index of all films with its facets: decade, country, genre, category, technique and director.

Facets are combined with AND: films of the 1960s that use a jump cut. Of several values of one facet a film must have
all where films have several as a rule (:data:`NARROWING`: genre, category, technique), and any one elsewhere: French or
Japanese films that use both a jump cut and a voice-over. Beside a value that narrows stands how many films it would
leave of those that are left; beside another how many it would leave if it were the only one chosen of its facet, the
other facets and the text staying as they are.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from filmgraph.errors import NotFoundError
from filmgraph.pages.columns import FACETS, SORTS, Columns, FacetColumn, Mask, read_columns
from filmgraph.pages.parts import Named
from filmgraph.pages.person import Signature

if TYPE_CHECKING:
    from filmgraph.arrays import FilmTechniqueArrays, GraphArrays
    from filmgraph.stores import Store

__all__ = [
    "FACETS",
    "NARROWING",
    "SORTS",
    "Catalogue",
    "CatalogueView",
    "Facet",
    "FacetValue",
    "ListedFilm",
    "Unknown",
    "by_decade",
]

NARROWING = frozenset(("genre", "category", "technique"))
"""The facets of which a film must have every value that is chosen."""


@dataclass(frozen=True)
class ListedFilm:
    """A film in a list. ``tally`` counts its uses by category, as the page of the film does."""

    iri: str
    title: str
    year: int | None
    directors: tuple[Named, ...]
    genres: tuple[Named, ...]
    countries: tuple[Named, ...]
    tally: tuple[tuple[Named, int], ...]
    techniques: int


@dataclass(frozen=True)
class FacetValue:
    """A value of a facet: ``key`` is what stands in an address, ``films`` how many films it would leave.

    ``iri`` is None for a decade.
    """

    key: str
    name: str
    films: int
    chosen: bool
    iri: str | None = None


@dataclass(frozen=True)
class Facet:
    """A facet with its values: those chosen, and the most frequent ones; ``more`` counts those not shown."""

    name: str
    label: str
    values: tuple[FacetValue, ...]
    more: int = 0

    @property
    def chosen(self) -> tuple[FacetValue, ...]:
        """The values that are chosen."""
        return tuple(value for value in self.values if value.chosen)


@dataclass(frozen=True)
class Unknown:
    """A value that was asked for and that no film has, with the nearest ones that some film has."""

    facet: str
    value: str
    suggestions: tuple[str, ...] = ()


@dataclass(frozen=True)
class CatalogueView:
    """One page of the films that are left, and the facets to go on with.

    ``total`` films are left of ``of``; ``page`` counts from 1 to ``pages`` and is cut to these bounds. ``unknown``
    holds the values that no film has: where their facet narrows or has no other value chosen, nothing is left.
    """

    films: tuple[ListedFilm, ...]
    total: int
    of: int
    page: int
    pages: int
    size: int | None
    sort: str
    text: str
    facets: tuple[Facet, ...]
    unknown: tuple[Unknown, ...] = ()

    @property
    def chosen(self) -> tuple[tuple[Facet, FacetValue], ...]:
        """All values that are chosen, each with its facet."""
        return tuple((facet, value) for facet in self.facets for value in facet.chosen)


class Catalogue:
    """All films with what they are chosen by, read once from a store.

    >>> import filmgraph
    >>> with filmgraph.open() as graph:
    ...     view = graph.catalogue.select({"director": ["spike-jonze"], "decade": ["2010s"]})
    >>> [(film.title, film.year) for film in view.films], view.total
    ([('Her', 2013)], 1)
    """

    def __init__(self, columns: Columns) -> None:
        self._columns = columns
        self._facets = columns.facets
        self._everything = np.ones(len(columns.films), bool)

    @classmethod
    def of_store(
        cls, store: Store, *, arrays: FilmTechniqueArrays | None = None, kept: GraphArrays | None = None
    ) -> Catalogue:
        """Read the catalogue from a store; ``arrays`` spares reading the uses again, ``kept`` most of the films."""
        from filmgraph.arrays import FilmTechniqueArrays

        return cls(read_columns(store, arrays or FilmTechniqueArrays.of_store(store), kept))

    def __len__(self) -> int:
        return len(self._columns.films)

    @property
    def arrays(self) -> FilmTechniqueArrays:
        """Films × techniques, which the catalogue was made with."""
        return self._columns.arrays

    def select(
        self,
        chosen: Mapping[str, Sequence[str]] | None = None,
        *,
        text: str = "",
        sort: str = "title",
        page: int = 1,
        size: int | None = 50,
        most: int = 24,
    ) -> CatalogueView:
        """Return the films that some values of facets and a text leave.

        ``chosen`` maps a facet to keys of its values (a slug, CURIE or IRI; a decade as ``1990s``). ``text``: each of
        its words must begin a word of the film's titles, or be its year. ``size`` None puts all on one page. A facet
        shows its ``most`` most frequent values and those that are chosen.

        Raises :class:`~filmgraph.errors.NotFoundError` for an unknown facet or order.
        """
        if sort not in SORTS:
            raise NotFoundError(f"There is no order {sort!r}.", suggestions=SORTS)
        wanted = {name: list(dict.fromkeys(keys)) for name, keys in (chosen or {}).items() if keys}
        for name in wanted:
            if name not in FACETS:
                raise NotFoundError(f"There is no facet {name!r}.", suggestions=FACETS)
        places = {name: [self._facets[name].place(key) for key in keys] for name, keys in wanted.items()}
        masks = {name: self._films_with(name, found) for name, found in places.items()}
        base = self._columns.titles.films_with(text) if text.strip() else self._everything
        left = _all_of([base, *masks.values()])
        order = self._columns.orders[sort]
        found = order[left[order]]
        total = len(found)
        per_page = max(1, total if size is None else size)
        pages = max(1, -(-total // per_page))
        page = min(max(page, 1), pages)
        return CatalogueView(
            films=tuple(map(self._listed, found[(page - 1) * per_page : page * per_page].tolist())),
            total=total,
            of=len(self),
            page=page,
            pages=pages,
            size=size,
            sort=sort,
            text=text,
            facets=tuple(
                self._facet(
                    self._facets[name],
                    left
                    if name in NARROWING
                    else _all_of([base, *(mask for other, mask in masks.items() if other != name)]),
                    {place for place in places.get(name, ()) if place is not None},
                    most,
                )
                for name in FACETS
            ),
            unknown=tuple(
                Unknown(name, key, self._facets[name].nearest(key))
                for name, keys in wanted.items()
                for key, place in zip(keys, places[name], strict=True)
                if place is None
            ),
        )

    def film(self, iri: str) -> ListedFilm | None:
        """Return a film as it stands in lists, None where there is no such film."""
        row = self._columns.row_of.get(iri)
        return None if row is None else self._listed(row)

    def richest_of_decades(self, most: int) -> list[ListedFilm]:
        """Return the film with most techniques of each of the last ``most`` decades, oldest first."""
        best: dict[int, int] = {}
        for row in self._columns.orders["techniques"].tolist():
            year = self._columns.years[row]
            if year is not None:
                best.setdefault(year // 10, row)
        return [self._listed(best[decade]) for decade in sorted(best)[-most:]]

    def films_with(
        self, facet: str, iri: str, *, sort: str = "year", most: int | None = None
    ) -> tuple[ListedFilm, ...]:
        """Return the films that have a value of a facet, given by its IRI: all, or the first ``most`` of them."""
        return tuple(map(self._listed, self._rows_with(facet, iri, sort)[:most]))

    def iris_with(self, facet: str, iri: str) -> list[str]:
        """Return the IRIs of all films that have a value of a facet, given by its IRI."""
        return [self._columns.films[row] for row in self._rows_with(facet, iri, "year")]

    def _rows_with(self, facet: str, iri: str, sort: str) -> list[int]:
        place = self._facets[facet].place(iri)
        if place is None:
            return []
        mask, order = self._facets[facet].films_with([place], len(self)), self._columns.orders[sort]
        rows: list[int] = order[mask[order]].tolist()
        return rows

    def films_using(self, techniques: Collection[str], *, most: int) -> list[tuple[ListedFilm, tuple[str, ...]]]:
        """Return the films that use most of some techniques, each with those it uses; ties by title."""
        arrays, columns = self.arrays, self._columns
        wanted = np.zeros(len(arrays.techniques), bool)
        wanted[[arrays.technique_at[iri] for iri in techniques if iri in arrays.technique_at]] = True
        counts = np.zeros(len(self), np.int64)
        rows = np.array([columns.row_of.get(film, -1) for film in arrays.films], np.int64)
        used = arrays.used.multiply(wanted).sum(axis=1) if len(rows) else np.zeros(0)
        counts[rows[rows >= 0]] = np.asarray(used).ravel()[rows >= 0]
        order = columns.orders["title"]
        order = order[np.argsort(-counts[order], kind="stable")][: max(most, 0)]
        return [
            (self._listed(row), tuple(iri for iri in columns.techniques_used(row) if iri in techniques))
            for row in order.tolist()
            if counts[row]
        ]

    def signatures(self, films: Iterable[str], *, least: int = 2) -> list[Signature]:
        """Return the techniques that at least ``least`` of some films have, with their shares, in no order.

        A film has a technique where it uses it or a narrower one.
        """
        wanted = set(films)
        arrays, technique = self.arrays, self._facets["technique"]
        rows = [arrays.film_at[film] for film in wanted if film in arrays.film_at]
        parts = [
            arrays.closeness.indices[arrays.closeness.indptr[row] : arrays.closeness.indptr[row + 1]] for row in rows
        ]
        counts = np.bincount(np.concatenate(parts), minlength=len(arrays.techniques)) if parts else np.zeros(0, int)
        return [
            Signature(
                technique=technique.named(arrays.techniques[at]),
                films=int(counts[at]),
                of=len(wanted),
                share=int(counts[at]) / len(wanted),
                share_of_all=int(arrays.df[at]) / len(self),
            )
            for at in np.flatnonzero(counts >= least).tolist()
        ]

    def shares(self, facet: str, *, most: int | None = None) -> tuple[FacetValue, ...]:
        """Return the values of a facet with the number of all films that have each, in the facet's order."""
        return self._facet(self._facets[facet], self._everything, set(), most or len(self._facets[facet].keys)).values

    def _films_with(self, facet: str, places: Sequence[int | None]) -> Mask:
        """Return the films with some values of a facet: with all of them where it narrows, else with any."""
        size, column = len(self), self._facets[facet]
        if facet not in NARROWING:
            return column.films_with([place for place in places if place is not None], size)
        return _all_of([column.films_with([] if place is None else [place], size) for place in places])

    def _listed(self, row: int) -> ListedFilm:
        columns = self._columns
        tally = Counter(columns.categories_used(row))
        named = {name: self._facets[name].named_of(row) for name in ("director", "genre", "country")}
        return ListedFilm(
            iri=columns.films[row],
            title=columns.names[row],
            year=columns.years[row],
            directors=named["director"],
            genres=named["genre"],
            countries=named["country"],
            tally=tuple(sorted(tally.items(), key=lambda item: (-item[1], item[0].name))),
            techniques=tally.total(),
        )

    def _facet(self, facet: FacetColumn, films: Mask, chosen: set[int], most: int) -> Facet:
        counts = facet.counts(films)
        there = np.flatnonzero(counts)
        ordered = there if facet.in_order else there[np.argsort(-counts[there], kind="stable")]
        shown = ordered.tolist() if facet.in_order else ordered[: max(most, 0)].tolist()
        shown += sorted(chosen.difference(shown))
        values = tuple(
            FacetValue(facet.keys[at], facet.names[at], int(counts[at]), at in chosen, facet.iris[at])
            for at in (sorted(shown) if facet.in_order else shown)
        )
        return Facet(facet.name, facet.label, values, len(set(there.tolist()).difference(shown)))

    def __repr__(self) -> str:
        return f"Catalogue({len(self)} films)"


def by_decade(films: Iterable[ListedFilm]) -> tuple[tuple[str, tuple[ListedFilm, ...]], ...]:
    """Return films in decades ("1990s"; "" for those without a year), in the order in which they come."""
    decades: dict[str, list[ListedFilm]] = {}
    for film in films:
        decades.setdefault("" if film.year is None else f"{film.year // 10 * 10}s", []).append(film)
    return tuple((decade, tuple(members)) for decade, members in decades.items())


def _all_of(masks: Sequence[Mask]) -> Mask:
    left = masks[0]
    for mask in masks[1:]:
        left = left & mask
    return left
