"""Segments as files: published at once or not at all, mapped into memory, shared by processes.

A published segment is a directory ``segment-<number>`` of ``.npy`` files with a manifest. It is written
under another name and then renamed, so that a reader sees a whole one or none; numbers only grow, and the
largest is the current one. Readers that still map an older one keep it: its files live on until the last
reader lets go.
"""

import json
import os
import re
import shutil
import time
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np
from numpy.typing import NDArray

from maps.pointindex.segment import STRIDE, Segment, make_schema

FORMAT = "maps.pointindex/1"
MANIFEST = "manifest.json"
_DRAFT_SECONDS = 3600
_PUBLISHED = re.compile(r"segment-([0-9]{8})")


class CorruptIndex(Exception):
    """The files are not a whole point index of this format; build it again from the source."""


@dataclass(frozen=True, eq=False)
class StoredSegment:
    """A segment read from files, with its writer's ``token`` (a position in a change log, say)."""

    segment: Segment
    token: str
    path: Path


def _write_synced(path: Path, array: NDArray[Any] | None, text: str = "") -> None:
    with path.open("wb") as file:
        if array is None:
            file.write(text.encode())
        else:
            np.save(file, array, allow_pickle=False)
        file.flush()
        os.fsync(file.fileno())


def _sync_directory(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _crc(path: Path) -> int:
    value = 0
    with path.open("rb") as file:
        while chunk := file.read(1 << 20):
            value = zlib.crc32(chunk, value)
    return value


def _digest(manifest: dict[str, Any]) -> int:
    """Checksum of the manifest's own text, without the checksum."""
    body = {key: value for key, value in manifest.items() if key != "crc"}
    return zlib.crc32(json.dumps(body, sort_keys=True).encode())


def save(segment: Segment, directory: Path, token: str) -> None:
    """Write a segment's files into a new ``directory``. Raises FileExistsError when it is there already."""
    directory.mkdir()
    files = {}
    for name, array in segment.arrays().items():
        path = directory / f"{name}.npy"
        _write_synced(path, array)
        files[path.name] = {"size": path.stat().st_size, "crc": _crc(path)}
    manifest: dict[str, Any] = {
        "format": FORMAT,
        "byteorder": "little" if np.little_endian else "big",
        "rows": len(segment),
        "ids": segment.ids.dtype.name,
        "schema": {name: dtype.name for name, dtype in segment.schema.items()},
        "token": token,
        "files": files,
    }
    manifest["crc"] = _digest(manifest)
    _write_synced(directory / MANIFEST, None, json.dumps(manifest, indent=1))
    _sync_directory(directory)


def _read_manifest(directory: Path) -> dict[str, Any]:
    try:
        manifest = json.loads((directory / MANIFEST).read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise CorruptIndex(f"{directory} has no readable {MANIFEST}: {error}") from error
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        raise CorruptIndex(f"{directory} is not of the format {FORMAT}.")
    if manifest.get("crc") != _digest(manifest):
        raise CorruptIndex(f"{directory / MANIFEST} does not match its own checksum.")
    if manifest["byteorder"] != ("little" if np.little_endian else "big"):
        raise CorruptIndex(f"{directory} was written by a machine of the other byte order.")
    return manifest


def _map_array(path: Path, dtype: "np.dtype[Any]", shape: tuple[int, ...]) -> NDArray[Any]:
    try:
        # A view of the plain class: indexing a numpy.memmap costs several times as much.
        array = np.asarray(np.load(path, mmap_mode="r" if shape[0] else None, allow_pickle=False))
    except (OSError, ValueError, EOFError) as error:
        raise CorruptIndex(f"{path} cannot be read: {error}") from error
    if array.dtype != dtype or array.shape != shape:
        raise CorruptIndex(f"{path} holds {array.dtype}{array.shape}, not {dtype}{shape}.")
    return array


def load(directory: Path, *, verify: bool = True) -> StoredSegment:
    """Map a segment's files into memory. Raises CorruptIndex for anything but a whole index of this format.

    ``verify`` reads every file once and compares checksums (some 15 ms per million rows); without it only the
    sizes, types and shapes are compared.
    """
    manifest = _read_manifest(directory)
    rows = int(manifest["rows"])
    for name, expected in manifest["files"].items():
        path = directory / name
        try:
            same = path.stat().st_size == expected["size"] and (not verify or _crc(path) == expected["crc"])
        except OSError as error:
            raise CorruptIndex(f"{path} cannot be read: {error}") from error
        if not same:
            raise CorruptIndex(f"{path} does not match its size or checksum in {MANIFEST}.")
    try:
        schema = make_schema(manifest["schema"])
    except (TypeError, ValueError) as error:
        raise CorruptIndex(f"{directory / MANIFEST} has no usable schema: {error}") from error
    shape = (rows,)
    wide = manifest["ids"] == "int64"
    segment = Segment(
        ids=_map_array(directory / "ids.npy", np.dtype(np.int64 if wide else np.int32), shape),
        x=_map_array(directory / "x.npy", np.dtype(np.uint32), shape),
        y=_map_array(directory / "y.npy", np.dtype(np.uint32), shape),
        by_id=_map_array(directory / "by_id.npy", np.dtype(np.uint32), shape),
        directory=_map_array(directory / "directory.npy", np.dtype(np.uint64), (-(-rows // STRIDE),)),
        columns={
            name: _map_array(directory / f"column_{name}.npy", dtype, shape) for name, dtype in schema.items()
        },
    )
    return StoredSegment(segment, str(manifest["token"]), directory)


def _published(root: Path) -> list[tuple[int, Path]]:
    """Published segments, the oldest first."""
    if not root.is_dir():
        return []
    found = [(match, path) for path in root.iterdir() if (match := _PUBLISHED.fullmatch(path.name))]
    return sorted((int(match[1]), path) for match, path in found)


def _remove_stale_drafts(root: Path) -> None:
    """What a killed writer left behind, once nobody can still be writing it."""
    for path in root.glob(".draft-*"):
        try:
            stale = time.time() - path.stat().st_mtime > _DRAFT_SECONDS
        except OSError:
            continue  # its writer has just published it
        if stale:
            shutil.rmtree(path, ignore_errors=True)


def publish(segment: Segment, root: Path, token: str, *, keep: int = 2) -> Path:
    """Make a segment the current one under ``root``, all at once; older ones but the last ``keep`` are
    removed.

    Two publishers at the same time both succeed, one after the other: which of them is current is then for
    the callers to settle by their tokens.
    """
    root.mkdir(parents=True, exist_ok=True)
    _remove_stale_drafts(root)
    draft = root / f".draft-{os.getpid()}-{uuid4().hex}"
    try:
        save(segment, draft, token)
        while True:
            existing = _published(root)
            target = root / f"segment-{existing[-1][0] + 1 if existing else 1:08d}"
            try:
                draft.rename(target)
                break
            except OSError:  # somebody else took the number: a directory with files is never overwritten
                if not target.exists():
                    raise
        _sync_directory(root)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    for _, old in _published(root)[: -max(keep, 1)]:
        shutil.rmtree(old, ignore_errors=True)
    return target


def current(root: Path) -> Path | None:
    """The directory of the current segment, or None when nothing has been published."""
    published = _published(root)
    return published[-1][1] if published else None


def load_current(root: Path, *, verify: bool = True) -> StoredSegment | None:
    """Load the current segment; None when nothing has been published. Raises CorruptIndex."""
    for _ in range(5):
        path = current(root)
        if path is None:
            return None
        try:
            return load(path, verify=verify)
        except CorruptIndex:
            if path == current(root):
                raise
            # It was replaced and removed while being read: take the newer one.
    raise CorruptIndex(f"{root} changes faster than it can be read.")
