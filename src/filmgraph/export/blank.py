"""Canonical names for blank nodes, in a time that has a bound.

RDF dataset canonicalisation (RDFC-1.0, W3C 2024) names the blank nodes of any graph, but takes time that grows with
the factorial of how many it cannot tell apart, and cannot be stopped. So it gets only what needs it: a blank node
that one triple at the most points at, with nothing but such nodes below it, stands in a tree and is named by its way
down that tree; and of what is left the work is estimated before it is done.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping
from hashlib import sha256
from math import factorial, prod
from typing import Any

import pyoxigraph as ox

from filmgraph.errors import DataError

__all__ = ["named_alike"]

_MOST_WORK = 5_000_000
"""Estimated steps of RDFC-1.0 that are still done, around half a second."""

_TREES = ox.NamedNode("urn:x-filmgraph:trees")
"""The graph in which RDFC-1.0 is told what trees hang from a node; triples themselves stand in the default graph."""


def named_alike(triples: Collection[ox.Triple]) -> set[ox.Triple]:
    """Return triples with their blank nodes renamed, so that isomorphic graphs become equal.

    Raises :class:`~filmgraph.errors.DataError` where too many blank nodes cannot be told apart.

    >>> see = ox.NamedNode("http://example.org/see")
    >>> one, other = ([ox.Triple(ox.BlankNode(name), see, ox.Literal(1))] for name in "ab")
    >>> one == other, named_alike(one) == named_alike(other)
    (False, True)
    """
    said: dict[Any, list[ox.Triple]] = defaultdict(list)
    pointing: dict[Any, list[ox.Triple]] = defaultdict(list)
    for triple in triples:
        if _is_blank(triple.subject):
            said[triple.subject].append(triple)
        if _is_blank(triple.object):
            pointing[triple.object].append(triple)
    nodes = said.keys() | pointing.keys()
    trees = _trees(nodes, said, pointing)
    core = nodes - trees.keys()
    renamed, above = _renamed_core(core, said, pointing, trees)
    names = _named_by_path(trees, pointing, above)
    for triple in triples:
        subject, value = triple.subject, triple.object
        if not _is_blank(subject) and not _is_blank(value):
            renamed.add(triple)
        elif subject in core:
            if value in names:
                renamed.add(ox.Triple(ox.BlankNode(above[value]), triple.predicate, names[value]))
        elif value not in core:
            renamed.add(ox.Triple(names.get(subject, subject), triple.predicate, names.get(value, value)))
    return renamed


def _is_blank(term: Any) -> bool:
    return isinstance(term, ox.BlankNode)


def _digest(*parts: str) -> str:
    # The terms are written as in N-Triples, which holds no line break.
    return sha256("\n".join(parts).encode()).hexdigest()[:32]


def _trees(
    nodes: Iterable[Any], said: Mapping[Any, list[ox.Triple]], pointing: Mapping[Any, list[ox.Triple]]
) -> dict[Any, str]:
    """Return the blank nodes that stand in trees, each after those below it, with a digest of all that is below."""
    waiting = {node: sum(_is_blank(triple.object) for triple in said.get(node, ())) for node in nodes}
    ready = [node for node, count in waiting.items() if count == 0 and len(pointing.get(node, ())) <= 1]
    trees: dict[Any, str] = {}
    while ready:
        node = ready.pop()
        trees[node] = _digest(
            *sorted(
                f"{triple.predicate} " + (f"_:{trees[value]}" if _is_blank(value := triple.object) else str(value))
                for triple in said.get(node, ())
            )
        )
        for triple in pointing.get(node, ()):
            parent = triple.subject
            if _is_blank(parent):
                waiting[parent] -= 1
                if waiting[parent] == 0 and len(pointing.get(parent, ())) <= 1:
                    ready.append(parent)
    return trees


def _named_by_path(
    trees: Mapping[Any, str], pointing: Mapping[Any, list[ox.Triple]], above: Mapping[Any, str]
) -> dict[Any, ox.BlankNode]:
    """Return the names of nodes in trees: digests of the way down to them; twins are numbered, in any order."""
    names: dict[Any, ox.BlankNode] = {}
    twins: Counter[tuple[str, str, str]] = Counter()
    for node in reversed(trees):
        parent = predicate = ""
        for triple in pointing.get(node, ()):
            predicate = str(triple.predicate)
            parent = f"_:{above[node]}" if node in above else str(names.get(triple.subject, triple.subject))
        way = (parent, predicate, trees[node])
        twins[way] += 1
        names[node] = ox.BlankNode("b" + _digest(*way, str(twins[way])))
    return names


def _renamed_core(
    core: Collection[Any],
    said: Mapping[Any, list[ox.Triple]],
    pointing: Mapping[Any, list[ox.Triple]],
    trees: Mapping[Any, str],
) -> tuple[set[ox.Triple], dict[Any, str]]:
    """Return the triples among nodes that stand in no tree, renamed, and the new name above each tree below them."""
    quads: set[ox.Quad] = set()
    hanging: dict[str, list[Any]] = defaultdict(list)
    for node in core:
        twins: Counter[tuple[str, str]] = Counter()
        for triple in said.get(node, ()):
            value = triple.object
            if value in trees:
                twin = (str(triple.predicate), trees[value])
                twins[twin] += 1
                hanging[trees[value]].append(value)
                told = ox.Literal(f"{trees[value]} {twins[twin]}")
                quads.add(ox.Quad(node, triple.predicate, told, _TREES))
            else:
                quads.add(ox.Quad(*triple))
        quads.update(ox.Quad(*triple) for triple in pointing.get(node, ()))
    if not quads:
        return set(), {}
    _check_work(core, quads)
    dataset = ox.Dataset(quads)
    dataset.canonicalize(ox.CanonicalizationAlgorithm.RDFC_1_0)
    renamed: set[ox.Triple] = set()
    above: dict[Any, str] = {}
    for quad in dataset:
        if quad.graph_name == _TREES:
            # Trees that say the same are the same: which of them hangs where makes no difference.
            above[hanging[quad.object.value.partition(" ")[0]].pop()] = quad.subject.value
        else:
            renamed.add(quad.triple)
    return renamed, above


def _check_work(core: Collection[Any], quads: Iterable[ox.Quad]) -> None:
    """Refuse what RDFC-1.0 would take long for.

    A node is told from others by its own quads; those that are not are followed along their links in every order of
    links that look alike, so that *n* of them which hang together take around n³ · min(n!, ∏ orders) steps.
    """
    own: dict[Any, list[str]] = defaultdict(list)
    links: dict[Any, list[tuple[str, Any]]] = defaultdict(list)
    for quad in quads:
        subject, predicate, value = quad.subject, str(quad.predicate), quad.object
        for node in {end for end in (subject, value) if _is_blank(end)}:
            ends = ("_:a" if end == node else "_:z" if _is_blank(end) else str(end) for end in (subject, value))
            own[node].append(f"{predicate} {' '.join(ends)} {quad.graph_name}")
        if _is_blank(subject) and _is_blank(value) and subject != value:
            links[subject].append((f"to {predicate}", value))
            links[value].append((f"from {predicate}", subject))
    looks = {node: _digest(*sorted(own[node])) for node in core}
    alike = Counter(looks.values())
    hard = {node for node in core if alike[looks[node]] > 1}
    work = 0
    for part in _parts(hard, links):
        orders = prod(
            factorial(count)
            for node in part
            for count in Counter((link, looks[other]) for link, other in links[node] if other in hard).values()
        )
        work += len(part) ** 3 * min(factorial(min(len(part), 30)), orders)
        if work > _MOST_WORK:
            raise DataError(
                f"{len(part)} blank nodes look alike and point at one another, so that putting them in one order "
                "would take too long: give them IRIs"
            )


def _parts(nodes: Collection[Any], links: Mapping[Any, list[tuple[str, Any]]]) -> list[list[Any]]:
    """Return the connected parts of some nodes."""
    left = set(nodes)
    parts: list[list[Any]] = []
    while left:
        part = [left.pop()]
        for node in part:
            found = {other for _, other in links[node]} & left
            left -= found
            part.extend(found)
        parts.append(part)
    return parts
