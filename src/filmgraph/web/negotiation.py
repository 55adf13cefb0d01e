"""Which form of a page is wanted: by the ending of its path, or by the Accept header (RFC 9110, section 12.5.1)."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

__all__ = ["FORMS", "RDF_FORMS", "Form", "best_form", "best_of", "form_of_ending"]


@dataclass(frozen=True)
class Form:
    """A form in which a page can be had: media type, ending, and the name that people know it by."""

    media_type: str
    ending: str
    label: str
    also: tuple[str, ...] = ()

    @property
    def content_type(self) -> str:
        """The Content-Type header."""
        is_text = self.media_type.startswith("text/") or self.media_type == "application/xml"
        return f"{self.media_type}; charset=utf-8" if is_text else self.media_type


FORMS: dict[str, Form] = {
    "html": Form("text/html", "", "Page", ("application/xhtml+xml",)),
    "turtle": Form("text/turtle", "ttl", "Turtle", ("application/x-turtle",)),
    "jsonld": Form("application/ld+json", "jsonld", "JSON-LD"),
    "ntriples": Form("application/n-triples", "nt", "N-Triples", ("text/plain",)),
    "rdfxml": Form("application/rdf+xml", "rdf", "RDF/XML"),
    "json": Form("application/json", "json", "JSON"),
    "csv": Form("text/csv", "csv", "CSV"),
    "results": Form("application/sparql-results+json", "srj", "SPARQL JSON"),
}
"""Name of a form to what it is, the one that wins a tie first."""

RDF_FORMS = ("turtle", "jsonld", "ntriples", "rdfxml")
"""The forms that hold triples."""

_FORM_OF_ENDING = {form.ending: name for name, form in FORMS.items() if form.ending}
_RANGE = re.compile(r"\s*([A-Za-z0-9!#$&^_.+*-]+)/([A-Za-z0-9!#$&^_.+*-]+)\s*((?:;[^;,]*)*)")
_LONGEST_ACCEPT = 2_000


def form_of_ending(ending: str) -> str | None:
    """Return the form that an ending stands for, None where it stands for none.

    >>> form_of_ending("ttl"), form_of_ending("exe")
    ('turtle', None)
    """
    return _FORM_OF_ENDING.get(ending)


def best_form(accept: str | None, offered: Collection[str]) -> str | None:
    """Return the form that an Accept header wants most among those that are offered, None where nothing fits.

    Without a header, or with ``*/*``, the first of :data:`FORMS` that is offered wins; so it does in a tie.

    >>> best_form("text/turtle;q=0.8, application/ld+json", ["html", "turtle", "jsonld"])
    'jsonld'
    >>> best_form("image/png", ["html", "turtle"]) is None
    True
    """
    return best_of(accept, {name: (form.media_type, *form.also) for name, form in FORMS.items() if name in offered})


def best_of(accept: str | None, offered: Mapping[str, Sequence[str]]) -> str | None:
    """Return the name whose media types an Accept header wants most, the first of those in a tie, None for none.

    >>> best_of("application/xml, */*;q=0.1", {"json": ["application/json"], "xml": ["text/xml", "application/xml"]})
    'xml'
    """
    if accept is None or not accept.strip():
        return next(iter(offered), None)
    ranges = _ranges(accept[:_LONGEST_ACCEPT])
    ranked = [(_quality_of_any(types, ranges), name) for name, types in offered.items()]
    best = max((quality for quality, _ in ranked), default=0.0)
    return next((name for quality, name in ranked if quality == best), None) if best > 0 else None


def _ranges(accept: str) -> list[tuple[str, str, float]]:
    """Return (type, subtype, quality) of each media range that can be read; others are left out."""
    found = []
    for part in accept.split(","):
        match = _RANGE.fullmatch(part.rstrip())
        if match:
            found.append((match[1].lower(), match[2].lower(), _weight(match[3])))
    return found


def _weight(parameters: str) -> float:
    for parameter in parameters.split(";"):
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "q":
            return float(value) if re.fullmatch(r"\s*[01](\.[0-9]{0,3})?\s*", value, re.ASCII) else 0.0
    return 1.0


def _quality_of_any(types: Sequence[str], ranges: Sequence[tuple[str, str, float]]) -> float:
    """Return the best quality of several names of one type; where one is written out, no wildcard speaks for it."""
    named = [quality for kind, subtype, quality in ranges if f"{kind}/{subtype}" in types]
    return max(named or (_quality(media_type, ranges) for media_type in types))


def _quality(media_type: str, ranges: Sequence[tuple[str, str, float]]) -> float:
    """Return the quality that the most specific range gives a media type."""
    main, _, sub = media_type.partition("/")
    for wanted in ((main, sub), (main, "*"), ("*", "*")):
        qualities = [quality for kind, subtype, quality in ranges if (kind, subtype) == wanted]
        if qualities:
            return max(qualities)
    return 0.0
