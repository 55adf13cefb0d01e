"""The face of filmgraph: one object that a user holds, and how it is opened."""

from __future__ import annotations

from filmgraph.graph.film_graph import FilmGraph
from filmgraph.graph.opening import load_into, open_graph

__all__ = ["FilmGraph", "load_into", "open_graph"]
