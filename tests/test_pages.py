"""The pages of films, techniques, people and reviews: counted by hand, and the same from every store."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from filmgraph.namespaces import PREFIXES, iri, slug_of
from filmgraph.pages import Match, Named, Scene, film_page, person_page, review_page, technique_page
from filmgraph.queries import with_prefixes
from filmgraph.reception import Reception
from filmgraph.stores import MemoryStore, Store
from filmgraph.voices import Tally

DATA = Path(__file__).parent / "data"

ALPHA, BETA, DELTA = (iri("film", slug) for slug in ("alpha-2001", "beta-2002", "delta-2014"))
HER = iri("film", "her-2013")


def names(items: Sequence[Named]) -> list[str]:
    return [item.name for item in items]


@pytest.fixture
def grown(tiny_files: Sequence[Path]) -> Iterator[MemoryStore]:
    """The tiny graph in memory, for a test to add to."""
    with MemoryStore.of_files(tiny_files) as memory:
        yield memory


def add(store: Store, triples: str) -> None:
    store.update(with_prefixes(f"INSERT DATA {{ {triples} }}"))


def test_the_page_of_a_film(store: Store) -> None:
    page = film_page(store, ALPHA)
    assert (page.title, page.year, page.runtime_minutes) == ("Alpha", 2001, 90)
    assert page.abstract.startswith("Alpha is a film that was never made")
    assert [(role, names(people)) for role, people in page.credits] == [
        ("Director", ["Director One"]),
        ("Cinematographer", ["Camera One"]),
        ("Editor", ["Editor One"]),
    ]
    assert (names(page.genres), names(page.countries)) == (["Drama"], ["France"])
    assert page.wikidata == "http://www.wikidata.org/entity/Q1"
    assert (page.imdb, page.other_titles) == (None, ())
    assert page.tally_line == "1 Cinematography · 1 Editing"
    assert [(use.technique.name, use.category.name) for use in page.uses] == [
        ("Close-up", "Cinematography"),
        ("Jump cut", "Editing"),
    ]


def test_a_use_tells_who_noticed_it(store: Store) -> None:
    close_up, jump_cut = film_page(store, ALPHA).uses
    assert [(claim.stance, claim.source) for claim in close_up.noticed] == [
        ("praise", "Critic One"),
        ("criticism", "Critic Two, Test Journal"),
    ]
    # Montage is broader than jump cut: who praises the one need not have noticed the other.
    assert jump_cut.noticed == ()
    assert [(about.name, tally.critics) for about, tally in jump_cut.at_large] == [("Montage", 1)]
    assert close_up.definition == "A shot that fills the picture with a face or a detail."
    assert (close_up.source, close_up.spoiler) == (None, False)


def test_claims_stand_in_the_order_of_the_text(store: Store) -> None:
    claims = film_page(store, ALPHA).claims
    assert [(slug_of(claim.iri), claim.passages) for claim in claims] == [
        ("alpha-2001--critic-one--1", ((10, 60),)),
        ("alpha-2001--critic-two--1", ((10, 60),)),
        ("alpha-2001--critic-two--2", ((110, 160),)),
    ]
    assert claims[0].compares_to == ("Beta",)
    assert claims[0].critic == Named(iri("person", "critic-one"), "Critic One")
    assert claims[1].publication == Named(iri("organization", "test-journal"), "Test Journal")


def heard_by_critics() -> MemoryStore:
    return MemoryStore.of_files([DATA / "tiny.ttl", DATA / "reception.ttl"])


def test_a_use_counts_the_critics_who_noticed_it() -> None:
    with heard_by_critics() as store:
        close_up, jump_cut = film_page(store, ALPHA).uses
        # Six critics on close-ups, one of whom praises and faults in two reviews; and one on framing, at large.
        assert close_up.critics == Tally(praise=3, criticism=1, mixed=1, observation=1)
        assert len(close_up.noticed) == 7
        assert [(about.name, tally) for about, tally in close_up.at_large] == [("Framing", Tally(praise=1))]
        # The praise of the editing as a whole notices no cut in particular, nor does that of the montage.
        assert jump_cut.critics == Tally()
        assert [(about.name, tally) for about, tally in jump_cut.at_large] == [("Montage", Tally(1, 1))]
        reception = Reception(store)
        for use in film_page(store, ALPHA).uses:
            (found,) = reception.agreement(ALPHA, use.technique.iri)
            assert use.critics == found.critics


def test_a_film_counts_critics_concept_by_concept_and_says_what_lacks_a_use() -> None:
    with heard_by_critics() as store:
        page = film_page(store, ALPHA)
        assert [(heard.about.name, heard.critics.critics, heard.lacks_use) for heard in page.heard] == [
            ("Close-up", 6, False),
            ("Silence", 4, True),
            ("Montage", 2, False),
            ("Story", 2, False),  # no craft, so nothing is lacking
            ("Editing", 1, False),  # Alpha uses a jump cut
            ("Framing", 1, False),
            ("Sound", 1, True),
        ]
        assert [heard.about.name for heard in page.heard if heard.lacks_use] == [
            each.about.name for each in Reception(store).todo(ALPHA)
        ]


def test_a_technique_counts_critics_film_by_film() -> None:
    with heard_by_critics() as store:
        page = technique_page(store, iri("technique", "silence"))
        assert [(heard.film.name, heard.critics, heard.lacks_use) for heard in page.heard] == [
            ("Alpha", Tally(praise=4), True),
            ("Epsilon", Tally(praise=3), False),
            ("Gamma", Tally(observation=1), True),
        ]
        assert [use.critics for use in page.uses] == [Tally(praise=3)]
        close_up = technique_page(store, iri("technique", "close-up"))
        # Beside the use the framing is told apart, as it is on the page of the film.
        assert [use.critics.praise for use in close_up.uses] == [3, 2]
        assert [[about.name for about, _ in use.at_large] for use in close_up.uses] == [["Framing"], []]
        assert [heard.critics.praise for heard in close_up.heard] == [3, 2]
        assert {claim.about.name for claim in close_up.claims} == {"Close-up"}


def test_a_review_of_two_critics_has_two_voices_and_an_unsigned_one_its_publication() -> None:
    with heard_by_critics() as store:
        (use,) = film_page(store, iri("film", "epsilon-2015")).uses
        assert sorted(slug_of(voice) for claim in use.noticed for voice in claim.voices) == [
            "critic-four",
            "critic-nine",
            "critic-three",
        ]
        silence = [claim for claim in film_page(store, ALPHA).claims if claim.about.name == "Silence"]
        assert len(silence) == 5
        assert {slug_of(voice) for claim in silence for voice in claim.voices} == {
            "critic-three",
            "critic-four",
            "test-journal",
            "alpha-2001--unsigned",
        }


def test_the_page_of_a_critic_tells_what_the_critic_values() -> None:
    with heard_by_critics() as store:
        page = person_page(store, iri("person", "critic-three"))
        assert list(page.values) == Reception(store).values("Critic Three")
        assert page.values
        assert person_page(store, iri("person", "director-one")).values == ()


def test_a_candidate_is_on_no_page(store: Store) -> None:
    assert film_page(store, DELTA).claims == ()
    assert film_page(store, DELTA).uses[0].noticed == ()
    assert technique_page(store, iri("technique", "jump-cut")).claims == ()
    assert review_page(store, iri("review", "delta-2014--critic-two")).claims == ()
    critic = person_page(store, iri("person", "critic-two"))
    assert {claim.film.name for claim in critic.claims} == {"Alpha"}


def test_scenes_that_spoil_are_marked(store: Store) -> None:
    (use,) = film_page(store, DELTA).uses
    assert [scene.spoiler for scene in use.scenes] == [True]
    assert not use.spoiler
    assert not any(scene.spoiler for use in film_page(store, ALPHA).uses for scene in use.scenes)


def test_a_use_that_spoils_and_the_times_of_a_scene_are_read(grown: MemoryStore) -> None:
    add(
        grown,
        "use:alpha-2001--close-up fg:spoiler true ; dcterms:source <urn:book> . "
        "scene:alpha-2001--close-up--1 fg:startOffset 61 ; fg:endOffset 95",
    )
    use = film_page(grown, ALPHA).uses[0]
    assert (use.spoiler, use.source) == (True, "urn:book")
    assert (use.scenes[0].start, use.scenes[0].end) == (61, 95)
    assert isinstance(use.scenes[0], Scene)


def test_the_page_of_a_technique_with_narrower_ones(store: Store) -> None:
    page = technique_page(store, iri("technique", "framing"))
    assert (page.label, page.also_known_as, page.category.name) == ("Framing", ("composition",), "Cinematography")
    assert names(page.broader) == ["Cinematography"]
    assert names(page.narrower) == ["Close-up", "Wide shot"]
    assert (page.related, page.scope_note) == ((), None)
    assert [(use.film.name, use.technique.name) for use in page.uses] == [
        ("Alpha", "Close-up"),
        ("Beta", "Close-up"),
        ("Gamma", "Wide shot"),
    ]
    assert [(claim.film.name, claim.stance) for claim in page.claims] == [
        ("Alpha", "praise"),
        ("Alpha", "criticism"),
        ("Beta", "praise"),
    ]


def test_the_page_of_a_technique_without_narrower_ones(store: Store) -> None:
    page = technique_page(store, iri("technique", "silence"))
    assert page.narrower == ()
    assert [use.film.name for use in page.uses] == ["Epsilon"]
    assert [(claim.film.name, claim.source) for claim in page.claims] == [("Gamma", "an unsigned review")]


def test_the_page_of_a_technique_names_its_counterparts_in_ada_nearest_first(store: Store) -> None:
    page = technique_page(store, iri("technique", "close-up"))
    assert [(match.relation, match.iri) for match in page.ada] == [
        ("close match", PREFIXES["adavalue"] + "FieldSize_closeup"),
        ("broad match", PREFIXES["adatype"] + "FieldSize"),
    ]
    assert technique_page(store, iri("technique", "silence")).ada == ()


def test_a_counterpart_elsewhere_is_not_shown_as_one_in_ada(store: Store) -> None:
    page = technique_page(store, iri("technique", "jump-cut"))
    assert page.ada == (Match("exact match", PREFIXES["adavalue"] + "MontageFigureMicro_jump_cut"),)


def test_the_page_of_a_director(store: Store) -> None:
    page = person_page(store, iri("person", "director-one"))
    assert [(credit.role, credit.film.name, credit.year) for credit in page.credits] == [
        ("Director", "Alpha", 2001),
        ("Director", "Delta", 2014),
    ]
    assert [(found.technique.name, found.films, found.of) for found in page.signatures] == [
        ("Jump cut", 2, 2),
        ("Montage", 2, 2),
    ]
    assert [(found.share, found.share_of_all) for found in page.signatures] == [
        (1.0, pytest.approx(2 / 5)),
        (1.0, pytest.approx(3 / 5)),
    ]
    assert page.claims == ()


def test_one_film_makes_no_signature(store: Store) -> None:
    assert person_page(store, iri("person", "director-two")).signatures == ()


def test_the_page_of_a_critic_and_of_a_publication(store: Store) -> None:
    critic = person_page(store, iri("person", "critic-one"))
    assert (critic.name, critic.credits, critic.signatures) == ("Critic One", (), ())
    assert [(claim.film.name, claim.about.name) for claim in critic.claims] == [
        ("Alpha", "Close-up"),
        ("Beta", "Close-up"),
    ]
    journal = person_page(store, iri("organization", "test-journal"))
    assert [claim.stance for claim in journal.claims] == ["criticism", "praise"]


def test_the_page_of_a_review(store: Store) -> None:
    page = review_page(store, iri("review", "alpha-2001--critic-two"))
    assert page.film == Named(ALPHA, "Alpha")
    assert (page.critic, page.publication) == (
        Named(iri("person", "critic-two"), "Critic Two"),
        Named(iri("organization", "test-journal"), "Test Journal"),
    )
    assert (page.title, page.date, page.url) == (None, None, None)
    assert [claim.about.name for claim in page.claims] == ["Close-up", "Montage"]
    unsigned = review_page(store, iri("review", "gamma-2003--unsigned"))
    assert (unsigned.critic, unsigned.publication) == (None, None)
    assert unsigned.claims[0].source == "an unsigned review"


def test_every_page_is_the_same_from_every_store(store: Store, tiny_files: Sequence[Path]) -> None:
    with MemoryStore.of_files(tiny_files) as memory:
        for make, kind in ((film_page, "film"), (technique_page, "technique"), (review_page, "review")):
            rows = memory.select(
                f"SELECT DISTINCT ?s WHERE {{ ?s ?p ?o FILTER(STRSTARTS(STR(?s), '{iri(kind, '')}')) }}"
            )
            assert len(rows) >= 5
            for (resource,) in rows:
                assert make(store, str(resource)) == make(memory, str(resource))


def test_labels_in_other_languages_neither_double_a_page_nor_displace_english(grown: MemoryStore) -> None:
    before = film_page(grown, ALPHA), person_page(grown, iri("person", "director-one"))
    add(
        grown,
        'technique:close-up skos:prefLabel "Aufnahme, nah"@de , "Arret"@fr ; skos:definition "Ein Bild."@de . '
        'technique:jump-cut skos:prefLabel "Achssprung"@de . technique:montage skos:prefLabel "Assemblage"@fr . '
        'category:editing skos:prefLabel "Coupe"@fr . category:cinematography skos:prefLabel "Bild"@de . '
        'genre:drama skos:prefLabel "Aaa"@la',
    )
    assert (film_page(grown, ALPHA), person_page(grown, iri("person", "director-one"))) == before
    page = technique_page(grown, iri("technique", "close-up"))
    assert (page.label, page.definition) == ("Close-up", "A shot that fills the picture with a face or a detail.")
    assert len(page.uses) == 2


def test_a_link_that_is_not_to_wikidata_is_not_shown_as_one(grown: MemoryStore) -> None:
    add(grown, "film:alpha-2001 schema:sameAs <http://example.org/alpha> . film:beta-2002 schema:sameAs <urn:beta>")
    assert film_page(grown, ALPHA).wikidata == "http://www.wikidata.org/entity/Q1"
    assert film_page(grown, BETA).wikidata is None


def test_passages_that_are_no_numbers_are_left_out(grown: MemoryStore) -> None:
    add(
        grown,
        'claim:alpha-2001--critic-one--1 fg:evidence passage:bad . passage:bad oa:start "here" ; oa:end "there"',
    )
    assert film_page(grown, ALPHA).claims[0].passages == ((10, 60),)


def test_a_technique_without_a_category_has_none_on_the_page(grown: MemoryStore) -> None:
    grown.update(with_prefixes("DELETE DATA { technique:montage skos:broader category:editing }"))
    assert technique_page(grown, iri("technique", "jump-cut")).category == Named("", "")
    assert len(film_page(grown, ALPHA).uses) == 2


def test_a_film_with_nothing_but_a_title_has_a_page(grown: MemoryStore) -> None:
    add(grown, 'film:bare-2020 a fg:Film ; schema:name "Bare" ; schema:alternateName "Nu"@fr , "Nackt"@de')
    page = film_page(grown, iri("film", "bare-2020"))
    assert (page.title, page.year, page.credits, page.uses, page.tally_line) == ("Bare", None, (), (), "")
    assert page.other_titles == (("Nackt", "de"), ("Nu", "fr"))


def test_her_has_its_tally_credits_and_reviews(bundled: MemoryStore) -> None:
    page = film_page(bundled, HER)
    assert page.tally_line == "2 Cinematography · 1 Editing · 1 Sound"
    credits = {role: names(people) for role, people in page.credits}
    assert credits["Director"] == ["Spike Jonze"]
    assert credits["Cinematographer"] == ["Hoyte van Hoytema"]
    assert credits["Editor"] == ["Eric Zumbrunnen", "Jeff Buchanan"]
    assert credits["Production designer"] == ["K. K. Barrett"]
    assert page.imdb == "https://www.imdb.com/title/tt1798709/"
    assert len({claim.review for claim in page.claims}) == 3
    assert len(page.claims) >= 24
    assert all(claim.passages and claim.statement for claim in page.claims)
    assert all(use.explanation and use.scenes for use in page.uses)


def test_off_screen_space_leads_to_her(bundled: MemoryStore) -> None:
    page = technique_page(bundled, iri("technique", "off-screen-space"))
    assert HER in [use.film.iri for use in page.uses]
    assert page.category.name == "Cinematography"
    assert len(page.uses) >= 2


def test_a_production_designer_has_a_page(bundled: MemoryStore) -> None:
    page = person_page(bundled, iri("person", "k-k-barrett"))
    assert page.name == "K. K. Barrett"
    assert ("Production designer", "Her") in [(credit.role, credit.film.name) for credit in page.credits]
    assert len(page.credits) >= 2


def test_every_bundled_film_has_a_full_page(bundled: MemoryStore) -> None:
    films = [str(film) for (film,) in bundled.select(with_prefixes("SELECT ?f WHERE { ?f a fg:Film } ORDER BY ?f"))]
    assert len(films) >= 41
    for film in films[::4]:
        page = film_page(bundled, film)
        assert len(page.uses) >= 4
        assert sum(count for _, count in page.tally) == len(page.uses)
        assert all(use.category.name and use.definition for use in page.uses)
