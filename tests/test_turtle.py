"""The canonical Turtle: the same triples are the same bytes, and the bytes are the same triples."""

from __future__ import annotations

import random
from pathlib import Path

import pyoxigraph as ox
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from filmgraph.errors import DataError
from filmgraph.namespaces import BASE, FG, PREFIXES, RDF, SCHEMA, SKOS, XSD
from filmgraph.turtle import format_turtle, subject_lines, write_turtle
from filmgraph.workspace import Workspace

PROLOGUE = "".join(f"@prefix {prefix}: <{namespace}> .\n" for prefix, namespace in PREFIXES.items())
E = "http://example.org/"


def parsed(text: str) -> list[ox.Triple]:
    return [quad.triple for quad in ox.parse(text, format=ox.RdfFormat.TURTLE)]


def formatted(body: str) -> str:
    """Return the canonical form of a text, its prefixes left out."""
    text = format_turtle(PROLOGUE + body, file="test.ttl")
    return "\n".join(line for line in text.splitlines() if not line.startswith("@prefix ")).strip("\n")


def is_isomorphic(first: list[ox.Triple], second: list[ox.Triple]) -> bool:
    canonical = []
    for triples in (first, second):
        dataset = ox.Dataset(ox.Quad(triple.subject, triple.predicate, triple.object) for triple in triples)
        dataset.canonicalize(ox.CanonicalizationAlgorithm.UNSTABLE)
        canonical.append(dataset)
    return bool(canonical[0] == canonical[1])


known = [BASE + "film/her-2013", FG + "Film", SCHEMA + "name", RDF + "type", SKOS + "broader", RDF + "nil"]
iris = st.one_of(
    st.sampled_from(known),
    st.text("abz019-_.~é%/?:", max_size=8).map(lambda text: E + text.replace("%", "%41")),
    st.text("ab1-_./?:", max_size=5).map(lambda text: f"{E}x#{text}"),
    st.sampled_from(list(PREFIXES.values())).flatmap(
        lambda namespace: st.text("ab1-_.~'(),", max_size=5).map(lambda local: namespace + local)
    ),
).map(ox.NamedNode)
nasty = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"]), max_size=20),
    st.text("\"'\\\n\r\t .;,<>#@^[](){}abtu0\x00\x08\x0c\x1b\x85\u2028\ufeff\U0010ffff", max_size=12),
)
literals = st.one_of(
    nasty.map(ox.Literal),
    st.builds(lambda text, language: ox.Literal(text, language=language), nasty, st.sampled_from(["en", "zh-Hant-TW"])),
    st.tuples(
        st.one_of(st.text("+-.0123456789eEINFa", max_size=7), st.sampled_from(["true", "TRUE", "5.", "+007"])),
        st.sampled_from([XSD + name for name in ("integer", "decimal", "double", "boolean", "gYear")]),
    ).map(lambda pair: ox.Literal(pair[0], datatype=ox.NamedNode(pair[1]))),
    st.tuples(nasty, iris)
    .filter(lambda pair: pair[1].value != RDF + "langString")
    .map(lambda pair: ox.Literal(pair[0], datatype=pair[1])),
)
triples_without_blanks = st.lists(st.builds(ox.Triple, iris, iris, st.one_of(iris, literals)), max_size=12)


@st.composite
def triples_with_trees(draw: st.DrawFn) -> list[ox.Triple]:
    """Triples with blank nodes, each the object of at most one triple, as the project's own files have them."""
    triples: list[ox.Triple] = []

    def value(depth: int) -> object:
        kind = draw(st.integers(0, 5 if depth < 3 else 2))
        if kind == 3:
            node = ox.BlankNode()
            for _ in range(draw(st.integers(0, 3))):
                triples.append(ox.Triple(node, draw(iris), value(depth + 1)))
            return node
        if kind == 4:
            rest: object = ox.NamedNode(RDF + "nil")
            for _ in range(draw(st.integers(0, 3))):
                cell = ox.BlankNode()
                triples.append(ox.Triple(cell, ox.NamedNode(RDF + "first"), value(depth + 1)))
                triples.append(ox.Triple(cell, ox.NamedNode(RDF + "rest"), rest))
                rest = cell
            return rest
        return draw(st.one_of(iris, literals))

    for _ in range(draw(st.integers(0, 5))):
        triples.append(ox.Triple(draw(iris), draw(iris), value(0)))
    return triples


@settings(max_examples=300, deadline=None)
@given(triples_without_blanks)
def test_the_triples_come_back(triples: list[ox.Triple]) -> None:
    assert set(parsed(write_turtle(triples))) == set(triples)


@settings(max_examples=200, deadline=None)
@given(triples_with_trees())
def test_blank_nodes_come_back(triples: list[ox.Triple]) -> None:
    assert is_isomorphic(parsed(write_turtle(triples)), triples)


@settings(max_examples=200, deadline=None)
@given(triples_with_trees(), st.randoms(use_true_random=False))
def test_the_form_is_one(triples: list[ox.Triple], chance: random.Random) -> None:
    """Neither the order of the triples nor the names of their blank nodes shows, and a second time changes nothing."""
    text = write_turtle(triples)
    chance.shuffle(triples)
    assert write_turtle(triples + triples[:3]) == text
    assert format_turtle(text, file="a.ttl") == text
    other_names = [quad.triple for quad in ox.parse(text, format=ox.RdfFormat.TURTLE, rename_blank_nodes=True)]
    assert write_turtle(other_names) == text


@settings(max_examples=200, deadline=None)
@given(triples_with_trees())
def test_each_subject_has_its_line(triples: list[ox.Triple]) -> None:
    text = write_turtle(triples)
    found = subject_lines(text)
    named = {triple.subject.value for triple in triples if isinstance(triple.subject, ox.NamedNode)}
    assert set(found) == named - {RDF + "nil"}
    lines = text.split("\n")
    for subject, line in found.items():
        start = lines[line - 1]
        assert start.startswith(("<" + subject + "> ", start.partition(" ")[0] + " "))
        assert not start.startswith((" ", "@prefix"))


@settings(max_examples=200, deadline=None)
@given(triples_without_blanks)
def test_each_subject_of_n_triples_has_its_line(triples: list[ox.Triple]) -> None:
    text = "".join(f"{triple} .\n" for triple in triples)
    expected: dict[str, int] = {}
    for number, triple in enumerate(triples, 1):
        expected.setdefault(triple.subject.value, number)
    assert subject_lines(text) == expected


@pytest.mark.parametrize("file", Workspace.find().graph_files, ids=lambda file: file.name)
def test_the_bundled_files_survive(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    once = format_turtle(text, file=file.name)
    assert is_isomorphic(parsed(once), parsed(text))
    assert format_turtle(once, file=file.name) == once
    subjects = {triple.subject.value for triple in parsed(text) if isinstance(triple.subject, ox.NamedNode)}
    assert set(subject_lines(text)) == set(subject_lines(once)) == subjects


def test_a_film_stands_first_then_each_use_with_its_scenes() -> None:
    text = formatted(
        """
        scene:her-2013--silence--10 schema:description "j" .
        scene:her-2013--silence--2 schema:description "b" .
        use:her-2013--silence a fg:TechniqueUse ; fg:film film:her-2013 ;
          fg:scene scene:her-2013--silence--10 , scene:her-2013--silence--2 .
        use:her-2013--close-up a fg:TechniqueUse ; fg:film film:her-2013 ; fg:scene scene:her-2013--close-up--1 .
        scene:her-2013--close-up--1 schema:description "a" .
        country:japan schema:name "Japan" .
        film:her-2013 schema:name "Her" ; a fg:Film .
        """
    )
    assert [block.split()[0] for block in text.split("\n\n")] == [
        "film:her-2013",
        "use:her-2013--close-up",
        "scene:her-2013--close-up--1",
        "use:her-2013--silence",
        "scene:her-2013--silence--2",
        "scene:her-2013--silence--10",
        "country:japan",
    ]


def test_a_review_is_followed_by_claims_and_their_passages() -> None:
    text = formatted(
        """
        passage:r--2 oa:start 5 . passage:r--1 oa:start 1 .
        claim:r--2 a fg:ReviewClaim ; fg:claimedIn review:r ; fg:evidence passage:r--2 .
        claim:r--1 a fg:ReviewClaim ; fg:claimedIn review:r ; fg:evidence passage:r--1 .
        review:r a fg:Review .
        """
    )
    assert [block.split()[0] for block in text.split("\n\n")] == [
        "review:r", "claim:r--1", "passage:r--1", "claim:r--2", "passage:r--2",
    ]  # fmt: skip


def test_subjects_that_own_each_other_are_all_written() -> None:
    text = formatted("use:a fg:scene use:b . use:b fg:scene use:c . use:c fg:scene use:a . use:d fg:scene use:d .")
    assert sorted(block.split()[0] for block in text.split("\n\n")) == ["use:a", "use:b", "use:c", "use:d"]


@pytest.mark.parametrize(
    ("objects", "expected"),
    [
        ("film:a-10 , film:a-9 , film:a-2", "film:a-2 , film:a-9 , film:a-10"),
        ("10 , 9 , 100", "9 , 10 , 100"),
        ("007 , 7 , 07", "007 , 07 , 7"),
        ('"٣" , "2" , "²"', '"2" , "²" , "٣"'),
        ('"b"@en , "a"@en , "a"@de', '"a"@de , "a"@en , "b"@en'),
        ("true , false , 1.50 , 1.5e0", '"1.5e0"^^xsd:double , false , true , 1.50'),
        ('"x"^^xsd:string , "x"', '"x"'),
        ("()", "()"),
        ("( 2 1 )", "( 2 1 )"),
        ("( [ ] ( ) ( 1 ) )", "( [] () ( 1 ) )"),
        ("[ fg:film film:a ; a fg:Film ]", "[ a fg:Film ; fg:film film:a ]"),
        ('"a\\nb"', '"""a\nb"""'),
        ('"a\\"\\n\\"\\""', '"""a\\"\n\\"\\""""'),
        ('"\\r\\t\\\\"', '"\\r\\t\\\\"'),
    ],
)
def test_objects(objects: str, expected: str) -> None:
    assert formatted(f"film:x fg:p {objects} .") == f"film:x fg:p {expected} ."


def test_a_number_of_any_length_can_be_sorted() -> None:
    long = "9" * 6_000
    assert formatted(f"film:x fg:p {long} , 1{long} , 5 .").split() == f"film:x fg:p 5 , {long} , 1{long} .".split()


@pytest.mark.parametrize(
    ("body", "line"),
    [
        ("# first\nfilm:a fg:p 1 .", 1),
        ("film:a fg:p 1 . # after", 1),
        ("film:a fg:p '#no' ;\n  fg:q '''\n#no\n''' , <http://e.org/#no> ;\n  # yes\n fg:r 1 .", 5),
        ("film:a fg:p 'x'#yes\n .", 1),
    ],
)
def test_comments_are_refused(body: str, line: int) -> None:
    with pytest.raises(DataError, match="editorialNote") as caught:
        format_turtle(PROLOGUE + body, file="her.ttl")
    assert caught.value.line == line + PROLOGUE.count("\n")
    assert caught.value.file == "her.ttl"


def test_what_is_no_turtle_has_its_line() -> None:
    with pytest.raises(DataError) as caught:
        format_turtle("@prefix e: <http://e.org/> .\ne:a e:b", file="a.ttl")
    assert caught.value.line == 2
    with pytest.raises(DataError, match="relative IRI"):
        format_turtle("<a> <b> <c> .", file="a.ttl")


@pytest.mark.parametrize(
    ("body", "pattern"),
    [
        ("film:a fg:p _:b . film:b fg:p _:b . _:b fg:q 1 .", "is used 2 times"),
        ("film:a fg:p _:b ; fg:q _:b .", "is used 2 times"),
        ("_:b fg:p 1 .", "nobody's object"),
        ("[] fg:p 1 .", "nobody's object"),
        ("_:b fg:p _:b .", "circle"),
        ("_:b fg:p _:c . _:c fg:p _:b .", "circle"),
        ("film:a fg:p 1 . _:b rdf:first 1 ; rdf:rest _:b .", "circle"),
        ("film:a fg:p " + "[ fg:p " * 5_000 + "1" + " ]" * 5_000 + " .", "deeper"),
        ("film:a fg:p " + "( " * 5_000 + "1" + " )" * 5_000 + " .", "deeper"),
        ("film:a fg:p <<( film:a fg:p 1 )>> .", "cannot be written"),
    ],
)
def test_what_has_no_canonical_form(body: str, pattern: str) -> None:
    with pytest.raises(DataError, match=pattern) as caught:
        format_turtle(PROLOGUE + body, file="a.ttl")
    assert str(caught.value).startswith("a.ttl: ")


def test_a_list_that_is_none_is_written_out() -> None:
    body = "film:a fg:p [ a rdf:List ; rdf:first 1 ; rdf:rest () ] , [ rdf:first 1 , 2 ; rdf:rest () ] ."
    assert is_isomorphic(parsed(PROLOGUE + formatted(body)), parsed(PROLOGUE + body))


def test_a_long_list_takes_no_time_to_speak_of() -> None:
    items = " ".join(map(str, range(20_000)))
    assert formatted(f"film:a fg:p ( {items} ) .") == f"film:a fg:p ( {items} ) ."


def test_nothing_is_an_empty_text() -> None:
    assert write_turtle([]) == ""
    assert format_turtle("", file="a.ttl") == ""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", {}),
        ("<http://e.org/a> <http://e.org/p> 1 .", {"http://e.org/a": 1}),
        ("@prefix e: <http://e.org/> .\n\ne:a e:p 'x . y' ; e:q 1 .\ne:b e:p 2.",
         {"http://e.org/a": 3, "http://e.org/b": 4}),
        ("PREFIX e: <http://e.org/>\ne:a e:p 1 .", {"http://e.org/a": 2}),
        ("prefix e: <http://e.org/>\nPREFIX f: <http://f.org/> f:a e:p 1 .", {"http://f.org/a": 2}),
        ("@prefix : <http://e.org/> .\n:a :p :b.\n:b :p :a.", {"http://e.org/a": 2, "http://e.org/b": 3}),
        ("@base <http://e.org/x/> .\n<a> <p> <b> .\n<../c> <p> 1 .\n<#d> <p> 1 .",
         {"http://e.org/x/a": 2, "http://e.org/c": 3, "http://e.org/x/#d": 4}),
        ("BASE <http://e.org/>\n<a> <p> 1 .\n<b> <p> 1 .", {"http://e.org/a": 2, "http://e.org/b": 3}),
        ("@base <http://e.org/> .\n@prefix f: <films/> .\nf:a f:p 1 .", {"http://e.org/films/a": 3}),
        ("VERSION '1.2'\n<u:a> <u:p> 1 .", {"u:a": 2}),
        ("<u:a> <u:p> 'a . <u:x> <u:p> 1 .' .\n<u:b> <u:p> \"<u:y> .\" .", {"u:a": 1, "u:b": 2}),
        ("<u:a> <u:p> '''x .\n<u:x> <u:p> 1 .\n''' .\n<u:b> <u:p> \"\"\"\" \"\"\n.\"\"\" .\n<u:c> <u:p> 1 .",
         {"u:a": 1, "u:b": 4, "u:c": 6}),
        ("<u:a> <u:p> 'it\\'s . ' .\n<u:b> <u:p> '\\\\' .\n<u:c> <u:p> '' .", {"u:a": 1, "u:b": 2, "u:c": 3}),
        ("<u:a> <u:p> 1 . # <u:x> <u:p> 1 .\n# '''\n<u:b> <u:p> 1 .", {"u:a": 1, "u:b": 3}),
        ("@prefix e.f: <http://e.org/> .\ne.f:a.b.c e.f:p e.f:d.e .\ne.f:x e.f:p 1 .",
         {"http://e.org/a.b.c": 2, "http://e.org/x": 3}),
        ("@prefix e: <http://e.org/> .\ne:a\\,b\\.\\#c e:p 1 .\ne:b e:p 1 .",
         {"http://e.org/a,b.#c": 2, "http://e.org/b": 3}),
        ("<u:a> <u:p> [ <u:q> 1 ; <u:r> [ <u:s> 'x' ] . ] .", {"u:a": 1}),
        ("<u:a> <u:p> [ <u:q> [ <u:r> 1 ] ] ,\n ( <u:x> ( 1 2 ) ) .\n<u:b> <u:p> 1 .", {"u:a": 1, "u:b": 3}),
        ("[] <u:p> <u:x> .\n[ <u:p> 1 ] .\n_:b <u:p> 1 .\n( 1 ) <u:p> 2 .\n<u:a> <u:p> 1 .", {"u:a": 5}),
        ("<u:a> <u:p> 1.5 , -1.e3 , .5 , +3. <u:b> <u:p> 1.\n<u:c> <u:p> true.", {"u:a": 1, "u:b": 1, "u:c": 2}),
        ("@prefix e: <http://e.org/> .\ne:a e:p 'x'.e:b e:p 1.e:c e:p e:d.e:e e:p 1 .",
         {"http://e.org/a": 2, "http://e.org/b": 2, "http://e.org/c": 2}),
        ("<u:a> <u:p> 'x'@en.<u:b> <u:p> 'x'^^<u:t>.\r\n<u:c> <u:p> 1.", {"u:a": 1, "u:b": 1, "u:c": 2}),
        ("<u:a> <u:p> 1 ;\n\n <u:q> 2 .\n<u:a> <u:r> 3 .", {"u:a": 1}),
        ("<u:\\u0061> <u:p> 1 .\n<u:\\U00000062> <u:p> 1 .", {"u:a": 1, "u:b": 2}),
        ("@prefix prefix: <http://e.org/> .\nprefix:a prefix:prefix prefix:base .", {"http://e.org/a": 2}),
        ("@prefix e: <http://e.org/> . e:a e:p 1 .\n@prefix e: <http://f.org/> . e:a e:p 1 .",
         {"http://e.org/a": 1, "http://f.org/a": 2}),
    ],
)  # fmt: skip
def test_lines_of_subjects(text: str, expected: dict[str, int]) -> None:
    assert subject_lines(text) == expected
