"""Closed periods, and the corrections that are asked for after one was closed."""

import datetime as dt

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from projects.models.base import AppendOnly, corrections_index
from projects.models.choices import DECISIONS
from projects.rules.vocabulary import Decision


class PeriodClosing(AppendOnly):
    """A programme's figures are closed through the last day of a month (关账).

    From then on nothing that took effect on or before that day is written but by an approved correction. A
    closing is never taken back. `closed_at` and `closed_by` are the moment and the person of the record.
    """

    programme = models.ForeignKey(
        "projects.Programme", verbose_name=_("年度"), on_delete=models.PROTECT, related_name="closings"
    )
    through = models.DateField(_("关账截至"), help_text=_("一个月的最后一天。"))
    note = models.CharField(_("说明"), max_length=500, blank=True)

    class Meta:
        ordering = ["programme", "-through"]
        verbose_name = _("关账")
        verbose_name_plural = _("关账")
        constraints = [models.UniqueConstraint(fields=["programme", "through"], name="periodclosing_once")]
        indexes = [corrections_index("periodclosing_corrections")]

    def __str__(self) -> str:
        return f"{self.programme} {self.through:%Y-%m}"

    @property
    def closed_at(self) -> dt.datetime:
        return self.recorded_at

    @property
    def closed_by_id(self) -> int | None:
        return self.recorded_by_id


class CorrectionRequest(models.Model):
    """A write to a closed period that somebody asks for, and what another person decided.

    `action` and `payload` are the very call that was refused (projects.actions.corrections reads them back);
    approving makes that call. Never removed; decided once.
    """

    programme = models.ForeignKey(
        "projects.Programme", verbose_name=_("年度"), on_delete=models.PROTECT, related_name="+"
    )
    closed_through = models.DateField(_("关账截至"))
    effective_on = models.DateField(_("涉及的最早日期"))
    action = models.CharField(_("动作"), max_length=60)
    subject = models.CharField(_("对象"), max_length=300)
    payload = models.JSONField(_("内容"))
    reason = models.CharField(_("更正原因"), max_length=500)
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("申请人"), on_delete=models.PROTECT, related_name="+"
    )
    requested_at = models.DateTimeField(_("申请时间"), default=timezone.now)
    decision = models.CharField(
        _("处理结果"), max_length=10, choices=DECISIONS, default=Decision.WAITING.value
    )
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("审批人"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    decided_at = models.DateTimeField(_("处理时间"), null=True, blank=True)
    note = models.CharField(_("审批意见"), max_length=500, blank=True)
    changed_seq = models.BigIntegerField(_("变更序号"), default=0, db_index=True, editable=False)

    class Meta:
        ordering = ["-id"]
        verbose_name = _("更正申请")
        verbose_name_plural = _("更正申请")
        constraints = [
            models.CheckConstraint(condition=~Q(reason=""), name="correctionrequest_has_reason"),
            models.CheckConstraint(
                condition=Q(decision="waiting", decided_by__isnull=True, decided_at__isnull=True)
                | Q(decision__in=["approved", "refused"], decided_by__isnull=False, decided_at__isnull=False),
                name="correctionrequest_decided_pair",
            ),
            models.CheckConstraint(
                condition=Q(decided_by__isnull=True) | ~Q(decided_by=F("requested_by")),
                name="correctionrequest_second_person",
            ),
            models.CheckConstraint(
                condition=~Q(decision="refused") | ~Q(note=""), name="correctionrequest_refusal_has_note"
            ),
        ]
        indexes = [models.Index(fields=["decision", "-id"], name="correctionrequest_waiting")]

    def __str__(self) -> str:
        return f"{self.subject} {self.effective_on}"
