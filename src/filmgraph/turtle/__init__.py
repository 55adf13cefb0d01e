"""Turtle in the canonical form, so that a diff shows what changed and nothing else; and the lines of its subjects.

The form: the prefixes that are used, sorted; the file's main subject first (an ontology, a concept scheme, a film, a
review), a film followed by its uses and each use by its scenes, a review by its claims and each claim by its
passages; then all other subjects in the order of their IRIs, numbers counted as numbers. Within a subject the
predicates stand in the house order; objects are sorted.
"""

from filmgraph.turtle.blocks import Blocks, bonds_of, rank_of
from filmgraph.turtle.canonical import format_turtle, write_turtle
from filmgraph.turtle.lines import subject_lines
from filmgraph.turtle.order import NOBODY, OUT_OF_REACH, PART, Ownership, natural_bytes, natural_key

__all__ = [
    "NOBODY",
    "OUT_OF_REACH",
    "PART",
    "Blocks",
    "Ownership",
    "bonds_of",
    "format_turtle",
    "natural_bytes",
    "natural_key",
    "rank_of",
    "subject_lines",
    "write_turtle",
]
