"""A real Virtuoso on free loopback ports for the tests, with a configuration of its own."""

from __future__ import annotations

import ctypes
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterable, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Self

from filmgraph.stores import RemoteStore

GRAPH = "https://w3id.org/filmgraph/"
"""The graph that the server's triples are kept in: Virtuoso has no default graph that could hold any."""

MISSING = (
    None
    if shutil.which("virtuoso-t") and shutil.which("isql-vt")
    else "there is no Virtuoso (virtuoso-t, isql-vt): apt-get install virtuoso-opensource"
)
"""Why tests with Virtuoso are to be skipped here; None where they can run."""

_CONFIGURATION = """\
[Database]
DatabaseFile = virtuoso.db
ErrorLogFile = virtuoso.log
LockFile = virtuoso.lck
TransactionFile = virtuoso.trx
xa_persistent_file = virtuoso.pxa
ErrorLogLevel = 7
FileExtend = 200
MaxCheckpointRemap = 2000
Striping = 0
TempStorage = TempDatabase
[TempDatabase]
DatabaseFile = temporary.db
TransactionFile = temporary.trx
MaxCheckpointRemap = 2000
Striping = 0
[Parameters]
ServerPort = 127.0.0.1:{sql_port}
DisableUnixSocket = 1
MaxClientConnections = 20
CheckpointInterval = 0
CaseMode = 2
AllowOSCalls = 0
DirsAllowed = {allowed}
NumberOfBuffers = {buffers}
MaxDirtyBuffers = {dirty}
MaxQueryMem = {query_memory}
ThreadsPerQuery = 1
AsyncQueueMaxThreads = 48
[HTTPServer]
ServerPort = 127.0.0.1:{http_port}
ServerRoot = .
ServerThreads = 12
MaxKeepAlives = 10
KeepAliveTimeout = 10
Charset = UTF-8
EnabledDavVSP = 0
HTTPProxyEnabled = 0
[SPARQL]
ResultSetMaxRows = {most_rows}
MaxQueryCostEstimationTime = 0
MaxQueryExecutionTime = 0
[Plugins]
LoadPath = .
"""


class VirtuosoServer:
    """A ``virtuoso-t`` of its own on free loopback ports, from ``with`` until its end, or this process's.

    ``folder`` keeps its database and its configuration; ``allowed`` are folders it may bulk-load files from.
    ``query_url`` takes queries from anybody, ``update_url`` updates too, from anybody where ``open_to_all``;
    ``auth_url`` and ``graph_store_url`` ask for ``user`` and ``password`` (HTTP digest). ``buffers`` are pages of
    8 KiB kept in memory; ``most_rows`` is the cap on the rows of an answer, 0 for none.
    """

    START_SECONDS = 60.0

    def __init__(
        self,
        folder: Path,
        *,
        allowed: Sequence[Path] = (),
        buffers: int = 10_000,
        query_memory: str = "200M",
        most_rows: int = 0,
        open_to_all: bool = True,
    ) -> None:
        self.folder = folder
        self.user = "dba"
        self.password = "dba"
        self.sql_port = self.http_port = 0
        self._allowed = tuple(allowed)
        self._buffers = buffers
        self._query_memory = query_memory
        self._most_rows = most_rows
        self._open_to_all = open_to_all
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.http_port}"

    @property
    def query_url(self) -> str:
        return f"{self.url}/sparql"

    @property
    def update_url(self) -> str:
        return f"{self.url}/sparql"

    @property
    def auth_url(self) -> str:
        return f"{self.url}/sparql-auth"

    @property
    def graph_store_url(self) -> str:
        return f"{self.url}/sparql-graph-crud-auth"

    @property
    def sql(self) -> str:
        """Where it takes SQL: host and port."""
        return f"127.0.0.1:{self.sql_port}"

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def store(self, *, deadline: float = 30.0) -> RemoteStore:
        """Return a store on this server that can be read and written."""
        return RemoteStore(self.query_url, update_url=self.update_url, deadline=deadline)

    def start(self) -> None:
        """Start the server and wait until it answers; another port is tried where one was taken meanwhile."""
        if MISSING:
            raise RuntimeError(MISSING)
        self.folder.mkdir(parents=True, exist_ok=True)
        for _ in range(5):
            if self._started():
                break
        else:
            raise RuntimeError(f"virtuoso-t did not start: {self._log()[-500:]}")
        try:
            if self.password == "dba":
                self._secure()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """End the server; does nothing when it has ended."""
        process, self._process = self._process, None
        if process is None:
            return
        process.terminate()
        try:
            process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def run_sql(self, *statements: str) -> str:
        """Run SQL statements as ``user`` and return what they print; raises where one fails."""
        answer = subprocess.run(
            ["isql-vt", self.sql, self.user, self.password, "VERBOSE=OFF", "BANNER=OFF", "PROMPT=OFF", "ERRORS=STDOUT"],
            input="".join(f"{statement};\n" for statement in statements),
            capture_output=True,
            text=True,
            timeout=3_600,
        )
        if "*** Error" in answer.stdout:
            raise RuntimeError(answer.stdout)
        return answer.stdout

    def bulk_load(self, files: Iterable[Path], *, graph: str = GRAPH) -> None:
        """Load files by the server's own loader; they must lie below ``allowed``."""
        adds = [f"ld_add('{file}', '{graph}')" for file in files]
        self.run_sql("delete from DB.DBA.LOAD_LIST", *adds, "rdf_loader_run()", "checkpoint")
        failed = self.run_sql("select ll_file, ll_error from DB.DBA.LOAD_LIST where ll_error is not null")
        if failed.strip():
            raise RuntimeError(failed)

    def _secure(self) -> None:
        """Give the account a password that nobody knows, and let anybody who comes over HTTP write where asked to."""
        password = secrets.token_hex(12)
        self.run_sql(f'set password dba "{password}"')
        self.password = password
        if self._open_to_all:
            self.run_sql('grant SPARQL_UPDATE to "SPARQL"')

    def _started(self) -> bool:
        self.sql_port, self.http_port = _free_ports()
        configuration = _CONFIGURATION.format(
            sql_port=self.sql_port,
            http_port=self.http_port,
            allowed=", ".join(str(path) for path in (self.folder, *self._allowed)),
            buffers=self._buffers,
            dirty=self._buffers * 3 // 4,
            query_memory=self._query_memory,
            most_rows=self._most_rows,
        )
        (self.folder / "virtuoso.ini").write_text(configuration, encoding="utf-8")
        self._process = subprocess.Popen(
            ["virtuoso-t", "+configfile", "virtuoso.ini", "+foreground"],
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            preexec_fn=partial(_end_with, os.getpid()),
        )
        end = time.monotonic() + self.START_SECONDS
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > end:
                self.stop()
                return False
            time.sleep(0.05)
        return True

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.query_url}?query=ASK%7B%7D", timeout=2) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False

    def _log(self) -> str:
        with suppress(OSError):
            return (self.folder / "virtuoso.log").read_text("utf-8", "replace")
        return ""

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def _free_ports() -> tuple[int, int]:
    with socket.socket() as one, socket.socket() as other:
        one.bind(("127.0.0.1", 0))
        other.bind(("127.0.0.1", 0))
        return one.getsockname()[1], other.getsockname()[1]


def _end_with(parent: int) -> None:
    """Have the system end this process when the test run dies, however it dies."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGTERM)  # PR_SET_PDEATHSIG
        if os.getppid() != parent:
            os._exit(1)
