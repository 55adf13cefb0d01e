"""How benchmarks/scale.py runs its cells: processes of which the time and memory are taken, and that can be stopped."""

from __future__ import annotations

import importlib.util
import json
import os
import selectors
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from scale_table import ASKED, ROWS

HERE = Path(__file__).resolve().parent
COMMAND = [sys.executable, "-c", "from filmgraph.cli import main; main()"]
_STARTING = 5
"""Seconds in which a process is ready to measure."""
GROWTH = 1.0
"""What is taken for granted when a size is not tried: that the time grows at least with the number of triples."""


class Runs:
    """The cells of one size."""

    def __init__(
        self,
        folder: Path,
        films: int,
        file: Path,
        *,
        cap: float,
        patience: float,
        fresh: bool,
        smaller: dict[str, Any] | None,
        told: dict[str, Any],
    ) -> None:
        self.films, self.file, self.fresh = films, file, fresh
        self.cap, self.patience = cap, min(cap, patience)
        self.smaller, self.told = smaller, told
        self.disk, self.bare = folder / f"filmgraph-{films}", folder / f"pyoxigraph-{films}"
        self.server = folder / f"virtuoso-{films}"

    def all(self, only: set[str], engines: Sequence[str]) -> None:
        """Measure the rows that are wanted, of the engines that are wanted."""
        wanted = [row for row in ROWS if not only or row in only]
        for engine in engines:
            getattr(self, engine)([row for row in wanted if engine in ROWS[row].engines])

    def filmgraph(self, rows: list[str]) -> None:
        """Measure filmgraph on a disk store of its own."""
        if self.fresh or "load" in rows:
            shutil.rmtree(self.disk, ignore_errors=True)
        if not self.disk.exists():
            self.put("load", "filmgraph", self.command("load", str(self.file), "--into", str(self.disk)))
            self.told["disk"] = size_of(self.disk)
        if "arrays-build" in rows:
            self.ask("filmgraph", self.disk, ["arrays-build"])
            self.told["arrays"] = sum(size_of(each) for each in self.disk.glob("generation-*/derived"))
        self.ask("filmgraph", self.disk, [row for row in rows if row in ASKED])
        slug = film_slug(self.films)
        if "similar-cold" in rows:
            self.put("similar-cold", "filmgraph", self.command("similar", slug, "--store", str(self.disk)))
        for row in ("validate-shacl", "validate-pyshacl"):
            engine = row.removeprefix("validate-")
            if row in rows and importlib.util.find_spec(engine):
                self.ask(row, self.disk, [row], engine="filmgraph")
        self.export(rows, "filmgraph", str(self.disk))

    def pyoxigraph(self, rows: list[str]) -> None:
        """Measure the bare engine on a disk store."""
        if self.fresh or "load" in rows or not self.bare.exists():
            shutil.rmtree(self.bare, ignore_errors=True)
            self.ask("bulk", self.bare, ["load"], engine="pyoxigraph")
        self.ask("pyoxigraph", self.bare, [row for row in rows if row in ASKED or row.startswith("export")])
        for ending in ("nt", "ttl"):
            self.bare.with_name(f"{self.bare.name}.{ending}").unlink(missing_ok=True)

    def rdflib(self, rows: list[str]) -> None:
        """Measure rdflib, which has to read the file each time."""
        asked = [row for row in rows if row in ASKED or row.startswith("export")]
        if not rows or self.hopeless("load", "rdflib"):
            for row in rows:
                if row != "load":
                    self.put(row, "rdflib", {"untried": True, "cap": self.cap_of(row)})
            return
        hopeful = [row for row in asked if not self.hopeless(row, "rdflib")]
        self.ask_together("rdflib", self.file, ["load", *hopeful], engine="rdflib")
        for ending in ("nt", "ttl"):
            self.file.with_name(f"{self.file.name}.rdflib.{ending}").unlink(missing_ok=True)

    def virtuoso(self, rows: list[str]) -> None:
        """Measure filmgraph on Virtuoso, where it is installed; its own bulk loader loads."""
        servers = virtuoso_servers()
        if servers is None or servers.MISSING or not rows:
            return
        triples = self.told["triples"]
        secret = self.server / "password"
        is_new = self.fresh or "load" in rows or not secret.exists()
        if is_new:
            shutil.rmtree(self.server, ignore_errors=True)
        buffers = max(10_000, triples // 20)
        server = servers.VirtuosoServer(self.server, allowed=[self.file.parent], buffers=buffers)
        if not is_new:
            server.password = secret.read_text(encoding="ascii")
        with server:
            if is_new:
                start = time.perf_counter()
                server.bulk_load([self.file])
                cell = {"seconds": time.perf_counter() - start, "peak": peak_of(server.pid)}
                self.put("load", "virtuoso", cell)
                self.told["virtuoso"] = size_of(self.server)
                secret.write_text(server.password, encoding="ascii")
            self.ask("virtuoso", server.query_url, [row for row in rows if row in ASKED])
            self.export(rows, "virtuoso", server.query_url)

    def export(self, rows: Sequence[str], engine: str, store: str) -> None:
        """Measure the export of everything, as Turtle and N-Triples."""
        for ending in ("nt", "ttl"):
            row = f"export-{ending}"
            if row not in rows or self.hopeless(row, engine):
                continue
            target = self.disk.with_name(f"export-{self.films}.{ending}")
            arguments = ["export", "--store", store, "--output", str(target), "--force"]
            self.put(row, engine, self.command(*arguments, *(["--deadline", str(self.cap)] if "://" in store else [])))
            if engine == "filmgraph" and target.exists():
                self.told[f"bytes-{ending}"] = target.stat().st_size
            target.unlink(missing_ok=True)

    def cap_of(self, row: str) -> float:
        """Return how many seconds a cell may take: a question fewer than what is done with the whole graph."""
        return self.patience if row in ASKED else self.cap

    def put(self, row: str, engine: str, cell: dict[str, Any]) -> None:
        """Note a cell, and say it."""
        self.told["cells"].setdefault(row, {})[engine] = cell
        print(f"{self.told['triples']:>12,}  {row:<16} {engine:<10} {json.dumps(cell)[:150]}", file=sys.stderr)

    def hopeless(self, row: str, engine: str) -> bool:
        """Whether the size before shows that a cell would take longer than allowed; it is noted then."""
        if self.smaller is None:
            return False
        cell = self.smaller["cells"].get(row, {}).get(engine, {})
        grown = (self.told["triples"] / self.smaller["triples"]) ** GROWTH
        cap = self.cap_of(row)
        told = "over" in cell or "untried" in cell or cell.get("first", cell.get("seconds", 0)) * grown > cap
        if told:
            self.put(row, engine, {"untried": True, "cap": cap})
        elif engine == "rdflib" and row == "load" and cell.get("peak", 0) * grown > (half := memory() / 2):
            self.put(row, engine, {"untried": True, "most": half})
            told = True
        return told

    def command(self, *arguments: str) -> dict[str, Any]:
        """Run a command of filmgraph and return its time and the most memory that it took."""
        start = time.perf_counter()
        with subprocess.Popen(
            [*COMMAND, *arguments], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, process_group=0
        ) as process:
            seconds, used = stopped_after(process, start, self.cap)
            assert process.stderr is not None
            said = process.stderr.read().strip().splitlines()
        if used is None:
            return {"over": True, "cap": self.cap}
        if process.returncode:
            return {"error": (said or ["?"])[-1][:300]}
        return {"seconds": seconds, "peak": used.ru_maxrss / 1024}

    def ask(self, how: str, target: object, rows: list[str], *, engine: str | None = None) -> None:
        """Have cells measured, each by a process of its own, so that none has what another left in memory."""
        engine = engine or how
        for row in rows:
            if row == "load" or not self.hopeless(row, engine):
                self.ask_together(how, target, [row], engine=engine)

    def ask_together(self, how: str, target: object, rows: list[str], *, engine: str) -> None:
        """Have cells measured by one process; what takes too long ends it, and another one goes on after that."""
        left = list(rows)
        while left:
            cap = self.cap_of(left[0]) if len(left) == 1 else self.patience
            caps = ["--cap", str(cap), "--whole", str(self.cap)]
            arguments = [how, str(target), *left, "--films", str(self.films), *caps, "--source", str(self.file)]
            command = [sys.executable, str(HERE / "scale_cells.py"), *arguments]
            with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, process_group=0) as child:
                for told in answers(child, self.cap if how == "rdflib" else cap):
                    row = left.pop(0)
                    if "over" in told:
                        told["cap"] = self.cap_of(row)
                    self.put(row, engine, told)
                    if row == "load" and "seconds" not in told:
                        for other in left:
                            self.put(other, engine, {"untried": True, "cap": self.cap_of(other)})
                        left = []


def answers(child: subprocess.Popen[bytes], cap: float) -> Iterator[dict[str, Any]]:
    """Yield what a process tells of each cell; one that is too slow, or dies of it, is told of last."""
    assert child.stdout is not None
    with selectors.DefaultSelector() as selector:
        selector.register(child.stdout, selectors.EVENT_READ)
        begun = False
        while selector.select(cap + _STARTING):
            line = child.stdout.readline()
            if not line:
                child.wait()
                if begun or child.returncode:
                    yield {"error": f"ended with status {child.returncode}"}
                return
            told = json.loads(line)
            begun = told.pop("begun", False)
            if not begun:
                del told["cell"]
                yield told
    kill(child)
    yield {"over": True}


def stopped_after(process: subprocess.Popen[str], start: float, cap: float) -> tuple[float, Any]:
    """Wait for a process; return the seconds it took and what it used, None where it had to be stopped."""
    while True:
        pid, status, used = os.wait4(process.pid, os.WNOHANG)
        seconds = time.perf_counter() - start
        if pid:
            process.returncode = os.waitstatus_to_exitcode(status)
            return seconds, used
        if seconds > cap:
            kill(process)
            return seconds, None
        time.sleep(0.002 if seconds < 1 else 0.02)


def kill(process: subprocess.Popen[Any]) -> None:
    """End a process and those that it started."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, 9)
    process.wait()


def size_of(folder: Path) -> int:
    """Return how many bytes the files in a folder take on disk."""
    total = 0
    for path in folder.rglob("*"):
        with suppress(OSError):  # The engine may tidy up meanwhile.
            total += path.stat().st_blocks * 512 if path.is_file() else 0
    return total


def peak_of(pid: int) -> float | None:
    """Return the most memory that a running process took, in megabytes."""
    with suppress(OSError, IndexError):
        return int(Path(f"/proc/{pid}/status").read_text(encoding="ascii").partition("VmHWM:")[2].split()[0]) / 1024
    return None


def memory() -> float:
    """Return how much memory this machine has, in megabytes."""
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1024**2


def film_slug(films: int) -> str:
    """Return the film that commands are asked about."""
    import generate

    return generate.film_slugs(films)[0]


def virtuoso_servers() -> Any:
    """Return the tests' module that starts Virtuoso, None where there is none, as outside a checkout."""
    file = HERE.parent / "tests" / "virtuoso.py"
    if not file.exists():
        return None
    spec = importlib.util.spec_from_file_location("scale_virtuoso", file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module
