"""A store behind a SPARQL 1.1 endpoint, through SPARQLWrapper.

An endpoint is not trusted: its answer must come within a total deadline, in at most a given number of bytes, with
the content type that was asked for, from the address that was given: no redirect is followed, since it could lead to
any machine, and would turn an update into a question that succeeds. SPARQLWrapper's own timeout holds for each read
alone, so the request runs in a thread that the caller waits for no longer than the deadline.
"""

from __future__ import annotations

import os
import re
import threading
import time
from contextlib import suppress
from copy import copy
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from types import TracebackType
from typing import Any, Self
from urllib.parse import urljoin, urlsplit

import pyoxigraph as ox

from filmgraph.errors import (
    DataError,
    EndpointAnswerError,
    EndpointDownError,
    EndpointStatusError,
    EndpointTimeoutError,
    QueryError,
    ReadOnlyStoreError,
    RemoteError,
    StoreError,
)
from filmgraph.readers import check_depth, read_rdf
from filmgraph.rows import Rows

__all__ = ["RemoteStore"]

_CHUNK = 64 * 1024
_RESULTS_TYPES = ("application/sparql-results+json", "application/json")
_GRAPH_TYPES = ("text/turtle", "application/x-turtle", "application/n-triples")
_MOVED = (301, 302, 303, 307, 308)
_UNSAFE_IN_IRI = re.compile(r'[\x00-\x20<>"{}|^`\\]')


@dataclass
class _Job:
    """One request and, when it is done, its outcome."""

    url: str
    is_update: bool
    body: bytes = b""
    content_type: str = ""
    status: int = 0
    retry_after: str | None = None
    location: str | None = None
    error: Exception | None = None
    detail: str = ""


class RemoteStore:
    """A SPARQL endpoint.

    ``deadline`` is the longest that one call may take in all, in seconds, retries included; ``largest_answer``
    caps its bytes. An answer of 429 or 503 is tried again up to ``retries`` times, when its ``Retry-After``
    (or, without one, a pause that doubles) fits into the deadline. Changes need ``update_url``.

    Raises the :class:`~filmgraph.errors.RemoteError` family.
    """

    def __init__(
        self,
        url: str,
        *,
        update_url: str | None = None,
        deadline: float = 30.0,
        largest_answer: int = 64 * 1024**2,
        retries: int = 3,
    ) -> None:
        for address in (url,) if update_url is None else (url, update_url):
            try:
                parts = urlsplit(address)
                usable = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
            except ValueError:
                usable = False
            if not usable:
                raise StoreError(f"{address}: an endpoint's address starts with http:// or https:// and a host")
        self.name = url
        self.writable = update_url is not None
        self.deadline = deadline
        self.largest_answer = largest_answer
        self.retries = retries
        self._update_url = update_url

    def within(self, seconds: float) -> RemoteStore:
        """Return the same endpoint with a deadline of so many seconds, if that is less than its own."""
        hurried = copy(self)
        hurried.deadline = min(self.deadline, max(seconds, 0.001))
        return hurried

    def select(self, query: str) -> Rows:
        """Run a SELECT query."""
        answer = self._results(query)
        if not isinstance(answer, Rows):
            raise QueryError("is no SELECT query")
        return answer

    def ask(self, query: str) -> bool:
        """Run an ASK query."""
        answer = self._results(query)
        if not isinstance(answer, bool):
            raise QueryError("is no ASK query")
        return answer

    def construct(self, query: str) -> list[ox.Triple]:
        """Run a CONSTRUCT or DESCRIBE query."""
        job = self._request(query, "turtle", _GRAPH_TYPES)
        try:
            check_depth(job.body, ox.RdfFormat.TURTLE, "")
            return [quad.triple for quad in ox.parse(job.body, format=ox.RdfFormat.TURTLE, base_iri=self.name)]
        except (DataError, SyntaxError, ValueError, MemoryError) as error:
            raise EndpointAnswerError(f"the answer is no Turtle: {error}", url=self.name) from error

    def describe(self, resource: str) -> list[ox.Triple]:
        """Return the triples whose subject is a resource, given by its IRI."""
        if ":" not in resource or _UNSAFE_IN_IRI.search(resource):
            raise QueryError(f"{resource[:80]!r} is no absolute IRI")
        return self.construct(f"CONSTRUCT {{ <{resource}> ?p ?o }} WHERE {{ <{resource}> ?p ?o }}")

    def has_graph(self, graph: str) -> bool:
        """Whether the store holds a named graph of this IRI."""
        return not _UNSAFE_IN_IRI.search(graph) and self.ask(f"ASK {{ GRAPH <{graph}> {{ ?s ?p ?o }} }}")

    def update(self, update: str) -> None:
        """Run a SPARQL update in one request."""
        if self._update_url is None:
            raise ReadOnlyStoreError(f"{self.name}: opened without an address for updates, so for reading only")
        self._request(update, "json", None)

    def load(self, file: str | os.PathLike[str]) -> int:
        """Load an RDF file in one update request; return how many triples are new.

        All of its statements go into the default graph: the names of graphs are dropped.
        """
        if self._update_url is None:
            raise ReadOnlyStoreError(f"{self.name}: opened without an address for updates, so for reading only")
        triples = {str(quad.triple) for quad in read_rdf(file).quads()}
        if not triples:
            return 0
        before = self._size()
        self.update("INSERT DATA {\n" + "".join(f"{triple} .\n" for triple in sorted(triples)) + "}")
        return self._size() - before

    def close(self) -> None:
        """Do nothing: no connection outlives its call."""

    def __len__(self) -> int:
        return self._size()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _size(self) -> int:
        rows = self.select("SELECT (COUNT(*) AS ?n) WHERE { { ?s ?p ?o } UNION { GRAPH ?g { ?s ?p ?o } } }")
        return int(str(next(iter(rows))[0]))

    def _results(self, query: str) -> Rows | bool:
        answer = _parsed(self._request(query, "json", _RESULTS_TYPES).body)
        if isinstance(answer, str):
            raise EndpointAnswerError(f"the answer is no SPARQL result: {answer}", url=self.name)
        return answer

    def _request(self, text: str, form: str, accepted: tuple[str, ...] | None) -> _Job:
        """Send a query or update, again where the endpoint asks for it, and return an accepted answer."""
        end = time.monotonic() + self.deadline
        for attempt in range(self.retries + 1):
            job = self._attempt(text, form, end, is_update=accepted is None)
            pause = _pause(job, attempt)
            if pause is None:
                break
            if attempt == self.retries or time.monotonic() + pause >= end:
                raise EndpointStatusError(
                    f"is busy (HTTP {job.status}) and asks to wait {pause:.0f} s: try again later",
                    url=job.url,
                    status=job.status,
                )
            time.sleep(pause)
        self._check(job, accepted, text)
        return job

    def _attempt(self, text: str, form: str, end: float, *, is_update: bool) -> _Job:
        job = _Job(self._update_url if is_update and self._update_url else self.name, is_update)
        remaining = max(end - time.monotonic(), 0.001)
        thread = threading.Thread(target=self._send, args=(job, text, form, end), daemon=True, name="filmgraph-remote")
        thread.start()
        thread.join(remaining)
        if thread.is_alive() or (isinstance(job.error, TimeoutError)):
            raise EndpointTimeoutError(f"no whole answer within {self.deadline:.3g} s", url=job.url)
        return job

    def _send(self, job: _Job, text: str, form: str, end: float) -> None:
        from urllib.error import HTTPError

        from SPARQLWrapper import CONSTRUCT, INSERT, JSON, POST, POSTDIRECTLY, SELECT, TURTLE, SPARQLWrapper

        wrapper = SPARQLWrapper(self.name, updateEndpoint=self._update_url, agent="filmgraph")
        wrapper.setOnlyConneg(True)
        wrapper.setReturnFormat(TURTLE if form == "turtle" else JSON)
        wrapper.setMethod(POST)
        if job.is_update:
            wrapper.setRequestMethod(POSTDIRECTLY)
        wrapper.setTimeout(max(1, round(end - time.monotonic() + 0.5)))
        wrapper.queryString = text
        wrapper.queryType = INSERT if job.is_update else CONSTRUCT if form == "turtle" else SELECT
        try:
            # SPARQLWrapper.query() would read an error's body without bound, and follow redirects.
            request = wrapper._createRequest()
            with _opener().open(request, timeout=wrapper.timeout) as response:
                self._read(job, response, end)
        except HTTPError as error:
            with error:
                job.status = error.code
                job.retry_after = error.headers.get("Retry-After")
                job.location = error.headers.get("Location")
                job.detail = " ".join(error.read(500).decode("utf-8", "replace").split())[:200]
        except Exception as error:
            reason = getattr(error, "reason", None)
            job.error = reason if isinstance(reason, Exception) else error

    def _read(self, job: _Job, response: Any, end: float) -> None:
        job.status = response.status
        job.content_type = response.headers.get_content_type()
        chunks: list[bytes] = []
        size = 0
        while chunk := response.read1(_CHUNK):
            size += len(chunk)
            if size > self.largest_answer:
                job.error = EndpointAnswerError(
                    f"the answer is larger than {self.largest_answer:,} bytes: ask for less", url=self.name
                )
                return
            if time.monotonic() > end:
                job.error = TimeoutError()
                return
            chunks.append(chunk)
        job.body = b"".join(chunks)

    def _check(self, job: _Job, accepted: tuple[str, ...] | None, text: str) -> None:
        if isinstance(job.error, RemoteError):
            raise job.error
        if job.error is not None:
            raise EndpointDownError(f"does not answer: {job.error or type(job.error).__name__}", url=job.url)
        if job.status == 400:
            raise QueryError(_not_understood(job, text))
        if job.status in _MOVED and job.location:
            raise EndpointStatusError(_moved(job.url, job.location), url=job.url, status=job.status)
        if not 200 <= job.status < 300:
            detail = f": {job.detail}" if job.detail else ""
            if job.status in (404, 405):
                kind = "update" if job.is_update else "query"
                detail = f": is this the address of its {kind} service (oxigraph: …/{kind}, Fuseki: …/DATASET/{kind})?"
            raise EndpointStatusError(f"answered HTTP {job.status}{detail}", url=job.url, status=job.status)
        if accepted is not None and job.content_type not in accepted:
            raise EndpointAnswerError(
                f"answered {job.content_type}, not {accepted[0]}: is this the address of a SPARQL endpoint?",
                url=job.url,
            )


def _parsed(body: bytes) -> Rows | bool | str:
    """Return a SPARQL result as rows or a boolean, or what is wrong with it.

    Nothing is raised here: an error would keep the parser alive in its frames until some thread drops it, and the
    parser may only be dropped by its own.
    """
    try:
        check_depth(body, ox.RdfFormat.JSON_LD, "")
        answer = ox.parse_query_results(body, ox.QueryResultsFormat.JSON)
        if isinstance(answer, ox.QueryBoolean):
            return bool(answer)
        columns = tuple(variable.value for variable in answer.variables)
        return Rows(columns, [tuple(solution) for solution in answer])
    except (DataError, SyntaxError, ValueError) as error:
        return str(error)


def _moved(url: str, location: str) -> str:
    """Return what to do about a redirect, whose address may be relative, hostile or no address at all."""
    try:
        address = urljoin(url, location)
        is_web = urlsplit(address).scheme in ("http", "https")
    except ValueError:
        address, is_web = location, False
    return f"moved to {address[:200]}: " + ("give that address" if is_web else "that is no address of an endpoint")


def _not_understood(job: _Job, text: str) -> str:
    from filmgraph.stores.complaints import complaint

    told = complaint(job.detail, text)
    return told.replace("not understood", f"not understood by {job.url}", 1)


def _opener() -> Any:
    """Return an opener that speaks HTTP and nothing else, and follows no redirect."""
    from urllib import request

    opener = request.OpenerDirector()
    for handler in (
        request.ProxyHandler,
        request.HTTPHandler,
        request.HTTPSHandler,
        request.HTTPDefaultErrorHandler,
        request.HTTPErrorProcessor,
        request.UnknownHandler,
    ):
        opener.add_handler(handler())
    return opener


def _pause(job: _Job, attempt: int) -> float | None:
    """Return how long to wait before another attempt, in seconds; None where another attempt is pointless."""
    if job.status not in (429, 503):
        return None
    if job.retry_after:
        if re.fullmatch(r"[0-9]+", job.retry_after.strip()):
            return float(job.retry_after)
        with suppress(ValueError, TypeError, OverflowError):
            return max(parsedate_to_datetime(job.retry_after).timestamp() - time.time(), 0.0)
    return 0.5 * 2.0**attempt
