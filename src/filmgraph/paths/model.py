"""What a path is: typed edges, each with the triples it stands on."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from filmgraph.voices import Triple

if TYPE_CHECKING:
    from filmgraph.stores import Store

__all__ = ["KIND_WEIGHTS", "Edge", "Path", "Statement", "Triple", "UseInFilm"]

KIND_WEIGHTS: dict[str, float] = {
    "technique": 1.0,
    "comparison": 0.95,
    "praise": 0.8,
    "director": 0.75,
    "cinematographer": 0.75,
    "editor": 0.65,
    "composer": 0.65,
    "production designer": 0.65,
    "crew": 0.6,
    "sibling techniques": 0.6,
    "genre": 0.1,
}
"""Kind of path to its weight: genre last, so that it joins only where nothing else does."""


@dataclass(frozen=True)
class Edge:
    """One step of a path: two nodes by IRI, what joins them in words, and the triples it stands on."""

    source: str
    target: str
    label: str
    triples: tuple[Triple, ...]


@dataclass(frozen=True)
class UseInFilm:
    """How a film uses a technique: explanation and first scene, as a path tells them.

    ``spoiler`` says that the scene gives away an ending, and ``spoiler_in_use`` that the explanation does so too.
    """

    film: str
    technique: str
    explanation: str
    scene: str
    spoiler: bool
    spoiler_in_use: bool = False


@dataclass(frozen=True)
class Statement:
    """What a critic said, as a path tells it: who, and the paraphrase; ``spoiler`` where it gives away an ending."""

    source: str
    statement: str
    spoiler: bool = False


@dataclass(frozen=True)
class Path:
    """A typed path between two films.

    ``reason`` says in one sentence what joins them; ``uses`` tells how each film does it and in which scene, where
    the path goes through techniques; ``statements`` holds what some critics said, where it goes through them, and
    ``critics`` how many of how many praise (in each film) or compare.
    """

    kind: str
    films: tuple[str, ...]
    edges: tuple[Edge, ...]
    score: float
    shared_by: int
    reason: str = ""
    uses: tuple[UseInFilm, ...] = ()
    statements: tuple[Statement, ...] = ()
    titles: tuple[str, ...] = field(default=(), compare=False)
    critics: tuple[tuple[int, int], ...] = ()

    @property
    def triples(self) -> tuple[Triple, ...]:
        """All triples that the path stands on, each once."""
        return tuple(dict.fromkeys(triple for edge in self.edges for triple in edge.triples))

    @property
    def sentence(self) -> str:
        """The path in words: the reason, how each film does it, and in which scene; spoilers left out."""
        return " ".join([self.reason, *self.details()])

    def details(self, *, spoilers: bool = False) -> list[str]:
        """Return a sentence for each use and each critic's statement along the path."""
        titles = dict(zip(self.films, self.titles, strict=False))
        lines = [_use_in_words(use, titles.get(use.film, use.film), spoilers) for use in self.uses]
        return lines + [_statement_in_words(said, spoilers) for said in self.statements]

    def ask(self) -> str:
        """Return the ASK query that confirms the path: true where every triple is in the graph."""
        return "ASK { " + " . ".join(" ".join(f"<{part}>" for part in triple) for triple in self.triples) + " }"

    def confirm(self, store: Store) -> bool:
        """Whether a store holds every triple that the path stands on."""
        return store.ask(self.ask())

    def to_turtle(self) -> str:
        """Return the path's triples as Turtle."""
        import pyoxigraph as ox

        from filmgraph.turtle import write_turtle

        return write_turtle(ox.Triple(*(ox.NamedNode(part) for part in triple)) for triple in self.triples)


def _use_in_words(use: UseInFilm, title: str, spoilers: bool) -> str:
    if use.spoiler_in_use and not spoilers:
        return f"{title}: (How it does so gives away the ending.)"
    if use.spoiler and not spoilers:
        return f"{title}: {use.explanation} (The scene gives away the ending.)"
    return f"{title}: {use.explanation} Scene: {use.scene}"


def _statement_in_words(said: Statement, spoilers: bool) -> str:
    hidden = said.spoiler and not spoilers
    return f"{said.source}: {'(What is said gives away the ending.)' if hidden else said.statement}"
