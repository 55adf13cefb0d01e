"""What critics make of films, counted by hand on the tiny graph with nine critics and two unsigned voices."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pyoxigraph as ox
import pytest
import rdflib
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from filmgraph.errors import NotFoundError
from filmgraph.graph import FilmGraph
from filmgraph.lookup import Named
from filmgraph.namespaces import iri, slug_of
from filmgraph.queries import QueryLibrary, with_prefixes
from filmgraph.reception import (
    Agreement,
    AlikeCritic,
    Comparison,
    Contested,
    MissingUse,
    NoticedUse,
    Reception,
    Valued,
    as_rows,
)
from filmgraph.rows import Rows
from filmgraph.stores import DiskStore, MemoryStore, Store
from filmgraph.voices import Tally, wilson
from filmgraph.workspace import Workspace

DATA = Path(__file__).parent / "data"
FILES = (DATA / "tiny.ttl", DATA / "reception.ttl")
LIBRARY = QueryLibrary(Workspace.find().queries)
ALPHA, BETA = iri("film", "alpha-2001"), iri("film", "beta-2002")


@pytest.fixture(scope="module", params=["memory", "disk", "remote"])
def heard(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """The tiny graph with its further critics, in each kind of store; tests only read it."""
    if request.param == "memory":
        with MemoryStore.of_files(FILES) as memory:
            yield memory
    elif request.param == "disk":
        folder = tmp_path_factory.mktemp("heard") / "store"
        with DiskStore(folder, writable=True) as writer:
            for file in FILES:
                writer.load(file)
        with DiskStore(folder) as disk:
            yield disk
    else:
        server = request.getfixturevalue("scratch_server")
        with server.store() as remote:
            remote.update("CLEAR ALL")
            for file in FILES:
                remote.load(file)
            yield remote


@pytest.fixture
def reception(heard: Store) -> Reception:
    return Reception(heard)


@pytest.fixture
def grown() -> Iterator[MemoryStore]:
    """The same in memory, for a test to add to."""
    with MemoryStore.of_files(FILES) as memory:
        yield memory


def add(store: Store, triples: str) -> Reception:
    store.update(with_prefixes(f"INSERT DATA {{ {triples} }}"))
    return Reception(store)


def claims(said: list[tuple[str, str, str, str]]) -> str:
    """Return claims as triples from (critic, film, concept, stance)."""
    return "".join(
        f"review:{film}--{critic} schema:author person:{critic} . person:{critic} a fg:Critic . "
        f"claim:{film}--{critic}--{number} fg:claimedIn review:{film}--{critic} ; fg:status fg:Accepted ; "
        f"fg:aboutFilm film:{film} ; fg:stance fg:{stance} ; "
        f"fg:{'aboutTechnique' if concept.startswith('technique') else 'aboutAspect'} {concept} . "
        for number, (critic, film, concept, stance) in enumerate(said)
    )


# Agreement.


def test_agreement_counts_critics_concept_by_concept(reception: Reception) -> None:
    assert [(found.about.name, found.critics) for found in reception.agreement("Alpha")] == [
        # Critics One, Three and Four praise, Two faults, Five observes, and Six praises and faults in two reviews.
        ("Close-up", Tally(praise=3, criticism=1, mixed=1, observation=1)),
        # Three, Four, the Test Journal in two unsigned reviews, and one review that names nobody.
        ("Silence", Tally(praise=4)),
        ("Montage", Tally(praise=1, criticism=1)),
        ("Story", Tally(praise=1, criticism=1)),
        ("Editing", Tally(praise=1)),
        ("Framing", Tally(praise=1)),
        ("Sound", Tally(praise=1)),
    ]


def test_each_author_of_a_review_has_a_voice(reception: Reception) -> None:
    (found,) = reception.agreement("Epsilon")
    assert (found.about.name, found.critics) == ("Silence", Tally(praise=3))


@pytest.mark.parametrize(
    ("concept", "tally", "through"),
    [
        # Critic Seven praises the framing, of which a close-up is a kind: that need not be praise of close-ups.
        ("close-up", Tally(praise=3, criticism=1, mixed=1, observation=1), []),
        # Whoever speaks of close-ups speaks of framing.
        ("framing", Tally(praise=4, criticism=1, mixed=1, observation=1), ["Close-up"]),
        # Nobody speaks of jump cuts; praise of the montage or of the editing as a whole speaks of none of its kinds.
        ("jump cut", Tally(), []),
        # Of the editing all speak who speak of a technique of it.
        ("category:editing", Tally(praise=2, criticism=1), ["Montage"]),
        ("aspect:story", Tally(praise=1, criticism=1), []),
        ("wide shot", Tally(), []),
    ],
)
def test_agreement_on_one_concept_counts_what_is_narrower(
    reception: Reception, concept: str, tally: Tally, through: list[str]
) -> None:
    (found,) = reception.agreement("alpha-2001", concept)
    assert found.critics == tally
    assert [named.name for named in found.through] == through


def test_agreement_where_nobody_speaks_is_empty_and_not_an_error(reception: Reception) -> None:
    assert reception.agreement("Delta") == []
    (found,) = reception.agreement("Delta", "silence")
    assert found.critics == Tally()
    with pytest.raises(NotFoundError, match="There is no film 'Nosuch'"):
        reception.agreement("Nosuch")
    with pytest.raises(NotFoundError):
        reception.agreement("Alpha", "no such craft")


# Contested craft.


def test_contested_is_ranked_by_what_is_certain_of_the_smaller_side(reception: Reception) -> None:
    found = reception.contested()
    assert [(slug_of(each.film.iri), each.about.name, each.smaller, each.sides) for each in found if each.film] == [
        ("alpha-2001", "Story", 1, 2),
        ("alpha-2001", "Montage", 1, 2),
        ("beta-2002", "Close-up", 1, 3),
        ("alpha-2001", "Close-up", 1, 4),
    ]
    assert [each.interval[0] for each in found] == [wilson(1, sides)[0] for sides in (2, 2, 3, 4)]
    assert reception.contested("Beta") == [found[2]]
    assert reception.contested("Gamma") == []


def test_many_against_many_come_before_one_against_one(grown: MemoryStore) -> None:
    said = [(f"p-{number}", "delta-2014", "technique:jump-cut", "Praise") for number in range(10)]
    said += [(f"c-{number}", "delta-2014", "technique:jump-cut", "Criticism") for number in range(6)]
    said += [(f"p-{number}", "gamma-2003", "technique:montage", "Praise") for number in range(19)]
    said += [("c-1", "gamma-2003", "technique:montage", "Criticism")]
    found = add(grown, claims(said)).contested()
    order = [(each.about.name, each.film.name) for each in found if each.film]
    assert order[0] == ("Jump cut", "Delta")
    assert order[-1] == ("Montage", "Gamma")
    assert found[0].share == 6 / 16


def test_overall_a_craft_is_contested_within_films_only(reception: Reception, grown: MemoryStore) -> None:
    found = reception.contested(overall=True)
    assert [(each.about.name, each.films, each.smaller, each.sides, each.film) for each in found] == [
        ("Story", 1, 1, 2, None),
        ("Montage", 1, 1, 2, None),
        ("Close-up", 2, 2, 7, None),
    ]
    said = [(f"p-{number}", "gamma-2003", "technique:match-cut", "Praise") for number in range(5)]
    said += [(f"p-{number}", "delta-2014", "technique:match-cut", "Criticism") for number in range(5)]
    assert "Match cut" not in [each.about.name for each in add(grown, claims(said)).contested(overall=True)]


def test_a_critic_who_sees_both_sides_takes_none(reception: Reception) -> None:
    close_up = reception.contested("Alpha")[-1]
    assert close_up.critics == Tally(praise=3, criticism=1, mixed=1, observation=1)
    assert (close_up.sides, close_up.share) == (4, 0.25)


# What a critic values.


def test_values_stand_beside_those_of_all_critics(reception: Reception) -> None:
    """Of 18 things praised 7 are of the camera, 9 of the sound, 2 of the cutting; Critic Three praises 3, 3 and 0."""
    found = {valued.category.name: valued for valued in reception.values("Critic Three")}
    assert {name: (each.praised, each.of) for name, each in found.items()} == {
        "Cinematography": (3, 6),
        "Sound": (3, 6),
        "Editing": (0, 6),
    }
    assert [each.share_of_all for each in found.values()] == pytest.approx([7 / 18, 9 / 18, 2 / 18])
    assert found["Cinematography"].estimate == pytest.approx((3 + 1.96**2 * 7 / 18) / (6 + 1.96**2))
    assert sum(each.estimate for each in found.values()) == pytest.approx(1)
    assert all(each.leaning == "" for each in found.values())
    assert [*found] == ["Cinematography", "Sound", "Editing"]


def test_one_claim_is_no_trait_of_character(reception: Reception) -> None:
    """Critic Seven praises one thing: the estimate stays near all critics', and nothing is said of a leaning."""
    camera, *others = reception.values("critic-seven")
    assert (camera.category.name, camera.praised, camera.of, camera.share) == ("Cinematography", 1, 1, 1.0)
    assert 7 / 18 < camera.estimate < 0.55
    assert not any(each.leaning for each in (camera, *others))


def test_a_critic_who_praises_much_of_one_kind_leans_to_it(grown: MemoryStore) -> None:
    films = ("alpha-2001", "beta-2002", "gamma-2003", "delta-2014", "epsilon-2015")
    said = [("cutter", film, f"technique:{cut}", "Praise") for film in films for cut in ("jump-cut", "match-cut")]
    said += [(f"other-{number}", films[0], "technique:silence", "Praise") for number in range(20)]
    found = {each.category.name: each.leaning for each in add(grown, claims(said)).values("person:cutter")}
    assert found == {"Editing": "more", "Cinematography": "", "Sound": "less"}


def test_praise_of_what_is_no_craft_is_no_taste_in_craft(reception: Reception) -> None:
    assert reception.values("Critic Eight") == []
    assert reception.values("Critic Five")[0].praised == 1


# Critics alike.


def test_critics_alike_share_what_they_praise(reception: Reception) -> None:
    """Critics Three and Four both praise close-ups and silence; nobody else shares two crafts with Three.

    Eight people praise craft. Close-ups are praised by One, Three and Four; framing or a kind of it by Seven and Three
    of Three's too; of the rest see the profiles.
    """
    (found,) = reception.alike("Critic Three")
    assert (found.critic.name, found.praised) == ("Critic Four", 4)
    assert {named.name for named in found.shared} == {"Close-up", "Silence"}
    people = {
        "three": Counter({"close-up": 2, "framing": 1.5, "camera": 0.75, "silence": 2, "sound": 2, "wide": 1}),
        "four": Counter({"close-up": 1, "framing": 0.5, "camera": 0.25, "silence": 2, "sound": 1, "editing": 1}),
    }
    # How many of the seven people (all but Six and Eight) praise it or a kind of it.
    df = {"close-up": 3, "framing": 4, "camera": 4, "silence": 3, "sound": 4, "wide": 1, "editing": 2}
    three, four = (
        {craft: weight * math.log1p(7 / df[craft]) for craft, weight in profile.items()} for profile in people.values()
    )
    product = sum(weight * four.get(craft, 0) for craft, weight in three.items())
    assert found.score == pytest.approx(product / math.hypot(*three.values()) / math.hypot(*four.values()), abs=1e-9)


def test_likeness_is_symmetric_and_one_with_a_double(grown: MemoryStore) -> None:
    said = [
        (who, film, f"technique:{craft}", "Praise")
        for who in ("twin-a", "twin-b")
        for film, craft in (("gamma-2003", "montage"), ("delta-2014", "silence"), ("delta-2014", "framing"))
    ]
    reception = add(grown, claims(said))
    nearest = reception.alike("person:twin-a")[0]
    assert (nearest.critic.name, nearest.score) == ("twin-b", 1.0)
    pairs = 0
    for slug in ("twin-a", "twin-b", "critic-three", "critic-four"):
        for found in reception.alike(f"person:{slug}"):
            back = {each.critic.iri: each.score for each in reception.alike(found.critic.iri)}
            assert back[iri("person", slug)] == found.score
            pairs += 1
    assert pairs >= 4


def test_too_little_praise_makes_nobody_alike(reception: Reception) -> None:
    assert reception.alike("Critic One") == []
    assert reception.alike("Critic Three", limit=0) == []
    with pytest.raises(NotFoundError):
        reception.alike("Nobody")


# Uses, gaps, comparisons.


def test_uses_are_borne_out_disputed_or_passed_over(reception: Reception) -> None:
    found = reception.uses()
    assert [(slug_of(each.use), each.critics.critics, each.at_large.critics, each.standing) for each in found] == [
        ("alpha-2001--close-up", 6, 1, "both"),
        ("alpha-2001--jump-cut", 0, 2, "both"),
        ("beta-2002--close-up", 3, 0, "both"),
        ("beta-2002--match-cut", 0, 0, "unnoticed"),
        ("epsilon-2015--silence", 3, 0, "corroborated"),
        ("gamma-2003--wide-shot", 1, 0, "corroborated"),
    ]
    assert [each.standing for each in reception.uses("Delta")] == ["unnoticed"]


def test_a_use_that_is_only_criticised_is_disputed(grown: MemoryStore) -> None:
    reception = add(grown, claims([("sour", "delta-2014", "technique:montage", "Criticism")]))
    assert [each.standing for each in reception.uses("Delta")] == ["disputed"]


def test_uses_agree_with_the_query_library(reception: Reception, heard: Store) -> None:
    """What critics corroborate, dispute and pass over, by the queries that tell it claim by claim."""
    answers = {
        name: {str(use) for use in heard.select(LIBRARY[name].bind({})).column("use")}
        for name in ("corroborated-uses", "disputed-uses", "unnoticed-uses")
    }
    found = {each.use: each.standing for each in (*reception.uses(), *reception.uses("Delta"))}
    assert {use for use, standing in found.items() if standing in ("corroborated", "both")} == (
        answers["corroborated-uses"]
    )
    assert {use for use, standing in found.items() if standing in ("disputed", "both")} == answers["disputed-uses"]
    assert {use for use, standing in found.items() if standing == "unnoticed"} == answers["unnoticed-uses"]


def test_todo_lists_praised_craft_without_a_use(reception: Reception) -> None:
    assert [(each.film.name, each.about.name, each.critics.praise) for each in reception.todo()] == [
        ("Alpha", "Silence", 4),
        ("Alpha", "Sound", 1),
        ("Gamma", "Sound", 1),
    ]
    assert [each.about.name for each in reception.todo("Gamma")] == ["Sound"]
    assert reception.todo("Epsilon") == []


def test_a_use_of_what_is_broader_or_narrower_will_do(grown: MemoryStore) -> None:
    said = [("p-1", "gamma-2003", "technique:framing", "Praise"), ("p-1", "delta-2014", "technique:montage", "Praise")]
    said += [("p-1", "delta-2014", "category:editing", "Praise"), ("p-1", "delta-2014", "technique:framing", "Praise")]
    assert [
        (each.film.name, each.about.name) for each in add(grown, claims(said)).todo() if each.film.iri != ALPHA
    ] == [
        ("Delta", "Framing"),
        ("Gamma", "Sound"),
    ]


def test_what_is_only_faulted_is_nothing_to_do(grown: MemoryStore) -> None:
    reception = add(grown, claims([("sour", "delta-2014", "technique:silence", "Criticism")]))
    assert reception.todo("Delta") == []


def test_compared_films_are_counted_by_critic_whichever_is_reviewed(reception: Reception) -> None:
    assert [
        (each.film.name, each.other.name, bool(each.other.iri), [critic.name for critic in each.critics])
        for each in reception.compared()
    ] == [
        ("Alpha", "Beta", True, ["Critic One", "Critic Three"]),
        ("Alpha", "Nosuch", False, ["Critic Five"]),
        ("Beta", "Nosuch", False, ["Critic Four"]),
    ]
    assert [each.other.name for each in reception.compared("Beta")] == ["Beta", "Nosuch"]
    assert reception.compared("Gamma") == []


# The query library says the same.


@pytest.fixture(scope="module")
def by_rdflib() -> rdflib.Graph:
    graph = rdflib.Graph()
    for file in FILES:
        graph.parse(file)
    return graph


def answers(name: str, values: dict[str, list[str | int | float]], heard: Store, graph: rdflib.Graph) -> Rows:
    """Return the answer of a query, after making sure that rdflib's engine gives as many rows and the same keys."""
    text = LIBRARY[name].bind(values)
    rows = heard.select(text)
    other = [tuple(str(term) for term in row if isinstance(term, rdflib.URIRef)) for row in graph.query(text)]
    mine = [tuple(term.value for term in row if isinstance(term, ox.NamedNode)) for row in rows.terms]
    assert other == mine
    return rows


def test_the_query_on_agreement_counts_the_same(heard: Store, by_rdflib: rdflib.Graph, reception: Reception) -> None:
    rows = answers("agreement-on-film", {"film": [ALPHA]}, heard, by_rdflib)
    counts = ("critics", "praise", "criticism", "mixed", "observation")
    assert [(row["about"], *(row[name] for name in counts)) for row in rows.records()] == [
        (found.about.iri, *(getattr(found.critics, name) for name in counts)) for found in reception.agreement("Alpha")
    ]
    assert rows.column("share") == [0.6, 1, 0.5, 0.5, 1, 1, 1]


def test_the_queries_on_contested_craft_count_the_same(
    heard: Store, by_rdflib: rdflib.Graph, reception: Reception
) -> None:
    rows = answers("contested-craft", {}, heard, by_rdflib)
    assert {
        (row["reviewed"], row["about"], row["praise"], row["criticism"], row["mixed"]) for row in rows.records()
    } == {
        (each.film.iri, each.about.iri, each.critics.praise, each.critics.criticism, each.critics.mixed)
        for each in reception.contested()
        if each.film
    }
    assert rows.column("minority") == [0.5, 0.5, 0.333, 0.25]
    overall = answers("most-contested-craft", {}, heard, by_rdflib)
    assert {(row["about"], row["films"], row["judgements"], row["minority"]) for row in overall.records()} == {
        (each.about.iri, each.films, each.sides, each.smaller) for each in reception.contested(overall=True)
    }
    assert overall.column("label") == ["Close-up", "Montage", "Story"]


@pytest.mark.parametrize("critic", ["critic-one", "critic-three", "critic-four", "critic-nine", "critic-eight"])
def test_the_query_on_values_counts_the_same(
    heard: Store, by_rdflib: rdflib.Graph, reception: Reception, critic: str
) -> None:
    rows = answers("critic-values", {"critic": [iri("person", critic)]}, heard, by_rdflib)
    found = reception.values(critic)
    assert {(row["category"], row["praised"], row["of"], row["praised_all"]) for row in rows.records()} == {
        (each.category.iri, each.praised, each.of, round(each.share_of_all * 18)) for each in found
    }


def test_the_queries_on_gaps_and_comparisons_count_the_same(
    heard: Store, by_rdflib: rdflib.Graph, reception: Reception
) -> None:
    rows = answers("missing-uses", {}, heard, by_rdflib)
    assert [(row["reviewed"], row["about"], row["praise"]) for row in rows.records()] == [
        (each.film.iri, each.about.iri, each.critics.praise) for each in reception.todo()
    ]
    pairs = answers("compared-pairs", {}, heard, by_rdflib)
    assert [(row["one"], row["other_title"], row["critics"]) for row in pairs.records()] == [
        (each.film.iri, each.other.name, len(each.critics)) for each in reception.compared()
    ]


# Forms, and laws.


def test_rows_have_a_column_for_every_answer_and_the_same_without_one(reception: Reception) -> None:
    for kind, found in (
        (Agreement, reception.agreement("Alpha", "framing")),
        (Contested, reception.contested()),
        (Contested, reception.contested(overall=True)),
        (Valued, reception.values("Critic Three")),
        (AlikeCritic, reception.alike("Critic Three")),
        (NoticedUse, reception.uses()),
        (MissingUse, reception.todo()),
        (Comparison, reception.compared()),
    ):
        rows = as_rows(found, kind)
        assert len(rows) == len(found) > 0
        assert as_rows([], kind).columns == rows.columns
        assert all(any(cell is not None for cell in column) for column in zip(*rows, strict=True)) or kind is Contested
    (row,) = as_rows(reception.agreement("Alpha", "framing"), Agreement).records()
    assert (row["film"], row["about_name"], row["praise"], row["share"]) == (ALPHA, "Framing", 4, 0.667)
    assert (row["low"], row["high"], row["through_names"]) == (0.3, 0.903, "Close-up")


def test_the_face_forgets_what_critics_said_when_it_changes(grown: MemoryStore) -> None:
    graph = FilmGraph(grown)
    assert graph.reception is graph.reception
    assert graph.reception.agreement("Delta") == []
    graph.update("INSERT DATA { " + claims([("p-1", "delta-2014", "technique:montage", "Praise")]) + " }")
    assert graph.reception.agreement("Delta") == [
        Agreement(Named(iri("film", "delta-2014"), "Delta"), Named(iri("technique", "montage"), "Montage"), Tally(1))
    ]


CONCEPTS = ("technique:close-up", "technique:framing", "technique:montage", "technique:silence", "category:sound")
said_by_many = st.lists(
    st.tuples(
        st.sampled_from([f"h-{number}" for number in range(6)]),
        st.sampled_from(["alpha-2001", "delta-2014", "epsilon-2015"]),
        st.sampled_from(CONCEPTS),
        st.sampled_from(["Praise", "Criticism", "Mixed", "Observation"]),
    ),
    max_size=40,
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(said_by_many)
def test_whatever_is_said_the_counts_hold_together(said: list[tuple[str, str, str, str]]) -> None:
    with MemoryStore.of_files(FILES) as store:
        reception = add(store, claims(said))
        for film in ("Alpha", "Delta", "Epsilon"):
            for found in reception.agreement(film):
                (kin,) = reception.agreement(film, found.about.iri)
                assert kin.critics.critics >= found.critics.critics
                assert found.critics.critics <= 6 + 9 + 2
        for found in reception.contested():
            assert 0 < found.interval[0] < found.share <= 0.5
        lows = [found.interval[0] for found in reception.contested()]
        assert lows == sorted(lows, reverse=True)
        for critic in ("person:h-0", "Critic Three"):
            if critic == "Critic Three" or any(who == "h-0" for who, *_ in said):
                values = reception.values(critic)
                assert sum(each.praised for each in values) == (values[0].of if values else 0)
                assert all(0 <= each.score <= 1 for each in reception.alike(critic))
        assert reception.todo() == add(store, "").todo()
