"""Stores on this machine, both on pyoxigraph: in memory, and on disk."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pyoxigraph as ox

from filmgraph.errors import DataError, QueryError, ReadOnlyStoreError, StoreError, StoreLockedError
from filmgraph.rows import Rows

__all__ = ["DiskStore", "LocalStore", "MemoryStore", "open_read_only"]

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
            del solutions  # which only this thread may drop, and the error's frames would keep
            raise QueryError("is no SELECT query")
        columns = tuple(variable.value for variable in solutions.variables)
        return Rows(columns, self._drain(tuple(solution) for solution in solutions))

    def ask(self, query: str) -> bool:
        """Run an ASK query."""
        answer = self._run(query)
        if not isinstance(answer, ox.QueryBoolean):
            del answer
            raise QueryError("is no ASK query")
        return bool(answer)

    def construct(self, query: str) -> list[ox.Triple]:
        """Run a CONSTRUCT or DESCRIBE query."""
        triples = self._run(query)
        if not isinstance(triples, ox.QueryTriples):
            del triples
            raise QueryError("is no CONSTRUCT or DESCRIBE query")
        return self._drain(triples)

    def describe(self, resource: str) -> list[ox.Triple]:
        """Return the triples whose subject is a resource, given by its IRI."""
        found = self.oxigraph.quads_for_pattern(_node(resource), None, None, ox.DefaultGraph())
        return self._drain(quad.triple for quad in found)

    def has_graph(self, graph: str) -> bool:
        """Whether the store holds a named graph of this IRI."""
        return self.oxigraph.contains_named_graph(_node(graph))

    def update(self, update: str) -> None:
        """Run a SPARQL update as one transaction."""
        self._check_writable()
        try:
            self.oxigraph.update(update)
        except (SyntaxError, ValueError) as error:
            raise _query_error(error) from error
        except (OSError, RuntimeError) as error:
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
        except (OSError, RuntimeError) as error:
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
        except (SyntaxError, ValueError) as error:
            raise _query_error(error) from error
        except (OSError, RuntimeError) as error:
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


def open_read_only(folder: Path) -> ox.Store:
    """Return the pyoxigraph store in a folder, opened for reading; raises what pyoxigraph does."""
    with _on_one_core():
        return ox.Store.read_only(str(folder))


@contextmanager
def _on_one_core() -> Iterator[None]:
    """Keep to one core for a moment, where the system lets a program do so.

    RocksDB opens a store with some 180 threads that have next to nothing to do. Spread over cores that other
    programs use they wait for each other, which takes up to ten times as long as on one core.
    """
    if sys.platform != "linux":
        yield
        return
    allowed = sorted(os.sched_getaffinity(0))
    with suppress(OSError):
        os.sched_setaffinity(0, {allowed[os.getpid() % len(allowed)]})
    try:
        yield
    finally:
        with suppress(OSError):
            os.sched_setaffinity(0, allowed)


def _open(path: Path, writable: bool) -> ox.Store:
    try:
        is_store = DiskStore.is_store(path)
        if not writable and not is_store:
            raise StoreError(f"{path}: there is no store here; filmgraph load FILE … --into {path} makes one")
        if writable and not is_store and path.exists() and (not path.is_dir() or any(path.iterdir())):
            raise StoreError(f"{path}: is no store and not an empty folder, so nothing is written into it")
        if writable:
            path.mkdir(parents=True, exist_ok=True)
        return ox.Store(str(path)) if writable else open_read_only(path)
    except (OSError, ValueError, RuntimeError) as error:
        if re.search(r"while lock file|lock hold by", str(error), re.IGNORECASE):
            raise StoreLockedError(
                f"{path}: another process is writing to this store; try again when it ends"
            ) from error
        raise StoreError(f"{path}: cannot be opened: {error}") from error


def _node(iri: str) -> ox.NamedNode:
    try:
        return ox.NamedNode(iri)
    except ValueError as error:
        raise QueryError(f"{iri[:80]!r} is no absolute IRI") from error


def _query_error(error: SyntaxError | ValueError) -> QueryError:
    message = str(error.args[0]) if error.args else str(error)
    return QueryError(f"not understood: {message}")
