"""Write what the documents take from the project itself.

``python docs/generate.py`` writes docs/queries.md (from the headers of the query files), docs/ontology.md (from the
ontology and its shapes), docs/coverage.md (from queries to the graph), docs/model.svg, docs/scale.svg with the figures
of docs/scale.md and README.md (from docs/tables/scale.json), and those of docs/batch.md (from docs/tables/spark.json),
and puts what the examples of the other documents print now between their prompts. With ``--check`` nothing is written:
each of these that is stale is named on a line of its own, and the status is 1. The examples are not run for that;
tests/test_docs.py runs them.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path

from filmgraph.errors import FilmgraphError
from filmgraph.namespaces import FG, FGS, shorten
from filmgraph.pages.reference import ClassTerm, PropertyTerm, ontology_reference
from filmgraph.queries import Query, QueryLibrary, command_line
from filmgraph.stores import MemoryStore
from filmgraph.workspace import Workspace

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "docs"))

import coverage  # noqa: E402
import examples  # noqa: E402
import picture  # noqa: E402
import scale_figures  # noqa: E402
import scale_picture  # noqa: E402
import spark_figures  # noqa: E402

DOCUMENTS = (
    "README.md",
    "CONTRIBUTING.md",
    "docs/model.md",
    "docs/architecture.md",
    "docs/loading.md",
    "docs/sources.md",
)
"""The documents that people write, with examples that can be refreshed."""

_WRITTEN = "<!-- Written by docs/generate.py from {source}: change those, not this page. -->"
_KINDS_IN_WORDS = {
    "string": "a text",
    "integer": "a whole number",
    "decimal": "a number",
    "iri": "any resource: a CURIE or an IRI",
    "concept": "a technique, an aspect or a category",
}


def generated() -> dict[Path, str]:
    """Return the files that are written whole, with their text."""
    return {
        ROOT / "docs/queries.md": queries_page(QueryLibrary(ROOT / "queries")),
        ROOT / "docs/ontology.md": ontology_page(ROOT / "ontology"),
        ROOT / "docs/coverage.md": coverage_page(),
        ROOT / "docs/model.svg": picture.draw(),
        **scale_files(),
        **batch_page(),
    }


def scale_files() -> dict[Path, str]:
    """Return the pages with figures on scale, these put in, and the picture, from what benchmarks/scale.py kept."""
    results = json.loads((ROOT / "docs/tables/scale.json").read_text(encoding="utf-8"))
    pages = (ROOT / "docs/scale.md", ROOT / "README.md")
    return {
        **{page: scale_figures.refreshed(page.read_text(encoding="utf-8"), results) for page in pages},
        ROOT / "docs/scale.svg": scale_picture.draw(results),
    }


def batch_page() -> dict[Path, str]:
    """Return the page on batch work with the figures that benchmarks/spark.py kept."""
    page, results = ROOT / "docs/batch.md", json.loads((ROOT / "docs/tables/spark.json").read_text(encoding="utf-8"))
    return {page: spark_figures.refreshed(page.read_text(encoding="utf-8"), results)}


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


def ontology_page(folder: Path) -> str:
    """Return the reference of the ontology and of the rules."""
    reference = ontology_reference(folder)
    lines = [
        "# The ontology",
        "",
        _WRITTEN.format(source="ontology/filmgraph.ttl and ontology/shapes.ttl"),
        "",
        reference.description,
        "",
        f"Version {reference.version}, namespace `{FG}` (prefix `fg:`), rules in `{FGS}` (prefix `fgs:`). "
        "[model.md](model.md) explains it with a picture and "
        "an example. A property marked *one* has at most one value. Under *Rules* stands what "
        "`filmgraph validate` asks for, in the words in which it says so.",
        "",
        "| class | what it is |",
        "|---|---|",
    ]
    lines += [
        f"| [{shorten(group.iri)}](#{_anchor(group.iri)}) | {_text(group.definition) or _reused(group.iri)} |"
        for group in reference.classes
    ]
    for group in reference.classes:
        lines += _class_section(group)
    if reference.shared:
        lines += ["", "## Properties of several classes", "", *_property_table(reference.shared)]
    return "\n".join([*lines, ""])


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


def _class_section(group: ClassTerm) -> list[str]:
    lines = ["", f"## {shorten(group.iri)}", "", _text(group.definition) or _reused(group.iri)]
    above = [f"`{shorten(name)}`" for name in group.above]
    apart = [f"`{shorten(name)}`" for name in group.apart]
    if above:
        lines += ["", f"A kind of {', '.join(above)}." + (f" Nothing is both this and {apart[0]}." if apart else "")]
    if group.properties:
        lines += ["", *_property_table(group.properties)]
    if group.reused:
        told = [f"`{shorten(each.iri)}`" + (f" ({each.gloss})" if each.gloss else "") for each in group.reused]
        lines += ["", f"Besides, from other vocabularies: {', '.join(told)}."]
    if group.individuals:
        lines += ["", "| individual | what it means |", "|---|---|"]
        lines += [f"| `{shorten(each.iri)}` | {_text(each.definition)} |" for each in group.individuals]
    if group.rules:
        lines += ["", "Rules:", ""]
        for rule in group.rules:
            about = f", on `{shorten(rule.path)}`" if rule.path else ""
            lines.append(f"- `{rule.name}`{about}: {_text(rule.message)}")
    return lines


def _property_table(properties: Sequence[PropertyTerm]) -> list[str]:
    lines = ["| property | its value | what it says |", "|---|---|---|"]
    for each in properties:
        range_ = ", ".join(f"`{shorten(value)}`" for value in each.ranges)
        mark = ", one" if each.is_one else ""
        lines.append(f"| `{shorten(each.iri)}` | {range_}{mark} | {_text(each.definition)} |")
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
