"""A site (点位): one place that a project builds or improves, or that was there already (存量)."""

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal

from django.conf import settings
from django.contrib.gis.db import models
from django.db.models import F, Q, Value
from django.db.models.functions import Cast
from django.db.models.lookups import Exact
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from projects.models.base import AppendOnly, Stamped, correction_has_reason, corrections_index
from projects.models.choices import CHECKED, LIGHTS, PUBLICATIONS, SERVICES, STAGES
from projects.querysets.sites import SiteQuerySet
from projects.rules.schedule import Milestone, Plan
from projects.rules.vocabulary import Checked, Light, Publication, Service, Stage


class Site(Stamped):
    """The latest state of one site; SiteState keeps how it came about.

    Coordinates are EPSG:4326. `geom` is the point, line or polygon; `location` is its representative
    point. Construction stage and "can it be used now" are two facts. `located_in` follows from the
    geometry, `managed_by` says who edits it and whose target it counts towards; figures of the two are
    never added. Percentages are 0..100.
    """

    code = models.CharField(_("点位编码"), max_length=64, unique=True)
    public_id = models.CharField(_("公开编号"), max_length=16, unique=True, editable=False)
    kind = models.ForeignKey("projects.FacilityKind", verbose_name=_("设施种类"), on_delete=models.PROTECT)
    name = models.CharField(_("名称"), max_length=200)
    address = models.CharField(_("地址"), max_length=300, blank=True)

    geom = models.GeometryField(_("位置"), srid=4326)
    # Both geometries are indexed: Django on SpatiaLite cannot alter a table with an unindexed one.
    location = models.PointField(_("代表点"), srid=4326, editable=False)
    #: Of `geom`: 0 point, 1 line, 2 area; written with it, so that lines and areas are found by an index.
    dimension = models.PositiveSmallIntegerField(_("图形维数"), default=0, editable=False)
    source_x = models.FloatField(_("原始 X(经度)"), null=True, blank=True, editable=False)
    source_y = models.FloatField(_("原始 Y(纬度)"), null=True, blank=True, editable=False)
    source_datum = models.CharField(_("原坐标系"), max_length=20, default="wgs84", editable=False)

    attributes = models.JSONField(_("设施信息"), default=dict, blank=True)
    opening_hours = models.CharField(_("开放时间"), max_length=200, blank=True)
    phone = models.CharField(_("电话"), max_length=40, blank=True)

    stage = models.CharField(_("建设阶段"), max_length=10, choices=STAGES, default=Stage.PLANNED.value)
    service = models.CharField(_("服务状态"), max_length=20, choices=SERVICES, default=Service.UNKNOWN.value)
    service_checked_on = models.DateField(_("服务状态核实日期"), null=True, blank=True)

    located_in = models.ForeignKey(
        "projects.Division",
        verbose_name=_("所在区划"),
        on_delete=models.PROTECT,
        related_name="sites_located",
    )
    managed_by = models.ForeignKey(
        "projects.Division",
        verbose_name=_("管理区划"),
        on_delete=models.PROTECT,
        related_name="sites_managed",
    )

    baseline_start = models.DateField(_("基线开工日期"), null=True, blank=True)
    baseline_finish = models.DateField(_("基线完工日期"), null=True, blank=True)
    baseline_milestones = models.JSONField(_("基线节点"), default=list, blank=True)
    planned_start = models.DateField(_("现计划开工日期"), null=True, blank=True, editable=False)
    planned_finish = models.DateField(_("现计划完工日期"), null=True, blank=True, editable=False)
    planned_milestones = models.JSONField(_("现计划节点"), default=list, blank=True, editable=False)
    started_on = models.DateField(_("实际开工日期"), null=True, blank=True)
    finished_on = models.DateField(_("实际完工日期"), null=True, blank=True)
    verified_on = models.DateField(_("核验日期"), null=True, blank=True)

    percent = models.DecimalField(
        _("形象进度 %"), max_digits=5, decimal_places=2, null=True, blank=True, editable=False
    )
    reported_on = models.DateField(_("进度日期"), null=True, blank=True, editable=False)
    # The projection of the current spans: from which day the site is, or will be, late. Defines nothing.
    yellow_on = models.DateField(null=True, editable=False)
    red_on = models.DateField(null=True, editable=False)
    #: The light on the cut-off of the programme that governs the site.
    light = models.CharField(_("灯"), max_length=6, choices=LIGHTS, default=Light.NONE.value, editable=False)

    #: What the site has passed of its verification (projects.rules.verification); a new stage begins anew.
    checked = models.CharField(
        _("核验进度"),
        max_length=20,
        choices=CHECKED,
        default=Checked.NOTHING.value,
        blank=True,
        editable=False,
    )

    publication = models.CharField(
        _("发布状态"), max_length=10, choices=PUBLICATIONS, default=Publication.DRAFT.value
    )
    submitted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, editable=False, on_delete=models.PROTECT, related_name="+"
    )
    published_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, editable=False, on_delete=models.PROTECT, related_name="+"
    )
    is_demo = models.BooleanField(_("演示数据"), default=False, editable=False)
    version = models.PositiveIntegerField(_("版本"), default=1, editable=False)
    created_at = models.DateTimeField(_("建立时间"), default=timezone.now, editable=False)
    updated_at = models.DateTimeField(_("更新时间"), default=timezone.now, editable=False)

    indicators = models.ManyToManyField(
        "projects.Indicator", through="projects.Contribution", related_name="sites"
    )

    objects = SiteQuerySet.as_manager()

    class Meta:
        ordering = ["id"]
        verbose_name = _("点位")
        verbose_name_plural = _("点位")
        indexes = [
            models.Index(fields=["located_in", "id"], name="site_located_in"),
            models.Index(fields=["managed_by", "id"], name="site_managed_by"),
            models.Index(
                fields=["light", "id"],
                name="site_late",
                condition=Q(light__in=["red", "yellow"], deleted_seq__isnull=True),
            ),
            # All lines and areas, and which of them changed since a number: whatever number of points.
            models.Index(
                fields=["changed_seq"],
                name="site_shape",
                condition=Q(dimension__gt=0, deleted_seq__isnull=True),
            ),
            # What is due within some days: existing stock (存量) has no plan and is not in it.
            models.Index(
                fields=["baseline_finish", "id"],
                name="site_due",
                condition=Q(baseline_finish__isnull=False, deleted_seq__isnull=True),
            ),
            models.Index(fields=["id"], name="site_removed", condition=Q(deleted_seq__isnull=False)),
            models.Index(
                fields=["managed_by", "light", "id"],
                name="site_late_managed",
                condition=Q(light__in=["red", "yellow"], deleted_seq__isnull=True),
            ),
            # Returned ones, and those on their way through the levels: few at any time.
            models.Index(fields=["checked", "id"], name="site_checked", condition=~Q(checked="")),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(baseline_start__isnull=True)
                | Q(baseline_finish__isnull=True)
                | Q(baseline_finish__gte=F("baseline_start")),
                name="site_baseline_in_order",
            ),
            models.CheckConstraint(
                condition=Q(planned_start__isnull=True)
                | Q(planned_finish__isnull=True)
                | Q(planned_finish__gte=F("planned_start")),
                name="site_plan_in_order",
            ),
            models.CheckConstraint(
                condition=Q(started_on__isnull=True)
                | Q(finished_on__isnull=True)
                | Q(finished_on__gte=F("started_on")),
                name="site_work_in_order",
            ),
            models.CheckConstraint(
                condition=Q(verified_on__isnull=True) | Q(verified_on__gte=F("finished_on")),
                name="site_verified_after_finish",
            ),
            models.CheckConstraint(
                condition=Q(percent__isnull=True) | Q(percent__gte=0, percent__lte=100),
                name="site_percent_range",
            ),
            models.CheckConstraint(
                condition=Q(percent__isnull=True, reported_on__isnull=True)
                | Q(percent__isnull=False, reported_on__isnull=False),
                name="site_percent_has_date",
            ),
            models.CheckConstraint(condition=~Q(name=""), name="site_has_name"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_stock(self) -> bool:
        """Existing stock (存量): it serves citizens and counts towards no target."""
        return not self.contributions.exists()

    @property
    def baseline(self) -> Plan | None:
        return make_plan(self.baseline_start, self.baseline_finish, self.baseline_milestones)

    @property
    def plan(self) -> Plan | None:
        """The plan now in force: the newest approved change, or the baseline."""
        return make_plan(self.planned_start, self.planned_finish, self.planned_milestones) or self.baseline


def make_plan(
    start: dt.date | None, finish: dt.date | None, milestones: Sequence[Sequence[str]]
) -> Plan | None:
    """None unless both dates are there. `milestones`: [[ISO date, percent], ...]."""
    if start is None or finish is None:
        return None
    points = tuple(Milestone(dt.date.fromisoformat(day), Decimal(percent)) for day, percent in milestones)
    return Plan(start=start, finish=finish, milestones=points)


class Contribution(models.Model):
    """What a site gives to an indicator: a school gives one school to one and 270 places to another."""

    site = models.ForeignKey(
        Site, verbose_name=_("点位"), on_delete=models.PROTECT, related_name="contributions"
    )
    indicator = models.ForeignKey(
        "projects.Indicator", verbose_name=_("指标"), on_delete=models.PROTECT, related_name="contributions"
    )
    quantity = models.DecimalField(_("数量"), max_digits=14, decimal_places=3, default=1)

    class Meta:
        verbose_name = _("贡献")
        verbose_name_plural = _("贡献")
        constraints = [
            models.UniqueConstraint(fields=["site", "indicator"], name="contribution_once"),
            models.CheckConstraint(condition=Q(quantity__gt=0), name="contribution_positive"),
        ]

    def __str__(self) -> str:
        return f"{self.indicator}: {self.quantity}"


class PlanChange(AppendOnly):
    """A reschedule: new dates, the reason, the approval. It never makes the baseline disappear."""

    site = models.ForeignKey(
        Site, verbose_name=_("点位"), on_delete=models.PROTECT, related_name="plan_changes"
    )
    effective_on = models.DateField(_("生效日期"))
    planned_start = models.DateField(_("计划开工日期"))
    planned_finish = models.DateField(_("计划完工日期"))
    milestones = models.JSONField(_("节点"), default=list, blank=True)
    reason = models.CharField(_("原因"), max_length=500)
    approval_number = models.CharField(
        _("批准文号"), max_length=80, blank=True, help_text=_("没有批准文号的调整不改变考核计划。")
    )

    class Meta:
        ordering = ["site", "effective_on", "id"]
        verbose_name = _("计划调整")
        verbose_name_plural = _("计划调整")
        constraints = [
            models.CheckConstraint(
                condition=Q(planned_finish__gte=F("planned_start")), name="planchange_dates_in_order"
            ),
            models.CheckConstraint(condition=~Q(reason=""), name="planchange_has_reason"),
            correction_has_reason("planchange_correction_reason"),
        ]
        indexes = [
            corrections_index("planchange_corrections"),
            models.Index(fields=["-effective_on", "-id"], name="planchange_newest"),
        ]

    def __str__(self) -> str:
        return f"{self.site} {self.planned_start}-{self.planned_finish}"


#: A state that counted towards something. A query says the very same condition, or misses the index.
COUNTS = ~Q(Exact(Cast("contributions", models.TextField()), Value("{}")))


class SiteState(AppendOnly):
    """What a site was from `effective_on` on: stage, service, divisions and contributions."""

    site = models.ForeignKey(Site, verbose_name=_("点位"), on_delete=models.PROTECT, related_name="states")
    effective_on = models.DateField(_("生效日期"))
    stage = models.CharField(_("建设阶段"), max_length=10, choices=STAGES)
    service = models.CharField(_("服务状态"), max_length=20, choices=SERVICES)
    located_in = models.ForeignKey("projects.Division", on_delete=models.PROTECT, related_name="+")
    managed_by = models.ForeignKey("projects.Division", on_delete=models.PROTECT, related_name="+")
    contributions = models.JSONField(_("贡献"), default=dict)
    # Bare dates of the site that this record took back: until then they held (see rules.facts).
    former_finished_on = models.DateField(_("原实际完工日期"), null=True, blank=True)
    former_verified_on = models.DateField(_("原核验日期"), null=True, blank=True)

    class Meta:
        ordering = ["site", "effective_on", "id"]
        verbose_name = _("状态记录")
        verbose_name_plural = _("状态记录")
        constraints = [correction_has_reason("sitestate_correction_reason")]
        indexes = [
            corrections_index("sitestate_corrections"),
            # Most sites are existing stock (存量), of which no figure of a programme ever asks.
            models.Index(fields=["site", "effective_on", "id"], name="sitestate_counting", condition=COUNTS),
        ]

    def __str__(self) -> str:
        return f"{self.site} {self.effective_on} {self.stage}"
