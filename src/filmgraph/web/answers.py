"""Answers that were made once: kept within bounds, compressed once, and not sent again to who has them."""

from __future__ import annotations

import gzip
import hashlib
import re
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from threading import Lock

from starlette.requests import Request
from starlette.responses import Response

__all__ = ["Answer", "Kept", "is_known", "respond", "takes_gzip"]

_WORTH_COMPRESSING = 600
_COMPRESSIBLE = re.compile(r"text/|application/(?!octet)|image/svg")
_NEVER = re.compile(r"\s*q\s*=\s*0(?:\.0*)?\s*", re.IGNORECASE)


@dataclass(frozen=True)
class Answer:
    """The body of an answer with its content type, status and headers of its own."""

    body: bytes
    content_type: str
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def tag(self) -> str:
        """The opaque part of its entity tag: a digest of the bytes."""
        return hashlib.blake2b(self.body, digest_size=12, person=self.content_type[:16].encode()).hexdigest()

    @cached_property
    def gzipped(self) -> bytes | None:
        """The compressed body, None where that is not worth it."""
        if len(self.body) < _WORTH_COMPRESSING or not _COMPRESSIBLE.match(self.content_type):
            return None
        return gzip.compress(self.body, 6, mtime=0)

    @property
    def size(self) -> int:
        """About how many bytes it takes to keep."""
        return 2 * len(self.body) + 1_000


class Kept:
    """The answers used last, up to a number of bytes; safe to use from several threads."""

    def __init__(self, most_bytes: int) -> None:
        self._most = most_bytes
        self._bytes = 0
        self._answers: OrderedDict[object, Answer] = OrderedDict()
        self._lock = Lock()

    def get(self, key: object) -> Answer | None:
        """Return a kept answer, None where there is none."""
        with self._lock:
            answer = self._answers.get(key)
            if answer is not None:
                self._answers.move_to_end(key)
            return answer

    def put(self, key: object, answer: Answer) -> None:
        """Keep an answer, and let go of those not used for longest; one larger than an eighth of all is not kept."""
        if answer.size > self._most // 8:
            return
        with self._lock:
            before = self._answers.pop(key, None)
            self._bytes += answer.size - (before.size if before else 0)
            self._answers[key] = answer
            while self._bytes > self._most:
                self._bytes -= self._answers.popitem(last=False)[1].size

    def clear(self) -> None:
        """Let go of all."""
        with self._lock:
            self._answers.clear()
            self._bytes = 0


def takes_gzip(request: Request) -> bool:
    """Whether a client understands what is compressed with gzip."""
    wanted: dict[str, bool] = {}
    for part in request.headers.get("accept-encoding", "").split(","):
        name, *parameters = part.split(";")
        wanted[name.strip().lower()] = not any(map(_NEVER.fullmatch, parameters))
    return wanted.get("gzip", wanted.get("*", False))


def respond(request: Request, answer: Answer, headers: Mapping[str, str] | None = None) -> Response:
    """Return the response to a request: compressed where that is understood, empty (304) where it is known already."""
    compressed = answer.gzipped if takes_gzip(request) else None
    tag = f'"{answer.tag}{"-gz" if compressed is not None else ""}"'
    sent = {**answer.headers, **(headers or {})}
    if headers and "Link" in headers and "Link" in answer.headers:
        sent["Link"] = f"{answer.headers['Link']}, {headers['Link']}"
    vary = [name for name in sent.pop("Vary", "").split(", ") if name]
    sent["Vary"] = ", ".join([*vary, "Accept-Encoding"])
    if answer.status == 200:
        sent["ETag"] = tag
        sent.setdefault("Cache-Control", "public, max-age=300")
        if is_known(request, answer.tag):
            return Response(status_code=304, headers=sent)
    if compressed is not None:
        sent["Content-Encoding"] = "gzip"
    body = answer.body if compressed is None else compressed
    return Response(body, status_code=answer.status, headers={**sent, "Content-Type": answer.content_type})


def is_known(request: Request, tag: str) -> bool:
    """Whether a client has what an entity tag stands for already, compressed or not."""
    header = request.headers.get("if-none-match")
    if not header:
        return False
    known = {each.strip().removeprefix("W/").strip('"').removesuffix("-gz") for each in header.split(",")}
    return "*" in known or tag in known
