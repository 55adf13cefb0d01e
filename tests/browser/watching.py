"""The watch over pages, and the questions that tests put to them."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import BrowserContext, ConsoleMessage, Dialog, Page, Request

from filmgraph.web import vendor

AXE = Path(__file__).parent / "vendor" / "axe.min.js"
AXE_TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
_REPORT = """
window.__violations = [];
document.addEventListener("securitypolicyviolation", (event) => {
  window.__violations.push(`${event.violatedDirective} ${event.blockedURI} ${event.sample}`);
});
"""

MakeContext = Callable[..., BrowserContext]

with_vendor = pytest.mark.skipif(
    bool(vendor.missing("site", vendor.SITE)), reason="the browser code of others is not in place: make vendor"
)


def chromium() -> str | None:
    """Return the Chromium of this machine, None where there is none."""
    named = os.environ.get("CHROMIUM")
    return named or shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


class Watch:
    """What went wrong on the pages of a context; ``allow`` takes words of a console error that is meant to come."""

    def __init__(self, origin: str) -> None:
        self.origins = [origin]
        self.found: list[str] = []
        self._allowed: list[str] = []

    def allow(self, words: str) -> None:
        """Let console errors with these words pass."""
        self._allowed.append(words)

    def also(self, origin: str) -> None:
        """Let requests to one more origin pass."""
        self.origins.append(origin)

    def context(self, context: BrowserContext) -> BrowserContext:
        """Watch a context."""
        context.add_init_script(_REPORT)
        context.on("console", self._console)
        context.on("request", self._request)
        context.on("page", self._page)
        context.on("weberror", lambda error: self.found.append(f"error: {error.error}"))
        return context

    def _page(self, page: Page) -> None:
        page.on("dialog", self._dialog)

    def _dialog(self, dialog: Dialog) -> None:
        self.found.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    def _console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and not any(words in message.text for words in self._allowed):
            self.found.append(f"console {message.type}: {message.text} ({message.location.get('url')})")

    def _request(self, request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme not in ("data", "blob") and not request.url.startswith(
            tuple(f"{origin}/" for origin in self.origins)
        ):
            self.found.append(f"request: {request.url}")


def violations(page: Page, *, rules: list[str] | None = None) -> list[str]:
    """Return what axe-core finds against WCAG 2.2 AA on a page, or against some of its rules."""
    if not AXE.is_file():
        pytest.skip("axe-core is not in place: make vendor")
    if not page.evaluate("typeof axe !== 'undefined'"):
        page.evaluate(AXE.read_text(encoding="utf-8"))
    only = {"type": "rule", "values": rules} if rules else {"type": "tag", "values": AXE_TAGS}
    found = page.evaluate("async (only) => (await axe.run({runOnly: only})).violations", only)
    return [
        f"{each['id']}: {node['html'][:160]} ({(node.get('failureSummary') or '').splitlines()[-1].strip()[:200]})"
        for each in found
        for node in each["nodes"][:3]
    ]


def policy_violations(page: Page) -> list[str]:
    """Return the violations of the Content-Security-Policy that a page reported."""
    reported: list[str] = page.evaluate("window.__violations || []")
    return reported


def overflow(page: Page) -> int:
    """Return by how many pixels a page is wider than its window."""
    wider: int = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    return wider
