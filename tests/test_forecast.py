"""What a query will cost is told before it runs, and it can be stopped: by a deadline, and by Ctrl-C."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import warnings
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

import filmgraph
from filmgraph import stores
from filmgraph.cli import cli
from filmgraph.errors import QueryError, QueryTimeoutError, StoreError
from filmgraph.graph import load_into, open_graph
from filmgraph.graph.stopping import SlowQueryWarning, run_stoppable
from filmgraph.namespaces import FG, RDF, SCHEMA, SKOS
from filmgraph.queries import Predicate, Statistics, forecast_of, is_look_up, with_prefixes
from filmgraph.queries.patterns import UnreadableError, read_query
from filmgraph.stores import DiskStore, statistics_of

KNOWN = Statistics(
    triples=10_000_000,
    predicates={
        RDF + "type": Predicate(1_900_000, 1_900_000, 15),
        SCHEMA + "name": Predicate(230_000, 230_000, 230_000),
        SCHEMA + "director": Predicate(146_000, 146_000, 24_000),
        FG + "releaseYear": Predicate(146_000, 146_000, 100),
        FG + "film": Predicate(730_000, 730_000, 146_000),
        FG + "technique": Predicate(730_000, 730_000, 300),
        FG + "explanation": Predicate(730_000, 730_000, 700_000),
        FG + "aboutFilm": Predicate(110_000, 110_000, 87_000),
        SKOS + "broader": Predicate(380, 380, 90),
        SKOS + "prefLabel": Predicate(500, 500, 500),
    },
    classes={FG + "Film": 146_000, FG + "Technique": 381, FG + "Review": 87_000},
)
"""What ten million triples of a made graph hold."""

QUICK = [
    "SELECT * { film:her-2013 ?p ?o }",
    "DESCRIBE film:her-2013",
    "ASK { ?s a fg:Film }",
    "SELECT ?t { ?u fg:film film:her-2013 ; fg:technique ?t }",
    "SELECT ?t { VALUES ?f { film:her-2013 film:alien-1979 } ?u fg:film ?f ; fg:technique ?t }",
    "SELECT ?d { film:her-2013 schema:director ?d . OPTIONAL { ?d schema:name ?n } }",
    "SELECT ?f { ?f schema:name 'Her' }",
    "SELECT ?l { ?t a fg:Technique ; skos:prefLabel ?l } ORDER BY ?l",
    "SELECT * { ?s ?p ?o } LIMIT 10",
    "SELECT * { ?f a fg:Film ; schema:name ?n } LIMIT 20 OFFSET 5",
    "SELECT * { ?a a fg:Film . ?b a fg:Technique } LIMIT 5",
    "SELECT ?b { technique:close-up skos:broader* ?b }",
    "SELECT ?b { technique:close-up skos:broader/skos:prefLabel|skos:prefLabel ?b }",
    "SELECT ?o { ?u fg:film film:her-2013 ; fg:technique [ skos:broader ?o ] } ORDER BY ?o LIMIT 3",
    "SELECT ?f { film:her-2013 schema:director ?d . ?f schema:director ?d FILTER(?f != film:her-2013) }",
]
SLOW = [
    "SELECT * { ?s ?p ?o }",
    "SELECT * { ?s ?p ?o } ORDER BY ?s LIMIT 10",
    "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }",
    "SELECT (COUNT(*) AS ?n) { ?s ?p ?o } LIMIT 1",
    "CONSTRUCT { ?s ?p ?o } WHERE { ?s ?p ?o }",
    "SELECT ?a ?b { ?u fg:film ?a ; fg:technique ?t . ?v fg:film ?b ; fg:technique ?t }",
    "SELECT ?t (COUNT(?f) AS ?n) { ?u fg:film ?f ; fg:technique ?t } GROUP BY ?t ORDER BY DESC(?n) LIMIT 5",
    "SELECT * { ?a a fg:Film . ?b a fg:Review }",
    "SELECT * { ?a a fg:Film . ?b a fg:Review } ORDER BY ?a LIMIT 5",
    "SELECT * { ?a skos:broader* ?b }",
    "SELECT ?f { ?u fg:film ?f ; fg:explanation ?e FILTER(CONTAINS(LCASE(?e), 'silence')) }",
    "SELECT ?f { ?f schema:name ?n ; fg:releaseYear ?y . FILTER REGEX(?n, '^The') }",
    "SELECT ?f { film:her-2013 schema:name ?n . ?u fg:film ?f . ?f fg:releaseYear ?y }",
    "SELECT ?f { ?f a fg:Film . OPTIONAL { ?u fg:film ?f ; fg:technique ?t } }",
    "SELECT ?f { film:her-2013 schema:name ?n { SELECT ?f (COUNT(?u) AS ?c) { ?u fg:film ?f } GROUP BY ?f } }",
    "SELECT ?f { ?f a fg:Film MINUS { ?u fg:film ?f ; fg:technique ?t } }",
    "SELECT ?f { { ?f a fg:Film } UNION { ?u fg:film ?f } }",
]


@pytest.mark.parametrize("query", QUICK)
def test_a_query_that_reads_little_is_not_warned_of(query: str) -> None:
    found = forecast_of(with_prefixes(query), KNOWN)
    assert found is not None
    assert not found.is_slow, found


@pytest.mark.parametrize("query", SLOW)
def test_a_query_that_walks_over_much_is(query: str) -> None:
    found = forecast_of(with_prefixes(query), KNOWN)
    assert found is not None
    assert found.is_slow, found
    assert not is_look_up(with_prefixes(query))


@pytest.mark.parametrize(
    ("query", "hint"),
    [
        ("SELECT * { ?a skos:broader* ?b }", "give the path a start or an end"),
        ("SELECT * { ?a a fg:Film . ?b a fg:Review }", "join the patterns by a variable that they share"),
        ("SELECT * { ?s ?p ?o }", "start from one film or technique, or add a LIMIT"),
        ("SELECT (COUNT(*) AS ?n) { ?s ?p ?o }", "start from one film or technique, or count less"),
    ],
)
def test_the_hint_fits_the_query(query: str, hint: str) -> None:
    found = forecast_of(with_prefixes(query), KNOWN)
    assert found is not None
    assert found.hint == hint


def test_the_same_query_is_quick_on_a_small_store() -> None:
    small = Statistics(50_000, {name: Predicate(*([50.0] * 3)) for name in KNOWN.predicates}, {FG + "Film": 400})
    assert [_is_slow(query, small) for query in SLOW[5:8]] == [False] * 3
    # With nothing but a size, a walk over all is still told from a look-up.
    bare = Statistics(10_000_000)
    assert [_is_slow(query, bare) for query in (SLOW[0], QUICK[0])] == [True, False]


def _is_slow(query: str, known: Statistics) -> bool:
    found = forecast_of(with_prefixes(query), known)
    assert found is not None
    return found.is_slow


@pytest.mark.parametrize(
    "query",
    ["", "SELECT", "INSERT DATA { <urn:a> <urn:b> 1 }", "SELECT * {", "SELECT * { SERVICE <urn:x> { ?s ?p ?o } }",
     "SELECT * { (1 2) ?p ?o }", "SELECT * " + "{" * 200 + "}" * 200, "SELECT * { ?s " + "(" * 200 + "<urn:p> ?o }"],
)  # fmt: skip
def test_what_cannot_be_read_is_not_foretold(query: str) -> None:
    assert forecast_of(query, KNOWN) is None
    assert not is_look_up(query)


@given(st.text("SELECT *{}()?xp:ao.;,|/^+[]<>'\"0 \nFILTEROPTIONALMINUSVALUESUNIONEXISTS", max_size=80))
def test_no_text_breaks_the_forecast(text: str) -> None:
    for query in (text, f"SELECT * {{ {text} }}"):
        found = forecast_of(query, KNOWN)
        assert found is None or found.visited >= 0
        is_look_up(query)


def test_patterns_are_read_in_every_form() -> None:
    asked = read_query(
        "PREFIX e: <urn:> SELECT ?a (SUM(?b) AS ?c) WHERE { ?a e:p e:x , 'y'@en ; !(e:q|^e:r) ?b . [ e:s 5 ] e:t true "
        "FILTER NOT EXISTS { ?a e:u ?z } GRAPH ?g { ?a e:v -1.5 } BIND(1 + 2 AS ?d) } GROUP BY ?a LIMIT 7 OFFSET 2"
    )
    ends = [(pattern.subject, pattern.object) for pattern in asked.where.patterns]
    assert ends == [("?a", "urn:x"), ("?a", "'y'"), ("?a", "?b"), ("?[1", "5"), ("?[1", "true")]
    assert (asked.limit, asked.offset, asked.needs_all) == (7, 2, True)
    assert len(asked.where.exists) == len(asked.where.unions) == asked.where.filters == 1
    with pytest.raises(UnreadableError):
        read_query("SELECT * { ?a ?b }")


# On a store.

FILMS = 60
JOIN = "SELECT ?a ?b { ?u fg:film ?a ; fg:technique ?t . ?v fg:film ?b ; fg:technique ?t }"
ENDLESS = "SELECT (COUNT(*) AS ?n) { " + " ".join(f"?s{n} ?p{n} ?o{n} ." for n in range(6)) + " }"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("forecast")
    lines = [
        f"<urn:use{n}> a <{FG}TechniqueUse> ; <{FG}film> <urn:film{n % FILMS}> ; "
        f"<{FG}technique> <urn:technique{n % 7}> ."
        for n in range(5 * FILMS)
    ]
    (made / "films.ttl").write_text("\n".join(lines), encoding="utf-8")
    load_into(made / "store", [made / "films.ttl"])
    return made / "store"


@pytest.fixture
def large(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A store that counts as large, and queries as slow that visit a hundredth of what is slow else."""
    monkeypatch.setattr(stores, "LARGE", 0)
    monkeypatch.setattr("filmgraph.queries.forecast.SLOW", 2_500)
    return folder


def test_statistics_are_counted_and_kept(folder: Path) -> None:
    with DiskStore(folder) as store:
        assert store.derived is not None
        (store.derived / "statistics.json").unlink(missing_ok=True)
        found = statistics_of(store)
        assert found.triples == 3 * 5 * FILMS == len(store)
        of_film = found.of(FG + "film")
        assert (of_film.triples, of_film.subjects) == (5 * FILMS, 5 * FILMS)
        assert of_film.objects == pytest.approx(FILMS, rel=0.3)
        assert found.of(FG + "technique").of_object == pytest.approx(5 * FILMS / 7, rel=0.3)
        assert found.instances(FG + "TechniqueUse") == 5 * FILMS
        kept = store.derived / "statistics.json"
        told = json.loads(kept.read_text(encoding="utf-8"))
        assert told["stamp"] == store.stamp
        kept.write_text(json.dumps({**told, "triples": 77}), encoding="utf-8")
        assert statistics_of(store).triples == 77
        for broken in ("", "[]", json.dumps({**told, "stamp": "another"}), '{"version": 1}', "\0" * 9):
            kept.write_text(broken, encoding="utf-8")
            assert statistics_of(store) == found


def test_a_slow_query_is_warned_of_and_answered_the_same(large: Path) -> None:
    with open_graph(large) as graph:
        direct = graph.store.select(with_prefixes(JOIN))
        with pytest.warns(SlowQueryWarning, match=r"will visit about .* rows, and may take long: start from one film"):
            assert sorted(graph.query(JOIN).terms, key=str) == sorted(direct.terms, key=str)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            assert len(graph.query("SELECT ?t { ?u fg:film <urn:film1> ; fg:technique ?t }"))
            assert len(graph.query(JOIN, limit=3, timeout=60)) == 3


def test_a_small_store_is_never_warned_of(folder: Path) -> None:
    with warnings.catch_warnings(), open_graph(folder) as graph:
        warnings.simplefilter("error")
        assert len(graph.query(JOIN))


def test_answers_of_every_form_come_out_of_the_process_that_can_be_stopped(folder: Path) -> None:
    with open_graph(folder) as graph:
        for text in ("ASK { ?u fg:film <urn:film1> }", "ASK { <urn:x> ?p ?o }"):
            assert graph.query(text, timeout=60) is graph.query(text)
        triples = "CONSTRUCT { ?u fg:film ?f } WHERE { ?u fg:film ?f ; fg:technique <urn:technique1> }"
        assert sorted(map(str, graph.query(triples, timeout=60))) == sorted(map(str, graph.query(triples)))
        rows = "SELECT ?u (1.50 AS ?d) ('a'@en AS ?l) ?none { ?u fg:film <urn:film1> } ORDER BY ?u"
        assert graph.query(rows, timeout=60) == graph.query(rows)
        with pytest.raises(QueryError, match="not understood"):
            graph.query("SELECT * { ?s ?p }", timeout=60)
        with pytest.raises(QueryError, match="calls endpoints cannot be stopped"):
            graph.query("ASK { ?s ?p ?o }", timeout=1, allow_services=["example.org"])


def test_a_query_is_stopped_in_time(folder: Path) -> None:
    with open_graph(folder) as graph:
        started = time.monotonic()
        with pytest.raises(QueryTimeoutError, match=r"^stopped after 0\.5 s: ask for less"):
            graph.query(ENDLESS, timeout=0.5)
        assert time.monotonic() - started < 10
        assert graph.query("ASK { ?u fg:film <urn:film1> }")


def test_questions_of_the_library_and_memory_have_deadlines_too() -> None:
    with filmgraph.open() as graph:
        assert graph.query("film-credits", film="Her", timeout=60) == graph.query("film-credits", film="Her")
        with pytest.raises(QueryTimeoutError):
            graph.query(ENDLESS, timeout=0.3)


def test_a_store_that_is_being_written_is_asked_where_it_is(folder: Path, tmp_path: Path) -> None:
    with open_graph(tmp_path / "new", writable=True) as graph:
        graph.update("INSERT DATA { <urn:a> <urn:b> 1 }")
        assert graph.query("ASK { <urn:a> ?p 1 }")
        with pytest.raises(StoreError, match="cannot be stopped here: leave out the timeout"):
            run_stoppable(graph.store, "ASK { ?s ?p ?o }", timeout=1)


def test_the_command_tells_and_stops(large: Path) -> None:
    run = CliRunner().invoke(cli, ["query", "--store", str(large), "--format", "csv", JOIN + " ORDER BY ?a"])
    assert run.exit_code == 0, run.output
    assert run.stderr.startswith("filmgraph: this query will visit about ")
    assert run.stderr.count("\n") == 1
    run = CliRunner().invoke(cli, ["query", "--store", str(large), "--timeout", "0.5", ENDLESS])
    assert run.exit_code == 2
    assert run.stderr == "filmgraph: stopped after 0.5 s: ask for less, start from one film, or give it more time\n"


@pytest.mark.parametrize("where", ["direct", "aside"])
def test_ctrl_c_ends_a_query(folder: Path, where: str) -> None:
    options = ["--timeout", "600"] if where == "aside" else []
    program = [sys.executable, "-c", "from filmgraph.cli import main; main()"]
    query = [*program, "query", "--store", str(folder), *options, ENDLESS]
    process = subprocess.Popen(query, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        time.sleep(1.5)
        assert process.poll() is None
        children = _children(process.pid)
        assert bool(children) == (where == "aside")
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=10) != 0
        _, said = process.communicate(timeout=10)
        assert b"Traceback" not in said
        deadline = time.monotonic() + 10
        while any(map(_is_alive, children)):
            assert time.monotonic() < deadline, "a worker outlives the command"
            time.sleep(0.05)
    finally:
        process.kill()
        process.wait()


def _children(process: int) -> list[int]:
    """Return the processes that a process started, and theirs."""
    found: list[int] = []
    for task in Path(f"/proc/{process}/task").glob("*/children"):
        for child in map(int, task.read_text().split()):
            found += [child, *_children(child)]
    return found


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
        return Path(f"/proc/{process}/stat").read_text().rpartition(") ")[2][0] != "Z"
    except (OSError, IndexError):
        return False
