"""The index of all films: counted by hand, and by the laws that its numbers obey."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from filmgraph.errors import NotFoundError
from filmgraph.namespaces import PREFIXES, iri
from filmgraph.pages import FACETS, NARROWING, SORTS, Catalogue, Facet, film_page
from filmgraph.pages.columns import sort_title
from filmgraph.queries import with_prefixes
from filmgraph.stores import MemoryStore, Store

TINY = Path(__file__).parent / "data" / "tiny.ttl"


@pytest.fixture(scope="module")
def tiny() -> Iterator[Catalogue]:
    with MemoryStore.of_files([TINY]) as store:
        yield Catalogue.of_store(store)


@pytest.fixture(scope="module")
def whole(bundled: MemoryStore) -> Catalogue:
    return Catalogue.of_store(bundled)


@pytest.fixture
def grown() -> Iterator[MemoryStore]:
    with MemoryStore.of_files([TINY]) as memory:
        yield memory


def add(store: Store, triples: str) -> None:
    store.update(with_prefixes(f"INSERT DATA {{ {triples} }}"))


def titles(catalogue: Catalogue, **chosen: list[str]) -> list[str]:
    return [film.title for film in catalogue.select(chosen).films]


def numbers(facet: Facet) -> dict[str, int]:
    return {value.key: value.films for value in facet.values}


def test_everything_is_counted(store: Store) -> None:
    view = Catalogue.of_store(store).select()
    assert (view.total, view.of, view.page, view.pages) == (5, 5, 1, 1)
    assert [film.title for film in view.films] == ["Alpha", "Beta", "Delta", "Epsilon", "Gamma"]
    assert {facet.name: numbers(facet) for facet in view.facets} == {
        "decade": {"2000s": 3, "2010s": 2},
        "country": {"france": 3, "japan": 2},
        "genre": {"drama": 3, "comedy": 2},
        "category": {"cinematography": 3, "editing": 3, "sound": 1},
        # Framing is broader than close-up and wide shot, montage than jump cut and match cut.
        "technique": {
            "framing": 3,
            "montage": 3,
            "close-up": 2,
            "jump-cut": 2,
            "match-cut": 1,
            "silence": 1,
            "wide-shot": 1,
        },
        "director": {"director-one": 2, "director-three": 2, "director-two": 1},
    }
    assert [facet.label for facet in view.facets] == [name.capitalize() for name in FACETS]


def test_a_film_in_the_list_has_what_its_page_has(bundled: MemoryStore, whole: Catalogue) -> None:
    for slug in ("her-2013", "citizen-kane-1941", "finding-nemo-2003"):
        listed, page = whole.film(iri("film", slug)), film_page(bundled, iri("film", slug))
        assert listed is not None
        assert (listed.title, listed.year, listed.tally) == (page.title, page.year, page.tally)
        assert (listed.genres, listed.countries) == (page.genres, page.countries)
        assert listed.directors == dict(page.credits)["Director"]
        assert listed.techniques == len(page.uses)
    assert whole.film(iri("film", "no-such-film-1900")) is None


def test_facets_narrow_and_so_do_values_of_which_a_film_has_several(tiny: Catalogue) -> None:
    assert titles(tiny, genre=["drama"]) == ["Alpha", "Beta", "Gamma"]
    assert titles(tiny, genre=["drama"], country=["france"]) == ["Alpha", "Beta"]
    assert titles(tiny, technique=["montage"], decade=["2000s"]) == ["Alpha", "Beta"]
    assert titles(tiny, technique=["silence"]) == ["Epsilon"]
    assert titles(tiny, technique=["wide-shot"]) == ["Gamma"]
    assert titles(tiny, technique=["silence", "wide-shot"]) == []
    assert titles(tiny, technique=["montage", "framing"]) == sorted(
        {*titles(tiny, technique=["montage"])} & {*titles(tiny, technique=["framing"])}
    )


def test_one_of_several_decades_countries_or_directors_will_do(tiny: Catalogue) -> None:
    assert titles(tiny, country=["france", "japan"]) == ["Alpha", "Beta", "Delta", "Epsilon", "Gamma"]
    assert titles(tiny, country=["france", "japan"], genre=["comedy"]) == ["Delta", "Epsilon"]


def test_a_value_tells_what_it_would_leave_the_other_facets_as_they_are(tiny: Catalogue) -> None:
    view = tiny.select({"genre": ["drama"], "country": ["france"]})
    found = {facet.name: numbers(facet) for facet in view.facets}
    assert found["genre"] == {"drama": 2}  # No French drama is a comedy, too.
    assert found["country"] == {"france": 2, "japan": 1}  # Japanese dramas: Gamma
    assert found["decade"] == {"2000s": 2}
    assert [(facet.name, value.key) for facet, value in view.chosen] == [("country", "france"), ("genre", "drama")]


def test_what_no_film_has_is_told_and_leaves_nothing(tiny: Catalogue) -> None:
    view = tiny.select({"genre": ["comdy"]})
    assert (view.total, view.films) == (0, ())
    assert [(each.facet, each.value, each.suggestions) for each in view.unknown] == [("genre", "comdy", ("comedy",))]
    both = tiny.select({"genre": ["comdy", "drama"]})
    assert (both.total, len(both.unknown)) == (0, 1)
    either = tiny.select({"country": ["frnce", "japan"]})
    assert (either.total, len(either.unknown)) == (tiny.select({"country": ["japan"]}).total, 1)
    assert tiny.select({"decade": ["2000"]}).total == 3
    assert tiny.select({"genre": []}).total == 5


@pytest.mark.parametrize("key", ["drama", "genre:drama", iri("genre", "drama")])
def test_a_value_is_named_by_slug_curie_or_iri(tiny: Catalogue, key: str) -> None:
    assert tiny.select({"genre": [key, "drama"]}).total == 3


def test_an_unknown_facet_or_order_is_refused(tiny: Catalogue) -> None:
    with pytest.raises(NotFoundError, match="no facet 'colour'"):
        tiny.select({"colour": ["red"]})
    with pytest.raises(NotFoundError, match="no order 'best'"):
        tiny.select(sort="best")


def test_orders(tiny: Catalogue) -> None:
    order = {sort: [film.title for film in tiny.select(sort=sort).films] for sort in SORTS}
    assert order == {
        "title": ["Alpha", "Beta", "Delta", "Epsilon", "Gamma"],
        "year": ["Alpha", "Beta", "Gamma", "Delta", "Epsilon"],
        "newest": ["Epsilon", "Delta", "Gamma", "Beta", "Alpha"],
        "techniques": ["Alpha", "Beta", "Delta", "Epsilon", "Gamma"],
    }


def test_pages_are_cut_to_what_there_is(tiny: Catalogue) -> None:
    second = tiny.select(size=2, page=2)
    assert ([film.title for film in second.films], second.page, second.pages) == (["Delta", "Epsilon"], 2, 3)
    assert tiny.select(size=2, page=99).page == 3
    assert tiny.select(size=2, page=-1).page == 1
    assert len(tiny.select(size=None).films) == 5
    assert tiny.select({"genre": ["x"]}, size=None).pages == 1


def test_titles_are_found_by_how_their_words_begin(grown: MemoryStore) -> None:
    add(
        grown,
        'film:piano-1993 a fg:Film ; schema:name "The Piano" ; fg:releaseYear 1993 . '
        'film:eclisse-1962 a fg:Film ; schema:name "L’Eclisse" ; '
        'schema:alternateName "The Eclipse"@en , "Затмение"@ru . '
        'film:sign-2000 a fg:Film ; schema:name "?" . film:bare-2001 a fg:Film',
    )
    catalogue = Catalogue.of_store(grown)

    def found(text: str) -> list[str]:
        return [film.title for film in catalogue.select(text=text).films]

    assert found("pia") == found("PIANO the") == found("piano 1993") == ["The Piano"]
    assert found("éclip") == found("затм") == ["L’Eclisse"]
    assert found("?") == ["?"]
    assert found("bare-2001") == ["bare-2001"]
    assert found("iano") == []
    assert found("alpha beta") == []
    assert found("x" * 5000) == found("\udcff") == []
    assert catalogue.select(text="  ").total == 9
    # Without its article The Piano stands between L’Eclisse and nothing; films without a year come last by year.
    assert [film.title for film in catalogue.select().films][-4:] == ["L’Eclisse", "Epsilon", "Gamma", "The Piano"]
    assert [film.year for film in catalogue.select(sort="year").films][-3:] == [None] * 3
    assert [film.year for film in catalogue.select(sort="newest").films][-3:] == [None] * 3


def test_articles_do_not_count_in_the_order() -> None:
    assert [sort_title(title) for title in ("The The", "Das Boot", "M", "8½", "L'Atalante")] == [
        "the",
        "boot",
        "m",
        "8 1 2",
        "atalante",
    ]


def test_a_facet_shows_the_most_frequent_values_and_those_chosen(tiny: Catalogue) -> None:
    technique = next(facet for facet in tiny.select(most=2).facets if facet.name == "technique")
    assert [value.key for value in technique.values] == ["framing", "montage"]
    assert technique.more == 5
    country = next(facet for facet in tiny.select({"country": ["japan"]}, most=1).facets if facet.name == "country")
    assert [(value.key, value.chosen) for value in country.values] == [("france", False), ("japan", True)]
    # A chosen value stays, even where nothing of it is left.
    none = tiny.select({"technique": ["silence"], "country": ["france"]})
    assert next(value.films for facet, value in none.chosen if facet.name == "technique") == 0


def test_hostile_films_are_films_like_others(grown: MemoryStore) -> None:
    add(
        grown,
        '_:b a fg:Film ; schema:name "Nameless" . '
        'film:odd-1 a fg:Film ; schema:name "<script>"@de , "Odd"@en ; fg:releaseYear "soon" , true , '
        "99999999999999999999999999 , -1 ; schema:genre <javascript:alert(1)> , <http://example.org/genre/drama> , "
        '_:g , "drama" ; schema:director organization:test-journal , person:director-one . '
        'use:odd-1--x a fg:TechniqueUse ; fg:film film:odd-1 ; fg:technique <urn:x> ; fg:explanation "x" . '
        "use:odd-1--y a fg:TechniqueUse ; fg:film <urn:no-film> ; fg:technique technique:silence",
    )
    catalogue = Catalogue.of_store(grown)
    assert len(catalogue) == 6
    odd = catalogue.film(iri("film", "odd-1"))
    assert odd is not None
    assert (odd.title, odd.year, odd.techniques) == ("Odd", -1, 1)
    assert titles(catalogue, genre=["javascript:alert(1)"]) == ["Odd"]
    assert titles(catalogue, director=["organization:test-journal"]) == ["Odd"]
    assert titles(catalogue, genre=["drama"]) == ["Alpha", "Beta", "Gamma"]
    assert titles(catalogue, technique=["silence"]) == ["Epsilon"]
    view = catalogue.select({"genre": ["http://example.org/genre/drama"]})
    assert numbers(view.facets[0]) == {"-10s": 1}


def test_no_film_at_all() -> None:
    with MemoryStore() as store:
        view = Catalogue.of_store(store).select({"genre": ["drama"]}, text="x")
        assert (view.total, view.pages, view.films) == (0, 1, ())
        assert all(facet.values == () for facet in view.facets)


def test_the_slug_of_a_director_is_what_stands_in_the_address(whole: Catalogue) -> None:
    view = whole.select({"director": ["spike-jonze"]})
    assert [film.title for film in view.films] == ["Being John Malkovich", "Her"]
    assert view.chosen[0][1].iri == PREFIXES["person"] + "spike-jonze"


def keys_of(catalogue: Catalogue, choices: dict[str, list[int]]) -> dict[str, list[str]]:
    """Return the keys of the values at some places of facets."""
    keys = {facet: [value.key for value in catalogue.shares(facet)] for facet in FACETS}
    return {facet: [keys[facet][place % len(keys[facet])] for place in places] for facet, places in choices.items()}


CHOICES = st.dictionaries(st.sampled_from(FACETS), st.lists(st.integers(0, 400), max_size=3), max_size=3)


@settings(max_examples=40, deadline=None)
@given(choices=CHOICES, text=st.sampled_from(["", "the", "a b", "h"]), name=st.sampled_from(FACETS), at=st.integers(0))
def test_a_number_beside_a_value_is_the_size_of_the_view_with_it(
    whole: Catalogue, choices: dict[str, list[int]], text: str, name: str, at: int
) -> None:
    shares = {facet: [value.key for value in whole.shares(facet)] for facet in FACETS}
    chosen = {
        facet: [shares[facet][place % len(shares[facet])] for place in places] for facet, places in choices.items()
    }
    view = whole.select(chosen, text=text)
    facet = next(facet for facet in view.facets if facet.name == name)
    if not facet.values:
        assert view.total == 0
        return
    value = facet.values[at % len(facet.values)]
    others = chosen.get(name, []) if name in NARROWING else []
    assert whole.select({**chosen, name: [*others, value.key]}, text=text).total == value.films
    assert view.total == len(whole.select(chosen, text=text, size=None).films)


@settings(max_examples=40, deadline=None)
@given(choices=CHOICES, sort=st.sampled_from(SORTS), size=st.integers(1, 60))
def test_pages_hold_each_film_once(whole: Catalogue, choices: dict[str, list[int]], sort: str, size: int) -> None:
    shares = {facet: [value.key for value in whole.shares(facet)] for facet in FACETS}
    chosen = {
        facet: [shares[facet][place % len(shares[facet])] for place in places] for facet, places in choices.items()
    }
    whole_list = [film.iri for film in whole.select(chosen, sort=sort, size=None).films]
    pages = whole.select(chosen, sort=sort, size=size).pages
    paged = [
        film.iri for page in range(1, pages + 1) for film in whole.select(chosen, sort=sort, size=size, page=page).films
    ]
    assert paged == whole_list
    assert len(set(paged)) == len(paged)
