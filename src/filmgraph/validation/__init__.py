"""SHACL validation: files judged together with the graph that they join, and a report that one can act on."""

from filmgraph.validation.report import Report, Violation
from filmgraph.validation.validate import validate_files, validate_store, validate_workspace

__all__ = ["Report", "Violation", "validate_files", "validate_store", "validate_workspace"]
