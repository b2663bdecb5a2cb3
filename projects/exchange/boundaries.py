"""A city's borders from any vector file (GeoJSON, GeoPackage, zipped shapefile) with a declared datum.

Everything is read, brought to EPSG:4326 and checked; nothing is written here. GeoPackage and shapefile are
read by the limited process that reads every file of strangers.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import shapely
from django.utils.translation import gettext as _
from shapely.geometry.base import BaseGeometry

from maps.crs import DeclarationError, parse_declared, transform_geometry
from maps.datum import CoordinateError, Datum
from maps.geojson import read_feature_collection
from maps.geojson_geometry import GeoJSONError
from maps.geometry import validate
from projects.exchange.areas import Area, BoundaryError, City
from projects.exchange.packaged_borders import packaged_names
from projects.exchange.problems import UnreadableFile
from projects.exchange.vectorfiles import VECTOR_SUFFIXES, read_vector_file
from projects.models import Division

#: Borders of a whole province weigh some tens of megabytes.
_MAX_MEGABYTES: Final = 512
_MAX_AREAS: Final = 100_000

_Feature = tuple[Mapping[str, object], BaseGeometry]


@dataclass(frozen=True, slots=True)
class FileOptions:
    """How to read a vector file. The datum is declared, never guessed."""

    crs: str
    code_field: str
    name_field: str
    source: str
    licence: str
    review_number: str = ""


def read_file(path: Path, city_code: str, options: FileOptions) -> City:
    """The city and its counties from a .geojson, .json, .gpkg or zipped shapefile (.zip).

    The feature whose code is the city's is its own border, every other one is a county of it. Names of the
    city and its province come from the packaged set, the file, or the divisions known, in that order.
    Raises BoundaryError naming the feature and what is wrong with it.
    """
    try:
        parse_declared(options.crs)
    except DeclarationError as problem:
        raise BoundaryError(str(problem)) from problem
    areas: dict[str, Area] = {}
    for number, (properties, geometry) in enumerate(_features(path, options), start=1):
        area = _area(number, properties, geometry, options)
        if area.code in areas:
            raise BoundaryError(
                _("第 %(number)d 个要素的代码 %(code)s 已经出现过;请先把同一区划合并为一个要素。")
                % {"number": number, "code": area.code}
            )
        areas[area.code] = area
    if not areas:
        raise BoundaryError(_("文件里没有任何要素。"))
    own = areas.pop(city_code, None)
    city, province = _names(city_code, own)
    return City(
        city=city,
        province=province,
        counties=tuple(areas[code] for code in sorted(areas)),
        source=options.source,
        licence=options.licence,
        declared_datum=options.crs,
        review_number=options.review_number,
    )


def _names(city_code: str, own: Area | None) -> tuple[Area, Area | None]:
    border = own.border if own is not None else None
    packaged = packaged_names(city_code)
    if packaged is not None:
        city, province = packaged
        return Area(city_code, city.name, border), province
    if own is not None:
        return own, None
    known = Division.objects.filter(code=city_code).first()
    if known is not None:
        return Area(city_code, known.name_zh, None), None
    raise BoundaryError(
        _("不知道 %(code)s 是哪个城市:边界数据包、文件和已有区划中都没有这个代码。") % {"code": city_code}
    )


def _area(
    number: int, properties: Mapping[str, object], geometry: BaseGeometry, options: FileOptions
) -> Area:
    where = {"number": number}
    values = []
    for field in (options.code_field, options.name_field):
        if field not in properties:
            raise BoundaryError(
                _("第 %(number)d 个要素没有字段 %(field)s;它有:%(fields)s。")
                % {**where, "field": field, "fields": "、".join(map(str, properties)) or _("无")}
            )
        values.append(_text(properties[field]))
    code, name = values
    if not code.isalnum() or len(code) > 12 or not name:
        raise BoundaryError(
            _("第 %(number)d 个要素的代码“%(code)s”或名称“%(name)s”不能用:代码为 1 至 12 位字母数字。")
            % {**where, "code": code, "name": name}
        )
    if not isinstance(geometry, shapely.Polygon | shapely.MultiPolygon):
        raise BoundaryError(
            _("第 %(number)d 个要素(%(name)s)不是面,而是 %(type)s。")
            % {**where, "name": name, "type": geometry.geom_type}
        )
    try:
        border = transform_geometry(geometry, options.crs)
    except (CoordinateError, DeclarationError) as problem:
        raise BoundaryError(
            _("第 %(number)d 个要素(%(name)s):%(problem)s") % {**where, "name": name, "problem": problem}
        ) from problem
    problems = validate(border)
    if problems:
        raise BoundaryError(
            _("第 %(number)d 个要素(%(name)s):%(problem)s") % {**where, "name": name, "problem": problems[0]}
        )
    return Area(code, name, border)


def _text(value: object) -> str:
    """A field as text; a code that a table kept as a number (330203.0) without its fraction."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return "" if value is None else str(value).strip()


def _features(path: Path, options: FileOptions) -> list[_Feature]:
    if not path.is_file():
        raise BoundaryError(_("找不到文件 %(path)s。") % {"path": path})
    suffix = path.suffix.lower()
    if suffix in (".geojson", ".json"):
        return _geojson_features(path, options)
    if suffix in VECTOR_SUFFIXES:
        return _vector_features(path, VECTOR_SUFFIXES[suffix], options)
    raise BoundaryError(
        _("不认识 %(suffix)s 文件;可用 .geojson、.gpkg 或压缩的 shapefile(.zip)。")
        % {"suffix": suffix or path.name}
    )


def _geojson_features(path: Path, options: FileOptions) -> list[_Feature]:
    in_degrees = isinstance(parse_declared(options.crs), Datum)
    try:
        collection = read_feature_collection(path.read_bytes(), lonlat=in_degrees)
    except GeoJSONError as problem:
        raise BoundaryError(str(problem)) from problem
    _refuse_contradiction(collection.declared_crs, options.crs)
    found: list[_Feature] = []
    for feature in collection.features:
        if feature.error is not None or feature.geometry is None:
            raise BoundaryError(
                _("第 %(number)d 个要素:%(problem)s")
                % {"number": feature.number, "problem": feature.error or _("没有图形")}
            )
        found.append((feature.properties, feature.geometry))
    return found


def _refuse_contradiction(stated: str | None, declared: str) -> None:
    """A file that names a system (the old `crs` member) must not be declared to be in another."""
    try:
        same = stated is None or parse_declared(stated) == parse_declared(declared)
    except DeclarationError:
        return
    if not same:
        raise BoundaryError(
            _("文件自己写明坐标系是 %(stated)s,而 --crs 声明的是 %(declared)s;请核对。")
            % {"stated": stated, "declared": declared}
        )


def _vector_features(path: Path, kind: str, options: FileOptions) -> list[_Feature]:
    """Features of a GeoPackage or shapefile. The datum that it states is ignored: the caller declares it."""
    try:
        table = read_vector_file(
            path,
            path.name,
            kind,
            layer=None,
            encoding=None,
            degrees=isinstance(parse_declared(options.crs), Datum),
            max_megabytes=_MAX_MEGABYTES,
            max_rows=_MAX_AREAS,
            keeps_names=True,
        )
    except UnreadableFile as problem:
        raise BoundaryError(f"{path.name}:{problem}") from problem
    for wrong in table.problems:
        raise BoundaryError(
            _("第 %(number)d 个要素:%(problem)s") % {"number": wrong.row or 0, "problem": wrong.sentence}
        )
    found: list[_Feature] = []
    for row in table.rows:
        if row.geometry is None:
            raise BoundaryError(
                _("第 %(number)d 个要素:%(problem)s") % {"number": row.number, "problem": _("没有图形")}
            )
        found.append((row.cells, row.geometry))
    return found
