"""A store behind a SPARQL 1.1 endpoint, through SPARQLWrapper.

What the endpoint speaks otherwise than the standard has it stands in :mod:`filmgraph.stores.dialects`; how one request
is kept in bounds, in :mod:`filmgraph.stores.exchange`.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from copy import copy
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, cast
from urllib.parse import parse_qsl, urlsplit, urlunsplit

import pyoxigraph as ox

from filmgraph.errors import (
    EndpointAnswerError,
    EndpointStatusError,
    EndpointTimeoutError,
    QueryError,
    ReadOnlyStoreError,
    RemoteError,
    StoreError,
)
from filmgraph.readers import read_rdf
from filmgraph.rows import Rows
from filmgraph.stores.answers import Depth, Edges, InnerTriples, Replaced, RowStream, triples_in
from filmgraph.stores.batches import packed, sent_all
from filmgraph.stores.dialects import STANDARD, Asked, Dialect, dialect_of
from filmgraph.stores.exchange import Exchange, exchange, moved_to
from filmgraph.stores.logins import LOGIN, LOGIN_FILE, Login
from filmgraph.stores.templates import constructed

if TYPE_CHECKING:
    from urllib.request import Request

__all__ = ["RemoteStore"]

_RESULTS_TYPES = ("application/sparql-results+json", "application/json")
_XML_TYPES = ("application/sparql-results+xml",)
_GRAPH_TYPES = ("text/turtle", "application/x-turtle", "application/turtle", "application/n-triples")
_UNSAFE_IN_IRI = re.compile(r'[\x00-\x20<>"{}|^`\\]')
_LONGEST_PROBE = 4096


class _Engine:
    """What is known of the engine behind an endpoint, shared by all copies of a store."""

    dialect: Dialect | None = None


class RemoteStore:
    """A SPARQL endpoint.

    ``deadline`` is the longest that one call may take in all, in seconds, retries included; ``largest_answer`` caps
    the bytes of an answer that is held in memory. An answer of 429 or 503 is tried again up to ``retries`` times,
    when its ``Retry-After`` (or, without one, a pause that doubles) fits into the deadline. Changes need
    ``update_url``; files are loaded through ``graph_store_url`` where that is given. A graph is named in the address,
    as the protocol has it: ``…?default-graph-uri=IRI``. Name and password are told in the environment
    (:mod:`filmgraph.stores.logins`), or as ``login``.

    Raises the :class:`~filmgraph.errors.RemoteError` family.
    """

    def __init__(
        self,
        url: str,
        *,
        update_url: str | None = None,
        graph_store_url: str | None = None,
        deadline: float = 30.0,
        largest_answer: int = 64 * 1024**2,
        retries: int = 3,
        login: Login | None = None,
    ) -> None:
        for address in (given for given in (url, update_url, graph_store_url) if given is not None):
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
        self._graph_store_url = graph_store_url
        self._login = login or Login.of_environment(*filter(None, (url, update_url, graph_store_url)))
        self._engine = _Engine()

    @property
    def dialect(self) -> Dialect:
        """How the engine behind the endpoint speaks, asked once."""
        if self._engine.dialect is None:
            self._engine.dialect = self._probed(time.monotonic() + self.deadline)
        return self._engine.dialect or STANDARD

    @property
    def graph(self) -> str | None:
        """The graph that requests name, where they name one."""
        _, parameters = _parted(self.name)
        return self.dialect.graph_of(dict(parameters).get("default-graph-uri"))

    def within(self, seconds: float) -> RemoteStore:
        """Return the same endpoint with a deadline of so many seconds, if that is less than its own."""
        hurried = copy(self)
        hurried.deadline = min(self.deadline, max(seconds, 0.001))
        return hurried

    def select(self, query: str, *, most: int | None = None) -> Rows:
        """Run a SELECT query; read no more than ``most`` rows, where that is given."""
        with self.stream(query, largest=self.largest_answer) as rows:
            terms = []
            for row in rows if most is None or most > 0 else ():
                terms.append(row)
                if len(terms) == most:
                    break
            return Rows(rows.columns, terms)

    @contextmanager
    def stream(self, query: str, *, largest: int | None = None) -> Iterator[RowStream]:
        """Run a SELECT query and give its rows as they come; to leave early is to hang up.

        The deadline holds for all of them together. That the answer was cut short by the endpoint is raised at its
        end, where it is read to its end.
        """
        with self._answers(query, largest) as (_, rows):
            if rows.truth is not None:
                raise QueryError("is no SELECT query")
            yield rows

    def ask(self, query: str) -> bool:
        """Run an ASK query."""
        with self._answers(query, self.largest_answer) as (_, rows):
            if rows.truth is None:
                raise QueryError("is no ASK query")
            return rows.truth

    def construct(self, query: str) -> list[ox.Triple]:
        """Run a CONSTRUCT or DESCRIBE query."""
        return list(dict.fromkeys(self.triples(query, largest=self.largest_answer)))

    def triples(self, query: str, *, largest: int | None = None) -> Iterator[ox.Triple]:
        """Run a CONSTRUCT or DESCRIBE query and yield its triples as they come, one perhaps more than once."""
        end = time.monotonic() + self.deadline
        asked = self.dialect.asked(query, seconds=self.deadline)
        if asked.template is not None:
            with self._answers(query, largest, asked=asked) as (_, rows):
                yield from constructed(asked.template, rows)
            return
        sent = self._sent(asked, "turtle", end, largest, watch=InnerTriples(self.name))
        with sent:
            self._check(sent, query, accepted=_GRAPH_TYPES)
            if reason := self.dialect.partial(sent.header, asked, 0):
                raise EndpointAnswerError(reason, url=self.name)
            form = ox.RdfFormat.N_TRIPLES if sent.content_type == _GRAPH_TYPES[-1] else ox.RdfFormat.TURTLE
            yield from triples_in(sent, form)

    def everything(self) -> Iterator[ox.Triple]:
        """Yield all triples as they come.

        Rows are asked for: there are engines that put a whole graph together before they send the first of it. Those
        that do so with rows, too, are asked for one predicate after the other, each within the deadline.
        """
        if not self.dialect.holds_back:
            with self.stream("SELECT ?s ?p ?o WHERE { ?s ?p ?o }") as rows:
                for subject, predicate, value in rows:
                    yield ox.Triple(cast(Any, subject), cast(Any, predicate), cast(Any, value))
            return
        for (predicate,) in self.select("SELECT DISTINCT ?p WHERE { ?s ?p ?o }").terms:
            # In XML: an engine that holds answers back, Virtuoso, takes four times as long to write JSON.
            query = f"SELECT ?s ?o WHERE {{ ?s {predicate} ?o }}"
            with self._answers(query, None, form="xml") as (_, rows):
                for subject, value in rows:
                    yield ox.Triple(cast(Any, subject), cast(Any, predicate), cast(Any, value))

    def describe(self, resource: str) -> list[ox.Triple]:
        """Return the triples whose subject is a resource, given by its IRI."""
        if ":" not in resource or _UNSAFE_IN_IRI.search(resource):
            raise QueryError(f"{resource[:80]!r} is no absolute IRI")
        return self.construct(f"CONSTRUCT {{ <{resource}> ?p ?o }} WHERE {{ <{resource}> ?p ?o }}")

    def has_graph(self, graph: str) -> bool:
        """Whether the store holds a named graph of this IRI."""
        return not _UNSAFE_IN_IRI.search(graph) and self.ask(f"ASK {{ GRAPH <{graph}> {{ ?s ?p ?o }} }}")

    def update(self, update: str) -> None:
        """Run a SPARQL update in one request; it is never sent again where it may have been done."""
        if self._update_url is None:
            raise ReadOnlyStoreError(f"{self.name}: opened without an address for updates, so for reading only")
        dialect = self.dialect
        text = dialect.changed(update)
        sent = exchange(
            lambda: self._request(text, "update", ()),
            url=self._update_url,
            deadline=self.deadline,
            retries=self.retries,
            is_change=True,
            most=self.largest_answer,
            login=self._login,
        )
        with sent:
            self._check(sent, update, is_update=True)
            while sent.read(1 << 16):
                pass  # An engine may find out late that it cannot do it, and hang up.

    def load(self, file: str | os.PathLike[str]) -> int:
        """Load an RDF file by the Graph Store Protocol, else by SPARQL updates; return how many triples are new.

        A file of up to some thousand triples is one request, all of it or none; a larger one is several, and
        :class:`~filmgraph.errors.PartialLoadError` says what is in where one fails. All of its statements go into the
        one graph that is asked: the names of graphs are dropped.
        """
        if self._graph_store_url is None and self._update_url is None:
            raise ReadOnlyStoreError(f"{self.name}: opened without an address for updates, so for reading only")
        dialect = self.dialect
        each, size, send = dialect.most_triples, dialect.largest_update, self._insert
        if self._graph_store_url is not None:
            from filmgraph.stores.graph_store import BYTES_EACH, TRIPLES_EACH, GraphStore

            service = GraphStore(
                self._graph_store_url,
                graph=self.graph,
                login=self._login,
                deadline=self.deadline,
                retries=self.retries,
            )
            each, size, send = TRIPLES_EACH, BYTES_EACH, service.merge
        triples = (quad.triple for quad in read_rdf(file).quads())
        before = len(self)
        sent_all(packed(triples, triples_each=each, size=size), send, file=file, url=self.name)
        return len(self) - before

    def _insert(self, lines: list[str]) -> None:
        self.update(self.dialect.insertion(lines))

    def close(self) -> None:
        """Do nothing: no connection outlives its call."""

    def __len__(self) -> int:
        rows = self.select(self.dialect.size)
        return int(str(next(iter(rows))[0]))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @contextmanager
    def _answers(
        self, query: str, largest: int | None, *, asked: Asked | None = None, form: str = "json"
    ) -> Iterator[tuple[Asked, RowStream]]:
        """Ask a SELECT or ASK query, and give what comes while it comes."""
        end = time.monotonic() + self.deadline
        dialect = self.dialect
        asked = asked or dialect.asked(query, seconds=end - time.monotonic())
        is_xml = form == "xml"
        old, new = dialect.bare_blank_in_xml if is_xml else dialect.bare_blank
        first, then = Edges() if is_xml else Depth(self.name), Replaced(old, new) if old else None
        sent = self._sent(
            asked,
            form,
            end,
            largest,
            watch=first if then is None else lambda piece: then(first(piece), is_last=not piece),
        )
        with sent:
            self._check(sent, query, accepted=_XML_TYPES if is_xml else _RESULTS_TYPES)
            rows = RowStream(
                sent,
                mend=asked.mend,
                whole=lambda read: self._check_whole(sent, asked, read),
                form=ox.QueryResultsFormat.XML if is_xml else ox.QueryResultsFormat.JSON,
            )
            try:
                yield asked, rows
            finally:
                rows.close()

    def _check_whole(self, sent: Exchange, asked: Asked, read: int) -> None:
        """Raise an error where the endpoint says that its answer, of so many rows, is a part only."""
        reason = self.dialect.partial(sent.header, asked, read)
        if reason is not None:
            raise EndpointAnswerError(reason, url=self.name)

    def _sent(
        self, asked: Asked, form: str, end: float, largest: int | None, watch: Callable[[bytes], bytes] | None
    ) -> Exchange:
        return exchange(
            lambda: self._request(asked.text, form, asked.parameters),
            url=self.name,
            deadline=max(end - time.monotonic(), 0.001),
            retries=self.retries,
            is_change=False,
            most=largest,
            login=self._login,
            watch=watch,
        )

    def _probed(self, end: float) -> Dialect | None:
        """Return the dialect of whatever answers; None where nothing does, so that it is asked again next time."""
        sent = Exchange(
            lambda: self._request("ASK {}", "json", ()),
            end=end,
            deadline=self.deadline,
            most=_LONGEST_PROBE,
            login=self._login,
        )
        with sent:
            if sent.headers is None:
                return None
            body = b""
            try:
                body = sent.read() if 200 <= sent.status < 300 else b""
            except EndpointTimeoutError:
                raise
            except RemoteError:
                pass  # The query itself will tell what is wrong here.
            return dialect_of(sent.header("Server") or "", body)

    def _request(self, text: str, form: str, parameters: Iterable[tuple[str, str]]) -> Request:
        """Return a query, whose answer is to be "json", "xml" or "turtle", or an "update" as a request."""
        from SPARQLWrapper import CONSTRUCT, INSERT, JSON, POST, POSTDIRECTLY, SELECT, TURTLE, XML, SPARQLWrapper

        url, own = _parted(self.name)
        update_url, of_updates = _parted(self._update_url or self.name)
        wrapper = SPARQLWrapper(url, updateEndpoint=update_url, agent="filmgraph")
        wrapper.setOnlyConneg(True)
        wrapper.setReturnFormat({"turtle": TURTLE, "xml": XML}.get(form, JSON))
        wrapper.setMethod(POST)
        if form == "update":
            wrapper.setRequestMethod(POSTDIRECTLY)
        wrapper.queryString = text
        wrapper.queryType = INSERT if form == "update" else CONSTRUCT if form == "turtle" else SELECT
        named = dict(of_updates if form == "update" else own)
        if self._engine.dialect is not None and (graph := self.graph):
            named.setdefault("default-graph-uri", graph)
        for name, value in (*named.items(), *parameters):
            wrapper.addParameter(name, value)
        # SPARQLWrapper.query() would read an error's body without bound, and follow redirects.
        request: Request = wrapper._createRequest()
        return request

    def _check(
        self, sent: Exchange, text: str, *, accepted: tuple[str, ...] | None = None, is_update: bool = False
    ) -> None:
        url = self._update_url if is_update and self._update_url else self.name
        if sent.status == 400:
            raise QueryError(_not_understood(url, sent.detail, text))
        if moved := moved_to(sent):
            raise EndpointStatusError(moved, url=url, status=sent.status)
        if not 200 <= sent.status < 300:
            detail = f": {sent.detail}" if sent.detail else ""
            if sent.status in (404, 405):
                kind = "update" if is_update else "query"
                detail = f": is this the address of its {kind} service (oxigraph: …/{kind}, Fuseki: …/DATASET/{kind})?"
            if sent.status == 401:
                detail = f": it asks who you are: set {LOGIN} or {LOGIN_FILE}"
                detail = detail if self._login is None else ": it does not take this login"
            raise EndpointStatusError(f"answered HTTP {sent.status}{detail}", url=url, status=sent.status)
        if accepted is not None and sent.content_type not in accepted:
            raise EndpointAnswerError(
                f"answered {sent.content_type}, not {accepted[0]}: is this the address of a SPARQL endpoint?", url=url
            )


def _parted(url: str) -> tuple[str, list[tuple[str, str]]]:
    """Return an address without its query string, and the parameters in that."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(query="", fragment="")), parse_qsl(parts.query, keep_blank_values=True)


def _not_understood(url: str, detail: str, text: str) -> str:
    from filmgraph.stores.complaints import complaint

    return complaint(detail, text).replace("not understood", f"not understood by {url}", 1)
