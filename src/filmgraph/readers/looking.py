"""RDF files of any size, looked at as they flow.

What :func:`~filmgraph.readers.read_rdf` looks for in a whole file is looked for here in one chunk of whole lines after
the other, before the chunk is handed on: so a parser never sees what it should not, and what is looked at is what is
loaded. Memory stays that of a few chunks.

None of the signs of danger goes over the end of a line. A line that is longer than any chunk may be makes a file
suspect as a whole.
"""

from __future__ import annotations

import codecs
import hashlib
import io
import os
import re
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, Protocol

import pyoxigraph as ox

from filmgraph.errors import DataError
from filmgraph.readers.files import (
    DEEPEST,
    LARGEST_RATIO,
    MOST_INNER_TRIPLES,
    NO_BASE,
    is_packed,
    is_suspect,
    judge,
    lines_before,
    rdf_format,
)

__all__ = ["CHUNK", "ChunkReader", "Stream", "quads_of"]

CHUNK = 1024**2
LONGEST_LINE = 17 * 1024**2
_LINE_BASED = (ox.RdfFormat.N_TRIPLES, ox.RdfFormat.N_QUADS)
_MARKS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")


class Stream:
    """An RDF file, also gzipped, in chunks of whole lines, each looked at before it is handed on.

    ``size`` is that of the file, ``read`` how much of it is through. Once all is, ``digest`` is that of the file's
    bytes, and ``suspect`` says that some term needs a look of its own, which :func:`quads_of` gives; N-Triples and
    N-Quads have had it then.

    Raises :class:`~filmgraph.errors.DataError` for what cannot be read or is not let in, when made or when read.
    """

    def __init__(self, file: str | os.PathLike[str], *, name: str | None = None) -> None:
        self.path = Path(file)
        self.name = os.fspath(file) if name is None else name
        self.format = rdf_format(os.fspath(file))
        self.size = _size(self.path, self.name)
        self.packed = is_packed(self.path.name)
        self.read = self.unpacked = self.lines = 0
        self.digest = ""
        self.suspect = False

    def __iter__(self) -> Iterator[bytes]:
        self.read = self.unpacked = self.lines = 0
        self.suspect = False
        look = _looks_of(self)
        try:
            with _Counted(self.path) as counted:
                unpacked = _gunzipped(counted, self) if self.packed else counted
                for chunk in _chunks(unpacked, self):
                    if not self.unpacked:
                        self._check_mark(chunk)
                    self.unpacked += len(chunk)
                    self.read = counted.count
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
                self.digest = counted.digest
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
    is_empty = True
    for quad in parsed:
        is_empty = False
        judge(quad, stream.name, stream.line_of)
        yield ox.Quad(quad.subject, quad.predicate, quad.object)
    if is_empty and stream.size and stream.format == ox.RdfFormat.JSON_LD:
        raise DataError(
            "no statement came out of this JSON-LD: its terms are not mapped by an inline @context", file=stream.name
        )


class _Look(Protocol):
    def at(self, chunk: bytes) -> None: ...

    def end(self) -> None: ...


class _Utf8:
    """Whether it is UTF-8."""

    def __init__(self, stream: Stream) -> None:
        self.stream, self.decoder = stream, codecs.getincrementaldecoder("utf-8")()
        self.is_whole = True

    def at(self, chunk: bytes, *, is_last: bool = False) -> None:
        if self.is_whole and chunk.isascii():
            return
        try:
            self.decoder.decode(chunk, is_last)
        except UnicodeDecodeError as error:
            wrong, at = error.object, error.start
            line = self.stream.lines + wrong.count(b"\n", 0, at) + 1
            before = wrong[wrong.rfind(b"\n", 0, at) + 1 : at]
            raise DataError(
                f"is not UTF-8 (byte 0x{wrong[at]:02x}): save the file as UTF-8",
                file=self.stream.name,
                line=line,
                column=len(before.decode(errors="replace")) + 1,
            ) from error
        self.is_whole = not self.decoder.getstate()[0]

    def end(self) -> None:
        self.at(b"", is_last=True)


class _Signs:
    """Whether some term may be unsafe, or hidden by an escape, or RDF 1.2 be spoken."""

    def __init__(self, stream: Stream) -> None:
        self.stream, self.inner = stream, 0

    def at(self, chunk: bytes) -> None:
        is_line_based = self.stream.format in _LINE_BASED
        is_torn = len(chunk) > LONGEST_LINE
        if not is_torn and not is_suspect(chunk):
            return
        if is_torn and is_line_based:
            raise DataError.of_parser(MemoryError(), self.stream.name)
        self.stream.suspect = True
        self.inner = chunk.count(b"<<") + (0 if is_line_based else self.inner)
        if self.inner > MOST_INNER_TRIPLES:
            raise DataError("writes << too often: a triple inside a triple is not read", file=self.stream.name)
        if is_line_based:
            self.judge_lines(chunk)

    def judge_lines(self, chunk: bytes) -> None:
        def line_of(text: str) -> int | None:
            before = lines_before(chunk, text)
            return None if before is None else self.stream.lines + before + 1

        try:
            for quad in ox.parse(chunk, format=self.stream.format):
                judge(quad, self.stream.name, line_of)
        except (SyntaxError, ValueError, MemoryError) as error:
            if isinstance(error, SyntaxError) and error.lineno is not None:
                error.lineno += self.stream.lines
            raise DataError.of_parser(error, self.stream.name) from error

    def end(self) -> None:
        pass


class _Xml:
    """No document type, and no depth that a parser does not bear."""

    _DOCTYPE = re.compile(rb"<!DOCTYPE", re.IGNORECASE)

    def __init__(self, stream: Stream) -> None:
        from xml.parsers import expat

        self.stream, self.depth, self.tail = stream, 0, b""
        self.parser = expat.ParserCreate("utf-8")
        self.parser.StartElementHandler, self.parser.EndElementHandler = self.begin, self.leave
        self.errors: Any = expat

    def at(self, chunk: bytes) -> None:
        seen = self.tail + chunk
        if declaration := self._DOCTYPE.search(seen):
            raise DataError(
                "has a DOCTYPE, whose entities can blow up or read files: remove it and write IRIs in full",
                file=self.stream.name,
                line=self.stream.lines + seen.count(b"\n", 0, declaration.start()) + 1,
            )
        self.tail = b"" if chunk.endswith(b"\n") else chunk[-8:]
        self.parse(chunk, False)

    def end(self) -> None:
        self.parse(b"", True)

    def parse(self, chunk: bytes, is_last: bool) -> None:
        try:
            self.parser.Parse(chunk, is_last)
        except self.errors.ExpatError as error:
            message = self.errors.errors.messages.get(error.code, "not well-formed")
            raise DataError(
                f"is no XML: {message}", file=self.stream.name, line=error.lineno, column=error.offset + 1
            ) from error

    def begin(self, _tag: str, _attributes: object) -> None:
        self.depth += 1
        if self.depth > DEEPEST:
            line = self.parser.CurrentLineNumber
            raise DataError(f"nests deeper than {DEEPEST} elements: not read", file=self.stream.name, line=line)

    def leave(self, _tag: str) -> None:
        self.depth -= 1


class _Json:
    """No depth that a parser does not bear."""

    _TEXT = re.compile(rb'(?:[^"\\]|\\.)*+', re.DOTALL)
    _NO_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))

    def __init__(self, stream: Stream) -> None:
        self.stream, self.depth = stream, 0
        self.is_text = self.is_escaped = False

    def at(self, chunk: bytes) -> None:
        place = self.after_text(chunk, int(self.is_escaped)) if self.is_text else 0
        while place < len(chunk):
            quote = chunk.find(b'"', place)
            end = quote if quote >= 0 else len(chunk)
            self.count(chunk[place:end].translate(None, self._NO_BRACKETS))
            place = self.after_text(chunk, end + 1) if quote >= 0 else end

    def after_text(self, chunk: bytes, start: int) -> int:
        """Return where a text that goes on at a place is over: behind the chunk if it goes on in the next."""
        found = self._TEXT.match(chunk, start)
        end = found.end() if found else start
        self.is_text = chunk[end : end + 1] != b'"'
        self.is_escaped = self.is_text and end < len(chunk)
        return len(chunk) if self.is_text else end + 1

    def count(self, brackets: bytes) -> None:
        for bracket in brackets:
            self.depth += 1 if bracket in b"[{" else -1
            if self.depth > DEEPEST:
                raise DataError(f"nests deeper than {DEEPEST} brackets: not read", file=self.stream.name)

    def end(self) -> None:
        pass


def _looks_of(stream: Stream) -> list[_Look]:
    if stream.format == ox.RdfFormat.RDF_XML:
        return [_Utf8(stream), _Xml(stream)]
    if stream.format == ox.RdfFormat.JSON_LD:
        return [_Utf8(stream), _Json(stream)]
    return [_Utf8(stream), _Signs(stream)]


class _Counted(io.FileIO):
    """A file that counts and digests what is read of it."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, "rb")
        self.count, self._sum = 0, hashlib.sha256()

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
