"""Static files are compressed, kept by browsers until they change, and never files from elsewhere."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

import filmgraph
from filmgraph.web import create_app
from filmgraph.web.assets import files


@pytest.fixture(scope="module")
def client() -> Iterator[TestClient]:
    with filmgraph.open(Path(__file__).parent / "data" / "tiny.ttl") as graph:
        yield TestClient(create_app(graph))


@pytest.mark.parametrize("name", files())
def test_file_is_served_as_what_it_is(client: TestClient, name: str) -> None:
    answer = client.get(f"/static/{name}", headers={"Accept-Encoding": "identity"})
    assert answer.status_code == 200
    assert answer.content == files()[name].read_bytes()
    kinds = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml", ".txt": "text/plain"}
    assert answer.headers["content-type"].split(";")[0] == kinds[Path(name).suffix]
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_file_is_compressed(client: TestClient) -> None:
    with client.stream("GET", "/static/css/site.css", headers={"Accept-Encoding": "gzip"}) as answer:
        raw = b"".join(answer.iter_raw())
    assert answer.headers["content-encoding"] == "gzip"
    assert gzip.decompress(raw) == files()["css/site.css"].read_bytes()
    assert len(raw) < files()["css/site.css"].stat().st_size / 2


def test_file_that_is_linked_is_kept_until_it_changes(client: TestClient) -> None:
    link = client.app.state.site.asset("css/site.css")  # type: ignore[attr-defined]
    linked = client.get(link)
    assert "immutable" in linked.headers["cache-control"]
    assert "immutable" not in client.get("/static/css/site.css?v=000000000000").headers["cache-control"]
    assert "immutable" not in client.get("/static/css/site.css").headers["cache-control"]
    again = client.get(link, headers={"If-None-Match": linked.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize("name", ["", "css", "css/", "css/none.css", ".gitignore", "css/site.css/", "package.json"])
def test_there_is_no_other_file(client: TestClient, name: str) -> None:
    assert client.get(f"/static/{name}").status_code == 404
