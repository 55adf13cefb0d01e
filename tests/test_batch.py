"""Work on whole graphs: Parquet out, and a real Spark cluster that answers as this machine does."""

from __future__ import annotations

import ast
import json
import shutil
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner
from scripts import generate

import filmgraph
from filmgraph.arrays import FilmTechniqueArrays
from filmgraph.batch import links, run_in, run_job
from filmgraph.batch.layout import MANIFEST
from filmgraph.batch.parquet import write_parquet
from filmgraph.cli import cli
from filmgraph.errors import BatchError, DataError, NotFoundError, OutputError
from filmgraph.graph import FilmGraph
from filmgraph.namespaces import FG, SCHEMA, iri
from filmgraph.recommend import CRITICS, DAMPING, LINK_WEIGHTS
from filmgraph.similarity import SimilarityIndex
from filmgraph.stores import DiskStore, MemoryStore, RemoteStore
from filmgraph.voices import Tally, Voices, read_said

if TYPE_CHECKING:
    from pyspark.sql import SparkSession
    from servers import OxigraphServer

    from filmgraph.workspace import Workspace

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "benchmarks"))

import spark_cluster

pytestmark = pytest.mark.skipif(spark_cluster.why_not() is not None, reason=spark_cluster.why_not() or "")

SOURCE = Path(filmgraph.__file__).parent
HER = iri("film", "her-2013")
Rows = list[dict[str, Any]]


def rows_of(folder: Path | str) -> Rows:
    """The rows of a folder of Parquet, file by file in the order of names."""
    import pyarrow.parquet as pq

    return [row for file in sorted(Path(folder).glob("*.parquet")) for row in pq.read_table(file).to_pylist()]


def assert_same(found: Rows, expected: Rows) -> None:
    """The rows, their order and all names are the same, and scores to the ninth digit."""
    assert len(found) == len(expected) > 0
    for one, other in zip(found, expected, strict=True):
        scores = one.pop("score", 0.0), other.pop("score", 0.0)
        assert one == other
        assert scores[0] == pytest.approx(scores[1], abs=1e-9)


@pytest.fixture(scope="module")
def parquet(bundled: MemoryStore, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bundled graph as Parquet."""
    folder = tmp_path_factory.mktemp("parquet") / "bundled"
    write_parquet(bundled, folder)
    return folder


@pytest.fixture(scope="module")
def joined_store(workspace: Workspace, tmp_path_factory: pytest.TempPathFactory) -> Iterator[MemoryStore]:
    """The bundled graph and a made one of a thousand films, in which a few techniques are very common."""
    file = tmp_path_factory.mktemp("made") / "made.nt"
    generate.write_graph(file, 1_000, joining=True)
    with MemoryStore.of_files([*workspace.graph_files, file]) as store:
        yield store


@pytest.fixture(scope="module")
def joined(joined_store: MemoryStore, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """That graph as Parquet."""
    folder = tmp_path_factory.mktemp("joined") / "parquet"
    write_parquet(joined_store, folder)
    return folder


class TestParquet:
    def test_nodes_are_what_the_graph_holds(self, parquet: Path, bundled: MemoryStore) -> None:
        nodes = {row["id"]: row for row in rows_of(parquet / "nodes")}
        assert nodes[HER] == {"id": HER, "kind": "film", "label": "Her", "year": 2013}
        assert len(nodes) == len(rows_of(parquet / "nodes"))
        films = bundled.select(f"SELECT ?f WHERE {{ ?f a <{FG}Film> }}").column("f")
        assert {node for node, row in nodes.items() if row["kind"] == "film"} == set(films)
        assert nodes[iri("technique", "off-screen-space")]["label"] == "Off-screen space"
        assert {row["kind"] for row in nodes.values()} == {
            *("film", "technique", "category", "genre", "country", "person", "organization")
        }

    def test_edges_are_what_the_graph_says(self, parquet: Path, bundled: MemoryStore) -> None:
        edges = rows_of(parquet / "edges")
        uses = bundled.select(f"SELECT ?f ?t ?u WHERE {{ ?u <{FG}film> ?f ; <{FG}technique> ?t }}")
        assert {(row["source"], row["target"], row["via"]) for row in edges if row["kind"] == "uses"} == set(uses)
        directed = bundled.select(f"SELECT ?f ?p WHERE {{ ?f <{SCHEMA}director> ?p }}")
        assert {(row["source"], row["target"]) for row in edges if row["kind"] == "director"} == set(directed)
        assert all(0 < row["weight"] <= 1 for row in edges)
        assert all(row["source"] < row["target"] for row in edges if row["kind"] == "comparison")
        told = json.loads((parquet / MANIFEST).read_text(encoding="utf-8"))
        assert sum(count for kind, count in told["rows"].items() if kind.endswith(" edges")) == len(edges)

    def test_all_broader_techniques_are_within_reach(self, parquet: Path) -> None:
        edges = [row for row in rows_of(parquet / "edges") if row["kind"] in ("within", "broader")]
        within = {(row["source"], row["target"]): row["weight"] for row in edges if row["kind"] == "within"}
        direct = {(row["source"], row["target"]) for row in edges if row["kind"] == "broader"}
        assert {pair for pair, weight in within.items() if weight == 0.5} <= direct
        for (low, high), weight in within.items():
            for middle, top in within:
                if middle == high:
                    assert within[low, top] >= weight * within[middle, top]

    def test_every_store_gives_the_same(
        self, tiny_files: tuple[Path, ...], oxigraph_server: OxigraphServer, tmp_path: Path
    ) -> None:
        def told(folder: Path) -> list[list[str]]:
            return [sorted(map(repr, rows_of(folder / table))) for table in ("nodes", "edges")]

        with MemoryStore.of_files(tiny_files) as memory:
            write_parquet(memory, tmp_path / "memory")
        with DiskStore(tmp_path / "store", writable=True) as disk:
            for file in tiny_files:
                disk.load(file)
            write_parquet(disk, tmp_path / "disk")
        with RemoteStore(oxigraph_server.query_url) as remote:
            write_parquet(remote, tmp_path / "remote")
        assert told(tmp_path / "memory") == told(tmp_path / "disk") == told(tmp_path / "remote")
        assert all(told(tmp_path / "memory"))

    def test_critics_are_counted_as_voices_are(self, joined: Path, joined_store: MemoryStore) -> None:
        voices = Voices(joined_store)
        said: dict[tuple[str, str], list[tuple[str, str]]] = defaultdict(list)
        for each in read_said(joined_store, voices):
            if each.predicate == FG + "aboutTechnique":
                said[each.film, each.about] += [(voice, each.stance) for voice in each.voices]
        tallies = {pair: Tally.of(spoken) for pair, spoken in said.items()}
        edges = rows_of(joined / "edges")
        praise = {(row["source"], row["target"]): row["weight"] for row in edges if row["kind"] == "praise"}
        assert praise == {pair: tally.interval[0] for pair, tally in tallies.items() if tally.praise}
        assert len(set(praise.values())) > 3
        compared: dict[tuple[str, str], set[str]] = defaultdict(set)
        claims = f"?c <{FG}status> <{FG}Accepted> ; <{FG}claimedIn> ?r ; <{FG}aboutFilm> ?f ; <{FG}comparesTo> ?g"
        for film, other, review in joined_store.select(f"SELECT ?f ?g ?r WHERE {{ {claims} }}"):
            if film != other:
                one, two = sorted((str(film), str(other)))
                compared[one, two].update(voices.of(str(review)))
        pairs = {(row["source"], row["target"]): row["weight"] for row in edges if row["kind"] == "comparison"}
        assert pairs == {pair: len(by) / (len(by) + 1) for pair, by in compared.items()}
        assert len(set(pairs.values())) > 1

    def test_an_empty_graph_has_empty_tables(self, tmp_path: Path) -> None:
        assert write_parquet(MemoryStore(), tmp_path / "graph") == {}
        assert rows_of(tmp_path / "graph" / "nodes") == rows_of(tmp_path / "graph" / "edges") == []
        for job in ("similar", "pagerank", "communities"):
            assert run_job(job, tmp_path / "graph", tmp_path / job, engine="local").rows == 0

    def test_nothing_is_written_over(self, bundled: MemoryStore, tmp_path: Path) -> None:
        write_parquet(MemoryStore(), tmp_path / "graph")
        with pytest.raises(OutputError, match="overwrite it with --force"):
            write_parquet(bundled, tmp_path / "graph")
        (tmp_path / "mine").mkdir()
        (tmp_path / "mine" / "diary.txt").write_text("dear diary", encoding="utf-8")
        with pytest.raises(OutputError, match="no graph written as Parquet"):
            write_parquet(bundled, tmp_path / "mine", overwrite=True)
        with pytest.raises(OutputError, match="there is no folder"):
            write_parquet(bundled, tmp_path / "no" / "graph")
        write_parquet(bundled, tmp_path / "graph", overwrite=True)
        assert rows_of(tmp_path / "graph" / "nodes")
        assert sorted(file.name for file in tmp_path.iterdir()) == ["graph", "mine"]

    def test_what_breaks_leaves_nothing_behind(self, tmp_path: Path) -> None:
        def stop(name: str) -> None:
            if name == "broader edges":
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            write_parquet(MemoryStore(), tmp_path / "graph", progress=stop)
        assert list(tmp_path.iterdir()) == []


class TestHere:
    """The engine on this machine, which the cluster is compared with, gives what the rest of filmgraph gives."""

    def test_the_numbers_are_those_of_the_recommender(self) -> None:
        assert (links.LINK_WEIGHTS, links.CRITICS, links.DAMPING) == (LINK_WEIGHTS, CRITICS, DAMPING)

    def test_similar_is_that_of_the_index(self, parquet: Path, bundled: MemoryStore, tmp_path: Path) -> None:
        answer = run_job("similar", parquet, tmp_path / "answer", engine="local", limit=7)
        index = SimilarityIndex(FilmTechniqueArrays.of_store(bundled))
        expected = [
            {"film": film, "rank": rank, "similar": alike.film, "score": alike.score}
            for film in index.arrays.films
            for rank, alike in enumerate(index.similar(film, limit=7), start=1)
        ]
        assert rows_of(answer.folder) == expected
        assert answer.rows == len(expected)

    def test_pagerank_is_that_of_the_recommender(self, parquet: Path, graph: FilmGraph, tmp_path: Path) -> None:
        run_job("pagerank", parquet, tmp_path / "answer", engine="local", starts=["her-2013"])
        scores = {row["node"]: row["score"] for row in rows_of(tmp_path / "answer")}
        films = {row["node"]: row["score"] for row in rows_of(tmp_path / "answer") if row["kind"] == "film"}
        assert sum(scores.values()) == pytest.approx(1.0, abs=1e-9)
        best = max(score for film, score in films.items() if film != HER)
        found = graph.recommend("Her", method="pagerank", limit=20)
        assert len(found) == 20
        for recommendation in found:
            assert films[recommendation.film] / best == pytest.approx(recommendation.score, abs=2e-8)

    def test_communities_hold_each_film_once(self, parquet: Path, tmp_path: Path) -> None:
        run_job("communities", parquet, tmp_path / "answer", engine="local")
        rows = rows_of(tmp_path / "answer")
        members: dict[str, list[str]] = {}
        for row in rows:
            members.setdefault(row["community"], []).append(row["film"])
        assert len({row["film"] for row in rows}) == len(rows)
        assert all(community == min(films) for community, films in members.items())
        assert all(row["size"] == len(members[row["community"]]) for row in rows)
        assert 10 < len(members) < len(rows) / 2

    def test_what_is_asked_wrongly_is_said(self, parquet: Path, tmp_path: Path) -> None:
        answer = tmp_path / "answer"
        with pytest.raises(NotFoundError, match="similar, pagerank, communities"):
            run_job("rank", parquet, answer, engine="local")
        with pytest.raises(NotFoundError, match="spark, local"):
            run_job("similar", parquet, answer, engine="flink")
        with pytest.raises(NotFoundError, match=r"no film .*her-2017"):
            run_job("pagerank", parquet, answer, engine="local", starts=["her-2017"])
        with pytest.raises(DataError, match="export --format parquet"):
            run_job("similar", tmp_path, answer, engine="local")
        (answer / "nodes").mkdir(parents=True)
        (answer / "edges").mkdir()
        (answer / "nodes" / "part.parquet").write_bytes(b"PAR1 but not really")
        with pytest.raises(DataError, match="cannot be read as Parquet"):
            run_job("similar", answer, tmp_path / "other", engine="local")
        with pytest.raises(OutputError, match="is no answer of a job"):
            run_job("similar", parquet, answer, engine="local", overwrite=True)


def spoiled(how: str, parquet: Path, folder: Path) -> Path:
    """A graph as Parquet in which something is wrong."""
    import pyarrow.parquet as pq

    shutil.copytree(parquet, folder)
    if how == "newer":
        (folder / MANIFEST).write_text('{"layout": 99}', encoding="utf-8")
    elif how == "torn":
        (folder / MANIFEST).write_text('{"layout"', encoding="utf-8")
    elif how == "hollow":
        for file in (folder / "edges").iterdir():
            file.unlink()
    else:
        for file in (folder / "edges").iterdir():
            table = pq.read_table(file)
            place = table.schema.get_field_index("weight")
            bare = table.remove_column(place)
            pq.write_table(bare if how == "missing" else bare.add_column(place, "weight", table["kind"]), file)
    return folder


WRONG = {
    "newer": r"written by a newer filmgraph \(layout 99",
    "torn": "is no JSON",
    "missing": "edges: the table has no column 'weight'",
    "mistyped": "the column 'weight' is of the type string, not double",
}
"""What is wrong with a graph as Parquet, and what is said of it."""


@pytest.mark.parametrize("how", WRONG)
def test_tables_that_are_not_what_is_read_are_named(how: str, parquet: Path, tmp_path: Path) -> None:
    tables = spoiled(how, parquet, tmp_path / "graph")
    with pytest.raises(DataError, match=WRONG[how]):
        run_job("similar", tables, tmp_path / "answer", engine="local")
    assert not (tmp_path / "answer").exists()


@pytest.mark.parametrize(
    ("master", "line"),
    [
        ("spark://127.0.0.1:1", "no Spark master can be reached there: Connection refused"),
        ("spark://nowhere", "this is no address of a Spark master"),
        ("spark://127.0.0.1:70000", "no Spark master can be reached there"),
    ],
)
def test_a_master_that_is_not_there_is_named_at_once(master: str, line: str, parquet: Path, tmp_path: Path) -> None:
    arguments = ["batch", "similar", str(parquet), "-o", str(tmp_path / "out"), "--master", master]
    result = CliRunner().invoke(cli, arguments)
    assert result.exit_code == 2
    assert f"{master}: {line}" in result.output
    assert len(result.output.strip().splitlines()) == 1


class TestCommands:
    def test_batch_prints_the_first_rows(self, parquet: Path, tmp_path: Path) -> None:
        arguments = ["batch", "pagerank", str(parquet), "-o", str(tmp_path / "out"), "--engine", "local"]
        result = CliRunner().invoke(cli, [*arguments, "--start", "her-2013"])
        assert result.exit_code == 0, result.output
        assert "film:her-2013" in result.output.splitlines()[3]
        again = CliRunner().invoke(cli, arguments)
        assert again.exit_code == 2
        assert "exists already" in again.output

    @pytest.mark.parametrize("option", ["--master=spark://127.0.0.1:1", "--partitions=2", "--conf=a=b"])
    def test_what_is_for_spark_is_not_passed_over(self, option: str, parquet: Path, tmp_path: Path) -> None:
        arguments = ["batch", "similar", str(parquet), "-o", str(tmp_path / "out"), "--engine", "local", option]
        result = CliRunner().invoke(cli, arguments)
        assert result.exit_code == 2
        assert f"{option.partition('=')[0]} is for Spark" in result.output
        assert not (tmp_path / "out").exists()

    def test_export_writes_parquet(self, tmp_path: Path) -> None:
        result = CliRunner().invoke(cli, ["export", "--format", "parquet", "-o", str(tmp_path / "graph")])
        assert result.exit_code == 0, result.output
        assert len(rows_of(tmp_path / "graph" / "nodes")) > 4000
        assert CliRunner().invoke(cli, ["export", "--format", "parquet"]).exit_code == 2
        named = CliRunner().invoke(cli, ["export", "her-2013", "--format", "parquet", "-o", str(tmp_path / "her")])
        assert named.exit_code == 2

    def test_without_java_a_line_says_so(self, parquet: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("JAVA_HOME", str(tmp_path))
        result = CliRunner().invoke(cli, ["batch", "similar", str(parquet), "-o", str(tmp_path / "out")])
        assert result.exit_code == 2
        assert "there is no Java here; Spark needs Java 17 or newer" in result.output

    @pytest.mark.parametrize(("missing", "engine"), [("pyspark.errors", "spark"), ("pyarrow", "local")])
    def test_without_the_extra_a_line_says_so(
        self, missing: str, engine: str, parquet: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setitem(sys.modules, missing, None)
        with pytest.raises(BatchError, match=r"extra spark, pip install 'filmgraph-kg\[spark\]'"):
            run_job("similar", parquet, tmp_path / "out", engine=engine)


def test_spark_is_asked_in_dataframes_only() -> None:
    """Nothing is gathered on the driver, and no Python runs on the workers."""
    files = sorted((SOURCE / "batch").glob("*.py"))
    assert len(files) > 5
    names = {
        node.attr
        for file in files
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute)
    }
    assert "groupBy" in names
    assert not names & {
        *("collect", "collectAsMap", "toPandas", "toLocalIterator", "toArrow", "rdd", "foreach", "foreachPartition"),
        *("parallelize", "udf", "pandas_udf", "mapInPandas", "mapInArrow", "applyInPandas", "broadcast", "cache"),
    }


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[spark_cluster.SparkCluster]:
    """One master and two workers, separate processes on the loopback."""
    with spark_cluster.SparkCluster(tmp_path_factory.mktemp("cluster")) as cluster:
        yield cluster


@pytest.fixture(scope="module")
def session(cluster: spark_cluster.SparkCluster) -> Iterator[SparkSession]:
    from filmgraph.batch.session import spark_session

    with spark_session(cluster.url, name="tests", partitions=4, settings=spark_cluster.SETTINGS) as session:
        yield session


def test_a_cluster_without_workers_is_not_waited_for_without_end(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from filmgraph.batch import session as sessions

    monkeypatch.setattr(sessions, "WORKER_SECONDS", 1.0)
    with spark_cluster.SparkCluster(tmp_path / "cluster", workers=0) as cluster:
        opening = sessions.spark_session(cluster.url, name="tests", settings=spark_cluster.SETTINGS)
        with pytest.raises(BatchError, match="no worker has begun within 1 s: one with a free core and 512m"), opening:
            pytest.fail("the session is open")


class TestCluster:
    def test_similar_is_that_of_this_machine(self, session: SparkSession, joined: Path, tmp_path: Path) -> None:
        there = run_in(session, "similar", str(joined), str(tmp_path / "there"), limit=10)
        here = run_job("similar", joined, tmp_path / "here", engine="local", limit=10)
        assert there.rows == here.rows > 13_000
        assert there.first.terms == here.first.terms
        assert_same(rows_of(tmp_path / "there"), rows_of(tmp_path / "here"))
        assert sorted(file.name for file in tmp_path.iterdir()) == ["here", "there"]

    @pytest.mark.parametrize(
        ("job", "options", "after"), [("communities", {"limit": 6}, 6), ("pagerank", {"starts": [HER]}, 11)]
    )
    def test_a_worker_killed_in_the_middle_changes_nothing(
        self,
        job: str,
        options: dict[str, Any],
        after: int,
        cluster: spark_cluster.SparkCluster,
        session: SparkSession,
        joined: Path,
        tmp_path: Path,
    ) -> None:
        ended = threading.Event()
        killed: list[int] = []

        def kill() -> None:
            """Kill one worker and its executor when so many tables have been kept, and the job goes on."""
            while not ended.wait(0.02):
                if list(tmp_path.glob(f".there-*/{after:03}/_SUCCESS")):
                    time.sleep(0.2)
                    killed.append(cluster.workers[-1].process.pid)
                    cluster.kill_worker()
                    return

        killer = threading.Thread(target=kill)
        killer.start()
        try:
            run_in(session, job, str(joined), str(tmp_path / "there"), **options)
        finally:
            ended.set()
            killer.join()
        assert len(killed) == len(cluster.workers) == 1
        cluster.add_worker()
        run_job(job, joined, tmp_path / "here", engine="local", **options)
        assert_same(rows_of(tmp_path / "there"), rows_of(tmp_path / "here"))

    def test_tables_that_are_not_what_is_read_are_named(
        self, session: SparkSession, parquet: Path, tmp_path: Path
    ) -> None:
        for how, line in {**WRONG, "hollow": "edges: holds no Parquet"}.items():
            tables = spoiled(how, parquet, tmp_path / how)
            with pytest.raises(DataError, match=line):
                run_in(session, "similar", str(tables), str(tmp_path / "answer"))
        assert not (tmp_path / "answer").exists()

    def test_an_earlier_answer_is_replaced_whole(self, session: SparkSession, tmp_path: Path) -> None:
        from filmgraph.batch.session import Ledger

        for count in (3, 5):
            ledger = Ledger(session, str(tmp_path / "answer"), overwrite=True)
            ledger.publish(session.range(count))
            ledger.clear()
            assert sorted(row["id"] for row in rows_of(tmp_path / "answer")) == list(range(count))
            assert [file.name for file in tmp_path.iterdir()] == ["answer"]

    def test_an_answer_is_not_written_over(self, session: SparkSession, joined: Path, tmp_path: Path) -> None:
        (tmp_path / "there").mkdir()
        with pytest.raises(OutputError, match="exists already"):
            run_in(session, "similar", str(joined), str(tmp_path / "there"))
        with pytest.raises(OutputError, match="is no answer of a job"):
            run_in(session, "similar", str(joined), str(tmp_path / "there"), overwrite=True)
        with pytest.raises(DataError, match="export --format parquet"):
            run_in(session, "similar", str(tmp_path), str(tmp_path / "other"))

    def test_one_session_at_a_time(self, session: SparkSession, parquet: Path, tmp_path: Path) -> None:
        with pytest.raises(BatchError, match="a Spark session already"):
            run_job("similar", parquet, tmp_path / "out")
