"""The query library: each file keeps to the rules, counts right on the tiny graph, and answers on the bundled one.

Every file is run on every engine: pyoxigraph in memory and on disk, an endpoint, and rdflib's own engine. The
expected answers in ``data/queries`` were counted by hand on the tiny graph.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import pyoxigraph as ox
import pytest
import rdflib
from rdflib.plugins.sparql import prepareQuery

from filmgraph.errors import QueryError, RefusedQueryError
from filmgraph.namespaces import BASE, KINDS, PREFIXES
from filmgraph.queries import QueryLibrary, check_query
from filmgraph.queries.library import Query
from filmgraph.rows import Rows, Term, plain
from filmgraph.stores import MemoryStore, Store
from filmgraph.workspace import Workspace

DATA = Path(__file__).parent / "data"
EXPECTED = DATA / "queries"
LIBRARY = QueryLibrary(Workspace.find().queries)
LOCAL = [query.name for query in LIBRARY if not query.network]
NETWORK = [query.name for query in LIBRARY if query.network]
ARGUMENTS: dict[str, dict[str, list[str | int | float]]] = json.loads((EXPECTED / "arguments.json").read_text("utf-8"))

MAY_BE_EMPTY = frozenset({"disputed-uses"})
"""Queries whose answer on the bundled graph is rightly empty until a critic disputes a use."""

NAMED = (
    "film-page",
    "films-using-technique",
    "scenes-to-screen",
    "films-sharing-techniques",
    "tally-by-category",
    "techniques-together",
    "director-signature",
    "cinematographer-signature",
    "techniques-by-decade",
    "claims-on-film",
    "claims-on-technique",
    "contested-claims",
    "corroborated-uses",
    "compared-films",
    "films-linked-by-crew",
    "unnoticed-uses",
    "agreement-on-film",
    "contested-craft",
    "most-contested-craft",
    "critic-values",
    "missing-uses",
    "compared-pairs",
    "wikidata-links",
    "wikidata-federated",
    "ada-crosswalk",
)

every_query = pytest.mark.parametrize("name", LIBRARY.names)
every_local_query = pytest.mark.parametrize("name", LOCAL)


# The text of a query, as far as the rules need to read it.


@dataclass(frozen=True)
class Token:
    """A variable, word, prefixed name or sign of a query, and the groups that it stands in, outermost first."""

    text: str
    groups: tuple[int, ...]


@dataclass(frozen=True)
class Body:
    """A query's tokens without comments, strings and IRIs; ``kinds`` says what word opened each group."""

    tokens: tuple[Token, ...]
    kinds: Mapping[int, str]

    @classmethod
    def of(cls, text: str) -> Body:
        pieces = re.findall(
            r'"[^"\n]*"|<[^\s<>]*>|#[^\n]*|\?\w+|[A-Za-z][\w-]*:(?:[\w-]*\w)?|[A-Za-z_]\w*|[{}()|^*+!?=.;,<>&/-]|\d[\d.]*',
            text,
        )
        tokens: list[Token] = []
        kinds: dict[int, str] = {}
        groups: list[int] = []
        for piece in pieces:
            if piece[0] in '"#' or (piece[0] == "<" and len(piece) > 1):
                continue
            if piece == "{":
                before = [token.text.upper() for token in tokens[-2:]]
                number = len(kinds)
                kinds[number] = (
                    "EXISTS" if before[-1:] == ["EXISTS"] else before[-1] if before and before[-1].isalpha() else "{"
                )
                groups.append(number)
            tokens.append(Token(piece, tuple(groups)))
            if piece == "}":
                groups.pop()
        return cls(tuple(tokens), kinds)

    def occurrences(self, variable: str) -> list[Token]:
        return [token for token in self.tokens if token.text == f"?{variable}"]

    def strays(self, parameter: str) -> int:
        """Count the places of a parameter outside its VALUES line's group, EXISTS in it, and the query's head."""
        (home,) = [
            token.groups
            for before, token in zip(self.tokens, self.tokens[1:], strict=False)
            if token.text == f"?{parameter}" and before.text.upper() == "VALUES"
        ]
        return sum(
            not (
                token.groups[: len(home)] == home
                and all(self.kinds[group] == "EXISTS" for group in token.groups[len(home) :])
            )
            and not (not token.groups and len(home) == 1)
            for token in self.occurrences(parameter)
        )

    def words(self) -> set[str]:
        return {token.text.upper() for token in self.tokens if token.text[0].isalpha() and ":" not in token.text}

    def only_in_optional(self, variable: str) -> bool:
        """Whether a variable of WHERE gets its value in an OPTIONAL group alone."""
        places = [token.groups for token in self.occurrences(variable) if token.groups]
        return bool(places) and all(any(self.kinds[group] == "OPTIONAL" for group in groups) for groups in places)


def order_by(query: Query) -> str:
    """Return what follows the last ORDER BY."""
    found = re.findall(r"^ORDER BY (.+)$", query.text, re.MULTILINE)
    assert len(found) == 1, f"{query.name}: one line ORDER BY, at the end"
    return str(found[0])


# (a) The rules.


def test_the_library_holds_the_promised_queries() -> None:
    assert len(LIBRARY) >= 24
    assert set(NAMED) <= set(LIBRARY.names)


@every_query
def test_header_is_complete(name: str) -> None:
    query = LIBRARY[name]
    assert re.fullmatch(r"[a-z]+(-[a-z]+)*", name)
    assert re.fullmatch(r"[A-Z][^.]*", query.title), "a title without a full stop"
    assert re.search(r"[A-Z].{20,}\.$", query.description, re.DOTALL), "prose of a sentence or more"
    for entry in (*query.parameters, *query.columns):
        assert entry.description.endswith("."), f"{entry.name}: its description ends in a full stop"
    assert len({column.name for column in query.columns}) == len(query.columns)
    projected = [str(variable) for variable in prepareQuery(query.text).algebra.PV]
    assert [column.name for column in query.columns] == projected, "each column documented, in the query's order"
    assert not {parameter.name for parameter in query.parameters} & set(projected), "no parameter is a column"


@every_query
def test_prefixes_are_declared_and_used(name: str) -> None:
    text = LIBRARY[name].text
    declared = dict(re.findall(r"^PREFIX (\w+): <([^>]+)>$", text, re.MULTILINE))
    body = Body.of(text[re.search(r"^SELECT", text, re.MULTILINE).start() :])  # type: ignore[union-attr]
    used = {token.text.partition(":")[0] for token in body.tokens if ":" in token.text}
    assert set(declared) == used
    assert declared == {prefix: PREFIXES[prefix] for prefix in declared}


@every_query
def test_no_forbidden_words(name: str) -> None:
    query = LIBRARY[name]
    words = Body.of(query.text).words()
    assert not words & {"GROUP_CONCAT", "SAMPLE", "LIMIT", "OFFSET", "FROM", "LOAD", "GRAPH", "REDUCED", "RAND", "NOW"}
    assert ("SERVICE" in words) == query.network
    assert words & {"DISTINCT", "GROUP"}, "a row stands once: SELECT DISTINCT, or GROUP BY"


@every_query
def test_parameters_stay_in_the_group_of_their_values_line(name: str) -> None:
    query = LIBRARY[name]
    body = Body.of(query.text)
    for parameter in query.parameters:
        assert len(body.occurrences(parameter.name)) > 1, f"{parameter.name} is used"
        assert body.strays(parameter.name) == 0, f"{parameter.name} is used in another group than its VALUES line's"
        assert parameter.optional == (query.examples[parameter.name] == "UNDEF")
        if parameter.optional:
            assert re.search(rf"FILTER\(!BOUND\(\?{parameter.name}\) \|\| ", query.text)
        if not parameter.many:
            assert len(query.examples[parameter.name].split()) == 1
        if parameter.type in KINDS and not parameter.optional:
            assert all(value.startswith(f"{parameter.type}:") for value in query.examples[parameter.name].split())


@pytest.mark.parametrize(
    ("where", "strays"),
    [
        ("?film a ?c . FILTER NOT EXISTS { ?c a ?film }", 0),
        ("?film a ?c . FILTER(!EXISTS { ?film a ?d } && ?d < ?film)", 0),
        ("?film a ?c . OPTIONAL { ?film a ?d }", 1),
        ("{ ?film a ?c } UNION { ?c a ?film }", 2),
        ("?c a ?d MINUS { ?film a ?d }", 1),
        ("{ SELECT ?film WHERE { ?film a ?c } }", 2),
        ('?c a "?film", <https://example.org/?film> . # ?film', 0),
    ],
)
def test_the_rule_on_parameters_finds_strays(where: str, strays: int) -> None:
    text = f"SELECT ?c WHERE {{\n  VALUES ?film {{ UNDEF }}\n  {where}\n}}\nORDER BY ?c"
    assert Body.of(text).strays("film") == strays


@every_query
def test_order_is_total_and_the_same_on_every_engine(name: str) -> None:
    query = LIBRARY[name]
    body, order = Body.of(query.text), order_by(query)
    types = {column.name: column.type for column in query.columns}
    keys = re.findall(r"\?(\w+)", order)
    assert set(keys) <= set(types), "only columns are sorted by, so that a row shows its place"
    assert any(types[key] not in ("string", "integer", "decimal", "boolean", "date") for key in keys)
    bare = set(re.findall(r"\?(\w+)", re.sub(r"COALESCE\(STR\(\?\w+\), \"\"\)|STR\(\?\w+\)", "", order)))
    assert all(types[key] not in ("string", "date") for key in bare), "text is sorted by STR(): languages differ"
    for key in re.findall(r"(?<!COALESCE\()STR\(\?(\w+)\)", order):
        assert not body.only_in_optional(key), f'STR(?{key}) fails where it is unbound: COALESCE(STR(?{key}), "")'


@every_query
def test_decimals_are_rounded(name: str) -> None:
    query = LIBRARY[name]
    for column in query.columns:
        if column.type == "decimal":
            rounded = r"ROUND\([12]000\.0 \* .+\) / 1000\.0"
            assert re.search(rf"\((?:IF\(.+, )?{rounded}(?:, \?\w+\))? AS \?{column.name}\)", query.text)


@every_query
def test_the_guard_lets_each_file_through(name: str) -> None:
    query = LIBRARY[name]
    if query.network:
        with pytest.raises(RefusedQueryError, match="--allow-service"):
            check_query(query.text)
        check_query(query.text, allow_services=re.findall(r"SERVICE <https://([^/]+)/", query.text))
    else:
        check_query(query.text)


# (b) The tiny graph, on every engine.


def test_every_query_has_an_expected_answer() -> None:
    assert sorted(ARGUMENTS) == sorted(LOCAL)
    assert sorted(file.stem for file in EXPECTED.glob("*.csv")) == sorted(LOCAL)


def rdflib_graph(store: MemoryStore) -> rdflib.Graph:
    triples = ox.serialize((quad.triple for quad in store.oxigraph), format=ox.RdfFormat.N_TRIPLES)
    return rdflib.Graph().parse(data=triples or b"", format="nt")


@pytest.fixture(scope="module")
def rdflib_tiny(tiny_files: tuple[Path, ...]) -> rdflib.Graph:
    with MemoryStore.of_files(tiny_files) as store:
        return rdflib_graph(store)


@pytest.fixture(scope="module")
def rdflib_bundled(bundled: MemoryStore) -> rdflib.Graph:
    return rdflib_graph(bundled)


def term_of(term: rdflib.term.Node | None) -> Term | None:
    if isinstance(term, rdflib.Literal):
        if term.language:
            return ox.Literal(str(term), language=term.language)
        if term.datatype:
            return ox.Literal(str(term), datatype=ox.NamedNode(str(term.datatype)))
        return ox.Literal(str(term))
    return None if term is None else ox.NamedNode(str(term))


def rdflib_select(graph: rdflib.Graph, text: str) -> Rows:
    result = graph.query(text)
    columns = tuple(str(variable) for variable in result.vars or ())
    return Rows(columns, [tuple(term_of(term) for term in row) for row in result])  # type: ignore[union-attr]


def expected_rows(query: Query) -> list[tuple[object, ...]]:
    """Read an expected answer: numbers as Decimal, an empty cell as None."""
    readers = {"integer": Decimal, "decimal": Decimal, "boolean": lambda text: text == "true"}
    with (EXPECTED / f"{query.name}.csv").open(encoding="utf-8", newline="") as stream:
        header, *lines = csv.reader(stream)
    assert header == [column.name for column in query.columns]
    return [
        tuple(
            readers.get(column.type, str)(cell) if cell else None
            for column, cell in zip(query.columns, line, strict=True)
        )
        for line in lines
    ]


def comparable(rows: Rows) -> list[tuple[object, ...]]:
    """Return rows in which equal numbers are equal, whatever their notation."""

    def value(term: Term | None) -> object:
        seen = plain(term)
        return Decimal(str(seen)).normalize() if isinstance(seen, int | float) and not isinstance(seen, bool) else seen

    return [tuple(value(term) for term in row) for row in rows.terms]


def normal(rows: Sequence[tuple[object, ...]]) -> list[tuple[object, ...]]:
    return [tuple(cell.normalize() if isinstance(cell, Decimal) else cell for cell in row) for row in rows]


@every_local_query
def test_answer_on_the_tiny_graph(name: str, store: Store) -> None:
    query = LIBRARY[name]
    rows = store.select(query.bind(ARGUMENTS[name]))
    assert rows.columns == tuple(column.name for column in query.columns)
    assert comparable(rows) == normal(expected_rows(query))


@every_local_query
def test_answer_of_rdflib_on_the_tiny_graph(name: str, rdflib_tiny: rdflib.Graph) -> None:
    query = LIBRARY[name]
    rows = rdflib_select(rdflib_tiny, query.bind(ARGUMENTS[name]))
    assert comparable(rows) == normal(expected_rows(query))


def nothing(query: Query) -> dict[str, list[str | int]]:
    """Return values of the right types that nothing in the graph bears."""
    values: dict[str, list[str | int]] = {}
    for parameter in query.parameters:
        if parameter.is_resource:
            kind = parameter.type if parameter.type in KINDS else "film"
            values[parameter.name] = [f"{BASE}{kind}/no-such-thing"]
        else:
            values[parameter.name] = [0 if parameter.name == "most" else 3000]
    return values


@pytest.mark.parametrize("name", [name for name in LOCAL if LIBRARY[name].parameters])
def test_no_row_where_nothing_fits(name: str, store: Store, rdflib_tiny: rdflib.Graph) -> None:
    text = LIBRARY[name].bind(nothing(LIBRARY[name]))
    assert len(store.select(text)) == 0
    assert len(rdflib_select(rdflib_tiny, text)) == 0


@every_local_query
def test_no_row_on_an_empty_graph(name: str) -> None:
    query = LIBRARY[name]
    with MemoryStore() as empty:
        assert len(empty.select(query.text)) == 0
    assert len(rdflib_select(rdflib.Graph(), query.text)) == 0


FILM, TECHNIQUE = f"{BASE}film/", f"{BASE}technique/"


@pytest.mark.parametrize(
    ("name", "values", "column", "expected"),
    [
        ("films-using-technique", {"technique": [TECHNIQUE + "montage"]}, "title", ["Alpha", "Beta", "Delta"]),
        ("films-using-technique", {"technique": [TECHNIQUE + "silence"]}, "title", ["Epsilon"]),
        ("films-using-technique", {"technique": [TECHNIQUE + "montage"], "decade": [2010]}, "title", ["Delta"]),
        (
            "scenes-to-screen",
            {"technique": [TECHNIQUE + "montage"], "genre": [BASE + "genre/drama"], "decade": [2000]},
            "title",
            ["Alpha", "Beta"],
        ),
        ("films-combining-techniques", {"technique": [TECHNIQUE + "silence"]}, "title", ["Epsilon"]),
        ("technique-pairs", {"least": [2]}, "films", []),
        ("techniques-by-decade", {}, "films", [2, 1, 1, 1, 1, 1]),
        ("claims-on-film", {"film": [FILM + "alpha-2001"]}, "by", ["Critic Two", "Critic One", "Critic Two"]),
        ("claims-on-film", {"film": [FILM + "gamma-2003"]}, "by", ["unsigned"]),
        ("claims-on-film", {"film": [FILM + "delta-2014"]}, "by", []),
        ("claims-on-technique", {"concept": [TECHNIQUE + "jump-cut"]}, "title", []),
        ("claims-on-technique", {"concept": [TECHNIQUE + "montage"]}, "title", ["Alpha"]),
        ("contested-claims", {"film": [FILM + "beta-2002"]}, "title", []),
        ("corroborated-uses", {}, "title", ["Alpha", "Alpha", "Beta"]),
        ("disputed-uses", {"film": [FILM + "beta-2002"]}, "title", []),
        ("unnoticed-uses", {"film": [FILM + "beta-2002"]}, "label", ["Match cut"]),
        ("compared-films", {}, "title", ["Alpha"]),
        ("compared-films", {"film": [FILM + "alpha-2001"]}, "compared_title", ["Beta"]),
        ("compared-films", {"film": [FILM + "delta-2014"]}, "compared_title", []),
        ("agreement-on-film", {"film": [FILM + "gamma-2003"]}, "share", [None]),
        ("contested-craft", {"film": [FILM + "beta-2002"]}, "title", []),
        ("critic-values", {"critic": [BASE + "person/critic-two"]}, "praised", [1, 0]),
        ("missing-uses", {"film": [FILM + "gamma-2003"]}, "title", []),
        ("compared-pairs", {"film": [FILM + "beta-2002"]}, "one_title", ["Alpha"]),
        ("films-by-decade", {}, "techniques", [2, 2, 1, 1, 1]),
        ("rare-techniques", {"most": [2]}, "films", [1, 1, 1, 2, 2, 2, 2]),
        ("critics-on-film", {"film": [FILM + "delta-2014"]}, "claims", [0]),
        ("critics-on-film", {"film": [FILM + "gamma-2003"]}, "critic_name", [None]),
        ("techniques-of-category", {"category": [BASE + "category/sound"]}, "films", [1]),
        ("technique-page", {"technique": [TECHNIQUE + "montage"]}, "films", [3]),
        ("scenes-to-screen", {"technique": [TECHNIQUE + "jump-cut"]}, "spoiler", [False, True]),
        ("credits", {"person": [BASE + "person/composer-one"]}, "role", ["composer", "composer"]),
        ("wikidata-links", {"film": [FILM + "beta-2002"]}, "item", []),
        ("ada-crosswalk", {"technique": [TECHNIQUE + "silence"]}, "counterpart", []),
        (
            "ada-crosswalk",
            {"technique": [TECHNIQUE + "close-up"]},
            "counterpart",
            [PREFIXES["adatype"] + "FieldSize", PREFIXES["adavalue"] + "FieldSize_closeup"],
        ),
    ],
)
def test_parameters_open_and_close_the_answer(
    name: str,
    values: dict[str, list[str | int | float]],
    column: str,
    expected: list[object],
    store: Store,
    rdflib_tiny: rdflib.Graph,
) -> None:
    text = LIBRARY[name].bind(values)
    assert store.select(text).column(column) == expected
    assert rdflib_select(rdflib_tiny, text).column(column) == expected


# The federated query, on a tiny Wikidata of ours.

WIKIDATA_OF_OURS = """
PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
PREFIX wd: <http://www.wikidata.org/entity/>
PREFIX wdt: <http://www.wikidata.org/prop/direct/>
CLEAR ALL ;
INSERT DATA {
  wd:Q1 wdt:P166 wd:Q11 , wd:Q12 .
  wd:Q2 wdt:P166 wd:Q13 .
  wd:Q11 rdfs:label "Silver Reel"@en , "Silberne Spule"@de .
  wd:Q12 rdfs:label "Golden Reel"@en .
  wd:Q13 rdfs:label "Wooden Reel"@en .
}
"""


def test_awards_from_wikidata(scratch_server, store: Store, rdflib_tiny: rdflib.Graph) -> None:  # type: ignore[no-untyped-def]
    assert NETWORK == ["wikidata-federated"]
    scratch_server.store().update(WIKIDATA_OF_OURS)
    text = LIBRARY["wikidata-federated"].bind({"item": [PREFIXES["wd"] + "Q1"]})
    text = text.replace("https://query.wikidata.org/sparql", scratch_server.query_url)
    expected = [
        (f"{FILM}alpha-2001", "Alpha", PREFIXES["wd"] + "Q12", "Golden Reel"),
        (f"{FILM}alpha-2001", "Alpha", PREFIXES["wd"] + "Q11", "Silver Reel"),
    ]
    assert list(store.select(text)) == expected
    assert list(rdflib_select(rdflib_tiny, text)) == expected


# (c) The bundled graph, each file unchanged.


@every_local_query
def test_answer_on_the_bundled_graph(name: str, bundled: MemoryStore, rdflib_bundled: rdflib.Graph) -> None:
    query = LIBRARY[name]
    rows = bundled.select(query.text)
    assert len(rows) > 0 or name in MAY_BE_EMPTY
    keys = [rows.columns.index(key) for key in re.findall(r"\?(\w+)", order_by(query))]
    assert len({tuple(row[key] for key in keys) for row in rows.terms}) == len(rows), "the order is total"
    assert comparable(rdflib_select(rdflib_bundled, query.text)) == comparable(rows)


@every_local_query
def test_columns_hold_what_the_header_says(name: str, bundled: MemoryStore) -> None:
    query = LIBRARY[name]
    for row in bundled.select(query.text).records():
        for column in query.columns:
            value = row[column.name]
            if value is None:
                continue
            if column.type == "integer":
                assert isinstance(value, int)
            elif column.type == "decimal":
                assert isinstance(value, float)
            elif column.type == "boolean":
                assert isinstance(value, bool)
            elif column.type in KINDS:
                kinds = ("person", "organization") if column.type == "person" else (column.type,)
                assert str(value).startswith(tuple(f"{BASE}{kind}/" for kind in kinds)), column.name


@every_query
def test_examples_are_in_the_bundled_graph(name: str, bundled: MemoryStore) -> None:
    for value in " ".join(LIBRARY[name].examples.values()).split():
        prefix, colon, local = value.partition(":")
        if colon:
            resource = PREFIXES[prefix] + local
            assert bundled.ask(f"ASK {{ {{ <{resource}> ?p ?o }} UNION {{ ?s ?q <{resource}> }} }}"), value


# Binding values.


def test_bind_refuses_what_does_not_fit() -> None:
    query = LIBRARY["films-using-technique"]
    with pytest.raises(QueryError, match="needs a value"):
        query.bind({})
    with pytest.raises(QueryError, match="no parameter 'colour'"):
        query.bind({"colour": ["red"]})
    with pytest.raises(QueryError, match="one value only"):
        query.bind({"technique": [TECHNIQUE + "a", TECHNIQUE + "b"]})
    with pytest.raises(QueryError, match="no absolute IRI"):
        query.bind({"technique": ["https://example.org/x> } DROP ALL #"]})
    with pytest.raises(QueryError, match="no integer"):
        query.bind({"technique": [TECHNIQUE + "a"], "decade": ["1990 }"]})


@pytest.mark.parametrize("query", list(LIBRARY), ids=lambda query: query.name)
def test_whoever_selects_a_text_selects_what_may_be_marked_as_a_spoiler(query: Query) -> None:
    """The command line folds texts that give away an ending: it must see which use, scene or claim they are of."""
    from filmgraph.pages import TOLD_BY

    columns = [column.name for column in query.columns]
    for column in columns:
        prefix, _, text = column.rpartition("_")
        if text in TOLD_BY:
            wanted = {f"{prefix}_{name}" if prefix else name for name in TOLD_BY[text]} | {prefix}
            assert wanted & set(columns), column
