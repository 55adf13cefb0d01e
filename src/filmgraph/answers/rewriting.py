"""Changes to the text of a library query: a part is replaced by values, an aggregate by a variable."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from filmgraph.queries import placed_tokens_of
from filmgraph.rows import is_iri

__all__ = ["counted", "inserted", "label_lines", "values_of", "with_numbers", "without"]

Row = Sequence[str | int]


def values_of(names: Sequence[str], rows: Iterable[Row]) -> str:
    """Return rows of IRIs and numbers as VALUES; a row with a text that is no IRI is left out.

    >>> values_of(["technique", "films"], [("urn:a", 3), ("a text", 1)])
    'VALUES (?technique ?films) { (<urn:a> 3) }'
    """
    written = (_row(row) for row in rows)
    variables = " ".join(f"?{name}" for name in names)
    return f"VALUES ({variables}) {{ {' '.join(row for row in written if row)} }}"


def _row(row: Row) -> str:
    terms = [f"<{each}>" if isinstance(each, str) else str(each) for each in row]
    return f"({' '.join(terms)})" if all(is_iri(each) for each in row if isinstance(each, str)) else ""


def inserted(text: str, values: str, before: str) -> str:
    """Return a text with values in front of its first occurrence of a pattern."""
    place = text.index(before)
    return f"{text[:place]}{values} {text[place:]}"


def with_numbers(text: str, *values: str) -> str:
    """Return a text whose sub-queries, from the first on, are replaced by values."""
    for each in values:
        start, end = next(_groups(text, after="{", first="SELECT"))
        text = text[:start] + each + text[end:]
    return text


def without(text: str, word: str, start: str) -> str:
    """Return a text without the OPTIONAL or MINUS, as ``word`` says, whose content starts with a pattern."""
    for begin, end in _groups(text, after=word):
        if text[begin + 1 : end].strip().startswith(start):
            return text[: text.rindex(word, 0, begin)] + text[end:]
    raise ValueError(f"there is no {word} {{ {start}")


def label_lines(text: str) -> str:
    """Return the lines of a text that read labels."""
    return "\n".join(line for line in text.splitlines() if "skos:prefLabel" in line)


def counted(text: str, aggregates: Mapping[str, str], where: str | None = None, *, adding: str = "") -> str:
    """Return a grouped query as one without groups: its aggregates are variables that ``where`` binds.

    Without ``where`` its own pattern stays, with ``adding`` in front of it.
    """
    begin, end = next(_groups(text, after="WHERE"))
    select, head = text.index("SELECT") + len("SELECT"), text.rindex("WHERE", 0, begin)
    columns = text[select:head]
    for aggregate, variable in aggregates.items():
        columns = columns.replace(aggregate, f"?{variable}")
    body = f"{adding} {text[begin + 1 : end - 1]}" if where is None else where
    order = text.index("ORDER BY", end)
    return f"{text[:select]} DISTINCT{columns}WHERE {{ {body} }}\n{text[order:]}"


def _groups(text: str, *, after: str, first: str = "") -> Iterator[tuple[int, int]]:
    """Yield where groups start and end: those after a word or sign, or those whose first word is given."""
    tokens: list[Any] = [(token[1].upper(), place) for token, place in placed_tokens_of(text)]
    for at, (word, place) in enumerate(tokens):
        is_start = word == "{" and (tokens[at + 1][0] == first if first else tokens[at - 1][0] == after)
        if is_start:
            depth = 0
            for other, end in tokens[at:]:
                depth += (other == "{") - (other == "}")
                if depth == 0:
                    yield place, end + 1
                    break
