"""The sandbox: what a stranger's query may take, what it meets at each bound, and that nothing of it is left behind."""

from __future__ import annotations

import csv
import io
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pyoxigraph as ox
import pytest
from servers import OxigraphServer

import filmgraph
from filmgraph import sandbox as package
from filmgraph.errors import (
    BoundError,
    BusyError,
    DataError,
    EndpointTimeoutError,
    FilmgraphError,
    QueryError,
    QueryMemoryError,
    QueryTimeoutError,
    ReadOnlyStoreError,
    ResultTooLargeError,
    StoreError,
    StoreLockedError,
    WorkerError,
)
from filmgraph.readers import triples_of
from filmgraph.sandbox import SOLUTION_FORMS, TRIPLE_FORMS, Answer, Bounds, Question, Sandbox
from filmgraph.sandbox.turns import Turn, Turns
from filmgraph.stores import DiskStore, MemoryStore, RemoteStore, open_compiled
from filmgraph.workspace import Workspace

TINY = Path(__file__).parent / "data" / "tiny.ttl"
SOURCE = Path(filmgraph.__file__).parents[1]
LINUX = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
MB = 1024**2

ALL = "?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l"
COUNT = "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }"
ENDLESS = f"SELECT (COUNT(*) AS ?n) {{ {ALL} . ?m ?n1 ?o }}"
MANY = " ".join(map(str, range(200)))
DOUBLING = " ".join(f"BIND(CONCAT(?v{i}, ?v{i}) AS ?v{i + 1})" for i in range(40))

RUNAWAYS: dict[str, tuple[str, tuple[type[BoundError], ...]]] = {
    "count": (ENDLESS, (QueryTimeoutError, QueryMemoryError)),
    "order": (f"SELECT * {{ {ALL} }} ORDER BY ?c ?f ?i", (QueryTimeoutError, QueryMemoryError)),
    "distinct": (
        f"SELECT (COUNT(DISTINCT CONCAT(STR(?c), STR(?f), STR(?i))) AS ?n) {{ {ALL} }}",
        (QueryTimeoutError, QueryMemoryError),
    ),
    "doubling": (
        f"SELECT (STRLEN(?v40) AS ?n) {{ BIND('0123456789abcdef' AS ?v0) {DOUBLING} }}",
        (QueryMemoryError,),
    ),
    "concat": (f"SELECT (GROUP_CONCAT(STR(?c)) AS ?x) {{ {ALL} }}", (QueryTimeoutError, QueryMemoryError)),
    "path": (
        "SELECT (COUNT(*) AS ?n) { ?s (<urn:p>|!<urn:p>|^<urn:p>|^!<urn:p>)* ?o . "
        "?o (<urn:p>|!<urn:p>|^!<urn:p>)* ?x . ?x (<urn:p>|!<urn:p>)* ?y . ?y (!<urn:p>)* ?z }",
        (QueryTimeoutError, QueryMemoryError),
    ),
    "regex": (
        f"SELECT (COUNT(*) AS ?n) {{ {ALL} "
        "FILTER(REGEX(CONCAT(STR(?c), STR(?f), STR(?l)), '(.*a){12}(.*b){12}(x+x+)+y')) }",
        (QueryTimeoutError, QueryMemoryError),
    ),
    "large": (f"SELECT * {{ ?s ?p ?o VALUES ?x {{ {MANY} }} }}", (ResultTooLargeError,)),
    "large graph": (
        f"CONSTRUCT {{ ?s ?p ?o ; ?p ?x }} WHERE {{ ?s ?p ?o VALUES ?x {{ {MANY} }} }}",
        (ResultTooLargeError,),
    ),
}

KINDS = ("memory", "disk", "compiled")


def ask(box: Sandbox, text: str, *, client: str = "", **more: Any) -> Answer:
    return box.ask(Question(text, **more), client=client).result()


def bindings(answer: Answer) -> list[dict[str, str]]:
    rows = json.loads(answer.body)["results"]["bindings"]
    return [{name: term["value"] for name, term in row.items()} for row in rows]


def size(box: Sandbox) -> int:
    return int(bindings(ask(box, COUNT))[0]["n"])


def pid(box: Sandbox) -> int:
    assert box._server is not None
    return box._server.pid


def children(process: int) -> list[int]:
    """Return the processes that one started and that are not buried."""
    with suppress(FileNotFoundError):
        return [int(each) for each in Path(f"/proc/{process}/task/{process}/children").read_text().split()]
    return []


def is_alive(process: int) -> bool:
    with suppress(FileNotFoundError):
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False


def resident(process: int) -> int:
    return int(Path(f"/proc/{process}/statm").read_text().split()[1]) * os.sysconf("SC_PAGESIZE")


def open_files(process: int) -> int:
    return len(list(Path(f"/proc/{process}/fd").iterdir()))


def until(true: Callable[[], bool], *, seconds: float = 10.0) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end
        time.sleep(0.005)


@pytest.fixture(scope="module")
def stores(tmp_path_factory: pytest.TempPathFactory, workspace: Workspace) -> Iterator[dict[str, Any]]:
    folder = tmp_path_factory.mktemp("sandbox") / "store"
    with DiskStore(folder, writable=True) as writer:
        writer.load(TINY)
    with MemoryStore.of_files([TINY]) as memory, DiskStore(folder) as disk, open_compiled(workspace) as compiled:
        yield {"memory": memory, "disk": disk, "compiled": compiled}


@pytest.fixture(scope="module", params=KINDS)
def box(request: pytest.FixtureRequest, stores: dict[str, Any]) -> Iterator[Sandbox]:
    """A sandbox over each kind of store on this machine, with room for honest queries."""
    with Sandbox(stores[request.param]) as box:
        yield box


@pytest.fixture(scope="module", params=KINDS)
def tight(request: pytest.FixtureRequest, stores: dict[str, Any]) -> Iterator[Sandbox]:
    """A sandbox with narrow bounds."""
    with Sandbox(stores[request.param], bounds=Bounds(seconds=0.6, memory=64 * MB, result=100_000)) as box:
        yield box


@pytest.fixture(scope="module")
def tiny_box(stores: dict[str, Any]) -> Iterator[Sandbox]:
    with Sandbox(stores["memory"], bounds=Bounds(seconds=5)) as box:
        yield box


# Honest questions.


@pytest.mark.parametrize("form", SOLUTION_FORMS)
def test_solutions_in_each_form(box: Sandbox, form: str) -> None:
    answer = ask(box, "SELECT ?s ?o { ?s ?p ?o } ORDER BY STR(?s) STR(?p) STR(?o) LIMIT 3", solutions=form)
    assert (answer.form, answer.media_type) == ("solutions", SOLUTION_FORMS[form])
    found = (
        ox.parse_query_results(
            answer.body,
            {"json": ox.QueryResultsFormat.JSON, "xml": ox.QueryResultsFormat.XML}.get(form, ox.QueryResultsFormat.TSV),
        )
        if form != "csv"
        else list(csv.reader(io.StringIO(answer.body.decode())))[1:]
    )
    assert len(list(found)) == 3


@pytest.mark.parametrize("form", TRIPLE_FORMS)
def test_triples_in_each_form(tiny_box: Sandbox, form: str) -> None:
    answer = ask(tiny_box, "CONSTRUCT WHERE { ?s ?p ?o }", triples=form)
    assert (answer.form, answer.media_type) == ("triples", TRIPLE_FORMS[form])
    read = ox.parse(answer.body, format=ox.RdfFormat.from_media_type(answer.media_type))
    assert {quad.triple for quad in read} == set(triples_of([TINY]))


def test_turtle_bears_the_prefixes_that_it_needs(tiny_box: Sandbox) -> None:
    text = ask(tiny_box, "CONSTRUCT { ?s a ?o } WHERE { ?s a ?o }").body.decode()
    assert "@prefix fg: " in text
    assert "@prefix adatype: " not in text
    declared = [line for line in text.splitlines() if line.startswith("@prefix")]
    assert declared == sorted(declared)


@pytest.mark.parametrize(("form", "given"), [("json", "json"), ("xml", "xml"), ("csv", "json"), ("tsv", "json")])
def test_yes_and_no(tiny_box: Sandbox, form: str, given: str) -> None:
    answer = ask(tiny_box, "ASK { ?s ?p ?o }", solutions=form)
    assert (answer.form, answer.media_type) == ("boolean", SOLUTION_FORMS[given])
    truth = json.loads(answer.body)["boolean"] if given == "json" else ET.fromstring(answer.body)[-1].text == "true"
    assert truth is True


def test_each_store_is_whole(box: Sandbox, stores: dict[str, Any]) -> None:
    held = box._held or stores["disk"]
    assert size(box) == len(held)


def test_what_is_no_query_is_said_as_everywhere(tiny_box: Sandbox, stores: dict[str, Any]) -> None:
    for text in ("", "ASK {", "SELECT * { ?s ex:p ?o }", "DROP ALL", "SELECT * { ?s ?p '\ud800' }"):
        with pytest.raises(QueryError) as ours:
            ask(tiny_box, text)
        if "\ud800" not in text:
            with pytest.raises(QueryError) as its:
                stores["memory"].select(text)
            assert str(ours.value) == str(its.value)


def test_a_form_that_does_not_exist(tiny_box: Sandbox) -> None:
    for question in (Question("ASK {}", solutions="turtle"), Question("ASK {}", triples="json")):
        with pytest.raises(QueryError, match="there is no form"):
            tiny_box.ask(question)


def test_a_job_answers_twice(tiny_box: Sandbox) -> None:
    job = tiny_box.ask(Question(COUNT))
    assert job.result() is job.result()
    job.kill()
    assert job.result().form == "solutions"
    wrong = tiny_box.ask(Question("ASK {"))
    for _ in range(2):
        with pytest.raises(QueryError):
            wrong.result()


def test_a_relative_iri_needs_a_base(tiny_box: Sandbox) -> None:
    text = "SELECT ?x { BIND(<film> AS ?x) }"
    assert bindings(ask(tiny_box, text, base="http://example.org/a/b"))[0]["x"] == "http://example.org/a/film"
    for base in (None, "no base"):
        with pytest.raises(QueryError):
            ask(tiny_box, text, base=base)


# The dataset of the protocol.

GRAPHS = "SELECT ?g ?o { { ?s ?p ?o } UNION { GRAPH ?g { ?s ?p ?o } } }"


@pytest.fixture(scope="module")
def graphs_box() -> Iterator[Sandbox]:
    with MemoryStore() as store:
        store.update(
            "INSERT DATA { <urn:s> <urn:p> 0 "
            "GRAPH <urn:one> { <urn:s> <urn:p> 1 } GRAPH <urn:two> { <urn:s> <urn:p> 2 } }"
        )
        with Sandbox(store) as box:
            yield box


@pytest.mark.parametrize(
    ("default", "named", "expected"),
    [
        ((), (), {("", "0"), ("urn:one", "1"), ("urn:two", "2")}),
        (("urn:one",), (), {("", "1")}),
        (("urn:one", "urn:two"), (), {("", "1"), ("", "2")}),
        ((), ("urn:two",), {("urn:two", "2")}),
        (("urn:one",), ("urn:two",), {("", "1"), ("urn:two", "2")}),
        (("urn:none", "http://127.0.0.1:9/x", "file:///etc/passwd"), ("urn:no",), set()),
    ],
)
def test_the_graphs_that_are_given_are_all_there_are(
    graphs_box: Sandbox, default: tuple[str, ...], named: tuple[str, ...], expected: set[tuple[str, str]]
) -> None:
    def found(text: str) -> set[tuple[str, str]]:
        answer = ask(graphs_box, text, default_graphs=default, named_graphs=named)
        return {(row.get("g", ""), row["o"]) for row in bindings(answer)}

    assert found(GRAPHS) == expected
    if default or named:
        assert found(GRAPHS.replace(" {", " FROM <urn:two> FROM NAMED <urn:one> {", 1)) == expected


def test_without_given_graphs_those_of_the_query_count(graphs_box: Sandbox) -> None:
    assert bindings(ask(graphs_box, "SELECT ?o FROM <urn:two> { ?s ?p ?o }")) == [{"o": "2"}]


def test_a_graph_that_is_no_iri(graphs_box: Sandbox) -> None:
    with pytest.raises(QueryError, match="no absolute IRI"):
        ask(graphs_box, GRAPHS, default_graphs=("two",))


# What a form cannot carry.

RDF_TYPE = "<http://www.w3.org/1999/02/22-rdf-syntax-ns#type>"


@pytest.mark.parametrize(
    "triple",
    [
        '<urn:s> <urn:p> "a\\u0001b"',
        '<urn:s> <urn:p> "\\uFFFE"',
        "<urn:s> <http://example.org/1> 1",
        "<urn:s> <http://example.org/> 1",
        f"<urn:s> {RDF_TYPE} <http://example.org/1>",
        "<urn:s> <http://www.w3.org/1999/02/22-rdf-syntax-ns#li> 1",
    ],
)
def test_what_rdf_xml_cannot_carry_is_an_error(tiny_box: Sandbox, triple: str) -> None:
    text = f"CONSTRUCT {{ {triple} }} WHERE {{}}"
    with pytest.raises(DataError, match="ask for turtle or ntriples"):
        ask(tiny_box, text, triples="rdfxml")
    for form in TRIPLE_FORMS.keys() - {"rdfxml"}:
        answer = ask(tiny_box, text, triples=form)
        assert len(list(ox.parse(answer.body, format=ox.RdfFormat.from_media_type(answer.media_type)))) == 1


def test_what_xml_results_cannot_carry_is_an_error(tiny_box: Sandbox) -> None:
    with pytest.raises(DataError, match="ask for json"):
        ask(tiny_box, 'SELECT ("\\u0001" AS ?x) {}', solutions="xml")
    assert bindings(ask(tiny_box, 'SELECT ("\\u0001" AS ?x) {}')) == [{"x": "\x01"}]


def test_a_carriage_return_survives_xml(tiny_box: Sandbox) -> None:
    solutions = ask(tiny_box, 'SELECT ("a\\rb\\n"@en AS ?x) {}', solutions="xml")
    assert [each.text for each in ET.fromstring(solutions.body).iter() if each.tag.endswith("literal")] == ["a\rb\n"]
    triples = ask(tiny_box, 'CONSTRUCT { <urn:s> <urn:p> "a\\rb" } WHERE {}', triples="rdfxml")
    assert [each.text for each in ET.fromstring(triples.body).iter() if each.tag.endswith("p")] == ["a\rb"]


def test_an_injection_stays_text_in_each_form(tiny_box: Sandbox) -> None:
    nasty = "</literal></binding>\"',\r\n=cmd|' /C calc'!A0\t<script>alert(1)</script>]]>&amp;"
    literal = json.dumps(nasty).replace("'", "\\'")
    for form in ("json", "xml", "csv"):
        body = ask(tiny_box, f"SELECT ({literal} AS ?x) {{}}", solutions=form).body.decode()
        if form == "json":
            assert json.loads(body)["results"]["bindings"][0]["x"]["value"] == nasty
        elif form == "xml":
            assert [each.text for each in ET.fromstring(body).iter() if each.tag.endswith("literal")] == [nasty]
        else:
            assert list(csv.reader(io.StringIO(body, newline=""))) == [["x"], [nasty]]


# Each bound, tripped by a real runaway.


@pytest.mark.parametrize("name", RUNAWAYS)
def test_a_runaway_meets_a_bound_and_the_next_query_works(tight: Sandbox, name: str) -> None:
    text, expected = RUNAWAYS[name]
    start = time.monotonic()
    with pytest.raises(expected):
        ask(tight, text)
    assert time.monotonic() - start < tight.bounds.seconds + 1
    assert ask(tight, "ASK { ?s ?p ?o }").form == "boolean"


def test_a_worker_that_crashes(tight: Sandbox) -> None:
    for text in (f"SELECT * {'{' * 20_000}{'}' * 20_000}", f"SELECT ({'(' * 50_000}1{')' * 50_000} AS ?x) {{}}"):
        with pytest.raises(WorkerError, match=r"died \(SIG"):
            ask(tight, text)
        assert ask(tight, "ASK { ?s ?p ?o }").form == "boolean"


def test_what_is_broad_rather_than_deep(tight: Sandbox) -> None:
    patterns = " . ".join(f"?a{i} ?b{i} ?c{i}" for i in range(600))
    with pytest.raises(QueryTimeoutError):
        ask(tight, f"SELECT * {{ {patterns} }}")


def test_an_answer_is_whole_or_not_at_all(stores: dict[str, Any]) -> None:
    text = "SELECT * { ?s ?p ?o } ORDER BY STR(?s) STR(?p) STR(?o)"
    graph = "CONSTRUCT WHERE { ?s ?p ?o }"
    with Sandbox(stores["memory"]) as box:
        whole = {form: ask(box, text, solutions=form).body for form in SOLUTION_FORMS}
        triples = {form: ask(box, graph, triples=form).body for form in TRIPLE_FORMS}
    for form, body in whole.items():
        with Sandbox(stores["memory"], bounds=Bounds(result=len(body))) as box:
            assert ask(box, text, solutions=form).body == body
        with Sandbox(stores["memory"], bounds=Bounds(result=len(body) - 1)) as box, pytest.raises(ResultTooLargeError):
            ask(box, text, solutions=form)
    for form, body in triples.items():
        with Sandbox(stores["memory"], bounds=Bounds(result=len(body) // 2)) as box, pytest.raises(ResultTooLargeError):
            ask(box, graph, triples=form)


def test_a_large_answer_comes_whole(stores: dict[str, Any]) -> None:
    with Sandbox(stores["compiled"]) as box:
        answer = ask(box, "SELECT * { ?s ?p ?o }", solutions="tsv")
        assert answer.body.count(b"\n") == len(stores["compiled"]) + 1


@LINUX
def test_nothing_grows_and_nothing_is_left(stores: dict[str, Any]) -> None:
    with Sandbox(stores["memory"], bounds=Bounds(seconds=0.2, memory=256 * MB, result=MB)) as box:
        texts = [RUNAWAYS[name][0] for name in ("order", "doubling", "large", "count", "distinct")]

        def some() -> None:
            for text in texts:
                with pytest.raises(BoundError):
                    ask(box, text)
            for _ in range(50):
                ask(box, COUNT)

        some()
        until(lambda: children(pid(box)) == [])
        server, before, ours = pid(box), resident(pid(box)), resident(os.getpid())
        files = open_files(server), open_files(os.getpid())
        for _ in range(3):
            some()
        until(lambda: children(pid(box)) == [])
        assert pid(box) == server
        assert resident(server) - before < 2 * MB
        assert resident(os.getpid()) - ours < 16 * MB
        assert (open_files(server), open_files(os.getpid())) == files
        until(lambda: box._jobs == {})  # The word of the last one's end may still be on its way.


# What a worker may not.


@contextmanager
def listener() -> Iterator[tuple[int, list[object]]]:
    """Listen on the loopback and count who calls."""
    calls: list[object] = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.05)
        ended = threading.Event()

        def accept() -> None:
            while not ended.is_set():
                with suppress(TimeoutError):
                    connection, address = server.accept()
                    connection.close()
                    calls.append(address)

        thread = threading.Thread(target=accept)
        thread.start()
        try:
            yield server.getsockname()[1], calls
        finally:
            ended.set()
            thread.join()


@LINUX
def test_a_worker_has_no_network(box: Sandbox, stores: dict[str, Any]) -> None:
    assert box.isolated, "the kernel allows neither an empty network nor a filter of calls"
    with listener() as (port, calls):
        url = f"http://127.0.0.1:{port}/"
        for text in (
            f"SELECT * {{ SERVICE <{url}> {{ ?s ?p ?o }} }}",
            f"SELECT * {{ BIND(<{url}> AS ?x) SERVICE ?x {{ ?s ?p ?o }} }}",
        ):
            with pytest.raises(FilmgraphError):
                ask(box, text)
        ask(box, f"SELECT * {{ SERVICE SILENT <{url}> {{ ?s ?p ?o }} }}")
        ask(box, f"SELECT * FROM <{url}> FROM NAMED <{url}x> {{ ?s ?p ?o }}")
        assert calls == []
        with pytest.raises(StoreError):
            stores["memory"].select(f"SELECT * {{ SERVICE <{url}> {{ ?s ?p ?o }} }}")
        until(lambda: calls != [])  # So the listener does count.


def confined(program: str) -> str:
    """Return what a program says that runs within the walls."""
    done = subprocess.run(
        [sys.executable, "-c", f"from filmgraph.sandbox.confinement import *\nimport os, socket\n{program}"],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(SOURCE)},
        check=False,
    )
    return done.stdout + done.stderr.strip().rpartition("\n")[2]


WALLS = "from filmgraph.sandbox import confinement as c\n"


@LINUX
def test_the_filter_alone_keeps_the_network_and_programs_away() -> None:
    start = f"{WALLS}c._prctl(c._SET_NO_NEW_PRIVS, 1)\nprint(c._filter_calls())\n"
    assert confined(start + "socket.socket()") == "True\nPermissionError: [Errno 13] Permission denied"
    assert "Permission denied" in confined(start + "os.execv('/bin/true', ['true'])")
    assert confined(start + "print(len(socket.socketpair()), os.getpid() > 0)") == "True\n2 True\n"


@LINUX
def test_a_kernel_that_allows_neither_is_told_apart() -> None:
    told = confined(f"{WALLS}c._unshare = lambda _: False\nc._DENIED.clear()\nprint(cut_off())")
    assert told == "False\n"


@LINUX
def test_a_worker_writes_no_file_and_leaves_no_core(tmp_path: Path) -> None:
    program = "limit(memory=1 << 26, seconds=1, writes={})\nopen({!r}, 'wb', buffering=0).write(b'x')"
    assert "File too large" in confined(program.format(False, str(tmp_path / "no")))
    assert confined(program.format(True, str(tmp_path / "yes"))) == ""
    assert "MemoryError" in confined("limit(memory=1 << 26, seconds=1, writes=False)\nb'x' * (1 << 27)")
    limits = "import resource as r\nlimit(memory=1 << 30, seconds=1.2, writes=False)\n"
    assert confined(limits + "print(r.getrlimit(r.RLIMIT_CORE), r.getrlimit(r.RLIMIT_CPU))") == "(0, 0) (3, 4)\n"


@LINUX
def test_workers_know_nothing_of_the_environment(stores: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FILMGRAPH_TEST_SECRET", "hidden")
    with Sandbox(stores["memory"]) as box:
        assert b"hidden" not in Path(f"/proc/{pid(box)}/environ").read_bytes()


@LINUX
def test_a_worker_steps_back(tiny_box: Sandbox) -> None:
    with running(tiny_box, ENDLESS):
        (worker,) = children(pid(tiny_box))
        until(lambda: Path(f"/proc/{worker}/oom_score_adj").read_text() == "900\n")
        assert int(Path(f"/proc/{worker}/stat").read_text().rpartition(")")[2].split()[16]) > 0


# Calling off, and dying.


@contextmanager
def running(box: Sandbox, text: str, *, client: str = "") -> Iterator[list[Exception]]:
    """Run a query in a thread until the end of the block, and keep how it ended."""
    job = box.ask(Question(text), client=client)
    ends: list[Exception] = []

    def wait() -> None:
        try:
            job.result()
        except FilmgraphError as error:
            ends.append(error)

    thread = threading.Thread(target=wait)
    thread.start()
    try:
        until(lambda: job.number in box._jobs)
        if sys.platform == "linux":
            until(lambda: children(pid(box)) != [])
        yield ends
    finally:
        job.kill()
        thread.join()


@LINUX
def test_a_job_is_called_off(box: Sandbox) -> None:
    with running(box, ENDLESS) as ends:
        workers = children(pid(box))
        assert len(workers) == 1
    assert [type(end) for end in ends] == [WorkerError]
    until(lambda: not is_alive(workers[0]))
    until(lambda: children(pid(box)) == [])
    assert ask(box, "ASK {}").form == "boolean"


def test_a_job_is_called_off_before_it_began(tiny_box: Sandbox) -> None:
    job = tiny_box.ask(Question(COUNT))
    job.kill()
    job.kill()
    with pytest.raises(WorkerError, match="called off"):
        job.result()
    assert tiny_box._turns._running == []


def test_a_job_that_nobody_wants_gives_its_turn_back(tiny_box: Sandbox) -> None:
    for _ in range(10):
        tiny_box.ask(Question(COUNT), client="forgetful")
    assert ask(tiny_box, COUNT, client="forgetful").form == "solutions"


@LINUX
def test_the_fork_server_is_killed(stores: dict[str, Any]) -> None:
    for kind in ("memory", "disk"):
        with Sandbox(stores[kind]) as box:
            before = pid(box)
            with running(box, ENDLESS) as ends:
                workers = children(before)
                os.kill(before, signal.SIGKILL)
                until(lambda ends=ends: ends != [])
                assert [type(end) for end in ends] == [WorkerError]
                until(lambda workers=workers: not any(map(is_alive, workers)))
            assert size(box) == len(stores[kind])
            assert pid(box) != before


@LINUX
def test_a_fork_server_that_is_deaf_is_replaced(stores: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("filmgraph.sandbox.process._DEAF_SECONDS", 0.2)
    monkeypatch.setattr("filmgraph.sandbox.process._LOOK_SECONDS", 0.1)
    with Sandbox(stores["memory"], bounds=Bounds(seconds=0.5)) as box:
        before = pid(box)
        os.kill(before, signal.SIGSTOP)
        with pytest.raises(QueryTimeoutError):
            ask(box, COUNT)
        until(lambda: box._server is not None and pid(box) != before)
        assert size(box) == len(stores["memory"])


PARENT = """
import sys, threading
from filmgraph.sandbox import Question, Sandbox
from filmgraph.stores import DiskStore
box = Sandbox(DiskStore(sys.argv[1])).start()
threading.Thread(target=box.ask(Question(sys.argv[2])).result, daemon=True).start()
print(box._server.pid, flush=True)
threading.Event().wait()
"""


@LINUX
def test_the_parent_is_killed(stores: dict[str, Any]) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", PARENT, stores["disk"].name, ENDLESS],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(SOURCE)},
    ) as parent:
        assert parent.stdout is not None
        server = int(parent.stdout.readline())
        until(lambda: children(server) != [])
        processes = [server, *children(server)]
        parent.kill()
    until(lambda: not any(map(is_alive, processes)))


@LINUX
def test_closing_leaves_nothing(stores: dict[str, Any]) -> None:
    box = Sandbox(stores["memory"]).start()
    with running(box, ENDLESS) as ends:
        processes = [pid(box), *children(pid(box))]
        box.close()
        until(lambda: ends != [])
    assert not any(Path(f"/proc/{process}").exists() for process in processes)
    box.close()
    with pytest.raises(WorkerError, match="closed"):
        box.ask(Question(COUNT))
    with pytest.raises(WorkerError, match="closed"):
        box.start()


def test_a_system_that_cannot_fork(stores: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "fork")
    with pytest.raises(WorkerError, match="forked processes"):
        Sandbox(stores["memory"]).start()


def test_a_python_that_does_not_start(stores: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    for program in ("/nowhere/python", "/bin/false"):
        monkeypatch.setattr(sys, "executable", program)
        for kind in ("memory", "disk"):
            with pytest.raises(WorkerError):
                Sandbox(stores[kind]).start()


# Many at once.


def turns(**bounds: Any) -> Turns:
    return Turns(Bounds(**bounds))


def granted(*taken: Turn) -> list[bool]:
    return [turn.granted.is_set() for turn in taken]


def test_so_many_at_once() -> None:
    queue = turns(at_once=2, at_once_by_client=2, waiting=1)
    one, two, three = (queue.take(client) for client in "abc")
    assert granted(one, two, three) == [True, True, False]
    with pytest.raises(BusyError) as busy:
        queue.take("d")
    assert not busy.value.by_client
    queue.end(one)
    queue.end(one)
    assert granted(three) == [True]


def test_so_many_for_one_client() -> None:
    queue = turns(at_once=4, at_once_by_client=1, waiting=4, waiting_by_client=1)
    one, two, other = queue.take("a"), queue.take("a"), queue.take("b")
    assert granted(one, two, other) == [True, False, True]
    with pytest.raises(BusyError) as busy:
        queue.take("a")
    assert busy.value.by_client
    with pytest.raises(BusyError) as busy:
        queue.wait(two, 0.01)
    assert busy.value.by_client
    assert granted(queue.take(""), queue.take("")) == [True, True], "nobody in particular has no share"


def test_whoever_has_fewest_goes_first() -> None:
    queue = turns(at_once=2, at_once_by_client=2, waiting=9)
    first, second = queue.take("a"), queue.take("a")
    greedy, modest = queue.take("a"), queue.take("b")
    queue.end(first)
    assert granted(greedy, modest) == [False, True]
    queue.end(second)
    assert granted(greedy) == [True]


def test_one_who_writes_is_alone() -> None:
    queue = turns(at_once=3)
    reader, writer, late = queue.take("a"), queue.take("w", alone=True), queue.take("b")
    assert granted(reader, writer, late) == [True, False, False]
    queue.end(reader)
    assert granted(writer, late) == [True, False]
    queue.end(writer)
    assert granted(late) == [True]
    impatient = queue.take("w", alone=True)
    after = queue.take("c")
    with pytest.raises(BusyError):
        queue.wait(impatient, 0.01)
    assert granted(after) == [True]


def test_closing_lets_go_of_who_waits() -> None:
    queue = turns(at_once=1)
    queue.take("a")
    waiting = queue.take("b")
    queue.close()
    with pytest.raises(WorkerError):
        queue.wait(waiting, 9)


def test_many_threads_ask_at_once(box: Sandbox) -> None:
    expected = size(box)
    with ThreadPoolExecutor(12) as threads:
        assert list(threads.map(lambda _: size(box), range(60))) == [expected] * 60
    until(lambda: box._turns._running == [])


def test_a_busy_sandbox_says_so_and_serves_others(stores: dict[str, Any]) -> None:
    bounds = Bounds(at_once=2, at_once_by_client=1, queue_seconds=0.1, waiting_by_client=1)
    with Sandbox(stores["memory"], bounds=bounds) as box, running(box, ENDLESS, client="a"):
        with pytest.raises(BusyError) as busy:
            ask(box, COUNT, client="a")
        assert busy.value.by_client
        assert ask(box, COUNT, client="b").form == "solutions"
        with running(box, ENDLESS, client="c"), pytest.raises(BusyError) as busy:
            ask(box, COUNT, client="b")
        assert not busy.value.by_client


def test_time_in_the_queue_counts(stores: dict[str, Any]) -> None:
    bounds = Bounds(seconds=0.5, at_once=1, queue_seconds=9)
    with Sandbox(stores["memory"], bounds=bounds) as box, running(box, ENDLESS):
        start = time.monotonic()
        with suppress(BoundError):
            ask(box, ENDLESS)
        assert time.monotonic() - start < 1.5


# Changes.


@pytest.fixture
def written(tmp_path: Path) -> Iterator[Sandbox]:
    bounds = Bounds(seconds=2, memory=128 * MB)
    with Sandbox.of_folder(tmp_path / "new" / "store", writable=True, bounds=bounds) as box:
        yield box


def test_a_fresh_folder_becomes_a_store(written: Sandbox) -> None:
    assert size(written) == 0
    written.update("INSERT DATA { <urn:s> <urn:p> 1 GRAPH <urn:g> { <urn:s> <urn:p> 2 } }")
    assert bindings(ask(written, GRAPHS)) == [{"g": "urn:g", "o": "2"}, {"o": "1"}]
    written.update("DELETE DATA { <urn:s> <urn:p> 1 } ; INSERT DATA { <x> <urn:p> 3 }", base="http://example.org/")
    assert bindings(ask(written, "SELECT ?s { ?s ?p ?o }")) == [{"s": "http://example.org/x"}]
    with DiskStore(written._folder) as store:
        assert len(store) == 2


def test_an_update_changes_all_or_nothing(written: Sandbox) -> None:
    written.update("INSERT DATA { <urn:s> <urn:p> 1, 2, 3, 4, 5, 6, 7, 8 }")
    rows = " ".join(f"?a{i} ?b{i} ?c{i} ." for i in range(9))
    for text, error in (
        (f"DELETE {{ ?a0 ?b0 ?c0 }} WHERE {{ {rows} FILTER(?c0 + ?c8 < 0) }}", QueryTimeoutError),
        (f"INSERT {{ ?a0 ?b0 ?x }} WHERE {{ {rows} BIND(STRUUID() AS ?x) }}", BoundError),
        ("INSERT DATA { <urn:s> <urn:p> 10 } ; LOAD <file:///etc/passwd>", FilmgraphError),
        ("INSERT DATA { <urn:s> <urn:p> 11 } ; LOAD <http://127.0.0.1:9999/>", FilmgraphError),
        ("INSERT DATA { <urn:s> <urn:p> 12 } ; CREATE", QueryError),
    ):
        with pytest.raises(error):
            written.update(f"INSERT DATA {{ <urn:s> <urn:p> 9 }} ; {text}" if error is not QueryError else text)
        assert size(written) == 8
    written.update("DROP ALL")
    assert size(written) == 0


def test_readers_and_writers_take_turns(written: Sandbox) -> None:
    def add(number: int) -> None:
        written.update(f"INSERT DATA {{ <urn:s> <urn:p> {number} }} ; INSERT DATA {{ <urn:t> <urn:p> {number} }}")

    def look(_: int) -> int:
        return size(written)

    with ThreadPoolExecutor(4) as threads:
        writers = [threads.submit(add, number) for number in range(6)]
        readers = [threads.submit(look, number) for number in range(12)]
        for each in writers:
            each.result()
        assert all(each.result() % 2 == 0 for each in readers)
    assert size(written) == 12


def test_updates_where_there_may_be_none(stores: dict[str, Any], tiny_box: Sandbox, tmp_path: Path) -> None:
    with pytest.raises(ReadOnlyStoreError):
        tiny_box.update("DROP ALL")
    with Sandbox.of_folder(stores["disk"].name) as box, pytest.raises(ReadOnlyStoreError):
        box.update("DROP ALL")
    with pytest.raises(StoreError, match="there is no store"):
        Sandbox.of_folder(tmp_path / "none").start()
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(StoreError, match="not an empty folder"), Sandbox.of_folder(tmp_path, writable=True):
        pass
    with DiskStore(tmp_path / "held", writable=True) as held, pytest.raises(StoreError, match=r"of_folder"):
        Sandbox(held)


def test_a_store_that_another_process_writes(tmp_path: Path) -> None:
    with Sandbox.of_folder(tmp_path / "store", writable=True) as box:
        with DiskStore(tmp_path / "store", writable=True):
            for act in (lambda: ask(box, COUNT), lambda: box.update("DROP ALL")):
                with pytest.raises(StoreLockedError):
                    act()
        assert size(box) == 0


def test_a_folder_that_goes_away(tmp_path: Path, stores: dict[str, Any]) -> None:
    shutil.copytree(stores["disk"].name, tmp_path / "store")
    with Sandbox.of_folder(tmp_path / "store") as box:
        assert size(box) == len(stores["disk"])
        shutil.rmtree(tmp_path / "store")
        with pytest.raises(StoreError):
            size(box)


# A store behind an endpoint.


def test_a_remote_store_needs_no_worker(oxigraph_server: OxigraphServer, tiny_box: Sandbox) -> None:
    with RemoteStore(oxigraph_server.query_url) as store, Sandbox(store, bounds=Bounds(result=100_000)) as box:
        assert box._server is None
        text = "SELECT * { ?s ?p ?o } ORDER BY STR(?s) STR(?p) STR(?o)"
        for form in SOLUTION_FORMS:
            assert ask(box, text, solutions=form) == ask(tiny_box, text, solutions=form)
            assert ask(box, "ASK {}", solutions=form) == ask(tiny_box, "ASK {}", solutions=form)
        for form in TRIPLE_FORMS:
            answer = ask(box, "CONSTRUCT WHERE { ?s ?p ?o }", triples=form)
            read = ox.parse(answer.body, format=ox.RdfFormat.from_media_type(answer.media_type))
            assert {quad.triple for quad in read} == set(triples_of([TINY]))
        with pytest.raises(QueryError):
            ask(box, "ASK {")
        with pytest.raises(QueryError, match="FROM"):
            ask(box, "ASK {}", default_graphs=("urn:g",))
        with pytest.raises(ResultTooLargeError):
            ask(box, "SELECT * { ?a ?b ?c . ?d ?e ?f } LIMIT 20000")
        with pytest.raises(ReadOnlyStoreError):
            box.update("DROP ALL")


def test_a_remote_store_has_no_more_time_than_a_query(tiny_box: Sandbox) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        store = RemoteStore(f"http://127.0.0.1:{silent.getsockname()[1]}/", deadline=3.0)
        with (
            Sandbox(store, bounds=Bounds(seconds=0.4)) as box,
            pytest.raises(EndpointTimeoutError, match=r"within 0\.\d"),
        ):
            ask(box, "ASK {}")
        assert store.deadline == 3.0
        with (
            Sandbox(store.within(0.4), bounds=Bounds()) as box,
            pytest.raises(EndpointTimeoutError, match=r"within 0\.4"),
        ):
            ask(box, "ASK {}")


def test_all_is_complete_and_sorted() -> None:
    assert package.__all__ == sorted(package.__all__, key=lambda name: (not name.isupper(), name))
    assert all(hasattr(package, name) for name in package.__all__)
