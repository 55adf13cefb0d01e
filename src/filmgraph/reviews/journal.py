"""The journal of a session: each decision is on the disk before the next one is asked for.

It is only ever appended to. A line is a decision, the undoing of the last one that stands, or the note that all
before it was carried out; what a machine that stopped left of a line is cut off.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from filmgraph.errors import DataError, OutputError
from filmgraph.reviews.desk import Decision

__all__ = ["JOURNAL", "Journal"]

JOURNAL = "decisions.jsonl"
"""The journal's name in the folder of candidates."""


class Journal:
    """The journal of a folder of candidates, held by one session at a time.

    ``pending`` are the decisions that stand and were not carried out yet, in order.

    Raises :class:`~filmgraph.errors.OutputError` where another session holds it or it cannot be written, and
    :class:`~filmgraph.errors.DataError` for a line that is none of a journal.
    """

    def __init__(self, folder: Path) -> None:
        self.file = folder / JOURNAL
        self.pending: list[Decision] = []
        try:
            new = not self.file.exists()
            self._held = os.open(self.file, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o644)
        except OSError as error:
            raise OutputError(f"{self.file}: cannot be written: {error.strerror}") from error
        try:
            self._lock()
            if new:
                _sync_folder(folder)
            self._read()
        except BaseException:
            self.close()
            raise

    def _lock(self) -> None:
        try:
            import fcntl
        except ImportError:
            return
        try:
            fcntl.flock(self._held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise OutputError(
                f"{self.file.parent}: somebody else decides on these candidates right now: wait until that session ends"
            ) from error

    def _read(self) -> None:
        content = self.file.read_bytes()
        whole = content[: content.rfind(b"\n") + 1]
        if len(whole) < len(content):
            os.ftruncate(self._held, len(whole))
        for number, line in enumerate(whole.split(b"\n")[:-1], start=1):
            try:
                self._replay(json.loads(line))
            except (ValueError, TypeError, KeyError, AttributeError) as error:
                raise DataError("is no line of a journal: take it out", file=str(self.file), line=number) from error

    def _replay(self, entry: dict[str, Any]) -> None:
        if "applied" in entry:
            self.pending.clear()
        elif "undone" in entry:
            if self.pending:
                self.pending.pop()
        else:
            given: dict[str, Any] = {name: tuple(v) if isinstance(v, list) else v for name, v in entry.items()}
            self.pending.append(replace(Decision(**given), checked=True))

    def add(self, decision: Decision) -> None:
        """Note a decision; it is on the disk when this returns."""
        entry = {
            name: value for name, value in asdict(decision).items() if value not in ("", None) and name != "checked"
        }
        self._append({"claim": decision.claim, **entry})
        self.pending.append(replace(decision, checked=True))

    def undo(self) -> None:
        """Note that the last decision that stands does not."""
        self._append({"undone": self.pending[-1].claim})
        self.pending.pop()

    def applied(self, *, refused: dict[str, str]) -> None:
        """Note that all decisions were carried out, but for those that were refused, with the reason."""
        self._append({"applied": len(self.pending) - len(refused), **({"refused": refused} if refused else {})})
        self.pending.clear()

    def _append(self, entry: dict[str, Any]) -> None:
        line = (json.dumps(entry, ensure_ascii=False) + "\n").encode("utf-8", "surrogatepass")
        try:
            while line:
                line = line[os.write(self._held, line) :]
            os.fsync(self._held)
        except OSError as error:
            raise OutputError(f"{self.file}: cannot be written: {error.strerror}; the decision was not kept") from error

    def close(self) -> None:
        """Let another session have the journal."""
        if self._held >= 0:
            os.close(self._held)
            self._held = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _sync_folder(folder: Path) -> None:
    """See to it that a new file's name is on the disk, where the system can."""
    try:
        held = os.open(folder, os.O_RDONLY)
    except OSError:
        return
    try:
        os.fsync(held)
    except OSError:
        pass
    finally:
        os.close(held)
