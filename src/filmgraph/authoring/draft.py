"""A film that is being added: its facts and its uses, as triples."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import pyoxigraph as ox

from filmgraph.authoring.cells import clean, parts_of
from filmgraph.authoring.names import Names
from filmgraph.errors import DataError
from filmgraph.namespaces import FG, PROV, RDF, SCHEMA, WD, XSD, iri, slug_of

__all__ = ["FACTS", "FactColumn", "Use", "film_triples", "person_triples", "statements"]

_TYPE = ox.NamedNode(RDF + "type")
_EDITORS = ox.NamedNode(iri("organization", "filmgraph-editors"))
_INTEGER, _BOOLEAN = ox.NamedNode(XSD + "integer"), ox.NamedNode(XSD + "boolean")
_TAGGED = re.compile(r"(?P<text>.+)@(?P<tag>[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8})*)")
LONGEST_TEXT = 5_000
Statement = tuple[str, ox.Literal | ox.NamedNode]


@dataclass(frozen=True)
class FactColumn:
    """A fact of a film as a table has it: the property, the kind of value, and whether there may be several."""

    property: str
    kind: str
    many: bool = False


FACTS: dict[str, FactColumn] = {
    "alternate_titles": FactColumn(SCHEMA + "alternateName", "tagged", many=True),
    "runtime_minutes": FactColumn(FG + "runtimeMinutes", "minutes"),
    "abstract": FactColumn(SCHEMA + "abstract", "prose"),
    "directors": FactColumn(SCHEMA + "director", "person", many=True),
    "cinematographers": FactColumn(FG + "cinematographer", "person", many=True),
    "editors": FactColumn(FG + "filmEditor", "person", many=True),
    "composers": FactColumn(SCHEMA + "musicBy", "person", many=True),
    "production_designers": FactColumn(FG + "productionDesigner", "person", many=True),
    "genres": FactColumn(SCHEMA + "genre", "genre", many=True),
    "countries": FactColumn(SCHEMA + "countryOfOrigin", "country", many=True),
    "imdb_id": FactColumn(FG + "imdbId", "imdb"),
    "wikidata_id": FactColumn(SCHEMA + "sameAs", "wikidata"),
}
"""Column of a table to the fact it holds."""


@dataclass(frozen=True)
class Use:
    """A use that is being added; ``spoiler`` marks all of it, ``spoiler_scenes`` the scenes of these numbers."""

    film: str
    technique: str
    explanation: str
    scenes: tuple[str, ...]
    spoiler: bool = False
    spoiler_scenes: frozenset[int] = frozenset()

    @property
    def iri(self) -> str:
        """The IRI of the use, which joins film and technique."""
        return iri("use", f"{slug_of(self.film)}--{slug_of(self.technique)}")

    def scene_iri(self, number: int) -> str:
        """Return the IRI of a scene from its number, from 1."""
        return iri("scene", f"{slug_of(self.iri)}--{number}")

    def triples(self) -> Iterator[ox.Triple]:
        """Yield the triples of the use and its scenes."""
        use = ox.NamedNode(self.iri)
        yield ox.Triple(use, _TYPE, ox.NamedNode(FG + "TechniqueUse"))
        yield ox.Triple(use, ox.NamedNode(FG + "film"), ox.NamedNode(self.film))
        yield ox.Triple(use, ox.NamedNode(FG + "technique"), ox.NamedNode(self.technique))
        yield ox.Triple(use, ox.NamedNode(FG + "explanation"), _prose(self.explanation))
        yield ox.Triple(use, ox.NamedNode(PROV + "wasAttributedTo"), _EDITORS)
        if self.spoiler:
            yield ox.Triple(use, ox.NamedNode(FG + "spoiler"), _TRUE)
        for number, description in enumerate(self.scenes, start=1):
            scene = ox.NamedNode(self.scene_iri(number))
            yield ox.Triple(use, ox.NamedNode(FG + "scene"), scene)
            yield ox.Triple(scene, _TYPE, ox.NamedNode(FG + "SceneExample"))
            yield ox.Triple(scene, ox.NamedNode(SCHEMA + "description"), _prose(description))
            if number in self.spoiler_scenes:
                yield ox.Triple(scene, ox.NamedNode(FG + "spoiler"), _TRUE)


_TRUE = ox.Literal("true", datatype=_BOOLEAN)


def _prose(text: str) -> ox.Literal:
    return ox.Literal(text, language="en")


def film_triples(film: str, title: str, year: int, facts: Iterable[Statement], *, draft: bool) -> Iterator[ox.Triple]:
    """Yield the triples of a film from its IRI, title, year and facts."""
    node = ox.NamedNode(film)
    yield ox.Triple(node, _TYPE, ox.NamedNode(FG + "Film"))
    yield ox.Triple(node, ox.NamedNode(SCHEMA + "name"), ox.Literal(title))
    yield ox.Triple(node, ox.NamedNode(FG + "releaseYear"), ox.Literal(str(year), datatype=_INTEGER))
    for predicate, value in facts:
        yield ox.Triple(node, ox.NamedNode(predicate), value)
    if draft:
        yield ox.Triple(node, ox.NamedNode(FG + "draft"), _TRUE)


def person_triples(person: str, name: str) -> Iterator[ox.Triple]:
    """Yield the triples of a person."""
    node = ox.NamedNode(person)
    yield ox.Triple(node, _TYPE, ox.NamedNode(SCHEMA + "Person"))
    yield ox.Triple(node, ox.NamedNode(SCHEMA + "name"), ox.Literal(name))


def statements(column: str, text: str, names: Names) -> list[Statement]:
    """Return the facts that a cell holds, each as property and value.

    Raises :class:`~filmgraph.errors.DataError` or :class:`~filmgraph.errors.NotFoundError` for a value that is no such
    fact.
    """
    fact = FACTS[column]
    values: Sequence[str] = parts_of(text) if fact.many else [text.strip()]
    return [(fact.property, _value(fact.kind, value, names)) for value in values]


def _value(kind: str, text: str, names: Names) -> ox.Literal | ox.NamedNode:
    if kind == "person":
        return ox.NamedNode(names.person(text))
    if kind in ("genre", "country"):
        return ox.NamedNode(names.find(text, kind))
    if kind == "prose":
        return _prose(clean(text, longest=LONGEST_TEXT))
    if kind == "minutes":
        if not re.fullmatch(r"[1-9][0-9]{0,3}", text) or int(text) > 1000:
            raise DataError("a run-time is whole minutes from 1 to 1000, as in 114")
        return ox.Literal(text, datatype=_INTEGER)
    if kind == "imdb":
        if not re.fullmatch(r"tt[0-9]{7,8}", text):
            raise DataError(
                "an IMDb identifier is tt and seven or eight digits, as in tt1798709; leave it out if unsure"
            )
        return ox.Literal(text)
    if kind == "wikidata":
        if not re.fullmatch(r"Q[1-9][0-9]{0,15}", text):
            raise DataError("a Wikidata identifier is Q and a number, as in Q788822; leave it out if unsure")
        return ox.NamedNode(WD + text)
    tagged = _TAGGED.fullmatch(clean(text, longest=LONGEST_TEXT))
    if not tagged:
        raise DataError(
            "an alternate title ends in its language, as in À bout de souffle@fr or Shichinin no samurai@ja-Latn"
        )
    return ox.Literal(tagged["text"].strip(), language=tagged["tag"])
