"""The weights of films and techniques, against numbers counted by hand and a dictionary that says the same."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from filmgraph.arrays import FilmTechniqueArrays, steps_up
from filmgraph.namespaces import FG, SKOS, iri, slug_of
from filmgraph.stores import MemoryStore, Store

Pairs = Sequence[tuple[str, str]]

ALPHA, BETA, GAMMA, DELTA, EPSILON = (
    iri("film", slug) for slug in ("alpha-2001", "beta-2002", "gamma-2003", "delta-2014", "epsilon-2015")
)


def technique(slug: str) -> str:
    return iri("technique", slug)


def naive_closeness(uses: Pairs, broader: Pairs) -> dict[str, dict[str, float]]:
    """Return 2^(−steps) by film and technique, found by walking every way up."""
    found: dict[str, dict[str, float]] = {}
    for film, start in uses:
        steps = {start: 0}
        ring = {start}
        while ring:
            ring = {high for low, high in broader if low in ring} - steps.keys()
            steps.update(dict.fromkeys(ring, max(steps.values()) + 1))
        for name, count in steps.items():
            of_film = found.setdefault(film, {})
            of_film[name] = max(of_film.get(name, 0.0), 0.5**count)
    return found


def naive_weights(uses: Pairs, broader: Pairs) -> dict[str, dict[str, float]]:
    """Return v(f, t) by film and technique."""
    closeness = naive_closeness(uses, broader)
    df: dict[str, int] = {}
    for near in closeness.values():
        for name in near:
            df[name] = df.get(name, 0) + 1
    return {
        film: {name: math.log(1 + len(closeness) / df[name]) * near for name, near in nears.items()}
        for film, nears in closeness.items()
    }


def as_dict(arrays: FilmTechniqueArrays, matrix: object) -> dict[str, dict[str, float]]:
    table = matrix.toarray()  # type: ignore[attr-defined]
    return {
        film: {name: table[row, column] for column, name in enumerate(arrays.techniques) if table[row, column]}
        for row, film in enumerate(arrays.films)
    }


def test_the_tiny_graph_has_the_counts_that_a_hand_finds(store: Store) -> None:
    arrays = FilmTechniqueArrays.of_store(store)
    assert arrays.films == (ALPHA, BETA, DELTA, EPSILON, GAMMA)
    assert dict(zip(map(slug_of, arrays.techniques), arrays.df.tolist(), strict=True)) == {
        "close-up": 2,
        "framing": 3,
        "jump-cut": 2,
        "match-cut": 1,
        "montage": 3,
        "silence": 1,
        "wide-shot": 1,
    }
    assert arrays.idf_of(technique("close-up")) == pytest.approx(math.log(1 + 5 / 2))
    assert arrays.idf_of(technique("framing")) == pytest.approx(math.log(1 + 5 / 3))
    assert arrays.idf_of(technique("silence")) == pytest.approx(math.log(6))
    assert arrays.idf_of(technique("unheard-of")) == 0.0


def test_a_weight_halves_with_each_step_up(store: Store) -> None:
    arrays = FilmTechniqueArrays.of_store(store)
    weights = as_dict(arrays, arrays.weights)
    assert {slug_of(name): value for name, value in weights[ALPHA].items()} == pytest.approx(
        {
            "close-up": math.log(3.5),
            "framing": 0.5 * math.log(1 + 5 / 3),
            "jump-cut": math.log(3.5),
            "montage": 0.5 * math.log(1 + 5 / 3),
        }
    )
    assert {slug_of(name) for name in weights[GAMMA]} == {"wide-shot", "framing"}


def test_categories_are_left_out(store: Store) -> None:
    assert not [name for name in FilmTechniqueArrays.of_store(store).techniques if "/category/" in name]


def test_a_use_of_a_category_is_no_use_of_a_technique() -> None:
    with MemoryStore() as store:
        store.update(
            f"INSERT DATA {{ <urn:c> a <{FG}Category> . <urn:t> a <{FG}Technique> ; <{SKOS}broader> <urn:c> . "
            f"<urn:u> <{FG}film> <urn:f> ; <{FG}technique> <urn:c> . "
            f"<urn:v> <{FG}film> <urn:g> ; <{FG}technique> <urn:t> }}"
        )
        arrays = FilmTechniqueArrays.of_store(store)
    assert (arrays.films, arrays.techniques) == (("urn:g",), ("urn:t",))


def test_a_broader_thing_that_is_no_technique_is_passed_over() -> None:
    with MemoryStore() as store:
        store.update(
            f"INSERT DATA {{ <urn:t> a <{FG}Technique> ; <{SKOS}broader> <urn:nobody> . "
            f"<urn:u> <{FG}film> <urn:f> ; <{FG}technique> <urn:t> }}"
        )
        assert FilmTechniqueArrays.of_store(store).techniques == ("urn:t",)


def test_a_film_without_a_use_is_in_no_row_and_counts_in_no_n() -> None:
    with MemoryStore() as store:
        store.update(
            f"INSERT DATA {{ <urn:idle> a <{FG}Film> . <urn:f> a <{FG}Film> . <urn:t> a <{FG}Technique> . "
            f"<urn:u> <{FG}film> <urn:f> ; <{FG}technique> <urn:t> }}"
        )
        arrays = FilmTechniqueArrays.of_store(store)
    assert arrays.films == ("urn:f",)
    assert arrays.idf_of("urn:t") == pytest.approx(math.log(2))


def test_of_two_ways_up_the_shorter_counts() -> None:
    arrays = FilmTechniqueArrays.of_pairs([("f", "a")], [("a", "b"), ("b", "c"), ("c", "d"), ("a", "d")])
    assert as_dict(arrays, arrays.closeness) == {"f": {"a": 1.0, "b": 0.5, "c": 0.25, "d": 0.5}}


def test_of_two_uses_the_nearer_counts() -> None:
    arrays = FilmTechniqueArrays.of_pairs([("f", "a"), ("f", "b")], [("a", "b"), ("b", "c")])
    assert as_dict(arrays, arrays.closeness) == {"f": {"a": 1.0, "b": 1.0, "c": 0.5}}


def test_one_technique_used_twice_counts_once() -> None:
    arrays = FilmTechniqueArrays.of_pairs([("f", "a"), ("f", "a"), ("g", "a")], [])
    assert arrays.used.toarray().tolist() == [[1.0], [1.0]]
    assert arrays.df.tolist() == [2]


def test_circles_end_and_lead_nowhere_new() -> None:
    assert steps_up([(1, 2), (2, 3), (3, 1)]) == {1: {2: 1, 3: 2}, 2: {3: 1, 1: 2}, 3: {1: 1, 2: 2}}
    assert steps_up([(1, 1)]) == {1: {}}
    arrays = FilmTechniqueArrays.of_pairs([("f", "a")], [("a", "b"), ("b", "a"), ("b", "b")])
    assert as_dict(arrays, arrays.closeness) == {"f": {"a": 1.0, "b": 0.5}}


def test_a_technique_that_no_film_uses_has_no_weight() -> None:
    arrays = FilmTechniqueArrays.of_pairs([("f", "a")], [("z", "y")])
    assert arrays.df.tolist() == [1, 0, 0]
    assert arrays.idf_of("y") == arrays.idf_of("z") == 0.0


def test_an_empty_graph_has_empty_arrays() -> None:
    with MemoryStore() as store:
        arrays = FilmTechniqueArrays.of_store(store)
    assert (arrays.films, arrays.techniques) == ((), ())
    assert arrays.weights.shape == arrays.unit.shape == (0, 0)
    assert arrays.df.tolist() == []
    assert arrays.idf.tolist() == []


def test_the_order_of_reading_does_not_matter() -> None:
    uses = [("g", "b"), ("f", "a"), ("f", "c")]
    broader = [("b", "p"), ("a", "p"), ("p", "q")]
    one = FilmTechniqueArrays.of_pairs(uses, broader)
    two = FilmTechniqueArrays.of_pairs(uses[::-1], broader[::-1])
    assert one.techniques == two.techniques
    assert np.array_equal(one.weights.toarray(), two.weights.toarray())


films = st.sampled_from(["f1", "f2", "f3", "f4", "f5"])
techniques = st.sampled_from(["a", "b", "c", "d", "e", "f"])


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(films, techniques), max_size=14), st.lists(st.tuples(techniques, techniques), max_size=8))
def test_arrays_agree_with_plain_dictionaries(uses: list[tuple[str, str]], broader: list[tuple[str, str]]) -> None:
    arrays = FilmTechniqueArrays.of_pairs(uses, broader)
    closeness, weights = naive_closeness(uses, broader), naive_weights(uses, broader)
    assert as_dict(arrays, arrays.closeness) == closeness
    assert arrays.films == tuple(sorted(closeness))
    found = as_dict(arrays, arrays.weights)
    assert {film: pytest.approx(values) for film, values in weights.items()} == found
    lengths = np.sqrt((arrays.unit.toarray() ** 2).sum(axis=1))
    assert lengths == pytest.approx(np.ones(len(arrays.films)))
