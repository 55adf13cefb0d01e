"""Stores on this machine, both on pyoxigraph: in memory, and on disk."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pyoxigraph as ox

from filmgraph.errors import DataError, QueryError, ReadOnlyStoreError, StoreError, StoreLockedError
from filmgraph.rows import Rows

__all__ = ["DiskStore", "LocalStore", "MemoryStore"]

_MARK_OF_A_STORE = "CURRENT"


class LocalStore:
    """A pyoxigraph store and its name; the common part of memory and disk."""

    def __init__(self, store: ox.Store, *, name: str, writable: bool) -> None:
        self._store: ox.Store | None = store
        self.name = name
        self.writable = writable

    @property
    def oxigraph(self) -> ox.Store:
        """The pyoxigraph store beneath; raises :class:`~filmgraph.errors.StoreError` once closed."""
        if self._store is None:
            raise StoreError(f"{self.name}: the store is closed")
        return self._store

    def select(self, query: str) -> Rows:
        """Run a SELECT query."""
        solutions = self._run(query)
        if not isinstance(solutions, ox.QuerySolutions):
            raise QueryError("is no SELECT query")
        columns = tuple(variable.value for variable in solutions.variables)
        return Rows(columns, self._drain(tuple(solution) for solution in solutions))

    def ask(self, query: str) -> bool:
        """Run an ASK query."""
        answer = self._run(query)
        if not isinstance(answer, ox.QueryBoolean):
            raise QueryError("is no ASK query")
        return bool(answer)

    def construct(self, query: str) -> list[ox.Triple]:
        """Run a CONSTRUCT or DESCRIBE query."""
        triples = self._run(query)
        if not isinstance(triples, ox.QueryTriples):
            raise QueryError("is no CONSTRUCT or DESCRIBE query")
        return self._drain(triples)

    def describe(self, resource: str) -> list[ox.Triple]:
        """Return the triples whose subject is a resource, given by its IRI."""
        return [
            quad.triple
            for quad in self.oxigraph.quads_for_pattern(ox.NamedNode(resource), None, None, ox.DefaultGraph())
        ]

    def has_graph(self, graph: str) -> bool:
        """Whether the store holds a named graph of this IRI."""
        return self.oxigraph.contains_named_graph(ox.NamedNode(graph))

    def update(self, update: str) -> None:
        """Run a SPARQL update as one transaction."""
        self._check_writable()
        try:
            self.oxigraph.update(update)
        except SyntaxError as error:
            raise _query_error(error) from error
        except OSError as error:
            raise StoreError(f"{self.name}: {error}") from error

    def load(self, file: str | os.PathLike[str]) -> int:
        """Load an RDF file as one transaction, all of it or none; return how many triples are new."""
        self._check_writable()
        before = len(self.oxigraph)
        self._load(file)
        return len(self.oxigraph) - before

    def _load(self, file: str | os.PathLike[str]) -> None:
        """Load a file without counting, which takes as long as the store is large."""
        from filmgraph.readers import read_rdf

        text = read_rdf(file)
        try:
            if text.trusted:
                self.oxigraph.load(text.content, text.format)
            else:
                self.oxigraph.extend(text.quads())
        except (SyntaxError, ValueError, MemoryError) as error:
            raise DataError.of_parser(error, text.name) from error
        except OSError as error:
            raise StoreError(f"{self.name}: {error}") from error

    def close(self) -> None:
        """Let go of the store; it must not be used afterwards."""
        self._store = None

    def __len__(self) -> int:
        return len(self.oxigraph)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _check_writable(self) -> None:
        if not self.writable:
            raise ReadOnlyStoreError(f"{self.name}: opened for reading only")

    def _run(self, query: str) -> Any:
        try:
            return self.oxigraph.query(query)
        except SyntaxError as error:
            raise _query_error(error) from error
        except OSError as error:
            raise StoreError(f"{self.name}: {error}") from error

    def _drain(self, answer: Iterable[Any]) -> list[Any]:
        try:
            return list(answer)
        except (OSError, RuntimeError) as error:
            raise StoreError(f"{self.name}: {error}") from error


class MemoryStore(LocalStore):
    """A store in memory.

    >>> with MemoryStore() as store:
    ...     store.update('INSERT DATA { <http://example.org/s> <http://example.org/p> 1 }')
    ...     store.ask('ASK { ?s ?p 1 }'), len(store)
    (True, 1)
    """

    def __init__(self, *, name: str = "memory") -> None:
        super().__init__(ox.Store(), name=name, writable=True)

    @classmethod
    def of_files(cls, files: Iterable[str | os.PathLike[str]], *, name: str = "memory") -> MemoryStore:
        """Return a store in memory with the triples of several files."""
        store = cls(name=name)
        for file in files:
            store._load(file)
        return store


class DiskStore(LocalStore):
    """A store on disk, opened for reading, or with ``writable`` for writing (then made where there is none).

    Many processes may read a store at once, and one may write.

    Raises :class:`~filmgraph.errors.StoreLockedError` where another process holds the store for writing, and
    :class:`~filmgraph.errors.StoreError` where there is no store.
    """

    def __init__(self, folder: str | os.PathLike[str], *, writable: bool = False) -> None:
        path = Path(folder)
        super().__init__(_open(path, writable), name=str(path), writable=writable)

    @staticmethod
    def is_store(folder: str | os.PathLike[str]) -> bool:
        """Whether a folder holds a disk store."""
        return (Path(folder) / _MARK_OF_A_STORE).is_file()


def _open(path: Path, writable: bool) -> ox.Store:
    is_store = DiskStore.is_store(path)
    if not writable and not is_store:
        raise StoreError(f"{path}: there is no store here; filmgraph load FILE … --into {path} makes one")
    if writable and not is_store and path.exists() and (not path.is_dir() or any(path.iterdir())):
        raise StoreError(f"{path}: is no store and not an empty folder, so nothing is written into it")
    try:
        return ox.Store(str(path)) if writable else ox.Store.read_only(str(path))
    except (OSError, ValueError) as error:
        if "lock" in str(error).lower():
            raise StoreLockedError(
                f"{path}: another process is writing to this store; try again when it ends"
            ) from error
        raise StoreError(f"{path}: cannot be opened: {error}") from error


def _query_error(error: SyntaxError) -> QueryError:
    message = str(error.args[0]) if error.args else str(error)
    return QueryError(f"not understood: {message}")
