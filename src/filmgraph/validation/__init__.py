"""Validation: files judged together with the graph that they join, by SHACL and by their prose; and the report."""

from filmgraph.validation.additions import validate_additions
from filmgraph.validation.engines import ENGINES, Engine
from filmgraph.validation.prose import check_prose
from filmgraph.validation.report import Report, Violation
from filmgraph.validation.validate import validate_files, validate_store, validate_texts, validate_workspace

__all__ = [
    "ENGINES",
    "Engine",
    "Report",
    "Violation",
    "check_prose",
    "validate_additions",
    "validate_files",
    "validate_store",
    "validate_texts",
    "validate_workspace",
]
