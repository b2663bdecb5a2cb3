"""Workbooks to fill in: for one district and one indicator (or a kind of existing facilities).

The headers, what a cell may hold and the notes come from the one table of columns, so a filled-in template is
imported without any mapping. Nothing in it is an example that could be imported by mistake.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from django.db.models import OuterRef, QuerySet, Subquery
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override

from projects.exchange.columns import BY_FIELD, COLUMNS, Shape
from projects.exchange.labels import division_labels, kind_labels
from projects.exchange.problems import OptionError
from projects.exchange.sitebook import SiteCells
from projects.exchange.sitevalues import AttributeColumn, attribute_columns, in_order
from projects.exchange.templaterules import Rules
from projects.exchange.workbooks import ABOUT_SHEET, DATA_SHEET, Sheet, beside, new_book, write_lines
from projects.models import Contribution, Division, FacilityKind, Indicator, Site
from projects.models.choices import DATUMS
from projects.permissions.access import Access, Permission, Target, may
from projects.readmodels.checkpoints import latest_checkpoint
from projects.rules.vocabulary import Counting, Service, Stage

#: Present sites in one template; more are worked on by township, or through an export.
MOST_PREFILLED: Final = 20_000
#: Of no use for existing stock, which has no plan.
_PLAN: Final = frozenset({"baseline_start", "baseline_finish"})
_POSITION: Final = frozenset({"lon", "lat", "wkt"})
_REQUIRED: Final = frozenset({"code", "name", "kind", "division"}) | _POSITION


class NotTheirs(Exception):
    """A district or an indicator that the person may not fill in; `str()` says which."""


@dataclass(frozen=True, slots=True)
class TemplateWish:
    """What somebody wants to fill in. `who` is printed; `access` says what that person may."""

    access: Access
    who: str
    division: Division
    kind: FacilityKind
    indicator: Indicator | None = None
    prefill: bool = False

    @property
    def departments(self) -> frozenset[int]:
        """Whose sites the rows will be, besides the division's."""
        if self.indicator is None:
            return frozenset()
        ids = {self.indicator.lead_department_id, *self.indicator.co_departments.values_list("pk", flat=True)}
        return frozenset(pk for pk in ids if pk is not None)

    @property
    def what(self) -> str:
        """The indicator, else the kind."""
        return self.indicator.name_zh if self.indicator is not None else self.kind.name_zh

    @property
    def file_name(self) -> str:
        """Names of a district and an indicator hold no character that a file's name must not have."""
        words = (_("点位填报"), self.division.name_zh, self.what)
        return "-".join("".join(c for c in word if c.isalnum()) for word in words) + ".xlsx"


def write_template(path: Path, wish: TemplateWish) -> int:
    """Write the workbook; returns how many present sites stand in it.

    Raises NotTheirs, OptionError (too many sites to fill in beforehand) and OSError.
    """
    divisions = _divisions(wish)
    fields = _fields(wish)
    attributes = attribute_columns([wish.kind])
    cells = SiteCells(fields, attributes, division_labels(), kind_labels())
    words: dict[str, Sequence[str]] = {
        "kind": [cells.kinds[wish.kind.pk]],
        "division": [cells.divisions[row.pk] for row in divisions],
        # Verified is what somebody else finds on the spot, not what a clerk fills in.
        "stage": [stage.term for stage in Stage if stage is not Stage.VERIFIED],
        "service": [service.term for service in Service],
    }
    sites = _present(wish) if wish.prefill else Site.objects.none()
    count = sites.order_by().count()
    if count > MOST_PREFILLED:
        raise OptionError(
            _("有 %(count)d 个点位,预填的模板至多 %(most)d 个;请按街道分开,或用点位列表的“导出”。")
            % {"count": count, "most": MOST_PREFILLED}
        )
    # In the language of its headers and lists, whatever the page is in that it was asked for on.
    with override("zh-hans"), new_book() as book:
        sheet = Sheet(book, DATA_SHEET, cells.headings, freeze="C2", is_filled_in=True)
        rules = Rules(sheet, words)
        rules.add(fields, attributes)
        sheet.head(
            [*(_note(field, count > 0) for field in fields), *(_attribute_note(a) for a in attributes)]
        )
        for site in in_order(sites):
            sheet.append(cells.row(site, quantity=getattr(site, "own_quantity", None)))
        sheet.filter()
        write_lines(book, ABOUT_SHEET, _about(wish, fields, attributes, count))
        rules.write_lists(book)
        with beside(path) as temporary:
            book.save(temporary)
    return count


def _divisions(wish: TemplateWish) -> list[Division]:
    """The district and the townships in it that this person may fill in. Raises NotTheirs."""
    departments = wish.departments
    today = timezone.localdate()
    rows = [
        row
        for row in Division.objects.live().within(wish.division).order_by("tree_left")
        if (row.valid_to is None or row.valid_to > today)
        and may(wish.access, Permission.SITE_ADD, Target(row.pk, departments))
    ]
    if not any(row.pk == wish.division.pk for row in rows):
        raise NotTheirs(
            _("%(division)s的“%(what)s”不在您的填报范围内。")
            % {"division": wish.division.name_zh, "what": wish.what}
        )
    return rows


def _fields(wish: TemplateWish) -> list[str]:
    position = ("lon", "lat") if wish.kind.geometry == "point" else ("wkt",)
    left_out = _POSITION - set(position)
    if wish.indicator is None:
        left_out |= _PLAN
    if wish.indicator is None or wish.indicator.counting != Counting.QUANTITY:
        left_out |= {"quantity"}
    return [column.field for column in COLUMNS if column.is_in_template and column.field not in left_out]


def _present(wish: TemplateWish) -> "QuerySet[Site]":
    """Sites that this person may change: of the indicator, or of the kind."""
    sites = Site.objects.visible_to(wish.access, Permission.SITE_CHANGE).managed_in(wish.division)
    sites = sites.filter(kind=wish.kind)
    if wish.indicator is None:
        return sites
    own = Contribution.objects.filter(site=OuterRef("pk"), indicator=wish.indicator)
    return sites.annotate(own_quantity=Subquery(own.values("quantity")[:1])).filter(
        own_quantity__isnull=False
    )


def _note(field: str, is_prefilled: bool) -> str:
    """What a clerk should know of a column, on its header."""
    column = BY_FIELD[field]
    lines = [_("必填") if field in _REQUIRED else _("可不填"), column.about]
    if field in _POSITION and is_prefilled:
        lines.append(_("本文件已预填 WGS-84 坐标,新增的行也须是 WGS-84"))
    if column.shape is Shape.WORD:
        lines.append(_("点单元格右边的箭头选择"))
    if column.shape is Shape.DATE:
        lines.append(_("写成 2024-06-30"))
    if column.example:
        lines.append(_("例如:%(example)s") % {"example": column.example})
    return _sentences(lines)


def _attribute_note(column: AttributeColumn) -> str:
    kinds = {"integer": _("0 或更大的整数"), "boolean": _("是或否")}
    return _sentences([_("可不填"), column.label, kinds.get(column.type, _("文字,至多 500 个字"))])


def _sentences(lines: Sequence[str]) -> str:
    """A sentence a line, none twice."""
    return "\n".join(_("%(sentence)s。") % {"sentence": line} for line in dict.fromkeys(lines))


def _about(
    wish: TemplateWish, fields: Sequence[str], attributes: Sequence[AttributeColumn], count: int
) -> list[tuple[str, str]]:
    """How it is filled in and what is done with it then."""
    datums = "、".join(str(label) for _value, label in DATUMS)
    options = f"--code {BY_FIELD['code'].header} --kind-from {BY_FIELD['kind'].header} --division-from column"
    if wish.indicator is not None:
        options += f" --indicator {wish.indicator.code}"
    datum = "wgs84" if count else _("坐标系")
    point = latest_checkpoint()
    lines = [
        (_("区划"), f"{wish.division.name_zh}({wish.division.code})"),
        (_("指标"), _indicator_line(wish.indicator)),
        (_("设施种类"), f"{wish.kind.name_zh}({wish.kind.slug})"),
        (_("制作"), f"{wish.who} {timezone.localtime().isoformat(sep=' ', timespec='minutes')}"),
        (_("已预填"), _prefilled_line(wish, count)),
        ("", ""),
        (_("第一步"), _("在“点位”表里每行填一个点位。表头已锁定,请不要改;行可以增加、删除、排序。")),
        (_("第二步"), _datum_line(count > 0, datums)),
        (_("第三步"), _("在后台“导入”里上传这个文件,或交给管理员运行下面的命令。先检查,没有错误才写入。")),
        (
            _("命令"),
            f"import_sites {wish.file_name} --actor {_('用户名')} {options} --datum {datum} --dry-run",
        ),
        (_("新点位"), _("导入以后是草稿,由另一个人发布。编码相同的行更新原有的点位,没有变的不动。")),
        ("", ""),
        (_("列"), _("填什么")),
    ]
    for field in fields:
        lines.append((BY_FIELD[field].header, _note(field, count > 0).replace("\n", "")))
    lines += [(column.label, _attribute_note(column).replace("\n", "")) for column in attributes]
    if wish.prefill and point is not None:
        lines.append((_("审计校验点"), point.as_line()))
    return lines


def _indicator_line(indicator: Indicator | None) -> str:
    if indicator is None:
        return _("存量设施,不计入指标")
    return f"{indicator.name_zh}({indicator.code})"


def _prefilled_line(wish: TemplateWish, count: int) -> str:
    if not wish.prefill:
        return _("没有,空白模板")
    if not count:
        return _("没有,还没有这样的点位")
    return _("%(count)d 个现有点位,坐标是 WGS-84") % {"count": count}


def _datum_line(is_prefilled: bool, datums: str) -> str:
    if is_prefilled:
        return _("坐标一律 WGS-84:预填的是,新增的行也须是。手机地图(高德、百度)的坐标请先换算,或用空白模板。")
    return _("全表用同一种坐标系,导入时选:%(datums)s。系统从不猜测;手机和高德、腾讯地图多半是 GCJ-02。") % {
        "datums": datums
    }
