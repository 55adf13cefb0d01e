"""What the pages of the site show, as plain dataclasses for any front end."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from filmgraph.pages.about import AboutPage, CategoryCoverage, Share, about_page, counts
    from filmgraph.pages.atlas import Atlas, Dot, Island, Link
    from filmgraph.pages.catalogue import (
        FACETS,
        NARROWING,
        SORTS,
        Catalogue,
        CatalogueView,
        Facet,
        FacetValue,
        ListedFilm,
        Unknown,
        by_decade,
    )
    from filmgraph.pages.category import CategoryPage, FilmOfCategory, category_page
    from filmgraph.pages.comparison import ComparisonPage, HeardOfBoth, NearTechnique, SharedTechnique, comparison_page
    from filmgraph.pages.digest import STANCES, Topic, telling, topics
    from filmgraph.pages.film import FilmPage, film_page
    from filmgraph.pages.group import GroupPage, country_page, genre_page
    from filmgraph.pages.known import Kin, Known, Memory
    from filmgraph.pages.neighbourhood import Neighbour, Neighbourhood, Ring, neighbourhood_of
    from filmgraph.pages.parts import Claim, Heard, Named, Scene, Use
    from filmgraph.pages.person import Credit, PersonPage, Signature, person_page
    from filmgraph.pages.portion import FILMS_A_PAGE, Portion
    from filmgraph.pages.reference import (
        ClassTerm,
        Individual,
        PropertyTerm,
        Reference,
        Reused,
        Rule,
        Usage,
        ontology_reference,
        usage_of,
    )
    from filmgraph.pages.resource import Pointer, Property, ResourcePage, ResourceValue, resource_page
    from filmgraph.pages.review import ReviewPage, review_page
    from filmgraph.pages.spoilers import TOLD_BY, folded_rows, plain_of
    from filmgraph.pages.technique import Match, TechniquePage, technique_page
    from filmgraph.pages.vocabulary import Branch, Entry, Letter, Term, Vocabulary

__all__ = [
    "FACETS",
    "FILMS_A_PAGE",
    "NARROWING",
    "SORTS",
    "STANCES",
    "TOLD_BY",
    "AboutPage",
    "Atlas",
    "Branch",
    "Catalogue",
    "CatalogueView",
    "CategoryCoverage",
    "CategoryPage",
    "Claim",
    "ClassTerm",
    "ComparisonPage",
    "Credit",
    "Dot",
    "Entry",
    "Facet",
    "FacetValue",
    "FilmOfCategory",
    "FilmPage",
    "GroupPage",
    "Heard",
    "HeardOfBoth",
    "Individual",
    "Island",
    "Kin",
    "Known",
    "Letter",
    "Link",
    "ListedFilm",
    "Match",
    "Memory",
    "Named",
    "NearTechnique",
    "Neighbour",
    "Neighbourhood",
    "PersonPage",
    "Pointer",
    "Portion",
    "Property",
    "PropertyTerm",
    "Reference",
    "ResourcePage",
    "ResourceValue",
    "Reused",
    "ReviewPage",
    "Ring",
    "Rule",
    "Scene",
    "Share",
    "SharedTechnique",
    "Signature",
    "TechniquePage",
    "Term",
    "Topic",
    "Unknown",
    "Usage",
    "Use",
    "Vocabulary",
    "about_page",
    "by_decade",
    "category_page",
    "comparison_page",
    "country_page",
    "counts",
    "film_page",
    "folded_rows",
    "genre_page",
    "neighbourhood_of",
    "ontology_reference",
    "person_page",
    "plain_of",
    "resource_page",
    "review_page",
    "technique_page",
    "telling",
    "topics",
    "usage_of",
]

_MODULE_OF = {
    **dict.fromkeys(("AboutPage", "CategoryCoverage", "Share", "about_page", "counts"), "about"),
    **dict.fromkeys(("Atlas", "Dot", "Island", "Link"), "atlas"),
    **dict.fromkeys(
        (
            *("FACETS", "NARROWING", "SORTS", "Catalogue", "CatalogueView"),
            *("Facet", "FacetValue", "ListedFilm", "Unknown", "by_decade"),
        ),
        "catalogue",
    ),
    **dict.fromkeys(("CategoryPage", "FilmOfCategory", "category_page"), "category"),
    **dict.fromkeys(
        ("ComparisonPage", "HeardOfBoth", "NearTechnique", "SharedTechnique", "comparison_page"), "comparison"
    ),
    **dict.fromkeys(("STANCES", "Topic", "telling", "topics"), "digest"),
    **dict.fromkeys(("FilmPage", "film_page"), "film"),
    **dict.fromkeys(("GroupPage", "country_page", "genre_page"), "group"),
    **dict.fromkeys(("Neighbour", "Neighbourhood", "Ring", "neighbourhood_of"), "neighbourhood"),
    **dict.fromkeys(("Kin", "Known", "Memory"), "known"),
    **dict.fromkeys(("Claim", "Heard", "Named", "Scene", "Use"), "parts"),
    **dict.fromkeys(("FILMS_A_PAGE", "Portion"), "portion"),
    **dict.fromkeys(("Credit", "PersonPage", "Signature", "person_page"), "person"),
    **dict.fromkeys(
        (
            "ClassTerm",
            "Individual",
            "PropertyTerm",
            "Reference",
            "Reused",
            "Rule",
            "Usage",
            "ontology_reference",
            "usage_of",
        ),
        "reference",
    ),
    **dict.fromkeys(("Pointer", "Property", "ResourcePage", "ResourceValue", "resource_page"), "resource"),
    **dict.fromkeys(("ReviewPage", "review_page"), "review"),
    **dict.fromkeys(("TOLD_BY", "folded_rows", "plain_of"), "spoilers"),
    **dict.fromkeys(("Match", "TechniquePage", "technique_page"), "technique"),
    **dict.fromkeys(("Branch", "Entry", "Letter", "Term", "Vocabulary"), "vocabulary"),
}


def __getattr__(name: str) -> Any:
    # Making the dataclasses of one page takes as long as reading it: a command pays for its own page only.
    if name not in _MODULE_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_MODULE_OF[name]}"), name)
