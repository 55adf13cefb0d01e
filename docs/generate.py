"""Write what the documents take from the project itself.

``python docs/generate.py`` writes docs/queries.md (from the headers of the query files), docs/ontology.md (from the
ontology and its shapes), docs/coverage.md (from queries to the graph) and docs/model.svg, and puts what the examples
of the other documents print now between their prompts. With ``--check`` nothing is written: each of the four that is
stale is named on a line of its own, and the status is 1. The examples are not run for that; tests/test_docs.py runs
them.
"""

from __future__ import annotations

import argparse
import re
import shlex
import sys
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path

import pyoxigraph as ox

from filmgraph.errors import FilmgraphError
from filmgraph.namespaces import FG, OWL, PROV, RDF, RDFS, SCHEMA, SH, shorten, slug_of
from filmgraph.queries import Parameter, Query, QueryLibrary
from filmgraph.stores import MemoryStore
from filmgraph.workspace import Workspace

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "docs"))

import coverage  # noqa: E402
import examples  # noqa: E402
import picture  # noqa: E402

DOCUMENTS = ("README.md", "CONTRIBUTING.md", "docs/model.md", "docs/architecture.md", "docs/sources.md")
"""The documents that people write, with examples that can be refreshed."""

_WRITTEN = "<!-- Written by docs/generate.py from {source}: change those, not this page. -->"
_KINDS_IN_WORDS = {
    "string": "a text",
    "integer": "a whole number",
    "decimal": "a number",
    "iri": "any resource: a CURIE or an IRI",
    "concept": "a technique, an aspect or a category",
}
_GROUPS = (
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


def generated() -> dict[Path, str]:
    """Return the files that are written whole, with their text."""
    return {
        ROOT / "docs/queries.md": queries_page(QueryLibrary(ROOT / "queries")),
        ROOT / "docs/ontology.md": ontology_page(ROOT / "ontology"),
        ROOT / "docs/coverage.md": coverage_page(),
        ROOT / "docs/model.svg": picture.draw(),
    }


def coverage_page() -> str:
    """Return the page on what the graph covers."""
    with MemoryStore.of_files(Workspace.find(ROOT).graph_files) as store:
        return coverage.page(store)


def queries_page(library: QueryLibrary) -> str:
    """Return the reference of the query library."""
    lines = [
        "# The query library",
        "",
        _WRITTEN.format(source="the headers of the files in queries/"),
        "",
        f"{len(library)} questions that the graph answers. Each is one SPARQL file with its example values in it, so "
        "it runs unchanged in any SPARQL tool; `filmgraph query NAME` and `FilmGraph.query` run it with values of your "
        "own. A film, technique or person is given as slug, label, CURIE or IRI. `--format` writes the answer as a "
        "table, CSV, TSV, JSON, SPARQL JSON or Markdown, and `filmgraph query NAME --about` shows what is told here.",
        "",
        "The types of parameters and columns are the kinds of resource (film, technique, person and so on) and "
        + ", ".join(f"`{name}` ({words})" for name, words in _KINDS_IN_WORDS.items())
        + ".",
        "",
        "| query | what it asks |",
        "|---|---|",
        *(f"| [{query.name}](#{query.name}) | {_text(query.title)} |" for query in library),
    ]
    for query in library:
        lines += _query_section(query)
    return "\n".join([*lines, ""])


def command_line(query: Query) -> str:
    """Return the command that runs a library query with the example values of its file."""
    words = ["filmgraph", "query", query.name]
    for parameter in query.parameters:
        words += [f"{parameter.name}={value}" for value in example_values(query, parameter)]
    hosts = re.findall(r"SERVICE\s+(?:SILENT\s+)?<https?://([^/>]+)", query.text)
    for host in dict.fromkeys(hosts):
        words += ["--allow-service", host]
    return " ".join(shlex.quote(word) for word in words)


def example_values(query: Query, parameter: Parameter) -> list[str]:
    """Return the example values of a parameter as one writes them on the command line; none where it stays open."""
    terms = shlex.split(query.examples[parameter.name], posix=False)
    return [_on_command_line(term, parameter) for term in terms if term != "UNDEF"]


def ontology_page(folder: Path) -> str:
    """Return the reference of the ontology and of the rules."""
    store = ox.Store()
    for name in ("filmgraph.ttl", "shapes.ttl"):
        store.load(path=folder / name, format=ox.RdfFormat.TURTLE)
    terms = _Terms(store)
    ontology = FG.rstrip("#")
    lines = [
        "# The ontology",
        "",
        _WRITTEN.format(source="ontology/filmgraph.ttl and ontology/shapes.ttl"),
        "",
        terms.value(ontology, "http://purl.org/dc/terms/description"),
        "",
        f"Version {terms.value(ontology, OWL + 'versionInfo')}, namespace `{FG}` (prefix `fg:`), rules in "
        f"`{FG.replace('ontology#', 'shapes#')}` (prefix `fgs:`). [model.md](model.md) explains it with a picture and "
        "an example. A property marked *one* has at most one value. Under *Rules* stands what "
        "`filmgraph validate` asks for, in the words in which it says so.",
        "",
        "| class | what it is |",
        "|---|---|",
    ]
    classes = terms.subjects(OWL + "Class")
    unknown = [name for name in classes if name not in _GROUPS]
    groups = [*(group for group in _GROUPS if group in classes or terms.rules(group)), *unknown]
    lines += [
        f"| [{shorten(group)}](#{_anchor(group)}) | {_text(terms.value(group, RDFS + 'comment')) or _reused(group)} |"
        for group in groups
    ]
    for group in groups:
        lines += _class_section(group, terms)
    homeless = [name for name in terms.properties() if terms.value(name, RDFS + "domain") not in groups]
    if homeless:
        lines += ["", "## Properties of several classes", "", *_property_table(homeless, terms)]
    return "\n".join([*lines, ""])


class _Terms:
    """What the ontology and the shapes say, ready to be listed."""

    def __init__(self, store: ox.Store) -> None:
        self._store = store
        self._rules: dict[str, list[str]] = {}
        for shape in self.subjects(SH + "NodeShape"):
            for target in self.values(shape, SH + "targetClass"):
                rules = self._rules.setdefault(target, [])
                rules += [rule for rule in (shape, *self.values(shape, SH + "property")) if self.is_rule(rule)]

    def values(self, subject: str, predicate: str) -> list[str]:
        """Return the values of a property, sorted; those that are blank nodes left out."""
        quads = self._store.quads_for_pattern(ox.NamedNode(subject), ox.NamedNode(predicate), None)
        return sorted(quad.object.value for quad in quads if not isinstance(quad.object, ox.BlankNode))

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

    def is_rule(self, shape: str) -> bool:
        """Whether a shape is a rule, which reports by itself, and not a part of one."""
        return bool(self.values(shape, SH + "severity"))

    def rules(self, class_: str) -> list[str]:
        """Return the rules that hold for a class, sorted by name."""
        return sorted(set(self._rules.get(class_, ())))


def _query_section(query: Query) -> list[str]:
    lines = ["", f"## {query.name}", "", f"**{_text(query.title)}.** {_prose(query.description)}", ""]
    if query.network:
        lines += ["It asks another endpoint over the network, so it runs only where `--allow-service` names it.", ""]
    if query.parameters:
        lines += ["| parameter | type | what |", "|---|---|---|"]
        for parameter in query.parameters:
            mark = ", optional" if parameter.optional else ", one or more" if parameter.many else ""
            lines.append(f"| `{parameter.name}` | {parameter.type}{mark} | {_text(parameter.description)} |")
        lines.append("")
    lines += ["| column | type | what |", "|---|---|---|"]
    lines += [f"| `{column.name}` | {column.type} | {_text(column.description)} |" for column in query.columns]
    lines += ["", "```sh", command_line(query), "```", ""]
    return [*lines, f"File: [queries/{query.name}.rq](../queries/{query.name}.rq)"]


def _on_command_line(term: str, parameter: Parameter) -> str:
    bare = term[1:-1] if term[:1] in "\"'<" else term
    prefix, _, local = bare.partition(":")
    in_place = prefix == parameter.type or (parameter.type == "concept" and prefix == "technique")
    return local if parameter.is_resource and in_place else bare


_GLOSSES = {
    "schema:abstract": "what the film is about",
    "schema:alternateName": "other titles, with language",
    "schema:author": "the critic",
    "schema:countryOfOrigin": "countries, as they then were",
    "schema:datePublished": "when the review appeared",
    "schema:description": "what happens in the scene",
    "schema:director": "directors",
    "schema:genre": "genres",
    "schema:itemReviewed": "the film reviewed",
    "schema:musicBy": "composers of the music",
    "schema:name": "the title or name",
    "schema:publisher": "the publication",
    "schema:sameAs": "the item at Wikidata",
    "schema:url": "where the review is",
    "prov:wasAttributedTo": "whose reading it is",
    "prov:wasAssociatedWith": "the program that did it",
    "schema:softwareVersion": "which version of the program",
    "rdfs:label": "what it is called",
    "prov:wasGeneratedBy": "what proposed it, for a claim of a machine",
    "dcterms:source": "a source that was checked",
    "oa:hasSource": "the review",
    "oa:start": "where it starts, in code points",
    "oa:end": "where it ends",
    "oa:exact": "its words, in data of your own only",
    "skos:prefLabel": "its name",
    "skos:altLabel": "other names, as critics write them",
    "skos:hiddenLabel": "names for searching only",
    "skos:definition": "what it is",
    "skos:scopeNote": "how to tell it from others",
    "skos:broader": "what it is a kind of",
    "skos:related": "what it is close to",
}


def _class_section(group: str, terms: _Terms) -> list[str]:
    lines = ["", f"## {shorten(group)}", "", _text(terms.value(group, RDFS + "comment")) or _reused(group)]
    above = [f"`{shorten(name)}`" for name in terms.values(group, RDFS + "subClassOf")]
    apart = [f"`{shorten(name)}`" for name in terms.values(group, OWL + "disjointWith")]
    if above:
        lines += ["", f"A kind of {', '.join(above)}." + (f" Nothing is both this and {apart[0]}." if apart else "")]
    own = [name for name in terms.properties() if terms.value(name, RDFS + "domain") == group]
    if own:
        lines += ["", *_property_table(own, terms)]
    paths = {terms.value(rule, SH + "path") for rule in terms.rules(group)}
    reused = sorted(shorten(path) for path in paths if path and not path.startswith(FG))
    if reused:
        told = [f"`{name}` ({_GLOSSES[name]})" if name in _GLOSSES else f"`{name}`" for name in reused]
        lines += ["", f"Besides, from other vocabularies: {', '.join(told)}."]
    members = terms.subjects(group)
    if members:
        lines += ["", "| individual | what it means |", "|---|---|"]
        lines += [f"| `{shorten(name)}` | {_text(terms.value(name, RDFS + 'comment'))} |" for name in members]
    rules = terms.rules(group)
    if rules:
        lines += ["", "Rules:", ""]
        for rule in rules:
            path = terms.value(rule, SH + "path")
            about = f", on `{shorten(path)}`" if path else ""
            lines.append(f"- `{slug_of(rule)}`{about}: {_text(terms.value(rule, SH + 'message'))}")
    return lines


def _property_table(names: Sequence[str], terms: _Terms) -> list[str]:
    functional = set(terms.subjects(OWL + "FunctionalProperty"))
    lines = ["| property | its value | what it says |", "|---|---|---|"]
    for name in names:
        ranges = [*terms.values(name, RDFS + "range"), *terms.values(name, SCHEMA + "rangeIncludes")]
        range_ = ", ".join(f"`{shorten(value)}`" for value in ranges)
        mark = ", one" if name in functional else ""
        lines.append(f"| `{shorten(name)}` | {range_}{mark} | {_text(terms.value(name, RDFS + 'comment'))} |")
    return lines


def _reused(group: str) -> str:
    return f"Reused as it is: see <{group}>."


def _anchor(name: str) -> str:
    return shorten(name).replace(":", "").lower()


def _prose(text: str) -> str:
    """Return the prose of a header with its paragraphs, each on one line."""
    return "\n\n".join(_text(" ".join(part.split())) for part in text.split("\n\n"))


def _text(text: str) -> str:
    """Return a text that Markdown shows as it is written."""
    return "".join(f"\\{character}" if character in "\\`*_[]<|" else character for character in text)


def write(files: Iterable[tuple[Path, str]]) -> None:
    """Write the files that changed, and name them."""
    for file, text in files:
        if not file.exists() or file.read_text(encoding="utf-8") != text:
            file.write_text(text, encoding="utf-8")
            print(f"{file.relative_to(ROOT)}: written")


def main() -> int:
    """Write the files, or check them; return the status to end with."""
    parser = argparse.ArgumentParser(description="Write what the documents take from the project itself.")
    parser.add_argument("--check", action="store_true", help="Write nothing; end with status 1 where a file is stale.")
    if parser.parse_args().check:
        stale = [
            file for file, text in generated().items() if not file.exists() or file.read_text(encoding="utf-8") != text
        ]
        for file in stale:
            print(f"{file.relative_to(ROOT)}: stale; python docs/generate.py writes it")
        return 1 if stale else 0
    write(generated().items())
    for name in DOCUMENTS:
        with tempfile.TemporaryDirectory() as folder:
            document = (ROOT / name).read_text(encoding="utf-8")
            write([(ROOT / name, examples.refreshed(document, examples.sandbox(ROOT, Path(folder))))])
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (FilmgraphError, OSError) as error:
        sys.exit(f"docs/generate.py: {error}")
