"""Claims of critics, and the passages of reviews that they stand on."""

from filmgraph.claims.verification import CheckedPassage, Passage, PassageReport, verify_passages

__all__ = ["CheckedPassage", "Passage", "PassageReport", "verify_passages"]
