"""What the page of a film, technique, person or review shows, as plain dataclasses for any front end."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from filmgraph.pages.film import FilmPage, film_page
    from filmgraph.pages.parts import Claim, Heard, Named, Scene, Use
    from filmgraph.pages.person import Credit, PersonPage, Signature, person_page
    from filmgraph.pages.review import ReviewPage, review_page
    from filmgraph.pages.spoilers import TOLD_BY, folded_rows
    from filmgraph.pages.technique import Match, TechniquePage, technique_page

__all__ = [
    "TOLD_BY",
    "Claim",
    "Credit",
    "FilmPage",
    "Heard",
    "Match",
    "Named",
    "PersonPage",
    "ReviewPage",
    "Scene",
    "Signature",
    "TechniquePage",
    "Use",
    "film_page",
    "folded_rows",
    "person_page",
    "review_page",
    "technique_page",
]

_MODULE_OF = {
    **dict.fromkeys(("FilmPage", "film_page"), "film"),
    **dict.fromkeys(("Claim", "Heard", "Named", "Scene", "Use"), "parts"),
    **dict.fromkeys(("Credit", "PersonPage", "Signature", "person_page"), "person"),
    **dict.fromkeys(("ReviewPage", "review_page"), "review"),
    **dict.fromkeys(("TOLD_BY", "folded_rows"), "spoilers"),
    **dict.fromkeys(("Match", "TechniquePage", "technique_page"), "technique"),
}


def __getattr__(name: str) -> Any:
    # Making the dataclasses of one page takes as long as reading it: a command pays for its own page only.
    if name not in _MODULE_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_MODULE_OF[name]}"), name)
