"""The index of what critics say, read once from a store, and the questions to it."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING

from filmgraph.lookup import Named, labels_of, resolve
from filmgraph.namespaces import FG, SKOS, kind_of
from filmgraph.reception.model import (
    Agreement,
    AlikeCritic,
    Comparison,
    Contested,
    MissingUse,
    NoticedUse,
    Valued,
)
from filmgraph.voices import QUANTILE, Tally, Voices, read_said, verdicts_of, wilson

if TYPE_CHECKING:
    from filmgraph.stores import Store

__all__ = ["Reception"]

SUPPORT = 3
"""How many things critics must praise before anything is said of their taste."""
SHARED = 2
"""How many crafts two critics must both praise to be called alike."""
STEP_WEIGHT = 0.5
_DIGITS = 9
_TOLD = 5

Pairs = list[tuple[str, str]]
"""Voices, each with a stance."""


class Reception:
    """Answers questions about critics; films, concepts and critics are given by any name, answers are in fixed order.

    >>> import filmgraph
    >>> with filmgraph.open() as graph:
    ...     found = graph.reception.agreement("Her", "close-up")[0]
    ...     found.critics.in_words
    'praised by 2 of 2 critics (100%, 34–100%)'
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    # What is read.

    @cached_property
    def _voices(self) -> Voices:
        return Voices(self._store)

    @cached_property
    def _said(self) -> dict[str, dict[str, Pairs]]:
        """What is said, by film and concept."""
        found: dict[str, dict[str, Pairs]] = defaultdict(lambda: defaultdict(list))
        for said in read_said(self._store, self._voices):
            found[said.film][said.about] += [(voice, said.stance) for voice in said.voices]
        return found

    @cached_property
    def _up(self) -> dict[str, dict[str, int]]:
        """Technique to the fewest steps up to each broader technique and category."""
        parents: dict[str, set[str]] = defaultdict(set)
        for narrow, broad in self._store.select(f"SELECT ?n ?b WHERE {{ ?n a <{FG}Technique> ; <{SKOS}broader> ?b }}"):
            parents[str(narrow)].add(str(broad))
        found: dict[str, dict[str, int]] = {}
        for technique in parents:
            steps, frontier, distance = {technique: 0}, {technique}, 0
            while frontier:
                distance += 1
                frontier = {up for low in frontier for up in parents.get(low, ())} - steps.keys()
                steps |= dict.fromkeys(frontier, distance)
            del steps[technique]
            found[technique] = steps
        return found

    @cached_property
    def _categories(self) -> frozenset[str]:
        return frozenset(str(row[0]) for row in self._store.select(f"SELECT ?c WHERE {{ ?c a <{FG}Category> }}"))

    @cached_property
    def _uses(self) -> dict[str, dict[str, str]]:
        """Film to its techniques, each with the use."""
        found: dict[str, dict[str, str]] = defaultdict(dict)
        rows = self._store.select(f"SELECT ?u ?f ?t WHERE {{ ?u <{FG}film> ?f ; <{FG}technique> ?t }}")
        for use, film, technique in sorted(tuple(map(str, row)) for row in rows):
            found[film].setdefault(technique, use)
        return found

    @cached_property
    def _praised(self) -> dict[str, Counter[str]]:
        """Voice to the craft that it praises, each with the number of films."""
        found: dict[str, Counter[str]] = defaultdict(Counter)
        for concepts in self._said.values():
            for concept, said in concepts.items():
                if self._is_craft(concept):
                    for voice, verdict in verdicts_of(said).items():
                        if verdict == "praise":
                            found[voice][concept] += 1
        return found

    # How concepts hang together.

    def _is_craft(self, concept: str) -> bool:
        return concept in self._categories or concept in self._up

    def _akin(self, concept: str, other: str) -> bool:
        """Whether one is the other, or a kind of it."""
        return concept == other or other in self._up.get(concept, ()) or concept in self._up.get(other, ())

    def _speaks_of(self, about: str, technique: str) -> bool:
        """Whether a claim about one concept speaks of another.

        It does where one is a kind of the other; but praise of a whole category speaks of no technique in particular.
        """
        return self._akin(about, technique) and (about == technique or about not in self._categories)

    def _category_of(self, concept: str) -> str | None:
        if concept in self._categories:
            return concept
        return min((up for up in self._up.get(concept, ()) if up in self._categories), default=None)

    def _named(self, resources: Iterable[str]) -> dict[str, Named]:
        wanted = set(resources)
        names = labels_of(self._store, wanted)
        names |= {voice: "an unsigned review" for voice in wanted if kind_of(voice) == "review"}
        return {resource: Named(resource, name) for resource, name in names.items()}

    def _film(self, name: str) -> str:
        return resolve(self._store, name, kind="film")

    def _films(self, film: str | None) -> list[str]:
        return sorted(self._said) if film is None else [self._film(film)]

    # The questions.

    def agreement(self, film: str, concept: str | None = None) -> list[Agreement]:
        """Return what critics say of each concept in a film, those of which most speak first.

        With a ``concept`` (technique, aspect or category) there is one answer, which counts those who speak of the
        technique or of a narrower one; of a category, of any technique in it.

        Raises :class:`~filmgraph.errors.NotFoundError` for a name that nothing bears.
        """
        iri = self._film(film)
        concepts = self._said.get(iri, {})
        if concept is not None:
            wanted = resolve(self._store, concept, kind="concept")
            spoken = sorted(
                about for about in concepts if self._speaks_of(about, wanted) and about not in self._up.get(wanted, ())
            )
            names = self._named([iri, wanted, *spoken])
            tally = Tally.of(pair for about in spoken for pair in concepts[about])
            through = tuple(names[about] for about in spoken if about != wanted)
            return [Agreement(names[iri], names[wanted], tally, through)]
        names = self._named([iri, *concepts])
        found = [Agreement(names[iri], names[about], Tally.of(said)) for about, said in concepts.items()]
        return sorted(
            found, key=lambda each: (-each.critics.critics, -each.critics.praise, each.about.name, each.about.iri)
        )

    def contested(self, film: str | None = None, *, overall: bool = False) -> list[Contested]:
        """Return what some critics praise and others criticise, the most contested first.

        Ranked by the lower bound of Wilson's interval of the smaller side's share among those who take a side: ten
        against ten comes before two against two, and that before one against nine. With ``overall`` the films are
        added up for each concept.
        """
        found: list[Contested] = []
        sides: dict[str, list[Tally]] = defaultdict(list)
        films = self._films(film)
        names = self._named([*films, *(concept for iri in films for concept in self._said.get(iri, ()))])
        for iri in films:
            for concept, said in self._said.get(iri, {}).items():
                tally = Tally.of(said)
                smaller = min(tally.praise, tally.criticism)
                if tally.praise + tally.criticism:
                    sides[concept].append(tally)
                if smaller:
                    found.append(Contested(names[iri], names[concept], 1, tally, smaller))
        if overall:
            added = [(names[concept], tallies, _added(tallies)) for concept, tallies in sides.items()]
            found = [
                Contested(None, about, len(tallies), tally, smaller)
                for about, tallies, tally in added
                if (smaller := sum(min(each.praise, each.criticism) for each in tallies))
            ]
        return sorted(
            found,
            key=lambda each: (
                -round(each.interval[0], _DIGITS),
                -each.sides,
                each.film.iri if each.film else "",
                each.about.iri,
            ),
        )

    def values(self, critic: str) -> list[Valued]:
        """Return how a critic's praise of craft falls upon the categories, beside that of all critics.

        A thing praised is one craft of one film. With *k* of the critic's *n* things in a category, and *p* the
        category's share in the praise of all critics, the estimate is

            (k + z² · p) / (n + z²)

        the middle of Wilson's interval with *p* in the place of one half: with few things it stays near all critics'.
        ``leaning`` is "more" where the interval lies above *p* and k is at least 3, and "less" where it lies below;
        of some forty categories that are looked at one will do so by chance. Sorted by the estimate against *p*.
        """
        voice = resolve(self._store, critic, kind="person")
        mine, all_critics = self._by_category(self._praised.get(voice, {})), Counter[str]()
        for praised in self._praised.values():
            all_critics.update(self._by_category(praised))
        of, total = mine.total(), all_critics.total()
        if not of:
            return []
        names = self._named(all_critics)
        found = []
        for category, praised_by_all in all_critics.items():
            share_of_all = praised_by_all / total
            low, high = wilson(mine[category], of)
            more = low > share_of_all and mine[category] >= SUPPORT
            found.append(
                Valued(
                    category=names[category],
                    praised=mine[category],
                    of=of,
                    share_of_all=share_of_all,
                    estimate=round((mine[category] + QUANTILE**2 * share_of_all) / (of + QUANTILE**2), _DIGITS),
                    leaning="more" if more else "less" if high < share_of_all else "",
                )
            )
        return sorted(found, key=lambda each: (round(each.share_of_all - each.estimate, _DIGITS), each.category.iri))

    def _by_category(self, praised: Mapping[str, int]) -> Counter[str]:
        found: Counter[str] = Counter()
        for concept, count in praised.items():
            category = self._category_of(concept)
            if category:
                found[category] += count
        return found

    def alike(self, critic: str, *, limit: int = 10) -> list[AlikeCritic]:
        """Return the critics who value the same craft as a critic, the most alike first.

        Alike is the cosine of two profiles, between 0 and 1. In the profile of critic *c* craft *t* weighs

            ln(1 + C / df(t)) · Σ 2^(−steps)

        over the things that *c* praises, *steps* counting the ``skos:broader`` links up to *t*; C is the number of
        critics who praise anything, and df(t) of those who praise *t* or a kind of it. So rare tastes join most, and
        praise of a kind of animation meets praise of another. Only critics who sign, praise at least 3 things, and
        share at least 2 crafts by name with the one asked for are compared: below that, likeness is chance.
        """
        voice = resolve(self._store, critic, kind="person")
        people = [who for who in sorted(self._praised) if kind_of(who) == "person" or who == voice]
        if voice not in self._praised or self._praised[voice].total() < SUPPORT:
            return []
        climbed = {who: self._climbed(self._praised[who]) for who in people}
        df = Counter(craft for profile in climbed.values() for craft in profile)
        rarity = {craft: math.log1p(len(people) / count) for craft, count in df.items()}
        profiles = {
            who: {craft: weight * rarity[craft] for craft, weight in sorted(profile.items())}
            for who, profile in climbed.items()
        }
        mine = profiles[voice]
        length = math.hypot(*mine.values())
        scored = []
        for who in people:
            shared = self._praised[voice].keys() & self._praised[who].keys()
            if who == voice or self._praised[who].total() < SUPPORT or len(shared) < SHARED:
                continue
            theirs = profiles[who]
            product = math.fsum(weight * theirs[craft] for craft, weight in mine.items() if craft in theirs)
            score = round(product / (length * math.hypot(*theirs.values())), _DIGITS)
            telling = sorted(shared, key=lambda craft: (-mine[craft] * theirs[craft], craft))[:_TOLD]
            scored.append((score, who, telling))
        nearest = sorted(scored, key=lambda found: (-found[0], found[1]))[: max(limit, 0)]
        names = self._named([*(who for _, who, _ in nearest), *(craft for *_, crafts in nearest for craft in crafts)])
        return [
            AlikeCritic(names[who], score, tuple(names[craft] for craft in crafts), self._praised[who].total())
            for score, who, crafts in nearest
        ]

    def _climbed(self, praised: Mapping[str, int]) -> dict[str, float]:
        """Return what is praised with all that it is a kind of, halved with each step up."""
        found: dict[str, float] = defaultdict(float)
        for craft, count in sorted(praised.items()):
            for up, steps in {craft: 0, **self._up.get(craft, {})}.items():
                found[up] += count * STEP_WEIGHT**steps
        return found

    def uses(self, film: str | None = None) -> list[NoticedUse]:
        """Return the uses of techniques with what critics say of each, by film; those that most speak of first.

        Without a film, those of all films of which critics speak; a film's unnoticed uses come last.
        """
        films = self._films(film)
        names = self._named([*films, *(technique for iri in films for technique in self._uses.get(iri, ()))])
        found = []
        for iri in films:
            concepts = self._said.get(iri, {})
            for technique, use in self._uses.get(iri, {}).items():
                near: list[tuple[str, str]] = []
                wide: list[tuple[str, str]] = []
                for about, said in concepts.items():
                    if self._speaks_of(about, technique):
                        (wide if about in self._up.get(technique, ()) else near).extend(said)
                standing = _standing(Tally.of([*near, *wide]))
                found.append(NoticedUse(names[iri], names[technique], use, Tally.of(near), Tally.of(wide), standing))
        return sorted(
            found,
            key=lambda each: (
                each.film.name,
                each.film.iri,
                -each.critics.critics,
                -each.at_large.critics,
                each.technique.iri,
            ),
        )

    def todo(self, film: str | None = None) -> list[MissingUse]:
        """Return the craft that critics praise in a film that has no use of it, what most of them praise first.

        A use of a broader or of a narrower technique will do; for praise of a category, any use in it.
        """
        films = self._films(film)
        missing = [
            (iri, concept, Tally.of(said))
            for iri in films
            for concept, said in self._said.get(iri, {}).items()
            if self._is_craft(concept) and not any(self._akin(concept, used) for used in self._uses.get(iri, ()))
        ]
        names = self._named([*films, *(concept for _, concept, _ in missing)])
        found = [MissingUse(names[iri], names[concept], tally) for iri, concept, tally in missing if tally.praise]
        return sorted(
            found,
            key=lambda each: (
                -each.critics.praise,
                -each.critics.critics,
                each.film.name,
                each.film.iri,
                each.about.iri,
            ),
        )

    def compared(self, film: str | None = None) -> list[Comparison]:
        """Return the films that critics compare, those that most of them compare first; optionally with one film."""
        wanted = None if film is None else self._film(film)
        accepted = f"?c <{FG}status> <{FG}Accepted> ; <{FG}claimedIn> ?r ; <{FG}aboutFilm> ?f"
        pairs: dict[tuple[str, str, str], set[str]] = defaultdict(set)
        for review, about, other in self._store.select(f"SELECT ?r ?f ?g WHERE {{ {accepted} ; <{FG}comparesTo> ?g }}"):
            one, two = sorted((str(about), str(other)))
            pairs[one, two, ""].update(self._voices.of(str(review)))
        for review, about, title in self._store.select(
            f"SELECT ?r ?f ?g WHERE {{ {accepted} ; <{FG}comparesToTitle> ?g }}"
        ):
            pairs[str(about), "", str(title)].update(self._voices.of(str(review)))
        kept = {pair: who for pair, who in pairs.items() if wanted is None or wanted in pair[:2]}
        names = self._named(
            [*(iri for pair in kept for iri in pair[:2] if iri), *(voice for who in kept.values() for voice in who)]
        )
        found = [
            Comparison(names[one], names[two] if two else Named("", title), tuple(names[each] for each in sorted(who)))
            for (one, two, title), who in kept.items()
        ]
        return sorted(
            found,
            key=lambda each: (-len(each.critics), each.film.name, each.film.iri, each.other.name, each.other.iri),
        )

    def __repr__(self) -> str:
        return f"Reception({self._store.name!r})"


def _added(tallies: Iterable[Tally]) -> Tally:
    counts = [(each.praise, each.criticism, each.mixed, each.observation) for each in tallies]
    return Tally(*map(sum, zip(*counts, strict=True)))


def _standing(tally: Tally) -> str:
    corroborated, disputed = tally.praise + tally.observation + tally.mixed > 0, tally.criticism > 0
    if corroborated and disputed:
        return "both"
    return "corroborated" if corroborated else "disputed" if disputed else "unnoticed"
