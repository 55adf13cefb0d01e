"""Browser code of others: pinned, checked byte by byte, never committed, and not needed."""

from __future__ import annotations

import json
import os
import re
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from starlette.testclient import TestClient

import filmgraph
from filmgraph.web import create_app, vendor
from filmgraph.web.site import Site

ROOT = Path(__file__).parents[1]
PACKAGE = json.loads((ROOT / "src/filmgraph/web/package.json").read_text(encoding="utf-8"))
FAKE_NPM = """#!{python}
import json, os, pathlib, sys
if os.environ.get("FAKE_NPM_FAILS"):
    sys.exit("npm error network is down\\nnpm error again")
assert sys.argv[1] == "install" and "--ignore-scripts" in sys.argv and "--no-package-lock" in sys.argv
package = json.loads(pathlib.Path("package.json").read_text())
for group, names in package["filmgraph"].items():
    if group == "tests" and "--omit=dev" in sys.argv:
        continue
    for name in names:
        file = pathlib.Path("node_modules", name)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(os.environ.get("FAKE_NPM_ADDS", "").encode() + name.encode())
        home = pathlib.Path("node_modules", *name.split("/")[: 2 if name.startswith("@") else 1])
        about = {{"name": name.rpartition("/")[0], "version": "1", "license": "MIT", "author": "Some One <a@b.c>"}}
        (home / "package.json").write_text(json.dumps(about))
"""


@pytest.fixture
def npm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A stand-in for npm, whose files hold their own names and are pinned so."""
    file = tmp_path / "npm"
    file.write_text(FAKE_NPM.format(python=sys.executable), encoding="utf-8")
    file.chmod(file.stat().st_mode | stat.S_IXUSR)
    here = tmp_path / "web"
    here.mkdir()
    pinned = {
        group: {name: vendor._sha384(name.encode()) for name in names} for group, names in PACKAGE["filmgraph"].items()
    }
    (here / "package.json").write_text(json.dumps({**PACKAGE, "filmgraph": pinned}), encoding="utf-8")
    monkeypatch.setattr(vendor, "HERE", here)
    monkeypatch.setattr(vendor, "SITE", tmp_path / "site")
    monkeypatch.setattr(vendor, "TESTS", tmp_path / "tests" / "vendor")
    monkeypatch.setenv("NPM", str(file))
    (tmp_path / "tests").mkdir()
    return file


def test_packages_and_files_are_pinned() -> None:
    exact = re.compile(r"\d+\.\d+\.\d+")
    assert PACKAGE["dependencies"]["@zazuko/yasgui"] == "4.6.2"
    assert PACKAGE["dependencies"].keys() == {"@zazuko/yasgui", "cytoscape"}
    for group in ("dependencies", "devDependencies"):
        assert all(exact.fullmatch(version) for version in PACKAGE[group].values())
    assert PACKAGE["private"] is True
    for names in PACKAGE["filmgraph"].values():
        assert all(re.fullmatch(r"sha384-[A-Za-z0-9+/]{64}", digest) for digest in names.values())
    packages = vendor._packages(PACKAGE["filmgraph"]["site"])
    assert packages == PACKAGE["dependencies"].keys()


def test_nothing_of_it_is_committed() -> None:
    if not (ROOT / ".git").exists():
        pytest.skip("this is no checkout")
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, encoding="utf-8", check=True).stdout
    wrong = [line for line in listed.splitlines() if re.search(r"vendor/|\.min\.|node_modules|package-lock", line)]
    assert wrong == []


def test_files_are_put_in_place_with_their_licences(npm: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert vendor.main([]) == 0
    assert sorted(file.name for file in vendor.SITE.iterdir()) == [
        "LICENCES.txt",
        "cytoscape.min.js",
        "yasgui.min.css",
        "yasgui.min.js",
    ]
    assert [file.name for file in vendor.TESTS.iterdir()] == ["axe.min.js"]
    licences = (vendor.SITE / "LICENCES.txt").read_text(encoding="utf-8")
    assert "Copyright (c) Some One\n" in licences
    assert "Permission is hereby granted" in licences
    assert "axe-core" not in licences
    assert capsys.readouterr().out.startswith("Put in place: ")
    npm.unlink()
    assert vendor.main([]) == 0
    assert capsys.readouterr().out == "The browser code of others is in place.\n"


def test_a_file_with_other_bytes_is_not_put_in_place(
    npm: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FAKE_NPM_ADDS", "evil();")
    assert vendor.main([]) == 1
    assert "is not the file that is pinned" in capsys.readouterr().err
    assert not vendor.SITE.exists()
    assert not vendor.TESTS.exists()
    assert vendor.main(["--if-possible"]) == 0


def test_a_file_that_was_changed_in_place_is_put_right(npm: Path) -> None:
    vendor.main([])
    file = vendor.SITE / "cytoscape.min.js"
    file.write_text("evil()", encoding="utf-8")
    assert vendor.missing("site", vendor.SITE) == ["cytoscape.min.js"]
    assert vendor.main([]) == 0
    assert vendor.missing("site", vendor.SITE) == []


def test_a_failure_is_said_in_one_line(
    npm: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FAKE_NPM_FAILS", "1")
    assert vendor.main([]) == 1
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "network is down" in said


@pytest.mark.parametrize("name", ["", "no-such-npm"])
def test_without_npm_one_line_says_so(
    npm: Path, name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("NPM", name)
    assert vendor.main([]) == 0
    assert capsys.readouterr().out.count("\n") == 1
    assert not vendor.SITE.exists()


def test_pages_do_without_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Site, "has_asset", lambda site, name: not name.startswith("vendor/"))
    with filmgraph.open(ROOT / "tests" / "data" / "tiny.ttl") as graph:
        client = TestClient(create_app(graph), headers={"Accept": "text/html"})
        editor, drawing = client.get("/sparql").text, client.get("/map").text
    assert "vendor/" not in editor + drawing
    assert "<textarea" in editor
    assert "<svg" in drawing


class App:
    """What hatch gives a hook to speak with."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def display_warning(self, message: str) -> None:
        self.said.append(message)


@pytest.fixture
def hook(npm: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[object, App]:
    from filmgraph.web import build_hook

    monkeypatch.setattr(build_hook, "_vendor", lambda root: vendor)
    app = App()
    return build_hook.VendorHook(str(ROOT), {}, None, None, "", "wheel", app), app  # type: ignore[arg-type]


def test_building_a_wheel_fetches_the_files(hook: tuple[object, App]) -> None:
    hook[0].initialize("editable", {})  # type: ignore[attr-defined]
    assert not vendor.SITE.exists()
    hook[0].initialize("standard", {})  # type: ignore[attr-defined]
    assert vendor.missing("site", vendor.SITE) == []
    assert not vendor.TESTS.exists()
    assert hook[1].said == []


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [("NPM", "", "no npm"), ("FAKE_NPM_ADDS", "evil", "not the file"), ("NPM", os.devnull, "no npm")],
)
def test_a_wheel_is_built_without_them_too(
    hook: tuple[object, App], monkeypatch: pytest.MonkeyPatch, name: str, value: str, said: str
) -> None:
    monkeypatch.setenv(name, value)
    hook[0].initialize("standard", {})  # type: ignore[attr-defined]
    assert not vendor.SITE.exists()
    assert len(hook[1].said) == 1
    assert said in hook[1].said[0]
