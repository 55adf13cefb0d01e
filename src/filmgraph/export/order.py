"""Triples in one order, with their blank nodes under canonical names, so that the same graph gives the same bytes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, TypeGuard

import pyoxigraph as ox

from filmgraph.errors import DataError
from filmgraph.export.blank import named_alike

__all__ = ["in_order", "iris_of", "is_iri", "triple_key", "without_rdf_1_2"]


def triple_key(triple: ox.Triple) -> tuple[str, str, str]:
    """Return the key by which triples are sorted: the terms as in N-Triples."""
    return str(triple.subject), str(triple.predicate), str(triple.object)


def in_order(triples: Iterable[ox.Triple]) -> list[ox.Triple]:
    """Return triples once each and sorted, their blank nodes under canonical names.

    Raises :class:`~filmgraph.errors.DataError` for RDF 1.2, and where too many blank nodes cannot be told apart.
    """
    return sorted(named_alike(without_rdf_1_2(triples)), key=triple_key)


def without_rdf_1_2(triples: Iterable[ox.Triple]) -> set[ox.Triple]:
    """Return triples once each; raises :class:`~filmgraph.errors.DataError` where one of them is RDF 1.2."""
    unique = set(triples)
    for triple in unique:
        if isinstance(triple.object, ox.Triple) or getattr(triple.object, "direction", None) is not None:
            raise DataError(f"{triple} is RDF 1.2, which not every format can carry: take it out")
    return unique


def iris_of(triples: Sequence[ox.Triple]) -> set[str]:
    """Return all IRIs in triples, those of datatypes among them."""
    datatypes = {triple.object.datatype.value for triple in triples if isinstance(triple.object, ox.Literal)}
    return datatypes | {term.value for triple in triples for term in triple if is_iri(term)}


def is_iri(term: Any) -> TypeGuard[ox.NamedNode]:
    """Whether a term is an IRI."""
    return isinstance(term, ox.NamedNode)
