"""A month that is closed, who closes it, and what a case of a write is."""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from projects.actions.closing import close_period
from projects.models import (
    Membership,
    PeriodClosing,
    User,
)
from projects.permissions.access import Access
from tests.factories import World

#: May is closed: a day of it, and one after it that is still within the cut-off.
THROUGH: Final = dt.date(2024, 5, 31)
CLOSED_DAY: Final = dt.date(2024, 5, 15)
OPEN_DAY: Final = dt.date(2024, 6, 10)

Call = Callable[[Access], Any]


@dataclass(frozen=True)
class Case:
    """`prepare` makes what the call needs and returns the call; `dated` False: it decides every day's figures."""

    name: str
    action: str
    prepare: Callable[[World, dt.date], Call]
    who: str = "admin"
    dated: bool = True


def close(world: World, through: dt.date = THROUGH) -> PeriodClosing:
    return close_period(access=world.access("admin"), programme=world.programme, through=through)


def second_closer(world: World) -> Access:
    """Another administrator: the one who approves."""
    if "closer" not in world.users:
        user = User.objects.create_user(username="closer", password="x", is_staff=True)
        Membership.objects.create(user=user, role="administrator")
        world.users["closer"] = user
    return world.access("closer")
