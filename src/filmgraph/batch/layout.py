"""What a folder of Parquet holds that the jobs read, and whether one that is given does."""

from __future__ import annotations

import json
from collections.abc import Mapping

from filmgraph.errors import DataError

__all__ = ["EDGE_COLUMNS", "LAYOUT", "MANIFEST", "NODE_COLUMNS", "check_columns", "check_layout", "no_table"]

LAYOUT = 1
"""The layout of the folder; raised when columns change their meaning."""
MANIFEST = "filmgraph.json"

NODE_COLUMNS: dict[str, str] = {"id": "string", "kind": "string"}
EDGE_COLUMNS: dict[str, str] = {"source": "string", "target": "string", "kind": "string", "weight": "double"}
"""The columns that the jobs read, with their types; there are more, which they do not ask for."""


def check_layout(text: str, file: str) -> None:
    """Raise :class:`~filmgraph.errors.DataError` where the manifest is of a layout that is not known here."""
    try:
        told = json.loads(text)
    except ValueError as error:
        raise DataError("is no JSON; filmgraph export --format parquet writes it", file=file) from error
    layout = told.get("layout") if isinstance(told, dict) else None
    if not isinstance(layout, int):
        raise DataError("names no layout; filmgraph export --format parquet writes it", file=file)
    if layout > LAYOUT:
        raise DataError(
            f"this graph was written by a newer filmgraph (layout {layout}, known here is {LAYOUT}): update this one, "
            "or write the graph anew",
            file=file,
        )


def check_columns(found: Mapping[str, str], wanted: Mapping[str, str], file: str) -> None:
    """Raise :class:`~filmgraph.errors.DataError` where a column that the jobs read is missing, or of another type."""
    for name, kind in wanted.items():
        if name not in found:
            raise DataError(f"the table has no column {name!r}; filmgraph export --format parquet writes it", file=file)
        if found[name] != kind:
            raise DataError(f"the column {name!r} is of the type {found[name]}, not {kind}", file=file)


def no_table(file: str) -> DataError:
    """Return the error that a table is not there."""
    return DataError("there is no such table; filmgraph export --format parquet writes it", file=file)
