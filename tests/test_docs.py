"""The documents keep what they say: examples run, links lead somewhere, references are current."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path
from urllib.parse import unquote

import pyoxigraph as ox
import pytest

import filmgraph
from filmgraph.cli import COMMANDS
from filmgraph.errors import QueryError
from filmgraph.namespaces import PREFIXES
from filmgraph.rows import Rows
from filmgraph.turtle import format_turtle

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "docs"))

import examples  # noqa: E402
import generate  # noqa: E402
import picture  # noqa: E402

DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])
COMMANDS_IN_DOCUMENTS = [
    pytest.param(command, id=f"{file.stem}-{place}")
    for file in DOCUMENTS
    for place, command in enumerate(examples.commands(file.read_text(encoding="utf-8")), start=1)
]
LINK = re.compile(r"!?\[[^\]\n]*\]\(([^)\s]+)\)")
MACHINE_PATH = re.compile(r"(?<![\w.])/(?:home|root|tmp|work|workspace|Users|mnt|srv|var|opt)/|[A-Za-z]:\\\\|file:///")


def name_of(file: Path) -> str:
    return str(file.relative_to(ROOT))


def turtle_blocks(file: Path) -> list[str]:
    text = file.read_text(encoding="utf-8")
    return [textwrap.dedent(block) for block in re.findall(r"^ *```turtle\n(.*?)^ *```$", text, re.M | re.S)]


def anchors_of(file: Path) -> set[str]:
    """The anchors that a reader of Markdown makes of headings."""
    headings = re.findall(r"^#+ (.+)$", file.read_text(encoding="utf-8"), re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return examples.sandbox(ROOT, tmp_path_factory.mktemp("documents"))


@pytest.mark.parametrize("command", COMMANDS_IN_DOCUMENTS)
def test_command_prints_what_the_document_says(command: examples.Command, sandbox: Path) -> None:
    printed = examples.run(command.text, sandbox)
    printed = () if printed == ("",) else printed
    assert examples.matches(command.expected, printed), "\n".join(printed)


@pytest.mark.parametrize("file", DOCUMENTS, ids=name_of)
def test_python_prints_what_the_document_says(file: Path) -> None:
    assert examples.python_failures(file.read_text(encoding="utf-8")) == []


def test_readme_has_ten_examples_and_two_in_python() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert len(list(examples.commands(readme))) >= 10
    assert len(re.findall(r"^```pycon$", readme, re.M)) >= 2
    assert len({command.text.split()[1] for command in examples.commands(readme)}) >= 9


def test_every_document_with_examples_can_be_refreshed() -> None:
    with_examples = {
        name_of(file)
        for file in DOCUMENTS
        if re.search(r"^```(?:console|pycon)$", file.read_text(encoding="utf-8"), re.M)
    }
    assert with_examples
    assert with_examples <= set(generate.DOCUMENTS)


def test_refreshing_keeps_excerpts_and_changes_outputs(tmp_path: Path) -> None:
    old = "Text.\n\n```console\n$ printf 'a\\nb\\nc\\nd\\n'\nold\n…\nc\n…\n```\n\n```pycon\n>>> 1 + 1\n3\n```\n"
    new = "Text.\n\n```console\n$ printf 'a\\nb\\nc\\nd\\n'\na\n…\nc\n…\n```\n\n```pycon\n>>> 1 + 1\n2\n```\n"
    assert examples.refreshed(old, tmp_path) == new
    assert examples.python_failures(new) == []
    assert len(examples.python_failures(old)) == 1
    with pytest.raises(RuntimeError, match="choose the excerpt anew"):
        examples.refreshed("```console\n$ echo a\na\n…\ngone\n…\n```\n", tmp_path)


@pytest.mark.parametrize(
    ("expected", "printed", "same"),
    [
        (("a", "…"), ("a", "b", "c"), True),
        (("a", "…", "c"), ("a", "c"), True),
        (("a", "…", "c"), ("a", "c", "d"), False),
        (("a", "b"), ("a",), False),
        (("a…",), ("abc",), False),
        ((), (), True),
        ((), ("a",), False),
    ],
)
def test_lines_match(expected: tuple[str, ...], printed: tuple[str, ...], same: bool) -> None:
    assert examples.matches(expected, printed) is same


@pytest.mark.parametrize("command", COMMANDS)
def test_command_is_documented(command: str) -> None:
    text = "\n".join(file.read_text(encoding="utf-8") for file in DOCUMENTS)
    assert re.search(rf"\bfilmgraph {command}\b|`{command}`", text)


def test_generated_documents_are_current() -> None:
    stale = [
        name_of(file)
        for file, text in generate.generated().items()
        if not file.exists() or file.read_text(encoding="utf-8") != text
    ]
    assert stale == [], "python docs/generate.py writes them"


def test_check_names_each_stale_file_and_writes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    stale, fresh = tmp_path / "stale.md", tmp_path / "fresh.md"
    stale.write_text("old", encoding="utf-8")
    fresh.write_text("new", encoding="utf-8")
    monkeypatch.setattr(generate, "ROOT", tmp_path)
    monkeypatch.setattr(generate, "generated", lambda: {stale: "new", fresh: "new", tmp_path / "missing.md": "new"})
    monkeypatch.setattr(sys, "argv", ["generate.py", "--check"])
    assert generate.main() == 1
    assert [line.split(":")[0] for line in capsys.readouterr().out.splitlines()] == ["stale.md", "missing.md"]
    assert stale.read_text(encoding="utf-8") == "old"
    monkeypatch.setattr(generate, "generated", lambda: {fresh: "new"})
    assert generate.main() == 0
    assert capsys.readouterr().out == ""


def test_example_values_of_every_query_are_taken_from_the_command_line() -> None:
    """What docs/queries.md shows can be run: each value resolves to the example in the file, and the query answers."""
    with filmgraph.open() as graph:
        for query in graph.library:
            words = shlex.split(generate.command_line(query))
            assert words[:3] == ["filmgraph", "query", query.name]
            given = [word.split("=", 1) for word in words[3:] if "=" in word]
            values: dict[str, list[str]] = {}
            for name, value in given:
                values.setdefault(name, []).append(value)
            if query.network:
                assert "--allow-service" in words
                assert graph.bound(query, values)
                continue
            for parameter in query.parameters:
                expanded = _expanded(query.examples[parameter.name])
                bound = _expanded(
                    " ".join(parameter.term(_iri(graph, parameter, v)) for v in values.get(parameter.name, []))
                )
                assert bound == expanded or (not bound and expanded == "UNDEF"), (query.name, parameter.name)
            answer = graph.query(query.name, values)
            assert isinstance(answer, Rows)
            assert answer.columns == tuple(column.name for column in query.columns)


def _iri(graph: filmgraph.FilmGraph, parameter: generate.Parameter, value: str) -> str:
    return graph.resolve(value, kind=parameter.type) if parameter.is_resource else value


def _expanded(terms: str) -> str:
    return re.sub(r"(?<![<\w])([a-z]+):([\w-]+)", lambda match: f"<{PREFIXES[match[1]]}{match[2]}>", terms)


def test_reference_names_every_term_and_rule() -> None:
    page = (ROOT / "docs/ontology.md").read_text(encoding="utf-8")
    store = ox.Store()
    for name in ("filmgraph.ttl", "shapes.ttl"):
        store.load(path=ROOT / "ontology" / name, format=ox.RdfFormat.TURTLE)
    kinds = "owl:Class owl:ObjectProperty owl:DatatypeProperty owl:NamedIndividual"
    terms = _locals(store, f"VALUES ?k {{ {kinds} }} ?x a ?k FILTER(STRSTARTS(STR(?x), STR(fg:)))")
    rules = _locals(store, "?x sh:severity ?severity")
    assert len(terms) > 40
    assert [term for term in terms if f"fg:{term}" not in page] == []
    assert len(rules) > 60
    assert [rule for rule in rules if f"- `{rule}`" not in page] == []


def _locals(store: ox.Store, pattern: str) -> list[str]:
    prefixes = "".join(f"PREFIX {prefix}: <{iri}> " for prefix, iri in PREFIXES.items())
    rows = store.query(f"{prefixes} SELECT DISTINCT ?x WHERE {{ {pattern} }}")
    assert isinstance(rows, ox.QuerySolutions)
    return sorted(row["x"].value.split("#")[-1] for row in rows)


def test_picture_names_only_terms_that_are_used() -> None:
    used = set()
    for file in [*(ROOT / "ontology").glob("*.ttl"), *(ROOT / "data").rglob("*.ttl")]:
        used |= set(re.findall(r"\w+:\w+", file.read_text(encoding="utf-8")))
    assert len(picture.terms()) > 40
    assert [term for term in picture.terms() if term not in used] == []


def test_picture_has_no_box_over_another() -> None:
    for place, one in enumerate(picture.BOXES):
        for other in picture.BOXES[place + 1 :]:
            apart = (
                one.x + one.width < other.x
                or other.x + other.width < one.x
                or one.y + one.height < other.y
                or other.y + other.height < one.y
            )
            assert apart, (one.name, other.name)


@pytest.mark.parametrize("file", DOCUMENTS, ids=name_of)
def test_links_lead_somewhere(file: Path) -> None:
    for target in LINK.findall(file.read_text(encoding="utf-8")):
        if re.match(r"[a-z]+:", target):
            assert target.startswith("https://"), target
            continue
        path, _, anchor = unquote(target).partition("#")
        found = (file.parent / path).resolve() if path else file
        assert found.is_relative_to(ROOT), target
        assert found.exists(), target
        if anchor:
            assert anchor in anchors_of(found), target


@pytest.mark.parametrize("file", DOCUMENTS, ids=name_of)
def test_no_path_of_a_machine(file: Path) -> None:
    assert MACHINE_PATH.findall(file.read_text(encoding="utf-8")) == []


def test_patterns_of_contributing_are_valid_and_canonical(tmp_path: Path) -> None:
    person, film, technique = turtle_blocks(ROOT / "CONTRIBUTING.md")
    for pattern in (person, film, technique):
        assert format_turtle(pattern, file="pattern") == pattern
    again = technique.replace("rack-focus", "a-pattern")
    for label, other in (("Rack focus", "A pattern of a technique"), ("focus pull", "pattern of a technique")):
        again = again.replace(f'"{label}"', f'"{other}"')
    (tmp_path / "technique.ttl").write_text(again, encoding="utf-8")
    with filmgraph.open() as graph:
        report = graph.validate([tmp_path / "technique.ttl"])
    assert report.conforms, report.to_text()


STEPS = re.compile(r"^   ```(?P<kind>sh|turtle)\n(?P<body>.*?)^   ```$", re.M | re.S)
NOT_WALKED = {"make test", "make docs", "make check", "source .venv/bin/activate"}
"""What sets up the machine, and what runs these very tests; the rules and the form that ``make check`` asks for are
walked, for the page names them as well."""


def test_the_way_of_contributing_leads_to_a_valid_commit(tmp_path: Path) -> None:
    clone = tmp_path / "clone"
    shutil.copytree(ROOT, clone, ignore=shutil.ignore_patterns(".*", "__pycache__", "build", "dist", "*.whl"))
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("FILMGRAPH_", "GIT_"))}
    environment |= {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(clone / "src"),
        "PYTHONDONTWRITEBYTECODE": "1",
        "FILMGRAPH_CACHE": str(tmp_path / "cache"),
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
        **{f"GIT_{who}_{what}": "student@example.org" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")},
    }

    def walk(command: str) -> str:
        done = subprocess.run(
            ["bash", "-c", command], cwd=clone, env=environment, capture_output=True, encoding="utf-8", check=False
        )
        assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
        return done.stdout

    walk("git init --quiet --initial-branch=main && git add --all && git commit --quiet --message start")
    film, people = clone / "data/films/tampopo-1985.ttl", clone / "data/people.ttl"
    page = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    section = page[page.index("## Add a film") : page.index("## Standards of truth")]
    walked: list[str] = []
    for step in STEPS.finditer(section):
        body = textwrap.dedent(step["body"])
        if step["kind"] == "sh":
            for command in body.splitlines():
                if command not in NOT_WALKED:
                    walk(command)
                    walked.append(command)
        elif "a fg:Film" in body:
            assert "fg:draft true" in film.read_text(encoding="utf-8")
            film.write_text(body, encoding="utf-8")
        else:
            assert body.partition("\n\n")[2] in people.read_text(encoding="utf-8")
    assert [command.split()[:2] for command in walked if command.startswith("filmgraph")] == [
        ["filmgraph", word]
        for word in ["new", "validate", "import", "validate", "format", "film", "validate", "format"]
    ]
    assert walk("git status --short") == ""
    changed = walk("git diff --name-only main").split()
    assert changed == ["data/films/tampopo-1985.ttl", "data/people.ttl", "tests/data/facts.csv"]
    assert film.read_text(encoding="utf-8").count("a fg:TechniqueUse") == 4
    tests = "tests/test_data.py tests/test_facts.py"
    passed = walk(f"python -m pytest -p no:cacheprovider {tests} -k tampopo-1985")
    assert re.search(r"\b[5-9] passed", passed), passed


def test_example_values_are_refused_where_a_query_has_no_such_parameter() -> None:
    with filmgraph.open() as graph, pytest.raises(QueryError):
        graph.query("tally-by-category", movie="Her")
