"""Reading all triples of one predicate from a store, quickly, and numbering the terms that stand in them.

Terms are kept as they are written in SPARQL's tab-separated results (``<IRI>``, ``_:b``, a literal): so a text is never
taken for the IRI that it spells, and what is read twice is one number. A local store writes these lines itself, which
is the least that can be done for each triple; joining is done with numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from queue import Full, Queue
from threading import Event, Thread
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pyoxigraph as ox

from filmgraph.errors import StoreError
from filmgraph.rows import plain
from filmgraph.stores import DiskStore, MemoryStore

if TYPE_CHECKING:
    from filmgraph.stores import Store

__all__ = ["Numbers", "Scan", "Take", "is_iri_form", "scan_all", "text_of"]

Take = Callable[[bytes, bytes], object]
"""What is done with the subject and the object of a triple, both as they are written."""


@dataclass(frozen=True)
class Scan:
    """A predicate to be read, and what is done with each of its triples; with ``value`` those with one object."""

    predicate: str
    take: Take
    value: str = ""

    @property
    def query(self) -> str:
        """The question that reads it."""
        if self.value:
            return f"SELECT ?s WHERE {{ ?s <{self.predicate}> <{self.value}> }}"
        return f"SELECT ?s ?o WHERE {{ ?s <{self.predicate}> ?o }}"


def scan_all(store: Store, *scans: Scan) -> None:
    """Give the subject and the object of each triple of some predicates, in any order, in this very thread.

    On a disk store two predicates are read at once, each in a thread of its own: what takes long is to look up the
    texts of terms, for which the engine lets go of Python.
    """
    if isinstance(store, DiskStore) and len(scans) > 1:
        _together(store, scans)
        return
    for each in scans:
        if isinstance(store, DiskStore | MemoryStore):
            with _engine_errors(store):
                _run(store, each, _Lines(each.take))
            continue
        for row in store.select(each.query).terms:
            each.take(_form(row[0]), b"" if each.value else _form(row[1]))


@contextmanager
def _engine_errors(store: Store) -> Iterator[None]:
    try:
        yield
    except (OSError, RuntimeError) as error:
        raise StoreError(f"{store.name}: {error}") from error


def _run(store: DiskStore | MemoryStore, scan: Scan, stream: Any) -> None:
    answer = store.oxigraph.query(scan.query)
    assert isinstance(answer, ox.QuerySolutions)
    answer.serialize(stream, ox.QueryResultsFormat.TSV)


_AT_ONCE = 2
_BLOCKS = 32
_BLOCK = 1 << 16


def _together(store: DiskStore, scans: Sequence[Scan]) -> None:
    """Run scans in a few threads, and take what they write here."""
    waiting = list(enumerate(scans))
    written: Queue[tuple[int, bytes | BaseException | None]] = Queue(_BLOCKS)
    stopped = Event()

    def work() -> None:
        while not stopped.is_set():
            try:
                number, scan = waiting.pop(0)
            except IndexError:
                break
            try:
                stream = _Blocks(number, written, stopped)
                _run(store, scan, stream)
                stream.send()
            except BaseException as error:  # It is raised again where the answer is waited for.
                _put(written, (number, error), stopped)
                return
        _put(written, (-1, None), stopped)

    lines = [_Lines(scan.take) for scan in scans]
    threads = [Thread(target=work, daemon=True, name="filmgraph-scan") for _ in range(min(_AT_ONCE, len(scans)))]
    for thread in threads:
        thread.start()
    try:
        left = len(threads)
        while left:
            number, block = written.get()
            if isinstance(block, BaseException):
                with _engine_errors(store):
                    raise block
            if block is None:
                left -= 1
            else:
                lines[number].write(block)
    finally:
        stopped.set()
        for thread in threads:
            thread.join()


class _Blocks:
    """A stream that hands on what is written in larger blocks."""

    def __init__(self, number: int, written: Queue[Any], stopped: Event) -> None:
        self._number = number
        self._written = written
        self._stopped = stopped
        self._parts: list[bytes] = []
        self._size = 0

    def write(self, block: bytes) -> int:
        """Keep a block until there is enough to hand on."""
        self._parts.append(bytes(block))
        self._size += len(block)
        if self._size >= _BLOCK:
            self.send()
        return len(block)

    def send(self) -> None:
        """Hand on what there is; raises OSError where nobody takes it any more."""
        if not _put(self._written, (self._number, b"".join(self._parts)), self._stopped):
            raise OSError("nobody reads on")
        self._parts.clear()
        self._size = 0

    def flush(self) -> None:
        """Do nothing: the end is handed on when the scan has ended."""


def _put(written: Queue[Any], what: Any, stopped: Event) -> bool:
    """Hand something on, waiting for room; return whether anybody was there to take it."""
    while not stopped.is_set():
        with suppress(Full):
            written.put(what, timeout=0.1)
            return True
    return False


class _Lines:
    """A stream that takes the lines of tab-separated results apart as they are written."""

    def __init__(self, take: Take) -> None:
        self._take = take
        self._left = b""
        self._named = False

    def write(self, block: bytes) -> int:
        """Take the whole lines of a block, and keep what is left over."""
        lines = (self._left + block).split(b"\n")
        self._left = lines.pop()
        if not self._named and lines:
            del lines[0]
            self._named = True
        take = self._take
        for line in lines:
            subject, _, value = line.partition(b"\t")
            take(subject, value)
        return len(block)

    def flush(self) -> None:
        """Do nothing: a line that has not ended is not one."""


def _form(term: object) -> bytes:
    return str(term).encode()


def is_iri_form(form: bytes) -> bool:
    """Whether a term as it is written is an IRI."""
    return form[:1] == b"<" and form[:2] != b"<<"


def text_of(form: bytes) -> str:
    """Return what a term is as plain text: an IRI, the words or the number of a literal.

    >>> text_of(b"<urn:a>"), text_of(b'"two\\\\twords"@en'), text_of(b"2013"), text_of(b"_:b")
    ('urn:a', 'two\\twords', '2013', '_:b')
    """
    if is_iri_form(form):
        return form[1:-1].decode()
    if form.startswith(b"_:"):
        return form.decode()
    text, _, kind = form.rpartition(b'"')
    if text and b"\\" not in text and kind[:1] in b"@":
        return text[1:].decode()
    results = ox.parse_query_results(b"?x\n" + form + b"\n", ox.QueryResultsFormat.TSV)
    assert isinstance(results, ox.QuerySolutions)
    return str(plain(next(iter(results))[0]))


class Numbers:
    """Terms numbered in the order in which they first come."""

    def __init__(self) -> None:
        self.of: dict[bytes, int] = {}

    def __call__(self, form: bytes) -> int:
        """Return the number of a term."""
        of = self.of
        return of.setdefault(form, len(of))

    def __len__(self) -> int:
        return len(self.of)

    def in_order(self, more: Iterable[str] = ()) -> tuple[list[bytes], npt.NDArray[np.int64]]:
        """Return the texts of all terms as UTF-8, sorted, each once, and for each number its place among them."""
        texts = [text_of(form).encode() for form in self.of]
        ordered = sorted({*texts, *(text.encode() for text in more)})
        place = {text: at for at, text in enumerate(ordered)}
        return ordered, np.fromiter((place[text] for text in texts), np.int64, len(texts))
