"""A film graph as Parquet: a table of nodes and one of edges, for Spark, DuckDB and pandas.

The folder holds ``nodes/`` and ``edges/``, each a table in files of at most a million rows, and ``filmgraph.json``,
which counts them. What is in the columns says docs/batch.md. Rows are streamed from the store; what is kept meanwhile
are the claims of critics, which are counted by critic.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
from array import array
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyoxigraph as ox

from filmgraph.arrays import STEP_WEIGHT, steps_up
from filmgraph.errors import BatchError, OutputError
from filmgraph.namespaces import FG, RDFS, ROLES, SCHEMA, SKOS, slug_of
from filmgraph.rows import plain
from filmgraph.stores import LocalStore
from filmgraph.voices import Tally, Voices

if TYPE_CHECKING:
    from filmgraph.stores import Store

__all__ = ["LAYOUT", "MANIFEST", "put_in_place", "write_parquet"]

LAYOUT = 1
"""The layout of the folder; raised when columns change their meaning."""
MANIFEST = "filmgraph.json"

Row = tuple[Any, ...]

_ROWS_OF_A_FILE = 1_000_000
_ROWS_OF_A_GROUP = 16_384
_CLASSES: tuple[tuple[str, str], ...] = (
    ("film", FG + "Film"),
    ("technique", FG + "Technique"),
    ("category", FG + "Category"),
    ("genre", FG + "Genre"),
    ("country", SCHEMA + "Country"),
    ("person", FG + "Critic"),
    ("person", SCHEMA + "Person"),
    ("organization", FG + "Publication"),
    ("organization", SCHEMA + "Organization"),
)
_FACTS: dict[str, str] = {
    **{role: predicate for predicate, role in ROLES.items()},
    "genre": SCHEMA + "genre",
    "country": SCHEMA + "countryOfOrigin",
    "broader": SKOS + "broader",
}


def write_parquet(
    store: Store,
    folder: str | os.PathLike[str],
    *,
    overwrite: bool = False,
    progress: Callable[[str], None] | None = None,
) -> dict[str, int]:
    """Write a graph as Parquet into a folder, all of it or nothing; return how many rows there are of each kind.

    The folder is written aside and renamed. With ``overwrite`` a folder that was written so before is replaced.

    Raises :class:`~filmgraph.errors.OutputError` where there is something else, or the folder cannot be written, and
    :class:`~filmgraph.errors.BatchError` where pyarrow is missing.
    """
    target = Path(folder)
    _check_target(target, overwrite)
    aside = target.with_name(f".filmgraph-{secrets.token_hex(8)}")
    try:
        aside.mkdir()
        counts: Counter[str] = Counter()
        step = progress or (lambda name: None)
        _write_table(aside / "nodes", _NODE_COLUMNS, _nodes(store, counts, step))
        _write_table(aside / "edges", _EDGE_COLUMNS, _edges(store, counts, step))
        (aside / MANIFEST).write_text(json.dumps({"layout": LAYOUT, "rows": counts}, indent=1) + "\n", "utf-8")
        put_in_place(aside, target)
    except OSError as error:
        raise OutputError(f"{target}: cannot be written: {error.strerror or error}") from error
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    return dict(counts)


def _check_target(target: Path, overwrite: bool) -> None:
    if not target.name or not target.parent.is_dir():
        raise OutputError(f"{target}: there is no folder {target.parent} to write it in")
    if not target.exists() and not target.is_symlink():
        return
    if target.is_dir() and not target.is_symlink() and not any(target.iterdir()):
        return
    if not (target / MANIFEST).is_file():
        raise OutputError(f"{target}: exists, and is no graph written as Parquet, so nothing is written over it")
    if not overwrite:
        raise OutputError(f"{target}: exists already; name another folder, or overwrite it with --force")


def put_in_place(aside: Path, target: Path) -> None:
    """Put the new folder in the place of the old one, which is moved away first and taken away last."""
    if not target.exists():
        aside.rename(target)
        return
    old = target.with_name(f"{aside.name}-old")
    target.rename(old)
    try:
        aside.rename(target)
    except OSError:
        old.rename(target)
        raise
    shutil.rmtree(old, ignore_errors=True)


_NODE_COLUMNS = (("id", "string"), ("kind", "string"), ("label", "string"), ("year", "int32"))
_EDGE_COLUMNS = (
    ("source", "string"),
    ("target", "string"),
    ("kind", "string"),
    ("weight", "double"),
    ("via", "string"),
)


def _write_table(folder: Path, columns: tuple[tuple[str, str], ...], rows: Iterable[Row]) -> None:
    """Write rows as files of bounded size, in groups that are held one at a time."""
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ModuleNotFoundError as error:
        raise BatchError.missing("pyarrow") from error
    types = {"string": pa.string(), "int32": pa.int32(), "double": pa.float64()}
    schema = pa.schema([pa.field(name, types[kind]) for name, kind in columns])
    folder.mkdir()
    groups = _grouped(rows)
    group: list[Row] | None = next(groups, [])
    number = 0
    while group is not None:
        with pq.ParquetWriter(folder / f"part-{number:05}.parquet", schema, compression="zstd") as writer:
            written = 0
            while group is not None and written < _ROWS_OF_A_FILE:
                arrays = [
                    pa.array(list(values), type=schema.field(place).type)
                    for place, values in enumerate(zip(*group, strict=True) if group else ((),) * len(columns))
                ]
                writer.write_table(pa.Table.from_arrays(arrays, schema=schema))
                written += len(group)
                group = next(groups, None)
        number += 1


def _grouped(rows: Iterable[Row]) -> Iterator[list[Row]]:
    group: list[Row] = []
    for row in rows:
        group.append(row)
        if len(group) >= _ROWS_OF_A_GROUP:
            yield group
            group = []
    if group:
        yield group


def _nodes(store: Store, counts: Counter[str], step: Callable[[str], None]) -> Iterator[Row]:
    """Yield id, kind, label and year of whatever has a class of the graph; the first class that fits counts."""
    names = f"<{SCHEMA}name>|<{SKOS}prefLabel>|<{RDFS}label>"
    seen: set[int] = set()
    for kind, class_ in _CLASSES:
        step(f"{kind} nodes")
        year = f" OPTIONAL {{ ?s <{FG}releaseYear> ?year }}" if kind == "film" else ""
        query = (
            f"SELECT ?s ?label {'?year ' if year else ''}WHERE {{ ?s a <{class_}> OPTIONAL {{ ?s {names} ?label "
            f'FILTER(LANG(?label) = "" || LANGMATCHES(LANG(?label), "en")) }}{year} }}'
        )
        # A node with two labels or years comes twice in a row: the first of them in order counts.
        for node, rows in _by_first(_streamed(store, query)):
            # A hash of 64 bits is enough to know a node again, and a tenth of its name.
            if hash(node) in seen:
                continue
            seen.add(hash(node))
            label = min((str(plain(row[0])) for row in rows if row[0] is not None), default=None)
            years = [value for row in rows if year and isinstance(value := _plain(row[1]), int)]
            counts[f"{kind} nodes"] += 1
            yield node, kind, label, min(years, default=None)


def _by_first(rows: Iterable[Row]) -> Iterator[tuple[str, list[Row]]]:
    node, own = "", list[Row]()
    for first, *rest in rows:
        if not isinstance(first, ox.NamedNode):
            continue
        if first.value != node and own:
            yield node, own
            own = []
        node = first.value
        own.append(tuple(rest))
    if own:
        yield node, own


def _plain(term: Any) -> Any:
    return None if term is None else plain(term)


def _edges(store: Store, counts: Counter[str], step: Callable[[str], None]) -> Iterator[Row]:
    """Yield source, target, kind, weight, and the use that an edge stands for."""
    for kind, rows in _kinds_of_edges(store):
        step(f"{kind} edges")
        for source, target, weight, via in rows:
            counts[f"{kind} edges"] += 1
            yield source, target, kind, weight, via


def _kinds_of_edges(store: Store) -> Iterator[tuple[str, Iterator[Row]]]:
    uses = f"SELECT ?f ?t ?u WHERE {{ ?u <{FG}film> ?f ; <{FG}technique> ?t }}"
    yield "uses", ((film, technique, 1.0, use) for film, technique, use in _iris(store, uses))
    for kind, predicate in _FACTS.items():
        facts = _iris(store, f"SELECT ?s ?o WHERE {{ ?s <{predicate}> ?o }}")
        yield kind, ((source, target, 1.0, None) for source, target in facts)
    yield "within", _within(store)
    voices = Voices(store)
    yield "praise", _praise(store, voices)
    yield "comparison", _comparisons(store, voices)


def _within(store: Store) -> Iterator[Row]:
    """Yield for each technique all broader ones, near and far: half the weight for each step up."""
    technique = f"a <{FG}Technique>"
    links = sorted(set(_iris(store, f"SELECT ?n ?b WHERE {{ ?n <{SKOS}broader> ?b ; {technique} . ?b {technique} }}")))
    names = sorted({name for link in links for name in link})
    at = {name: place for place, name in enumerate(names)}
    for low, highs in sorted(steps_up((at[low], at[high]) for low, high in links).items()):
        for high, steps in sorted(highs.items()):
            yield names[low], names[high], STEP_WEIGHT**steps, None


_ACCEPTED = f"?c <{FG}status> <{FG}Accepted> ; <{FG}claimedIn> ?r ; <{FG}aboutFilm> ?f"


def _praise(store: Store, voices: Voices) -> Iterator[Row]:
    """Yield the techniques that films are praised for, with the share of praise that is certain."""
    # A claim is kept as four numbers: as names and sets a large graph's would take a gigabyte.
    at: dict[str, int] = {}
    said = array("q")
    query = f"SELECT ?f ?t ?r ?s WHERE {{ {_ACCEPTED} ; <{FG}aboutTechnique> ?t ; <{FG}stance> ?s }}"
    for film, technique, review, stance in _iris(store, query):
        for voice in voices.of(review):
            said.extend(at.setdefault(name, len(at)) for name in (film, technique, voice, stance))
    rows = np.frombuffer(said, np.int64).reshape(-1, 4) if said else np.zeros((0, 4), np.int64)
    names = list(at)
    ordered = (tuple(rows[place].tolist()) for place in np.lexsort(rows.T[::-1]))
    for (film_at, technique_at), claims in groupby(ordered, key=lambda row: row[:2]):
        spoken = ((names[voice], slug_of(names[stance]).lower()) for _, _, voice, stance in claims)
        tally = Tally.of(spoken)
        if tally.praise:
            yield names[film_at], names[technique_at], tally.interval[0], None


def _comparisons(store: Store, voices: Voices) -> Iterator[Row]:
    """Yield the pairs of films that critics compare, each once; k critics weigh k / (k + 1)."""
    pairs: dict[tuple[str, str], set[str]] = defaultdict(set)
    for film, other, review in _iris(store, f"SELECT ?f ?g ?r WHERE {{ {_ACCEPTED} ; <{FG}comparesTo> ?g }}"):
        if film != other:
            pairs[min(film, other), max(film, other)].update(voices.of(review))
    for (one, two), by in sorted(pairs.items()):
        yield one, two, len(by) / (len(by) + 1), None


def _iris(store: Store, query: str) -> Iterator[tuple[str, ...]]:
    """Yield the rows of a query in which every term is an IRI."""
    for row in _streamed(store, query):
        if all(isinstance(term, ox.NamedNode) for term in row):
            yield tuple(term.value for term in row)


def _streamed(store: Store, query: str) -> Iterator[Row]:
    """Yield the rows of a query: on this machine one by one, so that no answer is ever held whole."""
    if not isinstance(store, LocalStore):
        yield from store.select(query).terms
        return
    solutions: Any = store.oxigraph.query(query)
    for solution in solutions:
        yield tuple(solution)
