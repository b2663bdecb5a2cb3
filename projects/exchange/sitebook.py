"""Sites as an XLSX workbook: Chinese headers and words, days and numbers as such, codes as text."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from django.utils.translation import gettext as _

from projects.exchange.attributeheaders import attribute_header
from projects.exchange.columns import BY_FIELD, Shape
from projects.exchange.labels import division_labels, kind_labels, word_of
from projects.exchange.problems import OptionError
from projects.exchange.sitevalues import (
    AttributeColumn,
    attribute_columns,
    attributes_of,
    in_order,
    kinds_of,
    values_of,
)
from projects.exchange.workbooks import (
    ABOUT_SHEET,
    DATA_SHEET,
    DATE_FORMAT,
    LONGEST_CELL,
    MOST_ROWS,
    TEXT_FORMAT,
    Heading,
    Sheet,
    Value,
    beside,
    new_book,
    write_lines,
)
from projects.models import Site

if TYPE_CHECKING:
    from projects.exchange.exporting import SiteExport

#: Headers of what import does not read; none of them is a name that it knows.
_UNREAD: Final = {
    "located_in": Heading("所在区划(按位置)", 16),
    "is_demo": Heading("演示数据", 10),
    "publication": Heading("发布状态", 10),
    "light": Heading("亮灯", 8),
    "percent": Heading("形象进度(%)", 12),
    "reported_on": Heading("进度日期", 12),
}
_WORDS: Final = frozenset({"stage", "service", "publication", "light"})


@dataclass(frozen=True, slots=True)
class SiteCells:
    """A site's row in a workbook, by the fields and attributes that are asked for."""

    fields: Sequence[str]
    attributes: Sequence[AttributeColumn]
    divisions: Mapping[int, str]
    kinds: Mapping[int, str]

    @property
    def headings(self) -> list[Heading]:
        return [*map(heading_of, self.fields), *map(_attribute_heading, self.attributes)]

    def row(self, site: Site, **more: Value) -> list[Value]:
        """The cells; `more` gives fields that are no part of a site. Raises OptionError."""
        values = values_of(site) | more
        values |= {
            "kind": self.kinds[site.kind_id],
            "division": self.divisions[site.managed_by_id],
            "located_in": self.divisions.get(site.located_in_id, ""),
        }
        for field in _WORDS:
            values[field] = word_of(field, values[field])
        shape = values["wkt"]
        if isinstance(shape, str) and len(shape) > LONGEST_CELL:
            raise OptionError(
                _(
                    "点位 %(code)s 的图形有 %(count)d 个字,表格的一格放不下(至多 %(most)d);"
                    "请导出 GeoPackage(.gpkg)、GeoJSON 或 CSV。"
                )
                % {"code": site.code, "count": len(shape), "most": LONGEST_CELL}
            )
        own = attributes_of(site)
        return [*(values[field] for field in self.fields), *(own.get(each.key) for each in self.attributes)]


def heading_of(field: str) -> Heading:
    """How a workbook heads a field's column."""
    if field in _UNREAD:
        return _UNREAD[field]
    column = BY_FIELD[field]
    formats = {Shape.TEXT: TEXT_FORMAT, Shape.WORD: TEXT_FORMAT, Shape.DATE: DATE_FORMAT}
    number = "0.000000" if field in ("lon", "lat") else "General"
    return Heading(column.header, column.width, formats.get(column.shape, number))


def _attribute_heading(column: AttributeColumn) -> Heading:
    look = "General" if column.type == "integer" else TEXT_FORMAT
    return Heading(attribute_header(column.key, column.label), 16, look)


def without_shapes(fields: Sequence[str], has_shapes: bool) -> list[str]:
    """The fields, the column of shapes only where there are any."""
    return [field for field in fields if field != "wkt" or has_shapes]


def write_site_book(path: Path, export: "SiteExport") -> int:
    """Write the sheet of sites and one that says what it is. Raises OptionError: too many, or too large."""
    if export.about.count > MOST_ROWS:
        raise OptionError(
            _("有 %(count)d 个点位,一张表至多 %(most)d 行;请按区划或种类分开导出,或导出 CSV。")
            % {"count": export.about.count, "most": MOST_ROWS}
        )
    has_shapes = export.sites.order_by().filter(dimension__gt=0).exists()
    cells = SiteCells(
        without_shapes(export.fields, has_shapes),
        attribute_columns(kinds_of(export.sites)),
        division_labels(),
        kind_labels(),
    )
    with new_book() as book:
        sheet = Sheet(book, DATA_SHEET, cells.headings, freeze="C2")
        sheet.head()
        for site in in_order(export.sites):
            sheet.append(cells.row(site))
        sheet.filter()
        write_lines(book, ABOUT_SHEET, export.about.lines())
        with beside(path) as temporary:
            book.save(temporary)
    return sheet.count
