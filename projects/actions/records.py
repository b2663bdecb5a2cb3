"""What divisions and departments report besides sites, and rows that belong to one of them."""

from collections.abc import Iterable

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from projects.actions import ledger
from projects.actions.errors import Invalid
from projects.actions.rows import entry_of, require_city, save_row
from projects.actions.sitewriting import departments_of
from projects.models import (
    Department,
    DivisionTarget,
    FundingLine,
    FundingReport,
    Indicator,
    IndicatorReport,
    Project,
)
from projects.permissions.access import Access, Permission, Target


def indicator_target(indicator_id: int | None, division_id: int | None) -> Target:
    """Whose an indicator's row for a division is; without a division it speaks for the whole city."""
    return Target(division_id, departments_of([indicator_id] if indicator_id is not None else []))


def line_target(line: FundingLine) -> Target:
    """Whose money it is."""
    return indicator_target(line.indicator_id, line.division_id)


def report_indicator(*, access: Access, row: IndicatorReport, reason: str = "") -> IndicatorReport:
    """Record an indicator's reported output. Append-only. Raises NotAllowed, Invalid."""
    if row.as_of > timezone.localdate():
        raise Invalid({"as_of": _("截至日期不能晚于今天。")})
    if row.corrects_id is not None:
        corrected = IndicatorReport.objects.get(pk=row.corrects_id)
        if (corrected.indicator_id, corrected.division_id) != (row.indicator_id, row.division_id):
            raise Invalid({"corrects": _("被更正的报告不属于这个指标和区划。")})
        _require_reason(row.correction_reason)
    target = indicator_target(row.indicator_id, row.division_id)
    return save_row(
        access=access, row=row, permission=Permission.INDICATOR_REPORT, reason=reason, target=target
    )


def report_funding(*, access: Access, row: FundingReport, reason: str = "") -> FundingReport:
    """Record what has been used of a line. Append-only. Raises NotAllowed, Invalid."""
    if row.as_of > timezone.localdate():
        raise Invalid({"as_of": _("截至日期不能晚于今天。")})
    if row.corrects_id is not None:
        if FundingReport.objects.get(pk=row.corrects_id).line_id != row.line_id:
            raise Invalid({"corrects": _("被更正的报告不属于这笔资金。")})
        _require_reason(row.correction_reason)
    return save_row(
        access=access,
        row=row,
        permission=Permission.FUNDING_REPORT,
        reason=reason,
        target=line_target(row.line),
    )


def save_division_target(*, access: Access, row: DivisionTarget, reason: str = "") -> DivisionTarget:
    """A district's share of an indicator's target. Raises NotAllowed, Invalid."""
    return save_row(access=access, row=row, permission=Permission.PROGRAMME_CHANGE, reason=reason)


def set_co_departments(
    *, access: Access, row: Indicator | Project, departments: Iterable[Department]
) -> None:
    """Which departments support an indicator or project; one entry if it differs. Raises NotAllowed."""
    require_city(access, Permission.PROGRAMME_CHANGE)
    wanted = sorted(department.pk for department in departments)
    with transaction.atomic():
        # The subject's row before the head: one lock order everywhere.
        type(row)._default_manager.select_for_update().get(pk=row.pk)
        before = sorted(row.co_departments.values_list("pk", flat=True))
        if before == wanted:
            return
        with ledger.take(1, actor_id=access.user_id) as numbers:
            row.co_departments.set(wanted)
            row.changed_seq = numbers.first
            row.save(update_fields=["changed_seq"])
            numbers.write([entry_of(row, "departments", {"co_departments": [before, wanted]}, "")])


def _require_reason(reason: str) -> None:
    if not reason.strip():
        raise Invalid({"correction_reason": _("更正须写明原因。")})
