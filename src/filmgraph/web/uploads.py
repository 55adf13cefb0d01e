"""A file of Letterboxd's that somebody uploads: read, answered, forgotten. It never touches a disk."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from filmgraph.errors import DataError
from filmgraph.letterboxd import LARGEST_EXPORT, Listed, TitleIndex, read_letterboxd
from filmgraph.recommend import METHODS
from filmgraph.web.answers import respond
from filmgraph.web.discover import Taste, recommendation_view
from filmgraph.web.negotiation import best_form
from filmgraph.web.picks import picks_of
from filmgraph.web.site import Ask, Page, Site, View

if TYPE_CHECKING:
    from filmgraph.letterboxd import Watched

__all__ = ["Upload", "routes"]

_LONGEST_NAME = 80
_MOST_FIELDS = 8
_LONGEST_FIELD = 1_000
_NO_FILE = "Choose a file: ratings.csv or watched.csv, from the archive that Letterboxd exports."


@dataclass(frozen=True)
class Upload:
    """What was read in a file: its name, its films, those of them that the graph knows, and those it does not.

    ``is_rated`` says whether it holds ratings; without them films are liked only where ``likes_all``.
    """

    name: str
    films: int
    matched: int
    liked: int
    disliked: int
    is_rated: bool
    likes_all: bool
    unmatched: tuple[Listed, ...]

    @classmethod
    def of(cls, name: str, watched: Watched, *, likes_all: bool) -> Upload:
        """Return what a page tells of a file."""
        return cls(
            name=name,
            films=watched.rows,
            matched=len(watched.matched),
            liked=len(watched.liked),
            disliked=len(watched.disliked),
            is_rated=watched.rated,
            likes_all=likes_all,
            unmatched=watched.unmatched,
        )


def routes() -> list[BaseRoute]:
    """Return the route that takes an upload."""
    return [Route("/recommend", _recommend, methods=["POST"])]


async def _recommend(request: Request) -> Response:
    site: Site = request.app.state.site
    form = best_form(request.headers.get("accept"), ("html", "json"))
    if form is None:
        raise HTTPException(406, "This page can be had as text/html, application/json.", headers={"Vary": "Accept"})
    ask = Ask(form=form, origin=site.origin(request), path="/recommend")
    fields = await _fields(request)
    try:
        file = fields.get("file")
        given = isinstance(file, UploadFile) and bool(file.filename)
        name = _file_name(file.filename) if isinstance(file, UploadFile) else ""
        content = await file.read(LARGEST_EXPORT + 1) if isinstance(file, UploadFile) else b""
        method = str(fields.get("method") or METHODS[0])
        likes_all = str(fields.get("liked_all") or "") == "1"
    finally:
        await fields.close()
    if method not in METHODS:
        raise HTTPException(400, f"The methods are {', '.join(METHODS)}.")

    def answered() -> Response:
        view = _view(site, ask, content if given else None, name, method, likes_all)
        answer = site.html(None, ask, view) if form == "html" else site.shown(_PAGE, ask, view)
        return respond(request, answer, {"Vary": "Accept", "Cache-Control": "no-store"})

    return await run_in_threadpool(answered)


_PAGE = Page("/recommend", lambda site, ask: View("recommend.html", ""), ("html", "json"))


async def _fields(request: Request) -> FormData:
    """Return the fields of a form with a file, all of it in memory."""
    content_type = request.headers.get("content-type", "")
    if content_type.partition(";")[0].strip().lower() != "multipart/form-data":
        raise HTTPException(415, "Send the file as multipart/form-data, in the field “file”.")
    parser = MultiPartParser(
        request.headers, request.stream(), max_files=1, max_fields=_MOST_FIELDS, max_part_size=_LONGEST_FIELD
    )
    # What is larger would be written to a temporary file; the body is bounded before it comes here.
    parser.spool_max_size = 2 * LARGEST_EXPORT
    try:
        return await parser.parse()
    except (MultiPartException, KeyError, ValueError) as error:
        message = getattr(error, "message", "") or "It is no form as a browser sends it."
        raise HTTPException(400, f"This upload cannot be read: {message}") from error


def _file_name(name: str | None) -> str:
    """Return the last part of a file's name, as it may be shown."""
    last = (name or "").replace("\\", "/").rsplit("/", 1)[-1]
    return "".join(character for character in last if character.isprintable())[:_LONGEST_NAME]


def _view(site: Site, ask: Ask, content: bytes | None, name: str, method: str, likes_all: bool) -> View:
    """Return the page that answers an upload; a file that cannot be read is told of on the page."""
    taste = Taste(method=method)
    if content is None:
        if ask.form != "html":
            raise DataError(_NO_FILE)
        return recommendation_view(site, taste, error=_NO_FILE)
    try:
        watched = read_letterboxd(content, TitleIndex.of_store(site.graph.store), name=name, likes_all=likes_all)
    except DataError as error:
        if ask.form != "html":
            raise
        return recommendation_view(site, taste, error=str(error))
    taste = Taste(
        tuple(picks_of(site, watched.liked)), tuple(picks_of(site, watched.disliked)), watched.seen, method=method
    )
    return recommendation_view(site, taste, upload=Upload.of(name, watched, likes_all=likes_all))
