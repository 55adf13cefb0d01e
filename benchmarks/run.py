"""Run the benchmarks: all of them, or the parts that are named.

python benchmarks/run.py
python benchmarks/run.py cold similarity
python benchmarks/run.py --tiny            (seconds; shows that all of it runs, the figures mean nothing)
"""

from __future__ import annotations

import argparse
import os
import platform
from importlib.metadata import version

import cold_start
import paths
import reviews
import sandbox
import serving
import similarity
import stores

PARTS = {
    "cold": cold_start.run,
    "stores": stores.run,
    "similarity": similarity.run,
    "paths": paths.run,
    "reviews": reviews.run,
    "sandbox": sandbox.run,
    "serving": serving.run,
}
PEERS = ("click", "networkx", "pyoxigraph", "rdflib", "scipy", "starlette", "uvicorn")


def main() -> None:
    """Run the parts that the arguments name."""
    parser = argparse.ArgumentParser(description="Run the benchmarks of filmgraph.")
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"of {', '.join(PARTS)}; default: all")
    parser.add_argument("--tiny", action="store_true", help="the smallest sizes, once")
    given = parser.parse_args()
    if unknown := sorted(set(given.parts) - PARTS.keys()):
        parser.error(f"there is no part {unknown[0]!r}; there are {', '.join(PARTS)}")
    peers = ", ".join(f"{name} {version(name)}" for name in PEERS)
    print(f"{platform.python_implementation()} {platform.python_version()}, {os.cpu_count()} cores; {peers}")
    for part in given.parts or PARTS:
        PARTS[part](tiny=given.tiny)


if __name__ == "__main__":
    main()
