"""Where triples live: the same answers in each room, all of a file or none of it, and a cache that heals itself."""

from __future__ import annotations

import itertools
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pyoxigraph as ox
import pytest

import filmgraph
from filmgraph import stores
from filmgraph.errors import DataError, QueryError, ReadOnlyStoreError, StoreError, StoreLockedError
from filmgraph.queries import with_prefixes
from filmgraph.readers import triples_of
from filmgraph.stores import DiskStore, MemoryStore, RemoteStore, Store, cache_folder, compiled, open_compiled
from filmgraph.stores.compiled import CompiledStore
from filmgraph.stores.folder import current_place
from filmgraph.workspace import Workspace

TINY = Path(__file__).parent / "data" / "tiny.ttl"
SOURCE = Path(filmgraph.__file__).parents[1]
S, P = "<http://example.org/s>", "<http://example.org/p>"
COUNT = "SELECT (COUNT(*) AS ?n) WHERE { { ?s ?p ?o } UNION { GRAPH ?g { ?s ?p ?o } } }"
ALL = "SELECT ?s ?p ?o WHERE { ?s ?p ?o } ORDER BY STR(?s) STR(?p) STR(?o)"

QUESTIONS = [
    ALL,
    "SELECT * WHERE { VALUES (?x ?y) { (1 UNDEF) (1.50 'a'@en) (true 'b') (<urn:x> UNDEF) } } ORDER BY STR(?x)",
    "SELECT ?s (COUNT(*) AS ?n) (AVG(?h) AS ?a) { ?s ?p ?o BIND(0.5 AS ?h) } GROUP BY ?s ORDER BY DESC(?n) STR(?s)",
    "SELECT DISTINCT ?b WHERE { ?a <http://www.w3.org/2004/02/skos/core#broader>+ ?b } ORDER BY STR(?b)",
    "SELECT * WHERE { FILTER(false) }",
    "SELECT ('é\\n\\t\"\\\\' AS ?x) WHERE {}",
]


def size(store: Store) -> int:
    return int(str(store.select(COUNT).column("n")[0]))


@contextmanager
def python(program: str, **environment: str) -> Iterator[subprocess.Popen[str]]:
    """Run a program in a Python of its own, and end it at the end."""
    process = subprocess.Popen(
        [sys.executable, "-c", program],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(SOURCE), **environment},
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


# The same in every room.


@pytest.mark.parametrize("question", QUESTIONS)
def test_each_room_gives_the_same_answer(store: Store, question: str) -> None:
    with MemoryStore.of_files([TINY]) as expected:
        answer = store.select(question)
        assert answer.columns == expected.select(question).columns
        assert list(answer.terms) == list(expected.select(question).terms)


def test_the_graph_is_whole(store: Store) -> None:
    assert set(store.construct("CONSTRUCT WHERE { ?s ?p ?o }")) == set(triples_of([TINY]))


def test_yes_no_and_what_is_known_of_a_thing(store: Store) -> None:
    assert store.ask("ASK { ?s ?p ?o }") is True
    assert store.ask("ASK { <urn:none> ?p ?o }") is False
    her = "https://w3id.org/filmgraph/film/alpha-2001"
    expected = {triple for triple in triples_of([TINY]) if triple.subject == ox.NamedNode(her)}
    assert set(store.describe(her)) == expected != set()
    assert store.describe("urn:none") == []
    assert store.has_graph("urn:none") is False


@pytest.mark.parametrize("query", ["", "SELEC * { }", "SELECT * { ?s ?p }", "SELECT ?x {", "INSERT DATA { }", "🎬"])
def test_what_is_no_query_is_one_line(store: Store, query: str) -> None:
    for ask in (store.select, store.ask, store.construct):
        with pytest.raises(QueryError) as caught:
            ask(query)
        assert "\n" not in str(caught.value)


def test_each_form_has_its_method(store: Store) -> None:
    with pytest.raises(QueryError, match="is no SELECT query"):
        store.select("ASK {}")
    with pytest.raises(QueryError, match="is no ASK query"):
        store.ask("SELECT * {}")


@pytest.mark.parametrize("iri", ["", "her", "a b:c", "http://[", "http://example.org/> ?p ?o }"])
def test_what_is_no_iri(store: Store, iri: str) -> None:
    with pytest.raises((QueryError, StoreError)):
        store.describe(iri)


def test_each_keeps_the_protocol(store: Store) -> None:
    assert isinstance(store, Store)
    assert store.name


def test_a_store_that_only_reads_refuses_changes(folder: Path, oxigraph_server) -> None:  # type: ignore[no-untyped-def]
    for store in (DiskStore(folder), RemoteStore(oxigraph_server.query_url)):
        before = size(store)
        assert store.writable is False
        with pytest.raises(ReadOnlyStoreError, match="for reading only"):
            store.update("INSERT DATA { <urn:a> <urn:b> 1 }")
        with pytest.raises(ReadOnlyStoreError, match="for reading only"):
            store.load(TINY)
        assert size(store) == before


# Writing, in every room.


def test_a_file_is_loaded_once(empty_store: Store) -> None:
    expected = len(set(triples_of([TINY])))
    assert empty_store.load(TINY) == expected
    assert empty_store.load(TINY) == 0
    assert size(empty_store) == expected


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("last-line.ttl", f"{S} {P} 1 .\n" + f"{S} {P} 2 .\n" * 3_000 + f"{S} {P}"),
        ("last-line-escaped.ttl", f"{S} {P} '\\u0041' .\n" * 3_000 + "oops"),
        ("unsafe.ttl", f"{S} {P} 1 .\n" * 3_000 + f"{S} {P} <javascript:x> ."),
        ("last-line.nt", f"{S} {P} {S} .\n" * 3_000 + f"{S} {P} {S}"),
        ("last-line.nq", f"{S} {P} {S} {S} .\n" * 3_000 + "oops"),
        ("last.jsonld", f'[{{"@id":"{S[1:-1]}","{P[1:-1]}":1}},{{"@id":"x","{P[1:-1]}":1}}]'),
    ],
)
def test_a_file_with_an_error_changes_nothing(empty_store: Store, tmp_path: Path, name: str, content: str) -> None:
    empty_store.update("INSERT DATA { <urn:a> <urn:b> 1 }")
    file = tmp_path / name
    file.write_text(content, encoding="utf-8")
    with pytest.raises(DataError):
        empty_store.load(file)
    assert list(empty_store.select(ALL)) == [("urn:a", "urn:b", 1)]
    assert size(empty_store) == 1


def test_an_update_is_all_or_nothing(empty_store: Store) -> None:
    empty_store.update("INSERT DATA { <urn:a> <urn:b> 1 } ; INSERT DATA { <urn:a> <urn:b> 2 }")
    assert size(empty_store) == 2
    with pytest.raises(QueryError):
        empty_store.update("INSERT DATA { <urn:a> <urn:b> 3 } ; INSERT DATA { oops")
    assert size(empty_store) == 2


@pytest.mark.parametrize("before", ["", "\\u0041"])
@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.nq", '{S} {P} "{before}" <urn:g> .\n{S} {P} "{before}" <urn:h> .\n{S} {P} "{before}2" .\n'),
        ("a.trig", '<urn:g> {{ {S} {P} "{before}" }} <urn:h> {{ {S} {P} "{before}" , "{before}2" }}'),
    ],
)
def test_what_stands_in_named_graphs_is_asked(
    empty_store: Store, tmp_path: Path, name: str, content: str, before: str
) -> None:
    file = tmp_path / name
    file.write_text(content.format(S=S, P=P, before=before), encoding="utf-8")
    assert empty_store.load(file) == 2
    assert empty_store.load(file) == 0
    assert not empty_store.has_graph("urn:g")
    assert len(empty_store.select(ALL)) == 2


def test_blank_nodes_of_two_files_are_two(empty_store: Store, tmp_path: Path) -> None:
    for number in range(4):
        file = tmp_path / f"{number}.ttl"
        file.write_text(f"_:a {P} {number} , '{'x' if number < 2 else chr(92) + 'u0031'}' .", encoding="utf-8")
        assert empty_store.load(file) == 2
    assert empty_store.select("SELECT (COUNT(DISTINCT ?s) AS ?n) { ?s ?p ?o }").column("n") == [4]


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("SELECT * {\n ?s ex:a ?o }", "the prefix ex: of ex:a is not declared: add PREFIX ex: <…>"),
        ("SELECT * { ?s :p ?o }", "the prefix : of :p is not declared"),
        ("SELECT * { ?s a fg:Film ; ex:b 'ex:a' } # ex:c", "the prefix ex: of ex:b is not declared"),
        ("SELECT * {\n ?s ?p ?o\n} ORDER LIMIT", "at line 3, near '} ORDER LIMIT'"),
        ("SELECT * { ?s ?p ?o } LIMIT ?x", "at line 1, near '* { ?s ?p ?o } LIMIT ?x'"),
        ("SELECT ?x (COUNT(?y) AS ?n) { ?x ?p ?y }", "The SELECT contains a variable that is unbound"),
        ("SELECT * { <http://a b> ?p _:b }", "IRI parsing failed"),
        (" \n", "the text is empty"),
    ],
)
def test_a_slip_is_told_in_plain_words(store: Store, query: str, told: str) -> None:
    with pytest.raises(QueryError) as caught:
        store.select(with_prefixes(query))
    message = str(caught.value)
    assert message.startswith("not understood")
    assert told in message
    assert "PREFIX fg:" not in message
    assert "expected" not in message
    assert len(message) < 200


def test_a_slip_in_an_update_is_told_in_plain_words(empty_store: Store) -> None:
    with pytest.raises(QueryError, match="the prefix ex: of ex:b is not declared"):
        empty_store.update("INSERT DATA { <urn:a> ex:b 1 }")
    with pytest.raises(QueryError, match="Variables are not allowed in INSERT DATA"):
        empty_store.update("INSERT DATA { ?x <urn:b> 1 }")


def test_nasty_literals_arrive(empty_store: Store, tmp_path: Path) -> None:
    text = "\"'\\ \t é 🎬 } ; DROP ALL # \x1b \x00"
    file = tmp_path / "a.nt"
    file.write_text(f"{S} {P} {ox.Literal(text)} .\n{S} {P} {ox.Literal(text, language='en')} .\n", encoding="utf-8")
    assert empty_store.load(file) == 2
    assert empty_store.select("SELECT ?o { ?s ?p ?o }").column("o") == [text, text]


def test_blank_nodes_arrive(empty_store: Store, tmp_path: Path) -> None:
    file = tmp_path / "a.ttl"
    file.write_text(f"{S} {P} [ {P} 1 ] , ( 1 2 ) .", encoding="utf-8")
    assert empty_store.load(file) == 7
    assert empty_store.ask(f"ASK {{ {S} {P} [ {P} 1 ] , ( 1 2 ) }}")


def test_an_empty_file_is_loaded(empty_store: Store, tmp_path: Path) -> None:
    (tmp_path / "a.ttl").touch()
    assert empty_store.load(tmp_path / "a.ttl") == 0


# On disk.


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A disk store of the tiny graph."""
    with DiskStore(tmp_path / "store", writable=True) as store:
        store.load(TINY)
    return tmp_path / "store"


def engine_files(folder: Path) -> Path:
    """Return where the engine's files of a store lie."""
    place = current_place(folder)
    assert place is not None
    return place.store


HOLD = """
import sys
from filmgraph.stores import DiskStore
store = DiskStore(sys.stdin.readline().strip(), writable=True)
print("held", flush=True)
sys.stdin.read()
"""


def test_a_store_that_another_process_writes_to(folder: Path) -> None:
    with python(HOLD) as holder:
        assert holder.stdin is not None
        assert holder.stdout is not None
        holder.stdin.write(f"{folder}\n")
        holder.stdin.flush()
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(StoreLockedError, match="another process is writing to this store") as caught:
            DiskStore(folder, writable=True)
        assert str(caught.value).startswith(str(folder))
        assert "\n" not in str(caught.value)
        with pytest.raises(StoreLockedError, match="another process is writing to this store"):
            DiskStore(folder)
    with DiskStore(folder) as reader:
        assert size(reader) == len(set(triples_of([TINY])))
    with DiskStore(folder, writable=True) as writer:
        assert writer.load(TINY) == 0


def test_a_store_that_this_process_writes_to(folder: Path, tmp_path: Path) -> None:
    """To look at the lock would let go of it, so that a second process could write, too."""
    (tmp_path / "other-name").symlink_to(folder)
    with DiskStore(folder, writable=True) as writer:
        for path, writable in itertools.product((folder, tmp_path / "other-name"), (False, True)):
            with pytest.raises(StoreLockedError, match="this process is writing to this store"):
                DiskStore(path, writable=writable)
        with python(HOLD) as other:
            _, told = other.communicate(f"{folder}\n", timeout=60)
            assert "StoreLockedError" in told
        assert writer.load(TINY) == 0
    with DiskStore(folder) as reader:
        assert size(reader) == len(set(triples_of([TINY])))
    forgotten = DiskStore(folder, writable=True)
    del forgotten
    DiskStore(folder).close()


def test_readers_do_not_lock_each_other_or_a_writer_out(folder: Path) -> None:
    with DiskStore(folder) as one, DiskStore(folder) as two, DiskStore(folder, writable=True) as writer:
        assert size(one) == size(two) == size(writer)


def test_a_lock_that_is_not_there_or_cannot_be_tried(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (engine_files(folder) / "LOCK").unlink()
    DiskStore(folder).close()
    monkeypatch.setitem(sys.modules, "fcntl", None)
    DiskStore(folder).close()


CORES = """
import os, sys
from pathlib import Path
import pyoxigraph as ox
from filmgraph.stores.local import open_read_only
if len(os.sched_getaffinity(0)) == 1:
    print("one core")
    sys.exit()
allowed = os.sched_getaffinity(0)
def all_free():
    return all(os.sched_getaffinity(int(thread)) == allowed for thread in os.listdir("/proc/self/task"))
folder = sys.stdin.readline().strip()
try:
    open_read_only(Path(folder + "-nowhere"))
except OSError:
    print(all_free())
store = open_read_only(Path(folder))
list(store)
print(all_free(), len(os.listdir("/proc/self/task")) > 1)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux lets a program choose its cores")
def test_opening_leaves_no_thread_on_one_core(folder: Path) -> None:
    with python(CORES) as process:
        answer, told = process.communicate(f"{engine_files(folder)}\n", timeout=60)
    assert told == ""
    assert answer in ("one core\n", "True\nTrue True\n")


def test_closing_takes_what_was_written_out_of_the_log(tmp_path: Path) -> None:
    with DiskStore(tmp_path / "store", writable=True) as store:
        store.load(TINY)
        triples = len(store)
    for log in engine_files(tmp_path / "store").glob("*.log"):
        log.unlink()
    with DiskStore(tmp_path / "store") as store:
        assert len(store) == triples


def test_many_may_read_at_once(folder: Path) -> None:
    program = "import sys; from filmgraph.stores import DiskStore; print(len(DiskStore(sys.stdin.readline().strip())))"
    with DiskStore(folder) as here, DiskStore(folder) as there, python(program) as one, python(program) as two:
        counts = {len(here), len(there)}
        for process in (one, two):
            counts.add(int(process.communicate(f"{folder}\n", timeout=60)[0]))
    assert counts == {len(set(triples_of([TINY])))}


def test_no_store_there(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").write_text("x", encoding="utf-8")
    for path in (tmp_path / "nowhere", tmp_path / "empty", tmp_path / "file", tmp_path / "file" / "below"):
        assert not DiskStore.is_store(path)
        with pytest.raises(StoreError, match="there is no store here"):
            DiskStore(path)
    assert not (tmp_path / "nowhere").exists()


def test_nothing_is_written_where_something_else_is(tmp_path: Path) -> None:
    (tmp_path / "letters").mkdir()
    (tmp_path / "letters" / "love.txt").write_text("x", encoding="utf-8")
    (tmp_path / "file").write_text("x", encoding="utf-8")
    for path in (tmp_path / "letters", tmp_path / "file"):
        with pytest.raises(StoreError, match="is no store and not an empty folder"):
            DiskStore(path, writable=True)
    with pytest.raises(StoreError):
        DiskStore(tmp_path / "file" / "below", writable=True)
    assert [entry.name for entry in (tmp_path / "letters").iterdir()] == ["love.txt"]
    assert (tmp_path / "file").read_text(encoding="utf-8") == "x"


def test_a_store_is_made_in_an_empty_folder(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    for path in (tmp_path / "empty", tmp_path / "new" / "deep"):
        with DiskStore(path, writable=True) as store:
            store.load(TINY)
        assert DiskStore.is_store(path)


@pytest.mark.parametrize("victim", ["CURRENT", "MANIFEST*"])
@pytest.mark.parametrize("content", [b"", b"\0" * 20, b"rubbish\n"])
def test_a_store_that_is_broken(folder: Path, victim: str, content: bytes) -> None:
    for file in engine_files(folder).glob(victim):
        file.write_bytes(content)
    for writable in (False, True):
        with pytest.raises(StoreError, match="cannot be opened") as caught:
            DiskStore(folder, writable=writable)
        assert "\n" not in str(caught.value)


def test_a_broken_store_is_not_taken_for_a_locked_one(tmp_path: Path) -> None:
    folder = tmp_path / "a-clockwork-orange"
    with DiskStore(folder, writable=True), pytest.raises(StoreLockedError):
        DiskStore(folder, writable=True)
    (engine_files(folder) / "CURRENT").write_bytes(b"")
    with pytest.raises(StoreError, match="cannot be opened") as caught:
        DiskStore(folder, writable=True)
    assert type(caught.value) is StoreError


def test_a_closed_store_says_so(folder: Path) -> None:
    for store in (MemoryStore(), DiskStore(folder), DiskStore(folder, writable=True)):
        store.close()
        store.close()
        with pytest.raises(StoreError, match="the store is closed"):
            store.select("SELECT * {}")
        with pytest.raises(StoreError):
            store.load(TINY)
        with pytest.raises(StoreError, match="the store is closed"):
            len(store)
    DiskStore(folder, writable=True).close()


def test_services_that_fail_are_one_line() -> None:
    with MemoryStore() as store:
        for query in ("SELECT * { SERVICE <http://127.0.0.1:9/> { ?s ?p ?o } }", "ASK { SERVICE ?x { ?s ?p ?o } }"):
            with pytest.raises(StoreError) as caught:
                store.ask(query) if query.startswith("ASK") else store.select(query)
            assert "\n" not in str(caught.value)
        with pytest.raises(StoreError):
            store.update("LOAD <http://127.0.0.1:9/>")
        with pytest.raises(QueryError):
            store.select("SELECT ('\udcff' AS ?x) {}")


# The compiled store.


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache of one's own, not made yet."""
    folder = tmp_path / "some" / "cache"
    monkeypatch.setenv("FILMGRAPH_CACHE", str(folder))
    return folder


@pytest.fixture
def space(tmp_path: Path) -> Workspace:
    """A workspace with the tiny graph."""
    root = tmp_path / "space"
    for name in ("ontology", "data", "queries"):
        (root / name).mkdir(parents=True)
    for name in ("aspects", "filmgraph", "genres", "techniques"):
        (root / "ontology" / f"{name}.ttl").touch()
    shutil.copy(TINY, root / "data" / "tiny.ttl")
    return Workspace.find(root)


def compiled_in(cache: Path) -> list[Path]:
    return sorted(entry for entry in cache.iterdir() if entry.is_dir())


def test_the_cache_is_where_it_is_said_to_be(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert cache_folder() == cache
    monkeypatch.delenv("FILMGRAPH_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(cache))
    if sys.platform.startswith("linux"):
        assert cache_folder() == cache / "filmgraph"
        for nowhere in ("relative/cache", "", "~/cache"):
            monkeypatch.setenv("XDG_CACHE_HOME", nowhere)
            assert cache_folder() == Path("~/.cache/filmgraph").expanduser()


def test_it_is_built_once_and_used_again(cache: Path, space: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    with open_compiled(space) as store:
        assert not isinstance(store, MemoryStore)
        assert size(store) == len(set(triples_of([TINY])))
        assert store.name == str(space.root)
        with pytest.raises(ReadOnlyStoreError):
            store.update("DROP ALL")
    (built,) = compiled_in(cache)
    times = {file.name: file.stat().st_mtime_ns for file in built.iterdir() if file.suffix == ".sst"}
    monkeypatch.setattr(MemoryStore, "of_files", None)
    with open_compiled(Workspace.find(space.root)) as again:
        assert set(again.construct("CONSTRUCT WHERE { ?s ?p ?o }")) == set(triples_of([TINY]))
    assert compiled_in(cache) == [built]
    assert {file.name: file.stat().st_mtime_ns for file in built.iterdir() if file.suffix == ".sst"} == times


def test_it_is_built_anew_when_a_byte_changes(cache: Path, space: Workspace) -> None:
    for round_ in range(3):
        (space.data / "more.ttl").write_text(f"<urn:a> <urn:b> {round_} .", encoding="utf-8")
        with open_compiled(Workspace.find(space.root)) as store:
            assert store.select("SELECT ?o { <urn:a> <urn:b> ?o }").column("o") == [round_]
    assert len(compiled_in(cache)) == 3


def test_a_file_with_an_error_is_named_and_leaves_nothing(cache: Path, space: Workspace) -> None:
    (space.data / "more.ttl").write_text("<urn:a> <urn:b>", encoding="utf-8")
    with pytest.raises(DataError, match=r"more\.ttl:1"):
        open_compiled(space)
    assert compiled_in(cache) == []


COUNT_IT = """
import sys
from filmgraph.stores import open_compiled
from filmgraph.workspace import Workspace
sys.stdin.readline()
store = open_compiled(Workspace.find(sys.stdin.readline().strip()))
print(type(store).__name__, len(store))
"""


def test_two_processes_may_start_at_once(cache: Path, space: Workspace) -> None:
    expected = f"CompiledStore {len(set(triples_of([TINY])))}\n"
    for round_ in range(4):
        if round_ % 2:
            shutil.rmtree(cache)
        else:
            for folder in compiled_in(cache) if cache.exists() else ():
                (folder / "CURRENT").write_bytes(b"")
        with python(COUNT_IT) as one, python(COUNT_IT) as two, python(COUNT_IT) as three:
            processes = (one, two, three)
            for process in processes:
                assert process.stdin is not None
                process.stdin.write("\n")
                process.stdin.flush()
            for process in processes:
                assert process.stdin is not None
                process.stdin.write(f"{space.root}\n")
                process.stdin.flush()
            answers = [process.communicate(timeout=120) for process in processes]
        assert answers == [(expected, "")] * 3
        (built,) = compiled_in(cache)
        assert re.fullmatch(r"[0-9a-f]{32}-.*", built.name)


@pytest.mark.parametrize("below", ["", "below", "far/below"])
def test_a_cache_that_cannot_be_written(
    tmp_path: Path, space: Workspace, monkeypatch: pytest.MonkeyPatch, below: str
) -> None:
    file = tmp_path / "file"
    file.write_text("x", encoding="utf-8")
    monkeypatch.setenv("FILMGRAPH_CACHE", str(file / below))
    with open_compiled(space) as store:
        assert isinstance(store, MemoryStore)
        assert size(store) == len(set(triples_of([TINY])))
        with pytest.raises(ReadOnlyStoreError):
            store.update("DROP ALL")
    assert file.read_text(encoding="utf-8") == "x"


def test_what_a_killed_process_left_is_harmless(cache: Path, space: Workspace) -> None:
    with open_compiled(space):
        pass
    (built,) = compiled_in(cache)
    shutil.copytree(built, cache / "filmgraph-building-abc")
    for file in [*built.glob("*.sst"), built / "filmgraph-complete"]:
        file.unlink()
    with open_compiled(space) as store:
        assert not isinstance(store, MemoryStore)
        assert size(store) == len(set(triples_of([TINY])))


def test_old_stores_go_and_nothing_else_does(cache: Path, space: Workspace) -> None:
    old = ["0" * 32 + "-2-0.5.13", "filmgraph-building-x1"]
    kept = ["letters", "building-plans", "0" * 31 + "-2-0.5.13", ".git"]
    for name in (*old, *kept):
        (cache / name).mkdir(parents=True)
        (cache / name / "file").touch()
        os.utime(cache / name, (1, 1))
    (cache / "stamp-collection").touch()
    os.utime(cache / "stamp-collection", (1, 1))
    young = cache / ("1" * 32 + "-2-0.5.13")
    young.mkdir()
    with open_compiled(space):
        pass
    assert not any((cache / name).exists() for name in old)
    assert all((cache / name / "file").exists() for name in kept)
    assert (cache / "stamp-collection").exists()
    assert young.exists()


DAMAGES = {"emptied": lambda content: b"", "cut": lambda content: content[: len(content) // 2],
           "zeroed": lambda content: b"\0" * len(content), "gone": None}  # fmt: skip


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("victim", ["*.sst", "CURRENT", "MANIFEST*", "OPTIONS*", "IDENTITY", "*.log", "*-complete"])
def test_a_damaged_store_is_healed(cache: Path, space: Workspace, victim: str, damage: str) -> None:
    expected = set(triples_of([TINY]))
    with open_compiled(space):
        pass
    (built,) = compiled_in(cache)
    files = list(built.glob(victim))
    assert files
    for file in files:
        change = DAMAGES[damage]
        if change is None:
            file.unlink()
        else:
            file.write_bytes(change(file.read_bytes()))
    for _ in range(2):
        with open_compiled(space) as store:
            assert set(store.construct("CONSTRUCT WHERE { ?s ?p ?o }")) == expected
            assert type(store) is CompiledStore
    assert compiled_in(cache) == [built]


def flip(content: bytes) -> bytes:
    """Return as many bytes, each another one."""
    return bytes(byte ^ 0x55 for byte in content)


ASKING = {
    "select": lambda store: set(store.select(ALL).terms),
    "ask": lambda store: store.ask("ASK { ?s ?p ?o }"),
    "construct": lambda store: set(store.construct("CONSTRUCT WHERE { ?s ?p ?o }")),
    "describe": lambda store: set(store.describe("https://w3id.org/filmgraph/film/alpha-2001")),
    "has_graph": lambda store: store.has_graph("urn:none"),
    "len": len,
}


@pytest.mark.parametrize("part", [slice(None), slice(0, 400), slice(100, 101)])
@pytest.mark.parametrize("asking", ASKING)
def test_a_store_whose_bytes_changed_is_healed(cache: Path, space: Workspace, asking: str, part: slice) -> None:
    """The files keep their sizes, so that some errors only show when the store is asked."""
    with MemoryStore.of_files([TINY]) as memory:
        expected = ASKING[asking](memory)
    open_compiled(space).close()
    (built,) = compiled_in(cache)
    files = list(built.glob("*.sst"))
    assert files
    for file in files:
        content = bytearray(file.read_bytes())
        content[part] = flip(content[part])
        file.write_bytes(content)
    for _ in range(2):
        with open_compiled(space) as store:
            assert ASKING[asking](store) == expected
            assert set(store.construct("CONSTRUCT WHERE { ?s ?p ?o }")) == set(triples_of([TINY]))
            assert type(store) is CompiledStore
    assert compiled_in(cache) == [built]


def test_a_store_that_breaks_where_it_cannot_be_mended(
    cache: Path, space: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_compiled(space).close()
    (built,) = compiled_in(cache)
    for file in built.glob("*.sst"):
        content = bytearray(file.read_bytes())
        content[:400] = flip(content[:400])
        file.write_bytes(content)
    monkeypatch.setattr(compiled, "_build", refuse)
    with open_compiled(space) as store:
        assert set(store.construct("CONSTRUCT WHERE { ?s ?p ?o }")) == set(triples_of([TINY]))
        with pytest.raises(ReadOnlyStoreError):
            store.update("DROP ALL")


def refuse(*arguments: object, **options: object) -> bool:
    raise PermissionError("the disk is full")


def test_a_service_that_fails_is_no_broken_store(
    cache: Path, space: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open_compiled(space) as store:
        monkeypatch.setattr(compiled, "_opened", refuse)
        with pytest.raises(StoreError, match="HTTP"):
            store.select("SELECT * { SERVICE <http://127.0.0.1:9/> { ?s ?p ?o } }")
        store.close()
        with pytest.raises(StoreError, match="the store is closed"):
            store.ask("ASK {}")


class Changing(Workspace):
    """A workspace one of whose files is saved anew after each time its digest was taken, so many times."""

    def __init__(self, root: Path, times: int) -> None:
        super().__init__(root)
        object.__setattr__(self, "left", times)

    def digest(self) -> str:
        digest = super().digest()
        if self.left > 0:
            object.__setattr__(self, "left", self.left - 1)
            (self.data / "more.ttl").write_text(f"<urn:a> <urn:b> {self.left} .", encoding="utf-8")
        return digest


@pytest.mark.parametrize(("times", "kind"), [(1, "CompiledStore"), (2, "CompiledStore"), (100, "MemoryStore")])
def test_a_file_that_is_saved_meanwhile(cache: Path, space: Workspace, times: int, kind: str) -> None:
    """Else the digest of the old bytes would name a store of the new ones, for as long as it lives."""
    (space.data / "more.ttl").write_text("<urn:a> <urn:b> 'first' .", encoding="utf-8")
    with open_compiled(Changing(space.root, times)) as store:
        assert type(store).__name__ == kind
    (space.data / "more.ttl").write_text("<urn:a> <urn:b> 'first' .", encoding="utf-8")
    with open_compiled(Workspace.find(space.root)) as store:
        assert store.select("SELECT ?o { <urn:a> <urn:b> ?o }").column("o") == ["first"]


needs_owners = pytest.mark.skipif(not hasattr(os, "geteuid"), reason="this system has no owners of files")


@needs_owners
def test_what_we_make_is_ours_alone(cache: Path, space: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiled, "SETTLED_NS", -(10**18))
    before = os.umask(0)
    try:
        open_compiled(space).close()
    finally:
        os.umask(before)
    (built,) = compiled_in(cache)
    (note,) = (entry for entry in cache.iterdir() if entry.is_file())
    assert [path.stat().st_mode & 0o777 for path in (cache, built, note)] == [0o700, 0o700, 0o600]
    inode = built.stat().st_ino
    with open_compiled(space) as store:
        assert type(store) is CompiledStore
    assert built.stat().st_ino == inode


@needs_owners
@pytest.mark.parametrize("mode", [0o770, 0o707, 0o777])
def test_a_store_that_others_may_write_to_is_not_believed(cache: Path, space: Workspace, mode: int) -> None:
    with open_compiled(space):
        pass
    (built,) = compiled_in(cache)
    forged = ox.Store(str(built))
    forged.clear()
    forged.flush()
    del forged
    (built / "filmgraph-complete").write_text(compiled._contents(built, with_sums=True), encoding="utf-8")
    built.chmod(mode)
    with open_compiled(space) as store:
        assert size(store) == len(set(triples_of([TINY])))
    (again,) = compiled_in(cache)
    assert again.stat().st_mode & 0o777 == 0o700


@needs_owners
@pytest.mark.parametrize("mode", [0o770, 0o777, 0o1777])
def test_a_cache_that_others_may_write_to_is_not_used(cache: Path, space: Workspace, mode: int) -> None:
    open_compiled(space).close()
    cache.chmod(mode)
    for _ in range(2):
        with open_compiled(space) as store:
            assert type(store) is MemoryStore
            assert size(store) == len(set(triples_of([TINY])))


@needs_owners
def test_what_another_user_made_is_not_believed(cache: Path, space: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    open_compiled(space).close()
    monkeypatch.setattr(os, "geteuid", lambda: 12_345)
    with open_compiled(space) as store:
        assert type(store) is MemoryStore


@needs_owners
def test_notes_are_not_followed_to_other_files(
    cache: Path, space: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compiled, "SETTLED_NS", -(10**18))
    open_compiled(space).close()
    (note,) = (entry for entry in cache.iterdir() if entry.is_file())
    stamp = note.read_text(encoding="ascii").partition(" ")[0]
    target = tmp_path / "target"
    target.write_text(f"{stamp} {'0' * 32}", encoding="ascii")
    for plant in (lambda: note.symlink_to(target), lambda: os.mkfifo(note), lambda: note.mkdir()):
        note.rmdir() if note.is_dir() else note.unlink()
        plant()
        with open_compiled(Workspace.find(space.root)) as store:
            assert size(store) == len(set(triples_of([TINY])))
        assert target.read_text(encoding="ascii") == f"{stamp} {'0' * 32}"
        assert len(compiled_in(cache)) - note.is_dir() == 1


def test_the_face_of_the_package() -> None:
    assert stores.__all__ == sorted(stores.__all__, key=lambda name: (not name.isupper(), name))
    for name in stores.__all__:
        assert getattr(stores, name) is not None
    with pytest.raises(AttributeError):
        stores.nothing  # noqa: B018
