"""Loading into a Virtuoso on this machine by its own loader, through its SQL port.

Files are looked at (:mod:`filmgraph.stores.looked`) on their way into a folder, from which the server reads them: it
gets nothing that was not looked at, and blank nodes and the names of graphs are treated as everywhere. What speaks SQL
is Virtuoso's own ``isql``, which is told the password on a terminal of its own: it stands on no command line and in no
environment.
"""

from __future__ import annotations

import os
import pty
import re
import select
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from filmgraph.errors import PartialLoadError, StoreError
from filmgraph.stores.logins import LOGIN, LOGIN_FILE, Login
from filmgraph.stores.looked import LookedAt, look_at

__all__ = ["Session", "bulk_load"]

_PROGRAMS = ("isql-vt", "isql-v", "isql")
_ADDRESS = re.compile(r"(?:\w[\w.-]*:)?[0-9]{1,5}", re.ASCII)
_UNSAFE = re.compile(r"['\\\x00-\x20<>\"]")
_DONE = "filmgraph-statement-done"
_LOGIN_SECONDS = 20.0


def bulk_load(
    files: Iterable[str | os.PathLike[str]],
    *,
    sql: str,
    graph: str,
    login: Login | None,
    progress: Callable[[str], None] | None = None,
) -> dict[str, int]:
    """Load RDF files into a graph of the Virtuoso whose SQL port is ``sql`` (``HOST:PORT``); return triples by file.

    The triples are counted as they are sent; some may have been there. All files are looked at before the first goes
    in, so a bad one changes nothing. They go in outside of a transaction, one after the other: where the server fails,
    :class:`~filmgraph.errors.PartialLoadError` says how far it came. What is looked at lies, as N-Triples, in the
    folder for temporary files, which the server must be allowed to read (``DirsAllowed`` in its configuration;
    ``TMPDIR`` names another).

    Raises :class:`~filmgraph.errors.StoreError` where the server cannot be spoken to, and
    :class:`~filmgraph.errors.DataError` for a file that is not let in.
    """
    if not _ADDRESS.fullmatch(sql):
        raise StoreError(f"{sql[:80]!r} is no SQL port: write HOST:PORT, such as 127.0.0.1:1111")
    if _UNSAFE.search(graph):
        raise StoreError(f"{graph[:80]!r} is no IRI for a graph")
    if login is None:
        raise StoreError(f"{sql}: loading through SQL needs a name and a password: set {LOGIN} or {LOGIN_FILE}")
    loaded: dict[str, int] = {}
    with tempfile.TemporaryDirectory(prefix="filmgraph-") as folder, Session(sql, login) as session:
        Path(folder).chmod(0o755)  # The server may run as somebody else.
        looked: list[tuple[LookedAt, Path]] = []
        for number, file in enumerate(files):
            name = os.fspath(file)
            if progress is not None:
                progress(name)
            part = Path(folder, f"{number}.nt")
            looked.append((look_at(name, part), part))
            part.chmod(0o644)
        session.run("log_enable(2, 1)")
        for each, part in looked:
            _load(each, part, session, graph, sql)
            part.unlink()
            loaded[each.name] = each.triples
        session.run("checkpoint")
    return loaded


def _load(looked: LookedAt, part: Path, session: Session, graph: str, sql: str) -> None:
    session.run(f"file_open('{part}')")  # What the server may not read is told before anything is in.
    try:
        session.run(f"DB.DBA.TTLP(file_open('{part}'), '', '{graph}', 0)")
    except StoreError as error:
        raise PartialLoadError(looked.name, 0, looked.triples, error, url=sql) from error


class Session:
    """Virtuoso's isql, logged in, from ``with`` until its end."""

    def __init__(self, sql: str, login: Login) -> None:
        program = next(filter(None, map(shutil.which, _PROGRAMS)), None)
        if program is None:
            raise StoreError(f"{sql}: this takes Virtuoso's isql, and none of {', '.join(_PROGRAMS)} is here")
        if not re.fullmatch(r"[\w.@]+", login.user):
            raise StoreError(f"{sql}: {login.user[:40]!r} is no name of a Virtuoso user")
        self._sql = sql
        self._terminal, inner = pty.openpty()
        options = ("VERBOSE=OFF", "BANNER=OFF", "PROMPT=OFF", "ERRORS=STDOUT")
        self._process = subprocess.Popen(
            [program, sql, login.user, *options],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=lambda: _make_own(inner),
        )
        os.close(inner)
        try:
            self._log_in(login.password)
        except BaseException:
            self._process.kill()  # It would ask again and again.
            self._end()
            raise

    def run(self, statement: str) -> str:
        """Run a statement and return what it prints; raises :class:`~filmgraph.errors.StoreError`."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        try:
            self._process.stdin.write(f"{statement};\necho '{_DONE}\\n';\n".encode())
            self._process.stdin.flush()
        except OSError as error:
            raise StoreError(f"{self._sql}: the connection is gone") from error
        said: list[str] = []
        for line in self._process.stdout:
            text = line.decode("utf-8", "replace").strip()
            if _DONE in text:
                break
            said.append(text)
        else:
            raise StoreError(f"{self._sql}: the connection is gone: {_error(said) or 'no reason was given'}")
        if error_text := _error(said):
            hint = ": allow it this folder in DirsAllowed" if "access" in error_text.lower() else ""
            raise StoreError(f"{self._sql}: {error_text}{hint}")
        return "\n".join(said)

    def _log_in(self, password: str) -> None:
        """Answer the question for the password, which comes where the well-known one is not right."""
        asked = b""
        end = time.monotonic() + _LOGIN_SECONDS
        assert self._process.stdout is not None
        out = self._process.stdout.fileno()
        assert self._process.stdin is not None
        with suppress(OSError):  # It may have ended; then it has said why.
            self._process.stdin.write(f"echo '{_DONE}\\n';\n".encode())
            self._process.stdin.flush()
        said = b""
        while time.monotonic() < end:
            ready, _, _ = select.select([self._terminal, out], [], [], 0.2)
            if out in ready:
                piece = os.read(out, 4096)
                said += piece
                if _DONE.encode() in said:
                    return
                if not piece:
                    break
            if self._terminal in ready:
                with suppress(OSError):
                    asked += os.read(self._terminal, 4096)
            if said.count(b"Bad login") > 1:  # The first was the well-known password's.
                break
            if password and b"assword" in asked:
                os.write(self._terminal, password.encode() + b"\n")
                asked, password = b"", ""
        reason = _error(said.decode("utf-8", "replace").splitlines())
        raise StoreError(f"{self._sql}: no SQL server takes this name and password here: {reason or 'no answer'}")

    def _end(self) -> None:
        assert self._process.stdin is not None
        with suppress(OSError):
            self._process.stdin.close()
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        assert self._process.stdout is not None
        self._process.stdout.close()
        with suppress(OSError):
            os.close(self._terminal)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()


def _make_own(terminal: int) -> None:
    """Make a terminal the one that this process asks for passwords on."""
    import fcntl
    import termios

    fcntl.ioctl(terminal, termios.TIOCSCTTY, 0)


def _error(lines: Iterable[str]) -> str:
    """Return the first error among lines that isql printed, "" where there is none."""
    found = next((line for line in lines if line.startswith("*** Error")), "")
    return re.sub(r"^\*\*\* Error (\w+): (?:\[[^]]*\])*", r"SQL error \1: ", found)[:300]
