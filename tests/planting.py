"""Errors planted into a graph by chance: the same seed plants the same ones."""

from __future__ import annotations

import random
from collections.abc import Sequence

import pyoxigraph as ox

from filmgraph.namespaces import FG, RDF, SCHEMA, SKOS, XSD, iri, slug_of

TYPE = ox.NamedNode(RDF + "type")
BROADER = ox.NamedNode(SKOS + "broader")
LITERALS = (
    *(
        ox.Literal(text)
        for text in ("", "x", "x" * 900, "tt1234567", "Ünïcode \U0001f3ac", "a\nb", "ends\n", "\x1f ", "5")
    ),
    *(ox.Literal(text, language=tag) for text in ("", "Text", "x" * 1000) for tag in ("en", "de", "en-us")),
    *(ox.Literal(text, datatype=ox.NamedNode(XSD + "integer")) for text in ("0", "-1", "99999999999999999999", "7")),
    *(ox.Literal(text, datatype=ox.NamedNode(XSD + "integer")) for text in ("abc", "", " 7 ", "007", "+7", "1e3")),
    *(ox.Literal(text, datatype=ox.NamedNode(XSD + "decimal")) for text in ("0.5", "1.5", "-0.1", "1e3", ".5", "1,5")),
    *(ox.Literal(text, datatype=ox.NamedNode(XSD + "boolean")) for text in ("true", "false", "1", "True")),
    *(
        ox.Literal(text, datatype=ox.NamedNode(XSD + "date"))
        for text in ("2014-02-13", "2014-02-30", "2014-2-1", "2014")
    ),
    *(ox.Literal(text, datatype=ox.NamedNode(XSD + "gYear")) for text in ("2014", "14", "2014Z", "-0004")),
    *(ox.Literal("2014-02", datatype=ox.NamedNode(XSD + name)) for name in ("gYearMonth", "date", "gYear")),
    *(ox.Literal("https://a.b/", datatype=ox.NamedNode(XSD + name)) for name in ("anyURI", "string")),
    ox.Literal("7", datatype=ox.NamedNode(XSD + "int")),
    ox.Literal("7.0", datatype=ox.NamedNode(XSD + "double")),
    ox.Literal("odd", datatype=ox.NamedNode(FG + "Odd")),
)
COMPARED = {"end", "start", "endOffset", "startOffset"}
"""What pySHACL refuses to compare with a blank node, and then judges nothing at all."""

UNKNOWN = tuple(ox.NamedNode(FG + name) for name in ("spoilers", "Flim", "tecnique"))
STRANGERS = tuple(
    map(ox.NamedNode, (iri("film", "nowhere-1999"), iri("person", "nobody"), "http://example.org/x", FG + "Praise"))
)


def plant(triples: Sequence[ox.Triple], *, errors: int, seed: int, blank: bool = True) -> list[ox.Triple]:
    """Return the triples with so many errors of many kinds in them, in blank nodes too where ``blank``."""
    chance = random.Random(seed)
    graph = dict.fromkeys(triples)
    known = list(graph)
    classes = sorted({t.object for t in known if t.predicate == TYPE}, key=str)
    techniques = sorted({t.subject for t in known if t.object == ox.NamedNode(FG + "Technique")}, key=str)
    nodes = sorted({t.subject for t in known}, key=str)
    for number in range(errors):
        triple = chance.choice(known)
        subject, predicate, value = triple.subject, triple.predicate, triple.object
        kind = number % 11
        if kind == 0:
            graph.pop(triple, None)
        elif kind == 1:
            graph[ox.Triple(subject, predicate, chance.choice(LITERALS))] = None
        elif kind == 2:
            graph.pop(triple, None)
            graph[ox.Triple(subject, predicate, chance.choice(LITERALS))] = None
        elif kind == 3:
            graph[ox.Triple(subject, TYPE, chance.choice(classes))] = None
        elif kind == 4:
            graph.pop(ox.Triple(subject, TYPE, chance.choice(classes)), None)
            graph.pop(triple, None)
            graph[ox.Triple(subject, predicate, chance.choice(STRANGERS))] = None
        elif kind == 5:
            graph[ox.Triple(subject, predicate, chance.choice(nodes))] = None
        elif kind == 6 and techniques:
            graph[ox.Triple(chance.choice(techniques), BROADER, chance.choice(techniques))] = None
        elif kind == 7:
            graph[ox.Triple(subject, chance.choice(UNKNOWN), value)] = None
            graph[ox.Triple(subject, TYPE, chance.choice(UNKNOWN))] = None
        elif kind == 8:
            # Two things that must not share a value do.
            other = chance.choice(known)
            graph[ox.Triple(chance.choice(nodes), other.predicate, other.object)] = None
        elif kind == 9 and blank and slug_of(predicate.value) not in COMPARED:
            graph[ox.Triple(subject, predicate, ox.BlankNode(f"b{chance.randrange(5)}"))] = None
            graph[ox.Triple(ox.BlankNode(f"b{chance.randrange(5)}"), TYPE, chance.choice(classes))] = None
        else:
            odd = chance.choice(("Odd Name", "odd--1", "x-99", "x-2013--y", "x"))
            kind_of = chance.choice(("film", "use", "scene", "person", "technique", "claim"))
            new = ox.NamedNode(iri(kind_of, odd).replace(" ", "%20"))
            graph[ox.Triple(new, TYPE, chance.choice(classes))] = None
            graph[ox.Triple(new, ox.NamedNode(SCHEMA + "name"), chance.choice(LITERALS))] = None
    return list(graph)
