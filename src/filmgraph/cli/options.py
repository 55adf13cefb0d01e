"""Options that many commands share, and how they open the graph."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import TYPE_CHECKING, Any

import click

from filmgraph.errors import FilmgraphError

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

__all__ = [
    "as_json",
    "completes",
    "graph_options",
    "limit",
    "needing_web",
    "show_spoilers",
    "with_graph",
    "with_workspace",
]

_WEB = {"h11", "httptools", "jinja2", "markupsafe", "multipart", "python_multipart", "starlette", "uvicorn"}


_store = click.option(
    "--store", metavar="PATH|URL", help="A disk store, an RDF file or a SPARQL endpoint; default: the bundled graph."
)
_root = click.option("--root", metavar="DIR", help="A folder with ontology/, data/ and queries/ of your own.")
_deadline = click.option(
    "--deadline",
    type=click.FloatRange(0.1),
    default=30.0,
    show_default=True,
    metavar="SECONDS",
    help="The longest that one call to an endpoint may take.",
)


def with_graph(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options that say which graph, and call it with the open graph as first argument."""

    @graph_options
    @wraps(command)
    def opened(*args: Any, store: str | None, root: str | None, deadline: float, **options: Any) -> Any:
        from filmgraph.graph import open_graph

        with open_graph(store, root=root, deadline=deadline) as graph:
            return command(graph, *args, **options)

    return opened


def graph_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options that say which graph, for it to open one itself."""
    for option in (_deadline, _root, _store):
        command = option(command)
    return command


def with_workspace(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the option that says which folder, and call it with the workspace as first argument.

    No file is parsed, so the command runs although one of them is broken.
    """

    @_root
    @wraps(command)
    def found(*args: Any, root: str | None, **options: Any) -> Any:
        from filmgraph.workspace import Workspace

        return command(Workspace.find(root), *args, **options)

    return found


@contextmanager
def needing_web() -> Iterator[None]:
    """Say in a line which extra is missing where an import within fails for want of it."""
    try:
        yield
    except ModuleNotFoundError as error:
        if error.name and error.name.partition(".")[0] in _WEB:
            advice = "the site needs the extra web: in a checkout of filmgraph, pip install '.[web]'"
            raise FilmgraphError(advice) from error
        raise


limit = click.option("--limit", "-n", type=click.IntRange(1), default=10, show_default=True, help="How many at most.")
show_spoilers = click.option("--spoilers", is_flag=True, help="Show scenes that give away an ending.")
as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


def completes(kind: str) -> Callable[[click.Context, click.Parameter, str], list[CompletionItem]]:
    """Return a completer of slugs of a kind of resource, or of query names for the kind "query"."""

    def complete(ctx: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
        from click.shell_completion import CompletionItem

        try:
            words = _words(kind, ctx.params.get("store"), ctx.params.get("root"))
            return [CompletionItem(word) for word in words if word.startswith(incomplete)][:200]
        except FilmgraphError:
            return []

    return complete


def _words(kind: str, store: str | None, root: str | None) -> list[str]:
    from filmgraph.graph import open_graph
    from filmgraph.namespaces import FG, SCHEMA, kind_of, slug_of
    from filmgraph.queries import QueryLibrary
    from filmgraph.workspace import Workspace

    if kind == "query":
        return list(QueryLibrary(Workspace.find(root).queries).names)
    class_ = {
        "person": SCHEMA + "Person",
        "film": FG + "Film",
        "technique": FG + "Technique",
        "review": FG + "Review",
    }
    with open_graph(store, root=root) as graph:
        rows = graph.store.select(f"SELECT ?s WHERE {{ ?s a <{class_[kind]}> }}")
        return sorted(slug_of(str(row[0])) for row in rows if kind_of(str(row[0])) == kind)
