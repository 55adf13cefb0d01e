"""The graph as documents: what one resource means, and the forms in which triples leave the house.

What goes out comes back isomorphic, in every format but ``jsonld-framed``, which is a view. The same triples give
the same bytes: they are sorted, and blank nodes get canonical names (RDFC-1.0, W3C 2024).
"""

from __future__ import annotations

import json
import os
import re
import secrets
import stat
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from itertools import takewhile
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import pyoxigraph as ox

from filmgraph.errors import DataError, NotFoundError, OutputError
from filmgraph.namespaces import BASE, FG, OA, PREFIXES, RDF, SCHEMA, SKOS, XSD, kind_of, shorten
from filmgraph.readers import read_text
from filmgraph.turtle import write_turtle

if TYPE_CHECKING:
    import rdflib

    from filmgraph.stores import Store
    from filmgraph.workspace import Workspace

__all__ = ["FORMATS", "Format", "neighbourhood", "serialize", "to_rdflib", "whole", "write_output"]

_BATCH = 500
_TYPE, _FIRST, _REST, _NIL = RDF + "type", RDF + "first", RDF + "rest", RDF + "nil"
_ACCEPTED = f"<{FG}status> <{FG}Accepted>"
_LABELS = f"<{SCHEMA}name> <{SKOS}prefLabel>"


def _claims(pattern: str) -> tuple[str, str]:
    """Return the patterns of accepted claims, ``?s`` in a pattern, and of the passages they stand on."""
    claim = pattern.replace("?s", "?claim")
    return f"{pattern} ; {_ACCEPTED}", f"{claim} ; {_ACCEPTED} ; <{FG}evidence> ?s"


_BY_CRITIC = f"VALUES ?by {{ <{SCHEMA}author> <{SCHEMA}publisher> }} ?review ?by $this"
_OF_CRITIC = (
    f"VALUES ?by {{ <{SCHEMA}author> <{SCHEMA}publisher> }} ?s ?by $this",
    *(f"{_BY_CRITIC} . {pattern}" for pattern in _claims(f"?s <{FG}claimedIn> ?review")),
)
_PARTS: dict[str, tuple[str, ...]] = {
    "film": (
        f"?s <{FG}film> $this",
        f"?use <{FG}film> $this ; <{FG}scene> ?s",
        f"?s <{SCHEMA}itemReviewed> $this",
        *_claims(f"?s <{FG}aboutFilm> $this"),
    ),
    "technique": (f"?s <{FG}technique> $this", f"?use <{FG}technique> $this ; <{FG}scene> ?s"),
    "person": _OF_CRITIC,
    "organization": _OF_CRITIC,
    "review": _claims(f"?s <{FG}claimedIn> $this"),
    "aspect": _claims(f"?s <{FG}aboutAspect> $this"),
    "use": (f"$this <{FG}scene> ?s",),
    "scene": (f"?s <{FG}scene> $this",),
    "claim": (f"$this <{FG}evidence> ?s",),
    "passage": (f"?s <{FG}evidence> $this ; {_ACCEPTED}",),
}
"""Kind of resource to the patterns of what is described whole together with it."""

_POINTERS: dict[str, str] = {
    "technique": f"VALUES ?p {{ <{SKOS}broader> <{SKOS}related> }} ?s ?p $this",
    "category": f"VALUES ?p {{ <{SKOS}broader> }} ?s ?p $this",
    "person": f"?s ?p $this ; a <{FG}Film>",
    "organization": f"?s ?p $this ; a <{FG}Film>",
    "genre": f"VALUES ?p {{ <{SCHEMA}genre> }} ?s ?p $this",
    "country": f"VALUES ?p {{ <{SCHEMA}countryOfOrigin> }} ?s ?p $this",
}
"""Kind of resource to the pattern of the triples that point at it from what is only named with it."""


def neighbourhood(store: Store, iri: str) -> list[ox.Triple]:
    """Return what one resource means as a document, sorted.

    A film comes with its uses, scenes, reviews, accepted claims and their passages; a technique with its uses and
    scenes, and the links to what is narrower; a person or an organization with credits, reviews and accepted claims;
    a genre or country with its films. Whatever else these name comes with its type and label alone.

    Raises :class:`~filmgraph.errors.NotFoundError` where the graph says nothing about the resource.

    >>> from filmgraph.stores import MemoryStore
    >>> store = MemoryStore()
    >>> store.update('''
    ...     PREFIX fg: <https://w3id.org/filmgraph/ontology#> PREFIX schema: <https://schema.org/>
    ...     BASE <https://w3id.org/filmgraph/>
    ...     INSERT DATA { <film/her-2013> a fg:Film ; schema:name "Her" ; schema:genre <genre/drama> .
    ...                   <genre/drama> <http://www.w3.org/2004/02/skos/core#prefLabel> "Drama"@en ; fg:other 1 }''')
    >>> len(neighbourhood(store, "https://w3id.org/filmgraph/film/her-2013"))
    4
    """
    try:
        this = str(ox.NamedNode(iri))
    except ValueError as error:
        raise NotFoundError(f"{iri!r} is no IRI.") from error
    kind = kind_of(iri) or ""
    found = set(store.describe(iri))
    if not found:
        raise NotFoundError(f"There is nothing about {shorten(iri)} in this graph.")
    described = {iri}
    if parts := " } UNION { ".join(_PARTS.get(kind, ())).replace("$this", this):
        rows = store.select(f"SELECT DISTINCT ?s WHERE {{ {{ {parts} }} }}")
        described.update(term.value for (term,) in rows.terms if isinstance(term, ox.NamedNode))
    for values in _batches(described - {iri}):
        found.update(store.construct(f"CONSTRUCT {{ ?s ?p ?o }} WHERE {{ VALUES ?s {{ {values} }} ?s ?p ?o }}"))
    if kind in _POINTERS:
        pattern = _POINTERS[kind].replace("$this", this)
        found.update(store.construct(f"CONSTRUCT {{ ?s ?p {this} }} WHERE {{ {pattern} }}"))
    named = {term.value for triple in found for term in (triple.subject, triple.object) if _is_resource(term)}
    for values in _batches(named - described):
        found.update(
            store.construct(
                f"CONSTRUCT {{ ?s ?p ?label ; a ?type }} WHERE {{ VALUES ?s {{ {values} }} "
                f"VALUES ?p {{ {_LABELS} }} ?s ?p ?label OPTIONAL {{ ?s a ?type }} }}"
            )
        )
    return sorted(found, key=_triple_key)


def whole(store: Store) -> list[ox.Triple]:
    """Return all triples of a store, sorted."""
    return sorted(store.construct("CONSTRUCT { ?s ?p ?o } WHERE { ?s ?p ?o }"), key=_triple_key)


def _is_resource(term: Any) -> bool:
    """Whether a term is an IRI of the graph; others, such as Wikidata's, have no label here to look for."""
    return _is_iri(term) and kind_of(term.value) is not None


def _batches(resources: Iterable[str]) -> list[str]:
    wanted = sorted(resources)
    return [
        " ".join(f"<{resource}>" for resource in wanted[start : start + _BATCH])
        for start in range(0, len(wanted), _BATCH)
    ]


def _triple_key(triple: ox.Triple) -> tuple[str, str, str]:
    return str(triple.subject), str(triple.predicate), str(triple.object)


@dataclass(frozen=True)
class Format:
    """A form in which triples go out: its media type, the ending of its files, and what it is, in a few words."""

    media_type: str
    suffix: str
    about: str
    write: Callable[[Sequence[ox.Triple], Workspace, str | None], str]


def serialize(triples: Iterable[ox.Triple], form: str, *, workspace: Workspace, root: str | None = None) -> str:
    """Return triples in one of :data:`FORMATS`, the same bytes for the same triples.

    ``workspace`` holds the JSON-LD context. ``root`` is the resource, by IRI, from which ``jsonld-framed`` looks at
    the graph: all films where it is None; other formats do without it.

    Raises :class:`~filmgraph.errors.NotFoundError` for an unknown format, and
    :class:`~filmgraph.errors.DataError` for what a format cannot carry, with the name of one that can.
    """
    if form not in FORMATS:
        raise NotFoundError(f"There is no format {form!r}.", suggestions=tuple(FORMATS))
    return FORMATS[form].write(_in_order(triples), workspace, root)


def _in_order(triples: Iterable[ox.Triple]) -> list[ox.Triple]:
    """Return triples once each and sorted, their blank nodes under canonical names."""
    unique = set(triples)
    blank = False
    for triple in unique:
        if isinstance(triple.object, ox.Triple) or getattr(triple.object, "direction", None) is not None:
            raise DataError(f"{triple} is RDF 1.2, which not every format can carry: take it out")
        blank = blank or isinstance(triple.subject, ox.BlankNode) or isinstance(triple.object, ox.BlankNode)
    if blank:
        dataset = ox.Dataset(ox.Quad(*triple) for triple in unique)
        dataset.canonicalize(ox.CanonicalizationAlgorithm.RDFC_1_0)
        unique = {quad.triple for quad in dataset}
    return sorted(unique, key=_triple_key)


def _turtle(triples: Sequence[ox.Triple], _workspace: Workspace, _root: str | None) -> str:
    try:
        return write_turtle(triples)
    except DataError as error:
        raise DataError(f"{error}, or export it as trig or ntriples, which can carry it") from error


def _n_triples(triples: Sequence[ox.Triple], _workspace: Workspace, _root: str | None) -> str:
    lines = _by_oxigraph(triples, ox.RdfFormat.N_TRIPLES).split("\n")
    return "".join(f"{line}\n" for line in sorted(lines) if line)


def _tri_g(triples: Sequence[ox.Triple], _workspace: Workspace, _root: str | None) -> str:
    text = _by_oxigraph(triples, ox.RdfFormat.TRIG, prefixes=_prefixes_used(_iris(triples)))
    lines = text.split("\n")
    # The writer's prefixes come in the order of a hash that differs from run to run.
    head = list(takewhile(lambda line: line.startswith("@prefix "), lines))
    return "\n".join([*sorted(head), *lines[len(head) :]])


def _rdf_xml(triples: Sequence[ox.Triple], _workspace: Workspace, _root: str | None) -> str:
    """Return RDF/XML, looked at by an XML parser, for there are graphs that XML cannot carry.

    pyoxigraph writes it, not rdflib: rdflib numbers unknown namespaces in the order of string hashes, which differs
    from run to run, and leaves carriage returns to be swallowed by the reader.
    """
    from xml.parsers import expat

    for triple in triples:
        if not _XML_NAME.search(triple.predicate.value):
            raise DataError(f"the predicate {triple.predicate} does not end in an XML name: export as ntriples")
    elements = {triple.predicate.value for triple in triples} | {
        triple.object.value for triple in triples if triple.predicate.value == _TYPE and _is_iri(triple.object)
    }
    prefixes = {name: iri for name, iri in _prefixes_used(elements).items() if name != "rdf"}
    try:
        text = _by_oxigraph(triples, ox.RdfFormat.RDF_XML, prefixes=prefixes).replace("\r", "&#13;")
    except OSError as error:
        raise DataError(f"RDF/XML cannot carry this graph: {error}; export as ntriples") from error
    try:
        expat.ParserCreate(namespace_separator=" ").Parse(text.encode(), True)
    except expat.ExpatError as error:
        line = text.split("\n")[error.lineno - 1].strip()[:80]
        raise DataError(f"XML cannot carry {line!a} (a control character?): export as ntriples") from error
    return text + "\n"


_XML_NAME = re.compile(r"[^\W\d][\w.-]*$")


def _by_oxigraph(triples: Sequence[ox.Triple], form: Any, *, prefixes: Mapping[str, str] | None = None) -> str:
    content = ox.serialize(triples, format=form, prefixes=dict(prefixes) if prefixes else None)
    assert content is not None  # it is None only where a file to write to was given
    return content.decode()


def _iris(triples: Sequence[ox.Triple]) -> set[str]:
    datatypes = {triple.object.datatype.value for triple in triples if isinstance(triple.object, ox.Literal)}
    return datatypes | {term.value for triple in triples for term in triple if _is_iri(term)}


def _is_iri(term: Any) -> bool:
    return isinstance(term, ox.NamedNode)


def _prefixes_used(iris: Iterable[str]) -> dict[str, str]:
    """Return the prefixes with which some of the IRIs can be written shorter, sorted."""
    curies = {short.partition(":")[0] for iri in iris if (short := shorten(iri)) != iri}
    return {prefix: PREFIXES[prefix] for prefix in sorted(curies)}


def _json_ld(triples: Sequence[ox.Triple], workspace: Workspace, _root: str | None) -> str:
    from pyld import jsonld

    context = _context(workspace, triples)
    document = _by_pyld(jsonld.compact, _expanded(triples), {"@context": context}, graph=True)
    return _json_text({**document, "@context": context})


def _json_ld_framed(triples: Sequence[ox.Triple], workspace: Workspace, root: str | None) -> str:
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
        reason = cause.args[0] if cause.args else cause
        raise DataError(f"this graph and this context make no JSON-LD: {reason}", file="context.jsonld") from error


def _refuse(url: str, _options: object = None) -> NoReturn:
    raise DataError(f"the remote context {url} is not fetched: put it inline")


def _context(workspace: Workspace, triples: Sequence[ox.Triple]) -> dict[str, Any]:
    """Return the project's context, without its base where an IRI cannot be written relative to that.

    ``a:b`` below the base would be read as an IRI of its own, and ``../x`` is not what others expect of an id; there
    all ids are written in full.
    """
    file = workspace.ontology / "context.jsonld"
    try:
        document = json.loads(read_text(file))
    except json.JSONDecodeError as error:
        raise DataError(f"is no JSON: {error.msg}", file=str(file), line=error.lineno, column=error.colno) from error
    context = document.get("@context") if isinstance(document, dict) else None
    if not isinstance(context, dict):
        raise DataError("has no @context of its own: write it inline, as one object", file=str(file))
    if any(iri.startswith(_HOST) and not _PLAIN_BELOW_BASE.fullmatch(iri) for iri in _iris(triples)):
        context = {key: value for key, value in context.items() if key != "@base"}
    return context


def _json_text(document: dict[str, Any]) -> str:
    context = document.pop("@context")
    tidy = {"@context": context, **_tidy(document)}
    return json.dumps(tidy, ensure_ascii=False, indent=2) + "\n"


_HOST = "/".join(BASE.split("/", 3)[:3]) + "/"
_PLAIN_BELOW_BASE = re.compile(re.escape(BASE) + r"[\w-]+(?:/[\w-]+)*(?:#[\w-]*)?", re.ASCII)
_FIRST_KEYS = ("@id", "id", "@type", "type", "name", "prefLabel")


def _tidy(value: Any) -> Any:
    """Return JSON with the keys of each object in order: what it is first, what points at it last."""
    if isinstance(value, list):
        return [_tidy(item) for item in value]
    if not isinstance(value, dict):
        return value
    first = [key for key in _FIRST_KEYS if key in value]
    return {key: _tidy(value[key]) for key in (*first, *sorted(value.keys() - first, key=lambda key: (key == "@reverse", key)))}


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
        if predicate == _TYPE and _is_iri(value):
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
    links = [triple for triple in triples if _is_iri(triple.object) and triple.predicate.value != _TYPE]
    pointing = {triple.predicate.value for triple in links if triple.object.value in roots}
    named = {triple.predicate.value: _NAMED for triple in links if _id(triple.subject) in roots}
    views: dict[str, Any] = _VIEW_OF_FILM if all(kind_of(each) == "film" for each in roots) else _VIEWS
    owned: dict[str, Any] = {FG + "scene": {}, FG + "evidence": {OA + "hasSource": _LINK}}
    reverse = {predicate: views.get(predicate, _NAMED) for predicate in sorted(pointing)}
    return {"@id": sorted(roots), **named, **{name: owned[name] for name in named if name in owned}, "@reverse": reverse}


def _films(triples: Sequence[ox.Triple]) -> set[str]:
    """Return the films that are described: a film that is only named has no year."""
    return {_id(triple.subject) for triple in triples if triple.predicate.value == FG + "releaseYear"}


FORMATS: dict[str, Format] = {
    "turtle": Format("text/turtle", ".ttl", "Turtle in the canonical form", _turtle),
    "ntriples": Format("application/n-triples", ".nt", "N-Triples, sorted", _n_triples),
    "nquads": Format("application/n-quads", ".nq", "N-Quads, all in the default graph, sorted", _n_triples),
    "trig": Format("application/trig", ".trig", "TriG, all in the default graph", _tri_g),
    "rdfxml": Format("application/rdf+xml", ".rdf", "RDF/XML", _rdf_xml),
    "jsonld": Format("application/ld+json", ".jsonld", "JSON-LD, compacted", _json_ld),
    "jsonld-framed": Format(
        'application/ld+json;profile="http://www.w3.org/ns/json-ld#framed"',
        ".framed.jsonld",
        "JSON-LD, framed: a view with the film or other resource at the root",
        _json_ld_framed,
    ),
}
"""Name of a format to its media type, ending and writer."""


def to_rdflib(triples: Iterable[ox.Triple]) -> rdflib.Graph:
    """Return triples as an rdflib graph, the project's prefixes bound.

    Literals keep their digits (``"02013"^^xsd:integer`` stays as it is); rdflib writes language tags in lower case.

    >>> name = ox.Triple(ox.NamedNode(BASE + "film/her-2013"), ox.NamedNode(SCHEMA + "name"), ox.Literal("Her"))
    >>> [str(value) for value in to_rdflib([name]).objects()]
    ['Her']
    """
    import rdflib

    graph = rdflib.Graph(bind_namespaces="none")
    for prefix, namespace in sorted(PREFIXES.items()):
        graph.bind(prefix, namespace)
    iris: dict[str, rdflib.URIRef] = {}

    def term(value: Any) -> rdflib.term.Node:
        if isinstance(value, ox.NamedNode):
            known = iris.get(value.value)
            return iris.setdefault(value.value, rdflib.URIRef(value.value)) if known is None else known
        if isinstance(value, ox.BlankNode):
            return rdflib.BNode(value.value)
        if value.language:
            return rdflib.Literal(value.value, lang=value.language)
        datatype = None if value.datatype.value == XSD + "string" else term(value.datatype)
        return rdflib.Literal(value.value, datatype=datatype, normalize=False)

    for triple in _in_order(triples):
        graph.add((term(triple.subject), term(triple.predicate), term(triple.object)))
    return graph


def write_output(text: str, path: str | os.PathLike[str], *, overwrite: bool = False) -> None:
    """Write a text to a file as UTF-8, all of it or nothing.

    It is written aside, in the same folder, and moved into place, so that no reader ever meets half a file. An
    existing file keeps its permissions.

    Raises :class:`~filmgraph.errors.OutputError` where the path exists and ``overwrite`` is not given, where it is a
    folder or a device, and where it cannot be written.
    """
    name = os.fspath(path)
    try:
        target = Path(name).resolve() if name else Path()
        mode = _mode_to_keep(name, target, overwrite)
        aside = target.with_name(f".filmgraph-{secrets.token_hex(8)}")
        write = partial(os.open, mode=0o666 if mode is None else mode)
        try:
            with open(aside, "xb", opener=write) as stream:  # noqa: PTH123 (Path.open takes no opener)
                stream.write(text.encode())
                stream.flush()
                os.fsync(stream.fileno())
            if mode is not None:
                aside.chmod(mode)
            _move(aside, target, overwrite=overwrite)
        finally:
            with suppress(OSError):
                aside.unlink()
    except FileExistsError as error:
        raise OutputError(f"{name}: exists already; name another file, or allow it to be overwritten") from error
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise OutputError(f"{name}: cannot be written: {reason}") from error


def _mode_to_keep(name: str, target: Path, overwrite: bool) -> int | None:
    """Return the permissions of the file that is to be replaced, None where there is none."""
    try:
        there = target.stat()
    except FileNotFoundError:
        if not name or name.endswith(("/", os.sep)):
            raise OutputError(f"{name!r} names no file") from None
        return None
    if stat.S_ISDIR(there.st_mode):
        raise OutputError(f"{name}: is a folder; name a file in it")
    if not stat.S_ISREG(there.st_mode):
        raise OutputError(f"{name}: is no plain file, so nothing is written over it")
    if not overwrite:
        raise FileExistsError
    return stat.S_IMODE(there.st_mode)


def _move(aside: Path, target: Path, *, overwrite: bool) -> None:
    """Move a file into place; without ``overwrite`` a link is made, which fails where another was faster."""
    if not overwrite:
        try:
            os.link(aside, target)
            return
        except FileExistsError:
            raise
        except OSError:
            # This file system knows no hard links: the look before has to do.
            if target.exists():
                raise FileExistsError from None
    aside.replace(target)
