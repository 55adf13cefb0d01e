"""The site and the endpoint: a film graph over HTTP. Needs the extra ``web``.

``create_app(graph)`` makes an ASGI application of a :class:`~filmgraph.graph.FilmGraph`. How a page comes about:

1. A module of pages (``resources``, ``browse``, ``discover`` …) names its pages in ``pages()``: a
   :class:`~filmgraph.web.site.Page` is a path, the forms that it can be had in, and a function that returns a
   :class:`~filmgraph.web.site.View` of what it shows: a template with its values, data for JSON, rows for CSV, and
   the triples behind it.
2. :mod:`~filmgraph.web.app` makes routes of them. :mod:`~filmgraph.web.negotiation` picks the form from the ending of
   the path or from Accept, :mod:`~filmgraph.web.answers` keeps, compresses and validates what was made.
3. Errors of filmgraph become pages or problem details in :mod:`~filmgraph.web.problems`.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from filmgraph.web.app import create_app
    from filmgraph.web.settings import Settings

__all__ = ["Settings", "create_app"]

_MODULE_OF = {"Settings": "settings", "create_app": "app"}


def __getattr__(name: str) -> Any:
    if name not in _MODULE_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_MODULE_OF[name]}"), name)
