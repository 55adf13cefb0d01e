"""Commands that move graphs in, and stores from place to place: load, backup, restore."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from filmgraph.cli.progress import steps, transfer

if TYPE_CHECKING:
    from filmgraph.stores import Loaded

__all__ = ["backup_command", "load_command", "restore_command"]

_FORMATS = ("ttl", "nt", "nq", "trig", "rdf", "jsonld")
_NAMED_FILES = 20


@click.command("load")
@click.argument("files", nargs=-1, required=True, type=click.Path(allow_dash=True))
@click.option("--into", metavar="DIR", help="The disk store to load into; made where there is none.")
@click.option("--store", metavar="DIR|URL", help="The same for a disk store; or a SPARQL endpoint, with --update-url.")
@click.option("--update-url", metavar="URL", help="Where the endpoint takes updates.")
@click.option("--graph-store-url", metavar="URL", help="Where the endpoint speaks the Graph Store Protocol: quicker.")
@click.option("--virtuoso-sql", metavar="HOST:PORT", help="The SQL port of a Virtuoso on this machine: quickest.")
@click.option("--format", "form", type=click.Choice(_FORMATS), help="What the standard input is, where FILES has a -.")
@click.option("--validate", is_flag=True, help="Judge what is new, with what it touches, before it counts.")
def load_command(
    files: tuple[str, ...],
    into: str | None,
    store: str | None,
    update_url: str | None,
    graph_store_url: str | None,
    virtuoso_sql: str | None,
    form: str | None,
    validate: bool,
) -> None:
    """Load RDF files into a store: Turtle, N-Triples, N-Quads, TriG, RDF/XML and JSON-LD, each also gzipped.

    A folder stands for all RDF files below it, - for the standard input. All statements go into one graph: the names
    of graphs in N-Quads, TriG and JSON-LD are dropped.

    Into a disk store all files go, or none: it is built aside and swapped in, and who reads it is not disturbed. A
    file whose content is in already is passed over. With --validate a rule that is broken ends with status 1, and
    nothing is changed.
    """
    from filmgraph.errors import StoreError

    if store and "://" not in store and not into:
        into, store = store, None
    if into and "://" in into:
        raise StoreError(f"{into}: --into is for a disk store; for an endpoint say --store URL with --update-url URL")
    if into and (store or update_url or graph_store_url or virtuoso_sql):
        raise StoreError("--into is for a disk store, --store with --update-url for an endpoint: say one of them")
    if not into and not store:
        raise StoreError("say where to load: --into DIR, or --store URL with --update-url URL")
    if virtuoso_sql and (not store or update_url or graph_store_url):
        raise StoreError("--virtuoso-sql goes with --store URL, the address of that server's SPARQL, and nothing else")
    if store and not update_url and not graph_store_url and not virtuoso_sql:
        raise StoreError(f"{store}: say with --update-url where this endpoint takes updates")
    if form and "-" not in files:
        raise StoreError("--format says what the standard input is: name it as -, or leave --format out")
    if into:
        _load_into_folder(into, files, form, validate)
    elif store:
        if validate or form:
            raise StoreError("--validate and --format are for a disk store: --into DIR")
        if virtuoso_sql:
            _load_into_virtuoso(store, virtuoso_sql, files)
        else:
            _load_into_endpoint(store, update_url, graph_store_url, files)


@click.command("backup")
@click.argument("folder", metavar="DIR", type=click.Path())
@click.argument("target", metavar="TO", type=click.Path())
@click.option("--force", is_flag=True, help="Replace the file TO.")
def backup_command(folder: str, target: str, force: bool) -> None:
    """Write the disk store in DIR into one file, TO, which can be restored on another machine.

    Who reads the store, or loads into it, is not disturbed.
    """
    from filmgraph.stores import back_up

    with _tidy_when_told_to_end(), transfer("Backing up") as progress:
        done = back_up(folder, target, overwrite=force, progress=progress)
    click.echo(f"{done.file}: {done.triples:,} triples, {done.size / 1e6:,.1f} MB")


@click.command("restore")
@click.argument("backup", metavar="BACKUP", type=click.Path())
@click.argument("folder", metavar="DIR", type=click.Path())
@click.option("--force", is_flag=True, help="Replace the store that is in DIR.")
def restore_command(backup: str, folder: str, force: bool) -> None:
    """Make a disk store in DIR of what filmgraph backup wrote.

    Every byte is compared with the checksums of the backup before anything is changed.
    """
    from filmgraph.stores import restore

    with _tidy_when_told_to_end(), transfer("Restoring") as progress:
        done = restore(backup, folder, overwrite=force, progress=progress)
    click.echo(f"{folder}: {done.triples:,} triples")


@contextmanager
def _tidy_when_told_to_end() -> Iterator[None]:
    """Leave nothing half done when the process is told to end, as systemd and containers do, and not only by Ctrl+C."""

    def end(number: int, _: object) -> None:
        raise SystemExit(128 + number)

    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _load_into_folder(folder: str, files: tuple[str, ...], form: str | None, validate: bool) -> None:
    from filmgraph.errors import BreachError
    from filmgraph.graph import load_into

    try:
        with _tidy_when_told_to_end(), transfer("Loading") as progress:
            loaded = load_into(folder, files, form=form, validate=validate, progress=progress)
    except BreachError as error:
        for line in error.report.to_text().splitlines():
            click.echo(line)
        click.echo(f"filmgraph: {error}", err=True)
        sys.exit(1)
    _tell(loaded)


def _tell(loaded: Loaded) -> None:
    """Print what a load did; of many files only those that were passed over, and how many they are."""
    from filmgraph.rows import printable

    is_few = len(loaded.files) <= _NAMED_FILES
    for file in loaded.files:
        if file.known_as:
            named = "" if file.known_as == file.name else f", as {printable(file.known_as)}"
            click.echo(f"{printable(file.name)}: is in already{named}; passed over")
        elif is_few:
            click.echo(f"{printable(file.name)}: loaded")
    fresh = [file for file in loaded.files if not file.known_as]
    if not is_few:
        click.echo(f"{len(fresh):,} of {len(loaded.files):,} files loaded")
    rate = sum(file.size for file in fresh) / 1e6 / max(loaded.seconds, 0.001)
    speed = f" ({rate:,.1f} MB/s)" if loaded.seconds >= 1 else ""
    took = f", in {loaded.seconds:,.1f} s{speed}" if fresh else ""
    click.echo(f"{loaded.folder}: {loaded.triples:,} triples, {loaded.new:,} of them new{took}")


def _load_into_endpoint(
    store: str, update_url: str | None, graph_store_url: str | None, files: tuple[str, ...]
) -> None:
    from filmgraph.graph import open_graph

    with (
        steps("Loading", total=len(files)) as progress,
        open_graph(store, update_url=update_url, graph_store_url=graph_store_url) as graph,
    ):
        added = graph.load(files, progress=progress)
    for file, count in added.items():
        click.echo(f"{file}: {count:,} new triple{'' if count == 1 else 's'}")


def _load_into_virtuoso(store: str, sql: str, files: tuple[str, ...]) -> None:
    from filmgraph.errors import StoreError
    from filmgraph.stores import RemoteStore, rdf_files_in
    from filmgraph.stores.logins import Login
    from filmgraph.stores.virtuoso import bulk_load

    remote = RemoteStore(store)
    if remote.dialect.name != "Virtuoso" or remote.graph is None:
        raise StoreError(f"{store}: is no Virtuoso, so --virtuoso-sql says nothing to it")
    found = [path for name in files for path in (rdf_files_in(Path(name)) if Path(name).is_dir() else (Path(name),))]
    with steps("Loading", total=len(found)) as progress:
        sent = bulk_load(found, sql=sql, graph=remote.graph, login=Login.of_environment(store), progress=progress)
    for file, count in sent.items():
        click.echo(f"{file}: {count:,} triple{'' if count == 1 else 's'}")
    click.echo(f"{store}: {len(remote):,} triples")
