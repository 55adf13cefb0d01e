"""The fields of a query's form: what was typed into each, what it means, and what is wrong with it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from starlette.datastructures import QueryParams

from filmgraph.errors import AmbiguousNameError, NotFoundError, QueryError
from filmgraph.lookup import kinds_meant, labels_of
from filmgraph.namespaces import kind_of, shorten, slug_of
from filmgraph.pages import Named
from filmgraph.queries import example_values

if TYPE_CHECKING:
    from collections.abc import Sequence

    from filmgraph.queries import Parameter, Query
    from filmgraph.web.site import Site

__all__ = ["Field", "Meant", "fields_of"]

_MOST, _LONGEST = 20, 300
_NEAR = 4
_STANCES = ("fg:Praise", "fg:Criticism", "fg:Mixed", "fg:Observation")


@dataclass(frozen=True)
class Meant:
    """A value that was perhaps meant: what to type, and the name of what it stands for."""

    value: str
    name: str


@dataclass(frozen=True)
class Field:
    """A field of a form.

    ``typed`` is what stands in it, ``terms`` what goes into the query, ``found`` the resources that it means.
    ``error`` says what is wrong, ``wrong`` is the value that means nothing, and ``meant`` what was perhaps meant.
    ``options`` are values to choose from.
    """

    parameter: Parameter
    typed: tuple[str, ...] = ()
    terms: tuple[str, ...] = ()
    found: tuple[Named, ...] = ()
    error: str = ""
    wrong: str = ""
    meant: tuple[Meant, ...] = ()
    options: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        """What the field is called."""
        return self.parameter.name.replace("_", " ").capitalize()

    @property
    def inputs(self) -> tuple[str, ...]:
        """What stands in each of its inputs: where several values are taken there is an empty one more."""
        return (*self.typed, "") if self.parameter.many or not self.typed else self.typed

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds of resource that its value may be; none for a text or number."""
        return kinds_meant(self.parameter.type) if self.parameter.is_resource else ()

    @property
    def written(self) -> tuple[str, ...]:
        """Its values as one writes them in an address or on a command line."""
        if not self.parameter.is_resource:
            return self.terms
        in_place = {self.parameter.type, *self.kinds[:1]}
        return tuple(slug_of(term) if kind_of(term) in in_place else shorten(term) for term in self.terms)

    @property
    def told(self) -> str:
        """What is wrong, with what was perhaps meant."""
        hint = ", ".join(f"{each.value} ({each.name})" for each in self.meant)
        return f"{self.error} Did you mean {hint}?" if hint else self.error


def fields_of(site: Site, query: Query, given: QueryParams | None) -> tuple[Field, ...]:
    """Return the fields of a query, filled in with what was given, or with the examples of its file."""
    return tuple(_field(site, query, parameter, given) for parameter in query.parameters)


def _field(site: Site, query: Query, parameter: Parameter, given: QueryParams | None) -> Field:
    options = _options(site, parameter)
    if given is None:
        return _example(site, parameter, example_values(query, parameter), options)
    typed = [" ".join(text.split()) for text in given.getlist(parameter.name)]
    values = list(dict.fromkeys(filter(None, typed)))
    shown = tuple(value[:_LONGEST] for value in values[:_MOST])
    if not values and parameter.optional:
        return Field(parameter, options=options)
    if error := _refusal(parameter, values):
        return Field(parameter, shown, error=error, options=options)
    return _read(site, parameter, shown, options)


def _refusal(parameter: Parameter, values: Sequence[str]) -> str:
    """Return what is wrong with values before any is looked at, "" where nothing is."""
    if not values:
        return "Fill this in, please."
    if len(values) > 1 and not parameter.many:
        return "Give one value only."
    if len(values) > _MOST:
        return f"Give {_MOST} values at the most."
    if any(len(value) > _LONGEST for value in values):
        return f"That is too long: {_LONGEST} characters at the most."
    return ""


def _read(site: Site, parameter: Parameter, typed: tuple[str, ...], options: tuple[str, ...]) -> Field:
    """Return a field with what its values mean, or with the first of them that means nothing."""
    terms: list[str] = []
    for value in typed:
        try:
            term = site.graph.resolve(value, kind=parameter.type) if parameter.is_resource else value
            parameter.term(term)
        except AmbiguousNameError as error:
            meant = tuple(Meant(name, name) for name in error.suggestions)
            return Field(parameter, typed, error=_first_sentence(error), wrong=value, meant=meant, options=options)
        except NotFoundError as error:
            meant = _near(site, parameter, value)
            return Field(parameter, typed, error=_first_sentence(error), wrong=value, meant=meant, options=options)
        except QueryError:
            kind = {"integer": "a whole number, such as 1990", "decimal": "a number, such as 0.5"}
            told = f"This needs {kind.get(parameter.type, 'another value')}."
            return Field(parameter, typed, error=told, options=options)
        terms.append(term)
    names = labels_of(site.graph.store, terms) if parameter.is_resource else {}
    found = tuple(Named(term, names[term]) for term in terms) if parameter.is_resource else ()
    return Field(parameter, typed, tuple(terms), found, options=options)


def _example(site: Site, parameter: Parameter, values: list[str], options: tuple[str, ...]) -> Field:
    """Return a field with the example of the file, by name where the name alone says which resource is meant."""
    if not values:
        return Field(parameter, options=options)
    read = _read(site, parameter, tuple(values), options)
    if read.error or not read.found:  # Another graph may lack what the example names.
        return read
    typed = tuple(_by_name(site, parameter, each) or value for each, value in zip(read.found, values, strict=True))
    return replace(read, typed=typed)


def _by_name(site: Site, parameter: Parameter, each: Named) -> str:
    try:
        return each.name if site.graph.resolve(each.name, kind=parameter.type) == each.iri else ""
    except NotFoundError:
        return ""


def _near(site: Site, parameter: Parameter, value: str) -> tuple[Meant, ...]:
    kinds = kinds_meant(parameter.type)
    hits = site.graph.search_index.search(value, kinds=kinds, limit=_NEAR)
    in_place = kinds[0]
    return tuple(Meant(slug_of(hit.iri) if hit.kind == in_place else shorten(hit.iri), hit.name) for hit in hits)


def _options(site: Site, parameter: Parameter) -> tuple[str, ...]:
    """Return the values of a field that has few."""
    if parameter.type == "category":
        return tuple(term.name for term in site.graph.vocabulary.categories)
    if parameter.type == "genre":
        return tuple(sorted(value.name for value in site.graph.catalogue.shares("genre")))
    if parameter.name == "stance":
        return _STANCES
    if parameter.name == "decade":
        return tuple(value.key.removesuffix("s") for value in site.graph.catalogue.shares("decade"))
    return ()


def _first_sentence(error: Exception) -> str:
    return str(error).partition(" Did you mean ")[0]
