"""Reported beside counted: what is said to be done, and what the finished sites add up to.

The real case behind it: 1,440 charging stations for e-bikes planned, their places still being chosen, none
finished, reported progress 30 %. A gap in the other direction is no reason to doubt anybody.
"""

from dataclasses import dataclass
from decimal import Decimal

from projects.rules.policy_sections import DivergenceRule
from projects.rules.progress import Output
from projects.rules.schedule import HUNDRED


@dataclass(frozen=True, slots=True)
class Divergence:
    """`points`: reported minus counted progress in percentage points; flagged from the policy's limit on."""

    points: Decimal
    flagged: bool


def divergence(reported: Decimal | None, counted: Output, rule: DivergenceRule | None) -> Divergence | None:
    """Compare a reported percent (0-100) with a counted output; None when either is not known.

    The counted percent is capped at 100, as the reported one is. Without a rule nothing is flagged, and the
    difference is still shown. The comparison itself is exact: nothing is divided.
    """
    percent = counted.percent
    if reported is None or percent is None or counted.actual is None or counted.target is None:
        return None
    done = min(counted.actual, counted.target)
    gap = reported * counted.target - HUNDRED * done  # points x target
    flagged = rule is not None and gap >= rule.points * counted.target
    return Divergence(reported - percent, flagged)
