"""Writes the whole site as static files for any host: pages as folders with an index, data files beside them.

What is written: every page of the site that needs no server, with its data; every resource with a path. People and
reviews, of which there are thousands, are written as page, Turtle and JSON, all others in every form. A use, scene,
claim or passage is a place on the page of its film or review, and its path leads there; so does that of a resource that
was renamed. The same graph gives the same bytes.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from dataclasses import dataclass, replace
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from filmgraph.errors import DataError, NotFoundError, QueryError
from filmgraph.export import neighbourhood, serialize, whole
from filmgraph.namespaces import FG, kind_of, slug_of
from filmgraph.stores import LocalStore, MemoryStore, Store
from filmgraph.web.app import pages
from filmgraph.web.description import distributions
from filmgraph.web.feeds import robots, sitemaps
from filmgraph.web.kinds import ANCHORED
from filmgraph.web.links import place_of
from filmgraph.web.negotiation import FORMS, RDF_FORMS
from filmgraph.web.placing import Placement, placement
from filmgraph.web.settings import Settings
from filmgraph.web.site import HERE, Ask, MovedError, Page, Site, View

if TYPE_CHECKING:
    from filmgraph.graph import FilmGraph

__all__ = ["Built", "build_site"]

Progress = Callable[[str, int, int], None]

_CHUNK = 24
_NEEDS_SERVER = ("vendor/yasgui",)
"""Static files that only pages of a server use."""


@dataclass(frozen=True)
class Built:
    """What a build wrote. ``left_out`` names what has no place in it: resources by IRI, files of all data by path."""

    folder: Path
    pages: int
    files: int
    size: int
    left_out: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Job:
    """One page to write: by its place among all pages, and the parts and text of its path."""

    page: int
    path: str
    parts: Mapping[str, str]
    iri: str = ""


def build_site(
    graph: FilmGraph,
    folder: str | os.PathLike[str],
    base_url: str,
    *,
    progress: Progress | None = None,
    workers: int | None = None,
) -> Built:
    """Write the site of a graph into a folder, to be served at an address.

    It is built aside and moved into place: whatever goes wrong, an earlier build stays as it was. ``workers`` is how
    many processes work at it; default: one for each processor, up to four.

    Raises :class:`~filmgraph.errors.OutputError` where the folder is neither new, nor empty, nor an earlier build, or
    cannot be written; and :class:`~filmgraph.errors.QueryError` for an address that is none.
    """
    if not base_url:
        raise QueryError("say with a base address where the site will be, such as https://example.org/filmgraph")
    settings = Settings(base_url=base_url, is_static=True, kept_bytes=0)
    with placement(Path(folder)) as made:
        work = _Work(Site(graph, settings), made)
        jobs = work.jobs()
        size = 0
        for written in _done(work, jobs, workers or _workers(graph.store), progress or (lambda name, done, of: None)):
            for path, digest, length in written:
                made.note(path, digest)
                size += length
        return Built(Path(folder), len(jobs), len(made.digests), size, tuple(sorted(work.left_out)))


def _workers(store: Store) -> int:
    """Return how many processes may read a store at once: a fork cannot share a connection or a lock for writing."""
    is_shared = isinstance(store, LocalStore) and (isinstance(store, MemoryStore) or not store.writable)
    can_fork = hasattr(os, "fork") and is_shared
    return min(4, os.cpu_count() or 1) if can_fork else 1


_Written = Sequence[tuple[str, str, int]]
_work: _Work | None = None


def _done(work: _Work, jobs: Sequence[_Job], workers: int, progress: Progress) -> Iterator[_Written]:
    """Do all jobs and yield what was written, in processes of their own where there are several workers."""
    total, done = len(jobs), 0
    chunks = [jobs[start : start + _CHUNK] for start in range(0, total, _CHUNK)]
    if workers == 1 or len(chunks) < 2 * workers:
        yield work.write_the_rest()
        for chunk in chunks:
            progress(chunk[0].path, done, total)
            yield work.write(chunk)
            done += len(chunk)
        return
    global _work
    _work = work
    work.warm_up()
    import multiprocessing

    pool = ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("fork"), initializer=_begin_worker)
    try:
        # A worker that Ctrl+C met before it began could end with a lock that all the others wait for.
        before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            waiting: dict[Future[_Written], Sequence[_Job]] = {pool.submit(_write, chunk): chunk for chunk in chunks}
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
        yield work.write_the_rest()
        for future in as_completed(waiting):
            chunk = waiting[future]
            done += len(chunk)
            progress(chunk[0].path, done, total)
            yield future.result()
    finally:
        pool.shutdown(cancel_futures=True)
        _work = None


def _begin_worker() -> None:
    # Ctrl+C reaches all processes at once; the first one sees to the others.
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _write(jobs: Sequence[_Job]) -> _Written:
    assert _work is not None
    return _work.write(jobs)


class _Work:
    """A site that is being written."""

    def __init__(self, site: Site, made: Placement) -> None:
        self.site = site
        self.made = made
        self.pages = [page for page in pages() if page.in_static]
        self.left_out: list[str] = []

    def warm_up(self) -> None:
        """Read what all processes share before they part."""
        self.site.graph.prepare()
        _ = self.anchors
        for name in self.site.templates.list_templates():
            self.site.templates.get_template(name)

    def jobs(self) -> list[_Job]:
        """Return the pages to write, and note the resources that have no place."""
        jobs: list[_Job] = []
        self.left_out += self.site.inventory.unplaced
        taken: dict[str, str] = {}
        for number, page in enumerate(self.pages):
            for parts, iri in self._parts(page):
                path = page.path
                for name, value in parts.items():
                    path = path.replace(f"{{{name}}}", value)
                if taken.setdefault(path.casefold() if self.made.folds_case else path, path) != path:
                    self.left_out.append(iri or path)
                else:
                    jobs.append(_Job(number, path, parts, iri))
        return jobs

    def _parts(self, page: Page) -> Iterator[tuple[Mapping[str, str], str]]:
        if "{" not in page.path:
            yield {}, ""
        elif page.each is not None:
            yield from ((parts, "") for parts in page.each(self.site))
        elif page.kind is not None:
            for iri in self.site.inventory.placed[page.kind]:
                place = place_of(iri) or ""
                yield {"slug": place.partition(f"/{page.kind}/")[2]}, iri

    def write(self, jobs: Iterable[_Job]) -> _Written:
        """Write some pages with their data; return path, digest and length of each file."""
        return [
            (*self.made.write(path, content), len(content)) for job in jobs for path, content in self._files_of(job)
        ]

    def _files_of(self, job: _Job) -> Iterator[tuple[str, bytes]]:
        page = self.pages[job.page]
        path = job.path.strip("/")
        index = f"{path}/index.html" if path else "index.html"
        target = self.anchors.get(job.iri) or self._moved_to(page, job)
        if target:
            yield index, self._leading_to(target)
            return
        forms = page.forms if page.static_forms is None else page.static_forms
        made = self._data(page, job, [form for form in forms if form != "html"])
        yield from ((f"{path}.{FORMS[form].ending}", content) for form, content in made.items())
        if "html" in forms:
            # What a form cannot carry, such as a control character in XML, is not linked.
            page = replace(page, static_forms=("html", *made))
            ask = self._ask(job, "html")
            yield index, self.site.html(page, ask, page.view(self.site, ask)).body
        elif made:
            yield path, next(iter(made.values()))

    def _moved_to(self, page: Page, job: _Job) -> str | None:
        """Return the link to where a resource is now that was renamed."""
        if job.iri not in self.site.inventory.moved or page.kind is None:
            return None
        try:
            self.site.resource(page.kind, job.parts["slug"])
        except MovedError as moved:
            return moved.path
        return None

    def _data(self, page: Page, job: _Job, forms: Sequence[str]) -> dict[str, bytes]:
        """Return the data of a page by form; triples and view are read once for all forms of a resource."""
        made = {}
        triples = neighbourhood(self.site.graph.store, job.iri) if job.iri else []
        view: View | None = None
        for form in forms:
            ask = self._ask(job, form)
            try:
                if job.iri and form in RDF_FORMS:
                    answer = self.site.triples(triples, form, job.iri)
                elif form in RDF_FORMS:
                    answer = self.site.shown(page, ask, page.view(self.site, ask))
                else:
                    view = view or self._view_of_rows(page, ask)
                    answer = self.site.shown(page, ask, view)
            except (DataError, NotFoundError, QueryError):
                continue
            made[form] = answer.body
        return made

    def _view_of_rows(self, page: Page, ask: Ask) -> View:
        """Return the view of a page as JSON and table, its rows asked for once for all forms."""
        view = page.view(self.site, ask)
        return replace(view, rows=cache(view.rows)) if view.rows else view

    def _ask(self, job: _Job, form: str) -> Ask:
        return Ask(job.parts, form=form, origin=self.site.settings.base_url, path=job.path)

    def _leading_to(self, link: str) -> bytes:
        """Return a page that leads to another."""
        address = self.site.settings.base_url + link[len(self.site.links.prefix) :]
        text = self.site.templates.get_template("moved.html").render(link=link, address=address)
        return text.encode(errors="replace")

    @cached_property
    def anchors(self) -> dict[str, str]:
        """Use, scene, claim and passage to the link to its place on a page, where it has one."""
        of_use = self._pairs(f"?s <{FG}film> ?o")
        use_of = self._pairs(f"?o <{FG}scene> ?s")
        review_of = self._pairs(f"?s <{FG}status> <{FG}Accepted> ; <{FG}claimedIn> ?o")
        claim_of = self._pairs(f"?o <{FG}evidence> ?s")
        places = {use: (film, use) for use, film in of_use.items() if kind_of(use) == "use"}
        places |= {scene: places[use] for scene, use in use_of.items() if use in places}
        places |= {claim: (review, claim) for claim, review in review_of.items()}
        places |= {passage: places[claim] for passage, claim in claim_of.items() if claim in places}
        links = {
            resource: (self.site.links.path(page), slug_of(mark))
            for resource, (page, mark) in places.items()
            if kind_of(resource) in ANCHORED and page in self._own_pages
        }
        return {resource: f"{link}#{quote(mark)}" for resource, (link, mark) in links.items() if link}

    @cached_property
    def _own_pages(self) -> frozenset[str]:
        placed = self.site.inventory.placed
        return frozenset((*placed["film"], *placed["review"])) - self.site.inventory.moved

    def _pairs(self, pattern: str) -> dict[str, str]:
        rows = self.site.graph.store.select(f"SELECT ?s ?o WHERE {{ {pattern} FILTER(isIRI(?s) && isIRI(?o)) }}")
        return {str(s): str(o) for s, o in sorted(rows, key=str, reverse=True)}

    def write_the_rest(self) -> _Written:
        """Write what is no page: browser code, the whole graph, sitemap, robots, the page of what is not there."""
        return [(*self.made.write(path, content), len(content)) for path, content in self._others()]

    def _others(self) -> Iterator[tuple[str, bytes]]:
        site, origin = self.site, self.site.settings.base_url
        for file in sorted((HERE / "static").rglob("*")):
            name = file.relative_to(HERE / "static").as_posix()
            if file.is_file() and not name.startswith(_NEEDS_SERVER):
                yield f"static/{name}", file.read_bytes()
        for name, text in sitemaps(site, origin, self.pages).items():
            yield name, text.encode()
        yield "robots.txt", robots(site, origin).encode()
        view = View("error.html", "Not found", {"status": 404, "detail": _NOT_FOUND, "suggestions": ()}, status=404)
        yield "404.html", site.html(None, Ask(path="/404.html"), view).body
        # GitHub Pages leaves out folders that begin with a dot or an underscore unless this file is there.
        yield ".nojekyll", b""
        triples = whole(site.graph.store)
        for dump in distributions(site, origin):
            path = dump.path[len(site.links.prefix) :]
            try:
                yield path.strip("/"), serialize(triples, dump.form, workspace=site.graph.workspace).encode()
            except DataError:
                self.left_out.append(path)


_NOT_FOUND = "There is no page at this address."
