"""The pages about the graph: every term of the ontology has its place, and what is counted is in the graph."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path

import pyoxigraph as ox
import pytest
from starlette.testclient import TestClient

from filmgraph.graph import FilmGraph
from filmgraph.namespaces import FG, FGS, RDF, SH, shorten
from filmgraph.pages import ontology_reference, usage_of
from filmgraph.stores import MemoryStore
from filmgraph.web import create_app
from filmgraph.web.documents import anchor_of
from filmgraph.workspace import Workspace

HTML = {"accept": "text/html"}
ONTOLOGY = Workspace.find().ontology
PATHS = ("/ontology", "/shapes", "/about", "/data")


def triples_of(*names: str) -> set[ox.Triple]:
    return {quad.triple for name in names for quad in ox.parse(path=ONTOLOGY / name, format=ox.RdfFormat.TURTLE)}


def subjects(namespace: str, *names: str) -> set[str]:
    """The terms that files say something about."""
    return {
        triple.subject.value
        for triple in triples_of(*names)
        if isinstance(triple.subject, ox.NamedNode) and triple.subject.value.startswith(namespace)
    }


def ids(client: TestClient, path: str) -> list[str]:
    return re.findall(r'\bid="([^"]*)"', client.get(path, headers=HTML).text)


def test_every_term_of_the_ontology_lands_on_its_anchor(client: TestClient) -> None:
    there = ids(client, "/ontology")
    terms = subjects(FG, "filmgraph.ttl", "techniques.ttl", "genres.ttl", "aspects.ttl")
    assert len(terms) > 45
    assert {term.removeprefix(FG) for term in terms} - set(there) == set()
    assert len(there) == len(set(there))


def test_every_rule_lands_on_its_anchor(client: TestClient) -> None:
    there = ids(client, "/shapes")
    rules = {
        triple.subject.value
        for triple in triples_of("shapes.ttl")
        if triple.predicate.value == SH + "severity" and isinstance(triple.subject, ox.NamedNode)
    }
    assert len(rules) > 90
    assert {rule.removeprefix(FGS) for rule in rules} - set(there) == set()
    assert len(there) == len(set(there))
    text = unescape(client.get("/shapes", headers=HTML).text)
    for rule in ontology_reference(ONTOLOGY).rules:
        assert rule.message in text


def test_anchors_on_the_page_lead_somewhere(client: TestClient) -> None:
    for path in PATHS:
        text = client.get(path, headers=HTML).text
        there = set(re.findall(r'\bid="([^"]*)"', text))
        assert set(re.findall(r'href="#([^"]*)"', text)) <= there, path
        for target, anchor in set(re.findall(r'href="(/ontology|/shapes)#([^"]*)"', text)):
            assert anchor in ids(client, target), (path, target, anchor)


@pytest.mark.parametrize(("path", "file"), [("/ontology", "filmgraph.ttl"), ("/shapes", "shapes.ttl")])
def test_as_rdf_it_is_the_file_itself(client: TestClient, path: str, file: str) -> None:
    expected = ox.Dataset(ox.Quad(*triple) for triple in triples_of(file))
    expected.canonicalize(ox.CanonicalizationAlgorithm.RDFC_1_0)
    for ending, form in {"ttl": ox.RdfFormat.TURTLE, "nt": ox.RdfFormat.N_TRIPLES, "rdf": ox.RdfFormat.RDF_XML}.items():
        answer = client.get(f"{path}.{ending}")
        assert answer.status_code == 200
        found = ox.Dataset(ox.parse(answer.content, format=form))
        found.canonicalize(ox.CanonicalizationAlgorithm.RDFC_1_0)
        assert found == expected
    assert client.get(path, headers={"accept": "text/turtle"}).headers["content-type"].startswith("text/turtle")
    assert client.get(f"{path}.jsonld").json()


def test_uses_are_those_of_the_graph(bundled: MemoryStore) -> None:
    reference = ontology_reference(ONTOLOGY)
    usage = usage_of(bundled, reference)
    for group in reference.classes:
        row = bundled.select(f"SELECT (COUNT(*) AS ?n) {{ ?s <{RDF}type> <{group.iri}> }}")[0]
        assert usage[group.iri].uses == row["n"]
    for each in reference.properties:
        row = bundled.select(f"SELECT (COUNT(*) AS ?n) {{ ?s <{each.iri}> ?o }}")[0]
        assert usage[each.iri].uses == row["n"]
        if row["n"] and each.iri != FG + "spoiler":
            subject = usage[each.iri].subject
            assert bundled.ask(f"ASK {{ <{subject}> <{each.iri}> ?o }}")
            assert not bundled.ask(f"ASK {{ <{subject}> <{FG}spoiler> true }}")
    assert usage[FG + "Praise"].uses > usage[FG + "Candidate"].uses == 0


def test_the_reference_tells_of_each_class_and_property(client: TestClient, bundled: MemoryStore) -> None:
    text = unescape(client.get("/ontology", headers=HTML).text)
    reference = ontology_reference(ONTOLOGY)
    films = bundled.select(f"SELECT ?x {{ ?x a <{FG}Film> }}")
    for each in (*reference.classes, *reference.properties, *reference.schemes):
        assert shorten(each.iri) in text
        assert each.definition in text
    assert f"{len(films):,} resources" in text
    data = client.get("/ontology.json").json()
    assert {each["iri"] for each in data["reference"]["classes"]} == {each.iri for each in reference.classes}
    assert data["usage"][FG + "Film"]["uses"] > 100


def test_an_anchor_is_the_local_name() -> None:
    assert anchor_of(FG + "TechniqueUse") == "TechniqueUse"
    assert anchor_of(FGS + "Film-name") == "Film-name"


def test_about_counts_what_there_is(client: TestClient, graph: FilmGraph) -> None:
    text = client.get("/about", headers=HTML).text
    for name, number in graph.stats().items():
        if name in ("films", "techniques", "triples"):
            assert f'<dt>{name}</dt><dd class="number">{number:,}</dd>' in text
    assert "creativecommons.org/licenses/by/4.0/" in text
    decades = [each for each in client.get("/about.json").json()["decades"] if each["films"]]
    for each in decades[:3]:
        assert f'href="/films?decade={each["key"]}"' in text


def test_the_data_is_offered_in_every_form(client: TestClient) -> None:
    text = client.get("/data", headers=HTML).text
    for ending in ("ttl", "jsonld", "nt", "rdf"):
        assert f'href="/data/filmgraph.{ending}"' in text
    assert 'href="/.well-known/void"' in text
    for link in set(re.findall(r'href="(/[^"#]*)"', text)):
        if not link.startswith("/data/"):
            assert client.get(unescape(link)).status_code == 200, link
    assert client.get("/data/filmgraph.nt.gz").status_code == 200
    assert re.search(r'\.nt</a>.*?<td class="number">\d', client.get("/data", headers=HTML).text, re.S)


def test_pages_about_another_graph_are_pages(tiny_files: tuple[Path, ...]) -> None:
    with (
        MemoryStore.of_files(tiny_files) as store,
        TestClient(create_app(FilmGraph(store)), base_url="http://localhost") as client,
    ):
        for path in PATHS:
            assert client.get(path, headers=HTML).status_code == 200
        films = len(client.get("/films.json").json()["films"])
        assert f'<dt>films</dt><dd class="number">{films}</dd>' in client.get("/about", headers=HTML).text


@pytest.mark.parametrize("path", PATHS)
def test_no_page_has_a_script_or_style_of_its_own(client: TestClient, path: str) -> None:
    text = client.get(path, headers=HTML).text
    assert not re.search(r"<script(?![^>]* src=)(?![^>]*ld\+json)", text)
    assert not re.search(r"<[^>]+ (?:style|on\w+)=", text)
    assert "javascript:" not in text
