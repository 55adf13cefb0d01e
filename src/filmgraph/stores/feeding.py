"""How one RDF file goes into the engine: every byte of it looked at first, and not much more slowly than without.

The engine's bulk loader parses N-Triples and Turtle itself, beside Python. It reads from a pipe into which flows what
was looked at; so the look, which takes a fraction of the time, runs on another core. Small files go in as transactions,
since each bulk load writes files of its own. Formats that name graphs, or need a parser's own eye, go through Python.
"""

from __future__ import annotations

import io
import os
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress

import pyoxigraph as ox

from filmgraph.errors import DataError
from filmgraph.readers.lines import without_graphs
from filmgraph.readers.looking import CHUNK, ChunkReader, Stream, quads_of

__all__ = ["Engine", "Moved", "feed"]

Engine = Callable[[], ox.Store]
"""Returns the store to feed.

It is asked for at each use: the frames of an error keep all that they name, and so would keep a store open.
"""

Moved = Callable[[str, int], None]
"""Called with the name of a file and how many of its bytes are through."""

SMALL = 2 * 1024**2
SMALL_PACKED = 64 * 1024
"""Up to which size, packed or not, a file goes in as a transaction, which holds all of it in memory."""
_BY_THE_ENGINE = (ox.RdfFormat.N_TRIPLES, ox.RdfFormat.TURTLE)
_PIPE_SIZE = 1024**2
"""What a pipe may hold, where the system lets it hold more than usual: the most that Linux grants to anybody."""


def feed(engine: Engine, stream: Stream, moved: Moved) -> None:
    """Put all triples of a file into a store, without promise for the store where this fails.

    Raises :class:`~filmgraph.errors.DataError` for what is wrong with the file, and OSError or RuntimeError for what
    is wrong with the store.
    """
    try:
        if stream.size <= (SMALL_PACKED if stream.packed else SMALL):
            _feed_small(engine, stream)
            moved(stream.name, stream.size)
        elif stream.format in _BY_THE_ENGINE or stream.format == ox.RdfFormat.N_QUADS:
            _feed_large(engine, stream, moved)
        else:
            engine().bulk_extend(quads_of(stream, _moving(stream, moved)))
    except (SyntaxError, ValueError, MemoryError) as error:
        raise _told(error, stream) from error


def _feed_small(engine: Engine, stream: Stream) -> None:
    content = list(stream)
    if stream.format in _BY_THE_ENGINE and not (stream.suspect and stream.format == ox.RdfFormat.TURTLE):
        engine().load(b"".join(content), stream.format)
    else:
        engine().extend(list(quads_of(stream, iter(content))))


def _feed_large(engine: Engine, stream: Stream, moved: Moved) -> None:
    chunks = _moving(stream, moved)
    form = stream.format
    if form == ox.RdfFormat.N_QUADS:
        chunks, form = map(without_graphs, chunks), ox.RdfFormat.N_TRIPLES
    if sys.platform == "win32":
        engine().bulk_load(input=io.BufferedReader(ChunkReader(chunks), CHUNK), format=form)
    else:
        _Pipe(engine, form).feed(chunks)
    if stream.suspect and stream.format == ox.RdfFormat.TURTLE:
        _look_at_terms(stream)


def _look_at_terms(stream: Stream) -> None:
    """Read a file once more, and look at every term of it."""
    digest = stream.digest
    for _ in quads_of(stream):
        pass
    if stream.digest != digest:
        raise DataError("was changed while it was read: load it again", file=stream.name)


def _moving(stream: Stream, moved: Moved) -> Iterator[bytes]:
    for chunk in stream:
        moved(stream.name, stream.read)
        yield chunk


class _Pipe:
    """A bulk load in a thread of its own, at the other end of a pipe."""

    def __init__(self, engine: Engine, form: ox.RdfFormat) -> None:
        self._engine, self._format = engine, form
        self._out, self._in = os.pipe()
        with suppress(ImportError, AttributeError, OSError):
            import fcntl

            fcntl.fcntl(self._in, fcntl.F_SETPIPE_SZ, _PIPE_SIZE)
        self._failure: BaseException | None = None

    def feed(self, chunks: Iterator[bytes]) -> None:
        """Send chunks to the loader and wait for it; raises what goes wrong on either side."""
        loader = threading.Thread(target=self._load, name="filmgraph-bulk-load", daemon=True)
        loader.start()
        try:
            with suppress(BrokenPipeError):  # The loader gave up, and says why.
                for chunk in chunks:
                    self._send(chunk)
        finally:
            os.close(self._in)
            loader.join()
        if self._failure is not None:
            raise self._failure

    def _send(self, chunk: bytes) -> None:
        left = memoryview(chunk)
        while left:
            left = left[os.write(self._in, left) :]

    def _load(self) -> None:
        try:
            self._engine().bulk_load(path=f"/dev/fd/{self._out}", format=self._format)
        except BaseException as error:
            self._failure = error
        finally:
            os.close(self._out)


def _told(error: Exception, stream: Stream) -> DataError:
    """Return a parser's complaint with the text that it is about, where that is short and not in it already."""
    told = DataError.of_parser(_of_quads(error, stream), stream.name)
    if not isinstance(error, SyntaxError):
        return told
    first, column, last, end = error.lineno, error.offset, error.end_lineno, error.end_offset
    if first is None or column is None or last is None or end is None:
        return told
    with suppress(OSError, DataError, ValueError):
        if first == last and 0 < end - column <= 80:
            (line,) = stream.lines_between(first, last)
            found = line[column - 1 : end - 1]
            place = f"{stream.name}:{first}:{column}: "
            message = str(told).removeprefix(place)
            if found.strip() and found not in message and message != str(told):
                return DataError(f"{message} (it says {found})", file=stream.name, line=first, column=column)
    return told


def _of_quads(error: Exception, stream: Stream) -> Exception:
    """Return what is wrong with a line of N-Quads, where the parser saw it without the name of its graph."""
    line = getattr(error, "lineno", None)
    if stream.format == ox.RdfFormat.N_QUADS and line is not None:
        with suppress(OSError, DataError):
            try:
                list(ox.parse("\n".join(stream.lines_between(line, line)), format=stream.format))
            except SyntaxError as plainer:
                plainer.lineno = line
                return plainer
    return error
