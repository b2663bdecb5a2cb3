"""What divisions and departments report besides sites, and rows that belong to one of them."""

import datetime as dt
from collections.abc import Iterable
from decimal import Decimal

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from projects.actions import closing, ledger, subjectlights
from projects.actions.errors import Invalid
from projects.actions.rows import check_correction, entry_of, require_city, save_row
from projects.actions.sitewriting import departments_of
from projects.models import (
    Department,
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


@closing.correctable
def report_indicator(*, access: Access, row: IndicatorReport, reason: str = "") -> IndicatorReport:
    """Record an indicator's reported output. Append-only. Raises NotAllowed, Invalid, PeriodClosed."""
    check_not_ahead("as_of", row.as_of)
    check_range("actual", row.actual, _("完成数不能为负。"))
    check_range("percent", row.percent, _("进度须在 0 到 100 之间。"), most=Decimal(100))
    with transaction.atomic():
        # Two corrections of one report at the same moment: the second waits here and finds it corrected.
        indicator = (
            Indicator.objects.select_for_update(of=("self",))
            .select_related("category__programme__policy")
            .get(pk=row.indicator_id)
        )
        programme = indicator.category.programme_id
        corrected = None
        if row.corrects_id is not None:
            corrected = IndicatorReport.objects.get(pk=row.corrects_id)
            if (corrected.indicator_id, corrected.division_id) != (row.indicator_id, row.division_id):
                raise Invalid({"corrects": _("被更正的报告不属于这个指标和区划。")})
            check_correction(corrected, row.correction_reason)
        return save_row(
            access=access,
            row=row,
            permission=Permission.INDICATOR_REPORT,
            reason=reason,
            target=indicator_target(row.indicator_id, row.division_id),
            guard=lambda stored: closing.ask([programme], row.as_of, corrected.as_of if corrected else None),
            then=lambda numbers: subjectlights.follow_cell(
                indicator, row.division_id, seq=numbers.last, now=numbers.recorded_at
            ),
        )


@closing.correctable
def add_funding_report(*, access: Access, row: FundingReport, reason: str = "") -> FundingReport:
    """Record what has been used of a line, in yuan, in total up to a day. Append-only.

    A total does not fall: one below an earlier day's or above a later day's is refused unless the row's note
    says why (a refund, say); a mistake is put right by a correction. Raises NotAllowed, Invalid,
    PeriodClosed.
    """
    check_not_ahead("as_of", row.as_of)
    check_range("used", row.used, _("使用金额不能为负。"))
    with transaction.atomic():
        line = (
            FundingLine.objects.select_for_update(of=("self",))
            .select_related("programme__policy")
            .get(pk=row.line_id)
        )
        corrected = None
        if row.corrects_id is not None:
            corrected = FundingReport.objects.get(pk=row.corrects_id)
            if corrected.line_id != row.line_id:
                raise Invalid({"corrects": _("被更正的报告不属于这笔资金。")})
            check_correction(corrected, row.correction_reason)
        _check_total(row)
        return save_row(
            access=access,
            row=row,
            permission=Permission.FUNDING_REPORT,
            reason=reason,
            target=line_target(line),
            guard=lambda stored: closing.ask(
                [line.programme_id], row.as_of, corrected.as_of if corrected else None
            ),
            then=lambda numbers: subjectlights.follow_line(
                line.programme, line.pk, seq=numbers.last, now=numbers.recorded_at
            ),
        )


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


def check_not_ahead(field: str, day: dt.date) -> None:
    """Nobody knows tomorrow (Asia/Shanghai)."""
    if day > timezone.localdate():
        raise Invalid({field: _("日期不能晚于今天。")})


def check_range(field: str, value: Decimal | None, sentence: str, *, most: Decimal | None = None) -> None:
    """Finite, not negative and at most `most`; nothing said is fine."""
    if value is None:
        return
    number = Decimal(value)
    if not number.is_finite() or number < 0 or (most is not None and number > most):
        raise Invalid({field: sentence})


def _check_total(row: FundingReport) -> None:
    if row.note.strip():
        return
    others = FundingReport.objects.filter(line_id=row.line_id).standing()
    if row.corrects_id is not None:
        others = others.exclude(pk=row.corrects_id)
    before = others.filter(as_of__lte=row.as_of).order_by("as_of", "pk").last()
    after = others.filter(as_of__gt=row.as_of).order_by("as_of", "pk").first()
    for other, wrong in (
        (before, before is not None and row.used < before.used),
        (after, after is not None and row.used > after.used),
    ):
        if other is not None and wrong:
            raise Invalid(
                {
                    "used": _(
                        "使用金额是累计数:%(day)s 已报 %(used)s 元。报错了请新增更正;"
                        "确实减少(例如退款)请在“说明”里写明原因。"
                    )
                    % {"day": other.as_of, "used": f"{other.used:,.2f}"}
                }
            )
