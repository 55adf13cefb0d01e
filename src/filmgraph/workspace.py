"""Where the ontology, the data and the queries are.

They lie beside ``src`` in the repository, inside the package in an installed wheel, or in a folder of the
user's that has the same three sub-folders (``--root``).
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from zlib import crc32

from filmgraph.errors import DataError

__all__ = ["GRAPH_CROSSWALK_FILES", "GRAPH_ONTOLOGY_FILES", "Workspace"]

GRAPH_ONTOLOGY_FILES = ("aspects.ttl", "filmgraph.ttl", "genres.ttl", "techniques.ttl")
"""The files of ``ontology/`` that are part of the graph that questions are asked of.

Shapes and alignments are not: they judge the graph, or tie its terms to others, and would only answer questions
that nobody asked.
"""

GRAPH_CROSSWALK_FILES = ("alignments/ada.ttl",)
"""The alignments that are part of the graph nevertheless, in a workspace that has them.

A crosswalk ties single techniques to the concepts of another vocabulary: that is knowledge about a technique, as a
Wikidata item is about a film.
"""


@dataclass(frozen=True)
class Workspace:
    """A folder with ``ontology/``, ``data/`` and ``queries/``."""

    root: Path

    @classmethod
    def find(cls, root: str | os.PathLike[str] | None = None) -> Workspace:
        """Return the workspace in ``root``, or else the one that filmgraph was installed with.

        Raises :class:`~filmgraph.errors.DataError` where one of the three folders is missing.
        """
        if root is not None:
            return cls(Path(root)).checked()
        package = Path(__file__).parent
        bundled = package / "bundled"
        return cls(bundled if bundled.is_dir() else package.parents[1]).checked()

    def checked(self) -> Workspace:
        """Return this workspace once its three folders are known to be there."""
        for folder in (self.ontology, self.data, self.queries):
            if not folder.is_dir():
                raise DataError(
                    f"there is no folder {folder.name}/ here; a workspace has ontology/, data/ and queries/",
                    file=str(self.root),
                )
        return self

    @property
    def is_installed(self) -> bool:
        """Whether this is the copy inside an installed package, which the next installation replaces."""
        return self.root == Path(__file__).parent / "bundled"

    @property
    def ontology(self) -> Path:
        """The folder of the ontology, its shapes, vocabularies and context."""
        return self.root / "ontology"

    @property
    def data(self) -> Path:
        """The folder of films, reviews and people."""
        return self.root / "data"

    @property
    def queries(self) -> Path:
        """The folder of the query library."""
        return self.root / "queries"

    @cached_property
    def graph_files(self) -> tuple[Path, ...]:
        """The files that make up the graph, in a fixed order."""
        return tuple(map(Path, self._graph_file_names))

    @cached_property
    def _graph_file_names(self) -> list[str]:
        vocabulary = [str(self.ontology / name) for name in GRAPH_ONTOLOGY_FILES]
        crosswalks = [str(self.ontology / name) for name in GRAPH_CROSSWALK_FILES]
        present = [file for file in crosswalks if os.path.exists(file)]  # noqa: PTH110
        return vocabulary + present + _turtle_files_below(str(self.data))

    def digest(self) -> str:
        """Return a digest of the graph's content: it changes when a file's name or a byte of it does.

        The digest is the key of the compiled store, so it must be cheap: it reads every file once and parses none.
        """
        from hashlib import blake2b

        digest = blake2b(digest_size=16)
        root = str(self.root)
        for file in self._graph_file_names:
            try:
                with open(file, "rb", buffering=0) as stream:  # noqa: PTH123
                    content = stream.read()
            except OSError as error:
                raise DataError(f"cannot be read: {error.strerror}", file=file) from error
            digest.update(f"{file[len(root) :]}\0{len(content)}\0".encode())
            digest.update(content)
        return digest.hexdigest()

    def stamp(self) -> tuple[str, int]:
        """Return a mark of the files' names, sizes and times, and the newest of the times in nanoseconds.

        It reads no file. While the stamp stays the content does, but for a change in the same tick of the clock as
        the one before it: whoever relies on a stamp must know that its newest time was past when it was taken.
        """
        newest = check = 0
        for file in self._graph_file_names:
            try:
                status = os.stat(file)  # noqa: PTH116
            except OSError as error:
                raise DataError(f"cannot be read: {error.strerror}", file=file) from error
            times = (status.st_mtime_ns, status.st_ctime_ns)
            newest = max(newest, *times)
            check = crc32(f"{file}\0{status.st_size}\0{times}\0{status.st_ino}\0".encode(), check)
        return f"{len(self._graph_file_names)}-{newest}-{check:08x}", newest


def _turtle_files_below(folder: str) -> list[str]:
    """Return the Turtle files below a folder, sorted by path (os.scandir: pathlib costs ten times as much)."""
    files: list[str] = []
    folders = [folder]
    while folders:
        with os.scandir(folders.pop()) as entries:
            for entry in entries:
                if entry.is_dir():
                    folders.append(entry.path)
                elif entry.name.endswith(".ttl"):
                    files.append(entry.path)
    return sorted(files)
