"""Which engine answers: what is read from a store once, by the kind of store it is."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from filmgraph.arrays import GraphArrays, NameArrays
    from filmgraph.arrays.remote import RemoteCraft
    from filmgraph.lookup.resolving import BearingOf
    from filmgraph.paths import PathIndex
    from filmgraph.similarity import Similarity
    from filmgraph.stores import Store

__all__ = ["arrays_of", "bearing_of", "path_index_of", "remote_craft_of", "similarity_of"]

Arrays = Callable[[], "GraphArrays"]
"""Gives the arrays of a graph; whoever does not call it, does not have them read."""


def arrays_of(store: Store) -> GraphArrays:
    """Return the arrays of a store: those kept beside it, else read from it."""
    from filmgraph.arrays import open_arrays

    return open_arrays(store)


def bearing_of(store: Store) -> BearingOf | None:
    """Return what says who bears a name, from what is kept beside a disk store; None for other stores.

    Other stores are small, or are asked for all names at once.
    """
    from filmgraph.stores import DiskStore

    if not isinstance(store, DiskStore):
        return None
    from filmgraph.lookup.labels import classes_of

    @cache
    def names() -> NameArrays:
        from filmgraph.arrays import open_names
        from filmgraph.lookup import folded_text
        from filmgraph.lookup.names import LABELS
        from filmgraph.namespaces import KINDS

        ranks = {predicate[1:-1]: max(0, place - 1) for place, predicate in enumerate(LABELS)}
        return open_names(store, fold=folded_text, ranks=ranks, classes=classes_of(KINDS))

    return lambda folded, kinds: names().bearing(folded, classes_of(kinds))


def remote_craft_of(store: Store) -> RemoteCraft | None:
    """Return the counts of an endpoint's craft, which likeness and paths share; None for a store of this machine."""
    from filmgraph.stores import LocalStore

    if isinstance(store, LocalStore):
        return None
    from filmgraph.arrays.remote import RemoteCraft
    from filmgraph.stores import RemoteStore

    return RemoteCraft(store) if isinstance(store, RemoteStore) else None


def similarity_of(store: Store, arrays: Arrays, craft: RemoteCraft | None = None) -> Similarity:
    """Return what answers which films of a store are alike: arrays, or an endpoint itself, of which ``craft`` is."""
    if craft is not None:
        from filmgraph.similarity.remote import RemoteSimilarity

        return RemoteSimilarity(store, craft=craft, arrays=lambda: arrays().craft)
    from filmgraph.similarity import SimilarityIndex

    return SimilarityIndex(arrays().craft)


def path_index_of(store: Store, arrays: Arrays, craft: RemoteCraft | None = None) -> PathIndex:
    """Return the index of paths of a store, over its arrays, or for an endpoint over what is asked of it."""
    if craft is not None:
        from filmgraph.paths import PathIndex
        from filmgraph.paths.remote import RemoteLinks

        return PathIndex(RemoteLinks(store, craft=craft), store)
    from filmgraph.paths import ArrayLinks, PathIndex

    return PathIndex(ArrayLinks(arrays()), store)
