"""The SPARQL 1.1 Protocol: what a request asks, in which form the answer goes out, and the dataset of an update.

Nothing here runs a query. :func:`read_operation` makes an :class:`Operation` of a request (sections 2.1 and 2.2 of the
W3C's recommendation), :func:`result_form` picks the form of its answer before it runs, and :func:`with_dataset` writes
the dataset that came with an update into its text, because the engine takes none beside it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from urllib.parse import parse_qsl

from starlette.exceptions import HTTPException

from filmgraph.queries import placed_tokens_of
from filmgraph.web.negotiation import best_of

__all__ = ["METHODS", "Operation", "read_operation", "result_form", "with_dataset"]

METHODS = ("GET", "HEAD", "POST", "OPTIONS")
"""The methods that the endpoint knows."""

_FORM_TYPE = "application/x-www-form-urlencoded"
_DIRECT_TYPES = {"application/sparql-query": "query", "application/sparql-update": "update"}
_OF_QUERY = ("default-graph-uri", "named-graph-uri")
_OF_UPDATE = ("using-graph-uri", "using-named-graph-uri")
_MOST_FIELDS = 1_000
_IRI = re.compile(r'[A-Za-z][A-Za-z0-9+.-]*:[^\x00-\x20<>"{}|\\^`\x7f]*')


@dataclass(frozen=True)
class Operation:
    """What a request asks: ``kind`` is ``query``, ``update`` or, where it brings neither, ``description``.

    ``default_graphs`` and ``named_graphs`` are the dataset that came with it (for an update, what its WHERE clauses
    see); ``format`` is the form that was asked for by name.
    """

    kind: str
    text: str = ""
    default_graphs: tuple[str, ...] = ()
    named_graphs: tuple[str, ...] = ()
    format: str = ""


def read_operation(method: str, query_string: bytes, content_type: str | None, body: bytes) -> Operation:
    """Return what a request asks, by GET, by POST of a form or by POST of the text itself.

    Raises :class:`~starlette.exceptions.HTTPException`: 405 for other methods, 415 for what is no form and no SPARQL or
    is not in UTF-8, and 400 for what the protocol does not allow: no query or several, a query and an update, an update
    by GET, a query in the address of a POST, the dataset of one operation with the other.

    >>> read_operation("POST", b"", "application/sparql-query", b"ASK {}").text
    'ASK {}'
    """
    if method not in METHODS:
        raise HTTPException(405, f"The endpoint knows {', '.join(METHODS)}.", headers={"Allow": ", ".join(METHODS)})
    given = _fields(query_string, "address")
    texts = [(name, value) for name, value in given if name in ("query", "update")]
    if method == "POST":
        if texts:
            raise HTTPException(400, f"The {texts[0][0]} of a POST belongs in its body, not in its address.")
        media_type = _media_type(content_type)
        if media_type == _FORM_TYPE:
            sent = _fields(body, "form")
            given += sent
            texts = [(name, value) for name, value in sent if name in ("query", "update")]
            if not texts:
                raise HTTPException(400, "The form has neither a query nor an update.")
        else:
            texts = [(_DIRECT_TYPES[media_type], _decoded(body, "body"))]
    elif any(name == "update" for name, _ in texts):
        raise HTTPException(400, "An update is sent by POST: a GET changes nothing.")
    return _operation(given, texts)


def _operation(given: Sequence[tuple[str, str]], texts: Sequence[tuple[str, str]]) -> Operation:
    if len(texts) > 1:
        raise HTTPException(400, f"There are {len(texts)} queries or updates in this request: send exactly one.")
    kind, text = texts[0] if texts else ("description", "")
    ours, others = (_OF_UPDATE, _OF_QUERY) if kind == "update" else (_OF_QUERY, _OF_UPDATE)
    for name, _ in given:
        if name in others and kind != "description":
            raise HTTPException(400, f"{name} does not go with {'an update' if kind == 'update' else 'a query'}.")
    asked = [value for name, value in given if name in ("format", "output") and value]
    return Operation(kind, text, _graphs(given, ours[0]), _graphs(given, ours[1]), asked[0] if asked else "")


def _graphs(given: Sequence[tuple[str, str]], name: str) -> tuple[str, ...]:
    """Return the IRIs that a parameter gives, each once."""
    graphs = dict.fromkeys(value for parameter, value in given if parameter == name)
    for graph in graphs:
        if not _IRI.fullmatch(graph):
            raise HTTPException(400, f"{name} is no absolute IRI: {graph[:80]!r}.")
    return tuple(graphs)


def _media_type(content_type: str | None) -> str:
    """Return the media type of a body that can be read."""
    media_type, *parameters = (part.strip() for part in (content_type or "").split(";"))
    media_type = media_type.lower()
    if media_type != _FORM_TYPE and media_type not in _DIRECT_TYPES:
        known = ", ".join((_FORM_TYPE, *_DIRECT_TYPES))
        what = f"is of type {media_type[:80]!r}" if media_type else "has no Content-Type"
        raise HTTPException(415, f"The body {what}: send one of {known}.", headers={"Accept": known})
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "charset" and value.strip().strip('"').lower() not in ("utf-8", "utf8", "us-ascii"):
            raise HTTPException(415, "SPARQL is sent in UTF-8.")
    return media_type


def _fields(encoded: bytes, where: str) -> list[tuple[str, str]]:
    try:
        return parse_qsl(
            _decoded(encoded, where),
            keep_blank_values=True,
            encoding="utf-8",
            errors="strict",
            max_num_fields=_MOST_FIELDS,
        )
    except UnicodeDecodeError as error:
        raise HTTPException(400, f"The {where} is not in UTF-8.") from error
    except ValueError as error:
        raise HTTPException(400, f"The {where} has more than {_MOST_FIELDS:,} fields.") from error


def _decoded(content: bytes, where: str) -> str:
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise HTTPException(400, f"The {where} is not in UTF-8.") from error


_SOLUTIONS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "json": ("application/sparql-results+json", "application/json"),
        "xml": ("application/sparql-results+xml", "application/xml", "text/xml"),
        "csv": ("text/csv",),
        "tsv": ("text/tab-separated-values",),
    }
)
_TRIPLES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "turtle": ("text/turtle", "application/x-turtle"),
        "ntriples": ("application/n-triples", "text/plain"),
        "rdfxml": ("application/rdf+xml", "application/xml", "text/xml"),
        "jsonld": ("application/ld+json", "application/json"),
    }
)
_HTML = {"html": ("text/html", "application/xhtml+xml")}
_YES_OR_NO = {name: _SOLUTIONS[name] for name in ("json", "xml")} | _HTML
_FORMS: Mapping[str, Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "SELECT": {**_SOLUTIONS, **_HTML},
        "ASK": _YES_OR_NO,
        "CONSTRUCT": {**_TRIPLES, **_HTML},
        "DESCRIBE": {**_TRIPLES, **_HTML},
        "": {**_TRIPLES, **_HTML},
    }
)
"""Form of a query to the names of the forms of its answer, the one that wins a tie first; "" is the description."""

_ALSO_NAMED = {
    **dict.fromkeys(("ttl", "n3"), "turtle"),
    **dict.fromkeys(("nt", "n-triples"), "ntriples"),
    **dict.fromkeys(("rdf", "rdf+xml"), "rdfxml"),
    "json-ld": "jsonld",
}
_BY_KIND = {"json": "jsonld", "xml": "rdfxml"}
"""What a name of a form of solutions means for triples."""


def result_form(query_form: str, accept: str | None, asked: str = "") -> str:
    """Return the form in which the answer of a query goes out: a key of the sandbox's forms, or ``html``.

    ``query_form`` is SELECT, ASK, CONSTRUCT, DESCRIBE, or "" for the description of the service. ``asked`` is a form
    that was named, by its short name or media type; it comes before the Accept header.

    Raises :class:`~starlette.exceptions.HTTPException` (406) where nothing fits.

    >>> result_form("SELECT", "text/csv, application/json;q=0.5"), result_form("CONSTRUCT", None, "xml")
    ('csv', 'rdfxml')
    """
    offered = _FORMS[query_form]
    if asked:
        asked = asked.lower().replace(" ", "+")  # In an address, a plus that was not encoded stands for a space.
        name = _ALSO_NAMED.get(asked, asked)
        name = name if name in offered else _BY_KIND.get(name, name)
        found = name if name in offered else best_of(asked, offered) if "/" in asked else None
    else:
        found = best_of(accept, offered)
    if found is None:
        had = ", ".join(f"{types[0]} ({name})" for name, types in offered.items())
        raise HTTPException(406, f"The answer can be had as {had}.", headers={"Vary": "Accept"})
    return found


def with_dataset(text: str, default_graphs: Sequence[str], named_graphs: Sequence[str]) -> str:
    """Return an update whose WHERE clauses see the given graphs: USING clauses are written before each of them.

    ``DELETE WHERE``, which takes no USING, is written in full. The text must have passed the guard, so that its tokens
    can be cut in one way only.

    Raises :class:`~starlette.exceptions.HTTPException` (400) where the update names a dataset itself.

    >>> with_dataset("DELETE WHERE { ?s ?p 1 }", ["http://example.org/g"], [])
    'DELETE { ?s ?p 1 } USING <http://example.org/g> WHERE { ?s ?p 1 }'
    """
    clauses = "".join(
        [*(f"USING <{graph}> " for graph in default_graphs), *(f"USING NAMED <{graph}> " for graph in named_graphs)]
    )
    if not clauses:
        return text
    parts: list[str] = []
    done = depth = 0
    before = ""
    shorthand: int | None = None  # where the pattern of a DELETE WHERE starts, once it does
    awaits_pattern = False
    for (kind, token), place in placed_tokens_of(text):
        word = token.upper() if kind == "word" and not depth else ""
        if word in ("USING", "WITH"):
            raise HTTPException(400, f"The update has {word}, and a dataset came with the request: only one can count.")
        if word == "WHERE" and before == "DELETE":
            parts.append(text[done:place])
            done, awaits_pattern = place + len(token), True
        elif word == "WHERE":
            parts.append(text[done:place] + clauses)
            done = place
        elif kind == "other" and token == "{":
            if awaits_pattern and not depth:
                shorthand, awaits_pattern = place, False
            depth += 1
        elif kind == "other" and token == "}":
            depth -= 1
            if not depth and shorthand is not None:
                pattern = text[shorthand : place + 1]
                parts.append(f"{text[done:shorthand].lstrip()}{pattern} {clauses}WHERE {pattern}")
                done, shorthand = place + 1, None
        before = word
    return "".join([*parts, text[done:]])
