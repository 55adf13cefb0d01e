"""The rows of benchmarks/scale.py, and its table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

__all__ = ["ASKED", "ENGINES", "ROWS", "SIZES", "Row", "as_text", "spoken", "told"]

SIZES = {"tiny": 5, "100k": 1_460, "1m": 14_600, "10m": 146_000}
"""Name of a size to how many films the made graph has; each film brings some 69 triples."""

ENGINES = ("filmgraph", "pyoxigraph", "rdflib", "virtuoso")


@dataclass(frozen=True)
class Row:
    """A thing that is done: what it is, in words, and by which engines it can be done."""

    about: str
    engines: tuple[str, ...] = ENGINES


_HERE, _GRAPH = ("filmgraph",), ("filmgraph", "virtuoso")

ROWS: dict[str, Row] = {
    "load": Row("load a file of N-Triples"),
    "open": Row("open the store", ("filmgraph", "pyoxigraph")),
    "arrays-build": Row("build the arrays", _HERE),
    "arrays-open": Row("open the arrays", _HERE),
    "film-query": Row("the query of a film's page"),
    "film": Row("a film's page, all of it", _GRAPH),
    "similar": Row("the ten films most like one", _GRAPH),
    "similar-cold": Row("`filmgraph similar`, from nothing", _HERE),
    "path": Row("the paths between two films, explained", _GRAPH),
    "sharing": Row("films-sharing-techniques"),
    "together": Row("techniques-together"),
    "pairs": Row("technique-pairs, over everything"),
    "signature": Row("director-signature"),
    "agreement": Row("agreement-on-film"),
    "contested": Row("most-contested-craft, over everything"),
    "join": Row("a join in somebody's own SPARQL"),
    "validate-shacl": Row("validate all, engine shacl", _HERE),
    "validate-pyshacl": Row("validate all, engine pyshacl", _HERE),
    "export-nt": Row("export all as N-Triples"),
    "export-ttl": Row("export all as Turtle"),
}

_APART = ("load", "arrays-build", "similar-cold", "validate-shacl", "validate-pyshacl", "export-nt", "export-ttl")
ASKED = tuple(row for row in ROWS if row not in _APART)
"""The rows that one process measures, one after the other, with the store open."""


def told(cell: dict[str, Any] | None) -> str:
    """Return a cell in words: the time, and the peak of memory."""
    if cell is None:
        return ""
    if "most" in cell:
        return f"(> {cell['most'] / 1024:.0f} GB)"
    if "untried" in cell:
        return f"(> {cell['cap']:.0f} s)"
    if "over" in cell:
        return f"> {cell['cap']:.0f} s"
    if "error" in cell:
        return "fails"
    peak = cell.get("peak")
    return spoken(cell["seconds"]) + (f" · {peak:,.0f} MB" if peak else "")


def spoken(seconds: float) -> str:
    """Return a time in words, with two or three digits.

    >>> spoken(0.000412), spoken(0.0123), spoken(2.345), spoken(123.4)
    ('0.41 ms', '12 ms', '2.3 s', '123 s')
    """
    if seconds < 1:
        thousandths = seconds * 1_000
        return f"{thousandths:.2f} ms" if thousandths < 1 else f"{thousandths:.{int(thousandths < 10)}f} ms"
    return f"{seconds:.{int(seconds < 10)}f} s"


def as_text(results: dict[str, Any]) -> str:
    """Return one table in Markdown: each row by engine and size."""
    sizes = results["sizes"]
    engines = [
        engine
        for engine in ENGINES
        if any(engine in cell for size in sizes.values() for cell in size["cells"].values())
    ]
    head = [f"{engine} {size}" for engine in engines for size in sizes]
    lines = [
        ", ".join(f"{size}: {each['films']:,} films, {each['triples']:,} triples" for size, each in sizes.items()),
        "",
        "| | " + " | ".join(head) + " |",
        "|---" * (len(head) + 1) + "|",
    ]
    for row, its in ROWS.items():
        cells = [told(size["cells"].get(row, {}).get(engine)) for engine in engines for size in sizes.values()]
        if any(cells):
            lines.append(f"| {its.about} | " + " | ".join(cells) + " |")
    return "\n".join(lines)
