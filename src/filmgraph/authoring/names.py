"""What a workspace knows by name: films, techniques, genres, countries, people; and people who are new to it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from filmgraph.authoring.cells import clean, film_slug
from filmgraph.errors import DataError, NotFoundError
from filmgraph.lookup import resolve
from filmgraph.namespaces import SCHEMA, iri, kind_of, shorten, slug_of, slugify

if TYPE_CHECKING:
    from filmgraph.stores import Store

__all__ = ["Names"]

_COUNTRIES = {
    **dict.fromkeys(("usa", "us", "u-s-a", "u-s", "united-states-of-america"), "united-states"),
    **dict.fromkeys(("uk", "gb", "u-k", "great-britain"), "united-kingdom"),
    **dict.fromkeys(("ussr", "u-s-s-r"), "soviet-union"),
    **dict.fromkeys(("korea-south", "republic-of-korea"), "south-korea"),
    **dict.fromkeys(("czech-republic", "czechia"), "czech-republic"),
}
"""Slug of what tables write for a country to the slug of its usual name."""

_LONGEST_NAME = 100
_NOT_IN_NAMES = re.compile(r"[=|<>{}$`^\"@\\/*~#%+]")
_LIKE_A_SLUG = re.compile(r"[a-z]+:.*|[a-z0-9]+(?:-{1,2}[a-z0-9]+)+|.*[/<>@#{}\[\]\"\\0-9].*")
_NEAR = 88.0


class Names:
    """The names that a store knows, each looked up once.

    ``new_people`` grows by each person whom the store does not know: IRI to name.
    """

    def __init__(self, store: Store) -> None:
        self.store = store
        self.new_people: dict[str, str] = {}
        self._found: dict[tuple[str, str], Any] = {}
        self._by_name: dict[tuple[str, ...], dict[str, list[str]]] = {}

    def find(self, text: str, kind: str) -> str:
        """Return the IRI of what a text names; raises as :func:`filmgraph.lookup.resolve` does."""
        if kind == "country":
            text = _COUNTRIES.get(slugify(text), text)
        key = (kind, text)
        if key not in self._found:
            try:
                self._found[key] = resolve(self.store, text, kind=kind)
            except NotFoundError as error:
                self._found[key] = error
        found = self._found[key]
        if isinstance(found, NotFoundError):
            raise found
        return str(found)

    def film(self, title: str, year: str | int) -> str | None:
        """Return the film that the store has by this title, also an alternate one, and year; None where it has none.

        Raises :class:`~filmgraph.errors.DataError` where several films of the year bear the title.
        """
        slug = film_slug(title, year)
        found = [film for film in self._bearers("film").get(slugify(title), ()) if slug_of(film).endswith(f"-{year}")]
        found = [iri("film", slug)] if iri("film", slug) in found else found
        if len(found) > 1:
            films = " or ".join(map(slug_of, found))
            raise DataError(f"{len(found)} films of {year} bear this title: write the title of {films}")
        return self.find(slug_of(found[0]), "film") if found else None

    def person(self, text: str) -> str:
        """Return the IRI of a person or band; one whom the store does not know is new.

        Raises :class:`~filmgraph.errors.DataError` for what is no name, and where several people bear it.
        """
        name = clean(text, longest=_LONGEST_NAME)
        if _LIKE_A_SLUG.fullmatch(name) or not any(letter.isalpha() for letter in name):
            try:
                return self.find(name, "person")
            except NotFoundError as error:
                near = f" (the nearest is {error.suggestions[0]})" if error.suggestions else ""
                raise DataError(f"the graph knows nobody of this address{near}: write the name in full") from error
        found = self._bearers("person", "organization").get(slugify(name), [])
        if len(found) > 1:
            people = " or ".join(map(slug_of, found))
            raise DataError(f"{len(found)} people bear this name: write {people} in its place")
        if found:
            return self.find(shorten(found[0]), "person")
        if re.search(r",(?! (?:Jr|Sr)\.?$)", name) or ";" in name:
            raise DataError("write the first name first, without a comma, and | between two people")
        if not name[0].isalnum() or _NOT_IN_NAMES.search(name):
            raise DataError("is not the name of a person: a name begins with a letter and holds no signs of formulas")
        if any(letter.isalpha() and not slugify(letter) for letter in name):
            raise DataError("write the name in Latin letters")
        person = iri("person", slugify(name))
        self.new_people.setdefault(person, name)
        return person

    def near(self, name: str) -> str | None:
        """Return the slug of somebody whose name is hardly another one, so that a slip of the pen is seen."""
        from rapidfuzz import fuzz, process

        bearers = self._bearers("person", "organization")
        near = process.extractOne(slugify(name), list(bearers), scorer=fuzz.ratio, score_cutoff=_NEAR)
        return slug_of(bearers[near[0]][0]) if near else None

    def _bearers(self, *kinds: str) -> dict[str, list[str]]:
        """Return the resources of some kinds by the slugs of their names and titles, alternate ones as well."""
        if kinds not in self._by_name:
            found: dict[str, list[str]] = {}
            query = f"SELECT DISTINCT ?s ?n WHERE {{ ?s <{SCHEMA}name>|<{SCHEMA}alternateName> ?n }}"
            for resource, name in sorted((str(resource), str(name)) for resource, name in self.store.select(query)):
                slug = slugify(name)
                if kind_of(resource) in kinds and slug and resource not in found.setdefault(slug, []):
                    found[slug].append(resource)
            self._by_name[kinds] = found
        return self._by_name[kinds]
