"""Which engine answers: what is read from a store once, by the kind of store it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from filmgraph.arrays import FilmTechniqueArrays
    from filmgraph.paths import PathIndex
    from filmgraph.similarity import SimilarityIndex
    from filmgraph.stores import Store

__all__ = ["arrays_of", "path_index_of", "similarity_of"]


def arrays_of(store: Store) -> FilmTechniqueArrays:
    """Return the films × techniques of a store."""
    from filmgraph.arrays import FilmTechniqueArrays

    return FilmTechniqueArrays.of_store(store)


def similarity_of(arrays: FilmTechniqueArrays) -> SimilarityIndex:
    """Return the index of likeness over some arrays."""
    from filmgraph.similarity import SimilarityIndex

    return SimilarityIndex(arrays)


def path_index_of(store: Store) -> PathIndex:
    """Return the index of paths of a store."""
    from filmgraph.paths import PathIndex

    return PathIndex(store)
