"""The command line: parse arguments, call, print.

Each command's module is imported only when the command is run, so that ``filmgraph --help`` and a film's page do not
wait for what other commands need.
"""

from __future__ import annotations

import gc
import importlib
import os
import sys
from collections.abc import Sequence
from typing import Any

import click

from filmgraph.errors import FilmgraphError

__all__ = ["COMMANDS", "cli", "main"]

COMMANDS: dict[str, tuple[str, str]] = {
    "film": ("show", "Show the page of a film."),
    "technique": ("show", "Show the page of a technique."),
    "person": ("show", "Show the page of a person, band or publication."),
    "review": ("show", "Show the page of a review."),
    "search": ("show", "Search titles, labels and names."),
    "similar": ("discover", "List the films most like a film, and why."),
    "recommend": ("discover", "Recommend films from some that you like, and why."),
    "path": ("discover", "Show the best paths between two films."),
    "critics": ("critics", "Ask what critics agree on, value and dispute."),
    "query": ("ask", "Run a query of the library, or SPARQL of your own."),
    "stats": ("ask", "Count what the graph holds."),
    "validate": ("check", "Judge files, or the whole graph, against the shapes."),
    "format": ("check", "Write Turtle files in the canonical form."),
    "new": ("author", "Begin the file of a new film."),
    "import": ("author", "Add films from a spreadsheet, or read reviews."),
    "claims": ("check", "Work with the claims of critics."),
    "export": ("move", "Write one resource, or everything, as RDF."),
    "graph": ("move", "Write a network for Gephi, Cytoscape or NetworkX."),
    "batch": ("batch", "Work on whole graphs, on a Spark cluster."),
    "load": ("load", "Load RDF files into a store."),
    "backup": ("load", "Write a disk store into one file."),
    "restore": ("load", "Make a disk store of a backup."),
    "serve": ("serve", "Serve the site and its SPARQL endpoint."),
    "site": ("site", "Write the site as static files."),
    "completion": ("ask", "Print the script that completes words in your shell."),
}
"""Name of a command to its module in this package, and its one-line help."""


class _LazyGroup(click.Group):
    """A group whose commands are imported when they are called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"filmgraph.cli.{COMMANDS[cmd_name][0]}")
        command: click.Command = getattr(module, f"{cmd_name}_command")
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name = args[0]
        if name not in COMMANDS and not name.startswith("-"):
            from rapidfuzz import process

            near = [match[0] for match in process.extract(name, list(COMMANDS), limit=2, score_cutoff=60)]
            hint = f" Did you mean {' or '.join(near)}?" if near else " See filmgraph --help."
            raise _OneLineError(f"there is no command {name!r}.{hint}")
        return super().resolve_command(ctx, args)

    def main(self, args: Sequence[str] | None = None, prog_name: str | None = None, **extra: Any) -> Any:  # type: ignore[override]
        """Run a command; whatever goes wrong ends in one line and a status."""
        try:
            status = super().main(args, prog_name, **{**extra, "standalone_mode": False})
        except click.UsageError as error:
            path = error.ctx.command_path if error.ctx else "filmgraph"
            _OneLineError(f"{error.format_message().rstrip('.')}. {path} --help tells more.").show()
            sys.exit(_OneLineError.exit_code)
        except click.ClickException as error:
            error.show()
            sys.exit(error.exit_code)
        except click.Abort:
            click.echo("filmgraph: stopped.", err=True)
            sys.exit(130)
        sys.exit(status if isinstance(status, int) else 0)

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command; errors of filmgraph and of the system become one line."""
        try:
            return super().invoke(ctx)
        except FilmgraphError as error:
            raise _OneLineError(str(error)) from error
        except BrokenPipeError:
            raise
        except OSError as error:
            raise _OneLineError(f"{error.filename or 'the system'}: {error.strerror or error}") from error
        except (RecursionError, MemoryError) as error:
            raise _OneLineError("this is nested too deep, or too large, to be worked on") from error


class _OneLineError(click.ClickException):
    """An error that ends the program with one line and status 2."""

    exit_code = 2

    def show(self, file: Any = None) -> None:
        from filmgraph.rows import printable

        click.echo(f"filmgraph: {printable(self.message)}", err=True, file=file)


@click.group("filmgraph", cls=_LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="filmgraph-kg", prog_name="filmgraph")
@click.pass_context
def cli(ctx: click.Context) -> None:
    """The open knowledge graph of film craft: which films use which techniques, how, in which scene, and what
    critics say about it.

    A film, technique or person is named by slug (her-2013), label ("Her"), CURIE (film:her-2013) or IRI.
    """
    if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        ctx.color = False


def main() -> None:
    """Run the command line."""
    # A short command makes hardly any garbage: at the usual threshold the collector would run dozens of times for
    # nothing, and once more over every module at the end, when the system takes all memory back anyway.
    gc.set_threshold(50_000)
    try:
        cli(prog_name="filmgraph")
    finally:
        gc.freeze()
