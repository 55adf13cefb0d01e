"""Commands for work on whole graphs: batch similar, batch pagerank, batch communities."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

import click
from click.core import ParameterSource

from filmgraph.cli.progress import steps

__all__ = ["batch_command", "communities_command", "pagerank_command", "similar_command"]


@click.group("batch")
def batch_command() -> None:
    """Work on whole graphs that fit in no memory, on a Spark cluster.

    PARQUET is a folder that filmgraph export --format parquet wrote; the answer is a folder of Parquet, too. With
    --engine local the same is done in the memory of this machine, without Spark.
    """


def _job(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command what all jobs take, and run the job that it names."""

    @click.argument("parquet", metavar="PARQUET")
    @click.option("--output", "-o", required=True, metavar="DIR", help="The folder that the answer is written into.")
    @click.option("--force", is_flag=True, help="Overwrite the answer of an earlier job.")
    @click.option(
        "--engine",
        type=click.Choice(["spark", "local"]),
        default="spark",
        show_default=True,
        help="Who does the work: a Spark cluster, or the memory of this machine.",
    )
    @click.option(
        "--master",
        metavar="URL",
        default="local[*]",
        show_default=True,
        help="The master of the cluster: spark://HOST:7077, yarn, k8s://…",
    )
    @click.option("--partitions", type=click.IntRange(1), help="Parts that data is cut into; default: 3 for each core.")
    @click.option("--conf", multiple=True, metavar="KEY=VALUE", help="A property of Spark; may be repeated.")
    @wraps(command)
    def run(parquet: str, conf: tuple[str, ...], force: bool, **options: Any) -> None:
        from filmgraph.batch import run_job
        from filmgraph.cli.output import print_rows

        wrong = [each for each in conf if not each.partition("=")[0].strip() or "=" not in each]
        if wrong:
            raise click.UsageError(f"--conf {wrong[0]} is not KEY=VALUE.", click.get_current_context())
        _check_is_for_spark(options["engine"])
        settings = dict(each.split("=", 1) for each in conf)
        job = click.get_current_context().info_name or ""
        with steps(f"Working out {job}") as progress:
            progress(parquet)
            answer = run_job(job, parquet, options.pop("output"), overwrite=force, settings=settings, **options)
        click.echo(f"{answer.folder}: {answer.rows:,} rows ({', '.join(answer.columns)}); the first:")
        print_rows(answer.first, "table")

    return run


def _check_is_for_spark(engine: str) -> None:
    """Raise UsageError where an option of Spark's comes with another engine, which would not heed it."""
    context = click.get_current_context()
    for name in ("master", "partitions", "conf"):
        if engine != "spark" and context.get_parameter_source(name) == ParameterSource.COMMANDLINE:
            raise click.UsageError(f"--{name} is for Spark: leave it out, or --engine {engine}.", context)


@batch_command.command("similar", short_help="For every film those most like it.")
@click.option("--limit", "-n", type=click.IntRange(1), default=10, show_default=True, help="How many at most.")
@_job
def similar_command(**options: Any) -> None:
    """For every film those most like it by the techniques they use, with their cosine.

    The scores are those of filmgraph similar, ties by IRI.
    """


@batch_command.command("pagerank", short_help="How central each film, technique and person is.")
@click.option("--start", "starts", multiple=True, metavar="FILM", help="A film to start at; may be repeated.")
@_job
def pagerank_command(**options: Any) -> None:
    """How central each film, technique, person and genre is in the graph that filmgraph recommend walks.

    Without --start the walk starts anywhere alike; with it the ranks are seen from those films.
    """


@batch_command.command("communities", short_help="Films that belong together.")
@click.option("--limit", "-n", type=click.IntRange(1), default=6, show_default=True, help="Join each film to so many.")
@_job
def communities_command(**options: Any) -> None:
    """Films that belong together: each is joined to those most like it, and labels are passed on among them."""
