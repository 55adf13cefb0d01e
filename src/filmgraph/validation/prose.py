"""What shapes cannot see of the prose: texts that nearly repeat one another, formula sentences, worn openings.

Two texts are compared by the words that tell something: names of people and places, little words and endings are
left out, and the order does not count. So a text is found again when its clauses are moved about, some of its words
are exchanged, or another film's names are put in; a true paraphrase, in which most words are others, is not.
"""

from __future__ import annotations

import os
import re
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import pyoxigraph as ox

from filmgraph.namespaces import FG, SCHEMA, SKOS, expand, kind_of, shorten, slug_of
from filmgraph.rows import printable
from filmgraph.validation.report import Report, Violation
from filmgraph.validation.sources import Source, read_all

if TYPE_CHECKING:
    from filmgraph.workspace import Workspace

__all__ = ["check_prose"]

_EXPLANATION, _SCENE, _ABSTRACT = FG + "explanation", SCHEMA + "description", SCHEMA + "abstract"
_DEFINITION = SKOS + "definition"
_POOLS = ({_EXPLANATION, _SCENE, _ABSTRACT}, {_DEFINITION})
"""Which texts are compared with which."""

_ALIKE = 60
"""The likeness, of 0 to 100, from which on two texts are too much alike.

Measured on 2,800 texts of 160 films: chance makes explanations no more alike than 44, and short scenes of one film,
with the same people in them, no more than 55. A text with a third of its words exchanged stays above 65.
"""
_FEWEST_SHARED = 6
_OPENING_WORDS, _FILMS_WITH_OPENING = 3, 6
_RUN_WORDS, _FILMS_WITH_RUN = 5, 4
_COPIED_WORDS = 8
_FEWEST_TELLING = 2
_ROWS_AT_ONCE = 500

_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_SENTENCE_END = re.compile(r"[.!?…:]['\"”’)]*\s+$")
_ENDING = re.compile(r"(?<=...)(?:ing|ed|es|s|ly|e)$")
_LITTLE_WORDS = frozenset(
    re.findall(
        r"\w+",
        """
    a about after again against all also an and another any are as at be because been before being between both but
    by can could did do does down during each either even every few first for from had has have he her here hers
    herself him himself his how i if in instead into is it its itself just last less like many may might more most
    much must neither never no nor not now of off on once one only onto or other our out over own rather same she
    should so some still such than that the their them themselves then there these they this those though three
    through till to too toward towards two under until up upon us very was we were what when where whether which
    while who whole whom whose why will with within without would yet you your
""",
    )
)
_FORMULAS = re.compile(
    r"\b(?:(?:the|this) film (?:uses|employs|utili[sz]es)|this technique|the technique (?:is|serves|allows|creates)"
    r"|serves? to (?:show|highlight|emphasi[sz]e|underscore|create|convey|remind|reinforce|illustrate|heighten)"
    r"|serves? as a (?:reminder|metaphor|testament)|creat\w+ a sense|(?:deeper|heightened|palpable) sense of"
    r"|a testament to|(?:is|are) used to (?:create|convey|show|suggest|express|evoke)|the use of"
    r"|makes? (?:effective |great |brilliant )?use of|plays? an? (?:key|crucial|vital|central|important|pivotal) role"
    r"|throughout the film|rich tapestry|master(?:ful|fully|class)|adds? (?:depth|layers?|another layer)"
    r"|(?:draw|pull)\w* (?:us|the (?:viewer|audience)s?|viewers|audiences) in(?:to)?"
    r"|allow(?:s|ing) (?:us|the (?:viewer|audience))|emotional (?:impact|depth|resonance|weight)|visually stunning"
    r"|breathtaking\w*|immers(?:es|ing|ive)|(?:underscor|emphasi[sz]|enhanc)(?:e|es|ing) the"
    r"|highlight(?:s|ing)? the|showcas(?:ing|e[sd]? (?:the|how|his|her|its|their))|effectively)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class _Text:
    """A text of the graph, and where it stands."""

    subject: str
    kind: str
    text: str
    source: Source

    @property
    def place(self) -> str:
        line = self.source.lines.get(self.subject)
        return self.source.name + (f":{line}" if line is not None else "")

    @property
    def film(self) -> str:
        """The film that the text is about, or whatever else it is about."""
        return slug_of(self.subject).partition("--")[0]

    @cached_property
    def words(self) -> tuple[str, ...]:
        return tuple(word.casefold().replace("’", "'") for word in _WORD.findall(self.text))

    def runs(self, length: int) -> set[tuple[str, ...]]:
        """Return all that stands in the text of so many words in a row."""
        return {self.words[start : start + length] for start in range(len(self.words) - length + 1)}


def check_prose(
    files: Iterable[str | os.PathLike[str]] = (),
    *,
    workspace: Workspace,
    progress: Callable[[str], None] | None = None,
) -> Report:
    """Compare the texts of some files with each other and with all of the workspace; without files, compare all.

    A finding bears the name of a rule: ``prose:near-duplicate``, ``prose:formula``, ``prose:opening`` or
    ``prose:run``. Of two texts that are alike the first is named that stands in the files. ``focus_nodes`` of the
    report counts the texts.

    Raises :class:`~filmgraph.errors.DataError` for a file that cannot be read or parsed.
    """
    given = read_all(files)
    paths = {source.path for source in given}
    others = read_all((file for file in workspace.graph_files if file.resolve() not in paths), below=workspace.root)
    judged = given or others
    texts = [text for source in judged for text in _texts_of(source)]
    count = len(texts)
    if given:
        texts += [text for source in others for text in _texts_of(source)]
    if progress:
        progress(f"comparing {len(texts):,} texts")
    explanations = [text for text in texts if text.kind == _EXPLANATION]
    mine = {id(text) for text in texts[:count]}
    alike = list(_near_duplicates(texts, count))
    pairs = {frozenset((violation.focus, expand(violation.value or ""))) for violation in alike}
    found = [
        *alike,
        *(_formula(text) for text in texts[:count] if text.kind == _EXPLANATION),
        *_openings(explanations, mine),
        *_runs(explanations, mine, told=pairs),
    ]
    order = sorted(filter(None, found), key=lambda v: (v.file, v.line or 0, v.focus, v.shape, v.message))
    return Report(tuple(order), count, tuple(source.name for source in judged), judged="text")


def _texts_of(source: Source) -> Iterator[_Text]:
    """Yield the texts of a file in the order of their subjects, those of the ontology left out."""
    kinds = set().union(*_POOLS)
    found = [
        _Text(triple.subject.value, triple.predicate.value, triple.object.value, source)
        for triple in source.triples
        if triple.predicate.value in kinds
        and isinstance(triple.subject, ox.NamedNode)
        and isinstance(triple.object, ox.Literal)
        and kind_of(triple.subject.value)
    ]
    yield from sorted(found, key=lambda text: (source.lines.get(text.subject, 0), text.subject, text.kind, text.text))


def _violation(text: _Text, rule: str, value: str, message: str) -> Violation:
    return Violation(
        focus=text.subject,
        shape=f"prose:{rule}",
        path=shorten(text.kind),
        value=value,
        message=printable(" ".join(message.split())),
        severity="violation",
        file=text.source.name,
        line=text.source.lines.get(text.subject),
    )


def _near_duplicates(texts: Sequence[_Text], count: int) -> Iterator[Violation]:
    """Find pairs of texts that are too much alike, the first among the first ``count``."""
    from rapidfuzz import fuzz, process

    names = _names(texts)
    stems_of = [_stems(text, names) for text in texts]
    for kinds in _POOLS:
        places = [place for place, text in enumerate(texts) if text.kind in kinds and stems_of[place]]
        own = sum(place < count for place in places)
        stems = [stems_of[place] for place in places]
        for start in range(0, own, _ROWS_AT_ONCE):
            rows = stems[start : min(start + _ROWS_AT_ONCE, own)]
            # Of sorted words, the ratio is twice the number of shared ones over the number of all.
            scores = process.cdist(rows, stems[start:], scorer=fuzz.ratio, score_cutoff=_ALIKE)
            for row, column in zip(*scores.nonzero(), strict=True):
                one, other = places[start + row], places[start + column]
                shared = set(stems_of[one]) & set(stems_of[other])
                if one < other and len(shared) >= _FEWEST_SHARED:
                    yield _near_duplicate(texts[one], texts[other], round(float(scores[row, column])))


def _near_duplicate(text: _Text, other: _Text, score: int) -> Violation:
    there = shorten(other.subject)
    return _violation(
        text,
        "near-duplicate",
        there,
        f"This says nearly what {there} says ({other.place}; likeness {score} of 100): tell what is so here only, "
        f"or take one of the two out. Here: “{text.text}” There: “{other.text}”",
    )


def _names(texts: Iterable[_Text]) -> frozenset[str]:
    """Return the words that are written with a capital within sentences, and nowhere in small letters."""
    capital: set[str] = set()
    small: set[str] = set()
    for text in texts:
        for match in _WORD.finditer(text.text):
            word = match[0]
            if not word[0].isupper():
                small.add(_stem(word))
            elif match.start() and not _SENTENCE_END.search(text.text, 0, match.start()):
                capital.add(_stem(word))
    return frozenset(capital - small)


def _stem(word: str) -> str:
    """Return a word in small letters without its ending, roughly.

    >>> [_stem(word) for word in ("Cameras", "tracking", "Theodore's", "move")]
    ['camera', 'track', 'theodor', 'mov']
    """
    bare = re.sub(r"['’]s?$", "", word.casefold())
    return _ENDING.sub("", bare)


def _stems(text: _Text, names: Collection[str]) -> list[str]:
    """Return the words of a text that tell something, sorted."""
    stems = (_stem(word) for word in _WORD.findall(text.text) if word.casefold() not in _LITTLE_WORDS)
    return sorted(stem for stem in stems if stem not in names and len(stem) > 1)


def _formula(text: _Text) -> Violation | None:
    found = _FORMULAS.search(text.text)
    if found is None:
        return None
    return _violation(
        text,
        "formula",
        f"“{found[0]}”",
        f"“{found[0]}” could be said of any film: say what is done, by whom and to whom. Here: “{text.text}”",
    )


def _openings(explanations: Sequence[_Text], mine: Collection[int]) -> Iterator[Violation]:
    """Find beginnings that explanations of too many films share."""
    texts: defaultdict[tuple[str, ...], list[_Text]] = defaultdict(list)
    for text in explanations:
        texts[text.words[:_OPENING_WORDS]].append(text)
    for opening, having in texts.items():
        most = _FILMS_WITH_OPENING * (1 if _telling(opening) else 2)
        yield from _shared(opening, having, mine, most, "opening", "begin with", "begin otherwise")


def _runs(
    explanations: Sequence[_Text], mine: Collection[int], *, told: Collection[frozenset[str | None]]
) -> Iterator[Violation]:
    """Find words in a row that explanations of too many films share: some few of five words, two of eight.

    Those in texts that were ``told`` to be alike are passed over.
    """
    done = set(told)
    for length, most in ((_COPIED_WORDS, 1), (_RUN_WORDS, _FILMS_WITH_RUN)):
        texts: defaultdict[tuple[str, ...], list[_Text]] = defaultdict(list)
        for text in explanations:
            for run in text.runs(length):
                if _telling(run) >= _FEWEST_TELLING:
                    texts[run].append(text)
        for run, having in sorted(texts.items()):
            who: frozenset[str | None] = frozenset(text.subject for text in having)
            if who not in done:
                findings = list(_shared(run, having, mine, most, "run", "contain", "find other words"))
                done |= {who} if findings else set()
                yield from findings


def _telling(words: Iterable[str]) -> int:
    """Return how many of some words are not little ones, of which every text is full ("from one to the other")."""
    return sum(word not in _LITTLE_WORDS for word in words)


def _shared(
    words: Sequence[str], having: Sequence[_Text], mine: Collection[int], most: int, rule: str, how: str, way_out: str
) -> Iterator[Violation]:
    """Tell, once, that explanations of more than ``most`` films share some words."""
    own = [text for text in having if id(text) in mine]
    films = {text.film for text in having}
    if own and len(films) > most:
        others = "; ".join(f"{text.place} “{text.text}”" for text in having if text is not own[0])
        yield _violation(
            own[0],
            rule,
            f"“{' '.join(words)}”",
            f"Explanations of {len(films)} films {how} “{' '.join(words)}”: {way_out}, here or there. "
            f"Here: “{own[0].text}” There: {others}",
        )
