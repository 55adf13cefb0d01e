"""One figure of benchmarks/spark.py: a job on one engine, how long it takes and the most memory, or that it is stopped.

python benchmarks/spark_cells.py JOB TABLES OUTPUT      (in arrays, in this process; told as JSON)
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from scale_cells import peak
from spark_cluster import SparkCluster

from filmgraph.batch import run_in, run_job
from filmgraph.batch.session import spark_session
from filmgraph.errors import FilmgraphError

SETTINGS = {
    "spark.driver.memory": "1g",
    "spark.executor.memory": "1g",
    "spark.sql.files.maxPartitionBytes": "1m",
}
Cell = dict[str, Any]


class Here:
    """The engine in arrays: each job in a process of its own, whose memory is counted from its start."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def cell(self, job: str, films: int, patience: float) -> Cell:
        """Return seconds and the most memory in megabytes, or what became of it."""
        command = [sys.executable, __file__, job, str(self._folder / str(films)), str(self._folder / "here")]
        try:
            done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=patience)
        except subprocess.TimeoutExpired:
            return {"over": True, "patience": patience}
        finally:
            for left in [self._folder / "here", *self._folder.glob(".here-*")]:
                shutil.rmtree(left, ignore_errors=True)
        if done.returncode:
            return {"error": (done.stderr.strip().splitlines() or [f"ended with {done.returncode}"])[-1][:300]}
        told: Cell = json.loads(done.stdout)
        return told

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        return


class There:
    """A cluster of some workers with an open session; ``opened`` is how many seconds that took."""

    def __init__(self, folder: Path, *, workers: int) -> None:
        self._folder, self._count = folder, workers
        self._stack = ExitStack()
        self.opened = 0.0

    def cell(self, job: str, films: int, patience: float) -> Cell:
        """Return seconds, and the most memory in megabytes of the driver and of the largest executor."""
        processes = {"driver": [self._driver], "executor": self._executors()}
        for process in (each for some in processes.values() for each in some):
            _forget_peak(process)
        stopped, ended = threading.Event(), threading.Event()

        def stop() -> None:
            """Cancel the work when patience is over, and what the job may begin after it."""
            if not ended.wait(patience):
                stopped.set()
                while not ended.wait(0.5):
                    self._session.sparkContext.cancelAllJobs()

        watch = threading.Thread(target=stop)
        watch.start()
        start = time.perf_counter()
        try:
            run_in(self._session, job, str(self._folder / str(films)), str(self._folder / "there"), overwrite=True)
            seconds = time.perf_counter() - start
        except FilmgraphError as error:
            return {"error": str(error)[:300]}
        except Exception as error:
            # Spark tells by an exception of its own that the work was cancelled.
            return (
                {"over": True, "patience": patience}
                if stopped.is_set()
                else {"error": f"{type(error).__name__}: {error}".splitlines()[0][:300]}
            )
        finally:
            ended.set()
            watch.join()
        most = {name: max(map(_peak, some), default=None) for name, some in processes.items()}
        return {"seconds": seconds, **most}

    def _executors(self) -> list[int]:
        """Return the processes that do the work: each has the number of its worker's group."""
        groups = {worker.process.pid for worker in self._cluster.workers}
        found = []
        for entry in Path("/proc").glob("[0-9]*"):
            with suppress(OSError, IndexError, ValueError):
                group = int((entry / "stat").read_text().rpartition(")")[2].split()[2])
                if group in groups and b"CoarseGrainedExecutorBackend" in (entry / "cmdline").read_bytes():
                    found.append(int(entry.name))
        return found

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            folder = self._folder / f"cluster-{self._count}"
            stack.callback(shutil.rmtree, folder, ignore_errors=True)
            self._cluster = stack.enter_context(SparkCluster(folder, workers=self._count, memory="1500m"))
            start = time.perf_counter()
            session = spark_session(self._cluster.url, name="benchmark", settings=SETTINGS)
            self._session: Any = stack.enter_context(session)
            self.opened = time.perf_counter() - start
            self._driver = int(self._session._jvm.java.lang.ProcessHandle.current().pid())
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.__exit__(kind, error, trace)


def warm_up(cluster: There, jobs: Sequence[str], films: int, patience: float) -> None:
    """Run the jobs over a small graph, so that code is loaded and compiled."""
    for job in jobs:
        cluster.cell(job, films, patience)


def _forget_peak(process: int) -> None:
    with suppress(OSError):
        Path(f"/proc/{process}/clear_refs").write_text("5", encoding="ascii")


def _peak(process: int) -> float:
    with suppress(OSError, IndexError):
        status = Path(f"/proc/{process}/status").read_text(encoding="ascii", errors="replace")
        return int(status.partition("VmHWM:")[2].split()[0]) / 1024
    return 0.0


def main() -> None:
    """Run one job in arrays and tell seconds and memory."""
    job, tables, output = sys.argv[1:]
    start = time.perf_counter()
    run_job(job, tables, output, engine="local", overwrite=True)
    print(json.dumps({"seconds": time.perf_counter() - start, "peak": peak()}))


if __name__ == "__main__":
    main()
