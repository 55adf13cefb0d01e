"""What can be set about a site."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from filmgraph.errors import QueryError

__all__ = ["Settings"]


@dataclass(frozen=True)
class Settings:
    """What can be set about a site.

    ``base_url`` is the address at which the public finds it (``https://example.org/filmgraph``); its path comes before
    every link. Without it links start at the root, and absolute ones take the host of the request. ``is_static`` says
    that the pages are written as files: what needs a server (search, queries, recommendations) is not linked.
    ``writable`` lets the endpoint take updates. ``hosts`` are the names under which the site answers; empty lets every
    name through. ``query_seconds`` is the longest that a query of a visitor's may run.
    """

    base_url: str = ""
    is_static: bool = False
    writable: bool = False
    hosts: tuple[str, ...] = ()
    query_seconds: float = 10.0
    kept_bytes: int = 64 * 1024**2

    def __post_init__(self) -> None:
        if not self.base_url:
            return
        try:
            parts = urlsplit(self.base_url)
            port_is_fine = parts.port is None or parts.port > 0
        except ValueError:
            port_is_fine = False
        if not port_is_fine or parts.scheme not in ("http", "https") or not parts.hostname or parts.query:
            raise QueryError(f"{self.base_url!r} is no base address: write it like https://example.org/filmgraph")
        object.__setattr__(self, "base_url", self.base_url.rstrip("/"))

    @property
    def prefix(self) -> str:
        """The path that comes before every link: "" or such as "/filmgraph"."""
        return urlsplit(self.base_url).path.rstrip("/")
