"""Errors as people and programs want them: a page, or problem details (RFC 9457)."""

from __future__ import annotations

import json
import logging
import re
from http import HTTPStatus
from typing import TYPE_CHECKING

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from filmgraph import errors
from filmgraph.web.answers import respond
from filmgraph.web.site import Ask, MovedError, View

if TYPE_CHECKING:
    from filmgraph.web.site import Site

__all__ = ["PROBLEM_TYPE", "answer_error", "headers_of", "problem", "status_of", "told_of", "wants_page"]

PROBLEM_TYPE = "application/problem+json"

_STATUS: tuple[tuple[type[Exception], int], ...] = (
    (errors.OversizeQueryError, 400),
    (errors.UnclearQueryError, 400),
    (errors.RefusedQueryError, 403),
    (errors.QueryError, 400),
    (errors.AmbiguousNameError, 404),
    (errors.NotFoundError, 404),
    (errors.DataError, 400),
    (errors.EndpointTimeoutError, 504),
    (errors.RemoteError, 502),
    (errors.ResultTooLargeError, 422),
    (errors.BoundError, 503),
    (errors.StoreError, 503),
    (errors.FilmgraphError, 400),
)
"""Error to HTTP status, the more special first."""

_RETRY_SECONDS = "5"
_QUOTED = re.compile(r"""(?<!\w)(['"])([^'"]+)\1(?!\w)""")

_log = logging.getLogger(__name__)


def status_of(error: Exception) -> int:
    """Return the HTTP status that tells of an error."""
    if isinstance(error, HTTPException):
        return error.status_code
    if isinstance(error, errors.BusyError) and error.by_client:
        return 429
    return next((status for kind, status in _STATUS if isinstance(error, kind)), 500)


def headers_of(error: Exception) -> dict[str, str]:
    """Return the headers that the answer of an error has besides: when to ask again, and those it brings."""
    headers = {"Retry-After": _RETRY_SECONDS} if isinstance(error, errors.BusyError) else {}
    return headers | dict(getattr(error, "headers", None) or {})


def problem(status: int, detail: str, *, kind: str = "about:blank", title: str = "", **more: object) -> Response:
    """Return problem details: what went wrong, for programs."""
    body = {"type": kind, "title": title or HTTPStatus(status).phrase, "status": status, "detail": detail, **more}
    return Response(
        json.dumps(body, ensure_ascii=False).encode(errors="replace"),
        status_code=status,
        media_type=PROBLEM_TYPE,
        headers={"Cache-Control": "no-store", "Access-Control-Allow-Origin": "*"},
    )


def told_of(error: Exception, path: str) -> str:
    """Return what a visitor is told of an error; folders and addresses of the operator's, and surprises, are logged."""
    if isinstance(error, errors.StoreError):
        _log.warning("the store failed at %r: %s", path[:200], error)
        slow = isinstance(error, errors.EndpointTimeoutError)
        return f"The store behind this site {'took too long' if slow else 'cannot be read just now'}: try again later."
    if not isinstance(error, errors.FilmgraphError | HTTPException):
        _log.error("unforeseen error at %r", path[:200], exc_info=error)
        return "Something went wrong here that should not have; it is in the log."
    return str(error.detail if isinstance(error, HTTPException) else error)


def answer_error(site: Site, request: Request, error: Exception) -> Response:
    """Return the response that tells of an error: a page for a browser, problem details for a program."""
    if isinstance(error, MovedError):
        return RedirectResponse(error.path, error.status)
    status = status_of(error)
    detail = told_of(error, request.url.path)
    headers = headers_of(error)
    if not wants_page(request):
        place = {name: getattr(error, name, None) for name in ("line", "column")}
        response = problem(status, detail, **{name: value for name, value in place.items() if value is not None})
        response.headers.update(headers)
        return response
    suggestions = tuple(getattr(error, "suggestions", ()))
    # The page lists what may have been meant, so the sentence need not.
    detail = detail.partition(" Did you mean ")[0] if suggestions else detail
    view = View(
        "error.html",
        HTTPStatus(status).phrase.capitalize(),
        {
            "status": status,
            "detail": _QUOTED.sub(r"“\2”", detail),
            "suggestions": suggestions,
            "beside": _beside(str(request.scope["path"]).removeprefix(request.scope.get("root_path", ""))),
        },
        status=status,
    )
    answer = site.html(None, Ask(path=request.url.path), view)
    return respond(request, answer, {"Cache-Control": "no-store", **headers})


def _beside(path: str) -> str:
    """Return the path that a neighbour's slug goes after, without a slash before it; "" where a path has one part."""
    parent, _, slug = path.strip("/").rpartition("/")
    return f"{parent}/" if parent and slug else ""


def wants_page(request: Request) -> bool:
    """Whether an error is to be told on a page: a browser asks."""
    accept = request.headers.get("accept", "")
    return "text/html" in accept or "application/xhtml+xml" in accept
