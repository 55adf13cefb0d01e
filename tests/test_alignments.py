"""The crosswalk to the AdA Filmontology: IRIs only, one relation for a pair, and nothing that contradicts itself.

``FILMGRAPH_REFERENCE`` names a folder with ``ada/ada_ontology.owl``, AdA's own file. Whoever has no such folder skips
the tests that read it; continuous integration has.
"""

from __future__ import annotations

import re
import shutil
from collections import Counter
from pathlib import Path

import pyoxigraph as ox
import pytest
from reference import FOLDER, runs_of, with_reference

from filmgraph.namespaces import ADA, DCTERMS, FG, OWL, PREFIXES, RDF, RDFS, SKOS, iri, slug_of
from filmgraph.readers import read_rdf
from filmgraph.stores import MemoryStore
from filmgraph.validation import validate_files
from filmgraph.workspace import GRAPH_CROSSWALK_FILES, Workspace

WORKSPACE = Workspace.find()
FILE = WORKSPACE.ontology / "alignments" / "ada.ttl"
ONTOLOGY = "https://w3id.org/filmgraph/ontology/alignments/ada"
ADA_ONTOLOGY = "http://ada.filmontology.org/ontology/2020/03/17/"
EXACT, CLOSE, BROAD = (SKOS + name for name in ("exactMatch", "closeMatch", "broadMatch"))


def triples() -> list[ox.Triple]:
    return [quad.triple for quad in read_rdf(FILE).quads()]


@pytest.fixture(scope="module")
def mappings() -> list[tuple[str, str, str]]:
    """Every mapping as (technique, relation, counterpart), by IRI."""
    return [
        (triple.subject.value, triple.predicate.value, triple.object.value)
        for triple in triples()
        if triple.subject != ox.NamedNode(ONTOLOGY)
    ]


@pytest.fixture(scope="module")
def broader() -> dict[str, set[str]]:
    """Each technique of the vocabulary with all that it stands under, by IRI."""
    with MemoryStore.of_files([WORKSPACE.ontology / "techniques.ttl"]) as store:
        rows = store.select(
            f"SELECT ?t ?above WHERE {{ ?t a <{FG}Technique> OPTIONAL {{ ?t <{SKOS}broader>+ ?above }} }}"
        )
    above: dict[str, set[str]] = {}
    for technique, concept in rows:
        above.setdefault(str(technique), set()).add(str(concept))
    return above


def test_the_header_names_ada_and_its_licence() -> None:
    header: dict[str, list[str]] = {}
    for triple in triples():
        if triple.subject == ox.NamedNode(ONTOLOGY):
            header.setdefault(triple.predicate.value, []).append(triple.object.value)
    assert header[RDF + "type"] == [OWL + "Ontology"]
    assert header[DCTERMS + "license"] == ["https://creativecommons.org/licenses/by/4.0/"]
    assert header[DCTERMS + "source"] == [ADA_ONTOLOGY]
    assert header[OWL + "imports"] == ["https://w3id.org/filmgraph/ontology"]
    text = " ".join(header[DCTERMS + "description"] + header[SKOS + "editorialNote"])
    for part in ("AdA Filmontology 1.9", "Freie Universität Berlin", "Hasso Plattner Institute", "CC BY-SA 3.0"):
        assert part in text


def test_there_is_nothing_but_iris_beside_the_header(mappings: list[tuple[str, str, str]]) -> None:
    terms = [term for triple in triples() for term in (triple.subject, triple.object)]
    assert not any(isinstance(term, ox.BlankNode) for term in terms)
    body = [triple for triple in triples() if triple.subject != ox.NamedNode(ONTOLOGY)]
    assert all(isinstance(triple.object, ox.NamedNode) for triple in body)
    assert {relation for _, relation, _ in mappings} == {EXACT, CLOSE, BROAD}


def test_the_mappings_are_many_and_of_every_relation(mappings: list[tuple[str, str, str]]) -> None:
    assert len(mappings) == len(set(mappings)) >= 60
    assert min(Counter(relation for _, relation, _ in mappings).values()) >= 15


def test_every_subject_is_a_technique_of_the_vocabulary(
    mappings: list[tuple[str, str, str]], broader: dict[str, set[str]]
) -> None:
    assert {slug_of(technique) for technique, _, _ in mappings if technique not in broader} == set()


def test_every_counterpart_is_a_type_or_a_value_of_ada(mappings: list[tuple[str, str, str]]) -> None:
    form = re.compile(f"({PREFIXES['adatype']}|{PREFIXES['adavalue']})[A-Z][A-Za-z]+(_[a-z0-9]+)*")
    assert [counterpart for _, _, counterpart in mappings if not form.fullmatch(counterpart.replace("__", "_"))] == []


def test_a_pair_has_one_relation(mappings: list[tuple[str, str, str]]) -> None:
    pairs = Counter((technique, counterpart) for technique, _, counterpart in mappings)
    assert [pair for pair, count in pairs.items() if count > 1] == []


def test_an_exact_match_is_the_only_one_on_both_sides(mappings: list[tuple[str, str, str]]) -> None:
    exact = [(technique, counterpart) for technique, relation, counterpart in mappings if relation == EXACT]
    assert max(Counter(technique for technique, _ in exact).values()) == 1
    assert max(Counter(counterpart for _, counterpart in exact).values()) == 1


def test_an_exact_match_is_to_a_value(mappings: list[tuple[str, str, str]]) -> None:
    """A type of AdA is an attribute that every shot has, and so is never what one technique is."""
    types = [pair for pair in mappings if pair[1] == EXACT and not pair[2].startswith(PREFIXES["adavalue"])]
    assert types == []


def test_who_has_an_exact_match_has_no_broad_match_to_its_like(mappings: list[tuple[str, str, str]]) -> None:
    """Another value of the same type cannot take in the one that is the technique itself."""
    exact = {technique: counterpart for technique, relation, counterpart in mappings if relation == EXACT}
    like = [
        (slug_of(technique), slug_of(counterpart))
        for technique, relation, counterpart in mappings
        if relation == BROAD
        and technique in exact
        and slug_of(exact[technique]).partition("_")[0] == slug_of(counterpart).partition("_")[0]
    ]
    assert like == []


def test_no_technique_stands_under_a_narrower_one_by_way_of_ada(
    mappings: list[tuple[str, str, str]], broader: dict[str, set[str]]
) -> None:
    """Where a broad match is what another technique is exactly, that one is no narrower than the first."""
    exact = {counterpart: technique for technique, relation, counterpart in mappings if relation == EXACT}
    circles = [
        (slug_of(technique), slug_of(exact[counterpart]))
        for technique, relation, counterpart in mappings
        if relation == BROAD and counterpart in exact and technique in broader.get(exact[counterpart], ())
    ]
    assert circles == []


def test_a_narrower_technique_says_no_less_than_the_broader_one(
    mappings: list[tuple[str, str, str]], broader: dict[str, set[str]]
) -> None:
    """What takes in a technique takes in its narrower ones: to state it for these again would be a repetition."""
    broad = {(technique, counterpart) for technique, relation, counterpart in mappings if relation == BROAD}
    exact = {(technique, counterpart) for technique, relation, counterpart in mappings if relation == EXACT}
    repeated = [
        (slug_of(technique), slug_of(above), slug_of(counterpart))
        for technique, counterpart in broad
        for above in broader.get(technique, ())
        if (above, counterpart) in broad
    ]
    contradicted = [
        (slug_of(technique), slug_of(above), slug_of(counterpart))
        for technique, counterpart in exact
        for above in broader.get(technique, ())
        if (above, counterpart) in broad | exact
    ]
    assert (repeated, contradicted) == ([], [])


# As part of the graph.


def test_the_crosswalk_is_part_of_the_graph(bundled: MemoryStore, mappings: list[tuple[str, str, str]]) -> None:
    assert FILE in WORKSPACE.graph_files
    rows = bundled.select(
        f"SELECT ?t ?p ?o WHERE {{ ?t a <{FG}Technique> ; ?p ?o "
        f"FILTER(STRSTARTS(STR(?o), '{ADA}') && STRSTARTS(STR(?p), '{SKOS}')) }}"
    )
    assert {tuple(map(str, row)) for row in rows} == set(mappings)


def test_the_document_of_a_technique_has_its_counterparts(bundled: MemoryStore) -> None:
    from filmgraph.export import neighbourhood

    jump_cut = iri("technique", "jump-cut")
    own = [triple for triple in neighbourhood(bundled, jump_cut) if triple.subject.value == jump_cut]
    found = {(triple.predicate.value, triple.object.value) for triple in own}
    assert (EXACT, PREFIXES["adavalue"] + "MontageFigureMicro_jump_cut") in found


def test_a_workspace_without_a_crosswalk_is_whole(tmp_path: Path) -> None:
    shutil.copytree(WORKSPACE.ontology, tmp_path / "ontology")
    for folder in ("data", "queries"):
        (tmp_path / folder).mkdir()
    whole, bare = Workspace(tmp_path), Workspace(tmp_path)
    digest, stamp = whole.digest(), whole.stamp()[0]
    for name in GRAPH_CROSSWALK_FILES:
        (tmp_path / "ontology" / name).unlink()
    assert len(bare.graph_files) == len(whole.graph_files) - len(GRAPH_CROSSWALK_FILES)
    assert bare.digest() != digest
    assert bare.stamp()[0] != stamp


def test_a_crosswalk_is_judged_with_the_techniques_of_a_store(bundled: MemoryStore) -> None:
    """It replaces nothing: the techniques that it names keep their labels and definitions."""
    report = validate_files([FILE], workspace=WORKSPACE, store=bundled)
    assert report.focus_nodes > 0
    assert report.conforms, report.to_text()


# Against AdA's own file.


@pytest.fixture(scope="module")
def ada() -> ox.Store:
    store = ox.Store()
    store.load(path=FOLDER / "ada" / "ada_ontology.owl", format=ox.RdfFormat.RDF_XML)
    return store


@with_reference
def test_every_counterpart_is_in_adas_file(ada: ox.Store, mappings: list[tuple[str, str, str]]) -> None:
    kinds = (ox.NamedNode(ADA_ONTOLOGY + name) for name in ("AnnotationType", "AnnotationValue"))
    known = {
        quad.subject.value for kind in kinds for quad in ada.quads_for_pattern(None, ox.NamedNode(RDF + "type"), kind)
    }
    assert len(known) == 78 + 502
    assert {counterpart for _, _, counterpart in mappings} - known == set()


@with_reference
def test_a_type_and_a_value_of_it_are_not_both_broader(ada: ox.Store, mappings: list[tuple[str, str, str]]) -> None:
    belongs = ox.NamedNode(ADA_ONTOLOGY + "belongsToType")
    type_of = {q.subject.value: q.object.value for q in ada.quads_for_pattern(None, belongs, None)}
    broad = {(technique, counterpart) for technique, relation, counterpart in mappings if relation == BROAD}
    assert [pair for pair in broad if (pair[0], type_of.get(pair[1], "")) in broad] == []


@with_reference
def test_no_text_of_ours_shares_a_run_of_six_words_with_ada(ada: ox.Store, bundled: MemoryStore) -> None:
    theirs: set[tuple[str, ...]] = set()
    for quad in ada.quads_for_pattern(None, ox.NamedNode(RDFS + "comment"), None):
        theirs |= runs_of(quad.object.value)
    assert len(theirs) > 5000
    rows = bundled.select(
        f"SELECT ?s ?text WHERE {{ VALUES ?p {{ <{SKOS}definition> <{SKOS}scopeNote> }} ?s ?p ?text }}"
    )
    texts = [(slug_of(str(subject)), str(text)) for subject, text in rows]
    texts += [(FILE.name, triple.object.value) for triple in triples() if isinstance(triple.object, ox.Literal)]
    shared = {name: runs_of(text) & theirs for name, text in texts}
    assert {name: runs for name, runs in shared.items() if runs} == {}
