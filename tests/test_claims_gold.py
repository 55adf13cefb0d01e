"""The gold set of claims: it names places and no words, its readers agree as stated, the figures are the README's."""

from __future__ import annotations

import csv
import re
import sys
from collections import Counter
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import pytest

from filmgraph.claims import CRAFT_ASPECTS
from filmgraph.claims.matching import labels_of_concepts
from filmgraph.namespaces import shorten
from filmgraph.stores import MemoryStore
from filmgraph.workspace import Workspace
from tests.reference import FOLDER, with_reference

ROOT = Path(__file__).parents[1]
GOLD = ROOT / "benchmarks" / "gold" / "claims.csv"
STANCES = {"praise", "criticism", "mixed", "observation"}


@pytest.fixture(scope="module")
def store() -> MemoryStore:
    return MemoryStore.of_files(Workspace.find().graph_files)


@pytest.fixture(scope="module")
def benchmark() -> ModuleType:
    spec = spec_from_file_location("benchmarks_claims", ROOT / "benchmarks" / "claims.py")
    assert spec
    assert spec.loader
    module = module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def gold() -> list[dict[str, str]]:
    with GOLD.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def pairs_of(cell: str) -> dict[str, str]:
    return dict(part.rsplit(None, 1) for part in cell.split("; ") if part)


def test_the_gold_set_names_places_and_no_words(store: MemoryStore) -> None:
    rows = gold()
    assert Counter(row["half"] for row in rows) == {"development": 686, "test": 600}
    films = {half: {row["film"] for row in rows if row["half"] == half} for half in ("development", "test")}
    assert not films["development"] & films["test"]
    known = {shorten(concept) for concept in labels_of_concepts(store, aspects=CRAFT_ASPECTS).values()}
    places = {(row["text_sha256"], row["start"]) for row in rows}
    assert len(places) == len(rows)
    for row in rows:
        assert re.fullmatch("[0-9a-f]{64}", row["text_sha256"])
        assert int(row["start"]) < int(row["end"])
        for column in ("reader_a", "reader_b", "agreed"):
            labels = pairs_of(row[column])
            assert set(labels) <= known, row
            assert set(labels.values()) <= STANCES


@pytest.mark.parametrize(("half", "stated"), [("development", (0.95, 0.96)), ("test", (0.94, 0.97))])
def test_the_readers_agree_as_far_as_is_stated(half: str, stated: tuple[float, float]) -> None:
    both = [(pairs_of(row["reader_a"]), pairs_of(row["reader_b"])) for row in gold() if row["half"] == half]
    any_pair = kappa([(bool(a), bool(b)) for a, b in both])
    stances = kappa([(a[concept], b[concept]) for a, b in both for concept in a.keys() & b.keys()])
    assert (round(any_pair, 2), round(stances, 2)) == stated


def kappa(answers: list[tuple[object, object]]) -> float:
    """Return Cohen's kappa of two readers' answers."""
    agreed = sum(a == b for a, b in answers) / len(answers)
    first, second = Counter(a for a, _ in answers), Counter(b for _, b in answers)
    chance = sum(first[answer] * second[answer] for answer in first) / len(answers) ** 2
    return (agreed - chance) / (1 - chance)


@with_reference
def test_claims_are_found_as_well_as_is_published(store: MemoryStore, benchmark: ModuleType) -> None:
    """What is found changes only together with the figures of the README."""
    sentences, missing = benchmark.read_gold("test", FOLDER / "reviews" / "reviews.csv", [])
    assert missing == 0
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for name, find in benchmark.finders(store).items():
        score = benchmark.score_of(sentences, [find(one) for one in sentences], benchmark.is_craft)
        told = [score.precision, score.recall, score.mention_f1, score.stance_f1, score.macro_f1]
        assert f"| {name} | {' | '.join(f'{figure:.2f}' for figure in told)} |" in readme
