"""The whole graph as files: ``/data/filmgraph.ttl`` and its like, made once and kept on disk, compressed.

The engine writes them, not the project's own writers: whoever downloads the whole does not read it line by line, and
a hundred thousand triples take a moment instead of many, while other pages go on being answered.
"""

from __future__ import annotations

import asyncio
import gzip
import hashlib
import re
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import IO, TYPE_CHECKING
from xml.parsers import expat

import pyoxigraph as ox
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, Response, StreamingResponse
from starlette.routing import BaseRoute, Route

from filmgraph.errors import DataError
from filmgraph.export import write_whole
from filmgraph.namespaces import PREFIXES
from filmgraph.stores import LocalStore
from filmgraph.web.answers import is_known, takes_gzip
from filmgraph.web.negotiation import FORMS, RDF_FORMS, form_of_ending

if TYPE_CHECKING:
    from filmgraph.web.site import Site

__all__ = ["DataFile", "Downloads"]

_FORMATS = {
    "turtle": ox.RdfFormat.TURTLE,
    "ntriples": ox.RdfFormat.N_TRIPLES,
    "rdfxml": ox.RdfFormat.RDF_XML,
    "jsonld": ox.RdfFormat.JSON_LD,
}
_CHUNK = 1024**2
_SENT = 65_536
"""What is unpacked at a time for a reader, who may be one of hundreds and slow."""
_NAME = re.compile(r"filmgraph\.([a-z]+)(\.gz)?")


@dataclass(frozen=True)
class DataFile:
    """A file that was made: of which generation of the site, where, the digest of what is in it, its size in bytes."""

    generation: int
    path: Path
    digest: str
    size: int


class Downloads:
    """The files of a site, in a folder of their own that goes when the site does."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._made: dict[str, DataFile] = {}
        self._making = Lock()
        # A thread of their own: who waits for a file that is being made keeps none from the pages.
        self._thread = ThreadPoolExecutor(1, "filmgraph-download")

    def routes(self) -> list[BaseRoute]:
        """Return the routes of the files."""
        return [Route("/data/{name}", self.answer, methods=["GET"])]

    def close(self) -> None:
        """Remove the files."""
        self._thread.shutdown(wait=False, cancel_futures=True)
        with self._making:
            self._made.clear()
            if self._folder is not None:
                self._folder.cleanup()
                self._folder = None

    def file(self, form: str) -> DataFile:
        """Return the file of a form of RDF, compressed with gzip.

        Raises :class:`~filmgraph.errors.DataError` where the form cannot carry the graph.
        """
        generation = self.site.generation
        with self._making:
            made = self._made.get(form)
            if made is None or made.generation != generation:
                if self._folder is None:
                    self._folder = tempfile.TemporaryDirectory(prefix="filmgraph-")
                path = Path(self._folder.name) / f"{form}-{generation}.gz"
                # A file that is being read stays readable when its name is gone.
                digest = self._write(form, path)
                if made is not None:
                    made.path.unlink(missing_ok=True)
                made = self._made[form] = DataFile(generation, path, digest, path.stat().st_size)
        return made

    def size(self, form: str) -> int | None:
        """Return the size of a file in bytes, compressed, None where it was not made yet."""
        made = self._made.get(form)
        return made.size if made and made.generation == self.site.generation else None

    def _write(self, form: str, path: Path) -> str:
        plain = path.with_suffix(".plain")
        try:
            _dump(self.site, form, plain)
            digest = hashlib.blake2b(digest_size=12)
            # No name and no time in it: the same graph gives the same bytes.
            with path.open("wb") as target, gzip.GzipFile("", "wb", 6, target, 0) as packed, plain.open("rb") as source:
                for chunk in _tidied(source, form):
                    digest.update(chunk)
                    packed.write(chunk)
        finally:
            plain.unlink(missing_ok=True)
        return digest.hexdigest()

    async def answer(self, request: Request) -> Response:
        """Answer the request of a file, compressed where that is understood or asked for by ``.gz``."""
        found = _NAME.fullmatch(request.path_params["name"])
        form = form_of_ending(found[1]) if found else None
        if found is None or form not in RDF_FORMS:
            raise HTTPException(404, f"The whole graph is there as {', '.join(_names())}.")
        file = await asyncio.get_running_loop().run_in_executor(self._thread, self.file, form)
        is_archive = bool(found[2])
        is_packed = is_archive or takes_gzip(request)
        headers = {
            "ETag": f'"{file.digest}{"-gz" if is_packed else ""}"',
            "Cache-Control": "no-cache" if self.site.settings.writable else "public, max-age=300",
            "Access-Control-Allow-Origin": "*",
            "Content-Disposition": f'inline; filename="{found[0]}"',
        }
        if not is_archive:
            headers["Vary"] = "Accept-Encoding"
        if is_known(request, file.digest):
            return Response(status_code=304, headers=headers)
        content_type = "application/gzip" if is_archive else FORMS[form].content_type
        if is_packed and not is_archive:
            headers["Content-Encoding"] = "gzip"
        if is_packed:
            return FileResponse(file.path, media_type=content_type, headers=headers)
        if request.method == "HEAD":
            return Response(headers={**headers, "Content-Type": content_type})
        return StreamingResponse(_unpacked(file.path), media_type=content_type, headers=headers)


def _names() -> list[str]:
    return [f"filmgraph.{FORMS[form].ending}" for form in RDF_FORMS]


def _unpacked(path: Path) -> Iterator[bytes]:
    with gzip.open(path, "rb") as file:
        while chunk := file.read(_SENT):
            yield chunk


def _dump(site: Site, form: str, path: Path) -> None:
    store = site.graph.store
    if not isinstance(store, LocalStore):
        with path.open("wb") as stream:
            write_whole(store, form, stream, workspace=site.graph.workspace, folder=str(path.parent))
        return
    prefixes = None if form == "ntriples" else {name: iri for name, iri in PREFIXES.items() if name != "rdf"}
    try:
        store.oxigraph.dump(str(path), _FORMATS[form], from_graph=ox.DefaultGraph(), prefixes=prefixes)
    except (OSError, ValueError) as error:
        path.unlink(missing_ok=True)
        raise DataError(f"{FORMS[form].label} cannot carry this graph: {error}; take N-Triples") from error
    if form == "rdfxml":
        _check_xml(path)


def _check_xml(path: Path) -> None:
    """Raise DataError where a text has characters that XML does not know."""
    try:
        with path.open("rb") as file:
            expat.ParserCreate(namespace_separator=" ").ParseFile(file)
    except expat.ExpatError as error:
        raise DataError(f"XML cannot carry a character of this graph ({error}): take N-Triples") from error


def _tidied(source: IO[bytes], form: str) -> Iterator[bytes]:
    """Yield a file with the prefixes in order, which the engine writes in that of a hash."""
    if form == "turtle":
        head = []
        while (line := source.readline()).startswith(b"@prefix "):
            head.append(line)
        yield b"".join([*sorted(head), line])
    while chunk := source.read(_CHUNK):
        # A bare carriage return becomes a line feed when XML is read.
        yield chunk.replace(b"\r", b"&#13;") if form == "rdfxml" else chunk
