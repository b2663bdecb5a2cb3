"""Supervision orders (督办单), what happened with each, and how a programme orders."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from projects.models.base import AppendOnly, Stamped, correction_has_reason, corrections_index
from projects.models.choices import LIGHTS, ORDER_GRADES, ORDER_STATES, ORDER_STEPS, RAISE_CAUSES
from projects.permissions.access import Target
from projects.querysets.orders import OrderQuerySet
from projects.rules.orders import (
    DEFAULT_TERMS,
    OPEN,
    Happening,
    OrderTerms,
    Position,
    Terms,
    number_text,
)
from projects.rules.vocabulary import OrderGrade, OrderState, OrderStep, RaiseCause

_OPEN = sorted(state.value for state in OPEN)


def _days(label: str | Promise, days: int) -> "models.PositiveSmallIntegerField[int, int]":
    return models.PositiveSmallIntegerField(label, default=days)  # type: ignore[arg-type]


class OrderScheme(Stamped):
    """Deadlines of a programme's orders, in working days; without a row rules.orders.DEFAULT_TERMS."""

    programme = models.OneToOneField(
        "projects.Programme", verbose_name=_("年度"), on_delete=models.PROTECT, related_name="order_scheme"
    )
    blue_sign_days = _days(_("蓝单签收(工作日)"), DEFAULT_TERMS.by_grade[OrderGrade.BLUE].sign_days)
    blue_report_days = _days(_("蓝单反馈(工作日)"), DEFAULT_TERMS.by_grade[OrderGrade.BLUE].report_days)
    orange_sign_days = _days(_("橙单签收(工作日)"), DEFAULT_TERMS.by_grade[OrderGrade.ORANGE].sign_days)
    orange_report_days = _days(_("橙单反馈(工作日)"), DEFAULT_TERMS.by_grade[OrderGrade.ORANGE].report_days)
    red_sign_days = _days(_("红单签收(工作日)"), DEFAULT_TERMS.by_grade[OrderGrade.RED].sign_days)
    red_report_days = _days(_("红单反馈(工作日)"), DEFAULT_TERMS.by_grade[OrderGrade.RED].report_days)
    rework_days = _days(_("退回重办(工作日)"), DEFAULT_TERMS.rework_days)
    remind_days = _days(_("临期提醒(工作日)"), DEFAULT_TERMS.remind_days)
    source = models.CharField(_("依据"), max_length=300)

    class Meta:
        verbose_name = _("督办办法")
        verbose_name_plural = _("督办办法")
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    blue_sign_days__range=(1, 250),
                    orange_sign_days__range=(1, 250),
                    red_sign_days__range=(1, 250),
                    rework_days__range=(1, 250),
                    remind_days__range=(0, 250),
                ),
                name="orderscheme_in_range",
                violation_error_message=_("期限须在 1 到 250 个工作日之间。"),
            ),
            models.CheckConstraint(
                condition=Q(
                    blue_report_days__gte=models.F("blue_sign_days"),
                    orange_report_days__gte=models.F("orange_sign_days"),
                    red_report_days__gte=models.F("red_sign_days"),
                    blue_report_days__lte=250,
                    orange_report_days__lte=250,
                    red_report_days__lte=250,
                ),
                name="orderscheme_signed_before_reported",
                violation_error_message=_("反馈期限不能短于签收期限。"),
            ),
            models.CheckConstraint(condition=~Q(source=""), name="orderscheme_has_source"),
        ]

    def __str__(self) -> str:
        return str(self.programme)

    @property
    def terms(self) -> OrderTerms:
        """The row as the rules read it."""
        return OrderTerms(
            {
                OrderGrade.BLUE: Terms(self.blue_sign_days, self.blue_report_days),
                OrderGrade.ORANGE: Terms(self.orange_sign_days, self.orange_report_days),
                OrderGrade.RED: Terms(self.red_sign_days, self.red_report_days),
            },
            self.rework_days,
            self.remind_days,
            self.source,
        )


class SupervisionOrder(Stamped):
    """One order about one matter: a site, an indicator in a division, or a phase.

    Given to a division or to a department, which answers it. State, grade and dates are what the events come
    to (projects.rules.orders.replay; check_data compares). `light` to `known_seq` and the checkpoint are what
    was known at the issue, of the day `as_of`: they never change. `changed_seq` is its version.
    """

    programme = models.ForeignKey(
        "projects.Programme", verbose_name=_("年度"), on_delete=models.PROTECT, related_name="orders"
    )
    year = models.PositiveSmallIntegerField(_("年份"))
    serial = models.PositiveIntegerField(_("序号"))
    subject_key = models.CharField(max_length=60, editable=False)
    site = models.ForeignKey(
        "projects.Site",
        verbose_name=_("点位"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="orders",
    )
    indicator = models.ForeignKey(
        "projects.Indicator",
        verbose_name=_("指标"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="orders",
    )
    phase = models.ForeignKey(
        "projects.Phase",
        verbose_name=_("阶段"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="orders",
    )
    division = models.ForeignKey(
        "projects.Division",
        verbose_name=_("承办区划"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="orders",
    )
    department = models.ForeignKey(
        "projects.Department",
        verbose_name=_("承办部门"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="orders",
    )
    grade = models.CharField(_("等级"), max_length=10, choices=ORDER_GRADES)
    state = models.CharField(_("状态"), max_length=12, choices=ORDER_STATES)
    requirement = models.CharField(_("督办要求"), max_length=1000)
    sign_by = models.DateField(_("签收期限"))
    report_by = models.DateField(_("反馈期限"), db_index=True)
    is_provisional = models.BooleanField(_("期限暂定"), default=False)
    wanted_on = models.DateField(_("申请延期至"), null=True, blank=True)
    issued_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("发单人"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    issued_at = models.DateTimeField(_("发单时间"))
    light = models.CharField(_("发单时的灯"), max_length=10, choices=LIGHTS, blank=True)
    planned = models.DecimalField(_("计划 %"), max_digits=12, decimal_places=4, null=True, blank=True)
    actual = models.DecimalField(_("实际 %"), max_digits=12, decimal_places=4, null=True, blank=True)
    lag_pp = models.DecimalField(_("落后(百分点)"), max_digits=12, decimal_places=4, null=True, blank=True)
    finding = models.CharField(_("查到的情况"), max_length=500, blank=True)
    rule = models.CharField(_("适用的规则"), max_length=500, blank=True)
    as_of = models.DateField(_("数据截止"), null=True, blank=True)
    known_seq = models.BigIntegerField(_("依据到变更序号"), default=0)
    checkpoint_seq = models.BigIntegerField(_("审计校验点"), null=True, blank=True)
    checkpoint_hash = models.CharField(_("校验点哈希"), max_length=64, blank=True)
    is_demo = models.BooleanField(_("演示数据"), default=False)

    objects = OrderQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        verbose_name = _("督办单")
        verbose_name_plural = _("督办单")
        constraints = [
            models.UniqueConstraint(fields=["programme", "year", "serial"], name="order_number_once"),
            models.UniqueConstraint(
                fields=["subject_key"], condition=Q(state__in=_OPEN), name="order_one_open_per_matter"
            ),
            models.CheckConstraint(
                condition=Q(site__isnull=False, indicator__isnull=True, phase__isnull=True)
                | Q(site__isnull=True, indicator__isnull=False, phase__isnull=True)
                | Q(site__isnull=True, indicator__isnull=True, phase__isnull=False),
                name="order_one_subject",
            ),
            models.CheckConstraint(
                condition=Q(division__isnull=False, department__isnull=True)
                | Q(division__isnull=True, department__isnull=False),
                name="order_one_addressee",
            ),
            models.CheckConstraint(condition=~Q(requirement=""), name="order_has_requirement"),
            models.CheckConstraint(condition=Q(serial__gte=1), name="order_serial_from_one"),
            models.CheckConstraint(
                condition=Q(report_by__gte=models.F("sign_by")), name="order_signed_before_reported"
            ),
        ]
        indexes = [
            models.Index(fields=["division", "state"], name="order_of_division"),
            models.Index(fields=["state", "sign_by"], name="order_to_sign"),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def number(self) -> str:
        return number_text(self.year, self.serial)

    @property
    def is_open(self) -> bool:
        return self.state in _OPEN

    @property
    def addressee(self) -> str:
        """Whom it was given to."""
        return str(self.division or self.department or "")

    @property
    def subject(self) -> str:
        """What it is about, in the language of the page."""
        if self.site is not None:
            return str(self.site.name)
        if self.indicator is not None:
            return f"{self.indicator.name} · {self.division}"
        return self.phase.name if self.phase is not None else ""

    @property
    def position(self) -> Position:
        """Where it stands, as the rules read it. `was_reported` is asked of the events."""
        return Position(
            OrderState(self.state),
            OrderGrade(self.grade),
            self.sign_by,
            self.report_by,
            self.wanted_on,
        )

    @property
    def addressee_target(self) -> Target:
        """What permissions ask of whom it was given to."""
        if self.department_id is not None:
            return Target(None, frozenset({self.department_id}))
        return Target(self.division_id)


class OrderEvent(AppendOnly):
    """One step of one order: who is `recorded_by`, when `recorded_at`. What it leaves as it was is empty."""

    order = models.ForeignKey(
        SupervisionOrder, verbose_name=_("督办单"), on_delete=models.PROTECT, related_name="events"
    )
    step = models.CharField(_("环节"), max_length=16, choices=ORDER_STEPS)
    on_day = models.DateField(_("日期"))
    text = models.CharField(_("说明"), max_length=1000, blank=True)
    grade = models.CharField(_("等级"), max_length=10, choices=ORDER_GRADES, blank=True)
    cause = models.CharField(_("升级原因"), max_length=10, choices=RAISE_CAUSES, blank=True)
    sign_by = models.DateField(_("签收期限"), null=True, blank=True)
    report_by = models.DateField(_("反馈期限"), null=True, blank=True)
    is_provisional = models.BooleanField(_("期限暂定"), default=False)
    wanted_on = models.DateField(_("申请延期至"), null=True, blank=True)

    class Meta:
        ordering = ["id"]
        verbose_name = _("督办环节")
        verbose_name_plural = _("督办环节")
        constraints = [correction_has_reason("orderevent_correction_reason")]
        indexes = [
            corrections_index("orderevent_corrections"),
            models.Index(fields=["order", "id"], name="orderevent_of_order"),
        ]

    def __str__(self) -> str:
        return f"{self.order} {self.get_step_display()}"

    @property
    def happening(self) -> Happening:
        """The event as the rules read it."""
        return Happening(
            OrderStep(self.step),
            self.on_day,
            OrderGrade(self.grade) if self.grade else None,
            self.sign_by,
            self.report_by,
            self.wanted_on,
            RaiseCause(self.cause) if self.cause else None,
        )
