"""Outside RDF files, read with suspicion.

A file is hostile until it has been looked at: it must be UTF-8 without a byte order mark, carry no document type
declaration, fetch no remote context, nest no deeper than a parser bears, and name only absolute IRIs, none of a scheme
that runs code or reads the machine. RDF 1.2 stays outside: statements about triples, and texts with a direction, which
neither the forms of export nor the other engines know. What does not pass raises one
:class:`~filmgraph.errors.DataError` with file, line and column.

Blank nodes of different files are different ones, and the names of graphs are dropped: filmgraph asks one graph.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyoxigraph as ox

from filmgraph.errors import DataError, FormatError

__all__ = [
    "DEEPEST",
    "LARGEST_RATIO",
    "LARGEST_TEXT",
    "LONGEST_IRI",
    "MOST_INNER_TRIPLES",
    "NO_BASE",
    "RDF_SUFFIXES",
    "SCANNED_WHOLE",
    "RdfText",
    "check_depth",
    "check_iris",
    "has_rdf_ending",
    "is_packed",
    "is_suspect",
    "judge",
    "lines_before",
    "rdf_format",
    "read_rdf",
    "read_text",
    "triples_of",
]

RDF_SUFFIXES: dict[str, ox.RdfFormat] = {
    ".ttl": ox.RdfFormat.TURTLE,
    ".nt": ox.RdfFormat.N_TRIPLES,
    ".nq": ox.RdfFormat.N_QUADS,
    ".trig": ox.RdfFormat.TRIG,
    ".rdf": ox.RdfFormat.RDF_XML,
    ".xml": ox.RdfFormat.RDF_XML,
    ".owl": ox.RdfFormat.RDF_XML,
    ".jsonld": ox.RdfFormat.JSON_LD,
}
"""File-name ending to RDF format."""

LARGEST_FILE = 2 * 1024**3
LARGEST_TEXT = 64 * 1024**2
LARGEST_RATIO = 200
DEEPEST = 200
MOST_INNER_TRIPLES = 1_000
LONGEST_IRI = 2_048
"""How long an IRI may be where a prefix, a base or a context could put it before every name, as a bomb would."""

_UNSAFE_SCHEME = re.compile(r"(?:javascript|vbscript|data|file|blob):", re.IGNORECASE)
# By bytes without which it finds nothing: a text without them is passed over at the speed of memory, and a pattern that
# begins with a literal is searched fifty times as fast as one that does not.
_SUSPECT = {
    b"<": re.compile(rb"<(?=[<jJvVdDfFbB])(?:<|(?i:javascript|vbscript|data|file|blob):)"),
    b"\\": re.compile(rb"\\[uU]"),
    b"{": re.compile(rb"\{\|"),
    b"~": re.compile(rb"~"),
    b"--": re.compile(rb"@[A-Za-z0-9-]*--"),
}
_LONG_IRI = re.compile(rb'(?:<|\A)[^<>"\s]{%d,}+(?:>|\Z)' % LONGEST_IRI)
_ESCAPE = re.compile(rb"\\u([0-9A-Fa-f]{4})|\\U([0-9A-Fa-f]{8})")
_TOO_LONG = (
    f"holds an IRI of more than {LONGEST_IRI:,} characters, which a file of this format could repeat without end: "
    "shorten it, or write the file as N-Triples"
)
NO_BASE = "relative:"
SCANNED_WHOLE = (ox.RdfFormat.RDF_XML, ox.RdfFormat.JSON_LD)


@dataclass(frozen=True)
class RdfText:
    """The bytes of an RDF file that passed the first look, with its name and format.

    ``trusted`` says that no IRI in it needs a look of its own, so that an engine may parse the bytes itself.
    """

    content: bytes
    format: Any
    name: str
    trusted: bool

    def quads(self) -> list[ox.Quad]:
        """Parse into quads of the default graph, and look at every IRI where the bytes gave cause to.

        Blank nodes get names that no other file's have.
        """
        base = None if self.trusted else NO_BASE
        try:
            quads = list(ox.parse(self.content, format=self.format, base_iri=base, rename_blank_nodes=True))
        except (SyntaxError, ValueError, MemoryError) as error:
            raise DataError.of_parser(error, self.name) from error
        if not self.trusted:
            longest = LONGEST_IRI if self.format in SCANNED_WHOLE else None
            for quad in quads:
                judge(quad, self.name, self._line_of, longest=longest)
        if not quads and self.content.strip() and self.format == ox.RdfFormat.JSON_LD:
            raise DataError(
                "no statement came out of this JSON-LD: its terms are not mapped by an inline @context",
                file=self.name,
            )
        if self.format.supports_datasets:
            return [ox.Quad(quad.subject, quad.predicate, quad.object) for quad in quads]
        return quads

    def _line_of(self, text: str) -> int | None:
        before = lines_before(self.content, text)
        return None if before is None else before + 1


def judge(quad: Any, name: str, line_of: Callable[[str], int | None], *, longest: int | None = None) -> None:
    """Look at every term of a quad; ``line_of`` finds the line of a text in the file of that name.

    Raises :class:`~filmgraph.errors.DataError` for an unsafe or relative IRI, for one of more than ``longest``
    characters, and for what RDF 1.2 brought.
    """
    for term in quad:
        if isinstance(term, ox.Literal):
            if direction := getattr(term, "direction", None):
                raise DataError(
                    f"gives a text a direction (@{term.language}--{direction}), which this graph does not: leave "
                    f"--{direction} out",
                    file=name,
                    line=line_of(f"--{direction}"),
                )
            term = term.datatype
        if isinstance(term, ox.Triple):
            raise DataError(
                "holds a triple inside a triple (as << >>, {| |} or ~ write it), which this graph does not", file=name
            )
        if not isinstance(term, ox.NamedNode):
            continue
        if longest is not None and len(term.value) > longest:
            raise DataError(_TOO_LONG, file=name)
        if term.value.startswith(NO_BASE):
            relative = term.value[len(NO_BASE) :]
            raise DataError(f"relative IRI <{relative}>: write it in full, or give the file a base", file=name)
        if _UNSAFE_SCHEME.match(term.value):
            raise DataError(
                f"unsafe IRI <{term.value[:80]}>: javascript:, vbscript:, data:, file: and blob: are not let in",
                file=name,
                line=line_of(term.value),
            )


def rdf_format(name: str) -> Any:
    """Return the RDF format of a file from its ending.

    Raises :class:`~filmgraph.errors.FormatError` for an ending that is not known.
    """
    suffix = _ending(name)
    try:
        return RDF_SUFFIXES[suffix]
    except KeyError:
        raise FormatError(
            f"ending {suffix or '(none)'} is not known; RDF files end in {', '.join(RDF_SUFFIXES)}", file=name
        ) from None


def has_rdf_ending(name: str) -> bool:
    """Whether a file is RDF, also gzipped, by its ending."""
    return _ending(name) in RDF_SUFFIXES


def _ending(name: str) -> str:
    return Path(name[:-3] if is_packed(name) else name).suffix.lower()


def lines_before(content: bytes, text: str) -> int | None:
    """Return how many lines come before the first one that has an IRI or another text in it, if one has.

    The text may be written with escapes there; what stands in angle brackets comes first.

    >>> lines_before(b'_:a <urn:p> "urn:q" .\n_:a <urn:p> <\\u0075rn:q> .', "urn:q")
    1
    """
    plain = _ESCAPE.sub(_unescaped, content)
    for shown, sought in ((content, f"<{text}"), (plain, f"<{text}"), (content, text), (plain, text)):
        if (at := shown.find(sought.encode())) >= 0:
            return shown.count(b"\n", 0, at)
    return None


def _unescaped(escape: re.Match[bytes]) -> bytes:
    code = int(escape[1] or escape[2], 16)
    return chr(code).encode(errors="replace") if 32 <= code < 0x110000 else b" "


def is_packed(name: str) -> bool:
    """Whether a file is gzipped, by its ending."""
    return name.lower().endswith(".gz")


def read_rdf(file: str | os.PathLike[str]) -> RdfText:
    """Read an RDF file (also gzipped) and give it the first look.

    Raises :class:`~filmgraph.errors.DataError` for a file that cannot be read, is no UTF-8, starts with a byte
    order mark, or carries a document type declaration.
    """
    name = os.fspath(file)
    form = rdf_format(name)
    content = _read_bytes(name, LARGEST_FILE)
    if is_packed(name):
        content = _gunzip(content, name)
    if content.startswith((b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")):
        raise DataError(
            "starts with a byte order mark: save the file as UTF-8 without one", file=name, line=1, column=1
        )
    _check_utf8(content, name)
    if form == ox.RdfFormat.RDF_XML and (declaration := re.search(rb"<!DOCTYPE", content, re.IGNORECASE)):
        raise DataError(
            "has a DOCTYPE, whose entities can blow up or read files: remove it and write IRIs in full",
            file=name,
            line=content.count(b"\n", 0, declaration.start()) + 1,
        )
    if form in (ox.RdfFormat.TURTLE, ox.RdfFormat.TRIG):
        check_iris(content, name)
    trusted = form not in SCANNED_WHOLE and not is_suspect(content)
    if not trusted:
        check_depth(content, form, name)
    return RdfText(content, form, name, trusted)


def triples_of(files: Iterable[str | os.PathLike[str]]) -> list[ox.Triple]:
    """Return the triples of several RDF files, the names of graphs dropped."""
    return [quad.triple for file in files for quad in read_rdf(file).quads()]


def read_text(file: str | os.PathLike[str], *, limit: int = LARGEST_TEXT) -> str:
    """Return the UTF-8 text of a file with its line ends as they stand.

    Raises :class:`~filmgraph.errors.DataError` for a file that cannot be read, is larger than ``limit`` bytes or
    is no UTF-8.
    """
    name = os.fspath(file)
    content = _read_bytes(name, limit)
    _check_utf8(content, name)
    return content.decode()


def _read_bytes(name: str, limit: int) -> bytes:
    try:
        mode = os.stat(name).st_mode  # noqa: PTH116
        if stat.S_ISDIR(mode):
            raise DataError("is a folder, not a file", file=name)
        if not stat.S_ISREG(mode):
            raise DataError("is no regular file", file=name)
        with open(name, "rb") as stream:  # noqa: PTH123
            content = stream.read(limit + 1)
    except OSError as error:
        raise DataError(f"cannot be read: {error.strerror}", file=name) from error
    except ValueError as error:  # a null byte in the name
        raise DataError(f"cannot be read: {error}", file=name) from error
    if len(content) > limit:
        raise DataError(f"is larger than {limit // 1024**2} MiB", file=name)
    return content


def is_suspect(content: bytes) -> bool:
    """Whether some IRI may be unsafe, or hidden by an escape, or RDF 1.2 be spoken."""
    return any(sign in content and pattern.search(content) for sign, pattern in _SUSPECT.items())


def check_iris(content: bytes, name: str, *, lines: int = 0) -> None:
    """Refuse IRIs in Turtle or TriG that a prefix or a base could put before every name; ``lines`` stand before.

    Raises :class:`~filmgraph.errors.DataError`.
    """
    # Whatever is that long fills one of these pieces, and next to no piece is without a space.
    step = LONGEST_IRI // 2
    for start in range(0, len(content), step):
        if len(content[start : start + step].split(None, 1)) < 2:
            if found := _LONG_IRI.search(content):
                raise DataError(_TOO_LONG, file=name, line=lines + content.count(b"\n", 0, found.start()) + 1)
            return


def _gunzip(content: bytes, name: str) -> bytes:
    import gzip
    import io
    import zlib

    limit = min(LARGEST_FILE, LARGEST_RATIO * max(len(content), 4096))
    try:
        with gzip.open(io.BytesIO(content)) as stream:
            unpacked = stream.read(limit + 1)
        if not content:
            raise EOFError("it is empty")
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"is no whole gzip file: {error}", file=name) from error
    if len(unpacked) > limit:
        raise DataError(f"unpacks to more than {LARGEST_RATIO} times its size: not read", file=name)
    return unpacked


def _check_utf8(content: bytes, name: str) -> None:
    try:
        content.decode()
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        column = len(content[content.rfind(b"\n", 0, error.start) + 1 : error.start].decode()) + 1
        raise DataError(
            f"is not UTF-8 (byte 0x{content[error.start]:02x}): save the file as UTF-8",
            file=name,
            line=line,
            column=column,
        ) from error


def check_depth(content: bytes, form: Any, name: str) -> None:
    """Refuse what nests so deep that the parser takes minutes or ends the process.

    Raises :class:`~filmgraph.errors.DataError`.
    """
    if form == ox.RdfFormat.RDF_XML:
        _check_xml_depth(content, name)
    elif form == ox.RdfFormat.JSON_LD:
        depth = 0
        for bracket in re.sub(rb'"(?:[^"\\]|\\.)*+"|[^][{}"]++', b"", content):
            depth += 1 if bracket in b"[{" else -1
            if depth > DEEPEST:
                raise DataError(f"nests deeper than {DEEPEST} brackets: not read", file=name)
    elif content.count(b"<<") > MOST_INNER_TRIPLES:
        raise DataError("writes << too often: a triple inside a triple is not read", file=name)


def _check_xml_depth(content: bytes, name: str) -> None:
    from xml.parsers import expat

    parser = expat.ParserCreate("utf-8")
    depth = 0

    def start(_tag: str, _attributes: object) -> None:
        nonlocal depth
        depth += 1
        if depth > DEEPEST:
            line = parser.CurrentLineNumber
            raise DataError(f"nests deeper than {DEEPEST} elements: not read", file=name, line=line)

    def end(_tag: str) -> None:
        nonlocal depth
        depth -= 1

    parser.StartElementHandler, parser.EndElementHandler = start, end
    try:
        parser.Parse(content, True)
    except expat.ExpatError as error:
        message = expat.errors.messages.get(error.code, "not well-formed")
        raise DataError(f"is no XML: {message}", file=name, line=error.lineno, column=error.offset + 1) from error
