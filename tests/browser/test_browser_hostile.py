"""A graph with an injection in every field, crawled in a real browser: nothing runs, and nothing breaks."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote, urljoin, urlsplit

import pytest
from playwright.sync_api import Browser, Page
from sites import Served

from browser.hostile import ADDRESSES, FILMS, TEXTS, write
from browser.watching import Watch, policy_violations, with_vendor

SEEDS = (
    "/",
    "/films",
    "/techniques",
    "/map",
    "/queries",
    "/sparql",
    "/ontology",
    "/shapes",
    "/about",
    "/data",
    "/compare?film=her-2013&film=up-2009",
    "/path?from=her-2013&to=lost-in-translation-2003",
    "/recommend?like=her-2013&dislike=up-2009",
    "/film/ill-typed-1999",
    "/films.csv",
    "/sitemap.xml",
    "/robots.txt",
    "/.well-known/void",
    *(f"/film/{slug}" for slug in FILMS),
)
ENDINGS = (".ttl", ".jsonld", ".nt", ".rdf", ".json", ".csv")
EACH = 2
"""So many pages of a type are visited; each query of the library is a type."""

SUSPECTS = """() => {
  const found = [];
  for (const each of document.querySelectorAll("*")) {
    for (const attribute of each.attributes) {
      const value = attribute.value.trim().toLowerCase();
      if (/^on/.test(attribute.name)) found.push(`${each.tagName} ${attribute.name}`);
      if (attribute.name === "style" && !each.closest(".yasqe, .yasr, [data-map], svg, canvas")) {
        found.push(`${each.tagName} style`);
      }
      if (["href", "src", "action", "formaction", "data", "xlink:href", "srcdoc"].includes(attribute.name) &&
          !/^(https?:|mailto:|[/#?.]|data:image|[a-z0-9%._~-]*(?:[/?#]|$))/.test(value)) {
        found.push(`${each.tagName} ${attribute.name}=${value}`);
      }
    }
    if (["IFRAME", "OBJECT", "EMBED", "BASE"].includes(each.tagName)) found.push(each.tagName);
    if (each.tagName === "SCRIPT" && !each.src && !/json/.test(each.type)) found.push("inline script");
    if (each.tagName === "META" && each.httpEquiv) found.push("meta http-equiv");
    if (each.tagName === "LINK" && !each.href.startsWith(location.origin)) found.push(each.outerHTML);
  }
  if (window.__owned !== undefined) found.push(`owned ${window.__owned}`);
  return found;
}"""


@pytest.fixture(scope="module")
def site(browser: Browser, cache_of_the_tests: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The site with the hostile graph."""
    folder = tmp_path_factory.mktemp("hostile") / "store"
    write(folder)
    with Served.site("--store", str(folder), environment={"FILMGRAPH_CACHE": str(cache_of_the_tests)}) as served:
        yield served


def kind_of(path: str) -> str:
    """Return the type of page that a path leads to."""
    parts = urlsplit(path)
    first, _, rest = parts.path.strip("/").partition("/")
    second = rest.partition("/")[0] if first in ("queries", "neighbourhood") else ""
    ending = re.search(r"\.[a-z]+$", parts.path)
    return f"{first}/{second}{ending[0] if ending else ''}{'?' if parts.query else ''}"


def links(page: Page, origin: str) -> list[str]:
    """Return the paths within the site that a page links to."""
    found: list[str] = page.evaluate("[...document.querySelectorAll('a[href]')].map((a) => a.getAttribute('href'))")
    paths = [urljoin(f"{origin}/", href).partition("#")[0] for href in found]
    return [path.removeprefix(origin) for path in paths if path.startswith(f"{origin}/")]


def test_nothing_runs_on_any_page(page: Page, watch: Watch, site: Served) -> None:
    watch.allow("Failed to load resource")
    waiting, seen, visited = list(SEEDS), set(SEEDS), Counter[str]()
    broken: list[str] = []
    while waiting:
        path = waiting.pop(0)
        if visited[kind_of(path)] >= (1 if path.startswith("/queries/") else EACH) and path not in SEEDS:
            continue
        visited[kind_of(path)] += 1
        if re.search(r"\.(ttl|jsonld|nt|rdf|json|srj|csv|xml|txt|gz)(\?|$)|format=|/\.well-known/", path):
            broken += look_at_data(page, path)
            continue
        answer = page.goto(path)
        if answer is None or answer.status >= 400:
            broken.append(f"{path}: {answer.status if answer else 'no answer'}")
            continue
        broken += [f"{path}: {each}" for each in [*page.evaluate(SUSPECTS), *policy_violations(page)]]
        for link in links(page, site.url):
            if link not in seen and not link.startswith("/static/"):
                seen.add(link)
                waiting.append(link)
    assert broken == []
    assert len(visited) > 25, visited
    assert sum(visited.values()) > 80


def look_at_data(page: Page, path: str) -> list[str]:
    """Return what is wrong with an answer that is data and no page."""
    answer = page.request.get(path)
    kind = answer.headers.get("content-type", "")
    found = []
    if answer.status >= 400:
        found.append(f"{path}: {answer.status}")
    elif "html" in kind or answer.headers.get("x-content-type-options") != "nosniff":
        found.append(f"{path}: could be taken for a page ({kind})")
    if "set-cookie" in answer.headers:
        found.append(f"{path}: a header was split")
    return found


@pytest.mark.parametrize("ending", ENDINGS)
def test_data_is_never_taken_for_a_page(page: Page, site: Served, ending: str) -> None:
    tables = ("/film/her-2013", "/technique/off-screen-space", "/films", "/person/spike-jonze")
    paths = tables if ending == ".csv" else (*tables[:2], "/use/her-2013--off-screen-space", "/genre/drama")
    assert [wrong for path in paths for wrong in look_at_data(page, path + ending)] == []


SENT = (
    "".join(TEXTS[:6]),
    "".join(TEXTS[6:10]),
    "".join(TEXTS[10:]),
    " ".join(ADDRESSES),
    *ADDRESSES[:3:2],
    "\\'\"",
    " ",
)


@pytest.mark.parametrize("text", SENT, ids=range(len(SENT)))
def test_what_a_visitor_sends_is_text(page: Page, watch: Watch, text: str) -> None:
    watch.allow("Failed to load resource")
    sent = quote(text[:500], safe="")
    for path in (
        f"/search?q={sent}",
        f"/films?genre={sent}&decade={sent}&{sent}={sent}",
        f"/compare?film={sent}&film=her-2013",
        f"/path?from={sent}&to={sent}",
        f"/recommend?like={sent}&dislike=her-2013",
        f"/queries/films-using-technique?technique={sent}&{sent}=x",
        f"/sparql?query={sent}",
        f"/sparql?query={quote('SELECT (' + repr_of(text) + ' AS ?text) {}', safe='')}",
        f"/film/{sent}",
        f"/{sent}",
    ):
        answer = page.goto(path)
        assert answer is not None
        assert answer.status < 500, path
        assert page.evaluate(SUSPECTS) == [], path
        assert policy_violations(page) == [], path
        assert "set-cookie" not in answer.headers


def repr_of(text: str) -> str:
    """Return a text as a literal of SPARQL."""
    escaped = text[:500].replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\r", "\\r")
    return f'"{escaped}"'


def test_a_hostile_upload_is_text(page: Page, watch: Watch, tmp_path: Path) -> None:
    watch.allow("Failed to load resource")
    file = tmp_path / "ratings.csv"
    rows = [f'2020-01-01,"{text.replace(chr(34), chr(34) * 2)}",2013,https://letterboxd.com/x,5' for text in TEXTS]
    file.write_text("\n".join(["Date,Name,Year,Letterboxd URI,Rating", *rows]), encoding="utf-8")
    page.goto("/recommend")
    page.locator("input[type=file]").set_input_files(file)
    page.locator("form:has(input[type=file])").get_by_role("button").last.click()
    page.wait_for_load_state()
    assert page.locator("main").inner_text()
    assert page.evaluate(SUSPECTS) == []
    assert policy_violations(page) == []


@with_vendor
def test_the_editor_shows_hostile_answers_as_text(page: Page) -> None:
    page.goto("/sparql")
    query = (
        "SELECT ?s ?p ?o WHERE { ?s ?p ?o FILTER(isLiteral(?o) || STRSTARTS(STR(?o), 'java')) } ORDER BY ?p LIMIT 300"
    )
    page.evaluate("(text) => document.querySelector('.CodeMirror').CodeMirror.setValue(text)", query)
    page.get_by_role("button", name="Run", exact=True).click()
    page.locator("[data-results] tbody tr").first.wait_for()
    assert page.evaluate(SUSPECTS) == []
    page.get_by_role("button", name="Shows Response view").click()
    assert page.evaluate(SUSPECTS) == []
    assert policy_violations(page) == []
