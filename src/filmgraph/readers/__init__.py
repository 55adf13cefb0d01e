"""Outside RDF files, read with suspicion: whole, or as a stream that is looked at as it flows."""

from __future__ import annotations

from filmgraph.readers.files import (
    DEEPEST,
    LARGEST_TEXT,
    MOST_INNER_TRIPLES,
    RDF_SUFFIXES,
    RdfText,
    check_depth,
    has_rdf_ending,
    rdf_format,
    read_rdf,
    read_text,
    triples_of,
)

__all__ = [
    "DEEPEST",
    "LARGEST_TEXT",
    "MOST_INNER_TRIPLES",
    "RDF_SUFFIXES",
    "RdfText",
    "check_depth",
    "has_rdf_ending",
    "rdf_format",
    "read_rdf",
    "read_text",
    "triples_of",
]
