"""The graph as arrays: films × techniques with weights, what similarity and paths compute on."""

from filmgraph.arrays.weights import STEP_WEIGHT, FilmTechniqueArrays, steps_up

__all__ = ["STEP_WEIGHT", "FilmTechniqueArrays", "steps_up"]
