"""What anything in the graph is linked to: counted by hand, rare before common, bounded, no text on another."""

from __future__ import annotations

from itertools import pairwise

import pytest

from filmgraph.namespaces import KINDS, iri, slug_of
from filmgraph.pages.neighbourhood import (
    _LINKS,
    MOST_OF_A_KIND,
    MOST_SHOWN,
    Neighbourhood,
    neighbourhood_of,
)
from filmgraph.queries import with_prefixes
from filmgraph.stores import MemoryStore, Store


def linked(found: Neighbourhood) -> dict[str, list[str]]:
    return {ring.link: [slug_of(each.resource.iri) for each in ring.neighbours] for ring in found.rings}


def lines(found: Neighbourhood) -> list[tuple[float, float]]:
    """The place of every line of text in a drawing."""
    return [
        place
        for ring in found.rings
        for place in ((ring.x, ring.y), *((neighbour.x, neighbour.y) for neighbour in ring.neighbours))
    ]


def check(found: Neighbourhood) -> None:
    """What holds of every neighbourhood."""
    for side in (True, False):
        heights = sorted(y for x, y in lines(found) if (x > 0.5) is side)
        assert all(after - before >= 0.99 / found.rows for before, after in pairwise(heights))
    assert all(0 < x < 1 and 0 < y < 1 for x, y in lines(found))
    assert sum(len(ring.neighbours) for ring in found.rings) <= MOST_SHOWN
    for ring in found.rings:
        assert 1 <= len(ring.neighbours) <= MOST_OF_A_KIND
        counts = [neighbour.links for neighbour in ring.neighbours]
        assert counts == sorted(counts)
        assert counts[0] >= 1
        assert len({neighbour.resource.iri for neighbour in ring.neighbours} | {found.centre.iri}) == len(counts) + 1


def test_a_film_has_its_techniques_people_genre_and_country(store: Store) -> None:
    found = neighbourhood_of(store, iri("film", "alpha-2001"))
    links = linked(found)
    assert set(links["uses"]) == {"jump-cut", "close-up"}
    assert links["director"] == ["director-one"]
    assert {"genre", "country", "reviewed by"} <= links.keys()
    assert (found.centre.name, found.kind) == ("Alpha", "film")
    close_up = next(each for ring in found.rings for each in ring.neighbours if "close-up" in each.resource.iri)
    assert (close_up.resource.name, close_up.links, close_up.category.name) == ("Close-up", 2, "Cinematography")
    check(found)


def test_a_technique_has_its_kin_and_its_films(store: Store) -> None:
    links = linked(neighbourhood_of(store, iri("technique", "framing")))
    assert links["a kind of"] == ["cinematography"]
    assert set(links["has the kinds"]) == {"close-up", "wide-shot"}
    assert set(linked(neighbourhood_of(store, iri("technique", "jump-cut")))["used in"]) == {"alpha-2001", "delta-2014"}


def test_what_few_share_comes_before_what_many_share() -> None:
    with MemoryStore() as store:
        triples = "".join(
            f"use:f-{film}--{craft} fg:film film:f-{film} ; fg:technique technique:t-{craft} . "
            for craft in range(20)
            for film in range(20 - craft)
        )
        store.update(with_prefixes(f"INSERT DATA {{ {triples} }}"))
        found = neighbourhood_of(store, iri("film", "f-0"))
        (ring,) = found.rings
        assert [slug_of(each.resource.iri) for each in ring.neighbours] == [f"t-{craft}" for craft in range(19, 11, -1)]
        assert [each.links for each in ring.neighbours] == list(range(1, 9))
        assert (ring.more, ring.at_least, found.total) == (12, False, 20)
        check(found)
        assert len(neighbourhood_of(store, iri("film", "f-0"), most=3).rings[0].neighbours) == 3


def test_counting_ends_where_there_are_too_many() -> None:
    with MemoryStore() as store:
        films = " . ".join(f"film:f-{film} schema:genre genre:drama" for film in range(2_300))
        store.update(with_prefixes(f"INSERT DATA {{ {films} }}"))
        (ring,) = neighbourhood_of(store, iri("genre", "drama")).rings
        assert (len(ring.neighbours), ring.more, ring.at_least) == (8, 1_992, True)


def test_only_accepted_claims_link(tiny_files: tuple[str, ...]) -> None:
    with MemoryStore.of_files(tiny_files) as store:
        store.update(
            with_prefixes(
                "INSERT DATA { claim:x fg:status fg:Candidate ; fg:claimedIn review:x ; fg:aboutFilm film:alpha-2001 ; "
                "fg:comparesTo film:epsilon-2015 . claim:y fg:status fg:Accepted ; fg:claimedIn review:y ; "
                "fg:aboutFilm film:gamma-2003 ; fg:comparesTo film:epsilon-2015 }"
            )
        )
        assert linked(neighbourhood_of(store, iri("film", "epsilon-2015")))["critics compare to it"] == ["gamma-2003"]
        assert linked(neighbourhood_of(store, iri("film", "gamma-2003")))["critics compare it to"] == ["epsilon-2015"]


def test_every_kind_has_a_neighbourhood(bundled: MemoryStore) -> None:
    """The first of each kind that has one is linked to something, and most kinds are named."""
    seen = set()
    for kind in KINDS:
        rows = bundled.select(
            f'SELECT DISTINCT ?x WHERE {{ ?x ?p ?o FILTER(STRSTARTS(STR(?x), "{iri(kind, "")}")) }} ORDER BY ?x LIMIT 3'
        )
        for (resource,) in rows:
            found = neighbourhood_of(bundled, str(resource))
            assert found.rings, resource
            assert found.centre.name
            check(found)
            seen.add(kind)
    assert seen >= set(_LINKS)


def test_the_busiest_are_bounded(bundled: MemoryStore) -> None:
    for resource in (
        iri("technique", "animation"),
        iri("genre", "drama"),
        iri("country", "united-states"),
        iri("film", "toy-story-1995"),
        iri("organization", "filmgraph-editors"),
    ):
        found = neighbourhood_of(bundled, resource)
        check(found)
        assert found.total > MOST_SHOWN
        assert found.rows <= 30


def test_the_same_question_has_the_same_answer(store: Store, tiny_files: tuple[str, ...]) -> None:
    resource = iri("film", "beta-2002")
    with MemoryStore.of_files(tiny_files) as memory:
        assert neighbourhood_of(store, resource) == neighbourhood_of(memory, resource)


def test_what_is_linked_to_nothing_stands_alone() -> None:
    with MemoryStore() as store:
        store.update(with_prefixes('INSERT DATA { film:lone-2000 a fg:Film ; schema:name "Lone" }'))
        found = neighbourhood_of(store, iri("film", "lone-2000"))
        assert (found.rings, found.total, found.centre.name) == ((), 0, "Lone")


@pytest.mark.parametrize("most", [-1, 0, 1])
def test_at_least_one_of_each_kind_is_shown(store: Store, most: int) -> None:
    found = neighbourhood_of(store, iri("film", "alpha-2001"), most=most)
    assert all(len(ring.neighbours) == 1 for ring in found.rings)
    assert found.rings
