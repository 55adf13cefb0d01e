"""Reading reviews: rows, signatures, dates and scores, the files that are written, and all that may be wrong.

Every sentence and name in here is invented.
"""

from __future__ import annotations

import csv
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import ClassVar

import pyoxigraph as ox
import pytest
from click.testing import CliRunner

from filmgraph import tables
from filmgraph.cli import cli
from filmgraph.errors import DataError, OutputError
from filmgraph.graph import FilmGraph, open_graph
from filmgraph.namespaces import FG, OA, PROV, SCHEMA, SKOS, iri, slug_of
from filmgraph.readers import triples_of
from filmgraph.reviews import importing
from filmgraph.reviews.dates import read_date
from filmgraph.reviews.importing import extract_claims, import_reviews
from filmgraph.reviews.language import is_foreign
from filmgraph.reviews.results import ExtractedClaims, ImportedReviews
from filmgraph.reviews.scores import contradicts, read_score
from filmgraph.reviews.signatures import clean_name, critic_key, flipped, is_nobody, publication_key, read_address
from filmgraph.reviews.table import COLUMNS, ReviewTable
from filmgraph.stores import MemoryStore
from filmgraph.turtle import format_turtle
from filmgraph.validation import validate_files
from filmgraph.workspace import Workspace

TODAY = date(2026, 1, 1)
PROGRAM = (sys.executable, "-c", "from filmgraph.cli import main; main()")
PREFIXES = f"""@prefix fg: <{FG}> . @prefix schema: <{SCHEMA}> . @prefix oa: <{OA}> . @prefix prov: <{PROV}> .
@prefix film: <{iri("film", "")}> . @prefix person: <{iri("person", "")}> .
@prefix organization: <{iri("organization", "")}> . @prefix technique: <{iri("technique", "")}> .
@prefix review: <{iri("review", "")}> . @prefix claim: <{iri("claim", "")}> . @prefix passage: <{iri("passage", "")}> .
"""
GRAPH = (
    PREFIXES
    + """
film:kite-2001 a fg:Film ; schema:name "Kite" ; fg:releaseYear 2001 ; schema:alternateName "Cerf-volant"@fr .
film:the-lamp-1999 a fg:Film ; schema:name "The Lamp" ; fg:releaseYear 1999 .
film:lamp-b-2010 a fg:Film ; schema:name "Lamp B" ; fg:releaseYear 2010 .
person:jo-director a schema:Person ; schema:name "Jo Director" .
person:ada-known a fg:Critic , schema:Person ; schema:name "Ada Known" .
organization:the-known-post a fg:Publication ; schema:name "The Known Post" .
organization:brass-band a schema:Organization ; schema:name "Brass Band" .
"""
)


@dataclass(frozen=True)
class Found:
    """A candidate as the extractor's."""

    concept: str
    stance: str
    passages: tuple[tuple[int, int], ...]
    matched_label: str
    cues: tuple[str, ...] = ("fine",)
    confidence: float = 0.8
    compares_to: tuple[str, ...] = ()
    compares_to_titles: tuple[str, ...] = ()


class WordFinder:
    """Finds a claim wherever one of a few words stands: praise of a craft."""

    WORDS: ClassVar = {
        "editing": iri("category", "editing"),
        "color": iri("technique", "color"),
        "themes": iri("aspect", "themes"),
    }

    def __init__(self) -> None:
        self.asked: list[tuple[str, str | None, tuple[str, ...]]] = []

    def candidates(
        self, text: str, *, film: str | None = None, names: Iterable[str] = (), lean: float = 0.0
    ) -> list[Found]:
        self.asked.append((text, film, tuple(names)))
        return [
            Found(concept, "praise", ((found.start(), found.end()),), word)
            for word, concept in self.WORDS.items()
            if (found := re.search(rf"[^.]*\b{word}\b[^.]*\.?", text))
        ]


Row = dict[str, str]
PLAIN: Row = {
    "film_title": "Kite",
    "film_year": "2001",
    "critic": "Jane Example",
    "publication": "The Test Post",
    "date": "2001-05-04",
    "url": "https://example.com/kite",
    "score": "3.5/5",
    "verdict": "positive",
    "text": "The editing of it sings.",
}


def row(**cells: str) -> Row:
    return {**PLAIN, **cells}


@pytest.fixture
def store(tmp_path: Path) -> MemoryStore:
    file = tmp_path / "graph.ttl"
    file.write_text(GRAPH, encoding="utf-8")
    return MemoryStore.of_files([file])


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    for folder in ("ontology", "data", "queries"):
        (tmp_path / "ws" / folder).mkdir(parents=True)
    return Workspace.find(tmp_path / "ws")


def written(file: Path, rows: Sequence[Row], columns: Sequence[str] = COLUMNS) -> Path:
    with file.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, columns, extrasaction="ignore")
        writer.writeheader()
        writer.writerows(rows)
    return file


Import = Callable[..., ImportedReviews]


@pytest.fixture
def run(tmp_path: Path, workspace: Workspace, store: MemoryStore) -> Import:
    def imported(rows: Sequence[Row] | Path, **options: object) -> ImportedReviews:
        file = rows if isinstance(rows, Path) else written(tmp_path / "reviews.csv", rows)
        given: dict[str, object] = {"finder": WordFinder(), "today": TODAY, "out": tmp_path / "candidates", **options}
        return import_reviews(workspace, store, file, **given)  # type: ignore[arg-type]

    return imported


def triples(folder: Path) -> set[tuple[str, str, str]]:
    found = triples_of(sorted(folder.glob("*.ttl")))
    return {(slug_of(t.subject.value), slug_of(t.predicate.value), t.object.value) for t in found}


def values(folder: Path, subject: str, predicate: str) -> list[str]:
    return sorted(value for s, p, value in triples(folder) if (s, p) == (subject, predicate))


def reviews(folder: Path) -> list[str]:
    return sorted(subject for subject, predicate, _ in triples(folder) if predicate == "textSha256")


# What is written.


def test_a_row_becomes_a_review_its_critic_and_a_claim(run: Import, tmp_path: Path) -> None:
    done = run([PLAIN])
    folder = tmp_path / "candidates"
    assert sorted(path.name for path in done.written) == [
        *("activities.ttl", "critics.ttl", "kite-2001.ttl", "publications.ttl")
    ]
    assert (done.rows, done.new_reviews, done.new_claims, done.claims) == (1, 1, 1, {"praise": 1})
    review = "kite-2001--jane-example"
    assert values(folder, review, "author") == [iri("person", "jane-example")]
    assert values(folder, review, "publisher") == [iri("organization", "the-test-post")]
    assert values(folder, review, "datePublished") == ["2001-05-04"]
    assert values(folder, review, "url") == ["https://example.com/kite"]
    assert values(folder, review, "textSha256") == [sha256(PLAIN["text"].encode()).hexdigest()]
    claim = f"{review}--editing"
    assert values(folder, claim, "aboutAspect") == [iri("category", "editing")]
    assert values(folder, claim, "status") == [FG + "Candidate"]
    assert values(folder, claim, "confidence") == ["0.8"]
    assert values(folder, f"{claim}--1", "exactSha256") == [sha256(b"The editing of it sings.").hexdigest()]
    assert values(folder, "jane-example", "name") == ["Jane Example"]


def test_no_text_is_kept_but_with_quote(run: Import, tmp_path: Path) -> None:
    run([PLAIN])
    kept = "".join(file.read_text(encoding="utf-8") for file in (tmp_path / "candidates").iterdir())
    assert "sings" not in kept
    done = run([PLAIN], quote=True)
    assert [path.name for path in done.written] == ["kite-2001.ttl"]
    assert values(tmp_path / "candidates", "kite-2001--jane-example--editing--1", "exact") == [PLAIN["text"]]
    assert run([PLAIN]).adds_nothing, "words that were kept once are not taken away"


def test_places_count_code_points_of_the_cell_with_its_entities(run: Import, tmp_path: Path) -> None:
    text = "Caf&eacute; 🎬 talk. The color&nbsp;glows."
    run([row(text=text)])
    passage = "kite-2001--jane-example--color--1"
    start, end = (int(values(tmp_path / "candidates", passage, name)[0]) for name in ("start", "end"))
    assert text[start:end] == " The color&nbsp;glows."
    digest = sha256(text[start:end].encode()).hexdigest()
    assert values(tmp_path / "candidates", passage, "exactSha256") == [digest]


def test_files_are_in_the_canonical_form_and_keep_the_rules(run: Import, tmp_path: Path) -> None:
    many = [row(critic=f"Critic {name}", text=f"The editing and the color of {name}.") for name in "ABCDEFGHIJKL"]
    many += [row(critic="", publication="", text="The themes."), row(critic="", text="A color.", date="2001")]
    run(many)
    files = sorted((tmp_path / "candidates").glob("*.ttl"))
    for file in files:
        text = file.read_text(encoding="utf-8")
        assert format_turtle(text, file=file.name) == text
    graph = tmp_path / "film.ttl"
    graph.write_text(
        PREFIXES + 'film:kite-2001 a fg:Film ; schema:name "Kite" ; fg:releaseYear 2001 ; fg:draft true .\n',
        encoding="utf-8",
    )
    report = validate_files([*files, graph], workspace=Workspace.find())
    broken = [violation.to_text() for violation in report.violations if violation.severity == "violation"]
    assert broken == []


def test_a_second_run_adds_nothing_and_changes_no_byte(run: Import, tmp_path: Path) -> None:
    rows = [
        PLAIN,
        row(critic="Bo Other", text="A color."),
        row(film_title="The Lamp", film_year="1999", text="Themes."),
    ]
    run(rows)
    before = {file: (file.read_bytes(), file.stat().st_mtime_ns) for file in (tmp_path / "candidates").iterdir()}
    done = run(rows)
    assert done.adds_nothing
    assert (done.new_reviews, done.known_reviews, done.new_claims, done.new_critics) == (0, 3, 0, 0)
    after = {file: (file.read_bytes(), file.stat().st_mtime_ns) for file in (tmp_path / "candidates").iterdir()}
    assert after == before


def test_the_order_of_rows_changes_no_byte(run: Import, tmp_path: Path) -> None:
    rows = [
        row(critic=name, text=f"The color, {name}.") for name in ("Jo Example", "JO EXAMPLE", "Jo  Example", "Al B")
    ]
    run(rows, out=tmp_path / "one")
    run(rows[::-1], out=tmp_path / "two")
    for file in sorted((tmp_path / "one").iterdir()):
        assert file.read_bytes() == (tmp_path / "two" / file.name).read_bytes(), file.name


def test_a_dry_run_writes_nothing(run: Import, tmp_path: Path) -> None:
    done = run([PLAIN], dry_run=True)
    assert done.new_claims == 1
    assert done.written
    assert not (tmp_path / "candidates").exists()


def test_an_import_that_was_stopped_is_finished_by_the_next(
    run: Import, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [PLAIN, row(critic="Bo Other", film_title="The Lamp", film_year="1999", text="A color.")]
    run(rows, out=tmp_path / "whole")

    class Stopped(WordFinder):
        def candidates(
            self, text: str, *, film: str | None = None, names: Iterable[str] = (), lean: float = 0.0
        ) -> list[Found]:
            if "color" in text:
                raise KeyboardInterrupt
            return super().candidates(text, film=film, names=names)

    with pytest.raises(KeyboardInterrupt):
        run(rows, finder=Stopped())
    assert {file.name for file in (tmp_path / "candidates").iterdir()} >= {"kite-2001.ttl", "critics.ttl"}
    assert not (tmp_path / "candidates" / "the-lamp-1999.ttl").exists()
    run(rows)
    for file in sorted((tmp_path / "whole").iterdir()):
        assert file.read_bytes() == (tmp_path / "candidates" / file.name).read_bytes(), file.name


def test_the_finder_is_told_the_film_and_the_names_to_mask(run: Import) -> None:
    finder = WordFinder()
    run([PLAIN], finder=finder)
    assert finder.asked == [(PLAIN["text"], iri("film", "kite-2001"), ("Jane Example", "The Test Post"))]


# Decisions that were made before.


def test_what_was_rejected_is_not_proposed_again(run: Import, tmp_path: Path) -> None:
    run([row(text="The editing and the color.")])
    file = tmp_path / "candidates" / "kite-2001.ttl"
    text = file.read_text(encoding="utf-8")
    claim, _, rest = text.partition("claim:kite-2001--jane-example--editing a")
    file.write_text(claim + "claim:kite-2001--jane-example--editing a" + rest.replace("fg:Candidate", "fg:Rejected", 1))
    rejected = file.read_bytes()
    done = run([row(text="The editing and the color.")])
    assert file.read_bytes() == rejected
    assert (done.decided, done.claims, done.new_claims) == (1, {"praise": 1}, 0)


ACCEPTED = (
    GRAPH
    + f"""
review:kite-2001--ada-known a fg:Review ; schema:itemReviewed film:kite-2001 ; schema:author person:ada-known ;
  fg:textSha256 "{sha256(b"The editing and the color.").hexdigest()}" .
claim:kite-2001--ada-known--sound a fg:ReviewClaim ; fg:claimedIn review:kite-2001--ada-known ;
  fg:aboutFilm film:kite-2001 ; fg:aboutTechnique technique:sound-bridge ; fg:status fg:Accepted ; fg:stance fg:Praise ;
  fg:matchedLabel "editing" ; fg:evidence passage:kite-2001--ada-known--sound--1 .
passage:kite-2001--ada-known--sound--1 a fg:Passage ; oa:start 0 ; oa:end 26 .
"""
)


def test_what_was_accepted_is_not_proposed_again_though_it_was_corrected(
    tmp_path: Path, workspace: Workspace, run: Import
) -> None:
    file = tmp_path / "accepted.ttl"
    file.write_text(ACCEPTED, encoding="utf-8")
    graph = MemoryStore.of_files([file])
    given = written(tmp_path / "r.csv", [row(critic="Ada Known", text="The editing and the color.")])
    out = tmp_path / "candidates"
    done = import_reviews(workspace, graph, given, finder=WordFinder(), today=TODAY, out=out)  # type: ignore[arg-type]
    assert (done.known_reviews, done.new_reviews, done.decided) == (1, 0, 1)
    assert done.claims == {"praise": 1}
    assert values(out, "kite-2001--ada-known--color", "status") == [FG + "Candidate"]
    assert not values(out, "kite-2001--ada-known--editing", "status")


def test_a_review_that_the_graph_has_and_nothing_is_proposed_of_is_not_written(
    tmp_path: Path, workspace: Workspace
) -> None:
    file = tmp_path / "accepted.ttl"
    file.write_text(ACCEPTED.replace("The editing", "x"), encoding="utf-8")
    text = "Nothing about craft."
    file.write_text(
        ACCEPTED.replace(sha256(b"The editing and the color.").hexdigest(), sha256(text.encode()).hexdigest())
    )
    given = written(tmp_path / "r.csv", [row(critic="Ada Known", publication="", text=text)])
    done = import_reviews(
        workspace,
        MemoryStore.of_files([file]),
        given,
        finder=WordFinder(),  # type: ignore[arg-type]
        out=tmp_path / "candidates",
    )
    assert done.known_reviews == 1
    assert not (tmp_path / "candidates" / "kite-2001.ttl").exists()


def test_a_claim_made_by_hand_stays(run: Import, tmp_path: Path) -> None:
    run([row(text="The color.")])
    file = tmp_path / "candidates" / "kite-2001.ttl"
    hand = (
        PREFIXES
        + file.read_text(encoding="utf-8")
        + (
            "claim:kite-2001--jane-example--by-hand a fg:ReviewClaim ; fg:claimedIn review:kite-2001--jane-example ;\n"
            "  fg:aboutFilm film:kite-2001 ; fg:aboutTechnique technique:hue ; fg:status fg:Candidate ;\n"
            "  fg:stance fg:Mixed ."
        )
    )
    file.write_text(format_turtle(hand, file="x"), encoding="utf-8")
    run([row(text="The color.")])
    assert values(tmp_path / "candidates", "kite-2001--jane-example--by-hand", "stance") == [FG + "Mixed"]


# Who is who.


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("A. B. Example", "A.B. Example"),
        ("A.B. Example", "AB Example"),
        ("Zoë  Example", "ZOE EXAMPLE"),
        ("Zo&euml; Example", "Zoë Example"),
        ("Jane Example (example.com)", "Jane Example"),
        ("By Jane Example", "Jane Example"),
        ("Jane Example,", "Jane Example"),
        ("Pat O’Example", "Pat O'Example"),
    ],
)
def test_spellings_of_one_critic(one: str, other: str) -> None:
    assert critic_key(clean_name(one)) == critic_key(clean_name(other))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Jane Example", "Janet Example"),
        ("A. Example", "B. Example"),
        ("Jane (JJ) Example", "Jane Example"),
        ("Оз", "Из"),
    ],
)
def test_critics_who_are_two(one: str, other: str) -> None:
    assert critic_key(clean_name(one)) != critic_key(clean_name(other))


def test_publications_fold_their_article() -> None:
    assert publication_key("The Test Post") == publication_key("test post") == "test-post"
    assert publication_key("Test Post (UK)") != publication_key("Test Post")


def test_the_most_frequent_spelling_is_the_name(run: Import, tmp_path: Path) -> None:
    spellings = ["A.B. Example", "A. B. Example", "A. B. Example", "AB EXAMPLE"]
    done = run([row(critic=name, text=f"The color {place}.") for place, name in enumerate(spellings)])
    assert done.critics == done.new_critics == 1
    assert done.respelled == (("A. B. Example", "A.B. Example", "AB EXAMPLE"),)
    assert values(tmp_path / "candidates", "a-b-example", "name") == ["A. B. Example"]
    assert reviews(tmp_path / "candidates") == [
        *("kite-2001--a-b-example", "kite-2001--a-b-example--2"),
        *("kite-2001--a-b-example--3", "kite-2001--a-b-example--4"),
    ]
    assert any(note.startswith("one critic: A. B. Example") for note in done.notes())


def test_last_name_first_is_turned_where_the_name_is_known(run: Import) -> None:
    done = run([PLAIN, row(critic="Example, Jane", text="A."), row(critic="Nobody, Else", text="B.")])
    assert done.critics == 2
    assert flipped("Example, Jane") == "Jane Example"
    assert ("Jane Example", "Example, Jane") in done.respelled


def test_a_critic_who_shares_a_directors_name_is_kept_apart(run: Import, tmp_path: Path) -> None:
    done = run([row(critic="Jo Director")])
    assert done.apart == ("Jo Director (person:jo-director--2)",)
    assert values(tmp_path / "candidates", "jo-director--2", "name") == ["Jo Director"]
    assert reviews(tmp_path / "candidates") == ["kite-2001--jo-director--2"]
    assert run([row(critic="Jo Director")]).adds_nothing


def test_known_critics_and_publications_keep_their_address(run: Import, tmp_path: Path) -> None:
    done = run(
        [row(critic="ADA KNOWN", publication="Known Post"), row(critic="X Y", publication="Brass Band", text="Z.")]
    )
    assert (done.new_critics, done.new_publications) == (1, 1)
    review = "kite-2001--ada-known"
    assert values(tmp_path / "candidates", review, "author") == [iri("person", "ada-known")]
    assert values(tmp_path / "candidates", review, "publisher") == [iri("organization", "the-known-post")]
    assert values(tmp_path / "candidates", "kite-2001--x-y", "publisher") == [iri("organization", "brass-band--2")]


def test_near_spellings_at_one_publication_are_told_and_not_merged(run: Import) -> None:
    done = run(
        [
            row(critic="Jonathan Exampel", text="A."),
            row(critic="Jonathan Example", text="B."),
            row(critic="Jonathan Exampla", text="C.", publication="Elsewhere"),
        ]
    )
    assert done.critics == 3
    assert done.perhaps_one == (("Jonathan Exampel", "Jonathan Example"),)


def test_an_authority_file_merges_and_separates(run: Import, tmp_path: Path) -> None:
    authority = tmp_path / "critics.csv"
    authority.write_text(
        "name,publication,critic\nJ. Example,,Jane Example\nSam Same,Paper A,sam-same\nSam Same,Paper B,sam-same--2\n",
        encoding="utf-8",
    )
    rows = [
        PLAIN,
        row(critic="J Example", text="A."),
        row(critic="Sam Same", publication="Paper A", text="B."),
        row(critic="Sam Same", publication="The Paper B", text="C."),
        row(critic="Sam Same", publication="Paper C", text="D."),
    ]
    done = run(rows, critics=authority)
    assert done.critics == 3
    assert values(tmp_path / "candidates", "sam-same--2", "name") == ["Sam Same"]
    assert reviews(tmp_path / "candidates").count("kite-2001--jane-example--2") == 1
    assert run(rows, critics=authority).adds_nothing


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("name,critic\nA B,\n", "row 2: critic is empty"),
        ("name,critic\nAl B,c-d\nAl C,e-f\n", None),
        ("name,critic\nA B,c-d\na b,e-f\n", "row 3: 'a b' is said to be two critics"),
        ("name,publication\nA,B\n", "the column critic is missing"),
    ],
)
def test_an_authority_file_that_is_none(run: Import, tmp_path: Path, text: str, told: str | None) -> None:
    file = tmp_path / "critics.csv"
    file.write_text(text, encoding="utf-8")
    if told is None:
        run([PLAIN], critics=file)
        return
    with pytest.raises(DataError, match=re.escape(told)):
        run([PLAIN], critics=file)


@pytest.mark.parametrize("name", ["", "  ", "N/A", "Unknown", "Test Post Staff", "staff", "-", "Editorial Team"])
def test_nobody(name: str, run: Import, tmp_path: Path) -> None:
    assert is_nobody(clean_name(name))
    run([row(critic=name)])
    assert reviews(tmp_path / "candidates") == ["kite-2001--the-test-post"]


@pytest.mark.parametrize("name", ["N/A", "n/a", "None", "NULL", "-", "unknown", "Unknown", "nan"])
def test_a_placeholder_is_no_publication(name: str, run: Import, tmp_path: Path) -> None:
    done = run([row(critic=name, publication=name)])
    assert reviews(tmp_path / "candidates") == ["kite-2001--unsigned"]
    assert (done.publications, done.critics, done.odd["publication missing"]) == (0, 0, 1)


def test_a_site_of_ones_own_has_ones_name(run: Import, tmp_path: Path) -> None:
    run(
        [
            row(critic="Jane Example", publication="Jane Example"),
            row(critic="Variete", publication="Variete", text="X."),
        ]
    )
    assert reviews(tmp_path / "candidates") == ["kite-2001--jane-example", "kite-2001--variete"]
    assert values(tmp_path / "candidates", "kite-2001--variete", "author") == []


def test_a_review_that_nobody_signs_is_unsigned(run: Import, tmp_path: Path) -> None:
    run([row(critic="", publication="")])
    assert values(tmp_path / "candidates", "kite-2001--unsigned", "unsigned") == ["true"]


def test_a_name_in_other_letters_gets_an_address(run: Import, tmp_path: Path) -> None:
    run([row(critic="Пётр Пример"), row(critic="ПЁТР ПРИМЕР", text="Another color.")])
    (person,) = {value for _, predicate, value in triples(tmp_path / "candidates") if predicate == "author"}
    assert re.fullmatch(r"name-[0-9a-f]{8}", slug_of(person))


def test_two_who_sign_together_stay_one(run: Import) -> None:
    done = run([row(critic="Jane and Bo Example")])
    assert (done.critics, done.odd["signed by several, kept as one"]) == (1, 1)


# Several reviews, the same text.


def test_numbers_stay_whatever_comes_later(run: Import, tmp_path: Path) -> None:
    late, early = row(text="Late color.", date="2005-01-01"), row(text="Early color.", date="2001-06-01")
    run([late])
    run([early, late])
    folder = tmp_path / "candidates"
    assert values(folder, "kite-2001--jane-example", "datePublished") == ["2005-01-01"]
    assert values(folder, "kite-2001--jane-example--2", "datePublished") == ["2001-06-01"]
    run([early, late], out=tmp_path / "afresh")
    assert values(tmp_path / "afresh", "kite-2001--jane-example", "datePublished") == ["2001-06-01"]


def test_a_row_that_stands_twice_is_one_review(run: Import) -> None:
    done = run([PLAIN, PLAIN, row(critic="JANE EXAMPLE", url="")])
    assert (done.new_reviews, done.skipped) == (1, {"same text by the same critic once more": 2})


def test_one_text_under_two_names_is_two_reviews(run: Import) -> None:
    done = run([PLAIN, row(critic="Bo Other")])
    assert done.new_reviews == 2
    assert done.odd["same text under another name, kept under both"] == 1


def test_a_later_row_adds_what_was_not_known(run: Import, tmp_path: Path) -> None:
    run([row(date="", url="", publication="")])
    run([PLAIN])
    review = "kite-2001--jane-example"
    assert values(tmp_path / "candidates", review, "datePublished") == ["2001-05-04"]
    run([row(date="2002-02-02")])
    assert values(tmp_path / "candidates", review, "datePublished") == ["2001-05-04"], "what is there stays"


# Cells.


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("2014-02-13", "2014-02-13"),
        ("2014/2/3", "2014-02-03"),
        ("2014-02-13T10:00:00Z", "2014-02-13"),
        ("February 13, 2014", "2014-02-13"),
        ("Feb. 13 2014", "2014-02-13"),
        ("13th Feb 2014", "2014-02-13"),
        ("13/02/2014", "2014-02-13"),
        ("02/13/2014", "2014-02-13"),
        ("Feb 2014", "2014-02"),
        ("2014-02", "2014-02"),
        ("2014", "2014"),
        ("2014-00-00", "2014"),
    ],
)
def test_dates(text: str, read: str) -> None:
    assert read_date(text, released=2001, today=TODAY).text == read


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "date missing"),
        ("n/a", "date a placeholder"),
        ("1970-01-01", "date a placeholder"),
        ("0000-00-00", "date a placeholder"),
        ("2014-02-30", "date impossible"),
        ("2014-13-01", "date impossible"),
        ("31/31/2014", "date impossible"),
        ("03/02/2014", "date of two meanings"),
        ("2026-01-02", "date in the future"),
        ("2000-12-31", "date before the film's release"),
        ("last week", "date not understood"),
        ("13 Fool 2014", "date not understood"),
    ],
)
def test_dates_that_are_none(text: str, problem: str) -> None:
    found = read_date(text, released=2001, today=TODAY)
    assert (found.text, found.problem) == ("", problem)


@pytest.mark.parametrize(
    ("text", "figure"),
    [
        *(("3.5/5", 0.7), ("4 / 5", 0.8), ("7/10", 0.7), ("86/100", 0.86), ("4 of 5", 0.8), ("9 out of 10", 0.9)),
        *(("4/5 stars", 0.8), (".5/4", 0.125), ("3,5/5", 0.7), ("75%", 0.75)),
        *(
            ("A+", 1.0),
            ("a", 0.9167),
            ("A-", 0.8333),
            ("B -", 0.5833),
            ("C-plus", 0.5),
            ("A minus", 0.8333),
            ("F", 0.0),
        ),
        *(("", None), ("3", None), ("4 stars", None), ("6/5", None), ("3.5.5", None), ("1/0", None), ("E", None)),
        *(("F-", None), ("Recommended", None), ("-1/5", None)),
    ],
)
def test_scores(text: str, figure: float | None) -> None:
    assert read_score(text) == figure


def test_a_score_may_contradict_the_verdict(run: Import, tmp_path: Path) -> None:
    assert contradicts(1.0, "Negative")
    assert not contradicts(0.5, "negative")
    done = run([row(score="1/10"), row(score="nine", text="B."), row(score="", text="C.")])
    assert done.scores == 1
    assert {reason: done.odd[reason] for reason in done.odd if "score" in reason} == {
        "score contradicts the verdict": 1,
        "score not understood": 1,
        "score missing": 1,
    }
    assert "0.1" not in (tmp_path / "candidates" / "kite-2001.ttl").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("text", "read"),
    [
        (" http://example.com ", "http://example.com"),
        ("https://example.com/a?b=1&amp;c=2#d", "https://example.com/a?b=1&c=2#d"),
        ("https://example.com/a|b", "https://example.com/a%7Cb"),
        *(
            (text, "")
            for text in ("", "www.example.com", "javascript:alert(1)", "ftp://example.com/a", "https://nowhere")
        ),
        *(
            (text, "")
            for text in ("https://a b.com", "https://u:p@example.com/", "file:///x", "https://example.com/<x>")
        ),
        ("https://example.com/" + "a" * 3000, ""),
        ("https://example.com/\u202ex", ""),
        ("https://example.com:8080/a:b", "https://example.com:8080/a:b"),
        ("http://example.com:65535", "http://example.com:65535"),
        *((f"https://example.com:{port}/", "") for port in ("0", "65536", "99999", "x", "-1", "", "80:80", "٣")),
    ],
)
def test_addresses(text: str, read: str) -> None:
    assert read_address(text)[0] == read


def test_films_are_found_by_other_titles_and_with_their_article_behind(run: Import) -> None:
    done = run(
        [
            row(film_title="Cerf-Volant"),
            row(film_title="Lamp, The", film_year="1999"),
            row(film_title="lamp", film_year="1999.0", text="B."),
            row(film_title="KITE", text="C."),
        ]
    )
    assert (done.new_reviews, done.films) == (4, 2)


def test_unknown_films_are_counted_and_hinted_at(run: Import) -> None:
    done = run(
        [
            *(row(film_title="No Such Film", text=f"{place}") for place in range(3)),
            row(film_year="2002"),
            row(film_title="Kitte"),
            row(film_year="MMI"),
            row(film_title=""),
        ]
    )
    assert done.skipped == {"film unknown": 5, "film's year is no year": 1, "film's title empty": 1}
    assert done.unknown[0] == ("No Such Film (2001)", "", 3)
    assert ("Kite (2002)", "did you mean Kite (2001)?", 1) in done.unknown
    assert ("Kitte (2001)", "did you mean Kite (2001)?", 1) in done.unknown or done.unknown_films == 3


@pytest.mark.parametrize(
    ("text", "foreign"),
    [
        ("El montaje de la película es una delicia que se queda con el espectador.", True),
        ("Die Musik ist auch in der zweiten Hälfte nicht mehr so gut wie das Bild.", True),
        ("Монтаж этого фильма просто великолепен и точен.", True),
        ("The editing of La Casa de Ejemplo is a delight that stays with you.", False),
        ("Magnifique!", False),
        ("Bold, brash, brilliant, breathtaking, beguiling, bonkers.", False),
        ("", False),
    ],
)
def test_languages(text: str, foreign: bool) -> None:
    assert is_foreign(text) is foreign


def test_a_text_in_another_language_is_a_review_without_claims(run: Import, tmp_path: Path) -> None:
    finder = WordFinder()
    done = run([row(text="El color de la película es una delicia que se queda con el espectador.")], finder=finder)
    assert (done.new_reviews, done.claims, finder.asked) == (1, {}, [])
    assert done.odd["text not in English"] == 1


# Rows and files that are wrong.


def test_bad_rows_are_counted_and_reported(run: Import, tmp_path: Path) -> None:
    file = tmp_path / "odd.csv"
    good = ",".join(f'"{PLAIN[column]}"' for column in COLUMNS)
    file.write_text(
        f"{','.join(COLUMNS)}\n{good}\n{','.join('x' * 40)}\na,b\n\n"
        '"Kite","2001","=Jo X","P","2001-02-30","nope","x","positive","  "\n'
        '"Kite","2001","Jo X","P","2001-02-30","=nope","x","positive","A fine color."\n',
        encoding="utf-8",
    )
    report = tmp_path / "report.csv"
    done = run(file, report=report)
    assert done.rows == 6
    assert done.skipped == {
        "row with more cells than the header's 9": 1,
        "row with fewer cells than the header's 9": 1,
        "row empty": 1,
        "text empty": 1,
    }
    with report.open(encoding="utf-8", newline="") as stream:
        told = list(csv.reader(stream))
    assert told == [
        ["row", "column", "value", "reason"],
        ["3", "", "40 cells", "left out: row with more cells than the header's 9"],
        ["4", "", "2 cells", "left out: row with fewer cells than the header's 9"],
        ["5", "", "", "left out: row empty"],
        ["6", "text", "", "left out: text empty"],
        ["7", "date", "2001-02-30", "date impossible"],
        ["7", "score", "x", "score not understood"],
        ["7", "url", "'=nope", "address unusable"],
    ]
    assert sum(done.skipped.values()) + done.new_reviews == done.rows
    with pytest.raises(OutputError, match="exists already"):
        run(file, report=report)


def test_a_report_does_not_lie_among_the_candidates(run: Import, tmp_path: Path) -> None:
    waiting = tmp_path / "candidates"
    waiting.mkdir()
    (tmp_path / "other").symlink_to(waiting)
    (tmp_path / "link.csv").symlink_to(waiting / "kite-2001.ttl")
    for report in (
        waiting / "kite-2001.ttl",
        waiting / "new" / "r.csv",
        tmp_path / "other" / "r",
        tmp_path / "link.csv",
    ):
        # The reviews are not there: the report is refused before they are looked for.
        with pytest.raises(OutputError, match="lies in the folder of candidates"):
            run(tmp_path / "nothing.csv", report=report)
    with pytest.raises(OutputError, match="lies in the folder of candidates"):
        run(tmp_path / "nothing.csv", out=tmp_path / "other", report=waiting / "r.csv")
    assert list(waiting.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("none/deeper/r.csv", "there is no folder"),
        ("taken.csv", "exists already"),
        ("taken.csv/r.csv", "cannot be written"),
        ("folder", "is a folder"),
        ("x" * 300, "cannot be written"),
        ("a\0b", "cannot be written"),
    ],
)
def test_a_report_that_cannot_be_written_is_told_before_anything_is_written(
    run: Import, tmp_path: Path, name: str, told: str
) -> None:
    (tmp_path / "taken.csv").write_text("mine", encoding="utf-8")
    (tmp_path / "folder").mkdir()
    before = sorted(tmp_path.iterdir())
    with pytest.raises(OutputError, match=told):
        run(tmp_path / "nothing.csv", report=tmp_path / name)
    with pytest.raises(OutputError, match="has no name"):
        run(tmp_path / "nothing.csv", report="")
    assert (tmp_path / "taken.csv").read_text(encoding="utf-8") == "mine"
    assert sorted(tmp_path.iterdir()) == before


def test_a_report_turns_no_writing_around(run: Import, tmp_path: Path) -> None:
    run([row(url="\u202e=x\u2066\x1b"), row(date="\t=1+1", text="A color.")], report=tmp_path / "report.csv")
    told = (tmp_path / "report.csv").read_text(encoding="utf-8")
    assert "\ufffd=x\ufffd␛" in told
    assert "' =1+1" in told
    assert all(character.isprintable() or character == "\n" for character in told)


def test_a_review_of_300_000_words_is_a_counted_skip(run: Import) -> None:
    done = run([row(text="word " * 300_000), PLAIN])
    assert done.new_reviews == 1
    assert done.skipped == {"text longer than 500,000 characters": 1}


def test_markup_and_signs_do_no_harm(run: Import, tmp_path: Path) -> None:
    text = '<p>The <b>editing</b> "sings" \\ &lt;3 </p><script>x</script>\n' * 50
    done = run([row(text=text, critic='<b>Jane</b> "X" \\', publication='"The" \\ <i>Post</i>')])
    assert done.new_reviews == 1
    for file in (tmp_path / "candidates").iterdir():
        assert triples_of([file])


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "is empty"),
        (b"\xef\xbb\xbf", "has no header in its first row"),
        (b"film_title,film_year,critic\nKite,2001,X\n", "the column text is missing"),
        (b"title,year,critic,text\nKite,2001,X,Y\n", "did you mean film_title by title?"),
        (b"film_title,film_year,critic,text,text\n", "the column text stands twice"),
        (b"film_title,film_year,critic,text\n", "has no rows below the header"),
        (b"film_title,film_year,critic,text\nKite,2001,X,\xff\xfe\n", ":2:13: is not UTF-8 (byte 0xff)"),
        ("film_title,film_year,critic,text\n".encode("utf-16"), "is UTF-16: save it as CSV in UTF-8"),
        (b"PK\x03\x04" + bytes(90), "is a spreadsheet or an archive"),
        (b"\x89PNG\r\n\x1a\n" + bytes(90), "is not UTF-8"),
        (b"film_title,film_year,critic,text\nKite,2001,X,a\0b\n", ":2: holds null characters"),
        (b'film_title,film_year,critic,text\nKite,2001,X,"never closed\n', "row 2: the file ends within a cell"),
        (b'film_title,film_year,critic,text\nKite,2001,X,"a"b\n', "row 2: is no CSV"),
    ],
)
def test_files_that_are_no_reviews_end_in_one_line(run: Import, tmp_path: Path, content: bytes, told: str) -> None:
    file = tmp_path / "bad.csv"
    file.write_bytes(content)
    with pytest.raises(DataError) as caught:
        run(file)
    assert str(caught.value).startswith(str(file))
    assert told in str(caught.value)
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "candidates").exists()


def test_a_quotation_mark_that_is_not_closed_does_not_swallow_the_file(
    run: Import, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tables, "LONGEST_CELL", 5_000)
    file = tmp_path / "bad.csv"
    file.write_text('film_title,film_year,critic,text\nKite,2001,X,"open\n' + "x,y,z,w\n" * 2_000, encoding="utf-8")
    before = csv.field_size_limit()
    with pytest.raises(DataError, match="row 2: a cell is longer than 5,000 characters: is a quotation"):
        run(file)
    assert csv.field_size_limit() == before


def test_a_line_without_end_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "_LONGEST_LINE", 1_000)
    file = tmp_path / "bad.csv"
    file.write_text("film_title,film_year,critic,text\n" + "x" * 5_000, encoding="utf-8")
    with pytest.raises(DataError, match=":2: a line is longer"):
        list(ReviewTable(file).rows())


def test_a_folder_or_nothing_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="is a folder"):
        ReviewTable(tmp_path)
    with pytest.raises(DataError, match="cannot be read"):
        ReviewTable(tmp_path / "nothing.csv")


def test_headers_are_read_as_spreadsheets_write_them(run: Import, tmp_path: Path) -> None:
    file = tmp_path / "semi.csv"
    file.write_text("\ufeffFilm Title;FILM-YEAR;Critic;Text;Rank;\nKite;2001;Jo X;The color.;7;\n", encoding="utf-8")
    done = run(file)
    assert (done.new_reviews, done.passed_over) == (1, ("rank",))
    assert "columns that are not read: rank" in done.notes()


@pytest.mark.parametrize("inside", ["data", "data/deeper", "ontology"])
def test_candidates_wait_outside_of_the_graph(run: Import, workspace: Workspace, inside: str) -> None:
    with pytest.raises(OutputError, match="candidates wait outside"):
        run([PLAIN], out=workspace.root / inside)


def test_candidates_need_a_folder(run: Import, tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("x", encoding="utf-8")
    with pytest.raises(OutputError, match="is a file"):
        run([PLAIN], out=tmp_path / "taken")


def test_a_folder_without_a_name_is_refused(run: Import) -> None:
    with pytest.raises(OutputError, match="the folder of candidates has no name"):
        run([PLAIN], out="")


def test_the_slower_of_two_imports_is_told_to_try_again(
    run: Import, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = importing.write_files

    def overtaken(texts: dict[Path, str], *, before: dict[Path, str]) -> None:
        for file, text in texts.items():
            file.write_text(text, encoding="utf-8")
        write(texts, before=before)

    monkeypatch.setattr(importing, "write_files", overtaken)
    with pytest.raises(OutputError, match="by somebody else meanwhile; try again"):
        run([PLAIN])
    monkeypatch.undo()
    assert run([PLAIN]).new_reviews == 1


def test_a_file_that_is_no_path_is_told(workspace: Workspace, store: MemoryStore) -> None:
    with pytest.raises(DataError, match="named by a path, and not by NoneType"):
        import_reviews(workspace, store, None)  # type: ignore[arg-type]


def test_it_is_told_why_nothing_is_new(run: Import) -> None:
    assert run([row(film_title="Nowhere")]).why_nothing() == "Nothing was read: every row was left out."
    run([PLAIN])
    assert run([PLAIN]).why_nothing() == "Nothing new: everything was there already."
    assert run([PLAIN, row(text=" ")]).why_nothing() == "Nothing new: what was not left out was there already."


def test_a_broken_file_of_candidates_is_told_and_nothing_is_lost(run: Import, tmp_path: Path) -> None:
    run([PLAIN])
    file = tmp_path / "candidates" / "kite-2001.ttl"
    file.write_text("broken", encoding="utf-8")
    with pytest.raises(DataError, match=r"kite-2001\.ttl"):
        run([PLAIN])
    assert file.read_text(encoding="utf-8") == "broken"


def test_more_reviews_of_a_film_than_are_read_are_counted(run: Import, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importing, "MOST_REVIEWS_OF_A_FILM", 2)
    done = run([row(text=f"The color {place}.") for place in range(5)])
    assert done.new_reviews == 2
    assert done.skipped == {"more than 2 reviews of one film": 3}


def test_progress_is_told(run: Import) -> None:
    told: list[tuple[str, int, int]] = []
    run([PLAIN], progress=lambda *step: told.append(step))
    assert told[0][0] == "reading"
    assert told[-1] == ("finding claims", 1, 1)


def test_the_summary_counts_everything(run: Import) -> None:
    done = run([PLAIN, row(film_title="Nowhere")])
    lines = {name.strip(): count for name, count in done.to_lines()}
    assert (lines["rows"], lines["reviews new"], lines["rows left out"], lines["film unknown"]) == ("2", "1", "1", "1")
    assert lines["claims proposed"] == "1 (1 new)"
    assert lines["critics"] == "1 (1 new)"


# One text.


def extracted(workspace: Workspace, store: MemoryStore, file: Path, **options: object) -> ExtractedClaims:
    given: dict[str, object] = {"film": "kite-2001", "finder": WordFinder(), "today": TODAY, "out": file.parent / "c"}
    return extract_claims(workspace, store, file, **{**given, **options})  # type: ignore[arg-type]


def test_one_text(tmp_path: Path, workspace: Workspace, store: MemoryStore) -> None:
    file = tmp_path / "review.txt"
    file.write_bytes("\ufeffThe color.\r\nThe editing é.".encode())
    found = extracted(workspace, store, file, critic="Jane Example", date="2001-05", url="https://example.com/")
    assert found.review == "review:kite-2001--jane-example"
    assert [claim.concept for claim in found.claims] == [iri("category", "editing"), iri("technique", "color")]
    assert found.claims[0].to_text().startswith('praise category:editing 0.80 ("editing", "fine")')
    assert values(tmp_path / "c", "kite-2001--jane-example", "textSha256") == [sha256(file.read_bytes()).hexdigest()]
    assert values(tmp_path / "c", "kite-2001--jane-example", "datePublished") == ["2001-05"]
    graph = tmp_path / "all.ttl"
    graph.write_text(
        GRAPH + "".join(f.read_text(encoding="utf-8") for f in sorted((tmp_path / "c").glob("*.ttl"))), encoding="utf-8"
    )
    report = FilmGraph(MemoryStore.of_files([graph])).verify(file)
    assert report.ok
    assert len(report.checked) == 2
    assert extracted(workspace, store, file, critic="Jane Example").imported.adds_nothing


@pytest.mark.parametrize(
    ("content", "options", "told"),
    [
        (b"  \n", {}, "is empty"),
        (b"a\0b", {}, "holds null characters"),
        (b"\xff", {}, "is not UTF-8"),
        (b"word " * 200_000, {}, "is longer than 500,000 characters"),
        (b"A color.", {"date": "2001-02-30"}, "date '2001-02-30': impossible"),
        (b"A color.", {"date": "1999"}, "date '1999': before the film's release"),
        (b"A color.", {"url": "example.com"}, "address 'example.com': unusable"),
        (b"A color.", {"film": "kitte-2001"}, "Did you mean kite-2001"),
        (b"A color.", {"critic": "Jane " * 1000}, "the name of the critic has 4,999 characters, and may have 120"),
        (b"A color.", {"publication": "P" * 121}, "the name of the publication has 121 characters"),
    ],
)
def test_texts_that_are_none(
    tmp_path: Path, workspace: Workspace, store: MemoryStore, content: bytes, options: dict[str, str], told: str
) -> None:
    file = tmp_path / "review.txt"
    file.write_bytes(content)
    with pytest.raises(Exception, match=re.escape(told)):
        extracted(workspace, store, file, **options)
    assert not (tmp_path / "c").exists()


# The command line, with the real extractor.


def test_import_reviews_command(tmp_path: Path) -> None:
    text = "The editing is superb. The cinematography is flat and lifeless."
    file = written(tmp_path / "r.csv", [row(film_title="Her", film_year="2013", date="2014-02-03", text=text)])
    out = tmp_path / "candidates"
    arguments = ["import", "reviews", str(file), "--out", str(out)]
    first = CliRunner().invoke(cli, arguments)
    assert first.exit_code == 0, first.output
    assert re.search(r"^reviews new +1$", first.stdout, re.M)
    assert re.search(r"^  praise +1$", first.stdout, re.M)
    assert re.search(r"^  criticism +1$", first.stdout, re.M)
    assert (out / "her-2013.ttl").is_file()
    again = CliRunner().invoke(cli, arguments)
    assert again.exit_code == 0
    assert "Nothing new: everything was there already." in again.stderr
    report = validate_files(sorted(out.glob("*.ttl")), workspace=Workspace.find())
    assert [violation.to_text() for violation in report.violations] == []


def test_claims_extract_command(tmp_path: Path) -> None:
    file = tmp_path / "review.txt"
    file.write_text("The editing is superb.", encoding="utf-8")
    arguments = [
        "claims",
        "extract",
        str(file),
        "--film",
        "Her",
        "--critic",
        "Jane Example",
        "--out",
        str(tmp_path / "c"),
    ]
    result = CliRunner().invoke(cli, [*arguments, "--dry-run"])
    assert result.exit_code == 0, result.output
    assert result.stdout.startswith("praise category:editing")
    assert not (tmp_path / "c").exists()
    assert CliRunner().invoke(cli, arguments).exit_code == 0
    assert values(tmp_path / "c", "her-2013--jane-example", "author") == [iri("person", "jane-example")]


def test_commands_refuse_what_is_wrong_in_one_line(tmp_path: Path) -> None:
    file = written(tmp_path / "r.csv", [row(film_title="Nowhere at all")])
    out = str(tmp_path / "c")
    nameless = ["claims", "extract", str(file), "--film", "her-2013", "--out", out, "--critic", "J" * 5000]
    for arguments in (
        ["import", "reviews", str(file), "--out", ""],
        ["import", "reviews", str(file), "--out", out, "--report", f"{out}/her-2013.ttl"],
        nameless,
    ):
        result = CliRunner().invoke(cli, arguments)
        assert result.exit_code == 2
        assert len(result.stderr.splitlines()) == 1
    left_out = CliRunner().invoke(cli, ["import", "reviews", str(file), "--out", out])
    assert left_out.exit_code == 0
    assert left_out.stderr.splitlines()[-1] == "Nothing was read: every row was left out."
    assert not Path(out).exists()


@pytest.mark.parametrize(
    "command", [["import", "reviews", "nothing.csv"], ["claims", "extract", "x", "--film", "her-2013"]]
)
def test_a_missing_file_is_one_line(command: list[str]) -> None:
    result = CliRunner().invoke(cli, command)
    assert result.exit_code == 2
    assert len(result.stderr.splitlines()) == 1
    assert result.stderr.startswith("filmgraph: ")


def test_a_killed_import_leaves_whole_files_and_can_be_finished(tmp_path: Path) -> None:
    """Kill a real import in the middle; the next ends with the bytes of one that was never stopped."""
    with open_graph() as graph:
        films = graph.query(
            "SELECT ?t ?y WHERE { ?f a fg:Film ; schema:name ?t ; fg:releaseYear ?y } ORDER BY ?f", limit=40
        )
    rows = [
        row(film_title=str(title), film_year=str(year), date="", text=f"The editing is superb, take {take}.")
        for title, year in films
        for take in range(40)
    ]
    file = written(tmp_path / "r.csv", rows)
    command = [*PROGRAM, "import", "reviews", str(file), "--out"]
    subprocess.run([*command, str(tmp_path / "whole")], check=True, capture_output=True)
    out = tmp_path / "killed"
    process = subprocess.Popen([*command, str(out)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    end = time.monotonic() + 60
    while process.poll() is None and time.monotonic() < end and not list(out.glob("*-[12][0-9][0-9][0-9].ttl")):
        time.sleep(0.005)
    process.send_signal(signal.SIGKILL)
    process.wait()
    for left in out.glob("*.ttl"):
        assert left.read_bytes() == (tmp_path / "whole" / left.name).read_bytes()
    subprocess.run([*command, str(out)], check=True, capture_output=True)
    assert sorted(f.name for f in out.glob("*.ttl")) == sorted(f.name for f in (tmp_path / "whole").glob("*.ttl"))
    for made in (tmp_path / "whole").glob("*.ttl"):
        assert made.read_bytes() == (out / made.name).read_bytes()


@pytest.mark.skipif(not hasattr(os, "wait4"), reason="the peak memory of a child is told by POSIX systems")
def test_memory_does_not_grow_with_the_rows(tmp_path: Path) -> None:
    """The peak of 60,000 rows of unknown films is hardly above that of 600: rows are not held."""

    def peak(rows: int) -> int:
        file = written(tmp_path / f"{rows}.csv", [row(film_title="Nowhere At All", text="word " * 200)] * rows)
        command = [*PROGRAM, "import", "reviews", str(file), "--out", str(tmp_path / "c")]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        assert process.returncode == 0
        return usage.ru_maxrss

    small, large = peak(600), peak(60_000)
    assert large < small * 1.25


def test_what_made_a_claim_is_described(run: Import, tmp_path: Path) -> None:
    run([PLAIN])
    (activity,) = values(tmp_path / "candidates", "kite-2001--jane-example--editing", "wasGeneratedBy")
    agents = values(tmp_path / "candidates", slug_of(activity), "wasAssociatedWith")
    assert len(agents) == 1
    assert values(tmp_path / "candidates", slug_of(agents[0]), "softwareVersion")


def test_a_described_activity_is_not_described_again(tmp_path: Path, workspace: Workspace, run: Import) -> None:
    run([PLAIN])
    graph = tmp_path / "graph2.ttl"
    described = (tmp_path / "candidates" / "activities.ttl").read_text(encoding="utf-8")
    graph.write_text(GRAPH + described, encoding="utf-8")
    done = import_reviews(
        workspace,
        MemoryStore.of_files([graph]),
        written(tmp_path / "r.csv", [PLAIN]),
        finder=WordFinder(),  # type: ignore[arg-type]
        out=tmp_path / "other",
    )
    assert "activities.ttl" not in {path.name for path in done.written}
    assert ox.NamedNode(FG + "Review") in {triple.object for triple in triples_of([tmp_path / "other/kite-2001.ttl"])}


def test_the_extractor_of_this_version_is_described_in_the_graph() -> None:
    from filmgraph.claims.extraction import VERSION

    described = triples_of([Workspace.find().data / "activities.ttl"])
    assert VERSION in {
        triple.object.value for triple in described if triple.predicate.value == SCHEMA + "softwareVersion"
    }


# Claims about a whole craft.

CRAFT = (
    GRAPH
    + f"""@prefix skos: <{SKOS}> . @prefix category: <{iri("category", "")}> .
category:editing a fg:Category ; skos:prefLabel "Editing"@en .
technique:jump-cut a fg:Technique ; skos:prefLabel "Jump cut"@en ; skos:broader category:editing .
review:kite-2001--ada-known a fg:Review ; schema:itemReviewed film:kite-2001 ; schema:author person:ada-known ;
  fg:textSha256 "{"0" * 64}" .
claim:kite-2001--ada-known--editing a fg:ReviewClaim ; fg:claimedIn review:kite-2001--ada-known ;
  fg:aboutFilm film:kite-2001 ; fg:aboutAspect category:editing ; fg:status fg:Accepted ; fg:stance fg:Praise ;
  fg:statement "The cutting never rests."@en ; fg:evidence passage:kite-2001--ada-known--editing--1 .
passage:kite-2001--ada-known--editing--1 a fg:Passage ; oa:hasSource review:kite-2001--ada-known ;
  oa:start 0 ; oa:end 26 .
"""
)


@pytest.fixture
def craft(tmp_path: Path) -> FilmGraph:
    file = tmp_path / "craft.ttl"
    file.write_text(CRAFT, encoding="utf-8")
    return FilmGraph(MemoryStore.of_files([file]))


def test_a_claim_about_a_whole_craft_is_found_by_its_category(craft: FilmGraph) -> None:
    assert craft.resolve("Editing", kind="concept") == iri("category", "editing")
    assert craft.query("claims-on-technique", concept="editing").column("label") == ["Editing"]
    assert craft.query("claims-on-technique", concept="jump-cut").column("label") == []
    assert craft.query("claims-on-film", film="kite-2001").column("label") == ["Editing"]
    assert craft.query("critic-profile", critic="ada-known").column("label") == ["Editing"]
    assert [claim.about.name for claim in craft.review("kite-2001--ada-known").claims] == ["Editing"]


def test_a_claim_about_a_whole_craft_goes_with_its_category(craft: FilmGraph) -> None:
    assert "The cutting never rests." in craft.export("editing", kind="category")
    assert '"Editing"@en' in craft.export("kite-2001", kind="film")
    nodes = dict(craft.projection("critics").nodes(data=True))
    assert nodes["category:editing"]["kind"] == "category"
