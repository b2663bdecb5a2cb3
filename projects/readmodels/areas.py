"""Stored areas as readers meet them: by id, as a filter's region, as a shape to draw."""

import threading
from collections import OrderedDict
from collections.abc import Collection, Mapping
from dataclasses import dataclass

import shapely

from maps.drawnpolygon import PRECISION
from maps.geojson import geometry_to_mapping
from maps.pointindex import Region
from maps.tiles import BBox
from projects.models import StoredArea

#: Shapes kept ready for the next change of the index. An id names one shape for ever, so none goes stale.
_KEPT_BYTES = 8 << 20
_kept: OrderedDict[str, Region] = OrderedDict()
_lock = threading.Lock()


class NoSuchAreaError(LookupError):
    """No area is stored under that id."""


@dataclass(frozen=True, slots=True)
class AreaShape:
    """A stored area; `geometry` is a GeoJSON MultiPolygon in EPSG:4326, seven decimals."""

    public_id: str
    name: str
    vertices: int
    area_m2: int
    geometry: Mapping[str, object]


def area_names(public_ids: Collection[str]) -> dict[str, str]:
    """The names (some empty) of those of the ids that are stored. One query by the ids alone."""
    if not public_ids:
        return {}
    rows = StoredArea.objects.filter(public_id__in=public_ids).order_by()
    return dict(rows.values_list("public_id", "name"))


def area_shape(public_id: str) -> AreaShape | None:
    """Everything that may be read of an area by whoever has its id."""
    row = StoredArea.objects.filter(public_id=public_id).first()
    if row is None:
        return None
    shape = shapely.from_wkb(bytes(row.geom.wkb))
    return AreaShape(
        row.public_id, row.name, row.vertices, row.area_m2, geometry_to_mapping(shape, PRECISION)
    )


def area_region(public_id: str) -> Region:
    """The area as the index asks it. Raises NoSuchAreaError."""
    with _lock:
        region = _kept.get(public_id)
        if region is not None:
            _kept.move_to_end(public_id)
            return region
    row = StoredArea.objects.filter(public_id=public_id).only("geom").first()
    if row is None:
        raise NoSuchAreaError(public_id)
    region = Region(shapely.from_wkb(bytes(row.geom.wkb)))
    with _lock:
        _kept[public_id] = region
        size = sum(each.nbytes for each in _kept.values())
        while len(_kept) > 1 and size > _KEPT_BYTES:
            _, dropped = _kept.popitem(last=False)
            size -= dropped.nbytes
    return region


def areas_extent(public_ids: Collection[str]) -> BBox | None:
    """What holds all of some stored areas; None for none."""
    if not public_ids:
        return None
    shapes = [area_region(each).geometry for each in public_ids]
    west, south, east, north = (float(edge) for edge in shapely.total_bounds(shapes))
    return BBox(west, south, east, north)
