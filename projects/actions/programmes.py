"""Writes to what was promised: programmes, categories, indicators, figures, kinds, policies, money arranged.

Each takes a row with its new values (unsaved, or read and changed), checks it and writes it with one audit
entry; the same values again write nothing. All raise NotAllowed and Invalid (projects.actions.errors).
"""

from django.db import transaction
from django.utils.translation import gettext as _

from projects.actions import ledger, rollups
from projects.actions.errors import Invalid
from projects.actions.lights import rejudge, sites_of
from projects.actions.rows import save_row
from projects.models import (
    Category,
    FacilityKind,
    FundingLine,
    FundingReport,
    Indicator,
    LagPolicy,
    LightSpan,
    Programme,
    PublishedFigure,
)
from projects.permissions.access import Access, Permission
from projects.readmodels.definitions import DEFINING
from projects.rules.errors import RuleError
from projects.rules.policy import Policy

#: Fields of a programme that decide lights.
_JUDGING = ("policy_id", "period_start", "period_end", "cutoff", "publication")


def save_programme(*, access: Access, row: Programme, reason: str = "") -> Programme:
    """A year's programme and what it publishes.

    Another policy, period, cut-off or publication judges all its sites anew, in the same transaction.
    """
    with transaction.atomic():
        stored = Programme.objects.select_for_update().filter(pk=row.pk).first()
        anew = stored is not None and any(getattr(stored, name) != getattr(row, name) for name in _JUDGING)
        if anew:
            # Subject rows are locked before the head is taken: one lock order everywhere.
            anew = bool(list(sites_of(row).select_for_update().values_list("pk", flat=True)))
        saved = save_row(access=access, row=row, permission=Permission.PROGRAMME_CHANGE, reason=reason)
        if anew:
            with ledger.take(1, actor_id=access.user_id) as numbers:
                changed = rejudge(saved, changed_seq=numbers.first, now=numbers.recorded_at)
                numbers.write(
                    [
                        ledger.Entry(
                            action="programme.rejudge",
                            subject_type="programme",
                            subject_id=str(saved.pk),
                            payload={"sites_changed": changed},
                        )
                    ]
                )
    return saved


def save_category(*, access: Access, row: Category, reason: str = "") -> Category:
    """A group (类) of a programme. With indicators it stays where it is: their sites are counted there."""
    filled = row.pk is not None and row.indicators.exists()
    if filled and Category.objects.get(pk=row.pk).programme_id != row.programme_id:
        raise Invalid({"programme": _("已有指标的类不能移到别的年度。")})
    return save_row(access=access, row=row, permission=Permission.PROGRAMME_CHANGE, reason=reason)


def save_indicator(*, access: Access, row: Indicator, reason: str = "") -> Indicator:
    """An indicator; a subset must have its whole's unit and programme, and no subset of its own above it."""
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
        if any(getattr(stored, name) != getattr(row, name) for name in DEFINING):
            return _recounted(access, row, reason)
    return save_row(access=access, row=row, permission=Permission.PROGRAMME_CHANGE, reason=reason)


def _recounted(access: Access, row: Indicator, reason: str) -> Indicator:
    """What sites give goes elsewhere, or is counted in another way: the sums are made anew."""
    with transaction.atomic():
        saved = save_row(access=access, row=row, permission=Permission.PROGRAMME_CHANGE, reason=reason)
        # save_row holds the head by now, so nobody else writes them.
        rollups.rebuild()
    return saved


def save_published_figure(*, access: Access, row: PublishedFigure, reason: str = "") -> PublishedFigure:
    """A figure as printed; its category and indicator must belong to its programme."""
    for part in (row.category, row.indicator.category if row.indicator is not None else None):
        if part is not None and part.programme_id != row.programme_id:
            raise Invalid({"programme": _("公布数字与它所说的类或指标不在同一年度。")})
    return save_row(access=access, row=row, permission=Permission.PROGRAMME_CHANGE, reason=reason)


def save_kind(*, access: Access, row: FacilityKind, reason: str = "") -> FacilityKind:
    """A kind of facility."""
    return save_row(access=access, row=row, permission=Permission.PROGRAMME_CHANGE, reason=reason)


def save_funding_line(*, access: Access, row: FundingLine, reason: str = "") -> FundingLine:
    """Money arranged, in yuan."""
    return save_row(access=access, row=row, permission=Permission.PROGRAMME_CHANGE, reason=reason)


def add_funding_report(*, access: Access, row: FundingReport, reason: str = "") -> FundingReport:
    """Money used up to a day, in yuan. Append-only: a correction is a new row."""
    return save_row(access=access, row=row, permission=Permission.FUNDING_REPORT, reason=reason)


def save_policy(*, access: Access, row: LagPolicy, reason: str = "") -> LagPolicy:
    """A lag policy. Its rules must be readable; those of a version are never edited once a programme uses it
    or a
    light was given by it.
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
        if stored is not None and stored.rules != row.rules and in_use:
            raise Invalid({"rules": _("这一版规则已在使用,不能修改;请另存为新的版本。")})
    return save_row(access=access, row=row, permission=Permission.POLICY_CHANGE, reason=reason)
