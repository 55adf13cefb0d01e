"""A real browser at a real server: each page is watched for errors, requests elsewhere and breaches of the policy."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from sites import Served

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed: pip install '.[dev]'")

from playwright.sync_api import Browser, BrowserContext, Page  # noqa: E402

from browser.watching import MakeContext, Watch, chromium  # noqa: E402


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """A browser without a window, which can reach this machine only."""
    binary = chromium()
    if binary is None:
        pytest.skip("there is no Chromium: apt-get install chromium, or CHROMIUM=/path/to/it")
    arguments = ["--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1", "--disable-dev-shm-usage"]
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        arguments.append("--no-sandbox")
    with playwright.sync_playwright() as driver:
        started = driver.chromium.launch(executable_path=binary, args=arguments)
        yield started
        started.close()


@pytest.fixture(scope="package")
def site(browser: Browser, cache_of_the_tests: Path) -> Iterator[Served]:
    """The site with the graph that filmgraph comes with."""
    with Served.site(environment={"FILMGRAPH_CACHE": str(cache_of_the_tests)}) as served:
        yield served


@pytest.fixture
def watch(site: Served) -> Iterator[Watch]:
    """The watch over a test's pages, which must have seen nothing at the end."""
    watching = Watch(site.url)
    yield watching
    assert watching.found == []


@pytest.fixture
def context_of(browser: Browser, site: Served, watch: Watch) -> Iterator[MakeContext]:
    """Makes watched contexts, with options of Playwright's."""
    made: list[BrowserContext] = []

    def make(**options: object) -> BrowserContext:
        context = browser.new_context(**{"base_url": site.url, "viewport": {"width": 1280, "height": 900}, **options})
        context.set_default_timeout(15_000)
        made.append(watch.context(context))
        return context

    yield make
    for context in made:
        context.close()


@pytest.fixture
def page(context_of: MakeContext) -> Page:
    """A watched page of a wide window."""
    return context_of().new_page()


@pytest.fixture
def plain_page(context_of: MakeContext) -> Page:
    """A page of a browser that runs no JavaScript."""
    return context_of(java_script_enabled=False).new_page()
