"""Spark beside one machine: all films alike and PageRank, in arrays, on one worker and on two; time and memory.

    python benchmarks/spark.py --json docs/tables/spark.json
    python benchmarks/spark.py --films 10000 30000 --jobs similar --engines local,2
    python benchmarks/spark.py --tiny            (shows that all of it runs, the figures mean nothing)

A worker is a process with one core and an executor of a gigabyte. The times are those of a job in a session that is
open and warm, from Parquet to Parquet; opening a session is told apart. The arrays run in a process of their own. What
takes longer than ``--patience`` is stopped, and larger graphs are then not tried. With ``--json`` the results are kept
in a file as they are measured, those of earlier runs beside them; ``python docs/generate.py`` puts them into
docs/batch.md.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import generate
import pyarrow as pa
import pyarrow.parquet as pq
from scale import machine
from spark_cells import Here, There, warm_up
from spark_cluster import why_not
from spark_table import ENGINES, JOBS, as_text, cell_of, verdicts

from filmgraph.namespaces import iri

SIZES = (10_000, 30_000, 100_000, 300_000)
PATIENCE = 300.0
WARMING = 1_000
PEERS = ("filmgraph-kg", "pyspark", "pyarrow", "numpy", "scipy")
FILES = 8

Results = dict[str, Any]


def run(
    folder: Path,
    sizes: Sequence[int],
    jobs: Sequence[str] = JOBS,
    engines: Sequence[str] = ENGINES,
    *,
    patience: float = PATIENCE,
    keep: Path | None = None,
) -> Results:
    """Measure the jobs at some sizes on each engine; ``keep`` is read first, and written after each cell."""
    results: Results = {"sizes": {}, "sessions": {}}
    if keep and keep.exists():
        results = json.loads(keep.read_text(encoding="utf-8"))
    results |= {"machine": machine(PEERS), "patience": patience}
    for films in sorted({WARMING, *sizes}):
        told = write_tables(folder / str(films), films)
        if films in sizes:
            results["sizes"].setdefault(str(films), {"jobs": {}}).update(told)
    results["sizes"] = {films: results["sizes"][films] for films in sorted(results["sizes"], key=int)}
    for engine in engines:
        with Here(folder) if engine == "local" else There(folder, workers=int(engine)) as measured:
            if isinstance(measured, There):
                results["sessions"][engine] = measured.opened
                warm_up(measured, jobs, WARMING, patience)
            for job in jobs:
                over = False
                for films in sorted(sizes):
                    cell = {"untried": True, "patience": patience} if over else measured.cell(job, films, patience)
                    over = over or "over" in cell
                    results["sizes"][str(films)]["jobs"].setdefault(job, {})[engine] = cell
                    print(f"  {job}, {films:,} films, {ENGINES[engine]}: {cell_of(cell)}", flush=True)
                    if keep:
                        keep.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    return results


def write_tables(folder: Path, films: int) -> dict[str, int]:
    """Write the techniques of made films as Parquet, the part of a graph that the jobs compare films by.

    Tables that are there already are left as they are. Returns how many rows and bytes they have.
    """
    if not folder.exists():
        aside = folder.with_name(f"{folder.name}.part")
        aside.mkdir()
        names = [iri("film", slug) for slug in generate.film_slugs(films)]
        broader = [tuple(iri("technique", end) for end in link) for link in generate.technique_links()]
        techniques = sorted({end for link in broader for end in link})
        nodes = [*((name, "film") for name in names), *((name, "technique") for name in techniques)]
        edges = [*uses(films), *((*link, "broader", 1.0) for link in broader), *within(broader)]
        write_table(aside / "nodes", ("id", "kind"), nodes)
        write_table(aside / "edges", ("source", "target", "kind", "weight"), edges)
        aside.rename(folder)
    files = list(folder.rglob("*.parquet"))
    edges_rows = sum(pq.read_metadata(file).num_rows for file in files if file.parent.name == "edges")
    return {"films": films, "edges": edges_rows, "bytes": sum(file.stat().st_size for file in files)}


def write_table(folder: Path, columns: tuple[str, ...], rows: Sequence[tuple[Any, ...]]) -> None:
    """Write rows as a folder of some files of Parquet."""
    folder.mkdir()
    whole = pa.table(dict(zip(columns, map(list, zip(*rows, strict=True)), strict=True)))
    step = -(-whole.num_rows // FILES)
    for number in range(FILES):
        pq.write_table(whole.slice(number * step, step), folder / f"part-{number}.parquet", compression="zstd")


def uses(films: int) -> Iterator[tuple[str, str, str, float]]:
    """Yield the edges between films and the techniques that they use."""
    for film, technique in generate.use_pairs(films):
        yield iri("film", film), iri("technique", technique), "uses", 1.0


def within(broader: Sequence[tuple[str, ...]]) -> Iterator[tuple[str, str, str, float]]:
    """Yield the edges to all broader techniques: made ones have three levels."""
    parents = dict(broader)
    for low, high in broader:
        yield low, high, "within", 0.5
        if high in parents:
            yield low, parents[high], "within", 0.25


def main() -> int:
    """Run what the arguments name; return the status to end with."""
    parser = argparse.ArgumentParser(description="Measure Spark beside one machine.")
    parser.add_argument("--films", type=int, nargs="+", default=list(SIZES), help="numbers of films")
    parser.add_argument("--jobs", nargs="+", choices=JOBS, default=list(JOBS)[:2])
    parser.add_argument("--engines", default=",".join(ENGINES), help=f"of {', '.join(ENGINES)}, with commas")
    parser.add_argument("--patience", type=float, default=PATIENCE, metavar="SECONDS", help="the longest for a job")
    parser.add_argument("--json", type=Path, help="a file that the results are added to")
    parser.add_argument("--folder", type=Path, help="where tables lie, made once; default: a temporary folder")
    parser.add_argument("--tiny", action="store_true", help="one small size")
    given = parser.parse_args()
    engines = given.engines.split(",")
    if unknown := sorted(set(engines) - ENGINES.keys()):
        parser.error(f"there is no engine {unknown[0]!r}; there are {', '.join(ENGINES)}")
    if min(given.films) < 1 or given.patience <= 0:
        parser.error("films and patience are numbers above 0")
    if reason := why_not():
        print(f"Spark: {reason}", file=sys.stderr)
        return 2
    sizes = [500] if given.tiny else sorted(set(given.films))
    with tempfile.TemporaryDirectory(prefix="filmgraph-spark-") as name:
        folder = (given.folder or Path(name)).resolve()
        folder.mkdir(parents=True, exist_ok=True)
        results = run(folder, sizes, given.jobs, engines, patience=given.patience, keep=given.json)
    print(f"\n{as_text(results)}\n")
    print("\n".join(verdicts(results)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
