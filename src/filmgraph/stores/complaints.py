"""What a SPARQL parser says about a text, in words for people.

Oxigraph answers a slip with the place where its parser gave up and with all that might have stood there, down to
ranges of characters. The place counts the PREFIX declarations that filmgraph puts before the first line, so the words
that stand there are named instead of a column.
"""

from __future__ import annotations

import re

from filmgraph.errors import QueryError
from filmgraph.queries import tokens_of

__all__ = ["complaint", "query_error"]

_PLACE = re.compile(r"error at ([0-9]+):([0-9]+):")
_PARSER = re.compile(r"error at ([0-9]+):([0-9]+): expected (.*)", re.DOTALL)
_SENTENCE = re.compile(r"[A-Z][A-Za-z]*(?: [A-Za-z]+){2,}")
_DECLARATIONS = re.compile(r"(?:PREFIX [^\s:]*: <[^<>\s]*> )+")
_BEFORE, _AFTER = 24, 16


def query_error(error: SyntaxError | ValueError, text: str) -> QueryError:
    """Return what an engine raised about a SPARQL text as an error of ours, with the place in the text."""
    message = str(error.args[0]) if error.args and isinstance(error, SyntaxError) else str(error)
    place = _PLACE.match(message)
    return QueryError(complaint(message, text), place=(int(place[1]), int(place[2])) if place else None)


def complaint(message: str, text: str) -> str:
    """Return what is wrong with a SPARQL text in one short line.

    >>> complaint("error at 2:5: expected one of Prefix not found, ['%']", "ASK {\\n ex:a ?p ?o }")
    'not understood: the prefix ex: of ex:a is not declared: add PREFIX ex: <…>'
    >>> complaint("error at 1:29: expected one of HAVING, ['0'..='9']", "SELECT * { ?s ?p ?o } LIMIT ?x")
    "not understood at line 1, near '* { ?s ?p ?o } LIMIT ?x'"
    """
    if not text.strip():
        return "not understood: the text is empty"
    said = _PARSER.search(message)
    if said is None:
        return f"not understood: {message}"
    if undeclared := _undeclared_name(text):
        prefix = undeclared.partition(":")[0]
        return f"not understood: the prefix {prefix}: of {undeclared} is not declared: add PREFIX {prefix}: <…>"
    reason = _SENTENCE.search(said[3])
    why = f": {reason[0]}" if reason and reason[0] != "Prefix not found" else ""
    return f"not understood at line {said[1]}{_near(text, int(said[1]), int(said[2]))}{why}"


def _undeclared_name(text: str) -> str | None:
    """Return the first name whose prefix is not declared, cut to a length that can be read."""
    declared: set[str] = set()
    before = ""
    for kind, token in tokens_of(text):
        if kind == "name":
            prefix = token.partition(":")[0]
            if before.upper() == "PREFIX":
                declared.add(prefix)
            # What follows a lone "<" may be an IRI that is written wrong.
            elif prefix not in declared and before != "<":
                return token if len(token) <= 60 else token[:59] + "…"
        before = token
    return None


def _near(text: str, line: int, column: int) -> str:
    lines = text.split("\n")
    if not 0 < line <= len(lines):
        return ""
    before, after = lines[line - 1][: column - 1], lines[line - 1][column - 1 :]
    if line == 1:
        before = _DECLARATIONS.sub("", before, count=1)
    if len(before) > _BEFORE:
        before = re.sub(r"^\S*\s+", "", before[-_BEFORE:])
    if len(after) > _AFTER:
        after = re.sub(r"\s+\S*$", "", after[:_AFTER])
    words = (before + after).strip()
    return f", near '{words}'" if words else ""
