"""What stands before the application: headers that bind the browser, and bounds on what may be asked at all.

A pure ASGI middleware, outermost, so that errors carry the headers too. It refuses hosts that are not the site's (a
page elsewhere could otherwise rebind its own name to this machine), paths that no page has (``..``, NUL, backslashes),
bodies that are too long, and updates that another site's page sends.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from starlette.requests import ClientDisconnect

from filmgraph.web.problems import problem

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

__all__ = [
    "BODIES_IN_ALL",
    "BODY_BYTES",
    "CONTENT_SECURITY_POLICY",
    "HEADERS",
    "LOOPBACK_HOSTS",
    "Security",
    "is_loopback",
]

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "font-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
"""Nothing but the site's own files, and nothing inline: what a label smuggles into a page can never run."""

_NO_FEATURES = ("camera", "display-capture", "geolocation", "microphone", "payment", "usb")

HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": ", ".join(f"{feature}=()" for feature in _NO_FEATURES),
    "Cross-Origin-Opener-Policy": "same-origin",
}
"""The headers of every answer; ``Cross-Origin-Resource-Policy`` is added as the answer may be read elsewhere."""

LOOPBACK_HOSTS = frozenset({"localhost", "127.0.0.1", "::1"})
"""The names of a machine for itself."""

BODY_BYTES = 65_536
"""The longest body of a request where a path has no bound of its own."""

BODIES_IN_ALL = 64 * 1024**2
"""The bodies of all requests together, in bytes."""
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f\\\ufffd]")
_HOST = re.compile(r"\[(?P<six>[0-9A-Fa-f:.]+)\](?::\d+)?|(?P<name>[A-Za-z0-9._-]+)(?::\d+)?")


def is_loopback(host: str) -> bool:
    """Whether a name or address is this machine's for itself.

    >>> is_loopback("localhost"), is_loopback("127.0.0.2"), is_loopback("::1"), is_loopback("0.0.0.0")
    (True, True, True, False)
    """
    if host.lower().rstrip(".") in LOOPBACK_HOSTS:
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


class Security:
    """Puts headers on every answer, and lets through to ``app`` only what is worth its time.

    ``hosts`` are the names under which the site answers; empty lets every name through. ``bodies`` maps a path to the
    longest body it takes, in bytes. With ``same_origin_only`` a request that changes something and comes from a page of
    another site is refused.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        hosts: Collection[str] = (),
        bodies: Mapping[str, int] | None = None,
        body_bytes: int = BODY_BYTES,
        same_origin_only: bool = False,
    ) -> None:
        self._app = app
        self._hosts = frozenset(host.lower() for host in hosts)
        self._bodies = dict(bodies or {})
        self._body_bytes = body_bytes
        self._same_origin_only = same_origin_only
        self._held = 0
        self._headers = [(name.lower().encode(), value.encode()) for name, value in HEADERS.items()]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or refuse it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        send = self._with_headers(send)
        headers = dict(scope["headers"])
        refusal = self._refusal(scope, headers)
        if refusal is not None:
            await problem(*refusal)(scope, receive, send)
            return
        try:
            if _has_body(headers):
                await self._with_body(scope, headers, receive, send)
            else:
                await self._app(scope, receive, send)
        except ClientDisconnect:
            return  # Nobody is there to be told.

    def _with_headers(self, send: Send) -> Send:
        async def sender(message: Message) -> None:
            if message["type"] == "http.response.start":
                raw = list(message.get("headers", ()))
                there = {name.lower() for name, _ in raw}
                raw += [header for header in self._headers if header[0] not in there]
                if b"cross-origin-resource-policy" not in there:
                    reach = b"cross-origin" if b"access-control-allow-origin" in there else b"same-origin"
                    raw.append((b"cross-origin-resource-policy", reach))
                message = {**message, "headers": raw}
            await send(message)

        return sender

    def _refusal(self, scope: Scope, headers: Mapping[bytes, bytes]) -> tuple[int, str] | None:
        """Return status and reason where a request is not let through."""
        if sum(name == b"host" for name, _ in scope["headers"]) > 1:
            return 400, "There is more than one Host header."
        host = _name_of_host(headers.get(b"host", b"").decode("latin-1"))
        if self._hosts and (host is None or host not in self._hosts):
            return 421, "This site does not answer under that name: --allow-host adds one."
        if _UNPRINTABLE.search(scope["path"]):
            return 400, "The path has characters that no path here has."
        segments = scope["path"].split("/")
        if any(segment in (".", "..") for segment in segments) or "" in segments[1:-1]:
            return 404, "There is no such page."
        if b"%2f" in scope.get("raw_path", b"").lower():
            return 404, "There is no such page."
        if self._same_origin_only and scope["method"] not in ("GET", "HEAD", "OPTIONS") and _is_foreign(headers):
            return 403, "A page of another site may not change anything here."
        return None

    async def _with_body(self, scope: Scope, headers: Mapping[bytes, bytes], receive: Receive, send: Send) -> None:
        """Take the body whole, within its bound, before the application is asked."""
        most = self._bodies.get(scope["path"].rstrip("/"), self._body_bytes)
        too_long = problem(413, f"The body of the request is too long: at most {most:,} bytes are taken here.")
        announced = headers.get(b"content-length", b"0")
        if announced.isdigit() and int(announced) > most:
            await too_long(scope, receive, send)
            return
        taken = bytearray()
        held = 0
        try:
            while True:
                message = await receive()
                if message["type"] != "http.request":
                    return
                taken += message.get("body", b"")
                self._held += len(taken) - held
                held = len(taken)
                if len(taken) > most:
                    await too_long(scope, receive, send)
                    return
                if self._held > BODIES_IN_ALL:
                    await problem(503, "Too much is being sent here at once: try again soon.")(scope, receive, send)
                    return
                if not message.get("more_body", False):
                    break
            await self._app(scope, _replayed(bytes(taken), receive), send)
        finally:
            self._held -= held


def _has_body(headers: Mapping[bytes, bytes]) -> bool:
    return headers.get(b"content-length", b"0") != b"0" or b"transfer-encoding" in headers


def _replayed(body: bytes, receive: Receive) -> Receive:
    """Return what gives a body that was taken already, then whatever comes after."""
    is_given = False

    async def receiver() -> Message:
        nonlocal is_given
        if is_given:
            return await receive()
        is_given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return receiver


def _name_of_host(header: str) -> str | None:
    """Return the name in a Host header without its port, None where it is no name."""
    match = _HOST.fullmatch(header)
    return (match["six"] or match["name"]).lower().rstrip(".") if match else None


def _is_foreign(headers: Mapping[bytes, bytes]) -> bool:
    """Whether a browser says that a page of another site made this request; programs say nothing of the kind."""
    if headers.get(b"sec-fetch-site", b"same-origin") not in (b"same-origin", b"none"):
        return True
    origin = headers.get(b"origin")
    if origin is None:
        return False
    try:
        return urlsplit(origin.decode("latin-1")).netloc.lower() != headers.get(b"host", b"").decode("latin-1").lower()
    except ValueError:
        return True
