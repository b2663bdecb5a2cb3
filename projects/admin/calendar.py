"""The holidays of each year, to read; they are loaded by a command."""

from django.contrib import admin
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from projects.admin.base import ScopedAdmin
from projects.models import HolidayTable
from projects.rules.vocabulary import DayKind


@admin.register(HolidayTable)
class HolidayTableAdmin(ScopedAdmin[HolidayTable]):
    """Read here: a year is loaded as a whole, and the table before it stays."""

    list_display = ["year", "rest_days", "work_days", "source", "recorded_at", "recorded_by"]
    list_select_related = ["recorded_by"]
    ordering = ["-year", "-pk"]
    fields = ("year", "source", "each_day", "corrects", "correction_reason", "recorded_at", "recorded_by")
    readonly_fields = fields
    list_hint = gettext_lazy(
        "由系统管理员用命令 load_holidays 整年载入;没有载入的年份用程序库,还没有公布的年份暂按周末。"
    )

    @admin.display(description=gettext_lazy("休(天)"))
    def rest_days(self, obj: HolidayTable) -> int:
        return sum(special.kind is DayKind.REST for special in obj.special_days())

    @admin.display(description=gettext_lazy("班(天)"))
    def work_days(self, obj: HolidayTable) -> int:
        return sum(special.kind is DayKind.WORK for special in obj.special_days())

    @admin.display(description=gettext_lazy("日期"))
    def each_day(self, obj: HolidayTable) -> SafeString:
        rows = ((day.isoformat(), _(kind.term), name) for day, kind, name in obj.special_days())
        return format_html_join("", "<div>{} {} {}</div>", rows)
