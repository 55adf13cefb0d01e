"""One tree of errors, drawn in full, and each message one line that a terminal can be trusted with."""

from __future__ import annotations

import inspect
import re

import pytest

from filmgraph import errors
from filmgraph.errors import (
    AmbiguousNameError,
    DataError,
    EndpointStatusError,
    EndpointTimeoutError,
    FilmgraphError,
    NotFoundError,
    QueryError,
    StoreError,
)

CLASSES = {
    name: kind for name, kind in inspect.getmembers(errors, inspect.isclass) if kind.__module__ == errors.__name__
}


def drawn() -> dict[str, str]:
    """Return each class that the docstring draws with the class that it hangs from."""
    parents: dict[str, str] = {}
    open_classes: list[tuple[int, str]] = []
    for line in (errors.__doc__ or "").splitlines():
        found = re.search(r"[A-Z]\w*Error\b", line)
        if found is None or not re.match(r"    (?:[│ ]{4})*(?:[├└]── )?[A-Z]\w*Error\b", line):
            continue
        while open_classes and open_classes[-1][0] >= found.start():
            open_classes.pop()
        parents[found.group()] = open_classes[-1][1] if open_classes else ""
        open_classes.append((found.start(), found.group()))
    return parents


def test_all_is_complete_and_sorted() -> None:
    assert errors.__all__ == sorted(CLASSES)


def test_the_docstring_draws_the_tree_as_it_is() -> None:
    assert drawn() == {name: "" if kind is FilmgraphError else kind.__base__.__name__ for name, kind in CLASSES.items()}


@pytest.mark.parametrize("name", errors.__all__)
def test_each_descends_from_the_root_and_says_what_it_is(name: str) -> None:
    kind = getattr(errors, name)
    assert issubclass(kind, FilmgraphError)
    assert inspect.getdoc(kind).endswith(".")
    assert inspect.getdoc(kind) != inspect.getdoc(kind.__base__)


NASTY = "one\ntwo\r\n\tthree\u2028four\x1b[31m\x00\x9b\u202e\udcff  five"


@pytest.mark.parametrize(
    "error",
    [
        FilmgraphError(NASTY),
        DataError(NASTY, file=NASTY, line=3, column=4),
        DataError.of_parser(SyntaxError(NASTY), NASTY),
        DataError.of_parser(ValueError(), "her.ttl"),
        QueryError(NASTY, query=NASTY, parameter=NASTY),
        NotFoundError(NASTY, suggestions=[NASTY, NASTY]),
        EndpointStatusError(NASTY, url=NASTY, status=500),
        EndpointTimeoutError(NASTY, url=NASTY),
    ],
)
def test_a_message_is_one_harmless_line(error: FilmgraphError) -> None:
    message = str(error)
    assert message == " ".join(message.split())
    assert message.isprintable()
    message.encode()


def test_places_and_hints() -> None:
    assert str(DataError("is empty", file="her.ttl", line=3, column=4)) == "her.ttl:3:4: is empty"
    assert str(DataError("is empty", file="her.ttl")) == "her.ttl: is empty"
    assert str(DataError("is empty")) == "is empty"
    assert str(QueryError("fails", query="credits", parameter="film")) == "query credits, parameter film: fails"
    assert str(QueryError("fails", parameter="film")) == "parameter film: fails"
    assert str(NotFoundError("No.", suggestions=["a", "b"])) == "No. Did you mean a, b?"
    assert str(NotFoundError("No.")) == "No."


def test_what_they_carry() -> None:
    data = DataError("x", file="her.ttl", line=3, column=4)
    assert (data.file, data.line, data.column) == ("her.ttl", 3, 4)
    assert AmbiguousNameError("x", suggestions=["a"]).suggestions == ("a",)
    status = EndpointStatusError("x", url="http://127.0.0.1/", status=503)
    assert (status.url, status.status) == ("http://127.0.0.1/", 503)
    with pytest.raises(StoreError):
        raise status


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("No scheme found in an absolute IRI", "relative IRI"),
        ("Parser error at line 3 between columns 1 and 2: oops", "a.ttl:3:5: oops"),
        ("The LoadDocumentCallback must be set", "put the context inline"),
        ("Reached the buffer maximal size of 16777216", "larger than 16 MiB"),
    ],
)
def test_a_parser_s_words_become_ours(message: str, expected: str) -> None:
    complaint = SyntaxError(message, ("<string>", 3, 5, None, 3, 6))
    assert expected in str(DataError.of_parser(complaint, "a.ttl"))
