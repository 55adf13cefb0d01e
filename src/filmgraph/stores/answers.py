"""Answers of an endpoint, parsed as they come: rows, a truth, or triples."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, TypeAlias, cast

import pyoxigraph as ox

from filmgraph.errors import EndpointAnswerError, RemoteError
from filmgraph.readers.files import DEEPEST, MOST_INNER_TRIPLES
from filmgraph.rows import Term

if TYPE_CHECKING:
    from filmgraph.stores.exchange import Exchange

__all__ = ["Depth", "Edges", "InnerTriples", "Replaced", "Row", "RowStream", "triples_in"]

Row: TypeAlias = "tuple[Term | None, ...]"


class RowStream:
    """The rows of a SELECT answer as they come: ``columns``, and iteration, once.

    ``truth`` holds the answer of an ASK query instead. ``mend`` gives what makes a row of certain columns what the
    standard has it be; ``whole`` is told how many rows were read, at the start and the end, and raises where the
    answer is a part only.
    Raises :class:`~filmgraph.errors.RemoteError` where the answer breaks off or is none.
    """

    def __init__(
        self,
        sent: Exchange,
        *,
        mend: Callable[[tuple[str, ...]], Callable[[Row], Row] | None] | None = None,
        whole: Callable[[int], None] | None = None,
        form: ox.QueryResultsFormat = ox.QueryResultsFormat.JSON,
    ) -> None:
        self.columns: tuple[str, ...] = ()
        self.truth: bool | None = None
        self.read = 0
        self._whole = whole
        if whole is not None:
            whole(0)
        self._parser = _Parser(sent, "SPARQL result")
        self._parser.start(lambda: ox.parse_query_results(cast(Any, sent), form))
        if isinstance(self._parser.inner, ox.QueryBoolean):
            self.truth = bool(self._parser.inner)
        else:
            self.columns = tuple(variable.value for variable in self._parser.inner.variables)
        self._mend = mend(self.columns) if mend else None

    def __iter__(self) -> Iterator[Row]:
        while self.truth is None:
            solution = self._parser.next()
            if solution is None:
                if self._whole is not None:
                    self._whole(self.read)
                return
            self.read += 1
            row = tuple(solution)
            yield row if self._mend is None else self._mend(row)

    def close(self) -> None:
        """Let go of the parser."""
        self._parser.inner = None


def triples_in(sent: Exchange, form: Any) -> Iterator[ox.Triple]:
    """Yield the triples of an answer in a form of RDF as they come; raises as :class:`RowStream` does."""
    parser = _Parser(sent, form.name)
    try:
        parser.start(lambda: ox.parse(cast(Any, sent), format=form, base_iri=sent.url))
        while (quad := parser.next()) is not None:
            yield quad.triple
    finally:
        parser.inner = None


class _Parser:
    """A parser of pyoxigraph at work.

    It may only be dropped by the thread that made it, and would stay alive in the frames of an error until some thread
    drops that: so it is let go of before an error goes up, and nobody else keeps it.
    """

    def __init__(self, sent: Exchange, form: str) -> None:
        self.inner: Any = None
        self._sent, self._form = sent, form

    def start(self, make: Callable[[], Any]) -> None:
        """Begin to parse."""
        self.inner = self._checked(make)

    def next(self) -> Any:
        """Return what comes next, None at the end."""
        return None if self.inner is None else self._checked(lambda: next(self.inner, None))

    def _checked(self, step: Callable[[], Any]) -> Any:
        try:
            return step()
        except (SyntaxError, ValueError, MemoryError) as error:
            said = str(error)
        except RemoteError as error:
            said, self._sent.failure = "", self._sent.failure or error
        self.inner = None
        if self._sent.failure is not None:
            raise self._sent.failure
        raise EndpointAnswerError(f"the answer is no {self._form}: {said}", url=self._sent.url)


class Depth:
    """Watches JSON go by, and refuses what nests so deep that the parser ends the process."""

    _STRING = re.compile(rb'"(?:[^"\\]|\\.)*+"', re.DOTALL)
    _REST = re.compile(rb'(?:[^"\\]|\\.)*+"', re.DOTALL)
    _NO_BRACKET = bytes(byte for byte in range(256) if byte not in b"[]{}")

    def __init__(self, url: str) -> None:
        self._url = url
        self._depth = 0
        self._inside = self._escaped = False

    def __call__(self, piece: bytes) -> bytes:
        """Look at a piece, and hand it on."""
        rest = piece
        if self._inside and rest:
            rest = self._after_string((b"\\" if self._escaped else b"") + rest)
        outside = self._STRING.sub(b"", rest)
        if (quote := outside.find(b'"')) >= 0:
            self._inside, self._escaped = True, _ends_in_escape(outside[quote:])
            outside = outside[:quote]
        for bracket in outside.translate(None, self._NO_BRACKET):
            self._depth += 1 if bracket in b"[{" else -1
            if self._depth > DEEPEST:
                raise EndpointAnswerError(f"the answer nests deeper than {DEEPEST} brackets: not read", url=self._url)
        return piece

    def _after_string(self, text: bytes) -> bytes:
        """Return what follows the string that the piece before broke off in; b"" where it goes on."""
        end = self._REST.match(text)
        if end is None:
            self._escaped = _ends_in_escape(text)
            return b""
        self._inside = self._escaped = False
        return text[end.end() :]


def _ends_in_escape(text: bytes) -> bool:
    return (len(text) - len(text.rstrip(b"\\"))) % 2 == 1


class InnerTriples:
    """Watches Turtle go by, and refuses what writes so many triples inside triples that the parser gives way."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._count = 0
        self._last = b""

    def __call__(self, piece: bytes) -> bytes:
        """Look at a piece, and hand it on."""
        self._count += (self._last + piece).count(b"<<")
        self._last = piece[-1:] if not piece.endswith(b"<<") else b""
        if self._count > MOST_INNER_TRIPLES:
            raise EndpointAnswerError("the answer is no Turtle of ours: it writes << too often", url=self._url)
        return piece


class Edges:
    """Watches results in XML go by, and writes the spaces at both ends of literals so that a parser keeps them."""

    _START = re.compile(rb"(<literal(?: [^<>]*)?>)([ \t\r\n]+)")
    _END = re.compile(rb"([ \t\r\n]+)(</literal>)")
    _ENDED = tuple(bytes((space,)) + b"</literal>" for space in b" \t\r\n")
    _WHOLE = b"</binding>"

    def __init__(self) -> None:
        self._held = b""

    def __call__(self, piece: bytes) -> bytes:
        """Return what of the text so far is certain; the empty last piece returns the rest."""
        text = self._held + piece
        cut = text.rfind(self._WHOLE) + 1 if piece else len(text)
        text, self._held = text[:cut], text[cut:]
        text = self._START.sub(lambda found: found[1] + _as_references(found[2]), text)
        if any(ended in text for ended in self._ENDED):
            text = self._END.sub(lambda found: _as_references(found[1]) + found[2], text)
        return text


def _as_references(spaces: bytes) -> bytes:
    return b"".join(b"&#%d;" % space for space in spaces)


class Replaced:
    """Replaces one run of bytes by another as pieces go by, across their borders."""

    def __init__(self, old: bytes, new: bytes) -> None:
        self._old, self._new = old, new
        self._held = b""

    def __call__(self, piece: bytes, *, is_last: bool | None = None) -> bytes:
        """Return what of the text so far is certain; the empty last piece returns the rest."""
        text = (self._held + piece).replace(self._old, self._new)
        keep = 0
        if not (not piece if is_last is None else is_last):
            keep = next((n for n in range(len(self._old) - 1, 0, -1) if text.endswith(self._old[:n])), 0)
        self._held = text[len(text) - keep :]
        return text[: len(text) - keep]
