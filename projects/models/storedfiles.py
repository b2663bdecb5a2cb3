"""Files that people hand in, kept outside the database under the hash of their content.

A file never changes: the same content is the same file, its name is its SHA-256, and whoever holds the hash
can prove what was handed in. The web server never serves these: pages hand out what a person may see.
"""

import contextlib
import hashlib
import os
import re
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO, Final

from django.conf import settings

_DIGEST: Final = re.compile(r"[0-9a-f]{64}")


class TooLarge(ValueError):
    """More bytes than were allowed; nothing was kept."""


def store(chunks: Iterable[bytes], *, max_bytes: int) -> str:
    """Keep a file; the SHA-256 of its content in hex. On disk (fsync) when this returns, or not there at all.

    Raises TooLarge, OSError.
    """
    folder = _folder()
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    digest, size = hashlib.sha256(), 0
    descriptor, name = tempfile.mkstemp(dir=folder, prefix="incoming-")
    try:
        with os.fdopen(descriptor, "wb") as file:
            for chunk in chunks:
                size += len(chunk)
                if size > max_bytes:
                    raise TooLarge(f"more than {max_bytes} bytes")
                digest.update(chunk)
                file.write(chunk)
            file.flush()
            os.fsync(file.fileno())
        target = path_of(digest.hexdigest())
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        Path(name).replace(target)
        _sync(target.parent)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            Path(name).unlink()
        raise
    return digest.hexdigest()


def is_digest(text: str) -> bool:
    """Whether a text can be the name of a file."""
    return _DIGEST.fullmatch(text) is not None


def path_of(digest: str) -> Path:
    """Where a file lies, whether or not it is there. ValueError for anything but 64 hexadecimal digits."""
    if not _DIGEST.fullmatch(digest):
        raise ValueError(f"not a SHA-256 in hex: {digest!r}")
    return _folder() / digest[:2] / digest


def open_file(digest: str) -> BinaryIO:
    """The file for reading. Raises FileNotFoundError when a backup was restored without its files."""
    return path_of(digest).open("rb")


def forget(digest: str) -> None:
    """Remove a file that nothing refers to any more; none there is fine."""
    path_of(digest).unlink(missing_ok=True)


def _folder() -> Path:
    return Path(settings.PRIVATE_FILES_DIR)


def _sync(folder: Path) -> None:
    """A file's name is on disk only when its folder is."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
