"""What was promised and reported of a programme's indicators, by both clocks."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Q

from projects.models import IndicatorReport, TargetStatement
from projects.readmodels.clocks import Clocks
from projects.readmodels.siteindex import Snapshot
from projects.readmodels.vocabulary import Area, ProgrammeWords


@dataclass(frozen=True, slots=True)
class Reported:
    """The newest report of an indicator by the day: a number (完成数), a percent (上报进度), or both.

    They may come from two reports. None: 未上报.
    """

    actual: Decimal | None = None
    percent: Decimal | None = None
    actual_on: dt.date | None = None
    percent_on: dt.date | None = None
    is_demo: bool = False


def seq_of(clocks: Clocks, held: Snapshot) -> int:
    """The change number by which a page answers: never later than what `held` knows.

    So the pair that a page prints gives exactly this page again, whatever is written meanwhile.
    """
    return held.seq if clocks.known_seq is None else min(clocks.known_seq, held.seq)


def targets(programme: ProgrammeWords, area: Area, clocks: Clocks, held: Snapshot) -> Mapping[int, Decimal]:
    """The target in force on the day, by indicator; one without a target (无目标) is not in it."""
    rows = (
        TargetStatement.objects.standing(seq_of(clocks, held))
        .filter(
            _of_area(programme, area, held),
            indicator__category__programme_id=programme.pk,
            effective_on__lte=clocks.as_of,
        )
        .order_by("effective_on", "pk")
        .values_list("indicator_id", "target")
    )
    # Of one day the later recorded holds; a later one that says 无目标 ends the target before it.
    return {pk: target for pk, target in dict(rows).items() if target is not None}


def reported(programme: ProgrammeWords, area: Area, clocks: Clocks, held: Snapshot) -> Mapping[int, Reported]:
    """The newest report of each indicator by the day."""
    rows = (
        IndicatorReport.objects.standing(seq_of(clocks, held))
        .filter(
            _of_area(programme, area, held),
            indicator__category__programme_id=programme.pk,
            as_of__lte=clocks.as_of,
        )
        .order_by("as_of", "pk")
        .values_list("indicator_id", "as_of", "actual", "percent", "is_demo")
    )
    actuals: dict[int, tuple[Decimal, dt.date, bool]] = {}
    percents: dict[int, tuple[Decimal, dt.date, bool]] = {}
    for pk, day, actual, percent, is_demo in rows:
        if actual is not None:
            actuals[pk] = (actual, day, is_demo)
        if percent is not None:
            percents[pk] = (percent, day, is_demo)
    found = {}
    for pk in actuals.keys() | percents.keys():
        actual, actual_on, demo = actuals.get(pk, (None, None, False))
        percent, percent_on, also_demo = percents.get(pk, (None, None, False))
        found[pk] = Reported(actual, percent, actual_on, percent_on, demo or also_demo)
    return found


def is_whole(programme: ProgrammeWords, area: Area, held: Snapshot) -> bool:
    """The area is the programme's city, or contains it."""
    city = held.vocabulary.area_by_pk[programme.division_id]
    return area.left <= city.left and city.right <= area.right


def _of_area(programme: ProgrammeWords, area: Area, held: Snapshot) -> Q:
    """A row without a division speaks for the whole city, as one that names the city does."""
    if is_whole(programme, area, held):
        return Q(division_id__isnull=True) | Q(division_id=programme.division_id)
    return Q(division_id=area.pk)
