"""Critics are counted and not reviews, and a share of few has a wide interval: by hand, and by law."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from filmgraph.namespaces import FG, SCHEMA, iri
from filmgraph.queries import with_prefixes
from filmgraph.stores import MemoryStore, Store
from filmgraph.voices import Tally, Voices, read_said, verdict_of, verdicts_of, wilson

shares = st.integers(1, 10_000).flatmap(lambda whole: st.tuples(st.integers(0, whole), st.just(whole)))


@given(shares)
def test_an_interval_lies_in_zero_to_one_and_holds_the_share(share: tuple[int, int]) -> None:
    part, whole = share
    low, high = wilson(part, whole)
    assert 0.0 <= low <= part / whole <= high <= 1.0
    assert low < high


@given(shares, st.integers(2, 50))
def test_an_interval_narrows_as_critics_are_added(share: tuple[int, int], times: int) -> None:
    part, whole = share
    (low, high), (more_low, more_high) = wilson(part, whole), wilson(times * part, times * whole)
    assert more_high - more_low < high - low
    assert low <= more_low <= more_high <= high


@given(shares)
def test_an_interval_turned_over_is_that_of_the_others(share: tuple[int, int]) -> None:
    part, whole = share
    (low, high), (other_low, other_high) = wilson(part, whole), wilson(whole - part, whole)
    assert (low, high) == pytest.approx((1 - other_high, 1 - other_low))


@given(shares)
def test_the_interval_is_that_of_scipy(share: tuple[int, int]) -> None:
    part, whole = share
    level = math.erf(1.96 / math.sqrt(2))
    found = binomtest(part, whole).proportion_ci(level, method="wilson")
    assert wilson(part, whole) == pytest.approx((found.low, found.high), abs=1e-9)


def test_nobody_is_no_evidence() -> None:
    assert wilson(0, 0) == (0.0, 1.0)
    assert wilson(0, 5)[0] == 0.0
    assert wilson(5, 5)[1] == 1.0
    assert (Tally().share, Tally().interval, Tally().in_words) == (None, (0.0, 1.0), "")
    assert (Tally(observation=3).share, Tally(observation=3).interval) == (None, (0.0, 1.0))


@pytest.mark.parametrize(("part", "whole"), [(-1, 3), (4, 3), (1, 0), (0, -1), (math.nan, 3)])
def test_what_is_no_share_is_refused(part: float, whole: float) -> None:
    with pytest.raises(ValueError, match="no share"):
        wilson(part, whole)


@pytest.mark.parametrize(
    ("stances", "verdict"),
    [
        (["praise"], "praise"),
        (["praise", "observation", "praise"], "praise"),
        (["criticism", "observation"], "criticism"),
        (["criticism", "praise"], "mixed"),
        (["mixed", "praise"], "mixed"),
        (["observation"], "observation"),
    ],
)
def test_a_critic_has_one_verdict(stances: list[str], verdict: str) -> None:
    assert verdict_of(stances) == verdict_of(reversed(stances)) == verdict


def test_a_critic_counts_once_however_much_is_said() -> None:
    said = [("a", "praise"), ("b", "praise"), ("a", "praise"), ("b", "criticism"), ("c", "observation")]
    assert verdicts_of(said) == {"a": "praise", "b": "mixed", "c": "observation"}
    tally = Tally.of(said)
    assert tally == Tally(praise=1, mixed=1, observation=1)
    assert (tally.critics, tally.judges, tally.share) == (3, 2, 0.5)


@pytest.mark.parametrize(
    ("tally", "words"),
    [
        (Tally(praise=41, criticism=2, mixed=1), "praised by 41 of 44 critics (93%, 82–98%)"),
        (Tally(praise=1), "praised by 1 critic"),
        (Tally(criticism=1), "faulted by 1 critic"),
        (Tally(mixed=1), "judged both ways by 1 critic"),
        (Tally(criticism=2, mixed=1), "faulted by 2 of 3 critics, praised by none"),
        (Tally(mixed=2), "judged both ways by 2 critics"),
        (Tally(observation=1), "1 critic speaks of it without judging"),
        (
            Tally(praise=2, observation=1),
            "praised by 2 of 2 critics (100%, 34–100%); 1 more speaks of it without judging",
        ),
        (Tally(praise=1, observation=2), "praised by 1 critic; 2 more speak of it without judging"),
    ],
)
def test_a_tally_reads_like_english(tally: Tally, words: str) -> None:
    assert tally.in_words == words


def test_a_review_speaks_for_its_critics_else_its_publication_else_itself(store: Store) -> None:
    voices = Voices(store)
    both = iri("review", "alpha-2001--critic-two")
    critic = iri("person", "critic-two")
    assert voices.of(both) == {critic: (both, SCHEMA + "author", critic)}
    unsigned = iri("review", "gamma-2003--unsigned")
    assert voices.of(unsigned) == {unsigned: None}


def test_an_unsigned_review_speaks_for_its_publication(tiny_files) -> None:  # type: ignore[no-untyped-def]
    with MemoryStore.of_files(tiny_files) as store:
        store.update(
            with_prefixes("INSERT DATA { review:gamma-2003--unsigned schema:publisher organization:test-journal }")
        )
        assert list(Voices(store).of(iri("review", "gamma-2003--unsigned"))) == [iri("organization", "test-journal")]


def test_only_accepted_claims_are_read_in_the_order_of_their_iris(store: Store) -> None:
    said = read_said(store, Voices(store))
    assert [(each.claim.rpartition("/")[2], each.stance) for each in said] == [
        ("alpha-2001--critic-one--1", "praise"),
        ("alpha-2001--critic-two--1", "criticism"),
        ("alpha-2001--critic-two--2", "praise"),
        ("beta-2002--critic-one--1", "praise"),
        ("gamma-2003--unsigned--1", "observation"),
    ]
    assert {each.predicate for each in said} == {FG + "aboutTechnique"}
