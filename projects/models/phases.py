"""Phases (阶段、节点) of projects and indicators, and what was reported of them. Money in `currency`."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from projects.models.base import (
    AppendOnly,
    Stamped,
    TwoNames,
    corrected_once,
    correction_has_reason,
    corrections_index,
)
from projects.querysets.phases import PhaseQuerySet


class PhaseStanding(models.Model):
    """What is known of a phase: plans, actual dates, money, the status word as printed.

    `gaps`: why a value is missing, `{field: [meaning, word as printed]}` (projects.rules.phases.Meaning). An
    empty cell has no entry.
    """

    planned_start = models.DateField(_("现计划开工"), null=True, blank=True)
    planned_due = models.DateField(_("现计划完成"), null=True, blank=True)
    started_on = models.DateField(_("实际开工"), null=True, blank=True)
    met_on = models.DateField(_("实际完成"), null=True, blank=True)
    budget = models.DecimalField(_("预算"), max_digits=20, decimal_places=4, null=True, blank=True)
    estimate = models.DecimalField(_("最终预计"), max_digits=20, decimal_places=4, null=True, blank=True)
    spent = models.DecimalField(_("已支出"), max_digits=20, decimal_places=4, null=True, blank=True)
    status = models.CharField(_("状态(原文)"), max_length=100, blank=True)
    gaps = models.JSONField(_("缺项"), default=dict, blank=True)

    class Meta:
        abstract = True


class Phase(TwoNames, Stamped, PhaseStanding):
    """One phase: 前期, 设计, 施工, 采购. Its code is stable, so that a file can be imported again.

    The baseline is the first agreed pair of dates. Each is written once, under the number in its `_seq`, and
    never changes; a reschedule is a report. What `PhaseStanding` holds here is a copy of the newest report,
    for lists; figures are worked out from the reports.
    """

    programme = models.ForeignKey(
        "projects.Programme", verbose_name=_("年度"), on_delete=models.PROTECT, related_name="phases"
    )
    project = models.ForeignKey(
        "projects.Project",
        verbose_name=_("项目"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="phases",
    )
    indicator = models.ForeignKey(
        "projects.Indicator",
        verbose_name=_("指标"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="phases",
    )
    code = models.CharField(_("代码"), max_length=120)
    order = models.PositiveIntegerField(_("顺序"), default=0)
    currency = models.CharField(_("币种"), max_length=3, default="CNY", help_text=_("ISO 4217,例如 CNY、USD"))
    baseline_start = models.DateField(_("基线开工"), null=True, blank=True)
    baseline_due = models.DateField(_("基线完成"), null=True, blank=True)
    attributes = models.JSONField(_("其他信息"), default=dict, blank=True)
    reported_on = models.DateField(_("报告截至"), null=True, blank=True, editable=False)
    created_seq = models.BigIntegerField(default=0, editable=False)
    baseline_start_seq = models.BigIntegerField(null=True, blank=True, editable=False)
    baseline_due_seq = models.BigIntegerField(null=True, blank=True, editable=False)

    objects = PhaseQuerySet.as_manager()

    class Meta:
        ordering = ["programme", "order", "id"]
        verbose_name = _("阶段")
        verbose_name_plural = _("阶段")
        indexes = [models.Index(fields=["programme", "id"], name="phase_of_programme")]
        constraints = [
            models.UniqueConstraint(fields=["programme", "code"], name="phase_code_once"),
            models.CheckConstraint(
                condition=Q(project__isnull=False, indicator__isnull=True)
                | Q(project__isnull=True, indicator__isnull=False),
                name="phase_has_one_owner",
            ),
            models.CheckConstraint(condition=~Q(name_zh=""), name="phase_has_name"),
            models.CheckConstraint(condition=~Q(code=""), name="phase_has_code"),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.code})"


class PhaseReport(AppendOnly, PhaseStanding):
    """What was said of a phase as of the end of a day: the whole standing, not the difference."""

    phase = models.ForeignKey(Phase, verbose_name=_("阶段"), on_delete=models.PROTECT, related_name="reports")
    as_of = models.DateField(_("截至日期"))

    class Meta:
        ordering = ["phase", "as_of", "id"]
        verbose_name = _("阶段报告")
        verbose_name_plural = _("阶段报告")
        indexes = [
            corrections_index("phasereport_corrections"),
            models.Index(fields=["phase", "as_of", "id"], name="phasereport_latest"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(budget__isnull=True) | Q(budget__gte=0), name="phasereport_budget_not_negative"
            ),
            models.CheckConstraint(
                condition=Q(estimate__isnull=True) | Q(estimate__gte=0),
                name="phasereport_estimate_not_negative",
            ),
            models.CheckConstraint(
                condition=Q(spent__isnull=True) | Q(spent__gte=0), name="phasereport_spent_not_negative"
            ),
            correction_has_reason("phasereport_correction_reason"),
            corrected_once("phasereport_corrected_once"),
        ]

    def __str__(self) -> str:
        return f"{self.phase} {self.as_of}"
