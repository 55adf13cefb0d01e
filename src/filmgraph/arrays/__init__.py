"""The graph as arrays, made once and kept beside the store: what similarity, paths and reception compute on."""

from filmgraph.arrays.building import NO_YEAR, ROLE_ORDER
from filmgraph.arrays.counted import once_counted
from filmgraph.arrays.csr import Csr
from filmgraph.arrays.hearing import SIGNED_BY, STANCES
from filmgraph.arrays.kept import GraphArrays, open_arrays
from filmgraph.arrays.listing import Listing
from filmgraph.arrays.names import NameArrays, open_names
from filmgraph.arrays.scanning import Scan, is_iri_form, scan_all, text_of
from filmgraph.arrays.strings import Strings, Table
from filmgraph.arrays.weights import STEP_WEIGHT, FilmTechniqueArrays, steps_up

__all__ = [
    "NO_YEAR",
    "ROLE_ORDER",
    "SIGNED_BY",
    "STANCES",
    "STEP_WEIGHT",
    "Csr",
    "FilmTechniqueArrays",
    "GraphArrays",
    "Listing",
    "NameArrays",
    "Scan",
    "Strings",
    "Table",
    "is_iri_form",
    "once_counted",
    "open_arrays",
    "open_names",
    "scan_all",
    "steps_up",
    "text_of",
]
