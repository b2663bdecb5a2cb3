"""The one table of columns: what import understands, what export writes, what the user guide lists.

To add a column, add a row here (and its value to `exporting.values_of`); docs/user/import-columns.md is
written from this table (columnguide.py) and a test holds them together.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from projects.exchange import values
from projects.exchange.attributeheaders import ATTRIBUTES as ATTRIBUTES
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
