"""Sites as a GeoPackage: one layer in EPSG:4326, the attributes under the headers of the CSV file.

Attributes are text, as they would stand in the CSV file: a layer has one type a column, and a value that does
not have it must not be lost.
"""

from collections.abc import Iterable, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
import pyogrio
from pyogrio.errors import DataSourceError
from pyogrio.raw import write as write_layer

from projects.exchange.columns import POSITION_FIELDS
from projects.exchange.sitevalues import (
    attribute_columns,
    attributes_of,
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
_DRIVER: Final = "GPKG"
_CHUNK: Final = 2000


def write_site_package(path: Path, export: "SiteExport") -> int:
    """Write the layer a portion at a time; returns how many sites. Raises OSError."""
    names = [name for name in export.fields if name not in POSITION_FIELDS]
    keys = [column.key for column in attribute_columns(kinds_of(export.sites))]
    sites = in_order(export.sites)
    about = dict(export.about.lines())
    count = 0
    with beside(path) as temporary:
        while True:
            portion = list(islice(sites, _CHUNK))
            if not portion and count:
                return count
            _append(temporary, portion, names, keys, about if not count else None)
            count += len(portion)
            if not portion:
                return 0


def _append(
    path: Path,
    sites: Sequence[Site],
    names: Sequence[str],
    keys: Sequence[str],
    about: dict[str, str] | None,
) -> None:
    """The first portion (with `about`) makes the file, empty if need be."""
    columns: list[list[str]] = [[] for _name in (*names, *keys)]
    for site in sites:
        values, own = values_of(site), attributes_of(site)
        cells: Iterable[object] = (*(values[name] for name in names), *(own.get(key) for key in keys))
        for column, value in zip(columns, cells, strict=True):
            column.append(plain_cell(value))
    try:
        write_layer(
            path,
            geometry=np.array([bytes(site.geom.wkb) for site in sites], dtype=object),
            field_data=[np.array(column, dtype=object) for column in columns],
            fields=[*names, *(f"attributes.{key}" for key in keys)],
            layer=LAYER,
            driver=_DRIVER,
            geometry_type="Unknown",
            crs="EPSG:4326",
            append=about is None,
            layer_metadata=about,
        )
    except (DataSourceError, pyogrio.errors.DataLayerError) as problem:
        raise OSError(0, str(problem), str(path)) from problem
