"""The whole graph written in bounded memory: the same bytes as ever, whatever its size, and nothing left behind."""

from __future__ import annotations

import errno
import gzip
import io
import random
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyoxigraph as ox
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st
from scripts import generate
from servers import OxigraphServer

from filmgraph.cli import cli
from filmgraph.errors import DataError, NotFoundError, OutputError
from filmgraph.export import serialize, streaming, whole, write_whole
from filmgraph.export.sorting import SortedLines
from filmgraph.graph import FilmGraph
from filmgraph.namespaces import BASE, FG, OWL, RDF, SCHEMA, SKOS, XSD
from filmgraph.stores import DiskStore, MemoryStore, RemoteStore, Store
from filmgraph.turtle import natural_bytes, natural_key
from filmgraph.workspace import Workspace

WORKSPACE = Workspace.find()
STREAMED = ("turtle", "ntriples", "nquads", "trig", "rdfxml")
FILMGRAPH = (sys.executable, "-c", "from filmgraph.cli import main; main()")
E = "http://example.org/"

named = [
    *(BASE + end for end in ("film/a-2", "film/a-10", "film/a-002", "film/é", "use/1", "use/2", "scene/1", "claim/1")),
    *(BASE + end for end in ("review/1", "passage/1", "person/d")),
    *(E + end for end in ("x", "x#1", "x/y.z")),
    RDF + "nil",
]
texts = ["a", 'b\n"', "\\ \t\x00\x7f<>_: --ltr .", " <<( x", "_:b", "end --rtl .", "\r", "\ufeff\u2028🎬"]
values = [
    *map(ox.Literal, texts),
    *(ox.Literal(text, language=tag) for text in texts[:2] for tag in ("en", "zh-hant-tw")),
    *(ox.Literal("12", datatype=ox.NamedNode(kind)) for kind in (XSD + "integer", XSD + "decimal", E + "type")),
]
# Statements that put subjects after one another, which may well be in a circle.
owning = [FG + end for end in ("film", "claimedIn", "scene", "evidence")]
predicates = [*owning, RDF + "type", RDF + "first", RDF + "rest", SCHEMA + "name", E + "p/q.r", E + "p#1"]
types = [FG + "TechniqueUse", FG + "ReviewClaim", FG + "Film", FG + "Review", OWL + "Ontology", SKOS + "ConceptScheme"]

nodes = st.sampled_from(named).map(ox.NamedNode)
blank = st.sampled_from("abc").map(ox.BlankNode)
statements = st.one_of(
    st.builds(ox.Triple, nodes, st.just(ox.NamedNode(RDF + "type")), st.sampled_from(types).map(ox.NamedNode)),
    st.builds(
        ox.Triple, nodes | blank, st.sampled_from(predicates).map(ox.NamedNode), nodes | blank | st.sampled_from(values)
    ),
    st.builds(ox.Triple, nodes, st.sampled_from(owning).map(ox.NamedNode), nodes),
)


def stored(triples: list[ox.Triple]) -> MemoryStore:
    store = MemoryStore()
    store.oxigraph.extend(ox.Quad(*triple) for triple in triples)
    return store


def streamed(store: Store, form: str, *, chunk: int | None = None) -> str:
    stream = io.BytesIO()
    write_whole(store, form, stream, workspace=WORKSPACE, chunk=chunk)
    return stream.getvalue().decode()


def outcome(run: Callable[[], str]) -> str:
    """What comes out; of a refusal only that it is one, for which of two blank nodes it names is not promised."""
    try:
        return run()
    except DataError:
        return "refused"


# The same bytes


@pytest.fixture(scope="module")
def everything(bundled: MemoryStore) -> list[ox.Triple]:
    return whole(bundled)


@pytest.mark.parametrize("form", ["turtle", "ntriples", "trig", "rdfxml"])
def test_the_bundled_graph_gives_the_same_bytes(bundled: MemoryStore, everything: list[ox.Triple], form: str) -> None:
    assert streamed(bundled, form, chunk=200_000) == serialize(everything, form, workspace=WORKSPACE)


@pytest.mark.parametrize("form", STREAMED)
@settings(max_examples=100, deadline=None)
@given(triples=st.lists(statements, max_size=20), chunk=st.sampled_from([1, 100, 10_000]))
def test_any_graph_gives_the_same_bytes_or_is_refused_alike(form: str, triples: list[ox.Triple], chunk: int) -> None:
    store = stored(triples)
    expected = outcome(lambda: serialize(whole(store), form, workspace=WORKSPACE))
    assert outcome(lambda: streamed(store, form, chunk=chunk)) == expected


@pytest.mark.parametrize("form", STREAMED)
def test_an_empty_graph_is_an_empty_document(form: str) -> None:
    assert streamed(MemoryStore(), form) == serialize([], form, workspace=WORKSPACE)


def test_every_kind_of_store_gives_the_same(store: Store, tiny_files: tuple[Path, ...]) -> None:
    with MemoryStore.of_files(tiny_files) as memory:
        for form in STREAMED:
            assert streamed(store, form) == serialize(whole(memory), form, workspace=WORKSPACE)


def test_triples_in_named_graphs_stay_out(tmp_path: Path) -> None:
    with DiskStore(tmp_path / "store", writable=True) as store:
        store.update(f"INSERT DATA {{ <{E}a> <{E}p> 1 . GRAPH <{E}g> {{ <{E}b> <{E}p> 2 }} }}")
        assert streamed(store, "ntriples") == f'<{E}a> <{E}p> "1"^^<{XSD}integer> .\n'


def test_rdf_1_2_is_refused_in_every_format() -> None:
    inner = ox.Triple(ox.NamedNode(E + "a"), ox.NamedNode(E + "p"), ox.Literal(1))
    directed: Any = ox.Literal("x", language="en", direction=ox.BaseDirection.RTL)
    for value in (inner, directed):
        for form in (*STREAMED, "jsonld"):
            with pytest.raises(DataError, match=r"RDF 1\.2"):
                streamed(stored([ox.Triple(ox.NamedNode(E + "a"), ox.NamedNode(E + "p"), value)]), form)


def test_an_unknown_format_is_named() -> None:
    with pytest.raises(NotFoundError, match="no format 'n3'"):
        streamed(MemoryStore(), "n3")


def test_json_ld_is_made_in_memory_so_a_large_graph_is_refused_with_the_way_out(
    bundled: MemoryStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streaming, "LARGEST_DOCUMENT", 10_000)
    with pytest.raises(DataError, match=r"10,000 triples are the most: export everything as turtle or ntriples"):
        streamed(bundled, "jsonld")


# Sorting


@settings(max_examples=200, deadline=None)
@given(
    lines=st.lists(st.text("ab", max_size=3).map(str.encode)),
    sizes=st.tuples(st.integers(1, 20), st.integers(1, 8), st.integers(2, 4)),
)
def test_lines_come_back_sorted_and_once_each(lines: list[bytes], sizes: tuple[int, int, int]) -> None:
    with SortedLines(chunk=sizes[0], block=sizes[1], at_once=sizes[2]) as kept:
        for start in range(0, len(lines), 3):
            kept.add(lines[start : start + 3])
        assert [line for some in kept.merged() for line in some] == sorted(set(lines))


@given(st.lists(st.text("ab01/é-", min_size=1, max_size=8), max_size=12))
def test_the_key_in_bytes_sorts_as_the_natural_key(words: list[str]) -> None:
    assert sorted(words, key=natural_bytes) == sorted(words, key=natural_key)
    for word in words:
        assert natural_bytes(word).index(b"\0\0") == len(natural_bytes(word)) - 2


# To a file, to standard output, and badly


@pytest.fixture
def graph(tiny_files: tuple[Path, ...]) -> FilmGraph:
    return FilmGraph(MemoryStore.of_files(tiny_files))


def test_a_file_is_written_by_its_ending_and_compressed_the_same_each_time(graph: FilmGraph, tmp_path: Path) -> None:
    for name, form in (("all.nt", "ntriples"), ("all.ttl", "turtle"), ("all.data", "turtle")):
        graph.export_to(tmp_path / name)
        assert (tmp_path / name).read_text(encoding="utf-8") == graph.export(form=form)
    graph.export_to(tmp_path / "one.nt.gz")
    graph.export_to(tmp_path / "two.nt.gz")
    assert (tmp_path / "one.nt.gz").read_bytes() == (tmp_path / "two.nt.gz").read_bytes()
    assert gzip.decompress((tmp_path / "one.nt.gz").read_bytes()).decode() == graph.export(form="ntriples")
    graph.export_to(tmp_path / "film.trig.gz", "alpha-2001")
    assert gzip.decompress((tmp_path / "film.trig.gz").read_bytes()).decode() == graph.export("alpha-2001", form="trig")


def test_a_file_that_is_there_is_kept_unless_said_otherwise(graph: FilmGraph, tmp_path: Path) -> None:
    target = tmp_path / "all.nt"
    target.write_text("mine", encoding="utf-8")
    with pytest.raises(OutputError, match="exists already"):
        graph.export_to(target)
    assert target.read_text(encoding="utf-8") == "mine"
    graph.export_to(target, overwrite=True)
    assert target.read_text(encoding="utf-8") == graph.export(form="ntriples")


def test_the_command_writes_the_same_to_a_file_and_to_standard_output(tmp_path: Path, tiny_files: tuple[Path]) -> None:
    runner, target = CliRunner(), tmp_path / "all.nt.gz"
    printed = runner.invoke(cli, ["export", "--store", str(tiny_files[0]), "--format", "ntriples"])
    assert runner.invoke(cli, ["export", "--store", str(tiny_files[0]), "-o", str(target)]).exit_code == 0
    assert gzip.decompress(target.read_bytes()) == printed.stdout_bytes != b""


@pytest.mark.parametrize("form", ["turtle", "ntriples", "rdfxml"])
@pytest.mark.parametrize("moment", ["reading", "writing"])
def test_an_interruption_leaves_nothing(
    bundled: MemoryStore, tmp_path: Path, form: str, moment: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[str] = []
    monkeypatch.setattr(tempfile, "TemporaryFile", noted(tempfile.TemporaryFile, made))
    monkeypatch.setattr(streaming, "_CHUNK", 200_000)

    def interrupt(what: str, done: int) -> None:
        if what == moment and done > 1_000:
            assert len(list(tmp_path.iterdir())) == 1, "what is written aside, and nothing else that has a name"
            signal.raise_signal(signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        FilmGraph(bundled).export_to(tmp_path / "all", form=form, progress=interrupt)
    assert list(tmp_path.iterdir()) == []
    assert set(made) <= {str(tmp_path)}
    assert made or moment == "reading", "what is sorted lay beside the file"


def noted(make: Callable[..., Any], made: list[str]) -> Callable[..., Any]:
    def make_and_note(*, dir: str) -> Any:
        made.append(dir)
        return make(dir=dir)

    return make_and_note


@pytest.mark.parametrize("form", ["turtle", "ntriples"])
def test_a_full_disk_is_one_line_and_leaves_nothing(
    bundled: MemoryStore, tmp_path: Path, form: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Full(io.BytesIO):
        def write(self, data: Any) -> int:
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(tempfile, "TemporaryFile", lambda *, dir: Full())
    monkeypatch.setattr(streaming, "_CHUNK", 200_000)
    with pytest.raises(OutputError, match="finds no room: No space left on device; TMPDIR names another"):
        FilmGraph(bundled).export_to(tmp_path / "all", form=form)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="/dev/full is how Linux shows a full disk")
def test_standard_output_on_a_full_disk_is_one_line(tiny_files: tuple[Path, ...]) -> None:
    with open("/dev/full", "wb") as full:  # noqa: PTH123
        done = subprocess.run(
            [*FILMGRAPH, "export", "--store", str(tiny_files[0])], stdout=full, stderr=subprocess.PIPE, check=False
        )
    assert done.returncode == 2
    assert done.stderr.decode().count("\n") == 1
    assert b"No space left" in done.stderr


def test_a_reader_that_leaves_ends_it_quietly() -> None:
    with subprocess.Popen([*FILMGRAPH, "export"], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as run:
        assert run.stdout is not None
        assert run.stderr is not None
        assert run.stdout.readline().startswith(b"@prefix ")
        run.stdout.close()
        assert run.stderr.read() == b""
    assert run.returncode == 1


# Memory


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A disk store of some 300,000 triples, and its file of N-Triples, in another order."""
    folder = tmp_path_factory.mktemp("large")
    file = folder / "made.nt"
    generate.write_graph(file, 4_300)
    lines = file.read_bytes().splitlines(keepends=True)
    random.Random(1).shuffle(lines)
    file.write_bytes(b"".join(lines))
    store = ox.Store(str(folder / "store"))
    store.bulk_load(path=file, format=ox.RdfFormat.N_TRIPLES)
    store.flush()
    del store
    return folder / "store", file


MOST = 190
"""Megabytes that an export may take at its peak; made in memory, the one below takes four times that."""


@pytest.mark.skipif(sys.platform != "linux", reason="how much memory a process took is told differently elsewhere")
@pytest.mark.parametrize("name", ["all.nt", "all.ttl"])
def test_memory_is_bounded(large: tuple[Path, Path], tmp_path: Path, name: str) -> None:
    store, file = large
    target = tmp_path / name
    # The system's own account of a child starts with what its parent took before it became another program.
    told = "atexit.register(lambda: print(pathlib.Path('/proc/self/status').read_text()))"
    arguments = ["export", "--store", str(store), "-o", str(target)]
    done = subprocess.run(
        [sys.executable, "-c", f"import atexit, pathlib; {told}; {FILMGRAPH[-1]}", *arguments],
        capture_output=True,
        text=True,
        check=True,
    )
    peak = int(done.stdout.partition("VmHWM:")[2].split()[0]) / 1024
    assert peak < MOST
    if name == "all.nt":
        assert target.read_bytes() == b"".join(sorted(file.read_bytes().splitlines(keepends=True)))
    else:
        triples = {str(quad.triple) for quad in ox.parse(path=target, format=ox.RdfFormat.TURTLE)}
        assert triples == {line.removesuffix(" .") for line in file.read_text(encoding="utf-8").splitlines()}


def test_a_remote_store_is_exported_as_it_comes(oxigraph_server: OxigraphServer, tmp_path: Path) -> None:
    with FilmGraph(RemoteStore(oxigraph_server.query_url)) as remote:
        remote.export_to(tmp_path / "all.nt")
        assert (tmp_path / "all.nt").read_text(encoding="utf-8") == remote.export(form="ntriples")
