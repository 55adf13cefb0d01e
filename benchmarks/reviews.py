"""Importing reviews: how long a file takes, and what memory a file of any length needs.

python benchmarks/reviews.py --reviews FILE.csv
python benchmarks/reviews.py --reviews FILE.csv --rows 200000 --distinct

The file is imported as it is, and repeated to a number of rows; with --distinct each text gets a number, so that none
is known from a row before. Without a file, invented reviews are imported.
"""

from __future__ import annotations

import argparse
import csv
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from itertools import cycle, islice
from pathlib import Path

COLUMNS = ("film_title", "film_year", "critic", "publication", "date", "url", "score", "verdict", "text")
PROGRAM = (sys.executable, "-c", "from filmgraph.cli import main; main()")
WITHIN_SECONDS = 60.0
ROWS = 1_000_000
_INVENTED = (
    "The editing is superb, and the score soars.",
    "A dull script, but what cinematography!",
    "Nothing here is as good as the posters promise.",
    "Two friends go down a river and come back as strangers.",
)


def main() -> None:
    """Run the benchmark on the file that the arguments name."""
    parser = argparse.ArgumentParser(description="Measure the import of reviews.")
    parser.add_argument("--reviews", metavar="FILE", type=Path, help="a CSV file of reviews")
    parser.add_argument("--rows", type=int, default=ROWS, help="repeat the file to so many rows")
    parser.add_argument("--distinct", action="store_true", help="give each text a number of its own")
    given = parser.parse_args()
    measure(given.reviews, rows=given.rows, distinct=given.distinct)


def run(*, tiny: bool = False) -> None:
    """Measure the import of invented reviews."""
    measure(None, rows=2_000 if tiny else ROWS, distinct=False)


def measure(file: Path | None, *, rows: int, distinct: bool) -> None:
    """Import a file as it is and repeated, each in a process of its own, and print time and peak memory."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if file is None:
            file = folder / "invented.csv"
            _write(file, iter(_invented(min(rows, 5_000))))
        print("\nImport of reviews")
        print(f"{'file':32} {'rows':>10} {'MiB':>8} {'seconds':>9} {'rows/s':>10} {'peak MiB':>9}  goal")
        count = sum(1 for _ in _rows(file))
        for label in ("as it is", "once more, nothing new"):
            seconds, peak = _import(file, folder / "candidates")
            _print(label, count, file, seconds, peak, goal=seconds <= WITHIN_SECONDS)
        long = folder / "long.csv"
        texts = enumerate(islice(cycle(_rows(file)), rows))
        numbered = ([*row[:-1], f"{row[-1]} ({number})"] if distinct else row for number, row in texts)
        _write(long, numbered)
        seconds, peak = _import(long, folder / "long")
        _print("repeated, each text different" if distinct else "repeated", rows, long, seconds, peak)


def _print(label: str, rows: int, file: Path, seconds: float, peak: float, *, goal: bool | None = None) -> None:
    told = "" if goal is None else f"  {'met' if goal else 'missed'}: {WITHIN_SECONDS:.0f} s"
    size = file.stat().st_size / 1024**2
    print(
        f"{label:32} {rows:>10,} {size:>8.1f} {seconds:>9.1f} {rows / seconds:>10,.0f} {peak:>9.0f}{told}", flush=True
    )


def _rows(file: Path) -> Iterator[list[str]]:
    """Yield the rows of a file, its columns in the order of the table."""
    with file.open(encoding="utf-8-sig", newline="") as stream:
        for row in csv.DictReader(stream):
            yield [row.get(column) or "" for column in COLUMNS]


def _invented(rows: int) -> Iterator[list[str]]:
    films = (("Her", "2013"), ("Jaws", "1975"), ("Playtime", "1967"))
    for number in range(rows):
        title, year = films[number % len(films)]
        critic, text = f"Critic Number {number % 700}", f"{_INVENTED[number % len(_INVENTED)]} Take {number}."
        yield [title, year, critic, "The Test Post", "2020-01-01", "", "7/10", "positive", text]


def _write(file: Path, rows: Iterator[list[str]]) -> None:
    with file.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(COLUMNS)
        writer.writerows(rows)


def _import(file: Path, out: Path) -> tuple[float, float]:
    """Return the seconds that an import takes, and the peak of its memory in MiB."""
    start = time.perf_counter()
    arguments = [*PROGRAM, "import", "reviews", str(file), "--out", str(out)]
    null = os.open(os.devnull, os.O_WRONLY)
    try:
        process = os.posix_spawn(
            arguments[0],
            arguments,
            os.environ,
            file_actions=[(os.POSIX_SPAWN_DUP2, null, 1), (os.POSIX_SPAWN_DUP2, null, 2)],
        )
    finally:
        os.close(null)
    _, status, usage = os.wait4(process, 0)
    seconds = time.perf_counter() - start
    if status:
        raise SystemExit(f"the import of {file.name} failed")
    # Linux tells kibibytes, macOS bytes.
    return seconds, usage.ru_maxrss / (1024 if sys.platform != "darwin" else 1024**2)


if __name__ == "__main__":
    main()
