"""The quick engine finds what the reference finds, and what is new in a store is judged as the whole would be."""

from __future__ import annotations

import os
import threading
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyoxigraph as ox
import pytest
from click.testing import CliRunner
from planting import plant
from scripts import generate
from spaces import small_workspace

from filmgraph.cli import cli
from filmgraph.errors import DataError, FilmgraphError
from filmgraph.namespaces import FG, PREFIXES, shorten
from filmgraph.readers import triples_of
from filmgraph.stores import MemoryStore
from filmgraph.validation import Report, engines, quick, validate_additions, validate_files, validate_store
from filmgraph.validation.alike import OddLines, compared_predicates, odd_rules
from filmgraph.validation.judging import read_rules
from filmgraph.validation.sources import Source, read_all
from filmgraph.workspace import Workspace

pytest.importorskip("shacl", reason="the engine shacl is not installed: pip install 'filmgraph-kg[fast]'")

DATA = Path(__file__).parent / "data"
HER = Workspace.find().data / "films" / "her-2013.ttl"
ROUNDS = int(os.environ.get("FILMGRAPH_PARITY_ROUNDS", "1"))
"""How many graphs with planted errors are judged by both engines; ``make parity`` judges more."""

HEAD = "".join(f"@prefix {prefix}: <{namespace}> .\n" for prefix, namespace in PREFIXES.items())
SHAPES = HEAD + "@prefix sh: <http://www.w3.org/ns/shacl#> .\n@prefix ex: <http://example.org/> .\n"
FILM = """film:new-film-2020 a fg:Film ;
    schema:name "New Film" ; fg:releaseYear 2020 ; schema:genre genre:drama ;
    schema:abstract "A film that is new to the graph, by somebody whom the graph knows, for the sake of a test."@en ;
    schema:director person:spike-jonze ; schema:countryOfOrigin country:united-states .
"""


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    files = [*DATA.rglob("*.ttl"), HER]
    return small_workspace(tmp_path_factory.mktemp("small") / "space", named_in=files)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> list[ox.Triple]:
    file = tmp_path_factory.mktemp("made") / "made.nt"
    generate.write_graph(file, 25)
    return triples_of([file])


def _source(triples: Sequence[ox.Triple], name: str = "made") -> Source:
    return Source(name, Path(name), None, list(triples))


def _terms() -> list[Source]:
    return read_all([Workspace.find().ontology / "filmgraph.ttl"])


def assert_same(sources: Sequence[Source], rest: Sequence[Source], shapes: Path) -> int:
    """Judge by both engines, compare all that they found, and return how much that is."""
    told: list[str] = []
    one, other = (
        engines.judge(sources, rest, shapes=shapes, tell=lambda _: None, engine=engine, note=told.append)
        for engine in ("pyshacl", "shacl")
    )
    assert told == []
    assert one.focus_nodes == other.focus_nodes
    found, quickly = Counter(one.findings), Counter(other.findings)
    assert quickly - found == Counter()
    assert found - quickly == Counter()
    return len(one.findings)


# Parity.


def test_both_engines_find_the_same_in_every_invalid_example(small: Workspace) -> None:
    files, style = sorted((DATA / "invalid").glob("*.ttl")), sorted((DATA / "invalid" / "house-style").glob("*.ttl"))
    assert len(files) + len(style) > 120
    assert assert_same(read_all(files), read_all(small.graph_files), small.ontology / "shapes.ttl") > len(files)
    ontology = read_all(small.ontology.glob("*.ttl"))
    assert assert_same(read_all(style), ontology, small.ontology / "house-style.ttl") > len(style)


@pytest.mark.parametrize("seed", range(ROUNDS))
def test_both_engines_find_the_same_errors_planted_into_a_made_graph(seed: int, made: list[ox.Triple]) -> None:
    shapes = Workspace.find().ontology / "shapes.ttl"
    assert assert_same([_source(plant(made, errors=220, seed=seed))], _terms(), shapes) > 200


@pytest.mark.parametrize("seed", range(ROUNDS))
def test_both_engines_find_the_same_errors_planted_into_the_bundled_graph(seed: int, small: Workspace) -> None:
    files = sorted((Workspace.find().data / "films").glob("*.ttl"))[seed::40]
    triples = plant(triples_of([*files[:6], *(small.graph_files)]), errors=150, seed=seed)
    assert assert_same([_source(triples)], [], small.ontology / "shapes.ttl") > 100


def test_our_rules_are_all_judged_alike_and_shacl_judges_by_them(
    made: list[ox.Triple], monkeypatch: pytest.MonkeyPatch
) -> None:
    ontology = Workspace.find().ontology
    assert [odd_rules(read_rules(ontology / name)) for name in ("shapes.ttl", "house-style.ttl")] == [{}, {}]
    broken = [triple for triple in made if triple.predicate.value != FG + "releaseYear"]
    # pySHACL, which must find the same, is not asked at all.
    monkeypatch.setattr(engines.judging, "judge", None)
    judged = engines.judge(
        [_source(broken)], _terms(), shapes=ontology / "shapes.ttl", tell=lambda _: None, engine="shacl"
    )
    assert {(shorten(one.shape), one.constraint) for one in judged.findings} == {
        ("fgs:Film-releaseYear", "MinCountConstraintComponent")
    }
    assert len(judged.findings) == 25


VALUES = (
    *('"02013"^^xsd:integer', '"abc"^^xsd:integer', '" 7 "^^xsd:integer', "true", "2013.0", "2e3", '"2013"'),
    *('"2013"^^xsd:gYear', '"2014-02-30"^^xsd:date', '"2014-02-28"^^xsd:date', '"14"^^xsd:gYear', "fg:Film", "_:b"),
    *('"ends\\n"', '"\\u001f"', '"a\\nb"', '"x"^^fg:odd', '"a"@en-US', '"a b"^^xsd:anyURI', "[ a schema:Person ]"),
)
PREDICATES = (
    *("fg:releaseYear", "fg:imdbId", "fg:runtimeMinutes", "schema:sameAs", "schema:abstract", "schema:director"),
    *("schema:name", "schema:genre", "schema:alternateName", "fg:draft"),
)


def test_both_engines_find_the_same_of_odd_values(small: Workspace) -> None:
    text = HEAD + "".join(
        f"film:odd-{place}-{number}-2013 a fg:Film ; {predicate} {value} .\n"
        for place, predicate in enumerate(PREDICATES)
        for number, value in enumerate(VALUES)
    )
    odd = _source([quad.triple for quad in ox.parse(text, format=ox.RdfFormat.TURTLE)])
    assert assert_same([odd], read_all(small.graph_files), small.ontology / "shapes.ttl") > 1000


def asked(query: str) -> str:
    return f'sh:sparql [ sh:select "{query.replace("x:", "http://example.org/")}" ]'


RULES = {
    "flags": 'sh:pattern "^x.y$" ; sh:flags "s"',
    "syntax": 'sh:pattern "^(?!x)[a-z]*\\\\d?$"',
    "closed": "sh:closed true",
    "dates": 'sh:minInclusive "2000-01-01"^^xsd:date',
    "values": "sh:in ( 1 01 true )",
    "off": "sh:deactivated true ; sh:minCount 9",
    "severity": "sh:severity ex:Grave ; sh:minCount 9",
    "path": "sh:maxCount 0",
    "within": "sh:not [ sh:closed true ]",
    "many": "sh:qualifiedValueShape [ sh:nodeKind sh:IRI ] ; sh:qualifiedMaxCount 0",
    "less": "sh:lessThan schema:name",
    "compute": asked("SELECT $this ?value { $this <x:p> ?v BIND(UCASE(STR(?v)) AS ?value) }"),
    "count": asked("SELECT $this (COUNT(?v) AS ?value) { $this <x:p> ?v } GROUP BY $this"),
    "twice": asked("SELECT $this { $this <x:p> ?v }"),
    "optional": asked("SELECT $this ?value { $this <x:p> ?v OPTIONAL { $this <x:q> ?value } }"),
    "tag": asked("SELECT $this ?value { $this <x:q> ?value BIND(STRLANG(STR(?value), LANG(?value)) AS ?x) }"),
}


@pytest.mark.parametrize("message", ['sh:message "Mend it."@en ;', ""], ids=["told", "untold"])
def test_rules_that_the_engines_judge_otherwise_are_left_to_the_reference(message: str, tmp_path: Path) -> None:
    text = SHAPES + "".join(
        f"ex:{name} a sh:PropertyShape ; sh:path ex:p ; {message} {rule} .\n" for name, rule in RULES.items()
    )
    parts = ", ".join(f"ex:{name}" for name in RULES)
    (tmp_path / "shapes.ttl").write_text(f"{text}ex:Film sh:targetClass fg:Film ; sh:property {parts} .\n")
    odd = odd_rules(read_rules(tmp_path / "shapes.ttl"))
    alike = {"path", "many", "twice", "less"} if message else set()
    ((_, found),) = odd.items()
    assert {str(part).rpartition("/")[2] for part in found or ()} == set(RULES) - alike
    data = HEAD + "@prefix ex: <http://example.org/> .\n"
    data += 'ex:a a fg:Film ; ex:p 1, 2, "x\\ny", "xby", "b", "b"@en, ex:b, true, "1999-01-01"^^xsd:date ; ex:q "b" .\n'
    data += 'ex:c a fg:Film ; ex:p ex:a , "b" ; schema:name "c" .\nex:d a fg:Film ; ex:p "b"@en , "A" .\n'
    triples = [quad.triple for quad in ox.parse(data, format=ox.RdfFormat.TURTLE)]
    assert assert_same([_source(triples)], [], tmp_path / "shapes.ttl") > 20


@pytest.mark.parametrize(
    ("line", "is_odd"),
    [
        (b'<x:s> <x:p> "text" .', False),
        (b'<x:s> <x:p> "a \\"quoted\\" text"@en .', False),
        (b'<x:s> <x:p> "2013"^^<http://www.w3.org/2001/XMLSchema#integer> .', False),
        (b'<x:s> <x:p> "-0.5"^^<http://www.w3.org/2001/XMLSchema#decimal> .', False),
        (b'<x:s> <x:p> "2014-02-28"^^<http://www.w3.org/2001/XMLSchema#date> .', False),
        (b'<x:s> <x:p> "two\\nlines" .', False),
        (b"<x:s> <x:n> <x:o> .", True),
        (b'<x:s> <x:n> "5" .', True),
        (b'<x:s> <x:n> "5"^^<http://www.w3.org/2001/XMLSchema#integer> .', False),
        (b'<x:s> <x:p> "02013"^^<http://www.w3.org/2001/XMLSchema#integer> .', True),
        (b'<x:s> <x:p> "2014-02-29"^^<http://www.w3.org/2001/XMLSchema#date> .', True),
        (b'<x:s> <x:p> "x"^^<x:type> .', True),
        (b'<x:s> <x:p> "ends\\n" .', True),
        (b'<x:s> <x:p> "\x1f" .', True),
        (b'<x:s> <x:p> "\\u001F" .', True),
        (b"<x:s> <x:p> _:b .", True),
        (b"_:b <x:p> <x:o> .", True),
    ],
)
def test_a_line_is_odd_where_the_engines_may_read_it_otherwise(line: bytes, is_odd: bool) -> None:
    odd = OddLines({"x:n"})
    text = b'<x:a> <x:b> "c" .\n' + line + b"\n<x:a> <x:b> <x:c> .\n"
    for start in range(0, len(text), 7):
        odd.see(text[start : start + 7])
    assert odd.found == ([line] if is_odd else [])


def test_predicates_that_are_compared_are_told(small: Workspace) -> None:
    compared = {shorten(one) for one in compared_predicates(read_rules(small.ontology / "shapes.ttl"))}
    assert {"fg:releaseYear", "oa:start", "oa:end", "fg:confidence"} <= compared
    assert "schema:name" not in compared


# The bad path.


@pytest.mark.parametrize("error", [ValueError("no\nsuch shape"), MemoryError()])
def test_where_shacl_fails_the_reference_judges_and_a_line_says_so(
    error: Exception, small: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    import shacl

    class Broken:
        @staticmethod
        def from_text(*_arguments: Any, **_options: Any) -> Any:
            raise error

    monkeypatch.setattr(shacl, "Shapes", Broken)
    file = DATA / "invalid" / "Film-name.ttl"
    report = validate_files([file], workspace=small, engine="shacl")
    assert report == validate_files([file], workspace=small)
    assert {shorten(one.shape) for one in report.violations} == {"fgs:Film-name"}
    (note,) = report.notes
    assert "pySHACL judges instead" in note
    assert note.isprintable()


def test_a_writer_that_comes_when_the_reader_is_gone_is_not_waited_for_for_ever(
    small: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Late(threading.Thread):
        def run(self) -> None:
            time.sleep(0.3)
            super().run()

    class Gone:
        @staticmethod
        def from_text(*_arguments: Any, **_options: Any) -> Any:
            return Gone()

        def validate_file(self, *_arguments: Any, **_options: Any) -> Any:
            raise ValueError("not today")

    import shacl

    monkeypatch.setattr(shacl, "Shapes", Gone)
    monkeypatch.setattr(quick, "Thread", Late)
    before = threading.active_count()
    (note,) = validate_files([DATA / "invalid" / "Film-name.ttl"], workspace=small, engine="shacl").notes
    assert "not today" in note
    assert threading.active_count() == before


def test_a_graph_that_cannot_be_written_out_is_not_judged_in_part(
    made: list[ox.Triple], small: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half a graph has fewer breaches than the whole."""
    before = threading.active_count()

    def fail(self: Any, write: Any) -> None:
        write(b"<x:a> <x:b> <x:c> .\n")
        raise DataError("the disk is gone")

    monkeypatch.setattr("filmgraph.validation.graphs.StoreGraph.write", fail)
    with MemoryStore() as store:
        store.oxigraph.extend(ox.Quad(t.subject, t.predicate, t.object) for t in made)
        with pytest.raises(DataError, match="the disk is gone"):
            validate_store(store, workspace=small, engine="shacl")
    assert threading.active_count() == before


def test_shapes_that_cannot_be_used_are_an_error_with_either_engine(small: Workspace, tmp_path: Path) -> None:
    shapes = tmp_path / "shapes.ttl"
    for rule in ("sh:property fgs:missing", 'sh:sparql [ sh:select "SELECT $this WHERE {" ]', "sh:minCount 1"):
        shapes.write_text(f"{SHAPES}fgs:Film a sh:NodeShape ; sh:targetClass fg:Film ; {rule} .\n")
        for engine in ("pyshacl", "shacl"):
            with pytest.raises(DataError, match="pySHACL cannot judge by these shapes"):
                engines.judge(
                    read_all([HER]), [], shapes=shapes, tell=lambda _: None, engine=engine, note=lambda _: None
                )


@pytest.mark.parametrize("engine", ["pyshacl", "shacl"])
def test_a_graph_of_which_nothing_is_checked_is_an_error_with_either_engine(
    engine: engines.Engine, small: Workspace, tmp_path: Path
) -> None:
    file = tmp_path / "typeless.ttl"
    file.write_text('<http://example.org/a> <http://example.org/b> "c" .\n')
    with pytest.raises(DataError, match="nothing was checked"):
        validate_files([file], workspace=small, engine=engine)
    with MemoryStore.of_files([file]) as store:
        with pytest.raises(DataError, match="nothing was checked"):
            validate_store(store, workspace=small, engine=engine)
        with pytest.raises(DataError, match="nothing was checked"):
            validate_additions(store, [file], workspace=small, engine=engine)


def test_a_missing_engine_is_told_in_one_line(small: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quick, "is_installed", lambda: False)
    monkeypatch.setattr(engines, "is_installed", lambda: False)
    with pytest.raises(FilmgraphError, match=r"pip install 'filmgraph-kg\[fast\]'"):
        validate_files([HER], workspace=small, engine="shacl")
    assert validate_files([HER], workspace=small, engine="auto").conforms
    with pytest.raises(FilmgraphError, match="there is no validation engine jena: say auto, pyshacl, shacl"):
        engines.chosen("jena")
    told = CliRunner().invoke(cli, ["validate", str(HER), "--root", str(small.root), "--engine", "shacl"])
    assert (told.exit_code, told.stdout) == (2, "")
    assert told.stderr.count("\n") == 1
    assert "pip install 'filmgraph-kg[fast]'" in told.stderr


def test_the_command_takes_an_engine_and_finds_the_same(small: Workspace) -> None:
    file = str(DATA / "invalid" / "Film-name.ttl")
    told = [
        CliRunner().invoke(cli, ["validate", file, "--root", str(small.root), "--engine", engine])
        for engine in ("pyshacl", "shacl", "auto")
    ]
    assert {(one.exit_code, one.output) for one in told} == {(1, told[0].output)}
    assert "fgs:Film-name" in told[0].output


def test_the_command_says_before_a_large_store_that_pyshacl_takes_long(
    tmp_path: Path, small: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("filmgraph.cli.check._LARGE", 5)
    file = tmp_path / "people.nt"
    file.write_text(
        f'{HEAD}person:a a schema:Person ; schema:name "A" .\nperson:b a schema:Person ; schema:name "B" .\n'
    )
    file = file.rename(tmp_path / "people.ttl")
    for engine in ("pyshacl", "shacl"):
        arguments = ["validate", "--root", str(small.root), "--store", str(file), "--engine", engine]
        assert "--engine shacl" not in CliRunner().invoke(cli, arguments).stderr
        monkeypatch.setattr("filmgraph.cli.check._LARGE", 3)
        told = CliRunner().invoke(cli, arguments)
        assert told.exit_code == 0, told.output
        assert ("--engine shacl is much quicker" in told.stderr) is (engine == "pyshacl")
        monkeypatch.setattr("filmgraph.cli.check._LARGE", 5)


def test_more_breaches_than_memory_could_hold_are_told_in_part(
    made: list[ox.Triple], small: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad = [triple for triple in made if triple.predicate.value != FG + "releaseYear"]
    whole = _of(bad, small)
    assert len(whole.violations) == 25
    for module in (quick, engines):
        monkeypatch.setattr(module, "MOST", 10)
    with MemoryStore() as store:
        store.oxigraph.extend(ox.Quad(t.subject, t.predicate, t.object) for t in bad)
        report = validate_store(store, workspace=small, engine="shacl")
    assert len(report.violations) == 10
    assert not report.conforms
    assert set(report.violations) <= set(whole.violations)
    assert report.notes == ("there are more than 10 breaches, of which only the first are told",)
    # Of some subjects in a larger graph, what is left out could be about just these.
    told: list[str] = []
    judged = engines.judge(
        [_source(bad)],
        _terms(),
        shapes=small.ontology / "shapes.ttl",
        tell=lambda _: None,
        engine="shacl",
        note=told.append,
    )
    assert len(judged.findings) == 25
    assert "more than 10 breaches" in told[0]


# A store, and what is new in it.


def test_a_store_is_judged_as_it_is_read_and_alike(
    made: list[ox.Triple], small: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    with MemoryStore() as store:
        store.oxigraph.extend(
            ox.Quad(t.subject, t.predicate, t.object) for t in plant(made, errors=60, seed=7, blank=False)
        )
        report = validate_store(store, workspace=small)
        monkeypatch.setattr(MemoryStore, "construct", None)
        assert validate_store(store, workspace=small, engine="shacl") == report
        assert len(report.violations) > 40


def _additions(
    old: Sequence[ox.Triple], files: Sequence[Path], workspace: Workspace, engine: str
) -> tuple[Report, Report, set[str]]:
    """Return what is said of additions, what is said of the whole, and the subjects that the files speak of."""
    with MemoryStore() as store:
        store.oxigraph.extend(ox.Quad(t.subject, t.predicate, t.object) for t in old)
        for file in files:
            store.load(file)
        added = validate_additions(store, files, workspace=workspace, engine=engine)
        return added, validate_store(store, workspace=workspace), {str(t.subject)[1:-1] for t in triples_of(files)}


def _bare(report: Report) -> set[tuple[Any, ...]]:
    return {(v.focus, v.shape, v.path, v.value, v.message, v.severity) for v in report.violations}


@pytest.mark.parametrize("engine", ["pyshacl", "shacl"])
def test_additions_are_judged_as_the_whole_would_be(engine: str, small: Workspace, tmp_path: Path) -> None:
    old = triples_of([*small.graph_files, HER])
    file = tmp_path / "new.ttl"
    film = FILM + 'film:new-film-2020 fg:imdbId "tt1798709" ; schema:director person:nobody .\n'
    file.write_text(
        HEAD
        + film
        # What was right alone is wrong together: a second title, a shared identifier, a second technique of a use,
        # a circle of techniques, a name that another technique has.
        + 'film:her-2013 schema:name "Her, again" .\n'
        + "use:her-2013--off-screen-space fg:technique technique:long-take .\n"
        + "technique:camera-movement skos:broader technique:tracking-shot .\n"
        + 'technique:new-one a fg:Technique ; skos:prefLabel "Off-screen space"@en ; skos:broader category:editing ;\n'
        + '  skos:definition "What a test takes to be a technique of film."@en ; skos:inScheme fg:techniques .\n'
    )
    added, whole, subjects = _additions(old, [file], small, engine)
    found = {(shorten(v.focus), shorten(v.shape)) for v in added.violations}
    assert {
        ("film:her-2013", "fgs:Film-name"),
        ("film:her-2013", "fgs:Film-imdbIdOnce"),
        ("film:new-film-2020", "fgs:Film-imdbIdOnce"),
        ("film:new-film-2020", "fgs:Film-director"),
        ("technique:off-screen-space", "fgs:Concept-prefLabelOnce"),
    } <= found
    assert _bare(added) == _bare(whole)
    assert added.focus_nodes < whole.focus_nodes
    places = {shorten(v.focus): (v.file, v.line) for v in added.violations}
    assert places["film:new-film-2020"] == (str(file), 1 + HEAD.count("\n"))
    assert places["technique:off-screen-space"] == ("memory", None)
    assert len(subjects) == 5


@pytest.mark.parametrize("seed", range(ROUNDS))
def test_additions_with_planted_errors_are_judged_as_the_whole_would_be(
    seed: int, made: list[ox.Triple], small: Workspace, tmp_path: Path
) -> None:
    planted = plant(made, errors=150, seed=100 + seed, blank=False)
    kept = set(planted) & set(made)
    new = [t for t in planted if t not in kept] + [t for t in made if "garden" in str(t.subject)]
    file = tmp_path / "new.nt"
    file.write_bytes(ox.serialize(new, format=ox.RdfFormat.N_TRIPLES) or b"")
    old = [t for t in made if t not in set(new)]
    added, whole, subjects = _additions(old, [file], small, "auto")
    judged = {v.focus for v in added.violations} | subjects
    assert _bare(added) == {one for one in _bare(whole) if one[0] in judged}
    # Nothing was taken away, so whatever is wrong now came with the new.
    before = {(v.focus, v.shape, v.value) for v in _of(old, small).violations}
    since = {(v.focus, v.shape, v.value) for v in whole.violations} - before
    assert {one for one in since if one[0] not in judged} == set()
    assert added.focus_nodes < whole.focus_nodes


def _of(triples: Sequence[ox.Triple], workspace: Workspace) -> Report:
    with MemoryStore() as store:
        store.oxigraph.extend(ox.Quad(t.subject, t.predicate, t.object) for t in triples)
        return validate_store(store, workspace=workspace)


def test_additions_touch_no_more_than_they_must(made: list[ox.Triple], small: Workspace, tmp_path: Path) -> None:
    """One more film by a director concerns neither the director's other films nor those of its genre."""
    file = tmp_path / "film.ttl"
    director = next(t.object for t in made if shorten(t.predicate.value) == "schema:director")
    film = FILM.replace("person:spike-jonze", str(director)) + f"{director} a schema:Person .\n"
    file.write_text(HEAD + film)
    added, _whole, _subjects = _additions(made, [file], small, "pyshacl")
    assert added.focus_nodes == 2
    assert added.conforms, added.to_text()


def test_additions_with_blank_nodes_are_found_again_in_the_store(small: Workspace, tmp_path: Path) -> None:
    file = tmp_path / "blank.ttl"
    file.write_text(HEAD + FILM.replace("person:spike-jonze", '[ a schema:Person ; schema:name "A", "B" ]'))
    added, whole, _ = _additions(triples_of(small.graph_files), [file], small, "auto")
    assert {(shorten(v.focus), shorten(v.shape)) for v in added.violations} == {
        ("film:new-film-2020", "fgs:Person-name"),
        ("film:new-film-2020", "fgs:Person-iri"),
    }
    assert {v.shape for v in whole.violations} == {v.shape for v in added.violations}


@pytest.mark.parametrize("text", ["fg:Critic rdfs:subClassOf fg:Film .\n", "[] a fg:Film .\n"])
def test_additions_that_may_concern_anything_have_all_judged(text: str, small: Workspace, tmp_path: Path) -> None:
    file = tmp_path / "new.ttl"
    file.write_text(HEAD + FILM + text)
    critic = f'{HEAD}person:a a fg:Critic ; schema:name "A" .\n'
    old = [*triples_of(small.graph_files), *(q.triple for q in ox.parse(critic, format=ox.RdfFormat.TURTLE))]
    added, whole, _ = _additions(old, [file], small, "auto")
    assert added == whole
    assert not added.conforms
