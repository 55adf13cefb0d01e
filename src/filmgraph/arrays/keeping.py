"""Arrays in one file, read by memory map: written aside and renamed into place, checked where they are touched.

A file is a line of magic, a header in JSON (the stamp of the store, and of each array its type, shape, place and
checksum) with its own checksum, and the arrays. Numbers are little-endian whatever the machine. Opening looks at the
header and the size alone; an array is checked against its checksum when it is first read, and of a block of text the
part that is read: so a small question never reads it all, and what was damaged is never believed.
"""

from __future__ import annotations

import json
import mmap
import os
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from threading import RLock
from typing import TYPE_CHECKING, Any
from weakref import finalize
from zlib import crc32

import numpy as np
import numpy.typing as npt

from filmgraph.arrays.building import Columns
from filmgraph.arrays.strings import Text

if TYPE_CHECKING:
    from filmgraph.stores import Store

__all__ = ["FILE", "Damaged", "KeptFile", "Source", "open_source", "write_columns"]

FILE = "arrays-1.bin"
"""The file in a store's folder of derived things; another layout has another name."""

_MAGIC = b"filmgraph arrays 1\n"
_ALIGNED = 64
_BLOCK = 1 << 16
_PIECE = 1 << 20
_LARGEST_HEADER = 1 << 20
_AN_HOUR = 3600.0
_TYPES = ("|b1", "|u1", "<u2", "<u4", "<i4", "<i8", "<f4", "<f8")


class Damaged(Exception):
    """A file of arrays is not what was written; it is told nobody, for the arrays are built anew."""


_TextPlace = tuple[int, int, npt.NDArray[Any], bytearray]
"""Where a block of text begins and ends, the checksums of its parts, and which of these were checked."""


class KeptFile:
    """A file of arrays, opened by memory map."""

    def __init__(self, path: Path, stamp: str) -> None:
        """Open a file; raises OSError where there is none, and Damaged where it is another store's, or not whole."""
        with path.open("rb") as file:
            self._header = _header(file, stamp)
            self._map = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
            # This very file, whatever may be renamed into its place.
            self._file = os.dup(file.fileno())
        finalize(self, os.close, self._file)
        if len(self._map) != self._header["size"]:
            raise Damaged("its size is another")
        self._arrays: dict[str, npt.NDArray[Any]] = {}
        self._texts: dict[str, _TextPlace] = {}

    def array(self, name: str) -> npt.NDArray[Any]:
        """Return an array, checked when it is read first."""
        found = self._arrays.get(name)
        if found is None:
            found, entry = self._mapped(name), self._header["arrays"][name]
            if not name.endswith(".text") and self._sum(entry["at"], found.nbytes) != entry["sum"]:
                raise Damaged(f"{name} has another checksum")
            self._arrays[name] = found
        return found

    def text(self, name: str, start: int, end: int) -> bytes:
        """Return a part of a block of text, checked with the parts about it when they are read first."""
        at, stop, sums, checked = self._texts.get(name) or self._text(name)
        for part in range(start // _BLOCK, -(-end // _BLOCK)):
            if not checked[part]:
                low = at + part * _BLOCK
                if crc32(self._map[low : min(low + _BLOCK, stop)]) != sums[part]:
                    raise Damaged(f"{name} has another checksum at part {part}")
                checked[part] = 1
        return self._map[at + start : at + end]

    def _text(self, name: str) -> _TextPlace:
        sums, size = self.array(name + ".sums"), self._mapped(name).nbytes
        at = self._header["arrays"][name]["at"]
        self._texts[name] = at, at + size, sums, bytearray(len(sums))
        return self._texts[name]

    def _mapped(self, name: str) -> npt.NDArray[Any]:
        entry = self._header["arrays"].get(name)
        if entry is None:
            raise Damaged(f"there is no {name}")
        shape, type_ = tuple(entry["shape"]), entry["type"]
        if type_ not in _TYPES:
            raise Damaged(f"{name} is of no type that is written")
        count = int(np.prod(shape, dtype=np.int64))
        return np.frombuffer(self._map, type_, count, entry["at"]).reshape(shape)

    def _sum(self, at: int, size: int) -> int:
        if not hasattr(os, "pread"):
            return crc32(self._map[at : at + size])
        # Read, not mapped: of a large array most questions touch a small part.
        found = 0
        while size > 0:
            piece = os.pread(self._file, min(size, _PIECE), at)
            if not piece:
                raise Damaged("it is too short")
            found = crc32(piece, found)
            at, size = at + len(piece), size - len(piece)
        return found


class Source:
    """Where arrays come from: a file, or memory; a file that turns out to be damaged is made anew."""

    def __init__(self, made: Columns | None, kept: KeptFile | None, remake: Callable[[], Columns]) -> None:
        self._made = made
        self._kept = kept
        self._remake = remake
        self._mending = RLock()

    @property
    def mapped(self) -> bool:
        """Whether the arrays are read from a file by memory map."""
        return self._made is None

    def array(self, name: str) -> npt.NDArray[Any]:
        """Return an array."""
        if self._made is None and self._kept is not None:
            with suppress(Damaged, OSError):
                return self._kept.array(name)
        return self._mended()[name]

    def text(self, name: str) -> Text:
        """Return what reads a block of text."""

        def read(start: int, end: int) -> bytes:
            if self._made is None and self._kept is not None:
                with suppress(Damaged, OSError):
                    return self._kept.text(name, start, end)
            return self._mended()[name][start:end].tobytes()

        return read

    def _mended(self) -> Columns:
        with self._mending:
            if self._made is None:
                self._made = self._remake()
            return self._made


def open_source(store: Store, name: str, build: Callable[[], Columns]) -> Source:
    """Return arrays kept beside a store in a file: those that are of this state of it, else built anew and kept.

    Where nothing can be written beside the store they stay in memory.
    """
    folder: Path | None = getattr(store, "derived", None)
    stamp: str = getattr(store, "stamp", "")

    def make() -> Columns:
        columns = build()
        if folder is not None and stamp and getattr(store, "stamp", "") == stamp:
            with suppress(OSError):
                write_columns(folder / name, columns, stamp)
        return columns

    if folder is None or not stamp:
        return Source(make(), None, make)
    kept = _opened(folder / name, stamp)
    if kept is not None:
        return Source(None, kept, make)
    columns = make()
    kept = _opened(folder / name, stamp)
    return Source(None if kept else columns, kept, make)


def _opened(file: Path, stamp: str) -> KeptFile | None:
    try:
        return KeptFile(file, stamp)
    except (OSError, ValueError, KeyError, TypeError, Damaged):
        return None


def write_columns(target: Path, columns: Columns, stamp: str) -> None:
    """Write arrays into a file, aside and renamed into place; raises OSError where that cannot be."""
    folder = target.parent
    folder.mkdir(parents=True, exist_ok=True)
    _drop_old(folder)
    file, aside = tempfile.mkstemp(prefix=_ASIDE, dir=folder)
    try:
        with open(file, "wb") as stream:  # noqa: PTH123
            _write(stream, columns, stamp)
        # As readable as the store: mkstemp makes files for their owner alone.
        os.chmod(aside, folder.stat().st_mode & 0o444 | 0o200)  # noqa: PTH101
        os.replace(aside, target)  # noqa: PTH105
    except BaseException:
        with suppress(OSError):
            os.unlink(aside)  # noqa: PTH108
        raise


_ASIDE = "arrays-building-"


def _drop_old(folder: Path) -> None:
    """Remove what builders left that ended before their time."""
    for left in folder.glob(_ASIDE + "*"):
        with suppress(OSError):
            if time.time() - left.stat().st_mtime > _AN_HOUR:
                left.unlink()


def _header(file: Any, stamp: str) -> dict[str, Any]:
    """Return the header of a file; raises Damaged where it is none, or of another stamp."""
    start = file.read(len(_MAGIC) + 12)
    size, found = int.from_bytes(start[-12:-4], "little"), int.from_bytes(start[-4:], "little")
    if not start.startswith(_MAGIC) or len(start) < len(_MAGIC) + 12 or size > _LARGEST_HEADER:
        raise Damaged("it is no file of arrays")
    text = file.read(size)
    if len(text) != size or crc32(text) != found:
        raise Damaged("its header is not whole")
    header: dict[str, Any] = json.loads(text)
    if header["stamp"] != stamp:
        raise Damaged("it is of another state of the store")
    return header


def _write(stream: Any, columns: Columns, stamp: str) -> None:
    arrays = {name: np.ascontiguousarray(values) for name, values in _with_sums(columns).items()}
    entries = {
        name: {"type": values.dtype.str, "shape": list(values.shape), "sum": crc32(_bytes(values)), "at": 10**18}
        for name, values in sorted(arrays.items())
    }
    # The header's own size is known once the places have their greatest possible width.
    size = len(_packed(entries, stamp, 10**18))
    at = start = -(-(len(_MAGIC) + 12 + size) // _ALIGNED) * _ALIGNED
    for name, entry in entries.items():
        entry["at"] = at
        at += -(-arrays[name].nbytes // _ALIGNED) * _ALIGNED
    header = _packed(entries, stamp, at).ljust(size)
    stream.write(_MAGIC + size.to_bytes(8, "little") + crc32(header).to_bytes(4, "little") + header)
    stream.write(b"\0" * (start - len(_MAGIC) - 12 - size))
    for name in entries:
        values = arrays[name]
        stream.write(_bytes(values))
        stream.write(b"\0" * (-values.nbytes % _ALIGNED))


def _bytes(values: npt.NDArray[Any]) -> memoryview:
    return values.reshape(-1).view("u1").data


def _packed(entries: dict[str, Any], stamp: str, size: int) -> bytes:
    return json.dumps({"stamp": stamp, "size": size, "arrays": entries}).encode()


def _with_sums(columns: Columns) -> Columns:
    """Return arrays as they are written: little-endian, blocks of text with the checksums of their parts."""
    written: Columns = {}
    for name, values in columns.items():
        written[name] = values.astype(values.dtype.newbyteorder("<"), copy=False)
        if name.endswith(".text"):
            parts = range(0, len(values), _BLOCK)
            sums = [crc32(values[at : at + _BLOCK].data) for at in parts]
            written[name + ".sums"] = np.array(sums, "<u4")
    return written
