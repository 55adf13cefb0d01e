"""The SPARQL endpoint: ``/sparql``, for programs and for people.

A query passes the guard (:func:`filmgraph.queries.check_query`), gets the project's prefixes, and runs in a worker
process that can be killed (:mod:`filmgraph.sandbox`), never here. What comes out is whole or an error:

====== ================================================================================================
status meaning
====== ================================================================================================
400    the request is none of the protocol, or the query is not understood, too long, too deep or too wide
403    the query reaches out of the store, or an update was sent to an endpoint that only reads
405    a method other than GET, HEAD, POST and OPTIONS
406    the answer cannot be had in the form that is wanted
413    the body is too long
415    the body is neither a form nor SPARQL, or not in UTF-8
422    the answer is larger than goes out: the query was understood, and asking again would not help; less would
429    this client has too many queries running and waiting
503    the query found no end in time or took too much memory, or too many others are running
====== ================================================================================================

With ``Accept: text/html`` the endpoint is a page: the editor, and below it the answer as a table.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar
from urllib.parse import urlencode

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from filmgraph import queries
from filmgraph.errors import BusyError, DataError, FilmgraphError, QueryError, RefusedQueryError, StoreError
from filmgraph.export import serialize
from filmgraph.namespaces import BASE, PREFIXES
from filmgraph.sandbox import SOLUTION_FORMS, TRIPLE_FORMS, Bounds, Job, Question, Sandbox
from filmgraph.stores import DiskStore
from filmgraph.web.answers import Answer, respond
from filmgraph.web.description import service_triples
from filmgraph.web.negotiation import FORMS
from filmgraph.web.problems import answer_error, headers_of, status_of, told_of, wants_page
from filmgraph.web.protocol import METHODS, Operation, read_operation, result_form, with_dataset
from filmgraph.web.results import Table, table_of
from filmgraph.web.site import Ask, View

if TYPE_CHECKING:
    from filmgraph.sandbox import Answer as Result
    from filmgraph.web.site import Site

__all__ = ["PATH", "Endpoint"]

PATH = "/sparql"

_LONGEST_LINK = 8_000
_EXAMPLE = """SELECT ?film ?title ?explanation WHERE {
  ?use fg:technique technique:off-screen-space ;
       fg:film ?film ;
       fg:explanation ?explanation .
  ?film schema:name ?title .
}
ORDER BY ?title"""
_CORS = {"Access-Control-Allow-Origin": "*"}
_PREFLIGHT = {
    **_CORS,
    "Access-Control-Allow-Methods": ", ".join(METHODS),
    "Access-Control-Allow-Headers": "Accept, Content-Type",
    "Access-Control-Max-Age": "86400",
    "Allow": ", ".join(METHODS),
}

_Asked = ParamSpec("_Asked")
_Returned = TypeVar("_Returned")


class Endpoint:
    """The endpoint of a site, with the worker processes in which its queries run."""

    def __init__(self, site: Site) -> None:
        self.site = site
        store = site.graph.store
        if site.settings.writable and (not isinstance(store, DiskStore) or store.writable):
            raise StoreError(f"{store.name}: updates need a disk store, which is opened here for reading only")
        self.bounds = Bounds(seconds=site.settings.query_seconds)
        self._sandbox: Sandbox | None = None
        self._starting, self._changing = Lock(), Lock()
        # Threads of their own: who waits for a query takes none from the pages. The guard reads one text at a time.
        self._waiting = ThreadPoolExecutor(self.bounds.at_once + self.bounds.waiting, "filmgraph-query")
        self._guarding = ThreadPoolExecutor(1, "filmgraph-guard")
        self._at_hand: Counter[str] = Counter()
        site.sandbox = lambda: self.sandbox

    def routes(self) -> list[BaseRoute]:
        """Return the routes of the endpoint."""
        return [Route(PATH, _Handler(self.answer))]

    @property
    def sandbox(self) -> Sandbox:
        """The worker processes, started when they are first needed."""
        with self._starting:
            if self._sandbox is None:
                store = self.site.graph.store
                if self.site.settings.writable:
                    made = Sandbox.of_folder(store.name, writable=True, bounds=self.bounds, shown=self._shown)
                else:
                    made = Sandbox(store, bounds=self.bounds)
                self._sandbox = made.start()
            return self._sandbox

    def _shown(self) -> Path:
        """Return where the store lies that the pages show, which queries are to see, too."""
        store = self.site.graph.store
        assert isinstance(store, DiskStore)
        return store.opened

    def close(self) -> None:
        """End the worker processes."""
        with self._starting:
            if self._sandbox is not None:
                self._sandbox.close()
                self._sandbox = None
        self._guarding.shutdown(wait=False, cancel_futures=True)
        self._waiting.shutdown(wait=False, cancel_futures=True)

    async def answer(self, request: Request) -> Response:
        """Answer a request: a query, an update, or a description of the service."""
        if request.method == "OPTIONS":
            return Response(status_code=204, headers=_PREFLIGHT)
        operation = Operation("query")
        try:
            body = await request.body() if request.method == "POST" else b""
            query_string = request.scope.get("query_string", b"")
            operation = read_operation(request.method, query_string, request.headers.get("content-type"), body)
            if operation.kind == "update":
                return await self._update(request, operation)
            if operation.kind == "query":
                return await self._query(request, operation)
            return await self._describe(request, operation)
        except (FilmgraphError, HTTPException) as error:
            if operation.kind == "query" and (operation.format == "html" or wants_page(request)):
                return await run_in_threadpool(self._page, request, operation, error=error)
            response = await run_in_threadpool(answer_error, self.site, request, error)
            response.headers.update({**_CORS, "Vary": "Accept"})
            return response

    async def _query(self, request: Request, operation: Operation) -> Response:
        client = request.client.host if request.client else ""
        with self._share(client):
            # Reading a long text takes a while: not in the thread that answers all.
            form, text = await _in(self._guarding, self._guarded, operation.text)
            # Of what is no query the engine says best what is wrong with it.
            wanted = result_form(form, request.headers.get("accept"), operation.format) if form else "json"
            question = Question(
                text,
                default_graphs=operation.default_graphs,
                named_graphs=operation.named_graphs,
                solutions=wanted if wanted in SOLUTION_FORMS else "tsv" if form == "SELECT" else "json",
                triples=wanted if wanted in TRIPLE_FORMS else "ntriples",
                base=self._address(request),
            )
            try:
                answer = await self._run(request, question, client)
            except QueryError as error:
                if error.line == 1 and error.column is not None:
                    error.column = max(1, error.column - (len(text) - len(operation.text)))
                raise
            except DataError as error:
                raise HTTPException(406, str(error)) from error
            if not form:
                raise QueryError("is no SELECT, ASK, CONSTRUCT or DESCRIBE query")
            # Still a part of the client's share: an answer is as large in the hand as it was on the way.
            return await run_in_threadpool(self._answered, request, operation, answer, form, wanted)

    def _answered(self, request: Request, operation: Operation, answer: Result, form: str, wanted: str) -> Response:
        if wanted == "html":
            return self._page(request, operation, table=table_of(answer), form=form)
        headers = {**_CORS, "Vary": "Accept", "Cache-Control": self._cache_control(request)}
        return respond(request, Answer(answer.body, answer.media_type), headers)

    @contextmanager
    def _share(self, client: str) -> Iterator[None]:
        """Count a query among those of a client; raises BusyError where there are too many, running or not."""
        if client and self._at_hand[client] >= self.bounds.at_once_by_client + self.bounds.waiting_by_client:
            raise BusyError("You have too many queries running and waiting here: wait for one to end.", by_client=True)
        if self._at_hand.total() >= 2 * (self.bounds.at_once + self.bounds.waiting):
            raise BusyError("Too many queries are waiting here: try again soon.", by_client=False)
        self._at_hand[client] += 1
        try:
            yield
        finally:
            self._at_hand[client] -= 1
            if not self._at_hand[client]:
                del self._at_hand[client]

    def _guarded(self, text: str) -> tuple[str, str]:
        """Return the form of a query, and the query with the prefixes that it uses; raises where it may not run."""
        has_graph = self.site.graph.store.has_graph
        try:
            if len(text) > queries.Limits().length:
                queries.check_query(text)
            full = queries.with_prefixes(text)
            queries.check_query(full, has_graph=has_graph)
        except RefusedQueryError as error:
            raise _for_the_web(error) from error
        return queries.query_form(text), full

    async def _run(self, request: Request, question: Question, client: str) -> Result:
        """Return the answer to a question; it is called off when whoever asked hangs up."""
        job = await _in(self._guarding, self._ask, question, client)
        watch = asyncio.ensure_future(_called_off(request, job))
        try:
            return await _in(self._waiting, job.result)
        finally:
            job.kill()
            watch.cancel()
            with suppress(asyncio.CancelledError):
                await watch

    def _ask(self, question: Question, client: str) -> Job:
        return self.sandbox.ask(question, client=client)

    async def _update(self, request: Request, operation: Operation) -> Response:
        if not self.site.settings.writable:
            raise HTTPException(403, "This endpoint only reads: no update is taken.")
        await run_in_threadpool(self._change, operation, self._address(request))
        return Response(status_code=204, headers={**_CORS, "Cache-Control": "no-store"})

    def _change(self, operation: Operation, base: str) -> None:
        text = queries.with_prefixes(operation.text)
        queries.check_update(text)
        text = with_dataset(text, operation.default_graphs, operation.named_graphs)
        with self._changing:  # The store cannot be opened anew while another update is being written.
            try:
                self.sandbox.update(text, base=base)
            finally:
                self.site.renew()

    async def _describe(self, request: Request, operation: Operation) -> Response:
        wanted = result_form("", request.headers.get("accept"), operation.format)
        headers = {**_CORS, "Vary": "Accept"}
        if wanted == "html":
            return await run_in_threadpool(self._page, request, operation)
        key = (PATH, self.site.generation, wanted, self._address(request))
        answer = self.site.kept.get(key)
        if answer is None:
            answer = await run_in_threadpool(self._description, wanted, self.site.origin(request))
            self.site.kept.put(key, answer)
        return respond(request, answer, headers)

    def _description(self, form: str, origin: str) -> Answer:
        text = serialize(service_triples(self.site, origin), form, workspace=self.site.graph.workspace)
        return Answer(text.encode(), FORMS[form].content_type)

    def _page(
        self,
        request: Request,
        operation: Operation,
        *,
        table: Table | None = None,
        form: str = "",
        error: FilmgraphError | HTTPException | None = None,
    ) -> Response:
        """Return the editor, with the answer or what is wrong below it."""
        example = request.query_params.get("example", "")
        text = operation.text or (self.site.graph.library[example].text if example else _EXAMPLE)
        values = {
            "text": text,
            "table": table,
            "error": told_of(error, PATH) if error else "",
            "line": getattr(error, "line", None),
            "column": getattr(error, "column", None),
            "downloads": self._downloads(operation, form) if table else (),
            "asked": (*_dataset_fields(operation),),
            "examples": tuple(query for query in self.site.graph.library if not query.network),
            "prefixes": PREFIXES,
            "base": BASE,
        }
        status = status_of(error) if error else 200
        view = View("sparql.html", "SPARQL", values, summary="Ask the graph in SPARQL.", status=status)
        answer = self.site.html(
            None, Ask(query=request.query_params, origin=self.site.origin(request), path=PATH), view
        )
        headers = {"Vary": "Accept", "Cache-Control": "no-store" if error else self._cache_control(request)}
        return respond(request, answer, {**headers, **(headers_of(error) if error else {})})

    def _downloads(self, operation: Operation, form: str) -> tuple[tuple[str, str, str], ...]:
        """Return name, label and link of each form of an answer; no link where it would be too long for an address."""
        names = ("json", "xml") if form == "ASK" else SOLUTION_FORMS if form == "SELECT" else TRIPLE_FORMS
        pairs = [("query", operation.text), *_dataset_fields(operation)]
        links = {name: f"{self.site.links.href(PATH)}?{urlencode([*pairs, ('format', name)])}" for name in names}
        return tuple((name, _LABELS[name], link if len(link) < _LONGEST_LINK else "") for name, link in links.items())

    def _address(self, request: Request) -> str:
        return self.site.origin(request) + PATH

    def _cache_control(self, request: Request) -> str:
        if request.method == "POST":
            return "no-store"
        return "no-cache" if self.site.settings.writable else "public, max-age=60"


_LABELS: Mapping[str, str] = {
    "json": "JSON",
    "xml": "XML",
    "csv": "CSV",
    "tsv": "TSV",
    "turtle": "Turtle",
    "ntriples": "N-Triples",
    "rdfxml": "RDF/XML",
    "jsonld": "JSON-LD",
}


class _Handler:
    """An ASGI application of a function: a route of it takes every method, so that the protocol answers for each."""

    def __init__(self, answer: Callable[[Request], Any]) -> None:
        self._answer = answer

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        response = await self._answer(Request(scope, receive))
        await response(scope, receive, send)


async def _in(
    threads: ThreadPoolExecutor, call: Callable[_Asked, _Returned], *asked: _Asked.args, **named: _Asked.kwargs
) -> _Returned:
    return await asyncio.get_running_loop().run_in_executor(threads, lambda: call(*asked, **named))


async def _called_off(request: Request, job: Job) -> None:
    """Kill a job when the client is gone."""
    while (await request.receive())["type"] != "http.disconnect":
        pass
    job.kill()


def _for_the_web(error: RefusedQueryError) -> RefusedQueryError:
    """Return the guard's refusal without its advice for the command line."""
    told = str(error).partition(": allow it with --allow-service")[0]
    return type(error)(told, place=(error.line, error.column) if error.line and error.column else None)


def _dataset_fields(operation: Operation) -> list[tuple[str, str]]:
    """Return the dataset that came with a query as the fields of a form."""
    return [
        *(("default-graph-uri", graph) for graph in operation.default_graphs),
        *(("named-graph-uri", graph) for graph in operation.named_graphs),
    ]
