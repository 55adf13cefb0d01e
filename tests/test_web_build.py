"""The static build: a crawl over all of its links, what it refuses, and what it leaves alone."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from functools import partial
from html.parser import HTMLParser
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.parse import unquote, urldefrag, urljoin, urlsplit
from urllib.request import urlopen

import pyoxigraph as ox
import pytest
from click.testing import CliRunner

from filmgraph.cli import cli
from filmgraph.errors import OutputError, QueryError
from filmgraph.graph import FilmGraph
from filmgraph.namespaces import BASE
from filmgraph.stores import DiskStore, MemoryStore
from filmgraph.web.builder import Built, build_site
from filmgraph.web.placing import MARKER, placement

TINY = Path(__file__).parent / "data" / "tiny.ttl"
BASE_URL = "https://example.org/kg"
MORE = """
    PREFIX film: <https://w3id.org/filmgraph/film/> PREFIX fg: <https://w3id.org/filmgraph/ontology#>
    PREFIX dcterms: <http://purl.org/dc/terms/> PREFIX schema: <https://schema.org/>
    INSERT DATA {
        film:old-2001 dcterms:isReplacedBy film:older-2001 . film:older-2001 dcterms:isReplacedBy film:alpha-2001 .
        <https://w3id.org/filmgraph/film/am\\u00e9lie-2001> a fg:Film ; schema:name "Am\\u00e9lie" ;
            fg:releaseYear 2001 ; schema:director <https://w3id.org/filmgraph/person/x.ttl> .
        <https://w3id.org/filmgraph/person/x.ttl> a schema:Person ; schema:name "Ends as data" .
        film:Alpha-2001 a fg:Film ; schema:name "Same but for case" ; fg:releaseYear 2001 .
        film:bell-2001 a fg:Film ; schema:name "Bell \\u0007" ; fg:releaseYear 2001 .
    }
"""


@pytest.fixture(scope="module")
def graph() -> Iterator[FilmGraph]:
    with MemoryStore.of_files([TINY]) as store:
        store.update(MORE)
        yield FilmGraph(store)


@pytest.fixture(scope="module")
def built(graph: FilmGraph, tmp_path_factory: pytest.TempPathFactory) -> Built:
    return build_site(graph, tmp_path_factory.mktemp("site") / "kg", BASE_URL, workers=1)


def files(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


# --- what is in it ---


class Quiet(SimpleHTTPRequestHandler):
    """Serves a folder and says nothing."""

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture(scope="module")
def address(built: Built) -> Iterator[str]:
    """The address of a plain web server over the folder that holds the site, so that it stands below /kg."""
    handler = partial(Quiet, directory=str(built.folder.parent))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


class Links(HTMLParser):
    """The links of a page, and the places in it."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.places: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        self.places.add(values.get("id") or "")
        if values.get("rel") == "canonical":
            return
        self.links += [value for name in ("href", "src", "action") if (value := values.get(name)) is not None]
        if values.get("http-equiv") == "refresh":
            self.links.append((values.get("content") or "").partition("url=")[2])


def test_crawl_finds_no_broken_link(built: Built, address: str) -> None:
    waiting = [f"{address}/kg/", f"{address}/kg/404.html"]
    seen: dict[str, Links | None] = {}
    wanted: list[tuple[str, str, str]] = []
    outside, broken = set(), set()
    while waiting:
        url = waiting.pop()
        if url in seen:
            continue
        try:
            with urlopen(url) as answer:
                body, content_type = answer.read(), answer.headers.get_content_type()
        except HTTPError as error:
            error.close()
            seen[url] = None
            broken.add(url)
            continue
        seen[url] = Links(body.decode()) if content_type == "text/html" else None
        if (page := seen[url]) is None:
            continue
        for link in page.links:
            target, place = urldefrag(urljoin(url, link))
            if not target.startswith(f"{address}/"):
                outside.add(target)
                continue
            assert urlsplit(target).path.startswith("/kg/"), (url, link)
            bare = target.partition("?")[0]
            wanted.append((url, bare, unquote(place)))
            waiting.append(bare)
    # A name in this graph holds a control character, which XML cannot carry: the build says so.
    assert {target for _, target, _ in wanted if target in broken} == {f"{address}/kg/data/filmgraph.rdf"}
    lost = [
        (url, target, place)
        for url, target, place in wanted
        if place and (page := seen[target]) is not None and place not in page.places
    ]
    assert lost == []
    assert not [link for link in outside if not link.startswith(("http://", "https://")) or BASE in link]
    sitemap = (built.folder / "sitemap-1.xml").read_text()
    listed = {url.replace(BASE_URL, f"{address}/kg") for url in re.findall(r"<loc>(.*?)</loc>", sitemap)}
    assert listed - seen.keys() == {f"{address}/kg/organization/filmgraph-editors/"}
    assert (built.folder / "organization" / "filmgraph-editors" / "index.html").exists()
    assert len(seen) > 300


def test_every_file_parses_and_tells_nothing_of_this_machine(built: Built) -> None:
    formats = {
        ".ttl": ox.RdfFormat.TURTLE,
        ".nt": ox.RdfFormat.N_TRIPLES,
        ".rdf": ox.RdfFormat.RDF_XML,
        ".jsonld": ox.RdfFormat.JSON_LD,
    }
    machine = re.compile(rb"file:///|/(?:home|root|tmp|work|Users|site-packages)/|127\.0\.0\.1|testserver")
    counted: dict[str, int] = {}
    for name, content in files(built.folder).items():
        ending = Path(name).suffix
        counted[ending] = counted.get(ending, 0) + 1
        if ending in formats:
            assert list(ox.parse(content, format=formats[ending])), name
        elif ending in (".json", ".srj"):
            json.loads(content)
        if not name.startswith("static/vendor"):
            assert not machine.search(content), name
    assert counted[".ttl"] > 40
    assert counted[".html"] >= built.pages - 1


def test_every_resource_leads_somewhere(built: Built) -> None:
    for kind, slug, place in [
        ("use", "alpha-2001--close-up", "/kg/film/alpha-2001/#alpha-2001--close-up"),
        ("scene", "alpha-2001--close-up--1", "/kg/film/alpha-2001/#alpha-2001--close-up"),
        ("claim", "alpha-2001--critic-one--1", "/kg/review/alpha-2001--critic-one/#alpha-2001--critic-one--1"),
        ("passage", "alpha-2001--critic-one--1", "/kg/review/alpha-2001--critic-one/#alpha-2001--critic-one--1"),
        ("film", "old-2001", "/kg/film/alpha-2001/"),
    ]:
        page = (built.folder / kind / slug / "index.html").read_text()
        assert f'content="0; url={place}"' in page, (kind, slug)
    amelie = (built.folder / "film" / "amélie-2001" / "index.html").read_text()
    assert 'href="/kg/film/am%C3%A9lie-2001.ttl"' in amelie


def test_what_has_no_place_is_told_and_not_linked(built: Built) -> None:
    assert built.left_out == ("/data/filmgraph.rdf", BASE + "person/x.ttl")
    assert "x.ttl" not in (built.folder / "film" / "amélie-2001" / "index.html").read_text().partition("<main")[2]
    bell = (built.folder / "film" / "bell-2001" / "index.html").read_text()
    assert not (built.folder / "film" / "bell-2001.rdf").exists()
    assert "bell-2001.rdf" not in bell
    assert "bell-2001.nt" in bell


def test_what_needs_a_server_is_not_linked(built: Built) -> None:
    for name, content in files(built.folder).items():
        if name.endswith(".html"):
            for link in Links(content.decode()).links:
                path = link.removeprefix("/kg")
                assert not path.startswith(("/sparql", "/recommend", "/compare", "/path", "/resource")), (name, link)


def test_same_graph_gives_the_same_bytes_however_many_work_at_it(
    graph: FilmGraph, built: Built, tmp_path: Path
) -> None:
    again = build_site(graph, tmp_path / "kg", BASE_URL, workers=2)
    assert files(again.folder) == files(built.folder)
    assert (again.pages, again.files, again.size) == (built.pages, built.files, built.size)


def test_disk_store_is_read_by_several_at_once(built: Built, tmp_path: Path) -> None:
    with DiskStore(tmp_path / "store", writable=True) as store:
        store.load(TINY)
        store.update(MORE)
    with DiskStore(tmp_path / "store") as store:
        again = build_site(FilmGraph(store), tmp_path / "kg", BASE_URL, workers=2)
    assert files(again.folder) == files(built.folder)


# --- the folder ---


def small(folder: Path, **contents: str) -> None:
    """Put some files into a folder as a build does."""
    with placement(folder) as made:
        for name, text in contents.items():
            made.note(*made.write(name.replace("__", "/"), text.encode()))


def names(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if not path.is_dir())


def test_folder_of_others_is_refused_and_left_alone(tmp_path: Path) -> None:
    target = tmp_path / "mine"
    target.mkdir()
    (target / "novel.txt").write_text("chapter one")
    with pytest.raises(OutputError, match="not empty, and no earlier build"):
        small(target, a="1")
    with pytest.raises(OutputError, match="no folder"):
        small(target / "novel.txt", a="1")
    with pytest.raises(OutputError, match="there is no folder"):
        small(tmp_path / "none" / "site", a="1")
    assert names(tmp_path) == ["mine/novel.txt"]


def test_earlier_build_is_replaced_and_files_of_others_stay(tmp_path: Path) -> None:
    target = tmp_path / "site"
    target.mkdir()
    small(target, index="old", film__her="old", film__jaws="old")
    (target / "CNAME").write_text("example.org")
    (target / ".git" / "objects").mkdir(parents=True)
    (target / ".git" / "objects" / "1").write_text("x")
    (target / "film" / "notes.txt").write_text("mine")
    small(target, index="new", film__her="new", person__x="new")
    assert names(target) == [MARKER, ".git/objects/1", "CNAME", "film/her", "film/notes.txt", "index", "person/x"]
    assert (target / "index").read_text() == "new"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["site"]


@pytest.mark.parametrize("change", ["changed", "in the way"])
def test_changed_file_is_not_written_over(tmp_path: Path, change: str) -> None:
    target = tmp_path / "site"
    small(target, index="old")
    (target / ("index" if change == "changed" else "about")).write_text("by hand")
    with pytest.raises(OutputError, match=change):
        small(target, index="new", about="new")
    assert "by hand" in {path.read_text() for path in target.iterdir()}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["site"]


def test_interrupted_build_leaves_the_earlier_one(tmp_path: Path) -> None:
    target = tmp_path / "site"
    small(target, index="old")

    def interrupted() -> None:
        with placement(target) as made:
            made.note(*made.write("index", b"new"))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert (target / "index").read_text() == "old"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["site"]


def test_build_that_was_killed_while_it_changed_the_folders_is_mended(tmp_path: Path) -> None:
    target, old = tmp_path / "site", tmp_path / ".site.filmgraph-old"
    small(target, index="old")
    (target / "CNAME").write_text("example.org")
    target.rename(old)
    (tmp_path / ".site.filmgraph-new").mkdir()
    (tmp_path / ".site.filmgraph-new" / "half").write_text("half")
    small(target, index="new")
    assert names(tmp_path) == [f"site/{MARKER}", "site/CNAME", "site/index"]
    small(old, index="older")
    (old / "notes").write_text("mine")
    small(target, index="newest")
    assert names(tmp_path) == [f"site/{MARKER}", "site/CNAME", "site/index", "site/notes"]


def test_two_builds_at_once_do_not_mix(tmp_path: Path) -> None:
    target = tmp_path / "site"
    with placement(target) as made:
        made.note(*made.write("index", b"first"))
        with pytest.raises(OutputError, match="another build is at work"):
            small(target, index="second")
    assert (target / "index").read_text() == "first"


def test_list_of_an_earlier_build_leads_nowhere_else(tmp_path: Path) -> None:
    target, precious = tmp_path / "site", tmp_path / "precious"
    precious.write_text("x")
    small(target, index="old")
    (target / MARKER).write_text(f"0000000000000000 ../precious\n0000000000000000 {precious}\n")
    small(target, other="new")
    assert precious.read_text() == "x"
    assert (target / "index").read_text() == "old"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_full_disk_leaves_the_earlier_build(graph: FilmGraph, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "site"
    small(target, index="old")
    written = Path.write_bytes

    def until_full(path: Path, content: bytes) -> int:
        return written(Path("/dev/full") if path.name == "films.json" else path, content)

    monkeypatch.setattr(Path, "write_bytes", until_full)
    with pytest.raises(OutputError, match="No space left"):
        build_site(graph, target, BASE_URL, workers=1)
    assert names(tmp_path) == [f"site/{MARKER}", "site/index"]


# --- the command ---


def run(*arguments: str) -> Any:
    return CliRunner().invoke(cli, ["site", "build", *arguments, "--store", str(TINY)])


def test_command_says_what_it_built_and_what_is_wrong(tmp_path: Path) -> None:
    done = run(str(tmp_path / "site"), "--base-url", BASE_URL)
    assert done.exit_code == 0
    assert re.search(r"site: \d+ pages, \d+ files, [\d.]+ MB\n", done.output)
    again = run(str(tmp_path / "site"), "--base-url", "https://example.org")
    assert again.exit_code == 0
    assert 'href="/film/alpha-2001/"' in (tmp_path / "site" / "films" / "index.html").read_text()
    (tmp_path / "taken").write_text("x")
    refused = run(str(tmp_path / "taken"), "--base-url", BASE_URL)
    assert (refused.exit_code, "is no folder" in refused.output) == (2, True)
    wrong = run(str(tmp_path / "x"), "--base-url", "javascript:alert(1)")
    assert (wrong.exit_code, "no base address" in wrong.output) == (2, True)


AT_WORK = """
import time
from filmgraph.cli import main
from filmgraph.web import builder

def wait(work):
    print("at work", flush=True)
    time.sleep(60)

builder._Work.write_the_rest = wait
main()
"""


def test_interrupted_command_leaves_nothing(tmp_path: Path) -> None:
    options = ["--base-url", BASE_URL, "--workers", "2", "--store", str(TINY)]
    with subprocess.Popen(
        [sys.executable, "-c", AT_WORK, "site", "build", str(tmp_path / "site"), *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"at work\n"
        os.killpg(process.pid, signal.SIGINT)
        _, errors = process.communicate(timeout=50)
    assert process.returncode == 130
    assert errors.decode().strip() == "filmgraph: stopped."
    assert list(tmp_path.iterdir()) == []


def test_address_is_needed(graph: FilmGraph, tmp_path: Path) -> None:
    with pytest.raises(QueryError, match="base address"):
        build_site(graph, tmp_path / "site", "")
