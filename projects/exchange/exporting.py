"""Sites as files that import reads back unchanged: CSV, GeoJSON, XLSX and GeoPackage, in WGS-84.

A file appears under its name only when it is complete. Text that a spreadsheet would run as a formula carries
an apostrophe in CSV and XLSX, which import takes off again.
"""

import contextlib
import csv
import datetime as dt
import io
import json
import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import IO, Final

import shapely
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from projects.exchange.columns import ATTRIBUTES, POSITION_FIELDS
from projects.exchange.exportabout import ExportAbout
from projects.exchange.problems import OptionError
from projects.exchange.sitevalues import (
    EXTRA_FIELDS,
    FIELDS,
    INTERNAL_FIELDS,
    attribute_columns,
    attributes_of,
    geometry_of,
    in_order,
    kinds_of,
    values_of,
)
from projects.exchange.values import text_cell
from projects.models import Site

EXPORT_SUFFIXES: Final = frozenset({".csv", ".geojson", ".xlsx", ".gpkg"})
#: Heads the last column of a CSV file, which has no other room for it.
CHECKPOINT_COLUMN: Final = "audit_checkpoint"
_LINES_AT_ONCE: Final = 200


@dataclass(frozen=True, slots=True)
class SiteExport:
    """What is written. `internal`: with what only staff see. `about`: what the file says of itself."""

    sites: "QuerySet[Site]"
    about: ExportAbout
    internal: bool = False

    @property
    def fields(self) -> tuple[str, ...]:
        return (*FIELDS, *EXTRA_FIELDS, *(INTERNAL_FIELDS if self.internal else ()))


@dataclass(slots=True)
class Tally:
    """How many sites were written so far."""

    sites: int = 0


def check_export_path(path: Path) -> None:
    """Raises OptionError for a format that is not written and a folder that is not there."""
    if path.suffix.lower() not in EXPORT_SUFFIXES:
        raise OptionError(
            _("不能写 %(name)s:能写 .xlsx 和 .csv(表格软件可打开)、.geojson 和 .gpkg(GIS 软件可打开)。")
            % {"name": path.suffix or path.name}
        )
    if not path.parent.is_dir():
        raise OptionError(_("文件夹 %(folder)s 不存在。") % {"folder": path.parent})


def export_sites(path: Path, export: SiteExport) -> int:
    """Write the sites in the order of their codes; returns how many. Raises OSError and OptionError."""
    tally = Tally()
    # Imported here: a CSV file needs neither.
    match path.suffix.lower():
        case ".xlsx":
            from projects.exchange.sitebook import write_site_book

            return write_site_book(path, export)
        case ".gpkg":
            from projects.exchange.sitepackage import write_site_package

            return write_site_package(path, export)
        case ".csv":
            lines = csv_lines(export, tally)
        case _:
            lines = geojson_lines(export, tally)
    with complete_or_nothing(path) as file:
        for text in lines:
            file.write(text)
    return tally.sites


def csv_lines(export: SiteExport, tally: Tally) -> Iterator[str]:
    """The text of a CSV file, a few kilobytes at a time, without the byte order mark."""
    columns = attribute_columns(kinds_of(export.sites))
    point = export.about.checkpoint
    stamp = [f"{point.seq} {point.hash}"] if point else []
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow(
        [*export.fields, *(column.field for column in columns), *([CHECKPOINT_COLUMN] if point else [])]
    )
    for tally.sites, site in enumerate(in_order(export.sites), start=1):
        values, own = values_of(site), attributes_of(site)
        cells = [text_cell(values[name]) for name in export.fields]
        writer.writerow([*cells, *(text_cell(own.get(column.key)) for column in columns), *stamp])
        if tally.sites % _LINES_AT_ONCE == 0:
            yield _taken(buffer)
    yield _taken(buffer)


def geojson_lines(export: SiteExport, tally: Tally) -> Iterator[str]:
    """The text of a GeoJSON file, a few kilobytes at a time."""
    buffer = io.StringIO()
    buffer.write('{"type": "FeatureCollection",\n')
    # Members that readers of GeoJSON pass over (RFC 7946, 6.1).
    buffer.write(f'"about": {json.dumps(export.about.for_programs(), ensure_ascii=False)},\n')
    point = export.about.checkpoint
    if point is not None:
        said = {"seq": point.seq, "hash": point.hash, "time": point.signed_at.isoformat()}
        buffer.write(f'"audit_checkpoint": {json.dumps(said)},\n')
    buffer.write('"features": [')
    names = [name for name in export.fields if name not in POSITION_FIELDS]
    for tally.sites, site in enumerate(in_order(export.sites), start=1):
        values = values_of(site)
        properties = {name: _json(values[name]) for name in names}
        properties |= {f"{ATTRIBUTES}{key}": value for key, value in attributes_of(site).items()}
        feature = {
            "type": "Feature",
            "properties": properties,
            "geometry": shapely.geometry.mapping(geometry_of(site)),
        }
        buffer.write("\n" if tally.sites == 1 else ",\n")
        json.dump(feature, buffer, ensure_ascii=False, allow_nan=False)
        if tally.sites % _LINES_AT_ONCE == 0:
            yield _taken(buffer)
    buffer.write("\n]}\n")
    yield _taken(buffer)


def _json(value: object) -> object:
    match value:
        case dt.date():
            return value.isoformat()
        case Decimal():
            return float(value)
        case _:
            return value


def _taken(buffer: io.StringIO) -> str:
    """What was written since the last time."""
    text = buffer.getvalue()
    buffer.seek(0)
    buffer.truncate()
    return text


@contextlib.contextmanager
def complete_or_nothing(path: Path) -> Iterator[IO[str]]:
    """A text file that appears under its name when the block is through, and not at all when it raises."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".part")
    temporary = Path(name)
    try:
        # Excel takes a CSV without the mark for the local encoding; JSON must not have one.
        encoding = "utf-8-sig" if path.suffix.lower() == ".csv" else "utf-8"
        with os.fdopen(handle, "w", encoding=encoding, newline="") as file:
            yield file
        temporary.chmod(0o644)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
