"""Lists that filter while one types, suggestions by keyboard, facets by links alone, and a search without a server."""

from __future__ import annotations

import re
import shutil
import sys
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect
from sites import Served

from browser.watching import Watch, violations
from filmgraph.graph import FilmGraph
from filmgraph.stores import MemoryStore
from filmgraph.web import Settings
from filmgraph.web.app import pages
from filmgraph.web.site import HERE, Ask, Site

SERVE = (
    "import functools, http.server, sys\n"
    "handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=sys.argv[1])\n"
    "server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), handler)\n"
    "print(f'http://127.0.0.1:{server.server_port}', flush=True)\n"
    "server.serve_forever()\n"
)


def test_techniques_filter_while_one_types(page: Page) -> None:
    page.goto("/techniques")
    count = page.locator("[data-filter-count]")
    before = count.inner_text()
    page.get_by_label("Filter by name").fill("jump")
    expect(count).to_have_text(re.compile(r"^\d+ techniques? of \d+$"))
    left = page.locator("#terms [data-item]:visible")
    assert 0 < left.count() < 10, "a technique stays with those above it"
    expect(page.get_by_role("link", name="Jump cut", exact=True)).to_be_visible()
    expect(page.locator("#sound")).to_be_hidden()
    page.get_by_label("Filter by name").fill("")
    expect(count).to_have_text(before)
    expect(page.locator("#sound")).to_be_visible()
    assert violations(page) == []


def test_a_filter_finds_other_names_without_accents(page: Page) -> None:
    page.goto("/techniques/a-z")
    page.get_by_label("Filter by name").fill("mise en abime")
    expect(page.locator("[data-filter-count]")).to_have_text(re.compile("^[1-9]"))


def test_queries_filter_by_what_is_told_of_them(page: Page) -> None:
    page.goto("/queries")
    page.get_by_label("Filter", exact=True).fill("wikidata")
    expect(page.locator("#queries [data-item]:visible")).to_have_count(2)


def test_the_masthead_suggests_and_the_keyboard_chooses(page: Page) -> None:
    page.goto("/about")
    field = page.get_by_role("combobox", name="Search films, techniques and people")
    field.press_sequentially("lost in tr")
    option = page.get_by_role("option").first
    expect(option).to_contain_text("Lost in Translation")
    expect(option).to_contain_text("2003 · Sofia Coppola")
    assert field.get_attribute("aria-expanded") == "true"
    assert violations(page) == []
    field.press("Escape")
    expect(page.get_by_role("option")).to_have_count(0)
    assert field.input_value() == "lost in tr"
    field.press("ArrowDown")
    expect(page.get_by_role("option").first).to_be_visible()
    field.press("ArrowDown")
    expect(page.get_by_role("option").first).to_have_attribute("aria-selected", "true")
    assert field.get_attribute("aria-activedescendant") == page.get_by_role("option").first.get_attribute("id")
    field.press("Enter")
    page.wait_for_url("**/film/lost-in-translation-2003")


def test_enter_without_a_choice_searches(page: Page) -> None:
    page.goto("/about")
    field = page.get_by_role("combobox", name="Search films, techniques and people")
    field.press_sequentially("hitchcok")
    field.press("Enter")
    page.wait_for_url("**/search?q=hitchcok")
    expect(page.get_by_role("link", name="Alfred Hitchcock")).to_be_visible()


def test_a_field_of_a_query_suggests_its_own_kind(page: Page) -> None:
    page.goto("/queries/films-using-technique")
    field = page.get_by_role("combobox", name="Technique", exact=True)
    field.fill("")
    field.press_sequentially("close")
    option = page.get_by_role("option", name="Close-up")
    expect(option.first).to_be_visible()
    option.first.click()
    assert field.input_value() == "close-up"
    page.get_by_role("button", name="Ask").click()
    page.wait_for_url("**/queries/films-using-technique?technique=close-up*")
    expect(page.locator("table.answer-rows")).to_be_visible()


def test_facets_need_no_script(plain_page: Page) -> None:
    plain_page.goto("/films")
    plain_page.locator("#facet-decade").get_by_role("link", name=re.compile("1990s")).click()
    plain_page.locator("#facet-category").get_by_role("link", name=re.compile("Sound")).click()
    plain_page.get_by_label("Title or year").fill("the")
    plain_page.get_by_role("button", name="Show").click()
    assert plain_page.url.endswith("/films?decade=1990s&category=sound&q=the&sort=title")
    chosen = plain_page.get_by_role("list", name="Chosen")
    expect(chosen.get_by_role("link")).to_have_count(4)
    chosen.get_by_role("link", name="Sound").click()
    assert "category" not in plain_page.url
    assert "decade=1990s" in plain_page.url


@pytest.fixture(scope="module")
def files(bundled: MemoryStore, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A few pages of a static build, served by a server that knows nothing of them."""
    folder = tmp_path_factory.mktemp("static")
    shutil.copytree(HERE / "static", folder / "static")
    site = Site(FilmGraph(bundled), Settings(base_url="http://127.0.0.1", is_static=True))
    by_path = {page.path: page for page in pages()}
    for path in ("/films", "/search"):
        target = folder / path.strip("/") / "index.html"
        target.parent.mkdir()
        target.write_bytes(site.answer(by_path[path], Ask(path=path)).body)
    (folder / "search.json").write_bytes(site.answer(by_path["/search"], Ask(path="/search", form="json")).body)
    with Served([sys.executable, "-c", SERVE, str(folder)]) as served:
        yield served


def test_a_static_site_searches_in_the_browser(page: Page, files: Served, watch: Watch) -> None:
    watch.also(files.url)
    page.goto(f"{files.url}/search/?q=amelie")
    expect(page.locator("[data-results] .hit").first).to_contain_text("Amélie")
    page.get_by_label("Film, technique, person, genre or country").fill("dutch an")
    hit = page.locator("[data-results] a").first
    expect(hit).to_have_text("Dutch angle")
    assert hit.get_attribute("href") == "/technique/dutch-angle/"
    assert violations(page) == []


def test_a_static_site_filters_all_films(page: Page, files: Served, watch: Watch, bundled: MemoryStore) -> None:
    watch.also(files.url)
    page.goto(f"{files.url}/films/")
    films = len(FilmGraph(bundled).catalogue)
    expect(page.locator("#films li:visible")).to_have_count(films)
    page.get_by_label("Title or year").fill("coppola 2003")
    expect(page.locator("#films li:visible")).to_have_count(1)
    expect(page.locator("#films [data-group]:visible")).to_have_count(1)
    page.get_by_label("Title or year").fill("")
    expect(page.locator("#films li:visible")).to_have_count(films)
    page.locator("#facet-decade").get_by_role("link", name=re.compile("1950s")).click()
    expect(page.locator("section#\\31 950s")).to_be_in_viewport()
