"""From a hundred thousand triples to ten million: what each thing costs, beside other engines, in one table.

    python benchmarks/scale.py --folder work --sizes 100k,1m,10m --json docs/tables/scale.json
    python benchmarks/scale.py --folder work --sizes 1m --only load,export
    python benchmarks/scale.py --tiny

Graphs, stores and servers lie in ``--folder`` and are made once; ``--fresh`` makes them anew. Every cell runs in a
process of its own, whose highest memory is told, and is stopped after ``--cap`` seconds, a question after
``--patience``. What would take longer, as the size before shows, is not tried and stands in brackets. With ``--json``
the results are kept in a file, those of earlier runs beside them; ``python docs/generate.py`` makes the table and the
picture of docs/scale.md from it.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import sys
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import generate
from scale_runs import Runs, memory
from scale_table import ENGINES, ROWS, SIZES, as_text

PEERS = ("filmgraph-kg", "pyoxigraph", "numpy", "rdflib", "pyshacl", "shacl")


def run(*, tiny: bool = False) -> None:
    """Measure the smallest size, or all of them, and print the table."""
    with tempfile.TemporaryDirectory() as folder:
        results = measure(Path(folder), ["tiny"] if tiny else [*SIZES][1:], set(), ENGINES, cap=300.0, patience=60.0)
    print(as_text(results))


def measure(
    folder: Path,
    sizes: list[str],
    only: set[str],
    engines: tuple[str, ...],
    *,
    cap: float,
    patience: float,
    fresh: bool = False,
    before: dict[str, Any] | None = None,
    keep: Path | None = None,
) -> dict[str, Any]:
    """Return the results, those of ``before`` where nothing was measured anew; ``keep`` is written after each size."""
    results = before or {"sizes": {}}
    results["machine"] = machine()
    results["cap"], results["patience"] = cap, min(cap, patience)
    for size in sizes:
        films = SIZES[size]
        file = folder / f"films-{films}.nt"
        if not file.exists():
            aside = file.with_suffix(".part.nt")
            generate.write_graph(aside, films)
            aside.replace(file)
        told = results["sizes"].setdefault(size, {"films": films, "cells": {}})
        told["bytes"] = file.stat().st_size
        told["triples"] = sum(chunk.count(b"\n") for chunk in chunks(file))
        smaller = [results["sizes"][name] for name in SIZES if name in results["sizes"] and SIZES[name] < films]
        last = smaller[-1] if smaller else None
        runs = Runs(folder, films, file, cap=cap, patience=patience, fresh=fresh, smaller=last, told=told)
        runs.all(only, engines)
        results["sizes"] = {name: results["sizes"][name] for name in SIZES if name in results["sizes"]}
        if keep:
            keep.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    return results


def chunks(file: Path) -> Any:
    """Yield a file in parts."""
    with file.open("rb") as stream:
        while chunk := stream.read(1 << 20):
            yield chunk


def machine(peers: Sequence[str] = PEERS) -> dict[str, Any]:
    """Return what the figures depend on."""
    versions = {}
    for name in peers:
        try:
            versions[name] = version(name)
        except PackageNotFoundError:
            continue
    return {
        "cores": os.cpu_count(),
        "memory": round(memory() / 1024),
        "python": platform.python_version(),
        "versions": versions,
        "date": datetime.now(tz=UTC).date().isoformat(),
    }


def main() -> None:
    """Run what the arguments say."""
    parser = argparse.ArgumentParser(description="Measure filmgraph from 100,000 to 10,000,000 triples.")
    parser.add_argument("--sizes", default="100k,1m", help=f"of {', '.join(SIZES)}, with commas; default: 100k,1m")
    parser.add_argument("--only", default="", help=f"rows, with commas, by their beginnings: {', '.join(ROWS)}")
    parser.add_argument("--engines", default=",".join(ENGINES), help="with commas; default: all")
    parser.add_argument("--folder", type=Path, help="where graphs and stores lie; default: a temporary folder")
    parser.add_argument("--cap", type=float, default=300.0, metavar="SECONDS", help="the longest a cell may take")
    parser.add_argument("--patience", type=float, default=60.0, metavar="SECONDS", help="the longest for a question")
    parser.add_argument("--json", type=Path, help="a file that the results are added to")
    parser.add_argument("--fresh", action="store_true", help="make stores anew")
    parser.add_argument("--tiny", action="store_true", help="the smallest size; shows that all of it runs")
    given = parser.parse_args()
    sizes = ["tiny"] if given.tiny else given.sizes.lower().split(",")
    engines = tuple(given.engines.split(","))
    only = {row for row in ROWS for asked in filter(None, given.only.split(",")) if row.startswith(asked)}
    if unknown := [*(set(sizes) - SIZES.keys()), *(set(engines) - set(ENGINES))]:
        parser.error(f"there is no {unknown[0]!r}; sizes: {', '.join(SIZES)}; engines: {', '.join(ENGINES)}")
    if given.only and not only:
        parser.error(f"there is no row {given.only!r}; there are {', '.join(ROWS)}")
    before = json.loads(given.json.read_text(encoding="utf-8")) if given.json and given.json.exists() else None
    folder = given.folder or Path(tempfile.mkdtemp(prefix="filmgraph-scale-"))
    folder.mkdir(parents=True, exist_ok=True)
    try:
        results = measure(
            folder.resolve(),
            sizes,
            only,
            engines,
            cap=given.cap,
            patience=given.patience,
            fresh=given.fresh,
            before=before,
            keep=given.json,
        )
    finally:
        if given.folder is None:
            shutil.rmtree(folder, ignore_errors=True)
    print(as_text(results))


if __name__ == "__main__":
    sys.exit(main())
