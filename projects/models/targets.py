"""What was promised, as it was said: each target with the day from which it holds. Append-only."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from projects.models.base import AppendOnly, corrected_once, correction_has_reason, corrections_index


class TargetStatement(AppendOnly):
    """An indicator's target from a day on, for one division or (null) for the whole city.

    `target` null says 无目标 from that day on. `Indicator.target` and `DivisionTarget.target` are the newest
    one, kept for lists and forms; figures ask the statements.
    """

    indicator = models.ForeignKey(
        "projects.Indicator",
        verbose_name=_("指标"),
        on_delete=models.PROTECT,
        related_name="target_statements",
    )
    division = models.ForeignKey(
        "projects.Division",
        verbose_name=_("区划"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        help_text=_("留空表示全市的目标。"),
    )
    effective_on = models.DateField(_("生效日期"), help_text=_("从这一天起按这个目标计算。"))
    target = models.DecimalField(
        _("目标"),
        max_digits=16,
        decimal_places=2,
        null=True,
        blank=True,
        help_text=_("没有目标请留空,不要填 0。"),
    )
    source = models.CharField(_("依据"), max_length=300, help_text=_("文件、会议或原因。"))

    class Meta:
        ordering = ["indicator", "division", "effective_on", "id"]
        verbose_name = _("目标登记")
        verbose_name_plural = _("目标登记")
        constraints = [
            models.CheckConstraint(
                condition=Q(target__isnull=True) | Q(target__gt=0), name="targetstatement_positive"
            ),
            models.CheckConstraint(condition=~Q(source=""), name="targetstatement_has_source"),
            correction_has_reason("targetstatement_correction_reason"),
            corrected_once("targetstatement_corrected_once"),
        ]
        indexes = [
            corrections_index("targetstatement_corrections"),
            models.Index(fields=["indicator", "division", "-effective_on"], name="targetstatement_latest"),
        ]

    def __str__(self) -> str:
        return f"{self.indicator} {self.effective_on}: {self.target}"
