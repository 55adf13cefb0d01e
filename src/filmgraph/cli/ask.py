"""Commands that ask: query, stats, completion."""

from __future__ import annotations

import signal
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from filmgraph.cli.options import completes, graph_options, show_spoilers, with_graph
from filmgraph.cli.output import bullet, heading, paragraph, print_rows, styled, title

if TYPE_CHECKING:
    from filmgraph.graph import FilmGraph
    from filmgraph.queries import Query, QueryLibrary

__all__ = ["completion_command", "query_command", "stats_command"]

_FORMS = ("table", "csv", "tsv", "json", "sparql-json", "markdown")


@click.command("query")
@click.argument("query", required=False, shell_complete=completes("query"))
@click.argument("parameters", metavar="[NAME=VALUE]...", nargs=-1)
@click.option("--format", "form", type=click.Choice(_FORMS), help="How rows are written; default: table.")
@click.option("--limit", "-n", type=click.IntRange(1), default=None, help="How many rows at most.")
@click.option("--about", is_flag=True, help="Show what a query of the library asks, and its parameters.")
@click.option(
    "--allow-service",
    "allow_services",
    metavar="HOST",
    multiple=True,
    help="A host, or HOST:PORT, that SERVICE may reach; may be repeated.",
)
@click.option(
    "--timeout",
    type=click.FloatRange(0, min_open=True),
    default=None,
    metavar="SECONDS",
    help="Stop the query after so many seconds.",
)
@show_spoilers
@graph_options
def query_command(
    query: str | None,
    parameters: tuple[str, ...],
    form: str | None,
    limit: int | None,
    about: bool,
    allow_services: tuple[str, ...],
    timeout: float | None,
    spoilers: bool,
    store: str | None,
    root: str | None,
    deadline: float,
) -> None:
    """Run a query of the library with NAME=VALUE parameters, or SPARQL of your own.

    QUERY is the name of a library query, a SPARQL text, a file that ends in .rq, or - for standard input. Without
    QUERY the library is listed. A query of the library folds what gives away an ending; SPARQL of your own does not.
    On a large disk store you are told before a slow one starts; Ctrl-C stops it, as --timeout does.
    """
    from filmgraph.errors import QueryError
    from filmgraph.graph import open_graph
    from filmgraph.queries import QueryLibrary, is_query_name
    from filmgraph.rows import Rows
    from filmgraph.turtle import write_turtle
    from filmgraph.workspace import Workspace

    if query is None or about:
        library = QueryLibrary(Workspace.find(root).queries)
        _list_library(library) if query is None else _describe(library[query])
        return
    text = _text_of(query)
    values = _parsed(parameters, query)
    with open_graph(store, root=root, deadline=deadline) as graph:
        with _warnings_in_a_line(), _ended_by_ctrl_c():
            answer = graph.query(text, values, limit=limit, allow_services=allow_services, timeout=timeout)
        if isinstance(answer, Rows):
            print_rows(answer if spoilers or not is_query_name(text) else graph.folded(answer), form or "table")
            return
    if form or limit:
        raise QueryError("--format and --limit are for the rows of a SELECT query; this one has none")
    click.echo(str(answer).lower() if isinstance(answer, bool) else write_turtle(answer).rstrip())


@click.command("stats")
@with_graph
def stats_command(graph: FilmGraph) -> None:
    """Count what the graph holds."""
    counts = graph.stats()
    widest = max(len(f"{count:,}") for count in counts.values())
    for name, count in counts.items():
        click.echo(f"{count:>{widest},}  {name}")


@click.command("completion")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion_command(shell: str) -> None:
    """Print the script that completes words in your shell: eval "$(filmgraph completion bash)"."""
    from click.shell_completion import get_completion_class

    from filmgraph.cli import cli

    found = get_completion_class(shell)
    assert found is not None, "the choices are shells that click knows"
    click.echo(found(cli, {}, "filmgraph", "_FILMGRAPH_COMPLETE").source())


@contextmanager
def _warnings_in_a_line() -> Iterator[None]:
    """Print each warning as one line on standard error, at once."""
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.showwarning = lambda message, *_, **__: click.echo(f"filmgraph: {message}", err=True)
        yield


@contextmanager
def _ended_by_ctrl_c() -> Iterator[None]:
    """Have Ctrl-C end the process itself: Python would hear of it only when the engine has found its answer."""
    try:
        before = signal.signal(signal.SIGINT, signal.SIG_DFL)
    except ValueError:  # Not in the main thread, which alone hears of signals.
        yield
        return
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _text_of(query: str) -> str:
    from filmgraph.readers import read_text

    if query == "-":
        return sys.stdin.read()
    return read_text(query, limit=1024**2) if query.endswith(".rq") else query


def _parsed(parameters: tuple[str, ...], query: str) -> dict[str, list[str]]:
    from filmgraph.errors import QueryError

    values: dict[str, list[str]] = {}
    for given in parameters:
        name, equals, value = given.partition("=")
        if not equals or not name:
            raise QueryError(f"{given!r} is no NAME=VALUE", query=query[:40])
        values.setdefault(name, []).append(value)
    return values


def _list_library(library: QueryLibrary) -> None:
    title(f"The query library: {len(library)} questions")
    click.echo()
    for query in library:
        wanted = " ".join(
            f"[{parameter.name}=…]" if parameter.optional else f"{parameter.name}=…" for parameter in query.parameters
        )
        click.echo(f"{styled(query.name, bold=True)} {styled(wanted, dim=True)}".rstrip())
        paragraph(query.title + ".", indent=4)


def _describe(query: Query) -> None:
    title(query.title)
    paragraph(query.description)
    parts: tuple[tuple[str, Any], ...] = (("Parameters", query.parameters), ("Columns", query.columns))
    for name, entries in parts:
        if entries:
            heading(name)
        for entry in entries:
            mark = (
                " (optional)"
                if getattr(entry, "optional", False)
                else " (one or more)"
                if getattr(entry, "many", False)
                else ""
            )
            bullet(f"{entry.name}, {entry.type}{mark}: {entry.description}")
