"""The graph is as broad and as deep as it was promised to be: asked of the graph, with the gaps told by name."""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path

import pytest

from filmgraph.namespaces import FG, SKOS, SPARQL_PREFIXES, iri, slug_of
from filmgraph.queries import QueryLibrary
from filmgraph.stores import MemoryStore
from filmgraph.workspace import Workspace

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "docs"))

import coverage  # noqa: E402

WORKSPACE = Workspace.find()
LIBRARY = QueryLibrary(WORKSPACE.queries)
WOMEN = coverage.women()
"""Directors who are women, by slug. The graph does not hold anybody's gender, so that this list says it."""

REVIEWED_LATER = (
    "toy-story-1995",
    "a-bug-s-life-1998",
    "toy-story-2-1999",
    "monsters-inc-2001",
    "finding-nemo-2003",
    "the-incredibles-2004",
    "cars-2006",
    "ratatouille-2007",
    "wall-e-2008",
    "up-2009",
    "toy-story-3-2010",
    "cars-2-2011",
    "brave-2012",
    "monsters-university-2013",
    "inside-out-2015",
    "the-good-dinosaur-2015",
    "finding-dory-2016",
    "cars-3-2017",
    "coco-2017",
    "incredibles-2-2018",
    "toy-story-4-2019",
    "onward-2020",
    "soul-2020",
    "luca-2021",
    "lightyear-2022",
    "turning-red-2022",
    "elemental-2023",
    "inside-out-2-2024",
)
"""The films of one studio of which many critics' reviews are at hand."""


@pytest.fixture(scope="module")
def graph() -> MemoryStore:
    return MemoryStore.of_files(WORKSPACE.graph_files)


def asked(graph: MemoryStore, query: str) -> list[tuple[str, ...]]:
    """Return the rows of a query, resources by their slugs."""
    return [tuple(slug_of(str(value)) for value in row) for row in graph.select(SPARQL_PREFIXES + query)]


def count(graph: MemoryStore, pattern: str) -> int:
    return int(asked(graph, f"SELECT (COUNT(DISTINCT ?x) AS ?n) WHERE {{ {pattern} }}")[0][0])


# Breadth.


def test_films_and_uses_are_many(graph: MemoryStore) -> None:
    assert count(graph, "?x a fg:Film") >= 250
    assert count(graph, "?x a fg:TechniqueUse ; fg:film/a fg:Film") >= 1300


def test_each_decade_has_its_films(graph: MemoryStore) -> None:
    rows = asked(graph, "SELECT ?film ?year WHERE { ?film a fg:Film ; fg:releaseYear ?year }")
    decades = Counter(int(year) // 10 * 10 for _, year in rows)
    assert decades[1910] >= 1
    assert {decade: decades[decade] for decade in range(1920, 2030, 10) if decades[decade] < 6} == {}


def test_films_come_from_many_countries(graph: MemoryStore) -> None:
    assert len(graph.select(LIBRARY["films-by-country"].text)) >= 30
    films = count(graph, "?x a fg:Film")
    ours = count(
        graph, "VALUES ?c { country:united-states country:united-kingdom } ?x a fg:Film ; schema:countryOfOrigin ?c"
    )
    assert ours <= 0.55 * films, f"{ours} of {films} come from the United States or United Kingdom, wholly or in part"


def test_women_are_directors_of_many_films(graph: MemoryStore) -> None:
    assert sorted(set(WOMEN)) == WOMEN
    people = " ".join(f"<{iri('person', slug)}>" for slug in WOMEN)
    assert count(graph, f"VALUES ?woman {{ {people} }} ?x a fg:Film ; schema:director ?woman") >= 40
    known = {row[0] for row in asked(graph, "SELECT DISTINCT ?p WHERE { ?film a fg:Film ; schema:director ?p }")}
    assert set(WOMEN) - known == set(), "no director of a film in the graph"


@pytest.mark.parametrize(
    "genre",
    [
        "animation",
        "documentary",
        "experimental",
        "film-noir",
        "horror",
        "musical",
        "western",
        "science-fiction",
        "comedy",
    ],
)
def test_genres_are_more_than_names(genre: str, graph: MemoryStore) -> None:
    assert count(graph, f"?x a fg:Film ; schema:genre genre:{genre}") >= 5


def test_films_that_are_much_reviewed_are_there(graph: MemoryStore) -> None:
    assert len(set(REVIEWED_LATER)) == 28
    known = {row[0] for row in asked(graph, "SELECT ?film WHERE { ?film a fg:Film }")}
    assert set(REVIEWED_LATER) - known == set()


# People.


WITHOUT_A_COMPOSER = {
    "2001-a-space-odyssey-1968": "its music is by composers who did not write it for the film",
    "4-months-3-weeks-and-2-days-2007": "it has no score",
    "a-girl-walks-home-alone-at-night-2014": "its music is songs of several bands",
    "a-man-escaped-1956": "its music is a mass by Mozart",
    "anatomy-of-a-fall-2023": "its music is what its people play",
    "annie-hall-1977": "it has no score",
    "cache-2005": "it has no music",
    "eraserhead-1977": "its music is old organ records and a song",
    "fish-tank-2009": "its music is what its people listen to",
    "goodfellas-1990": "its music is records of its time",
    "jeanne-dielman-1975": "it has no music but the radio's",
    "killer-of-sheep-1978": "its music is records",
    "la-cienaga-2001": "it has no score",
    "leviathan-2014": "its music is of an older opera by Philip Glass",
    "m-1931": "it has no music but what is whistled",
    "night-of-the-living-dead-1968": "its music is from a stock library",
    "pulp-fiction-1994": "its music is records",
    "raging-bull-1980": "its music is by Mascagni",
    "rec-2007": "it has no score",
    "roma-2018": "it has no music but what is heard in the scenes",
    "tangerine-2015": "its music is tracks by many hands",
    "taste-of-cherry-1997": "it has no score",
    "the-birds-1963": "it has electronic sounds and no score",
    "the-favourite-2018": "its music is by composers who did not write it for the film",
    "the-goddess-1934": "it is a silent film",
    "the-lobster-2015": "its music is by composers who did not write it for the film",
    "toni-erdmann-2016": "it has no score",
    "wanda-1970": "it has no score",
}
"""Films whose blank is a fact: they are no gap."""


@pytest.mark.parametrize("role", ["fg:cinematographer", "fg:filmEditor", "schema:musicBy"])
def test_the_crew_of_fiction_with_sound_is_known(role: str, graph: MemoryStore) -> None:
    films = coverage.FICTION_WITH_SOUND
    rows = asked(graph, f"SELECT DISTINCT ?x WHERE {{ {films} FILTER NOT EXISTS {{ ?x {role} ?person }} }} ORDER BY ?x")
    excused = set(WITHOUT_A_COMPOSER) if role == "schema:musicBy" else set()
    assert excused <= {film for (film,) in rows}, "a film that is excused is in the graph and names nobody"
    missing = [film for (film,) in rows if film not in excused]
    all_of_them = count(graph, films)
    assert all_of_them > 30
    assert len(missing) <= 0.1 * all_of_them, missing


# Depth of the vocabulary.


def test_each_leaf_of_the_vocabulary_is_used_enough(graph: MemoryStore) -> None:
    leaves = [row for row in graph.select(LIBRARY["techniques-by-films"].text).records() if row["narrower"] == 0]
    assert {slug_of(str(row["technique"])): row["films"] for row in leaves if int(str(row["films"])) < 3} == {}
    assert 2 * sum(int(str(row["films"])) >= 5 for row in leaves) >= len(leaves)


def test_techniques_are_many_and_three_levels_deep(graph: MemoryStore) -> None:
    assert count(graph, "?x a fg:Technique") >= 220
    assert count(graph, "?c a fg:Category . ?x skos:broader/skos:broader/skos:broader ?c") >= 10
    assert count(graph, "?x a fg:Category . ?t skos:broader+ ?x ; a fg:Technique") == 7


def test_each_technique_is_told_from_others(graph: MemoryStore) -> None:
    leaf = "?t a fg:Technique . FILTER NOT EXISTS { ?below skos:broader ?t }"
    for wanted in ("?t skos:altLabel ?o", "?t skos:related|^skos:related ?o"):
        rows = asked(graph, f"SELECT ?t WHERE {{ {leaf} FILTER NOT EXISTS {{ {wanted} }} }} ORDER BY ?t")
        assert [slug for (slug,) in rows] == [], wanted


CRAFTS = (
    "acting",
    "camera-movement",
    "costume-design",
    "film-music",
    "lighting",
    "production-design",
    "score",
    "sound-design",
)


def test_crafts_as_critics_name_them_are_never_leaves(graph: MemoryStore) -> None:
    techniques = {row[0] for row in asked(graph, "SELECT ?t WHERE { ?t a fg:Technique }")}
    with_narrower = {row[0] for row in asked(graph, "SELECT DISTINCT ?t WHERE { ?below skos:broader ?t }")}
    assert set(CRAFTS) <= techniques
    assert set(CRAFTS) <= with_narrower


def test_a_label_names_one_concept(graph: MemoryStore) -> None:
    """As its rule does, but without regard to case, accents and signs, as people look terms up."""
    from filmgraph.namespaces import slugify

    rows = graph.select(
        f"SELECT ?c ?label WHERE {{ VALUES ?p {{ <{SKOS}prefLabel> <{SKOS}altLabel> <{SKOS}hiddenLabel> }} "
        f"VALUES ?k {{ <{FG}Technique> <{FG}Category> <{FG}Aspect> }} ?c a ?k ; ?p ?label }}"
    )
    named: dict[str, set[str]] = {}
    for concept, label in rows:
        named.setdefault(slugify(str(label)), set()).add(slug_of(str(concept)))
    assert len(named) > 500
    assert {label: concepts for label, concepts in named.items() if len(concepts) > 1} == {}


# The page.


def test_the_page_counts_as_the_graph_does(graph: MemoryStore) -> None:
    page = coverage.page(graph)
    films = count(graph, "?x a fg:Film")
    assert f"{films} films" in page
    for row in graph.select(LIBRARY["techniques-by-films"].text).records():
        assert str(row["label"]) in page
    assert page == coverage.page(graph)
    assert all(len(line) < 4000 for line in page.split("\n"))


def test_an_empty_graph_has_a_page() -> None:
    with MemoryStore() as empty:
        assert "0 films" in coverage.page(empty)
