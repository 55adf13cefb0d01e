"""The command that serves the site and the endpoint."""

from __future__ import annotations

import gc
from contextlib import suppress
from typing import TYPE_CHECKING

import click

from filmgraph.cli.options import graph_options, needing_web
from filmgraph.errors import FilmgraphError

if TYPE_CHECKING:
    from filmgraph.web.settings import Settings

__all__ = ["serve_command"]


@click.command("serve")
@graph_options
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen at; 0.0.0.0 for all.")
@click.option(
    "--port", type=click.IntRange(0, 65535), default=8000, show_default=True, help="The port; 0 takes a free one."
)
@click.option("--base-url", metavar="URL", default="", help="The address at which the public finds the site.")
@click.option("--allow-host", "hosts", metavar="NAME", multiple=True, help="One more name that the site answers to.")
@click.option(
    "--proxy",
    "proxies",
    metavar="ADDRESS",
    multiple=True,
    help="A proxy that is believed when it says who asks.",
)
@click.option("--writable", is_flag=True, help="Let /sparql take updates: a disk store, on this machine only.")
@click.option(
    "--query-seconds",
    type=click.FloatRange(0.1, 600),
    default=10.0,
    show_default=True,
    metavar="SECONDS",
    help="The longest that a query of a visitor's may run.",
)
def serve_command(
    store: str | None,
    root: str | None,
    deadline: float,
    host: str,
    port: int,
    base_url: str,
    hosts: tuple[str, ...],
    proxies: tuple[str, ...],
    writable: bool,
    query_seconds: float,
) -> None:
    """Serve the site and its SPARQL endpoint until Ctrl+C.

    On this machine alone unless --host says otherwise. Only names of this machine, those of --base-url and --allow-host
    are answered to; at a --host that others reach, without either, every name is.
    """
    with needing_web():
        from filmgraph.web import Settings
        from filmgraph.web.app import create_app, warm_up
        from filmgraph.web.security import is_loopback
        from filmgraph.web.server import bind, serve
    from filmgraph.graph import open_graph
    from filmgraph.stores import DiskStore

    if writable and not is_loopback(host):
        raise FilmgraphError("--writable lets anybody change the store: it is for --host 127.0.0.1 only")
    if writable and store is None:
        raise FilmgraphError("--writable needs a store of its own: --store names a folder, made where there is none")
    settings = Settings(base_url=base_url, writable=writable, query_seconds=query_seconds)
    settings = _with_hosts(settings, host, hosts, open_to_all=not is_loopback(host))
    listener = bind(host, port)
    if writable and store is not None and not DiskStore.is_store(store):
        DiskStore(store, writable=True).close()
    # Worker processes write; here the store is read, and opened anew after each update.
    with listener, open_graph(store, root=root, deadline=deadline, in_memory=store is None) as graph:
        shown = "localhost" if host in ("0.0.0.0", "::", "") else host
        name = f"[{shown}]" if ":" in shown else shown
        address = f"http://{name}:{listener.getsockname()[1]}/"

        def ready() -> None:
            # What was read stays: the collector need not look through it again and again while pages wait.
            gc.collect()
            gc.freeze()
            _give_back()
            click.echo(f"filmgraph answers at {address}")

        app = create_app(graph, settings)
        # What goes wrong with the store goes wrong here, and is told in a line.
        warm_up(app.state.site)
        serve(app, listener, ready=ready, proxies=proxies)


def _give_back() -> None:
    """Give the system the memory back that reading took and nobody needs any more, where its library can."""
    import ctypes

    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)


def _with_hosts(settings: Settings, host: str, hosts: tuple[str, ...], *, open_to_all: bool) -> Settings:
    """Return the settings with the names to answer to."""
    from dataclasses import replace
    from urllib.parse import urlsplit

    from filmgraph.web.security import LOOPBACK_HOSTS

    public = urlsplit(settings.base_url).hostname
    named = [*hosts, *([public] if public else [])]
    if open_to_all and not named:
        return settings
    return replace(settings, hosts=tuple(sorted({*(name.lower() for name in named), host.lower(), *LOOPBACK_HOSTS})))
