"""From what people write to what they mean: names, search with "did you mean", and suggestions."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from filmgraph.lookup.names import (
        Named,
        folded_text,
        label_among,
        labels_of,
        language_rank,
        texts_of,
        values_of,
    )
    from filmgraph.lookup.resolving import kinds_meant, resolve
    from filmgraph.lookup.searching import Hit, SearchIndex, search

__all__ = [
    "Hit",
    "Named",
    "SearchIndex",
    "folded_text",
    "kinds_meant",
    "label_among",
    "labels_of",
    "language_rank",
    "resolve",
    "search",
    "texts_of",
    "values_of",
]

_MODULE_OF = {
    **dict.fromkeys(
        ("Named", "folded_text", "label_among", "labels_of", "language_rank", "texts_of", "values_of"),
        "names",
    ),
    **dict.fromkeys(("kinds_meant", "resolve"), "resolving"),
    **dict.fromkeys(("Hit", "SearchIndex", "search"), "searching"),
}


def __getattr__(name: str) -> Any:
    # Searching needs arrays, which take longer to import than the page of a film to read.
    if name not in _MODULE_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_MODULE_OF[name]}"), name)
