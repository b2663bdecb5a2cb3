"""What is promised from a day on: targets and money arranged. Statements are appended; the newest is copied.

The copy (`Indicator.target`, `DivisionTarget.target`, `FundingLine.arranged`) is for lists and forms, as a
site's stage is: figures ask the statements.
"""

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any, TypeVar

from django.db import models, transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from projects.actions import closing, ledger, subjectlights
from projects.actions.errors import Invalid, NotAllowed
from projects.actions.records import check_not_ahead, check_range
from projects.actions.rows import audited, check_correction, clean, entry_of
from projects.models import (
    DivisionTarget,
    FundingArrangement,
    FundingLine,
    Indicator,
    TargetStatement,
)
from projects.models.base import AppendOnly
from projects.permissions.access import Access, Permission, Target, may
from projects.querysets.recorded import RecordedQuerySet


@closing.correctable
def set_target(*, access: Access, row: TargetStatement, reason: str = "") -> TargetStatement:
    """State an indicator's target from a day on, for a division or (none) the whole city; null is 无目标.

    Raises NotAllowed, Invalid (a target of 0, a day that is still to come, a correction of another subject's
    statement or of a corrected one), PeriodClosed.
    """
    _require(access)
    check_not_ahead("effective_on", row.effective_on)
    if row.target is not None and not (Decimal(row.target).is_finite() and row.target > 0):
        raise Invalid({"target": _("目标须大于 0;没有目标请留空,不要填 0。")})
    with transaction.atomic():
        indicator = (
            Indicator.objects.select_for_update(of=("self",))
            .select_related("category__programme__policy")
            .get(pk=row.indicator_id)
        )
        corrected = _corrected(row, ("indicator_id", "division_id"), _("被更正的目标不属于这个指标和区划。"))
        clean(row)
        closing.ask(
            [indicator.category.programme_id],
            row.effective_on,
            corrected.effective_on if corrected is not None else None,
        )
        others = TargetStatement.objects.filter(
            Q(division__isnull=True) if row.division_id is None else Q(division_id=row.division_id),
            indicator=indicator,
        )
        newest = _newest(row, others)
        if row.division_id is None:
            copy = _changed(indicator, "target", newest.target)
        else:
            copy = _changed_division(indicator, row.division_id, newest.target)
        append_statement(
            access,
            row,
            reason,
            copy,
            then=lambda numbers: subjectlights.follow_cell(
                indicator, row.division_id, seq=numbers.last, now=numbers.recorded_at
            ),
        )
    return row


@closing.correctable
def arrange_funds(*, access: Access, row: FundingArrangement, reason: str = "") -> FundingArrangement:
    """State how much a line arranges in all, in yuan, from a day on.

    Raises NotAllowed, Invalid (negative money, a day that is still to come, a correction of another line's
    statement or of a corrected one), PeriodClosed.
    """
    _require(access)
    check_not_ahead("effective_on", row.effective_on)
    check_range("arranged", row.arranged, _("安排金额不能为负。"))
    with transaction.atomic():
        line = (
            FundingLine.objects.select_for_update(of=("self",))
            .select_related("programme__policy")
            .get(pk=row.line_id)
        )
        corrected = _corrected(row, ("line_id",), _("被更正的安排不属于这笔资金。"))
        clean(row)
        closing.ask(
            [line.programme_id],
            row.effective_on,
            corrected.effective_on if corrected is not None else None,
        )
        newest = _newest(row, FundingArrangement.objects.filter(line=line))
        append_statement(
            access,
            row,
            reason,
            _changed(line, "arranged", newest.arranged),
            then=lambda numbers: subjectlights.follow_line(
                line.programme, line.pk, seq=numbers.last, now=numbers.recorded_at
            ),
        )
    return row


#: A row whose copy of the newest statement changes: the verb, and what the audit says of it.
Copy = tuple[models.Model, str, Mapping[str, ledger.JSON]]


def append_statement(
    access: Access,
    row: AppendOnly,
    reason: str,
    copy: Copy | None = None,
    *,
    then: Callable[[ledger.Numbers], None],
) -> None:
    """Write a checked statement, and the copy of the newest one where that changes: one entry each.

    `then` is called with both written and the head held: for the lights that follow.
    """
    with ledger.take(1 if copy is None else 2, actor_id=access.user_id) as numbers:
        row.recorded_at, row.recorded_by_id = numbers.recorded_at, access.user_id
        row.changed_seq = numbers.first
        row.save()
        said = {name: [None, value] for name, value in audited(row).items() if value not in (None, "")}
        entries = [entry_of(row, "add", said, reason)]
        if copy is not None:
            kept, verb, changed = copy
            held: Any = kept
            held.changed_seq = numbers.last
            if verb == "remove":
                held.deleted_seq = numbers.last
            held.save()
            entries.append(entry_of(kept, verb, changed, reason))
        then(numbers)
        numbers.write(entries)


def _require(access: Access) -> None:
    if not may(access, Permission.PROGRAMME_CHANGE, Target()):
        raise NotAllowed(_("您没有权限修改全市的基础数据。"))


S = TypeVar("S", TargetStatement, FundingArrangement)


def _corrected(row: S, subject: Sequence[str], sentence: str) -> S | None:
    """The statement that `row` corrects: of the same subject, and still standing."""
    if row.corrects_id is None:
        return None
    corrected = type(row)._default_manager.get(pk=row.corrects_id)
    if any(getattr(corrected, name) != getattr(row, name) for name in subject):
        raise Invalid({"corrects": sentence})
    check_correction(corrected, row.correction_reason)
    return corrected


def _newest(row: S, others: RecordedQuerySet[S]) -> S:
    """The one in force last, once `row` is written: by its day, of one day the later recorded."""
    last = others.standing().exclude(pk=row.corrects_id or 0).order_by("effective_on", "pk").last()
    return row if last is None or row.effective_on >= last.effective_on else last


def _changed(kept: models.Model, field: str, value: Decimal | None) -> Copy | None:
    before = audited(kept)[field]
    setattr(kept, field, value)
    after = audited(kept)[field]
    return None if before == after else (kept, "change", {field: [before, after]})


def _changed_division(indicator: Indicator, division_id: int, value: Decimal | None) -> Copy | None:
    kept = DivisionTarget.objects.filter(indicator=indicator, division_id=division_id).first()
    if kept is None:
        if value is None:
            return None
        kept = DivisionTarget(indicator=indicator, division_id=division_id, target=value)
        return kept, "add", {name: [None, said] for name, said in audited(kept).items()}
    was_removed = kept.deleted_seq is not None
    if value is None:
        return None if was_removed else (kept, "remove", {"target": [audited(kept)["target"], None]})
    kept.deleted_seq = None
    changed = _changed(kept, "target", value)
    if was_removed:
        return kept, "change", {"target": [None, audited(kept)["target"]]}
    return changed
