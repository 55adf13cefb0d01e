"""The command line: every command on the good path, and one clear line and status 2 on every bad one."""

from __future__ import annotations

import contextlib
import csv
import io
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import click
import networkx as nx
import pyoxigraph as ox
import pytest
from click.testing import CliRunner, Result
from servers import Endpoint

from filmgraph.cli import COMMANDS, cli
from filmgraph.namespaces import SPARQL_PREFIXES
from filmgraph.stores import DiskStore
from filmgraph.workspace import Workspace

ROOT = Path(__file__).parents[1]
HER = str(Workspace.find().data / "films" / "her-2013.ttl")

Run = Callable[..., Result]


@pytest.fixture
def run() -> Run:
    def invoke(*arguments: str, text: str | None = None) -> Result:
        result = CliRunner().invoke(cli, list(arguments), input=text)
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        return result

    return invoke


def assert_one_line(result: Result, *wanted: str) -> None:
    assert result.exit_code == 2, result.output
    assert result.stdout == ""
    assert result.stderr.startswith("filmgraph: ")
    assert result.stderr.count("\n") == 1, result.stderr
    assert "Traceback" not in result.stderr
    for part in wanted:
        assert part in result.stderr


def test_help_names_every_command_with_the_help_of_the_command(run: Run) -> None:
    text = run("--help").stdout
    for name, (_module, summary) in COMMANDS.items():
        command = cli.get_command(None, name)  # type: ignore[arg-type]
        assert command is not None
        assert name in text
        assert " ".join(summary.split()[:4]) in text
        assert command.help
        assert run(name, "--help").exit_code == 0


def test_every_command_that_reads_a_graph_takes_store_and_root() -> None:
    others = "load backup restore batch completion claims critics format new import"
    for name in COMMANDS.keys() - set(others.split()):
        command = cli.get_command(None, name)  # type: ignore[arg-type]
        assert command is not None
        for each in command.commands.values() if isinstance(command, click.Group) else [command]:
            options = {option for parameter in each.params for option in parameter.opts}
            assert {"--store", "--root"} <= options, name


def test_film_page_has_all_that_the_graph_knows(run: Run) -> None:
    text = run("film", "her-2013").stdout
    for part in (
        "Her (2013)",
        "Director: Spike Jonze",
        "2 Cinematography · 1 Editing · 1 Sound",
        "Off-screen space  Cinematography",
        "Editors' reading, no source cited.",
        "67 claims in 3 reviews",
        "https://www.imdb.com/title/tt1798709/",
    ):
        assert part in text


@pytest.mark.parametrize("name", ["her-2013", "film:her-2013", "Her", "her", "Her (2013)", "HER 2013"])
def test_film_is_found_by_every_form_of_its_name(run: Run, name: str) -> None:
    assert run("film", name).stdout.startswith("Her (2013)\n")


def test_spoilers_are_folded_unless_asked_for(run: Run) -> None:
    folded, shown = run("film", "psycho-1960").stdout, run("film", "psycho-1960", "--spoilers").stdout
    assert "--spoilers shows" in folded
    assert "--spoilers shows" not in shown
    assert len(shown) > len(folded)


def test_film_as_json_is_the_page(run: Run) -> None:
    page = json.loads(run("film", "her-2013", "--json").stdout)
    assert page["title"] == "Her"
    assert [count for _category, count in page["tally"]] == [2, 1, 1]
    assert len(page["claims"]) == 67


def test_all_claims_are_listed_on_demand(run: Run) -> None:
    text = " ".join(run("film", "her-2013", "--claims").stdout.split())
    assert "An unsigned review praises color:" in text
    assert text.count("Daniel Davila ") >= 30


def test_technique_page_has_films_of_narrower_techniques(run: Run) -> None:
    text = run("technique", "camera movement").stdout
    assert text.startswith("Camera movement  Cinematography\n")
    assert "Goodfellas (1990)  steadicam shot" in text
    assert "Broader: Cinematography" in text


def test_technique_page_names_the_counterpart_in_ada(run: Run) -> None:
    lines = run("technique", "jump-cut").stdout.splitlines()
    counterpart = "http://ada.filmontology.org/resource/2020/03/17/AnnotationValue/MontageFigureMicro_jump_cut"
    assert f"AdA Filmontology: exact match {counterpart}" in lines
    page = json.loads(run("technique", "jump-cut", "--json").stdout)
    assert page["ada"] == [{"relation": "exact match", "iri": counterpart}]


def test_person_page_lists_roles(run: Run) -> None:
    text = run("person", "Hoyte van Hoytema").stdout
    assert "Her (2013), cinematographer" in text
    assert "Interstellar (2014), cinematographer" in text
    assert "Strange Dylan praises acting in Her:" in run("person", "strange-dylan").stdout


def test_review_page_shows_where_claims_stand(run: Run) -> None:
    text = " ".join(run("review", "her-2013--strange-dylan").stdout.split())
    assert "Compared with Lost in Translation" in text
    assert text.count("[characters ") == 21


def test_search_forgives_typing_errors(run: Run) -> None:
    assert "film:mulholland-drive-2001" in run("search", "mulholand", "drve").stdout
    assert "film:amelie-2001" in run("search", "amelie").stdout


def test_similar_films_come_with_reasons(run: Run) -> None:
    text = run("similar", "her-2013", "--limit", "3").stdout
    assert text.count("both use") >= 3
    answers = json.loads(run("similar", "her-2013", "--limit", "3", "--json").stdout)
    assert [round(answer["score"], 6) for answer in answers] == sorted(
        (round(answer["score"], 6) for answer in answers), reverse=True
    )
    assert all(answer["paths"] for answer in answers)


def test_recommendation_takes_several_likes_and_dislikes(run: Run) -> None:
    arguments = ("recommend", "her-2013", "Playtime", "--limit", "5", "--json")
    liked = {answer["film"]: answer["score"] for answer in json.loads(run(*arguments).stdout)}
    disliked = json.loads(run(*arguments, "--not", "tokyo-story-1953").stdout)
    assert len(liked) == len(disliked) == 5
    assert not any("tokyo-story" in answer["film"] for answer in disliked)
    shared = [answer for answer in disliked if answer["film"] in liked and answer["against"]]
    assert all(answer["score"] < liked[answer["film"]] for answer in shared)
    assert run("recommend", "her-2013", "--method", "pagerank", "--limit", "2").stdout.startswith("What to watch\n")


def test_paths_are_confirmed_and_exportable(run: Run) -> None:
    text = run("path", "her-2013", "Lost in Translation").stdout
    assert "K. K. Barrett is the production designer of both Her and Lost in Translation." in text
    assert "NOT in the graph" not in text
    assert text.count("confirmed in the graph") == 5
    turtle = run("path", "her-2013", "lost-in-translation-2003", "--limit", "1", "--turtle").stdout
    triples = list(ox.parse(turtle, format=ox.RdfFormat.TURTLE))
    path = json.loads(run("path", "her-2013", "lost-in-translation-2003", "--limit", "1", "--json").stdout)[0]
    assert len(triples) == len({tuple(triple) for edge in path["edges"] for triple in edge["triples"]})


def test_library_query_takes_named_parameters(run: Run) -> None:
    text = run("query", "tally-by-category", "film=Her", "--format", "csv").stdout
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [row["techniques"] for row in rows] == ["2", "1", "1"]


@pytest.mark.parametrize("form", ["table", "csv", "tsv", "json", "sparql-json", "markdown"])
def test_rows_are_written_in_every_form(run: Run, form: str) -> None:
    result = run("query", "SELECT ?name { film:her-2013 schema:name ?name }", "--format", form)
    assert result.exit_code == 0
    assert "Her" in result.stdout


def test_own_sparql_from_text_file_and_standard_input(run: Run, tmp_path: Path) -> None:
    text = "ASK { film:her-2013 a fg:Film }"
    file = tmp_path / "own.rq"
    file.write_text(text, encoding="utf-8")
    assert (
        run("query", text).stdout == run("query", str(file)).stdout == run("query", "-", text=text).stdout == "true\n"
    )
    turtle = run("query", "CONSTRUCT { ?f a fg:Film } WHERE { ?f a fg:Film }").stdout
    assert turtle.startswith("@prefix fg:")


def test_library_is_listed_and_described(run: Run) -> None:
    listing = run("query").stdout
    assert "films-using-technique" in listing
    described = run("query", "films-using-technique", "--about").stdout
    assert "Parameters" in described
    assert "Columns" in described


def test_stats_count_the_graph(run: Run) -> None:
    counts = {line.split(maxsplit=1)[1]: line.split()[0] for line in run("stats").stdout.splitlines()}
    assert int(counts["films"]) >= 41
    assert int(counts["techniques"]) >= 70


def test_validate_says_what_is_wrong_and_ends_with_one(run: Run, tmp_path: Path) -> None:
    assert run("validate", HER).exit_code == 0
    file = tmp_path / "broken.ttl"
    file.write_text(
        Path(HER).read_text(encoding="utf-8").replace("fg:releaseYear 2013", 'fg:releaseYear "2013"'), encoding="utf-8"
    )
    result = run("validate", str(file))
    assert result.exit_code == 1
    assert "fgs:Film-releaseYear" in result.stdout
    assert str(file) + ":" in result.stdout


def test_format_rewrites_and_checks(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "film.ttl"
    text = Path(HER).read_text(encoding="utf-8")
    file.write_text(text.replace(" ;\n    ", " ; "), encoding="utf-8")
    assert run("format", "--check", str(file)).exit_code == 1
    assert file.read_text(encoding="utf-8") != text
    assert run("format", str(file)).exit_code == 0
    assert file.read_text(encoding="utf-8") == text
    assert run("format", "--check", str(file)).exit_code == 0


def test_format_rewrites_nothing_where_one_file_is_bad(run: Run, tmp_path: Path) -> None:
    good, bad = tmp_path / "a.ttl", tmp_path / "b.ttl"
    good.write_text(Path(HER).read_text(encoding="utf-8").replace(" ;\n    ", " ; "), encoding="utf-8")
    bad.write_text("@prefix fg: <https://w3id.org/filmgraph/ontology#> .\n# a comment\n", encoding="utf-8")
    before = good.read_bytes()
    assert_one_line(run("format", str(good), str(bad)), "b.ttl:2", "skos:editorialNote")
    assert good.read_bytes() == before


@pytest.mark.parametrize("form", ["turtle", "ntriples", "nquads", "trig", "rdfxml", "jsonld", "jsonld-framed"])
def test_export_writes_one_film_in_every_form(run: Run, tmp_path: Path, form: str) -> None:
    target = tmp_path / "her.out"
    assert run("export", "her-2013", "--format", form, "--output", str(target)).exit_code == 0
    assert "her-2013" in target.read_text(encoding="utf-8")
    assert run("export", "her-2013", "--format", form).stdout == target.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def tiny_store(tiny_files: tuple[Path, ...], tmp_path_factory: pytest.TempPathFactory) -> str:
    """A store on disk that holds the tiny graph; tests only read it."""
    folder = tmp_path_factory.mktemp("tiny") / "store"
    with DiskStore(folder, writable=True) as store:
        for file in tiny_files:
            store.load(file)
    return str(folder)


@pytest.mark.parametrize("kind", ["film-technique", "film-film", "critics", "whole"])
@pytest.mark.parametrize("form", ["graphml", "gexf", "cytoscape", "node-link"])
def test_networks_are_written_in_every_form(run: Run, tmp_path: Path, tiny_store: str, kind: str, form: str) -> None:
    target = tmp_path / "network"
    # One form of the bundled graph will do: what is written of it in each form, the tests of projections read back.
    store = [] if form == "node-link" else ["--store", tiny_store]
    result = run("graph", kind, "--format", form, "--output", str(target), *store)
    assert result.exit_code == 0, result.stderr
    if form == "graphml":
        assert len(nx.read_graphml(target)) > 3
    elif form == "gexf":
        assert len(nx.read_gexf(target)) > 3
    else:
        assert json.loads(target.read_text(encoding="utf-8"))


def test_load_makes_a_disk_store_that_every_command_reads(run: Run, tmp_path: Path) -> None:
    folder = str(tmp_path / "store")
    files = [str(file) for file in Workspace.find().graph_files]
    first = run("load", *files, "--into", folder)
    assert first.exit_code == 0, first.stderr
    again = run("load", HER, "--into", folder).stdout
    assert f"{HER}: is in already; passed over" in again
    assert "0 of them new" in again
    for arguments in (
        ("film", "her-2013"),
        ("similar", "her-2013"),
        ("path", "her-2013", "lost-in-translation-2003"),
        ("query", "films-sharing-techniques", "film=her-2013"),
        ("stats",),
        ("export", "her-2013"),
    ):
        assert run(*arguments, "--store", folder).stdout == run(*arguments).stdout


def test_completion_script_and_words(run: Run) -> None:
    assert "_FILMGRAPH_COMPLETE" in run("completion", "bash").stdout
    environment = {
        **os.environ,
        "_FILMGRAPH_COMPLETE": "bash_complete",
        "COMP_WORDS": "filmgraph film her-",
        "COMP_CWORD": "2",
    }
    done = subprocess.run(
        [sys.executable, "-c", "from filmgraph.cli import main; main()"],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "her-2013" in done.stdout


def test_output_in_a_pipe_has_no_escapes(run: Run) -> None:
    for arguments in (("film", "her-2013"), ("similar", "her-2013"), ("query", "rare-techniques")):
        assert "\x1b" not in run(*arguments).stdout


def test_closed_pipe_is_no_traceback() -> None:
    command = f"{sys.executable} -c 'from filmgraph.cli import main; main()' film her-2013 | head -1"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False)
    assert done.stdout == "Her (2013)\n"
    assert "Traceback" not in done.stderr


BAD_NAMES = [
    (("film", "herr-2013"), ("herr-2013", "Did you mean her-2013")),
    (("technique", "closeup shott"), ("close-up",)),
    (("person", "Hoyte van Hoytma"), ("hoyte-van-hoytema",)),
    (("review", "nobody"), ("nobody",)),
    (("similar", "no-such-film-1900"), ("no-such-film-1900",)),
    (("recommend", "her-2013", "--not", "xyzzy-0000"), ("xyzzy-0000",)),
    (("path", "her-2013", "lost-in-translaton"), ("lost-in-translation-2003",)),
    (("path", "her-2013", "jaws-1975", "--kind", "astrology"), ("astrology", "cinematographer")),
    (("query", "film-pgae"), ("film-page",)),
    (("query", "film-page"), ("parameter film", "needs a value")),
    (("query", "film-page", "film=her-2014"), ("her-2013",)),
    (("query", "film-page", "movie=her-2013"), ("movie", "film")),
    (("query", "film-page", "her-2013"), ("NAME=VALUE",)),
    (("query", "film-page", "film=her-2013", "film=jaws-1975"), ("one value",)),
    (("query", "SELECT ?x { ?x"), ("not understood",)),
    (("query", "DELETE WHERE { ?s ?p ?o }"), ("SELECT",)),
    (("query", "SELECT * { SERVICE <http://127.0.0.1:9/> { ?s ?p ?o } }"), ("--allow-service 127.0.0.1",)),
    (("query", "SELECT * FROM <http://127.0.0.1:9/x> { ?s ?p ?o }"), ("FROM",)),
    (("query", "wikidata-federated", "film=her-2013"), ("--allow-service",)),
    (("export", "nothing-like-this"), ("nothing-like-this",)),
    (("flim", "her-2013"), ("flim", "film")),
    (("claims", "verify", "--source", "no-such-file.txt"), ("no-such-file.txt",)),
    (("validate", "no-such-file.ttl"), ("no-such-file.ttl",)),
    (("format", "no-such-file.ttl"), ("no-such-file.ttl",)),
    (("film", "her-2013", "--root", "no-such-folder"), ("no-such-folder", "ontology/")),
    (("film", "her-2013", "--store", "no-such-store"), ("no-such-store", "--into")),
    (("film", "her-2013", "--store", "ftp://127.0.0.1/"), ("http://",)),
    (("film", "her-2013", "--store", "http://127.0.0.1:9/sparql"), ("http://127.0.0.1:9/sparql", "does not answer")),
    (("load", "x.ttl"), ("--into DIR",)),
]


@pytest.mark.parametrize(("arguments", "wanted"), BAD_NAMES, ids=[" ".join(a)[:50] for a, _ in BAD_NAMES])
def test_bad_input_is_one_line_and_status_two(
    run: Run, arguments: tuple[str, ...], wanted: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    assert_one_line(run(*arguments), *wanted)
    assert list(tmp_path.iterdir()) == []


BAD_FILES: list[tuple[str, bytes, tuple[str, ...]]] = [
    ("truncated.ttl", b"<http://example.org/a> <http://example.org/b> <http://exam", ("truncated.ttl:1",)),
    ("latin.ttl", 'x\n<http://example.org/a> "caf\xe9"'.encode("latin-1"), ("latin.ttl:2:", "UTF-8")),
    ("marked.ttl", b"\xef\xbb\xbf<http://example.org/a> <http://example.org/b> 1 .", ("byte order mark",)),
    (
        "doctype.rdf",
        b'<?xml version="1.0"?>\n<!DOCTYPE rdf [<!ENTITY x "y">]><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"/>',
        ("doctype.rdf:2", "DOCTYPE"),
    ),
    (
        "remote.jsonld",
        b'{"@context": "http://127.0.0.1:9/c.jsonld", "@id": "http://example.org/a"}',
        ("remote @context",),
    ),
    ("relative.ttl", b"\n<her-2013> <http://example.org/b> 1 .", ("relative.ttl:2", "relative IRI")),
    ("script.ttl", b"<javascript:alert(1)> <http://example.org/b> 1 .", ("script.ttl:1", "unsafe IRI")),
    ("notes.txt", b"hello", ("notes.txt", ".ttl")),
]


@pytest.mark.parametrize(("name", "content", "wanted"), BAD_FILES, ids=[name for name, _, _ in BAD_FILES])
@pytest.mark.parametrize("command", ["load", "validate"])
def test_bad_file_changes_nothing(
    run: Run, tmp_path: Path, name: str, content: bytes, wanted: tuple[str, ...], command: str
) -> None:
    file, folder = tmp_path / name, tmp_path / "store"
    file.write_bytes(content)
    assert run("load", HER, "--into", str(folder)).exit_code == 0
    with DiskStore(folder) as store:
        before = len(store)
    arguments = ("load", str(file), "--into", str(folder)) if command == "load" else ("validate", str(file))
    assert_one_line(run(*arguments), *wanted)
    with DiskStore(folder) as store:
        assert len(store) == before
    assert file.read_bytes() == content


def test_output_that_exists_is_kept_unless_forced(run: Run, tmp_path: Path) -> None:
    target = tmp_path / "her.ttl"
    target.write_text("mine", encoding="utf-8")
    assert_one_line(run("export", "her-2013", "--output", str(target)), "her.ttl", "--force")
    assert target.read_text(encoding="utf-8") == "mine"
    assert run("export", "her-2013", "--output", str(target), "--force").exit_code == 0
    assert target.read_text(encoding="utf-8") != "mine"


def test_output_that_cannot_be_written_leaves_nothing(run: Run, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x", encoding="utf-8")
    for target in (tmp_path / "file" / "her.ttl", tmp_path / "no" / "such" / "folder.ttl", tmp_path):
        assert_one_line(run("graph", "critics", "--output", str(target), "--force"), target.name)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file"]


def test_a_table_of_texts_is_verified_as_a_text_is(run: Run, tmp_path: Path) -> None:
    text = "An invented review; its “colors” glow."
    place = text.index("glow")

    def digest(words: str) -> str:
        return sha256(words.encode()).hexdigest()

    for name, start in (("right", place), ("wrong", place - 1)):
        (tmp_path / f"{name}.ttl").write_text(
            f"{SPARQL_PREFIXES}\nreview:one a fg:Review ; fg:textSha256 '{digest(text)}' .\n"
            f"passage:one oa:hasSource review:one ; "
            f"oa:start {start} ; oa:end {start + 4} ; fg:exactSha256 '{digest('glow')}' .\n",
            encoding="utf-8",
        )
    table, other = tmp_path / "table.csv", tmp_path / "other.csv"
    table.write_text(f'text;film\n{text.replace(";", ",")};One\n"{text}";One\n', encoding="utf-8")
    other.write_text("film,text\nOne,Not what was read\n", encoding="utf-8")
    right, wrong = (
        run("claims", "verify", "--source", str(table), "--store", str(tmp_path / name))
        for name in ("right.ttl", "wrong.ttl")
    )
    assert right.exit_code == 0
    assert "1 review: 1 of 1 passages stand; 1 of its 2 texts is of no" in " ".join(right.stdout.split())
    assert wrong.exit_code == 1
    assert f"moved passage:one at {place - 1}–{place + 3} is now {place}–{place + 4}" in " ".join(wrong.stdout.split())
    store = ("--store", str(tmp_path / "right.ttl"))
    assert_one_line(run("claims", "verify", "--source", str(other), *store), "other.csv", "is a table")


def test_locked_store_is_one_line(run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "store"
    assert run("load", HER, "--into", str(folder)).exit_code == 0
    code = (
        f"import sys; from filmgraph.stores import DiskStore; s = DiskStore({str(folder)!r}, writable=True); "
        "print('open', flush=True); sys.stdin.read()"
    )
    holder = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "open\n"
        assert_one_line(run("load", HER, "--into", str(folder)), "another process")
        assert_one_line(run("film", "her-2013", "--store", str(folder)), "another process")
    finally:
        holder.communicate()
    assert run("film", "her-2013", "--store", str(folder)).exit_code == 0


def test_terminal_escapes_in_the_data_are_shown_and_not_run(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "hostile.ttl"
    text = Path(HER).read_text(encoding="utf-8").replace('schema:name "Her"', 'schema:name "Her\\u001B]0;owned\\u0007"')
    file.write_text(text, encoding="utf-8")
    for arguments in (("film", "her-2013"), ("query", "SELECT ?n { ?f schema:name ?n }"), ("search", "her")):
        output = run(*arguments, "--store", str(file)).output
        assert "\x1b" not in output
        assert "\x07" not in output
        assert "owned" in output


HEARD = (Path(__file__).parent / "data" / "tiny.ttl", Path(__file__).parent / "data" / "reception.ttl")


@pytest.fixture(scope="module")
def heard(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A folder with the tiny graph and its further critics."""
    folder = tmp_path_factory.mktemp("heard")
    for file in HEARD:
        shutil.copy(file, folder)
    return str(folder)


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (
            ("agreement", "Alpha"),
            "Close-up: praised by 3 of 5 critics (60%, 23–88%); 1 more speaks of it without judging",
        ),
        (("agreement", "Alpha", "framing"), "Counted with it: Close-up."),
        (("agreement", "Delta", "silence"), "Silence: no critic speaks of it"),
        (("contested",), "Close-up in Alpha: 3 praise, 1 fault, 1 both (smaller side 25%, 5–70%)"),
        (("contested", "Beta"), "Close-up in Beta: 2 praise, 1 fault (smaller side 33%, 6–79%)"),
        (("contested", "--overall"), "Close-up, in 2 films: 5 praise, 2 fault, 1 both (smaller side 29%, 8–64%)"),
        (("values", "Critic Three"), "Sound: 3 of 6 things praised (50%, 19–81%), against 50% by all critics"),
        (("values", "Critic Three"), "Too few to tell from what all critics praise."),
        (("alike", "Critic Three"), "Critic Four (0.74): both praise silence, close-up"),
        (("uses",), "Match cut: no critic speaks of it by name"),
        (("uses", "Epsilon"), "Silence: praised by 3 of 3 critics (100%, 44–100%)"),
        (("todo",), "Silence in Alpha: praised by 4 of 4 critics (100%, 51–100%)"),
        (("todo", "-n", "1"), "2 more: --limit 3 shows them."),
        (("compared",), "Alpha and Beta: 2 critics (Critic One, Critic Three)"),
        (("compared",), "Alpha and Nosuch (not in the graph): 1 critic (Critic Five)"),
        (("agreement", "Delta"), "The critics in this graph say nothing of the kind."),
    ],
)
def test_critics_are_told_in_english(run: Run, heard: str, arguments: tuple[str, ...], line: str) -> None:
    assert line in " ".join(run("critics", *arguments, "--store", heard).stdout.split())


def test_every_question_about_critics_has_rows(run: Run, heard: str) -> None:
    for name, arguments in (
        ("agreement", ("Alpha",)),
        ("contested", ()),
        ("values", ("Critic Three",)),
        ("alike", ("Critic Three",)),
        ("uses", ()),
        ("todo", ()),
        ("compared", ()),
    ):
        rows = json.loads(run("critics", name, *arguments, "--store", heard, "--format", "json").stdout)
        table = run("critics", name, *arguments, "--store", heard, "--format", "csv").stdout.splitlines()
        assert len(rows) + 1 == len(table) > 1
        assert list(rows[0]) == table[0].split(",")


def test_a_film_page_counts_critics_beside_a_use_and_tells_a_few_claims(run: Run, heard: str) -> None:
    text = " ".join(run("film", "Alpha", "--store", heard).stdout.split())
    counted = "Praised by 3 of 5 critics (60%, 23–88%); 1 more speaks of it without judging."
    assert f"{counted} Framing at large: praised by 1 critic." in text
    assert "4 more: --claims lists them." in text
    assert "Silence: praised by 4 of 4 critics (100%, 51–100%); no use of it here" in text
    assert text.count("Critic Six ") == 1
    everything = " ".join(run("film", "Alpha", "--store", heard, "--claims").stdout.split())
    assert "more: --claims" not in everything
    assert everything.count("Critic Six ") == 4  # two claims, beside the use and under the concept


def test_a_technique_page_counts_critics_film_by_film(run: Run, heard: str) -> None:
    text = " ".join(run("technique", "silence", "--store", heard).stdout.split())
    assert "Alpha: praised by 4 of 4 critics (100%, 51–100%); no use of it there" in text
    assert "Praised by 3 of 3 critics (100%, 44–100%)." in text
    assert "--claims lists all 8 claims." in text
    assert text.count(" praises silence in Alpha") == 2
    everything = " ".join(run("technique", "silence", "--store", heard, "--claims").stdout.split())
    assert everything.count(" praises silence in Alpha") == 5


def test_the_page_of_a_critic_tells_what_is_valued(run: Run, heard: str) -> None:
    text = " ".join(run("person", "Critic Three", "--store", heard).stdout.split())
    assert "Editing: 0 of 6 things praised (0%, 0–39%), against 11% by all critics" in text


SPOILING = (
    ("query", "films-using-technique", "technique=freeze frame"),
    ("query", "films-sharing-techniques", "film=the-400-blows-1959", "--format", "csv"),
    ("query", "film-page", "film=psycho-1960", "--format", "json"),
    ("query", "claims-on-film", "film=her-2013"),
    ("film", "the-400-blows-1959"),
    ("film", "the-400-blows-1959", "--json"),
    ("film", "her-2013", "--claims"),
    ("technique", "freeze frame"),
    ("review", "her-2013--unsigned"),
    ("path", "the-400-blows-1959", "goodfellas-1990"),
    ("path", "the-400-blows-1959", "goodfellas-1990", "--json"),
    ("similar", "the-400-blows-1959", "--how"),
    ("similar", "the-400-blows-1959", "--json"),
)


def endings() -> list[str]:
    """Every text of the bundled graph that gives away an ending, its first words."""
    from filmgraph.graph import open_graph

    query = (
        "SELECT DISTINCT ?text WHERE { { ?x fg:spoiler true ; fg:explanation|fg:statement|schema:description ?text } "
        "UNION { ?use fg:spoiler true ; fg:scene/schema:description ?text } }"
    )
    with open_graph() as graph:
        return [" ".join(str(row[0]).split()[:7]) for row in graph.query(query)]


@pytest.mark.parametrize("arguments", SPOILING, ids=lambda arguments: " ".join(arguments)[:60])
def test_an_ending_is_told_only_to_those_who_ask(run: Run, arguments: tuple[str, ...]) -> None:
    texts = endings()
    assert len(texts) > 40
    folded, told = (" ".join(run(*arguments, *more).stdout.split()) for more in ((), ("--spoilers",)))
    assert [text for text in texts if text in folded] == []
    assert [text for text in texts if text in told] != []


@pytest.mark.parametrize(
    "arguments", [("film",), ("film", "a", "b"), ("similar", "Her", "--limit", "x"), ("path", "Her")]
)
def test_wrong_usage_is_one_line(run: Run, arguments: tuple[str, ...]) -> None:
    assert_one_line(run(*arguments), f"filmgraph {arguments[0]} --help")


def test_format_and_library_work_although_a_data_file_is_broken(run: Run, tmp_path: Path) -> None:
    for name in ("ontology", "data", "queries"):
        shutil.copytree(Workspace.find().root / name, tmp_path / name)
    (tmp_path / "data" / "broken.ttl").write_text("<", encoding="utf-8")
    film = tmp_path / "data" / "films" / "her-2013.ttl"
    assert run("format", "--check", str(film), "--root", str(tmp_path)).exit_code == 0
    assert "film-page" in run("query", "--root", str(tmp_path)).stdout
    assert run("query", "film-page", "--about", "--root", str(tmp_path)).exit_code == 0
    assert_one_line(run("film", "her-2013", "--root", str(tmp_path)), "broken.ttl:1")


def test_load_that_fails_leaves_no_new_store(run: Run, tmp_path: Path) -> None:
    bad, folder = tmp_path / "bad.ttl", tmp_path / "store"
    bad.write_text("<http://example.org/a", encoding="utf-8")
    assert_one_line(run("load", HER, str(bad), "--into", str(folder)), "bad.ttl:1")
    assert not folder.exists()
    folder.mkdir()
    assert_one_line(run("load", HER, str(bad), "--store", str(folder)), "bad.ttl:1")
    assert list(folder.iterdir()) == []


def test_load_into_a_file_or_into_two_places_is_refused(run: Run, tmp_path: Path) -> None:
    target = tmp_path / "mine.ttl"
    target.write_text("", encoding="utf-8")
    assert_one_line(run("load", HER, "--into", str(target)), "mine.ttl")
    assert target.read_bytes() == b""
    assert_one_line(run("load", HER, "--into", "a", "--store", "http://127.0.0.1:9/query"), "--into")
    assert_one_line(run("load", HER, "--store", "http://127.0.0.1:9/query"), "--update-url")


def test_format_of_rows_is_refused_where_there_are_none(run: Run) -> None:
    for query in ("ASK { ?s ?p ?o }", "CONSTRUCT WHERE { film:her-2013 schema:name ?o }"):
        assert_one_line(run("query", query, "--format", "json"), "--format")
        assert_one_line(run("query", query, "--limit", "1"), "--limit")


def test_kinds_of_path_are_those_of_the_index() -> None:
    from filmgraph.cli.discover import PATH_KINDS
    from filmgraph.paths import KIND_WEIGHTS

    assert set(PATH_KINDS) == {*KIND_WEIGHTS, "via"}


def test_endpoint_that_is_slow_or_no_endpoint_is_one_line(run: Run) -> None:
    with Endpoint(lambda exchange: exchange.reply(b"<html></html>", content_type="text/html")) as page:
        assert_one_line(run("stats", "--store", page.url), page.url, "text/html")
    with Endpoint(lambda exchange: time.sleep(3)) as slow:
        assert_one_line(run("stats", "--store", slow.url, "--deadline", "0.3"), slow.url, "0.3 s")
    with Endpoint(lambda exchange: exchange.reply(b"", status=500)) as broken:
        assert_one_line(run("film", "her-2013", "--store", broken.url), broken.url, "500")


def on_terminal(columns: int, *arguments: str, **settings: str) -> str:
    """Run the command on a terminal of a width, and return what it shows there."""
    pty = pytest.importorskip("pty", reason="this system has no pseudo-terminals")
    import fcntl
    import struct
    import termios

    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
    command = [sys.executable, "-c", "from filmgraph.cli import main; main()", *arguments]
    environment = {**os.environ, "TERM": "xterm", **settings}
    environment.pop("COLUMNS", None)
    process = subprocess.Popen(command, stdout=theirs, stderr=subprocess.DEVNULL, env=environment)
    os.close(theirs)
    shown = bytearray()
    with contextlib.suppress(OSError):  # Linux says EIO where the other end is closed.
        while part := os.read(ours, 65536):
            shown += part
    os.close(ours)
    assert process.wait() == 0
    return shown.decode()


def test_rows_fit_the_terminal() -> None:
    query = ("query", "films-linked-by-crew", "film=her-2013")
    wide, narrow, tiny = (on_terminal(columns, *query) for columns in (200, 100, 50))
    assert "film:interstellar-2014" in wide
    assert "│" in wide
    assert "film:interstellar-2014" not in narrow
    assert "│" in narrow
    assert max(len(click.unstyle(line)) for line in narrow.splitlines()) <= 100
    assert "│" not in tiny
    assert "Interstellar" in tiny


def test_colour_is_for_terminals_that_want_it() -> None:
    assert "\x1b[1m" in on_terminal(80, "film", "her-2013", NO_COLOR="")
    assert "\x1b" not in on_terminal(80, "film", "her-2013", NO_COLOR="1")
    assert "\x1b" not in on_terminal(80, "film", "her-2013", TERM="dumb")
