"""The site over HTTP: a real server on the loopback, beside ``oxigraph serve`` that answers the query of the same page.

python benchmarks/run.py serving

The film pages are asked one after another by one client that keeps its connection: each for the first time (made), and
once more (kept). Pages a second are counted by wrk where it is installed. Then film pages are asked while queries that
never end fill every worker of the endpoint.
"""

from __future__ import annotations

import http.client
import math
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import median

import generate

from filmgraph.graph import load_into, open_graph
from filmgraph.namespaces import iri, slug_of
from filmgraph.queries import QueryLibrary, with_prefixes
from filmgraph.workspace import Workspace

BUNDLED_MS, MILLION_MS, PAGES_A_SECOND, UNDER_FIRE_MS = 5.0, 15.0, 200, 250.0
MILLION_FILMS = 14_600
START_SECONDS = 120.0
RUNAWAY = "SELECT * WHERE { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i } ORDER BY ?i ?f ?c"


def run(*, tiny: bool = False) -> None:
    """Measure the bundled graph, a disk store of 1,000,000 triples, and the bundled graph under fire."""
    with open_graph() as graph:
        slugs = sorted(slug_of(str(film)) for (film,) in graph.query("SELECT ?film WHERE { ?film a fg:Film }"))
    slugs = slugs[:5] if tiny else slugs
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        print("\nFilm pages of the bundled graph\n")
        with served([]) as address:
            measure_pages(address, slugs, at_most=BUNDLED_MS)
            measure_rate(address, [f"/film/{slug}" for slug in slugs], tiny=tiny)
        with served([]) as address:
            measure_under_fire(address, slugs, seconds=1.0 if tiny else 8.0)
        with oxigraph(folder / "bundled", Workspace.find().graph_files) as peer:
            measure_rate(peer, [query_path(slug) for slug in slugs], tiny=tiny, what="oxigraph serve, film-page.rq")
        films = 20 if tiny else MILLION_FILMS
        triples = generate.write_graph(folder / "large.ttl", films)
        load_into(folder / "large", [folder / "large.ttl"])
        print(f"\nFilm pages of a disk store, {triples:,} triples\n")
        with served(["--store", str(folder / "large")]) as address:
            with open_graph(folder / "large") as graph:
                found = graph.query("SELECT ?film WHERE { ?film a fg:Film } ORDER BY ?film")
            large = [slug_of(str(film)) for (film,) in found]
            measure_pages(address, large[:: max(1, len(large) // 200)], at_most=MILLION_MS)


def measure_pages(address: str, slugs: Sequence[str], *, at_most: float) -> None:
    """Print how long film pages take from request to last byte, made and kept."""
    for label in ("made", "kept"):
        milliseconds = ask_each(address, [f"/film/{slug}" for slug in slugs])
        goal = f"≤ {at_most:g} ms at the median {verdict(median(milliseconds) <= at_most)}"
        print_line(f"film page, {label}, {len(slugs)} films", milliseconds, goal)
        rate = 1e3 * len(milliseconds) / sum(milliseconds)
        print(f"  {'':<36}{rate:,.0f} a second over one connection")


def measure_rate(address: str, paths: Sequence[str], *, tiny: bool, what: str = "filmgraph serve, film pages") -> None:
    """Print how many answers a second wrk gets over eight connections from paths in turn."""
    wrk = shutil.which("wrk")
    if wrk is None:
        print(f"  {what}: wrk is not installed, so pages a second are not counted")
        return
    with tempfile.TemporaryDirectory() as name:
        script = Path(name) / "paths.lua"
        listed = ",\n".join(f"[[{path}]]" for path in paths)
        script.write_text(
            f"local paths = {{\n{listed}\n}}\nlocal at = 0\n"
            "request = function()\n  at = at % #paths + 1\n  return wrk.format('GET', paths[at])\nend\n",
            encoding="utf-8",
        )
        ran = subprocess.run(
            [wrk, "-t1", "-c8", f"-d{1 if tiny else 8}s", "-s", str(script), f"http://{address}"],
            capture_output=True,
            text=True,
            check=True,
        )
    rate = re.search(r"Requests/sec:\s+([\d.]+)", ran.stdout)
    assert rate is not None
    failed = re.search(r"Non-2xx or 3xx responses: (\d+)", ran.stdout)
    goal = f"≥ {PAGES_A_SECOND} {verdict(float(rate[1]) >= PAGES_A_SECOND)}" if "film pages" in what else ""
    print(f"  {what:<44}{float(rate[1]):>10,.0f} a second  {goal}" + (f"  {failed[1]} FAILED" if failed else ""))


def measure_under_fire(address: str, slugs: Sequence[str], *, seconds: float) -> None:
    """Print how long film pages take while queries that never end fill the endpoint."""
    ended = threading.Event()
    # From several addresses: one client alone gets no more than its share of the workers.
    clients = [f"127.0.0.{number}" for number in (2, 2, 3, 3, 4, 4)]
    shooters = [threading.Thread(target=shoot, args=(address, client, ended), daemon=True) for client in clients]
    for shooter in shooters:
        shooter.start()
    time.sleep(0.5)
    milliseconds: list[float] = []
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        milliseconds += ask_each(address, [f"/film/{slug}" for slug in slugs[:50]])
    ended.set()
    worst = percentile(milliseconds)
    print_line(
        "film page, under fire", milliseconds, f"≤ {UNDER_FIRE_MS:g} ms at 99 % {verdict(worst <= UNDER_FIRE_MS)}"
    )
    for shooter in shooters:
        shooter.join(30)


def shoot(address: str, client: str, ended: threading.Event) -> None:
    """Ask what never ends, again and again, from an address of the loopback."""
    while not ended.is_set():
        connection = http.client.HTTPConnection(address, timeout=60, source_address=(client, 0))
        try:
            connection.request("GET", "/sparql?" + urllib.parse.urlencode({"query": RUNAWAY}))
            answer = connection.getresponse()
            answer.read()
            if answer.status == 429 or answer.status == 503:
                time.sleep(0.05)
        finally:
            connection.close()


def ask_each(address: str, paths: Sequence[str]) -> list[float]:
    """Return how many milliseconds each path takes over one connection; all of them must answer 200."""
    connection = http.client.HTTPConnection(address, timeout=60)
    milliseconds = []
    try:
        for path in paths:
            start = time.perf_counter()
            connection.request("GET", path, headers={"Accept": "text/html", "Accept-Encoding": "gzip"})
            answer = connection.getresponse()
            answer.read()
            milliseconds.append((time.perf_counter() - start) * 1e3)
            assert answer.status == 200, f"{path}: {answer.status}"
    finally:
        connection.close()
    return milliseconds


def print_line(label: str, milliseconds: Sequence[float], goal: str) -> None:
    """Print median, 99th percentile and worst of some times."""
    figures = (median(milliseconds), percentile(milliseconds), max(milliseconds))
    told = "  ".join(
        f"{name} {figure:7.1f} ms" for name, figure in zip(("median", "99 %", "max"), figures, strict=True)
    )
    print(f"  {label:<36}{told}  {goal}")


def percentile(values: Sequence[float]) -> float:
    """Return the 99th percentile."""
    return sorted(values)[math.ceil(0.99 * len(values)) - 1]


def verdict(met: bool) -> str:
    """Say whether a goal is met."""
    return "met" if met else "MISSED"


def query_path(slug: str) -> str:
    """Return the path at which ``oxigraph serve`` answers the query of a film's page."""
    query = QueryLibrary(Workspace.find().queries)["film-page"]
    return "/query?" + urllib.parse.urlencode({"query": with_prefixes(query.bind({"film": [iri("film", slug)]}))})


@contextmanager
def served(options: Sequence[str]) -> Iterator[str]:
    """Run ``filmgraph serve`` on a free port of the loopback; yield host and port."""
    command = [sys.executable, "-c", "from filmgraph.cli import main; main()", "serve", *options]
    with _running(command, lambda port: ["--port", str(port)]) as address:
        yield address


@contextmanager
def oxigraph(folder: Path, files: Sequence[Path]) -> Iterator[str]:
    """Run ``oxigraph serve`` with the triples of some files; yield host and port."""
    binary = shutil.which("oxigraph", path=str(Path(sys.executable).parent))
    assert binary is not None, "install the extra filmgraph-kg[dev]"
    load_into(folder, files)
    (store,) = folder.glob("generation-*/store")
    command = [binary, "serve-read-only", "--location", str(store)]
    with _running(command, lambda port: ["--bind", f"127.0.0.1:{port}"]) as address:
        yield address


@contextmanager
def _running(command: Sequence[str], bind: Callable[[int], list[str]]) -> Iterator[str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    process = subprocess.Popen([*command, *bind(port)], env=os.environ.copy(), **quiet)  # type: ignore[call-overload]
    try:
        end = time.monotonic() + START_SECONDS
        while True:
            try:
                ask_each(f"127.0.0.1:{port}", ["/"])  # The port is open before the server has read what it reads once.
                break
            except OSError:
                if process.poll() is not None or time.monotonic() > end:
                    raise RuntimeError(f"{command[0]} did not start") from None
                time.sleep(0.05)
        yield f"127.0.0.1:{port}"
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
