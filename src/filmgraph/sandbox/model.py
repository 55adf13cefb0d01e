"""What goes into the sandbox and what comes out of it: bounds, questions and answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

__all__ = ["SOLUTION_FORMS", "TRIPLE_FORMS", "Answer", "Bounds", "Question"]

SOLUTION_FORMS: Mapping[str, str] = MappingProxyType(
    {
        "json": "application/sparql-results+json",
        "xml": "application/sparql-results+xml",
        "csv": "text/csv; charset=utf-8",
        "tsv": "text/tab-separated-values; charset=utf-8",
    }
)
"""Name of a form of solutions to its media type; yes and no go out as ``json`` and ``xml`` alone."""

TRIPLE_FORMS: Mapping[str, str] = MappingProxyType(
    {
        "turtle": "text/turtle; charset=utf-8",
        "ntriples": "application/n-triples",
        "rdfxml": "application/rdf+xml",
        "jsonld": "application/ld+json",
    }
)
"""Name of a form of triples to its media type."""


@dataclass(frozen=True)
class Bounds:
    """What one query may take, and how many may run.

    ``seconds`` counts from the moment of asking, time in the queue included; an error follows within one second more.
    ``memory`` is in bytes, above what a worker takes before its question. ``result`` is the largest answer, in bytes.
    ``at_once`` queries run together, ``at_once_by_client`` of them for one client. Beyond that up to ``waiting`` wait
    (``waiting_by_client`` of one client), each for at most ``queue_seconds``.
    """

    seconds: float = 10.0
    memory: int = 1024**3
    result: int = 32 * 1024**2
    at_once: int = 4
    at_once_by_client: int = 2
    waiting: int = 16
    waiting_by_client: int = 4
    queue_seconds: float = 3.0


@dataclass(frozen=True)
class Question:
    """A SPARQL query and the forms in which its answer is wanted.

    The text is run as it stands: prefixes are added and the guard is asked before. ``solutions`` is one of
    :data:`SOLUTION_FORMS` and ``triples`` one of :data:`TRIPLE_FORMS`; which of them counts is decided by the query.
    ``default_graphs`` and ``named_graphs`` are IRIs that take the place of the dataset that the text names, as the
    SPARQL protocol has it; a graph that the store lacks is empty, and none is ever fetched. With ``rows`` no more
    solutions than that are in the answer: another endpoint is not read any further.
    """

    text: str
    default_graphs: tuple[str, ...] = ()
    named_graphs: tuple[str, ...] = ()
    solutions: str = "json"
    triples: str = "turtle"
    base: str | None = None
    rows: int | None = None


@dataclass(frozen=True)
class Answer:
    """The whole answer to a question, as bytes to send; ``form`` is ``solutions``, ``boolean`` or ``triples``."""

    form: str
    media_type: str
    body: bytes
