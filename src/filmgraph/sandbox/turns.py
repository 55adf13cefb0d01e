"""Who may run now: so many at once, so many of one client, a short queue, and one who writes quite alone."""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import dataclass, field

from filmgraph.errors import BusyError, WorkerError
from filmgraph.sandbox.model import Bounds

__all__ = ["Turn", "Turns"]


@dataclass(eq=False)
class Turn:
    """One place in the queue, and then a turn; ``alone`` where nobody else may have one meanwhile."""

    client: str
    alone: bool = False
    granted: threading.Event = field(default_factory=threading.Event)


class Turns:
    """The queue before the workers.

    Of those who wait, whoever has fewest turns goes first, then whoever came first; nobody overtakes one who is to
    write. The client "" is nobody in particular and has no share of its own.
    """

    def __init__(self, bounds: Bounds) -> None:
        self._bounds = bounds
        # A job that is collected as garbage gives its turn back, perhaps in the midst of these lines.
        self._lock = threading.RLock()
        self._running: list[Turn] = []
        self._waiting: list[Turn] = []
        self._closed = False

    def take(self, client: str, *, alone: bool = False) -> Turn:
        """Return a turn that is granted or waits to be; raises BusyError where the queue is full."""
        turn = Turn(client, alone)
        with self._lock:
            if self._closed:
                raise WorkerError("the sandbox is closed")
            self._waiting.append(turn)
            self._grant()
            if turn in self._waiting:
                self._check_queue(turn)
        return turn

    def wait(self, turn: Turn, seconds: float) -> None:
        """Wait until a turn is granted; raises BusyError after so many seconds."""
        turn.granted.wait(max(seconds, 0.0))
        with self._lock:
            if turn in self._running:
                return
            is_gone = turn not in self._waiting
            if not is_gone:
                self._waiting.remove(turn)
                self._grant()
        if is_gone:
            raise WorkerError("the query was called off")
        raise self._busy(turn, self._is_full(turn.client))

    def end(self, turn: Turn) -> None:
        """Give a turn back, or leave the queue; does nothing a second time."""
        with self._lock:
            for turns in (self._running, self._waiting):
                if turn in turns:
                    turns.remove(turn)
            self._grant()
        turn.granted.set()

    def close(self) -> None:
        """Grant no turn any more, and let go of those who wait."""
        with self._lock:
            self._closed = True
            left, self._waiting = self._waiting, []
        for turn in left:
            turn.granted.set()

    def _check_queue(self, turn: Turn) -> None:
        of_client = sum(each.client == turn.client for each in self._waiting) if turn.client else 0
        by_client = of_client > self._bounds.waiting_by_client
        if by_client or len(self._waiting) > self._bounds.waiting:
            self._waiting.remove(turn)
            raise self._busy(turn, by_client or self._is_full(turn.client))

    def _grant(self) -> None:
        while (turn := self._next()) is not None:
            self._waiting.remove(turn)
            self._running.append(turn)
            turn.granted.set()

    def _next(self) -> Turn | None:
        writers = [turn for turn in self._waiting if turn.alone]
        if writers:
            return None if self._running else writers[0]
        if any(turn.alone for turn in self._running) or len(self._running) >= self._bounds.at_once:
            return None
        running = Counter(turn.client for turn in self._running if turn.client)
        free = [turn for turn in self._waiting if not self._is_full(turn.client)]
        return min(free, key=lambda turn: running[turn.client], default=None)

    def _is_full(self, client: str) -> bool:
        return bool(client) and sum(turn.client == client for turn in self._running) >= self._bounds.at_once_by_client

    def _busy(self, turn: Turn, by_client: bool) -> BusyError:
        if by_client:
            most = self._bounds.at_once_by_client
            return BusyError(f"{most} queries of yours run already: wait until one ends", by_client=True)
        return BusyError("too many queries run already: try again in a few seconds", by_client=False)
