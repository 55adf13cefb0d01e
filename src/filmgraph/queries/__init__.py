"""Queries: the library's files, how their parameters are bound, and the guard before a user's own."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from filmgraph.queries.calls import command_line, curl_line, example_values, python_lines
    from filmgraph.queries.forecast import Forecast, Predicate, Statistics, forecast_of, is_look_up
    from filmgraph.queries.guard import Limits, check_query, check_update
    from filmgraph.queries.library import Column, Parameter, Query, QueryLibrary, is_query_name, parse_query
    from filmgraph.queries.tokens import placed_tokens_of, query_form, tokens_of, with_prefixes

__all__ = [
    "Column",
    "Forecast",
    "Limits",
    "Parameter",
    "Predicate",
    "Query",
    "QueryLibrary",
    "Statistics",
    "check_query",
    "check_update",
    "command_line",
    "curl_line",
    "example_values",
    "forecast_of",
    "is_look_up",
    "is_query_name",
    "parse_query",
    "placed_tokens_of",
    "python_lines",
    "query_form",
    "tokens_of",
    "with_prefixes",
]

_MODULE_OF = {
    **dict.fromkeys(("command_line", "curl_line", "example_values", "python_lines"), "calls"),
    **dict.fromkeys(("Column", "Parameter", "Query", "QueryLibrary", "is_query_name", "parse_query"), "library"),
    **dict.fromkeys(("Forecast", "Predicate", "Statistics", "forecast_of", "is_look_up"), "forecast"),
    **dict.fromkeys(("Limits", "check_query", "check_update"), "guard"),
    **dict.fromkeys(("placed_tokens_of", "query_form", "tokens_of", "with_prefixes"), "tokens"),
}


def __getattr__(name: str) -> Any:
    if name not in _MODULE_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_MODULE_OF[name]}"), name)
