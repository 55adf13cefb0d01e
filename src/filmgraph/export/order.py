"""Triples in one order, with their blank nodes under canonical names, so that the same graph gives the same bytes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, TypeGuard

import pyoxigraph as ox

from filmgraph.errors import DataError

__all__ = ["in_order", "iris_of", "is_iri", "triple_key"]


def triple_key(triple: ox.Triple) -> tuple[str, str, str]:
    """Return the key by which triples are sorted: the terms as in N-Triples."""
    return str(triple.subject), str(triple.predicate), str(triple.object)


def in_order(triples: Iterable[ox.Triple]) -> list[ox.Triple]:
    """Return triples once each and sorted, their blank nodes under canonical names."""
    unique = set(triples)
    blank = False
    for triple in unique:
        if isinstance(triple.object, ox.Triple) or getattr(triple.object, "direction", None) is not None:
            raise DataError(f"{triple} is RDF 1.2, which not every format can carry: take it out")
        blank = blank or isinstance(triple.subject, ox.BlankNode) or isinstance(triple.object, ox.BlankNode)
    if blank:
        dataset = ox.Dataset(ox.Quad(*triple) for triple in unique)
        dataset.canonicalize(ox.CanonicalizationAlgorithm.RDFC_1_0)
        unique = {quad.triple for quad in dataset}
    return sorted(unique, key=triple_key)


def iris_of(triples: Sequence[ox.Triple]) -> set[str]:
    """Return all IRIs in triples, those of datatypes among them."""
    datatypes = {triple.object.datatype.value for triple in triples if isinstance(triple.object, ox.Literal)}
    return datatypes | {term.value for triple in triples for term in triple if is_iri(term)}


def is_iri(term: Any) -> TypeGuard[ox.NamedNode]:
    """Whether a term is an IRI."""
    return isinstance(term, ox.NamedNode)
