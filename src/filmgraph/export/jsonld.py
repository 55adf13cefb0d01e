"""JSON-LD with the project's context, by PyLD, which is never let out to fetch one."""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn

import pyoxigraph as ox

from filmgraph.errors import DataError
from filmgraph.export.order import iris_of, is_iri
from filmgraph.namespaces import BASE, FG, OA, RDF, SCHEMA, SKOS, XSD, kind_of
from filmgraph.readers import read_text

if TYPE_CHECKING:
    from filmgraph.workspace import Workspace

__all__ = ["compacted", "framed"]

_TYPE, _FIRST, _REST, _NIL = RDF + "type", RDF + "first", RDF + "rest", RDF + "nil"


def compacted(triples: Sequence[ox.Triple], workspace: Workspace) -> str:
    """Return triples as compacted JSON-LD, the context inline and the ids relative to its base."""
    from pyld import jsonld

    context = _context(workspace, triples)
    document = _by_pyld(jsonld.compact, _expanded(triples), {"@context": context}, graph=True)
    return _json_text({**document, "@context": context})


def framed(triples: Sequence[ox.Triple], workspace: Workspace, root: str | None) -> str:
    """Return triples as JSON-LD that is framed: a resource, or all films, at the root, and what belongs to it below.

    What the root does not reach is not in it: of the whole graph this is a view of its films.
    """
    from pyld import jsonld

    context = _context(workspace, triples)
    frame = {"@context": context, **_frame(triples, root)}
    options = {"embed": "@always", "omitDefault": True, "requireAll": False}
    document = _by_pyld(jsonld.frame, _expanded(triples), frame, **options)
    return _json_text({**document, "@context": context})


def _by_pyld(function: Any, expanded: Any, form: dict[str, Any], **options: Any) -> Any:
    """Call one of PyLD's functions with a loader that refuses, so that no context is ever fetched."""
    from pyld import jsonld

    options |= {"base": form["@context"].get("@base", ""), "documentLoader": _refuse}
    try:
        return function(expanded, form, options=options)
    except jsonld.JsonLdError as error:
        cause: BaseException = error
        while cause.__cause__ is not None:
            cause = cause.__cause__
        reason = " ".join(str(part)[:120] for part in (*cause.args[:1], getattr(cause, "details", None)) if part)
        raise DataError(f"this graph and this context make no JSON-LD: {reason}", file="context.jsonld") from error


def _refuse(url: str, _options: object = None) -> NoReturn:
    raise DataError(f"the remote context {url} is not fetched: put it inline")


def _context(workspace: Workspace, triples: Sequence[ox.Triple]) -> dict[str, Any]:
    """Return the project's context, without its base where an IRI cannot be written relative to that.

    ``a:b`` below the base would be read as an IRI of its own and ``id`` as a keyword; there all ids are written in
    full.
    """
    file = workspace.ontology / "context.jsonld"
    try:
        document = json.loads(read_text(file))
    except json.JSONDecodeError as error:
        raise DataError(f"is no JSON: {error.msg}", file=str(file), line=error.lineno, column=error.colno) from error
    context = document.get("@context") if isinstance(document, dict) else None
    if not isinstance(context, dict):
        raise DataError("has no @context of its own: write it inline, as one object", file=str(file))
    if any(iri.startswith(_HOST) and not _PLAIN_BELOW_BASE.fullmatch(iri) for iri in iris_of(triples)):
        context = {key: value for key, value in context.items() if key != "@base"}
    return context


def _json_text(document: dict[str, Any]) -> str:
    context = document.pop("@context")
    tidy = {"@context": context, **_tidy(document)}
    return json.dumps(tidy, ensure_ascii=False, indent=2) + "\n"


_HOST = "/".join(BASE.split("/", 3)[:3]) + "/"
_PLAIN_BELOW_BASE = re.compile(re.escape(BASE) + r"(?:[\w-]+(?:/[\w-]+)+|ontology|shapes)(?:[/#][\w-]+)?", re.ASCII)
_FIRST_KEYS = ("@id", "id", "@type", "type", "name", "prefLabel")


def _tidy(value: Any) -> Any:
    """Return JSON with the keys of each object in order: what it is first, what points at it last, as lists."""
    if isinstance(value, list):
        return [_tidy(item) for item in value]
    if not isinstance(value, dict):
        return value
    first = [key for key in _FIRST_KEYS if key in value]
    tidy = {key: _tidy(value[key]) for key in (*first, *sorted(value.keys() - {*first, "@reverse"}))}
    if "@reverse" in value:
        pointing = _tidy(value["@reverse"])
        tidy["@reverse"] = {key: item if isinstance(item, list) else [item] for key, item in pointing.items()}
    return tidy


def _expanded(triples: Sequence[ox.Triple]) -> list[dict[str, Any]]:
    """Return triples as expanded JSON-LD, one object for each subject, well-formed lists as lists.

    This is the algorithm of JSON-LD 1.1 API, section 8.4 (W3C 2020), on terms rather than on N-Quads: PyLD's own
    takes seconds to parse what is already parsed.
    """
    lists = _lists(triples)
    nodes: dict[str, dict[str, Any]] = {}
    for triple in triples:
        subject, predicate, value = triple.subject, triple.predicate.value, triple.object
        if subject in lists.cells:
            continue
        node = nodes.setdefault(_id(subject), {"@id": _id(subject)})
        if predicate == _TYPE and is_iri(value):
            node.setdefault("@type", []).append(value.value)
        else:
            node.setdefault(predicate, []).append(_json_value(value, lists))
    return list(nodes.values())


@dataclass(frozen=True)
class _Lists:
    """The lists of a graph: the first cell of each to its items, and all cells."""

    items: dict[Any, list[Any]]
    cells: set[Any]


def _lists(triples: Sequence[ox.Triple]) -> _Lists:
    """Return the lists whose cells are blank nodes that have an item, a rest, one reference, and nothing more."""
    of: dict[Any, dict[str, list[Any]]] = defaultdict(lambda: defaultdict(list))
    references: Counter[Any] = Counter()
    heads: list[Any] = []
    for triple in triples:
        if isinstance(triple.subject, ox.BlankNode):
            of[triple.subject][triple.predicate.value].append(triple.object)
        if isinstance(triple.object, ox.BlankNode):
            references[triple.object] += 1
            if triple.predicate.value != _REST or not isinstance(triple.subject, ox.BlankNode):
                heads.append(triple.object)
    lists = _Lists({}, set())
    for head in heads:
        items: list[Any] = []
        cells: list[Any] = []
        node = head
        while (
            references[node] == 1
            and node in of
            and of[node].keys() == {_FIRST, _REST}
            and len(of[node][_FIRST]) == len(of[node][_REST]) == 1
        ):
            items.append(of[node][_FIRST][0])
            cells.append(node)
            node = of[node][_REST][0]
        if cells and node == ox.NamedNode(_NIL):
            lists.items[head] = items
            lists.cells.update(cells)
    return lists


def _id(term: Any) -> str:
    return str(term) if isinstance(term, ox.BlankNode) else str(term.value)


def _json_value(term: Any, lists: _Lists) -> dict[str, Any]:
    if term in lists.items:
        return {"@list": [_json_value(item, lists) for item in lists.items[term]]}
    if not isinstance(term, ox.Literal):
        return {"@id": _id(term)}
    if term.language:
        return {"@value": term.value, "@language": term.language}
    datatype = term.datatype.value
    if datatype == XSD + "string":
        return {"@value": term.value}
    return {"@value": _native(term.value, datatype), "@type": datatype}


def _native(text: str, datatype: str) -> str | int | bool:
    """Return a number or boolean as JSON's own where it comes back with the same digits, else its text."""
    if datatype == XSD + "integer" and _CANONICAL_INTEGER.fullmatch(text):
        return int(text)
    if datatype == XSD + "boolean" and text in ("true", "false"):
        return text == "true"
    return text


_CANONICAL_INTEGER = re.compile(r"0|-?[1-9][0-9]{0,14}")

_NAMED = {"@explicit": True, "@id": {}, SCHEMA + "name": {}, SKOS + "prefLabel": {}}
_LINK = {"@embed": "@never"}
_USE = {FG + "film": _NAMED, FG + "technique": _NAMED, FG + "scene": {}}
_CLAIM = {
    FG + "claimedIn": _LINK,
    FG + "aboutFilm": _NAMED,
    FG + "aboutTechnique": _NAMED,
    FG + "aboutAspect": _NAMED,
    FG + "comparesTo": _NAMED,
    FG + "stance": _LINK,
    FG + "status": _LINK,
    FG + "evidence": {OA + "hasSource": _LINK},
}
_REVIEW = {SCHEMA + "itemReviewed": _NAMED, SCHEMA + "author": _NAMED, SCHEMA + "publisher": _NAMED}
_VIEW_OF_FILM = {
    FG + "film": _USE | {FG + "film": _LINK},
    SCHEMA + "itemReviewed": _REVIEW | {SCHEMA + "itemReviewed": _LINK},
    FG + "aboutFilm": _CLAIM | {FG + "aboutFilm": _LINK},
}
_VIEWS: dict[str, dict[str, Any]] = {
    FG + "technique": _USE | {FG + "technique": _LINK},
    FG + "scene": _USE | {FG + "scene": _LINK},
    SCHEMA + "author": _REVIEW | {"@reverse": {FG + "claimedIn": _CLAIM}},
    SCHEMA + "publisher": _REVIEW | {"@reverse": {FG + "claimedIn": _CLAIM}},
    FG + "claimedIn": _CLAIM,
    FG + "aboutAspect": _CLAIM,
    FG + "evidence": _CLAIM | {FG + "evidence": _LINK},
}
"""Property that points at the root to the frame of what points; :data:`_NAMED` where a property is not here."""


def _frame(triples: Sequence[ox.Triple], root: str | None) -> dict[str, Any]:
    """Return the frame that puts a resource at the root, and what points at it below it.

    What the root names is shown with its label alone, but for a use's scenes and a claim's passages.
    """
    roots = {root} if root else _films(triples)
    # PyLD breaks on a reversed property that has a literal or a list among its values.
    unclean = {_TYPE} | {triple.predicate.value for triple in triples if not is_iri(triple.object)}
    links = [triple for triple in triples if triple.predicate.value not in unclean]
    pointing = {triple.predicate.value for triple in links if _id(triple.object) in roots}
    named = {triple.predicate.value: _NAMED for triple in links if _id(triple.subject) in roots}
    views: dict[str, Any] = _VIEW_OF_FILM if all(kind_of(each) == "film" for each in roots) else _VIEWS
    owned: dict[str, Any] = {FG + "scene": {}, FG + "evidence": {OA + "hasSource": _LINK}}
    reverse = {predicate: views.get(predicate, _NAMED) for predicate in sorted(pointing)}
    return {
        "@id": sorted(roots),
        **named,
        **{name: owned[name] for name in named if name in owned},
        "@reverse": reverse,
    }


def _films(triples: Sequence[ox.Triple]) -> set[str]:
    """Return the films that are described: a film that is only named has no year."""
    return {_id(triple.subject) for triple in triples if triple.predicate.value == FG + "releaseYear"}
