"""The graph as documents: what one resource means, and the forms in which triples leave the house.

What goes out comes back isomorphic, in every format but ``jsonld-framed``, which is a view. The same triples give
the same bytes: they are sorted, and blank nodes get canonical names.
"""

from filmgraph.export.extent import neighbourhood, whole
from filmgraph.export.formats import FORMATS, Format, format_of, serialize, to_rdflib
from filmgraph.export.output import open_output, write_output
from filmgraph.export.streaming import LARGEST_DOCUMENT, write_whole

__all__ = [
    "FORMATS",
    "LARGEST_DOCUMENT",
    "Format",
    "format_of",
    "neighbourhood",
    "open_output",
    "serialize",
    "to_rdflib",
    "whole",
    "write_output",
    "write_whole",
]
