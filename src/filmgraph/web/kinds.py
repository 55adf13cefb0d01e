"""In which forms each kind of resource can be had: from a server, and as files of a static build."""

from __future__ import annotations

from filmgraph.namespaces import KINDS
from filmgraph.web.negotiation import RDF_FORMS

__all__ = ["ANCHORED", "FORMS_OF_KIND", "STATIC_FORMS_OF_KIND", "TABLES"]

TABLES = ("film", "technique", "category", "genre", "country", "person", "organization")
"""The kinds whose page is a table, too."""

ANCHORED = ("use", "scene", "claim", "passage")
"""The kinds that in a static build are places on the page of their film, and there have no data of their own."""

FORMS_OF_KIND: dict[str, tuple[str, ...]] = {
    kind: ("html", *RDF_FORMS, "json", *(("csv",) if kind in TABLES else ())) for kind in KINDS
}
"""Kind to the forms in which its pages can be had."""

_FEW = ("html", "turtle", "json")
"""The forms of what there is by the thousand: in all forms it would be four fifths of all files of a static build."""

STATIC_FORMS_OF_KIND: dict[str, tuple[str, ...]] = {
    **FORMS_OF_KIND,
    **dict.fromkeys(("person", "organization", "review", "activity", "agent"), _FEW),
    **dict.fromkeys(ANCHORED, ("html",)),
}
"""Kind to the forms that a static build writes."""
