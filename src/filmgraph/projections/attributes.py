"""Attributes of nodes and edges as every tool takes them: plain values, none of them empty."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from filmgraph.rows import Value

__all__ = ["joined", "said"]


def joined(texts: Iterable[Any]) -> str:
    """Return several texts as one."""
    return "; ".join(str(text) for text in texts)


def said(attributes: Mapping[str, Value]) -> dict[str, Value]:
    """Return the attributes that have something to say."""
    return {name: value for name, value in attributes.items() if value is not None and value != ""}
