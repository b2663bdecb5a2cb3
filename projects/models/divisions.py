"""Divisions (行政区划), their dated parent tree, their other names and codes, and their borders."""

from django.contrib.gis.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from projects.models.base import Stamped, TwoNames
from projects.models.choices import LEVELS
from projects.querysets.divisions import BoundaryQuerySet, DivisionQuerySet


class Division(TwoNames, Stamped):
    """One area. Its code (GB/T 2260 or the city's own) is data: containment is never read off its digits.

    `tree_left` and `tree_right` number today's tree in pre-order: an area lies within another exactly
    when its left number lies in the other's interval. Past days are answered from DivisionParent.
    """

    code = models.CharField(_("区划代码"), max_length=12, unique=True)
    level = models.CharField(_("级别"), max_length=10, choices=LEVELS)
    tree_left = models.PositiveIntegerField(default=0, editable=False, db_index=True)
    tree_right = models.PositiveIntegerField(default=0, editable=False)
    valid_from = models.DateField(_("启用日期"), null=True, blank=True)
    valid_to = models.DateField(_("撤销日期"), null=True, blank=True)

    objects = DivisionQuerySet.as_manager()

    class Meta:
        ordering = ["code"]
        verbose_name = _("行政区划")
        verbose_name_plural = _("行政区划")
        constraints = [
            models.CheckConstraint(
                condition=Q(tree_right__gte=F("tree_left")), name="division_interval_order"
            ),
            models.CheckConstraint(
                condition=Q(valid_to__isnull=True)
                | Q(valid_from__isnull=True)
                | Q(valid_to__gt=F("valid_from")),
                name="division_dates_in_order",
            ),
        ]


class DivisionParent(models.Model):
    """`child` belonged to `parent` from `valid_from` to `valid_to` (exclusive; null: it still does)."""

    child = models.ForeignKey(
        Division, verbose_name=_("下级"), on_delete=models.PROTECT, related_name="parent_rows"
    )
    parent = models.ForeignKey(
        Division, verbose_name=_("上级"), on_delete=models.PROTECT, related_name="child_rows"
    )
    valid_from = models.DateField(_("开始日期"))
    valid_to = models.DateField(_("结束日期"), null=True, blank=True)

    class Meta:
        verbose_name = _("隶属关系")
        verbose_name_plural = _("隶属关系")
        constraints = [
            models.CheckConstraint(condition=~Q(child=F("parent")), name="divisionparent_not_itself"),
            models.CheckConstraint(
                condition=Q(valid_to__isnull=True) | Q(valid_to__gt=F("valid_from")),
                name="divisionparent_dates_in_order",
            ),
            models.UniqueConstraint(fields=["child", "valid_from"], name="divisionparent_one_per_start"),
            models.UniqueConstraint(
                fields=["child"], condition=Q(valid_to__isnull=True), name="divisionparent_one_current"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.child} < {self.parent} {self.valid_from}"


class DivisionAlias(models.Model):
    """A code or name under which a division is or was known: 奉化市 330283 became 奉化区 330213 in 2016."""

    CODE = "code"
    NAME = "name"

    division = models.ForeignKey(
        Division, verbose_name=_("行政区划"), on_delete=models.PROTECT, related_name="aliases"
    )
    kind = models.CharField(_("种类"), max_length=4, choices=[(CODE, _("代码")), (NAME, _("名称"))])
    value = models.CharField(_("曾用代码或名称"), max_length=100)
    valid_from = models.DateField(_("开始日期"), null=True, blank=True)
    valid_to = models.DateField(_("结束日期"), null=True, blank=True)

    class Meta:
        verbose_name = _("曾用代码或名称")
        verbose_name_plural = _("曾用代码或名称")
        constraints = [
            models.UniqueConstraint(fields=["division", "kind", "value"], name="divisionalias_once"),
            models.CheckConstraint(
                condition=Q(valid_to__isnull=True)
                | Q(valid_from__isnull=True)
                | Q(valid_to__gt=F("valid_from")),
                name="divisionalias_dates_in_order",
            ),
        ]

    def __str__(self) -> str:
        return self.value


class Boundary(Stamped):
    """A border as a source drew it, from a day on. It stands apart from the division: sources differ."""

    division = models.ForeignKey(
        Division, verbose_name=_("行政区划"), on_delete=models.PROTECT, related_name="boundaries"
    )
    geom = models.MultiPolygonField(_("边界"), srid=4326)
    valid_from = models.DateField(_("开始日期"))
    valid_to = models.DateField(_("结束日期"), null=True, blank=True)
    source = models.CharField(_("来源"), max_length=200)
    licence = models.CharField(_("许可"), max_length=100)
    declared_datum = models.CharField(_("原坐标系"), max_length=20, default="EPSG:4490")
    review_number = models.CharField(
        _("审图号"),
        max_length=60,
        blank=True,
        help_text=_("没有审图号的边界只在演示模式下显示,并标明“示意,未经地图审核”。"),
    )

    objects = BoundaryQuerySet.as_manager()

    class Meta:
        verbose_name = _("边界")
        verbose_name_plural = _("边界")
        constraints = [
            models.CheckConstraint(
                condition=Q(valid_to__isnull=True) | Q(valid_to__gt=F("valid_from")),
                name="boundary_dates_in_order",
            ),
            models.UniqueConstraint(
                fields=["division"], condition=Q(valid_to__isnull=True), name="boundary_one_current"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.division} ({self.source})"
