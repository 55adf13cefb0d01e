"""Questions to a store that is no matter of worker processes: another endpoint answers, and is waited for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from filmgraph.errors import QueryError
from filmgraph.queries import query_form
from filmgraph.sandbox.forms import answer_of_rows, answer_of_triples

if TYPE_CHECKING:
    from filmgraph.sandbox.model import Answer
    from filmgraph.stores import Store

__all__ = ["answer_of_remote"]


def answer_of_remote(store: Store, question: dict[str, Any], *, seconds: float, most: int) -> Answer:
    """Return the answer of a remote store, in at most so many seconds and bytes; raises what the store does."""
    from filmgraph.stores import RemoteStore

    if question["default_graphs"] or question["named_graphs"]:
        raise QueryError("the graphs of this store are chosen in the query: name them there with FROM")
    if isinstance(store, RemoteStore):
        store = store.within(seconds)
    text = question["text"]
    form = query_form(text)
    if form in ("CONSTRUCT", "DESCRIBE"):
        return answer_of_triples(store.construct(text), question["triples"], most=most)
    if form == "ASK":
        return answer_of_rows(store.ask(text), question["solutions"], most=most)
    rows = store.select(text, most=question["rows"])
    return answer_of_rows(rows, question["solutions"], most=most)
