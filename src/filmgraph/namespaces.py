"""The namespaces of the graph, and the forms in which an IRI is written.

This is the only place in the code that spells an IRI. Everything is a plain string, so that nothing heavy is
imported to know a name.
"""

from __future__ import annotations

import re
import unicodedata

__all__ = [
    "ADA",
    "BASE",
    "DCAT",
    "DCTERMS",
    "FG",
    "FGH",
    "FGS",
    "FILE_FORMATS",
    "FOAF",
    "JSONLD",
    "KINDS",
    "MEDIA_TYPES",
    "OA",
    "OWL",
    "PREFIXES",
    "PROV",
    "RDF",
    "RDFS",
    "ROLES",
    "SCHEMA",
    "SD",
    "SH",
    "SKOS",
    "SPARQL_PREFIXES",
    "SPARQL_PROTOCOL",
    "VOID",
    "WD",
    "WDT",
    "XSD",
    "expand",
    "iri",
    "kind_of",
    "shorten",
    "slug_of",
    "slugify",
]

BASE = "https://w3id.org/filmgraph/"
FG = BASE + "ontology#"
FGS = BASE + "shapes#"
FGH = BASE + "house-style#"
SCHEMA = "https://schema.org/"
SKOS = "http://www.w3.org/2004/02/skos/core#"
PROV = "http://www.w3.org/ns/prov#"
OA = "http://www.w3.org/ns/oa#"
DCTERMS = "http://purl.org/dc/terms/"
WD = "http://www.wikidata.org/entity/"
WDT = "http://www.wikidata.org/prop/direct/"
ADA = "http://ada.filmontology.org/resource/2020/03/17/"
OWL = "http://www.w3.org/2002/07/owl#"
VOID = "http://rdfs.org/ns/void#"
DCAT = "http://www.w3.org/ns/dcat#"
FOAF = "http://xmlns.com/foaf/0.1/"
SPARQL_PROTOCOL = "http://www.w3.org/TR/sparql11-protocol/"
SD = "http://www.w3.org/ns/sparql-service-description#"
FILE_FORMATS = "http://www.w3.org/ns/formats/"
MEDIA_TYPES = "https://www.iana.org/assignments/media-types/"
RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
RDFS = "http://www.w3.org/2000/01/rdf-schema#"
XSD = "http://www.w3.org/2001/XMLSchema#"
SH = "http://www.w3.org/ns/shacl#"
JSONLD = "http://www.w3.org/ns/json-ld#"

KINDS: tuple[str, ...] = (
    "film",
    "technique",
    "category",
    "use",
    "scene",
    "person",
    "organization",
    "genre",
    "country",
    "review",
    "claim",
    "passage",
    "aspect",
    "activity",
    "agent",
)
"""The kinds of resource, each the first part of a resource's path."""

ROLES: dict[str, str] = {
    SCHEMA + "director": "director",
    FG + "cinematographer": "cinematographer",
    FG + "filmEditor": "editor",
    SCHEMA + "musicBy": "composer",
    FG + "productionDesigner": "production designer",
}
"""Property of a credit to the role's name."""

PREFIXES: dict[str, str] = {
    **{kind: f"{BASE}{kind}/" for kind in KINDS},
    "adatype": ADA + "AnnotationType/",
    "adavalue": ADA + "AnnotationValue/",
    "dcat": DCAT,
    "dcterms": DCTERMS,
    "fg": FG,
    "fgh": FGH,
    "fgs": FGS,
    "foaf": FOAF,
    "oa": OA,
    "owl": OWL,
    "prov": PROV,
    "rdf": RDF,
    "rdfs": RDFS,
    "schema": SCHEMA,
    "sd": SD,
    "sh": SH,
    "skos": SKOS,
    "vann": "http://purl.org/vocab/vann/",
    "void": VOID,
    "wd": WD,
    "wdt": WDT,
    "xsd": XSD,
}
"""Prefix to namespace: what Turtle, SPARQL and the command line understand."""

SPARQL_PREFIXES = "".join(f"PREFIX {prefix}: <{namespace}>\n" for prefix, namespace in sorted(PREFIXES.items()))

_LOCAL_NAME = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_-]*[A-Za-z0-9_])?")
_UNDECOMPOSED = str.maketrans(
    dict(zip("øØłŁđĐðÐı", "oOlLdDdDi", strict=True))
    | {"ß": "ss", "ẞ": "SS", "æ": "ae", "Æ": "Ae", "œ": "oe", "Œ": "Oe", "þ": "th", "Þ": "Th"}
)


def iri(kind: str, slug: str) -> str:
    """Return the IRI of a resource from its kind and slug.

    >>> iri("film", "her-2013")
    'https://w3id.org/filmgraph/film/her-2013'
    """
    if kind not in KINDS:
        raise ValueError(f"{kind!r} is no kind of resource; the kinds are {', '.join(KINDS)}")
    return f"{BASE}{kind}/{slug}"


def kind_of(resource: str) -> str | None:
    """Return the kind of a resource from its IRI, None for an IRI that is not one of the graph's.

    >>> kind_of("https://w3id.org/filmgraph/film/her-2013")
    'film'
    """
    if not resource.startswith(BASE):
        return None
    kind, slash, _slug = resource[len(BASE) :].partition("/")
    return kind if slash and kind in KINDS else None


def slug_of(resource: str) -> str:
    """Return the last part of an IRI: the slug of a resource, the local name of a term.

    >>> slug_of("https://w3id.org/filmgraph/film/her-2013")
    'her-2013'
    """
    return re.split(r"[/#]", resource)[-1]


def shorten(resource: str) -> str:
    """Return the CURIE of an IRI, or the IRI itself where no prefix fits.

    >>> shorten("https://w3id.org/filmgraph/film/her-2013"), shorten("http://example.org/x")
    ('film:her-2013', 'http://example.org/x')
    """
    end = max(resource.rfind("/"), resource.rfind("#"))
    prefix = _PREFIX_OF.get(resource[: end + 1])
    local = resource[end + 1 :]
    return f"{prefix}:{local}" if prefix and _LOCAL_NAME.fullmatch(local) else resource


_PREFIX_OF = {namespace: prefix for prefix, namespace in PREFIXES.items()}


def expand(curie: str) -> str | None:
    """Return the IRI of a CURIE, None where its prefix is not known.

    >>> expand("film:her-2013"), expand("unknown:x")
    ('https://w3id.org/filmgraph/film/her-2013', None)
    """
    prefix, colon, local = curie.partition(":")
    namespace = PREFIXES.get(prefix)
    return namespace + local if colon and namespace and _LOCAL_NAME.fullmatch(local) else None


def slugify(text: str) -> str:
    """Return the slug of a title or name: lower-case ASCII with single hyphens.

    >>> slugify("Amélie"), slugify("Mise-en-scène"), slugify("M*A*S*H"), slugify("WALL·E"), slugify("L’Eclisse")
    ('amelie', 'mise-en-scene', 'm-a-s-h', 'wall-e', 'l-eclisse')
    >>> slugify("8½")
    '8-1-2'
    """
    if text.isascii():
        return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")
    # A fraction's digits are not those of the number before it.
    parted = re.sub(r"[¼-¾⅐-⅞]", r" \g<0>", text)
    decomposed = unicodedata.normalize("NFKD", parted.translate(_UNDECOMPOSED))
    # Accents and letters beyond ASCII are dropped; typographic quotes, dashes and dots part words as ASCII's do.
    ascii_text = "".join(
        character if character.isascii() else "" if unicodedata.category(character)[0] in "ML" else "-"
        for character in decomposed
    )
    return re.sub(r"[^a-z0-9]+", "-", ascii_text.lower()).strip("-")
