"""The index of all names: it finds what looking at every label would find, and suggests what is being typed."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from filmgraph.errors import AmbiguousNameError, NotFoundError
from filmgraph.graph import FilmGraph
from filmgraph.lookup import Hit, SearchIndex, labels_of, resolve, search
from filmgraph.lookup.labels import Labels
from filmgraph.lookup.scoring import LEAST, WITH_YEAR, WITHOUT_ERRORS, Wanted
from filmgraph.namespaces import BASE, KINDS, iri, kind_of
from filmgraph.queries import with_prefixes
from filmgraph.stores import MemoryStore

TINY = Path(__file__).parent / "data" / "tiny.ttl"


@pytest.fixture(scope="module")
def index(bundled: MemoryStore) -> SearchIndex:
    return SearchIndex(bundled)


def one_by_one(labels: Labels, text: str, kinds: Collection[str], limit: int = 10) -> list[Hit]:
    """Search as :class:`SearchIndex` does, by looking at every label of every resource."""
    wanted = Wanted.of(text)
    title = Wanted.of(with_year["title"]) if (with_year := WITH_YEAR.fullmatch(text.strip())) else None
    best: dict[str, tuple[float, int, str]] = {}
    for resource, own in labels.of.items():
        if kind_of(resource) in kinds:
            found = [(-round(wanted.score_of(resource, each.folded, title), 3), each.rank, each.text) for each in own]
            together = wanted.score_of_words({word for each in own for word in each.folded.split()}, share=0.0)
            found.append((-round(together, 3), *min((each.rank, each.text) for each in own)))
            best[resource] = min(found)
    least = LEAST if all(-score < WITHOUT_ERRORS for score, _, _ in best.values()) else WITHOUT_ERRORS
    hits = sorted((score, resource) for resource, (score, _, _) in best.items() if -score >= least)
    return [Hit(resource, labels.names[resource], best[resource][2], -score) for score, resource in hits[:limit]]


SOME_KINDS = st.sampled_from([KINDS, ("film",), ("technique", "aspect", "category"), ("person", "organization")])
YEARS = st.sampled_from(["", "", " 1999", " (2013)", " 1960"])
LITTLE = st.sampled_from(["", "", "the ", "a ", "of "])


@settings(max_examples=50, deadline=None)
@given(data=st.data(), kinds=SOME_KINDS)
def test_it_finds_what_looking_at_every_label_finds(index: SearchIndex, data: st.DataObject, kinds: list[str]) -> None:
    label = data.draw(st.sampled_from(list(index.labels.of.values())))[0].text
    words = label.split() or [label]
    kept = data.draw(st.lists(st.sampled_from(words), min_size=1, max_size=3)) if data.draw(st.booleans()) else words
    text = data.draw(LITTLE) + " ".join(kept) + data.draw(YEARS)
    for _ in range(data.draw(st.integers(0, 3))):
        place = data.draw(st.integers(0, max(len(text) - 1, 0)))
        instead = data.draw(st.sampled_from(["", "e", "rt", text[place : place + 2][::-1]]))
        text = text[:place] + instead + text[place + data.draw(st.integers(0, 2)) :]
    assert index.search(text, kinds=kinds) == one_by_one(index.labels, text, kinds)


@pytest.mark.parametrize(
    "text",
    [
        "the",
        "2013",
        "her",
        "2001",
        "night of",
        "music",
        "john",
        "a",
        "",
        " ",
        "?",
        "m",
        "her 1999",
        "x" * 900,
        "\udcff",
    ],
)
def test_it_finds_the_same_for_texts_that_are_in_many_labels_or_in_none(index: SearchIndex, text: str) -> None:
    assert index.search(text, limit=5000) == one_by_one(index.labels, text, KINDS, limit=5000)


@settings(max_examples=25, deadline=None)
@given(text=st.text(max_size=12))
def test_any_text_can_be_searched_for_and_typed(index: SearchIndex, text: str) -> None:
    assert index.search(text) == one_by_one(index.labels, text, KINDS)
    suggested = index.suggest(text, limit=5)
    assert len({hit.iri for hit in suggested}) == len(suggested) <= 5


def test_names_are_those_that_pages_show(index: SearchIndex, bundled: MemoryStore) -> None:
    assert index.names == labels_of(bundled, index.names)
    assert len(index) == len(index.names) > 3000


def test_suggestions_begin_with_names_that_begin_with_the_text(index: SearchIndex) -> None:
    assert [hit.name for hit in index.suggest("her", limit=2)] == ["Her", "Hero"]
    assert [hit.name for hit in index.suggest("hitchc", limit=1)] == ["Alfred Hitchcock"]
    assert [hit.name for hit in index.suggest("OFF scr", limit=2)] == ["Off-screen sound", "Off-screen space"]
    assert [hit.name for hit in index.suggest("space off")] == ["Off-screen space"]
    assert index.suggest("amelie")[0].name == "Amélie"
    scores = [hit.score for hit in index.suggest("so", limit=50)]
    assert scores == sorted(scores, reverse=True)
    assert (index.suggest(""), index.suggest("  "), index.suggest("her", limit=0)) == ([], [], [])
    assert index.suggest(None) == []  # type: ignore[arg-type]


def test_another_label_that_matches_is_named() -> None:
    with MemoryStore.of_files([TINY]) as store:
        (hit,) = SearchIndex(store).suggest("facial")
        assert (hit.name, hit.matched, hit.score, hit.kind) == ("Close-up", "facial framing", 85.0, "technique")


def test_each_word_of_the_text_begins_a_word_of_the_label(index: SearchIndex) -> None:
    for text in ("st", "mar", "de la", "o s", "w"):
        for hit in index.suggest(text, limit=200):
            folded = next(label.folded for label in index.labels.of[hit.iri] if label.text == hit.matched)
            assert all(any(word.startswith(part) for word in folded.split()) for part in text.split())


def test_a_search_of_a_store_is_one_of_its_index(bundled: MemoryStore, index: SearchIndex) -> None:
    for text in ("hitchcok", "close up", "king kong 1976"):
        assert search(bundled, text, kinds=("film", "person")) == index.search(text, kinds=("film", "person"))


@pytest.fixture
def graph() -> Iterator[FilmGraph]:
    with FilmGraph(MemoryStore.of_files([TINY])) as graph:
        yield graph


def test_names_are_resolved_alike_with_an_index_and_without(bundled: MemoryStore, index: SearchIndex) -> None:
    def outcome(text: str, kind: str | None, given: SearchIndex | None) -> object:
        try:
            return resolve(bundled, text, kind=kind, index=given)
        except (AmbiguousNameError, NotFoundError) as error:
            return str(error)

    for text in (
        "Her",
        "her 2013",
        "King Kong",
        "Nosferatu",
        "music",
        "editing",
        "Hitchcok",
        "xyzzy",
        "Brazil",
        "2001",
    ):
        for kind in ("film", "technique", "concept", "person", "country", None):
            assert outcome(text, kind, index) == outcome(text, kind, None)


def test_a_graph_keeps_its_index_until_it_changes(graph: FilmGraph) -> None:
    assert graph.search("zeta") == []
    assert graph.search_index is graph.search_index
    graph.update('INSERT DATA { film:zeta-2020 a fg:Film ; schema:name "Zeta" ; fg:releaseYear 2020 }')
    assert [hit.iri for hit in graph.search("zeta")] == [BASE + "film/zeta-2020"]
    assert graph.resolve("Zeta") == iri("film", "zeta-2020")


def test_labels_that_are_hostile_are_labels_like_others() -> None:
    with MemoryStore() as store:
        store.update(
            with_prefixes(
                'INSERT DATA { film:x-1 a fg:Film ; schema:name "<script>alert(1)</script>" , "" , " " , "💥" , '
                "<urn:n> . film:y-2 a fg:Film ; schema:name 5 . film:z--2 a fg:Film ; schema:name 'a\\u0000b' . "
                '_:b a fg:Film ; schema:name "nobody" . <http://example.org/z> a fg:Film ; schema:name "elsewhere" }'
            )
        )
        index = SearchIndex(store)
        assert [hit.iri for hit in index.search("script alert 1 script")] == [iri("film", "x-1")]
        assert [hit.iri for hit in index.suggest("💥")] == [iri("film", "x-1")]
        assert index.search("nobody") == index.search("elsewhere") == []
        assert len(index) == 3
    with MemoryStore() as empty:
        assert SearchIndex(empty).search("her") == SearchIndex(empty).suggest("her") == []
