"""Claims of critics: how they are found in a review, and the passages that they stand on."""

from filmgraph.claims.extraction import VERSION, Candidate, Extractor
from filmgraph.claims.naming import CRAFT_ASPECTS
from filmgraph.claims.passages import Passage
from filmgraph.claims.verification import (
    CheckedPassage,
    PassageReport,
    TableReport,
    verify_passages,
    verify_source,
    verify_table,
)

__all__ = [
    "CRAFT_ASPECTS",
    "VERSION",
    "Candidate",
    "CheckedPassage",
    "Extractor",
    "Passage",
    "PassageReport",
    "TableReport",
    "verify_passages",
    "verify_source",
    "verify_table",
]
