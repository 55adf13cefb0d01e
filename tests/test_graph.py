"""The face of filmgraph: what opens, what is asked, what is refused, and what an import costs."""

from __future__ import annotations

import ast
import importlib
import inspect
import os
import pkgutil
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pyoxigraph as ox
import pytest

import filmgraph
from filmgraph.errors import (
    AmbiguousNameError,
    DataError,
    NotFoundError,
    QueryError,
    ReadOnlyStoreError,
    RefusedQueryError,
    StoreError,
)
from filmgraph.graph import FilmGraph
from filmgraph.namespaces import BASE, FG, iri
from filmgraph.rows import Rows
from filmgraph.stores import DiskStore, MemoryStore, RemoteStore, Store

ALPHA, BETA, GAMMA, DELTA, EPSILON = (
    iri("film", slug) for slug in ("alpha-2001", "beta-2002", "gamma-2003", "delta-2014", "epsilon-2015")
)
SOURCE = Path(filmgraph.__file__).parent


@pytest.fixture
def graph(store: Store) -> FilmGraph:
    """The tiny graph behind the face, in each kind of store."""
    return FilmGraph(store)


@pytest.fixture
def writable(tiny_files: Sequence[Path]) -> Iterator[FilmGraph]:
    """The tiny graph behind the face, in memory, for a test to change."""
    with FilmGraph(MemoryStore.of_files(tiny_files)) as graph:
        yield graph


# What opens.


def test_without_a_target_the_bundled_graph_opens_for_reading() -> None:
    with filmgraph.open() as graph:
        assert graph.film("her-2013").title == "Her"
        assert not graph.store.writable
        with pytest.raises(ReadOnlyStoreError):
            graph.update("INSERT DATA { <urn:a> <urn:b> 1 }")


def test_a_folder_opens_as_a_disk_store(tiny_files: Sequence[Path], tmp_path: Path) -> None:
    with filmgraph.open(tmp_path / "store", writable=True) as graph:
        added = graph.load(tiny_files)
        assert list(added) == [str(file) for file in tiny_files]
        assert sum(added.values()) == graph.stats()["triples"]
    with filmgraph.open(tmp_path / "store") as graph:
        assert isinstance(graph.store, DiskStore)
        assert graph.film("Alpha").year == 2001
        with pytest.raises(ReadOnlyStoreError):
            graph.load(tiny_files)


def test_a_file_opens_in_memory(tiny_files: Sequence[Path]) -> None:
    with filmgraph.open(str(tiny_files[0])) as graph:
        assert isinstance(graph.store, MemoryStore)
        assert graph.stats()["films"] == 5


def test_a_folder_of_rdf_files_opens_in_memory(tiny_files: Sequence[Path], tmp_path: Path) -> None:
    (tmp_path / "films").mkdir()
    for file in tiny_files:
        shutil.copy(file, tmp_path / "films")
    (tmp_path / "more.nt").write_text(f'<{ALPHA}> <{FG}runtimeMinutes> "1" .\n')
    (tmp_path / "notes.txt").write_text("no RDF")
    with filmgraph.open(tmp_path) as graph:
        assert isinstance(graph.store, MemoryStore)
        assert graph.stats()["films"] == 5
        assert graph.query('ASK { film:alpha-2001 fg:runtimeMinutes "1" }')


def test_an_address_opens_as_an_endpoint(oxigraph_server: Any) -> None:
    with filmgraph.open(oxigraph_server.query_url, deadline=20) as graph:
        assert isinstance(graph.store, RemoteStore)
        assert graph.store.deadline == 20
        assert graph.film("Beta").title == "Beta"


@pytest.mark.parametrize("target", ["nowhere", "nowhere.ttl", "ftp://127.0.0.1/sparql", "."])
def test_what_is_no_store_says_so_in_one_line(target: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(StoreError) as caught:
        filmgraph.open(target)
    assert target in str(caught.value)
    assert "\n" not in str(caught.value)
    assert not any(tmp_path.iterdir())


def test_a_root_without_its_folders_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="there is no folder ontology/ here"):
        filmgraph.open(root=tmp_path)


def test_after_the_with_block_the_store_is_closed(tiny_files: Sequence[Path]) -> None:
    with filmgraph.open(tiny_files[0]) as graph:
        pass
    with pytest.raises(StoreError, match="closed"):
        graph.film("Alpha")


# What is asked.


@pytest.mark.parametrize("name", ["alpha-2001", "film:alpha-2001", ALPHA, "Alpha", "ALPHA", "Alpha (2001)", " alpha "])
def test_a_film_goes_by_slug_curie_iri_or_label(graph: FilmGraph, name: str) -> None:
    assert graph.film(name).iri == ALPHA
    assert graph.query("tally-by-category", film=name).column("techniques") == [1, 1]


@pytest.mark.parametrize(
    ("ask", "wrong", "hint"),
    [
        ("film", "Alhpa", "Did you mean alpha-2001"),
        ("technique", "jump cuts", "jump-cut (Jump cut)"),
        ("person", "Director On", "director-one (Director One)"),
        ("review", "alpha-2001--critic-on", "There is no review"),
        ("film", "jump-cut", "'jump-cut' is a technique, not a film; its name is technique:jump-cut"),
        ("film", "technique:jump-cut", "'technique:jump-cut' is a technique, not a film"),
    ],
)
def test_a_wrong_name_is_answered_with_near_ones(graph: FilmGraph, ask: str, wrong: str, hint: str) -> None:
    with pytest.raises(NotFoundError) as caught:
        getattr(graph, ask)(wrong)
    assert hint in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["", "   ", "x" * 400, "film:", "a\nb", "<script>", '"} DROP ALL', "\x1b[31m"])
def test_a_name_that_is_none_is_refused_in_one_line(graph: FilmGraph, name: str) -> None:
    with pytest.raises(NotFoundError) as caught:
        graph.film(name)
    assert str(caught.value).isprintable()


def test_a_name_of_two_films_asks_which(writable: FilmGraph) -> None:
    writable.update('INSERT DATA { film:alpha-2020 a fg:Film ; schema:name "Alpha" }')
    with pytest.raises(AmbiguousNameError, match="alpha-2001, alpha-2020"):
        writable.film("Alpha")
    assert writable.film("Alpha 2020").iri == iri("film", "alpha-2020")


def test_a_text_is_asked_with_the_prefixes_of_the_project(graph: FilmGraph) -> None:
    rows = graph.query("SELECT ?film WHERE { ?film a fg:Film } ORDER BY ?film")
    assert isinstance(rows, Rows)
    assert rows.column("film") == [ALPHA, BETA, DELTA, EPSILON, GAMMA]
    assert graph.query("ASK { film:alpha-2001 schema:name ?name }") is True
    assert graph.query("ASK{film:nobody ?p ?o}") is False
    triples = graph.query("CONSTRUCT { ?f schema:name ?n } WHERE { ?f a fg:Film ; schema:name ?n }")
    assert len(triples) == 5
    assert all(isinstance(triple, ox.Triple) for triple in triples)
    assert graph.query("DESCRIBE <" + iri("country", "japan") + ">")


def test_a_limit_cuts_the_rows(graph: FilmGraph) -> None:
    text = "SELECT ?film WHERE { ?film a fg:Film } ORDER BY ?film"
    assert graph.query(text, limit=2).column("film") == [ALPHA, BETA]
    assert len(graph.query(text, limit=0)) == len(graph.query(text, limit=-1)) == 0
    assert len(graph.query("films-using-technique", technique="Framing", limit=2)) == 2


def test_a_column_that_is_not_there_is_answered_with_those_that_are(graph: FilmGraph) -> None:
    with pytest.raises(NotFoundError, match="no column 'uses'; the columns are category, label, techniques"):
        graph.query("tally-by-category", film="Alpha").column("uses")


def test_parameters_are_given_by_name_or_in_a_mapping(graph: FilmGraph) -> None:
    by_name = graph.query("films-using-technique", technique="Framing")
    assert by_name == graph.query("films-using-technique", {"technique": ["technique:framing"]})
    assert by_name.terms


@pytest.mark.parametrize(
    ("query", "parameters", "message"),
    [
        ("tally-by-category", {}, "query tally-by-category, parameter film: needs a value"),
        ("tally-by-category", {"movie": "Alpha"}, "has no parameter 'movie'; it has film"),
        ("tally-by-category", {"film": ["Alpha", "Beta"]}, "takes one value only"),
        ("tally-by-category", {"film": "Framing"}, "'Framing' is a technique, not a film"),
        ("tally-by-catgory", {"film": "Alpha"}, "Did you mean tally-by-category"),
        ("../secrets", {}, "There is no query '../secrets'"),
        ("SELECT * WHERE { ?s ?p ?o }", {"film": "Alpha"}, "a SPARQL text takes no parameters"),
        ("SELECT nonsense {", {}, "not understood"),
        ("DROP ALL ", {}, "is no SELECT, ASK, CONSTRUCT or DESCRIBE query"),
        ("INSERT DATA { <urn:a> <urn:b> 1 }", {}, "is no SELECT, ASK, CONSTRUCT or DESCRIBE query"),
    ],
)
def test_a_wrong_question_is_answered_in_one_line(
    graph: FilmGraph, query: str, parameters: dict[str, Any], message: str
) -> None:
    with pytest.raises((QueryError, NotFoundError)) as caught:
        graph.query(query, parameters)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


# What is refused.


@pytest.mark.parametrize(
    "query",
    [
        "SELECT * WHERE { SERVICE <http://127.0.0.1:9/sparql> { ?s ?p ?o } }",
        "SELECT * WHERE { VALUES ?e { <http://127.0.0.1:9/> } SERVICE ?e { ?s ?p ?o } }",
        "SELECT * FROM <http://127.0.0.1:9/data.ttl> WHERE { ?s ?p ?o }",
        "ASK " + "{" * 500 + "}" * 500,
    ],
)
def test_a_question_that_reaches_out_or_is_out_of_bounds_is_refused(graph: FilmGraph, query: str) -> None:
    with pytest.raises(RefusedQueryError):
        graph.query(query)


@pytest.mark.parametrize(
    "update",
    [
        "LOAD <http://127.0.0.1:9/data.ttl>",
        "INSERT { ?s ?p ?o } WHERE { SERVICE <http://127.0.0.1:9/sparql> { ?s ?p ?o } }",
    ],
)
def test_an_update_that_reaches_out_is_refused(writable: FilmGraph, update: str) -> None:
    before = writable.stats()
    with pytest.raises(RefusedQueryError):
        writable.update(update)
    assert writable.stats() == before


def test_a_federated_query_runs_only_where_its_host_is_allowed(graph: FilmGraph) -> None:
    with pytest.raises(RefusedQueryError, match=r"wikidata-federated.*--allow-service query\.wikidata\.org"):
        graph.query("wikidata-federated", item="wd:Q1")
    with pytest.raises(RefusedQueryError):
        graph.query("wikidata-federated", item="wd:Q1", allow_services=["example.org"])


def test_a_federated_query_does_not_run_on_an_endpoint(oxigraph_server: Any) -> None:
    with (
        filmgraph.open(oxigraph_server.query_url) as graph,
        pytest.raises(StoreError, match="a federated query runs on a local store"),
    ):
        graph.query("wikidata-federated", item="wd:Q1", allow_services=["query.wikidata.org"])


def test_an_item_outside_the_graph_is_a_value_where_the_graph_names_it(graph: FilmGraph) -> None:
    query = graph.library["wikidata-federated"]
    assert "<http://www.wikidata.org/entity/Q1>" in graph.bound(query, {"item": "wd:Q1"})
    with pytest.raises(NotFoundError):
        graph.bound(query, {"item": "wd:Q999999999"})


# What changes.


def test_an_update_is_seen_by_what_was_asked_before(writable: FilmGraph) -> None:
    assert [answer.film for answer in writable.similar("Epsilon")] == []
    assert writable.path("Alpha", "Epsilon") == []
    writable.update(
        "INSERT DATA { use:epsilon-2015--jump-cut a fg:TechniqueUse ; fg:film film:epsilon-2015 ; "
        'fg:technique technique:jump-cut ; fg:explanation "So." ; fg:scene scene:epsilon-2015--silence--1 }'
    )
    assert ALPHA in [answer.film for answer in writable.similar("Epsilon")]
    assert "technique" in [path.kind for path in writable.path("Alpha", "Epsilon")]
    assert ALPHA in [answer.film for answer in writable.recommend("Epsilon")]


def test_a_loaded_file_is_seen_even_if_the_next_one_fails(writable: FilmGraph, tmp_path: Path) -> None:
    assert writable.similar("Epsilon") == []
    good, bad = tmp_path / "good.ttl", tmp_path / "bad.ttl"
    good.write_text(
        f"<urn:use> <{FG}film> <{EPSILON}> ; <{FG}technique> <{iri('technique', 'jump-cut')}> .", encoding="utf-8"
    )
    bad.write_text("<urn:use> <urn:b", encoding="utf-8")
    seen: list[str] = []
    with pytest.raises(DataError, match=r"bad\.ttl"):
        writable.load([good, bad], progress=seen.append)
    assert seen == [str(good), str(bad)]
    assert ALPHA in [answer.film for answer in writable.similar("Epsilon")]


def test_indexes_are_kept_between_questions(writable: FilmGraph) -> None:
    assert writable.similarity is writable.similarity
    assert writable.path_index is writable.path_index
    assert writable.recommender is writable.recommender


# What is delegated.


def test_stats_count_the_tiny_graph(graph: FilmGraph) -> None:
    stats = graph.stats()
    triples = stats.pop("triples")
    assert stats == {
        "films": 5,
        "techniques": 7,
        "categories": 3,
        "technique uses": 7,
        "scenes": 7,
        "people": 9,
        "critics": 2,
        "reviews": 5,
        "accepted claims": 5,
        "genres": 2,
        "countries": 2,
    }
    assert triples == len(graph.to_rdflib()) > 300


def test_pages_paths_and_recommendations_take_any_name(graph: FilmGraph) -> None:
    assert graph.technique("jumping cut").label == "Jump cut"
    assert graph.person("test journal").name == "Test Journal"
    assert graph.review("alpha-2001--critic-one").film.name == "Alpha"
    assert graph.search("alpah")[0].iri == ALPHA
    assert [answer.title for answer in graph.similar("Alpha", limit=2)] == ["Delta", "Beta"]
    assert [path.kind for path in graph.path("Alpha", "film:beta-2002", limit=2)] == ["technique", "cinematographer"]
    assert graph.recommend("Delta", disliked="Beta") == graph.recommend("delta-2014", disliked=["beta-2002"])
    with pytest.raises(QueryError, match="'Alpha' is both liked and disliked"):
        graph.recommend("Alpha", "Gamma", disliked="alpha-2001")


def test_an_export_comes_back_as_it_went(graph: FilmGraph) -> None:
    film = list(ox.parse(graph.export("Alpha"), format=ox.RdfFormat.TURTLE))
    assert any(quad.subject.value == ALPHA for quad in film)
    assert not any(quad.subject.value == BETA and quad.predicate.value == FG + "releaseYear" for quad in film)
    whole = list(ox.parse(graph.export(form="ntriples"), format=ox.RdfFormat.N_TRIPLES))
    assert len(whole) == graph.stats()["triples"]


def test_a_projection_is_a_networkx_graph(graph: FilmGraph) -> None:
    projected = graph.projection()
    assert "film:alpha-2001" in projected
    assert projected.nodes["film:alpha-2001"]["label"] == "Alpha"
    with pytest.raises(NotFoundError, match="Did you mean"):
        graph.projection("hairball")


def test_verify_finds_no_passage_in_a_text_that_is_not_the_review(graph: FilmGraph, tmp_path: Path) -> None:
    text = tmp_path / "review.txt"
    text.write_text("Not what was read.", encoding="utf-8")
    report = graph.verify(text, review="alpha-2001--critic-one")
    assert report.reviews == (iri("review", "alpha-2001--critic-one"),)
    assert (report.ok, report.standing) == (False, ())


def test_validate_judges_a_file(graph: FilmGraph, tmp_path: Path) -> None:
    file = tmp_path / "film.ttl"
    file.write_text(f"<{BASE}film/empty-2020> a <{FG}Film> .\n", encoding="utf-8")
    report = graph.validate([file])
    assert not report.conforms


def test_the_face_in_a_notebook_is_escaped(tiny_files: Sequence[Path]) -> None:
    graph = FilmGraph(MemoryStore.of_files(tiny_files, name="<script>alert('x')</script>"))
    html = graph._repr_html_()
    assert "<script>" not in html
    assert "&lt;script&gt;" in html
    assert "<th>films</th><td>5</td>" in html
    rows = graph.query('SELECT ("<b>bold</b>" AS ?x) WHERE {}')
    assert "<b>" not in rows._repr_html_()
    assert repr(graph).startswith("FilmGraph(")


# What an import costs, and what a module shows.

HEAVY = ("SPARQLWrapper", "click", "networkx", "numpy", "pandas", "pyshacl", "rapidfuzz", "rdflib", "rich", "scipy")


def loaded_after(code: str) -> set[str]:
    """Return which of the heavy packages a Python process has imported after some code."""
    script = f"{code}\nimport sys\nprint(' '.join(name for name in {HEAVY!r} if name in sys.modules))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return set(done.stdout.splitlines()[-1].split()) if done.stdout.strip() else set()


def test_the_import_is_light() -> None:
    assert loaded_after("import filmgraph") == set()
    assert loaded_after("import filmgraph, sys\nassert 'pyoxigraph' not in sys.modules") == set()


def test_the_page_of_a_film_is_light() -> None:
    code = "import filmgraph\nwith filmgraph.open() as graph:\n    assert graph.film('her-2013').uses"
    assert loaded_after(code) == set()


def test_likeness_needs_arrays_and_nothing_else_heavy() -> None:
    code = "import filmgraph\nwith filmgraph.open() as graph:\n    assert graph.similar('her-2013')"
    assert loaded_after(code) == {"numpy"}


def modules() -> list[str]:
    found = [found.name for found in pkgutil.walk_packages([str(SOURCE)], "filmgraph.")]
    return ["filmgraph", *(name for name in found if ".bundled" not in name)]


def isort_key(name: str) -> tuple[int, str]:
    """Return the key by which ruff sorts ``__all__``: constants, then classes, then the rest."""
    return (0 if name.isupper() else 1 if name[:1].isupper() else 2, name)


def test_there_are_modules_to_look_at() -> None:
    assert len(modules()) > 30


@pytest.mark.parametrize("name", modules())
def test_all_is_sorted_and_whole_and_importable(name: str) -> None:
    module = importlib.import_module(name)
    shown = list(module.__all__)
    assert shown == sorted(set(shown), key=isort_key)
    assert all(hasattr(module, public) for public in shown)
    tree = ast.parse(inspect.getsource(module))
    defined = {
        node.name
        for node in tree.body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and not node.name.startswith("_")
    }
    assert defined <= set(shown)


@pytest.mark.parametrize("name", modules())
def test_everything_public_says_what_it_is(name: str) -> None:
    module = importlib.import_module(name)
    tree = ast.parse(inspect.getsource(module))
    wanting = [] if ast.get_docstring(tree) else [name]
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_"):
            wanting += [] if ast.get_docstring(node) else [node.name]
            for inner in node.body if isinstance(node, ast.ClassDef) else ():
                if isinstance(inner, ast.FunctionDef) and not inner.name.startswith("_"):
                    wanting += [] if ast.get_docstring(inner) else [f"{node.name}.{inner.name}"]
    assert wanting == []


def test_the_package_shows_what_it_names_and_nothing_by_accident() -> None:
    assert set(dir(filmgraph)) == {*filmgraph.__all__, "__version__"}
    assert filmgraph.__version__
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        filmgraph.nonsense  # noqa: B018


def test_the_same_questions_have_the_same_bytes_in_every_process() -> None:
    code = """
import filmgraph
with filmgraph.open() as graph:
    print(graph.film("her-2013"), graph.technique("off-screen-space"), graph.person("k-k-barrett"))
    print(graph.path("Her", "Lost in Translation"), graph.path("Jaws", "Persepolis", limit=20))
    print(graph.similar("Her", reasons=3), graph.recommend("Her", "Jaws", disliked="Playtime", method="pagerank"))
    print(graph.search("space"), graph.export("her-2013"))
"""
    answers = {
        subprocess.run(
            [sys.executable, "-c", code],
            capture_output=True,
            check=True,
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONIOENCODING": "utf-8"},
        ).stdout
        for seed in ("0", "1", "2")
    }
    assert len(answers) == 1
    assert len(answers.pop()) > 10_000
