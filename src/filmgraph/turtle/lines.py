"""The lines on which the subjects of a Turtle text stand, and its comments: read as tokens, not as a graph."""

from __future__ import annotations

import re
from collections.abc import Sequence

__all__ = ["first_comment", "subject_lines"]

_PART = r"""(?:\\.|[^\s<>"'\[\](){};,.\#\\])"""
_TOKEN = re.compile(
    rf"""
    (?P<space>\s++)
  | (?P<comment>\#[^\r\n]*+)
  | (?P<iri><[^\x00-\x20<>"{{}}|^`]*+>)
  | (?P<string>\"\"\"(?:[^"\\]|\\.|"(?!""))*+\"\"\" | \'\'\'(?:[^'\\]|\\.|'(?!''))*+\'\'\'
             | "(?:[^"\\\r\n]|\\.)*+" | '(?:[^'\\\r\n]|\\.)*+')
  | (?P<at>@[A-Za-z][A-Za-z0-9-]*+)
  | (?P<open>[\[({{])
  | (?P<close>[\])}}])
  | (?P<number>[+-]?(?:[0-9]+\.?[0-9]*[eE][+-]?[0-9]++|[0-9]*\.[0-9]++(?:[eE][+-]?[0-9]++)?|[0-9]++))
  | (?P<word>{_PART}(?:{_PART}|\.++(?={_PART}))*+)
  | (?P<stop>\.)
  | (?P<other>.)
    """,
    re.VERBOSE | re.DOTALL,
)


def first_comment(text: str) -> int | None:
    """Return the line of the first comment in a Turtle text, None where there is none."""
    for token in _TOKEN.finditer(text):
        if token.lastgroup == "comment":
            return text.count("\n", 0, token.start()) + 1
    return None


def subject_lines(text: str) -> dict[str, int]:
    """Return for each subject of a Turtle or N-Triples text, by IRI, the line on which it first stands.

    >>> subject_lines("@prefix e: <http://example.org/> .\\ne:a e:b e:c ;\\n  e:d 'x. y' .\\n<http://x/y> e:b 1 .")
    {'http://example.org/a': 2, 'http://x/y': 4}
    """
    lines: dict[str, int] = {}
    names = _Names()
    line, at, depth = 1, 0, 0
    statement: list[str] = []
    for token in _TOKEN.finditer(text):
        kind, written = token.lastgroup, token.group()
        if kind in ("space", "comment"):
            continue
        line += text.count("\n", at, token.start())
        at = token.start()
        if kind == "stop" and depth == 0:
            statement = []
            continue
        depth += (kind == "open") - (kind == "close")
        if not statement and depth == 0 and kind in ("iri", "word"):
            subject = names.iri(written)
            if subject:
                lines.setdefault(subject, line)
        statement.append(written)
        if names.declared_by(statement) and not statement[0].startswith("@"):
            statement = []
    return lines


class _Names:
    """The prefixes and the base that a text has declared so far."""

    def __init__(self) -> None:
        self.prefixes: dict[str, str] = {}
        self.base = ""

    def declared_by(self, statement: Sequence[str]) -> bool:
        """Take note of what a statement declares once it is whole, and say whether it is."""
        word, length = statement[0].upper().removeprefix("@"), len(statement)
        if word == "PREFIX" and length == 3:
            self.prefixes[statement[1].removesuffix(":")] = self.iri(statement[2]) or ""
        elif word == "BASE" and length == 2:
            self.base = self.iri(statement[1]) or ""
        return length == {"PREFIX": 3, "BASE": 2, "VERSION": 2}.get(word)

    def iri(self, written: str) -> str | None:
        """Return the IRI of ``<iri>`` or of a prefixed name, None for anything else."""
        if not written.startswith("<"):
            prefix, colon, local = written.partition(":")
            known = colon and prefix in self.prefixes
            return self.prefixes[prefix] + _LOCAL_ESCAPE.sub(r"\1", local) if known else None
        iri = _ESCAPED.sub(lambda match: chr(min(int(match[1] or match[2], 16), 0x10FFFF)), written[1:-1])
        if self.base and not re.match(r"[A-Za-z][A-Za-z0-9+.-]*:", iri):
            from urllib.parse import urljoin

            return urljoin(self.base, iri)
        return iri


_ESCAPED = re.compile(r"\\u([0-9A-Fa-f]{4})|\\U([0-9A-Fa-f]{8})")
_LOCAL_ESCAPE = re.compile(r"\\(.)")
