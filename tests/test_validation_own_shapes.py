"""A workspace may have shapes of its own: additions are judged by them as the whole would be, by either engine."""

from __future__ import annotations

from pathlib import Path

import pytest

from filmgraph.stores import MemoryStore
from filmgraph.validation import Report, validate_additions, validate_store
from filmgraph.workspace import Workspace

HEAD = """@prefix e: <http://example.org/> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix sh: <http://www.w3.org/ns/shacl#> .
"""
OTHER = "\ne:other a e:F ; e:t e:one .\ne:one a e:A ."
FILMS = "e:S a sh:NodeShape ; sh:targetClass e:F ; sh:property e:P . e:P sh:path e:t ; sh:message 'm' ; "
KINDS = "sh:path e:t ; sh:qualifiedValueShapesDisjoint true ; sh:message 'm' ; sh:qualifiedValueShape"
CASES = {
    "one more than may be": (f"{FILMS} sh:maxCount 1 .", "e:a a e:F ; e:t 1 .", "e:a e:t 2 ."),
    "a class arrives": (f"{FILMS} sh:minCount 1 .", "e:a e:x 1 .", "e:a a e:F ."),
    "a class that may not be": (f"{FILMS} sh:not [ sh:class e:Bad ] .", "e:a a e:F ; e:t e:v .", "e:v a e:Bad ."),
    "a second user of a value": (
        "e:S a sh:NodeShape ; sh:targetClass e:F ; sh:sparql e:Q . e:Q sh:message 'm' ; sh:select '"
        "SELECT $this ?value WHERE { $this <http://example.org/id> ?value . ?other <http://example.org/id> ?value "
        "FILTER($this != ?other) }' .",
        "e:a a e:F ; e:id 1 .",
        "e:b e:id 1 .",
    ),
    "a shape that is a class": (
        "e:F a sh:NodeShape, rdfs:Class ; sh:property e:P . e:P sh:path e:t ; sh:maxCount 1 ; sh:message 'm' .",
        "e:a a e:F ; e:t 1 .",
        "e:a e:t 2 .",
    ),
    "kinds that exclude each other": (
        f"e:S a sh:NodeShape ; sh:targetClass e:F ; sh:property e:P, e:R . e:P sh:qualifiedMinCount 1 ; {KINDS} "
        f"[ sh:class e:A ] . e:R sh:qualifiedMinCount 0 ; {KINDS} [ sh:class e:B ] .",
        "e:a a e:F ; e:t e:v . e:v a e:A .",
        "e:v a e:B .",
    ),
    "blank nodes that name each other": (
        f"{FILMS} sh:minCount 1 .",
        "e:a a e:F ; e:t 1 .",
        "_:a a e:F ; e:p _:b . _:b e:p _:a .",
    ),
    "a blank node that an old one has": (
        f"{FILMS} sh:minCount 1 .",
        "e:a a e:F ; e:t 1 .",
        "e:a e:p [ a e:F ] .",
    ),
    "texts and numbers as targets": (
        f"{FILMS} sh:maxCount 2 . e:T a sh:NodeShape ; sh:targetNode e:n, 'text', 5 ; sh:nodeKind sh:IRI ; "
        "sh:property e:N ; sh:message 'm' . e:N sh:path e:t ; sh:maxCount 0 ; sh:message 'm' . "
        "e:U a sh:NodeShape ; sh:targetObjectsOf e:o ; sh:nodeKind sh:IRI ; sh:message 'm' .",
        "e:a a e:F .",
        "e:n e:t 1 ; e:o 'other', 'other'@en .",
    ),
}


def bare(report: Report) -> set[tuple[str | None, ...]]:
    return {(one.focus, one.shape, one.path, one.value, one.message) for one in report.violations}


@pytest.mark.parametrize("engine", ["pyshacl", "shacl"])
@pytest.mark.parametrize("case", CASES)
def test_an_addition_is_judged_as_the_whole_would_be(case: str, engine: str, tmp_path: Path) -> None:
    rules, old, new = CASES[case]
    (tmp_path / "ontology").mkdir()
    for name, text in (("ontology/shapes", rules), ("ontology/filmgraph", ""), ("old", old), ("new", new + OTHER)):
        (tmp_path / f"{name}.ttl").write_text(HEAD + text, encoding="utf-8")
    workspace = Workspace(tmp_path)
    with MemoryStore.of_files([tmp_path / "old.ttl"]) as store:
        store.load(tmp_path / "new.ttl")
        added = validate_additions(store, [tmp_path / "new.ttl"], workspace=workspace, engine=engine)
        whole = validate_store(store, workspace=workspace, engine=engine)
        assert bare(added) == bare(whole) == bare(validate_store(store, workspace=workspace))
    assert len(added.violations) == 1
