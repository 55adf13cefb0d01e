"""The graph as arrays, made once and kept beside the store: what similarity, paths and reception compute on."""

from filmgraph.arrays.building import NO_YEAR, ROLE_ORDER
from filmgraph.arrays.csr import Csr
from filmgraph.arrays.hearing import SIGNED_BY, STANCES
from filmgraph.arrays.kept import GraphArrays, open_arrays
from filmgraph.arrays.names import NameArrays, open_names
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
    "NameArrays",
    "Strings",
    "Table",
    "open_arrays",
    "open_names",
    "steps_up",
]
