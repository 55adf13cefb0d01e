"""The face of filmgraph: one object that a user holds."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from filmgraph import queries, stores
from filmgraph.errors import QueryError, RefusedQueryError, StoreError
from filmgraph.lookup import Hit, resolve, search
from filmgraph.workspace import Workspace

if TYPE_CHECKING:
    from types import TracebackType

    import networkx
    import rdflib

    from filmgraph.claims import PassageReport, TableReport
    from filmgraph.pages import FilmPage, PersonPage, ReviewPage, TechniquePage
    from filmgraph.paths import Path as FilmPath
    from filmgraph.paths import PathIndex
    from filmgraph.queries import Query, QueryLibrary
    from filmgraph.reception import Reception
    from filmgraph.recommend import Recommendation, Recommender
    from filmgraph.reviews.results import ExtractedClaims, ImportedReviews
    from filmgraph.rows import Rows
    from filmgraph.similarity import SimilarityIndex
    from filmgraph.stores import Store
    from filmgraph.validation import Report

__all__ = ["FilmGraph", "load_into", "open_graph"]

Given = str | int | float
Names = str | Sequence[str]


def open_graph(
    target: str | os.PathLike[str] | None = None,
    *,
    root: str | os.PathLike[str] | None = None,
    writable: bool = False,
    update_url: str | None = None,
    deadline: float = 30.0,
) -> FilmGraph:
    """Open a film graph: the bundled one, a disk store, RDF files or a SPARQL endpoint.

    Without ``target`` the graph of the workspace is opened (the bundled one, or the one in ``root``). A folder is a
    disk store, or else RDF files in it are read into memory, as a single file is. An address that starts with
    ``http://`` or ``https://`` is an endpoint; ``update_url`` is where it takes updates and ``deadline`` the longest
    that a call to it may take, in seconds.

    Raises :class:`~filmgraph.errors.StoreError` where there is nothing to open.
    """
    workspace = Workspace.find(root)
    if target is None:
        return FilmGraph(stores.open_compiled(workspace), workspace=workspace)
    name = os.fspath(target)
    if "://" in name:
        return FilmGraph(stores.RemoteStore(name, update_url=update_url, deadline=deadline), workspace=workspace)
    if not name:
        raise StoreError("an empty path names no store: leave it out for the bundled graph")
    path = Path(name)
    if writable and path.is_file():
        raise StoreError(f"{name}: is a file, which is only read; name a folder for a store that can be written")
    files = [path] if path.is_file() else [] if writable else _rdf_files_in(path)
    if files:
        return FilmGraph(stores.MemoryStore.of_files(files, name=name), workspace=workspace)
    return FilmGraph(stores.DiskStore(name, writable=writable), workspace=workspace)


def load_into(
    folder: str | os.PathLike[str],
    files: Iterable[str | os.PathLike[str]],
    *,
    progress: Callable[[str], None] | None = None,
) -> dict[str, int]:
    """Load RDF files into a disk store, made where there is none; return how many triples each file added.

    Each file is one transaction. Where one fails, those before it stay in a store that was there, and a store that
    this call made is taken away again. Raises as :meth:`FilmGraph.load` does.
    """
    path = Path(folder)
    made, kept = not stores.DiskStore.is_store(path), path.exists()
    try:
        with open_graph(path, writable=True) as graph:
            return graph.load(files, progress=progress)
    except BaseException:
        if made and stores.DiskStore.is_store(path):
            import shutil

            shutil.rmtree(path, ignore_errors=True)
            if kept:
                path.mkdir(exist_ok=True)
        raise


def _rdf_files_in(folder: Path) -> list[Path]:
    """Return the RDF files below a folder, sorted; none where it is a disk store or not there."""
    if not folder.is_dir() or stores.DiskStore.is_store(folder):
        return []
    from filmgraph.readers import RDF_SUFFIXES

    endings = (*RDF_SUFFIXES, *(suffix + ".gz" for suffix in RDF_SUFFIXES))
    return sorted(file for file in folder.rglob("*") if file.is_file() and file.name.lower().endswith(endings))


class FilmGraph:
    """A film graph: pages, questions, likeness, paths, recommendations, projections and exports.

    Wherever a film, technique or person is asked for, a slug, CURIE, IRI or label will do. What is costly is read
    once, when it is first needed, and kept.

    >>> import filmgraph
    >>> with filmgraph.open() as graph:
    ...     graph.film("Her").tally_line
    '2 Cinematography · 1 Editing · 1 Sound'
    """

    def __init__(self, store: Store, *, workspace: Workspace | None = None) -> None:
        self.store = store
        self.workspace = workspace or Workspace.find()

    @cached_property
    def library(self) -> QueryLibrary:
        """The query library."""
        return queries.QueryLibrary(self.workspace.queries)

    @cached_property
    def similarity(self) -> SimilarityIndex:
        """The index of likeness."""
        from filmgraph.arrays import FilmTechniqueArrays
        from filmgraph.similarity import SimilarityIndex

        return SimilarityIndex(FilmTechniqueArrays.of_store(self.store))

    @cached_property
    def path_index(self) -> PathIndex:
        """The index of paths."""
        from filmgraph.paths import PathIndex

        return PathIndex(self.store)

    @cached_property
    def recommender(self) -> Recommender:
        """The recommender."""
        from filmgraph.recommend import Recommender

        return Recommender(self.similarity, self.path_index)

    @cached_property
    def reception(self) -> Reception:
        """What critics make of films: agreement, contested craft, what a critic values, and more."""
        from filmgraph.reception import Reception

        return Reception(self.store)

    def resolve(self, name: str, *, kind: str | None = None) -> str:
        """Return the IRI of what a name means; see :func:`filmgraph.lookup.resolve`."""
        return resolve(self.store, name, kind=kind)

    def search(self, text: str, *, limit: int = 10) -> list[Hit]:
        """Return the resources whose labels are nearest to a text."""
        return search(self.store, text, limit=limit)

    def film(self, name: str) -> FilmPage:
        """Return the page of a film."""
        from filmgraph.pages import film_page

        return film_page(self.store, self.resolve(name, kind="film"))

    def technique(self, name: str) -> TechniquePage:
        """Return the page of a technique."""
        from filmgraph.pages import technique_page

        return technique_page(self.store, self.resolve(name, kind="technique"))

    def person(self, name: str) -> PersonPage:
        """Return the page of a person, band or publication."""
        from filmgraph.pages import person_page

        return person_page(self.store, self.resolve(name, kind="person"))

    def review(self, name: str) -> ReviewPage:
        """Return the page of a review."""
        from filmgraph.pages import review_page

        return review_page(self.store, self.resolve(name, kind="review"))

    def similar(self, film: str, *, limit: int = 10, measure: str = "cosine", reasons: int = 1) -> list[Recommendation]:
        """Return the films most like one film, with reasons."""
        iri = self.resolve(film, kind="film")
        return self.recommender.similar(iri, limit=limit, measure=measure, reasons=reasons)

    def recommend(
        self, *liked: str, disliked: Names = (), limit: int = 10, method: str = "craft", reasons: int = 2
    ) -> list[Recommendation]:
        """Return films to watch for someone who likes some films and dislikes others, with reasons.

        >>> import filmgraph
        >>> with filmgraph.open() as graph:
        ...     len(graph.recommend("Her", "Playtime", disliked="Jaws", limit=3))
        3
        """
        given = [disliked] if isinstance(disliked, str) else disliked
        return self.recommender.recommend(
            [self.resolve(name, kind="film") for name in liked],
            disliked=[self.resolve(name, kind="film") for name in given],
            limit=limit,
            method=method,
            reasons=reasons,
        )

    def path(self, film: str, other: str, *, limit: int = 5, kinds: Collection[str] | None = None) -> list[FilmPath]:
        """Return the best typed paths between two films."""
        ends = [self.resolve(name, kind="film") for name in (film, other)]
        return self.path_index.best(*ends, limit=limit, kinds=kinds)

    def query(
        self,
        query: str,
        parameters: Mapping[str, Given | Sequence[Given]] | None = None,
        /,
        *,
        limit: int | None = None,
        allow_services: Collection[str] = (),
        **named: Given | Sequence[Given],
    ) -> Any:
        """Run a query of the library by name, or a SPARQL query by its text.

        Parameters of a library query are given by name; a resource as slug, CURIE, IRI or label. A text may leave
        out the PREFIX lines of the project. Returns :class:`~filmgraph.rows.Rows` for SELECT, bool for ASK and a
        list of triples for CONSTRUCT and DESCRIBE; ``limit`` cuts the rows.

        Raises :class:`~filmgraph.errors.QueryError`, and for what the guard does not let through
        :class:`~filmgraph.errors.RefusedQueryError`. ``allow_services`` names the hosts that SERVICE may reach.

        >>> import filmgraph
        >>> with filmgraph.open() as graph:
        ...     graph.query("tally-by-category", film="Her").column("techniques")
        ...     graph.query("ASK { film:her-2013 a fg:Film }")
        [2, 1, 1]
        True
        """
        values = {**(parameters or {}), **named}
        if not queries.is_query_name(query):
            if values:
                raise QueryError("a SPARQL text takes no parameters: write the values into it")
            text = queries.with_prefixes(query)
            queries.check_query(text, allow_services=allow_services, has_graph=self.store.has_graph)
            return self._run(text, limit)
        found = self.library[query]
        if found.network:
            self._check_network(found, allow_services)
        return self._run(self.bound(found, values), limit)

    def folded(self, rows: Rows) -> Rows:
        """Return a library query's rows with the texts that give away an ending folded, as pages fold them."""
        from filmgraph.pages import folded_rows

        return folded_rows(self.store, rows)

    def bound(self, query: Query, parameters: Mapping[str, Given | Sequence[Given]]) -> str:
        """Return a library query's text with its parameters bound, names resolved to IRIs."""
        values: dict[str, list[Given]] = {}
        for name, given in parameters.items():
            parameter = query.parameter(name)
            items = [given] if isinstance(given, str | int | float) else list(given)
            if parameter.is_resource:
                items = [self.resolve(str(item), kind=parameter.type) for item in items]
            values[name] = items
        return query.bind(values)

    def update(self, update: str) -> None:
        """Run a SPARQL update on a writable store; LOAD and SERVICE are refused."""
        text = queries.with_prefixes(update)
        queries.check_update(text)
        self.store.update(text)
        self._forget()

    def load(
        self, files: Iterable[str | os.PathLike[str]], *, progress: Callable[[str], None] | None = None
    ) -> dict[str, int]:
        """Load RDF files into a writable store, each as one transaction; return how many triples each added.

        All of their statements go into the one graph that is asked: the names of graphs are dropped.
        """
        added: dict[str, int] = {}
        try:
            for file in files:
                if progress:
                    progress(os.fspath(file))
                added[os.fspath(file)] = self.store.load(file)
        finally:
            self._forget()
        return added

    def validate(
        self, files: Sequence[str | os.PathLike[str]] = (), *, progress: Callable[[str], None] | None = None
    ) -> Report:
        """Judge files together with the graph they join, or all of this graph where none are named.

        The graph of the workspace is judged file by file, ontology and vocabulary included.
        """
        from filmgraph.validation import validate_files, validate_store, validate_workspace

        store = None if self.store.name == str(self.workspace.root) else self.store
        if files:
            return validate_files(files, workspace=self.workspace, store=store, progress=progress)
        if store is not None:
            return validate_store(store, workspace=self.workspace, progress=progress)
        return validate_workspace(self.workspace, progress=progress)

    def check_prose(
        self, files: Sequence[str | os.PathLike[str]] = (), *, progress: Callable[[str], None] | None = None
    ) -> Report:
        """Find texts that nearly repeat one another, formula sentences and worn openings, in files or in them all.

        The texts compared are those of the workspace's files, whatever store is open.
        """
        from filmgraph.validation import check_prose

        return check_prose(files, workspace=self.workspace, progress=progress)

    def export(self, name: str | None = None, *, form: str = "turtle", kind: str | None = None) -> str:
        """Return one resource with all that belongs to it, or the whole graph, in a form of RDF."""
        from filmgraph.export import neighbourhood, serialize, whole

        if name is None:
            return serialize(whole(self.store), form, workspace=self.workspace)
        iri = self.resolve(name, kind=kind)
        return serialize(neighbourhood(self.store, iri), form, workspace=self.workspace, root=iri)

    def projection(self, kind: str = "whole", **options: Any) -> networkx.Graph[str]:
        """Return a NetworkX graph: one of :data:`filmgraph.projections.PROJECTIONS`."""
        from filmgraph.projections import project

        return project(self.store, kind, **options)

    def verify(self, file: str | os.PathLike[str], *, review: str | None = None) -> PassageReport | TableReport:
        """Check that the passages of claims still stand in the text, or the table of texts, they were read from."""
        from filmgraph.claims import verify_source

        iri = self.resolve(review, kind="review") if review else None
        return verify_source(self.store, file, review=iri)

    def import_reviews(self, file: str | os.PathLike[str], **options: Any) -> ImportedReviews:
        """Read a CSV file of reviews into candidate claims; see :func:`filmgraph.reviews.importing.import_reviews`."""
        from filmgraph.reviews.importing import import_reviews

        return import_reviews(self.workspace, self.store, file, **options)

    def extract_claims(self, file: str | os.PathLike[str], *, film: str, **options: Any) -> ExtractedClaims:
        """Find the claims in one review's text; see :func:`filmgraph.reviews.importing.extract_claims`."""
        from filmgraph.reviews.importing import extract_claims

        return extract_claims(self.workspace, self.store, file, film=film, **options)

    def stats(self) -> dict[str, int]:
        """Return how many of each thing the graph holds."""
        counts = {label: self._count(pattern) for label, pattern in _COUNTED.items()}
        return {**counts, "triples": self._count("?x ?p ?o", distinct=False)}

    def to_rdflib(self) -> rdflib.Graph:
        """Return the whole graph as an :class:`rdflib.Graph`, a copy."""
        from filmgraph.export import to_rdflib, whole

        return to_rdflib(whole(self.store))

    def close(self) -> None:
        """Let go of the store."""
        self.store.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"FilmGraph({self.store.name!r})"

    def _repr_html_(self) -> str:
        from html import escape

        cells = "".join(f"<tr><th>{escape(name)}</th><td>{count:,}</td></tr>" for name, count in self.stats().items())
        return f"<table><caption>{escape(repr(self))}</caption><tbody>{cells}</tbody></table>"

    def _run(self, text: str, limit: int | None) -> Any:
        form = queries.query_form(text)
        if form == "SELECT":
            rows = self.store.select(text)
            return rows if limit is None else rows.head(limit)
        if form == "ASK":
            return self.store.ask(text)
        if form in ("CONSTRUCT", "DESCRIBE"):
            return self.store.construct(text)
        raise QueryError("is no SELECT, ASK, CONSTRUCT or DESCRIBE query")

    def _check_network(self, query: Query, allow_services: Collection[str]) -> None:
        try:
            queries.check_query(query.text, allow_services=allow_services)
        except RefusedQueryError as error:
            raise RefusedQueryError(str(error), query=query.name) from error
        if not isinstance(self.store, stores.LocalStore):
            raise StoreError(f"{self.store.name}: a federated query runs on a local store, which calls the endpoint")

    def _count(self, pattern: str, *, distinct: bool = True) -> int:
        what = "DISTINCT ?x" if distinct else "*"
        rows = self.store.select(queries.with_prefixes(f"SELECT (COUNT({what}) AS ?n) WHERE {{ {pattern} }}"))
        return int(str(next(iter(rows))[0]))

    def _forget(self) -> None:
        for name in ("similarity", "path_index", "recommender", "reception"):
            self.__dict__.pop(name, None)


_COUNTED = {
    "films": "?x a fg:Film",
    "techniques": "?x a fg:Technique",
    "categories": "?x a fg:Category",
    "technique uses": "?x a fg:TechniqueUse",
    "scenes": "?x a fg:SceneExample",
    "people": "?x a schema:Person",
    "critics": "?x a fg:Critic",
    "reviews": "?x a fg:Review",
    "accepted claims": "?x a fg:ReviewClaim ; fg:status fg:Accepted",
    "genres": "?x a fg:Genre",
    "countries": "?film schema:countryOfOrigin ?x",
}
