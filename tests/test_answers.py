"""The library's dear questions on a large store: counted on arrays, and the same to the last row."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from scripts import generate

import filmgraph
from filmgraph import stores
from filmgraph.answers import SHORTENED, TEXTS, Shorter, answer, digest_of, in_order, order_of, shortened
from filmgraph.answers.rewriting import counted, inserted, values_of, with_numbers, without
from filmgraph.arrays import GraphArrays, open_arrays
from filmgraph.graph import FilmGraph, load_into, open_graph
from filmgraph.namespaces import FG, SCHEMA, iri
from filmgraph.pages import Named
from filmgraph.pages.parts import uses_of_film, uses_where
from filmgraph.queries import Query, QueryLibrary, parse_query
from filmgraph.rows import Rows
from filmgraph.stores import DiskStore, LocalStore, MemoryStore

LIMITS = (None, 3, 25)
TRIES = 4


class Graph:
    """A graph to ask, with its arrays and with what can be put into its questions."""

    def __init__(self, store: LocalStore, library: QueryLibrary) -> None:
        self.store, self.library = store, library
        self.arrays: GraphArrays = open_arrays(store)
        of_class = {"film": "Film", "technique": "Technique", "category": "Category", "genre": "Genre"}
        self.values: dict[str, list[str] | list[int]] = {
            name: self._column(f"?x a <{FG}{class_}>") for name, class_ in of_class.items()
        }
        self.values |= {"decade": [1930, 1960, 1990, 2010], "least": [1, 2, 7], "most": [0, 1, 3]}
        self.values["concept"] = [*self.values["technique"], *self.values["category"]]  # type: ignore[list-item]
        self.values["critic"] = self._column(f"?r a <{FG}Review> ; <{SCHEMA}author> ?x")
        self.people = {
            "director-signature": self._column(f"?f <{SCHEMA}director> ?x"),
            "cinematographer-signature": self._column(f"?f <{FG}cinematographer> ?x"),
        }

    def _column(self, where: str) -> list[str]:
        return sorted(str(x) for (x,) in self.store.select(f"SELECT DISTINCT ?x {{ {where} FILTER(isIRI(?x)) }}"))

    def tries(self, query: Query, chance: random.Random) -> Iterator[dict[str, list[str | int]]]:
        """Yield values for a question: with what is optional and without it, and once what the graph does not hold."""
        for turn in range(TRIES if query.parameters else 1):
            chosen: dict[str, list[str | int]] = {}
            for parameter in query.parameters:
                pool = self.people[query.name] if parameter.name == "person" else self.values[parameter.name]
                if parameter.optional and turn % 2:
                    continue
                is_last = turn == TRIES - 1 and parameter.is_resource
                kind = "technique" if parameter.type == "concept" else parameter.type
                chosen[parameter.name] = [iri(kind, "nothing-there") if is_last else chance.choice(pool)]
                if parameter.many:
                    chosen[parameter.name] += chance.choices(pool, k=2)
            yield chosen


@pytest.fixture(scope="module")
def library() -> QueryLibrary:
    with filmgraph.open() as graph:
        return graph.library


@pytest.fixture(scope="module")
def bundled_graph(bundled: MemoryStore, library: QueryLibrary) -> Graph:
    return Graph(bundled, library)


@pytest.fixture(scope="module")
def made_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made")
    generate.write_graph(folder / "films.nt", 120, seed=7)
    (folder / "odd.ttl").write_text(ODD, encoding="utf-8")
    load_into(folder / "store", [folder / "films.nt", folder / "odd.ttl"])
    return folder / "store"


@pytest.fixture(scope="module")
def made_graph(made_folder: Path, library: QueryLibrary) -> Iterator[Graph]:
    with DiskStore(made_folder) as store:
        yield Graph(store, library)


ODD = """
@prefix fg: <https://w3id.org/filmgraph/ontology#> .
@prefix film: <https://w3id.org/filmgraph/film/> .
@prefix review: <https://w3id.org/filmgraph/review/> .
@prefix schema: <https://schema.org/> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
@prefix technique: <https://w3id.org/filmgraph/technique/> .
@prefix use: <https://w3id.org/filmgraph/use/> .

film:odd-1999 a fg:Film ; schema:name "Odd"@en , "Odd too" ; fg:releaseYear 1999 .
film:bare-2000 a fg:Film .
technique:made-technique-3 skos:prefLabel "Three"@en-GB , "Drei"@de .
technique:lonely a fg:Technique ; skos:broader technique:made-family-1 .
use:odd-one fg:film film:odd-1999 ; fg:technique technique:made-technique-3 ; fg:explanation "So."@en .
use:odd-two fg:film film:odd-1999 ; fg:technique technique:made-technique-3 ; fg:explanation "And so."@en .
use:odd-three fg:film film:odd-1999 ; fg:technique technique:lonely ; fg:explanation "Alone."@en .
review:odd--one a fg:Review ; schema:itemReviewed film:odd-1999 .
review:odd--two a fg:Review ; schema:itemReviewed film:odd-1999 ; schema:author <urn:a> , <urn:b> .
<urn:c1> fg:status fg:Accepted ; fg:aboutFilm film:odd-1999 ; fg:aboutTechnique technique:made-technique-3 ;
  fg:stance fg:Praise ; fg:claimedIn review:odd--one ; fg:statement "Good."@en ; fg:comparesToTitle "Elsewhere" .
<urn:c2> fg:status fg:Accepted ; fg:aboutFilm film:odd-1999 ; fg:aboutTechnique technique:made-technique-3 ;
  fg:stance fg:Criticism ; fg:claimedIn review:odd--two ; fg:statement "Bad."@en ; fg:comparesTo film:bare-2000 .
<urn:c3> fg:status fg:Accepted ; fg:aboutFilm film:odd-1999 ; fg:aboutTechnique technique:made-family-2 ;
  fg:stance fg:Praise ; fg:claimedIn review:odd--two ; fg:statement "Fine."@en .
"""
"""Two titles, two labels, two uses of one technique, a film without a year, two authors, no author."""


def answered(graph: Graph, query: Query, values: dict[str, list[str | int]], limit: int | None) -> list[object] | None:
    """Return the rows as a large store gives them, None where the question is asked as it stands."""
    found = shortened(query, values, lambda: graph.arrays, graph.store.select, limit=limit)
    if found is None:
        return None
    rows = graph.store.select(found.text) if found.rows is None else found.rows
    if found.first and limit is not None and len(rows) < limit:
        return None
    return [rows.columns, *(rows if limit is None else rows.head(limit)).terms]


@pytest.mark.parametrize("name", sorted(SHORTENED))
@pytest.mark.parametrize("where", ["bundled", "made"])
def test_the_rows_are_those_of_the_librarys_text(name: str, where: str, request: pytest.FixtureRequest) -> None:
    graph: Graph = request.getfixturevalue(f"{where}_graph")
    query, chance, met = graph.library[name], random.Random(name), 0
    for values in graph.tries(query, chance):
        whole = graph.store.select(query.bind(values))
        for limit in LIMITS:
            rows = answered(graph, query, values, limit)
            if rows is not None:
                assert rows == [whole.columns, *(whole if limit is None else whole.head(limit)).terms], (values, limit)
                met += 1
    assert met


def test_rows_put_in_order_here_are_in_the_engines_order(bundled_graph: Graph, made_graph: Graph) -> None:
    """Every question of the library, as far as it tells its order; and none of them leaves it to the engine."""
    for graph in (bundled_graph, made_graph):
        for query in graph.library:
            if query.name in ("film-credits", "credits", "wikidata-federated", "ada-crosswalk"):
                continue
            values: dict[str, list[str | int]] = {}
            for parameter in query.parameters:
                if not parameter.optional:
                    pool = graph.people.get(query.name) or graph.values.get(parameter.name) or graph.values["technique"]
                    values[parameter.name] = [pool[len(pool) // 3]]
            text = query.bind(values)
            asked: list[str] = []

            def select(text: str, graph: Graph = graph, asked: list[str] = asked) -> Rows:
                asked.append(text)
                return graph.store.select(text)

            whole = graph.store.select(text)
            rows = in_order(text, select)
            assert (rows.columns, rows.terms) == (whole.columns, whole.terms), query.name
            assert in_order(text, select, 2).terms == whole.terms[:2], query.name
            assert not any("ORDER BY" in each for each in asked), query.name


ORDERED = """
PREFIX x: <urn:x:> SELECT ?s ?v ?w WHERE { VALUES (?s ?v ?w) {
  (x:c 10 "b") (x:b 9 "a"@en) (x:a 9.5 "a") (<urn:x:\u00e9> -3 "\U0001f600") (x:z UNDEF "\uffee") (x:y 10 UNDEF)
} } ORDER BY """


@pytest.mark.parametrize(
    ("keys", "is_known"),
    [
        ("?v ?s", True),
        ("STR(?w) ?s", True),
        ('COALESCE(STR(?w), "") ?s', True),
        ("?s", True),
        ("?w ?s", False),
        ("DESC(?v) ?s", False),
        ("LCASE(?w) ?s", False),
        ("?v ?s LIMIT 2", False),
        ("DESC(?s)", False),
    ],
)
def test_numbers_texts_and_what_is_unbound_are_ordered_as_the_engine_does(keys: str, *, is_known: bool) -> None:
    asked: list[str] = []
    with MemoryStore() as store:

        def select(text: str) -> Rows:
            asked.append(text)
            return store.select(text)

        whole = store.select(ORDERED + keys)
        assert in_order(ORDERED + keys, select).terms == whole.terms
        assert in_order(ORDERED + keys, select, 3).terms == whole.terms[:3]
    assert any("ORDER BY" in text for text in asked) != is_known


def test_an_order_inside_a_query_is_left_there() -> None:
    inner = "SELECT ?a { { SELECT ?a { ?a ?p ?o } ORDER BY ?a LIMIT 3 } }"
    assert order_of(inner) is None
    found = order_of(inner + " ORDER BY ?a")
    assert found is not None
    assert found[0].strip() == inner


def test_few_are_the_first_of_many(library: QueryLibrary, made_graph: Graph) -> None:
    query = library["unnoticed-uses"]
    whole = answer(query, {}, lambda: made_graph.arrays, made_graph.store.select)
    few = answer(query, {}, lambda: made_graph.arrays, made_graph.store.select, limit=7)
    assert few.terms == whole.terms[:7] == made_graph.store.select(query.text).terms[:7]


def test_the_listing_counts_what_the_graph_says(made_graph: Graph, bundled_graph: Graph) -> None:
    for graph in (made_graph, bundled_graph):
        listing, films = graph.arrays.listing, graph.arrays.films
        said = f"?use <{FG}film> ?film ; <{FG}technique> ?t"
        for name, what, more in (("uses", "?use", ""), ("scenes", "?scene", f"; <{FG}scene> ?scene")):
            text = f"SELECT ?film (COUNT(DISTINCT {what}) AS ?n) {{ {said} {more} }} GROUP BY ?film"
            counts = {films.at[str(film)]: count for film, count in graph.store.select(text)}
            assert {at: n for at, n in enumerate(getattr(listing, name).tolist()) if n} == counts
        titles = sorted({str(title) for (title,) in graph.store.select(f"SELECT ?t {{ ?f <{SCHEMA}name> ?t }}")})
        known = [at for at in range(len(films)) if listing.rank[at] >= 0]
        ordered = sorted(known, key=lambda at: listing.rank[at])
        assert [listing.titles[at] for at in ordered] == sorted(listing.titles[at] for at in known)
        assert {listing.titles[at] for at in known} <= set(titles)
    odd, bare = (made_graph.arrays.films.at[iri("film", name)] for name in ("odd-1999", "bare-2000"))
    listing = made_graph.arrays.listing
    assert not listing.is_plain[odd]
    assert not listing.is_plainly_used[odd]
    assert listing.titles[odd] == "Odd"
    assert not listing.listed[bare]
    assert listing.rank[bare] == -1


def test_each_is_known_by_the_text_that_the_library_has(library: QueryLibrary) -> None:
    """Where this fails a question was changed: see that its rows above are still the same, then note its new digest."""
    assert SHORTENED.keys() == TEXTS.keys()
    assert {name: digest_of(library[name].text) for name in SHORTENED} == TEXTS


def test_a_query_of_ones_own_with_the_same_name_is_asked_as_it_stands(
    library: QueryLibrary, bundled_graph: Graph
) -> None:
    text = library["rare-techniques"].text
    own = parse_query("rare-techniques", text.replace("SELECT DISTINCT ?technique", "SELECT ?technique"))
    select = bundled_graph.store.select
    assert shortened(own, {"most": [1]}, lambda: bundled_graph.arrays, select) is None
    same = parse_query("rare-techniques", text.replace("\n  ", "\n    "))
    assert isinstance(shortened(same, {"most": [1]}, lambda: bundled_graph.arrays, select), Shorter)


def test_a_large_disk_store_answers_so(made_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with open_graph(made_folder) as graph:
        asked = [graph.query("technique-pairs", least=2), graph.query("films-sharing-techniques", film="odd-1999")]
        few = graph.query("films-sharing-techniques", film="odd-1999", limit=5)
    monkeypatch.setattr(stores, "LARGE", 0)
    texts: list[str] = []
    select = LocalStore.select
    monkeypatch.setattr(LocalStore, "select", lambda self, text: texts.append(text) or select(self, text))
    with open_graph(made_folder) as graph:
        assert graph.query("technique-pairs", least=2).terms == asked[0].terms
        assert not any("COUNT(" in text for text in texts)
        assert graph.query("films-sharing-techniques", film="odd-1999").terms == asked[1].terms
        assert graph.query("films-sharing-techniques", film="odd-1999", limit=5).terms == few.terms
        # One film has fewer rows than are wanted, so that the question's own text is asked after all.
        assert len(graph.query("films-sharing-techniques", film="odd-1999", limit=9_999)) == len(asked[1])


def test_one_film_needs_no_arrays(library: QueryLibrary, bundled_graph: Graph) -> None:
    def none_there() -> GraphArrays:
        raise AssertionError("the arrays are not needed")

    film = iri("film", "her-2013")
    for name in ("agreement-on-film", "corroborated-uses", "unnoticed-uses"):
        found = shortened(library[name], {"film": [film]}, none_there, bundled_graph.store.select)
        assert found is not None
        assert found.text.count(film) > 1


TEXT = """SELECT ?a (COUNT(DISTINCT ?f) AS ?n) # WHERE {
WHERE {
  VALUES ?x { "}" }
  { SELECT ?a { ?a ?p ?o } }
  OPTIONAL { ?f ?q ?a }
}
GROUP BY ?a
HAVING (COUNT(?f) > 0)
ORDER BY ?n ?a
"""


def test_texts_are_changed_where_they_are_meant_to_be() -> None:
    values = values_of(["a", "n"], [("urn:a", 2), ("urn:x> } DROP ALL", 1)])
    assert values == "VALUES (?a ?n) { (<urn:a> 2) }"
    assert 'VALUES ?x { "}" }\n  VALUES (?a ?n) { (<urn:a> 2) }\n  OPTIONAL' in with_numbers(TEXT, values)
    assert "OPTIONAL" not in without(TEXT, "OPTIONAL", "?f")
    assert inserted(TEXT, "VALUES ?f { 1 }", "?f ?q").count("{ VALUES ?f { 1 } ?f ?q ?a }") == 1
    text = counted(TEXT, {"COUNT(DISTINCT ?f)": "c"}, "VALUES (?a ?c) { (<urn:a> 2) }")
    assert text.startswith("SELECT DISTINCT ?a (?c AS ?n)")
    assert text.endswith("WHERE { VALUES (?a ?c) { (<urn:a> 2) } }\nORDER BY ?n ?a\n")
    with pytest.raises(ValueError, match="no OPTIONAL"):
        without(TEXT, "OPTIONAL", "?z")


def test_the_whole_of_a_graph_is_not_asked_for_where_it_is_small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(FilmGraph, "kept_arrays", property(lambda _: pytest.fail("read for nothing")))
    with filmgraph.open() as graph:
        assert len(graph.query("rare-techniques", most=1))


def test_a_films_uses_are_read_whole_as_they_are_one_by_one(made_graph: Graph, bundled_graph: Graph) -> None:
    """What a film page reads at once is what the pattern over uses reads, two scenes and odd values among it."""
    strange = MemoryStore()
    strange.update(
        f"PREFIX fg: <{FG}> PREFIX s: <{SCHEMA}> INSERT DATA {{ "
        "<urn:u> fg:film <urn:f> , <urn:g> ; fg:technique <urn:t> , <urn:v> ; fg:explanation 'b' , 'a' ; "
        "fg:scene <urn:s> , <urn:r> , <urn:q> ; fg:spoiler true , 'x' . <urn:w> fg:film <urn:f> ; "
        "fg:technique <urn:t> ; fg:explanation 'c' ; fg:scene <urn:s> . <urn:s> s:description 'd' , 'e' ; "
        "fg:startOffset 1 , 2 ; fg:spoiler true . <urn:r> s:description 'f' ; fg:film <urn:f> }"
    )
    films = [(strange, "urn:f"), (strange, "urn:g"), (strange, "urn:none")]
    for graph in (made_graph, bundled_graph):
        films += [(graph.store, film) for film in graph.values["film"][:40]]
    for store, film in films:
        expected = uses_where(store, f"VALUES ?film {{ <{film}> }}")
        title, year = (expected[0].film, expected[0].year) if expected else (Named(film, ""), None)
        assert uses_of_film(store, title, year) == expected
    assert len(uses_where(strange, "VALUES ?film { <urn:f> }")) == 2


def test_what_pages_remember_changes_no_page(made_folder: Path) -> None:
    with open_graph(made_folder) as graph, open_graph(made_folder) as fresh:
        films = [str(film) for (film,) in graph.store.select(f"SELECT ?f {{ ?f a <{FG}Film> }} ORDER BY ?f LIMIT 12")]
        graph.film(films[0])
        asked: list[str] = []
        for film in films:
            fresh._forget()
            assert graph.film(film) == fresh.film(film)
        with pytest.MonkeyPatch.context() as patch:
            select = LocalStore.select
            patch.setattr(LocalStore, "select", lambda self, text: asked.append(text) or select(self, text))
            graph.film(films[0])
            again = len(asked)
            fresh._forget()
            fresh.film(films[0])
        assert again < len(asked) - again
    with open_graph(in_memory=True) as graph:
        assert graph._page_memory is not None
    with MemoryStore() as store:
        assert FilmGraph(store)._page_memory is None
