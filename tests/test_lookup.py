"""From what people write to what they mean, whatever they write."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

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
        ("silence", "concept", "technique/silence"),
        ("Spike Jonze", "person", "person/spike-jonze"),
        ("spike-jonze", "person", "person/spike-jonze"),
        ("Arcade Fire", "person", "organization/arcade-fire"),
        ("arcade-fire", "person", "organization/arcade-fire"),
        ("sound", "category", "category/sound"),
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
    ],
)
def test_did_you_mean(names: Store, text: str, kind: str, suggestion: str) -> None:
    with pytest.raises(NotFoundError, match="Did you mean") as caught:
        resolve(names, text, kind=kind)
    assert suggestion in caught.value.suggestions
    assert suggestion in str(caught.value)


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
    assert all(60 - 0.2 <= hit.score <= 100 for hit in hits)


def test_search_finds_the_nearest_first(names: Store) -> None:
    hits = search(names, "king kong")
    assert [hit.iri for hit in hits[:2]] == [BASE + "film/king-kong-1933", BASE + "film/king-kong-2005"]
    assert {hit.kind for hit in hits[:2]} == {"film"}
    (hit,) = search(names, "hors champ", kinds=["technique"], limit=1)
    assert (hit.iri, hit.name, hit.matched) == (BASE + "technique/off-screen-space", "Off-screen space", "hors-champ")
    assert search(names, "king kong", kinds=["person"]) == []
    assert search(names, "king kong", limit=0) == []
    assert search(names, "king kong", kinds=[]) == []


def test_search_is_the_same_each_time(names: Store) -> None:
    assert search(names, "s") == search(names, "s")
    scores = [(-hit.score, hit.iri) for hit in search(names, "silence")]
    assert scores == sorted(scores)


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
