"""When how much of an indicator is to be done (分解计划), where somebody said so. Append-only."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from projects.models.base import AppendOnly, corrected_once, correction_has_reason, corrections_index
from projects.models.choices import PLAN_UNITS


class IndicatorPlan(AppendOnly):
    """What an indicator's plan expects by which day, for one division or (null) for the whole city.

    `points`: [[ISO date, text of a number], ...], in total so far: percent of the target, or amounts in the
    indicator's unit with `whole`, the target that they were made for. Without any plan the period is gone
    through evenly. The first statement is the baseline, for all days; a later one is a reschedule, which
    counts from its day on and only with an approval number, as for sites.
    """

    indicator = models.ForeignKey(
        "projects.Indicator", verbose_name=_("指标"), on_delete=models.PROTECT, related_name="plans"
    )
    division = models.ForeignKey(
        "projects.Division",
        verbose_name=_("区划"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        help_text=_("留空表示全市的计划。"),
    )
    effective_on = models.DateField(
        _("生效日期"), help_text=_("首份计划是基线,整个年度都按它;以后的是调整,从这一天起算。")
    )
    unit = models.CharField(_("计划单位"), max_length=7, choices=PLAN_UNITS)
    whole = models.DecimalField(
        _("编制时的目标"), max_digits=16, decimal_places=2, null=True, blank=True, editable=False
    )
    points = models.JSONField(_("节点"), default=list)
    approval_number = models.CharField(
        _("批准文号"), max_length=100, blank=True, help_text=_("调整须有批准文号才起作用。")
    )
    source = models.CharField(_("依据"), max_length=300, help_text=_("文件、会议或原因。"))

    class Meta:
        ordering = ["indicator", "division", "effective_on", "id"]
        verbose_name = _("分解计划")
        verbose_name_plural = _("分解计划")
        constraints = [
            models.CheckConstraint(condition=~Q(source=""), name="indicatorplan_has_source"),
            models.CheckConstraint(
                condition=Q(unit="percent", whole__isnull=True) | Q(unit="amount", whole__gt=0),
                name="indicatorplan_whole_of_amounts",
            ),
            correction_has_reason("indicatorplan_correction_reason"),
            corrected_once("indicatorplan_corrected_once"),
        ]
        indexes = [
            corrections_index("indicatorplan_corrections"),
            models.Index(fields=["indicator", "division", "effective_on"], name="indicatorplan_order"),
        ]

    def __str__(self) -> str:
        return f"{self.indicator} {self.effective_on}"
