"""The directory of a zip file, looked at before anything of it is unpacked. Runs in the child; no Django."""

import stat
import zipfile
from collections.abc import Callable
from pathlib import Path, PurePosixPath
from typing import Final

from projects.exchange.confined.limits import MEGABYTE, Limits
from projects.exchange.confined.refusals import Refused

#: Spreadsheets pack 5 to 40 times; deflate reaches 1,032 times with nothing but zeros.
_HIGHEST_RATIO: Final = 250
_WORTH_ASKING_MB: Final = 32
_CHUNK: Final = 1024 * 1024
_SHAPEFILE_PARTS: Final = (".shp", ".shx", ".dbf", ".prj", ".cpg")
_SHAPEFILE_NEEDED: Final = (".shp", ".shx", ".dbf")


def opened(path: Path, limits: Limits) -> zipfile.ZipFile:
    """The archive, when its directory promises nothing unbearable. Raises Refused."""
    try:
        archive = zipfile.ZipFile(path)
    except (zipfile.BadZipFile, NotImplementedError, ValueError, OSError) as problem:
        raise Refused("zip_broken") from problem
    entries = archive.infolist()
    if len(entries) > limits.zip_entries:
        raise Refused("zip_entries", count=len(entries), limit=limits.zip_entries)
    if any(entry.flag_bits & 0x1 for entry in entries):
        raise Refused("password")
    packed = sum(entry.compress_size for entry in entries)
    unpacked = sum(entry.file_size for entry in entries)
    # Entries that share their bytes promise more packed content than the file has.
    if packed > path.stat().st_size or len({entry.filename for entry in entries}) != len(entries):
        raise Refused("zip_broken")
    if unpacked > limits.unpacked_mb * MEGABYTE:
        raise Refused("zip_size", size=unpacked // MEGABYTE, limit=limits.unpacked_mb)
    if unpacked > max(packed, 1) * _HIGHEST_RATIO and unpacked > _WORTH_ASKING_MB * MEGABYTE:
        raise Refused("zip_ratio", size=unpacked // MEGABYTE, ratio=unpacked // max(packed, 1))
    return archive


def contents(archive: zipfile.ZipFile, name: str, tell: Callable[[bytes], None]) -> None:
    """An entry in pieces; one that is longer than its directory says, or damaged, is refused."""
    try:
        with archive.open(name) as file:
            while piece := file.read(_CHUNK):
                tell(piece)
    except (zipfile.BadZipFile, NotImplementedError, EOFError, OSError, KeyError, RuntimeError) as problem:
        raise Refused("zip_broken") from problem
    except Exception as problem:  # zlib.error, lzma.LZMAError: no common ancestor
        if type(problem).__module__ in ("zlib", "_lzma", "lzma"):
            raise Refused("zip_broken") from problem
        raise


def unpack_shapefile(path: Path, folder: Path, limits: Limits) -> tuple[Path, str]:
    """The one shapefile of an archive, unpacked under names of our own, and its own name. Raises Refused."""
    with opened(path, limits) as archive:
        parts: dict[PurePosixPath, dict[str, zipfile.ZipInfo]] = {}
        for entry in archive.infolist():
            own = PurePosixPath(entry.filename.replace("\\", "/"))
            # What macOS puts beside each file.
            if entry.is_dir() or "__MACOSX" in own.parts or own.name.startswith("._"):
                continue
            suffix = own.suffix.lower()
            if suffix not in _SHAPEFILE_PARTS:
                continue
            if own.is_absolute() or ".." in own.parts or ":" in own.parts[0]:
                raise Refused("zip_path", name=entry.filename[:100])
            if stat.S_IFMT(entry.external_attr >> 16) not in (0, stat.S_IFREG):
                raise Refused("zip_path", name=entry.filename[:100])
            group = parts.setdefault(own.with_suffix(""), {})
            if suffix in group:
                raise Refused("zip_broken")
            group[suffix] = entry
        shapes = [stem for stem, group in parts.items() if ".shp" in group]
        if len(shapes) != 1:
            raise Refused(
                "shapefile_count", count=len(shapes), names=[str(stem)[:100] for stem in shapes[:20]]
            )
        stem = shapes[0]
        missing = [suffix for suffix in _SHAPEFILE_NEEDED if suffix not in parts[stem]]
        if missing:
            raise Refused("shapefile_parts", missing=missing)
        for suffix, entry in parts[stem].items():
            with (folder / f"layer{suffix}").open("wb") as file:
                contents(archive, entry.filename, file.write)  # type: ignore[arg-type]
    return folder / "layer.shp", stem.name
