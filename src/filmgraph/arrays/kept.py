"""The arrays of a graph: kept beside its store and opened by memory map, or made in memory where that cannot be."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from filmgraph.arrays.building import build
from filmgraph.arrays.csr import Csr
from filmgraph.arrays.keeping import FILE, Source, open_source
from filmgraph.arrays.listing import Listing, open_listing
from filmgraph.arrays.strings import Picked, Strings
from filmgraph.arrays.weights import FilmTechniqueArrays

if TYPE_CHECKING:
    from filmgraph.stores import Store

__all__ = ["Comparisons", "GraphArrays", "Said", "Spoken", "Titled", "open_arrays"]

Array = npt.NDArray[Any]


def open_arrays(store: Store, progress: Callable[[str], None] | None = None) -> GraphArrays:
    """Return the arrays of a store: those beside it where they are of this state of it, else built anew and kept.

    Where nothing can be written beside the store they stay in memory. ``progress`` is told what is being read.
    """
    return GraphArrays(
        open_source(store, FILE, lambda: build(store, progress)), lambda arrays: open_listing(store, arrays)
    )


class _Rows:
    """Rows of numbers, column by column, each read when it is asked for."""

    def __init__(self, source: Source, name: str, films: int) -> None:
        self._source = source
        self._name = name
        self._films = films

    def __len__(self) -> int:
        return len(self.film)

    @cached_property
    def claim(self) -> Array:
        """The claim of each row."""
        return self._column("claim")

    @cached_property
    def review(self) -> Array:
        """The review that each row's claim is in."""
        return self._column("review")

    @cached_property
    def film(self) -> Array:
        """The film that each row's claim is about."""
        return self._column("film")

    def _column(self, name: str) -> Array:
        return self._source.array(f"{self._name}.{name}")


class Said(_Rows):
    """Accepted claims, each with each concept that it is about; by film, and of each film by claim."""

    def of(self, film: int) -> slice:
        """Return which rows are about a film."""
        return slice(int(self._bounds[film]), int(self._bounds[film + 1]))

    @cached_property
    def about(self) -> Array:
        """The concept of each row."""
        return self._column("about")

    @cached_property
    def aspect(self) -> Array:
        """Whether each row says so by ``fg:aboutAspect``."""
        return self._column("aspect")

    @cached_property
    def stance(self) -> Array:
        """The stance of each row, a number of :attr:`GraphArrays.stances`."""
        return self._column("stance")

    @cached_property
    def _bounds(self) -> Array:
        return np.searchsorted(self.film, np.arange(self._films + 1))


class Comparisons(_Rows):
    """The films that accepted claims compare theirs to, by claim; ``named`` where all of it has an IRI."""

    @cached_property
    def other(self) -> Array:
        """The film that each row's film is compared to."""
        return self._column("other")

    @cached_property
    def named(self) -> Array:
        """Whether claim, review and both films are IRIs."""
        return self._column("named")

    def of(self, film: int) -> Array:
        """Return the rows in which a film is compared with another, either way round, by claim."""
        order, bounds = self._by_film
        return np.sort(order[int(bounds[film]) : int(bounds[film + 1])])

    @cached_property
    def _by_film(self) -> tuple[Array, Array]:
        """The rows sorted by each of their two films, and where each film's begin."""
        ends = np.concatenate([self.film, self.other])
        order = np.argsort(ends, kind="stable")
        return order % max(len(self), 1), np.searchsorted(ends[order], np.arange(self._films + 1))


class Titled(_Rows):
    """The titles of films that the graph lacks, to which accepted claims compare theirs."""

    @cached_property
    def title(self) -> Array:
        """The title in each row."""
        return self._column("title")


class Spoken:
    """What each voice says: the rows of :class:`Said`, each once for each voice of its review."""

    def __init__(self, said: Said, voices: Csr, rows: Any = slice(None)) -> None:
        reviews = said.review[rows]
        counts = voices.counts[reviews]
        taken = np.repeat(np.arange(len(reviews)), counts)
        self.film: Array = said.film[rows][taken]
        self.about: Array = said.about[rows][taken]
        self.aspect: Array = said.aspect[rows][taken]
        self.stance: Array = said.stance[rows][taken]
        self.claim: Array = said.claim[rows][taken]
        self.review: Array = reviews[taken]
        self.voice: Array = voices.taken(reviews).indices


class GraphArrays:
    """The arrays of a graph: films, what they use, who made them, what is said of them, all as places in tables.

    The tables (``films``, ``concepts``, …) hold IRIs in sorted order. Whatever is not asked for is not read.
    """

    def __init__(self, source: Source, list_films: Callable[[GraphArrays], Listing]) -> None:
        self._source = source
        self._list_films = list_films

    @property
    def mapped(self) -> bool:
        """Whether they are read from a file by memory map."""
        return self._source.mapped

    # Tables.

    @cached_property
    def films(self) -> Strings:
        """All that is typed, used, judged or compared as a film."""
        return self._table("films")

    @cached_property
    def concepts(self) -> Strings:
        """Techniques, categories, what is broader, and what claims are about."""
        return self._table("concepts")

    @cached_property
    def people(self) -> Strings:
        """Those who are credited."""
        return self._table("people")

    @cached_property
    def genres(self) -> Strings:
        """The genres of films."""
        return self._table("genres")

    @cached_property
    def countries(self) -> Strings:
        """The countries of films."""
        return self._table("countries")

    @cached_property
    def claims(self) -> Strings:
        """The accepted claims."""
        return self._table("claims")

    @cached_property
    def reviews(self) -> Strings:
        """The reviews with accepted claims."""
        return self._table("reviews")

    @cached_property
    def voices(self) -> Strings:
        """Who signed these reviews; and those reviews that nobody signed."""
        return self._table("voices")

    @cached_property
    def titles(self) -> Strings:
        """The titles that films are compared to."""
        return self._table("titles")

    @cached_property
    def stances(self) -> list[str]:
        """The stances of claims: those of :data:`STANCES`, then any others."""
        return list(self._table("stances"))

    # Films.

    @cached_property
    def film_count(self) -> int:
        """How many films are typed as such."""
        return int(self._array("film_count")[0])

    @cached_property
    def is_film(self) -> Array:
        """Which of ``films`` are typed as such."""
        return self._array("is_film")

    @cached_property
    def years(self) -> Array:
        """The first year of each film, :data:`NO_YEAR` where it has none."""
        return self._array("years")

    @cached_property
    def listing(self) -> Listing:
        """The titles of films, and how many uses and scenes each has: kept in a file of its own."""
        return self._list_films(self)

    @cached_property
    def uses(self) -> Csr:
        """Films × concepts: what each film uses."""
        return self._csr("uses", len(self.films), len(self.concepts))

    @cached_property
    def used_by(self) -> Csr:
        """Concepts × films: which films use each, by uses that have an IRI."""
        return self._csr("used_by", len(self.concepts), len(self.films))

    def use_names(self, film: int) -> list[str]:
        """Return the uses of a film in the order of ``uses.row(film)``: of several of one technique the first."""
        return self._use_names.many(range(int(self.uses.indptr[film]), int(self.uses.indptr[film + 1])))

    @property
    def entry_names(self) -> Strings:
        """The use of each entry of ``uses``: of several of one technique the first."""
        return self._use_names

    @cached_property
    def named_uses(self) -> Array:
        """Which entries of ``uses`` have a use that is an IRI."""
        return self._array("uses.named")

    @cached_property
    def credits(self) -> Csr:
        """Films × people: in which roles, as bits in the order of :data:`ROLE_ORDER`."""
        return self._csr("credits", len(self.films), len(self.people), data=True)

    @cached_property
    def credited(self) -> Csr:
        """People × films."""
        return self._csr("credited", len(self.people), len(self.films))

    @cached_property
    def genre_rows(self) -> Csr:
        """Films × genres."""
        return self._csr("genres.rows", len(self.films), len(self.genres))

    @cached_property
    def of_genre(self) -> Csr:
        """Genres × films."""
        return self._csr("genres.of", len(self.genres), len(self.films))

    @cached_property
    def country_rows(self) -> Csr:
        """Films × countries."""
        return self._csr("countries.rows", len(self.films), len(self.countries))

    @cached_property
    def of_country(self) -> Csr:
        """Countries × films."""
        return self._csr("countries.of", len(self.countries), len(self.films))

    # Vocabulary and weights.

    @cached_property
    def is_technique(self) -> Array:
        """Which concepts are techniques."""
        return self._array("is_technique")

    @cached_property
    def is_category(self) -> Array:
        """Which concepts are categories."""
        return self._array("is_category")

    @cached_property
    def broader(self) -> Array:
        """Pairs of a technique and what is right above it, sorted."""
        return self._array("broader")

    @cached_property
    def df(self) -> Array:
        """For each concept the number of films that use it or a narrower one, by uses that have an IRI."""
        return self._array("path_df")

    @cached_property
    def craft(self) -> FilmTechniqueArrays:
        """Films × techniques with weights."""
        films = Picked(self.films, self._array("craft.films"))
        techniques = Picked(self.concepts, self._array("craft.techniques"))
        shape = len(films), len(techniques)
        return FilmTechniqueArrays(
            films,
            techniques,
            self._csr("craft.used", *shape),
            self._csr("craft.close", *shape, data=True),
            kept={
                "df": lambda: self._array("craft.df"),
                "scale": lambda: self._array("craft.scale"),
                "rare": lambda: self._csr("craft.rare", *shape[::-1], data=True),
                "common": lambda: (self._array("craft.common_at"), self._array("craft.common")),
            },
        )

    # What critics say.

    @cached_property
    def said(self) -> Said:
        """The accepted claims."""
        return Said(self._source, "said", len(self.films))

    @cached_property
    def comparisons(self) -> Comparisons:
        """The films that claims compare."""
        return Comparisons(self._source, "comparisons", len(self.films))

    @cached_property
    def titled(self) -> Titled:
        """The titles that claims compare films to."""
        return Titled(self._source, "titled", len(self.films))

    @cached_property
    def review_voices(self) -> Csr:
        """Reviews × voices: who speaks in each."""
        return self._csr("review_voices", len(self.reviews), len(self.voices))

    @cached_property
    def signed(self) -> Array:
        """By which property of :data:`SIGNED_BY` each review names its voices; 0 where it speaks for itself."""
        return self._array("signed")

    def spoken(self, rows: Any = slice(None)) -> Spoken:
        """Return what each voice says, in all rows of ``said`` or in some."""
        return Spoken(self.said, self.review_voices, rows)

    @cached_property
    def _use_names(self) -> Strings:
        return self._table("use_names")

    def _array(self, name: str) -> Array:
        return self._source.array(name)

    def _table(self, name: str) -> Strings:
        return Strings(self._source.text(name + ".text"), self._array(name + ".ends"))

    def _csr(self, name: str, rows: int, columns: int, *, data: bool = False) -> Csr:
        values = self._array(name + ".data") if data else None
        return Csr(self._array(name + ".indptr"), self._array(name + ".indices"), values, (rows, columns))

    def __repr__(self) -> str:
        return f"GraphArrays({len(self.films)} films, {len(self.concepts)} concepts)"
