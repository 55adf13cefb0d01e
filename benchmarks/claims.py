"""How well claims are found: filmgraph's extractor beside two simple ones, on sentences that two readers labelled.

python benchmarks/claims.py --reviews FILE.csv [--text FILE.txt …] [--half test|development]

FILE.csv has the columns of ``filmgraph import reviews``; the gold set (benchmarks/gold) names sentences of its texts by
hash and place. Whole reviews are given with --text. The two simple ones match the vocabulary's labels; one takes the
stance from VADER (Hutto and Gilbert, 2014), the other from the review's own verdict. filmgraph can be told the verdict
too, as an import of reviews does: it counts where a craft is named and nothing near says how it is judged.
"""

from __future__ import annotations

import argparse
import csv
import random
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from filmgraph.claims import CRAFT_ASPECTS, Extractor
from filmgraph.claims.matching import ConceptMatcher, labels_of_concepts
from filmgraph.claims.text import ReviewText
from filmgraph.namespaces import iri, shorten
from filmgraph.stores import MemoryStore, Store
from filmgraph.workspace import Workspace

GOLD = Path(__file__).parent / "gold" / "claims.csv"
STANCES = ("praise", "criticism", "mixed", "observation")
SAMPLES = 1000

Pairs = dict[str, str]


@dataclass(frozen=True)
class Sentence:
    """A sentence of the gold set: its text, its place there, and what the readers agreed on."""

    film: str
    text: str
    start: int
    end: int
    verdict: str
    agreed: Pairs


@dataclass(frozen=True)
class Score:
    """What was found of what is there: mentions, and mentions with the right stance."""

    there: int
    found: int
    right: int
    with_stance: int
    stances: Counter[tuple[str, str]]

    @property
    def precision(self) -> float:
        """The share of the mentions found that are there."""
        return self.right / self.found if self.found else 0.0

    @property
    def recall(self) -> float:
        """The share of the mentions there that are found."""
        return self.right / self.there if self.there else 0.0

    @property
    def mention_f1(self) -> float:
        """F1 of mentions."""
        return 2 * self.right / ((self.there + self.found) or 1)

    @property
    def stance_f1(self) -> float:
        """F1 of mentions together with their stance."""
        return 2 * self.with_stance / ((self.there + self.found) or 1)

    @property
    def macro_f1(self) -> float:
        """F1 of the stance of the mentions found, averaged over praise and criticism."""
        return sum(self._f1_of(stance) for stance in STANCES[:2]) / 2

    def _f1_of(self, stance: str) -> float:
        there = sum(count for (agreed, _), count in self.stances.items() if agreed == stance)
        told = sum(count for (_, told), count in self.stances.items() if told == stance)
        return 2 * self.stances[stance, stance] / ((there + told) or 1)


def main() -> None:
    """Score the three on one half of the gold set."""
    parser = argparse.ArgumentParser(description="Score how well claims are found.")
    parser.add_argument("--reviews", required=True, metavar="FILE", help="a CSV file of reviews")
    parser.add_argument("--text", action="append", default=[], metavar="FILE", help="a whole review; may be repeated")
    parser.add_argument("--half", choices=("test", "development"), default="test")
    given = parser.parse_args()
    sentences, missing = read_gold(given.half, given.reviews, given.text)
    told = f"{given.half}: {len(sentences)} sentences, {sum(len(one.agreed) for one in sentences)} pairs"
    print(told + (f"; {missing} more are not in the files given" if missing else ""))
    store = MemoryStore.of_files(Workspace.find().graph_files)
    print(f"\n{'':34}{'precision':>10}{'recall':>8}{'mention F1':>12}{'with stance':>13}{'stance macro-F1':>17}")
    answers = {name: [find(one) for one in sentences] for name, find in finders(store).items()}
    for scope, keep in (("all crafts", is_craft), ("techniques and categories", is_technique)):
        print(scope)
        for name, found in answers.items():
            score = score_of(sentences, found, keep)
            print(
                f"  {name:32}{score.precision:10.2f}{score.recall:8.2f}{score.mention_f1:12.2f}"
                f"{score.stance_f1:13.2f}{score.macro_f1:17.2f}"
            )
        low, high = interval(sentences, answers["filmgraph"], keep)
        print(f"  {'filmgraph, 95 % of resamples':50}{low[0]:7.2f}–{high[0]:.2f}{low[1]:8.2f}–{high[1]:.2f}", end="")
        print(f"{low[2]:12.2f}–{high[2]:.2f}")
    show_confusions(sentences, answers["filmgraph"])


def read_gold(half: str, reviews: str, texts: Iterable[str]) -> tuple[list[Sentence], int]:
    """Return the sentences of a half whose texts are there, and how many others there are."""
    known: dict[str, tuple[str, str]] = {}
    with Path(reviews).open(encoding="utf-8-sig", newline="") as stream:
        for row in csv.DictReader(stream):
            known[sha256(row["text"].encode()).hexdigest()] = (row["text"], row.get("verdict") or "")
    for file in texts:
        content = Path(file).read_bytes()
        known[sha256(content).hexdigest()] = (content.decode(), "")
    sentences, missing = [], 0
    with GOLD.open(encoding="utf-8", newline="") as stream:
        for row in csv.DictReader(stream):
            if row["half"] != half:
                continue
            if row["text_sha256"] not in known:
                missing += 1
                continue
            text, verdict = known[row["text_sha256"]]
            start, end = int(row["start"]), int(row["end"])
            sentences.append(Sentence(iri("film", row["film"]), text, start, end, verdict, pairs_of(row["agreed"])))
    return sentences, missing


def pairs_of(cell: str) -> Pairs:
    """Return the pairs of concept and stance of a cell."""
    return dict(part.rsplit(None, 1) for part in cell.split("; ") if part)


def finders(store: Store) -> dict[str, Callable[[Sentence], Pairs]]:
    """Return the three ways of finding claims, by name."""
    from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

    extractor, vader = Extractor.of_store(store), SentimentIntensityAnalyzer()
    labels = ConceptMatcher(labels_of_concepts(store, aspects=CRAFT_ASPECTS))

    def ours(one: Sentence, lean: float = 0.0) -> Pairs:
        claims = extractor.sentence_claims(one.text, film=one.film, lean=lean)
        return {shorten(claim.concept): claim.stance for claim in claims if one.start <= claim.place < one.end}

    def told_the_verdict(one: Sentence) -> Pairs:
        return ours(one, {"positive": 1.0, "negative": -1.0}.get(one.verdict, 0.0))

    def matched(one: Sentence) -> set[str]:
        review = ReviewText.read(one.text[one.start : one.end])
        return {
            shorten(mention.concept) for sentence in review.sentences() for mention in labels.mentions(sentence.words)
        }

    def with_vader(one: Sentence) -> Pairs:
        tone = vader.polarity_scores(ReviewText.read(one.text[one.start : one.end]).text)["compound"]
        stance = "praise" if tone >= 0.05 else "criticism" if tone <= -0.05 else "observation"
        return dict.fromkeys(matched(one), stance)

    def with_verdict(one: Sentence) -> Pairs:
        stance = {"positive": "praise", "negative": "criticism"}.get(one.verdict, "observation")
        return dict.fromkeys(matched(one), stance)

    return {
        "filmgraph": ours,
        "filmgraph, told the verdict": told_the_verdict,
        "label match + VADER": with_vader,
        "label match + the verdict": with_verdict,
    }


def is_craft(_concept: str) -> bool:
    """Keep every concept."""
    return True


def is_technique(concept: str) -> bool:
    """Keep techniques and their categories, not aspects."""
    return not concept.startswith("aspect:")


def score_of(sentences: Iterable[Sentence], found: Iterable[Pairs], keep: Callable[[str], bool]) -> Score:
    """Score what was found in sentences."""
    there = told = right = with_stance = 0
    stances: Counter[tuple[str, str]] = Counter()
    for one, pairs in zip(sentences, found, strict=True):
        agreed = {concept: stance for concept, stance in one.agreed.items() if keep(concept)}
        mine = {concept: stance for concept, stance in pairs.items() if keep(concept)}
        there, told = there + len(agreed), told + len(mine)
        for concept in agreed.keys() & mine.keys():
            right += 1
            with_stance += agreed[concept] == mine[concept]
            stances[agreed[concept], mine[concept]] += 1
    return Score(there, told, right, with_stance, stances)


def interval(
    sentences: list[Sentence], found: list[Pairs], keep: Callable[[str], bool]
) -> tuple[tuple[float, float, float], tuple[float, float, float]]:
    """Return the bounds that hold 95 % of the three scores when sentences are drawn anew (percentile bootstrap)."""
    chance = random.Random(1)
    draws = []
    for _ in range(SAMPLES):
        at = chance.choices(range(len(sentences)), k=len(sentences))
        score = score_of([sentences[i] for i in at], [found[i] for i in at], keep)
        draws.append((score.mention_f1, score.stance_f1, score.macro_f1))
    columns = [sorted(column) for column in zip(*draws, strict=True)]
    low, high = int(0.025 * SAMPLES), int(0.975 * SAMPLES)
    return tuple(column[low] for column in columns), tuple(column[high] for column in columns)  # type: ignore[return-value]


def show_confusions(sentences: list[Sentence], found: list[Pairs]) -> None:
    """Print which stance was taken for which, and the crafts most often missed or made up."""
    score = score_of(sentences, found, is_craft)
    print("\nstance: what the readers say (rows), what filmgraph says (columns)")
    print(f"{'':14}" + "".join(f"{stance:>13}" for stance in STANCES))
    for agreed in STANCES:
        print(f"  {agreed:12}" + "".join(f"{score.stances[agreed, told]:13}" for told in STANCES))
    missed: Counter[str] = Counter()
    extra: Counter[str] = Counter()
    for one, pairs in zip(sentences, found, strict=True):
        missed.update(one.agreed.keys() - pairs.keys())
        extra.update(pairs.keys() - one.agreed.keys())
    for title, counts in (("missed", missed), ("found, but not there", extra)):
        ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:12]
        print(f"{title}: " + ", ".join(f"{concept} {count}" for concept, count in ordered))


if __name__ == "__main__":
    main()
