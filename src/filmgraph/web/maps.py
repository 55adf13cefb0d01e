"""The pages that draw: the map of films by shared craft, and the neighbourhood of anything."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pyoxigraph as ox

from filmgraph.errors import NotFoundError
from filmgraph.namespaces import BASE, KINDS, kind_of, slug_of
from filmgraph.pages import neighbourhood_of
from filmgraph.rows import Rows
from filmgraph.web.links import place_of
from filmgraph.web.site import DATA_READS, Ask, MovedError, Page, Site, View

if TYPE_CHECKING:
    from filmgraph.pages import Atlas, Dot, Island, Link, Neighbourhood

__all__ = ["Drawing", "ListedDot", "around", "atlas", "pages"]

SIDE = 1000
"""The side of the map, in the units of its drawing."""
_TARGET = 25
_LINE = 27
_WIDTH = 1000
_WALKED = ("film", "technique", "category", "genre", "country", "aspect")
"""The kinds whose neighbourhoods a static build holds: people are too many, and their pages name all their links."""


def pages() -> list[Page]:
    """Return the pages that draw."""
    return [
        Page("/map", atlas, ("html", "json", "csv"), reads=DATA_READS),
        Page(
            "/neighbourhood/{kind}/{slug}",
            around,
            ("html", "json"),
            static_forms=("html",),
            each=_every_place,
            reads=DATA_READS,
        ),
    ]


def _every_place(site: Site) -> Iterator[Mapping[str, str]]:
    for kind in _WALKED:
        for iri in site.inventory.placed[kind]:
            place = place_of(iri)
            if place and iri not in site.inventory.moved:
                yield {"kind": kind, "slug": place.split("/", 2)[2]}


@dataclass(frozen=True)
class ListedDot:
    """A film on an island, and the film that is most like it by which technique."""

    dot: Dot
    nearest: Dot | None
    link: Link | None


@dataclass(frozen=True)
class Drawing:
    """A map made ready to be drawn: ``size`` is its side in pixels, ``lines`` the links as paths of SVG.

    ``lines`` holds those on each island, by its number, and ``between`` those from one to another.
    """

    atlas: Atlas
    size: int
    lines: Mapping[int, str]
    between: str
    films: Mapping[int, Sequence[ListedDot]]

    @classmethod
    def of(cls, drawn: Atlas) -> Drawing:
        """Return the drawing of a map, so large that each dot can be hit with a finger."""
        lines: dict[int, list[str]] = {island.number: [] for island in drawn.islands}
        between: list[str] = []
        for link in drawn.links:
            one, two = drawn.dots[link.source], drawn.dots[link.target]
            way = f"M{_at(one.x)} {_at(one.y)}L{_at(two.x)} {_at(two.y)}"
            (lines[one.island] if one.island == two.island else between).append(way)
        films: dict[int, list[ListedDot]] = {island.number: [] for island in drawn.islands}
        for place, dot in enumerate(drawn.dots):
            best = next(iter(drawn.nearest[place]), None)
            other = drawn.dots[best.source + best.target - place] if best else None
            films[dot.island].append(ListedDot(dot, other, best))
        # The dots' radius is to their spacing as the atlas draws them; a spacing is what a finger needs.
        size = SIDE if not drawn.radius else max(SIDE, round(_TARGET / (drawn.radius / 0.34)))
        return cls(
            drawn,
            size,
            {number: "".join(ways) for number, ways in lines.items()},
            "".join(between),
            films,
        )

    @property
    def islands(self) -> tuple[Island, ...]:
        """The islands, from large to small."""
        return self.atlas.islands


def _at(share: float) -> str:
    """Return a place in the units of the drawing.

    >>> _at(0.25), _at(0.33333)
    ('250', '333.3')
    """
    return f"{share * SIDE:.1f}".removesuffix(".0")


def atlas(site: Site, ask: Ask) -> View:
    """The map of films by shared craft."""
    drawn = site.graph.atlas
    return View(
        "map.html",
        "A map of films by shared craft",
        {"drawing": Drawing.of(drawn) if ask.form == "html" else None, "at": _at, "resources": BASE},
        summary=f"{len(drawn.dots):,} films, those near each other that use the same techniques.",
        data=drawn,
        rows=lambda: _rows(drawn),
    )


def _rows(drawn: Atlas) -> Rows:
    """Return the links of the map as a table of edges."""
    columns = ("film", "title", "other", "other_title", "likeness", "technique", "technique_label")
    return Rows(
        columns,
        [
            (
                ox.NamedNode(one.film.iri),
                ox.Literal(one.film.name),
                ox.NamedNode(two.film.iri),
                ox.Literal(two.film.name),
                ox.Literal(link.weight),
                ox.NamedNode(link.technique.iri),
                ox.Literal(link.technique.name),
            )
            for link in drawn.links
            for one, two in [(drawn.dots[link.source], drawn.dots[link.target])]
        ],
    )


def around(site: Site, ask: Ask) -> View:
    """The neighbourhood of a resource."""
    kind = ask.parts.get("kind", "")
    try:
        iri = site.resource(kind, ask.slug)
    except MovedError as moved:
        link = _around_link(site, moved.iri) if moved.iri else None
        raise MovedError(link, status=moved.status, iri=moved.iri) if link else moved from None
    if kind not in KINDS:
        raise NotFoundError(f"There is no kind of resource {kind[:40]!r}.", suggestions=KINDS)
    found = neighbourhood_of(site.graph.store, iri)
    return View(
        "neighbourhood.html",
        f"Around {found.centre.name}",
        {
            "found": found,
            "height": (found.rows + 1) * _LINE,
            "width": _WIDTH,
            "line": _LINE,
            "walk": lambda resource: _around_link(site, resource),
        },
        summary=f"What {found.centre.name} is linked to: {', '.join(ring.link for ring in found.rings)}.",
        data={**_plain(found), "elements": _elements(site, found)},
    )


def _around_link(site: Site, iri: str) -> str | None:
    """Return the link to the neighbourhood of a resource, else to its page; None where it has neither."""
    place = place_of(iri)
    if place is None or (site.settings.is_static and kind_of(iri) not in _WALKED):
        return site.links.path(iri)
    return site.links.href(f"/neighbourhood{place}")


def _plain(found: Neighbourhood) -> dict[str, Any]:
    return {"centre": found.centre, "kind": found.kind, "total": found.total, "rings": found.rings}


def _elements(site: Site, found: Neighbourhood) -> list[dict[str, Any]]:
    """Return a neighbourhood as elements of cytoscape: the centre, its neighbours, and what links them."""
    height = found.rows * _LINE
    centre = {
        "data": {"id": found.centre.iri, "label": found.centre.name, "kind": found.kind, "link": None, "centre": True}
    }
    elements: list[dict[str, Any]] = [{**centre, "position": {"x": _WIDTH / 2, "y": height / 2}}]
    for ring in found.rings:
        for neighbour in ring.neighbours:
            iri = neighbour.resource.iri
            identity = f"{ring.link} {iri}"
            elements.append(
                {
                    "data": {
                        "id": identity,
                        "label": neighbour.resource.name,
                        "kind": kind_of(iri),
                        "category": slug_of(neighbour.category.iri),
                        "link": _around_link(site, iri),
                    },
                    "position": {"x": neighbour.x * _WIDTH, "y": neighbour.y * height},
                }
            )
            elements.append(
                {"data": {"id": f"to {identity}", "source": found.centre.iri, "target": identity, "label": ring.link}}
            )
    return elements
