"""The data against reference material that is not part of the project.

``FILMGRAPH_REFERENCE`` names a folder with ``facts/films.csv`` (checked facts of films), ``sources/`` (the texts that
the claims on *Her* were read from) and ``reviews/reviews.csv`` (the excerpts that other claims were read from). Whoever
has no such folder skips these tests; continuous integration has.
"""

from __future__ import annotations

import csv
import html
import unicodedata
from hashlib import sha256
from urllib.parse import unquote

import facts
import pytest
from reference import FOLDER, runs_of, with_reference

from filmgraph.authoring import FactsTable
from filmgraph.claims import TableReport, verify_passages, verify_source
from filmgraph.namespaces import FG, OA, SCHEMA, SKOS, iri, slug_of, slugify
from filmgraph.reviews.paraphrase import MOST_WORDS, count_words
from filmgraph.stores import MemoryStore
from filmgraph.workspace import Workspace

WORKSPACE = Workspace.find()
REVIEWS = {
    "001_02473134eaee063f.txt": ("her-2013--strange-dylan", 21),
    "002_e862879ea6628e92.txt": ("her-2013--daniel-davila", 30),
    "003_5fe6c85964812e6c.txt": ("her-2013--unsigned", 16),
}

pytestmark = with_reference


@pytest.fixture(scope="module")
def graph() -> MemoryStore:
    return MemoryStore.of_files(WORKSPACE.graph_files)


@pytest.fixture(scope="module")
def reference() -> dict[str, dict[str, str]]:
    return facts.reference_of(FOLDER)


def test_the_facts_table_is_that_of_the_checked_facts(reference: dict[str, dict[str, str]]) -> None:
    """The table that tests/test_facts.py holds the data to.

    A row that was written by hand says in ``checked`` how it departs from the reference: it may name fewer directors,
    and another run-time, where editions differ.
    """
    wrong = []
    rows = facts.rows_of(facts.TABLE)
    assert len([row for row in rows if row.checked == facts.REFERENCE]) >= 40
    for row in rows:
        fact = reference.get(row.imdb_id)
        if fact is None:
            if row.checked == facts.REFERENCE:
                wrong.append((row, "is not in the reference"))
            continue
        by_hand = row.checked != facts.REFERENCE
        same = ("year", "wikidata_id") if by_hand else ("year", "wikidata_id", "runtime_minutes")
        wrong += [(row, name, fact[name]) for name in same if getattr(row, name) != fact[name]]
        ours, theirs = row.directors.split("|"), list(filter(None, fact["directors"].split("|")))
        wanted, among = (ours, theirs) if by_hand and theirs else (theirs, ours)
        wrong += [
            (row, "directors", name)
            for name in wanted
            if not any(facts.same_person(name, director) for director in among)
        ]
    assert wrong == []


def test_a_film_without_id_is_none_that_the_checked_facts_have(graph: MemoryStore) -> None:
    table = FactsTable(FOLDER / "facts" / "films.csv")
    films = [film for film in facts.films_of(graph).values() if not film.imdb_id]
    assert {film.film: found for film in films if (found := table.find(film.title, int(film.year)))} == {}


def test_an_id_is_never_without_a_checked_fact(graph: MemoryStore) -> None:
    assert not graph.ask(
        f"ASK {{ ?film a <{FG}Film> ; <{SCHEMA}sameAs> ?item FILTER NOT EXISTS {{ ?film <{FG}imdbId> ?imdb }} }}"
    )


@pytest.mark.parametrize(("source", "review", "count"), [(file, *rest) for file, rest in REVIEWS.items()])
def test_every_passage_stands_in_its_source(graph: MemoryStore, source: str, review: str, count: int) -> None:
    report = verify_passages(graph, FOLDER / "sources" / source)
    assert report.ok
    text = report.to_text()
    assert f"review:{review} " in text
    assert f"{count} of {count} passages stand" in text


def test_every_passage_of_an_excerpt_stands_in_the_table(graph: MemoryStore) -> None:
    report = verify_source(graph, FOLDER / "reviews" / "reviews.csv")
    assert isinstance(report, TableReport)
    assert report.ok
    assert len(report.checked) >= 3000
    held = f"SELECT DISTINCT ?review WHERE {{ ?passage <{OA}hasSource> ?review }}"
    others = {str(review) for (review,) in graph.select(held)} - set(report.reviews)
    assert others == {iri("review", review) for review, _ in REVIEWS.values()}


def test_no_text_of_ours_shares_a_run_of_six_words_with_a_source(graph: MemoryStore) -> None:
    sources = set()
    for file in sorted((FOLDER / "sources").glob("*.txt")):
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


@pytest.fixture(scope="module")
def excerpts() -> dict[str, list[dict[str, str]]]:
    """Return the rows of excerpts by the hash of their text."""
    rows: dict[str, list[dict[str, str]]] = {}
    with (FOLDER / "reviews" / "reviews.csv").open(encoding="utf-8", newline="") as stream:
        for row in csv.DictReader(stream):
            rows.setdefault(sha256(row["text"].encode()).hexdigest(), []).append(row)
    return rows


def folded(name: str) -> str:
    """Return a name without case, accents, signs and a leading article."""
    plain = unicodedata.normalize("NFKD", html.unescape(name)).casefold().removeprefix("the ")
    return "".join(character for character in plain if character.isalnum())


def test_every_review_of_an_excerpt_says_of_it_what_the_table_says(
    graph: MemoryStore, excerpts: dict[str, list[dict[str, str]]]
) -> None:
    rows = graph.select(
        f"SELECT ?review ?hash ?film ?who ?house ?date ?url WHERE {{ ?review <{FG}textSha256> ?hash ; "
        f"<{SCHEMA}itemReviewed> ?film OPTIONAL {{ ?review <{SCHEMA}author>/<{SCHEMA}name> ?who }} "
        f"OPTIONAL {{ ?review <{SCHEMA}publisher>/<{SCHEMA}name> ?house }} "
        f"OPTIONAL {{ ?review <{SCHEMA}datePublished> ?date }} OPTIONAL {{ ?review <{SCHEMA}url> ?url }} }}"
    ).records()
    wrong = []
    known = [row for row in rows if row["film"] != iri("film", "her-2013")]
    assert len(known) >= 2000
    for row in known:
        ours = {key: "" if row[key] is None else str(row[key]) for key in ("who", "house", "date", "url")}
        if not any(
            slug_of(str(row["film"])) == f"{slugify(theirs['film_title'])}-{theirs['film_year']}"
            and (not ours["who"] or folded(theirs["critic"]).startswith(folded(ours["who"])))
            and folded(ours["house"]) == folded(theirs["publication"])
            and ours["date"] in ("", theirs["date"])
            and unquote(ours["url"]) in ("", unquote(html.unescape(theirs["url"].strip())))
            for theirs in excerpts.get(str(row["hash"]), ())
        ):
            wrong.append(ours)
    assert wrong == []


def test_every_claim_of_an_excerpt_stands_on_its_words_and_paraphrases_them(
    graph: MemoryStore, excerpts: dict[str, list[dict[str, str]]]
) -> None:
    rows = graph.select(
        f"SELECT ?claim ?hash ?statement ?start ?end ?words WHERE {{ ?claim <{FG}claimedIn>/<{FG}textSha256> ?hash ; "
        f"<{FG}status> <{FG}Accepted> ; <{FG}statement> ?statement ; <{FG}evidence> ?passage . "
        f"?passage <{OA}start> ?start ; <{OA}end> ?end ; <{FG}exactSha256> ?words }}"
    ).records()
    claims, orphaned, copied, long = set(), [], [], []
    for row in rows:
        if str(row["hash"]) not in excerpts:
            continue
        text, statement, claim = excerpts[str(row["hash"])][0]["text"], str(row["statement"]), str(row["claim"])
        claims.add(claim)
        start, end = row["start"], row["end"]
        assert isinstance(start, int)
        assert isinstance(end, int)
        if sha256(text[start:end].encode()).hexdigest() != row["words"]:
            orphaned.append(claim)
        if runs_of(html.unescape(text)) & runs_of(statement):
            copied.append(claim)
        if count_words(statement) > MOST_WORDS:
            long.append(claim)
    assert (orphaned, copied, long) == ([], [], [])
    assert len(claims) >= 3000


def test_a_critic_has_one_claim_on_one_craft_of_one_film(graph: MemoryStore) -> None:
    rows = graph.select(
        f"SELECT ?who ?film ?about (COUNT(DISTINCT ?claim) AS ?claims) WHERE {{ ?claim <{FG}status> <{FG}Accepted> ; "
        f"<{FG}aboutFilm> ?film ; <{FG}aboutTechnique>|<{FG}aboutAspect> ?about ; "
        f"<{FG}claimedIn>/<{SCHEMA}author> ?who FILTER (?film != <{iri('film', 'her-2013')}>) }} "
        f"GROUP BY ?who ?film ?about"
    ).records()
    assert len({row["who"] for row in rows}) >= 1000
    assert [row for row in rows if row["claims"] != 1] == []
