"""What critics make of films: on what they agree, over what they part, what each of them values.

:class:`Reception` reads the accepted claims of a store once and answers from them. Critics are counted, never
reviews, and small numbers are given the weight of small numbers; :mod:`filmgraph.voices` says how.
"""

from filmgraph.reception.index import Reception
from filmgraph.reception.model import (
    Agreement,
    AlikeCritic,
    Comparison,
    Contested,
    MissingUse,
    NoticedUse,
    Valued,
    as_rows,
)

__all__ = [
    "Agreement",
    "AlikeCritic",
    "Comparison",
    "Contested",
    "MissingUse",
    "NoticedUse",
    "Reception",
    "Valued",
    "as_rows",
]
