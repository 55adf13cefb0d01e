"""Workspaces of a few subjects, for tests that need a whole one and not its size."""

from __future__ import annotations

import shutil
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

import pyoxigraph as ox

from filmgraph.namespaces import FG, SKOS
from filmgraph.readers import triples_of
from filmgraph.turtle import write_turtle
from filmgraph.workspace import Workspace

OF_REVIEWS = {"critics.ttl", "publications.ttl"}
ALWAYS_KEPT = {FG + "Category", SKOS + "ConceptScheme"}


def small_workspace(root: Path, *, named_in: Iterable[Path], also: Iterable[str] = ()) -> Workspace:
    """Make a workspace of the bundled one without films and reviews, and with few of its techniques and people.

    It keeps those that some files name, those of ``also``, and whatever these name in turn; related techniques that
    are not kept are not named either.
    """
    bundled = Workspace.find()
    shutil.copytree(bundled.ontology, root / "ontology")
    for folder in ("data", "queries"):
        (root / folder).mkdir()
    for file in bundled.data.glob("*.ttl"):
        if file.name not in OF_REVIEWS:
            shutil.copy(file, root / "data")
    long = {file: triples_of([file]) for file in (root / "ontology" / "techniques.ttl", root / "data" / "people.ttl")}
    told: defaultdict[object, list[ox.Triple]] = defaultdict(list)
    for triples in long.values():
        for triple in triples:
            told[triple.subject].append(triple)
    seen = [subject for subject in told for triple in told[subject] if triple.object.value in ALWAYS_KEPT]
    seen += [*map(ox.NamedNode, also), *(term for triple in triples_of(named_in) for term in triple)]
    kept: set[object] = set()
    while seen:
        subject = seen.pop()
        if subject in told and subject not in kept:
            kept.add(subject)
            seen += [triple.object for triple in told[subject] if triple.predicate.value != SKOS + "related"]
    for file, triples in long.items():
        written = [
            triple
            for triple in triples
            if triple.subject in kept and (triple.predicate.value != SKOS + "related" or triple.object in kept)
        ]
        file.write_text(write_turtle(written), encoding="utf-8")
    return Workspace.find(root)
