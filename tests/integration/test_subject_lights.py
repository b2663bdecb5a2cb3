"""Lights and months of indicators, districts, projects and money: actions, spans, read models, command."""

import datetime as dt
from decimal import Decimal

import pytest

from projects.actions.promises import set_target
from projects.models import LightSpan, TargetStatement
from projects.models.access import system_access
from tests.factories import World

pytestmark = pytest.mark.django_db


def test_first(world: World) -> None:
    meal = world.indicators["03-meal"]
    county = world.counties["330203"]
    set_target(
        access=system_access(),
        row=TargetStatement(
            indicator=meal, division=county, effective_on=dt.date(2024, 1, 1), target=Decimal(10), source="t"
        ),
    )
    for row in LightSpan.objects.filter(programme__isnull=False):
        print(row.subject_key, row.valid_from, row.valid_to, row.light, row.reason, row.changed_seq, row.superseded_seq)
    world.site(counts_for=(("03-meal", 1),), finished_on=dt.date(2024, 3, 1))
    print()
    for row in LightSpan.objects.filter(programme__isnull=False):
        print(row.subject_key, row.valid_from, row.valid_to, row.light, row.reason, row.changed_seq, row.superseded_seq)
    assert 0
