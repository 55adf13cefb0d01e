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
    from filmgraph.reception import Valued
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
    "valued_line",
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


def title(text: str, *, note: str = "") -> None:
    """Print the title of a page, beside it a note such as its category in the category's colour."""
    click.echo(styled(text, bold=True) + _note(note))


def heading(text: str, *, note: str = "") -> None:
    """Print the heading of a section after an empty line, beside it a note as in :func:`title`."""
    click.echo()
    if len(text) <= width():
        title(text, note=note)
    else:
        paragraph(text, bold=True)
        if note:
            click.echo(_note(note))


def _note(note: str) -> str:
    color = CATEGORY_COLORS.get(note)
    return f"  {styled(note, fg=color, dim=color is None)}" if note else ""


def paragraph(text: str, *, indent: int = 0, label: str = "", **style: Any) -> None:
    """Print a wrapped paragraph, indented, behind an optional label."""
    lead = " " * indent
    first = f"{lead}{label} " if label else lead
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


_VERBS = {"praise": "praises", "criticism": "faults", "mixed": "is of two minds about", "observation": "speaks of"}


def claim_line(claim: Claim, *, with_film: bool = False, spoilers: bool = False) -> str:
    """Return a claim in one line: who, with which stance, about what, and the paraphrase."""
    about = f"{claim.about.name.lower()} in {claim.film.name}" if with_film else claim.about.name.lower()
    source = claim.source[0].upper() + claim.source[1:]
    said = claim.statement if spoilers or not claim.spoiler else "[a spoiler: --spoilers shows it]"
    return f"{source} {_VERBS.get(claim.stance, claim.stance)} {about}: {said}"


def valued_line(valued: Valued) -> str:
    """Return in one line how much of a critic's praise goes to a category, beside that of all critics."""
    low, high = valued.interval
    told = f"{valued.praised} of {valued.of} things praised ({valued.share:.0%}, {low * 100:.0f}–{high:.0%})"
    leaning = f": {valued.leaning} than others" if valued.leaning else ""
    return f"{valued.category.name}: {told}, against {valued.share_of_all:.0%} by all critics{leaning}"


def print_json(value: Any, *, spoilers: bool) -> None:
    """Print a dataclass, or a list of them, as JSON; a text that gives away an ending is null unless ``spoilers``."""
    import json

    from filmgraph.pages import plain_of

    click.echo(json.dumps(plain_of(value, spoilers=spoilers), ensure_ascii=False, indent=2))


def print_rows(rows: Rows, form: str) -> None:
    """Print rows in a form; on a terminal a table has lines and colour, or stands record by record if too wide."""
    if not len(rows) and form in ("table", "markdown"):
        click.echo("No rows.", err=True)
    if form != "table" or not sys.stdout.isatty():
        click.echo(rows.serialize(form), nl=False)
        return
    columns, cells = rows.columns, rows.cells()
    if not _fits(columns, cells):
        # Where every value of a column is an IRI, another column nearly always has the name of the same thing.
        kept = [place for place, name in enumerate(columns) if not _are_iris(rows.column(name))]
        fewer = tuple(columns[place] for place in kept), [tuple(row[place] for place in kept) for row in cells]
        if kept and _fits(*fewer):
            click.echo(f"Left out to fit: {', '.join(name for name in columns if name not in fewer[0])}.", err=True)
            columns, cells = fewer
    if _fits(columns, cells):
        _print_table(columns, cells)
    else:
        for row in cells:
            for name, cell in zip(columns, row, strict=True):
                if cell:
                    paragraph(cell, label=styled(f"{name}:", dim=True))
            click.echo()
    click.echo(f"{len(rows)} row{'' if len(rows) == 1 else 's'}", err=True)


def _fits(columns: tuple[str, ...], cells: list[tuple[str, ...]]) -> bool:
    """Whether a table is no wider than the terminal."""
    widths = [max(map(len, column)) for column in zip(columns, *cells, strict=True)]
    return sum(widths) + 3 * len(widths) + 1 <= os.get_terminal_size(sys.stdout.fileno()).columns


def _are_iris(values: list[Any]) -> bool:
    return all(value is None or "://" in str(value) for value in values)


def _print_table(columns: tuple[str, ...], cells: list[tuple[str, ...]]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(header_style="bold", row_styles=["", "dim"])
    for column in columns:
        table.add_column(Text(column))
    for row in cells:
        table.add_row(*map(Text, row))
    Console().print(table)


def _clock(scene: Scene) -> str:
    if scene.start is None:
        return ""
    parts = [
        f"{int(float(str(second))) // 60}:{int(float(str(second))) % 60:02}"
        for second in (scene.start, scene.end)
        if second is not None
    ]
    return f" ({'–'.join(parts)})"
