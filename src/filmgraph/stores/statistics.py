"""What a store holds, counted from a sample: predicates, classes, how many values one subject has.

The engine keeps terms by a hash of theirs, so the first rows of an index are a sample of all of them. Some ten
thousand are read in a tenth of a second, whatever the size of the store, and what was found is kept beside the store.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

import pyoxigraph as ox

from filmgraph.namespaces import RDF
from filmgraph.queries.forecast import Predicate, Statistics
from filmgraph.stores.local import LocalStore

__all__ = ["LARGE", "size_of", "statistics_of"]

LARGE = 500_000
"""From how many triples on a query may take long enough to be told about."""

_SAMPLE = 8_000
_OF_PREDICATE = 150
_BYTES_A_TRIPLE = 95
"""What a triple takes on disk, about: measured on graphs of 1 and 10 million."""
_FILE = "statistics.json"
_VERSION = 1


def size_of(store: LocalStore) -> int:
    """Return about how many triples a disk store holds, by the size of its files: to count them takes longer.

    A store in memory, where a query takes a tenth of the time, counts as empty.
    """
    folder = _engine_folder(store)
    if folder is None:
        return 0
    # A reader sees what it opened, whatever its size: each question of the library comes by here.
    size = None if store.writable else _SIZES.get(store)
    if size is None:
        size = 0
        with suppress(OSError), os.scandir(folder) as entries:
            size = sum(entry.stat().st_size for entry in entries if entry.name.endswith(".sst")) // _BYTES_A_TRIPLE
            _SIZES[store] = size
    return size


_SIZES: WeakKeyDictionary[LocalStore, int] = WeakKeyDictionary()


def statistics_of(store: LocalStore) -> Statistics:
    """Return what a disk store holds, as it was kept, else from a sample that is kept if it can be."""
    kept = store.derived / _FILE if store.derived and store.stamp else None
    if kept is not None and (found := _read(kept, store.stamp)):
        return found
    found = _sampled(store)
    if kept is not None:
        _write(kept, store.stamp, found)
    return found


def _engine_folder(store: LocalStore) -> Path | None:
    if store.derived is None:
        return None
    beside = store.derived.parent / "store"
    return beside if beside.is_dir() else store.derived.parent


def _sampled(store: LocalStore) -> Statistics:
    """Read the first rows of the indexes by subject, and by predicate and object."""
    engine, everywhere = store.oxigraph, ox.DefaultGraph()
    sample = list(islice(engine.quads_for_pattern(None, None, None, everywhere), _SAMPLE))
    whole = size_of(store) if len(sample) == _SAMPLE else 0
    share = max(whole, len(sample)) / max(len(sample), 1)
    triples = Counter(quad.predicate for quad in sample)
    met = Counter(predicate for _, predicate in {(quad.object, quad.predicate) for quad in sample})
    subjects = Counter(predicate for _, predicate in {(quad.subject, quad.predicate) for quad in sample})
    classes = Counter(
        quad.object.value
        for quad in sample
        if quad.predicate.value == RDF + "type" and isinstance(quad.object, ox.NamedNode)
    )
    predicates = {}
    for predicate, count in triples.items():
        found = list(islice(engine.quads_for_pattern(None, predicate, None, everywhere), _OF_PREDICATE))
        values = max(_objects(count * share, found), float(met[predicate]))
        predicates[predicate.value] = Predicate(
            triples=count * share, subjects=subjects[predicate] * share, objects=values
        )
    return Statistics(len(sample) * share, predicates, {name: count * share for name, count in classes.items()})


def _objects(triples: float, found: list[ox.Quad]) -> float:
    """Return how many different objects a predicate has, going by the first rows in the order of objects."""
    values = len({quad.object for quad in found})
    # Where all rows that were read have one object, it may be the only one: the sample by subject has seen more then.
    return triples * values / len(found) if values > 1 and len(found) == _OF_PREDICATE else float(values)


def _read(file: Path, stamp: str) -> Statistics | None:
    try:
        kept: dict[str, Any] = json.loads(file.read_bytes())
        if (kept["version"], kept["stamp"]) != (_VERSION, stamp):
            return None
        predicates = {name: Predicate(*map(float, counts)) for name, counts in kept["predicates"].items()}
        classes = {name: float(count) for name, count in kept["classes"].items()}
        return Statistics(float(kept["triples"]), predicates, classes)
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None


def _write(file: Path, stamp: str, found: Statistics) -> None:
    """Keep statistics, where that can be; who reads them meanwhile sees the old ones or the new ones."""
    predicates = {
        name: [round(part, 1) for part in (each.triples, each.subjects, each.objects)]
        for name, each in sorted(found.predicates.items())
    }
    kept = {
        "version": _VERSION,
        "stamp": stamp,
        "triples": round(found.triples),
        "predicates": predicates,
        "classes": {name: round(count) for name, count in sorted(found.classes.items())},
    }
    aside = file.with_name(f"{file.name}.{os.getpid()}")
    with suppress(OSError):
        file.parent.mkdir(exist_ok=True)
        try:
            aside.write_text(json.dumps(kept, indent=1), encoding="utf-8")
            aside.replace(file)
        finally:
            aside.unlink(missing_ok=True)
