"""A month's reports: which sites are due, how far each district has come, and by when."""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db.models import Count, Exists, OuterRef, Q
from django.utils import timezone

from projects.models import Contribution, Division, Programme, Site, SiteReport
from projects.permissions.access import Access, Permission
from projects.querysets.sites import SiteQuerySet
from projects.readmodels.calendar import working_calendar
from projects.rules.reporting import ROUND, deadline, due_day, month_of
from projects.rules.vocabulary import FINISHED, UNDER_WAY, DivisionLevel


@dataclass(frozen=True, slots=True)
class Month:
    """What a round is about: its day, and by when it is to be done. `programme`: whose figures they are."""

    day: dt.date
    until: dt.date
    programme: Programme | None

    @property
    def first(self) -> dt.date:
        return month_of(self.day)[0]

    @property
    def working_days(self) -> int:
        """Of the deadline, after the day."""
        return ROUND.working_days


@dataclass(frozen=True, slots=True)
class DistrictRound:
    """How far a district has come: sites that are due, and those of them that were reported."""

    division: Division
    due: int
    reported: int

    @property
    def open(self) -> int:
        return self.due - self.reported


def governing_programme() -> Programme | None:
    """The programme whose figures the start page is about."""
    programmes = Programme.objects.filter(deleted_seq__isnull=True)
    return max(programmes, key=lambda row: row.rank) if programmes else None


def month_due(asked: dt.date | None = None) -> Month:
    """The round of a day, by default of the month that is due. Never after today."""
    programme, today = governing_programme(), timezone.localdate()
    day = asked
    if day is None and programme is not None:
        day = due_day(today, programme.period_start, programme.period_end, programme.cutoff)
    day = min(day or today, today)
    return Month(day, deadline(day, working_calendar()), programme)


def months_offered(month: Month) -> list[dt.date]:
    """Ends of the programme's months that have come, the newest first, and the round's own day."""
    days = {month.day}
    if month.programme is not None:
        day, today = month.programme.period_start, timezone.localdate()
        while day <= min(month.programme.period_end, today):
            following = (day.replace(day=28) + dt.timedelta(4)).replace(day=1)
            if following - dt.timedelta(1) <= today:
                days.add(following - dt.timedelta(1))
            day = following
    return sorted(days, reverse=True)


def due_sites(access: Access, permission: Permission, month: Month) -> SiteQuerySet:
    """Sites that count towards a target and were under way in the month, of those that may be treated so.

    One that was finished in the month is due, too: its last report is the one that says so.
    """
    return Site.objects.visible_to(access, permission).filter(
        # A list, not a question of each site: those that count are few among the existing stock.
        Q(stage__in=list(UNDER_WAY)) | Q(stage__in=list(FINISHED), finished_on__gte=month.first),
        pk__in=Contribution.objects.values("site"),
    )


def reported_in(month: Month) -> Q:
    """Reported on a day of the month up to the round's day, by a report that stands."""
    within = SiteReport.objects.standing().filter(site=OuterRef("pk"), as_of__range=(month.first, month.day))
    # The newest report decides for nearly every site; only behind a later one is looked for an earlier.
    return Q(reported_on__range=(month.first, month.day)) | (Q(reported_on__gt=month.day) & Q(Exists(within)))


def districts_of_round(access: Access, permission: Permission, month: Month) -> list[DistrictRound]:
    """Each district that has sites that are due, in the order of the tree; a zone's sites are its own."""
    rows = (
        due_sites(access, permission, month)
        .order_by()
        .values("managed_by")
        .annotate(due=Count("pk"), done=Count("pk", filter=reported_in(month)))
    )
    counted = {row["managed_by"]: (row["due"], row["done"]) for row in rows}
    managers = Division.objects.filter(pk__in=counted)
    districts = list(
        Division.objects.live()
        .filter(level__in=[DivisionLevel.COUNTY.value, DivisionLevel.ZONE.value])
        .order_by("tree_left")
    )
    found: dict[int, list[int]] = {}
    by_pk = {row.pk: row for row in districts}
    for manager in managers:
        home = _district_of(manager, districts)
        by_pk[home.pk] = home
        sums = found.setdefault(home.pk, [0, 0])
        for place, number in enumerate(counted[manager.pk]):
            sums[place] += number
    listed = sorted(found, key=lambda pk: by_pk[pk].tree_left)
    return [DistrictRound(by_pk[pk], *found[pk]) for pk in listed]


def _district_of(manager: Division, districts: Iterable[Division]) -> Division:
    """The innermost county or zone that contains it; what is managed by the city itself is the city's."""
    around = [row for row in districts if row.tree_left <= manager.tree_left <= row.tree_right]
    return max(around, key=lambda row: row.tree_left, default=manager)


def within(rows: SiteQuerySet, division: Division) -> SiteQuerySet:
    """Those that a district or its townships manage."""
    return rows.filter(
        managed_by__tree_left__gte=division.tree_left, managed_by__tree_left__lte=division.tree_right
    )


def townships_of(rows: SiteQuerySet) -> Sequence[Division]:
    """Townships in which some of the sites lie; empty where places are known to the district only."""
    found = Division.objects.filter(
        pk__in=rows.order_by().values("located_in"), level=DivisionLevel.TOWNSHIP.value
    )
    return list(found.order_by("tree_left"))
