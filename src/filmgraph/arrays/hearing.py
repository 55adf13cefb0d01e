"""What critics say, as columns of numbers: accepted claims, comparisons, and who speaks in each review."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from itertools import product
from typing import Any

import numpy as np
import numpy.typing as npt

from filmgraph.arrays.csr import Csr
from filmgraph.arrays.scanning import Numbers, Scan, is_iri_form
from filmgraph.namespaces import FG, SCHEMA, slug_of

__all__ = ["SIGNED_BY", "STANCES", "Heard", "Hearing"]

STANCES = ("praise", "criticism", "mixed", "observation")
"""The stances of a claim; the numbers that stand for them."""

SIGNED_BY = ("", SCHEMA + "author", SCHEMA + "publisher")
"""By what a review is signed, if it does not speak for itself."""

Places = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Heard:
    """What was read of critics: sorted texts by table, and rows of numbers that are to be renumbered by them."""

    texts: dict[str, list[bytes]]
    voices: Csr
    signed: npt.NDArray[Any]
    said: list[tuple[int, int, int, bool, int, int]]
    comparisons: list[tuple[int, int, int, int, bool]]
    titled: list[tuple[int, int, int, int]]
    places: Mapping[str, Places]

    def tables(self, films: Places, concepts: Places) -> dict[str, dict[str, npt.NDArray[Any]]]:
        """Return the columns of each table, given the places of films and concepts; rows in the order of films."""
        claims, reviews = self.places["claims"], self.places["reviews"]
        stances, titles = self.places["stances"], self.places["titles"]
        said = _columns(self.said, (claims, reviews, films, None, concepts, stances))
        rows = np.lexsort((said[5], said[4], 1 - said[3], said[1], said[0], said[2]))
        claim, review, film, aspect, about, stance = (column[rows] for column in said)
        codes = self.places["stance_codes"]
        compared = _columns(self.comparisons, (claims, reviews, films, films, None))
        rows = np.lexsort((compared[3], compared[2], compared[1], compared[0]))
        by_claim = [column[rows] for column in compared]
        titled = [np.asarray(column) for column in _columns(self.titled, (claims, reviews, films, titles))]
        return {
            "said": {
                **_small(claim=claim, review=review, film=film, about=about),
                "aspect": aspect.astype("?"),
                "stance": (codes[stance] if len(stance) else stance).astype("<u2"),
            },
            "comparisons": {
                **_small(claim=by_claim[0], review=by_claim[1], film=by_claim[2], other=by_claim[3]),
                "named": by_claim[4].astype("?"),
            },
            "titled": _small(claim=titled[0], review=titled[1], film=titled[2], title=titled[3]),
        }


class Hearing:
    """Takes what scans find of critics, one list of scans after the other, and puts it together."""

    def __init__(self, films: Numbers, concepts: Numbers) -> None:
        self._claims, self._reviews, self._stances, self._titles = Numbers(), Numbers(), Numbers(), Numbers()
        self._films = films
        self._voices = Numbers()
        self._signed: list[dict[int, list[int]]] = [defaultdict(list) for _ in SIGNED_BY[1:]]
        self._of = {
            "claimedIn": _OfClaims(self._claims, self._reviews),
            "aboutFilm": _OfClaims(self._claims, films),
            "aboutTechnique": _OfClaims(self._claims, concepts),
            "aboutAspect": _OfClaims(self._claims, concepts),
            "stance": _OfClaims(self._claims, self._stances),
            "comparesTo": _OfClaims(self._claims, films),
            "comparesToTitle": _OfClaims(self._claims, self._titles),
        }

    def claims(self) -> list[Scan]:
        """Return the scan of the claims that are accepted, which comes first."""
        return [Scan(FG + "status", lambda claim, _: self._claims(claim), FG + "Accepted")]

    def scans(self) -> list[Scan]:
        """Return the scans of what accepted claims say."""
        return [Scan(FG + name, of.take) for name, of in self._of.items()]

    def signers(self) -> list[Scan]:
        """Return the scans of who signed their reviews."""
        return [
            Scan(predicate, partial(self._take_signer, signed))
            for predicate, signed in zip(SIGNED_BY[1:], self._signed, strict=True)
        ]

    def _take_signer(self, signed: dict[int, list[int]], review: bytes, who: bytes) -> None:
        at = self._reviews.of.get(review)
        if at is not None:
            signed[at].append(self._voices(who))

    def heard(self) -> Heard:
        """Return what was taken, as rows of numbers and sorted texts."""
        said: list[tuple[int, int, int, bool, int, int]] = []
        review_of, film_of, stance_of = (self._of[name].found for name in ("claimedIn", "aboutFilm", "stance"))
        for is_aspect, name in ((False, "aboutTechnique"), (True, "aboutAspect")):
            for claim, abouts in self._of[name].found.items():
                parts = review_of.get(claim, ()), film_of.get(claim, ()), abouts, stance_of.get(claim, ())
                said += [
                    (claim, review, film, is_aspect, about, stance) for review, film, about, stance in product(*parts)
                ]
        titled = [
            (claim, review, film, title)
            for claim, found in self._of["comparesToTitle"].found.items()
            for review, film, title in product(review_of.get(claim, ()), film_of.get(claim, ()), found)
        ]
        tables = {
            "claims": self._claims, "reviews": self._reviews, "stances": self._stances, "titles": self._titles,
        }  # fmt: skip
        texts: dict[str, list[bytes]] = {}
        places: dict[str, Places] = {}
        for name, numbers in tables.items():
            texts[name], places[name] = numbers.in_order()
        names = [slug_of(stance.decode()).lower() for stance in texts["stances"]]
        known = [*STANCES, *sorted(set(names) - set(STANCES))]
        texts["stances"] = [name.encode() for name in known]
        places["stance_codes"] = np.array([known.index(name) for name in names], np.int64)
        voices, signed = self._speaking(texts, places["reviews"])
        return Heard(texts, voices, signed, said, self._comparisons(), titled, places)

    def _comparisons(self) -> list[tuple[int, int, int, int, bool]]:
        """Return claim, review and both films of each comparison, and whether all of them are IRIs."""
        review_of, film_of = self._of["claimedIn"].found, self._of["aboutFilm"].found
        claims, reviews, films = (
            [is_iri_form(form) for form in numbers.of] for numbers in (self._claims, self._reviews, self._films)
        )
        return [
            (claim, review, film, other, claims[claim] and reviews[review] and films[film] and films[other])
            for claim, others in self._of["comparesTo"].found.items()
            for review, film, other in product(review_of.get(claim, ()), film_of.get(claim, ()), others)
        ]

    def _speaking(self, texts: dict[str, list[bytes]], place: Places) -> tuple[Csr, npt.NDArray[Any]]:
        """Return who speaks in each review, and by which property it says so; put their texts among the others."""
        by = np.zeros(len(texts["reviews"]), "u1")
        speaking: list[tuple[int, int]] = []
        for form, review in self._reviews.of.items():
            for code, who in enumerate(self._signed, 1):
                if review in who:
                    by[place[review]] = code
                    speaking += [(int(place[review]), voice) for voice in who[review]]
                    break
            else:
                speaking.append((int(place[review]), self._voices(form)))
        texts["voices"], place_of = self._voices.in_order()
        pairs = sorted({(review, int(place_of[voice])) for review, voice in speaking})
        rows, columns = np.array(pairs, np.int64).reshape(-1, 2).T
        return Csr.of_pairs(rows, columns, (len(texts["reviews"]), len(texts["voices"]))), by


class _OfClaims:
    """By the number of an accepted claim the numbers of what a property says of it."""

    def __init__(self, claims: Numbers, numbers: Numbers) -> None:
        self._claims = claims
        self._numbers = numbers
        self.found: dict[int, tuple[int, ...]] = {}

    def take(self, claim: bytes, value: bytes) -> None:
        """Take what is said of a claim, if it is accepted."""
        at = self._claims.of.get(claim)
        if at is not None:
            self.found[at] = (*self.found.get(at, ()), self._numbers(value))


def _columns(rows: list[Any], places: Iterable[Places | None]) -> list[npt.NDArray[np.int64]]:
    """Return rows of numbers as columns, each renumbered by its places."""
    places = list(places)
    table = np.array(rows, np.int64).reshape(-1, len(places))
    return [table[:, at] if of is None else of[table[:, at]] for at, of in enumerate(places)]


def _small(**columns: npt.NDArray[Any]) -> dict[str, npt.NDArray[Any]]:
    return {name: column.astype("<i4") for name, column in columns.items()}
