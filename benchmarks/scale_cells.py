"""What benchmarks/scale.py measures in a process of its own: one engine, one graph, one question or several.

Each answer is a line of JSON on standard output: the cell, its seconds, and the most memory the process took for it.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import shutil
import signal
import sys
from collections.abc import Callable, Iterator
from itertools import cycle
from pathlib import Path
from statistics import median
from typing import Any

import generate
from measure import timed

from filmgraph.namespaces import FG, iri
from filmgraph.queries import QueryLibrary
from filmgraph.workspace import Workspace

ROUNDS = 15
QUICK = 0.5
"""What takes at most so many seconds is done again, up to ``ROUNDS`` times, and the median counts."""

QUESTIONS: dict[str, tuple[str, dict[str, Any]]] = {
    "sharing": ("films-sharing-techniques", {"film": "film"}),
    "together": ("techniques-together", {"technique": "technique"}),
    "pairs": ("technique-pairs", {"least": "least"}),
    "signature": ("director-signature", {"person": "person"}),
    "agreement": ("agreement-on-film", {"film": "film"}),
    "contested": ("most-contested-craft", {}),
}
"""Row to a query of the library and what its parameters are filled with."""

JOIN = """
PREFIX fg: <{fg}>
SELECT ?other (COUNT(DISTINCT ?technique) AS ?shared) WHERE {{
  ?use fg:film <{film}> ; fg:technique ?technique .
  ?theirs fg:technique ?technique ; fg:film ?other .
  FILTER(?other != <{film}>)
}} GROUP BY ?other ORDER BY DESC(?shared) ?other LIMIT 10
"""
"""A question of somebody's own that no library has: films that use the same techniques, most of them first."""


class CapError(BaseException):
    """A measurement took longer than allowed; not an Exception, for engines catch those."""


Cells = dict[str, Callable[[], object]]


class Made:
    """The names of a made graph of so many films."""

    def __init__(self, films: int) -> None:
        slugs = generate.film_slugs(films)
        step = max(len(slugs) // 40, 1)
        self.films = cycle([iri("film", slug) for slug in slugs[::step]])
        self.film = iri("film", slugs[0])
        self.other = iri("film", slugs[len(slugs) // 2])
        self.technique = iri("technique", "made-technique-7")
        self.least = max(films // 100, 2)
        self.person = iri("person", generate.person_slug("director", 0))

    def values(self, row: str) -> dict[str, str | int]:
        """Return what the parameters of a row's query are filled with."""
        return {name: getattr(self, kind) for name, kind in QUESTIONS[row][1].items()}


def of_graph(target: str, made: Made, cap: float) -> Cells:
    """Return the cells of filmgraph on a disk store or, by its address, an endpoint."""
    import filmgraph

    graph = filmgraph.open(target, deadline=cap) if "://" in target else filmgraph.open(target)

    def rebuilt() -> object:
        from filmgraph.arrays import open_arrays

        shutil.rmtree(graph.store.derived, ignore_errors=True)
        return open_arrays(graph.store)

    def opened() -> object:
        from filmgraph.arrays import open_arrays

        return open_arrays(graph.store).craft

    def asked(row: str) -> Callable[[], object]:
        return lambda: graph.query(QUESTIONS[row][0], **made.values(row))

    def reopened() -> object:
        with filmgraph.open(target) as again:
            return again.store.ask(f"ASK {{ <{made.film}> a <{FG}Film> }}")

    return {
        "open": reopened,
        "arrays-build": rebuilt,
        "arrays-open": opened,
        "film-query": lambda: graph.query("film-page", film=next(made.films)),
        "film": lambda: graph.film(next(made.films)),
        "similar": lambda: graph.similarity.similar(next(made.films), limit=10),
        "path": lambda: graph.path(made.film, next(made.films)),
        **{row: asked(row) for row in QUESTIONS},
        "join": lambda: graph.query(JOIN.format(fg=FG, film=made.film)),
    }


def library_texts(made: Made) -> tuple[dict[str, str], Callable[[], str]]:
    """Return the text of each question, and what gives the text of another film's page each time."""
    library = QueryLibrary(Workspace.find().queries)
    texts = {
        row: library[name].bind({key: [value] for key, value in made.values(row).items()})
        for row, (name, _) in QUESTIONS.items()
    }
    texts["join"] = JOIN.format(fg=FG, film=made.film)
    return texts, lambda: library["film-page"].bind({"film": [next(made.films)]})


def of_pyoxigraph(target: str, made: Made, _cap: float) -> Cells:
    """Return the cells of a bare disk store."""
    import pyoxigraph as ox

    store = ox.Store.read_only(target)
    texts, page = library_texts(made)

    def select(text: str) -> object:
        return [tuple(solution) for solution in store.query(text)]

    def exported(form: Any, ending: str) -> Callable[[], object]:
        return lambda: store.dump(f"{target}.{ending}", form, from_graph=ox.DefaultGraph())

    return {
        "open": lambda: ox.Store.read_only(target).query(f"ASK {{ <{made.film}> a <{FG}Film> }}"),
        "film-query": lambda: select(page()),
        **{row: (lambda text=text: select(text)) for row, text in texts.items()},
        "export-nt": exported(ox.RdfFormat.N_TRIPLES, "nt"),
        "export-ttl": exported(ox.RdfFormat.TURTLE, "ttl"),
    }


def of_rdflib(target: str, made: Made, _cap: float) -> Cells:
    """Return the cells of rdflib, which holds the graph of a file in memory."""
    import rdflib

    held: list[rdflib.Graph] = []
    texts, page = library_texts(made)

    def load() -> object:
        held[:] = [rdflib.Graph()]
        return held[0].parse(target, format="nt")

    def select(text: str) -> object:
        return [tuple(row) for row in held[0].query(text)]

    def exported(form: str, ending: str) -> Callable[[], object]:
        return lambda: held[0].serialize(f"{target}.rdflib.{ending}", format=form)

    return {
        "load": load,
        "film-query": lambda: select(page()),
        **{row: (lambda text=text: select(text)) for row, text in texts.items()},
        "export-nt": exported("nt", "nt"),
        "export-ttl": exported("turtle", "ttl"),
    }


def bulk_loaded(target: str, source: str) -> Cells:
    """Return the one cell that loads a file into a bare disk store."""
    import pyoxigraph as ox

    def load() -> object:
        store = ox.Store(target)
        store.bulk_load(path=source, format=ox.RdfFormat.N_TRIPLES)
        return store.flush()

    return {"load": load}


def validated(target: str, engine: str) -> Cells:
    """Return the one cell that judges a whole store."""
    import filmgraph

    def judge() -> object:
        with filmgraph.open(target) as graph:
            report = graph.validate(engine=engine)
            assert report.conforms, report.to_text()[:500]
            return report

    return {f"validate-{engine}": judge}


ENGINES: dict[str, Callable[[str, Made, float], Cells]] = {
    "filmgraph": of_graph,
    "pyoxigraph": of_pyoxigraph,
    "rdflib": of_rdflib,
    "virtuoso": of_graph,
}


def main() -> None:
    """Measure the cells that the arguments name, one after the other, and tell each as soon as it is known."""
    parser = argparse.ArgumentParser()
    parser.add_argument("engine")
    parser.add_argument("target")
    parser.add_argument("cells", nargs="+")
    parser.add_argument("--films", type=int, required=True)
    parser.add_argument("--cap", type=float, required=True)
    parser.add_argument("--whole", type=float, required=True, help="the cap for what is done with the whole graph")
    parser.add_argument("--source", default="")
    given = parser.parse_args()
    if given.engine == "bulk":
        cells = bulk_loaded(given.target, given.source)
    elif given.engine.startswith("validate-"):
        cells = validated(given.target, given.engine.removeprefix("validate-"))
    else:
        cells = ENGINES[given.engine](given.target, Made(given.films), given.cap)
    for name in given.cells:
        print(json.dumps({"cell": name, "begun": True}), flush=True)
        # An answer that the engine writes to standard output must not get between.
        with contextlib.redirect_stdout(sys.stderr):
            # Only Python can be stopped from within; others are, by scale.py, from without.
            cap = given.whole if name == "load" or name.startswith("export") else given.cap
            limit = cap if given.engine == "rdflib" else None
            told = measured(cells[name], once=name in ("load", "arrays-build"), cap=limit)
        print(json.dumps({"cell": name, **told}), flush=True)


def measured(run: Callable[[], object], *, once: bool, cap: float | None) -> dict[str, Any]:
    """Return how long a call takes, the first of it and the median of more, and the peak of memory in megabytes."""
    forget_peak()
    try:
        with alarm(cap) if cap else contextlib.nullcontext():
            first = timed(run)
        # The first call of all opens what is opened once; what is quick is told by those after it.
        seconds = [timed(run) for _ in range(0 if once or first > QUICK else ROUNDS)]
    except CapError:
        return {"over": True}
    except Exception as error:
        return {"error": f"{type(error).__name__}: {error}"[:300]}
    return {"seconds": median(seconds or [first]), "first": first, "peak": peak()}


@contextlib.contextmanager
def alarm(seconds: float) -> Iterator[None]:
    """Raise CapError in Python code that takes longer."""

    def ring(_number: int, _frame: object) -> None:
        raise CapError

    signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def forget_peak() -> None:
    """Have the system count the most memory anew, where it can."""
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")


def peak() -> float | None:
    """Return the most memory that this process took, in megabytes."""
    with contextlib.suppress(OSError, IndexError):
        status = Path("/proc/self/status").read_text(encoding="ascii")
        return int(status.partition("VmHWM:")[2].split()[0]) / 1024
    return None


if __name__ == "__main__":
    main()
