"""Outside files: what is hostile or broken is one line with its place, and nothing unsafe gets in by any door."""

from __future__ import annotations

import builtins
import gzip
import os
from collections.abc import Callable
from pathlib import Path

import pyoxigraph as ox
import pytest

from filmgraph.errors import DataError, FormatError
from filmgraph.readers import RDF_SUFFIXES, rdf_format, read_rdf, read_text, triples_of
from filmgraph.stores import MemoryStore

GOOD = "<http://example.org/her> <http://example.org/year> 2013 .\n"
XML = '<r:RDF xmlns:r="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:e="http://example.org/">{}</r:RDF>'
Write = Callable[[str, str | bytes], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def write(name: str, content: str | bytes) -> Path:
        file = tmp_path / name
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
        return file

    return write


def refused(file: Path, pattern: str, *, line: int | None = None, column: int | None = None) -> DataError:
    """Read a file every way there is, and return the one complaint, with the store unchanged."""
    with pytest.raises(DataError, match=pattern) as caught:
        read_rdf(file).quads()
    store = MemoryStore()
    store.update("INSERT DATA { <http://example.org/a> <http://example.org/b> 1 }")
    with pytest.raises(DataError, match=pattern):
        store.load(file)
    assert len(store) == 1
    message = str(caught.value)
    assert message.startswith(str(file))
    assert message.isprintable()
    assert len(message) < 400 + len(str(file))
    assert caught.value.file == str(file)
    if line is not None:
        assert caught.value.line == line
    if column is not None:
        assert caught.value.column == column
    return caught.value


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.ttl", GOOD),
        ("A.TTL", GOOD),
        ("a.nt", GOOD.replace("2013", '"2013"')),
        ("a.nq", GOOD.replace("2013 .", '"2013" <http://example.org/g> .')),
        ("a.trig", "<http://example.org/g> { " + GOOD + " }"),
        ("a.rdf", XML.format('<r:Description r:about="http://example.org/her" e:year="2013"/>')),
        ("a.xml", XML.format('<r:Description r:about="http://example.org/her" e:year="2013"/>')),
        ("a.owl", XML.format('<r:Description r:about="http://example.org/her" e:year="2013"/>')),
        ("a.jsonld", '{"@id":"http://example.org/her","http://example.org/year":2013}'),
        ("a.ttl.gz", gzip.compress(GOOD.encode(), mtime=0)),
    ],
)
def test_each_format_is_read(write: Write, name: str, content: str | bytes) -> None:
    file = write(name, content)
    (triple,) = triples_of([file])
    assert triple.subject == ox.NamedNode("http://example.org/her")
    assert isinstance(triple.object, ox.Literal)
    assert triple.object.value == "2013"
    assert MemoryStore().load(file) == 1


def test_every_suffix_has_a_format() -> None:
    assert {rdf_format("x" + suffix) for suffix in RDF_SUFFIXES} == set(RDF_SUFFIXES.values())


@pytest.mark.parametrize("name", ["her.txt", "her", "her.gz", ".ttl", "her.ttl.bak", "her.ttl/"])
def test_an_unknown_ending(name: str) -> None:
    with pytest.raises(FormatError, match=r"ending .* is not known; RDF files end in \.ttl"):
        rdf_format(name.rstrip("/") if name != "her.ttl/" else "her.ttl.x")


def test_a_file_that_is_missing(tmp_path: Path) -> None:
    refused(tmp_path / "none.ttl", "cannot be read: No such file")


def test_a_name_that_is_none() -> None:
    with pytest.raises(DataError, match="cannot be read"):
        read_rdf("a\0b.ttl")


def test_a_folder(tmp_path: Path) -> None:
    folder = tmp_path / "films.ttl"
    folder.mkdir()
    refused(folder, "is a folder, not a file")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.ttl")
    refused(tmp_path / "pipe.ttl", "no regular file")


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="this system has no /dev/zero")
def test_an_endless_device_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "zero.ttl").symlink_to("/dev/zero")
    refused(tmp_path / "zero.ttl", "no regular file")


def test_paths_that_lead_nowhere(write: Write, tmp_path: Path) -> None:
    (tmp_path / "loop.ttl").symlink_to(tmp_path / "loop.ttl")
    refused(tmp_path / "loop.ttl", "cannot be read: Too many levels")
    refused(write("file.ttl", GOOD) / "below.ttl", "cannot be read: Not a directory")
    refused(tmp_path / ("x" * 300 + ".ttl"), "cannot be read: File name too long")


def test_a_file_that_may_not_be_read(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    """A root user may read every file, so the system's refusal is played."""

    def refuse(*arguments: object) -> object:
        raise PermissionError(13, "Permission denied")

    file = write("a.ttl", GOOD)
    monkeypatch.setattr(builtins, "open", refuse)
    with pytest.raises(DataError, match="cannot be read: Permission denied"):
        read_rdf(file)


def test_truncated_turtle(write: Write) -> None:
    refused(write("a.ttl", GOOD + "<http://example.org/her> <http://example.org/y>"), "end", line=2)
    refused(write("b.ttl", GOOD * 3 + '<http://example.org/her> <http://example.org/y> "Her'), ".", line=4)


def test_truncated_others(write: Write) -> None:
    refused(write("a.rdf", XML.format("<r:Description>")), "no XML: mismatched tag", line=1)
    refused(write("b.rdf", XML.format("")[:-4]), "no XML", line=1)
    refused(write("a.jsonld", '{"@id":'), ".", line=1)
    refused(write("a.nq", GOOD[:-3]), ".")


@pytest.mark.parametrize(
    ("content", "line", "column"),
    [
        (b"\xff", 1, 1),
        (GOOD.encode() + b"# \xe9", 2, 3),
        (GOOD.encode() + "# Amélie \U0001f600 ".encode() + b"\xe9t\xe9", 2, 12),
        ("é\r\né".encode() + b"\xc3", 2, 2),
        (b"# \xed\xa0\x80", 1, 3),
        (b"# \xc0\xaf", 1, 3),
        (b"# \xf4\x90\x80\x80", 1, 3),
    ],
)
def test_what_is_not_utf8(write: Write, content: bytes, line: int, column: int) -> None:
    refused(write("a.ttl", content), r"is not UTF-8 \(byte 0x", line=line, column=column)
    with pytest.raises(DataError, match="is not UTF-8") as caught:
        read_text(write("a.txt", content))
    assert (caught.value.line, caught.value.column) == (line, column)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
@pytest.mark.parametrize("suffix", RDF_SUFFIXES)
def test_a_byte_order_mark(write: Write, suffix: str, encoding: str) -> None:
    refused(write("a" + suffix, GOOD.encode(encoding)), "byte order mark", line=1, column=1)


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-32-le"])
def test_an_encoding_that_hides_the_doctype(write: Write, encoding: str) -> None:
    text = f'<?xml version="1.0" encoding="{encoding}"?><!DOCTYPE r [<!ENTITY a "b">]>' + XML.format("&a;")
    refused(write("a.rdf", text.encode(encoding)), ".")


@pytest.mark.parametrize(
    ("declaration", "line"),
    [
        ("<!DOCTYPE r>", 1),
        ("<!doctype r>", 1),
        ("<!DocType\tr>", 1),
        ("<!-- nothing here -->\n<!DOCTYPE r>", 2),
        ("<?xml version='1.0'?>\n\n<!DOCTYPE r SYSTEM 'file:///etc/passwd'>", 3),
        ('<!DOCTYPE r [<!ENTITY a "b"><!ENTITY c "&a;&a;&a;">]>', 1),
        ('<!DOCTYPE r [<!ENTITY a SYSTEM "file:///etc/passwd">]>', 1),
        ('<!DOCTYPE r [<!ENTITY % a SYSTEM "http://127.0.0.1/">%a;]>', 1),
    ],
)
@pytest.mark.parametrize("suffix", [".rdf", ".xml", ".owl"])
def test_a_doctype(write: Write, suffix: str, declaration: str, line: int) -> None:
    refused(write("a" + suffix, declaration + XML.format("&a;")), "has a DOCTYPE", line=line)


@pytest.mark.parametrize(
    "context",
    [
        '"https://schema.org/"',
        '"http://127.0.0.1:9/context.jsonld"',
        '"file:///etc/passwd"',
        '"context.jsonld"',
        '["https://schema.org/", {"name": "http://example.org/name"}]',
        '{"@import": "https://schema.org/", "name": "http://example.org/name"}',
        '{"name": {"@id": "http://example.org/name", "@context": "https://schema.org/"}}',
    ],
)
def test_a_remote_context(write: Write, context: str) -> None:
    text = f'{{"@context":{context},"@id":"http://example.org/her","name":{{"name":"x"}}}}'
    refused(write("a.jsonld", text), ".")


def test_a_remote_context_says_what_to_do(write: Write) -> None:
    refused(write("a.jsonld", '{"@context":"https://schema.org/","name":"x"}'), "put the context inline")


def test_json_ld_without_meaning(write: Write) -> None:
    refused(write("a.jsonld", '{"@id":"http://example.org/her","name":"Her"}'), "not mapped by an inline @context")


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.ttl", "<her> <http://example.org/p> 1 ."),
        ("b.ttl", "<http://example.org/s> <p> 1 ."),
        ("c.ttl", "<http://example.org/s> <http://example.org/p> <> ."),
        ("d.ttl", "<http://example.org/s> <http://example.org/p> 'x'^^<t> ."),
        ("e.ttl", "@prefix e: <> . e:s <http://example.org/p> 1 ."),
        ("f.ttl", "@base <films/> . <her> <http://example.org/p> 1 ."),
        ("g.ttl", "<//example.org/s> <http://example.org/p> 1 ."),
        ("h.ttl", "<#s> <http://example.org/p> '\\u0041' ."),
        ("i.ttl", "<?s> <http://example.org/p> '<javascript:' ."),
        ("j.ttl", "<../s> <http://example.org/p> '<<' ."),
        ("a.nt", "<her> <http://example.org/p> '1' ."),
        ("b.nt", "<her> <http://example.org/p> '\\u0041' ."),
        ("a.nq", '<http://example.org/s> <http://example.org/p> "1" <g> .'),
        ("a.trig", "<g> { <http://example.org/s> <http://example.org/p> 1 }"),
        ("b.trig", "GRAPH <g> { <http://example.org/s> <http://example.org/p> '\\u0041' }"),
        ("a.rdf", XML.format('<r:Description r:about=""><e:p>1</e:p></r:Description>')),
        ("b.rdf", XML.format('<r:Description r:ID="her"><e:p>1</e:p></r:Description>')),
        ("c.rdf", XML.format('<r:Description r:about="her"><e:p>1</e:p></r:Description>')),
        ("d.rdf", XML.format('<e:A r:about="http://example.org/s"><e:p r:resource="her"/></e:A>')),
        ("e.rdf", XML.format('<e:A r:about="http://example.org/s"><e:p r:datatype="t">1</e:p></e:A>')),
        ("f.rdf", XML.format('<e:A r:about="http://example.org/s"><e:p r:ID="x">1</e:p></e:A>')),
        ("a.jsonld", '{"@id":"her","http://example.org/p":1}'),
        ("b.jsonld", '{"@id":"","http://example.org/p":1}'),
        ("c.jsonld", '{"@id":"http://example.org/s","@type":"Film"}'),
        ("d.jsonld", '{"@id":"http://example.org/s","http://example.org/p":{"@id":"../her"}}'),
        ("e.jsonld", '{"@id":"g","@graph":[{"@id":"http://example.org/s","http://example.org/p":1}]}'),
        ("f.jsonld", '{"@id":"http://example.org/s","http://example.org/p":{"@value":"1","@type":"t"}}'),
    ],
)
def test_a_relative_iri(write: Write, name: str, content: str) -> None:
    refused(write(name, content), "relative IRI|[Nn]o scheme|base")


def test_relative_iris_that_have_a_base(write: Write) -> None:
    files = [
        write("a.ttl", "@base <http://example.org/> . <her> <p> 1 , '\\u0041' ."),
        write("a.rdf", XML.format('<e:A xml:base="http://example.org/" r:ID="her" e:p="1"/>')),
        write("a.jsonld", '{"@context":{"@base":"http://example.org/"},"@id":"her","http://example.org/p":1}'),
    ]
    assert all(str(triple.subject).startswith("<http://example.org/") for triple in triples_of(files))
    assert len(triples_of(files)) == 5


S, P = "<http://example.org/s>", "<http://example.org/p>"
UNSAFE = [
    ("a.ttl", f"{S} {P} <javascript:alert(1)> ."),
    ("b.ttl", f"{S} {P} <JaVaScRiPt:alert(1)> ."),
    ("c.ttl", f"{S} {P} <vbscript:x> ."),
    ("d.ttl", f"{S} {P} <data:text/html,x> ."),
    ("e.ttl", f"{S} {P} <file:///etc/passwd> ."),
    ("f.ttl", f"{S} {P} <blob:http://example.org/x> ."),
    ("g.ttl", f"<javascript:x> {P} 1 ."),
    ("h.ttl", f"{S} <javascript:x> 1 ."),
    ("i.ttl", f"{S} {P} 'x'^^<data:x> ."),
    ("j.ttl", f"{S} {P} <\\u006aavascript:x> ."),
    ("k.ttl", f"{S} {P} <javascript\\u003Ax> ."),
    ("l.ttl", f"{S} {P} <\\U0000006Aavascript:x> ."),
    ("m.ttl", f"@prefix j: <javascript:> . {S} {P} j:x ."),
    ("n.ttl", f"@prefix j: <java\\u0073cript:> . {S} {P} j:x ."),
    ("o.ttl", f"PREFIX j: <DATA:> {S} {P} 'x'^^j:x ."),
    ("p.ttl", f"@base <javascript:x> . {S} {P} <> ."),
    ("q.ttl", f"@base <file:///x/> . {S} {P} <y> ."),
    ("r.ttl", f"BASE <file:///x/> {S} {P} [ <q> 1 ] ."),
    ("s.ttl", f"{S} {P} ( 1 <javascript:x> ) ."),
    ("t.ttl", f"@base <http://example.org/> . {S} {P} <javascript:x> ."),
    ("u.ttl", f"{S}{P}<javascript:x>."),
    ("w.ttl", f"{S} {P} 1 ~ <javascript:x> ."),
    ("v.ttl", f"# <a>\n{S} {P} 'a',<file:x> ."),
    ("a.nt", f"{S} {P} <javascript:x> ."),
    ("b.nt", f"{S} {P} <\\u006Aavascript:x> ."),
    ("c.nt", f'{S} {P} "x"^^<\\u0064ata:x> .'),
    ("a.nq", f'{S} {P} "x" <javascript:x> .'),
    ("b.nq", f'{S} {P} "x" <\\u006aavascript:x> .'),
    ("a.trig", f"<javascript:x> {{ {S} {P} 1 }}"),
    ("b.trig", f"GRAPH <f\\u0069le:x> {{ {S} {P} 1 }}"),
    ("a.rdf", XML.format('<e:A r:about="javascript:x"/>')),
    ("b.rdf", XML.format('<e:A r:about="&#106;avascript:x"/>')),
    ("c.rdf", XML.format('<e:A r:about="&#x6a;avascript:x"/>')),
    ("d.rdf", XML.format('<e:A r:about="http://example.org/s"><e:p r:resource="JAVASCRIPT&#58;x"/></e:A>')),
    ("e.rdf", XML.format('<e:A r:about="http://example.org/s"><e:p r:datatype="data&#x3a;x">1</e:p></e:A>')),
    ("f.rdf", XML.format('<j:A xmlns:j="javascript:" r:about="http://example.org/s"/>')),
    ("g.rdf", XML.format('<j:A xmlns:j="&#106;avascript:" r:about="http://example.org/s"/>')),
    ("h.rdf", XML.format('<e:A xml:base="file:///x/" r:about="y"/>')),
    ("i.rdf", XML.format('<e:A r:about="http://example.org/s" j:p="1" xmlns:j="data:"/>')),
    ("a.jsonld", '{"@id":"javascript:x","http://example.org/p":1}'),
    ("b.jsonld", '{"@id":"\\u006aavascript:x","http://example.org/p":1}'),
    ("c.jsonld", '{"@id":"http://example.org/s","http://example.org/p":{"@id":"data\\u003Ax"}}'),
    ("d.jsonld", '{"@context":{"j":"javascript:"},"@id":"j:x","http://example.org/p":1}'),
    ("e.jsonld", '{"@context":{"@base":"file:///x/"},"@id":"y","http://example.org/p":1}'),
    ("f.jsonld", '{"@context":{"@vocab":"javascript:"},"@id":"http://example.org/s","p":1}'),
    ("g.jsonld", '{"@id":"http://example.org/s","http://example.org/p":{"@value":"1","@type":"\\u0064ata:x"}}'),
    ("h.jsonld", '{"@id":"data:x","@graph":[{"@id":"http://example.org/s","http://example.org/p":1}]}'),
    ("i.jsonld", '{"@id":"http://example.org/s","@type":"javascript:x"}'),
]


@pytest.mark.parametrize(("name", "content"), UNSAFE, ids=[name for name, _ in UNSAFE])
def test_an_unsafe_iri(write: Write, name: str, content: str) -> None:
    error = refused(write(name, content), r"unsafe IRI <(?i:javascript|vbscript|data|file|blob):")
    assert "javascript:, vbscript:, data:, file: and blob: are not let in" in str(error)
    assert error.line is None or error.line >= 1


@pytest.mark.parametrize(("name", "content"), UNSAFE, ids=[name for name, _ in UNSAFE])
def test_none_of_them_is_trusted(write: Write, name: str, content: str) -> None:
    """The engine parses trusted bytes itself, so this is the door that matters."""
    assert read_rdf(write(name, content)).trusted is False


def test_an_unsafe_iri_has_its_line(write: Write) -> None:
    refused(write("a.ttl", GOOD * 4 + f"{S} {P} <javascript:x> ."), "unsafe", line=5)


@pytest.mark.parametrize(
    "content",
    [
        f"{S} {P} 'javascript:alert(1)' .",
        f"{S} {P} <http://example.org/javascript:x> .",
        f"{S} {P} <urn:data:x> , <mailto:a@example.org> .",
        "@prefix data: <http://example.org/> . @prefix file: <http://example.org/f/> . data:a file:b data:c .",
        f"# <javascript:x>\n{S} {P} 1 .",
        f"{S} {P} 'it says <javascript:x> and \\u0041' .",
    ],
)
def test_what_only_looks_unsafe(write: Write, content: str) -> None:
    assert MemoryStore().load(write("a.ttl", content)) >= 1


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.ttl", f"{S} {P} <<( {S} {P} <javascript:x> )>> ."),
        ("b.ttl", f"{S} {P} <<( {S} {P} 1 )>> ."),
        ("c.ttl", f"<< {S} {P} 1 >> {P} 1 ."),
        ("d.ttl", f"{S} {P} 1 {{| {P} 1 |}} ."),
        ("e.ttl", f"{S} {P} 1 ~ {S} ."),
        ("f.ttl", f"{S} {P} {S}~{S} ."),
        ("g.ttl", "@prefix e: <http://example.org/> . e:s e:p e:o~e:r ."),
        ("h.ttl", f"{S} {P} 1 ~ ."),
        ("a.trig", f"{S} {{ {S} {P} 1 ~ {S} . }}"),
        ("a.nt", f"{S} {P} <<( {S} {P} <\\u006aavascript:x> )>> ."),
        (
            "a.rdf",
            XML.format('<e:A r:about="http://example.org/s" r:version="1.2"><e:p r:annotation="urn:r">1</e:p></e:A>'),
        ),
    ],
)
def test_a_triple_inside_a_triple(write: Write, name: str, content: str) -> None:
    refused(write(name, content), "triple inside a triple")


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.ttl", f"{S} {P} 'x'@en--ltr ."),
        ("b.ttl", f'{S} {P} "x"@ar-EG--rtl .'),
        ("c.ttl", f'{S} {P} "x"@de-1996--ltr .'),
        ("a.nt", f'{S} {P} "x"@en--rtl .'),
        ("a.nq", f'{S} {P} "x"@en--ltr {S} .'),
        ("a.trig", f"{S} {{ {S} {P} 'x'@en--ltr }}"),
        ("a.jsonld", '{"@id":"urn:s","urn:p":{"@value":"x","@language":"en","@direction":"rtl"}}'),
        (
            "a.rdf",
            XML.format(
                '<r:Description r:about="urn:s" r:version="1.2" xmlns:its="http://www.w3.org/2005/11/its" '
                'its:version="2.0"><e:p xml:lang="en" its:dir="rtl">x</e:p></r:Description>'
            ),
        ),
    ],
)
def test_a_text_with_a_direction(write: Write, name: str, content: str) -> None:
    refused(write(name, content), r"gives a text a direction \(@\S+--(ltr|rtl)\)")


def test_a_direction_has_its_line(write: Write) -> None:
    refused(write("a.ttl", GOOD * 4 + f"{S} {P} 'x'@en--ltr ."), "direction", line=5)


@pytest.mark.parametrize(
    "content",
    [
        f"<http://example.org/~her> {P} 1 .",
        f"{S} {P} 'about ~ 3, --ltr and {{| |}}' .",
        f"<http://example.org/a--ltr--1> {P} 'x'@en-GB .",
    ],
)
def test_what_only_looks_like_rdf_1_2(write: Write, content: str) -> None:
    assert MemoryStore().load(write("a.ttl", content)) == 1


@pytest.mark.parametrize("before", ["", "\\u0041"])
def test_blank_nodes_of_two_files_are_two(write: Write, before: str) -> None:
    """The engine parses the first kind of file itself, and filmgraph the second."""
    files = [write(f"{number}.ttl", f"_:a {P} '{before}{number}' , '' .") for number in (1, 2)]
    assert {read_rdf(file).trusted for file in files} == {not before}
    with MemoryStore.of_files(files) as store:
        assert store.select("SELECT ?s (COUNT(*) AS ?n) { ?s ?p ?o } GROUP BY ?s").column("n") == [2, 2]
    assert len({triple.subject for triple in triples_of(files)}) == 2


@pytest.mark.parametrize("before", ["", "\\u0041"])
@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.nq", '{S} {P} "{before}" <urn:g> .\n{S} {P} "{before}" <urn:h> .\n{S} {P} "{before}" .\n'),
        ("a.trig", 'GRAPH <urn:g> {{ {S} {P} "{before}" }}\n<urn:h> {{ {S} {P} "{before}" }}'),
        ("a.jsonld", '{{"@id":"urn:g","@graph":[{{"@id":"urn:s","urn:p":"{before}"}}]}}'),
    ],
)
def test_the_names_of_graphs_are_dropped(write: Write, name: str, content: str, before: str) -> None:
    file = write(name, content.format(S=S, P=P, before=before))
    assert {quad.graph_name for quad in read_rdf(file).quads()} == {ox.DefaultGraph()}
    with MemoryStore() as store:
        assert store.load(file) == 1
        assert store.ask("ASK { ?s ?p ?o }")
        assert not store.ask("ASK { GRAPH ?g { ?s ?p ?o } }")


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.ttl", f"{S} {P} " + f"<<( {S} {P} " * 100_000 + "1" + ")>>" * 100_000 + "."),
        ("a.nt", f"{S} {P} " + f"<<( {S} {P} " * 100_000 + S + ")>>" * 100_000 + "."),
        ("a.jsonld", '{"http://example.org/p":' * 50_000 + "1" + "}" * 50_000),
        ("b.jsonld", '{"http://example.org/\\"p]]]]":' * 50_000 + "1" + "}" * 50_000),
        ("c.jsonld", "[" * 500_000),
        ("d.jsonld", '{"@graph":[' * 50_000),
        ("a.rdf", XML.format("<e:A><e:p>" * 100_000 + "</e:p></e:A>" * 100_000)),
        ("b.rdf", XML.format("<e:A><!-- </e:A> --><e:p>" * 100_000)),
    ],
)
def test_what_nests_too_deep(write: Write, name: str, content: str) -> None:
    """Unchecked, these end the process or hold it for minutes."""
    refused(write(name, content), "deeper|too often")


def test_depth_that_is_still_read(write: Write) -> None:
    files = [
        write("a.ttl", f"{S} {P} " + f"[ {P} " * 5_000 + "1" + "]" * 5_000 + "."),
        write("a.jsonld", '{"http://example.org/p":' * 150 + '"]]]] [[[ {{{"' + "}" * 150),
        write("a.rdf", XML.format("<e:A><e:p>" * 90 + "</e:p></e:A>" * 90)),
    ]
    assert [len(triples_of([file])) for file in files] == [5_001, 150, 180]


def test_gzip_that_is_broken(write: Write) -> None:
    packed = gzip.compress(GOOD.encode() * 1000)
    flipped = packed[:30] + b"\0\0" + packed[32:]
    for content in (b"", b"no gzip", packed[:-9], packed[:20], packed + b"rubbish", flipped):
        refused(write("a.ttl.gz", content), "no whole gzip file")


def test_a_gzip_bomb(write: Write) -> None:
    bomb = gzip.compress(b"#" * 50_000_000, compresslevel=9)
    assert len(bomb) < 60_000
    refused(write("a.ttl.gz", bomb), "unpacks to more than 200 times its size")


def test_what_is_unpacked_is_looked_at(write: Write) -> None:
    refused(write("a.ttl.gz", gzip.compress(f"{S} {P} <javascript:x> .".encode())), "unsafe")
    refused(write("b.ttl.gz", gzip.compress(b"\xff")), "UTF-8")
    refused(write("a.rdf.gz", gzip.compress(b"<!DOCTYPE r>")), "DOCTYPE")


@pytest.mark.parametrize("before", ["", "\\u0041"])
def test_a_literal_beyond_the_parser(write: Write, before: str) -> None:
    refused(write("a.ttl", f"{S} {P} '{before}" + "a" * (17 * 1024**2) + "' ."), "larger than 16 MiB")


def test_an_error_in_the_last_line_brings_nothing(write: Write) -> None:
    refused(write("a.ttl", GOOD + f"{S} {P} 1 .\n" * 2_000 + "oops"), ".", line=2_002)
    refused(write("b.ttl", GOOD + f"{S} {P} '\\u0041' .\n" * 2_000 + "oops"), ".", line=2_002)


def test_a_text_is_read_as_it_stands(write: Write) -> None:
    text = "\ufeffShe says:\r\n\u2028 “Her” \x00\t\n\n"
    assert read_text(write("review.txt", text)) == text


def test_a_text_has_its_bounds(write: Write, tmp_path: Path) -> None:
    file = write("review.txt", "abcd")
    assert read_text(file, limit=4) == "abcd"
    with pytest.raises(DataError, match="larger than"):
        read_text(file, limit=3)
    with pytest.raises(DataError, match="is a folder"):
        read_text(tmp_path)
    with pytest.raises(DataError, match="No such file"):
        read_text(tmp_path / "none.txt")


def test_a_message_cannot_steer_the_terminal(write: Write) -> None:
    error = refused(write("a.jsonld", '{"@id":"javascript:\\u009b31m","http://example.org/p":1}'), ".")
    assert "\x9b" not in str(error)
    assert "\x1b" not in str(DataError("\x1b[31mred\n\x07", file="a\x1bb\r\nc"))
