"""A file of decisions, one row a candidate, which is how several people share the work."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from filmgraph.errors import DataError, FilmgraphError
from filmgraph.reviews.curation import Curated, curate
from filmgraph.reviews.desk import Decision
from filmgraph.rows import printable
from filmgraph.tables import Row, read_table

if TYPE_CHECKING:
    from filmgraph.reviews.desk import Desk

__all__ = ["BadDecision", "Decided", "decide"]

REQUIRED = ("decision",)
OPTIONAL = ("claim", "stance", "technique", "statement", "comparisons", "review", "start", "end")
ALIASES = {"paraphrase": "statement", "concept": "technique", "comparison": "comparisons", "candidate": "claim"}

_DECISIONS = {"accept": True, "accepted": True, "reject": False, "rejected": False}
_NONE = "-"
_PLACE = re.compile(r"[0-9]{1,9}")


@dataclass(frozen=True, order=True)
class BadDecision:
    """What is wrong with a row: its number (the header is row 1), the column where one is to blame, and the reason."""

    row: int
    column: str
    value: str
    reason: str

    def to_text(self) -> str:
        """Return one line: row, column, value and reason."""
        value = f" {self.value[:60]!r}" if self.value else ""
        column = f", {self.column}{value}" if self.column else ""
        return printable(f"row {self.row}{column}: {self.reason}")


@dataclass(frozen=True)
class Decided:
    """What a file of decisions did, and the rows that are bad."""

    curated: Curated
    rows: int
    bad: tuple[BadDecision, ...]


def decide(
    desk: Desk,
    file: str | os.PathLike[str],
    *,
    skip_bad: bool = False,
    dry_run: bool = False,
    progress: Callable[[str], None] | None = None,
) -> Decided:
    """Carry out the decisions of a CSV file, all or none; with ``skip_bad`` the good ones.

    Columns: claim (slug or IRI of the candidate), decision (accept or reject), and for what is accepted statement (the
    paraphrase); stance, technique and comparisons where they are not as proposed. A row without claim is a claim of the
    user's own, with review, start and end. A row that was carried out before does nothing.

    Raises :class:`~filmgraph.errors.DataError` for a file that is no such table, and as :func:`curate` does.
    """
    table = read_table(file, required=REQUIRED, optional=OPTIONAL, aliases=ALIASES)
    if not table.rows:
        raise DataError("has no rows below the header", file=table.file)
    bad: list[BadDecision] = []
    decisions: list[Decision] = []
    rows: list[Row] = []
    for row in table.rows:
        faults = list(_faults(desk, row))
        if faults:
            bad += faults
        else:
            decisions.append(_decision(row))
            rows.append(row)
    partly = skip_bad or dry_run
    done = curate(desk, decisions, partly=partly, dry_run=dry_run or (bool(bad) and not skip_bad), progress=progress)
    for refusal in done.refused:
        row = rows[refusal.place]
        column = "statement" if refusal.reason.startswith("the statement ") else "claim"
        reason = refusal.reason.removeprefix("the statement ")
        bad.append(BadDecision(row.number, column, row[column] or row["review"], reason))
    return Decided(done, len(table.rows), tuple(sorted(bad)))


def _faults(desk: Desk, row: Row) -> list[BadDecision]:
    """Return all that is wrong with the cells of a row by themselves."""
    faults: list[BadDecision] = []

    def fault(column: str, reason: str) -> None:
        faults.append(BadDecision(row.number, column, row[column] if column else "", reason))

    if row.surplus:
        fault("", f"has {row.surplus} more cells than the header: put a cell with a comma in quotation marks")
    if _decision_of(row) is None:
        fault("decision", "is neither accept nor reject")
    place = [row[name].strip() for name in ("review", "start", "end")]
    if not row["claim"].strip() and not all(place):
        fault("claim", "is empty: name the candidate, or for a claim of your own review, start and end")
    elif row["claim"].strip() and any(place):
        fault("claim", "a row names a candidate, or review, start and end of a claim of your own")
    elif any(place) and not all(map(_PLACE.fullmatch, place[1:])):
        fault("start", "start and end are whole numbers, counted in code points from 0")
    for column, find in (("stance", desk.vocabulary.stance), ("technique", desk.vocabulary.concept)):
        if row[column].strip():
            try:
                find(row[column].strip())
            except FilmgraphError as error:
                fault(column, str(error))
    return faults


def _decision_of(row: Row) -> bool | None:
    return _DECISIONS.get(row["decision"].strip().lower())


def _decision(row: Row) -> Decision:
    accepts = bool(_decision_of(row))
    compared = row["comparisons"].strip()
    names = tuple(dict.fromkeys(name for name in map(str.strip, compared.split("|")) if name and name != _NONE))
    own = not row["claim"].strip()
    return Decision(
        row["claim"].strip(),
        accepts,
        row["statement"] if accepts else "",
        (row["technique"].strip() or None) if accepts else None,
        (row["stance"].strip() or None) if accepts else None,
        names if accepts and compared else None,
        row["review"].strip() if own else "",
        (int(row["start"]), int(row["end"])) if own else None,
    )
