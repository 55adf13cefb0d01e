"""The threat model keeps its word: its tests exist, its limits are those of the code, its bounds hold together."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from filmgraph import queries
from filmgraph.letterboxd import LARGEST_EXPORT
from filmgraph.sandbox import Bounds
from filmgraph.web import Settings, app, results, security, server

TESTS = Path(__file__).parent
PAGE = TESTS.parent / "docs" / "threat-model.md"
NAMED = re.compile(r"`(test_\w+\.py)::(test_\w+)`")


def page() -> str:
    return PAGE.read_text(encoding="utf-8")


def promises() -> list[list[str]]:
    """The rows of the tables of promises: promise, against whom, wall, tests."""
    text = page().partition("## What is not promised")[0]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines() if line.startswith("|")]
    return [row for row in rows if row[0] != "promise" and not row[0].startswith("---")]


def test_every_promise_has_a_wall_and_a_test() -> None:
    assert len(promises()) >= 20
    for row in promises():
        assert len(row) == 4, row
        promise, against, wall, tests = row
        assert promise, row
        assert set(against.split(", ")) <= {"visitor", "author", "another site"}, against
        assert wall, promise
        assert NAMED.findall(tests), promise
        assert not NAMED.sub("", tests).strip(), promise


@pytest.mark.parametrize("file", sorted({file for file, _ in NAMED.findall(page())}))
def test_every_test_that_is_named_exists(file: str) -> None:
    (found,) = TESTS.rglob(file)
    defined = {
        node.name
        for node in ast.walk(ast.parse(found.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }
    assert {name for of, name in NAMED.findall(page()) if of == file} <= defined


def size(number: int) -> str:
    for unit, name in ((1024**3, "GiB"), (1024**2, "MiB"), (1024, "KiB")):
        if number % unit == 0:
            return f"{number // unit} {name}"
    return f"{number:,} bytes"


def limits() -> dict[str, str]:
    """What is limited to the limit, as the page is to have it."""
    bounds, guard, connection = Bounds(), queries.Limits(), server.Limits()
    bodies = app.bodies_of(Settings())
    writable = app.bodies_of(Settings(writable=True))
    return {
        "a query: time, from asking (`--query-seconds`)": f"{Settings().query_seconds:g} s",
        "a query: memory, above what its worker takes": size(bounds.memory),
        "a query: its answer": size(bounds.result),
        "queries at once; of one client": f"{bounds.at_once}; {bounds.at_once_by_client}",
        "queries that wait; of one client": f"{bounds.waiting}; {bounds.waiting_by_client}",
        "a query that waits for its turn": f"{bounds.queue_seconds:g} s",
        "a query: length": f"{guard.length:,} characters",
        "a query: nested brackets": f"{guard.depth:,}",
        "a query: triple patterns and groups": f"{guard.patterns:,}",
        "a query: operators; values that AS names; terms in IN": (
            f"{guard.operators:,}; {guard.named:,}; {guard.listed:,}"
        ),
        "a query: other words and signs; outside of brackets": f"{guard.tokens:,}; {guard.outside:,}",
        "an answer on a page: rows; cells; characters": (
            f"{results.MOST_ROWS:,}; {results.MOST_CELLS:,}; {results.MOST_TEXT:,}"
        ),
        "a head: time; length; headers": (
            f"{connection.head_seconds:g} s; {size(connection.head_bytes)}; {connection.headers}"
        ),
        "an address: length; parameters of a page": f"{size(connection.line_bytes)}; {app.MOST_FIELDS}",
        "a body; at `/recommend`; at `/sparql`; with `--writable`": (
            f"{size(security.BODY_BYTES)}; {size(bodies['/recommend'])}; {size(bodies['/sparql'])}; "
            f"{size(writable['/sparql'])}"
        ),
        "all bodies at once": size(security.BODIES_IN_ALL),
        "a body: between two parts; in all": f"{connection.stall_seconds:g} s; {connection.body_seconds:g} s",
        "a table that is uploaded": size(LARGEST_EXPORT),
        "connections": f"{connection.connections}",
        "requests that wait on one connection": f"{connection.pipelined}",
        "a connection between two requests": f"{connection.idle_seconds:g} s",
        "answers that wait to be taken: time without progress; in all": (
            f"{connection.unread_seconds:g} s; {size(connection.unread_bytes)}"
        ),
        "pages that are kept": size(Settings().kept_bytes),
        "what is being answered when it is told to stop": f"{connection.stop_seconds:g} s",
    }


def test_the_limits_are_those_of_the_code() -> None:
    table = "".join(f"| {what} | {limit} |\n" for what, limit in limits().items())
    assert page().partition("## Limits\n")[2].strip() == f"| what | limit |\n|---|---|\n{table}".strip()


def test_the_limits_fit_together() -> None:
    bounds, connection = Bounds(), server.Limits()
    assert bounds.at_once_by_client < bounds.at_once, "one client leaves turns to others"
    assert bounds.waiting_by_client < bounds.waiting
    assert bounds.at_once + bounds.waiting <= 20, "pages are made in forty threads, some of which wait for the library"
    assert connection.line_bytes <= connection.head_bytes
    assert max(app.bodies_of(Settings()).values()) <= security.BODIES_IN_ALL // 8
    assert bounds.result * bounds.at_once <= connection.unread_bytes
