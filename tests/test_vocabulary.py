"""The encyclopedia of techniques: tree, A to Z and kin, counted by hand, and ended where a graph goes in circles."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from filmgraph.errors import NotFoundError
from filmgraph.namespaces import iri
from filmgraph.pages import Branch, Vocabulary, technique_page
from filmgraph.pages.known import categories_of, kin_of
from filmgraph.pages.vocabulary import DEEPEST
from filmgraph.queries import with_prefixes
from filmgraph.stores import MemoryStore, Store

TINY = Path(__file__).parent / "data" / "tiny.ttl"


@pytest.fixture
def grown() -> Iterator[MemoryStore]:
    with MemoryStore.of_files([TINY]) as memory:
        yield memory


def add(store: Store, triples: str) -> None:
    store.update(with_prefixes(f"INSERT DATA {{ {triples} }}"))


def outline(branches: tuple[Branch, ...]) -> list[object]:
    return [
        [branch.term.name + (" (again)" if branch.again else ""), outline(branch.narrower)]
        if branch.narrower
        else branch.term.name + (" (again)" if branch.again else "")
        for branch in branches
    ]


def test_the_tree(store: Store) -> None:
    vocabulary = Vocabulary.of_store(store)
    assert outline(vocabulary.tree) == [
        ["Cinematography", [["Framing", ["Close-up", "Wide shot"]]]],
        ["Editing", [["Montage", ["Jump cut", "Match cut"]]]],
        ["Sound", ["Silence"]],
    ]
    assert {term.name: (term.films, term.uses) for term in vocabulary.terms.values()} == {
        "Cinematography": (3, 3),
        "Framing": (3, 3),
        "Close-up": (2, 2),
        "Wide shot": (1, 1),
        "Editing": (3, 3),
        "Montage": (3, 3),
        "Jump cut": (2, 2),
        "Match cut": (1, 1),
        "Sound": (1, 1),
        "Silence": (1, 1),
    }


def test_a_to_z_refers_from_other_labels(store: Store) -> None:
    letters = Vocabulary.of_store(store).letters
    lines = {
        letter.letter: [
            f"{each.label} → {each.term.name}" if each.is_reference else each.label for each in letter.entries
        ]
        for letter in letters
    }
    assert "".join(lines) == "ACFGJLMSTW"
    assert lines["C"] == ["Close-up", "composition → Framing"]
    assert lines["F"] == ["facial framing → Close-up", "Framing"]
    assert lines["J"] == ["Jump cut", "jumping cut → Jump cut"]
    assert sum(map(len, lines.values())) == 7 + 8


def test_labels_that_differ_by_case_or_signs_are_one_entry_and_strange_ones_stand_apart(grown: MemoryStore) -> None:
    add(
        grown,
        'technique:silence skos:altLabel "SILENCE"@en , "silence!"@en , "тишина"@ru , "100 % quiet"@en , "¿?"@es',
    )
    letters = {
        letter.letter: [entry.label for entry in letter.entries] for letter in Vocabulary.of_store(grown).letters
    }
    assert letters["#"] == ["100 % quiet", "¿?"]
    assert letters["S"] == ["Silence"]
    assert letters["Т"] == ["тишина"]
    assert next(iter(letters)) == "#"


def test_a_term_tells_what_its_page_tells(bundled: MemoryStore) -> None:
    vocabulary = Vocabulary.of_store(bundled)
    for term in vocabulary.techniques[::20]:
        page = technique_page(bundled, term.iri)
        assert (term.name, term.definition, term.category) == (page.label, page.definition, page.category)
        assert (term.broader, term.narrower) == (page.broader, page.narrower)
        assert term.uses == len(page.uses)
        assert term.films == len({use.film.iri for use in page.uses})
        assert set(page.also_known_as) - {term.name} == set(term.also_known_as)


def test_kin_and_categories_are_those_of_the_store(bundled: MemoryStore) -> None:
    vocabulary = Vocabulary.of_store(bundled)
    techniques = [term.iri for term in vocabulary.techniques]
    assert len(techniques) > 200
    assert {technique: vocabulary.kin(technique) for technique in techniques} == kin_of(bundled, techniques)
    assert {term.iri: term.category for term in vocabulary.techniques} == categories_of(bundled, techniques)


def test_every_technique_stands_in_the_tree_and_once_with_what_is_below_it(bundled: MemoryStore) -> None:
    vocabulary = Vocabulary.of_store(bundled)
    whole: list[str] = []

    def walk(branches: tuple[Branch, ...]) -> None:
        for branch in branches:
            whole.extend([] if branch.again else [branch.term.iri])
            walk(branch.narrower)

    walk(vocabulary.tree)
    assert set(whole) == vocabulary.terms.keys()
    inner = [iri for iri in whole if vocabulary.terms[iri].narrower]
    assert len(inner) == len(set(inner))


def test_a_technique_with_two_broader_ones_is_unfolded_once(grown: MemoryStore) -> None:
    add(grown, "technique:framing skos:broader technique:montage . technique:silence skos:broader technique:framing")
    vocabulary = Vocabulary.of_store(grown)
    assert outline(vocabulary.tree) == [
        ["Cinematography", [["Framing", ["Close-up", "Silence", "Wide shot"]]]],
        ["Editing", [["Montage", ["Framing (again)", "Jump cut", "Match cut"]]]],
        ["Sound", ["Silence"]],
    ]
    # Of two categories the first by address counts, and each film once.
    silence, sound = (vocabulary.terms[iri(*path)] for path in (("technique", "silence"), ("category", "sound")))
    assert (silence.category.name, sound.films) == ("Cinematography", 1)
    assert vocabulary.terms[iri("category", "editing")].films == 5


def test_circles_end_and_what_reaches_no_category_is_shown(grown: MemoryStore) -> None:
    add(
        grown,
        'technique:a a fg:Technique ; skos:prefLabel "A" ; skos:broader technique:b . '
        'technique:b a fg:Technique ; skos:prefLabel "B" ; skos:broader technique:c . '
        'technique:c a fg:Technique ; skos:prefLabel "C" ; skos:broader technique:a , technique:c . '
        'technique:loose a fg:Technique ; skos:prefLabel "Loose" . '
        "technique:framing skos:broader technique:close-up . category:sound skos:broader technique:silence",
    )
    vocabulary = Vocabulary.of_store(grown)
    assert outline(vocabulary.tree)[3:] == ["Loose", ["A", [["C", [["B", ["A (again)"]], "C (again)"]]]]]
    assert vocabulary.terms[iri("technique", "a")].category.name == ""
    assert (
        vocabulary.kin(iri("technique", "framing")).near
        == kin_of(grown, [iri("technique", "framing")])[iri("technique", "framing")].near
    )
    assert vocabulary.terms[iri("category", "sound")].films == 1


def test_a_deep_chain_and_a_ladder_of_diamonds_are_soon_done(grown: MemoryStore) -> None:
    chain = [f"technique:n{n} a fg:Technique ; skos:broader technique:n{n - 1} ." for n in range(1, 1500)]
    ladder = [
        f"technique:d{n}{side} a fg:Technique ; skos:broader technique:d{n - 1}a , technique:d{n - 1}b ."
        for n in range(1, 60)
        for side in "ab"
    ]
    add(
        grown,
        " ".join(chain)
        + " ".join(ladder)
        + "technique:n0 a fg:Technique ; skos:broader category:sound . technique:d0a a fg:Technique ; "
        "skos:broader category:sound . technique:d0b a fg:Technique ; skos:broader category:sound .",
    )
    vocabulary = Vocabulary.of_store(grown)

    def depth(branch: Branch) -> int:
        return 1 + max(map(depth, branch.narrower), default=0)

    assert max(map(depth, vocabulary.tree)) == DEEPEST + 2
    assert len(vocabulary.letters) > 3


def test_a_branch_by_itself(store: Store) -> None:
    vocabulary = Vocabulary.of_store(store)
    assert outline((vocabulary.branch(iri("technique", "montage")),)) == [["Montage", ["Jump cut", "Match cut"]]]
    with pytest.raises(NotFoundError, match="no technique or category technique:x"):
        vocabulary.branch(iri("technique", "x"))


def test_no_vocabulary_at_all() -> None:
    with MemoryStore() as store:
        vocabulary = Vocabulary.of_store(store)
        assert (vocabulary.tree, vocabulary.letters, vocabulary.categories, vocabulary.techniques) == ((), (), (), ())
