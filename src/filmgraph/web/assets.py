"""The static files: style sheets, scripts and pictures, compressed once and kept.

Which files there are is looked up once. What is asked for is looked up among their names and never made into a path, so
that no request can name a file outside.
"""

from __future__ import annotations

import mimetypes
from pathlib import Path
from typing import TYPE_CHECKING

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from filmgraph.web.answers import Answer, respond
from filmgraph.web.site import HERE

if TYPE_CHECKING:
    from filmgraph.web.site import Site

__all__ = ["files", "routes"]

_FOR_EVER = "public, max-age=31536000, immutable"
_TEXT = {".css": "text/css", ".js": "text/javascript", ".mjs": "text/javascript", ".txt": "text/plain"}


def files(folder: Path = HERE / "static") -> dict[str, Path]:
    """Return name to file of all static files."""
    found = sorted(file for file in folder.rglob("*") if file.is_file() and not file.name.startswith("."))
    return {file.relative_to(folder).as_posix(): file for file in found}


def routes(site: Site) -> list[BaseRoute]:
    """Return the route of the static files."""
    known = files()
    kept: dict[str, Answer] = {}

    async def static(request: Request) -> Response:
        name = request.path_params["name"]
        if name not in known:
            raise HTTPException(404, "There is no such file.")
        answer = kept.get(name)
        if answer is None:
            answer = kept[name] = await run_in_threadpool(_read, known[name])
        # The links on pages name the file's content, so that it can be kept by browsers until it changes.
        is_named = request.query_params.get("v", "") == site.asset(name).rpartition("?v=")[2]
        return respond(request, answer, {"Cache-Control": _FOR_EVER} if is_named else None)

    return [Route("/static/{name:path}", static, methods=["GET"])]


def _read(file: Path) -> Answer:
    text = _TEXT.get(file.suffix)
    media_type = f"{text}; charset=utf-8" if text else mimetypes.guess_type(file.name)[0] or "application/octet-stream"
    answer = Answer(file.read_bytes(), media_type)
    _ = answer.gzipped
    return answer
