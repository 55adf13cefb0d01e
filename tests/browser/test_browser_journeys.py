"""What people come for, walked through in a real browser: with JavaScript, without, and with the keyboard alone."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from sites import Served

from browser.watching import MakeContext, Watch, overflow, policy_violations, with_vendor
from browser.yasgui import elsewhere

RATINGS = """Date,Name,Year,Letterboxd URI,Rating
2024-01-01,Her,2013,https://boxd.it/6K8,5
2024-01-02,Lost in Translation,2003,https://boxd.it/2a,4.5
2024-01-03,A Film Nobody Made,1921,https://boxd.it/x,5
"""


@pytest.fixture(params=["with JavaScript", "without JavaScript"])
def any_page(request: pytest.FixtureRequest, context_of: MakeContext) -> Page:
    """A page that runs JavaScript, and one that does not."""
    return context_of(java_script_enabled=request.param == "with JavaScript").new_page()


def heading(page: Page, text: str) -> None:
    expect(page.get_by_role("heading", level=1)).to_contain_text(text)


def test_find_a_film_and_follow_its_reasons(any_page: Page) -> None:
    page = any_page
    page.goto("/")
    page.locator("#home-q").fill("Her")
    page.locator("#home-q").press("Enter")
    page.get_by_role("main").get_by_role("link", name="Her", exact=True).first.click()
    heading(page, "Her")
    for text in ("Spike Jonze", "Off-screen space", "2 Cinematography", "1 Editing", "1 Sound"):
        expect(page.get_by_role("main")).to_contain_text(text)
    page.locator(".use").get_by_role("link", name="Off-screen space").click()
    heading(page, "Off-screen space")
    expect(page.get_by_role("main")).to_contain_text("Her")
    page.get_by_role("main").get_by_role("link", name="Her", exact=True).first.click()
    heading(page, "Her")
    answer = page.locator("#next .answer").first
    title = answer.get_by_role("heading").inner_text().splitlines()[0]
    assert len(answer.locator(".because").inner_text().split()) > 6, "a recommendation says why"
    answer.get_by_role("heading").get_by_role("link").click()
    assert page.get_by_role("heading", level=1).inner_text().split("\n")[0][:4] == title[:4]


def test_a_misspelt_title_is_found(any_page: Page) -> None:
    any_page.goto("/search?q=amelie+poulan")
    expect(any_page.get_by_role("main")).to_contain_text("Amélie")


def test_endings_are_folded_until_they_are_opened(any_page: Page) -> None:
    page = any_page
    page.goto("/film/the-sixth-sense-1999")
    spoiler = page.locator("details.spoiler").first
    inside = spoiler.locator(":scope > :not(summary)").first
    expect(inside).not_to_be_visible()
    spoiler.locator("summary").click()
    expect(inside).to_be_visible()


def test_films_are_narrowed_by_facets(any_page: Page) -> None:
    page = any_page
    page.goto("/films")
    before = page.locator(".films li, .films tr, .cards li").count()
    page.goto("/films?genre=drama&country=japan")
    after = page.locator(".films li, .films tr, .cards li").count()
    assert 0 < after < before
    expect(page.get_by_role("main")).to_contain_text("Tokyo Story")


def test_two_films_are_compared(any_page: Page) -> None:
    page = any_page
    page.goto("/compare")
    page.locator("#film-1").fill("Her (2013)")
    page.locator("#film-2").fill("Lost in Translation (2003)")
    page.keyboard.press("Escape")
    page.get_by_role("main").get_by_role("button", name="Compare").click()
    heading(page, "Her and Lost in Translation")
    shared = page.locator(".part", has_text="Techniques that both use")
    expect(shared).to_contain_text("Diegetic sound design")
    expect(shared).to_contain_text("What binds the couple is heard within the story")
    expect(shared).to_contain_text("motorized curtains")


def test_three_films_that_are_liked_give_answers_with_reasons(any_page: Page) -> None:
    page = any_page
    page.goto("/recommend")
    for place, title in enumerate(("Her (2013)", "Lost in Translation (2003)", "Playtime (1967)"), start=1):
        page.locator(f"#like-{place}").fill(title)
        page.keyboard.press("Escape")
    page.get_by_role("button", name="Recommend", exact=True).click()
    answers = page.locator("#answers .answer")
    expect(answers).to_have_count(10)
    reasons = page.locator("#answers .answer > .because").all_inner_texts()
    assert len(reasons) >= 10
    assert all(len(reason.split()) > 6 for reason in reasons)
    assert "like=" in page.url


def test_ratings_of_letterboxd_are_read_and_not_kept(any_page: Page, tmp_path: Path) -> None:
    page = any_page
    file = tmp_path / "ratings.csv"
    file.write_text(RATINGS, encoding="utf-8")
    page.goto("/recommend")
    page.locator("#file").set_input_files(file)
    page.get_by_role("button", name="Upload and recommend").click()
    expect(page.locator("#upload")).to_contain_text("2 of 3 films")
    expect(page.locator("#unmatched summary")).to_contain_text("1 film")
    assert page.locator("#answers .answer").count() > 0
    assert page.context.cookies() == []


def test_a_question_of_the_library_is_asked_and_downloaded(any_page: Page) -> None:
    page = any_page
    page.goto("/queries")
    page.get_by_role("main").get_by_role("link", name=re.compile("films.*technique", re.IGNORECASE)).first.click()
    field = page.locator("form.ask input").first
    field.fill("Long take")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Ask").click()
    expect(page.locator("#answer-title")).to_contain_text("row")
    link = page.locator("#answer .data").get_by_role("link", name="CSV")
    answer = page.request.get(str(link.get_attribute("href")))
    assert answer.status == 200
    assert answer.headers["content-type"].startswith("text/csv")
    assert len(answer.text().splitlines()) > 2


def test_a_film_is_downloaded_as_turtle(any_page: Page) -> None:
    page = any_page
    page.goto("/film/her-2013")
    link = page.locator("#data").get_by_role("link", name="Turtle")
    answer = page.request.get(str(link.get_attribute("href")))
    assert answer.headers["content-type"] == "text/turtle; charset=utf-8"
    assert "film:her-2013 a fg:Film" in answer.text()
    again = page.request.get("/film/her-2013", headers={"Accept": "text/turtle"})
    assert again.text() == answer.text()


def test_a_query_is_asked_in_the_plain_form(plain_page: Page) -> None:
    page = plain_page
    page.goto("/sparql")
    page.locator("#query").fill("SELECT ?title WHERE { film:her-2013 schema:name ?title }")
    page.get_by_role("button", name="Run", exact=True).click()
    expect(page.locator("#results tbody td")).to_have_text("Her")


@with_vendor
def test_a_query_is_asked_in_the_editor(page: Page) -> None:
    page.goto("/sparql")
    page.locator(".yasqe .CodeMirror").click()
    page.keyboard.press("Control+A")
    page.keyboard.type("SELECT ?film ?title WHERE { ?film schema:name ?title FILTER(STR(?title) = 'Her'")
    page.keyboard.type(")}")
    page.get_by_role("button", name="Run", exact=True).click()
    cell = page.locator("[data-results] tbody td").first
    expect(cell).to_have_text("film:her-2013")
    assert page.locator(".parseErrorIcon").count() == 0
    cell.get_by_role("link").click()
    heading(page, "Her")


@with_vendor
def test_the_editor_says_what_is_wrong_with_a_query(page: Page, watch: Watch) -> None:
    watch.allow("Failed to load resource")
    page.goto("/sparql")
    page.evaluate("document.querySelector('.yasqe .CodeMirror').CodeMirror.setValue('SELECT ?x WHERE { ?x }')")
    page.get_by_role("button", name="Run", exact=True).click()
    expect(page.locator("[data-results] [role=alert]")).to_be_visible()
    assert len(page.locator("[data-results] [role=alert]").inner_text()) > 20


@with_vendor
def test_the_editor_is_left_with_the_tabulator(page: Page) -> None:
    page.goto("/sparql")
    page.locator(".yasqe .CodeMirror").click()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Run"


@with_vendor
def test_constructed_triples_are_shown(page: Page) -> None:
    page.goto("/sparql")
    query = "CONSTRUCT { ?f schema:name ?n } WHERE { VALUES ?f { film:her-2013 } ?f schema:name ?n }"
    page.evaluate("(text) => document.querySelector('.yasqe .CodeMirror').CodeMirror.setValue(text)", query)
    page.get_by_role("button", name="Run", exact=True).click()
    expect(page.locator("[data-results] tbody tr")).to_have_text(re.compile("film:her-2013.*schema:name.*Her"))
    page.get_by_role("button", name="Shows Response view").click()
    expect(page.locator("[data-results] .CodeMirror")).to_contain_text("schema:name")
    assert policy_violations(page) == []


@with_vendor
def test_yasgui_of_another_site_is_a_client(page: Page, site: Served, watch: Watch) -> None:
    """YASGUI as others embed it, at another origin, asks this endpoint (CORS)."""
    with elsewhere(site.url) as address:
        watch.also(address)
        page.goto(address)
        page.locator(".yasqe_queryButton").first.click()
        expect(page.locator(".yasr_response_chip").first).to_contain_text("10 results")


@with_vendor
def test_the_map_comes_alive(page: Page) -> None:
    page.goto("/map")
    drawn = page.locator("svg.chart a").count()
    assert drawn > 100
    assert page.evaluate("typeof cytoscape") == "undefined", "nobody has asked for it yet"
    page.get_by_role("button", name="Zoom and drag").click()
    expect(page.locator("figure canvas").first).to_be_visible()
    assert policy_violations(page) == []
    page.get_by_role("button", name="Back to the drawing").click()
    expect(page.locator("svg.chart")).to_be_visible()
    assert page.locator("figure canvas").count() == 0


def test_dark_and_light_are_chosen_and_remembered(page: Page) -> None:
    page.goto("/film/her-2013")
    ground = "getComputedStyle(document.body).backgroundColor"
    light = page.evaluate(ground)
    page.locator("[data-theme-toggle]").click()
    dark = page.evaluate(ground)
    assert dark != light
    page.reload()
    assert page.evaluate(ground) == dark
    page.locator("[data-theme-toggle]").click()
    assert page.evaluate(ground) == light


def test_dark_is_shown_where_the_system_wants_it(context_of: MakeContext) -> None:
    page = context_of(color_scheme="dark", java_script_enabled=False).new_page()
    page.goto("/")
    ground = page.locator("body").evaluate("each => getComputedStyle(each).backgroundColor")
    red, green, blue = map(int, re.findall(r"\d+", ground)[:3])
    assert red + green + blue < 150


@pytest.mark.parametrize("path", ["/technique/off-screen-space", "/film/her-2013"])
def test_page_prints_as_a_handout(page: Page, path: str, tmp_path: Path) -> None:
    page.goto(path)
    page.emulate_media(media="print")
    for gone in (".masthead", ".toc", "form"):
        assert page.locator(f"{gone}:visible").count() == 0, gone
    assert page.locator(".use:visible, .explanation:visible").count() > 0
    if shutil.which("pdftotext") is None:
        pytest.skip("there is no pdftotext: apt-get install poppler-utils")
    file = tmp_path / "page.pdf"
    page.pdf(path=file)
    text = subprocess.run(["pdftotext", str(file), "-"], capture_output=True, encoding="utf-8", check=True).stdout
    words = " ".join(text.split())
    assert "Her" in words
    assert "Off-screen space" in words
    assert len(words) > 1_000


def test_the_keyboard_is_enough(page: Page) -> None:
    page.goto("/")
    page.keyboard.press("Tab")
    skip = page.locator("a.skip")
    assert skip.evaluate("each => each === document.activeElement")
    expect(skip).to_be_in_viewport()
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    page.locator("#home-q").focus()
    page.keyboard.type("Her")
    page.keyboard.press("Enter")
    page.wait_for_url("**/search?q=Her")
    tab_to(page, "Her")
    page.keyboard.press("Enter")
    page.wait_for_url("**/film/her-2013")
    tab_to(page, "Off-screen space")
    page.keyboard.press("Enter")
    page.wait_for_load_state()


def tab_to(page: Page, name: str) -> None:
    """Press Tab until the link of that name in the main part has the focus, which must show at every stop."""
    for _ in range(120):
        page.keyboard.press("Tab")
        now = page.evaluate(
            """() => {
              const each = document.activeElement, style = getComputedStyle(each), box = each.getBoundingClientRect();
              const shown = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 1 ||
                style.boxShadow !== "none" || each.tagName === "BODY" || each.closest(".find");
              return [each.tagName, each.textContent.trim(), Boolean(shown), Boolean(each.closest("main")), box.width];
            }"""
        )
        assert now[2], f"the focus does not show on {now}"
        if now[0] == "A" and now[1] == name and now[3]:
            return
    raise AssertionError(f"no link {name!r} can be reached with the keyboard")


def test_a_suggestion_is_chosen_with_the_keyboard(page: Page) -> None:
    page.goto("/compare")
    field = page.locator("#film-1")
    field.focus()
    page.keyboard.type("lost in tr", delay=20)
    option = page.locator("[role=option]").first
    expect(option).to_contain_text("Lost in Translation")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(field).to_have_value(re.compile("lost-in-translation-2003|Lost in Translation"))
    expect(option).not_to_be_visible()


def test_a_telephone_has_the_menu_and_no_sideways_scrolling(context_of: MakeContext) -> None:
    page = context_of(viewport={"width": 375, "height": 740}, has_touch=True, is_mobile=True).new_page()
    page.goto("/film/her-2013")
    assert overflow(page) <= 0
    page.locator("details.menu summary").click()
    page.locator("details.menu").get_by_role("link", name="Techniques").click()
    heading(page, "Techniques")
    assert overflow(page) <= 0


def test_text_of_twice_the_size_still_fits(context_of: MakeContext) -> None:
    page = context_of(viewport={"width": 320, "height": 640}).new_page()
    for path in ("/", "/film/her-2013", "/films", "/technique/off-screen-space", "/recommend"):
        page.goto(path)
        assert overflow(page) <= 0, path
