"""Paths in words: what joins two films, how each does it, and what critics said."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from filmgraph.lookup import labels_of, values_of
from filmgraph.namespaces import FG, SCHEMA
from filmgraph.paths.model import Edge, Path, Statement, UseInFilm

if TYPE_CHECKING:
    from filmgraph.stores import Store

__all__ = ["tell"]

COMPARISONS_TOLD = 3


def tell(store: Store, paths: Sequence[Path]) -> list[Path]:
    """Return paths with their words: labels, explanations, scenes and statements, in three queries at the most."""
    named = {end for path in paths for edge in path.edges for end in (edge.source, edge.target)}
    triples = {triple for path in paths for triple in path.triples}
    labels = labels_of(store, named)
    uses = _read_uses(store, {subject for subject, predicate, _ in triples if predicate == FG + "technique"})
    said = _read_claims(store, {claim for path in paths for claim in _quoted(path)})
    return [_in_words(path, labels, uses, said) for path in paths]


def _quoted(path: Path) -> list[str]:
    """Return the claims that a path tells: the first praise in each film, and a few comparisons."""
    quoted: list[str] = []
    for edge in path.edges:
        claims = dict.fromkeys(subject for subject, predicate, _ in edge.triples if predicate == FG + "aboutFilm")
        quoted += list(claims)[: 1 if edge.label.startswith("is praised") else COMPARISONS_TOLD]
    return quoted


def _read_uses(store: Store, uses: Collection[str]) -> dict[str, UseInFilm]:
    if not uses:
        return {}
    rows = store.select(
        f"SELECT ?u ?f ?t ?e ?s ?d ?whole ?part WHERE {{ {_values('?u', uses)} ?u <{FG}film> ?f ; <{FG}technique> ?t ; "
        f"<{FG}explanation> ?e ; <{FG}scene> ?s . ?s <{SCHEMA}description> ?d . "
        f"OPTIONAL {{ ?u <{FG}spoiler> ?whole }} OPTIONAL {{ ?s <{FG}spoiler> ?part }} }}"
    )
    told: dict[str, UseInFilm] = {}
    for row in sorted(rows, key=lambda row: (str(row[0]), row[7] is True, tuple(map(str, row[4:6])), str(row[3]))):
        use, film, technique, explanation, _scene, description, whole, part = row
        in_use = whole is True
        told.setdefault(
            str(use),
            UseInFilm(str(film), str(technique), str(explanation), str(description), in_use or part is True, in_use),
        )
    return told


def _read_claims(store: Store, claims: Collection[str]) -> dict[str, Statement]:
    if not claims:
        return {}
    rows = store.select(
        f"SELECT ?c ?statement ?who ?where ?spoils WHERE {{ {_values('?c', claims)} ?c <{FG}statement> ?statement ; "
        f"<{FG}claimedIn> ?r . OPTIONAL {{ ?c <{FG}spoiler> ?spoils }} "
        f"OPTIONAL {{ ?r <{SCHEMA}author>/<{SCHEMA}name> ?who }} "
        f"OPTIONAL {{ ?r <{SCHEMA}publisher>/<{SCHEMA}name> ?where }} }}"
    )
    said: dict[str, Statement] = {}
    for claim, statement, who, where, spoils in sorted(rows, key=lambda row: tuple(map(str, row))):
        source = ", ".join(str(part) for part in (who, where) if part) or "An unsigned review"
        said.setdefault(str(claim), Statement(source, str(statement), spoils is True))
    return said


def _values(variable: str, resources: Iterable[str]) -> str:
    return f"VALUES {variable} {{ {values_of(resources)} }}"


def _in_words(
    path: Path, labels: Mapping[str, str], uses: Mapping[str, UseInFilm], said: Mapping[str, Statement]
) -> Path:
    titles = tuple(labels[film] for film in path.films)
    used = [uses[t[0]] for t in path.triples if t[1] == FG + "technique" and t[0] in uses]
    statements = tuple(said[claim] for claim in dict.fromkeys(_quoted(path)) if claim in said)
    reason = _REASONS.get(path.kind, _person_reason)(path, labels)
    return replace(path, reason=reason, uses=tuple(used), statements=statements, titles=titles)


def _technique_reason(path: Path, labels: Mapping[str, str]) -> str:
    first, last = (labels[film] for film in path.films)
    technique = labels[path.edges[0].target].lower()
    return f"{first} and {last} both use {technique}, {_rarity(path.shared_by)}."


def _sibling_reason(path: Path, labels: Mapping[str, str]) -> str:
    first, last = (labels[film] for film in path.films)
    one, two = path.edges[0].target, path.edges[-1].source
    ups = [edge.target for edge in path.edges if edge.label == "is a kind of"]
    common = ups[-1] if ups else one
    kin = f"a kind of {labels[common].lower()}" if common in (one, two) else f"both matters of {labels[common].lower()}"
    return f"{first} uses {labels[one].lower()} and {last} {labels[two].lower()}, {kin}."


def _person_reason(path: Path, labels: Mapping[str, str]) -> str:
    first, last = (labels[film] for film in path.films)
    person = labels[path.edges[0].target]
    here, there = path.edges[0].label.removeprefix("has the "), path.edges[1].label[len("is the ") : -len(" of")]
    if here == there:
        return f"{person} is the {here} of both {first} and {last}."
    return f"{person} is the {here} of {first} and the {there} of {last}."


def _comparison_reason(path: Path, labels: Mapping[str, str]) -> str:
    first, last = (labels[film] for film in path.films)
    (critics, _of) = path.critics[0]
    return f"{'A critic compares' if critics == 1 else f'{critics} critics compare'} {first} and {last}."


def _praise_reason(path: Path, labels: Mapping[str, str]) -> str:
    first, last = (labels[film] for film in path.films)
    here, there = (f"{praise} of {judges}" for praise, judges in path.critics)
    craft = labels[path.edges[0].target].lower()
    return f"Critics praise {craft} in both {first} and {last}: {here} and {there}."


def _genre_reason(path: Path, labels: Mapping[str, str]) -> str:
    first, last = (labels[film] for film in path.films)
    return f"{first} and {last} are both filed under {labels[path.edges[0].target].lower()}."


def _via_reason(path: Path, labels: Mapping[str, str]) -> str:
    first, middle, last = path.films
    turn = next(place for place, edge in enumerate(path.edges) if edge.target == middle) + 1
    joins = [_join_in_words(edges, labels) for edges in (path.edges[:turn], path.edges[turn:])]
    return f"{labels[first]} leads to {labels[middle]} by {joins[0]}, and that to {labels[last]} by {joins[1]}."


def _join_in_words(edges: Sequence[Edge], labels: Mapping[str, str]) -> str:
    kind = edges[0].label
    if kind in ("is reviewed in", "is compared in"):
        return "a critic's comparison"
    middle = labels[edges[0].target]
    if kind in ("uses", "is praised for"):
        last = labels[edges[-1].source]
        return middle.lower() if middle == last else f"{middle.lower()} and {last.lower()}"
    return middle


_REASONS = {
    "technique": _technique_reason,
    "sibling techniques": _sibling_reason,
    "comparison": _comparison_reason,
    "praise": _praise_reason,
    "genre": _genre_reason,
    "via": _via_reason,
}


def _rarity(films: int) -> str:
    others = films - 2
    if others <= 0:
        return "as no other film here does"
    return "as one other film here does" if others == 1 else f"as {others} other films here do"
