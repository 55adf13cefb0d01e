"""Films alike: numbers by hand, laws, and the same answers from the fast way as from the plain one."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from filmgraph.arrays import FilmTechniqueArrays
from filmgraph.errors import NotFoundError
from filmgraph.namespaces import iri, slug_of
from filmgraph.similarity import MEASURES, Alike, SharedCraft, SimilarityIndex, best_places
from filmgraph.stores import MemoryStore, Store

ALPHA, BETA, GAMMA, DELTA, EPSILON = (
    iri("film", slug) for slug in ("alpha-2001", "beta-2002", "gamma-2003", "delta-2014", "epsilon-2015")
)

# The weights of the tiny graph, N = 5: df of close-up and jump cut is 2, of framing and montage 3, of the rest 1.
TWO, THREE, ONE = math.log(1 + 5 / 2), math.log(1 + 5 / 3), math.log(1 + 5 / 1)
LENGTH_OF_ALPHA = math.sqrt(2 * TWO**2 + 2 * (THREE / 2) ** 2)
LENGTH_OF_BETA = math.sqrt(TWO**2 + ONE**2 + 2 * (THREE / 2) ** 2)
LENGTH_OF_GAMMA = math.sqrt(ONE**2 + (THREE / 2) ** 2)
LENGTH_OF_DELTA = math.sqrt(TWO**2 + (THREE / 2) ** 2)
COSINES = {
    (ALPHA, BETA): (TWO**2 + 2 * (THREE / 2) ** 2) / (LENGTH_OF_ALPHA * LENGTH_OF_BETA),
    (ALPHA, GAMMA): (THREE / 2) ** 2 / (LENGTH_OF_ALPHA * LENGTH_OF_GAMMA),
    (ALPHA, DELTA): (TWO**2 + (THREE / 2) ** 2) / (LENGTH_OF_ALPHA * LENGTH_OF_DELTA),
    (ALPHA, EPSILON): 0.0,
    (BETA, GAMMA): (THREE / 2) ** 2 / (LENGTH_OF_BETA * LENGTH_OF_GAMMA),
    (BETA, DELTA): (THREE / 2) ** 2 / (LENGTH_OF_BETA * LENGTH_OF_DELTA),
    (GAMMA, DELTA): 0.0,
}


@pytest.fixture
def tiny(store: Store) -> SimilarityIndex:
    return SimilarityIndex(FilmTechniqueArrays.of_store(store))


@pytest.mark.parametrize(("pair", "expected"), COSINES.items(), ids=lambda value: str(value)[-40:])
def test_cosines_of_the_tiny_graph(tiny: SimilarityIndex, pair: tuple[str, str], expected: float) -> None:
    assert tiny.score(*pair) == pytest.approx(expected, abs=1e-12)
    assert tiny.score(*pair) == tiny.score(*reversed(pair))


def test_the_films_most_like_alpha_stand_in_order(tiny: SimilarityIndex) -> None:
    assert [alike.film for alike in tiny.similar(ALPHA)] == [DELTA, BETA, GAMMA]
    assert [alike.film for alike in tiny.similar(ALPHA, limit=1)] == [DELTA]
    assert [alike.film for alike in tiny.similar(ALPHA, without=[DELTA])] == [BETA, GAMMA]


def test_jaccard_and_shared_count_used_techniques_only(tiny: SimilarityIndex) -> None:
    assert tiny.similar(ALPHA, measure="jaccard") == [Alike(DELTA, 0.5), Alike(BETA, pytest.approx(1 / 3))]
    assert tiny.similar(ALPHA, measure="shared") == [Alike(BETA, 1.0), Alike(DELTA, 1.0)]
    assert tiny.score(ALPHA, GAMMA, measure="jaccard") == 0.0


def test_a_film_is_like_itself_in_full(tiny: SimilarityIndex) -> None:
    for film in tiny.arrays.films:
        assert tiny.score(film, film) == 1.0
        assert tiny.score(film, film, measure="jaccard") == 1.0
        assert film not in [alike.film for alike in tiny.similar(film)]
    assert tiny.score(ALPHA, ALPHA, measure="shared") == 2.0


def test_shared_craft_tells_what_makes_two_films_alike(tiny: SimilarityIndex) -> None:
    shared = tiny.shared_craft(ALPHA, BETA)
    assert [(slug_of(craft.technique), craft.direct, craft.films) for craft in shared] == [
        ("close-up", True, 2),
        ("framing", False, 3),
        ("montage", False, 3),
    ]
    assert sum(craft.part for craft in shared) == pytest.approx(COSINES[ALPHA, BETA])
    assert tiny.shared_craft(ALPHA, EPSILON) == tiny.shared_craft(ALPHA, "urn:nobody") == []
    assert all(isinstance(craft, SharedCraft) for craft in shared)


def test_a_film_that_is_not_in_the_arrays_is_like_nothing(tiny: SimilarityIndex) -> None:
    assert tiny.similar("urn:nobody") == []
    assert tiny.score("urn:nobody", ALPHA) == tiny.score(ALPHA, "urn:nobody") == 0.0


@pytest.mark.parametrize("film", [ALPHA, "urn:nobody"])
def test_an_unknown_measure_is_refused_whatever_the_film(tiny: SimilarityIndex, film: str) -> None:
    with pytest.raises(NotFoundError, match=r"no measure 'taste'.*Did you mean cosine, jaccard, shared"):
        tiny.similar(film, measure="taste")


@pytest.mark.parametrize("measure", MEASURES)
@pytest.mark.parametrize("limit", [0, -1])
def test_a_limit_of_nothing_gives_nothing(tiny: SimilarityIndex, measure: str, limit: int) -> None:
    assert tiny.similar(ALPHA, limit=limit, measure=measure) == []


@pytest.mark.parametrize("limit", [0, -1])
def test_a_limit_of_nothing_gives_nothing_for_all_films_too(tiny: SimilarityIndex, limit: int) -> None:
    assert tiny.all_similar(limit=limit) == {film: [] for film in tiny.arrays.films}


def test_ties_stand_in_the_order_of_iris() -> None:
    index = SimilarityIndex(FilmTechniqueArrays.of_pairs([(film, "t") for film in "dbca"], []))
    assert [alike.film for alike in index.similar("c")] == ["a", "b", "d"]


def test_an_empty_graph_has_an_index() -> None:
    index = SimilarityIndex(FilmTechniqueArrays.of_pairs([], []))
    assert index.similar("urn:nobody") == []
    assert index.all_similar() == {}


@pytest.mark.parametrize("limit", [1, 3, 10])
def test_all_similar_equals_similar_where_most_films_tie(limit: int) -> None:
    """One hundred films in two crowds of exact ties, far more than all_similar keeps spare places for."""
    uses = [(f"film{number:03}", "crowd" if number < 60 else "other crowd") for number in range(100)]
    uses += [("film005", "rare"), ("film099", "rare"), ("film070", "crowd")]
    index = SimilarityIndex(FilmTechniqueArrays.of_pairs(uses, [("crowd", "top"), ("other crowd", "top")]))
    assert index.all_similar(limit=limit) == {film: index.similar(film, limit=limit) for film in index.arrays.films}


def test_all_similar_equals_similar_on_the_bundled_graph(bundled: MemoryStore) -> None:
    index = SimilarityIndex(FilmTechniqueArrays.of_store(bundled))
    assert len(index.arrays.films) >= 40
    assert index.all_similar(limit=5) == {film: index.similar(film, limit=5) for film in index.arrays.films}


def test_best_places_keeps_every_tie_in_order() -> None:
    scores = np.array([0.5, 0.0, 0.9, 0.5, -1.0] + [0.5] * 40)
    assert best_places(scores, 3) == [2, 0, 3]
    assert best_places(scores, 100) == [2, 0, 3, *range(5, 45)]
    assert best_places(np.zeros(4), 3) == []


films = st.sampled_from([f"f{number}" for number in range(7)])
techniques = st.sampled_from(list("abcdefg"))
links = st.tuples(techniques, techniques).filter(lambda pair: pair[0] < pair[1])


def naive_cosine(one: dict[str, float], two: dict[str, float]) -> float:
    product = sum(value * two.get(name, 0.0) for name, value in one.items())
    lengths = math.hypot(*one.values()) * math.hypot(*two.values())
    return product / lengths if lengths else 0.0


def naive_weights(
    uses: set[tuple[str, str]], broader: set[tuple[str, str]]
) -> tuple[dict[str, dict[str, float]], dict[str, set[str]]]:
    used: dict[str, set[str]] = {}
    near: dict[str, dict[str, float]] = {}
    for film, start in uses:
        used.setdefault(film, set()).add(start)
        ways = [(start, 1.0)]
        while ways:
            name, closeness = ways.pop()
            near.setdefault(film, {})[name] = max(near.get(film, {}).get(name, 0.0), closeness)
            ways += [(high, closeness / 2) for low, high in broader if low == name]
    df = {name: sum(name in row for row in near.values()) for row in near.values() for name in row}
    return {
        film: {name: value * math.log(1 + len(near) / df[name]) for name, value in row.items()}
        for film, row in near.items()
    }, used


@settings(max_examples=120, deadline=None)
@given(st.sets(st.tuples(films, techniques), max_size=20), st.sets(links, max_size=6))
def test_the_measures_keep_their_laws(uses: set[tuple[str, str]], broader: set[tuple[str, str]]) -> None:
    index = SimilarityIndex(FilmTechniqueArrays.of_pairs(sorted(uses), sorted(broader)))
    weights, used = naive_weights(uses, broader)
    for film in index.arrays.films:
        for other in index.arrays.films:
            cosine = index.score(film, other)
            assert 0.0 <= cosine <= 1.0
            assert cosine == index.score(other, film)
            assert cosine == pytest.approx(naive_cosine(weights[film], weights[other]), abs=1e-9)
            assert cosine == pytest.approx(sum(craft.part for craft in index.shared_craft(film, other)), abs=1e-9)
            common, union = len(used[film] & used[other]), len(used[film] | used[other])
            assert index.score(film, other, measure="shared") == common
            assert index.score(film, other, measure="jaccard") == pytest.approx(common / union)
        answer = index.similar(film, limit=3)
        assert answer == sorted(answer, key=lambda alike: (-alike.score, alike.film))
    assert index.all_similar(limit=3) == {film: index.similar(film, limit=3) for film in index.arrays.films}
