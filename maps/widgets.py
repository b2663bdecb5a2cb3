"""A form field for one geometry: drawn on a map, typed as pairs in a declared datum, or pasted as GeoJSON.

The server reads all three and converts the datum; the browser only draws. Without JavaScript the coordinate
fields work as they are. Borders to show come in as GeoJSON, so the field knows nothing of what they bound.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NoReturn

import numpy as np
from django import forms
from django.template.loader import render_to_string
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from shapely.geometry.base import BaseGeometry

from maps.coordinatetext import CoordinateTextError, parse_pairs
from maps.datum import CoordinateError, Datum, to_wgs84
from maps.geojson import GeoJSONError, geometry_from_mapping, geometry_to_mapping
from maps.geometry import validate
from maps.sentence import Sentence, gettext_noop

#: What each geometry type may be; one part is what the map edits, several are kept and shown.
GEOMETRY_TYPES: Final[Mapping[str, frozenset[str]]] = {
    "point": frozenset({"Point"}),
    "line": frozenset({"LineString", "MultiLineString"}),
    "polygon": frozenset({"Polygon", "MultiPolygon"}),
}
MAX_VERTICES: Final = 20_000
MAX_TEXT: Final = 2_000_000
_PRECISION: Final = 7  # decimals of a degree: 1 cm


@dataclass(frozen=True, slots=True)
class GeometryText:
    """What the form sent: GeoJSON, or pairs with their datum and order. Pairs win where there are some."""

    geojson: str = ""
    pairs: str = ""
    datum: str = Datum.WGS84.value
    lat_first: bool = False


@dataclass(frozen=True, slots=True)
class GeometryValue:
    """A geometry in EPSG:4326; for a single point the pair as it came in, with its declared datum."""

    geometry: BaseGeometry
    source: tuple[float, float] | None
    datum: Datum


@dataclass(frozen=True, slots=True)
class EditorOptions:
    """What the map shows around the geometry. `borders`: name, chosen (drawn stronger), GeoJSON geometry."""

    locate_url: str = ""
    borders: Sequence[Mapping[str, object]] = ()
    colour: str = "#0b5a87"
    datums: Sequence[tuple[str, Any]] = field(
        default_factory=lambda: [(datum.value, datum.value) for datum in Datum]
    )
    #: The pair as it came in, in words; empty when it is what is stored.
    source_note: str = ""


def read_pairs(
    text: str, *, datum: str, lat_first: bool
) -> list[tuple[tuple[float, float], tuple[float, float]]]:
    """((x, y) as typed, (longitude, latitude) in WGS-84) for each line.

    Raises CoordinateTextError or CoordinateError, and ValueError for a datum that is none.
    """
    pairs = parse_pairs(text, lat_first=lat_first, limit=MAX_VERTICES)
    if not pairs:
        return []
    xs, ys = np.array(pairs, dtype=np.float64).T
    lons, lats = to_wgs84(xs, ys, Datum(datum))
    return list(zip(pairs, zip(lons.tolist(), lats.tolist(), strict=True), strict=True))


class GeometryWidget(forms.Widget):
    """The editor. `options` and `geometry_type` are set by whoever builds the form."""

    def __init__(self, geometry_type: str = "point", options: EditorOptions | None = None) -> None:
        super().__init__()
        self.geometry_type = geometry_type
        self.options = options or EditorOptions()

    class Media:
        css = {"all": ["vendor/leaflet/leaflet.css", "css/admin/geometry-editor.css"]}
        js = [forms.Script("js/admin/geometry-editor.js", type="module")]

    def id_for_label(self, id_: str) -> str:
        return f"{id_}_pairs"

    def value_from_datadict(self, data: Mapping[str, Any], files: Any, name: str) -> GeometryText:
        return GeometryText(
            geojson=str(data.get(name, "")),
            pairs=str(data.get(f"{name}_pairs", "")),
            datum=str(data.get(f"{name}_datum", Datum.WGS84.value)),
            lat_first=data.get(f"{name}_order") == "lat",
        )

    def value_omitted_from_data(self, data: Mapping[str, Any], files: Any, name: str) -> bool:
        return name not in data and f"{name}_pairs" not in data

    def render(
        self, name: str, value: Any, attrs: Mapping[str, Any] | None = None, renderer: Any = None
    ) -> SafeString:
        shown = value if isinstance(value, GeometryText) else GeometryText(geojson=geojson_text(value))
        element = (attrs or {}).get("id") or f"id_{name}"
        context = {
            "name": name,
            "id": element,
            "value": shown,
            "geometry_type": self.geometry_type,
            "options": self.options,
            "rows": 1 if self.geometry_type == "point" else 4,
            "config_id": f"{element}_config",
            "config": {
                "type": self.geometry_type,
                "colour": self.options.colour,
                "borders": list(self.options.borders),
                "locateUrl": self.options.locate_url,
                "labels": editor_labels(),
            },
        }
        return mark_safe(render_to_string("maps/widgets/geometry.html", context))


class GeometryField(forms.Field):
    """Cleans to a GeometryValue, or None when nothing was given and nothing is required."""

    def __init__(
        self, *, geometry_type: str = "point", max_vertices: int = MAX_VERTICES, **kwargs: Any
    ) -> None:
        self.geometry_type, self.max_vertices = geometry_type, max_vertices
        kwargs.setdefault("widget", GeometryWidget(geometry_type))
        super().__init__(**kwargs)

    def clean(self, value: GeometryText) -> GeometryValue | None:
        """Raises ValidationError with what is wrong and where."""
        if value.pairs.strip():
            return self._from_pairs(value)
        if value.geojson.strip():
            geometry = self._checked(_geometry_of(value.geojson))
            source = (geometry.x, geometry.y) if geometry.geom_type == "Point" else None
            return GeometryValue(geometry, source, Datum.WGS84)
        if self.required:
            raise forms.ValidationError(_("请在图上画出位置,或填写坐标。"), code="required")
        return None

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Whether something else than what was shown was sent: what is only shown loses decimals."""
        if self.disabled or not isinstance(data, GeometryText):
            return False
        return bool(data.pairs.strip()) or data.geojson.strip() != geojson_text(initial)

    def _from_pairs(self, value: GeometryText) -> GeometryValue:
        try:
            read = read_pairs(value.pairs, datum=value.datum, lat_first=value.lat_first)
        except (CoordinateTextError, CoordinateError) as problem:
            raise _refused(problem.message) from problem
        except ValueError as problem:
            raise forms.ValidationError(_("请声明坐标系。")) from problem
        lonlats = [lonlat for _source, lonlat in read]
        needed = {"point": 1, "line": 2, "polygon": 3}[self.geometry_type]
        if len(lonlats) < needed or (self.geometry_type == "point" and len(lonlats) != 1):
            raise forms.ValidationError(
                _("点要一对坐标,线至少两对,面至少三对;实际是 %(count)d 对。") % {"count": len(lonlats)}
            )
        mapping: dict[str, object]
        if self.geometry_type == "point":
            mapping = {"type": "Point", "coordinates": list(lonlats[0])}
        elif self.geometry_type == "line":
            mapping = {"type": "LineString", "coordinates": [list(pair) for pair in lonlats]}
        else:
            ring = lonlats if lonlats[0] == lonlats[-1] else [*lonlats, lonlats[0]]
            mapping = {"type": "Polygon", "coordinates": [[list(pair) for pair in ring]]}
        geometry = self._checked(_read(mapping))
        source = read[0][0] if self.geometry_type == "point" else None
        return GeometryValue(geometry, source, Datum(value.datum))

    def _checked(self, geometry: BaseGeometry) -> BaseGeometry:
        if geometry.geom_type not in GEOMETRY_TYPES[self.geometry_type]:
            raise forms.ValidationError(
                _("这类设施的位置应是%(wanted)s,实际是 %(found)s。")
                % {"wanted": type_label(self.geometry_type), "found": geometry.geom_type}
            )
        problems = validate(geometry, max_vertices=self.max_vertices)
        if problems:
            raise forms.ValidationError([problem.translated(_) for problem in problems])
        return geometry


def geojson_text(geometry: Any) -> str:
    """A shapely or GEOS geometry as GeoJSON text, seven decimals; empty for None."""
    if geometry is None or isinstance(geometry, str):
        return geometry or ""
    if not isinstance(geometry, BaseGeometry):
        import shapely

        geometry = shapely.from_wkb(bytes(geometry.wkb))
    return json.dumps(geometry_to_mapping(geometry, _PRECISION), separators=(",", ":"))


def type_label(geometry_type: str) -> str:
    return {"point": _("点"), "line": _("线"), "polygon": _("面")}[geometry_type]


def _geometry_of(text: str) -> BaseGeometry:
    if len(text) > MAX_TEXT:
        raise forms.ValidationError(_("GeoJSON 过长;请先简化图形。"))
    try:
        document = json.loads(text, parse_constant=_refuse_constant)
    except RecursionError as problem:
        raise forms.ValidationError(_("GeoJSON 嵌套层数过多。")) from problem
    except ValueError as problem:
        raise forms.ValidationError(
            _("GeoJSON 不是合法的 JSON:%(problem)s") % {"problem": problem}
        ) from problem
    return _read(document)


def _read(document: object) -> BaseGeometry:
    try:
        return geometry_from_mapping(document, max_vertices=MAX_VERTICES)
    except GeoJSONError as problem:
        raise _refused(problem.message) from problem


def _refused(message: Sentence) -> forms.ValidationError:
    return forms.ValidationError(message.translated(_))


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(gettext_noop("含有 %(name)s", name=name))


def editor_labels() -> dict[str, str]:
    """The editor's words, in the language of the page: the script holds none."""
    return {
        "draw": _("绘制"),
        "redraw": _("重新绘制"),
        "finish": _("完成"),
        "undo": _("撤销"),
        "remove": _("清除"),
        "fit": _("看全图"),
        "drawPoint": _("在图上点一下放置,拖动可移动。"),
        "drawPath": _("逐点点击;点“完成”或按回车结束,按退格撤销一点。"),
        "editPath": _("拖动顶点可移动;点中段的小圆点可加点;双击顶点可删除。"),
        "several": _("这个图形由多个部分组成:请改 GeoJSON,或清除后重新绘制。"),
        "unreadable": _("GeoJSON 暂时读不出来,保存时会说明原因。"),
        "vertices": _("顶点"),
        "longitude": _("经度"),
        "latitude": _("纬度"),
        "deleteVertex": _("删除第 {n} 个顶点"),
        "vertexNumber": _("第 {n} 个顶点"),
        "addVertex": _("在后面加一点"),
        "locating": _("正在换算…"),
        "located": _("已定位:经度 {lon},纬度 {lat}(WGS-84),在{division}。"),
        "locatedMany": _("已换算 {n} 对坐标。"),
        "nowhere": _("不在任何已知区划内"),
        "failed": _("没有连上服务器;直接保存也会换算。"),
        "otherOrder": _("按“纬度在前”读取"),
        "moved": _("已在图上改动,填写的坐标不再使用。"),
        "point": _("位置 {lon}, {lat}"),
    }
