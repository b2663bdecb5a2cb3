"""The constant statement of lists says what the doors of the queryset say, on both databases."""

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings

from projects.actions.drafts import ReportDraft
from projects.models import Site
from projects.readmodels.listrows import StoredRow, rows_by_id
from projects.rules.vocabulary import Publication
from tests.factories import World
from tests.integration.test_siteindex import STEPS, act

pytestmark = pytest.mark.django_db


def by_the_door(ids: list[int], *, staff: bool) -> dict[int, StoredRow]:
    door = Site.objects.live() if staff else Site.objects.public()
    return {
        site.pk: StoredRow(
            site.pk,
            site.kind_id,
            site.located_in_id,
            site.public_id,
            site.name,
            site.address,
            site.stage,
            site.service,
            site.service_checked_on,
            site.opening_hours,
            site.phone,
            site.percent,
            site.reported_on,
            site.light,
            site.is_demo,
            site.location.x,
            site.location.y,
        )
        for site in door.filter(pk__in=ids)
    }


@settings(max_examples=15)
@given(history=STEPS)
def test_rows_are_those_of_the_door(world: World, history: list[tuple[Any, ...]]) -> None:
    world.add(
        world.planned(reports=(ReportDraft(dt.date(2024, 3, 31), Decimal("33.3")),)),
        world.planned(
            publication=Publication.DRAFT, reports=(ReportDraft(dt.date(2024, 5, 1), Decimal(100)),)
        ),
        world.draft(
            service_checked_on=dt.date(2024, 6, 1), opening_hours="07:00–19:00", phone="0574-87654321"
        ),
    )
    for step in history:
        act(world, step)
    ids = list(Site.objects.order_by().values_list("pk", flat=True))
    for staff in (False, True):
        found = rows_by_id([*ids, 10**15], staff=staff)
        assert found == by_the_door(ids, staff=staff)
        for row in found.values():
            assert row.percent is None or row.percent.as_tuple().exponent == -2
            assert isinstance(row.is_demo, bool)
    assert rows_by_id([]) == {}
