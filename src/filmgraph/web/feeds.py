"""What crawlers and browsers ask of a site: sitemap, robots, the description of its search, an icon."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from filmgraph.namespaces import KINDS
from filmgraph.web.answers import Answer, respond
from filmgraph.web.asking import is_large
from filmgraph.web.inventory import placed_of
from filmgraph.web.kinds import ANCHORED

if TYPE_CHECKING:
    from filmgraph.web.site import Page, Site

__all__ = ["MOST_URLS", "opensearch", "robots", "routes", "sitemaps"]

MOST_URLS = 50_000
"""The most addresses that one file of a sitemap may hold (sitemaps.org)."""

_SITEMAP = "http://www.sitemaps.org/schemas/sitemap/0.9"
_OPENSEARCH = "http://a9.com/-/spec/opensearch/1.1/"
_XML = '<?xml version="1.0" encoding="UTF-8"?>\n'
_IN_SITEMAP = tuple(kind for kind in KINDS if kind not in (*ANCHORED, "activity", "agent"))
_FOR_PEOPLE = ("compare", "neighbourhood", "path", "recommend", "resource", "search", "sparql")
"""Pages that a crawler would never come to the end of, or that run queries."""


def sitemaps(site: Site, origin: str, pages: Iterable[Page]) -> dict[str, str]:
    """Return the files of the sitemap by name: an index, ``sitemap.xml``, and its parts.

    Uses, scenes, claims and passages are not in it: their films and reviews show them. No date is told, for the graph
    knows none.
    """
    urls = sorted(_addresses(site, origin, pages))
    parts = [urls[start : start + MOST_URLS] for start in range(0, len(urls), MOST_URLS)] or [[]]
    files = {}
    for number, part in enumerate(parts, start=1):
        lines = "".join(f"<url><loc>{escape(url)}</loc></url>\n" for url in part)
        files[f"sitemap-{number}.xml"] = f'{_XML}<urlset xmlns="{_SITEMAP}">\n{lines}</urlset>\n'
    lines = "".join(f"<sitemap><loc>{escape(f'{origin}/{name}')}</loc></sitemap>\n" for name in files)
    return {"sitemap.xml": f'{_XML}<sitemapindex xmlns="{_SITEMAP}">\n{lines}</sitemapindex>\n', **files}


def _addresses(site: Site, origin: str, pages: Iterable[Page]) -> Iterator[str]:
    prefix = len(site.links.prefix)
    for page in pages:
        is_one = page.in_static and "{" not in page.path and "html" in page.forms
        if is_one and page.path.strip("/") not in _FOR_PEOPLE:
            yield origin + site.links.href(page.path)[prefix:]
    for iri in _listed(site):
        if path := site.links.path(iri):
            yield origin + path[prefix:]


def _listed(site: Site) -> Iterator[str]:
    """Yield the resources that are in the sitemap."""
    if is_large(site):
        yield from placed_of(site.graph.store, _IN_SITEMAP)
        return
    inventory = site.inventory
    for kind in _IN_SITEMAP:
        yield from (iri for iri in inventory.placed[kind] if iri not in inventory.moved)


def robots(site: Site, origin: str) -> str:
    """Return robots.txt: crawlers stay out of the endpoint, and of what a query string asks for."""
    prefix = site.links.prefix
    closed = [] if site.settings.is_static else [f"Disallow: {prefix}/{name}" for name in _FOR_PEOPLE]
    lines = [
        "User-agent: *",
        *closed,
        f"Disallow: {prefix}/*?",
        f"Allow: {prefix}/static/",
        "",
        f"Sitemap: {origin}/sitemap.xml",
    ]
    return "\n".join(lines) + "\n"


def opensearch(site: Site, origin: str) -> str:
    """Return the description of the search, with which a browser offers it in its address bar."""
    address = origin + site.links.href("/search")[len(site.links.prefix) :]
    icon = origin + site.links.href("/static/img/icon.svg")[len(site.links.prefix) :]
    return (
        f'{_XML}<OpenSearchDescription xmlns="{_OPENSEARCH}">\n'
        "<ShortName>filmgraph</ShortName>\n"
        "<Description>Films, techniques of film craft, and people</Description>\n"
        "<InputEncoding>UTF-8</InputEncoding>\n"
        f'<Image type="image/svg+xml">{escape(icon)}</Image>\n'
        f'<Url type="text/html" template="{escape(address)}?q={{searchTerms}}"/>\n'
        "</OpenSearchDescription>\n"
    )


def routes(site: Site, pages: Callable[[], Iterable[Page]]) -> list[BaseRoute]:
    """Return the routes of all this; ``pages`` returns the pages of the site."""

    async def xml_of_sitemap(request: Request) -> Response:
        return await run_in_threadpool(lambda: respond(request, part_of_sitemap(request)))

    def part_of_sitemap(request: Request) -> Answer:
        name, origin = request.scope["path"].rpartition("/")[2], site.origin(request)
        key = ("sitemap", site.generation, MOST_URLS, origin)
        answer, index = site.kept.get((*key, name)), site.kept.get((*key, "sitemap.xml"))
        # Whoever asks for parts that there are not has them written once, not each time.
        if answer is None and (index is None or f"/{name}</loc>".encode() in index.body):
            files = sitemaps(site, origin, pages())
            answers = {file: Answer(text.encode(), "application/xml; charset=utf-8") for file, text in files.items()}
            # Who asks for one part asks for the others next; the index is what tells that they were made.
            for file in reversed(answers):
                site.kept.put((*key, file), answers[file])
            answer = answers.get(name)
        if answer is None:
            raise HTTPException(404, f"There is no {name[:40]}; /sitemap.xml lists all parts.")
        return answer

    async def robots_txt(request: Request) -> Response:
        return respond(request, Answer(robots(site, site.origin(request)).encode(), "text/plain; charset=utf-8"))

    async def opensearch_xml(request: Request) -> Response:
        text = opensearch(site, site.origin(request))
        return respond(request, Answer(text.encode(), "application/opensearchdescription+xml"))

    async def favicon(request: Request) -> Response:
        return RedirectResponse(
            site.links.href("/static/img/icon.svg"), 302, {"Cache-Control": "public, max-age=86400"}
        )

    return [
        Route("/sitemap.xml", xml_of_sitemap),
        Route("/sitemap-{part}.xml", xml_of_sitemap),
        Route("/robots.txt", robots_txt),
        Route("/opensearch.xml", opensearch_xml),
        Route("/favicon.ico", favicon),
    ]
