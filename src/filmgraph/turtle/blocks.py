"""The block of lines of one subject. Terms are texts here, as N-Triples writes them: so a graph need not be at hand."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache

from filmgraph.errors import DataError
from filmgraph.namespaces import DCTERMS, FG, OA, OWL, PREFIXES, PROV, RDF, RDFS, SCHEMA, SKOS, XSD, shorten
from filmgraph.turtle.order import BY_CLAIM, BY_FILM, PART, natural_key

__all__ = ["Blocks", "bonds_of", "rank_of"]

_TYPE = RDF + "type"
_FIRST, _REST, _NIL = RDF + "first", RDF + "rest", RDF + "nil"

_HOUSE_ORDER = (
    *(SCHEMA + name for name in ("name", "alternateName")),
    *(RDFS + name for name in ("label", "comment", "subClassOf", "subPropertyOf", "domain", "range")),
    *(SKOS + name for name in ("prefLabel", "altLabel", "hiddenLabel", "definition", "scopeNote", "editorialNote")),
    DCTERMS + "title",
    *(FG + name for name in ("releaseYear", "runtimeMinutes")),
    *(SCHEMA + name for name in ("abstract", "director")),
    *(FG + name for name in ("cinematographer", "filmEditor")),
    SCHEMA + "musicBy",
    FG + "productionDesigner",
    *(SCHEMA + name for name in ("genre", "countryOfOrigin")),
    FG + "imdbId",
    *(SCHEMA + name for name in ("itemReviewed", "author", "publisher", "datePublished", "url", "sameAs")),
    *(FG + name for name in ("unsigned", "textSha256", "film", "technique", "explanation")),
    SCHEMA + "description",
    *(FG + name for name in ("startOffset", "endOffset", "scene", "spoiler", "claimedIn", "aboutFilm")),
    *(FG + name for name in ("aboutTechnique", "aboutAspect", "stance", "statement", "comparesTo")),
    *(FG + name for name in ("comparesToTitle", "status", "evidence", "confidence", "matchedLabel", "cue")),
    *(OA + name for name in ("hasSource", "start", "end", "exact")),
    PROV + "wasAttributedTo",
    PROV + "wasGeneratedBy",
    PROV + "wasAssociatedWith",
    SCHEMA + "softwareVersion",
    *(SKOS + name for name in ("broader", "related", "topConceptOf", "hasTopConcept", "inScheme")),
)
_PLACE = {predicate: place for place, predicate in enumerate(_HOUSE_ORDER)}
_MAIN_TYPES = tuple(f"<{type_}>" for type_ in (OWL + "Ontology", SKOS + "ConceptScheme", FG + "Film", FG + "Review"))
_OWNED = ((BY_FILM, FG + "film", f"<{FG}TechniqueUse>"), (BY_CLAIM, FG + "claimedIn", f"<{FG}ReviewClaim>"))
_OWNS = (FG + "scene", FG + "evidence")
_WIDTH = 90
_BARE = {
    f"<{XSD}integer>": re.compile(r"[+-]?[0-9]+"),
    f"<{XSD}decimal>": re.compile(r"[+-]?[0-9]*\.[0-9]+"),
    f"<{XSD}boolean>": re.compile(r"true|false"),
}
_ESCAPES = str.maketrans({"\\": "\\\\", '"': '\\"', "\r": "\\r", "\t": "\\t", "\b": "\\b", "\f": "\\f"})
_ESCAPED = re.compile(r"\\(?:u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|(.))", re.DOTALL)
_MEANT = {"t": "\t", "b": "\b", "n": "\n", "r": "\r", "f": "\f"}
_DEEPEST = 100

Said = Mapping[str, Sequence[str]]
"""What is said of one subject: IRI of a predicate to its objects."""


def rank_of(said: Said) -> int:
    """Return where a subject stands by its type: ontologies first, then schemes, films, reviews, and all others."""
    types = said.get(_TYPE, ())
    return next((rank for rank, type_ in enumerate(_MAIN_TYPES) if type_ in types), len(_MAIN_TYPES))


def bonds_of(subject: str, said: Said) -> Iterator[tuple[int, str]]:
    """Yield to what a subject belongs, as a use to its film, and as ``PART`` what belongs to it, as scenes do."""
    types = said.get(_TYPE, ())
    for bond, predicate, type_ in _OWNED:
        owners = said.get(predicate, ())
        if len(owners) == 1 and owners[0] != subject and type_ in types:
            yield bond, owners[0]
    for predicate in _OWNS:
        for child in said.get(predicate, ()):
            yield PART, child


class Blocks:
    """Writes the blocks of subjects, blank nodes in place, and notes the prefixes that they need.

    ``of`` holds what is said of each subject, no statement twice.
    """

    def __init__(self) -> None:
        self.of: dict[str, dict[str, list[str]]] = {}
        self._references: dict[str, int] = {}
        self._prefixes: set[str] = set()
        self._open_nodes: list[str] = []
        self._written: set[str] = set()
        self._short = lru_cache(maxsize=16_384)(shorten)

    def add(self, subject: str, predicate: str, value: str) -> None:
        """Take in a statement: the predicate as an IRI, subject and object as in N-Triples."""
        self.of.setdefault(subject, {}).setdefault(predicate, []).append(value)
        if value[0] == "_":
            self.refer(value)

    def refer(self, node: str) -> None:
        """Note that a statement has a blank node as its object."""
        self._references[node] = self._references.get(node, 0) + 1

    def check_blank(self) -> None:
        """Raise :class:`~filmgraph.errors.DataError` for a blank node that has not one place to be written in."""
        for node, count in self._references.items():
            if count > 1:
                raise DataError(f"the blank node {node} is used {count} times: give it an IRI")
        for node in self.of:
            if node[0] == "_" and node not in self._references:
                raise DataError(f"the blank node {node} is nobody's object: give it an IRI")

    def check_written(self) -> None:
        """Raise :class:`~filmgraph.errors.DataError` for a blank node that no subject led to."""
        for node in self.of:
            if node[0] == "_" and node not in self._written:
                raise DataError(f"the blank node {node} stands in a circle: give it an IRI")

    def head(self) -> str:
        """Return the lines of the prefixes that the blocks need."""
        return "".join(f"@prefix {prefix}: <{PREFIXES[prefix]}> .\n" for prefix in sorted(self._prefixes))

    def block(self, subject: str) -> str:
        """Return the lines of a subject."""
        lines = [f"{predicate} {objects}" for predicate, objects in self._pairs(subject)]
        return f"{self._term(subject)} " + " ;\n    ".join(lines) + " .\n"

    def _pairs(self, subject: str) -> Iterator[tuple[str, str]]:
        by_predicate = self.of[subject]
        for predicate in sorted(by_predicate, key=self._predicate_key):
            objects = [self._object(value) for value in by_predicate[predicate]]
            if len(objects) > 1:
                objects.sort(key=natural_key)
            wide = len(objects) > 1 and sum(map(len, objects)) > _WIDTH
            yield "a" if predicate == _TYPE else self._iri(predicate), (" ,\n        " if wide else " , ").join(objects)

    def _predicate_key(self, predicate: str) -> tuple[int, str]:
        if predicate == _TYPE:
            return -1, ""
        return _PLACE.get(predicate, len(_PLACE)), self._short(predicate)

    def _object(self, value: str) -> str:
        if value not in self.of or value[0] != "_":
            return self._term(value)
        if value in self._open_nodes:
            raise DataError(f"the blank node {value} stands in a circle: give it an IRI")
        if len(self._open_nodes) >= _DEEPEST:
            raise DataError(f"blank nodes nest deeper than {_DEEPEST}: give one an IRI")
        self._written.add(value)
        self._open_nodes.append(value)
        items = self._list_items(value)
        if items is not None:
            written = "( " + " ".join(self._object(item) for item in items) + " )"
        else:
            written = "[ " + " ; ".join(f"{predicate} {objects}" for predicate, objects in self._pairs(value)) + " ]"
        self._open_nodes.pop()
        return written

    def _list_items(self, node: str) -> list[str] | None:
        """Return the items of the list that starts at a node, None where it is not a well-formed list."""
        items: list[str] = []
        cells: set[str] = set()
        while node[0] == "_" and node in self.of and set(self.of[node]) == {_FIRST, _REST}:
            first, rest = self.of[node][_FIRST], self.of[node][_REST]
            if len(first) != 1 or len(rest) != 1 or node in cells:
                return None
            items.append(first[0])
            cells.add(node)
            node = rest[0]
        if not items or node != f"<{_NIL}>":
            return None
        self._written.update(cells)
        return items

    def _term(self, term: str) -> str:
        if term[0] == '"':
            return self._literal(term)
        if term[0] == "_":
            return "[]"
        if term.startswith("<<"):
            raise DataError(f"{term} cannot be written as Turtle of this project")
        return "()" if term == f"<{_NIL}>" else self._iri(term[1:-1])

    def _iri(self, iri: str) -> str:
        short = self._short(iri)
        if short == iri:
            return f"<{iri}>"
        self._prefixes.add(short.partition(":")[0])
        return short

    def _literal(self, literal: str) -> str:
        end = literal.rindex('"')
        value, kind = literal[1:end], literal[end + 1 :]
        quoted = f'"{value}"'
        if "\\" in value:
            value = _ESCAPED.sub(_meant, value)
            escaped = value.translate(_ESCAPES)
            quoted = f'"""{escaped}"""' if "\n" in escaped else f'"{escaped}"'
        if not kind.startswith("^^"):
            return quoted + kind
        datatype = kind[2:]
        if datatype in _BARE and _BARE[datatype].fullmatch(value):
            return value
        return f"{quoted}^^{self._iri(datatype[1:-1])}"


def _meant(escape: re.Match[str]) -> str:
    """Return the character that an escape of N-Triples stands for."""
    number = escape[1] or escape[2]
    return chr(int(number, 16)) if number else _MEANT.get(escape[3], escape[3])
