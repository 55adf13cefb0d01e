"""Queries: the library's files, how their parameters are bound, and the guard before a user's own."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from filmgraph.queries.guard import Limits, check_query, check_update
    from filmgraph.queries.library import Column, Parameter, Query, QueryLibrary, is_query_name, parse_query
    from filmgraph.queries.tokens import query_form, tokens_of, with_prefixes

__all__ = [
    "Column",
    "Limits",
    "Parameter",
    "Query",
    "QueryLibrary",
    "check_query",
    "check_update",
    "is_query_name",
    "parse_query",
    "query_form",
    "tokens_of",
    "with_prefixes",
]

_MODULE_OF = {
    **dict.fromkeys(("Column", "Parameter", "Query", "QueryLibrary", "is_query_name", "parse_query"), "library"),
    **dict.fromkeys(("Limits", "check_query", "check_update"), "guard"),
    **dict.fromkeys(("query_form", "tokens_of", "with_prefixes"), "tokens"),
}


def __getattr__(name: str) -> Any:
    if name not in _MODULE_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_MODULE_OF[name]}"), name)
