"""The columns beneath the catalogue: for each facet which film has which values, and the words of all titles.

Arrays of numbers, so that a hundred thousand films are counted in milliseconds and take little room.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import numpy.typing as npt
import pyoxigraph as ox

from filmgraph.arrays import NO_YEAR, ROLE_ORDER, Scan, is_iri_form, scan_all, text_of
from filmgraph.lookup import folded_text, labels_of, language_rank
from filmgraph.namespaces import FG, SCHEMA, expand, iri, kind_of, shorten, slug_of
from filmgraph.pages.known import NO_CATEGORY, categories_of
from filmgraph.pages.parts import Named
from filmgraph.titles import ARTICLES

if TYPE_CHECKING:
    from filmgraph.arrays import FilmTechniqueArrays, GraphArrays
    from filmgraph.stores import Store

__all__ = ["FACETS", "SORTS", "Columns", "FacetColumn", "Mask", "TitleWords", "read_columns", "sort_title"]

FACETS = ("decade", "country", "genre", "category", "technique", "director")
"""The facets, in the order in which they are shown."""
SORTS = ("title", "year", "newest", "techniques")
"""The orders: by title without its article, by year, by year backwards, and by number of techniques, most first."""

Mask: TypeAlias = npt.NDArray[np.bool_]
Ints: TypeAlias = npt.NDArray[np.int32]

_KINDS = {"director": "person"}
_PROPERTIES = {
    "country": SCHEMA + "countryOfOrigin",
    "genre": SCHEMA + "genre",
    "director": SCHEMA + "director",
}
_TITLES = (SCHEMA + "name", SCHEMA + "alternateName")
"""The properties that give a film its titles: those of the first may be shown."""
_FILM = f"?f a <{FG}Film> FILTER(isIRI(?f))"
_LONGEST_TEXT = 300
_NEAR, _NEAREST = 70, 3


@dataclass(frozen=True, eq=False)
class FacetColumn:
    """A facet: its values by key, name and IRI, and which film has which, as pairs of places sorted by film."""

    name: str
    label: str
    keys: tuple[str, ...]
    names: tuple[str, ...]
    iris: tuple[str | None, ...]
    films: Ints
    values: Ints
    in_order: bool = False

    @classmethod
    def of_pairs(
        cls, name: str, pairs: npt.NDArray[np.int64], values: Sequence[str], names: Mapping[str, str]
    ) -> FacetColumn:
        """Make a facet of pairs of a film's row and the place of a value; values stand by name from then on."""
        order = sorted(range(len(values)), key=lambda at: (names[values[at]].casefold(), values[at]))
        place = np.zeros(len(values), np.int64)
        place[order] = np.arange(len(values))
        pairs = np.unique(np.column_stack((pairs[:, 0], place[pairs[:, 1]])), axis=0) if len(pairs) else pairs
        ordered = [values[at] for at in order]
        return cls(
            name=name,
            label=name.capitalize(),
            keys=tuple(_key(value, _KINDS.get(name, name)) for value in ordered),
            names=tuple(names[value] for value in ordered),
            iris=tuple(ordered),
            films=pairs[:, 0].astype(np.int32),
            values=pairs[:, 1].astype(np.int32),
        )

    @classmethod
    def of_decades(cls, years: Sequence[int | None]) -> FacetColumn:
        """Make the facet of decades, in the order of time."""
        decades = sorted({year // 10 for year in years if year is not None})
        place = {decade: at for at, decade in enumerate(decades)}
        rows = [(row, place[year // 10]) for row, year in enumerate(years) if year is not None]
        pairs = np.array(rows, np.int32).reshape(-1, 2)
        keys = tuple(f"{decade * 10}s" for decade in decades)
        none: tuple[str | None, ...] = (None,) * len(keys)
        return cls("decade", "Decade", keys, keys, none, pairs[:, 0], pairs[:, 1], in_order=True)

    @cached_property
    def _place_of(self) -> dict[str, int]:
        return {key: at for at, key in enumerate(self.keys)}

    @cached_property
    def _place_of_iri(self) -> dict[str, int]:
        return {value: at for at, value in enumerate(self.iris) if value}

    @cached_property
    def _all_counts(self) -> npt.NDArray[np.int64]:
        return np.bincount(self.values, minlength=len(self.keys))

    def place(self, key: str) -> int | None:
        """Return the place of a value by its key, CURIE or IRI, None where no film has it."""
        if key in self._place_of:
            return self._place_of[key]
        if self.in_order:
            return self._place_of.get(f"{key}s")
        return self._place_of_iri.get(expand(key) or key)

    def nearest(self, key: str) -> tuple[str, ...]:
        """Return the keys that are most like one that there is not."""
        from rapidfuzz import process

        wanted = key[:_LONGEST_TEXT].lower()
        return tuple(found for found, _, _ in process.extract(wanted, self.keys, limit=_NEAREST, score_cutoff=_NEAR))

    def films_with(self, places: Sequence[int], films: int) -> Mask:
        """Return which films have any of some values."""
        mask = np.zeros(films, bool)
        if places:
            wanted = np.zeros(len(self.keys), bool)
            wanted[list(places)] = True
            mask[self.films[wanted[self.values]]] = True
        return mask

    def counts(self, films: Mask) -> npt.NDArray[np.int64]:
        """Return for each value how many of some films have it."""
        if films.all():
            return self._all_counts
        return np.bincount(self.values[films[self.films]], minlength=len(self.keys))

    def named(self, value: str) -> Named:
        """Return a value, given by its IRI, with its name."""
        return Named(value, self.names[self._place_of_iri[value]])

    def named_of(self, row: int) -> tuple[Named, ...]:
        """Return the values of a film with their names, by name."""
        start, end = np.searchsorted(self.films, (row, row + 1)).tolist()
        return tuple(Named(self.iris[at] or "", self.names[at]) for at in self.values[start:end].tolist())


class TitleWords:
    """The words of all titles as one row of bytes, in which those that begin with some letters are quickly found."""

    def __init__(self, texts: Sequence[str]) -> None:
        """Take the folded titles of each film, in one text."""
        encoded = [b" " + text.encode("utf-8", "surrogatepass") for text in texts]
        self._bytes = np.frombuffer(b"".join(encoded) + bytes(4 * _LONGEST_TEXT + 2), np.uint8)
        ends = np.cumsum([len(text) for text in encoded], dtype=np.int64)
        self._words = (np.flatnonzero(self._bytes == ord(" ")) + 1).astype(np.int64)
        self._film_of_word = np.searchsorted(ends, self._words - 1, side="right")
        self._films = len(texts)

    def films_with(self, text: str) -> Mask:
        """Return which films have for each word of a text a word that begins with it.

        >>> TitleWords(["her 2013", "the hero 2001"]).films_with("HER").tolist()
        [True, True]
        """
        mask = np.ones(self._films, bool)
        for word in dict.fromkeys(folded_text(text[:_LONGEST_TEXT]).split()):
            found = np.arange(len(self._words))
            for place, byte in enumerate(word.encode("utf-8", "surrogatepass")):
                found = found[self._bytes[self._words[found] + place] == byte]
            with_word = np.zeros(self._films, bool)
            with_word[self._film_of_word[found]] = True
            mask &= with_word
        return mask


@dataclass(frozen=True, eq=False)
class Columns:
    """The films of a graph, in the order of their IRIs, and all columns about them."""

    films: tuple[str, ...]
    names: tuple[str, ...]
    years: tuple[int | None, ...]
    facets: Mapping[str, FacetColumn]
    titles: TitleWords
    orders: Mapping[str, npt.NDArray[np.int64]]
    arrays: FilmTechniqueArrays
    category_of: Mapping[str, Named]

    @cached_property
    def row_of(self) -> dict[str, int]:
        """IRI of a film to its row."""
        return {film: row for row, film in enumerate(self.films)}

    def techniques_used(self, row: int) -> list[str]:
        """Return the techniques that a film uses itself, by IRI."""
        at = self.arrays.film_at.get(self.films[row])
        if at is None:
            return []
        used = self.arrays.used
        return [
            self.arrays.techniques[column] for column in used.indices[used.indptr[at] : used.indptr[at + 1]].tolist()
        ]

    def categories_used(self, row: int) -> list[Named]:
        """Return the category of each technique that a film uses itself."""
        return [self.category_of.get(technique, NO_CATEGORY) for technique in self.techniques_used(row)]


def read_columns(store: Store, arrays: FilmTechniqueArrays, kept: GraphArrays | None = None) -> Columns:
    """Read the films of a store and what they are chosen by; what is ``kept`` of them need not be read."""
    source = _Read(store) if kept is None else _Kept(store, kept)
    films, years = source.films, source.years
    row_of = {film: row for row, film in enumerate(films)}
    names, words = _titles(films, row_of, source.titles())
    categories = categories_of(store, arrays.techniques)
    facets = {"decade": FacetColumn.of_decades(years)}
    facets |= {name: _facet(store, name, source.pairs(name)) for name in _PROPERTIES}
    facets |= _craft_facets(store, arrays, categories, row_of)
    texts = [f"{text} {'' if year is None else year}" for text, year in zip(words, years, strict=True)]
    return Columns(
        films=tuple(films),
        names=tuple(names),
        years=tuple(years),
        facets=facets,
        titles=TitleWords(texts),
        orders=_orders(films, names, years, arrays),
        arrays=arrays,
        category_of=categories,
    )


def sort_title(title: str) -> str:
    """Return a title as it is sorted: without letter case, accents and the article that it begins with.

    >>> sort_title("The Piano"), sort_title("L’Avventura"), sort_title("A")
    ('piano', 'avventura', 'a')
    """
    first, _, rest = folded_text(title).partition(" ")
    return rest if rest and first in ARTICLES else f"{first} {rest}".rstrip()


def _titles(
    films: Sequence[str], row_of: Mapping[str, int], titles: Iterable[tuple[str, str, str | None, bool]]
) -> tuple[list[str], list[str]]:
    """Return for each film the title that is shown, and the words of all its titles.

    A title comes with its film, its language, and whether it may be shown.
    """
    best: dict[int, tuple[int, str]] = {}
    folded: dict[int, set[str]] = {}
    for film, title, language, shown in titles:
        row = row_of[film]
        folded.setdefault(row, set()).add(folded_text(title))
        if shown:
            found = (language_rank(language), title)
            best[row] = min(best.get(row, found), found)
    names = [best[row][1] if row in best else slug_of(film) for row, film in enumerate(films)]
    return names, [" ".join(sorted(folded.get(row, (folded_text(names[row]),)))) for row in range(len(films))]


class _Read:
    """The films of a store, asked of it."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.films = sorted(str(row[0]) for row in store.select(f"SELECT DISTINCT ?f WHERE {{ {_FILM} }}"))
        self._row_of = {film: row for row, film in enumerate(self.films)}
        self.years: list[int | None] = [None] * len(self.films)
        for film, year in store.select(f"SELECT ?f ?y WHERE {{ {_FILM} ?f <{FG}releaseYear> ?y }}"):
            if type(year) is int:
                row = self._row_of[str(film)]
                self.years[row] = min(year, self.years[row] or year)

    def titles(self) -> Iterator[tuple[str, str, str | None, bool]]:
        """Yield the titles of films: film, title, language, and whether it may be shown."""
        for predicate in _TITLES:
            for film, title in self._store.select(f"SELECT ?f ?l WHERE {{ {_FILM} ?f <{predicate}> ?l }}").terms:
                if isinstance(film, ox.NamedNode) and isinstance(title, ox.Literal):
                    yield film.value, title.value, title.language, predicate == _TITLES[0]

    def pairs(self, facet: str) -> Iterator[tuple[int, str]]:
        """Yield the values of a facet, each with the row of its film."""
        property = _PROPERTIES[facet]
        rows = self._store.select(f"SELECT ?f ?v WHERE {{ ?f a <{FG}Film> ; <{property}> ?v FILTER(isIRI(?v)) }}")
        return ((self._row_of[str(film)], str(value)) for film, value in rows)


class _Kept:
    """The films of a large store, from what is kept of them beside it; their titles alone are read."""

    def __init__(self, store: Store, kept: GraphArrays) -> None:
        self._store, self._kept = store, kept
        places = np.flatnonzero(kept.is_film)
        films = kept.films.many(places.tolist())
        named = [at for at, film in enumerate(films) if not film.startswith("_:")]
        self._places = places[named]
        self.films = [films[at] for at in named]
        self.years = [None if year == NO_YEAR else year for year in kept.years[self._places].tolist()]

    def titles(self) -> list[tuple[str, str, str | None, bool]]:
        """Return the titles of films: film, title, language, and whether it may be shown."""
        film_of = {f"<{film}>".encode(): film for film in self.films}
        found: list[tuple[str, str, str | None, bool]] = []

        def taking(shown: bool) -> Callable[[bytes, bytes], None]:
            def take(form: bytes, title: bytes) -> None:
                if (film := film_of.get(form)) and title[:2] != b"_:" and not is_iri_form(title):
                    kind = title.rpartition(b'"')[2]
                    found.append((film, text_of(title), kind[1:].decode() if kind[:1] == b"@" else None, shown))

            return take

        scan_all(self._store, *(Scan(predicate, taking(predicate == _TITLES[0])) for predicate in _TITLES))
        return found

    def pairs(self, facet: str) -> Iterator[tuple[int, str]]:
        """Yield the values of a facet, each with the row of its film."""
        kept = self._kept
        rows, values = {
            "country": (kept.country_rows, kept.countries),
            "genre": (kept.genre_rows, kept.genres),
            "director": (kept.credits, kept.people),
        }[facet]
        row_of = np.full(len(kept.films), -1, np.int64)
        row_of[self._places] = np.arange(len(self._places))
        entries = row_of[rows.rows()] >= 0
        if facet == "director" and rows.data is not None:
            entries &= (rows.data & (1 << ROLE_ORDER.index(_PROPERTIES[facet]))) > 0
        iris = list(values)
        of_film, of_value = row_of[rows.rows()[entries]].tolist(), rows.indices[entries].tolist()
        return ((row, iris[at]) for row, at in zip(of_film, of_value, strict=True) if not iris[at].startswith("_:"))


def _craft_facets(
    store: Store, arrays: FilmTechniqueArrays, category_of: Mapping[str, Named], row_of: Mapping[str, int]
) -> dict[str, FacetColumn]:
    """Return the facets of categories and techniques; a film has a technique where it uses it or a narrower one."""
    rows = np.array([row_of.get(film, -1) for film in arrays.films], np.int64)
    having, used = arrays.closeness.tocoo(), arrays.used.tocoo()
    techniques = np.column_stack((rows[having.row], having.col.astype(np.int64))) if len(rows) else _NO_PAIRS
    names = labels_of(store, arrays.techniques)
    categories = sorted({category.iri for category in category_of.values()})
    place = {category: at for at, category in enumerate(categories)}
    of_column = np.array(
        [place[category_of[name].iri] if name in category_of else -1 for name in arrays.techniques], np.int64
    )
    pairs = np.column_stack((rows[used.row], of_column[used.col])) if len(rows) else _NO_PAIRS
    pairs = np.unique(pairs[(pairs >= 0).all(axis=1)], axis=0)
    return {
        "category": FacetColumn.of_pairs(
            "category", pairs, categories, {category.iri: category.name for category in category_of.values()}
        ),
        "technique": FacetColumn.of_pairs("technique", techniques[techniques[:, 0] >= 0], arrays.techniques, names),
    }


def _facet(store: Store, name: str, having: Iterable[tuple[int, str]]) -> FacetColumn:
    place: dict[str, int] = {}
    pairs = np.array([(row, place.setdefault(value, len(place))) for row, value in having], np.int64).reshape(-1, 2)
    return FacetColumn.of_pairs(name, pairs, list(place), labels_of(store, place))


_NO_PAIRS = np.zeros((0, 2), np.int64)


def _orders(
    films: Sequence[str], names: Sequence[str], years: Sequence[int | None], arrays: FilmTechniqueArrays
) -> dict[str, npt.NDArray[np.int64]]:
    keys = [sort_title(name) for name in names]
    by_title = sorted(range(len(films)), key=lambda row: (keys[row], names[row], _late(years[row]), films[row]))
    numbers = np.diff(arrays.used.indptr).tolist()
    used = [numbers[arrays.film_at[film]] if film in arrays.film_at else 0 for film in films]
    # A sort keeps the order of what is equal, so films of one year, or of as many techniques, stand by title.
    found = {
        "title": by_title,
        "year": sorted(by_title, key=lambda row: _late(years[row])),
        "newest": sorted(by_title, key=lambda row: (years[row] is None, -(years[row] or 0))),
        "techniques": sorted(by_title, key=lambda row: -used[row]),
    }
    return {name: np.array(order, np.int64) for name, order in found.items()}


def _late(year: int | None) -> tuple[bool, int]:
    """Return the key that puts films without a year last."""
    return year is None, year or 0


def _key(value: str, kind: str) -> str:
    """Return what stands for a value in an address: its slug, or a CURIE or IRI where it is of another kind."""
    return slug_of(value) if kind_of(value) == kind and value == iri(kind, slug_of(value)) else shorten(value)
