"""What pages are made of: names, scenes, claims and uses, and how they are read from a store."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, NamedTuple

import pyoxigraph as ox

from filmgraph.lookup import Named, labels_of, language_rank, texts_of
from filmgraph.namespaces import DCTERMS, FG, OA, SCHEMA, SKOS, slug_of
from filmgraph.rows import Value
from filmgraph.voices import Tally

if TYPE_CHECKING:
    from filmgraph.stores import Store

__all__ = [
    "NO_CATEGORY",
    "Claim",
    "Heard",
    "Kin",
    "Named",
    "Scene",
    "Use",
    "categories_of",
    "claims_where",
    "kin_of",
    "named",
    "number_of",
    "properties_of",
    "tally_of",
    "text_of",
    "uses_where",
    "with_claims",
]


NO_CATEGORY = Named("", "")


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


class Kin(NamedTuple):
    """A technique with every narrower one (``near``), and every broader one (``wider``), categories left out."""

    near: frozenset[str]
    wider: frozenset[str]

    @property
    def all(self) -> frozenset[str]:
        """Both."""
        return self.near | self.wider


def properties_of(store: Store, resource: str) -> dict[str, list[str]]:
    """Return the values of a resource as text, by predicate: English first, then in the order of the alphabet."""
    found: dict[str, set[tuple[int, str]]] = {}
    for triple in store.describe(resource):
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
    """Return the first value of a property as a number, or as text where it is none."""
    text = text_of(properties, predicate)
    return int(text) if text and text.lstrip("-").isdecimal() else text


def named(iris: Iterable[str], names: dict[str, str]) -> tuple[Named, ...]:
    """Return resources with their names, in the order of the alphabet."""
    return tuple(sorted((Named(iri, names[iri]) for iri in iris), key=lambda named: (named.name.casefold(), named.iri)))


def uses_where(store: Store, where: str) -> tuple[Use, ...]:
    """Return the uses that a pattern over ?use, ?film and ?technique selects, with their scenes, by IRI."""
    rows = store.select(
        f"SELECT ?use ?film ?title ?year ?technique ?explanation ?whole ?source ?scene ?text ?part ?start ?end "
        f"WHERE {{ {where} ?use <{FG}film> ?film ; <{FG}technique> ?technique ; "
        f"<{FG}explanation> ?explanation ; <{FG}scene> ?scene . ?scene <{SCHEMA}description> ?text . "
        f"?film <{SCHEMA}name> ?title . OPTIONAL {{ ?film <{FG}releaseYear> ?year }} "
        f"OPTIONAL {{ ?use <{FG}spoiler> ?whole }} OPTIONAL {{ ?scene <{FG}spoiler> ?part }} "
        f"OPTIONAL {{ ?use <{DCTERMS}source> ?source }} "
        f"OPTIONAL {{ ?scene <{FG}startOffset> ?start }} OPTIONAL {{ ?scene <{FG}endOffset> ?end }} }}"
    ).records()
    techniques = {str(row["technique"]) for row in rows}
    categories = categories_of(store, techniques)
    labels = labels_of(store, techniques)
    definitions = texts_of(store, techniques, [f"<{SKOS}definition>"])
    rows.sort(key=lambda row: tuple(map(str, row.values())), reverse=True)
    scenes: dict[str, dict[str, Scene]] = {}
    for row in rows:
        scene = Scene(str(row["scene"]), str(row["text"]), row["part"] is True, row["start"], row["end"])
        scenes.setdefault(str(row["use"]), {})[scene.iri] = scene
    uses = {
        str(row["use"]): Use(
            iri=str(row["use"]),
            film=Named(str(row["film"]), str(row["title"])),
            year=row["year"],
            technique=Named(str(row["technique"]), labels[str(row["technique"])]),
            category=categories.get(str(row["technique"]), NO_CATEGORY),
            definition=definitions.get(str(row["technique"]), ""),
            explanation=str(row["explanation"]),
            scenes=tuple(scenes[str(row["use"])][iri] for iri in sorted(scenes[str(row["use"])])),
            spoiler=row["whole"] is True,
            source=str(row["source"]) if row["source"] else None,
        )
        for row in rows
    }
    return tuple(sorted(uses.values(), key=lambda use: (use.category.name, use.technique.name, use.iri)))


def categories_of(store: Store, techniques: Iterable[str]) -> dict[str, Named]:
    """Return the category of each technique that reaches one."""
    values = " ".join(f"<{technique}>" for technique in sorted(techniques))
    if not values:
        return {}
    rows = store.select(
        f"SELECT ?t ?c WHERE {{ VALUES ?t {{ {values} }} ?t <{SKOS}broader>+ ?c . ?c a <{FG}Category> }} "
        f"ORDER BY DESC(STR(?c))"
    )
    names = labels_of(store, {str(category) for _technique, category in rows})
    return {str(technique): Named(str(category), names[str(category)]) for technique, category in rows}


def claims_where(store: Store, where: str) -> tuple[Claim, ...]:
    """Return the accepted claims that a pattern over ?claim, ?film, ?about and ?review selects, in text order."""
    rows = store.select(
        f"SELECT ?claim ?film ?title ?about ?stance ?statement ?review ?critic ?publication ?spoils "
        f"WHERE {{ ?claim <{FG}status> <{FG}Accepted> ; <{FG}claimedIn> ?review ; "
        f"<{FG}aboutFilm> ?film ; <{FG}stance> ?stance ; <{FG}statement> ?statement ; "
        f"<{FG}aboutTechnique>|<{FG}aboutAspect> ?about . {where} "
        f"?film <{SCHEMA}name> ?title . "
        f"OPTIONAL {{ ?claim <{FG}spoiler> ?spoils }} "
        f"OPTIONAL {{ ?review <{SCHEMA}author> ?critic }} OPTIONAL {{ ?review <{SCHEMA}publisher> ?publication }} }}"
    ).records()
    labels = labels_of(
        store, {str(row[at]) for row in rows for at in ("about", "critic", "publication") if row[at] is not None}
    )
    made = {str(row["claim"]) for row in rows}
    spans, compared = _spans(store, made), _compared(store, made)
    grouped: dict[str, list[dict[str, Value]]] = {}
    for row in rows:
        grouped.setdefault(str(row["claim"]), []).append(row)
    claims = []
    for iri, same in grouped.items():
        first = min(same, key=lambda row: tuple(str(value) for value in row.values()))
        claims.append(
            Claim(
                iri=iri,
                film=Named(str(first["film"]), str(first["title"])),
                about=Named(str(first["about"]), labels[str(first["about"])]),
                stance=slug_of(str(first["stance"])).lower(),
                statement=str(first["statement"]),
                review=str(first["review"]),
                critic=_maybe_named(first["critic"], labels),
                publication=_maybe_named(first["publication"], labels),
                compares_to=tuple(sorted(compared.get(iri, ()))),
                passages=tuple(sorted(spans.get(iri, ()))),
                spoiler=any(row["spoils"] is True for row in same),
                voices=_voices(same),
            )
        )
    return tuple(sorted(claims, key=lambda claim: (claim.review, claim.passages, claim.iri)))


def _voices(rows: Iterable[dict[str, Value]]) -> tuple[str, ...]:
    for column in ("critic", "publication", "review"):
        found = sorted({str(row[column]) for row in rows if row[column] is not None})
        if found:
            return tuple(found)
    return ()


def tally_of(claims: Iterable[Claim]) -> Tally:
    """Count the critics who make some claims, by what each of them says in all."""
    return Tally.of((voice, claim.stance) for claim in claims for voice in claim.voices)


def kin_of(store: Store, techniques: Iterable[str]) -> dict[str, Kin]:
    """Return the kin of each technique."""
    near = {technique: {technique} for technique in techniques}
    wider: dict[str, set[str]] = {technique: set() for technique in near}
    values = " ".join(f"<{technique}>" for technique in sorted(near))
    if values:
        for found, path in ((near, f"?o <{SKOS}broader>+ ?t"), (wider, f"?t <{SKOS}broader>+ ?o")):
            for technique, other in store.select(
                f"SELECT ?t ?o WHERE {{ VALUES ?t {{ {values} }} {path} . ?o a <{FG}Technique> }}"
            ):
                found[str(technique)].add(str(other))
    return {technique: Kin(frozenset(near[technique]), frozenset(wider[technique])) for technique in near}


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


def _maybe_named(iri: Value, names: dict[str, str]) -> Named | None:
    return None if iri is None else Named(str(iri), names[str(iri)])


def _compared(store: Store, claims: Iterable[str]) -> dict[str, set[str]]:
    """Return the titles of the films that claims compare with; asked apart, as the passages are."""
    values = " ".join(f"<{claim}>" for claim in sorted(claims))
    titles: dict[str, set[str]] = {}
    for claim, title in store.select(
        f"SELECT ?claim ?title WHERE {{ VALUES ?claim {{ {values} }} "
        f"?claim <{FG}comparesToTitle>|(<{FG}comparesTo>/<{SCHEMA}name>) ?title }}"
    ):
        titles.setdefault(str(claim), set()).add(str(title))
    return titles


def _spans(store: Store, claims: Iterable[str]) -> dict[str, set[tuple[int, int]]]:
    """Return where the passages of claims start and end; asked apart, as an OPTIONAL would read every passage."""
    values = " ".join(f"<{claim}>" for claim in sorted(claims))
    spans: dict[str, set[tuple[int, int]]] = {}
    for claim, start, end in store.select(
        f"SELECT ?claim ?start ?end WHERE {{ VALUES ?claim {{ {values} }} ?claim <{FG}evidence> ?passage . "
        f"?passage <{OA}start> ?start ; <{OA}end> ?end }}"
    ):
        if isinstance(start, int) and isinstance(end, int):
            spans.setdefault(str(claim), set()).add((start, end))
    return spans
