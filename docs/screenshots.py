"""Makes the pictures of the site: those in the README, or one of every page for looking at.

``python docs/screenshots.py`` writes ``docs/pictures``; with ``--all FOLDER`` every type of page is taken at 1600 and
375 pixels, light and dark. It needs a Chromium and the extra ``dev``.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from browser.places import PAGES  # noqa: E402
from browser.watching import chromium  # noqa: E402
from sites import Served  # noqa: E402


@dataclass(frozen=True)
class Picture:
    """A picture of a page: its file, what it shows and from where on, how wide and high its window is."""

    name: str
    path: str
    width: int = 1600
    height: int = 1000
    scheme: str = "light"
    start: str = ""
    run: bool = False


PICTURES = (
    Picture("film", "/film/her-2013"),
    Picture("film-dark", "/film/her-2013", scheme="dark"),
    Picture("film-phone", "/film/her-2013", width=375, height=740),
    Picture("techniques", "/techniques"),
    Picture(
        "recommend",
        "/recommend?like=her-2013&like=lost-in-translation-2003&like=in-the-mood-for-love-2000",
        start="#answers",
    ),
    Picture("map", "/map", height=1150, start="figure"),
    Picture("sparql", "/sparql", start="form[data-sparql]", run=True),
)


def take(browser: Browser, url: str, picture: Picture, folder: Path, *, whole: bool = False) -> Path:
    """Write a picture and return its file."""
    context = browser.new_context(
        base_url=url,
        viewport={"width": picture.width, "height": picture.height},
        color_scheme="dark" if picture.scheme == "dark" else "light",
        device_scale_factor=2 if picture.width < 500 else 1,
        reduced_motion="reduce",
    )
    page = context.new_page()
    page.goto(picture.path, wait_until="networkidle")
    if picture.run:
        _run(page)
    if picture.start:
        page.locator(picture.start).first.evaluate("each => each.scrollIntoView()")
    file = folder / f"{picture.name}.png"
    page.screenshot(path=file, full_page=whole, animations="disabled")
    context.close()
    return file


def _run(page: Page) -> None:
    """Run the query in the editor and wait for its answer; the time that it took is another one each time."""
    page.get_by_role("button", name="Run", exact=True).click()
    page.locator("[data-results] tbody tr").first.wait_for()
    chip = page.locator("[data-results] .yasr_response_chip")
    chip.evaluate("each => { each.textContent = each.textContent.replace(/ in .*/, ''); }")


def main() -> int:
    """Make the pictures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--all", metavar="FOLDER", type=Path, help="every type of page, whole, into this folder")
    arguments = parser.parse_args()
    folder: Path = arguments.all or ROOT / "docs" / "pictures"
    folder.mkdir(parents=True, exist_ok=True)
    pictures = PICTURES
    if arguments.all:
        pictures = tuple(
            Picture(f"{re.sub(r'[^a-z]+', '-', name)}-{width}-{scheme}", path, width, 900, scheme)
            for name, path in PAGES.items()
            for width in (1600, 375)
            for scheme in ("light", "dark")
        )
    binary = chromium()
    if binary is None:
        print("There is no Chromium: apt-get install chromium, or CHROMIUM=/path/to/it.", file=sys.stderr)
        return 1
    flags = ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
    with Served.site() as site, sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=binary, args=[*flags, "--hide-scrollbars"])
        for picture in pictures:
            print(take(browser, site.url, picture, folder, whole=bool(arguments.all)).name)
        browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
