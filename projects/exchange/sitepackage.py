"""Sites as a GeoPackage: one layer in EPSG:4326, the attributes under the headers of the CSV file.

Attributes are text, as they would stand in the CSV file: a layer has one type a column, and a value that does
not have it must not be lost. Written by sqlite3, not by GDAL: in a process that SpatiaLite is loaded in, the
GDAL that pyogrio brings along ends the process (docs/decisions/0039-geopackage-by-sqlite3.md).
"""

import sqlite3
import struct
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Final

from projects.exchange.columns import ATTRIBUTES, POSITION_FIELDS
from projects.exchange.sitevalues import (
    attribute_columns,
    attributes_of,
    geometry_of,
    in_order,
    kinds_of,
    values_of,
)
from projects.exchange.values import plain_cell
from projects.exchange.workbooks import beside
from projects.models import Site

if TYPE_CHECKING:
    from projects.exchange.exporting import SiteExport

LAYER: Final = "sites"
#: "GPKG" and version 1.3.0 (OGC 12-128r17, requirement 2).
_APPLICATION_ID, _VERSION = 0x47504B47, 10300
_SRS: Final = 4326
_WGS84: Final = (
    'GEOGCS["WGS 84",DATUM["WGS_1984",SPHEROID["WGS 84",6378137,298.257223563,AUTHORITY["EPSG","7030"]],'
    'AUTHORITY["EPSG","6326"]],PRIMEM["Greenwich",0,AUTHORITY["EPSG","8901"]],'
    'UNIT["degree",0.0174532925199433,AUTHORITY["EPSG","9122"]],AUTHORITY["EPSG","4326"]]'
)
# Tables 1, 3 and 5 of the standard.
_TABLES: Final = """
CREATE TABLE gpkg_spatial_ref_sys (
    srs_name TEXT NOT NULL, srs_id INTEGER PRIMARY KEY, organization TEXT NOT NULL,
    organization_coordsys_id INTEGER NOT NULL, definition TEXT NOT NULL, description TEXT);
CREATE TABLE gpkg_contents (
    table_name TEXT NOT NULL PRIMARY KEY, data_type TEXT NOT NULL, identifier TEXT UNIQUE,
    description TEXT DEFAULT '',
    last_change DATETIME NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ','now')),
    min_x DOUBLE, min_y DOUBLE, max_x DOUBLE, max_y DOUBLE, srs_id INTEGER,
    CONSTRAINT fk_gc_r_srs_id FOREIGN KEY (srs_id) REFERENCES gpkg_spatial_ref_sys(srs_id));
CREATE TABLE gpkg_geometry_columns (
    table_name TEXT NOT NULL, column_name TEXT NOT NULL, geometry_type_name TEXT NOT NULL,
    srs_id INTEGER NOT NULL, z TINYINT NOT NULL, m TINYINT NOT NULL,
    CONSTRAINT pk_geom_cols PRIMARY KEY (table_name, column_name),
    CONSTRAINT uk_gc_table_name UNIQUE (table_name),
    CONSTRAINT fk_gc_tn FOREIGN KEY (table_name) REFERENCES gpkg_contents(table_name),
    CONSTRAINT fk_gc_srs FOREIGN KEY (srs_id) REFERENCES gpkg_spatial_ref_sys(srs_id));
"""
# Byte order of the header (little endian), and that the envelope of two dimensions follows.
_LITTLE_ENDIAN, _WITH_ENVELOPE = 0b1, 0b10


def write_site_package(path: Path, export: "SiteExport") -> int:
    """Write the layer as the sites come; returns how many. Raises OSError."""
    names = [name for name in export.fields if name not in POSITION_FIELDS]
    keys = [column.key for column in attribute_columns(kinds_of(export.sites))]
    headers = [*names, *(f"{ATTRIBUTES}{key}" for key in keys)]
    with beside(path) as temporary:
        try:
            with closing(sqlite3.connect(temporary, isolation_level=None)) as package:
                return _write(package, export, headers, _rows(export, names, keys))
        except sqlite3.Error as problem:
            raise OSError(0, str(problem), str(path)) from problem


def _write(
    package: sqlite3.Connection, export: "SiteExport", headers: Sequence[str], rows: Iterator[list[object]]
) -> int:
    # A file that nobody else sees yet, and that is thrown away when anything fails.
    package.execute("PRAGMA journal_mode = OFF")
    package.execute("PRAGMA synchronous = OFF")
    package.execute(f"PRAGMA application_id = {_APPLICATION_ID}")
    package.execute(f"PRAGMA user_version = {_VERSION}")
    package.executescript(_TABLES)
    package.executemany(
        "INSERT INTO gpkg_spatial_ref_sys VALUES (?, ?, ?, ?, ?, ?)",
        [
            ("Undefined Cartesian SRS", -1, "NONE", -1, "undefined", ""),
            ("Undefined geographic SRS", 0, "NONE", 0, "undefined", ""),
            ("WGS 84", _SRS, "EPSG", _SRS, _WGS84, "longitude/latitude, degrees"),
        ],
    )
    columns = ", ".join(f"{_quoted(header)} TEXT" for header in headers)
    package.execute(
        f"CREATE TABLE {LAYER} (fid INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, geom GEOMETRY, {columns})"
    )
    about = "\n".join(f"{label}: {text}" for label, text in export.about.lines())
    package.execute(
        "INSERT INTO gpkg_contents (table_name, data_type, identifier, description, srs_id)"
        " VALUES (?, 'features', ?, ?, ?)",
        (LAYER, LAYER, about, _SRS),
    )
    package.execute(
        "INSERT INTO gpkg_geometry_columns VALUES (?, 'geom', 'GEOMETRY', ?, 0, 0)", (LAYER, _SRS)
    )
    package.execute("BEGIN")
    places = ", ".join("?" * (len(headers) + 1))
    package.executemany(f"INSERT INTO {LAYER} VALUES (NULL, {places})", rows)
    package.execute("COMMIT")
    return int(package.execute(f"SELECT count(*) FROM {LAYER}").fetchone()[0])


def _rows(export: "SiteExport", names: Sequence[str], keys: Sequence[str]) -> Iterator[list[object]]:
    for site in in_order(export.sites):
        values, own = values_of(site), attributes_of(site)
        cells = [plain_cell(values[name]) for name in names]
        yield [_geometry(site), *cells, *(plain_cell(own.get(key)) for key in keys)]


def _geometry(site: Site) -> bytes:
    """The geometry as the standard wants it (clause 2.1.3): a header, then WKB; a point has no envelope."""
    shape = bytes(site.geom.wkb)
    if site.geom.geom_type == "Point":
        return struct.pack("<2sBBi", b"GP", 0, _LITTLE_ENDIAN, _SRS) + shape
    west, south, east, north = geometry_of(site).bounds
    flags = _LITTLE_ENDIAN | _WITH_ENVELOPE
    return struct.pack("<2sBBi4d", b"GP", 0, flags, _SRS, west, east, south, north) + shape


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
