"""The errors that filmgraph raises.

One tree; whoever catches :class:`FilmgraphError` catches them all::

    FilmgraphError
    ├── DataError            a file or text that is not what it should be (file, line, column)
    │   └── FormatError      a file whose format filmgraph does not know
    ├── QueryError           a query or a parameter that cannot be run (query, parameter)
    │   └── RefusedQueryError    a query that the guard does not let through: it reaches out
    │       ├── OversizeQueryError   it is too long, too deep or too wide
    │       └── UnclearQueryError    engines could read it in more than one way
    ├── NotFoundError        a name that the graph does not know ("did you mean …")
    │   └── AmbiguousNameError   a name that several resources bear
    ├── OutputError          a file that cannot be written, or must not be overwritten
    ├── BreachError          data that breaks a rule of the shapes, and so was not loaded (report)
    ├── BatchError           batch work that cannot be done: Spark is missing, or failed
    ├── BoundError           a query that came up against a bound of the sandbox
    │   ├── QueryTimeoutError    it found no end in time
    │   ├── QueryMemoryError     it took more memory than it may
    │   ├── ResultTooLargeError  its answer is larger than may go out
    │   ├── BusyError            too many queries run already (by_client)
    │   └── WorkerError          the process that ran it died, or was called off
    └── StoreError           a store that cannot be opened, read or written
        ├── StoreLockedError     another process holds the store
        ├── ReadOnlyStoreError   a change asked of a store that only reads
        └── RemoteError          an endpoint that failed (url)
            ├── EndpointDownError      nothing answers there
            ├── EndpointTimeoutError   the deadline passed
            ├── EndpointStatusError    an HTTP status that is no success (status)
            ├── EndpointAnswerError    an answer of the wrong type, too large or unreadable
            └── PartialLoadError       a load that broke off: a part of the file is in (file, loaded, unsure)

Each message is one line that says what is wrong, where, and what to do.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Self

__all__ = [
    "AmbiguousNameError",
    "BatchError",
    "BoundError",
    "BreachError",
    "BusyError",
    "DataError",
    "EndpointAnswerError",
    "EndpointDownError",
    "EndpointStatusError",
    "EndpointTimeoutError",
    "FilmgraphError",
    "FormatError",
    "NotFoundError",
    "OutputError",
    "OversizeQueryError",
    "PartialLoadError",
    "QueryError",
    "QueryMemoryError",
    "QueryTimeoutError",
    "ReadOnlyStoreError",
    "RefusedQueryError",
    "RemoteError",
    "ResultTooLargeError",
    "StoreError",
    "StoreLockedError",
    "UnclearQueryError",
    "WorkerError",
]


class FilmgraphError(Exception):
    """Something that filmgraph could not do, said in one line."""

    def __init__(self, message: str) -> None:
        line = " ".join(message.split())
        # What a file or an endpoint said may stand in it, and must not steer the terminal that it is shown on.
        super().__init__("".join(character if character.isprintable() else "\ufffd" for character in line))


class DataError(FilmgraphError):
    """A file or text that is not what it should be.

    ``file``, ``line`` and ``column`` (both counted from 1) are None where they are not known.
    """

    def __init__(
        self,
        message: str,
        *,
        file: str | None = None,
        line: int | None = None,
        column: int | None = None,
    ) -> None:
        self.file, self.line, self.column = file, line, column
        place = ":".join(str(part) for part in (file, line, column) if part is not None)
        super().__init__(f"{place}: {message}" if place else message)

    @classmethod
    def of_parser(cls, error: Exception, file: str) -> Self:
        """Return the complaint of an RDF parser about a file, in our words where they are plainer.

        >>> DataError.of_parser(SyntaxError("No scheme found in an absolute IRI"), "film.ttl")
        DataError('film.ttl: relative IRI: write it in full, or give the file a base')
        """
        message = str(error.args[0]) if error.args else str(error)
        message = re.sub(r"^Parser error at [^:]*: ", "", message)
        if "No scheme found" in message:
            message = "relative IRI: write it in full, or give the file a base"
        elif isinstance(error, MemoryError) or "buffer maximal size" in message:
            message = "a literal or line in it is larger than 16 MiB, more than the parser reads"
        elif "LoadDocumentCallback" in message:
            message = "fetches a remote @context, which filmgraph does not: put the context inline"
        return cls(message, file=file, line=getattr(error, "lineno", None), column=getattr(error, "offset", None))


class FormatError(DataError):
    """A file whose format filmgraph does not know."""


class QueryError(FilmgraphError):
    """A query, or a parameter of one, that cannot be run.

    ``place`` says where in the text: ``line`` and ``column``, both counted from 1 and None where they are not known.
    """

    def __init__(
        self,
        message: str,
        *,
        query: str | None = None,
        parameter: str | None = None,
        place: tuple[int, int] | None = None,
    ) -> None:
        self.query, self.parameter = query, parameter
        self.line: int | None
        self.column: int | None
        self.line, self.column = place or (None, None)
        named = (f"query {query}" if query else "", f"parameter {parameter}" if parameter else "")
        start = ", ".join(filter(None, named))
        super().__init__(f"{start}: {message}" if start else message)


class RefusedQueryError(QueryError):
    """A query that the guard does not let through: it reaches out, or it is one of the kinds below."""


class OversizeQueryError(RefusedQueryError):
    """A query that is too long, too deep or too wide for the engine."""


class UnclearQueryError(RefusedQueryError):
    """A query that engines could read in more than one way."""


class NotFoundError(FilmgraphError):
    """A name that the graph does not know; ``suggestions`` holds the nearest that it does."""

    def __init__(self, message: str, *, suggestions: Sequence[str] = ()) -> None:
        self.suggestions = tuple(suggestions)
        hint = f" Did you mean {', '.join(self.suggestions)}?" if self.suggestions else ""
        super().__init__(f"{message}{hint}")


class AmbiguousNameError(NotFoundError):
    """A name that several resources bear; ``suggestions`` holds their slugs."""


class OutputError(FilmgraphError):
    """A file that cannot be written, or that exists and must not be overwritten."""


class BreachError(FilmgraphError):
    """Data that breaks a rule of the shapes, so that it was not loaded; ``report`` says where."""

    def __init__(self, message: str, *, report: Any) -> None:
        self.report = report
        super().__init__(message)


class BatchError(FilmgraphError):
    """Work on whole graphs that cannot be done: what it needs is missing, or the cluster failed."""

    @classmethod
    def missing(cls, what: str) -> Self:
        """Return the error that a package of the extra spark is not installed."""
        return cls(f"{what} is missing: batch work needs the extra spark, pip install 'filmgraph-kg[spark]'")


class BoundError(FilmgraphError):
    """A query that came up against a bound of the sandbox; the next one may well be answered."""


class QueryTimeoutError(BoundError):
    """A query that found no end in the time it had."""


class QueryMemoryError(BoundError):
    """A query that took more memory than it may."""


class ResultTooLargeError(BoundError):
    """A query whose answer is larger than may go out; none of it does."""


class BusyError(BoundError):
    """Too many queries run and wait already; ``by_client`` where they are those of the one who asks."""

    def __init__(self, message: str, *, by_client: bool) -> None:
        self.by_client = by_client
        super().__init__(message)


class WorkerError(BoundError):
    """The process that ran a query died, could not be started, or was called off."""


class StoreError(FilmgraphError):
    """A store that cannot be opened, read or written."""


class StoreLockedError(StoreError):
    """A disk store that another process holds for writing."""


class ReadOnlyStoreError(StoreError):
    """A change asked of a store that only reads."""


class RemoteError(StoreError):
    """An endpoint that failed; ``url`` names it."""

    def __init__(self, message: str, *, url: str) -> None:
        self.url = url
        super().__init__(f"{url}: {message}")


class EndpointDownError(RemoteError):
    """Nothing answers at the endpoint's address."""


class EndpointTimeoutError(RemoteError):
    """The endpoint did not finish within the deadline."""


class EndpointStatusError(RemoteError):
    """The endpoint answered with an HTTP status that is no success."""

    def __init__(self, message: str, *, url: str, status: int) -> None:
        self.status = status
        super().__init__(message, url=url)


class EndpointAnswerError(RemoteError):
    """The endpoint answered with the wrong content type, too much, or something unreadable."""


class PartialLoadError(RemoteError):
    """A load that broke off in the middle of a file.

    ``loaded`` of its triples are in the store, ``unsure`` more may be, and the rest is not.
    """

    def __init__(self, file: str, loaded: int, unsure: int, reason: Exception, *, url: str) -> None:
        self.file, self.loaded, self.unsure = file, loaded, unsure
        perhaps = f", the next {unsure:,} may be" if unsure else ""
        super().__init__(
            f"{file}: the first {loaded:,} triples are in{perhaps}, the rest is not: {reason}; "
            "load the file again to add what is missing",
            url=url,
        )
