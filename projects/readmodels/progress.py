"""Where a programme's public sites stood on a day, by what had taken effect by then.

Sites that agree in everything that a figure can ask (who manages them, stage, contributions, what the plan
expects) are one group: the database adds them up, and a page costs a walk over some thousand groups however
many sites there are. Late sites are few and are read one by one.
"""

import datetime as dt
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import (
    BooleanField,
    Case,
    Count,
    Exists,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    TextField,
    Value,
    When,
)
from django.db.models.functions import Cast

from projects.models import LightSpan, Site, SiteState
from projects.readmodels.siteindex import Snapshot
from projects.readmodels.vocabulary import ProgrammeWords
from projects.rules.vocabulary import FINISHED, STARTED, Light, Stage

#: Days besides the cut-off whose groups one snapshot keeps: whoever walks through a year pays for it.
_KEPT_DAYS = 12
_LATE = (Light.YELLOW, Light.RED)


@dataclass(frozen=True, slots=True)
class Group:
    """`sites` sites with the same facts on the day.

    `manager`: the division whose target they count towards. `started`: work has begun at some time,
    whatever happened later. `start_due`, `finish_due`: the baseline expects the start / the finish by the
    day; both are False where `has_plan` is False. `quantities`: by indicator, of each single site.
    """

    sites: int
    manager: int
    stage: Stage
    started: bool
    has_plan: bool
    start_due: bool
    finish_due: bool
    is_demo: bool
    quantities: Mapping[int, Decimal]

    @property
    def counts(self) -> bool:
        """A cancelled site is promised no more."""
        return self.stage is not Stage.CANCELLED

    def is_done(self, *, by_start: bool) -> bool:
        """Finished or verified; for 开工建设 (`by_start`) begun."""
        return self.started if by_start else self.stage in FINISHED

    def is_due(self, *, by_start: bool) -> bool:
        """Expected by the baseline: its finish, for 开工建设 its start."""
        return self.start_due if by_start else self.finish_due


@dataclass(frozen=True, slots=True)
class LateStanding:
    """A site that was yellow or red on the day."""

    site_id: int
    manager: int
    stage: Stage
    light: Light
    indicators: frozenset[int]


def groups(programme: ProgrammeWords, day: dt.date, held: Snapshot) -> tuple[Group, ...]:
    """Every published site that counted for the programme at the end of the day."""
    key = ("groups", programme.pk, day)
    kept = held.tables.get(key)
    if kept is None:
        kept = tuple(_read_groups(programme, day, held))
        _keep(held, key, kept, programme, day)
    found: tuple[Group, ...] = kept
    return found


def late_standings(
    programme: ProgrammeWords, day: dt.date, held: Snapshot
) -> tuple[LateStanding, ...] | None:
    """Yellow and red sites on the day; None where that is not public.

    Lights are internal until the programme says otherwise, and published up to its cut-off: what nobody was
    asked to report yet is not late.
    """
    if not (programme.is_public and programme.publishes_lights) or day > programme.cutoff:
        return None
    key = ("late", programme.pk, day)
    kept = held.tables.get(key)
    if kept is None:
        kept = tuple(_read_late(programme, day, held))
        _keep(held, key, kept, programme, day)
    found: tuple[LateStanding, ...] = kept
    return found


def _keep(
    held: Snapshot, key: tuple[str, int, dt.date], rows: object, programme: ProgrammeWords, day: dt.date
) -> None:
    others = sum(1 for other in list(held.tables) if isinstance(other, tuple) and other[0] == key[0])
    if day == programme.cutoff or others < _KEPT_DAYS:
        held.tables[key] = rows


def states_on(day: dt.date) -> QuerySet[SiteState]:
    """The state that each public site was in at the end of the day; a corrected record is passed over."""
    newest = (
        SiteState.objects.filter(site_id=OuterRef("site_id"), effective_on__lte=day)
        .filter(~_corrected())
        .order_by("-effective_on", "-pk")
        .values("pk")[:1]
    )
    return SiteState.objects.filter(pk=Subquery(newest), site__in=Site.objects.public().order_by()).order_by()


def _corrected() -> Exists:
    return Exists(SiteState.objects.filter(corrects_id=OuterRef("pk")))


def _read_groups(programme: ProgrammeWords, day: dt.date, held: Snapshot) -> Iterator[Group]:
    begun = SiteState.objects.filter(
        ~_corrected(),
        site_id=OuterRef("site_id"),
        effective_on__lte=day,
        stage__in=[stage.value for stage in STARTED],
    )
    planned = Q(site__baseline_start__isnull=False, site__baseline_finish__isnull=False)
    rows = (
        states_on(day)
        .annotate(
            gives=Cast("contributions", TextField()),
            begun=Exists(begun),
            planned=_truth(planned),
            start_due=_truth(planned & Q(site__baseline_start__lte=day)),
            finish_due=_truth(planned & Q(site__baseline_finish__lte=day)),
        )
        .exclude(gives="{}")
        .values_list(
            "managed_by_id", "stage", "begun", "planned", "start_due", "finish_due", "site__is_demo", "gives"
        )
        .annotate(sites=Count("pk"))
    )
    indicators = _indicators(programme, held)
    for manager, stage, started, has_plan, start_due, finish_due, demo, gives, sites in rows.iterator():
        quantities = {
            int(pk): Decimal(quantity) for pk, quantity in json.loads(gives).items() if int(pk) in indicators
        }
        if quantities:
            yield Group(
                sites,
                manager,
                Stage(stage),
                bool(started),
                bool(has_plan),
                bool(start_due),
                bool(finish_due),
                bool(demo),
                quantities,
            )


def _truth(condition: Q) -> Case:
    return Case(When(condition, then=Value(True)), default=Value(False), output_field=BooleanField())


def _read_late(programme: ProgrammeWords, day: dt.date, held: Snapshot) -> Iterator[LateStanding]:
    spans = LightSpan.objects.filter(
        site__isnull=False,
        superseded_at__isnull=True,
        valid_from__lte=day,
        valid_to__gt=day,
        light__in=[light.value for light in _LATE],
    )
    lights = dict(spans.values_list("site_id", "light"))
    indicators = _indicators(programme, held)
    rows = (
        states_on(day)
        .filter(site__in=spans.values("site_id"))
        .values_list("site_id", "managed_by_id", "stage", "contributions")
    )
    for site_id, manager, stage, contributions in rows.iterator():
        given = frozenset(int(pk) for pk in contributions)
        # A site is judged by the programme that governs it: another has no say over that light.
        governing = held.vocabulary.governing(given)
        light = lights.get(site_id)  # None: turned between the two reads
        judged = governing is not None and governing.pk == programme.pk
        if light is not None and judged and Stage(stage) is not Stage.CANCELLED:
            yield LateStanding(site_id, manager, Stage(stage), Light(light), given & indicators)


def _indicators(programme: ProgrammeWords, held: Snapshot) -> frozenset[int]:
    return frozenset(pk for pk, row in held.vocabulary.indicators.items() if row.programme_id == programme.pk)
