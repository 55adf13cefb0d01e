"""The examples in the documents: read, run, compared and refreshed.

A ``console`` block holds commands behind ``$ `` and what they print; a line with ``…`` alone stands for lines that
are left out. A ``pycon`` block holds Python as at its prompt; the blocks of one document share their names. Blocks
of any other kind are shown and not run. Both run in a folder of their own.
"""

from __future__ import annotations

import contextlib
import doctest
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

__all__ = ["OMITTED", "Command", "commands", "matches", "python_failures", "refreshed", "run", "sandbox"]

OMITTED = "…"
_BLOCK = re.compile(r"^```(?P<kind>console|pycon)\n(?P<body>.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Command:
    """A command of a console block, and the lines that the document says it prints."""

    text: str
    expected: tuple[str, ...]


def commands(document: str) -> Iterator[Command]:
    """Yield the commands of a document in their order."""
    for block in _BLOCK.finditer(document):
        if block["kind"] == "console":
            yield from _commands_of(block["body"])


def sandbox(root: Path, folder: Path) -> Path:
    """Make a folder in which examples can read the repository and write beside it."""
    for entry in root.iterdir():
        if not entry.name.startswith((".", "build", "dist", "out")):
            (folder / entry.name).symlink_to(entry)
    return folder


def run(command: str, folder: Path) -> tuple[str, ...]:
    """Run a command in a folder as a reader would, 100 columns wide, and return the lines it prints on both streams.

    Raises RuntimeError where it ends with a status above 2 or with a traceback.
    """
    environment = {name: value for name, value in os.environ.items() if not name.startswith("FILMGRAPH_STORE")}
    environment |= {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}", "COLUMNS": "100"}
    environment |= {"NO_COLOR": "1", "PYTHONUTF8": "1", "LC_ALL": "C.UTF-8"}
    done = subprocess.run(
        ["bash", "-c", command],
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        check=False,
    )
    if done.returncode > 2 or "Traceback (most recent call last)" in done.stdout:
        raise RuntimeError(f"{command}: ended with status {done.returncode}\n{done.stdout}")
    return tuple(line.rstrip() for line in done.stdout.rstrip("\n").split("\n"))


def matches(expected: tuple[str, ...], printed: tuple[str, ...]) -> bool:
    """Whether lines are as expected; a line with … alone stands for any lines, none among them.

    >>> matches(("a", "…", "d"), ("a", "b", "c", "d")), matches(("a", "d"), ("a", "b", "d"))
    (True, False)
    """
    pattern = "".join("(?:.*\n)*?" if line == OMITTED else re.escape(line) + "\n" for line in expected)
    return re.fullmatch(pattern, "".join(f"{line}\n" for line in printed)) is not None


def python_failures(document: str) -> list[str]:
    """Run the Python examples of a document and return what went otherwise than it says."""
    return [failure for _example, _printed, failure in _python_results(document) if failure]


def refreshed(document: str, folder: Path) -> str:
    """Return a document with what its examples print now between the prompts.

    An excerpt stays one: its first lines, its last ones, and those between that begin with the same line. Raises
    RuntimeError where the first line of a part between is no longer printed: then a person must choose anew.
    """
    results = iter(list(_python_results(document)))

    def block(match: re.Match[str]) -> str:
        lines: list[str] = []
        if match["kind"] == "console":
            for command in _commands_of(match["body"]):
                printed = run(command.text, folder)
                lines += [f"$ {line}" if not at else f"> {line}" for at, line in enumerate(command.text.split("\n"))]
                lines += _excerpt(command, printed)
            return "```console\n" + "".join(f"{line}\n" for line in lines) + "```"
        text = ""
        for _ in doctest.DocTestParser().get_examples(match["body"]):
            example, printed_text, _failure = next(results)
            source = example.source.rstrip("\n").split("\n")
            text += "".join(f"{'...' if at else '>>>'} {line}".rstrip() + "\n" for at, line in enumerate(source))
            text += printed_text
        return f"```pycon\n{text}```"

    return _BLOCK.sub(block, document)


def _commands_of(body: str) -> Iterator[Command]:
    text, expected = "", []
    for line in body.rstrip("\n").split("\n"):
        if line.startswith("$ "):
            if text:
                yield Command(text, tuple(expected))
            text, expected = line[2:], []
        elif line.startswith("> ") and text and not expected:
            text += "\n" + line[2:]
        else:
            expected.append(line)
    yield Command(text, tuple(expected))


def _excerpt(command: Command, printed: tuple[str, ...]) -> list[str]:
    """Return the lines printed, cut where the document cuts them."""
    if OMITTED not in command.expected:
        return [] if printed == ("",) else list(printed)
    parts: list[list[str]] = [[]]
    for line in command.expected:
        if line == OMITTED:
            parts.append([])
        else:
            parts[-1].append(line)
    lines = list(printed[: len(parts[0])])
    for part in parts[1:-1]:
        if part[0] not in printed:
            raise RuntimeError(f"{command.text}: no longer prints {part[0]!r}; choose the excerpt anew")
        start = printed.index(part[0])
        lines += [OMITTED, *printed[start : start + len(part)]]
    last = parts[-1]
    return [*lines, OMITTED, *(printed[-len(last) :] if last else ())]


class _Recorder(doctest.DocTestRunner):
    """Runs the examples of a document and keeps what each printed."""

    def __init__(self) -> None:
        super().__init__(verbose=False)
        self.results: list[tuple[doctest.Example, str, str]] = []

    def report_start(self, out: Any, test: doctest.DocTest, example: doctest.Example) -> None:
        """Say nothing."""

    def report_success(self, out: Any, test: doctest.DocTest, example: doctest.Example, got: str) -> None:
        """Keep the result."""
        self.results.append((example, got, ""))

    def report_failure(self, out: Any, test: doctest.DocTest, example: doctest.Example, got: str) -> None:
        """Keep the result and how it differs."""
        failure = f"{example.source.strip()}\n  should print {example.want!r}\n  and prints   {got!r}"
        self.results.append((example, got, failure))

    def report_unexpected_exception(
        self, out: Any, test: doctest.DocTest, example: doctest.Example, exc_info: Any
    ) -> None:
        """Keep the error: an example must not end in one."""
        self.results.append((example, example.want, f"{example.source.strip()}\n  raises {exc_info[1]!r}"))


def _python_results(document: str) -> list[tuple[doctest.Example, str, str]]:
    bodies = [block["body"] for block in _BLOCK.finditer(document) if block["kind"] == "pycon"]
    examples = [example for body in bodies for example in doctest.DocTestParser().get_examples(body)]
    test = doctest.DocTest(examples, {"__name__": "__main__"}, "document", None, None, None)
    recorder = _Recorder()
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        recorder.run(test, out=lambda text: None)
    return recorder.results
