"""From a store to NetworkX graphs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from inspect import signature
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pyoxigraph as ox

from filmgraph.errors import NotFoundError
from filmgraph.lookup import labels_of
from filmgraph.namespaces import DCTERMS, FG, OWL, RDF, RDFS, SCHEMA, SKOS, kind_of, shorten, slug_of
from filmgraph.projections.attributes import joined, said
from filmgraph.rows import Value, plain

if TYPE_CHECKING:
    import networkx as nx

    from filmgraph.stores import Store

__all__ = [
    "PROJECTIONS",
    "critic_graph",
    "film_film_graph",
    "film_technique_graph",
    "project",
    "whole_graph",
]

_ACCEPTED = f"?claim <{FG}status> <{FG}Accepted>"


def film_technique_graph(store: Store) -> nx.Graph[str]:
    """Return films and the techniques they use as a bipartite graph.

    Nodes: ``bipartite`` (0 film, 1 technique), ``kind``, ``label``; a film's ``year``, ``decade`` (its first year),
    ``genres``, ``countries`` and ``directors``, by their labels; a technique's ``category``, by its label. Edges:
    ``use`` (IRI), ``explanation``, ``scenes`` (how many), and ``spoiler`` where the use gives away an ending. Two uses
    of one technique by one film are one edge, their texts joined.

    >>> from filmgraph.stores import MemoryStore
    >>> store = MemoryStore()
    >>> store.update('''
    ...     PREFIX fg: <https://w3id.org/filmgraph/ontology#> BASE <https://w3id.org/filmgraph/>
    ...     INSERT DATA { <use/her-2013--montage> fg:film <film/her-2013> ; fg:technique <technique/montage> }''')
    >>> graph = film_technique_graph(store)
    >>> list(graph.edges), graph.nodes["film:her-2013"]["bipartite"]
    ([('film:her-2013', 'technique:montage')], 0)
    """
    import networkx as nx

    uses: dict[tuple[str, str], dict[str, list[Any]]] = defaultdict(lambda: defaultdict(list))
    scenes = _values(store, FG + "scene")
    explanations = _values(store, FG + "explanation")
    spoilers = _values(store, FG + "spoiler")
    for use, film, technique in _iris(
        store, f"SELECT ?use ?film ?technique WHERE {{ ?use <{FG}film> ?film ; <{FG}technique> ?technique }}"
    ):
        told = uses[film, technique]
        told["use"].append(use)
        told["explanation"] += explanations.get(use, [])
        told["scenes"] += scenes.get(use, [])
        told["spoiler"].append(True in spoilers.get(use, []))
    graph: nx.Graph[str] = nx.Graph(name="films and techniques")
    _add_nodes(graph, _films(store, {film for film, _ in uses}), bipartite=0)
    _add_nodes(graph, _techniques(store, {technique for _, technique in uses}), bipartite=1)
    for (film, technique), told in sorted(uses.items()):
        attributes: dict[str, Value] = {
            "use": joined(told["use"]),
            "explanation": joined(told["explanation"]),
            "scenes": len(told["scenes"]),
            "spoiler": any(told["spoiler"]) or None,
        }
        graph.add_edge(shorten(film), shorten(technique), **said(attributes))
    return graph


def film_film_graph(
    store: Store,
    *,
    measure: str = "cosine",
    minimum: float = 0.0,
    nearest: int | None = None,
    broader: bool = True,
) -> nx.Graph[str]:
    """Return films joined by their likeness, a weighted graph.

    Nodes: the films that use a technique, with ``kind``, ``label``, ``year``, ``decade``, ``genres``, ``countries``
    and ``directors``. Edges: ``weight``, the likeness by a measure of :data:`filmgraph.similarity.MEASURES`;
    ``shared``, the labels of the techniques that both use, rarest first; ``broader``, those of the techniques in which
    they meet by narrower ones.

    There is no edge where the likeness is 0 or below ``minimum``, and without ``broader`` none between films that
    share no technique itself: most films meet in something broad. With ``nearest`` a film is joined only to that
    many films most like it, of those that are left, so that an edge stands where either film is among the other's
    nearest.
    """
    import networkx as nx
    import numpy as np

    from filmgraph.arrays import FilmTechniqueArrays
    from filmgraph.similarity import SimilarityIndex, best_places

    arrays = FilmTechniqueArrays.of_store(store)
    index = SimilarityIndex(arrays)
    used, close = _columns(arrays.used), _columns(arrays.closeness)
    weights: dict[tuple[int, int], float] = {}
    for place, film in enumerate(arrays.films):
        scores = index.scores(film, measure=measure)
        scores[place] = 0.0
        scores[scores < minimum] = 0.0
        if not broader:
            scores[arrays.used @ arrays.used[place].toarray().ravel() == 0] = 0.0
        others = np.flatnonzero(scores).tolist() if nearest is None else best_places(scores, nearest)
        weights.update({(min(place, other), max(place, other)): float(scores[other]) for other in others})
    labels = labels_of(store, arrays.techniques)
    rarity = arrays.df.tolist()

    def told(columns: set[int]) -> str:
        return joined(labels[arrays.techniques[column]] for column in sorted(columns, key=lambda c: (rarity[c], c)))

    graph: nx.Graph[str] = nx.Graph(name=f"films alike by {measure}")
    _add_nodes(graph, _films(store, arrays.films))
    for (one, other), weight in sorted(weights.items()):
        shared = used[one] & used[other]
        attributes: dict[str, Value] = {
            "weight": weight,
            "shared": told(shared),
            "broader": told((close[one] & close[other]) - shared),
        }
        graph.add_edge(shorten(arrays.films[one]), shorten(arrays.films[other]), **said(attributes))
    return graph


def critic_graph(store: Store) -> nx.MultiDiGraph[str]:
    """Return who claims what of which film and technique, from critic over claim to film, technique and aspect.

    Nodes: ``kind`` (critic, publication, review, claim, film, technique, aspect) and ``label``; a claim's is its
    statement, and it has ``stance`` and ``review``. Where a review names no critic its publication takes the critic's
    place, and where it is unsigned the review itself. Edges: ``relation`` (claims, about film, about technique, about
    aspect, compares to), which is also the key, and ``stance``. Only accepted claims are in it.
    """
    import networkx as nx

    reviews = f"SELECT ?claim ?review WHERE {{ {_ACCEPTED} ; <{FG}claimedIn> ?review }}"
    about = {
        FG + "aboutFilm": "about film",
        FG + "aboutTechnique": "about technique",
        FG + "aboutAspect": "about aspect",
        FG + "comparesTo": "compares to",
    }
    review_of = {claim: review for claim, review, *_ in _iris(store, reviews)}
    authors = _who_claims(store, review_of.values())
    stances = _values(store, FG + "stance")
    statements = _values(store, FG + "statement")
    edges: list[tuple[str, str, str, str]] = []
    critics: dict[str, str] = {}
    for claim, review in sorted(review_of.items()):
        for who, kind in authors.get(review, ((review, "review"),)):
            critics[who] = kind
            edges.append((who, claim, "claims", claim))
    predicates = " ".join(f"<{predicate}>" for predicate in about)
    for claim, predicate, target in _iris(
        store, f"SELECT ?claim ?p ?target WHERE {{ {_ACCEPTED} . VALUES ?p {{ {predicates} }} ?claim ?p ?target }}"
    ):
        if claim in review_of:
            edges.append((claim, target, about[predicate], claim))
    graph: nx.MultiDiGraph[str] = nx.MultiDiGraph(name="critics, claims, films and techniques")
    labels = labels_of(store, critics)
    for who, kind in sorted(critics.items()):
        graph.add_node(shorten(who), kind=kind, label=labels[who])
    stance = {claim: joined(slug_of(str(value)).lower() for value in stances.get(claim, [])) for claim in review_of}
    for claim, review in sorted(review_of.items()):
        label = joined(statements.get(claim, [])) or slug_of(claim)
        own = said({"label": label, "stance": stance[claim], "review": shorten(review)})
        graph.add_node(shorten(claim), kind="claim", **own)
    targets = {target for _, target, relation, _ in edges if relation != "claims"}
    _add_nodes(graph, _films(store, {target for target in targets if kind_of(target) == "film"}))
    _add_nodes(graph, _techniques(store, {target for target in targets if kind_of(target) == "technique"}))
    _add_nodes(graph, _labelled(store, {target for target in targets if kind_of(target) not in ("film", "technique")}))
    for source, target, relation, claim in sorted(edges):
        attributes = said({"relation": relation, "stance": stance[claim]})
        graph.add_edge(shorten(source), shorten(target), key=relation, **attributes)
    return graph


def _who_claims(store: Store, reviews: Iterable[str]) -> dict[str, tuple[tuple[str, str], ...]]:
    """Return for each review its critics, else its publications, each with a kind; unsigned ones are not in it."""
    wanted = set(reviews)
    found: dict[str, dict[str, list[str]]] = {"critic": defaultdict(list), "publication": defaultdict(list)}
    for kind, predicate in (("critic", SCHEMA + "author"), ("publication", SCHEMA + "publisher")):
        for review, who in _iris(store, f"SELECT ?review ?who WHERE {{ ?review <{predicate}> ?who }}"):
            if review in wanted:
                found[kind][review].append(who)
    named: dict[str, tuple[tuple[str, str], ...]] = {}
    for kind in ("publication", "critic"):
        named.update({review: tuple((who, kind) for who in whos) for review, whos in found[kind].items()})
    return named


def whole_graph(store: Store) -> nx.MultiDiGraph[str]:
    """Return all IRIs of the graph, joined by its triples.

    Nodes: ``kind`` (of a resource its kind; class, property, scheme, individual; other), ``label``, and each literal
    that the node has one value of, under the property's name with ``_`` for the colon (``fg_releaseYear``), which
    every tool takes for a column. Edges: ``predicate`` (CURIE), which is also the key. Blank nodes are left out.
    """
    import networkx as nx

    triples = store.construct("CONSTRUCT { ?s ?p ?o } WHERE { ?s ?p ?o FILTER(isIRI(?s)) }")
    literals: dict[str, dict[str, list[ox.Literal]]] = defaultdict(lambda: defaultdict(list))
    edges: set[tuple[str, str, str]] = set()
    types: dict[str, set[str]] = defaultdict(set)
    for triple in triples:
        subject, predicate, value = str(plain(triple.subject)), triple.predicate.value, triple.object
        if isinstance(value, ox.Literal):
            literals[subject][predicate].append(value)
        elif isinstance(value, ox.NamedNode):
            edges.add((subject, predicate, value.value))
            if predicate == RDF + "type":
                types[subject].add(value.value)
    graph: nx.MultiDiGraph[str] = nx.MultiDiGraph(name="filmgraph")
    for node in sorted({*literals, *(end for source, _, target in edges for end in (source, target))}):
        own = {_column(name): plain(values[0]) for name, values in sorted(literals[node].items()) if len(values) == 1}
        kind, label = _kind(node, types[node]), _label(node, literals[node])
        graph.add_node(shorten(node), kind=kind, label=label, **said(own))
    for source, predicate, target in sorted(edges):
        name = shorten(predicate)
        graph.add_edge(shorten(source), shorten(target), key=name, predicate=name)
    return graph


_NAMES = (SCHEMA + "name", SKOS + "prefLabel")
_OTHER_NAMES = (RDFS + "label", DCTERMS + "title")
_KINDS_OF_TYPE = {
    OWL + "Class": "class",
    OWL + "ObjectProperty": "property",
    OWL + "DatatypeProperty": "property",
    OWL + "AnnotationProperty": "property",
    RDF + "Property": "property",
    SKOS + "ConceptScheme": "scheme",
    OWL + "NamedIndividual": "individual",
}


def _kind(node: str, types: Iterable[str]) -> str:
    found = sorted(_KINDS_OF_TYPE[type_] for type_ in types if type_ in _KINDS_OF_TYPE)
    return kind_of(node) or (found[0] if found else "other")


def _label(node: str, literals: Mapping[str, list[ox.Literal]]) -> str:
    for names in (_NAMES, _OTHER_NAMES):
        values = sorted(value.value for name in names for value in literals.get(name, ()))
        if values:
            return values[0]
    return slug_of(node) or node


def _column(predicate: str) -> str:
    short = shorten(predicate)
    return predicate if short == predicate else short.replace(":", "_")


PROJECTIONS: dict[str, Callable[..., nx.Graph[str]]] = {
    "film-technique": film_technique_graph,
    "film-film": film_film_graph,
    "critics": critic_graph,
    "whole": whole_graph,
}
"""Name of a projection to the function that makes it."""


def project(store: Store, kind: str, **options: Any) -> nx.Graph[str]:
    """Return one of :data:`PROJECTIONS`; the options are those of its function.

    ``film-film`` takes ``measure``, ``minimum``, ``nearest`` and ``broader``, see :func:`film_film_graph`; the others
    take none. Raises :class:`~filmgraph.errors.NotFoundError` for an unknown projection or option.
    """
    if kind not in PROJECTIONS:
        raise NotFoundError(f"There is no projection {kind!r}.", suggestions=tuple(PROJECTIONS))
    known = list(signature(PROJECTIONS[kind]).parameters)[1:]
    if unknown := [name for name in options if name not in known]:
        raise NotFoundError(f"The projection {kind} has no option {unknown[0]!r}.", suggestions=known)
    return PROJECTIONS[kind](store, **options)


def _iris(store: Store, query: str) -> list[tuple[str, ...]]:
    """Return the rows of a query in which every term is an IRI, sorted."""
    rows = (row for row in store.select(query).terms if all(isinstance(term, ox.NamedNode) for term in row))
    return sorted({tuple(str(plain(term)) for term in row) for row in rows})


def _values(store: Store, predicate: str) -> dict[str, list[Value]]:
    """Return for each subject of a predicate its values as plain Python values, sorted."""
    found: dict[str, set[Value]] = defaultdict(set)
    for subject, value in store.select(f"SELECT ?s ?o WHERE {{ ?s <{predicate}> ?o }}"):
        found[str(subject)].add(value)
    return {subject: sorted(values, key=str) for subject, values in found.items()}


def _films(store: Store, films: Iterable[str]) -> dict[str, dict[str, Value]]:
    """Return the attributes of films, in the order of their IRIs."""
    years = _values(store, FG + "releaseYear")
    attributes = _labelled(store, films)
    named: dict[str, dict[str, list[str]]] = {name: defaultdict(list) for name in _NAMED_OF_FILM}
    for name, predicate in _NAMED_OF_FILM.items():
        for film, value in _iris(store, f"SELECT ?film ?value WHERE {{ ?film <{predicate}> ?value }}"):
            named[name][film].append(value)
    labels = labels_of(store, {value for of in named.values() for film in attributes for value in of[film]})
    for film, own in attributes.items():
        if isinstance(year := next(iter(years.get(film, ())), None), int):
            own.update(year=year, decade=year // 10 * 10)
        own.update(said({name: joined(sorted(labels[value] for value in of[film])) for name, of in named.items()}))
    return attributes


_NAMED_OF_FILM = {
    "genres": SCHEMA + "genre",
    "countries": SCHEMA + "countryOfOrigin",
    "directors": SCHEMA + "director",
}


def _techniques(store: Store, techniques: Iterable[str]) -> dict[str, dict[str, Value]]:
    """Return the attributes of techniques, in the order of their IRIs."""
    attributes = _labelled(store, techniques)
    rows = _iris(
        store,
        f"SELECT ?technique ?category WHERE {{ ?technique <{SKOS}broader>+ ?category . ?category a <{FG}Category> }}",
    )
    labels = labels_of(store, {category for _, category in rows})
    categories: dict[str, list[str]] = defaultdict(list)
    for technique, category in rows:
        categories[technique].append(labels[category])
    for technique, own in attributes.items():
        own.update(said({"category": joined(categories[technique])}))
    return attributes


def _labelled(store: Store, resources: Iterable[str]) -> dict[str, dict[str, Value]]:
    labels = labels_of(store, resources)
    return {resource: {"kind": kind_of(resource) or "other", "label": labels[resource]} for resource in sorted(labels)}


def _add_nodes(graph: nx.Graph[str], attributes: Mapping[str, Mapping[str, Value]], **more: Value) -> None:
    for resource, own in attributes.items():
        graph.add_node(shorten(resource), **more, **own)


def _columns(matrix: Any) -> list[set[int]]:
    """Return for each row of a CSR matrix the columns in which it holds something."""
    bounds = matrix.indptr.tolist()
    columns = matrix.indices.tolist()
    return [set(columns[start:end]) for start, end in pairwise(bounds)]
