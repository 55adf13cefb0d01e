"""A session on a Spark cluster, and the folder in which a job keeps what it has done so far."""

from __future__ import annotations

import os
import re
import secrets
import shutil
import socket
import subprocess
import sys
import time
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from filmgraph.batch.layout import EDGE_COLUMNS, MANIFEST, NODE_COLUMNS, check_columns, check_layout, no_table
from filmgraph.errors import BatchError, DataError, OutputError

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

__all__ = ["Ledger", "Tables", "exists", "iterating", "spark_session"]

LEAST_JAVA = 17
CONNECT_SECONDS = 10.0
"""How long a master may take to let itself be connected to."""
WORKER_SECONDS = 60.0
"""How long it may take until a worker begins."""

_LOOPBACK = re.compile(r"local\b|spark://(127\.|localhost|\[::1\])")
_QUIET = Path(__file__).with_name("log4j2.properties")
_SETTINGS = {
    # A pair of films is one long generated method, which Java would else interpret word by word.
    "spark.driver.extraJavaOptions": f"-XX:-DontCompileHugeMethods -Dlog4j2.configurationFile={_QUIET.as_uri()}",
    "spark.executor.extraJavaOptions": "-XX:-DontCompileHugeMethods",
    # Steps that repeat are the same code, which is compiled once only where its classes bear no number.
    "spark.sql.codegen.useIdInClassName": "false",
    "spark.sql.codegen.cache.maxEntries": "1000",
    "spark.ui.enabled": "false",
    "spark.log.level": "ERROR",
    "spark.sql.adaptive.coalescePartitions.enabled": "false",
    "spark.sql.parquet.compression.codec": "zstd",
}


@contextmanager
def spark_session(
    master: str, *, name: str, partitions: int | None = None, settings: Mapping[str, str] | None = None
) -> Iterator[SparkSession]:
    """Yield a Spark session on a master, and end it.

    ``partitions`` says into how many parts data is cut between steps, by default three for each core; ``settings``
    are properties of Spark that go before ours.

    Raises :class:`~filmgraph.errors.BatchError` where PySpark or Java is missing, or Spark fails.
    """
    _check_java()
    _check_master(master)
    # PySpark looks at the version of pandas now and then, which is not used here.
    warnings.filterwarnings("ignore", message="PySpark does not yet fully support pandas", category=FutureWarning)
    try:
        from py4j.protocol import Py4JError
        from pyspark.errors import PySparkException
        from pyspark.sql import SparkSession
    except ModuleNotFoundError as error:
        raise BatchError.missing("pyspark") from error
    if SparkSession.getActiveSession() is not None:
        raise BatchError("this process has a Spark session already: stop it first")
    own = {**_SETTINGS, "spark.ui.showConsoleProgress": str(sys.stderr.isatty()).lower(), **(settings or {})}
    if _LOOPBACK.match(master):
        # Nobody else is to reach the driver, and no name of this machine has to be resolved.
        own = {"spark.driver.host": "127.0.0.1", "spark.driver.bindAddress": "127.0.0.1", **own}
    session: SparkSession | None = None
    try:
        builder: Any = SparkSession.builder
        for key, value in own.items():
            builder = builder.config(key, value)
        session = builder.master(master).appName(f"filmgraph {name}").getOrCreate()
        _await_worker(session, master)
        parts = partitions or 3 * max(session.sparkContext.defaultParallelism, 1)
        session.conf.set("spark.sql.shuffle.partitions", str(parts))
        yield session
    except (Py4JError, PySparkException) as error:
        raise BatchError(f"{master}: {_first_line(error)}") from error
    except ConnectionError as error:
        raise BatchError(f"{master}: Spark's driver on this machine has ended: was it out of memory?") from error
    finally:
        if session is not None:
            with suppress(Py4JError, OSError):
                session.stop()


@contextmanager
def iterating(session: SparkSession) -> Iterator[None]:
    """Have steps that repeat planned as they stand, so that a step costs one exchange and no question back.

    What adapts while it runs waits for every exchange, and what is broadcast passes through the driver each time.
    """
    settings = {"spark.sql.adaptive.enabled": "false", "spark.sql.autoBroadcastJoinThreshold": "-1"}
    before = {key: session.conf.get(key) for key in settings}
    for key, value in settings.items():
        session.conf.set(key, value)
    try:
        yield
    finally:
        for key, earlier in before.items():
            session.conf.set(key, earlier)


def _check_java() -> None:
    home = os.environ.get("JAVA_HOME")
    java = os.path.join(home, "bin", "java") if home else shutil.which("java")  # noqa: PTH118
    advice = f"Spark needs Java {LEAST_JAVA} or newer: install it (Debian: openjdk-17-jre-headless), or set JAVA_HOME"
    try:
        told = subprocess.run([java or "java", "-version"], capture_output=True, text=True, timeout=60, check=True)
    except (OSError, subprocess.SubprocessError) as error:
        raise BatchError(f"there is no Java here; {advice}") from error
    found = re.search(r'version "(\d+)', told.stderr + told.stdout)
    if found is None or int(found[1]) < LEAST_JAVA:
        raise BatchError(f"this Java is version {found[1] if found else 'unknown'}; {advice}")


def _check_master(master: str) -> None:
    """Raise BatchError where no master of a standalone cluster listens; Spark itself would try for a minute."""
    if not master.startswith("spark://"):
        return
    reason: object = "it is not spark://HOST:PORT"
    for address in master.removeprefix("spark://").split(","):
        host, _, port = address.rpartition(":")
        if not host or not port.isdecimal():
            raise BatchError(f"{master}: this is no address of a Spark master: {reason}")
        try:
            socket.create_connection((host.strip("[]"), int(port)), timeout=CONNECT_SECONDS).close()
        except (OSError, OverflowError) as error:
            reason = getattr(error, "strerror", None) or error
        else:
            return
    raise BatchError(f"{master}: no Spark master can be reached there: {reason}")


def _await_worker(session: Any, master: str) -> None:
    """Wait until a worker of a standalone cluster has begun; raise BatchError where none does.

    Spark would wait for ever, without a word, for a worker that has as much memory as an executor is to get.
    """
    settings = session.sparkContext.getConf()
    if not master.startswith("spark://") or settings.get("spark.dynamicAllocation.enabled", "false") == "true":
        return
    end = time.monotonic() + WORKER_SECONDS
    # The driver is one of those that are counted.
    while session.sparkContext._jsc.sc().getExecutorMemoryStatus().size() < 2:
        if time.monotonic() > end:
            memory = settings.get("spark.executor.memory", "1g")
            raise BatchError(
                f"{master}: no worker has begun within {WORKER_SECONDS:.0f} s: one with a free core and {memory} of "
                "free memory is needed (--conf spark.executor.memory=…)"
            )
        time.sleep(0.1)


def _first_line(error: Exception) -> str:
    """Return what went wrong without the trace of Java's calls."""
    cause = getattr(error, "java_exception", None)
    text = str(cause.toString() if cause is not None else error)
    lines = [line for line in text.splitlines() if line.strip()]
    return f"Spark failed: {lines[0][:300] if lines else type(error).__name__}"


class Tables:
    """The two tables of a graph that was written as Parquet."""

    def __init__(self, session: SparkSession, folder: str) -> None:
        self.session = session
        manifest = f"{folder}/{MANIFEST}"
        if exists(session, manifest):
            told = session.read.text(manifest, wholetext=True).head()
            check_layout(told[0] if told else "", manifest)
        self.nodes = self._table(f"{folder}/nodes", NODE_COLUMNS)
        self.edges = self._table(f"{folder}/edges", EDGE_COLUMNS)

    def _table(self, folder: str, columns: Mapping[str, str]) -> DataFrame:
        from pyspark.errors import AnalysisException

        if not exists(self.session, folder):
            raise no_table(folder)
        # Of a column that is missing Spark would else make nulls.
        try:
            table = self.session.read.parquet(folder)
        except AnalysisException as error:
            raise DataError("holds no Parquet; filmgraph export --format parquet writes it", file=folder) from error
        check_columns({field.name: field.dataType.simpleString() for field in table.schema}, columns, folder)
        return table.select(*columns)


class Ledger:
    """A folder beside the answer in which a job keeps tables between its steps, until it ends.

    A table that is kept is computed once and read from there afterwards, so that plans stay short, and a machine that
    is lost takes nothing with it. All machines of the cluster must see the folder.
    """

    def __init__(self, session: SparkSession, output: str, *, overwrite: bool) -> None:
        self._session = session
        self._output = output.rstrip("/")
        parent, _, name = self._output.rpartition("/")
        self._folder = f"{parent + '/' if parent else ''}.{name}-{secrets.token_hex(8)}"
        self._kept = 0
        if exists(session, self._output) and not (overwrite and exists(session, f"{self._output}/_SUCCESS")):
            way = "overwrite it with --force" if not overwrite else "it is no answer of a job, so it is left as it is"
            raise OutputError(f"{output}: exists already; name another folder, or {way}")

    def keep(self, table: DataFrame) -> DataFrame:
        """Write a table down and return it as it is read from there."""
        self._kept += 1
        folder = f"{self._folder}/{self._kept:03}"
        table.write.parquet(folder)
        return self._session.read.schema(table.schema).parquet(folder)

    def publish(self, table: DataFrame) -> None:
        """Write the answer aside, and then rename it to what the user named."""
        aside = f"{self._folder}/answer"
        table.write.parquet(aside)
        files, path = _files(self._session, self._output)
        earlier = _path(self._session, f"{self._folder}/earlier")
        # An earlier answer is moved away, which is done at once, and taken away with what was kept.
        moved = files.exists(path) and files.rename(path, earlier)
        if not files.rename(_path(self._session, aside), path):
            if moved:
                files.rename(earlier, path)
            raise OutputError(f"{self._output}: cannot be written")

    def clear(self) -> None:
        """Take away what was kept."""
        files, path = _files(self._session, self._folder)
        files.delete(path, True)


def exists(session: SparkSession, name: str) -> bool:
    """Whether there is a file or folder of this name, wherever it lies."""
    files, path = _files(session, name)
    return bool(files.exists(path))


def _path(session: Any, name: str) -> Any:
    return session._jvm.org.apache.hadoop.fs.Path(name)


def _files(session: Any, name: str) -> tuple[Any, Any]:
    """Return the file system that holds a path, and the path: a local one, HDFS, S3 …"""
    path = _path(session, name)
    return path.getFileSystem(session._jsc.hadoopConfiguration()), path
