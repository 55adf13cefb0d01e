"""Work on whole graphs, for those that fit in no memory: all films alike, PageRank and communities, on Spark.

A graph goes out as Parquet (:mod:`filmgraph.batch.parquet`); a job reads that folder and writes its answer as
Parquet. Each job has two engines that give the same answer: Spark, in DataFrames only, and this machine, in arrays.
"""

from __future__ import annotations

from filmgraph.batch.jobs import ENGINES, JOBS, Answer, run_in, run_job
from filmgraph.batch.parquet import write_parquet

__all__ = ["ENGINES", "JOBS", "Answer", "run_in", "run_job", "write_parquet"]
