"""One phase, or one report of how it stands, by hand."""

from django.db import transaction
from django.utils.translation import gettext as _

from projects.actions import closing, ledger
from projects.actions.errors import Invalid
from projects.actions.phasedrafts import STANDING_FIELDS, baseline_values
from projects.actions.records import check_not_ahead, check_range
from projects.actions.rows import check_correction, clean, entry_of, require_city, save_row
from projects.models import Phase, PhaseReport
from projects.permissions.access import Access, Permission


@closing.correctable
def save_phase(*, access: Access, row: Phase, reason: str = "") -> Phase:
    """A phase by hand: what it is and its baseline. What is reported of it is `report_phase`.

    A baseline date that is known never changes. Raises NotAllowed, Invalid; PeriodClosed for a baseline that
    comes late and for another owner, by which the phase is judged on every day.
    """
    require_city(access, Permission.PROGRAMME_CHANGE)
    owner = row.project or row.indicator
    if owner is not None and owner.category.programme_id != row.programme_id:
        raise Invalid({"programme": _("阶段与它所属的项目或指标不在同一年度。")})
    stored = Phase.objects.filter(pk=row.pk).first() if row.pk is not None else None
    for name in ("baseline_start", "baseline_due"):
        before = getattr(stored, name) if stored is not None else None
        if before is not None and getattr(row, name) != before:
            raise Invalid({name: _("基线日期一经登记不再改变;调整计划请填报现计划日期。")})
    return save_row(
        access=access,
        row=row,
        permission=Permission.PROGRAMME_CHANGE,
        reason=reason,
        guard=lambda before: _ask_phase(before, row),
        then=lambda numbers: _number(row, numbers.first),
    )


def _number(row: Phase, changed_seq: int) -> None:
    """Under which number the phase and each date of its baseline were known first."""
    late = {}
    if not row.created_seq:
        late["created_seq"] = changed_seq
    for name in ("baseline_start", "baseline_due"):
        if getattr(row, name) is not None and getattr(row, f"{name}_seq") is None:
            late[f"{name}_seq"] = changed_seq
    if late:
        Phase.objects.filter(pk=row.pk).update(**late)
        for name, value in late.items():
            setattr(row, name, value)


def _ask_phase(stored: Phase | None, row: Phase) -> None:
    judging = ("programme_id", "project_id", "indicator_id", "currency", "baseline_start", "baseline_due")
    if stored is not None and any(getattr(stored, name) != getattr(row, name) for name in judging):
        closing.ask({stored.programme_id, row.programme_id}, closing.EVERY_DAY)


@closing.correctable
def report_phase(*, access: Access, row: PhaseReport, reason: str = "") -> PhaseReport:
    """Record how a phase stands as of a day. Append-only. Raises NotAllowed, Invalid, PeriodClosed."""
    require_city(access, Permission.PROGRAMME_CHANGE)
    for name in ("as_of", "started_on", "met_on"):
        day = getattr(row, name)
        if day is not None:
            check_not_ahead(name, day)
    for name in ("budget", "estimate", "spent"):
        check_range(name, getattr(row, name), _("金额不能为负。"))
    for first, last in (("planned_start", "planned_due"), ("started_on", "met_on")):
        start, finish = getattr(row, first), getattr(row, last)
        if start is not None and finish is not None and finish < start:
            raise Invalid({last: _("完成日期不能早于开工日期。")})
    with transaction.atomic():
        phase = Phase.objects.select_for_update().live().get(pk=row.phase_id)
        corrected = None
        if row.corrects_id is not None:
            corrected = PhaseReport.objects.get(pk=row.corrects_id)
            if corrected.phase_id != row.phase_id:
                raise Invalid({"corrects": _("被更正的报告不属于这个阶段。")})
            check_correction(corrected, row.correction_reason)
        clean(row)
        closing.ask([phase.programme_id], row.as_of, corrected.as_of if corrected else None)
        with ledger.take(1, actor_id=access.user_id) as numbers:
            row.recorded_by_id, row.recorded_at = access.user_id, numbers.recorded_at
            row.changed_seq = numbers.first
            row.save()
            _copy_newest(phase, numbers.first)
            said = {name: ledger.as_json(getattr(row, name)) for name in STANDING_FIELDS}
            told = {
                "phase_id": phase.pk,
                "as_of": row.as_of.isoformat(),
                "corrects_id": row.corrects_id,
                **said,
            }
            changed: dict[str, ledger.JSON] = {name: [None, value] for name, value in told.items()}
            numbers.write([entry_of(row, "add", changed, reason or row.correction_reason)])
    return row


def _copy_newest(phase: Phase, seq: int) -> None:
    """The phase's copy of the newest report that stands, and a baseline that was not known so far."""
    newest = PhaseReport.objects.standing().filter(phase_id=phase.pk).order_by("as_of", "pk").last()
    if newest is not None:
        for name in (*STANDING_FIELDS, "gaps"):
            setattr(phase, name, getattr(newest, name))
        phase.reported_on = newest.as_of
        known = {"baseline_start": phase.baseline_start, "baseline_due": phase.baseline_due}
        for name, value in baseline_values(known, newest.planned_start, newest.planned_due, seq).items():
            setattr(phase, name, value)
    phase.changed_seq = seq
    phase.save()
