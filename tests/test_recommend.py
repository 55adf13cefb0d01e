"""What next, and why: scores by hand, dislikes that count, and PageRank as NetworkX computes it."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import networkx as nx
import pytest

from filmgraph.arrays import FilmTechniqueArrays, open_arrays
from filmgraph.errors import FilmgraphError, NotFoundError, QueryError
from filmgraph.namespaces import SCHEMA, iri
from filmgraph.paths import ArrayLinks, PathIndex
from filmgraph.queries import with_prefixes
from filmgraph.recommend import CRITICS, LINK_WEIGHTS, METHODS, OBJECTIONS, Recommendation, Recommender
from filmgraph.similarity import SimilarityIndex
from filmgraph.stores import MemoryStore, Store

ALPHA, BETA, GAMMA, DELTA, EPSILON = (
    iri("film", slug) for slug in ("alpha-2001", "beta-2002", "gamma-2003", "delta-2014", "epsilon-2015")
)


def recommender_of(store: Store) -> Recommender:
    arrays = open_arrays(store)
    return Recommender(SimilarityIndex(arrays.craft), PathIndex(ArrayLinks(arrays), store), lambda: arrays)


def scores(answers: Sequence[Recommendation]) -> dict[str, float]:
    return {answer.film: answer.score for answer in answers}


@pytest.fixture
def tiny(store: Store) -> Recommender:
    return recommender_of(store)


@pytest.fixture
def alike(store: Store) -> SimilarityIndex:
    return SimilarityIndex(FilmTechniqueArrays.of_store(store))


def grown(files: Sequence[Path], triples: str) -> Recommender:
    store = MemoryStore.of_files(files)
    store.update(with_prefixes(f"INSERT DATA {{ {triples} }}"))
    return recommender_of(store)


def test_craft_is_the_cosine_with_one_liked_film(tiny: Recommender) -> None:
    two, three, one = math.log(1 + 5 / 2), math.log(1 + 5 / 3), math.log(1 + 5)
    alpha = math.sqrt(2 * two**2 + 2 * (three / 2) ** 2)
    delta = math.sqrt(two**2 + (three / 2) ** 2)
    gamma = math.sqrt(one**2 + (three / 2) ** 2)
    found = tiny.recommend([ALPHA])
    assert [answer.film for answer in found] == [DELTA, BETA, GAMMA]
    assert found[0].score == pytest.approx((two**2 + (three / 2) ** 2) / (alpha * delta))
    assert found[2].score == pytest.approx((three / 2) ** 2 / (alpha * gamma))


def test_craft_is_the_mean_of_several_liked_films_less_half_that_of_disliked_ones(
    tiny: Recommender, alike: SimilarityIndex
) -> None:
    found = scores(tiny.recommend([ALPHA, GAMMA], disliked=[DELTA]))
    expected = (alike.score(ALPHA, BETA) + alike.score(GAMMA, BETA)) / 2 - 0.5 * alike.score(DELTA, BETA)
    assert found == {BETA: pytest.approx(expected)}


@pytest.mark.parametrize("method", METHODS)
def test_a_dislike_lowers_an_answer(tiny: Recommender, method: str) -> None:
    fond = scores(tiny.recommend([BETA, ALPHA], method=method))
    wary = scores(tiny.recommend([BETA], disliked=[ALPHA], method=method))
    assert wary.get(DELTA, 0.0) < fond[DELTA]


def test_the_craft_shared_with_a_disliked_film_stands_against_an_answer(tiny: Recommender) -> None:
    (answer,) = [answer for answer in tiny.recommend([DELTA], disliked=[BETA]) if answer.film == ALPHA]
    assert all(not free.against for free in tiny.recommend([DELTA]))
    assert [objection.technique for objection in answer.against] == [iri("technique", "close-up")]
    assert answer.score < scores(tiny.recommend([DELTA]))[ALPHA]


def test_a_disliked_film_can_push_an_answer_out(tiny: Recommender) -> None:
    """Gamma is like Alpha and Beta by framing alone; half of its likeness to Beta is more than none to Delta."""
    assert GAMMA in scores(tiny.recommend([ALPHA]))
    assert GAMMA not in scores(tiny.recommend([DELTA], disliked=[BETA]))


@pytest.mark.parametrize("method", METHODS)
def test_what_was_named_is_never_an_answer(tiny: Recommender, method: str) -> None:
    answers = scores(tiny.recommend([ALPHA, BETA], disliked=[DELTA], method=method))
    assert not answers.keys() & {ALPHA, BETA, DELTA}
    assert all(score > 0 for score in answers.values())


@pytest.mark.parametrize("method", METHODS)
def test_what_was_seen_is_never_an_answer_and_weighs_nothing(tiny: Recommender, method: str) -> None:
    before = tiny.recommend([ALPHA], method=method)
    seen = before[0].film
    after = tiny.recommend([ALPHA], seen=[seen, "urn:nobody"], method=method)
    assert [answer.film for answer in after] == [answer.film for answer in before[1:]]
    if method == "craft":
        assert after == before[1:]
    assert tiny.recommend([ALPHA], seen=[BETA, GAMMA, DELTA, EPSILON], method=method) == []


@pytest.mark.parametrize("method", METHODS)
def test_a_film_named_twice_counts_once(tiny: Recommender, method: str) -> None:
    once = tiny.recommend([BETA], disliked=[DELTA], method=method)
    assert tiny.recommend([BETA, BETA], disliked=[DELTA, DELTA], method=method) == once
    assert once


@pytest.mark.parametrize("method", METHODS)
def test_at_most_two_answers_share_a_director(tiny_files: Sequence[Path], method: str) -> None:
    triples = "".join(
        f'film:omega-{year} a fg:Film ; schema:name "Omega {year}" ; schema:director person:busy . '
        f"use:omega-{year} fg:film film:omega-{year} ; fg:technique technique:jump-cut . "
        for year in range(2030, 2036)
    )
    answers = grown(tiny_files, triples).recommend([DELTA], method=method, limit=10)
    omegas = [answer.film for answer in answers if "omega" in answer.film]
    assert omegas == [iri("film", "omega-2030"), iri("film", "omega-2031")]
    assert ALPHA in scores(answers)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("limit", [0, -1])
def test_a_limit_of_nothing_gives_nothing(tiny: Recommender, method: str, limit: int) -> None:
    assert tiny.recommend([ALPHA], method=method, limit=limit) == []


def test_an_unknown_method_is_refused(tiny: Recommender) -> None:
    with pytest.raises(NotFoundError, match=r"no method 'horoscope'.*Did you mean craft, pagerank"):
        tiny.recommend([ALPHA], method="horoscope")


@pytest.mark.parametrize("method", METHODS)
def test_a_film_cannot_be_liked_and_disliked(tiny: Recommender, method: str) -> None:
    with pytest.raises(QueryError) as caught:
        tiny.recommend([ALPHA, BETA], disliked=[GAMMA, BETA], method=method)
    assert str(caught.value) == "'Beta' is both liked and disliked: name it once"


def test_somebody_must_like_something(tiny: Recommender) -> None:
    with pytest.raises(FilmgraphError, match="at least one film that you like"):
        tiny.recommend([], disliked=[ALPHA])


def test_a_liked_film_that_the_graph_lacks_gives_nothing(tiny: Recommender) -> None:
    assert all(tiny.recommend(["urn:nobody"], method=method) == [] for method in METHODS)


def test_answers_come_with_reasons_that_the_graph_confirms(tiny: Recommender, store: Store) -> None:
    for answer in tiny.recommend([ALPHA, GAMMA], reasons=3, method="pagerank"):
        assert 1 <= len(answer.paths) <= 3
        assert answer.reason == answer.paths[0].reason
        assert answer.title in answer.reason
        assert all(path.confirm(store) and path.films[-1] == answer.film for path in answer.paths)
        path_scores = [path.score for path in answer.paths]
        assert path_scores == sorted(path_scores, reverse=True)
    assert [answer.paths for answer in tiny.recommend([ALPHA], reasons=0)] == [(), (), ()]
    assert tiny.recommend([ALPHA], reasons=0)[0].reason == ""


def test_no_two_reasons_lead_through_the_same_thing(bundled: MemoryStore) -> None:
    """Three films with one technique in common give one reason, from the film that has more in common."""
    recommender = recommender_of(bundled)
    liked = [iri("film", slug) for slug in ("her-2013", "playtime-1967", "stalker-1979", "jaws-1975", "vertigo-1958")]
    answers = recommender.recommend(liked, reasons=5, limit=20)
    assert len(answers) == 20
    for answer in answers:
        joints = [path.edges[0].target for path in answer.paths]
        assert len(joints) == len(set(joints))
        assert all(path.films[0] in liked and path.films[-1] == answer.film for path in answer.paths)
    assert max(len(answer.paths) for answer in answers) > 2


def test_many_likes_and_dislikes_keep_their_reasons_and_few_objections(bundled: MemoryStore) -> None:
    recommender = recommender_of(bundled)
    films = FilmTechniqueArrays.of_store(bundled).films
    answers = recommender.recommend(films[:300:2], disliked=films[1:300:2], limit=20)
    assert len(answers) > 5
    known = {*films[:300]}
    for answer in answers:
        assert answer.film not in known
        assert answer.paths
        assert answer.paths[0].confirm(bundled)
        assert len(answer.against) <= OBJECTIONS
        assert {objection.film for objection in answer.against} <= {*films[1:300:2]}
    assert max(len(answer.against) for answer in answers) == OBJECTIONS


def test_similar_lists_what_the_index_finds_with_reasons(tiny: Recommender, alike: SimilarityIndex) -> None:
    answers = tiny.similar(ALPHA)
    assert [(answer.film, answer.score) for answer in answers] == [
        (found.film, found.score) for found in alike.similar(ALPHA)
    ]
    assert answers[0].title == "Delta"
    assert answers[0].reason == "Alpha and Delta both use jump cut, as no other film here does."


def rarity_of_praise(paths: ArrayLinks, craft: str) -> float:
    """Return ln(1 + N / n), n counting the films that have a technique or those that are praised for it."""
    return math.log1p(paths.film_count / max(paths.df(craft), paths.praised(craft)))


def networkx_shares(store: Store, liked: Sequence[str]) -> dict[str, float]:
    """Return personalised PageRank of all films but the liked ones, as shares of the best, by NetworkX."""
    kept = open_arrays(store)
    paths, arrays = ArrayLinks(kept), kept.craft
    graph = nx.Graph()
    links = []
    for film, node, kind in paths.all():
        weight = LINK_WEIGHTS[kind] * paths.agreement(film, node, kind)
        weight *= {"technique": arrays.idf_of, "praise": lambda craft: rarity_of_praise(paths, craft)}.get(
            kind, lambda _: 1.0
        )(node)
        links.append((film, node, weight, kind in ("praise", "comparison")))

    def most(end: str) -> float:
        """How much of the critics' word counts at a film: a quarter of what else is known of it; 1 at a technique."""
        facts = sum(weight for film, _, weight, heard in links if film == end and not heard)
        critics = sum(weight for film, node, weight, heard in links if end in (film, node) and heard)
        return min(1.0, CRITICS * facts / critics) if facts else 1.0

    for film, node, weight, heard in links:
        if heard:
            weight *= min(most(film), most(node) if node in paths.films else 1.0)
        before = graph.get_edge_data(film, node, {"weight": 0.0})["weight"]
        graph.add_edge(film, node, weight=before + weight)
    personal = dict.fromkeys(liked, 1.0)
    ranks = nx.pagerank(graph, alpha=0.85, personalization=personal, weight="weight", tol=1e-15, max_iter=2000)
    films = {film: ranks[film] for film in paths.films if film in ranks and film not in liked}
    best = max(films.values())
    return {film: rank / best for film, rank in films.items()}


@pytest.mark.parametrize("liked", [[ALPHA], [BETA, EPSILON], [GAMMA]])
def test_pagerank_is_that_of_networkx_on_the_tiny_graph(store: Store, liked: list[str]) -> None:
    expected = networkx_shares(store, liked)
    found = scores(recommender_of(store).recommend(liked, method="pagerank", limit=100))
    assert found == pytest.approx({film: expected[film] for film in found}, abs=1e-8)
    assert found.keys() == {film for film, share in expected.items() if share > 1e-9}


@pytest.mark.parametrize("slugs", [["her-2013"], ["her-2013", "playtime-1967", "jaws-1975"]])
def test_pagerank_is_that_of_networkx_on_the_bundled_graph(bundled: MemoryStore, slugs: list[str]) -> None:
    liked = [iri("film", slug) for slug in slugs]
    expected = networkx_shares(bundled, liked)
    found = scores(recommender_of(bundled).recommend(liked, method="pagerank", limit=1000))
    assert len(found) >= 30
    assert found == pytest.approx({film: expected[film] for film in found}, abs=1e-8)


def test_pagerank_subtracts_half_the_walk_from_disliked_films(bundled: MemoryStore) -> None:
    recommender = recommender_of(bundled)
    liked, disliked = [iri("film", "her-2013")], [iri("film", "jaws-1975")]
    fond = recommender.recommend(liked, method="pagerank", limit=1000)
    wary = recommender.recommend(liked, disliked=disliked, method="pagerank", limit=1000)
    assert max(answer.score for answer in wary) == 1.0
    assert 0 < len(wary) < len(fond)


def test_pagerank_reaches_through_people_what_craft_cannot(tiny: Recommender) -> None:
    assert tiny.recommend([EPSILON]) == []
    found = tiny.recommend([EPSILON], method="pagerank")
    assert found[0].film == GAMMA
    assert found[0].score == 1.0
    assert found[0].reason == "Director Three is the director of both Epsilon and Gamma."


def test_pagerank_reaches_through_critics_what_craft_cannot(tiny_files: Sequence[Path]) -> None:
    recommender = grown(
        tiny_files,
        'film:zeta-2020 a fg:Film ; schema:name "Zeta" . claim:x fg:claimedIn review:x ; fg:status fg:Accepted ; '
        'fg:aboutFilm film:zeta-2020 ; fg:comparesTo film:epsilon-2015 ; fg:statement "Like the other." . '
        "claim:y fg:claimedIn review:y ; fg:status fg:Candidate ; fg:aboutFilm film:zeta-2020 ; "
        'fg:comparesTo film:alpha-2001 ; fg:statement "Perhaps."',
    )
    zeta = iri("film", "zeta-2020")
    assert recommender.recommend([zeta]) == []
    found = recommender.recommend([zeta], method="pagerank")
    assert found[0].film == EPSILON
    assert found[0].reason == "A critic compares Zeta and Epsilon."
    assert scores(found)[ALPHA] < 0.1


def test_links_by_critics_weigh_as_much_as_they_agree(store: Store) -> None:
    """Of Alpha's close-ups one critic of two is fond; five films, two with close-ups, which are praised in two."""
    paths, close_up = ArrayLinks(open_arrays(store)), iri("technique", "close-up")
    assert paths.agreement(ALPHA, close_up, "praise") == pytest.approx(0.0945, abs=1e-4)
    assert paths.agreement(BETA, close_up, "praise") == pytest.approx(0.2065, abs=1e-4)
    assert paths.agreement(ALPHA, BETA, "comparison") == paths.agreement(BETA, ALPHA, "comparison") == 0.5
    assert paths.agreement(ALPHA, close_up, "technique") == 1.0
    assert rarity_of_praise(paths, close_up) == pytest.approx(math.log(1 + 5 / 2))
    assert rarity_of_praise(paths, iri("technique", "montage")) == pytest.approx(math.log(1 + 5 / 3))


def test_what_critics_say_of_a_film_weighs_at_most_a_quarter_of_what_it_is(
    tiny_files: Sequence[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fifty critics praise twenty crafts of Alpha and Epsilon, which nothing else joins; a director made Gamma, too."""
    claims = "".join(
        f"claim:{film}--{craft}--{number} fg:claimedIn review:{film}--{number} ; fg:status fg:Accepted ; "
        f"fg:aboutFilm film:{film} ; fg:aboutTechnique technique:c-{craft} ; fg:stance fg:Praise . "
        for film in ("alpha-2001", "epsilon-2015")
        for craft in range(20)
        for number in range(50)
    )
    assert list(scores(grown(tiny_files, claims).recommend([EPSILON], method="pagerank")))[:2] == [GAMMA, ALPHA]
    monkeypatch.setattr("filmgraph.recommend.CRITICS", 100.0)
    found = scores(grown(tiny_files, claims).recommend([EPSILON], method="pagerank"))
    assert next(iter(found)) == ALPHA
    assert found[GAMMA] < 0.2


def test_genre_weighs_least(tiny_files: Sequence[Path]) -> None:
    assert min(LINK_WEIGHTS, key=lambda kind: LINK_WEIGHTS[kind]) == "genre"
    triples = 'film:zeta-2020 a fg:Film ; schema:name "Zeta" ; schema:genre genre:comedy , genre:drama ; '
    recommender = grown(tiny_files, triples + "schema:director person:director-three .")
    found = scores(recommender.recommend([iri("film", "zeta-2020")], method="pagerank"))
    assert set([*found][:2]) == {EPSILON, GAMMA}
    assert all(found[film] < 0.25 for film in (ALPHA, BETA, DELTA))


@pytest.mark.parametrize("method", METHODS)
def test_the_same_question_has_the_same_answer(bundled: MemoryStore, method: str) -> None:
    liked = [iri("film", "her-2013"), iri("film", "playtime-1967")]
    first, second = recommender_of(bundled), recommender_of(bundled)
    answers = first.recommend(liked, method=method)
    assert answers == first.recommend(liked, method=method) == second.recommend(liked, method=method)
    assert scores(answers) == scores(first.recommend(liked[::-1], method=method))
    directors = Counter(
        director
        for answer in answers
        for director in PathIndex.of_store(bundled).people(answer.film, SCHEMA + "director")
    )
    assert max(directors.values()) <= 2
