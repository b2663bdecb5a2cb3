"""Files as clerks and attackers make them: workbooks, archives, GeoPackages and shapefiles."""

import io
import zipfile
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import shapely
from pyogrio.raw import write

Rows = Sequence[Sequence[object]]


def workbook(
    path: Path,
    rows: Rows,
    *,
    merged: Iterable[str] = (),
    change: Callable[[openpyxl.Workbook], object] | None = None,
) -> Path:
    """A workbook of one sheet; `change` does to it whatever else is needed."""
    book = openpyxl.Workbook()
    sheet = book.active
    for row in rows:
        sheet.append(list(row))
    for cells in merged:
        sheet.merge_cells(cells)
    if change is not None:
        change(book)
    book.save(path)
    return path


def with_part(path: Path, changes: dict[str, Callable[[bytes], bytes]]) -> Path:
    """The archive with some of its entries changed."""
    whole = path.read_bytes()
    with zipfile.ZipFile(io.BytesIO(whole)) as old, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            content = old.read(name)
            new.writestr(name, changes[name](content) if name in changes else content)
    return path


SHEET = "xl/worksheets/sheet1.xml"

POINTS = [shapely.Point(121.55, 29.85, 5.0), shapely.Point(121.65, 29.85, 6.0)]


def layer(
    path: Path,
    shapes: Sequence[shapely.Geometry | None],
    columns: dict[str, Sequence[Any]],
    *,
    driver: str = "GPKG",
    kind: str = "Unknown",
    crs: str | None = "EPSG:4326",
    encoding: str | None = None,
    **options: Any,
) -> Path:
    """A vector layer by GDAL: text columns as they are, numbers by their type."""
    packed = [None if shape is None else shapely.to_wkb(shape, output_dimension=3) for shape in shapes]
    write(
        path,
        np.array(packed, dtype=object),
        [
            np.array(values, dtype=object if isinstance(values[0], str) else None)
            for values in columns.values()
        ],
        list(columns),
        geometry_type=kind,
        crs=crs,
        driver=driver,
        encoding=encoding,
        **options,
    )
    return path


def shapefile(folder: Path, columns: dict[str, Sequence[Any]], **options: Any) -> dict[str, bytes]:
    """The parts of a shapefile of two points, by suffix."""
    layer(folder / "layer.shp", POINTS, columns, driver="ESRI Shapefile", kind="Point Z", **options)
    return {part.suffix: part.read_bytes() for part in folder.glob("layer.*")}


def packed(path: Path, entries: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
    return path
