"""The fork server as the sandbox sees it: it is started, given orders, listened to, and ended."""

from __future__ import annotations

import json
import os
import select
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import IO

from filmgraph.errors import WorkerError
from filmgraph.sandbox.wire import ENDED, KILL, ORDER, READY, REPORT

__all__ = ["ForkServer"]

START_SECONDS = 300.0
_LOOK_SECONDS = 1.0
_DEAF_SECONDS = 3.0
_END_SECONDS = 2.0
_KEPT_ENVIRONMENT = ("LANG", "LC_ALL", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "PYTHONHOME", "TMPDIR")


class ForkServer:
    """A fork server that runs.

    ``folder`` names the disk store that workers open; where it is empty, ``feed`` writes the triples that the server
    is to hold as N-Quads. ``ended`` is called with a job, the exit code of its worker (a signal's number, negative)
    and whether it lacked memory; ``died`` when the server itself ends before it is closed. Both are called in a thread
    of the server's own.

    Raises :class:`~filmgraph.errors.WorkerError` where it does not start.
    """

    def __init__(
        self,
        *,
        folder: str,
        memory: int,
        feed: Callable[[IO[bytes]], object] | None,
        ended: Callable[[int, int, bool], None],
        died: Callable[[ForkServer], None],
    ) -> None:
        if not hasattr(os, "fork"):
            raise WorkerError("queries of strangers run in forked processes, which this system does not have")
        self._ended, self._died = ended, died
        self._lock = threading.Lock()
        self._killed: dict[int, float] = {}
        self._closing = False
        self._orders, theirs = socket.socketpair()
        try:
            with theirs:
                self._process = _started(theirs, folder, memory)
        except OSError as error:
            self._orders.close()
            raise WorkerError(f"no fork server can be started: {error}") from error
        try:
            self.isolated = self._ready(feed)
        except BaseException:
            self._end_process()
            self._orders.close()
            raise
        self._listener = threading.Thread(target=self._listen, daemon=True, name="filmgraph-sandbox")
        self._listener.start()

    @property
    def pid(self) -> int:
        """The process id of the fork server."""
        return self._process.pid

    def order(self, what: bytes, job: int, connection: socket.socket) -> None:
        """Have a worker forked for a job, which reads its question from a socket; raises WorkerError."""
        try:
            with self._lock:
                socket.send_fds(self._orders, [ORDER.pack(what, job)], [connection.fileno()])
        except OSError as error:
            raise WorkerError("the fork server has just ended: try again") from error

    def kill(self, job: int) -> None:
        """Have the worker of a job killed; never waits."""
        with suppress(OSError), self._lock:
            self._killed.setdefault(job, time.monotonic())
            self._orders.send(ORDER.pack(KILL, job), getattr(socket, "MSG_DONTWAIT", 0))

    def close(self) -> None:
        """End the server with all its workers, and wait until it is gone."""
        self._closing = True
        with suppress(OSError):
            self._orders.shutdown(socket.SHUT_RDWR)
        self._end_process()
        if threading.current_thread() is not self._listener:
            self._listener.join()

    def _ready(self, feed: Callable[[IO[bytes]], object] | None) -> bool:
        """Feed the server and wait until it is ready; return whether its workers are cut off from the network."""
        assert self._process.stdin is not None
        try:
            with self._process.stdin as stdin:
                if feed is not None:
                    feed(stdin)
        except OSError as error:
            raise WorkerError(f"the fork server took no triples: {error}") from error
        self._orders.settimeout(START_SECONDS)
        try:
            report = self._orders.recv(REPORT.size, socket.MSG_WAITALL)
        except OSError as error:
            raise WorkerError("the fork server does not start") from error
        self._orders.settimeout(None)
        if len(report) < REPORT.size or report[:1] != READY:
            raise WorkerError("the fork server ended while it started")
        return bool(REPORT.unpack(report)[3])

    def _listen(self) -> None:
        """Hand on what the server reports, until it ends."""
        while True:
            self._end_if_deaf()
            if not select.select([self._orders], [], [], _LOOK_SECONDS)[0]:
                continue
            try:
                report = self._orders.recv(REPORT.size, socket.MSG_WAITALL)
            except OSError:
                break
            if len(report) < REPORT.size:
                break
            what, job, code, lacked_memory = REPORT.unpack(report)
            self._killed.pop(job, None)
            if what == ENDED:
                self._ended(job, code, lacked_memory)
        self._end_process()
        with self._lock:
            self._orders.close()
        if not self._closing:
            self._died(self)

    def _end_if_deaf(self) -> None:
        """End a server that does not kill whom it should: its workers die with it."""
        with self._lock:
            deaf = any(time.monotonic() - since > _DEAF_SECONDS for since in self._killed.values())
        if deaf:
            self._process.kill()

    def _end_process(self) -> None:
        """Wait until the process is gone, and help it where it takes long."""
        try:
            self._process.wait(_END_SECONDS if self._closing else 0.05)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def _started(orders: socket.socket, folder: str, memory: int) -> subprocess.Popen[bytes]:
    """Return the process of a fork server, which finds its modules where this one does."""
    wishes = json.dumps({"orders": orders.fileno(), "folder": folder, "memory": memory})
    program = f"import sys; sys.path[:] = {sys.path!r}; from filmgraph.sandbox.forking import main; main(sys.argv[1])"
    return subprocess.Popen(
        [sys.executable, "-P", "-c", program, wishes],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        pass_fds=[orders.fileno()],
        # Away from the terminal, whose interrupt is for the process that decides.
        start_new_session=True,
        env={name: os.environ[name] for name in _KEPT_ENVIRONMENT if name in os.environ},
    )
