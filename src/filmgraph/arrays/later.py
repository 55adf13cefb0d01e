"""What is asked for once, by a thread beside: begun before it is needed, waited for where it is."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Generic, TypeVar

__all__ = ["Later"]

T = TypeVar("T")


class Later(Generic[T]):
    """An answer that is asked for once, however many threads want it; what failed is asked for anew.

    >>> answer = Later(lambda: 6 * 7)
    >>> answer.begin()
    >>> answer(), answer.is_begun
    (42, True)
    """

    def __init__(self, ask: Callable[[], T]) -> None:
        self._ask = ask
        self._lock = threading.Lock()
        self._told: Future[T] | None = None

    @property
    def is_begun(self) -> bool:
        """Whether it was asked for; the answer may be there or not."""
        return self._told is not None

    @property
    def is_told(self) -> bool:
        """Whether the answer is there, or what went wrong."""
        return self._told is not None and self._told.done()

    def begin(self) -> None:
        """Have it asked for, and do not wait; does nothing where that was done."""
        self._begun()

    def __call__(self) -> T:
        """Return the answer; raises what asking for it raised."""
        told = self._begun()
        try:
            return told.result()
        except Exception:
            with self._lock:
                if self._told is told:
                    self._told = None
            raise

    def _begun(self) -> Future[T]:
        with self._lock:
            if self._told is None:
                self._told = Future()
                # No thread of a pool: the end of the process would wait for it.
                threading.Thread(target=self._run, args=(self._told,), daemon=True, name="filmgraph-later").start()
            return self._told

    def _run(self, told: Future[T]) -> None:
        try:
            told.set_result(self._ask())
        except BaseException as error:
            told.set_exception(error)
