"""Verification (核验): how a programme verifies, checklists, visits, and rework that was declared done."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from projects.models.base import AppendOnly, Stamped, corrected_once, correction_has_reason, corrections_index
from projects.models.choices import CHECK_LEVELS, CHECK_RESULTS, SERVICES, SPOT_CHECKS, STAGES
from projects.rules.checklists import Item, items_of
from projects.rules.verification import DEFAULT, Scheme
from projects.rules.vocabulary import SpotChecks


class VerificationScheme(Stamped):
    """How one programme verifies; without a row projects.rules.verification.DEFAULT holds."""

    programme = models.OneToOneField(
        "projects.Programme",
        verbose_name=_("年度"),
        on_delete=models.PROTECT,
        related_name="verification_scheme",
    )
    self_check = models.BooleanField(_("区县自查"), default=True)
    department_check = models.BooleanField(
        _("部门核查"), default=True, help_text=_("指标没有登记部门的,只有系统管理员能做。")
    )
    spot_checks = models.CharField(
        _("市级抽查范围"),
        max_length=10,
        choices=SPOT_CHECKS,
        default=SpotChecks.SAMPLED.value,
        help_text=_("抽样:没有抽中的点位随该轮一起通过。"),
    )
    far_m = models.PositiveIntegerField(
        _("距离提醒(米)"), default=DEFAULT.far_m, help_text=_("现场位置离点位超过这么远,就提醒并留下记录。")
    )
    rework_days = models.PositiveSmallIntegerField(_("整改期限(工作日)"), default=DEFAULT.rework_days)
    note = models.CharField(_("依据"), max_length=300, blank=True)

    class Meta:
        verbose_name = _("核验办法")
        verbose_name_plural = _("核验办法")
        constraints = [
            # Verified means that somebody else has looked.
            models.CheckConstraint(
                condition=Q(self_check=True) | Q(department_check=True) | ~Q(spot_checks="none"),
                name="verificationscheme_asks_something",
                violation_error_message=_("至少要有一级核验。"),
            ),
            models.CheckConstraint(
                condition=Q(far_m__gte=10, far_m__lte=100_000, rework_days__gte=1, rework_days__lte=250),
                name="verificationscheme_in_range",
                violation_error_message=_("距离须在 10 到 100000 米之间,期限须在 1 到 250 个工作日之间。"),
            ),
        ]

    def __str__(self) -> str:
        return str(self.programme)

    @property
    def scheme(self) -> Scheme:
        """The row as the rules read it."""
        return Scheme(
            self.self_check,
            self.department_check,
            SpotChecks(self.spot_checks),
            self.far_m,
            self.rework_days,
        )


class Checklist(AppendOnly):
    """One version of what is looked at in one kind of facility; without a kind: in all that have none.

    A change is a new version, so that an old visit keeps the questions that it answered.
    """

    kind = models.ForeignKey(
        "projects.FacilityKind",
        verbose_name=_("设施种类"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="checklists",
        help_text=_("留空:没有专门清单的种类都用它。"),
    )
    version = models.PositiveSmallIntegerField(_("版本"), default=1, editable=False)
    name_zh = models.CharField(_("名称"), max_length=120)
    items = models.JSONField(
        _("项目"),
        help_text=_("[{key, zh, en, type, required, must, unit, reported}];type:yes_no、number 或 text。"),
    )

    class Meta:
        ordering = ["kind", "-version"]
        verbose_name = _("核验清单")
        verbose_name_plural = _("核验清单")
        constraints = [
            models.UniqueConstraint(fields=["kind", "version"], name="checklist_one_per_version"),
            models.UniqueConstraint(
                fields=["version"], condition=Q(kind__isnull=True), name="checklist_one_general_per_version"
            ),
            models.CheckConstraint(condition=Q(version__gte=1), name="checklist_version_from_one"),
            correction_has_reason("checklist_correction_reason"),
        ]
        indexes = [corrections_index("checklist_corrections")]

    def __str__(self) -> str:
        return f"{self.name_zh} v{self.version}"

    def read_items(self) -> tuple[Item, ...]:
        """The items as the rules read them."""
        return items_of(self.items)


class Verification(AppendOnly):
    """One visit (or desk check): who is `recorded_by`; when, where, with which list, and what was found.

    Of a return: reasons, a deadline, and what became of the stage (`stage_after`; empty: it stayed). Position
    in WGS-84 degrees as the device gave it, `accuracy_m` its own claim; `distance_m` to the site's point.
    """

    site = models.ForeignKey(
        "projects.Site", verbose_name=_("点位"), on_delete=models.PROTECT, related_name="verifications"
    )
    level = models.CharField(_("层级"), max_length=20, choices=CHECK_LEVELS)
    result = models.CharField(_("结论"), max_length=12, choices=CHECK_RESULTS)
    visited_on = models.DateField(_("核验日期"))
    lon = models.FloatField(_("经度"), null=True, blank=True)
    lat = models.FloatField(_("纬度"), null=True, blank=True)
    accuracy_m = models.FloatField(_("定位精度(米)"), null=True, blank=True)
    distance_m = models.FloatField(_("离点位(米)"), null=True, blank=True, editable=False)
    is_far = models.BooleanField(_("离得太远"), default=False, editable=False)
    checklist = models.ForeignKey(
        Checklist,
        verbose_name=_("核验清单"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    answers = models.JSONField(_("清单结果"), default=dict, blank=True)
    reasons = models.CharField(_("原因"), max_length=1000, blank=True)
    deadline = models.DateField(_("整改期限"), null=True, blank=True)
    deadline_is_provisional = models.BooleanField(_("期限暂定"), default=False, editable=False)
    stage_after = models.CharField(_("核验后的阶段"), max_length=10, choices=STAGES, blank=True)
    service_after = models.CharField(_("核验后的服务状态"), max_length=20, choices=SERVICES, blank=True)
    sample = models.ForeignKey(
        "projects.Sample",
        verbose_name=_("抽查轮次"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="visits",
    )
    is_demo = models.BooleanField(_("演示数据"), default=False, editable=False)

    class Meta:
        ordering = ["-id"]
        verbose_name = _("核验记录")
        verbose_name_plural = _("核验记录")
        constraints = [
            models.CheckConstraint(
                condition=Q(result="passed") | Q(result="usable") | ~Q(reasons=""),
                name="verification_has_reasons",
            ),
            models.CheckConstraint(
                condition=Q(result__in=["returned", "unusable"], deadline__isnull=False)
                | Q(result__in=["passed", "usable", "unreachable"], deadline__isnull=True),
                name="verification_return_has_deadline",
            ),
            models.CheckConstraint(
                condition=Q(deadline__isnull=True) | Q(deadline__gte=models.F("visited_on")),
                name="verification_deadline_ahead",
            ),
            models.CheckConstraint(
                condition=Q(level="revisit", result__in=["usable", "unusable", "unreachable"])
                | Q(
                    level__in=["self_check", "department_check", "spot_check"],
                    result__in=["passed", "returned", "unreachable"],
                ),
                name="verification_result_of_level",
            ),
            models.CheckConstraint(
                condition=Q(lon__isnull=True, lat__isnull=True, distance_m__isnull=True)
                | Q(lon__gte=-180, lon__lte=180, lat__gte=-90, lat__lte=90, distance_m__isnull=False),
                name="verification_position_whole",
            ),
            correction_has_reason("verification_correction_reason"),
            corrected_once("verification_corrected_once"),
        ]
        indexes = [
            corrections_index("verification_corrections"),
            models.Index(fields=["site", "-id"], name="verification_of_site"),
            models.Index(fields=["sample", "site"], name="verification_of_sample"),
        ]

    def __str__(self) -> str:
        return f"{self.site} {self.get_level_display()} {self.visited_on}"


class Rework(AppendOnly):
    """What a return asked for was done, says the district: declared complete again (整改完成)."""

    site = models.ForeignKey(
        "projects.Site", verbose_name=_("点位"), on_delete=models.PROTECT, related_name="reworks"
    )
    answers = models.ForeignKey(
        Verification, verbose_name=_("答复哪次退回"), on_delete=models.PROTECT, related_name="reworks"
    )
    done_on = models.DateField(_("整改完成日期"))
    note = models.CharField(_("整改情况"), max_length=1000)
    is_demo = models.BooleanField(_("演示数据"), default=False, editable=False)

    class Meta:
        ordering = ["-id"]
        verbose_name = _("整改完成")
        verbose_name_plural = _("整改完成")
        constraints = [
            models.CheckConstraint(condition=~Q(note=""), name="rework_says_what"),
            correction_has_reason("rework_correction_reason"),
        ]
        indexes = [
            corrections_index("rework_corrections"),
            models.Index(fields=["site", "-id"], name="rework_of_site"),
        ]

    def __str__(self) -> str:
        return f"{self.site} {self.done_on}"
