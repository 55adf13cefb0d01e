"""What an engine speaks otherwise: how queries are put to it, and what its answers are made."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, cast

import pyoxigraph as ox
import pytest
from servers import Endpoint, Exchange
from virtuoso import VirtuosoServer

from filmgraph.errors import EndpointAnswerError, QueryError, RemoteError
from filmgraph.rows import Rows
from filmgraph.stores import MemoryStore, RemoteStore
from filmgraph.stores.answers import Edges
from filmgraph.stores.dialects import STANDARD, VIRTUOSO, dialect_of
from filmgraph.stores.templates import constructed

SERVER = "Virtuoso/07.20.3229 (Linux) x86_64-pc-linux-gnu"
XSD = "http://www.w3.org/2001/XMLSchema#"
DATA = """
INSERT DATA {
  <urn:a> <urn:name> "a" , "a"@en ; <urn:next> <urn:b> ; <urn:has> [ <urn:name> "inner" ] .
  <urn:b> <urn:name> "b" ; <urn:next> <urn:c> .
}
"""


@pytest.mark.parametrize(
    ("server", "body", "dialect"),
    [
        (SERVER, b"", VIRTUOSO),
        ("nginx", b'{  "head": { "link": [] }, "boolean": true}', VIRTUOSO),
        ("nginx", b'{"head":{"link":[]},"boolean":true}', STANDARD),
        ("Oxigraph/0.5", b'{"head":{},"boolean":true}', STANDARD),
        ("", b"", STANDARD),
    ],
)
def test_an_engine_is_known_by_what_it_says(server: str, body: bytes, dialect: object) -> None:
    assert dialect_of(server, body) is dialect


@pytest.mark.parametrize(
    "query",
    [
        "CONSTRUCT { ?s ?p ?o } WHERE { ?s ?p ?o }",
        "CONSTRUCT WHERE { ?s <urn:next> ?o ; <urn:name> ?n }",
        "PREFIX x: <urn:> CONSTRUCT { ?s x:copied [ x:of ?n ] ; a x:Thing . x:one x:is $s } WHERE { ?s x:name ?n }",
        "CONSTRUCT { ?n <urn:is> ?s . ?s ?n ?s . ?s <urn:no> ?none . ?s <urn:self> $s } { ?s <urn:name> ?n }",
        "CONSTRUCT { ?s <urn:list> ( ?n 1 ) } WHERE { ?s <urn:name> ?n } ORDER BY ?n LIMIT 2",
        "# a { comment\nCONSTRUCT { ?s <urn:says> '} WHERE {' } WHERE { ?s <urn:next> ?o }",
        "CONSTRUCT { <urn:x> <urn:y> 1 } WHERE { ?s <urn:next> ?o }",
        "CONSTRUCT {} WHERE { ?s <urn:next> ?o }",
    ],
)
def test_construct_asked_as_select_makes_the_same(query: str) -> None:
    with MemoryStore() as store:
        store.update(DATA)
        asked = VIRTUOSO.asked(query, seconds=1)
        assert asked.template is not None
        made = set(constructed(asked.template, cast(Any, _Stream(store.select(asked.text)))))
        assert _canonical(made) == _canonical(store.construct(query))
        assert made or query.startswith("CONSTRUCT {}")


class _Stream:
    """Rows as a stream of them."""

    def __init__(self, rows: Rows) -> None:
        self.columns, self.terms = rows.columns, rows.terms

    def __iter__(self) -> Iterator[tuple[Any, ...]]:
        return iter(self.terms)


def _canonical(triples: Iterable[ox.Triple]) -> ox.Dataset:
    dataset = ox.Dataset(ox.Quad(*triple) for triple in triples)
    dataset.canonicalize(ox.CanonicalizationAlgorithm.UNSTABLE)
    return dataset


@pytest.mark.parametrize("query", ["SELECT * { ?s ?p 'CONSTRUCT { ?s ?p ?o } WHERE { }' }", "ASK { ?construct ?p 1 }"])
def test_another_query_is_no_construct(query: str) -> None:
    assert VIRTUOSO.asked(query, seconds=1).template is None


def test_groups_within_groups_keep_their_order() -> None:
    nested = "SELECT ?s { { SELECT ?s { ?s ?p ?o } } }"
    assert VIRTUOSO.asked(nested, seconds=1).text.endswith(" " + nested)
    assert VIRTUOSO.asked(nested, seconds=1).text.startswith('define sql:select-option "order"')
    plain = "SELECT ?s { ?s ?p 'SELECT' }"
    assert VIRTUOSO.asked(plain, seconds=1).text == plain
    assert STANDARD.asked(nested, seconds=1).text == nested


def test_the_engine_is_told_the_time() -> None:
    assert VIRTUOSO.asked("ASK {}", seconds=12.3456).parameters == (("timeout", "12346"),)
    assert VIRTUOSO.asked("ASK {}", seconds=0.01).parameters == (("timeout", "1000"),)


def literal(value: str, datatype: str = "integer") -> str:
    return f'{{"type":"typed-literal","datatype":"{XSD}{datatype}","value":"{value}"}}'


def reply(exchange: Exchange, columns: list[str], row: list[str], times: int = 1, **headers: str) -> None:
    cells = ",".join(f'"{column}": {cell}' for column, cell in zip(columns, row, strict=True))
    rows = ",".join([f"{{{cells}}}"] * times)
    names = ",".join(f'"{column}"' for column in columns)
    body = f'{{"head":{{"link":[],"vars":[{names}]}},"results":{{"distinct":false,"bindings":[{rows}]}}}}'
    exchange.reply(body.encode(), **headers)


class Playing(Endpoint):
    """An endpoint that says it is Virtuoso, and gives one answer to all but the first question."""

    def __init__(self, columns: list[str], row: list[str], times: int = 1, **headers: str) -> None:
        def play(exchange: Exchange) -> None:
            exchange.server_version, exchange.sys_version = SERVER, ""
            if len(self.bodies) == 1:
                exchange.reply(b'{"head":{},"boolean":true}')
            else:
                reply(exchange, columns, row, times, **headers)

        super().__init__(play)


def test_truths_are_written_as_such() -> None:
    names = ["own", "same", "any", "known", "count", "sum"]
    cells = [literal("1", "boolean"), literal("0"), literal("1"), literal("1"), literal("1"), literal("0")]
    with Playing(names, cells) as endpoint:
        rows = RemoteStore(endpoint.url).select(
            "SELECT ?own (?a = ?b AS ?same) (COALESCE(?x, false) || ?y AS ?any) ?known (COUNT(?a) AS ?count) "
            "(SUM(IF(?a = ?b, 1, 0)) AS ?sum) { ?s ?p ?own BIND(BOUND(?s) AS ?known) }"
        )
    assert list(rows) == [(True, False, True, True, 1, 0)]
    assert [type(value) for value in next(iter(rows))] == [bool, bool, bool, bool, int, int]


def test_blank_nodes_have_names() -> None:
    cell = '{ "type": "bnode", "value": "nodeID://b10001" }'
    text = '{ "type": "literal", "value": "nodeID://b10001" }'
    with Playing(["n", "t"], [cell, text], 3_000) as endpoint:
        rows = RemoteStore(endpoint.url).select("SELECT ?n ?t { ?n ?p ?t }")
    assert set(rows.terms) == {(ox.BlankNode("b10001"), ox.Literal("nodeID://b10001"))}
    assert len(rows) == 3_000


def test_literals_keep_their_spaces_in_xml() -> None:
    whole = (
        b'<literal>  a </literal></binding> <literal xml:lang="en">\tb c</literal></binding>\n'
        b'<literal datatype="u">\n</literal></binding><uri>u</uri></binding> </results>'
    )
    expected = (
        b'<literal>&#32;&#32;a&#32;</literal></binding> <literal xml:lang="en">&#9;b c</literal></binding>\n'
        b'<literal datatype="u">&#10;</literal></binding><uri>u</uri></binding> </results>'
    )
    for size in (1, 5, 64, len(whole)):
        edges = Edges()
        pieces = [whole[start : start + size] for start in range(0, len(whole), size)]
        assert b"".join(map(edges, [*pieces, b""])) == expected


def test_everything_comes_as_it_is_kept(virtuoso: VirtuosoServer) -> None:
    graph = "urn:of-spaces"
    texts = ("", " ", "  a", "a \n", "\ta\r\nb\t", "a\n\n b", "<&>\"'", "]]>", "nodeID://b1", "é😀\u2028")
    triples = [ox.Triple(ox.NamedNode(f"urn:{at}"), ox.NamedNode("urn:p"), term) for at, term in enumerate(
        [*map(ox.Literal, texts), ox.Literal(" a ", language="en"), ox.Literal("b ", datatype=ox.NamedNode("urn:own"))]
    )]  # fmt: skip
    writer = virtuoso.store()
    writer.update(f"INSERT DATA {{ GRAPH <{graph}> {{ {' '.join(f'{triple} .' for triple in triples)} }} }}")
    writer.update(f"INSERT {{ GRAPH <{graph}> {{ _:a <urn:q> _:b . _:b <urn:q> true }} }} WHERE {{ }}")
    try:
        found = list(RemoteStore(f"{virtuoso.query_url}?default-graph-uri={graph}").everything())
    finally:
        writer.update(f"CLEAR GRAPH <{graph}>")
    assert {triple for triple in found if triple.predicate.value == "urn:p"} == set(triples)
    (first,), (last,) = (
        [triple for triple in found if triple.predicate.value == "urn:q" and isinstance(triple.object, kind)]
        for kind in (ox.BlankNode, ox.Literal)
    )
    assert first.object == last.subject
    assert last.object == ox.Literal("true", datatype=ox.NamedNode("http://www.w3.org/2001/XMLSchema#boolean"))


def test_rows_that_were_cut_are_no_answer() -> None:
    with Playing(["n"], [literal("1")], 10, X_SPARQL_MaxRows="10") as endpoint:
        store = RemoteStore(endpoint.url)
        with pytest.raises(EndpointAnswerError, match="cuts answers to 10 rows"):
            store.select("SELECT ?n { ?s ?p ?n }")
        with pytest.raises(EndpointAnswerError, match="cuts answers to 10 rows"):
            store.construct("CONSTRUCT { <urn:s> <urn:p> ?n } { ?s ?p ?n }")
        with pytest.raises(EndpointAnswerError, match="cuts answers to 10 rows"):
            store.select("SELECT ?n { { SELECT ?n { ?s ?p ?n } LIMIT 3 } }")
        assert len(store.select("SELECT ?n { ?s ?p ?n } LIMIT 10")) == 10
        assert len(store.select("SELECT ?n { ?s ?p ?n }", most=9)) == 9


def test_what_was_there_when_time_was_up_is_no_answer() -> None:
    with (
        Playing(["n"], [literal("1")], 3, X_SQL_State="S1TAT") as endpoint,
        pytest.raises(EndpointAnswerError, match="time was up"),
    ):
        RemoteStore(endpoint.url).select("SELECT ?n { ?s ?p ?n }", most=1)


def test_a_graph_is_named_in_each_request_or_in_the_address() -> None:
    with Playing(["n"], [literal("1")]) as endpoint:
        RemoteStore(endpoint.url).select("SELECT ?n { ?s ?p ?n }")
        assert b"default-graph-uri" not in endpoint.bodies[0], "nobody knows yet who is asked"
        assert b"default-graph-uri=https%3A//w3id.org/filmgraph/" in endpoint.bodies[1]
    with Playing(["n"], [literal("1")]) as endpoint:
        store = RemoteStore(endpoint.url + "?default-graph-uri=urn:mine")
        store.select("SELECT ?n { ?s ?p ?n }")
        assert all(b"default-graph-uri=urn%3Amine" in body for body in endpoint.bodies)
        assert store.graph == "urn:mine"


@pytest.mark.usefixtures("with_virtuoso")
def test_a_real_server_that_cuts_is_found_out(tmp_path: Path) -> None:
    with VirtuosoServer(tmp_path / "base", most_rows=10) as server, server.store() as store:
        store.update("INSERT DATA { " + " ".join(f"<urn:s{n}> <urn:p> {n % 2} ." for n in range(30)) + " }")
        assert len(store) == 30
        for ask in (store.select, store.construct):
            form = "SELECT ?s" if ask == store.select else "CONSTRUCT { ?s <urn:q> 1 }"
            with pytest.raises(EndpointAnswerError, match="cuts answers to 10 rows"):
                ask(f"{form} WHERE {{ ?s <urn:p> ?o }}")
            assert len(ask(f"{form} WHERE {{ ?s <urn:p> ?o }} ORDER BY ?s LIMIT 10")) == 10
        with pytest.raises(EndpointAnswerError, match="cuts answers"):
            list(store.everything())
        slow = " . ".join(f"?a{n} <urn:p> ?b{n}" for n in range(12))
        with pytest.raises(RemoteError, match=r"within|time was up"):
            store.within(1.0).select(f"SELECT (COUNT(*) AS ?n) {{ {slow} FILTER(?b0 + ?b11 > ?b5 + 9) }}")
        with pytest.raises(QueryError, match="not understood"):
            store.select("SELECT nothing")
