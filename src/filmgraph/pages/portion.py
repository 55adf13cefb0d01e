"""A part of a long list: on a large store no page, and no person, takes all films that use a technique at once."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from filmgraph.arrays import NO_YEAR
from filmgraph.lookup import values_of
from filmgraph.namespaces import FG

if TYPE_CHECKING:
    from filmgraph.arrays import GraphArrays
    from filmgraph.stores import Store

__all__ = ["FILMS_A_PAGE", "Portion", "UsesOfPage", "uses_on_page"]

FILMS_A_PAGE = 100
"""How many films a page of a technique shows where there are more."""


@dataclass(frozen=True)
class Portion:
    """Which part of a list is shown: that many ``films`` of all (``of``), as ``page`` of so many ``pages``."""

    films: int
    of: int
    page: int
    pages: int


@dataclass(frozen=True)
class UsesOfPage:
    """The films of a page, its uses, both by IRI, and which part of all they are."""

    films: frozenset[str]
    uses: tuple[str, ...]
    portion: Portion


def uses_on_page(
    store: Store, arrays: GraphArrays, techniques: Collection[str], *, page: int = 1, size: int = FILMS_A_PAGE
) -> UsesOfPage | None:
    """Return the uses of some techniques in the films of one page, by year and title; None where one holds them all.

    ``page`` is cut to the pages there are.
    """
    places = [arrays.concepts.at[technique] for technique in techniques if technique in arrays.concepts.at]
    parts = [arrays.used_by.row(place) for place in places]
    films = np.unique(np.concatenate(parts)) if parts else np.zeros(0, np.int64)
    if len(films) <= size:
        return None
    films = films[np.lexsort((films, arrays.listing.rank[films], _by_text(arrays.years[films])))]
    pages = -(-len(films) // size)
    page = min(max(page, 1), pages)
    shown = arrays.films.many(films[(page - 1) * size : page * size].tolist())
    wanted = set(techniques)
    rows = store.select(
        f"SELECT DISTINCT ?use ?t WHERE {{ VALUES ?f {{ {values_of(shown)} }} "
        f"?use <{FG}film> ?f ; <{FG}technique> ?t FILTER(isIRI(?use)) }}"
    )
    uses = sorted({str(use) for use, technique in rows if str(technique) in wanted})
    return UsesOfPage(frozenset(shown), tuple(uses), Portion(len(shown), len(films), page, pages))


def _by_text(years: np.typing.NDArray[np.int32]) -> np.typing.NDArray[np.int64]:
    """Return what orders years as a page does, as texts; films without one come last."""
    different, at = np.unique(years, return_inverse=True)
    texts = sorted((year == NO_YEAR, str(year), place) for place, year in enumerate(different.tolist()))
    rank = np.zeros(len(different), np.int64)
    rank[[place for _, _, place in texts]] = np.arange(len(different))
    return rank[at]
