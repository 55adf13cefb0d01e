"""What the graph and a folder of candidates know already: films by title, critics and publications by name, reviews."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from filmgraph.namespaces import DCTERMS, FG, OA, SCHEMA, iri, kind_of, slug_of, slugify
from filmgraph.reviews.signatures import critic_key, publication_key
from filmgraph.titles import ARTICLES, article_first

if TYPE_CHECKING:
    from filmgraph.reviews.proposals import Turtle
    from filmgraph.stores import Store

__all__ = ["Decided", "Films", "KnownNames", "KnownReview", "decided_on", "reviews_in_graph"]


class Films:
    """The films of a graph by title, also an alternate one, and year."""

    def __init__(self, store: Store) -> None:
        self._of_title: dict[str, dict[int, set[str]]] = {}
        self.title: dict[str, str] = {}
        query = (
            f"SELECT DISTINCT ?f ?y ?n ?p WHERE {{ ?f a <{FG}Film> ; <{FG}releaseYear> ?y ; ?p ?n "
            f"VALUES ?p {{ <{SCHEMA}name> <{SCHEMA}alternateName> }} }} "
            "ORDER BY STR(?f) STR(?n)"
        )
        self._year: dict[str, int] = {}
        for film, year, name, predicate in store.select(query):
            film, name, year = str(film), str(name), int(str(year))
            self._year[film] = year
            if str(predicate) == SCHEMA + "name":
                self.title[film] = name
            for key in _title_keys(name):
                self._of_title.setdefault(key, {}).setdefault(year, set()).add(film)

    def year(self, film: str) -> int:
        """Return the year of a film's first release."""
        return self._year[film]

    def find(self, title: str, year: int) -> str | None:
        """Return the film of a title and year, None where there is none or several may be meant."""
        for key in _title_keys(article_first(title)):
            found = self._of_title.get(key, {}).get(year, set())
            exact = iri("film", f"{slugify(title)}-{year}")
            if exact in found:
                return exact
            if len(found) == 1:
                return next(iter(found))
        return None

    def hint(self, title: str, year: int) -> str:
        """Return the films that may be meant by a title that was not found: of another year, or nearly spelled so."""
        for key in _title_keys(article_first(title)):
            others = self._of_title.get(key, {})
            if year in others:
                return f"several films of {year} bear this title: {', '.join(map(slug_of, sorted(others[year])))}"
            if others:
                nearest = min(others, key=lambda other: (abs(other - year), other))
                return self._asked(min(others[nearest]))
        from rapidfuzz import fuzz, process

        near = process.extractOne(slugify(title), self._of_title.keys(), scorer=fuzz.ratio, score_cutoff=85)
        if near is None:
            return ""
        films = self._of_title[near[0]]
        return self._asked(min(films[min(films, key=lambda other: (abs(other - year), other))]))

    def _asked(self, film: str) -> str:
        return f"did you mean {self.title.get(film, slug_of(film))} ({self._year[film]})?"


def _title_keys(title: str) -> list[str]:
    """Return the slug of a title, and the one without a leading article."""
    slug = slugify(title)
    article, _, rest = slug.partition("-")
    return [key for key in (slug, rest if article in ARTICLES else "") if key]


@dataclass
class KnownNames:
    """People or publications that are known: by the key of their names, and all addresses that are taken.

    Only critics are found by name, or only publications: a director of the same name may be another person. ``others``
    are all whom the graph names.
    """

    of_key: dict[str, list[str]] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    others: dict[str, str] = field(default_factory=dict)
    taken: set[str] = field(default_factory=set)

    @classmethod
    def critics(cls, store: Store, turtles: Iterable[Turtle]) -> KnownNames:
        """Return the critics that a graph and some files know."""
        known = cls()
        known._read(store, turtles, "person", FG + "Critic")
        for person in sorted(known.names):
            known.of_key.setdefault(critic_key(known.names[person]), []).append(person)
        return known

    @classmethod
    def publications(cls, store: Store, turtles: Iterable[Turtle]) -> KnownNames:
        """Return the publications that a graph and some files know."""
        known = cls()
        known._read(store, turtles, "organization", FG + "Publication")
        for house in sorted(known.names):
            known.of_key.setdefault(publication_key(known.names[house]), []).append(house)
        return known

    def _read(self, store: Store, turtles: Iterable[Turtle], kind: str, class_: str) -> None:
        query = f"SELECT ?s ?n WHERE {{ ?s <{SCHEMA}name> ?n }}"
        self.others = {str(s): str(n) for s, n in store.select(query) if kind_of(str(s)) == kind}
        self.taken = set(self.others)
        replaced = {str(s) for (s,) in store.select(f"SELECT ?s WHERE {{ ?s <{DCTERMS}isReplacedBy> ?o }}")}
        self.taken |= {resource for resource in replaced if kind_of(resource) == kind}
        of_class = f"SELECT ?s ?n WHERE {{ ?s a <{class_}> ; <{SCHEMA}name> ?n }}"
        for resource, name in sorted((str(s), str(n)) for s, n in store.select(of_class)):
            if resource not in replaced:
                self.names.setdefault(resource, name)
        for turtle in turtles:
            for resource in sorted(turtle.subjects):
                names = turtle.values(resource, SCHEMA + "name")
                self.taken.add(resource)
                if names and turtle.is_a(resource, class_):
                    self.names.setdefault(resource, names[0].value)


@dataclass(frozen=True)
class KnownReview:
    """A review of a film: its IRI, the hash of its text, and who speaks in it, critic or else publication."""

    iri: str
    digest: str
    who: str


def reviews_in_graph(store: Store, film: str) -> list[KnownReview]:
    """Return the reviews of a film that the graph holds, by IRI."""
    query = (
        f"SELECT ?r ?hash ?author ?house WHERE {{ ?r <{SCHEMA}itemReviewed> <{film}> ; <{FG}textSha256> ?hash "
        f"OPTIONAL {{ ?r <{SCHEMA}author> ?author }} OPTIONAL {{ ?r <{SCHEMA}publisher> ?house }} }}"
    )
    found = {
        KnownReview(str(review), str(digest).lower(), str(author or house or ""))
        for review, digest, author, house in store.select(query)
    }
    return sorted(found, key=lambda review: (review.iri, review.who))


@dataclass
class Decided:
    """Claims on which a person has decided: by IRI, by review and concept, and by review, words and place.

    The last finds a proposal again that was corrected to another technique.
    """

    claims: set[str] = field(default_factory=set)
    concepts: set[tuple[str, str]] = field(default_factory=set)
    places: set[tuple[str, str, int, int]] = field(default_factory=set)

    def has(self, claim: str, review: str, concept: str, label: str, passages: Iterable[tuple[int, int]]) -> bool:
        """Whether a proposal was decided on."""
        return (
            claim in self.claims
            or (review, concept) in self.concepts
            or any((review, label, start, end) in self.places for start, end in passages)
        )


def decided_on(store: Store, film: str) -> Decided:
    """Return the claims on a film that the graph holds as accepted or rejected."""
    query = (
        f"SELECT ?c ?r ?about ?label ?start ?end WHERE {{ ?c <{FG}aboutFilm> <{film}> ; <{FG}claimedIn> ?r ; "
        f"<{FG}aboutTechnique>|<{FG}aboutAspect> ?about ; <{FG}status> ?status "
        f"FILTER(?status = <{FG}Accepted> || ?status = <{FG}Rejected>) "
        f"OPTIONAL {{ ?c <{FG}matchedLabel> ?label ; <{FG}evidence> ?p . ?p <{OA}start> ?start ; <{OA}end> ?end }} }}"
    )
    decided = Decided()
    for claim, review, about, label, start, end in store.select(query):
        decided.claims.add(str(claim))
        decided.concepts.add((str(review), str(about)))
        if isinstance(start, int) and isinstance(end, int):
            decided.places.add((str(review), str(label), start, end))
    return decided
