"""Puts the browser code of others in place: fetched with npm, checked against pinned hashes, never committed.

``package.json`` beside this file names each package with its exact version and each file with its SHA-384. Run
``python -m filmgraph.web.vendor``; without npm it says so and ends well, for the site works without: its SPARQL editor
is a plain form then, and its map a drawing.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

__all__ = ["SITE", "TESTS", "VendorError", "main", "missing", "npm", "put_in_place"]

HERE = Path(__file__).parent
SITE = HERE / "static" / "vendor"
"""Where the site finds its files."""
TESTS = HERE.parents[2] / "tests" / "browser" / "vendor"
"""Where the tests find theirs, in a repository; they are no part of the wheel."""

_SECONDS = 180
_MIT = """Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated
documentation files (the "Software"), to deal in the Software without restriction, including without limitation the
rights to use, copy, modify, merge, publish, distribute, sublicense, and/or sell copies of the Software, and to permit
persons to whom the Software is furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all copies or substantial portions of the
Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE
WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR
COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR
OTHERWISE, ARISING FROM, OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.
"""


class VendorError(Exception):
    """The files could not be fetched, or are not what is pinned; one line says which."""


def npm() -> str | None:
    """Return the npm to use, None where there is none; the environment's ``NPM`` names another, or none if empty."""
    name = os.environ.get("NPM", "npm")
    return shutil.which(name) if name else None


def _sha384(content: bytes) -> str:
    return "sha384-" + base64.b64encode(hashlib.sha384(content).digest()).decode()


def _pinned(group: str) -> dict[str, str]:
    pinned: dict[str, str] = json.loads((HERE / "package.json").read_text(encoding="utf-8"))["filmgraph"][group]
    return pinned


def missing(group: str, folder: Path) -> list[str]:
    """Return the names of the files of a group ("site", "tests") that a folder lacks, or has with another content."""
    found = []
    for source, digest in _pinned(group).items():
        file = folder / Path(source).name
        if not file.is_file() or _sha384(file.read_bytes()) != digest:
            found.append(file.name)
    return found


def put_in_place(places: Mapping[str, Path], *, npm: str) -> None:
    """Fetch the files of each group and put them into its folder, with the licences of all that is in them.

    Nothing is put in place unless every file has the pinned hash. Raises :class:`VendorError`.
    """
    with tempfile.TemporaryDirectory(prefix="filmgraph-vendor-") as name:
        work = Path(name)
        shutil.copyfile(HERE / "package.json", work / "package.json")
        _install(work, npm=npm, with_tests="tests" in places)
        modules = work / "node_modules"
        checked = [
            (folder / Path(source).name, _checked(modules, source, digest))
            for group, folder in places.items()
            for source, digest in _pinned(group).items()
        ]
        licences = _licences(modules, among_tests=_packages(_pinned("tests")))
        for folder in places.values():
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
        for file, content in checked:
            file.write_bytes(content)
        if "site" in places:
            (places["site"] / "LICENCES.txt").write_text(licences, encoding="utf-8")


def _install(work: Path, *, npm: str, with_tests: bool) -> None:
    command = [npm, "install", "--ignore-scripts", "--no-package-lock", "--no-audit", "--no-fund", "--loglevel=error"]
    if not with_tests:
        command.append("--omit=dev")
    try:
        done = subprocess.run(
            command,
            cwd=work,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise VendorError(f"npm did not fetch the packages: {error}") from error
    if done.returncode:
        lines = (done.stderr or done.stdout).strip().splitlines() or [f"status {done.returncode}"]
        raise VendorError(f"npm did not fetch the packages: {lines[0].strip()}")


def _checked(modules: Path, source: str, digest: str) -> bytes:
    try:
        content = (modules / source).read_bytes()
    except OSError as error:
        raise VendorError(f"{source} is not in its package: {error.strerror}") from error
    if _sha384(content) != digest:
        raise VendorError(f"{source} is not the file that is pinned: it has {_sha384(content)}")
    return content


def _packages(sources: Mapping[str, str]) -> set[str]:
    """Return the packages that files come from."""
    return {"/".join(source.split("/")[: 2 if source.startswith("@") else 1]) for source in sources}


def _licences(modules: Path, *, among_tests: set[str]) -> str:
    """Return the licences of every package that a file of the site may hold a part of, by name."""
    parts = []
    for file in sorted([*modules.glob("*/package.json"), *modules.glob("@*/*/package.json")]):
        about = json.loads(file.read_text(encoding="utf-8"))
        if about.get("name") in among_tests:
            continue
        licence = about.get("license", "")
        texts = sorted(
            text
            for text in file.parent.iterdir()
            if text.is_file() and text.name.lower().startswith(("licen", "copying"))
        )
        told = "\n".join(
            text.read_text(encoding="utf-8", errors="replace") for text in texts if text.suffix in ("", ".txt", ".md")
        )
        if not told and licence == "MIT":
            told = f"Copyright (c) {_author(about)}\n\n{_MIT}"
        parts.append(f"{about.get('name')} {about.get('version')}: {licence}\n\n{told.strip()}\n")
    return ("\n" + "-" * 80 + "\n\n").join(parts)


def _author(about: Mapping[str, object]) -> str:
    contributors = about.get("contributors")
    people = [about.get("author"), *(contributors if isinstance(contributors, list) else [])]
    names = [str(person.get("name", "") if isinstance(person, dict) else person or "") for person in people]
    return ", ".join(name.split(" <")[0] for name in names if name) or f"the authors of {about.get('name')}"


def main(arguments: Sequence[str] | None = None) -> int:
    """Put the files in place and say so in one line; with ``--if-possible`` a failure is no failure."""
    wanted = sys.argv[1:] if arguments is None else arguments
    places = {"site": SITE} | ({"tests": TESTS} if TESTS.parent.is_dir() else {})
    if not any(missing(group, folder) for group, folder in places.items()):
        print("The browser code of others is in place.")
        return 0
    found = npm()
    if found is None:
        print("There is no npm: the SPARQL editor will be a plain form, and the map a drawing.")
        return 0
    try:
        put_in_place(places, npm=found)
    except VendorError as error:
        print(
            f"{error}. Without these files the SPARQL editor is a plain form, and the map a drawing.", file=sys.stderr
        )
        return 0 if "--if-possible" in wanted else 1
    print(f"Put in place: {', '.join(Path(name).name for group in places for name in _pinned(group))}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
