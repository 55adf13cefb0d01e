"""The picture of the model, drawn from a list of boxes and arrows: docs/model.svg.

Every arrow and line names properties of the ontology, and :func:`terms` lists them so that a test can look them up.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import escape

__all__ = ["ARROWS", "BOXES", "draw", "terms"]

WIDTH, HEIGHT = 1190, 596
HEAD, LINE = 34, 18


@dataclass(frozen=True)
class Box:
    """A class: its name, where it stands, and the properties with which it holds text or numbers."""

    name: str
    x: int
    y: int
    width: int
    lines: tuple[str, ...]
    tone: str

    @property
    def height(self) -> int:
        """The height that the lines need."""
        return HEAD + LINE * len(self.lines) + (6 if self.lines else 0)


@dataclass(frozen=True)
class Arrow:
    """A property between two classes: the corners of its line, and its label in one or more lines."""

    points: tuple[tuple[int, int], ...]
    label: tuple[str, ...]
    at: tuple[int, int]
    anchor: str = "middle"
    derived: bool = False


BOXES = (
    Box("fg:TechniqueUse", 560, 30, 200, ("fg:explanation", "fg:spoiler", "prov:wasAttributedTo"), "craft"),
    Box("fg:SceneExample", 950, 30, 210, ("schema:description", "fg:startOffset", "fg:spoiler"), "craft"),
    Box("fg:Category", 20, 212, 150, ("skos:prefLabel",), "craft"),
    Box("fg:Technique", 280, 212, 170, ("skos:prefLabel", "skos:altLabel", "skos:definition"), "craft"),
    Box(
        "fg:Film",
        560,
        200,
        200,
        ("schema:name", "fg:releaseYear", "schema:abstract", "schema:genre", "schema:countryOfOrigin"),
        "film",
    ),
    Box("schema:Person, fg:Critic", 950, 200, 210, ("schema:name", "schema:sameAs"), "people"),
    Box("fg:Aspect", 20, 442, 150, ("skos:prefLabel",), "critics"),
    Box("fg:ReviewClaim", 560, 400, 200, ("fg:stance", "fg:statement", "fg:status"), "critics"),
    Box("fg:Review", 950, 400, 210, ("schema:datePublished", "schema:url", "fg:textSha256"), "critics"),
    Box("fg:Passage", 280, 482, 170, ("oa:start, oa:end", "fg:exactSha256"), "critics"),
)

ARROWS = (
    Arrow(((660, 124), (660, 200)), ("fg:film",), (670, 166), "start"),
    Arrow(((760, 75), (950, 75)), ("fg:scene",), (855, 66)),
    Arrow(((560, 75), (365, 75), (365, 212)), ("fg:technique",), (460, 66)),
    Arrow(((280, 240), (170, 240)), ("skos:broader",), (225, 231)),
    Arrow(((760, 256), (950, 256)), ("schema:director", "fg:cinematographer", "fg:filmEditor"), (855, 216)),
    Arrow(((985, 400), (985, 312), (760, 312)), ("schema:itemReviewed",), (865, 303)),
    Arrow(((1100, 400), (1100, 276)), ("schema:author",), (1092, 345), "end"),
    Arrow(((660, 400), (660, 330)), ("fg:aboutFilm", "fg:comparesTo"), (670, 362), "start"),
    Arrow(((760, 445), (950, 445)), ("fg:claimedIn",), (855, 436)),
    Arrow(((560, 420), (365, 420), (365, 306)), ("fg:aboutTechnique",), (460, 411)),
    Arrow(((560, 458), (170, 458)), ("fg:aboutAspect",), (460, 449)),
    Arrow(((620, 494), (620, 522), (450, 522)), ("fg:evidence",), (535, 513)),
    Arrow(((365, 558), (365, 580), (1055, 580), (1055, 494)), ("oa:hasSource",), (710, 571)),
    Arrow(((560, 262), (450, 262)), ("derived: uses",), (505, 253), derived=True),
)

_STYLE = """
  .ground { fill: #ffffff } .name { fill: #1f2328; font-weight: 600 } .line, .label { fill: #424a53 }
  .arrow { stroke: #57606a; fill: none; stroke-width: 1.4 } .derived { stroke-dasharray: 5 4 } .tip { fill: #57606a }
  .label { paint-order: stroke; stroke: #ffffff; stroke-width: 4px; stroke-linejoin: round }
  .craft { fill: #fff3d6; stroke: #9a6700 } .film { fill: #dff1ff; stroke: #0969da }
  .people { fill: #e3f6e5; stroke: #1a7f37 } .critics { fill: #fbe8f4; stroke: #bf3989 }
  text { font-family: system-ui, "Segoe UI", "DejaVu Sans", sans-serif; font-size: 13px }
  @media (prefers-color-scheme: dark) {
    .ground { fill: #0d1117 } .name { fill: #f0f3f6 } .line, .label { fill: #c3ccd5 }
    .arrow { stroke: #9198a1 } .tip { fill: #9198a1 } .label { stroke: #0d1117 }
    .craft { fill: #3a2d0c; stroke: #d4a72c } .film { fill: #0c2d4d; stroke: #54aeff }
    .people { fill: #113a1c; stroke: #4ac26b } .critics { fill: #421d37; stroke: #f778ba }
  }
"""


def terms() -> list[str]:
    """Return the classes and properties that the picture names, as CURIEs, sorted."""
    words = [box.name for box in BOXES] + [line for box in BOXES for line in box.lines]
    words += [line for arrow in ARROWS if not arrow.derived for line in arrow.label]
    return sorted({term for word in words for term in re.findall(r"\w+:\w+", word)})


def draw() -> str:
    """Return the picture as SVG; its colors follow the reader's light or dark mode."""
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
        'aria-labelledby="title description">',
        '<title id="title">The classes of filmgraph and the properties between them</title>',
        '<desc id="description">A technique use joins a film to a technique and to scenes. Techniques lead to '
        "categories. A review claim is about a film and a technique or an aspect, is made in a review and stands on "
        "a passage.</desc>",
        f"<style>{_STYLE}</style>",
        '<defs><marker id="tip" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="7" markerHeight="7" '
        'orient="auto"><path class="tip" d="M0,0 L10,5 L0,10 z"/></marker></defs>',
        f'<rect class="ground" width="{WIDTH}" height="{HEIGHT}"/>',
    ]
    for arrow in ARROWS:
        corners = " ".join(f"{x},{y}" for x, y in arrow.points)
        kind = "arrow derived" if arrow.derived else "arrow"
        parts.append(f'<polyline class="{kind}" points="{corners}" marker-end="url(#tip)"/>')
    for arrow in ARROWS:
        x, y = arrow.at
        parts += [
            f'<text class="label" x="{x}" y="{y + place * 16}" text-anchor="{arrow.anchor}">{escape(line)}</text>'
            for place, line in enumerate(arrow.label)
        ]
    for box in BOXES:
        parts.append(
            f'<rect class="{box.tone}" x="{box.x}" y="{box.y}" width="{box.width}" height="{box.height}" rx="6"/>'
        )
        parts.append(f'<text class="name" x="{box.x + 12}" y="{box.y + 22}">{escape(box.name)}</text>')
        parts += [
            f'<text class="line" x="{box.x + 12}" y="{box.y + HEAD + 9 + place * LINE}">{escape(line)}</text>'
            for place, line in enumerate(box.lines)
        ]
    return "\n".join([*parts, "</svg>", ""])
