"""From what people write to what they mean, whatever they write."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from filmgraph.errors import AmbiguousNameError, NotFoundError
from filmgraph.lookup import labels_of, resolve, search
from filmgraph.namespaces import BASE, SPARQL_PREFIXES
from filmgraph.stores import MemoryStore, Store

GRAPH = """
INSERT DATA {
  film:her-2013 a fg:Film ; schema:name "Her" ; schema:alternateName "Ella"@es , "Она"@ru .
  film:amelie-2001 a fg:Film ; schema:name "Amélie" ;
    schema:alternateName "Le Fabuleux Destin d'Amélie Poulain"@fr .
  film:m-1931 a fg:Film ; schema:name "M" ; schema:alternateName "Mörder unter uns"@de .
  film:king-kong-1933 a fg:Film ; schema:name "King Kong" .
  film:king-kong-2005 a fg:Film ; schema:name "King Kong" .
  film:2001-a-space-odyssey-1968 a fg:Film ; schema:name "2001: A Space Odyssey" .
  film:blade-runner-2049-2017 a fg:Film ; schema:name "Blade Runner 2049" .
  film:eight-and-a-half-1963 a fg:Film ; schema:name "8½" .
  film:spirited-away-2001 a fg:Film ; schema:name "Spirited Away" ; schema:alternateName "千と千尋の神隠し"@ja .
  film:mad-max-fury-road-2015 a fg:Film ; schema:name "Mad Max: Fury Road" .
  film:up-2009 a fg:Film ; schema:name "Up" .
  film:brother-2-2000 a fg:Film ; schema:name "Brother 2" ; schema:alternateName "Брат 2"@ru .
  film:old-2000 dcterms:isReplacedBy film:newer-2001 .
  film:newer-2001 dcterms:isReplacedBy film:newest-2002 .
  film:newest-2002 a fg:Film ; schema:name "Newest" .
  film:round-2003 a fg:Film ; schema:name "Round" ; dcterms:isReplacedBy film:about-2004 .
  film:about-2004 a fg:Film ; schema:name "About" ; dcterms:isReplacedBy film:round-2003 .
  film:twice-2005 a fg:Film ; schema:name "Twice" ; dcterms:isReplacedBy film:once-2005 .
  film:once-2005 a fg:Film ; schema:name "Twice" .
  film:split-2006 dcterms:isReplacedBy film:her-2013 , film:m-1931 .
  technique:noise dcterms:isReplacedBy category:sound .
  technique:close-up a fg:Technique ; skos:prefLabel "Close-up"@en ; skos:altLabel "closeup"@en , "close shot"@en .
  person:stanley-kubrick a schema:Person ; schema:name "Stanley Kubrick" .
  person:hoyte-van-hoytema a schema:Person ; schema:name "Hoyte van Hoytema" .
  genre:science-fiction a fg:Genre ; skos:prefLabel "Science fiction"@en .
  film:tenet-2020 a fg:Film ; schema:name "The Silence" .
  technique:off-screen-space a fg:Technique ; skos:prefLabel "Off-screen space"@en ;
    skos:altLabel "hors-champ"@fr ; skos:hiddenLabel "offscreen space"@en .
  technique:silence a fg:Technique ; skos:prefLabel "Silence"@en .
  technique:score a fg:Technique ; skos:prefLabel "Score"@en ; skos:altLabel "music"@en .
  technique:song a fg:Technique ; skos:prefLabel "Song"@en ; skos:altLabel "music"@en .
  aspect:ending a fg:Aspect ; skos:prefLabel "Ending"@en .
  category:sound a fg:Category ; skos:prefLabel "Sound"@en .
  person:spike-jonze a schema:Person ; schema:name "Spike Jonze" .
  person:arcade-fire-butler a schema:Person ; schema:name "Win Butler" .
  organization:arcade-fire a schema:Organization ; schema:name "Arcade Fire" .
  genre:drama a fg:Genre ; skos:prefLabel "Drama"@en .
  use:her-2013--silence a fg:TechniqueUse ; fg:film film:her-2013 ; fg:technique technique:silence .
  film:her-2013 schema:sameAs wd:Q788822 .
}
"""


@pytest.fixture(scope="module")
def names() -> Iterator[Store]:
    with MemoryStore() as store:
        store.update(SPARQL_PREFIXES + GRAPH)
        yield store


@pytest.mark.parametrize(
    ("text", "kind", "path"),
    [
        ("her-2013", "film", "film/her-2013"),
        ("her-2013", None, "film/her-2013"),
        ("HER-2013", "film", "film/her-2013"),
        ("film:her-2013", "film", "film/her-2013"),
        ("film:her-2013", None, "film/her-2013"),
        ("FILM:Her-2013", "film", "film/her-2013"),
        (BASE + "film/her-2013", "film", "film/her-2013"),
        (BASE + "film/Her-2013", None, "film/her-2013"),
        ("Her", "film", "film/her-2013"),
        ("  hEr\n", "film", "film/her-2013"),
        ("Her 2013", "film", "film/her-2013"),
        ("Her (2013)", "film", "film/her-2013"),
        ("her, 2013", "film", "film/her-2013"),
        ("HER(2013)", None, "film/her-2013"),
        ("ella", "film", "film/her-2013"),
        ("Ella (2013)", "film", "film/her-2013"),
        ("ОНА", "film", "film/her-2013"),
        ("Она 2013", "film", "film/her-2013"),
        ("amelie", "film", "film/amelie-2001"),
        ("AMÉLIE", "film", "film/amelie-2001"),
        ("Ame\u0301lie", "film", "film/amelie-2001"),
        ("le fabuleux destin d’amelie poulain", "film", "film/amelie-2001"),
        ("m", "film", "film/m-1931"),
        ("M (1931)", "film", "film/m-1931"),
        ("morder unter uns", "film", "film/m-1931"),
        ("king kong 2005", "film", "film/king-kong-2005"),
        ("2001: a space odyssey", "film", "film/2001-a-space-odyssey-1968"),
        ("2001 A Space Odyssey (1968)", "film", "film/2001-a-space-odyssey-1968"),
        ("Blade Runner 2049", "film", "film/blade-runner-2049-2017"),
        ("Blade Runner 2049 (2017)", "film", "film/blade-runner-2049-2017"),
        ("8½", "film", "film/eight-and-a-half-1963"),
        ("千と千尋の神隠し", "film", "film/spirited-away-2001"),
        ("Off-Screen Space", "technique", "technique/off-screen-space"),
        ("off screen space", "concept", "technique/off-screen-space"),
        ("Hors-champ", "technique", "technique/off-screen-space"),
        ("offscreen space", None, "technique/off-screen-space"),
        ("ending", "concept", "aspect/ending"),
        ("Sound", "concept", "category/sound"),
        ("silence", "concept", "technique/silence"),
        ("Spike Jonze", "person", "person/spike-jonze"),
        ("spike-jonze", "person", "person/spike-jonze"),
        ("Arcade Fire", "person", "organization/arcade-fire"),
        ("arcade-fire", "person", "organization/arcade-fire"),
        ("sound", "category", "category/sound"),
        ("брат 2", "film", "film/brother-2-2000"),
        ("old-2000", "film", "film/newest-2002"),
        ("film:newer-2001", None, "film/newest-2002"),
        ("round-2003", "film", "film/round-2003"),
        ("Twice", "film", "film/once-2005"),
        ("her-2013--silence", "use", "use/her-2013--silence"),
        ("use:her-2013--silence", "use", "use/her-2013--silence"),
    ],
)
def test_what_is_meant(names: Store, text: str, kind: str | None, path: str) -> None:
    assert resolve(names, text, kind=kind) == BASE + path


def test_an_iri_from_elsewhere_is_known_where_it_is_named(names: Store) -> None:
    assert resolve(names, "wd:Q788822", kind="iri") == "http://www.wikidata.org/entity/Q788822"
    with pytest.raises(NotFoundError):
        resolve(names, "wd:Q1", kind="iri")
    with pytest.raises(NotFoundError):
        resolve(names, "wd:Q788822", kind="film")


@pytest.mark.parametrize(
    ("text", "kind", "suggestions"),
    [
        ("King Kong", "film", ("king-kong-1933", "king-kong-2005")),
        ("Music", "technique", ("score", "song")),
        ("music", "concept", ("technique:score", "technique:song")),
        ("split-2006", "film", ("her-2013", "m-1931")),
    ],
)
def test_what_is_ambiguous(names: Store, text: str, kind: str, suggestions: tuple[str, ...]) -> None:
    with pytest.raises(AmbiguousNameError, match="the name of 2 resources") as caught:
        resolve(names, text, kind=kind)
    assert caught.value.suggestions == suggestions


@pytest.mark.parametrize(
    ("text", "kind", "suggestion"),
    [
        ("Amelei", "film", "amelie-2001 (Amélie)"),
        ("Blade Runer 2049", "film", "blade-runner-2049-2017 (Blade Runner 2049)"),
        ("off-sreen space", "technique", "off-screen-space (Off-screen space)"),
        ("Spike Jones", "person", "spike-jonze (Spike Jonze)"),
        ("arcade fyre", "person", "arcade-fire (Arcade Fire)"),
        ("her-2014", "film", "her-2013 (Her)"),
        ("hre-2013", "film", "her-2013 (Her)"),
        ("film:her-2014", "film", "her-2013 (Her)"),
        ("Her (1999)", "film", "her-2013 (Her)"),
        ("King Kong (1976)", "film", "king-kong-2005 (King Kong)"),
        ("Mad Max", "film", "mad-max-fury-road-2015 (Mad Max: Fury Road)"),
        ("Kubrik", "person", "stanley-kubrick (Stanley Kubrick)"),
        ("closeup shott", "technique", "close-up (Close-up)"),
        ("silence", "film", "tenet-2020 (The Silence)"),
    ],
)
def test_did_you_mean(names: Store, text: str, kind: str, suggestion: str) -> None:
    with pytest.raises(NotFoundError, match="Did you mean") as caught:
        resolve(names, text, kind=kind)
    assert suggestion in caught.value.suggestions
    assert suggestion in str(caught.value)


@pytest.mark.parametrize(
    "text", ["nosuchfilm", "sicilian mafia", "him-2013", "xyzzy-0000", "Mad Men", "2013", "Upp", "N"]
)
def test_what_is_not_near_is_not_suggested(names: Store, text: str) -> None:
    with pytest.raises(NotFoundError) as caught:
        resolve(names, text, kind="film")
    assert caught.value.suggestions == ()


@pytest.mark.parametrize(
    ("text", "kind", "message"),
    [
        (
            "sound",
            "technique",
            "'sound' is a category, not a technique; its name is category:sound, and the query techniques-of-category "
            "category=sound lists its techniques.",
        ),
        ("ella", "concept", "'ella' is a film, not a technique, aspect or category; its name is film:her-2013."),
        ("sound", "person", "'sound' is a category, not a person; its name is category:sound."),
        ("ella", "technique", "'ella' is a film, not a technique; its name is film:her-2013."),
        ("ending", "film", "'ending' is an aspect, not a film; its name is aspect:ending."),
        ("film:her-2013", "organization", "'film:her-2013' is a film, not an organization; its name is film:her-2013."),
        ("noise", "technique", "'noise' is a category, not a technique; its name is category:sound, and"),
        ("old-2000", "person", "'old-2000' is a film, not a person; its name is film:newest-2002."),
        ("sound effects", "technique", "There is no technique 'sound effects' in this graph."),
    ],
)
def test_a_name_of_another_kind_is_said_to_be(names: Store, text: str, kind: str, message: str) -> None:
    with pytest.raises(NotFoundError) as caught:
        resolve(names, text, kind=kind)
    assert str(caught.value).startswith(message)


@pytest.mark.parametrize("kind", ["film", None])
@pytest.mark.parametrize("value", [None, 5, b"her-2013", ["her-2013"]])
def test_what_is_no_text_names_nothing(names: Store, value: Any, kind: str | None) -> None:
    with pytest.raises(NotFoundError, match="needs a slug, CURIE, IRI or label"):
        resolve(names, value, kind=kind)
    assert search(names, value) == []


def test_every_store_follows_replacements(empty_store: Store) -> None:
    empty_store.update(SPARQL_PREFIXES + "INSERT DATA { film:renamed-2000 dcterms:isReplacedBy film:now-2001 }")
    assert resolve(empty_store, "renamed-2000", kind="film") == BASE + "film/now-2001"


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Her (1999)", "film"),
        ("Her", "technique"),
        ("film:her-2013", "technique"),
        (BASE + "film/her-2013", "person"),
        ("Silence", "category"),
        ("Win Butler", "organization"),
        ("drama", "concept"),
        ("her-201", "use"),
        ("King Kong (1976)", "film"),
        ("20", "film"),
        ("2013", "film"),
    ],
)
def test_what_is_something_else(names: Store, text: str, kind: str) -> None:
    with pytest.raises(NotFoundError) as caught:
        resolve(names, text, kind=kind)
    assert type(caught.value) is NotFoundError


HOSTILE = [
    "",
    " \n\t ",
    "'",
    '"',
    '" } UNION { ?s ?p ?o',
    "her-2013> ?p ?o } #",
    "film:her-2013> ?p ?o } ; DROP ALL",
    "http://example.org/> ?p ?o } #",
    "http://example.org/a b",
    "http://[",
    "http://",
    "://",
    "javascript://%0aalert(1)",
    "http://example.org/\\u003E",
    "http://example.org/%zz",
    "http://example.org/\udcff",
    "\udcff\ud800",
    "\x00",
    "\x1b[31mHer\x07",
    "a\nb\r\nc\u2028d\x85e",
    "{}[]()|\\^$.*+?",
    "(" * 300,
    "a-" * 150,
    "💥" * 300,
    "x" * 10_000,
    "'" * 10_000,
    "(2013)",
    "2013 2013 2013",
    ":",
    "film:",
    "film:her-2013 ",
    "fg:",
    "%",
    "../../etc/passwd",
    "<script>alert(1)</script>",
]


@pytest.mark.parametrize("kind", ["film", "concept", "person", "iri", None])
@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_text_is_only_not_found(store: Store, text: str, kind: str | None) -> None:
    with pytest.raises(NotFoundError) as caught:
        resolve(store, text, kind=kind)
    message = str(caught.value)
    assert message == " ".join(message.split())
    assert message.isprintable()
    assert len(message) < 1000


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_text_can_be_searched_for(names: Store, text: str) -> None:
    hits = search(names, text)
    assert all(60 <= hit.score <= 100 for hit in hits)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Her", ["film/her-2013"]),
        ("her 2013", ["film/her-2013"]),
        ("hre-2013", ["film/her-2013"]),
        ("Amélie", ["film/amelie-2001"]),
        ("amelie poulain", ["film/amelie-2001"]),
        ("king kong", ["film/king-kong-1933", "film/king-kong-2005"]),
        ("king kong 1933", ["film/king-kong-1933", "film/king-kong-2005"]),
        ("king kong 1976", ["film/king-kong-1933", "film/king-kong-2005"]),
        ("2001", ["film/2001-a-space-odyssey-1968"]),
        ("2049", ["film/blade-runner-2049-2017"]),
        ("mad max", ["film/mad-max-fury-road-2015"]),
        ("the mad max", ["film/mad-max-fury-road-2015"]),
        ("silence", ["technique/silence", "film/tenet-2020"]),
        ("kubrick", ["person/stanley-kubrick"]),
        ("Kubrick, Stanley", ["person/stanley-kubrick"]),
        ("kubrik", ["person/stanley-kubrick"]),
        ("hoytma", ["person/hoyte-van-hoytema"]),
        ("closeup shott", ["technique/close-up"]),
        ("off screen", ["technique/off-screen-space"]),
        ("offscreenspace", ["technique/off-screen-space"]),
        ("blad runer", ["film/blade-runner-2049-2017"]),
        ("m", ["film/m-1931"]),
        ("up", ["film/up-2009"]),
        ("千と千尋の神隠", ["film/spirited-away-2001"]),
        ("space", ["technique/off-screen-space", "film/2001-a-space-odyssey-1968"]),
        ("sicilian mafia", []),
        ("space mafia", []),
        ("voyeurism", []),
        ("the", []),
        ("a", []),
        ("n", []),
        ("us", []),
        ("   ", []),
        ("?!", []),
        ("1999", []),
    ],
)
def test_search_finds_what_is_named_and_nothing_else(names: Store, text: str, found: list[str]) -> None:
    assert [hit.iri.removeprefix(BASE) for hit in search(names, text)] == found


def test_search_scores_by_how_much_of_a_label_is_named(names: Store) -> None:
    (exact,), (partly,), (mistyped,) = (search(names, text) for text in ("blade runner 2049", "runner", "runer"))
    assert exact.score == 100
    assert 80 <= partly.score < 99
    assert 60 <= mistyped.score < 80
    (other_year,) = search(names, "Her 1999")
    assert other_year.score == 80
    (hit,) = search(names, "hors champ", kinds=["technique"], limit=1)
    assert (hit.iri, hit.name, hit.matched) == (BASE + "technique/off-screen-space", "Off-screen space", "hors-champ")
    assert hit.kind == "technique"


def test_search_keeps_to_kinds_and_limits(names: Store) -> None:
    assert search(names, "king kong", kinds=["person"]) == []
    assert search(names, "king kong", kinds=[]) == []
    assert [len(search(names, "king kong", limit=limit)) for limit in (-1, 0, 1, 2)] == [0, 0, 1, 2]


def test_search_is_the_same_each_time(names: Store) -> None:
    assert search(names, "space") == search(names, "space")
    scores = [(-hit.score, hit.iri) for hit in search(names, "silence")]
    assert len(scores) == 2
    assert scores == sorted(scores)


@settings(max_examples=150, deadline=None)
@given(text=st.text(max_size=30) | st.text("aehimnprsu 0123", max_size=12))
def test_any_search_keeps_to_the_documented_scores(names: Store, text: str) -> None:
    hits = search(names, text)
    assert all(60 <= hit.score <= 100 for hit in hits)
    assert [(-hit.score, hit.iri) for hit in hits] == sorted((-hit.score, hit.iri) for hit in hits)
    assert not hits or (hits[0].score >= 80) == (hits[-1].score >= 80), "errors are forgiven only where all else fails"


def test_labels(names: Store) -> None:
    wanted = [BASE + "film/her-2013", BASE + "technique/silence", BASE + "use/her-2013--silence", BASE + "film/none"]
    assert list(labels_of(names, wanted).values()) != []
    assert labels_of(names, wanted) == {
        wanted[0]: "Her",
        wanted[1]: "Silence",
        wanted[2]: "her-2013--silence",
        wanted[3]: "none",
    }
    assert labels_of(names, []) == {}
