"""A page for anything in the graph: what it is, what is said of it, and what points at it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pyoxigraph as ox

from filmgraph.errors import NotFoundError
from filmgraph.lookup import language_rank, texts_of
from filmgraph.namespaces import DCTERMS, FG, OA, RDF, RDFS, SCHEMA, SKOS, XSD, kind_of, shorten, slug_of
from filmgraph.pages.parts import Named, named
from filmgraph.rows import plain

if TYPE_CHECKING:
    from filmgraph.stores import Store

__all__ = ["Pointer", "Property", "ResourcePage", "ResourceValue", "resource_page"]

MOST_COUNTED = 2000
"""How many triples that point at a resource are looked at: at a class there may be millions."""


@dataclass(frozen=True)
class ResourceValue:
    """A value of a property: a resource (``iri``, and its name as ``text``), or a text, number or date.

    ``language`` and ``datatype`` (an IRI) are of a literal, "" where it has none. ``is_link`` says whether the IRI is a
    web address that may be made a link: others, such as ``javascript:``, are text.
    """

    text: str
    iri: str | None = None
    language: str = ""
    datatype: str = ""
    is_link: bool = False


@dataclass(frozen=True)
class Property:
    """A property with its values, in their order; ``more`` counts those left out.

    ``gives_away`` says that the values give away an ending, and are to be folded.
    """

    iri: str
    name: str
    definition: str
    values: tuple[ResourceValue, ...]
    more: int = 0
    gives_away: bool = False


@dataclass(frozen=True)
class Pointer:
    """The resources that point at this one by a property, the first of them; ``more`` counts the others.

    Where ``at_least``, counting was ended, and there are more than that.
    """

    iri: str
    name: str
    resources: tuple[Named, ...]
    more: int = 0
    at_least: bool = False


@dataclass(frozen=True)
class ResourcePage:
    """The page of a use, scene, claim, passage, aspect, activity, agent, or of anything else in the graph.

    ``film`` is the film that it belongs to, None where it belongs to none. ``spoiler`` says that it is marked as giving
    away an ending, or belongs to a use or claim that is: its texts then have ``gives_away``. ``replaced_by`` is where a
    renamed resource has gone.
    """

    iri: str
    kind: str | None
    label: str
    types: tuple[Named, ...]
    properties: tuple[Property, ...]
    pointers: tuple[Pointer, ...]
    film: Named | None = None
    spoiler: bool = False
    replaced_by: str | None = None


def resource_page(store: Store, resource: str, *, most: int = 50) -> ResourcePage:
    """Return the page of a resource, by IRI, with ``most`` values and pointers of each property at the most.

    Raises :class:`~filmgraph.errors.NotFoundError` where the graph says nothing about it and nothing points at it.
    """
    try:
        ox.NamedNode(resource)
    except ValueError as error:
        raise NotFoundError(f"{resource[:80]!r} is no address of anything.") from error
    own = [triple for triple in store.describe(resource) if isinstance(triple.predicate, ox.NamedNode)]
    pointing, at_least = _pointing(store, resource)
    if not own and not pointing:
        raise NotFoundError(f"There is nothing about {shorten(resource)} in this graph.")
    by_property: dict[str, list[Any]] = {}
    for triple in own:
        by_property.setdefault(triple.predicate.value, []).append(triple.object)
    shown = {predicate: sorted(set(sources))[:most] for predicate, sources in pointing.items()}
    film, spoiler = _belongs(store, resource)
    spoiler = spoiler or _says_so(by_property.get(FG + "spoiler", ()))
    names = _names(
        store,
        {resource, film}
        | by_property.keys()
        | pointing.keys()
        | {term.value for terms in by_property.values() for term in terms if isinstance(term, ox.NamedNode)}
        | {source for sources in shown.values() for source in sources},
    )
    definitions = texts_of(store, by_property, [f"<{RDFS}comment>", f"<{SKOS}definition>"])
    properties = [
        _property(predicate, terms, names, definitions.get(predicate, ""), most, spoiler=spoiler)
        for predicate, terms in by_property.items()
        if predicate != RDF + "type"
    ]
    types = [term.value for term in by_property.get(RDF + "type", ()) if isinstance(term, ox.NamedNode)]
    replacing = [term.value for term in by_property.get(DCTERMS + "isReplacedBy", ()) if isinstance(term, ox.NamedNode)]
    return ResourcePage(
        iri=resource,
        kind=kind_of(resource),
        label=_label(resource, by_property, names, film),
        types=named(types, names),
        properties=tuple(sorted(properties, key=lambda each: (_place(each.iri), each.name, each.iri))),
        pointers=tuple(
            Pointer(
                predicate,
                names[predicate],
                tuple(Named(source, names[source]) for source in shown[predicate]),
                len(set(sources)) - len(shown[predicate]),
                at_least,
            )
            for predicate, sources in sorted(pointing.items(), key=lambda item: (names[item[0]], item[0]))
        ),
        film=Named(film, names[film]) if film else None,
        spoiler=spoiler,
        replaced_by=min(replacing, default=None),
    )


_GIVES_AWAY = (FG + "explanation", SCHEMA + "description", FG + "statement", OA + "exact")
_FIRST = (
    *(SCHEMA + "name", SKOS + "prefLabel", RDFS + "label", DCTERMS + "title", SCHEMA + "alternateName"),
    *(SKOS + "altLabel", SKOS + "definition", *_GIVES_AWAY),
)
_LABELS = tuple(f"<{name}>" for name in (SCHEMA + "name", SKOS + "prefLabel", RDFS + "label", DCTERMS + "title"))


def _pointing(store: Store, resource: str) -> tuple[dict[str, list[str]], bool]:
    """Return what points at a resource, by property, and whether there is more than was counted."""
    rows = store.select(f"SELECT ?p ?s WHERE {{ ?s ?p <{resource}> FILTER(isIRI(?s)) }} LIMIT {MOST_COUNTED + 1}")
    found: dict[str, list[str]] = {}
    for predicate, source in list(rows)[:MOST_COUNTED]:
        found.setdefault(str(predicate), []).append(str(source))
    return found, len(rows) > MOST_COUNTED


def _belongs(store: Store, resource: str) -> tuple[str, bool]:
    """Return the film that a resource belongs to ("" where there is none), and whether what it is of gives it away."""
    ways = (
        f"<{resource}> <{FG}film>|<{FG}aboutFilm>|<{SCHEMA}itemReviewed> ?film",
        f"<{resource}> <{OA}hasSource>/<{SCHEMA}itemReviewed> ?film",
        f"?of <{FG}scene> <{resource}> ; <{FG}film> ?film . OPTIONAL {{ ?of <{FG}spoiler> ?spoils }}",
        f"?of <{FG}evidence> <{resource}> ; <{FG}aboutFilm> ?film . OPTIONAL {{ ?of <{FG}spoiler> ?spoils }}",
    )
    rows = list(store.select(f"SELECT ?film ?spoils WHERE {{ {{ {' } UNION { '.join(ways)} }} }}"))
    films = (str(film) for film, _ in rows if kind_of(str(film)) == "film")
    return min(films, default=""), any(spoils is True for _, spoils in rows)


def _says_so(terms: Iterable[Any]) -> bool:
    return any(plain(term) is True for term in terms)


def _names(store: Store, iris: Iterable[str]) -> dict[str, str]:
    """Return the label of each resource or term: the given one, else words made of its address."""
    wanted = [iri for iri in iris if iri]
    return {**{iri: _words(iri) for iri in wanted}, **texts_of(store, wanted, _LABELS)}


def _words(iri: str) -> str:
    """Return words for an address without a label.

    >>> from filmgraph.namespaces import PROV, WD
    >>> _words(PROV + "wasAttributedTo"), _words(WD + "Q1")
    ('was attributed to', 'wd:Q1')
    """
    if kind_of(iri):
        return slug_of(iri)
    short = shorten(iri)
    local = short.partition(":")[2]
    if short == iri or not local[:1].islower():
        return short
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", local).lower()
    return _SKOS_WORDS.get(words, words)


_SKOS_WORDS = {"pref label": "preferred label", "alt label": "alternative label"}


def _property(
    predicate: str, terms: Iterable[Any], names: dict[str, str], definition: str, most: int, *, spoiler: bool
) -> Property:
    values = sorted({_value(term, names) for term in terms}, key=_order)
    shown = tuple(values[:most])
    gives_away = spoiler and predicate in _GIVES_AWAY
    return Property(predicate, names[predicate], definition, shown, len(values) - len(shown), gives_away)


def _value(term: Any, names: dict[str, str]) -> ResourceValue:
    if isinstance(term, ox.NamedNode):
        return ResourceValue(names[term.value], term.value, is_link=term.value.startswith(("http://", "https://")))
    if isinstance(term, ox.Literal):
        plain_text = term.language or term.datatype.value == XSD + "string"
        return ResourceValue(term.value, None, term.language or "", "" if plain_text else term.datatype.value)
    return ResourceValue("(something without an address)")


def _order(value: ResourceValue) -> tuple[int, str, str, str]:
    return language_rank(value.language), value.text.casefold(), value.text, value.iri or value.datatype


def _place(predicate: str) -> int:
    return _FIRST.index(predicate) if predicate in _FIRST else len(_FIRST)


def _label(resource: str, own: dict[str, list[Any]], names: dict[str, str], film: str) -> str:
    """Return a heading: the resource's own label, or what it is, of which film."""
    if names[resource] != slug_of(resource) or not film:
        return names[resource]
    about = [
        names[term.value]
        for name in ("technique", "aboutTechnique", "aboutAspect")
        for term in own.get(FG + name, ())
        if isinstance(term, ox.NamedNode)
    ]
    kind = (kind_of(resource) or "").capitalize()
    return f"{kind}: {', '.join([*sorted(about), names[film]])}"
