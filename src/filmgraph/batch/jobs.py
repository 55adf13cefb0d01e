"""The jobs by name, and the way to run one: on a cluster, or on this machine."""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyoxigraph as ox

from filmgraph.batch.links import NEAREST
from filmgraph.batch.parquet import put_in_place
from filmgraph.errors import BatchError, NotFoundError, OutputError
from filmgraph.namespaces import expand, iri
from filmgraph.rows import Rows, Term

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

__all__ = ["ENGINES", "JOBS", "Answer", "run_in", "run_job"]

JOBS: dict[str, tuple[str, ...]] = {
    "similar": ("film", "rank", "similar", "score"),
    "pagerank": ("node", "kind", "score"),
    "communities": ("film", "community", "size"),
}
"""Name of a job to the columns of its answer, in the order in which they are written."""
ENGINES = ("spark", "local")

_ORDER = {
    "similar": (("film", "rank"), [True, True]),
    "pagerank": (("score", "node"), [False, True]),
    "communities": (("community", "film"), [True, True]),
}

GLIMPSE = 10
"""How many rows of an answer are shown."""
_ROWS_OF_A_FILE = 1_000_000


@dataclass(frozen=True)
class Answer:
    """Where a job's answer lies, its columns, how many rows it has, and its first ones."""

    folder: str
    columns: tuple[str, ...]
    rows: int
    first: Rows


def run_job(
    job: str,
    tables: str | os.PathLike[str],
    output: str | os.PathLike[str],
    *,
    engine: str = "spark",
    master: str = "local[*]",
    limit: int | None = None,
    starts: Sequence[str] = (),
    overwrite: bool = False,
    partitions: int | None = None,
    settings: Mapping[str, str] | None = None,
) -> Answer:
    """Run one of :data:`JOBS` over a graph that was written as Parquet; the answer is a folder of Parquet.

    ``limit`` is how many films each film is compared with in the answer of ``similar`` (10), and to how many it is
    joined for ``communities`` (6); ``starts`` are the films, by slug, CURIE or IRI, at which ``pagerank`` starts.
    ``master``, ``partitions`` and ``settings`` are for Spark.

    Raises :class:`~filmgraph.errors.BatchError` where what an engine needs is missing, or the cluster fails,
    :class:`~filmgraph.errors.DataError` where there is no such graph, and
    :class:`~filmgraph.errors.OutputError` where the answer cannot be written.
    """
    if job not in JOBS:
        raise NotFoundError(f"There is no job {job!r}.", suggestions=tuple(JOBS))
    if engine not in ENGINES:
        raise NotFoundError(f"There is no engine {engine!r}.", suggestions=ENGINES)
    options: dict[str, Any] = {}
    if job == "pagerank":
        options["starts"] = tuple(dict.fromkeys(map(_film, starts)))
    else:
        options["limit"] = limit if limit is not None else NEAREST if job == "communities" else 10
    source, target = os.fspath(tables).rstrip("/"), os.fspath(output)
    if engine == "local":
        return _run_here(job, Path(source), Path(target), overwrite, options)
    return _run_on_spark(job, source, target, overwrite, options, (master, partitions, settings))


def _film(name: str) -> str:
    return name if "://" in name else expand(name) or iri("film", name)


def _run_on_spark(
    job: str,
    source: str,
    target: str,
    overwrite: bool,
    options: dict[str, Any],
    cluster: tuple[str, int | None, Mapping[str, str] | None],
) -> Answer:
    from filmgraph.batch.session import spark_session

    master, partitions, settings = cluster
    with spark_session(master, name=job, partitions=partitions, settings=settings) as session:
        return run_in(session, job, source, target, overwrite=overwrite, **options)


def run_in(
    session: SparkSession, job: str, tables: str, output: str, *, overwrite: bool = False, **options: Any
) -> Answer:
    """Run a job in a Spark session that is open; the options are those of the job's function."""
    from filmgraph.batch.communities import communities
    from filmgraph.batch.pagerank import pagerank
    from filmgraph.batch.session import Ledger, Tables
    from filmgraph.batch.similar import similar

    work: dict[str, Callable[..., DataFrame]] = {
        "similar": similar,
        "pagerank": pagerank,
        "communities": communities,
    }
    graph = Tables(session, tables)
    ledger = Ledger(session, output, overwrite=overwrite)
    try:
        ledger.publish(work[job](graph, ledger, **options))
    finally:
        ledger.clear()
    answer = session.read.parquet(output)
    first = answer.orderBy(*_ORDER[job][0], ascending=_ORDER[job][1]).head(GLIMPSE)
    return Answer(output, JOBS[job], answer.count(), _shown(JOBS[job], first))


def _run_here(job: str, source: Path, target: Path, overwrite: bool, options: dict[str, Any]) -> Answer:
    from filmgraph.batch import local

    _check_target(target, overwrite)
    work: dict[str, Callable[..., dict[str, list[Any]]]] = {
        "similar": local.similar,
        "pagerank": local.pagerank,
        "communities": local.communities,
    }
    columns = work[job](*local.read_tables(source), **options)
    _write(columns, target)
    first = zip(*(columns[name][:GLIMPSE] for name in JOBS[job]), strict=True)
    return Answer(str(target), JOBS[job], len(columns[JOBS[job][0]]), _shown(JOBS[job], first))


def _shown(columns: tuple[str, ...], rows: Iterable[Iterable[Any]]) -> Rows:
    """Return rows of an answer as those of a query, whose IRIs are printed short."""
    return Rows(columns, [tuple(map(_term, row)) for row in rows])


def _term(value: Any) -> Term:
    try:
        return ox.NamedNode(value) if isinstance(value, str) else ox.Literal(value)
    except ValueError:
        return ox.Literal(value)


def _check_target(target: Path, overwrite: bool) -> None:
    if not target.parent.is_dir():
        raise OutputError(f"{target}: there is no folder {target.parent} to write it in")
    if target.exists() and not overwrite:
        raise OutputError(f"{target}: exists already; name another folder, or overwrite it with --force")
    if target.exists() and not (target / "_SUCCESS").is_file():
        raise OutputError(f"{target}: exists, and is no answer of a job, so nothing is written over it")


def _write(columns: dict[str, list[Any]], target: Path) -> None:
    """Write an answer as Spark does: files of Parquet, and an empty one that says that they are whole."""
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ModuleNotFoundError as error:
        raise BatchError.missing("pyarrow") from error
    types = {"rank": pa.int32(), "size": pa.int64(), "score": pa.float64()}
    table = pa.table({name: pa.array(values, types.get(name, pa.string())) for name, values in columns.items()})
    aside = target.with_name(f".{target.name}-{secrets.token_hex(8)}")
    try:
        aside.mkdir()
        for number, start in enumerate(range(0, max(table.num_rows, 1), _ROWS_OF_A_FILE)):
            part = table.slice(start, _ROWS_OF_A_FILE)
            pq.write_table(part, aside / f"part-{number:05}.parquet", compression="zstd")
        (aside / "_SUCCESS").touch()
        put_in_place(aside, target)
    except OSError as error:
        raise OutputError(f"{target}: cannot be written: {error.strerror or error}") from error
    finally:
        shutil.rmtree(aside, ignore_errors=True)
