"""NetworkX graphs as files for Gephi, Cytoscape, D3 and NetworkX itself."""

from __future__ import annotations

import json
import math
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

from filmgraph.errors import NotFoundError
from filmgraph.projections.attributes import joined, said
from filmgraph.rows import Value

if TYPE_CHECKING:
    import networkx as nx

__all__ = ["GRAPH_FORMATS", "GraphFormat", "graph_format_of", "write_graph"]


@dataclass(frozen=True)
class GraphFormat:
    """A file that network tools read: its media type, its ending, and what it is, in a few words."""

    media_type: str
    suffix: str
    about: str
    write: Callable[[nx.Graph[str]], str]


def write_graph(graph: nx.Graph[Any], form: str) -> str:
    """Return a graph in one of :data:`GRAPH_FORMATS`, the same bytes for the same graph.

    Attributes become text, whole numbers, decimals or booleans, one type for each name; lists are joined by ``; ``;
    empty ones are left out, and so are characters that XML does not allow. The keys of parallel edges become ``e0``,
    ``e1`` and so on, because Gephi drops an edge whose id it has seen.

    NetworkX reads all of them: ``read_graphml``, ``read_gexf``, ``cytoscape_graph(data)`` of the Cytoscape JSON, and
    ``node_link_graph(data, edges="links")`` of the node-link JSON, whose edges are called links as D3 wants them.

    Raises :class:`~filmgraph.errors.NotFoundError` for an unknown format.
    """
    if form not in GRAPH_FORMATS:
        raise NotFoundError(f"There is no graph format {form!r}.", suggestions=tuple(GRAPH_FORMATS))
    return GRAPH_FORMATS[form].write(_cleaned(graph))


def _cleaned(graph: nx.Graph[Any]) -> nx.Graph[str]:
    """Return a copy of a graph that every format can carry."""
    clean: nx.Graph[str] = graph.__class__()
    clean.graph.update((str(name), _text(str(value))) for name, value in graph.graph.items())
    nodes = {node: _text(str(node)) for node in graph.nodes}
    attributes = _one_type([own for _, own in graph.nodes(data=True)])
    for name, own in zip(nodes.values(), attributes, strict=True):
        clean.add_node(name, **own)
    edges = list(graph.edges(data=True))
    for number, (edge, own) in enumerate(zip(edges, _one_type([edge[2] for edge in edges]), strict=True)):
        key = {"key": f"e{number}"} if graph.is_multigraph() else {}
        clean.add_edge(nodes[edge[0]], nodes[edge[1]], **key, **own)
    return clean


def _one_type(rows: Iterable[Mapping[Any, Any]]) -> list[dict[str, Value]]:
    """Return attributes whose values have one type for each name."""
    plains = [said({_text(str(name)): _scalar(value) for name, value in row.items()}) for row in rows]
    types: dict[str, set[type]] = defaultdict(set)
    for row in plains:
        for name, value in row.items():
            types[name].add(type(value))
    return [{name: _as_one(value, types[name]) for name, value in row.items()} for row in plains]


def _as_one(value: Value, types: set[type]) -> Value:
    if len(types) == 1:
        return value
    if types == {int, float}:
        return float(value or 0)
    return str(value).lower() if isinstance(value, bool) else str(value)


_LARGEST_INTEGER = 2**53
"""Beyond this JavaScript rounds; such a number is written as text."""


def _scalar(value: Any) -> Value:
    if isinstance(value, list | tuple | set | frozenset):
        items = sorted(map(str, value)) if isinstance(value, set | frozenset) else value
        value = joined(items)
    elif hasattr(value, "item"):  # a number of numpy's
        value = value.item()
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int) and abs(value) <= _LARGEST_INTEGER:
        return value
    if isinstance(value, float) and math.isfinite(value):
        return value
    return _text(str(value))


_NOT_IN_XML = re.compile("[^\t\n\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def _text(text: str) -> str:
    return _NOT_IN_XML.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def _graphml(graph: nx.Graph[str]) -> str:
    from networkx.readwrite.graphml import GraphMLWriter

    # Not networkx.generate_graphml's writer of choice, which depends on whether lxml is installed.
    graph.graph.clear()
    writer = GraphMLWriter(graph, prettyprint=True)
    tree: ElementTree.Element = writer.xml
    prefix = tree.tag[: tree.tag.find("}") + 1]
    booleans = {key.get("id") for key in tree.iter(f"{prefix}key") if key.get("attr.type") == "boolean"}
    for data in tree.iter(f"{prefix}data"):
        if data.get("key") in booleans:
            data.text = (data.text or "").lower()
    writer.indent(tree)
    return _xml(tree)


def _gexf(graph: nx.Graph[str]) -> str:
    from networkx.readwrite.gexf import GEXFWriter

    writer = GEXFWriter(graph, version="1.2draft")
    tree: ElementTree.Element = writer.xml
    for meta in tree.iter("meta"):
        # The day and NetworkX's version would make other bytes of the same graph.
        meta.attrib.clear()
        for creator in meta:
            creator.text = "filmgraph"
    _drop_key_column(tree)
    writer.indent(tree)
    return _xml(tree)


def _drop_key_column(tree: ElementTree.Element) -> None:
    """Take out the column in which NetworkX repeats the edges' ids."""
    for columns in tree.iter("attributes"):
        for column in [each for each in columns if each.get("title") == "networkx_key"]:
            columns.remove(column)
            for values in tree.iter("attvalues"):
                for value in [each for each in values if each.get("for") == column.get("id")]:
                    values.remove(value)


def _xml(tree: ElementTree.Element) -> str:
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(tree, encoding="unicode").strip() + "\n"


def _cytoscape(graph: nx.Graph[str]) -> str:
    # NetworkX takes a node from "value" and a parallel edge from "key"; Cytoscape shows "name" and knows both by "id".
    nodes = [
        {"data": {**own, "id": node, "value": node, "name": own.get("label", node)}}
        for node, own in graph.nodes(data=True)
    ]
    edges = [
        {"data": {**own, "id": f"e{number}", "key": f"e{number}", "source": source, "target": target}}
        for number, (source, target, own) in enumerate(graph.edges(data=True))
    ]
    document = {
        "format_version": "1.0",
        "generated_by": "filmgraph",
        "target_cytoscapejs_version": "~3.0",
        "data": dict(graph.graph),
        "directed": graph.is_directed(),
        "multigraph": graph.is_multigraph(),
        "elements": {"nodes": nodes, "edges": edges},
    }
    return json.dumps(document, ensure_ascii=False, indent=1) + "\n"


def _node_link(graph: nx.Graph[str]) -> str:
    import networkx as nx

    return json.dumps(nx.node_link_data(graph, edges="links"), ensure_ascii=False, indent=1) + "\n"


GRAPH_FORMATS: dict[str, GraphFormat] = {
    "graphml": GraphFormat("application/graphml+xml", ".graphml", "GraphML, for Gephi, Cytoscape and yEd", _graphml),
    "gexf": GraphFormat("application/gexf+xml", ".gexf", "GEXF 1.2, for Gephi", _gexf),
    "cytoscape": GraphFormat("application/json", ".cyjs", "JSON for Cytoscape, Cytoscape.js and NetworkX", _cytoscape),
    "node-link": GraphFormat(
        "application/json",
        ".json",
        'JSON with "nodes" and "links", as D3 names them; NetworkX: node_link_graph(data, edges="links")',
        _node_link,
    ),
}
"""Name of a format to its media type, ending and writer."""


def graph_format_of(name: str) -> str | None:
    """Return the format that a file's ending stands for, None where it stands for none.

    >>> graph_format_of("films.gexf"), graph_format_of("films.txt")
    ('gexf', None)
    """
    return next((form for form, its in GRAPH_FORMATS.items() if name.lower().endswith(its.suffix)), None)
