"""The holidays of a year as the city loaded them (节假日安排). Read by projects.rules.calendar alone."""

import datetime as dt

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from projects.models.base import AppendOnly, correction_has_reason, corrections_index
from projects.rules.calendar import SpecialDay
from projects.rules.vocabulary import DayKind


class HolidayTable(AppendOnly):
    """One year's holidays and make-up working days (调休). It speaks for the whole year.

    A table loaded later corrects the one before it, so `standing()` gives one a year, and a past moment its
    own.
    """

    year = models.PositiveSmallIntegerField(_("年份"))
    days = models.JSONField(_("日期"), default=list, blank=True)
    source = models.CharField(_("依据"), max_length=300, blank=True)

    class Meta:
        ordering = ["-year", "-id"]
        verbose_name = _("节假日安排")
        verbose_name_plural = _("节假日安排")
        constraints = [
            models.CheckConstraint(
                condition=Q(year__gte=1949, year__lte=2999), name="holidaytable_year_range"
            ),
            models.UniqueConstraint(
                fields=["corrects"],
                condition=Q(corrects__isnull=False),
                name="holidaytable_corrected_once",
            ),
            models.UniqueConstraint(
                fields=["year"], condition=Q(corrects__isnull=True), name="holidaytable_one_first"
            ),
            correction_has_reason("holidaytable_correction_reason"),
        ]
        indexes = [corrections_index("holidaytable_corrections")]

    def __str__(self) -> str:
        return f"{self.year}"

    def special_days(self) -> tuple[SpecialDay, ...]:
        """The days as the rules read them."""
        return tuple(
            SpecialDay(dt.date.fromisoformat(day["date"]), DayKind(day["kind"]), day["name"])
            for day in self.days
        )
