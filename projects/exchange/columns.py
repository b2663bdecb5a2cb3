"""The one table of columns: what import understands, what export writes, what the user guide lists.

To add a column, add a row here (and its value to `exporting.values_of`); docs/user/import-columns.md is
written from this table (columnguide.py) and a test holds them together.
"""

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from django.utils.translation import gettext as _

from projects.exchange import values
from projects.exchange.attributeheaders import ATTRIBUTES as ATTRIBUTES
from projects.exchange.attributeheaders import attribute_of
from projects.exchange.headers import bare_header, clean_header
from projects.exchange.problems import OptionError
from projects.exchange.values import Parser


class Shape(StrEnum):
    """What a cell of a column holds: how a workbook formats it and what a template lets in."""

    TEXT = "text"
    NUMBER = "number"
    DATE = "date"
    WORD = "word"


@dataclass(frozen=True, slots=True)
class Column:
    """One field. `title` heads the user guide; `aliases` are headers that are recognised without --map.

    `parse` is None for fields that are read together with others (position, kind, division); `site_field`
    is the model field that a plain value goes to. `width` is that of its column in a workbook, in digits;
    `longest` the most characters of a text. `about` is for whoever fills in a file, `option` for the
    command line; an `example` is never a row.
    """

    field: str
    title: str
    aliases: tuple[str, ...]
    about: str
    parse: Parser | None = None
    site_field: str = ""
    is_exported: bool = True
    shape: Shape = Shape.TEXT
    width: int = 14
    longest: int = 0
    option: str = ""
    example: str = ""

    @property
    def is_in_template(self) -> bool:
        """Whether a template may have the column; of a pair in one cell it wants the two columns."""
        return self.is_exported or self.field == "quantity"

    @property
    def header(self) -> str:
        """What heads the column in a workbook, in Chinese; import recognises it."""
        return self.title if self.title.lower() in self.aliases else self.aliases[0]


#: The second position, of another datum, for rows that leave the first one empty.
FALLBACK_FIELDS: Final = frozenset({"fallback_x", "fallback_y"})
POSITION_FIELDS: Final = frozenset({"lon", "lat", "lonlat", "latlon", "wkt"})

#: What databases call their column of shapes; taken only where there is no other position.
WKB_HEADERS: Final = ("wkb", "ewkb", "ewkt", "geom", "the_geom", "wkb_geometry")

COLUMNS: Final[tuple[Column, ...]] = (
    Column(
        "code",
        "点位编码",
        ("点位编码", "编码", "code", "site_code"),
        "每个点位一个,不重复,以后不变;至多 64 个字",
        values.code,
        longest=64,
        option="或用 --code generated",
        example="330212-ZC-001",
    ),
    Column(
        "name",
        "名称",
        ("名称", "点位名称", "站点名称", "设施名称", "name", "site_name"),
        "至多 200 个字",
        values.text_of(200, required=True),
        "name",
        width=30,
        longest=200,
        example="钟公庙街道助餐点",
    ),
    Column(
        "kind",
        "设施种类",
        ("设施种类", "kind"),
        "设施种类的名称或代码",
        shape=Shape.WORD,
        option="见 --kind 和 --kind-from",
    ),
    Column(
        "lon",
        "经度(X、东)",
        ("经度", "lon", "lng", "long", "longitude", "x"),
        "东西方向,与纬度成对;坐标系在导入时声明",
        shape=Shape.NUMBER,
        option="--datum",
        example="121.549792",
    ),
    Column(
        "lat",
        "纬度(Y、北)",
        ("纬度", "lat", "latitude", "y"),
        "南北方向,与经度成对",
        shape=Shape.NUMBER,
        example="29.868388",
    ),
    Column(
        "lonlat",
        "坐标对,经度在前",
        ("坐标", "经纬度", "高德坐标", "百度坐标", "lonlat", "lnglat", "coordinates"),
        "一格两个数,例如 121.55,29.87",
        is_exported=False,
    ),
    Column(
        "latlon",
        "坐标对,纬度在前",
        ("纬经度", "latlon", "latlng"),
        "一格两个数,例如 29.87,121.55",
        is_exported=False,
    ),
    Column(
        "wkt",
        "图形(WKT)",
        ("wkt", "图形", "图形(wkt)", *WKB_HEADERS),
        "线和面(WKT,或十六进制的 WKB、EWKB);有值时代替经度和纬度",
        width=30,
        example="LINESTRING(121.55 29.87, 121.56 29.88)",
    ),
    Column(
        "fallback_x",
        "后备位置:经度(X、东)",
        (),
        "第一位置整个空着的行才用;坐标系由 --fallback-datum 声明",
        is_exported=False,
    ),
    Column("fallback_y", "后备位置:纬度(Y、北)", (), "与 fallback_x 成对", is_exported=False),
    Column(
        "division",
        "区划",
        (
            "区划",
            "区县",
            "区(县、市)",
            "所属区县",
            "所在区县",
            "区划代码",
            "division",
            "county",
            "district",
            "adcode",
        ),
        "区县或街道、镇乡的名称、代码或旧名",
        shape=Shape.WORD,
        option="见 --division-from",
    ),
    Column(
        "address",
        "地址",
        ("地址", "详细地址", "address"),
        "至多 300 个字",
        values.text_of(300),
        "address",
        width=30,
        longest=300,
        example="宁南南路 1 号",
    ),
    Column(
        "stage",
        "建设阶段",
        ("建设阶段", "stage"),
        "词或代码;“已核验”由核验人在系统中登记",
        values.stage,
        "stage",
        shape=Shape.WORD,
        width=10,
        option="没有这一列时用 --stage",
    ),
    Column(
        "service",
        "服务状态",
        ("服务状态", "service"),
        "现在能不能用:词或代码",
        values.service,
        "service",
        shape=Shape.WORD,
        width=10,
        option="没有这一列时用 --service",
    ),
    Column(
        "service_checked_on",
        "服务状态核实日期",
        ("服务状态核实日期", "service_checked_on"),
        "日期",
        values.date,
        "service_checked_on",
        shape=Shape.DATE,
    ),
    Column(
        "opening_hours",
        "开放时间",
        ("开放时间", "营业时间", "opening_hours"),
        "至多 200 个字",
        values.text_of(200),
        "opening_hours",
        width=20,
        longest=200,
    ),
    Column(
        "phone",
        "电话",
        ("电话", "联系电话", "phone", "tel"),
        "把这一列设为文本;被改成 1.38E+10 的号码不导入,并提示",
        values.phone,
        "phone",
        width=16,
        longest=40,
        example="0574-87654321",
    ),
    Column(
        "quantity",
        "贡献量",
        ("贡献量", "quantity"),
        "对指标的贡献,不填为 1;至多三位小数",
        values.quantity,
        is_exported=False,
        shape=Shape.NUMBER,
        option="需要 --indicator",
        example="20",
    ),
    Column(
        "baseline_start",
        "基线开工日期",
        ("基线开工日期", "baseline_start"),
        "日期",
        values.date,
        "baseline_start",
        shape=Shape.DATE,
    ),
    Column(
        "baseline_finish",
        "基线完工日期",
        ("基线完工日期", "baseline_finish"),
        "日期,不早于开工",
        values.date,
        "baseline_finish",
        shape=Shape.DATE,
    ),
    Column(
        "started_on",
        "实际开工日期",
        ("实际开工日期", "started_on"),
        "日期",
        values.date,
        "started_on",
        shape=Shape.DATE,
    ),
    Column(
        "finished_on",
        "实际完工日期",
        ("实际完工日期", "finished_on"),
        "日期,不早于开工",
        values.date,
        "finished_on",
        shape=Shape.DATE,
    ),
)
BY_FIELD: Final[Mapping[str, Column]] = MappingProxyType({column.field: column for column in COLUMNS})


@dataclass(frozen=True, slots=True)
class ColumnMap:
    """Which header gives which field; `automatic` are the fields that were recognised by their header."""

    header_of: Mapping[str, str]
    automatic: tuple[str, ...] = ()

    def __contains__(self, field: str) -> bool:
        return field in self.header_of

    def label(self, field: str) -> str:
        """The file's own name of a field's column, for a problem."""
        return self.header_of.get(field, field)

    @property
    def attributes(self) -> dict[str, str]:
        """Attribute key to header."""
        return {
            field.removeprefix(ATTRIBUTES): header
            for field, header in self.header_of.items()
            if field.startswith(ATTRIBUTES)
        }


def match_columns(
    headers: Iterable[str],
    explicit: Mapping[str, str],
    *,
    has_geometry: bool,
    skip: Iterable[str] = (),
    by_header: bool = True,
) -> ColumnMap:
    """What was said explicitly, then (`by_header`) what the headers say by themselves, never for a field in
    `skip`.

    Raises OptionError for a field or a column that is not there.
    """
    present = list(headers)
    mapped: dict[str, str] = {}
    for field, column in explicit.items():
        if field not in BY_FIELD and not _is_attribute(field):
            raise OptionError(
                _("没有字段 %(field)s;可用:%(fields)s,以及 attributes.属性。")
                % {"field": field, "fields": "、".join(BY_FIELD)}
            )
        if has_geometry and field in POSITION_FIELDS | FALLBACK_FIELDS:
            raise OptionError(
                _("这种文件的位置取自图形(geometry),不能用 --map %(field)s=…。") % {"field": field}
            )
        mapped[field] = _present(column, present, field)
    automatic = _by_header(present, mapped, set(skip), has_geometry=has_geometry) if by_header else []
    if not has_geometry:
        _one_position(mapped, automatic)
    return ColumnMap(MappingProxyType(mapped), tuple(automatic))


def recognised(headers: Iterable[str], *, has_geometry: bool) -> ColumnMap:
    """What the headers say by themselves, whether or not it is enough for an import."""
    mapped: dict[str, str] = {}
    automatic = _by_header(list(headers), mapped, set(), has_geometry=has_geometry)
    return ColumnMap(MappingProxyType(mapped), tuple(automatic))


def _by_header(
    present: list[str], mapped: dict[str, str], skip: set[str], *, has_geometry: bool
) -> list[str]:
    """Add to `mapped` what headers are known by; returns the fields that were added."""
    taken = set(mapped.values())
    skipped = skip | (POSITION_FIELDS if has_geometry or POSITION_FIELDS & mapped.keys() else set())
    by_name = {header.lower(): header for header in present if header not in taken}
    automatic = []
    for column_ in COLUMNS:
        if column_.field in mapped or column_.field in skipped:
            continue
        found = next((by_name.pop(alias) for alias in column_.aliases if alias in by_name), None)
        if found is not None:
            mapped[column_.field] = found
            automatic.append(column_.field)
    # An attribute that is called 电话 for people is no phone.
    for name, header in list(by_name.items()):
        field = attribute_of(header)
        if field and field not in mapped:
            del by_name[name]
            mapped[field] = header
            automatic.append(field)
    for column_ in COLUMNS:
        if column_.field in mapped or column_.field in skipped:
            continue
        similar = [name for name in by_name if bare_header(name) in column_.aliases]
        if len(similar) == 1:
            mapped[column_.field] = by_name.pop(similar[0])
            automatic.append(column_.field)
    return automatic


def _is_attribute(field: str) -> bool:
    return field.startswith(ATTRIBUTES) and len(field) > len(ATTRIBUTES)


def _present(column: str, headers: list[str], field: str) -> str:
    wanted = clean_header(column)
    if wanted in headers:
        return wanted
    known = BY_FIELD[field].aliases if field in BY_FIELD else ()
    if wanted.lower() in known and (own := next((h for h in headers if h.lower() in known), None)):
        # `--code code` for a workbook whose header says 点位编码: the same field by another of its names.
        return own
    close = difflib.get_close_matches(wanted, headers, n=1)
    hint = _("您是不是要用“%(close)s”?") % {"close": close[0]} if close else ""
    raise OptionError(
        _("文件没有“%(column)s”这一列;它有:%(headers)s。%(hint)s")
        % {"column": column, "headers": "、".join(headers), "hint": hint}
    )


def _one_position(mapped: dict[str, str], automatic: list[str]) -> None:
    """Leave one way of saying where: lon and lat, a pair, or WKT (which may stand beside lon and lat)."""
    has_other = {"lon", "lat"} <= mapped.keys() or {"lonlat", "latlon"} & mapped.keys()
    if has_other and "wkt" in automatic and mapped["wkt"].lower() in WKB_HEADERS:
        automatic.remove("wkt")
        del mapped["wkt"]
    if "lon" in mapped and "lat" in mapped:
        for field in ("lonlat", "latlon"):
            if field in automatic:
                automatic.remove(field)
                del mapped[field]
    if {"lonlat", "latlon"} <= mapped.keys():
        raise OptionError(_("lonlat 和 latlon 只能用一个。"))
    half = {"lon", "lat"} & mapped.keys()
    if not (len(half) == 2 or {"lonlat", "latlon", "wkt"} & mapped.keys()):
        raise OptionError(
            _("不知道坐标在哪一列:请用 --map lon=列 --map lat=列,或 --map lonlat=列(一格两个数)。")
        )
