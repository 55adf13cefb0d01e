"""The answer to a SELECT query: rows of RDF terms, and the forms in which people want them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias, overload

import pyoxigraph as ox

from filmgraph.errors import FilmgraphError, NotFoundError
from filmgraph.namespaces import XSD, shorten

if TYPE_CHECKING:
    import pandas

__all__ = ["ROW_FORMATS", "Rows", "Term", "Value", "is_iri", "plain", "printable"]

Term: TypeAlias = "ox.NamedNode | ox.BlankNode | ox.Literal | ox.Triple"
Value: TypeAlias = str | int | float | bool | None

_INTEGER_TYPES = frozenset(
    XSD + name
    for name in (
        "integer",
        "int",
        "long",
        "short",
        "byte",
        "nonNegativeInteger",
        "positiveInteger",
        "nonPositiveInteger",
        "negativeInteger",
        "unsignedInt",
        "unsignedLong",
        "unsignedShort",
        "unsignedByte",
    )
)
_FLOAT_TYPES = frozenset((XSD + "double", XSD + "float"))
_INTEGER = re.compile(r"[+-]?[0-9]{1,4000}")
_DECIMAL = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)")
_FLOAT = re.compile(rf"{_DECIMAL.pattern}(?:[eE][+-]?[0-9]+)?|[+-]?INF|NaN")
_JOINERS = "\u00ad\u200c\u200d"
"""Characters that show nothing and steer nothing: they hold words and pictures together, or let them part."""


def is_iri(text: str) -> bool:
    """Whether a text is an absolute IRI, which may stand in a query.

    >>> is_iri("https://example.org/a"), is_iri("a text"), is_iri("_:b"), is_iri("urn:a> } SERVICE <urn:b")
    (True, False, False, False)
    """
    try:
        ox.NamedNode(text)
    except ValueError:
        return False
    return True


def plain(term: Any) -> Value:
    """Return the plain Python value of an RDF term: an IRI or text as str, a number or boolean as itself.

    A number that its datatype does not allow (``"abc"^^xsd:integer``) stays text; an unbound term is None.

    >>> plain(ox.Literal(2013)), plain(ox.NamedNode("http://example.org/x")), plain(None)
    (2013, 'http://example.org/x', None)
    """
    if term is None:
        return None
    if isinstance(term, ox.Literal):
        datatype, text = term.datatype.value, term.value
        if datatype in _INTEGER_TYPES:
            return int(text) if _INTEGER.fullmatch(text) else text
        if datatype == XSD + "decimal":
            return float(text) if _DECIMAL.fullmatch(text) else text
        if datatype in _FLOAT_TYPES:
            return float(text) if _FLOAT.fullmatch(text) else text
        if datatype == XSD + "boolean":
            return {"true": True, "1": True, "false": False, "0": False}.get(text, text)
        return text
    if isinstance(term, ox.NamedNode):
        return term.value
    return _turtle(term)


def printable(text: str) -> str:
    """Return a text that is safe in a terminal: control characters, escapes among them, become visible.

    >>> printable("red \\x1b[31m")
    'red ␛[31m'
    """
    if text.isprintable():
        return text
    return "".join(_visible(character) for character in text)


def _visible(character: str) -> str:
    if character.isprintable() or character in _JOINERS:
        return character
    if character in "\n\t\r" or unicodedata.category(character) == "Zs":
        return " "
    return chr(0x2400 + ord(character)) if ord(character) < 0x20 else "\ufffd"


@dataclass(frozen=True)
class Rows:
    """The rows of a SELECT answer, in the engine's order.

    ``columns`` are the variables' names; each of ``terms`` is a tuple of that length, None where unbound.
    Iterating gives each row as a tuple of plain Python values, ``rows[0]`` one row as a dict, ``rows[:5]`` the first
    five as rows; printing them shows a table.

    >>> rows = Rows(("film", "year"), [(ox.NamedNode("https://w3id.org/filmgraph/film/her-2013"), ox.Literal(2013))])
    >>> rows.records()
    [{'film': 'https://w3id.org/filmgraph/film/her-2013', 'year': 2013}]
    >>> rows[0]["year"]
    2013
    >>> print(rows)
    film           year
    -------------  ----
    film:her-2013  2013
    """

    columns: tuple[str, ...]
    terms: Sequence[tuple[Term | None, ...]]

    def __len__(self) -> int:
        return len(self.terms)

    def __iter__(self) -> Iterator[tuple[Value, ...]]:
        for row in self.terms:
            yield tuple(plain(term) for term in row)

    @overload
    def __getitem__(self, place: int) -> dict[str, Value]: ...

    @overload
    def __getitem__(self, place: slice) -> Rows: ...

    def __getitem__(self, place: int | slice) -> dict[str, Value] | Rows:
        if isinstance(place, slice):
            return Rows(self.columns, self.terms[place])
        return dict(zip(self.columns, map(plain, self.terms[place]), strict=True))

    def __str__(self) -> str:
        return self.to_text()

    def head(self, limit: int) -> Rows:
        """Return the first ``limit`` rows."""
        return Rows(self.columns, self.terms[: max(limit, 0)])

    def column(self, name: str) -> list[Value]:
        """Return one column as plain Python values; raises :class:`~filmgraph.errors.NotFoundError`."""
        if name not in self.columns:
            raise NotFoundError(f"There is no column {name!r}; the columns are {', '.join(self.columns)}.")
        index = self.columns.index(name)
        return [plain(row[index]) for row in self.terms]

    def records(self) -> list[dict[str, Value]]:
        """Return each row as a dict from column to plain Python value."""
        return [dict(zip(self.columns, row, strict=True)) for row in self]

    def to_text(self) -> str:
        """Return an aligned table in plain text, IRIs shortened to CURIEs."""
        return _aligned([self.columns, *self.cells()])

    def cells(self) -> list[tuple[str, ...]]:
        """Return the rows as short printable text, IRIs as CURIEs, for a table that people read."""
        return [tuple(printable(_short(term)) for term in row) for row in self.terms]

    def to_markdown(self) -> str:
        """Return a Markdown table, IRIs shortened to CURIEs."""
        lines = [self.columns, tuple("---" for _ in self.columns), *self.cells()]
        return "\n".join("| " + " | ".join(map(_markdown_cell, line)) + " |" for line in lines) + "\n"

    def to_csv(self, *, for_spreadsheets: bool = False) -> str:
        """Return SPARQL 1.1 Query Results CSV: plain values, lines ended by CR LF.

        A spreadsheet runs a cell that begins with ``=``, ``+``, ``-`` or ``@`` as a formula. ``for_spreadsheets`` puts
        an apostrophe before such a text, so that it stays one, and quotes what other separators would part; numbers
        stay as they are. Without it every value is exactly that of the graph, as the W3C's format has it.

        >>> print(Rows(("title",), [(ox.Literal("=1+1"),), (ox.Literal(-1),)]).to_csv(for_spreadsheets=True).split())
        ['title', "'=1+1", '-1']
        """
        if for_spreadsheets:
            lines = [self.columns, *(tuple(_as_text(term) for term in row) for row in self.terms)]
            return "".join(",".join(map(_quoted, line)) + "\r\n" for line in lines)
        import csv
        import io

        buffer = io.StringIO()
        writer = csv.writer(buffer, lineterminator="\r\n")
        writer.writerow(self.columns)
        writer.writerows([_lexical(term) for term in row] for row in self.terms)
        return buffer.getvalue()

    def to_tsv(self) -> str:
        """Return SPARQL 1.1 Query Results TSV: terms as in Turtle, so that types and languages are kept."""
        lines = ["\t".join("?" + column for column in self.columns)]
        lines += ["\t".join("" if term is None else _tsv_term(term) for term in row) for row in self.terms]
        return "\n".join(lines) + "\n"

    def to_json(self) -> str:
        """Return a JSON array with one object of plain values for each row; JSON has no infinity, so it is text."""
        import json
        from math import isfinite

        records = [
            {
                name: _lexical(term) if isinstance(value, float) and not isfinite(value) else value
                for name, term, value in zip(self.columns, row, map(plain, row), strict=True)
            }
            for row in self.terms
        ]
        return json.dumps(records, ensure_ascii=False, indent=2, allow_nan=False) + "\n"

    def to_sparql_json(self) -> str:
        """Return SPARQL 1.1 Query Results JSON, the form that linked-data tools read."""
        import json

        bindings = [
            {name: _json_term(term) for name, term in zip(self.columns, row, strict=True) if term is not None}
            for row in self.terms
        ]
        answer = {"head": {"vars": list(self.columns)}, "results": {"bindings": bindings}}
        return json.dumps(answer, ensure_ascii=False) + "\n"

    def to_dataframe(self) -> pandas.DataFrame:
        """Return a pandas DataFrame of plain values; needs the extra ``filmgraph-kg[pandas]``."""
        try:
            import pandas
        except ImportError as error:
            raise FilmgraphError("a DataFrame needs pandas: pip install pandas") from error
        return pandas.DataFrame.from_records(list(self), columns=list(self.columns))

    def to_html(self) -> str:
        """Return an HTML table, every cell escaped."""
        from html import escape

        head = "".join(f"<th>{escape(column)}</th>" for column in self.columns)
        body = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in self.cells())
        return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"

    _repr_html_ = to_html

    def serialize(self, form: str) -> str:
        """Return the rows in one of :data:`ROW_FORMATS`."""
        return ROW_FORMATS[form](self)


ROW_FORMATS: dict[str, Callable[[Rows], str]] = {
    "table": lambda rows: rows.to_text() + "\n",
    "csv": Rows.to_csv,
    "tsv": Rows.to_tsv,
    "json": Rows.to_json,
    "sparql-json": Rows.to_sparql_json,
    "markdown": Rows.to_markdown,
}
"""Name of a form to the function that writes it."""


def _lexical(term: Term | None) -> str:
    if term is None:
        return ""
    return term.value if isinstance(term, ox.NamedNode | ox.Literal) else _turtle(term)


_FORMULA = re.compile(r"[=+\-@\t\r\n＝＋－＠]")
_PARTS_CELLS = re.compile(r'[",;|\t\r\n]')


def _as_text(term: Term | None) -> str:
    """Return a value as a cell that no spreadsheet takes for a formula."""
    text = _lexical(term)
    is_formula = _FORMULA.match(text) and not (isinstance(term, ox.Literal) and _FLOAT.fullmatch(text))
    return f"'{text}" if is_formula else text


def _quoted(cell: str) -> str:
    return '"{}"'.format(cell.replace('"', '""')) if _PARTS_CELLS.search(cell) else cell


def _turtle(term: Term) -> str:
    return f"<<( {term} )>>" if isinstance(term, ox.Triple) else str(term)


def _short(term: Term | None) -> str:
    return shorten(term.value) if isinstance(term, ox.NamedNode) else _lexical(term)


def _tsv_term(term: Term) -> str:
    if isinstance(term, ox.Literal) and term.datatype.value == XSD + "integer" and _INTEGER.fullmatch(term.value):
        return term.value
    return _turtle(term).replace("\t", "\\t")


def _json_term(term: Term) -> dict[str, Any]:
    if isinstance(term, ox.NamedNode):
        return {"type": "uri", "value": term.value}
    if isinstance(term, ox.BlankNode):
        return {"type": "bnode", "value": term.value}
    if isinstance(term, ox.Triple):
        parts = {"subject": term.subject, "predicate": term.predicate, "object": term.object}
        return {"type": "triple", "value": {name: _json_term(part) for name, part in parts.items()}}
    described = {"type": "literal", "value": term.value}
    if term.language:
        described["xml:lang"] = term.language
        if direction := getattr(term, "direction", None):
            described["its:dir"] = str(direction)
    elif term.datatype.value != XSD + "string":
        described["datatype"] = term.datatype.value
    return described


def _markdown_cell(text: str) -> str:
    return re.sub(r"([\\|`\[\]*])", r"\\\1", text).replace("&", "&amp;").replace("<", "&lt;")


def _aligned(lines: Iterable[Sequence[str]]) -> str:
    table = [list(line) for line in lines]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    table.insert(1, ["-" * width for width in widths])
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in table
    )
