"""The benchmarks: the graphs that they make are valid and always the same, and every part of them runs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from itertools import islice
from pathlib import Path
from typing import Any

import pyoxigraph as ox
import pytest
from scripts import BENCHMARKS, generate, script

from filmgraph.arrays import FilmTechniqueArrays
from filmgraph.namespaces import FG, iri, slug_of
from filmgraph.stores import MemoryStore
from filmgraph.validation import validate_files
from filmgraph.workspace import Workspace

measure = script("measure")
scale_table = sys.modules.setdefault("scale_table", script("scale_table"))  # as its folder's scripts name it
scale_runs = script("scale_runs")


def made(folder: Path, films: int, *, name: str = "made.ttl", seed: int = generate.SEED, joining: bool = False) -> Path:
    file = folder / name
    generate.write_graph(file, films, seed=seed, joining=joining)
    return file


def ratio_of(own: list[float], peer: list[float], *, at_most: float) -> Any:
    return measure.Measured(measure.Task("own", list, "peer", at_most), tuple(own), tuple(peer))


def test_a_made_graph_joins_the_bundled_one_and_passes_its_shapes(tmp_path: Path) -> None:
    report = validate_files([made(tmp_path, 25, joining=True)], workspace=Workspace.find())
    assert report.violations == ()
    assert report.focus_nodes > 25 * 10


def test_a_made_graph_passes_the_shapes_by_itself(tmp_path: Path) -> None:
    with MemoryStore() as nothing:
        report = validate_files([made(tmp_path, 25)], workspace=Workspace.find(), store=nothing)
    assert report.violations == ()


def test_a_made_graph_has_the_size_of_a_real_one(tmp_path: Path) -> None:
    films = 1_000
    triples = generate.write_graph(tmp_path / "made.nt", films)
    assert 62 <= triples / films <= 76
    with MemoryStore.of_files([tmp_path / "made.nt"]) as store:
        assert len(store) == triples, "no triple is written twice"
        uses = store.select(f"SELECT ?f (COUNT(?u) AS ?n) WHERE {{ ?u <{FG}film> ?f }} GROUP BY ?f")
        assert set(uses.column("n")) == {generate.USES}
        assert len(uses) == films
        kinds = {
            kind: store.select(f"SELECT ?x WHERE {{ ?x a <{FG}{kind}> }}")
            for kind in ("SceneExample", "Critic", "Review", "ReviewClaim", "Passage")
        }
        assert len(kinds["SceneExample"]) == films * generate.USES
        assert len(kinds["ReviewClaim"]) == len(kinds["Passage"]) > len(kinds["Review"]) > len(kinds["Critic"]) > 0
        assert store.ask(f"ASK {{ ?claim <{FG}comparesTo> ?film . ?film a <{FG}Film> }}")


def test_both_forms_hold_the_same_graph(tmp_path: Path) -> None:
    graphs = []
    for name, form in (("made.nt", ox.RdfFormat.N_TRIPLES), ("made.ttl", ox.RdfFormat.TURTLE)):
        file = made(tmp_path, 10, name=name)
        graphs.append({str(quad.triple) for quad in ox.parse(path=file, format=form)})
    assert graphs[0] == graphs[1]


def test_the_same_seed_makes_the_same_bytes(tmp_path: Path) -> None:
    one, two = made(tmp_path, 20, name="one.ttl"), made(tmp_path, 20, name="two.ttl")
    other = made(tmp_path, 20, name="other.ttl", seed=7)
    assert one.read_bytes() == two.read_bytes() != other.read_bytes()


def test_popularity_falls_as_zipf_says() -> None:
    counts = Counter(technique for used in generate.uses_of(3_000) for technique in used)
    assert counts.most_common(1)[0][0] == 0
    ranks = [sum(counts[number] for number in range(start, start + 10)) for start in (0, 30, 90, 200)]
    assert ranks == sorted(ranks, reverse=True)
    assert ranks[0] > 5 * ranks[2]
    assert len(counts) > generate.TECHNIQUES * 0.9


def test_the_pairs_are_the_uses_of_the_graph(tmp_path: Path) -> None:
    pairs = generate.use_pairs(12)
    with MemoryStore.of_files([made(tmp_path, 12)]) as store:
        rows = store.select(f"SELECT ?f ?t WHERE {{ ?u <{FG}film> ?f ; <{FG}technique> ?t }}")
        assert {(slug_of(str(film)), slug_of(str(technique))) for film, technique in rows} == set(pairs)
        arrays = FilmTechniqueArrays.of_store(store)
    by_pairs = FilmTechniqueArrays.of_pairs(
        [(iri("film", film), iri("technique", technique)) for film, technique in pairs],
        [(iri("technique", narrow), iri("technique", broad)) for narrow, broad in generate.technique_links()],
    )
    assert arrays.techniques == by_pairs.techniques
    assert (arrays.closeness != by_pairs.closeness).nnz == 0


def test_the_hierarchy_has_three_levels() -> None:
    above = dict(generate.technique_links())
    leaves = above.keys() - set(above.values())
    assert len(leaves) == generate.TECHNIQUES
    crafts = {above[above[leaf]] for leaf in leaves}
    assert crafts.isdisjoint(above)
    broader = dict(islice(((name, dict(held)["skos:broader"]) for name, held in generate.technique_subjects()), 21))
    assert {name.removeprefix("technique:") for name in broader} == crafts
    assert {slug.removeprefix("category:") for slug in broader.values()} == set(generate.CATEGORIES)


@pytest.mark.parametrize("arguments", [["0", "made.nt"], ["5", "made.csv"]])
def test_the_generator_refuses_what_it_cannot_make(arguments: list[str], tmp_path: Path) -> None:
    done = call("generate.py", *arguments, folder=tmp_path)
    assert done.returncode == 2
    assert "one film or more" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_the_generator_is_a_command(tmp_path: Path) -> None:
    done = call("generate.py", "3", "made.ttl", folder=tmp_path)
    assert done.returncode == 0
    assert done.stdout.endswith(" a film\n")
    assert (tmp_path / "made.ttl").read_bytes() == made(tmp_path, 3, name="again.ttl").read_bytes()


def test_every_benchmark_runs(tmp_path: Path) -> None:
    done = call("run.py", "--tiny", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    for title in (
        "Cold start",
        "First run",
        "Load",
        "Query",
        "Similarity",
        "Paths",
        "against NetworkX",
        "One film page's query",
    ):
        assert title in done.stdout
    assert str(tmp_path) not in done.stdout
    assert str(BENCHMARKS.parent) not in done.stdout


def test_an_unknown_benchmark_is_named(tmp_path: Path) -> None:
    done = call("run.py", "speed", folder=tmp_path)
    assert done.returncode == 2
    assert "there is no part 'speed'" in done.stderr


def test_a_ratio_is_the_median_of_each_round() -> None:
    measured = ratio_of([2.0, 30.0, 9.0], [1.0, 10.0, 9.0], at_most=2)
    assert measured.ratio == 2.0
    assert measured.met is True
    assert ratio_of([2.0], [0.5], at_most=3).met is False


def test_tasks_take_turns() -> None:
    calls: list[str] = []
    tasks = [measure.Task(name, lambda name=name: calls.append(name)) for name in "ab"]
    measured = measure.take_turns(tasks, rounds=3)
    assert "".join(calls) == "abbaab"
    assert [len(each.seconds) for each in measured] == [3, 3]


def call(name: str, *arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(BENCHMARKS / name), *arguments],
        capture_output=True,
        text=True,
        check=False,
        cwd=folder,
        env={**os.environ, "PYTHONIOENCODING": "utf-8"},
    )


def test_the_table_of_scale_is_measured_kept_and_shown(tmp_path: Path) -> None:
    kept = tmp_path / "scale.json"
    asked = ("--engines", "filmgraph,pyoxigraph,rdflib", "--only", "load,open,similar,sharing,export", "--cap", "100")
    done = call("scale.py", "--tiny", *asked, "--json", str(kept), "--folder", str(tmp_path / "work"), folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert str(tmp_path) not in done.stdout
    cells = json.loads(kept.read_text(encoding="utf-8"))["sizes"]["tiny"]["cells"]
    assert cells.keys() == {"load", "open", "similar", "similar-cold", "sharing", "export-nt", "export-ttl"}
    for row in ("load", "sharing", "export-nt", "export-ttl"):
        assert cells[row].keys() == {"filmgraph", "pyoxigraph", "rdflib"}
    wrong = {row: cell for row, cell in cells.items() if any("seconds" not in each for each in cell.values())}
    assert wrong == {}
    assert all(each["peak"] > 5 for cell in cells.values() for each in cell.values())
    assert sum(line.startswith("| ") for line in done.stdout.splitlines()) == 1 + len(cells)
    assert {path.name for path in (tmp_path / "work").iterdir()} == {"films-5.nt", "filmgraph-5", "pyoxigraph-5"}


def test_scale_stops_what_takes_too_long_and_does_not_try_what_would(tmp_path: Path) -> None:
    kept = tmp_path / "scale.json"
    folder = tmp_path / "work"
    asked = ("--tiny", "--engines", "filmgraph", "--only", "load", "--json", str(kept), "--folder", str(folder))
    done = call("scale.py", *asked, "--cap", "0.01", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "> 0 s" in done.stdout
    size = json.loads(kept.read_text(encoding="utf-8"))["sizes"]["tiny"]
    assert size["cells"] == {"load": {"filmgraph": {"over": True, "cap": 0.01}}}
    runs = scale_runs.Runs(
        folder, 50, folder / "x", cap=1.0, patience=1.0, fresh=False, smaller=size, told={"triples": 2_347, "cells": {}}
    )
    assert runs.hopeless("load", "filmgraph")
    assert not runs.hopeless("open", "filmgraph")
    assert runs.told["cells"] == {"load": {"filmgraph": {"untried": True, "cap": 1.0}}}
    size["cells"]["load"]["rdflib"] = {"seconds": 0.001, "peak": 1e9}
    assert runs.hopeless("load", "rdflib")
    assert runs.told["cells"]["load"]["rdflib"]["most"] > 0
