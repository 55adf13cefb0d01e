"""The house keeps its shape: imports go downward only, modules are named for things, IRIs are spelled once."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import filmgraph

SOURCE = Path(filmgraph.__file__).parent

ROWS: dict[str, int] = {
    "cli": 8,
    "web": 7,
    "graph": 6,
    **dict.fromkeys(("pages", "recommend", "projections", "batch"), 5),
    **dict.fromkeys(("answers", "similarity", "paths", "reception", "authoring", "reviews", "letterboxd"), 4),
    **dict.fromkeys(("arrays", "lookup", "validation", "export", "claims", "voices", "sandbox"), 3),
    **dict.fromkeys(("stores", "tables"), 2),
    **dict.fromkeys(("queries", "readers", "turtle", "workspace", "rows", "titles", "writing"), 1),
    **dict.fromkeys(("errors", "namespaces"), 0),
}
"""Module or package to its row in the table of docs/architecture.md."""

NO_NAMES = {"utils", "util", "helpers", "helper", "manager", "service", "services", "common", "misc", "tools"}


def files() -> list[Path]:
    return sorted(file for file in SOURCE.rglob("*.py") if "bundled" not in file.relative_to(SOURCE).parts)


def home(file: Path) -> str:
    """Return the module or package directly below filmgraph that a file belongs to."""
    return file.relative_to(SOURCE).parts[0].removesuffix(".py")


def imported(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Yield line and home of every import of filmgraph, wherever it stands: in functions and for types, too."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"line {node.lineno}: a relative import hides where it goes"
            parts = (node.module or "").split(".")
            if parts[0] == "filmgraph":
                names = parts[1:2] or [alias.name for alias in node.names]
                yield from ((node.lineno, name) for name in names)
        elif isinstance(node, ast.Import):
            for alias in node.names:
                parts = alias.name.split(".")
                if parts[0] == "filmgraph":
                    yield node.lineno, parts[1] if len(parts) > 1 else "filmgraph"


def is_face(file: Path) -> bool:
    """Whether a file is the package's own __init__, which re-exports and is exempt."""
    return file == SOURCE / "__init__.py"


def trespasses(tree: ast.AST, here: str) -> list[str]:
    """Return the imports that do not go downward from a module or package."""
    return [
        f"line {line}: {here} (row {ROWS[here]}) imports {there} (row {ROWS.get(there, '?')})"
        for line, there in imported(tree)
        if there != here and ROWS.get(there, 99) >= ROWS[here]
    ]


@pytest.mark.parametrize("file", files(), ids=lambda file: str(file.relative_to(SOURCE)))
def test_imports_go_downward(file: Path) -> None:
    if is_face(file):
        assert {there for _, there in imported(ast.parse(file.read_text(encoding="utf-8")))} <= ROWS.keys()
        return
    assert home(file) in ROWS, f"{home(file)} has no row: give it one here and in docs/architecture.md"
    assert trespasses(ast.parse(file.read_text(encoding="utf-8")), home(file)) == []


@pytest.mark.parametrize(
    ("here", "code", "found"),
    [
        ("arrays", "from filmgraph.stores import Store", 0),
        ("arrays", "from filmgraph.lookup import resolve", 1),
        ("arrays", "def f():\n    from filmgraph import graph, errors", 1),
        ("turtle", "if TYPE_CHECKING:\n    from filmgraph.readers import RdfText", 1),
        ("stores", "import filmgraph.graph", 1),
        ("stores", "import filmgraph", 1),
        ("paths", "from filmgraph.paths.model import Path", 0),
        ("errors", "from filmgraph.namespaces import FG", 1),
    ],
)
def test_the_reading_of_imports_sees_every_form(here: str, code: str, found: int) -> None:
    assert len(trespasses(ast.parse(code), here)) == found


def test_every_row_is_lived_in() -> None:
    homes = {home(file) for file in files() if not is_face(file)}
    assert homes >= ROWS.keys()


def test_modules_are_named_for_things() -> None:
    names = {part for file in files() for part in file.relative_to(SOURCE).with_suffix("").parts}
    assert not names & NO_NAMES
    assert len(names) > 25


def docstrings(tree: ast.AST) -> set[ast.AST]:
    """Return the nodes of strings that stand as statements: docstrings and the notes below a constant."""
    return {
        node.value for node in ast.walk(tree) if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }


def spelled_iris(tree: ast.AST) -> list[str]:
    """Return the strings of code that spell an IRI of the graph or of W3C's vocabularies."""
    exempt = docstrings(tree)
    return [
        f"line {node.lineno}: {node.value[:80]!r}"
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and node not in exempt
        and any(spelled in node.value for spelled in ("w3id.org/filmgraph", "http://www.w3.org/", "purl.org/dc"))
    ]


@pytest.mark.parametrize("file", files(), ids=lambda file: str(file.relative_to(SOURCE)))
def test_only_namespaces_spells_iris(file: Path) -> None:
    found = spelled_iris(ast.parse(file.read_text(encoding="utf-8")))
    assert bool(found) == (home(file) == "namespaces"), found


def test_the_reading_of_strings_sees_those_in_f_strings() -> None:
    assert spelled_iris(ast.parse('x = f"<http://www.w3.org/2004/02/skos/core#{name}>"'))
    assert not spelled_iris(ast.parse('"""See http://www.w3.org/."""\nx = 1\n"""https://w3id.org/filmgraph/."""'))


def test_the_table_in_the_document_is_the_table_here() -> None:
    document = SOURCE.parents[1] / "docs" / "architecture.md"
    rows: dict[str, int] = {}
    for line in document.read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if len(cells) >= 2 and cells[0].isdecimal():
            names = [part.strip("` /") for part in cells[1].replace(" and ", ",").split(",")]
            rows.update({name: int(cells[0]) for name in names if name})
    assert {name: row for name, row in rows.items() if name in ROWS} == {
        name: row for name, row in ROWS.items() if name in rows
    }
    assert rows.keys() >= ROWS.keys()
