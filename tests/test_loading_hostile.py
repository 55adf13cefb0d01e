"""What strangers do to a store: odd names, broken pointers, leavings of killed loads, and questions beside a load."""

from __future__ import annotations

import errno
import http.client
import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sites import Served

from filmgraph.cli import cli
from filmgraph.errors import DataError, StoreError
from filmgraph.namespaces import BASE, FG, RDF
from filmgraph.readers import triples_of
from filmgraph.sandbox import Question, Sandbox
from filmgraph.stores import DiskStore, back_up, feeding, load_files, rdf_files_in, restore
from filmgraph.stores.folder import POINTER, WriterLock, current_place, write_note

E = "http://example.org/"
COUNT = "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }"


def run(*arguments: object) -> Result:
    return CliRunner().invoke(cli, [str(argument) for argument in arguments])


def triple(folder: Path, name: str) -> Path:
    """Write a file with one triple."""
    (folder / name).write_text(f'<{E}{name}> <{E}p> "x" .\n', encoding="utf-8")
    return folder / name


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A store of one triple."""
    load_files(tmp_path / "store", [triple(tmp_path, "one.nt")])
    return tmp_path / "store"


def entries(folder: Path) -> list[str]:
    return sorted(entry.name for entry in folder.iterdir())


@pytest.mark.parametrize("pointer", [{"generation": 77}, {"generation": 0, "stamp": None}, {}])
def test_a_pointer_that_names_nothing_costs_no_triple(folder: Path, tmp_path: Path, pointer: dict[str, object]) -> None:
    whole = json.loads((folder / POINTER).read_text(encoding="utf-8"))
    wrong = {**whole, **pointer} if pointer else {"layout": 1}
    (folder / POINTER).write_text(json.dumps(wrong), encoding="utf-8")
    two = triple(tmp_path, "two.nt")
    for act in (
        lambda: DiskStore(folder),
        lambda: DiskStore(folder, writable=True),
        lambda: load_files(folder, [two]),
    ):
        with pytest.raises(StoreError, match=r"restore the store from a backup|restore it from a backup"):
            act()
    (folder / POINTER).write_text(json.dumps(whole), encoding="utf-8")
    assert load_files(folder, [two]).triples == 2


def test_a_pointer_that_is_no_file_holds_nobody_up(folder: Path) -> None:
    (folder / POINTER).unlink()
    os.mkfifo(folder / POINTER)
    with pytest.raises(StoreError, match="it is no plain file"):
        DiskStore(folder)


def test_a_reader_hears_that_the_pointer_is_lost(folder: Path) -> None:
    (folder / POINTER).unlink()
    with pytest.raises(StoreError, match=r"lost its filmgraph-store\.json: restore it"):
        DiskStore(folder)


def test_a_reader_sweeps_what_a_killed_load_left(folder: Path, tmp_path: Path) -> None:
    def leave() -> None:
        shutil.copytree(folder / "generation-000001", folder / "generation-000002", dirs_exist_ok=True)
        (folder / f"{POINTER}.new").write_text("{", encoding="utf-8")

    before = entries(folder)
    leave()
    with WriterLock(folder), DiskStore(folder) as store:  # Who writes may be making it just now.
        assert len(store) == 1
        assert "generation-000002" in entries(folder)
    DiskStore(folder).close()
    assert entries(folder) == before
    with DiskStore(folder) as old:
        load_files(folder, [triple(tmp_path, "two.nt")])
        with DiskStore(folder) as new:
            assert (len(old), len(new)) == (1, 2)
            assert "generation-000001" in entries(folder)
    DiskStore(folder).close()
    assert "generation-000001" not in entries(folder)


@pytest.mark.parametrize("way", ["load", "restore"])
def test_an_interrupt_right_after_the_swap_loses_nothing(
    folder: Path, tmp_path: Path, way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    back_up(folder, tmp_path / "x.tar")
    act = {
        "load": lambda: load_files(folder, [triple(tmp_path, "two.nt")]),
        "restore": lambda: restore(tmp_path / "x.tar", folder, overwrite=True),
    }[way]

    def interrupted(place: Path, note: object) -> None:
        write_note(place, note)  # type: ignore[arg-type]
        monkeypatch.undo()
        signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(
        "filmgraph.stores.building.write_note", lambda place, note: note.generation and interrupted(place, note)
    )
    with pytest.raises(KeyboardInterrupt):
        act()
    assert entries(folder) == ["filmgraph-store.json", "filmgraph-store.lock", "generation-000002"]
    with DiskStore(folder) as store:
        assert len(store) == (2 if way == "load" else 1)


def test_a_file_that_grows_while_it_is_read_changes_nothing(folder: Path, tmp_path: Path) -> None:
    """It has no end where it grows as fast as it is read, and else half a line at the end."""
    file = triple(tmp_path, "two.nt")
    file.write_text(file.read_text(encoding="utf-8") * 200_000, encoding="utf-8")

    def grow(*_: object) -> None:
        with file.open("a", encoding="utf-8") as stream:
            stream.write(f"<{E}late> <{E}p> <{E}x> .\n")

    with pytest.raises(DataError, match=r"two\.nt: was changed while it was read: load it again"):
        load_files(folder, [file], progress=grow)
    with DiskStore(folder) as store:
        assert len(store) == 1


def test_a_file_that_changes_before_its_check_changes_nothing(folder: Path, tmp_path: Path) -> None:
    file = triple(tmp_path, "two.nt")

    def check(aside: object, files: object) -> None:
        file.write_text(f"<{E}other> <{E}p> <{E}x> .\n", encoding="utf-8")

    with pytest.raises(DataError, match=r"two\.nt: was changed between its loading and its check"):
        load_files(folder, [file], check=check)
    with DiskStore(folder) as store:
        assert len(store) == 1


LONG = "x" * 3_000
BOMBS = {
    "x.ttl": f"@prefix p: <{E}{LONG}> .\np:1 p:2 p:3 .",
    "x.trig": f"@base\n<{E}{LONG}/> . <a> <b> <c> .",
    "x.rdf": f'<r:RDF xmlns:r="{RDF}" xmlns:p="{E}{LONG}"><r:Description r:about="{E}a" p:b="x"/></r:RDF>',
    "x.jsonld": f'{{"@context": {{"@vocab": "{E}{LONG}"}}, "@id": "{E}a", "b": "x"}}',
}


@pytest.mark.parametrize("name", BOMBS)
@pytest.mark.parametrize("size", ["small", "large"])
def test_a_prefix_is_no_bomb(tmp_path: Path, name: str, size: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Some bytes each would stand for thousands, which no ratio of packed to unpacked tells."""
    monkeypatch.setattr(feeding, "SMALL", -1 if size == "large" else 10**9)
    (tmp_path / name).write_text(BOMBS[name], encoding="utf-8")
    for act in (lambda: load_files(tmp_path / "store", [tmp_path / name]), lambda: triples_of([tmp_path / name])):
        with pytest.raises(DataError, match="holds an IRI of more than 2,048 characters"):
            act()
    assert not (tmp_path / "store").exists()


def test_what_is_long_and_no_prefix_is_let_in(tmp_path: Path) -> None:
    (tmp_path / "x.nt").write_text(f"<{E}{LONG}> <{E}b> <{E}c> .\n", encoding="utf-8")
    (tmp_path / "x.ttl").write_text(f'<{E}a> <{E}b> "{LONG}", "< {LONG} >" .\n', encoding="utf-8")
    assert load_files(tmp_path / "store", [tmp_path / "x.nt", tmp_path / "x.ttl"]).triples == 3


def test_a_process_that_goes_to_work_elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder is what its name meant at first, and the folder of that name elsewhere is let alone."""
    for place in ("here", "there"):
        (tmp_path / place).mkdir()
        monkeypatch.chdir(tmp_path / place)
        load_files("store", [triple(tmp_path / place, "one.nt")])
        (tmp_path / place / "store" / "generation-000002").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    with DiskStore("store") as store:
        assert len(store) == 1
        monkeypatch.chdir(tmp_path / "there")
        assert store.derived == tmp_path / "here" / "store" / "generation-000001" / "derived"
    monkeypatch.chdir(tmp_path / "here")
    two = triple(tmp_path, "two.nt")
    load_files("store", [two], progress=lambda *_: os.chdir(tmp_path / "there"))
    assert entries(tmp_path / "there" / "store")[2:] == ["generation-000001", "generation-000002"]
    with DiskStore(tmp_path / "here" / "store") as store:
        assert len(store) == 2


@pytest.mark.parametrize("number", [errno.ENOLCK, errno.EOPNOTSUPP])
def test_a_disk_without_locks(tmp_path: Path, number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError(number, "no locks here")

    monkeypatch.setattr("fcntl.flock", refuse)
    load_files(tmp_path / "store", [triple(tmp_path, "one.nt")])
    with DiskStore(tmp_path / "store") as reader:
        assert load_files(tmp_path / "store", [triple(tmp_path, "two.nt")]).triples == 2
        assert len(reader) == 1
    assert back_up(tmp_path / "store", tmp_path / "x.tar").triples == 2


def test_a_disk_whose_locks_fail_is_left_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr("fcntl.flock", fail)
    with pytest.raises(StoreError, match="Input/output error"):
        load_files(tmp_path / "deep" / "store", [triple(tmp_path, "one.nt")])
    assert entries(tmp_path) == ["one.nt"]


def test_a_list_of_files_that_is_odd_is_no_knowledge(folder: Path, tmp_path: Path) -> None:
    listed = folder / "generation-000001" / "files"
    for text in ('["x", [1], "n"]', "[1, 2, 3]", "{}", "[" * 100_000, "\ud800"):
        listed.write_bytes(text.encode("utf-8", "surrogatepass") + b"\n")
        assert load_files(folder, [triple(tmp_path, "one.nt")]).new == 0
        listed = folder / current_generation(folder) / "files"


def current_generation(folder: Path) -> str:
    place = current_place(folder)
    assert place is not None
    return place.root.name


def test_odd_names_are_told_in_a_line(folder: Path, tmp_path: Path) -> None:
    for name in ("a b.nt", "new\nline.nt", "-dash.nt", os.fsdecode(b"\xff.nt")):
        (tmp_path / name).write_text("rubbish\n", encoding="utf-8")
        refused = run("load", tmp_path / name, "--into", folder)
        assert (refused.exit_code, refused.stderr.count("\n")) == (2, 1), refused.output
        assert ".nt:1:1: " in refused.stderr
    for files, told in (
        (["", "--into", folder], "an empty path names no file"),
        ([tmp_path / "one.nt", "--into", "http://example.org/"], "--store URL with --update-url"),
        ([tmp_path / "one.nt", "--into", folder, "--format", "nt"], "--format says what the standard input is"),
    ):
        refused = run("load", *files)
        assert (refused.exit_code, refused.stderr.count("\n")) == (2, 1), refused.output
        assert told in refused.stderr
    assert not Path("http:").exists()


def test_a_folder_of_odd_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "below").mkdir()
    (tmp_path / "below" / "up").symlink_to(tmp_path)
    os.mkfifo(tmp_path / "pipe.nt")
    (tmp_path / "nowhere.nt").symlink_to("none")
    for name in (".nt", ".nt.gz", "x.txt"):
        (tmp_path / name).write_text("rubbish", encoding="utf-8")
    good = [triple(tmp_path, "below/one.nt"), triple(tmp_path, "two.TTL")]
    assert rdf_files_in(tmp_path) == good

    def closed(path: str) -> object:
        raise PermissionError(13, "Permission denied", path)

    monkeypatch.setattr(os, "scandir", closed)
    with pytest.raises(DataError, match="cannot be read: Permission denied"):
        rdf_files_in(tmp_path)


@pytest.mark.parametrize("suffix", ["nt", "nq", "ttl", "trig"])
@pytest.mark.parametrize("hidden", ["\\u006Aavascript:x", "\\U0000006aavascript:x", "javascript:x"])
def test_the_line_of_a_hidden_iri_is_told(tmp_path: Path, suffix: str, hidden: str) -> None:
    file = tmp_path / f"x.{suffix}"
    file.write_text(f'<{E}a> <{E}b> "javascript:x" .\n<{E}a> <{E}b> <{hidden}> .\n', encoding="utf-8")
    with pytest.raises(DataError, match=r":2: unsafe IRI <javascript:x>"):
        load_files(tmp_path / "store", [file])


@pytest.mark.parametrize("suffix", ["ttl", "jsonld"])
def test_a_text_that_no_parser_reads(tmp_path: Path, suffix: str) -> None:
    text = "x" * 18_000_000
    content = f'{{"@id":"{E}a","{E}b":"{text}"}}' if suffix == "jsonld" else f'<{E}a> <{E}b> "{text}" .'
    (tmp_path / f"x.{suffix}").write_text(content, encoding="utf-8")
    with pytest.raises(DataError, match="larger than 16 MiB"):
        load_files(tmp_path / "store", [tmp_path / f"x.{suffix}"])
    assert not (tmp_path / "store").exists()


def command(*arguments: object) -> list[str]:
    return [sys.executable, "-c", "from filmgraph.cli import main; main()", *map(str, arguments)]


def test_a_closed_standard_input(tmp_path: Path) -> None:
    line = 'exec "$@" <&-'
    answer = subprocess.run(
        ["/bin/sh", "-c", line, "sh", *command("load", "-", "--format", "nt", "--into", tmp_path / "store")],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (answer.returncode, answer.stderr) == (2, "filmgraph: standard input: is closed, so nothing can be read\n")
    assert not (tmp_path / "store").exists()


def test_a_report_on_the_standard_input_names_it(tmp_path: Path) -> None:
    wrong = f"<{BASE}film/her-2013> a <{FG}Film> .\n"
    answer = CliRunner().invoke(
        cli, ["load", "-", "--format", "ttl", "--into", str(tmp_path / "store"), "--validate"], input=wrong
    )
    assert answer.exit_code == 1, answer.output
    assert answer.stdout.startswith("standard input:1: film:her-2013: ")
    assert "incoming" not in answer.output
    assert not (tmp_path / "store").exists()


def test_a_load_that_is_told_to_end_leaves_nothing(tmp_path: Path) -> None:
    with subprocess.Popen(
        command("load", "-", "--format", "nt", "--into", tmp_path / "store"),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        try:
            while not list(tmp_path.glob("store/*/incoming")):
                assert process.poll() is None
            process.send_signal(signal.SIGTERM)
            process.wait(timeout=60)
        finally:
            process.kill()
    assert process.returncode == 128 + signal.SIGTERM
    assert not (tmp_path / "store").exists()


def asked(box: Sandbox) -> int:
    rows = json.loads(box.ask(Question(COUNT)).result().body)["results"]["bindings"]
    return int(rows[0]["n"]["value"])


def test_queries_see_the_generation_that_is_shown(folder: Path, tmp_path: Path) -> None:
    """However often is loaded beside a server, its pages and its endpoint tell of one graph."""
    with DiskStore(folder) as store, Sandbox(store) as box:
        for name in ("two.nt", "three.nt"):
            load_files(folder, [triple(tmp_path, name)])
        assert (len(store), asked(box)) == (1, 1)
    with DiskStore(folder) as store, Sandbox(store) as box:
        assert (len(store), asked(box)) == (3, 3)


def test_a_site_that_takes_updates_beside_a_load(folder: Path, tmp_path: Path) -> None:
    film = f"<{BASE}film/new-2020> a <{FG}Film> ; <http://schema.org/name> 'New' ."
    (tmp_path / "film.ttl").write_text(film, encoding="utf-8")
    with Served.site("--store", str(folder), "--writable") as server:

        def post(text: str, kind: str) -> bytes:
            connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
            try:
                connection.request("POST", "/sparql", text, {"Content-Type": f"application/sparql-{kind}"})
                return connection.getresponse().read()
            finally:
                connection.close()

        def count() -> int:
            return int(json.loads(post(COUNT, "query"))["results"]["bindings"][0]["n"]["value"])

        assert count() == 1
        load_files(folder, [tmp_path / "film.ttl"])
        assert count() == 1
        post("INSERT DATA { <urn:a> <urn:b> 1 }", "update")
        assert count() == 4


def test_a_store_in_use_is_restored_over(folder: Path, tmp_path: Path) -> None:
    assert run("backup", folder, tmp_path / "x.tar").exit_code == 0
    load_files(folder, [triple(tmp_path, "two.nt")])
    with DiskStore(folder) as reader:
        restore(tmp_path / "x.tar", folder, overwrite=True)
        assert len(reader) == 2
    DiskStore(folder).close()
    assert entries(folder) == ["filmgraph-store.json", "filmgraph-store.lock", "generation-000003"]
