"""Queries that can be stopped, and a word beforehand about those that will take long.

The local engine cannot be interrupted. So a query with a time limit, and one that the forecast calls slow, runs in a
worker process of the sandbox, which a deadline or Ctrl-C kills at once.
"""

from __future__ import annotations

import os
import warnings
from typing import TYPE_CHECKING, Any

import pyoxigraph as ox

from filmgraph import queries, stores
from filmgraph.errors import QueryTimeoutError, StoreError
from filmgraph.rows import Rows

if TYPE_CHECKING:
    from filmgraph.queries import Forecast
    from filmgraph.stores import Store

__all__ = ["SlowQueryWarning", "can_be_stopped", "foretell", "run_stoppable", "warn_of"]

_AT_MOST = 7 * 24 * 3600.0
"""The seconds that a query has to which nobody gave a limit."""
_LARGEST = 64 * 1024**3


class SlowQueryWarning(UserWarning):
    """A query that will take long, as far as can be told before it runs."""


def foretell(store: Store, text: str) -> Forecast | None:
    """Return what a query will cost on a large disk store, None on any other store and where it cannot be told."""
    if not isinstance(store, stores.LocalStore) or stores.size_of(store) < stores.LARGE or queries.is_look_up(text):
        return None
    return queries.forecast_of(text, stores.statistics_of(store))


def warn_of(forecast: Forecast, *, stacklevel: int) -> None:
    """Warn of a slow query, in one line that says what to do."""
    told = (
        f"this query will visit about {_rounded(forecast.visited)} rows, and may take long: {forecast.hint}, use a "
        "question of the library, give it a --timeout, or run it on an engine built for it (docs/scale.md)"
    )
    warnings.warn(SlowQueryWarning(told), stacklevel=stacklevel + 1)


def can_be_stopped(store: Store) -> bool:
    """Whether a query on a store can run in a process of its own."""
    return hasattr(os, "fork") and isinstance(store, stores.LocalStore) and not (store.writable and store.derived)


def run_stoppable(store: Store, text: str, *, timeout: float | None) -> Any:
    """Run a query where it can be stopped: after ``timeout`` seconds, and by Ctrl-C.

    Raises :class:`~filmgraph.errors.QueryTimeoutError`, and :class:`~filmgraph.errors.StoreError` where this system or
    this store has no process that could be stopped.
    """
    from filmgraph.sandbox import Bounds, Question, Sandbox

    if isinstance(store, stores.LocalStore) and not can_be_stopped(store):
        raise StoreError(f"{store.name}: a query cannot be stopped here: leave out the timeout")
    bounds = Bounds(seconds=min(timeout or _AT_MOST, _AT_MOST), memory=_memory(), result=_LARGEST)
    with Sandbox(store, bounds=bounds) as sandbox:
        job = sandbox.ask(Question(text, solutions="json", triples="ntriples"))
        try:
            answer = job.result()
        except QueryTimeoutError as error:
            raise QueryTimeoutError(
                f"stopped after {bounds.seconds:g} s: ask for less, start from one film, or give it more time"
            ) from error
        except BaseException:
            job.kill()
            raise
    if answer.form == "triples":
        return [quad.triple for quad in ox.parse(answer.body, ox.RdfFormat.N_TRIPLES)]
    found = ox.parse_query_results(answer.body, ox.QueryResultsFormat.JSON)
    if isinstance(found, ox.QueryBoolean):
        return bool(found)
    assert isinstance(found, ox.QuerySolutions), "the form is one of three"
    return Rows(tuple(variable.value for variable in found.variables), [tuple(solution) for solution in found])


def _memory() -> int:
    """Return the bytes that a query of one's own may take: what the machine has."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (ValueError, OSError):
        return _LARGEST


def _rounded(count: float) -> str:
    """Return a large number as people say it.

    >>> _rounded(1_234_567), _rounded(45_000_000_000), _rounded(1e15)
    ('1.2 million', '45 billion', 'a trillion or more')
    """
    for size, name in ((1e12, "trillion"), (1e9, "billion"), (1e6, "million")):
        if count >= size:
            return f"a {name} or more" if name == "trillion" else f"{count / size:.2g} {name}"
    return f"{round(count, -4):,.0f}"
