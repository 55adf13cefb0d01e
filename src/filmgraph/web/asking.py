"""How the site finds the rows of a library question: by its text in the sandbox, on a large store with the arrays.

On a large disk store what is dear in a question is counted on arrays, as it is everywhere else
(:mod:`filmgraph.answers`), and what is left to be asked goes into the sandbox text by text, all of them within the time
that one query has. There, and behind an endpoint, no more rows are made than are wanted.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from threading import BoundedSemaphore
from typing import TYPE_CHECKING

import pyoxigraph as ox

from filmgraph import stores
from filmgraph.errors import BusyError, QueryError, QueryTimeoutError, ResultTooLargeError
from filmgraph.queries import check_query
from filmgraph.rows import Rows
from filmgraph.sandbox import Bounds, Question

if TYPE_CHECKING:
    from filmgraph.queries import Query
    from filmgraph.web.site import Site

__all__ = ["MOST_AS_DATA", "all_rows", "first_rows", "is_large"]

MOST_AS_DATA = 50_000
"""How many rows of a question a large store gives as data."""

_AT_ONCE = Bounds.at_once
_COUNTING = BoundedSemaphore(_AT_ONCE)
"""Who counts on arrays does it in this process, where a crowd would keep the pages waiting."""

Values = Mapping[str, Sequence[str]]


def is_large(site: Site) -> bool:
    """Whether a site shows so much that not all rows of a question are to be made: a large store, or an endpoint."""
    store = site.graph.store
    return not isinstance(store, stores.LocalStore) or stores.size_of(store) >= stores.LARGE


def first_rows(site: Site, query: Query, values: Values, most: int, *, client: str = "") -> tuple[Rows, bool]:
    """Return the rows of a question, and whether there may be more: of a large store the first ``most`` alone.

    Raises what :meth:`~filmgraph.sandbox.Job.result` does.
    """
    if not is_large(site):
        return _rows(site, query, values, None, client), False
    rows = _rows(site, query, values, most + 1, client)
    return rows.head(most), len(rows) > most


def all_rows(site: Site, query: Query, values: Values, limit: int | None = None, *, client: str = "") -> Rows:
    """Return all rows of a question, the first ones with a ``limit``.

    Raises :class:`~filmgraph.errors.ResultTooLargeError` where a large store has more than :data:`MOST_AS_DATA`, and
    what :meth:`~filmgraph.sandbox.Job.result` does.
    """
    if not is_large(site):
        return _rows(site, query, values, limit, client)
    try:
        rows = _rows(site, query, values, min(limit or MOST_AS_DATA + 1, MOST_AS_DATA + 1), client)
    except QueryTimeoutError as error:
        raise QueryTimeoutError(f"{error}, or for the first rows with limit=") from error
    if len(rows) > MOST_AS_DATA:
        raise ResultTooLargeError(
            f"the answer has more than {MOST_AS_DATA:,} rows: ask for the first of them with limit=, up to that number"
        )
    return rows


def _rows(site: Site, query: Query, values: Values, limit: int | None, client: str) -> Rows:
    store, text = site.graph.store, query.bind(values)
    check_query(text, has_graph=store.has_graph)
    select = _selecting(site, client, limit)
    if not isinstance(store, stores.LocalStore) or not is_large(site):
        rows = select(text)
        return rows if limit is None else rows.head(limit)
    from filmgraph.answers import answer

    if not _COUNTING.acquire(timeout=Bounds.queue_seconds):
        raise BusyError("too many questions are being answered: try again in a moment", by_client=False)
    try:
        return answer(query, values, lambda: site.graph.kept_arrays, select, limit=limit)
    finally:
        _COUNTING.release()


def _selecting(site: Site, client: str, limit: int | None) -> Callable[[str], Rows]:
    """Return what asks where a query can neither block the site nor reach out, all texts within one query's time."""
    store = site.graph.store
    if site.sandbox is None:
        return store.select
    sandbox, seconds = site.sandbox(), site.settings.query_seconds
    end = time.monotonic() + seconds
    # An endpoint's rows come in order; what is asked of a large store is still to be put in it.
    most = None if isinstance(store, stores.LocalStore) else limit

    def select(text: str) -> Rows:
        left = end - time.monotonic()
        if left <= 0:
            raise QueryTimeoutError(f"found no end within {seconds:g} s: ask for less")
        job = sandbox.ask(Question(text, rows=most), client=client, seconds=left)
        found = ox.parse_query_results(job.result().body, ox.QueryResultsFormat.JSON)
        if not isinstance(found, ox.QuerySolutions):
            raise QueryError("is no SELECT query")
        return Rows(tuple(variable.value for variable in found.variables), [tuple(solution) for solution in found])

    return select
