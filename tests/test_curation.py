"""Candidates that a person accepts, corrects or rejects: by rules, from a file, and in a terminal."""

from __future__ import annotations

import csv
import os
import re
import select
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256
from pathlib import Path

import pyoxigraph as ox
import pytest
from click.testing import CliRunner, Result
from spaces import small_workspace

from filmgraph.cli import cli
from filmgraph.errors import DataError, FilmgraphError, OutputError
from filmgraph.namespaces import FG, iri, slug_of
from filmgraph.reviews.curation import Curated, curate
from filmgraph.reviews.desk import Decision, Desk, accept, correct, reject
from filmgraph.reviews.journal import JOURNAL, Journal
from filmgraph.reviews.paraphrase import SHORTEST, ReadText, count_words, fault_of, tidy
from filmgraph.reviews.session import Session, apply_journal
from filmgraph.reviews.texts import texts_in
from filmgraph.turtle import format_turtle, write_turtle
from filmgraph.validation import validate_workspace
from filmgraph.workspace import Workspace

BUNDLED = Workspace.find()
TECHNIQUES = ("acting", "film-music", "long-take", "score", "dialogue", "voice-performance", "pacing")
AGENT = iri("agent", "claim-extractor-1")
ACTIVITY = iri("activity", "claim-extraction-1")


class Review:
    """An invented review: who wrote it of which film, its text, and the claims that are proposed of it."""

    def __init__(self, film: str, critic: str, text: str, *claims: tuple[str, str, str, str], second: bool = False):
        self.film, self.critic, self.text, self.claims = film, critic, text, claims
        self.slug = f"{film}--{critic}" + ("--2" if second else "")
        self.publication = "daily-example"

    @property
    def sha256(self) -> str:
        return sha256(self.text.encode()).hexdigest()

    def turtle(self) -> str:
        lines = [
            f"review:{self.slug} a fg:Review ; schema:itemReviewed film:{self.film} ;"
            f" schema:author person:{self.critic} ;"
            f" schema:publisher organization:{self.publication} ;"
            f' schema:datePublished "2014-02-13"^^xsd:date ; fg:textSha256 "{self.sha256}" .'
        ]
        for concept, stance, label, sentence in self.claims:
            start = self.text.index(sentence)
            digest = sha256(sentence.encode()).hexdigest()
            kind = "Aspect" if concept.startswith("aspect:") else "Technique"
            slug = concept.partition(":")[2] or concept
            about = concept if ":" in concept else f"technique:{concept}"
            lines.append(
                f"claim:{self.slug}--{slug} a fg:ReviewClaim ; fg:claimedIn review:{self.slug} ;"
                f" fg:aboutFilm film:{self.film} ; fg:about{kind} {about} ; fg:stance fg:{stance} ;"
                f" fg:status fg:Candidate ; fg:evidence passage:{self.slug}--{slug}--1 ; fg:confidence 0.75 ;"
                f' fg:matchedLabel "{label}" ; fg:cue "glorious" ; fg:comparesToTitle "Another Film" ;'
                f" prov:wasGeneratedBy <{ACTIVITY}> ."
            )
            lines.append(
                f"passage:{self.slug}--{slug}--1 a fg:Passage ; oa:hasSource review:{self.slug} ; oa:start {start} ;"
                f' oa:end {start + len(sentence)} ; fg:exactSha256 "{digest}" ; oa:exact "{sentence[:3]}" .'
            )
        return "\n".join(lines)


SCORE = "Its glorious score &quot;sings&quot; through every room of the city."
ACTING = "The acting, alas, never finds a heart to play for."
TAKE = "One long take follows him down the stairs."
REVIEWS = (
    Review(
        "her-2013",
        "jane-example",
        f"A lonely man buys a voice. {SCORE} {ACTING}",
        ("score", "Praise", "score", SCORE),
        ("acting", "Criticism", "acting", ACTING),
    ),
    Review("her-2013", "ann-critic", f"Hello. {SCORE}", ("score", "Praise", "score", SCORE)),
    Review("her-2013", "ann-critic", f"Hello again. {SCORE}", ("score", "Praise", "score", SCORE), second=True),
    Review(
        "breathless-1960",
        "ann-critic",
        f"[bold]\x1b[31mParis![/bold]\r\n\u202e{TAKE} 😀 &amp; more.",
        ("long-take", "Observation", "long take", TAKE),
    ),
)
JANE_SCORE, JANE_ACTING = "her-2013--jane-example--score", "her-2013--jane-example--acting"
ANN_SCORE, ANN_AGAIN = "her-2013--ann-critic--score", "her-2013--ann-critic--2--score"
ANN_TAKE = "breathless-1960--ann-critic--long-take"
GOOD = "Music fills the whole town with joy."
PREFIXES = "".join(
    f"@prefix {prefix}: <{namespace}> .\n"
    for prefix, namespace in {
        **{
            k: iri(k, "")
            for k in ("review", "film", "person", "organization", "claim", "passage", "technique", "aspect")
        },
        "fg": FG,
        "schema": "https://schema.org/",
        "oa": "http://www.w3.org/ns/oa#",
        "prov": "http://www.w3.org/ns/prov#",
        "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
        "xsd": "http://www.w3.org/2001/XMLSchema#",
    }.items()
)


def canonical(body: str) -> str:
    return write_turtle(quad.triple for quad in ox.parse(PREFIXES + body, format=ox.RdfFormat.TURTLE))


def write_candidates(folder: Path, reviews: Sequence[Review]) -> None:
    folder.mkdir()
    for film in {review.film for review in reviews}:
        body = "\n".join(review.turtle() for review in reviews if review.film == film)
        (folder / f"{film}.ttl").write_text(canonical(body), encoding="utf-8")
    critics = "\n".join(
        f'person:{critic} a fg:Critic , schema:Person ; schema:name "{critic.replace("-", " ").title()}" .'
        for critic in {review.critic for review in reviews} - {"spike-jonze"}
    )
    (folder / "critics.ttl").write_text(canonical(critics), encoding="utf-8")
    name = 'organization:daily-example a fg:Publication , schema:Organization ; schema:name "Daily Example" .'
    (folder / "publications.ttl").write_text(canonical(name), encoding="utf-8")
    work = (
        f'<{ACTIVITY}> a prov:Activity ; rdfs:label "Claim extraction, version 1"@en ;'
        f" prov:wasAssociatedWith <{AGENT}> ."
        f' <{AGENT}> a prov:SoftwareAgent ; schema:name "filmgraph claim extractor" ; schema:softwareVersion "1" .'
    )
    (folder / "activities.ttl").write_text(canonical(work), encoding="utf-8")


def write_source(file: Path, reviews: Sequence[Review]) -> None:
    with file.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["film_title", "film_year", "text", "critic"])
        writer.writerows([review.film, "2013", review.text, review.critic] for review in reviews)


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    films = [BUNDLED.data / "films" / f"{name}.ttl" for name in ("her-2013", "breathless-1960")]
    root = tmp_path_factory.mktemp("curation") / "space"
    space = small_workspace(
        root,
        named_in=[*films, *(BUNDLED.data / "reviews").glob("her-2013--daniel-davila.ttl")],
        also=[iri("technique", name) for name in TECHNIQUES],
    )
    (space.data / "films").mkdir()
    for film in films:
        shutil.copy(film, space.data / "films")
    write_candidates(root / "candidates", REVIEWS)
    write_source(root / "reviews.csv", REVIEWS)
    return root


@pytest.fixture
def space(template: Path, tmp_path: Path) -> Workspace:
    shutil.copytree(template, tmp_path / "space")
    return Workspace.find(tmp_path / "space")


def desk_of(space: Workspace) -> Desk:
    desk = Desk(Workspace.find(space.root), space.root / "candidates")
    return desk.with_texts(texts_in([space.root / "reviews.csv"], wanted=desk.hashes))


def carry_out(space: Workspace, *decisions: Decision, **options: bool) -> Curated:
    return curate(desk_of(space), decisions, **options)


def contents(space: Workspace) -> dict[str, bytes]:
    folders = (space.data, space.root / "candidates")
    return {
        str(file.relative_to(space.root)): file.read_bytes()
        for folder in folders
        for file in sorted(folder.rglob("*"))
        if file.is_file() and file.name != JOURNAL
    }


def read(space: Workspace, name: str) -> str:
    return (space.root / name).read_text(encoding="utf-8")


def table(space: Workspace, rows: Sequence[Mapping[str, str]]) -> Path:
    file = space.root / "decisions.csv"
    with file.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, list(dict.fromkeys(column for row in rows for column in row)))
        writer.writeheader()
        writer.writerows(rows)
    return file


def run(space: Workspace, *arguments: str) -> Result:
    return CliRunner().invoke(cli, [*arguments, "--root", str(space.root)])


def run_decide(space: Workspace, rows: Sequence[Mapping[str, str]], *options: str) -> Result:
    source = str(space.root / "reviews.csv")
    return run(space, "claims", "decide", str(table(space, rows)), "--source", source, *options)


# Paraphrases.


@pytest.mark.parametrize(
    ("statement", "fault"),
    [
        (GOOD, None),
        (" ".join(["word"] * 15), None),
        (" ".join(["word"] * 16), "has 16 words, and may have 15"),
        ("Well-made, state-of-the-art " + " ".join(["word"] * 13), None),
        ("good—bad/" + " ".join(["word"] * 14), "has 16 words"),
        ("Too short.", "has 10 characters"),
        ("", "is empty"),
        ("It seems the score sings through every room", "six words “score sings through every room of”"),
        ("Here score sings through every room of it", "six words “score sings through every room of”"),
        ("SCORE, ’sings’ — through «every» room: OF it!", "six words"),
        ("Here score sings through every room, truly", None),
        ("Here score\x1b sings like anything", "U+001B"),
        ("Two lines\nof this statement", "U+000A"),
        ("Turned \u202e around are these", "U+202E"),
        ("Two lines\u2028of this statement", "several lines"),
        ("He doesnt buy a lonely mans voice today", None),
        ("、。！？" * 4, "fewer than 3 words with letters"),
        ("1917 2001 1984 and 2046", "fewer than 3 words with letters"),
        ("Wonderfully crafted!", "fewer than 3 words with letters"),
        ("Wonderfully well-crafted music!", None),
        ("The music is <b>loud</b> here.", "holds < or >"),
        ("Louder music > softer speech here", "holds < or >"),
        ("Music is &lt;b&gt;loud here", "holds < or >"),
        *((f"{sign}SUM of all the music", f"begins with {sign}") for sign in "=+-@"),
        (f"The music {'a' * 40} plays", None),
        (f"The music {'a' * 41} plays", "a word of 41 characters"),
    ],
)
def test_a_paraphrase_is_short_and_in_other_words(statement: str, fault: str | None) -> None:
    text = ReadText(f"x {SCORE}")
    if statement.startswith("It seems"):
        statement += " of it"
    found = fault_of(statement, text)
    assert (found is None) if fault is None else (found is not None and fault in found)


@pytest.mark.parametrize(
    ("text", "statement"),
    [
        ("It doesn&#8217;t have any computer-animated life", "it doesn't have any computer animated people"),
        ("the <i>camera</i> never <br/>leaves her tired face", "The camera never leaves her tired face"),
        ("un café très très très chaud", "UN CAFE TRES, TRES TRES CHAUD"),
        ("six times six is it now", "six times six is it now, he says"),
    ],
)
def test_entities_tags_accents_and_case_hide_no_copy(text: str, statement: str) -> None:
    assert "six words" in (fault_of(statement, ReadText(text)) or "")


def test_a_run_of_words_counts_whole_words_only() -> None:
    assert fault_of("he art of the matter is here", ReadText("the art of the matter is herein")) is None


def test_the_shortest_statement_is_that_of_the_shape(workspace: Workspace) -> None:
    shapes = (workspace.ontology / "shapes.ttl").read_text(encoding="utf-8")
    shape = shapes[shapes.index("fgs:ReviewClaim-statement a") :].partition(" .\n")[0]
    assert re.findall(r"sh:minLength ([0-9]+)", shape) == [str(SHORTEST)]


def test_space_is_tidied() -> None:
    assert tidy("  a  b\u00a0 c ") == "a b c"
    assert count_words("… – one – two's") == 2


# Texts.


def test_texts_are_found_by_their_hash(space: Workspace, tmp_path: Path) -> None:
    wanted = {review.sha256 for review in REVIEWS}
    found = texts_in([space.root / "reviews.csv"], wanted=wanted)
    assert {digest: read.text for digest, read in found.items()} == {review.sha256: review.text for review in REVIEWS}
    alone = tmp_path / "review.txt"
    alone.write_bytes(REVIEWS[0].text.encode())
    assert list(texts_in([alone], wanted=wanted)) == [REVIEWS[0].sha256]
    (tmp_path / "binary").write_bytes(bytes(range(256)) * 10)
    (tmp_path / "other.txt").write_text("Another text, which no review was read from.")
    for name, message in (("binary", "null characters"), ("other.txt", "are missing"), ("none.csv", "No such file")):
        with pytest.raises(DataError, match=message):
            texts_in([tmp_path / name], wanted=wanted)


# Decisions carried out.


def test_an_accepted_claim_joins_the_graph_with_all_that_it_needs(space: Workspace) -> None:
    before = contents(space)
    done = carry_out(space, accept(JANE_SCORE, GOOD))
    assert (done.written, done.refused, done.rejected, done.people) == (True, (), 0, ("Daily Example", "Jane Example"))
    assert done.accepted == {space.data / "reviews" / "her-2013.ttl": 1}
    text = read(space, "data/reviews/her-2013.ttl")
    assert format_turtle(text, file="review") == text
    start = REVIEWS[0].text.index(SCORE)
    assert text.partition("\n\n")[2] == (
        "review:her-2013--jane-example a fg:Review ;\n"
        "    schema:itemReviewed film:her-2013 ;\n"
        "    schema:author person:jane-example ;\n"
        "    schema:publisher organization:daily-example ;\n"
        '    schema:datePublished "2014-02-13"^^xsd:date ;\n'
        f'    fg:textSha256 "{REVIEWS[0].sha256}" .\n\n'
        f"claim:{JANE_SCORE} a fg:ReviewClaim ;\n"
        "    fg:claimedIn review:her-2013--jane-example ;\n"
        "    fg:aboutFilm film:her-2013 ;\n"
        "    fg:aboutTechnique technique:score ;\n"
        "    fg:stance fg:Praise ;\n"
        f'    fg:statement "{GOOD}"@en ;\n'
        '    fg:comparesToTitle "Another Film" ;\n'
        "    fg:status fg:Accepted ;\n"
        f"    fg:evidence passage:{JANE_SCORE}--1 ;\n"
        "    fg:confidence 0.75 ;\n"
        '    fg:matchedLabel "score" ;\n'
        '    fg:cue "glorious" ;\n'
        "    prov:wasGeneratedBy activity:claim-extraction-1 .\n\n"
        f"passage:{JANE_SCORE}--1 a fg:Passage ;\n"
        "    oa:hasSource review:her-2013--jane-example ;\n"
        f"    oa:start {start} ;\n"
        f"    oa:end {start + len(SCORE)} ;\n"
        f'    fg:exactSha256 "{sha256(SCORE.encode()).hexdigest()}" .\n'
    )
    assert 'person:jane-example a fg:Critic , schema:Person ;\n    schema:name "Jane Example" .' in read(
        space, "data/critics.ttl"
    )
    assert "organization:daily-example a fg:Publication" in read(space, "data/publications.ttl")
    activity = "activity:claim-extraction-1 a prov:Activity ;\n"
    assert activity in read(space, "candidates/activities.ttl")
    assert activity in read(space, "data/activities.ttl")
    left = read(space, "candidates/her-2013.ttl")
    assert JANE_SCORE not in left
    assert f"claim:{JANE_ACTING} a fg:ReviewClaim" in left
    changed = {name for name, content in contents(space).items() if before.get(name) != content}
    assert changed == {f"data/{name}.ttl" for name in ("reviews/her-2013", "activities", "critics", "publications")} | {
        "candidates/her-2013.ttl"
    }
    assert validate_workspace(Workspace.find(space.root)).conforms


def test_what_is_in_the_graph_is_not_touched_and_is_merged_with(space: Workspace) -> None:
    by_hand = sorted((BUNDLED.data / "reviews").glob("her-2013--daniel-davila.ttl"))
    (space.data / "reviews").mkdir()
    for file in by_hand:
        shutil.copy(file, space.data / "reviews")
    carry_out(space, accept(ANN_TAKE, "The camera walks behind him, unbroken."))
    first = read(space, "data/reviews/breathless-1960.ttl")
    assert read(space, "data/critics.ttl").count("a fg:Critic") == 1
    carry_out(space, accept(JANE_SCORE, GOOD))
    carry_out(space, accept(JANE_ACTING, "Nobody on screen moves him at all."))
    assert read(space, "data/reviews/breathless-1960.ttl") == first
    text = read(space, "data/reviews/her-2013.ttl")
    assert text.count("a fg:Review ;") == 1
    assert text.count("a fg:ReviewClaim") == 2
    assert read(space, "data/critics.ttl").count("a fg:Critic") == 2
    assert len(by_hand) == 1
    for file in by_hand:
        assert (space.data / "reviews" / file.name).read_bytes() == file.read_bytes()
    assert validate_workspace(Workspace.find(space.root)).conforms


def test_somebody_who_is_in_the_graph_becomes_a_critic_there(space: Workspace) -> None:
    shutil.rmtree(space.root / "candidates")
    review = Review("breathless-1960", "spike-jonze", TAKE, ("long-take", "Praise", "long take", TAKE))
    write_candidates(space.root / "candidates", [review])
    write_source(space.root / "reviews.csv", [review])
    done = carry_out(space, accept("breathless-1960--spike-jonze--long-take", "The camera walks behind him, unbroken."))
    assert done.people == ("Daily Example",)
    assert "person:spike-jonze a fg:Critic , schema:Person ;" in read(space, "data/people.ttl")
    assert not (space.data / "critics.ttl").exists()
    assert validate_workspace(Workspace.find(space.root)).conforms


def test_a_corrected_claim_bears_the_corrected_name_and_the_proposal_does_not_come_back(space: Workspace) -> None:
    decision = correct(
        JANE_ACTING,
        "Nobody on screen moves him at all.",
        concept="aspect:characters",
        stance="mixed",
        compares=["Breathless", "A Film of Nobody"],
    )
    done = carry_out(space, decision)
    assert done.refused == ()
    text = read(space, "data/reviews/her-2013.ttl")
    claim = "claim:her-2013--jane-example--characters a fg:ReviewClaim"
    assert claim in text
    assert "fg:aboutAspect aspect:characters ;\n    fg:stance fg:Mixed" in text
    assert 'fg:comparesTo film:breathless-1960 ;\n    fg:comparesToTitle "A Film of Nobody" ;' in text
    assert 'fg:matchedLabel "acting"' in text
    assert "passage:her-2013--jane-example--characters--1" in text
    assert "technique:acting" not in text
    assert desk_of(space).proposals[iri("claim", JANE_ACTING)].status == "Rejected"
    assert validate_workspace(Workspace.find(space.root)).conforms
    # Somebody else, who has imported anew, is not asked again: the graph itself tells.
    shutil.rmtree(space.root / "candidates")
    write_candidates(space.root / "candidates", REVIEWS)
    assert JANE_ACTING not in {slug_of(p.claim) for p in desk_of(space).open_proposals()}
    again = carry_out(space, decision)
    assert (again.done, again.refused, again.accepted) == (1, (), {})


def test_a_rejected_candidate_is_remembered(space: Workspace) -> None:
    before = contents(space)
    done = carry_out(space, reject(JANE_ACTING))
    assert (done.written, done.rejected, done.accepted) == (True, 1, {})
    changed = [name for name, content in contents(space).items() if before[name] != content]
    assert changed == ["candidates/her-2013.ttl"]
    text = read(space, "candidates/her-2013.ttl")
    assert text.count("fg:status fg:Rejected") == 1
    assert format_turtle(text, file="x") == text
    assert len(desk_of(space).open_proposals()) == 4
    assert carry_out(space, reject(JANE_ACTING)).done == 1
    # A later decision goes before an earlier one.
    assert carry_out(space, accept(JANE_ACTING, "Nobody on screen moves him at all.")).refused == ()
    assert "change it in data/reviews/her-2013.ttl" in carry_out(space, reject(JANE_ACTING)).refused[0].reason


@pytest.mark.parametrize(
    ("decision", "reason"),
    [
        (accept("her-2013--jane-exampel--score", GOOD), "Did you mean her-2013--jane-example--score"),
        (accept("../../etc/passwd", GOOD), "There is no candidate"),
        (accept(JANE_SCORE, "Its glorious score sings through every room of the city."), "six words"),
        (accept(JANE_SCORE, "A lonely man buys a voice and dances"), "six words “a lonely man buys a voice”"),
        (accept(JANE_SCORE, "Short."), "has 6 characters"),
        (accept(JANE_SCORE, " ".join(["x" * 39] * 11)), "15 to 400 characters"),
        (correct(JANE_SCORE, GOOD, concept="scroe"), "score"),
        (correct(JANE_SCORE, GOOD, stance="prais"), "Did you mean praise"),
        (correct(JANE_SCORE, GOOD, compares=["her-2013"]), "the reviewed film itself"),
        (correct(JANE_SCORE, GOOD, compares=["breathles-1960"]), "breathless-1960"),
        (correct(JANE_SCORE, GOOD, compares=["bad\x1b[31m"]), "is no title"),
        (reject("nobody"), "There is no candidate 'nobody'"),
    ],
)
def test_a_decision_against_the_rules_is_refused_with_one_reason(
    space: Workspace, decision: Decision, reason: str
) -> None:
    before = contents(space)
    done = carry_out(space, decision)
    assert [refusal.decision for refusal in done.refused] == [decision]
    assert reason in done.refused[0].reason
    assert "\n" not in done.refused[0].reason
    assert not done.written
    assert contents(space) == before


def test_a_critic_claims_one_thing_of_a_film_once(space: Workspace) -> None:
    both = [accept(ANN_SCORE, GOOD), accept(ANN_AGAIN, "She likes what the band plays.")]
    done = carry_out(space, *both)
    assert [refusal.place for refusal in done.refused] == [1]
    reason = "Ann Critic has a claim about Score in Her already, her-2013--ann-critic--score: one is enough"
    assert done.refused[0].reason == reason
    assert not done.written
    assert carry_out(space, *both, partly=True).accepted == {space.data / "reviews" / "her-2013.ttl": 1}
    assert ANN_AGAIN not in {slug_of(p.claim) for p in desk_of(space).open_proposals()}
    assert carry_out(space, both[1]).refused[0].reason == reason
    # About something else she may speak again.
    other = correct(ANN_AGAIN, "She likes what the band plays.", concept="film-music")
    assert carry_out(space, other).accepted == {space.data / "reviews" / "her-2013.ttl": 1}
    assert validate_workspace(Workspace.find(space.root)).conforms


def test_decisions_carried_out_before_do_nothing(space: Workspace) -> None:
    decisions = [accept(JANE_SCORE, GOOD), reject(JANE_ACTING), accept(JANE_SCORE, GOOD)]
    first = carry_out(space, *decisions)
    assert (sum(first.accepted.values()), first.rejected, first.done, first.refused) == (1, 1, 0, ())
    before = contents(space)
    again = carry_out(space, *decisions)
    assert (again.written, again.accepted, again.rejected, again.done) == (False, {}, 0, 2)
    assert contents(space) == before
    otherwise = carry_out(space, accept(JANE_SCORE, "Another thing is said of it."))
    assert "accepted already, otherwise" in otherwise.refused[0].reason


def test_two_different_decisions_on_one_candidate_are_refused(space: Workspace) -> None:
    done = carry_out(space, accept(JANE_SCORE, GOOD), reject(JANE_SCORE))
    assert "decided on twice" in done.refused[0].reason
    assert not done.written


def test_a_passage_that_does_not_stand_in_the_text_is_refused(space: Workspace) -> None:
    file = space.root / "candidates" / "her-2013.ttl"
    text = file.read_text(encoding="utf-8")
    start = REVIEWS[0].text.index(SCORE)
    for old, new, reason in (
        (f"oa:start {start} ;", f"oa:start {start + 1} ;", "holds other words"),
        (f"oa:end {start + len(SCORE)} ;", "oa:end 99999 ;", "is not in the text"),
        (REVIEWS[0].sha256, "0" * 64, "is not in the source"),
    ):
        assert old in text
        file.write_text(text.replace(old, new), encoding="utf-8")
        assert reason in carry_out(space, accept(JANE_SCORE, GOOD)).refused[0].reason


def test_a_breach_of_a_shape_is_blamed_on_the_decisions_that_made_it(space: Workspace) -> None:
    file = space.root / "candidates" / "critics.ttl"
    file.write_text(file.read_text(encoding="utf-8").replace('"Ann Critic"', '"Ann"@en'), encoding="utf-8")
    decisions = [accept(JANE_SCORE, GOOD), accept(ANN_TAKE, "The camera walks behind him, unbroken.")]
    done = carry_out(space, *decisions)
    assert [refusal.place for refusal in done.refused] == [1]
    assert not done.written
    done = carry_out(space, *decisions, partly=True)
    assert done.written
    assert "Ann" not in read(space, "data/critics.ttl")
    assert validate_workspace(Workspace.find(space.root)).conforms


def test_a_comment_is_not_lost(space: Workspace) -> None:
    (space.data / "critics.ttl").write_text("# mine\n" + canonical('person:x a schema:Person ; schema:name "X" .'))
    with pytest.raises(DataError, match="comments are not kept"):
        carry_out(space, accept(JANE_SCORE, GOOD))


def test_an_installed_copy_is_not_written_to(space: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Workspace, "is_installed", True)
    with pytest.raises(OutputError, match="installed copy"):
        carry_out(space, accept(JANE_SCORE, GOOD))


def test_candidates_of_a_film_that_the_graph_lacks_are_refused(space: Workspace) -> None:
    file = space.root / "candidates" / "her-2013.ttl"
    file.write_text(file.read_text(encoding="utf-8").replace("film:her-2013", "film:his-2013"), encoding="utf-8")
    assert "lacks the film his-2013" in carry_out(space, accept(JANE_SCORE, GOOD)).refused[0].reason


def test_a_thousand_decisions_are_judged_by_the_shapes_once(space: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    from filmgraph.reviews import curation

    calls: list[int] = []
    real = curation.validate_texts

    def counted(texts: Mapping[Path, str], **options: object) -> object:
        calls.append(len(texts))
        return real(texts, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(curation, "validate_texts", counted)
    reviews = [
        Review("her-2013", f"critic-{number}", f"{number} {SCORE}", ("score", "Praise", "score", SCORE))
        for number in range(150)
    ]
    shutil.rmtree(space.root / "candidates")
    write_candidates(space.root / "candidates", reviews)
    write_source(space.root / "reviews.csv", reviews)
    done = carry_out(space, *(accept(f"{review.slug}--score", GOOD) for review in reviews))
    assert (sum(done.accepted.values()), len(done.people), calls) == (150, 151, [4])


# A file of decisions.


def test_a_file_of_decisions_is_carried_out(space: Workspace) -> None:
    start = REVIEWS[0].text.index("A lonely man")
    rows = [
        {"claim": f"claim:{JANE_SCORE}", "decision": "accept", "statement": GOOD, "comparisons": "-"},
        {"claim": iri("claim", JANE_ACTING), "decision": "Reject"},
        {
            "claim": ANN_TAKE,
            "decision": "accept",
            "stance": "Praise",
            "technique": "Long take",
            "statement": "The camera walks behind him, unbroken.",
            "comparisons": "Her | Some Other Film",
        },
        {
            "decision": "accept",
            "review": "her-2013--jane-example",
            "start": str(start),
            "end": str(start + 12),
            "technique": "category:editing",
            "stance": "observation",
            "statement": "Cuts come at a slow and dreamy rhythm.",
        },
    ]
    rows[3]["technique"] = "aspect:story"
    done = run_decide(space, rows)
    assert done.exit_code == 0, done.output
    assert "data/reviews/her-2013.ttl: 2 claims written" in done.output
    assert "3 accepted, 1 rejected." in done.output
    text = read(space, "data/reviews/her-2013.ttl")
    assert "comparesTo" not in text
    own = text[text.index("claim:her-2013--jane-example--story a") :].partition("\n\n")[0]
    assert "wasGeneratedBy" not in own
    assert "fg:confidence" not in own
    take = read(space, "data/reviews/breathless-1960.ttl")
    assert "fg:stance fg:Praise" in take
    assert 'fg:comparesTo film:her-2013 ;\n    fg:comparesToTitle "Some Other Film"' in take
    assert validate_workspace(Workspace.find(space.root)).conforms
    before = contents(space)
    again = run_decide(space, rows)
    assert (again.exit_code, contents(space)) == (0, before)
    assert "0 accepted, 0 rejected, 4 carried out before." in again.output


def test_bad_rows_are_told_by_number_and_nothing_is_written(space: Workspace) -> None:
    rows = [
        {"claim": JANE_SCORE, "decision": "accept", "statement": GOOD},
        {"claim": JANE_ACTING, "decision": "maybe", "stance": "blame", "technique": "actign"},
        {"claim": "", "decision": "accept"},
        {"claim": ANN_SCORE, "decision": "accept", "statement": SCORE},
        {"claim": ANN_TAKE, "review": "x", "start": "1", "end": "b", "decision": "accept"},
    ]
    before = contents(space)
    done = run_decide(space, rows)
    assert done.exit_code == 1
    assert contents(space) == before
    lines = done.output.splitlines()
    assert [line.partition(":")[0].partition(" '")[0] for line in lines[:6]] == [
        *("row 3, decision", "row 3, stance", "row 3, technique"),
        *("row 4, claim", "row 5, statement", "row 6, claim"),
    ]
    assert "Did you mean" in lines[2]
    assert "six words" in lines[4]
    assert lines[-1].startswith("4 bad rows of 5: nothing was written.")
    dry = run_decide(space, rows, "--skip-bad", "--dry-run")
    assert (dry.exit_code, contents(space)) == (0, before)
    assert "data/reviews/her-2013.ttl: 1 claim not written yet" in dry.output
    skipped = run_decide(space, rows, "--skip-bad")
    assert skipped.exit_code == 0
    assert "4 bad rows of 5 left out." in skipped.output
    assert contents(space) != before


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"claim,statement\nx,y\n", "the column decision is missing"),
        (b"claim,decision,sttance\nx,accept,y\n", "did you mean stance"),
        (b"claim,decision\n", "has no rows"),
        (b"\xff\xfe", "is not UTF-8"),
    ],
)
def test_a_file_that_is_no_table_of_decisions_ends_in_one_line(space: Workspace, content: bytes, message: str) -> None:
    file = space.root / "decisions.csv"
    file.write_bytes(content)
    done = run(space, "claims", "decide", str(file), "--source", str(space.root / "reviews.csv"))
    assert done.exit_code == 2
    assert message in done.output
    assert len(done.output.splitlines()) == 1


def test_without_candidates_there_is_one_line(space: Workspace) -> None:
    shutil.rmtree(space.root / "candidates")
    done = run_decide(space, [{"claim": JANE_SCORE, "decision": "reject"}])
    assert done.exit_code == 2
    assert "holds no candidates" in done.output


# The journal and the walk without a terminal.


def session_of(space: Workspace) -> Session:
    desk = desk_of(space)
    return Session(desk, Journal(desk.folder), desk.open_proposals())


def slugs(session: Session) -> list[str]:
    return [slug_of(proposal.claim) for proposal in session.ahead]


def test_a_walk_keeps_each_decision_at_once_and_undoes_any_number(space: Workspace) -> None:
    before = contents(space)
    session = session_of(space)
    order = slugs(session)
    assert order == [ANN_TAKE, ANN_SCORE, ANN_AGAIN, JANE_SCORE, JANE_ACTING]
    with pytest.raises(ValueError, match="is not the candidate"):
        session.decide(reject(JANE_ACTING))
    session.skip()
    session.decide(accept(order[1], GOOD))
    # Her second review says the same: it is passed over.
    assert slugs(session) == [JANE_SCORE, JANE_ACTING]
    with pytest.raises(FilmgraphError, match="six words"):
        session.decide(accept(JANE_SCORE, SCORE))
    session.decide(reject(JANE_SCORE))
    journal = (space.root / "candidates" / JOURNAL).read_text(encoding="utf-8")
    assert journal.count("\n") == 2
    assert contents(space) == before
    while session.undo():
        pass
    assert slugs(session) == order
    assert session.journal.pending == []
    session.journal.close()
    assert session_of(space).journal.pending == []


def test_an_interrupted_walk_goes_on_and_can_be_undone(space: Workspace) -> None:
    session = session_of(space)
    session.decide(correct(ANN_TAKE, "The camera walks behind him, unbroken.", stance="praise", compares=["Her"]))
    session.decide(reject(ANN_SCORE))
    session.journal.close()
    with (space.root / "candidates" / JOURNAL).open("ab") as stream:
        stream.write(b'{"claim": "torn off')
    session = session_of(space)
    assert (session.resumed, slugs(session)) == (2, [ANN_AGAIN, JANE_SCORE, JANE_ACTING])
    step = session.undo()
    assert step is not None
    assert slug_of(step.proposal.claim) == ANN_SCORE
    done = session.apply()
    assert (sum(done.accepted.values()), done.rejected) == (1, 0)
    assert "fg:comparesTo film:her-2013" in read(space, "data/reviews/breathless-1960.ttl")
    session.journal.close()
    assert session_of(space).journal.pending == []


def test_a_journal_is_carried_out_without_the_text_but_not_against_the_graph(space: Workspace) -> None:
    session = session_of(space)
    session.decide(accept(ANN_TAKE, "The camera walks behind him, unbroken."))
    session.decide(accept(ANN_SCORE, GOOD))
    session.journal.close()
    carry_out(space, accept(ANN_AGAIN, "She likes what the band plays."))
    desk = Desk(Workspace.find(space.root), space.root / "candidates")
    with Journal(desk.folder) as journal:
        done = apply_journal(desk, journal)
    assert sum(done.accepted.values()) == 1
    assert ["has a claim about Score" in refusal.reason for refusal in done.refused] == [True]
    assert "has a claim about Score" in (space.root / "candidates" / JOURNAL).read_text(encoding="utf-8")


def test_two_sessions_at_once_are_kept_apart(space: Workspace) -> None:
    with Journal(space.root / "candidates"):
        with pytest.raises(OutputError, match="somebody else decides"):
            Journal(space.root / "candidates")
        done = run_decide(space, [{"claim": JANE_SCORE, "decision": "reject"}])
        assert done.exit_code == 2
        assert "somebody else decides" in done.output
    assert run_decide(space, [{"claim": JANE_SCORE, "decision": "reject"}]).exit_code == 0


def test_a_broken_journal_is_told_by_line(space: Workspace) -> None:
    (space.root / "candidates" / JOURNAL).write_text('{"applied": 0}\n[1]\n', encoding="utf-8")
    with pytest.raises(DataError, match=f"{JOURNAL}:2: is no line of a journal"):
        Journal(space.root / "candidates")


def test_a_machine_that_stops_between_files_and_journal_loses_and_doubles_nothing(space: Workspace) -> None:
    session = session_of(space)
    session.decide(accept(ANN_TAKE, "The camera walks behind him, unbroken."))
    session.decide(reject(ANN_SCORE))
    session.journal.close()
    old = read(space, "candidates/breathless-1960.ttl")
    desk = desk_of(space)
    with Journal(desk.folder) as journal:
        curate(desk, journal.pending)
    # The graph's files were written, and of the candidates one was not.
    (space.root / "candidates" / "breathless-1960.ttl").write_text(old, encoding="utf-8")
    before = contents(space)
    desk = desk_of(space)
    with Journal(desk.folder) as journal:
        done = apply_journal(desk, journal)
    assert (done.accepted, done.rejected, done.done, done.refused) == ({}, 0, 2, ())
    after = contents(space)
    assert {name for name in before if before[name] != after[name]} == {"candidates/breathless-1960.ttl"}
    assert ANN_TAKE not in after["candidates/breathless-1960.ttl"].decode()


# The walk in a terminal.


class Terminal:
    """A command that runs in a pseudo-terminal of its own."""

    SECONDS = 40.0

    def __init__(self, space: Workspace, *arguments: str, **environment: str) -> None:
        import pty

        self._master, slave = pty.openpty()
        command = [sys.executable, "-c", "from filmgraph.cli import main; main()"]
        variables = {k: v for k, v in os.environ.items() if k not in ("NO_COLOR", "CI")} | {
            "TERM": "xterm-256color",
            "COLUMNS": "100",
            "PYTHONUTF8": "1",
            # Nobody here answers where the cursor is.
            "PROMPT_TOOLKIT_NO_CPR": "1",
            **environment,
        }
        source = str(space.root / "reviews.csv")
        self.process = subprocess.Popen(
            [*command, "claims", "review", source, "--root", str(space.root), *arguments],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env=variables,
            start_new_session=True,
        )
        os.close(slave)
        self.raw = b""
        self._at = 0

    def _more(self, deadline: float) -> bool:
        ready, _, _ = select.select([self._master], [], [], max(0.0, deadline - time.monotonic()))
        if not ready:
            raise AssertionError(f"nothing came in time; so far:\n{self.plain()}")
        try:
            chunk = os.read(self._master, 65536)
        except OSError:
            return False
        self.raw += chunk
        return bool(chunk)

    def plain(self) -> str:
        text = re.sub(rb"\x1b\[[0-9;?]*[ -/]*[@-~]|\x1b[()][A-Z0-9]|\x1b[=>78]", b"", self.raw)
        return text.decode("utf-8", "replace").replace("\r", "")

    def until(self, text: str) -> str:
        """Wait for a text behind what was waited for before, and return all that came up to it."""
        deadline = time.monotonic() + self.SECONDS
        while (found := self.plain().find(text, self._at)) < 0:
            if not self._more(deadline):
                raise AssertionError(f"{text!r} did not come:\n{self.plain()[self._at :]}")
        start, self._at = self._at, found + len(text)
        return self.plain()[start : self._at]

    def card(self) -> str:
        """Wait for the keys below a card."""
        return self.until("[a]ccept [s]tance [t]echnique [c]ompared [r]eject [u]ndo s[k]ip [q]uit [?]")

    def send(self, keys: str) -> None:
        os.write(self._master, keys.encode())

    def paraphrase(self, text: str) -> None:
        self.send("a")
        self.until("paraphrase>")
        self.send(text + "\r")

    def end(self) -> int:
        """Wait for the end and return the status."""
        deadline = time.monotonic() + self.SECONDS
        while self._more(deadline):
            pass
        return self.process.wait(timeout=self.SECONDS)

    def close(self) -> None:
        os.close(self._master)
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()


@pytest.fixture
def terminals() -> Iterator[list[Terminal]]:
    opened: list[Terminal] = []
    yield opened
    for terminal in opened:
        terminal.close()


def open_terminal(opened: list[Terminal], space: Workspace, *arguments: str, **environment: str) -> Terminal:
    opened.append(Terminal(space, *arguments, **environment))
    return opened[-1]


def test_a_walk_in_a_terminal(space: Workspace, terminals: list[Terminal]) -> None:
    walk = open_terminal(terminals, space)
    card = walk.card()
    assert "1 of 5  Breathless  Ann Critic · Daily Example · 2014-02-13" in card
    assert f"»{TAKE}«" in " ".join(card.split())
    assert "Long take  observation  confidence 0.75" in card
    assert "[bold]␛[31mParis![/bold]" in card
    assert b"\x1b[31mParis" not in walk.raw
    assert "\u202e" not in card
    assert "label “long take” · cues “glorious”" in card
    # Corrected in stance and technique, accepted with a paraphrase after one that copies.
    walk.send("s")
    walk.until("[p]raise")
    walk.send("p")
    assert "Long take  praise  (corrected)" in walk.card()
    walk.send("t")
    walk.until("aspect>")
    walk.send("pacign\r")
    walk.until("Did you mean")
    walk.card()
    walk.send("t")
    walk.until("aspect>")
    walk.send("pacing\r")
    assert "Pacing  praise" in walk.card()
    walk.send("a")
    walk.until("paraphrase>")
    walk.send("One long take follows him down again\r")
    walk.until("It shares the six words")
    walk.send("\x15The camera walks behind him, unbroken.\r")
    walk.until("accepted")
    # Rejected, undone, skipped, and a key that is none.
    assert "2 of 5  Her" in walk.card()
    walk.send("r")
    walk.until("rejected")
    walk.card()
    walk.send("u")
    walk.until("taken back: it was rejected")
    assert "2 of 5" in walk.card()
    walk.send("x")
    walk.until("'x' is no key here")
    walk.card()
    walk.send("\x1b[Ak")
    assert "3 of 5" in walk.card()
    walk.paraphrase(GOOD)
    walk.until("accepted")
    walk.card()
    walk.send("q")
    assert walk.end() == 0
    assert "2 accepted, 0 rejected." in walk.plain()
    assert "claim:breathless-1960--ann-critic--pacing a fg:ReviewClaim" in read(
        space, "data/reviews/breathless-1960.ttl"
    )
    assert GOOD in read(space, "data/reviews/her-2013.ttl")
    assert validate_workspace(Workspace.find(space.root)).conforms


@pytest.mark.parametrize("how", ["ctrl-c", "kill", "closed"])
def test_a_walk_that_is_broken_off_loses_nothing(space: Workspace, terminals: list[Terminal], how: str) -> None:
    before = contents(space)
    walk = open_terminal(terminals, space)
    walk.card()
    walk.paraphrase("The camera walks behind him, unbroken.")
    walk.until("accepted")
    walk.card()
    walk.send("r")
    walk.until("rejected")
    walk.card()
    if how == "ctrl-c":
        walk.send("\x03")
        assert walk.end() == 130
        assert "2 decisions are kept" in walk.plain()
    elif how == "kill":
        # In the middle of a paraphrase.
        walk.send("a")
        walk.until("paraphrase>")
        walk.send("Half a sente")
        walk.process.send_signal(signal.SIGKILL)
        assert walk.process.wait(timeout=30) == -signal.SIGKILL
    else:
        walk.close()
        terminals.clear()
    assert contents(space) == before
    again = open_terminal(terminals, space)
    first = again.card()
    assert "2 decisions of an interrupted walk kept" in first
    assert "3 of 5" in first
    again.send("u")
    again.until("taken back: it was rejected")
    again.card()
    again.send("q")
    assert again.end() == 0
    assert "1 accepted, 0 rejected." in again.plain()
    assert "The camera walks behind him" in read(space, "data/reviews/breathless-1960.ttl")
    assert "fg:Rejected" not in read(space, "candidates/her-2013.ttl")


def test_a_walk_to_its_end_may_still_go_back(space: Workspace, terminals: list[Terminal]) -> None:
    walk = open_terminal(terminals, space, "--film", "Breathless", NO_COLOR="1")
    assert "1 of 1" in walk.card()
    walk.send("r")
    walk.until("That was the last candidate. 1 decided")
    walk.send("u")
    assert "1 of 1" in walk.card()
    walk.send("?")
    assert "reject: the critic makes no such claim" in walk.card()
    walk.send("k")
    walk.until("That was the last candidate. 0 decided")
    walk.send("q")
    assert walk.end() == 0
    assert "Nothing was decided." in walk.plain()
    assert re.search(rb"\x1b\[[0-9;]*3[0-9]m", walk.raw) is None


def test_a_second_walk_at_once_is_told_in_one_line(space: Workspace, terminals: list[Terminal]) -> None:
    open_terminal(terminals, space).card()
    second = open_terminal(terminals, space)
    assert second.end() == 2
    assert "somebody else decides on these candidates right now" in " ".join(second.plain().split())


@pytest.mark.parametrize(
    ("options", "count"),
    [
        (("--film", "her-2013"), 4),
        (("--critic", "jane"), 2),
        (("--critic", "daily example"), 5),
        (("--technique", "score"), 3),
        (("--stance", "criticism"), 1),
        (("--min-confidence", "0.8"), 0),
        (("--limit", "2"), 2),
    ],
)
def test_a_walk_can_be_narrowed(
    space: Workspace, options: tuple[str, ...], count: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    from filmgraph.cli import curate as command

    walked: list[int] = []
    monkeypatch.setattr("filmgraph.cli.walk.walk", lambda session: walked.append(len(session.ahead)) or True)
    monkeypatch.setattr(command, "_has_terminal", lambda: True)
    done = run(space, "claims", "review", str(space.root / "reviews.csv"), *options)
    assert done.exit_code == 0, done.output
    assert walked == ([count] if count else [])


def test_without_a_terminal_there_is_one_line(space: Workspace) -> None:
    done = run(space, "claims", "review", str(space.root / "reviews.csv"))
    assert done.exit_code == 2
    assert "needs a terminal" in done.output
    assert len(done.output.splitlines()) == 1
