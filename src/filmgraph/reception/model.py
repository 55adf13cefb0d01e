"""The answers about critics, as plain dataclasses, and as rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from typing import Any

import pyoxigraph as ox

from filmgraph.lookup import Named
from filmgraph.namespaces import XSD
from filmgraph.rows import Rows, Term
from filmgraph.voices import Tally, wilson

__all__ = [
    "Agreement",
    "AlikeCritic",
    "Comparison",
    "Contested",
    "MissingUse",
    "NoticedUse",
    "Valued",
    "as_rows",
]


@dataclass(frozen=True)
class Agreement:
    """What critics say of one concept in one film.

    ``through`` names what else is counted with it: narrower techniques of which critics speak.
    """

    film: Named
    about: Named
    critics: Tally
    through: tuple[Named, ...] = ()


@dataclass(frozen=True)
class Contested:
    """A concept that some critics praise and others criticise: in one film, or over several, where ``film`` is None.

    Over several films ``critics`` adds up the films' tallies, and ``smaller`` the smaller side of each film, so that a
    craft does not count as contested because it is well done in one film and badly in another.
    """

    film: Named | None
    about: Named
    films: int
    critics: Tally
    smaller: int

    @property
    def sides(self) -> int:
        """How many praise or criticise."""
        return self.critics.praise + self.critics.criticism

    @property
    def share(self) -> float:
        """The share of the smaller side among those who take one, 0.5 at the most."""
        return self.smaller / self.sides

    @property
    def interval(self) -> tuple[float, float]:
        """Wilson's interval of the share; its lower bound is what contested craft is ranked by."""
        return wilson(self.smaller, self.sides)


@dataclass(frozen=True)
class Valued:
    """A category in the praise of one critic, beside that of all critics.

    The critic praises ``praised`` things in it, of ``of`` in all categories; a thing is one craft of one film.
    ``estimate`` is the share that one would expect of the critic's next praise (see :meth:`Reception.values`).
    ``leaning`` is "more" or "less" where the critic departs from all critics by more than chance, else "".
    """

    category: Named
    praised: int
    of: int
    share_of_all: float
    estimate: float
    leaning: str = ""

    @property
    def share(self) -> float:
        """The category's share in the critic's praise."""
        return self.praised / self.of

    @property
    def interval(self) -> tuple[float, float]:
        """Wilson's interval of the share."""
        return wilson(self.praised, self.of)


@dataclass(frozen=True)
class AlikeCritic:
    """A critic who values the same craft as another, how much so, and the craft that both praise, most telling first.

    ``praised`` counts the things that this critic praises.
    """

    critic: Named
    score: float
    shared: tuple[Named, ...]
    praised: int


@dataclass(frozen=True)
class NoticedUse:
    """A use of a technique in a film, what critics say of it, and how it stands with them.

    ``critics`` counts those who speak of the technique or a narrower one, ``at_large`` those who speak of a broader
    one. ``standing`` is "corroborated", "disputed" (somebody criticises), "both", or "unnoticed" by either.
    """

    film: Named
    technique: Named
    use: str
    critics: Tally
    at_large: Tally
    standing: str


@dataclass(frozen=True)
class MissingUse:
    """A craft that critics praise in a film for which the graph has no use of it."""

    film: Named
    about: Named
    critics: Tally


@dataclass(frozen=True)
class Comparison:
    """Two films that critics compare, and who does; ``other`` has no IRI where the graph lacks the film."""

    film: Named
    other: Named
    critics: tuple[Named, ...]


def as_rows(found: Sequence[Any], kind: type[Any]) -> Rows:
    """Return answers of one kind as rows: a resource as IRI and name, a tally as its numbers, a share with bounds.

    >>> tally = Tally(praise=3, criticism=1)
    >>> print(as_rows([MissingUse(Named("urn:f", "F"), Named("urn:c", "C"), tally)], MissingUse).columns)
    ('film', 'film_name', 'about', 'about_name', 'critics', 'praise', 'criticism', 'mixed', 'observation', 'share', \
'low', 'high')
    """
    columns = tuple(dict.fromkeys(name for field in fields(kind) for name in _columns(field.name, str(field.type))))
    if hasattr(kind, "interval"):
        columns = (*(name for name in columns if name not in _BOUNDS), *_BOUNDS)
    return Rows(columns, [tuple(cells.get(name) for name in columns) for cells in map(_cells, found)])


_BOUNDS = ("share", "low", "high")
_COUNTS = ("praise", "criticism", "mixed", "observation")


def _columns(name: str, kind: str) -> Iterator[str]:
    if kind == "Tally" and name == "critics":
        yield from ("critics", *_COUNTS, *_BOUNDS)
    elif kind == "Tally":
        yield from (f"{name}_critics", f"{name}_praise")
    elif kind.startswith("tuple"):
        yield from ((name, f"{name}_names") if name == "critics" else (f"{name}_names",))
    else:
        yield name
        if "Named" in kind:
            yield f"{name}_name"


def _cells(answer: Any) -> dict[str, Term | None]:
    cells: dict[str, Any] = {}
    for field in fields(answer):
        name, value = field.name, getattr(answer, field.name)
        if isinstance(value, Tally) and name != "critics":
            cells |= {f"{name}_critics": value.critics, f"{name}_praise": value.praise}
        elif isinstance(value, Tally):
            cells |= {"critics": value.critics, **{count: getattr(value, count) for count in _COUNTS}}
            cells |= _shares(value.share, value.interval)
        elif isinstance(value, tuple):
            cells |= {name: len(value), f"{name}_names": ", ".join(each.name for each in value)}
        elif isinstance(value, Named):
            cells |= {name: ox.NamedNode(value.iri) if value.iri else None, f"{name}_name": value.name}
        else:
            cells[name] = ox.NamedNode(value) if name == "use" else value
    if hasattr(answer, "interval"):
        cells |= _shares(answer.share, answer.interval)
    return {name: _term(value) for name, value in cells.items()}


def _shares(share: float | None, interval: tuple[float, float]) -> dict[str, float | None]:
    return dict(zip(_BOUNDS, (share, *interval), strict=True))


def _term(value: Any) -> Term | None:
    if isinstance(value, float):
        return ox.Literal(f"{value:.3f}", datatype=ox.NamedNode(XSD + "decimal"))
    return ox.Literal(value) if isinstance(value, str | int) else value
