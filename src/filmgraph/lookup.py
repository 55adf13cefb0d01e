"""From what people write to the resource they mean: slug, CURIE, IRI or label; and search, with "did you mean"."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING

import pyoxigraph as ox

from filmgraph.errors import AmbiguousNameError, NotFoundError
from filmgraph.namespaces import DCTERMS, FG, KINDS, SCHEMA, SKOS, expand, iri, kind_of, shorten, slug_of, slugify
from filmgraph.rows import printable

if TYPE_CHECKING:
    from filmgraph.stores import Store

__all__ = ["Hit", "Named", "labels_of", "language_rank", "resolve", "search", "texts_of"]

_LABELS = (
    f"<{SCHEMA}name>",
    f"<{SKOS}prefLabel>",
    f"<{SCHEMA}alternateName>",
    f"<{SKOS}altLabel>",
    f"<{SKOS}hiddenLabel>",
)
_KINDS_OF_TYPE: dict[str, tuple[str, ...]] = {
    "concept": ("technique", "aspect", "category"),
    "person": ("person", "organization"),
    "iri": KINDS,
}
_LONGEST_NAME = 300
_NOT_IN_IRI = re.compile(r'[\x00-\x20<>"{}|^`\\]')


@dataclass(frozen=True)
class Named:
    """A resource and its display name."""

    iri: str
    name: str


@dataclass(frozen=True)
class Hit:
    """A resource that a search found: its IRI, its name, the label that matched, and how well (0 to 100)."""

    iri: str
    name: str
    matched: str
    score: float

    @property
    def kind(self) -> str:
        """The kind of the resource."""
        return kind_of(self.iri) or ""


def resolve(store: Store, text: str, *, kind: str | None = None) -> str:
    """Return the IRI of the resource that a text means: a slug, CURIE or label in any letter case, or an IRI.

    ``kind`` is a kind of resource, ``concept`` for a technique, an aspect or a category, or None for any kind. A
    person may also be an organization, such as a band that wrote a score. A resource that was replaced
    (``dcterms:isReplacedBy``) leads to the one that took its place.

    Raises :class:`~filmgraph.errors.NotFoundError`, with the nearest names, where nothing bears the name, and
    :class:`~filmgraph.errors.AmbiguousNameError` where several resources do.
    """
    wanted = text.strip() if isinstance(text, str) else ""
    kinds = _KINDS_OF_TYPE.get(kind or "iri", (kind or "iri",))
    if not wanted or len(wanted) > _LONGEST_NAME:
        raise NotFoundError(
            f"A {kind or 'name'} needs a slug, CURIE, IRI or label of at most {_LONGEST_NAME} characters."
        )
    found = _found(store, wanted, kinds)
    if len(found) == 1 and _is_one_of(found[0], kinds):
        return found[0]
    shown = printable(wanted)
    if len(found) > 1:
        names = [slug_of(resource) if len(kinds) == 1 else shorten(resource) for resource in found[:6]]
        raise AmbiguousNameError(f"{shown!r} is the name of {len(found)} resources.", suggestions=names)
    iri_of = expand(wanted.lower()) or wanted
    hits = search(store, slug_of(iri_of) if kind_of(iri_of) else wanted, kinds=kinds, limit=3)
    near = [printable(f"{slug_of(hit.iri)} ({hit.name})") for hit in hits]
    other = found or _found(store, wanted, [each for each in KINDS if each not in kinds])
    if other and kind:
        message = f"{shown!r} is {_of_another_kind(other[0], kind)}."
    else:
        message = f"There is no {kind or 'resource'} {shown!r} in this graph."
    raise NotFoundError(message, suggestions=near)


def _found(store: Store, text: str, kinds: Sequence[str]) -> list[str]:
    """Return the resources that a text means, each one that was replaced by what took its place, sorted."""
    found = _by_identifier(store, text, kinds) or _by_label(store, text, kinds)
    if not found:
        return []
    # Where replacements go round in a circle there is no end, and the resource stands for itself.
    values = " ".join(f"<{resource}>" for resource in found)
    replaced = f"<{DCTERMS}isReplacedBy>"
    query = (
        f"SELECT DISTINCT ?old ?new WHERE {{ VALUES ?old {{ {values} }} ?old {replaced}+ ?new "
        f"FILTER(isIRI(?new)) FILTER NOT EXISTS {{ ?new {replaced} ?newer }} }}"
    )
    current: dict[str, list[str]] = {}
    for old, new in store.select(query):
        current.setdefault(str(old), []).append(str(new))
    return sorted({new for resource in found for new in current.get(resource, [resource])})


def _is_one_of(resource: str, kinds: Sequence[str]) -> bool:
    return kind_of(resource) in kinds or tuple(kinds) == KINDS


def _of_another_kind(resource: str, wanted: str) -> str:
    """Return what a resource is that was taken for another kind: "a category, not a technique; …"."""
    kind = kind_of(resource) or "resource"
    told = f"{_with_article(kind)}, not {_with_article(_WANTED.get(wanted, wanted))}; its name is {shorten(resource)}"
    if kind == "category" and "technique" in _KINDS_OF_TYPE.get(wanted, (wanted,)):
        told += f", and the query techniques-of-category category={slug_of(resource)} lists its techniques"
    return told


def _with_article(noun: str) -> str:
    return f"{'an' if noun[0] in 'aeio' else 'a'} {noun}"


_WANTED = {"concept": "technique, aspect or category"}


def _by_identifier(store: Store, text: str, kinds: Sequence[str]) -> list[str]:
    slug = text.lower()
    candidates = [iri(kind, slug) for kind in kinds if re.fullmatch(r"[a-z0-9]+(-{1,2}[a-z0-9]+)*", slug)]
    expanded = expand(text) or expand(slug) or (text if _is_iri(text) else None)
    if expanded and _is_one_of(expanded, kinds):
        candidates += [expanded, expanded.lower()] if kind_of(expanded) else [expanded]
    return [candidate for candidate in dict.fromkeys(candidates) if store.ask(_known(candidate))]


def _is_iri(text: str) -> bool:
    if "://" not in text or _NOT_IN_IRI.search(text):
        return False
    try:
        ox.NamedNode(text)
    except ValueError:
        return False
    return True


def _known(candidate: str) -> str:
    """Return the ASK for an IRI: one of the graph's own must be described, another one only be named."""
    named = "" if kind_of(candidate) else f" UNION {{ ?s ?p <{candidate}> }}"
    return f"ASK {{ {{ <{candidate}> ?p ?o }}{named} }}"


def _by_label(store: Store, text: str, kinds: Sequence[str]) -> list[str]:
    """Return the resources that bear a label; a name counts before an alternative one."""
    folded = _folded(text)
    labelled = [(rank, resource, _folded(label)) for resource, label, rank in _labelled(store, kinds)]
    matches = [(rank, resource) for rank, resource, label in labelled if label == folded]
    with_year = _WITH_YEAR.fullmatch(text)
    if not matches and with_year:
        title, ending = _folded(with_year["title"]), re.compile(rf"-{with_year['year']}(--[0-9]+)?$")
        matches = [
            (rank, resource)
            for rank, resource, label in labelled
            if label == title and kind_of(resource) == "film" and ending.search(slug_of(resource))
        ]
    if not matches:
        return []
    best = min(rank for rank, _ in matches)
    return sorted({resource for rank, resource in matches if rank == best})


def search(store: Store, text: str, *, kinds: Collection[str] = KINDS, limit: int = 10) -> list[Hit]:
    """Return the resources that a text names, wholly or in part, best first.

    Titles, labels, alternative labels, names and slugs are compared without regard to letter case and accents.
    ``score`` is 100 where all of one is the text, and from 80 to 99 where every word of the text is in one, the more
    the less else is in it. A film is also found by its title with another year, 20 points below.

    Only where that finds nothing from 80 up are typing errors forgiven: one in 3 to 6 letters, two in 7 to 13, three
    in more; ``score`` is then from 60 to 79. Nothing below 60 is returned. Ties stand in the order of their IRIs.
    """
    if not isinstance(text, str) or limit <= 0:
        return []
    wanted = _Wanted.of(text)
    title = _Wanted.of(with_year["title"]) if (with_year := _WITH_YEAR.fullmatch(text.strip())) else None
    best: dict[str, tuple[float, int, str]] = {}
    for resource, rows in groupby(_labelled(store, kinds), key=itemgetter(0)):
        labels = [(label, rank, _folded(label)) for _resource, label, rank in rows]
        found = [(-round(wanted.score_of(resource, folded, title), 3), rank, label) for label, rank, folded in labels]
        # The words of a text may also stand in several labels: "closeup shot" in "closeup" and "close shot".
        together = wanted.score_of_words({word for _, _, folded in labels for word in folded.split()}, share=0.0)
        found.append((-round(together, 3), *min((rank, label) for label, rank, _ in labels)))
        best[resource] = min(found)
    least = _LEAST if all(-score < _WITHOUT_ERRORS for score, _, _ in best.values()) else _WITHOUT_ERRORS
    hits = [resource for resource, (score, _, _) in best.items() if -score >= least]
    nearest = sorted(hits, key=lambda resource: (best[resource][0], resource))[:limit]
    names = labels_of(store, nearest)
    return [Hit(resource, names[resource], best[resource][2], -best[resource][0]) for resource in nearest]


_EXACT, _SAME_LETTERS, _WITHOUT_ERRORS, _LEAST, _OTHER_YEAR = 100.0, 99.0, 80.0, 60.0, 20.0
_WITH_YEAR = re.compile(r"(?P<title>.+?)[\s,]*\(?(?P<year>[0-9]{4})\)?")
_LITTLE_WORDS = {
    *("a", "an", "and", "at", "by", "for", "from", "in", "of", "on", "or", "the", "to", "up", "with"),
    *("le", "la", "les", "l", "de", "du", "des", "der", "die", "das", "el"),
}
"""Words that name nothing by themselves: there would be no end of titles with them."""


@dataclass(frozen=True)
class _Wanted:
    """A text that is looked for: folded, in words, and in letters alone."""

    text: str
    words: tuple[str, ...]
    letters: str

    @classmethod
    def of(cls, text: str) -> _Wanted:
        folded = _folded(text[:_LONGEST_NAME])
        words = tuple(dict.fromkeys(folded.split()))
        if len(words) > 1 and words[0] in ("a", "an", "the"):
            words = words[1:]
        return cls(folded, words, folded.replace(" ", ""))

    def score_of(self, resource: str, label: str, title: _Wanted | None) -> float:
        """Return how well a resource with a folded label answers; ``title`` is the text without the year it ends in."""
        slug = slug_of(resource).replace("-", " ")
        score = max(self.score(label), self.score(slug, years=False))
        if score < _EXACT and kind_of(resource) == "film":
            if year := _YEAR_OF_SLUG.search(slug):
                score = max(score, self.score(label + year[0], years=False))
            if title:
                score = max(score, title.score(label) - _OTHER_YEAR)
        return score

    def score(self, label: str, *, years: bool = True) -> float:
        """Return how well a folded label answers, 0 where it does not.

        Without ``years`` a year alone is not enough, so that 2001 does not find all films of that year.
        """
        if not self.text or not label:
            return 0.0
        if label == self.text:
            return _EXACT
        letters = label.replace(" ", "")
        if letters == self.letters:
            return _SAME_LETTERS
        share = min(1.0, len(self.letters) / len(letters))
        if score := self.score_of_words(label.split(), share=share, years=years):
            return score
        errors = _errors(self.letters, letters)
        return _LEAST + 19 * (1 - errors / len(self.letters)) if errors else 0.0

    def score_of_words(self, words: Collection[str], *, share: float, years: bool = True) -> float:
        """Return how well words answer of which the text is a share, 0 where they do not hold all words of it."""
        telling = [word for word in self.words if len(word) > 1 and word not in _LITTLE_WORDS]
        if not telling or (not years and all(_YEAR.fullmatch(word) for word in telling)):
            return 0.0
        errors = self._errors_in_words(words)
        if errors is None:
            return 0.0
        if errors == 0:
            return _WITHOUT_ERRORS + 18 * share
        return _LEAST + 19 * (1 - errors / len(self.letters)) * (0.5 + share / 2)

    def _errors_in_words(self, words: Collection[str]) -> int | None:
        """Return how many typing errors away each word of the text is one of some words, None where one is not."""
        total, least = 0, _SHORT if len(self.words) > 1 else _SHORT + 1
        for word in self.words:
            if word in words:
                continue
            # In a short word that stands alone an error makes another word, and a label has many words.
            near = (_errors(word, other) for other in words if len(word) >= least and len(other) >= _SHORT)
            errors = min((count for count in near if count is not None), default=None)
            if errors is None:
                return None
            total += errors
        return total if total <= _forgiven(len(self.letters)) else None


_SHORT = 4
_YEAR = re.compile(r"[0-9]{4}")
_YEAR_OF_SLUG = re.compile(r" [0-9]{4}(?= [0-9]+$|$)")


def _forgiven(length: int) -> int:
    """Return how many typing errors are forgiven in so many letters.

    >>> [_forgiven(length) for length in (2, 3, 6, 7, 13, 14)]
    [0, 1, 1, 2, 2, 3]
    """
    return 0 if length < 3 else 1 if length < 7 else 2 if length < 14 else 3


def _errors(one: str, other: str) -> int | None:
    """Return how many typing errors (letters left out, added, mistaken, two swapped) lie between two texts.

    None where they are more than are forgiven in the letters of the shorter, digits not counted, or where the first
    letter is another one: that is the letter which people get right.

    >>> _errors("hre2013", "her2013"), _errors("mafia", "maria"), _errors("him", "her"), _errors("up", "us")
    (1, 1, None, None)
    """
    from rapidfuzz.distance import OSA

    if one[:1] != other[:1]:
        return None
    letters = min(sum(not character.isdigit() for character in text) for text in (one, other))
    most = _forgiven(letters)
    errors = OSA.distance(one, other, score_cutoff=most) if most else most + 1
    return errors if errors <= most else None


def labels_of(store: Store, resources: Iterable[str]) -> dict[str, str]:
    """Return the display label of each resource: its name or preferred label, English first, else its slug."""
    wanted = sorted(set(resources))
    return {**{resource: slug_of(resource) for resource in wanted}, **texts_of(store, wanted, _LABELS[:2])}


def texts_of(store: Store, resources: Iterable[str], predicates: Sequence[str]) -> dict[str, str]:
    """Return the text that each resource has in one of some properties, given as ``<IRI>``, English first.

    A resource without one is left out. Of several texts in one language the first in the alphabet is taken, so that
    the answer is the same on every engine.
    """
    wanted = sorted(set(resources))
    best: dict[str, tuple[int, str]] = {}
    for start in range(0, len(wanted), 500):
        values = " ".join(f"<{resource}>" for resource in wanted[start : start + 500])
        # A path of alternatives: two VALUES would have the engine read every label there is.
        query = f"SELECT ?s ?l WHERE {{ VALUES ?s {{ {values} }} ?s {'|'.join(predicates)} ?l }}"
        for resource, text in store.select(query).terms:
            if isinstance(resource, ox.NamedNode) and isinstance(text, ox.Literal):
                found = (language_rank(text.language), text.value)
                best[resource.value] = min(best.get(resource.value, found), found)
    return {resource: text for resource, (_rank, text) in best.items()}


def language_rank(language: str | None) -> int:
    """Return the place of a language where one text is to be shown: English, then none, then any other.

    >>> [language_rank(language) for language in ("en", "en-GB", None, "", "de")]
    [0, 0, 1, 1, 2]
    """
    if not language:
        return 1
    return 0 if language.partition("-")[0].lower() == "en" else 2


def _labelled(store: Store, kinds: Collection[str]) -> list[tuple[str, str, int]]:
    """Return (resource, label, rank) of all labels of resources of some kinds; rank 0 is the name."""
    classes = sorted({name for kind in kinds for name in _CLASSES.get(kind, ())})
    if not classes:
        return []
    types = " ".join(f"<{name}>" for name in classes)
    predicates = " ".join(f"({predicate} {max(0, place - 1)})" for place, predicate in enumerate(_LABELS))
    query = (
        f"SELECT DISTINCT ?s ?l ?rank WHERE {{ VALUES ?type {{ {types} }} ?s a ?type . "
        f"VALUES (?p ?rank) {{ {predicates} }} ?s ?p ?l }}"
    )
    rows = [(str(resource), str(label), int(str(rank))) for resource, label, rank in store.select(query)]
    return sorted(row for row in rows if kind_of(row[0]) in kinds)


_CLASSES: dict[str, tuple[str, ...]] = {
    "film": (FG + "Film",),
    "technique": (FG + "Technique",),
    "category": (FG + "Category",),
    "person": (SCHEMA + "Person", FG + "Critic"),
    "organization": (SCHEMA + "Organization", FG + "Publication"),
    "genre": (FG + "Genre",),
    "country": (SCHEMA + "Country",),
    "aspect": (FG + "Aspect",),
    "review": (FG + "Review",),
}


def _folded(text: str) -> str:
    """Return a text without letter case, accents and signs; words of other scripts than Latin keep their letters.

    >>> _folded("Amélie!"), _folded("Он 2"), _folded("?")
    ('amelie', 'он 2', '?')
    """
    if text.isascii():
        return slugify(text).replace("-", " ") or text.strip().lower()
    words = (slugify(word).replace("-", " ") if _is_latin(word) else _letters(word) for word in text.split())
    return " ".join(filter(None, words)) or text.strip().casefold()


def _is_latin(word: str) -> bool:
    return all(character.isascii() or slugify(character) for character in word if character.isalpha())


def _letters(word: str) -> str:
    return "".join(character for character in word.casefold() if character.isalnum() or not character.isascii())
