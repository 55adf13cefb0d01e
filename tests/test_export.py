"""Exports: what a document holds, and that what goes out comes back."""

from __future__ import annotations

import io
import json
import logging
import os
import stat
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable
from pathlib import Path

import pyoxigraph as ox
import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from filmgraph.cli import cli
from filmgraph.errors import DataError, NotFoundError, OutputError
from filmgraph.export import FORMATS, format_of, neighbourhood, serialize, to_rdflib, whole, write_output
from filmgraph.export.streaming import write_whole
from filmgraph.namespaces import BASE, FG, KINDS, RDF, SCHEMA, SKOS, XSD, kind_of
from filmgraph.readers import read_rdf
from filmgraph.stores import MemoryStore, Store
from filmgraph.workspace import Workspace

WORKSPACE = Workspace.find()
PARSERS = {
    "turtle": ox.RdfFormat.TURTLE,
    "ntriples": ox.RdfFormat.N_TRIPLES,
    "nquads": ox.RdfFormat.N_QUADS,
    "trig": ox.RdfFormat.TRIG,
    "rdfxml": ox.RdfFormat.RDF_XML,
    "jsonld": ox.RdfFormat.JSON_LD,
}
IN_RDFLIB = {"turtle": "turtle", "ntriples": "nt", "trig": "trig", "rdfxml": "xml", "jsonld": "json-ld"}

TINY = """
@prefix fg: <https://w3id.org/filmgraph/ontology#> .
@prefix schema: <https://schema.org/> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
@prefix oa: <http://www.w3.org/ns/oa#> .
@prefix wd: <http://www.wikidata.org/entity/> .
@base <https://w3id.org/filmgraph/> .

<film/a-2001> a fg:Film ; schema:name "A" ; fg:releaseYear 2001 ; schema:director <person/d> ;
    schema:genre <genre/drama> ; schema:countryOfOrigin <country/france> ; schema:sameAs wd:Q1 .
<film/b-2002> a fg:Film ; schema:name "B" ; fg:releaseYear 2002 ; schema:director <person/d> .
<use/a-2001--long-take> a fg:TechniqueUse ; fg:film <film/a-2001> ; fg:technique <technique/long-take> ;
    fg:explanation "Unbroken."@en ; fg:scene <scene/a-2001--long-take--1> .
<scene/a-2001--long-take--1> a fg:SceneExample ; schema:description "A walk."@en .
<technique/long-take> a fg:Technique ; skos:prefLabel "Long take"@en ; skos:altLabel "oner"@en ;
    skos:broader <technique/shot> .
<technique/shot> a fg:Technique ; skos:prefLabel "Shot"@en ; skos:broader <category/cinematography> .
<category/cinematography> a fg:Category ; skos:prefLabel "Cinematography"@en .
<person/d> a schema:Person ; schema:name "D" ; schema:sameAs wd:Q2 .
<person/c> a schema:Person , fg:Critic ; schema:name "C" .
<genre/drama> a fg:Genre ; skos:prefLabel "Drama"@en ; skos:definition "Serious."@en .
<country/france> a schema:Country ; schema:name "France" .
<review/a-2001--c> a fg:Review ; schema:itemReviewed <film/a-2001> ; schema:author <person/c> .
<claim/a-2001--c--1> a fg:ReviewClaim ; fg:claimedIn <review/a-2001--c> ; fg:aboutFilm <film/a-2001> ;
    fg:aboutTechnique <technique/long-take> ; fg:stance fg:Praise ; fg:status fg:Accepted ;
    fg:comparesTo <film/b-2002> ; fg:evidence <passage/a-2001--c--1> .
<passage/a-2001--c--1> a fg:Passage ; oa:hasSource <review/a-2001--c> ; oa:start 1 ; oa:end 2 .
<claim/a-2001--c--2> a fg:ReviewClaim ; fg:claimedIn <review/a-2001--c> ; fg:aboutFilm <film/a-2001> ;
    fg:aboutAspect <aspect/mood> ; fg:status fg:Candidate ; fg:evidence <passage/a-2001--c--2> .
<passage/a-2001--c--2> a fg:Passage ; oa:start 3 ; oa:end 4 .
<aspect/mood> a fg:Aspect ; skos:prefLabel "Mood"@en .
"""


@pytest.fixture(scope="module")
def tiny() -> MemoryStore:
    store = MemoryStore()
    store.oxigraph.load(TINY.encode(), ox.RdfFormat.TURTLE)
    return store


def canonical(triples: list[ox.Triple]) -> set[ox.Triple]:
    dataset = ox.Dataset(ox.Quad(*triple) for triple in triples)
    dataset.canonicalize(ox.CanonicalizationAlgorithm.RDFC_1_0)
    return {quad.triple for quad in dataset}


def back(text: str, form: str) -> list[ox.Triple]:
    return [quad.triple for quad in ox.parse(text.encode(), format=PARSERS[form])]


def described(triples: list[ox.Triple], predicate: str) -> set[str]:
    """The local part of each subject that has a predicate."""
    return {str(t.subject.value).removeprefix(BASE) for t in triples if t.predicate.value == predicate}


def subjects(triples: list[ox.Triple], resource: str) -> int:
    return sum(triple.subject.value == BASE + resource for triple in triples)


# What a document holds


def test_a_film_comes_with_uses_scenes_reviews_accepted_claims_and_labels(tiny: MemoryStore) -> None:
    triples = neighbourhood(tiny, BASE + "film/a-2001")
    held = {triple.subject.value.removeprefix(BASE) for triple in triples}
    assert held == {
        "film/a-2001",
        "film/b-2002",
        "use/a-2001--long-take",
        "scene/a-2001--long-take--1",
        "review/a-2001--c",
        "claim/a-2001--c--1",
        "passage/a-2001--c--1",
        "technique/long-take",
        "person/d",
        "person/c",
        "genre/drama",
        "country/france",
    }
    assert "claim/a-2001--c--2" not in held, "a candidate is not accepted"
    assert subjects(triples, "film/a-2001") == 7
    assert subjects(triples, "film/b-2002") == 2, "type and name alone"
    assert subjects(triples, "technique/long-take") == 2, "type and label, not altLabel and broader"
    assert subjects(triples, "person/c") == 3, "both types and the name"


def test_a_technique_comes_with_uses_scenes_films_and_its_place(tiny: MemoryStore) -> None:
    triples = neighbourhood(tiny, BASE + "technique/long-take")
    held = {triple.subject.value.removeprefix(BASE) for triple in triples}
    assert held == {
        "technique/long-take",
        "technique/shot",
        "use/a-2001--long-take",
        "scene/a-2001--long-take--1",
        "film/a-2001",
    }
    shot = neighbourhood(tiny, BASE + "technique/shot")
    assert described(shot, SKOS + "broader") == {"technique/shot", "technique/long-take"}
    assert subjects(shot, "technique/long-take") == 3, "the link up, the type and the label"


def test_people_come_with_credits_and_critics_with_reviews(tiny: MemoryStore) -> None:
    director = neighbourhood(tiny, BASE + "person/d")
    assert described(director, SCHEMA + "director") == {"film/a-2001", "film/b-2002"}
    assert subjects(director, "film/a-2001") == 3, "the credit, the type and the name"
    critic = neighbourhood(tiny, BASE + "person/c")
    assert described(critic, FG + "claimedIn") == {"claim/a-2001--c--1"}
    assert described(critic, SCHEMA + "name") == {"person/c", "film/a-2001", "film/b-2002"}


@pytest.mark.parametrize(
    ("resource", "expected"),
    [
        ("genre/drama", {"genre/drama", "film/a-2001"}),
        ("country/france", {"country/france", "film/a-2001"}),
        ("category/cinematography", {"category/cinematography", "technique/shot"}),
        ("aspect/mood", {"aspect/mood"}),
        ("review/a-2001--c", {"review/a-2001--c", "claim/a-2001--c--1", "passage/a-2001--c--1"}),
        ("use/a-2001--long-take", {"use/a-2001--long-take", "scene/a-2001--long-take--1"}),
        ("scene/a-2001--long-take--1", {"scene/a-2001--long-take--1", "use/a-2001--long-take"}),
        ("claim/a-2001--c--2", {"claim/a-2001--c--2", "passage/a-2001--c--2"}),
        ("passage/a-2001--c--1", {"passage/a-2001--c--1", "claim/a-2001--c--1"}),
    ],
)
def test_every_kind_has_a_document(tiny: MemoryStore, resource: str, expected: set[str]) -> None:
    held = {triple.subject.value.removeprefix(BASE) for triple in neighbourhood(tiny, BASE + resource)}
    assert expected <= held


def test_a_document_is_part_of_the_graph_and_sorted(tiny: MemoryStore) -> None:
    everything = whole(tiny)
    for node in {triple.subject.value for triple in everything}:
        triples = neighbourhood(tiny, node)
        assert set(triples) <= set(everything)
        assert triples == sorted(triples, key=lambda t: (str(t.subject), str(t.predicate), str(t.object)))


@pytest.mark.parametrize("iri", [BASE + "film/none-1900", "no iri", 'http://e/> ?p ?o } #"', ""])
def test_a_resource_that_is_not_there(tiny: MemoryStore, iri: str) -> None:
    with pytest.raises(NotFoundError):
        neighbourhood(tiny, iri)


def test_every_store_gives_the_same_documents(store: Store, tiny_files: tuple[Path, ...]) -> None:
    with MemoryStore.of_files(tiny_files) as memory:
        assert whole(store) == whole(memory)
        nodes = sorted({triple.subject.value for triple in whole(memory) if kind_of(triple.subject.value)})
        assert nodes
        for node in nodes:
            assert neighbourhood(store, node) == neighbourhood(memory, node), node


# What goes out comes back


@pytest.fixture(scope="module")
def everything(bundled: MemoryStore) -> list[ox.Triple]:
    """The triples of the whole bundled graph."""
    return whole(bundled)


@pytest.fixture(scope="module")
def everything_canonical(everything: list[ox.Triple]) -> set[ox.Triple]:
    return canonical(everything)


@pytest.fixture(scope="module")
def films(bundled: MemoryStore) -> dict[str, list[ox.Triple]]:
    """The document of each bundled film, by IRI."""
    names = [str(film) for (film,) in bundled.select(f"SELECT ?f WHERE {{ ?f a <{FG}Film> }} ORDER BY ?f")]
    return {film: neighbourhood(bundled, film) for film in names}


@pytest.mark.parametrize("form", PARSERS)
def test_the_whole_graph_comes_back(
    everything: list[ox.Triple], everything_canonical: set[ox.Triple], form: str
) -> None:
    assert len(everything) > 5000
    assert canonical(back(serialize(everything, form, workspace=WORKSPACE), form)) == everything_canonical


@pytest.mark.parametrize("form", PARSERS)
def test_every_film_comes_back(films: dict[str, list[ox.Triple]], form: str) -> None:
    assert len(films) > 40
    for film, triples in films.items():
        assert set(back(serialize(triples, form, workspace=WORKSPACE), form)) == set(triples), film


@pytest.mark.filterwarnings("ignore::DeprecationWarning:rdflib")
@pytest.mark.parametrize("form", IN_RDFLIB)
def test_rdflib_reads_the_same(bundled: MemoryStore, form: str) -> None:
    import rdflib
    from rdflib.compare import isomorphic

    triples = neighbourhood(bundled, BASE + "film/her-2013")
    text = serialize(triples, form, workspace=WORKSPACE)
    assert isomorphic(rdflib.Graph().parse(data=text, format=IN_RDFLIB[form]), to_rdflib(triples))


def test_the_project_s_own_reader_takes_every_format(bundled: MemoryStore, tmp_path: Path) -> None:
    triples = neighbourhood(bundled, BASE + "film/her-2013")
    for form in PARSERS:
        file = tmp_path / f"her{FORMATS[form].suffix}"
        write_output(serialize(triples, form, workspace=WORKSPACE), file)
        assert {quad.triple for quad in read_rdf(file).quads()} == set(triples)


def test_to_rdflib_keeps_digits_and_types() -> None:
    node, predicate = ox.NamedNode(BASE + "film/x"), ox.NamedNode("http://example.org/p")
    odd = ox.Literal("02013", datatype=ox.NamedNode(XSD + "integer"))
    graph = to_rdflib([ox.Triple(node, predicate, value) for value in (odd, ox.Literal("x", language="en"), node)])
    written = {
        (str(value), str(getattr(value, "datatype", "")), getattr(value, "language", "")) for value in graph.objects()
    }
    assert written == {("02013", XSD + "integer", None), ("x", "None", "en"), (BASE + "film/x", "", "")}
    assert str(dict(graph.namespaces())["film"]) == BASE + "film/"


IRIS = [
    *(BASE + end for end in ("film/x", "film/x--1", "use/x", "film/", "", "a:b", "id", "Film", "@id", "x?q#f", "?x=1")),
    *("https://w3id.org/x", "https://w3id.org/filmgraph", "urn:x:y", "http://e/é", "http://e/1", "http://e/a%20b"),
    *(FG + "Film", FG + "Praise", SCHEMA + "Person", RDF + "nil"),
]
PREDICATES = [
    *(SCHEMA + name for name in ("name", "alternateName", "abstract", "datePublished", "itemReviewed", "url", "genre")),
    *(FG + name for name in ("releaseYear", "film", "spoiler", "stance", "confidence", "scene", "aboutFilm")),
    *(SKOS + "prefLabel", SKOS + "altLabel", RDF + "type", RDF + "first", RDF + "rest", "http://e/p", "urn:p"),
]
NASTY = [
    'a"b',
    '"""',
    "'",
    "a\nb",
    "\r",
    "\r\n",
    "\t",
    "\\",
    "]]>",
    "<b>&amp;",
    "\x00",
    "\x01",
    "\x7f",
    "\x85",
    "\u2028",
]
NASTY += ["\ufffe", "\ufeff", "@id", "_:x", "true", "01", "-0", "1e3", " x ", "", "é", "日本", "🎬", "9" * 30]
DATATYPES = [XSD + name for name in ("integer", "boolean", "decimal", "double", "date", "anyURI")] + ["http://e/type"]


def _literals() -> SearchStrategy[ox.Literal]:
    texts = st.sampled_from(NASTY) | st.text(st.characters(exclude_categories=["Cs"]), max_size=6)
    tagged = st.builds(lambda t, tag: ox.Literal(t, language=tag), texts, st.sampled_from(["en", "ja-latn"]))
    typed = st.builds(lambda t, d: ox.Literal(t, datatype=ox.NamedNode(d)), texts, st.sampled_from(DATATYPES))
    return st.one_of(texts.map(ox.Literal), tagged, typed)


def _graphs() -> SearchStrategy[list[ox.Triple]]:
    nodes = st.sampled_from(IRIS).map(ox.NamedNode) | st.sampled_from(["a", "1b", "c"]).map(ox.BlankNode)
    predicates = st.sampled_from(PREDICATES).map(ox.NamedNode)
    return st.lists(st.builds(ox.Triple, nodes, predicates, nodes | _literals()), max_size=7)


@pytest.mark.parametrize("form", PARSERS)
@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(triples=_graphs())
def test_any_graph_comes_back_or_is_refused(form: str, triples: list[ox.Triple]) -> None:
    refusal = ""
    try:
        text = serialize(triples, form, workspace=WORKSPACE)
    except DataError as error:
        refusal = str(error)
    if refusal:
        assert form in ("turtle", "rdfxml"), refusal
        assert "ntriples" in refusal, "a refusal names a format that can"
        return
    assert canonical(back(text, form)) == canonical(triples)


@pytest.mark.filterwarnings("ignore:Parsing weird boolean")
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(triples=_graphs())
def test_the_framed_view_and_rdflib_take_any_graph(triples: list[ox.Triple]) -> None:
    logging.getLogger("rdflib.term").setLevel(logging.CRITICAL)
    json.loads(serialize(triples, "jsonld-framed", workspace=WORKSPACE, root=BASE + "film/x"))
    assert len(to_rdflib(triples)) == len(canonical(triples))


def test_lists_come_back_as_lists(everything: list[ox.Triple]) -> None:
    stance = [triple for triple in everything if triple.subject.value == FG + "Stance"]
    assert stance, "the ontology has a list"
    # Films and the like have no lists, for the data have no blank nodes.
    ontology = [triple for triple in everything if not kind_of(triple.subject.value)]
    text = serialize(ontology, "jsonld", workspace=WORKSPACE)
    assert '"@list"' in text
    assert "rdf-syntax-ns#first" not in text


# Blank nodes


def _links(pairs: Iterable[tuple[int, int]], name: str = "x") -> list[ox.Triple]:
    see = ox.NamedNode("http://example.org/see")
    return [ox.Triple(ox.BlankNode(f"{name}{one}"), see, ox.BlankNode(f"{name}{other}")) for one, other in pairs]


def _each_with_each(count: int) -> list[tuple[int, int]]:
    return [(one, other) for one in range(count) for other in range(count) if one != other]


@pytest.mark.parametrize("form", [*FORMATS])
@pytest.mark.parametrize("pairs", [_each_with_each(9), _each_with_each(40), [(n, (n + 1) % 400) for n in range(400)]])
def test_blank_nodes_that_nothing_tells_apart_are_refused(form: str, pairs: list[tuple[int, int]]) -> None:
    with pytest.raises(DataError, match="look alike and point at one another") as caught:
        serialize(_links(pairs), form, workspace=WORKSPACE)
    assert "\n" not in str(caught.value)
    assert "export as" not in str(caught.value), "no other format could"
    assert len(to_rdflib(_links(pairs))) == len(pairs)


@pytest.mark.parametrize(
    "pairs",
    [
        _each_with_each(5),
        [(n, (n + 1) % 60) for n in range(60)],
        [(n, n + 1) for n in range(2000)],
        [(n // 3, n) for n in range(1, 1000)],
        [(n, -1) for n in range(500)],
        [
            (10 * n + one, 10 * n + other)
            for n in range(50)
            for one, other in ((0, 1), (0, 2), (1, 3), (2, 3), (3, 4), (3, 5), (5, 6))
        ],
    ],
    ids=["all", "ring", "chain", "tree", "star", "diamonds"],
)
def test_blank_nodes_get_the_same_names_whatever_theirs_were(pairs: list[tuple[int, int]]) -> None:
    text = serialize(_links(pairs), "ntriples", workspace=WORKSPACE)
    renamed = _links([(7 * one + 1, 7 * other + 1) for one, other in reversed(pairs)], "y")
    assert serialize(renamed, "ntriples", workspace=WORKSPACE) == text
    assert len(back(text, "ntriples")) == len(pairs)


def test_deep_nesting_goes_out_where_the_format_can_carry_it() -> None:
    node = ox.NamedNode(BASE + "film/x")
    first, *others = _links([(n, n + 1) for n in range(400)])
    nested = [ox.Triple(node, first.predicate, first.subject), first, *others]
    assert len(set(back(serialize(nested, "ntriples", workspace=WORKSPACE), "ntriples"))) == 401
    with pytest.raises(DataError, match="trig or ntriples"):
        serialize(nested, "turtle", workspace=WORKSPACE)


@settings(max_examples=150, deadline=None)
@given(
    pairs=st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), max_size=9),
    marked=st.dictionaries(st.integers(0, 6), st.sampled_from(["a", "b"]), max_size=3),
    order=st.permutations(range(7)),
)
def test_isomorphic_graphs_give_the_same_bytes(
    pairs: list[tuple[int, int]], marked: dict[int, str], order: list[int]
) -> None:
    def graph(place: Callable[[int], int]) -> list[ox.Triple]:
        links = _links([(place(one), place(other)) for one, other in pairs])
        named = [
            ox.Triple(ox.BlankNode(f"x{place(n)}"), ox.NamedNode(SCHEMA + "name"), ox.Literal(marked[n]))
            for n in marked
        ]
        return links + named

    one = graph(lambda n: n)
    try:
        text = serialize(one, "ntriples", workspace=WORKSPACE)
    except DataError:
        with pytest.raises(DataError):
            serialize(graph(order.__getitem__), "ntriples", workspace=WORKSPACE)
        return
    assert serialize(graph(order.__getitem__), "ntriples", workspace=WORKSPACE) == text
    assert canonical(back(text, "ntriples")) == canonical(one)


# Each format's own promises


def test_formats_say_what_they_are() -> None:
    assert list(FORMATS) == ["turtle", "ntriples", "nquads", "trig", "rdfxml", "jsonld", "jsonld-framed"]
    suffixes = [form.suffix for form in FORMATS.values()]
    assert len(set(suffixes)) == len(suffixes)
    assert all("/" in form.media_type and form.about for form in FORMATS.values())


@pytest.mark.parametrize(
    ("name", "form"),
    [
        *((f"her{its.suffix}", form) for form, its in FORMATS.items()),
        ("HER.TTL", "turtle"),
        ("her.json", "jsonld"),
        ("her.xml", "rdfxml"),
        ("her.txt", None),
        ("ttl", None),
        ("", None),
    ],
)
def test_the_ending_of_a_file_stands_for_a_format(name: str, form: str | None) -> None:
    assert format_of(name) == form


def test_the_command_takes_the_format_of_the_ending_unless_told(tmp_path: Path) -> None:
    def written(name: str, *options: str) -> str:
        file = tmp_path / name
        result = CliRunner().invoke(cli, ["export", "her-2013", "--output", str(file), *options])
        assert result.exit_code == 0, result.stderr
        return file.read_text(encoding="utf-8")

    assert json.loads(written("her.jsonld"))["@context"]
    assert written("her.nt").startswith("<")
    assert written("her.out").startswith("@prefix")
    assert written("told.jsonld", "--format", "turtle") == written("her.ttl")


def test_the_help_of_the_command_says_that_the_framed_form_is_a_view() -> None:
    text = " ".join(CliRunner().invoke(cli, ["export", "--help"]).stdout.split())
    assert "what no film reaches is not in it" in text


def test_an_unknown_format_is_answered_with_the_known() -> None:
    with pytest.raises(NotFoundError, match="turtle"):
        serialize([], "yaml", workspace=WORKSPACE)


@pytest.mark.parametrize("form", FORMATS)
def test_the_empty_graph_goes_out(form: str) -> None:
    text = serialize([], form, workspace=WORKSPACE)
    assert form not in PARSERS or back(text, form) == []


def test_the_same_triples_give_the_same_bytes(tmp_path: Path) -> None:
    """Another process has another seed for the hashes of strings; order and doubles must not matter either."""
    file = tmp_path / "tiny.ttl"
    file.write_text(TINY + "<film/a-2001> <http://e/p> [ <http://e/q> [ <http://e/r> 1 ] ] .", encoding="utf-8")
    program = (
        "import sys, pyoxigraph as ox; from filmgraph.export import *; from filmgraph.workspace import Workspace\n"
        "t = [q.triple for q in ox.parse(path=sys.argv[1], format=ox.RdfFormat.TURTLE)]\n"
        "t = t[::-1] + t if sys.argv[2] == '1' else t\n"
        "w = Workspace.find()\n"
        "sys.stdout.buffer.write(''.join(serialize(t, form, workspace=w) for form in FORMATS).encode())"
    )
    outputs = {
        subprocess.run(
            [sys.executable, "-c", program, str(file), seed],
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join(sys.path)},
            check=True,
            capture_output=True,
        ).stdout
        for seed in "123"
    }
    assert len(outputs) == 1


def test_turtle_that_cannot_be_written_names_a_format_that_can() -> None:
    node, predicate = ox.BlankNode("x"), ox.NamedNode("http://example.org/p")
    circle = [ox.Triple(node, predicate, node)]
    with pytest.raises(DataError, match="ntriples"):
        serialize(circle, "turtle", workspace=WORKSPACE)
    assert canonical(back(serialize(circle, "trig", workspace=WORKSPACE), "trig")) == canonical(circle)


def test_hostile_labels_stay_text_in_xml() -> None:
    label = ox.Literal('</rdf:RDF><script>alert("1")</script> & ]]> \r\n')
    triple = ox.Triple(ox.NamedNode(BASE + "film/x"), ox.NamedNode(SCHEMA + "name"), label)
    text = serialize([triple], "rdfxml", workspace=WORKSPACE)
    assert "<script>" not in text
    assert back(text, "rdfxml") == [triple]


@pytest.mark.parametrize(
    ("predicate", "value"),
    [
        (SCHEMA + "name", "\x01"),
        (SCHEMA + "name", "\ufffe"),
        ("http://example.org/", "x"),
        ("http://example.org/1", "x"),
        (RDF + "li", "x"),
        (RDF + "bagID", "x"),
        (RDF + "type", ox.NamedNode(RDF + "aboutEach")),
        (RDF + "type", ox.NamedNode("http://example.org/1")),
    ],
)
def test_what_xml_cannot_carry_is_refused(predicate: str, value: str | ox.NamedNode) -> None:
    term = ox.Literal(value) if isinstance(value, str) else value
    triple = ox.Triple(ox.NamedNode(BASE + "film/x"), ox.NamedNode(predicate), term)
    store = MemoryStore()
    store.oxigraph.add(ox.Quad(*triple))
    with pytest.raises(DataError, match="export as ntriples"):
        serialize([triple], "rdfxml", workspace=WORKSPACE)
    with pytest.raises(DataError, match="export as ntriples"):
        write_whole(store, "rdfxml", io.BytesIO(), workspace=WORKSPACE)


# JSON-LD


def _keys(value: object) -> set[str]:
    if isinstance(value, list):
        return set().union(*map(_keys, value))
    if isinstance(value, dict):
        return set(value).union(*map(_keys, value.values()))
    return set()


def _ids(value: object) -> set[str]:
    if isinstance(value, list):
        return set().union(*map(_ids, value))
    if isinstance(value, dict):
        own = {value["id"]} if "id" in value else set()
        return own.union(*map(_ids, value.values()))
    return set()


def _document(triples: list[ox.Triple], form: str, root: str | None = None) -> dict[str, object]:
    document: dict[str, object] = json.loads(serialize(triples, form, workspace=WORKSPACE, root=root))
    return document


@pytest.mark.parametrize("form", ["jsonld", "jsonld-framed"])
def test_json_ld_is_short_and_relative(bundled: MemoryStore, form: str) -> None:
    film = BASE + "film/her-2013"
    document = _document(neighbourhood(bundled, film), form, film)
    context = document.pop("@context")
    assert isinstance(context, dict)
    assert not set(KINDS) & {key for key, value in context.items() if isinstance(value, str)}, "no resource prefix"
    assert not [key for key, value in context.items() if value == BASE and key != "@base"]
    assert not {key for key in _keys(document) if "://" in key}, "no full IRI is a key"
    assert "film/her-2013" in _ids(document)
    assert not {each for each in _ids(document) if each.startswith(BASE)}
    year = [node["releaseYear"] for node in document.get("@graph", [document]) if "releaseYear" in node]  # type: ignore[attr-defined]
    assert year == [2013]


def test_ids_that_cannot_be_relative_are_written_in_full() -> None:
    odd = ox.Triple(ox.NamedNode(BASE + "a:b"), ox.NamedNode(SCHEMA + "name"), ox.Literal("x"))
    document = _document([odd], "jsonld")
    assert _ids(document["@graph"]) == {BASE + "a:b"}


def test_the_framed_view_nests_a_film(bundled: MemoryStore) -> None:
    film = BASE + "film/her-2013"
    document = _document(neighbourhood(bundled, film), "jsonld-framed", film)
    assert (document["id"], document["type"], document["name"]) == ("film/her-2013", "Film", "Her")
    uses = document["uses"]
    assert isinstance(uses, list)
    assert len(uses) == 4
    for use in uses:
        assert use["film"] == "film/her-2013", "what points back is a link, not a copy"
        assert use["technique"]["prefLabel"]["en"]
        assert all(scene["description"] for scene in use["scene"])
    assert len(document["reviews"]) == 3  # type: ignore[arg-type]
    assert all(claim["evidence"][0]["start"] >= 0 for claim in document["claims"])  # type: ignore[attr-defined]


def test_the_framed_view_of_everything_has_the_films_at_the_root(tiny: MemoryStore) -> None:
    document = _document(whole(tiny), "jsonld-framed")
    assert [node["id"] for node in document["@graph"]] == ["film/a-2001", "film/b-2002"]  # type: ignore[attr-defined]


def test_the_framed_view_of_a_technique_and_a_person(tiny: MemoryStore) -> None:
    technique, person = BASE + "technique/long-take", BASE + "person/d"
    document = _document(neighbourhood(tiny, technique), "jsonld-framed", technique)
    (use,) = document["@reverse"]["technique"]  # type: ignore[index]
    assert use["film"]["name"] == "A"
    assert use["scene"][0]["description"] == "A walk."
    document = _document(neighbourhood(tiny, person), "jsonld-framed", person)
    assert [film["name"] for film in document["@reverse"]["director"]] == ["A", "B"]  # type: ignore[index]


def _workspace_with(context: object, folder: Path) -> Workspace:
    for name in ("ontology", "data", "queries"):
        (folder / name).mkdir()
    (folder / "ontology" / "context.jsonld").write_text(json.dumps(context), encoding="utf-8")
    return Workspace.find(folder)


@pytest.mark.parametrize(
    "context",
    [
        {"@context": "https://example.org/context.jsonld"},
        {"@context": ["https://example.org/context.jsonld"]},
        {"@context": {"@version": 1.1, "@import": "https://example.org/context.jsonld"}},
        {"@context": {"@version": 1.1, "name": {"@id": SCHEMA + "name", "@context": "https://example.org/c.jsonld"}}},
        {},
        [],
    ],
)
def test_a_remote_context_is_never_fetched(
    context: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tiny: MemoryStore
) -> None:
    def no_network(*_: object, **__: object) -> None:
        raise AssertionError("reached out")

    monkeypatch.setattr("socket.create_connection", no_network)
    monkeypatch.setattr("socket.socket.connect", no_network)
    workspace = _workspace_with(context, tmp_path)
    for form in ("jsonld", "jsonld-framed"):
        with pytest.raises(DataError, match="inline"):
            serialize(whole(tiny), form, workspace=workspace)


def test_a_context_that_is_no_json_is_named(tmp_path: Path, tiny: MemoryStore) -> None:
    workspace = _workspace_with({}, tmp_path)
    (tmp_path / "ontology" / "context.jsonld").write_text('{\n "@context": ', encoding="utf-8")
    with pytest.raises(DataError, match=r"context\.jsonld:2"):
        serialize(whole(tiny), "jsonld", workspace=workspace)


# Files


def test_a_file_is_written_as_it_is(tmp_path: Path) -> None:
    file = tmp_path / "é.ttl"
    write_output("a\nb\r\nü", file)
    assert file.read_bytes() == "a\nb\r\nü".encode()
    assert list(tmp_path.iterdir()) == [file]


def test_an_existing_file_is_kept_unless_told(tmp_path: Path) -> None:
    file = tmp_path / "her.ttl"
    file.write_text("old")
    file.chmod(0o640)
    with pytest.raises(OutputError, match=r"her\.ttl: exists already; name another file or allow overwriting$"):
        write_output("new", file)
    assert file.read_text() == "old"
    write_output("new", file, overwrite=True)
    assert file.read_text() == "new"
    assert stat.S_IMODE(file.stat().st_mode) == 0o640
    assert list(tmp_path.iterdir()) == [file]


def test_a_link_is_followed(tmp_path: Path) -> None:
    file, link = tmp_path / "file", tmp_path / "link"
    file.write_text("old")
    link.symlink_to(file)
    write_output("new", link, overwrite=True)
    assert link.is_symlink()
    assert file.read_text() == "new"


@pytest.mark.parametrize("overwrite", [False, True])
@pytest.mark.parametrize(
    "name", ["", ".", "folder", "folder/", "none/her.ttl", "new/", "file/her.ttl", "a\0b", "x" * 300]
)
def test_what_cannot_be_written_is_one_line(
    name: str, overwrite: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_text("old")
    with pytest.raises(OutputError) as caught:
        write_output("new", name, overwrite=overwrite)
    assert "\n" not in str(caught.value)
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["file", "folder"]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_device_is_not_replaced(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with pytest.raises(OutputError, match="no plain file"):
        write_output("new", pipe, overwrite=True)
    assert stat.S_ISFIFO(pipe.stat().st_mode)


def test_nothing_half_written_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    file = tmp_path / "her.ttl"
    file.write_text("old")
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OutputError, match="No space left"):
        write_output("new", file, overwrite=True)
    assert file.read_text() == "old"
    assert list(tmp_path.iterdir()) == [file]


def test_a_file_system_without_links_will_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_links(*_: object) -> None:
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr(os, "link", no_links)
    write_output("new", tmp_path / "her.ttl")
    assert [path.read_text() for path in tmp_path.iterdir()] == ["new"]


def test_of_many_writers_one_wins(tmp_path: Path) -> None:
    file = tmp_path / "her.ttl"
    won: list[str] = []

    def write(text: str) -> None:
        try:
            write_output(text, file)
        except OutputError:
            return
        won.append(text)

    threads = [threading.Thread(target=write, args=(str(number) * 10_000,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert won == [file.read_text()]
    assert list(tmp_path.iterdir()) == [file]
