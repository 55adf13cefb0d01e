"""The sandbox as its users hold it: questions in, jobs out."""

from __future__ import annotations

import itertools
import os
import signal
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

import pyoxigraph as ox

from filmgraph.errors import (
    FilmgraphError,
    QueryError,
    QueryMemoryError,
    QueryTimeoutError,
    ReadOnlyStoreError,
    StoreError,
    WorkerError,
)
from filmgraph.sandbox.forms import too_large
from filmgraph.sandbox.model import SOLUTION_FORMS, TRIPLE_FORMS, Answer, Bounds, Question
from filmgraph.sandbox.process import ForkServer
from filmgraph.sandbox.remote import answer_of_remote
from filmgraph.sandbox.turns import Turn, Turns
from filmgraph.sandbox.wire import ERRORS, QUERY, UPDATE, VanishedError, receive, receive_head, send_head
from filmgraph.stores import DiskStore, LocalStore, Store

__all__ = ["Job", "Sandbox"]

_ATTEMPTS = 3
_BURIAL_SECONDS = 1.0
_NUMBERS = itertools.count(1)


class Job:
    """A question that was asked: waiting for its turn, running, or done."""

    def __init__(
        self,
        sandbox: Sandbox,
        question: dict[str, Any],
        turn: Turn,
        *,
        what: bytes = QUERY,
        seconds: float | None = None,
    ) -> None:
        self.number = next(_NUMBERS)
        self._sandbox, self._question, self._turn, self._what = sandbox, question, turn, what
        longest = sandbox.bounds.seconds
        self._end = time.monotonic() + (longest if seconds is None else min(seconds, longest))
        self._running = threading.Lock()
        self._outcome: Answer | FilmgraphError | None = None
        self._called_off = False
        self._server: ForkServer | None = None
        self._channel: socket.socket | None = None
        self._buried = threading.Event()
        self._exit: tuple[int, bool] | None = None

    def result(self) -> Answer:
        """Wait for the answer, at most as long as the bounds allow, and return it.

        It blocks: call it in a thread. A second call gives the same.

        Raises :class:`~filmgraph.errors.QueryError` for a text that is no query,
        :class:`~filmgraph.errors.DataError` for what the form cannot carry,
        :class:`~filmgraph.errors.StoreError` for a store that fails, and the
        :class:`~filmgraph.errors.BoundError` family: QueryTimeoutError, QueryMemoryError, ResultTooLargeError,
        BusyError (no turn came), WorkerError (its process died, or :meth:`kill` was called).
        """
        with self._running:
            if self._outcome is None:
                self._outcome = self._run()
        if isinstance(self._outcome, FilmgraphError):
            raise self._outcome
        return self._outcome

    def kill(self) -> None:
        """Call the question off: its process is dead within milliseconds.

        It never waits, may be called in any thread, and does nothing when the question is answered.
        """
        self._called_off = True
        server, channel = self._server, self._channel
        if server is None:
            self._sandbox._turns.end(self._turn)
            return
        if not self._buried.is_set():
            server.kill(self.number)
        if channel is not None:
            with suppress(OSError):
                channel.shutdown(socket.SHUT_RDWR)

    def __del__(self) -> None:
        # Whoever asks and does not want to know gives the turn back.
        if getattr(self, "_outcome", self) is None:
            self.kill()

    def _run(self) -> Answer | FilmgraphError:
        bounds = self._sandbox.bounds
        patience = bounds.seconds if self._turn.alone else bounds.queue_seconds
        try:
            self._sandbox._turns.wait(self._turn, min(patience, self._end - time.monotonic()))
            return self._ask()
        except FilmgraphError as error:
            return error
        finally:
            # What was never forked is never buried.
            if self._server is None:
                self._sandbox._turns.end(self._turn)

    def _ask(self) -> Answer:
        if self._sandbox._remote is not None:
            seconds = self._end - time.monotonic()
            return answer_of_remote(
                self._sandbox._remote, self._question, seconds=seconds, most=self._sandbox.bounds.result
            )
        ours, theirs = socket.socketpair()
        with ours:
            with theirs:
                self._server = self._sandbox._launch(self, theirs)
            self._channel = ours
            if self._called_off:
                self.kill()
            try:
                return self._converse(ours)
            except TimeoutError:
                self._server.kill(self.number)
                raise self._too_late() from None
            except (VanishedError, OSError):
                raise self._cause_of_death() from None
            finally:
                self._channel = None

    def _converse(self, channel: socket.socket) -> Answer:
        remaining = max(self._end - time.monotonic(), 0.001)
        channel.settimeout(remaining)
        shown = self._sandbox._shown
        folder = "" if shown is None else str(Path(shown()).absolute())
        bounds = {"seconds": remaining, "most": self._sandbox.bounds.result}
        send_head(channel, {**self._question, **bounds, "folder": folder})
        head = receive_head(channel, end=self._end)
        if "error" in head:
            error = ERRORS.get(head["error"], WorkerError)(head["message"])
            if isinstance(error, QueryError):
                error.line, error.column = head["line"], head["column"]
            raise error
        if head["length"] > self._sandbox.bounds.result:
            raise too_large(self._sandbox.bounds.result)
        body = receive(channel, head["length"], end=self._end) if head["length"] else b""
        return Answer(head["form"], head["media_type"], body)

    def _too_late(self) -> FilmgraphError:
        seconds = self._sandbox.bounds.seconds
        return QueryTimeoutError(f"found no end within {seconds:g} s: ask for less, or with a LIMIT")

    def _cause_of_death(self) -> FilmgraphError:
        """Return the error that says why the worker went away without an answer."""
        self._buried.wait(_BURIAL_SECONDS)
        if self._called_off:
            return WorkerError("the query was called off")
        if self._exit is None:
            return WorkerError("the process that forks workers ended, and with it the query: try again")
        code, lacked_memory = self._exit
        if -code in (signal.SIGALRM, signal.SIGXCPU):
            return self._too_late()
        # Whom the sandbox did not kill itself, the system did, for want of memory.
        if lacked_memory or -code == signal.SIGKILL:
            return QueryMemoryError("the query takes more memory than it may: ask for less, or with a LIMIT")
        said = signal.Signals(-code).name if -code in set(signal.Signals) else f"exit code {code}"
        return WorkerError(f"the process that ran the query died ({said})")

    def _bury(self, code: int | None, lacked_memory: bool) -> None:
        """Note how the worker ended; None where the whole fork server did."""
        self._exit = None if code is None else (code, lacked_memory)
        self._buried.set()
        self._sandbox._turns.end(self._turn)


class Sandbox:
    """Processes that run queries over a store, each for one query, all of them mortal.

    What a store in memory or the compiled store holds is copied once, when the sandbox starts; what the store is told
    afterwards, the sandbox does not know. A disk store is opened anew for each query, as it was when ``store`` was
    opened, whatever is loaded since. A remote store is asked from here, within the same time or its own deadline,
    whichever ends first, and cannot be called off.

    ``isolated`` says, once it is started, whether workers have no network at all. Any thread may ask.
    """

    def __init__(self, store: Store, *, bounds: Bounds | None = None) -> None:
        if isinstance(store, DiskStore) and store.writable:
            raise StoreError(
                f"{store.name}: this process is writing to this store; close it, and use Sandbox.of_folder"
            )
        folder = str(store.opened) if isinstance(store, DiskStore) else ""
        self._prepare(store, folder, writable=False, bounds=bounds)

    @classmethod
    def of_folder(
        cls,
        folder: str | os.PathLike[str],
        *,
        writable: bool = False,
        bounds: Bounds | None = None,
        shown: Callable[[], os.PathLike[str]] | None = None,
    ) -> Sandbox:
        """Return a sandbox over the disk store in a folder.

        With ``writable`` it takes updates, and makes a store where the folder is empty or missing. This process never
        opens it, so it may be read here beside, by whoever opens it anew after an update. ``shown`` returns which
        :attr:`~filmgraph.stores.DiskStore.opened` that is, for queries to see the same.
        """
        sandbox = cls.__new__(cls)
        sandbox._prepare(None, os.fspath(folder), writable=writable, bounds=bounds)
        sandbox._shown = shown
        return sandbox

    def _prepare(self, store: Store | None, folder: str, *, writable: bool, bounds: Bounds | None) -> None:
        self.bounds = bounds or Bounds()
        self.writable = writable
        self.isolated = False
        self._held = store if isinstance(store, LocalStore) and not folder else None
        self._remote = None if isinstance(store, LocalStore) else store
        self._folder = str(Path(folder).absolute()) if folder else ""
        self._shown: Callable[[], os.PathLike[str]] | None = None
        self._turns = Turns(self.bounds)
        self._jobs: dict[int, tuple[ForkServer, Job]] = {}
        self._server: ForkServer | None = None
        self._starting = threading.Lock()
        self._closed = False

    def start(self) -> Self:
        """Start the fork server, which asking does, too; does nothing where it runs.

        Raises :class:`~filmgraph.errors.WorkerError` where it cannot, and
        :class:`~filmgraph.errors.StoreError` where there is no store.
        """
        if self._remote is not None:
            return self
        is_missing = self._folder and not DiskStore.is_store(self._folder)
        if is_missing and not self.writable:
            raise StoreError(f"{self._folder}: there is no store here")
        self._ready_server()
        if is_missing:
            self.update("")
        return self

    def ask(self, question: Question, *, client: str = "", seconds: float | None = None) -> Job:
        """Return the job of a question, at once; it runs when :meth:`Job.result` is called and its turn has come.

        ``client`` is whoever counts as one asker, such as an address; "" has no limit of its own. ``seconds`` is for
        who has less time left than the bounds allow.

        Raises :class:`~filmgraph.errors.BusyError` where the queue is full, and
        :class:`~filmgraph.errors.QueryError` for a form that does not exist.
        """
        if question.solutions not in SOLUTION_FORMS or question.triples not in TRIPLE_FORMS:
            raise QueryError(f"there is no form {question.solutions!r} of solutions or {question.triples!r} of triples")
        return Job(self, vars(question), self._turns.take(client), seconds=seconds)

    def update(self, text: str, *, base: str | None = None, client: str = "") -> None:
        """Run a SPARQL update as one transaction, while no query runs; it blocks until it is done.

        Killed at a bound, it has changed nothing. Raises what :meth:`Job.result` does, and
        :class:`~filmgraph.errors.ReadOnlyStoreError` where the sandbox only reads.
        """
        if not self.writable:
            raise ReadOnlyStoreError("this store is for reading only")
        Job(self, {"text": text, "base": base}, self._turns.take(client, alone=True), what=UPDATE).result()

    def close(self) -> None:
        """Kill every worker and end the fork server; nothing is left behind."""
        self._turns.close()
        with self._starting:
            self._closed = True
            server, self._server = self._server, None
        if server is not None:
            server.close()
            self._bury_all(server)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _launch(self, job: Job, connection: socket.socket) -> ForkServer:
        """Have a worker forked for a job; return the fork server that has it."""
        for _ in range(_ATTEMPTS):
            server = self._ready_server()
            self._jobs[job.number] = server, job
            try:
                server.order(job._what, job.number, connection)
                return server
            except WorkerError:
                self._jobs.pop(job.number, None)
                self._forget(server)
        raise WorkerError("the process that forks workers does not stay alive")

    def _ready_server(self) -> ForkServer:
        """Return the fork server, started anew where it has ended."""
        with self._starting:
            if self._closed:
                raise WorkerError("the sandbox is closed")
            if self._server is None:
                self._server = ForkServer(
                    folder=self._folder,
                    memory=self.bounds.memory,
                    feed=self._feed(),
                    ended=self._ended,
                    died=self._died,
                )
                self.isolated = self._server.isolated
            return self._server

    def _feed(self) -> Callable[[IO[bytes]], object] | None:
        if self._held is None:
            return None
        store = self._held.oxigraph
        return lambda stream: store.dump(stream, ox.RdfFormat.N_QUADS)

    def _ended(self, number: int, code: int, lacked_memory: bool) -> None:
        _, job = self._jobs.pop(number, (None, None))
        if job is not None:
            job._bury(code, lacked_memory)

    def _died(self, server: ForkServer) -> None:
        """Let go of what the fork server was busy with, and have another one."""
        self._forget(server)
        self._bury_all(server)
        with suppress(FilmgraphError):  # Whoever asks next tries again, and hears why not.
            self._ready_server()

    def _forget(self, server: ForkServer) -> None:
        with self._starting:
            if self._server is server:
                self._server = None

    def _bury_all(self, server: ForkServer) -> None:
        for number, (its_server, job) in list(self._jobs.items()):
            if its_server is server:
                self._jobs.pop(number, None)
                job._bury(None, False)
