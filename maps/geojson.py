"""Reading GeoJSON (RFC 7946) from people one does not know, and writing geometries back.

Everything is checked as Python and numpy values *before* a geometry is built, because GEOS may abort
the process on values it does not expect. A file that cannot be read as a whole raises `GeoJSONError`;
a feature that is wrong says so in its own `error`, and the others are still read.
"""

import codecs
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, NoReturn

from shapely.geometry.base import BaseGeometry

from maps.crs import DeclarationError, parse_declared
from maps.datum import Datum
from maps.geojson_geometry import (
    GeoJSONError,
    TooManyVerticesError,
    VertexBudget,
    geometry_from_mapping,
    geometry_to_mapping,
    read_geometry,
    shown,
)
from maps.sentence import Sentence, gettext_noop

__all__ = [
    "Feature",
    "FeatureCollection",
    "GeoJSONError",
    "declared_crs_of",
    "geometry_from_mapping",
    "geometry_to_mapping",
    "read_document",
    "read_feature_collection",
]


@dataclass(frozen=True, slots=True)
class Feature:
    """One feature as read: `number` counts from 1 in the file's order.

    Either `error` is set, or `geometry` is sound as far as its form goes (two-dimensional; it may still
    cross itself: see `maps.geometry.validate`). Both are None for a feature whose geometry is null.
    """

    number: int
    properties: Mapping[str, object]
    geometry: BaseGeometry | None
    error: Sentence | None = None


@dataclass(frozen=True, slots=True)
class FeatureCollection:
    """A file as read. `declared_crs` is the name in its `crs` member unless that means WGS-84 or is
    absent."""

    features: tuple[Feature, ...]
    declared_crs: str | None


def read_feature_collection(
    data: bytes,
    *,
    max_features: int = 200_000,
    max_vertices: int = 2_000_000,
    max_bytes: int = 256 * 1024 * 1024,
    lonlat: bool = True,
) -> FeatureCollection:
    """Read a GeoJSON FeatureCollection in UTF-8 or UTF-16.

    `lonlat` False takes any coordinates of a size found on Earth (for a projected EPSG system)
    instead of insisting on degrees. If a member occurs twice in an object the last one counts.

    Raises `GeoJSONError` (a ValueError) for what spoils the whole file: encoding, broken JSON, NaN,
    another kind of JSON, a size above one of the limits. What is wrong with one feature is in its
    `error`."""
    if len(data) > max_bytes:
        raise GeoJSONError(
            gettext_noop("文件超过 %(limit)d MB;请拆分后再导入", limit=max_bytes // (1024 * 1024))
        )
    document = read_document(data)
    if not isinstance(document, dict) or document.get("type") != "FeatureCollection":
        found = document.get("type") if isinstance(document, dict) else document
        raise GeoJSONError(
            gettext_noop("文件应是 GeoJSON 的 FeatureCollection,实际是 %(found)s", found=shown(found))
        )
    members = document.get("features")
    if not isinstance(members, list):
        raise GeoJSONError(gettext_noop("FeatureCollection 缺少 features 列表"))
    if len(members) > max_features:
        raise GeoJSONError(
            gettext_noop(
                "文件有 %(count)d 个要素,超过上限 %(limit)d;请拆分后再导入",
                count=len(members),
                limit=max_features,
            )
        )
    declared_crs = declared_crs_of(document.get("crs"))
    budget = VertexBudget(max_vertices)
    features = tuple(
        _feature(number, member, lonlat, budget) for number, member in enumerate(members, start=1)
    )
    return FeatureCollection(features, declared_crs)


# ------------------------------------------------------------------------------------------ the file

_BYTE_ORDER_MARKS: Final = (
    # UTF-32's mark begins with UTF-16's, so it is asked first.
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
    (codecs.BOM_UTF8, "utf-8-sig"),
)


def read_document(data: bytes) -> object:
    """JSON as UTF-8 or UTF-16, without NaN and the like. Raises `GeoJSONError`."""
    return _parse(_decode(data))


def _decode(data: bytes) -> str:
    encoding = next((name for mark, name in _BYTE_ORDER_MARKS if data.startswith(mark)), None)
    # JSON begins with an ASCII character, so without a mark the place of the zero byte tells.
    if encoding is None and len(data) >= 2 and 0 in data[:2]:
        encoding = "utf-16-be" if data[0] == 0 else "utf-16-le"
    try:
        return data.decode(encoding or "utf-8")
    except UnicodeDecodeError as error:
        raise GeoJSONError(_encoding_problem(data, encoding, error.start)) from error


def _encoding_problem(data: bytes, encoding: str | None, position: int) -> Sentence:
    if encoding is not None:
        return gettext_noop(
            "文件标明是 %(encoding)s 编码,但在第 %(position)d 字节处损坏;请另存为 UTF-8 后再导入",
            encoding=encoding.upper(),
            position=position + 1,
        )
    if position >= len(data) - 3:  # the file ends within a character
        return gettext_noop("文件不完整,最后一个字符被截断;请重新导出或重新上传")
    try:
        data.decode("gb18030")
    except UnicodeDecodeError:
        return gettext_noop(
            "文件不是 UTF-8 编码(第 %(position)d 字节处);请另存为 UTF-8 后再导入", position=position + 1
        )
    return gettext_noop("文件看来是 GBK(GB18030)编码,而 GeoJSON 应为 UTF-8;请另存为 UTF-8 后再导入")


def _parse(text: str) -> object:
    if not text.strip():
        raise GeoJSONError(gettext_noop("文件是空的"))
    try:
        document: object = json.loads(text, parse_constant=_refuse_constant)
    except GeoJSONError:
        raise
    except json.JSONDecodeError as error:
        raise GeoJSONError(_syntax_problem(error, len(text.rstrip()))) from error
    except RecursionError as error:
        raise GeoJSONError(gettext_noop("文件嵌套层数过多,不是正常的 GeoJSON")) from error
    except ValueError as error:  # Python refuses integers of thousands of digits
        raise GeoJSONError(gettext_noop("文件中有位数过多的整数;请检查坐标和属性")) from error
    return document


def _refuse_constant(name: str) -> NoReturn:
    raise GeoJSONError(
        gettext_noop("文件中有 %(name)s,这不是合法的 JSON;请改为 null 或删去这些要素后再导入", name=name)
    )


def _syntax_problem(error: json.JSONDecodeError, length: int) -> Sentence:
    place = {"line": error.lineno, "column": error.colno}
    if error.pos >= length or error.msg.startswith("Unterminated string"):
        return gettext_noop("文件不完整,在第 %(line)d 行第 %(column)d 列中断;请重新导出或重新上传", **place)
    if error.msg == "Extra data":
        return gettext_noop(
            "第 %(line)d 行第 %(column)d 列之后还有多余内容;一个文件只能有一个 FeatureCollection", **place
        )
    return gettext_noop("第 %(line)d 行第 %(column)d 列不是合法的 JSON;请重新导出", **place)


def declared_crs_of(member: object) -> str | None:
    """The system named by the old (2008) `crs` member, unless it is WGS-84; None too if there is no
    member."""
    if member is None:
        return None
    properties = member.get("properties") if isinstance(member, dict) else None
    name: object = None
    if isinstance(member, dict) and isinstance(properties, dict):
        name = properties.get("name")
        if member.get("type") == "EPSG":  # older still: {"type": "EPSG", "properties": {"code": 4490}}
            name = f"EPSG:{properties.get('code')}"
    if not isinstance(name, str):
        raise GeoJSONError(
            gettext_noop("看不懂文件的 crs 成员 %(found)s;请转换为 EPSG:4326 并删去 crs", found=shown(member))
        )
    try:
        return None if parse_declared(name) is Datum.WGS84 else name
    except DeclarationError:
        return name


# --------------------------------------------------------------------------------------- one feature


def _feature(number: int, member: object, lonlat: bool, budget: VertexBudget) -> Feature:
    properties: dict[str, object] = {}
    try:
        if not isinstance(member, dict) or member.get("type") != "Feature":
            raise GeoJSONError(gettext_noop("不是 Feature,而是 %(found)s", found=shown(_type_of(member))))
        properties = _properties(member.get("properties"))
        shape = member.get("geometry")
        return Feature(number, properties, None if shape is None else read_geometry(shape, lonlat, budget))
    except TooManyVerticesError:
        raise
    except GeoJSONError as error:
        return Feature(number, properties, None, error.message)
    except RecursionError:
        return Feature(number, {}, None, gettext_noop("属性嵌套过深"))


def _type_of(member: object) -> object:
    return member.get("type") if isinstance(member, dict) else member


def _properties(member: object) -> dict[str, object]:
    if member is None:
        return {}
    if not isinstance(member, dict):
        raise GeoJSONError(gettext_noop("properties 应是对象,实际是 %(found)s", found=shown(member)))
    for name, value in member.items():
        if not (_storable(name) and _storable(value)):
            raise GeoJSONError(gettext_noop("属性 %(name)s 含有无法保存的字符或过大的数", name=shown(name)))
    return member


def _storable(value: object) -> bool:
    """Whether a database and JSON can hold it: no NUL, no half of a surrogate pair, no infinity
    (from 1e999)."""
    match value:
        case str():
            return "\x00" not in value and (
                value.isascii() or not any("\ud800" <= c <= "\udfff" for c in value)
            )
        case float():
            return math.isfinite(value)
        case dict():
            return all(_storable(key) and _storable(item) for key, item in value.items())
        case list():
            return all(map(_storable, value))
        case _:
            return True
