"""The face of filmgraph: one object that a user holds."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import IO, TYPE_CHECKING, Any, Self

from filmgraph import queries
from filmgraph.errors import QueryError
from filmgraph.graph.asking import check_federated, run_named, run_own, run_text
from filmgraph.graph.kept import KeptParts
from filmgraph.lookup import resolve

if TYPE_CHECKING:
    from types import TracebackType

    import networkx
    import rdflib

    from filmgraph.claims import PassageReport, TableReport
    from filmgraph.lookup import Hit
    from filmgraph.pages import (
        AboutPage,
        CategoryPage,
        ComparisonPage,
        FilmPage,
        GroupPage,
        Neighbourhood,
        PersonPage,
        ResourcePage,
        ReviewPage,
        TechniquePage,
    )
    from filmgraph.paths import Path as FilmPath
    from filmgraph.queries import Query
    from filmgraph.recommend import Recommendation
    from filmgraph.reviews.results import ExtractedClaims, ImportedReviews
    from filmgraph.rows import Rows
    from filmgraph.validation import Engine, Report

__all__ = ["FilmGraph"]

Given = str | int | float
Names = str | Sequence[str]


class FilmGraph(KeptParts):
    """A film graph: pages, questions, likeness, paths, recommendations, projections and exports.

    Wherever a film, technique or person is asked for, a slug, CURIE, IRI or label will do. What is costly is read
    once, when it is first needed, and kept. Behind an endpoint :meth:`similar` and :meth:`path` are worked out by the
    engine there, and only answers travel; ``recommend``, ``atlas``, ``compare``, the catalogue and the vocabulary read
    the arrays of the whole graph once.

    >>> import filmgraph
    >>> with filmgraph.open() as graph:
    ...     graph.film("Her").tally_line
    '2 Cinematography · 1 Editing · 1 Sound'
    """

    def resolve(self, name: str, *, kind: str | None = None) -> str:
        """Return the IRI of what a name means; see :func:`filmgraph.lookup.resolve`."""
        return resolve(self.store, name, kind=kind, index=self._kept("search_index"), bearing=self._bearing)

    def search(self, text: str, *, limit: int = 10) -> list[Hit]:
        """Return the resources whose labels are nearest to a text."""
        return self.search_index.search(text, limit=limit)

    def film(self, name: str) -> FilmPage:
        """Return the page of a film."""
        from filmgraph.pages import film_page

        return film_page(self.store, self.resolve(name, kind="film"), known=self._known())

    def technique(self, name: str, *, page: int = 1, size: int = 100) -> TechniquePage:
        """Return the page of a technique; on a large disk store with ``size`` films, as one ``page`` of several."""
        from filmgraph.pages import technique_page

        iri = self.resolve(name, kind="technique")
        arrays = self._of_a_large_store
        return technique_page(self.store, iri, known=self._known(), arrays=arrays, page=page, size=size)

    def person(self, name: str) -> PersonPage:
        """Return the page of a person, band or publication."""
        from filmgraph.pages import person_page

        iri = self.resolve(name, kind="person")
        arrays = self._of_a_large_store
        return person_page(
            self.store,
            iri,
            known=self._known(),
            catalogue=self._kept("catalogue"),
            reception=self._kept("reception") if arrays is None else self.reception,
            arrays=arrays,
        )

    def review(self, name: str) -> ReviewPage:
        """Return the page of a review."""
        from filmgraph.pages import review_page

        return review_page(self.store, self.resolve(name, kind="review"), known=self._known())

    def category(self, name: str) -> CategoryPage:
        """Return the page of a category."""
        from filmgraph.pages import category_page

        iri = self.resolve(name, kind="category")
        return category_page(self.store, iri, vocabulary=self.vocabulary, catalogue=self.catalogue)

    def genre(self, name: str) -> GroupPage:
        """Return the page of a genre."""
        from filmgraph.pages import genre_page

        return genre_page(self.store, self.resolve(name, kind="genre"), catalogue=self.catalogue)

    def country(self, name: str) -> GroupPage:
        """Return the page of a country."""
        from filmgraph.pages import country_page

        return country_page(self.store, self.resolve(name, kind="country"), catalogue=self.catalogue)

    def compare(self, film: str, other: str) -> ComparisonPage:
        """Return two films side by side."""
        from filmgraph.pages import comparison_page

        ends = [self.resolve(name, kind="film") for name in (film, other)]
        if self.remote_craft is not None:
            # The vocabulary's kin and counts are read from an endpoint once, not for each comparison.
            _ = self.vocabulary
        return comparison_page(
            self.store, *ends, similarity=self.similarity, paths=self.path_index, known=self._known()
        )

    def resource(self, name: str) -> ResourcePage:
        """Return a page for anything in the graph."""
        from filmgraph.pages import resource_page

        return resource_page(self.store, self.resolve(name))

    def neighbourhood(self, name: str) -> Neighbourhood:
        """Return what anything in the graph is linked to, by kind of link."""
        from filmgraph.pages import neighbourhood_of

        return neighbourhood_of(self.store, self.resolve(name))

    def about(self) -> AboutPage:
        """Return the page about the data."""
        from filmgraph.pages import about_page

        return about_page(self.store, catalogue=self.catalogue, vocabulary=self.vocabulary)

    def similar(self, film: str, *, limit: int = 10, measure: str = "cosine", reasons: int = 1) -> list[Recommendation]:
        """Return the films most like one film, with reasons."""
        iri = self.resolve(film, kind="film")
        return self.recommender.similar(iri, limit=limit, measure=measure, reasons=reasons)

    def recommend(
        self, *liked: str, disliked: Names = (), seen: Names = (), method: str = "craft", **options: int
    ) -> list[Recommendation]:
        """Return films to watch, none of those ``seen``, for someone who likes some films and dislikes others.

        Each comes with its reasons; for ``limit`` and ``reasons`` see :class:`~filmgraph.recommend.Recommender`.

        >>> import filmgraph
        >>> with filmgraph.open() as graph:
        ...     len(graph.recommend("Her", "Playtime", disliked="Jaws", limit=3))
        3
        """
        films = [
            [self.resolve(name, kind="film") for name in ([names] if isinstance(names, str) else names)]
            for names in (liked, disliked, seen)
        ]
        return self.recommender.recommend(films[0], disliked=films[1], seen=films[2], method=method, **options)

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
        timeout: float | None = None,
        **named: Given | Sequence[Given],
    ) -> Any:
        """Run a query of the library by name, or a SPARQL query by its text.

        Parameters of a library query are given by name; a resource as slug, CURIE, IRI or label. A text may leave
        out the PREFIX lines of the project. Returns :class:`~filmgraph.rows.Rows` for SELECT, bool for ASK and a
        list of triples for CONSTRUCT and DESCRIBE; ``limit`` cuts the rows.

        Raises :class:`~filmgraph.errors.QueryError`, and for what the guard does not let through
        :class:`~filmgraph.errors.RefusedQueryError`. ``allow_services`` names the hosts that SERVICE may reach. After
        ``timeout`` seconds the query is stopped with :class:`~filmgraph.errors.QueryTimeoutError`; a text that will be
        slow on a disk store is warned of before it runs, and Ctrl-C stops it.

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
            return run_own(self.store, query, limit=limit, timeout=timeout, allow_services=allow_services, stacklevel=2)
        found = self.library[query]
        if found.network:
            check_federated(self.store, found, allow_services)
            return run_text(self.store, self.bound(found, values), limit)
        resolved = self._resolved(found, values)
        return run_named(self.store, found, resolved, limit=limit, timeout=timeout, arrays=lambda: self.kept_arrays)

    def folded(self, rows: Rows) -> Rows:
        """Return a library query's rows with the texts that give away an ending folded, as pages fold them."""
        from filmgraph.pages import folded_rows

        return folded_rows(self.store, rows)

    def bound(self, query: Query, parameters: Mapping[str, Given | Sequence[Given]]) -> str:
        """Return a library query's text with its parameters bound, names resolved to IRIs."""
        return query.bind(self._resolved(query, parameters))

    def _resolved(self, query: Query, parameters: Mapping[str, Given | Sequence[Given]]) -> dict[str, list[Given]]:
        values: dict[str, list[Given]] = {}
        for name, given in parameters.items():
            parameter = query.parameter(name)
            items = [given] if isinstance(given, str | int | float) else list(given)
            if parameter.is_resource:
                items = [self.resolve(str(item), kind=parameter.type) for item in items]
            values[name] = items
        return values

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
        self,
        files: Sequence[str | os.PathLike[str]] = (),
        *,
        engine: Engine = "pyshacl",
        progress: Callable[[str], None] | None = None,
    ) -> Report:
        """Judge files together with the graph they join, or all of this graph where none are named.

        The graph of the workspace is judged file by file, ontology and vocabulary included. The engine is ``pyshacl``,
        ``shacl`` (quicker, of the extra ``fast``) or ``auto`` (the quicker one where it is installed); all find the
        same.
        """
        from filmgraph.validation import validate_files, validate_store, validate_workspace

        store = None if self.store.name == str(self.workspace.root) else self.store
        if files:
            return validate_files(files, workspace=self.workspace, store=store, engine=engine, progress=progress)
        if store is not None:
            return validate_store(store, workspace=self.workspace, engine=engine, progress=progress)
        return validate_workspace(self.workspace, engine=engine, progress=progress)

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
        from filmgraph.graph.exporting import export_text

        return export_text(self, None if name is None else self.resolve(name, kind=kind), form)

    def export_to(
        self,
        target: str | os.PathLike[str] | IO[bytes],
        name: str | None = None,
        *,
        form: str | None = None,
        kind: str | None = None,
        overwrite: bool = False,
        progress: Callable[[str, int], None] | None = None,
    ) -> None:
        """Write what :meth:`export` returns to a file, all of it or nothing, or into a stream of bytes.

        The whole graph is written in bounded memory, however large; what is sorted on the way lies in the folder of
        the file, or of temporary files for a stream. Without ``form`` the file's ending tells; ``.gz`` compresses.
        """
        from filmgraph.graph.exporting import export_to

        iri = None if name is None else self.resolve(name, kind=kind)
        export_to(self, target, iri, form=form, overwrite=overwrite, progress=progress)

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
        from filmgraph.pages import counts

        return counts(self.store)

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
