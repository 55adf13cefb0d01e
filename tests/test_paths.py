"""Why two films belong together: each kind of path counted by hand, and every edge of every path in the graph."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import combinations, pairwise, product
from pathlib import Path as File

import numpy as np
import pyoxigraph as ox
import pytest

from filmgraph.arrays.strings import Listed
from filmgraph.errors import NotFoundError
from filmgraph.namespaces import FG, ROLES, SCHEMA, SKOS, iri, slug_of
from filmgraph.paths import KIND_WEIGHTS, Edge, Path, PathIndex, Statement
from filmgraph.paths.arraylinks import FilmSet, Met
from filmgraph.queries import with_prefixes
from filmgraph.stores import MemoryStore, Store

TINY = File(__file__).parent / "data" / "tiny.ttl"

ALPHA, BETA, GAMMA, DELTA, EPSILON = (
    iri("film", slug) for slug in ("alpha-2001", "beta-2002", "gamma-2003", "delta-2014", "epsilon-2015")
)
FILMS = (ALPHA, BETA, GAMMA, DELTA, EPSILON)


def rarity(having: int, films: int = 5) -> float:
    return math.log(1 + films / having) / math.log(1 + films)


def certain(praise: int, judges: int) -> float:
    """The lower bound of the interval of Wilson (1927), as it is usually written."""
    share, square = praise / judges, 1.96**2
    middle = share + square / (2 * judges)
    half = 1.96 * math.sqrt(share * (1 - share) / judges + square / (4 * judges**2))
    return (middle - half) / (1 + square / judges)


@pytest.fixture
def index(store: Store) -> PathIndex:
    return PathIndex.of_store(store)


@pytest.fixture(scope="module")
def heard() -> Iterator[MemoryStore]:
    """The tiny graph with more critics; tests only read it."""
    with MemoryStore.of_files([TINY, TINY.with_name("reception.ttl")]) as memory:
        yield memory


@pytest.fixture
def grown(tiny_files: Sequence[File]) -> Iterator[MemoryStore]:
    """The tiny graph in memory, for a test to add to."""
    with MemoryStore.of_files(tiny_files) as memory:
        yield memory


def add(store: Store, triples: str) -> PathIndex:
    store.update(with_prefixes(f"INSERT DATA {{ {triples} }}"))
    return PathIndex.of_store(store)


def all_paths(index: PathIndex, film: str, other: str) -> dict[str, Path]:
    """Return the paths between two films by kind, each kind once."""
    paths = index.best(film, other, limit=100)
    assert len({path.kind for path in paths}) == len(paths)
    return {path.kind: path for path in paths}


def test_alpha_and_beta_are_joined_in_six_ways(index: PathIndex) -> None:
    paths = all_paths(index, ALPHA, BETA)
    assert {kind: path.score for kind, path in paths.items()} == pytest.approx(
        {
            "technique": 1.0 * rarity(2),
            "comparison": 0.95 * rarity(2) * 1 / 2,  # by one critic
            "praise": 0.8 * rarity(2) * math.sqrt(certain(1, 2) * certain(1, 1)),
            "cinematographer": 0.75 * rarity(2),
            "sibling techniques": 0.6 * 2**-1 * rarity(3),
            "genre": 0.1 * rarity(3),
        },
        abs=1e-9,
    )
    kinds = [*paths]
    assert (kinds[0], kinds[-1]) == ("technique", "genre")


@pytest.mark.parametrize(
    ("film", "other", "expected"),
    [
        (ALPHA, DELTA, {"technique": rarity(2), "director": 0.75 * rarity(2), "editor": 0.65 * rarity(2)}),
        (BETA, GAMMA, {"composer": 0.65 * rarity(2), "sibling techniques": 0.3 * rarity(3), "genre": 0.1 * rarity(3)}),
        (ALPHA, GAMMA, {"sibling techniques": 0.3 * rarity(3), "genre": 0.1 * rarity(3)}),
        (GAMMA, EPSILON, {"director": 0.75 * rarity(2)}),
        (DELTA, EPSILON, {"genre": 0.1 * rarity(2)}),
        (BETA, EPSILON, {"via": 0.5 * math.sqrt(0.65 * rarity(2) * 0.75 * rarity(2))}),
        (ALPHA, EPSILON, {}),
        (DELTA, GAMMA, {}),
        (ALPHA, ALPHA, {}),
    ],
)
def test_the_other_pairs_are_joined_as_a_hand_counts(
    index: PathIndex, film: str, other: str, expected: dict[str, float]
) -> None:
    assert {kind: path.score for kind, path in all_paths(index, film, other).items()} == pytest.approx(
        expected, abs=1e-9
    )


def text(store: Store, curie: str, predicate: str) -> str:
    rows = store.select(with_prefixes(f"SELECT ?text WHERE {{ {curie} <{predicate}> ?text }}"))
    return str(rows.column("text")[0])


def test_a_path_by_technique_tells_how_each_film_does_it(index: PathIndex, store: Store) -> None:
    path = all_paths(index, ALPHA, BETA)["technique"]
    assert path.reason == "Alpha and Beta both use close-up, as no other film here does."
    assert path.sentence == " ".join(
        [
            path.reason,
            f"Alpha: {text(store, 'use:alpha-2001--close-up', FG + 'explanation')}",
            f"Scene: {text(store, 'scene:alpha-2001--close-up--1', SCHEMA + 'description')}",
            f"Beta: {text(store, 'use:beta-2002--close-up', FG + 'explanation')}",
            f"Scene: {text(store, 'scene:beta-2002--close-up--1', SCHEMA + 'description')}",
        ]
    )
    use = {slug: iri("use", f"{slug}--close-up") for slug in ("alpha-2001", "beta-2002")}
    close_up = iri("technique", "close-up")
    assert path.triples == (
        (use["alpha-2001"], FG + "film", ALPHA),
        (use["alpha-2001"], FG + "technique", close_up),
        (use["beta-2002"], FG + "film", BETA),
        (use["beta-2002"], FG + "technique", close_up),
    )


def test_siblings_climb_to_what_both_are_kinds_of(index: PathIndex) -> None:
    path = all_paths(index, ALPHA, GAMMA)["sibling techniques"]
    assert path.reason == "Alpha uses close-up and Gamma wide shot, both matters of framing."
    assert [slug_of(edge.target) for edge in path.edges] == ["close-up", "framing", "wide-shot", "gamma-2003"]
    assert (iri("technique", "close-up"), SKOS + "broader", iri("technique", "framing")) in path.triples


def test_a_technique_and_a_kind_of_it_are_one_step_apart(grown: MemoryStore) -> None:
    index = add(
        grown,
        'use:epsilon-2015--montage fg:film film:epsilon-2015 ; fg:technique technique:montage ; fg:explanation "E." ; '
        'fg:scene scene:x . scene:x schema:description "S."',
    )
    path = all_paths(index, EPSILON, DELTA)["sibling techniques"]
    assert path.score == pytest.approx(0.6 * rarity(4), abs=1e-9)
    assert path.reason == "Epsilon uses montage and Delta jump cut, a kind of montage."
    back = all_paths(index, DELTA, EPSILON)["sibling techniques"]
    assert back.reason == "Delta uses jump cut and Epsilon montage, a kind of montage."
    assert path.confirm(grown)
    assert back.confirm(grown)


def test_of_two_common_parents_the_rarer_joins(grown: MemoryStore) -> None:
    index = add(
        grown,
        "technique:a-common a fg:Technique . technique:z-rare a fg:Technique . "
        "technique:close-up skos:broader technique:a-common , technique:z-rare . "
        "technique:wide-shot skos:broader technique:a-common , technique:z-rare . "
        "technique:silence skos:broader technique:a-common . technique:framing skos:broader technique:a-common . "
        "technique:montage skos:broader technique:framing",
    )
    path = all_paths(index, ALPHA, GAMMA)["sibling techniques"]
    assert [slug_of(edge.target) for edge in path.edges[1:3]] == ["z-rare", "wide-shot"]


@pytest.mark.parametrize(
    ("film", "other", "kind", "reason"),
    [
        (ALPHA, BETA, "cinematographer", "Camera One is the cinematographer of both Alpha and Beta."),
        (ALPHA, DELTA, "director", "Director One is the director of both Alpha and Delta."),
        (ALPHA, DELTA, "editor", "Editor One is the editor of both Alpha and Delta."),
        (BETA, GAMMA, "composer", "Composer One is the composer of both Beta and Gamma."),
        (ALPHA, BETA, "genre", "Alpha and Beta are both filed under drama."),
        (ALPHA, BETA, "praise", "Critics praise close-up in both Alpha and Beta: 1 of 2 and 1 of 1."),
        (ALPHA, BETA, "comparison", "A critic compares Alpha and Beta."),
        (BETA, ALPHA, "comparison", "A critic compares Beta and Alpha."),
        (
            BETA,
            EPSILON,
            "via",
            "Beta leads to Gamma by Composer One, and that to Epsilon by Director Three.",
        ),
    ],
)
def test_a_reason_names_titles_and_what_joins(index: PathIndex, film: str, other: str, kind: str, reason: str) -> None:
    assert all_paths(index, film, other)[kind].reason == reason


def test_one_person_in_two_roles_is_crew(grown: MemoryStore) -> None:
    index = add(grown, "film:epsilon-2015 schema:musicBy person:camera-two . film:epsilon-2015 schema:genre genre:none")
    path = all_paths(index, GAMMA, EPSILON)["crew"]
    assert path.score == pytest.approx(0.6 * rarity(2), abs=1e-9)
    assert path.reason == "Camera Two is the cinematographer of Gamma and the composer of Epsilon."
    assert all_paths(index, EPSILON, GAMMA)["crew"].score == path.score


def test_a_person_with_one_role_in_both_and_more_in_one_is_named_for_the_common_role(grown: MemoryStore) -> None:
    index = add(grown, "film:gamma-2003 fg:filmEditor person:director-three")
    assert set(all_paths(index, GAMMA, EPSILON)) == {"director"}


def test_a_comparison_is_walked_in_both_directions(index: PathIndex) -> None:
    there = all_paths(index, ALPHA, BETA)["comparison"]
    back = all_paths(index, BETA, ALPHA)["comparison"]
    assert [(edge.label, slug_of(edge.target)) for edge in there.edges] == [
        ("is reviewed in", "alpha-2001--critic-one"),
        ("compares it to", "beta-2002"),
    ]
    assert [(edge.label, slug_of(edge.target)) for edge in back.edges] == [
        ("is compared in", "alpha-2001--critic-one"),
        ("reviews", "alpha-2001"),
    ]
    assert set(there.triples) == set(back.triples)
    assert there.statements == (Statement("Critic One", "The face alone carries the film, as the hands do in Beta."),)


def test_praise_quotes_both_critics(index: PathIndex) -> None:
    assert all_paths(index, ALPHA, BETA)["praise"].statements == (
        Statement("Critic One", "The face alone carries the film, as the hands do in Beta."),
        Statement("Critic One", "Never were hands so eloquent."),
    )


def test_praise_is_as_rare_as_the_films_that_have_it(grown: MemoryStore) -> None:
    """Framing is used, or a kind of it, by three films, and then praised in four: n is four."""
    claims = "".join(
        f"claim:{film} a fg:ReviewClaim ; fg:claimedIn review:r ; fg:aboutFilm film:{film} ; fg:stance fg:Praise ; "
        f'fg:aboutTechnique technique:framing ; fg:status fg:Accepted ; fg:statement "Good." . '
        for film in ("alpha-2001", "gamma-2003", "delta-2014", "epsilon-2015")
    )
    path = all_paths(add(grown, claims), DELTA, EPSILON)["praise"]
    assert path.score == pytest.approx(0.8 * rarity(4) * certain(1, 1), abs=1e-9)


def test_praise_weighs_as_much_as_critics_agree(heard: MemoryStore) -> None:
    """In Alpha 3 of 5 judges praise the close-ups, one of them faults and one does both; in Beta 2 of 3 praise."""
    path = all_paths(PathIndex.of_store(heard), ALPHA, BETA)["praise"]
    assert path.critics == ((3, 5), (2, 3))
    assert path.reason == "Critics praise close-up in both Alpha and Beta: 3 of 5 and 2 of 3."
    assert path.score == pytest.approx(0.8 * rarity(2) * math.sqrt(certain(3, 5) * certain(2, 3)), abs=1e-9)
    assert len(path.statements) == 2
    assert path.confirm(heard)


def test_the_triples_of_praise_prove_how_many_critics_judge(heard: MemoryStore) -> None:
    path = all_paths(PathIndex.of_store(heard), ALPHA, BETA)["praise"]
    claims = {subject for subject, predicate, _ in path.edges[0].triples if predicate == FG + "stance"}
    authors = {value for _, predicate, value in path.edges[0].triples if predicate == SCHEMA + "author"}
    # Critic Six praises and faults, in two reviews: one critic, two claims. Critic Five only observes.
    assert len(claims) == 6
    assert sorted(map(slug_of, authors)) == [f"critic-{name}" for name in ("four", "one", "six", "three", "two")]


def test_several_critics_who_compare_make_one_path(heard: MemoryStore) -> None:
    path = all_paths(PathIndex.of_store(heard), BETA, ALPHA)["comparison"]
    assert path.score == pytest.approx(0.95 * rarity(2) * 2 / 3, abs=1e-9)
    assert path.reason == "2 critics compare Beta and Alpha."
    assert [said.source for said in path.statements] == ["Critic One", "Critic Three"]
    assert chained(path)
    assert path.confirm(heard)
    back = all_paths(PathIndex.of_store(heard), ALPHA, BETA)["comparison"]
    assert (back.score, set(back.triples)) == (path.score, set(path.triples))


def test_a_critic_who_compares_twice_is_one_voice(grown: MemoryStore) -> None:
    index = add(
        grown,
        "claim:again fg:claimedIn review:beta-2002--critic-one ; fg:aboutFilm film:beta-2002 ; "
        'fg:comparesTo film:alpha-2001 ; fg:status fg:Accepted ; fg:statement "Again."',
    )
    assert all_paths(index, ALPHA, BETA)["comparison"].reason == "A critic compares Alpha and Beta."


def test_the_same_critic_joins_no_films_by_having_seen_both(grown: MemoryStore) -> None:
    """A hundred critics praise Alpha's story and Epsilon's, and the sound of both: nothing of it is a path."""
    index = add(
        grown,
        "".join(
            f"review:{film}--{number} schema:author person:p-{number} . "
            f"claim:{film}--{number}--{concept} fg:claimedIn review:{film}--{number} ; fg:status fg:Accepted ; "
            f'fg:aboutFilm film:{film} ; fg:aboutAspect {kind}:{concept} ; fg:stance fg:Praise ; fg:statement "S." . '
            for film in ("alpha-2001", "epsilon-2015")
            for number in range(100)
            for kind, concept in (("aspect", "story"), ("category", "sound"))
        ),
    )
    assert all_paths(index, ALPHA, EPSILON) == {}


def test_a_hundred_critics_weigh_no_more_than_a_fact(grown: MemoryStore) -> None:
    index = add(
        grown,
        "".join(
            f"review:{film}--{number} schema:author person:p-{number} . "
            f"claim:{film}--{number} fg:claimedIn review:{film}--{number} ; fg:status fg:Accepted ; "
            f"fg:aboutFilm film:{film} ; fg:aboutTechnique technique:jump-cut ; fg:stance fg:Praise ; "
            f'fg:comparesTo film:delta-2014 ; fg:statement "S." . '
            for film in ("alpha-2001", "delta-2014")
            for number in range(100)
        ),
    )
    paths = all_paths(index, ALPHA, DELTA)
    assert paths["praise"].critics == ((100, 100), (100, 100))
    assert paths["technique"].score > paths["comparison"].score > 0.95 * rarity(2) * 0.99
    assert 0.8 * rarity(2) > paths["praise"].score > 0.8 * rarity(2) * 0.96


@pytest.mark.parametrize("status", ["Candidate", "Rejected"])
def test_a_claim_that_is_not_accepted_makes_no_path(grown: MemoryStore, status: str) -> None:
    index = add(
        grown,
        f"claim:x a fg:ReviewClaim ; fg:claimedIn review:x ; fg:aboutFilm film:delta-2014 ; fg:status fg:{status} ; "
        "fg:stance fg:Praise ; fg:aboutTechnique technique:close-up ; fg:comparesTo film:epsilon-2015 , "
        'film:alpha-2001 ; fg:statement "No."',
    )
    assert set(all_paths(index, DELTA, EPSILON)) == {"genre"}
    assert set(all_paths(index, ALPHA, DELTA)) == {"technique", "director", "editor"}


def test_a_further_path_of_a_kind_counts_half(grown: MemoryStore) -> None:
    """Alpha and Delta share two techniques and two people; the second of a kind waits for better ones."""
    index = add(
        grown,
        "film:delta-2014 fg:cinematographer person:camera-one . "
        "use:delta-2014--close-up fg:film film:delta-2014 ; fg:technique technique:close-up",
    )
    paths = index.best(ALPHA, DELTA, limit=10)
    assert [path.kind for path in paths] == ["technique", "director", "editor", "cinematographer", "technique"]
    scores = [path.score for path in paths]
    taken: Counter[str] = Counter()
    weighed = []
    for path in paths:
        weighed.append(path.score * 0.5 ** taken[path.kind])
        taken[path.kind] += 1
    assert weighed == sorted(weighed, reverse=True)
    assert scores != sorted(scores, reverse=True)


def test_kinds_keep_to_what_is_asked(index: PathIndex) -> None:
    assert [path.kind for path in index.best(ALPHA, BETA, kinds=["genre", "praise"])] == ["praise", "genre"]
    assert [path.kind for path in index.best(ALPHA, BETA, kinds="genre")] == ["genre"]
    assert index.best(GAMMA, EPSILON, kinds=["technique"]) == []


def test_a_way_through_a_third_film_is_found_where_it_is_asked_for(index: PathIndex) -> None:
    assert [path.films for path in index.best(BETA, DELTA, kinds=["via"])] == [(BETA, ALPHA, DELTA)]


def test_an_unknown_kind_is_refused(index: PathIndex) -> None:
    with pytest.raises(NotFoundError, match=r"no kind of path 'mood'; the kinds are technique, "):
        index.best(ALPHA, BETA, kinds=["mood"])


@pytest.mark.parametrize("limit", [0, -1])
def test_a_limit_of_nothing_gives_nothing(index: PathIndex, limit: int) -> None:
    assert index.best(ALPHA, BETA, limit=limit) == []


def test_between_tells_what_best_tells(index: PathIndex) -> None:
    found = index.between(ALPHA, FILMS[1:], limit=2)
    assert found == {other: index.best(ALPHA, other, limit=2) for other in FILMS[1:]}


def chained(path: Path) -> bool:
    return (
        path.edges[0].source == path.films[0]
        and path.edges[-1].target == path.films[-1]
        and all(one.target == two.source for one, two in pairwise(path.edges))
    )


def test_every_edge_is_in_the_graph_and_edges_chain(index: PathIndex, store: Store) -> None:
    count = 0
    for film in FILMS:
        for other in FILMS:
            for path in index.best(film, other, limit=100):
                count += 1
                assert chained(path)
                assert path.confirm(store)
                assert set(path.triples) == {triple for edge in path.edges for triple in edge.triples}
                assert all(edge.triples and edge.label for edge in path.edges)
    assert count == 2 * (6 + 3 + 3 + 2 + 1 + 1 + 1 + 1)  # the last: Beta and Delta are siblings by their cuts


def test_a_path_is_not_confirmed_where_one_triple_is_gone(grown: MemoryStore) -> None:
    path = all_paths(PathIndex.of_store(grown), ALPHA, BETA)["cinematographer"]
    assert path.confirm(grown)
    grown.update(with_prefixes("DELETE DATA { film:beta-2002 fg:cinematographer person:camera-one }"))
    assert not path.confirm(grown)


def test_turtle_holds_the_triples_of_a_path_and_no_others(index: PathIndex) -> None:
    for other in (BETA, GAMMA, DELTA):
        for path in index.best(ALPHA, other, limit=100):
            quads = ox.parse(path.to_turtle(), format=ox.RdfFormat.TURTLE)
            parsed = {
                (str(quad.subject.value), str(quad.predicate.value), str(getattr(quad.object, "value", "")))
                for quad in quads
            }
            assert parsed == set(path.triples)


def test_a_scene_that_spoils_is_folded_until_it_is_asked_for(index: PathIndex, store: Store) -> None:
    path = all_paths(index, ALPHA, DELTA)["technique"]
    scene = text(store, "scene:delta-2014--jump-cut--1", SCHEMA + "description")
    explanation = text(store, "use:delta-2014--jump-cut", FG + "explanation")
    assert scene not in path.sentence
    assert f"Delta: {explanation} (The scene gives away the ending.)" in path.sentence
    assert f"Delta: {explanation} Scene: {scene}" in path.details(spoilers=True)


def test_a_use_that_spoils_is_folded_with_its_explanation(grown: MemoryStore) -> None:
    index = add(grown, "use:beta-2002--close-up fg:spoiler true . scene:beta-2002--close-up--1 fg:spoiler false")
    path = all_paths(index, ALPHA, BETA)["technique"]
    assert "Hands stand for people" not in path.sentence
    assert "Two hands deal cards" not in path.sentence
    assert "Beta: (How it does so gives away the ending.)" in path.sentence
    assert "Hands stand for people" in " ".join(path.details(spoilers=True))


def test_a_scene_that_spoils_is_folded_though_its_use_does_not_spoil(grown: MemoryStore) -> None:
    index = add(grown, "use:beta-2002--close-up fg:spoiler false . scene:beta-2002--close-up--1 fg:spoiler true")
    path = all_paths(index, ALPHA, BETA)["technique"]
    assert "Hands stand for people" in path.sentence
    assert "Two hands deal cards" not in path.sentence


def test_of_several_scenes_one_that_does_not_spoil_is_told(grown: MemoryStore) -> None:
    index = add(
        grown,
        "use:delta-2014--jump-cut fg:scene scene:delta-2014--jump-cut--2 . "
        'scene:delta-2014--jump-cut--2 schema:description "He clears his throat twice."',
    )
    assert "Scene: He clears his throat twice." in all_paths(index, ALPHA, DELTA)["technique"].sentence


def test_hostile_labels_are_only_text(grown: MemoryStore) -> None:
    hostile = "> } ; DROP ALL # \\n\\u001b[31m <script>"
    grown.update(
        with_prefixes(
            "DELETE { ?s ?p ?l } INSERT { ?s ?p ?hostile } "
            f'WHERE {{ VALUES ?hostile {{ "{hostile}" }} VALUES ?p {{ schema:name skos:prefLabel }} ?s ?p ?l }}'
        )
    )
    before = len(grown)
    paths = PathIndex.of_store(grown).best(ALPHA, BETA, limit=100)
    assert len(paths) == 6
    assert len(grown) == before
    for path in paths:
        assert "DROP ALL" in path.sentence
        assert path.confirm(grown)
        assert list(ox.parse(path.to_turtle(), format=ox.RdfFormat.TURTLE))


def test_a_film_without_a_title_goes_by_its_slug(grown: MemoryStore) -> None:
    grown.update(with_prefixes("DELETE WHERE { film:alpha-2001 schema:name ?name }"))
    assert (
        all_paths(PathIndex.of_store(grown), ALPHA, BETA)["genre"].reason
        == "alpha-2001 and Beta are both filed under drama."
    )


def test_each_role_and_kind_has_its_weight_and_genre_the_least() -> None:
    assert set(ROLES.values()) <= KIND_WEIGHTS.keys()
    assert min(KIND_WEIGHTS, key=lambda kind: KIND_WEIGHTS[kind]) == "genre"
    assert SCHEMA + "director" in ROLES


def test_links_name_what_joins_films_each_once(index: PathIndex) -> None:
    links = list(index.links.all())
    assert len(set(links)) == len(links)
    assert Counter(kind for _, _, kind in links) == {
        "technique": 7,
        "crew": 3 + 3 + 3 + 2 + 1,
        "praise": 3,
        "genre": 5,
        "comparison": 1,
    }


def sample(films: Sequence[str], count: int) -> list[tuple[str, str]]:
    pairs = list(combinations(films, 2))
    step = max(len(pairs) // count, 1)
    return pairs[::step][:count]


def test_the_bundled_graph_explains_three_hundred_pairs(bundled: MemoryStore) -> None:
    index, again = PathIndex.of_store(bundled), PathIndex.of_store(bundled)
    pairs = sample(index.links.films, 300)
    assert len(pairs) == 300
    joined = 0
    for film, other in pairs:
        paths = index.best(film, other)
        joined += bool(paths)
        assert paths == again.best(film, other)
        back = index.best(other, film)
        assert [(path.kind, path.score) for path in paths] == [(path.kind, path.score) for path in back]
        for path in (*paths, *back):
            assert chained(path)
            assert path.confirm(bundled)
            assert path.reason.endswith(".")
            assert path.titles[0] in path.reason
            assert path.titles[-1] in path.reason
    assert joined > 200


def test_her_leads_to_lost_in_translation(bundled: MemoryStore) -> None:
    paths = PathIndex.of_store(bundled).best(iri("film", "her-2013"), iri("film", "lost-in-translation-2003"))
    assert len({path.kind for path in paths[:3]}) == 3
    assert all(path.confirm(bundled) for path in paths)
    assert isinstance(paths[0].edges[0], Edge)


def test_the_rarest_films_between_are_looked_at(grown: MemoryStore) -> None:
    """A hundred films share a crowded technique with both ends, and come first by IRI; one shares what is rare."""
    crowd = "".join(
        f"use:a-{number:03} fg:film film:a-{number:03} ; fg:technique technique:crowd . film:a-{number:03} a fg:Film . "
        for number in range(100)
    )
    index = add(
        grown,
        crowd
        + "film:x a fg:Film ; fg:filmEditor person:rare . film:y a fg:Film ; schema:musicBy person:seldom . "
        + "film:z a fg:Film ; fg:filmEditor person:rare ; schema:musicBy person:seldom . "
        + "use:x fg:film film:x ; fg:technique technique:left . use:y fg:film film:y ; fg:technique technique:right . "
        + " ".join(
            f"use:{n} fg:film film:a-{n:03} ; fg:technique technique:left , technique:right ." for n in range(90)
        ),
    )
    paths = index.best(iri("film", "x"), iri("film", "y"), limit=3)
    assert [path.kind for path in paths] == ["via"] * 3
    assert paths[0].films[1] == iri("film", "z")
    assert all(path.confirm(grown) for path in paths)


def test_a_way_through_a_third_film_takes_the_best_path_on_either_side(bundled: MemoryStore) -> None:
    index = PathIndex.of_store(bundled)
    films = index.links.films
    others: tuple[str, ...] = tuple(kind for kind in KIND_WEIGHTS if kind != "genre")
    compared = 0
    for film, other in zip(films[::9], films[4::9], strict=False):
        ways = index.best(film, other, limit=100, kinds=["via"])
        assert {way.films[1] for way in ways} <= set(index.links.middles(film, other, 32))
        assert [(-way.score, way.films) for way in ways] == sorted((-way.score, way.films) for way in ways)
        # With a limit no more ways are made than are told.
        assert index.best(film, other, limit=3, kinds=["via"]) == ways[:3]
        for way in ways[:2]:
            here, there = (index.best(*pair, limit=1, kinds=others)[0] for pair in pairwise(way.films))
            assert way.edges == here.edges + there.edges
            assert way.score == round(0.5 * math.sqrt(here.score * there.score), 9)
            assert way.shared_by == max(here.shared_by, there.shared_by)
            compared += 1
    assert compared > 20


def test_films_in_order_meet_like_sets() -> None:
    table = Met(Listed([f"film-{number:03}" for number in range(60)]))
    sets = [FilmSet(table, np.arange(start, 60, step)) for start, step in ((0, 1), (1, 2), (0, 7), (59, 1), (60, 1))]
    for one, two in product(sets, sets):
        assert list(one & two) == sorted(set(one) & set(two))
        assert all((film in one) == (film in set(one)) for film in (*two, "film-999", 7))


def test_the_best_path_from_any_film_is_the_best_of_the_paths_from_each(bundled: MemoryStore) -> None:
    index = PathIndex.of_store(bundled)
    starts = [iri("film", slug) for slug in ("her-2013", "playtime-1967", "jaws-1975")]
    others = [film for film in index.links.films if film not in starts][::17]
    found = index.from_any(starts, others, limit=1)
    assert list(found) == others
    weak = ("sibling techniques", "genre", "via")
    for other in others:
        direct = [path for start in starts for path in index.best(start, other, limit=20) if path.kind not in weak]
        if direct:
            assert found[other][0].score == max(path.score for path in direct)
            assert found[other][0].reason
    assert index.from_any([], others[:2]) == {other: [] for other in others[:2]}
    assert index.from_any(starts, others[:1], limit=0) == {others[0]: []}
    assert all(path.films[0] != path.films[-1] for path in index.from_any(starts, starts[:1])[starts[0]])
