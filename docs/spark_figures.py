"""The figures of docs/batch.md, from docs/tables/spark.json: what stands between its marks is written by this.

A block stands between ``<!-- spark: NAME -->`` and ``<!-- end -->``.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "benchmarks"))

from scale_table import spoken
from spark_table import ENGINES, as_text, verdicts

__all__ = ["BLOCKS", "refreshed"]

Results = Mapping[str, Any]

_BLOCK = re.compile(r"(<!-- spark: ([a-z]+) -->\n).*?(<!-- end -->)", re.DOTALL)


def refreshed(document: str, results: Results) -> str:
    """Return a document with its blocks made anew."""
    return _BLOCK.sub(lambda block: f"{block[1]}{BLOCKS[block[2]](results)}\n{block[3]}", document)


def machine(results: Results) -> str:
    """Return what the figures were measured on, and what a session takes to open."""
    its = results["machine"]
    versions = ", ".join(f"{name} {number}" for name, number in its["versions"].items() if name != "filmgraph-kg")
    sessions = ", ".join(f"on {ENGINES[workers]} {spoken(took)}" for workers, took in results["sessions"].items())
    return (
        f"Measured on {its['date']}: {its['cores']} cores, {its['memory']} GB of memory, Python {its['python']}, "
        f"{versions}. A job was stopped after {results['patience']:.0f} s, and larger graphs were then not tried (in "
        f"brackets). Opening a session, which is not counted, took {sessions}. Of Spark the most memory of the larger "
        "executor and that of the driver are told."
    )


def pays(results: Results) -> str:
    """Return from where on Spark pays, an item for each job."""
    return "\n".join(verdicts(results))


BLOCKS: dict[str, Callable[[Results], str]] = {"machine": machine, "table": as_text, "pays": pays}
"""Name of a block to what writes it."""
