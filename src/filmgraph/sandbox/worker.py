"""The life of a worker: walls first, then one question or update, then the end.

It is forked for one job, from a process that holds the triples or knows where they lie, and never comes back.
"""

from __future__ import annotations

import os
import resource
import signal
import socket
from collections.abc import Callable
from itertools import islice
from typing import Any, NoReturn

import pyoxigraph as ox

from filmgraph.errors import FilmgraphError, QueryError, QueryMemoryError, StoreError
from filmgraph.rows import Rows
from filmgraph.sandbox.confinement import die_with_parent, limit, step_back
from filmgraph.sandbox.forms import answer_of, answer_of_rows
from filmgraph.sandbox.model import Answer
from filmgraph.sandbox.wire import ERRORS, receive_head, send_head
from filmgraph.stores.complaints import query_error
from filmgraph.stores.local import DiskStore

__all__ = ["live"]

_GRACE = 0.5
_ALL_FILES = resource.getrlimit(resource.RLIMIT_NOFILE)[0]


def live(
    connection: int, said: int, *, parent: int, held: ox.Store | None, folder: str, memory: int, is_update: bool
) -> NoReturn:
    """Do the job that comes over a socket, and end.

    ``said`` is where last words go, such as Rust's when memory runs out; ``parent`` the process that forked this one;
    ``held`` the store to ask, or None where it is to be opened in ``folder``. Memory is in bytes.
    """
    status = 1
    try:
        socket_fd = _begin(connection, said, parent)
        with socket.socket(fileno=socket_fd) as channel:
            job = receive_head(channel)
            # The last resort, were nobody left to kill this process: the signal ends it whatever it is busy with.
            signal.setitimer(signal.ITIMER_REAL, job["seconds"] + _GRACE)
            act = _update if is_update else _ask

            def confined() -> None:
                limit(memory=memory, seconds=job["seconds"] + _GRACE, writes=is_update)

            answer = _guarded(lambda: act(job, held, folder, confined), job["text"])
            _send(channel, answer)
        status = 0
    finally:
        # Nothing is tidied up: the system is quicker at that.
        os._exit(status)


def _begin(connection: int, said: int, parent: int) -> int:
    """Become a process of its own: no signals and no open files of the fork server's."""
    die_with_parent(parent)
    signal.set_wakeup_fd(-1)
    for number in (signal.SIGCHLD, signal.SIGALRM, signal.SIGPIPE, signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)
    os.dup2(said, 2)
    # Two files are kept: the one for last words, and the socket, which gets the next number.
    os.dup2(connection, 3)
    os.closerange(4, max(_ALL_FILES, 256) if _ALL_FILES != resource.RLIM_INFINITY else 65536)
    step_back()
    return 3


def _guarded(act: Callable[[], Answer | None], text: str) -> Answer | FilmgraphError | None:
    """Return the answer, or the error that is to be reported."""
    try:
        return act()
    except FilmgraphError as error:
        return error
    except MemoryError:
        return QueryMemoryError("the query takes more memory than it may")
    except (SyntaxError, ValueError) as error:
        return query_error(error, text)
    except (OSError, RuntimeError) as error:
        return StoreError(str(error))


def _ask(job: dict[str, Any], held: ox.Store | None, folder: str, confine: Callable[[], None]) -> Answer:
    # Opened so, the store's generation is kept from being swept away.
    opened = DiskStore(job["folder"] or folder) if held is None else None
    store = held if opened is None else opened.oxigraph
    assert store is not None
    confine()
    named: list[ox.NamedNode | ox.BlankNode] = [_graph(name) for name in job["named_graphs"]]
    default: list[ox.NamedNode | ox.BlankNode | ox.DefaultGraph] = [_graph(name) for name in job["default_graphs"]]
    # Once some graph is given, those that are given are all there are.
    is_given = bool(default or named)
    found = store.query(
        job["text"],
        base_iri=job["base"],
        default_graph=default if is_given else None,
        named_graphs=named if is_given else None,
    )
    if job["rows"] is not None and isinstance(found, ox.QuerySolutions):
        columns = tuple(variable.value for variable in found.variables)
        first = Rows(columns, [tuple(solution) for solution in islice(found, job["rows"])])
        return answer_of_rows(first, job["solutions"], most=job["most"])
    return answer_of(found, solutions=job["solutions"], triples=job["triples"], most=job["most"])


def _update(job: dict[str, Any], _held: ox.Store | None, folder: str, confine: Callable[[], None]) -> None:
    opened = DiskStore(folder, writable=True)
    confine()
    opened.oxigraph.update(job["text"], base_iri=job["base"])
    opened.oxigraph.flush()


def _graph(name: str) -> ox.NamedNode:
    try:
        return ox.NamedNode(name)
    except ValueError as error:
        raise QueryError(f"{name[:80]!r} is no absolute IRI") from error


def _send(channel: socket.socket, answer: Answer | FilmgraphError | None) -> None:
    if isinstance(answer, FilmgraphError):
        kind = type(answer).__name__
        place = {name: getattr(answer, name, None) for name in ("line", "column")}
        send_head(channel, {"error": kind if kind in ERRORS else "WorkerError", "message": str(answer), **place})
    elif answer is None:
        send_head(channel, {"form": "update", "media_type": "", "length": 0})
    else:
        send_head(channel, {"form": answer.form, "media_type": answer.media_type, "length": len(answer.body)})
        channel.sendall(answer.body)
