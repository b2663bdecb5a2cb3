"""The promise: a year's programme, its categories, projects and indicators, and the figures as printed."""

import datetime as dt

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from projects.models.base import (
    AppendOnly,
    Stamped,
    TwoNames,
    corrected_once,
    correction_has_reason,
    corrections_index,
)
from projects.models.choices import COMPLETION_TYPES, COUNTINGS, PUBLICATIONS
from projects.querysets.programmes import IndicatorQuerySet, ProgrammeQuerySet
from projects.rules.vocabulary import CompletionType, Counting, Publication


class Programme(TwoNames, Stamped):
    """One city's list for one year (民生实事). Its cut-off (数据截止) is the day that its figures are about.

    What it publishes is its own decision: lights, reasons and rankings are internal until it says otherwise.
    """

    key = models.CharField(
        _("代码"), max_length=20, unique=True, help_text=_("区划代码-年份,例如 330200-2024")
    )
    division = models.ForeignKey("projects.Division", verbose_name=_("城市"), on_delete=models.PROTECT)
    year = models.PositiveSmallIntegerField(_("年份"))
    period_start = models.DateField(_("开始日期"))
    period_end = models.DateField(_("结束日期"))
    cutoff = models.DateField(_("数据截止"))
    policy = models.ForeignKey("projects.LagPolicy", verbose_name=_("亮灯规则"), on_delete=models.PROTECT)
    publication = models.CharField(
        _("发布状态"), max_length=10, choices=PUBLICATIONS, default=Publication.DRAFT.value
    )
    publishes_progress = models.BooleanField(_("公布进度"), default=True)
    publishes_lights = models.BooleanField(_("公布亮灯"), default=False)
    publishes_reasons = models.BooleanField(_("公布滞后原因"), default=False)
    publishes_rankings = models.BooleanField(_("公布排名"), default=False)
    publishes_satisfaction = models.BooleanField(_("公布满意度测评"), default=False)
    is_demo = models.BooleanField(_("含演示数据"), default=False, editable=False)
    source = models.CharField(_("来源"), max_length=300, blank=True)

    objects = ProgrammeQuerySet.as_manager()

    class Meta:
        ordering = ["-year", "key"]
        verbose_name = _("年度民生实事")
        verbose_name_plural = _("年度民生实事")
        constraints = [
            models.CheckConstraint(
                condition=Q(period_end__gt=F("period_start")), name="programme_dates_in_order"
            ),
            models.CheckConstraint(
                condition=Q(cutoff__gte=F("period_start"), cutoff__lte=F("period_end")),
                name="programme_cutoff_in_period",
            ),
            models.UniqueConstraint(fields=["division", "year"], name="programme_one_a_year"),
        ]

    @property
    def rank(self) -> tuple[bool, dt.date, str]:
        """Of several programmes that a site counts for, the one of the highest rank governs it.

        Published before unpublished: next year's draft must not change what this year says. Then the newest.
        """
        return self.publication == Publication.PUBLISHED, self.period_start, self.key


class Category(TwoNames, Stamped):
    """One of a programme's groups (类)."""

    programme = models.ForeignKey(
        Programme, verbose_name=_("年度"), on_delete=models.PROTECT, related_name="categories"
    )
    number = models.PositiveSmallIntegerField(_("序号"))
    slug = models.SlugField(_("代码"), max_length=60)

    class Meta:
        ordering = ["programme", "number"]
        verbose_name = _("类")
        verbose_name_plural = _("类")
        constraints = [
            models.UniqueConstraint(fields=["programme", "number"], name="category_number_once"),
            models.UniqueConstraint(fields=["programme", "slug"], name="category_slug_once"),
        ]


class Project(TwoNames, Stamped):
    """One commitment (项), where the source names it: the level is optional and never invented."""

    category = models.ForeignKey(
        Category, verbose_name=_("类"), on_delete=models.PROTECT, related_name="projects"
    )
    number = models.PositiveIntegerField(_("序号"))
    code = models.CharField(
        _("代码"), max_length=120, blank=True, default="", help_text=_("来源中的项目编号,用于重复导入;可不填")
    )
    completion_type = models.CharField(
        _("完成类型"), max_length=24, choices=COMPLETION_TYPES, default=CompletionType.WITHIN_YEAR.value
    )
    due_date = models.DateField(_("应完成日期"), null=True, blank=True)
    weight = models.DecimalField(
        _("权重"),
        max_digits=8,
        decimal_places=3,
        null=True,
        blank=True,
        help_text=_("只在文件规定了权重时填写;全部项目都有权重才计算加权平均。"),
    )
    lead_department = models.ForeignKey(
        "projects.Department",
        verbose_name=_("牵头单位"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="led_projects",
    )
    co_departments = models.ManyToManyField(
        "projects.Department", verbose_name=_("配合单位"), blank=True, related_name="supported_projects"
    )

    class Meta:
        ordering = ["category", "number"]
        verbose_name = _("项目")
        verbose_name_plural = _("项目")
        constraints = [
            models.UniqueConstraint(fields=["category", "number"], name="project_number_once"),
            models.CheckConstraint(
                condition=Q(weight__isnull=True) | Q(weight__gt=0), name="project_weight_positive"
            ),
            models.UniqueConstraint(
                fields=["category", "code"], condition=~Q(code=""), name="project_code_once"
            ),
        ]


class Indicator(TwoNames, Stamped):
    """One quantified target (指标): a unit, a target or none, and how its output is counted.

    A subset indicator (其中农村地区) is never added to its whole: what counts for it counts in its parent.
    `target` is the newest `TargetStatement` for the whole city, kept for lists and forms.
    """

    category = models.ForeignKey(
        Category, verbose_name=_("类"), on_delete=models.PROTECT, related_name="indicators"
    )
    project = models.ForeignKey(
        Project,
        verbose_name=_("项目"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="indicators",
    )
    code = models.SlugField(_("代码"), max_length=60, unique=True)
    order = models.PositiveSmallIntegerField(_("顺序"), default=0)
    unit_zh = models.CharField(_("单位"), max_length=20)
    unit_en = models.CharField(_("单位(英文)"), max_length=30, blank=True)
    target = models.DecimalField(_("目标"), max_digits=16, decimal_places=2, null=True, blank=True)
    counting = models.CharField(
        _("计数方式"), max_length=10, choices=COUNTINGS, default=Counting.REPORTED.value
    )
    completion_type = models.CharField(
        _("完成类型"), max_length=24, choices=COMPLETION_TYPES, default=CompletionType.WITHIN_YEAR.value
    )
    subset_of = models.ForeignKey(
        "self",
        verbose_name=_("其中(属于)"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="subsets",
    )
    mappable = models.BooleanField(_("可落点"), default=False)
    kind = models.ForeignKey(
        "projects.FacilityKind", verbose_name=_("设施种类"), null=True, blank=True, on_delete=models.PROTECT
    )
    lead_department = models.ForeignKey(
        "projects.Department",
        verbose_name=_("牵头单位"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="led_indicators",
    )
    co_departments = models.ManyToManyField(
        "projects.Department", verbose_name=_("配合单位"), blank=True, related_name="supported_indicators"
    )

    objects = IndicatorQuerySet.as_manager()

    class Meta:
        ordering = ["category", "order", "id"]
        verbose_name = _("指标")
        verbose_name_plural = _("指标")
        constraints = [
            models.CheckConstraint(
                condition=Q(subset_of__isnull=True) | ~Q(subset_of=F("id")),
                name="indicator_not_its_own_subset",
            ),
            # A target of 0 has no percentage: "no target" is null, not nought.
            models.CheckConstraint(
                condition=Q(target__isnull=True) | Q(target__gt=0), name="indicator_target_positive"
            ),
        ]


class DivisionTarget(Stamped):
    """An indicator's newest target for one district (分解目标): see `TargetStatement`. Removed: 无目标."""

    indicator = models.ForeignKey(
        Indicator, verbose_name=_("指标"), on_delete=models.PROTECT, related_name="division_targets"
    )
    division = models.ForeignKey("projects.Division", verbose_name=_("区划"), on_delete=models.PROTECT)
    target = models.DecimalField(_("目标"), max_digits=16, decimal_places=2)

    class Meta:
        verbose_name = _("分解目标")
        verbose_name_plural = _("分解目标")
        constraints = [
            models.UniqueConstraint(fields=["indicator", "division"], name="divisiontarget_once"),
            models.CheckConstraint(condition=Q(target__gt=0), name="divisiontarget_positive"),
        ]

    def __str__(self) -> str:
        return f"{self.indicator} {self.division}: {self.target}"


class PublishedFigure(AppendOnly):
    """A figure as a source printed it: its words are kept and never computed.

    What was registered wrongly is put right by a new row with a reason, under the same key; the words never
    change silently. `withdrawn` on such a row says that nothing of the kind was printed. `value` is the
    number in the words, `qualifier` what the words add to it (余: more than). It always hangs on a programme
    and may name the category or indicator that it speaks of.
    """

    programme = models.ForeignKey(
        Programme, verbose_name=_("年度"), on_delete=models.PROTECT, related_name="published_figures"
    )
    category = models.ForeignKey(
        Category,
        verbose_name=_("类"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="published_figures",
    )
    indicator = models.ForeignKey(
        Indicator,
        verbose_name=_("指标"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="published_figures",
    )
    key = models.SlugField(_("代码"), max_length=80)
    order = models.PositiveSmallIntegerField(_("顺序"), default=0)
    label_zh = models.CharField(_("说明"), max_length=200)
    label_en = models.CharField(_("英文说明"), max_length=200, blank=True)
    text = models.CharField(_("原文"), max_length=200)
    value = models.DecimalField(_("数值"), max_digits=20, decimal_places=4, null=True, blank=True)
    unit = models.CharField(_("单位"), max_length=20, blank=True)
    qualifier = models.CharField(_("限定词"), max_length=20, blank=True)
    as_of = models.DateField(_("截至"))
    source = models.CharField(_("来源"), max_length=300)
    source_date = models.DateField(_("来源日期"), null=True, blank=True)
    withdrawn = models.BooleanField(
        _("撤销"), default=False, help_text=_("只在更正时勾选:来源里其实没有这个数字。")
    )

    class Meta:
        ordering = ["programme", "order", "id"]
        verbose_name = _("公布数字")
        verbose_name_plural = _("公布数字")
        constraints = [
            models.UniqueConstraint(
                fields=["programme", "key"],
                condition=Q(corrects__isnull=True),
                name="publishedfigure_key_once",
            ),
            models.CheckConstraint(
                condition=Q(withdrawn=False) | Q(corrects__isnull=False),
                name="publishedfigure_withdrawn_is_correction",
            ),
            correction_has_reason("publishedfigure_correction_reason"),
            corrected_once("publishedfigure_corrected_once"),
        ]
        indexes = [corrections_index("publishedfigure_corrections")]

    def __str__(self) -> str:
        return f"{self.label_zh} {self.text}"
