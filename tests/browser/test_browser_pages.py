"""Every type of page: nothing wrong in the console, nothing from elsewhere, WCAG 2.2 AA, and it fits a telephone."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page

from browser.places import PAGES
from browser.watching import Watch, overflow, policy_violations, violations

ERRORS = {
    "no such film": ("/film/no-such-film", 404),
    "no such page": ("/no/such/page", 404),
    "a query that is none": ("/sparql?query=SELEC", 400),
    "a refused query": (
        "/sparql?query=SELECT%20%2A%20%7BSERVICE%20%3Chttp%3A%2F%2Fa.example%2F%3E%7B%3Fs%20%3Fp%20%3Fo%7D%7D",
        403,
    ),
    "a parameter that is none": ("/queries/films-using-technique?technique=zzzz", 400),
}


def assert_page_is_sound(page: Page) -> None:
    """Assert what every page promises, in both themes and on a telephone."""
    assert policy_violations(page) == []
    assert page.locator("h1").count() == 1
    assert page.title()
    assert page.evaluate("document.documentElement.lang") == "en"
    assert violations(page) == []
    page.emulate_media(color_scheme="dark")
    assert violations(page, rules=["color-contrast", "link-in-text-block"]) == []
    page.set_viewport_size({"width": 375, "height": 740})
    assert overflow(page) <= 0, widest(page)
    assert violations(page, rules=["target-size", "scrollable-region-focusable"]) == []
    page.set_viewport_size({"width": 1600, "height": 900})
    assert overflow(page) <= 0


def widest(page: Page) -> list[str]:
    """Return the elements that stick out of the window."""
    found: list[str] = page.evaluate(
        """() => [...document.body.querySelectorAll("*")]
          .filter((each) => each.getBoundingClientRect().right > document.documentElement.clientWidth + 0.5)
          .slice(0, 6).map((each) => each.outerHTML.slice(0, 120))"""
    )
    return found


@pytest.mark.parametrize("path", PAGES.values(), ids=PAGES)
def test_page_is_sound(page: Page, path: str) -> None:
    answer = page.goto(path)
    assert answer is not None
    assert answer.status == 200
    assert_page_is_sound(page)


@pytest.mark.parametrize(("path", "status"), ERRORS.values(), ids=ERRORS)
def test_page_of_an_error_is_sound(page: Page, watch: Watch, path: str, status: int) -> None:
    watch.allow("Failed to load resource")
    answer = page.goto(path)
    assert answer is not None
    assert answer.status == status
    assert_page_is_sound(page)


@pytest.mark.parametrize("path", PAGES.values(), ids=PAGES)
def test_page_says_the_same_without_javascript(plain_page: Page, path: str) -> None:
    answer = plain_page.goto(path)
    assert answer is not None
    assert answer.status == 200
    assert len(plain_page.locator("main").inner_text()) > 60
    unreachable = plain_page.locator("main [hidden]:not(form):not(button):not([role=status])")
    assert unreachable.count() == 0, "what only JavaScript could show"


def test_first_load_is_light(page: Page) -> None:
    """A page with all that it loads, as it comes over the wire, is below 100 kB; the editor is apart."""
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    for path in ("/", "/film/her-2013", "/techniques", "/films", "/map", "/recommend", "/search?q=her", "/ontology"):
        sizes: list[float] = []
        session.on("Network.loadingFinished", lambda event, into=sizes: into.append(event["encodedDataLength"]))
        session.send("Network.clearBrowserCache")
        page.goto(path, wait_until="networkidle")
        assert 1_000 < sum(sizes) < 100_000, path
