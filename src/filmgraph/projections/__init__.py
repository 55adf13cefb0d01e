"""The graph as NetworkX graphs, and the files in which network tools read them.

Nodes are CURIEs (``film:her-2013``), in a fixed order, with a ``kind`` and a ``label``. An attribute that would have
nothing to say is left out, so that none is None.
"""

from filmgraph.projections.graphs import (
    PROJECTIONS,
    critic_graph,
    film_film_graph,
    film_technique_graph,
    project,
    whole_graph,
)
from filmgraph.projections.writers import GRAPH_FORMATS, GraphFormat, graph_format_of, write_graph

__all__ = [
    "GRAPH_FORMATS",
    "PROJECTIONS",
    "GraphFormat",
    "critic_graph",
    "film_film_graph",
    "film_technique_graph",
    "graph_format_of",
    "project",
    "whole_graph",
    "write_graph",
]
