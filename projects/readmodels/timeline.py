"""What was reported of indicators, newest first, corrections said as corrections."""

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import QuerySet

from projects.models import IndicatorReport
from projects.readmodels.clocks import Clocks
from projects.readmodels.promises import seq_of
from projects.readmodels.siteindex import Snapshot
from projects.readmodels.vocabulary import Area, IndicatorWords, ProgrammeWords


@dataclass(frozen=True, slots=True)
class TimelineEntry:
    """One report. `area` None: the whole city. `recorded_on`: the day in Asia/Shanghai it was recorded.

    `corrects`: the day that the corrected report was recorded on, with `reason`; `is_corrected`: a later row
    replaces this one. `problem` and `plan` are empty where reasons are not published.
    """

    pk: int
    indicator: IndicatorWords
    area: Area | None
    as_of: dt.date
    recorded_at: dt.datetime
    actual: Decimal | None
    percent: Decimal | None
    problem: str
    plan: str
    corrects: dt.datetime | None
    reason: str
    is_corrected: bool
    is_demo: bool


@dataclass(frozen=True, slots=True)
class Timeline:
    """One page. `total` reports altogether."""

    total: int
    entries: tuple[TimelineEntry, ...]


def timeline(
    programme: ProgrammeWords,
    indicators: Collection[IndicatorWords],
    clocks: Clocks,
    held: Snapshot,
    *,
    first: int = 0,
    limit: int = 20,
) -> Timeline:
    """Reports about days up to `as_of` that had been recorded by then, `limit` of them from `first` on."""
    rows = _recorded(indicators, clocks, held)
    corrected = _corrected(rows, clocks, held)
    words = {row.pk: row for row in indicators}
    entries = []
    for row in rows.select_related("corrects").order_by("-as_of", "-pk")[first : first + limit]:
        is_city = row.division_id is None or row.division_id == programme.division_id
        entries.append(
            TimelineEntry(
                row.pk,
                words[row.indicator_id],
                None if is_city else held.vocabulary.area_by_pk.get(row.division_id or 0),
                row.as_of,
                row.recorded_at,
                row.actual,
                row.percent,
                row.problem if programme.publishes_reasons else "",
                row.plan if programme.publishes_reasons else "",
                row.corrects.recorded_at if row.corrects is not None else None,
                row.correction_reason,
                row.pk in corrected,
                row.is_demo,
            )
        )
    return Timeline(rows.count(), tuple(entries))


def _recorded(
    indicators: Collection[IndicatorWords], clocks: Clocks, held: Snapshot
) -> "QuerySet[IndicatorReport]":
    rows: Any = IndicatorReport.objects.filter(
        indicator__in=[row.pk for row in indicators], as_of__lte=clocks.as_of
    )
    return rows.filter(changed_seq__lte=seq_of(clocks, held))  # type: ignore[no-any-return]


def _corrected(rows: "QuerySet[IndicatorReport]", clocks: Clocks, held: Snapshot) -> frozenset[int]:
    corrections = IndicatorReport.objects.filter(
        changed_seq__lte=seq_of(clocks, held), corrects__in=rows.values("pk")
    )
    return frozenset(pk for pk in corrections.values_list("corrects_id", flat=True) if pk is not None)
