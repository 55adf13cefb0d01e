"""Validation: each rule trips on its own file and on nothing else, and a report says where and what to do."""

from __future__ import annotations

import gzip
import logging
import shutil
from dataclasses import replace
from pathlib import Path

import pyoxigraph as ox
import pytest
from spaces import small_workspace

from filmgraph.errors import DataError
from filmgraph.namespaces import FG, FGS, SH, iri, shorten, slug_of
from filmgraph.readers import read_rdf, triples_of
from filmgraph.stores import MemoryStore
from filmgraph.validation import Report, Violation, judging, validate_files, validate_workspace
from filmgraph.validation.suspects import Suspects
from filmgraph.workspace import Workspace

DATA = Path(__file__).parent / "data"
HER = Workspace.find().data / "films" / "her-2013.ttl"
INVALID = sorted((DATA / "invalid").glob("*.ttl"))
ONLY_WARNINGS = {"Film-draft"}
INVALID_STYLE = sorted((DATA / "invalid" / "house-style").glob("*.ttl"))

PREFIXES = "".join(
    f"@prefix {prefix}: <{namespace}> .\n"
    for prefix, namespace in {
        "country": iri("country", ""),
        "fg": FG,
        "film": iri("film", ""),
        "genre": iri("genre", ""),
        "person": iri("person", ""),
        "schema": "https://schema.org/",
        "xsd": "http://www.w3.org/2001/XMLSchema#",
    }.items()
)
FILM = """film:new-film-2020 a fg:Film ;
    schema:name "New Film" ;
    fg:releaseYear 2020 ;
    schema:abstract "A film that is new to the graph, by somebody whom the graph knows, for the sake of a test."@en ;
    schema:director person:spike-jonze ;
    schema:genre genre:drama ;
    schema:countryOfOrigin country:united-states .
"""


@pytest.fixture(scope="module")
def bundled() -> Workspace:
    return Workspace.find()


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """The bundled ontology, without films and reviews and most techniques and people; nothing writes to it."""
    files = [*DATA.rglob("*.ttl"), HER]
    return small_workspace(tmp_path_factory.mktemp("small") / "space", named_in=files)


@pytest.fixture
def own(small: Workspace, tmp_path: Path) -> Workspace:
    """A workspace that a test may write to, with *Her* in it."""
    shutil.copytree(small.root, tmp_path / "own")
    (tmp_path / "own" / "data" / "films").mkdir()
    shutil.copy(HER, tmp_path / "own" / "data" / "films")
    return Workspace.find(tmp_path / "own")


def _written(folder: Path, text: str, *, name: str = "film.ttl") -> Path:
    file = folder / name
    file.write_text(PREFIXES + text, encoding="utf-8")
    return file


def _rules(report: Report) -> set[str]:
    return {shorten(violation.shape) for violation in report.violations}


def _rules_of(shapes: Path) -> set[str]:
    """The names of the rules in a shapes file: its shapes with a severity."""
    return {slug_of(quad.subject.value) for quad in read_rdf(shapes).quads() if quad.predicate.value == SH + "severity"}


# Every rule, and the file that trips it.


@pytest.mark.parametrize("file", INVALID, ids=lambda file: file.stem)
def test_an_invalid_file_trips_exactly_the_rule_of_its_name(file: Path, small: Workspace) -> None:
    report = validate_files([file], workspace=small)
    assert report.conforms is (file.stem in ONLY_WARNINGS)
    assert _rules(report) == {f"fgs:{file.stem}"}
    assert all(violation.line for violation in report.violations)


@pytest.mark.parametrize("file", INVALID_STYLE, ids=lambda file: file.stem)
def test_an_invalid_file_trips_exactly_the_house_style_of_its_name(file: Path, small: Workspace) -> None:
    report = validate_files([file], workspace=small, house_style=True)
    assert {rule for rule in _rules(report) if rule.startswith("fgh:")} == {f"fgh:{file.stem}"}


def test_every_rule_has_its_invalid_file(bundled: Workspace) -> None:
    assert {file.stem for file in INVALID} == _rules_of(bundled.ontology / "shapes.ttl")
    assert {file.stem for file in INVALID_STYLE} == _rules_of(bundled.ontology / "house-style.ttl")
    assert len(INVALID) >= 80
    assert len(INVALID_STYLE) >= 20


def test_what_is_quicker_finds_what_plain_pyshacl_finds(small: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    import pyshacl
    from rdflib import Graph, URIRef

    plain, shapes = Graph(), Graph()
    for file in (*small.graph_files, *INVALID):
        plain.parse(file)
    shapes.parse(small.ontology / "shapes.ttl")
    results = pyshacl.validate(plain, shacl_graph=shapes, inference="none")[1]
    expected = {
        (str(results.value(result, URIRef(SH + "focusNode"))), str(results.value(result, URIRef(SH + "sourceShape"))))
        for result in results.objects(None, URIRef(SH + "result"))
    }
    judged = validate_files(INVALID, workspace=small)
    assert {(violation.focus, violation.shape) for violation in judged.violations} == expected
    # With values of which pyoxigraph knows the number only, and without them, so that it may be asked for suspects.
    files = [file for file in INVALID if Suspects(triples_of([file])).can_be_told]
    assert len(INVALID) - 10 < len(files) < len(INVALID)
    for many in (0, 10**6):
        monkeypatch.setattr(judging, "_MANY", many)
        assert validate_files(INVALID, workspace=small) == judged
    told = []
    for many in (0, 10**6):
        monkeypatch.setattr(judging, "_MANY", many)
        told.append(validate_files(files, workspace=small))
    assert told[0] == told[1]
    assert len({violation.shape for violation in told[0].violations}) > len(INVALID) - 10


def test_a_shape_that_judges_values_keeps_its_parts(own: Workspace, tmp_path: Path) -> None:
    """Parts of a shape are given its targets, and must go on judging what others judge by that shape."""
    (own.ontology / "shapes.ttl").write_text(
        "@prefix fg: <https://w3id.org/filmgraph/ontology#> .\n@prefix sh: <http://www.w3.org/ns/shacl#> .\n"
        "@prefix fgs: <https://w3id.org/filmgraph/shapes#> .\n@prefix schema: <https://schema.org/> .\n"
        "fgs:Person a sh:NodeShape ; sh:targetClass schema:Person ; sh:property fgs:Person-url .\n"
        "fgs:Person-url a sh:PropertyShape ; sh:path schema:url ; sh:minCount 1 ; sh:severity sh:Violation .\n"
        "fgs:Film a sh:NodeShape ; sh:targetClass fg:Film ; sh:property fgs:Film-name , fgs:Film-url .\n"
        "fgs:Film-url a sh:PropertyShape ; sh:path schema:url ; sh:minCount 1 ; sh:severity sh:Violation .\n"
        "fgs:Film-name a sh:PropertyShape ; sh:path schema:name ; sh:maxLength 5 ; sh:severity sh:Violation .\n"
        "fgs:Film-director a sh:PropertyShape ; sh:path schema:director ; sh:targetClass fg:Film ;\n"
        "  sh:node fgs:Person ; sh:property fgs:Person-gender ; sh:severity sh:Violation .\n"
        "fgs:Person-gender a sh:PropertyShape ; sh:path schema:gender ; sh:minCount 1 ; sh:severity sh:Violation .\n"
        "fgs:Off a sh:NodeShape ; sh:targetClass fg:Film ; sh:deactivated true ; sh:property fgs:Off-name .\n"
        "fgs:Off-name a sh:PropertyShape ; sh:path schema:name ; sh:maxCount 0 ; sh:severity sh:Violation .\n",
        encoding="utf-8",
    )
    person = 'person:a-newcomer a schema:Person ; schema:name "A Newcomer" .\n'
    file = _written(tmp_path, FILM.replace("spike-jonze", "a-newcomer") + person)
    found = {
        (shorten(violation.focus), shorten(violation.shape))
        for violation in validate_files([file], workspace=own).violations
    }
    assert found == {
        ("film:new-film-2020", "fgs:Film-url"),
        ("film:new-film-2020", "fgs:Film-name"),
        ("film:new-film-2020", "fgs:Film-director"),
        ("person:a-newcomer", "fgs:Person-url"),
        ("person:a-newcomer", "fgs:Person-gender"),
    }


@pytest.mark.parametrize(
    ("pattern", "told"),
    [
        ("$this ex:p ?value", {"a", "b"}),
        ("$this ex:p ?value FILTER(STR(?value) != STR($this))", {"a"}),
        ("{ $this ex:p ?value } UNION { ?value ex:q $this }", {"a", "b", "d"}),
        ("$this ex:p ?value BIND(STR(?value) AS ?text) ?other ex:p ?text", set()),
        ("$this ex:p ?value FILTER NOT EXISTS { ?value ex:q ?other }", {"b"}),
        ("FILTER NOT EXISTS { $this ex:p ?value }", None),
        ("{ ?value ex:p ?other FILTER(?value != $this) } $this ex:p ?value", None),
        ("{ ?value ex:p ?other FILTER NOT EXISTS { $this ex:p ?other } } $this ex:p ?value", None),
        ("{ $this ex:p ?value } UNION { ?value ex:q ?other }", None),
        ("?value ex:p ?other OPTIONAL { $this ex:q ?value }", None),
        ("BIND(STR($this) AS ?value) $this ex:p ?other", None),
        ('$this ex:p ?value FILTER(REGEX(STR(?value), "x"))', None),
        ("$this ex:p ?value FILTER(STRLEN(STR(?value)) > 3)", None),
        ("$this ex:p ?value FILTER NOT EXISTS { ?value ex:q ?other FILTER(?other > 3) }", None),
        ("{ SELECT $this ?value { $this ex:p ?value } }", None),
        ("$this ex:p ?value MINUS { $this ex:q ?other }", None),
    ],
)
def test_suspects_are_told_only_where_a_rule_may_be_asked_of_all_at_once(pattern: str, told: set[str] | None) -> None:
    from rdflib.plugins.sparql import prepareQuery

    text = f"PREFIX ex: <http://example.org/> SELECT $this ?value WHERE {{ {pattern} }}"
    data = "@prefix ex: <http://example.org/> . ex:a ex:p ex:c . ex:b ex:p ex:b . ex:c ex:q ex:d ."
    suspects = Suspects(quad.triple for quad in ox.parse(data, format=ox.RdfFormat.TURTLE)).of(
        text, prepareQuery(text).algebra
    )
    assert (None if suspects is None else {node.value.rpartition("/")[2] for node in suspects}) == told


@pytest.mark.parametrize("value", ["02013", "1.0", '"abc"^^xsd:integer', '"1"^^xsd:boolean'])
def test_suspects_are_not_told_where_engines_read_a_value_otherwise(value: str) -> None:
    def can_be_told(value: str) -> bool:
        text = f"{PREFIXES}film:a fg:releaseYear {value} ."
        return Suspects(quad.triple for quad in ox.parse(text, format=ox.RdfFormat.TURTLE)).can_be_told

    assert can_be_told('2013 , "x"@en , "02013" , 0.8 , true , "2014-02"^^xsd:gYearMonth , "x:y"^^xsd:anyURI')
    assert not can_be_told(value)


TECHNIQUE = """@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
<https://w3id.org/filmgraph/technique/new-way> a fg:Technique ;
    skos:inScheme fg:techniques ;
    skos:prefLabel "New way"@en ;
    skos:altLabel "newer way"@en ;
    skos:hiddenLabel "newway"@en ;
    skos:scopeNote "Use it in tests and nowhere else."@en ;
    skos:definition "An invented way of working, made up for a test."@en ;
    skos:broader <https://w3id.org/filmgraph/category/editing> .
"""


@pytest.mark.parametrize(
    ("text", "old", "length", "rule"),
    [
        (FILM, "New Film", 200, "Film-name"),
        (TECHNIQUE, "New way", 80, "Concept-prefLabel"),
        (TECHNIQUE, "newer way", 80, "Concept-altLabel"),
        (TECHNIQUE, "newway", 80, "Concept-hiddenLabel"),
        (TECHNIQUE, "Use it in tests and nowhere else.", 600, "Concept-scopeNote"),
        (TECHNIQUE, "An invented way of working, made up for a test.", 600, "Concept-definition"),
    ],
    ids=lambda value: value if isinstance(value, str) and len(value) < 30 else "",
)
def test_a_text_has_a_length_that_it_must_not_pass(
    text: str, old: str, length: int, rule: str, small: Workspace, tmp_path: Path
) -> None:
    assert text.count(f'"{old}"') == 1
    longest = _written(tmp_path, text.replace(f'"{old}"', f'"{"x" * length}"'))
    assert _rules(validate_files([longest], workspace=small)) == set()
    longer = _written(tmp_path, text.replace(f'"{old}"', f'"{"x" * (length + 1)}"'))
    assert _rules(validate_files([longer], workspace=small)) == {f"fgs:{rule}"}


@pytest.mark.parametrize(("words", "conforms"), [(24, False), (25, True), (80, True), (81, False)])
def test_an_explanation_has_25_to_80_words(words: int, conforms: bool, small: Workspace, tmp_path: Path) -> None:
    valid = (DATA / "valid.ttl").read_text(encoding="utf-8")
    start = valid.index('"', valid.index("fg:explanation")) + 1
    text = valid[:start] + " ".join(["words"] * words) + valid[valid.index('"', start) :]
    (tmp_path / "valid.ttl").write_text(text, encoding="utf-8")
    report = validate_files([tmp_path / "valid.ttl"], workspace=small)
    assert _rules(report) == (set() if conforms else {"fgs:TechniqueUse-explanation"})


# What conforms.


def test_the_valid_file_conforms(small: Workspace) -> None:
    report = validate_files([DATA / "valid.ttl"], workspace=small)
    assert report.to_text().startswith("No violations")
    assert report.conforms
    assert report.focus_nodes >= 10


def test_the_bundled_workspace_conforms(bundled: Workspace) -> None:
    report = validate_workspace(bundled)
    assert report.violations == ()
    assert report.focus_nodes > 1000
    assert len(report.files) == len(set(report.files)) >= len(bundled.graph_files)
    assert "data/films/her-2013.ttl" in report.files
    assert "ontology/shapes.ttl" in report.files


def test_a_workspace_is_judged_whole_and_by_the_house_style(own: Workspace) -> None:
    film = own.data / "films" / "her-2013.ttl"
    film.write_text(
        film.read_text(encoding="utf-8").replace("fg:releaseYear 2013", "fg:releaseYear 13"), encoding="utf-8"
    )
    terms = own.ontology / "filmgraph.ttl"
    terms.write_text(terms.read_text(encoding="utf-8").replace('rdfs:label "film"@en ;', "", 1), encoding="utf-8")
    report = validate_workspace(own)
    assert _rules(report) == {"fgs:Film-releaseYear", "fgs:Film-slug", "fgh:Term-label"}
    assert [violation.file for violation in report.violations] == ["data/films/her-2013.ttl"] * 2 + [
        "ontology/filmgraph.ttl"
    ]


# Judged together with the graph that they join.


@pytest.mark.parametrize("relative", [False, True])
def test_a_file_of_the_workspace_is_not_doubled(
    own: Workspace, relative: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(own.root)
    file = Path("data/films/her-2013.ttl")
    report = validate_files([file if relative else own.root / file], workspace=own)
    assert report.conforms, report.to_text()


def test_a_file_named_twice_or_by_a_link_is_not_doubled(own: Workspace, tmp_path: Path) -> None:
    file = own.data / "films" / "her-2013.ttl"
    link = tmp_path / "link.ttl"
    link.symlink_to(file)
    report = validate_files([file, link, file], workspace=own)
    assert report.conforms, report.to_text()
    assert report.files == (str(file),)


def test_a_second_description_of_a_film_joins_the_first(own: Workspace, tmp_path: Path) -> None:
    file = _written(tmp_path, "film:her-2013 fg:releaseYear 2012 .\n")
    assert _rules(validate_files([file], workspace=own)) == {"fgs:Film-releaseYear", "fgs:Film-slug"}


def test_a_new_film_is_judged_with_the_people_of_the_graph(small: Workspace, tmp_path: Path) -> None:
    report = validate_files([_written(tmp_path, FILM)], workspace=small)
    assert report.conforms, report.to_text()
    assert report.focus_nodes == 1
    stranger = _written(tmp_path, FILM.replace("spike-jonze", "nobody-knows"))
    assert _rules(validate_files([stranger], workspace=small)) == {"fgs:Film-director"}


def test_two_new_files_are_judged_together(small: Workspace, tmp_path: Path) -> None:
    film = _written(tmp_path, FILM.replace("spike-jonze", "a-newcomer"))
    person = _written(tmp_path, 'person:a-newcomer a schema:Person ; schema:name "A Newcomer" .\n', name="person.ttl")
    report = validate_files([film, person], workspace=small)
    assert report.conforms, report.to_text()
    assert report.focus_nodes == 2


def test_only_subjects_of_the_files_are_reported(own: Workspace, tmp_path: Path) -> None:
    her = own.data / "films" / "her-2013.ttl"
    her.write_text(
        her.read_text(encoding="utf-8").replace("fg:releaseYear 2013", "fg:releaseYear 13"), encoding="utf-8"
    )
    assert validate_files([_written(tmp_path, FILM)], workspace=own).conforms
    assert not validate_files([her], workspace=own).conforms


def test_a_store_is_the_graph_that_files_join(own: Workspace, tmp_path: Path) -> None:
    film = _written(tmp_path, FILM.replace("spike-jonze", "of-the-store"))
    person = _written(tmp_path, 'person:of-the-store a fg:Critic ; schema:name "Of the Store" .\n', name="person.ttl")
    with MemoryStore.of_files([*own.graph_files, person]) as store:
        assert validate_files([film], workspace=own, store=store).conforms
    assert _rules(validate_files([film], workspace=own)) == {"fgs:Film-director"}


def test_a_critic_of_a_store_of_bare_data_is_a_person(own: Workspace, tmp_path: Path) -> None:
    film = _written(tmp_path, FILM.replace("spike-jonze", "of-the-store"))
    person = _written(tmp_path, 'person:of-the-store a fg:Critic ; schema:name "Of the Store" .\n', name="person.ttl")
    with MemoryStore.of_files([person, own.data / "countries.ttl", own.ontology / "genres.ttl"]) as store:
        report = validate_files([film], workspace=own, store=store)
    assert report.conforms, report.to_text()


def test_a_file_of_the_workspace_replaces_what_a_store_holds_of_it(own: Workspace) -> None:
    film = own.data / "films" / "her-2013.ttl"
    with MemoryStore.of_files(own.graph_files) as store:
        text = film.read_text(encoding="utf-8").replace('schema:name "Her"', 'schema:name "Her, corrected"')
        film.write_text(text, encoding="utf-8")
        report = validate_files([film], workspace=own, store=store)
    assert report.conforms, report.to_text()


def test_a_file_of_the_ontology_is_judged_by_the_house_style(own: Workspace) -> None:
    file = own.ontology / "genres.ttl"
    file.write_text(file.read_text(encoding="utf-8").replace("skos:inScheme", "skos:note", 1), encoding="utf-8")
    assert _rules(validate_files([file], workspace=own)) == {"fgh:Concept-inScheme"}
    assert validate_files([file], workspace=own, house_style=False).conforms
    assert validate_files([own.ontology / "shapes.ttl"], workspace=own).conforms


def test_blank_nodes_of_two_files_stay_apart(small: Workspace, tmp_path: Path) -> None:
    text = 'film:{0}-2020 a fg:Film ; schema:director _:d .\n_:d schema:name "A" .\n'
    files = [_written(tmp_path, text.format(name), name=f"{name}.ttl") for name in ("a", "b")]
    report = validate_files(files, workspace=small)
    directors = [v for v in report.violations if v.shape == FGS + "Film-director"]
    assert [(shorten(v.focus), v.value) for v in directors] == [
        ("film:a-2020", "a blank node"),
        ("film:b-2020", "a blank node"),
    ]


# What a report says.


def test_a_violation_names_file_line_subject_value_and_rule(small: Workspace, tmp_path: Path) -> None:
    file = _written(tmp_path, "\n" + FILM.replace("fg:releaseYear 2020", 'fg:releaseYear "2020"'))
    report = validate_files([file], workspace=small)
    (violation,) = report.violations
    line = 1 + file.read_text(encoding="utf-8").split("\n").index("film:new-film-2020 a fg:Film ;")
    assert replace(violation, message="") == Violation(
        focus=iri("film", "new-film-2020"),
        shape=FGS + "Film-releaseYear",
        path="fg:releaseYear",
        value='"2020"',
        message="",
        severity="violation",
        file=str(file),
        line=line,
    )
    assert report.to_text().split("\n") == [
        f'{file}:{line}: film:new-film-2020: {violation.message} (fgs:Film-releaseYear, value "2020")',
        "1 violation: 1 subject in 1 file checked.",
    ]


def test_paths_are_written_as_in_sparql(small: Workspace) -> None:
    paths = {
        name: validate_files([DATA / "invalid" / f"{name}.ttl"], workspace=small).violations[0].path
        for name in ("SceneExample-use", "ReviewClaim-topic", "ReviewClaim-sameFilm", "Technique-category", "Film-iri")
    }
    assert paths == {
        "SceneExample-use": "^fg:scene",
        "ReviewClaim-topic": "fg:aboutTechnique|fg:aboutAspect",
        "ReviewClaim-sameFilm": "fg:aboutFilm|fg:claimedIn/schema:itemReviewed",
        "Technique-category": "skos:broader+",
        "Film-iri": None,
    }


def test_odd_values_are_shown_safely_and_briefly(
    small: Workspace, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    years = '"\\\\q \\\\g<1> \\u001B[31m\\nred", "abc"^^xsd:integer, "02020"^^xsd:integer, ' + f'"{"x" * 200}"@en'
    file = _written(tmp_path, FILM.replace("fg:releaseYear 2020", f"fg:releaseYear {years}"))
    with caplog.at_level(logging.WARNING):
        report = validate_files([file], workspace=small)
    values = {violation.value for violation in report.violations if violation.shape == FGS + "Film-releaseYear"}
    assert values == {'"\\q \\g<1> ␛[31m red"', '"abc"^^xsd:integer', f'"{"x" * 79}…"@en'}
    assert all(line.isprintable() for line in report.to_text().split("\n"))
    assert caplog.records == []


def test_a_blank_node_is_placed_at_its_owner(small: Workspace, tmp_path: Path) -> None:
    film = FILM.replace("person:spike-jonze", "[ a schema:Person ; schema:knows [ a schema:Person ] ]")
    report = validate_files([_written(tmp_path, film)], workspace=small)
    assert {(shorten(violation.focus), violation.line) for violation in report.violations} == {
        ("film:new-film-2020", 1 + PREFIXES.count("\n"))
    }
    assert report.focus_nodes == 3


def test_a_report_is_ordered_and_always_the_same(small: Workspace) -> None:
    files = [DATA / "invalid" / f"{name}.ttl" for name in ("Person-name", "Film-name", "Film-genre")]
    report = validate_files(files, workspace=small)
    assert report.violations == validate_files(reversed(files), workspace=small).violations
    assert [(v.file, v.line) for v in report.violations] == sorted((v.file, v.line) for v in report.violations)


def test_a_warning_is_reported_and_conforms(own: Workspace, tmp_path: Path) -> None:
    (own.ontology / "shapes.ttl").write_text(
        "@prefix fg: <https://w3id.org/filmgraph/ontology#> .\n@prefix sh: <http://www.w3.org/ns/shacl#> .\n"
        "@prefix fgs: <https://w3id.org/filmgraph/shapes#> .\n"
        "fgs:Film a sh:NodeShape ; sh:targetClass fg:Film ; sh:property fgs:Film-runtime .\n"
        "fgs:Film-runtime a sh:PropertyShape ; sh:path fg:runtimeMinutes ; sh:minCount 1 ;\n"
        '  sh:severity sh:Warning ; sh:message "Eine Laufzeit\\nfehlt."@de , "A runtime\\nwould help."@en .\n',
        encoding="utf-8",
    )
    report = validate_files([_written(tmp_path, FILM)], workspace=own)
    assert report.conforms
    assert "film:new-film-2020: warning: A runtime would help. (fgs:Film-runtime)" in report.to_text()
    assert report.summary() == "1 finding: 1 subject in 1 file checked."


def test_progress_is_told(small: Workspace, tmp_path: Path) -> None:
    told: list[str] = []
    validate_files([_written(tmp_path, FILM)], workspace=small, progress=told.append)
    assert told[-1] == "judging by shapes.ttl: 1 subject"


# Formats.


@pytest.mark.parametrize(
    ("suffix", "form", "has_line"),
    [
        (".nt", ox.RdfFormat.N_TRIPLES, True),
        (".nq", ox.RdfFormat.N_QUADS, False),
        (".trig", ox.RdfFormat.TRIG, False),
        (".rdf", ox.RdfFormat.RDF_XML, False),
        (".jsonld", ox.RdfFormat.JSON_LD, False),
    ],
)
def test_other_formats(suffix: str, form: ox.RdfFormat, has_line: bool, small: Workspace, tmp_path: Path) -> None:
    quads = ox.parse(PREFIXES + FILM.replace("fg:releaseYear 2020", "fg:releaseYear 20"), format=ox.RdfFormat.TURTLE)
    file = tmp_path / f"film{suffix}"
    file.write_bytes(ox.serialize([quad.triple for quad in quads], format=form) or b"")
    report = validate_files([file], workspace=small)
    assert _rules(report) == {"fgs:Film-releaseYear", "fgs:Film-slug"}
    assert {violation.line for violation in report.violations} == {1 if has_line else None}
    if not has_line:
        assert report.to_text().startswith(f"{file}: film:new-film-2020: ")


def test_a_gzipped_file(small: Workspace, tmp_path: Path) -> None:
    file = tmp_path / "film.ttl.gz"
    file.write_bytes(gzip.compress((PREFIXES + FILM).encode()))
    assert validate_files([file], workspace=small).conforms


# What cannot be judged.


def test_a_file_of_which_nothing_is_checked_is_an_error(small: Workspace, tmp_path: Path) -> None:
    typeless = _written(
        tmp_path, FILM.replace("new-film-2020 a fg:Film", "other-2020 a <http://example.org/Film>"), name="typeless.ttl"
    )
    with pytest.raises(DataError, match=r"typeless\.ttl: nothing was checked.*a fg:Film"):
        validate_files([typeless], workspace=small)
    with pytest.raises(DataError, match=r"^\S*typeless\.ttl: nothing was checked"):
        validate_files([_written(tmp_path, FILM), typeless], workspace=small)
    with pytest.raises(DataError, match=r"empty\.ttl: nothing was checked"):
        validate_files([_written(tmp_path, "", name="empty.ttl")], workspace=small)
    with pytest.raises(DataError, match="no file was given"):
        validate_files([], workspace=small)


def test_a_broken_file_is_an_error_with_its_line(small: Workspace, tmp_path: Path) -> None:
    file = _written(tmp_path, FILM.replace("schema:genre genre:drama ;", "schema:genre ;"))
    with pytest.raises(DataError) as caught:
        validate_files([file], workspace=small)
    assert caught.value.file == str(file)
    assert caught.value.line == PREFIXES.count("\n") + 6
    with pytest.raises(DataError, match="cannot be read"):
        validate_files([tmp_path / "missing.ttl"], workspace=small)


@pytest.mark.parametrize(
    "shape",
    [
        "sh:property fgs:missing",
        "sh:property [ sh:minCount 1 ]",
        'sh:sparql [ sh:select "SELECT $this WHERE {" ]',
        'sh:property [ sh:path fg:x ; sh:minCount "many" ]',
    ],
)
def test_shapes_that_cannot_be_used_are_an_error(shape: str, own: Workspace, tmp_path: Path) -> None:
    (own.ontology / "shapes.ttl").write_text(
        "@prefix fg: <https://w3id.org/filmgraph/ontology#> .\n@prefix sh: <http://www.w3.org/ns/shacl#> .\n"
        "@prefix fgs: <https://w3id.org/filmgraph/shapes#> .\n"
        f"fgs:Film a sh:NodeShape ; sh:targetClass fg:Film ; {shape} .\n",
        encoding="utf-8",
    )
    with pytest.raises(DataError, match=r"shapes\.ttl: pySHACL cannot judge by these shapes"):
        validate_files([_written(tmp_path, FILM)], workspace=own)


@pytest.mark.parametrize(
    ("said", "broken"),
    [
        ("fg:startOffset [] ; fg:endOffset 9", {("order", "a blank node"), ("startOffset", "a blank node")}),
        ("fg:startOffset 3 ; fg:endOffset []", {("order", "3"), ("endOffset", "a blank node")}),
        ('fg:startOffset "NaN"^^xsd:decimal ; fg:endOffset 9', {("order", "NaN"), ("startOffset", "NaN")}),
        ('fg:startOffset 3 ; fg:endOffset "NaN"^^xsd:decimal', {("order", "3"), ("endOffset", "NaN")}),
        ('fg:startOffset 3 ; fg:endOffset "NaN"^^xsd:double', {("endOffset", '"NaN"^^xsd:double')}),
        ("fg:startOffset 9, [] ; fg:endOffset 9", {("order", "9"), ("order", "a blank node")}),
        ("fg:startOffset 3 ; fg:endOffset 9", set()),
    ],
)
def test_what_cannot_be_compared_breaks_the_rule(
    said: str, broken: set[tuple[str, str]], small: Workspace, tmp_path: Path
) -> None:
    file = _written(tmp_path, f"<{iri('scene', 'a-2020--x--1')}> a fg:SceneExample ; {said} .\n")
    report = validate_files([file], workspace=small)
    found = {(v.shape.removeprefix(f"{FGS}SceneExample-"), v.value) for v in report.violations if v.value}
    assert broken <= found
    assert {name for name, _ in broken} >= {name for name, _ in found} & {"order", "endOffset"}
    assert {v.focus for v in report.violations} == {iri("scene", "a-2020--x--1")}
