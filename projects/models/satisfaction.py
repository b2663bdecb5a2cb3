"""Satisfaction votes (满意度测评): the counted votes of a meeting, never anybody's own vote."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from projects.models.base import AppendOnly, correction_has_reason, corrections_index
from projects.models.choices import SATISFACTION_BASES
from projects.rules.satisfaction import Result, Vote, result_of
from projects.rules.vocabulary import SatisfactionBase


class SatisfactionVote(AppendOnly):
    """A vote on a programme, or on one category, indicator or district of it.

    Both 应到 and 实到 are stored, and `base` says which of them the votes are held against. Who was present
    and gave none of the three votes abstained.
    """

    programme = models.ForeignKey(
        "projects.Programme",
        verbose_name=_("年度"),
        on_delete=models.PROTECT,
        related_name="satisfaction_votes",
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
    held_on = models.DateField(_("测评日期"))
    entitled = models.PositiveIntegerField(_("应到人数"))
    present = models.PositiveIntegerField(_("实到人数"))
    base = models.CharField(
        _("基数"), max_length=10, choices=SATISFACTION_BASES, default=SatisfactionBase.PRESENT.value
    )
    satisfied = models.PositiveIntegerField(_("满意票"))
    basically_satisfied = models.PositiveIntegerField(_("基本满意票"))
    dissatisfied = models.PositiveIntegerField(_("不满意票"))
    source = models.CharField(_("来源"), max_length=300, blank=True)
    is_demo = models.BooleanField(_("演示数据"), default=False, editable=False)

    class Meta:
        ordering = ["-held_on", "-id"]
        verbose_name = _("满意度测评")
        verbose_name_plural = _("满意度测评")
        constraints = [
            models.CheckConstraint(
                condition=Q(present__lte=F("entitled")), name="satisfactionvote_present_at_most_entitled"
            ),
            models.CheckConstraint(
                condition=Q(present__gte=F("satisfied") + F("basically_satisfied") + F("dissatisfied")),
                name="satisfactionvote_votes_at_most_present",
            ),
            models.CheckConstraint(
                condition=Q(category__isnull=True) | Q(indicator__isnull=True),
                name="satisfactionvote_category_or_indicator",
            ),
            correction_has_reason("satisfactionvote_correction_reason"),
        ]
        indexes = [corrections_index("satisfactionvote_corrections")]

    def __str__(self) -> str:
        return f"{self.programme} {self.held_on}"

    @property
    def vote(self) -> Vote:
        """As the rules read it. RuleError for numbers that cannot be."""
        return Vote(
            self.entitled,
            self.present,
            self.satisfied,
            self.basically_satisfied,
            self.dissatisfied,
            SatisfactionBase(self.base),
        )

    @property
    def result(self) -> Result:
        """What it comes to."""
        return result_of(self.vote)
