"""Loading by the SPARQL 1.1 Graph Store Protocol: triples are posted as N-Triples, and merged into one graph.

An endpoint takes much more of them at once than in a text of SPARQL, which it has to parse and plan as one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlencode, urlsplit, urlunsplit
from urllib.request import Request

from filmgraph.errors import EndpointStatusError, StoreError
from filmgraph.stores.exchange import exchange, moved_to

if TYPE_CHECKING:
    from filmgraph.stores.logins import Login

__all__ = ["BYTES_EACH", "TRIPLES_EACH", "GraphStore"]

TRIPLES_EACH = 100_000
"""How many triples one request merges at the most."""
BYTES_EACH = 16 * 1024**2
"""How many bytes of N-Triples one request sends at the most."""


class GraphStore:
    """A graph behind the address of a Graph Store service; ``graph`` is its IRI, None for the default graph.

    Raises :class:`~filmgraph.errors.StoreError` for what is no address, and the
    :class:`~filmgraph.errors.RemoteError` family.
    """

    def __init__(self, url: str, *, graph: str | None, login: Login | None, deadline: float, retries: int) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise StoreError(f"{url}: an endpoint's address starts with http:// or https:// and a host")
        named = urlencode({"graph": graph}) if graph else "default"
        self.url = urlunsplit(parts._replace(query="&".join(filter(None, (parts.query, named))), fragment=""))
        self._login = login
        self._deadline = deadline
        self._retries = retries

    def merge(self, lines: list[str]) -> None:
        """Merge triples, given as lines of N-Triples, into the graph, in one request."""
        body = "".join(lines).encode()
        sent = exchange(
            lambda: Request(self.url, body, {"Content-Type": "application/n-triples", "User-Agent": "filmgraph"}),
            url=self.url,
            deadline=self._deadline,
            retries=self._retries,
            is_change=True,
            most=1024**2,
            login=self._login,
        )
        with sent:
            if moved := moved_to(sent):
                raise EndpointStatusError(moved, url=self.url, status=sent.status)
            if not 200 <= sent.status < 300:
                detail = f": {sent.detail}" if sent.detail else ""
                if sent.status in (404, 405):
                    detail = ": is this the address of its Graph Store service (oxigraph: …/store, Fuseki: …/data)?"
                raise EndpointStatusError(f"answered HTTP {sent.status}{detail}", url=self.url, status=sent.status)
            while sent.read(1 << 16):
                pass  # An engine may find out late that it cannot do it, and hang up.
