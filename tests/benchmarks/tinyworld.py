"""Fill an empty database with the small world of the test suite and 300 sites: for the smoke test."""

import random
from collections.abc import Sequence

from projects.rules.vocabulary import Publication, Service, Stage
from tests.factories import make_world

SITES = 300


def main(arguments: Sequence[str]) -> int:
    dice = random.Random(1)
    world = make_world()
    drafts = []
    for number in range(SITES):
        county, west, south = dice.choice(
            [("330203", 121.5, 29.8), ("330212", 121.6, 29.8), ("330211", 121.5, 29.9)]
        )
        place = {"lon": west + dice.uniform(0.001, 0.099), "lat": south + dice.uniform(0.001, 0.099)}
        kind = dice.choice(["meal-point", "ev-charging"])
        if number % 3 == 0:
            drafts.append(world.planned(county=county, **place))
        else:
            drafts.append(
                world.draft(
                    county=county,
                    kind=kind,
                    stage=dice.choice([Stage.FINISHED, Stage.BUILDING, Stage.VERIFIED]),
                    service=dice.choice([Service.OPEN, Service.CLOSED]),
                    publication=Publication.DRAFT if number % 10 == 1 else Publication.PUBLISHED,
                    **place,
                )
            )
    world.add(*drafts)
    return 0
