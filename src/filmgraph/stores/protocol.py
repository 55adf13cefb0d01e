"""What every store can do."""

from __future__ import annotations

import os
from typing import Protocol, runtime_checkable

import pyoxigraph as ox

from filmgraph.rows import Rows

__all__ = ["Store"]


@runtime_checkable
class Store(Protocol):
    """A set of triples that answers SPARQL.

    Queries are taken as they are: the guard stands before them, not here. All methods raise
    :class:`~filmgraph.errors.StoreError` or :class:`~filmgraph.errors.QueryError`.
    """

    @property
    def name(self) -> str:
        """What people know the store by: a path or a URL."""
        ...

    @property
    def writable(self) -> bool:
        """Whether :meth:`update` and :meth:`load` may be called."""
        ...

    def select(self, query: str, *, most: int | None = None) -> Rows:
        """Run a SELECT query; read no more than ``most`` rows, where that is given."""
        ...

    def ask(self, query: str) -> bool:
        """Run an ASK query."""
        ...

    def construct(self, query: str) -> list[ox.Triple]:
        """Run a CONSTRUCT or DESCRIBE query."""
        ...

    def describe(self, resource: str) -> list[ox.Triple]:
        """Return the triples whose subject is a resource, given by its IRI."""
        ...

    def has_graph(self, graph: str) -> bool:
        """Whether the store holds a named graph of this IRI."""
        ...

    def update(self, update: str) -> None:
        """Run a SPARQL update as one transaction."""
        ...

    def load(self, file: str | os.PathLike[str]) -> int:
        """Load an RDF file as one transaction, all of it or none; return how many triples are new.

        All of its statements go into the default graph: the names of graphs are dropped.
        """
        ...

    def close(self) -> None:
        """Let go of what the store holds; it must not be used afterwards."""
        ...
