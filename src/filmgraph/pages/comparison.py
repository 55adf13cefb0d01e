"""Two films side by side."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from filmgraph.pages.film import FilmPage, film_page
from filmgraph.pages.known import NOTHING_KNOWN, Known
from filmgraph.pages.parts import Named, Use
from filmgraph.paths import Path
from filmgraph.voices import Tally

if TYPE_CHECKING:
    from filmgraph.pages.vocabulary import Vocabulary
    from filmgraph.paths import PathIndex
    from filmgraph.similarity import Similarity
    from filmgraph.stores import Store

__all__ = ["ComparisonPage", "HeardOfBoth", "NearTechnique", "SharedTechnique", "comparison_page"]

NEAR = 2
"""How many ``skos:broader`` links two techniques that are near each other are apart at the most."""


@dataclass(frozen=True)
class SharedTechnique:
    """A technique that both films use: how the first does, and how the second.

    ``films`` counts the films that use it or a narrower one, ``part`` is what it adds to the likeness.
    """

    technique: Named
    category: Named
    definition: str
    first: tuple[Use, ...]
    second: tuple[Use, ...]
    films: int
    part: float


@dataclass(frozen=True)
class NearTechnique:
    """Two different techniques that are near each other, one of each film: siblings, or one a kind of the other.

    ``common`` is the nearest technique that both are kinds of, or the broader of the two; ``steps`` counts the
    ``skos:broader`` links between them.
    """

    first: Use
    second: Use
    common: Named
    steps: int


@dataclass(frozen=True)
class HeardOfBoth:
    """What critics say of one concept in both films."""

    about: Named
    first: Tally
    second: Tally


@dataclass(frozen=True)
class ComparisonPage:
    """Two films side by side.

    ``likeness`` is the cosine of :mod:`filmgraph.similarity`. ``tally`` counts uses by category, first and second;
    ``only_first`` and ``only_second`` hold the uses of techniques that the other lacks, those in ``near`` included.
    ``in_common`` names what else they share, by role ("Director", "Genre", "Country"), ``paths`` the ways between them.
    """

    first: FilmPage
    second: FilmPage
    likeness: float
    tally: tuple[tuple[Named, int, int], ...]
    in_common: tuple[tuple[str, tuple[Named, ...]], ...]
    shared: tuple[SharedTechnique, ...]
    near: tuple[NearTechnique, ...]
    only_first: tuple[Use, ...]
    only_second: tuple[Use, ...]
    heard: tuple[HeardOfBoth, ...]
    paths: tuple[Path, ...] = ()


def comparison_page(
    store: Store,
    first: str,
    second: str,
    *,
    similarity: Similarity,
    paths: PathIndex,
    known: Known = NOTHING_KNOWN,
) -> ComparisonPage:
    """Return two films, by IRI, side by side."""
    from filmgraph.pages.vocabulary import Vocabulary

    vocabulary = known.vocabulary or Vocabulary.of_store(store, arrays=getattr(similarity, "arrays", None))
    known = Known(known.names, vocabulary)
    one, two = (film_page(store, film, known=known) for film in (first, second))
    mine, theirs = _by_technique(one.uses), _by_technique(two.uses)
    parts = {craft.technique: craft for craft in similarity.shared_craft(first, second)}
    shared = [
        SharedTechnique(
            technique=uses[0].technique,
            category=uses[0].category,
            definition=uses[0].definition,
            first=uses,
            second=theirs[iri],
            films=parts[iri].films if iri in parts else 0,
            part=parts[iri].part if iri in parts else 0.0,
        )
        for iri, uses in mine.items()
        if iri in theirs
    ]
    only_first = tuple(use for use in one.uses if use.technique.iri not in theirs)
    only_second = tuple(use for use in two.uses if use.technique.iri not in mine)
    return ComparisonPage(
        first=one,
        second=two,
        likeness=similarity.score(first, second),
        tally=_tallies(one, two),
        in_common=_in_common(one, two),
        shared=tuple(sorted(shared, key=lambda each: (-each.part, each.technique.name, each.technique.iri))),
        near=_near(vocabulary, only_first, only_second),
        only_first=only_first,
        only_second=only_second,
        heard=_heard(one, two),
        paths=tuple(paths.best(first, second)),
    )


def _by_technique(uses: Iterable[Use]) -> dict[str, tuple[Use, ...]]:
    found: dict[str, tuple[Use, ...]] = {}
    for use in uses:
        found[use.technique.iri] = (*found.get(use.technique.iri, ()), use)
    return found


def _tallies(one: FilmPage, two: FilmPage) -> tuple[tuple[Named, int, int], ...]:
    """Return how many uses both have by category, the fullest first."""
    mine, theirs = dict(one.tally), dict(two.tally)
    both = [(category, mine.get(category, 0), theirs.get(category, 0)) for category in mine.keys() | theirs.keys()]
    return tuple(sorted(both, key=lambda each: (-each[1] - each[2], each[0].name, each[0].iri)))


def _in_common(one: FilmPage, two: FilmPage) -> tuple[tuple[str, tuple[Named, ...]], ...]:
    theirs = {**dict(two.credits), "Genre": two.genres, "Country": two.countries}
    both = [
        (label, tuple(each for each in found if each in theirs.get(label, ())))
        for label, found in (*one.credits, ("Genre", one.genres), ("Country", one.countries))
    ]
    return tuple((label, found) for label, found in both if found)


def _near(vocabulary: Vocabulary, mine: Iterable[Use], theirs: Iterable[Use]) -> tuple[NearTechnique, ...]:
    """Return the pairs of uses whose techniques are few steps from each other, nearest and rarest first."""
    there = [(use, _ways_up(vocabulary, use.technique.iri)) for use in theirs]
    found = []
    for use in mine:
        ups = _ways_up(vocabulary, use.technique.iri)
        for other, downs in there:
            steps = [(ups[common] + downs[common], common) for common in ups.keys() & downs.keys()]
            if steps and min(steps)[0] <= NEAR:
                count, common = min(steps)
                term = vocabulary.terms[common]
                found.append((count, term.films, term.name, NearTechnique(use, other, Named(common, term.name), count)))
    found.sort(key=lambda each: (*each[:3], each[3].first.iri, each[3].second.iri))
    return tuple(near for *_, near in found)


def _ways_up(vocabulary: Vocabulary, technique: str) -> dict[str, int]:
    """Return a technique and what is a few steps broader, with the number of steps."""
    ways: dict[str, int] = {}
    frontier = [technique]
    for steps in range(NEAR + 1):
        terms = [vocabulary.terms[iri] for iri in frontier if iri in vocabulary.terms and iri not in ways]
        ways |= {term.iri: steps for term in terms if not term.is_category}
        frontier = [broad.iri for term in terms for broad in term.broader]
    return ways


def _heard(one: FilmPage, two: FilmPage) -> tuple[HeardOfBoth, ...]:
    theirs = {heard.about: heard.critics for heard in two.heard}
    both = [
        HeardOfBoth(heard.about, heard.critics, theirs[heard.about]) for heard in one.heard if heard.about in theirs
    ]
    both.sort(key=lambda each: (-each.first.critics - each.second.critics, each.about.name, each.about.iri))
    return tuple(both)
