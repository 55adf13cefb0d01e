"""Whole texts in the canonical form."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pyoxigraph as ox

from filmgraph.errors import DataError
from filmgraph.turtle.blocks import Blocks, bonds_of, rank_of
from filmgraph.turtle.lines import first_comment
from filmgraph.turtle.order import OUT_OF_REACH, PART, Ownership, natural_key

__all__ = ["format_turtle", "write_turtle"]


def write_turtle(triples: Iterable[ox.Triple]) -> str:
    """Return triples as Turtle in the canonical form.

    Blank nodes are written in place, so each must be the object of one triple at the most and not stand in a
    circle: anything else raises :class:`~filmgraph.errors.DataError`.

    >>> film, name = ox.NamedNode("https://w3id.org/filmgraph/film/her-2013"), ox.NamedNode("https://schema.org/name")
    >>> print(write_turtle([ox.Triple(film, name, ox.Literal("Her"))]), end="")
    @prefix film: <https://w3id.org/filmgraph/film/> .
    @prefix schema: <https://schema.org/> .
    <BLANKLINE>
    film:her-2013 schema:name "Her" .
    """
    blocks = Blocks()
    for triple in dict.fromkeys(triples):
        blocks.add(str(triple.subject), triple.predicate.value, _token(triple.object))
    blocks.check_blank()
    written = [blocks.block(subject) for subject in _in_order(blocks)]
    blocks.check_written()
    head = blocks.head()
    return "\n".join([*([head] if head else []), *written])


def format_turtle(text: str, *, file: str) -> str:
    """Return a Turtle file's text in the canonical form.

    Raises :class:`~filmgraph.errors.DataError` for text that is no Turtle, and for comments, which the form cannot
    keep.
    """
    try:
        quads = list(ox.parse(text, format=ox.RdfFormat.TURTLE))
    except (SyntaxError, ValueError, MemoryError) as error:
        raise DataError.of_parser(error, file) from error
    line = first_comment(text)
    if line is not None:
        raise DataError("comments are not kept: say it with skos:editorialNote", file=file, line=line)
    try:
        return write_turtle(quad.triple for quad in quads)
    except DataError as error:
        raise DataError(str(error), file=file) from error


def _token(term: Any) -> str:
    """Return a term as N-Triples writes it, a triple as a term of RDF 1.2."""
    return f"<<( {term} )>>" if isinstance(term, ox.Triple) else str(term)


def _in_order(blocks: Blocks) -> list[str]:
    named = sorted((node for node in blocks.of if node[0] == "<"), key=lambda node: natural_key(node[1:-1]))
    number = {node: place for place, node in enumerate(named)}
    owned = Ownership(len(named))
    for node, place in number.items():
        for bond, other in bonds_of(node, blocks.of[node]):
            if bond == PART:
                if other in number:
                    owned.add(bond, number[other], place)
            elif other in blocks.of:
                owned.add(bond, place, number.get(other, OUT_OF_REACH))
    return [named[place] for place in owned.order([rank_of(blocks.of[node]) for node in named])]
