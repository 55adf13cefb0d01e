"""The data against reference material that is not part of the project.

``FILMGRAPH_REFERENCE`` names a folder with ``facts/films.csv`` (checked facts of films) and ``sources/`` (the texts
that the claims on *Her* were read from). Whoever has no such folder skips these tests; continuous integration has.
"""

from __future__ import annotations

import csv
import os
import re
from pathlib import Path

import pytest

from filmgraph.claims import verify_passages
from filmgraph.namespaces import FG, SCHEMA, SKOS, slug_of
from filmgraph.stores import MemoryStore
from filmgraph.workspace import Workspace

REFERENCE = Path(os.environ.get("FILMGRAPH_REFERENCE") or "nowhere")
WORKSPACE = Workspace.find()
RUN = 6
REVIEWS = {
    "001_02473134eaee063f.txt": ("her-2013--strange-dylan", 21),
    "002_e862879ea6628e92.txt": ("her-2013--daniel-davila", 30),
    "003_5fe6c85964812e6c.txt": ("her-2013--unsigned", 16),
}

pytestmark = pytest.mark.skipif(
    not REFERENCE.is_dir(), reason="FILMGRAPH_REFERENCE names no folder of reference material"
)


@pytest.fixture(scope="module")
def graph() -> MemoryStore:
    return MemoryStore.of_files(WORKSPACE.graph_files)


@pytest.fixture(scope="module")
def facts() -> dict[str, dict[str, str]]:
    with (REFERENCE / "facts" / "films.csv").open(encoding="utf-8", newline="") as stream:
        return {row["imdb_id"]: row for row in csv.DictReader(stream)}


def test_years_and_ids_are_those_of_the_checked_facts(graph: MemoryStore, facts: dict[str, dict[str, str]]) -> None:
    rows = graph.select(
        f"SELECT ?film ?imdb ?year ?wikidata WHERE {{ ?film <{FG}imdbId> ?imdb ; <{FG}releaseYear> ?year . "
        f"OPTIONAL {{ ?film <{SCHEMA}sameAs> ?wikidata }} }}"
    ).records()
    assert len(rows) >= 40
    wrong = []
    for row in rows:
        fact = facts.get(str(row["imdb"]))
        wikidata = slug_of(str(row["wikidata"])) if row["wikidata"] else ""
        if fact is None or (fact["year"], fact["wikidata_id"]) != (str(row["year"]), wikidata):
            wrong.append((row, fact))
    assert wrong == []


def test_an_id_is_never_without_a_checked_fact(graph: MemoryStore) -> None:
    assert not graph.ask(
        f"ASK {{ ?film a <{FG}Film> ; <{SCHEMA}sameAs> ?item FILTER NOT EXISTS {{ ?film <{FG}imdbId> ?imdb }} }}"
    )


def test_directors_are_those_of_the_checked_facts(graph: MemoryStore, facts: dict[str, dict[str, str]]) -> None:
    from filmgraph.namespaces import slugify

    def last(name: str) -> str:
        return slugify(name).split("-")[-1]

    rows = graph.select(
        f"SELECT ?film ?imdb ?name WHERE {{ ?film <{FG}imdbId> ?imdb ; <{SCHEMA}director>/<{SCHEMA}name> ?name }}"
    )
    directors: dict[tuple[str, str], set[str]] = {}
    for film, imdb, name in rows:
        directors.setdefault((slug_of(str(film)), str(imdb)), set()).update(slugify(str(name)).split("-"))
    missing = [
        (film, fact)
        for (film, imdb), words in directors.items()
        for fact in facts[imdb]["directors"].split("|")
        if fact and last(fact) not in words and not set(slugify(fact).split("-")) & words
    ]
    assert missing == []


@pytest.mark.parametrize(("source", "review", "count"), [(file, *rest) for file, rest in REVIEWS.items()])
def test_every_passage_stands_in_its_source(graph: MemoryStore, source: str, review: str, count: int) -> None:
    report = verify_passages(graph, REFERENCE / "sources" / source)
    assert report.ok
    text = report.to_text()
    assert f"review:{review} " in text
    assert f"{count} of {count} passages stand" in text


def words_of(text: str) -> list[str]:
    return re.findall(r"\w+", text.casefold())


def runs_of(text: str) -> set[tuple[str, ...]]:
    words = words_of(text)
    return {tuple(words[start : start + RUN]) for start in range(len(words) - RUN + 1)}


def test_no_text_of_ours_shares_a_run_of_six_words_with_a_source(graph: MemoryStore) -> None:
    sources = set()
    for file in sorted((REFERENCE / "sources").glob("*.txt")):
        sources |= runs_of(file.read_text(encoding="utf-8"))
    assert len(sources) > 1000
    predicates = " ".join(
        f"<{name}>"
        for name in (
            FG + "explanation",
            FG + "statement",
            SCHEMA + "description",
            SCHEMA + "abstract",
            SKOS + "definition",
            SKOS + "scopeNote",
        )
    )
    rows = graph.select(f"SELECT ?s ?text WHERE {{ VALUES ?p {{ {predicates} }} ?s ?p ?text }}")
    shared = {slug_of(str(subject)): runs_of(str(text)) & sources for subject, text in rows}
    assert {subject: runs for subject, runs in shared.items() if runs} == {}
