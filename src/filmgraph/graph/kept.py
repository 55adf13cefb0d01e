"""What a film graph reads once, when it is first needed, and keeps."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from filmgraph import queries, stores
from filmgraph.graph import engines
from filmgraph.workspace import Workspace

if TYPE_CHECKING:
    from filmgraph.arrays import FilmTechniqueArrays, GraphArrays
    from filmgraph.arrays.remote import RemoteCraft
    from filmgraph.lookup import SearchIndex
    from filmgraph.lookup.resolving import BearingOf
    from filmgraph.pages import Atlas, Catalogue, Known, Memory, Vocabulary
    from filmgraph.paths import PathIndex
    from filmgraph.queries import QueryLibrary
    from filmgraph.reception import Reception
    from filmgraph.recommend import Recommender
    from filmgraph.similarity import Similarity
    from filmgraph.stores import Store

__all__ = ["KeptParts"]


class KeptParts:
    """A store, its workspace, and the parts of the graph that are made of them once and kept."""

    def __init__(self, store: Store, *, workspace: Workspace | None = None) -> None:
        self.store = store
        self.workspace = workspace or Workspace.find()

    @cached_property
    def library(self) -> QueryLibrary:
        """The query library."""
        return queries.QueryLibrary(self.workspace.queries)

    @cached_property
    def kept_arrays(self) -> GraphArrays:
        """The graph as arrays, kept beside a disk store."""
        return engines.arrays_of(self.store)

    @property
    def _of_a_large_store(self) -> GraphArrays | None:
        """The arrays, where reading or counting anew what is in them takes long; small stores are asked."""
        is_large = isinstance(self.store, stores.LocalStore) and stores.size_of(self.store) >= stores.LARGE
        return self.kept_arrays if is_large else None

    @cached_property
    def remote_craft(self) -> RemoteCraft | None:
        """What an endpoint counts of its craft, None for a store of this machine."""
        return engines.remote_craft_of(self.store)

    @property
    def arrays(self) -> FilmTechniqueArrays:
        """Films × techniques with weights."""
        return self.kept_arrays.craft

    @cached_property
    def similarity(self) -> Similarity:
        """What answers which films are alike."""
        return engines.similarity_of(self.store, lambda: self.kept_arrays, self.remote_craft)

    @cached_property
    def catalogue(self) -> Catalogue:
        """All films, to be chosen from by facets."""
        from filmgraph.pages import Catalogue

        return Catalogue.of_store(self.store, arrays=self.arrays, kept=self._of_a_large_store)

    @cached_property
    def vocabulary(self) -> Vocabulary:
        """The encyclopedia of techniques."""
        from filmgraph.pages import Vocabulary

        return Vocabulary.of_store(self.store, arrays=self.arrays, kept=self._of_a_large_store)

    @cached_property
    def search_index(self) -> SearchIndex:
        """The index of all names, for search and for suggestions while somebody types."""
        from filmgraph.lookup import SearchIndex

        return SearchIndex(self.store)

    @cached_property
    def path_index(self) -> PathIndex:
        """The index of paths."""
        return engines.path_index_of(self.store, lambda: self.kept_arrays, self.remote_craft)

    @cached_property
    def recommender(self) -> Recommender:
        """The recommender."""
        from filmgraph.recommend import Recommender

        return Recommender(self.similarity, self.path_index, lambda: self.kept_arrays)

    @cached_property
    def atlas(self) -> Atlas:
        """The map of films by the craft they share."""
        from filmgraph.pages import Atlas
        from filmgraph.similarity import SimilarityIndex

        return Atlas.of_store(self.store, SimilarityIndex(self.arrays))

    @cached_property
    def reception(self) -> Reception:
        """What critics make of films: agreement, contested craft, what a critic values, and more."""
        from filmgraph.reception import Reception

        return Reception(self.store, self.kept_arrays)

    @cached_property
    def _bearing(self) -> BearingOf | None:
        """Who bears a name, where it is known without reading them all."""
        return engines.bearing_of(self.store)

    @cached_property
    def _page_memory(self) -> Memory | None:
        """What pages have read for the next page, on a store that nobody changes while it is open."""
        from filmgraph.pages import Memory
        from filmgraph.stores import LocalStore

        return Memory() if isinstance(self.store, LocalStore) and not self.store.writable else None

    def prepare(self) -> None:
        """Read all that is read once, so that nobody waits for it later: what a server does before it answers."""
        for name in _KEPT:
            getattr(self, name)

    def _known(self) -> Known:
        from filmgraph.pages import Known

        index: SearchIndex | None = self._kept("search_index")
        return Known(index.names if index else {}, self._kept("vocabulary"), self._page_memory)

    def _kept(self, name: str) -> Any:
        """Return what was read once and is kept, None where it was not asked for yet: one page does not wait for it."""
        return self.__dict__.get(name)

    def _forget(self) -> None:
        for name in _KEPT:
            self.__dict__.pop(name, None)


_KEPT = tuple(
    name for name, value in vars(KeptParts).items() if isinstance(value, cached_property) and name != "library"
)
