"""Running a query that was checked: each form of it with its own answer."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from filmgraph import queries, stores
from filmgraph.errors import QueryError, RefusedQueryError, StoreError
from filmgraph.graph.stopping import can_be_stopped, foretell, run_stoppable, warn_of
from filmgraph.rows import Rows

if TYPE_CHECKING:
    from filmgraph.arrays import GraphArrays
    from filmgraph.queries import Query
    from filmgraph.stores import LocalStore, Store

__all__ = ["check_federated", "run_named", "run_own", "run_text"]


def run_own(
    store: Store,
    text: str,
    *,
    limit: int | None,
    timeout: float | None,
    allow_services: Collection[str] = (),
    stacklevel: int = 1,
) -> Any:
    """Check and run a query that a user wrote, with a warning before one that will be slow on a disk store.

    Where it has a ``timeout`` in seconds, or will be slow, it runs where it can be stopped.
    """
    text = queries.with_prefixes(text)
    queries.check_query(text, allow_services=allow_services, has_graph=store.has_graph)
    if allow_services:
        if timeout is not None:
            raise QueryError("a query that calls endpoints cannot be stopped: leave out the timeout")
        return run_text(store, text, limit)
    forecast = foretell(store, text)
    is_slow = forecast is not None and forecast.is_slow
    if forecast is not None and is_slow and timeout is None:
        warn_of(forecast, stacklevel=stacklevel + 1)
    return run_text(store, text, limit, timeout=timeout, stoppable=is_slow)


def run_named(
    store: Store,
    query: Query,
    values: Mapping[str, Sequence[str | int | float]],
    *,
    limit: int | None,
    timeout: float | None,
    arrays: Callable[[], GraphArrays],
) -> Any:
    """Run a query of the library; on a large disk store what is dear in it is counted on arrays."""
    text = query.bind(values)
    is_select = queries.query_form(text) == "SELECT"
    if is_select and isinstance(store, stores.LocalStore) and stores.size_of(store) >= stores.LARGE:
        from filmgraph.answers import answer

        return answer(query, values, arrays, _selecting(store, timeout), limit=limit)
    return run_text(store, text, limit, timeout=timeout)


def _selecting(store: LocalStore, timeout: float | None) -> Callable[[str], Rows]:
    """Return what asks a store, all questions together for no longer than the timeout."""
    if timeout is None:
        return store.select
    end = time.monotonic() + timeout

    def select(text: str) -> Rows:
        rows = run_text(store, text, timeout=max(end - time.monotonic(), _LEAST))
        assert isinstance(rows, Rows), "these are SELECT queries"
        return rows

    return select


_LEAST = 0.001
"""The seconds that a question has for which no time is left."""


def run_text(
    store: Store, text: str, limit: int | None = None, *, timeout: float | None = None, stoppable: bool = False
) -> Any:
    """Run a query: rows for SELECT, cut to ``limit``, bool for ASK, triples for CONSTRUCT and DESCRIBE.

    With a ``timeout``, or ``stoppable`` where that can be, it runs in a process that can be killed.
    """
    form = queries.query_form(text)
    if form and (timeout is not None or (stoppable and can_be_stopped(store))):
        answer = run_stoppable(store, text, timeout=timeout)
        return answer.head(limit) if form == "SELECT" and limit is not None else answer
    if form == "SELECT":
        return store.select(text) if limit is None else store.select(text, most=max(limit, 0))
    if form == "ASK":
        return store.ask(text)
    if form in ("CONSTRUCT", "DESCRIBE"):
        return store.construct(text)
    raise QueryError("is no SELECT, ASK, CONSTRUCT or DESCRIBE query")


def check_federated(store: Store, query: Query, allow_services: Collection[str]) -> None:
    """Check that a query of the library may call the endpoints that it names, and that the store calls them."""
    try:
        queries.check_query(query.text, allow_services=allow_services)
    except RefusedQueryError as error:
        raise RefusedQueryError(str(error), query=query.name) from error
    if not isinstance(store, stores.LocalStore):
        raise StoreError(f"{store.name}: a federated query runs on a local store, which calls the endpoint")
