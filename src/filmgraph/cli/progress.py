"""Progress on a terminal for what takes more than a second; nothing in a pipe."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

__all__ = ["meter", "steps"]


@contextmanager
def steps(title: str, *, total: int | None = None) -> Iterator[Callable[[str], None]]:
    """Yield a function to call at each step with its name; it moves a bar on standard error."""
    if not sys.stderr.isatty():
        yield lambda name: None
        return
    from rich.console import Console
    from rich.markup import escape
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = [
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    ]
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(title, total=total)

        def step(name: str) -> None:
            bar.update(task, advance=1, description=f"{title} {escape(name[-60:])}")

        yield step


@contextmanager
def meter(title: str) -> Iterator[Callable[[str, int, int], None]]:
    """Yield a function to call with what is being done, how much is done and how much there is, as a bar shows it."""
    if not sys.stderr.isatty():
        yield lambda name, done, total: None
        return
    from rich.console import Console
    from rich.markup import escape
    from rich.progress import (
        BarColumn,
        Progress,
        TaskProgressColumn,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    columns = [
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    ]
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(title)

        def move(name: str, done: int, total: int) -> None:
            bar.update(task, completed=done, total=max(total, 1), description=f"{title}: {escape(name[-60:])}")

        yield move
