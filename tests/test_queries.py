"""Query files: their headers, and values that cannot leave the place they are bound to."""

from __future__ import annotations

from pathlib import Path

import pyoxigraph as ox
import pytest
from hypothesis import given
from hypothesis import strategies as st

import filmgraph.queries as queries
from filmgraph.errors import NotFoundError, QueryError
from filmgraph.namespaces import BASE, KINDS
from filmgraph.queries import QueryLibrary, parse_query, query_form, with_prefixes
from filmgraph.queries.library import PARAMETER_TYPES, Parameter, Query
from filmgraph.stores import MemoryStore

TEXT = """# Films of a decade.
#
# Which films came out in the decade,
# and who directed them.
#
# @param genre  genre      The genre.
# @param decade integer?   The first year of the decade.
# @param title  string+    Words of the title.
# @param least  decimal?   The lowest score.
# @column film  film       The film.
# @column day   date       Its day.
# @network

PREFIX e: <http://example.org/>

SELECT ?film ?day WHERE {
  VALUES ?genre { <http://example.org/drama> }
  VALUES ?decade { UNDEF }
    VALUES  ?title  { "Her" "A" }
  VALUES ?least { UNDEF }
  ?film e:genre ?genre ; e:title ?title ; e:year ?year .
  FILTER(!BOUND(?decade) || ?year >= ?decade)
}
"""
GENRE = {"genre": ["http://example.org/drama"]}


@pytest.fixture
def query() -> Query:
    return parse_query("films-of-a-decade", TEXT)


def test_the_header_is_read(query: Query) -> None:
    assert query.name == "films-of-a-decade"
    assert query.title == "Films of a decade"
    assert query.description == "Which films came out in the decade,\nand who directed them."
    assert query.network is True
    assert query.text == TEXT
    assert [(each.name, each.type, each.optional, each.many) for each in query.parameters] == [
        ("genre", "genre", False, False),
        ("decade", "integer", True, False),
        ("title", "string", False, True),
        ("least", "decimal", True, False),
    ]
    assert [(each.name, each.type, each.description) for each in query.columns] == [
        ("film", "film", "The film."),
        ("day", "date", "Its day."),
    ]
    assert query.examples == {
        "genre": "<http://example.org/drama>",
        "decade": "UNDEF",
        "title": '"Her" "A"',
        "least": "UNDEF",
    }
    assert query.parameter("genre").is_resource
    assert not query.parameter("least").is_resource


@pytest.mark.parametrize(
    ("old", "new", "pattern"),
    [
        ("# @param genre  genre      The genre.", "# @param genre", "header line not understood: '@param genre'"),
        ("# @param genre  genre      The genre.", "# @param genre genre", "not understood"),
        ("# @param genre  genre      The genre.", "# @param genre genre* The genre.", "not understood"),
        ("# @param genre  genre      The genre.", "# @param Genre genre The genre.", "not understood"),
        ("# @param genre  genre      The genre.", "# @param ?genre genre The genre.", "not understood"),
        ("# @param genre  genre      The genre.", "# @parameter genre genre The genre.", "not understood"),
        ("# @param genre  genre      The genre.", "# @param", "not understood"),
        ("# @param genre  genre ", "# @param genre  colour ", "parameter genre: unknown type 'colour'"),
        ("# @param genre  genre ", "# @param genre  date ", "unknown type 'date'"),
        ("# @column film  film ", "# @column film  colour ", "unknown type 'colour' of column film"),
        ("# @column day ", "# @column film ", "describes film twice"),
        ("# @param decade ", "# @param genre ", "describes genre twice"),
        ("  VALUES ?genre { <http://example.org/drama> }", "", r"exactly one line VALUES \?genre .* has 0"),
        ("  VALUES ?genre { <", "  VALUES ?genre { <http://e.org/x> }\n  VALUES ?genre { <", "has 2"),
        ("  VALUES ?genre {", "  # VALUES ?genre {", "has 0"),
        ("  VALUES ?genre {", "  VALUES ?genres {", "has 0"),
        ("  VALUES ?genre {", "  VALUES (?genre) {", "has 0"),
        ("# Films of a decade.", "", "needs a title"),
        ("# Films of a decade.", "SELECT", "needs a title"),
    ],
)
def test_a_header_that_does_not_keep_to_the_form(old: str, new: str, pattern: str) -> None:
    assert old in TEXT
    with pytest.raises(QueryError, match=pattern) as caught:
        parse_query("mine", TEXT.replace(old, new, 1))
    assert caught.value.query == "mine"
    assert str(caught.value).startswith("query mine")


def test_a_value_takes_the_place_of_its_example(query: Query) -> None:
    text = query.bind(
        {"genre": ["http://example.org/comedy"], "decade": [1990], "title": ["Her", 'a "b"\n'], "least": [0.5]}
    )
    assert "  VALUES ?genre { <http://example.org/comedy> }\n" in text
    assert "  VALUES ?decade { 1990 }\n" in text
    assert '    VALUES  ?title  { "Her" "a \\"b\\"\\n" }\n' in text
    assert "  VALUES ?least { 0.5 }\n" in text
    assert text.count("\n") == TEXT.count("\n")


def test_what_is_optional_stays_open(query: Query) -> None:
    text = query.bind({**GENRE, "title": ["Her"]})
    assert "VALUES ?decade { UNDEF }" in text
    ox.Store().query(text)


@pytest.mark.parametrize(
    ("values", "pattern"),
    [
        ({}, "parameter genre: needs a value: The genre."),
        (GENRE, "parameter title: needs a value: Words of the title."),
        ({**GENRE, "title": []}, "parameter title: needs a value"),
        ({"genre": ["http://e.org/a", "http://e.org/b"], "title": ["x"]}, "takes one value only"),
        ({**GENRE, "title": ["x"], "decade": [1, 2]}, "parameter decade: takes one value only"),
        ({**GENRE, "title": ["x"], "year": [1]}, "has no parameter 'year'; it has genre, decade, title, least"),
    ],
)
def test_values_that_do_not_fit_the_header(query: Query, values: dict[str, list[str]], pattern: str) -> None:
    with pytest.raises(QueryError, match=pattern) as caught:
        query.bind(values)
    assert caught.value.query == "films-of-a-decade"


def test_a_query_without_parameters_says_so() -> None:
    with pytest.raises(QueryError, match="has no parameter 'x'; it has none"):
        parse_query("all", "# All\nSELECT * { ?s ?p ?o }").bind({"x": ["1"]})


@pytest.mark.parametrize("value", ["0", "7", "-12", "+3", "9" * 18, 2013, -5, "007"])
def test_integers(value: str | int) -> None:
    assert Parameter("n", "integer", "").term(value) == str(value)


@pytest.mark.parametrize(
    "value",
    ["", " 1", "1 ", "1\n", "1.0", "1e3", "0x10", "1_000", "١٢", "²", "--1", "9" * 19, "1 } UNION { ?s ?p ?o", "UNDEF",
     "nan", True, 1.5, None],
)  # fmt: skip
def test_what_is_no_integer(value: str | int) -> None:
    with pytest.raises(QueryError, match="is no integer") as caught:
        Parameter("n", "integer", "").term(value)
    assert caught.value.parameter == "n"


@pytest.mark.parametrize("value", ["0", "0.5", "-1.25", "+3.0", 0.1, 2])
def test_decimals(value: str | float) -> None:
    assert Parameter("n", "decimal", "").term(value) == str(value)


@pytest.mark.parametrize("value", ["", ".5", "5.", "1e3", "1,5", "1\n", "INF", float("nan"), float("inf"), 1e-9, 1e30])
def test_what_is_no_decimal(value: str | float) -> None:
    with pytest.raises(QueryError, match="is no decimal"):
        Parameter("n", "decimal", "").term(value)


ATTACKS = [
    '"',
    "'",
    '"""',
    "\\",
    '\\"',
    '\\\\"',
    "\\u0022",
    "\\\\u0022",
    "\\U00000022 } #",
    "\u0022",
    "\n",
    "\r\n",
    "\u2028\x85\x0b\x0c",
    "\x00\x07\x08\x1b",
    "}",
    "{",
    "UNDEF",
    "> } SERVICE <http://127.0.0.1:9/> { ?s ?p ?o } #",
    '" } SERVICE <http://127.0.0.1:9/> { ?s ?p ?o } #',
    '"@en } ; DROP ALL #',
    '" } VALUES ?decade { 1 } #',
    "\nVALUES ?decade { 1990 }\n",
    "\\g<head>",
    "\\1",
    "# comment",
    "<script>alert(1)</script>",
    "${x} {0} %s",
    "http://example.org/> } #",
    "http://example.org/\\u003E",
    "http://example.org/ ",
    "http://example.org/\n",
    'http://example.org/"',
    "http://example.org/{x}",
    "http://example.org/^|`",
]


@pytest.mark.parametrize("attack", ATTACKS)
def test_a_text_stays_a_text(query: Query, attack: str) -> None:
    """Whatever it holds, an engine finds it again as one string, and nothing else in the query moves."""
    store = MemoryStore()
    title = ox.NamedNode("http://example.org/title")
    store.oxigraph.add(ox.Quad(ox.NamedNode("http://example.org/f"), title, ox.Literal(attack)))
    text = query.bind({**GENRE, "title": [attack, "other"]})
    found = text.replace("?film e:genre ?genre ; e:title ?title ; e:year ?year .", "?film e:title ?title .")
    assert store.select(found).column("film") == ["http://example.org/f"]
    assert text.count("\n") == TEXT.count("\n")


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_any_text_stays_a_text(value: str) -> None:
    term = Parameter("t", "string", "").term(value)
    (solution,) = list(ox.Store().query(f"SELECT ({term} AS ?t) {{}}"))
    assert solution["t"] == ox.Literal(value)


@pytest.mark.parametrize("kind", [*KINDS, "concept", "iri"])
@pytest.mark.parametrize("attack", ATTACKS)
def test_an_iri_stays_an_iri(kind: str, attack: str) -> None:
    with pytest.raises(QueryError, match="is no absolute IRI") as caught:
        Parameter("x", kind, "").term(attack)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("kind", ["integer", "decimal"])
@pytest.mark.parametrize("attack", ATTACKS)
def test_a_number_stays_a_number(kind: str, attack: str) -> None:
    with pytest.raises(QueryError, match=f"is no {kind}"):
        Parameter("x", kind, "").term(attack)


def test_iris() -> None:
    assert Parameter("x", "film", "").term(BASE + "film/her-2013") == f"<{BASE}film/her-2013>"
    assert Parameter("x", "iri", "").term("urn:é") == "<urn:é>"
    for value in ("her-2013", "", "<urn:x>", "urn: x"):
        with pytest.raises(QueryError, match="is no absolute IRI"):
            Parameter("x", "film", "").term(value)


def test_the_types() -> None:
    assert set(KINDS) < PARAMETER_TYPES
    assert {"concept", "iri", "string", "integer", "decimal"} < PARAMETER_TYPES


@pytest.fixture
def library(tmp_path: Path) -> QueryLibrary:
    for name in ("films-using-technique", "film-page", "credits"):
        (tmp_path / f"{name}.rq").write_text(f"# {name}\nSELECT * {{ ?s ?p ?o }}", encoding="utf-8")
    return QueryLibrary(tmp_path)


def test_the_library(library: QueryLibrary) -> None:
    assert library.names == ("credits", "film-page", "films-using-technique")
    assert len(library) == 3
    assert [query.title for query in library] == list(library.names)


@pytest.mark.parametrize(
    ("name", "nearest"),
    [("film-pag", "film-page"), ("films-using-techniques", "films-using-technique"), ("Credits", "credits")],
)
def test_did_you_mean(library: QueryLibrary, name: str, nearest: str) -> None:
    with pytest.raises(NotFoundError, match=f"There is no query '{name}' in the library. Did you mean") as caught:
        library[name]
    assert nearest in caught.value.suggestions


@pytest.mark.parametrize("name", ["", "../credits", "/etc/passwd", "credits.rq", "a\0b", "credits\n", "x" * 9_999, "é"])
def test_a_name_is_no_path(library: QueryLibrary, name: str) -> None:
    with pytest.raises(NotFoundError):
        library[name]


def test_files_that_cannot_be_read(library: QueryLibrary) -> None:
    (library.folder / "latin.rq").write_bytes(b"# caf\xe9\nSELECT * {}")
    (library.folder / "folder.rq").mkdir()
    (library.folder / "Notes.rq").write_text("", encoding="utf-8")
    assert library.names == ("credits", "film-page", "films-using-technique", "folder", "latin")
    with pytest.raises(QueryError, match="query latin: is not UTF-8"):
        library["latin"]
    with pytest.raises(QueryError, match="query folder: cannot be read"):
        library["folder"]


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("SELECT * {}", "SELECT"),
        ("select*{}", "SELECT"),
        ("# ASK\n\tAsk {}", "ASK"),
        ("BASE <http://e.org/> PREFIX ask: <x> CONSTRUCT WHERE {}", "CONSTRUCT"),
        ("PREFIX : <x> DESCRIBE <y>", "DESCRIBE"),
        ("PREFIX select: <x> INSERT DATA {}", ""),
        ("LOAD <x>", ""),
        ("DROP ALL ; SELECT * {}", ""),
        ("<SELECT> SELECT", ""),
        ("'SELECT'", ""),
        ("", ""),
        ("PREFIX", ""),
        ('"SELECT', ""),
    ],
)
def test_the_form_of_a_query(text: str, form: str) -> None:
    assert query_form(text) == form


@pytest.mark.parametrize(
    ("text", "added"),
    [
        ("ASK { ?f a fg:Film }", ["fg"]),
        ("ASK { film:her-2013 schema:name ?n }", ["film", "schema"]),
        ("PREFIX fg: <http://e.org/> ASK { ?f a fg:Film }", []),
        ("PREFIX fg:<http://e.org/>ASK { ?f a fg:Film ; schema:name 'wd:Q1' } # skos:x", ["schema"]),
        ("ASK { ?f a unknown:Film , <http://e.org/fg:Film> , _:fg }", []),
        ("ASK { ?film ?schema ?skos }", []),
    ],
)
def test_prefixes_of_the_project_need_not_be_declared(text: str, added: list[str]) -> None:
    result = with_prefixes(text)
    assert result.endswith(text)
    head = result.removesuffix(text)
    assert [line.split(":")[0] for line in head.split("PREFIX ")[1:]] == added
    assert "\n" not in head


def test_the_face_of_the_package() -> None:
    assert queries.__all__ == sorted(queries.__all__)
    for name in queries.__all__:
        assert getattr(queries, name) is not None
    with pytest.raises(AttributeError):
        queries.nothing  # noqa: B018
