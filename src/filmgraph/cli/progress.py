"""Progress on a terminal for what takes more than a second; nothing in a pipe."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

__all__ = ["meter", "steps", "transfer"]


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
    with _moving(title, in_bytes=False) as move:
        yield move


@contextmanager
def transfer(title: str) -> Iterator[Callable[[str, int, int], None]]:
    """Yield a function to call with what is being done, how many bytes are through and how many there are.

    A bar shows them with the rate and the time that is left.
    """
    with _moving(title, in_bytes=True) as move:
        yield move


@contextmanager
def _moving(title: str, *, in_bytes: bool) -> Iterator[Callable[[str, int, int], None]]:
    if not sys.stderr.isatty():
        yield lambda name, done, total: None
        return
    from rich.console import Console
    from rich.markup import escape
    from rich.progress import (
        BarColumn,
        DownloadColumn,
        Progress,
        TaskProgressColumn,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
        TransferSpeedColumn,
    )

    shown = (DownloadColumn(), TransferSpeedColumn()) if in_bytes else (TaskProgressColumn(), TimeElapsedColumn())
    columns = [TextColumn("{task.description}"), BarColumn(), *shown, TimeRemainingColumn()]
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(title)

        def move(name: str, done: int, total: int) -> None:
            bar.update(task, completed=done, total=max(total, 1), description=f"{title}: {escape(name[-60:])}")

        yield move
