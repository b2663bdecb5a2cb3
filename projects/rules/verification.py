"""Verification (核验): declared complete, self-check, department check, city spot check, accepted.

Two tables. `AFTER` says what a visit leads to; a `Scheme` (a programme's data) says which levels are asked at
all. What a site has passed is a fact that is kept with it (`Checked`); what it waits for is worked out here,
so that a scheme that changes holds for everything that is still open.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from projects.rules.vocabulary import (
    FINISHED,
    Awaits,
    Checked,
    CheckLevel,
    CheckResult,
    SpotChecks,
    Stage,
)

_PASSED, _RETURNED, _UNREACHABLE = CheckResult.PASSED, CheckResult.RETURNED, CheckResult.UNREACHABLE

AFTER: Final[Mapping[tuple[Awaits, CheckResult], Awaits]] = MappingProxyType(
    {
        (Awaits.SELF_CHECK, _PASSED): Awaits.DEPARTMENT_CHECK,
        (Awaits.SELF_CHECK, _RETURNED): Awaits.REWORK,
        (Awaits.SELF_CHECK, _UNREACHABLE): Awaits.SELF_CHECK,
        (Awaits.DEPARTMENT_CHECK, _PASSED): Awaits.DRAW,
        (Awaits.DEPARTMENT_CHECK, _RETURNED): Awaits.REWORK,
        (Awaits.DEPARTMENT_CHECK, _UNREACHABLE): Awaits.DEPARTMENT_CHECK,
        (Awaits.SPOT_CHECK, _PASSED): Awaits.ACCEPTED,
        (Awaits.SPOT_CHECK, _RETURNED): Awaits.REWORK,
        (Awaits.SPOT_CHECK, _UNREACHABLE): Awaits.SPOT_CHECK,
        # After opening: whatever the site waits for otherwise, it can be looked at again.
        (Awaits.ACCEPTED, CheckResult.USABLE): Awaits.ACCEPTED,
        (Awaits.ACCEPTED, CheckResult.UNUSABLE): Awaits.REWORK,
        (Awaits.ACCEPTED, _UNREACHABLE): Awaits.ACCEPTED,
        (Awaits.REVISIT, CheckResult.USABLE): Awaits.ACCEPTED,
        (Awaits.REVISIT, CheckResult.UNUSABLE): Awaits.REWORK,
        (Awaits.REVISIT, _UNREACHABLE): Awaits.REVISIT,
    }
)
"""The levels at a glance. A level that a scheme does not ask is passed over (`awaits`); rework that is
declared done starts from the self-check again; DRAW ends with the draw, or with the round's acceptance."""

RESULTS: Final[Mapping[CheckLevel, tuple[CheckResult, ...]]] = MappingProxyType(
    {
        CheckLevel.SELF_CHECK: (_PASSED, _RETURNED, _UNREACHABLE),
        CheckLevel.DEPARTMENT_CHECK: (_PASSED, _RETURNED, _UNREACHABLE),
        CheckLevel.SPOT_CHECK: (_PASSED, _RETURNED, _UNREACHABLE),
        CheckLevel.REVISIT: (CheckResult.USABLE, CheckResult.UNUSABLE, _UNREACHABLE),
    }
)
"""What a visit on each level can find."""

FAULTS: Final = frozenset({CheckResult.RETURNED, CheckResult.UNUSABLE})
"""Results that ask for rework: with reasons and a deadline."""
JUDGED: Final = frozenset(set(CheckResult) - {CheckResult.UNREACHABLE})
"""Results of a visit that was made."""

_LEVEL_OF: Final[Mapping[Awaits, CheckLevel]] = MappingProxyType(
    {
        Awaits.SELF_CHECK: CheckLevel.SELF_CHECK,
        Awaits.DEPARTMENT_CHECK: CheckLevel.DEPARTMENT_CHECK,
        Awaits.SPOT_CHECK: CheckLevel.SPOT_CHECK,
        Awaits.REVISIT: CheckLevel.REVISIT,
    }
)

STAGES_AFTER: Final[Mapping[Stage, tuple[Stage, ...]]] = MappingProxyType(
    {
        Stage.FINISHED: (Stage.FINISHED, Stage.BUILDING),
        Stage.VERIFIED: (Stage.VERIFIED, Stage.FINISHED, Stage.BUILDING),
    }
)
"""What whoever returns a site can make of its stage: a small defect leaves it, one that means that the work
was not done takes it back. The first is the default."""


@dataclass(frozen=True, slots=True)
class Scheme:
    """How a programme verifies. `far_m`: farther than this from the site, a visit is questioned (metres).
    `rework_days`: working days that a return gives unless the returner says otherwise.
    """

    self_check: bool = True
    department_check: bool = True
    spot_checks: SpotChecks = SpotChecks.SAMPLED
    far_m: int = 300
    rework_days: int = 10


DEFAULT: Final = Scheme()


def awaits(stage: Stage, checked: Checked, scheme: Scheme, *, counts: bool, is_drawn: bool) -> Awaits:
    """What a site waits for. `counts`: towards a target (existing stock is never declared complete, and only
    looked at again). `is_drawn`: in a sample of spot checks that it has not passed.
    """
    if checked is Checked.RETURNED:
        return Awaits.REWORK
    if checked is Checked.REWORKED:
        return Awaits.REVISIT
    if stage is Stage.VERIFIED:
        return Awaits.ACCEPTED
    if stage not in FINISHED:
        return Awaits.NOT_DECLARED
    if not counts:
        return Awaits.ACCEPTED
    if checked is Checked.NOTHING and scheme.self_check:
        return Awaits.SELF_CHECK
    if checked is not Checked.DEPARTMENT_CHECK and scheme.department_check:
        return Awaits.DEPARTMENT_CHECK
    if scheme.spot_checks is SpotChecks.ALL or is_drawn:
        return Awaits.SPOT_CHECK
    return Awaits.DRAW if scheme.spot_checks is SpotChecks.SAMPLED else Awaits.ACCEPTED


def level_of(waiting: Awaits) -> CheckLevel | None:
    """Whose visit is waited for; None: nobody's."""
    return _LEVEL_OF.get(waiting)


def waiting_as(waiting: Awaits, scheme: Scheme, *, is_drawn: bool = False) -> frozenset[Checked]:
    """What finished sites that wait so have passed: the same question for a query."""
    return frozenset(
        checked
        for checked in (Checked.NOTHING, Checked.SELF_CHECK, Checked.DEPARTMENT_CHECK)
        if awaits(Stage.FINISHED, checked, scheme, counts=True, is_drawn=is_drawn) is waiting
    )


def may_be_visited(level: CheckLevel, waiting: Awaits, stage: Stage) -> bool:
    """Whether a visit on a level is in order now. A site in use can be looked at again at any time, but not
    while it waits for rework of what was found.
    """
    if level is CheckLevel.REVISIT:
        return stage in FINISHED and waiting is not Awaits.REWORK
    return level_of(waiting) is level


def passed(level: CheckLevel) -> Checked:
    """What is kept of a pass that does not accept yet."""
    return {
        CheckLevel.SELF_CHECK: Checked.SELF_CHECK,
        CheckLevel.DEPARTMENT_CHECK: Checked.DEPARTMENT_CHECK,
    }.get(level, Checked.NOTHING)


def accepts(level: CheckLevel, scheme: Scheme, *, is_drawn: bool) -> bool:
    """Whether a pass on this level is the last one asked: the site is accepted (已核验, blue)."""
    if level is CheckLevel.REVISIT:
        return False
    if level is CheckLevel.SPOT_CHECK:
        return True
    after = awaits(Stage.FINISHED, passed(level), scheme, counts=True, is_drawn=is_drawn)
    return after is Awaits.ACCEPTED


def after_rework(stage: Stage, *, counts: bool) -> Checked:
    """What rework that is declared done leaves: the levels begin anew, or, of what was accepted and of
    existing stock, somebody looks again.
    """
    return Checked.REWORKED if stage is Stage.VERIFIED or not counts else Checked.NOTHING
