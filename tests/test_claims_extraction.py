"""Claims are found where critics make them, with the stance they take, and each points at its words in the source."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from filmgraph.claims import CRAFT_ASPECTS, Extractor
from filmgraph.claims.lexicon import film_criticism, read_table
from filmgraph.claims.matching import ConceptMatcher, PhraseMatcher, labels_of_concepts
from filmgraph.claims.text import ReviewText, words_of
from filmgraph.namespaces import iri, shorten
from filmgraph.stores import MemoryStore
from filmgraph.workspace import Workspace

STANCES = {"praise", "criticism", "mixed", "observation"}
UP, HER = iri("film", "up-2009"), iri("film", "her-2013")


@pytest.fixture(scope="module")
def store() -> MemoryStore:
    return MemoryStore.of_files(Workspace.find().graph_files)


@pytest.fixture(scope="module")
def extractor(store: MemoryStore) -> Extractor:
    return Extractor.of_store(store)


def found(extractor: Extractor, text: str, film: str | None = UP) -> dict[str, str]:
    return {shorten(claim.concept): claim.stance for claim in extractor.candidates(text, film=film)}


@pytest.mark.parametrize(
    ("text", "claims"),
    [
        ("The animation is gorgeous.", {"technique:animation": "praise"}),
        ("It is beautifully animated.", {"technique:animation": "praise"}),
        ("A clumsy, overstuffed script.", {"aspect:story": "criticism"}),
        ("The score is intrusive and saccharine.", {"technique:score": "criticism"}),
        (
            "A haunting score and a devastating performance.",
            {"technique:score": "praise", "technique:acting": "praise"},
        ),
        ("The jokes are not funny.", {"aspect:humor": "criticism"}),
        ("It is not that good a script.", {"aspect:story": "criticism"}),
        ("The jokes are never less than funny.", {"aspect:humor": "praise"}),
        ("It's not that the visuals aren't gorgeous.", {"aspect:visual-style": "praise"}),
        ("The film lacks humor.", {"aspect:humor": "criticism"}),
        ("It lacks compelling characters.", {"aspect:characters": "criticism"}),
        (
            "While the animation is stunning, the plot drags.",
            {"technique:animation": "praise", "aspect:story": "criticism"},
        ),
        (
            "Gorgeous visuals can't save a dull script.",
            {"aspect:visual-style": "praise", "aspect:story": "criticism"},
        ),
        ("The dialogue is too clever.", {"technique:dialogue": "criticism"}),
        ("Too much plot.", {"aspect:story": "criticism"}),
        ("Brilliant editing here; there the editing is clumsy.", {"category:editing": "mixed"}),
        ("The hero is voiced by an old friend.", {"technique:voice-performance": "observation"}),
        ("CGI of unusual beauty, brilliant CGI.", {"technique:computer-animation": "praise"}),
    ],
)
def test_a_craft_is_found_with_the_stance_towards_it(extractor: Extractor, text: str, claims: dict[str, str]) -> None:
    assert found(extractor, text) == claims


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   \n\t ",
        "A brilliant animated comedy.",
        "The best animated film of the year.",
        "A touching love story.",
        "This wonderful animation from the studio is a delight.",
        "The boy sets out to find his father, meets a dragon and learns to fly.",
        "Brilliant work by the people of Walt Disney Animation Studios.",
        "A masterpiece, moving and funny.",
        "I hate to sound harsh.",
    ],
)
def test_kinds_of_film_plots_names_and_mere_praise_are_no_claims(extractor: Extractor, text: str) -> None:
    assert found(extractor, text) == {}


def test_the_title_of_the_film_is_no_opinion(extractor: Extractor) -> None:
    text = "Brave has animation."
    brave = iri("film", "brave-2012")
    (told,) = extractor.candidates(text, film=brave)
    assert "Brave" not in told.cues
    assert found(extractor, "The script of Touch of Evil is brilliant.", iri("film", "touch-of-evil-1958")) == {
        "aspect:story": "praise"
    }


def test_what_computers_make_is_animation_in_an_animated_film_and_an_effect_in_another(extractor: Extractor) -> None:
    assert found(extractor, "The CGI is brilliant.", UP) == {"technique:computer-animation": "praise"}
    assert found(extractor, "The CGI is brilliant.", HER) == {"technique:digital-effects": "praise"}


def test_other_films_that_a_claim_names_are_compared(extractor: Extractor) -> None:
    (claim,) = extractor.candidates('The animation is better than in Finding Nemo or "Antz".', film=UP)
    assert claim.compares_to == (iri("film", "finding-nemo-2003"),)
    assert claim.compares_to_titles == ("Antz",)
    for no_film in (
        'The animation earns a "Wow" from me.',
        'The animation goes with the song "Remember Me".',
        "Gorgeous animation by the makers of Finding Nemo.",
    ):
        for claim in extractor.candidates(no_film, film=UP):
            assert claim.compares_to == () == claim.compares_to_titles
    (alone,) = extractor.candidates("Up has gorgeous animation.", film=UP)
    assert alone.compares_to == () == alone.compares_to_titles


def test_a_verdict_decides_only_where_no_word_does(extractor: Extractor) -> None:
    def stance(text: str, lean: float) -> str:
        return extractor.candidates(text, film=UP, lean=lean)[0].stance

    assert stance("There is a script.", 1) == "praise"
    assert stance("There is a script.", -1) == "criticism"
    assert stance("The script is brilliant.", -1) == "praise"
    assert stance("The script is a mess.", 1) == "criticism"


def test_a_passage_is_the_sentence_in_the_source_whatever_was_undone_to_read_it(extractor: Extractor) -> None:
    source = "It is long&#46; The <b>animation</b> &amp; the d&eacute;cor are superb&#44; I&apos;d say&#46; Go&#46;"
    claims = {shorten(claim.concept): claim for claim in extractor.candidates(source, film=UP)}
    ((start, end),) = claims["technique:animation"].passages
    assert source[start:end] == "The <b>animation</b> &amp; the d&eacute;cor are superb&#44; I&apos;d say&#46;"
    assert claims["technique:animation"].cues == ("superb",)
    assert claims["technique:production-design"].matched_label == "décor"


def test_one_craft_is_one_candidate_with_every_sentence_that_judges_it(extractor: Extractor) -> None:
    (claim,) = extractor.candidates("The script is clever. I saw a dog. The script is a mess.", film=UP)
    assert claim.stance == "mixed"
    assert len(claim.passages) == 2
    assert set(claim.cues) == {"clever", "mess"}


def test_more_words_that_judge_make_it_surer(extractor: Extractor) -> None:
    def confidence(text: str) -> float:
        return extractor.candidates(text, film=UP)[0].confidence

    assert confidence("A script.") < confidence("A script that pleases some.") <= confidence("A brilliant script.")


@settings(max_examples=150, deadline=None)
@given(st.text(alphabet=st.sampled_from(list("aA .,!&#46;<>'’\"é\n\0\u202e")) | st.characters(), max_size=200))
def test_any_text_is_read_and_places_lie_in_it(extractor: Extractor, text: str) -> None:
    for claim in extractor.candidates(text + " The animation is superb.", film=UP):
        for start, end in claim.passages:
            assert 0 <= start < end <= len(text) + 25
        assert claim.stance in STANCES
        assert 0 <= claim.confidence <= 1


@pytest.mark.parametrize("text", ["superb animation ", "« ", "<!--", " ", "\n", '"A', "&#", "(a) "])
def test_hostile_text_is_read_in_parts(extractor: Extractor, text: str) -> None:
    source = text * (60_000 // len(text))
    sentences = ReviewText.read(source).sentences()
    assert all(len(sentence.words) <= 250 for sentence in sentences)
    assert all(before.end <= after.start for before, after in pairwise(sentences))
    assert sum(len(sentence.words) for sentence in sentences) >= len(words_of(source)) - len(source) // 20_000
    assert len(extractor.candidates(source, film=UP)) == (text == "superb animation ")


@given(st.lists(st.sampled_from(["a", "&amp;", "&#233;", "<i>", "&bogus;", "&", "é", " "]), max_size=30))
def test_every_place_of_the_text_that_is_read_has_its_place_in_the_source(parts: list[str]) -> None:
    source = "".join(parts)
    review = ReviewText.read(source)
    rebuilt = [review.in_source(at, at + 1) for at in range(len(review.text))]
    assert all(start < end for start, end in rebuilt)
    assert all(before[1] <= after[0] for before, after in pairwise(rebuilt))
    if "&" not in source and "<" not in source:
        assert review.text == source


def test_a_long_text_gives_what_its_parts_give(extractor: Extractor) -> None:
    part = "The animation is superb, and nobody knows. "
    once = extractor.candidates(part, film=UP)
    many = extractor.candidates(part * 2000, film=UP)
    assert [(claim.concept, claim.stance) for claim in many] == [(claim.concept, claim.stance) for claim in once]
    assert len(many[0].passages) == 2000


def test_the_longest_of_the_phrases_that_overlap_is_found() -> None:
    matcher = PhraseMatcher({"stop motion": "a", "stop-motion animation": "b", "animation": "c"})
    assert [value for *_, value in matcher.find(words_of("Stop–motion animation; animation"))] == ["b", "c"]
    assert PhraseMatcher({}).find(words_of("anything")) == []


def test_labels_match_in_any_case_with_or_without_hyphens_accents_and_plurals(store: MemoryStore) -> None:
    matcher = ConceptMatcher(labels_of_concepts(store, aspects=CRAFT_ASPECTS))
    for text in ("WHIP-PANS", "whip pan", "Whip Pans"):
        (mention,) = matcher.mentions(words_of(text))
        assert mention.concept == iri("technique", "whip-pan")
    (mention,) = matcher.mentions(words_of("décor"))
    assert mention.concept == matcher.mentions(words_of("decor"))[0].concept == iri("technique", "production-design")


def test_the_lexicon_says_each_word_once_and_only_known_concepts_are_named(store: MemoryStore) -> None:
    table = read_table("lexicon.toml")
    words = Counter(
        " ".join(word.normal for word in words_of(phrase))
        for side in ("praise", "blame")
        for phrases in table[side].values()
        for phrase in phrases
    )
    assert [word for word, count in words.items() if count > 1] == []
    assert len(words) > 3000
    known = {shorten(concept) for concept in labels_of_concepts(store, aspects=CRAFT_ASPECTS).values()}
    naming = read_table("naming.toml")
    for section in ("also", "animated", "participles"):
        assert set(naming[section].values()) <= known, section
    for inverted, sign in (("haunting", 1), ("devastating", 1), ("saccharine", -1), ("overwrought", -1)):
        ((_, _, value),) = film_criticism().opinions.find(words_of(inverted))
        assert value * sign > 0
