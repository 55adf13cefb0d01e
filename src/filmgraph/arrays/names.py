"""Who bears which name, kept beside the store: so that a film is found by its title without reading all titles."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from filmgraph.arrays.building import Columns, put_csr, put_texts
from filmgraph.arrays.csr import Csr
from filmgraph.arrays.keeping import Source, open_source
from filmgraph.arrays.scanning import Numbers, Scan, is_iri_form, scan_all, text_of
from filmgraph.arrays.strings import Strings
from filmgraph.namespaces import RDF

if TYPE_CHECKING:
    from filmgraph.stores import Store

__all__ = ["NameArrays", "open_names"]

_FILE = "names-1.bin"


class NameArrays:
    """Folded labels in sorted order, each with the resources that bear it."""

    def __init__(self, source: Source, classes: Sequence[str]) -> None:
        self._classes = tuple(classes)
        self._labels = Strings(source.text("labels.text"), source.array("labels.ends"))
        self._resources = Strings(source.text("resources.text"), source.array("resources.ends"))
        shape = len(self._labels), len(self._resources)
        self._bearers = Csr(
            source.array("bearers.indptr"), source.array("bearers.indices"), source.array("bearers.data"), shape
        )
        self._types = source.array("types")

    def bearing(self, folded: str, classes: Sequence[str]) -> list[tuple[int, str]]:
        """Return who bears a folded label, of those that are of one of some classes, each with the label's rank."""
        place = self._labels.find(folded)
        if place is None:
            return []
        wanted = sum(1 << at for at, name in enumerate(self._classes) if name in classes)
        rows, ranks = self._bearers.row(place), self._bearers.values(place)
        kept = (self._types[rows] & wanted) > 0
        return list(zip(ranks[kept].tolist(), self._resources.many(rows[kept].tolist()), strict=True))


def open_names(
    store: Store, *, fold: Callable[[str], str], ranks: Mapping[str, int], classes: Sequence[str]
) -> NameArrays:
    """Return who bears which name in a store: kept beside it, else read anew.

    ``ranks`` holds the properties that name a resource, each with its rank, ``classes`` what may bear a name; at most
    31 of them.
    """
    return NameArrays(open_source(store, _FILE, lambda: _build(store, fold, ranks, classes)), classes)


def _build(store: Store, fold: Callable[[str], str], ranks: Mapping[str, int], classes: Sequence[str]) -> Columns:
    resources, labels = Numbers(), Numbers()
    types: dict[int, int] = {}
    best: dict[tuple[int, int], int] = {}

    def typed(bit: int) -> Callable[[bytes, bytes], None]:
        def take(resource: bytes, _: bytes) -> None:
            if is_iri_form(resource):
                place = resources(resource)
                types[place] = types.get(place, 0) | bit

        return take

    def named(rank: int) -> Callable[[bytes, bytes], None]:
        def take(resource: bytes, label: bytes) -> None:
            place = resources.of.get(resource)
            if place is not None:
                pair = labels(fold(text_of(label)).encode()), place
                best[pair] = min(rank, best.get(pair, rank))

        return take

    scan_all(store, *(Scan(RDF + "type", typed(1 << at), name) for at, name in enumerate(classes)))
    scan_all(store, *(Scan(predicate, named(rank)) for predicate, rank in ranks.items()))
    resource_texts, resource_place = resources.in_order()
    label_texts = sorted(labels.of)
    label_place = np.zeros(len(label_texts), np.int64)
    label_place[[labels.of[text] for text in label_texts]] = np.arange(len(label_texts))
    pairs = np.array(list(best), np.int64).reshape(-1, 2)
    bearers = Csr.of_pairs(
        label_place[pairs[:, 0]],
        resource_place[pairs[:, 1]],
        (len(label_texts), len(resource_texts)),
        np.array(list(best.values()), "u1"),
    )
    columns: Columns = {"types": np.zeros(len(resource_texts), "<i4")}
    columns["types"][resource_place[list(types)]] = list(types.values())
    put_texts(columns, "labels", label_texts)
    put_texts(columns, "resources", resource_texts)
    put_csr(columns, "bearers", bearers)
    return columns
