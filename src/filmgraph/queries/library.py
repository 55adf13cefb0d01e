"""The query library: files that any SPARQL tool can run, with typed parameters.

A file starts with a header of comment lines::

    # Films using a technique
    #
    # Every film that uses a technique or a narrower one, with how it does so and in which scene.
    #
    # @param technique technique  The technique; narrower ones count.
    # @param decade    integer?   The first year of a decade, such as 1990.
    # @column film     film       The film.
    # @column year     integer    Its year of release.
    # @network                    (only on a query that reaches out to another endpoint)

A parameter's type is a kind of resource (``film``, ``technique``, ``person`` …), ``concept`` (a technique or an
aspect), ``string``, ``integer`` or ``decimal``; ``?`` after it says optional, ``+`` says one or more. Each
parameter has exactly one line ``VALUES ?name { example }`` in WHERE: it is the place where a value is bound, and
an example that lets the file run unchanged. An optional parameter's example is ``UNDEF``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path

from filmgraph.errors import NotFoundError, QueryError
from filmgraph.namespaces import KINDS

__all__ = ["PARAMETER_TYPES", "Column", "Parameter", "Query", "QueryLibrary", "is_query_name", "parse_query"]

PARAMETER_TYPES = frozenset((*KINDS, "concept", "iri", "string", "integer", "decimal"))
"""The types that a parameter can have; all but the last three are resources."""

COLUMN_TYPES = PARAMETER_TYPES | {"date", "boolean"}

_NAME = re.compile(r"[a-z0-9-]{1,100}")
_DIRECTIVE = re.compile(r"@(?P<word>\w+)(?:\s+(?P<rest>.*))?")
_ENTRY = re.compile(r"(?P<name>[a-z]\w*)\s+(?P<type>[a-z]+)(?P<mark>[?+]?)\s+(?P<text>\S.*)")
_UNSAFE_IN_IRI = re.compile(r'[\x00-\x20<>"{}|^`\\]')
_ESCAPES = str.maketrans({"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"})


@dataclass(frozen=True)
class Parameter:
    """One parameter of a query."""

    name: str
    type: str
    description: str
    optional: bool = False
    many: bool = False

    @property
    def is_resource(self) -> bool:
        """Whether a value is the IRI of a resource, so that a slug or label can be given."""
        return self.type not in ("string", "integer", "decimal")

    def term(self, value: str | int | float) -> str:
        """Return a value as a SPARQL term that cannot leave its place.

        Raises :class:`~filmgraph.errors.QueryError` for a value of the wrong type.
        """
        text = str(value)
        if self.is_resource:
            if ":" not in text or _UNSAFE_IN_IRI.search(text):
                raise QueryError(f"{text[:80]!r} is no absolute IRI", parameter=self.name)
            return f"<{text}>"
        if self.type == "string":
            return f'"{text.translate(_ESCAPES)}"'
        pattern = r"[+-]?[0-9]{1,18}" if self.type == "integer" else r"[+-]?[0-9]{1,18}(\.[0-9]{1,18})?"
        if not re.fullmatch(pattern, text, re.ASCII):
            raise QueryError(f"{text[:80]!r} is no {self.type}", parameter=self.name)
        return text


@dataclass(frozen=True)
class Column:
    """One column of a query's answer."""

    name: str
    type: str
    description: str


@dataclass(frozen=True)
class Query:
    """A query of the library: its header, and its text as it stands in the file."""

    name: str
    title: str
    description: str
    text: str
    parameters: tuple[Parameter, ...] = ()
    columns: tuple[Column, ...] = ()
    network: bool = False
    examples: Mapping[str, str] = field(default_factory=dict)

    def parameter(self, name: str) -> Parameter:
        """Return a parameter by name; raises :class:`~filmgraph.errors.QueryError` where there is none."""
        for parameter in self.parameters:
            if parameter.name == name:
                return parameter
        known = ", ".join(parameter.name for parameter in self.parameters) or "none"
        raise QueryError(f"has no parameter {name!r}; it has {known}", query=self.name)

    def bind(self, values: Mapping[str, Sequence[str | int | float]]) -> str:
        """Return the query's text with values in place of its examples.

        ``values`` maps a parameter's name to the list of its values: IRIs in full for resources, else text or
        numbers. Optional parameters that are not named stay open.

        Raises :class:`~filmgraph.errors.QueryError` for an unknown or missing parameter, too many values, or a
        value of the wrong type.
        """
        for name in values:
            self.parameter(name)
        text = self.text
        for parameter in self.parameters:
            given = list(values.get(parameter.name, ()))
            if not given and not parameter.optional:
                raise QueryError(f"needs a value: {parameter.description}", query=self.name, parameter=parameter.name)
            if len(given) > 1 and not parameter.many:
                raise QueryError("takes one value only", query=self.name, parameter=parameter.name)
            terms = " ".join(parameter.term(value) for value in given) or "UNDEF"
            line = _values_line(parameter.name).search(text)
            assert line is not None, "parse_query has found this line"
            text = f"{text[: line.start()]}{line['head']}{{ {terms} }}{text[line.end() :]}"
        return text


@dataclass(frozen=True)
class QueryLibrary:
    """The queries of a folder of ``.rq`` files, by name."""

    folder: Path

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The names of all queries, sorted."""
        return tuple(sorted(file.stem for file in self.folder.glob("*.rq") if _NAME.fullmatch(file.stem)))

    def __iter__(self) -> Iterator[Query]:
        return (self[name] for name in self.names)

    def __len__(self) -> int:
        return len(self.names)

    def __getitem__(self, name: str) -> Query:
        file = self.folder / f"{name}.rq"
        try:
            if not _NAME.fullmatch(name):
                raise FileNotFoundError
            text = file.read_text(encoding="utf-8")
        except FileNotFoundError:
            from rapidfuzz import process

            nearest = [match[0] for match in process.extract(name, self.names, limit=3, score_cutoff=55)]
            raise NotFoundError(f"There is no query {name[:80]!r} in the library.", suggestions=nearest) from None
        except OSError as error:
            raise QueryError(f"cannot be read: {error.strerror}", query=name) from error
        except UnicodeDecodeError as error:
            raise QueryError("is not UTF-8: save the file as UTF-8", query=name) from error
        return parse_query(name, text)


def is_query_name(text: str) -> bool:
    """Whether a text is one word without brackets, as the name of a library query is, and so is no SPARQL.

    >>> is_query_name("film-page"), is_query_name("DESCRIBE<http://example.org/x>")
    (True, False)
    """
    return re.fullmatch(r"[^\s{<]+", text) is not None


@lru_cache(maxsize=256)
def parse_query(name: str, text: str) -> Query:
    """Parse the text of a query file.

    Raises :class:`~filmgraph.errors.QueryError` for a header that does not keep to the form, or a parameter
    without exactly one VALUES line.
    """
    prose: list[str] = []
    parameters: list[Parameter] = []
    columns: list[Column] = []
    network = False
    for line in text.splitlines():
        if not line.startswith("#"):
            break
        comment = line[1:].strip()
        directive = _DIRECTIVE.match(comment)
        if directive is None:
            prose.append(comment)
            continue
        if directive["word"] == "network":
            network = True
            continue
        entry = _ENTRY.fullmatch(directive["rest"] or "")
        if directive["word"] not in ("param", "column") or entry is None:
            raise QueryError(f"header line not understood: {comment!r}", query=name)
        if directive["word"] == "param":
            if entry["type"] not in PARAMETER_TYPES:
                raise QueryError(f"unknown type {entry['type']!r}", query=name, parameter=entry["name"])
            parameters.append(
                Parameter(entry["name"], entry["type"], entry["text"], entry["mark"] == "?", entry["mark"] == "+")
            )
        else:
            if entry["type"] not in COLUMN_TYPES:
                raise QueryError(f"unknown type {entry['type']!r} of column {entry['name']}", query=name)
            columns.append(Column(entry["name"], entry["type"], entry["text"]))
    title, _, description = "\n".join(prose).strip().partition("\n")
    if not title:
        raise QueryError("needs a title: a first line that starts with # and says what is asked", query=name)
    for entries in (parameters, columns):
        names = [entry.name for entry in entries]
        for twice in sorted({each for each in names if names.count(each) > 1}):
            raise QueryError(f"describes {twice} twice", query=name)
    examples: dict[str, str] = {}
    for parameter in parameters:
        lines = list(_values_line(parameter.name).finditer(text))
        if len(lines) != 1:
            raise QueryError(
                f"needs exactly one line VALUES ?{parameter.name} {{ … }}, has {len(lines)}",
                query=name,
                parameter=parameter.name,
            )
        examples[parameter.name] = lines[0]["example"].strip()
    return Query(
        name=name,
        title=title.rstrip("."),
        description=description.strip(),
        text=text,
        parameters=tuple(parameters),
        columns=tuple(columns),
        network=network,
        examples=examples,
    )


@lru_cache(maxsize=256)
def _values_line(name: str) -> re.Pattern[str]:
    return re.compile(rf"^(?P<head>\s*VALUES\s+\?{name}\s*)\{{(?P<example>[^{{}}\n]*)\}}", re.MULTILINE)
