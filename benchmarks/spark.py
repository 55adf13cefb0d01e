"""Spark beside one machine: all films alike and PageRank, on one worker, on two, and in arrays.

    python benchmarks/spark.py
    python benchmarks/spark.py --films 10000 30000 --jobs similar
    python benchmarks/spark.py --tiny            (shows that all of it runs, the figures mean nothing)

A worker is a process with one core and an executor of a gigabyte. The times are those of a job in a session that is
open and warm, from Parquet to Parquet; opening a session is told apart.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import generate
import pyarrow as pa
import pyarrow.parquet as pq
from measure import timed
from spark_cluster import SparkCluster, why_not

from filmgraph.batch import run_in, run_job
from filmgraph.batch.session import spark_session
from filmgraph.namespaces import iri

SIZES = (10_000, 30_000, 100_000, 300_000)
JOBS = ("similar", "pagerank")
SETTINGS = {
    "spark.driver.memory": "1g",
    "spark.executor.memory": "1g",
    "spark.sql.files.maxPartitionBytes": "1m",
}
WARMING = 1_000
FILES = 8

Times = dict[tuple[str, str, int], float]


def run(sizes: Sequence[int] = SIZES, jobs: Sequence[str] = JOBS) -> None:
    """Measure the jobs at some sizes on each engine, and print a table for each job."""
    if reason := why_not():
        print(f"Spark: {reason}")
        return
    with tempfile.TemporaryDirectory(prefix="filmgraph-spark-") as name:
        folder = Path(name)
        for films in {WARMING, *sizes}:
            write_tables(folder / str(films), films)
        times: Times = {}
        for films in sizes:
            for job in jobs:
                times[job, "local", films] = timed(lambda job=job, films=films: here(folder, job, films))
                print(f"  {job}, {films:,} films, this machine: {times[job, 'local', films]:.1f} s", flush=True)
        for workers in (1, 2):
            times |= on_spark(folder, workers, sizes, jobs)
    for job in jobs:
        print_job(job, sizes, times)


def on_spark(folder: Path, workers: int, sizes: Sequence[int], jobs: Sequence[str]) -> Times:
    """Return the times of the jobs on a cluster of some workers."""
    times: Times = {}
    engine = f"{workers} worker{'' if workers == 1 else 's'}"
    with SparkCluster(folder / f"cluster-{workers}", workers=workers, memory="1500m") as cluster:
        opened: list[float] = []
        context = spark_session(cluster.url, name="benchmark", partitions=12, settings=SETTINGS)
        session = None

        def opening() -> None:
            nonlocal session
            session = context.__enter__()

        opened.append(timed(opening))
        try:
            for films in (WARMING, *sizes):
                for job in jobs:

                    def there(job: str = job, films: int = films) -> None:
                        run_in(session, job, str(folder / str(films)), str(folder / "there"), overwrite=True)

                    times[job, engine, films] = timed(there)
                    print(f"  {job}, {films:,} films, {engine}: {times[job, engine, films]:.1f} s", flush=True)
        finally:
            context.__exit__(None, None, None)
        print(f"  a session on {engine} opens in {opened[0]:.1f} s", flush=True)
    return times


def here(folder: Path, job: str, films: int) -> None:
    """Run a job in the memory of this machine."""
    run_job(job, folder / str(films), folder / "here", engine="local", overwrite=True)


def print_job(job: str, sizes: Sequence[int], times: Times) -> None:
    """Print one job's table, and from where on Spark pays."""
    engines = ("local", "1 worker", "2 workers")
    print(f"\n{job}, in seconds, {os.cpu_count()} cores\n")
    print("films".rjust(9), *(engine.rjust(10) for engine in (*engines, "2 to 1", "2 to local")))
    for films in sizes:
        own = [times[job, engine, films] for engine in engines]
        ratios = f"{own[1] / own[2]:.2f}×", f"{own[2] / own[0]:.2f}×"
        print(f"{films:9,}", *(f"{seconds:10.1f}" for seconds in own), *(ratio.rjust(10) for ratio in ratios))
    paying = [films for films in sizes if times[job, "2 workers", films] < times[job, "local", films]]
    print(f"Spark pays from {paying[0]:,} films on." if paying else "Spark pays at none of these sizes.")


def write_tables(folder: Path, films: int) -> None:
    """Write the techniques of made films as Parquet, the part of a graph that the jobs compare films by."""
    folder.mkdir()
    names = [iri("film", slug) for slug in generate.film_slugs(films)]
    broader = [tuple(iri("technique", end) for end in link) for link in generate.technique_links()]
    techniques = sorted({end for link in broader for end in link})
    nodes = [*((name, "film") for name in names), *((name, "technique") for name in techniques)]
    edges = [*uses(films), *((*link, "broader", 1.0) for link in broader), *within(broader)]
    for table, columns, rows in (
        ("nodes", ("id", "kind"), nodes),
        ("edges", ("source", "target", "kind", "weight"), edges),
    ):
        (folder / table).mkdir()
        whole = pa.table(dict(zip(columns, map(list, zip(*rows, strict=True)), strict=True)))
        step = -(-whole.num_rows // FILES)
        for number in range(FILES):
            pq.write_table(whole.slice(number * step, step), folder / table / f"part-{number}.parquet")


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


def main() -> None:
    """Run what the arguments name."""
    parser = argparse.ArgumentParser(description="Measure Spark beside one machine.")
    parser.add_argument("--films", type=int, nargs="+", default=list(SIZES), help="numbers of films")
    parser.add_argument("--jobs", nargs="+", choices=JOBS, default=list(JOBS))
    parser.add_argument("--tiny", action="store_true", help="one small size")
    given = parser.parse_args()
    run([500] if given.tiny else sorted(given.films), given.jobs)


if __name__ == "__main__":
    main()
