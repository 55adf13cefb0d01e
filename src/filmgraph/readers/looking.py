"""RDF files of any size, looked at as they flow.

What :func:`~filmgraph.readers.read_rdf` looks for in a whole file is looked for here in one chunk of whole lines after
the other, before the chunk is handed on: so a parser never sees what it should not, and what is looked at is what is
loaded. Memory stays that of a few chunks.

None of the signs of danger goes over the end of a line. A line that is longer than any chunk may be makes a file
suspect as a whole.
"""

from __future__ import annotations

import hashlib
import io
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import pyoxigraph as ox

from filmgraph.errors import DataError
from filmgraph.readers.files import (
    LARGEST_RATIO,
    LONGEST_IRI,
    NO_BASE,
    SCANNED_WHOLE,
    is_packed,
    judge,
    lines_before,
    rdf_format,
)
from filmgraph.readers.looks import LONGEST_LINE, looks_of

__all__ = ["CHUNK", "ChunkReader", "Stream", "moment_of", "quads_of"]

CHUNK = 1024**2
_CHANGED = "was changed while it was read: load it again"
_MARKS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")


class Stream:
    """An RDF file, also gzipped, in chunks of whole lines, each looked at before it is handed on.

    ``size`` is that of the file, ``read`` how much of it is through. Once all is, ``digest`` is that of the file's
    bytes, ``moment`` tells this state of the file from others, and ``suspect`` says that some term needs a look of its
    own, which :func:`quads_of` gives; N-Triples and N-Quads have had it then.

    Raises :class:`~filmgraph.errors.DataError` for what cannot be read or is not let in, when made or when read.
    """

    def __init__(self, file: str | os.PathLike[str], *, name: str | None = None) -> None:
        self.path = Path(file)
        self.name = os.fspath(file) if name is None else name
        self.format = rdf_format(os.fspath(file))
        self.size = _size(self.path, self.name)
        self.packed = is_packed(self.path.name)
        self.read = self.unpacked = self.lines = 0
        self.moment: tuple[int, ...] = ()
        self.digest = ""
        self.suspect = False

    def __iter__(self) -> Iterator[bytes]:
        self.read = self.unpacked = self.lines = 0
        self.suspect = False
        look = looks_of(self)
        try:
            with _Counted(self.path) as counted:
                unpacked = _gunzipped(counted, self) if self.packed else counted
                for chunk in _chunks(unpacked, self):
                    if not self.unpacked:
                        self._check_mark(chunk)
                    self.unpacked += len(chunk)
                    self.read = counted.count
                    if counted.is_longer:  # What grows as fast as it is read would have no end.
                        raise DataError(_CHANGED, file=self.name)
                    if self.packed and self.unpacked > LARGEST_RATIO * max(self.size, 4096):
                        told = f"unpacks to more than {LARGEST_RATIO} times its size: not read"
                        raise DataError(told, file=self.name)
                    for each in look:
                        each.at(chunk)
                    self.lines += chunk.count(b"\n")
                    yield chunk
                for each in look:
                    each.end()
                self.read = counted.rest()
                if counted.is_changed:
                    raise DataError(_CHANGED, file=self.name)
                self.digest, self.moment = counted.digest, counted.moment
        except OSError as error:
            raise DataError(f"cannot be read: {error.strerror or error}", file=self.name) from error

    def line_of(self, text: str) -> int | None:
        """Return the first line that has a text in it, by reading once more what was read."""
        line, left = 1, self.unpacked
        with open(self.path, "rb") as file:  # noqa: PTH123
            for chunk in _chunks(_gunzipped(file, self) if self.packed else file, self):
                if (before := lines_before(chunk, text)) is not None:
                    return line + before
                line += chunk.count(b"\n")
                left -= len(chunk)
                if left <= 0:
                    break
        return None

    def lines_between(self, first: int, last: int) -> list[str]:
        """Return some lines, counted from 1, by reading the file once more; fewer where it ends before."""
        line, start, kept = 1, 1, b""
        with open(self.path, "rb") as file:  # noqa: PTH123
            for chunk in _chunks(_gunzipped(file, self) if self.packed else file, self):
                if not kept:
                    start = line
                line += chunk.count(b"\n")
                if line >= first:
                    kept += chunk
                # What says where a line is wrong needs no more of it: it may be as long as the file.
                if line > last or len(kept) > LONGEST_LINE:
                    break
        return kept.decode("utf-8", "replace").split("\n")[first - start : last - start + 1]

    def _check_mark(self, chunk: bytes) -> None:
        if chunk.startswith(_MARKS):
            raise DataError(
                "starts with a byte order mark: save the file as UTF-8 without one", file=self.name, line=1, column=1
            )


class ChunkReader(io.RawIOBase):
    """Chunks as a file to read from, for :class:`io.BufferedReader`."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        super().__init__()
        self._chunks, self._left = chunks, memoryview(b"")

    def readable(self) -> bool:
        """Whether it can be read: yes."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Put what comes next into a buffer."""
        if not self._left:
            self._left = memoryview(next(self._chunks, b""))
        count = min(len(buffer), len(self._left))
        buffer[:count] = self._left[:count]
        self._left = self._left[count:]
        return count


def quads_of(stream: Stream, chunks: Iterator[bytes] | None = None) -> Iterator[ox.Quad]:
    """Parse a stream into quads of the default graph, and look at every term.

    Blank nodes get names that no other file's have. Raises :class:`~filmgraph.errors.DataError`, and what the parser
    does.
    """
    reader = io.BufferedReader(ChunkReader(iter(stream) if chunks is None else chunks), CHUNK)
    parsed = ox.parse(input=reader, format=stream.format, base_iri=NO_BASE, rename_blank_nodes=True)
    longest = LONGEST_IRI if stream.format in SCANNED_WHOLE else None
    is_empty = True
    for quad in parsed:
        is_empty = False
        judge(quad, stream.name, stream.line_of, longest=longest)
        yield ox.Quad(quad.subject, quad.predicate, quad.object)
    if is_empty and stream.size and stream.format == ox.RdfFormat.JSON_LD:
        raise DataError(
            "no statement came out of this JSON-LD: its terms are not mapped by an inline @context", file=stream.name
        )


class _Counted(io.FileIO):
    """A file that counts and digests what is read of it."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, "rb")
        self.count, self._sum = 0, hashlib.sha256()
        self.moment = moment_of(os.fstat(self.fileno()))

    @property
    def is_longer(self) -> bool:
        """Whether more was read than the file had when it was opened."""
        return self.count > self.moment[2]

    @property
    def is_changed(self) -> bool:
        """Whether the file was written to since it was opened, so that what was read may be half old and half new."""
        return moment_of(os.fstat(self.fileno())) != self.moment

    @property
    def digest(self) -> str:
        """The digest of what was read."""
        return self._sum.hexdigest()

    def read(self, size: int = -1) -> bytes:  # type: ignore[override]
        """Read so many bytes, or fewer at the end."""
        data = super().read(size) or b""
        self.count += len(data)
        self._sum.update(data)
        return data

    def rest(self) -> int:
        """Read what a reader left over, and return how many bytes the file has."""
        while self.read(CHUNK):
            pass
        return self.count


def moment_of(status: os.stat_result) -> tuple[int, ...]:
    """Return what tells a file and its state from another, by what the system says of it."""
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns


def _chunks(stream: IO[bytes], of: Stream) -> Iterator[bytes]:
    """Yield the bytes of a stream, cut at ends of lines."""
    import zlib

    kept: list[bytes] = []
    length = 0
    try:
        while data := stream.read(CHUNK):
            cut = data.rfind(b"\n") + 1 or data.rfind(b"\r") + 1
            if cut:
                yield b"".join((*kept, data[:cut]))
                kept, length = [], 0
            if cut < len(data):
                kept.append(data[cut:])
                length += len(data) - cut
            if length > LONGEST_LINE:
                yield b"".join(kept)
                kept, length = [], 0
        if kept:
            yield b"".join(kept)
    except (EOFError, zlib.error) as error:
        raise DataError(f"is no whole gzip file: {error}", file=of.name) from error
    except OSError as error:
        if of.packed and error.errno is None:
            raise DataError(f"is no whole gzip file: {error}", file=of.name) from error
        raise


def _gunzipped(file: IO[bytes], stream: Stream) -> Any:
    import gzip

    if not stream.size:
        raise DataError("is no whole gzip file: it is empty", file=stream.name)
    return gzip.GzipFile(fileobj=file, mode="rb")


def _size(path: Path, name: str) -> int:
    """Return the size of a regular file; raises DataError for whatever else is there."""
    try:
        status = path.stat()
    except (OSError, ValueError) as error:
        raise DataError(f"cannot be read: {getattr(error, 'strerror', None) or error}", file=name) from error
    if stat.S_ISDIR(status.st_mode):
        raise DataError("is a folder, not a file", file=name)
    if not stat.S_ISREG(status.st_mode):
        raise DataError("is no regular file", file=name)
    return status.st_size
