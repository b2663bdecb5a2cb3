"""GeoPackage and shapefile by GDAL, with no other driver left in it. Runs in the child; no Django.

GDAL's virtual file systems and network need drivers and addresses that it never sees: the only name it is
given is that of a private copy, whose first bytes were looked at. SQLite in a GeoPackage runs nothing that
the file brings along: it is read immutable, with an untrusting schema and without extensions.
"""

import codecs
import json
import os
import re
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from maps.wkb import CURVES, WKBError, mapping_from_wkb
from projects.exchange.confined.dbf import encoding_of
from projects.exchange.confined.limits import Limits
from projects.exchange.confined.refusals import Refused
from projects.exchange.confined.workbooks import cell_text
from projects.exchange.confined.ziplook import unpack_shapefile

Out = Callable[[object], None]

GPKG: Final = "GPKG"
SHAPEFILE: Final = "ESRI Shapefile"
_SIGNATURES: Final = {GPKG: b"SQLite format 3\x00", SHAPEFILE: b"\x00\x00\x27\x0a"}
_BATCH: Final = 20_000
MAX_LAYERS: Final = 500
_EPSG: Final = re.compile(r"[A-Z]{3,6}:[0-9A-Z]{1,12}")
_WKT_NAME: Final = re.compile(r'^\s*\w+\s*\[\s*"([^"]{1,100})"')
#: Settings of GDAL: nothing from the network, no folder listings, one thread, SQLite that trusts no schema.
ENVIRONMENT: Final = {
    "GDAL_DISABLE_READDIR_ON_OPEN": "EMPTY_DIR",
    "CPL_VSIL_CURL_ALLOWED_EXTENSIONS": "none",
    "GDAL_HTTP_MAX_RETRY": "0",
    "PROJ_NETWORK": "OFF",
    "GDAL_NUM_THREADS": "1",
    "OGR_SQLITE_PRAGMA": "trusted_schema=OFF,cell_size_check=ON,temp_store=MEMORY",
    "OGR_SQLITE_LOAD_EXTENSIONS": "",
    "SQLITE_USE_OGR_VFS": "NO",
    "OGR_ENABLE_PARTIAL_REPROJECTION": "NO",
    "CPL_LOG": "/dev/null",
    "CPL_DEBUG": "OFF",
}


def prepare() -> None:
    """Load GDAL and take every driver out of it but the two. Before the fences go up; raises RuntimeError."""
    os.environ.update(ENVIRONMENT)
    sys.modules["shapely"] = None  # type: ignore[assignment]  # GEOS is not wanted here
    warnings.simplefilter("ignore")
    import pyogrio
    from pyogrio import _ogr

    extra = [name for name in pyogrio.list_drivers() if name not in _SIGNATURES]
    pyogrio.set_gdal_config_options({"GDAL_SKIP": ",".join(extra), "OGR_SKIP": ",".join(extra)})
    _ogr._register_drivers()
    left = set(pyogrio.list_drivers())
    if left != set(_SIGNATURES):
        raise RuntimeError(f"drivers: {sorted(left)}")


def read(path: Path, request: dict[str, Any], limits: Limits, out: Out) -> None:
    """Write what the layer is, then its features. Raises Refused.

    Request: `format` (gpkg or shapefile, the latter packed as zip), `sheet` (the layer), `encoding`,
    `is_look`.
    """
    import pyogrio
    from pyogrio.errors import DataLayerError, DataSourceError

    encoding, how, own_name = "", "", ""
    if request["format"] == "shapefile":
        folder = path.parent / "unpacked"
        path, own_name = unpack_shapefile(path, folder, limits)
        encoding, how = encoding_of(path.with_suffix(".dbf"), path.with_suffix(".cpg"))
        if request["encoding"]:
            encoding, how = _declared(request["encoding"]), "declared"
    driver, options = (GPKG, {"IMMUTABLE": "YES", "LIST_ALL_TABLES": "NO"})
    if request["format"] == "shapefile":
        driver, options = SHAPEFILE, {}
    with path.open("rb") as file:
        if file.read(16)[: len(_SIGNATURES[driver])] != _SIGNATURES[driver]:
            raise Refused("not_vector", name=driver)
    try:
        layers = [(str(name), kind) for name, kind in pyogrio.list_layers(path).tolist()]
        if len(layers) > MAX_LAYERS:
            raise Refused("layers", count=len(layers), limit=MAX_LAYERS)
        index = _choose(layers, request["sheet"] if driver == GPKG else None, is_look=request["is_look"])
        if index is None:
            out(_head(request["format"], layers, None, own_name, {}, encoding, how))
            return
        info = pyogrio.read_info(
            path, layer=layers[index][0], encoding=encoding or None, force_feature_count=True, **options
        )
        if info["driver"] != driver:
            raise Refused("not_vector", name=driver)
        out(_head(request["format"], layers, index, own_name, info, encoding, how))
        curved = _curved(path, layers[index][0], info.get("geometry_name"), options) if driver == GPKG else {}
        _features(path, layers[index][0], encoding, limits, options, curved, out)
    except (DataSourceError, DataLayerError) as problem:
        raise Refused("vector_broken", name=driver) from problem


def _declared(name: str) -> str:
    try:
        return codecs.lookup(name).name
    except LookupError as problem:
        raise Refused("encoding", name=name[:40]) from problem


def _choose(layers: list[tuple[str, str | None]], wanted: str | None, *, is_look: bool) -> int | None:
    names = [name for name, _kind in layers]
    if not layers:
        raise Refused("no_layers")
    if wanted is not None:
        if wanted in names:
            return names.index(wanted)
        if wanted.isascii() and wanted.isdecimal() and len(wanted) < 6 and 1 <= int(wanted) <= len(names):
            return int(wanted) - 1
        raise Refused("no_layer", wanted=wanted[:100], names=[name[:100] for name in names])
    spatial = [index for index, (_name, kind) in enumerate(layers) if kind is not None]
    if len(spatial) == 1:
        return spatial[0]
    if not spatial:
        raise Refused("no_geometry", names=[name[:100] for name in names])
    if is_look:
        return None
    raise Refused("choose_layer", names=[names[index][:100] for index in spatial])


def _head(
    kind: str,
    layers: list[tuple[str, str | None]],
    index: int | None,
    own_name: str,
    info: dict[str, Any],
    encoding: str,
    how: str,
) -> dict[str, Any]:
    fields = [str(name) for name in info.get("fields", ())]
    return {
        "format": kind,
        "sheets": [
            [own_name or name, info.get("features", -1) if i == index else -1, False]
            for i, (name, _kind) in enumerate(layers)
        ],
        "sheet": index,
        "fields": fields,
        "crs": _crs(info.get("crs")),
        "encoding": encoding,
        "encoding_how": how,
    }


def _crs(text: str | None) -> str:
    """`EPSG:4490`, or the name in a definition without a number; empty where nothing is declared."""
    if not text:
        return ""
    if _EPSG.fullmatch(text):
        return text
    import pyproj

    try:
        code = pyproj.CRS.from_user_input(text).to_epsg(min_confidence=70)
    except pyproj.exceptions.CRSError:
        code = None
    if code:
        return f"EPSG:{code}"
    name = _WKT_NAME.match(text)
    return name[1] if name else text[:100]


def _curved(path: Path, layer: str, column: str | None, options: dict[str, str]) -> dict[int, str]:
    """Features that are curves, and which kind. GDAL hands them over as if they had been lines all along."""
    from pyogrio.raw import read as read_batch

    if not column:
        return {}
    quoted = column.replace('"', '""')
    found: dict[int, str] = {}

    def mark(names: list[str], shown: str) -> None:
        listed = ", ".join(f"'{name.upper()}'" for name in names)
        where = f'ST_GeometryType("{quoted}") IN ({listed})'
        _meta, fids, _geometries, _columns = read_batch(
            path, layer=layer, where=where, columns=[], read_geometry=False, return_fids=True, **options
        )
        found.update(dict.fromkeys(fids.tolist(), shown))

    mark(list(CURVES.values()), "Curve")
    if found:
        for name in CURVES.values():
            mark([name], name)
    return found


def _features(
    path: Path,
    layer: str,
    encoding: str,
    limits: Limits,
    options: dict[str, str],
    curved: dict[int, str],
    out: Out,
) -> None:
    from pyogrio.raw import read as read_batch

    done = 0
    while True:
        meta, fids, geometries, columns = read_batch(
            path,
            layer=layer,
            encoding=encoding or None,
            skip_features=done,
            max_features=_BATCH,
            datetime_as_string=True,
            return_fids=True,
            **options,
        )
        count = len(fids)
        if len(meta["fields"]) > limits.columns:
            raise Refused("columns", row=0, count=len(meta["fields"]), limit=limits.columns)
        lists = [column.tolist() for column in columns]
        for place, fid in enumerate(fids.tolist()):
            number = done + place + 1
            if number > limits.rows:
                raise Refused("rows", limit=limits.rows)
            shape = (
                {"type": curved[fid]}
                if fid in curved
                else _geometry(None if geometries is None else geometries[place])
            )
            out([number, [_cell(values[place]) for values in lists], shape])
        done += count
        if count < _BATCH:
            return


def _geometry(wkb: bytes | None) -> dict[str, Any] | None:
    if wkb is None:
        return None
    try:
        geometry, _srid = mapping_from_wkb(bytes(wkb))
    except WKBError:
        return {"type": "?"}
    # One point kept as a set of points is a point: some programs write every layer so.
    if geometry["type"] == "MultiPoint" and len(geometry["coordinates"]) == 1:
        return {"type": "Point", "coordinates": geometry["coordinates"][0]}
    return geometry


def _cell(value: object) -> str:
    if isinstance(value, float) and value != value:
        return ""  # an empty cell of a column of numbers
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, list | dict):
        return json.dumps(value, ensure_ascii=False)
    text = cell_text(value)
    # A day comes back with a midnight, as text.
    return text[:10] if re.fullmatch(r"\d{4}-\d\d-\d\dT00:00:00(\.0+)?", text) else text
