"""Measure tasks side by side and print them as a table.

Tasks take turns, each round in the opposite order of the one before (A B C, C B A, A B C …), because a machine that is
busy for a second would else slow down one of them alone, and whoever goes second finds warm caches. A ratio is the
median of the ratios within each round.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from statistics import median

__all__ = ["Measured", "Task", "print_table", "take_turns", "timed"]


@dataclass(frozen=True)
class Task:
    """What is measured; ``peer`` is the label of the task that it is compared with.

    The goals: ``at_most`` times what the peer needs, or ``within`` so many seconds.
    """

    label: str
    run: Callable[[], object]
    peer: str | None = None
    at_most: float | None = None
    within: float | None = None


@dataclass(frozen=True)
class Measured:
    """How long a task took, in seconds, round by round; and how long its peer did."""

    task: Task
    seconds: tuple[float, ...]
    peer_seconds: tuple[float, ...] = ()

    @property
    def ratio(self) -> float | None:
        """The median of how many times as long as its peer the task took."""
        pairs = zip(self.seconds, self.peer_seconds, strict=False)
        return median(own / peer for own, peer in pairs) if self.peer_seconds else None

    @property
    def met(self) -> bool | None:
        """Whether the goal is met, None where there is none."""
        if self.task.at_most is not None and self.ratio is not None:
            return self.ratio <= self.task.at_most
        return None if self.task.within is None else median(self.seconds) <= self.task.within


def timed(run: Callable[[], object]) -> float:
    """Return how many seconds a call takes; what it returns is kept until the clock has stopped."""
    start = time.perf_counter()
    answer = run()
    seconds = time.perf_counter() - start
    del answer
    return seconds


def take_turns(tasks: Sequence[Task], *, rounds: int) -> list[Measured]:
    """Run the tasks in turn, ``rounds`` times."""
    seconds: dict[str, list[float]] = {task.label: [] for task in tasks}
    for number in range(rounds):
        for task in tasks if number % 2 == 0 else reversed(tasks):
            seconds[task.label].append(timed(task.run))
    return [Measured(task, tuple(seconds[task.label]), tuple(seconds.get(task.peer or "", ()))) for task in tasks]


def print_table(title: str, measured: Iterable[Measured]) -> None:
    """Print what was measured, a task a line."""
    print(f"\n{title}\n")
    lines = [("", "median", "min", "max", "99 %", "ratio", "to", "goal")]
    lines += [_line(each) for each in measured]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for line in lines:
        cells = [line[0].ljust(widths[0])]
        cells += [cell.rjust(width) for cell, width in zip(line[1:6], widths[1:6], strict=True)]
        cells += [line[6].ljust(widths[6]), line[7]]
        print("  ".join(cells).rstrip())


def _line(each: Measured) -> tuple[str, ...]:
    task, ordered = each.task, sorted(each.seconds)
    percentile = _clock(ordered[math.ceil(0.99 * len(ordered)) - 1]) if len(ordered) >= 100 else ""
    ratio = "" if each.ratio is None else f"{each.ratio:.2f}×"
    goal = ""
    if each.met is not None:
        wanted = f"{task.at_most:g}×" if task.at_most is not None else _clock(task.within or 0)
        goal = f"≤ {wanted} {'met' if each.met else 'MISSED'}"
    times = (_clock(median(ordered)), _clock(ordered[0]), _clock(ordered[-1]))
    return task.label, *times, percentile, ratio, (task.peer or "") if ratio else "", goal


def _clock(seconds: float) -> str:
    if seconds >= 1:
        return f"{seconds:.2f} s"
    return f"{seconds * 1e3:.1f} ms" if seconds >= 1e-3 else f"{seconds * 1e6:.0f} µs"
