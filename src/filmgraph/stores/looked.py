"""RDF files looked at and written as N-Triples, for an engine that reads files itself.

N-Triples that say everything as we write it are copied as they are, once the parser has been through them: that takes
a fraction of what it takes to write each triple anew. Everything else is written anew: blank nodes, whose names may be
none to others, escapes, names of languages in capitals, and whatever is in another format.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import IO

import pyoxigraph as ox

from filmgraph.errors import DataError
from filmgraph.readers.looking import Stream, quads_of

__all__ = ["LookedAt", "look_at"]

_OTHERWISE = (b"_:", b"\\u", b"\\U", b"XMLSchema#string>", b"\x7f")
_CAPITALS = re.compile(rb'"@[A-Za-z0-9-]*[A-Z]')
_CONTROLS = bytes(byte for byte in range(32) if byte not in b"\t\n\r")


@dataclass(frozen=True)
class LookedAt:
    """A file that was looked at, and how many triples are in it."""

    name: str
    triples: int


def look_at(name: str, target: Path) -> LookedAt:
    """Look at all of an RDF file, and write what it says into another as N-Triples.

    Raises :class:`~filmgraph.errors.DataError` for a file that is not let in; nothing is left of it then.
    """
    stream = Stream(name)
    try:
        with target.open("wb") as out:
            triples = _copied(stream, out) if stream.format == ox.RdfFormat.N_TRIPLES else None
            if triples is None:
                out.seek(0)
                out.truncate()
                triples = _rewritten(stream, out)
    except (SyntaxError, ValueError, MemoryError) as error:
        target.unlink()
        raise DataError.of_parser(error, name) from error
    except BaseException:
        target.unlink(missing_ok=True)
        raise
    return LookedAt(name, triples)


def _copied(stream: Stream, out: IO[bytes]) -> int | None:
    """Copy a file of N-Triples and return how many there are; None where some have to be written anew."""
    triples = 0
    for chunk in stream:
        if _is_otherwise(chunk):
            return None
        try:
            triples += _parsed(chunk)
        except SyntaxError as error:
            if error.lineno is not None:  # The stream has counted this chunk in, as all before.
                error.lineno += stream.lines - chunk.count(b"\n")
            raise
        out.write(chunk if chunk.endswith(b"\n") else chunk + b"\n")
    return triples


def _parsed(chunk: bytes) -> int:
    """Return how many triples a parser finds in whole lines of N-Triples."""
    counter = count()
    # Without a step of Python for each of them.
    deque(zip(ox.parse(chunk, format=ox.RdfFormat.N_TRIPLES), counter, strict=False), maxlen=0)
    return next(counter)


def _is_otherwise(chunk: bytes) -> bool:
    """Whether some line may say something in another way than we would write it."""
    return (
        any(sign in chunk for sign in _OTHERWISE)
        or len(chunk.translate(None, _CONTROLS)) != len(chunk)
        or _CAPITALS.search(chunk) is not None
    )


def _rewritten(stream: Stream, out: IO[bytes]) -> int:
    triples = 0

    def counted() -> Iterator[ox.Triple]:
        nonlocal triples
        for quad in quads_of(stream):
            triples += 1
            yield quad.triple

    ox.serialize(counted(), out, format=ox.RdfFormat.N_TRIPLES)
    return triples
