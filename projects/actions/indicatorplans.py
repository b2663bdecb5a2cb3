"""When how much of an indicator is to be done (分解计划): stated, appended, never edited."""

from decimal import Decimal

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from projects.actions import closing, subjectlights
from projects.actions.errors import Invalid
from projects.actions.promises import append_statement
from projects.actions.records import check_not_ahead
from projects.actions.rows import check_correction, clean, require_city
from projects.models import Indicator, IndicatorPlan, TargetStatement
from projects.permissions.access import Access, Permission
from projects.querysets.recorded import RecordedQuerySet
from projects.readmodels.subjectfacts import curve_of
from projects.rules.errors import RuleError
from projects.rules.period import Period
from projects.rules.vocabulary import PlanUnit


@closing.correctable
def state_plan(*, access: Access, row: IndicatorPlan, reason: str = "") -> IndicatorPlan:
    """State what is planned by which day, for a division or (none) the whole city.

    The first one is the baseline of the whole period; a later one is a reschedule, in force from its day on
    if it has an approval number. Amounts are of the target in force on the statement's day.

    Raises NotAllowed, Invalid (points that are no plan, amounts without a target, a day that is still to
    come or not after the baseline's, a correction of another cell's plan), PeriodClosed.
    """
    require_city(access, Permission.PROGRAMME_CHANGE)
    check_not_ahead("effective_on", row.effective_on)
    with transaction.atomic():
        indicator = (
            Indicator.objects.select_for_update(of=("self",))
            .select_related("category__programme__policy")
            .get(pk=row.indicator_id)
        )
        programme = indicator.category.programme
        others = IndicatorPlan.objects.standing().filter(
            Q(division__isnull=True) if row.division_id is None else Q(division_id=row.division_id),
            indicator=indicator,
        )
        corrected = _corrected(row, others)
        others = others.exclude(pk=row.corrects_id or 0).order_by("effective_on", "pk")
        is_baseline = _is_baseline(row, corrected, others)
        row.whole = _whole(row) if row.unit == PlanUnit.AMOUNT else None
        _check_points(row, Period(programme.period_start, programme.period_end))
        clean(row)
        closing.ask(
            [programme.pk],
            closing.EVERY_DAY if is_baseline else row.effective_on,
            corrected.effective_on if corrected is not None else None,
        )
        append_statement(
            access,
            row,
            reason,
            then=lambda numbers: subjectlights.follow_cell(
                indicator, row.division_id, seq=numbers.last, now=numbers.recorded_at
            ),
        )
    return row


def _corrected(row: IndicatorPlan, others: RecordedQuerySet[IndicatorPlan]) -> IndicatorPlan | None:
    if row.corrects_id is None:
        return None
    corrected = IndicatorPlan.objects.get(pk=row.corrects_id)
    if (corrected.indicator_id, corrected.division_id) != (row.indicator_id, row.division_id):
        raise Invalid({"corrects": _("被更正的计划不属于这个指标和区划。")})
    check_correction(corrected, row.correction_reason)
    return corrected


def _is_baseline(
    row: IndicatorPlan, corrected: IndicatorPlan | None, others: RecordedQuerySet[IndicatorPlan]
) -> bool:
    """The first statement by its day. A reschedule never takes its place, nor a correction another's."""
    first = others.first()
    if first is None:
        return True
    was_first = corrected is not None and (corrected.effective_on, corrected.pk) < (
        first.effective_on,
        first.pk,
    )
    if (row.effective_on < first.effective_on) == was_first and row.effective_on != first.effective_on:
        return was_first
    raise Invalid(
        {
            "effective_on": _("首份计划(基线)自 %(day)s 起,调整须从更晚的日期开始;基线写错了请更正那一条。")
            % {"day": first.effective_on}
        }
    )


def _whole(row: IndicatorPlan) -> Decimal:
    stated = TargetStatement.objects.standing().filter(
        Q(division__isnull=True) if row.division_id is None else Q(division_id=row.division_id),
        indicator_id=row.indicator_id,
        effective_on__lte=row.effective_on,
    )
    newest = stated.order_by("effective_on", "pk").last()
    if newest is None or newest.target is None:
        raise Invalid({"unit": _("按数量编制计划须先登记目标;没有目标请按百分比编制。")})
    return newest.target


def _check_points(row: IndicatorPlan, period: Period) -> None:
    if not row.points:
        raise Invalid({"points": _("请至少写一个时点,例如每月最后一天应完成多少。")})
    try:
        curve_of(row, period)
    except RuleError as problem:
        raise Invalid({"points": _(problem.msgid).format(**problem.params)}) from problem
    except (ValueError, TypeError, ArithmeticError):
        raise Invalid({"points": _('每个时点写作 [日期, 数],例如 ["2024-03-31", "25"]。')}) from None
