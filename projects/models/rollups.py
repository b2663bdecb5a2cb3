"""Maintained sums over sites: what pages of figures read, whatever the number of sites.

Written by projects.actions.rollups in the transaction of the change that moves them; never by hand.
"""

from django.db import models
from django.utils.translation import gettext_lazy as _

from projects.rules.rollups import Measures, Unit

#: Columns that are added up, in the order of projects.rules.rollups.Measures.
MEASURES = Measures._fields
#: What a row is about.
KEY = ("programme_id", "day", "unit", "unit_id", "managed_by_id")


class _Sums(models.Model):
    """Measures of one cell: one unit of a programme (`unit`, `unit_id`) as one division manages it."""

    # The unique key begins with the programme and the day: whatever is asked, is asked by these.
    programme = models.ForeignKey(
        "projects.Programme", db_index=False, on_delete=models.PROTECT, related_name="+"
    )
    day = models.DateField()
    unit = models.CharField(max_length=10, choices=[(unit.value, unit.term) for unit in Unit])
    unit_id = models.BigIntegerField()
    managed_by = models.ForeignKey(
        "projects.Division", db_index=False, on_delete=models.PROTECT, related_name="+"
    )

    sites = models.IntegerField(default=0)
    done = models.IntegerField(default=0)
    due = models.IntegerField(default=0)
    overdue = models.IntegerField(default=0)
    unplanned = models.IntegerField(default=0)
    demo = models.IntegerField(default=0)
    stage_planned = models.IntegerField(default=0)
    stage_sited = models.IntegerField(default=0)
    stage_building = models.IntegerField(default=0)
    stage_finished = models.IntegerField(default=0)
    stage_verified = models.IntegerField(default=0)
    stage_suspended = models.IntegerField(default=0)
    stage_cancelled = models.IntegerField(default=0)
    light_green = models.IntegerField(default=0)
    light_yellow = models.IntegerField(default=0)
    light_red = models.IntegerField(default=0)
    light_blue = models.IntegerField(default=0)
    light_none = models.IntegerField(default=0)
    listed = models.BigIntegerField(default=0)
    output = models.BigIntegerField(default=0)

    class Meta:
        abstract = True


class RollUp(_Sums):
    """The balance of a cell at the end of a closing day (projects.rules.rollups.closing_days).

    A cell that no public site was ever in has no row; one that lost all of them has noughts.
    """

    class Meta:
        verbose_name = _("汇总余额")
        verbose_name_plural = _("汇总余额")
        constraints = [
            models.UniqueConstraint(
                fields=["programme", "day", "unit", "unit_id", "managed_by"], name="rollup_one_cell"
            )
        ]

    def __str__(self) -> str:
        return f"{self.programme_id} {self.day} {self.unit}:{self.unit_id} {self.managed_by_id}"


class RollUpStep(_Sums):
    """How the balance of a cell changes on a day between two closing days."""

    class Meta:
        verbose_name = _("汇总变动")
        verbose_name_plural = _("汇总变动")
        constraints = [
            models.UniqueConstraint(
                fields=["programme", "day", "unit", "unit_id", "managed_by"], name="rollupstep_one_cell"
            )
        ]
        indexes = [
            # The days of one indicator in a row: what its lights are judged by.
            models.Index(
                fields=["unit_id", "managed_by", "day"],
                name="rollupstep_series",
                condition=models.Q(unit=Unit.INDICATOR.value),
            )
        ]

    def __str__(self) -> str:
        return f"{self.programme_id} {self.day} {self.unit}:{self.unit_id} {self.managed_by_id}"
