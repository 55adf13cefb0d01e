"""The pages of categories, genres and countries, two films side by side, any resource, and the data as a whole."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from filmgraph.errors import NotFoundError
from filmgraph.graph import FilmGraph, open_graph
from filmgraph.namespaces import FG, PREFIXES, iri
from filmgraph.pages import (
    Catalogue,
    Known,
    Named,
    ResourcePage,
    about_page,
    category_page,
    country_page,
    film_page,
    genre_page,
    person_page,
    plain_of,
    resource_page,
    review_page,
    technique_page,
)
from filmgraph.pages.resource import MOST_COUNTED
from filmgraph.queries import with_prefixes
from filmgraph.reception import Reception
from filmgraph.stores import MemoryStore, Store

DATA = Path(__file__).parent / "data"
ALPHA, BETA, DELTA, EPSILON = (iri("film", slug) for slug in ("alpha-2001", "beta-2002", "delta-2014", "epsilon-2015"))


@pytest.fixture
def grown() -> Iterator[MemoryStore]:
    with MemoryStore.of_files([DATA / "tiny.ttl"]) as memory:
        yield memory


@pytest.fixture
def graph() -> Iterator[FilmGraph]:
    with FilmGraph(MemoryStore.of_files([DATA / "tiny.ttl", DATA / "reception.ttl"])) as graph:
        yield graph


def add(store: Store, triples: str) -> None:
    store.update(with_prefixes(f"INSERT DATA {{ {triples} }}"))


# Categories, genres and countries.


def test_the_page_of_a_category(store: Store) -> None:
    page = category_page(store, iri("category", "editing"))
    assert (page.label, page.also_known_as, page.definition) == ("Editing", ("cutting",), "The craft of joining shots.")
    assert (page.techniques, page.uses, page.films, page.scope_note) == (3, 3, 3, None)
    assert [branch.term.name for branch in page.tree] == ["Montage"]
    assert [branch.term.name for branch in page.tree[0].narrower] == ["Jump cut", "Match cut"]
    assert [(top.film.title, [named.name for named in top.techniques]) for top in page.top] == [
        ("Alpha", ["Jump cut"]),
        ("Beta", ["Match cut"]),
        ("Delta", ["Jump cut"]),
    ]


def test_the_films_that_use_most_of_a_category_come_first(grown: MemoryStore) -> None:
    add(
        grown,
        "use:delta-2014--montage a fg:TechniqueUse ; fg:film film:delta-2014 ; fg:technique technique:montage ; "
        'fg:explanation "x" ; fg:scene scene:delta-2014--jump-cut--1',
    )
    page = category_page(grown, iri("category", "editing"), most=1)
    assert [(top.film.title, len(top.techniques)) for top in page.top] == [("Delta", 2)]
    assert page.films == 3


def test_what_is_no_category_has_no_such_page(store: Store) -> None:
    with pytest.raises(NotFoundError):
        category_page(store, iri("category", "smell"))


def test_the_page_of_a_genre_and_of_a_country(store: Store) -> None:
    page = genre_page(store, iri("genre", "drama"))
    assert (page.kind, page.label, page.also_known_as) == ("genre", "Drama", ("dramatic film",))
    assert page.definition == "Films of serious conflict between people."
    assert [(film.title, film.year) for film in page.films] == [("Alpha", 2001), ("Beta", 2002), ("Gamma", 2003)]
    assert [(decade, len(films)) for decade, films in page.by_decade] == [("2000s", 3)]
    # Framing is in all three, and in three of all five; montage in two of three, and in three of all five.
    assert [(found.technique.name, found.films, found.of, found.share_of_all) for found in page.typical] == [
        ("Framing", 3, 3, pytest.approx(3 / 5)),
        ("Close-up", 2, 3, pytest.approx(2 / 5)),
        ("Montage", 2, 3, pytest.approx(3 / 5)),
    ]
    japan = country_page(store, iri("country", "japan"))
    assert (japan.kind, japan.label, japan.definition) == ("country", "Japan", "")
    assert [film.title for film in japan.films] == ["Gamma", "Epsilon"]
    assert [decade for decade, _ in japan.by_decade] == ["2000s", "2010s"]
    assert japan.typical == ()


def test_a_film_without_a_year_stands_last_and_in_no_decade(grown: MemoryStore) -> None:
    add(grown, 'film:x-1 a fg:Film ; schema:name "X" ; schema:genre genre:comedy')
    page = genre_page(grown, iri("genre", "comedy"))
    assert [(decade, [film.title for film in films]) for decade, films in page.by_decade] == [
        ("2010s", ["Delta", "Epsilon"]),
        ("", ["X"]),
    ]


# Two films.


def test_two_films_side_by_side(graph: FilmGraph) -> None:
    page = graph.compare("Alpha", "Beta")
    assert (page.first, page.second) == (graph.film("Alpha"), graph.film("Beta"))
    assert page.likeness == pytest.approx(graph.similarity.score(ALPHA, BETA))
    assert [(category.name, one, two) for category, one, two in page.tally] == [
        ("Cinematography", 1, 1),
        ("Editing", 1, 1),
    ]
    assert [(label, [named.name for named in found]) for label, found in page.in_common] == [
        ("Cinematographer", ["Camera One"]),
        ("Genre", ["Drama"]),
        ("Country", ["France"]),
    ]
    (shared,) = page.shared
    assert (shared.technique.name, shared.category.name, shared.films) == ("Close-up", "Cinematography", 2)
    assert [use.film.name for use in (*shared.first, *shared.second)] == ["Alpha", "Beta"]
    assert shared.first[0].scenes
    assert shared.second[0].scenes
    assert 0 < shared.part < page.likeness
    assert [use.technique.name for use in page.only_first] == ["Jump cut"]
    assert [use.technique.name for use in page.only_second] == ["Match cut"]
    (near,) = page.near
    assert (near.first.technique.name, near.second.technique.name, near.common.name, near.steps) == (
        "Jump cut",
        "Match cut",
        "Montage",
        2,
    )
    assert page.paths == tuple(graph.path("Alpha", "Beta"))


def test_what_critics_say_of_both_is_of_the_same_concepts(graph: FilmGraph) -> None:
    page = graph.compare("Alpha", "Epsilon")
    theirs = {heard.about.name: heard.critics for heard in page.second.heard}
    assert [each.about.name for each in page.heard] == ["Silence"]
    assert page.heard[0].second == theirs["Silence"]
    assert (page.shared, page.likeness, page.near) == ((), 0.0, ())


def test_the_other_way_round_is_the_same(graph: FilmGraph) -> None:
    one, two = graph.compare("Alpha", "Delta"), graph.compare("Delta", "Alpha")
    assert one.likeness == two.likeness
    assert [(each.technique, each.first, each.second) for each in one.shared] == [
        (each.technique, each.second, each.first) for each in two.shared
    ]
    assert (one.only_first, one.only_second) == (two.only_second, two.only_first)
    assert one.tally == tuple((category, there, here) for category, here, there in two.tally)


def test_a_broader_technique_is_near_a_narrower_one(graph: FilmGraph) -> None:
    add(
        graph.store,
        "use:epsilon-2015--montage a fg:TechniqueUse ; fg:film film:epsilon-2015 ; fg:technique technique:montage ; "
        'fg:explanation "x" ; fg:scene scene:epsilon-2015--silence--1',
    )
    (near,) = graph.compare("Delta", "Epsilon").near
    assert (near.first.technique.name, near.second.technique.name) == ("Jump cut", "Montage")
    assert (near.common.name, near.steps) == ("Montage", 1)


def test_a_film_beside_itself_shares_all(graph: FilmGraph) -> None:
    page = graph.compare("Alpha", "Alpha")
    assert (page.likeness, page.only_first, page.near, page.paths) == (pytest.approx(1.0), (), (), ())
    assert sum(shared.part for shared in page.shared) <= 1.0


# Anything in the graph.


def values(page: ResourcePage) -> dict[str, list[str]]:
    return {each.name: [value.text for value in each.values] for each in page.properties}


def test_a_use_a_scene_a_claim_and_a_passage(store: Store) -> None:
    use = resource_page(store, iri("use", "alpha-2001--close-up"))
    assert (use.kind, use.label, use.film) == ("use", "Use: Close-up, Alpha", Named(ALPHA, "Alpha"))
    assert values(use)["technique"] == ["Close-up"]
    assert values(use)["was attributed to"] == ["The filmgraph editors"]
    assert (use.pointers, use.spoiler, use.replaced_by) == ((), False, None)
    scene = resource_page(store, iri("scene", "alpha-2001--close-up--1"))
    assert (scene.label, scene.film) == ("Scene: Alpha", Named(ALPHA, "Alpha"))
    assert [(pointer.name, [named.iri for named in pointer.resources], pointer.more) for pointer in scene.pointers] == [
        ("scene", [iri("use", "alpha-2001--close-up")], 0)
    ]
    claim = resource_page(store, iri("claim", "alpha-2001--critic-one--1"))
    assert (claim.label, claim.film) == ("Claim: Close-up, Alpha", Named(ALPHA, "Alpha"))
    passage = resource_page(store, iri("passage", "alpha-2001--critic-one--1"))
    assert passage.film == Named(ALPHA, "Alpha")
    assert [value.datatype for each in passage.properties if each.name == "start" for value in each.values] == [
        PREFIXES["xsd"] + "integer"
    ]
    activity = resource_page(store, PREFIXES["activity"] + "tiny-reading")
    assert (activity.label, activity.film) == ("A reading of the tiny reviews by machine", None)
    assert [(pointer.name, len(pointer.resources)) for pointer in activity.pointers] == [("was generated by", 1)]


def test_terms_bear_the_labels_of_the_ontology(bundled: MemoryStore) -> None:
    use = resource_page(bundled, iri("use", "her-2013--off-screen-space"))
    explanation = next(each for each in use.properties if each.iri == FG + "explanation")
    assert explanation.name == "explanation"
    assert explanation.definition.endswith(".")
    assert use.properties[0] == explanation
    assert [named.name for named in use.types] == ["technique use"]
    term = resource_page(bundled, FG + "Film")
    assert (term.label, term.kind) == ("film", None)
    films = next(pointer for pointer in term.pointers if pointer.name == "type")
    assert (len(films.resources), films.at_least) == (50, False)
    assert len(films.resources) + films.more > 300


def test_what_gives_away_an_ending_says_so(grown: MemoryStore) -> None:
    spoiler = resource_page(grown, iri("scene", "delta-2014--jump-cut--1"))
    assert spoiler.spoiler
    assert [each.name for each in spoiler.properties if each.gives_away] == ["description"]
    assert "speaker" not in str(plain_of(spoiler))
    assert "speaker" in str(plain_of(spoiler, spoilers=True))
    innocent = resource_page(grown, iri("scene", "alpha-2001--close-up--1"))
    assert not any(each.gives_away for each in innocent.properties)
    add(grown, "use:alpha-2001--close-up fg:spoiler true . claim:alpha-2001--critic-one--1 fg:spoiler true")
    assert resource_page(grown, iri("scene", "alpha-2001--close-up--1")).spoiler
    assert resource_page(grown, iri("passage", "alpha-2001--critic-one--1")).spoiler
    add(grown, 'claim:alpha-2001--critic-two--1 fg:spoiler "true"')
    assert not resource_page(grown, iri("claim", "alpha-2001--critic-two--1")).spoiler


def test_what_is_only_pointed_at_has_a_page_and_what_is_not_there_has_none(store: Store) -> None:
    page = resource_page(store, PREFIXES["wd"] + "Q1")
    assert (page.label, page.properties, page.types) == ("wd:Q1", (), ())
    assert [(pointer.name, [named.name for named in pointer.resources]) for pointer in page.pointers] == [
        ("same as", ["Alpha"])
    ]
    with pytest.raises(NotFoundError, match="nothing about use:x"):
        resource_page(store, iri("use", "x"))


@pytest.mark.parametrize("name", ["", "x", "urn:x> ?p ?o } #", "http://example.org/a b", "urn:\\u003E", "urn:\udcff"])
def test_an_address_that_is_none_is_refused(store: Store, name: str) -> None:
    with pytest.raises(NotFoundError):
        resource_page(store, name)


def test_a_page_is_bounded_however_much_there_is(grown: MemoryStore) -> None:
    many = " ".join(f'<urn:s{n}> <urn:p> aspect:x . aspect:x <urn:q> "{n:05}" .' for n in range(MOST_COUNTED + 10))
    add(grown, many)
    page = resource_page(grown, iri("aspect", "x"), most=7)
    (pointer,) = page.pointers
    assert (len(pointer.resources), pointer.more, pointer.at_least) == (7, MOST_COUNTED - 7, True)
    (quality,) = page.properties
    assert ([value.text for value in quality.values][:2], quality.more) == (["00000", "00001"], MOST_COUNTED + 3)


def test_hostile_values_are_told_as_what_they_are(grown: MemoryStore) -> None:
    add(
        grown,
        "aspect:x a <javascript:alert(1)> ; <javascript:alert(2)> <javascript:alert(3)> , <https://example.org/> , "
        '_:b , "<script>"@en-x-evil , "1"^^<javascript:alert(4)> , "zwei"@de , "two"@en ; '
        "dcterms:isReplacedBy aspect:y . _:c <urn:p> aspect:x",
    )
    page = resource_page(grown, iri("aspect", "x"))
    assert page.replaced_by == iri("aspect", "y")
    assert page.pointers == ()
    hostile = next(each for each in page.properties if each.iri == "javascript:alert(2)")
    assert {(value.text, value.iri, value.is_link) for value in hostile.values if value.iri} == {
        ("javascript:alert(3)", "javascript:alert(3)", False),
        ("https://example.org/", "https://example.org/", True),
    }
    assert {(value.text, value.language, value.datatype) for value in hostile.values if not value.iri} == {
        ("<script>", "en-x-evil", ""),
        ("1", "", "javascript:alert(4)"),
        ("zwei", "de", ""),
        ("two", "en", ""),
        ("(something without an address)", "", ""),
    }


# The data as a whole.


def test_the_page_about_the_data(graph: FilmGraph) -> None:
    page = graph.about()
    assert dict(page.counts) == graph.stats()
    assert dict(page.counts)["films"] == 5
    assert [(each.key, each.films, each.share) for each in page.decades] == [
        ("2000s", 3, pytest.approx(0.6)),
        ("2010s", 2, pytest.approx(0.4)),
    ]
    assert [(each.name, each.films, each.iri) for each in page.countries] == [
        ("France", 3, iri("country", "france")),
        ("Japan", 2, iri("country", "japan")),
    ]
    assert [(each.category.name, each.techniques, each.uses, each.films) for each in page.categories] == [
        ("Cinematography", 3, 3, 3),
        ("Editing", 3, 3, 3),
        ("Sound", 1, 1, 1),
    ]
    claims = [number for _, number in page.critics]
    assert claims == sorted(claims, reverse=True)
    assert all(number > 0 and named.name for named, number in (*page.critics, *page.publications))


def test_decades_without_a_film_are_shown_unless_a_year_is_a_mistake(grown: MemoryStore) -> None:
    add(grown, 'film:old-1970 a fg:Film ; schema:name "Old" ; fg:releaseYear 1970')
    assert [(each.key, each.films) for each in about_page(grown).decades] == [
        ("1970s", 1),
        ("1980s", 0),
        ("1990s", 0),
        ("2000s", 3),
        ("2010s", 2),
    ]
    add(grown, 'film:odd-9 a fg:Film ; schema:name "Odd" ; fg:releaseYear 999999999')
    assert len(about_page(grown).decades) == 4


def test_nothing_is_about_nothing() -> None:
    with MemoryStore() as store:
        page = about_page(store)
        assert set(dict(page.counts).values()) == {0}
        assert (page.decades, page.critics, page.films_with_claims) == ((), (), 0)


# What is known beforehand changes nothing.


def test_a_page_is_the_same_whatever_is_known_beforehand(bundled: MemoryStore) -> None:
    graph = FilmGraph(bundled)
    names, vocabulary, catalogue = graph.search_index.names, graph.vocabulary, graph.catalogue
    known, reception = Known(names, vocabulary), graph.reception
    for slug in ("her-2013", "coco-2017", "psycho-1960"):
        film = iri("film", slug)
        assert film_page(bundled, film, known=known) == film_page(bundled, film)
    for slug in ("close-up", "film-music", "framing"):
        technique = iri("technique", slug)
        assert technique_page(bundled, technique, known=known) == technique_page(bundled, technique)
    for person in (
        iri("person", "alfred-hitchcock"),
        iri("person", "daniel-davila"),
        iri("person", "john-lasseter"),
    ):
        assert person_page(bundled, person, known=known, catalogue=catalogue, reception=reception) == person_page(
            bundled, person
        )
    review = str(next(iter(bundled.select(f"SELECT ?r WHERE {{ ?r a <{FG}Review> }} ORDER BY ?r LIMIT 1")))[0])
    assert review_page(bundled, review, known=known) == review_page(bundled, review)


def test_a_publication_has_the_page_of_a_person(graph: FilmGraph) -> None:
    page = graph.person("Test Journal")
    assert (page.name, page.credits, page.signatures) == ("Test Journal", (), ())
    assert {claim.publication.name for claim in page.claims if claim.publication} == {"Test Journal"}
    catalogue, reception = Catalogue.of_store(graph.store), Reception(graph.store)
    assert person_page(graph.store, page.iri, catalogue=catalogue, reception=reception) == page


def test_a_graph_prepares_and_forgets_what_pages_share(graph: FilmGraph) -> None:
    before = [graph.film("Alpha"), graph.technique("Framing"), graph.person("Director One")]
    graph.prepare()
    assert [graph.film("Alpha"), graph.technique("Framing"), graph.person("Director One")] == before
    catalogue = graph.catalogue
    add_film = 'INSERT DATA { film:zeta-2020 a fg:Film ; schema:name "Zeta" ; schema:genre genre:drama }'
    graph.update(add_film)
    assert graph.catalogue is not catalogue
    assert [film.title for film in graph.genre("drama").films][-1] == "Zeta"
    assert graph.country("france").label == "France"
    assert graph.category("sound").films == 1
    assert graph.resource("use:alpha-2001--jump-cut").kind == "use"


def test_the_graph_can_be_held_in_memory() -> None:
    with open_graph(in_memory=True) as graph, open_graph() as compiled:
        assert isinstance(graph.store, MemoryStore)
        assert not graph.store.writable
        assert graph.film("Her") == compiled.film("Her")
        assert graph.store.name == compiled.store.name
