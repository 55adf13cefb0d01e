"""Running a query that was checked: each form of it with its own answer."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Any

from filmgraph import queries, stores
from filmgraph.errors import QueryError, RefusedQueryError, StoreError

if TYPE_CHECKING:
    from filmgraph.queries import Query
    from filmgraph.stores import Store

__all__ = ["check_federated", "run_text"]


def run_text(store: Store, text: str, limit: int | None = None) -> Any:
    """Run a query: rows for SELECT, cut to ``limit``, bool for ASK, triples for CONSTRUCT and DESCRIBE."""
    form = queries.query_form(text)
    if form == "SELECT":
        rows = store.select(text)
        return rows if limit is None else rows.head(limit)
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
