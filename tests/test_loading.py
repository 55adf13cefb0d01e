"""Loading into a disk store: every way in gives the same triples, and what goes wrong leaves the store as it was."""

from __future__ import annotations

import errno
import gzip
import itertools
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pyoxigraph as ox
import pytest
from click.testing import CliRunner

import filmgraph
from filmgraph.cli import cli
from filmgraph.errors import DataError, FilmgraphError, FormatError, StoreError, StoreLockedError
from filmgraph.namespaces import BASE, FG
from filmgraph.readers import looking, triples_of
from filmgraph.readers.lines import without_graphs
from filmgraph.readers.looking import Stream
from filmgraph.stores import DiskStore, LocalStore, building, feeding, load_files
from filmgraph.stores.folder import LOCK, POINTER, current_place
from filmgraph.workspace import Workspace

TINY = Path(__file__).parent / "data" / "tiny.ttl"
SOURCE = Path(filmgraph.__file__).parents[1]
ROUNDS = int(os.environ.get("FILMGRAPH_KILL_ROUNDS", "20"))
E = "http://example.org/"
GOOD = f'<{E}her> <{E}year> "2013" .\n'
LINES = "".join(f'<{E}s{n}> <{E}p{n % 7}> "é {n}"@en-GB .\n<{E}s{n}> <{E}q> <{E}s{n + 1}> .\n' for n in range(300))


def contents(folder: Path) -> set[str]:
    """Return the triples of a disk store as lines."""
    with DiskStore(folder) as store:
        return {str(quad) for quad in store.oxigraph}


def lines_of(*files: Path) -> set[str]:
    return {str(triple) for triple in triples_of(files)}


def snapshot(folder: Path) -> dict[str, tuple[int, int]]:
    """Return what is in a folder: each file with its size and the time of its change, the lock aside."""
    return {
        str(file.relative_to(folder)): (file.stat().st_size, file.stat().st_mtime_ns)
        for file in folder.rglob("*")
        if file.is_file() and file.name != LOCK and not file.name.startswith("LOG")
    }


def generations(folder: Path) -> list[str]:
    return sorted(entry.name for entry in folder.iterdir() if entry.is_dir())


@contextmanager
def python(program: str, *arguments: object) -> Iterator[subprocess.Popen[str]]:
    """Run a program in a Python of its own, and end it at the end."""
    process = subprocess.Popen(
        [sys.executable, "-c", program, *map(str, arguments)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(SOURCE)},
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


@pytest.fixture
def one(tmp_path: Path) -> Path:
    (tmp_path / "one.nt").write_text(GOOD, encoding="utf-8")
    return tmp_path / "one.nt"


@pytest.fixture
def two(tmp_path: Path) -> Path:
    (tmp_path / "two.ttl").write_text(f"<{E}her> <{E}year> 2014 .", encoding="utf-8")
    return tmp_path / "two.ttl"


@pytest.fixture
def bad(tmp_path: Path) -> Path:
    (tmp_path / "bad.nt").write_text(GOOD + f"<{E}a> <{E}b> wrong .\n", encoding="utf-8")
    return tmp_path / "bad.nt"


@pytest.fixture
def folder(tmp_path: Path, one: Path) -> Path:
    """A store that holds one file."""
    load_files(tmp_path / "store", [one])
    return tmp_path / "store"


@pytest.fixture(params=["small", "large", "in pieces"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Each way in which a file goes in: as a transaction, by the bulk loader, and that in tiny chunks."""
    if request.param != "small":
        monkeypatch.setattr(feeding, "SMALL", -1)
        monkeypatch.setattr(feeding, "SMALL_PACKED", -1)
    if request.param == "in pieces":
        monkeypatch.setattr(looking, "CHUNK", 61)
    return str(request.param)


# Every way in.


def written(folder: Path, name: str) -> Path:
    """Write the same triples in a format."""
    file = folder / name.removesuffix(".gz")
    quads = list(ox.parse(LINES, format=ox.RdfFormat.N_TRIPLES))
    graphs = [ox.NamedNode(f"{E}g"), ox.BlankNode("g"), ox.DefaultGraph()]
    form = ox.RdfFormat.from_extension(file.suffix[1:])
    assert form is not None
    if form.supports_datasets:
        quads = [ox.Quad(*quad.triple, graph) for quad, graph in zip(quads, itertools.cycle(graphs), strict=False)]
    content = ox.serialize(quads, format=form)
    assert content is not None
    file = folder / name
    file.write_bytes(gzip.compress(content) if name.endswith(".gz") else content)
    return file


@pytest.mark.parametrize("packed", ["", ".gz"])
@pytest.mark.parametrize("suffix", ["nt", "ttl", "nq", "trig", "rdf", "jsonld"])
def test_every_format_goes_in_every_way(tmp_path: Path, way: str, suffix: str, packed: str) -> None:
    file = written(tmp_path, f"x.{suffix}{packed}")
    store = ox.Store()
    feeding.feed(lambda: store, Stream(file), lambda name, moved: None)
    assert {str(quad) for quad in store} == {str(quad) for quad in ox.parse(LINES, format=ox.RdfFormat.N_TRIPLES)}
    assert {quad.graph_name for quad in store} == {ox.DefaultGraph()}


ODD_LINES = [
    f"<{E}a> <{E}b> <{E}c> <{E}g> .",
    f"<{E}a> <{E}b> <{E}c> .",
    f"  <{E}a>\t<{E}b>\t<{E}c>\t<{E}g>\t. # <said> .",
    f"<{E}a><{E}b><{E}c><{E}g>.",
    f'<{E}a><{E}b>"c"<{E}g>.',
    f'<{E}a> <{E}b> "c <{E}x> ." .',
    f'<{E}a> <{E}b> "c \\" <{E}x> . \\\\" <{E}g> .',
    f'<{E}a> <{E}b> "c"@en _:g .',
    f'<{E}a> <{E}b> "1"^^<{E}t> <{E}g> .',
    f'<{E}a> <{E}b> "1"^^<{E}t> .',
    f"<{E}a> <{E}b> <{E}c> <{E}\\u00e9> .",
    f"<{E}a> <{E}b> <{E}c> _:g.h.",
    f"# <{E}a> <{E}b> <{E}c> <{E}g> .",
    "",
]


@pytest.mark.parametrize("line", ODD_LINES)
def test_the_name_of_a_graph_is_cut_out_and_nothing_else(line: str) -> None:
    def read(text: bytes, form: ox.RdfFormat) -> list[ox.Triple]:
        return [quad.triple for quad in ox.parse(text, format=form)]

    for text in (line, f"{line}\r\n{ODD_LINES[0]}\n", f"{ODD_LINES[1]}\n{line}"):
        cut = without_graphs(text.encode())
        assert read(cut, ox.RdfFormat.N_TRIPLES) == read(text.encode(), ox.RdfFormat.N_QUADS)


@pytest.mark.parametrize("line", [f"<{E}a> <{E}b> <{E}g> <{E}h> <{E}i> .", f"<{E}a> <{E}b> .", f"<{E}a> x <{E}c> ."])
def test_a_wrong_line_of_quads_stays_wrong(tmp_path: Path, way: str, line: str) -> None:
    file = tmp_path / "x.nq"
    file.write_text(f"{ODD_LINES[0]}\n{line}\n", encoding="utf-8")
    with pytest.raises(DataError, match=r"x\.nq:2:"):
        load_files(tmp_path / "store", [file])


def test_blank_nodes_of_two_files_are_two(tmp_path: Path, way: str) -> None:
    for name in ("a.nt", "b.nt", "c.nq"):
        (tmp_path / name).write_text(f"_:x <{E}p> _:x .\n" + "# \n" * ord(name[0]), encoding="utf-8")
    assert load_files(tmp_path / "store", [tmp_path / name for name in ("a.nt", "b.nt", "c.nq")]).triples == 3


@pytest.mark.parametrize("name", ["x.nt", "x.nq.gz"])
def test_a_large_file(tmp_path: Path, name: str) -> None:
    """100,000 triples, some of them with escapes, so that their chunks get a look of their own."""
    graph = f" <{E}g>" if "nq" in name else ""
    text = "".join(f'<{E}s{n}> <{E}p{n % 9}> "text \\u00e9 {n}"{graph} .\n' for n in range(100_000))
    (tmp_path / name).write_bytes(gzip.compress(text.encode(), 1) if name.endswith("gz") else text.encode())
    moved: list[tuple[str, int, int]] = []
    loaded = load_files(tmp_path / "store", [tmp_path / name], progress=lambda *step: moved.append(step))
    assert loaded.triples == loaded.new == 100_000
    assert [done for _, done, _ in moved] == sorted(done for _, done, _ in moved)
    assert {total for *_, total in moved} == {(tmp_path / name).stat().st_size} == {moved[-1][1]}
    with DiskStore(tmp_path / "store") as store:
        assert store.ask(f'ASK {{ <{E}s99999> ?p "text é 99999" }}')


def test_a_line_is_found_again_wherever_chunks_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = [f"line {number}" for number in range(1, 41)]
    (tmp_path / "x.nt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    stream = Stream(tmp_path / "x.nt")
    for size in (1, 7, 20, 61, 10_000):
        monkeypatch.setattr(looking, "CHUNK", size)
        for first in range(1, 39):
            assert stream.lines_between(first, first + 2) == lines[first - 1 : first + 2], (size, first)
        assert stream.lines_between(60, 61) == []


def test_a_line_as_long_as_a_file_is_not_read_to_be_told_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(looking, "CHUNK", 16)
    monkeypatch.setattr(looking, "LONGEST_LINE", 100)
    (tmp_path / "x.nt").write_bytes(b"x" * 1_000)
    (line,) = Stream(tmp_path / "x.nt").lines_between(1, 1)
    assert 100 < len(line) < 200


@pytest.mark.parametrize("error", [MemoryError(), ValueError("too much")])
def test_what_the_engine_says_without_a_line_is_told(
    error: Exception, one: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(feeding, "_feed_small", fail)
    with pytest.raises(DataError) as caught:
        load_files(tmp_path / "store", [one])
    assert str(caught.value).startswith(str(one))
    assert caught.value.line is None


@pytest.mark.parametrize("step", ["mkdir", "fsync"])
def test_a_folder_that_could_not_be_begun_leaves_nothing(
    step: str, one: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = Path.mkdir

    def fail(self: Path, *arguments: object, **options: object) -> None:
        if step == "fsync" or self.name == "store":
            raise OSError(errno.ENOSPC, "No space left on device")
        made(self, *arguments, **options)  # type: ignore[arg-type]

    folder = tmp_path / "graph"
    if step == "mkdir":
        monkeypatch.setattr(Path, "mkdir", fail)
    else:
        monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(StoreError, match="no room left"):
        load_files(folder, [one])
    assert not folder.exists()


# What is not let in, wherever it stands.


@pytest.mark.parametrize(
    ("name", "line", "told"),
    [
        ("x.nt", f"<{E}a> <{E}b> <javascript:alert(1)> .", "unsafe IRI <javascript:alert"),
        ("x.nt", f"<{E}a> <{E}b> <java\\u0073cript:alert(1)> .", "unsafe IRI <javascript:alert"),
        ("x.nq", f"<{E}a> <{E}b> <data:x> <{E}g> .", "unsafe IRI <data:x>"),
        ("x.nq", f"<{E}a> <{E}b> <{E}c> <data:x> .", "unsafe IRI <data:x>"),
        ("x.nq", f"<{E}a> <{E}b> <{E}c> <relative> .\n<{E}a> <{E}b> <{E}c> <{E}g> .", "relative IRI"),
        ("x.ttl", f"<{E}a> <{E}b> <java\\u0073cript:alert(1)> .", "unsafe IRI <javascript:alert"),
        ("x.ttl", f"@prefix j: <javascript:> . <{E}a> <{E}b> j:x .", "unsafe IRI <javascript:x>"),
        ("x.trig", f"<{E}g> {{ <{E}a> <{E}b> <file:///etc/passwd> }}", "unsafe IRI <file:///etc/passwd>"),
        ("x.nt", f'<{E}a> <{E}b> "x"@en--ltr .', "gives a text a direction"),
        ("x.ttl", f"<< <{E}a> <{E}b> <{E}c> >> <{E}d> <{E}e> .", "triple inside a triple"),
        ("x.nt", "<<( " * 1001, "writes << too often"),
        ("x.nt", f'<{E}a> <{E}b> "\udce9" .', "is not UTF-8"),
        ("x.ttl", f"<{E}a> <{E}b> <relative> .", "relative IRI"),
        ("x.trig", f"<{E}a> <{E}b> <relative> .", "relative IRI <relative>"),
        ("x.nt", f"<{E}a> <{E}b> wrong .", "it says wrong"),
    ],
)
def test_what_is_wrong_far_down_is_found(tmp_path: Path, way: str, name: str, line: str, told: str) -> None:
    file, folder = tmp_path / name, tmp_path / "store"
    lines = LINES.replace(" .\n", f" <{E}g> .\n") if name == "x.nq" else LINES
    file.write_bytes(f"{lines}{line}\n{lines}".encode("utf-8", "surrogateescape"))
    with pytest.raises(DataError) as caught:
        load_files(folder, [TINY, file])
    assert told in str(caught.value)
    assert str(caught.value).startswith(str(file))
    assert "\n" not in str(caught.value)
    if not any(hidden in line for hidden in ("<<", "u0073", "@prefix")) and name != "x.trig":
        assert caught.value.line == 601
    assert not folder.exists()


def test_a_bomb_is_not_unpacked(tmp_path: Path, way: str) -> None:
    file = tmp_path / "x.nt.gz"
    file.write_bytes(gzip.compress(b"# " * 10_000_000))
    with pytest.raises(DataError, match="unpacks to more than 200 times its size"):
        load_files(tmp_path / "store", [file])


@pytest.mark.parametrize("cut", [0, 5, 200, -4])
def test_gzip_that_is_cut_off(tmp_path: Path, way: str, cut: int) -> None:
    file = tmp_path / "x.nt.gz"
    file.write_bytes(gzip.compress(LINES.encode())[:cut])
    with pytest.raises(DataError, match="is no whole gzip file"):
        load_files(tmp_path / "store", [file])


def test_a_file_that_changes_between_two_looks(tmp_path: Path) -> None:
    file = tmp_path / "x.ttl"
    file.write_text(f'<{E}a> <{E}b> "\\u00e9" .', encoding="utf-8")
    stream = Stream(file)
    assert list(stream)
    assert stream.suspect
    file.write_text(f'<{E}a> <{E}b> "\\u00e8" .', encoding="utf-8")
    with pytest.raises(DataError, match="was changed while it was read"):
        feeding._look_at_terms(stream)


def test_json_that_nests_over_the_edge_of_a_chunk(tmp_path: Path, way: str) -> None:
    text = '"[[\\"{{\\\\"'
    for depth, is_fine in ((190, True), (205, False)):
        content = '{"@graph":' * depth + f'[{{"@id":"{E}a","{E}b":{text}}}]' + "}" * depth
        (tmp_path / "x.jsonld").write_text(content, encoding="utf-8")
        if is_fine:
            assert b"".join(Stream(tmp_path / "x.jsonld")) == content.encode()
        else:
            with pytest.raises(DataError, match="nests deeper"):
                list(Stream(tmp_path / "x.jsonld"))


# All or nothing.


def test_a_bad_file_changes_nothing(folder: Path, bad: Path, two: Path) -> None:
    before = snapshot(folder)
    with pytest.raises(DataError, match=r"bad\.nt:2:\d+: .*it says wrong") as caught:
        load_files(folder, [two, bad])
    assert (caught.value.line, caught.value.file) == (2, str(bad))
    assert snapshot(folder) == before
    assert load_files(folder, [two]).triples == 2


def test_a_first_load_that_fails_leaves_nothing(tmp_path: Path, bad: Path, two: Path) -> None:
    for target in (tmp_path / "new" / "deep", tmp_path / "empty"):
        if target.name == "empty":
            target.mkdir()
        with pytest.raises(DataError):
            load_files(target, [two, bad])
        assert not (tmp_path / "new").exists()
    assert list((tmp_path / "empty").iterdir()) == []


def test_files_that_are_not_there_are_told_before_anything_is_done(tmp_path: Path, one: Path) -> None:
    (tmp_path / "empty").mkdir()
    for wrong, told in (("none.nt", "cannot be read"), ("x.doc", "ending .doc"), ("empty", "has no RDF file in it")):
        with pytest.raises(DataError, match=told):
            load_files(tmp_path / "store", [one, tmp_path / wrong])
    assert not (tmp_path / "store").exists()


def test_what_is_no_store_is_not_written_into(tmp_path: Path, one: Path) -> None:
    (tmp_path / "letters").mkdir()
    (tmp_path / "letters" / "love.txt").write_text("x", encoding="utf-8")
    for target in (tmp_path / "letters", one):
        with pytest.raises(StoreError, match="is no store and not an empty folder"):
            load_files(target, [one])
    assert [entry.name for entry in (tmp_path / "letters").iterdir()] == ["love.txt"]


# What is in already.


def test_a_file_that_is_in_is_passed_over(folder: Path, one: Path, two: Path, tmp_path: Path) -> None:
    before = snapshot(folder)
    loaded = load_files(folder, [one])
    assert (loaded.triples, loaded.new, loaded.files[0].known_as) == (1, 0, str(one))
    assert snapshot(folder) == before
    shutil.copy(one, tmp_path / "copy.nt")
    shutil.copy(two, tmp_path / "copy.ttl")
    loaded = load_files(folder, [tmp_path / "copy.nt", two, tmp_path / "copy.ttl"])
    assert [file.known_as for file in loaded.files] == [str(one), "", str(two)]
    assert (loaded.triples, loaded.new) == (2, 1)
    one.write_text(GOOD.replace("2013", "2015"), encoding="utf-8")  # of the same size
    assert load_files(folder, [one]).new == 1


def test_what_is_in_is_not_known_any_more_after_a_change(folder: Path, one: Path) -> None:
    with DiskStore(folder, writable=True) as store:
        store.update("DELETE WHERE { ?s ?p ?o }")
    loaded = load_files(folder, [one])
    assert (loaded.triples, loaded.new, loaded.files[0].known_as) == (1, 1, "")


def tables(folder: Path) -> set[str]:
    """Return the names of the engine's tables."""
    place = current_place(folder)
    assert place is not None
    return {file.name for file in place.store.glob("*.sst")}


def test_what_lies_in_layers_is_merged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feeding, "SMALL", -1)
    files = [tmp_path / f"{letter}.nt" for letter in "abcde"]
    for at, file in enumerate(files):
        file.write_text("".join(f'<{E}s{n}> <{E}p{at}> "{at} {n}" .\n' for n in range(200)) + GOOD, encoding="utf-8")
    load_files(tmp_path / "layers", files[:3])
    assert len(tables(tmp_path / "layers")) > 8
    monkeypatch.setattr(building, "_MANY_TABLES", 4)
    loaded = load_files(tmp_path / "merged", files[:3])
    # One for each way in which the engine keeps triples, one of the texts, and one for what it says of itself.
    merged = tables(tmp_path / "merged")
    assert len(merged) <= 5
    assert loaded.triples == loaded.new == 601
    assert contents(tmp_path / "merged") == contents(tmp_path / "layers")

    # What little comes to much is not worth writing all anew for.
    monkeypatch.setattr(building, "_MANY_TABLES", 0)
    monkeypatch.setattr(building, "_SHARE", 2)
    assert load_files(tmp_path / "merged", files[3:4]).new == 200
    assert len(merged & tables(tmp_path / "merged")) >= 4
    monkeypatch.setattr(building, "_SHARE", 1000)
    assert load_files(tmp_path / "merged", files[4:]).triples == 1001
    assert len(tables(tmp_path / "merged")) <= 5
    assert contents(tmp_path / "merged") == lines_of(*files)


def test_a_merge_that_fails_changes_nothing(folder: Path, two: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before, lines = snapshot(folder), contents(folder)

    def fail(_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(building, "_MANY_TABLES", 0)
    monkeypatch.setattr(building, "_SHARE", 1000)
    monkeypatch.setattr(building.Building, "_merged_and_counted", fail)
    with pytest.raises(StoreError, match="no room left"):
        load_files(folder, [two])
    assert (snapshot(folder), contents(folder)) == (before, lines)


def test_a_folder_of_files(tmp_path: Path, one: Path) -> None:
    (tmp_path / "films" / "more").mkdir(parents=True)
    for name in ("b.ttl", "a.nt", "more/c.NT.GZ", "notes.txt"):
        content = f'<{E}{name}> <{E}p> "x" .\n'.encode()
        (tmp_path / "films" / name).write_bytes(gzip.compress(content) if name.endswith("GZ") else content)
    loaded = load_files(tmp_path / "store", [one, tmp_path / "films"])
    assert [Path(file.name).name for file in loaded.files] == ["one.nt", "a.nt", "b.ttl", "c.NT.GZ"]
    assert loaded.triples == 4


READ_STANDARD_INPUT = """
import sys
from filmgraph.errors import FilmgraphError
from filmgraph.stores import load_files
try:
    print(load_files(sys.argv[1], ["-"], form=sys.argv[2]).triples)
except FilmgraphError as error:
    print(error)
"""


@pytest.mark.parametrize("packed", [False, True])
def test_standard_input(tmp_path: Path, packed: bool) -> None:
    folder = tmp_path / "store"
    content = gzip.compress(LINES.encode()) if packed else LINES.encode()
    for given, told in ((content, "600"), (content, "600"), (b"<a> <b> <c> .", "standard input:1:1: relative IRI")):
        answer = subprocess.run(
            [sys.executable, "-c", READ_STANDARD_INPUT, str(folder), "nt"],
            input=given,
            capture_output=True,
            env={**os.environ, "PYTHONPATH": str(SOURCE)},
            check=True,
            timeout=60,
        )
        assert answer.stdout.decode().startswith(told), answer
    assert contents(folder) == {str(quad) for quad in ox.parse(LINES, format=ox.RdfFormat.N_TRIPLES)}
    assert not list(folder.rglob("incoming*"))
    with pytest.raises(FormatError, match="--format"):
        load_files(folder, ["-"])
    with pytest.raises(FormatError, match="format 'doc' is not known"):
        load_files(folder, ["-"], form="doc")


# Readers, writers and generations.


def test_readers_keep_what_they_opened(folder: Path, one: Path, two: Path, bad: Path) -> None:
    with DiskStore(folder) as reader:
        assert load_files(folder, [two]).triples == 2
        with DiskStore(folder) as newer:
            assert (len(reader), len(newer)) == (1, 2)
            assert reader.stamp != newer.stamp
            assert reader.derived != newer.derived
        one.write_text(GOOD.replace("2013", "1927"), encoding="utf-8")
        assert load_files(folder, [one]).triples == 3
        # The first is held, the second was by nobody.
        assert generations(folder) == ["generation-000001", "generation-000003"]
        assert {str(quad.object) for quad in reader.oxigraph} == {'"2013"'}
    with DiskStore(folder, writable=True):
        assert generations(folder) == ["generation-000003"]


def test_a_reader_that_is_forgotten_holds_nothing(folder: Path, two: Path) -> None:
    reader = DiskStore(folder)
    del reader
    load_files(folder, [two])
    assert generations(folder) == ["generation-000002"]


def test_what_a_killed_load_left_is_swept_away(folder: Path, one: Path, two: Path) -> None:
    (folder / "generation-000007" / "store").mkdir(parents=True)
    (folder / "generation-000007" / "store" / "000001.sst").write_bytes(b"x")
    (folder / (POINTER + ".new")).write_text("{", encoding="utf-8")
    assert len(contents(folder)) == 1
    load_files(folder, [one])
    assert sorted(entry.name for entry in folder.iterdir()) == sorted([POINTER, LOCK, "generation-000001"])
    assert load_files(folder, [two]).triples == 2


def test_a_check_sees_what_would_be(folder: Path, two: Path) -> None:
    seen: list[object] = []

    def look(aside: LocalStore, files: object) -> None:
        assert aside.derived is not None
        aside.derived.mkdir()
        (aside.derived / "made").write_text("x", encoding="utf-8")
        seen.extend((len(aside), files, aside.stamp))

    def refuse(aside: LocalStore, files: object) -> None:
        raise StoreError("not this")

    before = snapshot(folder)
    with pytest.raises(StoreError, match="not this"):
        load_files(folder, [two], check=refuse)
    assert snapshot(folder) == before
    load_files(folder, [two], check=look)
    with DiskStore(folder) as store:
        assert seen == [2, {two: str(two)}, store.stamp]
        assert (store.derived / "made").exists()


def test_what_breaks_a_rule_is_not_loaded(tmp_path: Path) -> None:
    workspace, folder = Workspace.find(), tmp_path / "store"
    wrong = tmp_path / "wrong.ttl"
    wrong.write_text(f"<{BASE}film/her-2013> a <{FG}Film> ; <{FG}releaseYear> 1066 .", encoding="utf-8")
    load_files(folder, workspace.graph_files)
    before = snapshot(folder)
    answer = CliRunner().invoke(cli, ["load", str(wrong), "--into", str(folder), "--validate"])
    assert answer.exit_code == 1
    assert "film:her-2013" in answer.stdout
    assert answer.stdout.splitlines()[-1].endswith("1 subject in 1 file checked.")
    assert "nothing was changed" in answer.stderr
    assert snapshot(folder) == before
    answer = CliRunner().invoke(cli, ["load", str(wrong), "--into", str(tmp_path / "new"), "--validate"])
    assert answer.exit_code == 1
    assert not (tmp_path / "new").exists()
    fine = tmp_path / "fine.ttl"
    fine.write_text((workspace.data / "films" / "her-2013.ttl").read_text(encoding="utf-8") + "\n", encoding="utf-8")
    answer = CliRunner().invoke(cli, ["load", str(fine), "--into", str(folder), "--validate"])
    assert answer.exit_code == 0, answer.output
    assert "0 of them new" in answer.stdout


def test_the_stamp_changes_with_the_triples(folder: Path, two: Path) -> None:
    stamps = []
    for update in (None, "INSERT DATA { <urn:a> <urn:b> 1 }", "DELETE DATA { <urn:a> <urn:b> 1 }"):
        with DiskStore(folder, writable=True) as writer:
            stamps.append(writer.stamp)
            if update:
                writer.update(update)
                stamps.append(writer.stamp)
        with DiskStore(folder) as reader:
            stamps.append(reader.stamp)
    load_files(folder, [two])
    with DiskStore(folder) as reader, DiskStore(folder) as again:
        stamps.append(reader.stamp)
        assert reader.stamp == again.stamp
    assert len(set(stamps[1:])) == len(stamps) - 1
    assert filmgraph.MemoryStore().derived is None


HOLD = """
import sys
from pathlib import Path
from filmgraph.stores import DiskStore, load_files
def wait(aside, files):
    print("held", flush=True)
    sys.stdin.readline()
if sys.argv[2] == "load":
    load_files(sys.argv[1], sys.argv[3:], check=wait)
else:
    store = DiskStore(sys.argv[1], writable=True)
    wait(store, ())
    store.close()
print("done", flush=True)
"""


@pytest.mark.parametrize("writer", ["load", "update"])
def test_two_writers(folder: Path, two: Path, one: Path, writer: str) -> None:
    with python(HOLD, folder, writer, two) as other:
        assert other.stdin is not None
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        for act in (lambda: load_files(folder, [two]), lambda: DiskStore(folder, writable=True)):
            with pytest.raises(StoreLockedError, match="another process is writing to this store") as caught:
                act()
            assert "\n" not in str(caught.value)
        if writer == "load":  # Readers are not kept out, and see the old graph.
            assert len(contents(folder)) == 1
        other.stdin.write("\n")
        other.stdin.flush()
        assert other.stdout.readline() == "done\n"
    assert len(contents(folder)) == (2 if writer == "load" else 1)


def test_a_writer_in_this_process(folder: Path, two: Path) -> None:
    with DiskStore(folder, writable=True), pytest.raises(StoreLockedError, match="this process is writing"):
        load_files(folder, [two])
    assert load_files(folder, [two]).triples == 2


def test_a_store_of_a_newer_version(folder: Path, two: Path) -> None:
    pointer = json.loads((folder / POINTER).read_text(encoding="utf-8"))
    (folder / POINTER).write_text(json.dumps({**pointer, "layout": 99, "else": 1}), encoding="utf-8")
    before = snapshot(folder)
    for act in (
        lambda: DiskStore(folder),
        lambda: DiskStore(folder, writable=True),
        lambda: load_files(folder, [two]),
    ):
        with pytest.raises(StoreError, match=r"made by a newer version of filmgraph \(layout 99.*update filmgraph"):
            act()
    assert snapshot(folder) == before
    (folder / POINTER).write_text(json.dumps(pointer), encoding="utf-8")
    assert len(contents(folder)) == 1


@pytest.mark.parametrize("told", ["", "{", "[]", "null", '{"layout": 1}', '{"layout": "x"}', '{"layout": 1, "x": 2}'])
def test_a_pointer_that_is_broken(folder: Path, two: Path, told: str) -> None:
    whole = (folder / POINTER).read_bytes()
    (folder / POINTER).write_text(told, encoding="utf-8")
    if told == '{"layout": 1}':
        (folder / POINTER).write_text('{"layout": 1, "generation": -1}', encoding="utf-8")
    for act in (lambda: DiskStore(folder), lambda: load_files(folder, [two])):
        with pytest.raises(StoreError, match="cannot be read"):
            act()
    (folder / POINTER).write_bytes(whole)
    assert len(contents(folder)) == 1


def test_a_store_that_lost_its_pointer_is_not_swept_away(folder: Path, two: Path) -> None:
    whole = (folder / POINTER).read_bytes()
    (folder / POINTER).unlink()
    for act in (lambda: DiskStore(folder, writable=True), lambda: load_files(folder, [two])):
        with pytest.raises(StoreError, match="lost its"):
            act()
    (folder / POINTER).write_bytes(whole)
    assert len(contents(folder)) == 1


# Stores of older versions: the engine's files, bare.


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    store = ox.Store(str(tmp_path / "bare"))
    store.load(GOOD, ox.RdfFormat.N_TRIPLES)
    store.flush()
    return tmp_path / "bare"


def test_a_bare_store_is_read_and_changed_where_it_is(bare: Path) -> None:
    assert DiskStore.is_store(bare)
    with DiskStore(bare) as store:
        assert len(store) == 1
        assert store.derived == bare / "derived"
        stamp = store.stamp
    with DiskStore(bare, writable=True) as store:
        store.update("INSERT DATA { <urn:a> <urn:b> 1 }")
    with DiskStore(bare) as store:
        assert len(store) == 2
        assert store.stamp != stamp
    assert generations(bare) == []


def test_a_bare_store_is_loaded_into(bare: Path, two: Path, bad: Path, one: Path) -> None:
    before = contents(bare)
    with pytest.raises(DataError):
        load_files(bare, [bad])
    assert generations(bare) == []
    with DiskStore(bare) as reader:
        loaded = load_files(bare, [two])
        assert (loaded.triples, loaded.new) == (2, 1)
        assert len(reader) == 1
        assert (bare / "CURRENT").exists()
        assert len(contents(bare)) == 2
    load_files(bare, [two])
    assert sorted(entry.name for entry in bare.iterdir()) == sorted([POINTER, LOCK, "generation-000001"])
    assert before < contents(bare)


# What the system refuses.

LIMITED = """
import resource, sys
resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, 300_000))
from filmgraph.cli import cli
cli(["load", *sys.argv[2:], "--into", sys.argv[1]])
"""
POWERLESS = """
import ctypes, sys
if sys.platform == "linux":  # Even root may not pass over the modes of files.
    libc = ctypes.CDLL(None, use_errno=True)
    head, sets = (ctypes.c_uint32 * 2)(0x20080522, 0), (ctypes.c_uint32 * 6)()
    libc.capget(head, sets)
    sets[0] &= ~0b110
    sets[1] &= ~0b110
    libc.capset(head, sets)
from filmgraph.cli import cli
cli(sys.argv[1:])
"""


def large(folder: Path) -> Path:
    """Write a file that takes more than a megabyte in a store."""
    draw = random.Random(1)
    lines = (f'<{E}{draw.getrandbits(96):x}> <{E}p> "{draw.getrandbits(512):x}" .\n' for _ in range(20_000))
    (folder / "large.nt").write_text("".join(lines), encoding="utf-8")
    return folder / "large.nt"


def run(program: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", program, *map(str, arguments)],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(SOURCE)},
        timeout=60,
        check=False,
    )


def test_files_that_may_not_grow(tmp_path: Path, one: Path) -> None:
    folder = tmp_path / "store"
    load_files(folder, [one])
    before = snapshot(folder)
    answer = run(LIMITED, folder, large(tmp_path))
    assert answer.returncode == 2
    assert "there is no room left" in answer.stderr
    assert answer.stderr.count("\n") == 1
    assert snapshot(folder) == before
    assert len(contents(folder)) == 1


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of four megabytes, where this user may mount one; else an ordinary folder, and a limit must do."""
    place = tmp_path / "disk"
    place.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=4m", "none", str(place)], capture_output=True, check=False
    )
    yield place
    if mounted.returncode == 0:
        subprocess.run(["umount", str(place)], check=True, capture_output=True)


def test_a_disk_that_is_full(small_disk: Path, tmp_path: Path, one: Path) -> None:
    folder = small_disk / "store"
    load_files(folder, [one])
    before = snapshot(folder)
    if os.path.ismount(small_disk):
        with pytest.raises(StoreError, match="there is no room left") as caught:
            load_files(folder, [large(tmp_path)])
        assert "\n" not in str(caught.value)
    else:
        assert "there is no room left" in run(LIMITED, folder, large(tmp_path)).stderr
    assert snapshot(folder) == before
    assert len(contents(folder)) == 1
    (tmp_path / "other.nt").write_text(GOOD.replace("2013", "1"), encoding="utf-8")
    assert load_files(folder, [tmp_path / "other.nt"]).triples == 2


def test_a_folder_that_may_not_be_written(tmp_path: Path, one: Path, two: Path) -> None:
    place = tmp_path / "closed"
    folder = place / "store"
    load_files(folder, [one])
    before = snapshot(folder)
    modes = [(path, path.stat().st_mode) for path in (place, *place.rglob("*"))]
    for path, mode in modes:
        path.chmod(mode & 0o555)
    try:
        for target in (folder, place / "new", place / "new" / "deep"):
            answer = run(POWERLESS, "load", two, "--into", target)
            assert answer.returncode == 2, answer
            assert "cannot be written (Permission denied)" in answer.stderr
            assert answer.stderr.count("\n") == 1
        answer = run(POWERLESS, "query", "ASK { ?s ?p '2013' }", "--store", folder)
        assert answer.returncode == 0, answer
        assert snapshot(folder) == before
    finally:
        for path, mode in modes:
            path.chmod(mode)
    assert load_files(folder, [two]).triples == 2


# Killed at any moment.

LOADER = """
import sys
from filmgraph.stores import feeding, load_files
feeding.SMALL = int(sys.argv[2])
print("ready", flush=True)
for line in sys.stdin:
    load_files(sys.argv[1], [line.strip()])
    print(line.strip(), flush=True)
"""
PER_FILE = 40


def test_sigkill_at_any_moment(tmp_path: Path) -> None:
    """Nothing that was acknowledged is lost, nothing is there in part, nothing is left over, and it always opens."""
    folder, draw = tmp_path / "store", random.Random(20_131_218)
    whole: set[Path] = set()
    numbers = itertools.count()
    kills = 0
    for number in range(ROUNDS):
        waiting = []
        for name in itertools.islice(numbers, 4):
            waiting.append(tmp_path / f"{name}.nt")
            lines = (f'<{E}{name}> <{E}p{n}> "{name} {n}" .\n' for n in range(PER_FILE))
            waiting[-1].write_text("".join(lines), encoding="utf-8")
        with python(LOADER, folder, -1 if number % 2 else 10**9) as loader:
            assert loader.stdin is not None
            assert loader.stdout is not None
            assert loader.stdout.readline() == "ready\n"
            loader.stdin.write("".join(f"{file}\n" for file in waiting))
            loader.stdin.flush()
            time.sleep(draw.uniform(0, 0.25))
            loader.send_signal(signal.SIGKILL)
            said = loader.stdout.read()
            kills += loader.wait() == -signal.SIGKILL
        told = {Path(line) for line in said.splitlines(keepends=True) if line.endswith("\n")}
        acknowledged = {file for file in waiting if any(str(each).strip() == str(file) for each in told)}
        found = found_in(folder)
        in_flight = waiting[len(acknowledged) : len(acknowledged) + 1]
        assert found - set(in_flight) == whole | acknowledged
        whole = found
        settle(folder, whole)
        assert found_in(folder) == whole
    assert kills > ROUNDS / 2


def test_readers_come_and_go_while_files_are_loaded(tmp_path: Path) -> None:
    """Each sees whole files only, of one generation, however the generations come and go beneath."""
    folder, files = tmp_path / "store", [tmp_path / f"{name}.nt" for name in range(8)]
    for file in files:
        lines = (f'<{E}{file.stem}> <{E}p{n}> "{n}" .\n' for n in range(PER_FILE))
        file.write_text("".join(lines), encoding="utf-8")
    load_files(folder, files[:1])
    with python(LOADER, folder, -1) as loader:
        assert loader.stdin is not None
        assert loader.stdout is not None
        loader.stdin.write("".join(f"{file}\n" for file in files))
        loader.stdin.close()
        loader.stdin = None
        seen: list[set[Path]] = [set()]
        while loader.poll() is None:
            seen.append(found_in(folder))
            assert seen[-2] <= seen[-1]
        assert loader.returncode == 0
    assert found_in(folder) == set(files)
    assert 2 < len({len(found) for found in seen}) <= len(files) + 1


def found_in(folder: Path) -> set[Path]:
    """Return the files that are in a store, and fail where one is in part."""
    if not DiskStore.is_store(folder):
        return set()
    with DiskStore(folder) as store:
        counts: dict[str, int] = {}
        for quad in store.oxigraph:
            assert isinstance(quad.subject, ox.NamedNode)
            counts[quad.subject.value] = counts.get(quad.subject.value, 0) + 1
    assert set(counts.values()) <= {PER_FILE}
    return {folder.parent / f"{subject.removeprefix(E)}.nt" for subject in counts}


def settle(folder: Path, whole: set[Path]) -> None:
    """Open the store to load what is in it already, and see that nothing lies about afterwards."""
    if not whole:
        return
    place = current_place(folder)
    assert place is not None
    assert load_files(folder, sorted(whole)).new == 0
    assert sorted(entry.name for entry in folder.iterdir()) == sorted([POINTER, LOCK, place.root.name])


def test_what_fails_is_told_in_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, one: Path) -> None:
    failures: list[tuple[Callable[[], Exception], str]] = [
        (lambda: OSError(28, "No space left on device"), "there is no room left"),
        (lambda: OSError("IO error: No space left on device: While appending"), "there is no room left"),
        (lambda: PermissionError(13, "Permission denied"), "cannot be written (Permission denied)"),
        (lambda: OSError(5, "Input/output error"), "Input/output error"),
        (lambda: RuntimeError("Corruption: block checksum mismatch"), "Corruption"),
    ]
    for make, told in failures:

        def fail(*arguments: object, make: Callable[[], Exception] = make) -> None:
            raise make()

        monkeypatch.setattr("filmgraph.stores.loading.feed", fail)
        with pytest.raises(FilmgraphError) as caught:
            load_files(tmp_path / "store", [one])
        assert told in str(caught.value)
        assert "nothing was changed" in str(caught.value)
        assert not (tmp_path / "store").exists()
