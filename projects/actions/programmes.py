"""Writes to what was promised: programmes, categories, indicators, figures, kinds, policies, money arranged.

Each takes a row with its new values (unsaved, or read and changed), checks it and writes it with one audit
entry; the same values again write nothing. All raise NotAllowed and Invalid (projects.actions.errors), and
PeriodClosed for what would change the figures of a closed period.
"""

import datetime as dt
from collections.abc import Iterable, Sequence
from decimal import Decimal

from django.db import models, transaction
from django.utils.translation import gettext as _

from projects.actions import closing, ledger, rollups, subjectlights
from projects.actions.closing import correctable
from projects.actions.errors import Invalid
from projects.actions.lights import rejudge, sites_of
from projects.actions.promises import append_statement
from projects.actions.records import check_not_ahead, check_range
from projects.actions.rows import check_correction, save_row
from projects.models import (
    Category,
    FacilityKind,
    FundingArrangement,
    FundingLine,
    Indicator,
    LagPolicy,
    LightSpan,
    Programme,
    Project,
    PublishedFigure,
    TargetStatement,
)
from projects.permissions.access import Access, Permission
from projects.readmodels.definitions import DEFINING
from projects.rules.errors import RuleError
from projects.rules.period import ONE_DAY
from projects.rules.policy import Policy

#: Fields of a programme that decide lights.
_JUDGING = ("policy_id", "period_start", "period_end", "cutoff", "publication")


@correctable
def save_programme(*, access: Access, row: Programme, reason: str = "") -> Programme:
    """A year's programme and what it publishes.

    Another policy, period, cut-off or publication judges all its sites anew, in the same transaction. Once a
    month is closed another policy or period, and a cut-off before the closed day, repaint closed figures:
    PeriodClosed.
    """
    with transaction.atomic():
        stored = Programme.objects.select_for_update().filter(pk=row.pk).first()
        moved = stored is not None and any(getattr(stored, name) != getattr(row, name) for name in _JUDGING)
        # Subject rows are locked before the head is taken: one lock order everywhere.
        sites = moved and bool(list(sites_of(row).select_for_update().values_list("pk", flat=True)))

        def follow(numbers: ledger.Numbers) -> int:
            return subjectlights.follow_programme(row, seq=numbers.last, now=numbers.recorded_at)

        def then(numbers: ledger.Numbers) -> None:
            if moved and not sites:
                # Of sites that only counted beside another programme: the days that are kept may have moved.
                rollups.rebuild()
                follow(numbers)

        saved = save_row(
            access=access,
            row=row,
            permission=Permission.PROGRAMME_CHANGE,
            reason=reason,
            guard=lambda before: _ask_programme(before, row),
            # With sites their sums come first, and those are made anew below.
            then=then,
        )
        if sites:
            with ledger.take(1, actor_id=access.user_id) as numbers:
                changed = rejudge(saved, changed_seq=numbers.first, now=numbers.recorded_at)
                subjects = follow(numbers)
                numbers.write(
                    [
                        ledger.Entry(
                            action="programme.rejudge",
                            subject_type="programme",
                            subject_id=str(saved.pk),
                            payload={"sites_changed": changed, "subjects_changed": subjects},
                        )
                    ]
                )
    return saved


def _ask_programme(stored: Programme | None, row: Programme) -> None:
    if stored is None:
        return
    fixed = ("policy_id", "period_start", "period_end", "division_id")
    repaints = any(getattr(stored, name) != getattr(row, name) for name in fixed)
    moved_back = row.cutoff < stored.cutoff
    closing.ask([row.pk], closing.EVERY_DAY if repaints else row.cutoff + ONE_DAY if moved_back else None)


def _ask_structure(
    stored: models.Model | None, row: models.Model, fields: Sequence[str], programme_ids: Iterable[int]
) -> None:
    """Another way of counting changes the figures of every day. A new part states none: what is promised and
    reported of it has days of its own.
    """
    if stored is not None and any(getattr(stored, name) != getattr(row, name) for name in fields):
        closing.ask(programme_ids, closing.EVERY_DAY)


def save_category(*, access: Access, row: Category, reason: str = "") -> Category:
    """A group (类) of a programme. With indicators it stays where it is: their sites are counted there."""
    filled = row.pk is not None and row.indicators.exists()
    if filled and Category.objects.get(pk=row.pk).programme_id != row.programme_id:
        raise Invalid({"programme": _("已有指标的类不能移到别的年度。")})
    return save_row(access=access, row=row, permission=Permission.PROGRAMME_CHANGE, reason=reason)


@correctable
def save_project(*, access: Access, row: Project, reason: str = "") -> Project:
    """A commitment (项) that the source names."""

    def guard(stored: Project | None) -> None:
        programmes = {part.category.programme_id for part in (row, stored) if part is not None}
        fields = ["category_id", "completion_type", "due_date", "weight"]
        _ask_structure(stored, row, fields, programmes)

    return save_row(
        access=access, row=row, permission=Permission.PROGRAMME_CHANGE, reason=reason, guard=guard
    )


@correctable
def save_indicator(*, access: Access, row: Indicator, reason: str = "") -> Indicator:
    """An indicator; a subset must have its whole's unit and programme, and no subset of its own above it.

    The target of a new one is its first statement, in force from the period's first day; later ones are
    stated with their day (`projects.actions.promises.set_target`).
    """
    _check_subset(row)
    if row.target is not None and not (Decimal(row.target).is_finite() and row.target > 0):
        raise Invalid({"target": _("目标须大于 0;没有目标请留空,不要填 0。")})

    def guard(stored: Indicator | None) -> None:
        if stored is not None and stored.target != row.target:
            raise Invalid({"target": _("目标的改动须写明生效日期:请新增一条“目标登记”。")})
        programmes = {part.category.programme_id for part in (row, stored) if part is not None}
        fields = ["category_id", "project_id", "unit_zh", "counting", "completion_type", "subset_of_id"]
        _ask_structure(stored, row, fields, programmes)
        if stored is None and row.target is not None:
            closing.ask(programmes, row.category.programme.period_start)

    with transaction.atomic():
        is_new = row.pk is None
        stored = None if is_new else Indicator.objects.get(pk=row.pk)
        counts_anew = stored is not None and any(
            getattr(stored, name) != getattr(row, name) for name in DEFINING
        )

        def follow(numbers: ledger.Numbers) -> None:
            """What sites give goes elsewhere, or is counted in another way: the sums are made anew."""
            if counts_anew and stored is not None:
                rollups.rebuild()
                for programme in {stored.category.programme, row.category.programme}:
                    subjectlights.follow_programme(programme, seq=numbers.last, now=numbers.recorded_at)

        saved = save_row(
            access=access,
            row=row,
            permission=Permission.PROGRAMME_CHANGE,
            reason=reason,
            guard=guard,
            then=follow,
        )
        if is_new and row.target is not None:
            programme = row.category.programme
            first = TargetStatement(
                indicator=saved,
                effective_on=programme.period_start,
                target=row.target,
                source=programme.source or reason or _("年初登记"),
            )
            append_statement(
                access,
                first,
                reason,
                then=lambda numbers: subjectlights.follow_cell(
                    saved, None, seq=numbers.last, now=numbers.recorded_at
                ),
            )
    return saved


def _check_subset(row: Indicator) -> None:
    whole = row.subset_of
    if whole is not None:
        if whole.category.programme_id != row.category.programme_id:
            raise Invalid({"subset_of": _("“其中”指标须与所属指标在同一年度。")})
        if whole.unit_zh != row.unit_zh:
            raise Invalid({"subset_of": _("“其中”指标须与所属指标用同一单位。")})
        if whole.subset_of_id is not None or (row.pk is not None and row.subsets.exists()):
            raise Invalid({"subset_of": _("“其中”指标不能再有“其中”。")})
    if row.pk is not None:
        stored = Indicator.objects.select_related("category").get(pk=row.pk)
        moves = stored.category.programme_id != row.category.programme_id
        if moves and (row.contributions.exists() or row.subsets.exists()):
            raise Invalid({"category": _("已有点位计入的指标不能移到别的年度。")})
        if stored.unit_zh != row.unit_zh and row.subsets.exclude(unit_zh=row.unit_zh).exists():
            raise Invalid({"unit_zh": _("“其中”指标须与所属指标用同一单位。")})


@correctable
def save_published_figure(*, access: Access, row: PublishedFigure, reason: str = "") -> PublishedFigure:
    """A figure as printed; its category and indicator must belong to its programme. Append-only.

    A figure that was registered wrongly is corrected by a new row of the same key with a reason. A new
    quotation about a closed day is welcome (cities print a month after it has closed); the correction of one
    that was shown for a closed day is not: PeriodClosed.
    """
    for part in (row.category, row.indicator.category if row.indicator is not None else None):
        if part is not None and part.programme_id != row.programme_id:
            raise Invalid({"programme": _("公布数字与它所说的类或指标不在同一年度。")})
    if not row._state.adding:
        raise Invalid({"": _("公布的数字不改动:登记错了请新增一条更正,写明原因。")})
    with transaction.atomic():
        Programme.objects.select_for_update().get(pk=row.programme_id)
        days: tuple[dt.date, ...] = ()
        if row.corrects_id is not None:
            corrected = PublishedFigure.objects.get(pk=row.corrects_id)
            if (corrected.programme_id, corrected.key) != (row.programme_id, row.key):
                raise Invalid({"corrects": _("更正须与被更正的公布数字同一年度、同一代码。")})
            check_correction(corrected, row.correction_reason)
            days = (corrected.as_of, row.as_of)
        return save_row(
            access=access,
            row=row,
            permission=Permission.PROGRAMME_CHANGE,
            reason=reason,
            guard=lambda stored: closing.ask([row.programme_id], *days),
        )


def save_kind(*, access: Access, row: FacilityKind, reason: str = "") -> FacilityKind:
    """A kind of facility."""
    return save_row(access=access, row=row, permission=Permission.PROGRAMME_CHANGE, reason=reason)


@correctable
def save_funding_line(
    *, access: Access, row: FundingLine, effective_on: dt.date | None = None, reason: str = ""
) -> FundingLine:
    """Money arranged, in yuan. What a new line arranges is its first statement, from `effective_on` on
    (default: the period's first day); later amounts are stated with their day
    (`projects.actions.promises.arrange_funds`).
    """
    check_range("arranged", row.arranged, _("安排金额不能为负。"))
    since = effective_on or row.programme.period_start
    check_not_ahead("effective_on", since)

    def guard(stored: FundingLine | None) -> None:
        if stored is None:
            closing.ask([row.programme_id], since)
            return
        if stored.arranged != row.arranged:
            raise Invalid({"arranged": _("安排金额的改动须写明生效日期:请新增一条“资金安排登记”。")})
        fields = ["programme_id", "category_id", "indicator_id", "division_id", "source", "issued_on"]
        _ask_structure(stored, row, fields, {row.programme_id, stored.programme_id})

    def follow(numbers: ledger.Numbers) -> None:
        subjectlights.follow_line(row.programme, row.pk, seq=numbers.last, now=numbers.recorded_at)

    with transaction.atomic():
        is_new = row.pk is None
        saved = save_row(
            access=access,
            row=row,
            permission=Permission.PROGRAMME_CHANGE,
            reason=reason,
            guard=guard,
            then=follow,
        )
        if is_new:
            first = FundingArrangement(
                line=saved,
                effective_on=since,
                arranged=row.arranged,
                basis=row.statement or reason or _("年初登记"),
            )
            append_statement(access, first, reason, then=follow)
    return saved


def save_policy(*, access: Access, row: LagPolicy, reason: str = "") -> LagPolicy:
    """A lag policy. Its rules must be readable; those of a version are never edited once a programme uses it
    or a light was given by it, nor what it is called by.
    """
    try:
        Policy.from_json(row.rules)
    except RuleError as problem:
        raise Invalid({"rules": _(problem.msgid).format(**problem.params)}) from problem
    if row.pk is not None:
        stored = LagPolicy.objects.filter(pk=row.pk).first()
        in_use = (
            Programme.objects.filter(policy_id=row.pk).exists()
            or LightSpan.objects.filter(policy_id=row.pk).exists()
        )
        # Its key and number are what every light names it by.
        fixed = ("key", "version", "rules")
        edited = stored is not None and any(getattr(stored, name) != getattr(row, name) for name in fixed)
        if edited and in_use:
            raise Invalid({"rules": _("这一版规则已在使用,不能修改;请另存为新的版本。")})
    return save_row(access=access, row=row, permission=Permission.POLICY_CHANGE, reason=reason)
