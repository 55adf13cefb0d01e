"""A wheel works installed elsewhere, away from the repository, with ontology, data and queries inside."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import zipfile
from email.parser import Parser
from pathlib import Path

import pytest
from sites import Served, status_of

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    # Nothing is fetched here: what is in place is taken.
    environment = {**os.environ, "NPM": ""}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    assert done.returncode == 0, done.stdout + done.stderr
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", str(folder), str(wheel)]
    subprocess.run(command, check=True)
    return folder


def run_installed(installed: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run Python with the installed wheel before the development one, from a folder outside the repository."""
    environment = {**os.environ, "PYTHONPATH": str(installed), "FILMGRAPH_CACHE": str(installed / "cache")}
    return subprocess.run(
        [sys.executable, *arguments], capture_output=True, text=True, cwd=installed, env=environment, check=False
    )


def test_wheel_holds_every_file_of_the_three_folders(wheel: Path) -> None:
    inside = set(zipfile.ZipFile(wheel).namelist())
    files = [
        file
        for folder in ("ontology", "data", "queries")
        for file in (ROOT / folder).rglob("*")
        if file.is_file() and not file.name.startswith(".")
    ]
    assert len(files) > 100
    wanted = {f"filmgraph/bundled/{file.relative_to(ROOT).as_posix()}" for file in files}
    assert wanted - inside == set()
    assert "filmgraph/py.typed" in inside
    assert not any(name.startswith(("tests/", "docs/", "benchmarks/")) for name in inside)


def test_wheel_holds_the_site_and_what_of_others_is_in_place(wheel: Path) -> None:
    inside = set(zipfile.ZipFile(wheel).namelist())
    web = ROOT / "src" / "filmgraph" / "web"
    files = [file for folder in ("templates", "static") for file in (web / folder).rglob("*") if file.is_file()]
    assert len(files) > 20
    assert {f"filmgraph/web/{file.relative_to(web).as_posix()}" for file in files} - inside == set()
    assert "filmgraph/web/package.json" in inside
    assert "filmgraph/web/build_hook.py" not in inside
    assert not any("axe" in name for name in inside)
    of_others = {name.rpartition("/")[2] for name in inside if "/static/vendor/" in name}
    assert of_others in (set(), {"LICENCES.txt", "cytoscape.min.js", "yasgui.min.css", "yasgui.min.js"})
    assert of_others or not os.environ.get("CI")


def test_metadata_name_both_licences(wheel: Path) -> None:
    archive = zipfile.ZipFile(wheel)
    (name,) = (name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
    metadata = Parser().parsestr(archive.read(name).decode())
    assert metadata["Name"] == "filmgraph-kg"
    assert metadata["License-Expression"] == "MIT AND CC-BY-4.0"
    assert metadata.get_all("License-File") == ["LICENSE", "LICENSE-DATA"]
    licences = [entry for entry in archive.namelist() if "/licenses/" in entry]
    assert len(licences) == 2
    assert all(len(archive.read(entry)) > 1000 for entry in licences)


def test_installed_wheel_answers_from_its_own_files(installed: Path) -> None:
    code = (
        "import filmgraph, filmgraph.workspace as w; print(filmgraph.__file__); print(w.Workspace.find().root); "
        "graph = filmgraph.open(); print(graph.film('Her').tally_line); print(len(graph.library)); "
        "print(graph.similar('Her', limit=1)[0].title)"
    )
    done = run_installed(installed, "-c", code)
    assert done.returncode == 0, done.stderr
    package, root, tally, queries, _similar = done.stdout.splitlines()
    assert Path(package).is_relative_to(installed)
    assert Path(root).is_relative_to(installed)
    assert tally == "2 Cinematography · 1 Editing · 1 Sound"
    assert int(queries) >= 18


def test_installed_wheel_serves(installed: Path) -> None:
    environment = {"PYTHONPATH": str(installed), "FILMGRAPH_CACHE": str(installed / "cache")}
    with Served.site(environment=environment) as site:
        page = site.get("/film/her-2013")
        assert status_of(page) == 200
        for path in sorted(set(re.findall(r'(?:href|src)="(/static/[^"?]+)', page.decode()))):
            assert status_of(site.get(path)) == 200, path


def test_installed_command_line_runs(installed: Path) -> None:
    done = run_installed(installed, "-c", "import sys; from filmgraph.cli import main; main()", "film", "her-2013")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("Her (2013)\n")


def test_an_installed_copy_takes_no_new_film(installed: Path) -> None:
    code = "import sys; from filmgraph.cli import main; main()"
    done = run_installed(installed, "-c", code, "new", "film", "A New Film", "1999")
    assert done.returncode == 2
    assert "--root DIR" in done.stderr
    assert not list(installed.rglob("a-new-film-1999.ttl"))
