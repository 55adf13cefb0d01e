"""Which words name a craft in a review (``naming.toml``): the vocabulary's labels, and what critics' English adds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from filmgraph.claims.lexicon import read_table
from filmgraph.claims.matching import ConceptMatcher, Mention, labels_of_concepts
from filmgraph.claims.text import Word
from filmgraph.namespaces import BASE

if TYPE_CHECKING:
    from filmgraph.stores import Store

__all__ = ["CRAFT_ASPECTS", "CraftNamer", "label_of"]

CRAFT_ASPECTS = tuple(f"{BASE}aspect/{slug}" for slug in ("characters", "direction", "humor", "story", "visual-style"))
"""The aspects that are crafts, as critics name them, though no techniques; others are effects and judgements."""

_ANIMATED = frozenset({"animation", "animated", "cg", "cgi", "generated", "stop", "motion", "drawn", "3d", "d", "2d"})
_NOT_JUDGING = frozenset(
    [
        *("actually", "completely", "digitally", "directly", "early", "entirely", "eventually", "family", "finally"),
        *("freshly", "fully", "jolly", "largely", "literally", "merely", "mostly", "newly", "nearly", "only"),
        *("originally", "partially", "partly", "previously", "probably", "really", "recently", "silly", "simply"),
        *("suddenly", "supposedly", "totally", "traditionally", "truly", "ugly", "usually", "virtually", "friendly"),
    ]
)
_DEFINITE = frozenset({"", "the", "its", "of", "and", "in", "with", "film", "movie", "another", "construct"})
_TOLD = frozenset(
    {"of", "about", "that", "which", "told", "takes", "in", "where", "to", "with", "is", "concluded", "focus"}
)
_PARTING = frozenset(
    {"of", "the", "and", "in", "with", "its", "is", "to", "that", "by", "for", "has", "as", "featuring", "using"}
)
_ADVERBS = frozenset({"well", "ill"})


@dataclass(frozen=True)
class CraftNamer:
    """Finds the places of a sentence that name a craft.

    ``everyday`` are labels that are everyday words too: they name a craft only where an opinion is tied to them.
    ``of_content`` are opinions about what is told, not how.
    """

    _concepts: ConceptMatcher = field(repr=False)
    _animated: ConceptMatcher = field(repr=False)
    _participles: dict[str, str] = field(repr=False)
    _descriptors: frozenset[str] = field(repr=False)
    _not_after: dict[str, frozenset[str]] = field(repr=False)
    _not_before: dict[str, frozenset[str]] = field(repr=False)
    _not_of: frozenset[str] = field(repr=False)
    _never: frozenset[str] = field(repr=False)
    everyday: frozenset[str] = field(repr=False)
    of_content: frozenset[str] = field(repr=False)

    @classmethod
    def of_store(cls, store: Store) -> CraftNamer:
        """Make a namer of the vocabulary of a graph."""
        table = read_table("naming.toml")
        never = frozenset(table["never"])
        labels = {
            label.casefold(): concept for label, concept in labels_of_concepts(store, aspects=CRAFT_ASPECTS).items()
        }
        known = set(labels.values())
        also = {label: _iri(concept) for label, concept in table["also"].items()}
        labels |= {label: concept for label, concept in also.items() if concept in known}
        style = _iri("aspect:visual-style")
        labels |= {form: style for word in table["looks"] for form in (f"looks {word}", f"{word} looking")}
        animated = {**labels, **{label: _iri(concept) for label, concept in table["animated"].items()}}
        return cls(
            ConceptMatcher(labels),
            ConceptMatcher(animated),
            {word: _iri(concept) for word, concept in table["participles"].items() if _iri(concept) in known},
            frozenset(table["descriptors"]),
            {word: frozenset(others) for word, others in table["after"].items()},
            {word: frozenset(others) for word, others in table["before"].items()},
            frozenset(table["of"]),
            never,
            frozenset(table["everyday"]),
            frozenset(table["content"]),
        )

    def mentions(self, words: Sequence[Word], *, animated: bool = False) -> list[Mention]:
        """Return the mentions of crafts in a row of words, in text order; ``animated`` if the film is.

        A participle names its craft after an adverb that judges: "beautifully animated", "poorly written".
        """
        mentions = (self._animated if animated else self._concepts).mentions(words)
        taken = {at for mention in mentions for at in range(mention.first, mention.after)}
        told = []
        for at, word in enumerate(words[1:], start=1):
            concept = self._participles.get(word.normal)
            adverb = words[at - 1].normal
            adverbial = adverb in _ADVERBS or (adverb.endswith("ly") and adverb not in _NOT_JUDGING)
            if (
                concept
                and adverbial
                and at not in taken
                and (at + 1 not in taken or words[at + 1].normal.endswith("ly"))
            ):
                told.append(Mention(concept, at, at + 1))
        mentions = [mention for mention in mentions if self._names_craft(words, mention)]
        return sorted(mentions + told, key=lambda mention: mention.first)

    def _names_craft(self, words: Sequence[Word], mention: Mention) -> bool:
        """Whether the words around a label leave it the name of a craft: not "an animated comedy", "love story"."""
        label = label_of(words, mention)
        before = words[mention.first - 1].normal if mention.first else ""
        after = words[mention.after].normal if mention.after < len(words) else ""
        if label in self._never or before in self._not_after.get(label, ()) or after in self._not_before.get(label, ()):
            return False
        last = words[mention.after - 1].normal
        if last == "direction" and "in" in {word.normal for word in words[max(0, mention.first - 4) : mention.first]}:
            return False
        of_what = words[mention.first - 2].normal if before == "of" and mention.first > 1 else ""
        if last in {"animation", "music"} and of_what in self._not_of:
            return False
        if last == "animation" and (before == "in" or self._is_countable(words, mention.first)):
            return False
        if last in _ANIMATED and not words[mention.first].normal.endswith("ly"):
            further = words[mention.after + 1].normal if mention.after + 1 < len(words) else ""
            if after in self._descriptors or after in self._not_before["animation"]:
                return False
            if last != "animation" and further in self._descriptors:
                return False
        return True

    def tells_how(self, words: Sequence[Word], mention: Mention) -> bool:
        """Whether "story" means how the film tells: "the story", "its story", not "a story about", "the story of"."""
        before = words[mention.first - 1].normal if mention.first else ""
        after = words[mention.after].normal if mention.after < len(words) else ""
        return (before in _DEFINITE or words[mention.first - 1].possessive) and after not in _TOLD

    def _is_countable(self, words: Sequence[Word], first: int) -> bool:
        """Whether "animation" is a film: "this engaging animation"."""
        for at in range(first - 1, max(-1, first - 7), -1):
            if words[at].normal in {"a", "an", "this", "another", "every"}:
                return True
            if words[at].normal in _PARTING:
                return False
        return False


def label_of(words: Sequence[Word], mention: Mention) -> str:
    """Return the words of a mention in their normal form."""
    return " ".join(word.normal for word in words[mention.first : mention.after])


def _iri(curie: str) -> str:
    kind, _, slug = curie.partition(":")
    return f"{BASE}{kind}/{slug}"
