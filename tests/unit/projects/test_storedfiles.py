"""Files under the hash of their content: whole or not at all."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_django.fixtures import Settings

from projects.models import storedfiles


def _files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def test_a_file_lies_under_its_hash_and_is_private(settings: Settings) -> None:
    digest = storedfiles.store(iter([b"abc", b"def"]), max_bytes=6)
    assert digest == hashlib.sha256(b"abcdef").hexdigest()
    with storedfiles.open_file(digest) as file:
        assert file.read() == b"abcdef"
    assert storedfiles.path_of(digest).stat().st_mode & 0o077 == 0
    assert storedfiles.store([b"abcdef"], max_bytes=6) == digest
    assert _files(Path(settings.PRIVATE_FILES_DIR)) == [storedfiles.path_of(digest)]
    storedfiles.forget(digest)
    storedfiles.forget(digest)
    with pytest.raises(FileNotFoundError):
        storedfiles.open_file(digest)


def test_nothing_stays_of_a_file_that_is_too_large_or_broken_off(settings: Settings) -> None:
    def broken() -> Iterator[bytes]:
        yield b"abc"
        raise OSError("the line was cut")

    with pytest.raises(storedfiles.TooLarge):
        storedfiles.store([b"abc", b"def"], max_bytes=5)
    with pytest.raises(OSError, match="cut"):
        storedfiles.store(broken(), max_bytes=100)
    assert _files(Path(settings.PRIVATE_FILES_DIR)) == []


@pytest.mark.parametrize("digest", ["", "../../etc/passwd", "A" * 64, "0" * 63, "0" * 65, "0" * 64 + "\n"])
def test_a_name_is_a_hash_or_refused(digest: str) -> None:
    with pytest.raises(ValueError, match="SHA-256"):
        storedfiles.path_of(digest)
