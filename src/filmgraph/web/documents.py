"""The pages about the graph itself: the reference of the ontology, its rules, and what the data covers."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pyoxigraph as ox

from filmgraph.errors import NotFoundError
from filmgraph.namespaces import FG, FGS, shorten, slug_of
from filmgraph.pages import ontology_reference, usage_of
from filmgraph.web.description import distributions, statistics
from filmgraph.web.negotiation import RDF_FORMS
from filmgraph.web.site import Ask, Page, Site, View

if TYPE_CHECKING:
    from filmgraph.pages import Reference

__all__ = ["Size", "about", "anchor_of", "data", "ontology", "pages", "shapes"]

_BYTES_OF_TRIPLE = {"turtle": 16, "jsonld": 19, "ntriples": 23, "rdfxml": 18}
"""How many bytes a triple of this graph takes in a compressed file, as measured on the bundled one."""
_ALL_FORMS = ("html", *RDF_FORMS, "json")


def pages() -> list[Page]:
    """Return the pages about the graph."""
    return [
        Page("/ontology", ontology, _ALL_FORMS, reads=()),
        Page("/shapes", shapes, _ALL_FORMS, reads=()),
        Page("/about", about, ("html", "json"), reads=()),
        Page("/data", data, kept=False, reads=()),
    ]


def anchor_of(iri: str) -> str:
    """Return the anchor of a term in its reference: of an own term the local name, so that its IRI lands there.

    >>> from filmgraph.namespaces import PROV
    >>> anchor_of(FG + "TechniqueUse"), anchor_of(PROV + "Activity")
    ('TechniqueUse', 'prov-Activity')
    """
    own = iri.startswith((FG, FGS))
    return slug_of(iri) if own else shorten(iri).replace(":", "-")


def ontology(site: Site, ask: Ask) -> View:
    """The reference of the ontology; as RDF it is the ontology's own file."""
    if ask.form in RDF_FORMS:
        return _of_file(site, "filmgraph.ttl", FG.rstrip("#"))
    reference = ontology_reference(site.graph.workspace.ontology)
    usage = usage_of(site.graph.store, reference)
    counted = {name: asdict(found) for name, found in usage.items()}
    return View(
        "ontology.html",
        "The ontology",
        {"reference": reference, "usage": usage, "anchor": anchor_of, "users": _users(reference)},
        summary=reference.description,
        data={"reference": reference, "usage": counted},
        iri=reference.iri,
    )


def _users(reference: Reference) -> dict[str, list[str]]:
    """Return the classes that a shared property is asked of by a rule, by its IRI."""
    return {
        shared.iri: sorted({name for rule in reference.rules if rule.path == shared.iri for name in rule.classes})
        for shared in reference.shared
    }


def shapes(site: Site, ask: Ask) -> View:
    """The rules that data is judged by; as RDF they are the file of shapes."""
    if ask.form in RDF_FORMS:
        return _of_file(site, "shapes.ttl", FGS.rstrip("#"))
    reference = ontology_reference(site.graph.workspace.ontology)
    return View(
        "shapes.html",
        "The rules",
        {"reference": reference, "anchor": anchor_of},
        summary=reference.shapes_description,
        data={"rules": reference.rules},
        iri=FGS.rstrip("#"),
    )


def _of_file(site: Site, name: str, iri: str) -> View:
    """Return a view whose triples are those of a file of the ontology."""
    file = site.graph.workspace.ontology / name
    return View("ontology.html", "The ontology", iri=iri, triples=lambda: _triples_of(file))


def _triples_of(file: Path) -> list[ox.Triple]:
    try:
        return [quad.triple for quad in ox.parse(path=file, format=ox.RdfFormat.TURTLE)]
    except OSError as error:
        raise NotFoundError(f"The file {file.name} cannot be read: {error.strerror}.") from error


def about(site: Site, ask: Ask) -> View:
    """What the graph is, how its statements come about, and how much there is of what."""
    page = site.graph.about()
    films = dict(page.counts).get("films", 0)
    return View(
        "about.html",
        "About the data",
        {"about": page, "films": films, "version": _version(site)},
        summary="What this graph is, how its statements come about, what it covers, and how to use and cite it.",
        data=page,
    )


def _version(site: Site) -> str:
    """Return the version of the ontology, which is that of the data."""
    return ontology_reference(site.graph.workspace.ontology).version


def data(site: Site, ask: Ask) -> View:
    """All ways to have the data: files of the whole, data of each page, the endpoint, a copy of the site."""
    counted = statistics(site.graph)
    files = [(file, _size(site, file.form, counted.triples)) for file in distributions(site)]
    return View(
        "data.html",
        "Data",
        {"files": files, "counted": counted, "queries": len(site.graph.library)},
        summary="All ways to have the data: files, data of each page, a SPARQL endpoint; under CC BY 4.0.",
    )


@dataclass(frozen=True)
class Size:
    """How large a file is, compressed, in bytes; ``is_exact`` once it was made."""

    bytes: int
    is_exact: bool


def _size(site: Site, form: str, triples: int) -> Size:
    made = site.downloads.size(form) if site.downloads else None
    return Size(triples * _BYTES_OF_TRIPLE[form], False) if made is None else Size(made, True)
