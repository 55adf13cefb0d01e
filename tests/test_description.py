"""What the endpoint and the data say of themselves is true, and the whole graph comes as files."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from pathlib import Path

import pyoxigraph as ox
import pytest
from starlette.testclient import TestClient

from filmgraph.errors import DataError
from filmgraph.graph import FilmGraph
from filmgraph.namespaces import DCAT, DCTERMS, FG, FILE_FORMATS, RDF, SCHEMA, SD, VOID, WD
from filmgraph.stores import DiskStore, MemoryStore
from filmgraph.web import Settings, create_app
from filmgraph.web.description import dataset_triples, distributions, statistics
from filmgraph.web.downloads import Downloads
from filmgraph.web.site import Site

TINY = Path(__file__).parent / "data" / "tiny.ttl"
FORMATS = {
    "ttl": ox.RdfFormat.TURTLE,
    "nt": ox.RdfFormat.N_TRIPLES,
    "rdf": ox.RdfFormat.RDF_XML,
    "jsonld": ox.RdfFormat.JSON_LD,
}
ORIGIN = "http://testserver"


@pytest.fixture(scope="module")
def graph() -> Iterator[FilmGraph]:
    """The tiny graph."""
    with MemoryStore.of_files([TINY]) as store:
        yield FilmGraph(store)


@pytest.fixture(scope="module")
def client(graph: FilmGraph) -> Iterator[TestClient]:
    """A site of the tiny graph."""
    with TestClient(create_app(graph)) as client:
        yield client


def read(client: TestClient, path: str, *, accept: str = "text/turtle") -> ox.Store:
    """Return the triples at a path as a store, to be asked."""
    answer = client.get(path, headers={"Accept": accept})
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/turtle")
    store = ox.Store()
    store.load(answer.content, ox.RdfFormat.TURTLE, base_iri=ORIGIN + path)
    return store


def one(store: ox.Store, subject: str, predicate: str) -> str:
    """Return the one value of a property."""
    found = list(store.quads_for_pattern(ox.NamedNode(subject), ox.NamedNode(predicate), None))
    assert len(found) == 1, found
    return str(found[0].object.value)  # type: ignore[union-attr]


def values(store: ox.Store, subject: str, predicate: str) -> set[str]:
    """Return the values of a property."""
    found = store.quads_for_pattern(ox.NamedNode(subject), ox.NamedNode(predicate), None)
    return {str(quad.object.value) for quad in found}  # type: ignore[union-attr]


def test_the_service_describes_itself(client: TestClient, graph: FilmGraph) -> None:
    store = read(client, "/sparql", accept="*/*")
    (service,) = store.quads_for_pattern(None, ox.NamedNode(RDF + "type"), ox.NamedNode(SD + "Service"))
    name = str(service.subject.value)  # type: ignore[union-attr]
    assert one(store, name, SD + "endpoint") == f"{ORIGIN}/sparql"
    assert values(store, name, SD + "supportedLanguage") == {SD + "SPARQL11Query"}
    assert len(values(store, name, SD + "resultFormat")) == 8
    assert values(store, name, SD + "feature") == set(), "no union graph, nothing fetched, no federation"
    default = one(store, one(store, name, SD + "defaultDataset"), SD + "defaultGraph")
    assert int(one(store, default, VOID + "triples")) == len(list(ox.parse(TINY.read_bytes(), format=FORMATS["ttl"])))


def test_each_form_that_the_service_names_can_be_had(client: TestClient) -> None:
    store = read(client, "/sparql")
    formats = {str(quad.object.value)[len(FILE_FORMATS) :] for quad in store if "resultFormat" in str(quad.predicate)}
    asked = {"SPARQL_Results_JSON": "json", "SPARQL_Results_XML": "xml", "SPARQL_Results_CSV": "csv"}
    asked |= {"SPARQL_Results_TSV": "tsv", "Turtle": "ttl", "N-Triples": "nt", "RDF_XML": "rdf", "JSON-LD": "jsonld"}
    assert formats == asked.keys()
    for name in formats:
        query = "SELECT * { ?s ?p ?o }" if name.startswith("SPARQL") else "CONSTRUCT WHERE { ?s ?p ?o }"
        assert client.get("/sparql", params={"query": query, "format": asked[name]}).status_code == 200


def test_the_numbers_of_void_are_those_of_the_graph(client: TestClient, graph: FilmGraph) -> None:
    store = read(client, "/.well-known/void")
    dataset = f"{ORIGIN}/.well-known/void#dataset"
    triples = [quad.triple for quad in ox.parse(TINY.read_bytes(), format=FORMATS["ttl"])]
    assert int(one(store, dataset, VOID + "triples")) == len(triples)
    assert int(one(store, dataset, VOID + "distinctSubjects")) == len({triple.subject for triple in triples})
    assert int(one(store, dataset, VOID + "distinctObjects")) == len({triple.object for triple in triples})
    found = {
        one(store, part, VOID + "property"): int(one(store, part, VOID + "triples"))
        for part in values(store, dataset, VOID + "propertyPartition")
    }
    assert sum(found.values()) == len(triples)
    assert found[SCHEMA + "name"] == sum(triple.predicate.value == SCHEMA + "name" for triple in triples)
    classes = {
        one(store, part, VOID + "class"): int(one(store, part, VOID + "entities"))
        for part in values(store, dataset, VOID + "classPartition")
    }
    assert classes[FG + "Film"] == sum(
        triple.predicate.value == RDF + "type" and triple.object == ox.NamedNode(FG + "Film") for triple in triples
    )
    assert sum(number for _, number in statistics(graph).links) == sum(WD in str(triple.object) for triple in triples)
    assert FG in values(store, dataset, VOID + "vocabulary")


def test_every_address_that_void_names_answers(client: TestClient) -> None:
    store = read(client, "/.well-known/void")
    dataset = f"{ORIGIN}/.well-known/void#dataset"
    files = values(store, dataset, VOID + "dataDump")
    assert len(files) == 4
    assert values(store, dataset, VOID + "sparqlEndpoint") == {f"{ORIGIN}/sparql"}
    parts = values(store, dataset, DCAT + "distribution")
    assert {one(store, part, DCAT + "downloadURL") for part in parts} == files
    for part in parts:
        answer = client.get(one(store, part, DCAT + "downloadURL"))
        assert answer.status_code == 200
        assert one(store, part, DCAT + "mediaType").endswith(answer.headers["content-type"].partition(";")[0])
    for example in values(store, dataset, VOID + "exampleResource"):
        assert example.startswith("https://w3id.org/filmgraph/")


def test_the_description_comes_in_every_form(client: TestClient) -> None:
    graphs = []
    for ending, form in FORMATS.items():
        answer = client.get(f"/.well-known/void.{ending}")
        assert answer.status_code == 200
        graphs.append({quad.triple for quad in ox.parse(answer.content, format=form, base_iri=ORIGIN)})
    assert len(graphs[0]) > 50
    assert graphs[1:] == graphs[:1] * 3
    assert client.get("/.well-known/void", headers={"Accept": "image/png"}).status_code == 406


def test_addresses_start_with_the_base(graph: FilmGraph) -> None:
    site = Site(graph, Settings(base_url="https://example.org/kg"))
    iris = {str(triple.object.value) for triple in dataset_triples(site, "https://example.org/kg")}  # type: ignore[union-attr]
    assert "https://example.org/kg/sparql" in iris
    assert "https://example.org/kg/data/filmgraph.ttl" in iris
    assert distributions(site)[0].path == "/kg/data/filmgraph.ttl"
    static = dataset_triples(Site(graph, Settings(is_static=True)), "https://example.org")
    assert not any("sparql" in str(triple).lower() for triple in static)


def test_the_bundled_graph_has_its_licence(bundled: MemoryStore) -> None:
    site = Site(FilmGraph(bundled))
    licences = {str(t.object) for t in dataset_triples(site, ORIGIN) if t.predicate.value == DCTERMS + "license"}
    assert licences == {"<https://creativecommons.org/licenses/by/4.0/>"}
    linksets = [t for t in dataset_triples(site, ORIGIN) if t.object == ox.NamedNode(VOID + "Linkset")]
    assert linksets


@pytest.mark.parametrize("ending", FORMATS)
def test_the_whole_graph_comes_as_a_file(client: TestClient, ending: str) -> None:
    expected = {quad.triple for quad in ox.parse(TINY.read_bytes(), format=FORMATS["ttl"])}
    path = f"/data/filmgraph.{ending}"
    plain = client.get(path, headers={"Accept-Encoding": "identity"})
    packed = client.get(path, headers={"Accept-Encoding": "gzip"})
    archive = client.get(f"{path}.gz")
    assert (plain.status_code, packed.status_code, archive.status_code) == (200, 200, 200)
    assert packed.headers["content-encoding"] == "gzip"
    assert archive.headers["content-type"] == "application/gzip"
    assert plain.content == packed.content == gzip.decompress(archive.content)
    assert {quad.triple for quad in ox.parse(plain.content, format=FORMATS[ending])} == expected
    assert plain.headers["etag"] != packed.headers["etag"]
    again = client.get(path, headers={"Accept-Encoding": "identity", "If-None-Match": plain.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert client.head(path).status_code == 200


def test_the_same_graph_gives_the_same_file(graph: FilmGraph) -> None:
    digests = []
    for _ in range(2):
        downloads = Downloads(Site(graph))
        file = downloads.file("turtle")
        digests.append((file.path.read_bytes(), file.digest))
        assert file.size == len(digests[-1][0]) == downloads.size("turtle")
        downloads.close()
        assert not file.path.exists()
    assert digests[0] == digests[1]


@pytest.mark.parametrize("name", ["filmgraph.exe", "filmgraph", "other.ttl", "filmgraph.ttl.bz2", "..%2f..%2fsecret"])
def test_what_is_no_file_of_the_graph(client: TestClient, name: str) -> None:
    assert client.get(f"/data/{name}").status_code == 404


def test_xml_cannot_carry_everything() -> None:
    with MemoryStore() as store:
        store.update("INSERT DATA { <http://e.org/s> <http://e.org/p> 'a\\rb' }")
        downloads = Downloads(Site(FilmGraph(store)))
        text = gzip.decompress(downloads.file("rdfxml").path.read_bytes())
        assert next(ox.parse(text, format=ox.RdfFormat.RDF_XML)).object == ox.Literal("a\rb")
        downloads.close()
        store.oxigraph.add(ox.Quad(ox.NamedNode("http://e.org/s"), ox.NamedNode("http://e.org/p"), ox.Literal("\x01")))
        downloads = Downloads(Site(FilmGraph(store)))
        with pytest.raises(DataError, match="take N-Triples"):
            downloads.file("rdfxml")
        assert downloads.file("ntriples").path.exists()
        downloads.close()


def test_an_update_makes_new_files(tmp_path: Path) -> None:
    folder = tmp_path / "store"
    with DiskStore(folder, writable=True) as writer:
        writer.load(TINY)
    with DiskStore(folder) as store, TestClient(create_app(FilmGraph(store), Settings(writable=True))) as client:
        before = client.get("/data/filmgraph.nt")
        text = "INSERT DATA { <http://e.org/s> <http://e.org/p> 'new' }"
        assert client.post("/sparql", data={"update": text}).status_code == 204
        after = client.get("/data/filmgraph.nt")
        assert b"new" in after.content
        assert set(before.content.splitlines()) < set(after.content.splitlines())
        assert before.headers["etag"] != after.headers["etag"]
        numbers = [one(read(client, "/.well-known/void"), f"{ORIGIN}/.well-known/void#dataset", VOID + "triples")]
        assert numbers == [str(len(after.content.splitlines()))]
