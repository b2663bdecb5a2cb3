"""Money: who arranged how much (安排) and what has been used of it (使用). Yuan, Decimal."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from projects.models.base import AppendOnly, Stamped, corrected_once, correction_has_reason, corrections_index
from projects.models.choices import FUNDING_SOURCES


class FundingLine(Stamped):
    """Money arranged by one source; it may hang on the whole programme, a category or an indicator.

    `arranged` is the newest `FundingArrangement`, kept for lists and forms; figures ask the arrangements.
    """

    programme = models.ForeignKey(
        "projects.Programme", verbose_name=_("年度"), on_delete=models.PROTECT, related_name="funding_lines"
    )
    category = models.ForeignKey(
        "projects.Category", verbose_name=_("类"), null=True, blank=True, on_delete=models.PROTECT
    )
    indicator = models.ForeignKey(
        "projects.Indicator", verbose_name=_("指标"), null=True, blank=True, on_delete=models.PROTECT
    )
    division = models.ForeignKey(
        "projects.Division", verbose_name=_("区划"), null=True, blank=True, on_delete=models.PROTECT
    )
    source = models.CharField(_("资金来源"), max_length=10, choices=FUNDING_SOURCES)
    name = models.CharField(_("名称"), max_length=200)
    arranged = models.DecimalField(_("安排金额(元)"), max_digits=18, decimal_places=2)
    statement = models.CharField(_("依据"), max_length=300, blank=True)
    issued_on = models.DateField(
        _("下达日期"),
        null=True,
        blank=True,
        help_text=_("有的规则从下达次月起计算支出进度;不知道请留空。"),
    )

    class Meta:
        ordering = ["programme", "source", "id"]
        verbose_name = _("资金安排")
        verbose_name_plural = _("资金安排")
        constraints = [
            models.CheckConstraint(condition=Q(arranged__gte=0), name="fundingline_arranged_not_negative")
        ]

    def __str__(self) -> str:
        return self.name


class FundingArrangement(AppendOnly):
    """How much a line arranges in all, in yuan, from a day on, and on what ground."""

    line = models.ForeignKey(
        FundingLine, verbose_name=_("资金安排"), on_delete=models.PROTECT, related_name="arrangements"
    )
    effective_on = models.DateField(_("生效日期"), help_text=_("从这一天起按这个金额计算。"))
    arranged = models.DecimalField(_("安排金额(元)"), max_digits=18, decimal_places=2)
    basis = models.CharField(_("依据"), max_length=300, help_text=_("文件、会议或原因。"))

    class Meta:
        ordering = ["line", "effective_on", "id"]
        verbose_name = _("资金安排登记")
        verbose_name_plural = _("资金安排登记")
        constraints = [
            models.CheckConstraint(condition=Q(arranged__gte=0), name="fundingarrangement_not_negative"),
            models.CheckConstraint(condition=~Q(basis=""), name="fundingarrangement_has_basis"),
            correction_has_reason("fundingarrangement_correction_reason"),
            corrected_once("fundingarrangement_corrected_once"),
        ]
        indexes = [
            corrections_index("fundingarrangement_corrections"),
            models.Index(fields=["line", "-effective_on"], name="fundingarrangement_latest"),
        ]

    def __str__(self) -> str:
        return f"{self.line} {self.effective_on}: {self.arranged}"


class FundingReport(AppendOnly):
    """What has been used of a line, in total since the start of the period, on a day."""

    line = models.ForeignKey(
        FundingLine, verbose_name=_("资金安排"), on_delete=models.PROTECT, related_name="reports"
    )
    as_of = models.DateField(_("截至日期"))
    used = models.DecimalField(_("使用金额(元)"), max_digits=18, decimal_places=2)
    note = models.CharField(
        _("说明"),
        max_length=300,
        blank=True,
        help_text=_("累计使用金额比别的报告少(例如退款)时须写明原因。"),
    )

    class Meta:
        ordering = ["line", "as_of", "id"]
        verbose_name = _("资金使用")
        verbose_name_plural = _("资金使用")
        constraints = [
            models.CheckConstraint(condition=Q(used__gte=0), name="fundingreport_used_not_negative"),
            correction_has_reason("fundingreport_correction_reason"),
        ]
        indexes = [corrections_index("fundingreport_corrections")]

    def __str__(self) -> str:
        return f"{self.line} {self.as_of}"
