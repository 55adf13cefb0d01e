"""The picture of how costs grow, drawn from docs/tables/scale.json: docs/scale.svg.

Two panels with the number of triples across and seconds upward, both by powers of ten: what is done with everything,
and what is asked. A line is one thing by one engine; its style tells the engine, its label the thing and the time at
the largest size that was measured.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from math import floor, log10
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "benchmarks"))

from scale_table import spoken

__all__ = ["PANELS", "draw", "growth"]

WIDTH, HEIGHT = 1190, 640
TOP, BOTTOM = 96, 560
SPACING = 17


@dataclass(frozen=True)
class Line:
    """One thing done by one engine: row and engine of the results, its label, and its tone."""

    row: str
    label: str
    tone: int
    engine: str = "filmgraph"


@dataclass(frozen=True)
class Panel:
    """A chart: its title, where it stands, and its lines."""

    title: str
    left: int
    right: int
    lines: tuple[Line, ...]


PANELS = (
    Panel(
        "The whole graph",
        78,
        350,
        (
            Line("load", "load", 0),
            Line("arrays-build", "build the arrays", 1),
            Line("validate-shacl", "validate, shacl", 2),
            Line("validate-pyshacl", "validate, pySHACL", 3),
            Line("export-nt", "export N-Triples", 4),
            Line("export-ttl", "export Turtle", 5),
            Line("load", "load", 0, "pyoxigraph"),
            Line("load", "load", 0, "virtuoso"),
            Line("load", "load", 0, "rdflib"),
        ),
    ),
    Panel(
        "One question",
        646,
        896,
        (
            Line("film", "a film's page", 0),
            Line("similar", "ten like one", 1),
            Line("path", "explained paths", 2),
            Line("similar-cold", "similar, from nothing", 3),
            Line("sharing", "sharing craft", 4),
            Line("sharing", "sharing craft", 4, "pyoxigraph"),
            Line("sharing", "sharing craft", 4, "virtuoso"),
            Line("similar", "ten like one", 1, "virtuoso"),
        ),
    ),
)

_DASHES = {"filmgraph": "", "pyoxigraph": "7 4", "virtuoso": "2 4", "rdflib": "10 3 2 3"}
_NAMES = {"pyoxigraph": "pyoxigraph", "virtuoso": "Virtuoso", "rdflib": "rdflib", "filmgraph": "filmgraph"}
_LIGHT = ("#0969da", "#1a7f37", "#9a6700", "#bf3989", "#8250df", "#cf222e")
_DARK = ("#54aeff", "#4ac26b", "#d4a72c", "#f778ba", "#c297ff", "#ff8182")
_TONES = "".join(f" .t{n} {{ --tone: {tone} }}" for n, tone in enumerate(_LIGHT))
_DARK_TONES = "".join(f" .t{n} {{ --tone: {tone} }}" for n, tone in enumerate(_DARK))
_STYLE = f"""
  .ground {{ fill: #ffffff }} .head {{ fill: #1f2328; font-weight: 600; font-size: 15px }}
  .note, .tick {{ fill: #424a53 }} .grid {{ stroke: #d0d7de; stroke-width: 1 }} .key {{ stroke: #424a53; fill: none }}
  .line {{ stroke: var(--tone); fill: none; stroke-width: 2 }} .dot, .label {{ fill: var(--tone) }}
  .lead {{ stroke: var(--tone); stroke-width: 0.7; fill: none }} {_TONES}
  text {{ font-family: system-ui, "Segoe UI", "DejaVu Sans", sans-serif; font-size: 13px }}
  @media (prefers-color-scheme: dark) {{
    .ground {{ fill: #0d1117 }} .head {{ fill: #f0f3f6 }} .note, .tick {{ fill: #c3ccd5 }} .grid {{ stroke: #30363d }}
    .key {{ stroke: #c3ccd5 }} {_DARK_TONES}
  }}
"""

Points = list[tuple[float, float]]


def draw(results: Mapping[str, Any]) -> str:
    """Return the picture as SVG; its colors follow the reader's light or dark mode."""
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
        'aria-labelledby="title description">',
        '<title id="title">What each thing costs, from 100,000 to 10,000,000 triples</title>',
        f'<desc id="description">{escape(_description(results))}</desc>',
        f"<style>{_STYLE}</style>",
        f'<rect class="ground" width="{WIDTH}" height="{HEIGHT}"/>',
    ]
    for panel in PANELS:
        series = [(line, points) for line in panel.lines if (points := points_of(results, line.row, line.engine))]
        if series:
            parts += _panel(panel, series, {size["triples"]: _name(name) for name, size in results["sizes"].items()})
    parts += _key()
    return "\n".join([*parts, "</svg>", ""])


def points_of(results: Mapping[str, Any], row: str, engine: str) -> Points:
    """Return triples and seconds of a row by an engine, at each size where it was measured."""
    return sorted(
        (size["triples"], cell["seconds"])
        for size in results["sizes"].values()
        if "seconds" in (cell := size["cells"].get(row, {}).get(engine, {}))
    )


def growth(points: Points) -> float | None:
    """Return the exponent with which a cost grows: the slope of its line by least squares; None for a single point.

    >>> growth([(10, 3), (100, 30), (1000, 300)])
    1.0
    """
    if len(points) < 2:
        return None
    across, up = [log10(x) for x, _ in points], [log10(y) for _, y in points]
    middle, height = sum(across) / len(across), sum(up) / len(up)
    slope = sum((x - middle) * (y - height) for x, y in zip(across, up, strict=True))
    return round(slope / sum((x - middle) ** 2 for x in across), 6)


def _description(results: Mapping[str, Any]) -> str:
    told = []
    for panel in PANELS:
        for line in panel.lines:
            points = points_of(results, line.row, line.engine)
            if points:
                ends = " to ".join(dict.fromkeys(spoken(y) for _, y in (points[0], points[-1])))
                told.append(f"{line.label} ({_NAMES[line.engine]}): {ends}")
    return "; ".join(told) + "."


def _panel(panel: Panel, series: Sequence[tuple[Line, Points]], names: Mapping[float, str]) -> Iterator[str]:
    sizes = sorted({x for _, points in series for x, _ in points})
    low = floor(log10(min(y for _, points in series for _, y in points)))
    high = -floor(-log10(max(y for _, points in series for _, y in points)))
    wide = log10(sizes[-1] / sizes[0]) or 1.0

    def place(x: float, y: float) -> tuple[float, float]:
        across = panel.left + log10(x / sizes[0]) / wide * (panel.right - panel.left)
        return round(across, 1), round(BOTTOM - (log10(y) - low) / (high - low or 1) * (BOTTOM - TOP), 1)

    yield f'<text class="head" x="{panel.left}" y="{TOP - 30}">{escape(panel.title)}</text>'
    for power in range(low, high + 1):
        _, y = place(sizes[0], 10.0**power)
        yield f'<path class="grid" d="M{panel.left} {y}H{panel.right}"/>'
        yield f'<text class="tick" x="{panel.left - 8}" y="{y + 4}" text-anchor="end">{_power(power)}</text>'
    for size in sizes:
        x, _ = place(size, 1.0)
        yield f'<path class="grid" d="M{x} {TOP}V{BOTTOM}"/>'
        yield f'<text class="tick" x="{x}" y="{BOTTOM + 20}" text-anchor="middle">{names[size]}</text>'
    middle = (panel.left + panel.right) / 2
    yield f'<text class="note" x="{middle}" y="{BOTTOM + 42}" text-anchor="middle">triples</text>'
    labels = []
    for line, points in series:
        places = [place(x, y) for x, y in points]
        corners = " ".join(f"{x},{y}" for x, y in places)
        dashes = f' stroke-dasharray="{_DASHES[line.engine]}"' if _DASHES[line.engine] else ""
        yield f'<g class="t{line.tone}"><polyline class="line" points="{corners}"{dashes}/>'
        yield from (f'<circle class="dot" cx="{x}" cy="{y}" r="3"/>' for x, y in places)
        yield "</g>"
        end, seconds = points[-1]
        told = spoken(seconds) + ("" if end == sizes[-1] else f" at {names[end]}")
        labels.append((places[-1], line, told))
    yield from _labels(panel, labels)


def _labels(panel: Panel, labels: Sequence[tuple[tuple[float, float], Line, str]]) -> Iterator[str]:
    """Yield the labels beside the ends of the lines, moved apart where they would lie upon each other."""
    ordered = sorted(labels, key=lambda label: label[0][1])
    heights: list[float] = []
    for (_, y), _, _ in ordered:
        heights.append(max(y, heights[-1] + SPACING) if heights else y)
    # What was pushed below the panel pushes back.
    floor_ = float(BOTTOM + 4)
    for number in range(len(heights) - 1, -1, -1):
        heights[number] = min(heights[number], floor_)
        floor_ = heights[number] - SPACING
    for ((x, y), line, told), height in zip(ordered, heights, strict=True):
        engine = "" if line.engine == "filmgraph" else f", {_NAMES[line.engine]}"
        yield f'<g class="t{line.tone}"><path class="lead" d="M{x + 4} {y}L{panel.right + 12} {height}"/>'
        yield (
            f'<text class="label" x="{panel.right + 16}" y="{height + 4}">'
            f"{escape(line.label + engine)} · {told}</text></g>"
        )


def _key() -> Iterator[str]:
    x = PANELS[0].left
    for engine, dashes in _DASHES.items():
        style = f' stroke-dasharray="{dashes}"' if dashes else ""
        yield f'<path class="key" stroke-width="2" d="M{x} 28H{x + 44}"{style}/>'
        yield f'<text class="note" x="{x + 52}" y="32">{_NAMES[engine]}</text>'
        x += 80 + 8 * len(_NAMES[engine])


def _power(power: int) -> str:
    """Return a power of ten of seconds in words."""
    return f"{10 ** (power + 3):g} ms" if power < 0 else f"{10**power:,} s"


def _name(size: str) -> str:
    return size.replace("m", "M")
