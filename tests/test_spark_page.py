"""The figures of the page on batch work: the arithmetic is right, and they stand where they belong."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "docs"), str(ROOT / "benchmarks")]

import spark_figures  # noqa: E402
import spark_table  # noqa: E402


def made(**seconds: tuple[float, ...]) -> dict[str, Any]:
    """Results of the job similar, in seconds at 10,000 and at 100,000 films, by engine."""
    memory = {"local": ({"peak": 200.0}, {"peak": 1_100.0}), "spark": ({"executor": 900.0, "driver": 700.0},) * 2}
    return {
        "machine": {"cores": 2, "memory": 8, "python": "3.11", "date": "2026-01-01", "versions": {"pyspark": "4"}},
        "patience": 300,
        "sessions": {"1": 4.0},
        "sizes": {
            str(films): {
                "films": films,
                "edges": films * 5,
                "jobs": {
                    "similar": {
                        engine: {"seconds": each[at], **memory["local" if engine == "local" else "spark"][at]}
                        for engine, each in seconds.items()
                    }
                },
            }
            for at, films in enumerate((10_000, 100_000))
        },
    }


def engines(local: tuple[float, float], one: tuple[float, float], two: tuple[float, float]) -> dict[str, Any]:
    return made(**{"local": local, "1": one, "2": two})


def test_from_where_on_spark_is_quicker_is_told() -> None:
    (told,) = spark_table.verdicts(engines((1, 100), (20, 120), (15, 70)))
    assert "By time two workers are quicker than the arrays from 100,000 films on." in told
    assert "grew as n^2.0, Spark's as n^0.7" in told


def test_where_it_never_is_the_workers_are_reckoned_that_would_meet_the_arrays() -> None:
    (told,) = spark_table.verdicts(engines((1, 30), (20, 100), (15, 60)))
    # 100 = 20 + 80 / 1 and 60 = 20 + 80 / 2, so that 30 = 20 + 80 / 8.
    assert "at 100,000 films 30 s against 60 s of two workers" in told
    assert "Spark takes 20 s + 80 s / workers: it meets the arrays with 8 workers." in told
    assert "at this size no number of workers" in spark_table.verdicts(engines((1, 19), (20, 100), (15, 60)))[0]
    assert "nothing can be read off" in spark_table.verdicts(engines((1, 19), (20, 100), (15, 110)))[0]


def test_what_the_arrays_hold_is_reckoned_from_their_memory() -> None:
    (told,) = spark_table.verdicts(engines((1, 30), (20, 100), (15, 60)))
    # 900 MB for 90,000 films more, above 100 MB: 8 GB hold (8192 - 100) / 0.01 films.
    assert "take 100 MB and 10.2 KB a film more: 8 GB full at 0.8 million, 32 GB full at 3.3 million" in told
    assert "No executor took more than 900 MB, up to 100,000 films." in told


def test_a_job_that_was_stopped_is_told_so() -> None:
    results = engines((1, 30), (20, 100), (15, 60))
    results["sizes"]["10000"]["jobs"]["similar"]["1"] = {"over": True, "patience": 300.0}
    results["sizes"]["100000"]["jobs"]["similar"]["1"] = {"untried": True, "patience": 300.0}
    lines = spark_table.as_text(results).splitlines()
    assert lines[2] == "| similar | 10,000 | 50,000 | 1.0 s · 200 MB | > 300 s | 15 s · 900 + 700 MB |  | 15.00× |"
    assert "| (> 300 s) |" in lines[3]
    assert "No executor" in spark_table.verdicts(results)[0]


@pytest.mark.parametrize("cell", [{"error": "out of memory"}, {"over": True, "patience": 9.0}])
def test_sizes_without_an_answer_of_the_arrays_are_left_out(cell: dict[str, Any]) -> None:
    results = engines((1, 30), (20, 100), (15, 60))
    results["sizes"]["100000"]["jobs"]["similar"]["local"] = cell
    (told,) = spark_table.verdicts(results)
    assert "at 10,000 films 1.0 s against 15 s" in told
    assert "GB" not in told


def test_the_page_has_every_block_and_it_is_of_the_figures_that_are_kept() -> None:
    page = (ROOT / "docs/batch.md").read_text(encoding="utf-8")
    assert re.findall(r"<!-- spark: (\w+) -->", page) == list(spark_figures.BLOCKS)
    kept = json.loads((ROOT / "docs/tables/spark.json").read_text(encoding="utf-8"))
    assert spark_figures.refreshed(page, kept) == page
    assert spark_figures.refreshed("before\n<!-- spark: machine -->\nold\n<!-- end -->\n", kept).startswith("before\n")
