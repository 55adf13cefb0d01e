"""Streams that what is written passes through: one puts the prefixes in order, one looks at XML."""

from __future__ import annotations

import io
from itertools import takewhile
from typing import IO, Any
from xml.parsers import expat

from filmgraph.errors import DataError

__all__ = ["CheckedXml", "SortedHead"]

_LINE_HELD = 4_096


class SortedHead(io.RawIOBase):
    """Passes a text on with its prefixes sorted: they come in the order of a hash that differs from run to run."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self._waiting: bytes | None = b""

    def writable(self) -> bool:
        """Say that this can be written to."""
        return True

    def write(self, data: Any) -> int:
        """Take in some bytes."""
        if self._waiting is None:
            self._stream.write(data)
        else:
            self._waiting += bytes(data)
            lines = self._waiting.split(b"\n")
            if any(not line.startswith(b"@prefix ") for line in lines[:-1]):
                self.finish()
        return len(data)

    def finish(self) -> None:
        """Pass on what is left."""
        if self._waiting is not None:
            lines = self._waiting.split(b"\n")
            head = list(takewhile(lambda line: line.startswith(b"@prefix "), lines))
            self._stream.write(b"\n".join([*sorted(head), *lines[len(head) :]]))
            self._waiting = None


class CheckedXml(io.RawIOBase):
    """Passes XML on, carriage returns as references, for a reader would take them for line feeds; and reads it.

    Raises :class:`~filmgraph.errors.DataError` for what is no XML: a text may hold characters that XML does not know.
    """

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self._parser = expat.ParserCreate(namespace_separator=" ")
        self._recent = b""
        self._line = 1

    def writable(self) -> bool:
        """Say that this can be written to."""
        return True

    def write(self, data: Any) -> int:
        """Take in some bytes."""
        self._pass_on(bytes(data).replace(b"\r", b"&#13;"), is_final=False)
        return len(data)

    def finish(self) -> None:
        """End the last line, and read to the end."""
        self._pass_on(b"\n", is_final=True)

    def _pass_on(self, data: bytes, *, is_final: bool) -> None:
        recent = self._recent + data
        try:
            self._parser.Parse(data, is_final)
        except expat.ExpatError as error:
            line = recent.split(b"\n")[error.lineno - self._line].decode(errors="replace").strip()[:80]
            raise DataError(
                f"XML cannot carry {line!a} (a control character, or a type that is no XML name?): export as ntriples"
            ) from error
        self._stream.write(data)
        start = recent.rfind(b"\n") + 1
        self._line += recent.count(b"\n", 0, start)
        self._recent = recent[start:][:_LINE_HELD]
