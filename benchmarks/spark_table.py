"""What the figures of benchmarks/spark.py say: a table, and from where on Spark pays, by time and by memory."""

from __future__ import annotations

from collections.abc import Mapping
from math import log
from typing import Any

from scale_table import spoken

__all__ = ["ENGINES", "JOBS", "as_text", "cell_of", "share_of_work", "slope", "verdicts"]

JOBS = ("similar", "pagerank", "communities")
ENGINES = {"local": "arrays", "1": "1 worker", "2": "2 workers"}
MEMORIES = (8, 32, 128)
"""Sizes of machines, in gigabytes, for which it is told how much they hold."""

Results = Mapping[str, Any]
Cell = Mapping[str, Any]


def cell_of(cell: Cell | None) -> str:
    """Return a cell in words: the time and the most memory, of Spark that of the largest executor and of the driver.

    >>> cell_of({"seconds": 2.5, "peak": 180.2}), cell_of({"seconds": 25, "driver": 900, "executor": 1100.4})
    ('2.5 s · 180 MB', '25 s · 1,100 + 900 MB')
    """
    if not cell:
        return ""
    if "seconds" not in cell:
        over = f"> {cell.get('patience', 0):.0f} s"
        return over if "over" in cell else f"({over})" if "untried" in cell else "fails"
    if "peak" in cell:
        return f"{spoken(cell['seconds'])} · {cell['peak']:,.0f} MB"
    return f"{spoken(cell['seconds'])} · {cell['executor']:,.0f} + {cell['driver']:,.0f} MB"


def as_text(results: Results) -> str:
    """Return one table in Markdown: each job by size and engine."""
    lines = [
        f"| job | films | edges | {' | '.join(ENGINES.values())} | 1 to 2 workers | 2 workers to arrays |",
        "|---|---:|---:" + "|---:" * (len(ENGINES) + 2) + "|",
    ]
    for job in JOBS:
        for size in results["sizes"].values():
            if cells := size["jobs"].get(job):
                told = [cell_of(cells.get(engine)) for engine in ENGINES]
                ratios = _ratio(cells, "1", "2"), _ratio(cells, "2", "local")
                lines.append(f"| {job} | {size['films']:,} | {size['edges']:,} | {' | '.join((*told, *ratios))} |")
    return "\n".join(lines)


def verdicts(results: Results) -> list[str]:
    """Return for each job from where on Spark pays, a sentence or some, as items of a list."""
    told = []
    for job in JOBS:
        sizes = [size for size in results["sizes"].values() if size["jobs"].get(job)]
        sentences = [*_by_time(job, sizes), *_by_memory(job, sizes)]
        if sentences:
            told.append(f"- **{job}**: {' '.join(sentences)}")
    return told


def _by_time(job: str, sizes: list[Any]) -> list[str]:
    both = [size for size in sizes if _seconds(size, job, "local") and _seconds(size, job, "2")]
    if not both:
        return []
    paying = [size["films"] for size in both if _seconds(size, job, "2") < _seconds(size, job, "local")]
    largest = both[-1]
    here, two, one = (_seconds(largest, job, engine) for engine in ("local", "2", "1"))
    if paying:
        sentences = [f"By time two workers are quicker than the arrays from {paying[0]:,} films on."]
    else:
        sentences = [
            f"By time the arrays are the quicker at every size: at {largest['films']:,} films "
            f"{spoken(here)} against {spoken(two)} of two workers."
        ]
    if one and not paying:
        shared = share_of_work(one, two)
        fixed = one - shared
        sum_ = f"{spoken(fixed)} + {spoken(shared)} / workers" if fixed else f"{spoken(shared)} / workers"
        if shared <= 0:
            sentences.append("A second worker on these cores makes it no quicker, so that nothing can be read off.")
        elif fixed < here:
            many = shared / (here - fixed)
            sentences.append(f"By one worker and two Spark takes {sum_}: it meets the arrays with {many:.0f} workers.")
        else:
            sentences.append(f"By one worker and two Spark takes {sum_}: at this size no number of workers meets them.")
    grown = [slope(both[-2:], job, engine) for engine in ("local", "2")] if len(both) > 1 else []
    if grown:
        sentences.append(
            f"From the size before, the arrays' time grew as n^{grown[0]:.1f}, Spark's as n^{grown[1]:.1f}."
        )
    return sentences


def share_of_work(one: float, two: float) -> float:
    """Return how much of one worker's time is shared out among more: all of it at most (G. Amdahl, 1967).

    >>> share_of_work(100, 60), share_of_work(100, 40), share_of_work(100, 110)
    (80, 100, 0)
    """
    return max(0, min(one, 2 * (one - two)))


def slope(sizes: list[Any], job: str, engine: str) -> float:
    """Return the exponent by which a time grows between two sizes."""
    small, large = sizes
    return log(_seconds(large, job, engine) / _seconds(small, job, engine)) / log(large["films"] / small["films"])


def _by_memory(job: str, sizes: list[Any]) -> list[str]:
    points = [(size["films"], cell["peak"]) for size in sizes if "peak" in (cell := size["jobs"][job].get("local", {}))]
    if len(points) < 2:
        return []
    (few, low), (many, high) = points[0], points[-1]
    each = (high - low) / (many - few)
    if each <= 0:
        return []
    base = max(high - each * many, 0.0)
    films = [(memory * 1024 - base) / each for memory in MEMORIES]
    told = ", ".join(
        f"{memory} GB full at {count / 1e6:.1f} million" for memory, count in zip(MEMORIES, films, strict=True)
    )
    executors = [
        (size["films"], cell["executor"])
        for size in sizes
        for engine in ("1", "2")
        if "executor" in (cell := size["jobs"][job].get(engine, {}))
    ]
    sentence = f"By memory the arrays take {base:,.0f} MB and {each * 1024:.1f} KB a film more: {told} films."
    if not executors:
        return [sentence]
    most = max(memory for _, memory in executors)
    return [sentence, f"No executor took more than {most:,.0f} MB, up to {max(executors)[0]:,} films."]


def _seconds(size: Any, job: str, engine: str) -> float:
    return float(size["jobs"].get(job, {}).get(engine, {}).get("seconds", 0.0))


def _ratio(cells: Mapping[str, Cell], one: str, other: str) -> str:
    if any("seconds" not in cells.get(engine, {}) for engine in (one, other)):
        return ""
    ratio = cells[one]["seconds"] / cells[other]["seconds"]
    return f"{ratio:.2f}×" if ratio < 100 else f"{ratio:,.0f}×"
