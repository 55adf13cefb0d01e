"""What is looked for in an RDF file as its chunks flow by, by the format of the file."""

from __future__ import annotations

import codecs
import re
from typing import TYPE_CHECKING, Any, Protocol

import pyoxigraph as ox

from filmgraph.errors import DataError
from filmgraph.readers.files import (
    DEEPEST,
    MOST_INNER_TRIPLES,
    check_iris,
    is_suspect,
    judge,
    lines_before,
)

if TYPE_CHECKING:
    from filmgraph.readers.looking import Stream

__all__ = ["LONGEST_LINE", "Look", "looks_of"]

LONGEST_LINE = 17 * 1024**2
_LINE_BASED = (ox.RdfFormat.N_TRIPLES, ox.RdfFormat.N_QUADS)


def looks_of(stream: Stream) -> list[Look]:
    """Return what is to look at a stream, each from the start."""
    if stream.format == ox.RdfFormat.RDF_XML:
        return [_Utf8(stream), _Xml(stream)]
    if stream.format == ox.RdfFormat.JSON_LD:
        return [_Utf8(stream), _Json(stream)]
    return [_Utf8(stream), _Signs(stream)]


class Look(Protocol):
    """Looks at a stream, chunk by chunk; raises :class:`~filmgraph.errors.DataError` for what is not let in."""

    def at(self, chunk: bytes) -> None:
        """Look at the next chunk."""
        ...

    def end(self) -> None:
        """Look back, after the last chunk."""
        ...


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
        if not is_line_based:
            check_iris(chunk, self.stream.name, lines=self.stream.lines)
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
