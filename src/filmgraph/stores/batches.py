"""Triples packed for the way to an endpoint, which takes a limited number at once."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator

import pyoxigraph as ox

from filmgraph.errors import EndpointDownError, EndpointTimeoutError, FilmgraphError, PartialLoadError

__all__ = ["packed", "sent_all"]


def packed(triples: Iterable[ox.Triple], *, triples_each: int, size: int) -> Iterator[list[str]]:
    """Yield triples as lines of N-Triples, in packs of at most so many and so many bytes.

    A blank node means the same only within a pack. Triples that share blank nodes therefore stay together, even where
    they are more than a pack; they come last.

    >>> a, b = ox.BlankNode("a"), ox.NamedNode("http://example.org/b")
    >>> list(packed([ox.Triple(a, b, b), ox.Triple(b, b, b)], triples_each=10, size=1000))[0]
    ['<http://example.org/b> <http://example.org/b> <http://example.org/b> .\\\\n']
    """
    blank: list[ox.Triple] = []
    pack: list[str] = []
    length = 0
    for group in _groups(triples, blank):
        lines = [f"{triple} .\n" for triple in group]
        grown = sum(len(line.encode()) for line in lines)
        if pack and (len(pack) + len(lines) > triples_each or length + grown > size):
            yield pack
            pack, length = [], 0
        pack += lines
        length += grown
    if pack:
        yield pack


def sent_all(
    packs: Iterable[list[str]], send: Callable[[list[str]], None], *, file: str | os.PathLike[str], url: str
) -> None:
    """Send packs one after the other.

    Raises the error of the first pack as it is where that is all that was sent or nothing went before, and
    :class:`~filmgraph.errors.PartialLoadError` where a part of the file is in.
    """
    loaded = 0
    for pack in packs:
        try:
            send(pack)
        except FilmgraphError as error:
            unsure = len(pack) if isinstance(error, EndpointDownError | EndpointTimeoutError) else 0
            if not loaded:
                raise
            raise PartialLoadError(os.fspath(file), loaded, unsure, error, url=url) from error
        loaded += len(pack)


def _groups(triples: Iterable[ox.Triple], blank: list[ox.Triple]) -> Iterator[list[ox.Triple]]:
    """Yield what must not be parted: each triple without blank nodes by itself, then the others by what they share."""
    for triple in triples:
        if isinstance(triple.subject, ox.BlankNode) or isinstance(triple.object, ox.BlankNode):
            blank.append(triple)
        else:
            yield [triple]
    heads: dict[str, str] = {}

    def head(name: str) -> str:
        while (above := heads.setdefault(name, name)) != name:
            heads[name] = heads[above]
            name = above
        return name

    for triple in blank:
        if isinstance(triple.subject, ox.BlankNode) and isinstance(triple.object, ox.BlankNode):
            heads[head(triple.subject.value)] = head(triple.object.value)
    together: dict[str, list[ox.Triple]] = {}
    for triple in blank:
        (name, *_) = [term.value for term in triple if isinstance(term, ox.BlankNode)]
        together.setdefault(head(name), []).append(triple)
    yield from together.values()
