"""Communities of films on Spark: labels passed on among films that are alike, round by round.

Each film is joined to the films most like it, as many as :data:`~filmgraph.batch.links.NEAREST`, and a link weighs
their cosine in billionths; it joins both ways. Every film begins with itself as its label. In each of
:data:`~filmgraph.batch.links.ROUNDS` rounds all films together take the label that weighs most among those of the
films they are joined to, where their own label counts as much as their strongest link (so that two films do not swap
labels for ever); of equals the one that is first in the order of IRIs. Films with the same label in the end are a
community, named by the first of its films. (After Raghavan, Albert and Kumara, "Near linear time algorithm to detect
community structures in large-scale networks", 2007.)
"""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from filmgraph.batch.links import LIKENESS_UNIT, NEAREST, ROUNDS
from filmgraph.batch.session import Ledger, Tables, iterating
from filmgraph.batch.similar import nearest
from filmgraph.batch.weights import craft_of

__all__ = ["communities"]

CHUNK = 6
"""How many rounds make one plan, before what they found is kept."""


def communities(tables: Tables, ledger: Ledger, *, limit: int = NEAREST) -> DataFrame:
    """Return film, community and size, the films of a community together, in the order of IRIs."""
    craft = craft_of(tables, ledger)
    joined = _joined(nearest(craft, ledger, limit), craft.films)
    neighbours = ledger.keep(joined).repartition("film").sortWithinPartitions("film").persist()
    labels = craft.films.select("film", F.col("film").alias("label"))
    try:
        with iterating(neighbours.sparkSession):
            for number in range(ROUNDS):
                if number % CHUNK == 0:
                    labels = ledger.keep(labels)
                labels = _passed_on(neighbours, labels)
            labels = ledger.keep(labels)
    finally:
        neighbours.unpersist()
    named = labels.join(craft.films, "film")
    groups = named.groupBy("label").agg(F.min("iri").alias("community"), F.count("*").alias("size"))
    return (
        named.join(groups, "label").select(F.col("iri").alias("film"), "community", "size").orderBy("community", "film")
    )


def _joined(pairs: DataFrame, films: DataFrame) -> DataFrame:
    """Return film and links: the films that it is joined to and itself, with weights in whole numbers."""
    weight = F.rint(F.col("score") * LIKENESS_UNIT).cast("bigint").alias("weight")
    one_way = pairs.select("film", "other", weight)
    both = one_way.union(one_way.select("other", "film", "weight")).distinct()
    own = (
        both.groupBy("film")
        .agg(F.max("weight").alias("weight"))
        .join(films, "film", "right")
        .select("film", F.col("film").alias("other"), F.coalesce("weight", F.lit(0)).alias("weight"))
    )
    return both.union(own).groupBy("film").agg(F.collect_list(F.struct("other", "weight")).alias("links"))


def _passed_on(neighbours: DataFrame, labels: DataFrame) -> DataFrame:
    """Return film and label after one round."""
    told = neighbours.join(labels, "film").select("label", F.explode("links").alias("link"))
    heard = told.groupBy(F.col("link.other").alias("film"), "label").agg(F.sum("link.weight").alias("weight"))
    return (
        heard.groupBy("film")
        .agg(F.max(F.struct("weight", (-F.col("label")).alias("minus"))).alias("best"))
        .select("film", (-F.col("best.minus")).alias("label"))
    )
