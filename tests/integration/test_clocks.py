"""What was known at a moment: by number, and never reordered by a clock that was set back."""

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.http import QueryDict
from django.utils import timezone

from projects.actions.drafts import ReportDraft
from projects.actions.reports import report_site
from projects.models import AuditEntry, ChangeHead, LightSpan, SiteReport
from projects.readmodels import clocks
from projects.readmodels.clocks import Clocks, asked_clocks, asked_moment, recorded_moment, seq_at
from projects.readmodels.siteindex import snapshot
from projects.readmodels.sitequeries import FilterError
from tests.factories import CUTOFF, World

pytestmark = pytest.mark.django_db


def report(world: World, site_id: int, percent: int, corrects: SiteReport | None = None) -> SiteReport:
    return report_site(
        access=world.access("haishu"),
        site_id=site_id,
        report=ReportDraft(CUTOFF, Decimal(percent)),
        corrects_id=corrects.pk if corrects else None,
        correction_reason="数错了" if corrects else "",
    )


def test_a_correction_is_not_known_before_it_is_recorded(world: World) -> None:
    site = world.add(world.planned())[0]
    before = seq_at(timezone.now())
    first = report(world, site.pk, 40)
    between = seq_at(timezone.now())
    second = report(world, site.pk, 45, corrects=first)

    def known(seq: int | None) -> list[Any]:
        return list(SiteReport.objects.filter(site=site).standing(seq).values_list("pk", flat=True))

    assert [known(before), known(between), known(None)] == [[], [first.pk], [second.pk]]


def test_spans_are_found_by_number(world: World) -> None:
    site = world.add(world.planned())[0]
    noted: list[tuple[int, list[Any]]] = []

    def current(**which: object) -> list[Any]:
        rows = LightSpan.objects.filter(site=site, **which)
        return list(rows.order_by("valid_from").values_list("valid_from", "valid_to", "light"))

    for percent in (20, 60, 100):
        noted.append((seq_at(timezone.now()), current(superseded_at__isnull=True)))
        report(world, site.pk, percent)
    for seq, spans in noted:
        rows = LightSpan.objects.filter(site=site, changed_seq__lte=seq).exclude(superseded_seq__lte=seq)
        assert [*rows.order_by("valid_from").values_list("valid_from", "valid_to", "light")] == spans


def test_a_clock_that_is_set_back_records_nothing_before_what_was_there(world: World) -> None:
    site = world.add(world.planned())[0]
    with time_machine.travel(dt.datetime(2030, 5, 1, tzinfo=dt.UTC), tick=False):
        first = report(world, site.pk, 40)
    with time_machine.travel(dt.datetime(2030, 4, 1, tzinfo=dt.UTC), tick=False):
        second = report(world, site.pk, 50)
    assert second.recorded_at == first.recorded_at == ChangeHead.objects.get().recorded_at
    moments = list(AuditEntry.objects.order_by("seq").values_list("recorded_at", flat=True))
    assert moments == sorted(moments)
    assert seq_at(first.recorded_at) == second.changed_seq


def test_the_pair_of_a_page_reads_back_unchanged(world: World) -> None:
    site = world.add(world.planned())[0]
    report(world, site.pk, 40)
    held = snapshot(fresh=True)
    moment = recorded_moment(held)
    assert moment is not None
    programme = held.vocabulary.programmes[world.programme.pk]
    query = QueryDict(f"as_of=2024-05-31&known_at={clocks.as_text(moment)}")
    asked = asked_clocks(query, programme)
    assert asked == Clocks(dt.date(2024, 5, 31), moment, held.seq)
    assert asked.is_current(held)
    report(world, site.pk, 50)
    assert not asked_clocks(query, programme).is_current(snapshot(fresh=True))
    assert asked_clocks(QueryDict(""), programme) == Clocks(CUTOFF)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2024-07-15", "2024-07-15T15:59:59.999999+00:00"),
        ("2024-07-15T12:00:00+08:00", "2024-07-15T04:00:00+00:00"),
        ("2024-07-15T12:00:00 08:00", "2024-07-15T04:00:00+00:00"),  # a plus that nobody escaped
        ("2024-07-15T12:00", "2024-07-15T04:00:00+00:00"),
        ("2024-07-15T04:00:00Z", "2024-07-15T04:00:00+00:00"),
        ("2024-02-29", "2024-02-29T15:59:59.999999+00:00"),
    ],
)
def test_moments_are_read(text: str, moment: str) -> None:
    query = QueryDict(mutable=True)
    query["known_at"] = text
    assert asked_moment(query) == dt.datetime.fromisoformat(moment)


@pytest.mark.parametrize(
    "text",
    [
        "x",
        "2023-02-29",
        "2024-07-15T25:00",
        "9999-12-31",
        "0001-01-01T00:00+14:00",
        "2024-7-1",
        "20240715",
        "1e9",
    ],
)
def test_what_is_no_past_moment_is_refused(text: str) -> None:
    query = QueryDict(mutable=True)
    query["known_at"] = text
    with pytest.raises(FilterError) as refused:
        asked_moment(query)
    assert refused.value.parameter == "known_at"


def test_a_moment_twice_is_refused() -> None:
    with pytest.raises(FilterError):
        asked_moment(QueryDict("known_at=2024-07-15&known_at=2024-07-16"))
