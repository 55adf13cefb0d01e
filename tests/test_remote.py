"""The remote store before endpoints that are down, slow, lying or hostile: one typed error, in time."""

from __future__ import annotations

import gzip
import socket
import time
from collections.abc import Callable
from email.utils import formatdate
from pathlib import Path

import pytest
from servers import ANSWER, RESULTS_TYPE, Endpoint, Exchange

from filmgraph.errors import (
    EndpointAnswerError,
    EndpointDownError,
    EndpointStatusError,
    EndpointTimeoutError,
    FilmgraphError,
    QueryError,
    ReadOnlyStoreError,
    RemoteError,
    StoreError,
)
from filmgraph.rows import Rows
from filmgraph.stores import RemoteStore

SELECT = "SELECT ?n WHERE { ?s ?p ?n }"
GENEROUS = 10.0
"""How much longer than its deadline a call may take on a busy machine, in seconds."""

Play = Callable[[Exchange], None]


def failure(play: Play, kind: type[FilmgraphError], *, deadline: float = 20.0, **options: int) -> FilmgraphError:
    """Ask an endpoint that plays, and return the error that comes out."""
    with Endpoint(play) as endpoint:
        store = RemoteStore(endpoint.url, deadline=deadline, **options)
        started = time.monotonic()
        with pytest.raises(kind) as caught:
            store.select(SELECT)
        assert time.monotonic() - started < deadline + GENEROUS
        assert type(caught.value) is kind
        message = str(caught.value)
        assert message == " ".join(message.split())
        assert message.isprintable()
        assert len(message) < 500
        if isinstance(caught.value, RemoteError):
            assert caught.value.url == endpoint.url
            assert message.startswith(endpoint.url)
        return caught.value


def answer(play: Play, *, deadline: float = 20.0) -> Rows:
    with Endpoint(play) as endpoint:
        return RemoteStore(endpoint.url, deadline=deadline).select(SELECT)


def in_turn(*plays: Play) -> Play:
    """Return a player that plays one after the other, the last one again and again."""
    left = list(plays)
    return lambda exchange: (left.pop(0) if len(left) > 1 else left[0])(exchange)


def busy(status: int, **headers: str) -> Play:
    return lambda exchange: exchange.reply(b"busy", status=status, content_type="text/plain", **headers)


@pytest.mark.parametrize(
    "content_type",
    [
        RESULTS_TYPE,
        "application/sparql-results+json; charset=utf-8",
        "application/SPARQL-Results+JSON;charset=UTF-8",
        "application/json",
    ],
)
def test_a_good_answer_is_read(content_type: str) -> None:
    assert list(answer(lambda exchange: exchange.reply(content_type=content_type))) == [("1",)]


def test_the_query_goes_out_as_it_stands() -> None:
    with Endpoint(lambda exchange: exchange.reply()) as endpoint:
        RemoteStore(endpoint.url).select("SELECT ?n { ?s ?p 'é&=+#' }")
        assert b"%C3%A9%26%3D%2B%23" in endpoint.bodies[-1]


@pytest.mark.parametrize(
    "content_type",
    ["text/html; charset=utf-8", "text/plain", "application/sparql-results+xml", "text/turtle", "image/png", "x"],
)
def test_another_content_type_is_no_answer(content_type: str) -> None:
    error = failure(
        lambda exchange: exchange.reply(b"<html>\n<b>hello</b>", content_type=content_type), EndpointAnswerError
    )
    assert "is this the address of a SPARQL endpoint?" in str(error)
    assert (content_type.partition(";")[0] if "/" in content_type else "text/plain") in str(error)


def test_an_answer_without_content_type_is_no_answer() -> None:
    failure(lambda exchange: exchange.reply(content_type=None), EndpointAnswerError)


def test_an_endless_answer_is_cut_at_the_cap() -> None:
    def endless(exchange: Exchange) -> None:
        exchange.begin()
        while not exchange.server.ended.is_set():
            exchange.wfile.write(b" " * 65536)

    assert "larger than 1,000,000 bytes" in str(failure(endless, EndpointAnswerError, largest_answer=1_000_000))


def test_an_answer_of_just_the_cap_is_read() -> None:
    with Endpoint(lambda exchange: exchange.reply()) as endpoint:
        assert len(RemoteStore(endpoint.url, largest_answer=len(ANSWER)).select(SELECT)) == 1
        with pytest.raises(EndpointAnswerError):
            RemoteStore(endpoint.url, largest_answer=len(ANSWER) - 1).select(SELECT)


def test_a_trickle_ends_with_the_deadline() -> None:
    def trickle(exchange: Exchange) -> None:
        exchange.begin()
        for byte in ANSWER * 100:
            exchange.wfile.write(bytes([byte]))
            if exchange.server.ended.wait(0.2):
                return

    assert "within 1 s" in str(failure(trickle, EndpointTimeoutError, deadline=1.0))


def test_a_trickle_of_headers_ends_with_the_deadline() -> None:
    def trickle(exchange: Exchange) -> None:
        exchange.wfile.write(b"HTTP/1.1 200 OK\r\n")
        while not exchange.server.ended.wait(0.2):
            exchange.wfile.write(b"X")

    failure(trickle, EndpointTimeoutError, deadline=1.0)


def test_silence_ends_with_the_deadline() -> None:
    failure(lambda exchange: exchange.server.ended.wait(60) and None, EndpointTimeoutError, deadline=0.5)


def test_nobody_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/query"
    with pytest.raises(EndpointDownError, match="does not answer") as caught:
        RemoteStore(url, deadline=20).ask("ASK {}")
    assert "\n" not in str(caught.value)


def test_a_connection_that_is_hung_up() -> None:
    failure(lambda exchange: exchange.connection.close(), EndpointDownError)


def test_something_that_is_not_http() -> None:
    failure(lambda exchange: exchange.wfile.write(b"SSH-2.0-OpenSSH\r\n\x1b[31m") and None, EndpointDownError)


def test_400_is_the_query_s_fault() -> None:
    body = b"error at\n1:7: \x1b[31mbad"
    error = failure(lambda exchange: exchange.reply(body, status=400, content_type="text/plain"), QueryError)
    assert "error at 1:7: \ufffd[31mbad" in str(error)


@pytest.mark.parametrize("status", [401, 403, 404, 500, 502])
def test_other_statuses(status: int) -> None:
    error = failure(
        lambda exchange: exchange.reply(b"no\nno" * 10_000, status=status, content_type="text/plain"),
        EndpointStatusError,
    )
    assert isinstance(error, EndpointStatusError)
    assert error.status == status
    assert f"HTTP {status}" in str(error)


def test_an_error_s_endless_body_is_not_waited_for() -> None:
    def endless(exchange: Exchange) -> None:
        exchange.send_response(500)
        exchange.end_headers()
        while not exchange.server.ended.wait(0.001):
            exchange.wfile.write(b"no" * 1000)

    failure(endless, EndpointStatusError)


@pytest.mark.parametrize("status", [429, 503])
def test_a_busy_endpoint_is_asked_again(status: int) -> None:
    with Endpoint(in_turn(busy(status, Retry_After="0"), busy(status, Retry_After="1"), Exchange.reply)) as endpoint:
        started = time.monotonic()
        assert len(RemoteStore(endpoint.url).select(SELECT)) == 1
        assert time.monotonic() - started >= 0.9
        assert len(endpoint.bodies) == 3


def test_retry_after_may_be_a_date() -> None:
    date = formatdate(time.time() + 2, usegmt=True)
    with Endpoint(in_turn(Exchange.reply, busy(503, Retry_After=date), Exchange.reply)) as endpoint:
        started = time.monotonic()
        assert len(RemoteStore(endpoint.url).select(SELECT)) == 1
        assert time.monotonic() - started >= 0.5


@pytest.mark.parametrize("value", ["soon", "-5", "²", "1e3", "Sun, 99 Nov 0000 00:00:00 GMT", ""])
def test_a_retry_after_that_makes_no_sense_is_a_short_pause(value: str) -> None:
    assert len(answer(in_turn(busy(503, Retry_After=value.encode().decode("latin-1")), Exchange.reply))) == 1


def test_a_date_long_past_is_no_pause() -> None:
    date = "Thu, 01 Jan 1970 00:00:00 GMT"
    assert len(answer(in_turn(busy(503, Retry_After=date), Exchange.reply))) == 1


def test_always_busy_is_given_up() -> None:
    with Endpoint(busy(429, Retry_After="0")) as endpoint:
        with pytest.raises(EndpointStatusError, match="busy") as caught:
            RemoteStore(endpoint.url, retries=2).select(SELECT)
        assert caught.value.status == 429
        assert len(endpoint.bodies) == 1 + 3, "asked once who is there, then three times"


@pytest.mark.parametrize("value", ["3600", "9" * 400, "Fri, 31 Dec 9999 23:59:59 GMT"])
def test_a_pause_beyond_the_deadline_is_not_waited_for(value: str) -> None:
    error = failure(busy(503, Retry_After=value), EndpointStatusError, deadline=5.0)
    assert "try again later" in str(error)


REDIRECTS = (301, 302, 303, 307, 308)


@pytest.mark.parametrize(
    "target", ["file:///etc/passwd", "ftp://127.0.0.1/", "data:text/plain,x", "http://[", "javascript:" + "x" * 5_000]
)
@pytest.mark.parametrize("status", REDIRECTS)
def test_a_redirect_to_what_is_no_endpoint(status: int, target: str) -> None:
    error = failure(lambda exchange: exchange.reply(b"", status=status, Location=target), EndpointStatusError)
    assert f"moved to {target[:200]}: that is no address of an endpoint" in str(error)
    assert "root:" not in str(error)


@pytest.mark.parametrize("status", REDIRECTS)
def test_no_redirect_is_followed(status: int) -> None:
    with Endpoint(Exchange.reply) as other:

        def move(exchange: Exchange) -> None:
            exchange.reply(b"", status=status, Location=other.url)

        error = failure(move, EndpointStatusError)
        assert f"moved to {other.url}: give that address" in str(error)
        assert isinstance(error, EndpointStatusError)
        assert error.status == status
        with Endpoint(move) as endpoint:
            store = RemoteStore(endpoint.url, update_url=endpoint.url)
            with pytest.raises(EndpointStatusError, match="moved to"):
                store.update("INSERT DATA { <urn:a> <urn:b> 1 }")
            with pytest.raises(EndpointStatusError, match="moved to"):
                store.construct("CONSTRUCT WHERE { ?s ?p ?o }")
        assert other.bodies == []


def test_a_redirect_may_be_relative_or_lead_nowhere() -> None:
    error = failure(lambda exchange: exchange.reply(b"", status=308, Location="/sparql"), EndpointStatusError)
    assert "/sparql: give that address" in str(error)
    assert str(error).count("http://127.0.0.1:") == 2
    error = failure(lambda exchange: exchange.reply(b"", status=302), EndpointStatusError)
    assert str(error).endswith("answered HTTP 302")


@pytest.mark.parametrize("status", [404, 405])
def test_an_address_that_is_not_the_service_s(status: int) -> None:
    error = failure(lambda exchange: exchange.reply(b"x", status=status), EndpointStatusError)
    assert "is this the address of its query service (oxigraph: …/query, Fuseki: …/DATASET/query)?" in str(error)
    with Endpoint(lambda exchange: exchange.reply(b"x", status=status)) as endpoint:
        store = RemoteStore("http://127.0.0.1:9/query", update_url=endpoint.url)
        with pytest.raises(EndpointStatusError, match="its update service") as caught:
            store.update("INSERT DATA { <urn:a> <urn:b> 1 }")
        assert caught.value.url == endpoint.url


def test_an_endpoint_s_words_on_a_syntax_error_are_made_plain() -> None:
    body = b"error at 1:15: expected one of Prefix not found, ['%'], ['A' ..= 'Z' | 'a' ..= 'z']"
    with Endpoint(lambda exchange: exchange.reply(body, status=400, content_type="text/plain")) as endpoint:
        store = RemoteStore(endpoint.url)
        with pytest.raises(QueryError) as caught:
            store.ask("ASK { ?s ex:a 1 }")
        assert str(caught.value).startswith(f"not understood by {endpoint.url}: the prefix ex: of ex:a is not declared")
        assert "'%'" not in str(caught.value)
        with pytest.raises(QueryError, match=r"not understood by \S+ at line 1, near 'ASK \{ \?s'$"):
            store.ask("ASK { ?s")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"no json",
        ANSWER[:-20],
        b"{}",
        b"[]",
        b"null",
        b'{"head":{"vars":["n"]}}',
        b'{"head":{"vars":["n"]},"results":{"bindings":[{"m":{"type":"uri","value":"a:b"}}]}}',
        b'{"head":{"vars":["n"]},"results":{"bindings":[{"n":{"type":"uri","value":"not an iri"}}]}}',
        b'{"head":{"vars":["n"]},"results":{"bindings":[{"n":{"type":"monster","value":"x"}}]}}',
        b"\xff\xfe" + ANSWER,
        gzip.compress(ANSWER),
        b'{"head":' + b"[" * 100_000,
        b'{"head":{"vars":["n"]},"results":{"bindings":[{"n":'
        + b'{"type":"triple","value":{"subject":{"type":"uri","value":"a:b"},"predicate":'
        b'{"type":"uri","value":"a:b"},"object":' * 60_000 + b'{"type":"uri","value":"a:b"}' + b"}}" * 60_000 + b"}]}}",
    ],
)
def test_what_is_no_sparql_result(body: bytes) -> None:
    """The last two would end the process if the parser of the results got them."""
    failure(lambda exchange: exchange.reply(body), EndpointAnswerError)


def test_a_compressed_answer_was_not_asked_for() -> None:
    failure(lambda exchange: exchange.reply(gzip.compress(ANSWER), Content_Encoding="gzip"), EndpointAnswerError)


def test_a_script_for_an_iri_stays_a_text() -> None:
    body = (
        b'{"head":{"vars":["n"]},"results":{"bindings":['
        b'{"n":{"type":"uri","value":"javascript:alert(1)"}},{"n":{"type":"literal","value":"<script>\\u001b[31m"}}]}}'
    )
    rows = answer(lambda exchange: exchange.reply(body))
    assert rows.column("n") == ["javascript:alert(1)", "<script>\x1b[31m"]
    assert "href" not in rows.to_html()
    assert "<script" not in rows.to_html()
    assert "\x1b" not in rows.to_text()


def test_a_yes_is_no_row() -> None:
    with Endpoint(lambda exchange: exchange.reply(b'{"head":{},"boolean":true}')) as endpoint:
        store = RemoteStore(endpoint.url)
        assert store.ask("ASK {}") is True
        with pytest.raises(QueryError, match="no SELECT"):
            store.select(SELECT)
    with Endpoint(lambda exchange: exchange.reply()) as endpoint, pytest.raises(QueryError, match="no ASK"):
        RemoteStore(endpoint.url).ask("ASK {}")


@pytest.mark.parametrize(
    "body", [b"<a:b> <a:c>", b"\xff", b"<a:b> <a:c> " + b"<<( <a:b> <a:c> " * 100_000 + b"1" + b")>>" * 100_000 + b"."]
)
def test_a_graph_that_is_no_turtle(body: bytes) -> None:
    with (
        Endpoint(lambda exchange: exchange.reply(body, content_type="text/turtle")) as endpoint,
        pytest.raises(EndpointAnswerError, match="no Turtle"),
    ):
        RemoteStore(endpoint.url).construct("CONSTRUCT WHERE { ?s ?p ?o }")


def test_a_graph_is_read() -> None:
    with Endpoint(lambda exchange: exchange.reply(b"<a:b> <a:c> 1 .", content_type="text/turtle")) as endpoint:
        assert len(RemoteStore(endpoint.url).describe("a:b")) == 1
        with pytest.raises(EndpointAnswerError, match="answered text/turtle"):
            RemoteStore(endpoint.url).ask("ASK {}")


@pytest.mark.parametrize(
    "url",
    ["", "her", "file:///etc/passwd", "ftp://127.0.0.1/", "http://", "http:///query", "http://[", "http://a:b/",
     "http://127.0.0.1:99999/", "javascript:alert(1)"],
)  # fmt: skip
def test_an_address_that_is_none(url: str) -> None:
    with pytest.raises(StoreError, match="http://") as caught:
        RemoteStore(url)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("resource", ["", "her", "a:b> ?p ?o } #", 'a:"', "a: b", "a:\\u003E"])
def test_an_iri_cannot_leave_its_brackets(resource: str) -> None:
    with Endpoint(lambda exchange: exchange.reply()) as endpoint:
        store = RemoteStore(endpoint.url)
        with pytest.raises(QueryError, match="no absolute IRI"):
            store.describe(resource)
        assert endpoint.bodies == []


def test_without_an_address_for_updates_it_only_reads(tmp_path: Path) -> None:
    file = tmp_path / "a.ttl"
    file.write_text("<http://example.org/a> <http://example.org/b> 1 .", encoding="utf-8")
    with Endpoint(lambda exchange: exchange.reply()) as endpoint:
        store = RemoteStore(endpoint.url)
        assert store.writable is False
        with pytest.raises(ReadOnlyStoreError):
            store.update("INSERT DATA { <a:b> <a:c> 1 }")
        with pytest.raises(ReadOnlyStoreError):
            store.load(file)
        assert endpoint.bodies == []
