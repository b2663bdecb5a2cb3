"""One writer at a time in a folder of segments, among processes of one machine."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def writer_lock(root: Path, *, wait: bool = True) -> Iterator[bool]:
    """Hold the folder's lock; yields False when it is taken and ``wait`` is False.

    The system lets go of it with the process, so a killed writer leaves nothing locked. Where a lock cannot
    be had at all (a read-only disk), everybody is the writer: publishing is safe without it, only dearer.
    """
    try:
        root.mkdir(parents=True, exist_ok=True)
        handle = os.open(root / ".lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except OSError:
        yield True
        return
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            yield False
            return
        except OSError:
            pass  # a file system without locks
        yield True
    finally:
        os.close(handle)
