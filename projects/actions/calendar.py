"""Writing the holidays of a year: the whole year at once, in place of what was loaded for it before."""

from collections.abc import Iterable

from django.db import transaction
from django.utils.translation import gettext as _

from projects.actions.errors import Invalid
from projects.actions.rows import require_city, save_row
from projects.models import HolidayTable
from projects.permissions.access import Access, Permission
from projects.rules.calendar import SpecialDay, WorkingCalendar
from projects.rules.errors import RuleError


def load_holidays(
    *, access: Access, year: int, days: Iterable[SpecialDay], source: str = "", reason: str = ""
) -> HolidayTable:
    """Record a year's table with one audit entry; the table before it is corrected, not changed.

    The same days and source again write nothing. Raises NotAllowed; Invalid for a day of another year or one
    that stands twice, and for a year that has a table already when no `reason` is given.
    """
    require_city(access, Permission.POLICY_CHANGE)
    wanted = tuple(sorted(days))
    try:
        WorkingCalendar({year: wanted})
    except RuleError as problem:
        raise Invalid({"days": _(problem.msgid).format(**problem.params)}) from problem
    data = [{"date": day.isoformat(), "kind": kind.value, "name": name} for day, kind, name in wanted]
    with transaction.atomic():
        # The year's rows before the head: one lock order everywhere.
        list(HolidayTable.objects.select_for_update().filter(year=year).values_list("pk", flat=True))
        before = HolidayTable.objects.standing().filter(year=year).first()
        if before is not None and (before.days, before.source) == (data, source):
            return before
        if before is not None and not reason.strip():
            raise Invalid({"reason": _("{year} 年已有节假日安排;替换它须写明原因。").format(year=year)})
        row = HolidayTable(year=year, days=data, source=source, corrects=before)
        row.correction_reason = reason if before is not None else ""
        return save_row(access=access, row=row, permission=Permission.POLICY_CHANGE, reason=reason)
