"""What the page of a film, technique, person or review shows, as plain dataclasses for any front end."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from filmgraph.lookup import labels_of
from filmgraph.namespaces import FG, OA, SCHEMA, SKOS, slug_of
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
        wikidata=_one(own, SCHEMA + "sameAs"),
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
        category=_categories(store, [technique]).get(technique, Named("", "")),
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
    """Return the values of a resource as text, by predicate, sorted."""
    properties: dict[str, list[str]] = {}
    for triple in store.describe(resource):
        properties.setdefault(triple.predicate.value, []).append(getattr(triple.object, "value", ""))
    return {predicate: sorted(values) for predicate, values in properties.items()}


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
        if triple.predicate.value == predicate and hasattr(triple.object, "language")
    )


def _uses(store: Store, where: str) -> tuple[Use, ...]:
    """Return the uses that a pattern over ?use, ?film and ?technique selects, with their scenes, by IRI."""
    rows = store.select(
        f"SELECT ?use ?film ?title ?year ?technique ?label ?definition ?explanation ?whole ?source ?scene ?text ?part "
        f"?start ?end WHERE {{ {where} ?use <{FG}film> ?film ; <{FG}technique> ?technique ; "
        f"<{FG}explanation> ?explanation ; <{FG}scene> ?scene . ?scene <{SCHEMA}description> ?text . "
        f"?film <{SCHEMA}name> ?title . ?technique <{SKOS}prefLabel> ?label . "
        f"OPTIONAL {{ ?film <{FG}releaseYear> ?year }} OPTIONAL {{ ?technique <{SKOS}definition> ?definition }} "
        f"OPTIONAL {{ ?use <{FG}spoiler> ?whole }} OPTIONAL {{ ?scene <{FG}spoiler> ?part }} "
        f"OPTIONAL {{ ?use <http://purl.org/dc/terms/source> ?source }} "
        f"OPTIONAL {{ ?scene <{FG}startOffset> ?start }} OPTIONAL {{ ?scene <{FG}endOffset> ?end }} }}"
    ).records()
    categories = _categories(store, {str(row["technique"]) for row in rows})
    scenes: dict[str, dict[str, Scene]] = {}
    for row in rows:
        scene = Scene(str(row["scene"]), str(row["text"]), row["part"] is True, row["start"], row["end"])
        scenes.setdefault(str(row["use"]), {})[scene.iri] = scene
    uses = {
        str(row["use"]): Use(
            iri=str(row["use"]),
            film=Named(str(row["film"]), str(row["title"])),
            year=row["year"],
            technique=Named(str(row["technique"]), str(row["label"])),
            category=categories.get(str(row["technique"]), Named("", "")),
            definition=str(row["definition"] or ""),
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
        f"SELECT ?t ?c ?label WHERE {{ VALUES ?t {{ {values} }} ?t <{SKOS}broader>+ ?c . ?c a <{FG}Category> ; "
        f"<{SKOS}prefLabel> ?label }}"
    )
    return {str(technique): Named(str(category), str(label)) for technique, category, label in rows}


def _claims(store: Store, where: str) -> tuple[Claim, ...]:
    """Return the accepted claims that a pattern over ?claim, ?film, ?about and ?review selects, in text order."""
    rows = store.select(
        f"SELECT ?claim ?film ?title ?about ?label ?stance ?statement ?review ?critic ?criticName ?pub ?pubName "
        f"?compared ?start ?end WHERE {{ ?claim <{FG}status> <{FG}Accepted> ; <{FG}claimedIn> ?review ; "
        f"<{FG}aboutFilm> ?film ; <{FG}stance> ?stance ; <{FG}statement> ?statement ; "
        f"<{FG}aboutTechnique>|<{FG}aboutAspect> ?about . {where} "
        f"?film <{SCHEMA}name> ?title . ?about <{SKOS}prefLabel> ?label . "
        f"OPTIONAL {{ ?review <{SCHEMA}author> ?critic . ?critic <{SCHEMA}name> ?criticName }} "
        f"OPTIONAL {{ ?review <{SCHEMA}publisher> ?pub . ?pub <{SCHEMA}name> ?pubName }} "
        f"OPTIONAL {{ {{ ?claim <{FG}comparesTo>/<{SCHEMA}name> ?compared }} UNION "
        f"{{ ?claim <{FG}comparesToTitle> ?compared }} }} "
        f"OPTIONAL {{ ?claim <{FG}evidence> ?passage . ?passage <{OA}start> ?start ; <{OA}end> ?end }} }}"
    ).records()
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
                about=Named(str(first["about"]), str(first["label"])),
                stance=slug_of(str(first["stance"])).lower(),
                statement=str(first["statement"]),
                review=str(first["review"]),
                critic=Named(str(first["critic"]), str(first["criticName"])) if first["critic"] else None,
                publication=Named(str(first["pub"]), str(first["pubName"])) if first["pub"] else None,
                compares_to=tuple(sorted({str(row["compared"]) for row in same if row["compared"]})),
                passages=tuple(
                    sorted({(int(str(row["start"])), int(str(row["end"]))) for row in same if row["end"] is not None})
                ),
            )
        )
    return tuple(sorted(claims, key=lambda claim: (claim.review, claim.passages, claim.iri)))


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
    from dataclasses import replace

    related = kin.get(use.technique.iri, set())
    return replace(use, noticed=tuple(claim for claim in claims if claim.about.iri in related))


def _signatures(store: Store, films: Iterable[str], *, least: int = 2) -> tuple[Signature, ...]:
    """Return the techniques in at least two of some films, by how far their share exceeds that of all films."""
    wanted = set(films)
    rows = store.select(
        f"SELECT DISTINCT ?film ?t ?label WHERE {{ ?u <{FG}film> ?film ; <{FG}technique> ?t . "
        f"?t <{SKOS}prefLabel> ?label }}"
    )
    if len(wanted) < least:
        return ()
    by_technique: dict[Named, set[str]] = {}
    all_films: set[str] = set()
    for film, technique, label in rows:
        all_films.add(str(film))
        by_technique.setdefault(Named(str(technique), str(label)), set()).add(str(film))
    signatures = [
        Signature(
            technique, len(used & wanted), len(wanted), len(used & wanted) / len(wanted), len(used) / len(all_films)
        )
        for technique, used in by_technique.items()
        if len(used & wanted) >= least
    ]
    return tuple(sorted(signatures, key=lambda found: (found.share_of_all - found.share, found.technique.iri)))
