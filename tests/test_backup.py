"""Backup and restore: what comes back is what was there, and what is damaged does not come in."""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
import tarfile
import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pyoxigraph as ox
import pytest
from click.testing import CliRunner, Result

from filmgraph.cli import cli
from filmgraph.errors import DataError, FilmgraphError, OutputError, StoreError, StoreLockedError
from filmgraph.stores import DiskStore, back_up, load_files, restore
from filmgraph.stores.folder import LOCK, POINTER, Hold, Note, WriterLock, current_place, write_note

TINY = Path(__file__).parent / "data" / "tiny.ttl"
MANIFEST = "filmgraph-backup.json"
Change = Callable[[dict[str, bytes]], None]


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli, [str(argument) for argument in arguments])


def contents(folder: Path) -> set[str]:
    with DiskStore(folder) as store:
        return {str(quad) for quad in store.oxigraph}


def snapshot(folder: Path) -> dict[str, int]:
    return {
        str(file.relative_to(folder)): file.stat().st_mtime_ns
        for file in folder.rglob("*")
        if file.is_file() and file.name != LOCK and not file.name.startswith("LOG")
    }


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store of some thousand triples, loaded in two ways and changed in place, and its backup; only read."""
    place = tmp_path_factory.mktemp("backup")
    lines = (f'<urn:s{n}> <urn:p{n % 5}> "text {n}" .\n' for n in range(5_000))
    (place / "x.nt").write_text("".join(lines), encoding="utf-8")
    load_files(place / "store", [TINY])
    load_files(place / "store", [place / "x.nt"])
    back_up(place / "store", place / "store.tar")
    return place


def repacked(backup: Path, target: Path, change: Change) -> Path:
    """Write a backup again with other files in it."""
    with tarfile.open(backup) as archive:
        members = {member.name: file.read() for member in archive if (file := archive.extractfile(member)) is not None}
    change(members)
    with tarfile.open(target, "w") as archive:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return target


def test_what_is_restored_is_what_was_there(made: Path, tmp_path: Path) -> None:
    done = restore(made / "store.tar", tmp_path / "deep" / "new")
    assert contents(tmp_path / "deep" / "new") == contents(made / "store")
    assert done.triples == len(contents(made / "store")) > 5_000
    again = load_files(tmp_path / "deep" / "new", [TINY, made / "x.nt"])
    assert [file.known_as for file in again.files] == [str(TINY), str(made / "x.nt")]
    with DiskStore(tmp_path / "deep" / "new", writable=True) as store:
        store.update("INSERT DATA { <urn:a> <urn:b> 1 }")
    assert len(contents(tmp_path / "deep" / "new")) == done.triples + 1


def test_what_is_still_in_the_log_comes_along(tmp_path: Path) -> None:
    engine = ox.Store(str(tmp_path / "bare"))
    engine.load("<urn:a> <urn:b> 1 .", ox.RdfFormat.TURTLE)
    del engine
    assert back_up(tmp_path / "bare", tmp_path / "bare.tar").triples == 1
    restore(tmp_path / "bare.tar", tmp_path / "new")
    assert contents(tmp_path / "new") == contents(tmp_path / "bare") != set()


def test_the_same_store_is_the_same_backup(made: Path, tmp_path: Path) -> None:
    back_up(made / "store", tmp_path / "again.tar")
    assert (tmp_path / "again.tar").read_bytes() == (made / "store.tar").read_bytes()


def test_a_backup_is_not_written_over(made: Path, tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("x", encoding="utf-8")
    (tmp_path / "folder").mkdir()
    for target, force in (("mine", False), ("folder", False), ("folder", True)):
        with pytest.raises(OutputError, match="is there already"):
            back_up(made / "store", tmp_path / target, overwrite=force)
    with pytest.raises(OutputError, match="cannot be written"):
        back_up(made / "store", tmp_path / "none" / "x.tar")
    assert (tmp_path / "mine").read_text(encoding="utf-8") == "x"
    back_up(made / "store", tmp_path / "mine", overwrite=True)
    assert (tmp_path / "mine").read_bytes() == (made / "store.tar").read_bytes()
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["folder", "mine"]


def test_a_store_is_not_replaced_without_force(made: Path, tmp_path: Path) -> None:
    load_files(tmp_path / "store", [TINY])
    before = snapshot(tmp_path / "store")
    with pytest.raises(OutputError, match="holds a store already"):
        restore(made / "store.tar", tmp_path / "store")
    assert snapshot(tmp_path / "store") == before
    with DiskStore(tmp_path / "store") as reader:
        restore(made / "store.tar", tmp_path / "store", overwrite=True)
        assert len(reader) == len(set(ox.parse(path=TINY)))
    assert contents(tmp_path / "store") == contents(made / "store")
    with pytest.raises(StoreError, match="is no store and not an empty folder"):
        restore(made / "store.tar", made, overwrite=True)


def test_a_broken_store_can_be_replaced(made: Path, tmp_path: Path) -> None:
    for number, content in enumerate(("{", '{"layout": 99}')):
        folder = tmp_path / f"store{number}"
        load_files(folder, [TINY])
        (folder / POINTER).write_text(content, encoding="utf-8")
        restore(made / "store.tar", folder, overwrite=True)
        assert contents(folder) == contents(made / "store")
        load_files(folder, [TINY])
        assert sum(entry.is_dir() for entry in folder.iterdir()) == 1


def flip(name: str, members: dict[str, bytes]) -> None:
    content = members[name]
    members[name] = content[:50] + bytes([content[50] ^ 1]) + content[51:]


def first_table(members: dict[str, bytes]) -> str:
    return min(name for name in members if name.endswith(".sst"))


def manifest_with(members: dict[str, bytes], **changes: object) -> None:
    members[MANIFEST] = json.dumps({**json.loads(members.pop(MANIFEST)), **changes}).encode()


CHANGES: dict[str, tuple[Change, str]] = {
    "a byte": (lambda m: flip(first_table(m), m), "is damaged: store/"),
    "a missing table": (lambda m: m.pop(first_table(m)) and None, "is damaged: store/"),
    "a table more": (lambda m: m.update({"store/999999.sst": b"x"}), "is damaged: store/999999.sst"),
    "no manifest": (lambda m: m.pop(MANIFEST) and None, "its end is missing"),
    "a manifest of something": (lambda m: m.update({MANIFEST: b"[1]"}), "is no whole backup"),
    "a broken manifest": (lambda m: m.update({MANIFEST: b"{"}), "is no whole backup"),
    "another number of triples": (lambda m: manifest_with(m, triples=3), "triples came out of it, not 3"),
    "a newer version": (lambda m: manifest_with(m, layout=99), "newer version"),
    "a way out": (lambda m: m.update({"store/../../../x.sst": b"x"}), "it holds 'store/../../../x.sst'"),
    "a whole path": (lambda m: m.update({"/tmp/000001.sst": b"x"}), "it holds '"),
    "another file": (lambda m: m.update({"store/run.sh": b"x"}), "it holds 'store/run.sh'"),
}


@pytest.mark.parametrize("what", CHANGES)
def test_what_is_damaged_does_not_come_in(made: Path, tmp_path: Path, what: str) -> None:
    change, told = CHANGES[what]
    backup = repacked(made / "store.tar", tmp_path / "x.tar", change)
    load_files(tmp_path / "store", [TINY])
    before = snapshot(tmp_path / "store")
    for target in ("store", "new"):
        with pytest.raises(FilmgraphError) as caught:
            restore(backup, tmp_path / target, overwrite=True)
        assert told in str(caught.value)
        assert "\n" not in str(caught.value)
    assert snapshot(tmp_path / "store") == before
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["store", "x.tar"]


@pytest.mark.parametrize("part", [0, 100, 0.5, 0.99])
def test_a_backup_that_is_cut_off(made: Path, tmp_path: Path, part: float) -> None:
    content = (made / "store.tar").read_bytes()
    (tmp_path / "x.tar").write_bytes(content[: int(part if part >= 1 else part * len(content))])
    with pytest.raises(DataError, match=r"x\.tar: is (no whole backup|damaged)"):
        restore(tmp_path / "x.tar", tmp_path / "new")
    assert not (tmp_path / "new").exists()


def test_links_and_devices_do_not_come_in(made: Path, tmp_path: Path) -> None:
    for kind in (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.DIRTYPE):
        with tarfile.open(tmp_path / "x.tar", "w") as archive:
            info = tarfile.TarInfo("store/000001.sst")
            info.type, info.linkname = kind, str(made / "x.nt")
            archive.addfile(info)
        with pytest.raises(DataError, match="is no backup of a store"):
            restore(tmp_path / "x.tar", tmp_path / "new")
        assert not (tmp_path / "new").exists()


def test_a_file_that_is_larger_than_the_backup_it_is_in(made: Path, tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "x.tar", "w", format=tarfile.PAX_FORMAT) as archive:
        info = tarfile.TarInfo("store/000001.sst")
        info.pax_headers = {"GNU.sparse.map": "0,0", "GNU.sparse.size": str(10**15), "GNU.sparse.numblocks": "1"}
        archive.addfile(info)
    with tarfile.open(tmp_path / "x.tar") as archive:
        assert next(iter(archive)).size == 10**15
    with pytest.raises(DataError, match="is no backup of a store"):
        restore(tmp_path / "x.tar", tmp_path / "new")


def test_what_is_no_backup(made: Path, tmp_path: Path) -> None:
    for file, told in (
        (made / "x.nt", "is no whole backup"),
        (made, "is a folder"),
        (made / "no", "cannot be read"),
    ):
        with pytest.raises(DataError, match=told):
            restore(file, tmp_path / "new")
    with pytest.raises(StoreError, match="there is no store here"):
        back_up(made / "none", tmp_path / "x.tar")
    assert list(tmp_path.iterdir()) == []


def test_a_store_that_is_written_to_is_not_backed_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "store"
    load_files(folder, [TINY])
    with DiskStore(folder, writable=True), pytest.raises(StoreLockedError, match="this process is writing"):
        back_up(folder, tmp_path / "x.tar")

    def write_meanwhile(path: Path, store: Path) -> None:
        place = current_place(folder)
        assert place is not None
        (place.store / "000900.sst").write_bytes(b"x")

    monkeypatch.setattr("filmgraph.stores.backup._write", lambda *arguments: write_meanwhile(folder, folder))
    with pytest.raises(StoreLockedError, match="was changed while it was copied; try again"):
        back_up(folder, tmp_path / "x.tar")
    assert [entry.name for entry in tmp_path.iterdir()] == ["store"]


def test_a_load_beside_a_backup_disturbs_neither(made: Path, tmp_path: Path) -> None:
    shutil.copytree(made / "store", tmp_path / "store")
    (tmp_path / "more.ttl").write_text("<urn:more> <urn:b> 1 .", encoding="utf-8")
    loads = iter([load_files])

    def progress(name: str, done: int, total: int) -> None:
        for load in loads:
            load(tmp_path / "store", [tmp_path / "more.ttl"])

    done = back_up(tmp_path / "store", tmp_path / "x.tar", progress=progress)
    assert len(contents(tmp_path / "store")) == done.triples + 1
    restore(tmp_path / "x.tar", tmp_path / "new")
    assert contents(tmp_path / "new") == contents(made / "store")


def test_the_commands(made: Path, tmp_path: Path) -> None:
    target, folder = str(tmp_path / "x.tar"), str(tmp_path / "new")
    count = len(contents(made / "store"))
    told = run("backup", str(made / "store"), target)
    assert (told.exit_code, told.stdout.startswith(f"{target}: {count:,} triples")) == (0, True), told.output
    refused = run("backup", str(made / "store"), target)
    assert (refused.exit_code, refused.stderr.count("\n")) == (2, 1)
    assert "--force" in refused.stderr
    assert run("backup", str(made / "store"), target, "--force").exit_code == 0
    assert run("restore", target, folder).stdout == f"{folder}: {count:,} triples\n"
    refused = run("restore", target, folder)
    assert (refused.exit_code, refused.stderr.count("\n")) == (2, 1)
    assert "--force" in refused.stderr
    assert run("restore", target, folder, "--force").exit_code == 0
    assert contents(Path(folder)) == contents(made / "store")


def test_what_is_no_place_for_a_backup(made: Path, tmp_path: Path) -> None:
    shutil.copytree(made / "store", tmp_path / "store")
    os.mkfifo(tmp_path / "pipe")
    for target, told in (
        (tmp_path / "pipe", "is no plain file, so nothing is written over it"),
        (tmp_path / "store" / "generation-000002" / "x.tar", "lies in the store itself"),
        ("", "an empty path names no file"),
    ):
        refused = run("backup", str(tmp_path / "store"), str(target), "--force")
        assert (refused.exit_code, refused.stderr.count("\n")) == (2, 1), refused.output
        assert told in refused.stderr
    assert (tmp_path / "pipe").is_fifo()
    for backup, folder, told in (
        (tmp_path / "pipe", tmp_path / "new", "is no regular file"),
        (tmp_path, tmp_path / "new", "is a folder, not a backup"),
        ("", tmp_path / "new", "an empty path names no backup"),
        (made / "store.tar", "", "an empty path names no folder"),
    ):
        refused = run("restore", str(backup), str(folder))
        assert (refused.exit_code, refused.stderr.count("\n")) == (2, 1), refused.output
        assert told in refused.stderr
    assert not (tmp_path / "new").exists()


def test_what_a_killed_backup_left_is_swept_away(made: Path, tmp_path: Path) -> None:
    (tmp_path / ".x.tar.123.partial").write_bytes(b"half")
    (tmp_path / ".x.tar.124.partial").write_bytes(b"of another that goes on")
    (tmp_path / ".y.tar.123.partial").write_bytes(b"another's")
    with closing(Hold(tmp_path / ".x.tar.124.partial")):
        back_up(made / "store", tmp_path / "x.tar")
    left = [".x.tar.124.partial", ".y.tar.123.partial", "x.tar"]
    assert sorted(entry.name for entry in tmp_path.iterdir()) == left


def test_a_manifest_that_notes_what_is_not_there(made: Path, tmp_path: Path) -> None:
    def note(members: dict[str, bytes]) -> None:
        told = json.loads(members[MANIFEST])
        members[MANIFEST] = json.dumps({**told, "files": {**told["files"], "zz": None}}).encode()

    with pytest.raises(DataError, match="is damaged: zz is not what was backed up"):
        restore(repacked(made / "store.tar", tmp_path / "x.tar", note), tmp_path / "new")
    assert not (tmp_path / "new").exists()


def test_a_backup_of_a_broken_store_is_told_to_be_damaged(made: Path, tmp_path: Path) -> None:
    """Its checksums are right; what they are of is no store."""

    def break_it(members: dict[str, bytes]) -> None:
        name = next(name for name in sorted(members) if "MANIFEST" in name)
        members[name] = b"x" * len(members[name])
        told = json.loads(members[MANIFEST])
        told["files"][name][1] = hashlib.sha256(members[name]).hexdigest()
        members[MANIFEST] = json.dumps(told).encode()

    with pytest.raises(DataError, match="is damaged: the engine cannot open what is in it"):
        restore(repacked(made / "store.tar", tmp_path / "x.tar", break_it), tmp_path / "new")
    assert not (tmp_path / "new").exists()


def test_what_comes_to_the_place_meanwhile_is_not_replaced(made: Path, tmp_path: Path) -> None:
    target, folder = tmp_path / "x.tar", tmp_path / "new"

    def come(name: str, done: int, total: int) -> None:
        target.write_text("mine", encoding="utf-8")

    with pytest.raises(OutputError, match="is there already"):
        back_up(made / "store", target, progress=come)
    assert target.read_text(encoding="utf-8") == "mine"
    assert [entry.name for entry in tmp_path.iterdir()] == ["x.tar"]
    lock = WriterLock(folder)
    results: list[BaseException] = []

    def wait() -> None:
        try:
            restore(made / "store.tar", folder)
        except BaseException as error:
            results.append(error)

    waiting = threading.Thread(target=wait)
    waiting.start()
    write_note(folder, Note(1))
    (folder / "generation-000001" / "store").mkdir(parents=True)
    lock.close()
    waiting.join()
    assert [type(error) for error in results] == [OutputError]
