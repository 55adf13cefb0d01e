"""IRIs, CURIEs and slugs: each there and back."""

from __future__ import annotations

import re

import pyoxigraph as ox
import pytest
from hypothesis import given
from hypothesis import strategies as st

from filmgraph import namespaces
from filmgraph.namespaces import (
    BASE,
    FG,
    KINDS,
    PREFIXES,
    SPARQL_PREFIXES,
    expand,
    iri,
    kind_of,
    shorten,
    slug_of,
    slugify,
)

SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


def test_all_is_complete_and_sorted() -> None:
    public = {name for name in vars(namespaces) if not name.startswith("_")} - {"annotations", "re", "unicodedata"}
    assert set(namespaces.__all__) == public
    assert namespaces.__all__ == sorted(namespaces.__all__)


def test_each_kind_has_a_prefix() -> None:
    assert [PREFIXES[kind] for kind in KINDS] == [f"{BASE}{kind}/" for kind in KINDS]
    assert len(set(PREFIXES.values())) == len(PREFIXES)
    assert all(namespace[-1] in "/#" for namespace in PREFIXES.values())


def test_the_prefixes_are_sparql() -> None:
    patterns = " . ".join(f"{prefix}:a a {prefix}:b" for prefix in PREFIXES)
    assert bool(ox.Store().query(f"{SPARQL_PREFIXES} ASK {{ {patterns} }}")) is False


@pytest.mark.parametrize("kind", KINDS)
def test_a_resource_there_and_back(kind: str) -> None:
    resource = iri(kind, "her-2013--silence--1")
    assert kind_of(resource) == kind
    assert slug_of(resource) == "her-2013--silence--1"
    assert shorten(resource) == f"{kind}:her-2013--silence--1"
    assert expand(shorten(resource)) == resource


def test_a_kind_that_is_none() -> None:
    with pytest.raises(ValueError, match="no kind of resource; the kinds are film, "):
        iri("movie", "her-2013")


@pytest.mark.parametrize(
    ("resource", "kind"),
    [
        (BASE, None),
        (BASE + "film", None),
        (BASE + "movie/x", None),
        (FG + "Film", None),
        ("http://example.org/film/x", None),
        ("", None),
        (BASE + "film/", "film"),
        (BASE + "film/a/b", "film"),
    ],
)
def test_kinds(resource: str, kind: str | None) -> None:
    assert kind_of(resource) == kind


@pytest.mark.parametrize(
    ("resource", "short"),
    [
        (FG + "Film", "fg:Film"),
        (FG, FG),
        (BASE + "film/", BASE + "film/"),
        (BASE + "film/a/b", BASE + "film/a/b"),
        (BASE + "film/a.b", BASE + "film/a.b"),
        (BASE + "film/-a", BASE + "film/-a"),
        (BASE + "film/a-", BASE + "film/a-"),
        (BASE + "film/é", BASE + "film/é"),
        (BASE + "film/a?b#c", BASE + "film/a?b#c"),
        (FG + "a/b", FG + "a/b"),
        ("http://example.org/x", "http://example.org/x"),
        ("urn:x", "urn:x"),
        ("", ""),
        ("/", "/"),
    ],
)
def test_shortening(resource: str, short: str) -> None:
    assert shorten(resource) == short


@pytest.mark.parametrize(
    "curie", ["", ":", "film:", "film", "movie:x", "film:a/b", "film:a b", "film:<x>", "film:é", "Film:x"]
)
def test_what_is_no_curie(curie: str) -> None:
    assert expand(curie) is None


@given(st.sampled_from(list(PREFIXES)), st.text("ab09_-", min_size=1, max_size=8))
def test_expand_is_the_inverse_of_shorten(prefix: str, local: str) -> None:
    resource = PREFIXES[prefix] + local
    short = shorten(resource)
    assert short == resource or expand(short) == resource


@pytest.mark.parametrize(
    ("text", "slug"),
    [
        ("Her", "her"),
        ("Amélie", "amelie"),
        ("Ame\u0301lie", "amelie"),
        ("Cléo de 5 à 7", "cleo-de-5-a-7"),
        ("L'Eclisse", "l-eclisse"),
        ("L’Eclisse", "l-eclisse"),
        ("WALL·E", "wall-e"),
        ("Mise–en–scène", "mise-en-scene"),
        ("M*A*S*H", "m-a-s-h"),
        ("  Dr. Strangelove, or: …  ", "dr-strangelove-or"),
        ("Tomas Alfredson & Hoyte van Hoytema", "tomas-alfredson-hoyte-van-hoytema"),
        ("Søren Łukasz Đorđe Weiß Æon Œuvre ığ", "soren-lukasz-dorde-weiss-aeon-oeuvre-ig"),
        ("ﬁlm ２００１", "film-2001"),
        ("千と千尋", ""),
        ("Она", ""),
        ("---", ""),
        ("", ""),
        ("a\u00a0b\u200bc\x00d", "a-b-c-d"),
    ],
)
def test_slugs(text: str, slug: str) -> None:
    assert slugify(text) == slug


@given(st.text(max_size=30))
def test_a_slug_is_a_slug(text: str) -> None:
    slug = slugify(text)
    assert slug == "" or SLUG.fullmatch(slug)
    assert slugify(slug) == slug
    assert slugify(text.upper()) == slugify(text.upper().lower())
