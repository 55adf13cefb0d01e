"""The fork server: a small process of one thread that holds the triples and forks a worker for every question.

It runs as a program of its own, because to fork a process of many threads, such as a web server, is to copy locks that
nobody will open. A store on disk brings threads, too, so of that it holds nothing: each worker opens it for itself.
"""

from __future__ import annotations

import gc
import json
import os
import selectors
import signal
import socket
import sys
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import pyoxigraph as ox

from filmgraph.sandbox.confinement import cut_off
from filmgraph.sandbox.wire import ENDED, KILL, ORDER, READY, REPORT, UPDATE
from filmgraph.sandbox.worker import live

__all__ = ["main"]

_LOOK_SECONDS = 1.0
_OUT_OF_MEMORY = (b"memory allocation of", b"bad_alloc", b"MemoryError")
_LAST_WORDS = 65_536
_NOT_FORKED = 71


@dataclass
class _ForkServer:
    """What the fork server knows: where orders come from, what workers ask, and who of them lives."""

    orders: socket.socket
    folder: str
    memory: int
    store: ox.Store | None
    parent: int = field(default_factory=os.getppid)
    living: dict[int, tuple[int, int]] = field(default_factory=dict)
    """Process id to its job and the end of the pipe that holds its last words."""

    def run(self) -> None:
        """Follow orders until there is no one left to give them."""
        woken, wakes = os.pipe()
        for end in (woken, wakes):
            os.set_blocking(end, False)
        signal.signal(signal.SIGCHLD, lambda _number, _frame: None)
        signal.set_wakeup_fd(wakes, warn_on_full_buffer=False)
        with selectors.DefaultSelector() as selector:
            selector.register(self.orders, selectors.EVENT_READ)
            selector.register(woken, selectors.EVENT_READ)
            while os.getppid() == self.parent:
                ready = [key.fileobj for key, _ in selector.select(_LOOK_SECONDS)]
                if woken in ready:
                    with suppress(BlockingIOError):
                        os.read(woken, 4096)
                self.reap()
                if self.orders in ready and not self.follow():
                    return

    def follow(self) -> bool:
        """Follow one order; return whether there may be more."""
        order, files, _, _ = socket.recv_fds(self.orders, ORDER.size, 1, socket.MSG_WAITALL)
        if len(order) < ORDER.size:
            return False
        what, job = ORDER.unpack(order)
        if what == KILL:
            living = [process for process, (its_job, _) in self.living.items() if its_job == job]
            for process in living:
                os.kill(process, signal.SIGKILL)
            if not living:
                self.report(ENDED, job, 0, False)
        elif files:
            try:
                self.fork(job, files[0], is_update=what == UPDATE)
            except OSError:
                self.report(ENDED, job, _NOT_FORKED, False)
            finally:
                os.close(files[0])
        return True

    def fork(self, job: int, connection: int, *, is_update: bool) -> None:
        """Fork a worker for a job."""
        heard, said = os.pipe()
        # Last words must not keep one from dying.
        os.set_blocking(said, False)
        os.set_blocking(heard, False)
        here = os.getpid()
        try:
            process = os.fork()
        except OSError:
            os.close(heard)
            os.close(said)
            raise
        if process == 0:
            live(
                connection,
                said,
                parent=here,
                held=self.store,
                folder=self.folder,
                memory=self.memory,
                is_update=is_update,
            )
        os.close(said)
        self.living[process] = job, heard

    def reap(self) -> None:
        """Bury the workers that ended, and report how."""
        while self.living:
            process, status = os.waitpid(-1, os.WNOHANG)
            if process == 0:
                return
            job, heard = self.living.pop(process)
            with suppress(OSError):
                words = os.read(heard, _LAST_WORDS)
                lacked = any(sign in words for sign in _OUT_OF_MEMORY)
                self.report(ENDED, job, os.waitstatus_to_exitcode(status), lacked)
            os.close(heard)

    def report(self, what: bytes, job: int, code: int, flag: bool) -> None:
        """Tell the sandbox; that it may be gone shows in the next order."""
        with suppress(OSError):
            self.orders.sendall(REPORT.pack(what, job, code, flag))

    def end(self) -> None:
        """Kill and bury all workers."""
        for process in self.living:
            os.kill(process, signal.SIGKILL)
        for process in self.living:
            os.waitpid(process, 0)


def main(given: str) -> None:
    """Serve a sandbox, whose socket and wishes are given as JSON; a store to hold comes in by standard input."""
    wishes: dict[str, Any] = json.loads(given)
    store = None
    if not wishes["folder"]:
        store = ox.Store()
        store.bulk_load(input=sys.stdin.buffer, format=ox.RdfFormat.N_QUADS)
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 0)
    os.close(nothing)
    isolated = cut_off()
    # What is there now is shared with the workers, and stays so when nobody looks for garbage in it.
    gc.collect()
    gc.freeze()
    with socket.socket(fileno=wishes["orders"]) as orders:
        server = _ForkServer(orders, wishes["folder"], wishes["memory"], store)
        server.report(READY, 0, 0, isolated)
        try:
            server.run()
        finally:
            server.end()
    os._exit(0)
