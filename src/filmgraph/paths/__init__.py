"""Why two films belong together: the best typed paths between them, each edge checkable.

A path leads from one film to the other through what joins them: a technique both use, techniques that are siblings
in the vocabulary, a person who worked on both, a critic who compared them, critics who praise the same craft in
both, a genre. Its score is

    kind · closeness · ln(1 + N / n) / ln(1 + N)

with N the films of the graph and n those that have the joining thing, so that the rarest joins most; *kind* is the
weight of :data:`KIND_WEIGHTS`; *closeness* is 2^(1−steps) for siblings, with the steps of ``skos:broader`` that lie
between the two techniques, for what critics say how far they agree, and 1 elsewhere. For a technique n counts the
films that use it or a narrower one; for what siblings are both kinds of, likewise; for praise it counts these or the
films that are praised for it, whichever are more; for a comparison n is 2. A path through a third film scores half
the geometric mean of its two parts. In a list of paths each further one of a kind counts half of what it would, so
that the list is varied.

How far critics agree: for praise of a technique in a film it is the lower bound of Wilson's interval of the share of
praise among those who judge it (:mod:`filmgraph.voices`; 1 of 1 is 0.21, 8 of 8 is 0.68), and for praise in two films
the geometric mean; for a comparison by k critics it is k / (k + 1). Both stay below 1, so a hundred critics weigh a
little more than ten, and no more than a fact. Nothing joins two films because the same critic reviewed both, and
praise of a whole category (the editing) joins none: else films that the same critics saw would all be neighbours.
"""

from filmgraph.paths.arraylinks import ArrayLinks
from filmgraph.paths.index import PathIndex
from filmgraph.paths.links import Links
from filmgraph.paths.model import KIND_WEIGHTS, Edge, Path, Statement, Triple, UseInFilm

__all__ = ["KIND_WEIGHTS", "ArrayLinks", "Edge", "Links", "Path", "PathIndex", "Statement", "Triple", "UseInFilm"]
