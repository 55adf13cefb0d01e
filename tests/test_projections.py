"""Projections: NetworkX graphs whose numbers can be counted by hand, and files that come back."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import networkx as nx
import pyoxigraph as ox
import pytest
from click.testing import CliRunner, Result
from hypothesis import given, settings
from hypothesis import strategies as st

from filmgraph.cli import cli
from filmgraph.errors import NotFoundError
from filmgraph.namespaces import FG, expand
from filmgraph.projections import (
    GRAPH_FORMATS,
    PROJECTIONS,
    critic_graph,
    film_film_graph,
    film_technique_graph,
    project,
    whole_graph,
    write_graph,
)
from filmgraph.similarity import MEASURES
from filmgraph.stores import MemoryStore, Store

# Three films: A and B share the long take, B and C have sibling techniques, A and C have nothing in common.
TINY = """
@prefix fg: <https://w3id.org/filmgraph/ontology#> .
@prefix schema: <https://schema.org/> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
@prefix wd: <http://www.wikidata.org/entity/> .
@base <https://w3id.org/filmgraph/> .

<film/a-2001> a fg:Film ; schema:name "A <&> \\"1\\"" ; fg:releaseYear 2001 ; schema:sameAs wd:Q1 ;
    schema:director <person/d> , <person/e> ; schema:genre <genre/drama> , "no genre" ;
    schema:countryOfOrigin <country/italy> .
<person/d> schema:name "Zed" .
<person/e> schema:name "Émile" .
<genre/drama> skos:prefLabel "Drama"@en .
<country/italy> schema:name "Italy" .
<film/b-2002> a fg:Film ; schema:name "B" ; fg:releaseYear 2002 .
<film/c-2003> a fg:Film ; schema:name "C" .
<film/unused-2004> a fg:Film ; schema:name "Unused" .
<use/a--1> fg:film <film/a-2001> ; fg:technique <technique/long-take> ; fg:explanation "Unbroken."@en ;
    fg:scene <scene/a--1--1> , <scene/a--1--2> .
<use/b--1> fg:film <film/b-2002> ; fg:technique <technique/long-take> ; fg:explanation "One."@en ;
    fg:scene <scene/b--1--1> ; fg:spoiler true .
<use/b--2> fg:film <film/b-2002> ; fg:technique <technique/long-take> ; fg:explanation "Two."@en .
<use/b--3> fg:film <film/b-2002> ; fg:technique <technique/score> .
<use/c--1> fg:film <film/c-2003> ; fg:technique <technique/silence> .
<technique/long-take> a fg:Technique ; skos:prefLabel "Long take"@en ; skos:broader <category/camera> .
<technique/score> a fg:Technique ; skos:prefLabel "Score"@en ; skos:broader <technique/sound-design> .
<technique/silence> a fg:Technique ; skos:prefLabel "Silence"@en ; skos:broader <technique/sound-design> .
<technique/sound-design> a fg:Technique ; skos:prefLabel "Sound design"@en ; skos:broader <category/sound> .
<category/camera> a fg:Category ; skos:prefLabel "Camera"@en .
<category/sound> a fg:Category ; skos:prefLabel "Sound"@en .

<person/critic> schema:name "Critic" .
<organization/paper> schema:name "Paper" .
<review/a--1> schema:author <person/critic> ; schema:publisher <organization/paper> .
<review/a--2> schema:publisher <organization/paper> .
<review/a--3> fg:unsigned true ; schema:name "Unsigned" .
<claim/a--1> fg:claimedIn <review/a--1> ; fg:aboutFilm <film/a-2001> ; fg:aboutTechnique <technique/long-take> ;
    fg:stance fg:Praise ; fg:statement "Good."@en ; fg:status fg:Accepted ; fg:comparesTo <film/b-2002> .
<claim/a--2> fg:claimedIn <review/a--2> ; fg:aboutFilm <film/a-2001> ; fg:aboutAspect <aspect/mood> ;
    fg:stance fg:Criticism ; fg:status fg:Accepted .
<claim/a--3> fg:claimedIn <review/a--3> ; fg:aboutFilm <film/a-2001> ; fg:aboutTechnique <technique/score> ;
    fg:stance fg:Mixed ; fg:statement "So so."@en ; fg:status fg:Accepted .
<claim/a--4> fg:claimedIn <review/a--3> ; fg:aboutFilm <film/c-2003> ; fg:stance fg:Praise ; fg:status fg:Candidate .
<aspect/mood> skos:prefLabel "Mood"@en .
"""


@pytest.fixture(scope="module")
def tiny() -> MemoryStore:
    store = MemoryStore()
    store.oxigraph.load(TINY.encode(), ox.RdfFormat.TURTLE)
    return store


# Films and techniques


def test_films_and_techniques_are_bipartite(tiny: MemoryStore) -> None:
    graph = film_technique_graph(tiny)
    assert list(graph) == [
        "film:a-2001",
        "film:b-2002",
        "film:c-2003",
        "technique:long-take",
        "technique:score",
        "technique:silence",
    ]
    assert list(graph.edges) == [
        ("film:a-2001", "technique:long-take"),
        ("film:b-2002", "technique:long-take"),
        ("film:b-2002", "technique:score"),
        ("film:c-2003", "technique:silence"),
    ]
    films = {node for node, side in graph.nodes(data="bipartite") if side == 0}
    assert films == {"film:a-2001", "film:b-2002", "film:c-2003"}
    assert nx.bipartite.is_bipartite_node_set(graph, films)
    shared = nx.bipartite.weighted_projected_graph(graph, sorted(films))
    assert list(shared.edges(data="weight")) == [("film:a-2001", "film:b-2002", 1)]


def test_films_and_techniques_say_what_they_are(tiny: MemoryStore) -> None:
    graph = film_technique_graph(tiny)
    film = {
        "kind": "film",
        "label": 'A <&> "1"',
        "year": 2001,
        "decade": 2000,
        "genres": "Drama",
        "countries": "Italy",
        "directors": "Zed; Émile",
    }
    assert graph.nodes["film:a-2001"] == {"bipartite": 0, **film}
    assert film_film_graph(tiny).nodes["film:a-2001"] == film
    assert graph.nodes["film:c-2003"] == {"bipartite": 0, "kind": "film", "label": "C"}
    assert graph.nodes["technique:score"] == {
        "bipartite": 1,
        "kind": "technique",
        "label": "Score",
        "category": "Sound",
    }
    assert graph.edges["film:a-2001", "technique:long-take"] == {
        "use": "https://w3id.org/filmgraph/use/a--1",
        "explanation": "Unbroken.",
        "scenes": 2,
    }
    assert graph.edges["film:b-2002", "technique:long-take"] == {
        "use": "https://w3id.org/filmgraph/use/b--1; https://w3id.org/filmgraph/use/b--2",
        "explanation": "One.; Two.",
        "scenes": 1,
        "spoiler": True,
    }


def test_a_year_that_is_no_number_is_left_out() -> None:
    store = MemoryStore()
    store.oxigraph.load(TINY.replace("2002 .", '"soon" .').encode(), ox.RdfFormat.TURTLE)
    years = dict(film_technique_graph(store).nodes(data="year"))
    assert (years["film:a-2001"], years["film:b-2002"]) == (2001, None)


def test_every_use_of_the_bundled_graph_is_an_edge(bundled: MemoryStore) -> None:
    graph = film_technique_graph(bundled)
    (pairs,) = next(
        iter(
            bundled.select(
                f"SELECT (COUNT(*) AS ?n) {{ SELECT DISTINCT ?f ?t {{ ?u <{FG}film> ?f ; <{FG}technique> ?t }} }}"
            )
        )
    )
    assert graph.number_of_edges() == pairs > 150
    assert nx.bipartite.is_bipartite(graph)
    assert all(own["category"] for _, own in graph.nodes(data=True) if own["bipartite"] == 1)
    assert all(own["year"] > 1890 for _, own in graph.nodes(data=True) if own["bipartite"] == 0)


# Films alike


def test_films_alike_are_joined(tiny: MemoryStore) -> None:
    graph = film_film_graph(tiny)
    assert list(graph.edges) == [("film:a-2001", "film:b-2002"), ("film:b-2002", "film:c-2003")]
    share, siblings = graph.edges["film:a-2001", "film:b-2002"], graph.edges["film:b-2002", "film:c-2003"]
    assert share["shared"] == "Long take"
    assert "broader" not in share
    assert siblings["broader"] == "Sound design"
    assert "shared" not in siblings
    # v(a) = (ln 2.5) on the long take; v(b) adds ln 4 on the score and half of ln 2.5 on sound design.
    assert share["weight"] == pytest.approx(0.9162907 / (0.9162907**2 + 1.3862944**2 + 0.4581454**2) ** 0.5)


def test_the_measure_and_the_limits_are_kept(tiny: MemoryStore) -> None:
    counted = film_film_graph(tiny, measure="shared")
    assert list(counted.edges(data="weight")) == [("film:a-2001", "film:b-2002", 1.0)]
    assert list(film_film_graph(tiny, measure="jaccard").edges(data="weight")) == [("film:a-2001", "film:b-2002", 0.5)]
    assert list(film_film_graph(tiny, minimum=0.2).edges) == [("film:a-2001", "film:b-2002")]
    assert not film_film_graph(tiny, minimum=1.1).edges
    nearest = film_film_graph(tiny, nearest=1)
    assert len(nearest.edges) == 2, "C's nearest is B, though B's is A"
    assert list(nearest) == ["film:a-2001", "film:b-2002", "film:c-2003"]
    with pytest.raises(NotFoundError, match="cosine"):
        film_film_graph(tiny, measure="euclid")


def test_films_that_meet_only_in_something_broader_can_be_left_apart(tiny: MemoryStore, bundled: MemoryStore) -> None:
    assert list(film_film_graph(tiny, broader=False).edges) == [("film:a-2001", "film:b-2002")]
    everything, shared = film_film_graph(bundled), film_film_graph(bundled, broader=False)
    assert {(one, other) for one, other, own in everything.edges(data=True) if "shared" in own} == set(shared.edges)
    assert 0 < len(shared.edges) < len(everything.edges)
    nearest = film_film_graph(bundled, broader=False, nearest=3)
    assert set(nearest.edges) < set(shared.edges)
    assert len(nearest.edges) <= 3 * len(nearest)


def test_options_are_those_of_the_projection(tiny: MemoryStore) -> None:
    assert project(tiny, "film-film", broader=False, minimum=0.9).number_of_edges() == 0
    with pytest.raises(NotFoundError, match=r"film-film has no option 'least'\. Did you mean measure, minimum"):
        project(tiny, "film-film", least=1)
    with pytest.raises(NotFoundError, match="critics has no option 'nearest'"):
        project(tiny, "critics", nearest=1)


def _run(*arguments: str) -> Result:
    return CliRunner().invoke(cli, list(arguments))


def test_the_command_joins_each_film_to_the_ten_nearest_that_share_a_technique(bundled: MemoryStore) -> None:
    def edges(*options: str) -> set[frozenset[str]]:
        result = _run("graph", "film-film", "--format", "node-link", *options)
        assert result.exit_code == 0, result.stderr
        graph = nx.node_link_graph(json.loads(result.stdout), edges="links")
        return {frozenset(edge) for edge in graph.edges}

    def made(**options: Any) -> set[frozenset[str]]:
        return {frozenset(edge) for edge in film_film_graph(bundled, **options).edges}

    assert edges() == made(broader=False, nearest=10)
    assert edges("--broader", "--nearest", "0") == made()
    options = ("--measure", "jaccard", "--minimum", "0.1", "--nearest", "2")
    assert edges(*options) == made(broader=False, measure="jaccard", minimum=0.1, nearest=2)


@pytest.mark.parametrize("option", [("--nearest", "3"), ("--minimum", "0.1"), ("--measure", "shared"), ("--broader",)])
def test_options_of_film_film_are_refused_elsewhere(option: tuple[str, ...]) -> None:
    result = _run("graph", "film-technique", *option)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith(f"filmgraph: {option[0]} is for film-film, not for film-technique.")
    assert result.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("name", "form"), [("n.gexf", "gexf"), ("n.cyjs", "cytoscape"), ("n.JSON", "node-link"), ("n.txt", "graphml")]
)
def test_the_ending_of_a_network_s_file_chooses_the_format(tmp_path: Path, name: str, form: str) -> None:
    assert _run("graph", "critics", "--output", str(tmp_path / name)).exit_code == 0
    assert (tmp_path / name).read_text(encoding="utf-8") == _run("graph", "critics", "--format", form).stdout


@pytest.mark.parametrize("measure", MEASURES)
def test_likeness_is_a_weight(bundled: MemoryStore, measure: str) -> None:
    graph = film_film_graph(bundled, measure=measure, nearest=3)
    weights = [weight for _, _, weight in graph.edges(data="weight")]
    assert weights
    assert all(weight > 0 and (measure == "shared" or weight <= 1) for weight in weights)
    assert not list(nx.selfloop_edges(graph))
    assert all(own.get("shared") or own.get("broader") for _, _, own in graph.edges(data=True)), "each is explained"


# Critics


def test_critics_claim_things_of_films_and_techniques(tiny: MemoryStore) -> None:
    graph = critic_graph(tiny)
    assert dict(graph.nodes(data="kind")) == {
        "person:critic": "critic",
        "organization:paper": "publication",
        "review:a--3": "review",
        "claim:a--1": "claim",
        "claim:a--2": "claim",
        "claim:a--3": "claim",
        "film:a-2001": "film",
        "film:b-2002": "film",
        "technique:long-take": "technique",
        "technique:score": "technique",
        "aspect:mood": "aspect",
    }
    assert {(source, target, relation) for source, target, relation in graph.edges(data="relation")} == {
        ("person:critic", "claim:a--1", "claims"),
        ("organization:paper", "claim:a--2", "claims"),
        ("review:a--3", "claim:a--3", "claims"),
        ("claim:a--1", "film:a-2001", "about film"),
        ("claim:a--1", "film:b-2002", "compares to"),
        ("claim:a--1", "technique:long-take", "about technique"),
        ("claim:a--2", "film:a-2001", "about film"),
        ("claim:a--2", "aspect:mood", "about aspect"),
        ("claim:a--3", "film:a-2001", "about film"),
        ("claim:a--3", "technique:score", "about technique"),
    }
    assert graph.nodes["claim:a--1"] == {"kind": "claim", "label": "Good.", "stance": "praise", "review": "review:a--1"}
    assert graph.nodes["claim:a--2"]["label"] == "a--2"
    assert graph.nodes["review:a--3"]["label"] == "Unsigned"
    assert graph.edges["organization:paper", "claim:a--2", "claims"]["stance"] == "criticism"


# Everything


def test_the_whole_graph_has_every_triple_between_iris(tiny: MemoryStore) -> None:
    graph = whole_graph(tiny)
    (count,) = next(iter(tiny.select("SELECT (COUNT(*) AS ?n) { ?s ?p ?o FILTER(isIRI(?s) && isIRI(?o)) }")))
    assert graph.number_of_edges() == count
    assert all(tiny.ask(f"ASK {{ <{iri(s)}> <{iri(p)}> <{iri(o)}> }}") for s, o, p in graph.edges(data="predicate"))
    assert graph.nodes["film:a-2001"] == {
        "kind": "film",
        "label": 'A <&> "1"',
        "fg_releaseYear": 2001,
        "schema_name": 'A <&> "1"',
        "schema_genre": "no genre",
    }
    assert graph.nodes["wd:Q1"] == {"kind": "other", "label": "Q1"}
    assert graph.nodes["review:a--3"]["fg_unsigned"] is True
    assert graph.nodes["claim:a--2"]["label"] == "a--2"


def iri(node: str) -> str:
    return expand(node) or node


def test_only_single_values_are_attributes() -> None:
    store = MemoryStore()
    store.update(
        "PREFIX s: <https://schema.org/> INSERT DATA { <http://e/x> s:name 'b', 'a' ; s:url 'u' ; <http://e/p> 1 . "
        "[] s:name 'blank' ; s:about <http://e/y> . <http://e/x> a <http://www.w3.org/2002/07/owl#Class> }"
    )
    assert whole_graph(store).nodes["http://e/x"] == {
        "kind": "class",
        "label": "a",
        "schema_url": "u",
        "http://e/p": 1,
    }
    assert list(whole_graph(store)) == ["http://e/x", "owl:Class"]


def test_the_whole_bundled_graph_knows_its_kinds(bundled: MemoryStore) -> None:
    graph = whole_graph(bundled)
    assert graph.nodes["fg:Film"]["kind"] == "class"
    assert graph.nodes["fg:releaseYear"]["kind"] == "property"
    assert graph.nodes["fg:Praise"]["kind"] == "individual"
    assert graph.nodes["film:her-2013"]["label"] == "Her"
    assert all(
        isinstance(value, str | int | float | bool) for _, own in graph.nodes(data=True) for value in own.values()
    )


def test_projections_are_made_by_name(tiny: MemoryStore) -> None:
    assert list(PROJECTIONS) == ["film-technique", "film-film", "critics", "whole"]
    assert len(project(tiny, "film-film", nearest=1).edges) == 2
    with pytest.raises(NotFoundError, match="film-technique"):
        project(tiny, "films")


@pytest.mark.parametrize("kind", PROJECTIONS)
def test_every_store_gives_the_same_projections(kind: str, store: Store, tiny_files: tuple[Path, ...]) -> None:
    with MemoryStore.of_files(tiny_files) as memory:
        graph = project(memory, kind)
        assert graph.nodes
        assert write_graph(project(store, kind), "node-link") == write_graph(graph, "node-link")


@pytest.mark.parametrize("kind", PROJECTIONS)
def test_an_empty_store_gives_an_empty_graph(kind: str) -> None:
    graph = project(MemoryStore(), kind)
    assert not graph.nodes
    for form in GRAPH_FORMATS:
        assert write_graph(graph, form)


# Files


def _content(graph: Any) -> tuple[dict[str, Any], list[Any]]:
    """Nodes and edges with their attributes; an undirected edge's ends sorted, ids of edges left out."""
    edges = []
    for source, target, own in graph.edges(data=True):
        ends = (source, target) if graph.is_directed() else tuple(sorted((source, target)))
        edges.append((*ends, sorted((name, value) for name, value in own.items() if name != "id")))
    return dict(graph.nodes(data=True)), sorted(edges)


def _read(text: str, form: str) -> Any:
    if form == "graphml":
        return nx.read_graphml(io.BytesIO(text.encode()))
    if form == "gexf":
        return nx.read_gexf(io.BytesIO(text.encode()))
    return nx.node_link_graph(json.loads(text), edges="links")


Projected = Callable[[str, str], "nx.Graph[Any]"]


@pytest.fixture(scope="module")
def projected(tiny: MemoryStore, bundled: MemoryStore) -> Projected:
    """The projections of the tiny and the bundled graph, made once; of films, as the command, the ten nearest."""

    @cache
    def made(source: str, kind: str) -> nx.Graph[Any]:
        if (source, kind) == ("bundled", "film-film"):
            return film_film_graph(bundled, nearest=10)
        return project({"tiny": tiny, "bundled": bundled}[source], kind)

    return made


@pytest.mark.parametrize("kind", PROJECTIONS)
@pytest.mark.parametrize("form", ["graphml", "gexf", "node-link"])
@pytest.mark.parametrize("source", ["tiny", "bundled"])
def test_what_is_written_comes_back(kind: str, form: str, source: str, projected: Projected) -> None:
    graph = projected(source, kind)
    again = _read(write_graph(graph, form), form)
    assert again.is_directed() == graph.is_directed()
    assert _content(again) == _content(graph)


@pytest.mark.parametrize("kind", PROJECTIONS)
def test_cytoscape_finds_its_elements(kind: str, tiny: MemoryStore) -> None:
    graph = project(tiny, kind)
    document = json.loads(write_graph(graph, "cytoscape"))
    nodes = [node["data"] for node in document["elements"]["nodes"]]
    edges = [edge["data"] for edge in document["elements"]["edges"]]
    assert [node["id"] for node in nodes] == list(graph)
    assert [node["name"] for node in nodes] == [label for _, label in graph.nodes(data="label")]
    assert [(edge["source"], edge["target"]) for edge in edges] == [edge[:2] for edge in graph.edges]
    ids = [element["id"] for element in nodes + edges]
    assert len(ids) == len(set(ids)), "Cytoscape.js wants one id for each element, edges among them"
    assert isinstance(document["data"], dict)


@pytest.mark.parametrize("kind", PROJECTIONS)
@pytest.mark.parametrize("source", ["tiny", "bundled"])
def test_networkx_reads_cytoscape_s_json(kind: str, source: str, projected: Projected) -> None:
    graph = projected(source, kind)
    again: Any = nx.cytoscape_graph(json.loads(write_graph(graph, "cytoscape")))
    assert type(again) is type(graph)
    for _, own in again.nodes(data=True):
        own.pop("id"), own.pop("value"), own.pop("name")
    for *_, own in again.edges(data=True):
        own.pop("key"), own.pop("source"), own.pop("target")
    assert _content(again) == _content(graph)


def test_gephi_loses_no_parallel_edge() -> None:
    """Gephi drops an edge whose id it has seen; NetworkX would write the key, which is not unique."""
    graph: nx.MultiDiGraph[str] = nx.MultiDiGraph()
    for target in "bc":
        graph.add_edge("a", target, key="p", predicate="p")
        graph.add_edge("a", target, key="q", predicate="q")
    for form in ("graphml", "gexf"):
        tree = ElementTree.fromstring(write_graph(graph, form))
        ids = [edge.get("id") for edge in tree.iter() if edge.tag.endswith("}edge")]
        assert len(ids) == len(set(ids)) == 4
    assert "networkx_key" not in write_graph(graph, "gexf")


def test_columns_have_one_type_and_no_empty_cells() -> None:
    graph = nx.Graph()
    graph.add_node(1, mixed=1, number=1, flag=True, nothing=None, empty="", many=["b", "a"], huge=2**60)
    graph.add_node(2, mixed="x", number=1.5, flag=False, many={"z", "y"}, huge=1, label="a\x00\x1bb\r\nc\ufffe")
    graph.add_edge(1, 2, weight=float("nan"))
    again = _read(write_graph(graph, "graphml"), "graphml")
    assert again.nodes["1"] == {"mixed": "1", "number": 1.0, "flag": True, "many": "b; a", "huge": str(2**60)}
    assert again.nodes["2"] == {
        "mixed": "x",
        "number": 1.5,
        "flag": False,
        "many": "y; z",
        "huge": "1",
        "label": "ab\nc",
    }
    tree = ElementTree.fromstring(write_graph(graph, "graphml"))
    names = [(key.get("for"), key.get("attr.name")) for key in tree.iter() if key.tag.endswith("}key")]
    assert len(names) == len(set(names)), "one column, one type"
    for form in ("cytoscape", "node-link"):
        assert "NaN" not in write_graph(graph, form), "NaN is no JSON"
    assert "True" not in write_graph(graph, "graphml"), "XML's booleans are lower case"


@settings(max_examples=80, deadline=None)
@given(
    st.lists(
        st.dictionaries(
            st.sampled_from(["label", "kind", "fg_x"]),
            st.text(max_size=8)
            | st.integers()
            | st.floats()
            | st.booleans()
            | st.none()
            | st.lists(st.text(max_size=3)),
        ),
        min_size=1,
        max_size=4,
    )
)
def test_any_attribute_can_be_written(rows: list[dict[str, Any]]) -> None:
    graph: nx.DiGraph[int] = nx.DiGraph()
    graph.add_nodes_from(enumerate(rows))
    graph.add_edge(0, len(rows) - 1, **rows[0])
    for form in ("graphml", "gexf", "node-link"):
        again = _read(write_graph(graph, form), form)
        assert len(again) == len(rows)
        assert again.number_of_edges() == 1
    assert len(json.loads(write_graph(graph, "cytoscape"))["elements"]["nodes"]) == len(rows)


@pytest.mark.parametrize("form", GRAPH_FORMATS)
def test_writing_leaves_the_graph_as_it_was(form: str, tiny: MemoryStore) -> None:
    graph, before = critic_graph(tiny), critic_graph(tiny)
    write_graph(graph, form)
    assert nx.utils.graphs_equal(graph, before)
    assert graph.graph == before.graph


def test_the_same_graph_gives_the_same_bytes() -> None:
    """Another process has another seed for the hashes of strings, and another day would have another date."""
    program = (
        "import sys, time, pyoxigraph as ox\n"
        "from filmgraph.projections import *; from filmgraph.stores import MemoryStore\n"
        "time.strftime = lambda *_: sys.argv[1]\n"
        "s = MemoryStore(); s.oxigraph.load(sys.stdin.buffer.read(), ox.RdfFormat.TURTLE)\n"
        "t = ''.join(write_graph(project(s, kind), form) for kind in PROJECTIONS for form in GRAPH_FORMATS)\n"
        "sys.stdout.buffer.write(t.encode())"
    )
    outputs = {
        subprocess.run(
            [sys.executable, "-c", program, seed],
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join(sys.path)},
            input=TINY.encode(),
            check=True,
            capture_output=True,
        ).stdout
        for seed in "123"
    }
    assert len(outputs) == 1


def test_gexf_says_its_version_and_gexf_and_graphml_their_encoding(tiny: MemoryStore) -> None:
    gexf = write_graph(film_film_graph(tiny), "gexf")
    assert 'version="1.2"' in gexf
    assert "lastmodifieddate" not in gexf
    for form in ("gexf", "graphml"):
        assert write_graph(film_film_graph(tiny), form).startswith('<?xml version="1.0" encoding="UTF-8"?>\n<')


def test_an_unknown_format_is_answered_with_the_known() -> None:
    with pytest.raises(NotFoundError, match="graphml"):
        write_graph(nx.Graph(), "dot")
