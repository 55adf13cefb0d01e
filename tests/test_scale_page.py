"""The page on scale: its figures are those that were measured, and its picture can be read."""

from __future__ import annotations

import json
import re
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "docs"))

import scale_figures  # noqa: E402
import scale_picture  # noqa: E402

ENGINES = ("filmgraph", "pyoxigraph", "rdflib", "virtuoso")
MEASURED = json.loads((ROOT / "docs/tables/scale.json").read_text(encoding="utf-8"))
PAGE = (ROOT / "docs/scale.md").read_text(encoding="utf-8")


def made(*, rows: dict[str, tuple[float, float]], sizes: tuple[int, ...] = (1_000, 10_000, 100_000)) -> dict[str, Any]:
    """Results in which each row takes so many seconds at the first size and grows with an exponent, everywhere."""
    return {
        "machine": {"cores": 2, "memory": 8, "python": "3.11", "date": "2026-01-01", "versions": {"rdflib": "7"}},
        "cap": 300,
        "patience": 60,
        "sizes": {
            f"{size // 1000}k": {
                "films": size // 69,
                "triples": size,
                "bytes": size * 190,
                "disk": size * 100,
                "cells": {
                    row: {engine: {"seconds": first * (size / sizes[0]) ** power, "peak": 50.0} for engine in ENGINES}
                    for row, (first, power) in rows.items()
                },
            }
            for size in sizes
        },
    }


def test_growth_is_the_slope_by_powers_of_ten() -> None:
    assert scale_picture.growth([(1e5, 2.0), (1e6, 20.0), (1e7, 200.0)]) == pytest.approx(1)
    assert scale_picture.growth([(1e5, 2.0), (1e7, 2.0)]) == 0
    assert scale_picture.growth([(10, 1.0), (1_000, 10.0)]) == pytest.approx(0.5)
    assert scale_picture.growth([(1e5, 2.0)]) is None


def test_costs_are_sorted_by_how_they_grow() -> None:
    results = made(rows={"load": (2, 1.0), "film": (0.001, 0.05), "similar": (0.001, 0.6), "export-nt": (1, 1.4)})
    told = scale_figures.BLOCKS["growth"](results).splitlines()
    assert [line.split("**")[1] for line in told] == [
        "Hardly",
        "Less than the graph",
        "With the graph",
        "More than the graph",
    ]
    assert "load a file of N-Triples (n^1.00)" in told[2]


def test_the_arithmetic_of_a_billion_is_right() -> None:
    results = made(rows={"load": (2, 1.0), "film": (0.001, 0.05)})
    lines = scale_figures.BLOCKS["billion"](results).splitlines()
    assert "| the disk store | 0.01 GB | 100 bytes a triple × 10⁹ | 100 GB |" in lines
    assert "| load a file of N-Triples | 200 s | 200 s × 10000^1.00 | 555.6 h |" in lines
    assert not any("page" in line for line in lines), "what takes no second now is not told in hours"


def test_a_cell_says_whether_it_was_stopped_or_not_even_tried() -> None:
    results = made(rows={"load": (2, 1.0)}, sizes=(1_000, 10_000))
    results["sizes"]["1k"]["cells"]["load"]["rdflib"] = {"over": True, "cap": 60}
    results["sizes"]["10k"]["cells"]["load"]["rdflib"] = {"untried": True, "cap": 60}
    assert "| 2.0 s | 20 s | > 60 s | (> 60 s) | 2.0 s | 20 s |" in scale_figures.BLOCKS["others"](results)


def test_figures_are_put_between_their_marks_and_nowhere_else() -> None:
    text = "Before 1.\n<!-- scale: machine -->\nold\n<!-- end -->\nAfter 2.\n"
    fresh = scale_figures.refreshed(text, made(rows={"load": (1, 1)}))
    assert fresh.startswith("Before 1.\n<!-- scale: machine -->\nMeasured on 2026-01-01: 2 cores, 8 GB")
    assert fresh.endswith("\n<!-- end -->\nAfter 2.\n")
    assert scale_figures.refreshed(fresh, made(rows={"load": (1, 1)})) == fresh


def test_the_page_has_every_block() -> None:
    assert re.findall(r"<!-- scale: (\w+) -->", PAGE) == ["machine", "own", "others", "growth", "billion"]


def test_the_readme_tells_what_the_largest_size_costs() -> None:
    told = scale_figures.BLOCKS["short"](made(rows={"load": (0.5, 1.0), "film": (0.001, 0.0)}))
    assert told == (
        "With 1,449 films, 100,000 triples, on 2 cores: loading takes 50 s and at most 50 MB of memory; "
        "a film's page 1.0 ms."
    )
    assert "<!-- scale: short -->" in (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("results", [MEASURED, made(rows=dict.fromkeys(scale_figures.ROWS, (0.5, 1.0)))])
def test_the_picture_s_labels_lie_inside_and_not_upon_each_other(results: dict[str, Any]) -> None:
    drawn = scale_picture.draw(results)
    labels = re.findall(r'<text class="label" x="([\d.]+)" y="([\d.]+)">([^<]+)</text>', drawn)
    assert labels
    for panel, following in zip(scale_picture.PANELS, (*scale_picture.PANELS[1:], None), strict=True):
        own = [(float(y), text) for x, y, text in labels if float(x) == panel.right + 16]
        assert all(lower - upper >= 16 for (upper, _), (lower, _) in pairwise(own))
        end = scale_picture.WIDTH if following is None else following.left - 44
        assert all(panel.right + 16 + 6.7 * len(text) < end for _, text in own), "a label runs out of its room"
        assert all(60 < y < scale_picture.HEIGHT - 60 for y, _ in own)
    assert drawn.count("<polyline") == len(labels)
