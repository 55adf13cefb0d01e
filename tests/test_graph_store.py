"""Loading into endpoints: by the Graph Store Protocol and by updates, into real servers and past unfriendly ones."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pyoxigraph as ox
import pytest
from click.testing import CliRunner
from servers import Endpoint, Exchange, OxigraphServer
from virtuoso import VirtuosoServer

from filmgraph.cli import cli
from filmgraph.errors import DataError, EndpointStatusError, PartialLoadError, StoreError
from filmgraph.export import whole
from filmgraph.namespaces import XSD
from filmgraph.stores import MemoryStore, RemoteStore
from filmgraph.stores.logins import Login
from filmgraph.stores.looked import look_at
from filmgraph.stores.virtuoso import Session, bulk_load

NASTY = """
@prefix x: <http://example.org/> .
x:a x:text "plain", "two\\nlines", "a \\"quoted\\" \\\\ word", "Amélie 千と千尋 🎬", "tab\\there", ""@en, "en"@en,
    "en-gb"@en-gb ;
  x:number 1, -7, 2.50, 1.5e0, "2013-10-12"^^<http://www.w3.org/2001/XMLSchema#date> ;
  x:own "1"^^x:type ; x:link <http://example.org/%C3%A9?a=b&c=d#e> .
x:b x:knows [ x:text "unnamed" ; x:knows [ x:text "deeper" ] ] .
"""


@pytest.fixture(scope="module")
def empty_virtuoso(with_virtuoso: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[VirtuosoServer]:
    with VirtuosoServer(tmp_path_factory.mktemp("graph-store") / "base") as server:
        yield server


def login(server: VirtuosoServer) -> Login:
    return Login(server.user, server.password, (server.graph_store_url,))


@pytest.fixture
def nasty(tmp_path: Path) -> Path:
    file = tmp_path / "nasty.ttl"
    file.write_text(NASTY, encoding="utf-8")
    return file


def is_same(store: RemoteStore, file: Path) -> bool:
    here, there = ox.Dataset(), ox.Dataset()
    with MemoryStore.of_files([file]) as memory:
        for dataset, triples in ((here, whole(memory)), (there, store.construct("CONSTRUCT WHERE { ?s ?p ?o }"))):
            for triple in triples:
                dataset.add(ox.Quad(*triple))
            dataset.canonicalize(ox.CanonicalizationAlgorithm.UNSTABLE)
    return here == there


def test_oxigraph_holds_what_was_posted(scratch_server: OxigraphServer, nasty: Path) -> None:
    with scratch_server.store() as writer:
        writer.update("CLEAR ALL")
    with RemoteStore(scratch_server.query_url, graph_store_url=f"{scratch_server.url}/store") as store:
        assert store.load(nasty) == 19
        assert store.load(nasty) == 4, "only what is said of blank nodes is new again"
    with scratch_server.store() as writer:
        writer.update("CLEAR ALL")
        writer.load(nasty)
        assert is_same(writer, nasty)


@pytest.mark.parametrize("way", ["graph store", "update"])
def test_virtuoso_holds_what_was_loaded(empty_virtuoso: VirtuosoServer, nasty: Path, way: str) -> None:
    with empty_virtuoso.store() as writer:
        writer.update(f"CLEAR GRAPH <{writer.graph}>")
        assert len(writer) == 0
    by_graph_store = RemoteStore(
        empty_virtuoso.query_url, graph_store_url=empty_virtuoso.graph_store_url, login=login(empty_virtuoso)
    )
    with by_graph_store if way == "graph store" else empty_virtuoso.store() as store:
        assert store.load(nasty) == 19
        assert is_same(store, nasty)


NOT_KEPT = {
    '"0.1234567890123456789"^^xsd:decimal': '"0.123456789012346"^^xsd:decimal',
    '"123456789012345678901234567890"^^xsd:integer': '"123456789012345678901234567890"^^xsd:decimal',
    '"1e3"^^xsd:double': '"1000.0"^^xsd:double',
    '"P1D"^^xsd:duration': '"86400.0"^^xsd:duration',
    '"abc"^^xsd:integer': '"0"^^xsd:integer',
    '"-0044-03-15"^^xsd:date': '"-044-03-15"^^xsd:date',
}
"""Literals that Virtuoso 7.2.5 does not hand back as they were given, and what it makes of them."""


def test_what_virtuoso_does_not_keep(empty_virtuoso: VirtuosoServer, tmp_path: Path) -> None:
    file = tmp_path / "odd.ttl"
    triples = "".join(f"<urn:{at}> <urn:p> {given} .\n" for at, given in enumerate(NOT_KEPT))
    file.write_text("@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .\n" + triples, encoding="utf-8")
    with RemoteStore(
        empty_virtuoso.query_url, graph_store_url=empty_virtuoso.graph_store_url, login=login(empty_virtuoso)
    ) as store:
        store.load(file)
        found = {
            str(row[0]): str(row[1]).replace("<http://www.w3.org/2001/XMLSchema#", "xsd:").replace(">", "")
            for row in store.select("SELECT ?s ?o { ?s <urn:p> ?o }").terms
        }
    assert found == {f"<urn:{at}>": kept for at, kept in enumerate(NOT_KEPT.values())}


def test_a_login_is_asked_for(empty_virtuoso: VirtuosoServer, nasty: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FILMGRAPH_LOGIN", raising=False)
    address = empty_virtuoso.graph_store_url
    for known in (None, Login("dba", "wrong", (address,))):
        with (
            RemoteStore(empty_virtuoso.query_url, graph_store_url=address, login=known) as store,
            pytest.raises(EndpointStatusError, match="401") as caught,
        ):
            store.load(nasty)
        assert "wrong" not in str(caught.value)


def test_command_loads_by_the_graph_store(
    empty_virtuoso: VirtuosoServer, nasty: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with empty_virtuoso.store() as writer:
        writer.update(f"CLEAR GRAPH <{writer.graph}>")
    monkeypatch.setenv("FILMGRAPH_LOGIN", f"{empty_virtuoso.user}:{empty_virtuoso.password}")
    options = ["--store", empty_virtuoso.query_url, "--graph-store-url", empty_virtuoso.graph_store_url]
    done = CliRunner().invoke(cli, ["load", str(nasty), *options])
    assert (done.exit_code, done.stdout) == (0, f"{nasty}: 19 new triples\n")


@pytest.mark.parametrize(("status", "told"), [(404, "Graph Store service"), (507, "no room"), (302, "moved to")])
def test_what_an_endpoint_refuses_is_told(nasty: Path, status: int, told: str) -> None:
    posted: list[str] = []

    def play(exchange: Exchange) -> None:
        if exchange.path.startswith("/query?graph-store"):
            posted.append(exchange.headers["Content-Type"])
            exchange.reply(b"no room", status=status, Location="http://127.0.0.1:9/")
        else:
            exchange.reply()

    with (
        Endpoint(play) as endpoint,
        RemoteStore(endpoint.url, graph_store_url=f"{endpoint.url}?graph-store=1") as store,
        pytest.raises(EndpointStatusError, match=told),
    ):
        store.load(nasty)
    assert posted == ["application/n-triples"], "asked once, and not led elsewhere"


def test_an_address_is_an_address() -> None:
    with pytest.raises(StoreError, match="starts with http"):
        RemoteStore("http://127.0.0.1:9/query", graph_store_url="file:///tmp/store")


@pytest.fixture
def near(
    with_virtuoso: None, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> Iterator[VirtuosoServer]:
    """A Virtuoso that may read the folder for temporary files."""
    folder = tmp_path_factory.mktemp("near")
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    with VirtuosoServer(folder / "base", allowed=[folder]) as server:
        yield server


def test_virtuoso_s_own_loader(near: VirtuosoServer, nasty: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    command = ["load", str(nasty), "--store", near.query_url, "--virtuoso-sql", near.sql]
    for told, said in ((None, "FILMGRAPH_LOGIN"), ("dba:wrong", "Bad login"), ("d'ba:x", "no name of a Virtuoso user")):
        monkeypatch.setenv("FILMGRAPH_LOGIN", told) if told else monkeypatch.delenv("FILMGRAPH_LOGIN", raising=False)
        done = CliRunner().invoke(cli, command)
        assert done.exit_code == 2
        assert said in done.stderr
        assert "wrong" not in done.stderr
    monkeypatch.setenv("FILMGRAPH_LOGIN", f"{near.user}:{near.password}")
    done = CliRunner().invoke(cli, command)
    assert (done.exit_code, done.stdout) == (0, f"{nasty}: 19 triples\n{near.query_url}: 19 triples\n")
    with near.store() as store:
        assert is_same(store, nasty)
    bad = nasty.with_name("bad.ttl")
    bad.write_text("<urn:a> <urn:b>\n", "utf-8")
    done = CliRunner().invoke(cli, [*command, str(bad)])
    assert done.exit_code == 2
    assert f"{bad}:" in done.stderr


def test_virtuoso_s_own_loader_keeps_what_hangs_together(near: VirtuosoServer, tmp_path: Path) -> None:
    file = tmp_path / "many.nt"
    blank = "".join(f"_:a <urn:q> _:b{n} .\n" for n in range(150))
    file.write_text("".join(f"<urn:{n}> <urn:p> _:c{n} .\n<urn:x> <urn:n> <urn:{n}> .\n" for n in range(300)) + blank)
    options = {"graph": "urn:graph", "login": login(near)}
    assert bulk_load([file], sql=near.sql, **options) == {str(file): 750}
    with RemoteStore(near.query_url + "?default-graph-uri=urn:graph") as store:
        assert len(store) == 750
        assert store.ask("ASK { ?a <urn:q> ?b, ?c FILTER(?b != ?c) }")
        assert len(store.select("SELECT DISTINCT ?a { ?a <urn:q> ?b }")) == 1
    file.write_text(file.read_text("utf-8").replace("_:c200 .", "broken"), "utf-8")
    good = tmp_path / "good.nt"
    good.write_text("<urn:x> <urn:p> <urn:new> .\n", "utf-8")
    with pytest.raises(DataError, match=r"many.nt:401:"):
        bulk_load([good, file], sql=near.sql, **options)
    with RemoteStore(near.query_url + "?default-graph-uri=urn:graph") as store:
        assert len(store) == 750, "a bad file changes nothing, nor do those before it"
    for address in ("here", "-H:1", "127.0.0.1", "127.0.0.1:1111 x"):
        with pytest.raises(StoreError, match="is no SQL port"):
            bulk_load([file], sql=address, **options)
    with pytest.raises(StoreError, match="is no IRI"):
        bulk_load([file], sql=near.sql, graph="urn:'); drop", login=login(near))
    with pytest.raises(StoreError, match="no SQL server takes"):
        bulk_load([file], sql="127.0.0.1:9", **options)


def test_a_server_that_fails_half_way(near: VirtuosoServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = Session.run

    def failing(session: Session, statement: str) -> str:
        if "TTLP" in statement and "1.nt" in statement:
            raise StoreError("the disk is full")
        return run(session, statement)

    monkeypatch.setattr(Session, "run", failing)
    for name in "ab":
        (tmp_path / f"{name}.nt").write_text(f"<urn:{name}> <urn:p> <urn:o> .\n" * 2, "utf-8")
    files = [tmp_path / "a.nt", tmp_path / "b.nt"]
    with pytest.raises(PartialLoadError, match=r"b.nt: the first 0 triples are in, the next 2 may be, .*disk is full"):
        bulk_load(files, sql=near.sql, graph="urn:half", login=login(near))
    with RemoteStore(near.query_url + "?default-graph-uri=urn:half") as store:
        assert len(store) == 1


def test_what_needs_no_other_words_is_copied(tmp_path: Path) -> None:
    plain = '<urn:a> <urn:p> "b\\n\\u0022" .\n# a comment\n\n<urn:a>\t<urn:p> "é"@en-gb .\n'.replace("\\u0022", '\\"')
    file, target = tmp_path / "a.nt", tmp_path / "b.nt"
    file.write_text(plain + "<urn:a> <urn:p> <urn:c> .", "utf-8")
    assert look_at(str(file), target).triples == 3
    assert target.read_bytes() == file.read_bytes() + b"\n"
    for odd, written in (
        ("_:a.b <urn:p> _:a.b .", None),
        ('<urn:a> <urn:p> "x"@EN-gb .', '<urn:a> <urn:p> "x"@en-gb .\n'),
        ('<urn:a> <urn:p> "\\u0041" .', '<urn:a> <urn:p> "A" .\n'),
        (f'<urn:a> <urn:p> "x"^^<{XSD}string> .', '<urn:a> <urn:p> "x" .\n'),
    ):
        file.write_text(f"{plain}{odd}\n", "utf-8")
        assert look_at(str(file), target).triples == 3
        lines = target.read_text("utf-8").splitlines(keepends=True)
        assert len(lines) == 3
        assert lines[2] == written or (written is None and ".b" not in lines[2])
    file.write_text(plain * 9 + "<urn:a> <urn:p> .\n", "utf-8")
    with pytest.raises(DataError, match=r"a\.nt:37:17"):
        look_at(str(file), target)
    assert not target.exists()


def test_a_folder_that_virtuoso_may_not_read(empty_virtuoso: VirtuosoServer) -> None:
    with (
        Session(empty_virtuoso.sql, login(empty_virtuoso)) as session,
        pytest.raises(StoreError, match="DirsAllowed"),
    ):
        session.run("DB.DBA.TTLP(file_open('/etc/hostname'), '', 'urn:graph', 0)")


def test_only_virtuoso_has_virtuoso_s_loader(nasty: Path, oxigraph_server: OxigraphServer) -> None:
    options = ["--store", oxigraph_server.query_url, "--virtuoso-sql", "127.0.0.1:1111"]
    done = CliRunner().invoke(cli, ["load", str(nasty), *options])
    assert (done.exit_code, "is no Virtuoso" in done.stderr) == (2, True)
    done = CliRunner().invoke(cli, ["load", str(nasty), *options, "--update-url", oxigraph_server.update_url])
    assert (done.exit_code, "--virtuoso-sql goes with --store" in done.stderr) == (2, True)
