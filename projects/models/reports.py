"""What was reported of sites and indicators. Append-only; effective date and recording date are two facts."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from projects.models.base import AppendOnly, correction_has_reason, corrections_index


class SiteReport(AppendOnly):
    """Reported physical progress (形象进度) of a site on a day, 0..100, and what holds it up."""

    site = models.ForeignKey(
        "projects.Site", verbose_name=_("点位"), on_delete=models.PROTECT, related_name="reports"
    )
    as_of = models.DateField(_("截至日期"))
    percent = models.DecimalField(_("形象进度 %"), max_digits=5, decimal_places=2)
    problem = models.CharField(_("堵点卡点"), max_length=1000, blank=True)
    plan = models.CharField(_("推进方案"), max_length=1000, blank=True)
    is_demo = models.BooleanField(_("演示数据"), default=False, editable=False)

    class Meta:
        ordering = ["site", "as_of", "id"]
        verbose_name = _("进度报告")
        verbose_name_plural = _("进度报告")
        constraints = [
            models.CheckConstraint(
                condition=Q(percent__gte=0, percent__lte=100), name="sitereport_percent_range"
            ),
            correction_has_reason("sitereport_correction_reason"),
        ]
        indexes = [
            corrections_index("sitereport_corrections"),
            models.Index(fields=["site", "-as_of", "-id"], name="sitereport_latest"),
            models.Index(fields=["-as_of", "-id"], name="sitereport_newest"),
        ]

    def __str__(self) -> str:
        return f"{self.site} {self.as_of} {self.percent} %"


class IndicatorReport(AppendOnly):
    """The reported output of an indicator, for one division or (null) for the whole programme."""

    indicator = models.ForeignKey(
        "projects.Indicator", verbose_name=_("指标"), on_delete=models.PROTECT, related_name="reports"
    )
    division = models.ForeignKey(
        "projects.Division", verbose_name=_("区划"), null=True, blank=True, on_delete=models.PROTECT
    )
    as_of = models.DateField(_("截至日期"))
    actual = models.DecimalField(_("完成数"), max_digits=16, decimal_places=2, null=True, blank=True)
    percent = models.DecimalField(_("上报进度 %"), max_digits=5, decimal_places=2, null=True, blank=True)
    problem = models.CharField(_("堵点卡点"), max_length=1000, blank=True)
    plan = models.CharField(_("推进方案"), max_length=1000, blank=True)
    is_demo = models.BooleanField(_("演示数据"), default=False, editable=False)

    class Meta:
        ordering = ["indicator", "division", "as_of", "id"]
        verbose_name = _("指标报告")
        verbose_name_plural = _("指标报告")
        constraints = [
            models.CheckConstraint(
                condition=Q(percent__isnull=True) | Q(percent__gte=0, percent__lte=100),
                name="indicatorreport_percent_range",
            ),
            models.CheckConstraint(
                condition=Q(actual__isnull=True) | Q(actual__gte=0),
                name="indicatorreport_actual_not_negative",
            ),
            models.CheckConstraint(
                condition=Q(actual__isnull=False) | Q(percent__isnull=False),
                name="indicatorreport_says_something",
            ),
            correction_has_reason("indicatorreport_correction_reason"),
        ]
        indexes = [corrections_index("indicatorreport_corrections")]

    def __str__(self) -> str:
        return f"{self.indicator} {self.as_of}"
