"""The page of a review."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from filmgraph.lookup import labels_of
from filmgraph.namespaces import SCHEMA, slug_of
from filmgraph.pages.known import NOTHING_KNOWN, Known
from filmgraph.pages.parts import Claim, Named, claims_with, properties_of, text_of

if TYPE_CHECKING:
    from filmgraph.stores import Store

__all__ = ["ReviewPage", "review_page"]


@dataclass(frozen=True)
class ReviewPage:
    """The page of a review: what it is a review of, by whom, and every claim in it."""

    iri: str
    film: Named
    critic: Named | None
    publication: Named | None
    title: str | None
    date: str | None
    url: str | None
    claims: tuple[Claim, ...] = field(default=())


def review_page(store: Store, review: str, *, known: Known = NOTHING_KNOWN) -> ReviewPage:
    """Return the page of a review, by IRI."""
    own = properties_of(store, review)
    film = text_of(own, SCHEMA + "itemReviewed") or ""
    critic, publication = text_of(own, SCHEMA + "author"), text_of(own, SCHEMA + "publisher")
    names = labels_of(store, [iri for iri in (film, critic, publication) if iri], known=known.names)
    return ReviewPage(
        iri=review,
        film=Named(film, names.get(film, slug_of(film))),
        critic=Named(critic, names[critic]) if critic else None,
        publication=Named(publication, names[publication]) if publication else None,
        title=text_of(own, SCHEMA + "name"),
        date=text_of(own, SCHEMA + "datePublished"),
        url=text_of(own, SCHEMA + "url"),
        claims=claims_with(store, "review", [review], known),
    )
