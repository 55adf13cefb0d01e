"""What pages are made of: names, scenes, claims and uses, and how they are read from a store."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import product
from typing import TYPE_CHECKING, NamedTuple

import pyoxigraph as ox

from filmgraph.lookup import Named, labels_of, language_rank, values_of
from filmgraph.namespaces import DCTERMS, FG, OA, PROV, RDF, SCHEMA, slug_of
from filmgraph.pages.known import NOTHING_KNOWN, Kin, Known
from filmgraph.rows import Value, plain
from filmgraph.voices import Tally

if TYPE_CHECKING:
    from filmgraph.stores import Store

__all__ = [
    "Claim",
    "Heard",
    "Named",
    "Scene",
    "Use",
    "claims_with",
    "named",
    "number_of",
    "properties_in",
    "properties_of",
    "tally_of",
    "text_of",
    "uses_of_film",
    "uses_where",
    "with_claims",
]


_NUMBER = re.compile(r"-?[0-9]{1,18}")


@dataclass(frozen=True)
class Scene:
    """A scene to look at; ``spoiler`` says that it gives away an ending. Offsets are seconds from the start."""

    iri: str
    description: str
    spoiler: bool = False
    start: Value = None
    end: Value = None


@dataclass(frozen=True)
class Claim:
    """What a critic says: of a film, about a technique or an aspect, with a stance and in our words.

    ``spoiler`` says that the statement gives away an ending. ``voices`` are the critics of the review, else its
    publication, else the review itself, by IRI: what is counted where critics are counted.
    """

    iri: str
    film: Named
    about: Named
    stance: str
    statement: str
    review: str
    critic: Named | None
    publication: Named | None
    compares_to: tuple[str, ...] = ()
    passages: tuple[tuple[int, int], ...] = ()
    spoiler: bool = False
    voices: tuple[str, ...] = ()

    @property
    def source(self) -> str:
        """Who says so: critic and publication, or "an unsigned review"."""
        names = [named.name for named in (self.critic, self.publication) if named]
        return ", ".join(names) or "an unsigned review"


@dataclass(frozen=True)
class Heard:
    """How many critics speak of a technique, category or aspect in a film, and how.

    ``lacks_use`` says that it is craft, and that the graph has no use in this film of it, of a broader or of a
    narrower technique.
    """

    film: Named
    about: Named
    critics: Tally
    lacks_use: bool = False


@dataclass(frozen=True)
class Use:
    """How a film uses a technique, in which scenes, and which claims speak of it.

    ``noticed`` holds the accepted claims on the same film and the same or a narrower technique, and ``critics`` counts
    who makes them. ``at_large`` counts those who speak of a broader one: whoever praises the animation need not have
    noticed the cut-outs. A use without a ``source`` is the editors' own reading.
    """

    iri: str
    film: Named
    year: Value
    technique: Named
    category: Named
    definition: str
    explanation: str
    scenes: tuple[Scene, ...]
    spoiler: bool = False
    source: str | None = None
    noticed: tuple[Claim, ...] = ()
    critics: Tally = field(default_factory=Tally)
    at_large: tuple[tuple[Named, Tally], ...] = ()


def properties_of(store: Store, resource: str) -> dict[str, list[str]]:
    """Return the values of a resource as text, by predicate: English first, then in the order of the alphabet."""
    return properties_in(store.describe(resource))


def properties_in(triples: Iterable[ox.Triple]) -> dict[str, list[str]]:
    """Return the values in triples of one subject, as :func:`properties_of` does."""
    found: dict[str, set[tuple[int, str]]] = {}
    for triple in triples:
        value = triple.object
        if isinstance(value, ox.Literal):
            found.setdefault(triple.predicate.value, set()).add((language_rank(value.language), value.value))
        elif isinstance(value, ox.NamedNode):
            found.setdefault(triple.predicate.value, set()).add((1, value.value))
    return {
        predicate: list(dict.fromkeys(text for _rank, text in sorted(values))) for predicate, values in found.items()
    }


def text_of(properties: dict[str, list[str]], predicate: str) -> str | None:
    """Return the first value of a property as text, None where there is none."""
    return next(iter(properties.get(predicate, ())), None)


def number_of(properties: dict[str, list[str]], predicate: str) -> Value:
    """Return the first value of a property as a number, or as text where it is none.

    >>> [number_of({"p": [text]}, "p") for text in ("-5", "--5", "9" * 5_000)] == [-5, "--5", "9" * 5_000]
    True
    """
    text = text_of(properties, predicate)
    return int(text) if text and _NUMBER.fullmatch(text) else text


def named(iris: Iterable[str], names: dict[str, str]) -> tuple[Named, ...]:
    """Return resources with their names, in the order of the alphabet."""
    return tuple(sorted((Named(iri, names[iri]) for iri in iris), key=lambda named: (named.name.casefold(), named.iri)))


def uses_where(store: Store, where: str, known: Known = NOTHING_KNOWN) -> tuple[Use, ...]:
    """Return the uses that a pattern over ?use, ?film and ?technique selects, with their scenes, by IRI."""
    rows = store.select(
        f"SELECT ?use ?film ?technique ?explanation ?whole ?source ?scene ?text ?part ?start ?end "
        f"WHERE {{ {where} ?use <{FG}film> ?film ; <{FG}technique> ?technique ; "
        f"<{FG}explanation> ?explanation ; <{FG}scene> ?scene . ?scene <{SCHEMA}description> ?text . "
        f"OPTIONAL {{ ?use <{FG}spoiler> ?whole }} OPTIONAL {{ ?scene <{FG}spoiler> ?part }} "
        f"OPTIONAL {{ ?use <{DCTERMS}source> ?source }} "
        f"OPTIONAL {{ ?scene <{FG}startOffset> ?start }} OPTIONAL {{ ?scene <{FG}endOffset> ?end }} }}"
    )
    found = [_UseRow(*row) for row in rows]
    films = {str(row.film) for row in found}
    return _uses_of(
        found,
        known.described(store, {str(row.technique) for row in found}),
        labels_of(store, films, known=known.names),
        _years(store, films),
    )


def uses_of_film(store: Store, film: Named, year: Value, known: Known = NOTHING_KNOWN) -> tuple[Use, ...]:
    """Return the uses of one film, as :func:`uses_where` does.

    Each use and each scene is read whole: on a disk store one look for all that it has costs less than one for each
    thing that it may have.
    """
    uses: dict[str, dict[str, list[Value]]] = {}
    scenes: dict[str, dict[str, list[Value]]] = {}
    found = store.select(
        f"SELECT ?x ?scene ?p ?o WHERE {{ ?use <{FG}film> <{film.iri}> . "
        f"{{ ?use ?p ?o BIND(?use AS ?x) }} UNION {{ ?use <{FG}scene> ?scene . ?scene ?p ?o }} "
        f"FILTER(?p NOT IN (<{RDF}type>, <{PROV}wasAttributedTo>, <{FG}film>)) }}"
    )
    for use, scene, predicate, value in (map(plain, row) for row in dict.fromkeys(found.terms)):
        own = uses.setdefault(str(use), {}) if scene is None else scenes.setdefault(str(scene), {})
        own.setdefault(str(predicate), []).append(value)
    rows = [
        _UseRow(use, film.iri, technique, explanation, whole, source, scene, text, part, start, end)
        for use, own in uses.items()
        for technique, explanation, scene in product(
            *(own.get(FG + name, ()) for name in ("technique", "explanation", "scene"))
        )
        for whole, source in product(own.get(FG + "spoiler", _NONE), own.get(DCTERMS + "source", _NONE))
        for text, part, start, end in _scene_rows(scenes.get(str(scene), {}))
    ]
    techniques = known.described(store, {str(row.technique) for row in rows})
    return _uses_of(rows, techniques, {film.iri: film.name}, {film.iri: year})


_NONE: list[Value] = [None]


def _scene_rows(scene: dict[str, list[Value]]) -> Iterable[tuple[Value, ...]]:
    optional = (scene.get(FG + name, _NONE) for name in ("spoiler", "startOffset", "endOffset"))
    return product(scene.get(SCHEMA + "description", ()), *optional)


class _UseRow(NamedTuple):
    use: Value
    film: Value
    technique: Value
    explanation: Value
    whole: Value
    source: Value
    scene: Value
    text: Value
    part: Value
    start: Value
    end: Value


def _uses_of(
    rows: list[_UseRow],
    techniques: Mapping[str, tuple[Named, Named, str]],
    titles: Mapping[str, str],
    years: Mapping[str, Value],
) -> tuple[Use, ...]:
    # Of several values of one thing the first in the order of the alphabet stays.
    rows.sort(key=lambda row: tuple(map(str, row)), reverse=True)
    scenes: dict[str, dict[str, Scene]] = {}
    for row in rows:
        scene = Scene(str(row.scene), str(row.text), row.part is True, row.start, row.end)
        scenes.setdefault(str(row.use), {})[scene.iri] = scene
    uses = {}
    for row in rows:
        iri, film = str(row.use), str(row.film)
        technique, category, definition = techniques[str(row.technique)]
        uses[iri] = Use(
            iri=iri,
            film=Named(film, titles[film]),
            year=years.get(film),
            technique=technique,
            category=category,
            definition=definition,
            explanation=str(row.explanation),
            scenes=tuple(scenes[iri][scene] for scene in sorted(scenes[iri])),
            spoiler=row.whole is True,
            source=str(row.source) if row.source else None,
        )
    return tuple(sorted(uses.values(), key=lambda use: (use.category.name, use.technique.name, use.iri)))


def _years(store: Store, films: Iterable[str]) -> dict[str, Value]:
    """Return the year of each film that has one, the first where there are several."""
    found: dict[str, list[Value]] = {}
    for film, year in store.select(
        f"SELECT ?film ?year WHERE {{ VALUES ?film {{ {values_of(films)} }} ?film <{FG}releaseYear> ?year }}"
    ):
        found.setdefault(str(film), []).append(year)
    return {film: min(years, key=str) for film, years in found.items()}


def claims_with(store: Store, what: str, values: Collection[str], known: Known = NOTHING_KNOWN) -> tuple[Claim, ...]:
    """Return the accepted claims of some films, reviews or concepts (``what`` is film, review or about), in text order.

    What a claim may have many of is asked apart: an OPTIONAL of two steps would have the engine read every passage.
    """
    if not values:
        return ()
    which = f"VALUES ?{what} {{ {values_of(values)} }} {_CLAIM[what]} ."
    others = " ".join(f"{pattern} ." for name, pattern in _CLAIM.items() if name != what)
    rows = store.select(
        f"SELECT ?claim ?film ?about ?stance ?statement ?review ?critic ?publication ?spoils WHERE {{ {which} "
        f"?claim <{FG}status> <{FG}Accepted> ; <{FG}stance> ?stance ; <{FG}statement> ?statement . {others} "
        f"OPTIONAL {{ ?claim <{FG}spoiler> ?spoils }} "
        f"OPTIONAL {{ ?review <{SCHEMA}author> ?critic }} OPTIONAL {{ ?review <{SCHEMA}publisher> ?publication }} }}"
    ).records()
    if not rows:
        return ()
    resources = {
        str(row[at]) for row in rows for at in ("film", "about", "critic", "publication") if row[at] is not None
    }
    names = {iri: Named(iri, name) for iri, name in known.labels(store, resources).items()}
    grouped: dict[str, list[dict[str, Value]]] = {}
    for row in rows:
        grouped.setdefault(str(row["claim"]), []).append(row)
    spans, compared = _spans(store, which), _compared(store, which)
    claims = []
    for iri, same in grouped.items():
        first = same[0] if len(same) == 1 else min(same, key=lambda row: tuple(str(value) for value in row.values()))
        claims.append(
            Claim(
                iri=iri,
                film=names[str(first["film"])],
                about=names[str(first["about"])],
                stance=slug_of(str(first["stance"])).lower(),
                statement=str(first["statement"]),
                review=str(first["review"]),
                critic=names.get(str(first["critic"])),
                publication=names.get(str(first["publication"])),
                compares_to=tuple(sorted(compared.get(iri, ()))),
                passages=tuple(sorted(spans.get(iri, ()))),
                spoiler=any(row["spoils"] is True for row in same),
                voices=_voices(same),
            )
        )
    return tuple(sorted(claims, key=lambda claim: (claim.review, claim.passages, claim.iri)))


_CLAIM = {
    "film": f"?claim <{FG}aboutFilm> ?film",
    "review": f"?claim <{FG}claimedIn> ?review",
    "about": f"?claim <{FG}aboutTechnique>|<{FG}aboutAspect> ?about",
}


def _voices(rows: Sequence[dict[str, Value]]) -> tuple[str, ...]:
    for column in ("critic", "publication", "review"):
        found = sorted({str(row[column]) for row in rows if row[column] is not None})
        if found:
            return tuple(found)
    return ()


def tally_of(claims: Iterable[Claim]) -> Tally:
    """Count the critics who make some claims, by what each of them says in all."""
    return Tally.of((voice, claim.stance) for claim in claims for voice in claim.voices)


def with_claims(use: Use, claims: Iterable[Claim], kin: dict[str, Kin]) -> Use:
    """Return a use with the claims of critics who noticed it, and their number."""
    if use.technique.iri not in kin:
        return use
    own = kin[use.technique.iri]
    of_film = [claim for claim in claims if claim.film.iri == use.film.iri]
    noticed = tuple(claim for claim in of_film if claim.about.iri in own.near)
    at_large: dict[Named, list[Claim]] = {}
    for claim in of_film:
        if claim.about.iri in own.wider:
            at_large.setdefault(claim.about, []).append(claim)
    counted = [(about, tally_of(said)) for about, said in at_large.items()]
    counted.sort(key=lambda each: (-each[1].critics, each[0].name, each[0].iri))
    return replace(use, noticed=noticed, critics=tally_of(noticed), at_large=tuple(counted))


def _compared(store: Store, which: str) -> dict[str, set[str]]:
    """Return the titles of the films that claims compare with."""
    titles: dict[str, set[str]] = {}
    for claim, title in store.select(
        f"SELECT ?claim ?title WHERE {{ {which} "
        f"?claim <{FG}comparesToTitle>|(<{FG}comparesTo>/<{SCHEMA}name>) ?title }}"
    ):
        titles.setdefault(str(claim), set()).add(str(title))
    return titles


def _spans(store: Store, which: str) -> dict[str, set[tuple[int, int]]]:
    """Return where the passages of claims start and end."""
    spans: dict[str, set[tuple[int, int]]] = {}
    for claim, start, end in store.select(
        f"SELECT ?claim ?start ?end WHERE {{ {which} ?claim <{FG}evidence> ?passage . "
        f"?passage <{OA}start> ?start ; <{OA}end> ?end }}"
    ):
        if isinstance(start, int) and isinstance(end, int):
            spans.setdefault(str(claim), set()).add((start, end))
    return spans
