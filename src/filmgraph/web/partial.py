"""A part of a long list as data: which it is, and where it goes on, in headers that programs know."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from filmgraph.errors import QueryError

if TYPE_CHECKING:
    from starlette.datastructures import QueryParams

    from filmgraph.web.links import Links

__all__ = ["Part", "number_in"]


@dataclass(frozen=True)
class Part:
    """A page of so many ``pages`` of a long list, ``of`` so many things in all.

    ``query`` is what is to be asked, besides the number of the page, for another one; ``path`` where, if elsewhere.
    """

    page: int
    pages: int
    of: int
    query: Mapping[str, object] = field(default_factory=dict)
    path: str = ""

    def headers(self, links: Links, path: str, query: QueryParams, ending: str) -> dict[str, str]:
        """Return the headers of a part that was asked for at a path: how many there are in all, and links to others.

        A list that is whole has none.
        """
        if self.pages == 1:
            return {}
        asked = {name: query.getlist(name) for name in query} | dict(self.query)
        found = [
            f'<{links.href(f"{self.path or path}.{ending}", **(asked | {"page": number}))}>; rel="{name}"'
            for name, number in (("prev", self.page - 1), ("next", self.page + 1))
            if 1 <= number <= self.pages
        ]
        return {"X-Total-Count": str(self.of), "Link": ", ".join(found)}


def number_in(query: QueryParams, name: str) -> int:
    """Return a whole number of the query, 1 where there is none.

    Raises :class:`~filmgraph.errors.QueryError` for what is no such number.
    """
    text = query.get(name) or "1"
    if not (text.isascii() and text.isdecimal() and len(text) <= 6):
        raise QueryError("is no whole number", parameter=name)
    return int(text)
