"""The figures of docs/scale.md, from docs/tables/scale.json: what stands between its marks is written by this.

A block stands between ``<!-- scale: NAME -->`` and ``<!-- end -->``.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "benchmarks"))

from scale_picture import growth, points_of
from scale_table import ENGINES, ROWS, spoken, told

__all__ = ["BLOCKS", "refreshed"]

Results = Mapping[str, Any]

_BLOCK = re.compile(r"(<!-- scale: ([a-z]+) -->\n).*?(<!-- end -->)", re.DOTALL)
_NAMES = {"pyoxigraph": "bare pyoxigraph", "virtuoso": "on Virtuoso", "rdflib": "rdflib"}
_GROWTHS = (("Hardly", 0.2), ("Less than the graph", 0.85), ("With the graph", 1.15), ("More than the graph", 99.0))
"""What is said of an exponent that is less than a bound."""
_IN_SHORT = (
    ("load", "loading takes", True),
    ("film", "a film's page", False),
    ("similar", "the ten films most like one", False),
    ("path", "the explained paths between two", False),
    ("similar-cold", "the command `filmgraph similar`", True),
    ("export-ttl", "exporting it all as Turtle", True),
)
"""The rows that the README tells of, in what words, and whether with memory."""
_BILLION = 1_000_000_000


def refreshed(document: str, results: Results) -> str:
    """Return a document with its blocks made anew."""
    return _BLOCK.sub(lambda block: f"{block[1]}{BLOCKS[block[2]](results)}\n{block[3]}", document)


def machine(results: Results) -> str:
    """Return what the figures were measured on."""
    its = results["machine"]
    versions = ", ".join(f"{name} {number}" for name, number in its["versions"].items() if name != "filmgraph-kg")
    sizes = "; ".join(
        f"{name}: {size['films']:,} films, {size['triples']:,} triples, {size['bytes'] / 1e6:,.0f} MB of N-Triples"
        for name, size in results["sizes"].items()
    )
    return (
        f"Measured on {its['date']}: {its['cores']} cores, {its['memory']} GB of memory, Python {its['python']}, "
        f"{versions}. {sizes}. A question was stopped after "
        f"{results['patience']:.0f} s, what is done with the whole graph after {results['cap']:.0f} s."
    )


def own(results: Results) -> str:
    """Return the table of filmgraph on its own disk store, with how each cost grows."""
    sizes = results["sizes"]
    lines = [_row("", *(_size(name) for name in sizes), "grows as"), _rule(len(sizes) + 2)]
    for row, its in ROWS.items():
        cells = [told(size["cells"].get(row, {}).get("filmgraph")) for size in sizes.values()]
        if any(cells):
            power = growth(points_of(results, row, "filmgraph"))
            lines.append(_row(its.about, *cells, "" if power is None else f"n^{max(power, 0):.2f}"))
    return "\n".join(lines)


def others(results: Results) -> str:
    """Return the table of what the same takes elsewhere, times alone."""
    sizes = results["sizes"]
    engines = [engine for engine in ENGINES[1:] if any(_cell(size, "load", engine) for size in sizes.values())]
    heads = [f"{_NAMES[engine]}, {_size(name)}" for engine in engines for name in sizes]
    lines = [_row("", *heads), _rule(len(heads) + 1)]
    for row, its in ROWS.items():
        cells = [
            told(_cell(size, row, engine, without="peak") or None) for engine in engines for size in sizes.values()
        ]
        if any(cells):
            lines.append(_row(its.about, *cells))
    return "\n".join(lines)


def growth_in_words(results: Results) -> str:
    """Return which costs grow with the graph, and which less or more."""
    told: dict[str, list[str]] = {about: [] for about, _ in _GROWTHS}
    for row, its in ROWS.items():
        power = growth(points_of(results, row, "filmgraph"))
        if power is not None:
            about = next(about for about, most in _GROWTHS if power < most)
            told[about].append(f"{its.about} (n^{max(power, 0):.2f})")
    return "\n".join(f"- **{about}**: {', '.join(rows)}." for about, rows in told.items() if rows)


def billion(results: Results) -> str:
    """Return the arithmetic of a billion triples, from the largest size."""
    largest = list(results["sizes"].values())[-1]
    triples = largest["triples"]
    times = _BILLION / triples
    lines = [
        _row("", f"measured at {triples:,} triples", "arithmetic", "at 1,000,000,000 triples"),
        _rule(4),
    ]
    sizes = {
        "bytes": "the file of N-Triples",
        "disk": "the disk store",
        "arrays": "the arrays beside it",
        "bytes-nt": "an export as N-Triples",
        "bytes-ttl": "an export as Turtle",
        "virtuoso": "Virtuoso's database",
    }
    for key, about in sizes.items():
        if key in largest:
            each = largest[key] / triples
            there = f"{each * _BILLION / 1e9:,.0f} GB"
            lines.append(_row(about, f"{largest[key] / 1e9:,.2f} GB", f"{each:.0f} bytes a triple × 10⁹", there))
    for row, its in ROWS.items():
        cell, power = _cell(largest, row, "filmgraph"), growth(points_of(results, row, "filmgraph"))
        if power is not None and "seconds" in cell and cell["seconds"] >= 1:
            power = round(max(power, 0), 2)
            sum_ = f"{spoken(cell['seconds'])} × {times:.0f}^{power:.2f}"
            lines.append(_row(its.about, spoken(cell["seconds"]), sum_, _long(cell["seconds"] * times**power)))
    return "\n".join(lines)


def in_short(results: Results) -> str:
    """Return what the largest size costs, in a sentence for the README."""
    largest = list(results["sizes"].values())[-1]
    told = []
    for row, about, whether in _IN_SHORT:
        cell = _cell(largest, row, "filmgraph")
        if "seconds" in cell:
            memory = f" and at most {cell['peak']:,.0f} MB of memory" if whether and cell.get("peak") else ""
            told.append(f"{about} {spoken(cell['seconds'])}{memory}")
    its = results["machine"]
    return (
        f"With {largest['films']:,} films, {largest['triples']:,} triples, on {its['cores']} cores: {'; '.join(told)}."
    )


BLOCKS: dict[str, Callable[[Results], str]] = {
    "machine": machine,
    "own": own,
    "others": others,
    "growth": growth_in_words,
    "billion": billion,
    "short": in_short,
}
"""Name of a block to what writes it."""


def _cell(size: Mapping[str, Any], row: str, engine: str, *, without: str = "") -> dict[str, Any]:
    return {key: value for key, value in size["cells"].get(row, {}).get(engine, {}).items() if key != without}


def _row(*cells: str) -> str:
    return "| " + " | ".join(cells) + " |"


def _rule(columns: int) -> str:
    return "|---" + "|---:" * (columns - 1) + "|"


def _size(name: str) -> str:
    return name.replace("m", "M")


def _long(seconds: float) -> str:
    if seconds < 120:
        return spoken(seconds)
    return f"{seconds / 60:.0f} min" if seconds < 7_200 else f"{seconds / 3600:.1f} h"
