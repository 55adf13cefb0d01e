"""What critics say, in short: which claims are told first, and topic by topic."""

from __future__ import annotations

from filmgraph.namespaces import iri
from filmgraph.pages import Claim, Heard, Named, telling, topics
from filmgraph.voices import Tally

FILM = Named(iri("film", "her-2013"), "Her")
COLOR, SOUND, SCORE = (Named(iri("technique", slug), slug) for slug in ("color", "sound", "score"))


def claim(number: int, about: Named, stance: str, voice: str, *, spoiler: bool = False) -> Claim:
    review = iri("review", f"r-{number}")
    return Claim(
        iri("claim", f"c-{number}"), FILM, about, stance, "", review, None, None, spoiler=spoiler, voices=(voice,)
    )


def heard(about: Named) -> Heard:
    return Heard(FILM, about, Tally(praise=1))


def test_telling_takes_other_critics_and_stances_first_and_spoilers_last() -> None:
    claims = [
        claim(1, COLOR, "praise", "a", spoiler=True),
        claim(2, COLOR, "praise", "b"),
        claim(3, COLOR, "observation", "b"),
        claim(4, COLOR, "praise", "c"),
        claim(5, COLOR, "criticism", "d"),
    ]
    assert [told.iri[-1] for told in telling(claims, 9)] == ["2", "5", "4", "3", "1"]
    assert telling(claims, 0) == []
    assert telling([claim(1, COLOR, "a stance of someone else's", "a")], 3)


def test_topics_hold_every_claim_once_in_the_order_of_what_is_heard() -> None:
    claims = [claim(number, about, "praise", "a") for number, about in enumerate((SOUND, COLOR, SOUND, SCORE, SOUND))]
    found = topics([heard(SOUND), heard(SCORE), heard(COLOR)], claims, most=2)
    assert [topic.heard.about for topic in found] == [SOUND, SCORE, COLOR]
    assert [(len(topic.told), len(topic.rest)) for topic in found] == [(2, 1), (1, 0), (1, 0)]
    assert {said.iri for topic in found for said in (*topic.told, *topic.rest)} == {said.iri for said in claims}


def test_topics_tell_the_first_few_and_nothing_twice() -> None:
    claims = [claim(number, about, "praise", "a") for number, about in enumerate((COLOR, SOUND, SCORE))]
    wanted = [heard(COLOR), heard(SOUND), heard(SCORE)]
    told = [bool(topic.told) for topic in topics(wanted, claims, first=1, elsewhere={claims[0].iri})]
    assert told == [False, True, False]
    assert [bool(topic.told) for topic in topics(wanted, claims, first=0)] == [False, False, False]


def test_topics_by_film_gather_what_is_said_of_each() -> None:
    other = Named(iri("film", "m-1931"), "M")
    claims = [claim(1, COLOR, "praise", "a"), claim(2, SOUND, "praise", "b")]
    found = topics([Heard(other, COLOR, Tally()), heard(COLOR)], claims, by="film")
    assert [len(topic.told) for topic in found] == [0, 2]
