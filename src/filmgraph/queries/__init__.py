"""Queries: the library's files, how their parameters are bound, and the guard before a user's own."""

from filmgraph.queries.guard import Limits, check_query, check_update, query_form, with_prefixes
from filmgraph.queries.library import Column, Parameter, Query, QueryLibrary, parse_query

__all__ = [
    "Column",
    "Limits",
    "Parameter",
    "Query",
    "QueryLibrary",
    "check_query",
    "check_update",
    "parse_query",
    "query_form",
    "with_prefixes",
]
