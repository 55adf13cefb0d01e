"""The application: pages become routes, errors become answers."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import QueryParams
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from filmgraph.errors import DataError, FilmgraphError, WorkerError
from filmgraph.namespaces import kind_of
from filmgraph.stores import LocalStore
from filmgraph.web import (
    assets,
    browse,
    description,
    discover,
    documents,
    feeds,
    maps,
    questions,
    resources,
    search,
    uploads,
)
from filmgraph.web.answers import respond
from filmgraph.web.downloads import Downloads
from filmgraph.web.kinds import FORMS_OF_KIND
from filmgraph.web.negotiation import FORMS, RDF_FORMS, best_form, form_of_ending
from filmgraph.web.problems import answer_error
from filmgraph.web.protocol import METHODS
from filmgraph.web.security import Security
from filmgraph.web.settings import Settings
from filmgraph.web.site import Ask, MovedError, Page, Site
from filmgraph.web.sparql import Endpoint

if TYPE_CHECKING:
    from starlette.types import ASGIApp

    from filmgraph.graph import FilmGraph

__all__ = ["MOST_FIELDS", "bodies_of", "create_app", "pages", "warm_up"]

_log = logging.getLogger(__name__)

MOST_FIELDS = 256
"""The most parameters in the address of a page."""
_LONGEST_LINK = 1_000


def pages() -> list[Page]:
    """Return all pages that are made from the graph."""
    own = (browse, search, discover, maps, questions, documents, description, resources)
    return [page for module in own for page in module.pages()]


def create_app(graph: FilmGraph, settings: Settings | None = None) -> Starlette:
    """Return an ASGI application that shows a graph: pages, data and the SPARQL endpoint.

    The graph stays the caller's to close. Nothing is read before the application starts; what was read then is kept, so
    the graph must not be changed while it is shown, but by the updates that a ``writable`` endpoint takes.

    >>> import filmgraph
    >>> with filmgraph.open() as graph:
    ...     app = create_app(graph)
    >>> isinstance(app, Starlette)
    True
    """
    site = Site(graph, settings)
    endpoint, downloads = Endpoint(site), Downloads(site)
    site.downloads = downloads

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        await run_in_threadpool(warm_up, site)
        try:
            yield
        finally:
            await run_in_threadpool(endpoint.close)
            await run_in_threadpool(downloads.close)

    routes: list[BaseRoute] = [route for page in pages() for route in _routes_of(page)]
    routes += uploads.routes()
    routes += feeds.routes(site, pages)
    routes += endpoint.routes()
    routes += downloads.routes()
    routes += assets.routes(site)
    routes.append(Route("/{path:path}/", _without_slash, methods=list(METHODS)))
    handlers = {Exception: _on_error, HTTPException: _on_error, FilmgraphError: _on_error, MovedError: _on_error}
    app = _Guarded(routes=routes, lifespan=lifespan, exception_handlers=handlers)
    app.state.site = site
    # Starlette would send what is not found to the same path with a slash, and the route above back again, for ever.
    app.router.redirect_slashes = False
    return app


class _Guarded(Starlette):
    """An application behind :class:`~filmgraph.web.security.Security`, outermost, so that errors are guarded too."""

    def build_middleware_stack(self) -> ASGIApp:
        settings: Settings = self.state.site.settings
        return Security(
            super().build_middleware_stack(),
            hosts=settings.hosts,
            bodies=bodies_of(settings),
            same_origin_only=settings.writable,
        )


def bodies_of(settings: Settings) -> dict[str, int]:
    """Return the longest body of each path that has a bound of its own, in bytes."""
    return {"/recommend": 4 * 1024**2, "/sparql": (16 if settings.writable else 1) * 1024**2}


def warm_up(site: Site) -> None:
    """Make what the first visitors would wait for; what is there already costs nothing.

    Where no worker process can be started (Windows has no fork) the pages are shown all the same, and who asks a query
    hears why there is no answer. Raises what the store does.
    """
    site.templates.get_template("base.html")
    site.graph.prepare()
    site.graph.search_index.search("a")
    site.graph.search_index.search("what nobody is called")
    if isinstance(site.graph.store, LocalStore):
        site.graph.stats()
    if site.sandbox is not None:
        try:
            site.sandbox()
        except WorkerError as error:
            _log.warning("No query is answered here: %s", error)


def _routes_of(page: Page) -> list[BaseRoute]:
    """Return the routes of a page: its path, and its path with the ending of each form."""
    endings = [FORMS[form].ending for form in page.forms if FORMS[form].ending]
    # Those with an ending come first: the plain path would take the ending for a part of the slug.
    routes: list[BaseRoute] = [
        Route(f"{page.path}.{ending}", _endpoint(page, ending), methods=["GET"]) for ending in endings
    ]
    return [*routes, Route(page.path, _endpoint(page, None), methods=["GET"])]


def _endpoint(page: Page, ending: str | None) -> Callable[[Request], object]:
    async def endpoint(request: Request) -> Response:
        site: Site = request.app.state.site
        form = form_of_ending(ending) if ending else best_form(request.headers.get("accept"), page.forms)
        if form is None:
            had = ", ".join(FORMS[each].media_type for each in page.forms)
            raise HTTPException(406, f"This page can be had as {had}.", headers={"Vary": "Accept"})
        path = str(request.scope["path"]).removeprefix(request.scope.get("root_path", ""))
        path = path.removesuffix(f".{ending}") if ending else path
        client = request.client.host if request.client else ""
        ask = Ask(dict(request.path_params), _read(page, request), form, site.origin(request), path, client)
        try:
            return await run_in_threadpool(_answered, request, page, ask, is_negotiated=ending is None)
        except MovedError as moved:
            return _moved(request, moved, form if ending else None)
        except DataError as error:
            if form not in RDF_FORMS:
                raise
            # The graph holds what this form cannot carry: a control character is none of XML's.
            raise HTTPException(406, str(error), headers={"Vary": "Accept"}) from error

    return endpoint


def _read(page: Page, request: Request) -> QueryParams:
    """Return of the query what a page reads: what it does not know makes no other page of it."""
    given = request.query_params.multi_items()
    if len(given) > MOST_FIELDS:
        raise HTTPException(400, f"The address has more than {MOST_FIELDS} parameters.")
    if page.reads is None:
        return request.query_params
    return QueryParams([(name, value) for name, value in given if name in page.reads])


def _answered(request: Request, page: Page, ask: Ask, *, is_negotiated: bool) -> Response:
    """Return the response with a page: making, compressing and linking it are no work for the thread of all."""
    site: Site = request.app.state.site
    return respond(request, site.answer(page, ask), _headers(site, page, ask, is_negotiated=is_negotiated))


def _headers(site: Site, page: Page, ask: Ask, *, is_negotiated: bool) -> dict[str, str]:
    """Return the headers of a page: where its other forms are and, of one that was chosen by Accept, where it is."""
    headers = {"Access-Control-Allow-Origin": "*"}
    alternates = dict(site.alternates(page, ask))
    if max(map(len, alternates.values()), default=0) > _LONGEST_LINK:
        alternates = {}  # Proxies take heads of some thousand bytes.
    if alternates:
        headers["Link"] = ", ".join(
            f'<{link}>; rel="alternate"; type="{FORMS[other].media_type}"' for other, link in alternates.items()
        )
    if is_negotiated:
        headers["Vary"] = "Accept"
        if ask.form in alternates:
            headers["Content-Location"] = alternates[ask.form]
    return headers


def _moved(request: Request, moved: MovedError, form: str | None) -> Response:
    """Return the redirect to where a page is now, in the form and with the query that were asked for."""
    site: Site = request.app.state.site
    location = moved.path
    if form and form in FORMS_OF_KIND.get(kind_of(moved.iri) or "", ()):
        location = site.links.data(moved.iri, FORMS[form].ending) or location
    query = request.scope.get("query_string", b"").decode("latin-1")
    if query and moved.with_query and "?" not in location:
        location = f"{location}?{query}"
    headers = {"Access-Control-Allow-Origin": "*", "Cache-Control": "public, max-age=300"}
    return RedirectResponse(location, moved.status, headers=headers)


async def _without_slash(request: Request) -> Response:
    """Lead to the page without a slash at its end: by path, which no header of the request can bend elsewhere."""
    site: Site = request.app.state.site
    query = request.scope.get("query_string", b"").decode("latin-1")
    location = site.links.href("/" + request.path_params["path"])
    return RedirectResponse(f"{location}?{query}" if query else location, 307)


def _on_error(request: Request, error: Exception) -> Response:
    return answer_error(request.app.state.site, request, error)
