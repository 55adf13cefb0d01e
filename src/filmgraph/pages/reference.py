"""The reference of the ontology: its classes, properties and individuals, and the rules that data is judged by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from zlib import crc32

import pyoxigraph as ox

from filmgraph import stores
from filmgraph.errors import DataError
from filmgraph.namespaces import DCTERMS, FG, FGS, OA, OWL, PROV, RDF, RDFS, SCHEMA, SH, SKOS, shorten, slug_of
from filmgraph.rows import printable

if TYPE_CHECKING:
    from filmgraph.stores import Store

__all__ = [
    "ClassTerm",
    "Individual",
    "PropertyTerm",
    "Reference",
    "Reused",
    "Rule",
    "Usage",
    "ontology_reference",
    "usage_of",
]

_ORDER = (
    FG + "Film",
    FG + "TechniqueUse",
    FG + "SceneExample",
    FG + "Technique",
    FG + "Category",
    FG + "Genre",
    FG + "Aspect",
    FG + "Review",
    FG + "ReviewClaim",
    FG + "Passage",
    FG + "Stance",
    FG + "Status",
    FG + "Critic",
    FG + "Publication",
    PROV + "Activity",
    PROV + "SoftwareAgent",
    SCHEMA + "Person",
    SCHEMA + "Organization",
    SCHEMA + "Country",
)
"""The classes in the order in which they are explained."""

_GLOSSES = {
    SCHEMA + "abstract": "what the film is about",
    SCHEMA + "alternateName": "other titles, with language",
    SCHEMA + "author": "the critic",
    SCHEMA + "countryOfOrigin": "countries, as they then were",
    SCHEMA + "datePublished": "when the review appeared",
    SCHEMA + "description": "what happens in the scene",
    SCHEMA + "director": "directors",
    SCHEMA + "genre": "genres",
    SCHEMA + "itemReviewed": "the film reviewed",
    SCHEMA + "musicBy": "composers of the music",
    SCHEMA + "name": "the title or name",
    SCHEMA + "publisher": "the publication",
    SCHEMA + "sameAs": "the item at Wikidata",
    SCHEMA + "url": "where the review is",
    PROV + "wasAttributedTo": "whose reading it is",
    PROV + "wasAssociatedWith": "the program that did it",
    SCHEMA + "softwareVersion": "which version of the program",
    RDFS + "label": "what it is called",
    PROV + "wasGeneratedBy": "what proposed it, for a claim of a machine",
    DCTERMS + "source": "a source that was checked",
    OA + "hasSource": "the review",
    OA + "start": "where it starts, in code points",
    OA + "end": "where it ends",
    OA + "exact": "its words, in data of your own only",
    SKOS + "prefLabel": "its name",
    SKOS + "altLabel": "other names, as critics write them",
    SKOS + "hiddenLabel": "names for searching only",
    SKOS + "definition": "what it is",
    SKOS + "scopeNote": "how to tell it from others",
    SKOS + "broader": "what it is a kind of",
    SKOS + "related": "what it is close to",
}
"""Property of another vocabulary to what it says here."""


@dataclass(frozen=True)
class Rule:
    """A rule: the shape that reports, the property that it is about (None for a whole resource), and its message.

    ``classes`` are those that it holds for.
    """

    iri: str
    path: str | None
    message: str
    classes: tuple[str, ...]

    @property
    def name(self) -> str:
        """The local name, such as ``Film-releaseYear``."""
        return slug_of(self.iri)


@dataclass(frozen=True)
class PropertyTerm:
    """A property that the ontology defines; ``is_one`` says that it has at most one value."""

    iri: str
    label: str
    definition: str
    domain: str | None
    ranges: tuple[str, ...]
    is_one: bool


@dataclass(frozen=True)
class Individual:
    """An individual that the ontology names, such as a stance."""

    iri: str
    label: str
    definition: str


@dataclass(frozen=True)
class Reused:
    """A property of another vocabulary that a class has, and what it says there."""

    iri: str
    gloss: str


@dataclass(frozen=True)
class ClassTerm:
    """A class with its own properties, those that it takes from other vocabularies, its individuals and its rules.

    A class of another vocabulary has no definition here.
    """

    iri: str
    label: str
    definition: str
    above: tuple[str, ...]
    apart: tuple[str, ...]
    properties: tuple[PropertyTerm, ...]
    reused: tuple[Reused, ...]
    individuals: tuple[Individual, ...]
    rules: tuple[Rule, ...]


@dataclass(frozen=True)
class Reference:
    """The ontology and its rules; ``shared`` holds the properties of several classes, ``schemes`` the vocabularies."""

    iri: str
    title: str
    description: str
    version: str
    classes: tuple[ClassTerm, ...]
    shared: tuple[PropertyTerm, ...]
    schemes: tuple[Individual, ...]
    shapes_title: str
    shapes_description: str

    @property
    def properties(self) -> tuple[PropertyTerm, ...]:
        """All properties that the ontology defines, by name."""
        of_classes = [each for group in self.classes for each in group.properties]
        return tuple(sorted({*of_classes, *self.shared}, key=lambda each: each.iri))

    @property
    def rules(self) -> tuple[Rule, ...]:
        """All rules, by name."""
        return tuple(sorted({rule for group in self.classes for rule in group.rules}, key=lambda rule: rule.iri))


def ontology_reference(folder: Path) -> Reference:
    """Read the reference from a folder with ``filmgraph.ttl``, ``shapes.ttl`` and the vocabularies.

    Raises :class:`~filmgraph.errors.DataError` where the ontology or its rules cannot be read.
    """
    own = _Statements.of_files([folder / "filmgraph.ttl", folder / "shapes.ttl"])
    vocabularies = [file for name in ("techniques", "genres", "aspects") if (file := folder / f"{name}.ttl").is_file()]
    schemes = _Statements.of_files(vocabularies)
    rules = _rules(own)
    properties = [_property(name, own) for name in own.properties()]
    defined = own.subjects(OWL + "Class")
    ruled = {name for rule in rules for name in rule.classes}
    groups = [*(name for name in _ORDER if name in defined or name in ruled), *sorted(set(defined) - set(_ORDER))]
    ontology, shapes = FG.rstrip("#"), FGS.rstrip("#")
    return Reference(
        iri=ontology,
        title=own.value(ontology, DCTERMS + "title"),
        description=own.value(ontology, DCTERMS + "description"),
        version=own.value(ontology, OWL + "versionInfo"),
        classes=tuple(_class(group, own, properties, rules) for group in groups),
        shared=tuple(each for each in properties if each.domain not in groups),
        schemes=tuple(
            Individual(name, schemes.value(name, DCTERMS + "title"), schemes.value(name, SKOS + "definition"))
            for name in schemes.subjects(SKOS + "ConceptScheme")
        ),
        shapes_title=own.value(shapes, DCTERMS + "title"),
        shapes_description=own.value(shapes, DCTERMS + "description"),
    )


class _Statements:
    """What some files say, ready to be listed."""

    def __init__(self, store: ox.Store) -> None:
        self._store = store

    @classmethod
    def of_files(cls, files: list[Path]) -> _Statements:
        store = ox.Store()
        for file in files:
            try:
                store.load(path=file, format=ox.RdfFormat.TURTLE)
            except OSError as error:
                raise DataError(f"cannot be read: {error.strerror}", file=str(file)) from error
            except (SyntaxError, ValueError) as error:
                raise DataError.of_parser(error, str(file)) from error
        return cls(store)

    def values(self, subject: str, predicate: str) -> list[str]:
        """Return the values of a property, sorted; those that are blank nodes left out."""
        quads = self._store.quads_for_pattern(ox.NamedNode(subject), ox.NamedNode(predicate), None)
        return sorted(quad.object.value for quad in quads if isinstance(quad.object, ox.NamedNode | ox.Literal))

    def value(self, subject: str, predicate: str) -> str:
        """Return the first value of a property, "" where there is none."""
        return next(iter(self.values(subject, predicate)), "")

    def subjects(self, class_: str) -> list[str]:
        """Return the named instances of a class, sorted."""
        quads = self._store.quads_for_pattern(None, ox.NamedNode(RDF + "type"), ox.NamedNode(class_))
        return sorted({quad.subject.value for quad in quads if isinstance(quad.subject, ox.NamedNode)})

    def properties(self) -> list[str]:
        """Return the properties that the ontology defines."""
        return sorted({*self.subjects(OWL + "ObjectProperty"), *self.subjects(OWL + "DatatypeProperty")})


def _rules(own: _Statements) -> list[Rule]:
    """Return the shapes that report by themselves, and are not a part of one, by name."""
    classes: dict[str, set[str]] = {}
    for shape in own.subjects(SH + "NodeShape"):
        for target in own.values(shape, SH + "targetClass"):
            for rule in (shape, *own.values(shape, SH + "property")):
                if own.values(rule, SH + "severity"):
                    classes.setdefault(rule, set()).add(target)
    return [
        Rule(name, own.value(name, SH + "path") or None, own.value(name, SH + "message"), tuple(sorted(classes[name])))
        for name in sorted(classes)
    ]


def _property(name: str, own: _Statements) -> PropertyTerm:
    return PropertyTerm(
        iri=name,
        label=own.value(name, RDFS + "label"),
        definition=own.value(name, RDFS + "comment"),
        domain=own.value(name, RDFS + "domain") or None,
        ranges=(*own.values(name, RDFS + "range"), *own.values(name, SCHEMA + "rangeIncludes")),
        is_one=name in own.subjects(OWL + "FunctionalProperty"),
    )


def _class(group: str, own: _Statements, properties: list[PropertyTerm], rules: list[Rule]) -> ClassTerm:
    held = tuple(rule for rule in rules if group in rule.classes)
    reused = {rule.path for rule in held if rule.path and not rule.path.startswith(FG)}
    return ClassTerm(
        iri=group,
        label=own.value(group, RDFS + "label"),
        definition=own.value(group, RDFS + "comment"),
        above=tuple(own.values(group, RDFS + "subClassOf")),
        apart=tuple(own.values(group, OWL + "disjointWith")),
        properties=tuple(each for each in properties if each.domain == group),
        reused=tuple(Reused(path, _GLOSSES.get(path, "")) for path in sorted(reused, key=shorten)),
        individuals=tuple(
            Individual(name, own.value(name, RDFS + "label"), own.value(name, RDFS + "comment"))
            for name in own.subjects(group)
        ),
        rules=held,
    )


@dataclass(frozen=True)
class Usage:
    """How often a term stands in a graph: instances of a class, statements of a property, pointers at an individual.

    Of a property one statement is an example: about ``subject``, whose value is ``text``, or the resource ``value``.
    """

    uses: int
    subject: str | None = None
    value: str | None = None
    text: str = ""


def usage_of(store: Store, reference: Reference) -> dict[str, Usage]:
    """Return how often each term of the ontology stands in a store, by IRI. No example gives away an ending."""
    from filmgraph.arrays import once_counted

    terms = [*(each.iri for each in reference.classes), *(each.iri for each in reference.properties)]
    name = f"usage-{crc32(' '.join(terms).encode()):08x}-1"
    found = once_counted(store, name, lambda: {iri: vars(usage) for iri, usage in _usage_of(store, reference).items()})
    return {iri: Usage(**usage) for iri, usage in found.items()}


def _usage_of(store: Store, reference: Reference) -> dict[str, Usage]:
    classes = [group.iri for group in reference.classes]
    individuals = [each.iri for group in reference.classes for each in group.individuals]
    schemes = [scheme.iri for scheme in reference.schemes]
    properties = [each.iri for each in reference.properties]
    counts: dict[str, int] = {}
    for names, pattern in (
        (classes, f"?s <{RDF}type> ?term"),
        (schemes, f"?s <{SKOS}inScheme> ?term"),
        (individuals, f"VALUES ?p {{ <{FG}stance> <{FG}status> }} ?s ?p ?term"),
        (properties, "?s ?term ?o"),
    ):
        values = " ".join(f"<{name}>" for name in names)
        rows = store.select(
            f"SELECT ?term (COUNT(*) AS ?n) WHERE {{ VALUES ?term {{ {values} }} {pattern} }} GROUP BY ?term"
        )
        counts.update({str(term): int(str(count)) for term, count in rows})
    terms = (*classes, *individuals, *schemes, *properties)
    return {**{name: Usage(counts.get(name, 0)) for name in terms}, **_examples(store, properties, counts)}


def _examples(store: Store, properties: list[str], counts: dict[str, int]) -> dict[str, Usage]:
    """Return the usage of each property that has an example: a value of the first resource that has one."""
    pairs = " ".join(f"(<{name}> <{first}>)" for name, first in _firsts(store, properties))
    rows = store.select(f"SELECT ?p ?s ?o WHERE {{ VALUES (?p ?s) {{ {pairs} }} ?s ?p ?o }} ORDER BY ?p STR(?o)")
    found: dict[str, Usage] = {}
    for name, subject, value in rows.terms:
        if isinstance(name, ox.NamedNode) and isinstance(subject, ox.NamedNode) and name.value not in found:
            iri = value.value if isinstance(value, ox.NamedNode) else None
            text = shorten(iri) if iri else _written(value)
            found[name.value] = Usage(counts.get(name.value, 0), subject.value, iri, text)
    return found


def _firsts(store: Store, properties: Sequence[str]) -> list[tuple[str, str]]:
    """Return properties with the first resource that has each, in a large store the first of some."""
    has = f"?o FILTER(ISIRI(?s)) FILTER NOT EXISTS {{ ?s <{FG}spoiler> true }}"
    if isinstance(store, stores.LocalStore) and stores.size_of(store) >= stores.LARGE:
        some = {
            name: [str(s) for (s,) in store.select(f"SELECT ?s WHERE {{ ?s <{name}> {has} }}", most=_SOME)]
            for name in properties
        }
        return [(name, min(subjects)) for name, subjects in some.items() if subjects]
    values = " ".join(f"<{name}>" for name in properties)
    rows = store.select(
        f"SELECT ?p (MIN(STR(?s)) AS ?first) WHERE {{ VALUES ?p {{ {values} }} ?s ?p {has} }} GROUP BY ?p"
    )
    return [(str(name), str(first)) for name, first in rows if first]


_SOME = 1_000
"""Among how many resources the first one is looked for."""


def _written(term: object) -> str:
    """Return a literal as Turtle writes it, numbers bare and a long text cut."""
    text = printable(str(term))
    if isinstance(term, ox.Literal) and not term.language:
        datatype = shorten(term.datatype.value)
        bare = datatype in ("xsd:integer", "xsd:decimal", "xsd:boolean")
        text = printable(term.value if bare else str(ox.Literal(term.value)))
        text += "" if bare or datatype == "xsd:string" else f"^^{datatype}"
    return text if len(text) <= _LONGEST_EXAMPLE else text[:_LONGEST_EXAMPLE].rstrip() + " …"


_LONGEST_EXAMPLE = 160
