"""How long a command takes from its start to its end, against ``python -c pass`` of the same interpreter."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

import generate
from measure import Task, print_table, take_turns

import filmgraph
from filmgraph.stores.compiled import SETTLED_NS
from filmgraph.workspace import Workspace

FILM = "her-2013"
LARGER_TRIPLES = 100_000
TRIPLES_A_FILM = 69
BARE = "python -c pass"


def run(*, tiny: bool = False) -> None:
    """Measure ``--help`` and a film's page, on the bundled graph and on a larger one."""
    rounds, first_rounds = (1, 1) if tiny else (15, 3)
    with tempfile.TemporaryDirectory() as name, filmgraph.open() as graph:
        folder = Path(name)
        triples = graph.stats()["triples"]
        films = 3 if tiny else max(0, LARGER_TRIPLES - triples) // TRIPLES_A_FILM
        large = larger_workspace(graph.workspace, folder / "large", films).root
        if not tiny:
            time.sleep(SETTLED_NS / 1e9 + 0.5)
        environment = _environment(folder / "cache")
        bare = Task(BARE, lambda: _call(sys.executable, "-c", "pass", environment=environment))
        film = ("film", FILM)
        there = ("--root", str(large))
        for arguments in (film, (*film, *there)):
            _call(*_filmgraph(), *arguments, environment=environment)
        warm = [
            bare,
            _task("filmgraph --help", environment, "--help", at_most=7),
            _task(f"filmgraph film {FILM}", environment, *film, at_most=9),
            _task(f"  in {LARGER_TRIPLES:,} triples", environment, *film, *there, at_most=9),
        ]
        print_table(f"Cold start, {triples:,} triples", take_turns(warm, rounds=rounds))
        first = [
            bare,
            Task("first film ever", _first_run(folder / "first", *film), BARE, at_most=40),
            Task(f"  in {LARGER_TRIPLES:,} triples", _first_run(folder / "first-large", *film, *there), BARE),
        ]
        print_table("First run, which compiles the graph", take_turns(first, rounds=first_rounds))


def larger_workspace(workspace: Workspace, root: Path, films: int) -> Workspace:
    """Copy a workspace and add made films to it, each in a file of its own as the real ones are."""
    for folder in (workspace.ontology, workspace.data, workspace.queries):
        shutil.copytree(folder, root / folder.name)
    others = [*generate.technique_subjects(), *generate.people(films)]
    generate.write_graph(root / "data" / "made.ttl", films, subjects=others)
    for subjects in generate.films_one_by_one(films):
        slug = subjects[0][0].removeprefix("film:")
        generate.write_graph(root / "data" / "films" / f"{slug}.ttl", films, subjects=subjects)
    return Workspace.find(root)


def _task(label: str, environment: Mapping[str, str], *arguments: str, at_most: float) -> Task:
    command = (*_filmgraph(), *arguments)
    return Task(label, lambda: _call(*command, environment=environment), BARE, at_most)


def _first_run(cache: Path, *arguments: str) -> object:
    def run_with_empty_cache() -> None:
        shutil.rmtree(cache, ignore_errors=True)
        _call(*_filmgraph(), *arguments, environment=_environment(cache))

    return run_with_empty_cache


def _environment(cache: Path) -> dict[str, str]:
    """Return the environment of a call: a cache of its own, and bytecode kept as Python keeps it by default."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {**kept, "FILMGRAPH_CACHE": str(cache)}


def _filmgraph() -> tuple[str, ...]:
    script = Path(sys.executable).with_name("filmgraph")
    if script.is_file():
        return (str(script),)
    return (sys.executable, "-c", "from filmgraph.cli import main; main()")


def _call(*command: str, environment: Mapping[str, str]) -> bytes:
    return subprocess.run(command, stdout=subprocess.PIPE, check=True, env=environment).stdout
