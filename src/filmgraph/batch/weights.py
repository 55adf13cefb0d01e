"""Films × techniques with weights, as DataFrames: what :mod:`filmgraph.arrays` computes, in the same order of sums."""

from __future__ import annotations

from dataclasses import dataclass

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from filmgraph.batch.session import Ledger, Tables

__all__ = ["Craft", "closure", "craft_of"]


@dataclass(frozen=True)
class Craft:
    """Films and techniques by number, in the order of their IRIs, and the unit vectors of films.

    ``films`` (film, iri) · ``techniques`` (craft, iri) · ``rarity`` (craft, df, idf) · ``vectors`` (film, crafts,
    weights: arrays in the order of techniques, of length 1).
    """

    films: DataFrame
    techniques: DataFrame
    rarity: DataFrame
    vectors: DataFrame


def craft_of(tables: Tables, ledger: Ledger) -> Craft:
    """Return the weights v(f, t) of all films that use a technique, each film's scaled to length 1."""
    categories = tables.nodes.where("kind = 'category'").select(F.col("id").alias("technique"))
    uses = (
        tables.edges.where("kind = 'uses'")
        .select(F.col("source").alias("film"), F.col("target").alias("technique"))
        .distinct()
        .join(categories, "technique", "left_anti")
    )
    up = closure(tables)
    films = ledger.keep(
        uses.select(F.col("film").alias("iri"))
        .distinct()
        .orderBy("iri")
        .select(F.monotonically_increasing_id().alias("film"), "iri")
    )
    # The vocabulary is small: its techniques are numbered on one machine.
    techniques = ledger.keep(
        uses.select("technique")
        .union(up.select("broad"))
        .distinct()
        .select((F.row_number().over(Window.orderBy("technique")) - 1).alias("craft"), F.col("technique").alias("iri"))
    )
    numbered = uses.join(
        films.withColumnRenamed("iri", "film_iri").withColumnRenamed("film", "place"),
        F.col("film") == F.col("film_iri"),
    ).select(F.col("place").alias("film"), "technique")
    upward = up.union(uses.select("technique", "technique", F.lit(1.0)).distinct())
    close = (
        numbered.join(upward.withColumnRenamed("narrow", "technique"), "technique")
        .join(techniques.withColumnRenamed("iri", "broad"), "broad")
        .groupBy("film", "craft")
        .agg(F.max("nearness").alias("nearness"))
    )
    close = ledger.keep(close)
    count = films.agg(F.count("*").alias("films"))
    rarity = ledger.keep(
        close.groupBy("craft")
        .agg(F.count("*").alias("df"))
        .crossJoin(count)
        .select("craft", "df", F.log1p(F.col("films") / F.col("df")).alias("idf"))
    )
    return Craft(films, techniques, rarity, ledger.keep(_vectors(close, rarity)))


def _vectors(close: DataFrame, rarity: DataFrame) -> DataFrame:
    weighed = close.join(rarity, "craft").select("film", "craft", (F.col("nearness") * F.col("idf")).alias("weight"))
    return (
        weighed.groupBy("film")
        .agg(F.array_sort(F.collect_list(F.struct("craft", "weight"))).alias("entries"))
        .select("film", F.expr("entries.craft").alias("crafts"), F.expr("entries.weight").alias("weights"))
        .withColumn("norm", F.expr("sqrt(aggregate(weights, 0D, (sum, w) -> sum + w * w))"))
        .select("film", "crafts", F.expr("transform(weights, w -> w * (1D / norm))").alias("weights"))
    )


def closure(tables: Tables) -> DataFrame:
    """Return for each technique the broader ones with the fewest steps up: narrow, broad, nearness (2^−steps)."""
    return tables.edges.where("kind = 'within'").select(
        F.col("source").alias("narrow"), F.col("target").alias("broad"), F.col("weight").alias("nearness")
    )
