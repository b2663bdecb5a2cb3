"""Samples of sites to be visited: the seed that was stated, the frame that was frozen, what was drawn."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from projects.models.base import AppendOnly, Stamped, correction_has_reason, corrections_index
from projects.models.choices import CHECK_LEVELS
from projects.rules.sampling import Recipe
from projects.rules.vocabulary import CheckLevel


class Sample(Stamped):
    """One round. Its rules and its seed (or where that will come from) are stated first; then it is drawn.

    What was stated never changes. The seed may be left open until the draw when a public source names it
    (a lottery's numbers of a day to come): then nobody can choose the seed to suit the frame.
    """

    programme = models.ForeignKey(
        "projects.Programme", verbose_name=_("年度"), on_delete=models.PROTECT, related_name="samples"
    )
    level = models.CharField(
        _("用途"),
        max_length=20,
        choices=[pair for pair in CHECK_LEVELS if pair[0] in ("spot_check", "revisit")],
        default=CheckLevel.SPOT_CHECK.value,
    )
    name = models.CharField(_("轮次名称"), max_length=80)
    seed = models.CharField(
        _("种子"),
        max_length=200,
        blank=True,
        help_text=_("任何文字。来源是将来才有的公开数字(如某日的开奖号码)时留空,抽样时再填。"),
    )
    seed_source = models.CharField(_("种子来源"), max_length=300, help_text=_("旁人能在哪里查到这个种子。"))
    seed_was_open = models.BooleanField(_("种子在抽样时才知道"), default=False, editable=False)
    percent = models.DecimalField(_("比例 %"), max_digits=5, decimal_places=2, default=10)
    minimum = models.PositiveSmallIntegerField(_("每个区县最少"), default=1)
    maximum = models.PositiveSmallIntegerField(_("每个区县最多"), null=True, blank=True)
    by_kind = models.BooleanField(_("按设施种类分层"), default=False)
    skips_visited = models.BooleanField(
        _("不抽本年已到过的"), default=True, help_text=_("抽样当年市级已经到过现场的点位不进抽样框。")
    )
    due_on = models.DateField(_("到访期限"), null=True, blank=True)
    note = models.CharField(_("说明"), max_length=500, blank=True)
    stated_at = models.DateTimeField(_("声明时间"), default=timezone.now, editable=False)
    stated_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("声明人"),
        null=True,
        editable=False,
        on_delete=models.PROTECT,
        related_name="+",
    )
    drawn_at = models.DateTimeField(_("抽样时间"), null=True, editable=False)
    drawn_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("抽样人"),
        null=True,
        editable=False,
        on_delete=models.PROTECT,
        related_name="+",
    )
    frame_hash = models.CharField(_("抽样框 SHA-256"), max_length=64, blank=True, editable=False)
    frame_size = models.PositiveIntegerField(_("抽样框点位数"), default=0, editable=False)
    drawn_count = models.PositiveIntegerField(_("抽中"), default=0, editable=False)
    accepted_at = models.DateTimeField(_("未抽中的通过时间"), null=True, editable=False)
    is_demo = models.BooleanField(_("演示数据"), default=False, editable=False)

    class Meta:
        ordering = ["-id"]
        verbose_name = _("抽查轮次")
        verbose_name_plural = _("抽查轮次")
        constraints = [
            models.UniqueConstraint(
                fields=["programme", "name"],
                name="sample_one_per_name",
                violation_error_message=_("这个年度已有同名的轮次。"),
            ),
            models.CheckConstraint(condition=~Q(name="") & ~Q(seed_source=""), name="sample_says_source"),
            models.CheckConstraint(
                condition=Q(drawn_at__isnull=True, frame_hash="")
                | (Q(drawn_at__gte=F("stated_at")) & ~Q(frame_hash="") & ~Q(seed="")),
                name="sample_stated_before_drawn",
            ),
            models.CheckConstraint(
                condition=Q(accepted_at__isnull=True) | Q(drawn_at__isnull=False),
                name="sample_drawn_before_accepted",
            ),
            models.CheckConstraint(condition=Q(percent__gt=0, percent__lte=100), name="sample_percent_range"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def recipe(self) -> Recipe:
        """As the rules read it. Raises RuleError."""
        return self.recipe_for(self.seed)

    def recipe_for(self, seed: str) -> Recipe:
        """With a seed that is not stated yet. Raises RuleError."""
        return Recipe(
            self.programme.key, self.name, seed, self.percent, self.minimum, self.maximum, self.by_kind
        )


class SampleFrame(AppendOnly):
    """The frozen list of eligible sites of one draw: the very text whose hash was published."""

    sample = models.OneToOneField(
        Sample, verbose_name=_("抽查轮次"), on_delete=models.PROTECT, related_name="frame"
    )
    content = models.TextField(_("抽样框"))

    class Meta:
        verbose_name = _("抽样框")
        verbose_name_plural = _("抽样框")
        constraints = [correction_has_reason("sampleframe_correction_reason")]
        indexes = [corrections_index("sampleframe_corrections")]

    def __str__(self) -> str:
        return str(self.sample)


class SampledSite(AppendOnly):
    """A drawn site: its number and its place among those of its district (and kind)."""

    sample = models.ForeignKey(
        Sample, verbose_name=_("抽查轮次"), on_delete=models.PROTECT, related_name="sites"
    )
    site = models.ForeignKey(
        "projects.Site", verbose_name=_("点位"), on_delete=models.PROTECT, related_name="sampled"
    )
    district = models.CharField(_("区县代码"), max_length=12)
    kind = models.CharField(_("设施种类代码"), max_length=60)
    rank = models.PositiveIntegerField(_("序号"))
    digest = models.CharField(_("编号"), max_length=64)

    class Meta:
        ordering = ["sample", "district", "kind", "rank"]
        verbose_name = _("抽中的点位")
        verbose_name_plural = _("抽中的点位")
        constraints = [
            models.UniqueConstraint(fields=["sample", "site"], name="sampledsite_once"),
            correction_has_reason("sampledsite_correction_reason"),
        ]
        indexes = [corrections_index("sampledsite_corrections")]

    def __str__(self) -> str:
        return f"{self.sample} {self.site}"
