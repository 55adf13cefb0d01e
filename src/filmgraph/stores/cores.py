"""A moment on one core, for an engine that opens with more threads than it has work for."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress

__all__ = ["on_one_core"]


@contextmanager
def on_one_core() -> Iterator[None]:
    """Keep to one core for a moment, where the system lets a program do so.

    RocksDB opens a store with some 180 threads that have next to nothing to do. Spread over cores that other
    programs use they wait for each other, which takes up to ten times as long as on one core. Two of them stay and
    would work for every other store of the process: they get all cores back, as this thread does.
    """
    if sys.platform != "linux":
        yield
        return
    allowed = os.sched_getaffinity(0)
    core = {sorted(allowed)[os.getpid() % len(allowed)]}
    before = _threads()
    with suppress(OSError):
        os.sched_setaffinity(0, core)
    try:
        yield
    finally:
        with suppress(OSError):
            os.sched_setaffinity(0, allowed)
        for thread in _threads() - before:
            with suppress(OSError):  # It may have ended.
                if os.sched_getaffinity(thread) == core:
                    os.sched_setaffinity(thread, allowed)


def _threads() -> set[int]:
    """Return the ids of this process's threads, none where the system does not tell."""
    try:
        with os.scandir("/proc/self/task") as entries:
            return {int(entry.name) for entry in entries}
    except OSError:
        return set()
