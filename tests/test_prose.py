"""The prose: texts that nearly repeat one another are found however they are reworded, and nothing else is."""

from __future__ import annotations

import random
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from filmgraph.cli import cli
from filmgraph.namespaces import FG, SCHEMA, iri, shorten
from filmgraph.readers import read_rdf
from filmgraph.validation import Report, check_prose
from filmgraph.workspace import Workspace

WORKSPACE = Workspace.find()
PREFIXES = "".join(
    f"@prefix {prefix}: <{namespace}> .\n"
    for prefix, namespace in {"fg": FG, "schema": SCHEMA, **{k: iri(k, "") for k in ("film", "scene", "use")}}.items()
)
OTHER_NAMES = ("Marguerite", "Anselm", "Bertolucci", "Lisbon", "Okonkwo", "Valparaiso", "Ingeborg", "Tarkington")
OTHER_WORDS = ("brisk", "orchard", "ladle", "mustard", "harness", "velvet", "pigeon", "gravel", "cupboard", "lantern")


def texts(predicate: str) -> list[tuple[str, str]]:
    """Every text of the films, with its subject, in a fixed order."""
    quads = [quad for file in sorted((WORKSPACE.data / "films").glob("*.ttl")) for quad in read_rdf(file).quads()]
    return sorted((q.subject.value, q.object.value) for q in quads if q.predicate.value == predicate)


EXPLANATIONS, SCENES = texts(FG + "explanation"), texts(SCHEMA + "description")


def written(
    folder: Path, explanations: list[str], *, scenes: list[str] | None = None, film: str = "new-{}-2020"
) -> Path:
    """Write a file of uses, each of another film that the graph lacks, and of scenes."""
    file = folder / "new.ttl"
    lines = [PREFIXES]
    for number, text in enumerate(explanations):
        name = film.format(number)
        lines.append(
            f"use:{name}--x a fg:TechniqueUse ;\n    fg:film film:{name} ;\n    fg:explanation {quoted(text)} .\n"
        )
    for number, text in enumerate(scenes or []):
        name = film.format(number)
        lines.append(f"scene:{name}--x--1 a fg:SceneExample ;\n    schema:description {quoted(text)} .\n")
    file.write_text("\n".join(lines), encoding="utf-8")
    return file


def quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"@en'


def rules(report: Report) -> list[str]:
    return [violation.shape.removeprefix("prose:") for violation in report.violations]


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """A workspace with *Her* alone, to be quick; nothing writes to it."""
    root = tmp_path_factory.mktemp("small")
    shutil.copytree(WORKSPACE.ontology, root / "ontology")
    for folder in ("data/films", "queries"):
        (root / folder).mkdir(parents=True)
    shutil.copy(WORKSPACE.data / "films" / "her-2013.ttl", root / "data" / "films")
    return Workspace.find(root)


# The bundled data.


def test_the_bundled_prose_repeats_nothing_and_has_no_formulas() -> None:
    report = check_prose(workspace=WORKSPACE)
    assert report.to_text().split("\n")[:-1] == []
    assert report.focus_nodes >= len(EXPLANATIONS) + len(SCENES) > 800


# Repetition, however it is disguised.


def renamed(text: str, chance: random.Random) -> str:
    """Put other names in place of those within the sentences."""
    return re.sub(r"(?<=[a-z,] )[A-Z][a-zé]+(?:’s|'s)?", lambda match: chance.choice(OTHER_NAMES), text)


def reordered(text: str, chance: random.Random) -> str:
    """Move the clauses about."""
    clauses = [clause for clause in re.split(r"[.,;:]\s*", text) if clause]
    chance.shuffle(clauses)
    joined = ", ".join(clauses)
    return joined[:1].upper() + joined[1:] + "."


def exchanged(text: str, chance: random.Random, *, share: float) -> str:
    """Put other words in place of a share of the longer ones."""
    words = text.split(" ")
    long = [place for place, word in enumerate(words) if re.fullmatch(r"[a-z]{5,}", word)]
    for place in chance.sample(long, round(share * len(long))):
        words[place] = chance.choice(OTHER_WORDS)
    return " ".join(words)


DISGUISES: dict[str, Callable[[str, random.Random], str]] = {
    "as-it-is": lambda text, _: text,
    "in-capitals": lambda text, _: text.upper(),
    "renamed": renamed,
    "reordered": reordered,
    "exchanged": lambda text, chance: exchanged(text, chance, share=0.3),
    "all-of-it": lambda text, chance: exchanged(reordered(renamed(text, chance), chance), chance, share=0.25),
}
SAMPLE = 60


@pytest.fixture(scope="module")
def disguised(tmp_path_factory: pytest.TempPathFactory) -> set[tuple[str, str | None]]:
    """What is found, as pairs of a subject and what it resembles, in a file of all disguises of some texts."""
    file = tmp_path_factory.mktemp("disguised") / "all.ttl"
    parts = []
    for name, disguise in DISGUISES.items():
        chance = random.Random(7)
        made = written(
            file.parent,
            [disguise(text, chance) for _, text in some(EXPLANATIONS)],
            scenes=[disguise(text, chance) for _, text in some(SCENES)],
            film=name + "-{}-2020",
        )
        parts.append(made.read_text(encoding="utf-8"))
    file.write_text("\n".join(parts), encoding="utf-8")
    report = check_prose([file], workspace=WORKSPACE)
    return {(v.focus, v.value) for v in report.violations if v.shape == "prose:near-duplicate"}


def some(texts: list[tuple[str, str]]) -> list[tuple[str, str]]:
    return random.Random(3).sample(texts, SAMPLE)


@pytest.mark.parametrize("disguise", DISGUISES)
def test_a_text_is_found_again_in_disguise(disguise: str, disguised: set[tuple[str, str | None]]) -> None:
    missed = [
        subject
        for number, (subject, _) in enumerate(some(EXPLANATIONS))
        if (iri("use", f"{disguise}-{number}-2020--x"), shorten(subject)) not in disguised
    ]
    assert missed == []
    # Of a short scene, what is left may be too little to tell by.
    missed_scenes = [
        subject
        for number, (subject, _) in enumerate(some(SCENES))
        if (iri("scene", f"{disguise}-{number}-2020--x--1"), shorten(subject)) not in disguised
    ]
    assert len(missed_scenes) <= 0.1 * SAMPLE


def test_a_finding_names_both_places_both_texts_and_the_way_out(tmp_path: Path, small: Workspace) -> None:
    subject, text = next(told for told in EXPLANATIONS if told[0].startswith(iri("use", "her-2013--")))
    changed = reordered(text, random.Random(1))
    file = written(tmp_path, [changed])
    (finding,) = check_prose([file], workspace=small).violations
    assert (finding.file, finding.line) == (str(file), 1 + PREFIXES.count("\n") + 1)
    assert finding.value == shorten(subject)
    assert re.search(r"\(data/films/[a-z0-9-]+\.ttl:\d+; likeness \d+ of 100\)", finding.message)
    assert "take one of the two out" in finding.message
    assert f"“{changed}”" in finding.message
    assert f"“{text}”" in finding.message


def test_two_new_texts_are_compared_with_each_other_and_told_once(tmp_path: Path, small: Workspace) -> None:
    text = (
        "A lantern swings over the cellar stairs whenever somebody lies, and the shadows it throws grow longer with "
        "each lie until the last witness stands in darkness and speaks the truth to a wall of bottles."
    )
    report = check_prose([written(tmp_path, [text, reordered(text, random.Random(2))])], workspace=small)
    assert sorted(rules(report)) == ["near-duplicate"]
    assert report.violations[0].focus == iri("use", "new-0-2020--x")


def test_texts_on_one_thing_in_different_words_are_let_be(tmp_path: Path, small: Workspace) -> None:
    texts_of_one_scene = [
        "A lantern swings over the cellar stairs whenever somebody lies, and its shadows lengthen with each lie until "
        "the last witness stands in the dark.",
        "Whoever deceives the magistrate is marked by light: Anselm's lamp starts to sway, black shapes climb, "
        "and honest people are the only ones left with a face.",
    ]
    assert check_prose([written(tmp_path, texts_of_one_scene)], workspace=small).conforms


def test_a_file_of_the_workspace_is_not_its_own_duplicate(small: Workspace) -> None:
    file = small.data / "films" / "her-2013.ttl"
    report = check_prose([file], workspace=small)
    assert report.conforms, report.to_text()
    assert report.focus_nodes == sum(q.predicate.value in TOLD for q in read_rdf(file).quads())


TOLD = {FG + "explanation", SCHEMA + "description", SCHEMA + "abstract"}


# Formulas, openings, runs.


@pytest.mark.parametrize(
    "formula",
    [
        "The film uses close shots of {0}.",
        "This technique shows {0}.",
        "The light serves to show {0}.",
        "All of it creates a sense of {0}.",
        "It is a testament to {0}.",
        "Color plays a crucial role in {0}.",
        "The camera draws the viewer into {0}.",
        "Quick cuts emphasize the danger of {0}.",
    ],
)
def test_a_formula_is_found(formula: str, tmp_path: Path, small: Workspace) -> None:
    report = check_prose(
        [written(tmp_path, [formula.format("a lantern above the stairs of the cellar")])], workspace=small
    )
    assert rules(report) == ["formula"]
    assert "could be said of any film" in report.violations[0].message


def unlike(number: int, *, opening: str = "", run: str = "") -> str:
    """Return a text that is like no other one but for an opening and a run of words."""
    made = [
        f"{stem}{chr(97 + number)}{chr(97 + place)}" for place, stem in enumerate(("bol", "fen", "gar", "mil", "tor"))
    ]
    return f"{opening} {' '.join(made)} {run} {made[0]}x {made[1]}x.".strip()


@pytest.mark.parametrize(("films", "found"), [(6, []), (7, ["opening"])])
def test_an_opening_may_be_shared_by_a_few_films(
    films: int, found: list[str], tmp_path: Path, small: Workspace
) -> None:
    made = [unlike(number, opening="Whenever lanterns sway") for number in range(films)]
    assert rules(check_prose([written(tmp_path, made)], workspace=small)) == found


@pytest.mark.parametrize(
    ("films", "run", "found"),
    [
        (4, "with lanterns above the cellar", []),
        (5, "with lanterns above the cellar", ["run"]),
        (2, "with lanterns above the cellar of a", []),
        (2, "with lanterns above the cellar of a house", ["run"]),
    ],
)
def test_words_in_a_row_may_be_shared_by_a_few_films(
    films: int, run: str, found: list[str], tmp_path: Path, small: Workspace
) -> None:
    made = [unlike(number, run=run) for number in range(films)]
    assert rules(check_prose([written(tmp_path, made)], workspace=small)) == found
    assert check_prose([written(tmp_path, made, film="new-2020--{}")], workspace=small).conforms, "within one film"


# The command.


def test_the_command_looks_at_the_prose_where_asked(tmp_path: Path, small: Workspace) -> None:
    film = (WORKSPACE.data / "films" / "her-2013.ttl").read_text(encoding="utf-8")
    file = tmp_path / "her.ttl"
    changed = film.replace("has no body for the camera", "serves to show no body for the camera")
    assert changed != film
    file.write_text(changed.replace("her-2013", "other-2013").replace("tt1798709", "tt99999999"), encoding="utf-8")
    found = run("validate", "--root", str(small.root), "--prose", str(file))
    assert "prose:formula" in found
    assert "prose:near-duplicate" in found
    assert "prose:" not in run("validate", "--root", str(small.root), str(file))


def run(*arguments: str) -> str:
    result = CliRunner().invoke(cli, list(arguments))
    assert result.exit_code == 1, result.output
    return result.output
