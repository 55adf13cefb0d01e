"""Servers of the site in processes of their own, and a raw client, for the tests."""

from __future__ import annotations

import os
import select
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from types import TracebackType
from typing import Self


class Served:
    """A program that serves on a free loopback port and says its address in its first line, from ``with`` to end."""

    START_SECONDS = 60.0

    def __init__(self, command: Sequence[str], *, environment: Mapping[str, str] | None = None) -> None:
        self.command = list(command)
        self.environment = {**os.environ, **(environment or {})}
        self.url = ""
        self.port = 0
        self.process: subprocess.Popen[bytes] | None = None

    @classmethod
    def site(cls, *options: str, environment: Mapping[str, str] | None = None) -> Self:
        """Return a ``filmgraph serve`` with some options."""
        code = "from filmgraph.cli import main; main()"
        return cls([sys.executable, "-c", code, "serve", "--port", "0", *options], environment=environment)

    def __enter__(self) -> Self:
        self.process = subprocess.Popen(
            self.command, env=self.environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE
        )
        stream = self.process.stdout
        assert stream is not None
        ready, _, _ = select.select([stream], [], [], self.START_SECONDS)
        line = stream.readline().decode() if ready else ""
        if "http://" not in line:
            self.stop()
            raise RuntimeError(f"{' '.join(self.command)} did not say its address but {line!r}")
        self.url = line.split()[-1].rstrip("/")
        self.port = int(self.url.rpartition(":")[2])
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def stop(self) -> int | None:
        """End the program and return its status."""
        process, self.process = self.process, None
        if process is None:
            return None
        process.terminate()
        try:
            status = process.wait(timeout=15)
        except subprocess.TimeoutExpired:
            process.kill()
            status = process.wait()
        if process.stdout is not None:
            process.stdout.close()
        return status

    def memory(self) -> int:
        """Return how much memory its process holds, in bytes."""
        assert self.process is not None
        with open(f"/proc/{self.process.pid}/statm", encoding="ascii") as file:  # noqa: PTH123
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")

    def connect(self, *, receive_buffer: int | None = None, seconds: float = 20.0) -> socket.socket:
        """Return a new connection."""
        connection = socket.socket()
        if receive_buffer is not None:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        connection.settimeout(seconds)
        connection.connect(("127.0.0.1", self.port))
        return connection

    def raw(self, request: bytes, *, seconds: float = 20.0) -> bytes:
        """Send bytes on a connection of their own and return all that comes until it is closed."""
        with self.connect(seconds=seconds) as connection:
            with suppress(BrokenPipeError, ConnectionResetError):
                connection.sendall(request)
            return received(connection)

    def get(self, path: str, *headers: str) -> bytes:
        """Return the whole answer to a GET of a path that is sent as it is."""
        lines = [f"GET {path} HTTP/1.1", f"Host: 127.0.0.1:{self.port}", *headers, "Connection: close", "", ""]
        return self.raw("\r\n".join(lines).encode())


def received(connection: socket.socket) -> bytes:
    """Return all that a connection sends until it is closed or broken."""
    parts = []
    with suppress(ConnectionResetError):
        while part := connection.recv(65_536):
            parts.append(part)
    return b"".join(parts)


def status_of(answer: bytes) -> int:
    """Return the status of an answer, 0 where there is none."""
    words = answer.split(b" ", 2)
    return int(words[1]) if len(words) > 1 and words[0].startswith(b"HTTP/") else 0


def closed_after(connection: socket.socket, most: float) -> bool:
    """Whether the other side closes a connection within some seconds, whatever it says before."""
    connection.settimeout(0.05)
    end = time.monotonic() + most
    while time.monotonic() < end:
        try:
            if not connection.recv(65_536):
                return True
        except TimeoutError:
            continue
        except OSError:
            return True
    return False
