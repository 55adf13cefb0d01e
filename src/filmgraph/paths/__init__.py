"""Why two films belong together: the best typed paths between them, each edge checkable.

A path leads from one film to the other through what joins them: a technique both use, techniques that are siblings
in the vocabulary, a person who worked on both, a critic who compared them, critics who praise the same craft in
both, a genre. Its score is

    kind · closeness · ln(1 + N / n) / ln(1 + N)

with N the films of the graph and n those that have the joining thing, so that the rarest joins most; *closeness* is
2^(1−steps) for siblings, with the steps of ``skos:broader`` that lie between the two techniques, and 1 elsewhere;
*kind* is the weight of :data:`KIND_WEIGHTS`. For a technique n counts the films that use it or a narrower one; for
what siblings are both kinds of, likewise; for a comparison n is 2. A path through a third film scores half the
geometric mean of its two parts. In a list of paths each further one of a kind counts half of what it would, so that
the list is varied.
"""

from filmgraph.paths.index import PathIndex
from filmgraph.paths.model import KIND_WEIGHTS, Edge, Path, Statement, Triple, UseInFilm

__all__ = ["KIND_WEIGHTS", "Edge", "Path", "PathIndex", "Statement", "Triple", "UseInFilm"]
