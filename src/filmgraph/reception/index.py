"""The index of what critics say, read once from a store, and the questions to it."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from filmgraph.lookup import Named, labels_of, resolve
from filmgraph.namespaces import kind_of
from filmgraph.reception.hearing import Hearing
from filmgraph.reception.model import (
    Agreement,
    AlikeCritic,
    Comparison,
    Contested,
    MissingUse,
    NoticedUse,
    Valued,
)
from filmgraph.voices import QUANTILE, Tally, wilson

if TYPE_CHECKING:
    from filmgraph.arrays import GraphArrays
    from filmgraph.stores import Store

__all__ = ["Reception"]

SUPPORT = 3
"""How many things critics must praise before anything is said of their taste."""
SHARED = 2
"""How many crafts two critics must both praise to be called alike."""
STEP_WEIGHT = 0.5
_DIGITS = 9
_TOLD = 5


class Reception:
    """Answers questions about critics; films, concepts and critics are given by any name, answers are in fixed order.

    >>> import filmgraph
    >>> with filmgraph.open() as graph:
    ...     found = graph.reception.agreement("Her", "close-up")[0]
    ...     found.critics.in_words
    'praised by 2 of 2 critics (100%, 34–100%)'
    """

    def __init__(self, store: Store, arrays: GraphArrays | None = None) -> None:
        self._store = store
        self._heard = Hearing(store, arrays)

    # How concepts hang together.

    def _akin(self, concept: str, other: str) -> bool:
        """Whether one is the other, or a kind of it."""
        return concept == other or other in self._heard.up.get(concept, ()) or concept in self._heard.up.get(other, ())

    def _speaks_of(self, about: str, technique: str) -> bool:
        """Whether a claim about one concept speaks of another.

        It does where one is a kind of the other; but praise of a whole category speaks of no technique in particular.
        """
        return self._akin(about, technique) and (about == technique or about not in self._heard.categories)

    def _named(self, resources: Iterable[str]) -> dict[str, Named]:
        wanted = set(resources)
        names = labels_of(self._store, wanted)
        names |= {voice: "an unsigned review" for voice in wanted if kind_of(voice) == "review"}
        return {resource: Named(resource, name) for resource, name in names.items()}

    def _film(self, name: str) -> str:
        return resolve(self._store, name, kind="film")

    def _films(self, film: str | None) -> list[str]:
        return self._heard.films() if film is None else [self._film(film)]

    # The questions.

    def agreement(self, film: str, concept: str | None = None) -> list[Agreement]:
        """Return what critics say of each concept in a film, those of which most speak first.

        With a ``concept`` (technique, aspect or category) there is one answer, which counts those who speak of the
        technique or of a narrower one; of a category, of any technique in it.

        Raises :class:`~filmgraph.errors.NotFoundError` for a name that nothing bears.
        """
        iri = self._film(film)
        concepts = self._heard.said(iri)
        if concept is not None:
            wanted = resolve(self._store, concept, kind="concept")
            spoken = sorted(
                about
                for about in concepts
                if self._speaks_of(about, wanted) and about not in self._heard.up.get(wanted, ())
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
        iri = None if film is None else self._film(film)
        found: list[tuple[int | None, int, int, Tally, int]] = []
        sides: dict[int, list[Tally]] = defaultdict(list)
        for at, concept, tally in self._heard.tallies(iri):
            sides[concept].append(tally)
            if smaller := min(tally.praise, tally.criticism):
                found.append((at, concept, 1, tally, smaller))
        if overall:
            found = [
                (None, concept, len(tallies), _added(tallies), smaller)
                for concept, tallies in sides.items()
                if (smaller := sum(min(each.praise, each.criticism) for each in tallies))
            ]
        arrays = self._heard.arrays
        films = {at: arrays.films[at] for at, *_ in found if at is not None}
        concepts = {concept: arrays.concepts[concept] for _, concept, *_ in found}
        names = self._named([*films.values(), *concepts.values()])
        return _most_contested(
            Contested(None if at is None else names[films[at]], names[concepts[concept]], count, tally, smaller)
            for at, concept, count, tally, smaller in found
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
        all_critics = self._heard.by_category()
        mine = self._by_category(self._heard.praised_by(voice))
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
            category = self._heard.category_of(concept)
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
        mine = self._heard.praised_by(voice)
        if mine.total() < SUPPORT:
            return []
        kin = self._kin(voice, mine)
        df, people = self._climbing(voice)
        rarity = {craft: math.log1p(people / count) for craft, count in df.items()}
        weighed = self._weighed(mine, rarity)
        length = math.hypot(*weighed.values())
        scored = []
        for who in kin:
            praised = self._heard.praised_by(who)
            theirs = self._weighed(praised, rarity)
            product = math.fsum(weight * theirs[craft] for craft, weight in weighed.items() if craft in theirs)
            score = round(product / (length * math.hypot(*theirs.values())), _DIGITS)
            shared = mine.keys() & praised.keys()
            telling = sorted(shared, key=lambda craft: (-weighed[craft] * theirs[craft], craft))[:_TOLD]
            scored.append((score, who, telling, praised.total()))
        nearest = sorted(scored, key=lambda found: (-found[0], found[1]))[: max(limit, 0)]
        names = self._named([name for _, who, crafts, _ in nearest for name in (who, *crafts)])
        return [
            AlikeCritic(names[who], score, tuple(names[craft] for craft in crafts), total)
            for score, who, crafts, total in nearest
        ]

    def _kin(self, voice: str, mine: Collection[str]) -> list[str]:
        """Return the critics who praise enough things, and enough of the craft that one praises."""
        arrays = self._heard.arrays
        voices, concepts = self._heard.praised
        size = len(arrays.voices)
        totals = np.bincount(voices, minlength=size)
        wanted = np.isin(concepts, [arrays.concepts.at[craft] for craft in mine])
        pairs = np.unique(np.column_stack([voices[wanted], concepts[wanted]]), axis=0)
        shared = np.bincount(pairs[:, 0], minlength=size)
        found = arrays.voices.many(np.flatnonzero((totals >= SUPPORT) & (shared >= SHARED)).tolist())
        return [who for who in found if who != voice and kind_of(who) == "person"]

    def _climbing(self, voice: str) -> tuple[dict[str, int], int]:
        """Return how many critics praise each craft, or a kind of it, and how many praise any."""
        arrays = self._heard.arrays
        voices, concepts = self._heard.praised
        speaking = np.unique(voices)
        names = zip(speaking.tolist(), arrays.voices.many(speaking.tolist()), strict=True)
        people = np.array([at for at, who in names if kind_of(who) == "person" or who == voice], np.int64)
        pairs = np.unique(np.column_stack([concepts, voices])[np.isin(voices, people)], axis=0)
        praising: dict[str, set[int]] = defaultdict(set)
        for concept in np.unique(pairs[:, 0]).tolist():
            craft = arrays.concepts[concept]
            who = pairs[pairs[:, 0] == concept, 1].tolist()
            for up in (craft, *self._heard.up.get(craft, ())):
                praising[up].update(who)
        return {craft: len(who) for craft, who in praising.items()}, len(people)

    def _weighed(self, praised: Mapping[str, int], rarity: Mapping[str, float]) -> dict[str, float]:
        return {craft: weight * rarity[craft] for craft, weight in sorted(self._climbed(praised).items())}

    def _climbed(self, praised: Mapping[str, int]) -> dict[str, float]:
        """Return what is praised with all that it is a kind of, halved with each step up."""
        found: dict[str, float] = defaultdict(float)
        for craft, count in sorted(praised.items()):
            for up, steps in {craft: 0, **self._heard.up.get(craft, {})}.items():
                found[up] += count * STEP_WEIGHT**steps
        return found

    def uses(self, film: str | None = None) -> list[NoticedUse]:
        """Return the uses of techniques with what critics say of each, by film; those that most speak of first.

        Without a film, those of all films of which critics speak; a film's unnoticed uses come last.
        """
        films = self._films(film)
        uses = {iri: self._heard.uses(iri) for iri in films}
        names = self._named([*films, *(technique for used in uses.values() for technique in used)])
        found = []
        for iri, used in uses.items():
            concepts = self._heard.said(iri)
            for technique, use in used.items():
                near: list[tuple[str, str]] = []
                wide: list[tuple[str, str]] = []
                for about, said in concepts.items():
                    if self._speaks_of(about, technique):
                        (wide if about in self._heard.up.get(technique, ()) else near).extend(said)
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
        missing = []
        for iri in films:
            uses = self._heard.uses(iri)
            for concept, said in self._heard.said(iri).items():
                if self._heard.is_craft(concept) and not any(self._akin(concept, used) for used in uses):
                    missing.append((iri, concept, Tally.of(said)))
        names = self._named(name for iri, concept, _ in missing for name in (iri, concept))
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
        arrays = self._heard.arrays
        pairs: dict[tuple[str, str, str], set[str]] = defaultdict(set)
        rows, titled = self._comparing(wanted)
        table = arrays.comparisons
        for at in rows:
            one, two = sorted((arrays.films[int(table.film[at])], arrays.films[int(table.other[at])]))
            pairs[one, two, ""].update(self._voices_of(int(table.review[at])))
        for at in titled:
            title = arrays.titles[int(arrays.titled.title[at])]
            pairs[arrays.films[int(arrays.titled.film[at])], "", title].update(
                self._voices_of(int(arrays.titled.review[at]))
            )
        names = self._named(
            [*(iri for pair in pairs for iri in pair[:2] if iri), *(voice for who in pairs.values() for voice in who)]
        )
        found = [
            Comparison(names[one], names[two] if two else Named("", title), tuple(names[each] for each in sorted(who)))
            for (one, two, title), who in pairs.items()
        ]
        return sorted(
            found,
            key=lambda each: (-len(each.critics), each.film.name, each.film.iri, each.other.name, each.other.iri),
        )

    def _comparing(self, film: str | None) -> tuple[Sequence[int], Sequence[int]]:
        """Return the rows of comparisons with films and with titles: those of one film, or all."""
        arrays = self._heard.arrays
        if film is None:
            return range(len(arrays.comparisons)), range(len(arrays.titled))
        place = arrays.films.at.get(film)
        if place is None:
            return (), ()
        return arrays.comparisons.of(place).tolist(), np.flatnonzero(arrays.titled.film == place).tolist()

    def _voices_of(self, review: int) -> list[str]:
        arrays = self._heard.arrays
        return arrays.voices.many(arrays.review_voices.row(review).tolist())

    def __repr__(self) -> str:
        return f"Reception({self._store.name!r})"


def _most_contested(found: Iterable[Contested]) -> list[Contested]:
    return sorted(
        found,
        key=lambda each: (
            -round(each.interval[0], _DIGITS),
            -each.sides,
            each.film.iri if each.film else "",
            each.about.iri,
        ),
    )


def _added(tallies: Iterable[Tally]) -> Tally:
    counts = [(each.praise, each.criticism, each.mixed, each.observation) for each in tallies]
    return Tally(*map(sum, zip(*counts, strict=True)))


def _standing(tally: Tally) -> str:
    corroborated, disputed = tally.praise + tally.observation + tally.mixed > 0, tally.criticism > 0
    if corroborated and disputed:
        return "both"
    return "corroborated" if corroborated else "disputed" if disputed else "unnoticed"
