"""Legitimate histories: every kind of write that there is, in any order, through the actions alone."""

import contextlib
from collections.abc import Callable
from random import Random
from typing import Final

from django.db import transaction

from projects.actions.errors import PeriodClosed
from tests.factories import World
from tests.integration import historycity, historyorders, historysites, historyvisits

Step = Callable[[World, Random], None]

STEPS: Final[tuple[Step, ...]] = (
    historysites.add,
    historysites.add_alone,
    historysites.change,
    historysites.report,
    historysites.reschedule,
    historysites.a_round,
    historysites.photos,
    historysites.publication,
    historysites.remove,
    historysites.a_file,
    historysites.rehearsal,
    historycity.division,
    historycity.border,
    historycity.promise,
    historycity.target,
    historycity.plan,
    historycity.figure,
    historycity.money,
    historycity.structure,
    historycity.phases,
    historycity.vote,
    historycity.holidays,
    historycity.closing,
    historycity.output,
    historycity.judged_anew,
    historycity.kind,
    historycity.department,
    historycity.person,
    historycity.area,
    historyvisits.checked,
    historyvisits.returned,
    historyvisits.round_of_visits,
    historyorders.ordered,
)


def everything(world: World, random: Random) -> None:
    """Each kind of write at least once, sites more often."""
    for step in (
        historysites.add,
        historysites.add,
        historysites.add_alone,
        historysites.add,
        *STEPS,
        historycity.closing,
        historycity.closing,
        historysites.add,
        historysites.add_alone,
        historysites.report,
        historysites.change,
    ):
        _take(step, world, random)


def anything(world: World, random: Random, count: int) -> None:
    """`count` writes in any order."""
    for step in random.choices(STEPS, k=count):
        _take(step, world, random)


def _take(step: Step, world: World, random: Random) -> None:
    """What touches a closed month is refused, and taken back."""
    with contextlib.suppress(PeriodClosed), transaction.atomic():
        step(world, random)
