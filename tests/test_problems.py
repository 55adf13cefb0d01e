"""What visitors are told of errors: all that helps them, and nothing of the operator's machine."""

from __future__ import annotations

import logging
from collections.abc import Callable

import pytest
from starlette.exceptions import HTTPException
from starlette.testclient import TestClient

from filmgraph.errors import EndpointDownError, EndpointTimeoutError, NotFoundError, QueryError, StoreError
from filmgraph.graph import FilmGraph
from filmgraph.stores import MemoryStore
from filmgraph.web import create_app
from filmgraph.web.problems import status_of, told_of

SECRET = "http://10.0.0.7:7878/query"


def failing(error: Exception) -> Callable[..., object]:
    """Return a method that fails."""

    def fail(*_asked: object, **_named: object) -> object:
        raise error

    return fail


@pytest.mark.parametrize("accept", ["text/html", "application/json"])
@pytest.mark.parametrize(
    ("error", "status"),
    [
        (StoreError(f"/srv/films/store: cannot be opened ({SECRET})"), 503),
        (EndpointDownError(f"{SECRET}: nothing answers there", url=SECRET), 502),
        (EndpointTimeoutError(f"{SECRET}: no answer within 30 s", url=SECRET), 504),
        (RuntimeError(SECRET), 500),
    ],
)
def test_where_the_store_lies_is_logged_and_not_told(
    bundled: MemoryStore,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    error: Exception,
    status: int,
    accept: str,
) -> None:
    graph = FilmGraph(bundled)
    client = TestClient(create_app(graph), raise_server_exceptions=False)
    monkeypatch.setattr(graph, "film", failing(error))
    with caplog.at_level(logging.WARNING):
        answer = client.get("/film/her-2013", headers={"Accept": accept})
    assert answer.status_code == status
    assert "10.0.0.7" not in answer.text
    assert "/srv" not in answer.text
    assert "10.0.0.7" in caplog.text


def test_what_helps_is_told() -> None:
    error = NotFoundError("There is no film 'hre-2013'.", suggestions=("her-2013 (Her)",))
    assert told_of(error, "/film/hre-2013") == str(error)
    assert told_of(HTTPException(413, "too long"), "/") == "too long"
    assert told_of(QueryError("expects a brace"), "/sparql") == "expects a brace"
    assert [status_of(each) for each in (error, HTTPException(413), QueryError("x"))] == [404, 413, 400]
