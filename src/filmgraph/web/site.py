"""A site: a graph, its templates, and how a page is made in the form that is wanted."""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import jinja2
import pyoxigraph as ox
from starlette.datastructures import QueryParams
from starlette.requests import Request

from filmgraph.errors import AmbiguousNameError, NotFoundError
from filmgraph.export import neighbourhood, serialize
from filmgraph.namespaces import DCTERMS, KINDS, shorten, slug_of
from filmgraph.pages import folded_rows, plain_of
from filmgraph.rows import Rows
from filmgraph.web.answers import Answer, Kept
from filmgraph.web.inventory import Inventory, inventory_of
from filmgraph.web.links import Links, iris_at, outside
from filmgraph.web.negotiation import FORMS, RDF_FORMS
from filmgraph.web.partial import Part
from filmgraph.web.settings import Settings

if TYPE_CHECKING:
    from filmgraph.graph import FilmGraph
    from filmgraph.sandbox import Sandbox
    from filmgraph.web.downloads import Downloads

__all__ = ["DATA_READS", "Ask", "MovedError", "Page", "Site", "View"]

HERE = Path(__file__).parent
_Told = TypeVar("_Told")
DATA_READS = ("exact", "spoilers")
"""The parameters that every form of data knows."""
MOST_IN_A_DOCUMENT = 10_000
"""How many resources the RDF document of another one takes in: all uses of a technique may be hundreds of thousands."""
_REMEMBERED, _LONGEST_REMEMBERED = 16_384, 300
_HOST = re.compile(r"(?:[A-Za-z0-9._-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::[0-9]{1,5})?")
_LONGEST_FILM = 100 * 3600
_UNFOLDS = "?spoilers=1 shows it"
_YES = ("1", "true", "yes")
_MIXED_UP = (("technique", "category", "aspect", "genre"), ("person", "organization"))

_TABLES: Mapping[str, Callable[[Rows], str]] = {"json": Rows.to_json, "results": Rows.to_sparql_json}


class MovedError(Exception):
    """Raised by a page that is elsewhere now; ``path`` is where, ``iri`` the resource whose page that is.

    What the query asked for is asked for there, too, unless ``with_query`` is False.
    """

    def __init__(self, path: str, *, status: int = 301, iri: str = "", with_query: bool = True) -> None:
        super().__init__(path)
        self.path = path
        self.status = status
        self.iri = iri
        self.with_query = with_query


@dataclass(frozen=True)
class Ask:
    """What is asked of a page: the parts of its path, its query, the form, the address of the site, and who asks."""

    parts: Mapping[str, str] = field(default_factory=dict)
    query: QueryParams = field(default_factory=QueryParams)
    form: str = "html"
    origin: str = ""
    path: str = "/"
    client: str = ""

    @property
    def slug(self) -> str:
        """The slug in the path."""
        return self.parts.get("slug", "")

    @property
    def spoilers(self) -> bool:
        """Whether texts that give away an ending are wanted in data (pages fold them)."""
        return self.query.get("spoilers", "") in _YES

    @property
    def exact(self) -> bool:
        """Whether a table is wanted with every value as it is, not made safe for spreadsheets."""
        return self.query.get("exact", "") in _YES


@dataclass(frozen=True)
class View:
    """What a page shows.

    ``values`` go into the ``template``; ``data`` is a dataclass or plain value for JSON; ``rows`` returns the table for
    CSV, and for JSON where there is no ``data``; ``iri`` is the resource whose document the RDF forms are,
    unless ``triples`` returns others. ``title`` and ``summary`` are for the head of the page; ``linked`` is a plain
    schema.org object to embed. ``part`` says which part of a long list the table or the data are.
    """

    template: str
    title: str
    values: Mapping[str, Any] = field(default_factory=dict)
    summary: str = ""
    data: Any = None
    rows: Callable[[], Rows] | None = None
    iri: str | None = None
    triples: Callable[[], Iterable[ox.Triple]] | None = None
    linked: Mapping[str, Any] | None = None
    part: Part | None = None
    status: int = 200


@dataclass(frozen=True)
class Page:
    """A page of the site: its path, how it is viewed, and the forms that it can be had in.

    ``path`` is a path of Starlette's (``/film/{slug}``). With ``kind`` the RDF forms are the document of the resource
    of that kind and slug, made without the view. With ``kept`` what was made is kept and shown again. ``in_static``
    says whether the page is written in a static build, ``static_forms`` in which forms if not in all, and ``each`` for
    which parts of its path where it has other parts than the slug of a ``kind``. ``reads`` names the parameters of the
    query that it knows, so that no other makes another page of it; None for any.
    """

    path: str
    view: Callable[[Site, Ask], View]
    forms: Sequence[str] = ("html",)
    kind: str | None = None
    kept: bool = True
    in_static: bool = True
    static_forms: Sequence[str] | None = None
    each: Callable[[Site], Iterable[Mapping[str, str]]] | None = None
    reads: Collection[str] | None = None


class Site:
    """A graph and its templates; makes the answer of a page in a form."""

    def __init__(self, graph: FilmGraph, settings: Settings | None = None) -> None:
        self.graph = graph
        self.settings = settings or Settings()
        self.links = Links(prefix=self.settings.prefix, is_static=self.settings.is_static)
        self.kept = Kept(self.settings.kept_bytes)
        self.generation = 0
        self._inventory: tuple[FilmGraph, Inventory] | None = None
        self.sandbox: Callable[[], Sandbox] | None = None
        """Returns where queries run apart; None where they may run here, as in a static build."""
        self.downloads: Downloads | None = None
        """The files of the whole graph; None where there are none."""

    def renew(self) -> None:
        """Read the store anew, which another process has changed.

        Who is being answered now goes on with the graph as it was, and what is made of that is not shown again.
        """
        from filmgraph.graph import FilmGraph
        from filmgraph.stores import DiskStore

        self.graph = FilmGraph(DiskStore(self.graph.store.name), workspace=self.graph.workspace)
        self.generation += 1
        self.kept.clear()

    @cached_property
    def templates(self) -> jinja2.Environment:
        """The templates, with the filters that they may use; whatever is put into one is escaped."""
        made = jinja2.Environment(
            loader=jinja2.FileSystemLoader(HERE / "templates"),
            autoescape=True,
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
        )
        made.filters.update(
            clock=_clock,
            # The same IRIs stand on a page, and on many pages, again and again.
            path=_remembering(self.links.path),
            curie=_remembering(shorten),
            slug=_remembering(slug_of),
            outside=outside,
            link=self.links.any,
            json=_script_json,
            listed=lambda iri: self.graph.catalogue.film(iri),
        )
        made.globals.update(
            href=self.links.href,
            data=self.links.data,
            asset=self.asset,
            has_asset=self.has_asset,
            settings=self.settings,
            FORMS=FORMS,
        )
        return made

    def origin(self, request: Request) -> str:
        """Return the address of the site for absolute links, without a slash at its end."""
        if self.settings.base_url:
            return self.settings.base_url
        host = request.headers.get("host", "")
        return f"{request.scope['scheme']}://{host if _HOST.fullmatch(host) else 'localhost'}"

    @property
    def inventory(self) -> Inventory:
        """Which resources have a page of their own; read once for each graph that is shown."""
        graph, known = self.graph, self._inventory
        if known is None or known[0] is not graph:
            known = self._inventory = graph, inventory_of(graph.store)
        return known[1]

    def asset(self, name: str) -> str:
        """Return the link to a static file, which changes when the file does."""
        return f"{self.links.href('/static/' + name)}?v={self._digests(name)}"

    def has_asset(self, name: str) -> bool:
        """Whether a static file is there: browser code of others may not be."""
        return (HERE / "static" / name).is_file()

    def _digests(self, name: str) -> str:
        if name not in self._known_digests:
            content = (HERE / "static" / name).read_bytes()
            self._known_digests[name] = hashlib.sha256(content).hexdigest()[:12]
        return self._known_digests[name]

    @cached_property
    def _known_digests(self) -> dict[str, str]:
        return {}

    def answer(self, page: Page, ask: Ask) -> Answer:
        """Return a page in the form that is asked for, kept from before or made anew.

        Raises :class:`~filmgraph.errors.FilmgraphError` for what there is not, and :class:`MovedError`.
        """
        asked = (page.path, sorted(ask.parts.items()), ask.query.multi_items(), ask.form, ask.origin)
        # A digest: what strangers write into addresses could be longer than what is kept.
        key = (self.generation, hashlib.blake2b(repr(asked).encode(), digest_size=16).digest())
        answer = self.kept.get(key) if page.kept else None
        if answer is None:
            answer = self._made(page, ask)
            if page.kept and answer.status == 200:
                self.kept.put(key, answer)
        return answer

    def _made(self, page: Page, ask: Ask) -> Answer:
        if page.kind and ask.form in RDF_FORMS:
            iri = self.resource(page.kind, ask.slug)
            return self.triples(self._document(iri), ask.form, iri)
        return self.shown(page, ask, page.view(self, ask))

    def shown(self, page: Page, ask: Ask, view: View) -> Answer:
        """Return a view in the form that is asked for."""
        if ask.form == "html":
            return self.html(page, ask, view)
        if ask.form in RDF_FORMS:
            if view.triples is None and view.iri is None:
                raise NotFoundError("There are no triples of this page.")
            triples = view.triples() if view.triples else self._document(str(view.iri))
            return self.triples(triples, ask.form, view.iri)
        if ask.form == "json" and view.data is not None:
            text = _json(plain_of(view.data, spoilers=ask.spoilers))
            return self._partly(
                ask, view, Answer(text.encode(errors="replace"), FORMS["json"].content_type, view.status)
            )
        if view.rows is None:
            raise NotFoundError("There is no table of this page.")
        rows = view.rows() if ask.spoilers else folded_rows(self.graph.store, view.rows(), hint=_UNFOLDS)
        text = _TABLES[ask.form](rows) if ask.form in _TABLES else rows.to_csv(for_spreadsheets=not ask.exact)
        return self._partly(ask, view, Answer(text.encode(errors="replace"), FORMS[ask.form].content_type, view.status))

    def _partly(self, ask: Ask, view: View, answer: Answer) -> Answer:
        """Return data that may be a part of a long list with what says so."""
        if view.part is None or self.settings.is_static:
            return answer
        told = view.part.headers(self.links, "/" + ask.path.strip("/"), ask.query, FORMS[ask.form].ending)
        return replace(answer, headers={**answer.headers, **told})

    def _document(self, iri: str) -> list[ox.Triple]:
        return neighbourhood(self.graph.store, iri, most=None if self.settings.is_static else MOST_IN_A_DOCUMENT)

    def triples(self, triples: Iterable[ox.Triple], form: str, iri: str | None) -> Answer:
        """Return triples in a form, as the document of a resource where one is named."""
        text = serialize(triples, form, workspace=self.graph.workspace, root=iri)
        return Answer(text.encode(), FORMS[form].content_type)

    def html(self, page: Page | None, ask: Ask, view: View) -> Answer:
        """Return a view as an HTML page."""
        text = self.templates.get_template(view.template).render(
            view=view, ask=ask, page=page, alternates=self.alternates(page, ask), **view.values
        )
        return Answer(text.encode(errors="replace"), FORMS["html"].content_type, view.status)

    def alternates(self, page: Page | None, ask: Ask) -> list[tuple[str, str]]:
        """Return (form, link) of the other forms of a page."""
        if page is None:
            return []
        query: dict[str, list[str]] = {}
        for name, value in ask.query.multi_items():
            query.setdefault(name, []).append(value)
        path = "/" + ask.path.strip("/")
        forms = page.static_forms if self.settings.is_static and page.static_forms is not None else page.forms
        return [(form, self.links.href(f"{path}.{FORMS[form].ending}", **query)) for form in forms if form != "html"]

    def resource(self, kind: str, slug: str) -> str:
        """Return the IRI of a resource that the graph describes, by kind and slug.

        Raises :class:`MovedError` for one that was replaced by another, and for a label, a slug in another case or of
        another kind; and :class:`~filmgraph.errors.NotFoundError` with the nearest names for one that there is not.
        """
        if kind not in KINDS:
            raise NotFoundError(f"There is no kind of resource {kind!r}.", suggestions=KINDS)
        for address in iris_at(kind, slug):
            own = self.graph.store.describe(address)
            if any(triple.predicate.value == DCTERMS + "isReplacedBy" for triple in own):
                self._follow(address)
            if own:
                return address
        try:
            meant = self.graph.resolve(slug, kind=kind)
        except AmbiguousNameError:
            raise
        except NotFoundError:
            meant = next((near for near in self._of_near_kinds(kind, slug) if near), "")
            if not meant:
                raise
        path = self.links.path(meant)
        if path is None or meant in iris_at(kind, slug):
            raise NotFoundError(f"There is no page of {shorten(meant)} here.")
        raise MovedError(path, status=302, iri=meant)

    def _follow(self, address: str) -> None:
        """Raise :class:`MovedError` where a resource was replaced by one other that has a page here.

        Where it was replaced by several, or the replacements go round in a circle, it has its own page, which says so.
        """
        replaced = f"<{DCTERMS}isReplacedBy>"
        rows = self.graph.store.select(
            f"SELECT DISTINCT ?new WHERE {{ <{address}> {replaced}+ ?new "
            f"FILTER(isIRI(?new)) FILTER NOT EXISTS {{ ?new {replaced} ?newer }} }}"
        )
        found = [str(row[0]) for row in rows]
        if len(found) == 1 and (path := self.links.path(found[0])):
            raise MovedError(path, iri=found[0])

    def _of_near_kinds(self, kind: str, slug: str) -> Iterator[str]:
        """Yield the resource of another kind that people mix up with this one, and that has this very slug."""
        for near in next((kinds for kinds in _MIXED_UP if kind in kinds), ()):
            for address in iris_at(near, slug.lower()):
                if near != kind and self.graph.store.describe(address):
                    yield address


def _remembering(call: Callable[[str], _Told]) -> Callable[[str], _Told]:
    """Return a function that remembers what it said of short texts: long ones are of strangers' making."""
    remembered = lru_cache(_REMEMBERED)(call)
    return lambda text: (remembered if len(text or "") <= _LONGEST_REMEMBERED else call)(text)


def _json(value: Any) -> str:
    """Return JSON as all read it: infinity, which it does not have, as text."""
    try:
        return json.dumps(value, ensure_ascii=False, indent=1, allow_nan=False)
    except ValueError:
        return json.dumps(_finite(value), ensure_ascii=False, indent=1)


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _finite(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(each) for each in value]
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value


def _clock(seconds: object) -> str:
    """Return a place in a film as minutes and seconds, "" for what is no place in one.

    >>> _clock(3725), _clock("soon"), _clock(float("inf"))
    ('62:05', '', '')
    """
    if not isinstance(seconds, int | float) or not 0 <= seconds < _LONGEST_FILM:
        return ""
    return f"{int(seconds) // 60}:{int(seconds) % 60:02}"


def _script_json(value: object) -> str:
    """Return JSON that can stand in a ``<script type="application/ld+json">``: nothing in it ends the element."""
    from markupsafe import Markup

    text = json.dumps(value, ensure_ascii=False)
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return Markup(text)
