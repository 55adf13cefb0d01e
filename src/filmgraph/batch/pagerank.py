"""PageRank on Spark over the typed graph of :mod:`filmgraph.recommend`: films, techniques, people, genres.

The rank is the solution of x = d · P x + (1 − d) · s, where d is 0.85, P walks a link with its share of a node's
weights, and s is where the walk starts: anywhere alike, or at some films. Links are walked both ways, so P has real
eigenvalues, and Chebyshev's semi-iteration finds x in a third of the steps that repeated walking takes. What reaches a
node without links starts anew at s, which is the same as leaving it out and scaling the ranks to a sum of 1.
"""

from __future__ import annotations

from collections.abc import Sequence

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from filmgraph.batch.links import (
    CREW,
    CRITICS,
    DAMPING,
    LINK_UNIT,
    LINK_WEIGHTS,
    RANK_UNIT,
    STEPS,
)
from filmgraph.batch.session import Ledger, Tables, iterating
from filmgraph.batch.weights import closure, craft_of
from filmgraph.errors import NotFoundError

__all__ = ["pagerank"]

CHUNK = 15
"""How many steps make one plan, before what they found is kept."""
LONGEST = 10_000
"""How many links of a node are one row."""


def pagerank(tables: Tables, ledger: Ledger, *, starts: Sequence[str] = ()) -> DataFrame:
    """Return node, kind and score of every node of the typed graph, greatest first, ties by IRI; scores add up to 1.

    ``starts`` are the films, by IRI, at which the walk starts; without them it starts anywhere alike.
    """
    for start in starts:
        if tables.nodes.where((F.col("kind") == "film") & (F.col("id") == start)).isEmpty():
            raise NotFoundError(f"There is no film {start} in this graph.")
    links = ledger.keep(_links(tables, ledger))
    films = tables.nodes.where("kind = 'film'").select(F.col("id").alias("iri"))
    nodes = ledger.keep(
        films.union(links.select("source"))
        .union(links.select("target"))
        .distinct()
        .orderBy("iri")
        .select(F.monotonically_increasing_id().alias("node"), "iri")
    )
    ranks = _walked(_neighbours(links, nodes), _start(nodes, starts), ledger)
    total = ranks.agg((F.sum(F.rint(F.col("rank") * RANK_UNIT).cast("bigint")) / RANK_UNIT).alias("total"))
    kinds = tables.nodes.select(F.col("id").alias("iri"), "kind")
    return (
        ranks.crossJoin(total)
        .join(nodes, "node")
        .join(kinds, "iri", "left")
        .select(
            F.col("iri").alias("node"),
            F.coalesce("kind", F.lit("other")).alias("kind"),
            F.when(F.col("total") > 0, F.col("rank") / F.col("total")).otherwise(0.0).alias("score"),
        )
        .orderBy(F.desc("score"), "node")
    )


def _start(nodes: DataFrame, starts: Sequence[str]) -> DataFrame:
    """Return node and start: the share of walks that begin there."""
    begin = F.col("iri").isin(list(starts)) if starts else F.lit(True)
    counted = nodes.select("node", F.when(begin, 1.0).otherwise(0.0).alias("begins"))
    count = counted.agg(F.greatest(F.sum("begins"), F.lit(1.0)).alias("count"))
    return counted.crossJoin(count).select("node", (F.col("begins") / F.col("count")).alias("start"))


def _neighbours(links: DataFrame, nodes: DataFrame) -> DataFrame:
    """Return node, part and links: each node's neighbours with their shares, in rows of bounded length.

    Every node has a part 0, and this lists the node itself too, with no share: so its own rank passes on with the rest.
    """
    at = nodes.withColumnRenamed("node", "place")
    ways = links.union(links.select("target", "source", "weight"))
    numbered = (
        ways.join(at.select(F.col("iri").alias("source"), F.col("place").alias("node")), "source")
        .join(at.select(F.col("iri").alias("target"), F.col("place").alias("to")), "target")
        .groupBy("node", "to")
        .agg(F.sum("weight").alias("weight"))
        .where("weight > 0")
    )
    degrees = numbered.groupBy("node").agg(F.sum("weight").alias("degree"))
    shares = numbered.join(degrees, "node").select(
        "node",
        "to",
        (F.col("weight").cast("double") / F.col("degree").cast("double")).alias("share"),
        ((F.row_number().over(Window.partitionBy("node").orderBy("to")) - 1) / LONGEST).cast("bigint").alias("part"),
    )
    own = nodes.select(
        "node", F.col("node").alias("to"), F.lit(0.0).alias("share"), F.lit(0).cast("bigint").alias("part")
    )
    return (
        shares.select("node", "to", "share", "part")
        .union(own)
        .groupBy("node", "part")
        .agg(F.collect_list(F.struct("to", "share")).alias("links"))
    )


def _walked(neighbours: DataFrame, start: DataFrame, ledger: Ledger) -> DataFrame:
    """Return node and rank after all steps of the semi-iteration."""
    # Kept in the order of the join that every step makes, so that only the ranks travel.
    neighbours = ledger.keep(neighbours).repartition("node").sortWithinPartitions("node").persist()
    state = start.select(
        "node", "start", F.col("start").alias("rank"), F.lit(0.0).alias("before"), F.lit(1.0).alias("factor")
    )
    try:
        with iterating(neighbours.sparkSession):
            for step in range(STEPS):
                if step % CHUNK == 0:
                    state = ledger.keep(state)
                state = _step(neighbours, state)
            return ledger.keep(state.select("node", "rank"))
    finally:
        neighbours.unpersist()


def _step(neighbours: DataFrame, state: DataFrame) -> DataFrame:
    """Return the state after one step; each node passes its rank to its neighbours, and its own values to itself.

    The factor of the semi-iteration is a column too, though it is the same for all nodes: as a number in the plan it
    would make the code of each step another, and each would be compiled anew.
    """
    kept = ("start", "rank", "before", "factor")
    passed = neighbours.join(state, "node").select("node", *kept, F.explode("links").alias("link"))
    own = (F.col("link.to") == F.col("node")) & (F.col("link.share") == 0.0)
    sums = (
        passed.select(
            F.col("link.to").alias("node"),
            F.rint(F.col("rank") * F.col("link.share") * RANK_UNIT).cast("bigint").alias("flow"),
            *(F.when(own, F.col(name)).alias(name) for name in kept),
        )
        .groupBy("node")
        .agg(F.sum("flow").alias("flow"), *(F.max(name).alias(name) for name in kept))
    )
    walked = F.lit(DAMPING) * (F.col("flow") / F.lit(RANK_UNIT)) + F.col("start")
    after = F.col("factor") * (walked - F.col("before")) + F.col("before")
    return sums.select("node", "start", after.alias("rank"), F.col("rank").alias("before"), _next_factor())


def _next_factor() -> Column:
    """Return the factor of the next step, by the same sums as :func:`~filmgraph.batch.links.accelerations`."""
    factor = F.when(F.col("factor") == 1.0, 2.0).otherwise(F.col("factor"))
    return (F.lit(1.0) / (F.lit(1.0) - F.lit(DAMPING**2) * factor / F.lit(4.0))).alias("factor")


def _links(tables: Tables, ledger: Ledger) -> DataFrame:
    """Return the links of the typed graph with their weights in whole numbers: source, target, weight."""
    films = tables.nodes.where("kind = 'film'").select(F.col("id").alias("source"))
    facts = ledger.keep(_facts(tables, films, ledger))
    heard = ledger.keep(_heard(tables, films))
    known = facts.groupBy("source").agg(F.sum("weight").alias("facts"))
    ends = heard.select("source", "weight").union(heard.where("kind = 'comparison'").select("target", "weight"))
    most = (
        ends.groupBy("source")
        .agg(F.sum("weight").alias("heard"))
        .join(known, "source", "left")
        # A film of which nothing else is known has only its critics to go by.
        .select(
            "source", F.expr(f"if(facts > 0 AND heard > 0, least({CRITICS}D * facts / heard, 1D), 1D)").alias("most")
        )
    )
    told = (
        heard.join(most, "source")
        .join(most.select(F.col("source").alias("target"), F.col("most").alias("there")), "target", "left")
        .withColumn("part", F.expr("if(kind = 'comparison', least(most, coalesce(there, 1D)), most)"))
        .select("source", "target", F.rint(F.col("weight") * F.col("part")).cast("bigint").alias("weight"))
    )
    return facts.select("source", "target", "weight").union(told)


def _facts(tables: Tables, films: DataFrame, ledger: Ledger) -> DataFrame:
    """Return what films use, who made them and their genres."""
    craft = craft_of(tables, ledger)
    idf = craft.rarity.join(craft.techniques, "craft").select(F.col("iri").alias("target"), "idf")
    of_kind = {
        "technique": (tables.edges.where("kind = 'uses'"), F.coalesce("idf", F.lit(0.0))),
        "crew": (tables.edges.where(F.col("kind").isin(list(CREW))), F.lit(1.0)),
        "genre": (tables.edges.where("kind = 'genre'"), F.lit(1.0)),
    }
    found = [
        edges.select("source", "target")
        .distinct()
        .join(films, "source", "left_semi")
        .join(idf, "target", "left")
        .select("source", "target", _whole(F.lit(LINK_WEIGHTS[kind]) * rarity).alias("weight"))
        for kind, (edges, rarity) in of_kind.items()
    ]
    return found[0].union(found[1]).union(found[2])


def _heard(tables: Tables, films: DataFrame) -> DataFrame:
    """Return what critics say: the praise of films, and comparisons, before they are scaled down."""
    praise = tables.edges.where("kind = 'praise'")
    uses = tables.edges.where("kind = 'uses'").select("source", F.col("target").alias("narrow")).distinct()
    upward = closure(tables).select("narrow", F.col("broad").alias("target"))
    having = uses.join(upward, "narrow").select("source", "target").union(uses.select("source", "narrow")).distinct()
    films_having = having.groupBy("target").agg(F.count("*").alias("df"))
    praised = praise.groupBy("target").agg(F.count("*").alias("praised"))
    count = films.agg(F.greatest(F.count("*"), F.lit(2)).alias("films"))
    rarity = F.log1p(F.col("films") / F.greatest(F.coalesce("df", F.lit(0)), "praised", F.lit(1)))
    told = (
        praise.join(films, "source", "left_semi")
        .join(praised, "target")
        .join(films_having, "target", "left")
        .crossJoin(count)
        .select(
            "source", "target", "kind", _whole(F.lit(LINK_WEIGHTS["praise"]) * F.col("weight") * rarity).alias("weight")
        )
    )
    compared = tables.edges.where("kind = 'comparison'").select(
        "source", "target", "kind", _whole(F.lit(LINK_WEIGHTS["comparison"]) * F.col("weight")).alias("weight")
    )
    return told.union(compared)


def _whole(weight: Column) -> Column:
    return F.rint(weight * LINK_UNIT).cast("bigint")
