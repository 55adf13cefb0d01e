"""Rows and the forms they are written in: what goes out as data comes back the same, what people see is safe."""

from __future__ import annotations

import builtins
import csv
import io
import json
import math
from typing import Any

import pyoxigraph as ox
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from filmgraph.errors import FilmgraphError, NotFoundError
from filmgraph.namespaces import BASE, XSD
from filmgraph.rows import ROW_FORMATS, Rows, plain, printable
from filmgraph.stores import MemoryStore

HER = ox.NamedNode(BASE + "film/her-2013")


def typed(text: str, name: str) -> ox.Literal:
    return ox.Literal(text, datatype=ox.NamedNode(XSD + name))


@pytest.mark.parametrize(
    ("term", "value"),
    [
        (None, None),
        (HER, BASE + "film/her-2013"),
        (ox.Literal("Her"), "Her"),
        (ox.Literal("Elle", language="fr"), "Elle"),
        (ox.Literal(2013), 2013),
        (typed("+007", "integer"), 7),
        (typed("5", "nonNegativeInteger"), 5),
        (typed("1.50", "decimal"), 1.5),
        (typed(".5", "decimal"), 0.5),
        (typed("1e3", "double"), 1000.0),
        (typed("INF", "double"), math.inf),
        (typed("true", "boolean"), True),
        (typed("0", "boolean"), False),
        (typed("abc", "integer"), "abc"),
        (typed("1_000", "integer"), "1_000"),
        (typed("１２", "integer"), "１２"),
        (typed("1.5", "integer"), "1.5"),
        (typed("", "integer"), ""),
        (typed("9" * 5_000, "integer"), "9" * 5_000),
        (typed("1e3", "decimal"), "1e3"),
        (typed("NaN", "decimal"), "NaN"),
        (typed("1_0.0", "decimal"), "1_0.0"),
        (typed("infinity", "double"), "infinity"),
        (typed("yes", "boolean"), "yes"),
        (typed("2013", "gYear"), "2013"),
        (typed("2013-12-18", "date"), "2013-12-18"),
    ],
)
def test_plain_values(term: Any, value: Any) -> None:
    assert plain(term) == value
    assert type(plain(term)) is type(value)


def test_nan_is_a_number_of_its_kind() -> None:
    value = plain(typed("NaN", "double"))
    assert isinstance(value, float)
    assert math.isnan(value)


TERMS = [
    (HER, ox.Literal(2013), None),
    (ox.NamedNode("http://example.org/a\u00e9"), ox.Literal("x, \"y\"\r\n'z'\t\\"), ox.BlankNode("b0")),
    (None, ox.Literal("Elle", language="fr-ch"), typed("1.50", "decimal")),
    (ox.BlankNode("b0"), typed("abc", "integer"), typed("2013-12-18", "date")),
    (ox.NamedNode("urn:x"), ox.Literal("\x1b[31m\x00\x9b\u2028"), typed("-0", "integer")),
    (None, None, ox.Literal("")),
    (ox.Triple(HER, HER, ox.Literal("x")), ox.Literal("سلام", language="ar"), typed("true", "boolean")),
]
ROWS = Rows(("film", "text", "more"), TERMS)


@pytest.mark.parametrize(
    ("form", "text"),
    [("tsv", ROWS.to_tsv()), ("json", ROWS.to_sparql_json())],
)
def test_an_engine_reads_the_same_terms_again(form: str, text: str) -> None:
    formats = {"tsv": ox.QueryResultsFormat.TSV, "json": ox.QueryResultsFormat.JSON}
    answer = ox.parse_query_results(text.encode(), formats[form])
    assert isinstance(answer, ox.QuerySolutions)
    assert tuple(variable.value for variable in answer.variables) == ROWS.columns
    assert [tuple(solution) for solution in answer] == TERMS


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
terms = st.one_of(
    st.none(),
    st.sampled_from([HER, ox.NamedNode("urn:x"), ox.BlankNode("x")]),
    texts.map(ox.Literal),
    texts.map(lambda text: ox.Literal(text, language="en-gb")),
    st.builds(typed, st.text("+-.0123456789eEINFa", max_size=6), st.sampled_from(["integer", "decimal", "double"])),
)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(terms, terms), max_size=4))
def test_any_terms_survive(found: list[tuple[Any, Any]]) -> None:
    rows = Rows(("a", "b"), found)
    for text, form in ((rows.to_tsv(), ox.QueryResultsFormat.TSV), (rows.to_sparql_json(), ox.QueryResultsFormat.JSON)):
        answer = ox.parse_query_results(text.encode(), form)
        assert isinstance(answer, ox.QuerySolutions)
        assert [tuple(solution) for solution in answer] == found
    read = list(csv.reader(io.StringIO(rows.to_csv(), newline="")))
    assert len(read) == len(found) + 1
    assert len(json.loads(rows.to_json())) == len(found)
    for shown in (rows.to_text(), rows.to_markdown()):
        assert all(character in "\n\u00ad\u200c\u200d" or character.isprintable() for character in shown)
    assert rows.to_text().count("\n") == len(found) + 1
    assert rows.to_markdown().count("\n") == len(found) + 2


def test_csv_is_the_recommendation_s() -> None:
    assert ROWS.head(4).to_csv() == (
        "film,text,more\r\n"
        "https://w3id.org/filmgraph/film/her-2013,2013,\r\n"
        'http://example.org/a\u00e9,"x, ""y""\r\n\'z\'\t\\",_:b0\r\n'
        ",Elle,1.50\r\n"
        "_:b0,abc,2013-12-18\r\n"
    )


def test_tsv_is_the_recommendation_s() -> None:
    assert ROWS.head(4).to_tsv() == (
        "?film\t?text\t?more\n"
        "<https://w3id.org/filmgraph/film/her-2013>\t2013\t\n"
        '<http://example.org/a\u00e9>\t"x, \\"y\\"\\r\\n\'z\'\\t\\\\"\t_:b0\n'
        '\t"Elle"@fr-ch\t"1.50"^^<http://www.w3.org/2001/XMLSchema#decimal>\n'
        '_:b0\t"abc"^^<http://www.w3.org/2001/XMLSchema#integer>\t"2013-12-18"^^<http://www.w3.org/2001/XMLSchema#date>\n'
    )


def test_json_is_json() -> None:
    rows = Rows(("n",), [(typed("INF", "double"),), (typed("NaN", "double"),), (ox.Literal(1),), (None,)])

    def refuse(name: str) -> None:
        raise AssertionError(f"{name} is not JSON")

    assert json.loads(rows.to_json(), parse_constant=refuse) == [{"n": "INF"}, {"n": "NaN"}, {"n": 1}, {"n": None}]


def test_text_is_aligned_and_short() -> None:
    rows = Rows(("film", "n"), [(HER, ox.Literal(1)), (None, ox.Literal("a\nb"))])
    assert rows.to_text() == "film           n\n-------------  ---\nfilm:her-2013  1\n               a b"


def test_markdown_keeps_to_its_cells() -> None:
    rows = Rows(("a",), [(ox.Literal("x|y\n\\ <b> [l](javascript:x) `c` *d* &lt;"),)])
    assert rows.to_markdown().splitlines()[2] == "| x\\|y \\\\ &lt;b> \\[l\\](javascript:x) \\`c\\` \\*d\\* &amp;lt; |"


def test_html_is_escaped() -> None:
    rows = Rows(("a",), [(ox.Literal("<script>alert('&\"')</script>\x1b"),), (ox.NamedNode("javascript:x"),)])
    assert rows.to_html() == rows._repr_html_()
    assert "<script" not in rows.to_html()
    assert "&lt;script&gt;alert(&#x27;&amp;&quot;&#x27;)&lt;/script&gt;␛" in rows.to_html()
    assert "href" not in rows.to_html()


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Her", "Her"),
        ("\x1b[31mred\x1b[0m", "␛[31mred␛[0m"),
        ("\x1b]0;title\x07", "␛]0;title␇"),
        ("a\tb\r\nc", "a b  c"),
        ("\x00\x7f\x9b\u202e", "␀\ufffd\ufffd\ufffd"),
        ("«\u00a0film\u202f»", "« film »"),
        ("👩\u200d🎤 می\u200cخواهم", "👩\u200d🎤 می\u200cخواهم"),
        ("a\u2028b", "a\ufffdb"),
    ],
)
def test_what_a_terminal_is_shown(text: str, shown: str) -> None:
    assert printable(text) == shown


def test_a_data_frame() -> None:
    pandas = pytest.importorskip("pandas")
    frame = Rows(("film", "year"), [(HER, ox.Literal(2013)), (None, ox.Literal(2003))]).to_dataframe()
    assert list(frame.columns) == ["film", "year"]
    assert frame["year"].tolist() == [2013, 2003]
    assert pandas.isna(frame["film"][1])
    empty = Rows(("film",), []).to_dataframe()
    assert (list(empty.columns), len(empty)) == (["film"], 0)


def test_without_pandas_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *arguments: Any, **more: Any) -> Any:
        if name == "pandas":
            raise ImportError(name)
        return real(name, *arguments, **more)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(FilmgraphError, match=r"pip install pandas"):
        ROWS.to_dataframe()


@pytest.mark.parametrize("form", ROW_FORMATS)
def test_no_rows_and_no_columns(form: str) -> None:
    for rows in (Rows(("a",), []), Rows((), []), Rows((), [(), ()])):
        text = rows.serialize(form)
        assert text.endswith("\n")
        assert ("a" in text) or not rows.columns or form == "json"


def test_an_unknown_form_is_named() -> None:
    with pytest.raises((KeyError, NotFoundError)):
        ROWS.serialize("xlsx")


def test_access() -> None:
    assert len(ROWS) == len(TERMS)
    assert len(ROWS.head(2)) == 2
    assert ROWS.column("text")[:2] == [2013, "x, \"y\"\r\n'z'\t\\"]
    assert next(iter(ROWS)) == (HER.value, 2013, None)
    assert ROWS.records()[0] == {"film": HER.value, "text": 2013, "more": None}


def test_a_row_is_a_dict_and_a_slice_is_rows() -> None:
    assert ROWS[0] == ROWS.records()[0] == {"film": HER.value, "text": 2013, "more": None}
    assert ROWS[-1] == ROWS.records()[-1]
    assert ROWS[:2] == ROWS.head(2)
    assert ROWS[::-1][0] == ROWS[-1]
    assert len(ROWS[100:]) == 0
    with pytest.raises(IndexError):
        ROWS[len(ROWS)]


def test_rows_print_as_a_table() -> None:
    assert str(ROWS) == ROWS.to_text()
    assert str(Rows(("a",), [])) == "a\n-"
    assert Rows(("a",), [(HER,)]) == Rows(("a",), [(HER,)]) != Rows(("b",), [(HER,)])


def test_a_query_without_columns_has_rows() -> None:
    rows = MemoryStore().select("SELECT (<<(<http://e.org/a> <http://e.org/b> 1)>> AS ?t) ('x'@en--ltr AS ?d) {}")
    assert rows.column("d") == ["x"]
    assert "its:dir" in rows.to_sparql_json()
    assert "<http://e.org/a>" in rows.to_text()
