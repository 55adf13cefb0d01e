"""One request over HTTP, whose answer is read as it comes.

The other end is not trusted: its answer must come within a total deadline and in at most a given number of bytes, from
the address that was given: no redirect is followed, since it could lead to any machine, and would turn an update into
a question that succeeds. A socket's own timeout holds for each read alone, so the request runs in a thread that the
caller waits for no longer than the deadline; the thread hands over what it reads in pieces, and stops when the caller
has had enough.
"""

from __future__ import annotations

import queue
import re
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from email.utils import parsedate_to_datetime
from http.client import HTTPException
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urljoin, urlsplit

from filmgraph.errors import (
    EndpointAnswerError,
    EndpointDownError,
    EndpointStatusError,
    EndpointTimeoutError,
    RemoteError,
)

if TYPE_CHECKING:
    from email.message import Message
    from urllib.request import Request

    from filmgraph.stores.logins import Login

__all__ = ["Exchange", "exchange", "moved_to"]

_CHUNK = 64 * 1024
_AHEAD = 8
_MOVED = (301, 302, 303, 307, 308)
_REFUSED_PAUSE = 0.1
_BUSY_PAUSE = 0.5


class Exchange:
    """A request that was sent and the answer to it, which is read like a binary file.

    ``status`` and ``headers`` are there from the start. ``failure`` holds the error that reading came up against, for
    whoever finds that a parser has put another in its place.
    """

    def __init__(
        self,
        make: Callable[[], Request],
        *,
        end: float,
        deadline: float,
        most: int | None = None,
        login: Login | None = None,
        watch: Callable[[bytes], bytes] | None = None,
    ) -> None:
        self.url = ""
        self.status = 0
        self.headers: Message[str, str] | None = None
        self.detail = ""
        self.error: Exception | None = None
        self.failure: RemoteError | None = None
        self._make, self._login, self._watch = make, login, watch
        self._end, self._deadline, self._most = end, deadline, most
        self._pieces: queue.Queue[bytes | Exception] = queue.Queue(_AHEAD)
        self._begun, self._stopped = threading.Event(), threading.Event()
        self._rest = memoryview(b"")
        self._size = 0
        self._ended = False
        threading.Thread(target=self._run, daemon=True, name="filmgraph-remote").start()
        self._begun.wait(max(end - time.monotonic(), 0.001))
        if not self._begun.is_set() or isinstance(self.error, TimeoutError):
            self.close()
            raise self._late()

    @property
    def content_type(self) -> str:
        """The media type of the answer, without parameters."""
        return self.headers.get_content_type() if self.headers is not None else ""

    def header(self, name: str) -> str | None:
        """Return a header of the answer, None where it has none of this name."""
        return None if self.headers is None else self.headers.get(name)

    def read(self, size: int = -1) -> bytes:
        """Return the next bytes of the answer, at most ``size``, b"" at its end; raises the RemoteError family."""
        if size is None or size < 0:
            parts = []
            while part := self.read(_CHUNK):
                parts.append(part)
            return b"".join(parts)
        if self.failure is not None:
            raise self.failure
        if not self._rest and not self._ended:
            try:
                self._rest = memoryview(self._next())
            except RemoteError as error:
                self.failure = error
                self.close()
                raise
        piece, self._rest = self._rest[:size], self._rest[size:]
        return bytes(piece)

    def readable(self) -> bool:
        """Say that it can be read, as files do."""
        return True

    def close(self) -> None:
        """Hang up."""
        self._stopped.set()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _next(self) -> bytes:
        while True:
            try:
                piece = self._pieces.get(timeout=max(self._end - time.monotonic(), 0.001))
            except queue.Empty:
                raise self._late() from None
            if isinstance(piece, TimeoutError):
                raise self._late()
            if isinstance(piece, Exception):
                raise EndpointDownError(f"does not answer to the end: {piece or type(piece).__name__}", url=self.url)
            self._size += len(piece)
            if self._most is not None and self._size > self._most:
                raise EndpointAnswerError(f"the answer is larger than {self._most:,} bytes: ask for less", url=self.url)
            if time.monotonic() > self._end:
                raise self._late()
            self._ended = not piece
            if self._watch is not None:
                piece = self._watch(piece)
            if piece or self._ended:
                return piece

    def _late(self) -> EndpointTimeoutError:
        return EndpointTimeoutError(f"no whole answer within {self._deadline:.3g} s", url=self.url)

    def _run(self) -> None:
        from urllib.error import HTTPError

        try:
            request = self._make()
            self.url = request.full_url
            with _opener(self._login).open(request, timeout=max(1.0, self._end - time.monotonic() + 0.5)) as response:
                self.status, self.headers = response.status, response.headers
                self._begun.set()
                self._hand_over(response)
        except HTTPError as error:
            with error, suppress(OSError, HTTPException):
                self.status, self.headers = error.code, error.headers
                self.detail = " ".join(error.read(500).decode("utf-8", "replace").split())[:200]
        except Exception as error:
            reason = getattr(error, "reason", None)
            self.error = reason if isinstance(reason, Exception) else error
            self._put(self.error)
        finally:
            self._begun.set()

    def _hand_over(self, response: Any) -> None:
        while not self._stopped.is_set():
            piece: bytes = response.read1(_CHUNK)
            # http.client takes a body that ends before its Content-Length for a whole one.
            if not piece and response.length:
                raise ConnectionError(f"the answer ends {response.length:,} bytes before its end")
            self._put(piece)
            if not piece:
                return

    def _put(self, piece: bytes | Exception) -> None:
        while not self._stopped.is_set():
            with suppress(queue.Full):
                self._pieces.put(piece, timeout=0.2)
                return


def exchange(
    make: Callable[[], Request],
    *,
    url: str,
    deadline: float,
    retries: int,
    is_change: bool,
    most: int | None = None,
    login: Login | None = None,
    watch: Callable[[bytes], bytes] | None = None,
) -> Exchange:
    """Send a request, again where that is safe and of use, and return its exchange, whatever its status.

    It is sent again where nobody took the connection, so that nothing was sent, and where the endpoint says that it
    is too busy (429 or 503) and the pause that it asks for fits into the deadline. A change is sent again after 503
    only with ``Retry-After``: a 503 without one may come from something between that lost the answer to a change that
    was made.
    """
    end = time.monotonic() + deadline
    for attempt in range(retries + 1):
        sent = Exchange(make, end=end, deadline=deadline, most=most, login=login, watch=watch)
        pause = _pause(sent, attempt, is_change=is_change)
        if pause is None:
            break
        refused = isinstance(sent.error, ConnectionRefusedError)
        if attempt == retries or time.monotonic() + pause >= end:
            if refused:
                break
            raise EndpointStatusError(
                f"is busy (HTTP {sent.status}) and asks to wait {pause:.0f} s: try again later",
                url=url,
                status=sent.status,
            )
        time.sleep(pause)
    if sent.error is not None:
        raise EndpointDownError(f"does not answer: {sent.error or type(sent.error).__name__}", url=url)
    return sent


def moved_to(sent: Exchange) -> str | None:
    """Return what to do about a redirect, whose address may be relative, hostile or no address at all."""
    location = sent.header("Location")
    if sent.status not in _MOVED or not location:
        return None
    try:
        address = urljoin(sent.url, location)
        is_web = urlsplit(address).scheme in ("http", "https")
    except ValueError:
        address, is_web = location, False
    return f"moved to {address[:200]}: " + ("give that address" if is_web else "that is no address of an endpoint")


def _opener(login: Login | None) -> Any:
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
    for answering in login.handlers() if login is not None else ():
        opener.add_handler(answering)
    return opener


def _pause(sent: Exchange, attempt: int, *, is_change: bool) -> float | None:
    """Return how long to wait before another attempt, in seconds; None where another attempt is pointless."""
    if isinstance(sent.error, ConnectionRefusedError):
        return _REFUSED_PAUSE * 2.0**attempt
    if sent.status not in (429, 503):
        return None
    asked = (sent.header("Retry-After") or "").strip()
    if not asked:
        return None if is_change and sent.status == 503 else _BUSY_PAUSE * 2.0**attempt
    if re.fullmatch(r"[0-9]+", asked):
        return float(asked)
    with suppress(ValueError, TypeError, OverflowError):
        return max(parsedate_to_datetime(asked).timestamp() - time.time(), 0.0)
    return _BUSY_PAUSE * 2.0**attempt
