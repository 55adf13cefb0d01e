"""The design of the site: what templates may hold, that macros escape, and that the colours can be told apart."""

from __future__ import annotations

import dataclasses
import gzip
import itertools
import math
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from types import SimpleNamespace
from typing import Any, NamedTuple

import pytest
from starlette.datastructures import QueryParams

from filmgraph.cli.output import CATEGORY_COLORS
from filmgraph.namespaces import iri, slugify
from filmgraph.pages import (
    Claim,
    FilmPage,
    Heard,
    ListedFilm,
    Named,
    PersonPage,
    ReviewPage,
    Scene,
    TechniquePage,
    Term,
    Use,
    telling,
    topics,
)
from filmgraph.pages.person import Credit, Signature
from filmgraph.pages.technique import Match
from filmgraph.paths import Edge, Path
from filmgraph.paths.model import Statement, UseInFilm
from filmgraph.reception import Valued
from filmgraph.recommend import Recommendation
from filmgraph.voices import Tally
from filmgraph.web.settings import Settings
from filmgraph.web.site import HERE, Ask, Site, View

TEMPLATES = sorted((HERE / "templates").glob("*.html"))
STYLES = {path.name: path.read_text() for path in sorted((HERE / "static/css").glob("*.css"))}
SCRIPTS = "".join(path.read_text() for path in sorted((HERE / "static/js").glob("*.js")))
OWN = ("base", "error", "film", "home", "macros", "person", "review", "technique")
EVIL = "\"><script>alert(1)</script><b onclick='x' style='y'>{{ 7*7 }}"
EVIL_IRI = 'javascript:alert(1)//"><script>x</script>'


# --- templates ---


def test_there_are_templates() -> None:
    assert {f"{name}.html" for name in OWN} <= {path.name for path in TEMPLATES}


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.stem)
def test_template_holds_nothing_that_the_content_security_policy_forbids(path: Any) -> None:
    text = re.sub(r"\{#.*?#\}", "", path.read_text(), flags=re.DOTALL)
    assert not re.search(r"\sstyle\s*=", text), "a style attribute"
    assert not re.search(r"<style\b", text), "a style element"
    assert not re.search(r"\son[a-z]+\s*=", text), "an event attribute"
    assert "javascript:" not in text.lower()
    for script in re.findall(r"<script\b[^>]*>", text):
        assert "src=" in script or re.search(r'type="application/(?:ld\+)?json"', script), script


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.stem)
def test_template_escapes_and_links_by_path(path: Any) -> None:
    text = re.sub(r"\{#.*?#\}", "", path.read_text(), flags=re.DOTALL)
    assert not re.search(r"\|\s*safe\b|autoescape\s+false|Markup\(", text)
    assert not re.search(r"""(?:href|src|action)=["']/""", text), "a literal path: a prefix would break it"
    for link in re.findall(r"""(?:href|action)="\{\{\s*([^}]*)\}\}""", text):
        made = re.search(r"\b\w+\(|\|\s*(?:path|outside|link)\b|^settings\.prefix\b", link)
        named = re.fullmatch(r"[\w.]*(?:to|link|own|clear|path|address)(?: or '#')?", link.strip())
        assert made or named, f"what makes {link!r} safe?"


def _classes(template: str) -> set[str]:
    """Return the classes that a template names in full: what is put together, such as ``cat-{{ … }}``, is left out."""
    text = re.sub(r"\{#.*?#\}", "", template, flags=re.DOTALL)
    text = re.sub(r"\{\{ (['\"])( [\w-]+)\1 if [^}]*\}\}", r"\2 ", text)
    text = re.sub(r"\{%.*?%\}", " ", re.sub(r"\{\{.*?\}\}", "§", text))
    names = {name for value in re.findall(r'\bclass="([^"]*)"', text) for name in value.split()}
    return {name for name in names if "§" not in name}


HOOKS = {"error", "hidden"}
"""Classes that mean something without a style: of the body, and of the parts of a page that scripts look for."""


@pytest.mark.parametrize("name", OWN)
def test_every_class_of_a_template_has_a_style(name: str) -> None:
    styled = set(re.findall(r"\.([a-z][\w-]*)", "".join(STYLES.values())))
    used = _classes((HERE / "templates" / f"{name}.html").read_text())
    assert used - styled - HOOKS - {"film", "home", "person", "review", "technique", "use"} == set()


def test_every_style_is_used() -> None:
    everything = "".join(path.read_text() for path in TEMPLATES) + SCRIPTS
    css = re.sub(r"/\*.*?\*/|url\(\"[^\"]*\"\)", "", STYLES["site.css"] + STYLES["print.css"], flags=re.DOTALL)
    classes = set(re.findall(r"\.([a-z][\w-]*)", css))
    made = {name for name in classes if name.startswith(("cat-", "stance-", "notice-"))}
    unused = {name for name in classes - made if not re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", everything)}
    assert len(classes) > 60
    assert unused == set()


# --- hostile values ---


class _Elements(HTMLParser):
    """Collects the elements of a page, and whether each text stands inside a closed ``details``."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[tuple[bool, str]] = []
        self._open: list[str] = []
        self._folded = 0
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag == "details":
            self._folded += "open" not in dict(attrs)
            self._open.append("open" if "open" in dict(attrs) else "shut")

    def handle_endtag(self, tag: str) -> None:
        if tag == "details" and self._open.pop() == "shut":
            self._folded -= 1

    def handle_data(self, data: str) -> None:
        self.texts.append((self._folded > 0, data))

    def named(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]

    @property
    def shown(self) -> str:
        return "".join(text for folded, text in self.texts if not folded)


def _hostile(value: Any) -> Any:
    """Return a copy of a page in which every text and IRI is an attempt to break out."""
    if isinstance(value, str):
        return EVIL_IRI if "://" in value else EVIL
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return type(value)(*map(_hostile, value))
    if isinstance(value, tuple | list):
        return type(value)(map(_hostile, value))
    if isinstance(value, dict):
        return {_hostile(name): _hostile(each) for name, each in value.items()}
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = {field.name: _hostile(getattr(value, field.name)) for field in dataclasses.fields(value) if field.init}
        return dataclasses.replace(value, **fields)
    return value


SOUND, FRAMING = Named(iri("category", "sound"), "Sound"), Named(iri("category", "cinematography"), "Cinematography")
HER, SPACE = Named(iri("film", "her-2013"), "Her"), Named(iri("technique", "off-screen-space"), "Off-screen space")
CRITIC = Named(iri("person", "a-critic"), "A Critic")
CLAIMS = tuple(
    Claim(
        iri("claim", f"c-{number}"),
        HER,
        SPACE,
        stance,
        f"Statement {number}.",
        iri("review", "r"),
        CRITIC,
        None,
        compares_to=("Playtime",),
        passages=((number, number + 5),),
        spoiler=number == 4,
        voices=(f"v{number}",),
    )
    for number, stance in enumerate(("praise", "criticism", "mixed", "observation", "praise"))
)
SCENES = (
    Scene(iri("scene", "s-1"), "An open scene.", start=61, end=62.5),
    Scene(iri("scene", "s-2"), "THE BUTLER DID IT.", spoiler=True),
)
USES = (
    Use(
        iri("use", "u-1"),
        HER,
        2013,
        SPACE,
        FRAMING,
        "A definition.",
        "An explanation.",
        SCENES,
        source="https://example.org/source",
        noticed=CLAIMS,
        critics=Tally(praise=2, criticism=1, mixed=1, observation=1),
        at_large=((SOUND, Tally(praise=14)),),
    ),
    Use(iri("use", "u-2"), HER, None, SPACE, SOUND, "", "SHE LEAVES HIM.", SCENES[:1], spoiler=True),
)
HEARD = (Heard(HER, SPACE, Tally(praise=20, criticism=3, mixed=2, observation=1), lacks_use=True),)
TECHNIQUE_PATH = Path(
    "technique",
    (HER.iri, iri("film", "m-1931")),
    (Edge(HER.iri, SPACE.iri, "uses", ((iri("use", "u-1"), "https://example.org/p", SPACE.iri),)),),
    1.0,
    2,
    "Her and M both use it.",
    (
        UseInFilm(HER.iri, SPACE.iri, "An open telling.", "THE BUTLER DID IT.", True),
        UseInFilm(HER.iri, SPACE.iri, "SHE LEAVES HIM.", "THE BUTLER DID IT.", True, True),
    ),
    (Statement("A Critic", "HE WAKES UP.", True),),
    ("Her", "M"),
)
ANSWER = Recommendation(iri("film", "m-1931"), "M", 0.5, (TECHNIQUE_PATH,))
LISTED = ListedFilm(HER.iri, "Her", 2013, (CRITIC,), (), (), ((SOUND, 1), (FRAMING, 2)), 3)


def _views() -> Iterator[View]:
    film = FilmPage(
        iri=HER.iri,
        title="Her",
        other_titles=(("Ella", "es"),),
        year=2013,
        runtime_minutes=126,
        abstract="What it is about.",
        credits=(("Director", (CRITIC, CRITIC)),),
        genres=(Named(iri("genre", "drama"), "Drama"),),
        countries=(Named(iri("country", "us"), "United States"),),
        wikidata="http://www.wikidata.org/entity/Q1",
        imdb="https://www.imdb.com/title/tt1/",
        tally=((SOUND, 1), (FRAMING, 1)),
        uses=USES,
        claims=CLAIMS,
        heard=HEARD,
    )
    said = {"told": {USES[0].iri: telling(CLAIMS, 2)}, "topics": topics(HEARD, CLAIMS)}
    yield View(
        "film.html", "Her (2013)", {"film": film, "similar": [ANSWER], **said}, summary="What.", linked={"a": "b"}
    )
    technique = TechniquePage(
        SPACE.iri, "Off-screen space", ("hors-champ",), "A definition.", "A note.", FRAMING, (FRAMING,), (SOUND,),
        (SPACE,), USES, CLAIMS, (Match("exact match", "http://ada.filmontology.org/resource/x/Y"),), HEARD,
    )  # fmt: skip
    yield View("technique.html", "T", {"technique": technique, "topics": topics(HEARD, CLAIMS, by="film")})
    person = PersonPage(
        CRITIC.iri,
        "A Critic",
        (Credit("Director", HER, 2013), Credit("Composer", HER, 2013), Credit("Editor", SPACE, None)),
        (Signature(SPACE, 3, 4, 0.75, 0.002),),
        CLAIMS,
        (Valued(SOUND, 3, 8, 0.1, 0.2, "more"),),
    )
    yield View("person.html", "A Critic", {"person": person})
    review = ReviewPage(iri("review", "r"), HER, CRITIC, CRITIC, "On it", "2013-01-02", "https://example.org/r", CLAIMS)
    yield View("review.html", "R", {"review": review})
    term = Term(SOUND.iri, "Sound", "What is heard.", SOUND, (), (), (), 3, 4)
    home = {
        "counts": dict.fromkeys(("films", "techniques", "scenes", "accepted claims"), 1),
        "categories": [(term, 2)],
        "films": [LISTED],
        "example": SimpleNamespace(film=LISTED, other=LISTED, recommendation=ANSWER),
        "questions": [SimpleNamespace(name="q", title="A question")],
    }
    yield View("home.html", "Home", home)
    yield View(
        "error.html",
        "Not found",
        {"status": 404, "detail": "No.", "suggestions": ("Her",), "beside": "film/"},
        status=404,
    )


ASK = Ask({}, QueryParams({"q": EVIL}), "html", "https://example.org", "/search")


def _rendered(view: View, *, listed: ListedFilm = LISTED, ask: Ask = ASK, **settings: Any) -> _Elements:
    graph = SimpleNamespace(catalogue=SimpleNamespace(film=lambda _: listed))
    site = Site(graph, Settings(**settings))  # type: ignore[arg-type]
    return _Elements(site.html(None, ask, view).body.decode())


@pytest.mark.parametrize("view", list(_views()), ids=lambda view: view.template)
def test_hostile_values_stay_text(view: View) -> None:
    values = {name: _hostile(value) if name != "counts" else value for name, value in view.values.items()}
    if view.template == "home.html":
        values["example"] = SimpleNamespace(
            film=_hostile(LISTED), other=_hostile(LISTED), recommendation=_hostile(ANSWER)
        )
        values["questions"] = [SimpleNamespace(name=EVIL, title=EVIL)]
    if "told" in values:
        values["told"] = {EVIL_IRI: _hostile(telling(CLAIMS, 2))}
    linked = {"name": "</script><script>alert(1)</script>\u2028"} if view.linked else None
    hostile = dataclasses.replace(view, title=EVIL, summary=EVIL, values=values, linked=linked)
    page = _rendered(hostile, listed=_hostile(LISTED))
    plain = _rendered(view)
    assert len(page.named("script")) == len(plain.named("script"))
    allowed = {name for name, _ in plain.elements} | {"span"}
    assert {name for name, _ in page.elements} <= allowed
    for _, attributes in page.elements:
        assert not any(name.startswith("on") or name == "style" for name in attributes)
        for name in ("href", "src", "action"):
            assert (attributes.get(name) or "/").startswith(("/", "#", "https://example.org")), attributes
    assert "{{ 7*7 }}" in "".join(text for _, text in page.texts)


@pytest.mark.parametrize("view", list(_views()), ids=lambda view: view.template)
def test_page_has_one_heading_landmarks_and_labels(view: View) -> None:
    page = _rendered(view)
    assert len(page.named("h1")) == 1
    assert len(page.named("main")) == 1
    levels = [int(name[1]) for name, _ in page.elements if re.fullmatch(r"h[1-6]", name)]
    assert all(after - before <= 1 for before, after in itertools.pairwise(levels)), levels
    assert all(nav.get("aria-label") for nav in page.named("nav"))
    labelled = {label.get("for") for label in page.named("label")}
    assert {field.get("id") for field in page.named("input")} <= labelled
    ids = [attributes["id"] for _, attributes in page.elements if attributes.get("id")]
    assert len(ids) == len(set(ids))
    targets = {(link.get("href") or "")[1:] for link in page.named("a") if (link.get("href") or "").startswith("#")}
    assert targets <= set(ids)


@pytest.mark.parametrize("view", list(_views()), ids=lambda view: view.template)
def test_spoilers_are_folded(view: View) -> None:
    page = _rendered(view)
    everything = "".join(text for _, text in page.texts)
    for spoiler in ("THE BUTLER DID IT", "SHE LEAVES HIM", "HE WAKES UP", "Statement 4."):
        assert spoiler not in page.shown
    if view.template in ("film.html", "technique.html"):
        assert "THE BUTLER DID IT" in everything
        assert "SHE LEAVES HIM" in everything


@pytest.mark.parametrize("template", ["film.html", "technique.html"])
def test_spoilers_are_shown_to_who_asks_for_them(template: str) -> None:
    view = next(view for view in _views() if view.template == template)
    page = _rendered(view, ask=dataclasses.replace(ASK, query=QueryParams({"spoilers": "1"})))
    assert "THE BUTLER DID IT" in page.shown
    assert "SHE LEAVES HIM" in page.shown


@pytest.mark.parametrize("view", list(_views()), ids=lambda view: view.template)
def test_static_page_links_nothing_that_needs_a_server(view: View) -> None:
    page = _rendered(view, base_url="https://example.org/kg", is_static=True)
    links = [link.get("href") or "" for link in page.named("a")]
    assert links
    assert not page.named("form")
    for link in links:
        assert not re.match(r"/kg/(recommend|compare|path|sparql)\b", link)
        assert link.startswith(("/kg/", "#", "http")), link


@pytest.mark.parametrize("template", ["film.html", "technique.html"])
def test_a_film_that_is_named_in_a_heading_stands_with_year_and_director(template: str) -> None:
    page = _rendered(next(view for view in _views() if view.template == template))
    assert "2013 · A Critic" in page.shown


def test_who_noticed_is_said_and_what_has_no_source_too() -> None:
    page = _rendered(next(_views())).shown
    assert "Praised by 2 of 4 critics (50%, 15–85%); 1 more speaks of it without judging." in page
    assert "Sound at large: praised by 14 of 14 critics" in page
    assert "Source: https://example.org/source" in page
    assert page.count("Editors’ reading, no source cited.") == 1
    assert "1:01–1:02" in page


def test_many_critics_are_a_bar_and_few_are_dots() -> None:
    ui = Site(None).templates.get_template("macros.html").module  # type: ignore[arg-type]
    assert "●●◐○·" in ui.critics(Tally(praise=2, mixed=1, criticism=1, observation=1))  # type: ignore[attr-defined]
    bar = _Elements(ui.critics(Tally(praise=20, mixed=2, criticism=3))).named("rect")  # type: ignore[attr-defined]
    assert [(rect.get("x"), rect["width"]) for rect in bar] == [(None, "20"), ("20", "2"), ("22", "3")]


@pytest.mark.parametrize(
    ("share", "words"), [(0, "0%"), (0.002, "&lt;1%"), (0.5, "50%"), (0.996, "&gt;99%"), (1, "100%")]
)
def test_percent_never_rounds_to_none_or_all(share: float, words: str) -> None:
    ui = Site(None).templates.get_template("macros.html").module  # type: ignore[arg-type]
    assert str(ui.percent(share)) == words  # type: ignore[attr-defined]


def test_pager_keeps_to_its_bounds() -> None:
    ui = Site(None).templates.get_template("macros.html").module  # type: ignore[arg-type]
    assert not str(ui.pager(1, 1, str)).strip()  # type: ignore[attr-defined]
    page = _Elements(ui.pager(5, 9, lambda number: f"/p{number}"))  # type: ignore[attr-defined]
    assert [link["href"] for link in page.named("a")] == ["/p4", "/p1", "/p3", "/p4", "/p6", "/p7", "/p9", "/p6"]


# --- colours ---


class Colour(NamedTuple):
    """A colour in linear light."""

    red: float
    green: float
    blue: float

    @property
    def luminance(self) -> float:
        return 0.2126 * self.red + 0.7152 * self.green + 0.0722 * self.blue


def _colour(code: str) -> Colour:
    parts = [int(code[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    return Colour(*(part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts))


def _contrast(one: str, other: str) -> float:
    """Return the contrast ratio of WCAG 2.2."""
    dark, light = sorted(_colour(code).luminance for code in (one, other))
    return (light + 0.05) / (dark + 0.05)


def _tokens(selector: str, style: str = "site.css") -> dict[str, str]:
    text = STYLES[style]
    start = text.index("{", text.index(selector))
    return dict(re.findall(r"--([\w-]+):\s*(#[0-9a-f]{3,6});", text[start : text.index("}", start)]))


LIGHT, DARK = _tokens(":root {"), _tokens(':root[data-theme="dark"]')
THEMES = {"light": LIGHT, "dark": DARK}
CATEGORIES = ["cat-" + slugify(name.replace("&", "and")) for name in CATEGORY_COLORS]
TEXTS = ["ink", "soft", *CATEGORIES, "cat-none", "praise", "criticism", "mixed"]


def test_the_dark_theme_is_one() -> None:
    assert _tokens(':root:not([data-theme="light"])') == DARK
    assert set(DARK) == set(LIGHT)


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("ground", ["paper", "shade"])
def test_text_is_readable(theme: str, text: str, ground: str) -> None:
    assert _contrast(THEMES[theme][text], THEMES[theme][ground]) >= 4.5


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("part", ["edge", "focus", "observation"])
def test_edges_and_focus_can_be_seen(theme: str, part: str) -> None:
    for ground in ("paper", "shade"):
        assert _contrast(THEMES[theme][part], THEMES[theme][ground]) >= 3


def test_print_is_readable_on_white() -> None:
    printed = _tokens(":root,", "print.css")
    assert set(CATEGORIES) <= set(printed)
    for name, code in printed.items():
        if name in TEXTS:
            assert _contrast(code.ljust(7, "0"), "#ffffff") >= 4.5, name


def test_theme_colours_of_the_browser_are_those_of_the_paper() -> None:
    base = (HERE / "templates/base.html").read_text()
    assert re.findall(r'name="theme-color"[^>]*content="(#\w+)"', base) == [LIGHT["paper"], DARK["paper"]]


# How colours look to people who lack one kind of cone: G. M. Machado, M. M. Oliveira and L. A. F. Fernandes, "A
# physiologically-based model for simulation of color vision deficiency", IEEE TVCG 15 (2009), severity 1.
SIGHT = {
    "all": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "protanopia": ((0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216), (-0.003882, -0.048116, 1.051998)),
    "deuteranopia": ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.011820, 0.042940, 0.968881)),
    "tritanopia": ((1.255528, -0.076749, -0.178779), (-0.078411, 0.930809, 0.147602), (0.004733, 0.691367, 0.303900)),
}
# B. Ottosson, "A perceptual color space for image processing" (2020).
TO_CONES = (
    (0.4122214708, 0.5363325363, 0.0514459929),
    (0.2119034982, 0.6806995451, 0.1073969566),
    (0.0883024619, 0.2817188376, 0.6299787005),
)
TO_LAB = (
    (0.2104542553, 0.7936177850, -0.0040720468),
    (1.9779984951, -2.4285922050, 0.4505937099),
    (0.0259040371, 0.7827717662, -0.8086757660),
)


def _times(matrix: Any, vector: Any) -> list[float]:
    return [sum(a * b for a, b in zip(row, vector, strict=True)) for row in matrix]


def _seen(code: str, sight: str) -> list[float]:
    light = [min(max(part, 0.0), 1.0) for part in _times(SIGHT[sight], _colour(code))]
    return _times(TO_LAB, [part ** (1 / 3) for part in _times(TO_CONES, light)])


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("sight", SIGHT)
def test_categories_can_be_told_apart(theme: str, sight: str) -> None:
    seen = {name: _seen(THEMES[theme][name], sight) for name in CATEGORIES}
    for one, other in itertools.combinations(CATEGORIES, 2):
        # A difference of 0.02 is about what can just be noticed.
        assert math.dist(seen[one], seen[other]) >= 0.055, (one, other)


def test_every_category_has_a_colour_and_a_glyph_of_its_own() -> None:
    assert len({LIGHT[name] for name in CATEGORIES}) == len({DARK[name] for name in CATEGORIES}) == 7
    glyphs = dict(re.findall(r"--glyph-([\w-]+): (url\([^;]*\));", STYLES["site.css"]))
    assert {f"cat-{name}" for name in glyphs} == {*CATEGORIES, "cat-none"}
    assert len(set(glyphs.values())) == len(glyphs)


# --- weight ---


def test_frame_and_styles_are_light() -> None:
    sent = ["css/site.css", "css/print.css", "js/theme.js", "img/icon.svg"]
    assert sum(len(gzip.compress((HERE / "static" / name).read_bytes())) for name in sent) < 12_000
