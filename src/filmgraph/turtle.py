"""Turtle in the canonical form, so that a diff shows what changed and nothing else; and the lines of its subjects.

The form: the prefixes that are used, sorted; the file's main subject first (an ontology, a concept scheme, a film, a
review), a film followed by its uses and each use by its scenes, a review by its claims and each claim by its
passages; then all other subjects in the order of their IRIs, numbers counted as numbers. Within a subject the
predicates stand in the house order below; objects are sorted.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import pyoxigraph as ox

from filmgraph.errors import DataError
from filmgraph.namespaces import DCTERMS, FG, OA, OWL, PREFIXES, PROV, RDF, RDFS, SCHEMA, SKOS, XSD, shorten

__all__ = ["format_turtle", "natural_key", "subject_lines", "write_turtle"]

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
_MAIN_TYPES = (OWL + "Ontology", SKOS + "ConceptScheme", FG + "Film", FG + "Review")
_OWNED = ((FG + "film", FG + "TechniqueUse"), (FG + "claimedIn", FG + "ReviewClaim"))
_OWNS = (FG + "scene", FG + "evidence")
_WIDTH = 90
_BARE = {
    XSD + "integer": re.compile(r"[+-]?[0-9]+"),
    XSD + "decimal": re.compile(r"[+-]?[0-9]*\.[0-9]+"),
    XSD + "boolean": re.compile(r"true|false"),
}
_ESCAPES = {"\\": "\\\\", '"': '\\"', "\r": "\\r", "\t": "\\t", "\b": "\\b", "\f": "\\f"}

_PART = r"""(?:\\.|[^\s<>"'\[\](){};,.\#\\])"""
_TOKEN = re.compile(
    rf"""
    (?P<space>\s++)
  | (?P<comment>\#[^\r\n]*+)
  | (?P<iri><[^\x00-\x20<>"{{}}|^`]*+>)
  | (?P<string>\"\"\"(?:[^"\\]|\\.|"(?!""))*+\"\"\" | \'\'\'(?:[^'\\]|\\.|'(?!''))*+\'\'\'
             | "(?:[^"\\\r\n]|\\.)*+" | '(?:[^'\\\r\n]|\\.)*+')
  | (?P<at>@[A-Za-z][A-Za-z0-9-]*+)
  | (?P<open>[\[({{])
  | (?P<close>[\])}}])
  | (?P<number>[+-]?(?:[0-9]+\.?[0-9]*[eE][+-]?[0-9]++|[0-9]*\.[0-9]++(?:[eE][+-]?[0-9]++)?|[0-9]++))
  | (?P<word>{_PART}(?:{_PART}|\.++(?={_PART}))*+)
  | (?P<stop>\.)
  | (?P<other>.)
    """,
    re.VERBOSE | re.DOTALL,
)
_DEEPEST = 100


def write_turtle(triples: Iterable[ox.Triple]) -> str:
    """Return triples as Turtle in the canonical form.

    Blank nodes are written in place, so each must be the object of one triple at the most and not stand in a
    circle: anything else raises :class:`~filmgraph.errors.DataError`.

    >>> film = ox.NamedNode("https://w3id.org/filmgraph/film/her-2013")
    >>> print(write_turtle([ox.Triple(film, ox.NamedNode(SCHEMA + "name"), ox.Literal("Her"))]), end="")
    @prefix film: <https://w3id.org/filmgraph/film/> .
    @prefix schema: <https://schema.org/> .
    <BLANKLINE>
    film:her-2013 schema:name "Her" .
    """
    return _Writer(triples).text()


def format_turtle(text: str, *, file: str) -> str:
    """Return a Turtle file's text in the canonical form.

    Raises :class:`~filmgraph.errors.DataError` for text that is no Turtle, and for comments, which the form cannot
    keep.
    """
    try:
        quads = list(ox.parse(text, format=ox.RdfFormat.TURTLE))
    except (SyntaxError, ValueError, MemoryError) as error:
        raise DataError.of_parser(error, file) from error
    for token in _TOKEN.finditer(text):
        if token.lastgroup == "comment":
            raise DataError(
                "comments are not kept: say it with skos:editorialNote",
                file=file,
                line=text.count("\n", 0, token.start()) + 1,
            )
    try:
        return write_turtle(quad.triple for quad in quads)
    except DataError as error:
        raise DataError(str(error), file=file) from error


def subject_lines(text: str) -> dict[str, int]:
    """Return for each subject of a Turtle or N-Triples text, by IRI, the line on which it first stands.

    >>> subject_lines("@prefix e: <http://example.org/> .\\ne:a e:b e:c ;\\n  e:d 'x. y' .\\n<http://x/y> e:b 1 .")
    {'http://example.org/a': 2, 'http://x/y': 4}
    """
    lines: dict[str, int] = {}
    names = _Names()
    line, at, depth = 1, 0, 0
    statement: list[str] = []
    for token in _TOKEN.finditer(text):
        kind, written = token.lastgroup, token.group()
        if kind in ("space", "comment"):
            continue
        line += text.count("\n", at, token.start())
        at = token.start()
        if kind == "stop" and depth == 0:
            statement = []
            continue
        depth += (kind == "open") - (kind == "close")
        if not statement and depth == 0 and kind in ("iri", "word"):
            subject = names.iri(written)
            if subject:
                lines.setdefault(subject, line)
        statement.append(written)
        if names.declared_by(statement) and not statement[0].startswith("@"):
            statement = []
    return lines


class _Names:
    """The prefixes and the base that a text has declared so far."""

    def __init__(self) -> None:
        self.prefixes: dict[str, str] = {}
        self.base = ""

    def declared_by(self, statement: Sequence[str]) -> bool:
        """Take note of what a statement declares once it is whole, and say whether it is."""
        word, length = statement[0].upper().removeprefix("@"), len(statement)
        if word == "PREFIX" and length == 3:
            self.prefixes[statement[1].removesuffix(":")] = self.iri(statement[2]) or ""
        elif word == "BASE" and length == 2:
            self.base = self.iri(statement[1]) or ""
        return length == {"PREFIX": 3, "BASE": 2, "VERSION": 2}.get(word)

    def iri(self, written: str) -> str | None:
        """Return the IRI of ``<iri>`` or of a prefixed name, None for anything else."""
        if not written.startswith("<"):
            prefix, colon, local = written.partition(":")
            known = colon and prefix in self.prefixes
            return self.prefixes[prefix] + _LOCAL_ESCAPE.sub(r"\1", local) if known else None
        iri = _ESCAPED.sub(lambda match: chr(min(int(match[1] or match[2], 16), 0x10FFFF)), written[1:-1])
        if self.base and not re.match(r"[A-Za-z][A-Za-z0-9+.-]*:", iri):
            from urllib.parse import urljoin

            return urljoin(self.base, iri)
        return iri


_ESCAPED = re.compile(r"\\u([0-9A-Fa-f]{4})|\\U([0-9A-Fa-f]{8})")
_LOCAL_ESCAPE = re.compile(r"\\(.)")


def natural_key(text: str) -> tuple[tuple[int, int, str], ...]:
    """Return a key that sorts numbers inside a text as numbers, so that ``--2`` stands before ``--10``."""
    parts = re.split(r"([0-9]+)", text)
    return tuple(
        (1, len(part.lstrip("0")), f"{part.lstrip('0')} {part}") if place % 2 else (0, 0, part)
        for place, part in enumerate(parts)
        if part
    )


class _Writer:
    def __init__(self, triples: Iterable[ox.Triple]) -> None:
        self.of: dict[Any, dict[str, list[Any]]] = {}
        self.references: dict[Any, int] = {}
        for triple in dict.fromkeys(triples):
            values = self.of.setdefault(triple.subject, {}).setdefault(triple.predicate.value, [])
            values.append(triple.object)
            if isinstance(triple.object, ox.BlankNode):
                self.references[triple.object] = self.references.get(triple.object, 0) + 1
        self.prefixes: set[str] = set()
        self.open_nodes: list[Any] = []
        self.written: set[Any] = set()
        for node, count in self.references.items():
            if count > 1:
                raise DataError(f"the blank node {node} is used {count} times: give it an IRI")

    def text(self) -> str:
        blocks = [self._subject(subject) for subject in self._order()]
        left = [subject for subject in self.of if isinstance(subject, ox.BlankNode) and subject not in self.written]
        if left:
            raise DataError(f"the blank node {left[0]} stands in a circle: give it an IRI")
        head = "".join(f"@prefix {prefix}: <{PREFIXES[prefix]}> .\n" for prefix in sorted(self.prefixes))
        return "\n".join([*([head] if head else []), *blocks])

    def _order(self) -> list[Any]:
        named = sorted((node for node in self.of if isinstance(node, ox.NamedNode)), key=lambda n: natural_key(n.value))
        children: dict[Any, list[Any]] = {}
        owned: set[Any] = set()
        for node in named:
            for predicate, type_ in _OWNED:
                owners = self.of[node].get(predicate, ())
                if len(owners) == 1 and owners[0] in self.of and owners[0] != node and self._is_a(node, type_):
                    children.setdefault(owners[0], []).append(node)
                    owned.add(node)
            for predicate in _OWNS:
                for child in self.of[node].get(predicate, ()):
                    if isinstance(child, ox.NamedNode) and child in self.of and child not in owned:
                        children.setdefault(node, []).append(child)
                        owned.add(child)
        rank = {node: self._rank(node) for node in named}
        roots = sorted((node for node in named if node not in owned), key=lambda node: rank[node])
        order: list[Any] = []
        placed: set[Any] = set()
        stack = [*reversed(roots)]
        while stack:
            node = stack.pop()
            if node in placed:
                continue
            placed.add(node)
            order.append(node)
            stack.extend(sorted(children.get(node, ()), key=lambda child: natural_key(child.value), reverse=True))
        order.extend(node for node in named if node not in placed)
        roots_without_iri = [node for node in self.of if isinstance(node, ox.BlankNode) and node not in self.references]
        if roots_without_iri:
            raise DataError(f"the blank node {roots_without_iri[0]} is nobody's object: give it an IRI")
        return order

    def _rank(self, node: Any) -> int:
        for rank, type_ in enumerate(_MAIN_TYPES):
            if self._is_a(node, type_):
                return rank
        return len(_MAIN_TYPES)

    def _is_a(self, node: Any, type_: str) -> bool:
        return ox.NamedNode(type_) in self.of[node].get(_TYPE, ())

    def _subject(self, subject: Any) -> str:
        lines = [f"{predicate} {objects}" for predicate, objects in self._pairs(subject)]
        return f"{self._term(subject)} " + " ;\n    ".join(lines) + " .\n"

    def _pairs(self, subject: Any) -> Iterator[tuple[str, str]]:
        by_predicate = self.of[subject]
        for predicate in sorted(by_predicate, key=self._predicate_key):
            objects = sorted((self._object(value) for value in by_predicate[predicate]), key=natural_key)
            wide = len(objects) > 1 and sum(map(len, objects)) > _WIDTH
            yield "a" if predicate == _TYPE else self._iri(predicate), (" ,\n        " if wide else " , ").join(objects)

    def _predicate_key(self, predicate: str) -> tuple[int, str]:
        if predicate == _TYPE:
            return -1, ""
        return _PLACE.get(predicate, len(_PLACE)), shorten(predicate)

    def _object(self, value: Any) -> str:
        if not isinstance(value, ox.BlankNode) or value not in self.of:
            return self._term(value)
        if value in self.open_nodes:
            raise DataError(f"the blank node {value} stands in a circle: give it an IRI")
        if len(self.open_nodes) >= _DEEPEST:
            raise DataError(f"blank nodes nest deeper than {_DEEPEST}: give one an IRI")
        self.written.add(value)
        self.open_nodes.append(value)
        items = self._list_items(value)
        if items is not None:
            written = "( " + " ".join(self._object(item) for item in items) + " )"
        else:
            written = "[ " + " ; ".join(f"{predicate} {objects}" for predicate, objects in self._pairs(value)) + " ]"
        self.open_nodes.pop()
        return written

    def _list_items(self, node: Any) -> list[Any] | None:
        """Return the items of the list that starts at a node, None where it is not a well-formed list."""
        items: list[Any] = []
        cells: set[Any] = set()
        while isinstance(node, ox.BlankNode) and node in self.of and set(self.of[node]) == {_FIRST, _REST}:
            first, rest = self.of[node][_FIRST], self.of[node][_REST]
            if len(first) != 1 or len(rest) != 1 or node in cells:
                return None
            items.append(first[0])
            cells.add(node)
            node = rest[0]
        if not items or node != ox.NamedNode(_NIL):
            return None
        self.written.update(cells)
        return items

    def _term(self, term: Any) -> str:
        if isinstance(term, ox.NamedNode):
            return "()" if term.value == _NIL else self._iri(term.value)
        if isinstance(term, ox.Literal):
            return self._literal(term)
        if isinstance(term, ox.BlankNode):
            return "[]"
        raise DataError(f"{term} cannot be written as Turtle of this project")

    def _iri(self, iri: str) -> str:
        short = shorten(iri)
        if short == iri:
            return f"<{iri}>"
        self.prefixes.add(short.partition(":")[0])
        return short

    def _literal(self, literal: ox.Literal) -> str:
        datatype = literal.datatype.value
        if datatype in _BARE and _BARE[datatype].fullmatch(literal.value):
            return literal.value
        escaped = "".join(_ESCAPES.get(character, character) for character in literal.value)
        quoted = f'"""{escaped}"""' if "\n" in escaped else f'"{escaped}"'
        if literal.language:
            direction = getattr(literal, "direction", None)
            return f"{quoted}@{literal.language}" + (f"--{direction}" if direction else "")
        return quoted if datatype == XSD + "string" else f"{quoted}^^{self._iri(datatype)}"
