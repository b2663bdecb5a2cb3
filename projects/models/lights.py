"""Lights as spans of days, and the month results of monthly policies. Written by projects.actions.lights."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from projects.models.choices import LIGHTS
from projects.querysets.lights import SubjectQuerySet


def superseded_by_a_change(name: str) -> models.CheckConstraint:
    """When a row was replaced and by which change are one fact."""
    return models.CheckConstraint(
        condition=Q(superseded_at__isnull=True, superseded_seq__isnull=True)
        | Q(superseded_at__isnull=False, superseded_seq__isnull=False),
        name=name,
    )


class Subject(models.Model):
    """What a light is about: a site, an indicator in a division, a project, a division or a funding line.

    `subject_key` says it in one column (`site:17`, `indicator:3:division:12`, `division:12:programme:1`:
    projects.readmodels.subjects), which is what "disjoint" is about; the foreign keys are there to be joined.
    `programme` is empty for sites, which count for several.
    """

    subject_key = models.CharField(max_length=60)
    programme = models.ForeignKey(
        "projects.Programme", null=True, on_delete=models.PROTECT, related_name="%(class)ss"
    )
    site = models.ForeignKey("projects.Site", null=True, on_delete=models.PROTECT, related_name="%(class)ss")
    indicator = models.ForeignKey(
        "projects.Indicator", null=True, on_delete=models.PROTECT, related_name="%(class)ss"
    )
    project = models.ForeignKey(
        "projects.Project", null=True, on_delete=models.PROTECT, related_name="%(class)ss"
    )
    division = models.ForeignKey(
        "projects.Division", null=True, on_delete=models.PROTECT, related_name="%(class)ss"
    )
    funding_line = models.ForeignKey(
        "projects.FundingLine", null=True, on_delete=models.PROTECT, related_name="%(class)ss"
    )
    policy = models.ForeignKey("projects.LagPolicy", on_delete=models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField(db_index=True)
    changed_seq = models.BigIntegerField(default=0, db_index=True)
    # A row that a later report, plan or policy replaced stays, so that `known_at` finds what was true then.
    superseded_at = models.DateTimeField(null=True)
    #: The number of that change: what was current at a number is found without a clock.
    superseded_seq = models.BigIntegerField(null=True)

    objects = SubjectQuerySet.as_manager()

    class Meta:
        abstract = True


class LightSpan(Subject):
    """One light of one subject from `valid_from` (inclusive) to `valid_to` (exclusive).

    The current spans of a subject are disjoint (held by the database: see the migration) and reach to
    the end of the policy's period, so a day is a look-up and the future needs no nightly job.
    """

    valid_from = models.DateField()
    valid_to = models.DateField()
    light = models.CharField(_("灯"), max_length=6, choices=LIGHTS)
    reason = models.CharField(max_length=40)
    detail = models.JSONField(default=dict)

    class Meta:
        ordering = ["subject_key", "valid_from"]
        verbose_name = _("亮灯")
        verbose_name_plural = _("亮灯")
        constraints = [
            models.CheckConstraint(
                condition=Q(valid_to__gt=F("valid_from")), name="lightspan_dates_in_order"
            ),
            superseded_by_a_change("lightspan_superseded_pair"),
            models.UniqueConstraint(
                fields=["subject_key", "valid_from"],
                condition=Q(superseded_at__isnull=True),
                name="lightspan_one_start",
            ),
        ]
        indexes = [
            models.Index(fields=["subject_key", "valid_from"], name="lightspan_subject"),
            models.Index(
                fields=["valid_from", "valid_to", "site", "light"],
                name="lightspan_late",
                condition=Q(light__in=["red", "yellow"], superseded_at__isnull=True, site__isnull=False),
            ),
            models.Index(
                fields=["programme", "subject_key", "valid_from"],
                name="lightspan_programme",
                condition=Q(programme__isnull=False),
            ),
            # What was late by what was known then.
            models.Index(
                fields=["valid_from", "valid_to", "site", "light"],
                name="lightspan_late_replaced",
                condition=Q(light__in=["red", "yellow"], superseded_at__isnull=False, site__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.subject_key} {self.valid_from}..{self.valid_to} {self.light}"


class MonthResult(Subject):
    """Whether a subject met its month. Made good later: that month becomes yellow, never green (瓯海).

    Projected like the spans, as if nothing more were reported: a month that is not over by the day that is
    asked for says nothing yet. Of `parts` judged, `short` were below their own plan, `unreported` silent.
    """

    # Two numbers, not a date: a CHECK on a date's day calls a function that only Django gives SQLite, and no
    # other program could vacuum or back up the file then.
    year = models.PositiveSmallIntegerField(_("年份"))
    month = models.PositiveSmallIntegerField(_("月份"))
    met = models.BooleanField()
    made_good_on = models.DateField(null=True)
    parts = models.PositiveSmallIntegerField(default=1)
    short = models.PositiveSmallIntegerField(default=0)
    unreported = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["subject_key", "year", "month"]
        verbose_name = _("月度结果")
        verbose_name_plural = _("月度结果")
        constraints = [
            models.UniqueConstraint(
                fields=["subject_key", "year", "month"],
                condition=Q(superseded_at__isnull=True),
                name="monthresult_once",
            ),
            superseded_by_a_change("monthresult_superseded_pair"),
            models.CheckConstraint(condition=Q(month__gte=1, month__lte=12), name="monthresult_month_range"),
            models.CheckConstraint(
                condition=Q(made_good_on__isnull=True) | Q(met=False),
                name="monthresult_made_good_only_if_missed",
            ),
        ]
        indexes = [
            models.Index(fields=["programme", "subject_key", "year", "month"], name="monthresult_rows")
        ]

    def __str__(self) -> str:
        return f"{self.subject_key} {self.year}-{self.month:02d} {self.met}"


class YearResult(Subject):
    """Whether a subject had done everything at the end of its programme's period; projected, too."""

    met = models.BooleanField()
    parts = models.PositiveSmallIntegerField(default=1)
    short = models.PositiveSmallIntegerField(default=0)
    unreported = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["subject_key"]
        verbose_name = _("年度结果")
        verbose_name_plural = _("年度结果")
        constraints = [
            models.UniqueConstraint(
                fields=["subject_key"], condition=Q(superseded_at__isnull=True), name="yearresult_once"
            ),
            superseded_by_a_change("yearresult_superseded_pair"),
        ]
        indexes = [models.Index(fields=["programme", "subject_key"], name="yearresult_rows")]

    def __str__(self) -> str:
        return f"{self.subject_key} {self.met}"
