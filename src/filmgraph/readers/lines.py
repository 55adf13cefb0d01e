"""Lines of N-Quads, as N-Triples."""

from __future__ import annotations

import re

__all__ = ["without_graphs"]

_GRAPH = re.compile(
    rb"""^([ \t]*+(?:<[^<>\s]*+>|_:[^\s<"]++)[ \t]*+<[^<>\s]*+>[ \t]*+
        (?:<[^<>\s]*+>|_:[^\s<"]++|"(?:[^"\\\n]|\\.)*+"(?:@[A-Za-z0-9-]++|\^\^[ \t]*+<[^<>\s]*+>)?+)[ \t]*+)
        (?:<[A-Za-z][A-Za-z0-9+.-]*+:[^<>\s]*+>|_:[^\s<"]+)(?=[ \t]*\.)""",
    re.MULTILINE | re.VERBOSE,
)


def without_graphs(chunk: bytes) -> bytes:
    """Return lines of N-Quads as such of N-Triples, without the names of graphs.

    A line of another shape passes as it is: it has no name of a graph, or is none of N-Quads, which the parser tells.

    >>> without_graphs(b'<urn:a> <urn:b> "c" <urn:g> .')
    b'<urn:a> <urn:b> "c"  .'
    """
    return _GRAPH.sub(rb"\1", chunk)
