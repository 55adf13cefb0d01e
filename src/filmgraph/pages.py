"""What the page of a film, technique, person or review shows, as plain dataclasses for any front end."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import pyoxigraph as ox

from filmgraph.lookup import labels_of, language_rank, texts_of
from filmgraph.namespaces import DCTERMS, FG, OA, SCHEMA, SKOS, WD, slug_of
from filmgraph.rows import Value

if TYPE_CHECKING:
    from filmgraph.stores import Store

__all__ = [
    "Claim",
    "Credit",
    "FilmPage",
    "Named",
    "PersonPage",
    "ReviewPage",
    "Scene",
    "Signature",
    "TechniquePage",
    "Use",
    "film_page",
    "person_page",
    "review_page",
    "technique_page",
]

_ROLES = (
    (SCHEMA + "director", "Director"),
    (FG + "cinematographer", "Cinematographer"),
    (FG + "filmEditor", "Editor"),
    (SCHEMA + "musicBy", "Composer"),
    (FG + "productionDesigner", "Production designer"),
)


@dataclass(frozen=True)
class Named:
    """A resource and its display name."""

    iri: str
    name: str


_NO_CATEGORY = Named("", "")


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
    """What a critic says: of a film, about a technique or an aspect, with a stance and in our words."""

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

    @property
    def source(self) -> str:
        """Who says so: critic and publication, or "an unsigned review"."""
        names = [named.name for named in (self.critic, self.publication) if named]
        return ", ".join(names) or "an unsigned review"


@dataclass(frozen=True)
class Use:
    """How a film uses a technique, in which scenes, and which claims speak of it.

    ``noticed`` holds the accepted claims on the same film and the same, a broader or a narrower technique. A use
    without a ``source`` is the editors' own reading.
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


@dataclass(frozen=True)
class FilmPage:
    """The page of a film."""

    iri: str
    title: str
    other_titles: tuple[tuple[str, str], ...]
    year: Value
    runtime_minutes: Value
    abstract: str
    credits: tuple[tuple[str, tuple[Named, ...]], ...]
    genres: tuple[Named, ...]
    countries: tuple[Named, ...]
    wikidata: str | None
    imdb: str | None
    tally: tuple[tuple[Named, int], ...]
    uses: tuple[Use, ...]
    claims: tuple[Claim, ...]

    @property
    def tally_line(self) -> str:
        """The tally as one line: "2 Cinematography · 1 Editing · 1 Sound"."""
        return " · ".join(f"{count} {category.name}" for category, count in self.tally)


@dataclass(frozen=True)
class TechniquePage:
    """The page of a technique: what it is, where it stands in the vocabulary, and every film that uses it."""

    iri: str
    label: str
    also_known_as: tuple[str, ...]
    definition: str
    scope_note: str | None
    category: Named
    broader: tuple[Named, ...]
    narrower: tuple[Named, ...]
    related: tuple[Named, ...]
    uses: tuple[Use, ...]
    claims: tuple[Claim, ...]


@dataclass(frozen=True)
class Credit:
    """A role that someone has in a film."""

    role: str
    film: Named
    year: Value


@dataclass(frozen=True)
class Signature:
    """A technique of someone's films: in how many of them, of how many, against its share of all films."""

    technique: Named
    films: int
    of: int
    share: float
    share_of_all: float


@dataclass(frozen=True)
class PersonPage:
    """The page of a person, band or publication: roles, signature techniques, and claims where they review."""

    iri: str
    name: str
    credits: tuple[Credit, ...]
    signatures: tuple[Signature, ...]
    claims: tuple[Claim, ...]


@dataclass(frozen=True)
class ReviewPage:
    """The page of a review: what it is a review of, by whom, and every claim in it."""

    iri: str
    film: Named
    critic: Named | None
    publication: Named | None
    title: str | None
    date: str | None
    url: str | None
    claims: tuple[Claim, ...] = field(default=())


def film_page(store: Store, film: str) -> FilmPage:
    """Return the page of a film, by IRI."""
    own = _properties(store, film)
    uses = _uses(store, f"VALUES ?film {{ <{film}> }}")
    claims = _claims(store, f"VALUES ?film {{ <{film}> }}")
    kin = _kin(store, {use.technique.iri for use in uses}) if claims else {}
    uses = tuple(_with_claims(use, claims, kin) for use in uses)
    people = {role: own.get(role, []) for role, _ in _ROLES}
    named_iris = [*(iri for iris in people.values() for iri in iris)]
    named_iris += [*own.get(SCHEMA + "genre", []), *own.get(SCHEMA + "countryOfOrigin", [])]
    names = labels_of(store, named_iris)
    counts: dict[Named, int] = {}
    for use in uses:
        counts[use.category] = counts.get(use.category, 0) + 1
    imdb = _one(own, FG + "imdbId")
    return FilmPage(
        iri=film,
        title=_one(own, SCHEMA + "name") or slug_of(film),
        other_titles=tuple(_literals_with_language(store, film, SCHEMA + "alternateName")),
        year=_number(own, FG + "releaseYear"),
        runtime_minutes=_number(own, FG + "runtimeMinutes"),
        abstract=_one(own, SCHEMA + "abstract") or "",
        credits=tuple((label, _named(people[role], names)) for role, label in _ROLES if people[role]),
        genres=_named(own.get(SCHEMA + "genre", []), names),
        countries=_named(own.get(SCHEMA + "countryOfOrigin", []), names),
        wikidata=next((same for same in own.get(SCHEMA + "sameAs", ()) if same.startswith(WD)), None),
        imdb=f"https://www.imdb.com/title/{imdb}/" if imdb else None,
        tally=tuple(sorted(counts.items(), key=lambda item: (-item[1], item[0].name))),
        uses=uses,
        claims=claims,
    )


def technique_page(store: Store, technique: str) -> TechniquePage:
    """Return the page of a technique, by IRI: its films include those that use a narrower technique."""
    own = _properties(store, technique)
    narrower = store.select(f"SELECT ?n WHERE {{ ?n <{SKOS}broader> <{technique}> }} ORDER BY ?n")
    narrower_iris = [str(row[0]) for row in narrower]
    broader_iris = own.get(SKOS + "broader", [])
    related_iris = own.get(SKOS + "related", [])
    names = labels_of(store, [*narrower_iris, *broader_iris, *related_iris])
    below = f"{{ ?technique <{SKOS}broader>* <{technique}> }}"
    uses = _uses(store, below)
    claims = _claims(store, below.replace("?technique", "?about"))
    return TechniquePage(
        iri=technique,
        label=_one(own, SKOS + "prefLabel") or slug_of(technique),
        also_known_as=tuple(sorted(own.get(SKOS + "altLabel", []), key=str.casefold)),
        definition=_one(own, SKOS + "definition") or "",
        scope_note=_one(own, SKOS + "scopeNote"),
        category=_categories(store, [technique]).get(technique, _NO_CATEGORY),
        broader=_named(broader_iris, names),
        narrower=_named(narrower_iris, names),
        related=_named(related_iris, names),
        uses=tuple(sorted(uses, key=lambda use: (str(use.year), use.film.name, use.iri))),
        claims=claims,
    )


def person_page(store: Store, person: str) -> PersonPage:
    """Return the page of a person, band or publication, by IRI."""
    roles = " ".join(f'(<{predicate}> "{label}" {place})' for place, (predicate, label) in enumerate(_ROLES))
    rows = store.select(
        f"SELECT ?role ?film ?name ?year ?place WHERE {{ VALUES (?p ?role ?place) {{ {roles} }} "
        f"?film ?p <{person}> ; <{SCHEMA}name> ?name . OPTIONAL {{ ?film <{FG}releaseYear> ?year }} }} "
        f"ORDER BY ?place ?year STR(?name) ?film"
    )
    credits = tuple(Credit(str(role), Named(str(film), str(name)), year) for role, film, name, year, _ in rows)
    own = _properties(store, person)
    by = f"?review <{SCHEMA}author>|<{SCHEMA}publisher> <{person}> ."
    return PersonPage(
        iri=person,
        name=_one(own, SCHEMA + "name") or slug_of(person),
        credits=credits,
        signatures=_signatures(store, {credit.film.iri for credit in credits}),
        claims=_claims(store, by),
    )


def review_page(store: Store, review: str) -> ReviewPage:
    """Return the page of a review, by IRI."""
    own = _properties(store, review)
    film = _one(own, SCHEMA + "itemReviewed") or ""
    critic, publication = _one(own, SCHEMA + "author"), _one(own, SCHEMA + "publisher")
    names = labels_of(store, [iri for iri in (film, critic, publication) if iri])
    return ReviewPage(
        iri=review,
        film=Named(film, names.get(film, slug_of(film))),
        critic=Named(critic, names[critic]) if critic else None,
        publication=Named(publication, names[publication]) if publication else None,
        title=_one(own, SCHEMA + "name"),
        date=_one(own, SCHEMA + "datePublished"),
        url=_one(own, SCHEMA + "url"),
        claims=_claims(store, f"VALUES ?review {{ <{review}> }}"),
    )


def _properties(store: Store, resource: str) -> dict[str, list[str]]:
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


def _one(properties: dict[str, list[str]], predicate: str) -> str | None:
    return next(iter(properties.get(predicate, ())), None)


def _number(properties: dict[str, list[str]], predicate: str) -> Value:
    text = _one(properties, predicate)
    return int(text) if text and text.lstrip("-").isdecimal() else text


def _named(iris: Iterable[str], names: dict[str, str]) -> tuple[Named, ...]:
    return tuple(sorted((Named(iri, names[iri]) for iri in iris), key=lambda named: (named.name.casefold(), named.iri)))


def _literals_with_language(store: Store, resource: str, predicate: str) -> list[tuple[str, str]]:
    return sorted(
        (triple.object.value, triple.object.language or "")
        for triple in store.describe(resource)
        if triple.predicate.value == predicate and isinstance(triple.object, ox.Literal)
    )


def _uses(store: Store, where: str) -> tuple[Use, ...]:
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
    categories = _categories(store, techniques)
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
            category=categories.get(str(row["technique"]), _NO_CATEGORY),
            definition=definitions.get(str(row["technique"]), ""),
            explanation=str(row["explanation"]),
            scenes=tuple(scenes[str(row["use"])][iri] for iri in sorted(scenes[str(row["use"])])),
            spoiler=row["whole"] is True,
            source=str(row["source"]) if row["source"] else None,
        )
        for row in rows
    }
    return tuple(sorted(uses.values(), key=lambda use: (use.category.name, use.technique.name, use.iri)))


def _categories(store: Store, techniques: Iterable[str]) -> dict[str, Named]:
    values = " ".join(f"<{technique}>" for technique in sorted(techniques))
    if not values:
        return {}
    rows = store.select(
        f"SELECT ?t ?c WHERE {{ VALUES ?t {{ {values} }} ?t <{SKOS}broader>+ ?c . ?c a <{FG}Category> }} "
        f"ORDER BY DESC(STR(?c))"
    )
    names = labels_of(store, {str(category) for _technique, category in rows})
    return {str(technique): Named(str(category), names[str(category)]) for technique, category in rows}


def _claims(store: Store, where: str) -> tuple[Claim, ...]:
    """Return the accepted claims that a pattern over ?claim, ?film, ?about and ?review selects, in text order."""
    rows = store.select(
        f"SELECT ?claim ?film ?title ?about ?stance ?statement ?review ?critic ?publication ?compared "
        f"WHERE {{ ?claim <{FG}status> <{FG}Accepted> ; <{FG}claimedIn> ?review ; "
        f"<{FG}aboutFilm> ?film ; <{FG}stance> ?stance ; <{FG}statement> ?statement ; "
        f"<{FG}aboutTechnique>|<{FG}aboutAspect> ?about . {where} "
        f"?film <{SCHEMA}name> ?title . "
        f"OPTIONAL {{ ?review <{SCHEMA}author> ?critic }} OPTIONAL {{ ?review <{SCHEMA}publisher> ?publication }} "
        f"OPTIONAL {{ {{ ?claim <{FG}comparesTo>/<{SCHEMA}name> ?compared }} UNION "
        f"{{ ?claim <{FG}comparesToTitle> ?compared }} }} }}"
    ).records()
    labels = labels_of(
        store, {str(row[at]) for row in rows for at in ("about", "critic", "publication") if row[at] is not None}
    )
    spans = _spans(store, {str(row["claim"]) for row in rows})
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
                compares_to=tuple(sorted({str(row["compared"]) for row in same if row["compared"]})),
                passages=tuple(sorted(spans.get(iri, ()))),
            )
        )
    return tuple(sorted(claims, key=lambda claim: (claim.review, claim.passages, claim.iri)))


def _maybe_named(iri: Value, names: dict[str, str]) -> Named | None:
    return None if iri is None else Named(str(iri), names[str(iri)])


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


def _kin(store: Store, techniques: Iterable[str]) -> dict[str, set[str]]:
    """Return for each technique itself with every broader and narrower one, categories left out."""
    kin = {technique: {technique} for technique in techniques}
    values = " ".join(f"<{technique}>" for technique in sorted(kin))
    if values:
        for technique, other in store.select(
            f"SELECT ?t ?o WHERE {{ VALUES ?t {{ {values} }} {{ ?t <{SKOS}broader>+ ?o }} UNION "
            f"{{ ?o <{SKOS}broader>+ ?t }} ?o a <{FG}Technique> }}"
        ):
            kin[str(technique)].add(str(other))
    return kin


def _with_claims(use: Use, claims: Iterable[Claim], kin: dict[str, set[str]]) -> Use:
    related = kin.get(use.technique.iri, set())
    return replace(use, noticed=tuple(claim for claim in claims if claim.about.iri in related))


def _signatures(store: Store, films: Iterable[str], *, least: int = 2) -> tuple[Signature, ...]:
    """Return the techniques in at least two of some films, by how far their share exceeds that of all films."""
    wanted = set(films)
    if len(wanted) < least:
        return ()
    rows = store.select(f"SELECT DISTINCT ?film ?t WHERE {{ ?u <{FG}film> ?film ; <{FG}technique> ?t }}")
    by_technique: dict[str, set[str]] = {}
    all_films: set[str] = set()
    for film, technique in rows:
        all_films.add(str(film))
        by_technique.setdefault(str(technique), set()).add(str(film))
    common = {technique: used for technique, used in by_technique.items() if len(used & wanted) >= least}
    labels = labels_of(store, common)
    signatures = [
        Signature(
            technique=Named(technique, labels[technique]),
            films=len(used & wanted),
            of=len(wanted),
            share=len(used & wanted) / len(wanted),
            share_of_all=len(used) / len(all_films),
        )
        for technique, used in common.items()
    ]
    return tuple(sorted(signatures, key=lambda found: (found.share_of_all - found.share, found.technique.iri)))
