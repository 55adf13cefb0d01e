"""The walls around a process: no network, no new programs, limits on memory, time and files.

What only Linux has is skipped elsewhere without a word; :func:`cut_off` says whether the network is gone. All of it is
inherited by the processes that are forked afterwards, and none of it can be undone by them.
"""

from __future__ import annotations

import ctypes
import math
import os
import platform
import resource
import signal
import struct
import sys
from contextlib import suppress
from pathlib import Path

__all__ = ["cut_off", "die_with_parent", "limit", "step_back"]

_NEWUSER, _NEWNET = 0x10000000, 0x40000000
_SET_PDEATHSIG, _SET_DUMPABLE, _SET_SECCOMP, _SET_NO_NEW_PRIVS = 1, 4, 22, 38
_FILTER_MODE = 2
_LARGEST_OPEN = 1024
_NICE = 10

_DENIED = {
    # Machine to the number by which the kernel knows it, and those of its calls: socket, execve, ptrace,
    # process_vm_readv, process_vm_writev, execveat, io_uring_setup (which can open sockets, too).
    "x86_64": (0xC000003E, (41, 59, 101, 310, 311, 322, 425)),
    "aarch64": (0xC00000B7, (198, 221, 117, 270, 271, 281, 425)),
}
_OTHER_CALLS = 0x40000000
"""From here on x86_64 has second numbers for its calls."""
_LOAD, _IS_EQUAL, _IS_AT_LEAST, _RETURN = 0x20, 0x15, 0x35, 0x06
_ALLOW, _REFUSE = 0x7FFF0000, 0x00050000 | 13


def cut_off() -> bool:
    """Take the network and the right to start programs from this process; return whether the network is gone.

    Two ways are gone, for either may be closed by the kernel or a container: a network namespace with nothing in it,
    and a filter that refuses to make sockets. Only a process of one thread may call this.
    """
    if sys.platform != "linux":
        return False
    _prctl(_SET_NO_NEW_PRIVS, 1)
    is_empty = _unshare(_NEWNET)
    # Root would lose its rights over the files of others in a user namespace.
    if not is_empty and os.geteuid() != 0:
        is_empty = _unshare(_NEWUSER | _NEWNET)
    is_filtered = _filter_calls()
    return is_empty or is_filtered


def die_with_parent(parent: int) -> None:
    """Have the kernel kill this process as soon as its parent ends, which may just have happened."""
    if sys.platform == "linux":
        _prctl(_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


def step_back() -> None:
    """Let others go first: at the processor, and when the system looks for a process to kill for its memory."""
    with suppress(OSError):
        os.nice(_NICE)
    if sys.platform == "linux":
        with suppress(OSError):
            Path("/proc/self/oom_score_adj").write_bytes(b"900")


def limit(*, memory: int, seconds: float, writes: bool) -> None:
    """Bound this process: ``memory`` more bytes than it has now, seconds of computing, no files unless it ``writes``.

    It leaves no core dump, not even with a program that collects them.
    """
    taken = _size_now()
    if taken:
        _set(resource.RLIMIT_AS, taken + memory)
        _set(resource.RLIMIT_DATA, taken + memory)
    _set(resource.RLIMIT_CORE, 0)
    _set(resource.RLIMIT_NOFILE, _LARGEST_OPEN)
    if not writes:
        _set(resource.RLIMIT_FSIZE, 0)
    computing = math.ceil(seconds) + 1
    _set(resource.RLIMIT_CPU, computing, computing + 1)
    if sys.platform == "linux":
        _prctl(_SET_DUMPABLE, 0)


def _set(which: int, most: int, at_the_very_most: int | None = None) -> None:
    """Lower a limit; one that is lower already stays."""
    _, hard = resource.getrlimit(which)
    top = most if at_the_very_most is None else at_the_very_most
    if hard != resource.RLIM_INFINITY:
        most, top = min(most, hard), min(top, hard)
    with suppress(OSError, ValueError):  # macOS does not know each of them.
        resource.setrlimit(which, (most, top))


def _size_now() -> int:
    """Return the bytes of address space that this process takes, 0 where the system does not tell."""
    try:
        pages = Path("/proc/self/statm").read_bytes().split()[0]
    except OSError:
        return 0
    return int(pages) * resource.getpagesize()


def _unshare(what: int) -> bool:
    call = getattr(ctypes.CDLL(None), "unshare", None)
    return call is not None and call(what) == 0


def _prctl(option: int, value: int, pointer: object = None) -> bool:
    call = getattr(ctypes.CDLL(None), "prctl", None)
    return call is not None and call(option, ctypes.c_ulong(value), pointer, ctypes.c_ulong(0), ctypes.c_ulong(0)) == 0


class _Program(ctypes.Structure):
    """A filter of system calls as the kernel takes it."""

    _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p))


def _filter_calls() -> bool:
    """Have the kernel refuse the calls that reach out; return whether it will."""
    if platform.machine() not in _DENIED or sys.maxsize < 2**32:
        return False
    machine, denied = _DENIED[platform.machine()]
    steps = [(_LOAD, 0, 0, 4), (_IS_EQUAL, 1, 0, machine), (_RETURN, 0, 0, _REFUSE), (_LOAD, 0, 0, 0)]
    for number, test in ((_OTHER_CALLS, _IS_AT_LEAST), *((call, _IS_EQUAL) for call in denied)):
        steps += [(test, 0, 1, number), (_RETURN, 0, 0, _REFUSE)]
    steps.append((_RETURN, 0, 0, _ALLOW))
    code = b"".join(struct.pack("=HBBI", *step) for step in steps)
    program = _Program(len(steps), code)
    return _prctl(_SET_SECCOMP, _FILTER_MODE, ctypes.byref(program))
