"""All labels of a graph, read once: what names are looked up in, and searched for."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import pyoxigraph as ox

from filmgraph import stores
from filmgraph.lookup.names import LABELS, folded_text, language_rank
from filmgraph.lookup.scoring import WITH_YEAR
from filmgraph.namespaces import FG, SCHEMA, kind_of, slug_of
from filmgraph.rows import plain

if TYPE_CHECKING:
    from filmgraph.stores import Store

__all__ = ["Bearing", "Label", "Labels", "called", "classes_of"]

Bearing = Callable[[str], Sequence[tuple[int, str]]]
"""Returns who bears a folded label: the rank of the label, and the resource."""


@dataclass(frozen=True, slots=True)
class Label:
    """A label of a resource, as it is written and folded; ``rank`` 0 is a name, 1 to 3 another title or label."""

    text: str
    rank: int
    folded: str


class Labels:
    """The labels of all resources of some kinds: IRI to labels, in the order of IRIs, and IRI to display name."""

    def __init__(self, store: Store, kinds: Collection[str]) -> None:
        read: dict[str, set[tuple[str, int]]] = {}
        best: dict[str, tuple[int, str]] = {}
        for resource, text, rank in _rows(store, kinds):
            iri = str(plain(resource))
            if kind_of(iri) not in kinds:
                continue
            read.setdefault(iri, set()).add((str(plain(text)), rank))
            if rank == 0 and isinstance(text, ox.Literal):
                found = (language_rank(text.language), text.value)
                best[iri] = min(best.get(iri, found), found)
        folded = {text: folded_text(text) for labels in read.values() for text, _ in labels}
        self.of: dict[str, tuple[Label, ...]] = {
            iri: tuple(Label(text, rank, folded[text]) for text, rank in sorted(read[iri])) for iri in sorted(read)
        }
        self.names = {iri: best[iri][1] if iri in best else slug_of(iri) for iri in self.of}

    @cached_property
    def _bearing(self) -> dict[str, list[tuple[int, str]]]:
        """Folded label to those who bear it, each with the rank of the label."""
        bearing: dict[str, list[tuple[int, str]]] = {}
        for iri, labels in self.of.items():
            for label in labels:
                bearing.setdefault(label.folded, []).append((label.rank, iri))
        return bearing

    def called(self, text: str, kinds: Collection[str]) -> list[str]:
        """Return the resources of some kinds that bear a label; a name counts before an alternative one.

        A film may also be called by its title and year.
        """
        return called(lambda folded: self._bearing.get(folded, ()), text, kinds)


def called(bearing: Bearing, text: str, kinds: Collection[str]) -> list[str]:
    """Return the resources of some kinds that bear a label, as :meth:`Labels.called` does, from who bears which."""
    matches = [each for each in bearing(folded_text(text)) if kind_of(each[1]) in kinds]
    with_year = WITH_YEAR.fullmatch(text)
    if not matches and with_year and "film" in kinds:
        ending = re.compile(rf"-{with_year['year']}(--[0-9]+)?$")
        matches = [
            (rank, iri)
            for rank, iri in bearing(folded_text(with_year["title"]))
            if kind_of(iri) == "film" and ending.search(slug_of(iri))
        ]
    best = min((rank for rank, _ in matches), default=0)
    return sorted({iri for rank, iri in matches if rank == best})


def classes_of(kinds: Iterable[str]) -> list[str]:
    """Return the classes that resources of some kinds may be of, sorted.

    >>> [each.rpartition("#")[2] for each in classes_of(["film", "genre"])]
    ['Film', 'Genre']
    """
    return sorted({name for kind in kinds for name in _CLASSES.get(kind, ())})


def _rows(store: Store, kinds: Collection[str]) -> Iterable[tuple[object, object, int]]:
    classes = classes_of(kinds)
    if not classes:
        return []
    types = " ".join(f"<{name}>" for name in classes)
    if isinstance(store, stores.LocalStore) and stores.size_of(store) >= stores.LARGE:
        return _joined_rows(store, classes)
    predicates = " ".join(f"({predicate} {max(0, place - 1)})" for place, predicate in enumerate(LABELS))
    query = (
        f"SELECT DISTINCT ?s ?l ?rank WHERE {{ VALUES ?type {{ {types} }} ?s a ?type . "
        f"VALUES (?p ?rank) {{ {predicates} }} ?s ?p ?l }}"
    )
    return [(resource, text, int(str(plain(rank)))) for resource, text, rank in store.select(query).terms]


def _joined_rows(store: Store, classes: Iterable[str]) -> Iterator[tuple[object, object, int]]:
    """Yield the rows of a large disk store: classes and labels read one by one, and joined here."""
    typed = {row[0] for name in classes for row in store.select(f"SELECT ?s WHERE {{ ?s a <{name}> }}").terms}
    for place, predicate in enumerate(LABELS):
        for resource, text in store.select(f"SELECT ?s ?l WHERE {{ ?s {predicate} ?l }}").terms:
            if resource in typed:
                yield resource, text, max(0, place - 1)


_CLASSES: dict[str, tuple[str, ...]] = {
    "film": (FG + "Film",),
    "technique": (FG + "Technique",),
    "category": (FG + "Category",),
    "person": (SCHEMA + "Person", FG + "Critic"),
    "organization": (SCHEMA + "Organization", FG + "Publication"),
    "genre": (FG + "Genre",),
    "country": (SCHEMA + "Country",),
    "aspect": (FG + "Aspect",),
    "review": (FG + "Review",),
}
