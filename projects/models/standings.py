"""What figures count of each site, on any day, as it was known at any moment. Written by projects.actions."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from projects.models.choices import LIGHTS, STAGES
from projects.querysets.standings import StandingQuerySet
from projects.rules.vocabulary import Light


class SiteStanding(models.Model):
    """Everything that a figure counts of one site, from `valid_from` up to, not including, `valid_to`.

    See projects.rules.standings: spans of a site are disjoint (held by the database) and without gaps on the
    days on which it counts towards anything; existing stock has none. The last one ends on date.max. Both
    clocks: a span is known from the change `changed_seq` on, until the change `superseded_seq` (null: still).
    `contributions` is text, so that equal ones are equal: quantities with three decimals by indicator.
    `baseline_finish` is the day that `finish_due` goes by: lists of late sites are ordered by it.
    """

    # Rows are found by the indexes below; an index for each key would be paid for by every import.
    site = models.ForeignKey(
        "projects.Site", db_index=False, on_delete=models.PROTECT, related_name="standings"
    )
    valid_from = models.DateField()
    valid_to = models.DateField()
    managed_by = models.ForeignKey(
        "projects.Division", db_index=False, on_delete=models.PROTECT, related_name="+"
    )
    stage = models.CharField(max_length=10, choices=STAGES)
    started = models.BooleanField()
    has_plan = models.BooleanField()
    start_due = models.BooleanField()
    finish_due = models.BooleanField()
    light = models.CharField(max_length=6, choices=LIGHTS)
    #: The programme that governs the site on these days: its light is that one's.
    judged_by = models.ForeignKey(
        "projects.Programme", db_index=False, null=True, on_delete=models.PROTECT, related_name="+"
    )
    contributions = models.TextField()
    is_public = models.BooleanField()
    is_demo = models.BooleanField()
    baseline_finish = models.DateField(null=True)
    recorded_at = models.DateTimeField()
    changed_seq = models.BigIntegerField(db_index=True)
    superseded_seq = models.BigIntegerField(null=True)

    objects = StandingQuerySet.as_manager()

    class Meta:
        ordering = ["site_id", "valid_from", "id"]
        verbose_name = _("统计状态")
        verbose_name_plural = _("统计状态")
        constraints = [
            models.CheckConstraint(condition=Q(valid_to__gt=F("valid_from")), name="sitestanding_in_order"),
            models.UniqueConstraint(
                fields=["site", "valid_from"],
                condition=Q(superseded_seq__isnull=True),
                name="sitestanding_one_start",
            ),
        ]
        indexes = [
            models.Index(
                fields=["superseded_seq"],
                name="sitestanding_superseded",
                condition=Q(superseded_seq__isnull=False),
            ),
            # Late sites are few of many, and are read one by one.
            models.Index(
                fields=["judged_by", "light", "managed_by", "valid_from", "valid_to"],
                name="sitestanding_late",
                condition=Q(light__in=[Light.RED.value, Light.YELLOW.value]),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.site_id} {self.valid_from}..{self.valid_to} {self.stage}"
