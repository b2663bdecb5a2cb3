"""What script/bench adds to the demo by SQL is what the application itself would show."""

import pytest
from django.db import connection

from projects.actions.figures import rebuild_figures
from projects.models import RollUp, Site
from projects.models.access import system_access
from projects.readmodels import siteindex
from projects.readmodels.facets import facets
from projects.readmodels.sitequeries import SiteFilter
from projects.rules.vocabulary import Light
from tests.benchmarks.enlarge import EVERY, copy_rows, spread_lights
from tests.factories import CUTOFF, World

pytestmark = pytest.mark.django_db


def late() -> dict[str, int]:
    """Yellow and red sites as the index counts them."""
    siteindex.rebuild()
    return dict(facets(SiteFilter(lights=frozenset({Light.RED, Light.YELLOW}))).by["light"])


def test_late_sites_are_spread_and_copied(world: World) -> None:
    world.add(*(world.draft() for _ in range(3 * EVERY)))
    chosen = [pk for pk in Site.objects.values_list("pk", flat=True) if pk % EVERY == 0]
    assert late() == {}
    spread_lights()
    red = sum(pk % (2 * EVERY) == 0 for pk in chosen)
    wanted = {"red": red, "yellow": len(chosen) - red}
    assert len(chosen) == 3 and late() == wanted
    rebuild_figures(access=system_access())
    assert late() == {}  # no record says so
    spread_lights()
    cutoff = RollUp.objects.filter(day=CUTOFF, unit="programme")
    assert sum(cutoff.values_list("stage_building", flat=True)) == len(chosen)
    if connection.vendor == "postgresql":  # rows are copied there alone
        copy_rows(3 * 3 * EVERY)
        assert Site.objects.values("public_id").distinct().count() == 9 * EVERY
        assert late() == {light: 3 * number for light, number in wanted.items()}
        assert facets(SiteFilter()).total == 9 * EVERY
