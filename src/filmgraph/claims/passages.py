"""The passages that claims stand on, and the reviews that they are in, as the graph holds them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING

from filmgraph.errors import NotFoundError
from filmgraph.namespaces import FG, SPARQL_PREFIXES, shorten, slug_of
from filmgraph.rows import printable

if TYPE_CHECKING:
    from filmgraph.stores import Store

__all__ = ["Passage", "bytes_of", "check_known", "passages_of", "reviews_by_hash", "reviews_of_text"]


@dataclass(frozen=True)
class Passage:
    """A passage as the graph holds it: its review, its place, and what its words must be.

    ``start`` and ``end`` count code points, -1 where the graph has no whole number; ``sha256`` (hexadecimal) and
    ``exact`` are None where the graph does not have them. ``claims`` and ``statements`` are those that stand on it.
    """

    iri: str
    review: str
    start: int
    end: int
    sha256: str | None
    exact: str | None
    claims: tuple[str, ...]
    statements: tuple[str, ...]

    @property
    def length(self) -> int:
        """How many code points the words have; nothing positive where the place is no span."""
        return self.end - self.start if self.exact is None else len(self.exact)

    @property
    def provable(self) -> bool:
        """Whether the graph says anything about the words."""
        return self.sha256 is not None or self.exact is not None


def reviews_of_text(store: Store, digest: str) -> list[str]:
    """Return the reviews that were read from the text of a SHA-256, a hexadecimal number in small letters."""
    query = (
        f'SELECT DISTINCT ?review WHERE {{ ?review <{FG}textSha256> ?hash FILTER (LCASE(STR(?hash)) = "{digest}") }}'
    )
    return sorted(str(review) for (review,) in store.select(query))


def check_known(store: Store, review: str) -> None:
    """Raise :class:`~filmgraph.errors.NotFoundError` for a review that is not in the graph."""
    reviews = sorted(str(row[0]) for row in store.select(f"SELECT DISTINCT ?review WHERE {{ ?review a <{FG}Review> }}"))
    if review not in reviews:
        of_slug = {slug_of(known): known for known in reviews}
        near = [shorten(of_slug[slug]) for slug in get_close_matches(slug_of(review), of_slug, n=3)]
        raise NotFoundError(f"There is no review {printable(shorten(review))} in this graph.", suggestions=near)


_PASSAGES = f"""{SPARQL_PREFIXES}
SELECT ?passage ?review ?start ?end ?hash ?exact ?claim ?statement WHERE {{
  %s
  ?passage oa:hasSource ?review .
  OPTIONAL {{ ?passage oa:start ?start }}
  OPTIONAL {{ ?passage oa:end ?end }}
  OPTIONAL {{ ?passage fg:exactSha256 ?hash }}
  OPTIONAL {{ ?passage oa:exact ?exact }}
  OPTIONAL {{ ?claim fg:evidence ?passage OPTIONAL {{ ?claim fg:statement ?statement }} }}
}}
ORDER BY STR(?review) STR(?passage) STR(?claim) STR(?statement) ?start ?end STR(?hash) STR(?exact)
"""


def passages_of(store: Store, reviews: Sequence[str] | None) -> list[Passage]:
    """Return the passages of some reviews, or of all, in the order of review, place and IRI."""
    values = "" if reviews is None else f"VALUES ?review {{ {' '.join(f'<{review}>' for review in reviews)} }}"
    rows: dict[tuple[str, str], list[dict[str, object]]] = {}
    for record in store.select(_PASSAGES % values).records():
        rows.setdefault((str(record["passage"]), str(record["review"])), []).append(dict(record))
    passages: list[Passage] = []
    for (iri, review), records in rows.items():
        first = records[0]
        start, end = (value if type(value) is int else -1 for value in (first["start"], first["end"]))
        digest, exact = (None if first[name] is None else str(first[name]) for name in ("hash", "exact"))
        claims, statements = (
            tuple(dict.fromkeys(str(record[name]) for record in records if record[name] is not None))
            for name in ("claim", "statement")
        )
        passages.append(Passage(iri, review, start, end, digest and digest.lower(), exact, claims, statements))
    return sorted(passages, key=lambda passage: (passage.review, passage.start, passage.end, passage.iri))


def reviews_by_hash(store: Store) -> dict[bytes, list[str]]:
    """Return the reviews by the SHA-256 of the text that they were read from."""
    rows = store.select(f"SELECT DISTINCT ?review ?hash WHERE {{ ?review <{FG}textSha256> ?hash }}")
    by_hash: dict[bytes, list[str]] = {}
    for review, digest in rows:
        by_hash.setdefault(bytes_of(str(digest)), []).append(str(review))
    return by_hash


def bytes_of(hexadecimal: str) -> bytes:
    """Return the bytes of a hexadecimal number, none where it is no such number."""
    try:
        return bytes.fromhex(hexadecimal)
    except ValueError:
        return b""
