"""Links: from an IRI to the path of its page and back, and which addresses outside may be linked at all."""

from __future__ import annotations

import re
from urllib.parse import quote, unquote, urlencode

from filmgraph.namespaces import BASE, KINDS, iri, slug_of
from filmgraph.web.kinds import STATIC_FORMS_OF_KIND
from filmgraph.web.negotiation import FORMS, form_of_ending

__all__ = ["Links", "iris_at", "outside", "place_of"]

_USUAL = re.compile(rf"(?:{'|'.join(KINDS)})/[a-z0-9]+(?:-{{1,2}}[a-z0-9]+)*|ontology|shapes")
_UNUSUAL = re.compile(rf"({'|'.join(KINDS)})/([^/?#]+)")
_OUTSIDE = re.compile(r"https?://[^\s\x00-\x20<>\"'`{}|\\^]+", re.IGNORECASE)
_NOT_IN_IRI = re.compile(r'[\x00-\x20\x7f-\x9f<>"{}|^`\\]')
_IN_SEGMENT = "-._~!$&'()*+,;=:@"
_SAFE = "-._~@:"
_LONGEST = 240
"""The longest slug in bytes that has a path: with an ending it is still the name of a file."""


def outside(address: object) -> str | None:
    """Return an address if it is one of the web that a page may link to, else None: no ``javascript:``, no ``data:``.

    >>> outside("https://www.imdb.com/title/tt1798709/")
    'https://www.imdb.com/title/tt1798709/'
    >>> outside("javascript:alert(1)") is None
    True
    """
    text = str(address or "")
    return text if _OUTSIDE.fullmatch(text) else None


def place_of(resource: str) -> str | None:
    """Return the path, not yet encoded, at which a resource of the graph has its page; None where it can have none.

    A slug has a path of its own if it is one segment that comes back from an address as the same IRI, and if it does
    not end as data does.

    >>> place_of("https://w3id.org/filmgraph/film/her-2013"), place_of("https://w3id.org/filmgraph/film/amélie-2001")
    ('/film/her-2013', '/film/amélie-2001')
    >>> place_of("https://w3id.org/filmgraph/film/her.ttl") is None
    True
    """
    if not resource.startswith(BASE):
        return None
    local = resource[len(BASE) :]
    if len(local) > _LONGEST and len(slug_of(local).encode(errors="replace")) > _LONGEST:
        return None
    if _USUAL.fullmatch(local):
        return f"/{local}"
    found = _UNUSUAL.fullmatch(local)
    if found is None:
        return None
    kind, slug = found.groups()
    try:
        path = unquote(slug, errors="strict")
    except UnicodeDecodeError:
        return None
    is_segment = "/" not in path and "\\" not in path and path not in (".", "..") and len(path.encode()) <= _LONGEST
    is_data = form_of_ending(path.rpartition(".")[2]) is not None and "." in path
    return f"/{kind}/{path}" if is_segment and not is_data and resource in iris_at(kind, path) else None


def iris_at(kind: str, slug: str) -> tuple[str, ...]:
    """Return the IRIs that the slug of a path may mean: as it is written, and percent-encoded.

    >>> [address.rpartition("/")[2] for address in iris_at("film", "amélie")]
    ['amélie', 'am%C3%A9lie']
    """
    try:
        written = (slug, quote(slug, safe=_IN_SEGMENT))
    except UnicodeEncodeError:
        return ()
    return tuple(dict.fromkeys(iri(kind, each) for each in written if not _NOT_IN_IRI.search(each)))


class Links:
    """Makes the links of a site from paths and IRIs.

    ``prefix`` comes before every path; with ``is_static`` a page is a folder with an index, and its path ends in a
    slash.

    >>> links = Links(prefix="/kg")
    >>> links.href("/films", genre="drama"), links.path("https://w3id.org/filmgraph/film/her-2013")
    ('/kg/films?genre=drama', '/kg/film/her-2013')
    """

    def __init__(self, *, prefix: str = "", is_static: bool = False) -> None:
        self.prefix = prefix
        self.is_static = is_static

    def href(self, path: str, /, **query: object) -> str:
        """Return the link to a path of the site, with a query; a list makes a parameter several times."""
        pairs = [
            (name.rstrip("_"), str(value))
            for name, values in query.items()
            for value in (values if isinstance(values, list | tuple) else [values])
            if value is not None and value != ""
        ]
        is_file = path == "/" or path.startswith("/.well-known/") or "." in path.rsplit("/", 1)[-1]
        end = "/" if self.is_static and not is_file else ""
        return self.prefix + quote(path, safe="/" + _SAFE) + end + (f"?{urlencode(pairs)}" if pairs else "")

    def path(self, iri: object) -> str | None:
        """Return the link to the page of a resource, None for an IRI that is not one of the graph's.

        What cannot have a path of its own has a page that names its IRI; a static build has no such page.
        """
        text = str(iri or "")
        if not text.startswith(BASE):
            return None
        page, hash_, fragment = text.partition("#")
        place = place_of(page)
        if place is None:
            return None if self.is_static else self.href("/resource", iri=text)
        link = self.prefix + quote(place, safe="/" + _SAFE) + ("/" if self.is_static else "")
        return link + (f"#{quote(fragment)}" if hash_ else "")

    def data(self, iri: object, ending: str) -> str | None:
        """Return the link to the data of a resource in the form that an ending names, None where it has none."""
        text = str(iri or "")
        if not text.startswith(BASE):
            return None
        place = place_of(text.partition("#")[0])
        if place is None:
            return None if self.is_static else self.href(f"/resource.{ending}", iri=text)
        forms = STATIC_FORMS_OF_KIND.get(place.split("/")[1]) if self.is_static else None
        if forms is not None and ending not in {FORMS[form].ending for form in forms}:
            return None
        return self.prefix + quote(f"{place}.{ending}", safe="/" + _SAFE)

    def any(self, iri: object) -> str | None:
        """Return where a link to an IRI may lead: to its page here, or out into the web; None where nowhere."""
        text = str(iri or "")
        return self.path(text) if text.startswith(BASE) else outside(text)
