"""The one table of columns: what import understands, what export writes, what the user guide lists.

To add a column, add a row here (and its value to `exporting.values_of`); docs/user/import-columns.md is
written from this table and a test holds them together.
"""

import difflib
import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from django.utils.translation import gettext as _

from projects.exchange import values
from projects.exchange.headers import clean_header
from projects.exchange.problems import OptionError
from projects.exchange.values import Parser

ATTRIBUTES: Final = "attributes."
_UNIT: Final = re.compile(r"\([^()]*\)$")


@dataclass(frozen=True, slots=True)
class Column:
    """One field. `title` heads the user guide; `aliases` are headers that are recognised without --map.

    `parse` is None for fields that are read together with others (position, kind, division); `site_field`
    is the model field that a plain value goes to.
    """

    field: str
    title: str
    aliases: tuple[str, ...]
    about: str
    parse: Parser | None = None
    site_field: str = ""
    is_exported: bool = True


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
        "唯一,至多 64 个字;或用 --code generated",
        values.code,
    ),
    Column(
        "name",
        "名称",
        ("名称", "点位名称", "站点名称", "设施名称", "name", "site_name"),
        "必填,至多 200 个字",
        values.text_of(200, required=True),
        "name",
    ),
    Column("kind", "设施种类", ("设施种类", "kind"), "设施种类的代码或名称;见 --kind 和 --kind-from"),
    Column(
        "lon",
        "经度(X、东)",
        ("经度", "lon", "lng", "long", "longitude", "x"),
        "与 lat 成对;坐标系由 --datum 声明",
    ),
    Column("lat", "纬度(Y、北)", ("纬度", "lat", "latitude", "y"), "与 lon 成对"),
    Column(
        "lonlat",
        "坐标对,经度在前",
        ("坐标", "经纬度", "lonlat", "lnglat", "coordinates"),
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
        ("wkt", "图形", *WKB_HEADERS),
        "线和面(WKT,或十六进制的 WKB、EWKB);有值时代替经度和纬度",
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
        "名称、代码或旧名;见 --division-from",
    ),
    Column(
        "address", "地址", ("地址", "详细地址", "address"), "至多 300 个字", values.text_of(300), "address"
    ),
    Column(
        "stage", "建设阶段", ("建设阶段", "stage"), "词或代码;没有这一列时用 --stage", values.stage, "stage"
    ),
    Column(
        "service",
        "服务状态",
        ("服务状态", "service"),
        "词或代码;没有这一列时用 --service",
        values.service,
        "service",
    ),
    Column(
        "service_checked_on",
        "服务状态核实日期",
        ("服务状态核实日期", "service_checked_on"),
        "日期",
        values.date,
        "service_checked_on",
    ),
    Column(
        "opening_hours",
        "开放时间",
        ("开放时间", "营业时间", "opening_hours"),
        "至多 200 个字",
        values.text_of(200),
        "opening_hours",
    ),
    Column(
        "phone",
        "电话",
        ("电话", "联系电话", "phone", "tel"),
        "被改成 1.38E+10 的号码不导入,并提示",
        values.phone,
        "phone",
    ),
    Column(
        "quantity",
        "贡献量",
        ("贡献量", "quantity"),
        "对 --indicator 的贡献,缺省为 1",
        values.quantity,
        is_exported=False,
    ),
    Column(
        "baseline_start",
        "基线开工日期",
        ("基线开工日期", "baseline_start"),
        "日期",
        values.date,
        "baseline_start",
    ),
    Column(
        "baseline_finish",
        "基线完工日期",
        ("基线完工日期", "baseline_finish"),
        "日期,不早于开工",
        values.date,
        "baseline_finish",
    ),
    Column("started_on", "实际开工日期", ("实际开工日期", "started_on"), "日期", values.date, "started_on"),
    Column(
        "finished_on",
        "实际完工日期",
        ("实际完工日期", "finished_on"),
        "日期,不早于开工",
        values.date,
        "finished_on",
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
    headers: Iterable[str], explicit: Mapping[str, str], *, has_geometry: bool, skip: Iterable[str] = ()
) -> ColumnMap:
    """What the command line says, then what the headers say by themselves (never for a field in `skip`).

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
        mapped[field] = _present(column, present)
    taken = set(mapped.values())
    skipped = set(skip) | (POSITION_FIELDS if has_geometry or POSITION_FIELDS & mapped.keys() else set())
    by_name = {header.lower(): header for header in present if header not in taken}
    automatic = []
    for column_ in COLUMNS:
        if column_.field in mapped or column_.field in skipped:
            continue
        found = next((by_name.pop(alias) for alias in column_.aliases if alias in by_name), None)
        if found is not None:
            mapped[column_.field] = found
            automatic.append(column_.field)
    for column_ in COLUMNS:
        if column_.field in mapped or column_.field in skipped:
            continue
        similar = [name for name in by_name if _bare(name) in column_.aliases]
        if len(similar) == 1:
            mapped[column_.field] = by_name.pop(similar[0])
            automatic.append(column_.field)
    for name, header in by_name.items():
        field = ATTRIBUTES + header[len(ATTRIBUTES) :]
        if name.startswith(ATTRIBUTES) and _is_attribute(field) and field not in mapped:
            mapped[field] = header
            automatic.append(field)
    if not has_geometry:
        _one_position(mapped, automatic)
    return ColumnMap(MappingProxyType(mapped), tuple(automatic))


def _bare(header: str) -> str:
    """A header as it would be without what layout adds: 名 称, 经度(°), full-width letters."""
    plain = unicodedata.normalize("NFKC", header)
    if any("\u4e00" <= character <= "\u9fff" for character in plain):
        plain = "".join(plain.split())
    return _UNIT.sub("", plain)


def _is_attribute(field: str) -> bool:
    return field.startswith(ATTRIBUTES) and len(field) > len(ATTRIBUTES)


def _present(column: str, headers: list[str]) -> str:
    wanted = clean_header(column)
    if wanted in headers:
        return wanted
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


def markdown() -> str:
    """docs/user/import-columns.md: the table as the user guide prints it."""
    lines = [
        "# 导入和导出的列",
        "",
        "这一页由 `projects/exchange/columns.py` 写成,测试保证两者一致;改列请改那里,再运行",
        "`manage.py shell -c \"from projects.exchange import columns; print(columns.markdown(), end='')\"`。",
        "",
        "表头与“自动识别的表头”相同(不分大小写、全角半角、字间空格和末尾的括号)的列会自动对应;"
        "其他列用 `--map 字段=列` 指定。"
        "空行跳过;多余的列不读。",
        "",
        "| 字段 | 含义 | 自动识别的表头 | 说明 | 导出 |",
        "|---|---|---|---|---|",
    ]
    lines += [
        f"| `{c.field}` | {c.title} | {'、'.join(c.aliases)} | {c.about} | {'✓' if c.is_exported else ''} |"
        for c in COLUMNS
    ]
    lines += [
        "| `attributes.属性` | 设施种类的属性 | attributes.属性 | 例如 `attributes.piles` | ✓ |",
        "",
        "日期可写 2024-06-30、2024/6/30、2024.6.30、2024年6月30日、20240630。"
        "可不填的格里写“/”“-”“无”“待定”“PNS”“TBD”等,按没有填写处理并提示。",
        "坐标格里的全角数字和标点会换成半角;度分秒(121°33′05″E、东经121度33分5秒、121:33:05)也能读;"
        "空值、文字、NaN 和不在地球上的数按行报错。",
        "",
    ]
    return "\n".join(lines)
