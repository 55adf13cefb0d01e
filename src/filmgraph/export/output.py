"""A file written whole or not at all."""

from __future__ import annotations

import gzip
import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import IO, cast

from filmgraph.errors import OutputError

__all__ = ["open_output", "write_output"]

_GZIP_LEVEL = 6


def write_output(text: str, path: str | os.PathLike[str], *, overwrite: bool = False) -> None:
    """Write a text to a file as UTF-8, all of it or nothing; see :func:`open_output`."""
    with open_output(path, overwrite=overwrite) as stream:
        stream.write(text.encode())


@contextmanager
def open_output(path: str | os.PathLike[str], *, overwrite: bool = False) -> Iterator[IO[bytes]]:
    """Yield a stream of bytes for a file, which is there when all of it is written, or not at all.

    It is written aside, in the same folder, and moved into place, so that no reader ever meets half a file. An
    existing file keeps its permissions. Where the name ends in ``.gz`` it is compressed, the same bytes each time.

    Raises :class:`~filmgraph.errors.OutputError` where the path exists and ``overwrite`` is not given, where it is a
    folder or a device, and where it cannot be written.
    """
    name = os.fspath(path)
    try:
        target = Path(name).resolve() if name else Path()
        mode = _mode_to_keep(name, target, overwrite)
        aside = target.with_name(f".filmgraph-{secrets.token_hex(8)}")
    except FileExistsError as error:
        raise _exists(name) from error
    except (OSError, ValueError, RuntimeError) as error:  # RuntimeError: links that lead in a circle
        raise _failed(name, error) from error
    try:
        try:
            yield from _written_aside(aside, mode, is_packed=name.lower().endswith(".gz"))
            _move(aside, target, overwrite=overwrite)
        finally:
            with suppress(OSError):
                aside.unlink()
    except FileExistsError as error:
        raise _exists(name) from error
    except OSError as error:
        raise _failed(name, error) from error


def _written_aside(aside: Path, mode: int | None, *, is_packed: bool) -> Iterator[IO[bytes]]:
    write = partial(os.open, mode=0o666 if mode is None else mode)
    with open(aside, "xb", opener=write) as stream:  # Path.open takes no opener
        if is_packed:
            with gzip.GzipFile("", "wb", _GZIP_LEVEL, stream, 0) as packed:
                yield cast(IO[bytes], packed)
        else:
            yield stream
        stream.flush()
        os.fsync(stream.fileno())
    if mode is not None:
        aside.chmod(mode)


def _exists(name: str) -> OutputError:
    return OutputError(f"{name}: exists already; name another file or allow overwriting")


def _failed(name: str, error: Exception) -> OutputError:
    reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return OutputError(f"{name}: cannot be written: {reason}")


def _mode_to_keep(name: str, target: Path, overwrite: bool) -> int | None:
    """Return the permissions of the file that is to be replaced, None where there is none."""
    try:
        there = target.stat()
    except FileNotFoundError:
        if not name or name.endswith(("/", os.sep)):
            raise OutputError(f"{name!r} names no file") from None
        if not target.parent.is_dir():
            raise OutputError(f"{name}: there is no folder {Path(name).parent} to write it in") from None
        return None
    if stat.S_ISDIR(there.st_mode):
        raise OutputError(f"{name}: is a folder; name a file in it")
    if not stat.S_ISREG(there.st_mode):
        raise OutputError(f"{name}: is no plain file, so nothing is written over it")
    if not overwrite:
        raise FileExistsError
    return stat.S_IMODE(there.st_mode)


def _move(aside: Path, target: Path, *, overwrite: bool) -> None:
    """Move a file into place; without ``overwrite`` a link is made, which fails where another was faster."""
    if not overwrite:
        try:
            os.link(aside, target)
            return
        except FileExistsError:
            raise
        except OSError:
            # This file system knows no hard links: the look before has to do.
            if target.exists():
                raise FileExistsError from None
    aside.replace(target)
