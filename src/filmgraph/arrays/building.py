"""Building the arrays of a store from scans of single predicates, joined by number."""

from __future__ import annotations

import sys
from array import array
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from filmgraph.arrays.csr import Csr
from filmgraph.arrays.hearing import Heard, Hearing
from filmgraph.arrays.scanning import Numbers, Scan, is_iri_form, scan_all
from filmgraph.arrays.strings import Listed
from filmgraph.arrays.weights import FilmTechniqueArrays, closeness_of, steps_up
from filmgraph.namespaces import FG, RDF, ROLES, SCHEMA, SKOS

if TYPE_CHECKING:
    from filmgraph.stores import Store

__all__ = ["NO_YEAR", "ROLE_ORDER", "Columns", "build", "put_csr", "put_texts"]

Columns = dict[str, npt.NDArray[Any]]
"""Arrays by name: what is written beside a store."""

ROLE_ORDER = tuple(sorted(ROLES))
"""The predicates of credits, sorted: the bits of a credit."""

NO_YEAR = -(2**31)
"""Stands where a film has no year."""


def build(store: Store, progress: Callable[[str], None] | None = None) -> Columns:
    """Read the arrays of a store: one scan for each predicate that they are made of."""
    say = progress or (lambda _: None)
    columns: Columns = {}
    say("films and vocabulary")
    films, concepts = Numbers(), Numbers()
    vocabulary = _Vocabulary(concepts)
    scan_all(store, Scan(_TYPE, lambda film, _: films(film), FG + "Film"), *vocabulary.kinds())
    typed = len(films)
    iri_of_film = {form: place for form, place in films.of.items() if is_iri_form(form)}
    uses, credits_ = _Uses(films, concepts), _Credits(iri_of_film)
    groups = {name: _Pairs(iri_of_film) for name in _GROUPS}
    years = _Years({form: place for form, place in films.of.items() if place < typed})
    hearing = Hearing(films, concepts)
    # Two at a time are read of each list: each begins with what takes longest.
    say("uses")
    scan_all(store, Scan(FG + "film", uses.take_film), *credits_.scans(), *hearing.claims())
    say("what else films have")
    of_films = [Scan(predicate, groups[name].take) for name, predicate in _GROUPS.items()]
    of_films += [Scan(FG + "releaseYear", years.take), Scan(SKOS + "broader", vocabulary.take)]
    scan_all(store, Scan(FG + "technique", uses.take_technique), *of_films)
    say("critics")
    scan_all(store, *hearing.scans())
    scan_all(store, *hearing.signers())
    say("arrays")
    film_texts, film_place = films.in_order()
    concept_texts, concept_place = concepts.in_order()
    put_texts(columns, "films", film_texts)
    put_texts(columns, "concepts", concept_texts)
    shape = len(film_texts), len(concept_texts)
    _put_heard(columns, hearing.heard(), film_place, concept_place)
    # What was read is let go of as soon as it is an array: it takes several times as much.
    for numbered in (films.of, concepts.of, iri_of_film):
        numbered.clear()
    del hearing, film_texts, concept_texts
    _put_films(columns, film_place[:typed], years.of, shape[0])
    _put_vocabulary(columns, vocabulary, concept_place, shape[1])
    _put_credits(columns, credits_, film_place, shape[0])
    for name in list(groups):
        _put_group(columns, name, groups.pop(name), film_place, shape[0])
    del credits_, years
    used = _put_uses(columns, uses, film_place, concept_place, shape)
    _put_craft(columns, used)
    return columns


# What is read.


class _Vocabulary:
    """The techniques, the categories, and the pairs of a technique and what is broader."""

    def __init__(self, concepts: Numbers) -> None:
        self._concepts = concepts
        self._known: dict[bytes, int] = {}
        self.techniques: set[int] = set()
        self.categories: set[int] = set()
        self.broader: list[tuple[int, int]] = []

    def kinds(self) -> list[Scan]:
        """Return the scans that come before :meth:`take`."""
        return [
            Scan(_TYPE, self._take_technique, FG + "Technique"),
            Scan(_TYPE, lambda concept, _: self.categories.add(self._concepts(concept)), FG + "Category"),
        ]

    def _take_technique(self, concept: bytes, _: bytes) -> None:
        self._known[concept] = self._concepts(concept)
        self.techniques.add(self._known[concept])

    def take(self, narrow: bytes, broad: bytes) -> None:
        """Take what is broader than a technique."""
        low = self._known.get(narrow)
        if low is not None:
            self.broader.append((low, self._concepts(broad)))


class _Uses:
    """The film, the technique and the name of each use, as lists beside each other."""

    def __init__(self, films: Numbers, concepts: Numbers) -> None:
        self._films = films
        self._concepts = concepts
        self._number_of: dict[bytes, int] = {}
        self._film_of: list[int] = []
        self._more: dict[int, list[int]] = {}
        self.films: list[int] = []
        self.techniques: list[int] = []
        self.numbers: list[int] = []

    def take_film(self, use: bytes, film: bytes) -> None:
        """Take the film of a use."""
        if is_iri_form(film):
            place = self._films(film)
            number = self._number_of.setdefault(use, len(self._film_of))
            if number == len(self._film_of):
                self._film_of.append(place)
            else:
                self._more.setdefault(number, []).append(place)

    def take_technique(self, use: bytes, technique: bytes) -> None:
        """Take the technique of a use, whose film was taken before."""
        number = self._number_of.get(use)
        if number is not None and is_iri_form(technique):
            place = self._concepts(technique)
            for film in (self._film_of[number], *self._more.get(number, ())):
                self.films.append(film)
                self.techniques.append(place)
                self.numbers.append(number)

    def names(self) -> list[bytes]:
        """Return the names of the uses by number, and forget them: there are many."""
        names = list(self._number_of)
        self._number_of.clear()
        return names


class _Pairs:
    """Films and what they have of some kind, both by number."""

    def __init__(self, films: dict[bytes, int], values: Numbers | None = None) -> None:
        self._films = films
        self.values = Numbers() if values is None else values
        self.films: list[int] = []
        self.of: list[int] = []

    def take(self, film: bytes, value: bytes) -> None:
        """Take what a film has, if both are IRIs."""
        place = self._films.get(film)
        if place is not None and is_iri_form(value):
            self.films.append(place)
            self.of.append(self.values(value))


class _Credits:
    """Films and people, by role."""

    def __init__(self, films: dict[bytes, int]) -> None:
        self.people = Numbers()
        self.by_role = [_Pairs(films, self.people) for _ in ROLE_ORDER]

    def scans(self) -> list[Scan]:
        """Return the scans of all roles."""
        return [Scan(role, pairs.take) for role, pairs in zip(ROLE_ORDER, self.by_role, strict=True)]


class _Years:
    """The smallest year of each film that is typed as one, by the number of the film."""

    def __init__(self, films: dict[bytes, int]) -> None:
        self._films = films
        self.of = np.full(len(films), NO_YEAR, "<i4")

    def take(self, film: bytes, form: bytes) -> None:
        """Take a year of a film."""
        place, year = self._films.get(film), _year(form)
        if place is not None and year is not None and (self.of[place] == NO_YEAR or year < self.of[place]):
            self.of[place] = year


def _year(form: bytes) -> int | None:
    """Return the year of a literal that is a whole number, None of any other and of what no calendar has."""
    if not form.isdigit():
        if form[:1] not in b'"-+':
            return None
        text, _, kind = form.rpartition(b"^^")
        if not kind.endswith((b"#integer>", b"#int>", b"#short>", b"#long>")) and form[:1] == b'"':
            return None
        form = text.strip(b'"') if text else form
    try:
        year = int(form)
    except ValueError:
        return None
    return year if abs(year) < -NO_YEAR else None


# What is kept.


def put_texts(columns: Columns, name: str, texts: Iterable[bytes]) -> None:
    """Put a table of sorted texts among some columns."""
    block, ends = bytearray(), array("q", [0])
    for text in texts:
        block += text
        ends.append(len(block))
    columns[name + ".text"] = np.frombuffer(block, "u1")
    columns[name + ".ends"] = np.frombuffer(ends, "<i8" if sys.byteorder == "little" else ">i8")


def put_csr(columns: Columns, name: str, rows: Csr) -> None:
    """Put rows among some columns."""
    columns[name + ".indptr"] = rows.indptr
    columns[name + ".indices"] = rows.indices
    if rows.data is not None:
        columns[name + ".data"] = rows.data


def _put_films(columns: Columns, typed: npt.NDArray[np.int64], years: npt.NDArray[np.int32], size: int) -> None:
    is_film = np.zeros(size, "?")
    is_film[typed] = True
    kept = np.full(size, NO_YEAR, "<i4")
    kept[typed] = years
    columns |= {"is_film": is_film, "years": kept, "film_count": np.array([len(np.unique(typed))], "<i8")}


def _put_vocabulary(
    columns: Columns,
    vocabulary: _Vocabulary,
    place: npt.NDArray[np.int64],
    size: int,
) -> None:
    for name, concepts in (("is_technique", vocabulary.techniques), ("is_category", vocabulary.categories)):
        flags = np.zeros(size, "?")
        flags[place[list(concepts)]] = True
        columns[name] = flags
    pairs = place[np.array(vocabulary.broader, np.int64).reshape(-1, 2)]
    columns["broader"] = np.unique(pairs, axis=0).astype("<i4") if len(pairs) else np.zeros((0, 2), "<i4")


def _put_uses(
    columns: Columns,
    uses: _Uses,
    film_place: npt.NDArray[np.int64],
    concept_place: npt.NDArray[np.int64],
    shape: tuple[int, int],
) -> Csr:
    """Keep the uses, each film's sorted by technique; of several uses of one technique the first by name."""
    rows = film_place[np.array(uses.films, np.int64)]
    concepts = concept_place[np.array(uses.techniques, np.int64)]
    names, numbers = uses.names(), uses.numbers
    key = rows * max(shape[1], 1) + concepts
    order = np.argsort(key, kind="stable")
    key = key[order]
    starts = np.flatnonzero(np.concatenate(([True], key[1:] != key[:-1]))) if len(key) else np.zeros(0, np.int64)
    chosen = order[starts]
    # Most techniques of a film have one use.
    for at in np.flatnonzero(np.diff(np.append(starts, len(key))) > 1).tolist():
        end = int(starts[at + 1]) if at + 1 < len(starts) else len(key)
        chosen[at] = min(order[int(starts[at]) : end].tolist(), key=lambda at: _use_order(names[numbers[at]]))
    pairs = np.divmod(key[starts], max(shape[1], 1))
    used = Csr.of_pairs(*pairs, shape)
    texts = [names[numbers[at]] for at in chosen.tolist()]
    named = np.fromiter((is_iri_form(text) for text in texts), "?", len(texts))
    put_texts(columns, "use_names", (text[1:-1] if text[:1] == b"<" else text for text in texts))
    put_csr(columns, "uses", used)
    columns["uses.named"] = named
    names.clear()
    del texts
    only = used if named.all() else Csr.of_pairs(pairs[0][named], pairs[1][named], shape)
    put_csr(columns, "used_by", only.transposed())
    columns["path_df"] = _path_df(columns, only, shape[1])
    return used


def _use_order(name: bytes) -> tuple[bool, bytes]:
    return not is_iri_form(name), name


def _path_df(columns: Columns, used: Csr, size: int) -> npt.NDArray[np.int64]:
    """Return for each concept how many films use it or a narrower one, categories that are used among them."""
    up = steps_up(map(tuple, _technique_links(columns).tolist()))
    return np.bincount(closeness_of(used, up).indices, minlength=size)


def _technique_links(columns: Columns) -> npt.NDArray[np.int32]:
    """Return the pairs of a narrower and a broader technique."""
    broader = columns["broader"]
    links: npt.NDArray[np.int32] = broader[columns["is_technique"][broader[:, 1]]]
    return links


def _put_craft(columns: Columns, used: Csr) -> None:
    """Keep films × techniques, without categories and what is no part of either."""
    links = _technique_links(columns)
    rows, concepts = used.rows(), used.indices.astype(np.int64)
    kept = ~columns["is_category"][concepts]
    rows, concepts = rows[kept], concepts[kept]
    films, row = np.unique(rows, return_inverse=True)
    techniques = np.unique(np.concatenate([concepts, links.ravel().astype(np.int64)]))
    crafts = Csr.of_pairs(row, np.searchsorted(techniques, concepts), (len(films), len(techniques)))
    up = steps_up(map(tuple, np.searchsorted(techniques, links).tolist()))
    arrays = FilmTechniqueArrays(Listed(()), Listed(()), crafts, closeness_of(crafts, up))
    columns["craft.films"], columns["craft.techniques"] = films.astype("<i4"), techniques.astype("<i4")
    put_csr(columns, "craft.used", crafts)
    put_csr(columns, "craft.close", arrays.close_rows)
    columns["craft.df"], columns["craft.scale"] = arrays.df, arrays.scale
    put_csr(columns, "craft.rare", arrays.rare)
    common = arrays.common
    columns["craft.common_at"] = np.array(list(common), "<i4")
    columns["craft.common"] = np.array(list(common.values())).reshape(len(common), len(films))


def _put_credits(
    columns: Columns,
    credits_: _Credits,
    film_place: npt.NDArray[np.int64],
    films: int,
) -> None:
    texts, place = credits_.people.in_order()
    put_texts(columns, "people", texts)
    rows = np.concatenate([np.array(pairs.films, np.int64) for pairs in credits_.by_role])
    places = np.concatenate([np.array(pairs.of, np.int64) for pairs in credits_.by_role])
    bits = np.repeat(1 << np.arange(len(ROLE_ORDER)), [len(pairs.of) for pairs in credits_.by_role])
    key = film_place[rows] * max(len(texts), 1) + place[places]
    order = np.argsort(key, kind="stable")
    key, of = key[order], bits[order]
    starts = np.flatnonzero(np.concatenate(([True], key[1:] != key[:-1]))) if len(key) else np.zeros(0, np.int64)
    roles = np.bitwise_or.reduceat(of, starts) if len(starts) else of
    of_film, of_person = np.divmod(key[starts], max(len(texts), 1))
    credited = Csr.of_pairs(of_film, of_person, (films, len(texts)), roles.astype("u1"))
    put_csr(columns, "credits", credited)
    put_csr(columns, "credited", Csr(credited.indptr, credited.indices, None, credited.shape).transposed())


def _put_group(
    columns: Columns,
    name: str,
    pairs: _Pairs,
    film_place: npt.NDArray[np.int64],
    films: int,
) -> None:
    texts, place = pairs.values.in_order()
    put_texts(columns, name, texts)
    rows, of = film_place[np.array(pairs.films, np.int64)], place[np.array(pairs.of, np.int64)]
    having = Csr.of_pairs(rows, of, (films, len(texts)))
    put_csr(columns, name + ".rows", having)
    put_csr(columns, name + ".of", having.transposed())


def _put_heard(
    columns: Columns, heard: Heard, film_place: npt.NDArray[np.int64], concept_place: npt.NDArray[np.int64]
) -> None:
    for name, texts in heard.texts.items():
        put_texts(columns, name, texts)
    put_csr(columns, "review_voices", heard.voices)
    columns["signed"] = heard.signed
    for name, table in heard.tables(film_place, concept_place).items():
        for column, values in table.items():
            columns[f"{name}.{column}"] = values


_TYPE = RDF + "type"
_GROUPS = {"genres": SCHEMA + "genre", "countries": SCHEMA + "countryOfOrigin"}
