"""Printing: wrapped text with colour on a terminal, plain in a pipe."""

from __future__ import annotations

import os
import sys
import textwrap
from typing import TYPE_CHECKING, Any

import click

from filmgraph.rows import printable

if TYPE_CHECKING:
    from filmgraph.pages import Claim, Scene
    from filmgraph.rows import Rows

__all__ = [
    "CATEGORY_COLORS",
    "bullet",
    "claim_line",
    "heading",
    "paragraph",
    "print_json",
    "print_rows",
    "scene_lines",
    "styled",
    "title",
    "width",
]

CATEGORY_COLORS = {
    "Cinematography": "yellow",
    "Editing": "cyan",
    "Sound": "green",
    "Mise-en-scène": "magenta",
    "Narrative": "blue",
    "Performance": "red",
    "Animation & effects": "bright_cyan",
}
"""Category to the colour of its name: one visual language wherever categories stand."""

_WIDEST = 100


def width() -> int:
    """Return the width to wrap text to, in characters: ``COLUMNS`` or the terminal's, and never more than 100."""
    columns = os.environ.get("COLUMNS", "")
    if columns.isdecimal() and int(columns) > 0:
        return min(int(columns), _WIDEST)
    try:
        return min(os.get_terminal_size(sys.stdout.fileno()).columns or _WIDEST, _WIDEST)
    except (OSError, ValueError):
        return _WIDEST


def styled(text: str, **style: Any) -> str:
    """Return a text made safe for a terminal, and styled; click drops the style in a pipe."""
    return click.style(printable(text), **style)


def title(text: str) -> None:
    """Print the title of a page."""
    click.echo(styled(text, bold=True))


def heading(text: str, *, note: str = "") -> None:
    """Print the heading of a section after an empty line."""
    click.echo()
    color = CATEGORY_COLORS.get(note)
    click.echo(styled(text, bold=True) + (f"  {styled(note, fg=color, dim=color is None)}" if note else ""))


def paragraph(text: str, *, indent: int = 0, label: str = "", **style: Any) -> None:
    """Print a wrapped paragraph, indented, behind an optional label."""
    lead = " " * indent
    first = f"{lead}{printable(label)} " if label else lead
    lines = textwrap.wrap(printable(text), width(), initial_indent=first, subsequent_indent=lead)
    body = "\n".join(lines)
    click.echo(click.style(body, **style) if style else body)


def bullet(text: str, *, indent: int = 2, mark: str = "-", **style: Any) -> None:
    """Print a wrapped item of a list."""
    lead = " " * indent
    body = textwrap.fill(
        printable(text), width(), initial_indent=f"{lead}{mark} ", subsequent_indent=f"{lead}{' ' * (len(mark) + 1)}"
    )
    click.echo(click.style(body, **style) if style else body)


def scene_lines(scenes: tuple[Scene, ...], *, folded: bool, spoilers: bool) -> list[str]:
    """Return a line for each scene; those that give away an ending are folded unless ``spoilers``."""
    if spoilers:
        return [scene.description + _clock(scene) for scene in scenes]
    shown = [scene.description + _clock(scene) for scene in scenes if not (scene.spoiler or folded)]
    hidden = len(scenes) - len(shown)
    if hidden:
        what, them = ("scenes", "them") if hidden > 1 else ("scene", "it")
        shown.append(f"[{hidden} {what} with a spoiler: --spoilers shows {them}]")
    return shown


def claim_line(claim: Claim, *, with_film: bool = False) -> str:
    """Return a claim in one line: stance, what about, who, and the paraphrase."""
    about = f"{claim.film.name}, {claim.about.name.lower()}" if with_film else claim.about.name.lower()
    return f"{claim.stance} of {about} by {claim.source}: {claim.statement}"


def print_json(value: Any) -> None:
    """Print dataclasses, or lists of them, as JSON."""
    import json
    from dataclasses import asdict, is_dataclass

    plain = [asdict(item) for item in value] if isinstance(value, list | tuple) else value
    if is_dataclass(plain) and not isinstance(plain, type):
        plain = asdict(plain)
    click.echo(json.dumps(plain, ensure_ascii=False, indent=2))


def print_rows(rows: Rows, form: str) -> None:
    """Print rows in a form; a table has lines and colour on a terminal, and plain columns in a pipe."""
    if form != "table" or not sys.stdout.isatty():
        click.echo(rows.serialize(form), nl=False)
        return
    from rich.console import Console
    from rich.table import Table

    table = Table(header_style="bold", row_styles=["", "dim"])
    for column in rows.columns:
        table.add_column(column, overflow="fold")
    for row in rows.cells():
        table.add_row(*(cell.replace("[", "\\[") for cell in row))
    Console().print(table)
    click.echo(f"{len(rows)} row{'' if len(rows) == 1 else 's'}", err=True)


def _clock(scene: Scene) -> str:
    if scene.start is None:
        return ""
    parts = [
        f"{int(float(str(second))) // 60}:{int(float(str(second))) % 60:02}"
        for second in (scene.start, scene.end)
        if second is not None
    ]
    return f" ({'–'.join(parts)})"
