"""What lists of films are ordered by and show, kept beside the store: titles, and how many uses and scenes there are.

Most films are plain: one title without a language, one year, and uses that each have an IRI, one film and one
technique. Of these all is known here; of the others only in which order they come.
"""

from __future__ import annotations

from array import array
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from filmgraph.arrays.building import Columns, put_texts
from filmgraph.arrays.csr import Csr
from filmgraph.arrays.keeping import Source, open_source
from filmgraph.arrays.scanning import Numbers, Scan, scan_all, text_of
from filmgraph.arrays.strings import Strings
from filmgraph.namespaces import FG, SCHEMA

if TYPE_CHECKING:
    from filmgraph.arrays.kept import GraphArrays
    from filmgraph.stores import Store

__all__ = ["Listing", "open_listing"]

_FILE = "listing-1.bin"

Array = npt.NDArray[Any]


class Listing:
    """Of each film of :attr:`GraphArrays.films` its title, its place among titles, and what it has."""

    def __init__(self, source: Source) -> None:
        self._source = source

    @cached_property
    def titles(self) -> Strings:
        """The title of each film, of several the first; "" where it has none."""
        return Strings(self._source.text("titles.text"), self._source.array("titles.ends"))

    @cached_property
    def rank(self) -> Array:
        """The place of each film's title among all titles, -1 where it has none."""
        return self._source.array("rank")

    @cached_property
    def listed(self) -> Array:
        """Which films have a title and a year."""
        return self._source.array("listed")

    @cached_property
    def is_plain(self) -> Array:
        """Which films have one title and one year, as they should."""
        return self._source.array("plain")

    @cached_property
    def is_plainly_used(self) -> Array:
        """Which films have but one use of each technique, each of that film and technique alone."""
        return self._source.array("plain_uses")

    @cached_property
    def uses(self) -> Array:
        """How many uses each film has."""
        return self._source.array("uses")

    @cached_property
    def scenes(self) -> Array:
        """How many scenes show them."""
        return self._source.array("scenes")


def open_listing(store: Store, arrays: GraphArrays) -> Listing:
    """Return the listing of a store's films: kept beside it, else read anew."""
    return Listing(open_source(store, _FILE, lambda: _build(store, arrays)))


def _build(store: Store, arrays: GraphArrays) -> Columns:
    place_of = {
        (text if text.startswith("_:") else f"<{text}>").encode(): place for place, text in enumerate(arrays.films)
    }
    titles, years, uses = _Titles(place_of), _Years(place_of, arrays.years), _Uses(place_of)
    # Two at a time are read, as for the arrays: first what takes longest.
    scan_all(store, Scan(FG + "scene", uses.take_scene), Scan(FG + "film", uses.take_film))
    scan_all(store, Scan(SCHEMA + "name", titles.take), Scan(FG + "technique", uses.take_technique))
    scan_all(store, Scan(FG + "releaseYear", years.take))
    columns: Columns = {}
    texts = titles.texts
    put_texts(columns, "titles", (text.encode() for text in texts))
    known = sorted({text for text, count in zip(texts, titles.count.tolist(), strict=True) if count})
    rank = {text: place for place, text in enumerate(known)}
    size = len(place_of)
    columns["rank"] = np.fromiter(
        (rank[text] if count else -1 for text, count in zip(texts, titles.count.tolist(), strict=True)), "<i4", size
    )
    columns["listed"] = (titles.count > 0) & (years.count > 0)
    columns["plain"] = (titles.count == 1) & titles.is_bare & (years.count == 1) & years.is_bare
    uses.put(columns, size, arrays.named_uses, arrays.uses)
    return columns


class _Titles:
    def __init__(self, place_of: dict[bytes, int]) -> None:
        self._place_of = place_of
        self.texts = [""] * len(place_of)
        self.count = np.zeros(len(place_of), np.int32)
        self.is_bare = np.ones(len(place_of), "?")

    def take(self, film: bytes, form: bytes) -> None:
        place = self._place_of.get(film)
        if place is None:
            return
        text = text_of(form)
        if not self.count[place] or text < self.texts[place]:
            self.texts[place] = text
        self.count[place] += 1
        if form[:1] != b'"' or form[-1:] != b'"':
            self.is_bare[place] = False


class _Years:
    def __init__(self, place_of: dict[bytes, int], years: Array) -> None:
        self._place_of = place_of
        self._years = years
        self.count = np.zeros(len(place_of), np.int32)
        self.is_bare = np.ones(len(place_of), "?")

    def take(self, film: bytes, form: bytes) -> None:
        place = self._place_of.get(film)
        if place is not None:
            self.count[place] += 1
            self.is_bare[place] = form == b"%d" % self._years[place]


class _Uses:
    """Pairs of a use and its film, its techniques, its scenes."""

    def __init__(self, place_of: dict[bytes, int]) -> None:
        self._place_of = place_of
        self._uses, self._scenes = Numbers(), Numbers()
        # Numbers alone, use after use: a tuple for each would take several times as much.
        self._film, self._technique, self._scene = array("q"), array("q"), array("q")

    def take_film(self, use: bytes, film: bytes) -> None:
        place = self._place_of.get(film)
        if place is not None:
            self._film.extend((self._uses(use), place))

    def take_technique(self, use: bytes, _: bytes) -> None:
        self._technique.append(self._uses(use))

    def take_scene(self, use: bytes, scene: bytes) -> None:
        self._scene.extend((self._uses(use), self._scenes(scene)))

    def put(self, columns: Columns, films: int, named: Array, used: Csr) -> None:
        """Put among some columns how many uses and scenes each film has, and whether its uses are plain."""
        count = len(self._uses)
        use, film = np.frombuffer(self._film, np.int64).reshape(-1, 2).T
        techniques = np.bincount(np.frombuffer(self._technique, np.int64), minlength=count)
        kept = techniques[use] > 0
        use, film = use[kept], film[kept]
        columns["uses"] = np.bincount(film, minlength=films).astype("<i4")
        of_use = Csr.of_pairs(use, film, (count, films))
        # A film is odd if a use of it has another film or technique, or no IRI, or if two uses are of one technique.
        odd = (techniques[use] != 1) | (of_use.counts[use] != 1)
        plain = (columns["uses"] == used.counts) & (np.bincount(film[odd], minlength=films) == 0)
        plain &= np.bincount(used.rows()[~named], minlength=films) == 0
        columns["plain_uses"] = plain
        shown, scene = np.frombuffer(self._scene, np.int64).reshape(-1, 2).T
        joined = of_use.taken(shown)
        size = max(len(self._scenes), 1)
        pairs = np.unique(joined.indices.astype(np.int64) * size + np.repeat(scene, joined.counts))
        columns["scenes"] = np.bincount(pairs // size, minlength=films).astype("<i4")
