"""All films alike on Spark: for each film those most like it by cosine, exactly, without comparing all with all.

Broad techniques join half of all films with each other, so a join by technique and a sum would make as many rows as
there are pairs of films. Instead each film is compared in two passes, in which a pair is one multiplication of arrays:

1. With a sample of the films that share its rarest techniques. The k-th best cosine found there is a floor: no film
   below it can be among its k nearest.
2. With all films that share one of its weightiest techniques, as many of them as it takes until what is left of its
   vector is shorter than the floor: by the inequality of Cauchy and Schwarz no film that shares only the rest can
   reach it. (Bayardo, Ma and Srikant, "Scaling up all pairs similarity search", 2007, prune so by one threshold.)

Films that have a technique are cut into blocks, and where many films look for it, these are dealt out too, so that no
machine of the cluster gets more than a bounded number of pairs at once, however common the technique.
"""

from __future__ import annotations

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from filmgraph.batch.links import SCORE_UNIT
from filmgraph.batch.session import Ledger, Tables
from filmgraph.batch.weights import Craft, craft_of

__all__ = ["nearest", "similar"]

BLOCK = 256
"""How many films of a technique are one row."""
BLOCKS = 16
"""How many blocks of a technique one task takes at once."""
SEEKERS = 4096
"""How many films that look for a technique one task takes at once."""
UNROLLED = 40
"""The longest vectors that are multiplied in generated code; longer ones go through a function four times as slow."""
SLACK = 1e-6
"""Far above what rounding can do, far below what would let many more films through."""


def similar(tables: Tables, ledger: Ledger, *, limit: int = 10) -> DataFrame:
    """Return film, rank, similar and score: for each film those most like it, best first, ties by IRI."""
    craft = craft_of(tables, ledger)
    names = craft.films
    pairs = nearest(craft, ledger, limit)
    return (
        pairs.join(names.withColumnRenamed("iri", "film_iri"), "film")
        .join(names.select(F.col("film").alias("other"), F.col("iri").alias("other_iri")), "other")
        .select(F.col("film_iri").alias("film"), "rank", F.col("other_iri").alias("similar"), "score")
        .orderBy("film", "rank")
    )


def nearest(craft: Craft, ledger: Ledger, limit: int) -> DataFrame:
    """Return film, other, score and rank, films by number."""
    entries = craft.vectors.select("film", F.posexplode(F.arrays_zip("crafts", "weights"))).select(
        "film", F.col("col.crafts").alias("craft"), F.col("col.weights").alias("weight")
    )
    entries = entries.join(craft.rarity.select("craft", "df"), "craft")
    blocks = ledger.keep(_blocks(craft, entries))
    # One number comes back to the driver: how much code is to be generated for a pair.
    longest = int((craft.vectors.agg(F.max(F.size("crafts"))).head() or [0])[0] or 0)
    seekers = craft.vectors.select("film", _gaps().alias("gaps"), "weights")
    sample = ledger.keep(_compared(seekers, _rarest(entries, limit), blocks, limit, longest))
    floors = sample.where(F.col("rank") == limit).select("film", F.col("score").alias("floor"))
    wanted = _weightiest(entries, floors)
    found = _compared(seekers, wanted, blocks, limit, longest)
    return found


def _gaps() -> Column:
    """Return how many zeros stand before each entry of a vector that is written out in full."""
    return F.expr("transform(crafts, (craft, i) -> craft - if(i = 0, -1, crafts[i - 1]) - 1)")


def _blocks(craft: Craft, entries: DataFrame) -> DataFrame:
    """Return for each technique the films that have it, cut into blocks of some hundred: craft, block, members."""
    count = F.ceil(F.col("df") / BLOCK)
    return (
        entries.select("film", "craft", F.pmod(F.xxhash64("film"), count).alias("block"))
        .join(craft.vectors.withColumnRenamed("film", "other"), F.col("film") == F.col("other"))
        .groupBy("craft", "block")
        .agg(F.collect_list(F.struct("other", "crafts", "weights")).alias("members"))
    )


def _rarest(entries: DataFrame, limit: int) -> DataFrame:
    """Return what films look for in the first pass: one block of each of their rarest techniques.

    As many of them as it takes until some times ``limit`` films have them: film, craft, low and high block, floor.
    """
    before = Window.partitionBy("film").orderBy("df", "craft").rowsBetween(Window.unboundedPreceding, -1)
    block = F.pmod(F.col("film"), F.ceil(F.col("df") / BLOCK))
    return (
        entries.withColumn("met", F.coalesce(F.sum(F.col("df") - 1).over(before), F.lit(0)))
        .where(F.col("met") < 4 * limit + 16)
        .select("film", "craft", block.alias("first"), block.alias("last"), F.lit(0.0).alias("floor"))
    )


def _weightiest(entries: DataFrame, floors: DataFrame) -> DataFrame:
    """Return what films look for in the second pass: all blocks of each technique that a film above the floor needs."""
    rest = (
        Window.partitionBy("film")
        .orderBy(F.desc("weight"), "craft")
        .rowsBetween(Window.currentRow, Window.unboundedFollowing)
    )
    return (
        entries.join(floors, "film", "left")
        .withColumn("floor", F.coalesce("floor", F.lit(0.0)))
        .withColumn("left", F.sqrt(F.sum(F.col("weight") * F.col("weight")).over(rest)))
        .where(F.col("left") > F.col("floor") - SLACK)
        .select(
            "film",
            "craft",
            F.lit(0).cast("bigint").alias("first"),
            (F.ceil(F.col("df") / BLOCK) - 1).alias("last"),
            "floor",
        )
    )


def _compared(seekers: DataFrame, wanted: DataFrame, blocks: DataFrame, limit: int, longest: int) -> DataFrame:
    """Return for each film the best of those that it was compared with: film, other, score, rank."""
    parts = wanted.groupBy("craft").agg(F.ceil(F.count("*") / SEEKERS).alias("parts"))
    looking = (
        wanted.join(parts, "craft")
        .select(
            "film",
            "craft",
            "floor",
            "first",
            "last",
            F.pmod("film", "parts").alias("part"),
            F.explode(F.expr(f"sequence(first div {BLOCKS}, last div {BLOCKS})")).alias("span"),
        )
        .join(seekers, "film")
    )
    offered = blocks.join(parts, "craft").select(
        "craft",
        "block",
        (F.expr(f"block div {BLOCKS}")).alias("span"),
        "members",
        F.explode(F.expr("sequence(0L, parts - 1)")).alias("part"),
    )
    met = looking.join(offered, ["craft", "span", "part"]).where("block BETWEEN first AND last")
    # A generator keeps the optimizer from writing the vector out anew for each pair.
    written_out = "flatten(zip_with(gaps, weights, (gap, w) -> concat(array_repeat(0D, gap), array(w))))"
    pairs = met.select("film", "floor", "members", F.explode(F.array(F.expr(written_out))).alias("vector")).select(
        "film", "floor", "vector", F.inline("members")
    )
    scored = (
        pairs.where("film <> other")
        .select("film", "other", "floor", _product(longest).alias("product"))
        .where(F.col("product") > F.col("floor") - SLACK)
        .select("film", "other", (F.rint(F.col("product") * SCORE_UNIT) / SCORE_UNIT).alias("score"))
        .where("score > 0 ")
        .dropDuplicates(["film", "other"])
    )
    best = Window.partitionBy("film").orderBy(F.desc("score"), "other")
    return scored.withColumn("rank", F.row_number().over(best)).where(F.col("rank") <= limit)


def _product(longest: int) -> Column:
    """Return the product of a vector that is written out with one that lists its entries, summed in their order."""
    if longest > UNROLLED:
        return F.expr(
            "aggregate(zip_with(crafts, weights, (craft, w) -> coalesce(w * get(vector, craft), 0D)), 0D, "
            "(sum, term) -> sum + term)"
        )
    terms = (f"coalesce(get(weights, {place}) * get(vector, get(crafts, {place})), 0D)" for place in range(longest))
    return F.expr(" + ".join(terms) or "0D")
