"""The sandbox: where a query that a stranger wrote runs, in a process that can be killed.

A :class:`Sandbox` over a store takes a :class:`Question` and hands back a :class:`Job`, whose :meth:`Job.result` waits
for the whole :class:`Answer` or raises what came between: the query is wrong (``QueryError``), it met a bound
(``BoundError`` and its kinds), or the store failed (``StoreError``)::

    with Sandbox(graph.store) as sandbox:
        job = sandbox.ask(Question("SELECT * { ?s ?p ?o } LIMIT 5", solutions="csv"), client="203.0.113.7")
        answer = job.result()     # from another thread: job.kill()

The sandbox looks at no syntax and adds no prefixes: :func:`filmgraph.queries.check_query` is the first wall, and this
the second.
"""

from __future__ import annotations

from filmgraph.sandbox.box import Job, Sandbox
from filmgraph.sandbox.model import SOLUTION_FORMS, TRIPLE_FORMS, Answer, Bounds, Question

__all__ = ["SOLUTION_FORMS", "TRIPLE_FORMS", "Answer", "Bounds", "Job", "Question", "Sandbox"]
