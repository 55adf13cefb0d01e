"""What passes between the sandbox, its fork server and the workers.

The sandbox and the fork server exchange messages of one size: what is to be done for which job, and how its worker
ended. The question itself and its answer go straight between the sandbox and the worker, over a socket of their own
that the first message carries; so nothing that a stranger wrote passes the fork server.
"""

from __future__ import annotations

import json
import socket
import struct
import time
from typing import Any

from filmgraph.errors import (
    DataError,
    FilmgraphError,
    QueryError,
    QueryMemoryError,
    ReadOnlyStoreError,
    ResultTooLargeError,
    StoreError,
    StoreLockedError,
    WorkerError,
)

__all__ = [
    "ENDED",
    "ERRORS",
    "KILL",
    "LARGEST_HEAD",
    "ORDER",
    "QUERY",
    "READY",
    "REPORT",
    "UPDATE",
    "VanishedError",
    "receive",
    "receive_head",
    "send_head",
]

ORDER = struct.Struct("!cQ")
"""To the fork server: what to do, and for which job."""
QUERY, UPDATE, KILL = b"Q", b"U", b"K"

REPORT = struct.Struct("!cQi?")
"""From the fork server: what happened, to which job, its worker's exit code, and whether it lacked memory.

Of the first report, READY, the last part says whether the network is cut off.
"""
READY, ENDED = b"R", b"E"

LARGEST_HEAD = 256 * 1024**2
_LENGTH = struct.Struct("!I")
_CHUNK = 1024**2

ERRORS: dict[str, type[FilmgraphError]] = {
    kind.__name__: kind
    for kind in (
        DataError,
        QueryError,
        QueryMemoryError,
        ReadOnlyStoreError,
        ResultTooLargeError,
        StoreError,
        StoreLockedError,
        WorkerError,
    )
}
"""Name of an error that a worker may report to its class."""


class VanishedError(Exception):
    """The other end is gone before all was said."""


def send_head(connection: socket.socket, head: dict[str, Any]) -> None:
    """Send a small message; ASCII alone, so that even half a surrogate pair passes."""
    content = json.dumps(head).encode("ascii")
    connection.sendall(_LENGTH.pack(len(content)) + content)


def receive_head(connection: socket.socket, *, end: float | None = None) -> dict[str, Any]:
    """Return what :func:`send_head` sent; raises :class:`VanishedError`, and TimeoutError when ``end`` has come."""
    (length,) = _LENGTH.unpack(receive(connection, _LENGTH.size, end=end))
    if length > LARGEST_HEAD:
        raise VanishedError
    head: dict[str, Any] = json.loads(receive(connection, length, end=end))
    return head


def receive(connection: socket.socket, size: int, *, end: float | None = None) -> bytes:
    """Return so many bytes.

    Raises :class:`VanishedError`, and TimeoutError when ``end``, a time of the monotonic clock, has come.
    """
    chunks: list[bytes] = []
    while size:
        if end is not None:
            connection.settimeout(max(end - time.monotonic(), 0.001))
        chunk = connection.recv(min(size, _CHUNK))
        if not chunk:
            raise VanishedError
        chunks.append(chunk)
        size -= len(chunk)
    return chunks[0] if len(chunks) == 1 else b"".join(chunks)
