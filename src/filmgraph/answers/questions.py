"""Each question of the library that is dear on a large store, with what gives its rows at less cost."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache, partial
from hashlib import blake2b

from filmgraph.answers import comparing, crafts, critics, lists, noticing
from filmgraph.answers.asked import Asked, Found, Given, Shorter, narrowed
from filmgraph.answers.ordering import in_order
from filmgraph.arrays import GraphArrays
from filmgraph.namespaces import FG, SCHEMA
from filmgraph.queries import Query, tokens_of
from filmgraph.rows import Rows

__all__ = ["SHORTENED", "TEXTS", "answer", "digest_of", "shortened"]


def answer(
    query: Query,
    values: Mapping[str, Sequence[Given]],
    arrays: Callable[[], GraphArrays],
    select: Callable[[str], Rows],
    *,
    limit: int | None = None,
) -> Rows:
    """Return the rows of a library query, the first ones with a ``limit``, at the least cost that is known.

    The parameters are those of :func:`shortened`. ``select`` is called several times: whoever bounds its time bounds
    that of all calls together.
    """
    shorter = shortened(query, values, arrays, select, limit=limit)
    if shorter is not None:
        rows = in_order(shorter.text, select, limit) if shorter.rows is None else shorter.rows
        if not shorter.first or limit is None or len(rows) >= limit:
            return rows if limit is None else rows.head(limit)
    return in_order(query.bind(values), select, limit)


def shortened(
    query: Query,
    values: Mapping[str, Sequence[Given]],
    arrays: Callable[[], GraphArrays],
    select: Callable[[str], Rows],
    *,
    limit: int | None = None,
) -> Shorter | None:
    """Return what gives the rows of a library query at less cost, None where it is best asked as it stands.

    ``values`` are those of :meth:`~filmgraph.queries.Query.bind`; ``arrays`` is called where they are needed, and
    ``select`` asks the store for the little that is to be known before. With a ``limit`` no more than the first rows
    are wanted.
    """
    # Whoever brings a query of the same name with another text is answered by that text.
    shorten = SHORTENED.get(query.name) if TEXTS.get(query.name) == digest_of(query.text) else None
    found = shorten(Asked(query.bind(values), values, arrays, select, limit)) if shorten else None
    return Shorter(found) if isinstance(found, str) else found


@lru_cache(maxsize=256)
def digest_of(text: str) -> str:
    """Return what tells a query's text from any other, comments and spaces aside."""
    said = " ".join(token for _, token in tokens_of(text))
    return blake2b(said.encode(), digest_size=6).hexdigest()


_CLAIM = "?claim fg:status fg:Accepted"

_REVIEWED = ("reviewed", _CLAIM)

SHORTENED: dict[str, Callable[[Asked], Found]] = {
    "agreement-on-film": narrowed(_REVIEWED),
    "cinematographer-signature": partial(crafts.signature, role=FG + "cinematographer"),
    "claims-by-technique": critics.claims_by_technique,
    "claims-on-technique": lists.claims_on_technique,
    "compared-films": comparing.compared_films,
    "compared-pairs": comparing.compared_pairs,
    "contested-claims": narrowed(("reviewed", "?criticism fg:stance"), whole=critics.contested_claims),
    "contested-craft": critics.contested_craft,
    "corroborated-uses": narrowed(_REVIEWED, whole=noticing.corroborated_uses),
    "critic-values": critics.critic_values,
    "director-signature": partial(crafts.signature, role=SCHEMA + "director"),
    "disputed-uses": narrowed(_REVIEWED, whole=noticing.disputed_uses),
    "films-by-country": crafts.films_by_country,
    "films-by-decade": lists.films_by_decade,
    "films-by-depth": lists.films_by_depth,
    "films-combining-techniques": lists.films_combining,
    "films-of-genre": lists.films_of_genre,
    "films-sharing-techniques": lists.films_sharing,
    "films-using-technique": noticing.uses_of_technique,
    "missing-uses": critics.missing_uses,
    "most-contested-craft": critics.most_contested_craft,
    "rare-techniques": crafts.rare_techniques,
    "scenes-to-screen": lists.scenes_to_screen,
    "technique-page": crafts.technique_page,
    "technique-pairs": crafts.technique_pairs,
    "techniques-by-decade": crafts.techniques_by_decade,
    "techniques-by-films": crafts.techniques_by_films,
    "techniques-of-category": crafts.techniques_of_category,
    "techniques-together": crafts.techniques_together,
    "unnoticed-uses": narrowed(
        ("used_in", "?use fg:film"), ("noticed_in", "?claim fg:aboutFilm"), whole=noticing.unnoticed_uses
    ),
    "wikidata-links": narrowed(("linked", "?linked a fg:Film"), whole=lists.films_linked),
}
"""Name of a question to what gives its shorter text."""

TEXTS: dict[str, str] = {
    "agreement-on-film": "a04c8c193278",
    "cinematographer-signature": "671a705684bc",
    "claims-by-technique": "6d36b7bce079",
    "claims-on-technique": "5e94b78eea9d",
    "compared-films": "d2ec71c1fdd1",
    "compared-pairs": "27da44ec2a05",
    "contested-claims": "59857c64cd44",
    "contested-craft": "27c3cc9614e3",
    "corroborated-uses": "0e1c0772f61b",
    "critic-values": "8259b26d2317",
    "director-signature": "5887333afab0",
    "disputed-uses": "837386b79945",
    "films-by-country": "68e111a3bab1",
    "films-by-decade": "dcfef056fc6d",
    "films-by-depth": "5920672478f3",
    "films-combining-techniques": "24d009943019",
    "films-of-genre": "2bb3dff3b06c",
    "films-sharing-techniques": "f1a2fa5f8b07",
    "films-using-technique": "8c66813b1b63",
    "missing-uses": "3d1cd2c80c28",
    "most-contested-craft": "160950299c81",
    "rare-techniques": "8b40ef7f51cf",
    "scenes-to-screen": "55a091f7a3dc",
    "technique-page": "20b177b6b3a4",
    "technique-pairs": "a6ccfcda84f9",
    "techniques-by-decade": "db8016aafdab",
    "techniques-by-films": "ee40ff070e24",
    "techniques-of-category": "ecde7a0b5291",
    "techniques-together": "2939c8a7d83b",
    "unnoticed-uses": "a474d0db28c4",
    "wikidata-links": "63433fb6fbba",
}
"""Name of a question to the digest of the text that it is known to shorten."""
