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
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from itertools import groupby, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyoxigraph as ox

from filmgraph.arrays import STEP_WEIGHT, steps_up
from filmgraph.batch.critics import Signers, comparisons, praise
from filmgraph.batch.layout import LAYOUT, MANIFEST
from filmgraph.errors import BatchError, OutputError
from filmgraph.namespaces import FG, RDFS, ROLES, SCHEMA, SKOS
from filmgraph.rows import plain
from filmgraph.stores import LocalStore

if TYPE_CHECKING:
    from filmgraph.stores import Store

__all__ = ["put_in_place", "write_parquet"]

Row = tuple[Any, ...]

_ROWS_OF_A_FILE = 1_000_000
_ROWS_OF_A_BATCH = 1_024
_BATCHES_OF_A_GROUP = 16
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
_NAMES = (SCHEMA + "name", SKOS + "prefLabel", RDFS + "label")
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
    """Write rows as files of bounded size, in groups that are held one at a time, as bytes of Arrow."""
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ModuleNotFoundError as error:
        raise BatchError.missing("pyarrow") from error
    types = {"string": pa.string(), "int32": pa.int32(), "double": pa.float64()}
    schema = pa.schema([pa.field(name, types[kind]) for name, kind in columns])
    folder.mkdir()
    batches = (_batch(some, schema) for some in _grouped(rows))
    batch = next(batches, None) or _batch([], schema)
    number = 0
    # The system's own memory pool can be told to give back what Arrow's would keep.
    pool = pa.system_memory_pool()
    while batch is not None:
        file = folder / f"part-{number:05}.parquet"
        with pq.ParquetWriter(file, schema, compression="zstd", memory_pool=pool) as writer:
            written = 0
            while batch is not None and written < _ROWS_OF_A_FILE:
                group = [batch, *islice(batches, _BATCHES_OF_A_GROUP - 1)]
                writer.write_table(pa.Table.from_batches(group))
                written += sum(each.num_rows for each in group)
                del group
                pool.release_unused()
                batch = next(batches, None)
        number += 1


def _batch(rows: Sequence[Row], schema: Any) -> Any:
    """Return rows as a batch of Arrow, which takes a fraction of the memory."""
    import pyarrow as pa

    columns = zip(*rows, strict=True) if rows else ((),) * len(schema)
    arrays = [_column(values, field.type) for values, field in zip(columns, schema, strict=True)]
    return pa.RecordBatch.from_arrays(arrays, schema=schema)


def _column(values: Sequence[Any], kind: Any) -> Any:
    """Return values, or None, as an array of Arrow.

    It is put together from its bytes, because ``pyarrow.array`` imports pandas where it is installed, for 50 MB.
    """
    import pyarrow as pa

    there = np.array([value is not None for value in values], dtype=bool)
    valid = pa.py_buffer(np.packbits(there, bitorder="little").tobytes())
    if pa.types.is_string(kind):
        texts = [b"" if value is None else value.encode() for value in values]
        ends = np.zeros(len(texts) + 1, np.int32)
        np.cumsum([len(text) for text in texts], out=ends[1:])
        buffers = [valid, pa.py_buffer(ends.tobytes()), pa.py_buffer(b"".join(texts))]
    else:
        numbers = np.array([0 if value is None else value for value in values], kind.to_pandas_dtype())
        buffers = [valid, pa.py_buffer(numbers.tobytes())]
    return pa.Array.from_buffers(kind, len(values), buffers)


def _grouped(rows: Iterable[Row]) -> Iterator[list[Row]]:
    group: list[Row] = []
    for row in rows:
        group.append(row)
        if len(group) >= _ROWS_OF_A_BATCH:
            yield group
            group = []
    if group:
        yield group


def _nodes(store: Store, counts: Counter[str], step: Callable[[str], None]) -> Iterator[Row]:
    """Yield id, kind, label and year of whatever has a class of the graph; the first class that fits counts."""
    # A hash of 64 bits, eight bytes a node, is enough to know a node of an earlier class again.
    earlier = array("q")
    for kind, class_ in _CLASSES:
        step(f"{kind} nodes")
        own = array("q")
        for node, rows in _described(store, class_, with_year=kind == "film"):
            key = hash(node)
            place = bisect_left(earlier, key)
            if place < len(earlier) and earlier[place] == key:
                continue
            own.append(key)
            # Of two labels or years the first in order counts.
            label = min((str(plain(row[0])) for row in rows if row[0] is not None), default=None)
            years = [value for row in rows if row[1] is not None and isinstance(value := plain(row[1]), int)]
            counts[f"{kind} nodes"] += 1
            yield node, kind, label, min(years, default=None)
        earlier = array("q", np.sort(np.array(earlier + own, np.int64)).tobytes())


def _described(store: Store, class_: str, *, with_year: bool) -> Iterator[tuple[str, list[Row]]]:
    """Yield the nodes of a class, each once, with its labels and years."""
    if isinstance(store, LocalStore):
        return _described_here(store, class_, with_year=with_year)
    return _described_there(store, class_, with_year=with_year)


def _described_here(store: LocalStore, class_: str, *, with_year: bool) -> Iterator[tuple[str, list[Row]]]:
    """Look labels and years up node by node: a query would join all nodes with all labels of the graph."""
    graph = ox.DefaultGraph()
    names = [ox.NamedNode(name) for name in _NAMES]
    year = ox.NamedNode(FG + "releaseYear")
    for (node,) in _iris(store, f"SELECT ?s WHERE {{ ?s a <{class_}> }}"):
        subject = ox.NamedNode(node)
        labels = (
            quad.object for name in names for quad in store.oxigraph.quads_for_pattern(subject, name, None, graph)
        )
        rows: list[Row] = [(label, None) for label in labels if _is_english(label)]
        if with_year:
            rows += [(None, quad.object) for quad in store.oxigraph.quads_for_pattern(subject, year, None, graph)]
        yield node, rows


def _is_english(term: Any) -> bool:
    """Whether a term is a text in English, or in no language."""
    return isinstance(term, ox.Literal) and (term.language or "en").lower().split("-")[0] == "en"


def _described_there(store: Store, class_: str, *, with_year: bool) -> Iterator[tuple[str, list[Row]]]:
    """Yield the same by one query: a store elsewhere is not to be asked for each node."""
    names = "|".join(f"<{name}>" for name in _NAMES)
    year = f" OPTIONAL {{ ?s <{FG}releaseYear> ?year }}" if with_year else ""
    rows = store.select(
        f"SELECT ?s ?label ?year WHERE {{ ?s a <{class_}> OPTIONAL {{ ?s {names} ?label "
        f'FILTER(LANG(?label) = "" || LANGMATCHES(LANG(?label), "en")) }}{year} }} ORDER BY ?s'
    )
    for node, own in groupby(rows.terms, key=lambda row: row[0]):
        if isinstance(node, ox.NamedNode):
            yield node.value, [row[1:] for row in own]


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
    ask = partial(_streamed, store)
    signers = Signers(ask)
    yield "praise", praise(ask, signers)
    yield "comparison", comparisons(ask, signers)


def _within(store: Store) -> Iterator[Row]:
    """Yield for each technique all broader ones, near and far: half the weight for each step up."""
    technique = f"a <{FG}Technique>"
    links = sorted(set(_iris(store, f"SELECT ?n ?b WHERE {{ ?n <{SKOS}broader> ?b ; {technique} . ?b {technique} }}")))
    names = sorted({name for link in links for name in link})
    at = {name: place for place, name in enumerate(names)}
    for low, highs in sorted(steps_up((at[low], at[high]) for low, high in links).items()):
        for high, steps in sorted(highs.items()):
            yield names[low], names[high], STEP_WEIGHT**steps, None


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
