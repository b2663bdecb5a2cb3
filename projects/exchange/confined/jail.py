"""What a process gives up before it looks at a file that nobody vouches for.

Called in the child, after everything that it needs has been imported. Limits of resources hold everywhere;
Landlock (no other file can be opened) and seccomp (no network, no other program, no signal to others) hold
where the kernel has them, and the child says which ones it got. No Django, nothing but the standard library.
"""

import ctypes
import os
import platform
import resource
import signal
import struct
import sysconfig
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

from projects.exchange.confined.limits import MEGABYTE, Limits

_NO_NEW_PRIVILEGES: Final = 38
_SET_SECCOMP: Final = 22
_DIE_WITH_PARENT: Final = 1
_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446  # the same numbers on every architecture
_READ_FILE, _READ_FOLDER = 1 << 2, 1 << 3
_WRITE_FILES: Final = (1 << 1) | (1 << 5) | (1 << 8)  # write, remove, make regular files
_TRUNCATE: Final = 1 << 14

#: Calls that a reader of files has no use for, by architecture (the number that the kernel's audit gives it):
#: sockets; other processes (clone, fork, exec, kill, ptrace, process_vm_*, pidfd_*); mount, namespaces, keys,
#: performance events, BPF, userfaultfd, io_uring.
_REFUSED_CALLS: Final = {
    "x86_64": (
        0xC000003E,
        (
            *(41, 42, 44, 49, 53, 56, 57, 58, 59, 62, 101, 165, 250, 272, 298, 308, 310, 311, 321, 322, 323),
            *(424, 425, 434, 435, 438),
        ),
    ),
    "aarch64": (
        0xC00000B7,
        (
            *(40, 97, 117, 129, 198, 199, 200, 203, 206, 219, 220, 221, 241, 268, 270, 271, 280, 281, 282),
            *(424, 425, 434, 435, 438),
        ),
    ),
}
_EPERM: Final = 1


def end_with_parent() -> None:
    """Be killed when whoever started this process ends, however it ends."""
    ctypes.CDLL(None).prctl(_DIE_WITH_PARENT, int(signal.SIGKILL), 0, 0, 0)


def bound(limits: Limits, *, may_write_mb: int) -> None:
    """Limits of the kernel: memory, processor time, files, no core dump, no other process."""
    memory = limits.memory_mb * MEGABYTE
    for what, most in (
        (resource.RLIMIT_AS, memory),
        (resource.RLIMIT_DATA, memory),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, may_write_mb * MEGABYTE),
        (resource.RLIMIT_NOFILE, 64),
        (resource.RLIMIT_NPROC, 0),
    ):
        _lower(what, most, most)
    # The soft limit ends the process with SIGXCPU, which says what it was; the hard one cannot be caught.
    _lower(resource.RLIMIT_CPU, limits.cpu_seconds, limits.cpu_seconds + 2)


def _lower(what: int, soft: int, hard: int) -> None:
    """Set a limit, or leave it where whoever started the server has set a lower one."""
    _soft, most = resource.getrlimit(what)
    if most != resource.RLIM_INFINITY:
        soft, hard = min(soft, most), min(hard, most)
    resource.setrlimit(what, (soft, hard))


def shut(readable: Iterable[Path], writable: Iterable[Path]) -> list[str]:
    """Give up files, network and other programs for good; which of the two fences stand."""
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0)
    fences = []
    if _landlock(libc, readable, writable):
        fences.append("landlock")
    if _seccomp(libc):
        fences.append("seccomp")
    return fences


def library_folders() -> list[Path]:
    """Where Python and the packages lie: a codec or a table of projections may still be loaded."""
    paths = sysconfig.get_paths()
    names = {paths[key] for key in ("stdlib", "platstdlib", "purelib", "platlib")}
    names |= {"/usr/lib", "/usr/lib64", "/lib", "/lib64", "/usr/local/lib", "/etc/ld.so.cache"}
    return [Path(name) for name in sorted(names) if Path(name).exists()]


def _landlock(libc: ctypes.CDLL, readable: Iterable[Path], writable: Iterable[Path]) -> bool:
    version = libc.syscall(_CREATE_RULESET, None, 0, 1)
    if version < 1:
        return False
    # Every kind of access that this kernel can refuse is refused, except where a rule says otherwise.
    files = (1 << (13 + (version >= 2) + (version >= 3))) - 1
    if version >= 5:
        files |= 1 << 15
    network = 0b11 if version >= 4 else 0
    scoped = 0b11 if version >= 6 else 0
    attributes = struct.pack("=QQQ", files, network, scoped)[
        : 8 if version < 4 else 16 if version < 6 else 24
    ]
    ruleset = libc.syscall(_CREATE_RULESET, attributes, len(attributes), 0)
    if ruleset < 0:
        return False
    write = _WRITE_FILES | (_TRUNCATE if version >= 3 else 0)
    rules = [(path, _READ_FILE | _READ_FOLDER) for path in readable]
    rules += [(path, _READ_FILE | _READ_FOLDER | write) for path in writable]
    for path, access in rules:
        if not path.is_dir():
            access &= _READ_FILE
        descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
        rule = struct.pack("=Qi", access, descriptor)
        libc.syscall(_ADD_RULE, ruleset, 1, rule, 0)
        os.close(descriptor)
    done = bool(libc.syscall(_RESTRICT_SELF, ruleset, 0) == 0)
    os.close(ruleset)
    return done


def _seccomp(libc: ctypes.CDLL) -> bool:
    known = _REFUSED_CALLS.get(platform.machine())
    if known is None:
        return False
    architecture, calls = known
    program = _filter(architecture, calls)
    array = (ctypes.c_ubyte * len(program)).from_buffer_copy(program)

    class Program(ctypes.Structure):
        _fields_ = [("length", ctypes.c_ushort), ("filter", ctypes.c_void_p)]

    whole = Program(len(program) // 8, ctypes.cast(array, ctypes.c_void_p))
    return bool(libc.prctl(_SET_SECCOMP, 2, ctypes.byref(whole), 0, 0) == 0)


def _filter(architecture: int, calls: Sequence[int]) -> bytes:
    """A BPF program: another architecture and every call of the list fail with EPERM, the rest is allowed."""
    load, equal, at_least, answer = 0x20, 0x15, 0x35, 0x06
    refuse, allow = 0x00050000 | _EPERM, 0x7FFF0000
    count = len(calls)
    # A jump counts the steps that it leaves out; the refusal is the last one.
    steps = [
        (load, 0, 0, 4),
        (equal, 0, count + 3, architecture),
        (load, 0, 0, 0),
        (at_least, count + 1, 0, 1 << 30),  # the second set of numbers of x86 (x32)
        *((equal, count - index, 0, number) for index, number in enumerate(calls)),
        (answer, 0, 0, allow),
        (answer, 0, 0, refuse),
    ]
    return b"".join(struct.pack("=HBBI", *step) for step in steps)
