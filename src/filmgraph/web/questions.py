"""The query library on the site: each query as a form with its answer, and as data."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING

from starlette.datastructures import QueryParams

from filmgraph.errors import BoundError, QueryError, StoreError
from filmgraph.queries import command_line, curl_line, python_lines
from filmgraph.web.asking import MOST_AS_DATA, all_rows, first_rows
from filmgraph.web.fields import Field, fields_of
from filmgraph.web.grids import grid_of
from filmgraph.web.problems import status_of, told_of
from filmgraph.web.site import Ask, Page, Site, View

if TYPE_CHECKING:
    from filmgraph.queries import Query

__all__ = ["GROUPS", "Asked", "library", "pages", "question"]

GROUPS: Mapping[str, tuple[str, ...]] = {
    "Films and their craft": (
        "film-page",
        "tally-by-category",
        "films-using-technique",
        "films-combining-techniques",
        "films-sharing-techniques",
        "scenes-to-screen",
        "films-of-genre",
        "films-by-decade",
        "films-by-country",
        "films-by-depth",
    ),
    "Techniques": (
        "technique-page",
        "technique-neighbours",
        "techniques-of-category",
        "techniques-by-films",
        "techniques-by-decade",
        "techniques-together",
        "technique-pairs",
        "rare-techniques",
    ),
    "People and their signatures": (
        "credits",
        "film-credits",
        "director-signature",
        "cinematographer-signature",
        "films-linked-by-crew",
    ),
    "What critics say": (
        "claims-on-film",
        "claims-on-technique",
        "claims-by-technique",
        "critics-on-film",
        "critic-profile",
        "critic-values",
        "compared-films",
        "compared-pairs",
        "claim-evidence",
    ),
    "Where critics agree, and where not": (
        "agreement-on-film",
        "contested-craft",
        "most-contested-craft",
        "contested-claims",
        "corroborated-uses",
        "disputed-uses",
        "unnoticed-uses",
        "missing-uses",
    ),
    "Links to other sources": ("wikidata-links", "wikidata-federated", "ada-crosswalk"),
}
"""What queries ask about to their names, in the order in which they are read."""

MOST_ROWS = 500
"""How many rows a page shows; data has them all."""

_OWN = ("spoilers", "exact", "limit")
_MOST_VALUES = 200


def pages() -> list[Page]:
    """Return the pages of the query library."""
    return [
        Page("/queries", library, ("html", "json"), reads=()),
        Page("/queries/{name}", question, ("html", "json", "csv", "results"), each=_every_name),
    ]


def _every_name(site: Site) -> Iterator[Mapping[str, str]]:
    return ({"name": name} for name in site.graph.library.names)


def library(site: Site, ask: Ask) -> View:
    """The queries of the library by what they ask about."""
    queries = {query.name: query for query in site.graph.library}
    grouped = {title: [queries.pop(name) for name in names if name in queries] for title, names in GROUPS.items()}
    grouped["More questions"] = list(queries.values())
    groups = [(title, found) for title, found in grouped.items() if found]
    return View(
        "queries.html",
        "Queries",
        {"groups": groups, "total": sum(len(found) for _, found in groups)},
        summary="Questions that the graph answers: films, techniques, people and critics.",
        data=[
            {
                "name": query.name,
                "title": query.title,
                "description": query.description,
                "parameters": query.parameters,
                "columns": query.columns,
                "network": query.network,
                "group": title,
            }
            for title, found in groups
            for query in found
        ],
    )


@dataclass(frozen=True)
class Asked:
    """A query of the library as it was asked: its fields and, where they are right, the text that was run.

    ``is_example`` says that nobody has filled in anything yet, so that the example of its file is shown.
    """

    query: Query
    fields: tuple[Field, ...]
    is_example: bool

    @classmethod
    def of(cls, site: Site, query: Query, given: QueryParams) -> Asked:
        """Read what was filled in; raises :class:`~filmgraph.errors.QueryError` for what no field is called."""
        names = {parameter.name for parameter in query.parameters}
        for name in given:
            if name not in names and name not in _OWN:
                query.parameter(name)
        if len(given.multi_items()) > _MOST_VALUES:
            raise QueryError(f"takes {_MOST_VALUES} values at the most", query=query.name)
        is_example = not names & set(given.keys())
        return cls(query, fields_of(site, query, None if is_example else given), is_example)

    @property
    def is_right(self) -> bool:
        """Whether every field is."""
        return not any(field.error for field in self.fields)

    @property
    def text(self) -> str:
        """The query with its values bound."""
        return self.query.bind(self.bound)

    @property
    def bound(self) -> dict[str, tuple[str, ...]]:
        """The values by parameter, names resolved to IRIs."""
        return {field.parameter.name: field.terms for field in self.fields if field.terms}

    @property
    def values(self) -> dict[str, list[str]]:
        """What was filled in, by parameter, as one writes it on a command line."""
        return {field.parameter.name: list(field.written) for field in self.fields if field.written}

    def corrected(self, site: Site, field: Field, value: str) -> str:
        """Return the link to the same form with a value in place of the one that is wrong."""
        typed: dict[str, object] = {each.parameter.name: list(each.typed) for each in self.fields}
        typed[field.parameter.name] = [value if each == field.wrong else each for each in field.typed]
        return site.links.href(f"/queries/{self.query.name}", **typed)

    def check(self) -> None:
        """Raise :class:`~filmgraph.errors.QueryError` for the first field that is wrong."""
        for field in self.fields:
            if field.error:
                raise QueryError(field.told, query=self.query.name, parameter=field.parameter.name)


def question(site: Site, ask: Ask) -> View:
    """A query of the library: its form, its answer, and how to run it elsewhere."""
    query = site.graph.library[ask.parts["name"]]
    asked = Asked.of(site, query, ask.query)
    if ask.form != "html":
        return _as_data(site, ask, asked)
    table, problem = None, ""
    status = HTTPStatus.OK if asked.is_right or asked.is_example else HTTPStatus.BAD_REQUEST
    if asked.is_right and not query.network:
        try:
            rows, is_cut = first_rows(site, query, asked.bound, MOST_ROWS, client=ask.client)
            table = grid_of(site, query, rows, most=MOST_ROWS, is_cut=is_cut)
        except (BoundError, StoreError) as error:
            problem, status = told_of(error, ask.path), HTTPStatus(status_of(error))
    shown = asked.values if asked.is_right else {}
    path = f"/queries/{query.name}"
    return View(
        "query.html",
        query.title,
        {
            "query": query,
            "fields": asked.fields,
            "is_example": asked.is_example,
            "is_right": asked.is_right,
            "table": table,
            "most_as_data": MOST_AS_DATA,
            "problem": problem,
            "text": asked.text if asked.is_right else query.text,
            "downloads": _downloads(site, path, shown) if asked.is_right and not query.network else [],
            "corrected": lambda field, value: asked.corrected(site, field, value),
            "lines": _lines(ask.origin + path, query, shown if asked.is_right else None),
        },
        summary=" ".join(query.description.split("\n\n")[0].split()),
        status=status,
    )


def _as_data(site: Site, ask: Ask, asked: Asked) -> View:
    asked.check()
    if asked.query.network:
        raise QueryError("asks another endpoint, which this site does not: run it yourself", query=asked.query.name)
    limit = _limit(ask)
    return View(
        "query.html",
        asked.query.title,
        rows=lambda: all_rows(site, asked.query, asked.bound, limit, client=ask.client),
    )


def _limit(ask: Ask) -> int | None:
    """Return how many rows are wanted at the most, None for all of them."""
    text = ask.query.get("limit", "")
    if not text:
        return None
    if not (text.isascii() and text.isdecimal() and len(text) <= 6 and int(text)):
        raise QueryError("is no number of rows", parameter="limit")
    return int(text)


def _downloads(site: Site, path: str, values: Mapping[str, list[str]]) -> list[tuple[str, str]]:
    """Return (name, link) of the forms in which the rows can be had."""
    links = {"CSV": "csv", "JSON": "json", "SPARQL JSON": "srj"}
    query: dict[str, object] = {} if site.settings.is_static else dict(values)
    return [(name, site.links.href(f"{path}.{ending}", **query)) for name, ending in links.items()]


def _lines(address: str, query: Query, values: Mapping[str, list[str]] | None) -> list[tuple[str, str]]:
    """Return (name, text) of the ways to run a query elsewhere."""
    lines = [("Command line", command_line(query, values)), ("Python", python_lines(query, values))]
    return lines if query.network else [*lines, ("Over HTTP", curl_line(address, query, values))]
