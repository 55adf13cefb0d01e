"""Runs the site on uvicorn, with bounds that uvicorn has not: slow, greedy and endless clients are cut off.

Every connection is looked at each second. One whose request does not arrive in time is told so (408) and closed; a head
or an address that is too long is refused (431, 414) without being kept; an answer that is not taken is dropped. When
there are too many connections, the one that has been waited for longest makes room for the newcomer.
"""

from __future__ import annotations

import asyncio
import logging
import signal
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from filmgraph.errors import FilmgraphError

if TYPE_CHECKING:
    from starlette.types import ASGIApp

__all__ = ["BoundedProtocol", "Limits", "bind", "serve"]

_IDLE, _HEAD, _BODY = "idle", "head", "body"


@dataclass(frozen=True)
class Limits:
    """What a client may take: seconds, bytes and numbers."""

    head_seconds: float = 10.0
    """Until the head of a request is there, from the connection or from its first byte."""
    stall_seconds: float = 10.0
    """Between two parts of a body."""
    body_seconds: float = 60.0
    """For a whole body."""
    idle_seconds: float = 15.0
    """Between two requests on one connection."""
    unread_seconds: float = 20.0
    """In which a client must have taken some of an answer that waits for it."""
    line_bytes: int = 16_384
    """Length of an address."""
    head_bytes: int = 32_768
    """Length of all headers."""
    headers: int = 100
    """Number of headers."""
    connections: int = 500
    """Connections at once."""
    pipelined: int = 16
    """Requests that wait on one connection for the answers to those before them."""
    unread_bytes: int = 256 * 1024**2
    """Bytes of answers that wait for their clients, all together."""
    stop_seconds: float = 5.0
    """For answers to be finished when the server is told to stop."""

    @property
    def look_seconds(self) -> float:
        """How often a connection is looked at."""
        return min(1.0, self.head_seconds / 4, self.stall_seconds / 4, self.unread_seconds / 4)


class _RefusedError(Exception):
    """Ends the reading of a request; the protocol knows why."""


class BoundedProtocol(HttpToolsProtocol):
    """uvicorn's protocol with the bounds of :class:`Limits`."""

    limits = Limits()
    _LEAST_TAKEN = 16_384
    _LINGER_SECONDS = 2.0
    _LINGER_BYTES = 4 * 1024**2

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to watch a connection, and make room for it."""
        super().connection_made(transport)
        self._stage, self._since, self._moved = _IDLE, self.loop.time(), self.loop.time()
        self._head_bytes = self._head_waiting = 0
        self._refusal: tuple[int, str] | None = None
        self._refused_at: float | None = None
        self._dropped = 0
        self._unread, self._unread_since = 0, self._since
        self._answered: RequestResponseCycle | None = None
        self._watch = self.loop.call_later(self.limits.look_seconds, self._look)
        if len(self.connections) > self.limits.connections:
            self._make_room()

    def connection_lost(self, exc: Exception | None) -> None:
        """End the watch, and tell whoever makes an answer that nobody waits for it."""
        self._watch.cancel()
        self.pipeline.clear()
        # Where several requests came at once, uvicorn tells the last of them alone.
        if self._answered is not None and not self._answered.response_complete:
            self._answered.disconnected = True
            self._answered.message_event.set()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read some of a request, within its bounds."""
        if self._refused_at is not None:
            # A client that is still sending would not see the answer if the connection were closed at once.
            self._dropped += len(data)
            if self._dropped > self._LINGER_BYTES:
                self.transport.abort()
            return
        if self._stage == _HEAD:
            self._head_waiting += len(data)
        super().data_received(data)
        if self._stage == _HEAD and self._head_waiting > self.limits.head_bytes and self._refused_at is None:
            self._refuse(431, "The headers are too long.")

    def on_message_begin(self) -> None:
        """A request begins."""
        super().on_message_begin()
        self._enter(_HEAD)
        self._head_bytes = self._head_waiting = 0

    def on_url(self, url: bytes) -> None:
        """Some of the address is there."""
        super().on_url(url)
        if len(self.url) > self.limits.line_bytes:
            self._stop_reading(414, "The address is too long.")

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header is there; what follows a body would else be taken for one, past the eyes of a proxy."""
        if self._stage != _BODY:
            super().on_header(name, value)
        self._head_bytes += len(name) + len(value) + 4
        if self._head_bytes > self.limits.head_bytes or len(self.headers) > self.limits.headers:
            self._stop_reading(431, "The headers are too long, or too many.")

    def on_headers_complete(self) -> None:
        """The head is there; the body begins."""
        self._enter(_BODY)
        if len(self.pipeline) >= self.limits.pipelined:
            self.transport.abort()
            raise _RefusedError
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Some of the body is there."""
        self._moved = self.loop.time()
        super().on_body(body)

    def on_message_complete(self) -> None:
        """The request is there."""
        self._enter(_IDLE)
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """The answer is made, and is being sent."""
        self._since = self.loop.time() if self._stage == _IDLE else self._since
        super().on_response_complete()

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        self._answered = cycle
        super()._start_asgi_task(cycle, app)

    def pause_writing(self) -> None:
        """More is to be sent than the client takes: see that not too much waits in all."""
        super().pause_writing()
        waiting = [(connection, _unread(connection)) for connection in list(self.connections)]
        if sum(size for _, size in waiting) > self.limits.unread_bytes:
            greediest, _ = max(waiting, key=lambda each: each[1])
            greediest.transport.abort()

    def send_400_response(self, msg: str) -> None:
        """Refuse what was found unreadable, or too long."""
        self._refuse(*(self._refusal or (400, msg)))

    def _enter(self, stage: str) -> None:
        self._stage, self._since = stage, self.loop.time()
        self._moved = self._since

    def _stop_reading(self, status: int, detail: str) -> None:
        self._refusal = (status, detail)
        raise _RefusedError

    def _refuse(self, status: int, detail: str) -> None:
        """Say why and close, in the middle of an answer without a word."""
        if self._refused_at is not None or self.transport.is_closing():
            return
        self._refused_at = self.loop.time()
        if self._is_amid_answers:
            self.transport.abort()
            return
        if self.cycle is not None and not self.cycle.response_complete:
            # Whoever waits for the rest of the request must not answer after this.
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        body = f"{detail}\n".encode()
        head = (
            f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\ncontent-type: text/plain; charset=utf-8\r\n"
            f"content-length: {len(body)}\r\nx-content-type-options: nosniff\r\nconnection: close\r\n\r\n"
        )
        self.transport.write(head.encode() + body)
        self.flow.resume_reading()
        if self.transport.can_write_eof():
            self.transport.write_eof()
        else:
            self.transport.close()

    def _make_room(self) -> None:
        """Close the connection that the server has waited for longest; if all are at work, refuse this one.

        Who says nothing goes before who sends a body, and that before who takes an answer.
        """
        others = [other for other in self.connections if isinstance(other, BoundedProtocol) and other is not self]
        silent = [other for other in others if other._is_waiting and other._stage != _BODY]
        sending = [other for other in others if other._stage == _BODY]
        taking = [other for other in others if other.flow.write_paused]
        if slow := silent or sending or taking:
            min(slow, key=lambda other: other._since).transport.abort()
        else:
            self._refuse(503, "Too many connections: try again soon.")

    @property
    def _is_amid_answers(self) -> bool:
        """Whether an answer is being sent, or is still to be sent before one to the newest request."""
        answered = self._answered
        if answered is None or answered.response_complete:
            return False
        return answered.response_started or answered is not self.cycle

    @property
    def _is_waiting(self) -> bool:
        """Whether no request is being answered."""
        return self.cycle is None or self.cycle.response_complete

    def _look(self) -> None:
        """Close this connection if it has had its time, else look again."""
        now, limits = self.loop.time(), self.limits
        if self._refused_at is not None:
            if now - self._refused_at > self._LINGER_SECONDS:
                self.transport.abort()
                return
        elif self._takes_nothing(now):
            self.transport.abort()
            return
        elif not self.flow.read_paused and not self.transport.is_closing():
            waited = now - self._since
            if self._stage == _HEAD and waited > limits.head_seconds:
                self._refuse(408, "The request did not arrive in time.")
            elif self._stage == _BODY and self._is_waiting:
                # Answered already: what else comes of the request is thrown away for a while.
                if waited > self._LINGER_SECONDS:
                    self.transport.abort()
                    return
            elif self._stage == _BODY and (now - self._moved > limits.stall_seconds or waited > limits.body_seconds):
                self._refuse(408, "The request did not arrive in time.")
            elif self._stage == _IDLE and self._is_waiting and waited > max(limits.head_seconds, limits.idle_seconds):
                self.transport.close()
        self._watch = self.loop.call_later(limits.look_seconds, self._look)

    def _takes_nothing(self, now: float) -> bool:
        """Whether an answer has waited for this client for too long."""
        size = _unread(self)
        if size == 0 or size > self._unread or self._unread - size >= min(self._LEAST_TAKEN, self._unread):
            self._unread, self._unread_since = size, now
            return False
        return now - self._unread_since > self.limits.unread_seconds


def _unread(connection: Any) -> int:
    """Return how many bytes wait to be taken by a client."""
    return int(connection.transport.get_write_buffer_size())


class _Server(uvicorn.Server):
    """A server that says when it answers."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started and not self.should_exit:
            self._ready()


def bind(host: str, port: int) -> socket.socket:
    """Return a socket that listens at an address; port 0 takes a free one.

    Raises :class:`~filmgraph.errors.FilmgraphError` where that cannot be had.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listener = socket.socket(family, kind, protocol)
    except (OSError, UnicodeError) as error:
        raise FilmgraphError(f"{host!r} is no address to listen at: {error}") from error
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(512)
    except OSError as error:
        listener.close()
        raise FilmgraphError(
            f"cannot listen at {host} port {port}: {error.strerror or error}. --port names another port"
        ) from error
    return listener


def serve(
    app: ASGIApp,
    listener: socket.socket,
    *,
    ready: Callable[[], None],
    limits: Limits | None = None,
    proxies: Sequence[str] = (),
) -> None:
    """Answer requests at a socket until SIGTERM or SIGINT; ``ready`` is called once the first can be answered.

    What is being answered then is finished, for at most ``limits.stop_seconds``. ``proxies`` are the addresses that are
    believed when they say for whom they ask (``X-Forwarded-For``, ``X-Forwarded-Proto``).
    """
    limits = limits or Limits()
    logging.getLogger("uvicorn").setLevel(logging.ERROR)
    config = uvicorn.Config(
        app,
        http=type("Protocol", (BoundedProtocol,), {"limits": limits}),
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=bool(proxies),
        forwarded_allow_ips=list(proxies),
        timeout_keep_alive=int(limits.idle_seconds),
        timeout_graceful_shutdown=max(1, int(limits.stop_seconds)),
    )
    server = _Server(config, ready)
    # uvicorn raises the signal again once it has stopped: to have been told to stop is no failure.
    before = {number: signal.signal(number, lambda *_: None) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        server.run(sockets=[listener])
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        listener.close()
