"""A Spark cluster on the loopback, for tests and benchmarks: one master and its workers, each a process of its own."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import time
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType
from typing import IO, Self

QUICK_JAVA = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"
"""A job of the tests is over before Java's better compiler would pay."""

SETTINGS = {
    "spark.driver.memory": "640m",
    "spark.driver.extraJavaOptions": QUICK_JAVA,
    "spark.executor.memory": "512m",
    "spark.executor.extraJavaOptions": QUICK_JAVA,
    "spark.locality.wait": "100ms",
    # Blocks of a worker that is gone are asked for once more only, and at once.
    "spark.shuffle.io.maxRetries": "1",
    "spark.shuffle.io.retryWait": "200ms",
}
"""What a session of the tests on the cluster is opened with."""


def why_not() -> str | None:
    """Return what is missing here to run Spark, None where nothing is."""
    if find_spec("pyspark") is None or find_spec("pyarrow") is None:
        return "PySpark and pyarrow are not installed: pip install '.[spark]'"
    java = Path(os.environ.get("JAVA_HOME", ""), "bin", "java")
    if not (os.environ.get("JAVA_HOME") and java.is_file()) and shutil.which("java") is None:
        return "there is no Java: apt-get install openjdk-17-jre-headless, or JAVA_HOME=/path/to/it"
    return None


class Daemon:
    """A process of the cluster, at the head of a group of its own, so that its children end with it."""

    START_SECONDS = 90.0

    def __init__(self, folder: Path, ready: str, *arguments: str) -> None:
        spec = find_spec("pyspark")
        assert spec is not None
        assert spec.origin is not None
        home = Path(spec.origin).parent
        folder.mkdir(parents=True, exist_ok=True)
        self._log = folder / "log"
        self._output: IO[bytes] = self._log.open("wb")
        environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith(("SPARK_", "PYSPARK_"))},
            "SPARK_HOME": str(home),
            "SPARK_LOCAL_IP": "127.0.0.1",
            "SPARK_DAEMON_MEMORY": "192m",
            "SPARK_DAEMON_JAVA_OPTS": QUICK_JAVA,
        }
        self.process = subprocess.Popen(
            [str(home / "bin" / "spark-class"), *arguments],
            stdin=subprocess.DEVNULL,
            stdout=self._output,
            stderr=self._output,
            env=environment,
            cwd=folder,
            start_new_session=True,
        )
        try:
            self.said = self._wait_for(ready)
        except BaseException:
            self.kill()
            raise

    def kill(self) -> None:
        """End the process and its children at once, as a machine ends that loses its power."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self._output.close()

    def _wait_for(self, ready: str) -> str:
        end = time.monotonic() + self.START_SECONDS
        while True:
            text = self._log.read_text(encoding="utf-8", errors="replace")
            if found := re.search(ready, text):
                return found[1]
            if self.process.poll() is not None or time.monotonic() > end:
                raise RuntimeError(f"no {ready!r} from {self.process.args}:\n{text[-2000:]}")
            time.sleep(0.05)


class SparkCluster:
    """A standalone cluster with workers of one core each, from ``with`` until its end; ``url`` is its master's."""

    def __init__(self, folder: Path, *, workers: int = 2, memory: str = "768m") -> None:
        self._folder, self._count, self._memory = folder, workers, memory
        self._started = 0
        self._master: Daemon | None = None
        self.workers: list[Daemon] = []
        self.url = ""

    def add_worker(self) -> None:
        """Start one more worker, and wait until the master knows it."""
        self._started += 1
        folder = self._folder / f"worker-{self._started}"
        arguments = (
            "--host",
            "127.0.0.1",
            "--port",
            "0",
            "--webui-port",
            "0",
            "--cores",
            "1",
            "--memory",
            self._memory,
        )
        work = ("--work-dir", str(folder / "work"))
        ready = r"(Successfully registered with master)"
        worker = Daemon(folder, ready, "org.apache.spark.deploy.worker.Worker", *arguments, *work, self.url)
        self.workers.append(worker)

    def kill_worker(self) -> None:
        """End one worker with all that runs on it, without warning."""
        self.workers.pop().kill()

    def __enter__(self) -> Self:
        try:
            ready = r"Starting Spark master at (spark://127\.0\.0\.1:\d+)"
            arguments = ("--host", "127.0.0.1", "--port", "0", "--webui-port", "0")
            self._master = Daemon(self._folder / "master", ready, "org.apache.spark.deploy.master.Master", *arguments)
            self.url = self._master.said
            while len(self.workers) < self._count:
                self.add_worker()
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()

    def _end(self) -> None:
        for daemon in (*self.workers, *([self._master] if self._master else [])):
            daemon.kill()
        self.workers.clear()
