"""The map of films by shared craft: islands that belong together, dots that do not touch, the same map every time."""

from __future__ import annotations

import math
import random
import subprocess
import sys
from itertools import combinations
from pathlib import Path

import pytest

from filmgraph.arrays import FilmTechniqueArrays
from filmgraph.namespaces import iri, slug_of
from filmgraph.pages.atlas import NEAREST, Atlas
from filmgraph.similarity import SimilarityIndex
from filmgraph.stores import MemoryStore, Store


def drawn(uses: list[tuple[str, str]], *, most: int = 2_000) -> Atlas:
    pairs = [(iri("film", film), iri("technique", technique)) for film, technique in uses]
    with MemoryStore() as store:
        return Atlas.of_store(store, SimilarityIndex(FilmTechniqueArrays.of_pairs(pairs, [])), most=most)


def scattered(films: int, *, techniques: int = 60) -> list[tuple[str, str]]:
    chance = random.Random(5)
    return [
        (f"f-{film}", f"t-{int(chance.paretovariate(0.8)) % techniques}")
        for film in range(films)
        for _ in range(chance.randint(1, 10))
    ]


def check(atlas: Atlas) -> None:
    """What holds of every map."""
    assert all(0 <= value <= 1 for dot in atlas.dots for value in (dot.x, dot.y))
    for one, two in combinations(atlas.dots, 2):
        assert math.dist((one.x, one.y), (two.x, two.y)) > 2 * atlas.radius, (one, two)
    for one, two in combinations(atlas.islands, 2):
        assert math.dist((one.x, one.y), (two.x, two.y)) > one.radius + two.radius, (one, two)
    for dot in atlas.dots:
        island = atlas.islands[dot.island]
        assert math.dist((dot.x, dot.y), (island.x, island.y)) <= island.radius
    assert [island.number for island in atlas.islands] == list(range(len(atlas.islands)))
    assert sum(island.films for island in atlas.islands) == len(atlas.dots)
    assert all(0 <= link.source < link.target < len(atlas.dots) for link in atlas.links)


@pytest.fixture(scope="module")
def bundled_atlas(bundled: MemoryStore) -> Atlas:
    return Atlas.of_store(bundled, SimilarityIndex(FilmTechniqueArrays.of_store(bundled)))


def test_every_film_with_a_technique_is_on_the_map_once(bundled: MemoryStore, bundled_atlas: Atlas) -> None:
    films = [dot.film.iri for dot in bundled_atlas.dots]
    assert sorted(films) == list(FilmTechniqueArrays.of_store(bundled).films)
    assert len(films) > 300
    check(bundled_atlas)
    her = bundled_atlas.dots[films.index(iri("film", "her-2013"))]
    assert (her.film.name, her.year) == ("Her", 2013)


def test_islands_are_few_and_each_is_marked_by_craft_that_is_rarer_elsewhere(
    bundled: MemoryStore, bundled_atlas: Atlas
) -> None:
    arrays = FilmTechniqueArrays.of_store(bundled)
    assert 6 <= len(bundled_atlas.islands) <= 30
    assert len({island.name for island in bundled_atlas.islands}) == len(bundled_atlas.islands)
    for island in bundled_atlas.islands:
        assert island.category.name
        for mark in island.marks:
            column = arrays.technique_at[mark.iri]
            inside = [dot for dot in bundled_atlas.dots if dot.island == island.number]
            having = sum(arrays.closeness[arrays.film_at[dot.film.iri], column] > 0 for dot in inside)
            assert having / len(inside) > arrays.df[column] / len(arrays.films)


def test_links_lead_to_the_most_alike_and_name_what_both_have(bundled: MemoryStore, bundled_atlas: Atlas) -> None:
    index = SimilarityIndex(FilmTechniqueArrays.of_store(bundled))
    at = {dot.film.iri: place for place, dot in enumerate(bundled_atlas.dots)}
    for film in ("her-2013", "playtime-1967", "jaws-1975"):
        place = at[iri("film", film)]
        links = bundled_atlas.nearest[place]
        ends = {link.source + link.target - place for link in links}
        assert {at[alike.film] for alike in index.similar(iri("film", film), limit=NEAREST)} <= ends
        assert [link.weight for link in links] == sorted((link.weight for link in links), reverse=True)
        for link in links:
            pair = [bundled_atlas.dots[end].film.iri for end in (link.source, link.target)]
            shared = index.shared_craft(*pair)
            assert link.weight == pytest.approx(index.score(*pair), abs=1e-4)
            best = next((craft for craft in shared if craft.direct), shared[0])
            assert link.technique.iri == best.technique


def test_alike_films_share_an_island() -> None:
    uses = [(f"{group}-{film}", f"{group}-{craft}") for group in "abc" for film in range(6) for craft in range(3)]
    atlas = drawn([*uses, *((f"{group}-0", "common") for group in "abc")])
    assert len(atlas.islands) == 3
    for island in atlas.islands:
        groups = {slug_of(dot.film.iri)[0] for dot in atlas.dots if dot.island == island.number}
        assert len(groups) == 1
        assert {slug_of(mark.iri)[0] for mark in island.marks} == groups
    check(atlas)


def test_films_like_no_others_lie_together() -> None:
    uses = [(f"a-{film}", "close-up") for film in range(4)]
    atlas = drawn([*uses, ("b-1", "match-cut"), ("c-1", "jump-cut")])
    assert [(island.films, island.name) for island in atlas.islands] == [(4, "close-up"), (2, "like no others")]
    assert {slug_of(dot.film.iri) for dot in atlas.dots if dot.island == 1} == {"b-1", "c-1"}
    check(atlas)


@pytest.mark.parametrize("films", [0, 1, 2, 3, 7, 150])
def test_a_map_of_any_size_keeps_its_dots_apart(films: int) -> None:
    atlas = drawn(scattered(films))
    assert len(atlas.dots) == films
    check(atlas)


def test_films_that_share_all_their_craft_are_told_apart() -> None:
    atlas = drawn([(f"f-{film}", "close-up") for film in range(40)])
    assert len(atlas.islands) >= 1
    check(atlas)


def test_a_map_is_bounded_and_says_what_it_leaves_out() -> None:
    uses = [*scattered(300), *((f"rich-{film}", f"t-{craft}") for film in range(3) for craft in range(30))]
    atlas = drawn(uses, most=50)
    assert (len(atlas.dots), atlas.left_out) == (50, 253)
    assert {"rich-0", "rich-1", "rich-2"} <= {slug_of(dot.film.iri) for dot in atlas.dots}
    check(atlas)
    assert drawn(uses, most=0) == Atlas((), (), (), 0.0, 303)


def test_the_tiny_graph_has_a_map_in_every_store(store: Store) -> None:
    atlas = Atlas.of_store(store, SimilarityIndex(FilmTechniqueArrays.of_store(store)))
    assert {dot.film.name for dot in atlas.dots} >= {"Alpha", "Beta", "Gamma", "Delta"}
    check(atlas)


def test_another_process_draws_the_same_map() -> None:
    code = (
        f"import sys; sys.path.insert(0, {str(Path(__file__).parent)!r}); import test_atlas; "
        "from hashlib import sha256; drawn = repr(test_atlas.drawn(test_atlas.scattered(120))); "
        "print(sha256(drawn.encode()).hexdigest())"
    )
    seen = {
        subprocess.run(
            [sys.executable, "-c", code],
            capture_output=True,
            text=True,
            check=True,
            env={"PYTHONHASHSEED": seed},
        ).stdout
        for seed in ("1", "2")
    }
    assert len(seen) == 1
