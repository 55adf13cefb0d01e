"""Where the files are, and the digest that tells whether they changed."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import filmgraph
from filmgraph.errors import DataError
from filmgraph.workspace import GRAPH_ONTOLOGY_FILES, Workspace

SOURCE = Path(filmgraph.__file__).parents[1]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A small workspace of two films."""
    for folder in ("ontology", "data/films", "queries"):
        (tmp_path / "space" / folder).mkdir(parents=True)
    space = tmp_path / "space"
    for name in GRAPH_ONTOLOGY_FILES:
        (space / "ontology" / name).write_text(f"<http://e.org/{name}> <http://e.org/p> 1 .", encoding="utf-8")
    for name in ("a", "b"):
        film = f"<http://e.org/{name}> a <http://e.org/F> ."
        (space / "data" / "films" / f"{name}.ttl").write_text(film, encoding="utf-8")
    return space


def test_the_workspace_filmgraph_came_with() -> None:
    found = Workspace.find()
    assert found.ontology.is_dir()
    assert (found.data / "films" / "her-2013.ttl") in found.graph_files
    assert found == Workspace.find()
    assert not found.is_installed


def test_it_is_found_from_anywhere(tmp_path: Path) -> None:
    program = "from filmgraph.workspace import Workspace; print(Workspace.find().root)"
    environment = {**os.environ, "PYTHONPATH": str(SOURCE)}
    found = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, env=environment, capture_output=True, text=True, check=True
    )
    assert found.stdout.strip() == str(Workspace.find().root)


def test_a_root_of_one_s_own(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert Workspace.find(root).graph_files == (
        *(root / "ontology" / name for name in GRAPH_ONTOLOGY_FILES),
        root / "data" / "films" / "a.ttl",
        root / "data" / "films" / "b.ttl",
    )
    assert Workspace.find(str(root)).digest() == Workspace.find(root).digest()
    monkeypatch.chdir(root.parent)
    assert Workspace.find("space").digest() == Workspace.find(root).digest()


@pytest.mark.parametrize("folder", ["ontology", "data", "queries"])
def test_a_missing_folder_is_named(root: Path, folder: str) -> None:
    shutil.rmtree(root / folder)
    with pytest.raises(DataError, match=f"there is no folder {folder}/ here") as caught:
        Workspace.find(root)
    assert caught.value.file == str(root)


def test_a_file_for_a_folder(root: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no folder ontology/"):
        Workspace.find(tmp_path / "nowhere")
    with pytest.raises(DataError, match="no folder ontology/"):
        Workspace.find(root / "ontology" / "filmgraph.ttl")


def test_a_missing_file_of_the_ontology_is_named(root: Path) -> None:
    (root / "ontology" / "genres.ttl").unlink()
    with pytest.raises(DataError, match=r"genres\.ttl: cannot be read: No such file"):
        Workspace.find(root).digest()
    with pytest.raises(DataError, match=r"genres\.ttl: cannot be read: No such file"):
        Workspace.find(root).stamp()


def test_only_turtle_belongs_to_the_graph(root: Path) -> None:
    before = Workspace.find(root).digest()
    for name in ("data/notes.md", "data/films/a.ttl~", "data/films/.a.ttl.swp", "queries/q.rq", "ontology/shapes.ttl"):
        (root / name).write_text("no graph", encoding="utf-8")
    assert Workspace.find(root).digest() == before


def change(root: Path, what: str) -> None:
    films = root / "data" / "films"
    match what:
        case "a byte":
            (films / "a.ttl").write_text("<http://e.org/a> a <http://e.org/G> .", encoding="utf-8")
        case "a byte more":
            (films / "a.ttl").write_text((films / "a.ttl").read_text("utf-8") + "\n", encoding="utf-8")
        case "a name":
            (films / "a.ttl").rename(films / "c.ttl")
        case "a folder":
            (films / "a.ttl").rename(root / "data" / "a.ttl")
        case "two names swapped":
            (films / "a.ttl").rename(films / "x")
            (films / "b.ttl").rename(films / "a.ttl")
            (films / "x").rename(films / "b.ttl")
        case "a file more":
            (films / "empty.ttl").touch()
        case "a file less":
            (films / "b.ttl").unlink()
        case "bytes between files":
            first, second = (films / "a.ttl").read_text("utf-8"), (films / "b.ttl").read_text("utf-8")
            (films / "a.ttl").write_text(first + second[:5], encoding="utf-8")
            (films / "b.ttl").write_text(second[5:], encoding="utf-8")
        case "the ontology":
            (root / "ontology" / "filmgraph.ttl").write_text("", encoding="utf-8")


CHANGES = [
    "a byte", "a byte more", "a name", "a folder", "two names swapped", "a file more", "a file less",
    "bytes between files", "the ontology",
]  # fmt: skip


@pytest.mark.parametrize("what", CHANGES)
def test_the_digest_changes_with(root: Path, what: str) -> None:
    before, stamp = Workspace.find(root).digest(), Workspace.find(root).stamp()[0]
    assert Workspace.find(root).digest() == before
    assert Workspace.find(root).stamp()[0] == stamp
    change(root, what)
    assert Workspace.find(root).digest() != before
    assert Workspace.find(root).stamp()[0] != stamp


def test_the_digest_is_of_the_content_alone(root: Path, tmp_path: Path) -> None:
    shutil.copytree(root, tmp_path / "elsewhere")
    os.utime(tmp_path / "elsewhere" / "data" / "films" / "a.ttl", (1, 1))
    assert Workspace.find(tmp_path / "elsewhere").digest() == Workspace.find(root).digest()


def test_a_byte_shows_in_the_stamp_though_the_time_is_set_back(root: Path) -> None:
    file = root / "data" / "films" / "a.ttl"
    os.utime(file, (1, 1))
    stamp = Workspace.find(root).stamp()[0]
    change(root, "a byte")
    os.utime(file, (1, 1))
    assert Workspace.find(root).stamp()[0] != stamp
