"""A graph with an injection in every field, made from some of the bundled films."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

import pyoxigraph as ox

from filmgraph.namespaces import BASE, FG, SCHEMA, XSD
from filmgraph.workspace import Workspace

FILMS = ("her-2013", "lost-in-translation-2003", "up-2009", "the-sixth-sense-1999")

TEXTS = (
    "<script>window.__owned=1</script>",
    '"><img src=x onerror="window.__owned=2">',
    "' onmouseover='window.__owned=3' autofocus onfocus='window.__owned=3' x='",
    "javascript:window.__owned=4",
    "</title></style></textarea></select></script><svg onload=window.__owned=5>",
    "</script><script>window.__owned=6</script><!--",
    '<a href="javascript:window.__owned=7">click</a>',
    '<iframe srcdoc="<script>parent.__owned=8</script>"></iframe>',
    "{{ 7 * 7 }} {% raw %} ${7*7} <%= 7*7 %> #{7*7}",
    '<base href="//evil.example/"><form action="javascript:window.__owned=9"><button>',
    '<meta http-equiv="refresh" content="0;url=javascript:window.__owned=10">',
    '\\";window.__owned=11;// \\u003cscript\\u003e \u2028 \u2029 \u202e ]]> &lt;script&gt;',
    "<style>* { display: none } @import '//evil.example/x.css'</style><link rel=stylesheet href=//evil.example/x.css>",
    "%22%3E%3Cscript%3Ewindow.__owned%3D12%3C/script%3E\r\nSet-Cookie: owned=1\r\n\r\n<script>__owned=13</script>",
    "\U0001f600\ud7ff\ufdd0 =cmd|'/c calc'!A1 " + "wide" * 400,
)
ADDRESSES = (
    "javascript:window.__owned=20",
    "JaVaScRiPt:window.__owned=21//https://example.org/",
    "data:text/html,%3Cscript%3Ewindow.__owned=22%3C/script%3E",
    "vbscript:window.__owned",
    "https://evil.example/'onmouseover='window.__owned=23",
    "https://evil.example/&quot;onclick=window.__owned=24",
    "file:///etc/passwd",
    "//evil.example/",
)
_KEPT = {XSD + name for name in ("integer", "decimal", "boolean", "date", "gYear", "double")}


def write(folder: Path) -> None:
    """Write the graph as a disk store: the reading of files would refuse the most of its addresses."""
    store = ox.Store(folder)
    store.bulk_extend(ox.Quad(triple.subject, triple.predicate, triple.object) for triple in _triples())
    store.flush()


def _triples() -> Iterator[ox.Triple]:
    texts, addresses, numbers = itertools.cycle(TEXTS), itertools.cycle(ADDRESSES), itertools.count()
    for triple in _bundled():
        yield ox.Triple(triple.subject, triple.predicate, _spoilt(triple, texts, addresses, numbers))
    yield from _ill_typed()
    yield from _ill_named()


def _bundled() -> Iterator[ox.Triple]:
    workspace = Workspace.find()
    for file in workspace.graph_files:
        of_films = file.parent.name in ("films", "reviews")
        if not of_films or file.name.startswith(FILMS):
            yield from (quad.triple for quad in ox.parse(path=file, format=ox.RdfFormat.TURTLE))


def _spoilt(
    triple: ox.Triple, texts: Iterator[str], addresses: Iterator[str], numbers: Iterator[int]
) -> ox.NamedNode | ox.Literal | ox.BlankNode | ox.Triple:
    """Return the object of a triple with an injection in it, if it can have one."""
    value = triple.object
    if isinstance(value, ox.Literal):
        if value.datatype.value in _KEPT:
            return value
        number = next(numbers)
        text = f"{next(texts)} {number}"
        if value.language is not None:
            return ox.Literal(text, language=value.language if number % 5 else "en-x-script")
        if number % 7 == 0:
            return ox.Literal(text, datatype=ox.NamedNode(next(addresses).replace("//evil", "https://evil", 1)))
        return ox.Literal(text)
    if isinstance(value, ox.NamedNode) and _is_outside(value.value):
        return ox.NamedNode(_absolute(next(addresses)))
    return value


def _is_outside(iri: str) -> bool:
    return iri.startswith("http") and not iri.startswith((BASE, "http://www.w3.org/", SCHEMA, "http://purl.org/"))


def _absolute(address: str) -> str:
    return f"https:{address}" if address.startswith("//") else address


def _ill_typed() -> Iterator[ox.Triple]:
    """A film whose numbers, dates and flags are none."""
    film = ox.NamedNode(f"{BASE}film/ill-typed-1999")
    of = {SCHEMA + "director": "person/spike-jonze", SCHEMA + "genre": "genre/drama"}
    of[SCHEMA + "countryOfOrigin"] = "country/japan"
    yield ox.Triple(film, ox.NamedNode("http://www.w3.org/1999/02/22-rdf-syntax-ns#type"), ox.NamedNode(FG + "Film"))
    for predicate, path in of.items():
        yield ox.Triple(film, ox.NamedNode(predicate), ox.NamedNode(BASE + path))
    for predicate, datatype in {
        SCHEMA + "name": "string",
        SCHEMA + "abstract": "string",
        FG + "releaseYear": "integer",
        FG + "runtimeMinutes": "integer",
        FG + "imdbId": "string",
        FG + "draft": "boolean",
    }.items():
        yield ox.Triple(film, ox.NamedNode(predicate), ox.Literal(TEXTS[1], datatype=ox.NamedNode(XSD + datatype)))


def _ill_named() -> Iterator[ox.Triple]:
    """Films whose addresses would break out of an attribute, or lead elsewhere."""
    for number, slug in enumerate(("x'onmouseover='window.__owned=30", "%3Cscript%3E", "../../static", "a&quot;b", "")):
        film = ox.NamedNode(f"{BASE}film/{slug}")
        yield ox.Triple(
            film, ox.NamedNode("http://www.w3.org/1999/02/22-rdf-syntax-ns#type"), ox.NamedNode(FG + "Film")
        )
        yield ox.Triple(film, ox.NamedNode(SCHEMA + "name"), ox.Literal(f"{TEXTS[number]} named"))
        yield ox.Triple(
            film, ox.NamedNode(FG + "releaseYear"), ox.Literal("2001", datatype=ox.NamedNode(XSD + "integer"))
        )
        yield ox.Triple(film, ox.NamedNode(SCHEMA + "director"), ox.NamedNode(f"{BASE}person/spike-jonze"))
        yield ox.Triple(film, ox.NamedNode(SCHEMA + "genre"), ox.NamedNode(f"{BASE}genre/drama"))
        yield ox.Triple(film, ox.NamedNode(SCHEMA + "countryOfOrigin"), ox.NamedNode(f"{BASE}country/japan"))
