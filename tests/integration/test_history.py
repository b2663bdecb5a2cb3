"""The month ends behind a history curve."""

import datetime as dt

import pytest

from projects.actions.sites import change_site
from projects.models.access import system_access
from projects.readmodels.history import history
from projects.readmodels.siteindex import snapshot
from projects.rules.vocabulary import Stage
from tests.factories import START, World

pytestmark = pytest.mark.django_db


def test_every_month_end_and_the_day_itself(world: World) -> None:
    site, _other = world.add(world.planned(), world.planned(county="330212"))
    change_site(
        access=system_access(),
        site_id=site.pk,
        expected_version=site.version,
        changes={"stage": Stage.FINISHED.value},
        effective_on=dt.date(2024, 3, 15),
    )
    held = snapshot(fresh=True)
    programme = held.vocabulary.programmes[world.programme.pk]
    points = history(programme, held, managers={world.counties["330203"].pk}, until=dt.date(2024, 3, 20))
    assert [(point.day, point.tally.sites, point.tally.finished) for point in points] == [
        (dt.date(2024, 1, 31), 1, 0),
        (dt.date(2024, 2, 29), 1, 0),
        (dt.date(2024, 3, 20), 1, 1),
    ]
    everywhere = history(programme, held, managers=None, until=dt.date(2024, 2, 29))
    assert [(point.day, point.tally.sites) for point in everywhere] == [
        (dt.date(2024, 1, 31), 2),
        (dt.date(2024, 2, 29), 2),
    ]
    assert history(programme, held, managers=None, until=START - dt.timedelta(days=1)) == ()
