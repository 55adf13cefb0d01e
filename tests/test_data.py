"""The bundled data keeps what the project promises of it, file by file."""

from __future__ import annotations

import hashlib
import re
from collections import Counter, defaultdict
from pathlib import Path

import pyoxigraph as ox
import pytest

from filmgraph.namespaces import BASE, FG, OA, OWL, PROV, RDF, SCHEMA, SKOS, iri, slug_of
from filmgraph.readers import read_rdf
from filmgraph.stores import MemoryStore
from filmgraph.turtle import format_turtle
from filmgraph.workspace import GRAPH_CROSSWALK_FILES, Workspace

WORKSPACE = Workspace.find()
FILM_FILES = sorted((WORKSPACE.data / "films").glob("*.ttl"))
REVIEW_FILES = sorted((WORKSPACE.data / "reviews").glob("*.ttl"))
TURTLE_FILES = sorted([*WORKSPACE.data.rglob("*.ttl"), *WORKSPACE.ontology.rglob("*.ttl")])
CATEGORIES = (
    "animation-and-effects",
    "cinematography",
    "editing",
    "mise-en-scene",
    "narrative",
    "performance",
    "sound",
)
CREW = {FG + name for name in ("cinematographer", "filmEditor", "productionDesigner")} | {
    SCHEMA + name for name in ("director", "musicBy")
}


def name_of(path: Path) -> str:
    return path.stem


@pytest.fixture(scope="module")
def graph() -> MemoryStore:
    return MemoryStore.of_files(WORKSPACE.graph_files)


@pytest.fixture(scope="module")
def uses(graph: MemoryStore) -> list[tuple[str, str, str]]:
    """Every use as (film, technique, category), by slug."""
    rows = graph.select(
        f"SELECT ?f ?t ?c WHERE {{ ?u <{FG}film> ?f ; <{FG}technique> ?t . ?t <{SKOS}broader>+ ?c . "
        f"?c a <{FG}Category> }}"
    )
    return [(slug_of(str(film)), slug_of(str(technique)), slug_of(str(category))) for film, technique, category in rows]


def test_there_are_files_to_check() -> None:
    assert len(FILM_FILES) >= 41
    assert len(REVIEW_FILES) >= 3
    assert len(TURTLE_FILES) >= 80


@pytest.mark.parametrize("file", TURTLE_FILES, ids=name_of)
def test_file_is_in_the_canonical_form(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    assert format_turtle(text, file=str(file)) == text


@pytest.mark.parametrize("file", sorted(WORKSPACE.data.rglob("*.ttl")), ids=name_of)
def test_data_have_no_blank_nodes(file: Path) -> None:
    for quad in read_rdf(file).quads():
        assert not isinstance(quad.subject, ox.BlankNode)
        assert not isinstance(quad.object, ox.BlankNode)


def test_a_subject_lives_in_one_file() -> None:
    homes: defaultdict[str, set[str]] = defaultdict(set)
    crosswalks = {WORKSPACE.ontology / name for name in GRAPH_CROSSWALK_FILES}
    for file in WORKSPACE.graph_files:
        for quad in read_rdf(file).quads() if file not in crosswalks else ():
            homes[str(quad.subject)].add(file.name)
    assert {subject: files for subject, files in homes.items() if len(files) > 1 and BASE in subject} == {}


@pytest.mark.parametrize("file", FILM_FILES, ids=name_of)
def test_film_file_bears_the_name_of_its_one_film(file: Path) -> None:
    films = {q.subject.value for q in read_rdf(file).quads() if q.object == ox.NamedNode(FG + "Film")}
    assert films == {iri("film", file.stem)}


@pytest.mark.parametrize("file", REVIEW_FILES, ids=name_of)
def test_review_file_bears_the_name_of_its_review_or_film(file: Path) -> None:
    reviews = {slug_of(q.subject.value) for q in read_rdf(file).quads() if q.object == ox.NamedNode(FG + "Review")}
    assert reviews
    assert all(slug == file.stem or slug.startswith(f"{file.stem}--") for slug in reviews)


def test_no_film_is_a_draft(graph: MemoryStore) -> None:
    assert not graph.ask(f"ASK {{ ?film <{FG}draft> ?mark }}")


def test_every_resource_that_is_named_is_described(graph: MemoryStore) -> None:
    rows = graph.select(
        f'SELECT DISTINCT ?o WHERE {{ ?s ?p ?o . FILTER(isIRI(?o) && STRSTARTS(STR(?o), "{BASE}")) '
        f"FILTER NOT EXISTS {{ ?o ?q ?x }} FILTER NOT EXISTS {{ ?x ?o ?y }} }}"
    )
    assert [str(row[0]) for row in rows if not str(row[0]).startswith(BASE + "ontology")] == []


def test_everybody_who_is_described_is_named_by_something(graph: MemoryStore) -> None:
    rows = graph.select(
        f"SELECT ?s WHERE {{ VALUES ?t {{ <{SCHEMA}Person> <{SCHEMA}Organization> }} ?s a ?t "
        f"FILTER NOT EXISTS {{ ?x ?p ?s }} }}"
    )
    assert [str(row[0]) for row in rows] == []


@pytest.mark.parametrize("file", FILM_FILES, ids=name_of)
def test_film_has_uses_in_two_categories(file: Path, uses: list[tuple[str, str, str]]) -> None:
    own = [(technique, category) for film, technique, category in uses if film == file.stem]
    assert 4 <= len(own) <= 8
    assert len({category for _, category in own}) >= 2
    assert len({technique for technique, _ in own}) == len(own)


def test_techniques_are_many_and_each_leaf_is_used_twice(graph: MemoryStore, uses: list[tuple[str, str, str]]) -> None:
    techniques = {
        slug_of(str(t)): slug_of(str(c))
        for t, c in graph.select(
            f"SELECT ?t ?c WHERE {{ ?t a <{FG}Technique> ; <{SKOS}broader>+ ?c . ?c a <{FG}Category> }}"
        )
    }
    assert len(techniques) >= 70
    by_category = Counter(techniques.values())
    assert sorted(by_category) == list(CATEGORIES)
    assert min(by_category.values()) >= 4
    leaves = {
        slug_of(str(row[0]))
        for row in graph.select(
            f"SELECT ?t WHERE {{ ?t a <{FG}Technique> FILTER NOT EXISTS {{ ?n <{SKOS}broader> ?t }} }}"
        )
    }
    films = defaultdict(set)
    for film, technique, _ in uses:
        films[technique].add(film)
    assert {leaf: len(films[leaf]) for leaf in leaves if len(films[leaf]) < 2} == {}


@pytest.mark.parametrize("file", FILM_FILES, ids=name_of)
def test_texts_have_the_length_that_was_agreed(file: Path) -> None:
    for quad in read_rdf(file).quads():
        words = len(quad.object.value.split())
        if quad.predicate.value == FG + "explanation":
            assert 25 <= words <= 80, quad.subject
        elif quad.predicate.value == SCHEMA + "description":
            assert 8 <= words <= 50, quad.subject
        elif quad.predicate.value == SCHEMA + "abstract":
            assert 20 <= words <= 65, quad.subject


def test_no_two_explanations_or_scenes_are_the_same(graph: MemoryStore) -> None:
    rows = graph.select(
        f"SELECT ?text (COUNT(?s) AS ?n) WHERE {{ VALUES ?p {{ <{FG}explanation> <{SCHEMA}description> }} "
        f"?s ?p ?text }} GROUP BY ?text HAVING (COUNT(?s) > 1)"
    )
    assert list(rows) == []


def test_uses_are_the_editors_own_reading_unless_they_name_a_source(graph: MemoryStore) -> None:
    editors = iri("organization", "filmgraph-editors")
    assert not graph.ask(
        f"ASK {{ ?u a <{FG}TechniqueUse> FILTER NOT EXISTS {{ ?u <{PROV}wasAttributedTo> <{editors}> }} }}"
    )


def test_slugs_of_people_come_from_their_names(graph: MemoryStore) -> None:
    from filmgraph.namespaces import slugify

    rows = graph.select(
        f"SELECT ?s ?n WHERE {{ VALUES ?t {{ <{SCHEMA}Person> <{SCHEMA}Organization> }} ?s a ?t ; <{SCHEMA}name> ?n }}"
    )
    people = [(slug_of(str(person)), str(name)) for person, name in rows]
    assert len(people) > 100
    wrong = [(slug, name) for slug, name in people if re.sub(r"--\d+$", "", slug) != slugify(name)]
    assert wrong == []


def test_her_is_complete(graph: MemoryStore) -> None:
    her = iri("film", "her-2013")
    credited = {(t.predicate.value, slug_of(t.object.value)) for t in graph.describe(her) if t.predicate.value in CREW}
    assert credited == {
        (SCHEMA + "director", "spike-jonze"),
        (FG + "cinematographer", "hoyte-van-hoytema"),
        (FG + "filmEditor", "eric-zumbrunnen"),
        (FG + "filmEditor", "jeff-buchanan"),
        (SCHEMA + "musicBy", "arcade-fire"),
        (SCHEMA + "musicBy", "owen-pallett"),
        (FG + "productionDesigner", "k-k-barrett"),
    }
    claims = graph.select(
        f"SELECT ?c ?r WHERE {{ ?c <{FG}aboutFilm> <{her}> ; <{FG}claimedIn> ?r ; <{FG}status> <{FG}Accepted> ; "
        f"<{FG}stance> ?s ; <{FG}statement> ?text ; <{FG}evidence> ?p . ?p <{OA}start> ?a ; <{OA}end> ?b ; "
        f"<{FG}exactSha256> ?h }}"
    )
    assert len({row[0] for row in claims}) == len(claims) >= 24
    assert {slug_of(str(row[1])) for row in claims} == {
        "her-2013--daniel-davila",
        "her-2013--strange-dylan",
        "her-2013--unsigned",
    }


def test_bundled_claims_are_accepted_and_carry_no_quotation(graph: MemoryStore) -> None:
    assert not graph.ask(f"ASK {{ ?c <{FG}status> ?s FILTER(?s != <{FG}Accepted>) }}")
    assert not graph.ask(f"ASK {{ ?p <{OA}exact> ?words }}")


def test_hashes_are_of_a_text(graph: MemoryStore) -> None:
    empty = hashlib.sha256(b"").hexdigest()
    rows = graph.select(f"SELECT ?h WHERE {{ VALUES ?p {{ <{FG}textSha256> <{FG}exactSha256> }} ?s ?p ?h }}")
    hashes = [str(row[0]) for row in rows]
    assert len(hashes) > 24
    assert empty not in hashes


def test_types_are_of_the_model(graph: MemoryStore) -> None:
    rows = graph.select(f"SELECT DISTINCT ?t WHERE {{ ?s <{RDF}type> ?t FILTER(STRSTARTS(STR(?t), '{FG}')) }}")
    known = {slug_of(str(row[0])) for row in rows}
    declared = {slug_of(str(row[0])) for row in graph.select(f"SELECT ?c WHERE {{ ?c a <{OWL}Class> }}")}
    assert known <= declared
