"""Stores on this machine, both on pyoxigraph: in memory, and on disk."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from weakref import WeakValueDictionary

import pyoxigraph as ox

from filmgraph.errors import DataError, QueryError, ReadOnlyStoreError, StoreError, StoreLockedError
from filmgraph.rows import Rows
from filmgraph.stores.cores import on_one_core
from filmgraph.stores.folder import (
    Hold,
    Note,
    Place,
    WriterLock,
    check_is_there,
    check_takes_a_store,
    current_place,
    is_store,
    new_generation,
    sweep,
    sweep_if_left,
    write_note,
)

__all__ = ["DiskStore", "LocalStore", "MemoryStore", "check_no_writer", "check_not_ours", "open_read_only"]

_LOCK = "LOCK"
_ATTEMPTS = 5
_ENGINE_ERRORS = (OSError, RuntimeError)


class LocalStore:
    """A pyoxigraph store and its name; the common part of memory and disk."""

    def __init__(self, store: ox.Store, *, name: str, writable: bool) -> None:
        self._store: ox.Store | None = store
        self.name = name
        self.writable = writable

    @property
    def derived(self) -> Path | None:
        """The folder for what is made of this store and kept beside it; None where there is none.

        It need not exist yet, and it may lie where nothing can be written.
        """
        return None

    @property
    def stamp(self) -> str:
        """What changes whenever the triples of a store on disk may have changed; empty for one in memory."""
        return ""

    @property
    def oxigraph(self) -> ox.Store:
        """The pyoxigraph store beneath; raises :class:`~filmgraph.errors.StoreError` once closed."""
        if self._store is None:
            raise StoreError(f"{self.name}: the store is closed")
        return self._store

    def select(self, query: str, *, most: int | None = None) -> Rows:
        """Run a SELECT query; look for no more than ``most`` rows, where that is given."""
        solutions = self._run(query)
        if not isinstance(solutions, ox.QuerySolutions):
            del solutions  # which only this thread may drop, and the error's frames would keep
            raise QueryError("is no SELECT query")
        columns = tuple(variable.value for variable in solutions.variables)
        return Rows(columns, self._drain(tuple(solution) for solution in islice(solutions, most)))

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
        node = _node(resource)
        try:
            found = self.oxigraph.quads_for_pattern(node, None, None, ox.DefaultGraph())
        except _ENGINE_ERRORS as error:
            raise self._failed(error) from error
        return self._drain(quad.triple for quad in found)

    def has_graph(self, graph: str) -> bool:
        """Whether the store holds a named graph of this IRI."""
        node = _node(graph)
        try:
            return self.oxigraph.contains_named_graph(node)
        except _ENGINE_ERRORS as error:
            raise self._failed(error) from error

    def update(self, update: str) -> None:
        """Run a SPARQL update as one transaction."""
        self._check_writable()
        try:
            self.oxigraph.update(update)
        except (SyntaxError, ValueError) as error:
            raise _query_error(error, update) from error
        except _ENGINE_ERRORS as error:
            raise self._failed(error) from error

    def load(self, file: str | os.PathLike[str]) -> int:
        """Load an RDF file as one transaction, all of it or none; return how many triples are new.

        All of its statements go into the one graph that is asked: the names of graphs are dropped.
        """
        self._check_writable()
        before = len(self)
        self._load(file)
        return len(self) - before

    def _load(self, file: str | os.PathLike[str]) -> None:
        """Load a file without counting, which takes as long as the store is large."""
        from filmgraph.readers import read_rdf

        text = read_rdf(file)
        try:
            if text.trusted and not text.format.supports_datasets:
                self.oxigraph.load(text.content, text.format)
            else:
                self.oxigraph.extend(text.quads())
        except (SyntaxError, ValueError, MemoryError) as error:
            raise DataError.of_parser(error, text.name) from error
        except _ENGINE_ERRORS as error:
            raise self._failed(error) from error

    def close(self) -> None:
        """Let go of the store; it must not be used afterwards."""
        self._store = None

    def __len__(self) -> int:
        try:
            return len(self.oxigraph)
        except _ENGINE_ERRORS as error:
            raise self._failed(error) from error

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
            raise _query_error(error, query) from error
        except _ENGINE_ERRORS as error:
            raise self._failed(error) from error

    def _drain(self, answer: Iterable[Any]) -> list[Any]:
        try:
            return list(answer)
        except _ENGINE_ERRORS as error:
            raise self._failed(error) from error

    def _failed(self, error: Exception) -> StoreError:
        return StoreError(f"{self.name}: {error}")


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

    Many processes may read a store at once, or one may write: a store that is being written cannot be opened, since
    the engine does not promise what a reader would see. Whoever comes to write is not kept out by readers, though;
    these see the store as they found it, and are to open it again.

    Raises :class:`~filmgraph.errors.StoreLockedError` where the store is open for writing, and
    :class:`~filmgraph.errors.StoreError` where there is no store.
    """

    def __init__(self, folder: str | os.PathLike[str], *, writable: bool = False) -> None:
        path = Path(folder)
        self._place: Place
        self._lock: Hold | WriterLock
        with _told(path):
            self._place, self._lock, stamp, store = _opened_to_write(path) if writable else _opened_to_read(path)
        self._stamp = stamp
        super().__init__(store, name=str(path), writable=writable)
        if writable:
            _WRITTEN[_identity(path)] = self

    @property
    def derived(self) -> Path:
        """The folder for what is made of this store and kept beside it."""
        return self._place.derived

    @property
    def opened(self) -> Path:
        """The folder of the engine's files: a bare store, which a later load leaves as it is while this is open."""
        return self._place.store

    @property
    def stamp(self) -> str:
        """What changes whenever the triples may have changed: for a reader the one that was when it opened them."""
        return self._place.stamp if self.writable else self._stamp

    def close(self) -> None:
        """Let go of the store; it must not be used afterwards.

        What was written goes from the engine's log into its tables first: whoever opens the store for reading would
        else go through the log each time, which takes longer than most questions.
        """
        if self._store is not None and self.writable:
            with suppress(*_ENGINE_ERRORS):  # Nothing is lost: the log has it.
                self._store.flush()
        super().close()
        self._lock.close()

    @staticmethod
    def is_store(folder: str | os.PathLike[str]) -> bool:
        """Whether a folder holds a disk store."""
        return is_store(Path(folder))


_WRITTEN: WeakValueDictionary[tuple[int, int], DiskStore] = WeakValueDictionary()
"""The stores that this process may be writing, by the identity of their folders."""


def open_read_only(folder: Path) -> ox.Store:
    """Return the pyoxigraph store in a folder, opened for reading; raises what pyoxigraph does."""
    with on_one_core():
        return ox.Store.read_only(str(folder))


@contextmanager
def _told(path: Path) -> Iterator[None]:
    """Tell in one line why a store cannot be opened."""
    try:
        yield
    except (OSError, ValueError, RuntimeError) as error:
        said = str(error).lower()
        if "while lock file" in said or "lock hold by" in said:
            raise _locked(path) from error
        raise StoreError(f"{path}: cannot be opened: {error}") from error


def _opened_to_read(path: Path) -> tuple[Place, Hold, str, ox.Store]:
    """Open the current generation of a folder, and hold it, so that a later writer leaves it there."""
    for _ in range(_ATTEMPTS):
        place = current_place(path)
        if place is None:
            raise StoreError(f"{path}: there is no store here; filmgraph load FILE … --into {path} makes one")
        check_not_ours(path)
        try:
            hold = Hold(place.root)
        except (BlockingIOError, FileNotFoundError):
            check_is_there(path)
            continue  # It was swept away just now: there is a newer one.
        try:
            if current_place(path) == place:
                check_no_writer(path, place.store)
                opened = place, hold, place.stamp, open_read_only(place.store)
                sweep_if_left(path, place)
                return opened
        except BaseException:
            hold.close()
            raise
        hold.close()
    raise StoreLockedError(f"{path}: another process goes on writing to this store; try again when it ends")


def _opened_to_write(path: Path) -> tuple[Place, WriterLock, str, ox.Store]:
    """Open the current generation of a folder to change it in place, or make a first one."""
    check_takes_a_store(path)
    if path.exists():
        check_not_ours(path)
    lock = WriterLock(path)
    try:
        sweep(path)
        place = current_place(path)
        if place is not None:
            return place, lock, "", ox.Store(str(place.store))
        place = new_generation(path)
        store = ox.Store(str(place.store))
        write_note(path, Note(place.generation))
        return place, lock, "", store
    except BaseException:
        lock.close(undo=not is_store(path))
        raise


def check_not_ours(path: Path) -> None:
    """Raise StoreLockedError where this very process has the store open for writing."""
    writer = _WRITTEN.get(_identity(path))
    if writer is not None and writer._store is not None:
        raise StoreLockedError(f"{path}: this process is writing to this store; close it there first")


def check_no_writer(path: Path, store: Path) -> None:
    """Raise StoreLockedError where another process has the engine's files in ``store`` open for writing.

    RocksDB does not look when it opens a store for reading. The lock is tried and let go at once. It must not be
    tried on a store that this process itself writes: to close the file would let go of the writer's lock, too.
    """
    try:
        import fcntl

        with open(store / _LOCK, "rb") as lock:  # noqa: PTH123
            fcntl.lockf(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except ImportError:
        return
    except OSError as error:
        if error.errno in (errno.EACCES, errno.EAGAIN) and error.filename is None:
            raise _locked(path) from error


def _locked(path: Path) -> StoreLockedError:
    return StoreLockedError(f"{path}: another process is writing to this store; try again when it ends")


def _identity(path: Path) -> tuple[int, int]:
    status = path.stat()
    return status.st_dev, status.st_ino


def _node(iri: str) -> ox.NamedNode:
    try:
        return ox.NamedNode(iri)
    except ValueError as error:
        raise QueryError(f"{iri[:80]!r} is no absolute IRI") from error


def _query_error(error: SyntaxError | ValueError, text: str) -> QueryError:
    from filmgraph.stores.complaints import query_error

    return query_error(error, text)
